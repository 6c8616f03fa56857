"""Max and average pooling over windows of one size."""

import math

from .._core import errors
from .._core.base import TensorBase
from ._pooling import AvgPool, MaxPool, MaxPoolIndices, lengths, plan

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
_PLACES = {1: 'length L', 2: 'height H and width W', 3: 'depth D, height H and width W'}
_EXAMPLE = {1: 'cnet.tensor([[1., 3., 2., 0.]])', 2: 'cnet.tensor([[[1., 3.], [2., 0.]]])',
            3: 'cnet.tensor([[[[1., 3.]], [[2., 0.]]]])'}
_KERNEL = {1: '2', 2: '2', 3: '(2, 1, 2)'}

_MAX_DOC = """The largest element of every window over the last {n} dimensions; a NaN counts as largest.

    Args:
        input (Tensor): what is pooled.
        kernel_size (int or tuple): the size of the windows.
        stride (int or tuple, optional): from one window to the next; the size of the windows by default.
        padding (int or tuple): elements of minus infinity added on both sides, up to half a window.
        dilation (int or tuple): from one element of a window to the next.
        ceil_mode (bool): whether the last window may hang over the end.
        return_indices (bool): {indices}.

    Shape:
        N samples of C channels of {places}.

        - input: :math:`(N, C, {shape})` or :math:`(C, {shape})`.
        - result: the same with :math:`(L + 2 padding - dilation (kernel_size - 1) - 1) / stride + 1`, rounded down (up with
          `ceil_mode`), in place of every length L.

    Returns:
        {returns}.

    Example:
        >>> import cnet
        >>> cnet.nn.functional.{name}({example}, {kernel})
        {result}
    """

_AVG_DOC = """The mean of every window over the last {n} dimensions.

    Args:
        input (Tensor): what is pooled.
        kernel_size (int or tuple): the size of the windows.
        stride (int or tuple, optional): from one window to the next; the size of the windows by default.
        padding (int or tuple): zeros added on both sides, up to half a window.
        ceil_mode (bool): whether the last window may hang over the end.
        count_include_pad (bool): whether the mean counts the padding.{divisor}

    Shape:
        N samples of C channels of {places}.

        - input: :math:`(N, C, {shape})` or :math:`(C, {shape})`.
        - result: the same with :math:`(L + 2 padding - kernel_size) / stride + 1`, rounded down (up with `ceil_mode`), in
          place of every length L.

    Returns:
        Tensor: the means.

    Example:
        >>> import cnet
        >>> cnet.nn.functional.{name}({example}, {kernel})
        {result}
    """

_LP_DOC = """The p-norm of every window over the last {n} dimensions.

    Args:
        input (Tensor): what is pooled.
        norm_type (float): p; infinity takes the largest absolute value.
        kernel_size (int or tuple): the size of the windows.
        stride (int or tuple, optional): from one window to the next; the size of the windows by default.
        ceil_mode (bool): whether the last window may hang over the end.

    Shape:
        N samples of C channels of {places}.

        - input: :math:`(N, C, {shape})` or :math:`(C, {shape})`.
        - result: the same with :math:`(L - kernel_size) / stride + 1`, rounded down (up with `ceil_mode`), in place of every
          length L.

    Returns:
        Tensor: (sum of x^p)^(1/p).

    Example:
        >>> import cnet
        >>> cnet.nn.functional.{name}({example}, 1, {kernel})
        {result}
    """


def _documented(template, n, **words):
    """Give a function of n dimensions its docstring."""
    def set_doc(function):
        function.__doc__ = template.format(n=n, name=function.__name__, shape=_SHAPE[n], places=_PLACES[n],
                                           example=_EXAMPLE[n], kernel=_KERNEL[n], **words)
        return function
    return set_doc


def _max_doc(n, result, positions=None):
    if positions is None:
        return _documented(_MAX_DOC, n, indices='return the positions of the maxima in their planes too', result=result,
                           returns='Tensor: the maxima, or a tuple of them and their positions')
    return _documented(_MAX_DOC, n, indices='changes nothing', result=f'({result}, {positions})',
                       returns='(Tensor, Tensor): the maxima and their positions in their planes')


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


@_max_doc(1, 'tensor([[3., 2.]])')
def max_pool1d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    return _max(1, 'max_pool1d', input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


@_max_doc(2, 'tensor([[[3.]]])')
def max_pool2d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    return _max(2, 'max_pool2d', input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


@_max_doc(3, 'tensor([[[[3.]]]])')
def max_pool3d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    return _max(3, 'max_pool3d', input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


@_max_doc(1, 'tensor([[3., 2.]])', 'tensor([[1, 2]])')
def max_pool1d_with_indices(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    return _max(1, 'max_pool1d', input, kernel_size, stride, padding, dilation, ceil_mode, True)


@_max_doc(2, 'tensor([[[3.]]])', 'tensor([[[1]]])')
def max_pool2d_with_indices(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    return _max(2, 'max_pool2d', input, kernel_size, stride, padding, dilation, ceil_mode, True)


@_max_doc(3, 'tensor([[[[3.]]]])', 'tensor([[[[1]]]])')
def max_pool3d_with_indices(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    return _max(3, 'max_pool3d', input, kernel_size, stride, padding, dilation, ceil_mode, True)


def _avg(n, name, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override=None):
    if not isinstance(input, TensorBase):
        raise errors.argument_type(name, 'input', 'Tensor', input, 1)
    a = input._a
    if a.ndim != n + 1 and a.ndim != n + 2 and n == 1:
        raise RuntimeError(f'Expected 2 to 3 dimensions, but got {a.ndim}-dimensional tensor for argument #1 \'self\' (while '
                           f'checking arguments for {name})')
    p = plan(name, n, a.shape, kernel_size, stride, padding, 1, ceil_mode)
    if a.dtype.kind not in 'fi':
        raise errors.not_implemented(name, a.dtype)
    if divisor_override is None:
        divisor_override = 0
    elif divisor_override == 0:
        raise RuntimeError('divisor must be not zero')
    return _AVG[n].apply(input, plan=p, padded=count_include_pad, divisor=divisor_override)


_DIVISOR = """
        divisor_override (int, optional): what sums are divided by instead."""


@_documented(_AVG_DOC, 1, divisor='', result='tensor([[2., 1.]])')
def avg_pool1d(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    return _avg(1, 'avg_pool1d', input, kernel_size, stride, padding, ceil_mode, count_include_pad)


@_documented(_AVG_DOC, 2, divisor=_DIVISOR, result='tensor([[[1.5000]]])')
def avg_pool2d(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None):
    return _avg(2, 'avg_pool2d', input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


@_documented(_AVG_DOC, 3, divisor=_DIVISOR, result='tensor([[[[1.5000]]]])')
def avg_pool3d(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None):
    return _avg(3, 'avg_pool3d', input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def _lp(n, name, input, norm_type, kernel_size, stride, ceil_mode):
    if norm_type == float('inf'):
        return _max(n, name, input.abs(), kernel_size, stride, 0, 1, ceil_mode, False)
    if norm_type == -float('inf'):
        return -_max(n, name, -input.abs(), kernel_size, stride, 0, 1, ceil_mode, False)
    mean = _avg(n, name, input.pow(norm_type), kernel_size, stride, 0, ceil_mode, True)
    # Where odd powers cancel to a negative sum the result is zero, and has no gradient.
    count = math.prod(lengths(kernel_size, n, name, 'kernel_size'))
    return (mean.sign() * mean.abs().relu()).mul(count).pow(1 / norm_type)


@_documented(_LP_DOC, 1, result='tensor([[4., 2.]])')
def lp_pool1d(input, norm_type, kernel_size, stride=None, ceil_mode=False):
    return _lp(1, 'lp_pool1d', input, norm_type, kernel_size, stride, ceil_mode)


@_documented(_LP_DOC, 2, result='tensor([[[6.]]])')
def lp_pool2d(input, norm_type, kernel_size, stride=None, ceil_mode=False):
    return _lp(2, 'lp_pool2d', input, norm_type, kernel_size, stride, ceil_mode)


@_documented(_LP_DOC, 3, result='tensor([[[[6.]]]])')
def lp_pool3d(input, norm_type, kernel_size, stride=None, ceil_mode=False):
    return _lp(3, 'lp_pool3d', input, norm_type, kernel_size, stride, ceil_mode)


METHODS = {}
