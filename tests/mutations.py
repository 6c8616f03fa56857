"""Valid files, changed files and hostile pickles for the tests of readers."""
from __future__ import annotations

import io
import os
import pickle
import random
import struct
import sys
import tempfile
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any

import cnet
from cnet._pickling import Pickler
from cnet.utils import npz

try:
    from cnet.utils import safetensors
except ImportError:
    safetensors = None  # type: ignore[assignment]

MOST = 1_000_000  # elements of a loaded tensor that are read, to see that its memory is there

# What a reader may answer to a file that is not sound.
ERRORS: tuple[type[BaseException], ...] = (RuntimeError, EOFError, pickle.UnpicklingError)
if safetensors is not None:
    ERRORS += (safetensors.SafetensorError,)


def contents() -> dict[str, Any]:
    """Tensors of several types, shapes and layouts, two that share memory, and plain containers."""
    base = cnet.arange(24.).view(4, 6)
    return {
        'base': base, 'tail': base[1:, ::2], 'transposed': base.t(), 'int': cnet.arange(5), 'bool': cnet.tensor([True, False]),
        'half': cnet.ones(3).half(), 'complex': cnet.ones(2, dtype=cnet.complex64), 'empty': cnet.zeros(0, 2),
        'scalar': cnet.tensor(1.5), 'parameter': cnet.nn.Parameter(cnet.ones(2)), 'expanded': cnet.ones(1).expand(5),
        'state': {'step': 3, 'groups': [{'lr': 0.1, 'betas': (0.9, 0.999), 'params': [0, 1]}], 'name': 'Adam', 'none': None},
        'ordered': OrderedDict(a=1), 'set': {1, 2}, 'bytes': b'\xff\x00', 'big': 2 ** 70, 'size': cnet.Size([1, 2]),
    }


def flat() -> dict[str, cnet.Tensor]:
    """Tensors for the formats that hold nothing else."""
    return {name: t.contiguous().clone() for name, t in contents().items() if isinstance(t, cnet.Tensor)}


def _saved(protocol: int) -> bytes:
    file = io.BytesIO()
    cnet.save(contents(), file, pickle_protocol=protocol)
    return file.getvalue()


def old_file(obj: Any) -> bytes:
    """An object as PyTorch before 1.6 wrote it."""
    pickled = io.BytesIO()
    pickler = Pickler(pickled, 2)
    pickler.dump(obj)
    system = {'protocol_version': 1001, 'little_endian': sys.byteorder == 'little', 'type_sizes': {'int': 4}}
    keys = [storage.key for storage in pickler.storages]
    parts = [pickle.dumps(0x1950a86a20f9469cfc6c, 2), pickle.dumps(1001, 2), pickle.dumps(system, 2), pickled.getvalue(),
             pickle.dumps(keys, 2)]
    for storage in pickler.storages:
        parts += [storage.array.size.to_bytes(8, sys.byteorder), storage.array.tobytes()]
    return b''.join(parts)


def _npz(compressed: bool) -> bytes:
    file = io.BytesIO()
    npz.save_file(flat(), file, compressed)
    return file.getvalue()


def _load(raw: bytes) -> Any:
    return cnet.load(io.BytesIO(raw))


def with_pickle(raw: bytes, data: bytes) -> bytes:
    """The archive with another pickle, and checksums that fit it."""
    new = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as source, zipfile.ZipFile(new, 'w') as target:
        for name in source.namelist():
            target.writestr(name, data if name.endswith('/data.pkl') else source.read(name))
    return new.getvalue()


def pickle_of(raw: bytes) -> bytes:
    """The pickle in an archive."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        return archive.read(next(name for name in archive.namelist() if name.endswith('/data.pkl')))


def readers() -> dict[str, tuple[bytes, Callable[[bytes], Any]]]:
    """Name to a valid input and its reader. Those of pickles put the input into an archive first."""
    zips = {protocol: _saved(protocol) for protocol in (2, 4, 5)}
    found: dict[str, tuple[bytes, Callable[[bytes], Any]]] = {'zip': (zips[2], _load)}
    large = io.BytesIO()  # for whose records checksums come from the kernel, in more than one piece
    cnet.save([cnet.arange(n) for n in (10_000, 600, 20_001)], large)
    found['zip, large'] = large.getvalue(), _load
    found['zip, large, from a file'] = large.getvalue(), lambda raw: cnet.load(io.BufferedReader(io.BytesIO(raw)))
    for protocol, raw in zips.items():
        found[f'pickle {protocol}'] = pickle_of(raw), lambda data, raw=raw: _load(with_pickle(raw, data))
    found['before 1.6'] = old_file(contents()), _load
    found['npz'] = _npz(False), lambda raw: npz.load_file(io.BytesIO(raw))
    found['npz, compressed'] = _npz(True), lambda raw: npz.load_file(io.BytesIO(raw))
    if safetensors is not None:
        found['safetensors'] = safetensors.save(flat()), safetensors.load
    return found


_NUMBERS = [0, 1, -1, 2 ** 7, 2 ** 8 - 1, 2 ** 15, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 62, 2 ** 63 - 1, -2 ** 63]


def mutated(raw: bytes, rng: random.Random) -> bytes:
    """The file with one to four changes: bits, bytes, numbers, pieces cut out, doubled, moved."""
    data = bytearray(raw)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 4))):
        if not data:
            break
        kind, at = rng.randrange(8), rng.randrange(len(data))
        length = min(len(data) - at, rng.choice((1, 2, 4, 8, 30, 200)))
        if kind == 0:
            data[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            data[at] = rng.randrange(256)
        elif kind == 2:
            width = rng.choice((1, 2, 4, 8))
            data[at:at + width] = (rng.choice(_NUMBERS) % 256 ** width).to_bytes(width, rng.choice(('little', 'big')))
        elif kind == 3:
            del data[at:at + length]
        elif kind == 4:
            data[at:at] = data[at:at + length]
        elif kind == 5:
            data[at:at] = rng.randbytes(length)
        elif kind == 6:
            other = rng.randrange(len(data))
            data[at:at + length] = data[other:other + length]
        else:
            del data[at:]
    return bytes(data)


def touch(x: Any, depth: int = 0) -> None:
    """Read every element of every tensor in a nested result: memory that is not there would crash."""
    if depth > 20:
        return
    if isinstance(x, cnet.Tensor):
        if x.numel() <= MOST:
            x.detach().numpy().tobytes()
            repr(x)
    elif isinstance(x, dict):
        for value in list(x.values())[:100]:
            touch(value, depth + 1)
    elif isinstance(x, (list, tuple, set)):
        for value in list(x)[:100]:
            touch(value, depth + 1)


def equal(a: Any, b: Any) -> bool:
    """Whether two nested results are the same."""
    if isinstance(a, cnet.Tensor):
        return (isinstance(b, cnet.Tensor) and a.dtype is b.dtype and a.shape == b.shape
                and a.detach().numpy().tobytes() == b.detach().numpy().tobytes())
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(equal(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(map(equal, a, b))
    return type(a) is type(b) and a == b


# ---- hostile pickles

def _call(module: str, name: str, args: bytes) -> bytes:
    return f'c{module}\n{name}\n'.encode() + args + b'R.'


def _text(text: str) -> bytes:
    raw = text.encode()
    return b'X' + struct.pack('<I', len(raw)) + raw


def _number(n: int) -> bytes:
    raw = pickle.encode_long(n)
    return b'\x8a' + bytes([len(raw)]) + raw


def _tuple(*parts: bytes) -> bytes:
    return b'(' + b''.join(parts) + b't'


def _storage(kind: str = 'FloatStorage', key: str = '0', location: str = 'cpu', size: int = 24) -> bytes:
    return _tuple(_text('storage'), f'ctorch\n{kind}\n'.encode(), _text(key), _text(location), _number(size)) + b'Q'


def _tensor(offset: int, size: tuple[int, ...], stride: tuple[int, ...], storage: bytes | None = None) -> bytes:
    numbers = [_tuple(*map(_number, x)) for x in (size, stride)]
    return _call('torch._utils', '_rebuild_tensor_v2', _tuple(
        _storage() if storage is None else storage, _number(offset), *numbers, b'\x89', b'ccollections\nOrderedDict\n)R'))


MARK = os.path.join(tempfile.gettempdir(), 'cnet-was-here')  # the file that code in a hostile pickle would make

_CALLED = [
    'os:system', 'posix:system', 'builtins:eval', 'builtins:exec', 'builtins:getattr', 'builtins:__import__', 'builtins:open',
    'subprocess:Popen', 'subprocess:check_output', 'importlib:import_module', 'operator:attrgetter', 'operator:methodcaller',
    'functools:partial', 'shutil:rmtree', 'ctypes:CDLL', 'pickle:loads', 'types:CodeType', 'numpy:load',
    'numpy.core.multiarray:_reconstruct', 'cnet:load', 'cnet.nn:Linear', 'torch:load', 'torch.nn:Linear',
    'torch:storage.os.system', 'torch._utils:__builtins__', 'torch.serialization:os', '__main__:x', ':',
    'collections:OrderedDict.__class__',
]


def hostile() -> Iterator[tuple[str, bytes]]:
    """Pickles that a reader must refuse: name and content. The archive's first storage has 24 floats."""
    mark = _tuple(_text(f'touch {MARK}'))
    for name in _CALLED:
        module, _, name = name.rpartition(':')
        yield f'call of {module}.{name}', _call(module, name, mark)
        yield f'stack call of {module}.{name}', b'\x80\x04' + _text(module) + _text(name) + b'\x93' + mark + b'R.'
    imported = b'cbuiltins\n__import__\n' + _tuple(_text('os')) + b'R'
    yield 'getattr chain', _call('builtins', 'getattr', _tuple(imported, _text('system')))
    yield 'inst', b'(' + _text('x') + b'ios\nsystem\n.'
    yield 'obj', b'(cos\nsystem\n' + _text('x') + b'o.'
    yield 'newobj', b'ccollections\nOrderedDict\n)\x81.'
    yield 'newobj_ex', b'\x80\x04ccollections\nOrderedDict\n)}\x92.'
    for n in (0, 1, 255):
        yield f'extension {n}', b'\x80\x02\x82' + bytes([n]) + b'.'
    yield 'out-of-band buffer', b'\x80\x05\x97.'
    yield 'protocol 9', b'\x80\x09N.'
    for name, stride in (('negative stride', (-1,)), ('stride beyond', (100,)), ('two strides', (1, 1)), ('no stride', ())):
        yield name, _tensor(0, (4,), stride)
    for offset, size, strides in ((25, (1,), (1,)), (24, (1,), (1,)), (-1, (1,), (1,)), (2 ** 70, (1,), (1,)), (0, (25,), (1,)),
                                  (0, (2 ** 62,), (1,)), (0, (2 ** 32, 2 ** 32), (1, 0)), (0, (-1,), (1,)), (0, (2, 2), (23, 1)),
                                  (0, (2 ** 63, 2), (0, 0)), (0, (1,) * 70, (1,) * 70), (2 ** 61, (1,), (1,)), (25, (0,), (1,))):
        yield f'offset {offset}, size {str(size)[:40]}, strides {str(strides)[:40]}', _tensor(offset, size, strides)
    for n in (23, 25, 48, 2 ** 40, -24):
        yield f'storage of {n}', _tensor(0, (1,), (1,), _storage(size=n))
    for kind in ('DoubleStorage', 'ByteStorage', 'ComplexFloatStorage', 'HalfStorage', 'NoStorage', 'float32', 'UntypedStorage'):
        yield f'storage as {kind}', _tensor(0, (1,), (1,), _storage(kind))
    one = _tensor(0, (1,), (1,))[:-1]
    yield 'two types of one storage', b'(' + one + _tensor(0, (1,), (1,), _storage('IntStorage'))[:-1] + b't.'
    for key in ('../data.pkl', '/etc/passwd', '999', '', '0/../0'):
        yield f'storage key {key!r}', _tensor(0, (1,), (1,), _storage(key=key))
    yield 'storage elsewhere', _tensor(0, (1,), (1,), _storage(location='cuda:0'))
    yield 'storage is text', _tensor(0, (1,), (1,), _text('storage'))
    yield 'storage is itself a tensor', _tensor(0, (1,), (1,), one)
    for args in ((b'N',), (_text('x'), _text('y')), (_number(1),) * 20, (b'}' + _text('x') + b'Ns', b'N')):
        for module, name in (('collections', 'OrderedDict'), ('collections', 'Counter'), ('torch', 'Size'), ('torch', 'device'),
                             ('builtins', 'set'), ('builtins', 'complex'), ('builtins', 'bytearray'), ('_codecs', 'encode'),
                             ('torch._utils', '_rebuild_tensor_v2'), ('torch._utils', '_rebuild_parameter'),
                             ('torch', 'float32')):
            yield f'{module}.{name} of {len(args)} {args[0][:9]!r}', _call(module, name, _tuple(*args))
    for n in (2 ** 31 - 1, 2 ** 32 - 1):
        yield f'text of {n}', b'X' + struct.pack('<I', n) + b'x.'
        yield f'bytes of {n}', b'\x80\x03B' + struct.pack('<I', n) + b'x.'
    for code in (b'\x8d', b'\x8e', b'\x96', b'\x95'):
        yield f'{code!r} of 2**63 - 1', b'\x80\x05' + code + struct.pack('<Q', 2 ** 63 - 1) + b'x.'
    yield 'memo that is not there', b'h\x05.'
    yield 'memo at 2**32 - 1', b'Nr\xff\xff\xff\xffj\x00\x00\x00\x00.'
    yield 'attributes of a dtype', b'ctorch\nfloat32\n}' + _text('x') + b'K\x01sb.'
    yield 'attributes of a rebuild function', b'ctorch._utils\n_rebuild_tensor_v2\n}' + _text('x') + b'K\x01sb.'
    yield 'attributes of a tensor', one + b'}' + _text('_a') + b'Nsb.'
    yield 'attributes that are no names', b'ccollections\nOrderedDict\n)R}K\x01K\x02sb.'
    for junk in (b'', b'.', b'(', b'0.', b'(.', b'N', b'R.', b')R.', b'}u.', b'Q.', b'NQ.', b'b.', b'a.', b'\xff.', b'I1\n.',
                 b'S"x"\n.', b'P0\n.', b'F1.0\n.', b'(lp0\n.', b'(dp0\n.', b'\x80\x02' * 3):
        yield f'junk {junk!r}', junk
    yield 'unhashable key', b'}]K\x01s.'
    yield 'recursive tuple as a set', b'(]q\x00h\x00acbuiltins\nset\n(h\x00tR.'
