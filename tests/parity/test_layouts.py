"""Strides of results, and which results are views, for inputs in several layouts.

Elementwise results keep the layout of their operands; everything else is contiguous where PyTorch's is. Where the two
differ on purpose (docs/differences.md) there is no line here.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cnet

torch = pytest.importorskip('torch')
DATA = np.random.default_rng(0).uniform(0.2, 0.8, (2, 3, 4, 5)).astype(np.float32)
LAYOUTS: dict[str, Callable[[Any], Any]] = {
    'contiguous': lambda x: x,
    'transposed': lambda x: x.transpose(1, 3),
    'permuted': lambda x: x.permute(3, 1, 0, 2),
    'every second': lambda x: x[:, ::2],
    'cut': lambda x: x[..., 1:3],
    'expanded': lambda x: x[:, :1].expand(2, 3, 4, 5),
    'matrix': lambda x: x[0, 0],
    'transposed matrix': lambda x: x[0, 0].t(),
    'of one': lambda x: x[:1].transpose(0, 1),
    'channels last': lambda x: x.permute(0, 3, 1, 2),
}
METHODS = (
    'abs neg exp sin sqrt relu sigmoid tanh clone square sign floor round reciprocal erf isnan logical_not contiguous float '
    'double long bool half isfinite sgn positive nan_to_num deg2rad reshape flatten ravel detach cpu'
).split()
CASES: dict[str, Callable[[Any, Any], Any]] = {
    **{name: (lambda T, x, name=name: getattr(x, name)(-1) if name == 'reshape' else getattr(x, name)()) for name in METHODS},
    'zeros_like': lambda T, x: T.zeros_like(x), 'ones_like': lambda T, x: T.ones_like(x),
    'empty_like': lambda T, x: T.empty_like(x) * 0, 'full_like': lambda T, x: T.full_like(x, 2.0),
    'rand_like': lambda T, x: T.rand_like(x) * 0, 'new_zeros': lambda T, x: x.new_zeros(x.shape),
    'x + x': lambda T, x: x + x, 'x + 1': lambda T, x: x + 1, '1 - x': lambda T, x: 1 - x, 'x * row': lambda T, x: x * x[..., :1],
    'ones + x': lambda T, x: T.ones(x.shape) + x, 'x / x': lambda T, x: x / x, 'x // 2': lambda T, x: x // 2,
    'x % 2': lambda T, x: x % 2, 'x ** 2': lambda T, x: x ** 2, 'x ** 0.3': lambda T, x: x ** 0.3,
    'x < 0.5': lambda T, x: x < 0.5, 'x.eq(x)': lambda T, x: x.eq(x), 'and': lambda T, x: (x > 0) & (x < 1),
    'not': lambda T, x: ~(x > 0), 'where': lambda T, x: T.where(x > 0.5, x, x * 2), 'maximum': lambda T, x: T.maximum(x, x),
    'atan2': lambda T, x: T.atan2(x, x), 'clamp': lambda T, x: x.clamp(0, 1),
    'masked_fill': lambda T, x: x.masked_fill(x > 0.5, 0.0),
    'addcmul': lambda T, x: T.addcmul(x, x, x), 'gelu': lambda T, x: T.nn.functional.gelu(x),
    'leaky_relu': lambda T, x: T.nn.functional.leaky_relu(x), 'silu': lambda T, x: T.nn.functional.silu(x),
    'softplus': lambda T, x: T.nn.functional.softplus(x),
    'softmax': lambda T, x: x.softmax(-1), 'cumsum': lambda T, x: x.cumsum(-1),
    'sum': lambda T, x: x.sum(0), 'mean': lambda T, x: x.mean(-1, keepdim=True), 'max': lambda T, x: x.max(0).values,
    'argmax': lambda T, x: x.argmax(0), 'var': lambda T, x: x.var(-1), 'logsumexp': lambda T, x: x.logsumexp(0),
    'norm': lambda T, x: x.norm(dim=0), 'cat': lambda T, x: T.cat([x, x], 1), 'stack': lambda T, x: T.stack([x, x]),
    'index_select': lambda T, x: x.index_select(0, T.tensor([0, 0])), 'mask': lambda T, x: x[x > 0.5],
    'gather': lambda T, x: x.gather(0, T.zeros(x.shape, dtype=T.int64)), 'topk': lambda T, x: x.topk(1)[0],
    'to': lambda T, x: x.to(T.float64), 'to contiguous': lambda T, x: x.to(T.float64, memory_format=T.contiguous_format),
    'repeat': lambda T, x: x.repeat(*[2] * x.ndim), 'matmul': lambda T, x: x @ x.transpose(-1, -2),
    'diagonal': lambda T, x: x.diagonal(), 'unfold': lambda T, x: x.unfold(0, 1, 1), 'movedim': lambda T, x: x.movedim(0, -1),
    'unflatten': lambda T, x: x.unflatten(0, (1, -1)), 'x[0]': lambda T, x: x[0], 'x[..., ::2]': lambda T, x: x[..., ::2],
    'x[:, None]': lambda T, x: x[:, None], 'squeeze': lambda T, x: x.squeeze(), 'numpy': lambda T, x: T.from_numpy(x.numpy()),
}


IMAGES: dict[str, Callable[[Any, Any], Any]] = {
    **{mode: (lambda T, x, mode=mode: T.nn.functional.interpolate(x, scale_factor=2, mode=mode))
       for mode in ('nearest', 'nearest-exact', 'bilinear', 'bicubic')},
    'smaller': lambda T, x: T.nn.functional.interpolate(x, size=(2, 3), mode='bilinear'),
    'antialiased': lambda T, x: T.nn.functional.interpolate(x, size=(2, 3), mode='bilinear', antialias=True),
    'of the same size': lambda T, x: T.nn.functional.interpolate(x, size=x.shape[2:], mode='bilinear'),
    'zeros around': lambda T, x: T.nn.functional.pad(x, (1, 2, 3, 4)), 'cut': lambda T, x: T.nn.functional.pad(x, (-1, 1, 0, -1)),
    'more channels': lambda T, x: T.nn.functional.pad(x, (0, 0, 0, 0, 1, 1)),
    **{mode: (lambda T, x, mode=mode: T.nn.functional.pad(x, (1, 0, 1, 2), mode=mode))
       for mode in ('reflect', 'replicate', 'circular')},
    'cut by reflection': lambda T, x: T.nn.functional.pad(x, (1, -1, -1, 1), mode='reflect'),
    'cat': lambda T, x: T.cat([x, x], 1), 'cat of samples': lambda T, x: T.cat([x, x], 0),
    'cat of parts': lambda T, x: T.cat([x[:, :2], x], 1), 'cat of two orders': lambda T, x: T.cat([x, x.contiguous()], 1),
    'factors': lambda T, x: x * x[:1, :, :1, :1].contiguous(), 'factors first': lambda T, x: x[:1, :, :1, :1].contiguous() * x,
    'factors of samples': lambda T, x: x * x[:, :, :1, :1].contiguous(), 'one plane': lambda T, x: x + x[0, 0].contiguous(),
    'planes': lambda T, x: x + x[:, :1].contiguous(), 'two orders': lambda T, x: x * x.contiguous(),
    'two orders, other way': lambda T, x: x.contiguous() - x, 'prelu': lambda T, x: T.nn.functional.prelu(x, x[0, :, 0, 0]),
    'softmax': lambda T, x: x.softmax(1), 'where': lambda T, x: T.where(x > 0.5, x, x.contiguous()),
    'masked_fill': lambda T, x: x.masked_fill((x > 0.5).contiguous(), 0),
    'glu': lambda T, x: T.nn.functional.glu(T.cat([x, x], 1), 1),
    'grid_sample': lambda T, x: T.nn.functional.grid_sample(
        x, x[:, :2].permute(0, 2, 3, 1).contiguous() * 3 - 1.5, align_corners=False),
}


def described(lib: Any, layout: str, case: str) -> Any:
    """Type, shape, strides of the dimensions that have more than one element, and whether the memory is the input's."""
    x = LAYOUTS[layout](lib.from_numpy(DATA.copy()))
    y = CASES[case](lib, x)
    strides = [step for step, n in zip(y.stride(), y.shape, strict=True) if n > 1]
    memory = x.untyped_storage()
    shares = memory.data_ptr() <= y.data_ptr() < memory.data_ptr() + memory.nbytes()
    return str(y.dtype).rpartition('.')[2], tuple(y.shape), strides, shares


@pytest.mark.parametrize('case', CASES)
@pytest.mark.parametrize('layout', LAYOUTS)
def test_layout(layout: str, case: str) -> None:
    if (layout, case) == ('channels last', 'stack'):
        pytest.skip('PyTorch puts the new dimension between pixels and channels')
    assert described(cnet, layout, case) == described(torch, layout, case)


@pytest.mark.parametrize('layout', LAYOUTS)
@pytest.mark.parametrize('case', CASES)
def test_values_do_not_depend_on_the_layout(layout: str, case: str) -> None:
    x = LAYOUTS[layout](cnet.from_numpy(DATA.copy()))
    y, e = CASES[case](cnet, x), CASES[case](cnet, cnet.from_numpy(np.array(x.numpy(), order='C')))
    np.testing.assert_allclose(y.numpy(), e.numpy(), rtol=1e-6)


@pytest.mark.parametrize('shape', [(2, 3, 4, 5), (3, 37, 9, 8), (2, 20, 5, 6)])
@pytest.mark.parametrize('case', IMAGES)
def test_images(case: str, shape: tuple[int, ...]) -> None:
    """Values, strides and gradients of images whose channels come last."""
    data = np.random.default_rng(0).uniform(0.2, 0.8, shape).astype(np.float32)

    def run(lib: Any) -> list[Any]:
        x = lib.from_numpy(data.copy()).contiguous(memory_format=lib.channels_last).requires_grad_()
        y = IMAGES[case](lib, x)
        g = np.random.default_rng(1).standard_normal(y.shape).astype(np.float32)
        gs = [lib.from_numpy(g).contiguous(memory_format=order) for order in (lib.contiguous_format, lib.channels_last)]
        return [y.detach(), y.stride(), *[lib.autograd.grad(y, x, g, retain_graph=True)[0] for g in gs]]
    got, expected = run(cnet), run(torch)
    assert got[1] == expected[1]
    for i in (0, 2, 3):
        np.testing.assert_allclose(got[i].numpy(), expected[i].numpy(), rtol=1e-5, atol=1e-5)
