"""vmap: a function of single items made a function of batches."""

import functools

from .._core.mode import is_grad_enabled
from .._ops.join import stack
from .._ops.predicates import equal
from .._tensor import Tensor
from ..utils._pytree import broadcast_to_leaves, tree_flatten, tree_leaves, tree_structure, tree_unflatten
from ._random import check_randomness, drawing

__all__ = ['vmap']


def _name(func):
    if isinstance(func, functools.partial):
        return f'functools.partial({_name(func.func)}, ...)'
    return getattr(func, '__name__', None) or repr(func)


def _in_dims(in_dims, args, func):
    """(leaves of the arguments, their structure, the mapped dimension of each or None)."""
    call = f'vmap({_name(func)}, in_dims={in_dims}, ...)(<inputs>)'
    if not isinstance(in_dims, (int, tuple)):
        raise ValueError(f'{call}: expected `in_dims` to be int or a (potentially nested) tuple matching the structure of '
                         f'inputs, got: {type(in_dims)}.')
    if not args:
        raise ValueError(f'vmap({_name(func)})(<inputs>): got no inputs. Maybe you forgot to add inputs, or you are trying to '
                         'vmap over a function with no inputs. The latter is unsupported.')
    leaves, spec = tree_flatten(args)
    dims = broadcast_to_leaves(in_dims, spec)
    if dims is None:
        raise ValueError(f'{call}: in_dims is not compatible with the structure of `inputs`. in_dims has structure '
                         f'{tree_structure(in_dims)} but inputs has structure {spec}.')
    for i, (x, dim) in enumerate(zip(leaves, dims)):
        if dim is None:
            continue
        if not isinstance(dim, int):
            raise ValueError(f'{call}: Got in_dim={dim} for an input but in_dim must be either an integer dimension or None.')
        if not isinstance(x, Tensor):
            raise ValueError(f'{call}: Got in_dim={dim} for an input but the input is of type {type(x)}. We cannot vmap over '
                             'non-Tensor arguments, please use None as the respective in_dim')
        if not -x.dim() <= dim < x.dim():
            raise ValueError(f'{call}: Got in_dim={dim} for some input, but that input is a Tensor of dimensionality {x.dim()} '
                             f'so expected in_dim to satisfy -{x.dim()} <= in_dim < {x.dim()}.')
        dims[i] = dim % x.dim()
    return leaves, spec, dims


def _out_dims(out_dims, output, spec, func):
    """The place of the new dimension in each leaf of the output."""
    dims = broadcast_to_leaves(out_dims, spec)
    if dims is None and isinstance(output, Tensor) and isinstance(out_dims, tuple) and len(out_dims) == 1:
        dims = list(out_dims)
    if dims is None:
        raise ValueError(f'vmap({_name(func)}, ..., out_dims={out_dims})(<inputs>): out_dims is not compatible with the '
                         f'structure of `outputs`. out_dims has structure {tree_structure(out_dims)} but outputs has '
                         f'structure {spec}.')
    return dims


def _items(x, dim, n):
    """The `n` slices of a tensor along a dimension."""
    if dim is None:
        return [x] * n
    if x.requires_grad and is_grad_enabled():
        return x.unbind(dim)  # one node, whose gradient is one stack
    return [x.select(dim, i) for i in range(n)]  # views that may be written


def _joined(values, dim, func):
    """The result of the calls in one leaf of the output."""
    first, name = values[0], _name(func)
    if dim is None:
        if isinstance(first, Tensor) and not all(v is first or equal(v, first) for v in values):
            raise ValueError(f'vmap({name}, ...): `{name}` can not return a BatchedTensor when out_dim is None')
        return first
    if not isinstance(first, Tensor):
        raise ValueError(f'vmap({name}, ...): `{name}` must only return Tensors, got type {type(first)}. Did you mean to set '
                         'out_dims= to None for output?')
    return stack(values, dim)


def _mapped(func, in_dims, out_dims, randomness, args, kwargs):
    for dim in tree_leaves(out_dims):
        if not (dim is None or isinstance(dim, int)):
            raise ValueError(f'vmap({_name(func)}, ..., out_dims={out_dims}): `out_dims` must be an int, None or a python '
                             'collection of ints representing where in the outputs the vmapped dimension should appear.')
    leaves, spec, dims = _in_dims(in_dims, args, func)
    sizes = [x.shape[dim] for x, dim in zip(leaves, dims) if dim is not None]
    if not sizes:
        raise ValueError('vmap: Expected at least one Tensor to vmap over')
    if len(set(sizes)) > 1:
        raise ValueError('vmap: Expected all tensors to have the same size in the mapped dimension, got sizes '
                         f'{sizes} for the mapped dimension')
    n = sizes[0]
    if n == 0:  # what the results look like is seen on items of zeros
        leaves = [x if dim is None else x.new_zeros((*x.shape[:dim], 1, *x.shape[dim + 1:])) for x, dim in zip(leaves, dims)]
    columns = [_items(x, dim, n or 1) for x, dim in zip(leaves, dims)]
    results = []
    with drawing(randomness) as rewind:
        for items in zip(*columns):
            rewind()
            output = func(*tree_unflatten(items, spec), **kwargs)
            flat, out_spec = tree_flatten(output)
            if results and out_spec != results[0][2]:
                raise ValueError(f'vmap({_name(func)}, ...): the calls returned different structures, {results[0][2]} and '
                                 f'{out_spec}')
            results.append((output, flat, out_spec))
    output, _, out_spec = results[0]
    places = _out_dims(out_dims, output, out_spec, func)
    made = [_joined(values, place, func) for values, place in zip(zip(*(flat for _, flat, _ in results)), places)]
    if n == 0:
        made = [x if place is None else x.narrow(place, 0, 0) for x, place in zip(made, places)]
    return tree_unflatten(made, out_spec)


def vmap(func, in_dims=0, out_dims=0, randomness='error', *, chunk_size=None):
    """A function that applies `func` to every item of a batch and stacks the results.

    It calls `func` once per item: it is right for every function, differentiable and nestable, and saves the writing of the
    loop, not its cost. A function that is written for batches is faster. So branches on values and `item()` work inside,
    where PyTorch refuses them; a captured tensor that `func` writes in place sees the writes of all items.

    Args:
        func (callable): takes trees of tensors and returns a tensor, or a tree of tensors.
        in_dims (int, None or nested tuple): the dimension of each argument that counts the items; None passes the argument
            to every call as it is. Default: 0.
        out_dims (int, None or tree): where the dimension of the items is in each result; None for a result that is the
            same for all items. Default: 0.
        randomness (str): 'error' refuses random numbers in `func`, with 'different' every item draws its own, with 'same'
            all items draw the same. Default: 'error'.
        chunk_size (int, optional): checked, and without effect: items are computed one at a time.

    Returns:
        callable: of the arguments of `func` with one dimension more; keyword arguments are passed as they are.

    Example:
        >>> import cnet
        >>> cnet.func.vmap(cnet.dot)(cnet.ones(3, 2), cnet.tensor([[1., 2.], [3., 4.], [5., 6.]]))
        tensor([ 3.,  7., 11.])
    """
    check_randomness(randomness)
    if not (chunk_size is None or chunk_size > 0):
        raise ValueError(f'vmap: chunk_size should be None or greater than 0. (got {chunk_size})')

    @functools.wraps(func)
    def mapped(*args, **kwargs):
        return _mapped(func, in_dims, out_dims, randomness, args, kwargs)
    return mapped
