"""Tensors made by a rule: ranges, the identity, triangles' indices, powers, grids."""

import math

import numpy as np

from .. import _kernels as K
from .._core import arrays, checks, errors
from .._core.base import wrap
from .._core.device import strided
from .._core.dtype import COMPLEX, FLOAT, INT, as_dtype, default_np, int64, number_category
from .create import check_options, finish, np_type
from .join import stack

__all__ = ['arange', 'cartesian_prod', 'eye', 'linspace', 'logspace', 'meshgrid', 'tril_indices', 'triu_indices',
           'vander']


def arange(start=None, end=None, step=1, *, out=None, dtype=None, layout=strided, device=None, pin_memory=False,
           requires_grad=False):
    """Make the numbers from `start` up to, but without, `end`, a fixed step apart.

    Args:
        start (Number): the first number. ``arange(end)`` starts at 0.
        end (Number): the bound.
        step (Number): the distance of neighbours; negative to count down. Default: 1.
        out (Tensor, optional): where to write the result.
        dtype (dtype, optional): type of the elements. Default: int64 if all three are integers, else the default dtype.

    Shape:
        ``(n,)`` with n = ceil((end - start) / step).

    Returns:
        Tensor: the numbers.

    Example:
        >>> import cnet
        >>> cnet.arange(1, 10, 3)
        tensor([1, 4, 7])
    """
    check_options('arange', layout, device, pin_memory)
    if end is None:
        start, end = None, start
        if end is None:
            raise TypeError('arange() missing 1 required positional arguments: "end"')
    if start is None:
        start = 0
    if type(start) is int and type(end) is int and type(step) is int:
        bounds, dt = (start, end, step), int64.np
    else:
        bounds = [checks.number(x, 'arange', name, 1) for x, name in ((start, 'start'), (end, 'end'), (step, 'step'))]
        dt = None
        if complex in map(type, bounds):
            raise RuntimeError('value cannot be converted to type double without overflow')
    if dtype is None and out is None:
        dt = default_np(max(INT, *map(number_category, bounds))) if dt is None else dt
    else:
        dt = np_type(dtype, 'arange', out)
    if dt.kind in 'bc':
        raise errors.not_implemented('arange_cpu', dt)
    return finish(_range(*bounds, dt), out, requires_grad, 'arange')


def _range(start, end, step, dt):
    if step - step != 0 or not (math.isfinite(start) and math.isfinite(end)):
        raise RuntimeError(f'unsupported range: {start:g} -> {end:g}')
    if step == 0:
        raise RuntimeError('step must be nonzero')
    if (end - start) * step < 0:
        raise RuntimeError('upper bound and lower bound inconsistent with step sign')
    if dt == int64.np:
        start, end, step = int(start), int(end), int(step)
        if step == 0:  # it was a fraction
            raise ValueError('step must be nonzero')
        return np.arange(start, end, step, np.int64)
    n = math.ceil((end - start) / step)
    if dt.kind in 'iu':
        return arrays.cast(int(start) + int(step) * np.arange(n, dtype=np.int64), dt)
    if dt.char in 'fd':
        return K.elementary.ramp(arrays.allocate(arrays.empty, (n,), dt), start, step)
    a = np.arange(n, dtype=np.float64)
    if step != 1:
        a *= step
    if start:
        a += start
    return arrays.cast(a, dt)


def _ends(op, start, end, steps):
    values = []
    for x, name in ((start, 'start'), (end, 'end')):
        if hasattr(x, '_a') and x._a.ndim:
            raise RuntimeError(f'{op} only supports 0-dimensional start and end tensors, but got {name} with '
                               f'{x._a.ndim} dimension(s).')
        values.append(checks.number(x, op, name))
    n = checks.integer(steps, op, 'steps')
    if n < 0:
        raise RuntimeError('number of steps must be non-negative')
    return *values, n


def _spaced_type(op, values, dtype, out):
    if dtype is None and out is None:
        return default_np(COMPLEX if any(isinstance(x, complex) for x in values) else FLOAT)
    dt = np_type(dtype, op, out)
    if dt.kind == 'b':
        raise errors.not_implemented(f'{op}_cpu', dt)
    if dt.kind != 'c' and any(isinstance(x, complex) for x in values):
        raise RuntimeError(f'{op}(): inferred dtype is complex, but dtype {dtype} is not')
    return dt


def _spaced(start, end, n, dt):
    """`n` numbers from start to end, exact at both ends and symmetric about the middle."""
    if dt.kind in 'iu':
        start, end = int(start), int(end)
    if n < 2:
        return np.full(n, start)
    step, half = (end - start) / (n - 1), n // 2
    if dt.char in 'fd':
        a = arrays.allocate(arrays.empty, (n,), dt)
        K.elementary.ramp(a[:half], start, step)
        K.elementary.ramp(a[half:], end, step, half + 1 - n)
        return a
    a = np.empty(n, dt if dt.kind == 'f' else np.result_type(np.float64, type(step)))
    up, down = np.arange(half) * step, np.arange(n - half - 1, -1, -1) * step
    np.add(start, up, out=a[:half], casting='unsafe')
    np.subtract(end, down, out=a[half:], casting='unsafe')
    return a


def linspace(start, end, steps, *, out=None, dtype=None, layout=strided, device=None, pin_memory=False,
             requires_grad=False):
    """Make a given number of evenly spaced numbers, both bounds included.

    Args:
        start (Number): the first number.
        end (Number): the last number.
        steps (int): how many numbers.
        out (Tensor, optional): where to write the result.
        dtype (dtype, optional): type of the elements. Default: the default dtype, or its complex counterpart.

    Shape:
        ``(steps,)``.

    Returns:
        Tensor: the numbers.

    Example:
        >>> import cnet
        >>> cnet.linspace(0, 1, 5)
        tensor([0.0000, 0.2500, 0.5000, 0.7500, 1.0000])
    """
    check_options('linspace', layout, device, pin_memory)
    start, end, n = _ends('linspace', start, end, steps)
    dt = _spaced_type('linspace', (start, end), dtype, out)
    return finish(arrays.cast(_spaced(start, end, n, dt), dt), out, requires_grad, 'linspace')


def logspace(start, end, steps, base=10.0, *, out=None, dtype=None, layout=strided, device=None, pin_memory=False,
             requires_grad=False):
    """Make powers of a base whose exponents are evenly spaced.

    Args:
        start (Number): the first exponent.
        end (Number): the last exponent.
        steps (int): how many numbers.
        base (float): what is raised. Default: 10.
        out (Tensor, optional): where to write the result.
        dtype (dtype, optional): type of the elements. Default: the default dtype, or its complex counterpart.

    Shape:
        ``(steps,)``.

    Returns:
        Tensor: the powers.

    Example:
        >>> import cnet
        >>> cnet.logspace(0, 2, 3)
        tensor([  1.,  10., 100.])
    """
    check_options('logspace', layout, device, pin_memory)
    start, end, n = _ends('logspace', start, end, steps)
    dt = _spaced_type('logspace', (start, end), dtype, out)
    a = K._quiet.quiet(np.power, base, _spaced(start, end, n, dt if dt.kind in 'iu' else np.dtype(np.float64)))
    return finish(arrays.cast(a, dt), out, requires_grad, 'logspace')


def eye(n, m=None, *, out=None, dtype=None, layout=strided, device=None, pin_memory=False, requires_grad=False):
    """Make a matrix with ones on the diagonal and zeros elsewhere.

    Args:
        n (int): number of rows.
        m (int, optional): number of columns. Default: `n`.
        out (Tensor, optional): where to write the result.
        dtype (dtype, optional): type of the elements. Default: the default dtype.

    Shape:
        ``(n, m)``.

    Returns:
        Tensor: the matrix.

    Example:
        >>> import cnet
        >>> cnet.eye(2)
        tensor([[1., 0.],
                [0., 1.]])
    """
    check_options('eye', layout, device, pin_memory)
    n = checks.integer(n, 'eye', 'n', 1)
    m = n if m is None else checks.integer(m, 'eye', 'm', 2)
    for name, value in (('n', n), ('m', m)):
        if value < 0:
            raise RuntimeError(f'{name} must be greater or equal to 0, got {value}')
    return finish(np.eye(n, m, dtype=np_type(dtype, 'eye', out)), out, requires_grad, 'eye')


def _triangle(op, upper, row, col, offset, dtype, layout, device, pin_memory):
    check_options(op, layout, device, pin_memory)
    row, col = checks.integer(row, op, 'row', 1), checks.integer(col, op, 'col', 2)
    for name, value in (('row', row), ('col', col)):
        if value < 0:
            raise RuntimeError(f'{name} must be non-negative, got{value}')
    dt = int64.np if dtype is None else as_dtype(dtype, op).np
    if dt.kind not in 'iu':
        raise errors.not_implemented(op, dt)
    k = checks.integer(offset, op, 'offset', 3)
    below = np.greater_equal.outer(np.arange(row), np.arange(-k, col - k) + upper)
    return wrap(np.array((~below if upper else below).nonzero(), dt))


def tril_indices(row, col, offset=0, *, dtype=None, layout=strided, device=None, pin_memory=False):
    """Make the indices of a matrix's elements on and below a diagonal, row by row.

    Args:
        row (int): number of rows.
        col (int): number of columns.
        offset (int): the diagonal: 0 is the main one, positive ones lie above it. Default: 0.
        dtype (dtype, optional): type of the elements. Default: int64.

    Shape:
        ``(2, n)``: row numbers, column numbers.

    Returns:
        Tensor: the indices.

    Example:
        >>> import cnet
        >>> cnet.tril_indices(2, 2)
        tensor([[0, 1, 1],
                [0, 0, 1]])
    """
    return _triangle('tril_indices', False, row, col, offset, dtype, layout, device, pin_memory)


def triu_indices(row, col, offset=0, *, dtype=None, layout=strided, device=None, pin_memory=False):
    """Make the indices of a matrix's elements on and above a diagonal, row by row.

    Args:
        row (int): number of rows.
        col (int): number of columns.
        offset (int): the diagonal: 0 is the main one, positive ones lie above it. Default: 0.
        dtype (dtype, optional): type of the elements. Default: int64.

    Shape:
        ``(2, n)``: row numbers, column numbers.

    Returns:
        Tensor: the indices.

    Example:
        >>> import cnet
        >>> cnet.triu_indices(2, 2)
        tensor([[0, 0, 1],
                [0, 1, 1]])
    """
    return _triangle('triu_indices', True, row, col, offset, dtype, layout, device, pin_memory)


def vander(x, N=None, increasing=False):
    """Make the matrix whose columns are powers of a vector.

    Args:
        x (Tensor): the vector.
        N (int, optional): number of columns. Default: the length of `x`.
        increasing (bool): whether the powers grow from left to right. Default: False.

    Shape:
        - x: ``(n,)``
        - Returns: ``(n, N)``

    Returns:
        Tensor: the powers 0 to N - 1.

    Example:
        >>> import cnet
        >>> cnet.vander(cnet.tensor([2, 3]), 3)
        tensor([[4, 2, 1],
                [9, 3, 1]])
    """
    if checks.tensor(x, 'vander', 'x', 1).ndim != 1:
        raise RuntimeError('x must be a one-dimensional tensor.')
    n = x.shape[0] if N is None else checks.integer(N, 'vander', 'N', 2)
    if n < 0:
        raise RuntimeError('N must be non-negative.')
    powers = x.reshape(-1, 1) ** wrap(np.arange(n))
    return powers if increasing else powers.flip(1)


def meshgrid(*tensors, indexing=None):
    """Expand vectors to the coordinates of a grid.

    Args:
        *tensors (Tensor): one vector (or number) per dimension, or one sequence of them.
        indexing (str): ``'ij'``: the first vector runs along dimension 0; ``'xy'``: along dimension 1.
            Default: ``'ij'``.

    Shape:
        ``(n1, n2, ...)`` for each result, the lengths of the vectors.

    Returns:
        tuple of Tensor: views of the vectors.

    Example:
        >>> import cnet
        >>> cnet.meshgrid(cnet.arange(2), cnet.arange(3), indexing='ij')[0]
        tensor([[0, 0, 0],
                [1, 1, 1]])
    """
    if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)):
        tensors = tensors[0]
    checks.tensors(tensors, 'meshgrid')
    if not tensors:
        raise RuntimeError('meshgrid expects a non-empty TensorList')
    for x in tensors:
        if x.ndim > 1:
            raise RuntimeError(f'cnet.meshgrid: Expected 0D or 1D tensor in the tensor list but got: {x}')
        if x._a.dtype != tensors[0]._a.dtype:
            raise RuntimeError('meshgrid expects all tensors to have the same dtype')
    if indexing not in (None, 'ij', 'xy'):
        raise RuntimeError(f'cnet.meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}')
    swap = indexing == 'xy' and len(tensors) > 1
    if swap:
        tensors = (tensors[1], tensors[0], *tensors[2:])
    shape = [x.numel() for x in tensors]
    grids = [x.reshape([-1 if i == d else 1 for i in range(len(shape))]).expand(shape) for d, x in enumerate(tensors)]
    if swap:
        grids[0], grids[1] = grids[1], grids[0]
    return tuple(grids)


def cartesian_prod(*tensors):
    """List all combinations of one element from each vector.

    Args:
        *tensors (Tensor): the vectors.

    Shape:
        - tensors: ``(n1,)``, ``(n2,)``, ...
        - Returns: ``(n1 * n2 * ..., k)`` for k vectors; ``(n1,)`` for one.

    Returns:
        Tensor: the combinations; the last vector varies fastest.

    Example:
        >>> import cnet
        >>> cnet.cartesian_prod(cnet.tensor([1, 2]), cnet.tensor([5, 6]))
        tensor([[1, 5],
                [1, 6],
                [2, 5],
                [2, 6]])
    """
    checks.tensors(tensors, 'cartesian_prod')
    for x in tensors:
        if x.ndim != 1:
            raise RuntimeError(f'Expect a 1D vector, but got shape {list(x.shape)}')
    if len(tensors) == 1:
        return tensors[0]
    return stack([grid.flatten() for grid in meshgrid(*tensors, indexing='ij')], 1)


METHODS = {}
