"""Histograms of points."""

from math import isfinite, prod

import numpy as np

from .. import return_types
from .._core import checks, errors
from .._core.base import TensorBase, wrap

__all__ = ['histogramdd']


def _c_name(dtype):
    return {'float32': 'float', 'float64': 'double'}.get(dtype.np.name, dtype.np.name)


def _checked(input, weight, range):
    checks.tensor(input, 'histogramdd', 'input', 1)
    if input.ndim < 2:
        raise RuntimeError('torch.histogramdd: input tensor should have at least 2 dimensions')
    if weight is not None:
        if weight.shape != input.shape[:-1]:
            raise RuntimeError('torch.histogramdd: if weight tensor is provided it should have the same shape as the input '
                               f'tensor excluding its innermost dimension, but got input with shape {list(input.shape)} and '
                               f'weight with shape {list(weight.shape)}')
        if weight.dtype is not input.dtype:
            raise RuntimeError('torch.histogramdd: if weight tensor is provided, input tensor and weight tensor should have the '
                               f'same dtype, but got input({_c_name(input.dtype)}), and weight({_c_name(weight.dtype)})')
    if input._a.dtype.char not in 'fd':
        raise errors.not_implemented('histogramdd', input._a.dtype)
    n = input.shape[-1]
    if range is not None and len(range) != 2 * n:
        raise RuntimeError(f'torch.histogramdd: for a {n}-dimensional histogram range should have {2 * n} elements, but got '
                           f'{len(range)}')


def _edges(column, bins, limits, i):
    """The edges of the bins in dimension i."""
    if bins <= 0:
        raise RuntimeError(f'torch.histogram(): bins must be > 0, but got {bins} for dimension {i}')
    if limits is not None:
        low, high = limits
    elif column.size:
        low, high = column.min().item(), column.max().item()
    else:
        low, high = 0.0, 1.0
    if not (isfinite(low) and isfinite(high)):
        raise RuntimeError(f"torch.histogramdd: dimension {i}'s range [{low:g}, {high:g}] is not finite")
    if low > high:
        raise RuntimeError(f'torch.histogramdd: min should not exceed max, but got min {low:g} max {high:g} for dimension {i}')
    if low == high:
        low, high = low - 0.5, high + 0.5
    return np.linspace(low, high, bins + 1, dtype=column.dtype)


def _given_edges(edges, input, i):
    if edges.ndim != 1:
        raise RuntimeError(f'torch.histogramdd: bins tensor should have one dimension, but got {edges.ndim} dimensions in the '
                           f'bins tensor for dimension {i}')
    if edges.dtype is not input.dtype:
        raise RuntimeError('torch.histogramdd: input tensor and bins tensors should have the same dtype, but got input with '
                           f'dtype {_c_name(input.dtype)} and bins for dimension {i} with dtype {_c_name(edges.dtype)}')
    if edges.numel() < 2:
        raise RuntimeError(f'torch.histogramdd: bins tensor should have at least two elements for dimension {i}')
    return edges._a.copy()


def histogramdd(input, bins, *, range=None, weight=None, density=False, out=None):
    """The histogram of points in space, and the edges of its bins.

    Args:
        input (Tensor): the points.
        bins (int, sequence of ints, sequence of Tensors): how many equally wide bins each dimension has, or their increasing
            edges.
        range (sequence of floats, optional): the ends of the first and last bin of each dimension, one pair after the other.
            Default: the range of the data.
        weight (Tensor, optional): how much each point counts.
        density (bool): scale so that the integral is 1. Default: False.
        out (None): for portability.

    Shape:
        - input: :math:`(*, N)`, weight: :math:`(*)`.
        - hist: :math:`(B_1, …, B_N)`.

    Returns:
        (hist, bin_edges): a named tuple of a Tensor and a tuple of N Tensors.

    Example:
        >>> import cnet
        >>> cnet.histogramdd(cnet.tensor([[0., 0.], [1., 1.], [1., 0.]]), 2).hist
        tensor([[1., 0.],
                [1., 1.]])
    """
    _checked(input, weight, range)
    n = input.shape[-1]
    points = input._a.reshape(-1, n)
    if isinstance(bins, TensorBase) or not isinstance(bins, (tuple, list)):
        bins = [bins] * n
    if len(bins) != n:
        raise RuntimeError('histogramdd: The size of bins must be equal to the innermost dimension of the input.')
    edges = [_given_edges(b, input, i) if isinstance(b, TensorBase)
             else _edges(points[:, i], b, None if range is None else range[2 * i:2 * i + 2], i) for i, b in enumerate(bins)]
    place, inside = np.zeros(len(points), np.int64), np.ones(len(points), bool)
    for i, e in enumerate(edges):
        x = points[:, i]
        inside &= (x >= e[0]) & (x <= e[-1])
        at = np.searchsorted(e, x, 'right') - 1
        place = place * (e.size - 1) + np.clip(at, 0, e.size - 2)  # the last bin has both its ends
    shape = [e.size - 1 for e in edges]
    weights = None if weight is None else weight._a.reshape(-1)[inside]
    hist = np.bincount(place[inside], weights, prod(shape)).reshape(shape).astype(points.dtype)
    if density:
        hist /= hist.sum()
        for i, e in enumerate(edges):
            hist /= np.diff(e).reshape(-1, *[1] * (n - i - 1))
    return return_types.histogramdd((wrap(hist), tuple([wrap(e) for e in edges])))


PUBLIC = {'histogramdd': histogramdd}
METHODS = {}
