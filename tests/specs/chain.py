"""Products of several matrices."""
from __future__ import annotations

from collections.abc import Iterator

from . import Error, Maker, OpSpec, Sample


def chains(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample([make(2, 3), make(3, 4)])
    yield Sample([make(2, 3), make(3, 4), make(4, 5)])
    yield Sample([make(3), make(3, 4), make(4)])
    yield Sample([make(9, 2), make(2, 8), make(8, 1), make(1, 7)])


def multi_dot_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample([make(3)]), match='expected at least 2 tensors but got 1')
    yield Error(RuntimeError, Sample([make(2, 3), make(4, 4), make(4)]), match='cannot be multiplied')
    yield Error(RuntimeError, Sample([make(2, 3), make(3), make(3)]), match='tensor 1 must be 2D but got 1D')


def matrices(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(2, 3))
    yield Sample(make(2, 3), make(3, 4), make(4, 5))


SPECS = [
    OpSpec('linalg.multi_dot', chains, errors=multi_dot_errors),
    OpSpec('chain_matmul', matrices, parity=False, note='PyTorch warns that it is deprecated in favour of multi_dot'),
]
