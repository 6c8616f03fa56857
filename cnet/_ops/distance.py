"""Distances and angles between vectors."""

import numpy as np

from .._core import checks, errors
from .._core.dtype import promote_types
from .._core.inplace import copy_out
from .._core.mode import no_grad
from .norms import VectorNorm

__all__ = ['cosine_similarity', 'pairwise_distance']
FUNCTIONAL = ['cosine_similarity', 'normalize', 'pairwise_distance']
METHODS = {}


class Norm(VectorNorm, name='NormBackward1'):
    """The norm of vectors under the name that its node has in a pairwise distance."""


def pairwise_distance(x1, x2, p=2.0, eps=1e-6, keepdim=False):
    """The p-norm of x1 - x2 + eps along the last dimension.

    Args:
        x1, x2 (Tensor): vectors; they broadcast.
        p (float): of the norm.
        eps (float): keeps the derivative finite where the vectors are equal.
        keepdim (bool): keep the last dimension, with size 1.

    Shape:
        - x1, x2: :math:`(*, D)`.
        - result: :math:`(*)`.

    Returns:
        Tensor: the distances.

    Example:
        >>> import cnet
        >>> cnet.nn.functional.pairwise_distance(cnet.zeros(1, 2), cnet.tensor([[3., 4.]]), eps=0.)
        tensor([5.])
    """
    checks.tensor(x1, 'pairwise_distance', 'x1', 1)
    checks.tensor(x2, 'pairwise_distance', 'x2', 2)
    difference = x1 - x2 + eps
    return Norm.apply(difference, p=float(p), axes=(difference.ndim - 1,) if difference.ndim else (), keepdim=keepdim)


def cosine_similarity(x1, x2, dim=1, eps=1e-8):
    """The cosine of the angle between vectors, x1 · x2 / (|x1| |x2|).

    Args:
        x1, x2 (Tensor): vectors along `dim`; they broadcast.
        dim (int): that dimension.
        eps (float): the least that a norm counts.

    Shape:
        - x1, x2: :math:`(*, D, *)`.
        - result: :math:`(*, *)`.

    Returns:
        Tensor: between -1 and 1.

    Example:
        >>> import cnet
        >>> cnet.cosine_similarity(cnet.tensor([[3., 4.]]), cnet.tensor([[4., 3.]]))
        tensor([0.9600])
    """
    checks.tensor(x1, 'cosine_similarity', 'x1', 1)
    checks.tensor(x2, 'cosine_similarity', 'x2', 2)
    common = promote_types(x1.dtype, x2.dtype)
    if not common.is_floating_point:
        raise RuntimeError(f'expected common dtype to be floating point, yet common dtype is {common.legacy}')
    x1, x2 = x1.to(common), x2.to(common)
    if x1.shape != x2.shape:
        try:
            shape = np.broadcast_shapes(x1.shape, x2.shape)
        except ValueError:
            raise errors.broadcast(x1.shape, x2.shape) from None
        x1, x2 = x1.expand(shape), x2.expand(shape)
    return (_unit(x1, dim, eps) * _unit(x2, dim, eps)).sum(dim)


def _unit(x, dim, eps):
    """`x` divided by its norms."""
    norm = x.norm(2, dim, True).clone()
    with no_grad():  # the bound is not differentiated: a short vector has the gradient of its true norm
        norm.clamp_min_(eps)
    return x / norm


def normalize(input, p=2.0, dim=1, eps=1e-12, out=None):
    """Divide vectors by their p-norm.

    Args:
        input (Tensor): vectors along `dim`.
        p (float): of the norm.
        dim (int or tuple of ints): the dimension or dimensions of a vector.
        eps (float): the least that a norm counts.
        out (Tensor, optional): receives the result.

    Shape:
        - input and result: :math:`(*)`.

    Returns:
        Tensor: vectors of norm 1.

    Example:
        >>> import cnet
        >>> cnet.nn.functional.normalize(cnet.tensor([[3., 4.]]))
        tensor([[0.6000, 0.8000]])
    """
    checks.tensor(input, 'normalize', 'input', 1)
    y = input / input.norm(p, dim, True).clamp_min(eps)
    return y if out is None else copy_out(y, out)
