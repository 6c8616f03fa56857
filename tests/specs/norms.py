"""Norms and distances."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from . import COMPLEXES, FLOATS, Error, Maker, OpSpec, Sample
from ._axes import dims_errors, reductions

INF = float('inf')


def norms(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(3, 4))
    yield Sample(make())
    for p in (2, 1, 3, 0.5, 1.5, INF, -INF, 0):
        yield Sample(make(3, 4, distinct=True), p)
        yield Sample(make(2, 3, 4, distinct=True), p, dim=1)
        yield Sample(make(2, 3, 4, distinct=True), p, dim=(0, 2), keepdim=True)
    yield Sample(make(2, 3), 'fro', dim=(0, 1))


def vectors(make: Maker, dtype: str) -> Iterator[Sample]:
    yield from (s for s in norms(make, dtype) if 'fro' not in s.args)


def distances(make: Maker, dtype: str) -> Iterator[Sample]:
    for p in (2, 1, 3, INF):
        yield Sample(make(3, 4, distinct=True), make(3, 4, distinct=True), p)
    yield Sample(make(3, 4), make(4))


def sums_of_exponentials(make: Maker, dtype: str) -> Iterator[Sample]:
    yield from reductions(full=False, empty=False)(make, dtype)
    yield Sample(make.array([[1000, 1000], [-1000, -1000]]), 1)


def norm_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(3, dtype='int64')), match='floating point or complex')
    yield Error(IndexError, Sample(make(3, 4), 2, dim=2), match='Dimension out of range')


def ref_logsumexp(x, dim, keepdim=False):
    top = np.max(x, axis=dim if x.ndim else None, keepdims=True)
    y = np.log(np.exp(x - top).sum(dim if x.ndim else None, keepdims=True)) + top
    return y if keepdim or not x.ndim else np.squeeze(y, dim)


SPECS = [
    OpSpec('norm', norms, dtypes=FLOATS + COMPLEXES, errors=norm_errors),
    OpSpec('linalg.vector_norm', vectors, errors=norm_errors),
    OpSpec('dist', distances),
    OpSpec('logsumexp', sums_of_exponentials, dtypes=FLOATS, ref=ref_logsumexp, errors=dims_errors),
]
