"""What the families of indexed operations share: bounds, the three-dimensional view of a kernel, in-place writes."""

from math import prod

import numpy as np

from .. import _kernels as K
from .._core.arrays import contiguous, copied, empty
from .._core.base import GRAD, TensorBase, refresh, wrap
from .._core.inplace import check_writable, rebase
from .._core.op import Op, record
from .._kernels._state import flags
from .._kernels.strided import meet, plain

LONG = np.dtype(np.int64)
first_outside = K.index.first_outside


class Write(Op):
    """An operation that replaces some elements of its first input: `into(array, *rest, **kw)` does it in place.

    The out-of-place form works on a copy. Backward must not need the old or the new values.
    """

    @staticmethod
    def into(y, *rest, **kw):
        raise NotImplementedError

    def __init_subclass__(cls, **kwargs):
        into = cls.into

        def forward(x, *rest, **kw):
            y = copied(x)
            into(y, *rest, **kw)
            return y

        if 'forward' not in cls.__dict__:
            cls.forward = staticmethod(forward)
        super().__init_subclass__(**kwargs)

    @classmethod
    def apply_(cls, x, *rest, **kw):
        """The in-place form: no copy of `x` is made."""
        arrays, needs = [], False
        for r in rest:
            if isinstance(r, TensorBase):
                if r._view is not None:
                    refresh(r)
                needs = needs or r._req
                r = r._a
            arrays.append(r)
        check_writable(x, needs)
        track = flags() & GRAD and (needs or x._req)
        node = record(cls, (x, *rest), kw, (), (x,)) if track else None
        cls.into(x._a, *arrays, **kw)
        x._v.n += 1
        if track:
            new = wrap(x._a)
            new._fn, new._nr, new._req = node, 0, True
            rebase(x, new)
        return x


def cut(shape, dim):
    """A shape as (outer, n, inner) around one of its dimensions."""
    if dim == 0 and 0 < len(shape) < 3:
        return 1, shape[0], shape[1] if len(shape) == 2 else 1
    return prod(shape[:dim]), shape[dim] if shape else 1, prod(shape[dim + 1:])


def as_long(a):
    """An index array as contiguous int64."""
    return a if plain(a, LONG) else np.asarray(a, np.int64, order='C')


def flat_long(a):
    """An index array as one contiguous vector of int64."""
    a = as_long(a)
    return a if a.ndim == 1 else a.reshape(-1)


def outside(index, low, high):
    """The first number of an index outside low..high-1, or None."""
    index = as_long(index)
    i = first_outside(index, low, high)
    return None if i < 0 else int(index.ravel()[i])


def add_rows(y, index, src, dim):
    """y[..., index[j], ...] += src[..., j, ...] along `dim`, in the order of the index."""
    outer, n, inner = cut(y.shape, dim)
    if not (src.ndim and plain(src, y.dtype)):
        src = contiguous(src) if src.ndim and src.dtype == y.dtype else np.ascontiguousarray(src, y.dtype)
    if y.flags.c_contiguous and K.index.add_rows(y, index, src, outer, n, index.size, inner):
        return
    np.add.at(y, (*(slice(None),) * dim, index), src)


def take_rows(x, index, dim):
    """x[..., index, ...] along `dim`; the index may have any shape and lies in the bounds."""
    if not x.ndim:
        x = x.reshape(1)
    shape = x.shape
    y = empty(shape[:dim] + index.shape + shape[dim + 1:], x.dtype)
    outer, n, inner = cut(shape, dim)
    K.index.take_rows(contiguous(x), index, y, outer, n, index.size, inner)
    return y


def fill_where(y, mask, value):
    """y[mask] = value for a mask of the shape of y; in vectors, where NumPy guesses at each element."""
    try:
        number = np.asarray(value, y.dtype)
    except (OverflowError, TypeError, ValueError):
        number = None
    if number is None or K.copy.choose(mask, number, y, y) is None:
        np.copyto(y, value, where=mask, casting='unsafe')


def whole_mask(entries, x):
    """Whether the entries of an index are one mask of the shape of x."""
    return entries[0] is not None and entries[0].dtype == bool and entries[0].shape == x.shape


def take_where(x, mask):
    """x[mask] for a mask of any shape that fits."""
    r = K.copy.pack(x, mask, np.count_nonzero(mask))
    return x[mask] if r is None else r


def put_where(y, mask, src):
    """y[mask] = the first elements of `src`, which has enough of them, for a mask of the shape of y."""
    total = np.count_nonzero(mask)
    if meet(y, src) or not K.copy.unpack(y, mask, src, total):
        y[mask] = src.reshape(-1)[:total]


_C_NAMES = {'float32': 'float', 'float64': 'double', 'int64': 'long int', 'int32': 'int', 'uint8': 'unsigned char',
            'int8': 'signed char', 'int16': 'short int'}


def c_name(dtype):
    """What some sentences call a NumPy type."""
    return _C_NAMES.get(dtype.name, dtype.name)


def refuse_complex(x):
    """Refuse to store a complex number in a tensor that is not complex."""
    if x._a.dtype.kind != 'c':
        raise RuntimeError(f'value cannot be converted to type {c_name(x._a.dtype)} without overflow')


def refuse_overlap(out, *inputs):
    """Refuse an ``out=`` that shares memory with an input which is read out of order, or with itself."""
    a = out._a
    repeated = a.size > 1 and 0 in a.strides and any(n > 1 and step == 0 for n, step in zip(a.shape, a.strides, strict=True))
    for x in inputs:
        if repeated or out is x or meet(a, x._a):
            raise RuntimeError('unsupported operation: some elements of the input tensor and the written-to tensor refer '
                               'to a single memory location. Please clone() the tensor before performing the operation.')


def separate(src, y):
    """`src` contiguous and apart from the memory of `y`, so that a kernel may write the one while it reads the other."""
    return src.copy() if meet(src, y) else contiguous(src) if src.ndim else np.ascontiguousarray(src)
