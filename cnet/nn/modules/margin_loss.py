"""Losses that ask for a margin between right and wrong.

Every loss compares predictions with targets, element by element, and reduces the elements by `reduction`.
"""

from .. import functional as F
from ._loss_base import _Loss, _WeightedLoss
from .distance import PairwiseDistance

__all__ = [
    'HingeEmbeddingLoss', 'SoftMarginLoss', 'MultiLabelMarginLoss', 'MultiLabelSoftMarginLoss', 'MultiMarginLoss',
    'MarginRankingLoss', 'CosineEmbeddingLoss', 'TripletMarginLoss', 'TripletMarginWithDistanceLoss',
]


class HingeEmbeddingLoss(_Loss):
    """x where y = 1, max(0, margin - x) where y = -1; x is a distance.

    Args:
        margin (float): the distance that unlike pairs should have.
        size_average, reduce (bool, optional): older ways to say `reduction`.
        reduction (str): 'mean', 'sum' or 'none'.

    Shape:
        input, target: (*). output: (), or with reduction 'none' (*).

    Example:
        >>> import cnet
        >>> cnet.nn.HingeEmbeddingLoss()(cnet.tensor([3.]), cnet.ones(1))
        tensor(3.)
    """

    def __init__(self, margin=1.0, size_average=None, reduce=None, reduction='mean'):
        super().__init__(size_average, reduce, reduction)
        self.margin = margin

    def forward(self, input, target):
        return F.hinge_embedding_loss(input, target, margin=self.margin, reduction=self.reduction)


class SoftMarginLoss(_Loss):
    """log(1 + exp(-y x)) for targets y of 1 or -1.

    Args:
        size_average, reduce (bool, optional): older ways to say `reduction`.
        reduction (str): 'mean', 'sum' or 'none'.

    Shape:
        input, target: (*). output: (), or with reduction 'none' (*).

    Example:
        >>> import cnet
        >>> cnet.nn.SoftMarginLoss()(cnet.zeros(1), cnet.ones(1))
        tensor(0.6931)
    """

    def forward(self, input, target):
        return F.soft_margin_loss(input, target, reduction=self.reduction)


class MultiLabelMarginLoss(_Loss):
    """Hinge loss of several right classes per sample against all the others.

    Args:
        size_average, reduce (bool, optional): older ways to say `reduction`.
        reduction (str): 'mean', 'sum' or 'none'.

    Shape:
        input: (N, C) or (C). target: like input, the right classes, ended by -1. output: (), or with reduction 'none' (N).
    """

    def forward(self, input, target):
        return F.multilabel_margin_loss(input, target, reduction=self.reduction)


class MultiLabelSoftMarginLoss(_WeightedLoss):
    """The mean over classes of the binary cross entropy of logits.

    Args:
        weight (Tensor, optional): (C), the weight of every class.
        size_average, reduce (bool, optional): older ways to say `reduction`.
        reduction (str): 'mean', 'sum' or 'none'.

    Shape:
        input: (N, C), logits. target: (N, C) of 0 and 1. output: (), or with reduction 'none' (N).

    Example:
        >>> import cnet
        >>> cnet.nn.MultiLabelSoftMarginLoss()(cnet.zeros(1, 2), cnet.ones(1, 2))
        tensor(0.6931)
    """

    def forward(self, input, target):
        return F.multilabel_soft_margin_loss(input, target, weight=self.weight, reduction=self.reduction)


class MultiMarginLoss(_WeightedLoss):
    """Hinge loss of the right class against all others: Σ max(0, margin - x[y] + x[i])ᵖ / C.

    Args:
        p (int): 1 or 2.
        margin (float): the lead the right class should have.
        weight (Tensor, optional): (C), the weight of every class.
        size_average, reduce (bool, optional): older ways to say `reduction`.
        reduction (str): 'mean', 'sum' or 'none'.

    Shape:
        input: (N, C) or (C). target: (N) or (). output: (), or with reduction 'none' (N).
    """

    def __init__(self, p=1, margin=1.0, weight=None, size_average=None, reduce=None, reduction='mean'):
        super().__init__(weight, size_average, reduce, reduction)
        if p not in (1, 2):
            raise ValueError('only p == 1 and p == 2 supported')
        if weight is not None and weight.dim() != 1:
            raise ValueError(f'MultiMarginLoss: expected weight to be None or 1D tensor, got {weight.dim()}D instead')
        self.p = p
        self.margin = margin

    def forward(self, input, target):
        return F.multi_margin_loss(input, target, p=self.p, margin=self.margin, weight=self.weight,
                                   reduction=self.reduction)


class MarginRankingLoss(_Loss):
    """max(0, -y (x₁ - x₂) + margin): y = 1 says that x₁ should be the larger, y = -1 the smaller.

    Args:
        margin (float): by how much.
        size_average, reduce (bool, optional): older ways to say `reduction`.
        reduction (str): 'mean', 'sum' or 'none'.

    Shape:
        input1, input2, target: (N) or (). output: (), or with reduction 'none' (N).

    Example:
        >>> import cnet
        >>> cnet.nn.MarginRankingLoss()(cnet.zeros(1), cnet.ones(1), cnet.ones(1))
        tensor(1.)
    """

    def __init__(self, margin=0.0, size_average=None, reduce=None, reduction='mean'):
        super().__init__(size_average, reduce, reduction)
        self.margin = margin

    def forward(self, input1, input2, target):
        return F.margin_ranking_loss(input1, input2, target, margin=self.margin, reduction=self.reduction)


class CosineEmbeddingLoss(_Loss):
    """1 - cos(x₁, x₂) where y = 1, max(0, cos(x₁, x₂) - margin) where y = -1.

    Args:
        margin (float): the cosine that unlike pairs may have.
        size_average, reduce (bool, optional): older ways to say `reduction`.
        reduction (str): 'mean', 'sum' or 'none'.

    Shape:
        input1, input2: (N, D) or (D). target: (N) or (). output: (), or with reduction 'none' (N).
    """

    def __init__(self, margin=0.0, size_average=None, reduce=None, reduction='mean'):
        super().__init__(size_average, reduce, reduction)
        self.margin = margin

    def forward(self, input1, input2, target):
        return F.cosine_embedding_loss(input1, input2, target, margin=self.margin, reduction=self.reduction)


class TripletMarginLoss(_Loss):
    """max(0, d(anchor, positive) - d(anchor, negative) + margin) with the distance of a p-norm.

    Args:
        margin (float): by how much the negative should be farther.
        p (float): of the norm.
        eps (float): added to the differences.
        swap (bool): use d(positive, negative) if it is smaller than d(anchor, negative).
        size_average, reduce (bool, optional): older ways to say `reduction`.
        reduction (str): 'mean', 'sum' or 'none'.

    Shape:
        anchor, positive, negative: (N, D) or (D). output: (), or with reduction 'none' (N).
    """

    def __init__(self, margin=1.0, p=2.0, eps=1e-6, swap=False, size_average=None, reduce=None, reduction='mean'):
        if margin <= 0:
            raise ValueError(f'TripletMarginLoss: expected margin to be greater than 0, got {margin} instead')
        super().__init__(size_average, reduce, reduction)
        self.margin = margin
        self.p = p
        self.eps = eps
        self.swap = swap

    def forward(self, anchor, positive, negative):
        return F.triplet_margin_loss(anchor, positive, negative, margin=self.margin, p=self.p, eps=self.eps,
                                     swap=self.swap, reduction=self.reduction)


class TripletMarginWithDistanceLoss(_Loss):
    """TripletMarginLoss with a distance of your own.

    Args:
        distance_function (callable, optional): two tensors to their distances; by default PairwiseDistance.
        margin (float): by how much the negative should be farther.
        swap (bool): use d(positive, negative) if it is smaller than d(anchor, negative).
        reduction (str): 'mean', 'sum' or 'none'.

    Shape:
        anchor, positive, negative: (N, *). output: (), or with reduction 'none' (N).
    """

    def __init__(self, *, distance_function=None, margin=1.0, swap=False, reduction='mean'):
        super().__init__(reduction=reduction)
        if margin <= 0:
            raise ValueError(
                f'TripletMarginWithDistanceLoss: expected margin to be greater than 0, got {margin} instead')
        self.distance_function = PairwiseDistance() if distance_function is None else distance_function
        self.margin = margin
        self.swap = swap

    def forward(self, anchor, positive, negative):
        return F.triplet_margin_with_distance_loss(anchor, positive, negative, distance_function=self.distance_function,
                                                   margin=self.margin, swap=self.swap, reduction=self.reduction)
