"""Unpooling, and pooling over windows at random places."""
from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from . import Error, Leaf, Maker, OpSpec, Sample


def positions(make: Maker, planes: int, places: int, n: int) -> Leaf:
    """Different positions in every plane."""
    return make.array([[make.rng.permutation(places)[:n]] for _ in range(planes)], 'int64')


def maxima(n: int) -> Callable[..., Iterator[Sample]]:
    def samples(make: Maker, dtype: str) -> Iterator[Sample]:
        for lead in ((2, 3), (3,)):
            at = positions(make, int(np.prod(lead)), 6 ** n, 3 ** n)
            at.array = at.array.reshape(*lead, *(3,) * n)
            yield Sample(make(*lead, *(3,) * n), at, 2)
            yield Sample(make(*lead, *(3,) * n), at, 3, stride=2, output_size=(7,) * n)
            size = (*lead, *(6,) * n) if len(lead) == 2 else (6,) * n
            yield Sample(make(*lead, *(3,) * n), at, (4,) * n, (2,) * n, 1, output_size=size)
    return samples


def errors(n: int) -> Callable[[Maker], Iterator[Error]]:
    def function(make: Maker) -> Iterator[Error]:
        x, at = make(1, 2, *(2,) * n), make.array(np.zeros((1, 2, *(2,) * n)), 'int64')
        far = make.array(at.array + 4 ** n, 'int64')
        yield Error(RuntimeError, Sample(x, far, 2), match='[Ii]nvalid')
        yield Error(RuntimeError, Sample(x, make(1, 2, *(2,) * n), 2), match='should be type int64')
        yield Error(RuntimeError, Sample(make(1, 2, *(3,) * n), at, 2), match='shape of indices to be same')
        yield Error(ValueError, Sample(x, at, 2, output_size=(9,) * n), match='invalid output_size')
    return function


def fractions(n: int) -> Callable[..., Iterator[Sample]]:
    def samples(make: Maker, dtype: str) -> Iterator[Sample]:
        for lead in ((2, 3), (3,)):
            random = make(lead[0] if len(lead) == 2 else 1, 3, n, low=0, high=1, grad=False)
            for out in (1, 2, 4):
                yield Sample(make(*lead, *(6,) * n, distinct=True), 2, out, _random_samples=random)
            yield Sample(make(*lead, *(7,) * n, distinct=True), (2,) * n, output_ratio=(0.5,) * n, return_indices=True,
                         _random_samples=random)
    return samples


def fraction_errors(make: Maker) -> Iterator[Error]:
    yield Error(ValueError, Sample(make(1, 2, 5, 5, 5), 2), match='requires specifying either an output_size or an output_ratio')


SPECS = [
    *[OpSpec(f'nn.functional.max_unpool{n}d', maxima(n), errors=errors(n)) for n in (1, 2, 3)],
    *[OpSpec(f'nn.functional.fractional_max_pool{n}d', fractions(n), errors=fraction_errors) for n in (2, 3)],
    *[OpSpec(f'nn.functional.fractional_max_pool{n}d_with_indices', fractions(n), errors=fraction_errors) for n in (2, 3)],
]
