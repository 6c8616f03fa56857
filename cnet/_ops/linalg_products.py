"""Products of vectors, and views of matrices, in the words of `linalg`."""

import numpy as np

from .. import _kernels as K
from .._core import checks
from .._core.base import wrap
from .._core.inplace import copy_out, scalar_name
from .._core.op import Op
from ._linalg import same_types
from .join import cat

__all__ = ['cross', 'diagonal', 'vander', 'vecdot']

quiet = K._quiet.quiet


def _cross_array(x, y, dim):
    r = np.empty(x.shape if x.shape == y.shape else np.broadcast_shapes(x.shape, y.shape), x.dtype)
    keys = [(*(slice(None),) * dim, i) for i in (0, 1, 2, 0, 1)]
    a, b = [x[key] for key in keys], [y[key] for key in keys]
    for i in range(3):
        part = r[keys[i]] if r.ndim > 1 else r[i:i + 1].reshape(())
        np.multiply(a[i + 1], b[i + 2], out=part)
        part -= a[i + 2] * b[i + 1]
    return r


class Cross(Op, name='LinalgCrossBackward0'):
    """The product of vectors of three numbers that is perpendicular to both."""

    keep_in = (0, 1)

    @staticmethod
    def forward(x, y, dim):
        return quiet(_cross_array, x, y, dim)

    def backward(self, g):
        dim = self.kw['dim']
        x, y = self.saved(0), self.saved(1)
        return (Cross.apply(y.conj(), g, dim=dim) if self.needs[0] else None,
                Cross.apply(g, x.conj(), dim=dim) if self.needs[1] else None)


def cross(input, other, *, dim=-1, out=None):
    """The cross product of vectors of three numbers.

    Args:
        input (Tensor): vectors along `dim`.
        other (Tensor): vectors along `dim`; the other dimensions broadcast.
        dim (int): the dimension of length 3. Default: the last.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: vectors perpendicular to both.

    Example:
        >>> import cnet
        >>> cnet.linalg.cross(cnet.tensor([1., 0., 0.]), cnet.tensor([0., 1., 0.]))
        tensor([0., 0., 1.])
    """
    checks.tensor(input, 'linalg_cross', 'input', 1)
    checks.tensor(other, 'linalg_cross', 'other', 2)
    return _cross(input, other, dim, out)


def _cross(input, other, dim, out):
    a, b = input._a.shape, other._a.shape
    if len(a) != len(b):
        raise RuntimeError('linalg.cross: inputs must have the same number of dimensions.')
    if not a:
        raise IndexError(f'Dimension specified as {dim} but tensor has no dimensions')
    axis = checks.dim(dim, len(a))
    if a[axis] != 3 or b[axis] != 3:
        raise RuntimeError(f'linalg.cross: inputs dimension {dim} must have length 3. Got {a[axis]} and {b[axis]}')
    try:
        np.broadcast_shapes(a, b)
    except ValueError:
        i = next(i for i in range(len(a) - 1, -1, -1) if a[i] != b[i] and 1 not in (a[i], b[i]))
        raise RuntimeError(f'The size of tensor a ({a[i]}) must match the size of tensor b ({b[i]}) at non-singleton dimension '
                           f'{i}') from None
    if input._a.dtype != other._a.dtype:
        raise RuntimeError(f'expected scalar type {scalar_name(input._a.dtype)} but found {scalar_name(other._a.dtype)}')
    r = Cross.apply(input, other, dim=axis)
    return r if out is None else copy_out(r, out)


def _old_cross(input, other, dim=None, *, out=None):
    """`linalg.cross` along the first dimension of length 3, if none is named.

    Args:
        input (Tensor): vectors along `dim`.
        other (Tensor): vectors along `dim`.
        dim (int, optional): the dimension of length 3. Default: the first such.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: vectors perpendicular to both.

    Example:
        >>> import cnet
        >>> cnet.cross(cnet.tensor([1., 0., 0.]), cnet.tensor([0., 1., 0.]))
        tensor([0., 0., 1.])
    """
    checks.tensor(input, 'cross', 'input', 1)
    checks.tensor(other, 'cross', 'other', 2)
    if dim is None:
        if input._a.ndim != other._a.ndim:
            raise RuntimeError('linalg.cross: inputs must have the same number of dimensions.')
        if 3 not in input._a.shape:
            raise RuntimeError('no dimension of size 3 in input')
        dim = input._a.shape.index(3)
    return _cross(input, other, dim, out)


def vecdot(x, y, *, dim=-1, out=None):
    """The inner product of vectors, the first ones conjugated.

    Args:
        x (Tensor): vectors along `dim`.
        y (Tensor): vectors along `dim`; the other dimensions broadcast.
        dim (int): the dimension that is summed over. Default: the last.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: the sums of conj(x) * y.

    Example:
        >>> import cnet
        >>> cnet.linalg.vecdot(cnet.tensor([[1., 2.]]), cnet.tensor([[3., 4.]]))
        tensor([11.])
    """
    checks.tensor(x, 'linalg_vecdot', 'x', 1)
    checks.tensor(y, 'linalg_vecdot', 'y', 2)
    if x._a.dtype.kind not in 'fc':
        raise RuntimeError('linalg.vecdot: Expected a floating point or complex tensor as input. Got '
                           f'{scalar_name(x._a.dtype)}')
    same_types(x, y, 'linalg.vecdot', 'x', 'y')
    if x._a.ndim == 1 and y._a.ndim == 1:
        checks.dim(dim, 1)
        r = x.vdot(y)
    else:
        r = (x.conj() * y).sum(dim)
    return r if out is None else copy_out(r, out)


def vander(x, N=None):
    """Powers 0 to N - 1 of every number, along a new last dimension.

    Args:
        x (Tensor): any numbers, at least one dimension.
        N (int, optional): how many powers. Default: the length of the last dimension.

    Shape:
        - x: :math:`(*, M)`; result: :math:`(*, M, N)`.

    Returns:
        Tensor: the powers, of the type of x (int64 for integers).

    Example:
        >>> import cnet
        >>> cnet.linalg.vander(cnet.tensor([2, 3]), N=3)
        tensor([[1, 2, 4],
                [1, 3, 9]])
    """
    checks.tensor(x, 'linalg_vander', 'x', 1)
    if x._a.dtype.kind == 'b':
        raise RuntimeError('linalg.vander supports floating point, complex, and integer tensors, but got Bool')
    x = x if x._a.ndim else x.unsqueeze(0)
    n = x._a.shape[-1] if N is None else checks.integer(N, 'linalg_vander', 'N')
    if n <= 1:
        raise RuntimeError('N must be greater than 1.')
    powers = x.unsqueeze(-1).expand(*x._a.shape, n - 1).cumprod(-1)
    return cat((wrap(np.ones((*x._a.shape, 1), powers._a.dtype)), powers), -1)


def diagonal(A, *, offset=0, dim1=-2, dim2=-1):
    """`cnet.diagonal` of the last two dimensions.

    Args:
        A (Tensor): one or more matrices.
        offset (int): 0 for the main diagonal, above it if positive. Default: 0.
        dim1 (int): where the rows are. Default: -2.
        dim2 (int): where the columns are. Default: -1.

    Returns:
        Tensor: a view, with the diagonal as its last dimension.

    Example:
        >>> import cnet
        >>> cnet.linalg.diagonal(cnet.ones(5, 2, 3)).shape
        cnet.Size([5, 2])
    """
    return checks.tensor(A, 'linalg_diagonal', 'A', 1).diagonal(offset, dim1, dim2)


_old_cross.__name__ = _old_cross.__qualname__ = 'cross'
PUBLIC = {'cross': _old_cross}
METHODS = PUBLIC
