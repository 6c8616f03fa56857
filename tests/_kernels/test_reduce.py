"""The reduction kernels: accuracy of long float32 sums, and any axes in any order."""
from __future__ import annotations

import itertools

import numpy as np
import pytest

from cnet import _kernels as K

R = K.reduce


@pytest.mark.parametrize('shape', [(1_000_000,), (1000, 1000), (100_000, 7), (3, 50_000, 3)])
def test_rounding_does_not_grow_with_the_length(shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(0).uniform(0, 1, shape).astype(np.float32)
    for axes in (None, (0,), (len(shape) - 1,)):
        exact = x.sum(axis=axes, dtype=np.float64)
        # One rounding of the result and those within a block of 1024 numbers, spread over 16 lanes or 64 rows.
        np.testing.assert_allclose(R.total(x, axes), exact, rtol=4e-7)


@pytest.mark.parametrize('dtype', ['float32', 'float64'])
def test_every_choice_of_axes(dtype: str) -> None:
    x = np.random.default_rng(1).uniform(-1, 1, (3, 4, 1, 5, 2)).astype(dtype)
    tol = {'rtol': 1e-5, 'atol': 1e-6} if dtype == 'float32' else {'rtol': 1e-12}
    for k in range(1, 6):
        for axes in itertools.combinations(range(5), k):
            for a in (x, x.transpose(4, 2, 0, 3, 1), x[::2], np.asfortranarray(x)):
                for keepdim in (False, True):
                    how = {'axis': axes, 'keepdims': keepdim}
                    np.testing.assert_allclose(R.total(a, axes, keepdim), np.sum(a, **how), **tol)
                    np.testing.assert_allclose(R.total(a, axes, keepdim, 1, R.SQUARE), np.sum(a * a, **how), **tol)
                    np.testing.assert_allclose(R.total(a, axes, keepdim, 2, R.ABS), 2 * np.sum(np.abs(a), **how), **tol)
                    np.testing.assert_allclose(R.total(a, axes, keepdim, 1, R.PRODUCT), np.prod(a, **how), **tol)
                    np.testing.assert_array_equal(R.extreme(a, axes, keepdim, 1), np.max(a, **how))
                    np.testing.assert_array_equal(R.extreme(a, axes, keepdim, -1), np.min(a, **how))


def test_no_elements() -> None:
    x = np.empty((0, 3), np.float32)
    np.testing.assert_array_equal(R.total(x, (0,)), [0, 0, 0])
    np.testing.assert_array_equal(R.total(x, (0,), False, 1, R.PRODUCT), [1, 1, 1])
    assert R.total(x, (1,)).shape == (0,)


def test_nan_wins_and_comes_first() -> None:
    x = np.array([[1, np.nan, 3, np.nan], [np.inf, 2, np.inf, 1], [-np.inf] * 4], np.float32)
    for sign in (1, -1):
        best, where = R.extreme_at(x, 1, False, sign)
        assert np.isnan(best[0])
        assert where[0] == 1
        assert where[2] == 0
        best, where = R.extreme_at(x, 0, True, sign)
        assert best.shape == (1, 4)
        assert np.isnan(best[0, 1])
        assert where[0, 3] == 0
    assert R.extreme_at(x, 1, False, 1)[1][1] == 0


@pytest.mark.parametrize('dtype', ['float32', 'float64'])
@pytest.mark.parametrize('n', [1, 15, 16, 31, 33, 63, 64, 65, 127, 128, 200, 65536, 65537, 100_003])
def test_extremes_of_a_row_of_any_length(n: int, dtype: str) -> None:
    rng = np.random.default_rng(n)
    for at in {0, n - 1, n // 2, *rng.integers(0, n, 5).tolist()}:
        x = rng.uniform(-1, 1, n).astype(dtype)
        for sign in (1, -1):
            x[at] = 2 * sign
            assert R.extreme(x, None, False, sign) == 2 * sign
        x[at] = np.nan
        assert np.isnan(R.extreme(x, None, False, 1)) and np.isnan(R.extreme(x[None], (1,), False, -1)).all()


@pytest.mark.parametrize('dim', [0, 1, 2])
def test_running_sums(dim: int) -> None:
    x = np.random.default_rng(2).uniform(-1, 1, (5, 600, 3)).astype(np.float32)
    np.testing.assert_allclose(R.scan(x, dim, False), np.cumsum(x, dim, np.float64), rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(R.scan(x[:, :20], dim, True), np.cumprod(x[:, :20], dim, np.float64), rtol=1e-6, atol=1e-30)
