"""Views of a part: select, slice, narrow, as_strided, Tensor.unfold, and their *_scatter twins.

`Part` and its subclasses take a basic index apart from the array (`key`); `Place` puts values at a key of zeros. The two
are each other's adjoint, so every derivative of every basic index is made of them. The subclasses differ in name only:
an index of several parts shows the last one, as a chain of views would.
"""

import numpy as np

from .. import _kernels as K
from .._core import checks
from .._core.arrays import zeros
from .._core.inplace import copy_out
from .._core.op import Op, finish

__all__ = [
    'as_strided', 'as_strided_scatter', 'narrow', 'narrow_copy', 'select', 'select_scatter', 'slice_scatter',
]


class Part(Op, name='SliceBackward0'):
    view = True

    @staticmethod
    def forward(x, key):
        return x[key]

    def backward(self, g):
        return Place.apply(g, shape=self.in_shape(0), key=self.kw['key'])


class Select(Part, name='SelectBackward0'):
    pass


class Place(Op, name='SliceBackwardBackward0'):
    @staticmethod
    def forward(g, shape, key):
        x = zeros(shape, g.dtype)
        x[key] = g
        return x

    def backward(self, g):
        return Part.apply(g, key=self.kw['key'])


class NarrowCopy(Op, name='NarrowCopyBackward0'):
    @staticmethod
    def forward(x, key):
        return x[key].copy()

    def backward(self, g):
        return Place.apply(g, shape=self.in_shape(0), key=self.kw['key'])


class Scatter(Op):  # a copy of x with src at a key; the subclasses carry the names
    @staticmethod
    def forward(x, src, key):
        y = x.copy()
        y[key] = src
        return y

    def backward(self, g):
        key = self.kw['key']
        return Scatter.apply(g, 0, key=key) if self.needs[0] else None, Part.apply(g, key=key)


class SelectScatter(Scatter, name='SelectScatterBackward0'):
    pass


class SliceScatter(Scatter, name='SliceScatterBackward0'):
    pass


class Unfold(Op, name='UnfoldBackward0'):
    view = True

    @staticmethod
    def forward(x, dim, size, step):
        if not x.ndim:
            return x.reshape(1)[:size]
        strides = x.strides
        windows = (x.shape[dim] - size) // step + 1
        return K.strided.strided(x, (*x.shape[:dim], windows, *x.shape[dim + 1:], size),
                                 (*strides[:dim], strides[dim] * step, *strides[dim + 1:], strides[dim]))

    def backward(self, g):
        return UnfoldGrad.apply(g, shape=self.in_shape(0), **self.kw)


class UnfoldGrad(Op, name='UnfoldBackwardBackward0'):
    @staticmethod
    def forward(g, shape, dim, size, step):
        if not shape:
            return g.reshape(()) if size else np.zeros((), g.dtype)
        x = zeros(shape, g.dtype)
        windows = g.shape[dim]
        before = (slice(None),) * dim
        if size <= windows:  # place by place: all windows at once
            for k in range(size):
                x[(*before, slice(k, k + step * (windows - 1) + 1, step))] += g[..., k]
        else:
            rows = np.moveaxis(g, -1, dim + 1)
            for i in range(windows):
                x[(*before, slice(i * step, i * step + size))] += rows[(*before, i)]
        return x

    def backward(self, g):
        kw = self.kw
        return Unfold.apply(g, dim=kw['dim'], size=kw['size'], step=kw['step'])


class AsStrided(Op, name='AsStridedBackward0'):
    view = True

    @staticmethod
    def forward(x, target, source):
        size, stride, offset = target
        root, _ = memory(x)
        return K.strided.strided(root, size, [n * x.itemsize for n in stride], offset * x.itemsize)

    def backward(self, g):
        source = self.kw['source']
        return Restride.apply(g, source=self.kw['target'], target=source, owner=source)


class Restride(Op, name='AsStridedBackwardBackward0'):
    """Elements laid out in memory by the geometry `source` and read again by `target`: (size, stride, offset).

    Where several elements of the geometry `owner` share a place, each has its part of what is there.
    """

    @staticmethod
    def forward(g, source, target, owner):
        n = max(_extent(source), _extent(target), 1)
        places = np.arange(n)
        into, out_of, owned = (K.strided.strided(places, size, [8 * s for s in stride], 8 * offset)
                               for size, stride, offset in (source, target, owner))
        memory = zeros(n, g.dtype)
        np.add.at(memory, into, g)
        memory /= np.maximum(np.bincount(owned.ravel(), minlength=n), 1).astype(memory.real.dtype)
        return memory[out_of]

    def backward(self, g):
        kw = self.kw
        return Restride.apply(g, source=kw['target'], target=kw['source'], owner=kw['owner'])


def memory(a):
    """The array that owns the memory of `a`, and where `a` begins in it, in bytes."""
    root = a
    while type(root.base) is np.ndarray:
        root = root.base
    return root, a.__array_interface__['data'][0] - root.__array_interface__['data'][0]


def _extent(geometry):
    """How far, in elements, a geometry (size, stride, offset) reaches from the beginning of its memory."""
    size, stride, offset = geometry
    if 0 in size:
        return 0
    return offset + 1 + sum([(n - 1) * s for n, s in zip(size, stride, strict=True)])


def select(input, dim, index):
    """One slice along a dimension, which disappears.

    Args:
        input (Tensor): at least one dimension.
        dim (int): the dimension.
        index (int): which slice; negative ones count from the end.

    Returns:
        Tensor: a view.

    Example:
        >>> import cnet
        >>> cnet.select(cnet.tensor([[1, 2], [3, 4]]), 1, 0).tolist()
        [1, 3]
    """
    key = _select_key(input, dim, index, 'select')
    return finish(Select, Select.info_, (input,), {'key': key}, input._a[key])


def _select_key(x, dim, index, name):
    shape = x._a.shape
    if not shape:
        raise IndexError(f'{name}() cannot be applied to a 0-dim tensor.')
    dim = checks.dim(dim, len(shape))
    index = checks.integer(index, name, 'index', 2)
    if not -shape[dim] <= index < shape[dim]:
        raise IndexError(f'{name}(): index {index} out of range for tensor of size {list(shape)} at dimension {dim}')
    return (*(slice(None),) * dim, index, ...)


def narrow(input, dim, start, length):
    """A stretch along a dimension.

    Args:
        input (Tensor): at least one dimension.
        dim (int): the dimension.
        start (int or Tensor): where the stretch begins; negative numbers count from the end.
        length (int): how long it is.

    Returns:
        Tensor: a view.

    Example:
        >>> import cnet
        >>> cnet.narrow(cnet.arange(5), 0, 1, 3).tolist()
        [1, 2, 3]
    """
    key = _narrow_key(input, dim, start, length)
    return finish(Part, Part.info_, (input,), {'key': key}, input._a[key])


def narrow_copy(input, dim, start, length, *, out=None):
    """`narrow`, copied.

    Args:
        input (Tensor): at least one dimension.
        dim (int): the dimension.
        start (int): where the stretch begins; negative numbers count from the end.
        length (int): how long it is.
        out (Tensor, optional): where to store the result.

    Returns:
        Tensor: new memory.

    Example:
        >>> import cnet
        >>> cnet.narrow_copy(cnet.arange(5), 0, 1, 3).tolist()
        [1, 2, 3]
    """
    if dim >= input._a.ndim:
        raise RuntimeError(f'narrow_copy(): there is no dimension {dim} in a tensor with {input._a.ndim}')
    y = NarrowCopy.apply(input, key=_narrow_key(input, dim, start, length))
    return y if out is None else copy_out(y, out)


def _narrow_key(x, dim, start, length):
    shape = x._a.shape
    if not shape:
        raise RuntimeError('narrow() cannot be applied to a 0-dim tensor.')
    if length < 0:
        raise RuntimeError('narrow(): length must be non-negative.')
    if hasattr(start, '_a'):
        if start._a.ndim or start._a.dtype.kind not in 'iu':
            raise RuntimeError('start must be an 0-dim integral Tensor.')
        start = int(start._a)
    dim = checks.dim(dim, len(shape))
    n = shape[dim]
    if not -n <= start <= n:
        raise IndexError(f'start out of range (expected to be in range of [{-n}, {n}], but got {start})')
    first = start + n if start < 0 else start
    if first + length > n:
        raise RuntimeError(f'start ({first}) + length ({length}) exceeds dimension size ({n}).')
    return (*(slice(None),) * dim, slice(first, first + length))


def select_scatter(input, src, dim, index):
    """A copy with one slice replaced: the counterpart of `select`.

    Args:
        input (Tensor): the tensor to copy.
        src (Tensor): the new slice.
        dim (int): the dimension along which it lies.
        index (int): which slice it replaces.

    Returns:
        Tensor: new memory.

    Example:
        >>> import cnet
        >>> cnet.select_scatter(cnet.zeros(2, 2), cnet.ones(2), 0, 1).tolist()
        [[0.0, 0.0], [1.0, 1.0]]
    """
    key = _select_key(input, dim, index, 'select')
    _check_src(input, src, key)
    return SelectScatter.apply(input, src, key=key)


def slice_scatter(input, src, dim=0, start=None, end=None, step=1, *, out=None):
    """A copy with a slice replaced: the counterpart of ``x[start:end:step]`` along a dimension.

    Args:
        input (Tensor): the tensor to copy.
        src (Tensor): the new values.
        dim (int): the dimension of the slice.
        start (int, optional): its beginning. Default: 0.
        end (int, optional): its end. Default: that of the dimension.
        step (int): its step.
        out (Tensor, optional): where to store the result.

    Returns:
        Tensor: new memory.

    Example:
        >>> import cnet
        >>> cnet.slice_scatter(cnet.zeros(4), cnet.ones(2), 0, 1, 3).tolist()
        [0.0, 1.0, 1.0, 0.0]
    """
    if not input._a.ndim:
        raise RuntimeError('slice() cannot be applied to a 0-dim tensor.')
    if step <= 0:
        raise RuntimeError('slice step must be positive')
    key = (*(slice(None),) * checks.dim(dim, input._a.ndim), slice(start, end, step))
    _check_src(input, src, key)
    y = SliceScatter.apply(input, src, key=key)
    return y if out is None else copy_out(y, out)


def _check_src(x, src, key):
    wanted = x._a[key].shape
    if src._a.shape != wanted:
        raise RuntimeError(f'expected src to have a size equal to the slice of self. src size = {list(src._a.shape)}, '
                           f'slice size = {list(wanted)}')


def unfold(self, dimension, size, step):
    """Windows that slide along a dimension, as a new last dimension.

    Args:
        dimension (int): the dimension to slide along.
        size (int): the length of a window.
        step (int): from the beginning of one window to that of the next.

    Shape:
        Input ``(A, ..., S, ..., D)``; output ``(A, ..., (S - size) // step + 1, ..., D, size)``.

    Returns:
        Tensor: a view.

    Example:
        >>> import cnet
        >>> cnet.arange(4).unfold(0, 2, 1).tolist()
        [[0, 1], [1, 2], [2, 3]]
    """
    return Unfold.apply(self, **_unfold_kw(self, dimension, size, step))


def _unfold_kw(x, dimension, size, step):
    dim = checks.dim(dimension, x._a.ndim)
    n = x._a.shape[dim] if x._a.ndim else 1
    if size < 0:
        raise RuntimeError(f'size is {size} but must be >= 0')
    if size > n:
        raise RuntimeError(f'maximum size for tensor at dimension {dim} is {n} but size is {size}')
    if step <= 0:
        raise RuntimeError(f'step is {step} but must be > 0')
    return {'dim': dim, 'size': size, 'step': step}


def as_strided(input, size, stride, storage_offset=None):
    """The memory under a tensor with any sizes and strides.

    Args:
        input (Tensor): whose memory to see.
        size (tuple of int): the sizes.
        stride (tuple of int): for each dimension, how many elements of memory lie between neighbours.
        storage_offset (int, optional): the first element's place in the memory. Default: that of `input`.

    Returns:
        Tensor: a view.

    Example:
        >>> import cnet
        >>> cnet.as_strided(cnet.arange(5), (2, 2), (1, 2)).tolist()
        [[0, 2], [1, 3]]
    """
    a = input._a
    root, start = memory(a)
    source = (a.shape, tuple([s // a.itemsize for s in a.strides]), start // a.itemsize)
    target = _geometry(size, stride, source[2] if storage_offset is None else storage_offset, root)
    return AsStrided.apply(input, target=target, source=source)


def _geometry(size, stride, offset, root):
    size, stride = checks.size((size,), 'as_strided'), checks.size((stride,), 'as_strided', 'stride')
    if len(size) != len(stride):
        raise RuntimeError('mismatch in length of strides and shape')
    if any(s < 0 for s in stride):
        raise RuntimeError('as_strided: Negative strides are not supported at the moment, got strides: '
                           f'{list(stride)}')
    if offset < 0:
        raise RuntimeError(f'Tensor: invalid storage offset {offset}')
    if any(n < 0 for n in size):
        raise RuntimeError(f'Storage size calculation overflowed with sizes={list(size)} and strides={list(stride)}')
    need = _extent((size, stride, offset)) * root.itemsize
    if need > root.nbytes:
        raise RuntimeError(f'setStorage: sizes {list(size)}, strides {list(stride)}, storage offset {offset}, and '
                           f'itemsize {root.itemsize} requiring a storage size of {need} are out of bounds for storage '
                           f'of size {root.nbytes}')
    return size, stride, offset


class AsStridedScatter(Op, name='AsStridedScatterBackward0'):
    @staticmethod
    def forward(x, src, target):
        size, stride, offset = target
        y = np.array(x, order='C')
        K.strided.strided(y, size, [s * y.itemsize for s in stride], offset * y.itemsize)[...] = src
        return y

    def backward(self, g):
        target = self.kw['target']
        return (AsStridedScatter.apply(g, 0, target=target) if self.needs[0] else None,
                g.contiguous().as_strided(*target) if self.needs[1] else None)


def as_strided_scatter(input, src, size, stride, storage_offset=None):
    """A copy with the elements replaced that `as_strided` would show.

    Args:
        input (Tensor): the tensor to copy.
        src (Tensor): the new values.
        size (tuple of int): as for `as_strided`.
        stride (tuple of int): as for `as_strided`.
        storage_offset (int, optional): the first replaced element's place in the copy. Default: 0.

    Returns:
        Tensor: new memory.

    Example:
        >>> import cnet
        >>> cnet.as_strided_scatter(cnet.zeros(4), cnet.ones(2), (2,), (2,)).tolist()
        [1.0, 0.0, 1.0, 0.0]
    """
    target = _geometry(size, stride, storage_offset or 0, input._a)
    if src._a.shape != target[0]:
        raise RuntimeError('expected src to have a size equal to the slice of self. src size = '
                           f'{list(src._a.shape)}, slice size = {list(target[0])}')
    return AsStridedScatter.apply(input, src, target=target)


METHODS = {
    'as_strided': as_strided, 'as_strided_scatter': as_strided_scatter, 'narrow': narrow, 'narrow_copy': narrow_copy,
    'select': select, 'select_scatter': select_scatter, 'slice_scatter': slice_scatter, 'unfold': unfold,
}
