"""Largest and smallest elements."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from . import REALS, Error, Maker, OpSpec, Sample
from ._axes import dim_errors, dims_errors, reductions


def distinct(**kinds):
    """Reductions of different numbers, because differences fail at ties; the ties are in samples of their own."""
    return reductions(empty=False, distinct=True, **kinds)


def one_dim(make: Maker, dtype: str) -> Iterator[Sample]:
    yield from distinct(several=False)(make, dtype)
    if dtype == 'float32':
        yield Sample(make.array([[1.0, np.nan, 3.0], [np.nan, np.nan, 1.0], [-np.inf, -np.inf, -np.inf]]), 1)
        yield Sample(make.array([[1.0, np.nan, 3.0], [np.nan, np.nan, 1.0], [-np.inf, -np.inf, -np.inf]]), 0)


def pairs(make: Maker, dtype: str) -> Iterator[Sample]:
    yield from one_dim(make, dtype)
    yield Sample(make(3, 4), make(4))


def any_dims(make: Maker, dtype: str) -> Iterator[Sample]:
    yield from distinct()(make, dtype)
    if dtype == 'float32':
        yield Sample(make.array([1.0, 3.0, 3.0, 2.0]))
        yield Sample(make.array([[1.0, np.nan], [np.inf, 2.0]]), 0)


def both(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(3, 4, distinct=True))
    yield Sample(make(3, 4, distinct=True), dim=1)
    yield Sample(make(3, 4, distinct=True), dim=0, keepdim=True)
    yield Sample(make())


def empty_errors(make: Maker) -> Iterator[Error]:
    yield from dim_errors(make)
    yield Error(IndexError, Sample(make(0, 4), 0), match='Expected reduction dim 0 to have non-zero size')


def full_errors(make: Maker) -> Iterator[Error]:
    yield from empty_errors(make)
    yield Error(RuntimeError, Sample(make(0, 4)), match='numel\\(\\) == 0')


SPECS = [
    OpSpec('max', pairs, dtypes=REALS, errors=full_errors),
    OpSpec('min', pairs, dtypes=REALS, errors=full_errors),
    OpSpec('amax', any_dims, dtypes=REALS, errors=dims_errors),
    OpSpec('amin', any_dims, dtypes=REALS, errors=dims_errors),
    OpSpec('aminmax', both, dtypes=REALS),
    OpSpec('argmax', one_dim, dtypes=REALS, grad=False, errors=empty_errors),
    OpSpec('argmin', one_dim, dtypes=REALS, grad=False, errors=empty_errors),
]
