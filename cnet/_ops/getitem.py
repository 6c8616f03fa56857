"""Square brackets: ``x[key]`` and ``x[key] = value``, and index_put.

A key is read from left to right. Ints, slices, None and the ellipsis make one view (a basic index); what is left, index
arrays and masks, is one `Index` of that view. `Index` and `IndexPut` have an input per dimension: an index array, or
None where the whole dimension is meant. Masks have become the index arrays of their true elements, except a mask that is
alone: it stays the only entry, for all the dimensions that it covers.
"""

import numpy as np

from .._core import checks
from .._core.arrays import zeros
from .._core.base import TensorBase
from .._core.dtype import from_np
from .._core.inplace import copy_from, overwrite_
from .._core.op import Op, finish
from .._kernels._state import same_shape, shape_of
from .._kernels.strided import picked, widened
from ._keys import basic, check_mask, checked, index_tensor, out_of_bounds, scalar_error
from ._places import Write, add_rows, as_long, fill_where, outside, refuse_complex, take_rows, take_where, whole_mask
from .shape import Alias, Unsqueeze
from .slices import Part, Select

__all__ = ['index_put', 'index_put_']

_ALL = slice(None)


def _numpy_key(entries):
    return tuple([_ALL if e is None else e for e in entries])


def _only(entries):
    """The dimension of the only index among entries, or -1."""
    found = -1
    for d, e in enumerate(entries):
        if e is not None:
            if found >= 0:
                return -1
            found = d
    return found


class Index(Op, name='IndexBackward0'):
    @staticmethod
    def forward(x, *entries):
        d = _only(entries)
        if d >= 0 and entries[d].dtype != bool:
            return take_rows(x, as_long(entries[d]), d)
        if whole_mask(entries, x):
            return take_where(x, entries[0])
        return np.asarray(x[_numpy_key(entries)], order='C')

    def backward(self, g):
        entries = self.entries(1)
        return _sized(IndexGrad, 1, len(entries)).apply(g, *entries, shape=self.in_shape(0)), *[None] * len(entries)

    def entries(self, start):
        """The saved index inputs, which begin at position `start`."""
        return [self.saved(i) for i in range(start, len(self.needs))]


class IndexGrad(Index, name='IndexBackwardBackward0'):
    @staticmethod
    def forward(g, *entries, shape):
        y = zeros(shape, g.dtype)
        accumulate(y, entries, g)
        return y

    def backward(self, g):
        entries = self.entries(1)
        return _sized(Index, 1, len(entries)).apply(g, *entries), *[None] * len(entries)


class IndexPut(Write, name='IndexPutBackward0'):
    @staticmethod
    def into(y, value, *entries, add):
        if add:
            accumulate(y, entries, value)
        elif whole_mask(entries, y) and not (type(value) is np.ndarray and value.ndim):
            fill_where(y, entries[0], value)
        else:
            y[_numpy_key(entries)] = value

    def backward(self, g):
        entries = Index.entries(self, 2)
        n = len(entries)
        g_self = g
        if self.needs[0] and not self.kw['add']:
            g_self = _sized(IndexPut, 2, n).apply(g, 0, *entries, add=False)
        g_value = _sized(Index, 1, n).apply(g, *entries) if self.needs[1] else None
        return g_self, g_value, *[None] * n


_SIZED = {}


def _sized(op, first, n):
    """A subclass of `op` that keeps its n index inputs, which begin at position `first`."""
    sized = _SIZED.get((op, n))
    if sized is None:
        body = {'keep_in': tuple(range(first, first + n))}
        sized = _SIZED[op, n] = type(op.__name__, (op,), body, name=op.__name__)
    return sized


def accumulate(y, entries, value):
    """y[entries] += value; what is indexed several times is added to several times."""
    d = _only(entries)
    if d >= 0:
        if entries[d].dtype == bool:
            y[_numpy_key(entries)] += value
            return
        index = as_long(entries[d])
        shape = y.shape[:d] + index.shape + y.shape[d + 1:]
        add_rows(y, index.ravel(), np.broadcast_to(value, shape).reshape(y.shape[:d] + (-1,) + y.shape[d + 1:])
                 if 0 not in shape else np.zeros(y.shape[:d] + (index.size,) + y.shape[d + 1:], y.dtype), d)
        return
    used = [d for d, e in enumerate(entries) if e is not None]
    first, last = used[0], used[-1]
    if last - first + 1 != len(used) or not y.flags.c_contiguous:
        np.add.at(y, _numpy_key(entries), value)
        return
    # Neighbouring dimensions: as one dimension with one index.
    sizes = y.shape[first:last + 1]
    index = as_long(np.ravel_multi_index(np.broadcast_arrays(*entries[first:last + 1]), sizes))
    before, after = y.shape[:first], y.shape[last + 1:]
    value = np.broadcast_to(value, before + index.shape + after)
    add_rows(y.reshape((*before, -1, *after)) if y.size else y.reshape((*before, 0, *after)), index.ravel(),
             value.reshape((*before, index.size, *after)), first)


def __getitem__(self, key):
    return _get(self, key)


def _get(x, key):
    kind = type(key)
    if kind is not tuple:
        shape = shape_of(x._a)
        if kind is int:
            if not shape:
                raise scalar_error()
            if not -shape[0] <= key < shape[0]:
                raise out_of_bounds(key, 0, shape[0])
            return finish(Select, Select.info_, (x,), {'key': (key, ...)}, picked(x._a, 0, key))
        if kind is slice:
            key = checked(key, shape, 0)
            return finish(Part, Part.info_, (x,), {'key': key}, x._a[key])
        if key is None:
            return finish(Unsqueeze, Unsqueeze.info_, (x,), {'dim': 0}, widened(x._a, 0))
    whole = x
    x, entries = basic(x, key)
    if entries is None:
        return Alias.apply(x) if x is whole else x
    entries = _advanced(x, entries)
    return _sized(Index, 1, len(entries)).apply(x, *entries)


def _advanced(x, entries):
    """Index entries, checked against the bounds; negative ones counted from the end."""
    shape = x._a.shape
    shapes, result = [], []
    for d, e in enumerate(entries):
        if e is None:
            result.append(None)
            continue
        a = e._a if isinstance(e, TensorBase) else e
        if a.dtype == bool:
            return entries
        n = shape[d]
        shapes.append(a.shape)
        index = as_long(a)
        if outside(index, 0, n) is not None:
            bad = outside(index, -n, n)
            if bad is not None:
                raise out_of_bounds(bad, len(shapes) - 1, n)  # counted among the indexed dimensions
            e = np.where(index < 0, index + n, index)
        elif not isinstance(e, TensorBase) or a.dtype != np.int64:
            e = index
        result.append(e)
    try:
        _joint(shapes)
    except ValueError:
        raise IndexError('shape mismatch: indexing tensors could not be broadcast together with shapes '
                         + ', '.join([str(list(s)) for s in shapes])) from None
    return result


def _joint(shapes):
    return shapes[0] if len(shapes) == 1 else np.broadcast_shapes(*shapes)


def __setitem__(self, key, value):
    _set(self, key, value)


def _set(x, key, value):
    if not isinstance(value, TensorBase):
        if not isinstance(value, (bool, int, float, complex, np.generic)):
            kind = 'numpy.ndarray' if isinstance(value, np.ndarray) else type(value).__name__
            raise TypeError(f"can't assign a {kind} to a {_legacy(x)}")
        if isinstance(value, (complex, np.complexfloating)):
            refuse_complex(x)
    if key is False:
        return
    x, entries = (_get(x, key), None) if type(key) is int else basic(x, key)
    if entries is None:
        if isinstance(value, TensorBase):
            v = value
            copy_from(x, v if same_shape(v._a, x._a) else _fitted(v, x._a.shape))
        else:
            overwrite_(x, value)
        return
    if isinstance(value, TensorBase):
        _same_type(x, value)
    put(x, _advanced(x, entries), value, False, leading=True)


def _legacy(x):
    return f'cnet.{from_np(x._a.dtype).legacy}Tensor'


def _fitted(value, shape):
    """`value` expanded to a shape; leading dimensions of size 1 too many are dropped."""
    old = value._a.shape
    extra = len(old) - len(shape)
    if extra > 0 and old[:extra] == (1,) * extra:
        value = value.reshape(old[extra:])
    return value.expand(shape)


def _same_type(x, value):
    a, b = x._a.dtype, value._a.dtype
    if a != b:
        raise RuntimeError('Index put requires the source and destination dtypes match, got '
                           f'{from_np(a).legacy} for the destination and {from_np(b).legacy} for the source.')


def put(x, entries, value, add, in_place=True, leading=False):
    """x[entries] = value, or += value, after the shape of the value has been checked."""
    if isinstance(value, TensorBase):
        wanted = _result_shape(x._a.shape, entries)
        shape = value._a.shape
        extra = len(shape) - len(wanted)
        if leading and extra > 0 and shape[:extra] == (1,) * extra:
            value, shape = value.reshape(shape[extra:]), shape[extra:]
        if len(shape) > len(wanted) or any(a not in (1, b) for a, b in zip(shape[::-1], wanted[::-1], strict=False)):
            raise RuntimeError(f'shape mismatch: value tensor of shape {list(shape)} cannot be broadcast to indexing '
                               f'result of shape {list(wanted)}')
    op = _sized(IndexPut, 2, len(entries))
    return (op.apply_ if in_place else op.apply)(x, value, *entries, add=add)


def _result_shape(shape, entries):
    indexed = [d for d, e in enumerate(entries) if e is not None]
    d = indexed[0]
    last = entries[d]
    if isinstance(last, np.ndarray) and last.dtype == bool:
        return (*shape[:d], int(np.count_nonzero(last)), *shape[d + last.ndim:])
    joint = tuple(_joint([entries[d].shape for d in indexed]))
    first = indexed[0] if indexed[-1] - indexed[0] + 1 == len(indexed) else 0  # apart: the index goes in front
    rest = [(d, n) for d, n in enumerate(shape) if d not in indexed]
    return (*[n for d, n in rest if d < first], *joint, *[n for d, n in rest if d >= first])


def __delitem__(self, key):
    raise TypeError('Tensor does not support deleting items')


def _index_put(x, indices, values, accumulate, in_place):
    if not isinstance(indices, (tuple, list)):
        raise TypeError(f"index_put(): argument 'indices' (position 1) must be tuple of Tensors, not "
                        f'{"Tensor" if isinstance(indices, TensorBase) else type(indices).__name__}')
    checks.tensors(indices, 'index_put', 'indices')
    checks.tensor(values, 'index_put', 'values', 2)
    _same_type(x, values)
    entries = []
    for i in indices:
        i = index_tensor(i) if i._a.ndim or i._a.dtype.kind == 'b' else i
        ndim = i.ndim if isinstance(i, np.ndarray) else 1
        if len(entries) + ndim > x._a.ndim:
            raise IndexError(f'too many indices for tensor of dimension {x._a.ndim} (got {len(indices)})')
        if isinstance(i, np.ndarray):
            check_mask(i, x._a.shape, len(entries))
            entries += i.nonzero()
        else:
            entries.append(i)
    return put(x, _advanced(x, entries), values, accumulate, in_place)


def index_put(input, indices, values, accumulate=False):
    """A copy with the elements at an index replaced, or added to.

    Args:
        input (Tensor): the tensor to copy.
        indices (tuple of Tensor): one index or mask per dimension, from the first on.
        values (Tensor): the new values, of the same type; they are broadcast to the shape of the index.
        accumulate (bool): add instead of replacing; what is indexed several times is added to several times.

    Returns:
        Tensor: new memory.

    Example:
        >>> import cnet
        >>> cnet.index_put(cnet.zeros(3), (cnet.tensor([0, 0]),), cnet.tensor(1.), accumulate=True).tolist()
        [2.0, 0.0, 0.0]
    """
    return _index_put(input, indices, values, accumulate, False)


def index_put_(input, indices, values, accumulate=False):
    """`index_put` into the tensor itself.

    Args:
        input (Tensor): the tensor to change.
        indices (tuple of Tensor): one index or mask per dimension, from the first on.
        values (Tensor): the new values, of the same type.
        accumulate (bool): add instead of replacing.

    Returns:
        Tensor: `input`.

    Example:
        >>> import cnet
        >>> cnet.index_put_(cnet.zeros(3), (cnet.tensor([2]),), cnet.tensor(1.)).tolist()
        [0.0, 0.0, 1.0]
    """
    return _index_put(input, indices, values, accumulate, True)


METHODS = {
    '__delitem__': __delitem__, '__getitem__': __getitem__, '__setitem__': __setitem__, 'index_put': index_put,
    'index_put_': index_put_,
}
