"""Saving and loading in PyTorch's own format: a zip archive of a pickle (`data.pkl`) and one record per storage.

`torch.load` reads what `save` writes, and `load` reads what `torch.save` wrote.
"""

import io
import os
import sys

import numpy as np

from ._core.device import check_device
from ._files import replacing
from ._pickling import Pickler, Storage, TrustingUnpickler, Unpickler

__all__ = ['save', 'load']

DEFAULT_PROTOCOL = 2


# ---- writing


def _records(pickled, storages):
    """The records of an archive, in PyTorch's order."""
    yield 'data.pkl', pickled
    yield '.format_version', b'1'
    yield '.storage_alignment', str(_zip().ALIGNMENT).encode()
    yield 'byteorder', sys.byteorder.encode()
    for storage in storages:
        yield f'data/{storage.key}', memoryview(storage.array.view(np.uint8))
    yield 'version', b'3\n'


def _write(obj, file, folder, protocol):
    pickled = io.BytesIO()
    pickler = Pickler(pickled, protocol)
    pickler.dump(obj)
    _zip().write(file, folder, _records(pickled.getvalue(), pickler.storages))


def _zip():
    """The module that reads and writes zip archives, imported on first use."""
    from . import _archive
    return _archive


def _old_files():
    """The module that reads files from before the zip format, imported on first use."""
    from . import _old_files
    return _old_files


def save(obj, f, pickle_module=None, pickle_protocol=DEFAULT_PROTOCOL, _use_new_zipfile_serialization=True):
    """Write an object, tensors included, to a file that `load` and PyTorch's `torch.load` read.

    Tensors that share memory still do after loading. A file given by its path is replaced in one step when it is
    complete.

    Args:
        obj (object): what to save, such as a state dict.
        f (str, PathLike or file): where; a file must be open for writing bytes.
        pickle_module (module, optional): accepted; the pickler is always the one that PyTorch's reader expects.
        pickle_protocol (int): version of the pickle format.

    Example:
        >>> import cnet, io
        >>> f = io.BytesIO()
        >>> cnet.save({'w': cnet.ones(2)}, f)
        >>> _ = f.seek(0)
        >>> cnet.load(f)
        {'w': tensor([1., 1.])}
    """
    if not _use_new_zipfile_serialization:
        raise NotImplementedError('save() writes the zip format only')
    if isinstance(f, (str, os.PathLike)):
        folder = os.path.splitext(os.path.basename(os.fspath(f)))[0] or 'archive'
        with replacing(f) as file:
            _write(obj, file, folder, pickle_protocol)
    elif hasattr(f, 'write'):
        _write(obj, f, 'archive', pickle_protocol)
    else:
        raise AttributeError(f"expected 'f' to be string, path, or a file-like object with a 'write' attribute, "
                             f'not {type(f).__name__}')


# ---- reading


class _Storages:
    """Reads storages on demand, each once."""

    def __init__(self, archive, to_cpu):
        self.archive, self.to_cpu = archive, to_cpu
        self.loaded = {}
        order = archive.read('byteorder').decode('ascii', 'replace') if archive.has('byteorder') else 'little'
        if order not in ('little', 'big'):
            raise RuntimeError(f'the byte order {order!r} of the file is unknown')
        self.swapped = order != sys.byteorder

    def __call__(self, dtype, key, location, numel):
        storage = self.loaded.get(key)
        if storage is None:
            storage = self.loaded[key] = Storage(self._read(dtype, key, location, numel), key)
        if storage.array.dtype != dtype.np or storage.array.size != numel:
            raise RuntimeError(f'the file describes its storage {key!r} in two ways')
        return storage

    def _read(self, dtype, key, location, numel):
        if not (location == 'cpu' or self.to_cpu):
            raise RuntimeError(
                f"Attempting to deserialize object on a device '{location}', but there is only the CPU. Please use "
                "load() with map_location='cpu' to map your storages to the CPU.")
        data = self.archive.array(f'data/{key}')
        if len(data) != numel * dtype.itemsize:
            raise RuntimeError(f'storage {key!r} should have {numel} elements of {dtype.itemsize} bytes, but its record has '
                               f'{len(data)} bytes')
        if dtype.np.kind == 'b':
            return data != 0  # any other byte than 0 and 1 would be no bool
        array = data.view(dtype.np)
        return array.byteswap() if self.swapped else array


def _means_cpu(map_location):
    """Whether storages from other devices are to be loaded; refuses to put any elsewhere than on the CPU."""
    if map_location is None:
        return False
    if isinstance(map_location, dict):
        for target in map_location.values():
            check_device(target, 'load')
    elif not callable(map_location):  # a function can only choose among devices, and there is but one
        check_device(map_location, 'load')
    return True


def load(f, map_location=None, pickle_module=None, *, weights_only=True, mmap=None, **pickle_load_args):
    """Read what `save` or PyTorch's `torch.save` wrote.

    By default only tensors and plain containers are read, by a fixed table of names: a forged file can give wrong
    values, but runs no code.

    Args:
        f (str, PathLike or file): where from; a file must be open for reading bytes, and seekable.
        map_location (str, device, dict or callable, optional): 'cpu' to read tensors saved on other devices.
        pickle_module (module, optional): accepted if weights_only is False, and ignored.
        weights_only (bool): False reads any pickle, importing and calling what it names. Only for files you trust.
        mmap (bool, optional): map the file instead of reading it; needs a path. Writes do not reach the file.

    Returns:
        object: what was saved.

    Example:
        >>> import cnet, io
        >>> f = io.BytesIO()
        >>> cnet.save([cnet.zeros(1), 'text'], f)
        >>> _ = f.seek(0)
        >>> cnet.load(f)
        [tensor([0.]), 'text']
    """
    if pickle_module is not None and weights_only:
        raise RuntimeError('Can not safely load weights when explicit pickle_module is specified')
    by_path = isinstance(f, (str, os.PathLike))
    if mmap and not by_path:
        raise ValueError('f must be a file path in order to use the mmap argument')
    if not by_path and not (hasattr(f, 'read') and hasattr(f, 'seek')):
        raise AttributeError(f"expected 'f' to be string, path, or a seekable file-like object, not {type(f).__name__}")
    to_cpu = _means_cpu(map_location)
    file = open(f, 'rb') if by_path else f
    try:
        unpickler = Unpickler if weights_only else TrustingUnpickler
        old = _old_files()
        if old.is_old(file):
            if mmap:
                raise RuntimeError('mmap can only be used with files of the zip format; save the file again, or load it without')
            return old.read(file, unpickler, to_cpu)
        archive = _zip().Archive(file, f, bool(mmap))
        return unpickler(io.BytesIO(archive.read('data.pkl')), _Storages(archive, to_cpu)).load()
    finally:
        if by_path:
            file.close()


# ---- names that files may use besides (imported on first use)


def __getattr__(name):
    if name in ('add_safe_globals', 'clear_safe_globals', 'get_safe_globals', 'safe_globals'):
        from . import _safe_globals
        return getattr(_safe_globals, name)
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
