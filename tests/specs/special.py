"""Special functions; their accuracy is tested in tests/_ops/test_special.py."""
from __future__ import annotations

from collections.abc import Callable, Iterator

from . import Error, Maker, OpSpec, Sample

# PyTorch computes float32 in float32; here it is float64, rounded.
LOOSE = {'float32': (3e-5, 1e-5, "PyTorch's float32 rounding, amplified by the slope")}
# name: lowest and highest value drawn
RANGES = {
    'erf': (-2, 2), 'erfc': (-2, 3), 'erfinv': (-.9, .9), 'special.erfcx': (-1, 4), 'lgamma': (.3, 6), 'digamma': (.3, 6),
    'i0': (-3, 3), 'special.i0e': (.1, 12), 'special.i1': (.1, 9), 'special.i1e': (.1, 12), 'special.ndtri': (.05, .95),
    'special.log_ndtr': (-6, 3), 'special.entr': (.1, 2),
}
WITHOUT_SLOPE = {
    'special.airy_ai': (-12, 9),
    'special.bessel_j0': (-12, 12), 'special.bessel_j1': (-12, 12), 'special.bessel_y0': (.2, 12), 'special.bessel_y1': (.2, 12),
    'special.modified_bessel_i0': (-9, 9), 'special.modified_bessel_i1': (-9, 9), 'special.modified_bessel_k0': (.1, 9),
    'special.modified_bessel_k1': (.1, 9), 'special.scaled_modified_bessel_k0': (.1, 9),
    'special.scaled_modified_bessel_k1': (.1, 9), 'special.spherical_bessel_j0': (-9, 9),
}
BESSEL = {'float32': (1e-4, 1e-5, "PyTorch's float32 rounding"), 'float64': (1e-6, 1e-6, "PyTorch's J and Y have errors of 2e-7")}
POLYNOMIALS = [prefix + 'chebyshev_polynomial_' + kind for prefix in ('', 'shifted_') for kind in 'tuvw']
POLYNOMIALS += ['hermite_polynomial_h', 'hermite_polynomial_he', 'laguerre_polynomial_l', 'legendre_polynomial_p']

Samples = Callable[[Maker, str], Iterator[Sample]]


def between(low: float, high: float) -> Samples:
    def samples(make: Maker, dtype: str) -> Iterator[Sample]:
        yield Sample(make(3, 4, low=low, high=high))
        yield Sample(make(low=low, high=high))
        yield Sample(make(2, 0, low=low, high=high))
    return samples


def integers(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(5, low=1, high=4))


def no_tensor(make: Maker) -> Iterator[Error]:
    yield Error(TypeError, Sample([1.0]))


def pairs(low: float, high: float, other_low: float, other_high: float, *, both: bool = True) -> Samples:
    def samples(make: Maker, dtype: str) -> Iterator[Sample]:
        yield Sample(make(3, 4, low=low, high=high, grad=both), make(4, low=other_low, high=other_high))
        yield Sample(make(low=low, high=high, grad=both), make(2, 1, low=other_low, high=other_high))
    return samples


def with_numbers(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(2, make(3, low=-.5, high=2))
    yield Sample(make(3), 0.5)


def orders(make: Maker, dtype: str) -> Iterator[Sample]:
    for n in (0, 1, 2, 3):
        yield Sample(n, make(3, 4, low=.5, high=6))


def order_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(-1, make(3)), match='does not support negative n')


def dimensions(make: Maker, dtype: str) -> Iterator[Sample]:
    for p in (1, 2, 3):
        yield Sample(make(3, low=1.5, high=6), p)


def dimension_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(3), 0), match='greater than or equal to 1')


def degrees(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(2, 6, low=-.9, high=.9), make.array([-1, 0, 1, 2, 3, 5]))
    yield Sample(make(3), 4)
    yield Sample(0.5, make.array([2, 3]))


SPECS = [OpSpec(name, between(*values), tol=LOOSE, errors=no_tensor, inplace=None if '.' in name else name + '_')
         for name, values in RANGES.items()]
SPECS += [OpSpec(name, integers, dtypes=('int64', 'uint8'), grad=False) for name in RANGES if name != 'erfinv']
SPECS += [OpSpec(name, between(*values), tol=BESSEL, grad=False) for name, values in WITHOUT_SLOPE.items()]
SPECS += [OpSpec('special.' + name, degrees, tol=LOOSE, grad=False) for name in POLYNOMIALS]
SPECS += [
    OpSpec('special.ndtr', between(-3, 3), tol=LOOSE, names=False),
    OpSpec('special.xlog1py', pairs(-2, 2, -.5, 3), tol=LOOSE),
    OpSpec('special.xlog1py', with_numbers, tol=LOOSE),
    OpSpec('special.zeta', pairs(2, 5, .5, 4, both=False), tol=LOOSE),
    OpSpec('igamma', pairs(.5, 6, .2, 9, both=False), tol=LOOSE),
    OpSpec('igammac', pairs(.5, 6, .2, 9, both=False), tol=LOOSE),
    OpSpec('polygamma', orders, tol=LOOSE, errors=order_errors),
    OpSpec('mvlgamma', dimensions, tol=LOOSE, inplace='mvlgamma_', errors=dimension_errors),
]
