"""Choosing arguments by `argnums`, and the checks that all transforms make."""

from .._tensor import Tensor
from ..utils._pytree import tree_leaves


def _position(argnum, count):
    if not isinstance(argnum, int):
        raise RuntimeError(f'argnum must be int, got: {type(argnum)}')
    if not -count <= argnum < count:
        raise RuntimeError(f'Got argnum={argnum}, but only {count} positional inputs')
    return argnum % count


def positions(argnums, count):
    """`argnums` (an int or a tuple of ints) without negative numbers."""
    if isinstance(argnums, int):
        return _position(argnums, count)
    if not isinstance(argnums, tuple):
        raise RuntimeError(f'argnums must be int or Tuple[int, ...], got: {type(argnums)}')
    found = tuple(_position(n, count) for n in argnums)
    if not found:
        raise RuntimeError('argnums must be non-empty')
    if len(set(found)) != len(found):
        raise RuntimeError(f'argnums elements must be unique, got {argnums}')
    return found


def chosen(args, argnums):
    """The argument at the number `argnums`, or the tuple of those at a tuple of numbers; all of them for None."""
    if argnums is None:
        return args
    at = positions(argnums, len(args))
    return args[at] if isinstance(at, int) else tuple(args[i] for i in at)


def replaced(args, argnums, new):
    """`args` with `new` in the places that `chosen` takes."""
    if argnums is None:
        return new
    at = positions(argnums, len(args))
    new = {at: new} if isinstance(at, int) else dict(zip(at, new))
    return tuple(new.get(i, x) for i, x in enumerate(args))


def split_aux(result, has_aux, name):
    """(output, aux) of what a function returned; aux is None without `has_aux`."""
    if not has_aux:
        return result, None
    if not (isinstance(result, tuple) and len(result) == 2):
        raise RuntimeError(f'{name}: output of function f should be a tuple: (output, aux) if has_aux is True')
    return result


def check_outputs(flat, name):
    """Refuse results that are not tensors, or none at all."""
    if not flat or (len(flat) == 1 and flat[0] is None):
        raise RuntimeError(f'{name}: Expected f to be a function that has non-empty output (got output = {flat})')
    for x in flat:
        if not isinstance(x, Tensor):
            raise RuntimeError(f'{name}: expected f(*primals) to return only tensors, got unsupported type {type(x)}')


def refuse_complex(name, tree, what):
    """Jacobians of complex functions are not defined here."""
    for i, x in enumerate(tree_leaves(tree)):
        if isinstance(x, Tensor) and x.dtype.is_complex:
            raise RuntimeError(f'{name}: Expected all {what} to be real but received complex tensor at flattened input idx: {i}')
