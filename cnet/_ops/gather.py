"""Elements by an index of the result's shape: gather, scatter and scatter_add, each made of the others' adjoints."""

import numpy as np

from .. import _kernels as K
from .._core import checks
from .._core.arrays import contiguous, empty, zeros
from .._core.base import TensorBase
from .._core.inplace import copy_out
from .._core.op import Op
from .._kernels.strided import meet
from ._places import Write, as_long, cut, outside, refuse_overlap, separate
from .slices import Place

__all__ = ['gather', 'scatter', 'scatter_add', 'take_along_dim']


class Gather(Op, name='GatherBackward0'):
    own_memory = True
    keep_in = (1,)

    @staticmethod
    def forward(x, index, dim):
        y = empty(index.shape, x.dtype)
        if y.size:
            if x.shape[:dim] != index.shape[:dim] or x.shape[dim + 1:] != index.shape[dim + 1:]:
                x = x[_reach(x.shape, index.shape, dim)]
            x = contiguous(x)
            outer, n, inner = cut(x.shape, dim)
            K.index.gather(x, as_long(index), y, outer, n, index.shape[dim] if index.ndim else 1, inner)
        return y

    def backward(self, g):
        return GatherGrad.apply(g, self.saved(1), shape=self.in_shape(0), dim=self.kw['dim']), None


class GatherGrad(Op, name='GatherBackwardBackward0'):  # zeros to which g is added at the index
    own_memory = True
    keep_in = (1,)

    @staticmethod
    def forward(g, index, shape, dim):
        y = zeros(shape, g.dtype)
        ScatterAdd.into(y, index, g, dim=dim)
        return y

    def backward(self, g):
        return Gather.apply(g, self.saved(1), dim=self.kw['dim']), None


class Scatter(Write, name='ScatterBackward0'):
    keep_in = (1,)

    @staticmethod
    def into(y, index, src, dim):
        run_scatter(y, index, src, dim, K.index.scatter)

    def backward(self, g):
        index, dim = self.saved(1), self.kw['dim']
        return (Scatter.apply(g, index, 0, dim=dim) if self.needs[0] else None, None,
                _spread(Gather.apply(g, index, dim=dim), self.in_shape(2)) if self.needs[2] else None)


class ScatterValue(Scatter, name='ScatterBackward1'):
    pass


class ScatterAdd(Write, name='ScatterAddBackward0'):
    keep_in = (1,)

    @staticmethod
    def into(y, index, src, dim):
        def add(block, index, src, *sizes):
            if not K.index.scatter_add(block, index, src, *sizes):
                outer, n, inner = sizes[0], sizes[1], sizes[3]
                o, _, i = np.ogrid[:outer, :1, :inner]
                np.add.at(block.reshape(outer, n, inner), (o, index.reshape(outer, -1, inner), i),
                          src.reshape(outer, -1, inner))
        run_scatter(y, index, src, dim, add)

    def backward(self, g):
        index, dim = self.saved(1), self.kw['dim']
        return g, None, _spread(Gather.apply(g, index, dim=dim), self.in_shape(2)) if self.needs[2] else None


def _reach(shape, index_shape, dim):
    """The part of a tensor that an index of another shape can reach."""
    return tuple([slice(None) if d == dim else slice(0, n) for d, n in enumerate(index_shape)]) if shape else ()


def run_scatter(y, index, src, dim, kernel):
    """Run a scatter kernel on the part of `y` that the index can reach."""
    if not index.size:
        return
    if y.shape == index.shape and y.ndim and type(src) is np.ndarray and src.shape == y.shape and y.flags.c_contiguous:
        outer, n, inner = cut(y.shape, dim)
        kernel(y, as_long(index), separate(src if src.dtype == y.dtype else src.astype(y.dtype), y), outer, n, n, inner)
        return
    part = y[_reach(y.shape, index.shape, dim)] if y.ndim else y
    block = contiguous(part)
    src = np.broadcast_to(src, index.shape) if np.ndim(src) == 0 else src[tuple([slice(0, n) for n in index.shape])]
    outer, n, inner = cut(part.shape, dim)
    kernel(block, as_long(index), separate(np.asarray(src, y.dtype), y), outer, n,
           index.shape[dim] if index.ndim else 1, inner)
    if not meet(block, part):
        part[...] = block


def _spread(g, shape):
    """A gradient of the part of a source that was used, as one of all of it."""
    if g._a.shape == shape:
        return g
    return Place.apply(g, shape=shape, key=tuple([slice(0, n) for n in g._a.shape]))


def check_index(x, index, dim, op, src=None):
    """Refuse an index that does not fit; returns the dimension as a non-negative int."""
    checks.tensor(index, op, 'index')
    dim = checks.dim(dim, x._a.ndim)
    a = index._a
    if not a.size:
        return dim
    if a.dtype.kind != 'i' or a.itemsize < 4:
        raise RuntimeError(f'{op}(): Expected dtype int32/int64 for index')
    shape, sizes = x._a.shape or (1,), a.shape or (1,)
    if shape == sizes and (src is None or src._a.shape == shape):
        return _bounded(a, dim, shape[dim])
    if len(shape) != len(sizes):
        raise RuntimeError('Index tensor must have the same number of dimensions as '
                           f'{"input" if op == "gather" else "self"} tensor')
    beyond = sizes != shape and any(n > m and d != dim for d, (n, m) in enumerate(zip(sizes, shape, strict=True)))
    if src is None:
        if beyond:
            d = next(d for d in range(len(sizes)) if d != dim and sizes[d] > shape[d])
            raise RuntimeError(f'Size does not match at dimension {d} expected index {list(sizes)} to be no larger than '
                               f'self {list(shape)} apart from dimension {dim}')
    else:
        given = src._a.shape or (1,)
        checks.dim(dim, len(given))
        if len(given) != len(sizes):
            raise RuntimeError('Index tensor must have the same number of dimensions as src tensor')
        if beyond or (sizes != given and any(n > m for n, m in zip(sizes, given, strict=True))):
            raise RuntimeError(f'Expected index {list(sizes)} to be no larger than self {list(shape)} apart from '
                               f'dimension {dim} and to be no larger size than src {list(given)}')
    return _bounded(a, dim, shape[dim])


def _bounded(index, dim, n):
    bad = outside(index, 0, n)
    if bad is not None:
        raise RuntimeError(f'index {bad} is out of bounds for dimension {dim} with size {n}')
    return dim


def gather(input, dim, index, *, sparse_grad=False, out=None):
    """Elements picked along a dimension, by an index for each element of the result.

    Args:
        input (Tensor): where to pick.
        dim (int): the dimension in which the index counts.
        index (Tensor): int64; in the other dimensions not larger than `input`.
        sparse_grad (bool): accepted; the gradient is always dense.
        out (Tensor, optional): where to store the result.

    Shape:
        Output like `index`; with ``dim=1``, ``output[i, j] = input[i, index[i, j]]``.

    Returns:
        Tensor: new memory.

    Example:
        >>> import cnet
        >>> cnet.gather(cnet.tensor([[1, 2], [3, 4]]), 1, cnet.tensor([[1], [0]])).tolist()
        [[2], [3]]
    """
    dim = check_index(input, index, dim, 'gather')
    if out is None:
        return Gather.apply(input, index, dim=dim)
    if out._a.dtype != input._a.dtype:
        raise RuntimeError(f'Expected out tensor to have dtype {input.dtype.legacy}, but got {out.dtype.legacy} instead')
    refuse_overlap(out, input, index)
    return copy_out(Gather.apply(input, index, dim=dim), out)


def take_along_dim(input, indices, dim=None, *, out=None):
    """Elements picked along a dimension by an index that is broadcast against the others.

    Args:
        input (Tensor): where to pick.
        indices (Tensor): int64, with as many dimensions as `input`.
        dim (int, optional): the dimension in which the index counts. Default: both tensors are flattened.
        out (Tensor, optional): where to store the result.

    Returns:
        Tensor: new memory.

    Example:
        >>> import cnet
        >>> x = cnet.tensor([[30, 10, 20]])
        >>> cnet.take_along_dim(x, cnet.tensor([[1, 2, 0]]), 1).tolist()
        [[10, 20, 30]]
    """
    if indices._a.dtype != np.int64:
        raise RuntimeError(f'cnet.take_along_dim(): dtype of indices should be Long but got {indices.dtype.legacy}')
    if dim is None:
        input, indices, dim = input.reshape(-1), indices.reshape(-1), 0
    elif input._a.ndim != indices._a.ndim:
        raise RuntimeError('cnet.take_along_dim(): input and indices should have the same number of dimensions, but got '
                           f'{input._a.ndim} dimensions for input, and {indices._a.ndim} dimensions for indices')
    else:
        dim = checks.dim(dim, input._a.ndim)
        s, r = [(*x._a.shape[:dim], *x._a.shape[dim + 1:]) for x in (input, indices)]
        if s != r:
            rest = np.broadcast_shapes(s, r)
            input = input.expand((*rest[:dim], input._a.shape[dim], *rest[dim:]))
            indices = indices.expand((*rest[:dim], indices._a.shape[dim], *rest[dim:]))
    n = input._a.shape[dim] if input._a.ndim else 1
    if n and outside(indices._a, 0, n) is not None:
        indices = indices.new_tensor(indices._a % n)  # any number counts round and round
    return gather(input, dim, indices, out=out)


_REDUCE = {'add': 'sum', 'multiply': 'prod'}


def _scatter(x, dim, index, src, value, reduce, in_place):
    if value is not None:
        src = value
    tensor = isinstance(src, TensorBase)
    if not tensor:
        checks.number(src, 'scatter', 'src', 4)
    dim = check_index(x, index, dim, 'scatter', src if tensor else None)
    if tensor and src._a.dtype != x._a.dtype:
        raise RuntimeError('scatter(): Expected self.dtype to be equal to src.dtype')
    if reduce is None:
        op = Scatter if tensor else ScatterValue
        return (op.apply_ if in_place else op.apply)(x, index, src, dim=dim)
    if reduce not in _REDUCE:
        raise RuntimeError('reduce argument must be either add or multiply.')
    if not tensor:
        src = x.new_full(index._a.shape, src)
    method = x.scatter_reduce_ if in_place else x.scatter_reduce
    return method(dim, index, src, _REDUCE[reduce])


def scatter(input, dim, index, src=None, *, value=None, reduce=None, out=None):
    """A copy with elements replaced along a dimension: the counterpart of `gather`.

    Args:
        input (Tensor): the tensor to copy.
        dim (int): the dimension in which the index counts.
        index (Tensor): int64; where each element of `src` goes.
        src (Tensor or number): the new elements.
        value (number, optional): `src` by keyword, for a number.
        reduce (str, optional): 'add' or 'multiply' to combine instead of replacing.
        out (Tensor, optional): where to store the result.

    Returns:
        Tensor: new memory. Of several elements that go to one place, the last remains.

    Example:
        >>> import cnet
        >>> cnet.scatter(cnet.zeros(1, 3), 1, cnet.tensor([[2, 0]]), 1.).tolist()
        [[1.0, 0.0, 1.0]]
    """
    y = _scatter(input, dim, index, src, value, reduce, False)
    return y if out is None else copy_out(y, out)


def scatter_(self, dim, index, src=None, *, value=None, reduce=None):
    """`scatter` into the tensor itself.

    Args:
        dim (int): the dimension in which the index counts.
        index (Tensor): int64; where each element of `src` goes.
        src (Tensor or number): the new elements.
        value (number, optional): `src` by keyword, for a number.
        reduce (str, optional): 'add' or 'multiply' to combine instead of replacing.

    Returns:
        Tensor: this tensor.

    Example:
        >>> import cnet
        >>> cnet.zeros(1, 3).scatter_(1, cnet.tensor([[2]]), 1.).tolist()
        [[0.0, 0.0, 1.0]]
    """
    return _scatter(self, dim, index, src, value, reduce, True)


def _check_add(x, dim, index, src):
    dim = check_index(x, index, dim, 'scatter', checks.tensor(src, 'scatter_add', 'src', 3))
    if src._a.dtype != x._a.dtype:
        raise RuntimeError('scatter(): Expected self.dtype to be equal to src.dtype')
    return dim


def scatter_add(input, dim, index, src, *, out=None):
    """A copy with elements added along a dimension: the adjoint of `gather`.

    Args:
        input (Tensor): the tensor to copy.
        dim (int): the dimension in which the index counts.
        index (Tensor): int64; to what each element of `src` is added.
        src (Tensor): the elements to add.
        out (Tensor, optional): where to store the result.

    Returns:
        Tensor: new memory. Sums are taken in the order of `src`.

    Example:
        >>> import cnet
        >>> cnet.scatter_add(cnet.zeros(2), 0, cnet.tensor([0, 0, 1]), cnet.ones(3)).tolist()
        [2.0, 1.0]
    """
    y = ScatterAdd.apply(input, index, src, dim=_check_add(input, dim, index, src))
    return y if out is None else copy_out(y, out)


def scatter_add_(self, dim, index, src):
    """`scatter_add` into the tensor itself.

    Args:
        dim (int): the dimension in which the index counts.
        index (Tensor): int64; to what each element of `src` is added.
        src (Tensor): the elements to add.

    Returns:
        Tensor: this tensor.

    Example:
        >>> import cnet
        >>> cnet.zeros(2).scatter_add_(0, cnet.tensor([0, 0]), cnet.ones(2)).tolist()
        [2.0, 0.0]
    """
    return ScatterAdd.apply_(self, index, src, dim=_check_add(self, dim, index, src))


METHODS = {
    'gather': gather, 'scatter': scatter, 'scatter_': scatter_, 'scatter_add': scatter_add,
    'scatter_add_': scatter_add_, 'take_along_dim': take_along_dim,
}
