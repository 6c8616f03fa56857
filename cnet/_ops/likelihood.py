"""Losses that are likelihoods of distributions: Kullback-Leibler, Poisson, Gaussian."""

import math
import warnings

from .._core.base import TensorBase
from ._losses import reduced, reduction_of

__all__ = ['kl_div', 'poisson_nll_loss']
FUNCTIONAL = ['gaussian_nll_loss', 'kl_div', 'poisson_nll_loss']


def kl_div(input, target, size_average=None, reduce=None, reduction='mean', log_target=False):
    """The Kullback-Leibler divergence of a target distribution from log-probabilities.

    Args:
        input (Tensor): log-probabilities.
        target (Tensor): probabilities, or log-probabilities with `log_target`.
        size_average, reduce (bool, optional): older spelling of `reduction`.
        reduction (str): 'batchmean' (the divergence proper, per sample), 'mean' (per element), 'sum' or 'none'.
        log_target (bool): whether the target holds logarithms.

    Shape:
        - input, target: :math:`(*)`, any shape.
        - result: that shape with 'none', else :math:`()`.

    Returns:
        Tensor: y (log(y) - x).

    Example:
        >>> import cnet
        >>> cnet.nn.functional.kl_div(cnet.tensor([[-1., -1.]]), cnet.tensor([[0.5, 0.5]]), reduction='batchmean')
        tensor(0.3069)
    """
    per_sample = reduction == 'batchmean' and size_average is None and reduce is None
    if per_sample:
        reduction = 'sum'
    elif reduction == 'mean' and size_average is None and reduce is None:
        warnings.warn("reduction: 'mean' divides the total loss by both the batch size and the support size."
                      "'batchmean' divides only by the batch size, and aligns with the KL div math definition."
                      "'mean' will be changed to behave the same as 'batchmean' in the next major release.", stacklevel=2)
    reduction = reduction_of(reduction, size_average, reduce)
    loss = target.exp() * (target - input) if log_target else target.xlogy(target) - target * input
    loss = reduced(loss, reduction)
    return loss / input._a.shape[0] if per_sample and input._a.ndim else loss


def poisson_nll_loss(input, target, log_input=True, full=False, size_average=None, eps=1e-8, reduce=None, reduction='mean'):
    """The negative log-likelihood of counts under a Poisson distribution.

    Args:
        input (Tensor): the expected counts, or their logarithms with `log_input`.
        target (Tensor): the counts.
        log_input (bool): whether the input holds logarithms.
        full (bool): add Stirling's approximation of log(y!) for counts over 1.
        size_average, reduce (bool, optional): older spelling of `reduction`.
        eps (float): added to the expected counts before their logarithm is taken.
        reduction (str): 'mean', 'sum' or 'none'.

    Shape:
        - input, target: :math:`(*)`, any shape.
        - result: that shape with 'none', else :math:`()`.

    Returns:
        Tensor: the loss.

    Example:
        >>> import cnet
        >>> cnet.poisson_nll_loss(cnet.tensor([0.]), cnet.tensor([2.]))
        tensor(1.)
    """
    reduction = reduction_of(reduction, size_average, reduce)
    loss = input.exp() - target * input if log_input else input - target * (input + eps).log()
    if full:
        stirling = target * target.log() - target + 0.5 * (2 * math.pi * target).log()
        loss = loss + stirling.masked_fill(target <= 1, 0)
    return reduced(loss, reduction)


def gaussian_nll_loss(input, target, var, full=False, eps=1e-6, reduction='mean'):
    """The negative log-likelihood of numbers under normal distributions.

    Args:
        input (Tensor): the expected values.
        target (Tensor): the numbers.
        var (Tensor or float): the variances: one for each element, for each row, or for all.
        full (bool): add the constant log(2 pi) / 2.
        eps (float): the least variance.
        reduction (str): 'mean', 'sum' or 'none'.

    Shape:
        - input, target: :math:`(*, D)`.
        - var: that shape, :math:`(*, 1)` or :math:`(*)`.
        - result: the shape of the input with 'none', else :math:`()`.

    Returns:
        Tensor: (log(var) + (x - y)^2 / var) / 2.

    Example:
        >>> import cnet
        >>> cnet.nn.functional.gaussian_nll_loss(cnet.tensor([1.]), cnet.tensor([3.]), cnet.tensor([1.]))
        tensor(2.)
    """
    if not isinstance(var, TensorBase):
        if var < 0:
            raise ValueError('var has negative entry/entries')
        var = input.new_full(input.shape, float(var))
    elif (var._a < 0).any():
        raise ValueError('var has negative entry/entries')
    shape, given = tuple(input.shape), tuple(var.shape)
    if given != shape:
        if given == shape[:-1]:
            var = var.unsqueeze(-1)
        elif len(given) != len(shape) or sum(v for v, n in zip(given, shape) if v != n) != 1:
            raise ValueError('var is of incorrect size')
    if reduction not in ('none', 'mean', 'sum'):
        raise ValueError(f'{reduction} is not valid')
    # The floor of the variance is no function of it: its gradient passes as if it were not there.
    var = var + (var.detach().clamp(min=eps) - var.detach())
    loss = 0.5 * (var.log() + (input - target) ** 2 / var)
    if full:
        loss = loss + 0.5 * math.log(2 * math.pi)
    return reduced(loss, reduction)


METHODS = {}
