"""cnet: PyTorch's eager programming model on a CPU, in a package of a few megabytes."""
from ._core.dtype import *
from ._core.size import Size
from ._core.device import *
from ._core.mode import enable_grad, inference_mode, is_grad_enabled, is_inference_mode_enabled, no_grad, set_grad_enabled
from ._tensor import Tensor
from ._ops import FAMILIES as _F
for _f in _F:
    for _n in _f.__all__:
        globals()[_n] = getattr(_f, _n)
