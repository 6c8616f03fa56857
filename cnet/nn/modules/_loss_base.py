"""What all losses share: the reduction and, for some, weights."""

import warnings

from .module import Module


def legacy_reduction(size_average, reduce):
    """The reduction that the two old flags mean, with a warning."""
    if reduce is not None and not reduce:
        reduction = 'none'
    else:
        reduction = 'mean' if size_average is None or size_average else 'sum'
    warnings.warn("size_average and reduce args will be deprecated, please use reduction='{}' instead.".format(
        reduction), stacklevel=4)
    return reduction


class _Loss(Module):
    """A loss that reduces its elements by 'mean', 'sum' or 'none'."""

    def __init__(self, size_average=None, reduce=None, reduction='mean'):
        super().__init__()
        if size_average is not None or reduce is not None:
            reduction = legacy_reduction(size_average, reduce)
        self.reduction = reduction


class _WeightedLoss(_Loss):
    """A loss with a weight tensor, which is a buffer."""

    def __init__(self, weight=None, size_average=None, reduce=None, reduction='mean'):
        super().__init__(size_average, reduce, reduction)
        self.register_buffer('weight', weight)
