"""Sums, means, products and tests."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from . import ALL, COMPLEXES, FLOATS, INTS, REALS, Maker, OpSpec, Sample
from ._axes import dim_errors, dims_errors, reductions

# What is left of 70,000 rounded terms, most of which cancel.
SUM_TOL = {'float32': (1.3e-6, 2e-4, 'sums of 70,000 terms'), 'complex64': (1.3e-6, 2e-4, 'sums of 70,000 terms')}


def sums(make: Maker, dtype: str) -> Iterator[Sample]:
    yield from reductions()(make, dtype)
    if dtype not in COMPLEXES:
        yield Sample(make(3, 4), dtype='float64')
    yield Sample(make(3, 4), axis=1, keepdims=True)


def with_nan(make: Maker, dtype: str) -> Iterator[Sample]:
    for sample in reductions(empty=False)(make, dtype):
        array = sample.args[0].array
        if array.dtype.kind == 'f' and array.ndim:
            array[..., 0] = np.nan
        yield sample


def products(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(3, 4))
    yield Sample(make())
    yield Sample(make(3, 4), 0)
    yield Sample(make(2, 3, 4), 1, True)
    yield Sample(make(2, 30), -1)
    yield Sample(make(0, 3), 0)
    for zeros in ([0.0, 2.0, 3.0], [1.0, 0.0, 0.0], [1.0, 2.0, 3.0]):
        yield Sample(make.array([zeros, zeros[::-1]]), 1)
        yield Sample(make.array(zeros))


def means(make: Maker, dtype: str) -> Iterator[Sample]:
    yield from reductions(empty=False)(make, dtype)
    if dtype not in COMPLEXES:
        yield Sample(make(3, 4), dtype='float64')


def ref_sum(x, dim=None, keepdim=False, dtype=None, axis=None, keepdims=False):
    return np.sum(x, axis=axes(x, dim if axis is None else axis), keepdims=keepdim or keepdims)


def ref_prod(x, dim=None, keepdim=False):
    return np.prod(x, axis=axes(x, dim), keepdims=keepdim)


def ref_mean(x, dim=None, keepdim=False, dtype=None):
    return np.mean(x, axis=axes(x, dim), keepdims=keepdim)


def ref_nansum(x, dim=None, keepdim=False):
    return np.nansum(x, axis=axes(x, dim), keepdims=keepdim)


def axes(x, dim):
    return dim if x.ndim else None


SPECS = [
    OpSpec('sum', sums, dtypes=ALL, ref=ref_sum, errors=dims_errors, tol=SUM_TOL),
    OpSpec('mean', means, dtypes=FLOATS + COMPLEXES, ref=ref_mean, errors=dims_errors, tol=SUM_TOL),
    OpSpec('nansum', with_nan, dtypes=REALS, ref=ref_nansum, errors=dims_errors, grad=False, tol=SUM_TOL),
    OpSpec('nanmean', with_nan, errors=dims_errors, grad=False, tol=SUM_TOL,
           note='whole columns are NaN, so that some results are'),
    OpSpec('prod', products, dtypes=FLOATS + COMPLEXES + INTS, ref=ref_prod, errors=dim_errors),
    OpSpec('all', reductions(), dtypes=ALL, grad=False, errors=dims_errors),
    OpSpec('any', reductions(), dtypes=ALL, grad=False, errors=dims_errors),
    OpSpec('count_nonzero', lambda make, dtype: (s for s in reductions()(make, dtype)
                                                 if len(s.args) < 3 and 'keepdim' not in s.kwargs), dtypes=ALL, grad=False),
]
