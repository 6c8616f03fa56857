"""`grad`: gradients as values."""

from .._core.base import TensorBase
from .._core.engine import grad as _grad
from .graph import GradientEdge, tensor_at

__all__ = ['grad']


def grad(outputs, inputs, grad_outputs=None, retain_graph=None, create_graph=False, allow_unused=None,
         is_grads_batched=False, materialize_grads=False):
    """The gradients of `outputs` with respect to `inputs`, without touching any `.grad`.

    Args:
        outputs (Tensor or sequence of Tensors): what is differentiated; a `graph.GradientEdge` stands for its tensor.
        inputs (Tensor or sequence of Tensors): with respect to what; a `graph.GradientEdge` stands for its tensor.
        grad_outputs (Tensor, None or sequence of them): the vector of the vector-Jacobian product.
        retain_graph (bool, optional): keep the graph for another sweep. Default: `create_graph`.
        create_graph (bool): record the sweep itself, for higher derivatives. Default: False.
        allow_unused (bool, optional): give None instead of an error for inputs that outputs do not depend on.
        is_grads_batched (bool): the first dimension of `grad_outputs` counts independent vectors, and so does that of the
            results; one sweep is made per vector. Default: False.
        materialize_grads (bool): give zeros instead of None for unused inputs. Default: False.

    Returns:
        tuple of Tensors, one per input.

    Example:
        >>> import cnet
        >>> x = cnet.tensor(3., requires_grad=True)
        >>> cnet.autograd.grad(x ** 2, x)
        (tensor(6.),)
    """
    outputs, inputs = _tensors(outputs), _tensors(inputs)
    if not is_grads_batched:
        return _grad(outputs, inputs, grad_outputs, retain_graph, create_graph, allow_unused, materialize_grads)
    vectors = (grad_outputs,) if isinstance(grad_outputs, TensorBase) else tuple(grad_outputs)
    rows = [_grad(outputs, inputs, v, True, create_graph, allow_unused, materialize_grads) for v in zip(*vectors)]
    return tuple([None if column[0] is None else _stacked(column) for column in zip(*rows)])


def _tensors(xs):
    if isinstance(xs, (TensorBase, GradientEdge)):
        xs = (xs,)
    return tuple([tensor_at(x) for x in xs])


def _stacked(column):
    """The tensors along a new first dimension."""
    first = column[0].unsqueeze(0)
    rows = first.expand(len(column), *column[0].shape).clone()
    for i, x in enumerate(column):
        rows[i] = x
    return rows
