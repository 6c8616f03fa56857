"""Batches of sequences of different lengths: padded, and packed without the padding."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from ..._core.base import wrap
from ..._core.dtype import int64
from ..._ops import packed
from ..._ops.from_data import as_tensor
from ..._ops.sort import sort
from ..._tensor import Tensor

__all__ = ['PackedSequence', 'invert_permutation', 'pack_padded_sequence', 'pad_packed_sequence', 'pad_sequence',
           'unpad_sequence', 'pack_sequence', 'unpack_sequence']


class PackedSequence_(NamedTuple):
    """The fields of `PackedSequence`."""

    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None
    unsorted_indices: Tensor | None


class PackedSequence(PackedSequence_):
    """Sequences of different lengths without padding: the first steps of all, then the second steps, and so on.

    The functions of this module make it, recurrent layers take and return it.

    Args:
        data (Tensor): the rows of all steps; or a pair (data, batch_sizes).
        batch_sizes (Tensor): how many sequences have a first step, a second, ...
        sorted_indices (Tensor, optional): which of the caller's sequences is first, second, ... by length.
        unsorted_indices (Tensor, optional): the inverse; computed if not given.

    Shape:
        N rows in all, T steps, B sequences.

        - data: (N, *). batch_sizes: (T). sorted_indices, unsorted_indices: (B).

    Example:
        >>> import cnet
        >>> cnet.nn.utils.rnn.pack_sequence([cnet.tensor([1, 2]), cnet.tensor([3])]).data
        tensor([1, 3, 2])
    """

    def __new__(cls, data, batch_sizes=None, sorted_indices=None, unsorted_indices=None):
        if batch_sizes is None:
            if not (isinstance(data, (list, tuple)) and len(data) == 2):
                raise AssertionError('Expected data to be a list or tuple of length 2')
            data, batch_sizes = data
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def _with(self, data):
        if data is self.data:
            return self
        return type(self)(data, self.batch_sizes, self.sorted_indices, self.unsorted_indices)

    def to(self, *args, **kwargs):
        """The same sequences with `data.to(...)`; itself where that changes nothing."""
        return self._with(self.data.to(*args, **kwargs))

    def cpu(self, *args, **kwargs):
        """Itself: there is no other device."""
        return self._with(self.data.cpu(*args, **kwargs))

    def cuda(self, *args, **kwargs):
        """Refused as `Tensor.cuda` is."""
        return self._with(self.data.cuda(*args, **kwargs))

    def pin_memory(self):
        """Refused or done as `Tensor.pin_memory` is."""
        return self._with(self.data.pin_memory())

    def double(self):
        """Data as float64."""
        return self._with(self.data.double())

    def float(self):
        """Data as float32."""
        return self._with(self.data.float())

    def half(self):
        """Data as float16."""
        return self._with(self.data.half())

    def long(self):
        """Data as int64."""
        return self._with(self.data.long())

    def int(self):
        """Data as int32."""
        return self._with(self.data.int())

    def short(self):
        """Data as int16."""
        return self._with(self.data.short())

    def char(self):
        """Data as int8."""
        return self._with(self.data.char())

    def byte(self):
        """Data as uint8."""
        return self._with(self.data.byte())

    @property
    def is_cuda(self):
        """Whether the data is on a GPU."""
        return self.data.is_cuda

    def is_pinned(self):
        """Whether the data is in pinned memory."""
        return self.data.is_pinned()


def invert_permutation(permutation):
    """The permutation that undoes another.

    Args:
        permutation (Tensor, optional): 1-dimensional, int64.

    Returns:
        Tensor or None: the inverse; None for None.

    Example:
        >>> import cnet
        >>> cnet.nn.utils.rnn.invert_permutation(cnet.tensor([2, 0, 1]))
        tensor([1, 2, 0])
    """
    if permutation is None:
        return None
    inverse = np.empty_like(permutation._a)
    inverse[permutation._a] = np.arange(inverse.size)
    return wrap(inverse)


def pack_padded_sequence(input, lengths, batch_first=False, enforce_sorted=True):
    """Pack padded sequences.

    Args:
        input (Tensor): the padded sequences.
        lengths (Tensor or list of int): the length of every sequence.
        batch_first (bool): whether the first dimension counts sequences, not steps.
        enforce_sorted (bool): expect decreasing lengths; otherwise sequences are sorted here.

    Shape:
        T steps, B sequences.

        - input: (T, B, *), or (B, T, *) if `batch_first`. lengths: (B).

    Returns:
        PackedSequence

    Example:
        >>> import cnet
        >>> from cnet.nn.utils.rnn import pack_padded_sequence
        >>> pack_padded_sequence(cnet.tensor([[1, 2], [3, 0]]), [2, 1], batch_first=True).batch_sizes
        tensor([2, 1])
    """
    lengths = lengths.to(dtype=int64) if isinstance(lengths, Tensor) else as_tensor(lengths, dtype=int64)
    order = None
    if not enforce_sorted:
        lengths, order = sort(lengths, descending=True)
        input = input.index_select(0 if batch_first else 1, order)
    data, batch_sizes = packed.pack(input, lengths, batch_first)
    return PackedSequence(data, batch_sizes, order)


def pad_packed_sequence(sequence, batch_first=False, padding_value=0.0, total_length=None):
    """Undo `pack_padded_sequence`.

    Args:
        sequence (PackedSequence): the packed sequences.
        batch_first (bool): whether the result's first dimension counts sequences, not steps.
        padding_value (float): what stands after a sequence's end.
        total_length (int, optional): the number of steps of the result, at least that of the longest sequence.

    Shape:
        T steps, B sequences.

        - result: (T, B, *), or (B, T, *) if `batch_first`; and (B).

    Returns:
        tuple: the padded sequences in the order in which they were packed, and their lengths.

    Example:
        >>> import cnet
        >>> from cnet.nn.utils.rnn import pack_sequence, pad_packed_sequence
        >>> packed = pack_sequence([cnet.tensor([3]), cnet.tensor([1, 2])], enforce_sorted=False)
        >>> pad_packed_sequence(packed, batch_first=True)
        (tensor([[3, 0],
                [1, 2]]), tensor([1, 2]))
    """
    total = sequence.batch_sizes.size(0)
    if total_length is not None:
        if total_length < total:
            raise ValueError('Expected total_length to be at least the length of the longest sequence in input, but got '
                             f'total_length={total_length} and max sequence length being {total}')
        total = total_length
    padded, lengths = packed.unpack(sequence.data, sequence.batch_sizes, batch_first, padding_value, total)
    back = sequence.unsorted_indices
    if back is None:
        return padded, lengths
    return padded.index_select(0 if batch_first else 1, back), lengths[back]


def pad_sequence(sequences, batch_first=False, padding_value=0.0, padding_side='right'):
    """Put sequences of different lengths side by side.

    Args:
        sequences (iterable of Tensor): they differ in their first dimension only.
        batch_first (bool): whether the result's first dimension counts sequences, not steps.
        padding_value (float): what fills up the shorter ones.
        padding_side (str): 'right' or 'left': after or in front of them.

    Shape:
        T, the longest length; B sequences.

        - sequences: (L, *). result: (T, B, *), or (B, T, *) if `batch_first`.

    Returns:
        Tensor: the padded sequences.

    Example:
        >>> import cnet
        >>> cnet.nn.utils.rnn.pad_sequence([cnet.tensor([1, 2]), cnet.tensor([3])], batch_first=True)
        tensor([[1, 2],
                [3, 0]])
    """
    if not isinstance(sequences, Iterable):
        raise RuntimeError(f'pad_sequence: Expected iterable for input sequences, but got arg of type: {type(sequences)}')
    return packed.pad(tuple(sequences), batch_first, padding_value, padding_side)


def unpad_sequence(padded_sequences, lengths, batch_first=False):
    """Undo `pad_sequence`.

    Args:
        padded_sequences (Tensor): sequences that were padded at their ends.
        lengths (Tensor): the length of every sequence.
        batch_first (bool): whether the first dimension counts sequences, not steps.

    Shape:
        T steps, B sequences.

        - padded_sequences: (T, B, *), or (B, T, *) if `batch_first`. lengths: (B).

    Returns:
        list of Tensor: the sequences, (L, *).

    Example:
        >>> import cnet
        >>> cnet.nn.utils.rnn.unpad_sequence(cnet.tensor([[1, 2], [3, 0]]), cnet.tensor([2, 1]), batch_first=True)
        [tensor([1, 2]), tensor([3])]
    """
    if not batch_first:
        padded_sequences = padded_sequences.transpose(0, 1)
    steps = wrap(np.arange(padded_sequences.shape[1]))
    return [sequence[steps < length] for sequence, length in zip(padded_sequences, lengths, strict=True)]


def pack_sequence(sequences, enforce_sorted=True):
    """Pack a list of sequences.

    Args:
        sequences (list of Tensor): they differ in their first dimension only.
        enforce_sorted (bool): expect decreasing lengths; otherwise sequences are sorted here.

    Shape:
        - sequences: (L, *).

    Returns:
        PackedSequence

    Example:
        >>> import cnet
        >>> cnet.nn.utils.rnn.pack_sequence([cnet.tensor([1, 2, 3]), cnet.tensor([4])])
        PackedSequence(data=tensor([1, 4, 2, 3]), batch_sizes=tensor([2, 1, 1]), sorted_indices=None, unsorted_indices=None)
    """
    lengths = as_tensor([sequence.size(0) for sequence in sequences])
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences):
    """Undo `pack_sequence`.

    Args:
        packed_sequences (PackedSequence): the packed sequences.

    Returns:
        list of Tensor: the sequences, (L, *).

    Example:
        >>> import cnet
        >>> from cnet.nn.utils.rnn import pack_sequence, unpack_sequence
        >>> unpack_sequence(pack_sequence([cnet.tensor([1, 2]), cnet.tensor([3])]))
        [tensor([1, 2]), tensor([3])]
    """
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)
