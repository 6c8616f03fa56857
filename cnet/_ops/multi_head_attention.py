"""Attention with several heads: projections, masks and `scaled_dot_product_attention` in between."""

import math
import warnings

from .._core.base import PACK
from .._core.generator import engine_of
from .._core.mode import is_grad_enabled
from .._kernels._state import flags
from .attention import SelfAttention, scaled_dot_product_attention
from .create import zeros, zeros_like
from .dropout import dropout
from .join import cat
from .matmul import linear
from .pad import pad

__all__ = []
FUNCTIONAL = ['multi_head_attention_forward']
METHODS = {}


def canonical_mask(mask, name, dtype, other=None, other_name='', stacklevel=3):
    """A mask as numbers to add, True being minus infinity.

    Args:
        mask (Tensor, optional): bool or floating point.
        name (str): what errors call it.
        dtype (dtype): of the result, if `mask` is bool.
        other (Tensor, optional): a mask that ought to have the same type.
        other_name (str): what the warning calls that one.
        stacklevel (int): whose line the warning shows, as in `warnings.warn`.
    """
    if mask is None:
        return None
    kind = mask._a.dtype.kind
    if kind not in 'bf':
        raise AssertionError(f'only bool and floating types of {name} are supported')
    if other is not None and other.dtype is not mask.dtype:
        warnings.warn(f'Support for mismatched {name} and {other_name} is deprecated. Use same type for both instead.',
                      stacklevel=stacklevel)
    return mask if kind == 'f' else zeros_like(mask, dtype=dtype).masked_fill_(mask, -math.inf)


def _check_ranks(query, key, value, padding, mask, heads):
    """Whether the input is a batch. Refuses numbers of dimensions that do not go together."""
    n = query.ndim
    if n not in (2, 3):
        raise AssertionError(f'query should be unbatched 2D or batched 3D tensor but received {n}-D query tensor')
    start = 'For batched (3-D)' if n == 3 else 'For unbatched (2-D)'
    if key.ndim != n or value.ndim != n:
        raise AssertionError(f'{start} `query`, expected `key` and `value` to be {n}-D but found {key.ndim}-D and {value.ndim}-D '
                             'tensors respectively')
    if padding is not None and padding.ndim != n - 1:
        raise AssertionError(f'{start} `query`, expected `key_padding_mask` to be `None` or {n - 1}-D but found {padding.ndim}-D '
                             'tensor instead')
    if mask is not None:
        if mask.ndim not in (2, 3):
            raise AssertionError(f'{start} `query`, expected `attn_mask` to be `None`, 2-D or 3-D but found {mask.ndim}-D tensor '
                                 'instead')
        shape = (heads, query.shape[0], key.shape[0])
        if n == 2 and mask.ndim == 3 and mask.shape != shape:
            raise AssertionError(f'Expected `attn_mask` shape to be {shape} but got {mask.shape}')
    return n == 3


def _project_packed(query, key, value, weight, bias):
    """Queries, keys and values, from one weight for all three."""
    size = query.shape[-1]
    if key is value and query is key:
        return linear(query, weight, bias).chunk(3, -1)
    if key is value:
        parts, sizes = 2, (size, 2 * size)
    else:
        parts, sizes = 3, (size, size, size)
    weights = weight.split(sizes)
    biases = (None,) * parts if bias is None else bias.split(sizes)
    if parts == 2:
        return linear(query, weights[0], biases[0]), *linear(key, weights[1], biases[1]).chunk(2, -1)
    return [linear(x, w, b) for x, w, b in zip((query, key, value), weights, biases)]


def _project_separately(inputs, weights, bias):
    """Queries, keys and values, from a weight for each."""
    size = inputs[0].shape[-1]
    biases = (None,) * 3 if bias is None else bias.chunk(3)
    for name, x, w in zip(('query', 'key', 'value'), inputs, weights):
        expected = (size, x.shape[-1])
        if w.shape != expected:
            raise AssertionError(f'expecting {name} weights shape of {expected}, but got {w.shape}')
    for name, b in zip(('query', 'key', 'value'), biases):
        if b is not None and b.shape != (size,):
            raise AssertionError(f'expecting {name} bias shape of {(size,)}, but got {b.shape}')
    return [linear(x, w, b) for x, w, b in zip(inputs, weights, biases)]


def _check_mask_shape(mask, batch, heads, queries, keys):
    expected = (queries, keys) if mask.ndim == 2 else (batch * heads, queries, keys)
    if mask.shape != expected:
        raise RuntimeError(f'The shape of the {mask.ndim}D attn_mask is {mask.shape}, but should be {expected}.')


def _static(x, name, rows, size):
    """Keys or values that the caller has split into heads already."""
    if x.shape[0] != rows:
        raise AssertionError(f'expecting {name}.size(0) of {rows}, but got {x.shape[0]}')
    if x.shape[2] != size:
        raise AssertionError(f'expecting {name}.size(2) of {size}, but got {x.shape[2]}')
    return x


def _merged(mask, padding, batch, heads, keys):
    """One mask that broadcasts to (N, heads, L, S), or None."""
    if mask is not None:
        mask = mask.view(batch, heads, *mask.shape[1:]) if mask.ndim == 3 else mask
    if padding is None:
        return mask
    for i, expected in enumerate((batch, keys)):
        if padding.shape[i] != expected:
            raise AssertionError(f'Expected key_padded_mask.shape[{i}] to be {expected}, but got {padding.shape[i]}')
    padding = padding.view(batch, 1, 1, keys)
    return padding if mask is None else mask + padding


def _weighted(q, k, v, mask, dropout_p):
    """The averages, and the weights as they were used."""
    scores = (q * math.sqrt(1 / q.shape[-1])) @ k.transpose(-2, -1)
    if mask is not None:
        scores = mask + scores
    weights = scores.softmax(-1)
    if dropout_p > 0:
        weights = dropout(weights, dropout_p)
    return weights @ v, weights


def self_attention(x, heads, in_weight, in_bias, out_weight, out_bias, p, padding, mask, causal, batch_first):
    """Attention of several heads of a sequence to itself without copies of heads, or None where others must do it.

    Args:
        x (Tensor): (L, N, E), or (N, L, E) if `batch_first`.
        heads (int): number of heads.
        in_weight, in_bias (Tensor): the projections, (3 E, E) and (3 E) or None.
        out_weight, out_bias (Tensor): the projection of the result.
        p (float): the probability to drop a weight.
        padding, mask (Tensor, optional): numbers to add, as in `multi_head_attention_forward`.
        causal (bool): a hint that `mask` is the causal mask.
        batch_first (bool): N is the first dimension of `x` and the result.
    """
    a = x._a
    batch, length = a.shape[:2] if batch_first else a.shape[1::-1]
    size = a.shape[2]
    if flags() & PACK or not a.size or a.dtype.kind != 'f' or a.dtype.itemsize < 4 or in_weight._a.dtype != a.dtype \
            or not 0 <= p < 1 or size % heads or in_weight._a.shape != (3 * size, size) or (causal and mask is None):
        return None
    causal = causal and padding is None
    if causal:
        mask = None
    elif mask is not None:
        _check_mask_shape(mask, batch, heads, length, length)
    mask = _merged(mask, padding, batch, heads, length)
    if mask is not None and (mask._a.dtype != a.dtype or (mask.requires_grad and is_grad_enabled())):
        return None
    drops = {'keep': 1 - p, 'engine': engine_of(None, 'dropout')} if p else {}
    y = SelfAttention.apply(linear(x, in_weight, in_bias), mask, heads=heads, batch_first=batch_first, causal=causal, **drops)
    y = linear(y, out_weight, out_bias)
    return y.transpose(0, 1) if batch_first else y


def multi_head_attention_forward(query, key, value, embed_dim_to_check, num_heads, in_proj_weight, in_proj_bias, bias_k,
                                 bias_v, add_zero_attn, dropout_p, out_proj_weight, out_proj_bias, training=True,
                                 key_padding_mask=None, need_weights=True, attn_mask=None, use_separate_proj_weight=False,
                                 q_proj_weight=None, k_proj_weight=None, v_proj_weight=None, static_k=None, static_v=None,
                                 average_attn_weights=True, is_causal=False):
    """Attention of several heads with weights that are given: what `nn.MultiheadAttention` computes.

    Args:
        query, key, value (Tensor): sequences; the batch is the second dimension.
        embed_dim_to_check (int): E, for an error if the query has another length.
        num_heads (int): number of heads; divides E.
        in_proj_weight, in_proj_bias (Tensor, optional): projections of query, key and value, one below the other.
        bias_k, bias_v (Tensor, optional): (1, 1, E), a further key with its value.
        add_zero_attn (bool): add a key and value of zeros.
        dropout_p (float): the probability to drop a weight, if `training`.
        out_proj_weight, out_proj_bias (Tensor): the projection of the result.
        training (bool): whether there is dropout.
        key_padding_mask (Tensor, optional): keys to leave out (True), or numbers to add to their scores.
        need_weights (bool): return the weights too; without them they are never in memory.
        attn_mask (Tensor, optional): pairs of query and key to leave out (True), or numbers to add.
        use_separate_proj_weight (bool): take the next three instead of `in_proj_weight`.
        q_proj_weight, k_proj_weight, v_proj_weight (Tensor, optional): projections, for other lengths of key and value.
        static_k, static_v (Tensor, optional): (N * heads, S, E / heads), taken instead of projected keys and values.
        average_attn_weights (bool): return the mean of the weights over heads.
        is_causal (bool): a hint that `attn_mask` is the causal mask.

    Shape:
        query: (L, N, E) or (L, E). key, value: (S, N, Ek), (S, N, Ev), or without N. key_padding_mask: (N, S) or (S).
        attn_mask: (L, S) or (N * heads, L, S). Result: as query; weights: (N, L, S), with heads before L if not averaged.

    Returns:
        (Tensor, Tensor or None): the result and the weights.

    Example:
        >>> import cnet
        >>> x, w = cnet.ones(3, 1, 2), cnet.ones(2, 2)
        >>> y, weights = cnet.nn.functional.multi_head_attention_forward(
        ...     x, x, x, 2, 1, cnet.ones(6, 2), None, None, None, False, 0.0, w, None)
        >>> y.shape, weights.shape
        (cnet.Size([3, 1, 2]), cnet.Size([1, 3, 3]))
    """
    batched = _check_ranks(query, key, value, key_padding_mask, attn_mask, num_heads)
    if not batched:
        if key is value:
            query, key = (key.unsqueeze(1),) * 2 if query is key else (query.unsqueeze(1), key.unsqueeze(1))
            value = key
        else:
            query, key, value = query.unsqueeze(1), key.unsqueeze(1), value.unsqueeze(1)
        if key_padding_mask is not None:
            key_padding_mask = key_padding_mask.unsqueeze(0)
    queries, batch, size = query.shape
    padding = canonical_mask(key_padding_mask, 'key_padding_mask', query.dtype, attn_mask, 'attn_mask')
    if is_causal and attn_mask is None:
        raise RuntimeError('Need attn_mask if specifying the is_causal hint. You may use the Transformer module method '
                           '`generate_square_subsequent_mask` to create this mask.')
    is_causal = is_causal and padding is None and not need_weights
    mask = None if is_causal else canonical_mask(attn_mask, 'attn_mask', query.dtype)
    if size != embed_dim_to_check:
        raise AssertionError(f'was expecting embedding dimension of {embed_dim_to_check}, but got {size}')
    head_dim = size // num_heads
    if head_dim * num_heads != size:
        raise AssertionError(f'embed_dim {size} not divisible by num_heads {num_heads}')
    if use_separate_proj_weight:
        if key.shape[:2] != value.shape[:2]:
            raise AssertionError(f"key's sequence and batch dims {key.shape[:2]} do not match value's {value.shape[:2]}")
        weights = q_proj_weight, k_proj_weight, v_proj_weight
        for name, w in zip('qkv', weights):
            if w is None:
                raise AssertionError(f'use_separate_proj_weight is True but {name}_proj_weight is None')
        q, k, v = _project_separately((query, key, value), weights, in_proj_bias)
    else:
        if key.shape != value.shape:
            raise AssertionError(f'key shape {key.shape} does not match value shape {value.shape}')
        if in_proj_weight is None:
            raise AssertionError('use_separate_proj_weight is False but in_proj_weight is None')
        q, k, v = _project_packed(query, key, value, in_proj_weight, in_proj_bias)
    if mask is not None:
        _check_mask_shape(mask, batch, num_heads, queries, key.shape[0])

    if (bias_k is None) != (bias_v is None):
        raise AssertionError('bias_k is set but bias_v is None' if bias_v is None else 'bias_v is set but bias_k is None')
    if bias_k is not None:
        for name, x in (('key', static_k), ('value', static_v)):
            if x is not None:
                raise AssertionError(f'bias cannot be added to static {name}.')
        k, v = cat([k, bias_k.repeat(1, batch, 1)]), cat([v, bias_v.repeat(1, batch, 1)])
    k = k if static_k is None else _static(static_k, 'static_k', batch * num_heads, head_dim)
    v = v if static_v is None else _static(static_v, 'static_v', batch * num_heads, head_dim)
    q, k, v = (x.view(batch, num_heads, -1, head_dim) if x is static_k or x is static_v else
               x.view(x.shape[0], batch, num_heads, head_dim).permute(1, 2, 0, 3) for x in (q, k, v))
    if add_zero_attn:
        nothing = zeros(batch, num_heads, 1, head_dim, dtype=k.dtype)
        k, v = cat([k, nothing], 2), cat([v, nothing], 2)
    further = (bias_k is not None) + bool(add_zero_attn)
    if further:
        mask = None if mask is None else pad(mask, (0, further))
        padding = None if padding is None else pad(padding, (0, further))
    mask = _merged(mask, padding, batch, num_heads, k.shape[2])

    dropout_p = dropout_p if training else 0.0
    if need_weights:
        y, weights = _weighted(q, k, v, mask, dropout_p)
        weights = weights.mean(1) if average_attn_weights else weights
        weights = weights if batched else weights.squeeze(0)
    else:
        y, weights = scaled_dot_product_attention(q, k, v, mask, dropout_p, is_causal), None
    y = linear(y.permute(2, 0, 1, 3).reshape(queries * batch, size), out_proj_weight, out_proj_bias)
    y = y.view(queries, batch, y.shape[1])
    return (y if batched else y.squeeze(1)), weights
