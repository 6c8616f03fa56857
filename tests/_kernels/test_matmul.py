"""Matrix products on arrays: every path of gemm, any strides, honest NaN, the same bits for any number of threads."""
from __future__ import annotations

from itertools import product

import numpy as np
import pytest

import cnet
from cnet import _kernels as K

# One below, at and above the tile heights (6, 14) and widths (4 to 32), and beyond one block of 256 along K.
SIZES = (1, 2, 5, 6, 7, 14, 15, 16, 17, 31, 33, 65)
TOLERANCE = {'float32': 2e-6, 'float64': 4e-15}


def operand(rng: np.random.Generator, rows: int, columns: int, layout: str, dtype: str) -> np.ndarray:
    """A matrix whose rows are contiguous, whose columns are, or neither; or one row repeated."""
    if layout == 'rows':
        return rng.standard_normal((rows, columns)).astype(dtype)
    if layout == 'columns':
        return rng.standard_normal((columns, rows)).astype(dtype).T
    if layout == 'steps':
        return rng.standard_normal((2 * rows, 3 * columns)).astype(dtype)[::2, ::3]
    return np.broadcast_to(rng.standard_normal(columns).astype(dtype), (rows, columns))


def check(got: np.ndarray, a: np.ndarray, b: np.ndarray, d: np.ndarray | float = 0.0) -> None:
    """Compare with NumPy's product in double, in units of the rounding of the sum of magnitudes."""
    a, b = a.astype('float64'), b.astype('float64')
    scale = np.abs(a) @ np.abs(b) + np.abs(d) + 1e-30
    assert (np.abs(got - (a @ b + d)) / scale).max(initial=0) < TOLERANCE[got.dtype.name]


@pytest.mark.parametrize('dtype', TOLERANCE)
def test_all_small_shapes(dtype: str) -> None:
    rng = np.random.default_rng(0)
    for m, n, k in product(SIZES, SIZES, (1, 3, 16, 19)):
        a, b = operand(rng, m, k, 'rows', dtype), operand(rng, k, n, 'columns' if (m + n) % 2 else 'rows', dtype)
        check(K.matmul.mm(a, b), a, b)


@pytest.mark.parametrize('dtype', TOLERANCE)
@pytest.mark.parametrize('left', ['rows', 'columns', 'steps', 'repeated'])
@pytest.mark.parametrize('right', ['rows', 'columns', 'steps', 'repeated'])
def test_layouts(left: str, right: str, dtype: str) -> None:
    rng = np.random.default_rng(1)
    for m, n, k in ((1, 70, 40), (70, 1, 40), (3, 50, 300), (3, 70, 40), (23, 30, 1100), (33, 65, 300), (180, 40, 20),
                    (300, 70, 9)):
        a, b = operand(rng, m, k, left, dtype), operand(rng, k, n, right, dtype)
        d = rng.standard_normal((m, n)).astype(dtype)
        check(K.matmul.mm(a, b), a, b)
        check(K.matmul.mm(a, b, d), a, b, d)
        check(K.matmul.mm(a, b, np.broadcast_to(d[:1], (m, n))), a, b, d[:1])
        check(K.matmul.mm(a, b, np.broadcast_to(d[:, :1], (m, n))), a, b, d[:, :1])
        check(K.matmul.mm(a, b, d[::-1, ::-1]), a, b, d[::-1, ::-1])


@pytest.mark.parametrize('dtype', TOLERANCE)
def test_four_vectors(dtype: str) -> None:
    """16 to 128 columns: tiles of four vectors with any height, odd sums, every kind of d; a right operand that is stored
    transposed is copied once for several pieces of rows, and 49 to 64 rows by one are turned."""
    rng = np.random.default_rng(9)
    shapes = [*product((1, 5, 6, 7, 13, 29), (16, 32, 64, 128), (1, 2, 7, 8, 9, 63)), (350, 64, 65), (350, 32, 300),
              (350, 50, 300), (60, 150, 301), (64, 129, 777)]
    for m, n, k in shapes:
        a, d = operand(rng, m, k, 'rows', dtype), rng.standard_normal((m, n)).astype(dtype)
        for right in ('rows', 'columns'):
            b = operand(rng, k, n, right, dtype)
            check(K.matmul.mm(a, b), a, b)
            check(K.matmul.mm(a, b, d), a, b, d)
            check(K.matmul.mm(a, b, np.broadcast_to(d[:, :1], (m, n))), a, b, d[:, :1])


@pytest.mark.parametrize('dtype', TOLERANCE)
@pytest.mark.parametrize('layout', ['rows', 'columns'])
def test_packed_edges(layout: str, dtype: str) -> None:
    """Packed tiles of 1 to 8 rows and 1 to 3 vectors, whole ones and ragged ones."""
    rng = np.random.default_rng(10)
    for m, n in ((193, 337), (201, 400), (95, 700), (350, 259), (400, 288)):
        a, b = operand(rng, m, 390, layout, dtype), operand(rng, 390, n, layout, dtype)
        check(K.matmul.mm(a, b), a, b)


@pytest.mark.parametrize('dtype', TOLERANCE)
def test_packed_blocks(dtype: str) -> None:
    """Beyond 2**24 multiplications both operands are packed; 3073 columns are one more than a block."""
    rng = np.random.default_rng(2)
    for m, n, k, layout in ((190, 340, 300, 'rows'), (200, 3073, 30, 'columns')):
        a, b = operand(rng, m, k, layout, dtype), operand(rng, k, n, 'columns', dtype)
        check(K.matmul.mm(a, b), a, b)


@pytest.mark.parametrize('dtype', TOLERANCE)
def test_packed_from_rows_in_place(dtype: str) -> None:
    """A right operand whose rows are whole lines is packed by the first tile that reads it: for one task, or for all of a
    thread where it is large or its rows are 4 KB apart; with a ragged panel, more pieces than one along N and K, and d."""
    rng = np.random.default_rng(8)
    before = cnet.get_num_threads()
    for m, n, k, wide in ((190, 320, 300, 320), (177, 340, 290, 352), (200, 1024, 150, 1024), (180, 1000, 560, 1008),
                          (1100, 160, 180, 160), (200, 3100, 40, 3104), (190, 320, 300, 321)):
        b = cnet.zeros(k, wide, dtype=getattr(cnet, dtype)).numpy()[:, :n]
        b[...] = rng.standard_normal((k, n))
        assert b.ctypes.data % 64 == 0
        for layout in ('rows', 'columns'):
            a, d = operand(rng, m, k, layout, dtype), rng.standard_normal((m, n)).astype(dtype)
            results = []
            try:
                for threads in (1, 2, 3):
                    cnet.set_num_threads(threads)
                    results.append(K.matmul.mm(a, b, d))
            finally:
                cnet.set_num_threads(before)
            check(results[0], a, b, d)
            check(K.matmul.mm(a, b), a, b)
            for other in results[1:]:
                np.testing.assert_array_equal(other, results[0])


@pytest.mark.parametrize('dtype', TOLERANCE)
def test_few_rows_by_a_large_transposed_matrix(dtype: str) -> None:
    """The way that packs the rows and turns the result, with whole and ragged tiles and every kind of addend."""
    rng = np.random.default_rng(6)
    for m, n, k in ((16, 64, 256), (27, 135, 300), (32, 77, 784), (50, 150, 450), (64, 300, 257), (64, 128, 700)):
        b = operand(rng, k, n, 'columns', dtype)
        row, whole = rng.standard_normal(n).astype(dtype), rng.standard_normal((m, n)).astype(dtype)
        for layout in ('rows', 'columns', 'steps'):
            a = operand(rng, m, k, layout, dtype)
            for d in (None, np.broadcast_to(row, (m, n)), np.broadcast_to(whole[:, :1], (m, n)), whole, whole.T.copy().T):
                check(K.matmul.mm(a, b, d), a, b, 0.0 if d is None else d)


def test_product_takes_what_fits_and_nothing_else() -> None:
    rng = np.random.default_rng(7)
    for a, b in (((3, 4), (4, 5)), ((3, 4), (4,)), ((4,), (4,)), ((2, 3, 4), (2, 4, 5)), ((0, 4), (4, 5)), ((3, 0), (0, 5)),
                 ((0,), (0,))):
        x, y = rng.standard_normal(a), rng.standard_normal(b)
        np.testing.assert_allclose(K.matmul.product(x, y), x @ y, atol=1e-14)
        np.testing.assert_allclose(K.matmul.product(x[..., ::-1], y), x[..., ::-1] @ y, atol=1e-14)
        for other in (x.astype('f'), x.astype('i8'), x.astype('c16')):
            assert K.matmul.product(other, y) is None
    for a, b in (((3, 4), (5, 4)), ((3, 4), (3,)), ((4,), (4, 5)), ((2, 3, 4), (1, 4, 5)), ((2, 3, 4), (4, 5)), ((), ()),
                 ((3,), (4,))):
        assert K.matmul.product(np.ones(a), np.ones(b)) is None


def test_empty() -> None:
    assert K.matmul.mm(np.ones((2, 0), 'f'), np.ones((0, 3), 'f')).tolist() == [[0.0] * 3] * 2
    assert K.matmul.mm(np.ones((0, 2), 'f'), np.ones((2, 3), 'f')).shape == (0, 3)
    assert K.matmul.mm(np.ones((2, 0), 'f'), np.ones((0, 1), 'f'), np.full((2, 1), 5, 'f')).tolist() == [[5.0], [5.0]]


def test_nan_stays_in_its_row_and_column() -> None:
    """Padding with zeros must not meet an infinity: 0 * inf would be NaN."""
    for m, n, k in ((5, 7, 3), (1, 7, 5), (7, 1, 5), (20, 40, 300)):
        a, b = np.ones((m, k), 'f'), np.ones((k, n), 'f')
        a[m // 2, k // 2], b[k // 2, n // 2] = np.nan, np.inf
        with np.errstate(invalid='ignore'):
            expected = a @ b
        np.testing.assert_array_equal(K.matmul.mm(a, b), expected)
        np.testing.assert_array_equal(K.matmul.mm(a, np.asfortranarray(b)), expected)


def test_memory_after_an_operand_is_not_read_into_the_result() -> None:
    whole = np.full(64, np.nan, 'f')
    whole[:15] = 1
    a, b = whole[:15].reshape(3, 5), np.ones((5, 2), 'f')
    assert (K.matmul.mm(a, b) == 5).all() and (K.matmul.mm(np.ones((2, 3), 'f'), a) == 3).all()


def test_batches() -> None:
    rng = np.random.default_rng(3)
    a, b = rng.standard_normal((4, 3, 5, 6)), rng.standard_normal((4, 3, 6, 7))
    d = rng.standard_normal((4, 3, 5, 7))
    np.testing.assert_allclose(K.matmul.bmm(a, b, d), a @ b + d)
    np.testing.assert_allclose(K.matmul.bmm(a, b, d[:, :, ::-1, ::-1]), a @ b + d[:, :, ::-1, ::-1])
    np.testing.assert_allclose(K.matmul.bmm(a, b, np.broadcast_to(d[:1, :1, :1], d.shape)), a @ b + d[:1, :1, :1])
    np.testing.assert_allclose(K.matmul.bmm(a[:, ::2], np.broadcast_to(b[:1, ::2], (4, 2, 6, 7))), a[:, ::2] @ b[:1, ::2])
    np.testing.assert_allclose(K.matmul.bmm(a.swapaxes(-1, -2), b, None, True), a @ b)
    np.testing.assert_allclose(K.matmul.bmm(a, b.swapaxes(-1, -2), None, False, True), a @ b)


def test_half_precision_is_summed_in_single() -> None:
    a = np.full((1, 4096), 1, 'e')
    assert K.matmul.mm(a, a.T)[0, 0] == 4096  # sums in half precision stop at 2048


def test_linear_and_its_gradients() -> None:
    rng = np.random.default_rng(4)
    for rows, stored in product(((7,), (2, 150), ()), (True, False)):
        x, w, b = rng.standard_normal((*rows, 5)), rng.standard_normal((9, 5)), rng.standard_normal(9)
        given = w if stored else np.ascontiguousarray(w.T)
        y = K.matmul.linear(x, given, b, stored)
        np.testing.assert_allclose(y, x @ w.T + b)
        g = rng.standard_normal(y.shape)
        gx, gw, gb = K.linear.grad(g, x, given, stored, True, True, True)
        g2, x2 = g.reshape(-1, 9), x.reshape(-1, 5)
        np.testing.assert_allclose(gx, g @ w)
        np.testing.assert_allclose(gw if stored else gw.T, g2.T @ x2, atol=1e-12)
        np.testing.assert_allclose(gb, g2.sum(0), atol=1e-12)
    assert K.linear.grad(g, x, given, False, False, True, False)[::2] == (None, None)


def test_same_bits_for_any_number_of_threads() -> None:
    rng = np.random.default_rng(5)
    before = cnet.get_num_threads()
    try:
        for m, n, k in ((300, 310, 320), (1, 900, 900), (20, 900, 1100), (64, 2000, 64), (5000, 64, 40), (64, 300, 600)):
            a, b = rng.standard_normal((m, k)).astype('f'), rng.standard_normal((n, k)).astype('f').T
            results = []
            for threads in (1, 2, 3):
                cnet.set_num_threads(threads)
                results.append(K.matmul.mm(a, b).tobytes())
            assert len(set(results)) == 1
        a, b = rng.standard_normal((70, 20, 30)), rng.standard_normal((70, 30, 17))
        results = []
        for threads in (1, 2, 3):
            cnet.set_num_threads(threads)
            results.append(K.matmul.bmm(a, b).tobytes())
        assert len(set(results)) == 1
    finally:
        cnet.set_num_threads(before)


def test_denormals_count_as_zero_and_only_there() -> None:
    """No path multiplies denormal numbers, which is slow, and none leaves the mode behind."""
    tiny = np.float32(1e-40)
    for m, n, k in ((1, 70, 300), (3, 70, 300), (20, 70, 300), (40, 40, 40), (300, 310, 320), (64, 200, 300)):
        for b in (np.ones((k, n), 'f'), np.ones((n, k), 'f').T):
            assert not K.matmul.mm(np.full((m, k), tiny), b).any()
    assert cnet.tensor(tiny).mul(1).item() == float(tiny)
