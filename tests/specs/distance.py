"""Distances and angles between vectors."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from . import FLOATS, Error, Maker, OpSpec, Sample

INF = float('inf')


def distances(make: Maker, dtype: str) -> Iterator[Sample]:
    for p in (2.0, 1.0, 3.0, INF):
        yield Sample(make(3, 4, distinct=True), make(3, 4, distinct=True), p)
    yield Sample(make(4), make(4), keepdim=True)
    yield Sample(make(2, 3, 4), make(1, 4), eps=0.1)
    yield Sample(make(0, 4), make(0, 4))


def cosines(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(3, 4), make(3, 4))
    yield Sample(make(3, 4), make(3, 4), dim=0)
    yield Sample(make(2, 3, 4), make(3, 1), -1)
    yield Sample(make(4), make(4), 0, eps=0.5)
    yield Sample(make(2, 4, low=-0.1, high=0.1, grad=False), make(2, 4), eps=0.3)
    yield Sample(make(0, 4), make(0, 4))


def vectors(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(3, 4))
    yield Sample(make(3, 4, distinct=True), 1.0, 0)
    yield Sample(make(2, 3, 4, distinct=True), INF, dim=-1)
    yield Sample(make(2, 3, 4), dim=(1, 2))
    yield Sample(make(2, 3, low=0.1, high=0.2), eps=9.0)


def cosine_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(3, 4, dtype='int64'), make(3, 4, dtype='int64')), match='floating point')
    yield Error(IndexError, Sample(make(3, 4), make(3, 4), 2), match='Dimension out of range')
    yield Error(RuntimeError, Sample(make(3, 4), make(3, 5)), match='must match')


SPECS = [
    OpSpec('nn.functional.pairwise_distance', distances, dtypes=FLOATS,
           ref=lambda x, y, p=2.0, eps=1e-6, keepdim=False: np.linalg.norm(x - y + eps, p, -1, keepdim)),
    OpSpec('nn.functional.cosine_similarity', cosines, dtypes=FLOATS, errors=cosine_errors),
    OpSpec('nn.functional.normalize', vectors, dtypes=FLOATS),
]
