"""The functions behind the layers: the very objects that `_ops` defines."""

from importlib import import_module as _import_module
from typing import TYPE_CHECKING

from .._ops.activation import (
    celu,
    celu_,
    elu,
    elu_,
    gelu,
    glu,
    logsigmoid,
    mish,
    selu,
    selu_,
    sigmoid,
    silu,
    softplus,
    softsign,
    tanh,
    tanhshrink,
)
from .._ops.activation_linear import (
    hardshrink,
    hardsigmoid,
    hardswish,
    hardtanh,
    hardtanh_,
    leaky_relu,
    leaky_relu_,
    prelu,
    relu,
    relu6,
    relu_,
    rrelu,
    rrelu_,
    softshrink,
    threshold,
    threshold_,
)
from .._ops.adaptive_pool import (
    adaptive_avg_pool1d,
    adaptive_avg_pool2d,
    adaptive_avg_pool3d,
    adaptive_max_pool1d,
    adaptive_max_pool1d_with_indices,
    adaptive_max_pool2d,
    adaptive_max_pool2d_with_indices,
    adaptive_max_pool3d,
    adaptive_max_pool3d_with_indices,
)
from .._ops.contract import bilinear
from .._ops.conv import conv1d, conv2d, conv3d, conv_tbc, conv_transpose1d, conv_transpose2d, conv_transpose3d
from .._ops.cross_entropy import cross_entropy, linear_cross_entropy, nll_loss
from .._ops.distance import cosine_similarity, normalize, pairwise_distance
from .._ops.dropout import alpha_dropout, dropout, dropout1d, dropout2d, dropout3d, feature_alpha_dropout
from .._ops.embedding import embedding, embedding_bag, one_hot
from .._ops.fold import channel_shuffle, fold, pixel_shuffle, pixel_unshuffle, unfold
from .._ops.likelihood import gaussian_nll_loss, kl_div, poisson_nll_loss
from .._ops.loss import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    huber_loss,
    l1_loss,
    mse_loss,
    smooth_l1_loss,
    soft_margin_loss,
)
from .._ops.margin import (
    cosine_embedding_loss,
    hinge_embedding_loss,
    margin_ranking_loss,
    multi_margin_loss,
    multilabel_margin_loss,
    multilabel_soft_margin_loss,
    triplet_margin_loss,
    triplet_margin_with_distance_loss,
)
from .._ops.matmul import linear
from .._ops.norm import batch_norm, group_norm, instance_norm, layer_norm, local_response_norm, rms_norm
from .._ops.pad import pad
from .._ops.pool import (
    avg_pool1d,
    avg_pool2d,
    avg_pool3d,
    lp_pool1d,
    lp_pool2d,
    lp_pool3d,
    max_pool1d,
    max_pool1d_with_indices,
    max_pool2d,
    max_pool2d_with_indices,
    max_pool3d,
    max_pool3d_with_indices,
)
from .._ops.softmax import gumbel_softmax, log_softmax, softmax, softmin

if TYPE_CHECKING:
    from .._ops.attention import scaled_dot_product_attention
    from .._ops.ctc import ctc_loss
    from .._ops.gridsample import affine_grid, grid_sample
    from .._ops.multi_head_attention import multi_head_attention_forward
    from .._ops.pairwise import pdist
    from .._ops.resample import interpolate, upsample, upsample_bilinear, upsample_nearest
    from .._ops.unpool import (
        fractional_max_pool2d,
        fractional_max_pool2d_with_indices,
        fractional_max_pool3d,
        fractional_max_pool3d_with_indices,
        max_unpool1d,
        max_unpool2d,
        max_unpool3d,
    )

__all__ = [
    'adaptive_avg_pool1d', 'adaptive_avg_pool2d', 'adaptive_avg_pool3d', 'adaptive_max_pool1d',
    'adaptive_max_pool1d_with_indices', 'adaptive_max_pool2d', 'adaptive_max_pool2d_with_indices',
    'adaptive_max_pool3d', 'adaptive_max_pool3d_with_indices', 'affine_grid', 'alpha_dropout', 'avg_pool1d',
    'avg_pool2d', 'avg_pool3d', 'batch_norm', 'bilinear', 'binary_cross_entropy', 'binary_cross_entropy_with_logits',
    'celu', 'celu_', 'channel_shuffle', 'conv1d', 'conv2d', 'conv3d', 'conv_tbc', 'conv_transpose1d',
    'conv_transpose2d', 'conv_transpose3d', 'cosine_embedding_loss', 'cosine_similarity', 'cross_entropy', 'ctc_loss', 'dropout',
    'dropout1d', 'dropout2d', 'dropout3d', 'elu', 'elu_', 'embedding', 'embedding_bag', 'feature_alpha_dropout',
    'fold', 'fractional_max_pool2d', 'fractional_max_pool2d_with_indices', 'fractional_max_pool3d',
    'fractional_max_pool3d_with_indices', 'gaussian_nll_loss', 'gelu', 'glu', 'grid_sample', 'group_norm',
    'gumbel_softmax', 'hardshrink', 'hardsigmoid', 'hardswish', 'hardtanh', 'hardtanh_', 'hinge_embedding_loss',
    'huber_loss', 'instance_norm', 'interpolate', 'kl_div', 'l1_loss', 'layer_norm', 'leaky_relu', 'leaky_relu_',
    'linear', 'linear_cross_entropy', 'local_response_norm', 'log_softmax', 'logsigmoid', 'lp_pool1d', 'lp_pool2d',
    'lp_pool3d', 'margin_ranking_loss', 'max_pool1d', 'max_pool1d_with_indices', 'max_pool2d',
    'max_pool2d_with_indices', 'max_pool3d', 'max_pool3d_with_indices', 'max_unpool1d', 'max_unpool2d',
    'max_unpool3d', 'mish', 'mse_loss', 'multi_head_attention_forward', 'multi_margin_loss', 'multilabel_margin_loss',
    'multilabel_soft_margin_loss', 'nll_loss', 'normalize', 'one_hot', 'pad', 'pairwise_distance', 'pdist',
    'pixel_shuffle', 'pixel_unshuffle', 'poisson_nll_loss', 'prelu', 'relu', 'relu6', 'relu_', 'rms_norm', 'rrelu', 'rrelu_',
    'scaled_dot_product_attention', 'selu', 'selu_', 'sigmoid', 'silu', 'smooth_l1_loss', 'soft_margin_loss',
    'softmax', 'softmin', 'softplus', 'softshrink', 'softsign', 'tanh', 'tanhshrink', 'threshold', 'threshold_',
    'triplet_margin_loss', 'triplet_margin_with_distance_loss', 'unfold', 'upsample', 'upsample_bilinear',
    'upsample_nearest',
]

# Imported when first asked for: name and file in `_ops`.
_LATE = {
    **dict.fromkeys(('fractional_max_pool2d', 'fractional_max_pool2d_with_indices', 'fractional_max_pool3d',
                     'fractional_max_pool3d_with_indices', 'max_unpool1d', 'max_unpool2d', 'max_unpool3d'), 'unpool'),
    **dict.fromkeys(('interpolate', 'upsample', 'upsample_bilinear', 'upsample_nearest'), 'resample'),
    'affine_grid': 'gridsample', 'grid_sample': 'gridsample', 'ctc_loss': 'ctc',
    'multi_head_attention_forward': 'multi_head_attention', 'pdist': 'pairwise', 'scaled_dot_product_attention': 'attention',
}


def __getattr__(name):
    if name in _LATE:
        value = globals()[name] = getattr(_import_module(f'.._ops.{_LATE[name]}', __package__), name)
        return value
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')


def __dir__():
    return sorted({*globals(), *_LATE})
