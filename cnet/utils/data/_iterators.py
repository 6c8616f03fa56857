"""What a `DataLoader` hands out: iterators over batches."""

import warnings

from ._collate import default_collate
from ._fetch import make_fetcher, rows_of
from .dataset import IterableDataset
from .sampler import BatchSampler, array_batches, draw_seed


class _BaseDataLoaderIter:
    """An iterator over the batches of a loader."""

    def __init__(self, loader):
        self._dataset = loader.dataset
        self._auto_collation = loader._auto_collation
        self._drop_last = loader.drop_last
        self._collate_fn = loader.collate_fn
        self._num_workers = loader.num_workers
        self._timeout = loader.timeout
        if loader.pin_memory:
            warnings.warn("'pin_memory' argument is set as true but no accelerator is found, then device pinned memory won't be "
                          'used.', stacklevel=4)
        self._restart(loader)
        self._base_seed = draw_seed(loader.generator)

    def _restart(self, loader):
        """Begin a new pass over the data."""
        self._index_sampler = loader._index_sampler
        self._sampler_iter = iter(self._index_sampler)
        self._claimed = loader._IterableDataset_len_called
        self._num_yielded = 0

    def __iter__(self):
        return self

    def __len__(self):
        return len(self._index_sampler)

    def __next__(self):
        data = self._next_data()
        if self._claimed is not None:
            self._count()
        return data

    def _next_data(self):
        raise NotImplementedError

    def _count(self):
        """Warn if an iterable dataset yields more than its `__len__` said."""
        self._num_yielded += 1
        if self._num_yielded > self._claimed:
            text = (f'Length of IterableDataset {self._dataset} was reported to be {self._claimed}'
                    f'(when accessing len(dataloader)), but {self._num_yielded} samples have been fetched. ')
            if self._num_workers:
                text += ('For multiprocessing data-loading, this could be caused by not properly configuring the '
                         'IterableDataset replica at each worker.')
            warnings.warn(text, stacklevel=3)

    def __getstate__(self):
        raise NotImplementedError(f'{type(self).__name__} cannot be pickled')


class _SingleProcessDataLoaderIter(_BaseDataLoaderIter):
    """Makes each batch when it is asked for."""

    def __init__(self, loader):
        super().__init__(loader)
        if self._timeout != 0:
            raise AssertionError('a timeout needs worker processes')
        self._fetch = make_fetcher(self._dataset, self._auto_collation, self._collate_fn, self._drop_last)
        if takes_arrays(loader):
            self._sampler_iter = array_batches(self._index_sampler) or self._sampler_iter

    def _next_data(self):
        return self._fetch(next(self._sampler_iter))


def takes_arrays(loader):
    """Whether batches may be given by arrays of indices in place of lists."""
    return (type(loader._index_sampler) is BatchSampler and loader.collate_fn is default_collate
            and not isinstance(loader.dataset, IterableDataset) and rows_of(loader.dataset) is not None)
