"""In-place forms of views: the tensor keeps its memory and gets other sizes and strides."""

import warnings
from math import prod

import numpy as np

from .._core import checks
from .._core.base import GRAD
from .._core.device import contiguous_format
from .._kernels._state import flags
from .permute import t, transpose
from .shape import squeeze, unsqueeze
from .slices import as_strided, memory

__all__ = ['as_strided_', 'resize_as_']


def _become(x, y):
    """Let `x` be what its view `y` is."""
    if flags() & GRAD and x.requires_grad:
        view = x._view
        if view is not None and view.base.is_leaf:
            raise RuntimeError('a view of a leaf Variable that requires grad is being used in an in-place operation.')
        if x.is_leaf:
            raise RuntimeError('a leaf Variable that requires grad is being used in an in-place operation.')
    if x._view is not None:
        x._view = y._view
    x._a, x._fn, x._nr, x._req = y._a, y._fn, y._nr, y._req
    x._v.n += 1
    if x._view is not None:
        x._view.seen = x._v.n
    return x


def squeeze_(self, dim=None):
    """`squeeze` of the tensor itself.

    Example:
        >>> import cnet
        >>> tuple(cnet.zeros(1, 2).squeeze_().shape)
        (2,)
    """
    return _become(self, squeeze(self, dim))


def unsqueeze_(self, dim):
    """`unsqueeze` of the tensor itself.

    Example:
        >>> import cnet
        >>> tuple(cnet.zeros(2).unsqueeze_(0).shape)
        (1, 2)
    """
    return _become(self, unsqueeze(self, dim))


def t_(self):
    """`t` of the tensor itself.

    Example:
        >>> import cnet
        >>> tuple(cnet.zeros(2, 3).t_().shape)
        (3, 2)
    """
    return _become(self, t(self))


def transpose_(self, dim0, dim1):
    """`transpose` of the tensor itself.

    Example:
        >>> import cnet
        >>> tuple(cnet.zeros(2, 3).transpose_(0, 1).shape)
        (3, 2)
    """
    return _become(self, transpose(self, dim0, dim1))


def swapaxes_(self, axis0, axis1):
    """`swapaxes` of the tensor itself.

    Example:
        >>> import cnet
        >>> tuple(cnet.zeros(2, 3).swapaxes_(0, 1).shape)
        (3, 2)
    """
    return _become(self, transpose(self, axis0, axis1))


def as_strided_(input, size, stride, storage_offset=None):
    """`as_strided` of the tensor itself.

    Args:
        input (Tensor): the tensor to change.
        size (tuple of int): the sizes.
        stride (tuple of int): for each dimension, how many elements of memory lie between neighbours.
        storage_offset (int, optional): the first element's place in the memory. Default: as it is.

    Returns:
        Tensor: `input`.

    Example:
        >>> import cnet
        >>> cnet.arange(4).as_strided_((2,), (2,)).tolist()
        [0, 2]
    """
    return _become(input, as_strided(input, size, stride, storage_offset))


def resize_(self, *size, memory_format=contiguous_format):
    """Give this tensor another number of elements, in the same memory if it is large enough.

    Args:
        size (int... or tuple of int): the new sizes. New elements are undefined.
        memory_format (memory_format): accepted; the result is contiguous.

    Returns:
        Tensor: this tensor.

    Example:
        >>> import cnet
        >>> cnet.tensor([[1, 2], [3, 4]]).resize_(3).tolist()
        [1, 2, 3]
    """
    size = checks.size(size, 'resize_')
    if self.requires_grad:
        raise RuntimeError('cannot resize variables that require grad')
    if any(n < 0 for n in size):
        raise RuntimeError(f'Trying to create tensor with negative dimension {min(size)}: {list(size)}')
    a = self._a
    if a.shape == size:
        return self
    root, start = memory(a)
    need = prod(size) * a.itemsize
    flat = root.reshape(-1)[start // a.itemsize:]
    if need > flat.nbytes:
        old, flat = flat, np.empty(prod(size), a.dtype)
        flat[:old.size] = old
    self._a = flat[:prod(size)].reshape(size)
    self._v.n += 1
    return self


def resize_as_(self, the_template, *, memory_format=contiguous_format):
    """`resize_` to the shape of another tensor.

    Args:
        the_template (Tensor): whose shape to take.
        memory_format (memory_format): accepted; the result is contiguous.

    Returns:
        Tensor: this tensor.

    Example:
        >>> import cnet
        >>> cnet.tensor([1, 2, 3]).resize_as_(cnet.zeros(2)).tolist()
        [1, 2]
    """
    return resize_(self, checks.tensor(the_template, 'resize_as_', 'the_template', 1)._a.shape)


def resize(self, *sizes):
    """The old name of `reshape` to a shape of as many elements; it warns.

    Args:
        sizes (int...): the new sizes.

    Returns:
        Tensor: a view, if the memory allows it.

    Example:
        >>> import cnet, warnings
        >>> with warnings.catch_warnings():
        ...     warnings.simplefilter('ignore')
        ...     cnet.zeros(4).resize(2, 2).shape
        cnet.Size([2, 2])
    """
    warnings.warn('non-inplace resize is deprecated', stacklevel=2)
    if prod(sizes) != self._a.size:
        raise RuntimeError(f'requested resize to {"x".join(map(str, sizes))} ({prod(sizes)} elements in total), but the given '
                           f'tensor has a size of {"x".join(map(str, self._a.shape))} ({self._a.size} elements). autograd\'s '
                           'resize can only change the shape of a given tensor, while preserving the number of elements. ')
    return self.reshape(sizes)


def resize_as(self, tensor):
    """The old name of `reshape_as`; it warns."""
    return resize(self, *tensor._a.shape)


METHODS = {
    'as_strided_': as_strided_, 'resize': resize, 'resize_': resize_, 'resize_as': resize_as,
    'resize_as_': resize_as_, 'squeeze_': squeeze_,
    'swapaxes_': swapaxes_, 'swapdims_': swapaxes_, 't_': t_, 'transpose_': transpose_, 'unsqueeze_': unsqueeze_,
}
