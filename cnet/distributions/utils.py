"""What the distributions share: broadcasting of parameters, probabilities and logits, lazy attributes."""

from functools import update_wrapper
from numbers import Number

from .._core.dtype import finfo, get_default_dtype
from .._core.mode import enable_grad
from .._ops.broadcast import broadcast_tensors
from .._ops.create import empty
from .._ops.from_data import tensor
from .._ops.sequences import arange
from .._tensor import Tensor

__all__ = ['broadcast_all', 'clamp_probs', 'euler_constant', 'lazy_property', 'logits_to_probs', 'probs_to_logits',
           'tril_matrix_to_vec', 'vec_to_tril_matrix']

euler_constant = 0.57721566490153286060


def broadcast_all(*values):
    """Tensors of one shape; numbers take the type of the first tensor.

    Example:
        >>> import cnet
        >>> cnet.distributions.utils.broadcast_all(cnet.zeros(2), 1.)
        (tensor([0., 0.]), tensor([1., 1.]))
    """
    if not all(isinstance(v, (Tensor, Number)) for v in values):
        raise ValueError('Input arguments must all be instances of Number or Tensor.')
    dtype = next((v.dtype for v in values if isinstance(v, Tensor)), get_default_dtype())
    return tuple(broadcast_tensors(*(v if isinstance(v, Tensor) else tensor(v, dtype=dtype) for v in values)))


def batch_of(*values):
    """The batch shape of parameters: none if all were numbers."""
    return () if all(isinstance(v, Number) for v in values) else broadcast_all(*values)[0].shape


def standard_normal(shape, dtype):
    """Normal numbers as PyTorch draws them for `rsample`."""
    return empty(shape, dtype=dtype).normal_()


def sum_rightmost(value, n):
    """The sum over the last `n` dimensions."""
    return value.reshape(*value.shape[:-n], -1).sum(-1) if n else value


def logits_to_probs(logits, is_binary=False):
    """Probabilities: of one by the logistic function, of several by softmax."""
    return logits.sigmoid() if is_binary else logits.softmax(-1)


def clamp_probs(probs):
    """Probabilities, away from 0 and 1 by the resolution of their type."""
    eps = finfo(probs.dtype).eps
    return probs.clamp(min=eps, max=1 - eps)


def probs_to_logits(probs, is_binary=False):
    """Logarithms of probabilities; of odds if there is one."""
    p = clamp_probs(probs)
    return p.log() - (-p).log1p() if is_binary else p.log()


def _tril_mask(n, diag):
    at = arange(n)
    return at < at.view(-1, 1) + (diag + 1)


def tril_matrix_to_vec(mat, diag=0):
    """The elements of matrices on and below a diagonal, row after row.

    Args:
        mat (Tensor): matrices in the last two dimensions.
        diag (int): how far the diagonal lies above the main one. Default: 0.

    Shape:
        - Input: (*, n, n).
        - Output: (*, n (n + 1) / 2) for the main diagonal.

    Example:
        >>> import cnet
        >>> cnet.distributions.utils.tril_matrix_to_vec(cnet.tensor([[1., 0.], [2., 3.]]))
        tensor([1., 2., 3.])
    """
    n = mat.shape[-1]
    if not -n <= diag < n:
        raise ValueError(f'diag ({diag}) provided is outside [{-n}, {n - 1}].')
    return mat[..., _tril_mask(n, diag)]


def vec_to_tril_matrix(vec, diag=0):
    """The matrices whose elements on and below a diagonal are given, row after row; the others are 0.

    Args:
        vec (Tensor): the elements in the last dimension.
        diag (int): how far the diagonal lies above the main one. Default: 0.

    Shape:
        - Input: (*, n (n + 1) / 2) for the main diagonal.
        - Output: (*, n, n).

    Example:
        >>> import cnet
        >>> cnet.distributions.utils.vec_to_tril_matrix(cnet.tensor([1., 2., 3.]))
        tensor([[1., 0.],
                [2., 3.]])
    """
    size, k = vec.shape[-1], 1 + 2 * diag
    n = ((k ** 2 + 8 * size + 4 * abs(diag) * (diag + 1)) ** 0.5 - k) / 2
    if round(n) - n > finfo(vec.dtype).eps:
        raise ValueError(f'The size of last dimension is {size} which cannot be expressed as the lower triangular part of a '
                         'square D x D matrix.')
    n = round(n)
    mat = vec.new_zeros(*vec.shape[:-1], n, n)
    mat[..., _tril_mask(n, diag)] = vec
    return mat


class lazy_property:
    """An attribute that is computed when it is first asked for.

    Args:
        wrapped (callable): the method that computes it.
    """

    def __init__(self, wrapped):
        self.wrapped = wrapped
        update_wrapper(self, wrapped)

    def __get__(self, instance, owner=None):
        if instance is None:
            return self
        with enable_grad():
            value = self.wrapped(instance)
        setattr(instance, self.wrapped.__name__, value)
        return value
