"""The kernels of transformer layers: two linear layers in one, a sum with its norm, dropout by bits, gradients of linear."""
from __future__ import annotations

from math import erf

import numpy as np
import pytest

import cnet
from cnet import _kernels as K

RNG = np.random.default_rng(0)


def bits_of(kept: np.ndarray) -> np.ndarray:
    return np.concatenate([np.packbits(kept, bitorder='little'), np.zeros(4, np.uint8)])


def gelu(z: np.ndarray) -> np.ndarray:
    return 0.5 * z * (1 + np.vectorize(erf)(z / np.sqrt(2)))


@pytest.mark.parametrize('rows', [1, 5, 300, 1100])
@pytest.mark.parametrize('smooth', [False, True])
@pytest.mark.parametrize('drops', [False, True])
def test_feed_forward(rows: int, smooth: bool, drops: bool) -> None:
    x, w1, w2 = (RNG.standard_normal(shape) for shape in ((rows, 6), (9, 6), (7, 9)))
    b1, b2, kept = RNG.standard_normal(9), RNG.standard_normal(7), RNG.random((rows, 9)) < 0.7
    noise = kept * 1.25 if drops else np.ones((rows, 9))
    bits, gain = (bits_of(kept), 1.25) if drops else (None, 1.0)
    y, h, z = K.linear.feed_forward(x, w1, b1, w2, b2, smooth, bits, gain)
    np.testing.assert_array_equal(K.linear.feed_forward(x, w1, b1, w2, b2, smooth, bits, gain, False)[0], y)
    z_right = x @ w1.T + b1
    h_right = (gelu(z_right) if smooth else np.maximum(z_right, 0)) * noise
    np.testing.assert_allclose(h, h_right, atol=1e-12)
    np.testing.assert_allclose(y, h_right @ w2.T + b2, atol=1e-12)
    g = RNG.standard_normal((rows, 7))
    slope = (z_right > 0) * 1.0
    if smooth:
        slope = 0.5 * (1 + np.vectorize(erf)(z_right / np.sqrt(2))) + z_right * np.exp(-z_right ** 2 / 2) / np.sqrt(2 * np.pi)
    gz = (g @ w2) * noise * slope
    right = gz @ w1, gz.T @ x, gz.sum(0), g.T @ h_right, g.sum(0)
    for ours, theirs in zip(K.linear.feed_forward_grad(g, x, w1, b1, w2, b2, smooth, bits, gain, h, z), right, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-10)


@pytest.mark.parametrize('smooth', [False, True])
def test_feed_forward_of_long_sums(smooth: bool) -> None:
    """Sums longer than a panel's, in single precision, without biases."""
    x, w1, w2 = (RNG.standard_normal(shape).astype('f4') for shape in ((1100, 270), (530, 270), (300, 530)))
    y, h, z = K.linear.feed_forward(x, w1, None, w2, None, smooth, None, 1.0)
    # The sums of the first k of K products of size s are s sqrt(k) large, and each is rounded by 2^-24 of that or less: K s
    # 2^-24 / 2.4 on average (seen: 4.6e-6 and 6e-5), and the largest of half a million up to 12 times as much, 5 K s 2^-24.
    rounding = 6 * 2.0 ** -24
    right = x.astype('f8') @ w1.T.astype('f8')
    np.testing.assert_allclose(z, right if smooth else np.maximum(right, 0), rtol=0, atol=rounding * 270)
    if smooth:
        # Four units in the last place of what the result is a share of; seen: two.
        assert (abs(h - gelu(z.astype('f8'))) / np.maximum(abs(z), 1)).max() < 2.0 ** -21
    size = np.sqrt(np.square(h, dtype='f8').mean())
    np.testing.assert_allclose(y, h.astype('f8') @ w2.T, rtol=0, atol=rounding * 530 * size)
    np.testing.assert_array_equal(K.linear.feed_forward(x, w1, None, w2, None, smooth, None, 1.0, False)[0], y)


@pytest.mark.parametrize('n', [1, 7, 16, 100, 1025])
@pytest.mark.parametrize('drops', [False, True])
@pytest.mark.parametrize('turned', [False, True])
def test_add_norm(n: int, drops: bool, turned: bool) -> None:
    x, y, g, more = (RNG.standard_normal((3, 5, n)) for _ in range(4))
    y = np.ascontiguousarray(y.swapaxes(0, 1)).swapaxes(0, 1) if turned else y
    w, b = RNG.standard_normal(n), RNG.standard_normal(n)
    kept = RNG.random((5, 3, n) if turned else (3, 5, n)) < 0.6
    noise = (kept.swapaxes(0, 1) if turned else kept) * 2.0 if drops else np.ones((3, 5, n))
    bits = bits_of(kept) if drops else None
    out, total, stats = K.residual.add_norm(x, y, bits, 2.0, w, b, 1e-5)
    right = x + y * noise
    mean, rstd = right.mean(-1, keepdims=True), 1 / np.sqrt(right.var(-1, keepdims=True) + 1e-5)
    np.testing.assert_allclose(total, right)
    np.testing.assert_allclose(out, (right - mean) * rstd * w + b, atol=1e-9)
    gx, gy, gw, gb = K.residual.add_norm_grad(g, more, total, w, stats, bits, 2.0, y if turned else None)
    u, v = (right - mean) * rstd, g * w
    gx_right = rstd * (v - v.mean(-1, keepdims=True) - u * (v * u).mean(-1, keepdims=True)) + more
    np.testing.assert_allclose(gx, gx_right, atol=1e-8)
    np.testing.assert_allclose(gy, gx_right * noise, atol=1e-8)
    assert gy.strides == y.strides
    np.testing.assert_allclose(gw, (g * u).sum((0, 1)), atol=1e-10)
    np.testing.assert_allclose(gb, g.sum((0, 1)), atol=1e-10)


def test_statistics_of_large_means() -> None:
    x = (1e4 + RNG.standard_normal((4, 512))).astype(np.float32)
    out = K.residual.add_norm(x, np.zeros_like(x), None, 1.0, None, None, 0.0)[0]
    exact = x.astype(np.float64)
    exact = (exact - exact.mean(-1, keepdims=True)) / exact.std(-1, keepdims=True)
    assert abs(out - exact).max() < 2e-3  # x itself has steps of 1e-3


@pytest.mark.parametrize('n', [0, 1, 8191, 20000])
def test_masked(n: int) -> None:
    x, kept = RNG.standard_normal(n).astype(np.float32), RNG.random(n) < 0.5
    np.testing.assert_array_equal(K.residual.masked(x, bits_of(kept), 2.0), x * (kept * np.float32(2)))


def test_dropped_nan_stays() -> None:
    x = np.array([np.nan, np.inf, 1, -1], np.float32)
    y = K.residual.masked(x, np.zeros(5, np.uint8), 2.0)
    assert np.isnan(y[:2]).all() and np.signbit(y[3])


def results() -> list[np.ndarray]:
    rng = np.random.default_rng(1)
    x, w1, w2 = (rng.standard_normal(shape).astype(np.float32) for shape in ((1200, 64), (160, 64), (64, 160)))
    b1, b2, g = (rng.standard_normal(shape).astype(np.float32) for shape in (160, 64, (1200, 64)))
    y, h, z = K.linear.feed_forward(x, w1, b1, w2, b2, True, None, 1.0)
    out, total, stats = K.residual.add_norm(x, y, None, 1.0, b2, b2, 1e-5)
    q = x[:1152].reshape(2, 3, 192, 64)
    grads = [np.empty_like(q) for _ in range(3)]
    attended, sums = K.attention.forward(q, q, q, None, 0.1, True, None, 1.0)
    K.attention.backward(q, q, q, q, None, 0.1, True, None, 1.0, attended, sums, *grads)
    return [y, h, out, attended, *grads, *K.linear.grad(g, x, w2.T.copy()[:64, :64].copy(), True, True, True, True),
            *K.linear.feed_forward_grad(g, x, w1, b1, w2, b2, True, None, 1.0, h, z),
            *K.residual.add_norm_grad(g, None, total, b2, stats, None, 1.0, None)]


def test_same_bits_for_any_number_of_threads() -> None:
    before, all_results = cnet.get_num_threads(), []
    try:
        for threads in (1, 2, 3):
            cnet.set_num_threads(threads)
            all_results.append(results())
    finally:
        cnet.set_num_threads(before)
    for others in all_results[1:]:
        for a, b in zip(all_results[0], others, strict=True):
            np.testing.assert_array_equal(a, b)
