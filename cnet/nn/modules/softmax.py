"""Softmax and its relatives."""

from .. import functional as F
from .module import Module

__all__ = ['Softmin', 'Softmax', 'Softmax2d', 'LogSoftmax']


class _AlongDim(Module):
    """The constructor of the layers that work along one dimension."""

    def __init__(self, dim=None):
        super().__init__()
        self.dim = dim

    def extra_repr(self):
        return f'dim={self.dim}'


class Softmin(_AlongDim):
    """softmax(-x).

    Args:
        dim (int): the dimension along which the results add up to 1.

    Shape:
        input, output: (*).

    Example:
        >>> import cnet
        >>> cnet.nn.Softmin(dim=0)(cnet.zeros(2))
        tensor([0.5000, 0.5000])
    """

    def forward(self, input):
        return F.softmin(input, self.dim, _stacklevel=5)


class Softmax(_AlongDim):
    """exp(x) / sum(exp(x)) along a dimension.

    Args:
        dim (int): the dimension along which the results add up to 1; None guesses it, with a warning.

    Shape:
        input, output: (*).

    Example:
        >>> import cnet
        >>> cnet.nn.Softmax(dim=0)(cnet.zeros(2))
        tensor([0.5000, 0.5000])
    """

    def forward(self, input):
        return F.softmax(input, self.dim, _stacklevel=5)


class Softmax2d(Module):
    """Softmax over the channels of an image.

    Shape:
        input, output: (N, C, H, W) or (C, H, W).

    Example:
        >>> import cnet
        >>> cnet.nn.Softmax2d()(cnet.zeros(2, 1, 1)).flatten()
        tensor([0.5000, 0.5000])
    """

    def forward(self, input):
        if input.dim() not in (3, 4):
            raise ValueError(f'Softmax2d: expected input to be 3D or 4D, got {input.dim()}D instead')
        return F.softmax(input, -3, _stacklevel=5)


class LogSoftmax(_AlongDim):
    """log(softmax(x)), computed without ever forming the softmax.

    Args:
        dim (int): the dimension along which the softmax adds up to 1; None guesses it, with a warning.

    Shape:
        input, output: (*).

    Example:
        >>> import cnet
        >>> cnet.nn.LogSoftmax(dim=0)(cnet.zeros(2))
        tensor([-0.6931, -0.6931])
    """

    def forward(self, input):
        return F.log_softmax(input, self.dim, _stacklevel=5)
