"""How batches travel from a worker to the main process: a pickle, and beside it the bytes of its arrays.

Arrays are not copied into the pickle; each is sent as it lies in memory and received into a new array (see `_segments`).
"""

import io
import pickle
import traceback

import numpy as np

from ..._core.base import TensorBase, wrap
from ..._tensor import Tensor

_SMALL = 2048  # bytes: below, an array inside the pickle is cheaper than a message of its own


def _rebuild(cls, array, requires_grad):
    if cls is Tensor:
        t = wrap(array)
        t._req = requires_grad
        return t
    return cls(wrap(array), requires_grad)


def _reduce_tensor(t):
    if t.requires_grad and not t.is_leaf:
        raise RuntimeError('Cowardly refusing to serialize non-leaf tensor which requires_grad, since autograd does not support '
                           'crossing process boundaries.  If you just want to transfer the data, call detach() on the tensor '
                           'before serializing (e.g., putting it on the queue).')
    return _rebuild, (type(t), np.ascontiguousarray(t._a).reshape(t._a.shape), t._req)


class _Pickler(pickle.Pickler):
    def reducer_override(self, x):
        if isinstance(x, TensorBase):
            return _reduce_tensor(x)
        return NotImplemented


def pack(message):
    """A message as bytes-like pieces, the pickle first."""
    arrays = []

    def beside(buffer):
        view = buffer.raw()
        if view.nbytes < _SMALL:
            return True
        arrays.append(view)
        return False

    out = io.BytesIO()
    _Pickler(out, 5, buffer_callback=beside).dump(message)
    return [out.getbuffer(), *arrays]


def unpack(pieces):
    """The message of which `pack` made these pieces."""
    return pickle.loads(pieces[0], buffers=pieces[1:])


class WorkerError:
    """An exception of a worker: its type and its text with the traceback."""

    def __init__(self, error, where):
        kind = type(error)
        try:
            pickle.loads(pickle.dumps(kind))
        except Exception:  # a class that the main process cannot find by name
            kind = RuntimeError
        self.kind = kind
        self.text = (f'Caught {type(error).__name__} {where}.\nOriginal '
                     + ''.join(traceback.format_exception(type(error), error, error.__traceback__)))

    def reraise(self):
        """Raise it in this process."""
        text = self.text
        if self.kind is KeyError:
            text = _Verbatim(text)
        try:
            error = self.kind(text)
        except Exception:  # its class wants other arguments
            error = RuntimeError(text)
        raise error


class _Verbatim(str):
    """Text whose repr is itself: a KeyError shows the repr of its argument."""

    def __repr__(self):
        return str(self)
