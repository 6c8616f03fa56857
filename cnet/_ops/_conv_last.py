"""Convolutions of images whose channels come last in memory, as those of planes are in `_conv_kernels`; results keep that order.

There a pixel is a row of channels, so that one tap is a linear layer of pixels. What has no kernel of its own is copied into
planes, and back.
"""

from .. import _kernels as K
from .._core.arrays import contiguous_format, empty, empty_format, laid, layout, pixels, zeros
from . import _conv_kernels as planes

__all__ = ['forward', 'input_grad', 'kept', 'weight_grad']


def kept(x, w):
    """The memory format of the result for images and weights: that of either whose channels come last, as in PyTorch."""
    format = layout(x)
    return layout(w) if format is contiguous_format else format


def one_tap(w, padding, groups):
    """Whether a convolution is a linear layer of pixels."""
    return groups == 1 and max(w.shape[2:]) == 1 and max(padding) == 0 and w.size > 0


def per_channel(w, channels, groups):
    """Whether each channel is convolved with weights of its own."""
    return w.ndim == 4 and w.shape[1] == 1 and 1 < groups == channels == len(w) and w.size > 0


def taps(w):
    """The weights of such a convolution as [taps, C]."""
    return w.reshape(len(w), -1).T.copy()


def spans(w, padding, dilation):
    """The padding with which the convolution of a gradient by reversed weights is the gradient of the images."""
    return tuple([d * (k - 1) - p for k, p, d in zip(w.shape[2:], padding, dilation)])


def picked(x, stride):
    """The pixels of images that a convolution with one tap reads."""
    return x[(..., *(slice(None, None, s) for s in stride))]


def images(rows, shape):
    """Rows of channels as images[N, C, size]."""
    n, c, *size = shape
    rows = rows.reshape(n, *size, c)
    return rows.transpose(0, rows.ndim - 1, *range(1, rows.ndim - 1))


def followed(rows, follows):
    """Rows of channels, in place, after what follows a convolution: None, or (scale, shift, relu)."""
    if follows is None:
        return rows
    scale, shift, relu = follows
    if scale is not None:
        K.pointwise.mul(rows, scale, rows)
        K.pointwise.add(rows, shift, rows)
    return K.pointwise.relu(rows, rows) if relu else rows


def forward(x, w, b, y, stride, padding, dilation, groups, follows=None):
    """See `_conv_kernels.forward`."""
    format = kept(x, w)
    if format is contiguous_format or not y.size:
        return planes.forward(x, w, b, y, stride, padding, dilation, groups, follows)
    if one_tap(w, padding, groups):
        rows = K.matmul.linear(pixels(laid(picked(x, stride), format)), w.reshape(w.shape[:2]), b, True)
        return images(followed(rows, follows), y.shape)
    if per_channel(w, x.shape[1], groups):
        y = empty_format(y.shape, x.dtype, format)
        K.depthwise_last.conv_forward(laid(x, format), taps(w), b, y, w.shape, stride, padding, dilation)
        followed(pixels(y), follows)
        return y
    return laid(planes.forward(x, w, b, y, stride, padding, dilation, groups, follows), format)


def input_grad(g, w, b, x, stride, padding, dilation, groups):
    """See `_conv_kernels.input_grad`."""
    format = kept(g, w)
    if format is contiguous_format or not x.size or not g.size:
        return planes.input_grad(g, w, b, x, stride, padding, dilation, groups)
    if one_tap(w, padding, groups) and (b is None or max(stride) == 1):
        rows = K.matmul.linear(pixels(laid(g, format)), w.reshape(w.shape[:2]), b, False)
        gx = images(rows, (len(g), w.shape[1], *g.shape[2:]))
        if max(stride) == 1:
            return gx
        room = images(zeros((x.size,), x.dtype), x.shape)
        picked(room, stride)[...] = gx
        return room
    if per_channel(w, x.shape[1], groups):
        x, g, reach = empty_format(x.shape, x.dtype, format), laid(g, format), spans(w, padding, dilation)
        if max(stride) == 1 and min(reach) >= 0:
            return K.depthwise_last.conv_forward(g, taps(w)[::-1].copy(), b, x, w.shape, stride, reach, dilation)
        return K.depthwise_last.conv_input_grad(g, taps(w), b, x, w.shape, stride, padding, dilation)
    return laid(planes.input_grad(g, w, b, x, stride, padding, dilation, groups), format)


def weight_grad(x, g, b, w, stride, padding, dilation, groups):
    """See `_conv_kernels.weight_grad`."""
    format = kept(x, g)
    if format is not contiguous_format and one_tap(w, padding, groups) and g.size:
        return K.matmul.mm(pixels(laid(g, format)).T, pixels(laid(picked(x, stride), format))).reshape(w.shape)
    if format is not contiguous_format and per_channel(w, x.shape[1], groups) and g.size:
        parts = empty((len(x), 2, w[0].size, len(w)), x.dtype)
        K.depthwise_last.conv_weight_grad(laid(x, format), laid(g, format), parts, w.shape, stride, padding, dilation)
        return K.reduce.total(parts[:, 0], (0,)).T.copy().reshape(w.shape)
    return planes.weight_grad(x, g, b, w, stride, padding, dilation, groups)
