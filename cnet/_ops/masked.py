"""Elements chosen by a mask: where, masked_fill, masked_select and masked_scatter (the last two are adjoint)."""

from math import prod

import numpy as np

from .. import _kernels as K
from .._core import checks, errors
from .._core.arrays import zeros
from .._core.base import TensorBase
from .._core.dtype import from_np, promote_all
from .._core.inplace import copy_out
from .._core.op import Op
from ._places import Write, c_name, fill_where, put_where, refuse_complex, refuse_overlap, take_where
from .search import nonzero
from .slices import Place

__all__ = ['masked_fill', 'masked_scatter', 'masked_select', 'where']


class Where(Op, name='WhereBackward0'):
    keep_in = (0,)

    @staticmethod
    def forward(condition, x, y):
        if not isinstance(x, np.ndarray):
            x = np.asarray(x, getattr(y, 'dtype', None))
        if not isinstance(y, np.ndarray):
            y = np.asarray(y, x.dtype)
        r = K.copy.choose(condition, x, y)
        if r is None and condition.flags.c_contiguous and x.flags.c_contiguous and y.flags.c_contiguous:
            shape = np.broadcast_shapes(condition.shape, x.shape, y.shape)
            r = K.copy.choose(np.broadcast_to(condition, shape), *(a if a.size == 1 else np.broadcast_to(a, shape)
                                                                   for a in (x, y)))
        return np.where(condition, x, y) if r is None else r

    def backward(self, g):
        condition = self.saved(0)
        return (None, Where.apply(condition, g, 0) if self.needs[1] else None,
                Where.apply(condition, 0, g) if self.needs[2] else None)


class MaskedFill(Write, name='MaskedFillBackward0'):
    keep_in = (1,)

    @staticmethod
    def into(y, mask, value):
        fill_where(y, mask, value)

    def backward(self, g):
        mask = self.saved(1)
        return (MaskedFill.apply(g, mask, 0) if self.needs[0] else None, None,
                Where.apply(mask, g, 0).sum() if self.needs[2] else None)


class MaskedFillTensor(MaskedFill, name='MaskedFillBackward1'):
    pass


class MaskedSelect(Op, name='MaskedSelectBackward0'):
    keep_in = (1,)

    @staticmethod
    def forward(x, mask):
        return take_where(x, mask).reshape(-1)

    def backward(self, g):
        return MaskedPlace.apply(g, self.saved(1)), None


class MaskedPlace(Op, name='MaskedSelectBackwardBackward0'):  # zeros with g at the true elements of a mask
    keep_in = (1,)

    @staticmethod
    def forward(g, mask):
        y = zeros(mask.shape, g.dtype)
        put_where(y, mask, g if mask.ndim else g.reshape(-1)[:1])
        return y

    def backward(self, g):
        return MaskedSelect.apply(g, self.saved(1)), None


class MaskedScatter(Write, name='MaskedScatterBackward0'):
    keep_in = (1,)

    @staticmethod
    def into(y, mask, source):
        put_where(y, mask, source)

    def backward(self, g):
        mask = self.saved(1)
        g_source = None
        if self.needs[2]:
            g_source = MaskedSelect.apply(g, mask)
            shape = self.in_shape(2)
            used = g_source._a.size
            if used < prod(shape):
                g_source = Place.apply(g_source, shape=(prod(shape),), key=(slice(0, used),))
            g_source = g_source.reshape(shape)
        return MaskedFill.apply(g, mask, 0) if self.needs[0] else None, None, g_source


def where(condition, input=None, other=None, *, out=None):
    """Elements of one tensor where a condition holds, of another elsewhere. With a condition alone: its true places.

    Args:
        condition (Tensor): bool.
        input (Tensor or number): what to take where it is true.
        other (Tensor or number): what to take where it is false.
        out (Tensor, optional): where to store the result.

    Shape:
        All three are broadcast against each other.

    Returns:
        Tensor: new memory, of the type to which `input` and `other` promote; or ``condition.nonzero(as_tuple=True)``.

    Example:
        >>> import cnet
        >>> cnet.where(cnet.tensor([True, False]), cnet.tensor([1, 2]), 0).tolist()
        [1, 0]
    """
    if input is None and other is None:
        return nonzero(condition, as_tuple=True)
    if input is None or other is None:
        raise TypeError('where() received an invalid combination of arguments: it takes a condition alone, or a '
                        'condition, input and other')
    kind = checks.tensor(condition, 'where', 'condition', 1)._a.dtype
    if kind.kind != 'b':
        if kind != np.uint8:
            raise RuntimeError('where expected condition to be a boolean tensor, but got a tensor with dtype '
                               f'{from_np(kind).legacy}')
        condition = condition.to(from_np(np.dtype(bool)))
    dtype = promote_all((input, other))
    x, y = _of_type(input, dtype), _of_type(other, dtype)
    try:
        result = Where.apply(condition, x, y)
    except ValueError:
        shapes = [np.shape(getattr(t, '_a', t)) for t in (condition, x, y)]
        raise _mismatch(shapes) from None
    return result if out is None else copy_out(result, out)


def _of_type(x, dtype):
    if isinstance(x, TensorBase):
        return x if x._a.dtype == dtype else x.to(from_np(dtype))
    return dtype.type(x)


def _mismatch(shapes):
    """The error for shapes that do not broadcast, which names the first two of them."""
    joined = ()
    for shape in shapes:
        try:
            joined = np.broadcast_shapes(joined, shape)
        except ValueError:
            return errors.broadcast(joined, shape)
    raise AssertionError('the shapes do broadcast')


def _where_method(self, condition, other):
    """This tensor's elements where a condition holds, another's elsewhere.

    Args:
        condition (Tensor): bool.
        other (Tensor or number): what to take where it is false.

    Returns:
        Tensor: new memory.

    Example:
        >>> import cnet
        >>> cnet.tensor([1, 2]).where(cnet.tensor([True, False]), 0).tolist()
        [1, 0]
    """
    return where(condition, self, other)


def _joint(x, mask):
    """Two tensors expanded to their common shape."""
    s, t = x._a.shape, mask._a.shape
    if s == t:
        return x, mask
    try:
        shape = np.broadcast_shapes(s, t)
    except ValueError:
        raise errors.broadcast(t, s) from None
    return (x if s == shape else x.expand(shape)), (mask if t == shape else mask.expand(shape))


def _masked_fill(x, mask, value, in_place):
    kind = checks.tensor(mask, 'masked_fill', 'mask', 1)._a.dtype
    if kind.kind != 'b':
        raise RuntimeError(f'masked_fill_ only supports boolean masks, but got mask with dtype {c_name(kind)}')
    op = MaskedFill
    if isinstance(value, TensorBase):
        if value._a.ndim:
            raise RuntimeError('masked_fill_ only supports a 0-dimensional value tensor, but got tensor with '
                               f'{value._a.ndim} dimension(s).')
        op = MaskedFillTensor
        is_complex = value._a.dtype.kind == 'c'
    else:
        is_complex = isinstance(checks.number(value, 'masked_fill', 'value', 2), complex)
    if is_complex:
        refuse_complex(x)
    if in_place:
        return op.apply_(x, _onto(x, mask), value)
    return op.apply(*_joint(x, mask), value)


def _onto(x, mask):
    """`mask` expanded to the shape of `x`, which is written in place and so cannot grow."""
    expanded, mask = _joint(x, mask)
    if expanded is not x:
        raise RuntimeError(f"output with shape {list(x._a.shape)} doesn't match the broadcast shape "
                           f'{list(expanded._a.shape)}')
    return mask


def masked_fill(input, mask, value):
    """A copy with a number where a mask is true.

    Args:
        input (Tensor): the tensor to copy.
        mask (Tensor): bool; broadcast against `input`.
        value (number or Tensor without dimensions): the number.

    Returns:
        Tensor: new memory.

    Example:
        >>> import cnet
        >>> cnet.masked_fill(cnet.zeros(2), cnet.tensor([True, False]), 5.).tolist()
        [5.0, 0.0]
    """
    return _masked_fill(input, mask, value, False)


def masked_fill_(self, mask, value):
    """`masked_fill` into the tensor itself.

    Args:
        mask (Tensor): bool; broadcast to this tensor.
        value (number or Tensor without dimensions): the number.

    Returns:
        Tensor: this tensor.

    Example:
        >>> import cnet
        >>> cnet.zeros(2).masked_fill_(cnet.tensor([True, False]), 5.).tolist()
        [5.0, 0.0]
    """
    return _masked_fill(self, mask, value, True)


def masked_select(input, mask, *, out=None):
    """The elements where a mask is true, in one dimension.

    Args:
        input (Tensor): where to pick.
        mask (Tensor): bool; the two are broadcast against each other.
        out (Tensor, optional): where to store the result.

    Returns:
        Tensor: new memory.

    Example:
        >>> import cnet
        >>> cnet.masked_select(cnet.tensor([1, 2, 3]), cnet.tensor([True, False, True])).tolist()
        [1, 3]
    """
    if checks.tensor(mask, 'masked_select', 'mask', 2)._a.dtype.kind != 'b':
        raise RuntimeError('masked_select: expected BoolTensor for mask')
    if out is None:
        return MaskedSelect.apply(*_joint(input, mask))
    refuse_overlap(out, input, mask)
    return copy_out(MaskedSelect.apply(*_joint(input, mask)), out)


def _masked_scatter(x, mask, source, in_place):
    if checks.tensor(mask, 'masked_scatter', 'mask', 1)._a.dtype.kind != 'b':
        raise RuntimeError(f'masked_scatter_ only supports boolean masks, but got mask with dtype {mask.dtype.legacy}')
    if x._a.dtype != source._a.dtype:
        raise RuntimeError(f'masked_scatter: expected self and source to have same dtypes but got{x.dtype.legacy} and '
                           f'{source.dtype.legacy}')
    if in_place:
        mask = _onto(x, mask)
    else:
        x, mask = _joint(x, mask)
    if np.count_nonzero(mask._a) > source._a.size:
        raise RuntimeError('Number of elements of source < number of ones in mask')
    return (MaskedScatter.apply_ if in_place else MaskedScatter.apply)(x, mask, source)


def masked_scatter(input, mask, source):
    """A copy with the elements of a source, in their order, where a mask is true.

    Args:
        input (Tensor): the tensor to copy.
        mask (Tensor): bool; broadcast against `input`.
        source (Tensor): the new elements, at least as many as the mask is true.

    Returns:
        Tensor: new memory.

    Example:
        >>> import cnet
        >>> cnet.masked_scatter(cnet.zeros(3), cnet.tensor([True, False, True]), cnet.tensor([1., 2.])).tolist()
        [1.0, 0.0, 2.0]
    """
    return _masked_scatter(input, mask, source, False)


def masked_scatter_(self, mask, source):
    """`masked_scatter` into the tensor itself.

    Args:
        mask (Tensor): bool; broadcast to this tensor.
        source (Tensor): the new elements.

    Returns:
        Tensor: this tensor.

    Example:
        >>> import cnet
        >>> cnet.zeros(2).masked_scatter_(cnet.tensor([False, True]), cnet.ones(1)).tolist()
        [0.0, 1.0]
    """
    return _masked_scatter(self, mask, source, True)


METHODS = {
    'masked_fill': masked_fill, 'masked_fill_': masked_fill_, 'masked_scatter': masked_scatter,
    'masked_scatter_': masked_scatter_, 'masked_select': masked_select, 'where': _where_method,
}
