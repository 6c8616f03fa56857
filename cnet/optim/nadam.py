"""NAdam."""

from .. import _kernels as K
from ._lists import step_lists
from ._rules import RuleOptimizer, check_betas, check_nonnegative, check_rate, filled, scalar, sign

__all__ = ['NAdam', 'nadam']


class NAdam(RuleOptimizer):
    """NAdam: Adam with Nesterov's momentum, which grows with the steps (Dozat, 2016).

    The momentum of step t is ``mu(t) = beta1 * (1 - 0.96**(t * momentum_decay) / 2)``; the step goes along
    ``(1 - mu(t)) / (1 - M(t)) * g + mu(t + 1) / (1 - M(t + 1)) * m``, M the product of all mu so far, divided as in `Adam`.

    Args:
        params (iterable): tensors, ``(name, tensor)`` pairs, or dicts defining groups.
        lr (float or Tensor): learning rate. Default: 2e-3.
        betas (tuple): how much of the running means is kept. Default: (0.9, 0.999).
        eps (float): added to the denominator. Default: 1e-8.
        weight_decay (float): this times the parameter is added to its gradient. Default: 0.
        momentum_decay (float): how fast the momentum grows to beta1. Default: 4e-3.
        decoupled_weight_decay (bool): shrink the parameters instead of adding to gradients. Default: False.
        foreach (bool, optional): accepted for compatibility; the step is always fused.
        maximize (bool): ascend instead. Default: False.
        capturable (bool): accepted for compatibility. Default: False.
        differentiable (bool): record the step for autograd. Default: False.

    Example:
        >>> import cnet
        >>> w = cnet.tensor([4.0], requires_grad=True)
        >>> optimizer = cnet.optim.NAdam([w], lr=0.1)
        >>> for _ in range(50):
        ...     optimizer.zero_grad()
        ...     (w * w).sum().backward()
        ...     optimizer.step()
        >>> bool(w.abs() < 1)
        True
    """

    rule = K.optim_rules.NADAM
    scalars = ('step', 'mu_product')
    added = {**RuleOptimizer.added, 'decoupled_weight_decay': False}

    def __init__(self, params, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, momentum_decay=4e-3,
                 decoupled_weight_decay=False, *, foreach=None, maximize=False, capturable=False, differentiable=False):
        check_rate(lr)
        check_nonnegative(('epsilon value', eps))
        check_betas(betas)
        check_nonnegative(('weight_decay value', weight_decay), ('momentum_decay value', momentum_decay))
        super().__init__(params, {
            'lr': lr, 'betas': betas, 'eps': eps, 'weight_decay': weight_decay, 'momentum_decay': momentum_decay,
            'decoupled_weight_decay': decoupled_weight_decay, 'maximize': maximize, 'foreach': foreach,
            'capturable': capturable, 'differentiable': differentiable})

    def buffers(self, group):
        return 'exp_avg', 'exp_avg_sq'

    def start(self, p, state, group):
        state['step'] = scalar(0.0)
        state['mu_product'] = scalar(1.0)
        state['exp_avg'] = filled(p, 0)
        state['exp_avg_sq'] = filled(p, 0)

    def constants(self, group, state, lr, step):
        (beta1, beta2), decay = group['betas'], group['weight_decay']
        mu, following = (beta1 * (1.0 - 0.5 * 0.96 ** (t * group['momentum_decay'])) for t in (step, step + 1))
        product = state['mu_product']._a
        product *= mu
        product = float(product)
        apart = group['decoupled_weight_decay']
        return (sign(group), 0 if apart else decay, 1 - lr * decay if apart else 1.0, -lr * (1 - mu) / (1 - product),
                -lr * following / (1 - product * following), 1 - beta1, beta2, 1 - beta2 ** step, group['eps'])

    def formula(self, k, p, g, mean, square):
        _, _, _, by_gradient, by_mean, w, beta2, correction, eps = k
        mean = mean.lerp(g, w)
        square = square * beta2 + g * g * (1 - beta2)
        denominator = (square / correction).sqrt() + eps
        return p + g / denominator * by_gradient + mean / denominator * by_mean, mean, square


def nadam(params, grads, exp_avgs, exp_avg_sqs, mu_products, state_steps, decoupled_weight_decay=False, foreach=None,
          capturable=False, differentiable=False, has_complex=False, maximize=False, *, beta1, beta2, lr, weight_decay,
          momentum_decay, eps):
    """One step of `NAdam` on lists: parameters and state are changed in place.

    Args:
        params, grads (list of Tensor): parameters and their gradients.
        exp_avgs, exp_avg_sqs, mu_products, state_steps (list of Tensor): the state, as `NAdam` keeps it.
        foreach, capturable, has_complex: accepted; there is one implementation.
        The others are options of `NAdam`.

    Example:
        >>> import cnet
        >>> from cnet.optim.nadam import nadam
        >>> p, g = cnet.ones(1), cnet.ones(1)
        >>> nadam([p], [g], [0 * p], [0 * p], [cnet.tensor(1.)], [cnet.tensor(0.)], beta1=0, beta2=0.99, lr=0.5,
        ...     weight_decay=0, momentum_decay=0, eps=0)
        >>> p
        tensor([0.5000])
    """
    step_lists(NAdam, params, grads, {
        'exp_avg': exp_avgs, 'exp_avg_sq': exp_avg_sqs, 'mu_product': mu_products, 'step': state_steps
    }, {
        'lr': lr, 'weight_decay': weight_decay, 'momentum_decay': momentum_decay, 'eps': eps,
        'decoupled_weight_decay': decoupled_weight_decay, 'maximize': maximize, 'differentiable': differentiable,
        'betas': (beta1, beta2)
    })
