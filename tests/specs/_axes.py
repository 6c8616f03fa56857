"""Samples that all reductions share."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from . import Error, Maker, Sample


def reductions(several: bool = True, full: bool = True, empty: bool = True, **data: Any) -> Callable[..., Iterator[Sample]]:
    """Calls with and without `dim` and `keepdim`; `several` dims at once; no dim at all (`full`); without elements."""
    def samples(make: Maker, dtype: str) -> Iterator[Sample]:
        if full:
            yield Sample(make(3, 4, **data))
            yield Sample(make(**data))
            yield Sample(make(70000, **data))
        yield Sample(make(3, 4, **data), 0)
        yield Sample(make(3, 4, **data), -1, True)
        yield Sample(make(**data), 0)
        yield Sample(make(2, 3, 4, 5, **data), 1)
        yield Sample(make(5, 1, **data), 1)
        yield Sample(make(2000, 40, **data), 0)
        yield Sample(make(3, 1100, **data), dim=-1, keepdim=True)
        if several:
            yield Sample(make(2, 3, 4, 5, **data), (0, 2, 3))
            yield Sample(make(2, 3, 4, 5, **data), (1, 3), True)
            yield Sample(make(2, 3, 4, **data), (-1, 0), keepdim=True)
        if empty:
            yield Sample(make(0, 3, **data), 0)
            yield Sample(make(2, 0, **data), 0)
    return samples


def dim_errors(make: Maker) -> Iterator[Error]:
    yield Error(IndexError, Sample(make(3, 4), 2), match='Dimension out of range')
    yield Error(IndexError, Sample(make(3, 4), -3), match='Dimension out of range')


def dims_errors(make: Maker) -> Iterator[Error]:
    yield from dim_errors(make)
    yield Error(RuntimeError, Sample(make(3, 4), (0, 0)), match='dim 0 appears multiple times')
