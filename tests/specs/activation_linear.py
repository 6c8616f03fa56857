"""Activation functions made of straight pieces."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from . import FLOATS, INTS, Error, Maker, OpSpec, Sample
from .activation import anywhere, int_errors


def thresholds(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(3, 5, away_from=0.5), 0.5, 3)
    yield Sample(make(7, away_from=0.0), threshold=0, value=-1)


def slopes(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(2, 3, away_from=0.0), make(1))
    yield Sample(make(2, 3, away_from=0.0), make(3))
    yield Sample(make(2, 3, 4, 5, away_from=0.0), make(3))
    yield Sample(make(5, away_from=0.0), make(1))
    yield Sample(make(away_from=0.0), make(1))


def slope_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(2, 3), make(2)), match='Mismatch of parameter numbers')


def order_errors(make: Maker) -> Iterator[Error]:
    yield Error(ValueError, Sample(make(3), 1, -1), match='cannot be greater')
    yield Error(RuntimeError, Sample(make(3, dtype='uint8')), match='unsigned type with negative limits')


def bound_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(3), 0.5, 0.1), match='Lower bound')


def width_errors(make: Maker) -> Iterator[Error]:
    yield from int_errors(make)
    yield Error(RuntimeError, Sample(make(3), -1.0), match='lambda must be in range')


SPECS = [
    OpSpec('relu', anywhere(kink=0.0), dtypes=FLOATS + INTS, ref=lambda x: np.maximum(x, 0), inplace='relu_'),
    OpSpec('threshold', thresholds, dtypes=FLOATS + INTS),
    OpSpec('prelu', slopes, errors=slope_errors),
    OpSpec('rrelu', anywhere({'lower': 0.3, 'upper': 0.3}, kink=0.0), errors=bound_errors),
    OpSpec('hardshrink', anywhere({'lambd': 1.0}), grad=False, errors=int_errors),
    OpSpec('nn.functional.leaky_relu', anywhere({'negative_slope': 0.2}, {'inplace': False}, kink=0.0), errors=int_errors),
    OpSpec('nn.functional.relu6', anywhere(kink=0.0), dtypes=FLOATS + INTS),
    OpSpec('nn.functional.hardtanh', anywhere({'min_val': 0.0, 'max_val': 0.1}), dtypes=FLOATS + INTS[:-1], errors=order_errors),
    OpSpec('nn.functional.hardsigmoid', anywhere(), errors=int_errors, gradgrad=False, note='PyTorch has no second derivative'),
    OpSpec('nn.functional.hardswish', anywhere(), errors=int_errors),
    OpSpec('nn.functional.softshrink', anywhere({'lambd': 1.0}), errors=width_errors),
]
