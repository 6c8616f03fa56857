"""Bessel functions on float64 arrays: Chebyshev series near 0, and the asymptotic forms of DLMF 10.17 and 10.40 with series
for their slowly varying factors. Within 1e-15 of the result for I and K, of the modulus for J and Y."""

import numpy as np

from . import _chebyshev as C
from ._special import pieces, series

_TWO_OVER_PI = 0.6366197723675814
_ROOT_HALF = 0.7071067811865476


def _scaled_i(x, near, far, odd):
    """exp(-|x|) I(x)."""
    a = np.abs(x)
    r = pieces(a, (a <= 8, lambda a: series(near, a / 4 - 1) * (a if odd else 1)),
               (a > 8, lambda a: series(far, 16 / a - 1) / np.sqrt(a)))
    return np.copysign(r, x) if odd else r


def i0e(x):
    """exp(-|x|) I0(x)."""
    return _scaled_i(x, C.I0_NEAR, C.I0_FAR, False)


def i1e(x):
    """exp(-|x|) I1(x)."""
    return _scaled_i(x, C.I1_NEAR, C.I1_FAR, True)


def _unscaled(x, scaled):
    half = np.exp(np.abs(x) / 2)  # in two steps, as exp overflows before the product does
    return np.where(np.isinf(x), x if scaled is i1e else np.inf, scaled(x) * half * half)


def i0(x):
    """The modified Bessel function of the first kind of order 0."""
    return _unscaled(x, i0e)


def i1(x):
    """The modified Bessel function of the first kind of order 1."""
    return _unscaled(x, i1e)


def _k0_near(x):
    return series(C.K0_NEAR, x * x / 2 - 1) - np.log(x / 2) * i0(x)


def _k1_near(x):
    return series(C.K1_NEAR, x * x / 2 - 1) / x + np.log(x / 2) * i1(x)


def _far_k(table, x):
    return series(table, 4 / x - 1) / np.sqrt(x)


def k0(x):
    """The modified Bessel function of the second kind of order 0."""
    return pieces(x, (x == 0, lambda x: x + np.inf), ((x > 0) & (x <= 2), _k0_near),
                  (x > 2, lambda x: np.exp(-x) * _far_k(C.K0_FAR, x)))


def k1(x):
    """The modified Bessel function of the second kind of order 1."""
    return pieces(x, (x == 0, lambda x: x + np.inf), ((x > 0) & (x <= 2), _k1_near),
                  (x > 2, lambda x: np.exp(-x) * _far_k(C.K1_FAR, x)))


def k0e(x):
    """exp(x) K0(x)."""
    return pieces(x, (x == 0, lambda x: x + np.inf), ((x > 0) & (x <= 2), lambda x: np.exp(x) * _k0_near(x)),
                  (x > 2, lambda x: _far_k(C.K0_FAR, x)))


def k1e(x):
    """exp(x) K1(x)."""
    return pieces(x, (x == 0, lambda x: x + np.inf), ((x > 0) & (x <= 2), lambda x: np.exp(x) * _k1_near(x)),
                  (x > 2, lambda x: _far_k(C.K1_FAR, x)))


def _without_zeros(x, table, zeros):
    """Series times the factors of the first zeros; each zero is a float and its rest, so that x - zero is exact."""
    r = series(table, x * x / 32 - 1)
    for zero, rest in zeros:
        r = r * (((x - zero) - rest) * (x + zero))
    return r


def _j0_near(x):
    return _without_zeros(x, C.J0_NEAR, C.J0_ZEROS)


def _j1_near(x):
    return x * _without_zeros(x, C.J1_NEAR, C.J1_ZEROS)


def _far(x, order, second):
    """J or Y beyond 8: sqrt(2 / (pi x)) times P and Q, with the sine and cosine of x - pi/4 (minus pi/2 for order 1)."""
    sine, cosine = np.sin(x), np.cos(x)
    c, s = (cosine + sine) * _ROOT_HALF, (sine - cosine) * _ROOT_HALF
    if order:
        c, s = s, -c
    t = 128 / (x * x) - 1
    p, q = series(C.P1_FAR if order else C.P0_FAR, t), series(C.Q1_FAR if order else C.Q0_FAR, t) / x
    r = np.sqrt(_TWO_OVER_PI / x) * (p * s + q * c if second else p * c - q * s)
    return np.where(np.isinf(x), 0, r)


def j0(x):
    """The Bessel function of the first kind of order 0."""
    a = np.abs(x)
    return pieces(a, (a <= 8, _j0_near), (a > 8, lambda a: _far(a, 0, False)))


def j1(x):
    """The Bessel function of the first kind of order 1."""
    a = np.abs(x)
    return pieces(a, (a <= 8, _j1_near), (a > 8, lambda a: _far(a, 1, False))) * np.where(x < 0, -1, 1)


def _y1_near(x):
    return x * series(C.Y1_NEAR, x * x / 32 - 1) + _TWO_OVER_PI * (np.log(x) * _j1_near(x) - 1 / x)


def y0(x):
    """The Bessel function of the second kind of order 0."""
    return pieces(x, (x == 0, lambda x: x - np.inf), (x > 8, lambda x: _far(x, 0, True)),
                  ((x > 0) & (x <= 8), lambda x: series(C.Y0_NEAR, x * x / 32 - 1) + _TWO_OVER_PI * np.log(x) * _j0_near(x)))


def y1(x):
    """The Bessel function of the second kind of order 1."""
    return pieces(x, (x == 0, lambda x: x - np.inf), ((x > 0) & (x <= 8), _y1_near), (x > 8, lambda x: _far(x, 1, True)))


def spherical_j0(x):
    """sin(x) / x."""
    small = np.abs(x) < 0.5
    s = x * x
    near = 1 - s / 6 * (1 - s / 20 * (1 - s / 42 * (1 - s / 72 * (1 - s / 110 * (1 - s / 156)))))
    return np.where(small, near, np.where(np.isinf(x), 0, np.sin(x) / np.where(small, 1, x)))
