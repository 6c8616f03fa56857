"""Dimensions in another order: permute, transpose and their kin. All are views, each the adjoint of its inverse."""

from .._core import checks
from .._core.caution import warn
from .._core.op import Op, finish
from .._kernels.strided import permuted, swapped

__all__ = ['adjoint', 'moveaxis', 'movedim', 'permute', 'swapaxes', 'swapdims', 't', 'transpose']


class Permute(Op, name='PermuteBackward0'):
    view = True

    @staticmethod
    def forward(x, dims):
        return x.transpose(dims)

    def backward(self, g):
        dims = self.kw['dims']
        inverse = [0] * len(dims)
        for i, d in enumerate(dims):
            inverse[d] = i
        return Permute.apply(g, dims=tuple(inverse))


class Transpose(Op, name='TransposeBackward0'):
    view = True

    @staticmethod
    def forward(x, dim0, dim1):
        return swapped(x, dim0, dim1) if x.ndim else x.view()

    def backward(self, g):
        return Transpose.apply(g, **self.kw)


class T(Op, name='TBackward0'):
    view = True

    @staticmethod
    def forward(x):
        return x.T

    def backward(self, g):
        return T.apply(g)


def permute(input, *dims, **kw):
    """The dimensions in another order.

    Args:
        input (Tensor): any tensor.
        dims (int... or tuple of int): for each dimension of the result, the one of `input` that it is.

    Returns:
        Tensor: a view.

    Example:
        >>> import cnet
        >>> tuple(cnet.permute(cnet.zeros(2, 3, 4), (2, 0, 1)).shape)
        (4, 2, 3)
    """
    if kw:
        dims = kw.pop('dims'),
        if kw:
            raise TypeError(f"permute() got an unexpected keyword argument '{next(iter(kw))}'")
    dims = checks.size(dims, 'permute', 'dims')
    view = permuted(input._a, dims)
    if view is not None:
        return finish(Permute, Permute.info_, (input,), {'dims': dims}, view)
    ndim = input._a.ndim
    if len(dims) != ndim:
        raise RuntimeError('permute(sparse_coo): number of dimensions in the tensor input does not match the length of '
                           f'the desired ordering of dimensions i.e. input.dim() = {ndim} is not equal to len(dims) = '
                           f'{len(dims)}')
    dims = tuple([checks.dim(d, ndim) for d in dims])
    if len(set(dims)) < ndim:
        raise RuntimeError('permute(): duplicate dims are not allowed.')
    return finish(Permute, Permute.info_, (input,), {'dims': dims}, input._a.transpose(dims))


def transpose(input, dim0, dim1):
    """Two dimensions in each other's place.

    Args:
        input (Tensor): any tensor.
        dim0 (int): the one dimension.
        dim1 (int): the other.

    Returns:
        Tensor: a view.

    Example:
        >>> import cnet
        >>> tuple(cnet.transpose(cnet.zeros(2, 3, 4), 0, -1).shape)
        (4, 3, 2)
    """
    ndim = input._a.ndim
    dim0, dim1 = checks.dim(dim0, ndim), checks.dim(dim1, ndim)
    return finish(Transpose, Transpose.info_, (input,), {'dim0': dim0, 'dim1': dim1}, Transpose.forward(input._a, dim0, dim1))


def swapaxes(input, axis0, axis1):
    """`transpose` under NumPy's name.

    Args:
        input (Tensor): any tensor.
        axis0 (int): the one dimension.
        axis1 (int): the other.

    Returns:
        Tensor: a view.

    Example:
        >>> import cnet
        >>> tuple(cnet.swapaxes(cnet.zeros(2, 3), 0, 1).shape)
        (3, 2)
    """
    return transpose(input, axis0, axis1)


def swapdims(input, dim0, dim1):
    """`transpose` under another name.

    Args:
        input (Tensor): any tensor.
        dim0 (int): the one dimension.
        dim1 (int): the other.

    Returns:
        Tensor: a view.

    Example:
        >>> import cnet
        >>> tuple(cnet.swapdims(cnet.zeros(2, 3), 0, 1).shape)
        (3, 2)
    """
    return transpose(input, dim0, dim1)


def t(input):
    """A matrix with rows and columns exchanged.

    Args:
        input (Tensor): at most two dimensions; with fewer, the result is like the input.

    Shape:
        Input ``(N, M)``, ``(N)`` or ``()``; output ``(M, N)``, ``(N)`` or ``()``.

    Returns:
        Tensor: a view.

    Example:
        >>> import cnet
        >>> cnet.t(cnet.tensor([[1, 2], [3, 4]])).tolist()
        [[1, 3], [2, 4]]
    """
    if input._a.ndim > 2:
        raise RuntimeError(f't() expects a tensor with <= 2 dimensions, but self is {input._a.ndim}D')
    return finish(T, T.info_, (input,), {}, input._a.T)


def movedim(input, source, destination):
    """Take dimensions out and put them elsewhere; the others keep their order.

    Args:
        input (Tensor): any tensor.
        source (int or tuple of int): where the dimensions are.
        destination (int or tuple of int): where each of them goes.

    Returns:
        Tensor: a view.

    Example:
        >>> import cnet
        >>> tuple(cnet.movedim(cnet.zeros(2, 3, 4), 0, -1).shape)
        (3, 4, 2)
    """
    ndim = input._a.ndim
    source = source if isinstance(source, (tuple, list)) else (source,)
    destination = destination if isinstance(destination, (tuple, list)) else (destination,)
    if len(source) != len(destination):
        raise RuntimeError(f'movedim: Invalid source or destination dims: source ({list(source)} dims) should contain '
                           f'the same number of dims as destination ({list(destination)} dims)')
    froms = [checks.dim(d, ndim) for d in source]
    tos = [checks.dim(d, ndim) for d in destination]
    for which, given, dims in (('source', source, froms), ('destination', destination, tos)):
        if len(set(dims)) < len(dims):
            raise RuntimeError(f'movedim: repeated dim in `{which}` ({list(given)})')
    if not ndim:
        return input[...]
    rest = iter([d for d in range(ndim) if d not in froms])
    placed = dict(zip(tos, froms, strict=True))
    return Permute.apply(input, dims=tuple([placed[d] if d in placed else next(rest) for d in range(ndim)]))


def moveaxis(input, source, destination):
    """`movedim` under NumPy's name.

    Args:
        input (Tensor): any tensor.
        source (int or tuple of int): where the dimensions are.
        destination (int or tuple of int): where each of them goes.

    Returns:
        Tensor: a view.

    Example:
        >>> import cnet
        >>> tuple(cnet.moveaxis(cnet.zeros(2, 3, 4), 0, -1).shape)
        (3, 4, 2)
    """
    return movedim(input, source, destination)


def adjoint(input):
    """Matrices transposed and conjugated.

    Args:
        input (Tensor): a matrix or a batch of them.

    Shape:
        Input ``(*, N, M)``; output ``(*, M, N)``.

    Returns:
        Tensor: a view of a real tensor; new memory for a complex one.

    Example:
        >>> import cnet
        >>> cnet.adjoint(cnet.tensor([[1., 2.], [3., 4.]])).tolist()
        [[1.0, 3.0], [2.0, 4.0]]
    """
    return _last_two(input, 'adjoint()').conj()


def _last_two(x, name, advice='Consider using x.conj().'):
    ndim = x._a.ndim
    if ndim == 1:
        raise RuntimeError(f'tensor.{name} is only supported on matrices or batches of matrices. Got 1-D tensor.')
    if ndim == 0:
        subject = name if name == 'adjoint()' else f'Tensor.{name}'
        warn(f'{subject} is deprecated on 0-D tensors. {advice}')
        return x
    kw = {'dim0': ndim - 2, 'dim1': ndim - 1}
    return finish(Transpose, Transpose.info_, (x,), kw, swapped(x._a, ndim - 2, ndim - 1))


def reversed_dims(x):
    """``x.T``: the dimensions in reverse order."""
    ndim = x._a.ndim
    if ndim != 2:
        warn('Tensor.T is deprecated on 0-D tensors. This function is the identity in these cases.' if not ndim
             else 'The use of `x.T` on tensors of dimension other than 2 to reverse their shape is deprecated '
             'and it will throw an error in a future release. Consider `x.mT` to transpose batches of matrices or '
             '`x.permute(*cnet.arange(x.ndim - 1, -1, -1))` to reverse the dimensions of a tensor.')
    return finish(Permute, Permute.info_, (x,), {'dims': tuple(range(ndim - 1, -1, -1))}, x._a.T)


def matrix_transpose(x):
    """``x.mT``: the last two dimensions exchanged."""
    return _last_two(x, 'mT', 'This function is the identity in these cases.')


def conjugate_matrix_transpose(x):
    """``x.mH``: the last two dimensions exchanged, conjugated."""
    return _last_two(x, 'mH').conj()


def conjugate_transpose(x):
    """``x.H``: a matrix transposed and conjugated."""
    ndim = x._a.ndim
    if ndim not in (0, 2):
        raise RuntimeError(f'tensor.H is only supported on matrices (2-D tensors). Got {ndim}-D tensor.'
                           + (' For batches of matrices, consider using tensor.mH' if ndim > 2 else ''))
    return _last_two(x, 'H').conj()


METHODS = {
    'H': property(conjugate_transpose), 'T': property(reversed_dims), 'adjoint': adjoint,
    'mH': property(conjugate_matrix_transpose), 'mT': property(matrix_transpose), 'moveaxis': moveaxis,
    'movedim': movedim, 'permute': permute, 'swapaxes': swapaxes, 'swapdims': swapdims, 't': t, 'transpose': transpose,
}
