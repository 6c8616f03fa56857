"""Tensors as Python numbers, sequences and NumPy arrays, and the exchange with other libraries."""

import numpy as np

from .._core.base import TensorBase, wrap
from .._core.dtype import number_category

__all__ = ['is_nonzero']


def item(self):
    """Return the only element as a Python number.

    Returns:
        Number: bool, int, float or complex.

    Example:
        >>> import cnet
        >>> cnet.tensor([[2.5]]).item()
        2.5
    """
    a = self._a
    if a.size != 1:
        raise RuntimeError(f'a Tensor with {a.size} elements cannot be converted to Scalar')
    return a.item()


def tolist(self):
    """Return the elements as nested lists of Python numbers; a tensor without dimensions gives a number.

    Returns:
        list or Number: the elements.

    Example:
        >>> import cnet
        >>> cnet.arange(4).view(2, 2).tolist()
        [[0, 1], [2, 3]]
    """
    return self._a.tolist()


def numpy(self, *, force=False):
    """Return an array over the memory of the tensor.

    Args:
        force (bool): whether to accept a tensor that requires a gradient, as ``detach().numpy()`` does.
            Default: False.

    Returns:
        numpy.ndarray: writing to it writes to the tensor.

    Example:
        >>> import cnet
        >>> cnet.ones(2).numpy()
        array([1., 1.], dtype=float32)
    """
    if not force and self.requires_grad:
        raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
    return self._a.view()  # another array object: reshaping it in place must not reshape the tensor


def is_nonzero(input):
    """Tell whether the only element differs from zero.

    Args:
        input (Tensor): a tensor with one element.

    Returns:
        bool: whether it does.

    Example:
        >>> import cnet
        >>> cnet.is_nonzero(cnet.tensor([0.0]))
        False
    """
    return input.__bool__()


def _bool(self):
    """Truth of the only element."""
    a = self._a
    if a.size != 1:
        raise RuntimeError('Boolean value of Tensor with '
                           + ('more than one value' if a.size else 'no values') + ' is ambiguous')
    return bool(a.item())


def _only(self):
    a = self._a
    if a.size != 1:
        raise ValueError('only one element tensors can be converted to Python scalars')
    return a.item()


def _int(self):
    """The only element as int."""
    return int(_real(_only(self), 'int64_t'))


def _float(self):
    """The only element as float."""
    return float(_real(_only(self), 'double'))


def _complex(self):
    """The only element as complex."""
    return complex(_only(self))


def _real(value, kind):
    if isinstance(value, complex):
        if value.imag:
            raise RuntimeError(f'value cannot be converted to type {kind} without overflow')
        return value.real
    return value


def _index(self):
    """The only element of an integer tensor as an index."""
    a = self._a
    if a.size != 1 or a.dtype.kind not in 'iub':
        raise TypeError('only integer tensors of a single element can be converted to an index')
    return int(a.item())


def _len(self):
    """The length of the first dimension."""
    shape = self._a.shape
    if not shape:
        raise TypeError('len() of a 0-d tensor')
    return shape[0]


def _iter(self):
    """An iterator over the slices along the first dimension."""
    if not self._a.ndim:
        raise TypeError('iteration over a 0-d tensor')
    return iter(self.unbind(0))


def _contains(self, element):
    """Whether some element equals a number or the elements of a tensor."""
    if isinstance(element, TensorBase) or number_category(element) is not None:
        return bool((element == self).any().item())
    raise RuntimeError(f'Tensor.__contains__ only supports Tensor or scalar, but you passed in a {type(element)}.')


def _hash(self):
    """Identity: `==` compares elements, so it cannot serve as a key."""
    return id(self)


def _format(self, spec):
    """A number's format for a tensor without dimensions; others take no specification."""
    if not self._a.ndim:
        return format(self._a.item(), spec)
    return object.__format__(self, spec)


def _array(self, dtype=None, copy=None):
    """The protocol of ``numpy.asarray``."""
    a = numpy(self)
    if dtype is not None and a.dtype != dtype:
        if copy is False:
            raise ValueError(f'a copy is needed to convert {self.dtype} to {np.dtype(dtype)}')
        return a.astype(dtype)
    return a.copy() if copy else a


def _array_wrap(self, array, context=None, return_scalar=False):
    """What NumPy's functions return for tensors: tensors."""
    return wrap(np.asarray(array))


def _dlpack(self, *, stream=None, max_version=None, dl_device=None, copy=None):
    """A capsule with the memory, for ``from_dlpack`` of other libraries."""
    if self.requires_grad:
        raise BufferError("Can't export tensors that require gradient, use tensor.detach()")
    if copy is None and dl_device is None and max_version is None:
        return self._a.__dlpack__(stream=stream)
    return self._a.__dlpack__(stream=stream, max_version=max_version, dl_device=dl_device, copy=copy)


def _dlpack_device(self):
    """Kind and number of the device: the CPU."""
    return self._a.__dlpack_device__()


METHODS = {
    'item': item, 'tolist': tolist, 'numpy': numpy, 'is_nonzero': is_nonzero,
    '__bool__': _bool, '__int__': _int, '__float__': _float, '__complex__': _complex, '__index__': _index,
    '__len__': _len, '__iter__': _iter, '__contains__': _contains, '__hash__': _hash, '__format__': _format,
    '__array__': _array, '__array_wrap__': _array_wrap, '__array_priority__': 1000,
    '__dlpack__': _dlpack, '__dlpack_device__': _dlpack_device,
}
