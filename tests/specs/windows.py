"""Window functions."""
from __future__ import annotations

from collections.abc import Iterator

import cnet
from specs import FLOATS, Error, Maker, OpSpec, Sample


def windows(make: Maker, dtype: str) -> Iterator[Sample]:
    for n in (0, 1, 2, 5, 12):
        yield Sample(n, dtype=dtype)
        yield Sample(n, periodic=False, dtype=dtype)


def errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(-1), match='requires non-negative window_length')
    yield Error(RuntimeError, Sample(4, dtype=cnet.int64), match='expects floating point dtypes')
    yield Error(TypeError, Sample(2.5), match='must be int, not float')


SPECS = [OpSpec(f'{name}_window', windows, dtypes=FLOATS, grad=False, errors=errors)
         for name in ('bartlett', 'blackman', 'hamming', 'hann', 'kaiser')]
