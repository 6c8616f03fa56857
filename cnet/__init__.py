"""cnet: PyTorch's eager programming model on a CPU, in a package of a few megabytes.

    import cnet as torch
"""

from math import e, inf, nan, pi

from . import autograd, functional, nn, optim, random, return_types, testing, utils
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
from ._kernels._threads import get_num_threads, set_num_threads
from ._ops.activation import *
from ._ops.activation_linear import *
from ._ops.adaptive_pool import *
from ._ops.addmm import *
from ._ops.arrange import *
from ._ops.broadcast import *
from ._ops.chain import *
from ._ops.compare import *
from ._ops.complex_parts import *
from ._ops.contract import *
from ._ops.conv import *
from ._ops.convert import *
from ._ops.copies import *
from ._ops.create import *
from ._ops.ctc import *
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
from ._ops.permute import *
from ._ops.pointwise import *
from ._ops.polar import *
from ._ops.pool import *
from ._ops.power import *
from ._ops.predicates import *
from ._ops.quantile import *
from ._ops.random import *
from ._ops.reduce import *
from ._ops.rows import *
from ._ops.sample import *
from ._ops.scan import *
from ._ops.scatter_reduce import *
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
from ._ops.windows import *
from ._tensor import Tensor
from ._tensor_str import set_printoptions
from .random import get_rng_state, initial_seed, manual_seed, seed, set_rng_state
from .serialization import load, save
from .version import __version__

newaxis = None
