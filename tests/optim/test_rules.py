"""Optimizers with elementwise rules, L-BFGS, Adafactor and Muon. Values against PyTorch are in tests/parity."""
from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

import cnet
from cnet import optim

RULES: list[tuple[str, dict[str, Any]]] = [
    ('Adagrad', {}), ('Adagrad', {'lr_decay': 0.1, 'weight_decay': 0.1, 'initial_accumulator_value': 0.5}),
    ('Adadelta', {}), ('Adadelta', {'rho': 0.3, 'weight_decay': 0.1, 'maximize': True}),
    ('RMSprop', {}), ('RMSprop', {'momentum': 0.9, 'centered': True, 'alpha': 0.4}), ('RMSprop', {'centered': True}),
    ('RMSprop', {'momentum': 0.5, 'weight_decay': 0.1, 'maximize': True}),
    ('Adamax', {}), ('Adamax', {'betas': (0.3, 0.5), 'weight_decay': 0.1, 'maximize': True}),
    ('NAdam', {}), ('NAdam', {'weight_decay': 0.1}), ('NAdam', {'weight_decay': 0.1, 'decoupled_weight_decay': True}),
    ('RAdam', {'betas': (0.9, 0.6)}), ('RAdam', {'weight_decay': 0.1, 'decoupled_weight_decay': True, 'maximize': True}),
    ('Rprop', {}), ('Rprop', {'etas': (0.3, 1.5), 'step_sizes': (1e-3, 0.2), 'maximize': True}),
    ('ASGD', {'t0': 2}), ('ASGD', {'lambd': 0.1, 'alpha': 0.5, 'weight_decay': 0.1}),
]
OTHERS: list[tuple[str, dict[str, Any]]] = [('Adafactor', {}), ('Muon', {})]


def run(name: str, options: dict[str, Any], layout: str = 'C', dtype: str = 'float64', shape: tuple[int, ...] = (7, 5),
        steps: int = 5) -> tuple[cnet.Tensor, Any]:
    rng = np.random.default_rng(0)
    p = cnet.from_numpy(np.array(rng.standard_normal(shape), dtype, order=layout)).requires_grad_()
    optimizer = getattr(optim, name)([p], **options)
    for _ in range(steps):
        p.grad = cnet.from_numpy(rng.standard_normal(shape).astype(dtype))
        version = p._version
        optimizer.step()
        assert p._version > version
    return p, optimizer


@pytest.mark.parametrize(('name', 'options'), RULES, ids=str)
def test_kernel_and_formula_agree(name: str, options: dict[str, Any]) -> None:
    """A column-major parameter takes the formula, a row-major one the kernel."""
    p, a = run(name, options)
    q, b = run(name, options, layout='F')
    np.testing.assert_allclose(p.numpy(force=True), q.numpy(force=True), 1e-12, 1e-13)
    for key, value in a.state[p].items():
        np.testing.assert_allclose(value.numpy(), b.state[q][key].numpy(), 1e-12, 1e-13, err_msg=key)


@pytest.mark.parametrize(('name', 'options'), RULES, ids=str)
def test_same_bits_for_any_number_of_threads(name: str, options: dict[str, Any], fine_grain: None) -> None:
    results = []
    for count in (1, 2, 3):
        cnet.set_num_threads(count)
        results.append(run(name, options, dtype='float32', shape=(50001,), steps=2)[0].numpy(force=True).tobytes())
    assert results[0] == results[1] == results[2]


@pytest.mark.parametrize(('name', 'options'), RULES + OTHERS, ids=str)
def test_resume_is_exact(name: str, options: dict[str, Any]) -> None:
    """Six steps are five, a saved state, and one step of a new optimizer."""
    through, _ = run(name, options, steps=6, dtype='float32')
    p, optimizer = run(name, options, steps=5, dtype='float32')
    again = pickle.loads(pickle.dumps(optimizer.state_dict()))
    q = p.detach().clone().requires_grad_()
    fresh = getattr(optim, name)([q])
    fresh.load_state_dict(again)
    rng = np.random.default_rng(0)
    for _ in range(7):
        g = rng.standard_normal(p.shape)
    q.grad = cnet.from_numpy(g.astype('float32'))
    fresh.step()
    assert cnet.equal(q, through)


@pytest.mark.parametrize('name', sorted({name for name, _ in RULES}))
def test_edges(name: str) -> None:
    for shape in ((), (0,), (1,)):
        run(name, {}, shape=shape, steps=2)
    lazy = cnet.ones(3, requires_grad=True)
    optimizer = getattr(optim, name)([lazy])
    optimizer.step()
    assert lazy.tolist() == [1, 1, 1]
    p = cnet.tensor([1.0, float('nan'), 2.0], requires_grad=True)
    p.grad = cnet.tensor([float('nan'), 1.0, 1.0])
    getattr(optim, name)([p], lr=0.1).step()
    assert p.isnan().tolist() == [True, True, False]


@pytest.mark.parametrize('name', sorted({name for name, _ in RULES}))
@pytest.mark.parametrize('dtype', ['float16', 'complex64'])
def test_other_types(name: str, dtype: str) -> None:
    p = cnet.ones(3, dtype=getattr(cnet, dtype), requires_grad=True)
    optimizer = getattr(optim, name)([p], lr=0.1)
    for _ in range(2):
        p.grad = cnet.ones_like(p)
        optimizer.step()
    assert p.dtype == getattr(cnet, dtype)
    assert bool((p.real < 1).all())
    assert {value.dtype for value in optimizer.state[p].values() if value.ndim} == {p.dtype}


def test_learning_rate_may_be_a_tensor() -> None:
    for name in {name for name, _ in RULES + OTHERS}:
        p, _ = run(name, {'lr': 0.25})
        q, _ = run(name, {'lr': cnet.tensor(0.25)})
        np.testing.assert_allclose(p.numpy(force=True), q.numpy(force=True), 1e-6, err_msg=name)
        with pytest.raises(ValueError, match='Tensor lr must be 1-element'):
            run(name, {'lr': cnet.ones(2)})


def test_differentiable() -> None:
    for name in {name for name, _ in RULES}:
        w = cnet.tensor([1.0, -2.0], dtype=cnet.float64, requires_grad=True)
        p = w.clone()
        optimizer = getattr(optim, name)([p], lr=0.1, differentiable=True)
        for _ in range(2):
            p.grad = p.clone() * w
            optimizer.step()
        p.sum().backward()
        assert bool(w.grad.isfinite().all()), name
        optimizer.state[p]['step'] = cnet.tensor(1.0, requires_grad=True)
        with pytest.raises(RuntimeError, match='not supported for `step`'):
            optimizer.step()


@pytest.mark.parametrize(('name', 'options', 'text'), [
    ('Adagrad', {'lr_decay': -0.5}, 'Invalid lr_decay value: -0.5'),
    ('Adagrad', {'initial_accumulator_value': -1}, 'Invalid initial_accumulator_value value: -1'),
    ('Adadelta', {'rho': 1.1}, 'Invalid rho value: 1.1'), ('RMSprop', {'momentum': -1.0}, 'Invalid momentum value: -1.0'),
    ('RMSprop', {'alpha': -1.0}, 'Invalid alpha value'),
    ('Adamax', {'betas': (0.0, 1.0)}, 'Invalid beta parameter at index 1: 1.0'),
    ('NAdam', {'momentum_decay': -0.2}, 'Invalid momentum_decay value: -0.2'),
    ('RAdam', {'eps': -1}, 'Invalid epsilon value: -1'), ('Rprop', {'etas': (1.0, 0.5)}, 'Invalid eta values: 1.0, 0.5'),
    ('ASGD', {'weight_decay': -0.5}, 'Invalid weight_decay value'),
    ('LBFGS', {'lr': -1}, 'Invalid learning rate: -1'), ('Adafactor', {'lr': -1}, 'Learning rate should be >= 0 but is: -1'),
    ('Adafactor', {'beta2_decay': 0.8}, 'beta2_decay should be <= 0'), ('Adafactor', {'d': 0.5}, 'threshold d should be >= 1'),
    ('Adafactor', {'eps': (-1, 1)}, 'epsilon1 should be >= 0'), ('Muon', {'momentum': -1}, 'momentum should be >= 0 but is: -1'),
    ('Muon', {'adjust_lr_fn': 'x'}, 'Adjust learning rate function x is not supported'),
])
def test_refused_options(name: str, options: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        getattr(optim, name)([cnet.ones(2, 2)], **options)


def test_refused_parameters() -> None:
    with pytest.raises(ValueError, match='only supports 2D parameters'):
        optim.Muon([cnet.ones(3)])
    with pytest.raises(ValueError, match="doesn't support per-parameter options"):
        optim.LBFGS([{'params': [cnet.ones(1)]}, {'params': [cnet.ones(1)]}])
    for name in ('Adafactor', 'Muon'):
        p = cnet.ones(2, 2, dtype=cnet.complex64, requires_grad=True)
        p.grad = cnet.ones_like(p)
        with pytest.raises(RuntimeError, match='does not support complex parameters'):
            getattr(optim, name)([p]).step()
    p = cnet.eye(2, requires_grad=True)
    p.grad = cnet.eye(2)
    with pytest.raises(ValueError, match='less than 100'):
        optim.Muon([p], ns_steps=100).step()
    with pytest.raises(ValueError, match='exactly 3 values'):
        optim.Muon([p], ns_coefficients=(1.0, 2.0)).step()


def rosenbrock(w: cnet.Tensor) -> cnet.Tensor:
    return (1 - w[0]) ** 2 + 100 * (w[1] - w[0] ** 2) ** 2


def test_lbfgs_finds_the_minimum() -> None:
    """Rosenbrock's valley, which gradient descent does not get through in thousands of steps."""
    w = cnet.tensor([-1.2, 1.0], dtype=cnet.float64, requires_grad=True)
    optimizer = optim.LBFGS([w], max_iter=100, line_search_fn='strong_wolfe', tolerance_change=0)

    def closure() -> cnet.Tensor:
        optimizer.zero_grad()
        loss = rosenbrock(w)
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == pytest.approx(24.2)
    np.testing.assert_allclose(w.numpy(force=True), [1, 1], 1e-6)
    state = optimizer.state[w]
    assert state['n_iter'] < 60
    assert state['func_evals'] < 80
    assert optimizer.step(closure).item() < 1e-12
    with pytest.raises(RuntimeError, match="only 'strong_wolfe' is supported"):
        optim.LBFGS([w], line_search_fn='armijo').step(closure)


def test_lbfgs_without_line_search_and_without_some_gradients() -> None:
    a, b = cnet.tensor([3.0], requires_grad=True), cnet.ones(2, requires_grad=True)
    optimizer = optim.LBFGS([a, b], history_size=2)

    def closure() -> cnet.Tensor:
        optimizer.zero_grad()
        loss = ((a - 1) ** 2).sum()
        loss.backward()
        return loss

    for _ in range(3):
        optimizer.step(closure)
    assert a.item() == pytest.approx(1)
    assert b.tolist() == [1, 1]


def test_names_come_when_asked_for(run_python: Any) -> None:
    done = run_python("import sys, cnet; assert 'cnet.optim.lbfgs' not in sys.modules; cnet.optim.LBFGS; "
                      "assert 'cnet.optim.lbfgs' in sys.modules; from cnet.optim import *; NAdam, lr_scheduler; "
                      "print('RAdam' in dir(cnet.optim))")
    assert done.stdout == 'True\n'
    with pytest.raises(AttributeError, match='has no attribute'):
        _ = optim.Nothing
