"""Norms of vectors, distances, and the logarithm of a sum of exponentials."""

import math

import numpy as np

from .. import _kernels as K
from .._core import checks
from .._core.arrays import contiguous, empty
from .._core.dtype import get_default_dtype
from .._core.elementwise import with_out
from .._core.op import Op
from ._axes import every_axis, float_total, kept_shape, numpy_names, restore_dims

__all__ = ['dist', 'logsumexp', 'norm']

quiet = K._quiet.quiet
P = K.pointwise


def _norm_array(x, p, axes, keepdim):
    if x.dtype.kind == 'c':
        x = P.abs(x)
    if x.dtype.char == 'e':
        return _norm_array(x.astype(np.float32), p, axes, keepdim).astype(x.dtype)
    if p == 2:
        return P.sqrt(float_total(x, axes, keepdim, 1.0, K.reduce.SQUARE))
    if p == 1:
        return float_total(x, axes, keepdim, 1.0, K.reduce.ABS)
    if p == 0:
        return quiet(np.sum, x != 0, axis=axes, keepdims=keepdim, dtype=x.dtype)
    a = P.abs(x)
    if p in (np.inf, -np.inf):
        if not x.size:
            return quiet(np.max, a, axis=axes, keepdims=keepdim, initial=0)
        return K.reduce.extreme(a, axes, keepdim, 1 if p > 0 else -1)
    return quiet(np.power, float_total(quiet(np.power, a, a.dtype.type(p)), axes, keepdim), a.dtype.type(1 / p))


def _norm_grad(g, x, y, p, axes):
    """Gradient of the norm y of x; g and y have the reduced dimensions. The subgradient at 0 is 0."""
    if p == 0:
        return None
    if p == 1:
        return g * x.sgn()
    if p == 2:
        return x * (g / y).masked_fill(y == 0, 0)
    if p in (np.inf, -np.inf):
        a = x.abs()
        hit = ((a == y) | (a.isnan() & y.isnan())).to(a.dtype)
        return x.sgn() * hit * (g / hit.sum(axes, True)) if axes else x.sgn() * hit * (g / hit.sum())
    if p < 1:
        return (x.sgn() * x.abs() ** (p - 1) * y ** (1 - p) * g).masked_fill(x == 0, 0)
    if p < 2:
        return x.sgn() * x.abs() ** (p - 1) * (g * y ** (1 - p)).masked_fill(y == 0, 0)
    return x * x.abs() ** (p - 2) * (g / y ** (p - 1)).masked_fill(y == 0, 0)


class VectorNorm(Op, name='LinalgVectorNormBackward0'):
    keep_in = (0,)
    keep_out = (0,)

    @staticmethod
    def forward(x, p, axes, keepdim):
        return _norm_array(x, p, axes, keepdim)

    def backward(self, g):
        axes, keepdim = self.kw['axes'], self.kw['keepdim']
        return _norm_grad(restore_dims(g, axes, keepdim), self.saved(0), restore_dims(self.out(0), axes, keepdim),
                          self.kw['p'], axes)


class Dist(Op, name='DistBackward0'):
    keep_in = (0, 1)
    keep_out = (0,)

    @staticmethod
    def forward(x, y, p):
        return _norm_array(quiet(np.subtract, x, y), p, None, False)

    def backward(self, g):
        gx = _norm_grad(g, self.saved(0) - self.saved(1), self.out(0), self.kw['p'], None)
        return gx, None if gx is None else -gx


def _one_block(shape, axes):
    """(outer, n, inner) if the axes are neighbours, else None."""
    first, last = min(axes, default=0), max(axes, default=0) + 1
    if last - first != len(axes):
        return None
    return math.prod(shape[:first]), math.prod(shape[first:last]), math.prod(shape[last:])


class Logsumexp(Op, name='LogsumexpBackward0'):
    own_memory = True
    keep_in = (0,)
    keep_out = (0,)

    @staticmethod
    def forward(x, axes, keepdim):
        if not x.size:
            return np.full(np.sum(x, axis=axes, keepdims=keepdim).shape, -np.inf, x.dtype)
        real = x.dtype.char in 'fd'
        sizes = _one_block(x.shape, axes) if real and x.ndim else None
        if sizes is not None:
            y = empty(kept_shape(x.shape, axes, keepdim), x.dtype)
            K.softmax.logsumexp_forward(contiguous(x), y, *sizes)
            return y
        top = K.reduce.extreme(x, axes, True, 1) if real else np.max(x.real, axis=axes, keepdims=True)
        if not np.isfinite(top).all():
            top = np.where(np.isfinite(top), top, top.dtype.type(0))
        terms = P.exp(P.sub(x, top))
        y = P.add(P.log(float_total(terms, axes, True) if real else np.sum(terms, axis=axes, keepdims=True)), top)
        return y if keepdim else y.reshape(kept_shape(x.shape, axes, False))

    def backward(self, g):
        axes, keepdim = self.kw['axes'], self.kw['keepdim']
        x, y = self.saved(0), restore_dims(self.out(0), axes, keepdim)
        g = restore_dims(g, axes, keepdim)
        if x._a.dtype.char in 'fd' and x._a.ndim and _one_block(x._a.shape, axes) is not None:
            return LogsumexpGrad.apply(g, x, y, axes=axes)
        # Where all of x is minus infinity so is y, and the difference would be NaN.
        y = y.masked_fill(y == float('-inf'), 0) if not y.is_complex() else y
        return g * (x - y).exp().conj()


class LogsumexpGrad(Op, name='MulBackward0'):
    """g * exp(x - y) for y, the logsumexp of x, and g with the shape of y."""

    own_memory = True
    keep_in = (0, 1, 2)

    @staticmethod
    def forward(g, x, y, axes):
        gx = empty(x.shape, x.dtype)
        if x.size:
            K.softmax.logsumexp_grad(*map(contiguous, (g, x, y)), gx, *_one_block(x.shape, axes))
        return gx

    def backward(self, gg):
        g, x, y, axes = self.saved(0), self.saved(1), self.saved(2), self.kw['axes']
        p = (x - y.masked_fill(y == float('-inf'), 0)).exp()
        dx = gg * g * p
        return (gg * p).sum(axes, keepdim=True), dx, -dx.sum(axes, keepdim=True)


def _check_norm_input(x, name):
    if x._a.dtype.kind not in 'fc':
        raise RuntimeError(f'{name}: Expected a floating point or complex tensor as input. Got {x.dtype.legacy}')


def vector_norm(x, ord=2, dim=None, keepdim=False, *, dtype=None, out=None):
    """Norm of the numbers along dimensions, seen as one vector.

    Args:
        x (Tensor): floating-point or complex numbers.
        ord (float): 0 (how many are not 0), inf, -inf, or the exponent. Default: 2.
        dim (int or tuple of ints, optional): the dimensions of the vector. Default: all.
        keepdim (bool): keep the reduced dimensions with size 1. Default: False.
        dtype (dtype, optional): convert to this type first.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: the norms, real.

    Example:
        >>> import cnet
        >>> cnet.linalg.vector_norm(cnet.tensor([3., 4.]))
        tensor(5.)
    """
    checks.tensor(x, 'linalg_vector_norm', 'input', 1)
    _check_norm_input(x, 'linalg.vector_norm')
    if dtype is not None:
        x = x.to(dtype)
    ord = checks.number(ord, 'linalg_vector_norm', 'ord')
    axes = every_axis(dim, x, 'linalg_vector_norm')
    if not x._a.size and (ord < 0 or ord == float('inf')):
        if dim is None or not axes:
            raise RuntimeError(f'linalg.vector_norm cannot compute the {ord:g} norm on an empty tensor because the operation '
                               'does not have an identity')
        for i in axes:
            if not x._a.shape[i]:
                raise RuntimeError(f'linalg.vector_norm cannot compute the {ord:g} norm on the dimension {i} because this '
                                   'dimension is empty and the operation does not have an identity')
    return with_out(VectorNorm.apply(x, p=float(ord), axes=axes, keepdim=bool(keepdim)), out)


def norm(input, p='fro', dim=None, keepdim=False, out=None, dtype=None):
    """Norm of a tensor, or of its vectors or matrices.

    Args:
        input (Tensor): floating-point or complex numbers.
        p (float or str): 'fro' (as 2), 'nuc' (sum of singular values), or the exponent. Default: 'fro'.
        dim (int or tuple of ints, optional): the dimensions of the vector or matrix. Default: all.
        keepdim (bool): keep the reduced dimensions with size 1. Default: False.
        out (Tensor, optional): receives the result.
        dtype (dtype, optional): convert to this type first.

    Returns:
        Tensor: the norms, real.

    Example:
        >>> import cnet
        >>> cnet.norm(cnet.tensor([[3., 4.], [6., 8.]]), dim=1)
        tensor([ 5., 10.])
    """
    checks.tensor(input, 'norm', position=1)
    _check_norm_input(input, 'linalg.vector_norm')
    if p == 'nuc':
        return with_out(_nuclear_norm(input if dtype is None else input.to(dtype), dim, keepdim), out)
    if isinstance(p, str) and p != 'fro':
        raise RuntimeError(f'only valid string values are fro and nuc, found {p}')
    return vector_norm(input, 2.0 if p == 'fro' or p is None else p, dim, keepdim, dtype=dtype, out=out)


def _nuclear_norm(x, dim, keepdim):
    dim = tuple(range(x.ndim)) if dim is None else checks.dims(dim, x.ndim, 'norm')
    if len(dim) != 2:
        raise RuntimeError('linalg.matrix_norm: dim must be a 2-tuple. Got ' + ', '.join(map(str, dim)))
    y = x.movedim(dim, (-2, -1)).svd().S.sum(-1)
    return restore_dims(y, dim, False) if keepdim else y


def dist(input, other, p=2):
    """Norm of the difference of two tensors.

    Args:
        input (Tensor): the one.
        other (Tensor): the other; the two broadcast.
        p (float): the exponent of the norm. Default: 2.

    Returns:
        Tensor: one number.

    Example:
        >>> import cnet
        >>> cnet.dist(cnet.tensor([1., 2.]), cnet.tensor([4., 6.]))
        tensor(5.)
    """
    checks.tensor(input, 'dist', position=1)
    checks.tensor(other, 'dist', 'other', 2)
    return Dist.apply(input, other, p=float(p))


def logsumexp(input, dim, keepdim=False, *, out=None, **numpy):
    """log of the sum of exponentials, without overflow.

    Args:
        input (Tensor): any numbers; integers become the default floating type.
        dim (int or tuple of ints): dimensions to reduce.
        keepdim (bool): keep the reduced dimensions with size 1. Default: False.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: the result.

    Example:
        >>> import cnet
        >>> cnet.logsumexp(cnet.tensor([1000., 1000.]), 0)
        tensor(1000.6932)
    """
    checks.tensor(input, 'logsumexp', position=1)
    if numpy:
        dim, keepdim = numpy_names('logsumexp', numpy, dim, keepdim)
    if input._a.dtype.kind not in 'fc':
        input = input.to(get_default_dtype())
    return with_out(Logsumexp.apply(input, axes=every_axis(dim, input, 'logsumexp'), keepdim=bool(keepdim)), out)


METHODS = {'dist': dist, 'logsumexp': logsumexp, 'norm': norm}
