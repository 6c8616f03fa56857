"""Adadelta."""

from .. import _kernels as K
from ._lists import step_lists
from ._rules import RuleOptimizer, check_nonnegative, check_rate, sign

__all__ = ['Adadelta', 'adadelta']


class Adadelta(RuleOptimizer):
    """Adadelta: steps as large as recent steps were, over the root of the mean squared gradient (Zeiler, 2012).

    A step is ``v = rho * v + (1 - rho) * g * g``, ``d = sqrt(u + eps) / sqrt(v + eps) * g``,
    ``u = rho * u + (1 - rho) * d * d``, ``p = p - lr * d``.

    Args:
        params (iterable): tensors, ``(name, tensor)`` pairs, or dicts defining groups.
        lr (float or Tensor): learning rate. Default: 1.0.
        rho (float): how much of the running means is kept. Default: 0.9.
        eps (float): added under both roots. Default: 1e-6.
        weight_decay (float): this times the parameter is added to its gradient. Default: 0.
        foreach (bool, optional): accepted for compatibility; the step is always fused.
        capturable (bool): accepted for compatibility. Default: False.
        maximize (bool): ascend instead. Default: False.
        differentiable (bool): record the step for autograd. Default: False.

    Example:
        >>> import cnet
        >>> w = cnet.tensor([4.0], requires_grad=True)
        >>> optimizer = cnet.optim.Adadelta([w], lr=30.0)
        >>> for _ in range(50):
        ...     optimizer.zero_grad()
        ...     (w * w).sum().backward()
        ...     optimizer.step()
        >>> bool(w.abs() < 1)
        True
    """

    rule = K.optim_rules.ADADELTA

    def __init__(self, params, lr=1.0, rho=0.9, eps=1e-6, weight_decay=0, foreach=None, *, capturable=False, maximize=False,
                 differentiable=False):
        check_rate(lr)
        if not 0.0 <= rho <= 1.0:
            raise ValueError(f'Invalid rho value: {rho}')
        check_nonnegative(('epsilon value', eps), ('weight_decay value', weight_decay))
        super().__init__(params, {
            'lr': lr, 'rho': rho, 'eps': eps, 'weight_decay': weight_decay, 'maximize': maximize, 'capturable': capturable,
            'foreach': foreach, 'differentiable': differentiable})

    def buffers(self, group):
        return 'square_avg', 'acc_delta'

    def constants(self, group, state, lr, step):
        return sign(group), group['weight_decay'], 1.0, lr, group['rho'], group['eps']

    def formula(self, k, p, g, square, moved):
        _, _, _, lr, rho, eps = k
        square = square * rho + g * g * (1 - rho)
        delta = (moved + eps).sqrt() / (square + eps).sqrt() * g
        return p - delta * lr, square, moved * rho + delta * delta * (1 - rho)


def adadelta(params, grads, square_avgs, acc_deltas, state_steps, capturable=False, foreach=None, differentiable=False,
             has_complex=False, *, lr, rho, eps, weight_decay, maximize):
    """One step of `Adadelta` on lists: parameters and state are changed in place.

    Args:
        params, grads (list of Tensor): parameters and their gradients.
        square_avgs, acc_deltas, state_steps (list of Tensor): the state, as `Adadelta` keeps it.
        foreach, capturable, has_complex: accepted; there is one implementation.
        The others are options of `Adadelta`.

    Example:
        >>> import cnet
        >>> from cnet.optim.adadelta import adadelta
        >>> p, g = cnet.ones(1), cnet.ones(1)
        >>> adadelta([p], [g], [0 * p], [p * 0 + 1], [cnet.tensor(0.)], lr=0.5, rho=0, eps=0, weight_decay=0, maximize=False)
        >>> p
        tensor([0.5000])
    """
    step_lists(Adadelta, params, grads, {
        'square_avg': square_avgs, 'acc_delta': acc_deltas, 'step': state_steps
    }, {
        'lr': lr, 'rho': rho, 'eps': eps, 'weight_decay': weight_decay, 'maximize': maximize, 'differentiable': differentiable
    })
