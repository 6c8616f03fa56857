"""`make_tensor`: random tensors for tests."""

from .._core.dtype import as_dtype, finfo, iinfo
from .._ops.create import empty, shape_of

__all__ = ['make_tensor']


def _bounds(dtype, low, high):
    """Defaults and limits of the values: half-open for integers and bools."""
    if dtype.is_floating_point or dtype.is_complex:
        default, lowest, highest = (-9, 9), finfo(dtype).min, finfo(dtype).max
    elif dtype.name == 'bool':
        default, lowest, highest = (0, 2), 0, 2
    else:
        info = iinfo(dtype)
        default, lowest, highest = (-9 if dtype.is_signed else 0, 10), info.min, info.max + (dtype.name != 'int64')
    low = default[0] if low is None else low
    high = default[1] if high is None else high
    for value in (low, high):
        if value != value:
            raise ValueError(f'`low` and `high` cannot be NaN, but got low={low} and high={high}')
    if low > high or (low == high and not (dtype.is_floating_point or dtype.is_complex)):
        raise ValueError(f'`low` must be less than `high`, but got {low} >= {high}')
    if high < lowest or low > highest:
        raise ValueError(f'The value interval specified by `low` and `high` is [{low}, {high}), '
                         f'but {dtype} only supports [{lowest}, {highest})')
    if low == high:
        raise ValueError(f'`low` must be less than `high`, but got {low} >= {high}')
    return max(low, lowest), min(high, highest)


def make_tensor(*shape, dtype, device='cpu', low=None, high=None, requires_grad=False, noncontiguous=False,
                exclude_zero=False, memory_format=None):
    """Make a tensor of uniformly distributed random numbers.

    Args:
        *shape (int): the lengths, or one sequence of them.
        dtype (dtype): type of the elements.
        device (device): only the CPU is accepted.
        low (Number, optional): least value. Default: -9 (0 for unsigned types and bool).
        high (Number, optional): bound of the values, excluded. Default: 9, 10 for integers, 2 for bool.
        requires_grad (bool): whether autograd records what is done with the result. Default: False.
        noncontiguous (bool): whether to leave gaps in memory between the elements. Default: False.
        exclude_zero (bool): whether to replace zeros by the least positive number. Default: False.
        memory_format (memory_format, optional): order of the dimensions in memory.

    Shape:
        As given.

    Returns:
        Tensor: the numbers.

    Example:
        >>> import cnet
        >>> cnet.testing.make_tensor((2, 3), dtype=cnet.int8, low=0).shape
        cnet.Size([2, 3])
    """
    shape = shape_of('make_tensor', shape or ((),), None)
    dtype = as_dtype(dtype, 'make_tensor')
    if noncontiguous and memory_format is not None:
        raise ValueError('The parameters `noncontiguous` and `memory_format` are mutually exclusive, '
                         f'but got {noncontiguous=} and {memory_format=}')
    if requires_grad and not (dtype.is_floating_point or dtype.is_complex):
        raise ValueError(f'`requires_grad=True` is not supported for boolean and integral dtypes, but got {dtype=}')
    low, high = _bounds(dtype, low, high)
    spread = noncontiguous and bool(shape) and shape[-1] > 1
    full = (*shape[:-1], 2 * shape[-1]) if spread else shape
    x = empty(full, dtype=dtype, device=device)
    _fill(x, dtype, low, high)
    if spread:
        x = x[..., ::2]
    if memory_format is not None:
        x = x.clone(memory_format=memory_format)
    if exclude_zero:
        x._a[x._a == 0] = finfo(dtype).tiny if dtype.is_floating_point or dtype.is_complex else 1
    return x.requires_grad_() if requires_grad else x


def _fill(x, dtype, low, high):
    if dtype.is_complex:
        for part in ('real', 'imag'):
            values = empty(x.shape, dtype=dtype.to_real()).uniform_(low, high)
            setattr(x._a, part, values._a)
    elif dtype.is_floating_point:
        x.uniform_(low, high)
    else:
        x.random_(int(low), int(high))
