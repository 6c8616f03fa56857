"""Dropout and its relatives. All do nothing in evaluation mode."""

from .. import functional as F
from .module import Module

__all__ = ['Dropout', 'Dropout1d', 'Dropout2d', 'Dropout3d', 'AlphaDropout', 'FeatureAlphaDropout']


class _DropoutNd(Module):
    """The constructor of all of them."""

    def __init__(self, p=0.5, inplace=False):
        super().__init__()
        if p < 0 or p > 1:
            raise ValueError(f'dropout probability has to be between 0 and 1, but got {p}')
        self.p = p
        self.inplace = inplace

    def extra_repr(self):
        return f'p={self.p}, inplace={self.inplace}'


class Dropout(_DropoutNd):
    """In training, set every element to zero with probability p and scale the others by 1 / (1 - p).

    Args:
        p (float): the probability.
        inplace (bool): write the result into the input.

    Shape:
        input, output: (*).

    Example:
        >>> import cnet
        >>> cnet.nn.Dropout(0.2).eval()(cnet.ones(2))
        tensor([1., 1.])
    """

    def forward(self, input):
        return F.dropout(input, self.p, self.training, self.inplace)


class Dropout1d(_DropoutNd):
    """In training, set whole channels to zero with probability p. Arguments as for `Dropout`.

    Shape:
        input, output: (N, C, L) or (C, L).
    """

    def forward(self, input):
        return F.dropout1d(input, self.p, self.training, self.inplace)


class Dropout2d(_DropoutNd):
    """In training, set whole channels to zero with probability p. Arguments as for `Dropout`.

    Shape:
        input, output: (N, C, H, W) or (N, C, L).
    """

    def forward(self, input):
        return F.dropout2d(input, self.p, self.training, self.inplace)


class Dropout3d(_DropoutNd):
    """In training, set whole channels to zero with probability p. Arguments as for `Dropout`.

    Shape:
        input, output: (N, C, D, H, W) or (C, D, H, W).
    """

    def forward(self, input):
        return F.dropout3d(input, self.p, self.training, self.inplace)


class AlphaDropout(_DropoutNd):
    """Dropout that keeps mean 0 and variance 1, for networks of SELUs. Arguments as for `Dropout`.

    Shape:
        input, output: (*).
    """

    def forward(self, input):
        return F.alpha_dropout(input, self.p, self.training)


class FeatureAlphaDropout(_DropoutNd):
    """AlphaDropout of whole channels. Arguments as for `Dropout`.

    Shape:
        input, output: (N, C, *).
    """

    def forward(self, input):
        return F.feature_alpha_dropout(input, self.p, self.training)
