"""How tensors travel to other processes: shared memory as such, everything else as a copy."""

from multiprocessing.reduction import ForkingPickler

from .._core.base import wrap
from .._ops.sharing import block_of
from .._tensor import Tensor
from ..nn.parameter import Parameter


def _rebuild(cls, block, dtype, offset, shape, strides, requires_grad):
    t = wrap(block.array(shape, dtype, offset, strides))
    if cls is Parameter:
        return Parameter(t, requires_grad)
    return t.requires_grad_(requires_grad)


def _reduce(t):
    if t.requires_grad and not t.is_leaf:
        raise RuntimeError('Cowardly refusing to serialize non-leaf tensor which requires_grad, since autograd does not support '
                           'crossing process boundaries.  If you just want to transfer the data, call detach() on the tensor '
                           'before serializing (e.g., putting it on the queue).')
    a = t._a
    block = block_of(a)
    if block is None:
        return t.__reduce_ex__(2)
    offset = a.__array_interface__['data'][0] - block.__array_interface__['data'][0]
    return _rebuild, (type(t), block, a.dtype, offset, a.shape, a.strides, t.requires_grad)


def register():
    """Have the pickler of `multiprocessing` use this for tensors and parameters."""
    for cls in (Tensor, Parameter):
        ForkingPickler.register(cls, _reduce)
