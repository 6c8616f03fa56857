"""Losses of class labels: negative log-likelihood, and cross entropy straight from logits."""

import math

import numpy as np

from .. import _kernels as K
from .._core import errors
from .._core.arrays import cast, contiguous, empty
from .._core.base import TensorBase
from .._core.op import Op
from ._losses import reduction_of

__all__ = []
FUNCTIONAL = ['cross_entropy', 'linear_cross_entropy', 'nll_loss']

_HALF = np.dtype(np.float16)
_FLOAT = np.dtype(np.float32)
_INT64 = np.dtype(np.int64)


def _sizes(shape):
    """(outer, n, inner) of an input (C), (N, C) or (N, C, d1, ...)."""
    ndim = len(shape)
    if ndim == 2:
        return shape[0], shape[1], 1
    if ndim == 1:
        return 1, shape[0], 1
    return shape[0], shape[1], math.prod(shape[2:])


def _plain(a, dt):
    """The array in a kernel's type and layout; None stays None."""
    if a is None:
        return None
    if a.dtype != dt:
        a = a.astype(dt)
    return contiguous(a)


def _finish(bad, total, weight, target, losses, shape, dt, reduction):
    """The result from what a kernel returned, and the divisor of the mean."""
    if bad >= 0:
        raise IndexError(f'Target {target.ravel()[bad]} is out of bounds.')
    if reduction == 'none':
        return cast(losses.reshape(shape), dt)
    if reduction == 'mean':
        total = total / weight if weight else math.nan
    return np.array(total, dt)


def _scale(reduction, weight):
    if reduction == 'mean':
        return 1 / weight if weight else math.nan
    return 1.0


def _work_type(dt):
    return _FLOAT if dt == _HALF else dt


class NllLoss(Op, name='NllLossBackward0'):
    """Kernels see float32 or float64; `aux` is the sum of the weights."""

    own_memory = True
    keep_in: tuple[int, ...] = (1, 2)

    @staticmethod
    def forward(x, target, weight, ignore, reduction):
        dt = x.dtype
        work = _work_type(dt)
        outer, n, inner = _sizes(x.shape)
        losses = empty((outer, inner), work)
        labels = _plain(target, _INT64)
        bad, total, weights = K.loss.nll(_plain(x, work), labels, _plain(weight, work), ignore, outer, n, inner, losses)
        return _finish(bad, total, weights, labels, losses, target.shape, dt, reduction), weights

    def backward(self, g):
        return NllLossGrad.apply(g, self.saved(1), self.saved(2), shape=self.in_shape(0), weights=self.aux[0],
                                 **self.kw), None, None


class NllLossGrad(Op, name='NllLossBackwardBackward0'):
    """Linear in g: its gradient is the loss again."""

    own_memory = True
    keep_in: tuple[int, ...] = (1, 2)

    @staticmethod
    def forward(g, target, weight, shape, weights, ignore, reduction):
        dt = g.dtype
        work = _work_type(dt)
        gx = empty(shape, work)
        K.loss.nll_grad(_plain(target, _INT64), _plain(weight, work), ignore, _plain(g, work), _scale(reduction, weights),
                        *_sizes(shape), gx)
        return cast(gx, dt)

    def backward(self, gg):
        kw = self.kw
        return NllLoss.apply(gg, self.saved(1), self.saved(2), ignore=kw['ignore'], reduction=kw['reduction']), None, None


class NllLoss2d(NllLoss, name='NllLoss2DBackward0'):
    """The same with more dimensions than (N, C)."""


class NllLossView(NllLoss, name='ViewBackward0'):
    """PyTorch gives losses of rows (N, C, L) back as a view of those of images, unless it reduces them."""


class CrossEntropy(NllLoss, name='NllLossBackward0'):
    """log_softmax and NllLoss in one; `aux` is the kernel's memory of the softmax and the sum of the weights."""

    keep_in = (0, 1, 2)

    @staticmethod
    def forward(x, target, weight, ignore, reduction):
        dt = x.dtype
        work = _work_type(dt)
        outer, n, inner = _sizes(x.shape)
        saved = empty((3, outer, inner), work)
        labels = _plain(target, _INT64)
        bad, total, weights = K.loss.cross_entropy(_plain(x, work), labels, _plain(weight, work), ignore, outer, n, inner,
                                                   saved)
        return _finish(bad, total, weights, labels, saved[0], target.shape, dt, reduction), saved, weights

    def backward(self, g):
        saved, weights = self.aux
        return CrossEntropyGrad.apply(g, self.saved(0), self.saved(1), self.saved(2), softmax=saved, weights=weights,
                                      **self.kw), None, None


class CrossEntropy2d(CrossEntropy, name='NllLoss2DBackward0'):
    """The same with more dimensions than (N, C)."""


class CrossEntropyView(CrossEntropy, name='ViewBackward0'):
    """See `NllLossView`."""


class CrossEntropyGrad(Op, name='NllLossBackwardBackward0'):
    """g * c * (softmax(x) - one-hot(target)), with c the weight of a target over that of all if the mean is taken."""

    own_memory = True
    keep_in = (0, 1, 2, 3)

    @staticmethod
    def forward(g, x, target, weight, softmax, weights, ignore, reduction):
        dt = x.dtype
        work = softmax.dtype
        gx = empty(x.shape, work)
        K.loss.cross_entropy_grad(_plain(x, work), _plain(target, _INT64), _plain(weight, work), ignore, _plain(g, work),
                                  _scale(reduction, weights), softmax, *_sizes(x.shape), gx)
        return cast(gx, dt)

    def backward(self, gg):
        g, x, target, weight = self.saved(0), self.saved(1), self.saved(2), self.saved(3)
        ignore, reduction = self.kw['ignore'], self.kw['reduction']
        dim = 0 if x.ndim == 1 else 1
        labels = target.long().reshape(target.shape if x.ndim > 1 else ()).unsqueeze(dim)
        ignored = labels == ignore
        labels = labels.masked_fill(ignored, 0)
        c = (~ignored).to(x.dtype) * _scale(reduction, self.kw['weights'])
        if weight is not None:
            c = c * weight[labels]
        p = x.softmax(dim)
        mean = (gg * p).sum(dim, keepdim=True)
        dg = None
        if self.needs[0]:
            dg = c * (mean - gg.gather(dim, labels))
            dg = dg.reshape(g.shape) if reduction == 'none' else dg.sum()
        if reduction == 'none':
            g = g.reshape(c.shape)
        return dg, g * c * p * (gg - mean) if self.needs[1] else None, None, None


def _check_labels(input, target, weight):
    """Refuse what is no (batch of) class labels for an input."""
    a, t = input._a, target._a
    if a.ndim == 2 and weight is None and t.dtype is _INT64 and t.shape == a.shape[:1]:
        return
    ndim, size, labels = a.ndim, list(a.shape), list(t.shape)
    if ndim == 0:
        raise ValueError('Expected 1 or more dimensions (got 0)')
    if ndim == 1:
        if t.ndim > 1:
            raise RuntimeError('0D or 1D target tensor expected, multi-target not supported')
        if t.size != 1:
            raise ValueError(f'For 1D input, 1D target must have size 1, but got target size: {t.shape[0]}')
    else:
        if t.ndim and t.shape[0] != a.shape[0]:
            raise ValueError(f'Expected input batch_size ({a.shape[0]}) to match target batch_size ({t.shape[0]}).')
        if ndim == 2:
            if t.ndim > 1:
                raise RuntimeError('0D or 1D target tensor expected, multi-target not supported')
            if not t.ndim:
                raise ValueError(f'Expected input batch_size ({a.shape[0]}) to match target batch_size (0).')
        elif labels != size[:1] + size[2:]:
            raise RuntimeError(f'Expected target size {size[:1] + size[2:]}, got {labels}')
    if t.dtype.kind != 'i' or t.dtype.itemsize != 8:
        if t.dtype.kind != 'u':
            raise RuntimeError(f'expected target dtype to be Long or Byte, but got {target.dtype.legacy}')
    if weight is not None:
        n = a.shape[0 if ndim == 1 else 1]
        if weight._a.shape != (n,):
            raise RuntimeError(f'weight tensor should be defined either for all {n} classes or no classes but got weight '
                               f'tensor of shape: {list(weight._a.shape)}')
        if weight._a.dtype != a.dtype:
            raise RuntimeError(f'expected scalar type {input.dtype.legacy} but found {weight.dtype.legacy}')


def nll_loss(input, target, weight=None, size_average=None, ignore_index=-100, reduce=None, reduction='mean'):
    """The negative log-likelihood of class labels, given log-probabilities.

    Args:
        input (Tensor): log-probabilities of the classes.
        target (Tensor): class indices, int64 or uint8.
        weight (Tensor, optional): a factor per class.
        size_average, reduce (bool, optional): older spelling of `reduction`.
        ignore_index (int): targets of this value count for nothing.
        reduction (str): 'mean' (divided by the sum of the weights of the targets), 'sum' or 'none'.

    Shape:
        C classes, N samples, any further dimensions d1, d2, ...

        - input: :math:`(C)`, :math:`(N, C)` or :math:`(N, C, d1, d2, ...)`.
        - target: :math:`()`, :math:`(N)` or :math:`(N, d1, d2, ...)`.
        - weight: :math:`(C)`.
        - result: of the target with 'none', else :math:`()`.

    Returns:
        Tensor: the loss.

    Example:
        >>> import cnet
        >>> cnet.nn.functional.nll_loss(cnet.tensor([[-0.5, -1.0]]), cnet.tensor([1]))
        tensor(1.)
    """
    if size_average is not None or reduce is not None or reduction not in ('mean', 'sum', 'none'):
        reduction = reduction_of(reduction, size_average, reduce)
    if not isinstance(input, TensorBase):
        raise errors.argument_type('nll_loss', 'input', 'Tensor', input, 1)
    if not isinstance(target, TensorBase):
        raise errors.argument_type('nll_loss', 'target', 'Tensor', target, 2)
    a = input._a
    _check_labels(input, target, weight)
    if a.dtype.kind != 'f':
        raise errors.not_implemented('nll_loss_out_frame', a.dtype)
    op = NllLoss if a.ndim < 3 else NllLossView if a.ndim == 3 and reduction == 'none' else NllLoss2d
    return op.apply(input, target, weight, ignore=ignore_index, reduction=reduction)


def cross_entropy(input, target, weight=None, size_average=None, ignore_index=-100, reduce=None, reduction='mean',
                  label_smoothing=0.0):
    """The cross entropy of logits against class labels or class probabilities.

    Args:
        input (Tensor): logits: any numbers, which `softmax` turns into probabilities.
        target (Tensor): class indices (int64 or uint8), or probabilities in the shape of the input.
        weight (Tensor, optional): a factor per class.
        size_average, reduce (bool, optional): older spelling of `reduction`.
        ignore_index (int): targets of this value count for nothing.
        reduction (str): 'mean' (for indices, divided by the sum of the weights of the targets), 'sum' or 'none'.
        label_smoothing (float): the share of the target, from 0 to 1, that is spread evenly over all classes.

    Shape:
        C classes, N samples, any further dimensions d1, d2, ...

        - input: :math:`(C)`, :math:`(N, C)` or :math:`(N, C, d1, d2, ...)`.
        - target: :math:`()`, :math:`(N)` or :math:`(N, d1, d2, ...)` for indices; that of the input for probabilities.
        - weight: :math:`(C)`.
        - result: of the indices with 'none', else :math:`()`.

    Returns:
        Tensor: the loss.

    Example:
        >>> import cnet
        >>> cnet.nn.functional.cross_entropy(cnet.tensor([[0., 0.]]), cnet.tensor([1]))
        tensor(0.6931)
    """
    if size_average is not None or reduce is not None or reduction not in ('mean', 'sum', 'none'):
        reduction = reduction_of(reduction, size_average, reduce)
    if not isinstance(input, TensorBase):
        raise errors.argument_type('cross_entropy_loss', 'input', 'Tensor', input, 1)
    if not isinstance(target, TensorBase):
        raise errors.argument_type('cross_entropy_loss', 'target', 'Tensor', target, 2)
    a = input._a
    if not 0 <= label_smoothing <= 1:
        raise RuntimeError(f'label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing:g}')
    if a.shape == target._a.shape:
        return _from_probabilities(input, target, weight, ignore_index, reduction, label_smoothing)
    if not a.ndim:
        raise errors.dim_range(1, 0)
    _check_labels(input, target, weight)
    if a.dtype.kind != 'f':
        raise errors.not_implemented('log_softmax_lastdim_kernel_impl', a.dtype)
    if label_smoothing:
        return _smoothed(input, target, weight, ignore_index, reduction, label_smoothing)
    op = CrossEntropy if a.ndim < 3 else CrossEntropyView if a.ndim == 3 and reduction == 'none' else CrossEntropy2d
    return op.apply(input, target, weight, ignore=ignore_index, reduction=reduction)


def _per_class(weight, ndim):
    """Weights of classes in a shape that broadcasts with (C) or (N, C, ...)."""
    return weight if ndim == 1 else weight.reshape((1, -1) + (1,) * (ndim - 2))


def _from_probabilities(input, target, weight, ignore_index, reduction, smoothing):
    if target._a.dtype.kind not in 'fc':
        raise RuntimeError('Expected floating point type for target with class probabilities, got '
                           f'{target.dtype.legacy}')
    if ignore_index >= 0:
        raise RuntimeError('ignore_index is not supported for floating point target')
    shape = input._a.shape
    dim = 0 if len(shape) == 1 else 1
    if not shape:
        raise errors.dim_range(1, 0)
    if smoothing:
        target = target * (1 - smoothing) + smoothing / shape[dim]
    loss = input.log_softmax(dim) * target
    if weight is not None:
        loss = loss * _per_class(weight, len(shape))
    if reduction == 'none':
        return -loss.sum(dim)
    loss = -loss.sum()
    return loss / (math.prod(shape) // max(shape[dim], 1)) if reduction == 'mean' else loss


def _smoothed(input, target, weight, ignore_index, reduction, smoothing):
    """The loss of the labels, and in the given proportion the mean loss of all classes."""
    ndim = input.ndim
    dim = 0 if ndim == 1 else 1
    logp = input.log_softmax(dim)
    labels = NllLoss.apply(logp, target, weight, ignore=ignore_index, reduction=reduction)
    evenly = logp if weight is None else logp * _per_class(weight, ndim)
    evenly = -evenly.sum(dim).reshape(target.shape)
    ignored = target == ignore_index
    evenly = evenly.masked_fill(ignored, 0)
    if reduction == 'mean':
        if weight is None:
            count = (~ignored).sum()
        else:
            count = weight[target.masked_fill(ignored, 0).long()].masked_fill(ignored, 0).sum()
        evenly = evenly.sum() / count
    elif reduction == 'sum':
        evenly = evenly.sum()
    return (1 - smoothing) * labels + evenly * (smoothing / input._a.shape[dim])


def linear_cross_entropy(input, linear_weight, target, *, linear_bias=None, weight=None, reduction='mean',
                         ignore_index=None, label_smoothing=0.0, options=None):
    """`cross_entropy` of logits that are a linear map of the input.

    Args:
        input (Tensor): samples.
        linear_weight (Tensor): the matrix of the map, one row per class (and place).
        target (Tensor): class indices, or probabilities in the shape of the logits.
        linear_bias (Tensor, optional): added to the logits.
        weight (Tensor, optional): a factor per class.
        reduction (str): 'mean', 'sum' or 'none'.
        ignore_index (int, optional): indices of this value count for nothing; -100 by default.
        label_smoothing (float): the share of the target, from 0 to 1, that is spread evenly over all classes.
        options (object, optional): accepted; the logits are always formed whole.

    Shape:
        N samples of F numbers, C classes, any further dimensions d1, d2, ...

        - input: :math:`(N, F)` or :math:`(F)`.
        - linear_weight: :math:`(C, F)` or :math:`(C, d1, d2, ..., F)`.
        - target, weight and result: as in `cross_entropy` for logits :math:`(N, C, d1, d2, ...)`.

    Returns:
        Tensor: the loss.

    Example:
        >>> import cnet
        >>> cnet.nn.functional.linear_cross_entropy(cnet.ones(1, 3), cnet.zeros(2, 3), cnet.tensor([1]))
        tensor(0.6931)
    """
    shape, sizes = tuple(input.shape), tuple(linear_weight.shape)
    if not 0 < len(shape) < 3:
        raise RuntimeError(f'expected input with dimensionality 1 or 2, got {len(shape)}')
    if len(sizes) < 2:
        raise RuntimeError(f'expected linear_weight with dimensionality at least 2, got {len(sizes)}')
    if shape[-1] != sizes[-1]:
        raise RuntimeError('expected equal input and linear_weight last dimensions (in_features), got '
                           f'{shape[-1]} and {sizes[-1]}, respectively')
    if linear_bias is not None and linear_bias.shape != sizes[:-1]:
        raise RuntimeError(f'expected linear_bias shape {sizes[:-1]}, got {tuple(linear_bias.shape)}')
    if len(sizes) > 2 and len(shape) == 1:
        raise RuntimeError(f'K-dimensional loss defined by linear_weight shape {sizes} requires batched input, '
                           f'(N, {shape[-1]}), got unbatched input with shape {shape}')
    logits = (input @ linear_weight.reshape(-1, sizes[-1]).t()).reshape(shape[:-1] + sizes[:-1])
    if linear_bias is not None:
        logits = logits + linear_bias
    if ignore_index is None:
        ignore_index = -100
    elif target.shape == logits.shape:
        raise RuntimeError('ignore_index cannot be specified when target contains probabilities')
    return cross_entropy(logits, target, weight, ignore_index=ignore_index, reduction=reduction,
                         label_smoothing=label_smoothing)


METHODS = {}
