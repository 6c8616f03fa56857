"""Rprop."""

from .. import _kernels as K
from ._lists import step_lists
from ._rules import RuleOptimizer, check_rate, filled, scalar, sign
from .optimizer import number

__all__ = ['Rprop', 'rprop']


class Rprop(RuleOptimizer):
    """Rprop: steps of a size of their own for each element, by the sign of the gradient (Riedmiller & Braun, 1993).

    A size grows while the gradient keeps its sign and shrinks when the sign changes; the step after a change is left out.

    Args:
        params (iterable): tensors, ``(name, tensor)`` pairs, or dicts defining groups.
        lr (float or Tensor): first size of all steps. Default: 1e-2.
        etas (tuple): factors by which a size shrinks and grows. Default: (0.5, 1.2).
        step_sizes (tuple): the smallest and the largest size. Default: (1e-6, 50).
        capturable (bool): accepted for compatibility. Default: False.
        foreach (bool, optional): accepted for compatibility; the step is always fused.
        maximize (bool): ascend instead. Default: False.
        differentiable (bool): record the step for autograd. Default: False.

    Example:
        >>> import cnet
        >>> w = cnet.tensor([4.0], requires_grad=True)
        >>> optimizer = cnet.optim.Rprop([w], lr=0.1)
        >>> for _ in range(50):
        ...     optimizer.zero_grad()
        ...     (w * w).sum().backward()
        ...     optimizer.step()
        >>> bool(w.abs() < 1)
        True
    """

    rule = K.optim_rules.RPROP

    def __init__(self, params, lr=1e-2, etas=(0.5, 1.2), step_sizes=(1e-6, 50), *, capturable=False, foreach=None,
                 maximize=False, differentiable=False):
        check_rate(lr)
        if not 0.0 < etas[0] < 1.0 < etas[1]:
            raise ValueError(f'Invalid eta values: {etas[0]}, {etas[1]}')
        super().__init__(params, {
            'lr': lr, 'etas': etas, 'step_sizes': step_sizes, 'foreach': foreach, 'maximize': maximize,
            'differentiable': differentiable, 'capturable': capturable})

    def buffers(self, group):
        return 'prev', 'step_size'

    def start(self, p, state, group):
        state['step'] = scalar(0.0)
        state['prev'] = filled(p, 0)
        state['step_size'] = filled(p, number(group['lr']))

    def constants(self, group, state, lr, step):
        return sign(group), 0, 1.0, *group['etas'], *group['step_sizes']

    def formula(self, k, p, g, before, size):
        _, _, _, shrinking, growing, low, high = k
        agreement = (g * before).sign()
        up, down = (agreement > 0).to(g.dtype), (agreement < 0).to(g.dtype)
        factor = up * growing + down * shrinking + (1 - agreement.abs())
        size = (size * factor).clamp(low, high)
        g = g.masked_fill(agreement < 0, 0)
        return p - g.sign() * size, g, size


def rprop(params, grads, prevs, step_sizes, state_steps, foreach=None, capturable=False, maximize=False, differentiable=False,
          has_complex=False, *, step_size_min, step_size_max, etaminus, etaplus):
    """One step of `Rprop` on lists: parameters and state are changed in place.

    Args:
        params, grads (list of Tensor): parameters and their gradients.
        prevs, step_sizes, state_steps (list of Tensor): the state, as `Rprop` keeps it.
        foreach, capturable, has_complex: accepted; there is one implementation.
        The others are options of `Rprop`.

    Example:
        >>> import cnet
        >>> from cnet.optim.rprop import rprop
        >>> p, g = cnet.ones(1), cnet.ones(1)
        >>> rprop([p], [g], [0 * p], [p * 0 + 0.5], [cnet.tensor(0.)], step_size_min=0, step_size_max=1, etaminus=0.5,
        ...     etaplus=1.2)
        >>> p
        tensor([0.5000])
    """
    step_lists(Rprop, params, grads, {
        'prev': prevs, 'step_size': step_sizes, 'step': state_steps
    }, {
        'maximize': maximize, 'differentiable': differentiable, 'etas': (etaminus, etaplus),
        'step_sizes': (step_size_min, step_size_max), 'lr': step_size_min
    })
