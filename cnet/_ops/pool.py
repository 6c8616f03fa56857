"""Max and average pooling over windows of one size."""

from .._core import errors
from .._core.base import TensorBase
from ._pooling import AvgPool, MaxPool, MaxPoolIndices, check_dims, lengths, plan

__all__ = ['avg_pool1d', 'max_pool1d', 'max_pool1d_with_indices', 'max_pool2d', 'max_pool3d']
FUNCTIONAL = [
    'avg_pool1d', 'avg_pool2d', 'avg_pool3d', 'lp_pool1d', 'lp_pool2d', 'lp_pool3d', 'max_pool1d',
    'max_pool1d_with_indices', 'max_pool2d', 'max_pool2d_with_indices', 'max_pool3d', 'max_pool3d_with_indices',
]


class MaxPool1d(MaxPool, name='SqueezeBackward1'):
    """PyTorch pools a row as an image of height 1, whose last node is the squeeze."""


class MaxPool2d(MaxPool, name='MaxPool2DWithIndicesBackward0'):
    """Over height and width."""


class MaxPool3d(MaxPool, name='MaxPool3DWithIndicesBackward0'):
    """Over depth, height and width."""


class MaxPool1dIndices(MaxPoolIndices, name='SqueezeBackward1'):
    """`MaxPool1d` with positions."""


class MaxPool2dIndices(MaxPoolIndices, name='MaxPool2DWithIndicesBackward0'):
    """`MaxPool2d` with positions."""


class MaxPool3dIndices(MaxPoolIndices, name='MaxPool3DWithIndicesBackward0'):
    """`MaxPool3d` with positions."""


class AvgPool1d(AvgPool, name='SqueezeBackward1'):
    """See `MaxPool1d` for the name."""


class AvgPool2d(AvgPool, name='AvgPool2DBackward0'):
    """Over height and width."""


class AvgPool3d(AvgPool, name='AvgPool3DBackward0'):
    """Over depth, height and width."""


_MAX = {1: MaxPool1d, 2: MaxPool2d, 3: MaxPool3d}
_MAX_INDICES = {1: MaxPool1dIndices, 2: MaxPool2dIndices, 3: MaxPool3dIndices}
_AVG = {1: AvgPool1d, 2: AvgPool2d, 3: AvgPool3d}

_SHAPE = {1: 'L', 2: 'H, W', 3: 'D, H, W'}
_SIZES = {1: 'lengths L', 2: 'heights H and widths W', 3: 'depths D, heights H and widths W'}

_MAX_DOC = """The largest element of every window over the last {n} dimension{s}; a NaN counts as largest.

    Args:
        input (Tensor): what is pooled.
        kernel_size (int or tuple): the size of the windows.
        stride (int or tuple, optional): from one window to the next; the size of the windows by default.
        padding (int or tuple): elements of minus infinity added on both sides, up to half a window.
        dilation (int or tuple): from one element of a window to the next.
        ceil_mode (bool): whether a last window may hang over the end.
        return_indices (bool): return the positions of the maxima in their plane too.

    Shape:
        N samples of C channels with {sizes}.

        - input: :math:`(N, C, {shape})` or :math:`(C, {shape})`.
        - result: the same with :math:`(L + 2 padding - dilation (kernel_size - 1) - 1) / stride + 1`, rounded down (up with
          `ceil_mode`), in place of every length L.

    Returns:
        Tensor: the maxima{also}.

    Example:
        >>> import cnet
        >>> cnet.nn.functional.max_pool{n}d{call}(cnet.arange(8.).reshape(1, {example}), {kernel}{indices}){item}
        {result}
    """

_AVG_DOC = """The mean of every window over the last {n} dimension{s}.

    Args:
        input (Tensor): what is pooled.
        kernel_size (int or tuple): the size of the windows.
        stride (int or tuple, optional): from one window to the next; the size of the windows by default.
        padding (int or tuple): zeros added on both sides, up to half a window.
        ceil_mode (bool): whether a last window may hang over the end.
        count_include_pad (bool): whether the mean counts the padding.{divisor}

    Shape:
        N samples of C channels with {sizes}.

        - input: :math:`(N, C, {shape})` or :math:`(C, {shape})`.
        - result: the same with :math:`(L + 2 padding - kernel_size) / stride + 1`, rounded down (up with `ceil_mode`), in
          place of every length L.

    Returns:
        Tensor: the means.

    Example:
        >>> import cnet
        >>> cnet.nn.functional.avg_pool{n}d(cnet.arange(8.).reshape(1, {example}), {kernel})
        {result}
    """
_EXAMPLE = {1: ('8', '4', 'tensor([[{}]])', '[3., 7.]', '[1.5000, 5.5000]'),
            2: ('2, 4', '2', 'tensor([[[{}]]])', '5., 7.', '2.5000, 4.5000'),
            3: ('2, 2, 2', '2', 'tensor([[[[{}]]]])', '7.', '3.5000')}


def _max(n, name, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices):
    if not isinstance(input, TensorBase):
        raise errors.argument_type(name, 'input', 'Tensor', input, 1)
    a = input._a
    p = plan(name, n, a.shape, kernel_size, stride, padding, dilation, ceil_mode)
    if a.dtype.kind not in 'fiu':
        raise errors.not_implemented(name, a.dtype)
    if return_indices:
        return _MAX_INDICES[n].apply(input, plan=p, index='int64')
    return _MAX[n].apply(input, plan=p)
