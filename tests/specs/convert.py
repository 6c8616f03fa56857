"""Changing type or order in memory, and what can be asked about a tensor."""
from __future__ import annotations

from collections.abc import Iterator

import cnet
from specs import ALL, FLOATS, Error, Maker, OpSpec, Sample


def plain(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(2, 3))
    yield Sample(make(2, 0))
    yield Sample(make())


def conversions(make: Maker, dtype: str) -> Iterator[Sample]:
    for target in (cnet.float64, cnet.float16, cnet.int64, cnet.bool, cnet.complex64):
        yield Sample(make(2, 3), target)
    yield Sample(make(2), 'cpu', cnet.int32, copy=True)
    yield Sample(make(2), make(3, dtype='float64', grad=False))
    yield Sample(make(1, 2, 3, 4), memory_format=cnet.channels_last)
    yield Sample(make(2), dtype='float32', copy=True)


def conversion_errors(make: Maker) -> Iterator[Error]:
    yield Error(AssertionError, Sample(make(2), 'cuda'), match='not compiled with CUDA')
    yield Error(RuntimeError, Sample(make(2), 'foo'), match='Expected one of cpu, cuda')
    yield Error(RuntimeError, Sample(make(2), cnet.float64, memory_format=cnet.channels_last), match='required rank 4')


def copies(make: Maker, dtype: str) -> Iterator[Sample]:
    yield from plain(make, dtype)
    yield Sample(make(1, 2, 3, 4), memory_format=cnet.channels_last)


def copy_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(2), memory_format=cnet.channels_last), match='required rank 4')


def sources(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(2, 3, grad=False), make(2, 3))
    yield Sample(make(2, 3, grad=False), make(3, dtype='float32'))
    yield Sample(make(2, grad=False), make(1, dtype='int64'))


def source_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(2, 3), make(4)), match='must match')
    yield Error(RuntimeError, Sample(make(3), make(2, 3)), match="doesn't match the broadcast shape")
    yield Error(TypeError, Sample(make(2), [1, 2]), match='must be Tensor, not list')


def types(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(2))
    yield Sample(make(2), cnet.float64)


def ones(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(grad=False))
    yield Sample(make(1, 1, grad=False))


def one_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(2)))
    yield Error(RuntimeError, Sample(make(0)))


def of_two(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(2), make(2))
    yield Sample(make(2), make(2, 1))


def not_a_tensor(make: Maker) -> Iterator[Error]:
    yield Error(TypeError, Sample(3), match='must be Tensor, not int')


EVERY = {'dtypes': (*ALL, 'float16')}
CASTS = ('bool', 'byte', 'char', 'short', 'int', 'long', 'half', 'float', 'double', 'cfloat', 'cdouble')

SPECS = [
    OpSpec('Tensor.to', conversions, dtypes=(*FLOATS, 'int64', 'bool'), errors=conversion_errors, grad=False),
    *(OpSpec(f'Tensor.{name}', plain, dtypes=(*FLOATS, 'float16', 'int64', 'bool'), grad=name == 'double')
      for name in CASTS),
    OpSpec('clone', copies, errors=copy_errors, **EVERY),
    OpSpec('Tensor.contiguous', copies, errors=copy_errors, **EVERY),
    OpSpec('Tensor.copy_', sources, dtypes=FLOATS, errors=source_errors, grad=False),
    OpSpec('Tensor.type', types, grad=False, note='the name of a type has our prefix', parity=False),
    OpSpec('Tensor.item', ones, grad=False, errors=one_errors, **EVERY),
    OpSpec('Tensor.tolist', plain, grad=False, **EVERY),
    OpSpec('is_nonzero', ones, grad=False, errors=one_errors, **EVERY),
    *(OpSpec(name, plain, grad=False, errors=not_a_tensor, **EVERY)
      for name in ('numel', 'is_floating_point', 'is_complex', 'is_signed')),
    *(OpSpec(name, plain, grad=False, **EVERY) for name in ('is_conj', 'is_neg', 'resolve_conj', 'resolve_neg')),
    *(OpSpec(f'Tensor.{name}', plain, grad=False, dtypes=FLOATS) for name in ('dim', 'element_size')),
    OpSpec('is_same_size', of_two, grad=False),
]
