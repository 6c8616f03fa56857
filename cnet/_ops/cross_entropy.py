"""Losses of class labels: negative log-likelihood, and cross entropy straight from logits."""

import math

import numpy as np

from .. import _kernels as K
from .._core import errors
from .._core.arrays import cast
from .._core.base import TensorBase
from .._core.op import Op
from ._losses import reduction_of

__all__ = []
FUNCTIONAL = ['cross_entropy', 'nll_loss', 'nll_loss2d']

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
    """The array in a kernel's type and layout."""
    return np.ascontiguousarray(a if a.dtype == dt else a.astype(dt))


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

    keep_in = (1, 2)

    @staticmethod
    def forward(x, target, weight, ignore, reduction):
        dt = x.dtype
        work = _work_type(dt)
        outer, n, inner = _sizes(x.shape)
        losses = np.empty((outer, inner), work)
        labels = _plain(target, _INT64)
        bad, total, weights = K.loss.nll(_plain(x, work), labels, None if weight is None else _plain(weight, work), ignore,
                                         outer, n, inner, losses)
        return _finish(bad, total, weights, labels, losses, target.shape, dt, reduction), weights

    def backward(self, g):
        return NllLossGrad.apply(g, self.saved(1), self.saved(2), shape=self.in_shape(0), weights=self.aux[0],
                                 **self.kw), None, None


class NllLossGrad(Op, name='NllLossBackwardBackward0'):
    """Linear in g: its gradient is the loss again."""

    keep_in = (1, 2)

    @staticmethod
    def forward(g, target, weight, shape, weights, ignore, reduction):
        dt = g.dtype
        work = _work_type(dt)
        gx = np.empty(shape, work)
        # The sum of an expanded gradient is the gradient of the sum, so `none` is the only case with g per target.
        K.loss.nll_grad(_plain(target, _INT64), None if weight is None else _plain(weight, work), ignore,
                        g.astype(work) if not g.ndim or reduction != 'none' else _plain(g, work), _scale(reduction, weights),
                        *_sizes(shape), gx)
        return cast(gx, dt)

    def backward(self, gg):
        kw = self.kw
        return NllLoss.apply(gg, self.saved(1), self.saved(2), ignore=kw['ignore'], reduction=kw['reduction']), None, None


class NllLoss2d(NllLoss, name='NllLoss2DBackward0'):
    """The same with more dimensions than (N, C)."""


class CrossEntropy(NllLoss, name='NllLossBackward0'):
    """log_softmax and NllLoss in one; `aux` is the kernel's memory of the softmax and the sum of the weights."""

    keep_in = (0, 1, 2)

    @staticmethod
    def forward(x, target, weight, ignore, reduction):
        dt = x.dtype
        work = _work_type(dt)
        outer, n, inner = _sizes(x.shape)
        saved = np.empty((3, outer, inner), work)
        labels = _plain(target, _INT64)
        bad, total, weights = K.loss.cross_entropy(_plain(x, work), labels,
                                                   None if weight is None else _plain(weight, work), ignore, outer, n, inner,
                                                   saved)
        return _finish(bad, total, weights, labels, saved[0], target.shape, dt, reduction), saved, weights

    def backward(self, g):
        saved, weights = self.aux
        return CrossEntropyGrad.apply(g, self.saved(0), self.saved(1), self.saved(2), softmax=saved, weights=weights,
                                      **self.kw), None, None


class CrossEntropy2d(CrossEntropy, name='NllLoss2DBackward0'):
    """The same with more dimensions than (N, C)."""


class CrossEntropyGrad(Op, name='NllLossBackwardBackward0'):
    """g * c * (softmax(x) - one-hot(target)), with c the weight of a target over that of all if the mean is taken."""

    keep_in = (0, 1, 2, 3)

    @staticmethod
    def forward(g, x, target, weight, softmax, weights, ignore, reduction):
        dt = x.dtype
        work = softmax.dtype
        gx = np.empty(x.shape, work)
        K.loss.cross_entropy_grad(_plain(x, work), _plain(target, _INT64),
                                  None if weight is None else _plain(weight, work), ignore,
                                  g.astype(work) if not g.ndim else _plain(g, work), _scale(reduction, weights), softmax,
                                  *_sizes(x.shape), gx)
        return cast(gx, dt)

    def backward(self, gg):
        g, x, target, weight = self.saved(0), self.saved(1), self.saved(2), self.saved(3)
        ignore, reduction = self.kw['ignore'], self.kw['reduction']
        dim = 0 if x.ndim == 1 else 1
        labels = target.to(int64_like(x)).reshape(target.shape if x.ndim > 1 else ()).unsqueeze(dim)
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
