"""Sorting, and picking elements by rank. NaN counts as the largest number."""

import numpy as np

from .. import return_types
from .._core import checks, errors
from .._core.base import wrap
from .._core.elementwise import with_out
from .._core.op import Op
from ._places import refuse_overlap
from ._select import named, picked_grad, scattered, taken

__all__ = ['argsort', 'kthvalue', 'msort', 'sort', 'topk']


def order(x, dim, descending=False):
    """Indices that sort along a dimension; equal elements keep their order."""
    if not descending:
        return x.argsort(dim, kind='stable')
    # Sorting the reversed array and reversing the result keeps the order of equal elements too.
    flipped = (slice(None),) * dim + (slice(None, None, -1),)
    backwards = x[flipped].argsort(dim, kind='stable')
    return x.shape[dim] - 1 - backwards[flipped]


def best(x, k, dim, largest):
    """Indices of the k largest or smallest along a dimension, in order."""
    n = x.shape[dim]
    first = tuple([slice(k) if i == dim else slice(None) for i in range(x.ndim)])
    # A partition beats a sort when it leaves little to sort; measured at n = 1000 and an eighth.
    if n < 1000 or 8 * k > n:
        return np.ascontiguousarray(order(x, dim, largest)[first])
    if largest:
        last = tuple([slice(n - k, n) if i == dim else slice(None) for i in range(x.ndim)])
        part = np.argpartition(x, n - k, dim)[last]
    else:
        part = np.argpartition(x, k - 1, dim)[first]
    return taken(part, order(taken(x, part, dim), dim, largest), dim)


class Sort(Op, name='SortBackward0'):
    keep_out = (1,)
    n_out = 2

    @staticmethod
    def forward(x, dim, descending):
        if not x.ndim:
            return x.copy(), np.zeros((), np.int64)
        where = order(x, dim, descending)
        return taken(x, where, dim), where

    def backward(self, g, _):
        shape = self.in_shape(0)
        return scattered(g, self.out(1)._a, self.kw['dim'], shape) if shape else g


class SortStable(Sort, name='SortBackward1'):
    """The same, where the user asked for stability or its absence."""


class Topk(Op, name='TopkBackward0'):
    keep_out = (1,)
    n_out = 2

    @staticmethod
    def forward(x, k, dim, largest):
        if not x.ndim:
            return (x.copy(), np.zeros((), np.int64)) if k else (np.empty(0, x.dtype), np.empty(0, np.int64))
        where = best(x, k, dim, largest)
        return taken(x, where, dim), where

    def backward(self, g, _):
        shape = self.in_shape(0)
        return scattered(g, self.out(1)._a, self.kw['dim'], shape) if shape else g


def _place_of(x, rank, dim):
    """Where the element of a rank is, found by a partition of the values; None if some have equals (or are NaN)."""
    same = x == np.partition(x, rank, dim).take([rank], dim)
    return same.argmax(dim, keepdims=True) if (same.sum(dim) == 1).all() else None


class Kthvalue(Op, name='KthvalueBackward0'):
    keep_out = (1,)
    n_out = 2

    @staticmethod
    def forward(x, k, dim, keepdim):
        if not x.ndim:
            return x.copy(), np.zeros((), np.int64)
        where = _place_of(x, k - 1, dim) if x.shape[dim] >= 1000 else None
        if where is None:
            where = order(x, dim).take([k - 1], dim)
        values = taken(x, where, dim)
        return (values, where) if keepdim else (values.squeeze(dim), where.squeeze(dim))

    def backward(self, g, _):
        return picked_grad(self, g)


def _check_ordered(input, name, kernel=None):
    checks.tensor(input, name, position=1)
    if input._a.dtype.kind == 'c':
        if kernel is None:
            raise RuntimeError(f' {"Sort" if name == "sort" else name} does not support complex dtypes on CPU')
        raise errors.not_implemented(kernel, input._a.dtype)


def sort(input, dim=-1, descending=False, stable=None, *, out=None):
    """Sort along a dimension.

    Args:
        input (Tensor): real numbers.
        dim (int): the dimension. Default: -1.
        descending (bool): largest first. Default: False.
        stable (bool, optional): equal elements keep their order; they do in any case.
        out (tuple of two Tensors, optional): receive the results.

    Shape:
        any; both results have that of `input`.

    Returns:
        (values, indices): a named tuple.

    Example:
        >>> import cnet
        >>> cnet.sort(cnet.tensor([3., 1., 2.])).indices
        tensor([1, 2, 0])
    """
    _check_ordered(input, 'sort')
    op = Sort if stable is None else SortStable
    r = op.apply(input, dim=checks.dim(dim, input._a.ndim), descending=bool(descending))
    return named(return_types.sort, r, out)


def argsort(input, dim=-1, descending=False, stable=False):
    """Indices that sort along a dimension.

    Args:
        input (Tensor): real numbers.
        dim (int): the dimension. Default: -1.
        descending (bool): largest first. Default: False.
        stable (bool): equal elements keep their order; they do in any case. Default: False.

    Returns:
        Tensor: int64, of the shape of `input`.

    Example:
        >>> import cnet
        >>> cnet.argsort(cnet.tensor([3., 1., 2.]), descending=True)
        tensor([0, 2, 1])
    """
    _check_ordered(input, 'sort')
    dim = checks.dim(dim, input._a.ndim)
    return wrap(order(input._a, dim, descending) if input._a.ndim else np.zeros((), np.int64))


def msort(input, *, out=None):
    """Sort along the first dimension.

    Args:
        input (Tensor): real numbers.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: the sorted numbers.

    Example:
        >>> import cnet
        >>> cnet.msort(cnet.tensor([3., 1., 2.]))
        tensor([1., 2., 3.])
    """
    return with_out(sort(input, 0)[0], out)


def topk(input, k, dim=-1, largest=True, sorted=True, *, out=None):
    """The k largest (or smallest) elements along a dimension.

    Args:
        input (Tensor): real numbers.
        k (int): how many.
        dim (int): the dimension. Default: -1.
        largest (bool): the largest, else the smallest. Default: True.
        sorted (bool): in order; they are in any case. Default: True.
        out (tuple of two Tensors, optional): receive the results.

    Returns:
        (values, indices): a named tuple.

    Example:
        >>> import cnet
        >>> cnet.topk(cnet.tensor([3., 1., 2.]), 2).values
        tensor([3., 2.])
    """
    _check_ordered(input, 'topk')
    k = checks.integer(k, 'topk', 'k', 2)
    dim = checks.dim(dim, input._a.ndim)
    if not 0 <= k <= (input._a.shape[dim] if input._a.ndim else 1):
        raise RuntimeError('selected index k out of range')
    return named(return_types.topk, Topk.apply(input, k=k, dim=dim, largest=bool(largest)), out)


def kthvalue(input, k, dim=-1, keepdim=False, *, out=None):
    """The k-th smallest element along a dimension.

    Args:
        input (Tensor): real numbers.
        k (int): the rank, from 1.
        dim (int): the dimension. Default: -1.
        keepdim (bool): keep the reduced dimension with size 1. Default: False.
        out (tuple of two Tensors, optional): receive the results.

    Returns:
        (values, indices): a named tuple.

    Example:
        >>> import cnet
        >>> cnet.kthvalue(cnet.tensor([3., 1., 2.]), 2).values
        tensor(2.)
    """
    _check_ordered(input, 'kthvalue', 'kthvalue_cpu')
    dim = checks.dim(dim, input._a.ndim)
    n = input._a.shape[dim] if input._a.ndim else 1
    if not n:
        raise IndexError(f'kthvalue(): Expected reduction dim {dim} to have non-zero size.')
    if not 1 <= k <= n:
        raise RuntimeError(f'kthvalue(): selected number k out of range for dimension {dim}')
    if out is not None:
        refuse_overlap(out[0], input)
    return named(return_types.kthvalue, Kthvalue.apply(input, k=k, dim=dim, keepdim=bool(keepdim)), out)


METHODS = {'argsort': argsort, 'kthvalue': kthvalue, 'msort': msort, 'sort': sort, 'topk': topk}
