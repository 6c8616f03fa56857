"""Tensors made by a rule."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

import cnet
from specs import FLOATS, NUMBERS, REALS, Error, Maker, OpSpec, Sample


def ranges(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(5)
    yield Sample(5.0)
    yield Sample(True)
    yield Sample(1, 10, 3, dtype=dtype)
    yield Sample(9, -9, -4)
    yield Sample(3, 3)
    yield Sample(0, 1, 0.3)
    yield Sample(0, 7.5, dtype=dtype)
    yield Sample(end=4)
    yield Sample(2 ** 53, 2 ** 53 + 3)
    yield Sample(0, 300, dtype=dtype)


def range_errors(make: Maker) -> Iterator[Error]:
    yield Error(TypeError, Sample('a'), match='must be Number, not str')
    yield Error(RuntimeError, Sample(5, 0), match='inconsistent with step sign')
    yield Error(RuntimeError, Sample(0, 5, 0), match='step must be nonzero')
    yield Error(RuntimeError, Sample(float('nan')), match='unsupported range')
    yield Error(NotImplementedError, Sample(3, dtype=cnet.bool), match='not implemented for')


def spaced(make: Maker, dtype: str) -> Iterator[Sample]:
    for n in (0, 1, 2, 5, 8):
        yield Sample(0, 10, n, dtype=dtype)
    yield Sample(3, -3, 7)
    yield Sample(start=1, end=2, steps=3)


def powers(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(0, 2, 3, dtype=dtype)
    yield Sample(0, 3, 4, 2, dtype=dtype)
    yield Sample(1, -1, 5)


def spaced_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(0, 1, -1), match='number of steps must be non-negative')
    yield Error(TypeError, Sample(0, 1, 5.0))


def identities(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(3, dtype=dtype)
    yield Sample(2, 3, dtype=dtype)
    yield Sample(0)


def identity_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(-1), match='n must be greater or equal to 0, got -1')
    yield Error(RuntimeError, Sample(2, -1), match='m must be greater')
    yield Error(TypeError, Sample(2.0), match="argument 'n' .position 1. must be int, not float")


def triangles(make: Maker, dtype: str) -> Iterator[Sample]:
    for row, col, offset in ((3, 3, 0), (3, 4, 1), (4, 3, -1), (0, 3, 0), (2, 5, 9), (2, 5, -9)):
        yield Sample(row, col, offset)
    yield Sample(2, 2, dtype='int32')


def triangle_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(-1, 3), match='row must be non-negative')
    yield Error(NotImplementedError, Sample(3, 3, dtype=cnet.float32), match='not implemented for')


def vanders(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(3, low=1, high=3, grad=False))
    yield Sample(make(3, low=1, high=3, grad=False), 2, increasing=True)


def vander_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(2, 2)), match='one-dimensional')
    yield Error(RuntimeError, Sample(make(2), -1), match='N must be non-negative')


def grids(make: Maker, dtype: str) -> Iterator[Sample]:
    for indexing in ('ij', 'xy'):
        yield Sample(make(2), make(3), indexing=indexing)
        yield Sample([make(2), make(), make(3)], indexing=indexing)
        yield Sample(make(2), indexing=indexing)


def grid_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(indexing='ij'), match='non-empty')
    yield Error(RuntimeError, Sample(make(2, 2), indexing='ij'), match='0D or 1D')
    yield Error(RuntimeError, Sample(make(2), make(2, dtype='int64'), indexing='ij'), match='same dtype')
    yield Error(RuntimeError, Sample(make(2), indexing='a'), match='indexing must be')


def products(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(2), make(3))
    yield Sample(make(2))
    yield Sample(make(2), make(0), make(3))


def product_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(2, 2)), match='Expect a 1D vector')


SPECS = [
    OpSpec('arange', ranges, dtypes=(*REALS, 'float16'), grad=False, errors=range_errors),
    OpSpec('linspace', spaced, dtypes=(*NUMBERS, 'float16'), grad=False, errors=spaced_errors),
    OpSpec('logspace', powers, dtypes=REALS, grad=False, errors=spaced_errors),
    OpSpec('eye', identities, dtypes=(*NUMBERS, 'bool'), grad=False, errors=identity_errors),
    OpSpec('tril_indices', triangles, grad=False, errors=triangle_errors, strides=False),
    OpSpec('triu_indices', triangles, grad=False, errors=triangle_errors, strides=False),
    OpSpec('vander', vanders, dtypes=(*FLOATS, 'int64'), grad=False, errors=vander_errors, strides=False,
           note='PyTorch computes it in place and cannot differentiate it twice'),
    OpSpec('meshgrid', grids, dtypes=(*NUMBERS, 'bool'), errors=grid_errors,
           ref=lambda *xs, indexing: np.meshgrid(*(xs[0] if isinstance(xs[0], list) else xs), indexing=indexing)),
    OpSpec('cartesian_prod', products, dtypes=(*NUMBERS, 'bool'), errors=product_errors),
]
