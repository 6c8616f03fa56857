"""MultiheadAttention."""

from ..._ops.multi_head_attention import canonical_mask, multi_head_attention_forward, self_attention
from .. import init
from .linear import NonDynamicallyQuantizableLinear
from .module import Module
from .utils import new_parameter

__all__ = ['MultiheadAttention']


class MultiheadAttention(Module):
    """Attention of several heads, each with its own projections of queries, keys and values.

    Args:
        embed_dim (int): E, the length of a query and of a result.
        num_heads (int): how many heads share E.
        dropout (float): the probability to drop a weight while training.
        bias (bool): whether the projections have biases.
        add_bias_kv (bool): learn a further key with its value.
        add_zero_attn (bool): add a key and a value of zeros.
        kdim, vdim (int, optional): length of a key and of a value. Default: E.
        batch_first (bool): the batch is the first dimension, not the second.
        device (device, optional): 'cpu', the only one.
        dtype (dtype, optional): of the parameters.

    Shape:
        query: (L, N, E), (N, L, E) if `batch_first`, or (L, E). key, value: alike with S for L and kdim, vdim for E.
        Results: as query, and weights (N, L, S) or (L, S), with a dimension of heads before L if not averaged.

    Example:
        >>> import cnet
        >>> x = cnet.zeros(2, 5, 8)
        >>> y, weights = cnet.nn.MultiheadAttention(8, 4, batch_first=True)(x, x, x)
        >>> y.shape, weights.shape
        (cnet.Size([2, 5, 8]), cnet.Size([2, 5, 5]))
    """

    def __init__(self, embed_dim, num_heads, dropout=0.0, bias=True, add_bias_kv=False, add_zero_attn=False, kdim=None, vdim=None,
                 batch_first=False, device=None, dtype=None):
        if embed_dim <= 0 or num_heads <= 0:
            raise ValueError(f'embed_dim and num_heads must be greater than 0, got embed_dim={embed_dim} and '
                             f'num_heads={num_heads} instead')
        super().__init__()
        self.embed_dim = embed_dim
        self.kdim = embed_dim if kdim is None else kdim
        self.vdim = embed_dim if vdim is None else vdim
        self._qkv_same_embed_dim = self.kdim == embed_dim and self.vdim == embed_dim
        self.num_heads = num_heads
        self.dropout = dropout
        self.batch_first = batch_first
        self.head_dim = embed_dim // num_heads
        if self.head_dim * num_heads != embed_dim:
            raise AssertionError('embed_dim must be divisible by num_heads')
        self.add_zero_attn = add_zero_attn
        shapes = dict.fromkeys(('q_proj_weight', 'k_proj_weight', 'v_proj_weight', 'in_proj_weight', 'in_proj_bias'))
        if self._qkv_same_embed_dim:
            shapes['in_proj_weight'] = 3 * embed_dim, embed_dim
        else:
            shapes['q_proj_weight'] = embed_dim, embed_dim
            shapes['k_proj_weight'] = embed_dim, self.kdim
            shapes['v_proj_weight'] = embed_dim, self.vdim
        if bias:
            shapes['in_proj_bias'] = (3 * embed_dim,)
        # In this order, which state_dict() shows.
        names = [name for name, shape in shapes.items() if shape] + [name for name, shape in shapes.items() if not shape]
        for name in names:
            self.register_parameter(name, new_parameter(shapes[name], dtype, device) if shapes[name] else None)
        self.out_proj = NonDynamicallyQuantizableLinear(embed_dim, embed_dim, bias, device, dtype)
        if add_bias_kv:
            self.bias_k = new_parameter((1, 1, embed_dim), dtype, device)
            self.bias_v = new_parameter((1, 1, embed_dim), dtype, device)
        else:
            self.bias_k = self.bias_v = None
        self._reset_parameters()

    def _reset_parameters(self):
        if self._qkv_same_embed_dim:
            init.xavier_uniform_(self.in_proj_weight)
        else:
            init.xavier_uniform_(self.q_proj_weight)
            init.xavier_uniform_(self.k_proj_weight)
            init.xavier_uniform_(self.v_proj_weight)
        if self.in_proj_bias is not None:
            init.zeros_(self.in_proj_bias)
            init.zeros_(self.out_proj.bias)
        if self.bias_k is not None:
            init.xavier_normal_(self.bias_k)
            init.xavier_normal_(self.bias_v)

    def forward(self, query, key, value, key_padding_mask=None, need_weights=True, attn_mask=None, average_attn_weights=True,
                is_causal=False):
        """Attend.

        Args:
            query, key, value (Tensor): sequences.
            key_padding_mask (Tensor, optional): (N, S) or (S), keys to leave out (True), or numbers to add to their scores.
            need_weights (bool): return the weights too; without them they are never in memory.
            attn_mask (Tensor, optional): (L, S) or (N * num_heads, L, S), pairs to leave out (True), or numbers to add.
            average_attn_weights (bool): return the mean of the weights over heads.
            is_causal (bool): a hint that `attn_mask` is the causal mask.

        Returns:
            (Tensor, Tensor or None): the result and the weights.
        """
        # Here as well as in the function, so that its warning about types shows the caller's line.
        key_padding_mask = canonical_mask(key_padding_mask, 'key_padding_mask', query.dtype, attn_mask, 'attn_mask')
        attn_mask = canonical_mask(attn_mask, 'attn_mask', query.dtype)
        if query is key and key is value and not need_weights and query.ndim == 3 and self._qkv_same_embed_dim \
                and self.bias_k is None and not self.add_zero_attn and (key_padding_mask is None or key_padding_mask.ndim == 2) \
                and (attn_mask is None or attn_mask.ndim in (2, 3)):
            y = self_attention(query, self.num_heads, self.in_proj_weight, self.in_proj_bias, self.out_proj.weight,
                               self.out_proj.bias, self.dropout if self.training else 0.0, key_padding_mask, attn_mask,
                               is_causal, self.batch_first)
            if y is not None:
                return y, None
        turned = self.batch_first and query.ndim == 3
        if turned:
            # One tensor stays one tensor: the function projects it once.
            views = {id(x): x.transpose(0, 1) for x in (query, key, value)}
            query, key, value = views[id(query)], views[id(key)], views[id(value)]
        y, weights = multi_head_attention_forward(
            query, key, value, self.embed_dim, self.num_heads, self.in_proj_weight, self.in_proj_bias, self.bias_k, self.bias_v,
            self.add_zero_attn, self.dropout, self.out_proj.weight, self.out_proj.bias, training=self.training,
            key_padding_mask=key_padding_mask, need_weights=need_weights, attn_mask=attn_mask,
            use_separate_proj_weight=not self._qkv_same_embed_dim, q_proj_weight=self.q_proj_weight,
            k_proj_weight=self.k_proj_weight, v_proj_weight=self.v_proj_weight, average_attn_weights=average_attn_weights,
            is_causal=is_causal)
        return (y.transpose(0, 1) if turned else y), weights
