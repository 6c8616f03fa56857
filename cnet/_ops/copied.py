"""`copy.deepcopy` and `pickle` of tensors."""

import numpy as np

from .._core.base import alias, fresh_version, wrap
from .storage import root_of

__all__ = []


def _deepcopy(self, memo):
    """A leaf with memory of its own. Views that are copied together share the copy of their memory."""
    if id(self) in memo:
        return memo[id(self)]
    if not self.is_leaf:
        raise RuntimeError('Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the '
                           'moment.  If you were attempting to deepcopy a module, this may be because of a weight_norm usage: '
                           'copy before the first call.')
    array, version = _copied(self._a, memo)
    copy = memo[id(self)] = alias(wrap(array), type(self))
    copy._v, copy._req = version, self._req
    from copy import deepcopy  # loaded by whoever copies
    if self._grad is not None:
        copy._grad = deepcopy(self._grad, memo)
    if self.__dict__:
        copy.__dict__.update(deepcopy(self.__dict__, memo))
    return copy


def _copied(a, memo):
    """The same place in a copy of the memory behind an array, and the count of writes to that memory."""
    root = root_of(a)
    if not root.flags.forc or not a.size:
        return np.array(a, order='K'), fresh_version()
    start = root.__array_interface__['data'][0]
    key = 'memory of tensors', start, root.nbytes
    if key not in memo:
        memo[key] = root.copy(order='K').ravel(order='K').view(np.uint8), fresh_version()
    flat, version = memo[key]
    return np.ndarray(a.shape, a.dtype, flat, a.__array_interface__['data'][0] - start, a.strides), version


def rebuild(cls, flat, shape, strides, requires_grad, state):
    """The tensor that was pickled as these values."""
    t = alias(wrap(np.ndarray(shape, flat.dtype, flat, 0, strides)), cls)
    t._req = requires_grad
    t.__dict__.update(state)
    return t


def _reduce(self, protocol):
    """The elements, without gaps but in their order of memory, and whether a gradient is required."""
    a = self._a.copy(order='K')
    return rebuild, (type(self), a.ravel(order='K'), a.shape, a.strides, self.requires_grad, dict(self.__dict__))


METHODS = {'__deepcopy__': _deepcopy, '__reduce_ex__': _reduce}
