"""The accuracy that vmath.h and vecmath.h state: worst errors in units in the last place, over samples of the whole range."""
from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from cnet import _kernels as K

P, E = K.pointwise, K.elementary
# Every 9973rd of all 2^32 float32 numbers, and doubles of all sizes.
ALL_FLOATS = np.arange(0, 2 ** 32, 9973, dtype=np.uint64).astype(np.uint32).view(np.float32)
ALL_FLOATS = ALL_FLOATS[np.isfinite(ALL_FLOATS)]
RNG = np.random.default_rng(0)
ALL_DOUBLES = np.concatenate([RNG.uniform(-2, 2, 100_000), RNG.uniform(-700, 700, 50_000),
                              10.0 ** RNG.uniform(-307, 307, 50_000) * RNG.choice([-1, 1], 50_000)])


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def erf(x: np.ndarray) -> np.ndarray:
    return np.array([math.erf(v) for v in x])


# name, exact function, range of arguments, worst error for float32 and float64; with AVX-512 some loops are NumPy's
CASES = [
    ('exp', np.exp, (-1e4, 1e4), 1.2, 1.1),
    ('expm1', np.expm1, (-1e4, 1e4), 2, 2),
    ('log', np.log, (0, math.inf), 1, 1),
    ('log1p', np.log1p, (-1, math.inf), 1.5, 1.5),
    ('tanh', np.tanh, (-math.inf, math.inf), 2.8, 2.5),
    ('sigmoid', sigmoid, (-87, math.inf), 2.5, 2.5),
    ('erf', erf, (-10, 10), 1.1, 1),
    ('exp2', np.exp2, (-1e4, 1e4), 1.1, 1.5),
    ('log2', np.log2, (0, math.inf), 2, 2),
    ('log10', np.log10, (0, math.inf), 2.1, 2),
    ('sin', np.sin, (-math.inf, math.inf), 1.5, 1.5),
    ('cos', np.cos, (-math.inf, math.inf), 1.5, 1.5),
    ('tan', np.tan, (-math.inf, math.inf), 3.3, 3),
    ('asin', np.arcsin, (-1, 1), 2.5, 2.5),
    ('acos', np.arccos, (-1, 1), 2, 2),
    ('atan', np.arctan, (-math.inf, math.inf), 2.2, 2.2),
    ('sinh', np.sinh, (-1e4, 1e4), 2.5, 2.5),
    ('cosh', np.cosh, (-1e4, 1e4), 2.5, 2.5),
    ('asinh', np.arcsinh, (-math.inf, math.inf), 2.5, 2.5),
    ('acosh', np.arccosh, (1, math.inf), 2.5, 2.5),
    ('atanh', np.arctanh, (-1, 1), 2.5, 2.5),
    ('floor', np.floor, (-math.inf, math.inf), 0, 0),
    ('ceil', np.ceil, (-math.inf, math.inf), 0, 0),
    ('trunc', np.trunc, (-math.inf, math.inf), 0, 0),
    ('round', np.rint, (-math.inf, math.inf), 0, 0),
]


def kernel(name: str) -> Callable:
    return getattr(P, name, None) or getattr(E, name)


def ulps(actual: np.ndarray, exact: np.ndarray) -> float:
    """The largest error in units in the last place of the rounded exact value; infinities must agree."""
    rounded = exact.astype(actual.dtype)
    assert np.array_equal(np.isinf(actual), np.isinf(rounded))
    finite = np.isfinite(rounded)
    unit = np.spacing(np.abs(rounded[finite])).astype(exact.dtype)
    return float(np.max(np.abs(actual[finite].astype(exact.dtype) - exact[finite]) / unit))


@pytest.mark.parametrize('dtype', ['float32', 'float64'])
@pytest.mark.parametrize(('name', 'exact', 'domain', 'single', 'double'), CASES, ids=[case[0] for case in CASES])
def test_worst_error(name: str, exact: Callable, domain: tuple[float, float], single: float, double: float,
                     dtype: str) -> None:
    if dtype == 'float64' and np.finfo(np.longdouble).eps > 1e-18:
        pytest.skip('no wider type to compare with')
    x = ALL_FLOATS if dtype == 'float32' else ALL_DOUBLES
    x = x[(x > domain[0]) & (x < domain[1])]
    if name == 'erf':
        x = x[:20_000] if dtype == 'float64' else x[np.abs(x) > 1e-30][::5]
    wide = x.astype(np.longdouble if dtype == 'float64' and name != 'erf' else np.float64)
    with np.errstate(all='ignore'):
        error = ulps(kernel(name)(x), exact(wide))
    assert error <= (single if dtype == 'float32' else double)


@pytest.mark.parametrize('dtype', ['float32', 'float64'])
def test_special_values(dtype: str) -> None:
    x = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0], dtype)
    expected = {'exp': [np.nan, np.inf, 0, 1, 1], 'expm1': [np.nan, np.inf, -1, 0, -0.0],
                'log': [np.nan, np.inf, np.nan, -np.inf, -np.inf], 'log1p': [np.nan, np.inf, np.nan, 0, -0.0],
                'tanh': [np.nan, 1, -1, 0, -0.0], 'sigmoid': [np.nan, 1, 0, 0.5, 0.5], 'erf': [np.nan, 1, -1, 0, -0.0]}
    for name, values in expected.items():
        y = kernel(name)(x)
        np.testing.assert_array_equal(y, np.array(values, dtype), err_msg=name)
        np.testing.assert_array_equal(np.signbit(y[3:]), np.signbit(values[3:]), err_msg=name)


@pytest.mark.parametrize('name', [case[0] for case in CASES])
def test_an_element_does_not_depend_on_its_position(name: str) -> None:
    x = np.linspace(0.1, 3, 37, dtype=np.float32)
    x = x + 1 if name == 'acosh' else x / 4 if name in ('asin', 'acos', 'atanh') else x
    whole = kernel(name)(x)
    for i in range(37):
        assert kernel(name)(x[i:i + 1])[0] == whole[i]


# name, exact function, worst error in float32 (and float64, where there is such a loop)
PAIRS = [('pow', np.power, 1, None), ('hypot', np.hypot, 0.6, None), ('atan2', np.arctan2, 2.2, 2.2)]


@pytest.mark.parametrize(('name', 'exact', 'single', 'double'), PAIRS, ids=[pair[0] for pair in PAIRS])
def test_worst_error_of_two_arguments(name: str, exact: Callable, single: float, double: float | None) -> None:
    rng = np.random.default_rng(1)
    x, y = (np.concatenate([rng.permutation(ALL_FLOATS)[:100_000], rng.uniform(low, high, 100_000).astype('float32')])
            for low, high in ((0.1, 4), (-40, 40)))
    with np.errstate(all='ignore'):
        assert ulps(kernel(name)(x, y), exact(x.astype('float64'), y.astype('float64'))) <= single
        if double is not None and np.finfo(np.longdouble).eps < 1e-18:
            x, y = rng.normal(size=(2, 50_000)) * 10.0 ** rng.integers(-100, 100, (2, 50_000))
            assert ulps(kernel(name)(x, y), exact(x.astype(np.longdouble), y.astype(np.longdouble))) <= double


@pytest.mark.parametrize('dtype', ['float32', 'float64'])
@pytest.mark.parametrize('name', ['pow', 'hypot', 'atan2', 'logaddexp', 'fmod', 'remainder', 'heaviside', 'copysign'])
def test_special_values_of_two_arguments(name: str, dtype: str) -> None:
    ends = np.array([np.nan, np.inf, -np.inf, 0, -0.0, 1, -1, 2, -3, 0.5], dtype)
    x, y = np.meshgrid(ends, ends)
    ufunc = {'pow': np.power, 'atan2': np.arctan2}.get(name) or getattr(np, name)
    with np.errstate(all='ignore'):
        actual, expected = kernel(name)(x, y), ufunc(x, y)
    np.testing.assert_allclose(actual, expected, 4 * np.finfo(dtype).eps, 0)
    number = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(actual[number]), np.signbit(expected[number]))
