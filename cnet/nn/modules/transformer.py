"""Transformer, its encoder and its decoder."""

import copy
import math
import warnings

from ..._core.mode import is_grad_enabled
from ..._ops.create import full
from ..._ops.multi_head_attention import canonical_mask
from .. import functional as F
from .. import init
from .container import ModuleList
from .module import Module
from .normalization import LayerNorm
from .transformer_layers import TransformerDecoderLayer, TransformerEncoderLayer

__all__ = ['Transformer', 'TransformerDecoder', 'TransformerDecoderLayer', 'TransformerEncoder', 'TransformerEncoderLayer']


def _causal_mask(size, device=None, dtype=None):
    return full((size, size), -math.inf, dtype=dtype, device=device).triu(diagonal=1)


def _clones(layer, count):
    return ModuleList([copy.deepcopy(layer) for _ in range(count)])


def _is_causal(mask, hint, x, batch_first):
    """The hint if there is one, else whether the mask is the causal one for the sequence x."""
    if hint is not None or mask is None:
        return hint is True
    size = x.shape[0 if x.ndim == 2 or not batch_first else 1]
    return mask.shape == (size, size) and bool((mask == _causal_mask(size, mask.device, mask.dtype)).all())


def _why_padding_stays(layer):
    """The reason why padding is computed and not zero in the result of an encoder of such layers, or ''."""
    if not isinstance(layer, TransformerEncoderLayer):
        return 'encoder_layer was not TransformerEncoderLayer'
    attention = layer.self_attn
    for bad, reason in (
            (layer.norm_first, '.norm_first was True'),
            (not attention.batch_first, '.self_attn.batch_first was not True(use batch_first for better inference performance)'),
            (not attention._qkv_same_embed_dim, '.self_attn._qkv_same_embed_dim was not True'),
            (attention.in_proj_bias is None, '.self_attn was passed bias=False'),
            (not layer.activation_relu_or_gelu, '.activation_relu_or_gelu was not True'),
            (layer.norm1.eps != layer.norm2.eps, '.norm1.eps was not equal to encoder_layer.norm2.eps'),
            (attention.num_heads % 2 == 1, '.self_attn.num_heads is odd')):
        if bad:
            return 'encoder_layer' + reason
    return ''


class TransformerEncoder(Module):
    """Copies of an encoder layer, one after the other.

    Args:
        encoder_layer (Module): what is copied, usually a `TransformerEncoderLayer`.
        num_layers (int): how many copies there are.
        norm (Module, optional): applied to the last result.
        enable_nested_tensor (bool): outside of training, padding at the ends of sequences becomes 0 in the last layer's
            result, as it does in PyTorch, which leaves it out of the computation.
        mask_check (bool): do that only if the padding is at the ends.

    Shape:
        src, output: (S, N, E), (N, S, E) if the layers have `batch_first`, or (S, E).

    Example:
        >>> import cnet
        >>> layer = cnet.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        >>> cnet.nn.TransformerEncoder(layer, 2)(cnet.zeros(3, 5, 8)).shape
        cnet.Size([3, 5, 8])
    """

    def __init__(self, encoder_layer, num_layers, norm=None, enable_nested_tensor=True, mask_check=True):
        super().__init__()
        self.layers = _clones(encoder_layer, num_layers)
        self.num_layers = num_layers
        self.norm = norm
        self.enable_nested_tensor = enable_nested_tensor
        self.use_nested_tensor = enable_nested_tensor
        self.mask_check = mask_check
        reason = _why_padding_stays(encoder_layer)
        if enable_nested_tensor and reason:
            warnings.warn(f'enable_nested_tensor is True, but self.use_nested_tensor is False because {reason}', stacklevel=2)
            self.use_nested_tensor = False

    def forward(self, src, mask=None, src_key_padding_mask=None, is_causal=None):
        """Pass a sequence through all layers.

        Args:
            src (Tensor): the sequence.
            mask (Tensor, optional): (S, S) or (N * nhead, S, S), pairs to leave out (True), or numbers to add.
            src_key_padding_mask (Tensor, optional): (N, S) or (S), positions to leave out (True), or numbers to add.
            is_causal (bool, optional): a hint that `mask` is the causal mask; None looks.

        Returns:
            Tensor: the last layer's result, normalized if there is a `norm`.
        """
        padding = canonical_mask(src_key_padding_mask, 'src_key_padding_mask', src.dtype, mask, 'mask')
        mask = canonical_mask(mask, 'mask', src.dtype)
        is_causal = _is_causal(mask, is_causal, src, self.layers[0].self_attn.batch_first)
        x = src
        for layer in self.layers:
            x = layer(x, src_mask=mask, is_causal=is_causal, src_key_padding_mask=padding)
        if padding is not None and mask is None and self._empties_padding(src, padding):
            x = x.masked_fill((padding != 0).unsqueeze(-1), 0)
        return x if self.norm is None else self.norm(x)

    def _empties_padding(self, src, padding):
        first = self.layers[0]
        if not self.use_nested_tensor or first.training or src.ndim != 3:
            return False
        if self.mask_check and (padding.bool().int().diff(dim=1) < 0).any():
            return False
        return not is_grad_enabled() or not (src.requires_grad or any(p.requires_grad for p in first.parameters()))


class TransformerDecoder(Module):
    """Copies of a decoder layer, one after the other.

    Args:
        decoder_layer (Module): what is copied, usually a `TransformerDecoderLayer`.
        num_layers (int): how many copies there are.
        norm (Module, optional): applied to the last result.

    Shape:
        tgt, output: (T, N, E), (N, T, E) if the layers have `batch_first`, or (T, E). memory: alike with S for T.

    Example:
        >>> import cnet
        >>> decoder = cnet.nn.TransformerDecoder(cnet.nn.TransformerDecoderLayer(8, 2, 16), 2)
        >>> decoder(cnet.zeros(4, 3, 8), cnet.zeros(5, 3, 8)).shape
        cnet.Size([4, 3, 8])
    """

    def __init__(self, decoder_layer, num_layers, norm=None):
        super().__init__()
        self.layers = _clones(decoder_layer, num_layers)
        self.num_layers = num_layers
        self.norm = norm

    def forward(self, tgt, memory, tgt_mask=None, memory_mask=None, tgt_key_padding_mask=None, memory_key_padding_mask=None,
                tgt_is_causal=None, memory_is_causal=False):
        """Pass a sequence through all layers.

        Args:
            tgt (Tensor): the sequence.
            memory (Tensor): the encoder's result.
            tgt_mask (Tensor, optional): (T, T) or (N * nhead, T, T), pairs to leave out (True), or numbers to add.
            memory_mask (Tensor, optional): (T, S) or (N * nhead, T, S), alike.
            tgt_key_padding_mask (Tensor, optional): (N, T) or (T), positions to leave out (True), or numbers to add.
            memory_key_padding_mask (Tensor, optional): (N, S) or (S), alike.
            tgt_is_causal (bool, optional): a hint that `tgt_mask` is the causal mask; None looks.
            memory_is_causal (bool): a hint that `memory_mask` is the causal mask.

        Returns:
            Tensor: the last layer's result, normalized if there is a `norm`.
        """
        tgt_is_causal = _is_causal(tgt_mask, tgt_is_causal, tgt, self.layers[0].self_attn.batch_first)
        x = tgt
        for layer in self.layers:
            x = layer(x, memory, tgt_mask=tgt_mask, memory_mask=memory_mask, tgt_key_padding_mask=tgt_key_padding_mask,
                      memory_key_padding_mask=memory_key_padding_mask, tgt_is_causal=tgt_is_causal,
                      memory_is_causal=memory_is_causal)
        return x if self.norm is None else self.norm(x)


class Transformer(Module):
    """Encoder and decoder of "Attention is all you need" (Vaswani et al., 2017).

    Args:
        d_model (int): E, the length of a position.
        nhead (int): heads of each attention.
        num_encoder_layers, num_decoder_layers (int): how many layers there are.
        dim_feedforward (int): length between the linear layers.
        dropout (float): the probability to drop.
        activation (str or callable): 'relu', 'gelu', or what is put between the linear layers.
        custom_encoder, custom_decoder (Module, optional): take the place of encoder and decoder.
        layer_norm_eps (float): `eps` of the layer norms.
        batch_first (bool): the batch is the first dimension, not the second.
        norm_first (bool): normalize the input of each part, not the sum after it.
        bias (bool): whether linear layers and layer norms have biases.
        device (device, optional): 'cpu', the only one.
        dtype (dtype, optional): of the parameters.

    Shape:
        src: (S, N, E), (N, S, E) if `batch_first`, or (S, E). tgt, output: alike with T for S.

    Example:
        >>> import cnet
        >>> model = cnet.nn.Transformer(8, 2, 1, 1, 16, batch_first=True)
        >>> model(cnet.zeros(3, 5, 8), cnet.zeros(3, 4, 8)).shape
        cnet.Size([3, 4, 8])
    """

    def __init__(self, d_model=512, nhead=8, num_encoder_layers=6, num_decoder_layers=6, dim_feedforward=2048, dropout=0.1,
                 activation=F.relu, custom_encoder=None, custom_decoder=None, layer_norm_eps=1e-5, batch_first=False,
                 norm_first=False, bias=True, device=None, dtype=None):
        super().__init__()
        options = (d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias, device,
                   dtype)
        if custom_encoder is None:
            layer = TransformerEncoderLayer(*options)
            norm = LayerNorm(d_model, layer_norm_eps, bias=bias, device=device, dtype=dtype)
            custom_encoder = TransformerEncoder(layer, num_encoder_layers, norm)
        self.encoder = custom_encoder
        if custom_decoder is None:
            layer = TransformerDecoderLayer(*options)
            norm = LayerNorm(d_model, layer_norm_eps, bias=bias, device=device, dtype=dtype)
            custom_decoder = TransformerDecoder(layer, num_decoder_layers, norm)
        self.decoder = custom_decoder
        self._reset_parameters()
        self.d_model = d_model
        self.nhead = nhead
        self.batch_first = batch_first

    def forward(self, src, tgt, src_mask=None, tgt_mask=None, memory_mask=None, src_key_padding_mask=None,
                tgt_key_padding_mask=None, memory_key_padding_mask=None, src_is_causal=None, tgt_is_causal=None,
                memory_is_causal=False):
        """Encode `src` and decode `tgt` with it. Masks are those of `TransformerEncoder` and `TransformerDecoder`."""
        batch = 0 if self.batch_first else 1
        if src.ndim == 3 and src.shape[batch] != tgt.shape[batch]:
            raise RuntimeError('the batch number of src and tgt must be equal')
        if src.shape[-1] != self.d_model or tgt.shape[-1] != self.d_model:
            raise RuntimeError('the feature number of src and tgt must be equal to d_model')
        memory = self.encoder(src, mask=src_mask, src_key_padding_mask=src_key_padding_mask, is_causal=src_is_causal)
        return self.decoder(tgt, memory, tgt_mask=tgt_mask, memory_mask=memory_mask, tgt_key_padding_mask=tgt_key_padding_mask,
                            memory_key_padding_mask=memory_key_padding_mask, tgt_is_causal=tgt_is_causal,
                            memory_is_causal=memory_is_causal)

    @staticmethod
    def generate_square_subsequent_mask(sz, device=None, dtype=None):
        """A mask (sz, sz) that lets position i see positions 0 to i: 0 there, minus infinity elsewhere.

        Example:
            >>> import cnet
            >>> cnet.nn.Transformer.generate_square_subsequent_mask(2)
            tensor([[0., -inf],
                    [0., 0.]])
        """
        return _causal_mask(sz, device, dtype)

    def _reset_parameters(self):
        for p in self.parameters():
            if p.dim() > 1:
                init.xavier_uniform_(p)
