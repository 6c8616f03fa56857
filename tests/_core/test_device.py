"""Devices, layouts and memory formats."""
from __future__ import annotations

import copy
import pickle
import threading

import pytest

import cnet


@pytest.mark.parametrize(('args', 'text', 'short'), [
    (('cpu',), "device(type='cpu')", 'cpu'),
    (('cpu', 0), "device(type='cpu', index=0)", 'cpu:0'),
    (('cuda:1',), "device(type='cuda', index=1)", 'cuda:1'),
    (('cuda', None), "device(type='cuda')", 'cuda'),
    ((cnet.device('mps'),), "device(type='mps')", 'mps'),
])
def test_text(args, text, short):
    device = cnet.device(*args)
    assert repr(device) == text and str(device) == short
    assert device == cnet.device(short) and hash(device) == hash(cnet.device(short))
    assert copy.deepcopy(device) == device == pickle.loads(pickle.dumps(device))


def test_equality():
    assert cnet.device('cpu') != cnet.device('cpu:0') != 'cpu'
    assert cnet.device(type='cuda', index=1).index == 1 and cnet.device('cuda').index is None


@pytest.mark.parametrize(('args', 'kind', 'text'), [
    (('foo',), RuntimeError, 'Expected one of cpu, cuda, .* device type at start of device string: foo'),
    (('cuda:x',), RuntimeError, "Invalid device string: 'cuda:x'"),
    (('cuda:01',), RuntimeError, "Invalid device string: 'cuda:01'"),
    (('',), RuntimeError, 'must not be empty'),
    (('cuda', -2), RuntimeError, 'must not be negative'),
    (('cuda:1', 2), RuntimeError, 'must not include an index'),
    ((1,), RuntimeError, 'Cannot access accelerator'),
    (('cpu', True), TypeError, 'must be int, not bool'),
    ((None,), TypeError, 'device()'),
])
def test_refuses(args, kind, text):
    with pytest.raises(kind, match=text):
        cnet.device(*args)


def test_is_immutable():
    with pytest.raises(AttributeError, match='not writable'):
        cnet.device('cpu').type = 'cuda'


def test_tensors_live_on_the_cpu():
    assert cnet.ones(1).device == cnet.device('cpu')
    for device in ('cpu', 'cpu:3', cnet.device('cpu'), None):
        cnet.zeros(1, device=device)
    with pytest.raises(AssertionError, match='not compiled with CUDA enabled'):
        cnet.zeros(1, device='cuda')
    with pytest.raises(AssertionError, match='not compiled with CUDA enabled'):
        cnet.zeros(1).cuda()
    with pytest.raises(NotImplementedError, match="'meta'"):
        cnet.zeros(1, device='meta')
    with pytest.raises(TypeError, match=r"argument 'device' must be cnet.device, not float"):
        cnet.zeros(1, device=2.5)


def test_default_device():
    with cnet.device('cuda'):
        assert cnet.get_default_device() == cnet.device('cuda')
        with pytest.raises(AssertionError):
            cnet.zeros(1)
        with cnet.device('cpu'):
            cnet.zeros(1)
        with pytest.raises(AssertionError):
            cnet.tensor([1])
    assert cnet.get_default_device() == cnet.device('cpu')
    cnet.set_default_device('cuda')
    try:
        seen = []
        thread = threading.Thread(target=lambda: seen.append(cnet.get_default_device()))
        thread.start()
        thread.join()
        assert seen == [cnet.device('cpu')]
        with pytest.raises(AssertionError):
            cnet.ones(1)
    finally:
        cnet.set_default_device(None)
    cnet.ones(1)


@pytest.mark.parametrize('name', ['strided', 'sparse_coo', 'sparse_csr', 'contiguous_format', 'preserve_format',
                                  'channels_last', 'channels_last_3d'])
def test_names(name):
    value = getattr(cnet, name)
    assert repr(value) == f'cnet.{name}' and pickle.loads(pickle.dumps(value)) is value is copy.deepcopy(value)
    assert isinstance(value, cnet.memory_format if name[0] != 's' else cnet.layout)


def test_layouts():
    assert cnet.ones(1).layout is cnet.strided
    with pytest.raises(NotImplementedError, match=r'cnet.sparse_coo'):
        cnet.zeros(1, layout=cnet.sparse_coo)
    with pytest.raises(TypeError, match=r"argument 'layout' must be cnet.layout, not str"):
        cnet.zeros(1, layout='a')
