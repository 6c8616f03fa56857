"""The memory behind tensors, as untyped bytes."""

import numpy as np

from .._core.device import cpu

__all__ = ['UntypedStorage', 'is_storage']


def root_of(a):
    """The array that owns the memory of `a` (or was handed to us), of which `a` is a view."""
    while isinstance(a.base, np.ndarray):
        a = a.base
    return a


class UntypedStorage:
    """The bytes that a tensor and all its views share; made by ``Tensor.untyped_storage()``.

    Example:
        >>> import cnet
        >>> x = cnet.zeros(4)
        >>> x.untyped_storage().nbytes(), x[2:].untyped_storage() == x.untyped_storage()
        (16, True)
    """

    __slots__ = ('_low', '_nbytes', '_root')
    __module__ = 'cnet'

    def __init__(self, array):
        self._root = root_of(array)
        self._low, high = np.lib.array_utils.byte_bounds(self._root)
        self._nbytes = high - self._low if self._root.size else 0

    def data_ptr(self):
        """Return the address of the first byte."""
        return self._low

    def nbytes(self):
        """Return the number of bytes."""
        return self._nbytes

    size = __len__ = nbytes

    @property
    def device(self):
        """The CPU."""
        return cpu

    def __eq__(self, other):
        return isinstance(other, UntypedStorage) and (self._low, self._nbytes) == (other._low, other._nbytes)

    def __hash__(self):
        return hash((self._low, self._nbytes))

    def __repr__(self):
        return f'[cnet.UntypedStorage(device=cpu) of size {self._nbytes}]'


def is_storage(obj):
    """Tell whether an object is the memory of a tensor.

    Args:
        obj (object): anything.

    Returns:
        bool: True for an UntypedStorage.

    Example:
        >>> import cnet
        >>> cnet.is_storage(cnet.ones(1).untyped_storage()), cnet.is_storage(cnet.ones(1))
        (True, False)
    """
    return isinstance(obj, UntypedStorage)


def untyped_storage(self):
    """Return the memory that this tensor shares with its views."""
    return UntypedStorage(self._a)


def storage_offset(self):
    """Return how many elements the first one lies behind the start of the memory that views share."""
    return (self._a.ctypes.data - UntypedStorage(self._a).data_ptr()) // self._a.itemsize


def is_shared(self):
    """Tell whether other processes see the memory: never."""
    return False


METHODS = {'untyped_storage': untyped_storage, 'storage_offset': storage_offset, 'is_shared': is_shared}
