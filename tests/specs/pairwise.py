"""Distances of all pairs of vectors."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from . import FLOATS, Error, Maker, OpSpec, Sample

INF = float('inf')
MM = 'use_mm_for_euclid_dist'


def crossed(make: Maker, dtype: str) -> Iterator[Sample]:
    for p in (2.0, 1.0, 3.0, 1.5, 0.5, INF):
        yield Sample(make(3, 4, low=0, high=1, distinct=True), make(2, 4, low=1, high=4, distinct=True), p)
    yield Sample(make(3, 4, grad=False), make(2, 4, grad=False), 0.0)
    yield Sample(make(2, 3, 2), make(4, 2))
    yield Sample(make(2, 1, 3, 2), make(4, 5, 2), 1.5)
    yield Sample(make(0, 2), make(4, 2))
    yield Sample(make(3, 0), make(4, 0))
    yield Sample(make(300, 300, grad=False), make(7, 300, grad=False), 1.0)


def products(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(3, 4), make(2, 4, low=3, high=5), 2.0, MM)
    yield Sample(make(2, 3, 4), make(2, 4, low=3, high=5), compute_mode=MM)
    yield Sample(make(30, 2, low=3, high=5), make(2, 2))


def inner(make: Maker, dtype: str) -> Iterator[Sample]:
    for p in (2.0, 1.0, 3.0, 1.5, INF):
        yield Sample(make(4, 3, distinct=True), p)
    yield Sample(make(4, 3, grad=False), 0.0)
    yield Sample(make(1, 3, grad=False))  # PyTorch's gradient crashes
    yield Sample(make(0, 3, grad=False))
    yield Sample(make(300, 5, grad=False))


def cdist_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(3), make(3, 3)), match='at least 2D tensors, X1 got: 1D')
    yield Error(RuntimeError, Sample(make(3, 3), make(3, 4)), match='same number of columns. X1: 3 X2: 4')
    yield Error(RuntimeError, Sample(make(3, 3), make(3, 3), -1.0), match='non-negative p')
    yield Error(RuntimeError, Sample(make(3, 3, dtype='int64'), make(3, 3)), match='floating-point dtypes, X1 got: Long')
    yield Error(RuntimeError, Sample(make(2, 3, 3), make(3, 3, 3)), match='must match the size')
    yield Error(ValueError, Sample(make(3, 3), make(3, 3), 2.0, 'mm'), match='not a valid value')


def pdist_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(3)), match='only supports 2D tensors, got: 1D')
    yield Error(RuntimeError, Sample(make(3, 3), -1.0), match='non-negative p')
    yield Error(RuntimeError, Sample(make(3, 3, dtype='int64')), match='floating-point dtypes')


def distances(x: np.ndarray, y: np.ndarray, p: float = 2.0) -> np.ndarray:
    return np.linalg.norm(x[..., :, None, :] - y[..., None, :, :], p, -1)


CANCELLED = {'float32': (1e-4, 1e-4, 'squares of lengths cancel')}
SECOND = 'PyTorch has no second derivatives'
SPECS = [
    OpSpec('cdist', crossed, dtypes=FLOATS, errors=cdist_errors, ref=distances, gradgrad=False, note=SECOND),
    OpSpec('cdist', crossed, dtypes=FLOATS, parity=False, note=SECOND),
    OpSpec('cdist', products, dtypes=FLOATS, tol=CANCELLED, names=False),
    OpSpec('pdist', inner, dtypes=FLOATS, errors=pdist_errors, gradgrad=False, note=SECOND),
    OpSpec('pdist', inner, dtypes=FLOATS, parity=False, note=SECOND),
]
