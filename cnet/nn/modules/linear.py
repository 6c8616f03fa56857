"""Identity, Linear, Bilinear."""

import math

from ..._ops._activated import linear_activated
from .. import functional as F
from .. import init
from ._runs import JOINS
from .module import Module
from .utils import new_parameter

__all__ = ['Identity', 'Linear', 'Bilinear']


class Identity(Module):
    """The input, unchanged. Takes and ignores any constructor arguments.

    Shape:
        input, output: (*).

    Example:
        >>> import cnet
        >>> cnet.nn.Identity(54, unused=0.1)(cnet.ones(2))
        tensor([1., 1.])
    """

    def __init__(self, *args, **kwargs):
        super().__init__()

    def forward(self, input):
        return input


class Linear(Module):
    """y = x Wᵀ + b. Weights start uniform in ±1/√in_features.

    Args:
        in_features (int): I, the length of an input row.
        out_features (int): O, the length of an output row.
        bias (bool): whether to add b.
        device (device, optional): 'cpu', the only one.
        dtype (dtype, optional): of the parameters.

    Shape:
        input: (*, I). output: (*, O). weight: (O, I). bias: (O).

    Example:
        >>> import cnet
        >>> cnet.nn.Linear(3, 2)(cnet.zeros(5, 3)).shape
        cnet.Size([5, 2])
    """

    def __init__(self, in_features, out_features, bias=True, device=None, dtype=None):
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.weight = new_parameter((out_features, in_features), dtype, device)
        if bias:
            self.bias = new_parameter((out_features,), dtype, device)
        else:
            self.register_parameter('bias', None)
        self.reset_parameters()

    def reset_parameters(self):
        """Draw the initial weights again."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))  # = uniform in ±1/√in_features
        if self.bias is not None:
            bound = 1 / math.sqrt(self.in_features) if self.in_features > 0 else 0
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input):
        return F.linear(input, self.weight, self.bias)

    def extra_repr(self):
        return f'in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}'


def _with_activation(layer, x, activation, fresh):
    return linear_activated(x, layer.weight, layer.bias, activation)


JOINS[Linear] = Linear.forward, _with_activation, False, None


class NonDynamicallyQuantizableLinear(Linear):
    """`Linear` under the name that the output projection of attention has in a printed model."""


class Bilinear(Module):
    """y = x₁ᵀ A x₂ + b, with one matrix A for every output.

    Args:
        in1_features (int): I, the length of a row of the first input.
        in2_features (int): J, the length of a row of the second input.
        out_features (int): O, the length of an output row.
        bias (bool): whether to add b.
        device (device, optional): 'cpu', the only one.
        dtype (dtype, optional): of the parameters.

    Shape:
        input1: (*, I). input2: (*, J). output: (*, O). weight: (O, I, J). bias: (O).

    Example:
        >>> import cnet
        >>> cnet.nn.Bilinear(3, 4, 2)(cnet.zeros(5, 3), cnet.zeros(5, 4)).shape
        cnet.Size([5, 2])
    """

    def __init__(self, in1_features, in2_features, out_features, bias=True, device=None, dtype=None):
        super().__init__()
        self.in1_features = in1_features
        self.in2_features = in2_features
        self.out_features = out_features
        self.weight = new_parameter((out_features, in1_features, in2_features), dtype, device)
        if bias:
            self.bias = new_parameter((out_features,), dtype, device)
        else:
            self.register_parameter('bias', None)
        self.reset_parameters()

    def reset_parameters(self):
        """Draw the initial weights again."""
        if self.in1_features <= 0:
            raise ValueError(f'in1_features must be > 0, but got (in1_features={self.in1_features})')
        bound = 1 / math.sqrt(self.in1_features)
        init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input1, input2):
        return F.bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self):
        return (f'in1_features={self.in1_features}, in2_features={self.in2_features}, '
                f'out_features={self.out_features}, bias={self.bias is not None}')
