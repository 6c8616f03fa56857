"""Losses of class labels."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from . import Error, Maker, OpSpec, Sample

SHAPES = [((6, 5), (6,)), ((5,), ()), ((2, 5, 7), (2, 7)), ((2, 5, 3, 30), (2, 3, 30)), ((3, 2000), (3,)), ((0, 5), (0,))]


def labels(*options: dict[str, Any]) -> Callable[..., Iterator[Sample]]:
    """Inputs of every shape with class indices, reduced in every way; then one call for each dict of options."""
    def samples(make: Maker, dtype: str) -> Iterator[Sample]:
        for shape, targets in SHAPES:
            classes = shape[0] if len(shape) == 1 else shape[1]
            target = make(*targets, dtype='int64', low=0, high=classes)
            for reduction in ('mean', 'sum', 'none'):
                if 0 in shape and reduction == 'mean':
                    continue
                yield Sample(make(*shape), target, reduction=reduction)
                yield Sample(make(*shape), target, weight=make(classes, low=0.1, high=2, grad=False), reduction=reduction)
                for more in options:
                    if 0 not in shape:
                        yield Sample(make(*shape), target, reduction=reduction, **more)
        yield Sample(make(6, 5), make(6, dtype='uint8', low=0, high=5))
        yield Sample(make(3, 5), make.array([-100, 2, -100], 'int64'), ignore_index=-100)
    return samples


def probabilities(make: Maker, dtype: str) -> Iterator[Sample]:
    yield from labels({'ignore_index': 1}, {'label_smoothing': 0.2}, {'ignore_index': 2, 'label_smoothing': 0.1})(make, dtype)
    for reduction in ('sum', 'none'):
        yield Sample(make(4, 5), make(4, 5, low=0, high=1), reduction=reduction)
        yield Sample(make(2, 5, 3), make(2, 5, 3, low=0, high=1), make(5, low=0.1, high=2, grad=False), reduction=reduction,
                     label_smoothing=0.3)
    yield Sample(make(4, 5, low=-300, high=300), make(4, dtype='int64', low=0, high=5))


def projected(make: Maker, dtype: str) -> Iterator[Sample]:
    for reduction in ('mean', 'sum', 'none'):
        yield Sample(make(4, 3), make(5, 3), make(4, dtype='int64', low=0, high=5), reduction=reduction)
        yield Sample(make(4, 3), make(5, 2, 3), make(4, 2, dtype='int64', low=0, high=5), linear_bias=make(5, 2),
                     reduction=reduction)
    yield Sample(make(3), make(5, 3), make(dtype='int64', low=0, high=5), ignore_index=1, label_smoothing=0.1)


def errors(make: Maker) -> Iterator[Error]:
    def target(*values):
        return make.array(values, 'int64')
    yield Error(IndexError, Sample(make(3, 5), target(1, 5, 2)), match='Target 5 is out of bounds.')
    yield Error(IndexError, Sample(make(3, 5), target(1, -1, 2)), match='Target -1 is out of bounds.')
    yield Error(ValueError, Sample(make(3, 5), target(1, 2, 3, 4)),
                match=r'Expected input batch_size \(3\) to match target batch_size \(4\)\.')
    yield Error(RuntimeError, Sample(make(3, 5), make.array([[1], [2], [3]], 'int64')), match='multi-target not supported')
    yield Error(RuntimeError, Sample(make(2, 3, 4), make(2, 5, dtype='int64', low=0, high=3)),
                match=r'Expected target size \[2, 4\], got \[2, 5\]')
    yield Error(RuntimeError, Sample(make(3, 5), make(3)), match='expected target dtype to be Long or Byte, but got')
    yield Error(RuntimeError, Sample(make(3, 5), target(1, 2, 3), make(4)),
                match='weight tensor should be defined either for all 5 classes')
    yield Error(ValueError, Sample(make(3, 5), target(1, 2, 3), reduction='x'), match='x is not a valid value for reduction')


def smoothing_errors(make: Maker) -> Iterator[Error]:
    yield from errors(make)
    yield Error(RuntimeError, Sample(make(3, 5), make.array([1, 2, 3], 'int64'), label_smoothing=2.0),
                match='label_smoothing must be between 0.0 and 1.0')
    yield Error(RuntimeError, Sample(make(3, 5), make(3, 5), ignore_index=1),
                match='ignore_index is not supported for floating point target')


def projected_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(4, 3), make(5, 2), make.array([1], 'int64')), match='expected equal input and')


def ref_nll_loss(x, target, weight=None, ignore_index=-100, reduction='mean'):
    x, target = np.moveaxis(x, min(1, x.ndim - 1), -1), np.asarray(target)
    keep = target != ignore_index
    safe = np.where(keep, target, 0).astype(np.int64)
    w = keep * (np.ones(x.shape[-1]) if weight is None else weight)[safe]
    loss = -np.take_along_axis(x, safe[..., None], -1)[..., 0] * w if x.size else np.zeros(target.shape)
    with np.errstate(invalid='ignore'):
        return {'none': loss, 'sum': loss.sum(), 'mean': np.float64(loss.sum()) / w.sum()}[reduction].astype(x.dtype)


SPECS = [
    OpSpec('nn.functional.nll_loss', labels({'ignore_index': 1}), ref=ref_nll_loss, errors=errors),
    OpSpec('nn.functional.cross_entropy', probabilities, errors=smoothing_errors),
    OpSpec('nn.functional.linear_cross_entropy', projected, errors=projected_errors),
]
