"""Factorization of symmetric and Hermitian matrices that need not be positive definite: A = P L D L^T P^T, after Bunch and
Kaufman. D has blocks of 1 and 2 rows; which, and the exchanges, is in the pivots as LAPACK's sytrf gives them for the lower
triangle: counted from 1, and a pair of equal negative ones for a block of 2.

NumPy has no LAPACK routine for this, so the elimination is written here, a column of one matrix at a time.
"""

from math import sqrt

import numpy as np

from .. import _kernels as K
from .. import return_types
from .._core import checks
from .._core.inplace import scalar_name
from .._core.op import Op
from ._linalg import check_square, column_major, deliver, matrices

__all__ = ['ldl_factor', 'ldl_factor_ex', 'ldl_solve']

quiet = K._quiet.quiet
_ALPHA = (1 + sqrt(17)) / 8  # keeps the growth of the elements least over blocks of 1 and 2



def magnitude(x):
    """What LAPACK compares elements by: of complex ones, the sum of the parts."""
    return np.abs(x.real) + np.abs(x.imag) if x.dtype.kind == 'c' else np.abs(x)


def _block(a, k, hermitian):
    """How many rows the next block of D has, the row to exchange for its last one, and whether the column is zero."""
    n = len(a)
    diagonal = abs(a[k, k].real) if hermitian else magnitude(a[k, k])
    if k == n - 1:
        return 1, k, not diagonal
    below = magnitude(a[k + 1:, k])
    row = k + 1 + int(below.argmax())
    largest = below[row - k - 1]
    if not max(diagonal, largest) or np.isnan(diagonal):
        return 1, k, True
    if diagonal >= _ALPHA * largest:
        return 1, k, False
    in_row = max(magnitude(a[row, k:row]).max(), magnitude(a[row + 1:, row]).max(initial=0))
    if diagonal >= _ALPHA * largest * (largest / in_row):
        return 1, k, False
    own = abs(a[row, row].real) if hermitian else magnitude(a[row, row])
    return (1 if own >= _ALPHA * in_row else 2), row, False


def _exchange(a, first, i, j, hermitian):
    """Exchange rows and columns i < j of the lower triangle, from the column `first` on."""
    a[j + 1:, [i, j]] = a[j + 1:, [j, i]]
    column, row = a[i + 1:j, i].copy(), a[j, i + 1:j].copy()
    a[i + 1:j, i], a[j, i + 1:j] = (row.conj(), column.conj()) if hermitian else (row, column)
    if hermitian:
        a[j, i] = a[j, i].conj()
    a[i, i], a[j, j] = a[j, j], a[i, i]
    if i > first:
        a[i, first], a[j, first] = a[j, first], a[i, first]


def _eliminate(a, hermitian):
    """Factor one matrix in place, of which the lower triangle counts; the pivots, and the place of the first zero."""
    n, info, k = len(a), 0, 0
    pivots = np.empty(n, np.int32)
    mate = np.conj if hermitian else np.asarray
    while k < n:
        size, row, zero = _block(a, k, hermitian)
        last = k + size - 1
        if zero:
            info = info or k + 1
        else:
            if row != last:
                _exchange(a, k, last, row, hermitian)
            if hermitian:
                for i in range(k, last + 1):
                    a[i, i] = a[i, i].real
            rest = a[last + 1:, k:last + 1].copy()
            d = a[k:last + 1, k:last + 1].copy()
            if size == 2:
                d[0, 1] = mate(d[1, 0])
            scaled = rest / d[0, 0] if size == 1 else rest @ _inverse(d)
            a[last + 1:, last + 1:] -= scaled @ mate(rest.T)
            a[last + 1:, k:last + 1] = scaled
        pivots[k:last + 1] = row + 1 if size == 1 else -(row + 1)
        k += size
    return pivots, info


def _inverse(d):
    """The inverse of a block of 2 rows, whose element off the diagonal is the largest."""
    low, high = d[1, 0], d[0, 1]
    p, q = d[0, 0] / low, d[1, 1] / high
    return np.array([[q / low, -1 / low], [-1 / high, p / high]], d.dtype) / (p * q - 1)


def factor(a, hermitian):
    """The factors of a stack of matrices in one array, the pivots, and where D has its first zero, counted from 1, or 0."""
    packed = np.tril(a)
    n = a.shape[-1]
    pivots = np.empty(a.shape[:-1], np.int32)
    info = np.zeros(a.shape[:-2], np.int32)
    for k in np.ndindex(a.shape[:-2]):
        pivots[k], info[k] = quiet(_eliminate, packed[k], hermitian and a.dtype.kind == 'c') if n else (pivots[k], 0)
    return np.tril(packed), pivots, info


def _substitute(a, pivots, b, hermitian):
    """Solve with the factors of one matrix, in place."""
    mate = np.conj if hermitian else np.asarray
    blocks, k = [], 0
    while k < len(a):
        size = 1 if pivots[k] > 0 else 2
        last, row = k + size - 1, abs(int(pivots[k])) - 1
        b[[last, row]] = b[[row, last]]
        b[last + 1:] -= a[last + 1:, k:last + 1] @ b[k:last + 1]
        if size == 1:
            b[k] /= a[k, k].real if hermitian else a[k, k]
        else:
            d = a[k:k + 2, k:k + 2].copy()
            d[0, 1] = mate(d[1, 0])
            b[k:k + 2] = _inverse(d) @ b[k:k + 2]
        blocks.append((k, last, row))
        k += size
    for k, last, row in reversed(blocks):
        b[k:last + 1] -= mate(a[last + 1:, k:last + 1].T) @ b[last + 1:]
        b[[last, row]] = b[[row, last]]


class LdlFactorEx(Op, name='NotImplemented'):
    """The factors, the pivots, and where D has its first zero."""

    n_out = 3

    @staticmethod
    def forward(a, hermitian):
        packed, pivots, info = factor(a, hermitian)
        return column_major(packed), pivots, info

    def backward(self, *_):
        raise NotImplementedError("the derivative for 'linalg_ldl_factor_ex' is not implemented.")


class LdlSolve(Op, name='NotImplemented'):
    """The solution for given factors."""

    @staticmethod
    def forward(packed, pivots, b, hermitian):
        lead = np.broadcast_shapes(packed.shape[:-2], b.shape[:-2])
        n = packed.shape[-1]
        packed = np.broadcast_to(packed, (*lead, n, n))
        pivots = np.broadcast_to(pivots, (*lead, n))
        x = np.broadcast_to(b, (*lead, *b.shape[-2:])).copy()
        for k in np.ndindex(lead):
            quiet(_substitute, packed[k], pivots[k], x[k], hermitian and x.dtype.kind == 'c')
        return column_major(x)

    def backward(self, _):
        raise NotImplementedError("the derivative for 'linalg_ldl_solve' is not implemented.")


def ldl_factor(A, *, hermitian=False, out=None):
    """Factors of a symmetric or Hermitian matrix, as `ldl_solve` takes them.

    Args:
        A (Tensor): one or more square matrices, of which the lower triangle counts.
        hermitian (bool): A^H = A, not A^T = A, for complex matrices. Default: False.
        out (tuple of Tensors, optional): receives the results.

    Shape:
        - A and LD: :math:`(*, N, N)`, pivots: :math:`(*, N)`.

    Returns:
        named tuple: LD, the lower triangle L (its unit diagonal left out) with the blocks of D on the diagonal; and pivots.

    Example:
        >>> import cnet
        >>> cnet.linalg.ldl_factor(cnet.tensor([[2., 1.], [1., 2.]])).LD
        tensor([[2.0000, 0.0000],
                [0.5000, 1.5000]])
    """
    return deliver(_factored(A, hermitian, True, 'ldl_factor')[:2], out, return_types.linalg_ldl_factor)


def ldl_factor_ex(A, *, hermitian=False, check_errors=False, out=None):
    """`ldl_factor` that reports a zero in D instead of raising.

    Args:
        A (Tensor): one or more square matrices, of which the lower triangle counts.
        hermitian (bool): A^H = A, not A^T = A, for complex matrices. Default: False.
        check_errors (bool): raise after all. Default: False.
        out (tuple of Tensors, optional): receives the results.

    Returns:
        named tuple: LD, pivots, and info: the place of the first zero on D's diagonal, counted from 1, or 0.

    Example:
        >>> import cnet
        >>> cnet.linalg.ldl_factor_ex(cnet.zeros(2, 2)).info
        tensor(1, dtype=cnet.int32)
    """
    return deliver(_factored(A, hermitian, check_errors, 'ldl_factor_ex'), out, return_types.linalg_ldl_factor_ex)


def _factored(A, hermitian, check, name):
    matrices(A, 'torch.linalg.ldl_factor_ex')
    check_square(A, 'torch.linalg.ldl_factor_ex')
    results = LdlFactorEx.apply(A, hermitian=bool(hermitian))
    info = results[2]._a
    if check and info.any():
        i = np.flatnonzero(info)[0]
        where = f'(Batch element {i}): ' if info.ndim else ''
        place = f'D[{info.flat[i]},{info.flat[i]}]'
        raise RuntimeError(f'linalg.{name}: {where}{place} is zero, so that ldl_solve would divide by it')
    return results


def ldl_solve(LD, pivots, B, *, hermitian=False, out=None):
    """Solve A X = B with the factors of A.

    Args:
        LD (Tensor): the factors from `ldl_factor`.
        pivots (Tensor): the pivots from `ldl_factor`.
        B (Tensor): the right-hand sides, as columns.
        hermitian (bool): as in `ldl_factor`. Default: False.
        out (Tensor, optional): receives the result.

    Shape:
        - LD: :math:`(*, N, N)`, pivots: :math:`(*, N)`, B and the result: :math:`(*, N, K)`.

    Returns:
        Tensor: the solutions, as columns.

    Example:
        >>> import cnet
        >>> A, b = cnet.tensor([[2., 1.], [1., 2.]]), cnet.tensor([[3.], [3.]])
        >>> cnet.linalg.ldl_solve(*cnet.linalg.ldl_factor(A), b)
        tensor([[1.],
                [1.]])
    """
    name = 'torch.linalg.ldl_solve'
    checks.tensor(B, name, 'B', 3)
    checks.tensor(pivots, name, 'pivots', 2)
    if B._a.ndim < 2:
        raise RuntimeError(f'{name}: Expected B to have at least 2 dimensions, but it has {B._a.ndim} dimensions instead')
    matrices(LD, name, 'LD')
    check_square(LD, name, 'LD')
    if LD._a.shape[-1] != B._a.shape[-2]:
        n, (rows, columns) = LD._a.shape[-1], B._a.shape[-2:]
        raise RuntimeError(f'Incompatible matrix sizes for {name}: each A matrix is {n} by {n} but each b matrix is {rows} by '
                           f'{columns}')
    if LD._a.dtype != B._a.dtype:
        raise RuntimeError(f'Expected b and A to have the same dtype, but found b of type {scalar_name(B._a.dtype)} and A of '
                           f'type {scalar_name(LD._a.dtype)} instead.')
    if pivots._a.dtype.kind not in 'iu':
        raise RuntimeError(f'{name}: Expected pivots to be integers. Got {scalar_name(pivots._a.dtype)}')
    if pivots._a.shape != LD._a.shape[:-1]:
        raise RuntimeError(f'{name}: Expected LD.shape[:-1] and pivots.shape to be the same, but got pivots with shape '
                           f'{list(pivots._a.shape)} instead')
    _check_pivots(pivots._a)
    r = LdlSolve.apply(LD, pivots, B, hermitian=bool(hermitian))
    return deliver([r], None if out is None else [out], list)[0]


def _check_pivots(pivots):
    """Refuse what no factorization returns, as its rows would be outside the matrix."""
    n = pivots.shape[-1]
    for one in pivots.reshape(-1, n) if pivots.size else ():
        k = 0
        while k < n:
            size = 1 if one[k] > 0 else 2
            if not k + size <= abs(int(one[k])) <= n or (size == 2 and one[k + 1] != one[k]):
                raise RuntimeError('torch.linalg.ldl_solve: pivots are not those of ldl_factor')
            k += size
