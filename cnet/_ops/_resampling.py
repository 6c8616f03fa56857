"""Interpolation tables: which inputs along an axis a result takes, and with what weights.

Every method of `interpolate` acts on each axis by itself, so a method is a function from (size, out, scale, align, float type)
to flat arrays. Positions are computed in the float type of the data, as PyTorch does, so that the same neighbours are chosen.
"""

from functools import lru_cache

import numpy as np

from .. import _kernels as K

Table = K.resample.Table


def _ratio(size, out, scale, align, real):
    """Inputs per result. A factor that the caller gave counts more than the one that the sizes have."""
    if align:
        return real(size - 1) / real(out - 1) if out > 1 else real(0)
    return real(1 / scale) if scale is not None and scale > 0 else real(size) / real(out)


def _nearest(size, out, scale, align, real, offset=0.0):
    # Here PyTorch calculates in single precision for any type of data.
    step = np.float32(1 / scale) if scale is not None and scale > 0 else np.float32(size) / np.float32(out)
    at = ((np.arange(out, dtype=np.float32) + np.float32(offset)) * step).astype(np.int64)
    return np.minimum(at, size - 1)[:, None], np.ones((out, 1), real)


def _nearest_exact(size, out, scale, align, real):
    return _nearest(size, out, scale, align, real, 0.5)


def _positions(size, out, scale, align, real):
    ratio = _ratio(size, out, scale, align, real)
    o = np.arange(out, dtype=real)
    return ratio * o if align else ratio * (o + real(0.5)) - real(0.5)


def _linear(size, out, scale, align, real):
    x = np.maximum(_positions(size, out, scale, align, real), 0)
    low = np.minimum(x.astype(np.int64), size - 1)
    t = np.clip(x - low.astype(real), 0, 1)
    return np.stack([low, np.minimum(low + 1, size - 1)], 1), np.stack([1 - t, t], 1)


def cubic_weights(t, a=-0.75):
    """Weights of the four neighbours at -1, 0, 1, 2 of a place t in [0, 1); also for tensors."""
    def near(x):
        return ((a + 2) * x - (a + 3)) * x * x + 1

    def far(x):
        return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
    return far(t + 1), near(t), near(1 - t), far(2 - t)


def _cubic(size, out, scale, align, real):
    x = _positions(size, out, scale, align, real)
    low = np.floor(x)
    at = low.astype(np.int64)[:, None] + np.arange(-1, 3)
    return np.clip(at, 0, size - 1), np.stack(cubic_weights(x - low), 1).astype(real)


def _triangle(x):
    return np.maximum(1 - np.abs(x), 0)


def _bicubic_filter(x):
    a, x = -0.5, np.abs(x)
    return np.where(x < 1, ((a + 2) * x - (a + 3)) * x * x + 1, np.where(x < 2, (((x - 5) * x + 8) * x - 4) * a, 0))


def _lanczos_filter(x):
    return np.where(np.abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0)


def _smooth(filter, width):
    """Antialiasing: a filter that is widened by the factor of the reduction; weights sum to 1."""
    def method(size, out, scale, align, real):
        ratio = _ratio(size, out, scale, align, real)
        support = real(width / 2) * max(ratio, real(1))
        centre = ratio * (np.arange(out, dtype=real) + real(0.5))
        low = np.maximum((centre - support + real(0.5)).astype(np.int64), 0)
        high = np.minimum((centre + support + real(0.5)).astype(np.int64), size)
        at = low[:, None] + np.arange(max(int((high - low).max()), 1))
        used = at < high[:, None]
        w = np.where(used, filter((at.astype(real) - centre[:, None] + real(0.5)) / max(ratio, real(1))), 0)
        total = w.sum(1, keepdims=True)
        return np.where(used, at, -1), (w / np.where(total == 0, 1, total)).astype(real)
    return method


_METHODS = {
    'nearest': _nearest, 'nearest-exact': _nearest_exact, 'linear': _linear, 'bilinear': _linear, 'trilinear': _linear,
    'bicubic': _cubic, 'bilinear_aa': _smooth(_triangle, 2), 'bicubic_aa': _smooth(_bicubic_filter, 4),
    'lanczos_aa': _smooth(_lanczos_filter, 6),
}


def _table(size, out, counts, index, weight):
    """The kernel's table from the number of taps of each result, and all taps in order."""
    if size == out and len(index) == out and (index == np.arange(out)).all() and (weight == 1).all():
        return Table(size, out)
    start = np.zeros(out + 1, np.int32)
    np.cumsum(counts, out=start[1:])
    same = int(counts[0]) if (counts == counts[0]).all() else 0
    return Table(size, out, start, index.astype(np.int32), np.ascontiguousarray(weight), same,
                 same == 1 and bool((weight == 1).all()))


@lru_cache(maxsize=512)
def tables(mode, size, out, scale, align, double):
    """The Table of an axis and that of its gradient."""
    real = np.float64 if double else np.float32
    if size == out and mode != 'nearest-exact' and not mode.endswith('_aa') and (scale is None or mode != 'bicubic'):
        return Table(size, out), Table(size, out)
    index, weight = _METHODS[mode](size, out, scale, align, real)
    used = index >= 0
    source, target, weight = index[used], np.nonzero(used)[0], weight[used]
    order = np.argsort(source, kind='stable')
    return (_table(size, out, used.sum(1), source, weight),
            _table(out, size, np.bincount(source, minlength=size), target[order], weight[order]))
