"""The gamma function's relatives on float64 arrays.

Sources: DLMF 5.11 (asymptotic series), 5.5 (recurrence and reflection), 25.11 (Hurwitz zeta by Euler and Maclaurin), 8.7, 8.9
and 8.12 (incomplete gamma by power series, continued fraction and Temme's expansion). Relative to the larger of 1 and the
result: log-gamma and digamma within 2e-15, zeta and polygamma within 1e-14, incomplete gamma within 1e-13.
"""

import math

import numpy as np

from . import _chebyshev as C
from ._special import pieces, series
from ._special_error import erfc

# Bernoulli numbers B2, B4, ... B24.
_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330,
              854513 / 138, -236364091 / 2730)
_HALF_LOG_TAU = 0.9189385332046727
_FAR = 8  # from here on eight terms of the asymptotic series suffice


def _power_sum(coefficients, x):
    """The sum of coefficients[k] x^k by Horner's rule."""
    r = np.full_like(x, coefficients[-1])
    for c in coefficients[-2::-1]:
        r = r * x + c
    return r


def stirling(x):
    """log-gamma minus its leading terms, for x from 8."""
    return _power_sum([b / ((2 * k + 2) * (2 * k + 1)) for k, b in enumerate(_BERNOULLI[:8])], 1 / (x * x)) / x


def _lgamma_far(x):
    return (x - 0.5) * np.log(x) - x + _HALF_LOG_TAU + stirling(x)


def _lgamma_near(x):
    """From 0.5 to 2.5; the factors are the zeros."""
    return (x - 1) * (x - 2) * series(C.LGAMMA, x - 1.5)


def _lgamma_between(x):
    """From 2.5 to 8, stepping down."""
    product = np.ones_like(x)
    for _ in range(6):
        above = x > 2.5
        x = np.where(above, x - 1, x)
        product = np.where(above, product * x, product)
    return _lgamma_near(x) + np.log(product)


def _lgamma_right(x):
    return pieces(x, (x < 0.5, lambda x: _lgamma_near(x + 1) - np.log(x)), ((x >= 0.5) & (x <= 2.5), _lgamma_near),
                  ((x > 2.5) & (x < _FAR), _lgamma_between), (x >= _FAR, lambda x: np.where(x < np.inf, _lgamma_far(x), x)))


def _lgamma_left(x):
    sine = np.abs(np.sin(np.pi * (x - np.round(x))))
    return np.where(np.isinf(x) | (sine == 0), np.inf, np.log(np.pi / sine) - _lgamma_right(1 - np.maximum(x, -1e300)))


def lgamma(x):
    """The logarithm of the absolute value of the gamma function."""
    return pieces(x, (x > 0, _lgamma_right), (x <= 0, _lgamma_left))


def _digamma_right(x):
    sums = np.zeros_like(x)
    for _ in range(_FAR):
        near = x < _FAR
        sums = np.where(near, sums + 1 / x, sums)
        x = np.where(near, x + 1, x)
    s = 1 / (x * x)
    tail = s * _power_sum([b / (2 * k + 2) for k, b in enumerate(_BERNOULLI[:8])], s)
    return np.log(x) - 0.5 / x - tail - sums


def _digamma_left(x):
    r = x - np.round(x)
    return np.where(r == 0, np.nan, _digamma_right(1 - x) - np.pi / np.tan(np.pi * r))


def digamma(x):
    """The derivative of log-gamma."""
    return pieces(x, (x > 0, _digamma_right), (x < 0, _digamma_left), (x == 0, lambda x: np.copysign(np.inf, -x)))


def zeta(s, q):
    """Hurwitz's zeta function: the sum of (q + k)^-s over k from 0. NaN for q below -10,000, where the sum is too long."""
    whole = q == np.floor(q)
    bad = (s < 1) | ((q <= 0) & ~whole & (s != np.floor(s))) | (q < -10000) | np.isnan(s) | np.isnan(q)
    pole = (s == 1) | ((q <= 0) & whole)
    skip = bad | pole
    s, a = np.where(skip, 2, s), np.where(skip, 1, q)
    start = np.minimum(10 + s / 2, 200)  # the tail's terms fall as s / (2 pi a)
    sums = np.zeros_like(a)
    while True:
        near = a < start
        if not near.any():
            break
        sums[near] += a[near] ** -s[near]
        a = np.where(near, a + 1, a)
    power = a ** -s
    tail = power * a / (s - 1) + power / 2
    factor = s * power / a
    for k, b in enumerate(_BERNOULLI):
        term = b / math.factorial(2 * k + 2) * factor
        tail = tail + term
        factor = factor * (s + 2 * k + 1) * (s + 2 * k + 2) / (a * a)
    r = sums + np.where(power > 0, tail, 0)
    return np.where(bad, np.nan, np.where(pole, np.inf, r))


def polygamma(n, x):
    """Derivative number n of digamma, for an int n."""
    if n == 0:
        return digamma(x)
    if n == 1:
        left = x < 0.5
        r = zeta(np.full_like(x, 2.0), np.where(left, 1 - x, x))
        sine = np.sin(np.pi * (x - np.round(x)))
        return np.where(left, np.square(np.pi / sine) - r, r)
    factorial = float(math.factorial(n)) if n <= 170 else math.inf
    return (1 if n % 2 else -1) * factorial * zeta(np.full_like(x, n + 1.0), x)


_LARGE = 1e5  # from here on two terms of Temme's expansion suffice
# Their Taylor coefficients in eta (DLMF 8.12.7 and after).
_TEMME = ((-1 / 3, 1 / 12, -2 / 135, 1 / 864, 1 / 2835, -139 / 777600), (-1 / 540, -1 / 288, 1 / 378, -77 / 77760))


def _prefactor(a, x):
    """x^a e^-x / gamma(a + 1)."""
    near = a * np.log(x) - x - lgamma(a + 1)
    wide = np.maximum(a, _FAR)
    mu = (x - wide) / wide
    far = wide * (np.log1p(mu) - mu) - 0.5 * np.log(2 * np.pi * wide) - stirling(wide)
    return np.exp(np.where(a < _FAR, near, far))


def _lower_series(a, x):
    """The lower function, for x not above a + 1."""
    term = np.ones_like(a)
    total = np.ones_like(a)
    k = 0
    while (term > 1e-17 * total).any():
        k += 1
        term = term * (x / (a + k))
        total = total + term
    return _prefactor(a, x) * total


def _upper_fraction(a, x):
    """The upper function, for x above a + 1, by Lentz's method on DLMF 8.9.2."""
    b = x + 1 - a
    c = np.full_like(x, 1e300)
    d = 1 / b
    h = d
    done = np.zeros(x.shape, bool)
    for k in range(1, 10000):
        n = -k * (k - a)
        b = b + 2
        d = 1 / (n * d + b)
        c = b + n / c
        step = np.where(done, 1, c * d)
        h = h * step
        done |= np.abs(step - 1) < 3e-16
        if done.all():
            break
    return _prefactor(a, x) * a * h


def _upper_temme(a, x):
    """The upper function for large a."""
    mu = (x - a) / a
    half = np.where(np.abs(mu) < 1e-2, mu * mu * _power_sum([(-1) ** k / (k + 2) for k in range(8)], mu), mu - np.log1p(mu))
    eta = np.copysign(np.sqrt(2 * half), mu)
    rest = _power_sum(_TEMME[0], eta) + _power_sum(_TEMME[1], eta) / a
    return erfc(eta * np.sqrt(a / 2)) / 2 + np.exp(-a * half) / np.sqrt(2 * np.pi * a) * rest


def _choose(a, x):
    """(mask, function, whether it gives the upper part) for every method."""
    large = (a >= _LARGE) & np.isfinite(a) & (np.abs(x - a) < 0.5 * a)
    finite = (a > 0) & (x > 0) & np.isfinite(a) & np.isfinite(x) & ~large
    low = x <= a + 1
    return (finite & low, _lower_series, False), (finite & ~low, _upper_fraction, True), (large, _upper_temme, True)


def _incomplete(a, x, upper):
    r = np.where((a == 0) | np.isinf(x), 1.0, 0.0)
    r[(a < 0) | (x < 0) | np.isnan(a) | np.isnan(x) | ((a == 0) & (x == 0)) | (np.isinf(a) & np.isinf(x))] = np.nan
    if upper:
        r = 1 - r
    for mask, f, gives_upper in _choose(a, x):
        if mask.any():
            part = f(a[mask], x[mask])
            r[mask] = part if gives_upper == upper else 1 - part
    return r


def gammainc(a, x):
    """The regularized lower incomplete gamma function."""
    return _incomplete(a, x, False)


def gammaincc(a, x):
    """The regularized upper incomplete gamma function."""
    return _incomplete(a, x, True)
