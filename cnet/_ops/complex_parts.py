"""Complex numbers as pairs of real ones: view_as_real and view_as_complex, each the other's adjoint; real, imag."""

from .. import _kernels as K
from .._core.arrays import empty
from .._core.dtype import from_np
from .._core.op import Op
from .slices import memory

__all__ = ['imag', 'real', 'view_as_complex', 'view_as_real']

_COMPLEX = {'f': 'F', 'd': 'D'}


class ViewAsReal(Op, name='ViewAsRealBackward0'):
    view = True

    @staticmethod
    def forward(x):
        parts = x.real  # the first of each pair, spaced as the pairs are
        return K.strided.strided(parts, (*x.shape, 2), (*x.strides, parts.itemsize))

    def backward(self, g):
        return view_as_complex(g.contiguous())


class ViewAsComplex(Op, name='ViewAsComplexBackward0'):
    view = True

    @staticmethod
    def forward(x):
        if not x.size:
            return empty(x.shape[:-1], _COMPLEX[x.dtype.char])
        return x.view(_COMPLEX[x.dtype.char])[..., 0]

    def backward(self, g):
        return view_as_real(g)


def view_as_real(input):
    """A complex tensor as pairs of real and imaginary parts.

    Args:
        input (Tensor): complex.

    Shape:
        Input ``(*)``; output ``(*, 2)``.

    Returns:
        Tensor: a view.

    Example:
        >>> import cnet
        >>> cnet.view_as_real(cnet.tensor([1 + 2j])).tolist()
        [[1.0, 2.0]]
    """
    if input._a.dtype.kind != 'c':
        raise RuntimeError('view_as_real is only supported for complex tensors')
    return ViewAsReal.apply(input)


def view_as_complex(input):
    """Pairs of real and imaginary parts as a complex tensor.

    Args:
        input (Tensor): real, with the pairs in the last dimension, next to each other in memory.

    Shape:
        Input ``(*, 2)``; output ``(*)``.

    Returns:
        Tensor: a view.

    Example:
        >>> import cnet
        >>> cnet.view_as_complex(cnet.tensor([[1., 2.]])).tolist()
        [(1+2j)]
    """
    a = input._a
    if a.dtype.char not in _COMPLEX:
        raise RuntimeError('view_as_complex is only supported for half, float and double tensors, but got a tensor of '
                           f'scalar type: {from_np(a.dtype).legacy}')
    if not a.ndim:
        raise RuntimeError('Input tensor must have one or more dimensions')
    if a.shape[-1] != 2:
        raise RuntimeError('Tensor must have a last dimension of size 2')
    if a.strides[-1] != a.itemsize and a.size:
        raise RuntimeError('Tensor must have a last dimension with stride 1')
    if memory(a)[1] % (2 * a.itemsize):
        raise RuntimeError('Tensor must have a storage_offset divisible by 2')
    for n, step in zip(a.shape[:-1], a.strides[:-1], strict=True):
        if step % (2 * a.itemsize) and n > 1:
            raise RuntimeError('Tensor must have a stride divisible by 2 for all but last dimension')
    return ViewAsComplex.apply(input)


def real(input):
    """The real parts.

    Args:
        input (Tensor): any tensor.

    Returns:
        Tensor: a view of a complex tensor; a real one itself.

    Example:
        >>> import cnet
        >>> cnet.real(cnet.tensor([1 + 2j])).tolist()
        [1.0]
    """
    return view_as_real(input)[..., 0] if input._a.dtype.kind == 'c' else input


def imag(input):
    """The imaginary parts.

    Args:
        input (Tensor): complex.

    Returns:
        Tensor: a view.

    Example:
        >>> import cnet
        >>> cnet.imag(cnet.tensor([1 + 2j])).tolist()
        [2.0]
    """
    if input._a.dtype.kind != 'c':
        raise RuntimeError('imag is not implemented for tensors with non-complex dtypes.')
    return view_as_real(input)[..., 1]


METHODS = {
    'imag': property(imag, lambda self, value: imag(self).copy_(value)),
    'real': property(real, lambda self, value: real(self).copy_(value)),
}
