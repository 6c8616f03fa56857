"""Loaders against PyTorch: the same order and random numbers for the same seed."""

import random

import numpy as np
import pytest

import cnet

torch = pytest.importorskip('torch')
pytestmark = pytest.mark.filterwarnings('ignore:This process .* is multi-threaded:DeprecationWarning')
LIBRARIES = cnet, torch
X = np.random.default_rng(0).standard_normal((37, 3)).astype('f')


def dataset(lib):
    return lib.utils.data.TensorDataset(lib.from_numpy(X), lib.arange(len(X)))


class Noise:
    """Samples that come from the worker's own generators."""

    def __init__(self, lib):
        self.lib = lib

    def __len__(self):
        return 8

    def __getitem__(self, i):
        return i, self.lib.rand(1).item(), random.random(), float(np.random.rand())  # noqa: NPY002


def lists(x):
    return [lists(y) for y in x] if isinstance(x, (list, tuple)) else x.tolist() if hasattr(x, 'tolist') else x


@pytest.mark.parametrize('options', [
    {'batch_size': 5}, {'batch_size': 5, 'shuffle': True}, {'batch_size': 37, 'shuffle': True, 'drop_last': True},
    {'batch_size': 4, 'shuffle': True, 'num_workers': 2}, {'batch_size': None, 'shuffle': True},
    {'batch_size': 6, 'shuffle': True, 'num_workers': 1, 'persistent_workers': True}], ids=str)
@pytest.mark.parametrize('own', [False, True])
def test_order(options, own):
    results = []
    for lib in LIBRARIES:
        lib.manual_seed(7)
        generator = lib.Generator().manual_seed(3) if own else None
        loader = lib.utils.data.DataLoader(dataset(lib), generator=generator, **options)
        results.append([lists(list(loader)) for _ in range(2)] + [lib.rand(2, generator=generator).tolist()])
    assert results[0] == results[1]


def test_random_numbers_of_workers():
    results = []
    for lib in LIBRARIES:
        lib.manual_seed(7)
        results.append(lists(list(lib.utils.data.DataLoader(Noise(lib), batch_size=2, num_workers=2))))
    assert results[0] == results[1]


def test_samplers_and_splits():
    results = []
    for lib in LIBRARIES:
        data = lib.utils.data
        lib.manual_seed(1)
        g = lib.Generator().manual_seed(2)
        results.append([
            [part.indices for part in data.random_split(range(11), [0.5, 0.3, 0.2])],
            [part.indices for part in data.random_split(range(11), [4, 7], generator=g)],
            list(data.RandomSampler(range(5), num_samples=12)), list(data.RandomSampler(range(5), True, 70, g)),
            list(data.SubsetRandomSampler([4, 8, 2])), list(data.WeightedRandomSampler([0.1, 0.5, 2.0], 9)),
            list(data.WeightedRandomSampler([0.1, 0.5, 2.0], 3, replacement=False)),
            *[list(data.DistributedSampler(range(10), 4, r, seed=5, drop_last=d)) for r in range(4) for d in (False, True)],
            lib.rand(1).item(), lib.rand(1, generator=g).item()])
    assert results[0] == results[1]


BATCHES = {
    'numbers': lambda lib: [1, 2], 'floats': lambda lib: [1.0, 2.0], 'bools': lambda lib: [True, False],
    'strings': lambda lib: [('a', 1), ('b', 2)], 'scalars': lambda lib: [np.float32(1), np.float32(2)],
    'doubles': lambda lib: [np.float64(1), np.float64(2)], 'numpy ints': lambda lib: [np.int8(1), np.int8(2)],
    'arrays': lambda lib: [np.ones(2), np.zeros(2)], 'empty arrays': lambda lib: [np.ones(()), np.zeros(())],
    'tensors': lambda lib: [lib.ones(2), lib.zeros(2)], 'dicts': lambda lib: [{'a': [1, 2.0], 'b': (lib.ones(1), 'x')}] * 2,
    'bytes': lambda lib: [b'x', b'y'], 'complex': lambda lib: [1j, 2j], 'none': lambda lib: [None, None],
    'ranges': lambda lib: [range(2), range(2)], 'uneven': lambda lib: [[1], [1, 2]],
    'text arrays': lambda lib: [np.array('a')] * 2,
    'shapes': lambda lib: [lib.ones(1), lib.ones(2)], 'missing': lambda lib: [{'a': 1}, {'b': 1}],
}


@pytest.mark.parametrize('function', ['default_collate', 'default_convert'])
@pytest.mark.parametrize('name', BATCHES)
def test_collate(function, name):
    results = []
    for lib in LIBRARIES:
        try:
            results.append(describe(getattr(lib.utils.data, function)(BATCHES[name](lib))))
        except Exception as error:
            results.append(type(error))
    assert results[0] == results[1]


def describe(x):
    if isinstance(x, dict):
        return {key: describe(value) for key, value in x.items()}
    if isinstance(x, (list, tuple)):
        return [type(x), *[describe(y) for y in x]]
    return (str(x.dtype).split('.')[-1], x.tolist()) if hasattr(x, 'tolist') else x
