"""Optimizers against PyTorch: trajectories, state, saved forms, errors and texts."""

import itertools
import pickle

import numpy as np
import pytest
from optim_states import compare, convert

import cnet
from cnet import _kernels as K

torch = pytest.importorskip('torch')

SGD = [{'momentum': m, 'dampening': d, 'weight_decay': w, 'nesterov': n, 'maximize': x}
       for m, d, w, n, x in itertools.product((0, 0.9), (0, 0.1), (0, 0.01), (False, True), (False, True))
       if not n or (m and not d)]
ADAM = [{'betas': (b, 0.99), 'weight_decay': w, 'amsgrad': a, 'maximize': x}
        for b, w, a, x in itertools.product((0.9, 0.3), (0, 0.1), (False, True), (False, True))]
CASES = [('SGD', k) for k in SGD] + [(name, k) for name in ('Adam', 'AdamW') for k in ADAM]
SHAPES = [(20, 10), (20,), (3, 5, 7), (), (0, 4), (20000,)]


def trajectory(lib, name, options, dtype='float32', steps=6, prepare=lambda p: p):
    rng = np.random.default_rng(0)
    params = [prepare(lib.tensor(rng.standard_normal(s), dtype=getattr(lib, dtype))).requires_grad_() for s in SHAPES]
    optimizer = getattr(lib.optim, name)(params, lr=0.01, **options)
    for step in range(steps):
        for i, p in enumerate(params):
            g = rng.standard_normal(p.shape)
            p.grad = None if step == 2 and i == 1 else lib.tensor(g, dtype=p.dtype)
        optimizer.step()
    return params, optimizer


@pytest.mark.parametrize('dtype', ['float32', 'float64'])
@pytest.mark.parametrize(('name', 'options'), CASES, ids=str)
def test_trajectory(name, options, dtype):
    ours, a = trajectory(cnet, name, options, dtype)
    theirs, b = trajectory(torch, name, options, dtype)
    # Adam: PyTorch's square root (MKL's) is not correctly rounded, ours is. SGD: equal bits where there is FMA.
    eps = np.finfo(dtype).eps
    tol = 0 if name == 'SGD' and K.ISA != 'base' else 8 * eps
    for p, q in zip(ours, theirs):
        np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), tol, tol / 10)
    compare(a.state_dict(), b.state_dict(), 8 * eps)


@pytest.mark.parametrize(('name', 'options'), [('SGD', {'momentum': 0.9, 'weight_decay': 0.1, 'nesterov': True}), ('SGD', {}),
                                               ('Adam', {'weight_decay': 0.1, 'amsgrad': True}), ('AdamW', {})], ids=str)
@pytest.mark.parametrize('dtype', ['float16', 'complex64'])
def test_other_types(name, options, dtype):
    ours, _ = trajectory(cnet, name, options, dtype)
    theirs, _ = trajectory(torch, name, options, dtype)
    tol = 1e-2 if dtype == 'float16' else 1e-5
    for p, q in zip(ours, theirs):
        np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), tol, tol)


@pytest.mark.parametrize('name', ['SGD', 'Adam'])
def test_layouts(name):
    """A transposed parameter takes the path of tensor operations, a transposed gradient is copied."""
    for prepare in (lambda p: p.clone().t() if p.ndim == 2 else p, lambda p: p):
        options = {'momentum': 0.5} if name == 'SGD' else {}
        ours, _ = trajectory(cnet, name, options, 'float64', prepare=prepare)
        theirs, _ = trajectory(torch, name, options, 'float64', prepare=prepare)
        for p, q in zip(ours, theirs):
            np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), 1e-14, 1e-14)


@pytest.mark.parametrize(('name', 'options'), CASES[::5], ids=str)
def test_resume(name, options):
    """State saved by PyTorch continues here."""
    theirs, b = trajectory(torch, name, options, 'float64')
    ours, _ = trajectory(cnet, name, options, 'float64')
    saved = convert(b.state_dict())
    fresh = getattr(cnet.optim, name)(ours, lr=1.0)
    fresh.load_state_dict(saved)
    assert fresh.param_groups[0]['lr'] == 0.01
    rng = np.random.default_rng(5)
    for p, q in zip(ours, theirs):
        g = rng.standard_normal(tuple(p.shape))
        p.grad, q.grad = cnet.tensor(g), torch.tensor(g)
    fresh.step()
    b.step()
    for p, q in zip(ours, theirs):
        np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), 1e-13, 1e-13)
    compare(fresh.state_dict(), b.state_dict(), 1e-13)


def test_repr():
    for name in ('SGD', 'Adam', 'AdamW'):
        texts = []
        for lib in (cnet, torch):
            a, b = lib.ones(1), lib.ones(2)
            texts.append(repr(getattr(lib.optim, name)([{'params': [a]}, {'params': b, 'lr': 0.5}], lr=0.1)))
        assert texts[0] == texts[1]


def test_differentiable():
    """A meta-gradient through two steps."""
    for name, options in (('SGD', {'momentum': 0.9, 'nesterov': True}), ('Adam', {})):
        grads = []
        for lib in (cnet, torch):
            w = lib.tensor([1.0, -2.0, 3.0], dtype=lib.float64, requires_grad=True)
            p = w.clone()
            optimizer = getattr(lib.optim, name)([p], lr=0.1, differentiable=True, **options)
            for _ in range(2):
                p.grad = p.clone() * w
                optimizer.step()
            p.sum().backward()
            grads.append(w.grad.numpy())
        # PyTorch's differentiable Adam computes the bias corrections in float32.
        np.testing.assert_allclose(grads[0], grads[1], 1e-10 if name == 'SGD' else 1e-7)


ERRORS = {
    'no params': lambda lib: lib.optim.SGD([]),
    'a tensor': lambda lib: lib.optim.SGD(lib.ones(1)),
    'not a tensor': lambda lib: lib.optim.SGD([3]),
    'non-leaf': lambda lib: lib.optim.SGD([lib.ones(1, requires_grad=True) * 2]),
    'set': lambda lib: lib.optim.SGD([{'params': {1, 2}}]),
    'lr': lambda lib: lib.optim.SGD([lib.ones(1)], lr=-1.0),
    'momentum': lambda lib: lib.optim.SGD([lib.ones(1)], momentum=-1),
    'weight_decay': lambda lib: lib.optim.SGD([lib.ones(1)], weight_decay=-1),
    'nesterov': lambda lib: lib.optim.SGD([lib.ones(1)], nesterov=True),
    'fused': lambda lib: lib.optim.SGD([lib.ones(1)], fused=True, foreach=True),
    'lr tensor': lambda lib: lib.optim.SGD([lib.ones(1)], lr=lib.ones(2)),
    'adam lr': lambda lib: lib.optim.Adam([lib.ones(1)], lr=-1.0),
    'adam eps': lambda lib: lib.optim.Adam([lib.ones(1)], eps=-1.0),
    'adam beta': lambda lib: lib.optim.Adam([lib.ones(1)], betas=(1.0, 0.5)),
    'adam beta 2': lambda lib: lib.optim.Adam([lib.ones(1)], betas=(0.9, -0.5)),
    'adam betas': lambda lib: lib.optim.Adam([lib.ones(1)], betas=(0, 0.5)),
    'adam decay': lambda lib: lib.optim.Adam([lib.ones(1)], weight_decay=-1),
    'twice': lambda lib: (lambda p: lib.optim.SGD([{'params': [p]}, {'params': [p]}]))(lib.ones(1)),
    'names': lambda lib: lib.optim.SGD([('a', lib.ones(1)), lib.ones(1)]),
    'groups': lambda lib: lib.optim.SGD([lib.ones(1)]).add_param_group([1]),
    'load': lambda lib: lib.optim.SGD([lib.ones(1)]).load_state_dict({'state': {}, 'param_groups': []}),
    'load sizes': lambda lib: lib.optim.SGD([lib.ones(1)]).load_state_dict(lib.optim.SGD([lib.ones(1)] * 1 + [lib.ones(2)])
                                                                            .state_dict()),
    'no step': lambda lib: lib.optim.Optimizer([lib.ones(1)], {}).step(),
}


@pytest.mark.parametrize('name', ERRORS)
def test_errors(name):
    with pytest.raises(Exception) as theirs:
        ERRORS[name](torch)
    with pytest.raises(type(theirs.value)) as ours:
        ERRORS[name](cnet)
    assert str(ours.value) == str(theirs.value).replace('torch.', 'cnet.')


def test_pickle():
    _, a = trajectory(cnet, 'Adam', {})
    b = pickle.loads(pickle.dumps(a))
    compare(a.state_dict(), b.state_dict(), 0)
    assert all(p in b.state for p in b.param_groups[0]['params'] if p.grad is not None)
