"""Complex tensors made from two real ones."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from specs import FLOATS, Error, Maker, OpSpec, Sample


def pairs(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(2, 3), make(2, 3))
    yield Sample(make(2, 1), make(3))
    yield Sample(make(), make(0))


def polar_pairs(make: Maker, dtype: str) -> Iterator[Sample]:
    # PyTorch's gradient has the wrong sign for a negative absolute value; ours is the derivative there too.
    yield Sample(make(2, 3, low=0.1), make(2, 3))
    yield Sample(make(2, 1, low=0.1), make(3))


def errors(make: Maker) -> Iterator[Error]:
    yield Error(TypeError, Sample(make(2), 2), match='must be Tensor, not int')
    yield Error(RuntimeError, Sample(make(2), make(2, dtype='float64')), match='Expected object of scalar type Float')
    yield Error(RuntimeError, Sample(make(2, dtype='int64'), make(2, dtype='int64')), match='Half, Float or Double')
    yield Error(RuntimeError, Sample(make(2), make(3)), match='must match the size of tensor b')


SPECS = [
    OpSpec('complex', pairs, dtypes=FLOATS, errors=errors, ref=lambda a, b: a + 1j * b),
    OpSpec('polar', polar_pairs, dtypes=FLOATS, errors=errors, ref=lambda r, t: r * np.exp(1j * t)),
]
