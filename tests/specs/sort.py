"""Sorting and ranks."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from . import REALS, Error, Maker, OpSpec, Sample


def sorts(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(3, 4, distinct=True))
    yield Sample(make(3, 4, distinct=True), 0, True)
    yield Sample(make(2, 3, 4, distinct=True), dim=1, descending=True, stable=True)
    yield Sample(make())
    yield Sample(make(0, 3))
    if dtype in ('float32', 'int64'):
        yield Sample(make.array([3, 1, 3, 1, 2, 3]), dim=0, stable=True)
        yield Sample(make.array([3, 1, 3, 1, 2, 3]), dim=0, descending=True, stable=True)
    if dtype == 'float32':
        yield Sample(make.array([3.0, np.nan, -np.inf, np.inf, 1.0]))
        yield Sample(make.array([3.0, np.nan, -np.inf, np.inf, 1.0]), -1, True)
        yield Sample(make.array([0.0, -0.0, 1.0, -np.nan, -0.0, 0.0]), dim=0, stable=True)
    if dtype in ('float32', 'float64'):     # rows too long for insertion
        yield Sample(make(3, 100, distinct=True))
        yield Sample(make(100, 3, distinct=True), 0, True)
    if dtype in ('int64', 'int16', 'uint8'):
        yield Sample(make(2, 300), dim=1, stable=True)
        yield Sample(make(300), dim=0, descending=True, stable=True)


def one_dim(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(3, 4, distinct=True))
    yield Sample(make(5))


def tops(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(3, 4, distinct=True), 2)
    yield Sample(make(5, 4, distinct=True), 3, 0, False)
    yield Sample(make(2, 5, 3, distinct=True), k=2, dim=1, largest=False, sorted=True)
    yield Sample(make(), 1)
    yield Sample(make(3, 4), 0)
    if dtype in ('float32', 'float64'):     # as many as are found without sorting, from either end, and more
        yield Sample(make(2, 300, distinct=True), 7)
        yield Sample(make(300, 2, distinct=True), 7, 0, False)
        yield Sample(make(2, 150, distinct=True), 70)
    if dtype.startswith('float'):
        yield Sample(make(2, 3000, distinct=True), 5)
        yield Sample(make(2, 3000, distinct=True), 5, -1, False)


def ranks(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(3, 4, distinct=True), 2)
    yield Sample(make(5, 4, distinct=True), 5, 0, True)
    yield Sample(make(), 1)


def top_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(3, 4), 5), match='selected index k out of range')
    yield Error(IndexError, Sample(make(3, 4), 1, 2), match='Dimension out of range')


def rank_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(3, 4), 5), match='selected number k out of range')
    yield Error(IndexError, Sample(make(0), 1), match='non-zero size')


# Integers drawn at random have ties, whose order PyTorch only promises for stable sorts.
DISTINCT = ('float32', 'float64')

SPECS = [
    OpSpec('sort', sorts, dtypes=DISTINCT),
    OpSpec('argsort', sorts, dtypes=DISTINCT, grad=False),
    OpSpec('msort', one_dim, dtypes=REALS, ref=lambda x: np.sort(x, 0)),
    OpSpec('topk', tops, dtypes=DISTINCT, errors=top_errors),
    OpSpec('kthvalue', ranks, dtypes=DISTINCT, errors=rank_errors),
]
