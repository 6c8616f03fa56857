"""cnet: PyTorch's eager programming model on a CPU, in a package of a few megabytes.

    import cnet as torch
"""

from math import e, inf, nan, pi

from . import autograd, functional, nn, optim, random, return_types, testing, utils
from ._core.device import *
from ._core.dtype import *
from ._core.generator import Generator, default_generator
from ._core.mode import (enable_grad, inference_mode, is_anomaly_enabled, is_grad_enabled, is_inference_mode_enabled, no_grad,
                         set_grad_enabled)
from ._core.size import Size
from ._kernels._threads import get_num_threads, set_num_threads
from ._tensor import Tensor
from ._tensor_str import get_printoptions, set_printoptions
from .random import get_rng_state, initial_seed, manual_seed, seed, set_rng_state
from .serialization import load, save
from .version import __version__
from ._ops import FAMILIES as _F

for _f in _F:
    for _n in _f.__all__:
        if hasattr(_f, _n): globals()[_n] = getattr(_f, _n)
newaxis = None
