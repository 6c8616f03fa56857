"""How tensors print. The recorded texts are PyTorch's."""
from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tensor_cases

import cnet

RECORDED = json.loads((Path(__file__).parent / 'golden' / 'tensor_str.json').read_text())


@pytest.fixture(autouse=True)
def _default_options():
    yield
    cnet.set_printoptions(profile='default')


@pytest.mark.parametrize('case', RECORDED, ids=range(len(RECORDED)))
def test_recorded(case, monkeypatch):
    # 'cnet' is a letter shorter than 'torch', which may move a line break: compare under the longer name.
    monkeypatch.setattr(cnet.dtype, '__repr__', lambda self: f'torch.{self.name}')
    dtype = np.dtype(case['dtype'])
    a = np.empty(case['shape'], dtype)
    if dtype.kind == 'c':
        a.real, a.imag = (np.reshape(part, a.shape) for part in case['parts'])
    else:
        a[...] = np.reshape(case['parts'][0], a.shape)
    assert tensor_cases.text(cnet, a, case['options'], case['history']) == case['text']


@pytest.mark.parametrize(('make', 'text'), [
    (lambda: cnet.tensor([1.0, 2.0]), 'tensor([1., 2.])'),
    (lambda: cnet.tensor([1, -20]), 'tensor([  1, -20])'),
    (lambda: cnet.tensor(2.5), 'tensor(2.5000)'),
    (lambda: cnet.tensor([True, False]), 'tensor([ True, False])'),
    (lambda: cnet.tensor([1.5, float('nan'), float('inf')]), 'tensor([1.5000,    nan,    inf])'),
    (lambda: cnet.tensor([1e-5, 1.0]), 'tensor([1.0000e-05, 1.0000e+00])'),
    (lambda: cnet.tensor([1 + 2j, -0.5j]), 'tensor([1.+2.0000j, -0.-0.5000j])'),
    (lambda: cnet.tensor([1.0], dtype=cnet.float64), 'tensor([1.], dtype=cnet.float64)'),
    (lambda: cnet.zeros(0, 3), 'tensor([], size=(0, 3))'),
    (lambda: cnet.zeros(0, dtype=cnet.int64), 'tensor([], dtype=cnet.int64)'),
    (lambda: cnet.ones(1, requires_grad=True), 'tensor([1.], requires_grad=True)'),
    (lambda: cnet.ones(1, requires_grad=True).clone(), 'tensor([1.], grad_fn=<CloneBackward0>)'),
    (lambda: cnet.arange(2000), 'tensor([   0,    1,    2,  ..., 1997, 1998, 1999])'),
    (lambda: cnet.ones(2, 1, 2), 'tensor([[[1., 1.]],\n\n        [[1., 1.]]])'),
])
def test_text(make, text):
    x = make()
    assert repr(x) == text == str(x) == f'{x!r}'


def test_options():
    x = cnet.tensor([3.14159])
    cnet.set_printoptions(precision=2)
    assert repr(x) == 'tensor([3.14])'
    cnet.set_printoptions(sci_mode=True)
    assert repr(x) == 'tensor([3.14e+00])'
    cnet.set_printoptions(profile='short')
    assert repr(x) == 'tensor([3.14])' and repr(cnet.arange(1001)) == 'tensor([   0,    1,  ...,  999, 1000])'
    cnet.set_printoptions(profile='full')
    assert '...' not in repr(cnet.arange(1001))


def test_options_in_a_block():
    with cnet._tensor_str.printoptions(precision=1):
        assert repr(cnet.tensor([0.25])) == 'tensor([0.2])'
    assert repr(cnet.tensor([0.25])) == 'tensor([0.2500])'
    assert cnet._tensor_str.get_printoptions() == {
        'precision': 4, 'threshold': 1000, 'edgeitems': 3, 'linewidth': 80, 'sci_mode': None}


def test_subclass_prints_its_name():
    class Field(cnet.Tensor):
        pass
    assert repr(Field([1, 2])) == 'Field([1., 2.])'
