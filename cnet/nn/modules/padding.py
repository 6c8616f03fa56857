"""Layers that pad: with a constant, a reflection, the border or the other end."""

from .. import functional as F
from .module import Module
from .utils import repeated

__all__ = [
    'CircularPad1d', 'CircularPad2d', 'CircularPad3d', 'ConstantPad1d', 'ConstantPad2d', 'ConstantPad3d',
    'ReflectionPad1d', 'ReflectionPad2d', 'ReflectionPad3d', 'ReplicationPad1d', 'ReplicationPad2d',
    'ReplicationPad3d', 'ZeroPad1d', 'ZeroPad2d', 'ZeroPad3d',
]


class _Pad(Module):
    """A padding whose only argument is the widths. `_dims` is the number of dimensions, `_mode` what `F.pad` calls it."""

    _dims = 0
    _mode = ''

    def __init__(self, padding):
        super().__init__()
        self.padding = repeated(padding, 2 * self._dims)

    def forward(self, input):
        return F.pad(input, self.padding, self._mode)

    def extra_repr(self):
        return f'{self.padding}'


class _ConstantPadNd(Module):
    """A padding by a given value."""

    _dims = 0

    def __init__(self, padding, value):
        super().__init__()
        self.padding = repeated(padding, 2 * self._dims)
        self.value = value

    def forward(self, input):
        return F.pad(input, self.padding, 'constant', self.value)

    def extra_repr(self):
        return f'padding={self.padding}, value={self.value}'


class _CircularPadNd(_Pad):
    """The three circular paddings, which check their input themselves."""

    _mode = 'circular'

    def forward(self, input):
        least = self._dims + 1
        if input.dim() not in (least, least + 1):
            raise ValueError(f'expected {least}D or {least + 1}D input (got {input.dim()}D input)')
        return super().forward(input)


class CircularPad1d(_CircularPadNd):
    """Pad a signal at every end with its other end.

    Args:
        padding (int or tuple): (left, right), or one number for all; negative numbers cut.

    Shape:
        input, output: (N, C, L) or (C, L), the output larger by the widths.

    Example:
        >>> import cnet
        >>> cnet.nn.CircularPad1d(1)(cnet.tensor([[1., 2., 3.]]))
        tensor([[3., 1., 2., 3., 1.]])
    """

    _dims = 1


class CircularPad2d(_CircularPadNd):
    """Pad a image at every end with its other end.

    Args:
        padding (int or tuple): (left, right, top, bottom), or one number for all; negative numbers cut.

    Shape:
        input, output: (N, C, H, W) or (C, H, W), the output larger by the widths.
    """

    _dims = 2


class CircularPad3d(_CircularPadNd):
    """Pad a volume at every end with its other end.

    Args:
        padding (int or tuple): (left, right, top, bottom, front, back), or one number for all; negative numbers cut.

    Shape:
        input, output: (N, C, D, H, W) or (C, D, H, W), the output larger by the widths.
    """

    _dims = 3


class ConstantPad1d(_ConstantPadNd):
    """Pad a signal with a constant.

    Args:
        padding (int or tuple): (left, right), or one number for all; negative numbers cut.
        value (float): the constant.

    Shape:
        input, output: (N, C, L) or (C, L), the output larger by the widths.

    Example:
        >>> import cnet
        >>> cnet.nn.ConstantPad1d((1, 0), 9.)(cnet.tensor([[1., 2., 3.]]))
        tensor([[9., 1., 2., 3.]])
    """

    _dims = 1


class ConstantPad2d(_ConstantPadNd):
    """Pad a image with a constant.

    Args:
        padding (int or tuple): (left, right, top, bottom), or one number for all; negative numbers cut.
        value (float): the constant.

    Shape:
        input, output: (N, C, H, W) or (C, H, W), the output larger by the widths.
    """

    _dims = 2


class ConstantPad3d(_ConstantPadNd):
    """Pad a volume with a constant.

    Args:
        padding (int or tuple): (left, right, top, bottom, front, back), or one number for all; negative numbers cut.
        value (float): the constant.

    Shape:
        input, output: (N, C, D, H, W) or (C, D, H, W), the output larger by the widths.
    """

    _dims = 3


class ReflectionPad1d(_Pad):
    """Pad a signal at every end with its mirror image, the border itself not repeated.

    Args:
        padding (int or tuple): (left, right), or one number for all; negative numbers cut.

    Shape:
        input, output: (N, C, L) or (C, L), the output larger by the widths.

    Example:
        >>> import cnet
        >>> cnet.nn.ReflectionPad1d(1)(cnet.tensor([[1., 2., 3.]]))
        tensor([[2., 1., 2., 3., 2.]])
    """

    _dims = 1
    _mode = 'reflect'


class ReflectionPad2d(_Pad):
    """Pad a image at every end with its mirror image, the border itself not repeated.

    Args:
        padding (int or tuple): (left, right, top, bottom), or one number for all; negative numbers cut.

    Shape:
        input, output: (N, C, H, W) or (C, H, W), the output larger by the widths.
    """

    _dims = 2
    _mode = 'reflect'


class ReflectionPad3d(_Pad):
    """Pad a volume at every end with its mirror image, the border itself not repeated.

    Args:
        padding (int or tuple): (left, right, top, bottom, front, back), or one number for all; negative numbers cut.

    Shape:
        input, output: (N, C, D, H, W) or (C, D, H, W), the output larger by the widths.
    """

    _dims = 3
    _mode = 'reflect'


class ReplicationPad1d(_Pad):
    """Pad a signal at every end with its border value.

    Args:
        padding (int or tuple): (left, right), or one number for all; negative numbers cut.

    Shape:
        input, output: (N, C, L) or (C, L), the output larger by the widths.

    Example:
        >>> import cnet
        >>> cnet.nn.ReplicationPad1d(1)(cnet.tensor([[1., 2., 3.]]))
        tensor([[1., 1., 2., 3., 3.]])
    """

    _dims = 1
    _mode = 'replicate'


class ReplicationPad2d(_Pad):
    """Pad a image at every end with its border value.

    Args:
        padding (int or tuple): (left, right, top, bottom), or one number for all; negative numbers cut.

    Shape:
        input, output: (N, C, H, W) or (C, H, W), the output larger by the widths.
    """

    _dims = 2
    _mode = 'replicate'


class ReplicationPad3d(_Pad):
    """Pad a volume at every end with its border value.

    Args:
        padding (int or tuple): (left, right, top, bottom, front, back), or one number for all; negative numbers cut.

    Shape:
        input, output: (N, C, D, H, W) or (C, D, H, W), the output larger by the widths.
    """

    _dims = 3
    _mode = 'replicate'


class ZeroPad1d(ConstantPad1d):
    """Pad a signal with zeros.

    Args:
        padding (int or tuple): (left, right), or one number for all; negative numbers cut.

    Shape:
        input, output: (N, C, L) or (C, L), the output larger by the widths.

    Example:
        >>> import cnet
        >>> cnet.nn.ZeroPad1d((1, 0))(cnet.tensor([[1., 2., 3.]]))
        tensor([[0., 1., 2., 3.]])
    """

    def __init__(self, padding):
        super().__init__(padding, 0.0)

    def extra_repr(self):
        return f'{self.padding}'


class ZeroPad2d(ConstantPad2d):
    """Pad a image with zeros.

    Args:
        padding (int or tuple): (left, right, top, bottom), or one number for all; negative numbers cut.

    Shape:
        input, output: (N, C, H, W) or (C, H, W), the output larger by the widths.
    """

    def __init__(self, padding):
        super().__init__(padding, 0.0)

    def extra_repr(self):
        return f'{self.padding}'


class ZeroPad3d(ConstantPad3d):
    """Pad a volume with zeros.

    Args:
        padding (int or tuple): (left, right, top, bottom, front, back), or one number for all; negative numbers cut.

    Shape:
        input, output: (N, C, D, H, W) or (C, D, H, W), the output larger by the widths.
    """

    def __init__(self, padding):
        super().__init__(padding, 0.0)

    def extra_repr(self):
        return f'{self.padding}'
