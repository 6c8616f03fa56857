"""Window functions with keyword arguments."""
from __future__ import annotations

from collections.abc import Callable, Iterator

import cnet
from specs import FLOATS, Error, Maker, OpSpec, Sample


def windows(**given: object) -> Callable[[Maker, str], Iterator[Sample]]:
    def samples(make: Maker, dtype: str) -> Iterator[Sample]:
        for n in (0, 1, 2, 5, 12):
            yield Sample(n, dtype=dtype, **given)
            yield Sample(n, sym=False, dtype=dtype, **given)
    return samples


def errors(**given: object) -> Callable[[Maker], Iterator[Error]]:
    def refused(make: Maker) -> Iterator[Error]:
        yield Error(ValueError, Sample(-1, **given), match='requires non-negative window length')
        yield Error(ValueError, Sample(4, dtype=cnet.int64, **given), match='expects float32 or float64 dtypes')
    return refused


def decays(make: Maker, dtype: str) -> Iterator[Sample]:
    yield from windows()(make, dtype)
    yield Sample(5, center=1.0, tau=2.0, sym=False, dtype=dtype)


def bad_decays(make: Maker) -> Iterator[Error]:
    yield from errors()(make)
    yield Error(ValueError, Sample(4, tau=0.0), match='Tau must be positive')
    yield Error(ValueError, Sample(4, center=1.0), match='Center must be None')


def bad_cosines(make: Maker) -> Iterator[Error]:
    yield from errors(a=(1.0,))(make)
    yield Error(TypeError, Sample(4, a=0.5), match='must be a list/tuple')
    yield Error(ValueError, Sample(4, a=()), match='cannot be empty')


PLAIN, REFUSED = windows(), errors()


def spec(name: str, samples: Callable[[Maker, str], Iterator[Sample]] = PLAIN,
         refused: Callable[[Maker], Iterator[Error]] = REFUSED) -> OpSpec:
    return OpSpec(f'signal.windows.{name}', samples, dtypes=FLOATS, grad=False, errors=refused)


SPECS = [
    *map(spec, ('bartlett', 'blackman', 'cosine', 'hamming', 'hann', 'nuttall')),
    spec('exponential', decays, bad_decays),
    spec('gaussian', windows(std=1.5)),
    spec('kaiser', windows(beta=8.0)),
    spec('general_cosine', windows(a=(0.4, 0.3, 0.2)), bad_cosines),
    spec('general_hamming', windows(alpha=0.6)),
]
