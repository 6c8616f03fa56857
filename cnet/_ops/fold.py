"""Blocks of images: fold and unfold, and the shuffles between channels and pixels. All are rearrangements."""

import numpy as np

from .. import _kernels as K
from .._core import checks
from .._core.arrays import assign, contiguous, copied, empty, zeros
from .._core.op import Op

__all__ = ['channel_shuffle', 'pixel_shuffle', 'pixel_unshuffle']
FUNCTIONAL = ['channel_shuffle', 'fold', 'pixel_shuffle', 'pixel_unshuffle', 'unfold']


class Unfold(Op, name='Im2ColBackward0'):
    @staticmethod
    def forward(x, size, kernel, dilation, padding, stride):
        if x.ndim == 3:
            return Unfold.forward(x[None], size, kernel, dilation, padding, stride)[0]
        n, c = x.shape[:2]
        if padding[0] or padding[1]:
            x = np.pad(x, ((0, 0), (0, 0), (padding[0], padding[0]), (padding[1], padding[1])))
        out = _blocks(size, kernel, dilation, padding, stride)
        y = empty((n, c, *kernel, *out), x.dtype)
        for i in range(kernel[0]):
            for j in range(kernel[1]):
                assign(y[:, :, i, j], x[_window(i, j, out, dilation, stride)])
        return y.reshape(n, c * kernel[0] * kernel[1], out[0] * out[1])

    def backward(self, g):
        return Fold.apply(g, **self.kw)


class Fold(Op, name='Col2ImBackward0'):
    @staticmethod
    def forward(y, size, kernel, dilation, padding, stride):
        if y.ndim == 2:
            return Fold.forward(y[None], size, kernel, dilation, padding, stride)[0]
        n = y.shape[0]
        out = _blocks(size, kernel, dilation, padding, stride)
        y = y.reshape(n, y.shape[1] // (kernel[0] * kernel[1]), *kernel, *out)
        x = zeros((n, y.shape[1], size[0] + 2 * padding[0], size[1] + 2 * padding[1]), y.dtype)
        for i in range(kernel[0]):
            for j in range(kernel[1]):
                window = x[_window(i, j, out, dilation, stride)]
                K.pointwise.add(window, y[:, :, i, j], window)
        return contiguous(x[:, :, padding[0]:padding[0] + size[0], padding[1]:padding[1] + size[1]])

    def backward(self, g):
        return Unfold.apply(g, **self.kw)


def _blocks(size, kernel, dilation, padding, stride):
    return tuple([(n + 2 * p - d * (k - 1) - 1) // s + 1
                  for n, k, d, p, s in zip(size, kernel, dilation, padding, stride, strict=True)])


def _window(i, j, out, dilation, stride):
    """Where the elements (i, j) of all blocks lie in the padded image."""
    top, left = i * dilation[0], j * dilation[1]
    return (slice(None), slice(None), slice(top, top + stride[0] * (out[0] - 1) + 1, stride[0]),
            slice(left, left + stride[1] * (out[1] - 1) + 1, stride[1]))


class Shuffle(Op):  # a dimension split, dimensions permuted, then joined; the subclasses carry the names
    @staticmethod
    def forward(x, split, order, shape):
        return copied(x.reshape(split).transpose(order)).reshape(shape)

    def backward(self, g):
        split, order = self.kw['split'], self.kw['order']
        return type(self).apply(g, split=tuple([split[d] for d in order]), order=tuple(np.argsort(order).tolist()),
                                shape=self.in_shape(0))


class PixelShuffle(Shuffle, name='PixelShuffleBackward0'):
    pass


class PixelUnshuffle(Shuffle, name='PixelUnshuffleBackward0'):
    pass


class ChannelShuffle(Shuffle, name='ChannelShuffleBackward0'):
    pass


def _two(x, name):
    """A pair of ints for height and width."""
    values = tuple(x) if isinstance(x, (tuple, list)) else (x, x)
    if len(values) == 1:
        values *= 2
    if len(values) != 2:
        raise RuntimeError(f'It is expected {name} equals to 2, but got size {len(values)}')
    return tuple([checks.integer(v, 'unfold', name) for v in values])


def _geometry(kernel_size, dilation, padding, stride):
    geometry = {'kernel': _two(kernel_size, 'kernel_size'), 'dilation': _two(dilation, 'dilation'),
                'padding': _two(padding, 'padding'), 'stride': _two(stride, 'stride')}
    for key, noun in (('kernel', 'kernel size'), ('stride', 'stride'), ('dilation', 'dilation')):
        h, w = geometry[key]
        if h <= 0 or w <= 0:
            raise RuntimeError(f'{noun} should be greater than zero, but got {key}_height: {h} {key}_width: {w}')
    if min(geometry['padding']) < 0:
        h, w = geometry['padding']
        raise RuntimeError(f'padding should be non-negative, but got pad_height: {h} pad_width: {w}')
    return geometry


def unfold(input, kernel_size, dilation=1, padding=0, stride=1):
    """All blocks that a window meets while it slides over images, as columns.

    Args:
        input (Tensor): images.
        kernel_size (int or tuple of int): height and width of the window.
        dilation (int or tuple of int): distance between neighbours in the window.
        padding (int or tuple of int): zeros added on each side of the images.
        stride (int or tuple of int): how far the window moves at a time.

    Shape:
        Input ``(N, C, H, W)`` or ``(C, H, W)``; output ``(N, C * kH * kW, L)`` or without N, with L positions.

    Returns:
        Tensor: new memory.

    Example:
        >>> import cnet
        >>> cnet.nn.functional.unfold(cnet.arange(6.).view(1, 1, 2, 3), (2, 2)).tolist()
        [[[0.0, 1.0], [1.0, 2.0], [3.0, 4.0], [4.0, 5.0]]]
    """
    geometry = _geometry(kernel_size, dilation, padding, stride)
    shape = input._a.shape
    if len(shape) not in (3, 4) or 0 in shape[-3:]:
        if len(shape) < 3:
            raise IndexError(f'Dimension out of range (expected to be in range of [{-(len(shape) or 1)}, '
                             f'{(len(shape) or 1) - 1}], but got {len(shape)})')
        raise RuntimeError('Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero '
                           f'dimensions for input, but got: {list(shape)}')
    size = shape[-2:]
    out = _blocks(size, **geometry)
    if min(out) < 1:
        raise RuntimeError(f'Given input with spatial size {size}, kernel_size={geometry["kernel"]}, '
                           f'dilation={geometry["dilation"]}, padding={geometry["padding"]}, calculated shape of the '
                           f'array of sliding blocks as {out}, but its components must be at least one.')
    return Unfold.apply(input, size=size, **geometry)


def fold(input, output_size, kernel_size, dilation=1, padding=0, stride=1):
    """Images from the columns that `unfold` makes: blocks that overlap are added up.

    Args:
        input (Tensor): the columns.
        output_size (int or tuple of int): height and width of the images.
        kernel_size (int or tuple of int): height and width of the window.
        dilation (int or tuple of int): distance between neighbours in the window.
        padding (int or tuple of int): zeros that had been added on each side of the images.
        stride (int or tuple of int): how far the window moves at a time.

    Shape:
        Input ``(N, C * kH * kW, L)`` or ``(C * kH * kW, L)``; output ``(N, C, H, W)`` or ``(C, H, W)``.

    Returns:
        Tensor: new memory.

    Example:
        >>> import cnet
        >>> cnet.nn.functional.fold(cnet.ones(1, 2, 2), (1, 3), (1, 2)).tolist()
        [[[[1.0, 2.0, 1.0]]]]
    """
    geometry = _geometry(kernel_size, dilation, padding, stride)
    size = _two(output_size, 'output_size')
    shape = input._a.shape
    kernel = geometry['kernel']
    if len(shape) not in (2, 3) or 0 in shape[-2:]:
        raise RuntimeError('Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and non-zero '
                           f'dimensions for input, but got: {list(shape)}')
    if min(size) < 1:
        raise RuntimeError(f'Expected output spatial size to be positive, but got: output_size={size}')
    if shape[-2] % (kernel[0] * kernel[1]):
        raise RuntimeError("Expected size of input's dimension 1 to be divisible by the product of kernel_size, but got "
                           f'input.size(1)={shape[-2]} and kernel_size={kernel}.')
    h, w = _blocks(size, **geometry)
    if h * w != shape[-1]:
        raise RuntimeError(
            f'Given output_size={size}, kernel_size={kernel}, dilation={geometry["dilation"]}, '
            f'padding={geometry["padding"]}, stride={geometry["stride"]}, expected size of input\'s dimension 2 to match '
            f'the calculated number of sliding blocks {h} * {w} = {h * w}, but got input.size(2)={shape[-1]}.')
    if h < 1 or w < 1:
        raise RuntimeError(f'Given output_size={size}, kernel_size={kernel}, dilation={geometry["dilation"]}, '
                           f'padding={geometry["padding"]}, stride={geometry["stride"]}, calculated shape of the array '
                           f'of sliding blocks as ({h}, {w}), which is too small (non-positive)')
    return Fold.apply(input, size=size, **geometry)


def pixel_shuffle(input, upscale_factor):
    """Groups of r*r channels to images r times as high and wide.

    Args:
        input (Tensor): images.
        upscale_factor (int): r.

    Shape:
        Input ``(*, C * r * r, H, W)``; output ``(*, C, H * r, W * r)``.

    Returns:
        Tensor: new memory.

    Example:
        >>> import cnet
        >>> cnet.pixel_shuffle(cnet.arange(4).view(4, 1, 1), 2).tolist()
        [[[0, 1], [2, 3]]]
    """
    r = upscale_factor
    shape = input._a.shape
    if len(shape) < 3:
        raise RuntimeError('pixel_shuffle expects input to have at least 3 dimensions, but got input with '
                           f'{len(shape)} dimension(s)')
    if r <= 0:
        raise RuntimeError(f'pixel_shuffle expects a positive upscale_factor, but got {r}')
    *batch, c, h, w = shape
    if c % (r * r):
        raise RuntimeError("pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of "
                           f'upscale_factor, but input.size(-3)={c} is not divisible by {r * r}')
    c //= r * r
    b = len(batch)
    return PixelShuffle.apply(input, split=(*batch, c, r, r, h, w),
                              order=(*range(b), b, b + 3, b + 1, b + 4, b + 2), shape=(*batch, c, h * r, w * r))


def pixel_unshuffle(input, downscale_factor):
    """Images to r*r times as many channels, r times less high and wide: the inverse of `pixel_shuffle`.

    Args:
        input (Tensor): images.
        downscale_factor (int): r.

    Shape:
        Input ``(*, C, H * r, W * r)``; output ``(*, C * r * r, H, W)``.

    Returns:
        Tensor: new memory.

    Example:
        >>> import cnet
        >>> cnet.pixel_unshuffle(cnet.arange(4).view(1, 2, 2), 2).tolist()
        [[[0]], [[1]], [[2]], [[3]]]
    """
    r = downscale_factor
    shape = input._a.shape
    if len(shape) < 3:
        raise RuntimeError('pixel_unshuffle expects input to have at least 3 dimensions, but got input with '
                           f'{len(shape)} dimension(s)')
    if r <= 0:
        raise RuntimeError(f'pixel_unshuffle expects a positive downscale_factor, but got {r}')
    *batch, c, h, w = shape
    for name, n, d in (('height', h, -2), ('width', w, -1)):
        if n % r:
            raise RuntimeError(f'pixel_unshuffle expects {name} to be divisible by downscale_factor, but '
                               f'input.size({d})={n} is not divisible by {r}')
    h, w = h // r, w // r
    b = len(batch)
    return PixelUnshuffle.apply(input, split=(*batch, c, h, r, w, r),
                                order=(*range(b), b, b + 2, b + 4, b + 1, b + 3), shape=(*batch, c * r * r, h, w))


def channel_shuffle(input, groups):
    """Channels of several groups dealt out in turn.

    Args:
        input (Tensor): a batch with channels.
        groups (int): how many groups the channels form.

    Shape:
        Input ``(N, C, *)`` with C a multiple of `groups`; output alike.

    Returns:
        Tensor: new memory.

    Example:
        >>> import cnet
        >>> cnet.channel_shuffle(cnet.arange(4).view(1, 4, 1), 2).flatten().tolist()
        [0, 2, 1, 3]
    """
    shape = input._a.shape
    if len(shape) <= 2:
        raise RuntimeError(f'channel_shuffle expects input with > 2 dims, but got input with sizes {list(shape)}')
    if groups <= 0:
        raise RuntimeError(f'Number of groups to divide channels in must be positive. Value of groups:{groups}')
    n, c, *rest = shape
    if c % groups:
        raise RuntimeError(f'Number of channels must be divisible by groups. Got {c} channels and {groups} groups.')
    return ChannelShuffle.apply(input, split=(n, groups, c // groups, *rest),
                                order=(0, 2, 1, *range(3, 3 + len(rest))), shape=shape)


METHODS = {}
