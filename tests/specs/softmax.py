"""Softmax and its logarithm."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from . import FLOATS, Error, Maker, OpSpec, Sample


def samples(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(3, 4), 1)
    yield Sample(make(3, 4), dim=0)
    yield Sample(make(2, 5, 70), 1)
    yield Sample(make(2, 3, 2, 4), -3)
    yield Sample(make(2, 2000, low=-30, high=30), -1)
    yield Sample(make(), 0)
    yield Sample(make(2, 0, 3), 1)
    yield Sample(make(3, 1), 1)
    yield Sample(make(3, 4), 1, dtype='float64')
    if dtype == 'float32':
        yield Sample(make.array([[1e30, 0.0], [-np.inf, 3.0], [-1e30, -1e30], [200.0, 0.0]], grad=False), 1)
        yield Sample(make.array([[np.nan, 0.0], [-np.inf, -np.inf], [np.inf, 0.0]], grad=False), 1)


def halves(make: Maker, dtype: str) -> Iterator[Sample]:
    yield from samples(make, dtype)
    yield Sample(make(3, 4, dtype='float16', grad=False), 1)
    yield Sample(make(3, 4, dtype='int64'), 1, dtype='float32')


def errors(make: Maker) -> Iterator[Error]:
    yield Error(IndexError, Sample(make(3, 4), 2), match='Dimension out of range')
    yield Error(NotImplementedError, Sample(make(3, dtype='int64'), 0), match="not implemented for 'Long'")
    yield Error(TypeError, Sample([1.0, 2.0], 0), match='must be Tensor')


def ref_log_softmax(x, dim, dtype=None):
    x = np.asarray(x, dtype or x.dtype)
    if not x.ndim:
        return np.zeros_like(x) + 0 * x
    with np.errstate(all='ignore'):
        peak = x.max(dim, keepdims=True, initial=-np.inf)
        return x - peak - np.log(np.exp(x - peak).sum(dim, keepdims=True))


def ref_softmax(x, dim, dtype=None):
    return np.exp(ref_log_softmax(x, dim, dtype))


def ref_softmin(x, dim, dtype=None):
    return ref_softmax(-np.asarray(x, dtype or x.dtype), dim)


def gumbels(make, dtype):
    for shape, dim in (((6,), -1), ((3, 5), 1), ((2, 3, 4), 0)):
        for hard in (False, True):
            yield Sample(make(*shape), 0.5, hard, dim=dim)


SPECS = [
    OpSpec('softmax', halves, ref=ref_softmax, errors=errors, tol={'float16': (1e-3, 1e-3, 'the reference computes in half')}),
    OpSpec('log_softmax', samples, ref=ref_log_softmax, errors=errors),
    # Derivatives of `hard` are those of the soft choice, which differences of values do not show.
    OpSpec('nn.functional.gumbel_softmax', gumbels, dtypes=FLOATS, grad=False, gradgrad=False, layouts=False),
    OpSpec('nn.functional.softmin', samples, ref=ref_softmin, dtypes=FLOATS),
]
