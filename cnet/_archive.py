"""The zip archives of saved files: records without compression, each at an aligned place.

In a module of its own, imported on first use: `zipfile` and what it imports cost a tenth of `import cnet`.
"""

import io
import os
import struct
import zipfile
import zlib

import numpy as np

from . import _kernels as K
from ._core.arrays import empty

ALIGNMENT = 64  # of every storage in the file, as PyTorch's reader for memory-mapped files expects
_MAGIC = b'PK\x03\x04'
_HEAD = 30      # bytes of the fixed part of a record's header; it ends with the lengths of the name and of extra fields
_SHORT = 4096   # bytes up to which zlib's checksum is as quick
_CHUNK = 1 << 18  # bytes of a record that are read and summed in turns: they stay in the second-level cache in between
_END = 22       # bytes of the end of the directory, without a comment
_ENCRYPTED, _UTF8 = 1, 0x800  # flags of a record
# What zipfile and files raise when a byte of the archive's structures is wrong.
DAMAGE = (zipfile.BadZipFile, OSError, EOFError, ValueError, OverflowError, NotImplementedError, struct.error)


def _put(archive, name, data, offset_of_file):
    """Add the bytes `data` as an uncompressed record that starts at a multiple of ALIGNMENT.

    What `archive.open(info, 'w')` would do, but with the checksum known before the header is written.
    """
    info = zipfile.ZipInfo(name)  # dated 1980, so that equal contents give equal files
    info.external_attr = 0o600 << 16
    info.CRC = _crc(data)
    info.file_size = info.compress_size = size = data.nbytes if isinstance(data, memoryview) else len(data)
    large = size * 1.05 > zipfile.ZIP64_LIMIT
    file = archive.fp
    info.header_offset = file.tell()
    # zipfile puts a field of 20 bytes before ours if the record is large; 4 bytes begin a field.
    padding = -(info.header_offset - offset_of_file + _HEAD + len(name.encode()) + 20 * large + 4) % ALIGNMENT
    info.extra = b'FB' + padding.to_bytes(2, 'little') + b'Z' * padding
    file.write(info.FileHeader(large))
    file.write(data)
    archive.filelist.append(info)
    archive.NameToInfo[info.filename] = info
    archive.start_dir = file.tell()
    archive._didModify = True


def _crc(data, before=0):
    return K.checksum.crc32(data, before) if len(data) > _SHORT else zlib.crc32(data, before)


def write(file, folder, records):
    """Write (name, bytes) pairs as the records of an archive, below one folder."""
    try:
        offset = file.tell()
    except (AttributeError, OSError):  # a pipe: positions are counted from zero there
        offset = 0
    with zipfile.ZipFile(file, 'w', zipfile.ZIP_STORED) as archive:
        for name, data in records:
            _put(archive, f'{folder}/{name}', data, offset)


def directory(file):
    """The records that an open zip archive says it has.

    The directory must have as many entries as its end says: a changed length in one entry can hide those after it.
    """
    try:
        archive = zipfile.ZipFile(file)
        file.seek(-_END - len(archive.comment), os.SEEK_END)
        count = int.from_bytes(file.read(_END)[10:12], 'little')
        if count not in (len(archive.filelist), 0xFFFF):  # the last means: see elsewhere
            raise zipfile.BadZipFile(f'{count} records were announced, {len(archive.filelist)} are there')
    except DAMAGE as error:
        raise RuntimeError(f'failed reading zip archive: the file is truncated or damaged ({error})') from error
    return archive


class Archive:
    """The records of an open file, checked before they are read."""

    def __init__(self, file, path, mmap):
        self.file, self.path, self.mmap = file, path, mmap
        start = file.tell()
        file.seek(0, os.SEEK_END)
        self.size = file.tell()
        file.seek(start)
        head = file.read(len(_MAGIC))
        file.seek(start)
        if not head:
            raise EOFError('Ran out of input')
        if head != _MAGIC:
            raise RuntimeError('the file is no zip archive, and no file of an older PyTorch: it was not written by save()')
        self.records = directory(file).NameToInfo
        pickles = [name for name in self.records if name.endswith('/data.pkl') and name.count('/') == 1]
        if len(pickles) != 1:
            raise RuntimeError('the zip archive was not written by save() or torch.save(): it has no data.pkl')
        self.folder = pickles[0][:-len('data.pkl')]

    def has(self, name):
        return self.folder + name in self.records

    def read(self, name):
        return self.array(name).tobytes()

    def array(self, name):
        """The record as a new array of bytes, or a private map of the file."""
        start, info = self._place(name)
        if self.mmap and info.file_size:
            return np.asarray(np.memmap(self.path, np.uint8, 'c', start, info.file_size))
        data = empty((info.file_size,), np.uint8)
        if self._read(data, start, name) != info.CRC:
            raise _damaged(name, 'its checksum is wrong')
        return data

    def _read(self, data, start, name):
        """Fill an array with bytes of the file, and return their checksum."""
        if type(self.file) is io.BytesIO:
            with self.file.getbuffer() as memory:
                return K.checksum.copied(data, memory[start:start + len(data)])
        crc = 0
        for at in range(0, len(data), _CHUNK):
            part = data[at:at + _CHUNK]
            self._fill(memoryview(part), start + at, name)
            crc = _crc(part, crc)
        return crc

    def _place(self, name):
        """Where a record's content begins, and its entry in the directory."""
        info = self.records.get(self.folder + name)
        if info is None:
            raise RuntimeError(f'failed reading zip archive: there is no record {name!r}')
        if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
            raise RuntimeError(f'failed reading zip archive: the record {name!r} is compressed')
        title = info.orig_filename.encode('utf-8' if info.flag_bits & _UTF8 else 'cp437')
        head = bytearray(_HEAD + len(title))
        self._fill(memoryview(head), info.header_offset, name)
        lengths = int.from_bytes(head[26:28], 'little'), int.from_bytes(head[28:_HEAD], 'little')
        start = info.header_offset + _HEAD + sum(lengths)
        if start + info.file_size > self.size:
            raise RuntimeError(f'failed reading zip archive: the record {name!r} reaches beyond the end of the file')
        if head[:4] != _MAGIC or lengths[0] != len(title) or head[_HEAD:] != title or info.flag_bits & _ENCRYPTED:
            raise _damaged(name, 'its header is wrong')
        return start, info

    def _fill(self, view, start, name):
        """Read as many bytes as `view` holds."""
        try:
            self.file.seek(start)
            while len(view):
                if hasattr(self.file, 'readinto'):
                    count = self.file.readinto(view)
                else:
                    part = self.file.read(len(view))
                    count = len(part)
                    view[:count] = part
                if not count:
                    raise EOFError('end of file')
                view = view[count:]
        except DAMAGE as error:
            raise _damaged(name, error) from error


def _damaged(name, what):
    return RuntimeError(f'failed reading zip archive: the record {name!r} is damaged ({what})')
