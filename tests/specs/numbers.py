"""Families of one function: frexp, gradient, histogramdd, renorm, segment_reduce, constant_pad_nd."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from . import COMPLEXES, FLOATS, Error, Maker, OpSpec, Sample

INF = float('inf')


def parts(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(3, 4))
    yield Sample(make.array([0.0, -0.0, 1.0, -8.0, 0.75], grad=False))
    yield Sample(make())
    yield Sample(make(0))


def grids(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(5))
    yield Sample(make(4, 5), spacing=0.5)
    yield Sample(make(4, 5), spacing=(0.5, 2.0), edge_order=2)
    yield Sample(make(3, 4, 5), dim=(1, -1))
    yield Sample(make(3, 4), dim=0, edge_order=2)
    real = 'float64' if dtype.endswith(('64', '128')) else 'float32'
    yield Sample(make(3, 4), spacing=(make.array([0, 1, 3], real, grad=False), make.array([0, 1, 3, 4], real, grad=False)))
    yield Sample(make(4), spacing=(make.array([0, 1, 3, 4], 'int64'),), edge_order=2)


def grid_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(3, 3), spacing=(0.1,), dim=(1, 0)), match='have the same length')
    yield Error(RuntimeError, Sample(make(3, 3), spacing=(0.1,)), match="length equal to 'self.dim")
    yield Error(RuntimeError, Sample(make(3), edge_order=3), match='only supports edge_order=1')
    yield Error(RuntimeError, Sample(make(3, 1)), match='at least edge_order')
    yield Error(IndexError, Sample(make(3), dim=1), match='Dimension out of range')
    yield Error(RuntimeError, Sample(make(3), spacing=(make(3, 1),)), match='to have one dimension')
    yield Error(RuntimeError, Sample(make(3, dtype='uint8')), match='does not support uint8')


def points(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(20, 2, grad=False), 3)
    yield Sample(make(4, 5, 2, grad=False), (3, 2), density=True)
    yield Sample(make(20, 2, grad=False), [2, 3], range=(-1.0, 1.0, 0.0, 2.0), weight=make(20, low=0, high=1, grad=False))
    yield Sample(make(20, 2, grad=False), (make.array([-2, 0, 2], grad=False), make.array([-1, 0.5], grad=False)))
    yield Sample(make(0, 2, grad=False), 2)


def point_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(5, 6), (1, 1)), match='size of bins must be equal')
    yield Error(RuntimeError, Sample(make(5), 1), match='at least 2 dimensions')
    yield Error(RuntimeError, Sample(make(5, 2), (1, 0)), match='bins must be > 0, but got 0 for dimension 1')
    yield Error(RuntimeError, Sample(make(5, 2), 2, range=(0.0, 1.0)), match='range should have 4 elements')
    yield Error(RuntimeError, Sample(make(5, 2), 2, weight=make(4)), match='same shape as the input')


def slices(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(3, 4), 2, 0, 1.0)
    yield Sample(make(3, 4, distinct=True), 1, 1, 2.0)
    yield Sample(make(2, 3, 4), 3.0, -1, 0.5)
    yield Sample(make(3, 4), 2, 0, 100.0)


def slice_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(3), 1, 0, 1.0), match='at least 2 dimensions')
    yield Error(RuntimeError, Sample(make(3, 3), 0, 0, 1.0), match='non-positive-norm')
    yield Error(RuntimeError, Sample(make(3, 3), 2, 0, -1.0), match='maxnorm to be >= 0')
    yield Error(IndexError, Sample(make(3, 3), 2, 2, 1.0), match='Dimension out of range')


def segments(make: Maker, dtype: str) -> Iterator[Sample]:
    for reduce in ('sum', 'mean', 'max', 'min', 'prod'):
        yield Sample(make(4, 2, distinct=True), reduce, lengths=make.array([1, 3], 'int64'))
        yield Sample(make(5, distinct=True), reduce, lengths=make.array([2, 0, 3], 'int64'), initial=1.0)
        yield Sample(make(2, 3, distinct=True), reduce, offsets=make.array([[0, 2, 3], [0, 1, 3]], 'int64'), axis=1)
    yield Sample(make.array([0.0, 2.0, 3.0, 0.0, 0.0]), 'prod', lengths=make.array([3, 2], 'int32'))


def segment_errors(make: Maker) -> Iterator[Error]:
    two = make.array([2, 1], 'int64')
    yield Error(RuntimeError, Sample(make(4), 'sum', lengths=two), match='to sum to data.size')
    yield Error(RuntimeError, Sample(make(3), 'median', lengths=two), match='reduce argument')
    yield Error(RuntimeError, Sample(make(3), 'sum'), match='Either lengths or offsets')
    yield Error(RuntimeError, Sample(make(3), 'sum', lengths=make.array([-1, 4], 'int64')), match='negative')
    yield Error(RuntimeError, Sample(make(3, 2), 'sum', lengths=two, axis=1), match='last dimension of lengths')


def borders(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(2, 3), (1, 2))
    yield Sample(make(2, 3), (1, -1, 0, 2), 3)
    yield Sample(make(3), ())


def border_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(3), (1, 2, 3)))
    yield Error(RuntimeError, Sample(make(3), (1, 2, 3, 4)))
    yield Error(RuntimeError, Sample(make(3), (-4, 0)))


def cut(x: np.ndarray, p: float, dim: int, maxnorm: float) -> np.ndarray:
    size = (np.abs(x) ** p).sum(tuple(i for i in range(x.ndim) if i != dim % x.ndim), keepdims=True) ** (1 / p)
    return x * np.minimum(1, maxnorm / size)


SECOND = 'PyTorch has no second derivatives'
SPECS = [
    OpSpec('frexp', parts, dtypes=(*FLOATS, 'float16'), ref=np.frexp,
           errors=lambda make: [Error(RuntimeError, Sample(make(2, dtype='int64')), match='only supports floating-point')]),
    OpSpec('gradient', grids, dtypes=(*FLOATS, 'int64', *COMPLEXES), errors=grid_errors),
    OpSpec('histogramdd', points, dtypes=FLOATS, grad=False, errors=point_errors),
    OpSpec('renorm', slices, dtypes=FLOATS, ref=cut, inplace='renorm_', errors=slice_errors),
    OpSpec('segment_reduce', segments, dtypes=FLOATS, errors=segment_errors, gradgrad=False, note=SECOND),
    OpSpec('segment_reduce', segments, dtypes=FLOATS, parity=False, note=SECOND),
    OpSpec('constant_pad_nd', borders, dtypes=(*FLOATS, 'int64', 'bool'), errors=border_errors),
]
