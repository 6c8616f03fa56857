"""Losses that compare two tensors element by element."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from . import Error, Maker, OpSpec, Sample


def pairs(*options: dict[str, Any], low: float = -2, high: float = 2, target_grad: bool = True, mixed: bool = False,
          smooth: bool = True) -> Callable[..., Iterator[Sample]]:
    """Two tensors of several sizes, reduced in every way; then a call for each dict of options."""
    def samples(make: Maker, dtype: str) -> Iterator[Sample]:
        for shape in ((3, 5), (), (2, 3, 4), (40000,)):
            # Among many numbers some lie next to a kink, where differences say nothing.
            grad = smooth or len(shape) != 1
            for reduction in ('mean', 'sum', 'none'):
                yield Sample(make(*shape, low=low, high=high, grad=grad),
                             make(*shape, low=low, high=high, grad=grad and target_grad), reduction=reduction)
        for more in options:
            yield Sample(make(3, 5, low=low, high=high), make(3, 5, low=low, high=high, grad=target_grad), **more)
        yield Sample(make(0, 3), make(0, 3, grad=target_grad), reduction='sum')
        if mixed:
            yield Sample(make(3, 5), make(3, 5, dtype='float64'))
    return samples


def binary(make: Maker, dtype: str) -> Iterator[Sample]:
    yield from pairs(low=0.05, high=0.95)(make, dtype)
    yield Sample(make.array([0.0, 1.0, 1.0, 0.0], grad=False), make.array([0.0, 1.0, 0.0, 1.0], grad=False), reduction='none')


def logits(make: Maker, dtype: str) -> Iterator[Sample]:
    yield from pairs(low=-4, high=4)(make, dtype)
    yield Sample(make.array([-200.0, 200.0, 0.0]), make.array([0.0, 1.0, 0.5], grad=False), reduction='sum')


def squared(make: Maker, dtype: str) -> Iterator[Sample]:
    yield from pairs(mixed=True)(make, dtype)
    yield Sample(make(3, 5), make(3, 5), weight=make(3, 5, low=0, high=1, grad=False), reduction='sum')


def shape_errors(make: Maker) -> Iterator[Error]:
    yield Error(ValueError, Sample(make(3, 5), make(3, 5), reduction='x'), match='x is not a valid value for reduction')


def broadcast_errors(make: Maker) -> Iterator[Error]:
    yield from shape_errors(make)
    yield Error(NotImplementedError, Sample(make(3, dtype='int64'), make(3, dtype='int64')), match="not implemented for 'Long'")


def beta_errors(make: Maker) -> Iterator[Error]:
    yield from broadcast_errors(make)
    yield Error(RuntimeError, Sample(make(3), make(3), beta=-1.0), match='does not support negative values for beta')


def delta_errors(make: Maker) -> Iterator[Error]:
    yield from broadcast_errors(make)
    yield Error(RuntimeError, Sample(make(3), make(3), delta=0.0), match='does not support non-positive values for delta')


def binary_errors(make: Maker) -> Iterator[Error]:
    yield from shape_errors(make)
    yield Error(ValueError, Sample(make(3), make(2)), match='is different to the input size')
    yield Error(RuntimeError, Sample(make.array([2.0]), make(1)), match='should be between 0 and 1')


def logits_errors(make: Maker) -> Iterator[Error]:
    yield from shape_errors(make)
    yield Error(ValueError, Sample(make(3), make(2)), match='must be the same as input size')


def reduced(loss, reduction='mean'):
    return loss if reduction == 'none' else np.asarray(loss.sum() if reduction == 'sum' else loss.mean())


def ref(loss: Callable[..., Any]) -> Callable[..., Any]:
    def function(x, y, reduction='mean', weight=1, **options):
        return reduced(loss(x, y, **options) * weight, reduction)
    return function


def ref_huber(x, y, reduction='mean', delta=1.0):
    d = np.abs(x - y)
    return reduced(np.where(d < delta, d * d / 2, delta * (d - delta / 2)), reduction)


@ref
def ref_mse_loss(x, y):
    return (x - y) ** 2


@ref
def ref_l1_loss(x, y):
    return np.abs(x - y)


@ref
def ref_smooth_l1_loss(x, y, beta=1.0):
    d = np.abs(x - y)
    return np.where(d < beta, d * d / (2 * beta or 1), d - beta / 2)


@ref
def ref_soft_margin_loss(x, y):
    return np.logaddexp(0, -x * y)


SUMS = {'float32': (1.3e-6, 1e-2, 'sums of 40,000 terms')}
SPECS = [
    OpSpec('nn.functional.mse_loss', squared, ref=ref_mse_loss, errors=broadcast_errors, tol=SUMS),
    OpSpec('nn.functional.l1_loss', pairs(mixed=True, smooth=False), ref=ref_l1_loss, tol=SUMS, gradgrad=False,
           errors=lambda make: list(broadcast_errors(make))[:-1]),
    OpSpec('nn.functional.smooth_l1_loss', pairs({'beta': 0.5}, {'beta': 0.0}, mixed=True, smooth=False), ref=ref_smooth_l1_loss,
           errors=beta_errors, tol=SUMS),
    OpSpec('nn.functional.huber_loss', pairs({'delta': 0.5}, smooth=False), ref=ref_huber, errors=delta_errors, tol=SUMS),
    OpSpec('nn.functional.binary_cross_entropy', binary, errors=binary_errors, tol=SUMS),
    OpSpec('nn.functional.binary_cross_entropy_with_logits', logits, errors=logits_errors, tol=SUMS),
    OpSpec('nn.functional.soft_margin_loss', pairs(target_grad=False), ref=ref_soft_margin_loss, errors=shape_errors, tol=SUMS),
]
