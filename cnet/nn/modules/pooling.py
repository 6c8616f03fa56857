"""Pooling: every output is the maximum, mean or norm of a window."""

from .. import functional as F
from .module import Module
from .utils import repeated

__all__ = [
    'MaxPool1d', 'MaxPool2d', 'MaxPool3d', 'MaxUnpool1d', 'MaxUnpool2d', 'MaxUnpool3d', 'AvgPool1d', 'AvgPool2d',
    'AvgPool3d', 'LPPool1d', 'LPPool2d', 'LPPool3d',
]


class _MaxPoolNd(Module):
    """The constructor of the three max poolings."""

    def __init__(self, kernel_size, stride=None, padding=0, dilation=1, return_indices=False, ceil_mode=False):
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def extra_repr(self):
        return (f'kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, '
                f'dilation={self.dilation}, ceil_mode={self.ceil_mode}')


class MaxPool1d(_MaxPoolNd):
    """The maximum of every window of a signal.

    Args:
        kernel_size (int or tuple): K, the length of the window.
        stride (int or tuple, optional): S, its step; by default K.
        padding (int or tuple): P, how far it reaches over the ends; at most K / 2.
        dilation (int or tuple): D, the distance of neighbouring window elements.
        return_indices (bool): give the positions of the maxima too, for `MaxUnpool1d`.
        ceil_mode (bool): round the output length up instead of down.

    Shape:
        input: (N, C, L) or (C, L). output: (N, C, M) or (C, M) with M = ⌊(L + 2P - D(K - 1) - 1) / S⌋ + 1.

    Example:
        >>> import cnet
        >>> cnet.nn.MaxPool1d(2)(cnet.tensor([[1., 3., 2., 0.]]))
        tensor([[3., 2.]])
    """

    def forward(self, input):
        return F.max_pool1d(input, self.kernel_size, self.stride, self.padding, self.dilation,
                            ceil_mode=self.ceil_mode, return_indices=self.return_indices)


class MaxPool2d(_MaxPoolNd):
    """The maximum of every window of an image. Arguments as for `MaxPool1d`, per dimension.

    Shape:
        input: (N, C, H, W) or (C, H, W). output: (N, C, H', W') or (C, H', W').

    Example:
        >>> import cnet
        >>> cnet.nn.MaxPool2d(3)(cnet.zeros(1, 6, 6)).shape
        cnet.Size([1, 2, 2])
    """

    def forward(self, input):
        return F.max_pool2d(input, self.kernel_size, self.stride, self.padding, self.dilation,
                            ceil_mode=self.ceil_mode, return_indices=self.return_indices)


class MaxPool3d(_MaxPoolNd):
    """The maximum of every window of a volume. Arguments as for `MaxPool1d`, per dimension.

    Shape:
        input: (N, C, D, H, W) or (C, D, H, W). output: (N, C, D', H', W') or (C, D', H', W').

    Example:
        >>> import cnet
        >>> cnet.nn.MaxPool3d(2)(cnet.zeros(1, 4, 4, 4)).shape
        cnet.Size([1, 2, 2, 2])
    """

    def forward(self, input):
        return F.max_pool3d(input, self.kernel_size, self.stride, self.padding, self.dilation,
                            ceil_mode=self.ceil_mode, return_indices=self.return_indices)


class _MaxUnpoolNd(Module):
    """The constructor of the three. `_dims` is the number of dimensions."""

    _dims = 0

    def __init__(self, kernel_size, stride=None, padding=0):
        super().__init__()
        self.kernel_size = repeated(kernel_size, self._dims)
        self.stride = repeated(kernel_size if stride is None else stride, self._dims)
        self.padding = repeated(padding, self._dims)

    def extra_repr(self):
        return f'kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}'


class MaxUnpool1d(_MaxUnpoolNd):
    """Put the maxima of `MaxPool1d` back where they were, among zeros.

    Args:
        kernel_size (int or tuple): K, as in the pooling.
        stride (int or tuple, optional): S, as in the pooling; by default K.
        padding (int or tuple): P, as in the pooling.

    Shape:
        input, indices: (N, C, L) or (C, L). output: (N, C, M) or (C, M) with M = (L - 1)S - 2P + K, or output_size.

    Example:
        >>> import cnet
        >>> y, where = cnet.nn.MaxPool1d(2, return_indices=True)(cnet.tensor([[1., 3., 2., 0.]]))
        >>> cnet.nn.MaxUnpool1d(2)(y, where)
        tensor([[0., 3., 2., 0.]])
    """

    _dims = 1

    def forward(self, input, indices, output_size=None):
        return F.max_unpool1d(input, indices, self.kernel_size, self.stride, self.padding, output_size)


class MaxUnpool2d(_MaxUnpoolNd):
    """Put the maxima of `MaxPool2d` back where they were, among zeros. Arguments as for `MaxUnpool1d`.

    Shape:
        input, indices: (N, C, H, W) or (C, H, W). output: (N, C, H', W') or (C, H', W').
    """

    _dims = 2

    def forward(self, input, indices, output_size=None):
        return F.max_unpool2d(input, indices, self.kernel_size, self.stride, self.padding, output_size)


class MaxUnpool3d(_MaxUnpoolNd):
    """Put the maxima of `MaxPool3d` back where they were, among zeros. Arguments as for `MaxUnpool1d`.

    Shape:
        input, indices: (N, C, D, H, W) or (C, D, H, W). output: (N, C, D', H', W') or (C, D', H', W').
    """

    _dims = 3

    def forward(self, input, indices, output_size=None):
        return F.max_unpool3d(input, indices, self.kernel_size, self.stride, self.padding, output_size)


class AvgPool1d(Module):
    """The mean of every window of a signal.

    Args:
        kernel_size (int or tuple): K, the length of the window.
        stride (int or tuple, optional): S, its step; by default K.
        padding (int or tuple): P, zeros added at both ends; at most K / 2.
        ceil_mode (bool): round the output length up instead of down.
        count_include_pad (bool): whether those zeros count in the mean.

    Shape:
        input: (N, C, L) or (C, L). output: (N, C, M) or (C, M) with M = ⌊(L + 2P - K) / S⌋ + 1.

    Example:
        >>> import cnet
        >>> cnet.nn.AvgPool1d(2)(cnet.tensor([[1., 3., 2., 0.]]))
        tensor([[2., 1.]])
    """

    def __init__(self, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
        super().__init__()
        self.kernel_size = repeated(kernel_size, 1)
        self.stride = repeated(self.kernel_size if stride is None else stride, 1)
        self.padding = repeated(padding, 1)
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad

    def forward(self, input):
        return F.avg_pool1d(input, self.kernel_size, self.stride, self.padding, self.ceil_mode,
                            self.count_include_pad)

    def extra_repr(self):
        return f'kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}'


class _AvgPoolNd(Module):
    """The constructor of the average poolings of images and volumes."""

    def __init__(self, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True,
                 divisor_override=None):
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override

    def extra_repr(self):
        return f'kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}'


class AvgPool2d(_AvgPoolNd):
    """The mean of every window of an image.

    Args:
        kernel_size, stride, padding, ceil_mode, count_include_pad: as for `AvgPool1d`, per dimension.
        divisor_override (int, optional): divide the sum by this instead of the window's size.

    Shape:
        input: (N, C, H, W) or (C, H, W). output: (N, C, H', W') or (C, H', W').

    Example:
        >>> import cnet
        >>> cnet.nn.AvgPool2d(2)(cnet.ones(1, 2, 4))
        tensor([[[1., 1.]]])
    """

    def forward(self, input):
        return F.avg_pool2d(input, self.kernel_size, self.stride, self.padding, self.ceil_mode,
                            self.count_include_pad, self.divisor_override)


class AvgPool3d(_AvgPoolNd):
    """The mean of every window of a volume. Arguments as for `AvgPool2d`.

    Shape:
        input: (N, C, D, H, W) or (C, D, H, W). output: (N, C, D', H', W') or (C, D', H', W').

    Example:
        >>> import cnet
        >>> cnet.nn.AvgPool3d(2)(cnet.ones(1, 2, 2, 4))
        tensor([[[[1., 1.]]]])
    """

    def forward(self, input):
        return F.avg_pool3d(input, self.kernel_size, self.stride, self.padding, self.ceil_mode,
                            self.count_include_pad, self.divisor_override)


class _LPPoolNd(Module):
    """The constructor of the three."""

    def __init__(self, norm_type, kernel_size, stride=None, ceil_mode=False):
        super().__init__()
        self.norm_type = norm_type
        self.kernel_size = kernel_size
        self.stride = stride
        self.ceil_mode = ceil_mode

    def extra_repr(self):
        return (f'norm_type={self.norm_type}, kernel_size={self.kernel_size}, stride={self.stride}, '
                f'ceil_mode={self.ceil_mode}')


class LPPool1d(_LPPoolNd):
    """The p-norm of every window of a signal, (Σ xᵖ)^(1/p).

    Args:
        norm_type (float): p.
        kernel_size (int or tuple): K, the length of the window.
        stride (int or tuple, optional): S, its step; by default K.
        ceil_mode (bool): round the output length up instead of down.

    Shape:
        input: (N, C, L) or (C, L). output: (N, C, M) or (C, M) with M = ⌊(L - K) / S⌋ + 1.

    Example:
        >>> import cnet
        >>> cnet.nn.LPPool1d(2, 2)(cnet.tensor([[3., 4.]]))
        tensor([[5.]])
    """

    def forward(self, input):
        return F.lp_pool1d(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)


class LPPool2d(_LPPoolNd):
    """The p-norm of every window of an image. Arguments as for `LPPool1d`.

    Shape:
        input: (N, C, H, W) or (C, H, W). output: (N, C, H', W') or (C, H', W').
    """

    def forward(self, input):
        return F.lp_pool2d(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)


class LPPool3d(_LPPoolNd):
    """The p-norm of every window of a volume. Arguments as for `LPPool1d`.

    Shape:
        input: (N, C, D, H, W) or (C, D, H, W). output: (N, C, D', H', W') or (C, D', H', W').
    """

    def forward(self, input):
        return F.lp_pool3d(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)
