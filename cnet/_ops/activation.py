"""Smooth activation functions; those made of straight pieces are in `activation_linear.py`, the Ops in `_activation_ops.py`."""

from .._core import checks
from .._core.base import TensorBase
from .._core.elementwise import unary_, unary_float, with_out
from .._core.inplace import assign_
from .._core.op import finish
from ._activation_checks import check_float, in_place_of
from ._activation_ops import Celu, Elu, Gelu, Glu, LogSigmoid, Mish, Sigmoid, Silu, Softplus, Tanh

__all__ = ['celu', 'celu_', 'selu', 'selu_', 'sigmoid', 'sigmoid_', 'tanh', 'tanh_']
FUNCTIONAL = ['celu', 'celu_', 'elu', 'elu_', 'gelu', 'glu', 'logsigmoid', 'mish', 'selu', 'selu_', 'sigmoid', 'silu', 'softplus',
              'softsign', 'tanh', 'tanhshrink']


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
    check_float(input, 'elu', 'elu_cpu')
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
    check_float(input, 'selu', 'elu_cpu')
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
    check_float(input, 'celu', 'elu_cpu')
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
    check_float(input, 'gelu', 'GeluKernelImpl')
    if approximate != 'none' and approximate != 'tanh':
        raise RuntimeError('approximate argument must be either none or tanh.')
    return finish(Gelu, Gelu.info_, (input,), {'approximate': approximate}, Gelu.forward(input._a, approximate))


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
        check_float(input, 'silu', 'silu_cpu')
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
    check_float(input, 'mish', 'mish_cpu')
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
    check_float(input, 'softplus', 'softplus_cpu')
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
    check_float(input, 'logsigmoid', 'log_sigmoid_cpu')
    return LogSigmoid.apply(input)


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
    check_float(input, 'glu', 'glu_cpu')
    return Glu.apply(input, dim=dim)


def sigmoid_(input):
    """In-place version of `sigmoid`."""
    return unary_(Sigmoid, input) if input._a.dtype.kind in 'fc' else assign_(input, sigmoid(input))


def tanh_(input):
    """In-place version of `tanh`."""
    return unary_(Tanh, input) if input._a.dtype.kind in 'fc' else assign_(input, tanh(input))


celu_, elu_, selu_ = in_place_of(celu), in_place_of(elu), in_place_of(selu)
METHODS = {'sigmoid': sigmoid, 'sigmoid_': sigmoid_, 'tanh': tanh, 'tanh_': tanh_}
