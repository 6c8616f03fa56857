"""Losses that compare two tensors element by element.

Each is one Op: the forward makes the reduced value without an array in between, and the gradient is one pass.
"""

import math

import numpy as np

from .. import _kernels as K
from .._core import errors
from .._core.arrays import cast, contiguous, empty
from .._core.base import TensorBase
from .._core.mode import is_grad_enabled
from .._core.op import Op
from ._losses import broadcast_shape, reduced, reduction_of, same_kind, warn_sizes

__all__ = ['binary_cross_entropy_with_logits']
FUNCTIONAL = [
    'binary_cross_entropy', 'binary_cross_entropy_with_logits', 'huber_loss', 'l1_loss', 'mse_loss', 'smooth_l1_loss',
    'soft_margin_loss',
]

_HALF = np.dtype(np.float16)
_FLOAT = np.dtype(np.float32)


def _plain(a):
    """The array as kernels want it: float32 or float64, contiguous."""
    if a.dtype == _HALF:
        return a.astype(_FLOAT)
    return contiguous(a)


class Loss(Op):
    """phi(x, y) for the kernel's loss number `kind`, element by element or reduced."""

    keep_in = (0, 1)

    @staticmethod
    def forward(x, y, kind, reduction, constant):
        dt = x.dtype
        a, b = _plain(x), _plain(y)
        if reduction == 'none':
            result = empty(a.shape, a.dtype)
            K.loss.value(kind, a, b, result, constant)
            return cast(result, dt)
        total = K.loss.total(kind, a, b, constant)
        if reduction == 'mean':
            total = total / x.size if x.size else math.nan
        return np.array(total, dt)

    def backward(self, g):
        x, y, kw = self.saved(0), self.saved(1), self.kw
        gx = LossGrad.apply(g, x, y, **kw) if self.needs[0] else None
        if not self.needs[1]:
            return gx, None
        if kw['kind'] in _SYMMETRIC:
            return gx, -(LossGrad.apply(g, x, y, **kw) if gx is None else gx)
        return gx, _scaled(g, x, kw) * _TARGET_SLOPE[kw['kind']](x, y)


class LossGrad(Op, name='LossBackwardBackward0'):
    """g * d phi / d x, with g divided by the number of elements if the mean was taken."""

    keep_in = (0, 1, 2)

    @staticmethod
    def forward(g, x, y, kind, reduction, constant):
        a = _plain(x)
        gx = empty(a.shape, a.dtype)
        scale = 1 / max(x.size, 1) if reduction == 'mean' else 1.0
        K.loss.gradient(kind, a, _plain(y), _plain(g), scale, gx, constant)
        return cast(gx, x.dtype)

    def backward(self, gg):
        g, x, y, kw = self.saved(0), self.saved(1), self.saved(2), self.kw
        dg = dx = dy = None
        if self.needs[0]:
            slope = LossGrad.apply(x.new_ones(()), x, y, kind=kw['kind'], reduction='sum', constant=kw['constant'])
            dg = _scaled(gg, x, kw) * slope
            if kw['reduction'] != 'none':
                dg = dg.sum()
        if self.needs[1] or self.needs[2]:
            to_x, to_y = _CURVATURE[kw['kind']](x, y, kw['constant'])
            h = gg * _scaled(g, x, kw)
            dx = h * to_x if self.needs[1] else None
            dy = h * to_y if self.needs[2] else None
        return dg, dx, dy


def _scaled(g, x, kw):
    return g * (1 / max(x._a.size, 1)) if kw['reduction'] == 'mean' else g


# The slope along y, where it is not minus the slope along x.
_SYMMETRIC = (K.loss.MSE, K.loss.L1, K.loss.SMOOTH_L1, K.loss.HUBER)
_TARGET_SLOPE = {
    K.loss.BCE: lambda x, y: (-x).log1p().clamp(min=-100) - x.log().clamp(min=-100),
    K.loss.BCE_LOGITS: lambda x, y: -x,
}


def _even(near):
    """Curvatures (d2/dx2, d2/dxdy) of a function of x - y: `near(x - y, p)` and its opposite."""
    def curvature(x, y, p):
        c = near(x - y, p)
        return c, -c
    return curvature


def _bce_curvature(x, y, p):
    q = (x - x * x).clamp(min=1e-12)
    return (q - (x - y) * (1 - 2 * x)) / (q * q), -1 / q


def _soft_margin_curvature(x, y, p):
    s = (-x * y).sigmoid()
    t = y * s * (1 - s)
    return y * t, x * t - s


def _logits_curvature(x, y, p):
    s = x.sigmoid()
    return s * (1 - s), -1


_CURVATURE = {
    K.loss.MSE: lambda x, y, p: (2, -2),
    K.loss.L1: lambda x, y, p: (0, 0),
    K.loss.SMOOTH_L1: _even(lambda d, p: (d.abs() < p).to(d.dtype) / p),
    K.loss.HUBER: _even(lambda d, p: (d.abs() < p).to(d.dtype)),
    K.loss.BCE: _bce_curvature,
    K.loss.BCE_LOGITS: _logits_curvature,
    K.loss.SOFT_MARGIN: _soft_margin_curvature,
}


class MseLoss(Loss, name='MseLossBackward0'):
    """(x - y)^2."""


class SmoothL1Loss(Loss, name='SmoothL1LossBackward0'):
    """(x - y)^2 / 2 beta near 0, |x - y| - beta / 2 elsewhere."""


class HuberLoss(Loss, name='HuberLossBackward0'):
    """(x - y)^2 / 2 near 0, delta (|x - y| - delta / 2) elsewhere."""


class BinaryCrossEntropy(Loss, name='BinaryCrossEntropyBackward0'):
    """-y log(x) - (1 - y) log(1 - x)."""


class BinaryCrossEntropyWithLogits(Loss, name='BinaryCrossEntropyWithLogitsBackward0'):
    """The same for sigmoid(x)."""


class SoftMarginLoss(Loss, name='SoftMarginLossBackward0'):
    """log(1 + exp(-x y))."""


class L1Mean(Loss, name='MeanBackward0'):
    """mean |x - y|."""


class L1Sum(Loss, name='SumBackward0'):
    """sum |x - y|."""


class L1(Loss, name='AbsBackward0'):
    """|x - y|."""


_L1 = {'mean': L1Mean, 'sum': L1Sum, 'none': L1}


def _apply(op, kind, name, input, target, reduction, constant=0.0):
    """One of the Ops above on tensors of one type and shape, after promotion and broadcasting."""
    if (not isinstance(input, TensorBase) or not isinstance(target, TensorBase)
            or input._a.shape != target._a.shape or input._a.dtype != target._a.dtype):
        input, target = same_kind(input, target, name)
    if input._a.dtype.kind != 'f':
        raise errors.not_implemented(name, input._a.dtype)
    return op.apply(input, target, kind=kind, reduction=reduction, constant=constant)


def _weighted(loss, weight, reduction):
    """A tensor of losses times weights; the mean is over the sum of the weights."""
    if weight._a.shape != loss._a.shape:
        raise ValueError('Weights and input must have the same size.')
    loss = loss * weight
    if reduction == 'mean':
        return loss.sum() / weight.sum()
    return reduced(loss, reduction)


def mse_loss(input, target, size_average=None, reduce=None, reduction='mean', weight=None):
    """The squared difference.

    Args:
        input, target (Tensor): what is compared; they broadcast, with a warning.
        size_average, reduce (bool, optional): older spelling of `reduction`.
        reduction (str): 'mean', 'sum' or 'none'.
        weight (Tensor, optional): factors of the elements; the mean is divided by their sum.

    Shape:
        - input, target: :math:`(*)`, any shape.
        - result: that shape with 'none', else :math:`()`.

    Returns:
        Tensor: the loss.

    Example:
        >>> import cnet
        >>> cnet.nn.functional.mse_loss(cnet.tensor([1., 3.]), cnet.tensor([1., 1.]))
        tensor(2.)
    """
    if size_average is not None or reduce is not None or reduction not in ('mean', 'sum', 'none'):
        reduction = reduction_of(reduction, size_average, reduce)
    if input.shape != target.shape:
        warn_sizes(input, target)
    if weight is not None:
        return _weighted(_apply(MseLoss, K.loss.MSE, 'mse_cpu', input, target, 'none'), weight, reduction)
    return _apply(MseLoss, K.loss.MSE, 'mse_cpu', input, target, reduction)


def l1_loss(input, target, size_average=None, reduce=None, reduction='mean', weight=None):
    """The absolute difference.

    Args:
        input, target (Tensor): what is compared; they broadcast, with a warning.
        size_average, reduce (bool, optional): older spelling of `reduction`.
        reduction (str): 'mean', 'sum' or 'none'.
        weight (Tensor, optional): factors of the elements; the mean is divided by their sum.

    Shape:
        - input, target: :math:`(*)`, any shape.
        - result: that shape with 'none', else :math:`()`.

    Returns:
        Tensor: the loss.

    Example:
        >>> import cnet
        >>> cnet.nn.functional.l1_loss(cnet.tensor([1., 3.]), cnet.tensor([1., 1.]))
        tensor(1.)
    """
    if size_average is not None or reduce is not None or reduction not in ('mean', 'sum', 'none'):
        reduction = reduction_of(reduction, size_average, reduce)
    if input.shape != target.shape:
        warn_sizes(input, target)
    if input._a.dtype.kind != 'f' or target._a.dtype.kind != 'f':
        loss = (input - target).abs()
        return reduced(loss, reduction) if weight is None else _weighted(loss, weight, reduction)
    if weight is not None:
        return _weighted(_apply(L1, K.loss.L1, 'l1_loss', input, target, 'none'), weight, reduction)
    return _apply(_L1[reduction], K.loss.L1, 'l1_loss', input, target, reduction)


def smooth_l1_loss(input, target, size_average=None, reduce=None, reduction='mean', beta=1.0):
    """The squared difference where it is small, the absolute one elsewhere.

    Args:
        input, target (Tensor): what is compared; they broadcast, with a warning.
        size_average, reduce (bool, optional): older spelling of `reduction`.
        reduction (str): 'mean', 'sum' or 'none'.
        beta (float): the absolute difference d at which d^2 / 2 beta turns into d - beta / 2; 0 gives `l1_loss`.

    Shape:
        - input, target: :math:`(*)`, any shape.
        - result: that shape with 'none', else :math:`()`.

    Returns:
        Tensor: the loss.

    Example:
        >>> import cnet
        >>> cnet.nn.functional.smooth_l1_loss(cnet.tensor([1., 4.]), cnet.tensor([1., 1.]))
        tensor(1.2500)
    """
    if size_average is not None or reduce is not None or reduction not in ('mean', 'sum', 'none'):
        reduction = reduction_of(reduction, size_average, reduce)
    if input.shape != target.shape:
        warn_sizes(input, target)
    if beta < 0:
        raise RuntimeError('smooth_l1_loss does not support negative values for beta.')
    if beta == 0:
        return _apply(_L1[reduction], K.loss.L1, 'l1_loss', input, target, reduction)
    return _apply(SmoothL1Loss, K.loss.SMOOTH_L1, 'smooth_l1_cpu', input, target, reduction, float(beta))


def huber_loss(input, target, reduction='mean', delta=1.0, weight=None):
    """The squared difference where it is small, a line of slope `delta` elsewhere.

    Args:
        input, target (Tensor): what is compared; they broadcast, with a warning.
        reduction (str): 'mean', 'sum' or 'none'.
        delta (float): the absolute difference d at which d^2 / 2 turns into delta (d - delta / 2).
        weight (Tensor, optional): factors of the elements; the mean is divided by their sum.

    Shape:
        - input, target: :math:`(*)`, any shape.
        - result: that shape with 'none', else :math:`()`.

    Returns:
        Tensor: the loss.

    Example:
        >>> import cnet
        >>> cnet.nn.functional.huber_loss(cnet.tensor([1., 4.]), cnet.tensor([1., 1.]), delta=2.0)
        tensor(2.)
    """
    reduction = reduction_of(reduction)
    if input.shape != target.shape:
        warn_sizes(input, target)
    if delta <= 0:
        raise RuntimeError('huber_loss does not support non-positive values for delta.')
    if weight is not None:
        return _weighted(_apply(HuberLoss, K.loss.HUBER, 'huber_cpu', input, target, 'none', float(delta)), weight, reduction)
    return _apply(HuberLoss, K.loss.HUBER, 'huber_cpu', input, target, reduction, float(delta))


def binary_cross_entropy(input, target, weight=None, size_average=None, reduce=None, reduction='mean'):
    """The cross entropy of probabilities against targets between 0 and 1.

    Args:
        input (Tensor): probabilities. Logarithms stop at -100, so the loss stays finite.
        target (Tensor): as large as the input, of the same type.
        weight (Tensor, optional): factors that broadcast with the input.
        size_average, reduce (bool, optional): older spelling of `reduction`.
        reduction (str): 'mean', 'sum' or 'none'.

    Shape:
        - input, target: :math:`(*)`, any shape.
        - result: that shape with 'none', else :math:`()`.

    Returns:
        Tensor: -y log(x) - (1 - y) log(1 - x).

    Example:
        >>> import cnet
        >>> cnet.nn.functional.binary_cross_entropy(cnet.tensor([0.5]), cnet.tensor([1.]))
        tensor(0.6931)
    """
    reduction = reduction_of(reduction, size_average, reduce)
    x, y = input._a, target._a
    if x.shape != y.shape:
        raise ValueError(f'Using a target size ({target.shape}) that is different to the input size ({input.shape}) is '
                         'deprecated. Please ensure they have the same size.')
    if x.dtype != y.dtype:
        raise RuntimeError(f'Found dtype {target.dtype.legacy} but expected {input.dtype.legacy}')
    if x.size and not ((x >= 0) & (x <= 1)).all():
        raise RuntimeError('all elements of input should be between 0 and 1')
    if weight is None:
        return _apply(BinaryCrossEntropy, K.loss.BCE, 'binary_cross_entropy', input, target, reduction)
    loss = _apply(BinaryCrossEntropy, K.loss.BCE, 'binary_cross_entropy', input, target, 'none')
    return reduced(loss * weight.expand(broadcast_shape(weight._a.shape, x.shape)), reduction)


def binary_cross_entropy_with_logits(input, target, weight=None, size_average=None, reduce=None, reduction='mean',
                                     pos_weight=None):
    """`binary_cross_entropy` of sigmoid(input), without leaving the range of floats.

    Args:
        input (Tensor): logits.
        target (Tensor): as large as the input, numbers between 0 and 1.
        weight (Tensor, optional): factors that broadcast with the input.
        size_average, reduce (bool, optional): older spelling of `reduction`.
        reduction (str): 'mean', 'sum' or 'none'.
        pos_weight (Tensor, optional): factors of the target's share, which broadcast with the input.

    Shape:
        - input, target: :math:`(*)`, any shape.
        - result: that shape with 'none', else :math:`()`.

    Returns:
        Tensor: the loss.

    Example:
        >>> import cnet
        >>> cnet.binary_cross_entropy_with_logits(cnet.tensor([0.]), cnet.tensor([1.]))
        tensor(0.6931)
    """
    reduction = reduction_of(reduction, size_average, reduce)
    if input._a.shape != target._a.shape:
        raise ValueError(f'Target size ({target.shape}) must be the same as input size ({input.shape})')
    if input._a.dtype.kind != 'f' or target._a.dtype.kind != 'f':
        raise RuntimeError(f"result type Float can't be cast to the desired output type {target.dtype.legacy}")
    if weight is None and pos_weight is None:
        return _apply(BinaryCrossEntropyWithLogits, K.loss.BCE_LOGITS, 'binary_cross_entropy_with_logits', input, target,
                      reduction)
    if pos_weight is None:
        loss = _apply(BinaryCrossEntropyWithLogits, K.loss.BCE_LOGITS, 'binary_cross_entropy_with_logits', input, target,
                      'none')
    else:
        # log(1 + exp(-x)) is the loss for the target 1.
        positive = _apply(BinaryCrossEntropyWithLogits, K.loss.BCE_LOGITS, 'binary_cross_entropy_with_logits', input,
                          input.new_ones(()), 'none')
        loss = (1 - target) * input + ((pos_weight - 1) * target + 1) * positive
    return reduced(loss if weight is None else loss * weight, reduction)


def soft_margin_loss(input, target, size_average=None, reduce=None, reduction='mean'):
    """The logistic loss of targets 1 and -1.

    Args:
        input, target (Tensor): what is compared; they broadcast.
        size_average, reduce (bool, optional): older spelling of `reduction`.
        reduction (str): 'mean', 'sum' or 'none'.

    Shape:
        - input, target: :math:`(*)`, any shape.
        - result: that shape with 'none', else :math:`()`.

    Returns:
        Tensor: log(1 + exp(-x y)).

    Example:
        >>> import cnet
        >>> cnet.nn.functional.soft_margin_loss(cnet.tensor([0.]), cnet.tensor([1.]))
        tensor(0.6931)
    """
    reduction = reduction_of(reduction, size_average, reduce)
    if target.requires_grad and is_grad_enabled():
        raise RuntimeError("The function 'soft_margin_loss' is not differentiable with respect to argument 'target'. This "
                           'input cannot have requires_grad True.')
    return _apply(SoftMarginLoss, K.loss.SOFT_MARGIN, 'soft_margin_loss', input, target, reduction)


METHODS = {}
