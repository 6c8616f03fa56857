"""Sums, means, products and tests over dimensions. A gradient goes back by expansion."""

import math

import numpy as np

from .. import _kernels as K
from .._core import checks, errors
from .._core.arrays import cast
from .._core.base import TensorBase, wrap
from .._core.elementwise import with_out
from .._core.mode import is_grad_enabled
from .._core.op import Op
from ._axes import axes_of, every_axis, float_total, numpy_names, restore_dims, wanted_type

__all__ = ['all', 'any', 'count_nonzero', 'mean', 'nanmean', 'nansum', 'prod', 'sum']

quiet = K._quiet.quiet
total = K.reduce.total


def _sum_array(x, axes, keepdim, np_dtype):
    """Sum in NumPy type `np_dtype`, or int64 for integers; `axes` None means all."""
    if np_dtype is not None:
        x = cast(x, np_dtype)
    kind = x.dtype.kind
    if kind == 'f':
        return float_total(x, axes, keepdim)
    return quiet(np.add.reduce, x, axes, np.int64 if kind in 'biu' and np_dtype is None else x.dtype, None, keepdim)


class Sum(Op, name='SumBackward0'):
    __slots__ = ()
    own_memory = True

    @staticmethod
    def forward(x, np_dtype=None):
        if np_dtype is None and x.dtype.char in 'fd':
            return total(x)
        return _sum_array(x, None, False, np_dtype)

    def backward(self, g):
        return g.expand(self.in_shape(0))


class SumDim(Op, name='SumBackward1'):
    __slots__ = ()
    own_memory = True

    @staticmethod
    def forward(x, axes, keepdim, np_dtype):
        if np_dtype is None and x.dtype.char in 'fd':
            return total(x, axes, keepdim)
        return _sum_array(x, axes, keepdim, np_dtype)

    def backward(self, g):
        return restore_dims(g, self.kw['axes'], self.kw['keepdim']).expand(self.in_shape(0))


class Nansum(Op, name='NansumBackward0'):
    keep_in = (0,)

    @staticmethod
    def forward(x, axes, keepdim, np_dtype):
        if x.dtype.char in 'fd' and np_dtype is None:
            return total(x, axes, keepdim, 1.0, K.reduce.NUMBERS)
        if x.dtype.kind == 'f':
            x = np.where(np.isnan(x), x.dtype.type(0), x)
        return _sum_array(x, axes, keepdim, np_dtype)

    def backward(self, g):
        return restore_dims(g, self.kw['axes'], self.kw['keepdim']) * ~self.saved(0).isnan()


class Mean(Op, name='MeanBackward0'):
    __slots__ = ()
    own_memory = True

    @staticmethod
    def forward(x):
        return _mean_array(x, None, False)

    def backward(self, g):
        shape = self.in_shape(0)
        return (g / float(math.prod(shape))).expand(shape) if math.prod(shape) else None


class MeanDim(Op, name='MeanBackward1'):
    __slots__ = ()
    own_memory = True

    @staticmethod
    def forward(x, axes, keepdim):
        return _mean_array(x, axes, keepdim)

    def backward(self, g):
        shape, axes = self.in_shape(0), self.kw['axes']
        count = 1.0
        for i in axes:
            count *= shape[i]
        return (restore_dims(g, axes, self.kw['keepdim']) / count).expand(shape) if count else None


def _mean_array(x, axes, keepdim):
    if x.dtype.kind == 'f' and x.size:
        count = 1
        for i in range(x.ndim) if axes is None else axes:
            count *= x.shape[i]
        return float_total(x, axes, keepdim, 1.0 / count)
    count = x.size if axes is None else np.prod([x.shape[i] for i in axes], dtype=np.int64)
    return quiet(np.divide, np.sum(x, axis=axes, keepdims=keepdim), x.dtype.type(count))


def _prod_array(x, axes, keepdim, np_dtype):
    if np_dtype is not None:
        x = cast(x, np_dtype)
    if x.dtype.char in 'fd':
        return total(x, None if axes is None else (axes,), keepdim, 1.0, K.reduce.PRODUCT)
    wide = x.dtype.kind in 'biu' and np_dtype is None
    return quiet(np.prod, x, axis=axes, dtype=np.int64 if wide else x.dtype, keepdims=keepdim)


def _prod_grad(g, x, y, axis):
    """g times the product of the other elements along `axis`, where zeros rule out the quotient y / x."""
    if x._a.all():
        return g * (y / x).conj()
    if is_grad_enabled():
        # An intermediate for each pair of elements of a line, which zeros do not cut off from x.
        n = x.shape[axis]
        x, g = x.movedim(axis, -1), g.movedim(axis, -1)
        others = x.unsqueeze(-2).expand(*x.shape[:-1], n, n).masked_fill(wrap(np.eye(n, dtype=bool)), 1).prod(-1)
        return (g * others.conj()).movedim(-1, axis)
    zero = x == 0
    first = zero & (zero.cumsum(axis) == 1)
    others = x.masked_fill(first, 1).prod(axis, True)
    quotient = (y / x.masked_fill(zero, 1)).masked_fill(zero, 0)
    return g * quotient.where(~first, others).conj()


class Prod(Op, name='ProdBackward0'):
    keep_in = (0,)
    keep_out = (0,)

    @staticmethod
    def forward(x, np_dtype):
        return _prod_array(x, None, False, np_dtype)

    def backward(self, g):
        x = self.saved(0)
        return _prod_grad(g, x.reshape(-1), self.out(0), 0).reshape(x.shape) if x.ndim else g


class ProdDim(Op, name='ProdBackward1'):
    keep_in = (0,)
    keep_out = (0,)

    @staticmethod
    def forward(x, dim, keepdim, np_dtype):
        return _prod_array(x, dim if x.ndim else None, keepdim and x.ndim > 0, np_dtype)

    def backward(self, g):
        x, dim, keepdim = self.saved(0), self.kw['dim'], self.kw['keepdim']
        if not x.ndim:
            return g
        return _prod_grad(restore_dims(g, (dim,), keepdim), x, restore_dims(self.out(0), (dim,), keepdim), dim)


def sum(input, dim=None, keepdim=False, *, dtype=None, out=None, **numpy):
    """Sum over all or some dimensions.

    Args:
        input (Tensor): the numbers; integers and bools are summed as int64.
        dim (int or tuple of ints, optional): dimensions to reduce. Default: all.
        keepdim (bool): keep the reduced dimensions with size 1. Default: False.
        dtype (dtype, optional): convert to this type first.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: the sums.

    Example:
        >>> import cnet
        >>> cnet.sum(cnet.tensor([[1., 2.], [3., 4.]]), dim=0)
        tensor([4., 6.])
    """
    if not isinstance(input, TensorBase):
        raise errors.argument_type('sum', 'input', 'Tensor', input, 1)
    if numpy:
        dim, keepdim = numpy_names('sum', numpy, dim, keepdim)
    np_dtype = None if dtype is None else wanted_type(dtype, 'sum')
    if dim is None and not keepdim:
        r = Sum.apply(input) if np_dtype is None else Sum.apply(input, np_dtype=np_dtype)
    else:
        r = SumDim.apply(input, axes=every_axis(dim, input, 'sum'), keepdim=bool(keepdim), np_dtype=np_dtype)
    return r if out is None else with_out(r, out)


def nansum(input, dim=None, keepdim=False, *, dtype=None, out=None):
    """Sum that counts NaN as 0.

    Args:
        input (Tensor): real numbers.
        dim (int or tuple of ints, optional): dimensions to reduce. Default: all.
        keepdim (bool): keep the reduced dimensions with size 1. Default: False.
        dtype (dtype, optional): convert to this type first.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: the sums.

    Example:
        >>> import cnet
        >>> cnet.nansum(cnet.tensor([1., float('nan'), 2.]))
        tensor(3.)
    """
    checks.tensor(input, 'nansum', position=1)
    if input._a.dtype.kind == 'c':
        raise RuntimeError('nansum does not support complex inputs')
    r = Nansum.apply(input, axes=axes_of(dim, input, 'nansum'), keepdim=bool(keepdim),
                     np_dtype=None if dtype is None else wanted_type(dtype, 'nansum'))
    return with_out(r, out)


def mean(input, dim=None, keepdim=False, *, dtype=None, out=None, **numpy):
    """Arithmetic mean over all or some dimensions.

    Args:
        input (Tensor): floating-point or complex numbers.
        dim (int or tuple of ints, optional): dimensions to reduce. Default: all.
        keepdim (bool): keep the reduced dimensions with size 1. Default: False.
        dtype (dtype, optional): convert to this type first.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: the means.

    Example:
        >>> import cnet
        >>> cnet.mean(cnet.tensor([[1., 2.], [3., 4.]]), dim=1)
        tensor([1.5000, 3.5000])
    """
    if not isinstance(input, TensorBase):
        raise errors.argument_type('mean', 'input', 'Tensor', input, 1)
    if numpy:
        dim, keepdim = numpy_names('mean', numpy, dim, keepdim)
    if dtype is not None:
        input = input.to(dtype)
    if input._a.dtype.kind not in 'fc':
        what = 'Input dtype' if dtype is None else 'Optional dtype'
        raise RuntimeError(f'mean(): could not infer output dtype. {what} must be either a floating point or complex dtype. '
                           f'Got: {input.dtype.legacy}')
    if dim is None and not keepdim:
        r = Mean.apply(input)
    else:
        r = MeanDim.apply(input, axes=every_axis(dim, input, 'mean'), keepdim=bool(keepdim))
    return r if out is None else with_out(r, out)


def nanmean(input, dim=None, keepdim=False, *, dtype=None, out=None):
    """Mean of the elements that are not NaN.

    Args:
        input (Tensor): floating-point or complex numbers.
        dim (int or tuple of ints, optional): dimensions to reduce. Default: all.
        keepdim (bool): keep the reduced dimensions with size 1. Default: False.
        dtype (dtype, optional): convert to this type first.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: the means; NaN where there is no element.

    Example:
        >>> import cnet
        >>> cnet.nanmean(cnet.tensor([1., float('nan'), 2.]))
        tensor(1.5000)
    """
    checks.tensor(input, 'nanmean', position=1)
    if input._a.dtype.kind not in 'fc':
        raise RuntimeError('nanmean(): expected input to have floating point or complex dtype but got '
                           f'{input.dtype.legacy}')
    present = (~input.isnan()).sum(dim, keepdim)
    return with_out(nansum(input, dim, keepdim, dtype=dtype) / present, out)


def prod(input, dim=None, keepdim=False, *, dtype=None, out=None, **numpy):
    """Product over all dimensions or one.

    Args:
        input (Tensor): the numbers; integers and bools are multiplied as int64.
        dim (int, optional): the dimension to reduce. Default: all.
        keepdim (bool): keep the reduced dimension with size 1. Default: False.
        dtype (dtype, optional): convert to this type first.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: the products.

    Example:
        >>> import cnet
        >>> cnet.prod(cnet.tensor([[1., 2.], [3., 4.]]), 1)
        tensor([ 2., 12.])
    """
    checks.tensor(input, 'prod', position=1)
    if numpy:
        dim, keepdim = numpy_names('prod', numpy, dim, keepdim)
    np_dtype = None if dtype is None else wanted_type(dtype, 'prod')
    if dim is None:
        if keepdim:
            raise TypeError('prod() received an invalid combination of arguments: keepdim needs a dim')
        return with_out(Prod.apply(input, np_dtype=np_dtype), out)
    dim = checks.dim(checks.integer(dim, 'prod', 'dim'), input._a.ndim)
    return with_out(ProdDim.apply(input, dim=dim, keepdim=bool(keepdim), np_dtype=np_dtype), out)


def _test(function, name, input, dim, keepdim, out, numpy):
    checks.tensor(input, name, position=1)
    if numpy:
        dim, keepdim = numpy_names(name, numpy, dim, keepdim)
    a = input._a
    axes = axes_of(dim, input, name)
    if dim == () or dim == []:
        axes = ()
    r = np.asarray(function(a, axes, None, None, bool(keepdim)))
    # uint8 was the bool type before there was one, and still keeps to itself.
    return with_out(wrap(r.astype(np.uint8) if a.dtype == np.uint8 else r), out)


def all(input, dim=None, keepdim=False, *, out=None, **numpy):
    """Whether all elements are nonzero.

    Args:
        input (Tensor): any type.
        dim (int or tuple of ints, optional): dimensions to reduce. Default: all.
        keepdim (bool): keep the reduced dimensions with size 1. Default: False.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: bool (uint8 for uint8).

    Example:
        >>> import cnet
        >>> cnet.all(cnet.tensor([[True, False], [True, True]]), dim=1)
        tensor([False,  True])
    """
    return _test(np.logical_and.reduce, 'all', input, dim, keepdim, out, numpy)


def any(input, dim=None, keepdim=False, *, out=None, **numpy):
    """Whether some element is nonzero.

    Args:
        input (Tensor): any type.
        dim (int or tuple of ints, optional): dimensions to reduce. Default: all.
        keepdim (bool): keep the reduced dimensions with size 1. Default: False.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: bool (uint8 for uint8).

    Example:
        >>> import cnet
        >>> cnet.any(cnet.tensor([0, 0, 1]))
        tensor(True)
    """
    return _test(np.logical_or.reduce, 'any', input, dim, keepdim, out, numpy)


def count_nonzero(input, dim=None):
    """Number of elements that are not zero.

    Args:
        input (Tensor): any type.
        dim (int or tuple of ints, optional): dimensions to count over. Default: all.

    Returns:
        Tensor: int64.

    Example:
        >>> import cnet
        >>> cnet.count_nonzero(cnet.tensor([[1, 0], [2, 3]]), dim=0)
        tensor([2, 1])
    """
    checks.tensor(input, 'count_nonzero', position=1)
    return wrap(np.asarray(np.count_nonzero(input._a, axis=axes_of(dim, input, 'count_nonzero')), np.int64))


METHODS = {'sum': sum, 'nansum': nansum, 'mean': mean, 'nanmean': nanmean, 'prod': prod, 'all': all, 'any': any,
           'count_nonzero': count_nonzero}
