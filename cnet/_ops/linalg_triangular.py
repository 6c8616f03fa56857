"""Solving with triangular matrices."""

from math import prod

import numpy as np

from .. import _kernels as K
from .. import return_types
from .._core import checks
from .._core.arrays import contiguous
from .._core.inplace import copy_out
from .._core.op import Op
from ._linalg import batches, check_square, matrices, quiet, same_types

__all__ = ['solve_triangular', 'triangular_solve']


_BLOCK = 32  # rows; larger triangles leave more to the products, smaller ones are solved row by row


def stack(a, shape):
    """A copy of an array, broadcast to a batch shape, as one stack of matrices row after row."""
    if a.shape[:-2] != shape:
        a = np.broadcast_to(a, shape + a.shape[-2:])
    return np.array(a, order='C').reshape(prod(shape), *a.shape[-2:])


def substitute(a, b, upper, unit):
    """X of a X = b for triangular arrays. A zero on the diagonal divides, as in BLAS, and gives infinities."""
    batch = a.shape[:-2] if a.shape[:-2] == b.shape[:-2] else np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    x = stack(b, batch)
    if a.shape[:-2] == batch:
        t = contiguous(a).reshape(x.shape[0], *a.shape[-2:])
    else:
        t = stack(a, batch)
    solve_stack(t, x, upper, unit)
    return x.reshape(*batch, *b.shape[-2:])


def solve_stack(t, x, upper, unit):
    """`substitute` in place for stacks of matrices: halves, and the product by which the first changes the second."""
    n = t.shape[-1]
    if n <= _BLOCK:
        K.factor.substitute(t, x, upper, unit)
        return
    half = (n // 2 + _BLOCK - 1) // _BLOCK * _BLOCK
    low, high = slice(half), slice(half, n)
    first, second = (high, low) if upper else (low, high)
    solve_stack(t[:, first, first], x[:, first], upper, unit)
    x[:, second] -= K.matmul.bmm(t[:, second, first], x[:, first])
    solve_stack(t[:, second, second], x[:, second], upper, unit)


class SolveTriangular(Op, name='LinalgSolveTriangularBackward0'):
    """X of A X = B, or of X A = B."""

    keep_in = (0,)
    keep_out = (0,)

    @staticmethod
    def forward(a, b, upper, left, unit):
        if left:
            return quiet(substitute, a, b, upper, unit)
        return quiet(substitute, a.swapaxes(-1, -2), b.swapaxes(-1, -2), not upper, unit).swapaxes(-1, -2)

    def backward(self, g):
        upper, left, unit = self.kw['upper'], self.kw['left'], self.kw['unit']
        a, x = self.saved(0), self.out(0)
        gb = SolveTriangular.apply(a.mH, g, upper=not upper, left=left, unit=unit)
        if not self.needs[0]:
            return None, gb
        ga = -(gb @ x.mH if left else x.mH @ gb)
        k = 1 if unit else 0
        return ga.triu(k) if upper else ga.tril(-k), gb if self.needs[1] else None


class TriangularSolve(SolveTriangular, name='TriangularSolveBackward0'):
    """The same under the name of the old function, which also returns a copy of A."""

    n_out = 2
    keep_in = (0,)

    @staticmethod
    def forward(a, b, upper, left, unit):
        x = SolveTriangular.forward(a, b, upper, left, unit)
        return x, np.array(np.broadcast_to(a, x.shape[:-2] + a.shape[-2:]))

    def backward(self, g, ga_copy):
        ga, gb = SolveTriangular.backward(self, g)
        return None if ga is None else ga + ga_copy, gb


def solve_triangular(A, B, *, upper, left=True, unitriangular=False, out=None):
    """Solves A X = B for a triangular matrix A; the other triangle is not looked at.

    Args:
        A (Tensor): one or more triangular matrices.
        B (Tensor): the right-hand sides, as columns.
        upper (bool): A is an upper triangle, not a lower one.
        left (bool): False solves X A = B. Default: True.
        unitriangular (bool): take the diagonal of A as ones. Default: False.
        out (Tensor, optional): receives the result.

    Shape:
        - A: :math:`(*, N, N)`; B and X: :math:`(*, N, K)`, or :math:`(*, K, N)` if not `left`.

    Returns:
        Tensor: X. A zero on the diagonal gives infinities.

    Example:
        >>> import cnet
        >>> cnet.linalg.solve_triangular(cnet.tensor([[2., 0.], [1., 1.]]), cnet.tensor([[4.], [5.]]), upper=False)
        tensor([[2.],
                [3.]])
    """
    _check(A, B, left, 'linalg.solve_triangular')
    r = SolveTriangular.apply(A, B, upper=bool(upper), left=bool(left), unit=bool(unitriangular))
    return r if out is None else copy_out(r, out)


def _check(A, B, left, name):
    matrices(A, name)
    matrices(B, name, 'B', 2)
    same_types(A, B, name)
    check_square(A, name)
    a, b = A._a.shape, B._a.shape
    if a[-1] != b[-2 if left else -1]:
        raise RuntimeError(f'{name}: Incompatible shapes of A and B for the equation {"AX = B" if left else "XA = B"} '
                           f'({a[-2]}x{a[-1]} and {b[-2]}x{b[-1]})')
    batches(a, b, name)


def triangular_solve(b, A, upper=True, transpose=False, unitriangular=False, *, out=None):
    """The older form of `linalg.solve_triangular`, which also returns a copy of A.

    Args:
        b (Tensor): the right-hand sides, as columns.
        A (Tensor): one or more triangular matrices.
        upper (bool): A is an upper triangle. Default: True.
        transpose (bool): solve with the transpose of A. Default: False.
        unitriangular (bool): take the diagonal of A as ones. Default: False.
        out (tuple of Tensors, optional): receives the results.

    Returns:
        named tuple: solution, cloned_coefficient.

    Example:
        >>> import cnet
        >>> cnet.triangular_solve(cnet.tensor([[4.]]), cnet.tensor([[2.]])).solution
        tensor([[2.]])
    """
    checks.tensor(b, 'triangular_solve', 'b', 1)
    checks.tensor(A, 'triangular_solve', 'A', 2)
    if b._a.ndim < 2 or A._a.ndim < 2:
        which, x = ('b', b) if b._a.ndim < 2 else ('A', A)
        raise RuntimeError(f'torch.triangular_solve: Expected {which} to have at least 2 dimensions, but it has {x._a.ndim} '
                           'dimensions instead')
    _check(A, b, True, 'triangular_solve')
    if transpose:
        x = SolveTriangular.apply(A.mT, b, upper=not upper, left=True, unit=bool(unitriangular))
        copy = A.clone()
    else:
        x, copy = TriangularSolve.apply(A, b, upper=bool(upper), left=True, unit=bool(unitriangular))
    if out is not None:
        x, copy = copy_out(x, out[0]), copy_out(copy, out[1])
    return return_types.triangular_solve((x, copy))


PUBLIC = {'triangular_solve': triangular_solve}
METHODS = {'triangular_solve': triangular_solve}
