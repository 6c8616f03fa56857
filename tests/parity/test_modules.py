"""The record that tests/nn/test_modules.py compares with is what this PyTorch does; constructors take its arguments."""
from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from typing import Any

import nn.scenarios_of_calls
import nn.scenarios_of_lazy
import nn.scenarios_of_state
import nn.scenarios_of_utils  # noqa: F401
import numpy as np
import pytest
from nn.layers import LAYERS, built
from nn.scenario import RECORD, SCENARIOS, outcome

import cnet

torch = pytest.importorskip('torch')

EXPECTED = json.loads(RECORD.read_text())


@pytest.mark.parametrize(('name', 'run'), [pytest.param(n, run, id=n) for n, run in {**SCENARIOS, **built()}.items()])
def test_record(name: str, run: Callable) -> None:
    assert outcome(run, torch) == EXPECTED[name]


@pytest.mark.parametrize('name', LAYERS)
def test_constructor_arguments(name: str) -> None:
    def arguments(lib: Any) -> list:
        parameters = inspect.signature(getattr(lib.nn, name).__init__).parameters.values()
        return [(p.name, p.default, p.kind) for p in parameters]
    assert arguments(cnet) == arguments(torch)


@pytest.mark.parametrize('channels', [1, 2, 3, 7, 12])
@pytest.mark.parametrize('size', [2, 3, 4, 5, 7])
def test_cross_map_normalization(size: int, channels: int) -> None:
    """Also PyTorch's windows that keep the first channel, and its gradient, which goes through others."""
    x = np.random.default_rng(size).standard_normal((2, channels, 3, 4))

    def run(lib: Any) -> tuple[np.ndarray, np.ndarray, str]:
        t = lib.tensor(x, requires_grad=True)
        y = lib.nn.CrossMapLRN2d(size, alpha=0.5, beta=0.75, k=1.5)(t)
        y.backward(lib.tensor(np.cos(x)))
        return y.detach().numpy(), t.grad.numpy(), type(y.grad_fn).__name__
    got, expected = run(cnet), run(torch)
    np.testing.assert_allclose(got[0], expected[0], rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(got[1], expected[1], rtol=1e-13, atol=1e-13)
    assert got[2] == expected[2]


def test_derivative_of_the_gradient_of_cross_map_normalization() -> None:
    module = cnet.nn.CrossMapLRN2d(3, alpha=0.5, k=1.5)
    x, g = (cnet.randn(1, 6, 2, 2, dtype=cnet.float64, requires_grad=True) for _ in range(2))

    def gradient(x: cnet.Tensor, g: cnet.Tensor) -> cnet.Tensor:
        x = x.view_as(x)
        return cnet.autograd.grad(module(x), x, g, create_graph=True)[0]
    assert cnet.autograd.gradcheck(gradient, (x, g))
