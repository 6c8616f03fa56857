"""Tensors from what already exists: Python numbers and sequences, NumPy arrays, buffers, other tensors."""

import warnings
from itertools import chain

import numpy as np

from .._core import arrays, checks
from .._core.base import TensorBase, alias, blank, fresh_version, wrap
from .._core.device import check_device, strided
from .._core.dtype import as_dtype, default_np, from_np, get_default_dtype, number_category, promote_types
from .create import check_options, mark

__all__ = ['as_tensor', 'asarray', 'from_dlpack', 'from_numpy', 'frombuffer', 'is_tensor', 'tensor']

_PLAIN = {bool, int, float, complex}
_TEXT = (str, bytes)


# --------------------------------------------------------------------------------------------- sequences to arrays

def array_of(data, dt=None):
    """A new array from a number, a nested sequence, an array or a tensor; `dt` is the NumPy type, None to infer it."""
    kind = type(data)
    if kind is list or kind is tuple:
        leaves = set()
        if _collect(data, leaves) and leaves <= _PLAIN:
            target = dt
            if target is None:
                target = default_np(max(map(number_category, [k() for k in leaves]))) if leaves else get_default_dtype().np
            try:
                return _plain(data, target, leaves)
            except (ValueError, TypeError, OverflowError):
                pass  # ragged, or a value that does not fit: the careful way below finds the sentence for it
    elif kind in _PLAIN:
        return _scalar(data, dt)
    if isinstance(data, np.ndarray):
        return np.array(_supported(data) if dt is None else arrays.cast(_supported(data), dt), order='C')
    if isinstance(data, TensorBase):
        a = data._a
        return arrays.copy_as(a, a.dtype if dt is None else dt)
    if isinstance(data, np.generic):
        return np.array(_leaf(data, dt or from_np(data.dtype).np))
    return _careful(data, dt)


def _collect(data, leaves):
    """Add the element types of nested lists and tuples to `leaves`; False if something else is nested."""
    kinds = set(map(type, data))
    nested = kinds & {list, tuple}
    if not nested:
        leaves |= kinds
        return True
    if len(nested) < len(kinds):
        return False
    inner = set(map(type, chain.from_iterable(data)))
    if not inner & {list, tuple}:
        leaves |= inner
        return True
    return all(_collect(row, leaves) for row in data)


def _plain(data, dt, leaves):
    if dt.kind == 'f' and dt.itemsize < 8:
        if complex in leaves:
            raise TypeError
        return arrays.cast(np.array(data, np.float64), dt)  # directly to float32, NumPy would warn of overflow
    return np.array(data, dt)


def _scalar(value, dt):
    if dt is None:
        dt = default_np(number_category(value))
    return np.array(_leaf(value, dt))


def _leaf(value, dt):
    """One number as NumPy type `dt`, with the exceptions of a bad element."""
    kind = dt.kind
    if kind == 'b':
        return np.bool_(bool(value))
    if isinstance(value, (complex, np.complexfloating)) and kind != 'c':
        raise TypeError('must be real number, not complex' if kind == 'f' else
                        "'complex' object cannot be interpreted as an integer")
    if number_category(value) is None:
        raise TypeError(f'must be real number, not {type(value).__name__}' if kind == 'f' else
                        f"'{type(value).__name__}' object cannot be interpreted as an integer")
    if kind in 'iu':
        if value - value != 0 or not arrays.fits(int(value), dt):
            if isinstance(value, int) and not -2 ** 63 <= value < 2 ** 63:
                raise ValueError('Overflow when unpacking long long')
            raise RuntimeError(f'value cannot be converted to type {dt.name} without overflow')
        value = int(value)
        return dt.type(value + 2 ** (8 * dt.itemsize) if kind == 'u' and value < 0 else value)
    if kind == 'f':
        return arrays.cast(np.array(float(value)), dt)
    return np.array(complex(value)).astype(dt)


def _is_sequence(x):
    return hasattr(x, '__getitem__') and hasattr(x, '__len__') and not isinstance(
        x, (*_TEXT, dict, TensorBase, np.generic))


def _careful(data, dt):
    """Any sequence, element by element."""
    shape, x = [], data
    while _is_sequence(x):
        shape.append(len(x))
        if not shape[-1]:
            break
        x = x[0]
    if shape and isinstance(x, _TEXT):
        raise ValueError(f"too many dimensions '{type(x).__name__}'")
    if dt is None:
        found = _infer(data)
        dt = (get_default_dtype() if found is None else found).np
    flat = []
    _flatten(data, shape, 0, flat, dt)
    result = np.empty(len(flat), dt)
    for i, value in enumerate(flat):
        result[i] = value
    return result.reshape(shape)


def _infer(x):
    """The dtype that holds every element, None for no elements."""
    if isinstance(x, TensorBase):
        return x.dtype
    if isinstance(x, (np.ndarray, np.generic)):
        return from_np(x.dtype)
    category = number_category(x)
    if category is not None:
        return from_np(default_np(category))
    if isinstance(x, _TEXT):
        raise TypeError(f"new(): invalid data type '{type(x).__name__}'")
    if not _is_sequence(x):
        raise RuntimeError(f'Could not infer dtype of {type(x).__name__}')
    result = None
    for item in x:
        found = _infer(item)
        if found is not None:
            result = found if result is None else promote_types(result, found)
    return result


def _flatten(x, shape, depth, flat, dt):
    if depth == len(shape):
        if isinstance(x, TensorBase):
            if x._a.size != 1:
                raise ValueError('only one element tensors can be converted to Python scalars')
            x = x._a.item()
        elif isinstance(x, _TEXT):
            raise TypeError(f"new(): invalid data type '{type(x).__name__}'")
        flat.append(_leaf(x, dt))
        return
    if not _is_sequence(x):
        raise TypeError('not a sequence')
    if len(x) != shape[depth]:
        raise ValueError(f'expected sequence of length {shape[depth]} at dim {depth} (got {len(x)})')
    if isinstance(x, np.ndarray) and x.ndim == len(shape) - depth and x.shape == tuple(shape[depth:]):
        flat.extend(arrays.cast(_supported(x), dt).ravel())
        return
    for item in x:
        _flatten(item, shape, depth + 1, flat, dt)


def _supported(a):
    """The array if its memory can be shared with a tensor, else the exception that says why not."""
    if not a.dtype.isnative:
        raise ValueError('given numpy array has byte order different from the native byte order. '
                         'Conversion between byte orders is currently not supported.')
    from_np(a.dtype)
    for step in a.strides:
        if step < 0:
            raise ValueError('At least one stride in the given numpy array is negative, and tensors with negative strides '
                             'are not currently supported. (You can probably work around this by making a copy of your '
                             'array  with array.copy().) ')
        if step % a.itemsize:
            raise ValueError('given numpy array strides not a multiple of the element byte size. '
                             'Copy the numpy array to reallocate the memory.')
    return a


# ------------------------------------------------------------------------------------------------------ public functions

def tensor(data, *, dtype=None, device=None, requires_grad=False, pin_memory=False):
    """Make a tensor by copying data.

    Args:
        data (number, nested sequence, ndarray or Tensor): the elements.
        dtype (dtype, optional): type of the elements. Default: inferred; Python floats get the default dtype.
        device (device, optional): only the CPU is accepted.
        requires_grad (bool): whether autograd records what is done with the result. Default: False.
        pin_memory (bool): must be False.

    Shape:
        One dimension per level of nesting.

    Returns:
        Tensor: a leaf with memory of its own.

    Example:
        >>> import cnet
        >>> cnet.tensor([[1, 2], [3, 4.5]])
        tensor([[1.0000, 2.0000],
                [3.0000, 4.5000]])
    """
    if isinstance(data, TensorBase):
        warnings.warn('To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or '
                      'sourceTensor.detach().clone().requires_grad_(True), rather than cnet.tensor(sourceTensor).',
                      UserWarning, stacklevel=2)
    return make(data, dtype, device, requires_grad, pin_memory, 'tensor')


def make(data, dtype, device, requires_grad, pin_memory, op):
    """`tensor` without its warning, for the functions that are built on it."""
    if device is not None or pin_memory:
        check_options(op, strided, device, pin_memory)
    else:
        check_device(None, op)
    t = wrap(array_of(data, None if dtype is None else as_dtype(dtype, op).np))
    return mark(t, requires_grad, op) if requires_grad is not False else t


def new_tensor(self, data, *, dtype=None, device=None, requires_grad=False, pin_memory=False):
    """Make a tensor as ``cnet.tensor`` does, of this tensor's type unless `dtype` is given."""
    if isinstance(data, TensorBase):
        warnings.warn('To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or '
                      'sourceTensor.detach().clone().requires_grad_(True), rather than tensor.new_tensor(sourceTensor).',
                      UserWarning, stacklevel=2)
    return make(data, self.dtype if dtype is None else dtype, device, requires_grad, pin_memory, 'new_tensor')


def as_tensor(data, dtype=None, device=None):
    """Make a tensor from data, sharing its memory where possible.

    Args:
        data (number, nested sequence, ndarray or Tensor): a tensor is returned as it is, an array is shared.
        dtype (dtype, optional): type of the elements; a different one makes a copy. Default: that of the data.
        device (device, optional): only the CPU is accepted.

    Shape:
        That of the data.

    Returns:
        Tensor: `data` itself, or a tensor over its memory or a copy of it.

    Example:
        >>> import cnet, numpy
        >>> a = numpy.zeros(2)
        >>> cnet.as_tensor(a)[0] = 5
        >>> a
        array([5., 0.])
    """
    if isinstance(data, TensorBase):
        return data.to(device=device, dtype=dtype)
    if isinstance(data, np.ndarray):
        check_device(device, 'as_tensor')
        return wrap(_as_type(_supported(data), dtype, 'as_tensor'))
    return make(data, dtype, device, False, False, 'as_tensor')


def _as_type(a, dtype, op):
    return a.view() if dtype is None else arrays.cast(a.view(), as_dtype(dtype, op).np)


def asarray(obj, *, dtype=None, device=None, copy=None, requires_grad=None):
    """Make a tensor from an object, with a say in whether memory is shared.

    Args:
        obj (object): a Tensor, an ndarray, an exporter of DLPack or of a buffer, a number or a nested sequence.
        dtype (dtype, optional): type of the elements. Default: that of the data.
        device (device, optional): only the CPU is accepted.
        copy (bool, optional): True copies always, False never (ValueError if needed), None when needed. Default: None.
        requires_grad (bool, optional): whether autograd records what is done with the result. Default: as `obj` has it.

    Shape:
        That of the data.

    Returns:
        Tensor: a tensor over the memory of `obj` or a copy of it.

    Example:
        >>> import cnet
        >>> cnet.asarray([1, 2])
        tensor([1, 2])
    """
    check_device(device, 'asarray')
    want = None if dtype is None else as_dtype(dtype, 'asarray')
    if isinstance(obj, TensorBase):
        grad = obj.requires_grad if requires_grad is None else requires_grad
        t = obj if grad or not obj.requires_grad else alias(obj)
    elif isinstance(obj, (np.ndarray, np.generic)):
        t = wrap(_supported(np.asarray(obj)).view())
        grad = requires_grad
    elif hasattr(obj, '__dlpack__'):
        t, grad = from_dlpack(obj), requires_grad
    elif _is_buffer(obj):
        t, grad = frombuffer(obj, dtype=dtype or get_default_dtype()), requires_grad
    else:
        if copy is False:
            raise ValueError("can't alias arbitrary sequence into a tensor.")
        return make(obj, dtype, device, bool(requires_grad), False, 'asarray')
    if want is not None and want != t.dtype:
        if copy is False:
            raise ValueError(f"can't alias tensor with dtype '{t.dtype.legacy}' into dtype '{want.legacy}'.")
        t = t.to(want)
    elif copy:
        t = t.clone()
    return mark(t, True, 'asarray') if grad and not t.requires_grad else t


def _is_buffer(obj):
    try:
        memoryview(obj)
    except TypeError:
        return False
    return True


def from_numpy(ndarray):
    """Make a tensor that shares the memory of an array.

    Args:
        ndarray (numpy.ndarray): the array; writing to the tensor writes to it.

    Shape:
        That of the array.

    Returns:
        Tensor: a tensor over the same memory.

    Example:
        >>> import cnet, numpy
        >>> cnet.from_numpy(numpy.arange(3))
        tensor([0, 1, 2])
    """
    if not isinstance(ndarray, np.ndarray):
        kind = type(ndarray)
        name = kind.__name__ if kind.__module__ == 'builtins' else f'{kind.__module__}.{kind.__name__}'
        raise TypeError(f'expected np.ndarray (got {name})')
    return wrap(_supported(ndarray).view(np.ndarray))


def frombuffer(buffer, *, dtype, count=-1, offset=0, requires_grad=False):
    """Make a tensor over the memory of an object with a buffer, such as bytearray.

    Args:
        buffer (object): the owner of the memory.
        dtype (dtype): type of the elements.
        count (int): how many elements; -1 for all that are there. Default: -1.
        offset (int): how many bytes to skip first. Default: 0.
        requires_grad (bool): whether autograd records what is done with the result. Default: False.

    Shape:
        ``(n,)``.

    Returns:
        Tensor: a tensor over the same memory.

    Example:
        >>> import cnet
        >>> cnet.frombuffer(bytearray([1, 0, 2, 0]), dtype=cnet.int16)
        tensor([1, 2], dtype=cnet.int16)
    """
    dt = as_dtype(dtype, 'frombuffer').np
    if not _is_buffer(buffer):
        raise ValueError('object does not implement Python buffer protocol.')
    length, size = memoryview(buffer).nbytes, dt.itemsize
    if length == 0 or count == 0:
        raise ValueError(f'both buffer length ({length}) and count ({count}) must not be 0')
    if not 0 <= offset < length:
        raise ValueError(f'offset ({offset} bytes) must be non-negative and no greater than buffer length '
                         f'({length} bytes) minus 1')
    if count > 0 and offset + count * size > length:
        raise ValueError(f'requested buffer length ({count} * {size} bytes) after offset ({offset} bytes) '
                         f'must not be greater than actual buffer length ({length} bytes)')
    if count < 0 and (length - offset) % size:
        raise ValueError(f'buffer length ({length - offset} bytes) after offset ({offset} bytes) '
                         f'must be a multiple of element size ({size})')
    return mark(wrap(np.frombuffer(buffer, dt, count, offset)), requires_grad, 'frombuffer')


def from_dlpack(ext_tensor, *, device=None, copy=None):
    """Make a tensor that shares the memory of any object that exports DLPack.

    Args:
        ext_tensor (object): an object with ``__dlpack__``.
        device (device, optional): only the CPU is accepted.
        copy (bool, optional): True copies, False and None share. Default: None.

    Shape:
        That of the object.

    Returns:
        Tensor: a tensor over the same memory.

    Example:
        >>> import cnet, numpy
        >>> cnet.from_dlpack(numpy.zeros(2, numpy.int32))
        tensor([0, 0], dtype=cnet.int32)
    """
    check_device(device, 'from_dlpack')
    a = _supported(np.from_dlpack(ext_tensor))
    return wrap(np.array(a, order='K') if copy else a)


def is_tensor(obj):
    """Tell whether an object is a Tensor.

    Args:
        obj (object): anything.

    Returns:
        bool: True for a Tensor.

    Example:
        >>> import cnet
        >>> cnet.is_tensor(cnet.ones(1)), cnet.is_tensor([1])
        (True, False)
    """
    return isinstance(obj, TensorBase)


# ------------------------------------------------------------------------------------------ the old-style constructor

def legacy_array(args, dt):
    """The array of ``Tensor(2, 3)`` (lengths, uninitialised), ``Tensor([1, 2])`` (elements) or ``Tensor()``."""
    if not args:
        return np.empty(0, dt)
    first = args[0]
    if len(args) > 1 or (isinstance(first, int) and not isinstance(first, bool)) or type(first).__name__ == 'Size':
        shape = checks.size(args, 'new')
        if any(n < 0 for n in shape):
            raise RuntimeError(f'Trying to create tensor with negative dimension {min(shape)}: {list(shape)}')
        return arrays.allocate(np.empty, shape, dt)
    if isinstance(first, _TEXT):
        raise TypeError(f"new(): invalid data type '{type(first).__name__}'")
    if isinstance(first, TensorBase):
        return first._a
    if not _is_sequence(first):
        raise TypeError(f'new(): data must be a sequence (got {type(first).__name__})')
    return array_of(first, dt)


def new(self, *args, device=None):
    """Make a tensor of this tensor's type from lengths or from a sequence of elements."""
    check_device(device, 'new')
    return wrap(legacy_array(args, self._a.dtype))


def construct(cls, *args, device=None):
    """``Tensor(...)``: of the default type; a tensor argument is aliased."""
    check_device(device, 'new')
    if len(args) == 1 and isinstance(args[0], TensorBase):
        return alias(args[0], cls)
    return blank(cls, legacy_array(args, get_default_dtype().np), fresh_version())


METHODS = {'__new__': staticmethod(construct), 'new_tensor': new_tensor, 'new': new}
