"""Attention and transformers with PyTorch's weights give PyTorch's results, gradients, warnings and errors."""
from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cnet

torch = pytest.importorskip('torch')

L, S, N, E = 4, 5, 2, 8


def arrays(*shapes: tuple[int, ...], seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape) for shape in shapes]


def mask_of(kind: str | None, shape: tuple[int, ...]) -> np.ndarray | None:
    """A mask for nn: True is left out. Not a whole row, where PyTorch's answer depends on its path."""
    if kind is None:
        return None
    rng = np.random.default_rng(1)
    out = rng.random(shape) < 0.4
    out[..., 0] = False
    return out if kind == 'bool' else np.where(out, -np.inf, rng.standard_normal(shape))


def pair(build: Callable[[Any], Any]) -> list[Any]:
    """The same module in both libraries, in float64, with the same weights."""
    torch.manual_seed(3)
    theirs = build(torch).double()
    for p in theirs.parameters():
        if p.ndim == 1:
            torch.nn.init.normal_(p)
    ours = build(cnet).double()
    ours.load_state_dict({name: cnet.tensor(p.detach().numpy()) for name, p in theirs.state_dict().items()})
    return [ours, theirs]


def compare(modules: list[Any], inputs: list[np.ndarray], kwargs: dict[str, Any], call: Callable | None = None) -> None:
    """Results, and gradients of the inputs and all weights."""
    outcomes = []
    for lib, module in zip((cnet, torch), modules):
        tensors = [lib.tensor(a, requires_grad=True) for a in inputs]
        options = {k: lib.tensor(v) if isinstance(v, np.ndarray) else v for k, v in kwargs.items()}
        y = call(module, tensors, options) if call else module(*tensors, **options)
        results = [r for r in (y if isinstance(y, tuple) else (y,)) if r is not None]
        sum((r * r.cos()).sum() for r in results).backward()
        outcomes.append([r.detach().numpy() for r in results] +
                        [t.grad.numpy() for t in [*tensors, *module.parameters()] if t.grad is not None])
    for ours, theirs in zip(*outcomes, strict=True):
        np.testing.assert_allclose(ours, theirs, 1e-9, 1e-11)


@pytest.mark.parametrize(('options', 'attn', 'padding', 'weights'), [
    pytest.param(o, a, p, w, id=f'{"-".join(o) or "plain"}-{a}-{p}-{w}') for o, a, p, w in itertools.product(
        [{}, {'bias': False}, {'add_bias_kv': True}, {'add_zero_attn': True}, {'kdim': 3, 'vdim': 6}, {'batch_first': True},
         {'add_bias_kv': True, 'add_zero_attn': True, 'kdim': 3}],
        [None, 'bool', 'float', 'heads'], [None, 'bool'], [None, 'mean', 'each'])])
def test_multihead_attention(options: dict, attn: str | None, padding: str | None, weights: str | None) -> None:
    modules = pair(lambda lib: lib.nn.MultiheadAttention(E, 2, **options))
    inputs = arrays((L, N, E), (S, N, options.get('kdim', E)), (S, N, options.get('vdim', E)))
    if options.get('batch_first'):
        inputs = [a.swapaxes(0, 1) for a in inputs]
    mask = mask_of('bool' if attn == 'heads' else attn, (2 * N, L, S) if attn == 'heads' else (L, S))
    if padding and attn == 'float':
        padding = 'float'  # masks of one type
    compare(modules, inputs, {'attn_mask': mask, 'key_padding_mask': mask_of(padding, (N, S)),
                              'need_weights': weights is not None, 'average_attn_weights': weights == 'mean'})


@pytest.mark.parametrize('first', [False, True])
@pytest.mark.parametrize('weights', [False, True])
def test_self_attention_without_batch(first: bool, weights: bool) -> None:
    modules = pair(lambda lib: lib.nn.MultiheadAttention(E, 4, batch_first=first))
    compare(modules, arrays((L, E)), {'attn_mask': mask_of('bool', (4, L, L)), 'key_padding_mask': mask_of('bool', (L,)),
                                      'need_weights': weights}, lambda m, t, o: m(t[0], t[0], t[0], **o))


def test_row_without_keys() -> None:
    """Without weights 0, with weights NaN: what PyTorch gives while it records."""
    modules = pair(lambda lib: lib.nn.MultiheadAttention(E, 2))
    padding = np.array([[False] * S, [True] * S])
    for need in (False, True):
        results = []
        for lib, module in zip((cnet, torch), modules):
            q, k = (lib.tensor(a) for a in arrays((L, N, E), (S, N, E)))
            results.append(module(q, k, k, key_padding_mask=lib.tensor(padding), need_weights=need)[0].detach().numpy())
        np.testing.assert_allclose(*results, 1e-9, 1e-12, equal_nan=True)
        assert np.isnan(results[0]).any() == need


LAYER_OPTIONS = [{}, {'norm_first': True}, {'activation': 'gelu'}, {'bias': False}, {'batch_first': True, 'layer_norm_eps': 1e-3}]


@pytest.mark.parametrize('options', LAYER_OPTIONS, ids=str)
@pytest.mark.parametrize('masks', [None, 'bool', 'float', 'causal'])
@pytest.mark.parametrize('training', [False, True])
def test_transformer(options: dict, masks: str | None, training: bool) -> None:
    build = {'d_model': E, 'nhead': 2, 'num_encoder_layers': 2, 'num_decoder_layers': 2, 'dim_feedforward': 12, 'dropout': 0.0}
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        modules = pair(lambda lib: lib.nn.Transformer(**build, **options))
    src, tgt = arrays((S, N, E), (L, N, E))
    if options.get('batch_first'):
        src, tgt = src.swapaxes(0, 1), tgt.swapaxes(0, 1)
    kwargs: dict[str, Any] = {}
    if masks == 'causal':
        kwargs = {'tgt_mask': np.triu(np.full((L, L), -np.inf), 1), 'src_mask': np.triu(np.full((S, S), -np.inf), 1)}
    elif masks:
        kwargs = {'src_mask': mask_of(masks, (S, S)), 'tgt_mask': mask_of(masks, (L, L)),
                  'memory_mask': mask_of(masks, (L, S)), 'src_key_padding_mask': mask_of(masks, (N, S)),
                  'tgt_key_padding_mask': mask_of(masks, (N, L)), 'memory_key_padding_mask': mask_of(masks, (N, S))}
    for m in modules:
        m.train(training)
    compare(modules, [src, tgt], kwargs)


# Unchecked padding elsewhere than at the ends is left out: PyTorch then takes positions from other sequences.
@pytest.mark.parametrize(('checked', 'at_end'), [(False, True), (True, False), (True, True)])
def test_padding_after_training(checked: bool, at_end: bool) -> None:
    """An encoder that does not record empties padding at the ends of sequences."""
    padding = np.array([[False] * S, [False, False, False, True, True]])
    padding = padding if at_end else padding[:, ::-1].copy()
    modules = pair(lambda lib: lib.nn.TransformerEncoder(
        lib.nn.TransformerEncoderLayer(E, 2, 12, batch_first=True), 2, lib.nn.LayerNorm(E), mask_check=checked))
    results = []
    for lib, m in zip((cnet, torch), modules):
        with lib.no_grad(), warnings.catch_warnings():
            warnings.simplefilter('ignore')
            results.append(m.eval()(lib.tensor(arrays((N, S, E))[0]), src_key_padding_mask=lib.tensor(padding)).numpy())
    np.testing.assert_allclose(*results, 1e-9, 1e-11)


@pytest.mark.parametrize('name', ['MultiheadAttention', 'TransformerEncoderLayer', 'TransformerDecoderLayer', 'Transformer'])
@pytest.mark.parametrize('options', [{}, {'batch_first': True, 'bias': False}], ids=str)
def test_construction(name: str, options: dict) -> None:
    """The same seed gives the same weights, names, order and repr."""
    made = []
    for lib in (cnet, torch):
        lib.manual_seed(5)
        sizes = {'num_encoder_layers': 1, 'num_decoder_layers': 1, 'dim_feedforward': 12} if name == 'Transformer' else {}
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            made.append(getattr(lib.nn, name)(E, 2, **sizes, **options))
    ours, theirs = made
    assert repr(ours) == repr(theirs)
    assert [n for n, _ in ours.named_parameters()] == [n for n, _ in theirs.named_parameters()]
    assert list(ours.state_dict()) == list(theirs.state_dict())
    for a, b in zip(ours.parameters(), theirs.parameters()):
        np.testing.assert_array_equal(a.detach().numpy(), b.detach().numpy())


def _x(lib: Any, *shape: int) -> Any:
    return lib.ones(*shape)


def attend(lib: Any, q: tuple, k: tuple, v: tuple | None = None, **kw: Any) -> None:
    module = kw.pop('module', {})
    masks = {n: getattr(lib, d)(*s) if isinstance(s, tuple) else s for n, (d, s) in kw.items()}
    masks = {n: m.bool() if n.endswith('mask') and hasattr(m, 'bool') else m for n, m in masks.items()}
    lib.nn.MultiheadAttention(E, 2, **module)(_x(lib, *q), _x(lib, *k), _x(lib, *(v or k)), **masks)


FAILURES: dict[str, Callable[[Any], Any]] = {
    'no heads': lambda lib: lib.nn.MultiheadAttention(E, 0),
    'odd heads': lambda lib: lib.nn.MultiheadAttention(E, 3),
    'activation': lambda lib: lib.nn.TransformerEncoderLayer(E, 2, activation='tanh'),
    'rank of query': lambda lib: attend(lib, (E,), (S, E)),
    'rank of key': lambda lib: attend(lib, (L, N, E), (S, E)),
    'rank of key without batch': lambda lib: attend(lib, (L, E), (S, N, E)),
    'rank of padding': lambda lib: attend(lib, (L, N, E), (S, N, E), key_padding_mask=('zeros', (S,))),
    'rank of padding without batch': lambda lib: attend(lib, (L, E), (S, E), key_padding_mask=('zeros', (N, S))),
    'rank of mask': lambda lib: attend(lib, (L, N, E), (S, N, E), attn_mask=('zeros', (L,))),
    'heads of mask without batch': lambda lib: attend(lib, (L, E), (S, E), attn_mask=('zeros', (3, L, S))),
    'shape of mask': lambda lib: attend(lib, (L, N, E), (S, N, E), attn_mask=('zeros', (S, S))),
    'shape of masks': lambda lib: attend(lib, (L, N, E), (S, N, E), attn_mask=('zeros', (N, L, S))),
    'shape of padding': lambda lib: attend(lib, (L, N, E), (S, N, E), key_padding_mask=('zeros', (N, S + 1))),
    'batch of padding': lambda lib: attend(lib, (L, N, E), (S, N, E), key_padding_mask=('zeros', (N + 1, S))),
    'length of query': lambda lib: attend(lib, (L, N, 6), (S, N, E)),
    'shape of value': lambda lib: attend(lib, (L, N, E), (S, N, E), (S + 1, N, E)),
    'shape of value apart': lambda lib: attend(lib, (L, N, E), (S, N, 3), (S + 1, N, E), module={'kdim': 3}),
    'length of key': lambda lib: attend(lib, (L, N, E), (S, N, E), module={'kdim': 3}),
    'causal without mask': lambda lib: attend(lib, (L, N, E), (S, N, E), is_causal=('', True)),
    'type of mask': lambda lib: lib.nn.MultiheadAttention(E, 2)(*[_x(lib, L, N, E)] * 3, attn_mask=lib.ones(L, L).int()),
    'batches': lambda lib: lib.nn.Transformer(E, 2, 1, 1)(_x(lib, S, N, E), _x(lib, L, N + 1, E)),
    'features': lambda lib: lib.nn.Transformer(E, 2, 1, 1)(_x(lib, S, N, E), _x(lib, L, N, E + 1)),
    'backend': lambda lib: lib.nn.attention.sdpa_kernel('math').__enter__(),
}


@pytest.mark.filterwarnings('ignore')
@pytest.mark.parametrize('name', FAILURES)
def test_errors(name: str) -> None:
    caught = []
    for lib in (cnet, torch):
        with pytest.raises(Exception) as info:
            FAILURES[name](lib)
        caught.append((info.type, str(info.value).replace('torch.', 'cnet.')))
    assert caught[0] == caught[1]


def mixed_masks(lib: Any) -> None:
    lib.nn.MultiheadAttention(E, 2)(*[_x(lib, L, N, E)] * 3, attn_mask=lib.zeros(L, L), key_padding_mask=lib.zeros(N, L).bool())


WARNINGS: dict[str, Callable[[Any], Any]] = {
    'norm first': lambda lib: lib.nn.TransformerEncoder(lib.nn.TransformerEncoderLayer(E, 2, 3, norm_first=True), 1),
    'batch first': lambda lib: lib.nn.TransformerEncoder(lib.nn.TransformerEncoderLayer(E, 2, 3), 1),
    'bias': lambda lib: lib.nn.TransformerEncoder(lib.nn.TransformerEncoderLayer(E, 2, 3, batch_first=True, bias=False), 1),
    'activation': lambda lib: lib.nn.TransformerEncoder(
        lib.nn.TransformerEncoderLayer(E, 2, 3, batch_first=True, activation=lib.tanh), 1),
    'heads': lambda lib: lib.nn.TransformerEncoder(lib.nn.TransformerEncoderLayer(E, 1, 3, batch_first=True), 1),
    'masks': mixed_masks,
}


@pytest.mark.parametrize('name', WARNINGS)
def test_warnings(name: str) -> None:
    seen = []
    for lib in (cnet, torch):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter('always')
            WARNINGS[name](lib)
        seen.append({(w.category, str(w.message)) for w in caught})
    assert seen[0] == seen[1]


@pytest.mark.parametrize('p', [0.0, 0.3])
def test_dropout_of_the_same_seed(p: float) -> None:
    modules = pair(lambda lib: lib.nn.TransformerEncoderLayer(E, 2, 12, p))
    results = []
    for lib, m in zip((cnet, torch), modules):
        lib.manual_seed(7)
        results.append(m(lib.tensor(arrays((S, N, E))[0])).detach().numpy())
    np.testing.assert_allclose(*results, 1e-9, 1e-11)


def test_detected_causal_mask() -> None:
    """A causal mask gives the result of the hint."""
    encoder = cnet.nn.TransformerEncoder(cnet.nn.TransformerEncoderLayer(E, 2, 12, 0.0, batch_first=True), 1)
    x, = arrays((N, S, E))
    x, mask = cnet.tensor(x).float(), cnet.nn.Transformer.generate_square_subsequent_mask(S)
    results = [encoder(x, mask, is_causal=hint) for hint in (None, True, False)]
    assert cnet.equal(results[0], results[1])
    assert cnet.allclose(results[0], results[2], atol=1e-6)
