"""Losses that are likelihoods of distributions."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from . import Error, Maker, OpSpec, Sample

REDUCTIONS = ('mean', 'sum', 'none')


def divergences(make: Maker, dtype: str) -> Iterator[Sample]:
    for reduction in ('batchmean', 'sum', 'none'):
        yield Sample(make(3, 5), make(3, 5, low=0.1, high=1), reduction=reduction)
        yield Sample(make(3, 5), make(3, 5), reduction=reduction, log_target=True)
    yield Sample(make(2), make.array([0.0, 1.0], grad=False), reduction='sum')


def counts(make: Maker, dtype: str) -> Iterator[Sample]:
    for reduction in REDUCTIONS:
        yield Sample(make(3, 5), make(3, 5, low=0, high=6, grad=False), reduction=reduction)
        yield Sample(make(3, 5, low=0.5, high=4), make(3, 5, low=1.1, high=6), log_input=False, full=True, reduction=reduction)


def normals(make: Maker, dtype: str) -> Iterator[Sample]:
    for reduction in REDUCTIONS:
        yield Sample(make(3, 5), make(3, 5), make(3, 5, low=0.5, high=2), reduction=reduction)
        yield Sample(make(3, 5), make(3, 5), make(3, 1, low=0.5, high=2), full=True, reduction=reduction)
    yield Sample(make(3, 5), make(3, 5), make(3, low=0.5, high=2), eps=1e-3)
    yield Sample(make(3, 5), make(3, 5), 2.0)
    yield Sample(make(2), make(2), make.array([0.0, 1.0], grad=False), eps=0.5)


def reduction_errors(make: Maker) -> Iterator[Error]:
    yield Error(ValueError, Sample(make(3), make(3), reduction='x'), match='x is not a valid value for reduction')


def normal_errors(make: Maker) -> Iterator[Error]:
    yield Error(ValueError, Sample(make(3), make(3), make.array([-1.0, 1.0, 1.0])), match='var has negative entry')
    yield Error(ValueError, Sample(make(3), make(3), make(2, low=0, high=1)), match='var is of incorrect size')
    yield Error(ValueError, Sample(make(3), make(3), make(3, low=0, high=1), reduction='x'), match='x is not valid')


def ref_kl_div(x, y, reduction, log_target=False):
    y, log_y = (np.exp(y), y) if log_target else (y, np.log(np.where(y > 0, y, 1)))
    loss = y * (log_y - x)
    return loss if reduction == 'none' else np.asarray(loss.sum() / (len(x) if reduction == 'batchmean' else 1))


SPECS = [
    OpSpec('nn.functional.kl_div', divergences, ref=ref_kl_div, errors=reduction_errors),
    OpSpec('nn.functional.poisson_nll_loss', counts, errors=reduction_errors),
    OpSpec('nn.functional.gaussian_nll_loss', normals, errors=normal_errors),
]
