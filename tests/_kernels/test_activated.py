"""A linear layer with its activation by every way that a product can go, against float64."""
from __future__ import annotations

from math import erf

import numpy as np
import pytest

import cnet
from cnet import _kernels as K

RNG = np.random.default_rng(0)


def sigmoid(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-z))


def normal(z: np.ndarray) -> np.ndarray:
    return 0.5 + 0.5 * np.vectorize(erf)(z / np.sqrt(2))


# M, K, N: dot products, rows, tiles in place, the operand turned over, panels of both, in one and more pieces of K.
SIZES = [(1, 300, 70), (3, 40, 1), (1, 20, 1), (5, 20, 3), (20, 300, 65), (64, 300, 200), (100, 40, 300), (300, 70, 130),
         (400, 600, 300), (70, 1, 70), (600, 300, 1000)]
KINDS = {
    K.linear.RELU: (lambda z: np.maximum(z, 0), lambda z: (z > 0) * 1.0),
    K.linear.TANH: (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    K.linear.SIGMOID: (sigmoid, lambda z: sigmoid(z) * sigmoid(-z)),
    K.linear.GELU: (lambda z: z * normal(z), lambda z: normal(z) + z * np.exp(-z * z / 2) / np.sqrt(2 * np.pi)),
    K.linear.SILU: (lambda z: z * sigmoid(z), lambda z: sigmoid(z) * (1 + z * sigmoid(-z))),
}


@pytest.mark.parametrize('size', SIZES, ids=str)
@pytest.mark.parametrize('kind', KINDS)
@pytest.mark.parametrize('dtype', ['f4', 'f8'])
def test_activated(size: tuple[int, int, int], kind: int, dtype: str) -> None:
    m, k, n = size
    f, slope = KINDS[kind]
    x, w, b, g = ((RNG.standard_normal(s) / s[-1] ** 0.5).astype(dtype) for s in ((m, k), (n, k), (n,), (m, n)))
    smooth = kind in (K.linear.GELU, K.linear.SILU)
    exact = x.astype('f8') @ w.T.astype('f8') + b
    eps = np.finfo(dtype).eps
    before = cnet.get_num_threads()
    try:
        outcomes = []
        for threads in (1, 2):
            cnet.set_num_threads(threads)
            y, z = K.linear.activated(x, w, b, kind, True)
            np.testing.assert_allclose(z, exact, 100 * eps, 20 * eps)
            np.testing.assert_allclose(y, f(exact), 100 * eps, 20 * eps)
            np.testing.assert_array_equal(K.linear.activated(x, w, b, kind, False), y)
            outcomes.append([y, z, *K.linear.activated_grad(g, z if smooth else y, x, w, kind, True, True, True)])
    finally:
        cnet.set_num_threads(before)
    for one, two in zip(*outcomes, strict=True):
        np.testing.assert_array_equal(one, two)
    gz = g.astype('f8') * slope(np.where(y == 0, -1, exact) if kind == K.linear.RELU else exact)
    # Sums of up to n and m terms, each of size 1 / sqrt(n) or less.
    for ours, right, terms in zip(outcomes[0][2:], (gz @ w, gz.T @ x, gz.sum(0)), (n, m, m), strict=True):
        np.testing.assert_allclose(ours, right, 100 * eps, 20 * eps * terms ** 0.5)


def test_activated_without_bias_and_gradients() -> None:
    x, w, g = RNG.standard_normal((2, 3, 5)), RNG.standard_normal((4, 5)), RNG.standard_normal((2, 3, 4))
    y = K.linear.activated(x, w, None, K.linear.RELU, False)
    np.testing.assert_allclose(y, np.maximum(x @ w.T, 0), 1e-12)
    gx, gw, gb = K.linear.activated_grad(g, y, x, w, K.linear.RELU, False, True, False)
    assert gx is None
    assert gb is None
    np.testing.assert_allclose(gw, np.einsum('abn,abk->nk', g * (y > 0), x), 1e-12)


def test_what_does_not_fit_is_refused() -> None:
    x, w, b = np.ones((2, 3), 'f4'), np.ones((4, 3), 'f4'), np.ones(4, 'f4')
    for args in ((x[:, :2], w, b), (x, w, b[:3]), (x, w.astype('f8'), b), (x, w, b.astype('f8')), (x, w[0], None), (x, w, w),
                 (x[:0], w, b), (x, w[:0], b[:0]), (x.astype('f2'), w.astype('f2'), b.astype('f2')), (x[0, 0], w, b),
                 (x, w, np.ones(8, 'f4')[::2]), (x.astype('i4'), w.astype('i4'), None)):
        assert K.linear.activated(*(None if a is None else np.asarray(a) for a in args), K.linear.RELU, False) is None


def test_nan_and_infinity_pass() -> None:
    z = np.array([[np.nan, np.inf, -np.inf, -0.0, 1.0]], 'f4')
    for kind, right in ((K.linear.RELU, [np.nan, np.inf, 0, 0, 1]), (K.linear.TANH, [np.nan, 1, -1, 0, np.tanh(1)])):
        y = K.linear.activated(np.ones((1, 1), 'f4'), z.T.copy(), None, kind, False)
        np.testing.assert_allclose(y, [right], 1e-6)
