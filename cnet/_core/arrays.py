"""Conversions and memory layouts of arrays: what tensors of any operation need before or after a kernel."""

import numpy as np

from .._kernels._alloc import empty, zeros
from .._kernels._quiet import quiet
from .._kernels.copy import assign, contiguous, copied, recast
from .device import channels_last, channels_last_3d, contiguous_format, preserve_format

__all__ = [
    'allocate', 'assign', 'broken_memory', 'cast', 'contiguous', 'copied', 'copy_as', 'copy_like', 'empty', 'empty_as',
    'empty_format', 'empty_permuted', 'fits', 'is_contiguous', 'laid', 'layout', 'pixels', 'strides', 'zeros',
]

LARGE = 16384     # bytes from which a conversion of our own beats NumPy's, which need not look at the arrays from C again
_ORDER = {channels_last: (0, 2, 3, 1), channels_last_3d: (0, 2, 3, 4, 1)}  # dimensions from outermost to innermost
_LAST = {4: channels_last, 5: channels_last_3d}


def _convert(a, result):
    """result[...] = a, as C converts numbers."""
    dt = result.dtype
    if a.dtype.kind == 'c' and dt.kind not in 'cb':
        a = a.real
    if dt.num == np.dtype(np.uint8).num and a.dtype.kind == 'f':
        a = a.astype(np.int64)  # -1.0 becomes 255 on every machine; the direct conversion is undefined in C
    np.copyto(result, a, casting='unsafe')
    return result


def cast(a, dt):
    """The array as NumPy type `dt`: itself if it has that type already, else a new one."""
    source = a.dtype
    if source == dt:
        return a
    if a.nbytes >= LARGE and a.flags.c_contiguous and recast(r := empty(a.shape, dt), a):
        return r
    if source.kind == 'c' or (source.kind == 'f' and ((dt.itemsize < source.itemsize and dt.kind != 'b') or dt.kind in 'iu')):
        return quiet(_convert, a, np.empty_like(a, dt))  # NumPy reports casts that overflow; here, as in C, they are silent
    return a.astype(dt)


def strides(a):
    """Strides of an array counted in elements."""
    n = a.itemsize
    return tuple([s // n for s in a.strides])


def is_contiguous(a, format=contiguous_format):
    """Whether the elements lie in the order that a memory format asks for."""
    if format is contiguous_format:
        return a.flags.c_contiguous
    order = _ORDER.get(format)
    return order is not None and a.ndim == len(order) and a.transpose(order).flags.c_contiguous


def layout(a):
    """The memory format that a layer keeps: `channels_last` or `channels_last_3d` if the elements lie so and not in order, else
    `contiguous_format`.
    """
    format = _LAST.get(a.ndim)
    return format if not a.flags.c_contiguous and is_contiguous(a, format) else contiguous_format


def laid(a, format):
    """The array with its elements in the order of a memory format: itself, or a copy."""
    if is_contiguous(a, format):
        return a
    return contiguous(a) if format is contiguous_format else copy_as(a, a.dtype, format)


def pixels(a):
    """A batch of images whose channels come last in memory as an array of rows [pixels, channels]; None stays None."""
    return None if a is None else a.transpose(_ORDER[_LAST[a.ndim]]).reshape(-1, a.shape[1])


def allocate(make, shape, dt):
    """Call ``make(shape, dt)`` (`empty`, `zeros`, np.ones) and turn NumPy's failures into ours."""
    try:
        return make(shape, dt)
    except (MemoryError, ValueError):
        raise broken_memory(shape, dt) from None


def broken_memory(shape, dt):
    """The exception for an array that cannot be allocated."""
    n = dt.itemsize
    for length in shape:
        n *= length
    if n >= 2 ** 63:
        return RuntimeError(f'Storage size calculation overflowed with sizes={list(shape)}')
    return RuntimeError(f"can't allocate memory: you tried to allocate {n} bytes.")


def empty_as(a, dt, format=preserve_format):
    """An uninitialised array of the shape of `a`.

    Args:
        a (ndarray): gives shape and, with ``preserve_format``, the order of strides.
        dt (np.dtype): type of the elements.
        format (memory_format): the order of dimensions in memory.
    """
    if format is preserve_format:
        if a.flags.c_contiguous:
            return empty(a.shape, dt)
        return empty_permuted(a.shape, dt, _dense_order(a))
    return empty_format(a.shape, dt, format)


def empty_format(shape, dt, format):
    """An uninitialised array whose elements lie in the order of a memory format."""
    if format is contiguous_format:
        return empty(shape, dt)
    order = _ORDER.get(format)
    if order is None:
        raise RuntimeError(f'unsupported memory format {format!r}')
    if len(order) != len(shape):
        raise RuntimeError(f'required rank {len(order)} tensor to use {format.name} format')
    return empty_permuted(shape, dt, order)


def copy_as(a, dt, format=preserve_format):
    """A copy of `a` with another type or order of dimensions in memory."""
    result = empty_as(a, dt, format)
    if a.dtype == dt:
        assign(result, a)
    elif not recast(result, a):
        quiet(_convert, a, result)
    return result


def copy_like(like, a):
    """A contiguous copy of `a`, or one in the order of the elements of `like`, an array of its shape, if these have no holes."""
    dense = like.transpose(_dense_order(like)).flags.c_contiguous
    result = empty_as(like, a.dtype, preserve_format if dense else contiguous_format)
    assign(result, a)
    return result


def empty_permuted(shape, dt, order):
    """An uninitialised array whose dimensions lie in memory from outermost to innermost as `order` lists them."""
    inverse = sorted(range(len(order)), key=order.__getitem__)
    return empty([shape[i] for i in order], dt).transpose(inverse)


def _dense_order(a):
    """Dimensions from outermost to innermost, for a copy without holes that keeps the order of `a`.

    A dimension of stride 0 (expanded) compares equal to all others, so it stays where it is: an insertion sort,
    because that comparison is not transitive.
    """
    shape, step = a.shape, a.strides
    order = list(range(a.ndim))[::-1]  # innermost first while sorting
    for i in range(1, a.ndim):
        k = i
        for j in range(i - 1, -1, -1):
            p, q = order[j], order[k]
            if not step[p] or not step[q]:
                continue
            if step[p] < step[q]:
                break
            if step[p] > step[q] or shape[p] > shape[q]:
                order[j], order[k] = q, p
                k = j
    return order[::-1]


def fits(value, dt):
    """Whether a Python number can be stored as `dt`. Unsigned types take negative numbers, which wrap around."""
    if dt.kind == 'c' or dt.kind == 'b':
        return True
    if isinstance(value, complex):
        if value.imag:
            return False
        value = value.real
    if dt.kind == 'f':
        return value - value != 0 or abs(value) <= float(np.finfo(dt).max)  # inf and nan fit
    if value - value != 0:
        return False
    info = np.iinfo(dt)
    return (-info.max if dt.kind == 'u' else info.min) <= value <= info.max
