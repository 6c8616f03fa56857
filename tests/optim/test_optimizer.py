"""The base of optimizers: groups, state, hooks, saving, refusals; and the fused steps against plain formulas."""
from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import cnet
from cnet.optim import SGD, Adam, AdamW, Optimizer
from cnet.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook, required


def parameter(*shape: int, dtype: cnet.dtype = cnet.float64) -> cnet.Tensor:
    p = cnet.randn(shape, dtype=dtype, requires_grad=True)
    p.grad = cnet.randn(shape, dtype=dtype)
    return p


def sgd(p: np.ndarray, grads: list[np.ndarray], lr: float, momentum: float = 0, dampening: float = 0, weight_decay: float = 0,
        nesterov: bool = False, maximize: bool = False) -> np.ndarray:
    buffer = None
    for g in grads:
        g = (-g if maximize else g) + weight_decay * p
        if momentum:
            buffer = g if buffer is None else momentum * buffer + (1 - dampening) * g
            g = g + momentum * buffer if nesterov else buffer
        p = p - lr * g
    return p


def adam(p: np.ndarray, grads: list[np.ndarray], lr: float, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
         weight_decay: float = 0, amsgrad: bool = False, maximize: bool = False, decoupled: bool = False) -> np.ndarray:
    m, v, largest = 0.0, 0.0, 0.0
    for t, g in enumerate(grads, 1):
        g = -g if maximize else g
        if decoupled:
            p = p * (1 - lr * weight_decay)
        else:
            g = g + weight_decay * p
        m = betas[0] * m + (1 - betas[0]) * g
        v = betas[1] * v + (1 - betas[1]) * g * g
        largest = np.maximum(largest, v)
        scale = np.sqrt((largest if amsgrad else v) / (1 - betas[1] ** t)) + eps
        p = p - lr / (1 - betas[0] ** t) * m / scale
    return p


@pytest.mark.parametrize('shape', [(), (3,), (4, 5), (0,), (20001,)])
@pytest.mark.parametrize(('make', 'reference', 'options'), [
    (SGD, sgd, {}), (SGD, sgd, {'momentum': 0.9}), (SGD, sgd, {'momentum': 0.9, 'nesterov': True, 'weight_decay': 0.1}),
    (SGD, sgd, {'momentum': 0.5, 'dampening': 0.3, 'maximize': True}), (SGD, sgd, {'weight_decay': 0.1, 'maximize': True}),
    (Adam, adam, {}), (Adam, adam, {'amsgrad': True, 'weight_decay': 0.1}), (Adam, adam, {'betas': (0.3, 0.5), 'maximize': True}),
    (AdamW, adam, {'weight_decay': 0.2}),
])
def test_steps(make: type, reference: Any, options: dict[str, Any], shape: tuple[int, ...]) -> None:
    p = parameter(*shape)
    start, grads = p.numpy(force=True).copy(), []
    optimizer = make([p], lr=0.1, **options)
    for _ in range(4):
        p.grad = cnet.randn(shape, dtype=cnet.float64)
        grads.append(p.grad.numpy())
        version = p._version
        optimizer.step()
        assert p._version == version + 1
    extra = {'decoupled': True} if make is AdamW else {}
    np.testing.assert_allclose(p.numpy(force=True), reference(start, grads, 0.1, **options, **extra), 1e-12, 1e-14)


@pytest.mark.parametrize('make', [SGD, Adam, AdamW])
def test_same_bits_for_any_number_of_threads(make: type, fine_grain: None) -> None:
    start, grad = cnet.randn(100001), cnet.randn(100001)
    results = []
    for count in (1, 2, 3):
        cnet.set_num_threads(count)
        p = start.clone().requires_grad_()
        p.grad = grad
        optimizer = make([p])
        optimizer.step()
        optimizer.step()
        results.append(p.numpy(force=True).tobytes())
    assert results[0] == results[1] == results[2]


@pytest.mark.parametrize('make', [SGD, Adam, cnet.optim.RMSprop])
def test_same_bits_when_parameters_share_memory(make: type, fine_grain: None) -> None:
    results = []
    for count in (1, 2, 3):
        cnet.set_num_threads(count)
        cnet.manual_seed(0)
        base = cnet.randn(30_000)
        params = [base[:20_000].detach(), base[10_000:].detach(), cnet.randn(3), cnet.zeros(0), cnet.randn(9000).double()]
        for p in params:
            p.requires_grad_().grad = cnet.randn_like(p)
        optimizer = make(params, lr=0.1, momentum=0.9) if make is SGD else make(params)
        for _ in range(3):
            optimizer.step()
        results.append([p.detach().numpy().tobytes() for p in params])
    assert results[0] == results[1] == results[2]


def test_parameters_without_gradient_are_left_alone() -> None:
    a, b = parameter(3), cnet.ones(3, requires_grad=True)
    for make in (SGD, Adam):
        optimizer = make([a, b])
        optimizer.step()
        assert b.tolist() == [1, 1, 1]
        assert b not in optimizer.state
    make([b]).step()


def test_momentum_starts_with_the_first_gradient() -> None:
    a, b = parameter(2), cnet.zeros(2, dtype=cnet.float64, requires_grad=True)
    optimizer = SGD([a, b], lr=1.0, momentum=0.5)
    optimizer.step()
    b.grad = cnet.ones(2, dtype=cnet.float64)
    optimizer.step()
    assert optimizer.state[b]['momentum_buffer'].tolist() == [1, 1]
    assert b.tolist() == [-1, -1]
    np.testing.assert_allclose(optimizer.state[a]['momentum_buffer'].numpy(), 1.5 * a.grad.numpy())
    b.grad.zero_()
    optimizer.step()
    assert optimizer.state[b]['momentum_buffer'].tolist() == [0.5, 0.5]


def test_closure() -> None:
    p = parameter(2)
    optimizer = SGD([p], lr=0.0)

    def closure() -> cnet.Tensor:
        assert cnet.is_grad_enabled()
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    with cnet.no_grad():
        assert optimizer.step(closure).item() == (p * p).sum().item()
    np.testing.assert_array_equal(p.grad.numpy(), 2 * p.numpy(force=True))


def test_zero_grad() -> None:
    p = parameter(2)
    optimizer = SGD([p])
    g = p.grad
    optimizer.zero_grad(set_to_none=False)
    assert p.grad is g
    assert g.tolist() == [0, 0]
    optimizer.zero_grad()
    assert p.grad is None


def test_learning_rate_may_be_a_tensor() -> None:
    p, q = parameter(3), None
    q = p.detach().clone().requires_grad_()
    q.grad = p.grad
    SGD([p], lr=0.3).step()
    SGD([q], lr=cnet.tensor(0.3, dtype=cnet.float64)).step()
    assert cnet.equal(p, q)


def test_groups() -> None:
    a, b, c = parameter(1), parameter(2), parameter(3)
    optimizer = SGD([{'params': [a]}, {'params': b, 'lr': 0.5}], lr=0.1)
    optimizer.add_param_group({'params': iter([c]), 'momentum': 0.9})
    assert [g['lr'] for g in optimizer.param_groups] == [0.1, 0.5, 0.1]
    assert [g['momentum'] for g in optimizer.param_groups] == [0, 0, 0.9]
    assert optimizer.param_groups[1]['params'] == [b] or optimizer.param_groups[1]['params'][0] is b
    named = SGD([('a', a), ('b', b)])
    assert named.param_groups[0]['param_names'] == ['a', 'b']
    with pytest.raises(ValueError, match='cannot add param group without names'):
        named.add_param_group({'params': c})
    with pytest.raises(ValueError, match='more than one parameter group'):
        optimizer.add_param_group({'params': [a]})
    with pytest.warns(UserWarning, match='duplicate parameters'):
        SGD([a, a])


def test_required_option() -> None:
    class Needs(Optimizer):
        def __init__(self, params: Any) -> None:
            super().__init__(params, {'rate': required})

    assert Needs([{'params': cnet.ones(1), 'rate': 3}]).param_groups[0]['rate'] == 3
    with pytest.raises(ValueError, match="didn't specify a value of required optimization parameter rate"):
        Needs([cnet.ones(1)])
    assert repr(required) == '<required parameter>'


def test_state_dict() -> None:
    a, b = parameter(2), parameter(3)
    first = Adam([a, b], lr=0.25, amsgrad=True)
    first.step()
    saved = first.state_dict()
    assert list(saved) == ['state', 'param_groups']
    assert list(saved['state']) == saved['param_groups'][0]['params'] == [0, 1]
    assert list(saved['state'][0]) == ['step', 'exp_avg', 'exp_avg_sq', 'max_exp_avg_sq']
    assert saved['state'][0]['step'].dtype == cnet.float32
    c = [p.detach().clone().requires_grad_() for p in (a, b)]
    second = Adam(c)
    second.load_state_dict(copy.deepcopy(saved))
    for p, q in zip((a, b), c):
        q.grad = p.grad
    first.step()
    second.step()
    assert cnet.equal(a, c[0])
    assert cnet.equal(b, c[1])
    narrow = Adam([p.detach().float() for p in c])
    narrow.load_state_dict(saved)
    assert narrow.state[narrow.param_groups[0]['params'][0]]['exp_avg'].dtype == cnet.float32


def test_old_states_get_new_options() -> None:
    a = parameter(2)
    optimizer = Adam([a])
    optimizer.step()
    saved = copy.deepcopy(optimizer.state_dict())
    saved['state'][0]['step'] = 7
    for name in ('amsgrad', 'maximize', 'fused'):
        del saved['param_groups'][0][name]
    optimizer.load_state_dict(saved)
    assert optimizer.state[a]['step'].item() == 7
    assert optimizer.param_groups[0]['maximize'] is False


@pytest.mark.parametrize('make', [SGD, Adam, AdamW])
def test_pickle(make: type) -> None:
    a = cnet.nn.Parameter(cnet.ones(2))
    a.grad = cnet.ones(2)
    optimizer = make([a], lr=0.5)
    optimizer.step()
    again = pickle.loads(pickle.dumps(optimizer))
    assert repr(again) == repr(optimizer)
    [p] = again.param_groups[0]['params']
    p.grad = cnet.ones(2)
    again.step()
    optimizer.step()
    assert cnet.equal(p, a)


def test_step_hooks() -> None:
    seen = []
    p = parameter(1)
    optimizer = SGD([p])
    handles = [
        optimizer.register_step_pre_hook(lambda o, args, kwargs: seen.append(('pre', o is optimizer, len(args)))),
        optimizer.register_step_post_hook(lambda o, args, kwargs: seen.append('post')),
        register_optimizer_step_pre_hook(lambda o, args, kwargs: seen.append('global pre')),
        register_optimizer_step_post_hook(lambda o, args, kwargs: seen.append('global post')),
    ]
    optimizer.step()
    assert seen == ['global pre', ('pre', True, 1), 'post', 'global post']
    for handle in handles:
        handle.remove()
    optimizer.step()
    assert len(seen) == 4
    with optimizer.register_step_pre_hook(lambda o, args, kwargs: ((o, lambda: 5.0), {})):
        assert optimizer.step() == 5.0
    with (optimizer.register_step_pre_hook(lambda o, args, kwargs: 3),
          pytest.raises(RuntimeError, match='must return None or a tuple of')):
        optimizer.step()


def test_state_dict_hooks() -> None:
    seen = []
    optimizer = SGD([parameter(1)], lr=0.5)
    optimizer.register_state_dict_pre_hook(lambda o: seen.append(1))
    optimizer.register_state_dict_pre_hook(lambda o: seen.append(0), prepend=True)
    optimizer.register_state_dict_post_hook(lambda o, d: {**d, 'more': 1})
    saved = optimizer.state_dict()
    assert seen == [0, 1]
    assert saved['more'] == 1
    optimizer.register_load_state_dict_pre_hook(lambda o, d: {**d, 'param_groups': [{**d['param_groups'][0], 'lr': 9.0}]})
    optimizer.register_load_state_dict_post_hook(lambda o: seen.append(2))
    optimizer.load_state_dict(saved)
    assert optimizer.param_groups[0]['lr'] == 9.0
    assert seen == [0, 1, 2]


def test_own_optimizer() -> None:
    class Sign(Optimizer):
        def __init__(self, params: Any, lr: float) -> None:
            super().__init__(params, {'lr': lr})

        @cnet.no_grad()
        def step(self, closure: Any = None) -> None:
            for group in self.param_groups:
                for p in group['params']:
                    p.add_(p.grad.sign(), alpha=-group['lr'])

    p = cnet.zeros(2, requires_grad=True)
    p.grad = cnet.tensor([3.0, -4.0])
    Sign([p], 0.5).step()
    assert p.tolist() == [-0.5, 0.5]
    with pytest.raises(NotImplementedError):
        Optimizer([p], {}).step()


@pytest.mark.parametrize(('make', 'options', 'text'), [
    (SGD, {'lr': -1.0}, 'Invalid learning rate: -1.0'), (SGD, {'momentum': -1}, 'Invalid momentum value: -1'),
    (SGD, {'weight_decay': -1}, 'Invalid weight_decay value: -1'), (SGD, {'nesterov': True}, 'Nesterov momentum requires'),
    (Adam, {'lr': -1.0}, 'Invalid learning rate: -1.0'), (Adam, {'eps': -1.0}, 'Invalid epsilon value: -1.0'),
    (Adam, {'betas': (1.0, 0.5)}, 'Invalid beta parameter at index 0: 1.0'),
    (Adam, {'betas': (0.5, -1.0)}, 'Invalid beta parameter at index 1: -1.0'),
    (Adam, {'betas': (0, 0.5)}, 'either both floats or both Tensors'),
    (AdamW, {'weight_decay': -1}, 'Invalid weight_decay value: -1'),
])
def test_refused_options(make: type, options: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        make([cnet.ones(1)], **options)


@pytest.mark.parametrize('make', [SGD, Adam])
def test_flags_that_exclude_each_other(make: type) -> None:
    with pytest.raises(RuntimeError, match='cannot be `True` together'):
        make([cnet.ones(1)], fused=True, foreach=True)
    with pytest.raises(RuntimeError, match='does not support `differentiable`'):
        make([cnet.ones(1)], fused=True, differentiable=True)


def test_refused_parameters() -> None:
    w = cnet.ones(1, requires_grad=True)
    for params, error, text in ((w, TypeError, 'should be an iterable of Tensors or dicts'),
                                ([], ValueError, 'empty parameter list'),
                                ([3], TypeError, 'can only optimize Tensors, but one of the params is int'),
                                ([w * 2], ValueError, "can't optimize a non-leaf Tensor"),
                                ([{'params': {1}}], TypeError, 'ordered collections'),
                                ([('a', w), cnet.ones(1)], ValueError, 'Some param names are missing')):
        with pytest.raises(error, match=text):
            SGD(params)
    with pytest.raises(TypeError, match='param_group must be a dict'):
        SGD([w]).add_param_group([w])
    optimizer = SGD([w])
    with pytest.raises(ValueError, match='different number of parameter groups'):
        optimizer.load_state_dict({'state': {}, 'param_groups': []})
    with pytest.raises(ValueError, match="doesn't match the size"):
        optimizer.load_state_dict(SGD([cnet.ones(1), cnet.ones(2)]).state_dict())
