"""Reading what PyTorch wrote before 1.6: pickles one after the other, then the storages.

The pickles are a magic number, a version, the writer's sizes and byte order, the object, and the keys of its storages; each
storage follows as its length and its bytes. The object comes before the memory of its tensors, which is filled at the end.
"""

import os

import numpy as np

from ._core.arrays import empty
from ._pickling import Storage

START = b'\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.'  # the pickle of the magic number 0x1950a86a20f9469cfc6c
_VERSION = 1001


class _Storages:
    """Memory for storages, made when a tensor first asks for it and not beyond what the file can hold."""

    def __init__(self, room, to_cpu):
        self.room, self.to_cpu = room, to_cpu
        self.made = {}

    def __call__(self, dtype, key, location, numel):
        if not (location == 'cpu' or self.to_cpu):
            raise RuntimeError(
                f"Attempting to deserialize object on a device '{location}', but there is only the CPU. Please use "
                "load() with map_location='cpu' to map your storages to the CPU.")
        storage = self.made.get(key)
        if storage is None:
            self.room -= numel * dtype.itemsize
            if self.room < 0:
                raise _damaged(f'storage {key!r} of {numel} elements reaches beyond its end')
            storage = self.made[key] = Storage(empty((numel,), dtype.np), key)
        if storage.array.dtype != dtype.np or storage.array.size != numel:
            raise _damaged(f'it describes its storage {key!r} in two ways')
        return storage


def is_old(file):
    """Whether an open file begins like one of those."""
    start = file.tell()
    head = file.read(len(START))
    file.seek(start)
    return head == START


def read(file, unpickler, to_cpu):
    """The object in an open file, by the given reader of pickles."""
    start = file.tell()
    file.seek(0, os.SEEK_END)
    storages = _Storages(file.tell() - start, to_cpu)
    file.seek(start + len(START))
    version, system, result, keys = (unpickler(file, storages).load() for _ in range(4))
    if version != _VERSION or type(system) is not dict or type(system.get('little_endian')) is not bool:
        raise _damaged(f'its version is {version!r}')
    if type(keys) is not list or not all(type(key) is str for key in keys) or sorted(keys) != sorted(storages.made):
        raise _damaged('the storages it lists are not those of its tensors')
    order = 'little' if system['little_endian'] else 'big'
    for key in keys:
        array = storages.made[key].array
        if int.from_bytes(file.read(8), order) != array.size:
            raise _damaged(f'storage {key!r} has another length than its tensors say')
        data = file.read(array.nbytes)
        if len(data) != array.nbytes:
            raise _damaged('it is truncated')
        if array.dtype.kind == 'b':
            array[...] = np.frombuffer(data, np.uint8) != 0  # any other byte than 0 and 1 would be no bool
        else:
            array[...] = np.frombuffer(data, array.dtype.newbyteorder('<' if order == 'little' else '>'))
    return result


def _damaged(what):
    return RuntimeError(f'the file of an old PyTorch is damaged: {what}')
