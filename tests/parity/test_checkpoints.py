"""Whole checkpoints go both ways: optimizers, schedules, nested containers, shared memory; what cannot is refused by name."""
from __future__ import annotations

import io
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from schedules import SCHEDULES, follow
from schedules import optimizer as optimizer_of

import cnet

torch = pytest.importorskip('torch')

OPTIMIZERS: dict[str, dict[str, Any]] = {
    'SGD': {'lr': 0.1, 'momentum': 0.9}, 'Adam': {'amsgrad': True}, 'AdamW': {}, 'Adamax': {}, 'NAdam': {}, 'RAdam': {},
    'Adagrad': {}, 'Adadelta': {}, 'RMSprop': {'momentum': 0.9, 'centered': True}, 'Rprop': {}, 'ASGD': {}, 'Adafactor': {},
    'LBFGS': {'max_iter': 3}, 'Muon': {},
}

# Part of what these keep is float32 or coarser, in float64 too.
ROUNDING = {'NAdam': 1e-8, 'ASGD': 1e-7, 'Muon': 1e-6, 'LBFGS': 1e-6}


def written(lib: Any, obj: Any) -> io.BytesIO:
    file = io.BytesIO()
    lib.save(obj, file)
    file.seek(0)
    return file


def read(lib: Any, file: io.BytesIO) -> Any:
    return lib.load(file, weights_only=True)


def make(lib: Any, name: str) -> tuple[list[Any], Any]:
    rng = np.random.default_rng(0)
    shapes = ((3, 4), (4, 2)) if name == 'Muon' else ((3, 4), (5,))
    params = [lib.tensor(rng.standard_normal(shape), dtype=lib.float64).requires_grad_() for shape in shapes]
    return params, getattr(lib.optim, name)(params, **OPTIMIZERS[name])


def step(params: list[Any], optimizer: Any, seed: int) -> None:
    def closure() -> Any:
        rng = np.random.default_rng(seed)
        lib = cnet if isinstance(params[0], cnet.Tensor) else torch
        optimizer.zero_grad()
        loss = sum(((p - lib.tensor(rng.standard_normal(tuple(p.shape)))) ** 2).sum() for p in params)
        loss.backward()
        return loss
    closure()
    optimizer.step(closure)


@pytest.mark.parametrize('name', OPTIMIZERS)
@pytest.mark.parametrize(('source', 'target'), [(cnet, torch), (torch, cnet)], ids=['to torch', 'from torch'])
def test_optimizer_goes_on(name: str, source: Any, target: Any) -> None:
    params, optimizer = make(source, name)
    for seed in range(3):
        step(params, optimizer, seed)
    checkpoint = {'optimizer': optimizer.state_dict(), 'params': params, 'epoch': 3}
    loaded = read(target, written(source, checkpoint))
    others, other = make(target, name)
    with target.no_grad():
        for p, value in zip(others, loaded['params']):
            p.copy_(value)
    other.load_state_dict(loaded['optimizer'])
    for seed in range(3, 6):
        step(params, optimizer, seed)
        step(others, other, seed)
    for p, q in zip(params, others):
        np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), ROUNDING.get(name, 1e-12))


@pytest.mark.parametrize('name', SCHEDULES)
@pytest.mark.parametrize(('source', 'target'), [(cnet, torch), (torch, cnet)], ids=['to torch', 'from torch'])
def test_schedule_goes_on(name: str, source: Any, target: Any) -> None:
    _, optimizer, schedule = follow(source, SCHEDULES[name], 7)
    checkpoint = {'optimizer': optimizer.state_dict(), 'schedule': schedule.state_dict()}
    loaded = read(target, written(source, checkpoint))
    fresh = optimizer_of(target)
    another = SCHEDULES[name](target, fresh)
    fresh.load_state_dict(loaded['optimizer'])
    another.load_state_dict(loaded['schedule'])
    expected, _, _ = follow(source, None, 6, (optimizer, schedule), first=7)
    got, _, _ = follow(target, None, 6, (fresh, another), first=7)
    np.testing.assert_allclose(np.array(got), np.array(expected), 1e-12)


@pytest.mark.parametrize(('source', 'target'), [(cnet, torch), (torch, cnet)], ids=['to torch', 'from torch'])
def test_nested_containers_and_shared_memory(source: Any, target: Any) -> None:
    base = source.arange(12.).view(3, 4)
    listed = [1, base]
    content = {'deep': [{'a': (base, [base.t(), {'b': OrderedDict(c=base[1:, ::2])}])}], 3: {None: True, (1, 2): 'x', 2.5: b'y'},
               'parameters': [source.nn.Parameter(base[0]), source.nn.Parameter(base)], 'twice': [listed, listed],
               'row': base[1].view(2, 2)}
    loaded = read(target, written(source, content))
    deep = loaded['deep'][0]['a']
    deep[0][1, 2] = 100
    assert deep[1][0][2, 1] == 100
    assert deep[1][1]['b']['c'][0, 1] == 100
    assert loaded['parameters'][1][1, 2].item() == 100
    assert type(loaded['parameters'][0]) is target.nn.Parameter
    assert loaded['twice'][0] is loaded['twice'][1]
    assert loaded['twice'][0][1] is deep[0]
    assert loaded[3] == {None: True, (1, 2): 'x', 2.5: b'y'}
    assert loaded['row'][1, 0] == 100


@pytest.mark.parametrize('make', [
    lambda: torch.eye(2).to_sparse(), lambda: torch.eye(2).to_sparse_csr(), lambda: torch.ones(2).bfloat16(),
    lambda: torch.ones(2, dtype=torch.uint16), lambda: torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8),
    lambda: torch.nn.Linear(1, 1), lambda: torch.nested.nested_tensor([torch.ones(1), torch.ones(2)]),
    lambda: torch.ones(1).to_mkldnn(), lambda: torch.finfo(torch.float32), lambda: torch.jit.script(torch.nn.ReLU()).state_dict,
    lambda: np.ones(2), lambda: np.float64(1), lambda: Path('x'), lambda: slice(1), lambda: range(3),
], ids=['coo', 'csr', 'bfloat16', 'uint16', 'quantized', 'module', 'nested', 'mkldnn', 'finfo', 'script', 'ndarray', 'number',
        'path', 'slice', 'range'])
def test_what_cannot_be_loaded_is_refused(make: Any) -> None:
    try:
        file = written(torch, {'x': make()})
    except Exception as error:  # PyTorch itself does not save it
        pytest.skip(str(error)[:60])
    with pytest.raises((pickle.UnpicklingError, RuntimeError)) as caught:
        cnet.load(file)
    assert len(str(caught.value)) > 20


@pytest.mark.parametrize('weights_only', [True, False])
def test_files_from_before_the_zip_format(weights_only: bool, tmp_path: Path) -> None:
    base = torch.arange(24.).view(4, 6)
    optimizer = torch.optim.Adam([torch.nn.Parameter(base.clone())])
    optimizer.param_groups[0]['params'][0].sum().backward()
    optimizer.step()
    made = {'base': base, 'part': base[1:, ::2], 'bool': torch.tensor([True, False]), 'empty': torch.zeros(0, 2),
            'parameter': torch.nn.Parameter(torch.ones(2)), 'optimizer': optimizer.state_dict(), 'text': ['x', (1, None)]}
    torch.save(made, tmp_path / 'old.pt', _use_new_zipfile_serialization=False)
    memory = io.BytesIO()
    torch.save(made, memory, _use_new_zipfile_serialization=False)
    memory.seek(0)
    for file in (tmp_path / 'old.pt', memory):
        got = cnet.load(file, weights_only=weights_only)
        for name in ('base', 'part', 'bool', 'empty', 'parameter'):
            assert got[name].dtype.name == str(made[name].dtype)[6:]
            assert got[name].tolist() == made[name].tolist()
        assert got['parameter'].requires_grad and isinstance(got['parameter'], cnet.nn.Parameter)
        assert got['text'] == made['text']
        assert got['optimizer']['param_groups'] == made['optimizer']['param_groups']
        assert got['optimizer']['state'][0]['exp_avg'].tolist() == made['optimizer']['state'][0]['exp_avg'].tolist()
        got['base'].zero_()
        assert not got['part'].any()
    with pytest.raises(RuntimeError, match='mmap can only be used'):
        cnet.load(tmp_path / 'old.pt', mmap=True)


def test_names_that_are_not_ascii(tmp_path: Path) -> None:
    for source, target in ((cnet, torch), (torch, cnet)):
        path = tmp_path / 'modèle ü.pt'
        source.save({'größe': source.ones(2)}, path)
        assert read(target, path)['größe'].tolist() == [1, 1]
        assert target.load(path, mmap=True)['größe'].tolist() == [1, 1]


def test_safetensors_of_the_library(tmp_path: Path) -> None:
    theirs = pytest.importorskip('safetensors.torch')
    from cnet.utils import safetensors as ours
    path = tmp_path / 'x.safetensors'
    names = ['bool', 'uint8', 'int8', 'int16', 'int32', 'int64', 'float16', 'float32', 'float64', 'complex64']
    for lib, save, load in ((cnet, ours.save_file, theirs.load_file), (torch, theirs.save_file, ours.load_file)):
        state = {name: lib.arange(6).view(2, 3).to(getattr(lib, name)) for name in names}
        save(state, path)
        loaded = load(path)
        assert {name: t.tolist() for name, t in loaded.items()} == {name: t.tolist() for name, t in state.items()}
    torch_state = {'b': torch.randn(5).bfloat16()}
    theirs.save_file(torch_state, path)
    assert ours.load_file(path)['b'].tolist() == torch_state['b'].tolist()


def test_safetensors_models_that_share_weights(tmp_path: Path) -> None:
    theirs = pytest.importorskip('safetensors.torch')
    from cnet.utils import safetensors as ours

    def tied(lib: Any) -> Any:
        model = lib.nn.Sequential(lib.nn.Linear(2, 2), lib.nn.Linear(2, 2))
        model[1].weight = model[0].weight
        return model

    for source, save, target, load in ((cnet, ours.save_model, torch, theirs.load_model),
                                       (torch, theirs.save_model, cnet, ours.load_model)):
        first, second = tied(source), tied(target)
        save(first, tmp_path / 'x.safetensors')
        assert load(second, tmp_path / 'x.safetensors') == (set(), [])
        assert second[1].weight.tolist() == first[1].weight.tolist()
        assert second[0].bias.tolist() == first[0].bias.tolist()
