"""scatter_reduce and index_reduce: elements that go to one place are combined."""


import numpy as np

from .. import _kernels as K
from .._core import checks
from .._core.inplace import assign_, copy_out
from .._core.op import Op
from ._places import as_long, outside
from .gather import ScatterAdd, ScatterValue, check_index, run_scatter
from .rows import check_source

_UFUNC = {'sum': np.add, 'mean': np.add, 'prod': np.multiply, 'amax': np.maximum, 'amin': np.minimum}
_HOW = {'prod': 0, 'amax': 1, 'amin': -1}  # as the kernel calls them


def _identity(reduce, dtype):
    """The number that changes nothing."""
    if reduce in ('sum', 'mean', 'prod'):
        return int(reduce == 'prod')
    if dtype.kind == 'f':
        return -np.inf if reduce == 'amax' else np.inf
    if dtype.kind == 'b':
        return reduce == 'amin'
    limits = np.iinfo(dtype)
    return limits.min if reduce == 'amax' else limits.max


def _combine(y, index, src, dim, reduce):
    """y[index] = f(y[index], src) along a dimension, f being the product or an extreme."""
    def kernel(block, index, src, *sizes):
        if not K.index.scatter_combine(block, index, src, *sizes, _HOW[reduce]):
            outer, n, _, inner = sizes
            o, _, i = np.ogrid[:outer, :1, :inner]
            _UFUNC[reduce].at(block.reshape(outer, n, inner), (o, index.reshape(outer, -1, inner), i),
                              src.reshape(outer, -1, inner))
    run_scatter(y, index, src, dim, kernel)


class ScatterReduce(Op, name='ScatterReduceBackward0'):
    keep_in = (0, 1, 2)
    keep_out = (0,)

    @staticmethod
    def forward(x, index, src, dim, reduce, include_self):
        y = x.copy()
        flat = y if y.ndim else y.reshape(1)
        index = as_long(index if index.ndim else index.reshape(1))
        src = (src if src.ndim else src.reshape(1))[tuple([slice(0, n) for n in index.shape])]
        if not include_self:
            ScatterValue.into(flat, index, _identity(reduce, y.dtype), dim=dim)
        if reduce in ('sum', 'mean'):
            ScatterAdd.into(flat, index, src, dim=dim)
        else:
            _combine(flat, index, src, dim, reduce)
        if reduce == 'mean':
            count = np.full(flat.shape, int(include_self), np.int64)
            ScatterAdd.into(count, index, 1, dim=dim)
            np.maximum(count, 1, out=count)
            flat[...] = flat // count if y.dtype.kind in 'iub' else flat / count.astype(flat.real.dtype)
        return y

    def backward(self, g):
        index, dim, reduce = self.saved(1), self.kw['dim'], self.kw['reduce']
        to_self, to_src = getattr(self, '_' + reduce)(g, self.saved(0), index, self.saved(2), dim)
        if not self.kw['include_self']:
            to_self = to_self.scatter(dim, index, 0)
        return to_self, None, to_src

    def _sum(self, g, x, index, src, dim):
        return g, g.gather(dim, index)

    def _mean(self, g, x, index, src, dim):
        count = (x * 0 + int(self.kw['include_self'])).detach().scatter_add(dim, index, (src * 0 + 1).detach())
        count = count.masked_fill(count == 0, 1)
        return g / count, (g / count).gather(dim, index)

    def _prod(self, g, x, index, src, dim):
        # The derivative by a factor is the product of the others: the result over the factor, unless that is zero.
        no_zero = x.masked_fill(x == 0, 1)
        to_self = g * no_zero.scatter_reduce(dim, index, src, 'prod', include_self=self.kw['include_self']) / no_zero
        zero = src == 0
        zeros = x.detach() * 0
        zeros = zeros.scatter_add(dim, index, zero.to(x.dtype)).gather(dim, index)
        alone = zero & (zeros == 1)
        others = x.scatter_reduce(dim, index, src.masked_fill(alone, 1), 'prod', include_self=self.kw['include_self'])
        to_src = ((g * self.out(0)).gather(dim, index) / src.masked_fill(zero, 1)).where(
            ~alone, (g * others).gather(dim, index))
        return to_self, to_src

    def _amax(self, g, x, index, src, dim):
        # Equal winners share the gradient.
        y = self.out(0)
        own = (x == y).to(x.dtype)
        if not self.kw['include_self']:
            own = own.scatter(dim, index, 0)
        won = (src == y.gather(dim, index)).to(x.dtype)
        share = g / own.scatter_add(dim, index, won).masked_fill(self._untouched(own, won, index, dim), 1)
        return share * own, share.gather(dim, index) * won

    _amin = _amax

    @staticmethod
    def _untouched(own, won, index, dim):
        return own.scatter_add(dim, index, won) == 0


class IndexReduce(ScatterReduce, name='IndexReduceBackward0'):
    """The same for slices: `index` is a vector, expanded to the shape of `src`."""


def _check(x, dim, index, src, reduce):
    if reduce not in _UFUNC:
        raise RuntimeError(f'reduce argument must be either sum, prod, mean, amax or amin, got {reduce}')
    dim = check_index(x, index, dim, 'scatter_reduce', checks.tensor(src, 'scatter_reduce', 'src', 3))
    if x._a.dtype != src._a.dtype:
        raise RuntimeError('scatter(): Expected self.dtype to be equal to src.dtype')
    return dim


def scatter_reduce(input, dim, index, src, reduce, *, include_self=True, out=None):
    """A copy in which elements are combined with those that go to their place.

    Args:
        input (Tensor): the tensor to copy.
        dim (int): the dimension in which the index counts.
        index (Tensor): int64; where each element of `src` goes.
        src (Tensor): the elements.
        reduce (str): 'sum', 'prod', 'mean', 'amax' or 'amin'.
        include_self (bool): whether the element of `input` at a place takes part.
        out (Tensor, optional): where to store the result.

    Returns:
        Tensor: new memory.

    Example:
        >>> import cnet
        >>> cnet.scatter_reduce(cnet.zeros(2), 0, cnet.tensor([0, 0]), cnet.tensor([1., 5.]), 'amax').tolist()
        [5.0, 0.0]
    """
    dim = _check(input, dim, index, src, reduce)
    if not index._a.size:
        return input.clone() if out is None else copy_out(input.clone(), out)
    y = ScatterReduce.apply(input, index, src, dim=dim, reduce=reduce, include_self=include_self)
    return y if out is None else copy_out(y, out)


def scatter_reduce_(self, dim, index, src, reduce, *, include_self=True):
    """`scatter_reduce` into the tensor itself.

    Args:
        dim (int): the dimension in which the index counts.
        index (Tensor): int64; where each element of `src` goes.
        src (Tensor): the elements.
        reduce (str): 'sum', 'prod', 'mean', 'amax' or 'amin'.
        include_self (bool): whether this tensor's element at a place takes part.

    Returns:
        Tensor: this tensor.

    Example:
        >>> import cnet
        >>> cnet.ones(2).scatter_reduce_(0, cnet.tensor([0]), cnet.tensor([5.]), 'prod').tolist()
        [5.0, 1.0]
    """
    return assign_(self, scatter_reduce(self, dim, index, src, reduce, include_self=include_self))


def index_reduce(input, dim, index, source, reduce, *, include_self=True, out=None):
    """A copy in which slices are combined with those that go to their place.

    Args:
        input (Tensor): the tensor to copy.
        dim (int): the dimension.
        index (Tensor): int64 or int32; with which slice each slice of `source` is combined.
        source (Tensor): the slices.
        reduce (str): 'prod', 'mean', 'amax' or 'amin'.
        include_self (bool): whether the slice of `input` at a place takes part.
        out (Tensor, optional): where to store the result.

    Returns:
        Tensor: new memory.

    Example:
        >>> import cnet
        >>> x = cnet.ones(2, 2)
        >>> cnet.index_reduce(x, 0, cnet.tensor([1, 1]), 3 * x, 'prod').tolist()
        [[1.0, 1.0], [9.0, 9.0]]
    """
    if reduce not in ('prod', 'mean', 'amax', 'amin'):
        raise RuntimeError(f'index_reduce(): Expected reduce to be one of prod, mean, amax or amin but got {reduce}.')
    dim = checks.dim(dim, input._a.ndim)
    if checks.tensor(index, 'index_reduce', 'index', 2)._a.ndim > 1:
        raise IndexError('index_reduce_(): Index should have dimension 1 or 0')
    if input._a.dtype != source._a.dtype:
        raise RuntimeError('index_reduce_(): self and source must have the same scalar type')
    check_source(input, dim, index, source, 'index_reduce_')
    n = input._a.shape[dim] if input._a.ndim else 1
    bad = outside(index._a, 0, n)
    if bad is not None:
        raise IndexError(f'index {bad} is out of bounds for dimension {dim} with size {n}')
    if not source._a.size:
        return input.clone() if out is None else copy_out(input.clone(), out)
    shape = [1] * source._a.ndim
    if shape:
        shape[dim] = -1
    everywhere = index.reshape(shape).expand(source._a.shape)
    y = IndexReduce.apply(input, everywhere, source, dim=dim, reduce=reduce, include_self=include_self)
    return y if out is None else copy_out(y, out)


def index_reduce_(self, dim, index, source, reduce, *, include_self=True):
    """`index_reduce` into the tensor itself.

    Args:
        dim (int): the dimension.
        index (Tensor): int64 or int32; with which slice each slice of `source` is combined.
        source (Tensor): the slices.
        reduce (str): 'prod', 'mean', 'amax' or 'amin'.
        include_self (bool): whether this tensor's slice at a place takes part.

    Returns:
        Tensor: this tensor.

    Example:
        >>> import cnet
        >>> cnet.ones(2).index_reduce_(0, cnet.tensor([0]), cnet.tensor([5.]), 'amax').tolist()
        [5.0, 1.0]
    """
    return assign_(self, index_reduce(self, dim, index, source, reduce, include_self=include_self))


METHODS = {
    'index_reduce': index_reduce, 'index_reduce_': index_reduce_, 'scatter_reduce': scatter_reduce,
    'scatter_reduce_': scatter_reduce_,
}
PUBLIC = {'index_reduce': index_reduce, 'scatter_reduce': scatter_reduce}
