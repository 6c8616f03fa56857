"""Neighbours in a Sequential, which may run as one operation, against PyTorch's: results, both gradients, statistics."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cnet

torch = pytest.importorskip('torch')

MODELS: dict[str, tuple[Callable[[Any], list], tuple[int, ...]]] = {
    **{act: (lambda nn, act=act: [nn.Linear(5, 9), getattr(nn, act)(), nn.Linear(9, 4, bias=False), getattr(nn, act)()], (7, 5))
       for act in ('ReLU', 'Tanh', 'Sigmoid', 'GELU', 'SiLU')},
    'long rows': (lambda nn: [nn.Linear(300, 80), nn.ReLU(), nn.Linear(80, 3), nn.GELU()], (400, 300)),
    'norms': (lambda nn: [nn.BatchNorm1d(5), nn.ReLU(), nn.Linear(5, 6), nn.BatchNorm1d(6, affine=False), nn.ReLU(inplace=True)],
              (7, 5)),
    'signals': (lambda nn: [nn.Conv1d(3, 4, 3), nn.ReLU(), nn.Conv1d(4, 5, 3), nn.BatchNorm1d(5, momentum=None), nn.ReLU()],
                (2, 3, 9)),
    'images': (lambda nn: [nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU(inplace=True),
                           nn.Conv2d(8, 8, 3, 2, groups=8), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 20, 1), nn.BatchNorm2d(20),
                           nn.ReLU()], (2, 3, 8, 29)),
    'volumes': (lambda nn: [nn.Conv3d(2, 4, 2), nn.BatchNorm3d(4, track_running_stats=False), nn.ReLU()], (2, 2, 4, 5, 6)),
}


def outcome(lib: Any, name: str, dtype: str, training: bool) -> tuple[str, list[np.ndarray]]:
    build, shape = MODELS[name]
    rng, kind = np.random.default_rng(0), getattr(lib, dtype)
    model = lib.nn.Sequential(*build(lib.nn)).to(kind).train(training)
    with lib.no_grad():
        for t in [*model.parameters(), *model.buffers()]:
            if t.is_floating_point():
                t.copy_(lib.tensor(rng.uniform(0.2, 1, tuple(t.shape)) * np.where(rng.random(tuple(t.shape)) < 0.5, -1, 1)))
        for b in model.buffers():
            b.abs_()
    x = lib.tensor(rng.standard_normal(shape), dtype=kind, requires_grad=True)
    with lib.no_grad():
        results = [model(x)]
    y = model(x)
    inputs = [x, *model.parameters()]
    results += [y, *lib.autograd.grad((y * y.cos()).sum(), inputs, retain_graph=True)]
    first = lib.autograd.grad((y * y).sum(), inputs, create_graph=True)
    second = lib.autograd.grad(sum((g * g).sum() for g in first), inputs, allow_unused=True)
    results += [*first, *(g for g in second if g is not None), *model.buffers()]
    return type(y.grad_fn).__name__, [t.detach().numpy() for t in results]


@pytest.mark.parametrize('name', MODELS)
@pytest.mark.parametrize('training', [True, False])
@pytest.mark.parametrize('dtype', ['float32', 'float64'])
def test_sequential(name: str, training: bool, dtype: str) -> None:
    ours, theirs = (outcome(lib, name, dtype, training) for lib in (cnet, torch))
    assert ours[0] == theirs[0]
    # Some gradients are sums that cancel: rounding is measured against the largest number of its kind, 1e-5 and 1e-12 of it.
    largest = max(abs(t).max() for t in theirs[1])
    eps = 1e-5 if dtype == 'float32' else 1e-12
    for a, b in zip(ours[1], theirs[1], strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, 100 * eps, eps * largest)
