"""Complex tensors made from two real ones."""

import numpy as np

from .. import _kernels as K
from .._core import checks, elementwise
from .._core.arrays import assign, empty
from .._core.dtype import from_np
from .._core.op import Op

__all__ = ['complex', 'polar']

P, E = K.pointwise, K.elementary


_COMPLEX = {'f': np.dtype(np.complex64), 'd': np.dtype(np.complex128)}


def _complex_array(a, b):
    shape = a.shape if a.shape == b.shape else np.broadcast_shapes(a.shape, b.shape)
    return empty(shape, _COMPLEX.get(a.dtype.char) or np.result_type(a, np.complex64))


class Complex(Op, name='ComplexBackward0'):
    """Real and imaginary part to complex."""

    @staticmethod
    def forward(real, imag):
        result = _complex_array(real, imag)
        for part, x in ((result.real, real), (result.imag, imag)):
            if x.shape == part.shape and x.dtype == part.dtype:
                assign(part, x)
            else:
                part[...] = x
        return result

    def backward(self, g):
        return g.real, g.imag


class Polar(Op, name='PolarBackward0'):
    """Absolute value and angle to complex."""

    keep_in = (1,)
    keep_out = (0,)

    @staticmethod
    def forward(abs, angle):
        result = _complex_array(abs, angle)
        result.real, result.imag = P.mul(abs, E.cos(angle)), P.mul(abs, E.sin(angle))
        return result

    def backward(self, g):
        angle, y = self.saved(1), self.out(0)
        return g.real * angle.cos() + g.imag * angle.sin(), g.imag * y.real - g.real * y.imag


def _check(op, a, b, names, out):
    x, y = checks.tensor(a, op, names[0], 1).dtype, checks.tensor(b, op, names[1], 2).dtype
    if not (x.is_floating_point and y.is_floating_point):
        raise RuntimeError(f'Expected both inputs to be Half, Float or Double tensors but got {x.legacy} and {y.legacy}')
    if x is not y:
        raise RuntimeError(f'Expected object of scalar type {x.legacy} but got scalar type {y.legacy} '
                           'for second argument')
    if out is not None:
        wanted = from_np(np.result_type(x.np, np.complex64))
        if out.dtype is not wanted:
            raise RuntimeError(f"Expected object of scalar type {wanted.legacy} but got scalar type "
                               f"{out.dtype.legacy} for argument 'out'")
    if a._a.shape != b._a.shape:
        elementwise.refuse_shapes(a._a, b._a)


def complex(real, imag, *, out=None):
    """Combine real and imaginary parts.

    Args:
        real (Tensor): the real parts, floating-point.
        imag (Tensor): the imaginary parts, of the same type.
        out (Tensor, optional): where to write the result.

    Shape:
        The broadcast shape of both.

    Returns:
        Tensor: complex64 for float32, complex128 for float64.

    Example:
        >>> import cnet
        >>> cnet.complex(cnet.tensor([1.0]), cnet.tensor([2.0]))
        tensor([1.+2.j])
    """
    _check('complex', real, imag, ('real', 'imag'), out)
    return elementwise.with_out(Complex.apply(real, imag), out)


def polar(abs, angle, *, out=None):
    """Combine absolute values and angles.

    Args:
        abs (Tensor): the absolute values, floating-point.
        angle (Tensor): the angles in radians, of the same type.
        out (Tensor, optional): where to write the result.

    Shape:
        The broadcast shape of both.

    Returns:
        Tensor: ``abs * cos(angle) + 1j * abs * sin(angle)``.

    Example:
        >>> import cnet
        >>> cnet.polar(cnet.tensor([2.0]), cnet.tensor([0.0]))
        tensor([2.+0.j])
    """
    _check('polar', abs, angle, ('abs', 'angle'), out)
    return elementwise.with_out(Polar.apply(abs, angle), out)


METHODS = {}
