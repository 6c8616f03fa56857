"""Layers of images whose channels come last in memory: values, gradients, and the strides of both, are PyTorch's."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cnet

torch = pytest.importorskip('torch')
SHAPE = (2, 6, 9, 7)


def numbers(lib: Any, *shape: int, seed: int = 0) -> Any:
    return lib.from_numpy(np.random.default_rng(seed).uniform(0.5, 1.5, shape).astype('f4'))


LAYERS: dict[str, Callable[[Any, Any], Any]] = {
    'group norm': lambda T, x: T.nn.functional.group_norm(x, 2),
    'group norm, mapped': lambda T, x: T.nn.functional.group_norm(x, 3, numbers(T, 6), numbers(T, 6, seed=1)),
    'instance norm': lambda T, x: T.nn.functional.instance_norm(x),
    'instance norm, mapped': lambda T, x: T.nn.functional.instance_norm(x, None, None, numbers(T, 6), numbers(T, 6, seed=1)),
    'batch norm': lambda T, x: T.nn.functional.batch_norm(x, None, None, numbers(T, 6), numbers(T, 6, seed=1), True),
    'batch norm, given statistics': lambda T, x: T.nn.functional.batch_norm(x, numbers(T, 6), numbers(T, 6), numbers(T, 6)),
    'layer norm of pixels': lambda T, x: T.nn.functional.layer_norm(x.permute(0, 2, 3, 1), (6,)).permute(0, 3, 1, 2),
    'layer norm of rows': lambda T, x: T.nn.functional.layer_norm(x, (7,)),
    'softmax': lambda T, x: x.softmax(1),
    'log softmax': lambda T, x: x.log_softmax(1),
    'average': lambda T, x: T.nn.functional.avg_pool2d(x, 2),
    'average, padded': lambda T, x: T.nn.functional.avg_pool2d(x, 3, 2, 1, count_include_pad=False),
    'adaptive average': lambda T, x: T.nn.functional.adaptive_avg_pool2d(x, (4, 3)),
    'maximum': lambda T, x: T.nn.functional.max_pool2d(x, 3, 2, 1),
    'nearest': lambda T, x: T.nn.functional.interpolate(x, scale_factor=2),
    'bilinear': lambda T, x: T.nn.functional.interpolate(x, size=(5, 11), mode='bilinear'),
    'one tap': lambda T, x: T.nn.functional.conv2d(x, numbers(T, 5, 6, 1, 1), numbers(T, 5)),
    'nine taps': lambda T, x: T.nn.functional.conv2d(x, numbers(T, 5, 6, 3, 3), None, 1, 1),
    'depthwise': lambda T, x: T.nn.functional.conv2d(x, numbers(T, 6, 1, 3, 3), numbers(T, 6), 1, 1, 1, 6),
    'depthwise, strides': lambda T, x: T.nn.functional.conv2d(x, numbers(T, 6, 1, 3, 3), None, 2, 1, 1, 6),
}


def described(lib: Any, layer: Callable[[Any, Any], Any], last: bool) -> list[Any]:
    """The result and the gradient; `last`: the gradient of the result has channels last too."""
    formats = lib.channels_last, lib.contiguous_format
    x = numbers(lib, *SHAPE).contiguous(memory_format=formats[0]).requires_grad_()
    y = layer(lib, x)
    g = numbers(lib, *y.shape, seed=2).contiguous(memory_format=formats[0 if last else 1])
    return [y.detach(), *lib.autograd.grad(y, x, g)]


@pytest.mark.parametrize('last', [True, False])
@pytest.mark.parametrize('name', LAYERS)
def test_values_and_strides(name: str, last: bool) -> None:
    for a, e in zip(described(cnet, LAYERS[name], last), described(torch, LAYERS[name], last), strict=True):
        np.testing.assert_allclose(a.numpy(), e.numpy(), rtol=2e-4, atol=2e-5)
        assert a.stride() == e.stride()


@pytest.mark.parametrize('size', [1, 2, 5])
def test_local_response_norm(size: int) -> None:
    """Where the gradient's channels come last as well; else PyTorch's own lies in the order of its steps."""
    def layer(T: Any, x: Any) -> Any:
        return T.nn.functional.local_response_norm(x, size, alpha=0.5)
    for a, e in zip(described(cnet, layer, True), described(torch, layer, True), strict=True):
        np.testing.assert_allclose(a.numpy(), e.numpy(), rtol=2e-4, atol=2e-5)
        assert a.stride() == e.stride()


@pytest.mark.parametrize('name', ['avg_pool2d', 'adaptive_avg_pool2d'])
@pytest.mark.parametrize('size', [1, 2])
def test_a_second_gradient_of_a_mean(name: str, size: int) -> None:
    """Without `retain_graph`: refused by the same poolings."""
    def refused(lib: Any) -> bool:
        x = numbers(lib, *SHAPE).requires_grad_()
        y = getattr(lib.nn.functional, name)(x, size).sum()
        y.backward()
        try:
            y.backward()
        except RuntimeError:
            return True
        return False
    assert refused(cnet) is refused(torch)
