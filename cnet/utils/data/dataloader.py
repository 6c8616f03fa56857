"""DataLoader: batches from a dataset."""

import multiprocessing
import os
import warnings
from math import ceil
from multiprocessing.context import BaseContext
from typing import Generic, TypeVar

from ._collate import default_collate, default_convert
from ._info import get_worker_info
from ._iterators import _BaseDataLoaderIter as _BaseDataLoaderIter  # a name that programs look for here
from ._iterators import _SingleProcessDataLoaderIter
from ._processes import _MultiProcessingDataLoaderIter
from .dataset import IterableDataset
from .sampler import BatchSampler, RandomSampler, Sampler, SequentialSampler

__all__ = ['DataLoader', 'default_collate', 'default_convert', 'get_worker_info']

_T_co = TypeVar('_T_co', covariant=True)
_FIXED = frozenset(('batch_size', 'batch_sampler', 'sampler', 'drop_last', 'dataset', 'persistent_workers'))


class _DatasetKind:
    Map = 0
    Iterable = 1


class _InfiniteConstantSampler(Sampler):
    """The "indices" of an iterable dataset: None without end."""

    def __iter__(self):
        while True:
            yield None


class DataLoader(Generic[_T_co]):
    """Batches of a dataset, made in this process or by worker processes.

    The same seed gives the order, and the workers' random numbers, that PyTorch gives.

    Args:
        dataset (Dataset): samples by index, or an `IterableDataset`.
        batch_size (int, optional): samples per batch; None hands out single samples. Default: 1.
        shuffle (bool, optional): a new random order in each pass. Default: False.
        sampler (Sampler or iterable, optional): the indices, in place of `shuffle`.
        batch_sampler (Sampler or iterable, optional): the lists of indices, in place of all of the above and `drop_last`.
        num_workers (int): how many processes; 0 makes batches in this one. Default: 0.
        collate_fn (callable, optional): makes a batch of a list of samples. Default: `default_collate`.
        pin_memory (bool): accepted; it warns that there is no accelerator. Default: False.
        drop_last (bool): leave out a last smaller batch. Default: False.
        timeout (float): seconds to wait for a batch from workers; 0 waits for ever. Default: 0.
        worker_init_fn (callable, optional): called in each worker with its number, after seeding.
        multiprocessing_context (str or context, optional): how processes start: ``'fork'``, ``'spawn'`` or ``'forkserver'``.
        generator (Generator, optional): the source of random numbers for the order and the workers' seeds.
        prefetch_factor (int, optional): batches that each worker makes in advance. Default: 2 with workers.
        persistent_workers (bool): keep the workers after a pass over the data. Default: False.
        pin_memory_device (str): accepted.
        in_order (bool): hand out batches in the order of their indices. Default: True.

    Example:
        >>> import cnet
        >>> data = cnet.utils.data.TensorDataset(cnet.arange(5), cnet.arange(5) ** 2)
        >>> for x, y in cnet.utils.data.DataLoader(data, batch_size=2):
        ...     print(x, y)
        tensor([0, 1]) tensor([0, 1])
        tensor([2, 3]) tensor([4, 9])
        tensor([4]) tensor([16])
    """

    __initialized = False

    def __init__(self, dataset, batch_size=1, shuffle=None, sampler=None, batch_sampler=None, num_workers=0, collate_fn=None,
                 pin_memory=False, drop_last=False, timeout=0, worker_init_fn=None, multiprocessing_context=None,
                 generator=None, *, prefetch_factor=None, persistent_workers=False, pin_memory_device='', in_order=True):
        if num_workers < 0:
            raise ValueError('num_workers option should be non-negative; use num_workers=0 to disable multiprocessing.')
        if timeout < 0:
            raise ValueError('timeout option should be non-negative')
        if num_workers == 0 and prefetch_factor is not None:
            raise ValueError('prefetch_factor option could only be specified in multiprocessing.let num_workers > 0 to enable '
                             'multiprocessing, otherwise set prefetch_factor to None.')
        if num_workers > 0 and prefetch_factor is None:
            prefetch_factor = 2
        elif prefetch_factor is not None and prefetch_factor < 0:
            raise ValueError('prefetch_factor option should be non-negative')
        if persistent_workers and num_workers == 0:
            raise ValueError('persistent_workers option needs num_workers > 0')
        self.dataset = dataset
        self.num_workers = num_workers
        self.prefetch_factor = prefetch_factor
        self.pin_memory = pin_memory
        self.pin_memory_device = pin_memory_device
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.multiprocessing_context = multiprocessing_context
        self.in_order = in_order
        iterable = isinstance(dataset, IterableDataset)
        self._dataset_kind = _DatasetKind.Iterable if iterable else _DatasetKind.Map
        _check_choices(iterable, batch_size, shuffle, sampler, batch_sampler, drop_last)
        if batch_sampler is not None:
            batch_size, drop_last = None, False
        if sampler is None:
            if iterable:
                sampler = _InfiniteConstantSampler()
            else:
                sampler = RandomSampler(dataset, generator=generator) if shuffle else SequentialSampler(dataset)
        if batch_size is not None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.batch_size = batch_size
        self.drop_last = drop_last
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        self.generator = generator
        if collate_fn is None:
            collate_fn = default_convert if batch_sampler is None else default_collate
        self.collate_fn = collate_fn
        self.persistent_workers = persistent_workers
        self.__initialized = True
        self._IterableDataset_len_called = None
        self._iterator = None
        self.check_worker_number_rationality()

    @property
    def multiprocessing_context(self):
        """How worker processes start; None for Python's default."""
        return self.__multiprocessing_context

    @multiprocessing_context.setter
    def multiprocessing_context(self, context):
        if context is not None:
            if self.num_workers == 0:
                raise ValueError('multiprocessing_context can only be used with multi-process loading (num_workers > 0), but got '
                                 f'num_workers={self.num_workers}')
            if isinstance(context, str):
                valid = multiprocessing.get_all_start_methods()
                if context not in valid:
                    raise ValueError(f'multiprocessing_context option should specify a valid start method in {valid!r}, but got '
                                     f'multiprocessing_context={context!r}')
                context = multiprocessing.get_context(context)
            if not isinstance(context, BaseContext):
                raise TypeError('multiprocessing_context option should be a valid context object or a string specifying the '
                                f'start method, but got multiprocessing_context={context}')
        self.__multiprocessing_context = context

    def __setattr__(self, attr, val):
        if self.__initialized and attr in _FIXED:
            raise ValueError(f'{attr} attribute should not be set after {type(self).__name__} is initialized')
        super().__setattr__(attr, val)

    def __iter__(self):
        if not self.persistent_workers:
            return self._get_iterator()
        if self._iterator is None or not self._iterator._workers:
            self._iterator = self._get_iterator()
        else:
            self._iterator._reset(self)
        return self._iterator

    def _get_iterator(self):
        if self.num_workers == 0:
            return _SingleProcessDataLoaderIter(self)
        self.check_worker_number_rationality()
        return _MultiProcessingDataLoaderIter(self)

    @property
    def _auto_collation(self):
        return self.batch_sampler is not None

    @property
    def _index_sampler(self):
        return self.sampler if self.batch_sampler is None else self.batch_sampler

    def __len__(self):
        if self._dataset_kind == _DatasetKind.Map:
            return len(self._index_sampler)
        length = self._IterableDataset_len_called = len(self.dataset)
        if self.batch_size is None:
            return length
        return length // self.batch_size if self.drop_last else ceil(length / self.batch_size)

    def check_worker_number_rationality(self):
        """Warn about more workers than this process may use processors."""
        counted = hasattr(os, 'sched_getaffinity')
        most = len(os.sched_getaffinity(0)) if counted else os.cpu_count()
        if self.num_workers and (most is None or self.num_workers > most):
            note = '' if counted else ' (`cpuset` is not taken into account)'
            suggestion = ('DataLoader is not able to compute a suggested max number of worker in current system.' if most is None
                          else f'Our suggested max number of worker in current system is {most}{note}, which is smaller than '
                          'what this DataLoader is going to create.')
            warnings.warn(f'This DataLoader will create {self.num_workers} worker processes in total. {suggestion} Please be '
                          'aware that excessive worker creation might get DataLoader running slow or even freeze, lower the '
                          'worker number to avoid potential slowness/freeze if necessary.', stacklevel=3)


def _check_choices(iterable, batch_size, shuffle, sampler, batch_sampler, drop_last):
    """Refuse options that exclude each other."""
    if iterable:
        for name, value in (('shuffle', shuffle), ('sampler', sampler), ('batch_sampler', batch_sampler)):
            if value is not None and not (name == 'shuffle' and value is False):
                raise ValueError(f'DataLoader with IterableDataset: expected unspecified {name} option, but got {name}={value}')
    if sampler is not None and shuffle:
        raise ValueError('sampler option is mutually exclusive with shuffle')
    if batch_sampler is not None:
        if batch_size != 1 or shuffle or sampler is not None or drop_last:
            raise ValueError('batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last')
    elif batch_size is None and drop_last:
        raise ValueError('batch_size=None option disables auto-batching and is mutually exclusive with drop_last')
