"""Muon."""

import numpy as np

from .. import _kernels as K
from .._core.base import wrap
from .._core.mode import no_grad
from .._tensor import Tensor
from .optimizer import Optimizer, number

__all__ = ['Muon']
mm = K.matmul.mm


class Muon(Optimizer):
    """Muon: momentum made orthogonal, for the matrices inside a network (Jordan et al., 2024).

    Biases, embeddings and everything else that is no matrix belongs to another optimizer.

    Args:
        params (iterable): matrices, ``(name, matrix)`` pairs, or dicts defining groups.
        lr (float or Tensor): learning rate. Default: 1e-3.
        weight_decay (float): the parameters shrink by ``lr * weight_decay``. Default: 0.1.
        momentum (float): how much of the running mean of gradients is kept. Default: 0.95.
        nesterov (bool): Nesterov's momentum. Default: True.
        ns_coefficients (tuple): of the quintic iteration that makes a matrix orthogonal.
        eps (float): smallest norm that a matrix is divided by. Default: 1e-7.
        ns_steps (int): how many iterations. Default: 5.
        adjust_lr_fn (str, optional): ``'original'`` (the default) multiplies the learning rate by
            ``sqrt(max(1, rows / columns))``, ``'match_rms_adamw'`` by ``0.2 * sqrt(max(rows, columns))``.

    Example:
        >>> import cnet
        >>> w = cnet.eye(3, requires_grad=True)
        >>> w.sum().backward()
        >>> cnet.optim.Muon([w], lr=0.1).step()
        >>> bool(w.sum() < 3)
        True
    """

    def __init__(self, params, lr=1e-3, weight_decay=0.1, momentum=0.95, nesterov=True,
                 ns_coefficients=(3.4445, -4.7750, 2.0315), eps=1e-7, ns_steps=5, adjust_lr_fn=None):
        if isinstance(lr, Tensor) and lr.numel() != 1:
            raise ValueError('Tensor lr must be 1-element')
        for name, value in (('Learning rate', lr), ('momentum', momentum), ('weight decay', weight_decay)):
            if not 0.0 <= value:
                raise ValueError(f'{name} should be >= 0 but is: {value}')
        if adjust_lr_fn not in (None, 'original', 'match_rms_adamw'):
            raise ValueError(f'Adjust learning rate function {adjust_lr_fn} is not supported')
        super().__init__(params, {
            'lr': lr, 'weight_decay': weight_decay, 'momentum': momentum, 'nesterov': nesterov,
            'ns_coefficients': ns_coefficients, 'eps': eps, 'ns_steps': ns_steps, 'adjust_lr_fn': adjust_lr_fn})
        for group in self.param_groups:
            for p in group['params']:
                if p.ndim != 2:
                    raise ValueError(f'Muon only supports 2D parameters whereas we found a parameter with size: {p.size()}')

    def update_group(self, group):
        lr, momentum = group['lr'], group['momentum']
        with no_grad():
            for p in group['params']:
                g = p.grad
                if g is None:
                    continue
                if p.is_complex():
                    raise RuntimeError('Muon does not support complex parameters')
                state = self.state[p]
                if 'momentum_buffer' not in state:
                    state['momentum_buffer'] = g.new_zeros(g.shape)
                mean = state['momentum_buffer'].lerp_(g, 1 - momentum)
                delta = orthogonal((g.lerp(mean, momentum) if group['nesterov'] else mean)._a, group['ns_coefficients'],
                                   group['ns_steps'], group['eps'])
                p.mul_(1 - lr * group['weight_decay'])
                p.add_(wrap(delta.astype(p._a.dtype)), alpha=-number(lr * _factor(group['adjust_lr_fn'], *p.shape)))


def _factor(name, rows, columns):
    if name == 'match_rms_adamw':
        return 0.2 * max(rows, columns) ** 0.5
    return max(1, rows / columns) ** 0.5


def orthogonal(matrix, coefficients, steps, eps):
    """About the nearest matrix with orthonormal rows or columns, by the Newton-Schulz iteration.

    Products are rounded to bfloat16, as PyTorch has them: the iteration does not converge, so that its rounding is part of
    the answer.
    """
    if steps >= 100:
        raise ValueError('Number of steps must be less than 100 for computational efficiency')
    if len(coefficients) != 3:
        raise ValueError('Coefficients must be a tuple of exactly 3 values')
    a, b, c = (np.float32(x) for x in coefficients)
    tall = matrix.shape[0] > matrix.shape[1]
    x = bfloat16(np.array(matrix.T if tall else matrix, np.float32, order='C'))
    least = np.array([np.sqrt(np.einsum('ij,ij', x, x, dtype=np.float32)), eps], np.float32)
    x /= bfloat16(least).max()
    bfloat16(x)
    for _ in range(steps):
        gram = bfloat16(mm(x, x.T))
        change = mm(gram, gram)
        change *= c
        gram *= b
        change += gram
        step = mm(bfloat16(change), x)
        x *= a
        x += step
        bfloat16(x)
    return x.T if tall else x


def bfloat16(x):
    """Round float32 numbers to the 8 significant bits of bfloat16, to nearest and ties to even, where they are."""
    finite = np.isfinite(x)
    if not finite.all():
        x[finite] = bfloat16(x[finite])
        return x
    bits = x.view(np.uint32)
    up = bits >> np.uint32(16)
    up &= np.uint32(1)
    up += np.uint32(0x7FFF)
    bits += up
    bits &= np.uint32(0xFFFF0000)
    return x
