"""Softmax, log-softmax and softmin along one dimension."""

import numpy as np

from .. import _kernels as K
from .._core import checks, errors
from .._core.arrays import cast
from .._core.base import TensorBase
from .._core.caution import warn
from .._core.inplace import copy_out
from .._core.op import Op

__all__ = ['log_softmax', 'softmax']
FUNCTIONAL = ['gumbel_softmax', 'log_softmax', 'softmax', 'softmin']

_HALF = np.dtype(np.float16)
_FLOAT = np.dtype(np.float32)


def _forward(x, dim, logarithm):
    """Kernels see float32 or float64: float16 goes through float32."""
    if x.dtype == _HALF:
        return cast(_forward(x.astype(_FLOAT), dim, logarithm), _HALF)
    return K.softmax.softmax_forward(x, dim, logarithm)


def _gradient(g, y, dim, logarithm):
    if g.dtype == _HALF:
        return cast(_gradient(g.astype(_FLOAT), y.astype(_FLOAT), dim, logarithm), _HALF)
    return K.softmax.softmax_grad(g, y, dim, logarithm)


class Softmax(Op, name='SoftmaxBackward0'):
    own_memory = True
    keep_out = (0,)

    @staticmethod
    def forward(x, dim):
        return _forward(x, dim, False)

    def backward(self, g):
        return SoftmaxGrad.apply(g, self.out(0), dim=self.kw['dim'])


class SoftmaxGrad(Op, name='SoftmaxBackwardDataBackward0'):
    """y * (g - sum(g * y)), which is symmetric and linear in g."""

    own_memory = True
    keep_in = (0, 1)

    @staticmethod
    def forward(g, y, dim):
        return _gradient(g, y, dim, False)

    def backward(self, gg):
        g, y, dim = self.saved(0), self.saved(1), self.kw['dim']
        dg = SoftmaxGrad.apply(gg, y, dim=dim) if self.needs[0] else None
        dy = gg * (g - (g * y).sum(dim, keepdim=True)) - g * (gg * y).sum(dim, keepdim=True) if self.needs[1] else None
        return dg, dy


class LogSoftmax(Op, name='LogSoftmaxBackward0'):
    own_memory = True
    keep_out = (0,)

    @staticmethod
    def forward(x, dim):
        return _forward(x, dim, True)

    def backward(self, g):
        return LogSoftmaxGrad.apply(g, self.out(0), dim=self.kw['dim'])


class LogSoftmaxGrad(Op, name='LogSoftmaxBackwardDataBackward0'):
    """g - exp(y) * sum(g)."""

    own_memory = True
    keep_in = (0, 1)

    @staticmethod
    def forward(g, y, dim):
        return _gradient(g, y, dim, True)

    def backward(self, gg):
        g, y, dim = self.saved(0), self.saved(1), self.kw['dim']
        p = y.exp() * gg
        dg = gg - p.sum(dim, keepdim=True) if self.needs[0] else None
        dy = -(p * g.sum(dim, keepdim=True)) if self.needs[1] else None
        return dg, dy


def _legacy_dim(name, ndim):
    """The dimension taken where the caller names none, as old programs expect."""
    warn(f'Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an argument.')
    return 0 if ndim in (0, 1, 3) else 1


def _apply(op, name, input, dim, dtype, out):
    if not isinstance(input, TensorBase):
        raise errors.argument_type(name, 'input', 'Tensor', input, 1)
    if dtype is not None:
        input = input.to(dtype)
    a = input._a
    if dim is None:
        dim = _legacy_dim(name, a.ndim)
    dim = checks.dim(dim, a.ndim)
    if a.dtype.kind != 'f':
        last = '_lastdim' if dim == max(a.ndim, 1) - 1 else ''
        raise errors.not_implemented(f'{name}{last}_kernel_impl', a.dtype)
    y = op.apply(input, dim=dim)
    return y if out is None else copy_out(y, out)


def softmax(input, dim=None, dtype=None, *, out=None, _stacklevel=3):
    """Scale the exponentials of the elements so that they sum to 1 along a dimension.

    Args:
        input (Tensor): any shape, floating point (or converted by `dtype`).
        dim (int): the dimension along which the results sum to 1.
        dtype (dtype, optional): convert the input first.
        out (Tensor, optional): write the result there.

    Shape:
        - input and result: :math:`(*)`, any number of dimensions.

    Returns:
        Tensor: exp(x) / sum(exp(x)).

    Example:
        >>> import cnet
        >>> cnet.softmax(cnet.tensor([0., 0., 0., 0.]), dim=0)
        tensor([0.2500, 0.2500, 0.2500, 0.2500])
    """
    return _apply(Softmax, 'softmax', input, dim, dtype, out)


def log_softmax(input, dim=None, dtype=None, *, out=None, _stacklevel=3):
    """The logarithm of `softmax`, computed without leaving the range of floats.

    Args:
        input (Tensor): any shape, floating point (or converted by `dtype`).
        dim (int): the dimension along which the exponentials of the results sum to 1.
        dtype (dtype, optional): convert the input first.
        out (Tensor, optional): write the result there.

    Shape:
        - input and result: :math:`(*)`, any number of dimensions.

    Returns:
        Tensor: x - log(sum(exp(x))).

    Example:
        >>> import cnet
        >>> cnet.log_softmax(cnet.tensor([1000., 0.]), dim=0)
        tensor([    0., -1000.])
    """
    return _apply(LogSoftmax, 'log_softmax', input, dim, dtype, out)


def softmin(input, dim=None, _stacklevel=3, dtype=None):
    """`softmax` of minus the input: the smallest element gets the largest share.

    Args:
        input (Tensor): any shape, floating point (or converted by `dtype`).
        dim (int): the dimension along which the results sum to 1.
        dtype (dtype, optional): convert the input first.

    Shape:
        - input and result: :math:`(*)`, any number of dimensions.

    Returns:
        Tensor: exp(-x) / sum(exp(-x)).

    Example:
        >>> import cnet
        >>> cnet.nn.functional.softmin(cnet.tensor([2., 2.]), dim=0)
        tensor([0.5000, 0.5000])
    """
    return _apply(Softmax, 'softmin', -input, dim, dtype, None)


def gumbel_softmax(logits, tau=1, hard=False, eps=1e-10, dim=-1):
    """A random choice that can be differentiated: the softmax of the logits plus Gumbel noise.

    Args:
        logits (Tensor): unnormalised log-probabilities.
        tau (float): the temperature; the smaller, the nearer to a choice of one.
        hard (bool): choose one, but with the gradient of the soft choice.
        eps (float): without effect.
        dim (int): the dimension along which the results sum to 1.

    Shape:
        - input and result: :math:`(*)`, at least one dimension.

    Returns:
        Tensor: shares, or with `hard` a single 1.

    Example:
        >>> import cnet
        >>> cnet.nn.functional.gumbel_softmax(cnet.tensor([100., 0.]), hard=True)
        tensor([1., 0.])
    """
    if eps != 1e-10:
        warn('`eps` parameter is deprecated and has no effect.')
    noise = -logits.detach().new_empty(logits.shape).exponential_().log()
    soft = ((logits + noise) / tau).softmax(dim)
    if not hard:
        return soft
    chosen = soft.detach().argmax(dim, keepdim=True)
    return soft.detach().new_zeros(soft.shape).scatter_(dim, chosen, 1.0) - soft.detach() + soft


METHODS = {'log_softmax': log_softmax, 'softmax': softmax}
