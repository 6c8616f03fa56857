"""A scaled sum of a tensor and a product."""
from __future__ import annotations

from collections.abc import Callable, Iterator

from . import COMPLEXES, FLOATS, INTS, Error, Maker, OpSpec, Sample

TYPES = FLOATS + COMPLEXES + INTS


def sums(*triples: tuple[tuple[int, ...], ...]) -> Callable[[Maker, str], Iterator[Sample]]:
    """Each triple of shapes without factors and with, and with a first operand that does not count."""
    def samples(make: Maker, dtype: str) -> Iterator[Sample]:
        for triple in triples:
            yield Sample(*(make(*shape) for shape in triple))
            yield Sample(*(make(*shape) for shape in triple), beta=2, alpha=3)
        if dtype in FLOATS:
            first, *rest = triples[0]
            yield Sample(make.array([float('nan')], grad=False), *(make(*shape) for shape in rest), beta=0)
            yield Sample(make(*first), *(make(*shape) for shape in rest), beta=0.5, alpha=-1.5)
    return samples


def addmm_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(2, 2), make(2, 3), make(2, 3)), match='cannot be multiplied')
    yield Error(RuntimeError, Sample(make(3, 3), make(2, 3), make(3, 2)), match='expanded size')
    yield Error(RuntimeError, Sample(make(2), make(2, 3, 1), make(3, 2)), match='mat1 must be a matrix')


def addmv_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(3), make(2, 3), make(3)), match='size mismatch')


def addr_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(2, 3), make(2, 1), make(3)), match='Expected 1-D argument vec1')


def baddbmm_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(1, 2, 2), make(1, 2, 3), make(2, 3, 2)), match='Expected size for first two')


SPECS = [
    OpSpec('addmm', sums(((2, 4), (2, 3), (3, 4)), ((4,), (2, 3), (3, 4)), ((), (1, 3), (3, 2)), ((2, 1), (2, 0), (0, 3))),
           dtypes=TYPES, errors=addmm_errors),
    OpSpec('addmv', sums(((2,), (2, 3), (3,)), ((1,), (2, 3), (3,)), ((), (2, 3), (3,)), ((2,), (2, 0), (0,))), dtypes=TYPES,
           errors=addmv_errors),
    OpSpec('addr', sums(((2, 3), (2,), (3,)), ((3,), (2,), (3,)), ((), (2,), (3,))), dtypes=TYPES, errors=addr_errors),
    OpSpec('baddbmm', sums(((2, 2, 4), (2, 2, 3), (2, 3, 4)), ((4,), (2, 2, 3), (2, 3, 4)), ((1,), (0, 2, 3), (0, 3, 4))),
           dtypes=TYPES, errors=baddbmm_errors),
    OpSpec('addbmm', sums(((2, 4), (2, 2, 3), (2, 3, 4)), ((4,), (2, 2, 3), (2, 3, 4))), dtypes=TYPES, errors=baddbmm_errors),
]
