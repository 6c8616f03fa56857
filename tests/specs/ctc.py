"""The loss of connectionist temporal classification."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from . import Error, Leaf, Maker, OpSpec, Sample


def log_probs(make: Maker, *shape: int) -> Leaf:
    leaf = make(*shape)
    x = leaf.array
    return make.array(x - np.log(np.exp(x).sum(-1, keepdims=True)))


def samples(make: Maker, dtype: str) -> Iterator[Sample]:
    labels = make(4, 5, dtype='int64', low=1, high=6)
    for reduction in ('mean', 'sum', 'none'):
        yield Sample(log_probs(make, 12, 4, 6), labels, (12, 9, 11, 12), (5, 3, 2, 0), reduction=reduction)
    yield Sample(log_probs(make, 12, 4, 6), make(10, dtype='int64', low=1, high=6), (12, 9, 11, 12), (5, 3, 2, 0))
    yield Sample(log_probs(make, 12, 6), make(3, dtype='int64', low=0, high=5), (12,), (3,), blank=5, reduction='none')
    for reduction in ('mean', 'none'):
        yield Sample(log_probs(make, 4, 2, 6), make.array([[1, 1, 1], [2, 3, 4]], 'int64'), (4, 4), (3, 2),
                     zero_infinity=True, reduction=reduction)


def errors(make: Maker) -> Iterator[Error]:
    labels = make.array([[1, 2]], 'int64')
    yield Error(RuntimeError, Sample(make(4, 1, 3), labels, (5,), (2,)), match='Expected input_lengths to have value at most 4')
    yield Error(RuntimeError, Sample(make(4, 1, 3), labels, (4, 4), (2,)), match='input_lengths must be of size batch_size')
    yield Error(RuntimeError, Sample(make(4, 1, 3), labels, (4,), (2,), 3), match='blank must be in label range')


SPECS = [OpSpec('nn.functional.ctc_loss', samples, errors=errors, grad=False,
                tol={'float32': (1e-5, 1e-5, 'exponentials of sums over 12 steps')},
                note='the gradient takes for granted that the input is normalised, so differences do not '
                     'confirm it: tests/parity/test_loss.py')]
