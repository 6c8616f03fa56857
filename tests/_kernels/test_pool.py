"""Pooling kernels against a loop over every window, for geometries around the borders of their special cases."""
from __future__ import annotations

import itertools

import numpy as np
import pytest

from cnet import _kernels as K

# (height, width, kernel, stride, padding, dilation); the height of everything is that of the width but for the size.
GEOMETRIES = [
    (h, w, k, s, p, d) for h, w, k, s, p, d in
    itertools.product((1, 6, 7), (1, 6, 35, 70), (1, 2, 3, 9), (1, 2, 3), (0, 1), (1, 2))
    if p <= k // 2 and min(h, w) + 2 * p >= (k - 1) * d + 1
]


def windows(h: int, w: int, k: int, s: int, p: int, d: int) -> list[list[list[int]]]:
    """For every result, the positions in the plane that its window covers."""
    def axis(n: int) -> list[list[int]]:
        return [[i for i in range(o * s - p, o * s - p + (k - 1) * d + 1, d) if 0 <= i < n]
                for o in range((n + 2 * p - d * (k - 1) - 1) // s + 1)]
    return [[[i * w + j for i in rows for j in columns] for columns in axis(w)] for rows in axis(h)]


@pytest.mark.parametrize('dtype', ['f4', 'f8'])
def test_every_window(dtype: str) -> None:
    rng = np.random.default_rng(0)
    assert len(GEOMETRIES) > 100
    for geometry in GEOMETRIES:
        h, w, k, s, p, d = geometry
        covered = windows(*geometry)
        out = len(covered), len(covered[0])
        x = rng.integers(0, 5, (2, h, w)).astype(dtype)  # many ties: the first of equals wins
        window = K.pool.Window((1, h, w), (1, *out), (1, k, k), (1, s, s), (0, p, p), (1, d, d))
        y, at = np.empty((2, *out), dtype), np.empty((2, *out), 'i4')
        K.pool.max_forward(x, y, at, 2, window)
        flat = x.reshape(2, -1)
        places = np.array([[[max(one, key=lambda i: (plane[i], -i), default=-1) for one in row] for row in covered]
                           for plane in flat])
        np.testing.assert_array_equal(at, places, str(geometry))
        values = np.where(places < 0, -np.inf, np.take_along_axis(flat, places.reshape(2, -1), 1).reshape(places.shape))
        np.testing.assert_array_equal(y, values, str(geometry))
        gx, expected = np.empty((2, h * w), dtype), np.zeros((2, h * w))
        K.pool.scatter(places.astype(dtype), at, gx, 2, h * w, at[0].size)
        for plane, row, column in np.ndindex(y.shape):
            if (i := places[plane, row, column]) >= 0:
                expected[plane, i] += i
        np.testing.assert_array_equal(gx, expected)
        if d == 1:
            K.pool.avg_forward(x, y, 2, window, False, 0)
            means = np.array([[[plane[one].mean() for one in row] for row in covered] for plane in flat])
            np.testing.assert_allclose(y, means, 1e-6, err_msg=str(geometry))
            gx, expected = np.empty((2, h * w), dtype), np.zeros((2, h * w))
            K.pool.avg_grad(y, gx, 2, window, False, 0)
            for plane, row, column in np.ndindex(y.shape):
                one = covered[row][column]
                expected[plane, one] += y[plane, row, column] / len(one)
            np.testing.assert_allclose(gx, expected, 1e-5, 1e-6, err_msg=str(geometry))


@pytest.mark.parametrize('size', [1, 5, 17])
@pytest.mark.parametrize('out', [1, 2, 5, 7])
def test_adaptive_windows(size: int, out: int) -> None:
    x = np.random.default_rng(0).standard_normal((2, size, 40)).astype('f4')
    window = K.pool.Window((1, size, 40), (1, out, 3))
    y = np.empty((2, out, 3), 'f4')
    K.pool.avg_forward(x, y, 2, window, True, 0)
    for i, j in np.ndindex(out, 3):
        part = x[:, i * size // out:-(-(i + 1) * size // out), j * 40 // 3:-(-(j + 1) * 40 // 3)]
        np.testing.assert_allclose(y[:, i, j], part.mean((1, 2)), 1e-5, 1e-6)


@pytest.mark.parametrize('width', [2, 10, 28, 67])
def test_the_last_nan_of_a_window_wins(width: int) -> None:
    x = np.arange(2 * width, dtype='f4').reshape(1, 2, width)
    x[0, 0, 1::2] = x[0, 1, ::4] = np.nan
    out = width // 2
    y, at = np.empty((1, 1, out), 'f4'), np.empty((1, 1, out), 'i4')
    K.pool.max_forward(x, y, at, 1, K.pool.Window((1, 2, width), (1, 1, out), (1, 2, 2), (1, 2, 2), (0, 0, 0), (1, 1, 1)))
    assert np.isnan(y).all()
    assert at.ravel().tolist() == [2 * i + (width if i % 2 == 0 else 1) for i in range(out)]


@pytest.mark.parametrize('dtype', ['f4', 'f8'])
@pytest.mark.parametrize('padded', [True, False])
def test_means_of_pixels_are_those_of_planes(dtype: str, padded: bool) -> None:
    """Channels last in memory: windows of few pixels and of many, by powers of two and not, channels of one vector and more."""
    rng, eps = np.random.default_rng(0), np.finfo(dtype).eps
    for channels, (h, w, k, s, p, d), divisor in itertools.product(
            (1, 5, 16, 70), ((6, 8, 2, 2, 0, 1), (7, 9, 3, 2, 1, 1), (20, 19, 9, 1, 4, 1), (11, 13, 8, 3, 0, 1)), (0, 4, -6)):
        x = rng.standard_normal((2, channels, h, w)).astype(dtype)
        out = [(n + 2 * p - k) // s + 1 for n in (h, w)]
        window = K.pool.Window((1, h, w), (1, *out), (1, k, k), (1, s, s), (0, p, p), (1, d, d))
        y, gx, last, gx_last = (np.empty(shape, dtype) for shape in (
            (2, channels, *out), x.shape, (2, *out, channels), (2, h, w, channels)))
        K.pool.avg_forward(x, y, 2 * channels, window, padded, divisor)
        K.pool.avg_grad(y, gx, 2 * channels, window, padded, divisor)
        K.pool.avg_forward(x.transpose(0, 2, 3, 1).copy(), last, 2 * channels, window, padded, divisor, channels)
        K.pool.avg_grad(last, gx_last, 2 * channels, window, padded, divisor, channels)
        # Up to k^2 numbers less than 5 are added up in two orders.
        error = 5 * k ** 4 * eps / abs(divisor or k ** 2)
        np.testing.assert_allclose(last.transpose(0, 3, 1, 2), y, error, error)
        np.testing.assert_allclose(gx_last.transpose(0, 3, 1, 2), gx, error, error * abs(y).max())
