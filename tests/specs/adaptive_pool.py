"""Pooling to given lengths."""
from __future__ import annotations

from collections.abc import Callable, Iterator

from . import Error, Maker, OpSpec, Sample
from .pool import PLANES


def lengths(n: int, indices: bool = False) -> Callable[..., Iterator[Sample]]:
    def samples(make: Maker, dtype: str) -> Iterator[Sample]:
        for out in (1, 2, 3, 5, (2,) * n, tuple(range(1, n + 1))):
            for shape in PLANES[n]:
                yield Sample(make(*shape, distinct=True), out)
                if indices:
                    yield Sample(make(*shape, distinct=True), out, return_indices=True)
        if n > 1:
            yield Sample(make(*PLANES[n][0], distinct=True), (None,) * (n - 1) + (3,))
            yield Sample(make(*PLANES[n][0], distinct=True), [4] * n)
        yield Sample(make(*PLANES[n][0], grad=False), 0)
    return samples


def errors(n: int, always: bool = False) -> Callable[[Maker], Iterator[Error]]:
    def function(make: Maker) -> Iterator[Error]:
        yield Error(RuntimeError, Sample(make(1, 2, *(5,) * n), -1))
        if n > 1:
            yield Error(RuntimeError, Sample(make(1, 2, *(5,) * n), (1,) * (n + 1)))
            yield Error(ValueError, Sample(make(*(5,) * n), (2,) * n), match='Input dimension should be at least')
            yield Error(RuntimeError, Sample(make(1, 2, 0, *(5,) * (n - 1)), 2), match='to have non-zero size')
        yield Error(NotImplementedError, Sample(make(1, 2, *(5,) * n, dtype='int64'), 2), match="not implemented for 'Long'")
    return function


SPECS = [
    *[OpSpec(f'nn.functional.adaptive_avg_pool{n}d', lengths(n), errors=errors(n)) for n in (1, 2, 3)],
    *[OpSpec(f'nn.functional.adaptive_max_pool{n}d', lengths(n, True), errors=errors(n)) for n in (1, 2, 3)],
    *[OpSpec(f'nn.functional.adaptive_max_pool{n}d_with_indices', lengths(n, True), errors=errors(n)) for n in (1, 2, 3)],
]
