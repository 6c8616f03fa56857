"""Vectors cut back to a largest norm."""

import numpy as np

from .. import _kernels as K
from .._core import checks
from .._core.inplace import assign_, copy_out
from .._core.op import Op
from .norms import _norm_array, _norm_grad

__all__ = ['renorm']

_EPS = 1e-7  # PyTorch's: keeps the scaled norm below the limit


def _axes(ndim, dim):
    return tuple([i for i in range(ndim) if i != dim])


class Renorm(Op, name='RenormBackward0'):
    keep_in = (0,)

    @staticmethod
    def forward(x, p, dim, maxnorm):
        norm = _norm_array(x, p, _axes(x.ndim, dim), True)
        return K.pointwise.mul(x, np.where(norm > maxnorm, maxnorm / (norm + _EPS), 1).astype(x.dtype))

    def backward(self, g):
        x, p, maxnorm = self.saved(0), self.kw['p'], self.kw['maxnorm']
        axes = _axes(x.ndim, self.kw['dim'])
        norm = x.norm(p, axes, True)
        inverse = 1 / (norm + _EPS)
        along = (x.conj() * g).sum(axes, True)
        slope = _norm_grad(along.real if along.is_complex() else along, x, norm, p, axes)
        scaled = g * inverse if slope is None else inverse * (g - inverse * slope)
        above = norm > maxnorm
        return g.masked_fill(above, 0) + (maxnorm * scaled).masked_fill(~above, 0)


def renorm(input, p, dim, maxnorm, *, out=None):
    """Scale slices down to a largest norm; those below it stay.

    Args:
        input (Tensor): floating point or complex, at least two dimensions.
        p (float): of the norm, positive.
        dim (int): the dimension that tells the slices apart.
        maxnorm (float): the largest norm.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: the shape of `input`.

    Example:
        >>> import cnet
        >>> cnet.renorm(cnet.tensor([[3., 4.], [0., 1.]]), 2, 0, 1.)
        tensor([[0.6000, 0.8000],
                [0.0000, 1.0000]])
    """
    checks.tensor(input, 'renorm', 'input', 1)
    p, maxnorm = checks.number(p, 'renorm', 'p', 2), checks.number(maxnorm, 'renorm', 'maxnorm', 4)
    if isinstance(p, complex):
        raise RuntimeError('renorm: p must be real-valued')
    if p <= 0:
        raise RuntimeError('renorm: non-positive-norm not supported')
    if isinstance(maxnorm, complex):
        raise RuntimeError('renorm: maxnorm must be real-valued')
    if maxnorm < 0:
        raise RuntimeError(f'renorm: expected maxnorm to be >= 0 but got {maxnorm:g}')
    if input.ndim < 2:
        raise RuntimeError(f'renorm: input needs at least 2 dimensions, got {input.ndim} dimensions')
    dim = checks.dim(dim, input.ndim)
    if input._a.dtype.kind not in 'fc':
        raise RuntimeError('linalg.vector_norm: Expected a floating point or complex tensor as input. Got '
                           f'{input.dtype.legacy}')
    r = Renorm.apply(input, p=float(p), dim=dim, maxnorm=float(maxnorm))
    return r if out is None else copy_out(r, out)


def renorm_(self, p, dim, maxnorm):
    """In-place version of `renorm`."""
    return assign_(self, renorm(self, p, dim, maxnorm))


PUBLIC = {'renorm': renorm}
METHODS = {'renorm': renorm, 'renorm_': renorm_}
