"""What PyTorch serves as `torch.functional`, and the three functions of layers that its tutorials take from there."""

from ._ops.broadcast import atleast_1d, atleast_2d, atleast_3d, broadcast_shapes, broadcast_tensors
from ._ops.chain import chain_matmul
from ._ops.contract import tensordot
from ._ops.einsum import einsum
from ._ops.join import block_diag
from ._ops.norms import norm
from ._ops.search import unravel_index
from ._ops.sequences import cartesian_prod, meshgrid
from ._ops.split import split
from ._ops.unique import unique, unique_consecutive
from .nn.functional import log_softmax, max_pool2d, relu

__all__ = [
    'atleast_1d', 'atleast_2d', 'atleast_3d', 'block_diag', 'broadcast_shapes', 'broadcast_tensors', 'cartesian_prod',
    'chain_matmul', 'einsum', 'log_softmax', 'max_pool2d', 'meshgrid', 'norm', 'relu', 'split', 'tensordot', 'unique',
    'unique_consecutive', 'unravel_index',
]
