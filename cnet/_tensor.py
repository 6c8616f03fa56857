"""The public `Tensor`: binds the operations of all families to `TensorBase`. No logic of its own."""

from ._core import history
from ._core.base import TensorBase, set_tensor_class
from ._core.inplace import assign_
from ._ops import FAMILIES


class Tensor(TensorBase):
    """A multi-dimensional array of one element type that autograd can follow."""

    __slots__ = ()
    __module__ = 'cnet'


def _in_place(function):
    def method(self, *args, **kwargs):
        return assign_(self, function(self, *args, **kwargs))
    method.__name__ = function.__name__ + '_'
    method.__doc__ = f'In-place version of `{function.__name__}`.'
    return method


for _family in (history, *FAMILIES):
    for _name, _function in getattr(_family, 'INPLACE', {}).items():
        setattr(Tensor, _name, _in_place(_function))
    for _name, _function in _family.METHODS.items():
        setattr(Tensor, _name, _function)
set_tensor_class(Tensor)
