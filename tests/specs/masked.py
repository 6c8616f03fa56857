"""Reductions and normalizations under a mask."""
from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from . import FLOATS, INTS, Error, Leaf, Maker, OpSpec, Sample

INF = float('inf')
Samples = Callable[[Maker, str], Iterator[Sample]]


def mask(make: Maker, *shape: int) -> Leaf:
    """A mask that lets two numbers of every line through, so that they have a variance."""
    leaf = make(*shape, dtype='bool')
    leaf.array[..., :2] = leaf.array[:2] = True
    return leaf


def lines(*leading: object, distinct: bool = False) -> Samples:
    """Calls with arguments before `dim`, of one dimension."""
    def samples(make: Maker, dtype: str) -> Iterator[Sample]:
        yield Sample(make(3, 4, distinct=distinct), *leading, 1, mask=mask(make, 3, 4))
        yield Sample(make(3, 4, distinct=distinct), *leading, 0, mask=mask(make, 3, 4))
        yield Sample(make(2, 3, 4, distinct=distinct), *leading, -1)
    return samples


def several(*leading: object, distinct: bool = False, empty: bool = True) -> Samples:
    """The same for reductions that take any number of dimensions."""
    def samples(make: Maker, dtype: str) -> Iterator[Sample]:
        yield from lines(*leading, distinct=distinct)(make, dtype)
        yield Sample(make(2, 3, 4, distinct=distinct), *leading, mask=mask(make, 2, 3, 4))
        yield Sample(make(2, 3, 4, distinct=distinct), *leading, (0, 2), keepdim=True, mask=mask(make, 3, 4))
        if empty:
            yield Sample(make(2, 3, distinct=distinct, grad=False), *leading, 1, mask=make.array([[True], [False]], 'bool'))
    return samples


def whole(make: Maker, dtype: str) -> Iterator[Sample]:
    """Where what the mask hides is infinite in the result, only what has no mask is differentiated."""
    for sample in lines()(make, dtype):
        sample.args[0].grad &= 'mask' not in sample.kwargs
        yield sample


def pairs(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(3, 4), make(4), input_mask=mask(make, 3, 4))
    yield Sample(make(3, 4), make(3, 4), other_mask=mask(make, 4))


def too_many(make: Maker) -> Iterator[Error]:
    yield Error(IndexError, Sample(make(4), 0, mask=mask(make, 3, 4)), match='higher than of the input')
    yield Error(IndexError, Sample(make(4), 1), match='Dimension out of range')


def norm_errors(make: Maker) -> Iterator[Error]:
    yield Error(IndexError, Sample(make(4), 2.0, 0, mask=mask(make, 3, 4)), match='higher than of the input')


def hidden(make: Maker) -> Iterator[Error]:
    yield Error(ValueError, Sample(make.array([[1, 2]], 'int64'), 1, mask=make.array([[False, False]], 'bool')),
                match='no fully masked out rows')


def integer_means(make: Maker) -> Iterator[Error]:
    yield Error(ValueError, Sample(make(3, dtype='int64')), match='Could not infer output dtype')


def both_corrections(make: Maker) -> Iterator[Error]:
    yield Error(AssertionError, Sample(make(3), None, True, correction=1), match='Only one of')


SUM = 'a mask enters by masked_fill here, by where in PyTorch'
SPECS = [
    OpSpec('masked.sum', several(), dtypes=FLOATS + INTS, errors=too_many,
           ref=lambda x, dim=None, mask=True, keepdim=False: np.sum(
               np.where(mask, x, 0), dim, x.dtype if x.dtype.kind == 'f' else np.int64, keepdims=keepdim)),
    OpSpec('masked.prod', several(), dtypes=FLOATS + INTS, errors=too_many, names=False, note=SUM),
    OpSpec('masked.cumsum', lines(), dtypes=FLOATS + INTS, errors=too_many, names=False, note=SUM),
    OpSpec('masked.cumprod', lines(), dtypes=FLOATS + INTS, errors=too_many, names=False, note=SUM),
    OpSpec('masked.amax', several(distinct=True), dtypes=FLOATS + INTS, errors=too_many),
    OpSpec('masked.amin', several(distinct=True), dtypes=FLOATS + INTS, errors=too_many),
    OpSpec('masked.argmax', lines(distinct=True), grad=False, errors=too_many),
    OpSpec('masked.argmin', lines(distinct=True), grad=False, errors=too_many),
    OpSpec('masked.mean', several(), errors=integer_means),
    OpSpec('masked.median', lines(distinct=True), errors=hidden),
    OpSpec('masked.norm', several(2.0, empty=False), errors=norm_errors),
    OpSpec('masked.logsumexp', several(empty=False), errors=too_many),
    OpSpec('masked.var', several(empty=False), errors=both_corrections),
    OpSpec('masked.std', several(empty=False), errors=both_corrections),
    OpSpec('masked.softmax', lines(), errors=too_many),
    OpSpec('masked.log_softmax', whole, errors=too_many),
    OpSpec('masked.softmin', lines(), errors=too_many),
    OpSpec('masked.normalize', lines(2.0), errors=norm_errors),
    OpSpec('masked.logaddexp', pairs),
]
