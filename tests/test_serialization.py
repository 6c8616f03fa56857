"""Saving and loading: the format, shared memory, atomic files, and that forged or damaged files do no harm."""
from __future__ import annotations

import io
import os
import pickle
import signal
import subprocess
import sys
import threading
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mutations import old_file

import cnet
from cnet import _files, nn
from cnet._pickling import Pickler, Storage
from cnet.serialization import load, save

SAVED = {
    'parameter': nn.Parameter(cnet.ones(2)), 'frozen': nn.Parameter(cnet.ones(2), requires_grad=False),
    'half': cnet.ones(2, dtype=cnet.float16), 'bool': cnet.tensor([True, False]), 'complex': cnet.ones(1, dtype=cnet.complex64),
    'scalar': cnet.tensor(3), 'empty': cnet.zeros(0, 2), 'transposed': cnet.arange(6.).view(2, 3).t(),
    'expanded': cnet.ones(1).expand(3), 'size': cnet.Size([1, 2]), 'dtype': cnet.int64, 'device': cnet.device('cpu'),
    'bytes': b'\xff\x00', 'set': {1, 2}, 'number': 1.5, 'big': 2**100, 'none': None, 'nested': [(1, 'a'), {'b': [True]}],
    'ordered': OrderedDict(x=1), 'imaginary': 2j,
}


def saved(obj: Any, **kwargs: Any) -> io.BytesIO:
    file = io.BytesIO()
    save(obj, file, **kwargs)
    file.seek(0)
    return file


def rewritten(file: io.BytesIO, change: Callable[[str, bytes], bytes | None],
              compression: int = zipfile.ZIP_STORED) -> io.BytesIO:
    """The archive with each record replaced by `change(name, content)`, or left out where that is None."""
    new = io.BytesIO()
    with zipfile.ZipFile(file) as source, zipfile.ZipFile(new, 'w', compression) as target:
        for name in source.namelist():
            content = change(name, source.read(name))
            if content is not None:
                target.writestr(name, content)
    new.seek(0)
    return new


def with_pickle(content: bytes) -> io.BytesIO:
    return rewritten(saved({'x': cnet.ones(4)}), lambda name, data: content if name.endswith('data.pkl') else data)


@pytest.mark.parametrize('key', SAVED)
@pytest.mark.parametrize('protocol', [2, 4, 5])
def test_round_trip(key: str, protocol: int) -> None:
    value = SAVED[key]
    result = load(saved(value, pickle_protocol=protocol))
    assert type(result) is type(value)
    if isinstance(value, cnet.Tensor):
        assert result.dtype is value.dtype
        assert result.shape == value.shape
        assert result.stride() == value.stride()
        assert result.requires_grad == value.requires_grad
        np.testing.assert_array_equal(result.detach().numpy(), value.detach().numpy())
    else:
        assert result == value


def test_state_dict_keeps_its_metadata() -> None:
    net = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    state = load(saved(net.state_dict()))
    assert state._metadata == net.state_dict()._metadata
    assert repr(net.load_state_dict(state)) == '<All keys matched successfully>'


def test_shared_memory_stays_shared() -> None:
    base = cnet.arange(6.)
    result = load(saved({'base': base, 'tail': base[2:], 'twice': base, 'other': cnet.arange(6.)}))
    result['base'][3] = 9
    assert result['tail'][1] == 9
    assert result['twice'] is result['base']
    assert result['other'][3] == 3


def test_one_record_for_shared_memory() -> None:
    base = cnet.arange(6.)
    with zipfile.ZipFile(saved([base, base[1:], base.view(2, 3)])) as archive:
        assert [name for name in archive.namelist() if '/data/' in name] == ['archive/data/0']


def test_storages_are_aligned() -> None:
    file = saved([cnet.ones(n) for n in (1, 3, 5)])
    raw = file.getvalue()
    with zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            header = raw[info.header_offset:info.header_offset + 30]
            start = info.header_offset + 30 + int.from_bytes(header[26:28], 'little') + int.from_bytes(header[28:], 'little')
            assert start % 64 == 0
            assert raw[start:start + info.file_size] == archive.read(info)


def test_file_by_path(tmp_path: Path) -> None:
    path = tmp_path / 'model.pt'
    save({'a': cnet.ones(2)}, path)
    assert zipfile.ZipFile(path).namelist()[0] == 'model/data.pkl'
    assert load(str(path))['a'].tolist() == [1, 1]
    assert os.listdir(tmp_path) == ['model.pt']


def test_memory_mapped(tmp_path: Path) -> None:
    path = tmp_path / 'model.pt'
    save({'a': cnet.ones(2), 'e': cnet.zeros(0)}, path)
    mapped = load(path, mmap=True)
    mapped['a'].add_(1)
    assert mapped['a'].tolist() == [2, 2]
    assert load(path)['a'].tolist() == [1, 1]


def test_failed_save_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / 'model.pt'
    save({'a': cnet.ones(2)}, path)
    with pytest.raises((pickle.PicklingError, AttributeError)):
        save({'a': lambda: None}, path)
    assert load(path)['a'].tolist() == [1, 1]
    assert os.listdir(tmp_path) == ['model.pt']


def test_symbolic_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / 'link.pt').symlink_to(tmp_path / 'model.pt')
    save(1, tmp_path / 'link.pt')
    assert (tmp_path / 'link.pt').is_symlink()
    assert load(tmp_path / 'model.pt') == 1


def test_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match='does not exist'):
        save(1, tmp_path / 'nowhere' / 'model.pt')


def test_whole_module_needs_trust() -> None:
    file = saved(nn.Linear(2, 1))
    with pytest.raises(pickle.UnpicklingError, match=r'cnet\.nn\.modules\.linear\.Linear'):
        load(file)
    file.seek(0)
    assert repr(load(file, weights_only=False)) == 'Linear(in_features=2, out_features=1, bias=True)'


def test_optimizer_like_state() -> None:
    state = {'state': {0: {'step': cnet.tensor(3.), 'exp_avg': cnet.ones(2)}},
             'param_groups': [{'lr': 0.1, 'betas': (0.9, 0.999), 'params': [0]}]}
    result = load(saved(state))
    assert result['param_groups'] == state['param_groups']
    assert result['state'][0]['step'].item() == 3


# ---- files that are not what they seem

class Forger(Pickler):
    """Writes a tuple as the call of a name of PyTorch's, whatever the arguments."""

    dispatch = {**Pickler.dispatch, tuple: lambda self, call: self._write_call(*call, call)}

    def save(self, obj: Any, save_persistent_id: bool = True) -> None:
        if isinstance(obj, tuple) and obj[:1] != ('torch._utils',):
            pickle._Pickler.save_tuple(self, obj)
        else:
            super().save(obj, save_persistent_id)


class Evil:
    def __reduce__(self) -> tuple:
        return os.system, ('exit 1',)


def test_code_is_refused() -> None:
    with pytest.raises(pickle.UnpicklingError, match='weights_only=False'):
        load(saved(Evil()))


@pytest.mark.parametrize('content', [
    b'c__builtin__\neval\n(S"1"\ntR.',                       # a call by the protocol of 1990
    b'ctorch\nfloat32\n}X\x01\x00\x00\x00aK\x01sb.',            # attributes set on a data type
    b'ctorch._utils\n_rebuild_tensor_v2\n}X\x01\x00\x00\x00aK\x01sb.',
    b'ccollections\nOrderedDict\n(]tR}X\x01\x00\x00\x00aK\x01sb}R.',  # an object that is not in the table is called
    b'ctorch\nSize\n(K\x01tR.', b'cbuiltins\nbytearray\n(\x8a\x06\xff\xff\xff\xff\xff\x7ftR.',
    b'(X\x07\x00\x00\x00storagetQ.', b'K\x01Q.', b'', b'.', b'h\x05.', b'\x80\x09N.', b'N',
    b'ccollections\nOrderedDict\n)\x81.',                       # NEWOBJ
], ids=map(str, range(14)))
def test_forged_pickles(content: bytes) -> None:
    with pytest.raises(pickle.UnpicklingError):
        load(with_pickle(content))


@pytest.mark.parametrize(('offset', 'size', 'stride'), [
    (0, (5,), (1,)), (1, (4,), (1,)), (0, (2, 2), (3, 2)), (0, (2,), (-1,)), (-1, (2,), (1,)), (0, (-1,), (1,)),
    (0, (2,), (1, 1)), (2**70, (1,), (1,)), (0, (2**62,), (1,)), (0, (2**40, 2**40), (0, 1)), (0, (2,), (0.5,)),
    (5, (0,), (1,)),
])
def test_tensors_beyond_their_storage(offset: Any, size: tuple, stride: tuple) -> None:
    file = io.BytesIO()
    forger = Forger(file, 2)
    storage = Storage(np.ones(4, np.float32), '0')
    forger.dump(('torch._utils', '_rebuild_tensor_v2', (storage, offset, size, stride, False, OrderedDict())))
    with pytest.raises(pickle.UnpicklingError):
        load(rewritten(saved(cnet.ones(4)), lambda name, data: file.getvalue() if name.endswith('pkl') else data))


def test_storage_of_the_wrong_length() -> None:
    with pytest.raises(RuntimeError, match='4 elements'):
        load(rewritten(saved(cnet.ones(4)), lambda name, data: data[:-1] if '/data/' in name else data))


def test_missing_storage() -> None:
    with pytest.raises(RuntimeError, match='data/0'):
        load(rewritten(saved(cnet.ones(4)), lambda name, data: None if '/data/' in name else data))


def test_compressed_records() -> None:
    with pytest.raises(RuntimeError, match='compressed'):
        load(rewritten(saved(cnet.ones(4)), lambda name, data: data, zipfile.ZIP_DEFLATED))


def test_foreign_zip() -> None:
    with pytest.raises(RuntimeError, match=r'data\.pkl'):
        load(rewritten(saved(1), lambda name, data: None if 'pkl' in name else data))


def test_other_byte_order() -> None:
    def swap(name: str, data: bytes) -> bytes:
        if name.endswith('byteorder'):
            return b'big'
        return np.frombuffer(data, np.float32).byteswap().tobytes() if '/data/' in name else data
    assert load(rewritten(saved(cnet.arange(3.)), swap)).tolist() == [0, 1, 2]


@pytest.mark.parametrize('raw', [b'', b'PK\x03\x04', b'text that is no archive'])
def test_no_archive(raw: bytes) -> None:
    with pytest.raises((RuntimeError, EOFError)):
        load(io.BytesIO(raw))


def test_truncated_anywhere() -> None:
    raw = saved({'a': cnet.ones(8), 'b': nn.Linear(2, 2).state_dict()}).getvalue()
    for n in range(0, len(raw), 11):
        with pytest.raises((RuntimeError, EOFError)):
            load(io.BytesIO(raw[:n]))


def test_any_changed_byte_is_noticed_or_harmless() -> None:
    raw = bytearray(saved({'a': cnet.ones(8), 'b': cnet.arange(3)}).getvalue())
    rng = np.random.default_rng(0)
    for at in rng.integers(len(raw), size=300):
        old, raw[at] = raw[at], rng.integers(256)
        try:
            result = load(io.BytesIO(bytes(raw)))
            assert result['a'].shape == (8,)
        except (RuntimeError, EOFError, pickle.UnpicklingError):
            pass
        raw[at] = old


def test_other_devices_need_map_location() -> None:
    def elsewhere(name: str, data: bytes) -> bytes:
        return data.replace(b'X\x03\x00\x00\x00cpu', b'X\x06\x00\x00\x00cuda:0') if name.endswith('pkl') else data
    file = rewritten(saved(cnet.ones(2)), elsewhere)
    with pytest.raises(RuntimeError, match='map_location'):
        load(file)
    for location in ('cpu', cnet.device('cpu'), {'cuda:0': 'cpu'}, lambda storage, name: storage):
        file.seek(0)
        assert load(file, map_location=location).tolist() == [1, 1]
    with pytest.raises((RuntimeError, AssertionError)):
        load(file, map_location='cuda')


# ---- what killed writers leave

LEAVE = '''
import os, signal, sys
from cnet import _files
if sys.argv[2] == 'named':
    _files._nameless = lambda folder: None
os.replace = lambda *names: os.kill(os.getpid(), signal.SIGKILL)
with _files.replacing(sys.argv[1]) as file:
    file.write(b'new')
'''


@pytest.mark.skipif(not hasattr(signal, 'SIGKILL'), reason='no such signal')
@pytest.mark.parametrize('how', ['named', 'nameless'])
def test_the_next_save_removes_what_a_killed_one_left(tmp_path: Path, how: str) -> None:
    path = tmp_path / 'model.pt'
    save(1, path)
    strangers = [tmp_path / name for name in ('.model.pt.tmp', '.model.pt.0123.tmp', f'.other.pt.{"0" * 16}.tmp')]
    for stranger in strangers:
        stranger.touch()
    environment = os.environ | {'PYTHONPATH': str(Path(cnet.__file__).parent.parent)}
    for _ in range(2):
        done = subprocess.run([sys.executable, '-c', LEAVE, str(path), how], env=environment, cwd=tmp_path)
        assert done.returncode == -signal.SIGKILL
        assert len(list(tmp_path.iterdir())) == 5  # the second writer removed what the first left
        assert load(path) == 1
    save(2, path)
    assert load(path) == 2
    assert sorted(tmp_path.iterdir()) == sorted([path, *strangers])


@pytest.mark.parametrize('nameless', [True, False])
def test_writers_at_the_same_time_do_not_harm_each_other(tmp_path: Path, nameless: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not nameless:
        monkeypatch.setattr(_files, '_nameless', lambda folder: None)
    path = tmp_path / 'model.pt'
    with _files.replacing(path) as slow:
        slow.write(b'slow')
        with _files.replacing(path) as quick:
            quick.write(b'quick')
        assert path.read_bytes() == b'quick'
    assert path.read_bytes() == b'slow'
    assert list(tmp_path.iterdir()) == [path]
    wrong: list[BaseException] = []

    def write(text: bytes) -> None:
        try:
            for _ in range(30):
                with _files.replacing(path) as file:
                    file.write(text)
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=write, args=(bytes([65 + i]) * 1000,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert len(set(path.read_bytes())) == 1
    assert list(tmp_path.iterdir()) == [path]


# ---- files from before the zip format

def test_old_files() -> None:
    shared = cnet.arange(6.)
    file = io.BytesIO(b'before' + old_file({'a': shared, 'b': shared[2:], 'c': cnet.tensor([True])}))
    file.seek(6)
    got = load(file)
    assert got['b'].tolist() == [2, 3, 4, 5] and got['c'].tolist() == [True]
    got['a'].zero_()
    assert not got['b'].any()


@pytest.mark.parametrize(('old', 'new'), [
    (b"X\x01\x00\x00\x000q", b"X\x01\x00\x00\x001q"),  # a storage by another key
    (pickle.dumps(1001, 2), pickle.dumps(1002, 2)), (pickle.dumps(['0'], 2), pickle.dumps([], 2)),
    (pickle.dumps(['0'], 2), pickle.dumps(['0', '0'], 2)), (pickle.dumps(['0'], 2), pickle.dumps([0], 2)),
    ((6).to_bytes(8, 'little'), (7).to_bytes(8, 'little')), (b'K\x06t', b'J\x00\x00\x00\x7ft'),
    (b'little_endian', b'littleXendian'),
])
def test_damaged_old_files(old: bytes, new: bytes) -> None:
    raw = old_file({'a': cnet.arange(6.)})
    assert raw.count(old) == 1 or old.startswith(b'X')
    with pytest.raises((RuntimeError, pickle.UnpicklingError)):
        load(io.BytesIO(raw.replace(old, new, 1)))
