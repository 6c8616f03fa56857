"""Normalisation."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from . import Error, Maker, OpSpec, Sample

SHAPES = [(6, 4), (3, 4, 7), (2, 4, 3, 5), (2, 4, 2, 3, 2), (70, 80), (2, 4, 3000)]
# 6,000 numbers around 30: their mean and the sums of the gradient cancel.
TOL = {'float32': (2e-5, 5e-5, 'statistics of up to 6,000 numbers'), 'float64': (1e-7, 1e-7, 'second gradients')}


def batches(make: Maker, dtype: str) -> Iterator[Sample]:
    for shape in SHAPES:
        c = shape[1]
        yield Sample(make(*shape), None, None, make(c), make(c), True)
        yield Sample(make(*shape), make(c, grad=False), make(c, low=0.1, grad=False), make(c), make(c))
        yield Sample(make(*shape, low=28, high=32), None, None, training=True, eps=1e-3)
        yield Sample(make(*shape), make(c, grad=False), make(c, low=0.1, grad=False), weight=make(c))
    yield Sample(make(0, 3, 2), None, None, training=True)


def native_batches(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(3, 4, 5), make(4), make(4), None, None, True, 0.1, 1e-5)
    yield Sample(make(3, 4), None, None, make(4, grad=False), make(4, low=0.1, grad=False), False, 0.1, 1e-5)


def layers(make: Maker, dtype: str) -> Iterator[Sample]:
    for shape in SHAPES[:-1]:
        for k in (1, 2):
            last = shape[-k:]
            yield Sample(make(*shape), last, make(*last), make(*last))
            yield Sample(make(*shape), last, weight=make(*last), eps=1e-2)
            yield Sample(make(*shape), list(last), bias=make(*last, grad=False))
            if last != (2,):  # of two numbers around 30 float32 keeps too little of their difference
                yield Sample(make(*shape, low=28, high=32), last, eps=1e-3)
    yield Sample(make(0, 3), (3,), make(3), make(3))


def native_layers(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(3, 4, 5), (5,), make(5), make(5), 1e-5)
    yield Sample(make(3, 4, 5), (4, 5), None, None, 1e-5)


def root_mean_squares(make: Maker, dtype: str) -> Iterator[Sample]:
    for shape in SHAPES[:-1]:
        for k in (1, 2):
            last = shape[-k:]
            yield Sample(make(*shape), last, make(*last))
            yield Sample(make(*shape), last, make(*last), eps=0.1)


def groups(make: Maker, dtype: str) -> Iterator[Sample]:
    for shape in SHAPES:
        c = shape[1]
        yield Sample(make(*shape), 2, make(c), make(c))
        yield Sample(make(*shape), 1, weight=make(c))
        if len(shape) > 2:
            yield Sample(make(*shape, low=28, high=32), c, eps=1e-3)


def native_groups(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(3, 4, 5), make(4), make(4), 3, 4, 5, 2, 1e-5)


def instances(make: Maker, dtype: str) -> Iterator[Sample]:
    for shape in SHAPES:
        if len(shape) > 2:
            c = shape[1]
            yield Sample(make(*shape), weight=make(c), bias=make(c))
            yield Sample(make(*shape, low=28, high=32), eps=1e-3)


def responses(make: Maker, dtype: str) -> Iterator[Sample]:
    for shape in SHAPES[1:4]:
        for size in (1, 2, 3, 5):
            yield Sample(make(*shape), size, alpha=0.5)
    yield Sample(make(2, 3, 4), 2, 0.1, 0.5, 2.0)


def batch_errors(make: Maker) -> Iterator[Error]:
    none = (None, None)
    yield Error(ValueError, Sample(make(1, 4), *none, training=True),
                match=r'Expected more than 1 value per channel when training, got input size torch.Size\(\[1, 4\]\)')
    yield Error(ValueError, Sample(make(3, 5), *none, training=True, eps=0.0), match='eps must be positive during training')
    yield Error(RuntimeError, Sample(make(3, 5), *none), match='running_mean must be defined in evaluation mode')
    yield Error(RuntimeError, Sample(make(3, 5), make(4), make(4)), match='running_mean should contain 5 elements not 4')
    yield Error(RuntimeError, Sample(make(3, 5), make(5), make(5), make(3)), match='weight should contain 5 elements not 3')
    yield Error(RuntimeError, Sample(make(3, 5), make(5, dtype='float64'), make(5, dtype='float64')), match='mixed dtype')


def layer_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(3, 5), (3,)), match=r'Given normalized_shape=\[3\], expected input with shape')
    yield Error(RuntimeError, Sample(make(3, 5), (5,), make(3)), match='Expected weight to be of same shape as normalized_shape')
    yield Error(RuntimeError, Sample(make(3, 5), ()), match='to be at least 1-dimensional')


def group_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(3, 5), 2), match='to be divisible by num_groups')
    yield Error(RuntimeError, Sample(make(3, 5), 5, make(3)), match='Expected weight to be a vector of size equal to')


def instance_errors(make: Maker) -> Iterator[Error]:
    yield Error(ValueError, Sample(make(2, 4, 1)), match='Expected more than 1 spatial element when training')


def ref_layer_norm(x, normalized_shape, weight=1, bias=0, eps=1e-5):
    axes = tuple(range(-len(normalized_shape), 0))
    y = (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + eps)
    return (y * weight + bias).astype(x.dtype)


def ref_rms_norm(x, normalized_shape, weight=1, eps=None):
    axes = tuple(range(-len(normalized_shape), 0))
    return x / np.sqrt((x * x).mean(axes, keepdims=True) + (np.finfo(x.dtype).eps if eps is None else eps)) * weight


SPECS = [
    OpSpec('nn.functional.batch_norm', batches, errors=batch_errors, tol=TOL),
    OpSpec('nn.functional.layer_norm', layers, ref=ref_layer_norm, errors=layer_errors, tol=TOL),
    OpSpec('nn.functional.rms_norm', root_mean_squares, ref=ref_rms_norm, errors=layer_errors, tol=TOL),
    OpSpec('nn.functional.group_norm', groups, errors=group_errors, tol=TOL),
    OpSpec('nn.functional.instance_norm', instances, errors=instance_errors, tol=TOL),
    OpSpec('nn.functional.local_response_norm', responses, tol=TOL),
    OpSpec('native_batch_norm', native_batches, tol=TOL, grad=False),
    OpSpec('native_layer_norm', native_layers, tol=TOL, grad=False),
    OpSpec('native_group_norm', native_groups, tol=TOL, grad=False),
]
