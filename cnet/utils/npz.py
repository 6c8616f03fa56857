"""NumPy's archives of arrays, for exchange with programs that know no tensors."""

import math
import os
import zipfile
import zlib
from contextlib import nullcontext

import numpy as np
from numpy.lib import format as npy

from .._archive import DAMAGE, directory
from .._core import dtype as dtypes
from .._core.base import wrap
from .._files import replacing
from .._tensor import Tensor

__all__ = ['load_file', 'save_file']

_KINDS = frozenset(d.np for d in dtypes.DTYPES)


def save_file(tensors, filename, compressed=False):
    """Write tensors as an archive that `numpy.load` reads. An old file is replaced when the new one is complete.

    Args:
        tensors (dict): name to tensor, such as a state dict.
        filename (str, PathLike or file): where; `.npz` is not added to it.
        compressed (bool): take less room and more time. Default: False.

    Example:
        >>> import cnet, io
        >>> from cnet.utils import npz
        >>> file = io.BytesIO()
        >>> npz.save_file(cnet.nn.Linear(2, 1).state_dict(), file)
        >>> _ = file.seek(0)
        >>> sorted(npz.load_file(file))
        ['bias', 'weight']
    """
    for name, t in tensors.items():
        if not isinstance(name, str) or not isinstance(t, Tensor):
            raise TypeError(f'save_file() takes a dict of tensors by name, not {type(t).__name__} by {name!r}')
    method = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
    whole = replacing(filename) if isinstance(filename, (str, os.PathLike)) else nullcontext(filename)
    with whole as file, zipfile.ZipFile(file, 'w', method) as archive:
        for name, t in tensors.items():
            with archive.open(name + '.npy', 'w', force_zip64=True) as record:
                npy.write_array(record, t._a, allow_pickle=False)


def load_file(filename):
    """Read an archive that `save_file` or `numpy.savez` wrote.

    Nothing in the file is run, and sizes are checked before memory is taken.

    Args:
        filename (str, PathLike or file): where from; a file must be open for reading bytes, and seekable.

    Returns:
        dict: name to tensor, in the order of the file.

    Raises:
        RuntimeError: the file is damaged, or holds an array of a type that no tensor has.

    Example:
        >>> import cnet, io, numpy as np
        >>> file = io.BytesIO()
        >>> np.savez(file, a=np.arange(3), b=np.ones(2))
        >>> _ = file.seek(0)
        >>> cnet.utils.npz.load_file(file)
        {'a': tensor([0, 1, 2]), 'b': tensor([1., 1.], dtype=cnet.float64)}
    """
    source = open(filename, 'rb') if isinstance(filename, (str, os.PathLike)) else nullcontext(filename)
    with source as file:
        try:
            archive = directory(file)
            return {info.filename.removesuffix('.npy'): wrap(_read(archive, info)) for info in archive.infolist()}
        except RuntimeError:
            raise
        except (*DAMAGE, zlib.error, TypeError, SyntaxError, LookupError, AttributeError) as error:
            raise RuntimeError(f'failed reading npz archive: the file is truncated or damaged ({error})') from error


def _read(archive, info):
    """One array, if its header says as many bytes as its record has."""
    with archive.open(info) as record:
        version = npy.read_magic(record)
        header = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}.get(version)
        if header is None:
            raise ValueError(f'version {version} of the array format is unknown')
        shape, fortran, dtype = header(record)
        native = dtype.newbyteorder('=')
        if native not in _KINDS:
            raise RuntimeError(f'the array {info.filename!r} has the type {dtype}, which no tensor has')
        size = math.prod(shape) * dtype.itemsize
        if min(shape, default=0) < 0 or size != info.file_size - record.tell():
            raise ValueError(f'the array {info.filename!r} of shape {shape} and type {dtype} does not fill its record')
        content = np.frombuffer(record.read(), dtype)  # to the end, where zipfile compares checksums
        if native.kind == 'b':
            content = content.view(np.uint8) != 0      # any other byte than 0 and 1 would be no bool
        return content.astype(native).reshape(shape, order='F' if fortran else 'C')
