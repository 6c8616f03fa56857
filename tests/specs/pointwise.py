"""Specs of cnet/_ops/pointwise.py, ternary.py and fill.py: arithmetic."""

import numpy as np

from . import ALL, COMPLEXES, FLOATS, INTS, Error, OpSpec, Sample

NUMBERS = FLOATS + INTS + COMPLEXES


def _pairs(low=-2, high=2, numbers=True):
    def samples(make, dtype):
        bounds = {} if not dtype.startswith(('float', 'complex')) and low < 0 else {'low': low, 'high': high}
        if dtype == 'uint8':
            bounds = {'low': max(low, 1), 'high': max(high, 5)}
        yield Sample(make(3, 4, **bounds), make(3, 4, **bounds))
        yield Sample(make(3, 4, **bounds), make(4, **bounds))
        yield Sample(make(3, 1, **bounds), make(2, 1, 4, **bounds))
        yield Sample(make(**bounds), make(3, **bounds))
        yield Sample(make(0, 3, **bounds), make(3, **bounds))
        if numbers:
            yield Sample(make(5, **bounds), 2)
            if dtype != 'bool':
                yield Sample(make(5, **bounds), 1.5)
    return samples


def _quotients(make, dtype):
    low, high = (1, 9) if not dtype.startswith(('float', 'complex')) else (.5, 3)
    sign = {} if dtype == 'uint8' else {'low': -9, 'high': 9} if low == 1 else {}
    yield Sample(make(3, 4, **sign), make(3, 4, low=low, high=high))
    yield Sample(make(3, 4, **sign), make(4, low=low, high=high))
    yield Sample(make(5, **sign), 2)
    yield Sample(make(5, **sign), 0.5)


def _rounded_quotients(make, dtype):
    for sample in _quotients(make, dtype):
        for mode in ('floor', 'trunc'):
            yield Sample(*sample.args, rounding_mode=mode)


def _scaled(make, dtype):
    yield Sample(make(3, 4), make(4), alpha=2)
    yield Sample(make(3), 3, alpha=2)
    if dtype.startswith(('float', 'complex')):
        yield Sample(make(3), make(3), alpha=0.5)


def _powers(make, dtype):
    for exponent in (2, 3, 0, 1, -1, 0.5, 2.5):
        yield Sample(make(5, low=.3, high=3), exponent)
    yield Sample(make(4, low=-2, high=-1), 3)
    yield Sample(make(3, 4, low=.3, high=3), make(4))
    yield Sample(2.5, make(4))


def _integer_powers(make, dtype):
    yield Sample(make(5), 2)
    yield Sample(make(5), make(5, low=0, high=4))


def _shapes(make):
    yield Error(RuntimeError, Sample(make(2, 3), make(4)),
                match=r'The size of tensor a \(3\) must match the size of tensor b \(4\)')
    yield Error(TypeError, Sample(make(2), 'x'))


def _alphas(make):
    yield from _shapes(make)
    yield Error(RuntimeError, Sample(make(2, dtype='int64'), make(2, dtype='int64'), alpha=1.5), match='integral')


def _modes(make):
    yield from _shapes(make)
    yield Error(RuntimeError, Sample(make(2), make(2), rounding_mode='up'), match='rounding_mode')


def _negative_power(make):
    yield Error(RuntimeError, Sample(make(2, dtype='int64'), -1), match='negative integer powers')


def _bools(make):
    yield Error(RuntimeError, Sample(make(2, dtype='bool'), make(2, dtype='bool')), match='Subtraction')


def _between(make, dtype):
    for weight in (0.25, 0.75, -1.):
        yield Sample(make(3, 4), make(4), weight)
    yield Sample(make(3, 4), make(3, 4), make(3, 4, low=0, high=1))


def _products(make, dtype):
    low = {'low': 1, 'high': 5} if not dtype.startswith(('float', 'complex')) else {'low': .5, 'high': 2}
    yield Sample(make(3, 4), make(3, 1), make(4, **low))
    yield Sample(make(3, 4), make(3, 1), make(4, **low), value=2)


def _fills(make, dtype):
    yield Sample(make(2, 3), 1)
    yield Sample(make(2, 3), make())



def _exponents(make, dtype):
    yield Sample(make(4), make(4, dtype='int64', low=0, high=4))
    yield Sample(make(4), make(4))


SPECS = [
    OpSpec('add', _pairs(), dtypes=ALL, ref=np.add, inplace='add_', errors=_alphas),
    OpSpec('add', _scaled, dtypes=FLOATS + INTS + COMPLEXES),
    OpSpec('sub', _pairs(), dtypes=NUMBERS, ref=np.subtract, inplace='sub_', errors=_shapes),
    OpSpec('sub', _scaled, dtypes=FLOATS, errors=_bools),
    OpSpec('mul', _pairs(), dtypes=ALL, ref=np.multiply, inplace='mul_', errors=_shapes),
    OpSpec('div', _quotients, dtypes=NUMBERS, ref=np.true_divide, inplace='div_', errors=_modes),
    OpSpec('div', _rounded_quotients, dtypes=FLOATS + INTS),
    OpSpec('floor_divide', _quotients, dtypes=FLOATS + INTS, grad=False, ref=np.floor_divide, inplace='floor_divide_'),
    OpSpec('remainder', _quotients, dtypes=FLOATS + INTS, ref=np.remainder, inplace='remainder_'),
    OpSpec('fmod', _quotients, dtypes=FLOATS + INTS, ref=np.fmod, inplace='fmod_'),
    OpSpec('pow', _powers, dtypes=FLOATS + COMPLEXES, inplace='pow_', errors=_negative_power,
           tol={'complex64': (2e-5, 2e-5, 'powers amplify rounding of the logarithm')}),
    OpSpec('pow', _integer_powers, dtypes=INTS, ref=np.power),
    OpSpec('float_power', _powers, dtypes=FLOATS),
    OpSpec('rsub', _pairs(), dtypes=FLOATS + INTS),
    OpSpec('lerp', _between, inplace='lerp_'),
    OpSpec('addcmul', _products, dtypes=NUMBERS, inplace='addcmul_'),
    OpSpec('addcdiv', _products, dtypes=FLOATS + COMPLEXES, inplace='addcdiv_'),
    OpSpec('ldexp', _exponents, inplace='ldexp_'),
    OpSpec('fill', _fills, dtypes=FLOATS, ref=np.full_like),
] + [OpSpec(alias, _quotients, dtypes=FLOATS) for alias in ('subtract', 'multiply', 'divide', 'true_divide')]
