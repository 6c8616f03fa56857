"""Layers of images whose channels come last in memory: results and gradients of contiguous images, in the images' own order."""
from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import cnet
import cnet.nn.functional as F
from cnet import nn

SHAPES = {4: (3, 6, 9, 8), 5: (2, 6, 5, 6, 7)}
FORMATS = {4: cnet.channels_last, 5: cnet.channels_last_3d}


def named(name: str) -> Callable:
    """A function of `nn.functional` by the number of dimensions of its images."""
    return lambda x, *args, **kw: getattr(F, f'{name}{x.ndim - 2}d')(x, *args, **kw)


def convolved(outputs: int, kernel: int, name: str = 'conv', groups: int = 1, **kw: int) -> Callable:
    """A convolution with weights and biases that do not depend on the order of memory."""
    def run(x: cnet.Tensor, bias: bool = True) -> cnet.Tensor:
        make = cnet.Generator().manual_seed(1)
        sizes = (x.shape[1], outputs // groups) if 'transpose' in name else (outputs, x.shape[1] // groups)
        w = cnet.randn(*sizes, *(kernel,) * (x.ndim - 2), generator=make, dtype=x.dtype)
        b = cnet.randn(outputs, generator=make, dtype=x.dtype)
        return named(name)(x, w, b if bias else None, groups=groups, **kw)
    return run


def normed(training: bool) -> Callable:
    def run(x: cnet.Tensor) -> cnet.Tensor:
        make = cnet.Generator().manual_seed(1)
        w, b, mean, var = (cnet.rand(x.shape[1], generator=make, dtype=x.dtype) + 0.5 for _ in range(4))
        return F.batch_norm(x, mean, var, w, b, training)
    return run


def mapped(x: cnet.Tensor) -> list[cnet.Tensor]:
    make = cnet.Generator().manual_seed(1)
    return [cnet.rand(x.shape[1], generator=make, dtype=x.dtype) + 0.5 for _ in range(2)]


CASES: dict[str, Callable] = {
    'max': lambda x: named('max_pool')(x, 2),
    'max, padded': lambda x: named('max_pool')(x, 3, 2, 1, ceil_mode=True),
    'max, dilated': lambda x: named('max_pool')(x, 2, 1, 1, dilation=2),
    'max, positions': lambda x: named('max_pool')(x, 2, return_indices=True)[0],
    'average': lambda x: named('avg_pool')(x, 2),
    'average, padded': lambda x: named('avg_pool')(x, 3, 2, 1, ceil_mode=True, count_include_pad=False),
    'average, divided': lambda x: named('avg_pool')(x, (3,) + (2,) * (x.ndim - 3), divisor_override=5),
    'adaptive average': lambda x: named('adaptive_avg_pool')(x, 3),
    'adaptive average to one': lambda x: named('adaptive_avg_pool')(x, 1),
    'adaptive maximum': lambda x: named('adaptive_max_pool')(x, 3),
    'batch norm': normed(True),
    'batch norm, given statistics': normed(False),
    'group norm': lambda x: F.group_norm(x, 2),
    'group norm, mapped': lambda x: F.group_norm(x, 3, *mapped(x)),
    'local response norm': lambda x: F.local_response_norm(x, 3),
    'local response norm, even': lambda x: F.local_response_norm(x, 2),
    'nearest, larger': lambda x: F.interpolate(x, scale_factor=2),
    'nearest, smaller': lambda x: F.interpolate(x, size=(3,) * (x.ndim - 2)),
    'linear': lambda x: F.interpolate(x, size=(4, 11, 5)[:x.ndim - 2], mode='trilinear' if x.ndim == 5 else 'bilinear'),
    'linear, corners': lambda x: F.interpolate(x, scale_factor=1.7, mode='trilinear' if x.ndim == 5 else 'bilinear',
                                               align_corners=True),
    'one tap': convolved(5, 1),
    'one tap, strides': convolved(5, 1, stride=2),
    'one tap, padded': convolved(5, 1, padding=1),
    'one tap, transposed': convolved(5, 1, 'conv_transpose'),
    'one tap, transposed, strides': convolved(5, 1, 'conv_transpose', stride=2),
    'nine taps': convolved(4, 3, padding=1),
    'nine taps, transposed': convolved(4, 3, 'conv_transpose', stride=2, padding=1),
    'two groups': convolved(4, 3, groups=2),
    'depthwise': convolved(6, 3, groups=6, padding=1),
    'depthwise, strides': convolved(6, 3, groups=6, padding=1, stride=2),
    'depthwise, dilated': convolved(6, 3, groups=6, padding=2, dilation=2),
    'depthwise, even': convolved(6, 2, groups=6, padding=1),
    'depthwise, multiplied': convolved(12, 3, groups=6),
    'depthwise, transposed': convolved(6, 3, 'conv_transpose', groups=6, stride=2, padding=1),
    'linear, smaller': lambda x: F.interpolate(x, size=(4,) * (x.ndim - 2), mode='trilinear' if x.ndim == 5 else 'bilinear'),
    'zeros around': lambda x: F.pad(x, (1, 2) * (x.ndim - 2), value=3), 'cut': lambda x: F.pad(x, (-1, 1) * (x.ndim - 2)),
    'reflect': lambda x: F.pad(x, (1, 2) * (x.ndim - 2), mode='reflect'),
    'replicate': lambda x: F.pad(x, (1, 2) * (x.ndim - 2), mode='replicate'),
    'cat': lambda x: cnet.cat([x, x[:, :3], x.neg()], 1), 'cat of samples': lambda x: cnet.cat([x, x]),
    'factors': lambda x: x * cnet.arange(1.0, 7, dtype=x.dtype).view(6, *(1,) * (x.ndim - 2)),
    'factors of samples': lambda x: x.detach()[:, :, :1].amax((-1, -2), keepdim=True).contiguous() - x,
    'prelu': lambda x: F.prelu(x, cnet.arange(1.0, 7, dtype=x.dtype)),
    'where': lambda x: cnet.where(x > 0, x, 2 * x), 'glu': lambda x: F.glu(x, 1),
    'relu': cnet.relu, 'gelu': F.gelu, 'square': lambda x: x * x, 'number': lambda x: 2 - x,
}
def results(run: Callable, x: np.ndarray, format: cnet.memory_format, order_of_g: cnet.memory_format) -> list[cnet.Tensor]:
    """What a function gives for an image, its gradient for some g and what that one gives back to g."""
    image = cnet.tensor(x).contiguous(memory_format=format).requires_grad_()
    y = run(image)
    g = cnet.tensor(np.random.default_rng(1).standard_normal(y.shape)).to(image.dtype)
    g = g.contiguous(memory_format=order_of_g).requires_grad_()
    gx, = cnet.autograd.grad(y, image, g, create_graph=True)
    gg, = cnet.autograd.grad(gx, g, image.detach().cos())
    return [y, gx, gg]


@pytest.mark.parametrize('dtype', ['f4', 'f8'])
@pytest.mark.parametrize('ndim', [4, 5])
@pytest.mark.parametrize('name', CASES)
@pytest.mark.usefixtures('fine_grain')
def test_results_of_contiguous_images(name: str, ndim: int, dtype: str) -> None:
    x = np.random.default_rng(0).standard_normal(SHAPES[ndim]).astype(dtype)
    expected = results(CASES[name], x, cnet.contiguous_format, cnet.contiguous_format)
    error = 2e-5 if dtype == 'f4' else 1e-12
    for order_of_g in (cnet.contiguous_format, FORMATS[ndim]):
        for threads in (1, 3):
            before = cnet.get_num_threads()
            cnet.set_num_threads(threads)
            try:
                got = results(CASES[name], x, FORMATS[ndim], order_of_g)
            finally:
                cnet.set_num_threads(before)
            if threads == 1:
                one = got
            for a, b, c in zip(got, expected, one):
                np.testing.assert_allclose(a.detach(), b.detach(), rtol=error, atol=error)
                assert np.array_equal(a.detach(), c.detach())
    assert got[0].is_contiguous(memory_format=FORMATS[ndim])
    x = cnet.tensor(x).contiguous(memory_format=FORMATS[ndim]).requires_grad_()
    CASES[name](x).sum().backward()
    assert x.grad.stride() == x.stride()


@pytest.mark.parametrize('groups', [1, 6])
def test_weights_decide_too(groups: int) -> None:
    x = cnet.randn(2, 6, 7, 8)
    conv = nn.Conv2d(6, 6, 3, groups=groups)
    expected = conv(x)
    y = conv.to(memory_format=cnet.channels_last)(x)
    np.testing.assert_allclose(y.detach(), expected.detach(), rtol=1e-5, atol=1e-5)
    assert y.is_contiguous(memory_format=cnet.channels_last) is (groups == 1)  # a depthwise weight lies alike in both
    y.sum().backward()
    assert conv.weight.grad.stride() == conv.weight.stride()


def test_instance_norm_puts_elements_in_order() -> None:
    x = cnet.randn(2, 6, 4, 5, dtype=cnet.float64)
    moving, expected = (cnet.zeros(6, dtype=cnet.float64), cnet.ones(6, dtype=cnet.float64)), cnet.zeros(6, dtype=cnet.float64)
    right = F.instance_norm(x, expected, cnet.ones(6, dtype=cnet.float64))
    y = F.instance_norm(x.contiguous(memory_format=cnet.channels_last), *moving)
    assert y.is_contiguous()
    assert y.equal(right) and moving[0].equal(expected)


@pytest.mark.parametrize('size', [(1, 1), (1, 5), (2, 1), (2, 9), (3, 3), (5, 4), (17, 6)], ids=str)
@pytest.mark.parametrize('padding', [(0, 1), (1, 1), (2, 1), (1, 0)], ids=str)
@pytest.mark.parametrize('stride', [1, 2])
def test_depthwise_rows_and_borders(size: tuple[int, int], padding: tuple[int, int], stride: int) -> None:
    """Rows of windows by two and by one, and rows and columns of pixels that an image lacks."""
    if min(n + 2 * p for n, p in zip(size, padding)) < 3:
        return
    for channels in (3, 16, 37):
        got = []
        for format in (cnet.channels_last, cnet.contiguous_format):
            cnet.manual_seed(0)
            conv = nn.Conv2d(channels, channels, 3, stride, padding, groups=channels, dtype=cnet.float64)
            x = cnet.randn(2, channels, *size, dtype=cnet.float64).contiguous(memory_format=format).requires_grad_()
            y = conv(x)
            got.append([y.detach(), *cnet.autograd.grad(y, (x, *conv.parameters()), y.detach().cos())])
        for a, b in zip(*got):
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize('channels', [6, 37])
@pytest.mark.parametrize('options', [
    {'kernel_size': 1}, {'kernel_size': 1, 'stride': 2}, {'kernel_size': 3}, {'kernel_size': 3, 'groups': True},
    {'kernel_size': 3, 'groups': True, 'padding': 1}, {'kernel_size': 3, 'groups': True, 'stride': 2, 'padding': 1},
    {'kernel_size': 3, 'groups': True, 'dilation': 2, 'padding': 2}],
    ids=str)
def test_gradients(options: dict[str, int], channels: int) -> None:
    def grads(format: cnet.memory_format) -> list[np.ndarray]:
        cnet.manual_seed(0)
        conv = nn.Conv2d(channels, channels, dtype=cnet.float64, **{**options, 'groups': channels if 'groups' in options else 1})
        x = cnet.randn(3, channels, 9, 8, dtype=cnet.float64).contiguous(memory_format=format).requires_grad_()
        conv(x).pow(2).sum().backward()
        return [x.grad.numpy(), *[p.grad.numpy() for p in conv.parameters()]]
    for a, b in zip(grads(cnet.channels_last), grads(cnet.contiguous_format)):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)


def test_maxima_keep_their_positions_and_nan() -> None:
    x = np.random.default_rng(0).integers(0, 3, (2, 5, 8, 7)).astype('f4')
    x[0, 1, 3, 3] = x[1, 4, 0, 0] = np.nan
    a = cnet.tensor(x)
    b = a.contiguous(memory_format=cnet.channels_last)
    for kw in ({}, {'stride': 1}, {'padding': 1}, {'dilation': 2}):
        for p, q in zip(F.max_pool2d(a, 2, return_indices=True, **kw), F.max_pool2d(b, 2, return_indices=True, **kw)):
            np.testing.assert_array_equal(p, q)
    y, at = F.max_pool2d(b, 2, return_indices=True)
    np.testing.assert_array_equal(F.max_unpool2d(y, at, 2, output_size=(8, 7)),
                                  F.max_unpool2d(*F.max_pool2d(a, 2, return_indices=True), 2, output_size=(8, 7)))


def test_unbatched_volumes_are_no_images_of_channels() -> None:
    x = cnet.randn(3, 4, 5, 6).permute(0, 3, 1, 2).contiguous().permute(0, 2, 3, 1)  # in memory as channels_last
    for pool in (lambda x: F.max_pool3d(x, 2), lambda x: F.avg_pool3d(x, 2), lambda x: F.adaptive_avg_pool3d(x, 2)):
        np.testing.assert_allclose(pool(x), pool(x.contiguous()), rtol=1e-6)


@pytest.mark.parametrize('dim', [None, 0, 1, (2, 3), (0, 2, 3), (1, 3)])
@pytest.mark.parametrize('name', ['sum', 'mean', 'amax'])
def test_reductions_in_any_order_of_memory(name: str, dim: int | tuple[int, ...] | None) -> None:
    x = cnet.randn(3, 4, 5, 6, dtype=cnet.float64)
    for order in ((0, 2, 3, 1), (3, 2, 1, 0), (1, 0, 3, 2), (2, 3, 0, 1)):
        y = x.permute(order).contiguous().permute(sorted(range(4), key=order.__getitem__))
        args = () if dim is None else (dim,)
        np.testing.assert_allclose(getattr(y, name)(*args), getattr(x, name)(*args), rtol=1e-12)
        if dim is not None:
            np.testing.assert_allclose(getattr(y, name)(*args, keepdim=True), getattr(x, name)(*args, keepdim=True), rtol=1e-12)


@pytest.mark.parametrize('relu', [nn.ReLU, nn.Identity])
def test_fused_layers(relu: type[nn.Module]) -> None:
    net = nn.Sequential(nn.Conv2d(6, 8, 1), nn.BatchNorm2d(8), relu(), nn.Conv2d(8, 8, 3, groups=8), nn.BatchNorm2d(8), relu(),
                        nn.Conv2d(8, 5, 3), nn.BatchNorm2d(5), relu())
    x = cnet.randn(2, 6, 9, 8)
    net(x)
    net.eval()
    with cnet.no_grad():
        a, b = net(x), net(x.contiguous(memory_format=cnet.channels_last))
    np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
    assert b.is_contiguous(memory_format=cnet.channels_last)
