"""The matrix of derivatives of one tensor by others, row by row."""

import numpy as np

from .._core.base import wrap
from .._core.engine import grad
from .._ops.join import stack


def one_hot(like, i):
    """Zeros of the shape and type of a tensor, with 1 in element number i."""
    a = np.zeros(like._a.shape, like._a.dtype)
    a.reshape(-1)[i] = 1
    return wrap(a)


def zeros(like):
    """Zeros of the shape and type of a tensor."""
    return wrap(np.zeros(like._a.shape, like._a.dtype))


def rows(output, inputs, create_graph, missing=None):
    """The derivatives of every element of `output`, by one sweep for each.

    Args:
        output (Tensor): what is differentiated.
        inputs (list of Tensors): with respect to what.
        create_graph (bool): record the sweeps.
        missing (callable, optional): called with the position of an input that the output does not depend on.

    Returns:
        list of Tensors: for every input one of shape `output.shape + input.shape`.
    """
    n = output._a.size
    found = [None] * len(inputs)
    for j in range(n if output.requires_grad else 0):
        for i, g in enumerate(grad((output,), inputs, (one_hot(output, j),), True, create_graph, True)):
            if g is None:
                if missing is not None:
                    missing(i)
            elif create_graph:
                if found[i] is None:
                    found[i] = [zeros(inputs[i]) for _ in range(n)]
                found[i][j] = g
            else:
                if found[i] is None:
                    found[i] = np.zeros((n, *g._a.shape), g._a.dtype)
                found[i][j] = g._a
    blocks = []
    for x, block in zip(inputs, found):
        shape = (*output._a.shape, *x._a.shape)
        if block is None:
            blocks.append(wrap(np.zeros(shape, x._a.dtype)))
        elif create_graph:
            blocks.append(stack(block).view(shape))
        else:
            blocks.append(wrap(block.reshape(shape)))
    return blocks
