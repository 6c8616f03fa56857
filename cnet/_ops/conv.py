"""Convolutions, their input gradients (which are transposed convolutions) and weight gradients: three operations whose
derivatives are the three operations."""

from math import prod

import numpy as np

from .. import _kernels as K
from .._core import checks, errors
from .._core.arrays import contiguous, contiguous_format, empty, zeros
from .._core.base import TensorBase, wrap
from .._core.inplace import scalar_name
from .._core.mode import is_grad_enabled
from .._core.op import Op
from ._conv_geometry import forward_geometry, transposed_geometry
from ._conv_last import forward, input_grad, kept, weight_grad

__all__ = ['conv1d', 'conv2d', 'conv3d', 'conv_tbc', 'conv_transpose1d', 'conv_transpose2d', 'conv_transpose3d']
FUNCTIONAL = __all__
METHODS = {}


class Conv(Op, name='ConvolutionBackward0'):
    """y[N, M, out] from x[N, C, size], w[M, C / groups, kernel] and b[M] or None."""

    keep_in = (0, 1)

    @staticmethod
    def forward(x, w, b, out, stride, padding, dilation, groups, follows=None):
        shape = (x.shape[0], w.shape[0], *out)
        if x.dtype.char in 'fd':
            return forward(x, w, b, empty(shape, x.dtype), stride, padding, dilation, groups, follows)
        return with_bias(other_types(forward, plain_forward, x, w, shape, stride, padding, dilation, groups), b)

    def backward(self, g):
        x, w, b = self.saved(0), self.saved(1), None
        size, geo = x._a.shape[2:], geometry_of(self)
        if self.needs[2]:
            b = g.sum((0, *range(2, g._a.ndim)))
        if (format := kept(x._a, w._a)) is not contiguous_format:
            g = g.contiguous(memory_format=format)  # so is the gradient of x then
        return (ConvInput.apply(g, w.conj(), None, size=size, **geo) if self.needs[0] else None,
                ConvWeight.apply(x.conj(), g, kernel=w._a.shape[2:], **geo) if self.needs[1] else None, b)


class ConvRelu(Conv, name='ReluBackward0'):
    """relu of a convolution, under the name of its node."""

    keep_out = (0,)

    @staticmethod
    def forward(*args, **geo):
        return Conv.forward(*args, **geo, follows=(None, None, True))

    def backward(self, g):
        y = self.out(0)
        return Conv.backward(self, g.masked_fill(y <= 0, 0) if is_grad_enabled() else wrap(K.pointwise.relu_grad(g._a, y._a)))


class ConvInput(Op, name='ConvolutionBackward0'):
    """x[N, C, size] from g[N, M, out], w[M, C / groups, kernel] and b[C] or None: the adjoint of Conv in its input."""

    keep_in = (0, 1)

    @staticmethod
    def forward(g, w, b, size, stride, padding, dilation, groups):
        shape = (g.shape[0], w.shape[1] * groups, *size)
        if g.dtype.char in 'fd':
            return input_grad(g, w, b, empty(shape, g.dtype), stride, padding, dilation, groups)
        return with_bias(other_types(input_grad, plain_input, g, w, shape, stride, padding, dilation, groups), b)

    def backward(self, gx):
        g, w, b = self.saved(0), self.saved(1), None
        out, geo = g._a.shape[2:], geometry_of(self)
        if self.needs[2]:
            b = gx.sum((0, *range(2, gx._a.ndim)))
        return (Conv.apply(gx, w.conj(), None, out=out, **geo) if self.needs[0] else None,
                ConvWeight.apply(gx, g.conj(), kernel=w._a.shape[2:], **geo) if self.needs[1] else None, b)


class ConvWeight(Op, name='ConvolutionBackwardBackward0'):
    """w[M, C / groups, kernel] from x[N, C, size] and g[N, M, out]: the adjoint of Conv in its weight."""

    keep_in = (0, 1)

    @staticmethod
    def forward(x, g, kernel, stride, padding, dilation, groups):
        shape = (g.shape[1], x.shape[1] // groups, *kernel)
        if x.dtype.char in 'fd':
            return weight_grad(x, g, None, empty(shape, x.dtype), stride, padding, dilation, groups)
        return other_types(weight_grad, None, x, g, shape, stride, padding, dilation, groups)

    def backward(self, gw):
        x, g, geo = self.saved(0), self.saved(1), geometry_of(self)
        return (ConvInput.apply(g.conj(), gw, None, size=x._a.shape[2:], **geo) if self.needs[0] else None,
                Conv.apply(x.conj(), gw, None, out=g._a.shape[2:], **geo) if self.needs[1] else None)


class ConvComplex(Conv, name='AddBackward0'):
    """Conv of complex numbers, which PyTorch adds up from real ones."""


class ConvInputComplex(ConvInput, name='AddBackward0'):
    """ConvInput of complex numbers."""


class ConvTbc(Op, name='ConvTbcBackward0'):
    """y[T, B, M] from x[T, B, C], w[K, C, M] and b[M]."""

    keep_in = (0, 1)

    @staticmethod
    def forward(x, w, b, **geo):
        return contiguous(Conv.forward(x.transpose(1, 2, 0), w.transpose(2, 1, 0), b, **geo).transpose(2, 0, 1))

    def backward(self, g):
        x, w, g, geo = self.saved(0).permute(1, 2, 0), self.saved(1).permute(2, 1, 0), g.permute(1, 2, 0), geometry_of(self)
        return (ConvInput.apply(g, w, None, size=x._a.shape[2:], **geo).permute(2, 0, 1) if self.needs[0] else None,
                ConvWeight.apply(x, g, kernel=w._a.shape[2:], **geo).permute(2, 1, 0) if self.needs[1] else None,
                g.sum((0, 2)) if self.needs[2] else None)


def geometry_of(node):
    """The constants that the three operations share."""
    return {name: node.kw[name] for name in ('stride', 'padding', 'dilation', 'groups')}


def with_bias(y, b):
    """Add a number per channel."""
    return y if b is None else (y + b.reshape((1, -1) + (1,) * (y.ndim - 2))).astype(y.dtype)


def other_types(kernel, plain, a, b, shape, *geo):
    """A kernel for half precision (computed in single), complex numbers (by parts) and integers (by NumPy)."""
    kind = a.dtype.kind
    if kind in 'iu':
        return plain(a, b, shape, *geo)

    def run(a, b):
        return kernel(a, b, None, empty(shape, a.dtype), *geo)
    if kind == 'f':
        return run(a.astype('f'), b.astype('f')).astype(a.dtype)
    result = empty(shape, a.dtype)
    result.real = run(a.real, b.real) - run(a.imag, b.imag)
    result.imag = run(a.real, b.imag) + run(a.imag, b.real)
    return result


def taps_of(x, out, kernel, stride, dilation):
    """Each tap of the kernel with the view of the padded images x that it multiplies."""
    for tap in np.ndindex(*kernel):
        at = [slice(t * d, t * d + (o - 1) * s + 1, s) for t, d, o, s in zip(tap, dilation, out, stride)]
        yield tap, x[(slice(None), slice(None), *at)]


def plain_forward(x, w, shape, stride, padding, dilation, groups):
    """Conv of integers: one matrix product for each tap."""
    n, out, kernel = len(x), shape[2:], w.shape[2:]
    room = [max((o - 1) * s + (k - 1) * d + 1 - p, size)
            for o, s, k, d, p, size in zip(out, stride, kernel, dilation, padding, x.shape[2:])]
    x = np.pad(x, [(0, 0), (0, 0), *((p, r - size) for p, r, size in zip(padding, room, x.shape[2:]))])
    w = w.reshape(groups, w.shape[0] // groups, *w.shape[1:])
    y = zeros((n, groups, w.shape[1], prod(out)), x.dtype)
    for tap, view in taps_of(x, out, kernel, stride, dilation):
        y += w[(..., *tap)] @ view.reshape(n, groups, w.shape[2], prod(out))
    return y.reshape(shape)


def plain_input(g, w, shape, stride, padding, dilation, groups):
    """ConvInput of integers: one matrix product for each tap."""
    n, out, kernel, size = len(g), g.shape[2:], w.shape[2:], shape[2:]
    room = [max((o - 1) * s + (k - 1) * d + 1, p + m)
            for o, s, k, d, p, m in zip(out, stride, kernel, dilation, padding, size)]
    x = zeros((n, shape[1], *room), g.dtype)
    w = w.reshape(groups, w.shape[0] // groups, *w.shape[1:])
    for tap, view in taps_of(x, out, kernel, stride, dilation):
        view += (w[(..., *tap)].swapaxes(-1, -2) @ g.reshape(n, groups, w.shape[1], prod(out))).reshape(view.shape)
    return x[(slice(None), slice(None), *(slice(p, p + m) for p, m in zip(padding, size)))].copy()


def check_types(op, x, w, b):
    """Refuse tensors of different or impossible types."""
    if x.dtype != w.dtype:
        raise RuntimeError(f'expected scalar type {scalar_name(x.dtype)} but found {scalar_name(w.dtype)}')
    if b is not None and b.dtype != x.dtype:
        names = {'float32': 'float', 'float64': 'double'}
        raise RuntimeError(f'Input type ({names.get(x.dtype.name, x.dtype.name)}) and bias type '
                           f'({names.get(b.dtype.name, b.dtype.name)}) should be the same')
    if x.dtype.kind == 'b' or (x.dtype.kind in 'iu' and 'transpose' in op and x.dtype.name != 'int64'):
        kernel = {'conv3d': 'compute_columns3d', 'conv_transpose3d': 'slow_conv_transpose3d_out_cpu'}.get(
            op, 'slow_conv_transpose2d_out_cpu' if 'transpose' in op else 'slow_conv2d_cpu')
        raise errors.not_implemented(kernel, x.dtype)


def arrays(op, input, weight, bias):
    """The arrays of three tensors, the last of which may be None."""
    for i, (name, x) in enumerate((('input', input), ('weight', weight))):
        if not isinstance(x, TensorBase):
            checks.tensor(x, op, name, i + 1)
    if bias is not None and not isinstance(bias, TensorBase):
        checks.tensor(bias, op, 'bias', 3)
    return input._a, weight._a, None if bias is None else bias._a


def hashable(x):
    """A list as a tuple."""
    return tuple(x) if type(x) is list else x


def convolve(name, n, input, weight, bias, stride, padding, dilation, groups, relu=False, norm=None):
    """conv1d to conv3d: n is 1 to 3. With `relu`, the relu of that in the same operation; with `norm` (see `normalized`) the
    batch norm; None if that cannot be."""
    x, w, b = arrays(name, input, weight, bias)
    geo = forward_geometry(x.shape, w.shape, None if b is None else b.shape, hashable(stride), hashable(padding),
                           hashable(dilation), groups, name)
    if x.dtype is not w.dtype or (b is not None and b.dtype is not x.dtype) or x.dtype.kind not in 'fc':
        check_types(name, x, w, b)
    op = ConvComplex if x.dtype.kind == 'c' else Conv
    if relu:
        return ConvRelu.apply(input, weight, bias, **geo) if x.dtype.char in 'fd' and x.ndim == n + 2 else None
    if norm is not None:
        return normalized(input, weight, bias, norm, geo) if x.dtype.char in 'fd' and x.ndim == n + 2 else None
    if x.ndim == n + 2:
        return op.apply(input, weight, bias, **geo)
    return op.apply(input.unsqueeze(0), weight, bias, **geo).squeeze(0)


def normalized(input, weight, bias, norm, geo):
    """A convolution, the batch norm of (mean, variance, weight or None, bias or None, eps, relu) and its relu, without history;
    None if their arrays do not fit."""
    *tensors, eps, relu = norm
    mean, var, w, b = [None if t is None else t._a for t in tensors]
    dt, size = input._a.dtype, weight._a.shape[0]
    if any(a is not None and (a.dtype is not dt or a.shape != (size,)) for a in (mean, var, w, b)) or (w is None) != (b is None):
        return None
    scale = 1 / np.sqrt(var.astype(np.float64) + eps)
    scale = (scale if w is None else scale * w).astype(dt)
    # The mean goes where the sums start, for a product with it would cancel where it is large.
    start = -mean if bias is None else bias._a - mean
    shift = zeros((size,), dt) if b is None else np.ascontiguousarray(b)
    return wrap(Conv.forward(input._a, weight._a, start, **geo, follows=(scale, shift, relu)))


def convolve_transposed(name, n, input, weight, bias, stride, padding, output_padding, groups, dilation):
    """conv_transpose1d to conv_transpose3d: n is 1 to 3."""
    x, w, b = arrays(name, input, weight, bias)
    geo = transposed_geometry(x.shape, w.shape, None if b is None else b.shape, hashable(stride), hashable(padding),
                              hashable(output_padding), groups, hashable(dilation), name)
    if x.dtype is not w.dtype or (b is not None and b.dtype is not x.dtype) or x.dtype.kind not in 'fc':
        check_types(name, x, w, b)
    op = ConvInputComplex if x.dtype.kind == 'c' else ConvInput
    if x.ndim == n + 2:
        return op.apply(input, weight, bias, **geo)
    return op.apply(input.unsqueeze(0), weight, bias, **geo).squeeze(0)


def conv1d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """A convolution (without flipping the kernel) over one dimension.

    Args:
        input (Tensor): (N, C, L) or (C, L).
        weight (Tensor): (M, C / groups, K).
        bias (Tensor, optional): (M).
        stride (int or tuple): step between neighbouring results.
        padding (int, tuple or str): zeros added at both ends; 'same' keeps the length, 'valid' adds none.
        dilation (int or tuple): step between neighbouring elements of the kernel.
        groups (int): parts of the channels that do not see each other.

    Shape:
        N images of C channels and length L; M output channels; K the length of the kernel. The result has the length
        ``(L + 2 * padding - dilation * (K - 1) - 1) // stride + 1``.

    Returns:
        Tensor: (N, M, length) or (M, length).

    Example:
        >>> import cnet
        >>> cnet.conv1d(cnet.ones(1, 1, 4), cnet.ones(1, 1, 3)).tolist()
        [[[3.0, 3.0]]]
    """
    return convolve('conv1d', 1, input, weight, bias, stride, padding, dilation, groups)


def conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """A convolution (without flipping the kernel) over two dimensions.

    Args:
        input (Tensor): (N, C, H, W) or (C, H, W).
        weight (Tensor): (M, C / groups, KH, KW).
        bias (Tensor, optional): (M).
        stride (int or tuple): step between neighbouring results.
        padding (int, tuple or str): zeros added at both ends; 'same' keeps the size, 'valid' adds none.
        dilation (int or tuple): step between neighbouring elements of the kernel.
        groups (int): parts of the channels that do not see each other.

    Shape:
        N images of C channels, height H and width W; M output channels; KH, KW the size of the kernel. Height and width
        of the result follow the formula of `conv1d`.

    Returns:
        Tensor: (N, M, height, width) or (M, height, width).

    Example:
        >>> import cnet
        >>> cnet.conv2d(cnet.ones(1, 1, 2, 3), cnet.ones(1, 1, 2, 2)).tolist()
        [[[[4.0, 4.0]]]]
    """
    return convolve('conv2d', 2, input, weight, bias, stride, padding, dilation, groups)


def conv3d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """A convolution (without flipping the kernel) over three dimensions.

    Args:
        input (Tensor): (N, C, D, H, W) or (C, D, H, W).
        weight (Tensor): (M, C / groups, KD, KH, KW).
        bias (Tensor, optional): (M).
        stride (int or tuple): step between neighbouring results.
        padding (int, tuple or str): zeros added at both ends; 'same' keeps the size, 'valid' adds none.
        dilation (int or tuple): step between neighbouring elements of the kernel.
        groups (int): parts of the channels that do not see each other.

    Shape:
        N images of C channels, depth D, height H and width W; M output channels; KD, KH, KW the size of the kernel. The
        sizes of the result follow the formula of `conv1d`.

    Returns:
        Tensor: (N, M, depth, height, width) or (M, depth, height, width).

    Example:
        >>> import cnet
        >>> cnet.conv3d(cnet.ones(1, 1, 2, 2, 2), cnet.ones(1, 1, 2, 2, 2)).item()
        8.0
    """
    return convolve('conv3d', 3, input, weight, bias, stride, padding, dilation, groups)


def conv_transpose1d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """The adjoint of `conv1d` in its input: spreads each element over the kernel.

    Args:
        input (Tensor): (N, C, L) or (C, L).
        weight (Tensor): (C, M / groups, K).
        bias (Tensor, optional): (M).
        stride (int or tuple): step between the places where neighbouring elements go.
        padding (int or tuple): elements cut off at both ends of the result.
        output_padding (int or tuple): elements added at one end of the result.
        groups (int): parts of the channels that do not see each other.
        dilation (int or tuple): step between neighbouring elements of the kernel.

    Shape:
        N images of C channels and length L; M output channels; K the length of the kernel. The result has the length
        ``(L - 1) * stride - 2 * padding + dilation * (K - 1) + output_padding + 1``.

    Returns:
        Tensor: (N, M, length) or (M, length).

    Example:
        >>> import cnet
        >>> cnet.conv_transpose1d(cnet.ones(1, 1, 2), cnet.ones(1, 1, 2)).tolist()
        [[[1.0, 2.0, 1.0]]]
    """
    return convolve_transposed('conv_transpose1d', 1, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose2d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """The adjoint of `conv2d` in its input: spreads each pixel over the kernel.

    Args:
        input (Tensor): (N, C, H, W) or (C, H, W).
        weight (Tensor): (C, M / groups, KH, KW).
        bias (Tensor, optional): (M).
        stride (int or tuple): step between the places where neighbouring pixels go.
        padding (int or tuple): pixels cut off at both ends of the result.
        output_padding (int or tuple): pixels added at one end of the result.
        groups (int): parts of the channels that do not see each other.
        dilation (int or tuple): step between neighbouring elements of the kernel.

    Shape:
        N images of C channels, height H and width W; M output channels; KH, KW the size of the kernel. Height and width
        of the result follow the formula of `conv_transpose1d`.

    Returns:
        Tensor: (N, M, height, width) or (M, height, width).

    Example:
        >>> import cnet
        >>> tuple(cnet.conv_transpose2d(cnet.ones(1, 1, 2, 2), cnet.ones(1, 3, 2, 2), stride=2).shape)
        (1, 3, 4, 4)
    """
    return convolve_transposed('conv_transpose2d', 2, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose3d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """The adjoint of `conv3d` in its input: spreads each voxel over the kernel.

    Args:
        input (Tensor): (N, C, D, H, W) or (C, D, H, W).
        weight (Tensor): (C, M / groups, KD, KH, KW).
        bias (Tensor, optional): (M).
        stride (int or tuple): step between the places where neighbouring voxels go.
        padding (int or tuple): voxels cut off at both ends of the result.
        output_padding (int or tuple): voxels added at one end of the result.
        groups (int): parts of the channels that do not see each other.
        dilation (int or tuple): step between neighbouring elements of the kernel.

    Shape:
        N images of C channels, depth D, height H and width W; M output channels; KD, KH, KW the size of the kernel. The
        sizes of the result follow the formula of `conv_transpose1d`.

    Returns:
        Tensor: (N, M, depth, height, width) or (M, depth, height, width).

    Example:
        >>> import cnet
        >>> tuple(cnet.conv_transpose3d(cnet.ones(1, 1, 2, 2, 2), cnet.ones(1, 1, 2, 2, 2)).shape)
        (1, 1, 3, 3, 3)
    """
    return convolve_transposed('conv_transpose3d', 3, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_tbc(input, weight, bias, pad=0):
    """A convolution over the first of three dimensions.

    Args:
        input (Tensor): (T, B, C).
        weight (Tensor): (K, C, M).
        bias (Tensor): (M).
        pad (int): zeros added at both ends.

    Shape:
        T steps of B sequences with C channels; M output channels; K the length of the kernel.

    Returns:
        Tensor: (T + 2 * pad - K + 1, B, M).

    Example:
        >>> import cnet
        >>> cnet.conv_tbc(cnet.ones(3, 1, 2), cnet.ones(2, 2, 1), cnet.zeros(1)).flatten().tolist()
        [4.0, 4.0]
    """
    checks.tensor(bias, 'conv_tbc', 'bias', 3)
    x, w, b = arrays('conv_tbc', input, weight, bias)
    if x.ndim != 3:
        raise RuntimeError('Input must have 3 dims: time, batch, in_channel')
    if w.ndim != 3:
        raise RuntimeError('Weight tensor must have 3 dims: kernel_width, in_channels, out_channels.')
    if b.ndim != 1:
        raise RuntimeError('Bias must be 1-D')
    if x.shape[2] != w.shape[1]:
        raise RuntimeError('Input dim 2 (input channels) is not == dim 1 in the weight tensor')
    if w.shape[2] != b.shape[0]:
        raise RuntimeError('Bias size must equal dim 2 in the weight tensor (output channels).')
    if x.dtype is not w.dtype or b.dtype is not x.dtype or x.dtype.kind != 'f':
        check_types('conv1d', x, w, b)
    geo = forward_geometry((x.shape[1], x.shape[2], x.shape[0]), w.shape[::-1], b.shape, 1, pad, 1, 1, 'conv1d')
    return ConvTbc.apply(input, weight, bias, **geo)


def gradient_of_input(n, input_size, weight, grad_output, stride, padding, dilation, groups):
    """The gradient of a convolution over n dimensions by its input."""
    geo = gradient_geometry(n, input_size, weight.shape, grad_output, stride, padding, dilation, groups)
    return ConvInput.apply(grad_output, weight, None, size=tuple(input_size)[2:], **geo)


def gradient_of_weight(n, input, weight_size, grad_output, stride, padding, dilation, groups):
    """The gradient of a convolution over n dimensions by its weight."""
    geo = gradient_geometry(n, input.shape, weight_size, grad_output, stride, padding, dilation, groups)
    return ConvWeight.apply(input, grad_output, kernel=tuple(weight_size)[2:], **geo)


def gradient_geometry(n, input_size, weight_size, grad_output, stride, padding, dilation, groups):
    """The constants of a convolution whose result has a given gradient."""
    size, kernel = tuple(input_size), tuple(weight_size)
    geo = forward_geometry(size, kernel, None, hashable(stride), hashable(padding), hashable(dilation), groups, f'conv{n}d')
    expected = (size[0], kernel[0], *geo['out'])
    if len(size) != n + 2 or tuple(grad_output.shape) != expected:
        raise RuntimeError(f'Expected grad_output of shape {list(expected)}, but got {list(grad_output.shape)}')
    return {name: geo[name] for name in ('stride', 'padding', 'dilation', 'groups')}
