"""What all reductions share: which axes, which shape, and calling the kernels on any geometry."""

import numpy as np

from .. import _kernels as K
from .._core import checks
from .._core.dtype import as_dtype


def wanted_type(dtype, op):
    """The NumPy type that an argument `dtype` asks for."""
    return as_dtype(dtype, op).np


def numpy_names(op, given, dim, keepdim):
    """`dim` and `keepdim`, which may have been called `axis` and `keepdims`, as NumPy does."""
    for name, value in given.items():
        if name == 'axis':
            dim = value
        elif name == 'keepdims':
            keepdim = value
        else:
            raise TypeError(f"{op}() got an unexpected keyword argument '{name}'")
    return dim, keepdim


def axes_of(dim, input, op):
    """The axes that `dim` names, None for all. A tensor without dimensions has none, whatever may be named."""
    if dim is None:
        return None
    ndim = input._a.ndim
    axes = checks.dims(dim, ndim, op)
    return axes if ndim else ()


def every_axis(dim, input, op):
    """The axes that `dim` names, all of them by name if it is None."""
    return tuple(range(input._a.ndim)) if dim is None else axes_of(dim, input, op)


def restore_dims(g, axes, keepdim):
    """A reduced tensor with its reduced dimensions back, of size 1. `axes` None: all, which broadcasts anyway."""
    if keepdim or axes is None:
        return g
    for i in sorted(axes):
        g = g.unsqueeze(i)
    return g


def kept_shape(shape, axes, keepdim):
    """The shape that remains."""
    if keepdim:
        return tuple([1 if i in axes else n for i, n in enumerate(shape)])
    return tuple([n for i, n in enumerate(shape) if i not in axes])


def runs(shape, axes):
    """The reduction as steps (outer, n, inner) over runs of adjacent axes, the last run first."""
    steps = []
    i = len(shape)
    inner = 1
    while i > 0:
        i -= 1
        if i not in axes:
            inner *= shape[i]
            continue
        n = shape[i]
        while i > 0 and i - 1 in axes:
            i -= 1
            n *= shape[i]
        outer = 1
        for m in shape[:i]:
            outer *= m
        if n != 1:
            steps.append((outer, n, inner))
    return steps


def float_total(x, axes, keepdim, scale=1.0, kind=0):
    """Scaled sum of a floating-point array (kinds as in the kernel), accurate for float32 and half types."""
    every = axes is None or len(axes) >= x.ndim
    if x.dtype.char not in 'fd':
        return np.asarray(float_total(x.astype(np.float32), axes, keepdim, scale, kind)).astype(x.dtype)
    if every and x.flags.f_contiguous:
        x = x.T
    if axes is None:
        axes = range(x.ndim)
    out = np.empty(kept_shape(x.shape, axes, keepdim), x.dtype)
    if x.size == 0:
        out[...] = 0
        return out
    x = np.ascontiguousarray(x)
    if every:
        return K.reduce.sum_forward(x, 1, x.size, 1, out, scale, kind)
    steps = runs(x.shape, axes) or [(x.size, 1, 1)]
    for i, (outer, n, inner) in enumerate(steps):
        if i == len(steps) - 1:
            return K.reduce.sum_forward(x, outer, n, inner, out, scale, kind)
        x = K.reduce.sum_forward(x, outer, n, inner, np.empty(outer * inner, x.dtype), 1.0, kind)
        kind = 0


def float_extreme(x, axes, keepdim, sign):
    """Largest (sign 1) or smallest (sign -1) elements of a float32 or float64 array with elements; NaN wins."""
    every = axes is None or len(axes) >= x.ndim
    if every and x.flags.f_contiguous:
        x = x.T
    if axes is None:
        axes = range(x.ndim)
    out = np.empty(kept_shape(x.shape, axes, keepdim), x.dtype)
    x = np.ascontiguousarray(x)
    if every:
        return K.reduce.extreme_forward(x, 1, x.size, 1, sign, out)
    steps = runs(x.shape, axes) or [(x.size, 1, 1)]
    for i, (outer, n, inner) in enumerate(steps):
        last = i == len(steps) - 1
        x = K.reduce.extreme_forward(x, outer, n, inner, sign, out if last else np.empty(outer * inner, x.dtype))
    return x


def triple(shape, dim):
    """(outer, n, inner) around one dimension."""
    outer = inner = 1
    for m in shape[:dim]:
        outer *= m
    for m in shape[dim + 1:]:
        inner *= m
    return outer, shape[dim], inner
