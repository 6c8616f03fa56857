"""PyTorch reads our files with its own restricted reader, and we read PyTorch's."""
from __future__ import annotations

import io
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest

import cnet
from cnet.serialization import load, save

torch = pytest.importorskip('torch')


def content(lib: Any) -> dict:
    base = lib.arange(6.)
    return {
        'base': base, 'tail': base[2:], 'transposed': base.view(2, 3).t(), 'expanded': lib.ones(1).expand(3),
        'parameter': lib.nn.Parameter(lib.ones(2)), 'frozen': lib.nn.Parameter(lib.ones(2), requires_grad=False),
        'leaf': lib.ones(1, requires_grad=True), 'empty': lib.zeros(0, 3), 'scalar': lib.tensor(2),
        **{name: lib.ones(3, dtype=getattr(lib, name)) for name in (
            'bool', 'uint8', 'int8', 'int16', 'int32', 'int64', 'float16', 'float32', 'float64', 'complex64', 'complex128')},
        'size': lib.Size([2]), 'dtype': lib.float64, 'device': lib.device('cpu'), 'bytes': b'\xfe', 'set': {1}, 'complex': 1j,
        'bytearray': bytearray(b'a'), 'big': 2**80, 'none': None, 'tuple': (1, 2, 3, 4), 'ordered': OrderedDict(a=1),
        'state': lib.nn.Sequential(lib.nn.Linear(2, 3), lib.nn.BatchNorm1d(3)).state_dict(),
    }


def same(a: Any, e: Any) -> None:
    if isinstance(e, dict):
        assert list(a) == list(e)
        assert getattr(a, '_metadata', None) == getattr(e, '_metadata', None)
        for key in e:
            same(a[key], e[key])
    elif hasattr(e, 'requires_grad'):
        assert a.tolist() == e.tolist()
        assert a.stride() == e.stride()
        assert a.requires_grad == e.requires_grad
        assert type(a).__name__ == type(e).__name__
        assert str(a.dtype)[-4:] == str(e.dtype)[-4:]
    else:
        assert str(a).replace('cnet', 'torch') == str(e).replace('cnet', 'torch')


@pytest.mark.parametrize('by_path', [True, False])
def test_torch_reads_ours(tmp_path: Path, by_path: bool) -> None:
    cnet.manual_seed(0)
    ours = content(cnet)
    file = tmp_path / 'x.pt' if by_path else io.BytesIO()
    save(ours, file)
    if not by_path:
        file.seek(0)
    result = torch.load(file, weights_only=True)
    same(result, ours)
    result['base'][3] = 9
    assert result['tail'][1] == 9
    if by_path:
        same(torch.load(file, weights_only=True, mmap=True)['tail'], ours['tail'])


@pytest.mark.parametrize('mmap', [True, False])
def test_we_read_torchs(tmp_path: Path, mmap: bool) -> None:
    theirs = content(torch)
    torch.save(theirs, tmp_path / 'x.pt')
    result = load(tmp_path / 'x.pt', mmap=mmap)
    same(result, theirs)
    result['base'][3] = 9
    assert result['tail'][1] == 9


def test_model_goes_back_and_forth(tmp_path: Path) -> None:
    def model(lib: Any) -> Any:
        nn = lib.nn
        return nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 3))
    ours, theirs = model(cnet), model(torch)
    torch.save(theirs.state_dict(), tmp_path / 'a.pt')
    assert repr(ours.load_state_dict(load(tmp_path / 'a.pt'))) == '<All keys matched successfully>'
    save(ours.state_dict(), tmp_path / 'b.pt')
    back = torch.load(tmp_path / 'b.pt')
    assert all(torch.equal(back[key], value) for key, value in theirs.state_dict().items())


def test_storages_that_do_not_exist_here() -> None:
    file = io.BytesIO()
    torch.save(torch.ones(2, dtype=torch.bfloat16), file)
    file.seek(0)
    with pytest.raises(Exception, match='BFloat16Storage'):
        load(file)
