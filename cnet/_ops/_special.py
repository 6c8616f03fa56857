"""How special functions are evaluated on arrays: in float64, a block at a time, by Chebyshev series."""

import numpy as np

from .. import _kernels as K
from .._core.arrays import cast

quiet = K._quiet.quiet
BLOCK = 4096  # elements whose temporaries stay in the second-level cache


def series(coefficients, t):
    """The sum of coefficients[k] * T_k(t), by Clenshaw's recurrence."""
    twice = t + t
    b = np.full_like(t, coefficients[-1])
    before = np.zeros_like(t)
    for c in coefficients[-2:0:-1]:
        b, before = twice * b - before + c, b
    return t * b - before + coefficients[0]


def pieces(x, *cases):
    """A function given case by case: pairs of a mask and a function of the elements where it holds. NaN elsewhere."""
    r = np.full_like(x, np.nan)
    for mask, f in cases:
        if mask.all():
            return f(x)
        if mask.any():
            r[mask] = f(x[mask])
    return r


def elementwise(f, *arrays):
    """`f` of float arrays of one type that broadcast, computed in float64 and returned in that type."""
    dt = np.result_type(*arrays)
    if len(arrays) > 1:
        arrays = np.broadcast_arrays(*arrays)
    shape = arrays[0].shape
    flat = [np.ascontiguousarray(a).reshape(-1) for a in arrays]
    r = np.empty(flat[0].size, dt)
    for i in range(0, r.size, BLOCK):
        wide = [a[i:i + BLOCK].astype(np.float64) for a in flat]
        r[i:i + BLOCK] = cast(quiet(f, *wide), dt)
    return r.reshape(shape)
