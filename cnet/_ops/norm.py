"""Normalisation: batch, layer, RMS, group, instance, and local response norm."""

import math

import numpy as np

from .. import _kernels as K
from .._core import errors
from .._core.arrays import contiguous_format, layout
from .._core.base import GRAD, TensorBase, wrap
from .._core.op import finish, needs_grad
from .._kernels._state import dtype_of, ends_with, flags, has_shape
from ._norm_ops import (
    BatchNorm,
    BatchNormRelu,
    GroupNorm,
    InstanceNorm,
    LayerNorm,
    NativeBatchNorm,
    NativeLayerNorm,
    RmsNorm,
)
from ._pooling import AvgPool, plan

__all__ = [
    'batch_norm', 'group_norm', 'instance_norm', 'layer_norm', 'native_batch_norm', 'native_group_norm',
    'native_layer_norm', 'rms_norm',
]
FUNCTIONAL = ['batch_norm', 'group_norm', 'instance_norm', 'layer_norm', 'local_response_norm', 'rms_norm']

_FLOAT = np.dtype(np.float32)


def _bump(*running):
    for r in running:
        if r is not None:
            r._v.n += 1


def _sizes(a):
    """(samples, channels, elements of a channel) of an input (N, C, ...)."""
    return a.shape[0], a.shape[1], 1 if a.ndim == 2 else math.prod(a.shape[2:])


def _check_channels(channels, **tensors):
    for name, t in tensors.items():
        if t is not None and t._a.size != channels:
            raise RuntimeError(f'{name} should contain {channels} elements not {t._a.size}')


def _check_types(a, *tensors):
    """Parameters have the type of the input, or float32 beside float16."""
    for t in tensors:
        if t is not None and t._a.dtype != a.dtype and (a.dtype.itemsize != 2 or t._a.dtype.itemsize != 4):
            raise RuntimeError('mixed dtype (CPU): expect parameter to have scalar type of Float')


def _batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps, op=BatchNorm, **more):
    a = input._a
    if a.ndim < 2:
        raise errors.dim_range(1, a.ndim)
    sizes = _sizes(a)
    if not training:
        if running_mean is None:
            raise RuntimeError('running_mean must be defined in evaluation mode')
        if running_var is None:
            raise RuntimeError('running_var must be defined in evaluation mode')
    n = sizes[1]
    # One comparison per tensor on the usual way; the messages are made only when one fails.
    for t in (running_mean, running_var, weight, bias):
        if t is not None and (t._a.size != n or t._a.dtype != a.dtype):
            _check_channels(n, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias)
            if a.dtype.kind == 'f':
                _check_types(a, running_mean, running_var, weight, bias)
            break
    if a.dtype.kind != 'f':
        raise errors.not_implemented('batch_norm', a.dtype)
    running = None if running_mean is None or running_var is None else (running_mean._a, running_var._a)
    y = op.apply(input, weight, bias, sizes=sizes, running=running, training=training, momentum=momentum, eps=eps, **more)
    if training and running is not None:
        _bump(running_mean, running_var)
    return y


def _batch_norm_of_nothing(input, weight, bias):
    y = input.clone()
    if weight is not None:
        y = y * weight[0]
    return y if bias is None else y + bias[0]


def batch_norm(input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5,
               cudnn_enabled=True):
    """Shift and scale every channel to mean 0 and variance 1 over the batch (or by running statistics), then map it.

    Args:
        input (Tensor): the batch.
        running_mean, running_var (Tensor, optional): moved towards the batch's statistics while training (the variance is the
            unbiased one), used in place of them otherwise.
        weight, bias (Tensor, optional): factor and summand of each channel.
        training (bool): whether to use the statistics of the batch.
        momentum (float): the share of the batch in the running statistics.
        eps (float): added to the variance.

    Shape:
        N samples of C channels.

        - input and result: :math:`(N, C, *)`.
        - the other tensors: :math:`(C)`.

    Returns:
        Tensor: (x - mean) / sqrt(var + eps) * weight + bias.

    Example:
        >>> import cnet
        >>> cnet.nn.functional.batch_norm(cnet.tensor([[1.], [3.]]), None, None, training=True, eps=1e-9)
        tensor([[-1.],
                [ 1.]])
    """
    _check_batch(input, training, eps)
    if not input._a.size:
        return _batch_norm_of_nothing(input, weight, bias)
    return _batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)


def batch_norm_into(input, running_mean, running_var, weight, bias, training, momentum, eps, relu, fresh):
    """relu(batch_norm(...)), or without `relu` its argument, in one operation. `fresh`: nobody else knows the input, which may
    be written over if that is not recorded."""
    _check_batch(input, training, eps)
    if not input._a.size:
        y = _batch_norm_of_nothing(input, weight, bias)
        return y.relu() if relu else y
    more = {}
    if fresh and not training and not (flags() & GRAD and needs_grad((input, weight, bias))):
        more['into'] = True
    return _batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps,
                       BatchNormRelu if relu else BatchNorm, **more)


def _check_batch(input, training, eps):
    if not isinstance(input, TensorBase):
        raise errors.argument_type('batch_norm', 'input', 'Tensor', input, 1)
    if eps <= 0 and (training or eps < 0):
        raise ValueError(f'batch_norm eps must be positive during training, but got {eps}' if training else
                         f'batch_norm eps must be non-negative, but got {eps}')
    shape = input._a.shape
    if training and len(shape) > 1 and 0 < input._a.size == shape[1]:
        raise ValueError(f'Expected more than 1 value per channel when training, got input size torch.Size({list(shape)})')


def _normal_shape(input, normalized_shape, name, **tensors):
    """`normalized_shape` as a tuple; errors if it does not fit the input, or a tensor not it."""
    if type(normalized_shape) is not tuple:
        if not isinstance(normalized_shape, (tuple, list)):
            raise errors.argument_type(name, 'normalized_shape', 'tuple of ints', normalized_shape, 2)
        normalized_shape = tuple(normalized_shape)
    if not normalized_shape:
        raise RuntimeError('Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one element, but '
                           'got normalized_shape = []')
    for what, t in tensors.items():
        if t is not None and t._a.shape != normalized_shape:
            raise RuntimeError(f'Expected {what} to be of same shape as normalized_shape, but got {what} of shape '
                               f'{list(t._a.shape)} and normalized_shape = {list(normalized_shape)}')
    shape = input._a.shape
    if shape[-len(normalized_shape):] != normalized_shape:
        raise RuntimeError(f'Given normalized_shape={list(normalized_shape)}, expected input with shape '
                           f'[*, {", ".join(map(str, normalized_shape))}], but got input of size{list(shape)}')
    return normalized_shape


def layer_norm(input, normalized_shape, weight=None, bias=None, eps=1e-5, cudnn_enable=True):
    """Shift and scale the last dimensions of every sample to mean 0 and variance 1, then map them.

    Args:
        input (Tensor): the samples.
        normalized_shape (tuple of int): the sizes of the last dimensions, which share their statistics.
        weight, bias (Tensor, optional): factor and summand of each element of a sample.
        eps (float): added to the variance.

    Shape:
        - input and result: :math:`(*, normalized\\_shape)`.
        - weight, bias: :math:`(normalized\\_shape)`.

    Returns:
        Tensor: (x - mean) / sqrt(var + eps) * weight + bias.

    Example:
        >>> import cnet
        >>> cnet.layer_norm(cnet.tensor([[1., 3.]]), (2,), eps=0.)
        tensor([[-1.,  1.]])
    """
    if not isinstance(input, TensorBase):
        raise errors.argument_type('layer_norm', 'input', 'Tensor', input, 1)
    y = _usual_layer_norm(input, normalized_shape, weight, bias, eps)
    if y is not None:
        return y
    a = input._a
    shape = _normal_shape(input, normalized_shape, 'layer_norm', weight=weight, bias=bias)
    if a.dtype.kind != 'f':
        raise errors.not_implemented('LayerNormKernelImpl', a.dtype)
    _check_types(a, weight, bias)
    return LayerNorm.apply(input, weight, bias, shape=shape, eps=eps)


def _usual_layer_norm(input, shape, weight, bias, eps):
    """`layer_norm` of what most calls give, told by a few comparisons; None for all else."""
    if type(shape) is not tuple or len(shape) != 1 or type(shape[0]) is not int \
            or not isinstance(weight, TensorBase) or not isinstance(bias, TensorBase):
        return None
    x, w, b = input, weight, bias
    if not (ends_with(x._a, shape) and has_shape(w._a, shape) and has_shape(b._a, shape)
            and dtype_of(x._a) is _FLOAT and dtype_of(w._a) is _FLOAT and dtype_of(b._a) is _FLOAT):
        return None
    return finish(LayerNorm, LayerNorm.info_, (x, w, b), {'shape': shape, 'eps': eps},
                  K.norm.layer_forward(x._a, w._a, b._a, eps, True, shape[0]))


def rms_norm(input, normalized_shape, weight=None, eps=None):
    """Scale the last dimensions of every sample to a mean square of 1, then multiply by a weight.

    Args:
        input (Tensor): the samples.
        normalized_shape (tuple of int): the sizes of the last dimensions, which share their mean square.
        weight (Tensor, optional): a factor for each element of a sample.
        eps (float, optional): added to the mean square; the resolution of the input's type by default.

    Shape:
        - input and result: :math:`(*, normalized\\_shape)`.
        - weight: :math:`(normalized\\_shape)`.

    Returns:
        Tensor: x / sqrt(mean(x^2) + eps) * weight.

    Example:
        >>> import cnet
        >>> cnet.rms_norm(cnet.tensor([[1., 7.]]), (2,))
        tensor([[0.2000, 1.4000]])
    """
    if not isinstance(input, TensorBase):
        raise errors.argument_type('rms_norm', 'input', 'Tensor', input, 1)
    shape = _normal_shape(input, normalized_shape, 'rms_norm', weight=weight)
    a = input._a
    if a.dtype.kind == 'c':
        return _complex_rms_norm(input, len(normalized_shape), weight, eps)
    if a.dtype.kind != 'f':
        raise errors.not_implemented('rms_norm', a.dtype)
    if eps is None:
        eps = float(np.finfo(a.dtype if a.dtype.itemsize > 2 else np.float32).eps)
    if weight is not None and weight._a.dtype != a.dtype:
        return RmsNorm.apply(input, None, None, shape=shape, eps=eps, centred=False) * weight
    return RmsNorm.apply(input, weight, None, shape=shape, eps=eps, centred=False)


def _complex_rms_norm(input, ndim, weight, eps):
    square = input * input
    if eps is None:
        eps = float(np.finfo(input._a.dtype).eps)
    y = input * (square.mean(tuple(range(-ndim, 0)), keepdim=True) + eps).rsqrt()
    return y if weight is None else y * weight


def group_norm(input, num_groups, weight=None, bias=None, eps=1e-5, cudnn_enabled=True):
    """Shift and scale every group of channels of every sample to mean 0 and variance 1, then map the channels.

    Args:
        input (Tensor): the samples.
        num_groups (int): how many groups the channels are split into.
        weight, bias (Tensor, optional): factor and summand of each channel.
        eps (float): added to the variance.

    Shape:
        N samples of C channels.

        - input and result: :math:`(N, C, *)`.
        - weight, bias: :math:`(C)`.

    Returns:
        Tensor: (x - mean) / sqrt(var + eps) * weight + bias.

    Example:
        >>> import cnet
        >>> cnet.group_norm(cnet.tensor([[1., 3., 7., 5.]]), 2, eps=0.)
        tensor([[-1.,  1.,  1., -1.]])
    """
    if not isinstance(input, TensorBase):
        raise errors.argument_type('group_norm', 'input', 'Tensor', input, 1)
    a = input._a
    shape = a.shape
    if a.ndim < 2:
        raise RuntimeError(f'Expected at least 2 dimensions for input tensor but received {a.ndim}')
    n, channels, inner = _sizes(a)
    if n * channels // num_groups * inner == 1:
        raise ValueError('Expected more than 1 value per channel when training, got input size '
                         f'{[1, num_groups, *shape[2:]]}')
    if num_groups <= 0:
        raise RuntimeError(f'Expected num groups to be greater than 0, got {num_groups}')
    if channels % num_groups:
        raise RuntimeError('Expected number of channels in input to be divisible by num_groups, but got input of shape '
                           f'{list(shape)} and num_groups={num_groups}')
    for name, t in (('weight', weight), ('bias', bias)):
        if t is not None and t._a.shape != (channels,):
            raise RuntimeError(f'Expected {name} to be a vector of size equal to the number of channels in input, but got '
                               f'{name} of shape {list(t._a.shape)} and input of shape {list(shape)}')
    if a.dtype.kind != 'f':
        raise errors.not_implemented('GroupNormKernelImpl', a.dtype)
    _check_types(a, weight, bias)
    return GroupNorm.apply(input, weight, bias, sizes=(n * num_groups, num_groups, channels // num_groups, inner), eps=eps)


def instance_norm(input, running_mean=None, running_var=None, weight=None, bias=None, use_input_stats=True, momentum=0.1,
                  eps=1e-5, cudnn_enabled=True):
    """Shift and scale every channel of every sample to mean 0 and variance 1, then map the channels.

    Args:
        input (Tensor): the samples.
        running_mean, running_var (Tensor, optional): moved towards the mean statistics of the samples, or used in place of
            them without `use_input_stats`.
        weight, bias (Tensor, optional): factor and summand of each channel.
        use_input_stats (bool): whether to use each sample's own statistics.
        momentum (float): the share of the input in the running statistics.
        eps (float): added to the variance.

    Shape:
        N samples of C channels.

        - input and result: :math:`(N, C, *)` with at least one more dimension.
        - the other tensors: :math:`(C)`.

    Returns:
        Tensor: (x - mean) / sqrt(var + eps) * weight + bias.

    Example:
        >>> import cnet
        >>> cnet.nn.functional.instance_norm(cnet.tensor([[[1., 3.], [7., 5.]]]), eps=0.)
        tensor([[[-1.,  1.],
                 [ 1., -1.]]])
    """
    if not isinstance(input, TensorBase):
        raise errors.argument_type('instance_norm', 'input', 'Tensor', input, 1)
    a = input._a
    if use_input_stats and a.ndim >= 2 and math.prod(a.shape[2:]) == 1:
        raise ValueError('Expected more than 1 spatial element when training, got input size '
                         f'torch.Size({list(a.shape)})')
    if not use_input_stats:
        if running_mean is None or running_var is None:
            raise RuntimeError('Expected running_mean and running_var to be defined when use_input_stats is false')
        return _batch_norm(input, running_mean, running_var, weight, bias, False, momentum, eps)
    if a.ndim < 2:
        raise errors.dim_range(1, a.ndim)
    a = (input := input.contiguous())._a  # as in PyTorch, whose results and gradients here are always in order
    n, channels, inner = _sizes(a)
    _check_channels(channels, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias)
    if a.dtype.kind != 'f':
        raise errors.not_implemented('batch_norm', a.dtype)
    _check_types(a, running_mean, running_var, weight, bias)
    if running_mean is not None and running_var is not None and n:
        _move_running(a.reshape(n * channels, inner), running_mean._a, running_var._a, momentum, channels)
        _bump(running_mean, running_var)
    return InstanceNorm.apply(input, weight, bias, sizes=(n * channels, channels, 1, inner), eps=eps)


def _move_running(rows, mean, var, momentum, channels):
    """Running statistics after a batch: towards the mean over the samples of each channel's statistics."""
    fresh_mean = rows.mean(1, dtype=np.float64).reshape(-1, channels).mean(0)
    fresh_var = rows.var(1, ddof=1, dtype=np.float64).reshape(-1, channels).mean(0)
    mean[...] = (1 - momentum) * mean + momentum * fresh_mean
    var[...] = (1 - momentum) * var + momentum * fresh_var


def local_response_norm(input, size, alpha=1e-4, beta=0.75, k=1.0):
    """Divide every element by a power of the mean square of its neighbours in other channels.

    Args:
        input (Tensor): the samples.
        size (int): how many neighbouring channels count.
        alpha (float): factor of the mean square.
        beta (float): the exponent.
        k (float): added to the mean square.

    Shape:
        - input and result: :math:`(N, C, *)` with at least one more dimension: N samples of C channels.

    Returns:
        Tensor: x / (k + alpha mean(x^2))^beta.

    Example:
        >>> import cnet
        >>> cnet.nn.functional.local_response_norm(cnet.ones(1, 1, 1), size=1, alpha=1., beta=1.)
        tensor([[[0.5000]]])
    """
    if input.ndim < 3:
        raise ValueError(f'Expected 3D or higher dimensionality                          input (got {input.ndim} dimensions)')
    if not input._a.size:
        return input
    n, channels, inner = _sizes(input._a)
    last = layout(input._a) is not contiguous_format
    square = (input * input).movedim(1, -1) if last else input * input
    shape, axis = ((n, inner, channels), 2) if last else ((n, channels, inner), 1)
    window, pad = ((1, size), (0, size // 2)) if last else ((size, 1), (size // 2, 0))
    # The neighbours reach one farther towards lower channels if their number is even: then the last window is one too many.
    mean = AvgPool.apply(square.reshape(shape), plan=plan('avg_pool2d', 2, shape, window, 1, pad, 1, False))
    mean = mean.narrow(axis, 0, channels).reshape(square.shape)
    return input / ((mean.movedim(-1, 1) if last else mean) * alpha + k) ** beta


def native_batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps):
    """`batch_norm`, with the statistics that it used.

    Args:
        input (Tensor): the batch.
        weight, bias (Tensor or None): factor and summand of each channel.
        running_mean, running_var (Tensor or None): moved while training, used otherwise.
        training (bool): whether to use the statistics of the batch.
        momentum (float): the share of the batch in the running statistics.
        eps (float): added to the variance.

    Shape:
        N samples of C channels.

        - input and first result: :math:`(N, C, *)`.
        - all other tensors: :math:`(C)`; the last two results are empty unless training.

    Returns:
        (Tensor, Tensor, Tensor): the result, the means, and the reciprocal standard deviations.

    Example:
        >>> import cnet
        >>> cnet.native_batch_norm(cnet.tensor([[1.], [3.]]), None, None, None, None, True, 0.1, 0.)[1]
        tensor([2.])
    """
    y, *stats = _batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps, NativeBatchNorm)
    return (y, *[wrap(s._a if training else s._a[:0]) for s in stats])


def native_layer_norm(input, normalized_shape, weight, bias, eps):
    """`layer_norm`, with the statistics that it used.

    Args:
        input (Tensor): the samples.
        normalized_shape (tuple of int): the sizes of the last dimensions, which share their statistics.
        weight, bias (Tensor or None): factor and summand of each element of a sample.
        eps (float): added to the variance.

    Shape:
        - input and first result: :math:`(*, normalized\\_shape)`.
        - weight, bias: :math:`(normalized\\_shape)`.
        - the other results: :math:`(*, 1, ...)`.

    Returns:
        (Tensor, Tensor, Tensor): the result, the means, and the reciprocal standard deviations.

    Example:
        >>> import cnet
        >>> cnet.native_layer_norm(cnet.tensor([[1., 3.]]), (2,), None, None, 0.)[1]
        tensor([[2.]])
    """
    shape = _normal_shape(input, normalized_shape, 'native_layer_norm', weight=weight, bias=bias)
    if input._a.dtype.kind != 'f':
        raise errors.not_implemented('LayerNormKernelImpl', input._a.dtype)
    y, *stats = NativeLayerNorm.apply(input, weight, bias, shape=shape, eps=eps)
    rows = input._a.shape[:-len(shape)] + (1,) * len(shape)
    return (y, *[wrap(s._a.reshape(rows)) for s in stats])


def native_group_norm(input, weight, bias, N, C, HxW, group, eps):
    """`group_norm` of an input whose sizes are given, with the statistics that it used.

    Args:
        input (Tensor): the samples.
        weight, bias (Tensor or None): factor and summand of each channel.
        N, C, HxW (int): the numbers of samples, channels, and elements of a channel.
        group (int): how many groups the channels are split into.
        eps (float): added to the variance.

    Shape:
        - input and first result: :math:`(N, C, *)`.
        - weight, bias: :math:`(C)`.
        - the other results: :math:`(N, group)`.

    Returns:
        (Tensor, Tensor, Tensor): the result, the means, and the reciprocal standard deviations.

    Example:
        >>> import cnet
        >>> cnet.native_group_norm(cnet.tensor([[1., 3.]]), None, None, 1, 2, 1, 1, 0.)[1]
        tensor([[2.]])
    """
    if input._a.size != N * C * HxW:
        raise RuntimeError(f'Expected X.numel() == N * C * HxW to be true, but got {input._a.size} and {N * C * HxW}')
    if group <= 0 or C % group:
        raise RuntimeError(f'Expected number of channels in input to be divisible by num_groups, but got {C} and {group}')
    y = GroupNorm.apply(input, weight, bias, sizes=(N * group, group, C // group, HxW), eps=eps)
    # Gradients come through these statistics, so they are tensors of their own.
    rows = input.reshape(N, group, C // group * HxW)
    mean = rows.mean(2)
    rstd = ((rows - mean.unsqueeze(2)).square().mean(2) + eps).rsqrt()
    return y, mean, rstd


METHODS = {}
