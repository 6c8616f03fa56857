"""Rows of a table: embedding, embedding_bag, one_hot."""

import numpy as np

from .. import _kernels as K
from .._core import checks
from .._core.arrays import zeros
from .._core.base import TensorBase, wrap
from .._core.dtype import from_np
from .._core.op import Op, finish
from ._places import add_rows, as_long, outside, take_rows
from .gather import GatherGrad
from .rows import IndexSelectGrad

__all__ = []
FUNCTIONAL = ['embedding', 'embedding_bag', 'one_hot']


_INTEGERS = (np.dtype(np.int64), np.dtype(np.int32))


class Embedding(Op, name='EmbeddingBackward0'):
    own_memory = True
    keep_in = (1,)

    @staticmethod
    def forward(weight, index, skip, by_frequency):
        return take_rows(weight, as_long(index), 0)

    def backward(self, g):
        return EmbeddingGrad.apply(g, self.saved(1), rows=self.in_shape(0)[0], **self.kw), None


class EmbeddingGrad(Op, name='EmbeddingDenseBackward0'):
    own_memory = True
    keep_in = (1,)

    @staticmethod
    def forward(g, index, rows, skip, by_frequency):
        y = zeros((rows, g.shape[-1]), g.dtype)
        index = as_long(index).reshape(-1)
        g = _weighted(g.reshape(index.size, -1), index, skip, by_frequency)
        add_rows(y, index, g, 0)
        return y

    def backward(self, g):
        kw = self.kw
        return EmbeddingGradGrad.apply(g, self.saved(1), skip=kw['skip'], by_frequency=kw['by_frequency']), None


class EmbeddingGradGrad(Embedding, name='EmbeddingBackwardBackward0'):
    @staticmethod
    def forward(weight, index, skip, by_frequency):
        flat = as_long(index).reshape(-1)
        return _weighted(take_rows(weight, flat, 0), flat, skip, by_frequency).reshape(*index.shape, -1)


def _weighted(rows, index, skip, by_frequency):
    """Rows for an index: zero where it is `skip`, divided by how often it occurs if `by_frequency`."""
    if skip >= 0:
        rows = np.where((index == skip)[:, None], 0, rows).astype(rows.dtype, copy=False)
    if by_frequency and index.size:
        rows = rows / np.bincount(index)[index, None].astype(rows.dtype)
    return rows


class EmbeddingBag(Op, name='EmbeddingBagBackward0'):
    keep_in = (0, 1, 2, 3)

    @staticmethod
    def forward(weight, index, bag, factors, bags, mode, by_frequency):
        rows = take_rows(weight, index, 0)
        if mode == 'max':
            y = zeros((bags, weight.shape[1]), weight.dtype)
            best = np.full(y.shape, -1)
            full, starts = np.unique(bag, return_index=True)  # bags are in order, each in one piece
            if full.size:
                y[full] = np.maximum.reduceat(rows, starts)
                first = np.where(rows == y[bag], np.arange(len(rows))[:, None], len(rows) - 1)
                best[full] = index[np.minimum.reduceat(first, starts)]
            return y, best
        if factors is not None:
            rows = rows * factors[:, None]
        y = zeros((bags, weight.shape[1]), weight.dtype)
        add_rows(y, bag, rows, 0)
        if mode == 'mean':
            y /= _counts(bag, bags)[:, None].astype(y.dtype)
        return y

    def backward(self, g):
        weight, index, bag, factors = [self.saved(i) for i in range(4)]
        kw = self.kw
        if kw['mode'] == 'max':
            best = self.aux[0]
            used = wrap((best >= 0).astype(g._a.dtype))
            return GatherGrad.apply(g * used, wrap(np.maximum(best, 0)), shape=weight._a.shape, dim=0), None, None, None
        if kw['mode'] == 'mean':
            g = g / wrap(_counts(bag, kw['bags'])[:, None].astype(g._a.dtype))
        rows = g.index_select(0, wrap(bag))
        g_weight = g_factors = None
        if self.needs[0]:
            scaled = rows if factors is None else rows * factors.unsqueeze(1)
            if kw['by_frequency'] and index.size:
                scaled = scaled / wrap(np.bincount(index)[index, None].astype(g._a.dtype))
            g_weight = IndexSelectGrad.apply(scaled, wrap(index), shape=weight._a.shape, dim=0)
        if self.needs[3]:
            g_factors = (rows * weight.index_select(0, wrap(index))).sum(1)
        return g_weight, None, None, g_factors


def _counts(bag, bags):
    return np.maximum(np.bincount(bag, minlength=bags), 1)


def _check_table(input, weight, padding_idx, name):
    a = checks.tensor(input, name, 'input')._a
    w = checks.tensor(weight, name, 'weight')._a
    if a.dtype not in _INTEGERS:
        raise RuntimeError("Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, "
                           f'Int; but got cnet.{from_np(a.dtype).legacy}Tensor instead (while checking arguments for '
                           f'{name})')
    if w.ndim != 2:
        raise RuntimeError("'weight' must be 2-D")
    if outside(a, 0, len(w)) is not None:
        raise IndexError('index out of range in self')
    if padding_idx is None:
        return -1
    if not -len(w) <= padding_idx < len(w):
        raise AssertionError('Padding_idx must be within num_embeddings' if name == 'embedding' else
                             'padding_idx must be within the number of embeddings')
    return padding_idx % len(w)


def _renormalise(weight, index, max_norm, norm_type):
    """Shorten, in place and unseen by autograd, the used rows that are longer than `max_norm`."""
    used = np.unique(index)
    w = weight._a
    norms = np.linalg.norm(w[used], norm_type, axis=1)
    long = norms > max_norm
    if long.any():
        w[used[long]] *= (max_norm / (norms[long] + 1e-7)).astype(w.dtype)[:, None]
        weight._v.n += 1


def embedding(input, weight, padding_idx=None, max_norm=None, norm_type=2.0, scale_grad_by_freq=False, sparse=False):
    """Rows of a table.

    Args:
        input (Tensor): int64 or int32, which rows.
        weight (Tensor): the table.
        padding_idx (int, optional): a row that gets no gradient.
        max_norm (float, optional): rows that are used and longer than this are shortened, in place.
        norm_type (float): the p of that length.
        scale_grad_by_freq (bool): divide the gradient of a row by how often it occurs in `input`.
        sparse (bool): accepted; the gradient is always dense.

    Shape:
        Input ``(*)``, weight ``(V, D)``; output ``(*, D)``.

    Returns:
        Tensor: new memory.

    Example:
        >>> import cnet
        >>> cnet.nn.functional.embedding(cnet.tensor([1, 0]), cnet.tensor([[1., 2.], [3., 4.]])).tolist()
        [[3.0, 4.0], [1.0, 2.0]]
    """
    if padding_idx is None and max_norm is None and isinstance(input, TensorBase) and isinstance(weight, TensorBase):
        y = K.index.table_rows(weight._a, input._a)
        if y is not None:
            return finish(Embedding, Embedding.info_, (weight, input), {'skip': -1, 'by_frequency': scale_grad_by_freq}, y)
    skip = _check_table(input, weight, padding_idx, 'embedding')
    if max_norm is not None:
        _renormalise(weight, input._a, max_norm, norm_type)
    return Embedding.apply(weight, input, skip=skip, by_frequency=scale_grad_by_freq)


def embedding_bag(input, weight, offsets=None, max_norm=None, norm_type=2, scale_grad_by_freq=False, mode='mean',
                  sparse=False, per_sample_weights=None, include_last_offset=False, padding_idx=None):
    """Sums, means or maxima of rows of a table, without the rows themselves as a result.

    Args:
        input (Tensor): int64 or int32, which rows: one bag per row, or all bags in one vector.
        weight (Tensor): the table.
        offsets (Tensor, optional): for a vector, where each bag begins.
        max_norm (float, optional): rows that are used and longer than this are shortened, in place.
        norm_type (float): the p of that length.
        scale_grad_by_freq (bool): divide the gradient of a row by how often it occurs in `input`.
        mode (str): 'sum', 'mean' or 'max'.
        sparse (bool): accepted; the gradient is always dense.
        per_sample_weights (Tensor, optional): factors of the rows, for 'sum'.
        include_last_offset (bool): whether `offsets` ends with the length of `input`.
        padding_idx (int, optional): a row that counts for nothing.

    Shape:
        Input ``(B, N)``, or ``(N)`` with offsets ``(B)``; weight ``(V, D)``; output ``(B, D)``.

    Returns:
        Tensor: new memory; an empty bag gives zeros.

    Example:
        >>> import cnet
        >>> w = cnet.tensor([[1., 2.], [3., 4.]])
        >>> cnet.nn.functional.embedding_bag(cnet.tensor([[0, 1]]), w, mode='sum').tolist()
        [[4.0, 6.0]]
    """
    if mode not in ('sum', 'mean', 'max'):
        raise ValueError('mode has to be one of sum, mean or max')
    a = checks.tensor(input, 'embedding_bag', 'input', 1)._a
    if per_sample_weights is not None:
        if per_sample_weights._a.shape != a.shape:
            raise ValueError(f'embedding_bag: If per_sample_weights ({list(per_sample_weights._a.shape)}) is not None, '
                             f'then it must have the same shape as the input ({list(a.shape)})')
        if mode != 'sum':
            raise NotImplementedError("embedding_bag: per_sample_weights was not None. per_sample_weights is only "
                                      f"supported for mode='sum' (got mode='{mode}').")
        per_sample_weights = per_sample_weights.reshape(-1)
    bag, bags = _bags(a, offsets, include_last_offset)
    skip = _check_table(input, weight, padding_idx, 'embedding_bag')
    index = as_long(a).reshape(-1)
    if max_norm is not None:
        _renormalise(weight, index, max_norm, norm_type)
    if skip >= 0:
        kept = index != skip
        index, bag = index[kept], bag[kept]
        if per_sample_weights is not None:
            per_sample_weights = per_sample_weights[wrap(kept)]
    if index is a or np.may_share_memory(index, a):
        index = index.copy()  # the node must keep what it was, even if the input is written later
    return EmbeddingBag.apply(weight, index, bag, per_sample_weights, bags=bags, mode=mode,
                              by_frequency=scale_grad_by_freq)


def _bags(a, offsets, include_last_offset):
    """The bag of every element of the flattened input, and the number of bags."""
    if a.ndim == 2:
        if offsets is not None:
            raise ValueError('if input is 2D, then offsets has to be None, as input is treated is a mini-batch of fixed '
                             f'length sequences. However, found offsets of type {type(offsets)}')
        return np.repeat(np.arange(a.shape[0]), a.shape[1]), a.shape[0]
    if a.ndim != 1:
        raise ValueError(f'input has to be 1D or 2D Tensor, but got Tensor of dimension {a.ndim}')
    if offsets is None:
        raise ValueError('offsets has to be a 1D Tensor but got None')
    starts = offsets._a
    if starts.ndim != 1:
        raise ValueError('offsets has to be a 1D Tensor')
    if starts.size and starts[0] != 0:
        raise RuntimeError('offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from position '
                           f'0. However, got {starts[0]}')
    if starts.size and starts[-1] > a.size:
        raise RuntimeError(f"offsets[-1] can not be greater than input's length {a.size} but got offsets[-1] of "
                           f'{starts[-1]}')
    if include_last_offset:
        if not starts.size:
            raise RuntimeError('include_last_offset: number of offsets should be at least 1')
        starts = starts[:-1]
    lengths = np.diff(np.append(starts, a.size if not include_last_offset else offsets._a[-1]))
    if (lengths < 0).any():
        raise RuntimeError('offsets have to be in ascending order')
    return np.repeat(np.arange(len(starts)), lengths), len(starts)


def one_hot(tensor, num_classes=-1):
    """A 1 at the place that a number names, zeros elsewhere.

    Args:
        tensor (Tensor): int64, the numbers.
        num_classes (int): how many places. Default: one more than the largest number.

    Shape:
        Input ``(*)``; output ``(*, num_classes)``.

    Returns:
        Tensor: int64.

    Example:
        >>> import cnet
        >>> cnet.nn.functional.one_hot(cnet.tensor([0, 2])).tolist()
        [[1, 0, 0], [0, 0, 1]]
    """
    a = checks.tensor(tensor, 'one_hot', 'tensor', 1)._a
    if a.dtype != np.int64:
        raise RuntimeError('one_hot is only applicable to index tensor of type LongTensor.')
    if not a.size and num_classes <= 0:
        raise RuntimeError('Can not infer total number of classes from empty tensor.')
    if a.size and a.min() < 0:
        raise RuntimeError('Class values must be non-negative.')
    if num_classes == -1:
        num_classes = int(a.max()) + 1
    elif a.size and a.max() >= num_classes:
        raise RuntimeError('Class values must be smaller than num_classes.')
    y = zeros((*a.shape, num_classes), np.int64)
    np.put_along_axis(y, a[..., None], 1, -1)
    return wrap(y)


METHODS = {}
