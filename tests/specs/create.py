"""Tensors filled with a constant or with nothing."""
from __future__ import annotations

from collections.abc import Iterator

import cnet
from specs import ALL, Error, Leaf, Maker, OpSpec, Sample


def shapes(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(2, 3, dtype=dtype)
    yield Sample((2, 3), dtype=dtype)
    yield Sample([4], dtype=dtype)
    yield Sample((), dtype=dtype)
    yield Sample(2, 0, 3, dtype=dtype)
    yield Sample(size=(1, 2), dtype=dtype)
    yield Sample(3)


def shape_errors(make: Maker) -> Iterator[Error]:
    yield Error(TypeError, Sample(), match='size')
    yield Error(TypeError, Sample(2.0), match="argument 'size' .* must be tuple of ints, not float")
    yield Error(TypeError, Sample((2, 'a')), match='failed to unpack the object at pos 2')
    yield Error(TypeError, Sample(2, dtype=3), match="argument 'dtype' must be")
    yield Error(TypeError, Sample(2, layout='a'), match="argument 'layout' must be")
    yield Error(TypeError, Sample(2, device=2.5), match="argument 'device' must be")
    yield Error(RuntimeError, Sample(2, -1))
    yield Error(RuntimeError, Sample(2 ** 62, 2 ** 62), match='Storage size calculation overflowed')
    yield Error(RuntimeError, Sample(2, pin_memory=True), match='pin_memory')
    yield Error(RuntimeError, Sample(2, dtype=cnet.int64, requires_grad=True), match='can require gradients')
    yield Error(AssertionError, Sample(2, device='cuda'), match='not compiled with CUDA')


def models(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(2, 3, grad=False))
    yield Sample(make(2, 0, grad=False))
    yield Sample(make(grad=False), dtype='float32')
    yield Sample(make(1, 2, 3, 4, grad=False), memory_format=cnet.channels_last)
    yield Sample(make(1, 2, 3, 4, grad=False), memory_format=cnet.contiguous_format)


def model_errors(make: Maker) -> Iterator[Error]:
    yield Error(TypeError, Sample([1]), match="argument 'input' .* must be Tensor, not list")
    yield Error(RuntimeError, Sample(make(2, 3), memory_format=cnet.channels_last), match='required rank 4')


def fills(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample((2, 3), 2, dtype=dtype)
    yield Sample([], True, dtype=dtype)
    yield Sample((0, 2), 1.5, dtype=dtype)
    for value in (2, 2.5, False, 3 + 0.5j):
        yield Sample((2,), value)
    yield Sample((2,), make.array(3, grad=False))


def fill_errors(make: Maker) -> Iterator[Error]:
    yield Error(TypeError, Sample(2, 3), match="argument 'size' .* must be tuple of ints, not int")
    yield Error(TypeError, Sample((2,), 'a'), match="argument 'fill_value' .* must be Number, not str")
    yield Error(RuntimeError, Sample((2,), 300, dtype=cnet.uint8), match='cannot be converted to type uint8_t')
    yield Error(RuntimeError, Sample((2,), 1e39, dtype=cnet.float32), match='without overflow')
    yield Error(RuntimeError, Sample((2,), 1j, dtype=cnet.float32), match='without overflow')


def like_fills(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(2, 3, grad=False), 2)
    yield Sample(make(2, 0, grad=False), True)
    yield Sample(make(2, grad=False), 2.7, dtype='float32')


def like_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(2), 1j), match='without overflow')
    yield Error(TypeError, Sample(make(2), 'a'), match="argument 'fill_value'")


def scalars(make: Maker, dtype: str) -> Iterator[Sample]:
    for value in (2, 2.5, True):
        yield Sample(value, dtype=dtype)
        yield Sample(value)


def layouts(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample((2, 3), (1, 2), dtype=dtype)
    yield Sample((2, 3), (0, 5), dtype=dtype)
    yield Sample((0, 3), (7, 1), dtype=dtype)
    yield Sample((), ())


def layout_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample((2, 3), (1,)), match='dimensionality of sizes')
    yield Error(RuntimeError, Sample((2, 3), (-1, 2)), match='overflowed')
    yield Error(RuntimeError, Sample((2, -3), (1, 2)), match='negative dimension')


def permuted(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample((2, 3, 5), (0, 2, 1), dtype=dtype)
    yield Sample((2, 0), (1, 0))
    yield Sample((), ())


def permuted_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample((2, 3), (0,)), match='does not match the length')
    yield Error(RuntimeError, Sample((2, 3), (0, 2)), match='Dimension out of range')
    yield Error(RuntimeError, Sample((2, 3), (0, 0)), match='Duplicate dim not allowed')


def new(samples):
    """Samples of a method of a tensor that gives the type."""
    def of_tensor(make: Maker, dtype: str) -> Iterator[Sample]:
        for sample in samples(make, dtype):
            if not any(isinstance(arg, Leaf) or isinstance(arg, complex) for arg in sample.args):
                yield Sample(make(2, grad=False), *sample.args, **sample.kwargs)
    return of_tensor


FILL = {'dtypes': (*ALL, 'float16'), 'grad': False}

SPECS = [
    OpSpec('zeros', shapes, errors=shape_errors, **FILL),
    OpSpec('ones', shapes, errors=shape_errors, **FILL),
    OpSpec('empty', shapes, errors=shape_errors, random_memory=True, **FILL),
    OpSpec('full', fills, errors=fill_errors, **FILL),
    OpSpec('scalar_tensor', scalars, **FILL),
    OpSpec('empty_strided', layouts, errors=layout_errors, random_memory=True, **FILL),
    OpSpec('empty_permuted', permuted, errors=permuted_errors, random_memory=True, **FILL),
    OpSpec('zeros_like', models, errors=model_errors, **FILL),
    OpSpec('ones_like', models, errors=model_errors, **FILL),
    OpSpec('empty_like', models, errors=model_errors, random_memory=True, **FILL),
    OpSpec('full_like', like_fills, errors=like_errors, **FILL),
    OpSpec('Tensor.new_zeros', new(shapes), **FILL),
    OpSpec('Tensor.new_ones', new(shapes), **FILL),
    OpSpec('Tensor.new_empty', new(shapes), random_memory=True, **FILL),
    OpSpec('Tensor.new_full', new(fills), **FILL),
    OpSpec('Tensor.new_empty_strided', new(layouts), random_memory=True, **FILL),
]
