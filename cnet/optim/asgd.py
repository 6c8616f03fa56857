"""ASGD."""

from .. import _kernels as K
from ._lists import step_lists
from ._rules import RuleOptimizer, check_nonnegative, check_rate, filled, scalar, sign
from .optimizer import number

__all__ = ['ASGD', 'asgd']


class ASGD(RuleOptimizer):
    """Averaged stochastic gradient descent: the mean of late parameters is kept as state ``'ax'`` (Polyak & Juditsky, 1992).

    A step is ``p = p * (1 - lambd * eta) - eta * g`` with ``eta = lr / (1 + lambd * lr * t)**alpha``.

    Args:
        params (iterable): tensors, ``(name, tensor)`` pairs, or dicts defining groups.
        lr (float or Tensor): learning rate. Default: 1e-2.
        lambd (float): decay of parameters and learning rate. Default: 1e-4.
        alpha (float): the power by which the learning rate falls. Default: 0.75.
        t0 (float): the step at which averaging starts. Default: 1e6.
        weight_decay (float): this times the parameter is added to its gradient. Default: 0.
        foreach (bool, optional): accepted for compatibility; the step is always fused.
        maximize (bool): ascend instead. Default: False.
        differentiable (bool): record the step for autograd. Default: False.
        capturable (bool): accepted for compatibility. Default: False.

    Example:
        >>> import cnet
        >>> w = cnet.tensor([4.0], requires_grad=True)
        >>> optimizer = cnet.optim.ASGD([w], lr=0.1)
        >>> for _ in range(50):
        ...     optimizer.zero_grad()
        ...     (w * w).sum().backward()
        ...     optimizer.step()
        >>> bool(w.abs() < 1)
        True
    """

    rule = K.optim_rules.ASGD
    scalars = ('step', 'eta', 'mu')

    def __init__(self, params, lr=1e-2, lambd=1e-4, alpha=0.75, t0=1e6, weight_decay=0, foreach=None, maximize=False,
                 differentiable=False, capturable=False):
        check_rate(lr)
        check_nonnegative(('weight_decay value', weight_decay))
        super().__init__(params, {
            'lr': lr, 'lambd': lambd, 'alpha': alpha, 't0': t0, 'weight_decay': weight_decay, 'foreach': foreach,
            'maximize': maximize, 'differentiable': differentiable, 'capturable': capturable})

    def buffers(self, group):
        return ('ax',)

    def start(self, p, state, group):
        state['step'] = scalar(0.0)
        state['eta'] = scalar(number(group['lr']))
        state['mu'] = scalar(1.0)
        state['ax'] = filled(p, 0)

    def constants(self, group, state, lr, step):
        eta, mu = float(state['eta']._a), float(state['mu']._a)
        state['eta']._a[...] = number(lr) / (1 + group['lambd'] * number(lr) * step) ** group['alpha']
        state['mu']._a[...] = 1 / max(1, step - group['t0'])
        return sign(group), group['weight_decay'], 1 - group['lambd'] * eta, eta, mu

    def formula(self, k, p, g, average):
        _, _, _, eta, mu = k
        p = p - g * eta
        return p, p if mu == 1 else average + (p - average) * mu


def asgd(params, grads, axs, mus, etas, state_steps, foreach=None, maximize=False, differentiable=False, capturable=False,
         has_complex=False, *, lambd, lr, t0, alpha, weight_decay):
    """One step of `ASGD` on lists: parameters and state are changed in place.

    Args:
        params, grads (list of Tensor): parameters and their gradients.
        axs, mus, etas, state_steps (list of Tensor): the state, as `ASGD` keeps it.
        foreach, capturable, has_complex: accepted; there is one implementation.
        The others are options of `ASGD`.

    Example:
        >>> import cnet
        >>> from cnet.optim.asgd import asgd
        >>> p, g = cnet.ones(1), cnet.ones(1)
        >>> asgd([p], [g], [0 * p], [cnet.tensor(1.)], [cnet.tensor(0.5)], [cnet.tensor(0.)], lambd=0, lr=0.5, t0=0, alpha=0,
        ...     weight_decay=0)
        >>> p
        tensor([0.5000])
    """
    step_lists(ASGD, params, grads, {
        'ax': axs, 'mu': mus, 'eta': etas, 'step': state_steps
    }, {
        'lambd': lambd, 'lr': lr, 't0': t0, 'alpha': alpha, 'weight_decay': weight_decay, 'maximize': maximize,
        'differentiable': differentiable
    })
