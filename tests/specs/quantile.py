"""Medians, modes and quantiles."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from . import REALS, Error, Maker, OpSpec, Sample
from ._axes import dim_errors


def middles(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(3, 4, distinct=True))
    yield Sample(make())
    if dtype.startswith('float'):
        yield Sample(make(3, 4, distinct=True), 1)
        yield Sample(make(5, 4, distinct=True), 0, True)
        yield Sample(make(), 0)
    if dtype == 'float32':
        yield Sample(make.array([[3.0, np.nan, 1.0, 2.0], [1.0, 5.0, 2.0, 4.0]]), 1)
        yield Sample(make.array([3.0, np.nan, 1.0, 2.0]))


def modes(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(3, 4, distinct=True))
    yield Sample(make.array([[3, 1, 3, 2], [2, 2, 1, 1]], grad=False), 1, True)
    yield Sample(make())


def quantiles(make: Maker, dtype: str) -> Iterator[Sample]:
    x = make(4, 5, distinct=True)
    yield Sample(x, 0.3)
    yield Sample(x, 0.25, 1, True)
    yield Sample(x, make.array([0.0, 0.4, 1.0], grad=False), dim=0)
    yield Sample(x, make.array([0.5], grad=False), keepdim=True)
    for interpolation in ('lower', 'higher', 'midpoint', 'nearest'):
        yield Sample(x, 0.4, 1, interpolation=interpolation)
    if dtype == 'float32':
        yield Sample(make.array([[1.0, np.nan, 2.0], [1.0, 3.0, 2.0]]), 0.5, 1)


def quantile_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(3), 1.5), match='must be in the range')
    yield Error(RuntimeError, Sample(make(3), 0.5, interpolation='cubic'), match='interpolation must be one of')
    yield Error(RuntimeError, Sample(make(3, dtype='int64'), 0.5), match='must be either float or double')


SPECS = [
    OpSpec('median', middles, dtypes=REALS, errors=dim_errors, strides=False),
    OpSpec('nanmedian', middles, dtypes=REALS, errors=dim_errors, strides=False),
    OpSpec('mode', modes, dtypes=('float32', 'float64', 'int64'), errors=dim_errors),
    OpSpec('quantile', quantiles, errors=quantile_errors),
    OpSpec('nanquantile', quantiles, errors=quantile_errors),
]
