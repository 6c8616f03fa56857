"""Distinct elements and histograms."""
from __future__ import annotations

from collections.abc import Iterator

from . import FLOATS, Error, Maker, OpSpec, Sample


def repeated(make: Maker, dtype: str) -> Iterator[Sample]:
    x = make.array([[3, 1, 3, 2], [3, 3, 1, 2]], grad=False)
    yield Sample(x)
    yield Sample(x, return_inverse=True)
    yield Sample(x, return_inverse=True, return_counts=True)
    yield Sample(make.array([[1, 2], [3, 1], [1, 2]], grad=False), dim=0, return_inverse=True, return_counts=True)
    yield Sample(make.array([[1, 1, 2], [3, 3, 3]], grad=False), dim=1, return_counts=True)
    yield Sample(make(0, grad=False), return_counts=True)


def counts(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(30, grad=False))
    yield Sample(make(3, 10, grad=False), bins=4, min=-1, max=1)
    yield Sample(make.array([1, 2, 1, 3], grad=False), 3, 1, 3)
    yield Sample(make.array([2, 2], grad=False), 4)


def weighted(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(30, grad=False), 5)
    yield Sample(make(30, grad=False), 5, range=(-1.0, 1.0), density=True)
    yield Sample(make(30, grad=False), 4, weight=make(30, low=0, high=1, grad=False))
    yield Sample(make(30, grad=False), make.array([-1, 0, 0.5, 2], grad=False))


def bin_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(3), 0), match='bins must be > 0')


SPECS = [
    OpSpec('unique', repeated, dtypes=('float32', 'int64', 'uint8'), grad=False),
    OpSpec('unique_consecutive', repeated, dtypes=('float32', 'int64', 'uint8'), grad=False, strides=False),
    OpSpec('histc', counts, grad=False, errors=bin_errors),
    OpSpec('histogram', weighted, dtypes=FLOATS, grad=False, errors=bin_errors),
]
