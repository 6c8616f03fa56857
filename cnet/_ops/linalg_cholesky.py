"""Cholesky factorization A = L L^H of positive-definite matrices, and solving with the factor."""

import numpy as np

from .. import return_types
from .._core import checks
from .._core.inplace import copy_out
from .._core.op import Op
from ._linalg import batches, check_square, column_major, deliver, matrices, mh, quiet, raise_for, same_types, squares
from .linalg_triangular import solve_triangular, substitute

__all__ = ['cholesky', 'cholesky_ex']


def factor(a):
    """The lower factors of an array of matrices, and per matrix the order of the first minor that is not positive."""
    info = np.zeros(a.shape[:-2], np.int32)
    try:
        return np.linalg.cholesky(a), info
    except np.linalg.LinAlgError:
        return _by_columns(a, info)


def _by_columns(a, info):
    """What LAPACK leaves where it stops: the columns before the failure, and the input after it."""
    n = a.shape[-1]
    lower = np.tril(a)
    flat, codes = lower.reshape(info.size, n, n), info.reshape(-1)
    for m, c in zip(flat, range(len(flat))):
        for j in range(n):
            pivot = m[j, j].real - (np.abs(m[j, :j]) ** 2).sum()
            if not pivot > 0:
                m[j, j] = pivot
                codes[c] = j + 1
                break
            m[j, j] = np.sqrt(pivot)
            m[j + 1:, j] = (m[j + 1:, j] - m[j + 1:, :j] @ m[j, :j].conj()) / m[j, j]
    return lower, info


class CholeskyEx(Op, name='LinalgCholeskyExBackward0'):
    """The factor, and where the factorization failed."""

    keep_out = (0,)
    n_out = 2

    @staticmethod
    def forward(a, upper):
        lower, info = factor(mh(a) if upper else a)
        return column_major(mh(lower) if upper else lower), info

    def backward(self, g, _):
        lower = self.out(0)
        if self.kw['upper']:
            lower, g = lower.mH, g.mH
        # L^-H phi(L^H g) L^-1; phi takes half of the lower triangle and its mirror image. Like PyTorch's it is Hermitian but for
        # the diagonal, whose imaginary part no change of a Hermitian matrix sees.
        s = (lower.mH @ g).tril()
        s = 0.5 * (s + s.tril(-1).mH)
        s = solve_triangular(lower.mH, s, upper=True)
        return solve_triangular(lower, s, upper=False, left=False)


class Cholesky(CholeskyEx, name='CholeskyBackward0'):
    """The same under the name of the older function."""


def _checked(info, name):
    raise_for(info._a, lambda i: f'{name}: The factorization could not be completed because the input is not positive-definite '
                                 f'(the leading minor of order {i} is not positive-definite).')


def cholesky(A, *, upper=False, out=None):
    """The lower triangle L of A = L L^H, for Hermitian positive-definite A.

    Args:
        A (Tensor): one or more such matrices; only one triangle is looked at.
        upper (bool): return L^H instead, computed from the upper triangle. Default: False.
        out (Tensor, optional): receives the result.

    Shape:
        - A and result: :math:`(*, N, N)`.

    Returns:
        Tensor: the triangular factors. `linalg.LinAlgError` if a matrix is not positive definite.

    Example:
        >>> import cnet
        >>> cnet.linalg.cholesky(cnet.tensor([[4., 2.], [2., 5.]]))
        tensor([[2., 0.],
                [1., 2.]])
    """
    squares(A, 'linalg.cholesky')
    r, info = CholeskyEx.apply(A, upper=bool(upper))
    _checked(info, 'linalg.cholesky')
    return r if out is None else copy_out(r, out)


def cholesky_ex(A, *, upper=False, check_errors=False, out=None):
    """`linalg.cholesky` that reports failures instead of raising.

    Args:
        A (Tensor): one or more Hermitian matrices.
        upper (bool): return L^H instead. Default: False.
        check_errors (bool): raise after all. Default: False.
        out (tuple of Tensors, optional): receives the results.

    Shape:
        - A and L: :math:`(*, N, N)`, info: :math:`(*)`.

    Returns:
        named tuple: L, and info: the order of the first minor that is not positive, or 0.

    Example:
        >>> import cnet
        >>> cnet.linalg.cholesky_ex(cnet.tensor([[1., 2.], [2., 1.]])).info
        tensor(2, dtype=cnet.int32)
    """
    squares(A, 'linalg.cholesky_ex' if check_errors else 'linalg.cholesky')
    r, info = CholeskyEx.apply(A, upper=bool(upper))
    if check_errors:
        _checked(info, 'linalg.cholesky_ex')
    return deliver((r, info), out, return_types.linalg_cholesky_ex)


def _old_cholesky(input, upper=False, *, out=None):
    """The older form of `linalg.cholesky`.

    Args:
        input (Tensor): one or more Hermitian positive-definite matrices.
        upper (bool): return the upper factor. Default: False.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: the triangular factors.

    Example:
        >>> import cnet
        >>> cnet.cholesky(cnet.tensor([[4.]]))
        tensor([[2.]])
    """
    squares(input, 'cholesky')
    r, info = Cholesky.apply(input, upper=bool(upper))
    _checked(info, 'cholesky')
    return r if out is None else copy_out(r, out)


def cholesky_solve(B, L, upper=False, *, out=None):
    """Solves A X = B with the Cholesky factor of A.

    Args:
        B (Tensor): the right-hand sides, as columns.
        L (Tensor): the factor of A.
        upper (bool): the factor is the upper one. Default: False.
        out (Tensor, optional): receives the result.

    Shape:
        - L: :math:`(*, N, N)`; B and X: :math:`(*, N, K)`.

    Returns:
        Tensor: X.

    Example:
        >>> import cnet
        >>> cnet.cholesky_solve(cnet.tensor([[8.]]), cnet.tensor([[2.]]))
        tensor([[2.]])
    """
    checks.tensor(B, 'cholesky_solve', 'B', 1)
    checks.tensor(L, 'cholesky_solve', 'L', 2)
    for x, name in ((B, 'b'), (L, 'u')):
        if x._a.ndim < 2:
            raise RuntimeError(f'{name} should have at least 2 dimensions, but has {x._a.ndim} dimensions instead')
    a, b = L._a.shape, B._a.shape
    if a[-1] != a[-2]:
        raise RuntimeError(f'cholesky_solve: A must be batches of square matrices, but they are {a[-2]} by {a[-1]} matrices')
    if a[-1] != b[-2]:
        raise RuntimeError(f'Incompatible matrix sizes for cholesky_solve: each A matrix is {a[-1]} by {a[-1]} but each b matrix '
                           f'is {b[-2]} by {b[-1]}')
    matrices(B, 'cholesky_solve', 'B')
    same_types(L, B, 'cholesky_solve')
    batches(a, b, 'cholesky_solve')
    r = CholeskySolve.apply(B, L, upper=bool(upper))
    return r if out is None else copy_out(r, out)


def _solve(b, factor, upper):
    """(L L^H)^-1 b for tensors; `factor` is L, or L^H if `upper`."""
    lower = factor.mH if upper else factor
    return solve_triangular(lower.mH, solve_triangular(lower, b, upper=False), upper=True)


class CholeskySolve(Op, name='CholeskySolveBackward0'):
    """(L L^H)^-1 B."""

    keep_in = (1,)
    keep_out = (0,)

    @staticmethod
    def forward(b, factor, upper):
        lower, upper = (mh(factor), factor) if upper else (factor, mh(factor))   # the other triangle is not looked at
        return quiet(substitute, upper, quiet(substitute, lower, b, False, False), True, False)

    def backward(self, g):
        factor, x, upper = self.saved(1), self.out(0), self.kw['upper']
        gb = _solve(g, factor, upper)
        if not self.needs[1]:
            return gb, None
        s = -(gb @ x.mH)
        s = s + s.mH
        return gb if self.needs[0] else None, factor @ s if upper else s @ factor


def cholesky_inverse(L, upper=False, *, out=None):
    """The inverse of A from its Cholesky factor.

    Args:
        L (Tensor): the factor of A.
        upper (bool): the factor is the upper one. Default: False.
        out (Tensor, optional): receives the result.

    Shape:
        - L and result: :math:`(*, N, N)`.

    Returns:
        Tensor: (L L^H)^-1.

    Example:
        >>> import cnet
        >>> cnet.cholesky_inverse(cnet.tensor([[2.]]))
        tensor([[0.2500]])
    """
    matrices(L, 'cholesky_inverse')
    check_square(L, 'cholesky_inverse')
    r = CholeskyInverse.apply(L, upper=bool(upper))
    return r if out is None else copy_out(r, out)


class CholeskyInverse(Op, name='CholeskyInverseBackward0'):
    """(L L^H)^-1."""

    keep_in = (0,)
    keep_out = (0,)

    @staticmethod
    def forward(factor, upper):
        lower = np.tril(mh(factor)) if upper else np.tril(factor)
        inverse = quiet(substitute, lower, np.eye(lower.shape[-1], dtype=lower.dtype), False, False)
        return column_major(mh(inverse) @ inverse)

    def backward(self, g):
        factor, y, upper = self.saved(0), self.out(0), self.kw['upper']
        s = -(y @ (g + g.mH) @ y)
        return factor @ s if upper else s @ factor


PUBLIC = {'cholesky': _old_cholesky, 'cholesky_inverse': cholesky_inverse, 'cholesky_solve': cholesky_solve}
METHODS = PUBLIC
_old_cholesky.__name__ = _old_cholesky.__qualname__ = 'cholesky'
