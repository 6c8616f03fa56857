"""LinearCrossEntropyLoss: a classifier's last layer and its loss in one."""

import math
from dataclasses import dataclass
from typing import Any

from ..._core.dtype import float16, float32, float64
from .. import functional as F
from ._loss_base import _WeightedLoss
from .linear import Linear

__all__ = ['LinearCrossEntropyLoss', 'LinearCrossEntropyOptions']


@dataclass(slots=True, frozen=True)
class LinearCrossEntropyOptions:
    """How PyTorch computes `linear_cross_entropy` in pieces; checked and kept here, where the logits are formed whole.

    Args:
        allow_retain_graph (bool): whether `backward` may run twice; here it may always.
        batch_chunk_size (int, optional): rows of a piece.
        chunking_method (str, optional): 'auto', 'aspect_ratio' or 'aspect_ratio:N'.
        acc_policy (str): 'auto', 'accurate', 'balanced' or 'compact'.
        acc_dtype (dtype, optional): the type of sums.

    Example:
        >>> import cnet
        >>> cnet.nn.LinearCrossEntropyOptions().chunking_method
        'auto'
    """

    allow_retain_graph: bool = False
    batch_chunk_size: int | None = None
    chunking_method: str | None = 'auto'
    acc_policy: str = 'auto'
    acc_dtype: Any = None

    def __post_init__(self):
        if self.acc_policy not in ('auto', 'accurate', 'balanced', 'compact'):
            raise ValueError(f'invalid acc_policy: {self.acc_policy!r}')
        method, size = self.chunking_method, self.batch_chunk_size
        if method not in (None, 'auto'):
            name, colon, factor = method.partition(':')
            if name != 'aspect_ratio' or (colon and not (factor.isdigit() and int(factor) > 0)):
                raise ValueError(f'invalid chunking_method: {method!r}')
        if size is not None and not (isinstance(size, int) and size > 0):
            raise ValueError(f'batch_chunk_size must be positive int or None, got {size!r}')
        if self.acc_dtype not in (None, float16, float32, float64):
            raise ValueError(f'acc_dtype must be one of {{None, float16, float32, float64}}, got {self.acc_dtype!r}.')


class LinearCrossEntropyLoss(_WeightedLoss):
    """Cross-entropy of the logits that a linear layer, which the loss owns, makes of the input.

    Args:
        in_features (int): I, the length of an input row.
        num_classes (int): C.
        out_features (tuple of int): (d1, d2, ...), further dimensions of the logits.
        bias (bool): whether the layer adds a bias.
        device (device, optional): 'cpu', the only one.
        dtype (dtype, optional): of the parameters.
        reduction (str): 'mean', 'sum' or 'none'.
        weight (Tensor, optional): (C), the weight of every class.
        ignore_index (int, optional): a target that counts nothing.
        label_smoothing (float): the part of the target that is spread over all classes.
        options (LinearCrossEntropyOptions, optional): accepted; the logits are always formed whole.

    Shape:
        input: (N, I) or (I). target: (N, d1, d2, ...) or (), classes. output: (), or with reduction 'none' like target.

    Example:
        >>> import cnet
        >>> cnet.nn.LinearCrossEntropyLoss(8, 5)(cnet.zeros(2, 8), cnet.tensor([1, 4])).item() > 1.6
        True
    """

    def __init__(self, in_features, num_classes, *, out_features=(), bias=False, device=None, dtype=None, reduction='mean',
                 weight=None, ignore_index=None, label_smoothing=0.0, options=None):
        if weight is not None and tuple(weight.shape) != (num_classes,):
            raise RuntimeError(f'expected weight shape to be {(num_classes,)}, got {tuple(weight.shape)}')
        if not 0 <= label_smoothing <= 1:
            raise RuntimeError(f'expected label_smoothing to be in range [0, 1], got {label_smoothing}')
        super().__init__(weight, reduction=reduction)
        self.num_classes = num_classes
        self.out_features = out_features
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing
        self.linear = Linear(in_features, math.prod(out_features, start=num_classes), bias, device, dtype)
        self.options = options

    def forward(self, input, target):
        linear, shape = self.linear, (self.num_classes, *self.out_features)
        bias = None if linear.bias is None else linear.bias.reshape(shape)
        return F.linear_cross_entropy(input, linear.weight.reshape((*shape, linear.in_features)), target, linear_bias=bias,
                                      weight=self.weight, reduction=self.reduction, ignore_index=self.ignore_index,
                                      label_smoothing=self.label_smoothing, options=self.options)

    def extra_repr(self):
        return (f'in_features={self.linear.in_features}, num_classes={self.num_classes}, out_features={self.out_features}, '
                f'bias={self.linear.bias is not None}, reduction={self.reduction}, ignore_index={self.ignore_index}, '
                f'label_smoothing={self.label_smoothing}, options={self.options}')
