"""Hooks: the handle that removes one, and the machinery behind the backward hooks of modules."""

import warnings

import numpy as np

from .._core.base import mark_view, wrap
from .._core.hooks import RemovableHandle
from .._core.mode import is_grad_enabled
from .._core.op import Op
from .._tensor import Tensor

__all__ = ['RemovableHandle', 'BackwardHook']


class BackwardHookFunction(Op, name='BackwardHookFunctionBackward'):
    """The identity on several tensors at once: one node that all their gradients pass together."""

    n_out = 0

    @staticmethod
    def forward(*arrays):
        return arrays

    def backward(self, *g):
        return g


def _through_one_node(values):
    """`values` with its tensors that require a gradient passed through one node.

    Returns:
        the new values, the node and the positions of those tensors; node None if there are none.
    """
    if not is_grad_enabled():
        return values, None, ()
    at = tuple(i for i, v in enumerate(values) if isinstance(v, Tensor) and v.requires_grad)
    if not at:
        return values, None, ()
    taken = [values[i] for i in at]
    given = BackwardHookFunction.apply(*taken)
    new = list(values)
    for n, (i, x, y) in enumerate(zip(at, taken, given)):
        # The memory is shared, and writing it in place would go unnoticed by the hook: as views they refuse that.
        mark_view(y, x, BackwardHookFunction, {}, n)
        new[i] = y
    kind = type(values)
    return kind(new) if kind is tuple else kind(*new), given[0].grad_fn, at


def _spread(at, values, n):
    full = [None] * n
    for i, value in zip(at, values):
        full[i] = value
    return full


class BackwardHook:
    """The backward hooks of one call of a module: an identity before it and one after it catch the gradients.

    Args:
        module (Module): what the hooks are told they belong to.
        user_hooks (list of callable): called with (module, grad_input, grad_output).
        user_pre_hooks (list of callable): called with (module, grad_output).
    """

    def __init__(self, module, user_hooks, user_pre_hooks):
        self.module, self.user_hooks, self.user_pre_hooks = module, user_hooks, user_pre_hooks
        self.grad_outputs = None
        self.n_inputs = self.n_outputs = 0
        self.inputs_at = self.outputs_at = ()
        self.has_input = False
        self.idle = ()  # (position, shape, NumPy type) of the input tensors without a gradient

    def setup_input_hook(self, args):
        """The arguments to call forward with."""
        self.n_inputs = len(args)
        self.idle = [(i, x._a.shape, x._a.dtype) for i, x in enumerate(args)
                     if isinstance(x, Tensor) and not x.requires_grad]
        args, node, self.inputs_at = _through_one_node(args)
        self.has_input = node is not None
        if self.has_input:
            node.register_hook(self._after_inputs)
        return args

    def setup_output_hook(self, result):
        """The result to give to the caller in place of forward's."""
        results = result if isinstance(result, tuple) else (result,)
        self.n_outputs = len(results)
        results, node, self.outputs_at = _through_one_node(results)
        if node is not None:
            node.register_hook(self._after_outputs)
        return results if isinstance(result, tuple) else results[0]

    def _after_inputs(self, grad_input, _):
        if self.grad_outputs is None:  # a gradient that reached the input without passing the output
            return None
        grads = _spread(self.inputs_at, grad_input, self.n_inputs)
        for i, shape, kind in self.idle:  # zeros, not None: None stands for what is no tensor
            grads[i] = wrap(np.zeros(shape, kind))
        grads = tuple(grads)
        for hook in self.user_hooks:
            new = hook(self.module, grads, self.grad_outputs)
            if new is None:
                continue
            if isinstance(new, Tensor):
                new = (new,)
            if len(new) != len(grads):
                raise RuntimeError('Backward hook returned an invalid number of grad_input, '
                                   f'got {len(new)}, but expected {len(grads)}')
            grads = new
        self.grad_outputs = None
        return tuple(grads[i] for i in self.inputs_at)

    def _after_outputs(self, _, grad_output):
        grads = tuple(_spread(self.outputs_at, grad_output, self.n_outputs))
        for hook in self.user_pre_hooks:
            new = hook(self.module, grads)
            if new is None:
                continue
            if isinstance(new, Tensor):
                new = (new,)
            if len(new) != len(grads):
                raise RuntimeError('Backward pre hook returned an invalid number of grad_output, '
                                   f'got {len(new)}, but expected {len(grads)}')
            grads = new
        self.grad_outputs = grads
        if not self.has_input:
            self._without_inputs(grads)
        return tuple(grads[i] for i in self.outputs_at)

    def _without_inputs(self, grad_outputs):
        """No input wants a gradient, so nothing would call the hooks later: call them now."""
        warnings.warn('Full backward hook is firing when gradients are computed with respect to module outputs since '
                      'no inputs require gradients.', stacklevel=5)
        for hook in self.user_hooks:
            new = hook(self.module, (None,) * self.n_inputs, grad_outputs)
            if new is not None and not (isinstance(new, tuple) and all(g is None for g in new)):
                raise RuntimeError('Backward hook for Modules where no input requires gradient should always return '
                                   'None or None for all gradients.')
        self.grad_outputs = None
