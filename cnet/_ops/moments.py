"""Variance and standard deviation, alone or with the mean, and covariance."""

import warnings

import numpy as np

from .. import _kernels as K
from .._core import checks
from .._core.arrays import contiguous
from .._core.elementwise import with_out
from .._core.op import Op
from ._axes import every_axis, kept_shape, numpy_names, restore_dims

__all__ = ['corrcoef', 'cov', 'std', 'std_mean', 'var', 'var_mean']

quiet = K._quiet.quiet
P = K.pointwise


def _var_mean_arrays(x, axes, correction, keepdim):
    """Variance and mean; the variance of complex numbers is that of the real parts plus that of the imaginary parts."""
    shape = kept_shape(x.shape, axes, keepdim)
    count = 1
    for i in axes:
        count *= x.shape[i]
    if x.dtype.kind == 'c':
        real, imag = [_var_mean_arrays(part, axes, correction, keepdim) for part in (x.real, x.imag)]
        return real[0] + imag[0], (real[1] + 1j * imag[1]).astype(x.dtype)
    if x.dtype.char == 'e':
        return tuple([r.astype(x.dtype) for r in _var_mean_arrays(x.astype(np.float32), axes, correction, keepdim)])
    if count == 0 or x.size == 0:
        return np.full(shape, np.nan, x.dtype), np.full(shape, np.nan, x.dtype)
    if axes == tuple(range(x.ndim - len(axes), x.ndim)):
        var, mean = np.empty(shape, x.dtype), np.empty(shape, x.dtype)
        return K.reduce.var_forward(contiguous(x), var.size, count, correction, var, mean)
    mean = K.reduce.total(x, axes, True, 1 / count)
    free = count - correction
    var = K.reduce.total(P.sub(x, mean), axes, keepdim, 1 / free if free > 0 else np.inf, K.reduce.SQUARE)
    return var, mean.reshape(shape)


def _count(x, axes):
    n = 1
    for i in axes:
        n *= x.shape[i]
    return n


def _var_grad(g, x, axes, keepdim, correction):
    n = _count(x, axes)
    free = n - correction
    scale = 2.0 / free if free > 0 else float('inf')
    return (scale * restore_dims(g, axes, keepdim)) * (x - x.mean(axes or None, bool(axes)))


class Var(Op, name='VarBackward0'):
    keep_in = (0,)

    @staticmethod
    def forward(x, axes, correction, keepdim):
        return _var_mean_arrays(x, axes, correction, keepdim)[0]

    def backward(self, g):
        return _var_grad(g, self.saved(0), self.kw['axes'], self.kw['keepdim'], self.kw['correction'])


class Std(Op, name='StdBackward0'):
    keep_in = (0,)
    keep_out = (0,)

    @staticmethod
    def forward(x, axes, correction, keepdim):
        return quiet(np.sqrt, _var_mean_arrays(x, axes, correction, keepdim)[0])

    def backward(self, g):
        y = self.out(0)
        return _var_grad((g / (2 * y)).masked_fill(y == 0, 0), self.saved(0), self.kw['axes'], self.kw['keepdim'],
                         self.kw['correction'])


class VarMean(Op, name='VarMeanBackward0'):
    keep_in = (0,)
    n_out = 2

    @staticmethod
    def forward(x, axes, correction, keepdim):
        return _var_mean_arrays(x, axes, correction, keepdim)

    def backward(self, gv, gm):
        x, axes, keepdim = self.saved(0), self.kw['axes'], self.kw['keepdim']
        return (_var_grad(gv, x, axes, keepdim, self.kw['correction'])
                + restore_dims(gm, axes, keepdim) / _count(x, axes))


class StdMean(Op, name='StdMeanBackward0'):
    keep_in = (0,)
    keep_out = (0,)
    n_out = 2

    @staticmethod
    def forward(x, axes, correction, keepdim):
        var, mean = _var_mean_arrays(x, axes, correction, keepdim)
        return quiet(np.sqrt, var), mean

    def backward(self, gs, gm):
        x, y, axes, keepdim = self.saved(0), self.out(0), self.kw['axes'], self.kw['keepdim']
        return (_var_grad((gs / (2 * y)).masked_fill(y == 0, 0), x, axes, keepdim, self.kw['correction'])
                + restore_dims(gm, axes, keepdim) / _count(x, axes))


def _moments(op, name, input, dim, unbiased, keepdim, correction, numpy):
    """Sort out the three ways of calling these functions, and run `op`."""
    checks.tensor(input, name, position=1)
    if numpy:
        dim, keepdim = numpy_names(name, numpy, dim, keepdim)
    if type(dim) is bool:
        dim, unbiased = None, dim
    if unbiased is not None:
        if correction is not None:
            raise TypeError(f'{name}() received an invalid combination of arguments: unbiased and correction exclude each other')
        correction = int(unbiased)
    elif correction is None:
        correction = 1
    x = input._a
    if x.dtype.kind not in 'fc':
        raise RuntimeError(f'{name}: only support floating-point and complex dtypes' if name in ('var_mean', 'std_mean')
                           else 'std and var only support floating point and complex dtypes')
    axes = tuple(sorted(every_axis(dim, input, name)))
    if x.size and _count(x, axes) <= correction:
        warnings.warn(f'{name}(): degrees of freedom is <= 0. Correction should be strictly less than the reduction factor '
                      '(input numel divided by output numel).', UserWarning, 3)
    return op.apply(input, axes=axes, correction=correction, keepdim=bool(keepdim))


def var(input, dim=None, unbiased=None, keepdim=False, *, correction=None, out=None, **numpy):
    """Variance over all or some dimensions.

    Args:
        input (Tensor): floating-point or complex numbers.
        dim (int or tuple of ints, optional): dimensions to reduce. Default: all.
        unbiased (bool, optional): True is correction 1, False is correction 0.
        keepdim (bool): keep the reduced dimensions with size 1. Default: False.
        correction (float): the squares are divided by their number minus this. Default: 1.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: the variances.

    Example:
        >>> import cnet
        >>> cnet.var(cnet.tensor([1., 2., 4.]))
        tensor(2.3333)
    """
    return with_out(_moments(Var, 'var', input, dim, unbiased, keepdim, correction, numpy), out)


def std(input, dim=None, unbiased=None, keepdim=False, *, correction=None, out=None, **numpy):
    """Standard deviation over all or some dimensions.

    Args:
        input (Tensor): floating-point or complex numbers.
        dim (int or tuple of ints, optional): dimensions to reduce. Default: all.
        unbiased (bool, optional): True is correction 1, False is correction 0.
        keepdim (bool): keep the reduced dimensions with size 1. Default: False.
        correction (float): the squares are divided by their number minus this. Default: 1.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: the standard deviations.

    Example:
        >>> import cnet
        >>> cnet.std(cnet.tensor([1., 2., 3.]))
        tensor(1.)
    """
    return with_out(_moments(Std, 'std', input, dim, unbiased, keepdim, correction, numpy), out)


def var_mean(input, dim=None, unbiased=None, keepdim=False, *, correction=None, **numpy):
    """Variance and mean together.

    Args:
        input (Tensor): floating-point or complex numbers.
        dim (int or tuple of ints, optional): dimensions to reduce. Default: all.
        unbiased (bool, optional): True is correction 1, False is correction 0.
        keepdim (bool): keep the reduced dimensions with size 1. Default: False.
        correction (float): the squares are divided by their number minus this. Default: 1.

    Returns:
        tuple of two Tensors: variances and means.

    Example:
        >>> import cnet
        >>> cnet.var_mean(cnet.tensor([1., 2., 3.]))
        (tensor(1.), tensor(2.))
    """
    return _moments(VarMean, 'var_mean', input, dim, unbiased, keepdim, correction, numpy)


def std_mean(input, dim=None, unbiased=None, keepdim=False, *, correction=None, **numpy):
    """Standard deviation and mean together.

    Args:
        input (Tensor): floating-point or complex numbers.
        dim (int or tuple of ints, optional): dimensions to reduce. Default: all.
        unbiased (bool, optional): True is correction 1, False is correction 0.
        keepdim (bool): keep the reduced dimensions with size 1. Default: False.
        correction (float): the squares are divided by their number minus this. Default: 1.

    Returns:
        tuple of two Tensors: standard deviations and means.

    Example:
        >>> import cnet
        >>> cnet.std_mean(cnet.tensor([1., 2., 3.]))
        (tensor(1.), tensor(2.))
    """
    return _moments(StdMean, 'std_mean', input, dim, unbiased, keepdim, correction, numpy)


def cov(input, *, correction=1, fweights=None, aweights=None):
    """Covariance matrix of variables in rows, observations in columns.

    Args:
        input (Tensor): at most two dimensions.
        correction (int): the products are divided by their number minus this. Default: 1.
        fweights (Tensor, optional): how often each observation was made (integers).
        aweights (Tensor, optional): how much each observation counts (floats, at least 0).

    Shape:
        - input: (V, N), or (N) or () for one variable.
        - fweights, aweights: (N).
        - result: (V, V), or () for one variable.

    Returns:
        Tensor: the covariances.

    Example:
        >>> import cnet
        >>> cnet.cov(cnet.tensor([[0., 1., 2.], [2., 1., 0.]]))
        tensor([[ 1., -1.],
                [-1.,  1.]])
    """
    checks.tensor(input, 'cov', position=1)
    if input.ndim > 2:
        raise RuntimeError(f'cov(): expected input to have two or fewer dimensions but got an input with {input.ndim} dimensions')
    if input._a.dtype.kind == 'b':
        raise RuntimeError('cov(): bool dtype is not supported for input')
    x = input.reshape(1, -1) if input.ndim < 2 else input
    n = x.shape[1]
    weights = None
    for w, name, kinds, what in ((fweights, 'fweights', 'iu', 'integral'), (aweights, 'aweights', 'f', 'floating point')):
        if w is None:
            continue
        if w.ndim > 1:
            raise RuntimeError(f'cov(): expected {name} to have one or fewer dimensions but got {name} with {w.ndim} dimensions')
        if w._a.dtype.kind not in kinds:
            raise RuntimeError(f'cov(): expected {name} to have {what} dtype but got {name} with {w.dtype.legacy} dtype')
        if w._a.size != n:
            raise RuntimeError(f'cov(): expected {name} to have the same numel as there are observations in the input but got '
                               f'{w._a.size} != {n}')
        if (w._a < 0).any():
            raise RuntimeError(f'cov(): {name} cannot be negative')
        w = w.reshape(n)
        weights = w if weights is None else weights * w
    if x._a.dtype.kind in 'iu':
        x = x * 1.0
    if weights is None:
        total, mean = n, x.mean(1, True)
    else:
        total = weights.sum()
        mean = (x * weights).sum(1, True) / total
    if weights is None or aweights is None or correction == 0:
        free = total - correction
    else:
        free = total - correction * (weights * aweights).sum() / total
    free = max(free, 0) if weights is None else free.clamp(min=0)
    centred = x - mean
    weighted = centred if weights is None else centred * weights
    c = weighted.mm(centred.t().conj()) / free if n else weighted.mm(centred.t().conj()) / 0.0
    return c.squeeze()


def corrcoef(input):
    """Correlation coefficients of variables in rows, observations in columns.

    Args:
        input (Tensor): at most two dimensions.

    Shape:
        - input: (V, N), or (N) or () for one variable.
        - result: (V, V), or () for one variable.

    Returns:
        Tensor: the coefficients, between -1 and 1.

    Example:
        >>> import cnet
        >>> cnet.corrcoef(cnet.tensor([[0., 1., 2.], [2., 1., 0.]]))
        tensor([[ 1., -1.],
                [-1.,  1.]])
    """
    checks.tensor(input, 'corrcoef', position=1)
    if input.ndim > 2:
        raise RuntimeError('corrcoef(): expected input to have two or fewer dimensions but got an input with '
                           f'{input.ndim} dimensions')
    c = cov(input)
    if not c.ndim:
        return c / c
    d = (c if not c.is_complex() else c.real).diagonal().sqrt()
    c = c / d.unsqueeze(-1) / d.unsqueeze(0)
    if c.is_complex():
        return c.real.clamp(-1, 1) + 1j * c.imag.clamp(-1, 1)
    return c.clamp(-1, 1)


METHODS = {'corrcoef': corrcoef, 'cov': cov, 'std': std, 'var': var}
