"""Specs of cnet/_ops/unary.py: elementwise functions of one tensor."""

import numpy as np

from . import ALL, COMPLEXES, FLOATS, INTS, Error, OpSpec, Sample

# name: (lowest and highest value drawn, NumPy's function or None, complex numbers too)
RANGES = {
    'exp': (-2, 2, np.exp, True), 'exp2': (-2, 2, np.exp2, False), 'expm1': (-2, 2, np.expm1, True),
    'log': (.1, 4, np.log, True), 'log2': (.1, 4, np.log2, True), 'log10': (.1, 4, np.log10, True),
    'log1p': (-.5, 4, np.log1p, True), 'sqrt': (.1, 4, np.sqrt, True), 'rsqrt': (.1, 4, lambda x: 1 / np.sqrt(x), True),
    'reciprocal': (.2, 4, lambda x: 1 / x, True), 'sin': (-3, 3, np.sin, True), 'cos': (-3, 3, np.cos, True),
    'tan': (-1, 1, np.tan, True), 'asin': (-.9, .9, np.arcsin, True), 'acos': (-.9, .9, np.arccos, True),
    'atan': (-3, 3, np.arctan, True), 'sinh': (-2, 2, np.sinh, True), 'cosh': (-2, 2, np.cosh, True),
    'asinh': (-3, 3, np.arcsinh, True), 'acosh': (1.1, 4, np.arccosh, True), 'atanh': (-.9, .9, np.arctanh, True),
    'deg2rad': (-180, 180, np.deg2rad, False), 'rad2deg': (-3, 3, np.rad2deg, False), 'sinc': (.1, 2, np.sinc, True),
    'logit': (.1, .9, lambda x: np.log(x / (1 - x)), False),
}
SAME = {
    'neg': (np.negative, True), 'square': (np.square, True), 'abs': (np.abs, True), 'sign': (np.sign, False), 'sgn': (None, True),
    'floor': (np.floor, False), 'ceil': (np.ceil, False), 'trunc': (np.trunc, False), 'frac': (lambda x: x - np.trunc(x), False),
    'round': (np.round, False),
}
# float32 functions here and in PyTorch are accurate to a few units in the last place, not correctly rounded; the
# derivatives of steep functions multiply that.
STEEP = {'float32': (1e-5, 1e-5, 'derivatives of steep functions amplify rounding of the function')}


def _samples(low, high):
    def samples(make, dtype):
        yield Sample(make(3, 4, low=low, high=high))
        yield Sample(make(low=low, high=high))
        yield Sample(make(2, 0, 3, low=low, high=high))
        yield Sample(make(70, low=low, high=high))
    return samples


def _integers(make, dtype):
    if dtype == 'bool':
        yield Sample(make(4))
    else:
        yield Sample(make(5, low=0 if dtype == 'uint8' else -3, high=4))


def _not_a_tensor(make):
    yield Error(TypeError, Sample([1., 2.]))


NO_BOOL = ('neg', 'frac', 'round', 'abs', 'floor', 'ceil', 'trunc')
SPECS = []
for _name, (_low, _high, _ref, _complex) in RANGES.items():
    SPECS.append(OpSpec(_name, _samples(_low, _high), ref=_ref, inplace=_name + '_', errors=_not_a_tensor, tol=STEEP))
    if _name != 'logit':
        SPECS.append(OpSpec(_name, _integers, dtypes=INTS + ('bool',), grad=False))
    if _complex:
        SPECS.append(OpSpec(_name, _samples(_low, _high), dtypes=COMPLEXES,
                            tol={'complex64': (2e-5, 2e-5, 'as for float32, in products of two')}))
for _name, (_ref, _complex) in SAME.items():
    SPECS.append(OpSpec(_name, _samples(-2, 2), ref=_ref, inplace=_name + '_', errors=_not_a_tensor))
    SPECS.append(OpSpec(_name, _integers, dtypes=INTS if _name in NO_BOOL else INTS + ('bool',), grad=False)
                 if _name not in ('frac',) else OpSpec(_name, _samples(-5, 5)))
    if _complex:
        SPECS.append(OpSpec(_name, _samples(.3, 2), dtypes=COMPLEXES))


def _rounded(make, dtype):
    for decimals in (-1, 1, 3):
        yield Sample(make(7, low=-30, high=30), decimals=decimals)


def _holes(make, dtype):
    yield Sample(make.array([1., np.nan, np.inf, -np.inf]))
    yield Sample(make.array([1., np.nan, np.inf, -np.inf]), nan=2., posinf=3., neginf=-3.)


def _clamped(make, dtype):
    yield Sample(make(9, low=-.2, high=1.2), eps=.1)


def _complex_only(make, dtype):
    yield Sample(make(3, 2))


SPECS += [
    OpSpec('round', _rounded), OpSpec('nan_to_num', _holes, inplace='nan_to_num_'), OpSpec('logit', _clamped, tol=STEEP),
    OpSpec('conj', _complex_only, dtypes=COMPLEXES + FLOATS), OpSpec('conj_physical', _complex_only, dtypes=COMPLEXES + FLOATS),
    OpSpec('angle', _complex_only, dtypes=COMPLEXES + FLOATS),
    OpSpec('positive', _complex_only, dtypes=tuple(d for d in ALL if d != 'bool')),
]
SPECS += [OpSpec(_alias, _samples(.2, .8)) for _alias in (
    'arcsin', 'arccos', 'arctan', 'arcsinh', 'arctanh', 'negative', 'absolute', 'fix')]
SPECS += [OpSpec('arccosh', _samples(1.2, 3), tol=STEEP)]
