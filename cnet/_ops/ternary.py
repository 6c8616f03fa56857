"""Elementwise functions of three tensors, and scaling by powers of two."""

import numpy as np

from .. import _kernels as K
from .._core import checks, errors
from .._core.base import TensorBase
from .._core.dtype import from_np, promote_all
from .._core.elementwise import binary_float, conj_of
from .._core.inplace import copy_out
from .._core.op import Op

P, E = K.pointwise, K.elementary

__all__ = ['lerp', 'addcmul', 'addcdiv', 'ldexp']


class Lerp(Op, name='LerpBackward0'):
    """x + w * (y - x) for a number w, computed from the nearer end."""

    @staticmethod
    def forward(x, y, w):
        if x.dtype.kind == 'f':
            return E.lerp_number(x, y, w)
        d = P.sub(y, x)
        return P.add(x, P.mul(d, w)) if abs(w) < 0.5 else P.sub(y, P.mul(d, 1 - w))

    def backward(self, g):
        w = self.kw['w'].conjugate()
        return g * (1 - w), g * w


class LerpTensor(Op, name='LerpBackward1'):
    """x + w * (y - x) for a tensor w."""
    keep_in = (0, 1, 2)

    @staticmethod
    def forward(x, y, w):
        r = E.lerp(x, y, w)
        if r is not None:
            return r
        d = P.sub(y, x)
        return np.where(abs(w) < 0.5, x + w * d, y - d * (1 - w))

    def backward(self, g):
        x, y, w = self.saved(0), self.saved(1), self.saved(2)
        return g * (1 - w).conj(), g * w.conj(), g * (y - x).conj()


class Addcmul(Op, name='AddcmulBackward0'):
    """x + value * s * t."""
    keep_in = (1, 2)

    @staticmethod
    def forward(x, s, t, value):
        r = E.addcmul(x, s, t, value) if x.dtype.kind == 'f' else None
        if r is not None:
            return r
        p = P.mul(s, t)
        return P.add(x, p if value == 1 else P.mul(p, value).astype(p.dtype, copy=False))

    def backward(self, g):
        s, t, value = self.saved(1), self.saved(2), self.kw['value']
        h = g if value == 1 else g * value.conjugate()
        return g, h * t.conj() if self.needs[1] else None, h * s.conj() if self.needs[2] else None


class Addcdiv(Op, name='AddcdivBackward0'):
    """x + value * s / t."""
    keep_in = (1, 2)

    @staticmethod
    def forward(x, s, t, value):
        r = E.addcdiv(x, s, t, value) if x.dtype.kind == 'f' else None
        if r is not None:
            return r
        q = P.div(s, t)
        return P.add(x, q if value == 1 else P.mul(q, value))

    def backward(self, g):
        s, t, value = self.saved(1), self.saved(2), self.kw['value']
        h = (g if value == 1 else g * value.conjugate()) / t.conj()
        return g, h if self.needs[1] else None, -h * (s / t).conj() if self.needs[2] else None


class Ldexp(Op, name='LdexpBackward0'):
    """x * 2 ** y."""
    keep_in = (1,)
    keep_out = (0,)

    @staticmethod
    def forward(x, y):
        return P.mul(x, E.exp2(y).astype(x.dtype, copy=False))

    def backward(self, g):
        return (g * conj_of(2.0 ** self.saved(1)) if self.needs[0] else None,
                g * conj_of(self.out(0)) * 0.6931471805599453 if self.needs[1] else None)


def _in_common_type(tensors):
    """The tensors in their promoted type."""
    t = promote_all(tensors)
    return [x if x._a.dtype == t else x.to(from_np(t)) for x in tensors]


def lerp(input, end, weight, *, out=None):
    """input + weight * (end - input), computed from the nearer end.

    Args:
        input (Tensor): any shape.
        end (Tensor): broadcastable with `input`, of the same type.
        weight (float or Tensor): 0 gives `input`, 1 gives `end`.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: the broadcast shape.

    Example:
        >>> import cnet
        >>> cnet.lerp(cnet.tensor([0.]), cnet.tensor([10.]), 0.25)
        tensor([2.5000])
    """
    for other in (end, weight):
        if isinstance(other, TensorBase) and other._a.dtype != input._a.dtype:
            raise RuntimeError(f'expected dtype {_c_name(input)} for `{"end" if other is end else "weight"}` but got dtype '
                               f'{_c_name(other)}')
    if input._a.dtype.kind not in 'fc':
        raise errors.not_implemented('lerp_kernel_scalar', input._a.dtype)
    r = LerpTensor.apply(input, end, weight) if isinstance(weight, TensorBase) else Lerp.apply(input, end, w=weight)
    return r if out is None else copy_out(r, out)


def _c_name(x):
    return {'float32': 'float', 'float64': 'double'}.get(x.dtype.name, x.dtype.name)


def addcmul(input, tensor1, tensor2, *, value=1, out=None):
    """input + value * tensor1 * tensor2.

    Args:
        input (Tensor): any shape.
        tensor1 (Tensor): broadcastable.
        tensor2 (Tensor): broadcastable.
        value (Number): scale of the product. Default: 1.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: the broadcast shape, in the promoted type.

    Example:
        >>> import cnet
        >>> cnet.addcmul(cnet.tensor([1.]), cnet.tensor([2.]), cnet.tensor([3.]), value=10)
        tensor([61.])
    """
    _check_value(value, (input, tensor1, tensor2), 'addcmul')
    r = Addcmul.apply(*_in_common_type((input, tensor1, tensor2)), value=value)
    return r if out is None else copy_out(r, out)


def addcdiv(input, tensor1, tensor2, *, value=1, out=None):
    """input + value * tensor1 / tensor2.

    Args:
        input (Tensor): any shape.
        tensor1 (Tensor): broadcastable.
        tensor2 (Tensor): broadcastable; not both of the two may be integers.
        value (Number): scale of the quotient. Default: 1.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: the broadcast shape, in the promoted type.

    Example:
        >>> import cnet
        >>> cnet.addcdiv(cnet.tensor([1.]), cnet.tensor([6.]), cnet.tensor([3.]))
        tensor([3.])
    """
    if tensor1._a.dtype.kind in 'biu' and tensor2._a.dtype.kind in 'biu':
        raise RuntimeError('Integer division with addcdiv is no longer supported, and in a future release addcdiv will perform a '
                           'true division of tensor1 and tensor2.')
    _check_value(value, (input, tensor1, tensor2), 'addcdiv')
    r = Addcdiv.apply(*_in_common_type((input, tensor1, tensor2)), value=value)
    return r if out is None else copy_out(r, out)


def _check_value(value, tensors, name):
    if isinstance(value, float) and all(x._a.dtype.kind in 'biu' for x in tensors):
        raise RuntimeError(f'For integral input tensors, argument value of {name} must not be a floating point number.')


def ldexp(input, other, *, out=None):
    """input * 2 ** other.

    Args:
        input (Tensor): any shape.
        other (Tensor): exponents, broadcastable with `input`.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: the broadcast shape, in the promoted type.

    Example:
        >>> import cnet
        >>> cnet.ldexp(cnet.tensor([1.]), cnet.tensor([3]))
        tensor([8.])
    """
    checks.tensor(input, 'ldexp', 'input', 1)
    checks.tensor(other, 'ldexp', 'other', 2)
    r = binary_float(Ldexp, input, other, 'ldexp')
    return r if out is None else copy_out(r, out)


METHODS = {name: globals()[name] for name in __all__}
INPLACE = {name + '_': globals()[name] for name in __all__}
