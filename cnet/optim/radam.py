"""RAdam."""

from .. import _kernels as K
from ._lists import step_lists
from ._rules import RuleOptimizer, check_betas, check_nonnegative, check_rate, sign

__all__ = ['RAdam', 'radam']


class RAdam(RuleOptimizer):
    """RAdam: Adam that first waits for its mean square to be reliable (Liu et al., 2020).

    The steps are those of `Adam` times a factor that grows to 1 with the number of gradients that the mean square rests on;
    while these are too few, the steps are those of a running mean, ``p = p - lr * m / (1 - beta1**t)``.

    Args:
        params (iterable): tensors, ``(name, tensor)`` pairs, or dicts defining groups.
        lr (float or Tensor): learning rate. Default: 1e-3.
        betas (tuple): how much of the running means is kept. Default: (0.9, 0.999).
        eps (float): added to the denominator. Default: 1e-8.
        weight_decay (float): this times the parameter is added to its gradient. Default: 0.
        decoupled_weight_decay (bool): shrink the parameters instead of adding to gradients. Default: False.
        foreach (bool, optional): accepted for compatibility; the step is always fused.
        maximize (bool): ascend instead. Default: False.
        capturable (bool): accepted for compatibility. Default: False.
        differentiable (bool): record the step for autograd. Default: False.

    Example:
        >>> import cnet
        >>> w = cnet.tensor([4.0], requires_grad=True)
        >>> optimizer = cnet.optim.RAdam([w], lr=0.1)
        >>> for _ in range(50):
        ...     optimizer.zero_grad()
        ...     (w * w).sum().backward()
        ...     optimizer.step()
        >>> bool(w.abs() < 1)
        True
    """

    rule = K.optim_rules.RADAM
    added = {**RuleOptimizer.added, 'decoupled_weight_decay': False}

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, decoupled_weight_decay=False, *,
                 foreach=None, maximize=False, capturable=False, differentiable=False):
        check_rate(lr)
        check_nonnegative(('epsilon value', eps))
        check_betas(betas)
        check_nonnegative(('weight_decay value', weight_decay))
        super().__init__(params, {
            'lr': lr, 'betas': betas, 'eps': eps, 'weight_decay': weight_decay, 'maximize': maximize, 'foreach': foreach,
            'capturable': capturable, 'decoupled_weight_decay': decoupled_weight_decay, 'differentiable': differentiable})

    def buffers(self, group):
        return 'exp_avg', 'exp_avg_sq'

    def constants(self, group, state, lr, step):
        (beta1, beta2), decay = group['betas'], group['weight_decay']
        left = 1 - beta2 ** step
        longest = 2 / (1 - beta2) - 1                              # rho in the paper: gradients in the mean square,
        length = longest - 2 * step * beta2 ** step / left         # at the end and now
        scale = 0.0
        if length > 5:
            rectified = (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)
            scale = (left * rectified) ** 0.5
        apart = group['decoupled_weight_decay']
        return (sign(group), 0 if apart else decay, 1 - lr * decay if apart else 1.0, lr, scale, 1 - beta1, beta2,
                1 - beta1 ** step, group['eps'])

    def formula(self, k, p, g, mean, square):
        _, _, _, lr, scale, w, beta2, correction, eps = k
        mean = mean.lerp(g, w)
        square = square * beta2 + g * g * (1 - beta2)
        delta = mean / correction * lr
        return p - (delta if scale == 0 else delta * (scale / (square.sqrt() + eps))), mean, square


def radam(params, grads, exp_avgs, exp_avg_sqs, state_steps, decoupled_weight_decay=False, foreach=None, differentiable=False,
          capturable=False, has_complex=False, maximize=False, *, beta1, beta2, lr, weight_decay, eps):
    """One step of `RAdam` on lists: parameters and state are changed in place.

    Args:
        params, grads (list of Tensor): parameters and their gradients.
        exp_avgs, exp_avg_sqs, state_steps (list of Tensor): the state, as `RAdam` keeps it.
        foreach, capturable, has_complex: accepted; there is one implementation.
        The others are options of `RAdam`.

    Example:
        >>> import cnet
        >>> from cnet.optim.radam import radam
        >>> p, g = cnet.ones(1), cnet.ones(1)
        >>> radam([p], [g], [0 * p], [0 * p], [cnet.tensor(0.)], beta1=0.9, beta2=0.99, lr=0.5, weight_decay=0, eps=0)
        >>> p
        tensor([0.5000])
    """
    step_lists(RAdam, params, grads, {
        'exp_avg': exp_avgs, 'exp_avg_sq': exp_avg_sqs, 'step': state_steps
    }, {
        'lr': lr, 'weight_decay': weight_decay, 'eps': eps, 'decoupled_weight_decay': decoupled_weight_decay,
        'maximize': maximize, 'differentiable': differentiable, 'betas': (beta1, beta2)
    })
