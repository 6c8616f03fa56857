"""Broadcasting: expand and its adjoint sum_to_size, and the tools to bring shapes together.

An expanded dimension has stride 0: one element stands at many places.
"""

from .. import _kernels as K
from .._core import checks, errors
from .._core.base import TensorBase
from .._core.dtype import from_np
from .._core.op import Op, finish
from .._core.size import Size

__all__ = [
    'atleast_1d', 'atleast_2d', 'atleast_3d', 'broadcast_shapes', 'broadcast_tensors', 'broadcast_to',
]


class Expand(Op, name='ExpandBackward0'):
    view = True

    @staticmethod
    def forward(x, size):
        old, strides = x.shape, x.strides
        new = len(size) - len(old)
        if new < 0:
            raise RuntimeError(f'expand(cnet.{from_np(x.dtype).legacy}Tensor{{{list(old)}}}, size={list(size)}): the number '
                               f'of sizes provided ({len(size)}) must be greater or equal to the number of dimensions in '
                               f'the tensor ({len(old)})')
        shape, steps = [], []
        step = strides[0] * old[0] if old else x.itemsize
        for i, n in enumerate(size):
            m = old[i - new] if i >= new else 1
            if n == m:
                shape.append(n)
                steps.append(strides[i - new] if i >= new else step)
            elif n == -1 and i >= new:
                shape.append(m)
                steps.append(strides[i - new])
            elif m == 1 and n >= 0:
                shape.append(n)
                steps.append(0)
            elif i < new:
                raise RuntimeError(f"The expanded size of the tensor ({n}) isn't allowed in a leading, non-existing "
                                   f'dimension {i}')
            else:
                raise RuntimeError(f'The expanded size of the tensor ({n}) must match the existing size ({m}) at '
                                   f'non-singleton dimension {i}.  Target sizes: {list(size)}.  Tensor sizes: '
                                   f'{list(old)}')
        return K.strided.strided(x, shape, steps)

    def backward(self, g):
        return g  # the engine sums over what broadcasting enlarged


def expand(self, *size, implicit=False, **kw):
    """Repeat dimensions of size 1, and new leading ones, without moving anything.

    Args:
        size (int... or tuple of int): the new sizes; -1 leaves a dimension as it is.

    Returns:
        Tensor: a view in which one element may stand at many places.

    Example:
        >>> import cnet
        >>> cnet.tensor([[1], [2]]).expand(-1, 3).tolist()
        [[1, 1, 1], [2, 2, 2]]
    """
    if kw:
        size = kw.pop('size'),
        if kw:
            raise TypeError(f"expand() got an unexpected keyword argument '{next(iter(kw))}'")
    size = checks.size(size, 'expand')
    return finish(Expand, Expand.info_, (self,), {'size': size}, Expand.forward(self._a, size))


def expand_as(self, other):
    """`expand` to the shape of `other`.

    Args:
        other (Tensor): whose shape to take.

    Returns:
        Tensor: a view.

    Example:
        >>> import cnet
        >>> cnet.tensor([1, 2]).expand_as(cnet.zeros(2, 2)).tolist()
        [[1, 2], [1, 2]]
    """
    return Expand.apply(self, size=checks.tensor(other, 'expand_as', 'other', 1)._a.shape)


def broadcast_to(input, size):
    """`expand` as a function.

    Args:
        input (Tensor): any tensor.
        size (tuple of int): the new sizes; -1 leaves a dimension as it is.

    Returns:
        Tensor: a view.

    Example:
        >>> import cnet
        >>> cnet.broadcast_to(cnet.tensor([1, 2]), (2, 2)).tolist()
        [[1, 2], [1, 2]]
    """
    return Expand.apply(input, size=checks.size((size,), 'broadcast_to'))


def _broadcast_to(self, *size):
    """`broadcast_to` with the sizes as one argument or as several."""
    return Expand.apply(self, size=checks.size(size, 'broadcast_to'))


def broadcast_tensors(*tensors):
    """Expand tensors to the one shape to which they broadcast.

    Args:
        tensors (Tensor...): the tensors, or one sequence of them.

    Returns:
        tuple of Tensor: a view of each, or the tensor itself where its shape fits.

    Example:
        >>> import cnet
        >>> x, y = cnet.broadcast_tensors(cnet.zeros(2, 1), cnet.zeros(3))
        >>> tuple(x.shape), tuple(y.shape)
        ((2, 3), (2, 3))
    """
    checks.tensors(tensors, 'broadcast_tensors')
    shape = ()
    for x in tensors:
        other = x._a.shape
        if shape != other:
            shape = _joined(shape, other)
    return tuple([x if x._a.shape == shape else Expand.apply(x, size=shape) for x in tensors])


def _joined(a, b):
    long, short = (a, b) if len(a) >= len(b) else (b, a)
    skip = len(long) - len(short)
    shape = list(long)
    for i, n in enumerate(short, skip):
        if shape[i] == 1:
            shape[i] = n
        elif n != 1 and n != shape[i]:
            raise errors.broadcast(a, b)
    return tuple(shape)


def broadcast_shapes(*shapes):
    """The shape to which shapes broadcast.

    Args:
        shapes (tuple of int, or int...): the shapes; an int is a shape with one dimension.

    Returns:
        Size: their common shape.

    Example:
        >>> import cnet
        >>> tuple(cnet.broadcast_shapes((2, 1), (3,)))
        (2, 3)
    """
    shapes = [tuple(s) if isinstance(s, (tuple, list)) else (s,) for s in shapes]
    result = [1] * max(map(len, shapes), default=0)
    for i, shape in enumerate(shapes):
        for j in range(-1, -1 - len(shape), -1):
            n = shape[j]
            if n < 0:
                raise ValueError('Attempting to broadcast a dimension with negative length!')
            if n == 1 or n == result[j]:
                continue
            if result[j] != 1:
                raise RuntimeError(f'Attempting to broadcast a dimension of length {n} at {j}! Mismatching argument at '
                                   f'index {i} had {shape}; but expected shape should be broadcastable to {result}')
            result[j] = n
    return Size(result)


def _each(tensors, make):
    if len(tensors) == 1 and isinstance(tensors[0], TensorBase):
        return make(tensors[0])
    if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)):
        tensors = tensors[0]
    return tuple([make(x) for x in tensors])


def atleast_1d(*tensors):
    """Give tensors without dimensions one.

    Args:
        tensors (Tensor...): one or more tensors, or a sequence of them.

    Returns:
        Tensor or tuple of Tensor: views where a dimension was added, else the tensors themselves.

    Example:
        >>> import cnet
        >>> tuple(cnet.atleast_1d(cnet.tensor(1.)).shape)
        (1,)
    """
    return _each(tensors, lambda x: x if x._a.ndim else x.reshape(1))


def atleast_2d(*tensors):
    """Give tensors with fewer than two dimensions leading ones.

    Args:
        tensors (Tensor...): one or more tensors, or a sequence of them.

    Shape:
        Input ``()`` or ``(N)``; output ``(1, 1)`` or ``(1, N)``.

    Returns:
        Tensor or tuple of Tensor: views where a dimension was added, else the tensors themselves.

    Example:
        >>> import cnet
        >>> tuple(cnet.atleast_2d(cnet.zeros(3)).shape)
        (1, 3)
    """
    return _each(tensors, _atleast_2d)


def _atleast_2d(x):
    ndim = x._a.ndim
    return x if ndim > 1 else x.unsqueeze(0) if ndim else x.reshape(1, 1)


def atleast_3d(*tensors):
    """Give tensors with fewer than three dimensions more.

    Args:
        tensors (Tensor...): one or more tensors, or a sequence of them.

    Shape:
        Input ``()``, ``(N)`` or ``(M, N)``; output ``(1, 1, 1)``, ``(1, N, 1)`` or ``(M, N, 1)``.

    Returns:
        Tensor or tuple of Tensor: views where a dimension was added, else the tensors themselves.

    Example:
        >>> import cnet
        >>> tuple(cnet.atleast_3d(cnet.zeros(3)).shape)
        (1, 3, 1)
    """
    return _each(tensors, _atleast_3d)


def _atleast_3d(x):
    ndim = x._a.ndim
    if ndim > 2:
        return x
    return x.unsqueeze(-1) if ndim == 2 else x.unsqueeze(0).unsqueeze(-1) if ndim else x.reshape(1, 1, 1)


def sum_to_size(self, *size):
    """The sum over what broadcasting would enlarge: the adjoint of `expand`.

    Args:
        size (int... or tuple of int): the result's shape, which must be expandable to this tensor's.

    Returns:
        Tensor: the sums, or this tensor itself if it has the size.

    Example:
        >>> import cnet
        >>> cnet.ones(2, 3).sum_to_size(1, 3).tolist()
        [[2.0, 2.0, 2.0]]
    """
    size = checks.size(size, 'sum_to_size')
    if not size:
        return self.sum()
    shape = self._a.shape
    new = len(shape) - len(size)
    if new < 0 or any(n not in (1, shape[i]) for i, n in enumerate(size, new)):
        raise RuntimeError(f'size {{{list(size)}}} is not expandable to size {{{list(shape)}}}.')
    dims = [i for i, n in enumerate(shape) if i < new or (size[i - new] == 1 and n != 1)]
    if not dims:
        return self
    y = self.sum(dims, keepdim=True)
    return y.reshape(size) if new else y


METHODS = {
    'broadcast_to': _broadcast_to, 'expand': expand, 'expand_as': expand_as, 'sum_to_size': sum_to_size,
}
