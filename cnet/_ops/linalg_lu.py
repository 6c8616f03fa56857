"""LU factorization with partial pivoting: A = P L U; and solving with the factors."""

from math import prod

import numpy as np

from .. import _kernels as K
from .. import return_types
from .._core import checks
from .._core.arrays import contiguous
from .._core.base import wrap
from .._core.inplace import copy_out
from .._core.mode import is_grad_enabled
from .._core.op import Op
from ._linalg import batches, check_square, column_major, deliver, matrices, numbers, quiet, same_types
from .join import cat
from .linalg_triangular import solve_stack, solve_triangular, stack

__all__ = ['lu_factor', 'lu_factor_ex', 'lu_solve', 'lu_unpack']


_PANEL = 32  # columns; fewer leave more to the products, more are eliminated by single columns


def factor(a):
    """LU of a stack of matrices, all at once: (packed factors, pivots counted from 1, position of the first zero in U)."""
    *batch, m, n = a.shape
    k, count = min(m, n), prod(batch)
    lu = stack(a, tuple(batch))
    pivots = np.empty((count, k), np.intc)
    info = np.zeros(count, np.intc)
    _eliminate(lu, pivots, info, 0, k)
    if n > k:
        solve_stack(lu[:, :k, :k], lu[:, :k, k:], False, True)
    return lu.reshape(a.shape), pivots.reshape(*batch, k), info.reshape(batch)


def _eliminate(lu, pivots, info, first, last):
    """Factor a range of columns: its left half, the right half's rows beside that, and what is below them."""
    if last - first <= _PANEL:
        K.factor.panel(lu, pivots, info, first, last)
        return
    half = first + ((last - first) // 2 + _PANEL - 1) // _PANEL * _PANEL
    _eliminate(lu, pivots, info, first, half)
    solve_stack(lu[:, first:half, first:half], lu[:, first:half, half:last], False, True)
    lu[:, half:, half:last] -= K.matmul.bmm(lu[:, half:, first:half], lu[:, first:half, half:last])
    _eliminate(lu, pivots, info, half, last)


def rows_of(pivots, m):
    """The order of rows that a sequence of exchanges leads to: row i of P^T A is row `rows_of[i]` of A."""
    flat = pivots.reshape(prod(pivots.shape[:-1]), pivots.shape[-1])
    orders = []
    for exchanges in flat.tolist():
        order = list(range(m))
        for j, p in enumerate(exchanges):
            order[j], order[p - 1] = order[p - 1], order[j]
        orders.append(order)
    return np.array(orders, np.int64).reshape(*pivots.shape[:-1], m)


def permutation(pivots, m, dtype):
    """The matrices P of A = P L U as an array."""
    order = rows_of(pivots, m)
    p = np.zeros((*order.shape[:-1], m, m), dtype)
    np.put_along_axis(p, order[..., None, :], 1, -2)
    return p


def split_factors(lu):
    """L (with its unit diagonal) and U from packed factors, as arrays."""
    m, n = lu.shape[-2:]
    k = min(m, n)
    lower = np.tril(lu[..., :, :k], -1)
    i = np.arange(k)
    lower[..., i, i] = 1
    return lower, np.triu(lu[..., :k, :])


def unpacked(lu):
    """L and U from packed factors, as tensors with a history."""
    m, n = lu._a.shape[-2:]
    k = min(m, n)
    eye = wrap(np.eye(m, k, dtype=lu._a.dtype))
    return lu[..., :, :k].tril(-1) + eye, lu[..., :k, :].triu()


def lu_grad(p, lower, upper, g_lower, g_upper):
    """Gradient of A = P L U from those of L and U (tensors; the gradients may be None)."""
    m, n = lower.shape[-2], upper.shape[-1]
    k = min(m, n)
    if g_lower is None:
        g_lower = lower * 0
    if g_upper is None:
        g_upper = upper * 0
    l1, u1 = lower[..., :k, :], upper[..., :k]
    inner_l = l1.mH @ g_lower[..., :k, :]
    inner_u = g_upper[..., :k] @ u1.mH
    if m < n:  # A = P L [U1 U2]: the columns after the square part depend on L through U2 = L^-1 P^T A2
        inner_l = inner_l - g_upper[..., k:] @ upper[..., k:].mH
    if m > n:  # A = P [L1; L2] U: the rows below the square part are L2 = A2 U^-1
        inner_u = inner_u - lower[..., k:, :].mH @ g_lower[..., k:, :]
    g = solve_triangular(u1.mH, inner_l.tril(-1) + inner_u.triu(), upper=False, left=False)
    g = solve_triangular(l1.mH, g, upper=True, unitriangular=True)
    if m < n:
        g = cat((g, solve_triangular(l1.mH, g_upper[..., k:], upper=True, unitriangular=True)), -1)
    if m > n:
        g = cat((g, solve_triangular(u1.mH, g_lower[..., k:, :], upper=False, left=False)), -2)
    return p @ g


class LuFactorEx(Op, name='LinalgLuFactorExBackward0'):
    """The packed factors, the exchanges, and where U has its first zero."""

    keep_out = (0, 1)
    n_out = 3
    materialize = False

    @staticmethod
    def forward(a):
        packed, pivots, info = factor(a)
        return column_major(packed), pivots, info

    def backward(self, g, *_):
        if g is None:
            return None
        packed = self.out(0)
        m, n = g._a.shape[-2:]
        k = min(m, n)
        p = wrap(permutation(self.out(1)._a, m, g._a.dtype))
        return lu_grad(p, *unpacked(packed), g[..., :k].tril(-1), g[..., :k, :].triu())


class Lu(Op, name='LinalgLuBackward0'):
    """P, L and U."""

    keep_out = (0, 1, 2)
    n_out = 3
    materialize = False

    @staticmethod
    def forward(a):
        packed, pivots, _ = factor(a)
        return (permutation(pivots, a.shape[-2], a.dtype), *split_factors(packed))

    def backward(self, _, g_lower, g_upper):
        if g_lower is None and g_upper is None:
            return None
        return lu_grad(self.out(0), self.out(1), self.out(2), g_lower, g_upper)


class LuUnpack(Op, name='LuUnpackBackward0'):
    """L and U from packed factors."""

    n_out = 2

    @staticmethod
    def forward(packed):
        return split_factors(packed)

    def backward(self, g_lower, g_upper):
        k = min(g_lower._a.shape[-1], g_upper._a.shape[-2])
        m, n = g_lower._a.shape[-2], g_upper._a.shape[-1]
        lower, upper = g_lower.tril(-1), g_upper.triu()
        if m == n:
            return lower + upper
        if m > n:
            return cat((lower[..., :k, :] + upper, lower[..., k:, :]), -2)
        return cat((lower + upper[..., :k], upper[..., k:]), -1)


def _check_pivots(pivots, shape, rows, sentence):
    a = pivots._a
    if a.shape != shape or (a.size and not 1 <= a.min() <= a.max() <= rows):
        raise RuntimeError(sentence)


def _check_pivot(pivot, name):
    if not pivot:
        raise RuntimeError(f'{name}: LU without pivoting is not implemented on the CPU')


def lu(A, *, pivot=True, out=None):
    """Factors A = P L U: a permutation, a lower triangle with ones on its diagonal, an upper triangle.

    Args:
        A (Tensor): one or more matrices.
        pivot (bool): exchange rows for stability; must be True.
        out (tuple of Tensors, optional): receives the results.

    Shape:
        - A: :math:`(*, M, N)`, P: :math:`(*, M, M)`, L: :math:`(*, M, K)`, U: :math:`(*, K, N)`; K is the smaller of M and N.

    Returns:
        named tuple: P, L, U.

    Example:
        >>> import cnet
        >>> cnet.linalg.lu(cnet.tensor([[1., 2.], [2., 2.]])).U
        tensor([[2., 2.],
                [0., 1.]])
    """
    matrices(A, 'linalg.lu')
    _check_pivot(pivot, 'linalg.lu')
    p, lower, upper = Lu.apply(A)
    return deliver((p.detach(), lower, upper), out, return_types.linalg_lu)


def lu_factor(A, *, pivot=True, out=None):
    """The factors of `lu` in one matrix, as `lu_solve` takes them.

    Args:
        A (Tensor): one or more matrices.
        pivot (bool): exchange rows for stability; must be True.
        out (tuple of Tensors, optional): receives the results.

    Shape:
        - A and LU: :math:`(*, M, N)`; pivots: :math:`(*, K)`, K the smaller of M and N.

    Returns:
        named tuple: LU, and pivots: row i was exchanged with row pivots[i], counted from 1.

    Example:
        >>> import cnet
        >>> cnet.linalg.lu_factor(cnet.tensor([[1., 2.], [2., 2.]])).pivots
        tensor([2, 2], dtype=cnet.int32)
    """
    matrices(A, 'torch.linalg.lu_factor')
    _check_pivot(pivot, 'linalg.lu_factor')
    packed, pivots, info = LuFactorEx.apply(A)
    _check_zero(info)
    return deliver((packed, pivots), out, return_types.linalg_lu_factor)


def _check_zero(info):
    bad = np.flatnonzero(info._a)
    if bad.size:
        i = info._a.ravel()[bad[0]]
        where = f'(Batch element {bad[0]}): ' if info._a.ndim else ''
        raise RuntimeError(f'torch.linalg.lu_factor: {where}U[{i},{i}] is zero and using it on lu_solve would result in a '
                           'division by zero. If you still want to perform the factorization, consider calling linalg.lu(A, '
                           'pivot) or linalg.lu_factor_ex(A, pivot)')


def lu_factor_ex(A, *, pivot=True, check_errors=False, out=None):
    """`lu_factor` that reports a zero in U instead of raising.

    Args:
        A (Tensor): one or more matrices.
        pivot (bool): exchange rows for stability; must be True.
        check_errors (bool): raise after all. Default: False.
        out (tuple of Tensors, optional): receives the results.

    Returns:
        named tuple: LU, pivots, and info: the place of the first zero on U's diagonal, counted from 1, or 0.

    Example:
        >>> import cnet
        >>> cnet.linalg.lu_factor_ex(cnet.zeros(2, 2)).info
        tensor(1, dtype=cnet.int32)
    """
    matrices(A, 'torch.linalg.lu_factor')
    _check_pivot(pivot, 'linalg.lu_factor')
    results = LuFactorEx.apply(A)
    if check_errors:
        _check_zero(results[2])
    return deliver(results, out, return_types.linalg_lu_factor_ex)


def lu_unpack(LU_data, LU_pivots, unpack_data=True, unpack_pivots=True, *, out=None):
    """P, L and U from what `lu_factor` returned.

    Args:
        LU_data (Tensor): the factors in one matrix.
        LU_pivots (Tensor): the exchanges of rows, int32.
        unpack_data (bool): make L and U; else they are empty. Default: True.
        unpack_pivots (bool): make P; else it is empty. Default: True.
        out (tuple of Tensors, optional): receives the results.

    Returns:
        named tuple: P, L, U.

    Example:
        >>> import cnet
        >>> cnet.lu_unpack(*cnet.linalg.lu_factor(cnet.tensor([[1., 2.], [2., 2.]]))).P
        tensor([[0., 1.],
                [1., 0.]])
    """
    checks.tensor(LU_data, 'lu_unpack', 'LU_data', 1)
    checks.tensor(LU_pivots, 'lu_unpack', 'LU_pivots', 2)
    if unpack_pivots and LU_pivots._a.dtype != np.int32:
        raise RuntimeError('torch.lu_unpack: LU_pivots is expected to be a contiguous tensor of torch.int32 dtype.\n'
                           'Note: this function is intended to be used with the output produced by torch.linalg.lu_factor')
    if LU_data._a.ndim < 2:
        raise RuntimeError('torch.lu_unpack: The input tensor LU_data must have at least 2 dimensions.')
    if unpack_pivots:
        shape = LU_data._a.shape
        _check_pivots(LU_pivots, (*shape[:-2], min(shape[-2:])), shape[-2],
                      'pivots passed to lu_unpack must be between 1 and LU.size(-2) inclusive.Did you properly pass the result '
                      'of lu_factor?')
    empty = wrap(np.empty(0, LU_data._a.dtype))
    p = wrap(permutation(LU_pivots._a, LU_data._a.shape[-2], LU_data._a.dtype)) if unpack_pivots else empty
    lower, upper = LuUnpack.apply(LU_data) if unpack_data else (empty, wrap(np.empty(0, LU_data._a.dtype)))
    return deliver((p, lower, upper), out, return_types.lu_unpack)


def lu_solve(LU, pivots, B, *, left=True, adjoint=False, out=None):
    """Solves A X = B with the factors of A.

    Args:
        LU (Tensor): the factors from `lu_factor`.
        pivots (Tensor): the exchanges of rows from `lu_factor`.
        B (Tensor): the right-hand sides, as columns.
        left (bool): False solves X A = B. Default: True.
        adjoint (bool): A is replaced by its conjugate transpose. Default: False.
        out (Tensor, optional): receives the result.

    Shape:
        - LU: :math:`(*, N, N)`, pivots: :math:`(*, N)`, B and X: :math:`(*, N, K)`, or :math:`(*, K, N)` if not `left`.

    Returns:
        Tensor: X.

    Example:
        >>> import cnet
        >>> factors = cnet.linalg.lu_factor(cnet.tensor([[0., 2.], [1., 0.]]))
        >>> cnet.linalg.lu_solve(*factors, cnet.tensor([[2.], [3.]]))
        tensor([[3.],
                [1.]])
    """
    name = 'torch.linalg.lu_solve'
    numbers(LU, name, 'LU')
    checks.tensor(pivots, 'linalg_lu_solve', 'pivots', 2)
    matrices(B, 'linalg.lu_solve', 'B', 3)
    if pivots._a.dtype != np.int32:
        raise RuntimeError(f'{name}: pivots should be a Tensor of scalar type torch.int32')
    check_square(LU, name, 'LU')
    same_types(LU, B, 'linalg.lu_solve', 'LU')
    if LU._a.shape[-1] != B._a.shape[-2 if left else -1]:
        raise RuntimeError(f'linalg.lu_solve: Incompatible shapes of LU and B for the equation {"AX = B" if left else "XA = B"} '
                           f'({LU._a.shape[-2]}x{LU._a.shape[-1]} and {B._a.shape[-2]}x{B._a.shape[-1]})')
    _check_pivots(pivots, LU._a.shape[:-1], LU._a.shape[-2], 'Pivots given to lu_solve must all be smaller or equal to '
                  'LU.size(-2). Did you properly pass the result of lu_factor?')
    batches(LU._a.shape, B._a.shape, 'linalg.lu_solve')
    if left and not adjoint and LU._a.shape[:-2] == B._a.shape[:-2] and not (
            is_grad_enabled() and (LU.requires_grad or B.requires_grad)):
        r = wrap(_solved(LU._a, pivots._a, B._a))
    else:
        r = _with_factors(pivots._a, *LuUnpack.apply(LU), B, left, adjoint)
    return r if out is None else copy_out(r, out)


def _exchanged(x, pivots, back):
    """P^T x, or P x if `back`: the rows of x in the order that the exchanges lead to, or brought back from it."""
    m = x._a.shape[-2]
    if pivots.ndim > 1:
        p = wrap(permutation(pivots, m, x._a.dtype))
        return p @ x if back else p.mT @ x
    order = rows_of(pivots, m)
    return x.index_select(-2, wrap(np.argsort(order) if back else order))


def _solved(lu, pivots, b):
    """X of A X = B from the packed factors, in one copy of B: the two triangles are never taken apart."""
    *batch, n, k = b.shape
    x = np.take_along_axis(b, rows_of(pivots, n)[..., None], -2).reshape(prod(batch), n, k)
    lu = contiguous(lu).reshape(prod(batch), n, n)
    solve_stack(lu, x, False, True)
    quiet(solve_stack, lu, x, True, False)
    return x.reshape(b.shape)


def _with_factors(pivots, lower, upper, b, left, adjoint):
    """Solve with A = P L U, or with its conjugate transpose, from the left or the right."""
    if left and not adjoint:
        y = solve_triangular(lower, _exchanged(b, pivots, False), upper=False, unitriangular=True)
        return solve_triangular(upper, y, upper=True)
    if left:
        y = solve_triangular(upper.mH, b, upper=False)
        return _exchanged(solve_triangular(lower.mH, y, upper=True, unitriangular=True), pivots, True)
    if adjoint:  # X A^H = B is A X^H = B^H
        return _with_factors(pivots, lower, upper, b.mH, True, False).mH
    y = solve_triangular(upper, b, upper=True, left=False)
    return _exchanged(solve_triangular(lower, y, upper=False, left=False, unitriangular=True).mT, pivots, True).mT


def lu_solve_of(b, LU_data, LU_pivots, *, out=None):
    """`linalg.lu_solve` with the arguments in the order of `cnet.lu_solve`.

    Args:
        b (Tensor): the right-hand sides, as columns.
        LU_data (Tensor): the factors from `linalg.lu_factor`.
        LU_pivots (Tensor): the exchanges of rows from `linalg.lu_factor`.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: the solutions, as columns.

    Example:
        >>> import cnet
        >>> cnet.lu_solve(cnet.tensor([[2.], [3.]]), *cnet.linalg.lu_factor(cnet.eye(2)))
        tensor([[2.],
                [3.]])
    """
    return lu_solve(LU_data, LU_pivots, b, out=out)


def lu_packed(A, pivot=True, get_infos=False, out=None):
    """The older form of `linalg.lu_factor`.

    Args:
        A (Tensor): one or more matrices.
        pivot (bool): exchange rows for stability; must be True.
        get_infos (bool): also return where U has its first zero. Default: False.
        out (tuple of Tensors, optional): receives the results.

    Returns:
        tuple: LU, pivots, and info if asked for.

    Example:
        >>> import cnet
        >>> cnet.lu(cnet.eye(2))[1]
        tensor([1, 2], dtype=cnet.int32)
    """
    results = lu_factor_ex(A, pivot=pivot)
    return deliver(results, out, return_types.linalg_lu_factor_ex) if get_infos else deliver(results[:2], out, tuple)


lu_packed.__name__ = lu_packed.__qualname__ = 'lu'
PUBLIC = {'lu': lu_packed, 'lu_solve': lu_solve_of, 'lu_unpack': lu_unpack}
METHODS = {'lu': lu_packed, 'lu_solve': lu_solve_of}
