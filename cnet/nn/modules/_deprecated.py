"""Old names of layers."""

import warnings

from .loss import NLLLoss
from .module import Module

__all__ = ['Container', 'NLLLoss2d']


class NLLLoss2d(NLLLoss):
    """The old name of `NLLLoss`, with its arguments."""

    def __init__(self, weight=None, size_average=None, ignore_index=-100, reduce=None, reduction='mean'):
        warnings.warn('`NLLLoss2d` has been deprecated. Please use `NLLLoss` instead as a drop-in replacement.', FutureWarning,
                      stacklevel=2)
        super().__init__(weight, size_average, ignore_index, reduce, reduction)


class Container(Module):
    """A module with the given members; every Module can have them.

    Args:
        **kwargs (Module): the members by name.
    """

    def __init__(self, **kwargs):
        warnings.warn('`nn.Container` is deprecated. All of its functionality is now implemented in `nn.Module`. Subclass that '
                      'instead.', FutureWarning, stacklevel=2)
        super().__init__()
        for name, module in kwargs.items():
            self.add_module(name, module)
