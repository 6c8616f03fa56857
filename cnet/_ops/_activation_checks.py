"""Checks and in-place forms that the activation families share."""

from .._core import errors
from .._core.base import TensorBase
from .._core.inplace import assign_


def check_float(input, name, kernel):
    """Refuse anything but a tensor of real floating-point numbers."""
    if not isinstance(input, TensorBase):
        raise errors.argument_type(name, 'input', 'Tensor', input, 1)
    if input._a.dtype.kind != 'f':
        raise errors.not_implemented(kernel, input._a.dtype)


def check_ordered(input, name, shown):
    """Refuse anything but a tensor of real numbers; these functions also take integers."""
    if not isinstance(input, TensorBase):
        raise errors.argument_type(name, 'input', 'Tensor', input, 1)
    if input._a.dtype.kind == 'b':
        raise RuntimeError(f'{shown} inputs not supported for {name}')
    if input._a.dtype.kind == 'c':
        raise NotImplementedError('clamp is not supported for complex types')


def in_place_of(function):
    def in_place(input, *args, **kwargs):
        return assign_(input, function(input, *args, **kwargs))
    in_place.__name__ = in_place.__qualname__ = function.__name__ + '_'
    in_place.__doc__ = f'In-place version of `{function.__name__}`.'
    return in_place
