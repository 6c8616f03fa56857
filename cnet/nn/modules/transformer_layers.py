"""The layers that encoder and decoder of a transformer repeat."""

from ..._kernels._state import calls
from ..._ops._transformer import add_norm, feed_forward
from ..._ops.multi_head_attention import canonical_mask
from .. import functional as F
from .activation import GELU
from .attention import MultiheadAttention
from .dropout import Dropout
from .linear import Linear
from .module import Module
from .normalization import LayerNorm
from .rectifier import ReLU

__all__ = ['TransformerDecoderLayer', 'TransformerEncoderLayer']

_RELU, _GELU = 1, 2
_FORWARDS = {kind: kind.forward for kind in (Dropout, LayerNorm, Linear)}


def _activation(activation):
    """The function behind a name; a callable is one already."""
    if not isinstance(activation, str):
        return activation
    if activation == 'relu':
        return F.relu
    if activation == 'gelu':
        return F.gelu
    raise RuntimeError(f'activation should be relu/gelu, not {activation}')


def _plain(module, kind):
    """Whether a module computes what its class says and nobody watches, so that a fused operation may take its place."""
    return type(module) is kind and calls(module, _FORWARDS[kind])


def _added(x, y, dropout, norm, both=False):
    """norm(x + dropout(y)); with `both`, a pair of that and the sum."""
    if _plain(dropout, Dropout) and _plain(norm, LayerNorm) and norm.weight is not None and not dropout.inplace:
        result = add_norm(x, y, norm.weight, norm.bias, norm.eps, dropout.p, dropout.training, both)
        if result is not None:
            return result
    total = x + dropout(y)
    return (norm(total), total) if both else norm(total)


def _fed_forward(layer, x):
    """linear2(dropout(activation(linear1(x)))) for the parts of a layer."""
    first, second, dropout, activation = layer.linear1, layer.linear2, layer.dropout, layer.activation
    smooth = activation is F.gelu
    if (smooth or activation is F.relu) and _plain(first, Linear) and _plain(second, Linear) and _plain(dropout, Dropout):
        y = feed_forward(x, first.weight, first.bias, second.weight, second.bias, smooth, dropout.p, dropout.training)
        if y is not None:
            return y
    return second(dropout(activation(first(x))))


class TransformerEncoderLayer(Module):
    """Self-attention, then two linear layers on every position; each result is added to its input and normalized.

    Args:
        d_model (int): E, the length of a position.
        nhead (int): heads of the attention.
        dim_feedforward (int): length between the linear layers.
        dropout (float): the probability to drop, in the attention and after every part.
        activation (str or callable): 'relu', 'gelu', or what is put between the linear layers.
        layer_norm_eps (float): `eps` of the layer norms.
        batch_first (bool): the batch is the first dimension, not the second.
        norm_first (bool): normalize the input of each part, not the sum after it.
        bias (bool): whether linear layers and layer norms have biases.
        device (device, optional): 'cpu', the only one.
        dtype (dtype, optional): of the parameters.

    Shape:
        src, output: (S, N, E), (N, S, E) if `batch_first`, or (S, E).

    Example:
        >>> import cnet
        >>> cnet.nn.TransformerEncoderLayer(8, 2, 16)(cnet.zeros(5, 3, 8)).shape
        cnet.Size([5, 3, 8])
    """

    def __init__(self, d_model, nhead, dim_feedforward=2048, dropout=0.1, activation=F.relu, layer_norm_eps=1e-5,
                 batch_first=False, norm_first=False, bias=True, device=None, dtype=None):
        super().__init__()
        self.self_attn = MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first, device=device, dtype=dtype)
        self.linear1 = Linear(d_model, dim_feedforward, bias, device, dtype)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias, device, dtype)
        self.norm_first = norm_first
        self.norm1 = LayerNorm(d_model, layer_norm_eps, bias=bias, device=device, dtype=dtype)
        self.norm2 = LayerNorm(d_model, layer_norm_eps, bias=bias, device=device, dtype=dtype)
        self.dropout1 = Dropout(dropout)
        self.dropout2 = Dropout(dropout)
        activation = _activation(activation)
        self.activation_relu_or_gelu = (_RELU if activation is F.relu or isinstance(activation, ReLU) else
                                        _GELU if activation is F.gelu or isinstance(activation, GELU) else 0)
        self.activation = activation

    def forward(self, src, src_mask=None, src_key_padding_mask=None, is_causal=False):
        """Apply the layer.

        Args:
            src (Tensor): the sequence.
            src_mask (Tensor, optional): (S, S) or (N * nhead, S, S), pairs to leave out (True), or numbers to add.
            src_key_padding_mask (Tensor, optional): (N, S) or (S), positions to leave out (True), or numbers to add.
            is_causal (bool): a hint that `src_mask` is the causal mask.

        Returns:
            Tensor: the sequence's new positions.
        """
        padding = canonical_mask(src_key_padding_mask, 'src_key_padding_mask', src.dtype, src_mask, 'src_mask')
        mask = canonical_mask(src_mask, 'src_mask', src.dtype)
        x = src
        if type(self) is not TransformerEncoderLayer:  # a subclass may have its own blocks
            if self.norm_first:
                x = x + self._sa_block(self.norm1(x), mask, padding, is_causal)
                return x + self._ff_block(self.norm2(x))
            x = self.norm1(x + self._sa_block(x, mask, padding, is_causal))
            return self.norm2(x + self._ff_block(x))
        if self.norm_first:
            y, x = _added(x, self._attended(self.norm1(x), mask, padding, is_causal), self.dropout1, self.norm2, True)
            return x + self._ff_block(y)
        x = _added(x, self._attended(x, mask, padding, is_causal), self.dropout1, self.norm1)
        return _added(x, _fed_forward(self, x), self.dropout2, self.norm2)

    def _attended(self, x, attn_mask, key_padding_mask, is_causal):
        return self.self_attn(x, x, x, key_padding_mask, False, attn_mask, is_causal=is_causal)[0]

    def _sa_block(self, x, attn_mask, key_padding_mask, is_causal=False):
        return self.dropout1(self._attended(x, attn_mask, key_padding_mask, is_causal))

    def _ff_block(self, x):
        return self.dropout2(_fed_forward(self, x))


class TransformerDecoderLayer(Module):
    """Self-attention, attention to the encoder's result, then two linear layers; sums and norms as in the encoder.

    Args:
        d_model (int): E, the length of a position.
        nhead (int): heads of each attention.
        dim_feedforward (int): length between the linear layers.
        dropout (float): the probability to drop, in the attentions and after every part.
        activation (str or callable): 'relu', 'gelu', or what is put between the linear layers.
        layer_norm_eps (float): `eps` of the layer norms.
        batch_first (bool): the batch is the first dimension, not the second.
        norm_first (bool): normalize the input of each part, not the sum after it.
        bias (bool): whether linear layers and layer norms have biases.
        device (device, optional): 'cpu', the only one.
        dtype (dtype, optional): of the parameters.

    Shape:
        tgt, output: (T, N, E), (N, T, E) if `batch_first`, or (T, E). memory: alike with S for T.

    Example:
        >>> import cnet
        >>> cnet.nn.TransformerDecoderLayer(8, 2, 16)(cnet.zeros(4, 3, 8), cnet.zeros(5, 3, 8)).shape
        cnet.Size([4, 3, 8])
    """

    def __init__(self, d_model, nhead, dim_feedforward=2048, dropout=0.1, activation=F.relu, layer_norm_eps=1e-5,
                 batch_first=False, norm_first=False, bias=True, device=None, dtype=None):
        super().__init__()
        self.self_attn = MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first, device=device, dtype=dtype)
        self.multihead_attn = MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first, device=device,
                                                 dtype=dtype)
        self.linear1 = Linear(d_model, dim_feedforward, bias, device, dtype)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias, device, dtype)
        self.norm_first = norm_first
        self.norm1 = LayerNorm(d_model, layer_norm_eps, bias=bias, device=device, dtype=dtype)
        self.norm2 = LayerNorm(d_model, layer_norm_eps, bias=bias, device=device, dtype=dtype)
        self.norm3 = LayerNorm(d_model, layer_norm_eps, bias=bias, device=device, dtype=dtype)
        self.dropout1 = Dropout(dropout)
        self.dropout2 = Dropout(dropout)
        self.dropout3 = Dropout(dropout)
        self.activation = _activation(activation)

    def forward(self, tgt, memory, tgt_mask=None, memory_mask=None, tgt_key_padding_mask=None, memory_key_padding_mask=None,
                tgt_is_causal=False, memory_is_causal=False):
        """Apply the layer.

        Args:
            tgt (Tensor): the sequence.
            memory (Tensor): the encoder's result.
            tgt_mask (Tensor, optional): (T, T) or (N * nhead, T, T), pairs to leave out (True), or numbers to add.
            memory_mask (Tensor, optional): (T, S) or (N * nhead, T, S), alike.
            tgt_key_padding_mask (Tensor, optional): (N, T) or (T), positions to leave out (True), or numbers to add.
            memory_key_padding_mask (Tensor, optional): (N, S) or (S), alike.
            tgt_is_causal, memory_is_causal (bool): hints that the masks are causal masks.

        Returns:
            Tensor: the sequence's new positions.
        """
        own = tgt_mask, tgt_key_padding_mask, tgt_is_causal
        other = memory, memory_mask, memory_key_padding_mask, memory_is_causal
        x = tgt
        if type(self) is not TransformerDecoderLayer:  # a subclass may have its own blocks
            if self.norm_first:
                x = x + self._sa_block(self.norm1(x), *own)
                x = x + self._mha_block(self.norm2(x), *other)
                return x + self._ff_block(self.norm3(x))
            x = self.norm1(x + self._sa_block(x, *own))
            x = self.norm2(x + self._mha_block(x, *other))
            return self.norm3(x + self._ff_block(x))
        if self.norm_first:
            y, x = _added(x, self._attended(self.norm1(x), *own), self.dropout1, self.norm2, True)
            y, x = _added(x, self._remembered(y, *other), self.dropout2, self.norm3, True)
            return x + self._ff_block(y)
        x = _added(x, self._attended(x, *own), self.dropout1, self.norm1)
        x = _added(x, self._remembered(x, *other), self.dropout2, self.norm2)
        return _added(x, _fed_forward(self, x), self.dropout3, self.norm3)

    def _attended(self, x, attn_mask, key_padding_mask, is_causal):
        return self.self_attn(x, x, x, key_padding_mask, False, attn_mask, is_causal=is_causal)[0]

    def _remembered(self, x, mem, attn_mask, key_padding_mask, is_causal):
        return self.multihead_attn(x, mem, mem, key_padding_mask, False, attn_mask, is_causal=is_causal)[0]

    def _sa_block(self, x, attn_mask, key_padding_mask, is_causal=False):
        return self.dropout1(self._attended(x, attn_mask, key_padding_mask, is_causal))

    def _mha_block(self, x, mem, attn_mask, key_padding_mask, is_causal=False):
        return self.dropout2(self._remembered(x, mem, attn_mask, key_padding_mask, is_causal))

    def _ff_block(self, x):
        return self.dropout3(_fed_forward(self, x))
