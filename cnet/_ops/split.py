"""Taking a tensor apart: split, chunk, unbind and their kin. Every piece is a view; the adjoint is `cat` or `stack`."""

from itertools import pairwise

from .. import _kernels as K
from .._core import checks
from .._core.base import wrap
from .._core.mode import is_grad_enabled
from .._core.op import Op, finish
from .._kernels.strided import picked
from .join import Cat, Stack
from .slices import Part

__all__ = [
    'chunk', 'dsplit', 'hsplit', 'split', 'split_with_sizes', 'tensor_split', 'unbind', 'unsafe_chunk', 'unsafe_split',
    'unsafe_split_with_sizes', 'vsplit',
]


def _together(grads, dim, new):
    """The gradient of what was cut, without a copy, if those of the pieces lie in one memory as the pieces did: what attention
    makes of queries, keys and values that were one tensor. Else, and where there is to be a history, None."""
    if is_grad_enabled():
        return None
    whole = K.strided.together(tuple([g._a for g in grads]), dim, new)
    return None if whole is None else wrap(whole)


class Split(Op, name='SplitBackward0'):
    view = True
    n_out = 0

    @staticmethod
    def forward(x, bounds, dim):
        before = (slice(None),) * dim
        return tuple([x[(*before, slice(a, b))] for a, b in bounds])

    def backward(self, *g):
        dim = self.kw['dim']
        whole = _together(g, dim, False)
        return Cat.apply(*g, dim=dim, sizes=[x._a.shape[dim] for x in g]) if whole is None else whole


class SplitWithSizes(Split, name='SplitWithSizesBackward0'):
    pass


class UnsafeSplit(Split, name='UnsafeSplitBackward0'):
    view = False  # as far as autograd knows


class UnsafeSplitWithSizes(UnsafeSplit, name='UnsafeSplitWithSizesBackward0'):
    pass


class Unbind(Op, name='UnbindBackward0'):
    view = True
    n_out = 0

    @staticmethod
    def forward(x, dim):
        return tuple([picked(x, dim, i) for i in range(x.shape[dim])])

    def backward(self, *g):
        dim = self.kw['dim']
        whole = _together(g, dim, True)
        return Stack.apply(*g, dim=dim) if whole is None else whole


def split(tensor, split_size_or_sections, dim=0):
    """Cut a tensor into pieces along a dimension.

    Args:
        tensor (Tensor): at least one dimension.
        split_size_or_sections (int or sequence of int): the length of every piece (the last may be shorter), or the
            length of each.
        dim (int): the dimension to cut.

    Returns:
        tuple of Tensor: views.

    Example:
        >>> import cnet
        >>> [x.tolist() for x in cnet.split(cnet.arange(5), 2)]
        [[0, 1], [2, 3], [4]]
    """
    if isinstance(split_size_or_sections, (tuple, list)):
        return split_with_sizes(tensor, split_size_or_sections, dim)
    return Split.apply(tensor, **_even(tensor, split_size_or_sections, dim, 'split'))


def _even(x, size, dim, name):
    shape = x._a.shape
    if not shape:
        raise RuntimeError(f'{name} expects at least a 1-dimensional tensor')
    size = checks.integer(size, name, 'split_size', 2)
    if size < 0:
        raise RuntimeError(f'split expects split_size be non-negative, but got split_size={size}')
    dim = checks.dim(dim, len(shape))
    n = shape[dim]
    if size == 0 and n:
        raise RuntimeError(f'split_size can only be 0 if dimension size is 0, but got dimension size of {n}')
    starts = range(0, n, size) if n else (0,)
    return {'bounds': tuple([(i, min(i + size, n)) for i in starts]), 'dim': dim}


def split_with_sizes(input, split_sizes, dim=0):
    """Cut a tensor into pieces of given lengths.

    Args:
        input (Tensor): at least one dimension.
        split_sizes (sequence of int): the length of each piece; together they make up the dimension.
        dim (int): the dimension to cut.

    Returns:
        tuple of Tensor: views.

    Example:
        >>> import cnet
        >>> [x.tolist() for x in cnet.split_with_sizes(cnet.arange(3), (1, 2))]
        [[0], [1, 2]]
    """
    return SplitWithSizes.apply(input, **_uneven(input, split_sizes, dim))


def _uneven(x, sizes, dim):
    shape = x._a.shape
    if not shape:
        raise RuntimeError('split_with_sizes expects at least a 1-dimensional tensor')
    dim = checks.dim(dim, len(shape))
    sizes = checks.size((sizes,), 'split_with_sizes', 'split_sizes')
    end, bounds = 0, []
    for n in sizes:
        if n < 0:
            raise RuntimeError('split_with_sizes expects split_sizes have only non-negative entries, but got '
                               f'split_sizes={list(sizes)}')
        bounds.append((end, end + n))
        end += n
    if end != shape[dim]:
        raise RuntimeError(f"split_with_sizes expects split_sizes to sum exactly to {shape[dim]} (input tensor's size at "
                           f'dimension {dim}), but got split_sizes={list(sizes)}')
    return {'bounds': tuple(bounds), 'dim': dim}


def chunk(input, chunks, dim=0):
    """Cut a tensor into a number of pieces, as equal as whole steps allow; there may be fewer pieces.

    Args:
        input (Tensor): at least one dimension.
        chunks (int): how many pieces at most.
        dim (int): the dimension to cut.

    Returns:
        tuple of Tensor: views.

    Example:
        >>> import cnet
        >>> [x.tolist() for x in cnet.chunk(cnet.arange(5), 2)]
        [[0, 1, 2], [3, 4]]
    """
    if chunk_bounds := _chunks(input, chunks, dim):
        return Split.apply(input, **chunk_bounds)
    return SplitWithSizes.apply(input, bounds=((0, 0),) * chunks, dim=checks.dim(dim, input._a.ndim))


def _chunks(x, chunks, dim):
    """The pieces of `chunk`; None for an empty dimension, which has `chunks` empty pieces."""
    shape = x._a.shape
    if not shape:
        raise RuntimeError('chunk expects at least a 1-dimensional tensor')
    if chunks <= 0:
        raise RuntimeError(f'chunk expects `chunks` to be greater than 0, got: {chunks}')
    n = shape[checks.dim(dim, len(shape))]
    return _even(x, -(-n // chunks), dim, 'chunk') if n else None


def unsafe_split(input, split_size, dim=0):
    """`split` with pieces that may be written in place, because autograd takes them for separate tensors.

    Args:
        input (Tensor): at least one dimension.
        split_size (int): the length of every piece; the last may be shorter.
        dim (int): the dimension to cut.

    Returns:
        tuple of Tensor: pieces of the same memory, each of which counts its own versions.

    Example:
        >>> import cnet
        >>> [x.tolist() for x in cnet.unsafe_split(cnet.arange(3), 2)]
        [[0, 1], [2]]
    """
    return UnsafeSplit.apply(input, **_even(input, split_size, dim, 'split'))


def unsafe_split_with_sizes(input, split_sizes, dim=0):
    """`split_with_sizes` with pieces that may be written in place, because autograd takes them for separate tensors.

    Args:
        input (Tensor): at least one dimension.
        split_sizes (sequence of int): the length of each piece.
        dim (int): the dimension to cut.

    Returns:
        tuple of Tensor: pieces of the same memory, each of which counts its own versions.

    Example:
        >>> import cnet
        >>> [x.tolist() for x in cnet.unsafe_split_with_sizes(cnet.arange(3), (1, 2))]
        [[0], [1, 2]]
    """
    return UnsafeSplitWithSizes.apply(input, **_uneven(input, split_sizes, dim))


def unsafe_chunk(input, chunks, dim=0):
    """`chunk` with pieces that may be written in place, because autograd takes them for separate tensors.

    Args:
        input (Tensor): at least one dimension.
        chunks (int): how many pieces at most.
        dim (int): the dimension to cut.

    Returns:
        tuple of Tensor: pieces of the same memory, each of which counts its own versions.

    Example:
        >>> import cnet
        >>> [x.tolist() for x in cnet.unsafe_chunk(cnet.arange(3), 2)]
        [[0, 1], [2]]
    """
    if chunk_bounds := _chunks(input, chunks, dim):
        return UnsafeSplit.apply(input, **chunk_bounds)
    return UnsafeSplitWithSizes.apply(input, bounds=((0, 0),) * chunks, dim=checks.dim(dim, input._a.ndim))


def unbind(input, dim=0):
    """All slices along a dimension.

    Args:
        input (Tensor): at least one dimension.
        dim (int): the dimension that disappears.

    Returns:
        tuple of Tensor: views.

    Example:
        >>> import cnet
        >>> [x.tolist() for x in cnet.unbind(cnet.tensor([[1, 2], [3, 4]]), 1)]
        [[1, 3], [2, 4]]
    """
    if not input._a.ndim:
        checks.dim(dim, 0)
        raise IndexError(f'Dimension specified as {dim} but tensor has no dimensions')
    dim = checks.dim(dim, input._a.ndim)
    return finish(Unbind, Unbind.info_, (input,), {'dim': dim}, Unbind.forward(input._a, dim))


def tensor_split(input, indices_or_sections=None, dim=0, *, indices=None, sections=None,
                 tensor_indices_or_sections=None):
    """Cut a tensor at given places, or into a number of pieces whose lengths differ by at most one.

    Args:
        input (Tensor): at least one dimension.
        indices_or_sections (int, sequence of int or Tensor): the number of pieces, or where to cut.
        dim (int): the dimension to cut.
        indices, sections, tensor_indices_or_sections: `indices_or_sections` by other keywords.

    Returns:
        tuple of Tensor: views.

    Example:
        >>> import cnet
        >>> [x.tolist() for x in cnet.tensor_split(cnet.arange(5), 2)]
        [[0, 1, 2], [3, 4]]
        >>> [x.tolist() for x in cnet.tensor_split(cnet.arange(5), (1, 3))]
        [[0], [1, 2], [3, 4]]
    """
    for given in (indices, sections, tensor_indices_or_sections):
        if given is not None:
            indices_or_sections = given
    cuts = indices_or_sections
    shape = input._a.shape
    if not shape:
        raise RuntimeError('tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims')
    dim = checks.dim(dim, len(shape))
    n = shape[dim]
    if hasattr(cuts, '_a'):
        cuts = _from_tensor(cuts)
    if isinstance(cuts, (tuple, list)):
        cuts = [0, *checks.size((cuts,), 'tensor_split', 'indices'), n]
    else:
        sections = checks.integer(cuts, 'tensor_split', 'indices_or_sections', 2)
        if sections <= 0:
            raise RuntimeError(f'number of sections must be larger than 0, got {sections}')
        size, longer = divmod(n, sections)
        cuts = [i * size + min(i, longer) for i in range(sections + 1)]
    before = (slice(None),) * dim
    return tuple([Part.apply(input, key=(*before, slice(a, b), ...)) for a, b in pairwise(cuts)])


def _from_tensor(cuts):
    a = cuts._a
    if a.ndim > 1:
        raise RuntimeError('tensor_split expected tensor_indices_or_sections to be a zero-dimensional or '
                           f'one-dimensional tensor, but got a tensor with {a.ndim} dims')
    if a.dtype != 'int64':
        raise RuntimeError('tensor_split expected tensor_indices_or_sections to have dtype of long, but got '
                           f'{cuts.dtype.legacy}')
    return a.tolist()


def _directed(x, cuts, dim, ndim, name):
    if x._a.ndim < ndim:
        raise RuntimeError(f'cnet.{name} requires a tensor with at least {ndim} dimension, but got a tensor with '
                           f'{x._a.ndim} dimensions!')
    if isinstance(cuts, int):
        n = x._a.shape[dim]
        if cuts <= 0 or n % cuts:
            raise RuntimeError(f'cnet.{name} attempted to split along dimension {dim}, but the size of the dimension '
                               f'{n} is not divisible by the split_size {cuts}!')
    return tensor_split(x, cuts, dim)


def hsplit(input, indices_or_sections=None, *, indices=None, sections=None):
    """Cut a tensor into columns: along dimension 1, or 0 if it has no other.

    Args:
        input (Tensor): at least one dimension.
        indices_or_sections (int or sequence of int): the number of equal pieces, or where to cut.
        indices, sections: `indices_or_sections` by other keywords.

    Returns:
        tuple of Tensor: views.

    Example:
        >>> import cnet
        >>> [x.tolist() for x in cnet.hsplit(cnet.tensor([[1, 2], [3, 4]]), 2)]
        [[[1], [3]], [[2], [4]]]
    """
    cuts = _given(indices_or_sections, indices, sections)
    return _directed(input, cuts, 1 if input._a.ndim > 1 else 0, 1, 'hsplit')


def vsplit(input, indices_or_sections=None, *, indices=None, sections=None):
    """Cut a tensor into rows: along dimension 0.

    Args:
        input (Tensor): at least two dimensions.
        indices_or_sections (int or sequence of int): the number of equal pieces, or where to cut.
        indices, sections: `indices_or_sections` by other keywords.

    Returns:
        tuple of Tensor: views.

    Example:
        >>> import cnet
        >>> [x.tolist() for x in cnet.vsplit(cnet.tensor([[1, 2], [3, 4]]), 2)]
        [[[1, 2]], [[3, 4]]]
    """
    return _directed(input, _given(indices_or_sections, indices, sections), 0, 2, 'vsplit')


def dsplit(input, indices_or_sections=None, *, indices=None, sections=None):
    """Cut a tensor in depth: along dimension 2.

    Args:
        input (Tensor): at least three dimensions.
        indices_or_sections (int or sequence of int): the number of equal pieces, or where to cut.
        indices, sections: `indices_or_sections` by other keywords.

    Returns:
        tuple of Tensor: views.

    Example:
        >>> import cnet
        >>> [tuple(x.shape) for x in cnet.dsplit(cnet.zeros(1, 1, 4), (1, 2))]
        [(1, 1, 1), (1, 1, 1), (1, 1, 2)]
    """
    return _directed(input, _given(indices_or_sections, indices, sections), 2, 3, 'dsplit')


def _given(cuts, indices, sections):
    return indices if indices is not None else sections if sections is not None else cuts


METHODS = {
    'chunk': chunk, 'dsplit': dsplit, 'hsplit': hsplit, 'split': split, 'split_with_sizes': split_with_sizes,
    'tensor_split': tensor_split, 'unbind': unbind, 'unsafe_chunk': unsafe_chunk, 'unsafe_split': unsafe_split,
    'unsafe_split_with_sizes': unsafe_split_with_sizes, 'vsplit': vsplit,
}
