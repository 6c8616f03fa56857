"""RMSprop."""

from .. import _kernels as K
from ._lists import step_lists
from ._rules import RuleOptimizer, check_nonnegative, check_rate, sign

__all__ = ['RMSprop', 'rmsprop']


class RMSprop(RuleOptimizer):
    """RMSprop: steps divided by the root of a running mean of the squared gradient (Hinton, 2012).

    A step is ``v = alpha * v + (1 - alpha) * g * g``, ``d = g / (sqrt(v) + eps)``, then ``p = p - lr * d``; with momentum
    ``b = momentum * b + d``, ``p = p - lr * b``. A centered step takes the variance, ``v - mean(g)**2``, under the root.

    Args:
        params (iterable): tensors, ``(name, tensor)`` pairs, or dicts defining groups.
        lr (float or Tensor): learning rate. Default: 1e-2.
        alpha (float): how much of the running means is kept. Default: 0.99.
        eps (float): added to the denominator. Default: 1e-8.
        weight_decay (float): this times the parameter is added to its gradient. Default: 0.
        momentum (float): momentum factor. Default: 0.
        centered (bool): divide by the root of the variance. Default: False.
        capturable (bool): accepted for compatibility. Default: False.
        foreach (bool, optional): accepted for compatibility; the step is always fused.
        maximize (bool): ascend instead. Default: False.
        differentiable (bool): record the step for autograd. Default: False.

    Example:
        >>> import cnet
        >>> w = cnet.tensor([4.0], requires_grad=True)
        >>> optimizer = cnet.optim.RMSprop([w], lr=0.1)
        >>> for _ in range(50):
        ...     optimizer.zero_grad()
        ...     (w * w).sum().backward()
        ...     optimizer.step()
        >>> bool(w.abs() < 1)
        True
    """

    rule = K.optim_rules.RMSPROP
    added = {'momentum': 0, 'centered': False, **RuleOptimizer.added}

    def __init__(self, params, lr=1e-2, alpha=0.99, eps=1e-8, weight_decay=0, momentum=0, centered=False, capturable=False,
                 foreach=None, maximize=False, differentiable=False):
        check_rate(lr)
        check_nonnegative(('epsilon value', eps), ('momentum value', momentum), ('weight_decay value', weight_decay),
                          ('alpha value', alpha))
        super().__init__(params, {
            'lr': lr, 'momentum': momentum, 'alpha': alpha, 'eps': eps, 'centered': centered, 'weight_decay': weight_decay,
            'capturable': capturable, 'foreach': foreach, 'maximize': maximize, 'differentiable': differentiable})

    def buffers(self, group):
        return ('square_avg', 'momentum_buffer' if group['momentum'] > 0 else None,
                'grad_avg' if group['centered'] else None)

    def constants(self, group, state, lr, step):
        return sign(group), group['weight_decay'], 1.0, lr, group['alpha'], group['eps'], group['momentum']

    def formula(self, k, p, g, square, momentum, mean):
        _, _, _, lr, alpha, eps, keep = k
        square = square * alpha + g * g * (1 - alpha)
        if mean is not None:
            mean = mean.lerp(g, 1 - alpha)
        delta = g / ((square if mean is None else square - mean * mean).sqrt() + eps)
        if momentum is not None:
            momentum = delta = momentum * keep + delta
        return p - delta * lr, square, momentum, mean


def rmsprop(params, grads, square_avgs, grad_avgs, momentum_buffer_list, state_steps, foreach=None, maximize=False,
            differentiable=False, capturable=False, has_complex=False, *, lr, alpha, eps, weight_decay, momentum, centered):
    """One step of `RMSprop` on lists: parameters and state are changed in place.

    Args:
        params, grads (list of Tensor): parameters and their gradients.
        square_avgs, grad_avgs, momentum_buffer_list, state_steps (list of Tensor): the state, as `RMSprop` keeps it.
        foreach, capturable, has_complex: accepted; there is one implementation.
        The others are options of `RMSprop`.

    Example:
        >>> import cnet
        >>> from cnet.optim.rmsprop import rmsprop
        >>> p, g = cnet.ones(1), cnet.ones(1)
        >>> rmsprop([p], [g], [0 * p], [], [], [cnet.tensor(0.)], lr=0.5, alpha=0, eps=0, weight_decay=0, momentum=0,
        ...     centered=False)
        >>> p
        tensor([0.5000])
    """
    step_lists(RMSprop, params, grads, {
        'square_avg': square_avgs, 'grad_avg': grad_avgs, 'momentum_buffer': momentum_buffer_list, 'step': state_steps
    }, {
        'lr': lr, 'alpha': alpha, 'eps': eps, 'weight_decay': weight_decay, 'momentum': momentum, 'centered': centered,
        'maximize': maximize, 'differentiable': differentiable
    })
