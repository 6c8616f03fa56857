"""Tensors filled with a constant or with nothing: zeros, full, empty, their ``_like`` and ``new_`` forms.

The parameters `dtype`, `layout`, `device`, `pin_memory` and `requires_grad` mean the same in all of them: `dtype` is the
type of the elements (the default type unless a docstring says otherwise), `requires_grad` asks autograd to record what
is done with the result, and the others exist for portability; only the CPU and the strided layout are accepted.
"""

import numpy as np

from .._core import arrays, checks, errors
from .._core.base import set_requires_grad, wrap
from .._core.device import check_device, check_layout, contiguous_format, preserve_format, strided
from .._core.dtype import as_dtype, default_np, get_default_dtype, number_category
from .._core.inplace import copy_out

__all__ = ['empty', 'empty_like', 'empty_permuted', 'empty_strided', 'full', 'full_like', 'ones', 'ones_like',
           'scalar_tensor', 'zeros', 'zeros_like']

# Names of element types in the sentence about a number that does not fit.
_C_NAMES = {'uint8': 'uint8_t', 'int8': 'int8_t', 'int16': 'short', 'int32': 'int', 'int64': 'int64_t',
            'float16': 'c10::Half', 'float32': 'float', 'float64': 'double'}


def check_options(op, layout, device, pin_memory):
    """Refuse what only other devices and layouts could honour."""
    if layout is not strided:
        check_layout(layout, op)
    check_device(device, op)
    if pin_memory:
        raise RuntimeError('pin_memory=True requires a CUDA or other accelerator backend; no pinned memory allocator '
                           'is available on this system.')


def mark(t, requires_grad, op):
    """Set `requires_grad` of a new tensor, as the keyword of creating functions does."""
    if not isinstance(requires_grad, (bool, type(None))):
        raise errors.argument_type(op, 'requires_grad', 'bool', requires_grad)
    if requires_grad:
        if t._a.dtype.kind not in 'fc':
            raise errors.requires_grad_dtype()
        set_requires_grad(t, True)
    return t


def store(value, dt):
    """A Python number as the NumPy scalar that ``full`` and ``scalar_tensor`` store, else RuntimeError."""
    if isinstance(value, int) and not -2 ** 63 <= value < 2 ** 64:
        raise OverflowError('int too big to convert')
    if not arrays.fits(value, dt):
        raise RuntimeError(f'value cannot be converted to type {_C_NAMES[dt.name]} without overflow')
    if isinstance(value, complex) and dt.kind not in 'cb':
        value = value.real
    if dt.kind == 'u' and value < 0:
        value = int(value) + 2 ** (8 * dt.itemsize)
    return dt.type(value)


def shape_of(op, args, size):
    """The shape from ``f(2, 3)``, ``f((2, 3))`` or ``f(size=(2, 3))``; lengths must not be negative."""
    if size is not None:
        if args:
            raise TypeError(f"{op}() got multiple values for argument 'size'")
        if not isinstance(size, (tuple, list)):
            raise errors.argument_type(op, 'size', 'tuple of ints', size, 1)
        args = (size,)
    elif not args:
        raise TypeError(f'{op}() missing 1 required positional arguments: "size"')
    elif len(args) > 1 and isinstance(args[0], (tuple, list)):
        raise TypeError(f'{op}() takes 1 positional argument but {len(args)} were given')
    shape = checks.size(args, op)
    for n in shape:
        if n < 0:
            if op == 'zeros':
                raise RuntimeError('zeros: Dimension size must be non-negative.')
            raise RuntimeError(f'Trying to create tensor with negative dimension {n}: {list(shape)}')
    return shape


def np_type(dtype, op, out=None):
    """The NumPy type for ``dtype=`` and ``out=``; without either, that of the default dtype."""
    if out is not None:
        if not hasattr(out, '_a'):
            raise errors.argument_type(op, 'out', 'Tensor', out)
        if dtype is not None and as_dtype(dtype, op).np != out._a.dtype:
            raise errors.dtype_out(as_dtype(dtype, op).np, out._a.dtype)
        return out._a.dtype
    return (get_default_dtype() if dtype is None else as_dtype(dtype, op)).np


def finish(a, out, requires_grad, op):
    """The result of a creating function: a new tensor over the array, or `out` holding it."""
    t = wrap(a) if out is None else copy_out(wrap(a), out)
    return mark(t, requires_grad, op) if requires_grad else t


def _filled(make, op, args, size, out, dtype, layout, device, pin_memory, requires_grad):
    check_options(op, layout, device, pin_memory)
    shape = shape_of(op, args, size)
    return finish(arrays.allocate(make, shape, np_type(dtype, op, out)), out, requires_grad, op)


def zeros(*args, size=None, out=None, dtype=None, layout=strided, device=None, pin_memory=False, requires_grad=False):
    """Make a tensor of zeros.

    Args:
        *args (int): the lengths, or one sequence of them (also as ``size=``).
        out (Tensor, optional): where to write the result.
        dtype (dtype, optional): type of the elements. Default: the default dtype.

    Shape:
        As given.

    Returns:
        Tensor: the zeros.

    Example:
        >>> import cnet
        >>> cnet.zeros(2, 3)
        tensor([[0., 0., 0.],
                [0., 0., 0.]])
    """
    return _filled(arrays.zeros, 'zeros', args, size, out, dtype, layout, device, pin_memory, requires_grad)


def ones(*args, size=None, out=None, dtype=None, layout=strided, device=None, pin_memory=False, requires_grad=False):
    """Make a tensor of ones.

    Args:
        *args (int): the lengths, or one sequence of them (also as ``size=``).
        out (Tensor, optional): where to write the result.
        dtype (dtype, optional): type of the elements. Default: the default dtype.

    Shape:
        As given.

    Returns:
        Tensor: the ones.

    Example:
        >>> import cnet
        >>> cnet.ones(3, dtype=cnet.int32)
        tensor([1, 1, 1], dtype=cnet.int32)
    """
    return _filled(np.ones, 'ones', args, size, out, dtype, layout, device, pin_memory, requires_grad)


def empty(*args, size=None, out=None, dtype=None, layout=strided, device=None, pin_memory=False, requires_grad=False,
          memory_format=contiguous_format):
    """Make a tensor without setting its elements.

    Args:
        *args (int): the lengths, or one sequence of them (also as ``size=``).
        out (Tensor, optional): a tensor to give that shape instead.
        dtype (dtype, optional): type of the elements. Default: the default dtype.
        memory_format (memory_format): order of the dimensions in memory.

    Shape:
        As given.

    Returns:
        Tensor: whatever the memory held.

    Example:
        >>> import cnet
        >>> cnet.empty(2, 3).shape
        cnet.Size([2, 3])
    """
    check_options('empty', layout, device, pin_memory)
    shape = shape_of('empty', args, size)
    dt = np_type(dtype, 'empty', out)
    if memory_format is contiguous_format or memory_format is None:
        a = arrays.allocate(arrays.empty, shape, dt)
    else:
        a = arrays.empty_format(shape, dt, memory_format)
    return finish(a, out, requires_grad, 'empty')


def empty_strided(size, stride, *, dtype=None, layout=strided, device=None, pin_memory=False, requires_grad=False):
    """Make a tensor with the given strides without setting its elements.

    Args:
        size (sequence of int): the lengths.
        stride (sequence of int): the distance of neighbours along each dimension, in elements.
        dtype (dtype, optional): type of the elements. Default: the default dtype.

    Shape:
        `size`.

    Returns:
        Tensor: whatever the memory held.

    Example:
        >>> import cnet
        >>> cnet.empty_strided((2, 3), (1, 2)).stride()
        (1, 2)
    """
    check_options('empty_strided', layout, device, pin_memory)
    shape, step = checks.size((size,), 'empty_strided'), checks.size((stride,), 'empty_strided', 'stride')
    return mark(wrap(_strided_array(shape, step, np_type(dtype, 'empty_strided'))), requires_grad, 'empty_strided')


def _strided_array(shape, step, dt):
    if len(shape) != len(step):
        raise RuntimeError(f'dimensionality of sizes ({len(shape)}) must match dimensionality of strides ({len(step)})')
    for n in shape:
        if n < 0:
            raise RuntimeError(f'Trying to create tensor with negative dimension {n}: {list(shape)}')
    if any(s < 0 for s in step):
        raise RuntimeError(f'Storage size calculation overflowed with sizes={list(shape)} and strides={list(step)}')
    last = sum((n - 1) * s for n, s in zip(shape, step)) if 0 not in shape else -1
    memory = arrays.allocate(arrays.empty, (last + 1,), dt)
    return np.ndarray(shape, dt, memory, strides=[s * dt.itemsize for s in step])


def empty_permuted(size, physical_layout, *, dtype=None, layout=strided, device=None, pin_memory=False,
                   requires_grad=False):
    """Make a tensor without holes, whose dimensions have a given order in memory, without setting its elements.

    Args:
        size (sequence of int): the lengths.
        physical_layout (sequence of int): the dimensions from outermost to innermost.
        dtype (dtype, optional): type of the elements. Default: the default dtype.

    Shape:
        `size`.

    Returns:
        Tensor: whatever the memory held.

    Example:
        >>> import cnet
        >>> cnet.empty_permuted((2, 3, 5), (0, 2, 1)).stride()
        (15, 1, 3)
    """
    check_options('empty_permuted', layout, device, pin_memory)
    shape = shape_of('empty_permuted', (), size)
    order = checks.size((physical_layout,), 'empty_permuted', 'physical_layout')
    if len(order) != len(shape):
        raise RuntimeError('Number of dimensions in size does not match the length of the physical_layout; '
                           f'i.e. len(size) = {len(shape)} is not equal to len(physical_layout) = {len(order)}')
    for i, d in enumerate(order):
        if not 0 <= d < len(shape):
            raise RuntimeError(f'Dimension out of range (expected to be between 0 and {len(shape) - 1}, but got {d} '
                               f'at index {i}).')
    if len(set(order)) < len(order):
        raise RuntimeError('Duplicate dim not allowed')
    a = arrays.empty_permuted(shape, np_type(dtype, 'empty_permuted'), order)
    return mark(wrap(a), requires_grad, 'empty_permuted')


def full(size, fill_value, *, out=None, dtype=None, layout=strided, device=None, pin_memory=False, requires_grad=False):
    """Make a tensor whose elements all have the same value.

    Args:
        size (sequence of int): the lengths.
        fill_value (Number): the value.
        out (Tensor, optional): where to write the result.
        dtype (dtype, optional): type of the elements. Default: bool, int64, the default dtype or its complex
            counterpart, after the value.

    Shape:
        `size`.

    Returns:
        Tensor: the filled tensor.

    Example:
        >>> import cnet
        >>> cnet.full((2,), 7)
        tensor([7, 7])
    """
    check_options('full', layout, device, pin_memory)
    shape = shape_of('full', (), size)
    value = checks.number(fill_value, 'full', 'fill_value', 2)
    if dtype is None and out is None:
        dt = default_np(number_category(value))
    else:
        dt = np_type(dtype, 'full', out)
    a = arrays.allocate(arrays.empty, shape, dt)
    a.fill(store(value, dt))
    return finish(a, out, requires_grad, 'full')


def scalar_tensor(s, *, dtype=None, layout=strided, device=None, pin_memory=False, requires_grad=False):
    """Make a tensor without dimensions from a number.

    Args:
        s (Number): the value.
        dtype (dtype, optional): type of the element. Default: the default dtype, also for integers.

    Shape:
        ``()``.

    Returns:
        Tensor: the value.

    Example:
        >>> import cnet
        >>> cnet.scalar_tensor(3)
        tensor(3.)
    """
    check_options('scalar_tensor', layout, device, pin_memory)
    value = checks.number(s, 'scalar_tensor', 's', 1)
    a = np.array(store(value, np_type(dtype, 'scalar_tensor')))
    return mark(wrap(a), requires_grad, 'scalar_tensor')


def _like(op, input, dtype, layout, device, pin_memory, requires_grad, memory_format):
    checks.tensor(input, op, 'input', 1)
    check_options(op, layout, device, pin_memory)
    a = input._a
    dt = a.dtype if dtype is None else as_dtype(dtype, op).np
    t = wrap(arrays.empty_as(a, dt, preserve_format if memory_format is None else memory_format))
    return mark(t, requires_grad, op) if requires_grad else t


def empty_like(input, *, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False,
               memory_format=preserve_format):
    """Make a tensor of another's shape and type without setting its elements.

    Args:
        input (Tensor): the model.
        dtype (dtype, optional): type of the elements. Default: that of `input`.
        memory_format (memory_format): order of the dimensions in memory. Default: that of `input`.

    Shape:
        That of `input`.

    Returns:
        Tensor: whatever the memory held.

    Example:
        >>> import cnet
        >>> cnet.empty_like(cnet.zeros(2, 3).t()).stride()
        (1, 3)
    """
    return _like('empty_like', input, dtype, layout, device, pin_memory, requires_grad, memory_format)


def zeros_like(input, *, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False,
               memory_format=preserve_format):
    """Make zeros of another tensor's shape and type.

    Args:
        input (Tensor): the model.
        dtype (dtype, optional): type of the elements. Default: that of `input`.
        memory_format (memory_format): order of the dimensions in memory. Default: that of `input`.

    Shape:
        That of `input`.

    Returns:
        Tensor: the zeros.

    Example:
        >>> import cnet
        >>> cnet.zeros_like(cnet.tensor([1.5, 2]))
        tensor([0., 0.])
    """
    t = _like('zeros_like', input, dtype, layout, device, pin_memory, requires_grad, memory_format)
    t._a.fill(0)
    return t


def ones_like(input, *, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False,
              memory_format=preserve_format):
    """Make ones of another tensor's shape and type.

    Args:
        input (Tensor): the model.
        dtype (dtype, optional): type of the elements. Default: that of `input`.
        memory_format (memory_format): order of the dimensions in memory. Default: that of `input`.

    Shape:
        That of `input`.

    Returns:
        Tensor: the ones.

    Example:
        >>> import cnet
        >>> cnet.ones_like(cnet.tensor([1.5, 2]))
        tensor([1., 1.])
    """
    t = _like('ones_like', input, dtype, layout, device, pin_memory, requires_grad, memory_format)
    t._a.fill(1)
    return t


def full_like(input, fill_value, *, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False,
              memory_format=preserve_format):
    """Make a tensor of another's shape and type whose elements all have the same value.

    Args:
        input (Tensor): the model.
        fill_value (Number): the value.
        dtype (dtype, optional): type of the elements. Default: that of `input`.
        memory_format (memory_format): order of the dimensions in memory. Default: that of `input`.

    Shape:
        That of `input`.

    Returns:
        Tensor: the filled tensor.

    Example:
        >>> import cnet
        >>> cnet.full_like(cnet.zeros(2), 3)
        tensor([3., 3.])
    """
    value = checks.number(fill_value, 'full_like', 'fill_value', 2)
    t = _like('full_like', input, dtype, layout, device, pin_memory, requires_grad, memory_format)
    t._a.fill(store(value, t._a.dtype))
    return t


# ------------------------------------------------------------------------------------------------------------- methods

def _new(make, op):
    def new(self, *args, size=None, dtype=None, layout=strided, device=None, pin_memory=False, requires_grad=False):
        return _filled(make, op, args, size, None, self.dtype if dtype is None else dtype, layout, device, pin_memory,
                       requires_grad)

    new.__name__ = new.__qualname__ = op
    new.__doc__ = f"Make a tensor as ``cnet.{op[4:]}`` does, of this tensor's type unless `dtype` is given."
    return new


def new_full(self, size, fill_value, *, dtype=None, layout=strided, device=None, pin_memory=False, requires_grad=False):
    """Make a tensor as ``cnet.full`` does, of this tensor's type unless `dtype` is given."""
    return full(size, fill_value, dtype=self.dtype if dtype is None else dtype, layout=layout, device=device,
                pin_memory=pin_memory, requires_grad=requires_grad)


def new_empty_strided(self, size, stride, *, dtype=None, layout=strided, device=None, pin_memory=False,
                      requires_grad=False):
    """Make a tensor as ``cnet.empty_strided`` does, of this tensor's type unless `dtype` is given."""
    return empty_strided(size, stride, dtype=self.dtype if dtype is None else dtype, layout=layout, device=device,
                         pin_memory=pin_memory, requires_grad=requires_grad)


METHODS = {
    'new_zeros': _new(arrays.zeros, 'new_zeros'),
    'new_ones': _new(np.ones, 'new_ones'),
    'new_empty': _new(arrays.empty, 'new_empty'),
    'new_full': new_full,
    'new_empty_strided': new_empty_strided,
}
