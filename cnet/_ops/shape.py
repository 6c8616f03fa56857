"""The same elements with other sizes: view, reshape, flatten, squeeze, unsqueeze.

None of these moves an element unless it has to (`reshape` of memory that does not lie evenly). A gradient goes back
through a reshape.
"""

from math import prod

from .._core import checks, errors
from .._core.arrays import contiguous
from .._core.base import wrap
from .._core.dtype import dtype as dtype_class
from .._core.op import Op, finish
from .._kernels.strided import reshaped, strided, widened

__all__ = ['flatten', 'ravel', 'reshape', 'squeeze', 'unflatten', 'unsqueeze']


def infer(shape, numel):
    """`shape` with its -1 replaced, checked against the number of elements."""
    unknown = -1
    known = 1
    for i, n in enumerate(shape):
        if n >= 0:
            known *= n
        elif n != -1:
            raise RuntimeError(f'invalid shape dimension {n} at index {i} of shape {list(shape)}')
        elif unknown >= 0:
            raise RuntimeError('only one dimension can be inferred')
        else:
            unknown = i
    if unknown < 0:
        if known != numel:
            raise errors.invalid_view(shape, numel)
        return shape
    if known == 0 and numel == 0:
        raise RuntimeError(f'cannot reshape tensor of 0 elements into shape {list(shape)} because the unspecified '
                           'dimension size -1 can be any value and is ambiguous')
    if known == 0 or numel % known:
        raise errors.invalid_view(shape, numel)
    return (*shape[:unknown], numel // known, *shape[unknown + 1:])


class View(Op, name='ViewBackward0'):
    view = True

    @staticmethod
    def forward(x, shape):
        y = reshaped(x, shape)
        if y is None:
            infer(shape, x.size)
            raise RuntimeError("view size is not compatible with input tensor's size and stride (at least one dimension "
                               'spans across two contiguous subspaces). Use .reshape(...) instead.')
        return y

    def backward(self, g):
        return g.reshape(self.in_shape(0))


class UnsafeView(Op, name='UnsafeViewBackward0'):  # a reshape that had to copy
    @staticmethod
    def forward(x, shape):
        return contiguous(x).reshape(shape)

    def backward(self, g):
        return g.reshape(self.in_shape(0))


class Alias(Op, name='AliasBackward0'):
    view = True

    @staticmethod
    def forward(x):
        return x.view()

    def backward(self, g):
        return g


class Squeeze(Op, name='SqueezeBackward0'):
    view = True

    @staticmethod
    def forward(x, dims):
        if len(dims) == 1:  # the usual case, in half the time
            d = dims[0]
            return x.squeeze(d) if x.ndim and x.shape[d] == 1 else x.view()
        keep = [i for i, n in enumerate(x.shape) if n != 1 or i not in dims]
        return strided(x, [x.shape[i] for i in keep], [x.strides[i] for i in keep])

    def backward(self, g):
        return g.reshape(self.in_shape(0))


class SqueezeDim(Squeeze, name='SqueezeBackward1'):
    pass


class SqueezeDims(Squeeze, name='SqueezeBackward2'):
    pass


class Unsqueeze(Op, name='UnsqueezeBackward0'):
    view = True

    @staticmethod
    def forward(x, dim):
        return widened(x, dim)

    def backward(self, g):
        return g.squeeze(self.kw['dim'])


def view(self, *shape, size=None, dtype=None):
    """The same memory with another shape, or its bytes read as another dtype.

    Args:
        shape (int... or tuple of int or dtype): the new sizes, one of which may be -1; or a dtype.
        size (tuple of int, optional): `shape` by keyword.
        dtype (dtype, optional): `shape` by keyword, for a dtype.

    Shape:
        Input of any shape with N elements; output of the given shape, also with N elements. With a dtype of another
        size, the last dimension grows or shrinks.

    Returns:
        Tensor: a view. RuntimeError if it would take a copy.

    Example:
        >>> import cnet
        >>> cnet.arange(6).view(2, -1).tolist()
        [[0, 1, 2], [3, 4, 5]]
    """
    if size is not None:
        shape = size if isinstance(size, (tuple, list)) else (size,)
    elif len(shape) == 1 and type(shape[0]) is dtype_class:
        return _view_dtype(self, shape[0])
    elif dtype is not None:
        return _view_dtype(self, dtype)
    elif not shape:
        raise TypeError('view() received an invalid combination of arguments - got (), but expected (dtype) or '
                        '(tuple of ints size)')
    return _view(self, checks.size(shape, 'view'))


def _view(x, shape):
    y = reshaped(x._a, shape)
    return View.apply(x, shape=shape) if y is None else finish(View, View.info_, (x,), {'shape': shape}, y)


def _view_dtype(x, dtype):
    old, new = x._a.itemsize, dtype.itemsize
    if old != new:
        a = x._a
        names = f'{x.dtype.legacy} as {dtype.legacy} (different element sizes)'
        if a.ndim == 0:
            raise RuntimeError(f'self.dim() cannot be 0 to view {names}')
        if a.strides[-1] != old and a.shape[-1] > 1:
            raise RuntimeError(f'self.stride(-1) must be 1 to view {names}, but got {a.strides[-1] // old}')
        if a.shape[-1] * old % new:
            raise RuntimeError(f'self.size(-1) must be divisible by {new // old} to view {names}, '
                               f'but got {a.shape[-1]}')
    y = wrap(x._a.view(dtype.np))  # bytes have no derivative
    y._v = x._v
    return y


def view_as(self, other):
    """The same memory with the shape of `other`.

    Args:
        other (Tensor): whose shape to take.

    Returns:
        Tensor: a view.

    Example:
        >>> import cnet
        >>> cnet.arange(4).view_as(cnet.zeros(2, 2)).tolist()
        [[0, 1], [2, 3]]
    """
    return _view(self, checks.tensor(other, 'view_as', 'other', 1)._a.shape)


def reshape(input, *shape, **kw):
    """The same elements, in the same order, with another shape: a view if possible, else a copy.

    Args:
        input (Tensor): any tensor.
        shape (int... or tuple of int): the new sizes, one of which may be -1.

    Shape:
        Input of any shape with N elements; output of the given shape, also with N elements.

    Returns:
        Tensor: a view of `input`, or new memory if its elements do not lie evenly enough.

    Example:
        >>> import cnet
        >>> cnet.reshape(cnet.arange(6), (3, 2)).tolist()
        [[0, 1], [2, 3], [4, 5]]
    """
    if kw:
        shape = kw.pop('shape'),
        if kw:
            raise TypeError(f"reshape() got an unexpected keyword argument '{next(iter(kw))}'")
    return _reshape(input, checks.size(shape, 'reshape', 'shape'))


def _reshape(x, shape):
    y = reshaped(x._a, shape)
    if y is not None:
        return finish(View, View.info_, (x,), {'shape': shape}, y)
    if x._a.flags.c_contiguous:
        return View.apply(x, shape=shape)  # which says what is wrong
    return UnsafeView.apply(x, shape=infer(shape, x._a.size))


def reshape_as(self, other):
    """The same elements with the shape of `other`.

    Args:
        other (Tensor): whose shape to take.

    Returns:
        Tensor: a view if possible, else a copy.

    Example:
        >>> import cnet
        >>> cnet.arange(4).reshape_as(cnet.zeros(2, 2)).tolist()
        [[0, 1], [2, 3]]
    """
    return _reshape(self, checks.tensor(other, 'reshape_as', 'other', 1)._a.shape)


def flatten(input, start_dim=0, end_dim=-1):
    """Join neighbouring dimensions into one.

    Args:
        input (Tensor): any tensor; one without dimensions gets one.
        start_dim (int): the first dimension to join.
        end_dim (int): the last one.

    Shape:
        Input ``(A, ..., B, S1, ..., Sn, C, ..., D)``; output ``(A, ..., B, S1 * ... * Sn, C, ..., D)``.

    Returns:
        Tensor: `input` itself if there is nothing to join, a view if possible, else a copy.

    Example:
        >>> import cnet
        >>> tuple(cnet.flatten(cnet.zeros(2, 3, 4), 1).shape)
        (2, 12)
    """
    shape = input._a.shape
    ndim = len(shape)
    start, end = checks.dim(start_dim, ndim), checks.dim(end_dim, ndim)
    if start > end:
        raise RuntimeError('flatten() has invalid args: start_dim cannot come after end_dim')
    if not ndim:
        return _view(input, (1,))
    if start == end:
        return input
    return _reshape(input, (*shape[:start], prod(shape[start:end + 1]), *shape[end + 1:]))


def unflatten(input, dim, sizes):
    """Split one dimension into several.

    Args:
        input (Tensor): any tensor.
        dim (int): the dimension to split.
        sizes (tuple of int): its new sizes; one may be -1.

    Shape:
        Input ``(A, ..., S, ..., D)``; output ``(A, ..., S1, ..., Sn, ..., D)`` with ``S1 * ... * Sn = S``.

    Returns:
        Tensor: a view.

    Example:
        >>> import cnet
        >>> tuple(cnet.unflatten(cnet.zeros(2, 6), 1, (3, -1)).shape)
        (2, 3, 2)
    """
    shape = input._a.shape
    dim = checks.dim(dim, len(shape))
    if not isinstance(sizes, (tuple, list)):
        raise errors.argument_type('unflatten', 'sizes', 'tuple of ints', sizes, 2)
    sizes = checks.size((sizes,), 'unflatten', 'sizes')
    if not sizes:
        raise RuntimeError('unflatten: sizes must be non-empty')
    n = shape[dim]
    if sizes.count(-1) > 1:
        raise RuntimeError('unflatten got an unexpected error:\nonly one dimension can be inferred')
    if -1 not in sizes and prod(sizes) != n:
        raise RuntimeError(f"unflatten: Provided sizes {list(sizes)} don't multiply up to the size of dim {dim} ({n}) "
                           'in the input tensor')
    return View.apply(input, shape=(*shape[:dim], *infer(sizes, n), *shape[dim + 1:]))


def ravel(input):
    """All elements in one dimension.

    Args:
        input (Tensor): any tensor.

    Returns:
        Tensor: a view if the elements lie one after the other, else a copy.

    Example:
        >>> import cnet
        >>> cnet.ravel(cnet.ones(2, 2)).tolist()
        [1.0, 1.0, 1.0, 1.0]
    """
    return View.apply(input.contiguous(), shape=(-1,) if input._a.size else (0,))


def squeeze(input, dim=None):
    """Drop dimensions of size 1.

    Args:
        input (Tensor): any tensor.
        dim (int or tuple of int, optional): look only at these. Default: at all.

    Returns:
        Tensor: a view.

    Example:
        >>> import cnet
        >>> tuple(cnet.squeeze(cnet.zeros(1, 2, 1)).shape), tuple(cnet.squeeze(cnet.zeros(1, 2, 1), 0).shape)
        ((2,), (2, 1))
    """
    ndim = input._a.ndim
    if dim is None:
        dims = range(ndim)
        return finish(Squeeze, Squeeze.info_, (input,), {'dims': dims}, Squeeze.forward(input._a, dims))
    if isinstance(dim, (tuple, list)):
        return SqueezeDims.apply(input, dims=checks.dims(dim, ndim) if dim else ())
    dims = (checks.dim(dim, ndim),)
    return finish(SqueezeDim, SqueezeDim.info_, (input,), {'dims': dims}, Squeeze.forward(input._a, dims))


def unsqueeze(input, dim):
    """Insert a dimension of size 1.

    Args:
        input (Tensor): any tensor with n dimensions.
        dim (int): where, -n-1 ... n.

    Returns:
        Tensor: a view.

    Example:
        >>> import cnet
        >>> tuple(cnet.unsqueeze(cnet.zeros(2, 3), -1).shape)
        (2, 3, 1)
    """
    dim = checks.dim(dim, input._a.ndim + 1)
    return finish(Unsqueeze, Unsqueeze.info_, (input,), {'dim': dim}, widened(input._a, dim))


METHODS = {
    'flatten': flatten, 'ravel': ravel, 'reshape': reshape, 'reshape_as': reshape_as, 'squeeze': squeeze,
    'unflatten': unflatten, 'unsqueeze': unsqueeze, 'view': view, 'view_as': view_as,
}
