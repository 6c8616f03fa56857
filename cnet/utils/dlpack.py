"""Exchange of tensors with other libraries by DLPack capsules; `cnet.from_dlpack` takes the objects themselves."""

import numpy as np

from .._core import checks
from .._core.base import wrap
from .._ops.from_data import from_dlpack as _from_object

__all__ = ['from_dlpack', 'to_dlpack']


class _Exporter:
    """An object with DLPack's methods around a bare capsule."""

    def __init__(self, capsule):
        self.capsule = capsule

    def __dlpack__(self, **options):
        return self.capsule

    def __dlpack_device__(self):
        return 1, 0  # a capsule does not say where its memory is; only the CPU's can be read


class _Memory:
    """The memory of an array for writing: a capsule of DLPack's first version cannot say that it is read-only."""

    def __init__(self, array):
        self.array = array
        self.__array_interface__ = array.__array_interface__ | {'data': (array.__array_interface__['data'][0], False)}


def from_dlpack(ext_tensor, *, device=None, copy=None):
    """Make a tensor that shares the memory of a capsule, or of an object that exports DLPack.

    Args:
        ext_tensor (object or capsule): a capsule can be used once.
        device (device, optional): only the CPU is accepted.
        copy (bool, optional): True copies, False and None share. Default: None.

    Returns:
        Tensor: a tensor over the same memory.

    Example:
        >>> from cnet.utils import dlpack
        >>> dlpack.from_dlpack(dlpack.to_dlpack(cnet.ones(2)))
        tensor([1., 1.])
    """
    if hasattr(ext_tensor, '__dlpack__'):
        return _from_object(ext_tensor, device=device, copy=copy)
    a = np.asarray(_Memory(np.from_dlpack(_Exporter(ext_tensor))))
    return wrap(a.copy() if copy else a)


def to_dlpack(tensor):
    """Make a DLPack capsule over the memory of a tensor.

    Args:
        tensor (Tensor): must not require a gradient.

    Returns:
        capsule: for `from_dlpack` of this or another library, once.

    Example:
        >>> from cnet.utils import dlpack
        >>> type(dlpack.to_dlpack(cnet.ones(2))).__name__
        'PyCapsule'
    """
    return checks.tensor(tensor, 'to_dlpack', 'tensor').__dlpack__()
