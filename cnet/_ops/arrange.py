"""Elements repeated or in another order: repeat, tile, flip, roll, rot90. The results are new memory."""

import itertools

import numpy as np

from .. import _kernels as K
from .._core import checks, errors
from .._core.arrays import copied
from .._core.base import wrap
from .._core.op import Op
from .join import Stack

__all__ = ['combinations', 'flip', 'fliplr', 'flipud', 'repeat_interleave', 'roll', 'rot90', 'tile']


class Repeat(Op, name='RepeatBackward0'):
    @staticmethod
    def forward(x, repeats):
        return np.tile(x, repeats)

    def backward(self, g):
        repeats, shape = self.kw['repeats'], self.in_shape(0)
        new = len(repeats) - len(shape)
        # Every dimension of g becomes (copies, elements); what is copied is summed.
        sizes = [n for r, m in zip(repeats, (1,) * new + shape, strict=True) for n in (r, m)]
        return g.reshape(sizes).sum(list(range(0, len(sizes), 2))).reshape(shape) if sizes else g


class Flip(Op, name='FlipBackward0'):
    @staticmethod
    def forward(x, dims):
        r = np.flip(x, dims) if dims and x.ndim else x
        return copied(r) if x.flags.c_contiguous else r.copy('K')

    def backward(self, g):
        return Flip.apply(g, **self.kw)


class Roll(Op, name='RollBackward0'):
    @staticmethod
    def forward(x, shifts, dims):
        if not x.size or not x.ndim:
            return x.copy()
        r, turned = x, False
        if not dims:
            r, dims = x.reshape(-1), (0,)
        for shift, d in zip(shifts, dims, strict=True):
            n = r.shape[d]
            shift %= n
            if shift:
                before = (slice(None),) * d
                parts = r[(*before, slice(n - shift, n))], r[(*before, slice(n - shift))]
                joined = K.copy.join(parts, d)
                r, turned = np.concatenate(parts, d) if joined is None else joined, True
        return (r if turned else copied(x)).reshape(x.shape)

    def backward(self, g):
        return Roll.apply(g, shifts=tuple([-s for s in self.kw['shifts']]), dims=self.kw['dims'])


class Rot90(Op, name='Rot90Backward0'):
    @staticmethod
    def forward(x, k, dims):
        return np.rot90(x, k, dims).copy('K')

    def backward(self, g):
        return Rot90.apply(g, k=-self.kw['k'], dims=self.kw['dims'])


def repeat(self, *repeats):
    """Copies of a tensor side by side.

    Args:
        repeats (int... or tuple of int): how often along each dimension; more numbers than dimensions add leading ones.

    Returns:
        Tensor: new memory.

    Example:
        >>> import cnet
        >>> cnet.tensor([1, 2]).repeat(2, 2).tolist()
        [[1, 2, 1, 2], [1, 2, 1, 2]]
    """
    repeats = checks.size(repeats, 'repeat', 'repeats')
    shape = self._a.shape
    new = len(repeats) - len(shape)
    if new < 0:
        raise RuntimeError('Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor')
    if repeats and min(repeats) < 0:
        sizes = [r * n for r, n in zip(repeats, (1,) * new + shape, strict=True)]
        raise RuntimeError(f'Trying to create tensor with negative dimension {min(sizes)}: {sizes}')
    return Repeat.apply(self, repeats=repeats)


def tile(input, *dims, **kw):
    """Copies of a tensor side by side; numbers that are missing in front are 1.

    Args:
        input (Tensor): any tensor.
        dims (int... or tuple of int): how often along each dimension.

    Returns:
        Tensor: new memory.

    Example:
        >>> import cnet
        >>> cnet.tile(cnet.tensor([[1], [2]]), (2,)).tolist()
        [[1, 1], [2, 2]]
    """
    if kw:
        dims = kw.pop('dims'),
        if kw:
            raise TypeError(f"tile() got an unexpected keyword argument '{next(iter(kw))}'")
    dims = checks.size(dims, 'tile', 'dims')
    return repeat(input, (1,) * (input._a.ndim - len(dims)) + dims)


def repeat_interleave(input=None, repeats=None, dim=None, *, output_size=None):
    """Every element, or every slice along a dimension, several times in a row.

    Args:
        input (Tensor): any tensor. With nothing else, it is `repeats` and the positions themselves are repeated.
        repeats (int or Tensor): how often; one number, or one for each slice.
        dim (int, optional): the dimension. Default: the tensor is flattened first.
        output_size (int, optional): the sum of `repeats`, if known.

    Returns:
        Tensor: new memory.

    Example:
        >>> import cnet
        >>> cnet.repeat_interleave(cnet.tensor([1, 2]), 2).tolist()
        [1, 1, 2, 2]
        >>> cnet.repeat_interleave(cnet.tensor([1, 0, 2])).tolist()
        [0, 2, 2]
    """
    if input is None:
        input, repeats = repeats, None
    if repeats is None:
        checks.tensor(input, 'repeat_interleave', 'repeats')
        return input.new_tensor(np.repeat(np.arange(input._a.size), _times(input, output_size)), dtype=input.dtype)
    if dim is None:
        x, dim = input.flatten(), 0
    else:
        x, dim = input, checks.dim(dim, input._a.ndim)
    if hasattr(repeats, '_a'):
        return _repeat_each(x, repeats, dim, output_size)
    times = checks.integer(repeats, 'repeat_interleave', 'repeats', 2)
    if times < 0:
        raise RuntimeError('Repeats must be non-negative')
    shape = x._a.shape or (1,)
    size = (*shape[:dim + 1], times, *shape[dim + 1:])
    if output_size is not None and output_size != shape[dim] * times:
        raise RuntimeError(f'repeat_interleave: Invalid output_size, expected {shape[dim] * times} but got {output_size}')
    y = x.reshape(shape).unsqueeze(dim + 1).expand(size).contiguous()
    return y.view((*shape[:dim], shape[dim] * times, *shape[dim + 1:]))


def _repeat_each(x, repeats, dim, output_size):
    times = _times(repeats, output_size)
    n = x._a.shape[dim] if x._a.ndim else 1
    if times.size == 1:
        times = np.broadcast_to(times.reshape(1), (n,))
    elif times.size != n:
        raise RuntimeError('repeats must have the same size as input along dim, but got repeats.size(0) = '
                           f'{times.size} and input.size({dim}) = {n}')
    return x.index_select(dim, repeats.new_tensor(np.repeat(np.arange(n), times), dtype=repeats.dtype))


def _times(repeats, output_size):
    times = repeats._a
    if times.ndim > 1:
        raise RuntimeError('repeats must be 0-dim or 1-dim tensor')
    if times.dtype not in ('int32', 'int64'):
        raise errors.not_implemented('repeat_interleave_cpu', times.dtype)
    if times.size and times.min() < 0:
        raise RuntimeError('repeats can not be negative')
    if output_size is not None and times.sum() != output_size:
        raise RuntimeError('allocated size does not match required size')
    return times


def combinations(input, r=2, with_replacement=False):
    """All choices of r elements of a vector, one per row, in the order of the elements.

    Args:
        input (Tensor): a vector.
        r (int): how many elements.
        with_replacement (bool): whether an element may be chosen more than once.

    Returns:
        Tensor: ``(K, r)`` for K choices.

    Example:
        >>> import cnet
        >>> cnet.combinations(cnet.tensor([1, 2, 3])).tolist()
        [[1, 2], [1, 3], [2, 3]]
    """
    if input._a.ndim != 1:
        raise RuntimeError(f'Expect a 1D vector, but got shape {list(input._a.shape)}')
    if r < 0:
        raise RuntimeError(f'Expect a non-negative number, but got {r}')
    if r == 0:
        return input.new_empty(0)
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    rows = np.array(list(choose(range(input._a.size), r)), np.int64).reshape(-1, r)
    return Stack.apply(*[input[wrap(rows[:, j])] for j in range(r)], dim=1)


def flip(input, *dims, **kw):
    """The order along some dimensions reversed.

    Args:
        input (Tensor): any tensor.
        dims (int... or tuple of int): the dimensions.

    Returns:
        Tensor: new memory (a view could not have negative strides).

    Example:
        >>> import cnet
        >>> cnet.flip(cnet.tensor([[1, 2], [3, 4]]), (0, 1)).tolist()
        [[4, 3], [2, 1]]
    """
    if kw:
        dims = kw.pop('dims'),
        if kw:
            raise TypeError(f"flip() got an unexpected keyword argument '{next(iter(kw))}'")
    elif not dims:
        raise TypeError('flip() missing 1 required positional arguments: "dims"')
    dims = checks.size(dims, 'flip', 'dims')
    return Flip.apply(input, dims=checks.dims(dims, input._a.ndim) if dims else ())


def fliplr(input):
    """The columns in reverse order.

    Args:
        input (Tensor): at least two dimensions.

    Returns:
        Tensor: new memory.

    Example:
        >>> import cnet
        >>> cnet.fliplr(cnet.tensor([[1, 2], [3, 4]])).tolist()
        [[2, 1], [4, 3]]
    """
    if input._a.ndim < 2:
        raise RuntimeError('Input must be >= 2-d.')
    return Flip.apply(input, dims=(1,))


def flipud(input):
    """The rows in reverse order.

    Args:
        input (Tensor): at least one dimension.

    Returns:
        Tensor: new memory.

    Example:
        >>> import cnet
        >>> cnet.flipud(cnet.tensor([[1, 2], [3, 4]])).tolist()
        [[3, 4], [1, 2]]
    """
    if input._a.ndim < 1:
        raise RuntimeError('Input must be >= 1-d.')
    return Flip.apply(input, dims=(0,))


def roll(input, shifts, dims=()):
    """Elements moved along dimensions; what leaves at one end comes in at the other.

    Args:
        input (Tensor): any tensor.
        shifts (int or tuple of int): by how many places.
        dims (int or tuple of int): along which dimensions. Default: through the flattened tensor.

    Returns:
        Tensor: new memory.

    Example:
        >>> import cnet
        >>> cnet.roll(cnet.tensor([1, 2, 3]), 1).tolist()
        [3, 1, 2]
    """
    shifts = checks.size((shifts,), 'roll', 'shifts')
    if not shifts:
        raise RuntimeError('`shifts` required')
    dims = checks.size((dims,), 'roll', 'dims')
    if len(shifts) != len(dims) and not (len(shifts) == 1 and not dims):
        raise RuntimeError(f'shifts and dimensions must align. shifts: {len(shifts)}, dims:{len(dims)}')
    ndim = input._a.ndim
    if dims and not ndim:
        raise IndexError(f'Dimension specified as {dims[0]} but tensor has no dimensions')
    return Roll.apply(input, shifts=shifts, dims=tuple([checks.dim(d, ndim) for d in dims]))


def rot90(input, k=1, dims=(0, 1)):
    """A rotation by quarter turns in the plane of two dimensions.

    Args:
        input (Tensor): at least two dimensions.
        k (int): how many quarter turns, from the first dimension towards the second.
        dims (tuple of int): the two dimensions.

    Returns:
        Tensor: new memory.

    Example:
        >>> import cnet
        >>> cnet.rot90(cnet.tensor([[1, 2], [3, 4]])).tolist()
        [[2, 4], [1, 3]]
    """
    dims = tuple(dims)
    ndim = input._a.ndim
    if len(dims) != 2:
        raise RuntimeError(f'expected total rotation dims == 2, but got dims = {len(dims)}')
    if ndim < 2:
        raise RuntimeError(f'expected total dims >= 2, but got total dims = {ndim}')
    if dims[0] == dims[1] or abs(dims[0] - dims[1]) == ndim:
        raise RuntimeError(f'expected rotation dims to be different, but got dim0 = {dims[0]} and dim1 = {dims[1]}')
    return Rot90.apply(input, k=k % 4, dims=tuple([checks.dim(d, ndim) for d in dims]))


def _reversed(self):
    """What ``reversed`` gives: the tensor with its first dimension in reverse order."""
    return Flip.apply(self, dims=(0,))


METHODS = {
    '__reversed__': _reversed,
    'flip': flip, 'fliplr': fliplr, 'flipud': flipud, 'repeat': repeat, 'repeat_interleave': repeat_interleave,
    'roll': roll, 'rot90': rot90, 'tile': tile,
}
