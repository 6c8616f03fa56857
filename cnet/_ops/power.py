"""Powers of tensors and numbers."""

import numpy as np

from .. import _kernels as K
from .._core.arrays import contiguous
from .._core.base import TensorBase
from .._core.dtype import complex128, float64
from .._core.elementwise import binary, kind_of, operands, operator, reflected
from .._core.inplace import assign_, copy_out
from .._core.op import Op, finish

quiet = K._quiet.quiet
P, E = K.pointwise, K.elementary


def _power(x, y):
    """x ** y; an integer to a negative power is rounded towards zero, as C does: 0 unless x is 1 or -1."""
    if (x if isinstance(x, np.ndarray) else y).dtype.kind == 'f':
        if isinstance(x, np.ndarray) and isinstance(y, np.ndarray) and x.shape != y.shape and (y == 0.5).any():
            # NumPy's loops take the square root for an exponent that is repeated: NaN at -inf, and -0 at -0.
            y = contiguous(np.broadcast_to(y, np.broadcast_shapes(x.shape, y.shape)))
        return E.pow(x, y)
    if np.result_type(x, y).kind not in 'iu' or not np.any(np.less(y, 0)):
        return quiet(np.power, x, y)
    size = np.abs(y)
    return np.where(np.less(y, 0), np.where(np.abs(x) == 1, np.power(x, size), 0), np.power(x, size)).astype(np.result_type(x, y))


class PowScalar(Op, name='PowBackward0'):
    """x ** p for a number p."""
    __slots__ = ()
    keep_in = (0,)

    @staticmethod
    def forward(x, p):
        if p == 2:
            return P.square(x)
        if x.dtype.kind != 'f' or isinstance(p, complex):
            return quiet(np.power, x, p)
        if p == 0.5:
            return P.sqrt(x)
        if p == 3:
            return P.mul(P.square(x), x)
        return E.pow(x, float(p))

    def backward(self, g):
        x, p = self.saved(0), self.kw['p']
        return None if p == 0 else g * (p * x ** (p - 1)).conj()


class Pow(Op, name='PowBackward1'):
    """x ** y for tensors (or a number x)."""
    __slots__ = ()
    keep_in = (0, 1)
    keep_out = (0,)
    forward = staticmethod(lambda x, y: _power(x, y))

    def backward(self, g):
        x, y = self.saved(0), self.saved(1)
        gx = gy = None
        if self.needs[0]:
            gx = g * (y * x ** (y - 1)).conj().masked_fill(y == 0, 0)
        if self.needs[1]:
            zero = (x == 0) & (y.real >= 0 if y.is_complex() else y >= 0)
            gy = g * (self.out(0) * x.log()).conj().masked_fill(zero, 0)
        return gx, gy


class PowOfNumber(Pow, name='PowBackward2'):
    """x ** y for a number x."""
    __slots__ = ()

    def backward(self, g):
        x, y = self.saved(0), self.out(0)
        if x == 0:
            e = self.saved(1)
            return None, (g * y * _log(x, y)).masked_fill(e >= 0, 0)
        return None, g * (y * _log(x, y)).conj()


def _log(x, like):
    """Logarithm of a number in the precision of a tensor."""
    return quiet(np.log, np.asarray(x, like._a.dtype)).item()


def pow(input, exponent, *, out=None):
    """input to the power of exponent.

    Args:
        input (Tensor or Number): any shape.
        exponent (Tensor or Number): broadcastable with `input`.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: the broadcast shape, in the promoted type.

    Example:
        >>> import cnet
        >>> cnet.pow(cnet.tensor([1., 2., 3.]), 2)
        tensor([1., 4., 9.])
    """
    if isinstance(input, TensorBase):
        if isinstance(exponent, TensorBase):
            r = binary(Pow, input, exponent, 'pow')
        else:
            x, p = operands(input, exponent, 'pow')
            if x.dtype.kind in 'iu' and exponent < 0:
                raise RuntimeError('Integers to negative integer powers are not allowed.')
            r = finish(PowScalar, PowScalar.info_, (input,), {'p': exponent}, PowScalar.forward(x, p))
    else:
        r = binary(PowOfNumber, input, exponent, 'pow')
    return r if out is None else copy_out(r, out)


def float_power(input, exponent, *, out=None):
    """`pow` in float64 (or complex128).

    Args:
        input (Tensor or Number): any shape.
        exponent (Tensor or Number): broadcastable with `input`.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: the broadcast shape.

    Example:
        >>> import cnet
        >>> cnet.float_power(cnet.tensor([1, 2]), -1)
        tensor([1.0000, 0.5000], dtype=cnet.float64)
    """
    t = complex128 if 'c' in kind_of(input) + kind_of(exponent) else float64
    x, y = (v.to(t) if isinstance(v, TensorBase) else v for v in (input, exponent))
    return pow(x, y, out=out)


def float_power_(self, exponent):
    """In-place version of `float_power`, for tensors of float64 or complex128.

    Example:
        >>> import cnet
        >>> cnet.tensor([2.], dtype=cnet.float64).float_power_(3)
        tensor([8.], dtype=cnet.float64)
    """
    t = complex128 if 'c' in kind_of(self) + kind_of(exponent) else float64
    if self.dtype is not t:
        raise RuntimeError(f"the base given to float_power_ has dtype {self.dtype.legacy} but the operation's result requires "
                           f'dtype {t.legacy}')
    return assign_(self, pow(self, exponent))


__all__ = ['pow', 'float_power']
METHODS = {'pow': pow, 'float_power': float_power, 'float_power_': float_power_,
           '__pow__': operator(pow), '__rpow__': reflected(pow)}
INPLACE = {'pow_': pow, '__ipow__': pow}
