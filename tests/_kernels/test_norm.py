"""Statistics in float32 of numbers far from zero, for short and long rows, against float64."""
from __future__ import annotations

import numpy as np
import pytest

import cnet
from cnet import _kernels as K

SIZES = [(2, 3, 1), (300, 70, 1), (2, 3, 7), (2, 3, 255), (2, 3, 256), (2, 3, 1023), (2, 3, 5000), (64, 2, 49)]


@pytest.mark.parametrize('sizes', SIZES, ids=str)
def test_batch_statistics_are_stable(sizes: tuple[int, int, int]) -> None:
    x = (np.random.default_rng(0).standard_normal(sizes) + 1e4).astype('f4')
    mean, rstd = np.empty((2, sizes[1]), 'f4')
    K.norm.batch_forward(x, None, None, mean, rstd, None, None, True, False, 0.1, 0.0, *sizes, np.empty_like(x))
    exact = x.astype('f8')
    np.testing.assert_allclose(mean, exact.mean((0, 2)), 1e-7)
    np.testing.assert_allclose(rstd, exact.var((0, 2)) ** -0.5, 2e-4)


@pytest.mark.parametrize('n', [1, 2, 15, 255, 256, 1000, 1024, 1025, 5000])
@pytest.mark.parametrize('kernel', ['layer', 'group'])
def test_row_statistics_are_stable(kernel: str, n: int) -> None:
    x = (np.random.default_rng(0).standard_normal((4, n)) + 1e4).astype('f4')
    if kernel == 'layer':
        y, (mean, rstd) = K.norm.layer_forward(x, None, None, 1e-3, True, n)
    else:
        y, (mean, rstd) = np.empty_like(x), np.empty((2, 4), 'f4')
        K.norm.group_forward(x, None, None, 1e-3, y, mean, rstd, 4, 2, 1, n)
    exact = x.astype('f8')
    np.testing.assert_allclose(mean, exact.mean(1), 1e-7)
    np.testing.assert_allclose(rstd, (exact.var(1) + 1e-3) ** -0.5, 2e-4)
    np.testing.assert_allclose(y, (exact - exact.mean(1, keepdims=True)) * rstd[:, None], rtol=1e-3, atol=2e-3)


def test_long_sums_keep_their_digits() -> None:
    """A hundred thousand equal numbers, whose running sum in float32 would lose five digits."""
    x = np.full((1, 1, 100_000), 0.1, 'f4')
    mean, rstd = np.empty((2, 1), 'f4')
    K.norm.batch_forward(x, None, None, mean, rstd, None, None, True, False, 0.1, 1.0, 1, 1, 100_000, np.empty_like(x))
    assert mean[0] == np.float32(0.1) and rstd[0] == 1


def test_denormals_count_as_zero_and_only_there() -> None:
    """Products with denormal numbers are slow; no kernel leaves the mode behind."""
    tiny = np.full((4, 6, 8), 1e-40, 'f4')
    y, one, zero, stats = np.empty_like(tiny), np.ones(6, 'f4'), np.zeros(6, 'f4'), np.empty((2, 6), 'f4')
    before = cnet.get_num_threads()
    try:
        for threads in (1, 2):
            cnet.set_num_threads(threads)
            K.norm.batch_forward(tiny, None, None, *stats, zero, one, False, False, 0.1, 0.0, 4, 6, 8, y)
            assert not y.any()
            assert (tiny * np.float32(1)).all() and cnet.from_numpy(tiny).mul(1).count_nonzero() == tiny.size
    finally:
        cnet.set_num_threads(before)
