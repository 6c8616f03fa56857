"""The old-style classes ``FloatTensor``, ``LongTensor`` …: constructors, and types for isinstance."""

from .._core.base import TensorBase, wrap
from .._core.dtype import DTYPES
from .from_data import legacy_array


class _Kind(type):
    def __instancecheck__(cls, x):
        return isinstance(x, TensorBase) and x.dtype is cls.dtype

    def __call__(cls, *args):
        return wrap(legacy_array(args, cls.dtype.np).astype(cls.dtype.np, copy=False))


def _make(dtype):
    name = f'{dtype.legacy}Tensor'
    return name, _Kind(name, (), {
        '__module__': 'cnet', 'dtype': dtype,
        '__doc__': f'Makes tensors of ``cnet.{dtype.name}`` from lengths or from elements; they are its instances.'})


globals().update(map(_make, (d for d in DTYPES if not d.is_complex)))
__all__ = [f'{d.legacy}Tensor' for d in DTYPES if not d.is_complex]
METHODS = {}
