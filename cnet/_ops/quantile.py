"""Medians, modes and quantiles."""

import numpy as np

from .. import _kernels as K
from .. import return_types
from .._core import checks, errors
from .._core.base import TensorBase, wrap
from .._core.elementwise import with_out
from .._core.op import Op
from ._select import named, picked_grad, taken
from .sort import lines, order


def _median_index(x, ignore_nan):
    """Index of the lower median along the last axis: of all elements (NaN if there is one), or of those that are not NaN."""
    n = x.shape[-1]
    if 0 < x.size and n <= 64 and not (x.dtype.kind == 'f' and np.isnan(x).any()):
        return order(x, x.ndim - 1)[..., (n - 1) // 2, None]
    bad = np.isnan(x).sum(-1, keepdims=True) if x.dtype.kind == 'f' else None
    if bad is None or not bad.any():
        return np.argpartition(x, (n - 1) // 2, -1)[..., (n - 1) // 2, None]
    # NaN sorts last, so the first NaN stands behind all numbers.
    rank = np.maximum(n - bad - 1, 0) // 2 if ignore_nan else np.where(bad > 0, n - bad, (n - 1) // 2)
    return np.take_along_axis(np.argsort(x, -1, kind='stable'), rank, -1)


def _pick(x, where, dim, keepdim):
    values = taken(x, where, dim)
    return (values, where) if keepdim else (values.squeeze(dim), where.squeeze(dim))


class _MedianAll(Op):
    keep_in = (0,)
    keep_out = (0,)
    ignore_nan = False

    def backward(self, g):
        x, y = self.saved(0), self.out(0)
        hit = (x.isnan() if np.isnan(y._a) else x == y).to(g.dtype)
        return hit * (g / hit.sum())


def _median_all(x, ignore_nan):
    flat = x.reshape(-1)
    if not flat.size:
        return np.full((), np.nan if x.dtype.kind == 'f' else np.iinfo(x.dtype).min, x.dtype)
    return np.asarray(flat[_median_index(flat, ignore_nan)[0]])


class Median(_MedianAll, name='MedianBackward0'):
    @staticmethod
    def forward(x):
        return _median_all(x, False)


class Nanmedian(_MedianAll, name='NanmedianBackward0'):
    @staticmethod
    def forward(x):
        return _median_all(x, True)


def _median_dim(x, dim, keepdim, ignore_nan):
    if not x.ndim:
        return x.copy(), np.zeros((), np.int64)
    return _pick(x, np.moveaxis(_median_index(np.moveaxis(x, dim, -1), ignore_nan), -1, dim), dim, keepdim)


class MedianDim(Op, name='MedianBackward1'):
    keep_out = (1,)
    n_out = 2

    @staticmethod
    def forward(x, dim, keepdim):
        return _median_dim(x, dim, keepdim, False)

    def backward(self, g, _):
        return picked_grad(self, g)


class NanmedianDim(Op, name='NanmedianBackward1'):
    keep_out = (1,)
    n_out = 2

    @staticmethod
    def forward(x, dim, keepdim):
        return _median_dim(x, dim, keepdim, True)

    def backward(self, g, _):
        return picked_grad(self, g)


def _mode_place(x, dim):
    """For types that no kernel sorts."""
    where = x.argsort(dim, kind='stable')
    s = np.moveaxis(taken(x, where, dim), dim, -1)
    place = np.arange(s.shape[-1])
    starts = np.where(np.concatenate((np.ones((*s.shape[:-1], 1), bool), s[..., 1:] != s[..., :-1]), -1), place, 0)
    length = place - np.maximum.accumulate(starts, -1)
    # The first longest run holds the smallest of the most frequent values; its last element stands for it.
    end = np.moveaxis(length.argmax(-1)[..., None], -1, dim)
    return taken(where, end, dim)


class Mode(Op, name='ModeBackward0'):
    keep_out = (1,)
    n_out = 2

    @staticmethod
    def forward(x, dim, keepdim):
        if not x.ndim:
            return x.copy(), np.zeros((), np.int64)
        rows = lines(x, dim)
        if rows is None:
            return _pick(x, _mode_place(x, dim), dim, keepdim)
        n = rows.shape[-1]
        where = np.empty(rows.shape[:-1], np.int64)
        K.sort.mode_rows(rows, where.size, n, np.empty(where.shape, rows.dtype), where)
        return _pick(x, np.expand_dims(where, dim), dim, keepdim)

    def backward(self, g, _):
        return picked_grad(self, g)


class Squeezed(Op, name='SqueezeBackward4'):
    """A tensor without its last dimension, of size 1."""
    @staticmethod
    def forward(x):
        return x[..., 0]

    def backward(self, g):
        return g.unsqueeze(-1)


def _reduced(results, op, name, input, dim, keepdim, out):
    if input._a.dtype.kind == 'c':
        raise errors.not_implemented(f'{name}_cpu', input._a.dtype)
    dim = checks.dim(checks.integer(dim, name, 'dim'), input._a.ndim)
    if input._a.ndim and not input._a.shape[dim]:
        raise IndexError(f'{name}(): Expected reduction dim {dim} to have non-zero size.')
    r = op.apply(input, dim=dim, keepdim=bool(keepdim))
    return named(results, r, out)


def median(input, dim=None, keepdim=False, *, out=None):
    """Median, the lower of the two middle elements if their number is even; NaN if there is a NaN.

    Args:
        input (Tensor): real numbers.
        dim (int, optional): the dimension to reduce. Default: all.
        keepdim (bool): keep the reduced dimension with size 1. Default: False.
        out (tuple of two Tensors, optional): receive the results.

    Returns:
        Tensor, or with a dimension the named tuple (values, indices).

    Example:
        >>> import cnet
        >>> cnet.median(cnet.tensor([4., 1., 3., 2.]))
        tensor(2.)
    """
    checks.tensor(input, 'median', position=1)
    if dim is None:
        if input._a.dtype.kind in 'bc':
            raise errors.not_implemented('median_out', input._a.dtype)
        return Median.apply(input)
    return _reduced(return_types.median, MedianDim, 'median', input, dim, keepdim, out)


def nanmedian(input, dim=None, keepdim=False, *, out=None):
    """Median of the elements that are not NaN.

    Args:
        input (Tensor): real numbers.
        dim (int, optional): the dimension to reduce. Default: all.
        keepdim (bool): keep the reduced dimension with size 1. Default: False.
        out (tuple of two Tensors, optional): receive the results.

    Returns:
        Tensor, or with a dimension the named tuple (values, indices).

    Example:
        >>> import cnet
        >>> cnet.nanmedian(cnet.tensor([4., float('nan'), 2.]))
        tensor(2.)
    """
    checks.tensor(input, 'nanmedian', position=1)
    if dim is None:
        if input._a.dtype.kind in 'bc':
            raise errors.not_implemented('median_out', input._a.dtype)
        return Nanmedian.apply(input)
    return _reduced(return_types.nanmedian, NanmedianDim, 'nanmedian', input, dim, keepdim, out)


def mode(input, dim=-1, keepdim=False, *, out=None):
    """Most frequent element along a dimension, the smallest one if several are.

    Args:
        input (Tensor): real numbers.
        dim (int): the dimension to reduce. Default: -1.
        keepdim (bool): keep the reduced dimension with size 1. Default: False.
        out (tuple of two Tensors, optional): receive the results.

    Returns:
        (values, indices): a named tuple.

    Example:
        >>> import cnet
        >>> cnet.mode(cnet.tensor([3., 1., 3., 2.])).values
        tensor(3.)
    """
    checks.tensor(input, 'mode', position=1)
    return _reduced(return_types.mode, Mode, 'mode', input, dim, keepdim, out)


def quantile(input, q, dim=None, keepdim=False, *, interpolation='linear', out=None):
    """Quantiles; NaN where there is a NaN.

    Args:
        input (Tensor): float32 or float64.
        q (float or Tensor): numbers in [0, 1]; a tensor has at most one dimension and the type of `input`.
        dim (int, optional): the dimension to reduce. Default: all, flattened.
        keepdim (bool): keep the reduced dimension with size 1. Default: False.
        interpolation (str): between two elements: 'linear', 'lower', 'higher', 'midpoint' or 'nearest'.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: the shape of the reduced input, after the shape of `q`.

    Example:
        >>> import cnet
        >>> cnet.quantile(cnet.tensor([0., 1., 2., 3.]), 0.5)
        tensor(1.5000)
    """
    return with_out(_quantile('quantile', input, q, dim, keepdim, interpolation, False), out)


def nanquantile(input, q, dim=None, keepdim=False, *, interpolation='linear', out=None):
    """Quantiles of the elements that are not NaN.

    Args:
        input (Tensor): float32 or float64.
        q (float or Tensor): numbers in [0, 1]; a tensor has at most one dimension and the type of `input`.
        dim (int, optional): the dimension to reduce. Default: all, flattened.
        keepdim (bool): keep the reduced dimension with size 1. Default: False.
        interpolation (str): between two elements: 'linear', 'lower', 'higher', 'midpoint' or 'nearest'.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: the shape of the reduced input, after the shape of `q`.

    Example:
        >>> import cnet
        >>> cnet.nanquantile(cnet.tensor([0., float('nan'), 2.]), 0.5)
        tensor(1.)
    """
    return with_out(_quantile('nanquantile', input, q, dim, keepdim, interpolation, True), out)


def _quantile(name, input, q, dim, keepdim, interpolation, ignore_nan):
    checks.tensor(input, name, position=1)
    dt = input._a.dtype
    if dt.char not in 'fd':
        raise RuntimeError(f'{name}() input tensor must be either float or double dtype')
    if interpolation not in ('linear', 'lower', 'higher', 'midpoint', 'nearest'):
        raise RuntimeError(f'{name}() interpolation must be one of linear, lower, higher, midpoint or nearest, but got '
                           + str(interpolation))
    if isinstance(q, TensorBase):
        if q._a.ndim > 1:
            raise RuntimeError(f'{name}() q must be a scalar or 1D tensor')
        if q._a.dtype != dt:
            raise RuntimeError(f'{name}() q tensor must be same dtype as the input tensor')
    else:
        q = wrap(np.asarray(q, dt))
    if not ((q._a >= 0) & (q._a <= 1)).all():
        raise RuntimeError(f'{name}() q values must be in the range [0, 1]' if q.ndim else
                           f'{name}() q must be in the range [0, 1] but got {q._a.item():g}')
    if not input._a.size:
        raise RuntimeError(f'{name}() input tensor must be non-empty')
    ndim = input._a.ndim
    if dim is None:
        s = input.reshape(-1)
    else:
        dim = checks.dim(dim, ndim)
        s = input.movedim(dim, -1) if ndim else input.reshape(1)
    s = s.sort(-1)[0]
    y = _interpolated(s, _ranks(s._a, q.reshape(-1), ignore_nan), interpolation)
    if keepdim:
        y = y.reshape((1,) * ndim + (q._a.size,)) if dim is None else y.unsqueeze(dim) if ndim else y
    return Squeezed.apply(y.unsqueeze(0).transpose(0, -1) if q.ndim else y)


def _ranks(s, q, ignore_nan):
    """Fractional positions, along the last axis of the sorted array, of the quantiles q; that of a NaN where one rules."""
    bad = np.isnan(s).sum(-1, keepdims=True)
    n = s.shape[-1]
    if ignore_nan:
        return q * wrap(np.maximum(n - bad - 1, 0).astype(s.dtype))
    ranks = (q * (n - 1)).expand((*s.shape[:-1], q.shape[0]))
    return ranks.masked_fill(wrap(bad > 0), n - 1) if bad.any() else ranks


def _interpolated(s, ranks, interpolation):
    """Values of the sorted tensor at fractional positions along its last dimension."""
    if interpolation == 'lower':
        ranks = ranks.floor()
    elif interpolation == 'higher':
        ranks = ranks.ceil()
    elif interpolation == 'nearest':
        ranks = ranks.round()
    below = ranks.floor()
    low = s.gather(-1, wrap(below._a.astype(np.int64)))
    if interpolation not in ('linear', 'midpoint'):
        return low
    high = s.gather(-1, wrap(np.ceil(ranks._a).astype(np.int64)))
    return low.lerp(high, ranks - below if interpolation == 'linear' else below * 0 + 0.5)


PUBLIC = METHODS = {'median': median, 'mode': mode, 'nanmedian': nanmedian, 'nanquantile': nanquantile, 'quantile': quantile}
