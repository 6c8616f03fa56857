"""Adafactor."""

from .._core.dtype import finfo
from .._core.mode import no_grad
from .._tensor import Tensor
from ._rules import scalar
from .optimizer import Optimizer, number

__all__ = ['Adafactor']


class Adafactor(Optimizer):
    """Adafactor: steps divided by the root of a mean square that is kept as row and column means (Shazeer & Stern, 2018).

    A matrix of n rows and m columns needs n + m numbers of state. Steps are relative to the size of the parameter.

    Args:
        params (iterable): tensors, ``(name, tensor)`` pairs, or dicts defining groups.
        lr (float or Tensor): largest relative step. Default: 1e-2.
        beta2_decay (float): the weight of step t in the mean squares is ``t**beta2_decay``. Default: -0.8.
        eps (tuple): smallest mean square (None: by type) and smallest size of a parameter. Default: (None, 1e-3).
        d (float): steps of a larger root mean square are cut to it. Default: 1.0.
        weight_decay (float): the parameters shrink by ``lr * weight_decay``. Default: 0.
        foreach (bool, optional): accepted for compatibility.
        maximize (bool): ascend instead. Default: False.

    Example:
        >>> import cnet
        >>> w = cnet.full((2, 2), 4.0, requires_grad=True)
        >>> optimizer = cnet.optim.Adafactor([w], lr=0.1)
        >>> for _ in range(100):
        ...     optimizer.zero_grad()
        ...     (w * w).sum().backward()
        ...     optimizer.step()
        >>> bool((w.abs() < 1).all())
        True
    """

    def __init__(self, params, lr=1e-2, beta2_decay=-0.8, eps=(None, 1e-3), d=1.0, weight_decay=0.0, *, foreach=None,
                 maximize=False):
        if isinstance(lr, Tensor) and lr.numel() != 1:
            raise ValueError('Tensor lr must be 1-element')
        for name, value in (('Learning rate', lr), ('beta2_decay', beta2_decay), ('epsilon1', eps[0]), ('epsilon2', eps[1]),
                            ('weight_decay', weight_decay)):
            if name == 'beta2_decay':
                if not 0.0 >= value:
                    raise ValueError(f'beta2_decay should be <= 0 but is: {value}')
            elif value is not None and not 0.0 <= value:
                raise ValueError(f'{name} should be >= 0 but is: {value}')
        if not 1.0 <= d:
            raise ValueError(f'Clipping threshold d should be >= 1 but is: {d}')
        super().__init__(params, {
            'lr': lr, 'beta2_decay': beta2_decay, 'eps': eps, 'd': d, 'weight_decay': weight_decay, 'foreach': foreach,
            'maximize': maximize})

    def __setstate__(self, state):
        super().__setstate__(state)
        for group in self.param_groups:
            group.setdefault('foreach', None)
            for p in group['params']:
                own = self.state.get(p)
                if own and not isinstance(own['step'], Tensor):
                    own['step'] = scalar(float(own['step']))

    def update_group(self, group):
        with no_grad():
            for p in group['params']:
                if p.grad is not None:
                    if p.is_complex():
                        raise RuntimeError('Adafactor does not support complex parameters')
                    self._update(p, self.state[p], group)

    def _update(self, p, state, group):
        g = -p.grad if group['maximize'] else p.grad
        lr, (eps1, eps2) = number(group['lr']), group['eps']
        eps1 = finfo(p.dtype).eps if eps1 is None else eps1
        if not state:
            _start(state, g)
        state['step'] += 1
        step = state['step'].item()
        weight = step ** group['beta2_decay']
        size = max(eps2, _rms(p)) * min(lr, step ** -0.5)
        if group['weight_decay'] != 0:
            p.mul_(1 - lr * group['weight_decay'])
        if g.ndim > 1:
            rows, columns = state['row_var'], state['col_var']
            rows.lerp_(g.square().mean(-1, keepdim=True), weight)
            columns.lerp_(g.square().mean(-2, keepdim=True), weight)
            variance = rows @ columns / rows.mean(-2, keepdim=True).clamp(min=eps1)
        else:
            variance = state['variance'].lerp_(g * g, weight)
        delta = variance.clamp(min=eps1 * eps1).rsqrt() * g
        p.add_(delta, alpha=-size / max(1.0, _rms(delta) / group['d']))


def _start(state, g):
    state['step'] = scalar(0.0)
    if g.ndim > 1:
        state['row_var'] = g.new_zeros((*g.shape[:-1], 1))
        state['col_var'] = g.new_zeros((*g.shape[:-2], 1, g.shape[-1]))
    else:
        state['variance'] = g.new_zeros(g.shape)


def _rms(x):
    """Root mean square."""
    return x.norm(2).item() / x.numel() ** 0.5
