"""Datasets: collections of samples, by index or one after the other."""

import warnings
from bisect import bisect_right
from itertools import accumulate
from math import floor, isclose
from typing import Generic, TypeVar

from ..._core.generator import default_generator
from ..._ops.random import randperm

__all__ = ['ChainDataset', 'ConcatDataset', 'Dataset', 'IterableDataset', 'StackDataset', 'Subset', 'TensorDataset',
           'random_split']

_T_co = TypeVar('_T_co', covariant=True)


class Dataset(Generic[_T_co]):
    """Base of datasets whose samples have an index. A subclass defines ``__getitem__``, and usually ``__len__``.

    A subclass may define ``__getitems__``, which takes a list of indices and returns a list of samples; `DataLoader` uses it.

    Example:
        >>> import cnet
        >>> class Squares(cnet.utils.data.Dataset):
        ...     def __getitem__(self, index):
        ...         return index ** 2
        ...     def __len__(self):
        ...         return 10
        >>> Squares()[3]
        9
    """

    def __getitem__(self, index):
        raise NotImplementedError('Subclasses of Dataset should implement __getitem__.')

    def __add__(self, other):
        return ConcatDataset([self, other])


class IterableDataset(Dataset[_T_co]):
    """Base of datasets that are read one sample after the other. A subclass defines ``__iter__``.

    With workers each has a copy of the dataset, and without care each yields all samples: see `get_worker_info`.

    Example:
        >>> import cnet
        >>> class Count(cnet.utils.data.IterableDataset):
        ...     def __iter__(self):
        ...         return iter(range(5))
        >>> list(cnet.utils.data.DataLoader(Count(), batch_size=3))
        [tensor([0, 1, 2]), tensor([3, 4])]
    """

    def __iter__(self):
        raise NotImplementedError('Subclasses of IterableDataset should implement __iter__.')

    def __add__(self, other):
        return ChainDataset([self, other])


class TensorDataset(Dataset[tuple]):
    """Samples are tuples of rows of tensors.

    Args:
        *tensors (Tensor): with equal sizes of dimension 0.

    Example:
        >>> import cnet
        >>> cnet.utils.data.TensorDataset(cnet.arange(6).reshape(3, 2), cnet.tensor([7, 8, 9]))[1]
        (tensor([2, 3]), tensor(8))
    """

    def __init__(self, *tensors):
        if any(tensors[0].size(0) != tensor.size(0) for tensor in tensors):
            raise AssertionError('Size mismatch between tensors')
        self.tensors = tensors

    def __getitem__(self, index):
        return tuple([tensor[index] for tensor in self.tensors])

    def __len__(self):
        return self.tensors[0].size(0)


class StackDataset(Dataset):
    """Samples are tuples, or dicts, of the samples of several datasets at the same index.

    Args:
        *args (Dataset): for tuples.
        **kwargs (Dataset): for dicts.

    Example:
        >>> import cnet
        >>> cnet.utils.data.StackDataset(image=['a', 'b'], text=['x', 'y'])[1]
        {'image': 'b', 'text': 'y'}
    """

    def __init__(self, *args, **kwargs):
        if args and kwargs:
            raise ValueError('Supported either ``tuple``- (via ``args``) or ``dict``- (via ``kwargs``) like input/output, but '
                             'both types are given.')
        parts = args or tuple(kwargs.values())
        if not parts:
            raise ValueError('At least one dataset should be passed')
        self._length = len(parts[0])
        if any(len(part) != self._length for part in parts):
            raise ValueError('Size mismatch between datasets')
        self.datasets = args or kwargs

    def __getitem__(self, index):
        if isinstance(self.datasets, dict):
            return {name: part[index] for name, part in self.datasets.items()}
        return tuple([part[index] for part in self.datasets])

    def __getitems__(self, indices):
        named = isinstance(self.datasets, dict)
        columns = [_samples(part, indices) for part in (self.datasets.values() if named else self.datasets)]
        rows = list(zip(*columns))
        return [dict(zip(self.datasets, row)) for row in rows] if named else rows

    def __len__(self):
        return self._length


def _samples(dataset, indices):
    """A list of samples."""
    if not callable(getattr(dataset, '__getitems__', None)):
        return [dataset[i] for i in indices]
    samples = dataset.__getitems__(indices)
    if len(samples) != len(indices):
        raise ValueError(f"Nested dataset's output size mismatch. Expected {len(indices)}, got {len(samples)}")
    return samples


class ConcatDataset(Dataset[_T_co]):
    """Several datasets, one after the other.

    Args:
        datasets (iterable of Dataset): at least one; all with indices.

    Example:
        >>> import cnet
        >>> both = cnet.utils.data.ConcatDataset(['abc', 'de'])
        >>> len(both), both[3], both[-5]
        (5, 'd', 'a')
    """

    def __init__(self, datasets):
        self.datasets = list(datasets)
        if not self.datasets:
            raise AssertionError('datasets should not be an empty iterable')
        if any(isinstance(dataset, IterableDataset) for dataset in self.datasets):
            raise AssertionError('ConcatDataset does not support IterableDataset')
        self.cumulative_sizes = self.cumsum(self.datasets)

    @staticmethod
    def cumsum(sequence):
        """The running sums of the lengths of datasets."""
        return list(accumulate(len(part) for part in sequence))

    def __len__(self):
        return self.cumulative_sizes[-1]

    def __getitem__(self, idx):
        if idx < 0:
            if -idx > len(self):
                raise ValueError('absolute value of index should not exceed dataset length')
            idx += len(self)
        i = bisect_right(self.cumulative_sizes, idx)
        return self.datasets[i][idx - self.cumulative_sizes[i - 1] if i else idx]


class ChainDataset(IterableDataset):
    """Several iterable datasets, one after the other.

    Args:
        datasets (iterable of IterableDataset): the datasets.

    Example:
        >>> import cnet
        >>> class Count(cnet.utils.data.IterableDataset):
        ...     def __iter__(self):
        ...         return iter(range(2))
        >>> list(Count() + Count())
        [0, 1, 0, 1]
    """

    def __init__(self, datasets):
        self.datasets = datasets

    def _parts(self):
        for dataset in self.datasets:
            if not isinstance(dataset, IterableDataset):
                raise AssertionError('ChainDataset only supports IterableDataset')
            yield dataset

    def __iter__(self):
        for dataset in self._parts():
            yield from dataset

    def __len__(self):
        return sum(len(dataset) for dataset in self._parts())


class Subset(Dataset[_T_co]):
    """Some samples of a dataset.

    Args:
        dataset (Dataset): the whole.
        indices (sequence of int): which samples.

    Example:
        >>> import cnet
        >>> cnet.utils.data.Subset('abcdef', [4, 0])[1]
        'a'
    """

    def __init__(self, dataset, indices):
        self.dataset = dataset
        self.indices = indices
        cls = type(self)
        if cls.__getitem__ is not Subset.__getitem__ and cls.__getitems__ is Subset.__getitems__:
            raise NotImplementedError(f'{cls.__name__} overrides __getitem__ but not __getitems__. When subclassing Subset and '
                                      'overriding __getitem__, you must also override __getitems__ to ensure DataLoader works '
                                      'correctly with your custom logic.')

    def __getitem__(self, idx):
        if isinstance(idx, list):
            return self.dataset[[self.indices[i] for i in idx]]
        return self.dataset[self.indices[idx]]

    def __getitems__(self, indices):
        chosen = [self.indices[i] for i in indices]
        if callable(getattr(self.dataset, '__getitems__', None)):
            return self.dataset.__getitems__(chosen)
        return [self.dataset[i] for i in chosen]

    def __len__(self):
        return len(self.indices)


def random_split(dataset, lengths, generator=default_generator):
    """Split a dataset at random.

    Args:
        dataset (Dataset): the whole.
        lengths (sequence): the number of samples of each part; or fractions that sum to 1, where samples left over by
            rounding go to the first parts.
        generator (Generator): the source of random numbers.

    Returns:
        list: one `Subset` per length.

    Example:
        >>> import cnet
        >>> [len(part) for part in cnet.utils.data.random_split(range(10), [0.75, 0.25])]
        [8, 2]
    """
    total = sum(lengths)
    if isclose(total, 1) and total <= 1:
        fractions = lengths
        for i, fraction in enumerate(fractions):
            if fraction < 0 or fraction > 1:
                raise ValueError(f'Fraction at index {i} is not between 0 and 1')
        lengths = [floor(len(dataset) * fraction) for fraction in fractions]
        for i in range(len(dataset) - sum(lengths)):
            lengths[i % len(lengths)] += 1
        for i, length in enumerate(lengths):
            if length == 0:
                warnings.warn(f'Length of split at index {i} is 0. This might result in an empty dataset.', stacklevel=2)
    if sum(lengths) != len(dataset):
        raise ValueError('Sum of input lengths does not equal the length of the input dataset!')
    order = randperm(sum(lengths), generator=generator).tolist()
    return [Subset(dataset, order[end - length:end]) for end, length in zip(accumulate(lengths), lengths)]
