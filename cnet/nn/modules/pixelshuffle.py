"""Layers that only move pixels and channels: PixelShuffle, PixelUnshuffle, ChannelShuffle."""

from .. import functional as F
from .module import Module

__all__ = ['PixelShuffle', 'PixelUnshuffle', 'ChannelShuffle']


class PixelShuffle(Module):
    """Turn every r² channels into an image r times as wide and high.

    Args:
        upscale_factor (int): r.

    Shape:
        input: (*, C r², H, W). output: (*, C, H r, W r).

    Example:
        >>> import cnet
        >>> cnet.nn.PixelShuffle(2)(cnet.zeros(1, 4, 3, 3)).shape
        cnet.Size([1, 1, 6, 6])
    """

    def __init__(self, upscale_factor):
        super().__init__()
        self.upscale_factor = upscale_factor

    def forward(self, input):
        return F.pixel_shuffle(input, self.upscale_factor)

    def extra_repr(self):
        return f'upscale_factor={self.upscale_factor}'


class PixelUnshuffle(Module):
    """The inverse of `PixelShuffle`.

    Args:
        downscale_factor (int): r.

    Shape:
        input: (*, C, H r, W r). output: (*, C r², H, W).

    Example:
        >>> import cnet
        >>> cnet.nn.PixelUnshuffle(2)(cnet.zeros(1, 1, 6, 6)).shape
        cnet.Size([1, 4, 3, 3])
    """

    def __init__(self, downscale_factor):
        super().__init__()
        self.downscale_factor = downscale_factor

    def forward(self, input):
        return F.pixel_unshuffle(input, self.downscale_factor)

    def extra_repr(self):
        return f'downscale_factor={self.downscale_factor}'


class ChannelShuffle(Module):
    """Deal the channels of G groups out in turn: the first of every group, then the second, ...

    Args:
        groups (int): G.

    Shape:
        input, output: (N, C, *) with C a multiple of G.

    Example:
        >>> import cnet
        >>> cnet.nn.ChannelShuffle(2)(cnet.arange(4.).reshape(1, 4, 1)).flatten()
        tensor([0., 2., 1., 3.])
    """

    def __init__(self, groups):
        super().__init__()
        self.groups = groups

    def forward(self, input):
        return F.channel_shuffle(input, self.groups)

    def extra_repr(self):
        return f'groups={self.groups}'
