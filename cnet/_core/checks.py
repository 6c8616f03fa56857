"""Cheap tests of arguments that return what the operation needs next; on failure they raise from `errors`."""

from operator import index

from . import errors

__all__ = ['dim', 'dims', 'integer', 'ntuple', 'number', 'pair', 'same_dtype', 'size', 'tensor', 'tensors']


def tensor(x, op, arg='input', position=None):
    """`x` if it is a Tensor, else TypeError."""
    if hasattr(x, '_a'):
        return x
    raise errors.argument_type(op, arg, 'Tensor', x, position)


def tensors(xs, op, arg='tensors', position=1):
    """A sequence of Tensors as a tuple or list, else TypeError."""
    if type(xs) is not tuple and type(xs) is not list:
        if not isinstance(xs, (tuple, list)):
            raise errors.argument_type(op, arg, 'tuple of Tensors', xs, position)
        xs = tuple(xs)
    for i, x in enumerate(xs):
        if not hasattr(x, '_a'):
            raise errors.element_type(i, x, position - 1)
    return xs


def dim(d, ndim):
    """A dimension as a non-negative int. A tensor without dimensions takes 0 and -1."""
    if type(d) is not int:
        d = index(d)
    n = ndim or 1
    if -n <= d < n:
        return d if d >= 0 else d + n
    raise errors.dim_range(d, ndim)


def dims(d, ndim, op='sum', arg='dim'):
    """One dimension, or several, as a tuple of different non-negative ints; None and () mean all of them."""
    if d is None:
        return tuple(range(ndim))
    if type(d) is int:
        return (dim(d, ndim),)
    if not isinstance(d, (tuple, list)):
        return (dim(integer(d, op, arg), ndim),)
    if not d:
        return tuple(range(ndim))
    result = tuple([dim(integer(i, op, arg), ndim) for i in d])
    if len(result) > 1 and len(set(result)) < len(result):
        raise errors.dim_repeated(next(i for i in result if result.count(i) > 1))
    return result


def integer(x, op, arg, position=None):
    """An int from anything integral except bool, else TypeError."""
    if type(x) is int:
        return x
    if not isinstance(x, bool):
        try:
            return index(x)
        except TypeError:
            pass
    raise errors.argument_type(op, arg, 'int', x, position)


def number(x, op, arg, position=None):
    """`x` if it is a Python or NumPy number, or a tensor with one element (as its item), else TypeError."""
    if isinstance(x, (int, float, complex)):
        return x
    if hasattr(x, 'item') and not getattr(x, 'ndim', 1):
        return x.item()
    raise errors.argument_type(op, arg, 'Number', x, position)


def size(args, op, arg='size'):
    """A shape given as ``(2, 3)``, ``((2, 3),)`` or ``([2, 3],)``, as a tuple of ints (-1 is left alone)."""
    if len(args) == 1 and isinstance(args[0], (tuple, list)):
        args = args[0]
    for n in args:
        if type(n) is not int:
            return _converted(args, op, arg)
    return args if type(args) is tuple else tuple(args)


def _converted(args, op, arg):
    result = []
    for i, n in enumerate(args):
        try:
            result.append(integer(n, op, arg))
        except TypeError:
            if len(args) == 1:
                raise errors.argument_type(op, arg, 'tuple of ints', n, 1) from None
            raise TypeError(f"{op}(): argument '{arg}' failed to unpack the object at pos {i + 1} with error "
                            f'"type must be tuple of ints,but got {errors.type_name(n)}"') from None
    return tuple(result)


def ntuple(x, n, op, arg):
    """A length per spatial dimension: an int stands for all of them, a sequence holds one or `n` ints."""
    if type(x) is int:
        return (x,) * n
    if not isinstance(x, (tuple, list)):
        return (integer(x, op, arg),) * n
    if len(x) == 1 and n > 1:
        return (integer(x[0], op, arg),) * n
    if len(x) != n:
        raise RuntimeError(f'{op}(): expected {arg} to be a single integer value or a list of {n} values to match the '
                           f'convolution dimensions, but got {arg}={list(x)}')
    return tuple([integer(i, op, arg) for i in x])


def pair(x, op, arg):
    """`ntuple` for two spatial dimensions."""
    return ntuple(x, 2, op, arg)


def same_dtype(a, b, op):
    """Refuse two tensors of different types where no promotion takes place."""
    if a._a.dtype != b._a.dtype:
        raise RuntimeError(f'{op}(): expected both tensors to have the same dtype, but got {a.dtype} and {b.dtype}')
