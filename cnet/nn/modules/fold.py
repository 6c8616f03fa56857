"""Fold and Unfold: images to columns of patches and back."""

from .. import functional as F
from .module import Module

__all__ = ['Fold', 'Unfold']


class Fold(Module):
    """Add up patches into an image: the adjoint of `Unfold`.

    Args:
        output_size (int or tuple): (H, W) of the image.
        kernel_size (int or tuple): the size of a patch, K elements.
        dilation (int or tuple): the distance of neighbouring elements of a patch.
        padding (int or tuple): how far patches reach over the border.
        stride (int or tuple): the distance of neighbouring patches.

    Shape:
        input: (N, C K, L) or (C K, L), L patches. output: (N, C, H, W) or (C, H, W).

    Example:
        >>> import cnet
        >>> cnet.nn.Fold((4, 5), (2, 2))(cnet.zeros(1, 3 * 4, 12)).shape
        cnet.Size([1, 3, 4, 5])
    """

    def __init__(self, output_size, kernel_size, dilation=1, padding=0, stride=1):
        super().__init__()
        self.output_size = output_size
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride

    def forward(self, input):
        return F.fold(input, self.output_size, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self):
        return (f'output_size={self.output_size}, kernel_size={self.kernel_size}, dilation={self.dilation}, '
                f'padding={self.padding}, stride={self.stride}')


class Unfold(Module):
    """Cut an image into patches, one column each. Arguments as for `Fold`.

    Shape:
        input: (N, C, H, W) or (C, H, W). output: (N, C K, L) or (C K, L): L patches of K elements per channel.

    Example:
        >>> import cnet
        >>> cnet.nn.Unfold((2, 2))(cnet.zeros(1, 3, 4, 5)).shape
        cnet.Size([1, 12, 12])
    """

    def __init__(self, kernel_size, dilation=1, padding=0, stride=1):
        super().__init__()
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride

    def forward(self, input):
        return F.unfold(input, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self):
        return (f'kernel_size={self.kernel_size}, dilation={self.dilation}, padding={self.padding}, '
                f'stride={self.stride}')
