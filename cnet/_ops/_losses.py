"""What loss functions share: reductions and their older spelling."""

import warnings

import numpy as np

from .._core import errors
from .._core.base import TensorBase
from .._core.dtype import from_np, promote_types

_CODES = ('none', 'mean', 'sum')


def reduction_of(reduction, size_average=None, reduce=None):
    """'none', 'mean' or 'sum', from the argument or the two older flags that it replaced."""
    if size_average is not None or reduce is not None:
        if reduce is False:
            reduction = 'none'
        else:
            reduction = 'sum' if size_average is False else 'mean'
        warnings.warn(f"size_average and reduce args will be deprecated, please use reduction='{reduction}' instead.",
                      stacklevel=3)
    elif reduction not in _CODES:
        # The functions of the top namespace take numbers.
        if type(reduction) is int and 0 <= reduction < 3:
            return _CODES[reduction]
        raise ValueError(f'{reduction} is not a valid value for reduction')
    return reduction


def reduced(loss, reduction):
    """The tensor of losses, their mean or their sum."""
    if reduction == 'mean':
        return loss.mean()
    return loss.sum() if reduction == 'sum' else loss


def same_kind(input, target, name):
    """Both tensors in one element type and shape, by promotion and broadcasting."""
    if not isinstance(input, TensorBase):
        raise errors.argument_type(name, 'input', 'Tensor', input, 1)
    if not isinstance(target, TensorBase):
        raise errors.argument_type(name, 'target', 'Tensor', target, 2)
    x, y = input._a, target._a
    if x.dtype != y.dtype:
        dt = promote_types(from_np(x.dtype), from_np(y.dtype))
        input, target = input.to(dt), target.to(dt)
    if x.shape != y.shape:
        shape = broadcast_shape(x.shape, y.shape)
        input, target = input.expand(shape), target.expand(shape)
    return input, target


def broadcast_shape(a, b):
    """The shape that two shapes broadcast to."""
    try:
        return np.broadcast_shapes(a, b)
    except ValueError:
        raise errors.broadcast(a, b) from None


def warn_sizes(input, target, stacklevel=3):
    """Warn where sizes differ and broadcasting is more likely a mistake than a wish."""
    if input._a.shape != target._a.shape:
        warnings.warn(f'Using a target size ({target.shape}) that is different to the input size ({input.shape}). This '
                      'will likely lead to incorrect results due to broadcasting. Please ensure they have the same '
                      'size.', stacklevel=stacklevel)
