"""Tensors of random numbers: rand, randn, randint, randperm and their `_like` forms."""

import numpy as np

from .._core import arrays, checks, errors
from .._core.base import wrap
from .._core.device import preserve_format, strided
from .._core.dtype import as_dtype, from_np, int64
from .._core.generator import engine_of
from . import _draw
from .create import check_options, finish, mark, np_type, shape_of

# Names of element types in the sentence about a range that does not fit.
_C_NAME = {'bool': 'bool', 'uint8': 'unsigned char', 'int8': 'signed char', 'int16': 'short int', 'int32': 'int',
           'int64': 'long int', 'float16': 'c10::Half', 'float32': 'float', 'float64': 'double'}

__all__ = ['rand', 'rand_like', 'randint', 'randint_like', 'randn', 'randn_like', 'randperm']


def check_uniform(dtype):
    """Refuse types without uniform numbers."""
    if dtype.kind not in 'fc':
        raise errors.not_implemented('check_uniform_bounds', dtype)


def check_normal(dtype):
    """Refuse types without normal numbers."""
    if dtype.kind not in 'fc':
        raise errors.not_implemented('normal_kernel_cpu', dtype)


def rand(*args, size=None, generator=None, out=None, dtype=None, layout=strided, device=None, requires_grad=False,
         pin_memory=False):
    """Uniform random numbers of [0, 1).

    Args:
        size (int...): the shape, as several ints or one sequence.
        generator (Generator, optional): where the numbers come from. Default: the global generator.
        out (Tensor, optional): the result is written here.
        dtype (dtype, optional): a floating or complex type. Default: the default type.
        layout, device, pin_memory: accepted for compatibility.
        requires_grad (bool): whether autograd shall record operations on the result. Default: False.

    Shape:
        - Output: `size`.

    Returns:
        Tensor: the numbers.

    Example:
        >>> import cnet
        >>> _ = cnet.manual_seed(0)
        >>> cnet.rand(3)
        tensor([0.4963, 0.7682, 0.0885])
    """
    check_options('rand', layout, device, pin_memory)
    a = arrays.allocate(arrays.empty, shape_of('rand', args, size), np_type(dtype, 'rand', out))
    check_uniform(a.dtype)
    _draw.uniform(engine_of(generator, 'rand'), a, 0.0, 1.0)
    return finish(a, out, requires_grad, 'rand')


def randn(*args, size=None, generator=None, out=None, dtype=None, layout=strided, device=None, requires_grad=False,
          pin_memory=False):
    """Normal random numbers of mean 0 and variance 1; complex ones have variance 1/2 in each part.

    Args:
        size (int...): the shape, as several ints or one sequence.
        generator (Generator, optional): where the numbers come from. Default: the global generator.
        out (Tensor, optional): the result is written here.
        dtype (dtype, optional): a floating or complex type. Default: the default type.
        layout, device, pin_memory: accepted for compatibility.
        requires_grad (bool): whether autograd shall record operations on the result. Default: False.

    Shape:
        - Output: `size`.

    Returns:
        Tensor: the numbers.

    Example:
        >>> import cnet
        >>> _ = cnet.manual_seed(0)
        >>> cnet.randn(2, 2)
        tensor([[ 1.5410, -0.2934],
                [-2.1788,  0.5684]])
    """
    check_options('randn', layout, device, pin_memory)
    a = arrays.allocate(arrays.empty, shape_of('randn', args, size), np_type(dtype, 'randn', out))
    check_normal(a.dtype)
    _draw.normal(engine_of(generator, 'randn'), a, 0.0, 1.0)
    return finish(a, out, requires_grad, 'randn')


def randint(low=None, high=None, size=None, *, generator=None, out=None, dtype=None, layout=strided, device=None,
            requires_grad=False, pin_memory=False):
    """Uniform random integers of low .. high - 1; called as ``randint(high, size)`` or ``randint(low, high, size)``.

    Args:
        low (int): the smallest number. Default: 0.
        high (int): one above the largest number.
        size (tuple): the shape.
        generator (Generator, optional): where the numbers come from. Default: the global generator.
        out (Tensor, optional): the result is written here.
        dtype (dtype, optional): any real type. Default: int64.
        layout, device, pin_memory: accepted for compatibility.
        requires_grad (bool): whether autograd shall record operations on the result. Default: False.

    Shape:
        - Output: `size`.

    Returns:
        Tensor: the numbers.

    Example:
        >>> import cnet
        >>> _ = cnet.manual_seed(0)
        >>> cnet.randint(10, (3,)), cnet.randint(5, 7, (2,))
        (tensor([4, 9, 3]), tensor([5, 6]))
    """
    if size is None and high is not None and low is not None:
        if not isinstance(high, (tuple, list)):
            raise errors.argument_type('randint', 'size', 'tuple of ints', high, 2)
        low, high, size = 0, low, high
    elif high is None:
        low, high = 0, low
    elif low is None:
        low = 0
    if size is None or high is None:
        raise TypeError('randint() received an invalid combination of arguments; give high and size')
    low, high = checks.integer(low, 'randint', 'low', 1), checks.integer(high, 'randint', 'high', 1)
    check_options('randint', layout, device, pin_memory)
    dt = np_type(int64 if dtype is out is None else dtype, 'randint', out)
    a = arrays.allocate(arrays.empty, shape_of('randint', (), size), dt)
    random_range(engine_of(generator, 'randint'), a, low, high)
    return finish(a, out, requires_grad, 'randint')


def random_range(engine, a, low, high=None):
    """Integers of low .. high - 1 into the array `a`, of any real type; without `high` up to what the type holds."""
    if high is not None and low >= high:
        raise RuntimeError(f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
    kind = a.dtype.kind
    if kind == 'c':
        raise RuntimeError('check_random_bounds handles only integral, floating-point and boolean types')
    if kind == 'f':
        digits = np.finfo(a.dtype).nmant + 1
        low = _representable_low(a.dtype, digits, low)
        high = 2 ** digits + 1 if high is None else _representable_high(a.dtype, digits, high)
        largest = int(np.finfo(a.dtype).max)
        smallest = -largest
    else:
        smallest, largest = (0, 1) if kind == 'b' else (np.iinfo(a.dtype).min, np.iinfo(a.dtype).max)
        high = largest + 1 if high is None else high
    for name, value in (('from', low), ('to - 1', high - 1)):
        if not smallest <= value <= largest:
            raise RuntimeError(f'{name} is out of bounds for {_C_NAME[a.dtype.name]}')
    _draw.integers(engine, a, low, high - low)


def _representable_low(dtype, digits, low):
    """The smallest integer from `low` on that rounding to `dtype` does not push below `low`."""
    up = int(dtype.type(low + 1))
    return up + (1 << (abs(low + 1).bit_length() - digits)) if up < low else low


def _representable_high(dtype, digits, high):
    """The largest bound up to `high` such that rounding to `dtype` does not push a number up to it."""
    down = int(dtype.type(high - 1))
    return down - (1 << (abs(high - 1).bit_length() - digits)) if down >= high else high


def randperm(n, *, generator=None, out=None, dtype=None, layout=strided, device=None, requires_grad=False,
             pin_memory=False):
    """The numbers 0 .. n - 1 in random order.

    Args:
        n (int): how many.
        generator (Generator, optional): where the order comes from. Default: the global generator.
        out (Tensor, optional): the result is written here.
        dtype (dtype, optional): any real type that holds n - 1. Default: int64.
        layout, device, pin_memory: accepted for compatibility.
        requires_grad (bool): whether autograd shall record operations on the result. Default: False.

    Shape:
        - Output: (n,).

    Returns:
        Tensor: the permutation.

    Example:
        >>> import cnet
        >>> _ = cnet.manual_seed(0)
        >>> cnet.randperm(4)
        tensor([0, 1, 3, 2])
    """
    n = checks.integer(n, 'randperm', 'n', 1)
    if n < 0:
        raise RuntimeError(f'Trying to create tensor with negative dimension {n}: [{n}]')
    check_options('randperm', layout, device, pin_memory)
    dt = np_type(int64 if dtype is out is None else dtype, 'randperm', out)
    if dt.kind == 'f':
        most = 2 ** (np.finfo(dt).nmant + 1) + 1
        if n > most:
            raise RuntimeError(f'n cannot be greater than {most} for {from_np(dt).legacy} type.')
    elif dt.kind not in 'iu':
        raise errors.not_implemented('randperm', dt)
    elif n > np.iinfo(dt).max:
        raise RuntimeError(f'value cannot be converted to type {dt.name}_t without overflow')
    a = arrays.allocate(arrays.empty, (n,), dt)
    _draw.fill(a, _draw.I64, engine_of(generator, 'randperm').permutation)
    return finish(a, out, requires_grad, 'randperm')


def _like(x, op, dtype, layout, device, pin_memory, memory_format):
    checks.tensor(x, op, 'input', 1)
    check_options(op, layout, device, pin_memory)
    dt = x._a.dtype if dtype is None else as_dtype(dtype, op).np
    return arrays.empty_as(x._a, dt, preserve_format if memory_format is None else memory_format)


def rand_like(input, *, dtype=None, layout=strided, device=None, requires_grad=False, memory_format=None, pin_memory=False,
              generator=None):
    """Uniform random numbers of [0, 1) in the shape of a tensor.

    Args:
        input (Tensor): gives shape, type and order of strides.
        dtype (dtype, optional): another type.
        layout, device, memory_format, pin_memory: accepted for compatibility.
        requires_grad (bool): whether autograd shall record operations on the result. Default: False.
        generator (Generator, optional): where the numbers come from. Default: the global generator.

    Shape:
        - Input: (*), any shape.
        - Output: (*), the same.

    Returns:
        Tensor: the numbers.

    Example:
        >>> import cnet
        >>> cnet.rand_like(cnet.zeros(2, 3)).shape
        cnet.Size([2, 3])
    """
    a = _like(input, 'rand_like', dtype, layout, device, pin_memory, memory_format)
    check_uniform(a.dtype)
    _draw.uniform(engine_of(generator, 'rand_like'), a, 0.0, 1.0)
    return mark(wrap(a), requires_grad, 'rand_like')


def randn_like(input, *, dtype=None, layout=strided, device=None, requires_grad=False, memory_format=None, pin_memory=False,
               generator=None):
    """Normal random numbers of mean 0 and variance 1 in the shape of a tensor.

    Args:
        input (Tensor): gives shape, type and order of strides.
        dtype (dtype, optional): another type.
        layout, device, memory_format, pin_memory: accepted for compatibility.
        requires_grad (bool): whether autograd shall record operations on the result. Default: False.
        generator (Generator, optional): where the numbers come from. Default: the global generator.

    Shape:
        - Input: (*), any shape.
        - Output: (*), the same.

    Returns:
        Tensor: the numbers.

    Example:
        >>> import cnet
        >>> cnet.randn_like(cnet.zeros(2, 3)).shape
        cnet.Size([2, 3])
    """
    a = _like(input, 'randn_like', dtype, layout, device, pin_memory, memory_format)
    check_normal(a.dtype)
    _draw.normal(engine_of(generator, 'randn_like'), a, 0.0, 1.0)
    return mark(wrap(a), requires_grad, 'randn_like')


def randint_like(input, low=None, high=None, *, dtype=None, layout=strided, device=None, requires_grad=False,
                 memory_format=None, pin_memory=False, generator=None):
    """Uniform random integers of low .. high - 1 in the shape of a tensor; also called with `high` alone.

    Args:
        input (Tensor): gives shape, type and order of strides.
        low (int): the smallest number. Default: 0.
        high (int): one above the largest number.
        dtype (dtype, optional): another type.
        layout, device, memory_format, pin_memory: accepted for compatibility.
        requires_grad (bool): whether autograd shall record operations on the result. Default: False.
        generator (Generator, optional): where the numbers come from. Default: the global generator.

    Shape:
        - Input: (*), any shape.
        - Output: (*), the same.

    Returns:
        Tensor: the numbers.

    Example:
        >>> import cnet
        >>> cnet.randint_like(cnet.zeros(2), 1).tolist()
        [0.0, 0.0]
    """
    if high is None:
        low, high = 0, low
    elif low is None:
        low = 0
    if high is None:
        raise TypeError('randint_like() received an invalid combination of arguments; give high')
    low, high = checks.integer(low, 'randint_like', 'low', 2), checks.integer(high, 'randint_like', 'high', 2)
    a = _like(input, 'randint_like', dtype, layout, device, pin_memory, memory_format)
    random_range(engine_of(generator, 'randint_like'), a, low, high)
    return mark(wrap(a), requires_grad, 'randint_like')


METHODS = {}
