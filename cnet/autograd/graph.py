"""The recorded graph: its nodes, and what happens to the tensors they keep."""

from .._core.hooks import saved_tensors_hooks
from .._core.op import Node, accumulator

__all__ = ['GradientEdge', 'Node', 'get_gradient_edge', 'save_on_cpu', 'saved_tensors_hooks']


class GradientEdge(tuple):
    """A place in the graph where a gradient arrives: `node` and `output_nr`."""

    __slots__ = ()

    def __new__(cls, node, output_nr):
        return super().__new__(cls, (node, output_nr))

    @property
    def node(self):
        """The node whose output's gradient is meant."""
        return self[0]

    @property
    def output_nr(self):
        """Which output of the node."""
        return self[1]


def get_gradient_edge(tensor):
    """Where the gradient of a tensor arrives.

    Args:
        tensor (Tensor): must require a gradient.

    Returns:
        GradientEdge

    Example:
        >>> import cnet
        >>> x = cnet.ones(2, requires_grad=True)
        >>> cnet.autograd.graph.get_gradient_edge(x * 2).node.name()
        'MulBackward0'
    """
    if not tensor.requires_grad:
        raise RuntimeError('It is not possible to get the gradient edge of a Tensor that does not require gradients.')
    fn = tensor.grad_fn
    return GradientEdge(accumulator(tensor) if fn is None else fn, tensor.output_nr)


class save_on_cpu(saved_tensors_hooks):
    """Keeps what autograd saves as it is: all memory is the CPU's already.

    Args:
        pin_memory (bool): accepted for compatibility.
        device_type (str): accepted for compatibility.

    Example:
        >>> import cnet
        >>> x = cnet.ones(2, requires_grad=True)
        >>> with cnet.autograd.graph.save_on_cpu():
        ...     y = (x * x).sum()
        >>> y.backward()
    """

    def __init__(self, pin_memory=False, device_type='cuda'):
        super().__init__(lambda x: x, lambda x: x)
