"""How the key of ``x[key]`` is read: the view that its basic parts make, and the index arrays and masks that are left."""

import numpy as np

from .._core.base import TensorBase
from .._core.op import finish
from .._kernels.strided import part
from .shape import Alias
from .slices import Part, Select

_ALL = slice(None)
_LONG = np.dtype(np.int64).char


class NewAxis(Part, name='UnsqueezeBackward0'):
    pass


_KINDS = (None, Part, Select, NewAxis)  # by what `part` says of a key


def scalar_error():
    return IndexError('invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ to '
                      'convert a 0-dim tensor to a number')


def out_of_bounds(index, dim, n):
    return IndexError(f'index {index} is out of bounds for dimension {dim} with size {n}')


def checked(key, shape, dim):
    """A slice of ints whose step is positive."""
    if not shape:
        raise IndexError('slice() cannot be applied to a 0-dim tensor.')
    start, stop, step = key.start, key.stop, key.step
    if step is not None:
        if step == 0:
            raise ValueError('slice step cannot be zero')
        if step < 0:
            raise ValueError('step must be greater than zero')
    if hasattr(start, '_a') or hasattr(stop, '_a') or hasattr(step, '_a'):
        key = slice(*[int(i._a) if hasattr(i, '_a') else i for i in (start, stop, step)])
    return key


def _items(key):
    """The parts of a key."""
    if type(key) is tuple:
        return key
    # A list that holds more than numbers is an old way of writing a tuple.
    if isinstance(key, list) and len(key) < 32 and any(
            i is None or i is ... or isinstance(i, (TensorBase, list, tuple, slice, np.ndarray)) for i in key):
        return tuple(key)
    return (key,)


def _simple(x, key):
    """What `basic` answers for a tuple of ints, None, an ellipsis, and slices of ints without steps, in a tenth of its time."""
    found = part(x._a, key)
    if found is None:
        return None
    if not found[0]:
        return x
    op = _KINDS[found[0]]
    return finish(op, op.info_, (x,), {'key': key if ... in key else (*key, ...)}, found[1])


def _indexed(x, key):
    """The entries of a key that is one or more int64 tensors, or a mask for all elements, and nothing else; or None."""
    shape = x._a.shape
    if isinstance(key, TensorBase):
        a = key._a
        if a.ndim and shape and a.dtype.char == _LONG:
            return (key,)
        return (a.copy(),) if a.ndim and a.dtype.char == '?' and a.shape == shape else None
    if type(key) is not tuple or not 0 < len(key) <= len(shape):
        return None
    for i in key:
        if not isinstance(i, TensorBase) or not i._a.ndim or i._a.dtype.char != _LONG:
            return None
    return key


def basic(x, key):
    """The view that the basic parts of a key make, and an entry per dimension of it for the others (or None).

    The view is `x` itself if the basic parts say nothing.
    """
    if type(key) is tuple:
        view = _simple(x, key)
        if view is not None:
            return view, None
    entries = _indexed(x, key)
    if entries is not None:
        return x, entries
    return _general(x, key)


def _general(x, key):
    """What `basic` answers for any key."""
    items = [_item(i) for i in _items(key)]
    shape = x._a.shape
    consumed = 0
    for i in items:
        consumed += (i.ndim if i.dtype == bool else 1) if isinstance(i, (TensorBase, np.ndarray)) and i.ndim else \
            type(i) in (int, slice)
    if consumed > len(shape):
        raise IndexError(f'too many indices for tensor of dimension {len(shape)}') if shape else scalar_error()
    basic, entries, op, dim, advanced = [], [], Alias, 0, False
    for i in items:
        kind = type(i)
        if kind is int:
            if not -shape[dim] <= i < shape[dim]:
                raise out_of_bounds(i, dim, shape[dim])
            basic.append(i)
            op, dim = Select, dim + 1
        elif kind is slice:
            i = checked(i, shape, dim)
            if i.start not in (None, 0) or i.step not in (None, 1) or (i.stop is not None and i.stop < shape[dim]):
                op = Part
            basic.append(i)
            entries.append(None)
            dim += 1
        elif i is None:
            basic.append(None)
            entries.append(None)
            op = NewAxis
        elif i is ...:
            rest = len(shape) - consumed
            basic += [_ALL] * rest
            entries += [None] * rest
            dim, consumed = dim + rest, len(shape)
        elif not i.ndim:  # True or False: a new dimension of size 1 or 0
            basic.append(None)
            entries.append(np.zeros(int(i), np.int64))
            op, advanced = NewAxis, True
        elif i.dtype == bool:
            check_mask(i, shape, dim)
            alone = all(j is i or not isinstance(j, (TensorBase, np.ndarray)) for j in items)
            entries += [i.copy()] if alone else i.nonzero()  # a copy: the caller may write into the mask later
            basic += [_ALL] * i.ndim
            dim, advanced = dim + i.ndim, True
        else:
            basic.append(_ALL)
            entries.append(i)
            dim, advanced = dim + 1, True
    if op is not Alias:
        x = op.apply(x, key=(*basic, ...))
    if not advanced:
        return x, None
    while entries[-1] is None:
        entries.pop()
    return x, entries


def _item(i):
    """A part of a key as int, slice, None, ellipsis, or an index tensor or array of int64 or bool."""
    if type(i) is int or i is None or i is ... or type(i) is slice:
        return i
    if isinstance(i, TensorBase):
        return index_tensor(i)
    if isinstance(i, (bool, np.bool_)):
        return np.array(i)
    if isinstance(i, (list, tuple, range, np.ndarray)):
        a = np.array(_unwrapped(i))
        if a.dtype == bool:
            return a
        return a.astype(np.int64) if a.ndim else int(a)
    try:
        return i.__index__()
    except AttributeError:
        if isinstance(i, str):
            raise TypeError("new(): invalid data type 'str'") from None
        raise IndexError('only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid '
                         f'indices (got {type(i).__name__})') from None


def _unwrapped(i):
    """Nested sequences with tensors in them as nested sequences of numbers."""
    if isinstance(i, TensorBase):
        return i._a
    return [_unwrapped(j) for j in i] if isinstance(i, (list, tuple)) else i


def index_tensor(i):
    a = i._a
    kind = a.dtype.kind
    if kind == 'b':
        return a
    if a.dtype == np.uint8:
        return a != 0
    if a.dtype not in (np.int64, np.int32):
        if kind == 'i' and not a.ndim:
            return int(a)
        raise IndexError('tensors used as indices must be long, int, byte or bool tensors')
    return i if a.ndim else int(a)


def check_mask(mask, shape, dim):
    """Refuse a mask that does not fit the dimensions from `dim` on."""
    for d, n in enumerate(mask.shape):
        if n != shape[dim + d]:
            raise IndexError(f'The shape of the mask {list(mask.shape)} at index {d} does not match the shape of the '
                             f'indexed tensor {list(shape)} at index {dim + d}')
