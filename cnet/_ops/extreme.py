"""Largest and smallest elements, and where they are.

`amax` and `amin` share a gradient among equal elements; `max` and `min` along a dimension give it to the element whose
index they return. NaN counts as the extreme.
"""

import numpy as np

from .. import _kernels as K
from .. import return_types
from .._core import checks, errors
from .._core.base import TensorBase, wrap
from .._core.elementwise import with_out
from .._core.op import Op
from ._axes import every_axis, numpy_names, restore_dims
from ._select import named, picked_grad

__all__ = ['amax', 'amin', 'aminmax', 'argmax', 'argmin', 'max', 'min']


def _extreme_array(x, axes, keepdim, sign):
    if x.dtype.char in 'fd' and x.size:
        return K.reduce.extreme(x, axes, keepdim, sign)
    return np.asarray((np.max if sign > 0 else np.min)(x, axis=axes, keepdims=keepdim))


def _extreme_and_index(x, dim, keepdim, sign):
    """Extremes along one dimension and their first indices."""
    if not x.ndim:
        return x.copy(), np.zeros((), np.int64)
    if x.dtype.char in 'fd' and x.size:
        return K.reduce.extreme_at(x, dim, keepdim, sign)
    shape = (*x.shape[:dim], *((1,) if keepdim else ()), *x.shape[dim + 1:])
    where = (np.argmax if sign > 0 else np.argmin)(x, axis=dim, keepdims=True)
    best = np.take_along_axis(x, where, dim)
    return best.reshape(shape), where.astype(np.int64, copy=False).reshape(shape)


def _shared(g, x, y, axes):
    """g shared evenly among the elements of x that equal the extreme y; NaN where that is NaN."""
    hit = (x == y).to(g.dtype)
    return hit * (g / (hit.sum(axes, True) if axes else hit.sum()))


def _shared_by_all(g, x, y):
    """The same for the extreme of the whole tensor, where NaN elements are the extreme if there are any."""
    hit = (x.isnan() if np.isnan(y._a) else x == y).to(g.dtype)
    return hit * (g / hit.sum())


class _SharedExtreme(Op):
    keep_in = (0,)
    keep_out = (0,)

    def backward(self, g):
        axes, keepdim = self.kw['axes'], self.kw['keepdim']
        return _shared(restore_dims(g, axes, keepdim), self.saved(0), restore_dims(self.out(0), axes, keepdim), axes)


class Amax(_SharedExtreme, name='AmaxBackward0'):
    @staticmethod
    def forward(x, axes, keepdim):
        return _extreme_array(x, axes, keepdim, 1)


class Amin(_SharedExtreme, name='AminBackward0'):
    @staticmethod
    def forward(x, axes, keepdim):
        return _extreme_array(x, axes, keepdim, -1)


class Aminmax(Op, name='AminmaxBackward0'):
    keep_in = (0,)
    keep_out = (0, 1)
    n_out = 2

    @staticmethod
    def forward(x, axes, keepdim):
        if axes is None and x.size > 4096 and x.dtype.char in 'fd' and x.flags.c_contiguous:
            return K.reduce.extremes(x)
        return _extreme_array(x, axes, keepdim, -1), _extreme_array(x, axes, keepdim, 1)

    def backward(self, low, high):
        x, axes, keepdim = self.saved(0), self.kw['axes'], self.kw['keepdim']
        return (_shared(restore_dims(low, axes, keepdim), x, restore_dims(self.out(0), axes, keepdim), axes)
                + _shared(restore_dims(high, axes, keepdim), x, restore_dims(self.out(1), axes, keepdim), axes))


class Max(Op, name='MaxBackward1'):
    keep_in = (0,)
    keep_out = (0,)

    @staticmethod
    def forward(x):
        return _extreme_array(x, None, False, 1)

    def backward(self, g):
        return _shared_by_all(g, self.saved(0), self.out(0))


class Min(Op, name='MinBackward1'):
    keep_in = (0,)
    keep_out = (0,)

    @staticmethod
    def forward(x):
        return _extreme_array(x, None, False, -1)

    def backward(self, g):
        return _shared_by_all(g, self.saved(0), self.out(0))


class MaxDim(Op, name='MaxBackward0'):
    keep_out = (1,)
    n_out = 2

    @staticmethod
    def forward(x, dim, keepdim):
        return _extreme_and_index(x, dim, keepdim, 1)

    def backward(self, g, _):
        return picked_grad(self, g)


class MinDim(Op, name='MinBackward0'):
    keep_out = (1,)
    n_out = 2

    @staticmethod
    def forward(x, dim, keepdim):
        return _extreme_and_index(x, dim, keepdim, -1)

    def backward(self, g, _):
        return picked_grad(self, g)


def _check_elements(name, input, axes):
    """Refuse a reduction over no elements."""
    shape = input._a.shape
    for i in range(len(shape)) if axes is None else axes:
        if not shape[i]:
            if axes is None:
                raise RuntimeError(f"{name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the "
                                   "reduction dim with the 'dim' argument.")
            raise IndexError(f'{name}(): Expected reduction dim {i} to have non-zero size.')


def _check_ordered(name, input):
    if input._a.dtype.kind == 'c':
        raise errors.not_implemented(name, input._a.dtype)


def amax(input, dim=(), keepdim=False, *, out=None, **numpy):
    """Largest elements. Equal ones share the gradient.

    Args:
        input (Tensor): real numbers.
        dim (int or tuple of ints): dimensions to reduce. Default: all.
        keepdim (bool): keep the reduced dimensions with size 1. Default: False.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: the maxima.

    Example:
        >>> import cnet
        >>> cnet.amax(cnet.tensor([[1., 5.], [4., 2.]]), 1)
        tensor([5., 4.])
    """
    return _amax(Amax, 'amax', input, dim, keepdim, out, numpy)


def amin(input, dim=(), keepdim=False, *, out=None, **numpy):
    """Smallest elements. Equal ones share the gradient.

    Args:
        input (Tensor): real numbers.
        dim (int or tuple of ints): dimensions to reduce. Default: all.
        keepdim (bool): keep the reduced dimensions with size 1. Default: False.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: the minima.

    Example:
        >>> import cnet
        >>> cnet.amin(cnet.tensor([[1., 5.], [4., 2.]]), 1)
        tensor([1., 2.])
    """
    return _amax(Amin, 'amin', input, dim, keepdim, out, numpy)


def _amax(op, name, input, dim, keepdim, out, numpy):
    checks.tensor(input, name, position=1)
    if numpy:
        dim, keepdim = numpy_names(name, numpy, dim, keepdim)
    axes = every_axis(dim, input, name)
    _check_ordered(name, input)
    if not input._a.size:
        _check_elements(name, input, None if dim in ((), None) else axes)
    return with_out(op.apply(input, axes=axes, keepdim=bool(keepdim)), out)


def aminmax(input, *, dim=None, keepdim=False, out=None):
    """Smallest and largest elements together.

    Args:
        input (Tensor): real numbers.
        dim (int, optional): the dimension to reduce. Default: all.
        keepdim (bool): keep the reduced dimension with size 1. Default: False.
        out (tuple of two Tensors, optional): receive the results.

    Returns:
        (min, max): a named tuple.

    Example:
        >>> import cnet
        >>> cnet.aminmax(cnet.tensor([1., -3., 2.])).min
        tensor(-3.)
    """
    checks.tensor(input, 'aminmax', position=1)
    axes = None if dim is None else every_axis(checks.integer(dim, 'aminmax', 'dim'), input, 'aminmax')
    _check_ordered('aminmax', input)
    if not input._a.size:
        _check_elements('aminmax', input, axes)
    # Without a dim there is nothing to keep, except for keepdim, which then keeps all.
    r = Aminmax.apply(input, axes=tuple(range(input._a.ndim)) if axes is None and keepdim else axes, keepdim=bool(keepdim))
    return named(return_types.aminmax, r, out)


def max(input, dim=None, keepdim=False, *, out=None, **numpy):
    """Largest element, or largest along a dimension with indices, or the larger of two tensors.

    Args:
        input (Tensor): real numbers.
        dim (int or Tensor, optional): the dimension to reduce, or the other tensor. Default: all dimensions.
        keepdim (bool): keep the reduced dimension with size 1. Default: False.
        out (Tensor, or tuple of two, optional): receive the results.

    Returns:
        Tensor, or with a dimension the named tuple (values, indices).

    Example:
        >>> import cnet
        >>> cnet.max(cnet.tensor([[1., 5.], [4., 2.]]), 1).indices
        tensor([1, 0])
    """
    return _max('max', Max, MaxDim, 'maximum', return_types.max, input, dim, keepdim, out, numpy)


def min(input, dim=None, keepdim=False, *, out=None, **numpy):
    """Smallest element, or smallest along a dimension with indices, or the smaller of two tensors.

    Args:
        input (Tensor): real numbers.
        dim (int or Tensor, optional): the dimension to reduce, or the other tensor. Default: all dimensions.
        keepdim (bool): keep the reduced dimension with size 1. Default: False.
        out (Tensor, or tuple of two, optional): receive the results.

    Returns:
        Tensor, or with a dimension the named tuple (values, indices).

    Example:
        >>> import cnet
        >>> cnet.min(cnet.tensor([[1., 5.], [4., 2.]]), 1).indices
        tensor([0, 1])
    """
    return _max('min', Min, MinDim, 'minimum', return_types.min, input, dim, keepdim, out, numpy)


def _max(name, full, along, binary, results, input, dim, keepdim, out, numpy):
    checks.tensor(input, name, position=1)
    if numpy:
        if 'other' in numpy:
            dim = numpy.pop('other')
            if not isinstance(dim, TensorBase):
                raise errors.argument_type(name, 'other', 'Tensor', dim)
        dim, keepdim = numpy_names(name, numpy, dim, keepdim)
    if isinstance(dim, TensorBase):
        return with_out(getattr(input, binary)(dim), out)
    if input._a.dtype.kind == 'c':
        raise errors.not_implemented(name + '_values_cpu' if dim is None else name, input._a.dtype)
    if dim is None:
        if keepdim:
            raise TypeError(f'{name}() received an invalid combination of arguments: keepdim needs a dim')
        if not input._a.size:
            raise RuntimeError(f"{name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the "
                               "reduction dim with the 'dim' argument.")
        return with_out(full.apply(input), out)
    dim = checks.dim(checks.integer(dim, name, 'dim'), input._a.ndim)
    if input._a.ndim and not input._a.shape[dim]:
        _check_elements(name, input, (dim,))
    r = along.apply(input, dim=dim, keepdim=bool(keepdim))
    return named(results, r, out)


def argmax(input, dim=None, keepdim=False, *, out=None, **numpy):
    """Index of the largest element, the first one if several are equal.

    Args:
        input (Tensor): real numbers.
        dim (int, optional): the dimension to reduce. Default: the flattened tensor.
        keepdim (bool): keep the reduced dimension with size 1. Default: False.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: int64.

    Example:
        >>> import cnet
        >>> cnet.argmax(cnet.tensor([[1., 5.], [4., 2.]]), dim=1)
        tensor([1, 0])
    """
    return _arg('argmax', 1, input, dim, keepdim, out, numpy)


def argmin(input, dim=None, keepdim=False, *, out=None, **numpy):
    """Index of the smallest element, the first one if several are equal.

    Args:
        input (Tensor): real numbers.
        dim (int, optional): the dimension to reduce. Default: the flattened tensor.
        keepdim (bool): keep the reduced dimension with size 1. Default: False.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: int64.

    Example:
        >>> import cnet
        >>> cnet.argmin(cnet.tensor([[1., 5.], [4., 2.]]), dim=1)
        tensor([0, 1])
    """
    return _arg('argmin', -1, input, dim, keepdim, out, numpy)


def _arg(name, sign, input, dim, keepdim, out, numpy):
    checks.tensor(input, name, position=1)
    if numpy:
        dim, keepdim = numpy_names(name, numpy, dim, keepdim)
    a = input._a
    if a.dtype.kind in 'bc':
        raise RuntimeError(f'{name}(): does not support {"bool" if a.dtype.kind == "b" else "complex"} input')
    if dim is None:
        if not a.size:
            raise IndexError(f'{name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the '
                             "reduction dim with the 'dim' argument.")
        where = _extreme_and_index(a.reshape(-1), 0, False, sign)[1]
        return with_out(wrap(where.reshape((1,) * a.ndim) if keepdim else where), out)
    dim = checks.dim(checks.integer(dim, name, 'dim'), a.ndim)
    if a.ndim:
        _check_elements(name, input, (dim,))
    return with_out(wrap(_extreme_and_index(a, dim, bool(keepdim), sign)[1]), out)


METHODS = {'amax': amax, 'amin': amin, 'aminmax': aminmax, 'argmax': argmax, 'argmin': argmin, 'max': max, 'min': min}
