"""Arithmetic of two tensors: operators, their functions and their in-place forms."""

import numpy as np

from .. import _kernels as K
from .._core import errors
from .._core.base import GRAD, TensorBase
from .._core.dtype import number_category
from .._core.elementwise import binary, binary_, binary_float, conj_of, foreign, kind_of, operator, reflected, scalar_for
from .._core.inplace import assign_, check_writable, copy_out
from .._core.op import Op, needs_grad
from .._kernels._state import flags

quiet = K._quiet.quiet
P, E = K.pointwise, K.elementary


class Add(Op, name='AddBackward0'):
    __slots__ = ()
    forward = staticmethod(P.add)

    def backward(self, g):
        return g, g


class AddScaled(Op, name='AddBackward0'):
    """x + alpha * y."""
    __slots__ = ()

    @staticmethod
    def forward(x, y, alpha):
        if x.__class__ is np.ndarray and x.dtype.kind == 'f':
            return E.add_scaled(x, y, alpha)
        return P.add(x, _scaled(y, alpha))

    def backward(self, g):
        return g, g * conj_of(self.kw['alpha']) if self.needs[1] else None


class Sub(Op, name='SubBackward0'):
    __slots__ = ()
    forward = staticmethod(P.sub)

    def backward(self, g):
        return g, -g if self.needs[1] else None


class Mul(Op, name='MulBackward0'):
    __slots__ = ()
    keep_in = (0, 1)
    forward = staticmethod(P.mul)

    def backward(self, g):
        return (g * conj_of(self.saved(1)) if self.needs[0] else None,
                g * conj_of(self.saved(0)) if self.needs[1] else None)


class Div(Op, name='DivBackward0'):
    __slots__ = ()
    keep_in = (0, 1)
    forward = staticmethod(P.div)

    def backward(self, g):
        y = conj_of(self.saved(1))
        gx = g / y
        return gx if self.needs[0] else None, -gx * conj_of(self.saved(0)) / y if self.needs[1] else None


class SubScaled(Op, name='SubBackward0'):
    """x - alpha * y."""
    __slots__ = ()

    @staticmethod
    def forward(x, y, alpha):
        if alpha == 1:
            return P.sub(x, y)
        if x.__class__ is np.ndarray and x.dtype.kind == 'f':
            return E.add_scaled(x, y, -alpha)
        return P.sub(x, _scaled(y, alpha))

    def backward(self, g):
        return g, -g * conj_of(self.kw['alpha']) if self.needs[1] else None


class Rsub(SubScaled, name='RsubBackward0'):
    """alpha * x subtracted from y, recorded with the roles of PyTorch's rsub."""
    __slots__ = ()


class RsubNumber(SubScaled, name='RsubBackward1'):
    """`Rsub` for a number y."""
    __slots__ = ()


class FloorDivide(Op, name='NotImplemented'):
    """floor(x / y); PyTorch refuses to differentiate it under this name."""
    __slots__ = ()

    @staticmethod
    def forward(x, y):
        return floor_quotient(x, y)

    def backward(self, g):
        raise RuntimeError('derivative for aten::floor_divide is not implemented')


class DivRounded(Op, name='DivBackward2'):
    """x / y rounded to an integer, which has no slope."""
    __slots__ = ()

    @staticmethod
    def forward(x, y, mode):
        if mode == 'floor':
            return floor_quotient(x, y)
        if (x if isinstance(x, np.ndarray) else y).dtype.kind in 'iu':
            q = quiet(np.floor_divide, x, y)
            r = quiet(np.remainder, x, y)
            return q + ((q < 0) & (r != 0)).astype(q.dtype)
        return E.trunc_div(x, y)

    def backward(self, g):
        return None, None


class Remainder(Op, name='RemainderBackward1'):
    __slots__ = ()
    keep_in = (0, 1)

    @staticmethod
    def forward(x, y, out=None):
        _refuse_divisor(x, y, 'remainder_cpu')
        return E.remainder(x, y, out)

    def backward(self, g):
        if not self.needs[1]:
            return g, None
        x, y = self.saved(0), self.saved(1)
        return g, -g * div(x, y, rounding_mode='floor')


class Fmod(Op, name='FmodBackward1'):
    __slots__ = ()
    keep_in = (0, 1)

    @staticmethod
    def forward(x, y, out=None):
        _refuse_divisor(x, y, 'fmod_cpu')
        return E.fmod(x, y, out)

    def backward(self, g):
        if not self.needs[1]:
            return g, None
        x, y = self.saved(0), self.saved(1)
        return g, -g * div(x, y, rounding_mode='trunc')


class RemainderNumber(Remainder, name='RemainderBackward0'):
    """`Remainder` by a number."""
    __slots__ = ()


class FmodNumber(Fmod, name='FmodBackward0'):
    """`Fmod` by a number."""
    __slots__ = ()


def _scaled(y, alpha):
    """alpha * y in the type of y, which may be a number (then NumPy must not give it a type)."""
    if not isinstance(y, np.ndarray):
        return y * alpha
    return P.mul(y, scalar_for(alpha, y.dtype) if y.dtype.kind in 'iu' else alpha)


def _refuse_divisor(x, y, kernel):
    """Integers have no quotient and no remainder by 0, bools and complex numbers have none at all."""
    dtype = (x if isinstance(x, np.ndarray) else y).dtype
    if dtype.kind == 'f':
        return
    if dtype.kind in 'bc':
        raise errors.not_implemented(kernel, dtype)
    if not (y.all() if y.ndim else y):
        raise RuntimeError('ZeroDivisionError')


def floor_quotient(x, y):
    """floor(x / y), exact where the quotient is an integer; division by zero gives infinity or NaN for floats."""
    kind = (x if isinstance(x, np.ndarray) else y).dtype
    if kind.char == 'f':
        return E.floor_div(x, y)
    if kind.kind != 'f':
        _refuse_divisor(x, y, 'div_floor_cpu')
        return quiet(np.floor_divide, x, y)
    q = quiet(np.floor_divide, x, y)
    return np.where(np.equal(y, 0), P.div(x, y), q) if not np.all(y) else q


def _refuse_bool_sub(a, b):
    if isinstance(a, TensorBase) and isinstance(b, TensorBase) and a._a.dtype is b._a.dtype and a._a.dtype.kind != 'b':
        return
    kinds = kind_of(a) + kind_of(b)
    if kinds == 'bb':
        raise RuntimeError('Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or '
                           '`logical_xor()` operator instead.')
    if 'b' in kinds:
        raise RuntimeError('Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to invert '
                           'a mask, use the `~` or `logical_not()` operator instead.')


def _check_alpha(alpha, a, b, name):
    """A scale must not be of a higher category than the operands."""
    kind = kind_of(alpha)
    kinds = kind_of(a) + kind_of(b)
    if isinstance(alpha, TensorBase) or not kind:
        raise errors.argument_type(name, 'alpha', 'Number', alpha)
    if kind == 'b' and kinds.strip('b'):
        raise RuntimeError('Boolean alpha only supported for Boolean results.')
    if kind in 'fc' and not any(k in 'fc' for k in kinds):
        raise RuntimeError('For integral input tensors, argument alpha must not be a floating point number.')
    if kind == 'c' and 'c' not in kinds:
        raise RuntimeError('For non-complex input tensors, argument alpha must not be a complex number.')


def _with_alpha(a, b, alpha, name):
    _check_alpha(alpha, a, b, name)
    if alpha == 1:
        return binary(Add, a, b, name)
    if not isinstance(b, TensorBase):
        return binary(Add, a, b * alpha, name)
    return binary(AddScaled, a, b, name, {'alpha': alpha})


def add(input, other, *, alpha=1, out=None):
    """input + alpha * other.

    Args:
        input (Tensor or Number): any shape.
        other (Tensor or Number): broadcastable with `input`.
        alpha (Number): scale of `other`. Default: 1.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: the broadcast shape, in the promoted type.

    Example:
        >>> import cnet
        >>> cnet.add(cnet.tensor([1., 2.]), 10)
        tensor([11., 12.])
    """
    if alpha.__class__ is int and alpha == 1:
        r = binary(Add, input, other, 'add')
    else:
        r = _with_alpha(input, other, alpha, 'add')
    return r if out is None else copy_out(r, out)


def sub(input, other, *, alpha=1, out=None):
    """input - alpha * other.

    Args:
        input (Tensor or Number): any shape.
        other (Tensor or Number): broadcastable with `input`.
        alpha (Number): scale of `other`. Default: 1.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: the broadcast shape, in the promoted type.

    Example:
        >>> import cnet
        >>> cnet.sub(cnet.tensor([1., 2.]), cnet.tensor([0.5]))
        tensor([0.5000, 1.5000])
    """
    _refuse_bool_sub(input, other)
    if alpha.__class__ is int and alpha == 1:
        r = binary(Sub, input, other, 'sub')
    else:
        _check_alpha(alpha, input, other, 'sub')
        r = binary(SubScaled, input, other, 'sub', {'alpha': alpha})
    return r if out is None else copy_out(r, out)


def mul(input, other, *, out=None):
    """input * other.

    Args:
        input (Tensor or Number): any shape.
        other (Tensor or Number): broadcastable with `input`.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: the broadcast shape, in the promoted type.

    Example:
        >>> import cnet
        >>> cnet.mul(cnet.tensor([1, 2]), 1.5)
        tensor([1.5000, 3.0000])
    """
    r = binary(Mul, input, other, 'mul')
    return r if out is None else copy_out(r, out)


def div(input, other, *, rounding_mode=None, out=None):
    """input / other, as it is or rounded.

    Args:
        input (Tensor or Number): any shape.
        other (Tensor or Number): broadcastable with `input`.
        rounding_mode (str, optional): 'trunc' rounds towards zero, 'floor' down; both keep integer types. Default: no
            rounding; integers become the default floating type.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: the broadcast shape.

    Example:
        >>> import cnet
        >>> cnet.div(cnet.tensor([7, -7]), 2), cnet.div(cnet.tensor([7, -7]), 2, rounding_mode='trunc')
        (tensor([ 3.5000, -3.5000]), tensor([ 3, -3]))
    """
    if rounding_mode is None:
        r = binary_float(Div, input, other, 'div')
    elif rounding_mode == 'floor' or rounding_mode == 'trunc':
        r = binary(DivRounded, input, other, 'div', {'mode': rounding_mode})
    else:
        raise RuntimeError(f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '{rounding_mode}'")
    return r if out is None else copy_out(r, out)


def floor_divide(input, other, *, out=None):
    """floor(input / other).

    Args:
        input (Tensor or Number): any shape.
        other (Tensor or Number): broadcastable with `input`.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: the broadcast shape, in the promoted type.

    Example:
        >>> import cnet
        >>> cnet.floor_divide(cnet.tensor([7, -7]), 2)
        tensor([ 3, -4])
    """
    r = binary(FloorDivide, input, other, 'floor_divide')
    return r if out is None else copy_out(r, out)


def remainder(input, other, *, out=None):
    """Remainder of the division, with the sign of `other`.

    Args:
        input (Tensor or Number): any shape.
        other (Tensor or Number): broadcastable with `input`.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: the broadcast shape, in the promoted type.

    Example:
        >>> import cnet
        >>> cnet.remainder(cnet.tensor([-3, 3]), 2)
        tensor([1, 1])
    """
    r = binary(Remainder if isinstance(other, TensorBase) else RemainderNumber, input, other, 'remainder')
    return r if out is None else copy_out(r, out)


def fmod(input, other, *, out=None):
    """Remainder of the division, with the sign of `input`.

    Args:
        input (Tensor): any shape.
        other (Tensor or Number): broadcastable with `input`.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: the broadcast shape, in the promoted type.

    Example:
        >>> import cnet
        >>> cnet.fmod(cnet.tensor([-3, 3]), 2)
        tensor([-1,  1])
    """
    if not isinstance(input, TensorBase):
        raise errors.argument_type('fmod', 'input', 'Tensor', input, 1)
    r = binary(Fmod if isinstance(other, TensorBase) else FmodNumber, input, other, 'fmod')
    return r if out is None else copy_out(r, out)


def rsub(input, other, *, alpha=1):
    """other - alpha * input.

    Args:
        input (Tensor): any shape.
        other (Tensor or Number): broadcastable with `input`.
        alpha (Number): scale of `input`. Default: 1.

    Returns:
        Tensor: the broadcast shape, in the promoted type.

    Example:
        >>> import cnet
        >>> cnet.rsub(cnet.tensor([1., 2.]), 3)
        tensor([2., 1.])
    """
    if not isinstance(input, TensorBase):
        raise errors.argument_type('rsub', 'input', 'Tensor', input, 1)
    _refuse_bool_sub(input, other)
    _check_alpha(alpha, input, other, 'rsub')
    return binary(Rsub if isinstance(other, TensorBase) else RsubNumber, other, input, 'rsub', {'alpha': alpha})


# --- operators and in-place forms ----------------------------------------------------------------------------------------

def __add__(self, other):
    if isinstance(other, TensorBase) or number_category(other) is not None:
        return binary(Add, self, other, 'add')
    other = foreign(other)
    return other if other is NotImplemented else binary(Add, self, other, 'add')


def __mul__(self, other):
    if isinstance(other, TensorBase) or number_category(other) is not None:
        return binary(Mul, self, other, 'mul')
    other = foreign(other)
    return other if other is NotImplemented else binary(Mul, self, other, 'mul')


def _scale_into(x, y, alpha, name, sign):
    """Add sign * alpha * y straight into `x` where nothing is recorded, and say whether that was done."""
    a = x._a
    if (not isinstance(y, TensorBase) or a.dtype.kind != 'f' or a.dtype != y._a.dtype or a.shape != y._a.shape
            or (flags() & GRAD and needs_grad((x, y)))):
        return False
    if alpha.__class__ is not float:  # which suits any floating type
        _check_alpha(alpha, x, y, name)
    check_writable(x, False)
    E.add_scaled(a, y._a, sign * alpha, a)
    x._v.n += 1
    return True


def add_(self, other, *, alpha=1):
    """In-place version of `add`."""
    if alpha.__class__ is int and alpha == 1:
        return binary_(Add, self, other, 'add')
    if _scale_into(self, other, alpha, 'add', 1):
        return self
    return assign_(self, add(self, other, alpha=alpha))


def sub_(self, other, *, alpha=1):
    """In-place version of `sub`."""
    if alpha.__class__ is int and alpha == 1 and self._a.dtype.kind != 'b':
        return binary_(Sub, self, other, 'sub')
    if _scale_into(self, other, alpha, 'sub', -1):
        return self
    return assign_(self, sub(self, other, alpha=alpha))


def mul_(self, other):
    """In-place version of `mul`."""
    return binary_(Mul, self, other, 'mul')


def div_(self, other, *, rounding_mode=None):
    """In-place version of `div`."""
    if rounding_mode is None and self._a.dtype.kind in 'fc':
        return binary_(Div, self, other, 'div')
    return assign_(self, div(self, other, rounding_mode=rounding_mode))


subtract, multiply, divide, true_divide = sub, mul, div, div
__all__ = ['add', 'sub', 'mul', 'div', 'floor_divide', 'remainder', 'fmod', 'rsub', 'subtract', 'multiply',
           'divide', 'true_divide']
METHODS = {name: globals()[name] for name in __all__ if name != 'rsub'} | {
    '__add__': __add__, '__radd__': __add__, '__mul__': __mul__, '__rmul__': __mul__,
    '__sub__': operator(sub), '__rsub__': operator(rsub), '__truediv__': operator(div), '__rtruediv__': reflected(div),
    '__floordiv__': operator(floor_divide), '__rfloordiv__': reflected(floor_divide), '__mod__': operator(remainder),
    '__rmod__': reflected(remainder), '__neg__': lambda self: self.neg(),
    '__pos__': lambda self: self.positive(), '__abs__': lambda self: self.abs(),
    'add_': add_, 'sub_': sub_, 'mul_': mul_, 'div_': div_, 'subtract_': sub_, 'multiply_': mul_, 'divide_': div_,
    'true_divide_': div_, '__iadd__': operator(add_), '__isub__': operator(sub_), '__imul__': operator(mul_),
    '__itruediv__': operator(div_)}
INPLACE = {'floor_divide_': floor_divide, 'remainder_': remainder, 'fmod_': fmod,
           '__ifloordiv__': floor_divide, '__imod__': remainder}
