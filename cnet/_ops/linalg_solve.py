"""Inverses and systems of linear equations with square matrices."""

from math import prod

import numpy as np

from .. import return_types
from .._core import checks
from .._core.arrays import contiguous
from .._core.inplace import copy_out
from .._core.op import Op
from ._linalg import batches, check_square, column_major, deliver, matrices, numbers, quiet, raise_for, same_types, squares
from .linalg_lu import factor

__all__ = ['inv', 'inv_ex', 'solve', 'solve_ex', 'tensorinv', 'tensorsolve']


def _failures(a):
    """Per matrix of an array, the place of the first zero pivot counted from 1, or 0."""
    return quiet(factor, a)[2]


def inverse_array(a):
    """The inverses of an array of matrices (NaN where there is none) and the places of zero pivots."""
    try:
        return quiet(np.linalg.inv, a), np.zeros(a.shape[:-2], np.int32)
    except np.linalg.LinAlgError:
        info = _failures(a)
        good = info == 0
        r = np.full_like(a, np.nan)
        r[good] = np.linalg.inv(a[good])
        return r, info


def solve_array(a, b):
    """X of a X = b for arrays (NaN where a is singular) and the places of zero pivots."""
    try:
        return np.linalg.solve(a, b), np.zeros(a.shape[:-2], np.int32)
    except np.linalg.LinAlgError:
        info = _failures(a)
        r = np.full(np.broadcast_shapes(a.shape[:-2], b.shape[:-2]) + b.shape[-2:], np.nan, b.dtype)
        good = np.broadcast_to(info == 0, r.shape[:-2])
        r[good] = np.linalg.solve(np.broadcast_to(a, r.shape[:-2] + a.shape[-2:])[good],
                                  np.broadcast_to(b, r.shape)[good])
        return r, info


class InvEx(Op, name='LinalgInvExBackward0'):
    """The inverse, and where the elimination met a zero."""

    keep_out = (0,)
    n_out = 2

    @staticmethod
    def forward(a):
        r, info = inverse_array(a)
        return column_major(r), info

    def backward(self, g, _):
        y = self.out(0).mH
        return -(y @ g @ y)


class SolveEx(Op, name='LinalgSolveExBackward0'):
    """X of A X = B (or X A = B), and where the elimination met a zero. `vector`: B and X have no columns."""

    keep_in = (0,)
    keep_out = (0,)
    n_out = 2

    @staticmethod
    def forward(a, b, left, vector):
        if vector:
            x, info = solve_array(a, b[..., None])
            return contiguous(x[..., 0]), info
        if left:
            x, info = solve_array(a, b)
            return column_major(x), info
        x, info = solve_array(a.swapaxes(-1, -2), b.swapaxes(-1, -2))
        return x.swapaxes(-1, -2), info

    def backward(self, g, _):
        a, x = self.saved(0), self.out(0)
        left, vector = self.kw['left'], self.kw['vector']
        gb = SolveEx.apply(a.mH, g, left=left, vector=vector)[0]
        if not self.needs[0]:
            return None, gb
        if vector:
            ga = -(gb.unsqueeze(-1) * x.unsqueeze(-2).conj())
        else:
            ga = -(gb @ x.mH if left else x.mH @ gb)
        return ga, gb if self.needs[1] else None


def _inv_failed(info, name):
    raise_for(info._a, lambda i: f'{name}: The diagonal element {i} is zero, the inversion could not be completed because the '
                                 'input matrix is singular.')


def inv(A, *, out=None):
    """The inverse of every matrix.

    Args:
        A (Tensor): one or more invertible matrices.
        out (Tensor, optional): receives the result.

    Shape:
        - A and result: :math:`(*, N, N)`.

    Returns:
        Tensor: the inverses. `linalg.LinAlgError` if a matrix is singular.

    Example:
        >>> import cnet
        >>> cnet.linalg.inv(cnet.tensor([[2., 0.], [0., 4.]]))
        tensor([[0.5000, 0.0000],
                [0.0000, 0.2500]])
    """
    squares(A, 'linalg.inv')
    r, info = InvEx.apply(A)
    _inv_failed(info, 'linalg.inv')
    return r if out is None else copy_out(r, out)


def inv_ex(A, *, check_errors=False, out=None):
    """`linalg.inv` that reports singular matrices instead of raising.

    Args:
        A (Tensor): one or more square matrices.
        check_errors (bool): raise after all. Default: False.
        out (tuple of Tensors, optional): receives the results.

    Shape:
        - A and inverse: :math:`(*, N, N)`, info: :math:`(*)`.

    Returns:
        named tuple: inverse, and info: the place of the zero pivot, counted from 1, or 0.

    Example:
        >>> import cnet
        >>> cnet.linalg.inv_ex(cnet.zeros(1, 1)).info
        tensor(1, dtype=cnet.int32)
    """
    squares(A, 'linalg.inv')
    r, info = InvEx.apply(A)
    if check_errors:
        _inv_failed(info, 'linalg.inv_ex')
    return deliver((r, info), out, return_types.linalg_inv_ex)


def _solve(A, B, left):
    name = 'linalg.solve'
    matrices(A, name)
    checks.tensor(B, 'linalg_solve', 'B', 2)
    same_types(A, B, name)
    check_square(A, name)
    a, b = A._a.shape, B._a.shape
    vector = len(b) == 1 or (len(b) == len(a) - 1 and b == a[:-1])
    if not vector and len(b) < 2:
        raise RuntimeError(f'{name}: The input tensor B must have at least 2 dimensions.')
    if vector and not left:
        raise RuntimeError('linalg.solve: Vector broadcasting of the left hand side is not supported for left=False. In this '
                           'case linalg.solve is equivalent to B / A.squeeze(-1)')
    columns = (*b, 1) if vector else b
    if a[-1] != columns[-2 if left else -1]:
        raise RuntimeError(f'{name}: Incompatible shapes of A and B for the equation {"AX = B" if left else "XA = B"} '
                           f'({a[-2]}x{a[-1]} and {columns[-2]}x{columns[-1]})')
    batches(a, columns, name)
    return SolveEx.apply(A, B, left=bool(left), vector=vector)


def _solve_failed(info, name='torch.linalg.solve'):
    raise_for(info._a, lambda i: f'{name}: The solver failed because the input matrix is singular.')


def solve(A, B, *, left=True, out=None):
    """Solves A X = B.

    Args:
        A (Tensor): one or more invertible matrices.
        B (Tensor): the right-hand sides: columns of matrices, or vectors.
        left (bool): False solves X A = B. Default: True.
        out (Tensor, optional): receives the result.

    Shape:
        - A: :math:`(*, N, N)`; B and X: :math:`(*, N, K)` or :math:`(*, N)`, or :math:`(*, K, N)` if not `left`.

    Returns:
        Tensor: X. `linalg.LinAlgError` if a matrix is singular.

    Example:
        >>> import cnet
        >>> cnet.linalg.solve(cnet.tensor([[2., 0.], [0., 4.]]), cnet.tensor([2., 8.]))
        tensor([1., 2.])
    """
    r, info = _solve(A, B, left)
    _solve_failed(info)
    return r if out is None else copy_out(r, out)


def solve_ex(A, B, *, left=True, check_errors=False, out=None):
    """`linalg.solve` that reports singular matrices instead of raising.

    Args:
        A (Tensor): one or more square matrices.
        B (Tensor): the right-hand sides, as for `linalg.solve`.
        left (bool): False solves X A = B. Default: True.
        check_errors (bool): raise after all. Default: False.
        out (tuple of Tensors, optional): receives the results.

    Returns:
        named tuple: result, and info: the place of the zero pivot, counted from 1, or 0.

    Example:
        >>> import cnet
        >>> cnet.linalg.solve_ex(cnet.zeros(1, 1), cnet.ones(1)).info
        tensor(1, dtype=cnet.int32)
    """
    r, info = _solve(A, B, left)
    if check_errors:
        _solve_failed(info, 'torch.linalg.solve_ex')
    return deliver((r, info), out, return_types.linalg_solve_ex)


def tensorinv(A, ind=2, *, out=None):
    """The inverse of A as a linear map from its last dimensions to its first `ind`.

    Args:
        A (Tensor): the product of the first `ind` lengths must be that of the others.
        ind (int): how many dimensions the result of the map has. Default: 2.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: `tensordot(tensorinv(A), A, A.ndim - ind)` is the identity.

    Example:
        >>> import cnet
        >>> cnet.linalg.tensorinv(cnet.eye(4).reshape(2, 2, 4)).shape
        cnet.Size([4, 2, 2])
    """
    numbers(A, 'linalg.tensorinv')
    if ind <= 0:
        raise RuntimeError(f"Expected a strictly positive integer for 'ind', but got {ind}")
    rest, first = A._a.shape[ind:], A._a.shape[:ind]
    if prod(rest) != prod(first):
        raise RuntimeError('Expected self to satisfy the requirement prod(self.shape[ind:]) == prod(self.shape[:ind]), but got '
                           f'{prod(rest)} != {prod(first)}')
    r = inv(A.reshape(prod(rest), prod(first))).reshape(rest + first)
    return r if out is None else copy_out(r, out)


def tensorsolve(A, B, dims=None, *, out=None):
    """Solves tensordot(A, X, X.ndim) = B.

    Args:
        A (Tensor): a linear map from its last dimensions to its first ones.
        B (Tensor): its dimensions are the first of A.
        dims (tuple of ints, optional): dimensions of A that are moved to the end first.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: X, whose dimensions are the last of A.

    Example:
        >>> import cnet
        >>> cnet.linalg.tensorsolve(cnet.eye(4).reshape(4, 2, 2), cnet.arange(4.)).tolist()
        [[0.0, 1.0], [2.0, 3.0]]
    """
    numbers(A, 'linalg.tensorsolve')
    checks.tensor(B, 'linalg_tensorsolve', 'B', 2)
    if dims is not None:
        dims = checks.dims(dims, A._a.ndim)
        A = A.movedim(dims, tuple(range(-len(dims), 0)))
    n = B._a.ndim
    first, rest = A._a.shape[:n], A._a.shape[n:]
    if prod(rest) != prod(first):
        raise RuntimeError('Expected self to satisfy the requirement prod(self.shape[other.ndim:]) == '
                           f'prod(self.shape[:other.ndim]), but got {prod(rest)} != {prod(first)}')
    r = solve(A.reshape(prod(first), prod(first)), B.reshape(prod(first))).reshape(rest)
    return r if out is None else copy_out(r, out)


PUBLIC = {'inverse': inv}
METHODS = PUBLIC
