"""Adam and its variant with decoupled weight decay."""

import numpy as np

from .. import _kernels as K
from .._core.arrays import empty_as
from .._core.base import wrap
from .._ops.complex_parts import view_as_real
from .._tensor import Tensor
from ._lists import step_lists
from .optimizer import Optimizer, by_tensors, check_flags, number, step_dtype

__all__ = ['Adam', 'adam']


class Adam(Optimizer):
    """Adam: steps scaled by running means of the gradient and of its square (Kingma & Ba, 2015).

    A step is ``m = beta1 * m + (1 - beta1) * g``, ``v = beta2 * v + (1 - beta2) * g * g``, then, at step number t,
    ``p = p - lr / (1 - beta1**t) * m / (sqrt(v / (1 - beta2**t)) + eps)``.

    Args:
        params (iterable): tensors, ``(name, tensor)`` pairs, or dicts defining groups.
        lr (float or Tensor): learning rate. Default: 1e-3.
        betas (tuple): how much of the running means is kept. Default: (0.9, 0.999).
        eps (float): added to the denominator. Default: 1e-8.
        weight_decay (float): this times the parameter is added to its gradient. Default: 0.
        amsgrad (bool): divide by the largest mean square so far (Reddi et al., 2018). Default: False.
        foreach, fused (bool, optional): accepted for compatibility; the step is always fused.
        maximize (bool): ascend instead. Default: False.
        capturable (bool): accepted for compatibility. Default: False.
        differentiable (bool): record the step for autograd. Default: False.
        decoupled_weight_decay (bool): shrink the parameters instead of adding to gradients, as `AdamW`. Default: False.

    Example:
        >>> import cnet
        >>> w = cnet.tensor([4.0], requires_grad=True)
        >>> optimizer = cnet.optim.Adam([w], lr=0.1)
        >>> for _ in range(50):
        ...     optimizer.zero_grad()
        ...     (w * w).sum().backward()
        ...     optimizer.step()
        >>> bool(w.abs() < 1)
        True
    """

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, amsgrad=False, *, foreach=None,
                 maximize=False, capturable=False, differentiable=False, fused=None, decoupled_weight_decay=False):
        _check_options(lr, betas, eps, weight_decay, foreach and not capturable)
        betas = tuple(b.squeeze() if isinstance(b, Tensor) and b.ndim else b for b in betas)
        super().__init__(params, {
            'lr': lr, 'betas': betas, 'eps': eps, 'weight_decay': weight_decay, 'amsgrad': amsgrad, 'maximize': maximize,
            'foreach': foreach, 'capturable': capturable, 'differentiable': differentiable, 'fused': fused,
            'decoupled_weight_decay': decoupled_weight_decay})
        check_flags(foreach, differentiable, fused)

    def __setstate__(self, state):
        super().__setstate__(state)
        for group in self.param_groups:
            for name, value in (('amsgrad', False), ('maximize', False), ('foreach', None), ('capturable', False),
                                ('differentiable', False), ('decoupled_weight_decay', False), ('fused', None)):
                group.setdefault(name, value)
            for p in group['params']:
                own = self.state.get(p, {})
                if own and not isinstance(own['step'], Tensor):
                    own['step'] = _count(float(own['step']))

    def update_group(self, group):
        params, grads, means, squares, maxima, steps = [], [], [], [], [] if group['amsgrad'] else None, []
        state = self.state
        for p in group['params']:
            g = p._grad
            if g is None:
                continue
            s = state[p]
            if not s:
                _start(p, s, group['amsgrad'])
            params.append(p)
            grads.append(g._a)
            means.append(s['exp_avg']._a)
            squares.append(s['exp_avg_sq']._a)
            steps.append(s['step']._a)
            if maxima is not None:
                maxima.append(s['max_exp_avg_sq']._a)
        if not params:
            return
        if group['differentiable']:
            with by_tensors(True):
                for p in params:
                    self._update_one(p, group)
            return
        beta1, beta2 = group['betas']
        left = K.optim.adam([p._a for p in params], grads, means, squares, maxima, steps, number(group['lr']), number(beta1),
                            number(beta2), group['eps'], group['weight_decay'], group['decoupled_weight_decay'],
                            group['maximize'])
        for p in params:
            p._v.n += 1
        if left:
            with by_tensors(False):
                for i in left:
                    self._update_one(params[i], group)

    def _update_one(self, p, group):
        """The step of one parameter by tensor operations: any type and layout, differentiable."""
        s, (beta1, beta2), lr, decay = self.state[p], group['betas'], group['lr'], group['weight_decay']
        if s['step'].requires_grad:
            raise RuntimeError('`requires_grad` is not supported for `step` in differentiable mode')
        s['step'] += 1
        step = s['step'].item()
        g = -p.grad if group['maximize'] else p.grad
        if isinstance(decay, Tensor) or decay != 0:
            if group['decoupled_weight_decay']:
                p.mul_(1 - lr * decay)
            else:
                g = g + p.clone() * decay
        means = [s['exp_avg'], s['exp_avg_sq'], *([s['max_exp_avg_sq']] if group['amsgrad'] else ())]
        if p.is_complex():
            g, p, *means = map(view_as_real, (g, p, *means))
        means[0].lerp_(g, 1 - beta1)
        means[1].mul_(beta2).add_(g * g * (1 - beta2))
        if group['amsgrad']:
            means[2].copy_(means[2].clone().maximum(means[1]))
        denominator = means[-1].sqrt() / (1 - beta2 ** step) ** 0.5 + group['eps']
        size = lr / (1 - beta1 ** step)
        if group['differentiable']:
            p.sub_(means[0].clone() / denominator * size)
        else:
            p.addcdiv_(means[0], denominator, value=-number(size))


def _check_options(lr, betas, eps, weight_decay, plain_foreach):
    named = (('lr', lr), ('betas[0]', betas[0]), ('betas[1]', betas[1]))
    for name, x in named:
        if isinstance(x, Tensor):
            if plain_foreach:
                raise ValueError(f'{name} as a Tensor is not supported for capturable=False and foreach=True')
            if x.numel() != 1:
                raise ValueError(f'Tensor {name} must be 1-element')
    if not 0.0 <= lr:
        raise ValueError(f'Invalid learning rate: {lr}')
    if not 0.0 <= eps:
        raise ValueError(f'Invalid epsilon value: {eps}')
    for i in (0, 1):
        if not 0.0 <= betas[i] < 1.0:
            raise ValueError(f'Invalid beta parameter at index {i}: {betas[i]}')
    if not 0.0 <= weight_decay:
        raise ValueError(f'Invalid weight_decay value: {weight_decay}')
    if not (all(isinstance(b, float) for b in betas) or all(isinstance(b, Tensor) for b in betas)):
        raise ValueError('betas must be either both floats or both Tensors')


def _count(value):
    return wrap(np.array(value, step_dtype().np))


def _start(p, s, amsgrad):
    """The state of a parameter before its first step."""
    s['step'] = _count(0.0)
    for name in ('exp_avg', 'exp_avg_sq', *(('max_exp_avg_sq',) if amsgrad else ())):
        a = empty_as(p._a, p._a.dtype)
        a.fill(0)
        s[name] = wrap(a)


def adam(params, grads, exp_avgs, exp_avg_sqs, max_exp_avg_sqs, state_steps, foreach=None, capturable=False,
         differentiable=False, fused=None, grad_scale=None, found_inf=None, has_complex=False, decoupled_weight_decay=False, *,
         amsgrad, beta1, beta2, lr, weight_decay, eps, maximize):
    """One step of `Adam` on lists: parameters and state are changed in place.

    Args:
        params, grads (list of Tensor): parameters and their gradients.
        exp_avgs, exp_avg_sqs, max_exp_avg_sqs, state_steps (list of Tensor): the state, as `Adam` keeps it.
        foreach, fused, capturable, has_complex: accepted; there is one implementation.
        grad_scale, found_inf: must be None.
        The others are options of `Adam`.

    Example:
        >>> import cnet
        >>> from cnet.optim.adam import adam
        >>> p, g = cnet.ones(1), cnet.ones(1)
        >>> adam([p], [g], [0 * p], [0 * p], [], [cnet.tensor(0.)], amsgrad=False, beta1=0.9, beta2=0.99, lr=0.5,
        ...     weight_decay=0, eps=0, maximize=False)
        >>> p
        tensor([0.5000])
    """
    step_lists(Adam, params, grads, {
        'exp_avg': exp_avgs, 'exp_avg_sq': exp_avg_sqs, 'max_exp_avg_sq': max_exp_avg_sqs, 'step': state_steps
    }, {
        'amsgrad': amsgrad, 'lr': lr, 'weight_decay': weight_decay, 'eps': eps, 'maximize': maximize,
        'differentiable': differentiable, 'decoupled_weight_decay': decoupled_weight_decay, 'betas': (beta1, beta2)
    }, grad_scale, found_inf)
