"""Accuracy of the special functions over their whole range, and their values at the ends of it."""
from __future__ import annotations

import math

import numpy as np
import pytest

import cnet

scipy_special = pytest.importorskip('scipy.special')
INF, NAN = math.inf, math.nan

# name: (SciPy's name, points, relative error, absolute error)
SPREAD = np.concatenate([np.linspace(-5, 5, 401), np.linspace(-26, 26, 301)])
RIGHT = np.concatenate([np.geomspace(1e-8, 1, 200), np.linspace(0.01, 60, 400)])
FUNCTIONS = {
    'erf': ('erf', SPREAD, 2e-15, 0), 'erfc': ('erfc', SPREAD, 2e-13, 0), 'erfcx': ('erfcx', SPREAD, 2e-13, 0),
    'log_ndtr': ('log_ndtr', SPREAD, 5e-14, 1e-300), 'erfinv': ('erfinv', np.linspace(-0.9999, 0.9999, 401), 2e-15, 0),
    'ndtri': ('ndtri', np.concatenate([np.linspace(0.001, 0.999, 401), np.geomspace(1e-300, 1e-3, 99)]), 2e-15, 1e-15),
    'gammaln': ('gammaln', np.concatenate([RIGHT, np.linspace(-9.95, -0.05, 100)]), 2e-14, 2e-14),
    'digamma': ('digamma', np.concatenate([RIGHT, np.linspace(-9.95, -0.05, 100)]), 2e-14, 1e-13),
    'i0': ('i0', SPREAD, 2e-15, 0), 'i0e': ('i0e', SPREAD, 2e-15, 0), 'i1': ('i1', SPREAD, 3e-15, 0),
    'i1e': ('i1e', SPREAD, 3e-15, 0),
    'bessel_j0': ('j0', SPREAD, 0, 2e-15), 'bessel_j1': ('j1', SPREAD, 0, 2e-15), 'bessel_y0': ('y0', RIGHT, 2e-15, 2e-15),
    'bessel_y1': ('y1', RIGHT, 2e-15, 2e-15), 'modified_bessel_k0': ('k0', RIGHT, 3e-15, 0),
    'modified_bessel_k1': ('k1', RIGHT, 3e-15, 0),
    'scaled_modified_bessel_k0': ('k0e', RIGHT, 3e-15, 0), 'scaled_modified_bessel_k1': ('k1e', RIGHT, 3e-15, 0),
    'entr': ('entr', RIGHT, 5e-16, 0),
}


@pytest.mark.parametrize('name', FUNCTIONS)
def test_accuracy(name: str) -> None:
    reference, x, rtol, atol = FUNCTIONS[name]
    function = getattr(cnet.special, name)
    expected = getattr(scipy_special, reference)(x)
    np.testing.assert_allclose(function(cnet.from_numpy(x)).numpy(), expected, rtol, atol)
    single = x.astype('float32')
    with np.errstate(over='ignore'):
        expected = getattr(scipy_special, reference)(single.astype('float64')).astype('float32')
    np.testing.assert_allclose(function(cnet.from_numpy(single)).numpy(), expected, 2e-6, 1e-6)


ENDS = {
    'erfc': ([INF, -INF, NAN], [0, 2, NAN]), 'erfcx': ([INF, -INF, NAN], [0, INF, NAN]),
    'erfinv': ([1, -1, 0, 1.5, NAN], [INF, -INF, 0, NAN, NAN]), 'ndtri': ([0, 1, 0.5, 2, NAN], [-INF, INF, 0, NAN, NAN]),
    'gammaln': ([0, -1, INF, -INF, NAN, 1, 2], [INF, INF, INF, INF, NAN, 0, 0]),
    'digamma': ([0, -0.0, -1, INF, NAN], [-INF, INF, NAN, INF, NAN]),
    'i0': ([0, INF, -INF, NAN], [1, INF, INF, NAN]), 'i1': ([0, INF, -INF, NAN], [0, INF, -INF, NAN]),
    'bessel_j0': ([0, INF, NAN], [1, 0, NAN]), 'bessel_y0': ([0, -1, INF], [-INF, NAN, 0]),
    'modified_bessel_k0': ([0, -1, INF], [INF, NAN, 0]), 'entr': ([0, -1, INF, NAN], [0, -INF, -INF, NAN]),
    'log_ndtr': ([INF, -INF, NAN], [0, -INF, NAN]), 'spherical_bessel_j0': ([0, INF, NAN], [1, 0, NAN]),
}


@pytest.mark.parametrize('name', ENDS)
def test_ends(name: str) -> None:
    x, expected = ENDS[name]
    np.testing.assert_array_equal(getattr(cnet.special, name)(cnet.tensor(x)).numpy(), np.array(expected, 'float32'))


@pytest.mark.parametrize('a', [0.01, 0.5, 1, 3, 20, 300, 1e4, 2e5, 1e7])
def test_incomplete_gamma(a: float) -> None:
    x = a + np.linspace(-4, 4, 33) * math.sqrt(a)
    x = x[x > 0]
    for name, reference in (('gammainc', scipy_special.gammainc), ('gammaincc', scipy_special.gammaincc)):
        y = getattr(cnet.special, name)(cnet.full(x.shape, a, dtype=cnet.float64), cnet.from_numpy(x)).numpy()
        np.testing.assert_allclose(y, reference(a, x), 1e-11, 1e-14)


def test_incomplete_gamma_at_its_ends() -> None:
    a, x = [0., 0, 1, INF, INF, 1, -1, 1], [0., 1, 0, 1, INF, INF, 1, -1]
    lower = cnet.special.gammainc(cnet.tensor(a), cnet.tensor(x))
    np.testing.assert_array_equal(lower.numpy(), np.array([NAN, 1, 0, 0, NAN, 1, NAN, NAN], 'float32'))


def test_zeta_and_polygamma() -> None:
    s, q = np.meshgrid([1.1, 2, 3.5, 20, 80], [0.1, 0.5, 1, 7, 60])
    np.testing.assert_allclose(cnet.special.zeta(cnet.from_numpy(s), cnet.from_numpy(q)).numpy(), scipy_special.zeta(s, q), 2e-12)
    x = np.linspace(0.1, 30, 200)
    for n in range(6):
        y = cnet.polygamma(n, cnet.from_numpy(x)).numpy()
        np.testing.assert_allclose(y, scipy_special.polygamma(n, x), 1e-13, 1e-14)


def test_long_inputs_are_cut_into_blocks() -> None:
    x = np.linspace(-3, 3, 10001)
    np.testing.assert_allclose(cnet.special.erfc(cnet.from_numpy(x)).numpy(), scipy_special.erfc(x), 1e-13)
