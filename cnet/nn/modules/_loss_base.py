"""What all losses share: the reduction and, for some, weights."""

from ..._ops._losses import reduction_of
from .module import Module


class _Loss(Module):
    """A loss that reduces its elements by 'mean', 'sum' or 'none'."""

    def __init__(self, size_average=None, reduce=None, reduction='mean'):
        super().__init__()
        if size_average is not None or reduce is not None:
            reduction = reduction_of(reduction, size_average, reduce)
        self.reduction = reduction


class _WeightedLoss(_Loss):
    """A loss with a weight tensor, which is a buffer."""

    def __init__(self, weight=None, size_average=None, reduce=None, reduction='mean'):
        super().__init__(size_average, reduce, reduction)
        self.register_buffer('weight', weight)
