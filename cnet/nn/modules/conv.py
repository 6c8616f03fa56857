"""Convolutions and transposed convolutions in one, two and three dimensions."""

import math

from ..._core.base import GRAD, TensorBase
from ..._core.op import needs_grad
from ..._kernels._state import flags
from ..._ops.conv import convolve
from .. import functional as F
from .. import init
from ._runs import JOINS
from .module import Module
from .utils import new_parameter, repeated

__all__ = ['Conv1d', 'Conv2d', 'Conv3d', 'ConvTranspose1d', 'ConvTranspose2d', 'ConvTranspose3d']

_PADDING_MODES = ('zeros', 'reflect', 'replicate', 'circular')


class _ConvNd(Module):
    """What all six layers share: checks, parameters, initialisation, printing. `_dims` is the number of dimensions."""

    _dims = 0

    def _setup(self, in_channels, out_channels, kernel_size, stride, padding, dilation, transposed, output_padding,
               groups, bias, padding_mode, device, dtype):
        n = self._dims
        kernel_size, stride, dilation = repeated(kernel_size, n), repeated(stride, n), repeated(dilation, n)
        if groups <= 0:
            raise ValueError('groups must be a positive integer')
        if in_channels % groups:
            raise ValueError('in_channels must be divisible by groups')
        if out_channels % groups:
            raise ValueError('out_channels must be divisible by groups')
        if isinstance(padding, str):
            if padding not in ('same', 'valid'):
                raise ValueError(f"Invalid padding string {padding!r}, should be one of {{'same', 'valid'}}")
            if padding == 'same' and any(s != 1 for s in stride):
                raise ValueError("padding='same' is not supported for strided convolutions")
        else:
            padding = repeated(padding, n)
        if padding_mode not in _PADDING_MODES:
            raise ValueError(f'padding_mode must be one of {set(_PADDING_MODES)}, but got '
                             f"padding_mode='{padding_mode}'")
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = kernel_size
        self.stride = stride
        self.padding = padding
        self.dilation = dilation
        self.transposed = transposed
        self.output_padding = repeated(output_padding, n)
        self.groups = groups
        self.padding_mode = padding_mode
        self._reversed_padding_repeated_twice = self._pads()
        channels = (in_channels, out_channels // groups) if transposed else (out_channels, in_channels // groups)
        self.weight = new_parameter((*channels, *kernel_size), dtype, device)
        if bias:
            self.bias = new_parameter((out_channels,), dtype, device)
        else:
            self.register_parameter('bias', None)
        self.reset_parameters()

    def _pads(self):
        """The padding as `F.pad` takes it: before and after, last dimension first."""
        if self.padding == 'valid':
            return [0, 0] * self._dims
        if self.padding == 'same':
            totals = [d * (k - 1) for d, k in zip(self.dilation, self.kernel_size)]
            return [p for total in reversed(totals) for p in (total // 2, total - total // 2)]
        return [p for p in reversed(self.padding) for _ in range(2)]

    def reset_parameters(self):
        """Draw the initial weights again."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))  # = uniform in ±1/√fan_in
        if self.bias is not None:
            fan_in = math.prod(self.weight.shape[1:])
            bound = 1 / math.sqrt(fan_in) if fan_in else 0
            init.uniform_(self.bias, -bound, bound)

    def extra_repr(self):
        parts = [f'{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}']
        zeros, ones = (0,) * self._dims, (1,) * self._dims
        for name, usual in (('padding', zeros), ('dilation', ones), ('output_padding', zeros), ('groups', 1)):
            value = getattr(self, name)
            if value != usual:
                parts.append(f'{name}={value}')
        if self.bias is None:
            parts.append('bias=False')
        if self.padding_mode != 'zeros':
            parts.append(f'padding_mode={self.padding_mode}')
        return ', '.join(parts)


class _Conv(_ConvNd):
    """The three ordinary convolutions: their constructor and their forward."""

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True,
                 padding_mode='zeros', device=None, dtype=None):
        super().__init__()
        self._setup(in_channels, out_channels, kernel_size, stride, padding, dilation, False, 0, groups, bias,
                    padding_mode, device, dtype)

    def forward(self, input):
        return self._conv_forward(input, self.weight, self.bias)

    def _padded(self, input):
        return F.pad(input, self._reversed_padding_repeated_twice, mode=self.padding_mode)


class Conv1d(_Conv):
    """Cross-correlation of C channels of length L with O kernels.

    Args:
        in_channels (int): C.
        out_channels (int): O.
        kernel_size (int or tuple): K.
        stride (int or tuple): S, the step of the kernel.
        padding (int, tuple, 'same' or 'valid'): P, added on both sides; 'same' keeps the length.
        dilation (int or tuple): D, the distance of neighbouring kernel elements.
        groups (int): G; the channels are cut into G groups that do not see each other.
        bias (bool): whether to add a learnt number to every output channel.
        padding_mode (str): 'zeros', 'reflect', 'replicate' or 'circular'.
        device (device, optional): 'cpu', the only one.
        dtype (dtype, optional): of the parameters.

    Shape:
        input: (N, C, L) or (C, L). output: (N, O, M) or (O, M) with M = ⌊(L + 2P - D(K - 1) - 1) / S⌋ + 1.
        weight: (O, C/G, K). bias: (O).

    Example:
        >>> import cnet
        >>> cnet.nn.Conv1d(4, 6, 3, stride=2)(cnet.zeros(2, 4, 9)).shape
        cnet.Size([2, 6, 4])
    """

    _dims = 1

    def _conv_forward(self, input, weight, bias):
        if self.padding_mode != 'zeros':
            return F.conv1d(self._padded(input), weight, bias, self.stride, 0, self.dilation, self.groups)
        return F.conv1d(input, weight, bias, self.stride, self.padding, self.dilation, self.groups)


class Conv2d(_Conv):
    """Cross-correlation of C channels of size H×W with O kernels. Arguments as for `Conv1d`.

    Args:
        in_channels (int): C.
        out_channels (int): O.
        kernel_size (int or tuple): (K, L), or one number for both.
        stride, padding, dilation, groups, bias, padding_mode, device, dtype: as for `Conv1d`, per dimension.

    Shape:
        input: (N, C, H, W) or (C, H, W). output: (N, O, H', W') or (O, H', W'), each size as for `Conv1d`.
        weight: (O, C/groups, K, L). bias: (O).

    Example:
        >>> import cnet
        >>> cnet.nn.Conv2d(1, 6, 5)(cnet.zeros(1, 1, 32, 32)).shape
        cnet.Size([1, 6, 28, 28])
    """

    _dims = 2

    def _conv_forward(self, input, weight, bias):
        if self.padding_mode != 'zeros':
            return F.conv2d(self._padded(input), weight, bias, self.stride, 0, self.dilation, self.groups)
        return F.conv2d(input, weight, bias, self.stride, self.padding, self.dilation, self.groups)


class Conv3d(_Conv):
    """Cross-correlation of C channels of size D×H×W with O kernels. Arguments as for `Conv1d`.

    Args:
        in_channels (int): C.
        out_channels (int): O.
        kernel_size (int or tuple): (J, K, L), or one number for all.
        stride, padding, dilation, groups, bias, padding_mode, device, dtype: as for `Conv1d`, per dimension.

    Shape:
        input: (N, C, D, H, W) or (C, D, H, W). output: (N, O, D', H', W') or (O, D', H', W'), each size as for
        `Conv1d`. weight: (O, C/groups, J, K, L). bias: (O).

    Example:
        >>> import cnet
        >>> cnet.nn.Conv3d(1, 2, 3)(cnet.zeros(1, 1, 5, 5, 5)).shape
        cnet.Size([1, 2, 3, 3, 3])
    """

    _dims = 3

    def _conv_forward(self, input, weight, bias):
        if self.padding_mode != 'zeros':
            return F.conv3d(self._padded(input), weight, bias, self.stride, 0, self.dilation, self.groups)
        return F.conv3d(input, weight, bias, self.stride, self.padding, self.dilation, self.groups)


def _with_relu(conv, x, activation, fresh):
    """relu of a convolution."""
    if activation != 'relu' or conv.padding_mode != 'zeros':
        return None
    return convolve(f'conv{conv._dims}d', conv._dims, x, conv.weight, conv.bias, conv.stride, conv.padding, conv.dilation,
                    conv.groups, relu=True)


def _with_norm(conv, norm, x, relu):
    """A convolution, a batch normalization in evaluation and perhaps relu, if none of it is recorded."""
    mean, var, weight, bias = norm.running_mean, norm.running_var, norm.weight, norm.bias
    if norm.training or mean is None or var is None or conv.padding_mode != 'zeros' or conv._dims + 2 not in norm._input_dims or \
            not isinstance(x, TensorBase) or (flags() & GRAD and needs_grad((x, conv.weight, conv.bias, weight, bias))):
        return None
    return convolve(f'conv{conv._dims}d', conv._dims, x, conv.weight, conv.bias, conv.stride, conv.padding, conv.dilation,
                    conv.groups, norm=(mean, var, weight, bias, norm.eps, relu))


JOINS.update({conv: (conv.forward, _with_relu, False, _with_norm) for conv in (Conv1d, Conv2d, Conv3d)})


class _ConvTransposeNd(_ConvNd):
    """The three transposed convolutions: their constructor and the choice of an output size."""

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, output_padding=0, groups=1,
                 bias=True, dilation=1, padding_mode='zeros', device=None, dtype=None):
        if padding_mode != 'zeros':
            raise ValueError(f'Only "zeros" padding mode is supported for {type(self).__name__}')
        super().__init__()
        self._setup(in_channels, out_channels, kernel_size, stride, padding, dilation, True, output_padding, groups,
                    bias, padding_mode, device, dtype)

    def _output_padding(self, input, output_size):
        """The output padding that leads to `output_size`; several sizes of output belong to one size of input."""
        if output_size is None:
            return self.output_padding
        n = self._dims
        leading = 2 if input.dim() == n + 2 else 1
        output_size = list(output_size)
        if len(output_size) == leading + n:
            output_size = output_size[leading:]
        if len(output_size) != n:
            raise ValueError(f'ConvTranspose{n}D: for {input.dim()}D input, output_size must have {n} or {leading + n} '
                             f'elements (got {len(output_size)})')
        least = [(input.shape[leading + i] - 1) * self.stride[i] - 2 * self.padding[i]
                 + self.dilation[i] * (self.kernel_size[i] - 1) + 1 for i in range(n)]
        most = [size + stride - 1 for size, stride in zip(least, self.stride)]
        if any(not low <= size <= high for low, size, high in zip(least, output_size, most)):
            raise ValueError(f'requested an output size of {output_size}, but valid sizes range from {least} to {most} '
                             f'(for an input of {input.shape[2:]})')
        return tuple(size - low for size, low in zip(output_size, least))

    def forward(self, input, output_size=None):
        weight, bias = self.weight, self.bias
        return self._conv(input, weight, bias, self.stride, self.padding, self._output_padding(input, output_size),
                          self.groups, self.dilation)


class ConvTranspose1d(_ConvTransposeNd):
    """The adjoint of `Conv1d`: what its gradient does to a signal of length L.

    Args:
        in_channels (int): C.
        out_channels (int): O.
        kernel_size (int or tuple): K.
        stride (int or tuple): S, the distance in the output of neighbouring inputs.
        padding (int or tuple): P, cut from both sides of the output.
        output_padding (int or tuple): Q, added to one side of the output.
        groups (int): G; the channels are cut into G groups that do not see each other.
        bias (bool): whether to add a learnt number to every output channel.
        dilation (int or tuple): D, the distance of neighbouring kernel elements.
        padding_mode (str): 'zeros', the only one.
        device (device, optional): 'cpu', the only one.
        dtype (dtype, optional): of the parameters.

    Shape:
        input: (N, C, L) or (C, L). output: (N, O, M) or (O, M) with M = (L - 1)S - 2P + D(K - 1) + Q + 1.
        weight: (C, O/G, K). bias: (O).

    Example:
        >>> import cnet
        >>> cnet.nn.ConvTranspose1d(4, 6, 3, stride=2)(cnet.zeros(2, 4, 4)).shape
        cnet.Size([2, 6, 9])
    """

    _dims = 1

    def _conv(self, *args):
        return F.conv_transpose1d(*args)


class ConvTranspose2d(_ConvTransposeNd):
    """The adjoint of `Conv2d`. Arguments as for `ConvTranspose1d`, each per dimension.

    Shape:
        input: (N, C, H, W) or (C, H, W). output: (N, O, H', W') or (O, H', W'), each size as for `ConvTranspose1d`.
        weight: (C, O/groups, K, L). bias: (O).

    Example:
        >>> import cnet
        >>> up = cnet.nn.ConvTranspose2d(1, 1, 3, stride=2)
        >>> up(cnet.zeros(1, 1, 4, 4), output_size=(10, 10)).shape
        cnet.Size([1, 1, 10, 10])
    """

    _dims = 2

    def _conv(self, *args):
        return F.conv_transpose2d(*args)


class ConvTranspose3d(_ConvTransposeNd):
    """The adjoint of `Conv3d`. Arguments as for `ConvTranspose1d`, each per dimension.

    Shape:
        input: (N, C, D, H, W) or (C, D, H, W). output: (N, O, D', H', W') or (O, D', H', W'), each size as for
        `ConvTranspose1d`. weight: (C, O/groups, J, K, L). bias: (O).

    Example:
        >>> import cnet
        >>> cnet.nn.ConvTranspose3d(1, 2, 2, stride=2)(cnet.zeros(1, 1, 2, 2, 2)).shape
        cnet.Size([1, 2, 4, 4, 4])
    """

    _dims = 3

    def _conv(self, *args):
        return F.conv_transpose3d(*args)
