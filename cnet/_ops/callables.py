"""Python functions called element by element: slow, and for functions that no tensor operation computes."""

import numpy as np

from .._core import checks
from .._core.base import wrap
from .._core.inplace import copy_from

__all__ = []


def _each(self, op, function, *others):
    if self.requires_grad:
        raise RuntimeError(f"Can't call {op}() on Variable that requires grad. Use var.detach().{op}() instead.")
    if not callable(function):
        raise TypeError(f"'{type(function).__name__}' object is not callable")
    arrays = [self._a, *(checks.tensor(x, op, 'tensor').expand(self.shape)._a for x in others)]
    values = [function(*numbers) for numbers in zip(*(a.ravel().tolist() for a in arrays), strict=True)]
    return copy_from(self, wrap(np.asarray(values, self._a.dtype).reshape(self._a.shape)))


def apply_(self, callable):
    """Replace each element by what a Python function makes of it.

    Args:
        callable (function): from a number to a number.

    Returns:
        Tensor: the tensor itself.

    Example:
        >>> import cnet
        >>> cnet.tensor([1., 2.]).apply_(lambda x: x * x)
        tensor([1., 4.])
    """
    return _each(self, 'apply_', callable)


def map_(self, tensor, callable):
    """Replace each element by what a Python function makes of it and of the element of another tensor.

    Args:
        tensor (Tensor): expanded to the shape of this one.
        callable (function): from two numbers to a number.

    Returns:
        Tensor: the tensor itself.

    Example:
        >>> import cnet
        >>> cnet.tensor([1., 2.]).map_(cnet.tensor([3., 4.]), lambda x, y: x + y)
        tensor([4., 6.])
    """
    return _each(self, 'map_', callable, tensor)


def map2_(self, x, y, callable):
    """Replace each element by what a Python function makes of it and of the elements of two other tensors.

    Args:
        x, y (Tensor): expanded to the shape of this one.
        callable (function): from three numbers to a number.

    Returns:
        Tensor: the tensor itself.

    Example:
        >>> import cnet
        >>> cnet.tensor([1.]).map2_(cnet.tensor([3.]), cnet.tensor([4.]), lambda x, y, z: x + y + z)
        tensor([8.])
    """
    return _each(self, 'map2_', callable, x, y)


PUBLIC = {}
METHODS = {'apply_': apply_, 'map2_': map2_, 'map_': map_}
