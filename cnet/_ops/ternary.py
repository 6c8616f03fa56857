"""Elementwise functions of three tensors, and scaling by powers of two."""

from .._core import errors
from .._core.base import TensorBase
from .._core.inplace import copy_out

__all__ = ['lerp', 'addcmul', 'addcdiv', 'ldexp']


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
    d = end - input
    if isinstance(weight, TensorBase):
        near = weight.abs() < 0.5
        r = (input + weight * d).where(near, end - d * (1 - weight))
    else:
        r = input + d * weight if abs(weight) < 0.5 else end - d * (1 - weight)
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
    r = input + (tensor1 * tensor2 if value == 1 else tensor1 * tensor2 * value)
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
    r = input + (tensor1 / tensor2 if value == 1 else tensor1 / tensor2 * value)
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
    r = input * 2.0 ** other
    return r if out is None else copy_out(r, out)


METHODS = {name: globals()[name] for name in __all__}
INPLACE = {name + '_': globals()[name] for name in __all__}
