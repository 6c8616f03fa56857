"""Distances between rows."""

from .. import functional as F
from .module import Module

__all__ = ['PairwiseDistance', 'CosineSimilarity']


class PairwiseDistance(Module):
    """The p-norm of x₁ - x₂ + eps, over the last dimension.

    Args:
        p (float): of the norm.
        eps (float): keeps the derivative finite where the rows are equal.
        keepdim (bool): keep the last dimension, with size 1.

    Shape:
        x1, x2: (N, D) or (D). output: (N) or (); (N, 1) or (1) with keepdim.

    Example:
        >>> import cnet
        >>> cnet.nn.PairwiseDistance()(cnet.zeros(1, 2), cnet.tensor([[3., 4.]]))
        tensor([5.0000])
    """

    def __init__(self, p=2.0, eps=1e-6, keepdim=False):
        super().__init__()
        self.norm = p
        self.eps = eps
        self.keepdim = keepdim

    def forward(self, x1, x2):
        return F.pairwise_distance(x1, x2, self.norm, self.eps, self.keepdim)


class CosineSimilarity(Module):
    """x₁ · x₂ / (|x₁| |x₂|) along a dimension.

    Args:
        dim (int): the dimension.
        eps (float): the least that a norm counts.

    Shape:
        x1, x2: (*, D, *). output: (*, *).

    Example:
        >>> import cnet
        >>> cnet.nn.CosineSimilarity()(cnet.ones(1, 2), cnet.ones(1, 2)).round()
        tensor([1.])
    """

    def __init__(self, dim=1, eps=1e-8):
        super().__init__()
        self.dim = dim
        self.eps = eps

    def forward(self, x1, x2):
        return F.cosine_similarity(x1, x2, self.dim, self.eps)
