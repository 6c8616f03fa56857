"""Fused paths of attention and transformer layers against PyTorch over combinations of options: results, gradients, second
derivatives, strides, names of nodes, and the state of the generator afterwards."""
from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import cnet

hypothesis = pytest.importorskip('hypothesis')
torch = pytest.importorskip('torch')

from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.attention import SDPBackend, sdpa_kernel

FEW = settings(max_examples=40, deadline=None, derandomize=True)
ROUNDING = {'float32': 5e-5, 'float64': 1e-11}


def close(theirs: Any, ours: Any, kind: str) -> None:
    """Equal up to rounding beside the largest element; NaN in the same places."""
    a, b = theirs.detach().numpy(), ours.detach().numpy()
    assert a.shape == b.shape
    np.testing.assert_array_equal(np.isnan(a), np.isnan(b))
    np.testing.assert_allclose(b, a, rtol=0, atol=ROUNDING[kind] * (np.abs(np.nan_to_num(a)).max(initial=0) + 0.1))


def derivatives(lib: Any, y: Any, leaves: list[Any]) -> list[Any]:
    weights = (lib.arange(y.numel()).reshape(y.shape).to(y.dtype) * 0.013).cos()
    return [y, *lib.autograd.grad((y * weights).sum(), leaves)]


@FEW
@given(kind=st.sampled_from(['float32', 'float64']), batch=st.integers(1, 2), groups=st.integers(1, 2), per=st.integers(1, 2),
       queries=st.sampled_from([1, 3, 64, 65, 130]), keys=st.sampled_from([1, 5, 64, 257]), size=st.sampled_from([1, 8, 33]),
       values=st.sampled_from([1, 8, 33]), mask=st.sampled_from([None, 'bool', 'float', 'causal']),
       dropout=st.sampled_from([0.0, 0.3]))
def test_attention(kind: str, batch: int, groups: int, per: int, queries: int, keys: int, size: int, values: int,
                   mask: str | None, dropout: float) -> None:
    rng = np.random.default_rng(0)
    shapes = (batch, groups * per, queries, size), (batch, groups, keys, size), (batch, groups, keys, values)
    data = [rng.standard_normal(shape).astype(kind) for shape in shapes]
    keep = rng.random((batch, 1, queries, keys)) < 0.6
    keep[..., 0, :] = False  # a query that sees no key
    results = []
    for lib in (torch, cnet):
        lib.manual_seed(2)
        leaves = [lib.tensor(a, requires_grad=True) for a in data]
        options: dict[str, Any] = {'dropout_p': dropout, 'enable_gqa': per > 1}
        if mask == 'causal':
            options['is_causal'] = True
        elif mask:
            options['attn_mask'] = lib.tensor(keep if mask == 'bool' else np.where(keep, 0.5, -np.inf).astype(kind))
        y = lib.nn.functional.scaled_dot_product_attention(*leaves, **options)
        results.append([*derivatives(lib, y, leaves), lib.rand(3)])
    for theirs, ours in zip(*results, strict=True):
        close(theirs, ours, kind)


def layers(decoder: bool, kind: str, **options: Any) -> list[Any]:
    """A layer in both libraries with the same weights."""
    name = 'TransformerDecoderLayer' if decoder else 'TransformerEncoderLayer'
    torch.manual_seed(0)
    theirs = getattr(torch.nn, name)(24, 3, 40, **options).to(getattr(torch, kind))
    ours = getattr(cnet.nn, name)(24, 3, 40, **options).to(getattr(cnet, kind))
    ours.load_state_dict({key: cnet.tensor(value.numpy()) for key, value in theirs.state_dict().items()})
    return [theirs, ours]


@FEW
@given(decoder=st.booleans(), kind=st.sampled_from(['float32', 'float64']), batch_first=st.booleans(), norm_first=st.booleans(),
       activation=st.sampled_from(['relu', 'gelu']), dropout=st.sampled_from([0.0, 0.2]), bias=st.booleans(),
       training=st.booleans(), mask=st.sampled_from([None, 'causal', 'float', 'heads']), padding=st.booleans(),
       length=st.sampled_from([1, 7, 70]))
def test_layers(decoder: bool, kind: str, batch_first: bool, norm_first: bool, activation: str, dropout: float, bias: bool,
                training: bool, mask: str | None, padding: bool, length: int) -> None:
    modules = layers(decoder, kind, batch_first=batch_first, norm_first=norm_first, activation=activation, dropout=dropout,
                     bias=bias)
    rng = np.random.default_rng(1)
    data = [rng.standard_normal((4, n, 24) if batch_first else (n, 4, 24)).astype(kind) for n in (length, 5)]
    heads = rng.random((12, length, length))
    prefix, results, facts = 'tgt_' if decoder else 'src_', [], []
    for lib, module in zip((torch, cnet), modules, strict=True):
        lib.manual_seed(5)
        inputs = [lib.tensor(a, requires_grad=True) for a in data[:1 + decoder]]
        options = {}
        if mask == 'causal':
            options[prefix + 'mask'] = lib.nn.Transformer.generate_square_subsequent_mask(length, dtype=inputs[0].dtype)
            options['tgt_is_causal' if decoder else 'is_causal'] = not padding
        elif mask == 'float':
            options[prefix + 'mask'] = lib.tensor(np.where(np.tri(length, dtype=bool), 0.3, -0.5).astype(kind))
        elif mask == 'heads':
            options[prefix + 'mask'] = lib.tensor(heads * (1 - np.eye(length)) > 0.8)
        if padding:
            places = np.zeros((4, length), bool)
            places[1, (length + 1) // 2:] = True
            options[prefix + 'key_padding_mask'] = lib.tensor(places)
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')  # masks of mixed types
            y = module.train(training)(*inputs, **options)
            with lib.no_grad():
                silent = module(*inputs, **options)
        results.append([*derivatives(lib, y, [*inputs, *module.parameters()]), silent, lib.rand(3)])
        facts.append((type(y.grad_fn).__name__, y.stride()))
    assert facts[0] == facts[1]
    for theirs, ours in zip(*results, strict=True):
        close(theirs, ours, kind)


@pytest.mark.parametrize('norm_first', [False, True])
@pytest.mark.parametrize('batch_first', [False, True])
@pytest.mark.parametrize(('activation', 'dropout'), [('relu', 0.0), ('relu', 0.3), ('gelu', 0.3)])
def test_second_derivatives(norm_first: bool, batch_first: bool, activation: str, dropout: float) -> None:
    modules = layers(False, 'float64', norm_first=norm_first, batch_first=batch_first, activation=activation, dropout=dropout)
    x, results = np.random.default_rng(0).standard_normal((4, 6, 24)), []
    for lib, module in zip((torch, cnet), modules, strict=True):
        lib.manual_seed(5)
        leaves = [lib.tensor(x, requires_grad=True), *module.parameters()]
        with sdpa_kernel(SDPBackend.MATH):  # PyTorch's other way has no second derivative
            y = module(leaves[0])
        grads = lib.autograd.grad(y.sin().sum(), leaves, create_graph=True)
        results.append(lib.autograd.grad(sum((g * g).sum() for g in grads), leaves))
    for theirs, ours in zip(*results, strict=True):
        close(theirs, ours, 'float64')
