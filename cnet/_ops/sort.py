"""Sorting, and picking elements by rank. NaN counts as the largest number."""

import numpy as np

from .. import _kernels as K
from .. import return_types
from .._core import arrays, checks, errors
from .._core.base import wrap
from .._core.elementwise import with_out
from .._core.op import Op
from ._places import refuse_overlap
from ._select import named, picked_grad, scattered, taken

_INT64 = np.dtype(np.int64)

__all__ = ['argsort', 'kthvalue', 'msort', 'sort', 'topk']


_WIDE = {'?': np.int32, 'b': np.int32, 'B': np.int32, 'h': np.int32, 'H': np.int32, 'I': np.int64, 'e': np.float32}
_SORTED = {np.dtype(t) for t in (np.float32, np.float64, np.int32, np.int64)}


def lines(x, dim):
    """The lines of an array along a dimension as rows of memory, in a type that the kernels know; None if there is none."""
    if dim != x.ndim - 1:
        x = np.moveaxis(x, dim, -1)
    x = arrays.contiguous(x)
    if x.dtype.char not in 'fdl' and x.dtype not in _SORTED:
        if x.dtype.char not in _WIDE:
            return None
        x = x.astype(_WIDE[x.dtype.char])
    return x if 0 < x.size < 2 ** 31 else None


def _back(a, dim):
    return a if dim == a.ndim - 1 else arrays.contiguous(np.moveaxis(a, -1, dim))


def order(x, dim, descending=False):
    """The places of the elements along a dimension in order; equal ones keep theirs."""
    return _ordered(x, dim, descending, False)[1]


def _ordered(x, dim, descending, values):
    """The elements (None unless asked for) and places along a dimension in order; equal elements keep theirs."""
    rows = lines(x, dim)
    if rows is None:
        where = _stable(x, dim, descending)
        return taken(x, where, dim) if values else None, where
    n = rows.shape[-1]
    where = arrays.empty(rows.shape, _INT64)
    y = arrays.empty(rows.shape, rows.dtype) if values and rows.dtype == x.dtype else None
    K.sort.sort_rows(rows, rows.size // n, n, descending, y, where)
    where = _back(where, dim)
    return taken(x, where, dim) if values and y is None else y if y is None else _back(y, dim), where


def _stable(x, dim, descending):
    if not descending:
        return x.argsort(dim, kind='stable')
    # Sorting the reversed array and reversing the result keeps the order of equal elements too.
    flipped = (slice(None),) * dim + (slice(None, None, -1),)
    backwards = x[flipped].argsort(dim, kind='stable')
    return x.shape[dim] - 1 - backwards[flipped]


def best(x, k, dim, largest):
    """The k largest or smallest along a dimension in order, and their indices."""
    n = x.shape[dim]
    if 0 < k <= K.sort.MOST and (2 * k <= n or n <= K.sort.MOST):
        rows = lines(x, dim)
        if rows is not None:
            shape = (*rows.shape[:-1], k)
            y, where = arrays.empty(shape, rows.dtype), arrays.empty(shape, _INT64)
            K.sort.top_rows(rows, rows.size // n, n, k, largest, y, where)
            where = _back(where, dim)
            return _back(y, dim) if rows.dtype == x.dtype else taken(x, where, dim), where
    where = _best_places(x, k, dim, largest)
    return taken(x, where, dim), where


def _best_places(x, k, dim, largest):
    n = x.shape[dim]
    first = tuple([slice(k) if i == dim else slice(None) for i in range(x.ndim)])
    # A partition beats a sort when it leaves little to sort; measured at n = 1000 and an eighth.
    if n < 1000 or 8 * k > n:
        return arrays.contiguous(order(x, dim, largest)[first])
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
        return _ordered(x, dim, descending, True)

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
        return best(x, k, dim, largest)

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
