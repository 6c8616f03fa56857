"""Tools for gradients and parameters of whole models."""

from importlib import import_module
from typing import TYPE_CHECKING

from .clip_grad import clip_grad_norm, clip_grad_norm_, clip_grad_value_, clip_grads_with_norm_, get_total_norm
from .convert_parameters import parameters_to_vector, vector_to_parameters

# At once: imported later, these functions would be hidden by the modules of the same name.
from .spectral_norm import remove_spectral_norm, spectral_norm
from .weight_norm import remove_weight_norm, weight_norm

if TYPE_CHECKING:
    from . import fusion, memory_format, parametrizations, parametrize, prune, rnn, stateless
    from .fusion import fuse_conv_bn_eval, fuse_conv_bn_weights, fuse_linear_bn_eval, fuse_linear_bn_weights
    from .init import skip_init
    from .memory_format import convert_conv2d_weight_memory_format, convert_conv3d_weight_memory_format

# Imported when first asked for.
_LAZY = {'convert_conv2d_weight_memory_format': 'memory_format', 'convert_conv3d_weight_memory_format': 'memory_format',
         'fuse_conv_bn_eval': 'fusion', 'fuse_conv_bn_weights': 'fusion', 'fuse_linear_bn_eval': 'fusion',
         'fuse_linear_bn_weights': 'fusion', 'skip_init': 'init'}
_MODULES = ('fusion', 'init', 'memory_format', 'parametrizations', 'parametrize', 'prune', 'rnn', 'stateless')


def __getattr__(name):
    if name in _LAZY:
        value = globals()[name] = getattr(import_module(f'.{_LAZY[name]}', __name__), name)
        return value
    if name in _MODULES:
        return import_module(f'.{name}', __name__)
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')


def __dir__():
    return sorted({*globals(), *_LAZY, *_MODULES})
