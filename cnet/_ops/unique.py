"""Distinct elements and histograms."""

import math

import numpy as np

from .. import _kernels as K
from .. import return_types
from .._core import arrays, checks, errors
from .._core.base import TensorBase, wrap
from .._core.elementwise import with_out
from ._places import take_where

__all__ = ['histc', 'histogram', 'unique', 'unique_consecutive']


def _results(values, inverse, counts, return_inverse, return_counts):
    r = [wrap(values)]
    if return_inverse:
        r.append(wrap(inverse))
    if return_counts:
        r.append(wrap(counts))
    return r[0] if len(r) == 1 else tuple(r)


def unique(input, sorted=True, return_inverse=False, return_counts=False, dim=None):
    """Distinct elements, or distinct slices along a dimension, in ascending order.

    Args:
        input (Tensor): any type; every NaN is distinct.
        sorted (bool): the result is sorted in any case. Default: True.
        return_inverse (bool): also return where each element of `input` went. Default: False.
        return_counts (bool): also return how often each result occurs. Default: False.
        dim (int, optional): the dimension of the slices. Default: elements of the flattened tensor.

    Returns:
        Tensor, or a tuple (values, inverse, counts) of those asked for.

    Example:
        >>> import cnet
        >>> cnet.unique(cnet.tensor([3, 1, 3]), return_counts=True)
        (tensor([1, 3]), tensor([1, 2]))
    """
    checks.tensor(input, 'unique', position=1)
    a = _no_complex(input._a)
    if dim is None:
        values, inverse, counts = np.unique(a.reshape(-1), return_inverse=True, return_counts=True, equal_nan=False)
        return _results(values, inverse.reshape(a.shape), counts, return_inverse, return_counts)
    dim = checks.dim(dim, a.ndim)
    _check_slices(a, dim)
    if not a.ndim or not a.shape[dim]:
        slices = a.shape[dim:dim + 1]
        return _results(a.copy(), np.zeros(slices, np.int64), np.ones(slices, np.int64), return_inverse, return_counts)
    values, inverse, counts = np.unique(a, return_inverse=True, return_counts=True, axis=dim)
    return _results(values, inverse.reshape(-1), counts, return_inverse, return_counts)


def _check_slices(a, dim):
    if a.ndim and not a.size and (a.shape[dim] or 0 in a.shape[:dim] + a.shape[dim + 1:]):
        raise RuntimeError('There are 0 sized dimensions, and they aren\'t selected, so unique cannot be applied')


def _no_complex(a):
    if a.dtype.kind == 'c':
        raise errors.not_implemented('unique', a.dtype)
    return a


def unique_consecutive(input, return_inverse=False, return_counts=False, dim=None):
    """The input without elements (or slices) that equal the one before.

    Args:
        input (Tensor): any type.
        return_inverse (bool): also return where each element of `input` went. Default: False.
        return_counts (bool): also return how long each run is. Default: False.
        dim (int, optional): the dimension of the slices. Default: elements of the flattened tensor.

    Returns:
        Tensor, or a tuple (values, inverse, counts) of those asked for.

    Example:
        >>> import cnet
        >>> cnet.unique_consecutive(cnet.tensor([1, 1, 2, 1]))
        tensor([1, 2, 1])
    """
    checks.tensor(input, 'unique_consecutive', position=1)
    a = _no_complex(input._a)
    shape = a.shape
    if dim is None:
        a, dim = a.reshape(-1), 0
    else:
        dim = checks.dim(dim, a.ndim)
        _check_slices(a, dim)
        shape = a.shape[dim:dim + 1]
        a = a if a.ndim else a.reshape(1)
    n = a.shape[dim]
    new = np.ones(n, bool)
    if a.ndim == 1:
        np.not_equal(a[1:], a[:-1], new[1:])
    elif n:
        rows = np.moveaxis(a, dim, 0).reshape(n, -1)
        new[1:] = (rows[1:] != rows[:-1]).any(1)
    counts = np.diff(np.append(np.flatnonzero(new), n)) if return_counts else None
    inverse = (np.cumsum(new) - 1).reshape(shape) if return_inverse else None
    return _results(take_where(a, new) if a.ndim == 1 else a.compress(new, dim), inverse, counts, return_inverse, return_counts)


def histc(input, bins=100, min=0, max=0, *, out=None):
    """How many elements fall into each of equally wide bins; those outside are not counted.

    Args:
        input (Tensor): real numbers.
        bins (int): the number of bins. Default: 100.
        min (float): lower end of the first bin. Default: 0.
        max (float): upper end of the last bin; if equal to min, the range of the data is taken. Default: 0.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: (bins), of the type of `input`.

    Example:
        >>> import cnet
        >>> cnet.histc(cnet.tensor([1., 2., 1.]), bins=4, min=0, max=3)
        tensor([0., 2., 1., 0.])
    """
    checks.tensor(input, 'histc', position=1)
    if input._a.dtype.kind in 'bc':
        raise errors.not_implemented('histogram_cpu', input._a.dtype)
    if bins <= 0:
        raise RuntimeError(f'torch.histogram(): bins must be > 0, but got {bins} for dimension 0')
    low, high = _range(input._a, float(min), float(max), 1.0)
    hist = _counted(input._a.reshape(-1), bins, low, high, None)
    return with_out(wrap(hist.astype(input._a.dtype)), out)


def _range(a, low, high, margin):
    """Limits of a histogram: those given, or those of the data, moved apart by the margin if they are equal."""
    if low == high and a.size:
        low, high = float(a.min()), float(a.max())
    if low == high:
        low, high = low - margin, high + margin
    if not (math.isfinite(low) and math.isfinite(high)):
        raise RuntimeError(f'torch.histc: range of [{low:g}, {high:g}] is not finite')
    if low > high:
        raise RuntimeError('torch.histc: max must be larger than min')
    return low, high


def _counted(a, bins, low, high, weights):
    """How many elements (or what weight) lie in each bin; the last one includes its end."""
    if weights is None and a.dtype.char in 'fd':
        counts = np.zeros(bins, np.int64)
        K.index.count_bins(arrays.contiguous(a), low, high, counts)
        return counts
    inside = (a >= low) & (a <= high)
    place = ((a[inside] - low) * (bins / (high - low))).astype(np.int64)
    if a.dtype.kind == 'f':
        place = ((a[inside] - a.dtype.type(low)) * a.dtype.type(bins) / a.dtype.type(high - low)).astype(np.int64)
    return np.bincount(np.minimum(place, bins - 1), None if weights is None else weights[inside], bins)


def histogram(input, bins, *, range=None, weight=None, density=False, out=None):
    """Histogram and the edges of its bins.

    Args:
        input (Tensor): floating-point numbers.
        bins (int or Tensor): the number of equally wide bins, or the increasing edges.
        range (tuple of two floats, optional): ends of the first and last bin. Default: the range of the data.
        weight (Tensor, optional): how much each element counts, of the shape of `input`.
        density (bool): scale so that the integral is 1. Default: False.
        out (tuple of two Tensors, optional): receive the results.

    Returns:
        (hist, bin_edges): a named tuple.

    Example:
        >>> import cnet
        >>> cnet.histogram(cnet.tensor([1., 2., 1.]), bins=4, range=(0., 3.), weight=cnet.tensor([1., 2., 4.])).hist
        tensor([0., 5., 2., 0.])
    """
    checks.tensor(input, 'histogram', position=1)
    a = input._a
    if a.dtype.char not in 'fd':
        raise errors.not_implemented('histogram_cpu', a.dtype)
    weights = None
    if weight is not None:
        if weight._a.shape != a.shape:
            raise RuntimeError('torch.histogram(): if weight tensor is provided it should have the same shape as the input '
                               'tensor excluding its innermost dimension')
        if weight._a.dtype != a.dtype:
            raise RuntimeError('torch.histogram(): if weight tensor is provided, input tensor and weight tensor should have the '
                               f'same dtype, but got input(0) {input.dtype.name}, and weight {weight.dtype.name}')
        weights = weight._a.reshape(-1)
    flat = a.reshape(-1)
    if isinstance(bins, TensorBase):
        edges = bins._a
        if edges.dtype != a.dtype:
            raise RuntimeError('torch.histogram(): input tensor and bins tensors should have the same dtype')
        inside = (flat >= edges[0]) & (flat <= edges[-1])
        place = np.minimum(np.searchsorted(edges, flat[inside], 'right') - 1, edges.size - 2)
        hist = np.bincount(place, None if weights is None else weights[inside], edges.size - 1)
    else:
        if bins <= 0:
            raise RuntimeError(f'torch.histogram(): bins must be > 0, but got {bins} for dimension 0')
        if range is not None and range[0] > range[1]:
            raise RuntimeError('torch.histogramdd(): min should not exceed max')
        if range is None:
            range = (0.0, 0.0) if a.size else (0.0, 1.0)
        low, high = _range(a, *range, 0.5)
        edges = np.linspace(low, high, bins + 1, dtype=a.dtype)
        hist = _counted(flat, bins, low, high, weights)
    hist = hist.astype(a.dtype)
    if density:
        hist = hist / (hist.sum() * np.diff(edges))
    r = [wrap(hist.astype(a.dtype)), wrap(edges.copy())]
    return return_types.histogram(r if out is None else [with_out(x, y) for x, y in zip(r, out)])


METHODS = {'histc': histc, 'histogram': histogram, 'unique': unique, 'unique_consecutive': unique_consecutive}
