"""Max, average and power-average pooling."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from . import Error, Maker, OpSpec, Sample

PLANES = {1: [(2, 3, 11), (3, 40), (0, 3, 8)], 2: [(2, 3, 9, 11), (3, 6, 70), (40, 1, 6, 6)],
          3: [(2, 3, 5, 6, 7), (2, 4, 4, 5)]}
OPTIONS: list[dict[str, Any]] = [
    {'kernel_size': 2}, {'kernel_size': 3, 'stride': 2, 'padding': 1}, {'kernel_size': 3, 'stride': 1, 'padding': 1},
    {'kernel_size': 2, 'stride': 3, 'ceil_mode': True}, {'kernel_size': 4, 'stride': 1},
]


def windows(n: int, *more: dict[str, Any], ints: bool = True, low: float = -2) -> Callable[..., Iterator[Sample]]:
    """Every shape with every geometry, then one call for each dict of options."""
    def samples(make: Maker, dtype: str) -> Iterator[Sample]:
        for options in OPTIONS:
            if low < 0 or 'padding' not in options:
                for shape in PLANES[n]:
                    yield Sample(make(*shape, low=low, distinct=True), **options)
        for options in more:
            yield Sample(make(*PLANES[n][0], low=low, distinct=True), **options)
        yield Sample(make(*PLANES[n][0], low=low, distinct=True), (2,), stride=[2] * n)
        if n > 1:
            yield Sample(make(*PLANES[n][0], low=low, distinct=True), tuple(range(1, n + 1)), tuple(range(1, n + 1)))
    return samples


def maxima(n: int) -> Callable[..., Iterator[Sample]]:
    def samples(make: Maker, dtype: str) -> Iterator[Sample]:
        yield from windows(n, {'kernel_size': 2, 'dilation': 2}, {'kernel_size': 3, 'padding': 1, 'dilation': 2, 'stride': 2},
                           {'kernel_size': 2, 'return_indices': True}, {'kernel_size': 3, 'stride': 1, 'return_indices': True},
                           {'kernel_size': 2, 'stride': 3, 'padding': 1, 'ceil_mode': True, 'return_indices': True})(make, dtype)
        if dtype == 'float32':
            odd = np.array([np.nan, -np.inf, 1.0, -np.inf, -np.inf, np.nan, 1.0, 1.0])
            shape = (1,) * n + (8,)
            kernel = (1,) * (n - 1) + (2,)
            yield Sample(make.array(odd.reshape(shape), grad=False), kernel, return_indices=True)
            yield Sample(make.array(np.zeros((1, *(4,) * n)), grad=False), 2, return_indices=True)
            yield Sample(make(*PLANES[n][0], dtype='int64'), 2, return_indices=True)
            yield Sample(make(*PLANES[n][0], dtype='float16', grad=False), 2)
    return samples


def means(n: int) -> Callable[..., Iterator[Sample]]:
    return windows(n, {'kernel_size': 3, 'stride': 2, 'padding': 1, 'count_include_pad': False},
                   {'kernel_size': 3, 'stride': 2, 'padding': 1, 'count_include_pad': False, 'ceil_mode': True},
                   {'kernel_size': 3, 'stride': 2, 'padding': 1, 'ceil_mode': True},
                   *[{'kernel_size': 3, 'padding': 1, 'divisor_override': 5}] * (n > 1))


def norms(n: int) -> Callable[..., Iterator[Sample]]:
    def samples(make: Maker, dtype: str) -> Iterator[Sample]:
        for p in (1, 2, 3.0, float('inf')):
            yield Sample(make(*PLANES[n][0], low=0.1, distinct=True), p, 2)
        yield Sample(make(*PLANES[n][0], low=0.1), 2, 3, stride=2, ceil_mode=True)
    return samples


def errors(n: int) -> Callable[[Maker], Iterator[Error]]:
    def function(make: Maker) -> Iterator[Error]:
        image = (1, 2, *(5,) * n)
        yield Error(RuntimeError, Sample(make(*image), 2, 0), match='stride' if n > 1 else None)
        yield Error(RuntimeError, Sample(make(*image), 2, padding=2), match='should be at most half')
        yield Error(RuntimeError, Sample(make(*image), 6), match='Output size is too small' if n > 1 else None)
        yield Error(RuntimeError, Sample(make(5), 2), match='expected|Expected')
        yield Error(RuntimeError, Sample(make(*image), (2,) * (n + 1)), match='kernel_size must')
        yield Error(RuntimeError, Sample(make(1, 0, *(5,) * n), 2), match='Expected')
    return function


def mean_errors(n: int) -> Callable[[Maker], Iterator[Error]]:
    def function(make: Maker) -> Iterator[Error]:
        image = (1, 2, *(5,) * n)
        yield Error(RuntimeError, Sample(make(*image), 2, padding=2), match='should be at most half')
        yield Error(RuntimeError, Sample(make(*image), 6))
        if n > 1:
            yield Error(RuntimeError, Sample(make(*image), 2, divisor_override=0), match='divisor must be not zero')
            yield Error(RuntimeError, Sample(make(*image), (2,) * (n + 1)), match='kernel_size must')
    return function


SPECS = [
    *[OpSpec(f'nn.functional.max_pool{n}d', maxima(n), errors=errors(n)) for n in (1, 2, 3)],
    *[OpSpec(f'nn.functional.max_pool{n}d_with_indices', maxima(n), errors=errors(n)) for n in (1, 2, 3)],
    *[OpSpec(f'nn.functional.avg_pool{n}d', means(n), errors=mean_errors(n)) for n in (1, 2, 3)],
    *[OpSpec(f'nn.functional.lp_pool{n}d', norms(n), tol={'float32': (1e-5, 1e-5, 'powers of sums')}) for n in (1, 2, 3)],
]
