"""Geometry of the pointwise kernels: which shapes and layouts combine, `out`, overlap, and silence."""
from __future__ import annotations

import warnings

import numpy as np
import pytest

from cnet import _kernels as K

P = K.pointwise
SHAPES = [
    ((3, 4), (3, 4)), ((3, 4), (4,)), ((3, 4), (3, 1)), ((2, 3, 4, 5), (3, 1, 1)), ((2, 3, 4), (1,)), ((), ()), ((5,), ()),
    ((0, 4), (4,)), ((2, 3, 4), (1, 3, 1)), ((1, 4), (3, 1)), ((40000,), (40000,)), ((300, 200), (200,)),
    ((200, 300, 4), (300, 1)), ((1, 1), (1,)), ((4,), (2, 4)), ((1, 3), (1, 1, 3)), ((2, 3, 4), (2, 1, 4)),
]


def draw(shape: tuple[int, ...], dtype: str) -> np.ndarray:
    return np.asarray(np.random.default_rng(sum(shape)).uniform(0.5, 2, shape), dtype)


@pytest.mark.parametrize('dtype', ['float32', 'float64', 'int64', 'complex64'])
@pytest.mark.parametrize(('s', 't'), SHAPES)
def test_broadcasting(s: tuple[int, ...], t: tuple[int, ...], dtype: str) -> None:
    a, b = draw(s, dtype), draw(t, dtype)
    for name, ufunc in (('add', np.add), ('sub', np.subtract), ('mul', np.multiply)):
        for x, y in ((a, b), (b, a)):
            r = getattr(P, name)(x, y)
            assert type(r) is np.ndarray
            np.testing.assert_array_equal(r, ufunc(x, y))
            assert r.dtype == a.dtype


@pytest.mark.parametrize('dtype', ['float32', 'float64'])
def test_layouts(dtype: str) -> None:
    a = draw((6, 8), dtype)
    for x in (a, a.T, a[::2], a[:, ::-1], a[1:, 1:], np.broadcast_to(a[0], (6, 8))):
        np.testing.assert_array_equal(P.sub(x, x + 1), x - (x + 1))
        np.testing.assert_array_equal(P.sub(x, 2), x - 2)
        np.testing.assert_array_equal(P.sub(2.5, x), 2.5 - x)
        np.testing.assert_array_equal(P.neg(x), -x)
        np.testing.assert_array_equal(P.relu_grad(x, x - 1), np.where(x - 1 <= 0, 0, x))
    assert P.neg(a.T).strides == a.T.strides


def piece(rng: np.random.Generator, of: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """A view of that shape somewhere in a larger array of as many dimensions."""
    starts = [int(rng.integers(0, n - m + 1)) for n, m in zip(of.shape, shape)]
    return of[(..., *(slice(i, i + m) for i, m in zip(starts, shape)))]


@pytest.mark.parametrize('dtype', ['float32', 'float64'])
def test_rows_of_slices(dtype: str) -> None:
    rng = np.random.default_rng(0)
    for _ in range(1500):
        shape = tuple(int(n) for n in rng.choice([1, 1, 2, 3, 5, 17], rng.integers(1, 5)))
        few = tuple(n if rng.random() < .7 else 1 for n in shape)
        big = rng.standard_normal([n + 2 for n in shape]).astype(dtype)
        x, y = piece(rng, big, shape), piece(rng, rng.standard_normal([n + 1 for n in few]).astype(dtype), few)
        want = x - y
        np.testing.assert_array_equal(P.sub(x, y), want)
        np.testing.assert_array_equal(P.sub(y, x), -want)
        out = piece(rng, np.empty_like(big), shape)
        np.testing.assert_array_equal(P.sub(x, y, out), want)
        meets = piece(rng, big, shape)      # the memory of x, the same view or one that begins elsewhere
        assert P.sub(x, y, meets) is meets
        np.testing.assert_array_equal(meets, want)


def test_out() -> None:
    a, b = draw((3, 4), 'float32'), draw((4,), 'float32')
    for out in (np.empty((3, 4), 'float32'), np.empty((4, 3), 'float32').T, np.empty((3, 8), 'float32')[:, ::2]):
        assert P.add(a, b, out) is out
        np.testing.assert_array_equal(out, a + b)
        assert P.neg(a, out) is out
        np.testing.assert_array_equal(out, -a)
        assert P.mul(a, 2.0, out) is out
        np.testing.assert_array_equal(out, a * 2)


@pytest.mark.parametrize('dtype', ['float32', 'float64', 'int64'])
def test_one_in_order_and_one_across(dtype: str) -> None:
    """Large arrays whose layouts disagree, with and without room for the result, over each other too."""
    x = (np.random.default_rng(9).standard_normal((160, 160)) * 100).astype(dtype)
    for a, b in ((x, x.T), (x.T, x), (x, x[::-1]), (x.reshape(16, 10, 160), x.reshape(10, 16, 160).swapaxes(0, 1))):
        expected = a + b
        for z in (P.add(a, b), P.add(a, b, out=np.empty(a.shape, dtype)), P.add(a, b, out=np.empty(a.shape[::-1], dtype).T)):
            np.testing.assert_array_equal(z, expected)
        np.testing.assert_array_equal(K.elementary.lt(a, b), a < b)
    expected, y = x + x.T, x.copy()
    assert P.add(y, y.T, out=y) is y
    np.testing.assert_array_equal(y, expected)
    y = x.copy()
    np.testing.assert_array_equal(P.add(y, y.T, out=y.T), expected.T)


def test_out_that_overlaps_an_input() -> None:
    x = np.arange(10, dtype=np.float32)
    P.add(x[1:], x[:-1], x[1:])
    np.testing.assert_array_equal(x, [0, 1, 3, 5, 7, 9, 11, 13, 15, 17])
    y = np.arange(12, dtype=np.float32).reshape(3, 4)
    expected = y + y[0]
    P.add(y, y[0], y)
    np.testing.assert_array_equal(y, expected)
    z = np.arange(9, dtype=np.float32).reshape(3, 3)
    expected = z + z.T
    P.add(z, z.T, z)
    np.testing.assert_array_equal(z, expected)


@pytest.mark.parametrize('dtype', ['float32', 'float64', 'float16', 'int64', 'complex64'])
def test_silence(dtype: str) -> None:
    zero, one = np.zeros(3, dtype), np.ones(3, dtype)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        P.div(one, zero)
        P.div(one[::2], zero[:2])
        P.quiet(np.log, zero)
    assert np.geterr()['divide'] == 'warn'


def test_half_goes_through_float32() -> None:
    x = np.array([-1, 0.5, 3], np.float16)
    y = P.gelu(x)
    assert y.dtype == np.float16
    np.testing.assert_array_equal(y, P.gelu(x.astype(np.float32)).astype(np.float16))
    assert P.gelu_grad(x, x).dtype == np.float16


def test_no_loop_for_integers() -> None:
    with pytest.raises(TypeError, match='no loop'):
        P.gelu(np.ones(3, np.int64))
