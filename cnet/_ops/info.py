"""Questions about a tensor that need no arithmetic: sizes, strides, memory, kind of type."""

from .._core import arrays, checks
from .._core.device import strided
from .._core.size import Size

__all__ = ['is_complex', 'is_conj', 'is_floating_point', 'is_neg', 'is_same_size', 'is_signed', 'numel',
           'resolve_conj', 'resolve_neg']


def size(self, dim=None):
    """Return the shape, or the length of one dimension.

    Args:
        dim (int, optional): the dimension.

    Returns:
        Size or int: the lengths or the length.

    Example:
        >>> import cnet
        >>> cnet.ones(2, 3).size(), cnet.ones(2, 3).size(-1)
        (cnet.Size([2, 3]), 3)
    """
    shape = self._a.shape
    if dim is None:
        return tuple.__new__(Size, shape)
    return shape[_existing(dim, len(shape), 'size')]


def stride(self, dim=None):
    """Return the distances in memory of neighbours along the dimensions, in elements.

    Args:
        dim (int, optional): one dimension only.

    Returns:
        tuple or int: the distances or the distance.

    Example:
        >>> import cnet
        >>> cnet.ones(2, 3).stride()
        (3, 1)
    """
    step = arrays.strides(self._a)
    return step if dim is None else step[_existing(dim, len(step), 'stride')]


def _existing(dim, ndim, op):
    d = checks.integer(dim, op, 'dim', 1)
    if not ndim:
        raise IndexError(f'Dimension specified as {d} but tensor has no dimensions')
    return checks.dim(d, ndim)


def dim(self):
    """Return the number of dimensions."""
    return self._a.ndim


def numel(input):
    """Return the number of elements.

    Args:
        input (Tensor): the tensor.

    Returns:
        int: how many.

    Example:
        >>> import cnet
        >>> cnet.numel(cnet.ones(2, 3))
        6
    """
    return checks.tensor(input, 'numel', 'input', 1)._a.size


def element_size(self):
    """Return the size of one element in bytes."""
    return self._a.itemsize


def data_ptr(self):
    """Return the address of the first element."""
    return self._a.ctypes.data


def is_floating_point(input):
    """Tell whether the elements are floating-point numbers.

    Args:
        input (Tensor): the tensor.

    Returns:
        bool: whether they are.

    Example:
        >>> import cnet
        >>> cnet.is_floating_point(cnet.ones(1))
        True
    """
    return checks.tensor(input, 'is_floating_point', 'input', 1)._a.dtype.kind == 'f'


def is_complex(input):
    """Tell whether the elements are complex numbers.

    Args:
        input (Tensor): the tensor.

    Returns:
        bool: whether they are.

    Example:
        >>> import cnet
        >>> cnet.is_complex(cnet.ones(1))
        False
    """
    return checks.tensor(input, 'is_complex', 'input', 1)._a.dtype.kind == 'c'


def is_signed(input):
    """Tell whether the type has negative numbers.

    Args:
        input (Tensor): the tensor.

    Returns:
        bool: whether it has.

    Example:
        >>> import cnet
        >>> cnet.is_signed(cnet.ones(1, dtype=cnet.uint8))
        False
    """
    return checks.tensor(input, 'is_signed', 'input', 1).dtype.is_signed


def is_same_size(input, other):
    """Tell whether two tensors have the same shape.

    Args:
        input (Tensor): the one.
        other (Tensor): the other.

    Returns:
        bool: whether they have.

    Example:
        >>> import cnet
        >>> cnet.is_same_size(cnet.ones(2), cnet.ones(2, 1))
        False
    """
    return checks.tensor(input, 'is_same_size', 'input', 1)._a.shape == \
        checks.tensor(other, 'is_same_size', 'other', 2)._a.shape


def is_conj(input):
    """Tell whether conjugation is still to be done: never, it is done at once.

    Args:
        input (Tensor): the tensor.

    Returns:
        bool: False.

    Example:
        >>> import cnet
        >>> cnet.is_conj(cnet.tensor([1j]).conj())
        False
    """
    return False


def is_neg(input):
    """Tell whether negation is still to be done: never, it is done at once.

    Args:
        input (Tensor): the tensor.

    Returns:
        bool: False.

    Example:
        >>> import cnet
        >>> cnet.is_neg(cnet.ones(1))
        False
    """
    return False


def is_set_to(self, tensor):
    """Tell whether two tensors are the same window of the same memory."""
    a, b = self._a, checks.tensor(tensor, 'is_set_to', 'tensor', 1)._a
    return a.ctypes.data == b.ctypes.data and a.shape == b.shape and a.strides == b.strides and a.dtype == b.dtype


def dim_order(self):
    """Return the dimensions from outermost to innermost in memory."""
    step = self._a.strides
    return tuple(sorted(range(len(step)), key=lambda d: -step[d]))


def get_device(self):
    """Return -1, the number that stands for the CPU.

    Example:
        >>> import cnet
        >>> cnet.ones(1).get_device()
        -1
    """
    return -1


def pin_memory(self, device=None):
    """Raise RuntimeError: pinning serves transfers to an accelerator, and there is none."""
    raise RuntimeError('Cannot access accelerator device when none is available.')


def resolve_conj(input):
    """Carry out a conjugation that is still to be done: there is none.

    Args:
        input (Tensor): the tensor.

    Returns:
        Tensor: the same tensor.

    Example:
        >>> import cnet
        >>> cnet.resolve_conj(cnet.tensor([1j]))
        tensor([0.+1.j])
    """
    return input


def resolve_neg(input):
    """Carry out a negation that is still to be done: there is none.

    Args:
        input (Tensor): the tensor.

    Returns:
        Tensor: the same tensor.

    Example:
        >>> import cnet
        >>> cnet.resolve_neg(cnet.ones(1))
        tensor([1.])
    """
    return input


def to_dense(self, dtype=None, *, masked_grad=None):
    """Return the tensor itself, which is dense, converted to `dtype` if one is given."""
    return self if dtype is None else self.to(dtype)


def _no(self):
    """False: tensors here are dense and live on the CPU."""
    return False


def _numel(self):
    """How many elements the tensor has."""
    return self._a.size


_numel.__name__ = _numel.__qualname__ = 'numel'
METHODS = {
    'size': size, 'stride': stride, 'dim': dim, 'ndimension': dim, 'numel': _numel, 'nelement': _numel,
    'element_size': element_size, 'data_ptr': data_ptr,
    'is_floating_point': is_floating_point, 'is_complex': is_complex, 'is_signed': is_signed,
    'is_same_size': is_same_size, 'is_conj': is_conj, 'is_neg': is_neg, 'is_set_to': is_set_to,
    'dim_order': dim_order, 'get_device': get_device, 'is_pinned': _no,
    'itemsize': property(element_size), 'nbytes': property(lambda self: self._a.nbytes),
    'layout': property(lambda self: strided),
    'pin_memory': pin_memory, 'resolve_conj': resolve_conj, 'resolve_neg': resolve_neg,
    'to_dense': to_dense,
    'is_cpu': property(lambda self: True), 'name': property(lambda self: None),
    **{name: property(_no) for name in (
        'is_cuda', 'is_ipu', 'is_maia', 'is_meta', 'is_mkldnn', 'is_mps', 'is_mtia', 'is_nested', 'is_quantized', 'is_sparse',
        'is_sparse_csr', 'is_vulkan', 'is_xla', 'is_xpu')},
}
