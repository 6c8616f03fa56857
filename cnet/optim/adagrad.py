"""Adagrad."""

from .. import _kernels as K
from ._lists import step_lists
from ._rules import RuleOptimizer, check_nonnegative, check_rate, filled, scalar, sign
from .optimizer import check_flags

__all__ = ['Adagrad', 'adagrad']


class Adagrad(RuleOptimizer):
    """Adagrad: steps divided by the root of the sum of all squared gradients (Duchi et al., 2011).

    A step is ``s = s + g * g``, then, at step number t, ``p = p - lr / (1 + (t - 1) * lr_decay) * g / (sqrt(s) + eps)``.

    Args:
        params (iterable): tensors, ``(name, tensor)`` pairs, or dicts defining groups.
        lr (float or Tensor): learning rate. Default: 1e-2.
        lr_decay (float): how fast the learning rate falls. Default: 0.
        weight_decay (float): this times the parameter is added to its gradient. Default: 0.
        initial_accumulator_value (float): what the sums start from. Default: 0.
        eps (float): added to the denominator. Default: 1e-10.
        foreach, fused (bool, optional): accepted for compatibility; the step is always fused.
        maximize (bool): ascend instead. Default: False.
        differentiable (bool): record the step for autograd. Default: False.

    Example:
        >>> import cnet
        >>> w = cnet.tensor([4.0], requires_grad=True)
        >>> optimizer = cnet.optim.Adagrad([w], lr=1.0)
        >>> for _ in range(50):
        ...     optimizer.zero_grad()
        ...     (w * w).sum().backward()
        ...     optimizer.step()
        >>> bool(w.abs() < 1)
        True
    """

    rule = K.optim_rules.ADAGRAD
    added = {'foreach': None, 'maximize': False, 'differentiable': False, 'fused': None}

    def __init__(self, params, lr=1e-2, lr_decay=0, weight_decay=0, initial_accumulator_value=0, eps=1e-10, foreach=None, *,
                 maximize=False, differentiable=False, fused=None):
        check_rate(lr)
        check_nonnegative(('lr_decay value', lr_decay), ('weight_decay value', weight_decay),
                          ('initial_accumulator_value value', initial_accumulator_value), ('epsilon value', eps))
        super().__init__(params, {
            'lr': lr, 'lr_decay': lr_decay, 'eps': eps, 'weight_decay': weight_decay,
            'initial_accumulator_value': initial_accumulator_value, 'foreach': foreach, 'maximize': maximize,
            'differentiable': differentiable, 'fused': fused})
        check_flags(foreach, differentiable, fused)
        for group in self.param_groups:
            for p in group['params']:
                self.start(p, self.state[p], group)

    def buffers(self, group):
        return ('sum',)

    def start(self, p, state, group):
        state['step'] = scalar(0.0)
        state['sum'] = filled(p, self.defaults['initial_accumulator_value'])

    def constants(self, group, state, lr, step):
        return sign(group), group['weight_decay'], 1.0, lr / (1 + (step - 1) * group['lr_decay']), group['eps']

    def formula(self, k, p, g, total):
        total = total + g * g
        return p - g / (total.sqrt() + k[4]) * k[3], total


def adagrad(params, grads, state_sums, state_steps, fused=None, grad_scale=None, found_inf=None, has_sparse_grad=False,
            foreach=None, differentiable=False, has_complex=False, *, lr, weight_decay, lr_decay, eps, maximize):
    """One step of `Adagrad` on lists: parameters and state are changed in place.

    Args:
        params, grads (list of Tensor): parameters and their gradients.
        state_sums, state_steps (list of Tensor): the state, as `Adagrad` keeps it.
        has_sparse_grad, foreach, fused, has_complex: accepted; there is one implementation.
        grad_scale, found_inf: must be None.
        The others are options of `Adagrad`.

    Example:
        >>> import cnet
        >>> from cnet.optim.adagrad import adagrad
        >>> p, g = cnet.ones(1), cnet.ones(1)
        >>> adagrad([p], [g], [0 * p], [cnet.tensor(0.)], lr=0.5, weight_decay=0, lr_decay=0, eps=0, maximize=False)
        >>> p
        tensor([0.5000])
    """
    step_lists(Adagrad, params, grads, {
        'sum': state_sums, 'step': state_steps
    }, {
        'lr': lr, 'weight_decay': weight_decay, 'lr_decay': lr_decay, 'eps': eps, 'maximize': maximize,
        'differentiable': differentiable
    }, grad_scale, found_inf)
