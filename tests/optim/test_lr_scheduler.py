"""Schedules: rates, states, order of calls, refusals. Values against PyTorch are in tests/parity."""
from __future__ import annotations

import copy
import gc
import pickle
import warnings
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from schedules import SCHEDULES, follow, optimizer

import cnet
from cnet.optim import lr_scheduler as L
from cnet.optim.swa_utils import SWALR


@pytest.mark.parametrize('name', SCHEDULES)
def test_resume_is_exact(name: str) -> None:
    """Twelve steps are seven, a saved state of both, and five steps of a new schedule of a new optimizer."""
    make = SCHEDULES[name]
    through, _, _ = follow(cnet, make, 12)
    first, o, s = follow(cnet, make, 7)
    saved = pickle.loads(pickle.dumps((o.state_dict(), s.state_dict())))
    fresh = optimizer(cnet)
    schedule = make(cnet, fresh)
    fresh.load_state_dict(saved[0])
    schedule.load_state_dict(saved[1])
    second, _, _ = follow(cnet, None, 5, (fresh, schedule), first=7)
    assert first + second == through


@pytest.mark.parametrize('name', SCHEDULES)
def test_tensor_learning_rates_are_filled(name: str) -> None:
    make = SCHEDULES[name]
    plain, _, _ = follow(cnet, make, 6)
    o = optimizer(cnet)
    for group in o.param_groups:
        group['lr'] = cnet.tensor(group['lr'], dtype=cnet.float64)
    tensors = [group['lr'] for group in o.param_groups]
    rates, _, schedule = follow(cnet, None, 6, (o, make(cnet, o)))
    assert [[group['lr'] for group in o.param_groups][i] is tensors[i] for i in (0, 1)] == [True, True]
    for a, b in zip(plain, rates):
        assert a == pytest.approx(b)
    assert schedule.get_last_lr()[0] is not tensors[0]


def test_closed_forms() -> None:
    for make, expected in ((lambda o: L.StepLR(o, 2), 0.01), (lambda o: L.MultiStepLR(o, [1, 3]), 0.01),
                           (lambda o: L.ConstantLR(o, 0.5, 6), 0.5), (lambda o: L.LinearLR(o, 0.5, total_iters=10), 0.75),
                           (lambda o: L.ExponentialLR(o, 0.5), 1 / 32), (lambda o: L.PolynomialLR(o, 10), 0.5),
                           (lambda o: L.CosineAnnealingLR(o, 10), 0.5), (lambda o: L.LambdaLR(o, lambda t: t / 10), 0.5)):
        o = cnet.optim.SGD([cnet.ones(1)], lr=1.0)
        schedule = make(o)
        o.step()
        with pytest.warns(UserWarning, match='epoch parameter'):
            schedule.step(5)
        assert schedule.get_last_lr() == pytest.approx([expected])


def test_warm_restarts_take_fractions() -> None:
    o = cnet.optim.SGD([cnet.ones(1)], lr=1.0)
    schedule = L.CosineAnnealingWarmRestarts(o, 2, 2)
    schedule.step(1.5)
    assert schedule.T_cur == 1.5
    schedule.step(4)
    assert (schedule.T_cur, schedule.T_i) == (2, 4)
    with pytest.raises(ValueError, match='non-negative epoch'):
        schedule.step(-1)


def test_order_of_calls() -> None:
    def schedule() -> tuple[Any, Any]:
        o = cnet.optim.SGD([cnet.ones(1)], lr=1.0)
        return o, L.ExponentialLR(o, 0.5)

    o, s = schedule()
    with pytest.warns(UserWarning, match=r'`lr_scheduler.step\(\)` before `optimizer.step\(\)`'):
        s.step()
    o, s = schedule()
    o.step()
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        s.step()
    with pytest.warns(UserWarning, match=r'please use `get_last_lr\(\)`'):
        s.get_lr()
    o, s = schedule()
    o.step = lambda: None
    with pytest.warns(UserWarning, match='has been overridden'):
        s.step()


def test_no_cycle_keeps_the_optimizer() -> None:
    o = cnet.optim.SGD([cnet.ones(1)], lr=1.0)
    s = L.StepLR(o, 2)
    alive = weakref.ref(o)
    gc.disable()
    try:
        del o, s
        assert alive() is None
    finally:
        gc.enable()


def test_optimizer_with_schedule_is_copied_and_pickled() -> None:
    p = cnet.nn.Parameter(cnet.ones(1))
    o = cnet.optim.SGD([p], lr=1.0)
    L.StepLR(o, 2)
    for other in (copy.deepcopy(o), pickle.loads(pickle.dumps(o))):
        q = other.param_groups[0]['params'][0]
        q.grad = cnet.ones(1)
        other.step()
        assert (q.item(), p.item()) == (0, 1)


def test_callable_objects_are_saved_and_functions_are_not() -> None:
    class Scale:
        def __init__(self, by: float) -> None:
            self.by = by

        def __call__(self, x: float) -> float:
            return self.by

    o = optimizer(cnet)
    schedule = L.LambdaLR(o, [Scale(0.5), lambda t: 1.0])
    state = schedule.state_dict()
    assert state['lr_lambdas'] == [{'by': 0.5}, None]
    other = L.LambdaLR(optimizer(cnet), [Scale(1.0), lambda t: 1.0])
    other.load_state_dict(state)
    assert other.lr_lambdas[0].by == 0.5
    assert 'lr_lambdas' in state
    cyclic = L.CyclicLR(optimizer(cnet), 0.1, 1.0, scale_fn=Scale(0.5))
    state = cyclic.state_dict()
    assert state['_scale_fn_custom'] == {'by': 0.5}
    other = L.CyclicLR(optimizer(cnet), 0.1, 1.0, scale_fn=Scale(1.0))
    other.load_state_dict(state)
    assert other.scale_fn(3) == 0.5


def test_momentum_of_adam() -> None:
    for make in (lambda o: L.OneCycleLR(o, 1.0, total_steps=4), lambda o: L.CyclicLR(o, 0.1, 1.0, step_size_up=2)):
        o = cnet.optim.Adam([cnet.ones(1)], betas=(0.5, 0.7))
        schedule = make(o)
        first = o.param_groups[0]['betas']
        o.step()
        schedule.step()
        assert first[1] == o.param_groups[0]['betas'][1] == 0.7
        assert o.param_groups[0]['betas'][0] < first[0]
    with pytest.raises(ValueError, match='must support momentum'):
        L.OneCycleLR(cnet.optim.Adagrad([cnet.ones(1)]), 1.0, total_steps=4)


def test_end_of_one_cycle() -> None:
    o = optimizer(cnet)
    schedule = L.OneCycleLR(o, 1.0, total_steps=2)
    o.step()
    schedule.step()
    schedule.step()
    with pytest.raises(ValueError, match='Tried to step 3 times'):
        schedule.step()


def test_plateau_and_new_groups() -> None:
    o = optimizer(cnet)
    schedule = L.ReduceLROnPlateau(o, patience=0)
    listed = L.ReduceLROnPlateau(o, patience=0, min_lr=[0.0, 0.0])
    o.add_param_group({'params': cnet.ones(1), 'lr': 1.0})
    for _ in range(2):
        schedule.step(cnet.tensor(1.0))
    assert o.param_groups[2]['lr'] == pytest.approx(0.1)
    listed.step(1.0)
    with pytest.raises(RuntimeError, match='number of param groups'):
        listed.step(1.0)


def refusals() -> Iterator[tuple[Callable[[Any], Any], type[Exception], str]]:
    yield lambda o: L.StepLR(3, 2), TypeError, 'int is not an Optimizer'
    yield lambda o: L.StepLR(o, 2, last_epoch=4), KeyError, 'initial_lr'
    yield lambda o: L.LambdaLR(o, [abs]), ValueError, 'Expected 2 lr_lambdas, but got 1'
    yield lambda o: L.MultiplicativeLR(o, 3), TypeError, 'lr_lambda should be a function, but got int'
    yield lambda o: L.ConstantLR(o, 2), ValueError, 'between 0 and 1'
    yield lambda o: L.LinearLR(o, 0), ValueError, 'greater than 0'
    yield lambda o: L.LinearLR(o, 1, -1), ValueError, 'between 0 and 1'
    yield lambda o: L.SequentialLR(o, [], []), ValueError, 'at least one scheduler'
    yield lambda o: L.SequentialLR(o, [L.StepLR(o, 1)], [3]), ValueError, 'one more than the number of milestone'
    yield lambda o: L.SequentialLR(o, [L.ReduceLROnPlateau(o)], []), ValueError, 'does not support `ReduceLROnPlateau`'
    yield lambda o: L.SequentialLR(o, [L.StepLR(optimizer(cnet), 1)], []), ValueError, 'belong to the same optimizer'
    yield lambda o: L.SequentialLR(o, [3], []), TypeError, 'should have `optimizer` as its attribute'
    yield lambda o: L.ChainedScheduler([]), ValueError, 'at least one scheduler to be chained'
    yield lambda o: L.ReduceLROnPlateau(o, factor=1.0), ValueError, 'Factor should be < 1.0'
    yield lambda o: L.ReduceLROnPlateau(o, min_lr=[1.0]), ValueError, 'expected 2 min_lrs, got 1'
    yield lambda o: L.ReduceLROnPlateau(o, 'least'), ValueError, 'mode least is unknown'
    yield lambda o: L.ReduceLROnPlateau(o, threshold_mode='x'), ValueError, 'threshold mode x is unknown'
    yield lambda o: L.CyclicLR(o, [0.1], 1.0), ValueError, 'base_lr must have the same length'
    yield lambda o: L.CyclicLR(o, 0.1, 1.0, mode='x'), ValueError, 'mode is invalid and scale_fn is None'
    yield lambda o: L.CosineAnnealingWarmRestarts(o, 0), ValueError, 'positive integer T_0'
    yield lambda o: L.CosineAnnealingWarmRestarts(o, 1, 0), ValueError, 'T_mult >= 1'
    yield lambda o: L.CosineAnnealingWarmRestarts(o, 1, eta_min='x'), ValueError, 'eta_min'
    yield lambda o: L.OneCycleLR(o, 1.0), ValueError, 'You must define either total_steps'
    yield lambda o: L.OneCycleLR(o, 1.0, total_steps=0), ValueError, 'positive integer total_steps, but got 0'
    yield lambda o: L.OneCycleLR(o, 1.0, epochs=0, steps_per_epoch=3), ValueError, 'positive integer epochs, but got 0'
    yield lambda o: L.OneCycleLR(o, 1.0, total_steps=5, pct_start=2), ValueError, 'between 0 and 1 pct_start'
    yield lambda o: L.OneCycleLR(o, 1.0, total_steps=5, anneal_strategy='x'), ValueError, 'anneal_strategy must be one of'
    yield lambda o: SWALR(o, 0.1, anneal_strategy='x'), ValueError, 'anneal_strategy must be one of'
    yield lambda o: SWALR(o, 0.1, anneal_epochs=-1), ValueError, 'equal or greater than 0'
    yield lambda o: L.LRScheduler(o), NotImplementedError, '^$'


@pytest.mark.parametrize('i', range(len(list(refusals()))))
def test_refusals(i: int) -> None:
    make, error, text = list(refusals())[i]
    with pytest.raises(error, match=text):
        make(optimizer(cnet))
