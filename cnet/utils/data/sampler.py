"""Samplers: the order in which samples are taken."""

from itertools import islice
from typing import Generic, TypeVar

import numpy as np

from ..._core.dtype import float64, int64
from ..._core.generator import Generator
from ..._ops.create import empty
from ..._ops.from_data import as_tensor
from ..._ops.random import randint, randperm
from ..._ops.sample import multinomial

__all__ = ['BatchSampler', 'RandomSampler', 'Sampler', 'SequentialSampler', 'SubsetRandomSampler', 'WeightedRandomSampler']

_T_co = TypeVar('_T_co', covariant=True)


def draw_seed(generator=None):
    """A non-negative number of 63 random bits."""
    return empty((), dtype=int64).random_(generator=generator).item()


class Sampler(Generic[_T_co]):
    """Base of samplers. A subclass defines ``__iter__``, which yields indices or lists of them, and usually ``__len__``.

    Example:
        >>> import cnet
        >>> class Backwards(cnet.utils.data.Sampler):
        ...     def __iter__(self):
        ...         return iter((2, 1, 0))
        >>> list(cnet.utils.data.DataLoader('abc', sampler=Backwards(), batch_size=None))
        ['c', 'b', 'a']
    """

    def __iter__(self):
        raise NotImplementedError


class SequentialSampler(Sampler[int]):
    """All indices in order.

    Args:
        data_source (Sized): the dataset.

    Example:
        >>> import cnet
        >>> list(cnet.utils.data.SequentialSampler('abc'))
        [0, 1, 2]
    """

    def __init__(self, data_source):
        self.data_source = data_source

    def __iter__(self):
        return iter(range(len(self.data_source)))

    def __len__(self):
        return len(self.data_source)


class RandomSampler(Sampler[int]):
    """All indices in random order, or random indices.

    Args:
        data_source (Sized): the dataset.
        replacement (bool): draw each index anew. Default: False.
        num_samples (int, optional): how many. Default: all.
        generator (Generator, optional): the source of random numbers.

    Example:
        >>> import cnet
        >>> sorted(cnet.utils.data.RandomSampler('abc'))
        [0, 1, 2]
    """

    def __init__(self, data_source, replacement=False, num_samples=None, generator=None):
        self.data_source = data_source
        self.replacement = replacement
        self._num_samples = num_samples
        self.generator = generator
        if not isinstance(replacement, bool):
            raise TypeError(f'replacement should be a boolean value, but got replacement={replacement}')
        if not isinstance(self.num_samples, int) or self.num_samples <= 0:
            raise ValueError(f'num_samples should be a positive integer value, but got num_samples={self.num_samples}')

    @property
    def num_samples(self):
        """How many indices an iteration yields."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def blocks(self):
        """Yield the indices as arrays, each drawn when it is needed."""
        n, count, generator = len(self.data_source), self.num_samples, self.generator
        if generator is None:
            generator = Generator().manual_seed(draw_seed())
        if self.replacement:  # in pieces of 32 and with a last empty one, since PyTorch draws so
            for size in (*[32] * (count // 32), count % 32):
                yield randint(0, n, (size,), generator=generator)._a
        else:
            for _ in range(count // n):
                yield randperm(n, generator=generator)._a
            yield randperm(n, generator=generator)._a[:count % n]

    def __iter__(self):
        for block in self.blocks():
            yield from block.tolist()

    def __len__(self):
        return self.num_samples


class SubsetRandomSampler(Sampler[int]):
    """Given indices in random order.

    Args:
        indices (sequence): the indices.
        generator (Generator, optional): the source of random numbers.

    Example:
        >>> import cnet
        >>> sorted(cnet.utils.data.SubsetRandomSampler([5, 7]))
        [5, 7]
    """

    def __init__(self, indices, generator=None):
        self.indices = indices
        self.generator = generator

    def __iter__(self):
        for i in randperm(len(self.indices), generator=self.generator).tolist():
            yield self.indices[i]

    def __len__(self):
        return len(self.indices)


class WeightedRandomSampler(Sampler[int]):
    """Random indices from 0 to the number of weights, each as often as its weight says.

    Args:
        weights (sequence of float): they need not sum to 1.
        num_samples (int): how many.
        replacement (bool): whether an index can come twice. Default: True.
        generator (Generator, optional): the source of random numbers.

    Example:
        >>> import cnet
        >>> list(cnet.utils.data.WeightedRandomSampler([0, 3, 0], 4))
        [1, 1, 1, 1]
    """

    def __init__(self, weights, num_samples, replacement=True, generator=None):
        if not isinstance(num_samples, int) or isinstance(num_samples, bool) or num_samples <= 0:
            raise ValueError(f'num_samples should be a positive integer value, but got num_samples={num_samples}')
        if not isinstance(replacement, bool):
            raise ValueError(f'replacement should be a boolean value, but got replacement={replacement}')
        weights = as_tensor(weights, dtype=float64)
        if weights.ndim != 1:
            raise ValueError(f'weights should be a 1d sequence but given weights have shape {tuple(weights.shape)}')
        self.weights = weights
        self.num_samples = num_samples
        self.replacement = replacement
        self.generator = generator

    def __iter__(self):
        yield from multinomial(self.weights, self.num_samples, self.replacement, generator=self.generator).tolist()

    def __len__(self):
        return self.num_samples


class BatchSampler(Sampler[list]):
    """Lists of indices from another sampler.

    Args:
        sampler (iterable): of indices.
        batch_size (int): how many in a list.
        drop_last (bool): leave out a last shorter list.

    Example:
        >>> import cnet
        >>> list(cnet.utils.data.BatchSampler(range(5), 2, drop_last=False))
        [[0, 1], [2, 3], [4]]
    """

    def __init__(self, sampler, batch_size, drop_last):
        if not isinstance(batch_size, int) or isinstance(batch_size, bool) or batch_size <= 0:
            raise ValueError(f'batch_size should be a positive integer value, but got batch_size={batch_size}')
        if not isinstance(drop_last, bool):
            raise ValueError(f'drop_last should be a boolean value, but got drop_last={drop_last}')
        self.sampler = sampler
        self.batch_size = batch_size
        self.drop_last = drop_last

    def __iter__(self):
        indices = iter(self.sampler)
        size = self.batch_size
        while batch := list(islice(indices, size)):
            if len(batch) == size or not self.drop_last:
                yield batch

    def __len__(self):
        count = len(self.sampler)
        return count // self.batch_size if self.drop_last else -(-count // self.batch_size)


def array_batches(sampler):
    """The batches of a `BatchSampler` as arrays of indices, or None if its sampler cannot give arrays.

    They are drawn at the same moments as the lists, so that random numbers come out the same.
    """
    inner = sampler.sampler
    if type(inner) is SequentialSampler:
        return _batched((np.arange(len(inner)),), sampler.batch_size, sampler.drop_last)
    if type(inner) is RandomSampler:
        return _batched(inner.blocks(), sampler.batch_size, sampler.drop_last)
    return None


def _batched(blocks, size, drop_last):
    rest = None
    for block in blocks:
        if rest is not None:
            block = np.concatenate((rest, block))
        whole = len(block) // size * size
        for i in range(0, whole, size):
            yield block[i:i + size]
        rest = block[whole:] if whole < len(block) else None
    if rest is not None and not drop_last:
        yield rest
