"""Running sums, products and extremes; differences and trapezoids."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from . import ALL, COMPLEXES, FLOATS, INTS, REALS, Maker, OpSpec, Sample
from ._axes import dim_errors


def lines(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(3, 4), 0)
    yield Sample(make(2, 3, 4), 1)
    yield Sample(make(2, 3, 4), -1)
    yield Sample(make(), 0)
    yield Sample(make(0, 3), 0)
    yield Sample(make(2, 700), 1)


def products(make: Maker, dtype: str) -> Iterator[Sample]:
    yield from list(lines(make, dtype))[:5]
    for zeros in ([1.0, 0.0, 2.0, 3.0], [0.0, 1.0, 2.0, 0.0]):
        yield Sample(make.array([zeros, zeros[::-1]]), 1)


def extremes(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(3, 4, distinct=True), 0)
    yield Sample(make(2, 3, 4, distinct=True), -1)
    yield Sample(make(), 0)
    if dtype == 'float32':
        yield Sample(make.array([1.0, 3.0, 3.0, np.nan, 5.0, np.nan]), 0)
        yield Sample(make(2, 200, distinct=True), 1)     # more than one run


def differences(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(3, 4))
    yield Sample(make(5, 4), 2, 0)
    yield Sample(make(3, 4, grad=False), n=0)
    yield Sample(make(3, 2), n=3)
    yield Sample(make(3, 4), dim=0, prepend=make(2, 4), append=make(1, 4))


def integrals(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(3, 4))
    yield Sample(make(3, 4), dx=0.5, dim=0)
    yield Sample(make(3, 4), make(4))
    yield Sample(make(3, 4), make(3, 4), dim=0)


def logarithms(make: Maker, dtype: str) -> Iterator[Sample]:
    yield from lines(make, dtype)
    if dtype == 'float32':      # totals too far below to be added, infinite elements, NaN
        inf = np.inf
        for row in ([-900.0] * 70 + [0.0, 700.0], [-inf, -inf, 1.0, -inf], [1.0, inf, 2.0], [0.0, np.nan, 1.0]):
            yield Sample(make.array(row), 0)


SPECS = [
    OpSpec('cumsum', lines, dtypes=ALL, ref=lambda x, dim: np.cumsum(x, dim if x.ndim else None).reshape(x.shape),
           inplace='cumsum_', errors=dim_errors),
    OpSpec('cumprod', products, dtypes=FLOATS + COMPLEXES + INTS, inplace='cumprod_', errors=dim_errors,
           ref=lambda x, dim: np.cumprod(x, dim if x.ndim else None).reshape(x.shape)),
    OpSpec('logcumsumexp', logarithms, errors=dim_errors),
    OpSpec('cummax', extremes, dtypes=REALS, errors=dim_errors),
    OpSpec('cummin', extremes, dtypes=REALS, errors=dim_errors),
    OpSpec('diff', differences, dtypes=ALL),
    OpSpec('trapezoid', integrals, dtypes=FLOATS + COMPLEXES),
    OpSpec('trapz', integrals),
    OpSpec('cumulative_trapezoid', integrals, dtypes=FLOATS + COMPLEXES),
]
