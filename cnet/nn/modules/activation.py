"""Smooth activations. For those made of straight pieces see `rectifier`; PyTorch has both, and more, under this file's name."""

from importlib import import_module

from .. import functional as F
from ._runs import ACTIVATIONS
from .module import Module
from .rectifier import _INPLACE, _Inplace

__all__ = [
    'Sigmoid', 'Tanh', 'SiLU', 'Mish', 'ELU', 'CELU', 'SELU', 'GLU', 'GELU', 'LogSigmoid', 'Softplus', 'Softsign',
    'Tanhshrink',
]

# Where else in this package the names are that PyTorch has in its file of this name.
_ELSEWHERE = {
    'rectifier': ('Hardshrink', 'Hardsigmoid', 'Hardswish', 'Hardtanh', 'LeakyReLU', 'PReLU', 'RReLU', 'ReLU', 'ReLU6',
                  'Softshrink', 'Threshold'),
    'softmax': ('LogSoftmax', 'Softmax', 'Softmax2d', 'Softmin'),
    'attention': ('MultiheadAttention',),
}


def __getattr__(name):
    for file, names in _ELSEWHERE.items():
        if name in names:
            return getattr(import_module(f'.{file}', __package__), name)
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')


class Sigmoid(Module):
    """1 / (1 + exp(-x)).

    Shape:
        input, output: (*).

    Example:
        >>> import cnet
        >>> cnet.nn.Sigmoid()(cnet.zeros(1))
        tensor([0.5000])
    """

    def forward(self, input):
        return F.sigmoid(input)


class Tanh(Module):
    """tanh(x).

    Shape:
        input, output: (*).

    Example:
        >>> import cnet
        >>> cnet.nn.Tanh()(cnet.zeros(1))
        tensor([0.])
    """

    def forward(self, input):
        return F.tanh(input)


class SiLU(_Inplace):
    """x · sigmoid(x).

    Args:
        inplace (bool): write the result into the input.

    Shape:
        input, output: (*).

    Example:
        >>> import cnet
        >>> cnet.nn.SiLU()(cnet.zeros(1))
        tensor([0.])
    """

    def forward(self, input):
        return F.silu(input, inplace=self.inplace)


class Mish(_Inplace):
    """x · tanh(softplus(x)).

    Args:
        inplace (bool): write the result into the input.

    Shape:
        input, output: (*).

    Example:
        >>> import cnet
        >>> cnet.nn.Mish()(cnet.zeros(1))
        tensor([0.])
    """

    def forward(self, input):
        return F.mish(input, inplace=self.inplace)


class ELU(Module):
    """x where x > 0, else alpha · (exp(x) - 1).

    Args:
        alpha (float): minus the limit on the left.
        inplace (bool): write the result into the input.

    Shape:
        input, output: (*).

    Example:
        >>> import cnet
        >>> cnet.nn.ELU()(cnet.tensor([0., 2.]))
        tensor([0., 2.])
    """

    def __init__(self, alpha=1.0, inplace=False):
        super().__init__()
        self.alpha = alpha
        self.inplace = inplace

    def forward(self, input):
        return F.elu(input, self.alpha, self.inplace)

    def extra_repr(self):
        return f'alpha={self.alpha}{_INPLACE[self.inplace]}'


class CELU(Module):
    """x where x > 0, else alpha · (exp(x / alpha) - 1).

    Args:
        alpha (float): minus the limit on the left.
        inplace (bool): write the result into the input.

    Shape:
        input, output: (*).

    Example:
        >>> import cnet
        >>> cnet.nn.CELU()(cnet.tensor([0., 2.]))
        tensor([0., 2.])
    """

    def __init__(self, alpha=1.0, inplace=False):
        super().__init__()
        self.alpha = alpha
        self.inplace = inplace

    def forward(self, input):
        return F.celu(input, self.alpha, self.inplace)

    def extra_repr(self):
        return f'alpha={self.alpha}{_INPLACE[self.inplace]}'


class SELU(_Inplace):
    """The scaled ELU that keeps mean 0 and variance 1 from layer to layer.

    Args:
        inplace (bool): write the result into the input.

    Shape:
        input, output: (*).

    Example:
        >>> import cnet
        >>> cnet.nn.SELU()(cnet.zeros(1))
        tensor([0.])
    """

    def forward(self, input):
        return F.selu(input, self.inplace)


class GLU(Module):
    """The first half of a dimension times the sigmoid of the second half.

    Args:
        dim (int): the dimension.

    Shape:
        input: (*, 2N, *). output: (*, N, *).

    Example:
        >>> import cnet
        >>> cnet.nn.GLU()(cnet.zeros(2, 6)).shape
        cnet.Size([2, 3])
    """

    def __init__(self, dim=-1):
        super().__init__()
        self.dim = dim

    def forward(self, input):
        return F.glu(input, self.dim)

    def extra_repr(self):
        return f'dim={self.dim}'


class GELU(Module):
    """x · Φ(x), with the normal distribution function Φ.

    Args:
        approximate (str): 'none', or 'tanh' for an approximation by tanh.

    Shape:
        input, output: (*).

    Example:
        >>> import cnet
        >>> cnet.nn.GELU()(cnet.zeros(1))
        tensor([0.])
    """

    def __init__(self, approximate='none'):
        super().__init__()
        self.approximate = approximate

    def forward(self, input):
        return F.gelu(input, approximate=self.approximate)

    def extra_repr(self):
        return f'approximate={self.approximate!r}'


class LogSigmoid(Module):
    """log(1 / (1 + exp(-x))).

    Shape:
        input, output: (*).

    Example:
        >>> import cnet
        >>> cnet.nn.LogSigmoid()(cnet.zeros(1))
        tensor([-0.6931])
    """

    def forward(self, input):
        return F.logsigmoid(input)


class Softplus(Module):
    """log(1 + exp(beta · x)) / beta, a smooth ReLU.

    Args:
        beta (float): how sharp the bend is.
        threshold (float): above it, beta · x counts as linear.

    Shape:
        input, output: (*).

    Example:
        >>> import cnet
        >>> cnet.nn.Softplus()(cnet.zeros(1))
        tensor([0.6931])
    """

    def __init__(self, beta=1.0, threshold=20.0):
        super().__init__()
        self.beta = beta
        self.threshold = threshold

    def forward(self, input):
        return F.softplus(input, self.beta, self.threshold)

    def extra_repr(self):
        return f'beta={self.beta}, threshold={self.threshold}'


class Softsign(Module):
    """x / (1 + |x|).

    Shape:
        input, output: (*).

    Example:
        >>> import cnet
        >>> cnet.nn.Softsign()(cnet.tensor([-1., 1.]))
        tensor([-0.5000,  0.5000])
    """

    def forward(self, input):
        return F.softsign(input)


class Tanhshrink(Module):
    """x - tanh(x).

    Shape:
        input, output: (*).

    Example:
        >>> import cnet
        >>> cnet.nn.Tanhshrink()(cnet.zeros(1))
        tensor([0.])
    """

    def forward(self, input):
        return F.tanhshrink(input)


ACTIVATIONS.update({Sigmoid: (Sigmoid.forward, 'sigmoid'), Tanh: (Tanh.forward, 'tanh'), GELU: (GELU.forward, 'gelu'),
                    SiLU: (SiLU.forward, 'silu')})
