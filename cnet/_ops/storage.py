"""The memory behind tensors: as bytes, and as a flat sequence of elements."""

import warnings
from math import prod

import numpy as np

from .._core import checks
from .._core.base import GRAD, TensorBase
from .._core.device import cpu
from .._core.dtype import from_np
from .._kernels._state import flags

__all__ = ['TypedStorage', 'UntypedStorage', 'is_storage']
_BYTE = np.dtype(np.uint8)


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

    def element_size(self):
        """Return 1: the elements are bytes."""
        return 1

    def tolist(self):
        """Return the bytes as a list of ints."""
        return self.elements(_BYTE).tolist()

    def elements(self, dtype):
        """Return the memory as a flat array of a NumPy type, without the bytes at its end that make no whole element."""
        if not self._root.flags.forc:
            raise RuntimeError('the memory of an array with gaps, which another library made, has no elements')
        flat = self._root.ravel(order='K').view(_BYTE)
        return flat[:flat.size - flat.size % dtype.itemsize].view(dtype)

    def __getitem__(self, i):
        if isinstance(i, slice):
            return UntypedStorage(self.elements(_BYTE)[i].copy())
        return _element(self.elements(_BYTE), i, TypeError("can't index a torch.UntypedStorage with " + type(i).__name__))

    def __setitem__(self, i, value):
        self.elements(_BYTE)[i] = value

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


class TypedStorage:
    """The elements that a tensor and all its views share, as one sequence; made by ``Tensor.storage()``."""

    __slots__ = ('_elements', '_untyped')
    __module__ = 'cnet'

    def __init__(self, array):
        self._untyped = UntypedStorage(array)
        self._elements = self._untyped.elements(array.dtype)

    @property
    def dtype(self):
        """The type of the elements."""
        return from_np(self._elements.dtype)

    @property
    def device(self):
        """The CPU."""
        return cpu

    def untyped(self):
        """Return the same memory as bytes."""
        return self._untyped

    def data_ptr(self):
        """Return the address of the first element."""
        return self._untyped.data_ptr()

    def nbytes(self):
        """Return the number of bytes."""
        return self._untyped.nbytes()

    def element_size(self):
        """Return the number of bytes of an element."""
        return self._elements.itemsize

    def size(self):
        """Return the number of elements."""
        return self._elements.size

    __len__ = size

    def tolist(self):
        """Return the elements as a list of numbers."""
        return self._elements.tolist()

    def fill_(self, value):
        """Set all elements to one value."""
        self._elements[...] = value
        return self

    def __getitem__(self, i):
        if isinstance(i, slice):
            raise RuntimeError('slices are only supported in UntypedStorage.__getitem__')
        return _element(self._elements, i, RuntimeError(f"can't index a {type(self)} with {type(i)}"))

    def __setitem__(self, i, value):
        self._elements[i] = value

    def __repr__(self):
        elements = ''.join(f' {v}\n' for v in self._elements.tolist())
        return f'{elements}[cnet.TypedStorage(dtype={self.dtype}, device=cpu) of size {self.size()}]'


def _element(a, i, error):
    if not isinstance(i, int):
        raise error
    if not -a.size <= i < a.size:
        raise IndexError(f'index {i} out of range for storage of size {a.size}')
    return a[i].item()


def is_storage(obj):
    """Tell whether an object is the memory of a tensor.

    Args:
        obj (object): anything.

    Returns:
        bool: True for an UntypedStorage or a TypedStorage.

    Example:
        >>> import cnet
        >>> cnet.is_storage(cnet.ones(1).untyped_storage()), cnet.is_storage(cnet.ones(1))
        (True, False)
    """
    return isinstance(obj, (UntypedStorage, TypedStorage))


def untyped_storage(self):
    """Return the memory that this tensor shares with its views."""
    return UntypedStorage(self._a)


def storage(self):
    """Return the elements of the memory that this tensor shares with its views; prefer `untyped_storage`."""
    warnings.warn('TypedStorage is deprecated. Prefer Tensor.untyped_storage(), whose elements are bytes.', UserWarning, 2)
    return TypedStorage(self._a)


def storage_offset(self):
    """Return how many elements the first one lies behind the start of the memory that views share."""
    return (self._a.ctypes.data - UntypedStorage(self._a).data_ptr()) // self._a.itemsize


def is_shared(self):
    """Tell whether other processes see the memory, as `share_memory_` has it."""
    return getattr(root_of(self._a).base, 'shared', False)


def set_(self, source=None, storage_offset=0, size=None, stride=None):
    """Let this tensor be about another memory.

    Args:
        source (Tensor, UntypedStorage or TypedStorage, optional): whose memory to share. Default: none, which empties it.
        storage_offset (int): with a size: the first element's place in the memory. Default: 0.
        size (tuple of ints, optional): the sizes. Default: those of a Tensor, or all elements of a storage.
        stride (tuple of ints, optional): for each dimension, how many elements lie between neighbours. Default: contiguous.

    Returns:
        Tensor: the tensor itself.

    Example:
        >>> import cnet
        >>> x = cnet.arange(6)
        >>> cnet.tensor([0]).set_(x, 1, (2,), (3,))
        tensor([1, 4])
    """
    if flags() & GRAD and self.requires_grad:
        if self.is_leaf:
            raise RuntimeError('a leaf Variable that requires grad is being used in an in-place operation.')
        raise NotImplementedError("the derivative for 'set_' is not implemented")
    a = _memory(source, self._a.dtype, storage_offset, size, stride)
    self._view = None
    self._a = a
    self._v.n += 1
    return self


def _memory(source, dtype, offset, size, stride):
    if source is None:
        return np.empty(0, dtype)
    if isinstance(source, TensorBase):
        if source._a.dtype != dtype:
            raise RuntimeError(f'Could not set tensor of type {from_np(source._a.dtype).name} to a tensor of type '
                               f'{from_np(dtype).name}')
        if size is None:
            return source._a
        source = UntypedStorage(source._a)
    elif isinstance(source, TypedStorage):
        if source._elements.dtype != dtype:
            raise RuntimeError(f'Expected a Storage of type {from_np(dtype).name} or an UntypedStorage, but got type '
                               f"{source.dtype.legacy} for argument 1 'storage'")
        source = source.untyped()
    elif not isinstance(source, UntypedStorage):
        raise TypeError(f'set_(): argument \'source\' must be Tensor or Storage, not {type(source).__name__}')
    flat = source.elements(dtype)
    if offset < 0:
        raise RuntimeError(f'Tensor: invalid storage offset {offset}')
    size = (flat.size - offset,) if size is None else checks.size((size,), 'set_')
    if stride is None:
        stride = [prod(size[i + 1:]) for i in range(len(size))]
    if any(s < 0 for s in stride) or any(n < 0 for n in size) or len(stride) != len(size):
        raise RuntimeError(f'set_(): sizes {list(size)} and strides {list(stride)} are no geometry')
    need = 0 if 0 in size else offset + 1 + sum((n - 1) * s for n, s in zip(size, stride, strict=True))
    if need > flat.size:
        raise RuntimeError(f'setStorage: sizes {list(size)}, strides {list(stride)}, storage offset {offset}, and itemsize '
                           f'{dtype.itemsize} requiring a storage size of {need * dtype.itemsize} are out of bounds for storage '
                           f'of size {source.nbytes()}')
    return np.ndarray(size, dtype, flat, offset * dtype.itemsize, [s * dtype.itemsize for s in stride])


METHODS = {'untyped_storage': untyped_storage, 'storage': storage, 'storage_offset': storage_offset, 'is_shared': is_shared,
           'set_': set_}
