"""Gradients of values that were picked by index along a dimension, and the named tuples that hold such values."""

from math import prod

from .. import _kernels as K
from .._core.arrays import contiguous, empty
from .._core.base import wrap
from .._core.inplace import copy_out


def taken(x, where, dim):
    """The elements of an array with dimensions that an int64 array of indices names along one of them."""
    shape = where.shape
    values = empty(shape, x.dtype)
    K.index.gather(contiguous(x), contiguous(where), values, prod(shape[:dim]), x.shape[dim], shape[dim],
                   prod(shape[dim + 1:]))
    return values


def scattered(g, where, dim, shape):
    """g at the places that the int64 array `where` names along a dimension of a zero tensor of the given shape."""
    return g.new_zeros(shape).scatter(dim, wrap(where), g)


def picked_grad(node, g):
    """The gradient for a node that reduced dimension kw['dim'] to one picked element, its index being output 1."""
    dim, shape, where = node.kw['dim'], node.in_shape(0), node.out(1)._a
    if not shape:
        return g
    if not node.kw['keepdim']:
        g, where = g.unsqueeze(dim), where.reshape([*where.shape[:dim], 1, *where.shape[dim:]])
    return scattered(g, where, dim, shape)


def named(results, r, out):
    """The results as their named tuple, written to the tensors `out` if there are any."""
    if out is None:
        return tuple.__new__(results, r)  # the number of results is known
    for a, b in zip(r, out):
        if a._a.dtype != b._a.dtype:
            raise RuntimeError(f'Expected out tensor to have dtype {a.dtype.name}, but got {b.dtype.name} instead')
    return results([copy_out(a, b) for a, b in zip(r, out)])
