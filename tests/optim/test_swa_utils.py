"""Running averages of models."""
from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import cnet
from cnet import nn
from cnet.optim import swa_utils


def model() -> nn.Module:
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))


def moved(net: nn.Module) -> nn.Module:
    with cnet.no_grad():
        for p in net.parameters():
            p += cnet.randn(p.shape)
        net[1].num_batches_tracked += 2
        net[1].running_mean += 1
    return net


@pytest.mark.parametrize(('options', 'weights'), [
    ({}, [0.25, 0.25, 0.25, 0.25]),
    ({'avg_fn': swa_utils.get_swa_avg_fn()}, [0.25, 0.25, 0.25, 0.25]),
    ({'multi_avg_fn': swa_utils.get_swa_multi_avg_fn()}, [0.25, 0.25, 0.25, 0.25]),
    ({'avg_fn': swa_utils.get_ema_avg_fn(0.5)}, [0.125, 0.125, 0.25, 0.5]),
    ({'multi_avg_fn': swa_utils.get_ema_multi_avg_fn(0.5)}, [0.125, 0.125, 0.25, 0.5]),
])
def test_averages(options: dict[str, Any], weights: list[float]) -> None:
    net = model()
    average = swa_utils.AveragedModel(net, **options)
    seen = []
    for _ in weights:
        moved(net)
        seen.append(copy.deepcopy(net.state_dict()))
        average.update_parameters(net)
    assert average.n_averaged.item() == 4
    for name, p in average.module.named_parameters():
        mean = sum(w * state[name].numpy() for w, state in zip(weights, seen))
        np.testing.assert_allclose(p.numpy(force=True), mean, 1e-5, 1e-6)
    assert average.module[1].num_batches_tracked.item() == 8, 'buffers are copied'
    assert list(average.state_dict())[:2] == ['n_averaged', 'module.0.weight']
    x = cnet.randn(2, 3)
    assert cnet.equal(average.eval()(x), average.module(x))


def test_buffers_are_averaged_when_asked() -> None:
    net = model()
    average = swa_utils.AveragedModel(net, use_buffers=True)
    for _ in range(3):
        average.update_parameters(net)
        moved(net)
    np.testing.assert_allclose(average.module[1].running_mean.numpy(), [1, 1, 1, 1], 1e-6)
    assert average.module[1].num_batches_tracked.item() == 2
    ema = swa_utils.AveragedModel(model(), use_buffers=True, multi_avg_fn=swa_utils.get_ema_multi_avg_fn(0.5))
    ema.update_parameters(net)
    moved(net)
    ema.update_parameters(net)
    assert ema.module[1].num_batches_tracked.item() == 7


def test_update_bn() -> None:
    net = model()
    data = [(cnet.randn(5, 3), None) for _ in range(3)]
    net.eval()
    net[1].momentum = 0.3
    swa_utils.update_bn(data, net)
    out = [net[0](x) for x, _ in data]
    np.testing.assert_allclose(net[1].running_mean.numpy(), cnet.stack(out).mean((0, 1)).numpy(force=True), 1e-4, 1e-6)
    np.testing.assert_allclose(net[1].running_var.numpy(), np.mean([y.var(0).numpy(force=True) for y in out], 0), 1e-4)
    assert net[1].momentum == 0.3
    assert not net.training
    swa_utils.update_bn(data, nn.Linear(3, 4))


def test_refusals() -> None:
    with pytest.raises(AssertionError, match='Only one of avg_fn and multi_avg_fn'):
        swa_utils.AveragedModel(model(), avg_fn=swa_utils.get_swa_avg_fn(), multi_avg_fn=swa_utils.get_swa_multi_avg_fn())
    for make in (swa_utils.get_ema_avg_fn, swa_utils.get_ema_multi_avg_fn):
        with pytest.raises(ValueError, match='Invalid decay value 2'):
            make(2)
