"""Datasets and samplers."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import cnet
from cnet.utils import data


class Count(data.IterableDataset):
    def __init__(self, n: int) -> None:
        self.n = n

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.n))

    def __len__(self) -> int:
        return self.n


def test_base() -> None:
    with pytest.raises(NotImplementedError):
        data.Dataset()[0]
    with pytest.raises(NotImplementedError):
        iter(data.IterableDataset())
    with pytest.raises(NotImplementedError):
        iter(data.Sampler())
    assert isinstance(data.Dataset[int](), data.Dataset)


def test_tensor_dataset() -> None:
    x, y = cnet.randn(4, 2), cnet.arange(4)
    dataset = data.TensorDataset(x, y)
    assert len(dataset) == 4
    assert cnet.equal(dataset[2][0], x[2])
    assert dataset[1:3][1].tolist() == [1, 2]
    with pytest.raises(AssertionError, match='Size mismatch between tensors'):
        data.TensorDataset(x, cnet.arange(3))


def test_stack_dataset() -> None:
    a, b = data.TensorDataset(cnet.arange(3)), 'xyz'
    pairs, named = data.StackDataset(a, b), data.StackDataset(one=data.Subset(a, [2, 1, 0]), two=b)
    assert pairs[1] == (a[1], 'y')
    assert named[0] == {'one': a[2], 'two': 'x'}
    assert named.__getitems__([0, 2]) == [named[0], named[2]]
    assert pairs.__getitems__([1]) == [pairs[1]]
    for make, text in ((lambda: data.StackDataset(), 'At least one dataset'), (lambda: data.StackDataset(a, x=b), 'both types'),
                       (lambda: data.StackDataset(a, 'xy'), 'Size mismatch'), (lambda: data.StackDataset(x=a, y='xy'), 'Size')):
        with pytest.raises(ValueError, match=text):
            make()

    class Short(data.Dataset):
        def __len__(self) -> int:
            return 3

        def __getitems__(self, indices: list[int]) -> list[int]:
            return indices[:1]

    with pytest.raises(ValueError, match='Expected 2, got 1'):
        data.StackDataset(Short()).__getitems__([0, 1])


def test_concat_and_chain() -> None:
    both = data.TensorDataset(cnet.arange(3)) + data.TensorDataset(cnet.arange(10, 12))
    assert [int(both[i][0]) for i in (0, 2, 3, 4, -1, -5)] == [0, 2, 10, 11, 11, 0]
    assert both.cumulative_sizes == [3, 5]
    with pytest.raises(ValueError, match='absolute value of index'):
        both[-6]
    with pytest.raises(IndexError):
        both[5]
    with pytest.raises(AssertionError, match='empty iterable'):
        data.ConcatDataset([])
    with pytest.raises(AssertionError, match='does not support IterableDataset'):
        data.ConcatDataset([Count(1)])
    chain = Count(2) + Count(3)
    assert (list(chain), len(chain)) == ([0, 1, 0, 1, 2], 5)
    with pytest.raises(AssertionError, match='only supports IterableDataset'):
        list(data.ChainDataset([both]))


def test_subset_and_split() -> None:
    dataset = data.TensorDataset(cnet.arange(10))
    part = data.Subset(data.Subset(dataset, range(5, 10)), [4, 0])
    assert [int(part[i][0]) for i in range(2)] == [9, 5]
    assert part.__getitems__([0]) == [part[0]]
    g = cnet.Generator().manual_seed(1)
    parts = data.random_split(dataset, [3, 7], g)
    assert sorted(parts[0].indices + parts[1].indices) == list(range(10))
    assert [len(p) for p in data.random_split(dataset, [0.33, 0.33, 0.34])] == [4, 3, 3]
    with pytest.warns(UserWarning, match='Length of split at index 1 is 0'):
        data.random_split([1, 2], [1.0, 0.0])
    with pytest.raises(ValueError, match='Sum of input lengths'):
        data.random_split(dataset, [3, 3])
    with pytest.raises(ValueError, match='not between 0 and 1'):
        data.random_split(dataset, [1.5, -0.5])
    with pytest.raises(NotImplementedError, match='must also override __getitems__'):
        type('Own', (data.Subset,), {'__getitem__': lambda self, i: i})(dataset, [1])


def test_samplers() -> None:
    assert list(data.SequentialSampler('abc')) == [0, 1, 2]
    assert sorted(data.RandomSampler(range(7))) == list(range(7))
    assert len(list(data.RandomSampler(range(3), num_samples=8))) == 8
    drawn = list(data.RandomSampler(range(3), replacement=True, num_samples=70))
    assert len(drawn) == 70
    assert set(drawn) == {0, 1, 2}
    g = cnet.Generator().manual_seed(3)
    first = list(data.RandomSampler(range(20), generator=g))
    assert first != list(data.RandomSampler(range(20), generator=g))
    assert first == list(data.RandomSampler(range(20), generator=g.manual_seed(3)))
    assert sorted(data.SubsetRandomSampler([3, 5])) == [3, 5]
    weighted = data.WeightedRandomSampler([0.0, 1.0, 3.0], 50)
    assert len(weighted) == 50
    assert set(weighted) == {1, 2}
    assert sorted(data.WeightedRandomSampler([1.0, 1.0, 1.0], 3, replacement=False)) == [0, 1, 2]


def test_batch_sampler() -> None:
    assert list(data.BatchSampler(range(7), 3, False)) == [[0, 1, 2], [3, 4, 5], [6]]
    assert list(data.BatchSampler(range(7), 3, True)) == [[0, 1, 2], [3, 4, 5]]
    for size, drop, count in ((3, False, 3), (3, True, 2), (7, True, 1), (8, True, 0), (8, False, 1)):
        assert len(data.BatchSampler(range(7), size, drop)) == count == len(list(data.BatchSampler(range(7), size, drop)))


def test_distributed_sampler() -> None:
    def part(rank: int, **options: Any) -> list[int]:
        return list(data.DistributedSampler(range(7), 3, rank, **options))

    assert [part(r, shuffle=False) for r in range(3)] == [[0, 3, 6], [1, 4, 0], [2, 5, 1]]
    assert [part(r, shuffle=False, drop_last=True) for r in range(3)] == [[0, 3], [1, 4], [2, 5]]
    assert {i for r in range(3) for i in part(r)} == set(range(7))
    sampler = data.DistributedSampler(range(50), 2, 0)
    first = list(sampler)
    sampler.set_epoch(1)
    assert list(sampler) != first
    assert len(sampler) == 25
    assert list(data.DistributedSampler(range(1), 4, 3)) == [0]
    with pytest.raises(ValueError, match='Invalid rank 3'):
        part(3)
    with pytest.raises(RuntimeError, match='Requires distributed package'):
        data.DistributedSampler(range(3))


@pytest.mark.parametrize(('make', 'error', 'text'), [
    (lambda: data.RandomSampler([]), ValueError, 'num_samples=0'),
    (lambda: data.RandomSampler('a', 1), TypeError, 'replacement=1'),
    (lambda: data.RandomSampler('a', num_samples=0), ValueError, 'num_samples=0'),
    (lambda: data.WeightedRandomSampler([1.0], 0), ValueError, 'num_samples=0'),
    (lambda: data.WeightedRandomSampler([1.0], 1, 3), ValueError, 'replacement=3'),
    (lambda: data.WeightedRandomSampler([[1.0]], 1), ValueError, r'shape \(1, 1\)'),
    (lambda: data.BatchSampler('a', 0, False), ValueError, 'batch_size=0'),
    (lambda: data.BatchSampler('a', 1, 0), ValueError, 'drop_last=0'),
])
def test_refusals(make: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        make()
