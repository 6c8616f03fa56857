"""Pooling whose windows are chosen so that the output has a given size."""

from .. import functional as F
from .module import Module

__all__ = [
    'AdaptiveMaxPool1d', 'AdaptiveMaxPool2d', 'AdaptiveMaxPool3d', 'AdaptiveAvgPool1d', 'AdaptiveAvgPool2d',
    'AdaptiveAvgPool3d',
]


class _AdaptiveMaxPoolNd(Module):
    """The constructor of the three."""

    def __init__(self, output_size, return_indices=False):
        super().__init__()
        self.output_size = output_size
        self.return_indices = return_indices

    def extra_repr(self):
        return f'output_size={self.output_size}'


class AdaptiveMaxPool1d(_AdaptiveMaxPoolNd):
    """The maxima of M windows that cover a signal evenly.

    Args:
        output_size (int or tuple): M; None keeps the length.
        return_indices (bool): give the positions of the maxima too.

    Shape:
        input: (N, C, L) or (C, L). output: (N, C, M) or (C, M).

    Example:
        >>> import cnet
        >>> cnet.nn.AdaptiveMaxPool1d(2)(cnet.tensor([[1., 3., 2., 0.]]))
        tensor([[3., 2.]])
    """

    def forward(self, input):
        return F.adaptive_max_pool1d(input, self.output_size, self.return_indices)


class AdaptiveMaxPool2d(_AdaptiveMaxPoolNd):
    """The maxima of windows that cover an image evenly. Arguments as for `AdaptiveMaxPool1d`, per dimension.

    Shape:
        input: (N, C, H, W) or (C, H, W). output: (N, C, *output_size) or (C, *output_size).
    """

    def forward(self, input):
        return F.adaptive_max_pool2d(input, self.output_size, self.return_indices)


class AdaptiveMaxPool3d(_AdaptiveMaxPoolNd):
    """The maxima of windows that cover a volume evenly. Arguments as for `AdaptiveMaxPool1d`, per dimension.

    Shape:
        input: (N, C, D, H, W) or (C, D, H, W). output: (N, C, *output_size) or (C, *output_size).
    """

    def forward(self, input):
        return F.adaptive_max_pool3d(input, self.output_size, self.return_indices)


class _AdaptiveAvgPoolNd(Module):
    """The constructor of the three."""

    def __init__(self, output_size):
        super().__init__()
        self.output_size = output_size

    def extra_repr(self):
        return f'output_size={self.output_size}'


class AdaptiveAvgPool1d(_AdaptiveAvgPoolNd):
    """The means of M windows that cover a signal evenly.

    Args:
        output_size (int or tuple): M; None keeps the length.

    Shape:
        input: (N, C, L) or (C, L). output: (N, C, M) or (C, M).

    Example:
        >>> import cnet
        >>> cnet.nn.AdaptiveAvgPool1d(2)(cnet.tensor([[1., 3., 2., 0.]]))
        tensor([[2., 1.]])
    """

    def forward(self, input):
        return F.adaptive_avg_pool1d(input, self.output_size)


class AdaptiveAvgPool2d(_AdaptiveAvgPoolNd):
    """The means of windows that cover an image evenly. Arguments as for `AdaptiveAvgPool1d`, per dimension.

    Shape:
        input: (N, C, H, W) or (C, H, W). output: (N, C, *output_size) or (C, *output_size).

    Example:
        >>> import cnet
        >>> cnet.nn.AdaptiveAvgPool2d((1, None))(cnet.ones(1, 4, 2))
        tensor([[[1., 1.]]])
    """

    def forward(self, input):
        return F.adaptive_avg_pool2d(input, self.output_size)


class AdaptiveAvgPool3d(_AdaptiveAvgPoolNd):
    """The means of windows that cover a volume evenly. Arguments as for `AdaptiveAvgPool1d`, per dimension.

    Shape:
        input: (N, C, D, H, W) or (C, D, H, W). output: (N, C, *output_size) or (C, *output_size).
    """

    def forward(self, input):
        return F.adaptive_avg_pool3d(input, self.output_size)
