"""Sums of products over labelled dimensions."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from . import COMPLEXES, FLOATS, INTS, Error, Maker, OpSpec, Sample
from .matmul import shapes

TYPES = FLOATS + COMPLEXES + INTS


def tensordots(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(2, 3, 4), make(3, 4, 5))
    yield Sample(make(2, 3), make(3, 4), dims=1)
    yield Sample(make(2, 3), make(4, 5), dims=0)
    yield Sample(make(2, 3, 4), make(4, 2, 5), dims=([0, 2], [1, 0]))
    yield Sample(make(2, 3), make(2, 3), dims=([-2], [0]))
    yield Sample(make(2, 3), make(1, 3, 4), dims=2)
    yield Sample(make(2, 0), make(0, 3), dims=1)


def tensordot_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(2, 3), make(4, 3), dims=1), match='first has size 3 in dim -1 and second has size 4')
    yield Error(RuntimeError, Sample(make(2, 3), make(4, 3), dims=([0], [0, 1])), match='same length')
    yield Error(RuntimeError, Sample(make(2, 3), make(2, 3), dims=-1), match='dims >= 0')
    yield Error(RuntimeError, Sample(make(2, 3), make(2, 3), dims=3), match='dims < ndim_a')
    yield Error(RuntimeError, Sample(make(2, 3), make(2, 3), dims=([0, 0], [0, 0])), match='appears multiple times')
    yield Error(RuntimeError, Sample(make(2), make(2, dtype='float64'), dims=1), match='same dtype')
    yield Error(IndexError, Sample(make(2, 3), make(2, 3), dims=([5], [0])), match='Dimension out of range')


def inner_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(2, 3), make(2)), match=r'the last dimension must match')


def outer_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(2, 3), make(2)), match='Expected 1-D argument self, but got 2-D')


def bilinear_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(2, 3), make(3, 4), make(5, 3, 4)), match='do not match at dim 0: got 2 and 3')
    yield Error(RuntimeError, Sample(make(2, 3), make(2, 4), make(5, 4, 4)), match='input1 size does not match')
    yield Error(RuntimeError, Sample(make(2, 3), make(2, 4), make(5, 3, 4), make(4)), match='bias size')


VECTORS = shapes(((2,), (3,)), ((0,), (3,)), ((1,), (1,)))
SPECS = [
    OpSpec('tensordot', tensordots, dtypes=TYPES, errors=tensordot_errors),
    OpSpec('inner', shapes(((3,), (3,)), ((2, 3), (3,)), ((2, 3), (4, 3)), ((), (2, 3))), dtypes=TYPES, ref=np.inner,
           errors=inner_errors),
    OpSpec('outer', VECTORS, dtypes=TYPES, ref=np.outer, errors=outer_errors),
    OpSpec('ger', VECTORS, dtypes=TYPES, ref=np.outer, errors=outer_errors),
    OpSpec('kron', shapes(((2, 3), (4, 5)), ((2, 3), (4,)), ((), (2,)), ((2, 1, 2), (3, 2))), dtypes=TYPES, ref=np.kron),
    OpSpec('nn.functional.bilinear', shapes(((2, 3), (2, 4), (5, 3, 4), (5,)), ((3,), (4,), (5, 3, 4)),
                                            ((2, 2, 3), (2, 2, 4), (5, 3, 4))), errors=bilinear_errors),
]
