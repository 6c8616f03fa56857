"""Tensors from Python data, arrays and other tensors."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from specs import ALL, Error, Maker, OpSpec, Sample

NESTED = ([], [[]], [1, 2], [1, 2.5], [True, False], [True, 2], [1, 2j], [[1.5, 2], [3, 4]], (1, (2,)[0]), [[[1]], [[2]]],
          range(3), 3, 2.5, True, 1 - 2j, [float('nan'), float('inf')], [np.float64(1.5)], [np.float32(1.5), 1],
          np.int16(3), np.ones((2, 3), np.float32))


def data(make: Maker, dtype: str) -> Iterator[Sample]:
    for value in NESTED:
        yield Sample(value)
    for value in ([], [1, 2], [[1, 0], [True, 2]], 3, np.arange(4).reshape(2, 2)):
        yield Sample(value, dtype=dtype)


def buffers_too(make: Maker, dtype: str) -> Iterator[Sample]:
    yield from data(make, dtype)
    yield Sample(bytearray(b'ab'))


def arrays(make: Maker, dtype: str) -> Iterator[Sample]:
    for shape in ((), (3,), (2, 0), (2, 3)):
        yield Sample(make(*shape).array)
    yield Sample(make(4, 3).array[::2].T)


def data_errors(make: Maker) -> Iterator[Error]:
    for kind, value, text in (
            (ValueError, [[1, 2], [3]], 'expected sequence of length 2 at dim 1'),
            (TypeError, [1, [2]], "'list' object cannot be interpreted"), (TypeError, [[1], 2], 'not a sequence'),
            (TypeError, 'a', "invalid data type 'str'"), (ValueError, ['a'], "too many dimensions 'str'"),
            (TypeError, [1, 'a'], "invalid data type 'str'"), (RuntimeError, None, 'Could not infer dtype of NoneType'),
            (RuntimeError, [1.0, None], 'Could not infer dtype of NoneType'), (RuntimeError, {}, 'dtype of dict'),
            (ValueError, 2 ** 63, 'Overflow when unpacking'), (ValueError, np.ones(3)[::-1], 'negative'),
            (ValueError, np.ones(2, '>f4'), 'byte order'), (TypeError, np.array(['a']), "can't convert np.ndarray")):
        yield Error(kind, Sample(value), match=text)


def array_errors(make: Maker) -> Iterator[Error]:
    yield Error(TypeError, Sample([1]), match='expected np.ndarray .got list')
    yield Error(ValueError, Sample(np.ones(3)[::-1]), match='negative')
    yield Error(TypeError, Sample(np.array([None])), match="can't convert np.ndarray of type numpy.object_")


def buffers(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(bytearray(range(16)), dtype='int32')
    yield Sample(bytearray(range(16)), dtype='int16', count=3, offset=2)
    yield Sample(bytearray(16), dtype=dtype)


def buffer_errors(make: Maker) -> Iterator[Error]:
    for size, options, text in ((0, {}, 'both buffer length'), (8, {'count': 0}, 'both buffer length'),
                                (8, {'offset': 8}, 'offset'), (8, {'offset': -1}, 'offset'),
                                (8, {'count': 3}, 'requested buffer length'), (7, {}, 'multiple of element size')):
        yield Error(ValueError, Sample(bytearray(size), dtype='int32', **options), match=text)
    yield Error(ValueError, Sample([1], dtype='int32'), match='buffer protocol')


def tensors_too(make: Maker, dtype: str) -> Iterator[Sample]:
    yield from data(make, dtype)
    yield Sample(make(2, 3))
    yield Sample(make(2), dtype='complex128')


def anything(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(2))
    yield Sample([1, 2])


def new(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(1, grad=False), [1, 0, True])
    yield Sample(make(1, grad=False), np.eye(2), dtype='float32')


KINDS = {'dtypes': (*ALL, 'float16'), 'grad': False}

SPECS = [
    OpSpec('tensor', buffers_too, errors=data_errors, **KINDS),
    OpSpec('as_tensor', tensors_too, errors=data_errors, **KINDS),
    OpSpec('asarray', data, **KINDS),
    OpSpec('from_numpy', arrays, errors=array_errors, **KINDS),
    OpSpec('frombuffer', buffers, errors=buffer_errors, **KINDS),
    OpSpec('from_dlpack', arrays, dtypes=ALL, grad=False),
    OpSpec('is_tensor', anything, **KINDS),
    OpSpec('is_storage', anything, **KINDS),
    OpSpec('Tensor.new_tensor', new, **KINDS),
]
