"""Running elementwise operations: promotion of operands, broadcasting errors, `out=` and in-place forms.

This file runs interpreted, and compiled with the types in `elementwise.pxd`; both must behave alike.
"""

import numpy as np

from .._kernels._state import dtype_of, flags, inexact, shape_of
from . import errors
from .arrays import cast
from .base import GRAD, TensorBase, wrap
from .dtype import default_np, number_category, promote
from .inplace import assign_, check_writable, copy_out
from .op import finish, needs_grad

FLOAT = 2  # dtype.FLOAT


def unary(op, x, name):
    """`op` of a tensor whose element type stays."""
    if not isinstance(x, TensorBase):
        raise errors.argument_type(name, 'input', 'Tensor', x, 1)
    t = x
    info = op.info_
    return finish(op, info, (x,), {}, info.forward(t._a))


def unary_float(op, x, name):
    """`op` of a tensor; integers are converted to the default floating type first."""
    if not isinstance(x, TensorBase):
        raise errors.argument_type(name, 'input', 'Tensor', x, 1)
    t = x
    a = t._a
    if not inexact(a):
        a = cast(a, default_np(FLOAT))
    info = op.info_
    return finish(op, info, (x,), {}, info.forward(a))


def scalar_for(value, np_dtype):
    """A number as a kernel of that element type takes it: integers wrap around, as in C."""
    kind = np_dtype.kind
    if kind == 'f':
        return value if type(value) is float else float(value)
    if kind == 'c':
        return np.array(value, np_dtype)
    if kind == 'b':
        return np.array(bool(value))
    bits = 8 * np_dtype.itemsize
    value = int(value) & ((1 << bits) - 1)
    if kind == 'i' and value >> (bits - 1):
        value -= 1 << bits
    return np.array(value, np_dtype)


def operands(a, b, name):
    """The two arrays (or an array and a number) of a binary operation in their common type."""
    if isinstance(a, TensorBase):
        s = a
        x = s._a
        if isinstance(b, TensorBase):
            t = b
            y = t._a
            if dtype_of(x) is dtype_of(y):
                return x, y
            np_dtype = promote(a, b)
            if x.dtype is not np_dtype:
                x = cast(x, np_dtype)
            if y.dtype is not np_dtype:
                y = cast(y, np_dtype)
            return x, y
        if (type(b) is float or type(b) is int) and dtype_of(x).kind == 'f':
            return x, float(b)
        if number_category(b) is None:
            raise errors.argument_type(name, 'other', 'Tensor', b, 2)
        np_dtype = promote(a, b)
        if x.dtype is not np_dtype:
            x = cast(x, np_dtype)
        return x, scalar_for(b, np_dtype)
    if not isinstance(b, TensorBase) or number_category(a) is None:
        raise errors.argument_type(name, 'input', 'Tensor', a, 1)
    if (type(a) is float or type(a) is int) and dtype_of(b._a).kind == 'f':
        return float(a), b._a
    np_dtype = promote(a, b)
    y = b._a
    if y.dtype is not np_dtype:
        y = cast(y, np_dtype)
    return scalar_for(a, np_dtype), y


def as_float(x):
    """An array or number of integers in the default floating type."""
    if isinstance(x, np.ndarray):
        return x if x.dtype.kind in 'fc' else cast(x, default_np(FLOAT))
    return x


def run_binary(op, a, b, x, y, kw):
    """Forward and record, with PyTorch's sentence if the shapes do not broadcast."""
    info = op.info_
    try:
        r = info.forward(x, y, **kw) if kw else info.forward(x, y)
    except ValueError:
        refuse_shapes(x, y)
        raise
    return finish(op, info, (a, b), kw, r)


def refuse_shapes(x, y):
    """Raise if two shapes do not broadcast."""
    try:
        np.broadcast_shapes(np.shape(x), np.shape(y))
    except ValueError:
        raise errors.broadcast(np.shape(x), np.shape(y)) from None


def kind_of(x):
    """The kind letter of NumPy ('b', 'i', 'u', 'f' or 'c') of a tensor or number."""
    if isinstance(x, TensorBase):
        return x._a.dtype.kind
    category = number_category(x)
    return '' if category is None else 'bifc'[category]


def binary(op, a, b, name, kw=None):
    """`op` of two tensors, or of a tensor and a number, in their common type."""
    x, y = operands(a, b, name)
    return run_binary(op, a, b, x, y, {} if kw is None else kw)


def binary_float(op, a, b, name):
    """`binary`, with integers converted to the default floating type."""
    x, y = operands(a, b, name)
    return run_binary(op, a, b, as_float(x), as_float(y), {})


def binary_(op, x, b, name):
    """`x.op_(b)`: written straight into `x` when nothing is recorded, through `assign_` otherwise."""
    a = x._a
    if not (flags() & GRAD and needs_grad((x, b))):
        p, q = operands(x, b, name)
        if p is a:
            check_writable(x, False)
            shape = getattr(q, 'shape', ())
            if not shape or shape == shape_of(a):
                info = op.info_
                info.forward(a, q, a)
                x._v.n += 1
                return x
    return assign_(x, binary(op, x, b, name))


def unary_(op, x):
    """`x.op_()` for an operation that keeps the element type."""
    info = op.info_
    if not (flags() & GRAD and needs_grad((x,))):
        check_writable(x, False)
        info.forward(x._a, x._a)
        x._v.n += 1
        return x
    return assign_(x, finish(op, info, (x,), {}, info.forward(x._a)))


def with_out(r, out):
    """The result itself, or `out` with the result in it."""
    return r if out is None else copy_out(r, out)


def conj_of(x):
    """The conjugate of a tensor or number; nothing to do for real ones."""
    if isinstance(x, TensorBase):
        return x.conj() if x._a.dtype.kind == 'c' else x
    return x.conjugate()


def operator(function):
    """Binary operator from a function: NotImplemented, so that the other operand gets its turn, for foreign types."""
    def method(self, other):
        if not isinstance(other, TensorBase) and number_category(other) is None:
            other = foreign(other)
            if other is NotImplemented:
                return NotImplemented
        return function(self, other)
    return method


def foreign(x):
    """A NumPy array as a tensor; NotImplemented for what a tensor cannot be combined with."""
    return wrap(x) if isinstance(x, np.ndarray) else NotImplemented


def reflected(function):
    def method(self, other):
        if number_category(other) is None:
            other = foreign(other)
            if other is NotImplemented:
                return NotImplemented
        return function(other, self)
    return method
