"""Memory that other processes see: blocks of an arena that forked children inherit and started ones are handed."""

from multiprocessing.heap import BufferWrapper

import numpy as np

from .storage import root_of

PUBLIC = {}


class SharedBlock:
    """Bytes in shared memory, as an array over them sees its owner. It can be pickled into a process that is being started."""

    shared = True

    def __init__(self, nbytes):
        self.nbytes = nbytes
        self._memory = BufferWrapper(nbytes)

    @property
    def __array_interface__(self):
        address = np.frombuffer(self._memory.create_memoryview(), np.uint8).ctypes.data
        return {'version': 3, 'shape': (self.nbytes,), 'typestr': '|u1', 'data': (address, False)}

    def array(self, shape, dtype, offset=0, strides=None):
        """An array over a part of the memory."""
        return np.ndarray(shape, dtype, np.asarray(self), offset, strides)


def block_of(a):
    """The SharedBlock in which the array lies, or None."""
    owner = root_of(a).base
    return owner if isinstance(owner, SharedBlock) else None


def share_memory_(self):
    """Move the elements to memory that other processes see too; nothing happens if they are there already.

    Processes that are started later share it: forked ones inherit it, others get it if the tensor is an argument of the
    process (`cnet.multiprocessing`). Views taken before stay on the old memory; a view itself is refused.

    Returns:
        Tensor: the tensor itself.

    Example:
        >>> import cnet
        >>> cnet.ones(2).share_memory_().is_shared()
        True
    """
    a = self._a
    if block_of(a) is not None:
        return self
    if self._view is not None:
        raise RuntimeError('share_memory_(): a view cannot move to shared memory without the tensor that it is a view of')
    shared = SharedBlock(max(a.nbytes, 1)).array(a.shape, a.dtype)
    shared[...] = a
    self._a = shared
    return self


METHODS = {'share_memory_': share_memory_}
