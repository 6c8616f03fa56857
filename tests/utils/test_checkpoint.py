"""Checkpointing: the same values and gradients, fewer tensors kept, the function called again as rarely as needed."""
from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest

import cnet
from cnet import nn
from cnet.utils.checkpoint import CheckpointError, checkpoint, checkpoint_sequential, set_checkpoint_early_stop


def model() -> Any:
    cnet.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Dropout(0.5), nn.Linear(8, 8), nn.LayerNorm(8), nn.GELU(),
                         nn.Linear(8, 2))


def grads(net: Any, run: Any) -> list[Any]:
    x = cnet.linspace(-1, 1, 12).reshape(3, 4).requires_grad_()
    cnet.manual_seed(1)
    y = run(net, x)
    after = cnet.rand(1).item()
    (y ** 2).sum().backward()
    return [y.tolist(), after, x.grad.tolist(), *(p.grad.tolist() for p in net.parameters())]


@pytest.mark.parametrize('reentrant', [False, True])
@pytest.mark.parametrize('early', [False, True])
def test_same_values_and_gradients(reentrant: bool, early: bool) -> None:
    expected = grads(model(), lambda net, x: net(x))
    with set_checkpoint_early_stop(early):
        assert grads(model(), lambda net, x: checkpoint(net, x, use_reentrant=reentrant)) == expected
        assert grads(model(), lambda net, x: checkpoint_sequential(net, 3, x, use_reentrant=reentrant)) == expected
        assert grads(model(), lambda net, x: net[3:](checkpoint(lambda y: checkpoint(net[:3], y, use_reentrant=False), x,
                                                                use_reentrant=reentrant))) == expected


def test_what_is_kept() -> None:
    inner = []

    def f(x: Any) -> Any:
        y = x.exp()
        inner.append(weakref.ref(y))
        return (y * y).sum()
    x = cnet.ones(3, requires_grad=True)
    y = checkpoint(f, x, use_reentrant=False)
    gc.collect()
    assert inner[0]() is None and len(inner) == 1
    y.backward(retain_graph=True)
    assert len(inner) == 2
    y.backward()
    assert len(inner) == 3
    assert x.grad.tolist() == pytest.approx([2 * 2 * 7.389056] * 3)


def test_early_stop_and_double_backward() -> None:
    ends = []

    def f(x: Any) -> Any:
        y = (x ** 3).sum()
        ends.append(1)
        return y
    x = cnet.tensor([2.], requires_grad=True)
    (g,) = cnet.autograd.grad(checkpoint(f, x, use_reentrant=False), x, create_graph=True)
    assert len(ends) == 1 and g.item() == 12
    g.backward()
    assert x.grad.item() == 12
    checkpoint(f, x, use_reentrant=False, early_stop=False).backward()
    assert len(ends) == 3


def test_without_gradients() -> None:
    x = cnet.ones(2)
    with cnet.no_grad():
        assert not checkpoint(cnet.sin, x.clone().requires_grad_(), use_reentrant=False).requires_grad
    with pytest.warns(UserWarning, match='None of the inputs'):
        assert not checkpoint(nn.Linear(2, 2), x, use_reentrant=True).requires_grad
    assert checkpoint(nn.Linear(2, 2), x, use_reentrant=False).requires_grad


def test_refusals() -> None:
    x = cnet.ones(2, requires_grad=True)
    with pytest.warns(UserWarning, match='use_reentrant parameter'):
        checkpoint(cnet.sin, x)
    for options in ({'scale': 2}, {'debug': True}, {'determinism_check': 'x'}):
        with pytest.raises(ValueError):
            checkpoint(cnet.sin, x, use_reentrant=True, **options)
    calls = []

    def changing(x: Any) -> Any:
        calls.append(1)
        return x.exp().exp().sum() if len(calls) == 1 else x.exp().sum()

    def growing(x: Any) -> Any:
        calls.append(1)
        return cnet.cat([x] * len(calls)).exp().sum()
    y = checkpoint(changing, x, use_reentrant=False)
    with pytest.raises(CheckpointError, match='different number'):
        y.backward()
    calls.clear()
    y = checkpoint(growing, x, use_reentrant=False)
    with pytest.raises(CheckpointError, match='different metadata'):
        y.backward()
