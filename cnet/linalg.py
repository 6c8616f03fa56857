"""Linear algebra: what PyTorch serves as `torch.linalg`."""

from ._ops.chain import multi_dot
from ._ops.norms import vector_norm

__all__ = ['multi_dot', 'vector_norm']
