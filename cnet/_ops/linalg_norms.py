"""Norms of matrices, and their condition numbers."""

import numpy as np

from .._core import checks
from .._core.base import wrap
from .._core.inplace import copy_out, scalar_name
from ._linalg import matrices
from .linalg_solve import inv_ex
from .linalg_spectral import svdvals
from .norms import vector_norm

__all__ = ['cond', 'matrix_norm', 'norm']

_ORDERS = (2, -2, 1, -1, float('inf'), float('-inf'))


def matrix_norm(A, ord='fro', dim=(-2, -1), keepdim=False, *, dtype=None, out=None):
    """Norm of every matrix.

    Args:
        A (Tensor): one or more matrices.
        ord (str or float): 'fro' (root of the sum of squares), 'nuc' (sum of the singular values), 2 or -2 (largest or least
            singular value), 1 or -1 (largest or least column sum), inf or -inf (largest or least row sum). Default: 'fro'.
        dim (tuple of two ints): where rows and columns are. Default: the last two.
        keepdim (bool): keep the two dimensions with size 1. Default: False.
        dtype (dtype, optional): convert to this type first.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: the norms, real.

    Example:
        >>> import cnet
        >>> cnet.linalg.matrix_norm(cnet.tensor([[3., 0.], [0., 4.]]))
        tensor(5.)
    """
    name = 'linalg.matrix_norm'
    checks.tensor(A, 'linalg_matrix_norm', 'A', 1)
    if A._a.ndim < 2:
        raise RuntimeError(f'{name}: The input tensor A must have at least 2 dimensions.')
    if A._a.dtype.kind not in 'fc':
        raise RuntimeError(f'{name}: Expected a floating point or complex tensor as input. Got {scalar_name(A._a.dtype)}')
    if isinstance(dim, int):
        raise TypeError("linalg_matrix_norm(): argument 'dim' must be tuple of ints, not int")
    if len(dim) != 2:
        raise RuntimeError(f'{name}: dim must be a 2-tuple. Got {", ".join(map(str, dim))}')
    row, column = checks.dim(dim[0], A._a.ndim), checks.dim(dim[1], A._a.ndim)
    if row == column:
        raise RuntimeError(f'{name}: dims must be different. Got ({dim[0]}, {dim[1]})')
    if isinstance(ord, str):
        if ord not in ('fro', 'nuc'):
            raise RuntimeError(f'{name}: Order {ord} not supported.')
    elif ord not in _ORDERS:
        raise RuntimeError(f'{name}: Order {ord:g} not supported.')
    if ord == 'fro':
        return vector_norm(A, 2, (row, column), keepdim, dtype=dtype, out=out)
    if dtype is not None:
        A = A.to(dtype)
    r = _matrix_norm(A, ord, row, column, keepdim)
    return r if out is None else copy_out(r, out)


def _matrix_norm(A, ord, row, column, keepdim):
    if ord in ('nuc', 2, -2):
        order = [i for i in range(A._a.ndim) if i not in (row, column)] + [row, column]
        s = svdvals(A.permute(order))
        r = s.sum(-1, keepdim) if ord == 'nuc' else _extreme(s, ord, -1, keepdim)
        return r.unsqueeze(-1).permute([order.index(i) for i in range(A._a.ndim)]) if keepdim else r
    summed, kept = (row, column) if abs(ord) == 1 else (column, row)
    sums = vector_norm(A, 1, summed, keepdim)
    if not keepdim and kept > summed:
        kept -= 1
    return _extreme(sums, ord, kept, keepdim)


def _extreme(x, ord, dim, keepdim):
    """The largest of numbers that are not negative (0 of none), or the least for negative orders."""
    if ord < 0:
        return x.amin(dim, keepdim)
    return x.amax(dim, keepdim) if x._a.shape[dim] else x.sum(dim, keepdim)


def norm(input, ord=None, dim=None, keepdim=False, *, out=None, dtype=None):
    """Norm of vectors (`linalg.vector_norm`) or matrices (`linalg.matrix_norm`), as the dimensions say.

    Args:
        input (Tensor): floating-point or complex numbers.
        ord (str or float, optional): the order. Default: 2 of all numbers as one vector.
        dim (int or tuple of ints, optional): one dimension for vectors, two for matrices. Default: all.
        keepdim (bool): keep the reduced dimensions with size 1. Default: False.
        out (Tensor, optional): receives the result.
        dtype (dtype, optional): convert to this type first.

    Returns:
        Tensor: the norms, real.

    Example:
        >>> import cnet
        >>> cnet.linalg.norm(cnet.tensor([[3., 0.], [0., 4.]]), 1)
        tensor(4.)
    """
    checks.tensor(input, 'linalg_norm', 'input', 1)
    ndim = input._a.ndim
    if dim is not None and not isinstance(dim, int):
        dim = tuple(dim)
        if len(dim) not in (1, 2):
            raise RuntimeError(f'linalg.norm: If dim is specified, it must be of length 1 or 2. Got {list(dim)}')
    elif dim is None and ord is not None and ndim not in (1, 2):
        raise RuntimeError(f'linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got {ndim}D.')
    if isinstance(dim, int):
        dim = (dim,)
    if ord is not None and (isinstance(ord, str) or len(dim or range(ndim)) == 2):
        return matrix_norm(input, ord, tuple(range(ndim)) if dim is None else dim, keepdim, dtype=dtype, out=out)
    return vector_norm(input, 2 if ord is None else ord, dim, keepdim, dtype=dtype, out=out)


def cond(A, p=None, *, out=None):
    """The condition number: how much solving with A may enlarge a relative error.

    Args:
        A (Tensor): one or more matrices.
        p (str or float, optional): the order of the norm, as for `linalg.matrix_norm`. Default: 2.
        out (Tensor, optional): receives the result.

    Shape:
        - A: :math:`(*, M, N)`, square unless p is 2 or -2; result: :math:`(*)`.

    Returns:
        Tensor: norm(A) norm(A^-1), infinite for singular matrices.

    Example:
        >>> import cnet
        >>> cnet.linalg.cond(cnet.tensor([[1., 0.], [0., 4.]]))
        tensor(4.)
    """
    matrices(A, 'linalg.cond')
    if p is None or p in (2, -2):
        s = svdvals(A)
        if not s._a.shape[-1]:
            r = wrap(np.zeros(s._a.shape[:-1], s._a.dtype))
        else:
            first, last = s[..., :1], s[..., -1:]
            r = (last / first if p == -2 else first / last).squeeze(-1)
    else:
        shape = A._a.shape
        text = p if isinstance(p, str) else f'{p:g}'
        if shape[-1] != shape[-2]:
            raise RuntimeError(f'linalg.cond(ord={text}): A must be batches of square matrices, but they are {shape[-2]} by '
                               f'{shape[-1]} matrices')
        if not A._a.size:
            r = wrap(np.zeros(shape[:-2], A._a.real.dtype))
        else:
            inverse = inv_ex(A).inverse
            r = matrix_norm(A, p) * matrix_norm(inverse, p)
            r = r.nan_to_num(float('inf'), posinf=float('inf'), neginf=float('-inf'))
    return r if out is None else copy_out(r, out)


METHODS = {}
PUBLIC = {}
