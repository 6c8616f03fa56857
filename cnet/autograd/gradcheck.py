"""Derivatives against finite differences."""

import numpy as np

from .._core.base import TensorBase, wrap
from .._core.engine import grad as _grad

__all__ = ['GradcheckError', 'gradcheck', 'gradgradcheck']


class GradcheckError(RuntimeError):
    """A derivative that finite differences contradict."""


def _flat(x):
    return (x,) if isinstance(x, TensorBase) else tuple(x)


def _differentiable(tensors):
    return [x for x in tensors if isinstance(x, TensorBase) and x.requires_grad]


def _outputs(func, inputs):
    outs = _flat(func(*inputs))
    return [y for y in outs if isinstance(y, TensorBase) and y._a.dtype.kind in 'fc']


def _numerical(func, inputs, x, eps):
    """One column per (real or imaginary) component of x: the change of every output, divided by the step.

    Central differences, whose error is of order eps**2.
    """
    a = x._a
    columns = []
    steps = (eps, 1j * eps) if a.dtype.kind == 'c' else (eps,)
    for index in np.ndindex(a.shape):
        old = a[index]
        for step in steps:
            a[index] = old + step
            up = [y._a.copy() for y in _outputs(func, inputs)]
            a[index] = old - step
            down = [y._a.copy() for y in _outputs(func, inputs)]
            a[index] = old
            columns.append([(u - d) / (2 * eps) for u, d in zip(up, down)])
    return columns


def _analytical(outs, x, output):
    """For every (real or imaginary) component of one output, the gradient of x, as NumPy rows."""
    y = outs[output]
    rows = []
    seeds = (1, 1j) if y._a.dtype.kind == 'c' else (1,)
    for index in np.ndindex(y._a.shape):
        for seed in seeds:
            v = np.zeros(y._a.shape, y._a.dtype)
            v[index] = seed
            g, = _grad((y,), (x,), (wrap(v),), True, False, True)
            if g is not None and (g._a.shape != x._a.shape or g._a.dtype != x._a.dtype):
                raise GradcheckError(f'backward gave a gradient of shape {g.shape} and type {g.dtype} for an input of shape '
                                     f'{x.shape} and type {x.dtype}')
            rows.append(np.zeros(x._a.shape, x._a.dtype) if g is None else g._a.copy())
    return rows


def _as_real(a):
    """The components of an array as a vector; a complex number counts as two."""
    a = np.ascontiguousarray(a).reshape(-1)
    return a.view(a.real.dtype) if a.dtype.kind == 'c' else a


def _compare(func, inputs, eps, atol, rtol, nondet_tol):
    xs = _differentiable(inputs)
    outs = _outputs(func, inputs)
    if not any(y.requires_grad for y in outs):
        raise GradcheckError('no Tensors requiring grad found among output arguments')
    for j, x in enumerate(xs):
        columns = _numerical(func, inputs, x, eps)
        for i, y in enumerate(outs):
            numerical = np.array([_as_real(c[i]) for c in columns]).reshape(len(columns), -1)
            if not y.requires_grad:
                if np.abs(numerical).max(initial=0) > atol:
                    raise GradcheckError(f'Numerical gradient for function expected to be zero: output {i} does not require '
                                         f'grad but depends on input {j}')
                continue
            analytical = np.array([_as_real(r) for r in _analytical(outs, x, i)]).reshape(-1, len(columns)).T
            if not np.allclose(analytical, numerical, rtol, atol):
                raise GradcheckError(f'Jacobian mismatch for output {i} with respect to input {j},\n'
                                     f'numerical:{numerical}\nanalytical:{analytical}\n')
            again = np.array([_as_real(r) for r in _analytical(outs, x, i)]).reshape(-1, len(columns)).T
            if np.abs(again - analytical).max(initial=0) > nondet_tol:
                raise GradcheckError('Backward is not reentrant, i.e., running backward with same input and grad_output '
                                     'multiple times gives different values')


def _compare_fast(func, inputs, eps, atol, rtol):
    """One random direction u in the inputs and v in the outputs: v' J u by differences and by backward."""
    rng = np.random.default_rng(0)
    xs = _differentiable(inputs)
    us = [_direction(rng, x._a) for x in xs]
    outs = _outputs(func, inputs)
    if not any(y.requires_grad for y in outs):
        raise GradcheckError('no Tensors requiring grad found among output arguments')
    vs = [_direction(rng, y._a) for y in outs]
    values = []
    for sign in (1, -1):
        for x, u in zip(xs, us):
            x._a[...] += sign * eps * u
        values.append([y._a.copy() for y in _outputs(func, inputs)])
        for x, u in zip(xs, us):
            x._a[...] -= sign * eps * u
    numerical = sum(np.vdot(v, (p - m) / (2 * eps)).real for v, p, m in zip(vs, *values))
    pairs = [(y, wrap(v)) for y, v in zip(outs, vs) if y.requires_grad]
    grads = _grad(tuple(y for y, _ in pairs), tuple(xs), tuple(v for _, v in pairs), True, False, True)
    analytical = sum(np.vdot(g._a, u).real for g, u in zip(grads, us) if g is not None)
    if not np.isclose(analytical, numerical, rtol, atol * max(1, sum(u.size for u in us)) ** 0.5):
        raise GradcheckError(f'Jacobian mismatch along a random direction: numerical {numerical}, analytical {analytical}')


def _direction(rng, a):
    d = rng.standard_normal(a.shape)
    if a.dtype.kind == 'c':
        d = d + 1j * rng.standard_normal(a.shape)
    return np.asarray(d, a.dtype)


def gradcheck(func, inputs, *, eps=1e-6, atol=1e-5, rtol=1e-3, raise_exception=True, nondet_tol=0.0,
              check_undefined_grad=True, check_grad_dtypes=False, check_batched_grad=False, check_batched_forward_grad=False,
              check_forward_ad=False, check_backward_ad=True, fast_mode=False, masked=None):
    """Compare the derivatives that backward computes with central differences.

    Args:
        func (callable): tensors to a tensor or tuple of tensors; a pure function.
        inputs (Tensor or tuple): those that require a gradient are perturbed, in place; float64 is advised.
        eps (float): step. Default: 1e-6.
        atol (float): absolute tolerance. Default: 1e-5.
        rtol (float): relative tolerance. Default: 1e-3.
        raise_exception (bool): raise on failure instead of returning False. Default: True.
        nondet_tol (float): how far two backward passes may differ. Default: 0.
        fast_mode (bool): check one random direction instead of the whole Jacobian. Default: False.
        check_undefined_grad, check_grad_dtypes, check_batched_grad, check_batched_forward_grad, check_backward_ad, masked:
            accepted; types are always checked.
        check_forward_ad (bool): must be False: there is no forward mode.

    Returns:
        bool: True if all derivatives agree.

    Raises:
        GradcheckError: a derivative disagrees.

    Example:
        >>> import cnet
        >>> x = cnet.ones(2, dtype=cnet.float64, requires_grad=True)
        >>> cnet.autograd.gradcheck(lambda t: t * t, (x,))
        True
    """
    if check_forward_ad:
        raise NotImplementedError('gradcheck: forward-mode derivatives are not available')
    inputs = _flat(inputs)
    if not _differentiable(inputs):
        raise ValueError('gradcheck expects at least one input tensor to require gradient, but none of the them have '
                         'requires_grad=True.')
    try:
        if fast_mode:
            _compare_fast(func, inputs, eps, atol, rtol)
        else:
            _compare(func, inputs, eps, atol, rtol, nondet_tol)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(func, inputs, grad_outputs=None, *, eps=1e-6, atol=1e-5, rtol=1e-3, gen_non_contig_grad_outputs=False,
                  raise_exception=True, nondet_tol=0.0, check_undefined_grad=True, check_grad_dtypes=False,
                  check_batched_grad=False, check_fwd_over_rev=False, check_rev_over_rev=True, fast_mode=False, masked=False):
    """`gradcheck` of the gradients of `func`, as a function of its inputs and of the gradients of its outputs.

    Args:
        func (callable): tensors to a tensor or tuple of tensors.
        inputs (Tensor or tuple): where to check.
        grad_outputs (Tensor or tuple, optional): gradients of the outputs. Default: random.
        eps, atol, rtol, raise_exception, nondet_tol, fast_mode: as in `gradcheck`.
        gen_non_contig_grad_outputs (bool): make the random gradients non-contiguous. Default: False.
        check_undefined_grad, check_grad_dtypes, check_batched_grad, check_rev_over_rev, masked: accepted.
        check_fwd_over_rev (bool): must be False: there is no forward mode.

    Returns:
        bool: True if all derivatives agree.

    Raises:
        GradcheckError: a derivative disagrees.

    Example:
        >>> import cnet
        >>> x = cnet.ones(2, dtype=cnet.float64, requires_grad=True)
        >>> cnet.autograd.gradgradcheck(lambda t: t * t * t, (x,))
        True
    """
    if check_fwd_over_rev:
        raise NotImplementedError('gradgradcheck: forward-mode derivatives are not available')
    inputs = _flat(inputs)
    if grad_outputs is None:
        rng = np.random.default_rng(1)
        made = []
        for y in _outputs(func, inputs):
            if y.requires_grad:
                v = _direction(rng, y._a)
                if gen_non_contig_grad_outputs and v.ndim:
                    v = np.repeat(v, 2, -1)[..., ::2]
                made.append(wrap(v).requires_grad_())
        grad_outputs = tuple(made)
    else:
        grad_outputs = _flat(grad_outputs)
    count = len(grad_outputs)

    def first_order(*args):
        xs, vs = args[:-count], args[-count:]
        xs = tuple([x.view_as(x) if isinstance(x, TensorBase) and x.requires_grad else x for x in xs])
        outs = [y for y in _outputs(func, xs) if y.requires_grad]
        grads = _grad(tuple(outs), tuple(_differentiable(xs)), tuple(vs), True, True, True)
        return tuple([g for g in grads if g is not None and g.requires_grad])

    if not first_order(*inputs, *grad_outputs):
        return True
    return gradcheck(first_order, inputs + grad_outputs, eps=eps, atol=atol, rtol=rtol, raise_exception=raise_exception,
                     nondet_tol=nondet_tol, fast_mode=fast_mode)
