"""What all reductions share: which axes, which shape, and calling the kernels on any geometry."""

import numpy as np

from .. import _kernels as K
from .._core import checks
from .._core.dtype import as_dtype

quiet = K._quiet.quiet


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
    if type(dim) is int and 0 <= dim < input._a.ndim:  # the usual case: 0.2 us less
        return (dim,)
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


def float_total(x, axes, keepdim, scale=1.0, kind=0):
    """Scaled sum of a floating-point array (kinds as in the kernel), accurate for float32 and half types."""
    if x.dtype.char == 'e':
        return quiet(K.reduce.total(x.astype(np.float32), axes, keepdim, scale, kind).astype, x.dtype)
    return K.reduce.total(x, axes, keepdim, scale, kind)
