"""Scaled dot product attention: by tiles in one kernel, or composed of other operations where that kernel does not reach."""

from math import sqrt

import numpy as np

from .. import _kernels as K
from .._core import arrays, checks, errors
from .._core.arrays import contiguous
from .._core.base import TensorBase, wrap
from .._core.generator import engine_of
from .._core.inplace import scalar_name
from .._core.mode import is_grad_enabled
from .._core.op import Op, finish
from .._kernels._state import dtype_of, same_shape
from .._kernels.strided import rowed
from .dropout import drop, dropout_gain, kept_bits
from .join import cat

__all__ = []
FUNCTIONAL = ['scaled_dot_product_attention']
METHODS = {}

_NATIVE = (np.dtype(np.float32), np.dtype(np.float64))


def _four(a):
    """An array of two or more dimensions as the kernel wants it: four dimensions, the last one contiguous."""
    if not rowed(a):
        a = contiguous(a)
    n = a.ndim
    if n == 4:
        return a
    return a.reshape((1,) * (4 - n) + a.shape if n < 4 else (-1, *a.shape[-3:]))


def _mask(mask, q, keys):
    """A mask that broadcasts, as the kernel wants it."""
    if mask is None:
        return None
    n = q.ndim
    a = np.broadcast_to(mask, (*q.shape[:-1], keys))
    if n == 4:
        return a
    return a[(None,) * (4 - n)] if n < 4 else a.reshape((-1, *a.shape[-3:]))


def _result(like):
    """An array of this shape and order of dimensions whose last dimension is contiguous."""
    a = arrays.empty_as(like, like.dtype)
    return a if a.strides[-1] == a.itemsize else np.empty(like.shape, like.dtype)


class Attention(Op, name='ScaledDotProductFlashAttentionForCpuBackward0'):
    """softmax(scale q k' + mask) v; leading dimensions are alike, except that k and v may have fewer heads."""

    own_memory = True
    keep_in = (0, 1, 2, 3)
    keep_out = (0,)

    @staticmethod
    def forward(q, k, v, mask, scale, causal, keep=1.0, engine=None):
        bits, gain = None, 1.0
        if engine is not None:
            bits, gain = kept_bits(engine, keep, q.size // q.shape[-1] * k.shape[-2]), dropout_gain(q.dtype, keep)
        if mask is not None:
            mask = _mask(mask, q, k.shape[-2])
        out, sums = K.attention.forward(_four(q), _four(k), _four(v), mask, scale, causal, bits, gain)
        if q.ndim != 4:
            out = out.reshape(*q.shape[:-1], v.shape[-1])
        return out, sums, bits

    def backward(self, g):
        q, k, v, mask = self.saved(0), self.saved(1), self.saved(2), self.saved(3)
        sums, bits = self.aux
        scale, causal = self.kw['scale'], self.kw['causal']
        gain = 1.0 if bits is None else dropout_gain(q._a.dtype, self.kw['keep'])
        if is_grad_enabled():
            return *_gradients(g, q, k, v, mask, scale, causal, bits, gain), None
        q, k, v = q._a, k._a, v._a
        # Pieces of one tensor get the pieces of one gradient, which split and unbind then need not put together.
        whole = K.strided.together((q, k, v), 0, True)
        grads = (_result(q), _result(k), _result(v)) if whole is None else tuple(_result(whole))
        m = None if mask is None else mask._a
        K.attention.backward(_four(g._a), _four(q), _four(k), _four(v), _mask(m, q, k.shape[-2]), scale, causal, bits, gain,
                             _four(self.out(0)._a), sums, *[_four(a) for a in grads])
        return *[wrap(a) for a in grads], None


class AttentionView(Attention, name='UnsafeViewBackward0'):
    """Attention under the name that shows for other shapes than four dimensions, all alike."""


class AttentionMm(Attention, name='MmBackward0'):
    """Attention under the name that shows for matrices."""


def _heads(a, heads, batch_first):
    """Queries, keys and values, each [N, H, L, E / H], as views of projections [L, N, 3 E] (or [N, L, 3 E])."""
    a = a.reshape(*a.shape[:2], 3, heads, -1)
    return a.transpose((2, 0, 3, 1, 4) if batch_first else (2, 1, 3, 0, 4))


class SelfAttention(Op, name='ViewBackward0'):
    """Attention of a sequence to itself between linear layers: [L, N, 3 E] (or [N, L, 3 E]) to [L, N, E].

    Neither the heads of the projections nor those of the result are copied out, and the gradient of the projections is
    written in place. The node has the name of the last view that PyTorch takes.
    """

    keep_in = (0, 1)
    keep_out = (0,)

    @staticmethod
    def forward(qkv, mask, heads, batch_first, causal, keep=1.0, engine=None):
        q, k, v = _heads(contiguous(qkv), heads, batch_first)
        batch, _, length, size = q.shape
        y = arrays.empty((length, batch, heads * size), q.dtype)
        bits = None if engine is None else kept_bits(engine, keep, batch * heads * length * length)
        _, sums = K.attention.forward(q, k, v, _mask(mask, q, length), 1 / sqrt(size), causal, bits, dropout_gain(q.dtype, keep),
                                     y.reshape(length, batch, heads, size).transpose(1, 2, 0, 3))
        return y, sums, bits

    def backward(self, g):
        qkv, mask = self.saved(0), self.saved(1)
        sums, bits = self.aux
        heads, first, causal, keep = self.kw['heads'], self.kw['batch_first'], self.kw['causal'], self.kw.get('keep', 1.0)
        gain = dropout_gain(qkv._a.dtype, keep)
        if is_grad_enabled():
            q, k, v = qkv.unflatten(-1, (3, heads, -1)).permute((2, 0, 3, 1, 4) if first else (2, 1, 3, 0, 4)).unbind(0)
            g = g.unflatten(-1, (heads, -1)).permute(1, 2, 0, 3)
            grads = _gradients(g, q, k, v, mask, 1 / sqrt(q._a.shape[3]), causal, bits, gain)
            return cat([x.permute((0, 2, 1, 3) if first else (2, 0, 1, 3)).flatten(-2) for x in grads], -1), None
        a = contiguous(qkv._a)
        q, k, v = _heads(a, heads, first)
        gqkv = arrays.empty(a.shape, a.dtype)
        shape = (q.shape[2], q.shape[0], heads, q.shape[3])
        out, g = (contiguous(t._a).reshape(shape).transpose(1, 2, 0, 3) for t in (self.out(0), g))
        K.attention.backward(g, q, k, v, _mask(None if mask is None else mask._a, q, q.shape[2]), 1 / sqrt(q.shape[3]), causal,
                             bits, gain, out, sums, *_heads(gqkv, heads, first))
        return wrap(gqkv), None


def _weights(q, k, mask, scale, causal):
    """softmax(scale q k' + mask) as a tensor; a row whose keys are all masked is 0."""
    scores = (q * scale) @ k.transpose(-2, -1)
    if causal:
        scores = scores.masked_fill(wrap(~np.tri(*scores._a.shape[-2:], dtype=bool)), -np.inf)
    if mask is None:
        return scores.softmax(-1)
    scores = scores.masked_fill(~mask, -np.inf) if mask._a.dtype.kind == 'b' else scores + mask
    lost = scores._a.max(-1, keepdims=True, initial=-np.inf) == -np.inf
    if not lost.any():
        return scores.softmax(-1)
    lost = wrap(lost)
    # Before the softmax too: the gradient of NaN would not be 0.
    return scores.masked_fill(lost, 0).softmax(-1).masked_fill(lost, 0)


def _gradients(g, q, k, v, mask, scale, causal, bits, gain):
    """The gradients of q, k, v as formulas that can be differentiated."""
    groups = q._a.shape[-3] // k._a.shape[-3] if q._a.ndim > 2 else 1
    every_k, every_v = _per_head(k, groups), _per_head(v, groups)
    p = _weights(q, every_k, mask, scale, causal)
    gp, kept = g @ every_v.transpose(-2, -1), p
    if bits is not None:
        noise = np.unpackbits(bits, count=p._a.size, bitorder='little').reshape(p._a.shape)
        noise = wrap(noise * p._a.dtype.type(gain))
        gp, kept = gp * noise, p * noise
    gs = p * (gp - (gp * p).sum(-1, keepdim=True)) * scale
    gk, gv = gs.transpose(-2, -1) @ q, kept.transpose(-2, -1) @ g
    if groups > 1:
        gk, gv = (x.unflatten(-3, (-1, groups)).sum(-3) for x in (gk, gv))
    return gs @ every_k, gk, gv


def _per_head(x, groups):
    return x if groups == 1 else x.repeat_interleave(groups, -3)


def _composed(query, key, value, mask, dropout_p, causal, scale):
    """Attention by other operations, with the weights in memory."""
    if causal and mask is not None:
        raise RuntimeError('_scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True')
    return drop(_weights(query, key, mask, scale, causal), dropout_p, True) @ value


def _check(query, key, value, mask):
    q, k, v = query._a, key._a, value._a
    if q.ndim < 2 or k.ndim < 2 or v.ndim < 2:
        raise RuntimeError('Expected query, key, and value to all be  at least 2 dimensional, but got '
                           f'query.dim: {q.ndim} key.dim: {k.ndim} and value.dim: {v.ndim} instead.')
    if q.dtype != k.dtype or q.dtype != v.dtype:
        names = [errors._C_NAME[a.dtype.name] for a in (q, k, v)]
        raise RuntimeError('Expected query, key, and value to have the same dtype, but got '
                           f'query.dtype: {names[0]} key.dtype: {names[1]} and value.dtype: {names[2]} instead.')
    if q.dtype.kind in 'biu':
        raise RuntimeError(f'expected scalar type Float but found {scalar_name(q.dtype)}')
    if mask is None:
        return
    m = mask._a
    if m.dtype.kind != 'b' and m.dtype != q.dtype and m.dtype != np.float32:
        raise RuntimeError('Expected attn_mask dtype to be bool or float or to match query dtype, but got attn_mask.dtype: '
                           f'{errors._C_NAME[m.dtype.name]} and  query.dtype: {errors._C_NAME[q.dtype.name]} instead.')
    if m.ndim < 2:
        raise errors.dim_range(-2, m.ndim)


def _fit(q, k, v, mask):
    """Whether the kernel can take these arrays as they are."""
    lead = q.shape[:-2]
    if lead != v.shape[:-2] or k.shape[:-1] != v.shape[:-1]:
        fewer = k.shape[:-1] == v.shape[:-1] and len(lead) == k.ndim - 2 and lead[:-1] == k.shape[:-3]
        if not fewer or not k.shape[-3] or lead[-1] % k.shape[-3]:
            return False
    if q.shape[-1] != k.shape[-1] or not q.size or not k.size or not v.size:
        return False
    if mask is not None:
        shape = (*q.shape[:-1], k.shape[-2])
        if mask.ndim > q.ndim or (mask.dtype.kind != 'b' and mask.dtype != q.dtype):
            return False
        return all(n in (1, m) for n, m in zip(mask.shape[::-1], shape[::-1]))
    return True


def _usual(query, key, value, causal):
    """Attention of what most calls give, told by a few comparisons: tensors (B, H, L, E), (B, H, S, E) twice, of one native
    type and not empty. None for all else.
    """
    if not (isinstance(query, TensorBase) and isinstance(key, TensorBase) and isinstance(value, TensorBase)):
        return None
    s, t, u = query, key, value
    q, k, v = s._a, t._a, u._a
    if not (q.ndim == 4 and k.ndim == 4 and same_shape(k, v) and q.shape[0] == k.shape[0] and q.shape[1] == k.shape[1]
            and q.shape[3] == k.shape[3] and dtype_of(q) is dtype_of(k) and dtype_of(q) is dtype_of(v)
            and dtype_of(q) in _NATIVE and q.shape[0] and q.shape[1] and q.shape[2] and q.shape[3] and k.shape[2]):
        return None
    scale = 1 / sqrt(q.shape[3])
    out, sums = K.attention.forward(_four(q), _four(k), _four(v), None, scale, causal, None, 1.0)
    return finish(Attention, Attention.info_, (s, t, u, None), {'scale': scale, 'causal': causal}, (out, sums, None))


def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None,
                                 enable_gqa=False):
    """The values averaged by how well their keys fit each query: ``softmax(scale * query @ key.T + mask) @ value``.

    The matrix of weights is never in memory, neither here nor in the backward pass, unless a gradient of `attn_mask` is asked
    for; dropout keeps one bit per weight. A query whose keys are all masked has the result 0.

    Args:
        query, key, value (Tensor): of one floating point type.
        attn_mask (Tensor, optional): broadcasts to (..., H, L, S). Bools say which keys count; numbers are added.
        dropout_p (float): the probability to drop a weight, whether in training or not.
        is_causal (bool): query i sees keys 0 to i alone.
        scale (float, optional): 1 / sqrt(E) by default.
        enable_gqa (bool): key and value may have fewer heads, each for H / G neighbouring heads of query.

    Shape:
        query: (..., H, L, E). key: (..., G, S, E). value: (..., G, S, V). Result: (..., H, L, V). L is the number of
        queries, S of keys, H and G of heads, G = H without `enable_gqa`; ... broadcast.

    Returns:
        Tensor: the averages.

    Example:
        >>> import cnet
        >>> from cnet.nn import functional as F
        >>> F.scaled_dot_product_attention(cnet.zeros(1, 2), cnet.ones(2, 2), cnet.tensor([[0., 4.], [2., 0.]]))
        tensor([[1., 2.]])
    """
    if attn_mask is None and not dropout_p and scale is None:
        y = _usual(query, key, value, bool(is_causal))
        if y is not None:
            return y
    if attn_mask is not None:
        checks.tensor(attn_mask, 'scaled_dot_product_attention', 'attn_mask', 4)
    for position, (name, x) in enumerate((('query', query), ('key', key), ('value', value)), 1):
        checks.tensor(x, 'scaled_dot_product_attention', name, position)
    _check(query, key, value, attn_mask)
    q, k, v = query._a, key._a, value._a
    if not 0 <= dropout_p <= 1:
        raise RuntimeError(f'dropout probability has to be between 0 and 1, but got {dropout_p:g}')
    if scale is None:
        scale = 1 / sqrt(q.shape[-1]) if q.shape[-1] else 1.0
    if enable_gqa:
        heads = [checks.dim(-3, a.ndim) for a in (q, k, v)]
        heads = [a.shape[d] for a, d in zip((q, k, v), heads)]
        if not heads[1] or not heads[2] or heads[0] % heads[1] or heads[0] % heads[2]:
            raise RuntimeError('Number of heads in key and value must divide the number of heads in query')
        if heads[1] != heads[2]:
            key, value = _per_head(key, heads[0] // heads[1]), _per_head(value, heads[0] // heads[2])
            k, v = key._a, value._a
    if q.dtype.itemsize == 2:
        mask = attn_mask if attn_mask is None or attn_mask._a.dtype.kind == 'b' else attn_mask.float()
        return scaled_dot_product_attention(query.float(), key.float(), value.float(), mask, dropout_p, is_causal,
                                            scale=scale, enable_gqa=enable_gqa).to(query.dtype)
    learned = attn_mask is not None and attn_mask.requires_grad and is_grad_enabled()
    if dropout_p < 1 and not learned and q.dtype.kind == 'f' and not (dropout_p and is_causal and attn_mask is not None):
        same = q.ndim == 4 and q.shape[-1] == v.shape[-1] and not dropout_p
        op = Attention if same else AttentionMm if q.ndim == 2 else AttentionView
        if k.shape[:-2] != q.shape[:-2] and not enable_gqa:
            query, key, value = _expanded(query, key, value)
            q, k, v = query._a, key._a, value._a
            op = AttentionView
        if _fit(q, k, v, None if attn_mask is None else attn_mask._a):
            drops = {'keep': 1 - dropout_p, 'engine': engine_of(None, 'dropout')} if dropout_p else {}
            return op.apply(query, key, value, attn_mask, scale=float(scale), causal=bool(is_causal), **drops)
    if enable_gqa:
        groups = q.shape[-3] // k.shape[-3]
        key, value = _per_head(key, groups), _per_head(value, groups)
    return _composed(query, key, value, attn_mask, dropout_p, is_causal, scale)


def _expanded(*tensors):
    """The tensors with their leading dimensions broadcast."""
    try:
        lead = np.broadcast_shapes(*[t._a.shape[:-2] for t in tensors])
    except ValueError:
        q, k = tensors[0]._a, tensors[1]._a
        try:
            np.broadcast_shapes(q.shape[:-2], k.shape[:-2])
        except ValueError:
            raise errors.broadcast(q.shape[:-2] + (1, 1), k.shape[:-2] + (1, 1)) from None
        return tensors
    return [t.expand(*lead, *t._a.shape[-2:]) for t in tensors]
