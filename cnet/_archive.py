"""The zip archives of saved files: records without compression, each at an aligned place.

In a module of its own, imported on first use: `zipfile` and what it imports cost a tenth of `import cnet`.
"""

import os
import struct
import zipfile

import numpy as np

ALIGNMENT = 64  # of every storage in the file, as PyTorch's reader for memory-mapped files expects
_MAGIC = b'PK\x03\x04'
# What zipfile raises when a byte of its structures is wrong.
_DAMAGE = (zipfile.BadZipFile, OSError, EOFError, ValueError, OverflowError, NotImplementedError, struct.error)


def _put(archive, name, data, offset_of_file):
    """Add the bytes `data` as an uncompressed record that starts at a multiple of ALIGNMENT."""
    info = zipfile.ZipInfo(name)  # dated 1980, so that equal contents give equal files
    size = data.nbytes if isinstance(data, memoryview) else len(data)
    zip64 = 20 if size * 1.05 > zipfile.ZIP64_LIMIT else 0  # zipfile puts this field before ours
    start = archive.fp.tell() - offset_of_file + 30 + len(name.encode()) + zip64 + 4
    padding = -start % ALIGNMENT
    info.extra = b'FB' + padding.to_bytes(2, 'little') + b'Z' * padding
    info.file_size = size
    with archive.open(info, 'w') as record:
        record.write(data)


def write(file, folder, records):
    """Write (name, bytes) pairs as the records of an archive, below one folder."""
    try:
        offset = file.tell()
    except (AttributeError, OSError):  # a pipe: positions are counted from zero there
        offset = 0
    with zipfile.ZipFile(file, 'w', zipfile.ZIP_STORED) as archive:
        for name, data in records:
            _put(archive, f'{folder}/{name}', data, offset)


class Archive:
    """The records of an open file, checked before they are read."""

    def __init__(self, file, path, mmap):
        self.path, self.mmap = path, mmap
        start = file.tell()
        file.seek(0, os.SEEK_END)
        self.size = file.tell()
        file.seek(start)
        head = file.read(len(_MAGIC))
        file.seek(start)
        if not head:
            raise EOFError('Ran out of input')
        if head != _MAGIC:
            raise RuntimeError('the file is no zip archive: it was not written by save(), or by a PyTorch older than 1.6')
        try:
            self.zip = zipfile.ZipFile(file)
        except _DAMAGE as error:
            raise RuntimeError('failed reading zip archive: the file is truncated or damaged '
                               f'({error})') from error
        pickles = [name for name in self.zip.namelist() if name.endswith('/data.pkl') and name.count('/') == 1]
        if len(pickles) != 1:
            raise RuntimeError('the zip archive was not written by save() or torch.save(): it has no data.pkl')
        self.folder = pickles[0][:-len('data.pkl')]

    def _info(self, name):
        try:
            info = self.zip.getinfo(self.folder + name)
        except KeyError:
            raise RuntimeError(f'failed reading zip archive: there is no record {name!r}') from None
        if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
            raise RuntimeError(f'failed reading zip archive: the record {name!r} is compressed')
        if info.header_offset + info.file_size > self.size:
            raise RuntimeError(f'failed reading zip archive: the record {name!r} reaches beyond the end of the file')
        return info

    def has(self, name):
        return self.folder + name in self.zip.NameToInfo

    def read(self, name):
        return self.array(name).tobytes()

    def array(self, name):
        """The record as a new array of bytes, or a private map of the file."""
        info = self._info(name)
        try:
            if self.mmap and info.file_size:
                return self._map(info)
            data = np.empty(info.file_size, np.uint8)
            with self.zip.open(info) as record:
                if record.readinto(memoryview(data)) != len(data):
                    raise EOFError('end of file')
                record.read(1)  # at the end of the record zipfile compares checksums
            return data
        except _DAMAGE as error:
            raise RuntimeError(f'failed reading zip archive: the record {name!r} is damaged ({error})') from error

    def _map(self, info):
        with open(self.path, 'rb') as file:
            file.seek(info.header_offset + 26)  # two lengths end the fixed part of a record's header
            lengths = file.read(4)
            start = info.header_offset + 30 + int.from_bytes(lengths[:2], 'little') + int.from_bytes(lengths[2:], 'little')
        return np.asarray(np.memmap(self.path, np.uint8, 'c', start, info.file_size))
