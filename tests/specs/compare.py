"""Specs of cnet/_ops/compare.py and predicates.py: comparisons, logic, bits, extremes."""

import numpy as np

from . import ALL, BOOLS, FLOATS, INTS, Error, OpSpec, Sample


def _pairs(make, dtype):
    yield Sample(make(3, 4), make(3, 4))
    yield Sample(make(3, 4), make(4))
    yield Sample(make(), make(3))
    yield Sample(make(0, 3), make(3))


def _ties(make, dtype):
    yield Sample(make.array([1, 2, 3]), make.array([3, 2, 1]))
    yield Sample(make.array([1, 2, 3]), 2)
    yield from _pairs(make, dtype)


def _distinct(make, dtype):
    yield Sample(make(3, 4, distinct=True), make(4, distinct=True))
    yield Sample(make(6), make(6))


def _holes(make, dtype):
    yield Sample(make.array([1., np.nan, 3., np.inf]), make.array([np.nan, 2., np.nan, -np.inf]))


def _positive(make, dtype):
    yield Sample(make(3, 4, low=.2, high=2), make(4, low=.2, high=2))


def _products(make, dtype):
    yield Sample(make(3, 4, low=.2, high=2), make(4, low=.2, high=2))
    yield Sample(make.array([0., 1.]), make.array([2., 3.]))


def _shifts(make, dtype):
    yield Sample(make(5, low=0, high=9), make(5, low=0, high=4))
    yield Sample(make(5, low=0, high=9), 2)


def _bounds(make, dtype):
    yield Sample(make(3, 4), -1, 1)
    yield Sample(make(3, 4), max=0)
    yield Sample(make(3, 4), min=0)
    yield Sample(make(3, 4), make(4, low=-1, high=0), make(3, 1, low=0, high=1))


def _no_bounds(make):
    yield Error(RuntimeError, Sample(make(3)), match='At least one')


def _one_bound(make, dtype):
    yield Sample(make(3, 4), 0.5 if dtype.startswith('float') else 1)


def _shapes(make):
    yield Error(RuntimeError, Sample(make(2, 3), make(4)), match='must match the size')
    yield Error(TypeError, Sample(2, make(4)))


def _special(make, dtype):
    if dtype.startswith(('float', 'complex')):
        yield Sample(make.array([1., np.nan, np.inf, -np.inf, -0.]))
    yield Sample(make(3, 4))


def _close(make, dtype):
    yield Sample(make.array([1, 2, 3]), make.array([1, 2, 4]))
    yield Sample(make.array([1, 2, 3]), make.array([1, 2, 4]), rtol=.5)
    if dtype.startswith('float'):
        yield Sample(make.array([np.nan, np.inf]), make.array([np.nan, np.inf]), equal_nan=True)


def _one(make, dtype):
    yield Sample(make(1))


REALS = FLOATS + INTS + BOOLS
SPECS = [OpSpec(name, _ties, dtypes=REALS if name not in ('eq', 'ne') else ALL, grad=False, ref=ref, inplace=name + '_',
                errors=_shapes)
         for name, ref in (('eq', np.equal), ('ne', np.not_equal), ('lt', np.less), ('le', np.less_equal), ('gt', np.greater),
                           ('ge', np.greater_equal))]
SPECS += [OpSpec(name, _pairs, dtypes=REALS, grad=False)
          for name in ('not_equal', 'less', 'less_equal', 'greater', 'greater_equal')]
SPECS += [OpSpec(name, _pairs, dtypes=ALL, grad=False, ref=getattr(np, name), inplace=name + '_', errors=_shapes)
          for name in ('logical_and', 'logical_or', 'logical_xor')]
SPECS += [OpSpec(name, _ties, dtypes=INTS + BOOLS, grad=False, ref=getattr(np, name), inplace=name + '_')
          for name in ('bitwise_and', 'bitwise_or', 'bitwise_xor')]
SPECS += [OpSpec(name, _shifts, dtypes=INTS, grad=False, inplace=name + '_')
          for name in ('bitwise_left_shift', 'bitwise_right_shift')]
SPECS += [OpSpec(name, _pairs, dtypes=INTS, grad=False, ref=getattr(np, name), inplace=name + '_') for name in ('gcd', 'lcm')]
SPECS += [OpSpec(name, _distinct, dtypes=FLOATS + INTS, ref=getattr(np, name), errors=_shapes)
          for name in ('maximum', 'minimum', 'fmax', 'fmin')]
SPECS += [OpSpec(name, _holes, grad=False) for name in ('maximum', 'minimum', 'fmax', 'fmin')]
SPECS += [
    OpSpec('atan2', _positive, ref=np.arctan2, inplace='atan2_'), OpSpec('arctan2', _positive),
    OpSpec('hypot', _positive, ref=np.hypot, inplace='hypot_'),
    OpSpec('copysign', _distinct, ref=np.copysign, inplace='copysign_'),
    OpSpec('nextafter', _pairs, grad=False, ref=np.nextafter), OpSpec('heaviside', _pairs, grad=False, ref=np.heaviside),
    OpSpec('logaddexp', _pairs, ref=np.logaddexp), OpSpec('logaddexp2', _pairs, ref=np.logaddexp2),
    OpSpec('xlogy', _products, inplace='xlogy_'),
    OpSpec('clamp', _bounds, dtypes=FLOATS + INTS, inplace='clamp_', errors=_no_bounds), OpSpec('clip', _bounds),
    OpSpec('clamp_min', _one_bound, dtypes=FLOATS + INTS, inplace='clamp_min_'),
    OpSpec('clamp_max', _one_bound, dtypes=FLOATS + INTS, inplace='clamp_max_'),
    OpSpec('isclose', _close, dtypes=FLOATS + INTS, grad=False), OpSpec('allclose', _close, dtypes=FLOATS + INTS, grad=False),
    OpSpec('equal', _pairs, dtypes=ALL, grad=False), OpSpec('is_nonzero', _one, dtypes=ALL, grad=False),
    OpSpec('bitwise_not', _special, dtypes=INTS + BOOLS, grad=False, ref=np.invert, inplace='bitwise_not_'),
]
SPECS += [OpSpec(name, _special, grad=False,
                 dtypes=ALL if name in ('isnan', 'isinf', 'isfinite', 'isreal', 'logical_not') else REALS,
                 ref=getattr(np, name) if name in ('isnan', 'isfinite', 'logical_not') else None)
          for name in ('isnan', 'isinf', 'isfinite', 'isposinf', 'isneginf', 'isreal', 'signbit', 'logical_not')]
