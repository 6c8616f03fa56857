"""Scaled dot product attention, and attention of several heads."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from . import Error, Maker, OpSpec, Sample


def samples(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(2, 2, 3, 4), make(2, 2, 5, 4), make(2, 2, 5, 4))
    yield Sample(make(1, 2, 5, 4), make(1, 2, 5, 4), make(1, 2, 5, 3), is_causal=True)
    yield Sample(make(1, 2, 3, 4), make(1, 2, 6, 4), make(1, 2, 6, 4), None, 0.0, True)
    yield Sample(make(2, 3, 4), make(2, 5, 4), make(2, 5, 2), scale=0.3)
    yield Sample(make(3, 4), make(5, 4), make(5, 4))
    yield Sample(make(2, 1, 2, 3, 4), make(2, 1, 2, 5, 4), make(2, 1, 2, 5, 4))
    yield Sample(make(2, 2, 1, 4), make(1, 1, 3, 4), make(1, 1, 3, 4))
    yield Sample(make(1, 4, 3, 4), make(1, 2, 5, 4), make(1, 2, 5, 4), enable_gqa=True)
    some = make.array([[1, 0, 1], [0, 0, 0], [0, 1, 0]], 'bool')
    yield Sample(make(1, 2, 3, 4), make(1, 2, 3, 4), make(1, 2, 3, 4), some)
    yield Sample(make(2, 2, 2, 4), make(2, 2, 3, 4), make(2, 2, 3, 4), make(2, 1, 1, 3, grad=False))
    yield Sample(make(2, 2, 4), make(2, 3, 4), make(2, 3, 4), attn_mask=make(2, 3))
    for queries, keys in ((0, 3), (2, 0)):
        yield Sample(*[make(2, n, 4, grad=False) for n in (queries, keys, keys)])


def errors(make: Maker) -> Iterator[Error]:
    x = make(1, 2, 3, 4)
    yield Error(TypeError, Sample([1.0], x, x), match='must be Tensor')
    yield Error(RuntimeError, Sample(make(4), x, x), match='at least 2 dimensional')
    yield Error(RuntimeError, Sample(x, make(1, 2, 3, 4, dtype='float64'), x), match='same dtype')
    yield Error(RuntimeError, Sample(*[make(1, 2, 3, 4, dtype='int64')] * 3), match='Float')
    yield Error(RuntimeError, Sample(x, make(1, 2, 3, 5), x), match='Expected size')
    yield Error(RuntimeError, Sample(x, make(1, 3, 3, 4), make(1, 3, 3, 4)), match='must match the size of tensor b')
    yield Error(RuntimeError, Sample(x, x, x, make(3, 4)), match='must match the size')
    yield Error(RuntimeError, Sample(x, x, x, make(3, 3, dtype='int64')), match='attn_mask dtype')
    yield Error(RuntimeError, Sample(x, x, x, dropout_p=1.5), match='between 0 and 1')
    yield Error(RuntimeError, Sample(x, make(1, 3, 3, 4), make(1, 3, 3, 4), enable_gqa=True), match='must divide')
    yield Error(IndexError, Sample(x, x, x, make(3)), match='Dimension out of range')


def reference(q, k, v, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None, enable_gqa=False):
    if enable_gqa:
        k, v = (np.repeat(a, q.shape[-3] // k.shape[-3], -3) for a in (k, v))
    scores = q @ k.swapaxes(-1, -2) * (1 / np.sqrt(q.shape[-1]) if scale is None else scale)
    if is_causal:
        scores = np.where(np.tri(*scores.shape[-2:], dtype=bool), scores, -np.inf)
    if attn_mask is not None:
        scores = np.where(attn_mask, scores, -np.inf) if attn_mask.dtype == bool else scores + attn_mask
    peak = scores.max(-1, keepdims=True, initial=-1e30)
    weights = np.exp(scores - peak)
    total = weights.sum(-1, keepdims=True)
    return weights / np.where(total == 0, 1, total) @ v


def heads(make: Maker, dtype: str) -> Iterator[Sample]:
    weights = make(12, 4), make(12)
    for need in (True, False):
        yield Sample(make(3, 2, 4), make(5, 2, 4), make(5, 2, 4), 4, 2, *weights, None, None, False, 0.0, make(4, 4), make(4),
                     need_weights=need)
    yield Sample(make(3, 4), make(3, 4), make(3, 4), 4, 1, *weights, make(1, 1, 4), make(1, 1, 4), True, 0.0, make(4, 4), None,
                 attn_mask=make(3, 3, dtype='bool'), average_attn_weights=False)
    yield Sample(make(3, 1, 4), make(3, 1, 4), make(3, 1, 4), 4, 2, *weights, None, None, False, 0.0, make(4, 4), make(4),
                 static_k=make(2, 6, 2), static_v=make(2, 6, 2), need_weights=False)


def head_errors(make: Maker) -> Iterator[Error]:
    x, rest = make(3, 2, 4), (make(12, 4), None, None, None, False, 0.0, make(4, 4), None)
    yield Error(AssertionError, Sample(make(4), x, x, 4, 2, *rest), match='unbatched 2D or batched 3D')
    yield Error(AssertionError, Sample(x, x, x, 6, 2, *rest), match='was expecting embedding dimension of 6')
    yield Error(AssertionError, Sample(x, x, x, 4, 3, *rest), match='not divisible by num_heads')
    yield Error(RuntimeError, Sample(x, x, x, 4, 2, *rest, is_causal=True), match='Need attn_mask')


# PyTorch has no second derivatives; tests/_ops/test_attention.py checks ours.
SPECS = [
    OpSpec('nn.functional.scaled_dot_product_attention', samples, ref=reference, errors=errors, gradgrad=False),
    OpSpec('nn.functional.multi_head_attention_forward', heads, errors=head_errors, gradgrad=False),
]
