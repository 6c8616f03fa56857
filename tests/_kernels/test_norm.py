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


@pytest.mark.parametrize('shape', [(5, 3, 1), (5, 3, 7), (5, 3, 300)], ids=str)
def test_given_statistics_have_no_gradient_by_infinite_numbers(shape: tuple[int, int, int]) -> None:
    """Without `training` the gradient of x is a multiple of g, whatever x is."""
    x, g, gx = np.full(shape, np.inf), np.ones(shape), np.empty(shape)
    mean, rstd, gw, gb = np.zeros(3), np.full(3, 2.0), np.empty(3), np.empty(3)
    K.norm.batch_grad(g, x, None, mean, rstd, None, False, *shape, gx, gw, gb)
    assert (gx == 2).all()


@pytest.mark.parametrize('sizes', [
    (2, 3, 1), (9, 70, 1), (700, 70, 1), (40, 300, 1), (3000, 130, 1), (4, 3, 7), (600, 2, 255), (3, 2, 256), (1, 3, 40),
    (2, 3, 2000)], ids=str)
@pytest.mark.parametrize('training', [True, False])
def test_batch_norm_and_relu(sizes: tuple[int, int, int], training: bool) -> None:
    """Forward and backward with and without relu, rows side by side or one by one, in place and not, on one and two threads."""
    rng, count = np.random.default_rng(0), sizes[0] * sizes[2]
    x, g = rng.standard_normal(sizes) + 3, rng.standard_normal(sizes)
    w, b = (rng.standard_normal(sizes[1]) for _ in range(2))
    mean, var = (x.mean((0, 2)), x.var((0, 2))) if training else (rng.standard_normal(sizes[1]), rng.uniform(1, 2, sizes[1]))
    rstd = (var + 1e-5) ** -0.5
    u = (x - mean[:, None]) * rstd[:, None]
    right = u * w[:, None] + b[:, None]
    before = cnet.get_num_threads()
    try:
        for threads in (1, 2):
            cnet.set_num_threads(threads)
            for relu in (False, True):
                stats, moving = np.empty((2, sizes[1])), (np.zeros(sizes[1]), np.ones(sizes[1])) if training else (mean, var)
                y = x.copy()
                K.norm.batch_forward(y, w, b, *stats, *moving, training, relu, 0.5, 1e-5, *sizes, y)
                np.testing.assert_allclose(stats, (mean, rstd), 1e-9)
                np.testing.assert_allclose(y, np.maximum(right, 0) if relu else right, 1e-9, 1e-9)
                if training:
                    np.testing.assert_allclose(moving, (0.5 * mean, 0.5 + 0.5 * var * count / (count - 1)), 1e-9)
                v = g * (right > 0) if relu else g
                gw, gb = (v * u).sum((0, 2)), v.sum((0, 2))
                gx = v - (gb[:, None] + u * gw[:, None]) / count if training else v
                ours = np.empty(sizes), np.empty(sizes[1]), np.empty(sizes[1])
                K.norm.batch_grad(g, x, w, *stats, y if relu else None, training, *sizes, *ours)
                for a, e in zip(ours, (gx * (rstd * w)[:, None], gw, gb), strict=True):
                    np.testing.assert_allclose(a, e, 1e-8, 1e-8)
    finally:
        cnet.set_num_threads(before)


# Images, groups, channels of each, pixels: one piece and more, few images and many, channels of one strip and of more.
GROUPS = [(1, 1, 1, 7), (2, 3, 2, 5), (1, 2, 32, 700), (5, 2, 32, 700), (2, 5, 14, 2049), (4, 3, 50, 200), (6, 37, 1, 33)]


@pytest.mark.parametrize('dtype', ['f4', 'f8'])
@pytest.mark.parametrize('sizes', GROUPS, ids=str)
def test_group_norm_of_pixels(sizes: tuple[int, int, int, int], dtype: str) -> None:
    """Channels last in memory, far from zero, against the formulas in float64; the same bits on any number of threads."""
    images, groups, per, pixels = sizes
    rng, eps = np.random.default_rng(0), 1e-3
    x, g = ((rng.standard_normal((images, pixels, groups, per)) + k).astype(dtype) for k in (100, 1))
    w, b = (rng.uniform(0.5, 1.5, groups * per).astype(dtype) for _ in range(2))
    args = images * groups, groups, per, pixels, True

    def run() -> list[np.ndarray]:
        y, gx = np.empty_like(x), np.empty_like(x)
        mean, rstd = np.empty((2, images * groups), dtype)
        sums, dots = np.empty((2, images, groups * per))
        K.norm.group_forward(x, w, b, eps, y, mean, rstd, *args)
        K.norm.group_grad(g, x, w, mean, rstd, gx, sums, dots, *args)
        return [y, mean, rstd, gx, sums, dots]
    before, results = cnet.get_num_threads(), []
    try:
        for threads in (1, 2, 5):
            cnet.set_num_threads(threads)
            results.append(run())
    finally:
        cnet.set_num_threads(before)
    for one, *others in zip(*results):
        assert all(np.array_equal(one, other) for other in others)
    x8, v = x.astype(np.longdouble), g.astype(np.longdouble) * w.reshape(groups, per)
    mean, var = x8.mean((1, 3), keepdims=True), x8.var((1, 3), keepdims=True)
    rstd = (var + eps) ** -0.5
    u = (x8 - mean) * rstd
    gx = rstd * (v - v.mean((1, 3), keepdims=True) - u * (v * u).mean((1, 3), keepdims=True))
    right = [u * w.reshape(groups, per) + b.reshape(groups, per), mean, rstd, gx, g.sum(1, dtype=np.longdouble), (g * u).sum(1)]
    error = {'f4': [3e-5, 1e-7, 1e-4, 2e-4, 1e-5], 'f8': [1e-12] * 5}[dtype]
    error.append(error[1] * 100 * pixels)  # what a mean of 100 may lack is in every term of the last sum
    for a, e, tolerance in zip(results[0], right, error, strict=True):
        np.testing.assert_allclose(a.reshape(e.shape), e, tolerance, tolerance)
