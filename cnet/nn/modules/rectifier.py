"""Activations made of straight pieces. For the smooth ones see `activation`."""

import warnings

from .. import functional as F
from .. import init
from ._runs import ACTIVATIONS
from .module import Module
from .utils import new_parameter

__all__ = [
    'ReLU', 'RReLU', 'Hardtanh', 'ReLU6', 'Hardsigmoid', 'Hardswish', 'Hardshrink', 'LeakyReLU', 'Softshrink',
    'PReLU', 'Threshold',
]

_INPLACE = {False: '', True: ', inplace=True'}  # the end of extra_repr


class _Inplace(Module):
    """The constructor of the layers whose only argument is `inplace`."""

    def __init__(self, inplace=False):
        super().__init__()
        self.inplace = inplace

    def extra_repr(self):
        return 'inplace=True' if self.inplace else ''


class ReLU(_Inplace):
    """max(x, 0).

    Args:
        inplace (bool): write the result into the input.

    Shape:
        input, output: (*).

    Example:
        >>> import cnet
        >>> cnet.nn.ReLU()(cnet.tensor([-1., 2.]))
        tensor([0., 2.])
    """

    def forward(self, input):
        return F.relu(input, inplace=self.inplace)


ACTIVATIONS[ReLU] = ReLU.forward, 'relu'


class RReLU(Module):
    """x where x > 0, else a·x: a is drawn per element in training, and the middle of the range in evaluation.

    Args:
        lower (float): the least a.
        upper (float): the largest a.
        inplace (bool): write the result into the input.

    Shape:
        input, output: (*).
    """

    def __init__(self, lower=1.0 / 8, upper=1.0 / 3, inplace=False):
        super().__init__()
        self.lower = lower
        self.upper = upper
        self.inplace = inplace

    def forward(self, input):
        return F.rrelu(input, self.lower, self.upper, self.training, self.inplace)

    def extra_repr(self):
        return f'lower={self.lower}, upper={self.upper}{_INPLACE[self.inplace]}'


class Hardtanh(Module):
    """x cut to the range from min_val to max_val.

    Args:
        min_val (float): the least value.
        max_val (float): the largest value.
        inplace (bool): write the result into the input.
        min_value, max_value (float, optional): older names of the two.

    Shape:
        input, output: (*).

    Example:
        >>> import cnet
        >>> cnet.nn.Hardtanh()(cnet.tensor([-1., 2.]))
        tensor([-1.,  1.])
    """

    def __init__(self, min_val=-1.0, max_val=1.0, inplace=False, min_value=None, max_value=None):
        super().__init__()
        if min_value is not None:
            warnings.warn('keyword argument `min_value` is deprecated and rename to `min_val`', FutureWarning,
                          stacklevel=2)
            min_val = min_value
        if max_value is not None:
            warnings.warn('keyword argument `max_value` is deprecated and rename to `max_val`', FutureWarning,
                          stacklevel=2)
            max_val = max_value
        self.min_val = min_val
        self.max_val = max_val
        self.inplace = inplace
        if self.max_val <= self.min_val:
            raise AssertionError('max_val must be larger than min_val')

    def forward(self, input):
        return F.hardtanh(input, self.min_val, self.max_val, self.inplace)

    def extra_repr(self):
        return f'min_val={self.min_val}, max_val={self.max_val}{_INPLACE[self.inplace]}'


class ReLU6(Hardtanh):
    """x cut to the range from 0 to 6.

    Args:
        inplace (bool): write the result into the input.

    Shape:
        input, output: (*).

    Example:
        >>> import cnet
        >>> cnet.nn.ReLU6()(cnet.tensor([-1., 9.]))
        tensor([0., 6.])
    """

    def __init__(self, inplace=False):
        super().__init__(0.0, 6.0, inplace)

    def extra_repr(self):
        return 'inplace=True' if self.inplace else ''


class Hardsigmoid(_Inplace):
    """x / 6 + 1/2, cut to the range from 0 to 1.

    Args:
        inplace (bool): write the result into the input.

    Shape:
        input, output: (*).

    Example:
        >>> import cnet
        >>> cnet.nn.Hardsigmoid()(cnet.zeros(1))
        tensor([0.5000])
    """

    def forward(self, input):
        return F.hardsigmoid(input, self.inplace)

    def extra_repr(self):
        return ''


class Hardswish(_Inplace):
    """x · hardsigmoid(x).

    Args:
        inplace (bool): write the result into the input.

    Shape:
        input, output: (*).

    Example:
        >>> import cnet
        >>> cnet.nn.Hardswish()(cnet.tensor([-3., 3.]))
        tensor([-0., 3.])
    """

    def forward(self, input):
        return F.hardswish(input, self.inplace)

    def extra_repr(self):
        return ''


class Hardshrink(Module):
    """x where |x| > lambd, else 0.

    Args:
        lambd (float): the threshold.

    Shape:
        input, output: (*).

    Example:
        >>> import cnet
        >>> cnet.nn.Hardshrink()(cnet.tensor([0.2, 2.]))
        tensor([0., 2.])
    """

    def __init__(self, lambd=0.5):
        super().__init__()
        self.lambd = lambd

    def forward(self, input):
        return F.hardshrink(input, self.lambd)

    def extra_repr(self):
        return f'{self.lambd}'


class LeakyReLU(Module):
    """x where x > 0, else negative_slope · x.

    Args:
        negative_slope (float): the slope on the left.
        inplace (bool): write the result into the input.

    Shape:
        input, output: (*).

    Example:
        >>> import cnet
        >>> cnet.nn.LeakyReLU(0.5)(cnet.tensor([-1., 2.]))
        tensor([-0.5000,  2.0000])
    """

    def __init__(self, negative_slope=1e-2, inplace=False):
        super().__init__()
        self.negative_slope = negative_slope
        self.inplace = inplace

    def forward(self, input):
        return F.leaky_relu(input, self.negative_slope, self.inplace)

    def extra_repr(self):
        return f'negative_slope={self.negative_slope}{_INPLACE[self.inplace]}'


class Softshrink(Module):
    """x moved towards 0 by lambd, and 0 where |x| ≤ lambd.

    Args:
        lambd (float): how far.

    Shape:
        input, output: (*).

    Example:
        >>> import cnet
        >>> cnet.nn.Softshrink()(cnet.tensor([-1., 2.]))
        tensor([-0.5000,  1.5000])
    """

    def __init__(self, lambd=0.5):
        super().__init__()
        self.lambd = lambd

    def forward(self, input):
        return F.softshrink(input, self.lambd)

    def extra_repr(self):
        return str(self.lambd)


class PReLU(Module):
    """x where x > 0, else a · x with a learnt a.

    Args:
        num_parameters (int): 1, or C for one a per channel.
        init (float): what a starts from.
        device (device, optional): 'cpu', the only one.
        dtype (dtype, optional): of a.

    Shape:
        input, output: (N, C, *). weight: (num_parameters).

    Example:
        >>> import cnet
        >>> cnet.nn.PReLU()(cnet.tensor([0., 2.])).shape
        cnet.Size([2])
    """

    def __init__(self, num_parameters=1, init=0.25, device=None, dtype=None):
        super().__init__()
        self.num_parameters = num_parameters
        self.init = init
        self.weight = new_parameter((num_parameters,), dtype, device)
        self.reset_parameters()

    def reset_parameters(self):
        """Set a to its first value again."""
        init.constant_(self.weight, self.init)

    def forward(self, input):
        return F.prelu(input, self.weight)

    def extra_repr(self):
        return f'num_parameters={self.num_parameters}'


class Threshold(Module):
    """x where x > threshold, else value.

    Args:
        threshold (float): the threshold.
        value (float): what replaces the rest.
        inplace (bool): write the result into the input.

    Shape:
        input, output: (*).

    Example:
        >>> import cnet
        >>> cnet.nn.Threshold(0.5, 9.)(cnet.tensor([-1., 2.]))
        tensor([9., 2.])
    """

    def __init__(self, threshold, value, inplace=False):
        super().__init__()
        self.threshold = threshold
        self.value = value
        self.inplace = inplace

    def forward(self, input):
        return F.threshold(input, self.threshold, self.value, self.inplace)

    def extra_repr(self):
        return f'threshold={self.threshold}, value={self.value}{_INPLACE[self.inplace]}'
