"""Reductions of stretches of different lengths."""

from math import prod

import numpy as np

from .. import _kernels as K
from .._core import checks, errors
from .._core.base import wrap
from .._core.op import Op
from .join import cat

__all__ = ['segment_reduce']

quiet = K._quiet.quiet
_UFUNC = {'sum': np.add, 'mean': np.add, 'prod': np.multiply, 'max': np.maximum, 'min': np.minimum}
_FIRST = {'sum': 0.0, 'mean': 0.0, 'prod': 1.0, 'max': -np.inf, 'min': np.inf}


def _bounds(offsets, rows):
    """Where segments start and end in the data with its leading dimensions and its axis flattened."""
    base = np.arange(prod(offsets.shape[:-1])).reshape(-1, 1) * rows
    flat = offsets.reshape(-1, offsets.shape[-1]) + base
    return flat[:, :-1].ravel(), flat[:, 1:].ravel()


def _reduced(x, starts, ends, reduce, initial):
    """Segments [start, end) of the rows of x."""
    first = _FIRST[reduce] if initial is None else initial
    r = np.full((len(starts), *x.shape[1:]), first, x.dtype)
    full = ends > starts
    if full.any():
        cuts = np.stack((starts[full], ends[full]), 1).ravel()
        padded = np.concatenate((x, np.zeros((1, *x.shape[1:]), x.dtype)))  # an end may lie behind the last row
        parts = quiet(_UFUNC[reduce].reduceat, padded, cuts, axis=0)[::2]
        r[full] = quiet(_UFUNC[reduce], r[full], parts)
    if reduce == 'mean':
        counts = (ends - starts).reshape(-1, *[1] * (x.ndim - 1)).astype(x.dtype)
        if initial is not None:
            counts = np.maximum(counts, 1)
        r = quiet(np.divide, r, counts)
    return r


class SegmentReduce(Op, name='SegmentReduceBackward0'):
    """The leading dimensions of the data are those of the offsets; its axis is their last."""

    keep_in = (0,)
    keep_out = (0,)

    @staticmethod
    def forward(x, reduce, offsets, axis, initial):
        flat = x.reshape(-1, *x.shape[axis + 1:])
        r = _reduced(flat, *_bounds(offsets, x.shape[axis]), reduce, initial)
        return r.reshape(*x.shape[:axis], offsets.shape[-1] - 1, *x.shape[axis + 1:])

    def backward(self, g):
        x, y, kw = self.saved(0), self.out(0), self.kw
        reduce, axis = kw['reduce'], kw['axis']
        inner = x.shape[axis + 1:]
        starts, ends = _bounds(kw['offsets'], x.shape[axis])
        counts = ends - starts
        segment = wrap(np.repeat(np.arange(len(starts)), counts))
        rows = wrap(np.repeat(starts - np.append(0, np.cumsum(counts)[:-1]), counts) + np.arange(len(segment)))
        flat = x.reshape(-1, *inner)

        def spread(t):
            return t.reshape(-1, *inner).index_select(0, segment)
        g = spread(g)
        if reduce == 'mean':
            g = g / wrap(counts.astype(g._a.dtype)).index_select(0, segment).reshape(-1, *[1] * len(inner))
        elif reduce != 'sum':
            values = flat.index_select(0, rows)
            if reduce == 'prod':
                first = 1 if kw['initial'] is None else kw['initial']
                g = g * (spread(y) / values if values._a.all() else first * _others(values, counts))
            else:
                hit = (values == spread(y)).to(g.dtype)
                ties = hit.new_zeros(len(counts), *inner).index_add(0, segment, hit)
                g = g * hit / spread(ties).clamp_min(1)
        return (flat * 0).index_add(0, rows, g).reshape(x.shape)


def _others(x, counts):
    """The product of the other members of each one's segment, by running products from both ends: exact beside zeros."""
    ones = x.new_ones(1, *x.shape[1:])
    inside = np.arange(counts.max()) < counts[:, None]
    place = np.full(inside.shape, len(x))
    place[inside] = np.arange(len(x))
    lines = cat((x, ones))[wrap(place)]  # one row per segment, filled up with ones
    first = ones.unsqueeze(0).expand(len(counts), 1, *x.shape[1:])
    before = cat((first, lines[:, :-1]), 1).cumprod(1)
    after = cat((first, lines.flip(1)[:, :-1]), 1).cumprod(1).flip(1)
    return (before * after)[wrap(inside)]


def segment_reduce(data, reduce, *, lengths=None, indices=None, offsets=None, axis=0, unsafe=False, initial=None):
    """Reduce consecutive segments of a dimension, each to one element.

    Args:
        data (Tensor): floating-point numbers.
        reduce (str): 'sum', 'mean', 'max', 'min' or 'prod'.
        lengths (Tensor, optional): the lengths of the segments, int32 or int64; they sum to the size of the dimension.
        indices (None): not supported.
        offsets (Tensor, optional): where the segments start, and where the last one ends, instead of `lengths`.
        axis (int): the dimension. `lengths` has the dimensions of `data` before it, and one for the segments.
        unsafe (bool): do not check that the lengths sum to the size. Default: False.
        initial (Number, optional): what every reduction begins with.

    Shape:
        - data: :math:`(*, N, *)`, lengths: :math:`(*, S)`, offsets: :math:`(*, S + 1)`.
        - result: :math:`(*, S, *)`.

    Returns:
        Tensor: the reductions.

    Example:
        >>> import cnet
        >>> cnet.segment_reduce(cnet.tensor([1., 2., 3.]), 'sum', lengths=cnet.tensor([2, 1]))
        tensor([3., 3.])
    """
    checks.tensor(data, 'segment_reduce', 'data', 1)
    if reduce not in _UFUNC:
        raise RuntimeError(f'reduce argument must be either sum, prod, mean, amax or amin, got {reduce}')
    if indices is not None:
        raise RuntimeError('segment_reduce(): indices based reduction is not supported yet.')
    if lengths is None and offsets is None:
        raise RuntimeError('segment_reduce(): Either lengths or offsets must be defined.')
    if data._a.dtype.kind != 'f':
        raise errors.not_implemented('_segment_reduce_cpu', data._a.dtype)
    axis = checks.dim(axis, data.ndim)
    given, name = (offsets, 'offsets') if lengths is None else (lengths, 'lengths')
    if given._a.dtype.char not in 'ilq':
        raise errors.not_implemented(f'_segment_reduce_{name}_cpu_kernel1', given._a.dtype)
    if given.ndim != axis + 1:
        raise RuntimeError(f'segment_reduce(): Expected axis to be the last dimension of {name} but got {axis}.')
    if given.shape[:-1] != data.shape[:axis]:
        raise RuntimeError(f'segment_reduce(): Expected all the dimensions of {name} but the last to be those of data.')
    n = data.shape[axis]
    if lengths is not None:
        offsets = _offsets(lengths._a, n, unsafe)
    else:
        offsets = offsets._a
        steps = np.diff(offsets, axis=-1)
        if offsets.size and (offsets.min() < 0 or offsets.max() > n or (steps.size and steps.min() < 0)):
            raise RuntimeError('segment_reduce(): Expected offsets to increase from 0 to the size of the dimension.')
    return SegmentReduce.apply(data, reduce=reduce, offsets=offsets, axis=axis, initial=initial)


def _offsets(lengths, n, unsafe):
    if lengths.size and lengths.min() < 0:
        raise RuntimeError('lengths contains negative value!')
    ends = np.cumsum(lengths, -1)
    total = lengths.sum(-1)
    if (total > n).any() or (not unsafe and (total != n).any()):
        raise RuntimeError('segment_reduce(): Expected all rows of lengths along axis to sum to data.size(lengths.dim()-1) when '
                           '!unsafe.')
    return np.concatenate((np.zeros((*ends.shape[:-1], 1), ends.dtype), ends), -1)


PUBLIC = {'segment_reduce': segment_reduce, '_segment_reduce': segment_reduce}
METHODS = {}
