"""Diagonals and triangles: diagonal, diag_embed, diag, tril, triu. A diagonal is a view; its adjoint fills zeros."""

from functools import lru_cache

import numpy as np

from .. import _kernels as K
from .._core import checks
from .._core.arrays import zeros
from .._core.inplace import copy_out
from .._core.op import Op

__all__ = ['diag', 'diag_embed', 'diagflat', 'diagonal', 'diagonal_copy', 'diagonal_scatter', 'tril', 'triu']


class Diagonal(Op, name='DiagonalBackward0'):
    view = True

    @staticmethod
    def forward(x, offset, dim1, dim2):
        shape, strides = x.shape, x.strides
        n, m = shape[dim1], shape[dim2]
        length = max(0, min(n, m - offset) if offset >= 0 else min(n + offset, m))
        start = (offset * strides[dim2] if offset >= 0 else -offset * strides[dim1]) if length else 0
        if len(shape) == 2:
            return K.strided.strided(x, (length,), (strides[0] + strides[1],), start)
        rest = [d for d in range(x.ndim) if d not in (dim1, dim2)]
        return K.strided.strided(x, [*[shape[d] for d in rest], length],
                                 [*[strides[d] for d in rest], strides[dim1] + strides[dim2]], start)

    def backward(self, g):
        return DiagonalGrad.apply(g, shape=self.in_shape(0), **self.kw)


class DiagonalCopy(Diagonal, name='DiagonalBackward0_copy'):
    view = False

    @staticmethod
    def forward(x, offset, dim1, dim2):
        return Diagonal.forward(x, offset, dim1, dim2).copy()


class DiagonalGrad(Op, name='DiagonalBackwardBackward0'):  # zeros with g on a diagonal
    @staticmethod
    def forward(g, shape, offset, dim1, dim2):
        y = zeros(shape, g.dtype)
        Diagonal.forward(y, offset, dim1, dim2)[...] = g
        return y

    def backward(self, g):
        kw = self.kw
        return Diagonal.apply(g, offset=kw['offset'], dim1=kw['dim1'], dim2=kw['dim2'])


class DiagEmbed(DiagonalGrad, name='DiagEmbedBackward0'):
    pass


class DiagonalScatter(Op, name='DiagonalScatterBackward0'):
    @staticmethod
    def forward(x, src, offset, dim1, dim2):
        y = x.copy()
        Diagonal.forward(y, offset, dim1, dim2)[...] = src
        return y

    def backward(self, g):
        return (DiagonalScatter.apply(g, 0, **self.kw) if self.needs[0] else None, Diagonal.apply(g, **self.kw))


@lru_cache(8)
def _small_triangle(n, m, k):
    return np.greater_equal.outer(np.arange(n), np.arange(-k, m - k))


def _triangle_mask(shape, k):
    """Where elements lie on or below diagonal number k; eight of up to a megabyte are kept."""
    n, m = shape[-2:]
    mask = _small_triangle(n, m, k) if n * m <= 2 ** 20 else _small_triangle.__wrapped__(n, m, k)
    return mask if len(shape) == 2 else np.broadcast_to(mask, shape)


class Tril(Op, name='TrilBackward0'):
    @staticmethod
    def forward(x, k):
        r = K.copy.choose(_triangle_mask(x.shape, k), x, np.zeros((), x.dtype)) if x.size else None
        return np.tril(x, k) if r is None else r

    def backward(self, g):
        return Tril.apply(g, **self.kw)


class Triu(Op, name='TriuBackward0'):
    @staticmethod
    def forward(x, k):
        r = K.copy.choose(_triangle_mask(x.shape, k - 1), np.zeros((), x.dtype), x) if x.size else None
        return np.triu(x, k) if r is None else r

    def backward(self, g):
        return Triu.apply(g, **self.kw)


def _plane(x, offset, dim1, dim2):
    ndim = x._a.ndim
    first, second = checks.dim(dim1, ndim), checks.dim(dim2, ndim)
    if first == second:
        raise RuntimeError(f'diagonal dimensions cannot be identical {dim1}, {dim2}')
    return {'offset': offset, 'dim1': first, 'dim2': second}


def diagonal(input, offset=0, dim1=0, dim2=1):
    """The diagonals of matrices that lie in two dimensions.

    Args:
        input (Tensor): at least two dimensions.
        offset (int): how far above the main diagonal.
        dim1 (int): the dimension of the rows.
        dim2 (int): the dimension of the columns.

    Returns:
        Tensor: a view; the diagonal is its last dimension.

    Example:
        >>> import cnet
        >>> cnet.diagonal(cnet.tensor([[1, 2], [3, 4]])).tolist()
        [1, 4]
    """
    return Diagonal.apply(input, **_plane(input, offset, dim1, dim2))


def diagonal_copy(input, offset=0, dim1=0, dim2=1, *, out=None):
    """`diagonal`, copied.

    Args:
        input (Tensor): at least two dimensions.
        offset (int): how far above the main diagonal.
        dim1 (int): the dimension of the rows.
        dim2 (int): the dimension of the columns.
        out (Tensor, optional): where to store the result.

    Returns:
        Tensor: new memory.

    Example:
        >>> import cnet
        >>> cnet.diagonal_copy(cnet.tensor([[1, 2], [3, 4]]), 1).tolist()
        [2]
    """
    y = DiagonalCopy.apply(input, **_plane(input, offset, dim1, dim2))
    return y if out is None else copy_out(y, out)


def diagonal_scatter(input, src, offset=0, dim1=0, dim2=1):
    """A copy with a diagonal replaced: the counterpart of `diagonal`.

    Args:
        input (Tensor): the tensor to copy.
        src (Tensor): the new diagonal.
        offset (int): how far above the main diagonal.
        dim1 (int): the dimension of the rows.
        dim2 (int): the dimension of the columns.

    Returns:
        Tensor: new memory.

    Example:
        >>> import cnet
        >>> cnet.diagonal_scatter(cnet.zeros(2, 2), cnet.ones(2)).tolist()
        [[1.0, 0.0], [0.0, 1.0]]
    """
    plane = _plane(input, offset, dim1, dim2)
    wanted = Diagonal.forward(input._a, **plane).shape
    if src._a.shape != wanted:
        raise RuntimeError(f'expected src to have a size equal to the slice of self. src size = {list(src._a.shape)}, '
                           f'slice size = {list(wanted)}')
    return DiagonalScatter.apply(input, src, **plane)


def diag_embed(input, offset=0, dim1=-2, dim2=-1):
    """Matrices with given diagonals and zeros elsewhere.

    Args:
        input (Tensor): the diagonals, in the last dimension.
        offset (int): how far above the main diagonal they go.
        dim1 (int): where in the result the rows are.
        dim2 (int): where in the result the columns are.

    Shape:
        Input ``(*, N)``; output ``(*, M, M)`` with ``M = N + abs(offset)``, if `dim1` and `dim2` are the defaults.

    Returns:
        Tensor: new memory.

    Example:
        >>> import cnet
        >>> cnet.diag_embed(cnet.tensor([1, 2])).tolist()
        [[1, 0], [0, 2]]
    """
    shape = input._a.shape
    ndim = len(shape) + 1
    first, second = checks.dim(dim1, ndim), checks.dim(dim2, ndim)
    if first == second:
        raise RuntimeError(f'diagonal dimensions cannot be identical {dim1}, {dim2}')
    n = shape[-1] + abs(offset)
    sizes = list(shape[:-1])
    for d in sorted((first, second)):
        sizes.insert(d, n)
    return DiagEmbed.apply(input, shape=tuple(sizes), offset=offset, dim1=first, dim2=second)


def diag(input, diagonal=0, *, out=None):
    """A vector as the diagonal of a matrix, or the diagonal of a matrix as a vector.

    Args:
        input (Tensor): one or two dimensions.
        diagonal (int): how far above the main diagonal.
        out (Tensor, optional): where to store the result.

    Returns:
        Tensor: new memory.

    Example:
        >>> import cnet
        >>> cnet.diag(cnet.tensor([1, 2])).tolist()
        [[1, 0], [0, 2]]
        >>> cnet.diag(cnet.tensor([[1, 2], [3, 4]])).tolist()
        [1, 4]
    """
    ndim = input._a.ndim
    if ndim == 1:
        y = diag_embed(input, diagonal)
    elif ndim == 2:
        y = DiagonalCopy.apply(input, offset=diagonal, dim1=0, dim2=1)
    else:
        raise RuntimeError(f'diag(): Supports 1D or 2D tensors. Got {ndim}D')
    return y if out is None else copy_out(y, out)


def diagflat(input, offset=0):
    """All elements of a tensor as the diagonal of a matrix.

    Args:
        input (Tensor): any tensor with N elements.
        offset (int): how far above the main diagonal they go.

    Shape:
        Output ``(M, M)`` with ``M = N + abs(offset)``.

    Returns:
        Tensor: new memory.

    Example:
        >>> import cnet
        >>> cnet.diagflat(cnet.tensor([[1], [2]])).tolist()
        [[1, 0], [0, 2]]
    """
    return diag_embed(input.reshape(-1), offset)


def _triangle(op, x, diagonal, name, out):
    if x._a.ndim < 2:
        raise RuntimeError(f'{name}: input tensor must have at least 2 dimensions')
    y = op.apply(x, k=diagonal)
    return y if out is None else copy_out(y, out)


def tril(input, diagonal=0, *, out=None):
    """The lower triangles of matrices; what is above becomes zero.

    Args:
        input (Tensor): a matrix or a batch of them.
        diagonal (int): the last diagonal that is kept; 0 is the main one, 1 the one above it.
        out (Tensor, optional): where to store the result.

    Returns:
        Tensor: new memory.

    Example:
        >>> import cnet
        >>> cnet.tril(cnet.ones(2, 2)).tolist()
        [[1.0, 0.0], [1.0, 1.0]]
    """
    return _triangle(Tril, input, diagonal, 'tril', out)


def triu(input, diagonal=0, *, out=None):
    """The upper triangles of matrices; what is below becomes zero.

    Args:
        input (Tensor): a matrix or a batch of them.
        diagonal (int): the first diagonal that is kept; 0 is the main one, 1 the one above it.
        out (Tensor, optional): where to store the result.

    Returns:
        Tensor: new memory.

    Example:
        >>> import cnet
        >>> cnet.triu(cnet.ones(2, 2)).tolist()
        [[1.0, 1.0], [0.0, 1.0]]
    """
    return _triangle(Triu, input, diagonal, 'triu', out)


METHODS = {
    'diag': diag, 'diag_embed': diag_embed, 'diagflat': diagflat, 'diagonal': diagonal,
    'diagonal_scatter': diagonal_scatter, 'tril': tril, 'triu': triu,
}
INPLACE = {'tril_': tril, 'triu_': triu}
