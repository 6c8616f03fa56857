"""Putting tensors together: cat, stack and their kin. The adjoints are slices and unbind."""

import numpy as np

from .. import _kernels as K
from .._core import checks
from .._core.arrays import empty, zeros
from .._core.dtype import from_np, promote_types
from .._core.inplace import copy_out
from .._core.op import Op, finish
from ._places import refuse_overlap

__all__ = [
    'block_diag', 'cat', 'column_stack', 'concat', 'concatenate', 'dstack', 'hstack', 'row_stack', 'stack', 'vstack',
]


class Cat(Op, name='CatBackward0'):
    own_memory = True

    @staticmethod
    def forward(*arrays, dim, sizes):
        r = K.copy.join(arrays, dim)
        if r is not None:
            return r
        shape = list(arrays[0].shape)
        shape[dim] = sum(sizes)
        return np.concatenate(arrays, dim, empty(shape, arrays[0].dtype))  # left alone, NumPy may choose F order

    def backward(self, g):
        before = (slice(None),) * self.kw['dim']
        grads, start = [], 0
        for needs, size in zip(self.needs, self.kw['sizes'], strict=True):
            end = start + size
            grads.append(g[(*before, slice(start, end))] if needs else None)
            start = end
        return tuple(grads)


class Stack(Op, name='StackBackward0'):
    @staticmethod
    def forward(*arrays, dim):
        first = arrays[0]
        key = (*(slice(None),) * dim, None)
        parts = tuple([a[key] for a in arrays])
        y = K.copy.join(parts, dim)
        if y is None:
            y = np.concatenate(parts, dim, empty((*first.shape[:dim], len(arrays), *first.shape[dim:]), first.dtype))
        return y

    def backward(self, g):
        return g.unbind(self.kw['dim'])


class BlockDiag(Op, name='BlockDiagBackward0'):
    @staticmethod
    def forward(*arrays, shapes):
        y = zeros([sum(n) for n in zip(*shapes, strict=True)], arrays[0].dtype)
        i = j = 0
        for a in arrays:
            n, m = a.shape
            y[i:i + n, j:j + m] = a
            i, j = i + n, j + m
        return y

    def backward(self, g):
        grads, i, j = [], 0, 0
        for needs, (n, m) in zip(self.needs, self.kw['shapes'], strict=True):
            grads.append(g[i:i + n, j:j + m] if needs else None)
            i, j = i + n, j + m
        return tuple(grads)


def _same_dtype(tensors):
    """The tensors converted to the type to which they promote."""
    first = tensors[0]._a.dtype
    for x in tensors:
        if x._a.dtype is not first:
            break
    else:
        return tensors
    dtype = from_np(first)
    for x in tensors:
        dtype = promote_types(dtype, x.dtype)
    return [x.to(dtype) for x in tensors]


def cat(tensors, dim=0, *, out=None, axis=None):
    """Join tensors along a dimension that they have.

    Args:
        tensors (sequence of Tensor): alike in every dimension but `dim`; tensors of shape ``(0,)`` are skipped.
        dim (int): the dimension along which they are joined.
        out (Tensor, optional): where to store the result.
        axis (int, optional): `dim` under NumPy's name.

    Returns:
        Tensor: new memory, of the type to which the tensors promote.

    Example:
        >>> import cnet
        >>> cnet.cat((cnet.tensor([1, 2]), cnet.tensor([3]))).tolist()
        [1, 2, 3]
    """
    tensors = checks.tensors(tensors, 'cat')
    if not tensors:
        raise ValueError('cnet.cat(): expected a non-empty list of Tensors')
    return _cat(tensors, dim if axis is None else axis, out)


def _cat(tensors, dim, out):
    if out is None and type(dim) is int:
        y = K.copy.join(tuple([x._a for x in tensors]), dim)
        if y is not None:   # the usual case, all alike: looked at in the kernel
            sizes = [x._a.shape[dim] for x in tensors]
            return finish(Cat, Cat.info_, tuple(tensors), {'dim': dim if dim >= 0 else dim + y.ndim, 'sizes': sizes}, y)
    shape, dtype, alike, skipped = None, tensors[0]._a.dtype, True, False
    for i, x in enumerate(tensors):
        a = x._a
        other = a.shape
        if not other:
            raise RuntimeError(f'zero-dimensional tensor (at position {i}) cannot be concatenated')
        alike = alike and a.dtype is dtype
        if other == (0,):
            skipped = True
            continue
        if shape is None:
            shape = other
            dim = checks.dim(dim, len(shape))
        elif other != shape:
            _check_cat(shape, other, dim, i)
    if shape is None:
        dim = checks.dim(dim, 1)
    if out is not None:
        refuse_overlap(out, *tensors)
    if not alike:
        tensors = _same_dtype(tensors)
    if skipped and shape is not None and len(shape) > 1:
        tensors = [x for x in tensors if x._a.shape != (0,)]
    y = Cat.apply(*tensors, dim=dim, sizes=[x._a.shape[dim] for x in tensors])
    return y if out is None else copy_out(y, out)


def _check_cat(shape, other, dim, position):
    if len(shape) != len(other):
        raise RuntimeError(f'Tensors must have same number of dimensions: got {len(shape)} and {len(other)}')
    for d, (n, m) in enumerate(zip(shape, other, strict=True)):
        if n != m and d != dim:
            raise RuntimeError(f'Sizes of tensors must match except in dimension {dim}. Expected size {n} but got size '
                               f'{m} for tensor number {position} in the list.')


def concat(tensors, dim=0, *, out=None, axis=None):
    """`cat` under another name.

    Args:
        tensors (sequence of Tensor): alike in every dimension but `dim`.
        dim (int): the dimension along which they are joined.
        out (Tensor, optional): where to store the result.
        axis (int, optional): `dim` under NumPy's name.

    Returns:
        Tensor: new memory.

    Example:
        >>> import cnet
        >>> cnet.concat((cnet.tensor([1, 2]), cnet.tensor([3]))).tolist()
        [1, 2, 3]
    """
    return cat(tensors, dim, out=out, axis=axis)


def concatenate(tensors, dim=0, *, out=None, axis=None):
    """`cat` under NumPy's name.

    Args:
        tensors (sequence of Tensor): alike in every dimension but `dim`.
        dim (int): the dimension along which they are joined.
        out (Tensor, optional): where to store the result.
        axis (int, optional): `dim` under NumPy's name.

    Returns:
        Tensor: new memory.

    Example:
        >>> import cnet
        >>> cnet.concatenate((cnet.tensor([1, 2]), cnet.tensor([3])), axis=0).tolist()
        [1, 2, 3]
    """
    return cat(tensors, dim, out=out, axis=axis)


def stack(tensors, dim=0, *, out=None, axis=None):
    """Join tensors of one shape along a new dimension.

    Args:
        tensors (sequence of Tensor): all of the same shape.
        dim (int): where the new dimension goes.
        out (Tensor, optional): where to store the result.
        axis (int, optional): `dim` under NumPy's name.

    Shape:
        K inputs ``(A, ..., D)``; output with K inserted at `dim`.

    Returns:
        Tensor: new memory, of the type to which the tensors promote.

    Example:
        >>> import cnet
        >>> cnet.stack((cnet.tensor([1, 2]), cnet.tensor([3, 4])), 1).tolist()
        [[1, 3], [2, 4]]
    """
    tensors = checks.tensors(tensors, 'stack')
    if not tensors:
        raise RuntimeError('stack expects a non-empty TensorList')
    shape = tensors[0]._a.shape
    for i, x in enumerate(tensors):
        if x._a.shape != shape:
            raise RuntimeError(f'stack expects each tensor to be equal size, but got {list(shape)} at entry 0 and '
                               f'{list(x._a.shape)} at entry {i}')
    y = Stack.apply(*_same_dtype(tensors), dim=checks.dim(dim if axis is None else axis, len(shape) + 1))
    return y if out is None else copy_out(y, out)


def _prepared(tensors, name, prepare):
    tensors = checks.tensors(tensors, name)
    if not tensors:
        raise RuntimeError(f'{name} expects a non-empty TensorList')
    return [prepare(x) for x in tensors]


def _one(x):
    return x if x._a.ndim else x.reshape(1)


def _two(x):
    return x if x._a.ndim > 1 else x.reshape(1, -1) if x._a.size else x.reshape(1, 0)


def _three(x):
    ndim = x._a.ndim
    return x if ndim > 2 else x.unsqueeze(-1) if ndim == 2 else x.reshape(1, x._a.size, 1)


def hstack(tensors, *, out=None):
    """Join tensors side by side: along dimension 1, or 0 if they have no other.

    Args:
        tensors (sequence of Tensor): alike in every other dimension.
        out (Tensor, optional): where to store the result.

    Returns:
        Tensor: new memory.

    Example:
        >>> import cnet
        >>> cnet.hstack((cnet.tensor([1, 2]), cnet.tensor([3]))).tolist()
        [1, 2, 3]
    """
    tensors = _prepared(tensors, 'hstack', _one)
    return _cat(tensors, 0 if tensors[0]._a.ndim == 1 else 1, out)


def vstack(tensors, *, out=None):
    """Join tensors one above the other: along dimension 0, a vector being one row.

    Args:
        tensors (sequence of Tensor): alike in every other dimension.
        out (Tensor, optional): where to store the result.

    Returns:
        Tensor: new memory.

    Example:
        >>> import cnet
        >>> cnet.vstack((cnet.tensor([1, 2]), cnet.tensor([3, 4]))).tolist()
        [[1, 2], [3, 4]]
    """
    return _cat(_prepared(tensors, 'vstack', _two), 0, out)


def row_stack(tensors, *, out=None):
    """`vstack` under another name.

    Args:
        tensors (sequence of Tensor): alike in every dimension but the first.
        out (Tensor, optional): where to store the result.

    Returns:
        Tensor: new memory.

    Example:
        >>> import cnet
        >>> cnet.row_stack((cnet.tensor([1, 2]), cnet.tensor([3, 4]))).tolist()
        [[1, 2], [3, 4]]
    """
    return vstack(tensors, out=out)


def dstack(tensors, *, out=None):
    """Join tensors in depth: along dimension 2, a matrix having depth one.

    Args:
        tensors (sequence of Tensor): alike in every other dimension.
        out (Tensor, optional): where to store the result.

    Returns:
        Tensor: new memory.

    Example:
        >>> import cnet
        >>> cnet.dstack((cnet.tensor([1, 2]), cnet.tensor([3, 4]))).tolist()
        [[[1, 3], [2, 4]]]
    """
    return _cat(_prepared(tensors, 'dstack', _three), 2, out)


def column_stack(tensors, *, out=None):
    """Join tensors side by side, a vector being one column.

    Args:
        tensors (sequence of Tensor): vectors of length N, matrices with N rows.
        out (Tensor, optional): where to store the result.

    Returns:
        Tensor: new memory.

    Example:
        >>> import cnet
        >>> cnet.column_stack((cnet.tensor([1, 2]), cnet.tensor([3, 4]))).tolist()
        [[1, 3], [2, 4]]
    """
    tensors = _prepared(tensors, 'column_stack', lambda x: x if x._a.ndim > 1 else x.reshape(x._a.size, 1))
    return _cat(tensors, 1, out)


def block_diag(*tensors):
    """Join matrices along the diagonal; the rest is zero.

    Args:
        tensors (Tensor...): at most two dimensions each; a vector is one row.

    Shape:
        Inputs ``(Ni, Mi)``; output ``(N1 + ... + Nk, M1 + ... + Mk)``.

    Returns:
        Tensor: new memory, of the type to which the tensors promote.

    Example:
        >>> import cnet
        >>> cnet.block_diag(cnet.tensor([[1]]), cnet.tensor([2, 3])).tolist()
        [[1, 0, 0], [0, 2, 3]]
    """
    tensors = checks.tensors(tensors, 'block_diag')
    for i, x in enumerate(tensors):
        if x._a.ndim > 2:
            raise RuntimeError(f'cnet.block_diag: Input tensors must have 2 or fewer dimensions. Input {i} has '
                               f'{x._a.ndim} dimensions')
    if not tensors:
        raise RuntimeError('block_diag expects at least one tensor')
    matrices = [_two(x) for x in _same_dtype(tensors)]
    return BlockDiag.apply(*matrices, shapes=[x._a.shape for x in matrices])


METHODS = {}
