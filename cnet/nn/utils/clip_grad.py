"""Clipping of gradients: by their common norm or one by one."""

import warnings

import numpy as np

from ... import _kernels as K
from ..._core.base import wrap
from ..._core.mode import no_grad
from ..._ops.create import zeros
from ..._ops.join import stack
from ..._tensor import Tensor

__all__ = ['clip_grad_norm_', 'clip_grad_norm', 'clip_grad_value_', 'clip_grads_with_norm_', 'get_total_norm']


def _gradients(parameters):
    if isinstance(parameters, Tensor):
        parameters = [parameters]
    return [p.grad for p in parameters if p.grad is not None]


def _plain_norm(tensors):
    """The 2-norm of contiguous real tensors of one type, in one pass; None for others."""
    dtype = tensors[0]._a.dtype
    if any(t._a.dtype != dtype for t in tensors):
        return None
    total = K.optim.sum_of_squares([t._a for t in tensors])
    return None if total is None else wrap(np.array(total ** 0.5, dtype))


def get_total_norm(tensors, norm_type=2.0, error_if_nonfinite=False, foreach=None):
    """The norm of several tensors, taken as one long vector.

    Args:
        tensors (iterable of Tensor or Tensor): the tensors.
        norm_type (float): the p of the p-norm; inf for the largest absolute value.
        error_if_nonfinite (bool): raise RuntimeError if the norm is infinite or NaN.
        foreach (bool, optional): accepted; there is one implementation.

    Returns:
        Tensor: (), the norm.

    Example:
        >>> import cnet
        >>> cnet.nn.utils.get_total_norm([cnet.tensor([3.]), cnet.tensor([4.])])
        tensor(5.)
    """
    tensors = [tensors] if isinstance(tensors, Tensor) else list(tensors)
    norm_type = float(norm_type)
    if not tensors:
        return zeros(())
    total = _plain_norm(tensors) if norm_type == 2.0 else None
    if total is None:
        with no_grad():
            total = stack([t.norm(norm_type) for t in tensors]).norm(norm_type)
    if error_if_nonfinite and not (total.item() - total.item() == 0):  # inf - inf and nan - nan are nan
        raise RuntimeError(
            f'The total norm of order {norm_type} for gradients from `parameters` is non-finite, so it cannot be clipped. '
            'To disable this error and scale the gradients by the non-finite norm anyway, set '
            '`error_if_nonfinite=False`')
    return total


def clip_grads_with_norm_(parameters, max_norm, total_norm, foreach=None):
    """Scale gradients, in place, by max_norm / total_norm if that is less than 1.

    Args:
        parameters (iterable of Tensor or Tensor): whose gradients are scaled.
        max_norm (float): the norm that they may have.
        total_norm (Tensor): the norm that they have, from `get_total_norm`.
        foreach (bool, optional): accepted; there is one implementation.
    """
    with no_grad():
        # Multiplying by a clamped 1 instead of asking first keeps infinities and NaNs as PyTorch has them.
        factor = (float(max_norm) / (total_norm + 1e-6)).clamp(max=1.0)
        grads, by = _gradients(parameters), factor.item()
        left = K.optim.scale([grad._a for grad in grads], by) if by != 1 else ()
        for i, grad in enumerate(grads):
            if i in left:
                grad.mul_(factor)
            else:
                grad._v.n += 1


def clip_grad_norm_(parameters, max_norm, norm_type=2.0, error_if_nonfinite=False, foreach=None):
    """Scale gradients, in place, so that their common norm is at most `max_norm`.

    Args:
        parameters (iterable of Tensor or Tensor): whose gradients are scaled.
        max_norm (float): the norm that they may have.
        norm_type (float): the p of the p-norm; inf for the largest absolute value.
        error_if_nonfinite (bool): raise RuntimeError if the norm is infinite or NaN.
        foreach (bool, optional): accepted; there is one implementation.

    Returns:
        Tensor: (), the norm before.

    Example:
        >>> import cnet
        >>> p = cnet.zeros(2, requires_grad=True)
        >>> p.grad = cnet.tensor([3., 4.])
        >>> cnet.nn.utils.clip_grad_norm_(p, 1.0), p.grad
        (tensor(5.), tensor([0.6000, 0.8000]))
    """
    if not isinstance(parameters, Tensor):
        parameters = list(parameters)  # walked twice
        if not parameters:
            warnings.warn('`parameters` is an empty generator, no gradient clipping will occur.', stacklevel=2)
    total = get_total_norm(_gradients(parameters), norm_type, error_if_nonfinite)
    clip_grads_with_norm_(parameters, max_norm, total)
    return total


def clip_grad_norm(parameters, max_norm, norm_type=2.0, error_if_nonfinite=False, foreach=None):
    """The old name of `clip_grad_norm_`."""
    warnings.warn('`clip_grad_norm` is now deprecated in favor of `clip_grad_norm_`.', FutureWarning, stacklevel=2)
    return clip_grad_norm_(parameters, max_norm, norm_type, error_if_nonfinite, foreach)


def clip_grad_value_(parameters, clip_value, foreach=None):
    """Cut every element of every gradient, in place, to the range ±clip_value.

    Args:
        parameters (iterable of Tensor or Tensor): whose gradients are cut.
        clip_value (float): the limit.
        foreach (bool, optional): accepted; there is one implementation.

    Example:
        >>> import cnet
        >>> p = cnet.zeros(2, requires_grad=True)
        >>> p.grad = cnet.tensor([3., -0.5])
        >>> cnet.nn.utils.clip_grad_value_(p, 1.0)
        >>> p.grad
        tensor([ 1.0000, -0.5000])
    """
    limit = float(clip_value)
    with no_grad():
        for grad in _gradients(parameters):
            grad.clamp_(min=-limit, max=limit)
