"""cnet: PyTorch's eager programming model on a CPU, in a package of a few megabytes.

    import cnet as torch
"""

from importlib import import_module as _import_module
from math import e, inf, nan, pi

from . import autograd, functional, nn, optim, random, return_types, utils
from ._core.device import *
from ._core.dtype import *
from ._core.generator import Generator, default_generator
from ._core.mode import (
    enable_grad,
    inference_mode,
    is_anomaly_enabled,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from ._core.size import Size
from ._kernels._alloc import empty_cache, memory_stats
from ._kernels._threads import get_num_threads, set_flush_denormal, set_num_threads
from ._ops import late as _late
from ._ops.activation import *
from ._ops.activation_linear import *
from ._ops.adaptive_pool import *
from ._ops.addmm import *
from ._ops.arrange import *
from ._ops.broadcast import *
from ._ops.chain import *
from ._ops.clamp import *
from ._ops.compare import *
from ._ops.complex_parts import *
from ._ops.contract import *
from ._ops.conv import *
from ._ops.convert import *
from ._ops.copies import *
from ._ops.create import *
from ._ops.diag import *
from ._ops.distance import *
from ._ops.drop import *
from ._ops.einsum import *
from ._ops.extreme import *
from ._ops.fill import *
from ._ops.fold import *
from ._ops.from_data import *
from ._ops.gather import *
from ._ops.getitem import *
from ._ops.info import *
from ._ops.interop import *
from ._ops.join import *
from ._ops.legacy import *
from ._ops.likelihood import *
from ._ops.loss import *
from ._ops.margin import *
from ._ops.masked import *
from ._ops.matmul import *
from ._ops.metadata import *
from ._ops.moments import *
from ._ops.norm import *
from ._ops.norms import *
from ._ops.pad import *
from ._ops.permute import *
from ._ops.pointwise import *
from ._ops.polar import *
from ._ops.pool import *
from ._ops.power import *
from ._ops.predicates import *
from ._ops.random import *
from ._ops.reduce import *
from ._ops.rows import *
from ._ops.sample import *
from ._ops.scan import *
from ._ops.search import *
from ._ops.sequences import *
from ._ops.shape import *
from ._ops.slices import *
from ._ops.softmax import *
from ._ops.sort import *
from ._ops.split import *
from ._ops.storage import *
from ._ops.ternary import *
from ._ops.unary import *
from ._ops.unique import *
from ._tensor import Tensor
from ._tensor_str import set_printoptions
from .random import get_rng_state, initial_seed, manual_seed, seed, set_rng_state
from .serialization import load, save
from .version import __version__

newaxis = None

# Submodules that are imported when they are first named, and names in such modules.
_LAZY = ('accelerator', 'amp', 'backends', 'compiler', 'cpu', 'cuda', 'distributed', 'distributions', 'fft', 'func', 'futures',
         'jit', 'linalg', 'masked', 'mps', 'multiprocessing', 'profiler', 'signal', 'special', 'testing', 'xpu')
_LAZY_NAMES = {
    'GradScaler': 'amp', 'autocast': 'amp', 'compile': 'compiler', 'vmap': 'func', 'Future': 'futures',
    **dict.fromkeys((
        'SymBool', 'SymFloat', 'SymInt', 'are_deterministic_algorithms_enabled', 'get_autocast_dtype',
        'get_deterministic_debug_mode',
        'get_float32_matmul_precision', 'get_num_interop_threads', 'is_autocast_enabled',
        'is_deterministic_algorithms_warn_only_enabled', 'is_warn_always_enabled', 'set_default_tensor_type',
        'set_deterministic_debug_mode', 'set_float32_matmul_precision', 'set_num_interop_threads', 'set_warn_always', 'typename',
        'use_deterministic_algorithms'), '_settings'),
}
# In-place methods that are functions too, and detach: `cnet.sin_(x)` is `x.sin_()`.
_METHODS = frozenset((
    'abs_ acos_ acosh_ addmv_ arccos_ arccosh_ arcsin_ arcsinh_ arctan_ arctanh_ asin_ asinh_ atan_ atanh_ ceil_ clamp_ '
    'clamp_max_ clamp_min_ clip_ conj_physical_ cos_ cosh_ deg2rad_ detach detach_ exp2_ exp_ expm1_ fill_ fix_ floor_ frac_ '
    'gcd_ get_device lcm_ ldexp_ log10_ log1p_ log2_ log_ logit_ nan_to_num_ neg_ negative_ rad2deg_ reciprocal_ '
    'round_ rsqrt_ sin_ sinc_ sinh_ sqrt_ square_ tan_ trunc_ xlogy_ zero_').split())


def __getattr__(name):
    """A public name that is imported on first use."""
    if name in _METHODS:
        value = globals()[name] = getattr(Tensor, name)
        return value
    if name in _LAZY:
        return _import_module(f'.{name}', __name__)
    if name in _LAZY_NAMES:
        value = globals()[name] = getattr(_import_module(f'.{_LAZY_NAMES[name]}', __name__), name)
        return value
    if name in _late.FILE_OF:
        value = globals()[name] = _late.public(name)
        return value
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")


def __dir__():
    return sorted({*globals(), *_LAZY, *_LAZY_NAMES, *_METHODS, *_late.FILE_OF})
