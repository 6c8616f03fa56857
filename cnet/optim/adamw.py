"""AdamW."""

from ._lists import step_lists
from .adam import Adam

__all__ = ['AdamW', 'adamw']


class AdamW(Adam):
    """Adam with decoupled weight decay: parameters shrink by ``lr * weight_decay`` (Loshchilov & Hutter, 2019).

    Args:
        params (iterable): tensors, ``(name, tensor)`` pairs, or dicts defining groups.
        lr (float or Tensor): learning rate. Default: 1e-3.
        betas (tuple): how much of the running means is kept. Default: (0.9, 0.999).
        eps (float): added to the denominator. Default: 1e-8.
        weight_decay (float): how much the parameters shrink. Default: 1e-2.
        amsgrad (bool): divide by the largest mean square so far. Default: False.
        maximize (bool): ascend instead. Default: False.
        foreach, fused (bool, optional): accepted for compatibility; the step is always fused.
        capturable (bool): accepted for compatibility. Default: False.
        differentiable (bool): record the step for autograd. Default: False.

    Example:
        >>> import cnet
        >>> w = cnet.tensor([4.0], requires_grad=True)
        >>> w.sum().backward()
        >>> cnet.optim.AdamW([w], lr=0.1).step()
        >>> w
        tensor([3.8960], requires_grad=True)
    """

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2, amsgrad=False, *, maximize=False,
                 foreach=None, capturable=False, differentiable=False, fused=None):
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, foreach=foreach, maximize=maximize,
                         capturable=capturable, differentiable=differentiable, fused=fused, decoupled_weight_decay=True)

    def __setstate__(self, state):
        super().__setstate__(state)
        for group in self.param_groups:
            group['decoupled_weight_decay'] = True


def adamw(params, grads, exp_avgs, exp_avg_sqs, max_exp_avg_sqs, state_steps, foreach=None, capturable=False,
          differentiable=False, fused=None, grad_scale=None, found_inf=None, has_complex=False, *, amsgrad, beta1, beta2, lr,
          weight_decay, eps, maximize):
    """One step of `AdamW` on lists: parameters and state are changed in place.

    Args:
        params, grads (list of Tensor): parameters and their gradients.
        exp_avgs, exp_avg_sqs, max_exp_avg_sqs, state_steps (list of Tensor): the state, as `AdamW` keeps it.
        foreach, fused, capturable, has_complex: accepted; there is one implementation.
        grad_scale, found_inf: must be None.
        The others are options of `AdamW`.

    Example:
        >>> import cnet
        >>> from cnet.optim.adamw import adamw
        >>> p, g = cnet.ones(1), cnet.ones(1)
        >>> adamw([p], [g], [0 * p], [0 * p], [], [cnet.tensor(0.)], amsgrad=False, beta1=0.9, beta2=0.99, lr=0.5,
        ...     weight_decay=0, eps=0, maximize=False)
        >>> p
        tensor([0.5000])
    """
    step_lists(AdamW, params, grads, {
        'exp_avg': exp_avgs, 'exp_avg_sq': exp_avg_sqs, 'max_exp_avg_sq': max_exp_avg_sqs, 'step': state_steps
    }, {
        'amsgrad': amsgrad, 'lr': lr, 'weight_decay': weight_decay, 'eps': eps, 'maximize': maximize,
        'differentiable': differentiable, 'betas': (beta1, beta2), 'decoupled_weight_decay': True
    }, grad_scale, found_inf)
