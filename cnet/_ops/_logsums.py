"""Logarithms of sums of exponentials."""

import math

import numpy as np

from .. import _kernels as K
from .._core.elementwise import conj_of
from .._core.op import Op

quiet = K._quiet.quiet
E = K.elementary


def complex_logaddexp(x, y):
    """log(exp(x) + exp(y)), with the larger real part taken out so that nothing overflows."""
    swap = x.real < y.real
    big, small = np.where(swap, y, x), np.where(swap, x, y)
    same = (x.real == y.real) & ~np.isfinite(x.real)
    r = big + np.log1p(np.exp(small - big))
    if same.any():  # both infinite: their difference is NaN
        r = np.where(same, np.where(x.real < 0, y, np.log(np.exp(x) + np.exp(y))), r)
    return np.where(np.isnan(x) | np.isnan(y), np.nan, r)


def complex_logcumsumexp(x, dim):
    """Running `complex_logaddexp` along a dimension, one step at a time: no term is lost below a later, larger one."""
    rows = np.moveaxis(x, dim, 0).copy()
    for i in range(1, len(rows)):
        rows[i] = complex_logaddexp(rows[i - 1], rows[i])
    return np.moveaxis(rows, 0, dim)


class Logaddexp(Op, name='LogaddexpBackward0'):
    keep_in = (0, 1)

    @staticmethod
    def forward(x, y):
        return E.logaddexp(x, y) if x.dtype.kind != 'c' else quiet(complex_logaddexp, x, y).astype(x.dtype, copy=False)

    def backward(self, g):
        d = conj_of(self.saved(0) - self.saved(1))
        return g * d.sigmoid(), g * (-d).sigmoid()


class Logaddexp2(Op, name='Logaddexp2Backward0'):
    keep_in = (0, 1)
    forward = staticmethod(E.logaddexp2)

    def backward(self, g):
        d = (self.saved(0) - self.saved(1)) * math.log(2)
        return g * d.sigmoid(), g * (-d).sigmoid()
