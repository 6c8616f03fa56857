"""Variance, standard deviation, covariance."""
from __future__ import annotations

from collections.abc import Iterator

from . import COMPLEXES, FLOATS, Error, Maker, OpSpec, Sample
from ._axes import reductions


def spreads(make: Maker, dtype: str) -> Iterator[Sample]:
    for sample in reductions(empty=False)(make, dtype):
        # One element has no spread, and PyTorch warns about it.
        if sample.args[0].array.ndim and sample.args[0].array.shape != (5, 1):
            yield sample
    yield Sample(make(3, 4), False)
    yield Sample(make(3, 4), 1, True, True)
    yield Sample(make(3, 4), dim=1, correction=0)
    yield Sample(make(3, 4), dim=(0, 1), correction=2.5, keepdim=True)


def observations(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(3, 5))
    yield Sample(make(5))


def weighted(make: Maker, dtype: str) -> Iterator[Sample]:
    yield from observations(make, dtype)
    yield Sample(make(3, 5), correction=0)
    yield Sample(make(3, 5), fweights=make(5, low=1, high=4, dtype='int64'))
    real = {'complex64': 'float32', 'complex128': 'float64'}.get(dtype, dtype)
    yield Sample(make(3, 5), fweights=make(5, low=1, high=4, dtype='int64'),
                 aweights=make(5, low=0.5, high=2, dtype=real, grad=False))


def spread_errors(make: Maker) -> Iterator[Error]:
    yield Error(IndexError, Sample(make(3, 4), 2), match='Dimension out of range')
    yield Error(RuntimeError, Sample(make(3, 4, dtype='int64')), match='only support floating')


SPECS = [
    OpSpec('var', spreads, dtypes=FLOATS + COMPLEXES, errors=spread_errors),
    OpSpec('std', spreads, dtypes=FLOATS + COMPLEXES, errors=spread_errors),
    OpSpec('var_mean', spreads, errors=spread_errors),
    OpSpec('std_mean', spreads, errors=spread_errors),
    OpSpec('cov', weighted, dtypes=FLOATS + COMPLEXES),
    OpSpec('corrcoef', observations, tol={'float32': (1e-5, 1e-5, 'quotients of covariances')}),
]
