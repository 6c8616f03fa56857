"""Losses with a margin."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from . import Error, Leaf, Maker, OpSpec, Sample

REDUCTIONS = ('mean', 'sum', 'none')


def signs(make: Maker, *shape: int) -> Leaf:
    return make.array(np.where(make.rng.random(shape) < 0.5, -1, 1), grad=False)


def distances(make: Maker, dtype: str) -> Iterator[Sample]:
    for reduction in REDUCTIONS:
        yield Sample(make(4, 5), signs(make, 4, 5), reduction=reduction)
        yield Sample(make(4), signs(make, 4), 0.5, reduction=reduction)


def rankings(make: Maker, dtype: str) -> Iterator[Sample]:
    for reduction in REDUCTIONS:
        yield Sample(make(4), make(4), signs(make, 4), reduction=reduction)
        yield Sample(make(4), make(4), signs(make, 4), 0.3, reduction=reduction)


def vectors(make: Maker, dtype: str) -> Iterator[Sample]:
    for reduction in REDUCTIONS:
        yield Sample(make(4, 5), make(4, 5), signs(make, 4), 0.1, reduction=reduction)
    yield Sample(make(5), make(5), signs(make))


def triplets(*options: dict[str, Any]) -> Callable[..., Iterator[Sample]]:
    def samples(make: Maker, dtype: str) -> Iterator[Sample]:
        for reduction in REDUCTIONS:
            yield Sample(make(4, 5), make(4, 5), make(4, 5), reduction=reduction)
        for more in options:
            yield Sample(make(4, 5), make(4, 5), make(4, 5), **more)
        yield Sample(make(5), make(5), make(5))
    return samples


def classes(make: Maker, dtype: str) -> Iterator[Sample]:
    for reduction in REDUCTIONS:
        for p in (1, 2):
            yield Sample(make(4, 5), make(4, dtype='int64', low=0, high=5), p=p, reduction=reduction)
        yield Sample(make(4, 5), make(4, dtype='int64', low=0, high=5), margin=0.5, weight=make(5, low=0.5, grad=False),
                     reduction=reduction)
    yield Sample(make(5), make(dtype='int64', low=0, high=5))


def label_lists(make: Maker, dtype: str) -> Iterator[Sample]:
    labels = make.array([[3, 0, -1, 4, 0], [-1, 0, 0, 0, 0], [0, 1, 2, 3, 4], [2, -1, 2, 2, 2]], 'int64')
    for reduction in REDUCTIONS:
        yield Sample(make(4, 5), labels, reduction=reduction)
    yield Sample(make(3), make.array([1, -1, 0], 'int64'))


def soft_labels(make: Maker, dtype: str) -> Iterator[Sample]:
    for reduction in REDUCTIONS:
        yield Sample(make(4, 5, low=-5, high=5), make(4, 5, low=0, high=1, grad=False), reduction=reduction)
    yield Sample(make(4, 5), make(4, 5, low=0, high=1, grad=False), make(5, low=0, high=1, grad=False))


def reduction_errors(*count: int) -> Callable[[Maker], Iterator[Error]]:
    def errors(make: Maker) -> Iterator[Error]:
        yield Error(ValueError, Sample(*(make(*shape) for shape in count), reduction='x'), match='x is not')
    return errors


def ranking_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(3), make(3, 1), make(3)), match='should have same dimension')


def vector_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(3, 2), make(3, 2), make(3, 1)), match='multi-target not supported')
    yield Error(RuntimeError, Sample(make(3), make(3), make(3)), match='1D target tensor expects 2D input tensors')


def triplet_errors(make: Maker) -> Iterator[Error]:
    yield Error(ValueError, Sample(make(3), make(3), make(3), margin=0.0), match='margin must be greater than 0')
    yield Error(ValueError, Sample(make(3), make(3), make(3), reduction='x'), match='x is not a valid value for reduction')
    yield Error(RuntimeError, Sample(make(3), make(1, 3), make(3)), match='the same number of dimensions|same dimensions')


def class_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(2, 3), make.array([0, 3], 'int64')), match='target out of range')
    yield Error(RuntimeError, Sample(make(2, 3), make.array([0], 'int64')), match='inconsistent target size')
    yield Error(RuntimeError, Sample(make(2, 3), make(2)), match='expected scalar type Long')


def list_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(2, 3), make.array([0, 3], 'int64')), match='inconsistent target size')
    yield Error(RuntimeError, Sample(make(2), make.array([0, 2], 'int64')), match='target is out of range|out of range')


SPECS = [
    OpSpec('nn.functional.hinge_embedding_loss', distances, errors=reduction_errors((3,), (3,))),
    OpSpec('nn.functional.margin_ranking_loss', rankings, errors=ranking_errors),
    OpSpec('nn.functional.cosine_embedding_loss', vectors, errors=vector_errors),
    OpSpec('nn.functional.triplet_margin_loss', triplets({'p': 1}, {'swap': True}, {'margin': 0.2}), errors=triplet_errors),
    OpSpec('nn.functional.triplet_margin_with_distance_loss', triplets({'swap': True}, {'margin': 0.2}),
           errors=triplet_errors),
    OpSpec('nn.functional.multi_margin_loss', classes, errors=class_errors, gradgrad=False),
    OpSpec('nn.functional.multilabel_margin_loss', label_lists, errors=list_errors, gradgrad=False),
    OpSpec('nn.functional.multilabel_soft_margin_loss', soft_labels, errors=reduction_errors((2, 3), (2, 3))),
]
