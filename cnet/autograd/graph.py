"""The recorded graph: its nodes, and what happens to the tensors they keep."""

import functools

import numpy as np

from .._core.base import TensorBase, wrap
from .._core.engine import running, will_run
from .._core.hooks import RemovableHandle, disable_saved_tensors_hooks, saved_tensors_hooks
from .._core.op import AccumulateGrad, Node, accumulator

__all__ = ['GradientEdge', 'Node', 'disable_saved_tensors_hooks', 'get_gradient_edge', 'increment_version',
           'register_multi_grad_hook', 'save_on_cpu', 'saved_tensors_hooks']


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
        raise RuntimeError('It is not possible to get the gradient edge for a Tensor that does not require gradients')
    fn = tensor.grad_fn
    return GradientEdge(accumulator(tensor) if fn is None else fn, tensor.output_nr)


def tensor_at(edge):
    """A tensor that stands for an edge where the engine expects the tensor itself: same place, shape and type."""
    if not isinstance(edge, GradientEdge):
        return edge
    node, nr = edge
    if isinstance(node, AccumulateGrad):
        return node.variable
    shape, dtype = node.meta[nr]
    t = wrap(np.broadcast_to(np.zeros((), dtype), shape))
    t._fn, t._nr, t._req = node, nr, True
    return t


def increment_version(tensor):
    """Count a write that autograd did not see, so that a backward which needs the old values fails.

    Args:
        tensor (Tensor or iterable of Tensors): what was written, through NumPy for example.

    Example:
        >>> import cnet
        >>> x = cnet.zeros(2)
        >>> x.numpy()[0] = 1
        >>> cnet.autograd.graph.increment_version(x)
        >>> x._version
        1
    """
    for x in (tensor,) if isinstance(tensor, TensorBase) else tensor:
        x._v.n += 1


class _MultiHandle(RemovableHandle):
    """Removes several hooks."""

    def __init__(self, handles):
        self.handles = handles

    def remove(self):
        """Take the hooks away."""
        for handle in self.handles:
            handle.remove()

    def __getstate__(self):
        return self.handles

    def __setstate__(self, state):
        self.handles = state


def register_multi_grad_hook(tensors, fn, *, mode='all'):
    """Call `fn` once per backward about the gradients of several tensors.

    Args:
        tensors (sequence of Tensors): must require gradients.
        fn (callable): with mode 'all' called with the list of all gradients, None for those that this backward does not
            compute; with 'any' called with the first gradient.
        mode (str): 'all' or 'any'. Default: 'all'.

    Returns:
        RemovableHandle

    Example:
        >>> import cnet
        >>> a, b = cnet.ones(1, requires_grad=True), cnet.ones(1, requires_grad=True)
        >>> handle = cnet.autograd.graph.register_multi_grad_hook((a, b), print)
        >>> (a * b * 2).sum().backward()
        [tensor([2.]), tensor([2.])]
    """
    if mode not in ('all', 'any'):
        raise ValueError(f"Expects mode to be one of ('all', 'any') but got {mode}")
    arrived = {}  # by sweep: [gradients so far, how many are missing]
    places = [x if x.grad_fn is None else x.grad_fn for x in tensors]

    def collect(i, g):
        sweep = running.sweep
        entry = arrived.get(sweep[0])
        if entry is None:
            entry = arrived[sweep[0]] = [[None] * len(places), sum(will_run(sweep, place) for place in places)]
        entry[0][i] = g
        entry[1] -= 1
        if not entry[1]:
            del arrived[sweep[0]]
            fn(entry[0])

    last = None  # number of the sweep that called `fn` last

    def first(g):
        nonlocal last
        if last != running.sweep[0]:
            last = running.sweep[0]
            fn(g)

    if mode == 'any':
        return _MultiHandle(tuple(x.register_hook(first) for x in tensors if x.requires_grad))
    return _MultiHandle(tuple(x.register_hook(functools.partial(collect, i)) for i, x in enumerate(tensors)))


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
