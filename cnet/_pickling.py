"""Pickles as PyTorch writes them: tensors refer to storages by persistent ids, and names are PyTorch's.

The names are only text here. `Pickler` writes `torch._utils._rebuild_tensor_v2` without importing it; `Unpickler` looks
names up in a fixed table, and imports and calls nothing that is not in it.
"""

import math
import pickle
from collections import Counter, OrderedDict
from functools import lru_cache
from pickle import UnpicklingError

import numpy as np
from numpy.lib.array_utils import byte_bounds

from ._core import dtype as dtypes
from ._core.base import fresh_version, wrap
from ._core.device import device
from ._core.dtype import DTYPES, dtype
from ._core.size import Size
from ._tensor import Tensor
from .nn.parameter import Parameter

# ---- storages


class Storage:
    """A piece of memory that tensors share: a flat array of one element type, under a key in the archive."""

    __slots__ = ('array', 'key', 'version')

    def __init__(self, array, key):
        self.array, self.key = array, key
        self.version = fresh_version()


class StorageType:
    """What `torch.FloatStorage` means in a pickle: the element type of a storage."""

    __slots__ = ('dtype',)

    def __init__(self, dtype):
        self.dtype = dtype


def _memory_of(a):
    """The whole memory that `a` is part of, as a flat array of a's type, and where in it `a` starts.

    An array that cannot be described as non-negative strides of whole elements is copied first.
    """
    root = a
    while isinstance(root.base, np.ndarray):
        root = root.base
    strides_fit = all(s >= 0 and s % a.itemsize == 0 for s in a.strides)
    if a.size and strides_fit and root.flags.forc and root.nbytes % a.itemsize == 0:
        start = a.__array_interface__['data'][0] - byte_bounds(root)[0]
        if start % a.itemsize == 0:
            return root.ravel(order='K').view(a.dtype), start // a.itemsize, a.strides
    copy = np.ascontiguousarray(a)
    return copy.ravel(), 0, copy.strides


# ---- writing


class Global:
    """A name to be written into the pickle. It is never imported, so that PyTorch need not be there."""

    __slots__ = ('module', 'name')

    def __init__(self, module, name):
        self.module, self.name = module, name


named = lru_cache(maxsize=None)(Global)  # one object per name, so that the pickler's memo finds it again


class Pickler(pickle._Pickler):
    """Writes `obj` with tensors as PyTorch's; `storages` holds what they refer to, in the order of their keys."""

    # The pure Python pickler of the standard library: only there can a name be written that is not importable here.
    dispatch = dict(pickle._Pickler.dispatch)

    def __init__(self, file, protocol):
        super().__init__(file, protocol)
        self.storages = []
        self._known = {}  # (address, type) of a memory -> its Storage

    def persistent_id(self, obj):
        if type(obj) is not Storage:
            return None
        kind = dtypes.from_np(obj.array.dtype).legacy + 'Storage'
        return 'storage', named('torch', kind), obj.key, 'cpu', obj.array.size

    def _write_global(self, obj):
        self.write(pickle.GLOBAL + f'{obj.module}\n{obj.name}\n'.encode())
        self.memoize(obj)

    def _write_call(self, module, name, args, obj):
        self.save(named(module, name))
        self.save(args)
        self.write(pickle.REDUCE)
        self.memoize(obj)

    def _write_tensor(self, t):
        memory, offset, strides = _memory_of(t._a)
        where = memory.__array_interface__['data'][0], memory.dtype
        storage = self._known.get(where) if memory.size else None
        if storage is None:
            storage = self._known[where] = Storage(memory, str(len(self.storages)))
            self.storages.append(storage)
        elements = tuple(s // memory.itemsize for s in strides)
        self._write_call('torch._utils', '_rebuild_tensor_v2', (
            storage, offset, tuple(t._a.shape), elements, t.requires_grad, OrderedDict()), t)

    def _write_parameter(self, p):
        args = p.data, p.requires_grad, OrderedDict()
        if p.__dict__:
            self._write_call('torch._utils', '_rebuild_parameter_with_state', (*args, dict(p.__dict__)), p)
        else:
            self._write_call('torch._utils', '_rebuild_parameter', args, p)

    def _write_size(self, size):
        self._write_call('torch', 'Size', (tuple(size),), size)

    def _write_device(self, d):
        self._write_call('torch', 'device', (d.type,) if d.index is None else (d.type, d.index), d)

    def _write_dtype(self, d):
        self.save(named('torch', d.name))

    dispatch.update({Global: _write_global, Tensor: _write_tensor, Parameter: _write_parameter, Size: _write_size,
                     device: _write_device, dtype: _write_dtype})


# ---- reading


def _require(condition, what):
    if not condition:
        raise UnpicklingError(f'the file is damaged or forged: {what}')


def _is_count(x):
    return type(x) is int and x >= 0


def _rebuild_tensor(storage, offset, size, stride, requires_grad, backward_hooks, metadata=None):
    _require(type(storage) is Storage, 'a tensor has no storage')
    _require(type(size) in (tuple, Size) and type(stride) is tuple and len(size) == len(stride) <= 64,
             f'a tensor of size {size!r} has strides {stride!r}')
    _require(all(map(_is_count, (offset, *size, *stride))), 'a size, stride or offset is not a natural number')
    array = storage.array
    numel = math.prod(size)
    last = offset + sum((n - 1) * s for n, s in zip(size, stride)) if numel else offset - 1
    _require(last < array.size, f'a tensor of size {tuple(size)}, strides {stride} and offset {offset} reaches beyond '
                                f'its storage of {array.size} elements')
    t = wrap(np.ndarray(size, array.dtype, array, offset * array.itemsize if numel else 0,
                        [s * array.itemsize for s in stride]))
    t._v = storage.version
    return t.requires_grad_() if requires_grad is True else t


def _rebuild_parameter(data, requires_grad, backward_hooks, state=None):
    _require(isinstance(data, Tensor), 'a parameter has no tensor')
    p = Parameter(data, requires_grad is True)
    if state is not None:
        _require(type(state) is dict, 'the state of a parameter is not a dict')
        p.__dict__.update(state)
    return p


def _encode(text, encoding):
    # How protocol 2 writes bytes.
    _require(type(text) is str and encoding == 'latin1', 'bytes are not encoded as latin1')
    return text.encode('latin1')


def _bytearray(content=b'', encoding='latin1'):
    if type(content) is str:
        return bytearray(_encode(content, encoding))
    _require(type(content) is bytes, 'a bytearray is not made of bytes')
    return bytearray(content)


def _collection(kind):
    def make(*args):
        # An int would be a size for some of them; nothing that PyTorch writes passes more than a list.
        _require(len(args) <= 1 and all(type(a) in (list, tuple, dict) for a in args), f'{kind.__name__} of {args!r}')
        return kind(*args)
    return make


def _numbers(kind):
    def make(*args):
        _require(all(type(a) in (int, float, str, tuple, list) for a in args), f'{kind.__name__} of {args!r}')
        return kind(*args)
    return make


# Every name that a pickle may mention, and what it means here.
ALLOWED = {
    ('collections', 'OrderedDict'): _collection(OrderedDict),
    ('collections', 'Counter'): _collection(Counter),
    ('_codecs', 'encode'): _encode,
    ('torch', 'Size'): _numbers(Size),
    ('torch', 'device'): _numbers(device),
    ('torch._utils', '_rebuild_tensor_v2'): _rebuild_tensor,
    ('torch._utils', '_rebuild_parameter'): _rebuild_parameter,
    ('torch._utils', '_rebuild_parameter_with_state'): _rebuild_parameter,
    **{('torch', d.name): d for d in DTYPES},
    **{('torch', d.legacy + 'Storage'): StorageType(d) for d in DTYPES},
    **{(module, 'set'): _collection(set) for module in ('builtins', '__builtin__')},
    **{(module, 'complex'): _numbers(complex) for module in ('builtins', '__builtin__')},
    **{(module, 'bytearray'): _bytearray for module in ('builtins', '__builtin__')},
}

_OPCODES = (
    'PROTO FRAME STOP MARK POP NONE NEWTRUE NEWFALSE BININT BININT1 BININT2 LONG1 BINFLOAT BINUNICODE SHORT_BINUNICODE '
    'BINSTRING SHORT_BINSTRING BINUNICODE8 BINBYTES SHORT_BINBYTES BINBYTES8 EMPTY_LIST APPEND APPENDS EMPTY_TUPLE TUPLE '
    'TUPLE1 TUPLE2 TUPLE3 EMPTY_DICT SETITEM SETITEMS EMPTY_SET ADDITEMS BINPUT LONG_BINPUT MEMOIZE BINGET LONG_BINGET '
    'GLOBAL STACK_GLOBAL BINPERSID REDUCE BUILD').split()


def _allowed_by_user():
    """What `serialization.add_safe_globals` was given, by name."""
    from . import _safe_globals
    return _safe_globals.allowed


def _is_among(cls, allowed):
    return any(cls is item for item in allowed.values())


class Unpickler(pickle._Unpickler):
    """Reads what `Pickler` or PyTorch wrote, and refuses everything else.

    Args:
        file (file): the pickle.
        load_storage (callable): (dtype, key, location, number of elements) to Storage.
    """

    # Only these operations exist, so no object is made or changed but by the table and the two methods below.
    dispatch = {getattr(pickle, name)[0]: pickle._Unpickler.dispatch[getattr(pickle, name)[0]] for name in _OPCODES}

    def __init__(self, file, load_storage):
        super().__init__(file)
        self._file, self._load_storage = file, load_storage

    def load(self):
        try:
            return self._interpret()
        except (UnpicklingError, RuntimeError, MemoryError):
            raise
        except Exception as error:
            # Whatever nonsense a damaged file leads to, the caller needs one exception type.
            raise UnpicklingError(f'Weights only load failed: {type(error).__name__}: {error}') from error

    def _interpret(self):
        """What the base's `load` does, without its frames: they are for files that are read piece by piece."""
        file = self._file
        read, self.read, self.readline, self.readinto = file.read, file.read, file.readline, file.readinto
        self.metastack, self.stack = [], []
        self.append, self.proto, dispatch = self.stack.append, 0, self.dispatch
        try:
            while key := read(1):
                dispatch[key[0]](self)
            raise EOFError
        except pickle._Stop as stop:
            return stop.value

    def _load_frame(self):
        self.read(8)

    def find_class(self, module, name):
        found = ALLOWED.get((module, name))
        if found is None:
            found = _allowed_by_user().get(f'{module}.{name}')
        if found is None:
            raise UnpicklingError(
                f'Weights only load failed: the file asks for {module}.{name}, which is not among the names that may '
                'be loaded. If you trust that name, use serialization.add_safe_globals; if you trust the file, load it with '
                'weights_only=False.')
        return found

    def persistent_load(self, pid):
        return load_persistent(pid, self._load_storage)

    def _load_reduce(self):
        args = self.stack.pop()
        make = self.stack[-1]
        _require(type(args) is tuple and callable(make), f'{make!r} is called')
        self.stack[-1] = make(*args)

    def _load_newobj(self):
        args = self.stack.pop()
        cls = self.stack[-1]
        _require(type(args) is tuple and _is_among(cls, _allowed_by_user()), f'an object of {cls!r} is made')
        self.stack[-1] = cls.__new__(cls, *args)

    def _load_build(self):
        if _is_among(type(self.stack[-2]), _allowed_by_user()):
            super().load_build()
            return
        state = self.stack.pop()
        _require(type(self.stack[-1]) is OrderedDict and type(state) is dict and all(type(k) is str for k in state),
                 'attributes are set on something other than an OrderedDict')
        self.stack[-1].__dict__.update(state)

    dispatch.update({pickle.FRAME[0]: _load_frame, pickle.REDUCE[0]: _load_reduce, pickle.NEWOBJ[0]: _load_newobj,
                     pickle.BUILD[0]: _load_build})


def load_persistent(pid, load_storage):
    """The Storage that a persistent id names."""
    if type(pid) is tuple and len(pid) == 6 and pid[5] is None:  # how files from before 1.6 say that it is no part of another
        pid = pid[:5]
    _require(type(pid) is tuple and len(pid) == 5 and pid[0] == 'storage', f'the persistent id {pid!r}')
    _, kind, key, location, numel = pid
    _require(type(kind) is StorageType and type(key) is str and type(location) is str and _is_count(numel),
             f'the persistent id {pid!r}')
    return load_storage(kind.dtype, key, location, numel)


class TrustingUnpickler(pickle.Unpickler):
    """Reads any pickle, importing what it names: only for files whose author is trusted."""

    def __init__(self, file, load_storage):
        super().__init__(file)
        self._load_storage = load_storage

    def find_class(self, module, name):
        known = ALLOWED.get((module, name))
        return known if known is not None and module.startswith('torch') else super().find_class(module, name)

    def persistent_load(self, pid):
        return load_persistent(pid, self._load_storage)
