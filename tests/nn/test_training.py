"""Small models learn; layers that read their parameters directly still find them elsewhere."""
from __future__ import annotations

import copy
import gc
import weakref

import pytest

import cnet
from cnet import nn


@pytest.mark.parametrize('model', [
    lambda: nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 2)),
    lambda: nn.Sequential(nn.Linear(2, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 2)),
    lambda: nn.Sequential(nn.Unflatten(1, (1, 2)), nn.Conv1d(1, 16, 2), nn.GELU(), nn.Flatten(), nn.LayerNorm(16),
                          nn.Linear(16, 2)),
], ids=['mlp', 'batch norm', 'convolution'])
def test_exclusive_or_is_learnt(model: type) -> None:
    x = cnet.tensor([[0., 0.], [0., 1.], [1., 0.], [1., 1.]])
    y = cnet.tensor([0, 1, 1, 0])
    net, loss = model(), nn.CrossEntropyLoss()
    for _ in range(300):
        net.zero_grad()
        value = loss(net(x), y)
        value.backward()
        with cnet.no_grad():
            for p in net.parameters():
                p -= 0.3 * p.grad
    assert value.item() < 0.1
    assert net(x).argmax(1).tolist() == y.tolist()


@pytest.mark.parametrize(('layer', 'shape'), [
    (nn.Linear(2, 2), (1, 2)), (nn.Conv1d(2, 2, 1), (1, 2, 3)), (nn.LayerNorm(2), (1, 2)), (nn.BatchNorm1d(2), (3, 2)),
    (nn.ConvTranspose1d(2, 2, 1), (1, 2, 3)), (nn.GroupNorm(1, 2), (1, 2, 3)),
])
def test_weight_that_is_no_parameter_any_more(layer: nn.Module, shape: tuple) -> None:
    """As after weight norm or pruning: the weight is an ordinary attribute, made anew before each call."""
    layer, x = copy.deepcopy(layer), cnet.rand(shape)
    weight = layer.weight.detach()
    del layer.weight
    layer.weight = weight * 0
    layer.bias = None
    assert layer(x).abs().sum() == 0


def test_property_in_place_of_a_parameter() -> None:
    class Positive(nn.Linear):
        @property
        def weight(self) -> cnet.Tensor:  # type: ignore[override]
            return self.raw.exp()

        def __init__(self) -> None:
            nn.Module.__init__(self)
            self.in_features = self.out_features = 1
            self.raw = nn.Parameter(cnet.zeros(1, 1))
            self.register_parameter('bias', None)

    assert Positive()(cnet.ones(1, 1)).item() == 1


def test_replaced_parameter_is_used_at_once() -> None:
    layer = nn.Linear(1, 1, bias=False)
    layer._parameters['weight'] = nn.Parameter(cnet.ones(1, 1) * 5)
    assert layer(cnet.ones(1, 1)).item() == 5
    assert layer.weight.item() == 5


def test_hooks_put_straight_into_the_dictionary_are_called() -> None:
    layer = nn.Identity()
    layer._forward_hooks[7] = lambda module, args, output: output + 1
    assert layer(1) == 2
    layer._forward_hooks.clear()
    assert layer(1) == 1


def test_modules_are_freed_without_the_collector() -> None:
    gc.disable()
    try:
        net = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
        net(cnet.rand(3, 2)).sum().backward()
        handle = net.register_forward_hook(lambda *args: None)
        net(cnet.rand(3, 2))
        gone = weakref.ref(net)
        del net
        assert gone() is None
        handle.remove()
    finally:
        gc.enable()


def test_only_the_module_with_a_hook_pays_for_it() -> None:
    net = nn.Sequential(nn.Identity(), nn.Identity())
    net[0].register_forward_hook(lambda *args: None)
    net.state_dict()
    assert '_hooked' in net[0].__dict__
    assert '_hooked' not in net[1].__dict__
