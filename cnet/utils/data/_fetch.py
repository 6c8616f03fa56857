"""Batches made from a dataset and indices."""

import numpy as np

from ..._core.base import wrap
from ..._tensor import Tensor
from ...nn.parameter import Parameter
from ._collate import default_collate
from .dataset import IterableDataset, Subset, TensorDataset


def make_fetcher(dataset, auto_collation, collate_fn, drop_last):
    """The function from indices to a batch that suits a dataset. It raises StopIteration when an iterable dataset ends."""
    if isinstance(dataset, IterableDataset):
        return _from_iterator(iter(dataset), auto_collation, collate_fn, drop_last)
    if not auto_collation:
        return lambda index: collate_fn(dataset[index])
    general = _from_samples(dataset, collate_fn)
    rows = rows_of(dataset) if collate_fn is default_collate else None
    return general if rows is None else _from_rows(*rows, general)


def _from_iterator(samples, auto_collation, collate_fn, drop_last):
    ended = False

    def fetch(indices):
        nonlocal ended
        if ended:
            raise StopIteration
        if not auto_collation:
            return collate_fn(next(samples))
        batch = []
        for _ in indices:
            try:
                batch.append(next(samples))
            except StopIteration:
                ended = True
                break
        if not batch or (drop_last and len(batch) < len(indices)):
            raise StopIteration
        return collate_fn(batch)
    return fetch


def _from_samples(dataset, collate_fn):
    if getattr(dataset, '__getitems__', None):
        return lambda indices: collate_fn(dataset.__getitems__(indices))
    return lambda indices: collate_fn([dataset[i] for i in indices])


def rows_of(dataset):
    """The arrays of a `TensorDataset`, and which of their rows a `Subset` of it has; None for anything else.

    Batches of these are taken straight from the arrays, not sample by sample: the same values at a small part of the time.
    """
    chosen = None
    while type(dataset) is Subset:
        indices = np.asarray(dataset.indices)
        if indices.dtype.kind != 'i' or indices.ndim != 1:
            return None
        try:
            chosen = indices if chosen is None else indices[chosen]
        except IndexError:
            return None
        dataset = dataset.dataset
    if type(dataset) is not TensorDataset:
        return None
    if any(type(t) not in (Tensor, Parameter) or t.requires_grad for t in dataset.tensors):
        return None
    return [t._a for t in dataset.tensors], chosen


def _from_rows(arrays, chosen, general):
    def fetch(indices):
        rows = np.asarray(indices)
        if rows.dtype.kind != 'i':
            return general(indices)
        try:
            if chosen is not None:
                rows = chosen.take(rows)
            return [wrap(a.take(rows, axis=0)) for a in arrays]
        except IndexError:
            return general(indices)  # which names the index as a tensor does
    return fetch
