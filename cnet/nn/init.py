"""Initial values of parameters.

All functions write into the tensor that they are given, record nothing, and return it. Equal seeds give PyTorch's values.
"""

import functools
import math
import warnings

import numpy as np

from .._core.arrays import empty_as
from .._core.base import wrap
from .._core.inplace import copy_from, overwrite_
from .._core.mode import no_grad
from .._ops.random import randperm

__all__ = [
    'calculate_gain', 'uniform_', 'normal_', 'trunc_normal_', 'constant_', 'ones_', 'zeros_', 'eye_', 'dirac_',
    'xavier_uniform_', 'xavier_normal_', 'kaiming_uniform_', 'kaiming_normal_', 'orthogonal_', 'sparse_', 'uniform',
    'normal', 'constant', 'eye', 'dirac', 'xavier_uniform', 'xavier_normal', 'kaiming_uniform', 'kaiming_normal',
    'orthogonal', 'sparse',
]

_LINEAR = ('linear', 'conv1d', 'conv2d', 'conv3d', 'conv_transpose1d', 'conv_transpose2d', 'conv_transpose3d', 'sigmoid')


def calculate_gain(nonlinearity, param=None):
    """Return the factor by which weights before a nonlinearity should be larger than before a linear layer.

    Args:
        nonlinearity (str): name of a function of `nn.functional`: 'relu', 'leaky_relu', 'tanh', 'selu', 'sigmoid',
            'linear' or a convolution.
        param (float, optional): the negative slope of 'leaky_relu'. Default: 0.01.

    Returns:
        float: the factor.

    Example:
        >>> from cnet import nn
        >>> round(nn.init.calculate_gain('relu'), 4)
        1.4142
    """
    if nonlinearity in _LINEAR:
        return 1
    if nonlinearity == 'tanh':
        return 5.0 / 3
    if nonlinearity == 'relu':
        return math.sqrt(2.0)
    if nonlinearity == 'leaky_relu':
        if param is None:
            param = 0.01
        elif isinstance(param, bool) or not isinstance(param, (int, float)):
            raise ValueError(f'negative_slope {param} not a valid number')
        return math.sqrt(2.0 / (1 + param ** 2))
    if nonlinearity == 'selu':
        return 3.0 / 4
    raise ValueError(f'Unsupported nonlinearity {nonlinearity}')


@no_grad()
def uniform_(tensor, a=0.0, b=1.0, generator=None):
    """Fill with uniform numbers of [a, b).

    Args:
        tensor (Tensor): what is filled.
        a (float): the lower end. Default: 0.
        b (float): the upper end. Default: 1.
        generator (Generator, optional): where the numbers come from.

    Returns:
        Tensor: `tensor`.

    Example:
        >>> import cnet
        >>> cnet.nn.init.uniform_(cnet.empty(2, 3)).shape
        cnet.Size([2, 3])
    """
    return tensor.uniform_(a, b, generator=generator)


@no_grad()
def normal_(tensor, mean=0.0, std=1.0, generator=None):
    """Fill with normal numbers.

    Args:
        tensor (Tensor): what is filled.
        mean (float): their mean. Default: 0.
        std (float): their standard deviation. Default: 1.
        generator (Generator, optional): where the numbers come from.

    Returns:
        Tensor: `tensor`.

    Example:
        >>> import cnet
        >>> cnet.nn.init.normal_(cnet.empty(2), 1.0, 0.0)
        tensor([1., 1.])
    """
    return tensor.normal_(mean, std, generator=generator)


def _below(x):
    """The part of a standard normal distribution below x."""
    return (1.0 + math.erf(x / math.sqrt(2.0))) / 2.0


def trunc_normal_(tensor, mean=0.0, std=1.0, a=-2.0, b=2.0, generator=None):
    """Fill with normal numbers, those outside [a, b] drawn again.

    Args:
        tensor (Tensor): what is filled.
        mean (float): mean of the whole distribution. Default: 0.
        std (float): standard deviation of the whole distribution. Default: 1.
        a (float): the smallest number. Default: -2.
        b (float): the largest number. Default: 2.
        generator (Generator, optional): where the numbers come from.

    Returns:
        Tensor: `tensor`.

    Example:
        >>> import cnet
        >>> bool((cnet.nn.init.trunc_normal_(cnet.empty(100)).abs() <= 2).all())
        True
    """
    if mean < a - 2 * std or mean > b + 2 * std:
        warnings.warn('mean is more than 2 std from [a, b] in nn.init.trunc_normal_. The distribution of values may be '
                      'incorrect.', stacklevel=2)
    with no_grad():
        if _below((b - mean) / std) - _below((a - mean) / std) > 0.3:
            return _redraw_normals(tensor, mean, std, a, b, generator)
        return _thin_uniforms(tensor, mean, std, a, b, generator)


def _like(tensor):
    """Memory of the same layout, since numbers are drawn in the order of memory."""
    return wrap(empty_as(tensor._a, tensor._a.dtype))


def _redraw_normals(tensor, mean, std, a, b, generator):
    """Draw until all lie inside; each round draws for all elements, as PyTorch does."""
    low, high = tensor.new_tensor(a).item(), tensor.new_tensor(b).item()
    result = tensor.normal_(mean, std, generator=generator)._a.copy()
    while True:
        outside = (result < low) | (result > high)
        if not outside.any():
            return overwrite_(tensor, result)
        fresh = _like(tensor).normal_(mean, std, generator=generator)
        result = np.where(outside, fresh._a, result)


def _thin_uniforms(tensor, mean, std, a, b, generator):
    """Rejection from uniform numbers, for intervals that hold little of the distribution."""
    log_peak = -0.5 * ((max(a, min(mean, b)) - mean) / std) ** 2

    def rejected(x):
        log_density = x.clone().sub_(mean).div_(std).pow_(2).mul_(-0.5).sub_(log_peak)
        return (_like(x).uniform_(generator=generator).log_() > log_density)._a

    tensor.uniform_(a, b, generator=generator)
    result, pending = tensor._a.copy(), rejected(tensor)
    while pending.any():
        fresh = _like(tensor).uniform_(a, b, generator=generator)
        result = np.where(pending, fresh._a, result)
        pending &= rejected(fresh)
    return overwrite_(tensor, result)


@no_grad()
def constant_(tensor, val):
    """Fill with one value.

    Args:
        tensor (Tensor): what is filled.
        val (float): the value.

    Returns:
        Tensor: `tensor`.

    Example:
        >>> import cnet
        >>> cnet.nn.init.constant_(cnet.empty(2), 0.5)
        tensor([0.5000, 0.5000])
    """
    return tensor.fill_(val)


def ones_(tensor):
    """Fill with ones.

    Args:
        tensor (Tensor): what is filled.

    Returns:
        Tensor: `tensor`.

    Example:
        >>> import cnet
        >>> cnet.nn.init.ones_(cnet.empty(2))
        tensor([1., 1.])
    """
    return constant_(tensor, 1.0)


@no_grad()
def zeros_(tensor):
    """Fill with zeros.

    Args:
        tensor (Tensor): what is filled.

    Returns:
        Tensor: `tensor`.

    Example:
        >>> import cnet
        >>> cnet.nn.init.zeros_(cnet.empty(2))
        tensor([0., 0.])
    """
    return tensor.zero_()


@no_grad()
def eye_(tensor):
    """Fill a matrix with ones on the diagonal and zeros elsewhere.

    Args:
        tensor (Tensor): what is filled.

    Shape:
        - Tensor: (n, m), any matrix.

    Returns:
        Tensor: `tensor`.

    Example:
        >>> import cnet
        >>> cnet.nn.init.eye_(cnet.empty(2, 3))
        tensor([[1., 0., 0.],
                [0., 1., 0.]])
    """
    if tensor.ndim != 2:
        raise ValueError('Only tensors with 2 dimensions are supported')
    return overwrite_(tensor, np.eye(*tensor.shape))


@no_grad()
def dirac_(tensor, groups=1):
    """Make a convolution's weight the identity, for as many channels as possible.

    Args:
        tensor (Tensor): the weight.
        groups (int): groups of channels; each is an identity. Default: 1.

    Shape:
        - Tensor: (O, I, *): O output channels, I input channels of a group, one to three lengths of the kernel.

    Returns:
        Tensor: `tensor`.

    Example:
        >>> import cnet
        >>> cnet.nn.init.dirac_(cnet.empty(2, 2, 3))[0]
        tensor([[0., 1., 0.],
                [0., 0., 0.]])
    """
    if tensor.ndim not in (3, 4, 5):
        raise ValueError('Only tensors with 3, 4, or 5 dimensions are supported')
    outputs, inputs, *kernel = tensor.shape
    if outputs % groups:
        raise ValueError('dim 0 must be divisible by groups')
    per_group = outputs // groups
    values = np.zeros(tensor.shape, tensor._a.dtype)
    channel = np.arange(min(per_group, inputs))
    for group in range(groups):
        values[(group * per_group + channel, channel, *(n // 2 for n in kernel))] = 1
    return overwrite_(tensor, values)


def _calculate_fan_in_and_fan_out(tensor):
    """How many inputs an output of a weight depends on, and how many outputs depend on an input."""
    if tensor.ndim < 2:
        raise ValueError('Fan in and fan out can not be computed for tensor with fewer than 2 dimensions')
    field = math.prod(tensor.shape[2:])
    return tensor.shape[1] * field, tensor.shape[0] * field


def _calculate_correct_fan(tensor, mode):
    mode = mode.lower()
    if mode not in ('fan_in', 'fan_out'):
        raise ValueError(f"Mode {mode} not supported, please use one of ['fan_in', 'fan_out']")
    return _calculate_fan_in_and_fan_out(tensor)[mode == 'fan_out']


def xavier_uniform_(tensor, gain=1.0, generator=None):
    """Fill with uniform numbers that keep the variance of signals and gradients (Glorot & Bengio, 2010).

    Args:
        tensor (Tensor): the weight.
        gain (float): factor for the nonlinearity that follows. Default: 1.
        generator (Generator, optional): where the numbers come from.

    Shape:
        - Tensor: (O, I, *): outputs, inputs, lengths of a kernel.

    Returns:
        Tensor: `tensor`, of [-a, a) with a = gain * sqrt(6 / (fan_in + fan_out)).

    Example:
        >>> import cnet
        >>> bool((cnet.nn.init.xavier_uniform_(cnet.empty(3, 3)).abs() <= 1).all())
        True
    """
    std = gain * math.sqrt(2.0 / float(sum(_calculate_fan_in_and_fan_out(tensor))))
    a = math.sqrt(3.0) * std
    return uniform_(tensor, -a, a, generator)


def xavier_normal_(tensor, gain=1.0, generator=None):
    """Fill with normal numbers that keep the variance of signals and gradients (Glorot & Bengio, 2010).

    Args:
        tensor (Tensor): the weight.
        gain (float): factor for the nonlinearity that follows. Default: 1.
        generator (Generator, optional): where the numbers come from.

    Shape:
        - Tensor: (O, I, *): outputs, inputs, lengths of a kernel.

    Returns:
        Tensor: `tensor`, of standard deviation gain * sqrt(2 / (fan_in + fan_out)).

    Example:
        >>> import cnet
        >>> cnet.nn.init.xavier_normal_(cnet.empty(3, 2)).shape
        cnet.Size([3, 2])
    """
    std = gain * math.sqrt(2.0 / float(sum(_calculate_fan_in_and_fan_out(tensor))))
    return normal_(tensor, 0.0, std, generator)


def _kaiming_std(tensor, a, mode, nonlinearity):
    fan = _calculate_correct_fan(tensor, mode)
    return calculate_gain(nonlinearity, a) / math.sqrt(fan)


def kaiming_uniform_(tensor, a=0, mode='fan_in', nonlinearity='leaky_relu', generator=None):
    """Fill with uniform numbers that keep the variance through rectifiers (He et al., 2015).

    Args:
        tensor (Tensor): the weight.
        a (float): negative slope of the 'leaky_relu' that follows. Default: 0.
        mode (str): 'fan_in' keeps the variance of signals, 'fan_out' that of gradients. Default: 'fan_in'.
        nonlinearity (str): what follows, see `calculate_gain`. Default: 'leaky_relu'.
        generator (Generator, optional): where the numbers come from.

    Shape:
        - Tensor: (O, I, *): outputs, inputs, lengths of a kernel.

    Returns:
        Tensor: `tensor`, of [-a, a) with a = gain * sqrt(3 / fan).

    Example:
        >>> import cnet
        >>> cnet.nn.init.kaiming_uniform_(cnet.empty(3, 2)).shape
        cnet.Size([3, 2])
    """
    if 0 in tensor.shape:
        warnings.warn('Initializing zero-element tensors is a no-op', stacklevel=2)
        return tensor
    bound = math.sqrt(3.0) * _kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(tensor, a=0, mode='fan_in', nonlinearity='leaky_relu', generator=None):
    """Fill with normal numbers that keep the variance through rectifiers (He et al., 2015).

    Args:
        tensor (Tensor): the weight.
        a (float): negative slope of the 'leaky_relu' that follows. Default: 0.
        mode (str): 'fan_in' keeps the variance of signals, 'fan_out' that of gradients. Default: 'fan_in'.
        nonlinearity (str): what follows, see `calculate_gain`. Default: 'leaky_relu'.
        generator (Generator, optional): where the numbers come from.

    Shape:
        - Tensor: (O, I, *): outputs, inputs, lengths of a kernel.

    Returns:
        Tensor: `tensor`, of standard deviation gain / sqrt(fan).

    Example:
        >>> import cnet
        >>> cnet.nn.init.kaiming_normal_(cnet.empty(3, 2), nonlinearity='relu').shape
        cnet.Size([3, 2])
    """
    if 0 in tensor.shape:
        warnings.warn('Initializing zero-element tensors is a no-op', stacklevel=2)
        return tensor
    return normal_(tensor, 0, _kaiming_std(tensor, a, mode, nonlinearity), generator)


@no_grad()
def orthogonal_(tensor, gain=1, generator=None):
    """Fill with a matrix whose rows or columns, whichever are fewer, are orthonormal (Saxe et al., 2014).

    Args:
        tensor (Tensor): what is filled; dimensions after the first count as columns.
        gain (float): factor of the result. Default: 1.
        generator (Generator, optional): where the numbers come from.

    Shape:
        - Tensor: (n, *), at least two dimensions.

    Returns:
        Tensor: `tensor`.

    Example:
        >>> import cnet
        >>> w = cnet.nn.init.orthogonal_(cnet.empty(2, 3))
        >>> cnet.allclose(w @ w.T, cnet.eye(2), atol=1e-6)
        True
    """
    if tensor.ndim < 2:
        raise ValueError('Only tensors with 2 or more dimensions are supported')
    if not tensor.numel():
        return tensor
    rows = tensor.shape[0]
    a = tensor.new_empty((rows, tensor.numel() // rows)).normal_(0, 1, generator=generator)._a
    wide = rows < a.shape[1]
    q, r = np.linalg.qr(a.T if wide else a)
    q *= np.sign(np.diagonal(r))  # makes the distribution uniform (Mezzadri, 2007)
    if wide:
        q = q.T
    copy_from(tensor, wrap(np.ascontiguousarray(q).reshape(tensor.shape)))
    return tensor.mul_(gain)


@no_grad()
def sparse_(tensor, sparsity, std=0.01, generator=None):
    """Fill a matrix with normal numbers, a part of each column with zeros (Martens, 2010).

    Args:
        tensor (Tensor): what is filled.
        sparsity (float): the part of each column that is zero.
        std (float): standard deviation of the others. Default: 0.01.
        generator (Generator, optional): where the normal numbers come from.

    Shape:
        - Tensor: (n, m), any matrix.

    Returns:
        Tensor: `tensor`.

    Example:
        >>> import cnet
        >>> int((cnet.nn.init.sparse_(cnet.empty(4, 3), 0.5) == 0).sum())
        6
    """
    if tensor.ndim != 2:
        raise ValueError('Only tensors with 2 dimensions are supported')
    rows, columns = tensor.shape
    zeros = math.ceil(sparsity * rows)
    values = tensor.normal_(0, std, generator=generator)._a.copy()
    for column in range(columns):
        values[randperm(rows)._a[:zeros], column] = 0
    return overwrite_(tensor, values)


def _deprecated(function):
    new = function.__name__
    old = new[:-1]

    @functools.wraps(function)
    def alias(*args, **kwargs):
        warnings.warn(f'`nn.init.{old}` is now deprecated in favor of `nn.init.{new}`.', FutureWarning, stacklevel=2)
        return function(*args, **kwargs)

    alias.__name__ = alias.__qualname__ = old
    alias.__doc__ = f'Old name of `{new}`.'
    return alias


uniform = _deprecated(uniform_)
normal = _deprecated(normal_)
constant = _deprecated(constant_)
eye = _deprecated(eye_)
dirac = _deprecated(dirac_)
xavier_uniform = _deprecated(xavier_uniform_)
xavier_normal = _deprecated(xavier_normal_)
kaiming_uniform = _deprecated(kaiming_uniform_)
kaiming_normal = _deprecated(kaiming_normal_)
orthogonal = _deprecated(orthogonal_)
sparse = _deprecated(sparse_)
