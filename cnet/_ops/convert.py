"""Changing type or order in memory: to, float, clone, contiguous, copy_ and their relatives."""


import numpy as np

from .._core import arrays, checks, errors, inplace
from .._core import dtype as dtypes
from .._core.base import TensorBase, wrap
from .._core.caution import warn
from .._core.device import check_device, contiguous_format, preserve_format, refuse
from .._core.op import Op

__all__ = ['clone']


class ToCopy(Op, name='ToCopyBackward0'):
    """A copy with another type. Autograd converts the gradient back by itself."""

    @staticmethod
    def forward(x, dt, format):
        if x.dtype.kind == 'c' and dt.kind not in 'cb':
            warn('Casting complex values to real discards the imaginary part')
        if format is preserve_format and x.flags.c_contiguous and x.dtype != dt:
            return arrays.cast(x, dt)
        return arrays.copy_as(x, dt, format)

    def backward(self, g):
        return g


class Clone(Op, name='CloneBackward0'):
    """A copy of the same type."""

    own_memory = True

    @staticmethod
    def forward(x, format):
        return arrays.copied(x) if format is preserve_format and x.flags.c_contiguous else arrays.copy_as(x, x.dtype, format)

    def backward(self, g):
        return g


_FIRST = ('device', 'dtype', 'non_blocking', 'copy')


def to(self, *args, **kwargs):
    """Convert to a type, to the type of another tensor, or to an order of dimensions in memory.

    Args:
        *args: ``to(dtype)``, ``to(device, dtype)`` or ``to(other)``, each followed by `non_blocking` and `copy`.
        dtype (dtype, optional): type of the elements.
        device (device, optional): only the CPU is accepted.
        copy (bool): whether to copy even if nothing changes. Default: False.
        memory_format (memory_format): order of the dimensions in memory. Default: as they are.

    Shape:
        Unchanged.

    Returns:
        Tensor: the tensor itself if it fits already, else a copy.

    Example:
        >>> import cnet
        >>> cnet.tensor([1.5, -2.5]).to(cnet.int64)
        tensor([ 1, -2])
    """
    if len(args) == 1 and not kwargs and type(args[0]) is dtypes.dtype:
        return _to(self, args[0].np, False, preserve_format)
    options = _to_options(args, kwargs)
    check_device(options.get('device'), 'to')
    dtype = options.get('dtype')
    format = options.get('memory_format')
    return _to(self, self._a.dtype if dtype is None else dtypes.as_dtype(dtype, 'to').np, options.get('copy'),
               preserve_format if format is None else format)


def _to_options(args, kwargs):
    """Names for the arguments of any of the three forms of `to`."""
    options = dict(kwargs)
    other = options.pop('other', None)
    if args and isinstance(args[0], TensorBase):
        other, args = args[0], args[1:]
        names = _FIRST[2:]
    elif args and (type(args[0]) is dtypes.dtype or args[0] in (bool, int, float, complex)):
        names = _FIRST[1:]
    else:
        names = _FIRST
    if other is not None:
        options['dtype'] = checks.tensor(other, 'to', 'other').dtype
    if len(args) > len(names):
        raise TypeError(f'to() takes at most {len(names)} positional arguments in this form but {len(args)} were given')
    for name, value in zip(names, args):
        if name in options:
            raise TypeError(f"to() got multiple values for argument '{name}'")
        options[name] = value
    unknown = options.keys() - {*_FIRST, 'memory_format'}
    if unknown:
        raise TypeError(f"to() got an unexpected keyword argument '{min(unknown)}'")
    return options


def _to(x, dt, copy, format):
    a = x._a
    if a.dtype == dt and not copy and (format is preserve_format or arrays.is_contiguous(a, format)):
        return x
    return ToCopy.apply(x, dt=dt, format=format)


def _caster(name, dtype):
    dt = dtype.np

    def cast(self, memory_format=preserve_format):
        return _to(self, dt, False, memory_format)

    cast.__name__ = cast.__qualname__ = name
    cast.__doc__ = f'Convert to ``cnet.{dtype.name}``; the tensor itself if it has that type already.'
    return cast


CASTS = {name: _caster(name, getattr(dtypes, target)) for name, target in {
    'bool': 'bool', 'byte': 'uint8', 'char': 'int8', 'short': 'int16', 'int': 'int32', 'long': 'int64',
    'half': 'float16', 'float': 'float32', 'double': 'float64', 'cfloat': 'complex64', 'cdouble': 'complex128'}.items()}



def bfloat16(self, memory_format=preserve_format):
    """Raise TypeError: bfloat16 is only a name."""
    return _to(self, dtypes.bfloat16.np, False, memory_format)


_LEGACY = {f'{prefix}.{d.legacy}Tensor': d for prefix in ('cnet', 'torch') for d in dtypes.DTYPES}


def type_(self, dtype=None, non_blocking=False):
    """Convert to a type, or return the old-style name of the type if none is given.

    Args:
        dtype (dtype, str or class, optional): such as ``cnet.float64`` or ``'cnet.DoubleTensor'``.
        non_blocking (bool): without effect.

    Shape:
        Unchanged.

    Returns:
        Tensor or str: the converted tensor, or the name.

    Example:
        >>> import cnet
        >>> cnet.ones(2).type(), cnet.ones(2).type(cnet.int8)
        ('cnet.FloatTensor', tensor([1, 1], dtype=cnet.int8))
    """
    if dtype is None:
        return f'cnet.{self.dtype.legacy}Tensor'
    if isinstance(dtype, str):
        if dtype not in _LEGACY:
            raise ValueError(f"invalid type: '{dtype}'")
        dtype = _LEGACY[dtype]
    elif isinstance(dtype, type):
        dtype = getattr(dtype, 'dtype', dtype)
    if type(dtype) is not dtypes.dtype:
        raise TypeError('dtype must be a type, str, or dtype object')
    return _to(self, dtype.np, False, preserve_format)


def type_as(self, other):
    """Convert to the type of another tensor."""
    return _to(self, checks.tensor(other, 'type_as', 'other', 1)._a.dtype, False, preserve_format)


def cpu(self, memory_format=preserve_format):
    """Return the tensor itself: it lives on the CPU."""
    return _to(self, self._a.dtype, False, memory_format)


def cuda(self, device=None, non_blocking=False, memory_format=preserve_format):
    """Raise AssertionError: there is no CUDA."""
    refuse('cuda')


def clone(input, *, memory_format=preserve_format):
    """Copy a tensor; gradients of the copy flow back to the original.

    Args:
        input (Tensor): the original.
        memory_format (memory_format): order of the dimensions in memory. Default: as in `input`, without holes.

    Shape:
        Unchanged.

    Returns:
        Tensor: the copy.

    Example:
        >>> import cnet
        >>> x = cnet.ones(2)
        >>> x.clone().fill_(3), x
        (tensor([3., 3.]), tensor([1., 1.]))
    """
    checks.tensor(input, 'clone', 'input', 1)
    return Clone.apply(input, format=preserve_format if memory_format is None else memory_format)


def contiguous(self, memory_format=contiguous_format):
    """Return the tensor with its elements in the order of its dimensions; itself if they are so already.

    Args:
        memory_format (memory_format): the wanted order. Default: the last dimension innermost.

    Shape:
        Unchanged.

    Returns:
        Tensor: the tensor itself or a copy.

    Example:
        >>> import cnet
        >>> cnet.ones(2, 3).t().contiguous().stride()
        (2, 1)
    """
    if memory_format is preserve_format:
        raise RuntimeError('preserve memory format is unsupported by the contiguous operator')
    if arrays.is_contiguous(self._a, memory_format):
        return self
    return Clone.apply(self, format=memory_format)


def is_contiguous(self, *, memory_format=contiguous_format):
    """Tell whether the elements lie in the order of the dimensions (or of a memory format).

    Args:
        memory_format (memory_format): the order in question. Default: the last dimension innermost.

    Returns:
        bool: whether they do.

    Example:
        >>> import cnet
        >>> cnet.ones(2, 3).t().is_contiguous()
        False
    """
    return arrays.is_contiguous(self._a, memory_format)


def copy_(self, other, non_blocking=False):
    """Write the elements of another tensor, of any type, into this one.

    Args:
        other (Tensor or Number): the source.
        non_blocking (bool): without effect.

    Shape:
        `other` broadcasts to the shape of this tensor.

    Returns:
        Tensor: this tensor.

    Example:
        >>> import cnet
        >>> cnet.zeros(2, dtype=cnet.int64).copy_(cnet.tensor([1.5, 2.5]))
        tensor([1, 2])
    """
    if not isinstance(other, TensorBase):
        if dtypes.number_category(other) is None:
            raise errors.argument_type('copy_', 'other', 'Tensor', other, 1)
        other = wrap(np.array(other))
    if other is self:
        return self
    return inplace.copy_from(self, other)


METHODS = {
    'bfloat16': bfloat16,
    **CASTS,
    'to': to, 'type': type_, 'type_as': type_as, 'cpu': cpu, 'cuda': cuda, 'clone': clone, 'contiguous': contiguous,
    'is_contiguous': is_contiguous, 'copy_': copy_,
}
