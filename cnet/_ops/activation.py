"""Activation functions: public names, argument checks, in-place forms. The Ops are in `_activation_ops.py`."""

from .._core import checks, errors
from .._core.base import TensorBase
from .._core.elementwise import unary, unary_, unary_float, with_out
from .._core.inplace import assign_
from ._activation_ops import (
    Celu, Elu, Gelu, Glu, Hardshrink, Hardsigmoid, Hardswish, Hardtanh, LeakyRelu, LogSigmoid, Mish, Prelu, Relu, Rrelu,
    Sigmoid, Silu, Softplus, Softshrink, Tanh, Threshold,
)

__all__ = ['celu', 'celu_', 'hardshrink', 'prelu', 'relu', 'relu_', 'rrelu', 'rrelu_', 'selu', 'selu_', 'sigmoid', 'sigmoid_',
           'tanh', 'tanh_', 'threshold', 'threshold_']
FUNCTIONAL = [
    'celu', 'celu_', 'elu', 'elu_', 'gelu', 'glu', 'hardshrink', 'hardsigmoid', 'hardswish', 'hardtanh', 'hardtanh_', 'leaky_relu',
    'leaky_relu_', 'logsigmoid', 'mish', 'prelu', 'relu', 'relu6', 'relu_', 'rrelu', 'rrelu_', 'selu', 'selu_', 'sigmoid', 'silu',
    'softplus', 'softshrink', 'softsign', 'tanh', 'tanhshrink', 'threshold', 'threshold_',
]


def _check_float(input, name, kernel):
    """Refuse anything but a tensor of real floating-point numbers."""
    if not isinstance(input, TensorBase):
        raise errors.argument_type(name, 'input', 'Tensor', input, 1)
    if input._a.dtype.kind != 'f':
        raise errors.not_implemented(kernel, input._a.dtype)


def _check_ordered(input, name, shown):
    """Refuse anything but a tensor of real numbers; these functions also take integers."""
    if not isinstance(input, TensorBase):
        raise errors.argument_type(name, 'input', 'Tensor', input, 1)
    if input._a.dtype.kind == 'b':
        raise RuntimeError(f'{shown} inputs not supported for {name}')
    if input._a.dtype.kind == 'c':
        raise NotImplementedError('clamp is not supported for complex types')


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
        _check_ordered(input, 'relu', 'Boolean')
    return unary_(Relu, input) if inplace else unary(Relu, input, 'relu')


def sigmoid(input, *, out=None):
    """1 / (1 + exp(-x)), element by element.

    Args:
        input (Tensor): any numbers; integers become the default floating type.
        out (Tensor, optional): receives the result.

    Shape:
        any; the result has the same.

    Returns:
        Tensor: the result.

    Example:
        >>> import cnet
        >>> cnet.sigmoid(cnet.tensor([-1., 2.]))
        tensor([0.2689, 0.8808])
    """
    y = unary_float(Sigmoid, input, 'sigmoid')
    return y if out is None else with_out(y, out)

def tanh(input, *, out=None):
    """Hyperbolic tangent, element by element.

    Args:
        input (Tensor): any numbers; integers become the default floating type.
        out (Tensor, optional): receives the result.

    Shape:
        any; the result has the same.

    Returns:
        Tensor: the result.

    Example:
        >>> import cnet
        >>> cnet.tanh(cnet.tensor([-1., 2.]))
        tensor([-0.7616,  0.9640])
    """
    y = unary_float(Tanh, input, 'tanh')
    return y if out is None else with_out(y, out)

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
    _check_float(input, 'leaky_relu', 'leaky_relu_cpu')
    y = LeakyRelu.apply(input, slope=negative_slope)
    return assign_(input, y) if inplace else y

def elu(input, alpha=1.0, inplace=False):
    """x where positive, else alpha * (exp(x) - 1).

    Args:
        input (Tensor): real floating-point numbers.
        alpha (float): minus the limit at minus infinity. Default: 1.
        inplace (bool): write the result into `input`. Default: False.

    Shape:
        any; the result has the same.

    Returns:
        Tensor: the result.

    Example:
        >>> import cnet
        >>> cnet.nn.functional.elu(cnet.tensor([-1., 2.]))
        tensor([-0.6321,  2.0000])
    """
    _check_float(input, 'elu', 'elu_cpu')
    y = Elu.apply(input, negative=alpha, positive=1.0, inner=1.0)
    return assign_(input, y) if inplace else y

# Values for which activations of mean 0 and variance 1 keep both (Klambauer et al., 2017, arXiv 1706.02515).
_SELU_ALPHA = 1.6732632423543772848170429916717
_SELU_SCALE = 1.0507009873554804934193349852946


def selu(input, inplace=False):
    """Scaled elu, with the two constants that normalise activations by themselves.

    Args:
        input (Tensor): real floating-point numbers.
        inplace (bool): write the result into `input`. Default: False.

    Shape:
        any; the result has the same.

    Returns:
        Tensor: the result.

    Example:
        >>> import cnet
        >>> cnet.nn.functional.selu(cnet.tensor([-1., 2.]))
        tensor([-1.1113,  2.1014])
    """
    _check_float(input, 'selu', 'elu_cpu')
    y = Elu.apply(input, negative=_SELU_ALPHA * _SELU_SCALE, positive=_SELU_SCALE, inner=1.0)
    return assign_(input, y) if inplace else y

def celu(input, alpha=1.0, inplace=False):
    """x where positive, else alpha * (exp(x / alpha) - 1): an elu whose slope is continuous.

    Args:
        input (Tensor): real floating-point numbers.
        alpha (float): minus the limit at minus infinity, not 0. Default: 1.
        inplace (bool): write the result into `input`. Default: False.

    Shape:
        any; the result has the same.

    Returns:
        Tensor: the result.

    Example:
        >>> import cnet
        >>> cnet.nn.functional.celu(cnet.tensor([-1., 2.]))
        tensor([-0.6321,  2.0000])
    """
    if alpha == 0:
        raise RuntimeError('ZeroDivisionError: alpha cannot be 0 for CELU')
    _check_float(input, 'celu', 'elu_cpu')
    y = Celu.apply(input, negative=alpha, positive=1.0, inner=1.0 / alpha)
    return assign_(input, y) if inplace else y

def gelu(input, approximate='none'):
    """x times the normal distribution function of x.

    Args:
        input (Tensor): real floating-point numbers.
        approximate (str): 'none' for the error function, 'tanh' for the formula with tanh. Default: 'none'.

    Shape:
        any; the result has the same.

    Returns:
        Tensor: the result.

    Example:
        >>> import cnet
        >>> cnet.nn.functional.gelu(cnet.tensor([-1., 2.]))
        tensor([-0.1587,  1.9545])
    """
    _check_float(input, 'gelu', 'GeluKernelImpl')
    if approximate != 'none' and approximate != 'tanh':
        raise RuntimeError('approximate argument must be either none or tanh.')
    return Gelu.apply(input, approximate=approximate)

def silu(input, inplace=False):
    """x * sigmoid(x), also called swish.

    Args:
        input (Tensor): floating-point or complex numbers.
        inplace (bool): write the result into `input`. Default: False.

    Shape:
        any; the result has the same.

    Returns:
        Tensor: the result.

    Example:
        >>> import cnet
        >>> cnet.nn.functional.silu(cnet.tensor([-1., 2.]))
        tensor([-0.2689,  1.7616])
    """
    if not isinstance(input, TensorBase) or input._a.dtype.kind != 'c':
        _check_float(input, 'silu', 'silu_cpu')
    y = Silu.apply(input)
    return assign_(input, y) if inplace else y

def mish(input, inplace=False):
    """x * tanh(softplus(x)).

    Args:
        input (Tensor): real floating-point numbers.
        inplace (bool): write the result into `input`. Default: False.

    Shape:
        any; the result has the same.

    Returns:
        Tensor: the result.

    Example:
        >>> import cnet
        >>> cnet.nn.functional.mish(cnet.tensor([-1., 2.]))
        tensor([-0.3034,  1.9440])
    """
    _check_float(input, 'mish', 'mish_cpu')
    y = Mish.apply(input)
    return assign_(input, y) if inplace else y

def softplus(input, beta=1.0, threshold=20.0):
    """log(1 + exp(beta x)) / beta, a smooth relu.

    Args:
        input (Tensor): real floating-point numbers.
        beta (float): sharpness. Default: 1.
        threshold (float): where beta x exceeds it the result is x. Default: 20.

    Shape:
        any; the result has the same.

    Returns:
        Tensor: the result.

    Example:
        >>> import cnet
        >>> cnet.nn.functional.softplus(cnet.tensor([-1., 2.]))
        tensor([0.3133, 2.1269])
    """
    _check_float(input, 'softplus', 'softplus_cpu')
    return Softplus.apply(input, beta=beta, threshold=threshold)

def logsigmoid(input):
    """log(sigmoid(x)) without overflow.

    Args:
        input (Tensor): real floating-point numbers.

    Shape:
        any; the result has the same.

    Returns:
        Tensor: the result.

    Example:
        >>> import cnet
        >>> cnet.nn.functional.logsigmoid(cnet.tensor([-1., 2.]))
        tensor([-1.3133, -0.1269])
    """
    _check_float(input, 'logsigmoid', 'log_sigmoid_cpu')
    return LogSigmoid.apply(input)

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
    _check_ordered(input, 'hardtanh', 'Bool')
    y = Hardtanh.apply(input, low=min_val, high=max_val)
    return assign_(input, y) if inplace else y

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
    _check_ordered(input, 'hardtanh', 'Bool')
    y = Hardtanh.apply(input, low=0.0, high=6.0)
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
    _check_float(input, 'hardsigmoid', 'hardsigmoid_cpu')
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
    _check_float(input, 'hardswish', 'hardswish_cpu')
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
    _check_float(input, 'hardshrink', 'hardshrink_cpu')
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
    _check_float(input, 'softshrink', 'softshrink_check')
    if not lambd >= 0:
        raise RuntimeError(f'lambda must be in range [0, 3.40282e+38] for input dtype {input.dtype.legacy}, but found {lambd:g}')
    return Softshrink.apply(input, width=lambd)

def softsign(input):
    """x / (1 + abs(x)).

    Args:
        input (Tensor): any numbers but bools.

    Shape:
        any; the result has the same.

    Returns:
        Tensor: the result.

    Example:
        >>> import cnet
        >>> cnet.nn.functional.softsign(cnet.tensor([-1., 2.]))
        tensor([-0.5000,  0.6667])
    """
    checks.tensor(input, 'softsign', position=1)
    return input / (input.abs() + 1)

def tanhshrink(input):
    """x - tanh(x).

    Args:
        input (Tensor): any numbers but bools.

    Shape:
        any; the result has the same.

    Returns:
        Tensor: the result.

    Example:
        >>> import cnet
        >>> cnet.nn.functional.tanhshrink(cnet.tensor([-1., 2.]))
        tensor([-0.2384,  1.0360])
    """
    checks.tensor(input, 'tanhshrink', position=1)
    return input - tanh(input)

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
    _check_ordered(input, 'threshold', 'Boolean')
    y = Threshold.apply(input, threshold=threshold, value=value)
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
    _check_float(input, 'prelu', 'prelu_cpu')
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
    _check_float(input, 'rrelu', 'rrelu_with_noise_out_cpu' if training else 'leaky_relu_cpu')
    x = input.detach()
    slope = x.new_empty(x.shape).uniform_(lower, upper) if training else x.new_full(x.shape, (lower + upper) / 2)
    y = Rrelu.apply(input, slope.masked_fill(x > 0, 1))
    return assign_(input, y) if inplace else y


def glu(input, dim=-1):
    """a * sigmoid(b) for the two halves a, b of the input along a dimension.

    Args:
        input (Tensor): real floating-point numbers.
        dim (int): the dimension to halve, of even size. Default: -1.

    Shape:
        - input: (..., 2n, ...)
        - result: (..., n, ...)

    Returns:
        Tensor: the result.

    Example:
        >>> import cnet
        >>> cnet.nn.functional.glu(cnet.tensor([1., 2., 0., 0.]))
        tensor([0.5000, 1.0000])
    """
    checks.tensor(input, 'glu', position=1)
    shape = input._a.shape
    if not shape:
        raise RuntimeError('glu does not support scalars because halving size must be even')
    dim = checks.dim(dim, len(shape))
    if shape[dim] % 2:
        raise RuntimeError(f'Halving dimension must be even, but dimension {dim} is size {shape[dim]}')
    _check_float(input, 'glu', 'glu_cpu')
    return Glu.apply(input, dim=dim)


def _in_place(function):
    def in_place(input, *args, **kwargs):
        return assign_(input, function(input, *args, **kwargs))
    in_place.__name__ = in_place.__qualname__ = function.__name__ + '_'
    in_place.__doc__ = f'In-place version of `{function.__name__}`.'
    return in_place


def relu_(input):
    """In-place version of `relu`."""
    return relu(input, True)


def sigmoid_(input):
    """In-place version of `sigmoid`."""
    return unary_(Sigmoid, input) if input._a.dtype.kind in 'fc' else assign_(input, sigmoid(input))


def tanh_(input):
    """In-place version of `tanh`."""
    return unary_(Tanh, input) if input._a.dtype.kind in 'fc' else assign_(input, tanh(input))


celu_, elu_, hardtanh_, leaky_relu_ = [_in_place(function) for function in (celu, elu, hardtanh, leaky_relu)]
rrelu_, selu_, threshold_ = [_in_place(function) for function in (rrelu, selu, threshold)]

METHODS = {'hardshrink': hardshrink, 'prelu': prelu, 'relu': relu, 'relu_': relu_, 'sigmoid': sigmoid, 'sigmoid_': sigmoid_,
           'tanh': tanh, 'tanh_': tanh_}
