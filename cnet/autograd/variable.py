"""`Variable`, the old name for a tensor that records."""

from .._tensor import Tensor

__all__ = ['Variable']


class _VariableMeta(type):
    def __instancecheck__(cls, x):
        return isinstance(x, Tensor)


class Variable(metaclass=_VariableMeta):
    """Returns the tensor it is given, with `requires_grad` set: tensors and variables have been one since PyTorch 0.4.

    Args:
        data (Tensor): the values.
        requires_grad (bool): whether to record. Default: False.

    Example:
        >>> import cnet
        >>> cnet.autograd.Variable(cnet.ones(1), requires_grad=True)
        tensor([1.], requires_grad=True)
    """

    def __new__(cls, data, requires_grad=False, volatile=False):
        x = data.detach()
        return x.requires_grad_(requires_grad) if requires_grad else x
