"""What optimizers with an elementwise update rule have in common."""

import numpy as np

from .. import _kernels as K
from .._core.arrays import empty_as
from .._core.base import wrap
from .._core.mode import is_grad_enabled
from .._ops.complex_parts import view_as_real
from .._tensor import Tensor
from .optimizer import Optimizer, by_tensors, number, step_dtype


class RuleOptimizer(Optimizer):
    """An optimizer that updates each element of a parameter and of its state by one rule.

    A subclass names the rule's kernel and the state, and says the rule a second time as a formula on tensors, which serves
    types and layouts that the kernel does not take, and steps that autograd records.
    """

    rule: int                                   # the kernel's number
    scalars: tuple[str, ...] = ('step',)        # state that is a number per parameter
    added = {'foreach': None, 'maximize': False, 'differentiable': False, 'capturable': False}  # absent in old files

    def buffers(self, group):
        """Names of the state that has the parameter's shape; None for one that the kernel can do without."""
        raise NotImplementedError

    def start(self, p, state, group):
        """Make the state of a parameter before its first step."""
        state['step'] = scalar(0.0)
        for name in self.buffers(group):
            if name is not None:
                state[name] = filled(p, 0)

    def constants(self, group, state, lr, step):
        """The constants of step number `step`: sign, decay, shrinkage, and those of the rule."""
        raise NotImplementedError

    def formula(self, k, p, g, *state):
        """New parameter and state from constants, real parameter, gradient and state."""
        raise NotImplementedError

    def __setstate__(self, state):
        super().__setstate__(state)
        for group in self.param_groups:
            for name, value in self.added.items():
                group.setdefault(name, value)
            for p in group['params']:
                own = self.state.get(p)
                for name in self.scalars if own else ():
                    if not isinstance(own[name], Tensor):
                        own[name] = scalar(float(own[name]))

    def update_group(self, group):
        params = [p for p in group['params'] if p._grad is not None]
        if not params:
            return
        states = []
        for p in params:
            state = self.state[p]
            if not state:
                self.start(p, state, group)
            states.append(state)
        recorded = group['differentiable']
        lr = group['lr'] if recorded else number(group['lr'])
        names = self.buffers(group)
        constants = [self._advance(group, state, lr) for state in states]
        if recorded:
            left = range(len(params))
        else:
            lists = tuple([None if name is None else [state[name]._a for state in states] for name in names])
            left = K.optim_rules.step(self.rule, [p._a for p in params], [p._grad._a for p in params], lists, constants)
            for p in params:
                p._v.n += 1
        if left:
            with by_tensors(recorded):
                for i in left:
                    self._by_formula(params[i], [states[i][name] for name in names if name is not None], constants[i], names)

    def _advance(self, group, state, lr):
        step = state['step']
        if step.requires_grad:
            raise RuntimeError('`requires_grad` is not supported for `step` in differentiable mode')
        count = step._a
        count += 1
        return self.constants(group, state, lr, float(count))

    def _by_formula(self, p, state, k, names):
        g = p.grad
        if p.is_complex():
            p, g, *state = map(view_as_real, (p, g, *state))
        q = p * k[2] if k[2] != 1 else p
        d = g * k[0] if k[1] == 0 else g * k[0] + p * k[1]
        # What autograd saves must not be overwritten below.
        given = iter([s.clone() for s in state] if is_grad_enabled() else state)
        new = self.formula(k, q, d, *[None if name is None else next(given) for name in names])
        p.copy_(new[0])
        for old, value in zip(state, [x for x in new[1:] if x is not None]):
            old.copy_(value)


def sign(group):
    """What the gradient is multiplied by, so that the step descends."""
    return -1.0 if group['maximize'] else 1.0


def scalar(value):
    """A number of the state: a step count or what is derived from it."""
    return wrap(np.array(value, step_dtype().np))


def filled(p, value):
    """State with shape, type and layout of a parameter."""
    a = empty_as(p._a, p._a.dtype)
    a.fill(complex(value, value) if p.is_complex() else value)
    return wrap(a)


def check_rate(lr):
    """Refuse a learning rate that is not one number, or negative."""
    if isinstance(lr, Tensor) and lr.numel() != 1:
        raise ValueError('Tensor lr must be 1-element')
    check_nonnegative(('learning rate', lr))


def check_nonnegative(*named):
    """Refuse options below zero. `named`: pairs of what it is and its value."""
    for what, value in named:
        if not 0.0 <= value:
            raise ValueError(f'Invalid {what}: {value}')


def check_betas(betas):
    """Refuse coefficients of running means that are not in [0, 1)."""
    for i, beta in enumerate(betas[:2]):
        if not 0.0 <= beta < 1.0:
            raise ValueError(f'Invalid beta parameter at index {i}: {beta}')
