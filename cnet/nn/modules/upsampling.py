"""Upsampling."""

from .. import functional as F
from .module import Module

__all__ = ['Upsample', 'UpsamplingNearest2d', 'UpsamplingBilinear2d']


class Upsample(Module):
    """Resize a signal, image or volume by interpolation.

    Args:
        size (int or tuple, optional): the output's size; this or scale_factor.
        scale_factor (float or tuple, optional): output size over input size.
        mode (str): 'nearest', 'linear', 'bilinear', 'bicubic' or 'trilinear'.
        align_corners (bool, optional): whether the corner pixels' centres, not their corners, stay in place.
        recompute_scale_factor (bool, optional): use the factor that the rounded sizes give.

    Shape:
        input: (N, C, L), (N, C, H, W) or (N, C, D, H, W). output: the same with the sizes scaled.

    Example:
        >>> import cnet
        >>> cnet.nn.Upsample(scale_factor=2)(cnet.tensor([[[1., 2.]]]))
        tensor([[[1., 1., 2., 2.]]])
    """

    def __init__(self, size=None, scale_factor=None, mode='nearest', align_corners=None, recompute_scale_factor=None):
        super().__init__()
        self.name = type(self).__name__
        self.size = size
        if isinstance(scale_factor, tuple):
            self.scale_factor = tuple(float(factor) for factor in scale_factor)
        else:
            self.scale_factor = float(scale_factor) if scale_factor else None
        self.mode = mode
        self.align_corners = align_corners
        self.recompute_scale_factor = recompute_scale_factor

    def forward(self, input):
        return F.interpolate(input, self.size, self.scale_factor, self.mode, self.align_corners,
                             recompute_scale_factor=self.recompute_scale_factor)

    def extra_repr(self):
        if self.scale_factor is not None:
            return f'scale_factor={self.scale_factor!r}, mode={self.mode!r}'
        return f'size={self.size!r}, mode={self.mode!r}'


class UpsamplingNearest2d(Upsample):
    """Upsample an image by repeating pixels.

    Args:
        size (int or tuple, optional): the output's size; this or scale_factor.
        scale_factor (float or tuple, optional): output size over input size.

    Shape:
        input: (N, C, H, W). output: the same with the sizes scaled.
    """

    def __init__(self, size=None, scale_factor=None):
        super().__init__(size, scale_factor, mode='nearest')


class UpsamplingBilinear2d(Upsample):
    """Upsample an image bilinearly, with the corner pixels in place. Arguments as for `UpsamplingNearest2d`.

    Shape:
        input: (N, C, H, W). output: the same with the sizes scaled.
    """

    def __init__(self, size=None, scale_factor=None):
        super().__init__(size, scale_factor, mode='bilinear', align_corners=True)
