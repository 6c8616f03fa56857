"""Slices along a dimension by a vector of indices: index_select, index_add, index_copy, index_fill; take and put."""

import numpy as np

from .._core import checks
from .._core.arrays import zeros
from .._core.base import TensorBase, wrap
from .._core.inplace import copy_out
from .._core.op import Op
from ._places import Write, add_rows, flat_long, outside, refuse_overlap, separate, take_rows

__all__ = ['index_add', 'index_copy', 'index_fill', 'index_select', 'put', 'take']


class IndexSelect(Op, name='IndexSelectBackward0'):
    own_memory = True
    keep_in = (1,)

    @staticmethod
    def forward(x, index, dim):
        y = take_rows(x, flat_long(index), dim)
        return y if x.ndim else y.reshape(())

    def backward(self, g):
        return IndexSelectGrad.apply(g, self.saved(1), shape=self.in_shape(0), dim=self.kw['dim']), None


class IndexSelectGrad(Op, name='IndexSelectBackwardBackward0'):  # zeros to which the slices of g are added
    own_memory = True
    keep_in = (1,)

    @staticmethod
    def forward(g, index, shape, dim):
        y = zeros(shape, g.dtype)
        _add(y, index, g, dim)
        return y

    def backward(self, g):
        return IndexSelect.apply(g, self.saved(1), dim=self.kw['dim']), None


def _add(y, index, src, dim):
    add_rows(y if y.ndim else y.reshape(1), flat_long(index), src, dim)


def _slices(y, index, dim):
    """The key of the slices of y; y has at least one dimension."""
    return *(slice(None),) * dim, index.reshape(-1)


def _line(a):
    return a if a.ndim else a.reshape(1)


class IndexAdd(Write, name='IndexAddBackward0'):
    keep_in = (1,)

    @staticmethod
    def into(y, index, src, dim, alpha):
        src = separate(src, y)
        _add(y, index, src if alpha == 1 else src * np.array(alpha).astype(y.dtype), dim)

    def backward(self, g):
        g_src = None
        if self.needs[2]:
            g_src = IndexSelect.apply(g, self.saved(1), dim=self.kw['dim']).reshape(self.in_shape(2))
            if self.kw['alpha'] != 1:
                g_src = g_src * self.kw['alpha']
        return g, None, g_src


class IndexCopy(Write, name='IndexCopyBackward0'):
    keep_in = (1,)

    @staticmethod
    def into(y, index, src, dim):
        _line(y)[_slices(y, index, dim)] = _line(src)

    def backward(self, g):
        index, dim = self.saved(1), self.kw['dim']
        return (IndexFill.apply(g, index, 0, dim=dim), None,
                IndexSelect.apply(g, index, dim=dim).reshape(self.in_shape(2)) if self.needs[2] else None)


class IndexFill(Write, name='IndexFillBackward0'):
    keep_in = (1,)

    @staticmethod
    def into(y, index, value, dim):
        _line(y)[_slices(y, index, dim)] = value

    def backward(self, g):
        index, dim = self.saved(1), self.kw['dim']
        return (IndexFill.apply(g, index, 0, dim=dim) if self.needs[0] else None, None,
                IndexSelect.apply(g, wrap(np.unique(index._a)), dim=dim).sum() if self.needs[2] else None)


class IndexFillTensor(IndexFill, name='IndexFillBackward1'):
    pass


class Take(Op, name='TakeBackward0'):
    keep_in = (1,)

    @staticmethod
    def forward(x, index):
        return np.asarray(x.reshape(-1)[index])

    def backward(self, g):
        return TakeGrad.apply(g, self.saved(1), shape=self.in_shape(0)), None


class TakeGrad(Op, name='TakeBackwardBackward0'):
    keep_in = (1,)

    @staticmethod
    def forward(g, index, shape):
        y = zeros(shape, g.dtype)
        Put.into(y, index, g, add=True)
        return y

    def backward(self, g):
        return Take.apply(g, self.saved(1)), None


class Put(Write, name='PutBackward0'):
    keep_in = (1,)

    @staticmethod
    def into(y, index, src, add):
        flat = np.ascontiguousarray(y).reshape(-1)
        index = flat_long(index)
        if add:
            add_rows(flat, np.where(index < 0, index + flat.size, index), separate(src, y).reshape(-1), 0)
        else:
            flat[index] = src.reshape(-1) if np.ndim(src) else src
        if not np.may_share_memory(flat, y):
            y[...] = flat.reshape(y.shape)

    def backward(self, g):
        index = self.saved(1)
        g_self = g if self.kw['add'] or not self.needs[0] else Put.apply(g, index, 0, add=False)
        return g_self, None, Take.apply(g, index).reshape(self.in_shape(2)) if self.needs[2] else None


def _check(x, dim, index, name, error=IndexError):
    """Refuse an index that is no vector within the bounds; returns the dimension as a non-negative int."""
    checks.tensor(index, name, 'index')
    dim = checks.dim(dim, x._a.ndim)
    if index._a.ndim > 1:
        raise IndexError(f'{name}(): Index is supposed to be a vector')
    n = x._a.shape[dim] if x._a.ndim else 1
    bad = outside(index._a, 0, n)
    if bad is not None:
        raise error(f'index {bad} is out of bounds for dimension {dim} with size {n}')
    return dim


def index_select(input, dim, index, *, out=None):
    """Slices picked along a dimension.

    Args:
        input (Tensor): where to pick.
        dim (int): the dimension.
        index (Tensor): int64 or int32, a vector of positions.
        out (Tensor, optional): where to store the result.

    Shape:
        Input ``(A, ..., S, ..., D)``, index ``(K)``; output ``(A, ..., K, ..., D)``.

    Returns:
        Tensor: new memory.

    Example:
        >>> import cnet
        >>> cnet.index_select(cnet.tensor([[1, 2], [3, 4]]), 1, cnet.tensor([1])).tolist()
        [[2], [4]]
    """
    checks.tensor(index, 'index_select', 'index', 3)
    if index._a.dtype.kind != 'i' or index._a.itemsize < 4:
        raise RuntimeError('index_select(): Expected dtype int32 or int64 for index')
    dim = checks.dim(dim, input._a.ndim)
    if index._a.ndim > 1:
        raise IndexError('index_select(): Index is supposed to be a vector')
    if outside(index._a, 0, input._a.shape[dim] if input._a.ndim else 1) is not None:
        raise IndexError('index out of range in self')
    if not input._a.ndim and index._a.size != 1:
        raise RuntimeError('index_select(): Index to scalar can have only 1 value, got '
                           f'{index._a.size} value(s)')
    if out is None:
        return IndexSelect.apply(input, index, dim=dim)
    refuse_overlap(out, input, index)
    return copy_out(IndexSelect.apply(input, index, dim=dim), out)


def _index_add(x, dim, index, source, alpha, in_place):
    checks.tensor(source, 'index_add', 'source', 3)
    dim = _check(x, dim, index, 'index_add_', RuntimeError if x._a.ndim > 1 else IndexError)
    if x._a.dtype != source._a.dtype:
        raise RuntimeError(f'index_add_(): self ({x.dtype.legacy}) and source ({source.dtype.legacy}) must have the same '
                           'scalar type')
    check_source(x, dim, index, source, 'index_add_')
    if isinstance(alpha, float) and x._a.dtype.kind in 'iub':
        raise RuntimeError('For integral input tensors, argument alpha must not be a floating point number.')
    return (IndexAdd.apply_ if in_place else IndexAdd.apply)(x, index, source, dim=dim, alpha=alpha)


def check_source(x, dim, index, source, name):
    """Refuse a source whose slices are not as many as the indices, or do not fit."""
    sizes, shape = x._a.shape, source._a.shape
    count = shape[dim] if dim < len(shape) else 1
    if index._a.size != count:
        raise RuntimeError(f'{name}(): Number of indices ({index._a.size}) should be equal to source.size(dim): '
                           f'({count}), for dim: {dim}')
    if sizes and shape and sizes[:dim] + sizes[dim + 1:] != shape[:dim] + shape[dim + 1:]:
        raise RuntimeError('source tensor shape must match self tensor shape, excluding the specified dimension. Got '
                           f'self.shape = {list(sizes)} source.shape = {list(shape)}')


def index_add(input, dim, index, source, *, alpha=1, out=None):
    """A copy with slices added along a dimension: the adjoint of `index_select`.

    Args:
        input (Tensor): the tensor to copy.
        dim (int): the dimension.
        index (Tensor): int64 or int32; to which slice each slice of `source` is added.
        source (Tensor): the slices to add.
        alpha (number): what they are multiplied by first.
        out (Tensor, optional): where to store the result.

    Returns:
        Tensor: new memory. Sums are taken in the order of `index`.

    Example:
        >>> import cnet
        >>> cnet.index_add(cnet.zeros(2), 0, cnet.tensor([0, 0]), cnet.ones(2)).tolist()
        [2.0, 0.0]
    """
    y = _index_add(input, dim, index, source, alpha, False)
    return y if out is None else copy_out(y, out)


def index_add_(self, dim, index, source, *, alpha=1):
    """`index_add` into the tensor itself.

    Args:
        dim (int): the dimension.
        index (Tensor): int64 or int32; to which slice each slice of `source` is added.
        source (Tensor): the slices to add.
        alpha (number): what they are multiplied by first.

    Returns:
        Tensor: this tensor.

    Example:
        >>> import cnet
        >>> cnet.zeros(2).index_add_(0, cnet.tensor([1]), cnet.ones(1), alpha=3).tolist()
        [0.0, 3.0]
    """
    return _index_add(self, dim, index, source, alpha, True)


def _index_copy(x, dim, index, source, in_place):
    dim = checks.dim(dim, x._a.ndim)
    if checks.tensor(index, 'index_copy', 'index', 2)._a.dtype != np.int64:
        raise RuntimeError(f'index_copy_(): Expected a long tensor for index, but got {index.dtype.legacy}')
    if index._a.ndim > 1:
        raise IndexError('index_copy_(): Index should have dimension 1 or 0')
    if x._a.dtype != source._a.dtype:
        raise RuntimeError('index_copy_(): self and source expected to have the same dtype, but got (self) '
                           f'{x.dtype.legacy} and (source) {source.dtype.legacy}')
    sizes, shape = x._a.shape, source._a.shape
    if not shape and index._a.size != 1:
        raise IndexError('index_copy_(): When source is scalar, index should have one element (got '
                         f'{index._a.size})')
    if sizes and shape and len(sizes) != len(shape):
        raise IndexError('index_copy_(): When source and destination are not scalars, their dimensionality must match. '
                         f'Source dimensionality ({len(shape)}), destination dimensionality ({len(sizes)})')
    if shape and index._a.size != (shape[dim] if sizes else shape[0]):
        raise IndexError(f'index_copy_(): Number of indices ({index._a.size}) should be equal to source.size(dim) '
                         f'({shape[dim]})')
    rest, given = sizes[:dim] + sizes[dim + 1:], shape[:dim] + shape[dim + 1:]
    if sizes and shape and rest != given:
        raise RuntimeError('index_copy_(): Source/destination tensor must have same slice shapes. Destination slice '
                           f'shape: {" ".join(map(str, rest))} at dimension {dim} and source slice shape: '
                           f'{" ".join(map(str, given))} at dimension 0.')
    n = sizes[dim] if sizes else 1
    bad = outside(index._a, 0, n)
    if bad is not None:
        raise IndexError(f'index_copy_(): index {bad} is out of bounds for dimension {dim} with size {n}')
    return (IndexCopy.apply_ if in_place else IndexCopy.apply)(x, index, source, dim=dim)


def index_copy(input, dim, index, source, *, out=None):
    """A copy with slices along a dimension replaced.

    Args:
        input (Tensor): the tensor to copy.
        dim (int): the dimension.
        index (Tensor): int64; which slice each slice of `source` replaces.
        source (Tensor): the new slices.
        out (Tensor, optional): where to store the result.

    Returns:
        Tensor: new memory.

    Example:
        >>> import cnet
        >>> cnet.index_copy(cnet.zeros(3), 0, cnet.tensor([2, 0]), cnet.tensor([1., 2.])).tolist()
        [2.0, 0.0, 1.0]
    """
    y = _index_copy(input, dim, index, source, False)
    return y if out is None else copy_out(y, out)


def index_copy_(self, dim, index, source):
    """`index_copy` into the tensor itself.

    Args:
        dim (int): the dimension.
        index (Tensor): int64; which slice each slice of `source` replaces.
        source (Tensor): the new slices.

    Returns:
        Tensor: this tensor.

    Example:
        >>> import cnet
        >>> cnet.zeros(2).index_copy_(0, cnet.tensor([1]), cnet.ones(1)).tolist()
        [0.0, 1.0]
    """
    return _index_copy(self, dim, index, source, True)


def _index_fill(x, dim, index, value, in_place):
    dim = checks.dim(dim, x._a.ndim)
    if checks.tensor(index, 'index_fill', 'index', 2)._a.dtype != np.int64:
        raise IndexError('index_fill_(): Expected dtype int64 for index.')
    if index._a.ndim > 1:
        raise IndexError('Index has to be a vector/scalar')
    n = x._a.shape[dim] if x._a.ndim else 1
    bad = outside(index._a, -n, n)
    if bad is not None:
        raise IndexError(f'index {bad} is out of bounds for dimension {dim} with size {n}')
    if outside(index._a, 0, n) is not None:
        index = index.new_tensor(index._a % n)
    op = IndexFill
    if isinstance(value, TensorBase):
        if value._a.ndim:
            raise RuntimeError('index_fill_ only supports a 0-dimensional value tensor, but got tensor with '
                               f'{value._a.ndim} dimension(s).')
        op = IndexFillTensor
        kind = value._a.dtype.kind
    else:
        kind = 'c' if isinstance(value, complex) else 'f'
    if kind == 'c' and x._a.dtype.kind != 'c':
        raise RuntimeError('index_fill_(): Converting complex Scalar to non-complex type is not supported')
    return (op.apply_ if in_place else op.apply)(x, index, value, dim=dim)


def index_fill(input, dim, index, value):
    """A copy with slices along a dimension filled with a number.

    Args:
        input (Tensor): the tensor to copy.
        dim (int): the dimension.
        index (Tensor): int64; which slices.
        value (number or Tensor without dimensions): the number.

    Returns:
        Tensor: new memory.

    Example:
        >>> import cnet
        >>> cnet.index_fill(cnet.zeros(3), 0, cnet.tensor([0, -1]), 1.).tolist()
        [1.0, 0.0, 1.0]
    """
    return _index_fill(input, dim, index, value, False)


def index_fill_(self, dim, index, value):
    """`index_fill` into the tensor itself.

    Args:
        dim (int): the dimension.
        index (Tensor): int64; which slices.
        value (number or Tensor without dimensions): the number.

    Returns:
        Tensor: this tensor.

    Example:
        >>> import cnet
        >>> cnet.zeros(2).index_fill_(0, cnet.tensor([1]), 1.).tolist()
        [0.0, 1.0]
    """
    return _index_fill(self, dim, index, value, True)


def _check_flat(x, index, name):
    if checks.tensor(index, name, 'index')._a.dtype != np.int64:
        raise RuntimeError(f'{name}(): Expected a long tensor for index, but got {index.dtype.legacy}')
    n = x._a.size
    if n == 0 and index._a.size:
        raise IndexError(f'{name}(): tried to {"take from" if name == "take" else "put elements into"} an empty tensor')
    bad = outside(index._a, -n, n)
    if bad is not None:
        raise IndexError(f'out of range: tried to access index {bad} on a tensor of {n} elements.')


def take(input, index, *, out=None):
    """Elements of the flattened tensor.

    Args:
        input (Tensor): where to pick.
        index (Tensor): int64, of any shape; negative numbers count from the end.
        out (Tensor, optional): where to store the result.

    Returns:
        Tensor: new memory of the shape of `index`.

    Example:
        >>> import cnet
        >>> cnet.take(cnet.tensor([[1, 2], [3, 4]]), cnet.tensor([0, -1])).tolist()
        [1, 4]
    """
    _check_flat(input, index, 'take')
    if out is None:
        return Take.apply(input, index)
    refuse_overlap(out, input, index)
    return copy_out(Take.apply(input, index), out)


def _put(x, index, source, accumulate, in_place):
    if source._a.dtype != x._a.dtype:
        raise RuntimeError('put_(): self and source expected to have the same dtype, but got self.dtype = '
                           f'{x.dtype.legacy} and source.dtype = {source.dtype.legacy}')
    if source._a.size != index._a.size:
        raise IndexError('put_(): Expected source and index to have the same number of elements, but got '
                         f'source.numel() = {source._a.size}, index.numel() = {index._a.size}')
    _check_flat(x, index, 'put_')
    return (Put.apply_ if in_place else Put.apply)(x, index, source, add=bool(accumulate))


def put(input, index, source, accumulate=False):
    """A copy with elements of the flattened tensor replaced, or added to.

    Args:
        input (Tensor): the tensor to copy.
        index (Tensor): int64; where each element of `source` goes.
        source (Tensor): the new elements.
        accumulate (bool): add instead of replacing.

    Returns:
        Tensor: new memory.

    Example:
        >>> import cnet
        >>> cnet.put(cnet.zeros(2, 2), cnet.tensor([3]), cnet.ones(1)).tolist()
        [[0.0, 0.0], [0.0, 1.0]]
    """
    return _put(input, index, source, accumulate, False)


def put_(self, index, source, accumulate=False):
    """`put` into the tensor itself.

    Args:
        index (Tensor): int64; where each element of `source` goes.
        source (Tensor): the new elements.
        accumulate (bool): add instead of replacing.

    Returns:
        Tensor: this tensor.

    Example:
        >>> import cnet
        >>> cnet.zeros(2).put_(cnet.tensor([1]), cnet.ones(1)).tolist()
        [0.0, 1.0]
    """
    return _put(self, index, source, accumulate, True)


METHODS = {
    'index_add': index_add, 'index_add_': index_add_, 'index_copy': index_copy, 'index_copy_': index_copy_,
    'index_fill': index_fill, 'index_fill_': index_fill_, 'index_select': index_select, 'put': put, 'put_': put_,
    'take': take,
}
