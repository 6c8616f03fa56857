"""DataLoader in one process, and collation."""
from __future__ import annotations

import pickle
from collections import OrderedDict, namedtuple
from typing import Any

import numpy as np
import pytest

import cnet
from cnet.utils import data
from cnet.utils.data import DataLoader, default_collate, default_convert

Pair = namedtuple('Pair', 'x y')


class Squares(data.Dataset):
    def __getitem__(self, i: int) -> int:
        return i * i

    def __len__(self) -> int:
        return 10


class Rows(data.Dataset):
    """A `TensorDataset` that the loader does not know as one."""

    def __init__(self, *tensors: cnet.Tensor) -> None:
        self.inner = data.TensorDataset(*tensors)

    def __getitem__(self, i: int) -> Any:
        return self.inner[i]

    def __len__(self) -> int:
        return len(self.inner)


class Count(data.IterableDataset):
    def __init__(self, n: int, claimed: int | None = None) -> None:
        self.n, self.claimed = n, claimed

    def __iter__(self) -> Any:
        return iter(range(self.n))

    def __len__(self) -> int:
        if self.claimed is None:
            raise TypeError('no length')
        return self.claimed


def plain(batches: Any) -> Any:
    return [[t.tolist() for t in batch] if isinstance(batch, list) else batch.tolist() for batch in batches]


@pytest.mark.parametrize('options', [{}, {'batch_size': 3}, {'batch_size': 3, 'drop_last': True},
                                     {'batch_size': 4, 'shuffle': True}, {'batch_size': 3, 'shuffle': True, 'drop_last': True},
                                     {'batch_size': 20, 'shuffle': True},
                                     {'batch_size': None}, {'batch_size': 3, 'sampler': [5, 1, 2, 2]}], ids=str)
def test_rows_are_taken_as_samples_are(options: dict[str, Any]) -> None:
    """The short way for a `TensorDataset`: the same batches, and the same random numbers used up."""
    tensors = cnet.randn(11, 2, 3), cnet.arange(11), cnet.arange(11) > 4
    results = []
    for make in (data.TensorDataset, Rows, lambda *t: data.Subset(data.TensorDataset(*t), list(range(11)))):
        g = cnet.Generator().manual_seed(4)
        loader = DataLoader(make(*tensors), generator=g, **options)
        results.append(([list(loader) for _ in range(2)], cnet.rand(2, generator=g)))
        assert len(loader) == len(results[0][0][0])
    for epochs, after in results:
        assert cnet.equal(after, results[0][1])
        for a, b in zip(epochs, results[0][0]):
            assert plain(a) == plain(b)
            assert [[t.dtype for t in x] for x in a] == [[t.dtype for t in x] for x in b]


def test_batches_are_copies() -> None:
    x = cnet.zeros(4, 2)
    for (batch,) in DataLoader(data.TensorDataset(x), batch_size=2):
        batch += 1
    assert x.sum().item() == 0


def test_rows_that_require_gradients() -> None:
    x = cnet.ones(4, 2, requires_grad=True)
    for (batch,) in DataLoader(data.TensorDataset(x), batch_size=2):
        batch.sum().backward()
    assert x.grad.sum().item() == 8


def test_map_style() -> None:
    assert plain(DataLoader(Squares(), batch_size=4)) == [[0, 1, 4, 9], [16, 25, 36, 49], [64, 81]]
    assert list(DataLoader(Squares(), batch_size=None)) == [i * i for i in range(10)]
    assert plain(DataLoader(Squares(), batch_sampler=[[1, 2], [3]])) == [[1, 4], [9]]
    assert list(DataLoader(Squares(), batch_size=2, sampler=[1, 3], collate_fn=tuple)) == [(1, 9)]
    assert len(DataLoader(Squares(), batch_size=4)) == 3
    loader = DataLoader(Squares(), batch_size=4)
    iterator = iter(loader)
    assert iter(iterator) is iterator
    assert len(iterator) == 3
    with pytest.raises(NotImplementedError, match='cannot be pickled'):
        pickle.dumps(iterator)


def test_errors_of_the_dataset_pass_through() -> None:
    with pytest.raises(IndexError, match='out of bounds for dimension 0 with size 3'):
        list(DataLoader(data.TensorDataset(cnet.arange(3)), sampler=[0, 7], batch_size=2))
    with pytest.raises(TypeError, match='default_collate: batch must contain tensors'):
        list(DataLoader([object()]))
    with pytest.raises(RuntimeError, match='stack expects each tensor to be equal size'):
        list(DataLoader([cnet.ones(1), cnet.ones(2)], batch_size=2))


def test_iterable_style() -> None:
    assert plain(DataLoader(Count(5), batch_size=2)) == [[0, 1], [2, 3], [4]]
    assert plain(DataLoader(Count(5), batch_size=2, drop_last=True)) == [[0, 1], [2, 3]]
    assert list(DataLoader(Count(2), batch_size=None)) == [0, 1]
    assert len(DataLoader(Count(5, 5), batch_size=2)) == 3
    assert len(DataLoader(Count(5, 5), batch_size=2, drop_last=True)) == 2
    loader = DataLoader(Count(5, 3))
    assert len(loader) == 3
    with pytest.warns(UserWarning, match='was reported to be 3'):
        list(loader)


@pytest.mark.parametrize(('options', 'error', 'text'), [
    ({'num_workers': -1}, ValueError, 'num_workers option should be non-negative'),
    ({'timeout': -1}, ValueError, 'timeout option'), ({'prefetch_factor': 2}, ValueError, 'only be specified in multiprocessing'),
    ({'num_workers': 1, 'prefetch_factor': -2}, ValueError, 'prefetch_factor option should be non-negative'),
    ({'persistent_workers': True}, ValueError, 'needs num_workers > 0'), ({'timeout': 1}, AssertionError, 'timeout'),
    ({'shuffle': True, 'sampler': [1]}, ValueError, 'mutually exclusive with shuffle'),
    ({'batch_sampler': [[1]], 'batch_size': 2}, ValueError, 'batch_sampler option is mutually exclusive'),
    ({'batch_size': None, 'drop_last': True}, ValueError, 'batch_size=None option disables'),
    ({'batch_size': 0}, ValueError, 'batch_size=0'), ({'multiprocessing_context': 'fork'}, ValueError, 'num_workers > 0'),
    ({'num_workers': 1, 'multiprocessing_context': 'x'}, ValueError, 'valid start method'),
    ({'num_workers': 1, 'multiprocessing_context': 3}, TypeError, 'valid context object'),
])
def test_refusals(options: dict[str, Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        iter(DataLoader(Squares(), **options))


def test_refusals_for_iterable_datasets_and_later_changes() -> None:
    for name, value in (('shuffle', True), ('sampler', [1]), ('batch_sampler', [[1]])):
        with pytest.raises(ValueError, match=f'expected unspecified {name} option'):
            DataLoader(Count(3), **{name: value})
    loader = DataLoader(Squares())
    for name in ('batch_size', 'dataset', 'sampler'):
        with pytest.raises(ValueError, match=f'{name} attribute should not be set'):
            setattr(loader, name, 1)
    loader.num_workers = 0
    with pytest.warns(UserWarning, match='no accelerator is found'):
        iter(DataLoader(Squares(), pin_memory=True))
    with pytest.warns(UserWarning, match='will create 1000 worker processes'):
        DataLoader(Squares(), num_workers=1000)


def test_collate() -> None:
    assert default_collate([1, 2]).dtype == cnet.int64
    assert default_collate([1.0, 2.0]).dtype == cnet.float64
    assert default_collate([True, False]).dtype == cnet.bool
    assert default_collate([np.float32(1), np.float32(2)]).dtype == cnet.float32
    assert default_collate([np.ones(2, np.int8)] * 3).shape == (3, 2)
    assert default_collate(['a', 'b']) == ['a', 'b']
    both = default_collate([Pair(1, 'a'), Pair(2, 'b')])
    assert type(both) is Pair
    assert both.x.tolist() == [1, 2]
    nested = default_collate([OrderedDict(a=(1, [2.0]), b=b'x')] * 2)
    assert type(nested) is OrderedDict
    assert nested['a'][0].tolist() == [1, 1]
    assert nested['a'][1][0].tolist() == [2, 2]
    with pytest.raises(RuntimeError, match='each element in list of batch should be of equal size'):
        default_collate([[1], [1, 2]])
    with pytest.raises(TypeError, match='default_collate: batch must contain'):
        default_collate([np.array(['a'])])
    own = data._collate.collate([1, 'a'], collate_fn_map={int: lambda batch, *, collate_fn_map=None: 'own'})
    assert own == 'own'


def test_convert() -> None:
    t = cnet.ones(1)
    out = default_convert({'a': (np.ones(2), 'x'), 'b': Pair(np.float32(1), t), 'c': [np.array(['s'])]})
    assert out['a'][0].dtype == cnet.float64
    assert out['b'].y is t
    assert out['b'].x.dtype == cnet.float32
    assert isinstance(out['c'][0], np.ndarray)
    assert default_convert(3) == 3
