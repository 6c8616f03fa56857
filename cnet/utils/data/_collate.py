"""Samples made into batches."""

import copy
from collections.abc import Mapping, MutableMapping, MutableSequence, Sequence

import numpy as np

from ..._core.dtype import float64
from ..._ops.from_data import as_tensor, tensor
from ..._ops.join import stack
from ..._tensor import Tensor

_TEXT = 'SaUO'  # kinds of arrays that no tensor can hold: bytes, text, objects


def _refusal(found):
    return TypeError(f'default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {found}')


def _is_text(a):
    return a.dtype.kind in _TEXT


def default_convert(data):
    """Make tensors of all arrays and NumPy numbers in a nested structure.

    Args:
        data: anything.

    Returns:
        the same structure; tuples become lists.

    Example:
        >>> import cnet, numpy as np
        >>> cnet.utils.data.default_convert({'a': np.zeros(2), 'b': 'text'})
        {'a': tensor([0., 0.], dtype=cnet.float64), 'b': 'text'}
    """
    if isinstance(data, Tensor):
        return data
    kind = type(data)
    if kind.__module__ == 'numpy' and kind.__name__ not in ('str_', 'bytes_'):
        return data if isinstance(data, np.ndarray) and _is_text(data) else as_tensor(data)
    if isinstance(data, Mapping):
        return _like_mapping(data, {key: default_convert(data[key]) for key in data})
    if isinstance(data, tuple):
        items = [default_convert(x) for x in data]
        return kind(*items) if hasattr(data, '_fields') else items
    if isinstance(data, Sequence) and not isinstance(data, (str, bytes)):
        return _like_sequence(data, [default_convert(x) for x in data])
    return data


def default_collate(batch):
    """Make one sample of batched tensors from a list of samples.

    Tensors, arrays and numbers are stacked into tensors with a new first dimension; dicts, tuples and lists are kept
    (tuples become lists), text stays a sequence of texts.

    Args:
        batch (list): the samples, all of one structure.

    Returns:
        the structure of a sample with tensors in it.

    Example:
        >>> import cnet
        >>> cnet.utils.data.default_collate([(1, {'a': 0.5}), (2, {'a': 1.5})])
        [tensor([1, 2]), {'a': tensor([0.5000, 1.5000], dtype=cnet.float64)}]
    """
    return collate(batch, collate_fn_map=default_collate_fn_map)


def collate(batch, *, collate_fn_map=None):
    """Like `default_collate`, with functions of one's own for some types of samples.

    Args:
        batch (list): the samples.
        collate_fn_map (dict, optional): type, or tuple of types, to a function of such samples, called as
            ``function(batch, collate_fn_map=collate_fn_map)``.

    Returns:
        the structure of a sample.
    """
    first = batch[0]
    kind = type(first)
    if collate_fn_map is not None:
        function = collate_fn_map.get(kind)
        if function is None:
            function = next((f for types, f in collate_fn_map.items() if isinstance(first, types)), None)
        if function is not None:
            return function(batch, collate_fn_map=collate_fn_map)
    if isinstance(first, Mapping):
        return _like_mapping(first, {key: collate([sample[key] for sample in batch], collate_fn_map=collate_fn_map)
                                     for key in first})
    if not isinstance(first, Sequence):
        raise _refusal(kind)
    named = isinstance(first, tuple) and hasattr(first, '_fields')
    if not named and any(len(sample) != len(first) for sample in batch):
        raise RuntimeError('each element in list of batch should be of equal size')
    columns = [collate(column, collate_fn_map=collate_fn_map) for column in zip(*batch)]
    if named:
        return kind(*columns)
    return columns if isinstance(first, tuple) else _like_sequence(first, columns)


def _like_mapping(model, items):
    """The items as a mapping of the model's type if that can be made, else as a dict."""
    try:
        if isinstance(model, MutableMapping):
            clone = copy.copy(model)  # keeps what a subclass has besides its items
            clone.update(items)
            return clone
        return type(model)(items)
    except TypeError:
        return items


def _like_sequence(model, items):
    """The items as a sequence of the model's type if that can be made, else as a list."""
    try:
        if isinstance(model, MutableSequence):
            clone = copy.copy(model)
            for i, item in enumerate(items):
                clone[i] = item
            return clone
        return type(model)(items)
    except TypeError:
        return items


def collate_tensor_fn(batch, *, collate_fn_map=None):
    """A batch of tensors, stacked."""
    return stack(list(batch), 0)


def collate_numpy_array_fn(batch, *, collate_fn_map=None):
    """A batch of arrays as one tensor."""
    if _is_text(batch[0]):
        raise _refusal(batch[0].dtype)
    return collate([as_tensor(a) for a in batch], collate_fn_map=collate_fn_map)


def collate_numpy_scalar_fn(batch, *, collate_fn_map=None):
    """A batch of NumPy numbers as one tensor."""
    return as_tensor(np.array(batch))


def collate_float_fn(batch, *, collate_fn_map=None):
    """A batch of floats as one float64 tensor."""
    return tensor(batch, dtype=float64)


def collate_int_fn(batch, *, collate_fn_map=None):
    """A batch of ints (or bools) as one tensor."""
    return tensor(batch)


def collate_str_fn(batch, *, collate_fn_map=None):
    """A batch of text stays as it is."""
    return batch


default_collate_fn_map = {
    Tensor: collate_tensor_fn,
    np.ndarray: collate_numpy_array_fn,
    (np.bool_, np.number, np.object_): collate_numpy_scalar_fn,
    float: collate_float_fn,
    int: collate_int_fn,
    str: collate_str_fn,
    bytes: collate_str_fn,
}
