"""Adamax."""

from .. import _kernels as K
from ._lists import step_lists
from ._rules import RuleOptimizer, check_betas, check_nonnegative, check_rate, sign

__all__ = ['Adamax', 'adamax']


class Adamax(RuleOptimizer):
    """Adamax: Adam with the largest recent gradient in place of the root of the mean square (Kingma & Ba, 2015).

    A step is ``m = beta1 * m + (1 - beta1) * g``, ``u = max(beta2 * u, abs(g) + eps)``, then, at step number t,
    ``p = p - lr / (1 - beta1**t) * m / u``.

    Args:
        params (iterable): tensors, ``(name, tensor)`` pairs, or dicts defining groups.
        lr (float or Tensor): learning rate. Default: 2e-3.
        betas (tuple): how much of the mean and of the maximum is kept. Default: (0.9, 0.999).
        eps (float): added to the size of the gradient. Default: 1e-8.
        weight_decay (float): this times the parameter is added to its gradient. Default: 0.
        foreach (bool, optional): accepted for compatibility; the step is always fused.
        maximize (bool): ascend instead. Default: False.
        differentiable (bool): record the step for autograd. Default: False.
        capturable (bool): accepted for compatibility. Default: False.

    Example:
        >>> import cnet
        >>> w = cnet.tensor([4.0], requires_grad=True)
        >>> optimizer = cnet.optim.Adamax([w], lr=0.1)
        >>> for _ in range(50):
        ...     optimizer.zero_grad()
        ...     (w * w).sum().backward()
        ...     optimizer.step()
        >>> bool(w.abs() < 1)
        True
    """

    rule = K.optim_rules.ADAMAX

    def __init__(self, params, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, foreach=None, *, maximize=False,
                 differentiable=False, capturable=False):
        check_rate(lr)
        check_nonnegative(('epsilon value', eps))
        check_betas(betas)
        check_nonnegative(('weight_decay value', weight_decay))
        super().__init__(params, {
            'lr': lr, 'betas': betas, 'eps': eps, 'weight_decay': weight_decay, 'foreach': foreach, 'maximize': maximize,
            'differentiable': differentiable, 'capturable': capturable})

    def buffers(self, group):
        return 'exp_avg', 'exp_inf'

    def constants(self, group, state, lr, step):
        beta1, beta2 = group['betas']
        return sign(group), group['weight_decay'], 1.0, lr / (1 - beta1 ** step), 1 - beta1, beta2, group['eps']

    def formula(self, k, p, g, mean, largest):
        _, _, _, lr, w, beta2, eps = k
        mean = mean.lerp(g, w)
        largest = (largest * beta2).maximum(g.abs() + eps)
        return p - mean / largest * lr, mean, largest


def adamax(params, grads, exp_avgs, exp_infs, state_steps, foreach=None, maximize=False, differentiable=False, capturable=False,
           has_complex=False, *, eps, beta1, beta2, lr, weight_decay):
    """One step of `Adamax` on lists: parameters and state are changed in place.

    Args:
        params, grads (list of Tensor): parameters and their gradients.
        exp_avgs, exp_infs, state_steps (list of Tensor): the state, as `Adamax` keeps it.
        foreach, capturable, has_complex: accepted; there is one implementation.
        The others are options of `Adamax`.

    Example:
        >>> import cnet
        >>> from cnet.optim.adamax import adamax
        >>> p, g = cnet.ones(1), cnet.ones(1)
        >>> adamax([p], [g], [0 * p], [0 * p], [cnet.tensor(0.)], eps=0, beta1=0.9, beta2=0.99, lr=0.5, weight_decay=0)
        >>> p
        tensor([0.5000])
    """
    step_lists(Adamax, params, grads, {
        'exp_avg': exp_avgs, 'exp_inf': exp_infs, 'step': state_steps
    }, {
        'lr': lr, 'eps': eps, 'weight_decay': weight_decay, 'maximize': maximize, 'differentiable': differentiable,
        'betas': (beta1, beta2)
    })
