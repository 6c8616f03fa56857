"""Linear algebra beyond the specs: failures, reconstruction, derivatives that depend on free signs or unread triangles."""
from __future__ import annotations

from collections.abc import Callable

import pytest

import cnet
from cnet import linalg
from cnet.autograd import gradcheck, gradgradcheck

Tensor = cnet.Tensor


def matrix(*shape: int, dtype: cnet.dtype = cnet.float64) -> Tensor:
    generator = cnet.Generator().manual_seed(0)
    return cnet.randn(*shape, dtype=dtype, generator=generator)


def positive(*shape: int, dtype: cnet.dtype = cnet.float64) -> Tensor:
    a = matrix(*shape, dtype=dtype)
    return a @ a.mH + cnet.eye(shape[-1], dtype=dtype)


@pytest.mark.parametrize(('call', 'text'), [
    (lambda: linalg.inv(cnet.zeros(2, 2)), 'linalg.inv: The diagonal element 1 is zero'),
    (lambda: linalg.inv(cnet.stack((cnet.eye(2), cnet.zeros(2, 2)))), r'linalg.inv: \(Batch element 1\): The diagonal element 1'),
    (lambda: linalg.solve(cnet.zeros(2, 2), cnet.ones(2)), 'The solver failed because the input matrix is singular'),
    (lambda: linalg.cholesky(cnet.tensor([[1., 2.], [2., 1.]])), 'the leading minor of order 2 is not positive-definite'),
    (lambda: linalg.svd(cnet.full((2, 2), float('nan'))), 'contained non-finite values'),
    (lambda: linalg.eigh(cnet.full((2, 2), float('nan'))), 'failed to converge'),
])
def test_failures(call: Callable[[], object], text: str) -> None:
    with pytest.raises(linalg.LinAlgError, match=text) as info:
        call()
    assert isinstance(info.value, RuntimeError)


def test_failures_of_one_matrix_leave_the_others() -> None:
    a = cnet.stack((2 * cnet.eye(2), cnet.zeros(2, 2)))
    inverse, info = linalg.inv_ex(a)
    assert info.tolist() == [0, 1]
    assert inverse[0].tolist() == [[0.5, 0], [0, 0.5]]
    assert linalg.solve_ex(a, cnet.ones(2, 2)).info.tolist() == [0, 1]
    assert linalg.cholesky_ex(a).info.tolist() == [0, 1]
    assert linalg.lu_factor_ex(a).info.tolist() == [0, 1]


@pytest.mark.parametrize('shape', [(4, 4), (2, 5, 3), (2, 3, 5), (2, 70, 80), (80, 70)])
@pytest.mark.parametrize('dtype', [cnet.float64, cnet.complex128])
def test_factors_multiply_to_the_matrix(shape: tuple[int, ...], dtype: cnet.dtype) -> None:
    a = matrix(*shape, dtype=dtype)
    p, lower, upper = linalg.lu(a)
    cnet.testing.assert_close(p @ lower @ upper, a)
    q, r = linalg.qr(a)
    cnet.testing.assert_close(q @ r, a)
    u, s, vh = linalg.svd(a, full_matrices=False)
    cnet.testing.assert_close((u * s.unsqueeze(-2)) @ vh, a)
    unpacked = cnet.lu_unpack(*linalg.lu_factor(a))
    cnet.testing.assert_close(unpacked.P @ unpacked.L @ unpacked.U, a)


@pytest.mark.parametrize('dtype', [cnet.float64, cnet.complex128])
def test_eigenvectors(dtype: cnet.dtype) -> None:
    a = matrix(3, 4, 4, dtype=dtype)
    values, vectors = linalg.eig(a)
    cnet.testing.assert_close(a.to(vectors.dtype) @ vectors, vectors * values.unsqueeze(-2))
    b = positive(3, 4, 4, dtype=dtype)
    values, vectors = linalg.eigh(b)
    cnet.testing.assert_close(b @ vectors, vectors * values.to(dtype).unsqueeze(-2))


def symmetric(function: Callable[[Tensor], object]) -> Callable[[Tensor], object]:
    return lambda a: function(a + a.mH)


@pytest.mark.parametrize('dtype', [cnet.float64, cnet.complex128])
@pytest.mark.parametrize('function', [
    symmetric(lambda a: linalg.cholesky(a)),
    symmetric(lambda a: linalg.cholesky(a, upper=True)),
    symmetric(lambda a: linalg.cholesky_ex(a).L),
    symmetric(lambda a: linalg.eigvalsh(a)),
    symmetric(lambda a: linalg.eigh(a).eigenvectors.abs()),
    lambda a: linalg.eig(a).eigenvectors.abs(),
    lambda a: linalg.svd(a).U.abs(),
    lambda a: linalg.svd(a[:, :2], full_matrices=False).Vh.abs(),
    lambda a: linalg.svd(a[:2], full_matrices=False).Vh.abs(),
    lambda a: cnet.cholesky_solve(a, a.tril()),
    lambda a: cnet.cholesky_inverse(a.triu(), upper=True),
], ids=range(11))
def test_derivatives(function: Callable[[Tensor], Tensor], dtype: cnet.dtype) -> None:
    a = positive(3, 3, dtype=dtype) + cnet.diag(cnet.tensor([1., 3., 6.], dtype=dtype))
    a.requires_grad_()
    assert gradcheck(function, (a,))
    assert gradgradcheck(function, (a,))


def test_determinant_of_a_singular_matrix_has_a_derivative() -> None:
    a = cnet.tensor([[1., 2., 3.], [4., 5., 6.], [5., 7., 9.]], dtype=cnet.float64, requires_grad=True)
    linalg.det(a).backward()
    cofactors = [[3., -6., 3.], [3., -6., 3.], [-3., 6., -3.]]
    cnet.testing.assert_close(a.grad, cnet.tensor(cofactors, dtype=cnet.float64))


def test_qr_refuses_derivatives_that_do_not_exist() -> None:
    a = matrix(3, 2).requires_grad_()
    with pytest.raises(RuntimeError, match="depends on Q, which is not computed when mode='r'"):
        linalg.qr(a, mode='r').R.sum().backward()
    with pytest.raises(RuntimeError, match="not differentiable when mode='complete' and nrows > ncols"):
        linalg.qr(a, mode='complete').R.sum().backward()


def test_exponential_of_large_and_nilpotent_matrices() -> None:
    a = cnet.tensor([[0., 30.], [0., 0.]], dtype=cnet.float64)
    cnet.testing.assert_close(linalg.matrix_exp(a), a + cnet.eye(2, dtype=cnet.float64), rtol=1e-14, atol=1e-14)
    b = cnet.tensor([[-50., 0.], [0., 20.]], dtype=cnet.float64)
    cnet.testing.assert_close(linalg.matrix_exp(b), b.diagonal().exp().diag(), rtol=1e-12, atol=0)


def test_least_squares_fits_a_line() -> None:
    x = cnet.arange(5., dtype=cnet.float64)
    a = cnet.stack((x, cnet.ones_like(x)), 1)
    result = linalg.lstsq(a, (3 * x + 1).unsqueeze(1), driver='gelsd')
    cnet.testing.assert_close(result.solution, cnet.tensor([[3.], [1.]], dtype=cnet.float64))
    assert result.rank.item() == 2
    assert result.residuals.item() < 1e-20


def test_out() -> None:
    a, out = positive(3, 3), cnet.empty(0, dtype=cnet.float64)
    assert linalg.inv(a, out=out) is out
    cnet.testing.assert_close(out @ a, cnet.eye(3, dtype=cnet.float64))
    q, r = cnet.empty(0, dtype=cnet.float64), cnet.empty(0, dtype=cnet.float64)
    linalg.qr(a, out=(q, r))
    cnet.testing.assert_close(q @ r, a)


@pytest.mark.parametrize('shape', [(0, 0), (0, 3), (3, 0), (2, 0, 0), (0, 3, 3)])
def test_nothing_to_factor(shape: tuple[int, ...]) -> None:
    a = cnet.zeros(shape)
    *batch, m, n = shape
    k = min(m, n)
    assert tuple(linalg.lu_factor(a).pivots.shape) == (*batch, k)
    assert tuple(linalg.lu(a).P.shape) == (*batch, m, m)
    assert tuple(linalg.qr(a).R.shape) == (*batch, k, n)
    assert tuple(linalg.pinv(a).shape) == (*batch, n, m)
    assert linalg.matrix_norm(a, 2).tolist() == cnet.zeros(batch).tolist()
    if m == n:
        assert linalg.matrix_exp(a).shape == a.shape
        assert linalg.det(a).tolist() == cnet.ones(batch).tolist()


@pytest.mark.parametrize('pivots', [[4, 2, 3], [0, 2, 3], [1, 2]])
def test_pivots_are_checked_before_they_are_used(pivots: list[int]) -> None:
    given = cnet.tensor(pivots, dtype=cnet.int32)
    with pytest.raises(RuntimeError, match='must be between 1 and'):
        cnet.lu_unpack(cnet.eye(3), given)
    with pytest.raises(RuntimeError, match='must all be smaller or equal to'):
        linalg.lu_solve(cnet.eye(3), given, cnet.eye(3))
