"""Random numbers into arrays of any layout and type, in the order in which PyTorch fills tensors.

Arrays that are not contiguous are filled in the order of their memory. Distributions without a kernel for a type are
drawn in float64 and rounded. Complex arrays are filled as pairs of real numbers.
"""

import math

import numpy as np

from .._kernels.boxmuller import box_muller

F16, F32, F64, I64 = map(np.dtype, (np.float16, np.float32, np.float64, np.int64))
_REAL = {np.dtype(np.complex64): F32, np.dtype(np.complex128): F64}
_WIDE = 1 << 28  # ranges from here on take 64-bit draws


def in_memory_order(a):
    """A view of `a` whose axes go from the largest stride to the smallest."""
    if a.flags.c_contiguous:
        return a
    return a.transpose(sorted(range(a.ndim), key=lambda i: -a.strides[i]))


def fill(a, dtype, draw, *args):
    """Let `draw(array, *args)` fill `a`: directly if memory and type allow it, else a contiguous array that is copied."""
    v = in_memory_order(a)
    if v.dtype == dtype and v.flags.c_contiguous:
        draw(v, *args)
    else:
        t = np.empty(v.shape, dtype)
        draw(t, *args)
        v[...] = t.astype(F32) if v.dtype == F16 and dtype == F64 else t  # half comes by way of float32, as in PyTorch


def uniform(engine, a, low, high):
    """Uniforms of [low, high)."""
    dtype = a.dtype
    if (dtype is F32 or dtype is F64) and a.flags.c_contiguous:  # the usual case, first: the rest costs 0.4 us
        engine.uniform(a, low, high)
        return
    if dtype in _REAL:
        a = a[..., None].view(_REAL[a.dtype])
    if a.dtype == F16:
        fill(a, F32, engine.uniform, low, high)
        a[a >= F16.type(high)] = low  # rounding to half precision must not reach the excluded end
    else:
        fill(a, a.dtype, engine.uniform, low, high)


def normal(engine, a, mean, std):
    """Normals: in blocks of 16 if contiguous and large enough, else one at a time."""
    if a.dtype.kind == 'c':
        a = a[..., None].view(_REAL[a.dtype])
        std /= math.sqrt(2.0)
    if a.size < 16 or not a.flags.c_contiguous:
        fill(a, F64, engine.normal, mean, std)
    elif a.dtype == F32:
        _box_muller(engine, a, mean, std)
        if a.size % 16:
            _box_muller(engine, a.reshape(-1)[-16:], mean, std)
    elif a.dtype == F64:
        engine.normal_blocks(a, mean, std)
    else:
        whole = a.size // 16 * 16
        t = np.empty(-(-a.size // 16) * 16, F32)
        _box_muller(engine, t, mean, std)
        flat = a.reshape(-1)
        flat[:whole] = t[:whole]
        flat[-16:] = t[-16:]


def _box_muller(engine, a, mean, std):
    engine.uniform(a, 0.0, 1.0)
    box_muller(a, mean, std)


def bernoulli(engine, a, p):
    """Ones with probability p, else zeros, of any type."""
    fill(a, np.dtype(np.uint8), engine.bernoulli, p)


def bernoulli_each(engine, a, p):
    """Ones with the probabilities in the array p, of the shape of `a`."""
    if a.flags.c_contiguous:
        u = np.empty(a.shape, F64 if p.dtype == F64 else F32)
        engine.uniform(u, 0.0, 1.0)
        a[...] = u < p
        return
    order = sorted(range(a.ndim), key=lambda i: -a.strides[i])
    v = a.transpose(order)
    u = np.empty(v.shape, F64 if p.dtype == F64 else F32)
    engine.uniform(u, 0.0, 1.0)
    v[...] = u < p.transpose(order)


def integers(engine, a, low, span, wide=None):
    """low + draw mod span; span 0 stands for 2**64."""
    fill(a, I64, engine.integers, span, low, span >= _WIDE if wide is None else wide)
