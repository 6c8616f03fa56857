"""Activation functions made of straight pieces; the smooth ones are in `activation.py`, the Ops in `_activation_ops.py`."""

from .._core import checks, errors
from .._core.base import TensorBase
from .._core.elementwise import unary, unary_
from .._core.inplace import assign_
from ._activation_checks import check_float, check_ordered, in_place_of
from ._activation_ops import (
    Hardshrink,
    Hardsigmoid,
    Hardswish,
    Hardtanh,
    LeakyRelu,
    Prelu,
    Relu,
    Rrelu,
    Softshrink,
    Threshold,
)

__all__ = ['hardshrink', 'prelu', 'relu', 'relu_', 'rrelu', 'rrelu_', 'threshold', 'threshold_']
FUNCTIONAL = ['hardshrink', 'hardsigmoid', 'hardswish', 'hardtanh', 'hardtanh_', 'leaky_relu', 'leaky_relu_', 'prelu', 'relu',
              'relu6', 'relu_', 'rrelu', 'rrelu_', 'softshrink', 'threshold', 'threshold_']


def relu(input, inplace=False):
    """max(0, x), element by element; NaN stays NaN.

    Args:
        input (Tensor): real numbers.
        inplace (bool): write the result into `input`. Default: False.

    Shape:
        any; the result has the same.

    Returns:
        Tensor: the result.

    Example:
        >>> import cnet
        >>> cnet.relu(cnet.tensor([-1., 2.]))
        tensor([0., 2.])
    """
    if not isinstance(input, TensorBase):
        raise errors.argument_type('relu', 'input', 'Tensor', input, 1)
    if input._a.dtype.kind in 'bc':
        check_ordered(input, 'relu', 'Boolean')
    return unary_(Relu, input) if inplace else unary(Relu, input, 'relu')


def relu6(input, inplace=False):
    """min(max(0, x), 6), element by element.

    Args:
        input (Tensor): real numbers.
        inplace (bool): write the result into `input`. Default: False.

    Shape:
        any; the result has the same.

    Returns:
        Tensor: the result.

    Example:
        >>> import cnet
        >>> cnet.nn.functional.relu6(cnet.tensor([-1., 8.]))
        tensor([0., 6.])
    """
    check_ordered(input, 'hardtanh', 'Bool')
    y = Hardtanh.apply(input, low=0.0, high=6.0)
    return assign_(input, y) if inplace else y


def leaky_relu(input, negative_slope=0.01, inplace=False):
    """x where positive, else negative_slope * x.

    Args:
        input (Tensor): real floating-point numbers.
        negative_slope (float): slope of the negative side. Default: 0.01.
        inplace (bool): write the result into `input`. Default: False.

    Shape:
        any; the result has the same.

    Returns:
        Tensor: the result.

    Example:
        >>> import cnet
        >>> cnet.nn.functional.leaky_relu(cnet.tensor([-1., 2.]))
        tensor([-0.0100,  2.0000])
    """
    check_float(input, 'leaky_relu', 'leaky_relu_cpu')
    y = LeakyRelu.apply(input, slope=negative_slope)
    return assign_(input, y) if inplace else y


def prelu(input, weight):
    """x where positive, else weight * x, with one weight or one per channel.

    Args:
        input (Tensor): real floating-point numbers.
        weight (Tensor): of the type of `input`.

    Shape:
        - input: (N, C, ...); C = 1 if there is but one dimension.
        - weight: (1) or (C).
        - result: as input.

    Returns:
        Tensor: the result.

    Example:
        >>> import cnet
        >>> cnet.prelu(cnet.tensor([-1., 2.]), cnet.tensor([0.25]))
        tensor([-0.2500,  2.0000])
    """
    checks.tensor(input, 'prelu', position=1)
    checks.tensor(weight, 'prelu', 'weight', 2)
    x, w = input._a, weight._a
    if x.dtype != w.dtype:
        raise RuntimeError(f'prelu: Type promoting not supported. Got {input.dtype.legacy} and {weight.dtype.legacy}')
    check_float(input, 'prelu', 'prelu_cpu')
    if w.size != 1:
        if not x.ndim:
            raise RuntimeError('Not allow zero-dim input tensor.')
        channels = x.shape[1] if x.ndim > 1 else 1
        if w.size != channels:
            raise RuntimeError('Mismatch of parameter numbers and input channel size. Found parameter numbers = '
                               f'{w.size} and channel size = {channels}.')
    if w.ndim > 1:
        raise RuntimeError(f'prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {w.ndim}')
    if x.ndim > 1:
        weight = weight.reshape((1, w.size) + (1,) * (x.ndim - 2))
    elif not x.ndim:
        weight = weight.reshape(())
    return Prelu.apply(input, weight)


def rrelu(input, lower=1.0 / 8, upper=1.0 / 3, training=False, inplace=False):
    """Leaky relu whose slope is random in training, one per element, and the mean slope otherwise.

    Args:
        input (Tensor): real floating-point numbers.
        lower (float): least slope. Default: 1/8.
        upper (float): largest slope. Default: 1/3.
        training (bool): draw slopes. Default: False.
        inplace (bool): write the result into `input`. Default: False.

    Shape:
        any; the result has the same.

    Returns:
        Tensor: the result.

    Example:
        >>> import cnet
        >>> cnet.rrelu(cnet.tensor([-1., 2.]), 0.5, 0.5)
        tensor([-0.5000,  2.0000])
    """
    checks.tensor(input, 'rrelu', position=1)
    if lower > upper:
        raise RuntimeError('Lower bound should be less than or equal to the upper bound')
    check_float(input, 'rrelu', 'rrelu_with_noise_out_cpu' if training else 'leaky_relu_cpu')
    x = input.detach()
    slope = x.new_empty(x.shape).uniform_(lower, upper) if training else x.new_full(x.shape, (lower + upper) / 2)
    y = Rrelu.apply(input, slope.masked_fill(x > 0, 1))
    return assign_(input, y) if inplace else y


def threshold(input, threshold, value, inplace=False):
    """x where it exceeds the threshold, else value.

    Args:
        input (Tensor): real numbers.
        threshold (float): the limit.
        value (float): the replacement.
        inplace (bool): write the result into `input`. Default: False.

    Shape:
        any; the result has the same.

    Returns:
        Tensor: the result.

    Example:
        >>> import cnet
        >>> cnet.nn.functional.threshold(cnet.tensor([-1., 2.]), 0, 9)
        tensor([9., 2.])
    """
    check_ordered(input, 'threshold', 'Boolean')
    y = Threshold.apply(input, threshold=threshold, value=value)
    return assign_(input, y) if inplace else y


def hardtanh(input, min_val=-1.0, max_val=1.0, inplace=False):
    """x cut to [min_val, max_val].

    Args:
        input (Tensor): real numbers.
        min_val (float): lower limit. Default: -1.
        max_val (float): upper limit. Default: 1.
        inplace (bool): write the result into `input`. Default: False.

    Shape:
        any; the result has the same.

    Returns:
        Tensor: the result.

    Example:
        >>> import cnet
        >>> cnet.nn.functional.hardtanh(cnet.tensor([-1., 2.]))
        tensor([-1.,  1.])
    """
    if min_val > max_val:
        raise ValueError('min_val cannot be greater than max_val')
    check_ordered(input, 'hardtanh', 'Bool')
    if min_val < 0 and input._a.dtype.kind == 'u':
        raise RuntimeError('cannot do hardtanh on an unsigned type with negative limits')
    y = Hardtanh.apply(input, low=min_val, high=max_val)
    return assign_(input, y) if inplace else y


def hardsigmoid(input, inplace=False):
    """min(max(0, x + 3), 6) / 6, element by element.

    Args:
        input (Tensor): real floating-point numbers.
        inplace (bool): write the result into `input`. Default: False.

    Shape:
        any; the result has the same.

    Returns:
        Tensor: the result.

    Example:
        >>> import cnet
        >>> cnet.nn.functional.hardsigmoid(cnet.tensor([-1., 2.]))
        tensor([0.3333, 0.8333])
    """
    check_float(input, 'hardsigmoid', 'hardsigmoid_cpu')
    y = Hardsigmoid.apply(input)
    return assign_(input, y) if inplace else y


def hardswish(input, inplace=False):
    """x * hardsigmoid(x).

    Args:
        input (Tensor): real floating-point numbers.
        inplace (bool): write the result into `input`. Default: False.

    Shape:
        any; the result has the same.

    Returns:
        Tensor: the result.

    Example:
        >>> import cnet
        >>> cnet.nn.functional.hardswish(cnet.tensor([-1., 2.]))
        tensor([-0.3333,  1.6667])
    """
    check_float(input, 'hardswish', 'hardswish_cpu')
    y = Hardswish.apply(input)
    return assign_(input, y) if inplace else y


def hardshrink(input, lambd=0.5):
    """x where abs(x) > lambd, else 0.

    Args:
        input (Tensor): real floating-point numbers.
        lambd (float): half width of the flat part. Default: 0.5.

    Shape:
        any; the result has the same.

    Returns:
        Tensor: the result.

    Example:
        >>> import cnet
        >>> cnet.nn.functional.hardshrink(cnet.tensor([-1., 2.]))
        tensor([-1.,  2.])
    """
    check_float(input, 'hardshrink', 'hardshrink_cpu')
    return Hardshrink.apply(input, width=lambd)


def softshrink(input, lambd=0.5):
    """x moved towards 0 by lambd, and 0 where abs(x) <= lambd.

    Args:
        input (Tensor): real floating-point numbers.
        lambd (float): how far, at least 0. Default: 0.5.

    Shape:
        any; the result has the same.

    Returns:
        Tensor: the result.

    Example:
        >>> import cnet
        >>> cnet.nn.functional.softshrink(cnet.tensor([-1., 2.]))
        tensor([-0.5000,  1.5000])
    """
    check_float(input, 'softshrink', 'softshrink_check')
    if not lambd >= 0:
        raise RuntimeError(f'lambda must be in range [0, 3.40282e+38] for input dtype {input.dtype.legacy}, but found {lambd:g}')
    return Softshrink.apply(input, width=lambd)


def relu_(input):
    """In-place version of `relu`."""
    return relu(input, True)


hardtanh_, leaky_relu_, rrelu_, threshold_ = [in_place_of(f) for f in (hardtanh, leaky_relu, rrelu, threshold)]
METHODS = {'hardshrink': hardshrink, 'prelu': prelu, 'relu': relu, 'relu_': relu_}
