"""Stochastic gradient descent."""

from .. import _kernels as K
from .._core.arrays import empty_as
from .._core.base import wrap
from .._tensor import Tensor
from ._lists import step_lists
from .optimizer import Optimizer, by_tensors, check_flags, number

__all__ = ['SGD', 'sgd']


class SGD(Optimizer):
    """Stochastic gradient descent, optionally with momentum.

    A step is ``b = momentum * b + (1 - dampening) * g`` (the first time ``b = g``), then ``p = p - lr * b``; with Nesterov's
    momentum ``p = p - lr * (g + momentum * b)``; without momentum ``p = p - lr * g``.

    Args:
        params (iterable): tensors, ``(name, tensor)`` pairs, or dicts defining groups.
        lr (float or Tensor): learning rate. Default: 1e-3.
        momentum (float): momentum factor. Default: 0.
        dampening (float): part of the gradient that does not enter the momentum. Default: 0.
        weight_decay (float): this times the parameter is added to its gradient. Default: 0.
        nesterov (bool): Nesterov's momentum. Default: False.
        maximize (bool): ascend instead. Default: False.
        foreach, fused (bool, optional): accepted for compatibility; the step is always fused.
        differentiable (bool): record the step for autograd. Default: False.

    Example:
        >>> import cnet
        >>> w = cnet.tensor([4.0], requires_grad=True)
        >>> optimizer = cnet.optim.SGD([w], lr=0.1, momentum=0.9)
        >>> for _ in range(50):
        ...     optimizer.zero_grad()
        ...     (w * w).sum().backward()
        ...     optimizer.step()
        >>> bool(w.abs() < 1)
        True
    """

    def __init__(self, params, lr=1e-3, momentum=0, dampening=0, weight_decay=0, nesterov=False, *, maximize=False,
                 foreach=None, differentiable=False, fused=None):
        if isinstance(lr, Tensor) and lr.numel() != 1:
            raise ValueError('Tensor lr must be 1-element')
        if lr < 0.0:
            raise ValueError(f'Invalid learning rate: {lr}')
        if momentum < 0.0:
            raise ValueError(f'Invalid momentum value: {momentum}')
        if weight_decay < 0.0:
            raise ValueError(f'Invalid weight_decay value: {weight_decay}')
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError('Nesterov momentum requires a momentum and zero dampening')
        super().__init__(params, {
            'lr': lr, 'momentum': momentum, 'dampening': dampening, 'weight_decay': weight_decay, 'nesterov': nesterov,
            'maximize': maximize, 'foreach': foreach, 'differentiable': differentiable, 'fused': fused})
        check_flags(foreach, differentiable, fused)

    def __setstate__(self, state):
        super().__setstate__(state)
        for group in self.param_groups:
            for name, value in (('nesterov', False), ('maximize', False), ('foreach', None), ('differentiable', False),
                                ('fused', False)):
                group.setdefault(name, value)

    def update_group(self, group):
        params = [p for p in group['params'] if p._grad is not None]
        if not params:
            return
        if group['differentiable']:
            with by_tensors(True):
                for p in params:
                    self._update_one(p, group)
            return
        if group['momentum'] == 0:
            self._run(params, None, group, False)
            return
        states = [self.state[p] for p in params]
        new = [s.get('momentum_buffer') is None for s in states]
        if not any(new):
            self._run(params, [s['momentum_buffer']._a for s in states], group, False)
            return
        for is_new in (False, True):
            chosen = [(p, s) for p, s, n in zip(params, states, new) if n == is_new]
            if is_new:
                for p, s in chosen:
                    s['momentum_buffer'] = wrap(empty_as(p._a, p._a.dtype))
            self._run([p for p, _ in chosen], [s['momentum_buffer']._a for _, s in chosen], group, is_new)

    def _run(self, params, buffers, group, fresh):
        left = K.optim.sgd([p._a for p in params], [p._grad._a for p in params], buffers, number(group['lr']),
                           group['momentum'], group['dampening'], number(group['weight_decay']), group['nesterov'],
                           group['maximize'], fresh)
        for p in params:
            p._v.n += 1
        if left:
            with by_tensors(False):
                for i in left:
                    if fresh:
                        self.state[params[i]]['momentum_buffer'] = None
                    self._update_one(params[i], group)

    def _update_one(self, p, group):
        """The step of one parameter by tensor operations: any type and layout, differentiable."""
        lr, momentum, decay = group['lr'], group['momentum'], group['weight_decay']
        g = -p.grad if group['maximize'] else p.grad
        if isinstance(decay, Tensor) or decay != 0:
            g = g + p.clone() * decay
        if momentum != 0:
            state = self.state[p]
            buffer = state.get('momentum_buffer')
            if buffer is None:
                buffer = g.detach().clone()
            else:
                buffer.mul_(momentum).add_(g, alpha=1 - group['dampening'])
            state['momentum_buffer'] = buffer
            g = g.add(buffer, alpha=momentum) if group['nesterov'] else buffer
        if isinstance(lr, Tensor) and lr.requires_grad:
            p.sub_(g * lr)
        else:
            p.add_(g, alpha=-number(lr))


def sgd(params, d_p_list, momentum_buffer_list, has_sparse_grad=False, foreach=None, fused=None, grad_scale=None,
        found_inf=None, *, weight_decay, momentum, lr, dampening, nesterov, maximize):
    """One step of `SGD` on lists: parameters and state are changed in place.

    Args:
        params, d_p_list (list of Tensor): parameters and their gradients.
        momentum_buffer_list (list of Tensor): the state, as `SGD` keeps it.
        has_sparse_grad, foreach, fused: accepted; there is one implementation.
        grad_scale, found_inf: must be None.
        The others are options of `SGD`.

    Example:
        >>> import cnet
        >>> from cnet.optim.sgd import sgd
        >>> p, g = cnet.ones(1), cnet.ones(1)
        >>> sgd([p], [g], [None], weight_decay=0, momentum=0.9, lr=0.5, dampening=0, nesterov=False, maximize=False)
        >>> p
        tensor([0.5000])
    """
    step_lists(SGD, params, d_p_list, {
        'momentum_buffer': momentum_buffer_list
    }, {
        'weight_decay': weight_decay, 'momentum': momentum, 'lr': lr, 'dampening': dampening, 'nesterov': nesterov,
        'maximize': maximize, 'differentiable': False
    }, grad_scale, found_inf)
