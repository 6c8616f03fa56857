"""Where elements are: nonzero, argwhere, searchsorted, bucketize, bincount. The results are integers without history."""

import numpy as np

from .._core import checks, errors
from .._core.arrays import empty
from .._core.base import TensorBase, wrap
from .._core.dtype import from_np
from .._core.inplace import copy_out

__all__ = [
    'argwhere', 'bincount', 'bucketize', 'isin', 'nonzero', 'nonzero_static', 'searchsorted', 'unravel_index',
]


def nonzero(input, *, out=None, as_tuple=False):
    """Where a tensor is not zero.

    Args:
        input (Tensor): any tensor.
        out (Tensor, optional): where to store the result.
        as_tuple (bool): one vector per dimension instead of one row per element.

    Shape:
        K elements are not zero in D dimensions: ``(K, D)``, or D vectors ``(K)``.

    Returns:
        Tensor or tuple of Tensor: int64.

    Example:
        >>> import cnet
        >>> cnet.nonzero(cnet.tensor([[0, 1], [2, 0]])).tolist()
        [[0, 1], [1, 0]]
    """
    a = checks.tensor(input, 'nonzero')._a
    if as_tuple:
        return tuple([wrap(np.ascontiguousarray(i)) for i in np.atleast_1d(a).nonzero()])
    y = wrap(np.array(a.nonzero()).T if a.ndim else np.empty((int(bool(a)), 0), np.int64))
    return y if out is None else copy_out(y, out)


def nonzero_static(input, *, size, fill_value=-1, out=None):
    """`nonzero` with a given number of rows: cut, or filled up.

    Args:
        input (Tensor): any tensor.
        size (int): the number of rows.
        fill_value (int): what the rows are filled with that are too many.
        out (Tensor, optional): where to store the result.

    Returns:
        Tensor: int64, ``(size, D)`` for D dimensions.

    Example:
        >>> import cnet
        >>> cnet.nonzero_static(cnet.tensor([0, 5]), size=2).tolist()
        [[1], [-1]]
    """
    if size < 0:
        raise RuntimeError("nonzero_static: 'size' must be an non-negative integer")
    found = nonzero(input)._a
    rows = np.full((size, input._a.ndim), fill_value, np.int64)
    rows[:len(found)] = found[:size]
    return wrap(rows) if out is None else copy_out(wrap(rows), out)


def argwhere(input):
    """Where a tensor is not zero, one row per element.

    Args:
        input (Tensor): any tensor.

    Returns:
        Tensor: int64, ``(K, D)`` for K elements in D dimensions.

    Example:
        >>> import cnet
        >>> cnet.argwhere(cnet.tensor([0, 5, 0])).tolist()
        [[1]]
    """
    return nonzero(input)


def bincount(input, weights=None, minlength=0):
    """How often each number occurs.

    Args:
        input (Tensor): a vector of integers, none negative.
        weights (Tensor, optional): how much each element counts. Default: 1.
        minlength (int): the least length of the result.

    Returns:
        Tensor: counts as int64; sums of weights as float64, or float32 if the weights are.

    Example:
        >>> import cnet
        >>> cnet.bincount(cnet.tensor([0, 2, 2])).tolist()
        [1, 0, 2]
    """
    a = checks.tensor(input, 'bincount')._a
    if a.dtype.kind not in 'iu':
        raise errors.not_implemented('bincount_cpu', a.dtype)
    if minlength < 0:
        raise RuntimeError('minlength should be >= 0')
    if a.ndim != 1 or (a.size and a.min() < 0):
        raise RuntimeError('bincount only supports 1-d non-negative integral inputs.')
    if weights is None:
        return wrap(np.bincount(a, minlength=minlength).astype(np.int64))
    w = weights._a
    if w.shape != a.shape:
        raise RuntimeError('weights should be 1-d and have the same length as input')
    if not a.size:
        return wrap(np.zeros(minlength, np.int64))
    counts = np.bincount(a, w.astype(np.float64), minlength)
    return wrap(counts.astype(np.float32) if w.dtype == np.float32 else counts)


def searchsorted(sorted_sequence, input=None, *, out_int32=False, right=False, side=None, sorter=None, out=None):
    """Where numbers would have to be inserted to keep a sequence sorted.

    Args:
        sorted_sequence (Tensor): ascending in the last dimension.
        input (Tensor or number): the numbers.
        out_int32 (bool): give int32 instead of int64.
        right (bool): behind equal elements instead of before them.
        side (str, optional): 'left' or 'right', the same in words.
        sorter (Tensor, optional): the order in which an unsorted sequence is sorted.
        out (Tensor, optional): where to store the result.

    Shape:
        Sequence ``(N)`` and any input, or ``(*, N)`` and ``(*, M)``; output like the input.

    Returns:
        Tensor: positions 0 ... N.

    Example:
        >>> import cnet
        >>> cnet.searchsorted(cnet.tensor([1, 3, 5]), cnet.tensor([3, 6])).tolist()
        [1, 3]
    """
    if side is not None:
        if side not in ('left', 'right'):
            raise RuntimeError(f"cnet.searchsorted(): side can only be 'left' or 'right' but got {side}")
        if right and side == 'left':
            raise RuntimeError("cnet.searchsorted(): side and right can't be set to opposites, got side of left while "
                               'right was True')
        right = side == 'right'
    s = checks.tensor(sorted_sequence, 'searchsorted', 'sorted_sequence', 1)._a
    v = input._a if isinstance(input, TensorBase) else np.asarray(input)
    if s.dtype.kind in 'bc':
        raise errors.not_implemented('searchsorted_out_cpu', s.dtype)
    _check_sorted(s, v, sorter)
    if sorter is not None:
        s = np.take_along_axis(s, sorter._a, -1)
    where = 'right' if right else 'left'
    if s.ndim == 1:
        y = np.searchsorted(s, v, where)
    else:
        y = empty(v.shape, np.int64)
        for i in np.ndindex(v.shape[:-1]):
            y[i] = np.searchsorted(s[i], v[i], where)
    y = wrap(np.asarray(y, np.int32 if out_int32 else np.int64))
    return y if out is None else copy_out(y, out)


def _check_sorted(s, v, sorter):
    name = 'cnet.searchsorted()'
    if sorter is not None:
        order = sorter._a
        if order.shape != s.shape:
            raise RuntimeError(f'{name}: boundary and sorter must have the same size, but got boundary tensor '
                               f'{list(s.shape)}and got sorter tensor {list(order.shape)}')
        if order.dtype != np.int64:
            raise RuntimeError(f'{name}: sorter must be a tensor of long dtype but got dtype '
                               f'{from_np(order.dtype).legacy}')
        if order.size and (order.min() < 0 or order.max() >= s.shape[-1]):
            raise RuntimeError(f'{name}: sorter index out of range')
    if s.ndim == 0:
        raise RuntimeError(f'{name}: boundaries tensor should have positive dimension, but got 0 dimension')
    if v.ndim == 0 and s.ndim != 1:
        raise RuntimeError(f'{name}: input value can be a scalar only when boundaries tensor dimension is 1, but we got '
                           f"boundaries tensor dim({s.ndim}) and input value's dim(0) numel(1)")
    if s.ndim != 1 and s.shape[:-1] != v.shape[:-1]:
        raise RuntimeError(f'{name}: boundaries tensor should be 1 dimension or the first N-1 dimensions of boundaries '
                           f'tensor and input value tensor must match, but we got boundaries tensor {list(s.shape)} and '
                           f'input value tensor {list(v.shape)}')


def bucketize(input, boundaries, *, out_int32=False, right=False, out=None):
    """Which bucket between boundaries numbers fall into.

    Args:
        input (Tensor or number): the numbers.
        boundaries (Tensor): the ascending boundaries, a vector.
        out_int32 (bool): give int32 instead of int64.
        right (bool): a number on a boundary falls into the bucket behind it.
        out (Tensor, optional): where to store the result.

    Returns:
        Tensor: numbers of buckets, like the input.

    Example:
        >>> import cnet
        >>> cnet.bucketize(cnet.tensor([0, 3, 9]), cnet.tensor([1, 3, 5])).tolist()
        [0, 1, 3]
    """
    if boundaries._a.ndim != 1:
        raise RuntimeError(f'boundaries tensor must be 1 dimension, but got dim({boundaries._a.ndim})')
    return searchsorted(boundaries, input, out_int32=out_int32, right=right, out=out)


def isin(elements=None, test_elements=None, *, assume_unique=False, invert=False, element=None, test_element=None, out=None):
    """Whether each element is among others.

    Args:
        elements (Tensor or number): what is looked for.
        test_elements (Tensor or number): where.
        assume_unique (bool): accepted; it does not change the result.
        invert (bool): tell whether it is not.
        element, test_element (number): the same by other keywords, for numbers.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: bool, like `elements`.

    Example:
        >>> import cnet
        >>> cnet.isin(cnet.tensor([1, 2, 3]), cnet.tensor([3, 1])).tolist()
        [True, False, True]
    """
    elements, test_elements = (b if a is None else a for a, b in ((elements, element), (test_elements, test_element)))
    if not isinstance(elements, TensorBase) and not isinstance(test_elements, TensorBase):
        raise TypeError('isin(): argument elements or test_elements must be a Tensor')
    for t in (elements, test_elements):
        if t is None:
            raise TypeError('isin() missing a required argument')
        if isinstance(t, TensorBase) and t._a.dtype.kind in 'bc':
            raise RuntimeError(f'Unsupported input type encountered for isin(): {t.dtype.legacy}')
    x, y = (t._a if isinstance(t, TensorBase) else np.asarray(t) for t in (elements, test_elements))
    r = wrap(_found(x, y.ravel(), invert) if y.size <= 16 else np.isin(x, y, invert=invert))
    return r if out is None else copy_out(r, out)


def _found(x, few, invert):
    """Whether elements are among a few: compared with each, which NumPy would find by sorting."""
    r = np.zeros(x.shape, bool)
    for y in few:
        r |= x == y
    return np.logical_not(r, r) if invert else r


def unravel_index(indices, shape):
    """Positions in a flattened tensor as coordinates.

    Args:
        indices (Tensor): integers.
        shape (int or sequence of int): the shape of the tensor.

    Returns:
        tuple of Tensor: int64, one per dimension; numbers beyond the tensor count round and round.

    Example:
        >>> import cnet
        >>> [i.tolist() for i in cnet.unravel_index(cnet.tensor([4, 5]), (2, 3))]
        [[1, 1], [1, 2]]
    """
    a = checks.tensor(indices, 'unravel_index', 'indices')._a
    if a.dtype.kind not in 'iu':
        raise TypeError(f"expected 'indices' to be integer dtype, but got {indices.dtype}")
    shape = checks.size((shape if isinstance(shape, (tuple, list)) else (shape,),), 'unravel_index', 'shape')
    if any(n < 0 for n in shape):
        raise ValueError(f"'shape' cannot have negative values, but got {shape}")
    coordinates, a = [], a.astype(np.int64)
    for n in reversed(shape):
        a, rest = np.divmod(a, n)
        coordinates.append(wrap(rest))
    return tuple(coordinates[::-1])


METHODS = {'argwhere': argwhere, 'bincount': bincount, 'nonzero': nonzero, 'nonzero_static': nonzero_static}
