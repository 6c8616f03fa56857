"""Whole matrices of derivatives: jacrev, jacfwd and hessian. The function is called once."""

import functools

import numpy as np

from .._core.base import wrap
from .._core.mode import is_grad_enabled
from .._ops.join import stack
from ..autograd._rows import one_hot, rows
from ..utils._pytree import tree_unflatten
from ._arguments import refuse_complex
from ._random import check_randomness, drawing
from ._transforms import Point, Pullback, Pushforward

__all__ = ['hessian', 'jacfwd', 'jacrev']


def jacrev(func, argnums=0, *, has_aux=False, chunk_size=None, _preallocate_and_copy=False):
    """A function that returns the Jacobian of `func`, row by row: one forward pass and one sweep per element of the output.

    Args:
        func (callable): returns a tensor, or a tree of tensors.
        argnums (int or tuple of int): which arguments to differentiate with respect to; they may be trees of tensors.
        has_aux (bool): `func` returns (output, aux), and the new function (Jacobian, aux). Default: False.
        chunk_size (int, optional): checked, and without effect: there is a single row at a time.

    Shape:
        - Each tensor of the Jacobian: the shape of the output followed by that of the argument.

    Returns:
        callable: the tree of the outputs, with the tree of the chosen arguments in the place of each.

    Example:
        >>> import cnet
        >>> cnet.func.jacrev(cnet.square)(cnet.tensor([1., 2.]))
        tensor([[2., 0.],
                [0., 4.]])
    """
    if not (chunk_size is None or chunk_size > 0):
        raise ValueError('jacrev: `chunk_size` should be greater than 0.')

    @functools.wraps(func)
    def jacobian(*args):
        refuse_complex('jacrev', args, 'inputs')
        pullback = Pullback(func, args, argnums, has_aux)
        refuse_complex('jacrev', pullback.outputs, 'outputs')
        result = tree_unflatten(_rows(pullback), pullback.spec)
        return (result, pullback.aux) if has_aux else result
    return jacobian


def _rows(point):
    """For every output the tree of the arguments with derivatives, made row by row."""
    level, blocks = point.level, []
    for y in point.outputs:
        create = is_grad_enabled() and level.visible and level.foreign(y)
        found = [level.lower(x) if create else x for x in rows(y, point.inputs, create)]
        blocks.append(tree_unflatten(found, point.inputs_spec))
    return blocks


def _columns(point):
    """The same, made column by column."""
    forward, blocks = Pushforward(point), [[] for _ in point.outputs]
    for i, x in enumerate(point.inputs):
        columns = [[] for _ in point.outputs]
        tangents = [wrap(np.zeros(t._a.shape, t._a.dtype)) for t in point.inputs]
        for j in range(x.numel()):
            tangents[i] = one_hot(x, j)
            for found, y, t in zip(columns, point.outputs, forward.flat(tangents, is_grad_enabled())):
                found.append(wrap(np.zeros(y._a.shape, y._a.dtype)) if t is None else t)
        for y, block, found in zip(point.outputs, blocks, columns):
            shape = (*y.shape, *x.shape)
            block.append(stack(found, -1).reshape(shape) if found else wrap(np.zeros(shape, y._a.dtype)))
    return [tree_unflatten(block, point.inputs_spec) for block in blocks]


def jacfwd(func, argnums=0, has_aux=False, *, randomness='error'):
    """A function that returns the Jacobian of `func`, for outputs of more elements than the arguments.

    It is made column by column: one recorded backward, and one sweep over that, of about twice the length, per element of the
    arguments; row by row, as by `jacrev`, where that is less work.

    Args:
        func, argnums, has_aux: as for `jacrev`.
        randomness (str): 'error' refuses random numbers in `func`; with 'same' and 'different' they are drawn once.

    Shape:
        - Each tensor of the Jacobian: the shape of the output followed by that of the argument.

    Returns:
        callable: as for `jacrev`.

    Example:
        >>> import cnet
        >>> cnet.func.jacfwd(cnet.square)(cnet.tensor([1., 2.]))
        tensor([[2., 0.],
                [0., 4.]])
    """
    check_randomness(randomness)

    @functools.wraps(func)
    def jacobian(*args):
        refuse_complex('jacfwd', args, 'inputs')
        with drawing('different' if randomness == 'same' else randomness):
            point = Point(func, args, argnums, has_aux, 'jvp(f, primals, tangents)')
        refuse_complex('jacfwd', point.outputs, 'outputs')
        columns = 2 * sum(x.numel() for x in point.inputs) < sum(y.numel() for y in point.outputs)
        result = tree_unflatten((_columns if columns else _rows)(point), point.spec)
        return (result, point.aux) if has_aux else result
    return jacobian


def hessian(func, argnums=0):
    """A function that returns the second derivatives of `func`: one sweep over the recorded gradient per element of it.

    Args:
        func (callable): returns a tensor, or a tree of tensors.
        argnums (int or tuple of int): which arguments to differentiate with respect to.

    Shape:
        - Each tensor of the result: the shape of the output followed by those of two arguments.

    Returns:
        callable: the tree of the outputs, with that of the arguments twice in the place of each.

    Example:
        >>> import cnet
        >>> cnet.func.hessian(lambda x: (x ** 3).sum())(cnet.tensor([1., 2.]))
        tensor([[ 6.,  0.],
                [ 0., 12.]])
    """
    return jacrev(jacrev(func, argnums), argnums)
