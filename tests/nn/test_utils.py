"""Clipping and flattening of parameters."""
from __future__ import annotations

import math

import pytest

import cnet
from cnet import nn
from cnet.nn.utils import (
    clip_grad_norm_,
    clip_grad_value_,
    clip_grads_with_norm_,
    get_total_norm,
    parameters_to_vector,
    vector_to_parameters,
)


def with_gradients(*gradients: list[float]) -> list[cnet.Tensor]:
    parameters = [cnet.zeros(len(g), requires_grad=True) for g in gradients]
    for p, g in zip(parameters, gradients):
        p.grad = cnet.tensor(g)
    return parameters


@pytest.mark.parametrize(('p', 'norm'), [(2, 13.), (1, 19.), (math.inf, 12.), (3.0, (27 + 64 + 1728) ** (1 / 3))])
def test_total_norm(p: float, norm: float) -> None:
    parameters = with_gradients([3., -4.], [12.])
    assert get_total_norm([q.grad for q in parameters], p).item() == pytest.approx(norm)
    assert clip_grad_norm_(iter(parameters), 1.0, p).item() == pytest.approx(norm)
    assert parameters[1].grad.item() == pytest.approx(12 / norm)


def test_small_gradients_stay() -> None:
    parameters = [*with_gradients([0.3, -0.4]), cnet.zeros(1, requires_grad=True)]
    clip_grad_norm_(parameters, 1.0)
    assert parameters[0].grad.tolist() == pytest.approx([0.3, -0.4])
    assert parameters[1].grad is None


def test_nothing_to_clip() -> None:
    assert clip_grad_norm_([cnet.zeros(1, requires_grad=True)], 1.0).item() == 0
    with pytest.warns(UserWarning, match='empty generator'):
        clip_grad_norm_(iter([]), 1.0)


@pytest.mark.parametrize('bad', [math.inf, math.nan])
def test_non_finite(bad: float) -> None:
    parameters = with_gradients([bad, 1.])
    with pytest.raises(RuntimeError, match='non-finite'):
        clip_grad_norm_(parameters, 1.0, error_if_nonfinite=True)
    assert parameters[0].grad[1] == 1
    clip_grad_norm_(parameters, 1.0)
    assert math.isnan(parameters[0].grad[0].item())


def test_clip_with_a_norm_that_is_known() -> None:
    (p,) = with_gradients([3., 4.])
    clip_grads_with_norm_(p, 1.0, cnet.tensor(10.))
    assert p.grad.tolist() == pytest.approx([0.3, 0.4])


def test_clip_value() -> None:
    (p,) = with_gradients([3., -4., 0.5])
    clip_grad_value_(p, 1)
    assert p.grad.tolist() == [1, -1, 0.5]


def test_vector_and_back() -> None:
    net = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 1))
    vector = parameters_to_vector(net.parameters())
    assert vector.shape == (11,)
    assert vector.requires_grad
    vector_to_parameters(cnet.arange(11.), net.parameters())
    assert net[0].weight.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert net[1].bias.tolist() == [10]
    assert net[0].weight.requires_grad
    with pytest.raises(TypeError, match='expected cnet.Tensor'):
        vector_to_parameters([1.0], net.parameters())  # type: ignore[arg-type]


@pytest.mark.parametrize('dims', [1, 2, 3])
def test_gradients_of_convolutions(dims: int) -> None:
    x = cnet.randn(2, 4, *[7] * dims, dtype=cnet.float64, requires_grad=True)
    w = cnet.randn(6, 2, *[3] * dims, dtype=cnet.float64, requires_grad=True)
    constants = {'stride': 2, 'padding': 1, 'dilation': 1, 'groups': 2}
    y = getattr(nn.functional, f'conv{dims}d')(x, w, None, **constants)
    g = cnet.randn(*y.shape, dtype=cnet.float64)
    gx, gw = cnet.autograd.grad(y, (x, w), g)
    assert cnet.allclose(getattr(nn.grad, f'conv{dims}d_input')(x.shape, w, g, **constants), gx)
    assert cnet.allclose(getattr(nn.grad, f'conv{dims}d_weight')(x, w.shape, g, **constants), gw)
    with pytest.raises(RuntimeError, match='Expected grad_output of shape'):
        getattr(nn.grad, f'conv{dims}d_input')(x.shape, w, g[:1], **constants)


def test_memory_formats_of_weights() -> None:
    model = nn.Sequential(nn.Conv2d(8, 4, 3), nn.Sequential(nn.ConvTranspose2d(4, 2, 3)), nn.Conv3d(2, 2, 3), nn.Linear(4, 2))
    before = [p.detach().clone() for p in model.parameters()]
    assert nn.utils.convert_conv2d_weight_memory_format(model, cnet.channels_last) is model
    nn.utils.convert_conv3d_weight_memory_format(model, cnet.channels_last_3d)
    assert model[0].weight.is_contiguous(memory_format=cnet.channels_last)
    assert model[1][0].weight.is_contiguous(memory_format=cnet.channels_last)
    assert model[2].weight.is_contiguous(memory_format=cnet.channels_last_3d)
    assert model[3].weight.is_contiguous()
    assert all(cnet.equal(a, b) for a, b in zip(before, model.parameters()))
    assert model[0](cnet.randn(1, 8, 5, 5)).shape == (1, 4, 3, 3)
