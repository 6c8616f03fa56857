"""Normalization within a sample: LayerNorm, GroupNorm, RMSNorm, LocalResponseNorm."""

import numbers

from .. import functional as F
from .. import init
from .batchnorm import _affine_parameters
from .module import Module
from .utils import new_parameter

__all__ = ['CrossMapLRN2d', 'LocalResponseNorm', 'LayerNorm', 'GroupNorm', 'RMSNorm']


class LocalResponseNorm(Module):
    """Divide every channel by a power of the mean square of its neighbours: x / (k + alpha · mean(x²))^beta.

    Args:
        size (int): how many neighbouring channels are averaged.
        alpha (float): the weight of the mean square.
        beta (float): the exponent.
        k (float): the additive constant.

    Shape:
        input, output: (N, C, *).

    Example:
        >>> import cnet
        >>> cnet.nn.LocalResponseNorm(2)(cnet.zeros(1, 4, 3, 3)).shape
        cnet.Size([1, 4, 3, 3])
    """

    def __init__(self, size, alpha=1e-4, beta=0.75, k=1.0):
        super().__init__()
        self.size = size
        self.alpha = alpha
        self.beta = beta
        self.k = k

    def forward(self, input):
        return F.local_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self):
        return f'{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}'


class CrossMapLRN2d(LocalResponseNorm):
    """`LocalResponseNorm` for images, with windows that have their channel in the middle, and the first channel.

    Args:
        size (int): how many neighbouring channels there are; an even number counts as one less.
        alpha (float): the weight of the sum of squares over `size`.
        beta (float): the exponent.
        k (float): the additive constant.

    Shape:
        input, output: (N, C, H, W).

    Example:
        >>> import cnet
        >>> cnet.nn.CrossMapLRN2d(3)(cnet.zeros(1, 4, 3, 3)).shape
        cnet.Size([1, 4, 3, 3])
    """

    def __init__(self, size, alpha=1e-4, beta=0.75, k=1):
        super().__init__(size, alpha, beta, k)

    def forward(self, input):
        if input.dim() != 4:
            raise ValueError(f'CrossMapLRN2d: Expected input to be 4D, got {input.dim()}D instead.')
        from . import _functions  # few programs need it
        return _functions.CrossMapLRN2d.apply(input, self.size, self.alpha, self.beta, self.k)


def _shape(normalized_shape):
    return (normalized_shape,) if isinstance(normalized_shape, numbers.Integral) else tuple(normalized_shape)


class LayerNorm(Module):
    """Normalize over the last dimensions: (x - mean) / √(var + eps) · weight + bias.

    Args:
        normalized_shape (int or tuple): S, the sizes of those dimensions.
        eps (float): added to the variance.
        elementwise_affine (bool): whether there are weight and bias.
        bias (bool): whether there is a bias, if elementwise_affine.
        device (device, optional): 'cpu', the only one.
        dtype (dtype, optional): of the parameters.

    Shape:
        input, output: (*, *S). weight, bias: S.

    Example:
        >>> import cnet
        >>> cnet.nn.LayerNorm(2, elementwise_affine=False)(cnet.tensor([[0., 2.]])).round()
        tensor([[-1.,  1.]])
    """

    def __init__(self, normalized_shape, eps=1e-5, elementwise_affine=True, bias=True, device=None, dtype=None):
        super().__init__()
        self.normalized_shape = _shape(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        _affine_parameters(self, self.normalized_shape, elementwise_affine, bias, dtype, device)
        self.reset_parameters()

    def reset_parameters(self):
        """Set weight to one and bias to zero."""
        if self.elementwise_affine:
            init.ones_(self.weight)
            if self.bias is not None:
                init.zeros_(self.bias)

    def forward(self, input):
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self):
        return (f'{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, '
                f'bias={self.bias is not None}')


class GroupNorm(Module):
    """Normalize every group of channels of every sample: (x - mean) / √(var + eps) · weight + bias.

    Args:
        num_groups (int): G, the number of groups.
        num_channels (int): C, a multiple of G.
        eps (float): added to the variance.
        affine (bool): whether there are weight and bias, one pair per channel.
        device (device, optional): 'cpu', the only one.
        dtype (dtype, optional): of the parameters.
        bias (bool): whether there is a bias, if affine.

    Shape:
        input, output: (N, C, *). weight, bias: (C).

    Example:
        >>> import cnet
        >>> cnet.nn.GroupNorm(2, 4)(cnet.zeros(1, 4, 3)).shape
        cnet.Size([1, 4, 3])
    """

    def __init__(self, num_groups, num_channels, eps=1e-5, affine=True, device=None, dtype=None, *, bias=True):
        super().__init__()
        if num_channels % num_groups:
            raise ValueError(f'num_channels ({num_channels}) must be divisible by num_groups ({num_groups})')
        self.num_groups = num_groups
        self.num_channels = num_channels
        self.eps = eps
        self.affine = affine
        _affine_parameters(self, (num_channels,), affine, bias, dtype, device)
        self.reset_parameters()

    def reset_parameters(self):
        """Set weight to one and bias to zero."""
        if self.affine:
            init.ones_(self.weight)
            if self.bias is not None:
                init.zeros_(self.bias)

    def forward(self, input):
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self):
        return (f'{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, '
                f'bias={self.bias is not None}')


class RMSNorm(Module):
    """Divide by the root mean square over the last dimensions: x / √(mean(x²) + eps) · weight.

    Args:
        normalized_shape (int or tuple): S, the sizes of those dimensions.
        eps (float, optional): added to the mean square; None: the machine epsilon of the input's dtype.
        elementwise_affine (bool): whether there is a weight.
        device (device, optional): 'cpu', the only one.
        dtype (dtype, optional): of the weight.

    Shape:
        input, output: (*, *S). weight: S.

    Example:
        >>> import cnet
        >>> cnet.nn.RMSNorm(2)(cnet.tensor([[3., 3.]])).shape
        cnet.Size([1, 2])
    """

    def __init__(self, normalized_shape, eps=None, elementwise_affine=True, device=None, dtype=None):
        super().__init__()
        self.normalized_shape = _shape(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        self.register_parameter(
            'weight', new_parameter(self.normalized_shape, dtype, device) if elementwise_affine else None)
        self.reset_parameters()

    def reset_parameters(self):
        """Set the weight to one."""
        if self.elementwise_affine:
            init.ones_(self.weight)

    def forward(self, input):
        return F.rms_norm(input, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self):
        return f'{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}'
