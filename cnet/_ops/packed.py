"""Padded sequences to packed rows and back, and lists of sequences to padded ones."""

import numpy as np

from .._core import checks, errors
from .._core.base import wrap
from .._core.op import Op

__all__ = []
METHODS = {}


class Pack(Op, name='PackPaddedSequenceBackward0'):
    """Rows number `at` of the first two dimensions taken as one."""

    @staticmethod
    def forward(x, at, shape, value=0):
        return x.reshape(-1, *x.shape[2:]).take(at, 0)

    def backward(self, g):
        return Unpack.apply(g, **{**self.kw, 'value': 0})


class Unpack(Op, name='CopySlices'):
    """`Pack` backwards: rows go to their places, the other places of `shape` hold `value`."""

    @staticmethod
    def forward(x, at, shape, value=0):
        y = np.full((shape[0] * shape[1], *x.shape[1:]), value, x.dtype)
        y[at] = x
        return y.reshape(*shape, *x.shape[1:])

    def backward(self, g):
        return Pack.apply(g, **self.kw)


class PadSequence(Op, name='CopySlices'):
    """Sequences side by side, filled up with `value` at their ends or, if `left`, in front."""

    @staticmethod
    def forward(*xs, batch_first, value, left):
        longest = max(len(x) for x in xs)
        y = np.full((len(xs), longest, *xs[0].shape[1:]), value, xs[0].dtype)
        if not batch_first:
            y = np.full((longest, len(xs), *xs[0].shape[1:]), value, xs[0].dtype).swapaxes(0, 1)
        for row, x in zip(y, xs):
            row[longest - len(x) if left else 0:longest if left else len(x)] = x
        return y if batch_first else y.swapaxes(0, 1)

    def backward(self, g):
        if not self.kw['batch_first']:
            g = g.transpose(0, 1)
        longest, grads = g.shape[1], []
        for i, need in enumerate(self.needs):
            n = self.in_shape(i)[0] if need else 0
            grads.append((g[i, longest - n:] if self.kw['left'] else g[i, :n]) if need else None)
        return tuple(grads)


def places(lengths, shape, batch_first):
    """Where the packed rows of sequences of decreasing `lengths` lie in a padded (T, B) or (B, T)."""
    t, b = np.nonzero(np.arange(lengths[0])[:, None] < lengths)
    return b * shape[1] + t if batch_first else t * shape[1] + b


def pack(input, lengths, batch_first):
    """(packed rows, rows of every step) of padded sequences that are sorted by length."""
    x = checks.tensor(input, 'pack_padded_sequence', 'input', 1)._a
    n = lengths._a
    if n.ndim != 1:
        raise RuntimeError(f"'lengths' argument should be a 1D CPU int64 tensor, but got {n.ndim}D cpu Long tensor")
    if x.ndim < 2:
        raise errors.dim_range(1, x.ndim)
    if not x.size:
        raise RuntimeError('Cannot pack empty tensors.')
    batch, longest = x.shape[:2] if batch_first else x.shape[1::-1]
    if n.size != batch:
        raise RuntimeError(f'Expected `len(lengths)` to be equal to batch_size, but got {n.size} (batch_size={batch})')
    if n[-1] <= 0 or (n <= 0).any():
        raise RuntimeError("Length of all samples has to be greater than 0, but found an element in 'lengths' that is <= 0")
    if (n[1:] > n[:-1]).any():
        raise RuntimeError('`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You can pass '
                           '`enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to sidestep this requirement '
                           'if you do not need ONNX exportability.')
    if n[0] > longest:
        raise RuntimeError(f'Expected lengths of at most {longest}, the length of the padded sequences, but got {n[0]}')
    sizes = batch - np.searchsorted(n[::-1], np.arange(n[0]), 'right')
    return Pack.apply(input, at=places(n, x.shape, batch_first), shape=x.shape[:2]), wrap(sizes.astype(np.int64))


def unpack(data, batch_sizes, batch_first, value, total):
    """(padded sequences, lengths) of packed rows."""
    sizes = checks.tensor(batch_sizes, 'pad_packed_sequence', 'batch_sizes', 2)._a
    lengths = np.searchsorted(-sizes, -np.arange(sizes[0]), 'left').astype(np.int64)
    if data._a.ndim < 1 or data._a.shape[0] != lengths.sum():
        raise RuntimeError(f'Expected {lengths.sum()} rows of data, the sum of batch_sizes, but got {list(data._a.shape)}')
    shape = (len(lengths), total) if batch_first else (total, len(lengths))
    return Unpack.apply(data, at=places(lengths, shape, batch_first), shape=shape, value=value), wrap(lengths)


def pad(sequences, batch_first, value, side):
    """Sequences side by side, as `nn.utils.rnn.pad_sequence` gives them."""
    if not sequences:
        raise RuntimeError('received an empty list of sequences')
    checks.tensors(sequences, 'pad_sequence', 'sequences', 1)
    if side not in ('left', 'right'):
        raise RuntimeError(f'Expected padding_side to be one of left or right, but got {side}.')
    rest = sequences[0]._a.shape[1:]
    for x in sequences:
        a = x._a
        if not a.ndim:
            raise RuntimeError('pad_sequence: expected sequences of at least one dimension, but got a tensor without')
        if a.shape[1:] != rest:
            if a.ndim == len(rest) + 1:
                raise errors.broadcast((0, *rest), (0, *a.shape[1:]))
            raise RuntimeError(f'pad_sequence: expected sequences of shape (L, {", ".join(map(str, rest))}), but got '
                               f'{list(a.shape)}')
    return PadSequence.apply(*sequences, batch_first=batch_first, value=value, left=side == 'left')
