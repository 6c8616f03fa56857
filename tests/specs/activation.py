"""Smooth activation functions."""
from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from . import COMPLEXES, FLOATS, Error, Maker, OpSpec, Sample


def anywhere(*more: dict[str, Any], kink: float | None = None, infinite: bool = True) -> Callable[..., Iterator[Sample]]:
    """Tensors of several sizes, away from the kink; then a call for each dict of options."""
    def samples(make: Maker, dtype: str) -> Iterator[Sample]:
        yield Sample(make(3, 5, low=-6, high=6, away_from=kink))
        yield Sample(make(away_from=kink))
        yield Sample(make(0, 3))
        yield Sample(make(40000, low=-30, high=30, away_from=kink))
        for options in more:
            yield Sample(make(7, low=-3, high=3, away_from=kink), **options)
        if dtype == 'float32':
            yield Sample(make.array([-100, -20, -0.0, 0.0, 1e-30, 20, 100, np.nan], grad=False))
            if infinite:
                yield Sample(make.array([np.inf, -np.inf], grad=False))
    return samples


def halves(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(4, 6))
    yield Sample(make(4, 6), 0)
    yield Sample(make(2, 4, 3), dim=1)


def int_errors(make: Maker) -> Iterator[Error]:
    yield Error(NotImplementedError, Sample(make(3, dtype='int64')), match="not implemented for 'Long'")


def glu_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(3)), match='Halving dimension must be even')
    yield Error(IndexError, Sample(make(4), 1), match='Dimension out of range')


def gelu_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(4), approximate='no'), match='approximate argument must be')


def celu_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(4), 0.0), match='alpha cannot be 0')


def ref_gelu(x, approximate='none'):
    with np.errstate(invalid='ignore'):
        if approximate == 'tanh':
            return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x ** 3)))
        return 0.5 * x * np.asarray([math.erfc(-v / math.sqrt(2)) for v in x.flat]).reshape(x.shape)


# 1 + erf(x) for x near -4 has lost all digits but the last: relative errors are large where the result is tiny.
GELU_TOL = {'float32': (1.3e-6, 5e-6, 'cancellation in 1 + erf(x)')}

SPECS = [
    OpSpec('sigmoid', anywhere(), dtypes=FLOATS + COMPLEXES, inplace='sigmoid_'),
    OpSpec('tanh', anywhere(), dtypes=FLOATS + COMPLEXES, ref=np.tanh, inplace='tanh_'),
    OpSpec('selu', anywhere(kink=0.0), errors=int_errors),
    OpSpec('celu', anywhere({'alpha': 0.5}), errors=celu_errors),
    OpSpec('nn.functional.elu', anywhere({'alpha': 0.5}, {'inplace': False}, kink=0.0), errors=int_errors),
    OpSpec('nn.functional.gelu', anywhere({'approximate': 'tanh'}, infinite=False), ref=ref_gelu, errors=gelu_errors,
           tol=GELU_TOL),
    OpSpec('nn.functional.silu', anywhere(), errors=int_errors),
    OpSpec('nn.functional.mish', anywhere(), errors=int_errors),
    OpSpec('nn.functional.softplus', anywhere({'beta': 3.0}, {'beta': 0.5, 'threshold': 1.0}), errors=int_errors),
    OpSpec('nn.functional.logsigmoid', anywhere(), errors=int_errors),
    OpSpec('nn.functional.softsign', anywhere(kink=0.0)),
    OpSpec('nn.functional.tanhshrink', anywhere()),
    OpSpec('nn.functional.glu', halves, errors=glu_errors),
]
