"""The public `Tensor`: binds the operations of all families to `TensorBase`. No logic of its own."""

from . import _tensor_str
from ._core import history
from ._core.base import TensorBase, alias, set_tensor_class, wrap
from ._core.device import check_device
from ._core.dtype import get_default_dtype
from ._core.inplace import assign_
from ._ops import FAMILIES
from ._ops.from_data import legacy_array


class Tensor(TensorBase):
    """A multi-dimensional array of one element type that autograd can follow."""

    __module__ = 'cnet'

    def __new__(cls, *args, device=None):
        """A tensor of the default type from lengths or from nested data, in the old style; prefer `cnet.tensor`."""
        check_device(device)
        return alias(wrap(legacy_array(args, get_default_dtype().np)), cls)


def _in_place(function):
    def method(self, *args, **kwargs):
        return assign_(self, function(self, *args, **kwargs))
    method.__name__ = function.__name__ + '_'
    method.__doc__ = f'In-place version of `{function.__name__}`.'
    return method


for _family in (history, _tensor_str, *FAMILIES):
    for _name, _function in getattr(_family, 'INPLACE', {}).items():
        setattr(Tensor, _name, _in_place(_function))
    for _name, _function in _family.METHODS.items():
        setattr(Tensor, _name, _function)
set_tensor_class(Tensor)
