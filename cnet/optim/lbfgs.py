"""L-BFGS."""

from .._core.mode import enable_grad, no_grad
from .._ops.complex_parts import view_as_real
from .._ops.join import cat
from ._line_search import Point, strong_wolfe
from ._rules import check_rate
from .optimizer import Optimizer, number

__all__ = ['LBFGS']


class LBFGS(Optimizer):
    """L-BFGS: Newton's method with a Hessian reckoned from recent steps (Nocedal, 1980).

    It has one group of parameters, and a step needs a closure, which it calls several times.

    Args:
        params (iterable): tensors, or ``(name, tensor)`` pairs.
        lr (float or Tensor): step length, or the first one that the line search tries. Default: 1.
        max_iter (int): most iterations per step. Default: 20.
        max_eval (int, optional): most calls of the closure per step. Default: ``max_iter * 5 // 4``.
        tolerance_grad (float): stop when no component of the gradient is larger. Default: 1e-7.
        tolerance_change (float): stop when parameters or loss change less. Default: 1e-9.
        history_size (int): how many recent steps are kept. Default: 100.
        line_search_fn (str, optional): ``'strong_wolfe'``, or None to take steps of length `lr`.

    Example:
        >>> import cnet
        >>> w = cnet.tensor([4.0, -2.0], requires_grad=True)
        >>> optimizer = cnet.optim.LBFGS([w], line_search_fn='strong_wolfe')
        >>> def closure():
        ...     optimizer.zero_grad()
        ...     loss = ((w - 1) ** 4).sum()
        ...     loss.backward()
        ...     return loss
        >>> optimizer.step(closure)
        tensor(162., grad_fn=<SumBackward0>)
        >>> bool(((w - 1).abs() < 0.1).all())
        True
    """

    def __init__(self, params, lr=1, max_iter=20, max_eval=None, tolerance_grad=1e-7, tolerance_change=1e-9, history_size=100,
                 line_search_fn=None):
        check_rate(lr)
        if max_eval is None:
            max_eval = max_iter * 5 // 4
        super().__init__(params, {
            'lr': lr, 'max_iter': max_iter, 'max_eval': max_eval, 'tolerance_grad': tolerance_grad,
            'tolerance_change': tolerance_change, 'history_size': history_size, 'line_search_fn': line_search_fn})
        if len(self.param_groups) != 1:
            raise ValueError("LBFGS doesn't support per-parameter options (parameter groups)")

    def step(self, closure):
        """Update all parameters.

        Args:
            closure (callable): computes the loss and its gradients anew, and returns the loss.

        Returns:
            what `closure` returned first.

        Example:
            >>> import cnet
            >>> w = cnet.ones(1, requires_grad=True)
            >>> def closure():
            ...     w.grad = None
            ...     loss = (w * w).sum()
            ...     loss.backward()
            ...     return loss
            >>> float(cnet.optim.LBFGS([w]).step(closure))
            1.0
        """
        with no_grad():
            return self._step(enable_grad()(closure))

    def _step(self, closure):
        group = self.param_groups[0]
        lr, tolerance = number(group['lr']), group['tolerance_change']
        if group['line_search_fn'] not in (None, 'strong_wolfe'):
            raise RuntimeError("only 'strong_wolfe' is supported")
        state = self.state[group['params'][0]]  # of the first parameter, so that loading casts it
        state.setdefault('func_evals', 0)
        state.setdefault('n_iter', 0)
        first = closure()
        loss = float(first)
        evaluations = 1
        state['func_evals'] += 1
        grad = self._gradient()
        if grad.abs().max() <= group['tolerance_grad']:
            return first
        for iteration in range(1, group['max_iter'] + 1):
            state['n_iter'] += 1
            self._look_around(state, grad, group['history_size'])
            direction, before = state['d'], loss
            state['prev_flat_grad'] = grad.clone()
            state['prev_loss'] = loss
            state['t'] = min(1.0, 1.0 / grad.abs().sum()) * lr if state['n_iter'] == 1 else lr
            slope = float(grad.dot(direction))
            if slope > -tolerance:
                break
            more = 0
            if group['line_search_fn'] is not None:
                most = group['max_eval'] - evaluations
                point, more = self._search(closure, number(state['t']), direction, loss, grad, slope, most)
                state['t'], loss, grad = point.t, point.f, point.g
                self._move(direction, state['t'])
            else:
                self._move(direction, number(state['t']))
                if iteration != group['max_iter']:  # the last loss would be of no use when data are drawn anew
                    loss = float(closure())
                    grad = self._gradient()
                    more = 1
            evaluations += more
            state['func_evals'] += more
            if (iteration == group['max_iter'] or evaluations >= group['max_eval'] or grad.abs().max() <= group['tolerance_grad']
                    or (direction * state['t']).abs().max() <= tolerance or abs(loss - before) < tolerance):
                break
        return first

    @staticmethod
    def _look_around(state, grad, history):
        """Set the direction: minus the gradient times the inverse Hessian that the history implies."""
        if state['n_iter'] == 1:
            state.update(d=grad.neg(), t=None, old_dirs=[], old_stps=[], ro=[], H_diag=1)
            return
        changes, steps, scales = state['old_dirs'], state['old_stps'], state['ro']
        y = grad - state['prev_flat_grad']
        s = state['d'] * state['t']
        curvature = y.dot(s)
        if curvature > 1e-10:
            if len(changes) == history:
                for kept in (changes, steps, scales):
                    del kept[0]
            changes.append(y)
            steps.append(s)
            scales.append(1.0 / curvature)
            state['H_diag'] = curvature / y.dot(y)
        weights = state.setdefault('al', [None] * history)
        q = grad.neg()
        for i in reversed(range(len(changes))):
            weights[i] = steps[i].dot(q) * scales[i]
            q.add_(changes[i], alpha=-weights[i].item())
        r = q * state['H_diag']
        for i, (change, step) in enumerate(zip(changes, steps)):
            r.add_(step, alpha=(weights[i] - change.dot(r) * scales[i]).item())
        state['d'] = r

    def _search(self, closure, t, direction, loss, grad, slope, most):
        params = self.param_groups[0]['params']
        start = [p.clone() for p in params]

        def evaluate(t):
            self._move(direction, t)
            f = float(closure())
            g = self._gradient()
            for p, old in zip(params, start):
                p.copy_(old)
            return Point(t, f, g, float(g.dot(direction)))

        return strong_wolfe(evaluate, t, loss, grad, slope, float(direction.abs().max()), most)

    def _gradient(self):
        """All gradients as one vector; zeros where there is none."""
        parts = []
        for p in self.param_groups[0]['params']:
            g = p.grad if p.grad is not None else p.new_zeros(p.shape)
            parts.append((view_as_real(g) if g.is_complex() else g).reshape(-1))
        return cat(parts)

    def _move(self, direction, t):
        offset = 0
        for p in self.param_groups[0]['params']:
            if p.is_complex():
                p = view_as_real(p)
            p.add_(direction[offset:offset + p.numel()].view(p.shape), alpha=t)
            offset += p.numel()
