"""Safetensors files and NumPy's archives: both ways, whole files, and what is refused."""
from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import numpy as np
import pytest

import cnet
from cnet import nn
from cnet.utils import npz

NAMES = ['bool', 'uint8', 'int8', 'int16', 'int32', 'int64', 'float16', 'float32', 'float64', 'complex64']
TENSORS = {name: cnet.arange(6).view(2, 3).to(getattr(cnet, name)) for name in NAMES} | {
    'scalar': cnet.tensor(2.5), 'empty': cnet.zeros(0, 3), 'parameter': nn.Parameter(cnet.ones(2)), 'a.b/c': cnet.ones(1)}


@pytest.fixture
def st() -> Any:
    pytest.importorskip('safetensors')
    from cnet.utils import safetensors
    return safetensors


def same(got: dict[str, Any], expected: dict[str, Any]) -> None:
    assert got.keys() == expected.keys()
    for name, e in expected.items():
        g = got[name]
        assert (type(g), g.dtype, g.shape, g.requires_grad) == (cnet.Tensor, e.dtype, e.shape, False), name
        assert cnet.equal(g, e), name
        g.fill_(1)  # writable


class Tied(nn.Module):
    """Two layers with one weight, and a buffer that is a view of another's memory."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(2, 2), nn.Linear(2, 2)
        self.b.weight = self.a.weight


# ---- safetensors

def test_safetensors_round_trip(st: Any, tmp_path: Path) -> None:
    path = tmp_path / 'x.safetensors'
    st.save_file(TENSORS, path, {'note': 'text'})
    assert os.listdir(tmp_path) == ['x.safetensors']
    same(st.load_file(path), TENSORS)
    same(st.load(st.save(TENSORS)), TENSORS)
    from safetensors import safe_open
    with safe_open(path, 'np') as file:
        assert file.metadata() == {'note': 'text'}


def test_bfloat16_becomes_float32(st: Any, tmp_path: Path) -> None:
    header = b'{"x":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]},"y":{"dtype":"F32","shape":[],"data_offsets":[4,8]}}'
    content = len(header).to_bytes(8, 'little') + header + np.array([0x3FC0, 0xC000], '<u2').tobytes() + np.float32(3).tobytes()
    path = tmp_path / 'x.safetensors'
    path.write_bytes(content)
    for loaded in (st.load_file(path), st.load(content)):
        same(loaded, {'x': cnet.tensor([1.5, -2.0]), 'y': cnet.tensor(3.0)})


def test_shared_tensors(st: Any, tmp_path: Path) -> None:
    model, other = Tied(), Tied()
    path = tmp_path / 'x.safetensors'
    with pytest.raises(RuntimeError, match='share memory'):
        st.save_file(model.state_dict(), path)
    st.save_model(model, path)
    assert sorted(st.load_file(path)) == ['a.bias', 'a.weight', 'b.bias']
    assert st.load_model(other, path) == (set(), [])
    assert cnet.equal(other.b.weight, model.a.weight)
    assert other.b.weight is other.a.weight
    with pytest.raises(RuntimeError, match=r"Missing key.*'weight'"):
        st.load_model(nn.Linear(2, 2), path)
    missing, unexpected = st.load_model(nn.Linear(2, 2), path, strict=False)
    assert (missing, sorted(unexpected)) == ({'weight', 'bias'}, ['a.bias', 'a.weight', 'b.bias'])
    base = cnet.arange(6.)
    st.save({'head': base[:3], 'tail': base[3:]})  # of one memory, but nothing in common


def test_safetensors_refusals(st: Any, tmp_path: Path) -> None:
    path = tmp_path / 'x.safetensors'
    for wrong in ([cnet.ones(1)], {1: cnet.ones(1)}, {'a': 1}, {'a': cnet.ones(2, 3).t()},
                  {'a': cnet.ones(1, dtype=cnet.complex128)}):
        with pytest.raises(ValueError):
            st.save_file(wrong, path)
    assert not os.listdir(tmp_path)
    model = nn.Linear(2, 3)
    model.weight = nn.Parameter(cnet.ones(2, 3).t())
    st.save_model(model, path)
    with pytest.raises(ValueError, match='contiguous'):
        st.save_model(model, path, force_contiguous=False)
    with pytest.raises((RuntimeError, AssertionError)):
        st.load_file(path, device='cuda')
    with pytest.raises(FileNotFoundError):
        st.load_file(tmp_path / 'nowhere')
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(st.SafetensorError):
        st.load_file(path)
    header = b'{"x":{"dtype":"F8_E5M2","shape":[1],"data_offsets":[0,1]}}'
    with pytest.raises(RuntimeError, match='F8_E5M2'):
        st.load(len(header).to_bytes(8, 'little') + header + b'\0')


def test_without_the_library(run_python: Callable[..., CompletedProcess[str]]) -> None:
    done = run_python('import sys; sys.modules["safetensors"] = None\n'
                      'try: from cnet.utils import safetensors\n'
                      'except ImportError as error: print(error, error.name)')
    assert done.stdout == "cnet.utils.safetensors needs the library safetensors: pip install 'cnet[safetensors]' safetensors\n"


# ---- npz

@pytest.mark.parametrize('compressed', [False, True])
def test_npz_round_trip(tmp_path: Path, compressed: bool) -> None:
    tensors = TENSORS | {'complex128': cnet.ones(2, dtype=cnet.complex128), 'file': cnet.ones(1), 'strided': cnet.ones(2, 3).t()}
    path = tmp_path / 'x.npz'
    npz.save_file(tensors, path, compressed)
    assert os.listdir(tmp_path) == ['x.npz']
    same(npz.load_file(path), tensors)
    with np.load(path) as theirs:
        assert sorted(theirs.files) == sorted(tensors)
        assert np.array_equal(theirs['strided'], np.ones((3, 2)))


def test_npz_of_numpy(tmp_path: Path) -> None:
    arrays = {'f': np.asfortranarray(np.arange(6.).reshape(2, 3)), 'big': np.arange(3, dtype='>i4'),
              'bool': np.array([True, False]), 'none': np.zeros((2, 0)), 'zero': np.array(3)}
    np.savez_compressed(tmp_path / 'x.npz', **arrays)
    got = npz.load_file(tmp_path / 'x.npz')
    for name, a in arrays.items():
        assert np.array_equal(got[name].numpy(), a)
    assert got['big'].dtype is cnet.int32


def test_npz_state_dict_of_a_model() -> None:
    model, other = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)), nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    file = io.BytesIO()
    npz.save_file(model.state_dict(), file)
    file.seek(0)
    assert repr(other.load_state_dict(npz.load_file(file))) == '<All keys matched successfully>'
    assert cnet.equal(other[0].weight, model[0].weight)


def test_npz_refusals(tmp_path: Path) -> None:
    path = tmp_path / 'x.npz'
    npz.save_file({'a': cnet.ones(1)}, path)
    for wrong in ({'a': 1}, {1: cnet.ones(1)}):
        with pytest.raises(TypeError):
            npz.save_file(wrong, path)
    assert list(npz.load_file(path)) == ['a']
    for array in (np.array(['text']), np.array([None]), np.ones(1, np.uint16), np.ones(1, [('x', 'f4')])):
        np.savez(path, a=array)
        with pytest.raises(RuntimeError, match='no tensor'):
            npz.load_file(path)


def npz_of(content: bytes, method: int = zipfile.ZIP_STORED) -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, 'w', method) as archive:
        archive.writestr('a.npy', content)
    file.seek(0)
    return file


@pytest.mark.parametrize('shape', ['(3,)', '(5,)', '(-4,)', '(1099511627776, 1099511627776)', '(2, -2)', "('a',)", '(4.0,)', '4'])
def test_npz_with_a_wrong_shape(shape: str) -> None:
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}}}\n".encode()
    content = b'\x93NUMPY\x01\x00' + len(header).to_bytes(2, 'little') + header + bytes(16)
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        with pytest.raises(RuntimeError):
            npz.load_file(npz_of(content, method))


@pytest.mark.parametrize('content', [b'', b'\x93NUMPY', b'\x93NUMPY\x09\x00', b'text', b'\x93NUMPY\x01\x00\xff\xff{'])
def test_npz_without_arrays(content: bytes) -> None:
    with pytest.raises(RuntimeError):
        npz.load_file(npz_of(content))
    with pytest.raises(RuntimeError):
        npz.load_file(io.BytesIO(content))
