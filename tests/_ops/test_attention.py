"""The attention kernel: tiles of every kind, threads, memory, second derivatives."""
from __future__ import annotations

import itertools
import tracemalloc
from typing import Any

import numpy as np
import pytest

import cnet
from cnet import _kernels as K
from cnet.autograd import gradcheck, gradgradcheck
from cnet.nn import functional as F


def tensors(*shapes: tuple[int, ...], dtype: Any = cnet.float64, grad: bool = True) -> list[cnet.Tensor]:
    return [cnet.randn(*shape, dtype=dtype, requires_grad=grad) for shape in shapes]


def weights(q: cnet.Tensor, k: cnet.Tensor, mask: cnet.Tensor | None, causal: bool) -> cnet.Tensor:
    """The matrix that the kernel never makes."""
    scores = q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5
    if causal:
        scores = scores.masked_fill(~cnet.ones(*scores.shape[-2:]).tril().bool(), -np.inf)
    if mask is not None:
        scores = scores.masked_fill(~mask, -np.inf) if mask.dtype is cnet.bool else scores + mask
    return scores.softmax(-1)


@pytest.mark.parametrize(('queries', 'keys', 'causal', 'mask'), list(itertools.product(
    [1, 63, 64, 65, 130], [1, 64, 257, 300], [False, True], [None, 'bool', 'float', 'keys'])))
def test_tiles(queries: int, keys: int, causal: bool, mask: str | None) -> None:
    q, k, v = tensors((2, 2, queries, 5), (2, 2, keys, 5), (2, 2, keys, 3))
    m = None
    if mask == 'float':
        m = cnet.randn(queries, keys, dtype=cnet.float64)
    elif mask:
        m = cnet.rand(2, 2, queries, keys) < 0.7 if mask == 'bool' else cnet.rand(2, 1, 1, keys) < 0.7
        m[..., 0] = True
    results = []
    g = cnet.randn(2, 2, queries, 3, dtype=cnet.float64)
    for y in (F.scaled_dot_product_attention(q, k, v, m, is_causal=causal), weights(q, k, m, causal) @ v):
        results.append([y, *cnet.autograd.grad(y, (q, k, v), g)])
    for ours, expected in zip(*results, strict=True):
        assert cnet.allclose(ours, expected, 1e-10, 1e-12)


def test_scores_out_of_the_range_of_exp() -> None:
    q, k, v = tensors((1, 1, 3, 4), (1, 1, 600, 4), (1, 1, 600, 4), dtype=cnet.float32, grad=False)
    y = F.scaled_dot_product_attention(q * 1000, k, v)
    assert cnet.allclose(y, weights(q * 1000, k, None, False) @ v, atol=1e-5)


@pytest.mark.parametrize('groups', [1, 2, 6])
def test_heads_that_share_keys(groups: int) -> None:
    q, k, v = tensors((2, 6, 7, 4), (2, 6 // groups, 9, 4), (2, 6 // groups, 9, 4))
    results = []
    for kk, vv, shared in ((k, v, True), (k.repeat_interleave(groups, 1), v.repeat_interleave(groups, 1), False)):
        y = F.scaled_dot_product_attention(q, kk, vv, enable_gqa=shared)
        results.append([y, *cnet.autograd.grad(y.square().sum(), (q, k, v))])
    for ours, expected in zip(*results, strict=True):
        assert cnet.allclose(ours, expected, 1e-10, 1e-12)


def test_rows_without_keys_are_zero() -> None:
    q, k, v = tensors((1, 1, 3, 4), (1, 1, 300, 4), (1, 1, 300, 4))
    mask = cnet.ones(3, 300).bool()
    mask[1] = False
    mask[2, :280] = False
    y = F.scaled_dot_product_attention(q, k, v, mask)
    gq, gk, gv = cnet.autograd.grad(y.sum(), (q, k, v))
    assert not y[0, 0, 1].any() and not gq[0, 0, 1].any()
    assert all(t.isfinite().all() for t in (y, gq, gk, gv))


@pytest.mark.parametrize('place', [0, 1, 299])
@pytest.mark.parametrize('masked', [False, True])
def test_nan_spreads_to_its_row_alone(place: int, masked: bool) -> None:
    q, k, v = tensors((1, 1, 3, 4), (1, 1, 300, 4), (1, 1, 300, 4), grad=False)
    mask = cnet.full((3, 300), -np.inf if masked else 0.0, dtype=cnet.float64)
    mask[0] = mask[2] = 0
    mask[1, place] = np.nan
    y = F.scaled_dot_product_attention(q, k, v, mask)
    assert y[0, 0, 1].isnan().all() and y[0, 0, ::2].isfinite().all()


@pytest.mark.parametrize('dtype', [cnet.float32, cnet.float64])
@pytest.mark.parametrize('causal', [False, True])
def test_threads_change_no_bit(fine_grain: None, dtype: Any, causal: bool) -> None:
    inputs = tensors((2, 3, 150, 16), (2, 3, 270, 16), (2, 3, 270, 8), dtype=dtype)
    results = []
    for threads in (1, 2, 3):
        cnet.set_num_threads(threads)
        y = F.scaled_dot_product_attention(*inputs, is_causal=causal)
        results.append([y, *cnet.autograd.grad(y.square().sum(), inputs)])
    for other in results[1:]:
        assert all(cnet.equal(a, b) for a, b in zip(results[0], other, strict=True))


def test_layouts() -> None:
    """Heads that lie between positions, as in MultiheadAttention, and numbers with holes between them."""
    plain = tensors((2, 3, 5, 4), (2, 3, 6, 4), (2, 3, 6, 4), grad=False)
    turned = [t.transpose(1, 2).contiguous().transpose(1, 2) for t in plain]
    holes = [cnet.stack([t, t], -1)[..., 0] for t in plain]
    expected = F.scaled_dot_product_attention(*plain)
    for inputs in (turned, holes):
        assert cnet.equal(F.scaled_dot_product_attention(*inputs), expected)
    assert F.scaled_dot_product_attention(*turned).transpose(1, 2).is_contiguous()


@pytest.mark.parametrize('kwargs', [{}, {'is_causal': True}, {'mask': 'bool'}, {'mask': 'float'}, {'enable_gqa': True}], ids=str)
def test_second_derivatives(kwargs: dict) -> None:
    heads = 2 if kwargs.get('enable_gqa') else 4
    inputs = tensors((1, 4, 3, 3), (1, heads, 3, 3), (1, heads, 3, 3))
    kind = kwargs.pop('mask', None)
    if kind:
        mask = cnet.tensor([[True, False, True], [False] * 3, [True, True, False]])
        kwargs['attn_mask'] = mask if kind == 'bool' else cnet.randn(3, 3, dtype=cnet.float64)

    def attend(*x: cnet.Tensor) -> cnet.Tensor:
        return F.scaled_dot_product_attention(*x, **kwargs)
    assert gradcheck(attend, inputs)
    assert gradgradcheck(attend, inputs)


def peak(length: int, layer: cnet.nn.Module | None) -> int:
    """Bytes that forward and backward over a sequence take at most, scratch included."""
    shape = (1, 2, length, 16) if layer is None else (1, length, 16)
    x = cnet.ones(*shape).requires_grad_()
    K._workspace.release()
    tracemalloc.start()
    y = F.scaled_dot_product_attention(x, x, x, is_causal=True) if layer is None else layer(x, x, x, need_weights=False)[0]
    y.sum().backward()
    most = tracemalloc.get_traced_memory()[1] + K._workspace.held()
    tracemalloc.stop()
    return most


@pytest.mark.parametrize('layer', [None, cnet.nn.MultiheadAttention(16, 2, batch_first=True)], ids=['function', 'layer'])
def test_memory_grows_linearly(layer: cnet.nn.Module | None) -> None:
    cnet.set_num_threads(1)
    lengths = (512, 1024, 2048, 4096)
    peaks = [peak(n, layer) for n in lengths]
    for n, bytes in zip(lengths[1:], peaks[1:], strict=True):
        assert bytes <= peaks[0] * n / lengths[0] * 1.05
    assert peaks[-1] < 4096 * 4096  # a quarter of one matrix of weights


def test_backends_are_accepted() -> None:
    attention = cnet.nn.attention
    x, = tensors((1, 1, 2, 4))
    with attention.sdpa_kernel([attention.SDPBackend.MATH, attention.SDPBackend.FLASH_ATTENTION], set_priority=True):
        F.scaled_dot_product_attention(x, x, x)
    assert [b.name for b in attention.SDPBackend] == [
        'ERROR', 'MATH', 'FLASH_ATTENTION', 'EFFICIENT_ATTENTION', 'CUDNN_ATTENTION', 'OVERRIDEABLE']


def _cut(x: cnet.Tensor, how: str) -> list[cnet.Tensor]:
    """Queries, keys and values (2, 4, 7, 8), cut from projections (2, 7, 96)."""
    if how == 'unbind':
        return list(x.view(2, 7, 3, 4, 8).permute(2, 0, 3, 1, 4).unbind(0))
    return [t.view(2, 7, 4, 8).transpose(1, 2) for t in x.split(32, 2)]


@pytest.mark.parametrize('how', ['unbind', 'split'])
def test_pieces_of_one_tensor_share_the_memory_of_one_gradient(how: str) -> None:
    x, = tensors((2, 7, 96))
    g = cnet.randn(2, 4, 7, 8, dtype=cnet.float64)
    q, k, v = _cut(x, how)
    expected, = cnet.autograd.grad(F.scaled_dot_product_attention(q.clone(), k.clone(), v.clone()), x, g)
    q, k, v = _cut(x, how)
    kept: list[cnet.Tensor] = []
    k.register_hook(kept.append)
    q.retain_grad()
    y = F.scaled_dot_product_attention(q, k, v)
    y.backward(g, retain_graph=True)
    assert cnet.allclose(x.grad, expected, 1e-12)
    before = q.grad.clone(), kept[0].clone()
    x.grad.zero_()  # must not reach what others hold
    assert cnet.equal(q.grad, before[0])
    assert cnet.equal(kept[0], before[1])
    y.backward(g)
    assert cnet.allclose(x.grad, expected, 1e-12)
    x = x.detach().requires_grad_()
    q, k, v = _cut(x, how)
    grads = cnet.autograd.grad(F.scaled_dot_product_attention(q, k, v), (q, k, v), g)
    assert np.shares_memory(grads[0].numpy().base, grads[1].numpy().base)


@pytest.mark.parametrize('dim', [0, 1])
def test_gradients_of_pieces_in_another_order_are_put_together(dim: int) -> None:
    x, = tensors((3, 3, 3))
    a, b, c = x.unbind(dim)
    (cnet.stack([c, a, b], dim) * cnet.arange(27).view(3, 3, 3)).sum().backward()
    expected = cnet.arange(27).view(3, 3, 3).to(cnet.float64).unbind(dim)
    assert cnet.equal(x.grad, cnet.stack([expected[1], expected[2], expected[0]], dim))
    y, = tensors((3, 6))
    first, second = y.split([2, 4], 1)
    (cnet.cat([second, first], 1) * cnet.arange(6)).sum().backward()
    assert y.grad.tolist() == [[4, 5, 0, 1, 2, 3]] * 3
