"""`Function`: operations whose derivative the user writes, on PyTorch's contract."""

import functools

from .._core.base import GRAD, TensorBase, alias
from .._core.op import Node, Op, blank_node, connect, restore, save
from .._kernels._state import flags, swap_flags

__all__ = ['Function', 'FunctionCtx', 'once_differentiable']


class FunctionCtx:
    """The methods of the `ctx` that `forward` and `backward` receive."""

    def save_for_backward(self, *tensors):
        """Keep tensors (or None) for backward, watched against writes in place; read them as `saved_tensors`."""
        for x in tensors:
            if x is not None and not isinstance(x, TensorBase):
                raise TypeError(f'save_for_backward can only save variables, but argument is of type {type(x).__name__}')
        self.to_save = tensors

    def save_for_forward(self, *tensors):
        """Keep tensors for forward-mode derivatives."""
        self.saved_for_forward = tensors

    def mark_dirty(self, *tensors):
        """Say which inputs `forward` wrote in place; they must be returned too."""
        self.dirty_tensors = tensors

    def mark_non_differentiable(self, *tensors):
        """Say which outputs have no gradient."""
        self.non_differentiable = tensors

    def set_materialize_grads(self, value):
        """Whether backward gets zeros (the default) or None for outputs without a gradient."""
        self.materialize_grads = value


class _FunctionNode(FunctionCtx, Op):
    """A node whose backward is the user's; it is also the `ctx`."""

    to_save = ()
    saved_for_forward = ()
    dirty_tensors = ()
    non_differentiable = ()
    materialize_grads = True
    function = None

    @property
    def materialize(self):
        """What the engine asks before it fills in zeros."""
        return self.materialize_grads

    @property
    def saved_tensors(self):
        """What `save_for_backward` kept."""
        if self.ins is None:
            if self.spent:
                return Node.saved_tensors.__get__(self)
            return self.to_save
        return tuple([None if s is None else restore(self, s) for s in self.ins])

    saved_variables = saved_tensors

    def backward(self, *grads):
        function = self.function
        if function.backward is Function.backward and function.vjp is Function.vjp:
            raise NotImplementedError('You must implement either the backward or vjp method for your custom '
                                      'autograd.Function to use it with backward mode AD.')
        run = function.backward if function.backward is not Function.backward else function.vjp
        results = run(self, *grads)
        if not isinstance(results, tuple):
            results = (results,)
        expected = len(self.needs)
        if len(results) > expected and all(r is None for r in results[expected:]):
            results = results[:expected]
        if len(results) != expected:
            raise RuntimeError(f'function {self.name()} returned an incorrect number of gradients (expected {expected}, got '
                               f'{len(results)})')
        for i, r in enumerate(results):
            if r is not None and not self.is_tensor_input[i]:
                raise RuntimeError(f'function {self.name()} returned a gradient different from None at position {i + 1}, but the '
                                   'corresponding forward input was not a Variable')
        return results


class _FunctionMeta(type):
    def __init__(cls, name, bases, namespace):
        super().__init__(name, bases, namespace)
        cls._backward_cls = type(Op)(name + 'Backward', (_FunctionNode,), {'function': cls})


class Function(FunctionCtx, metaclass=_FunctionMeta):
    """Base class of operations with a derivative of their own.

    A subclass defines static methods `forward(ctx, *args)` and `backward(ctx, *grad_outputs)`, or `forward(*args)` with
    `setup_context(ctx, inputs, output)`. It is used through `apply`.

    Example:
        >>> import cnet
        >>> class Double(cnet.autograd.Function):
        ...     @staticmethod
        ...     def forward(ctx, x):
        ...         return x * 2
        ...     @staticmethod
        ...     def backward(ctx, g):
        ...         return g * 2
        >>> x = cnet.ones(1, requires_grad=True)
        >>> Double.apply(x)
        tensor([2.], grad_fn=<DoubleBackward>)
    """

    def __init__(self, *args, **kwargs):
        raise RuntimeError(f'{type(self)} should not be instantiated. Methods on autograd functions are all static, '
                           "so you should invoke them on the class itself. Instantiating an autograd function will raise an "
                           'error in a future version of PyTorch.')

    def __call__(self, *args, **kwargs):
        raise RuntimeError('Legacy autograd function with non-static forward method is deprecated. Please use new-style autograd '
                           'function with static forward method.')

    @staticmethod
    def forward(*args, **kwargs):
        """The operation; with a `ctx` first unless `setup_context` is defined."""
        raise NotImplementedError('You must implement the forward function for custom autograd.Function.')

    @staticmethod
    def setup_context(ctx, inputs, output):
        """Keep what backward needs, after `forward` ran without a `ctx`."""
        raise NotImplementedError('setup_context is not implemented.')

    @staticmethod
    def backward(ctx, *grad_outputs):
        """Gradients of the outputs to one gradient (or None) per argument of forward."""
        raise NotImplementedError('You must implement either the backward or vjp method for your custom autograd.Function to use '
                                  'it with backward mode AD.')

    vjp = backward

    @classmethod
    def apply(cls, *args):
        """Run `forward` and record the node."""
        node = blank_node(cls._backward_cls)
        node.needs_input_grad = tuple([isinstance(x, TensorBase) and x.requires_grad for x in args])
        node.is_tensor_input = [isinstance(x, TensorBase) for x in args]
        bits = swap_flags(flags() & ~GRAD)
        try:
            if cls.setup_context is not Function.setup_context:
                result = cls.forward(*args)
                cls.setup_context(node, args, result)
            else:
                result = cls.forward(node, *args)
        finally:
            swap_flags(bits)
        outs = result if isinstance(result, tuple) else (result,)
        recording = bits & GRAD and any(node.needs_input_grad)
        finished = _finish(node, args, outs, recording)
        return finished if isinstance(result, tuple) else finished[0]


def _finish(node, args, outs, recording):
    """Give the outputs their history and turn what was to be saved into saved entries."""
    dirty = {id(x) for x in node.dirty_tensors}
    constant = {id(x) for x in node.non_differentiable}
    inputs = {id(x) for x in args if isinstance(x, TensorBase)}
    for x in node.dirty_tensors:
        if recording and x._req and x._fn is None:
            raise RuntimeError('a leaf Variable that requires grad is being used in an in-place operation.')
        x._v.n += 1
    if recording:
        connect(node, args)
    finished = []
    for i, x in enumerate(outs):
        if isinstance(x, TensorBase):
            differentiable = id(x) not in constant and x._a.dtype.kind in 'fc'
            if id(x) in inputs and id(x) not in dirty:
                x = alias(x)
            if recording and differentiable:
                x._fn, x._nr, x._req = node, i, True
                x._view = None
        finished.append(x)
    if recording:
        node.meta = [(x._a.shape, x._a.dtype) if isinstance(x, TensorBase) else ((), None) for x in outs]
        position = {id(x): i for i, x in enumerate(outs) if isinstance(x, TensorBase) and x._fn is node}
        node.ins = [None if x is None else save(x, position.get(id(x), -1)) for x in node.to_save]
        node.to_save = ()
        node.dirty_tensors = node.non_differentiable = ()
    return tuple(finished)


class _Twice(Op, name='ErrorBackward'):
    """Stands behind the results of a backward that may not be differentiated."""

    def backward(self, *g):
        raise RuntimeError('trying to differentiate twice a function that was marked with @once_differentiable')


def once_differentiable(backward):
    """Decorator for a backward that is not made of recorded operations: differentiating its result is an error.

    Args:
        backward (callable): the static method.

    Example:
        >>> import cnet
        >>> from cnet.autograd.function import once_differentiable
        >>> class Square(cnet.autograd.Function):
        ...     @staticmethod
        ...     def forward(ctx, x):
        ...         ctx.save_for_backward(x)
        ...         return x * x
        ...     @staticmethod
        ...     @once_differentiable
        ...     def backward(ctx, g):
        ...         return g * 2 * ctx.saved_tensors[0]
    """
    @functools.wraps(backward)
    def wrapper(ctx, *grads):
        bits = swap_flags(flags() & ~GRAD)
        try:
            results = backward(ctx, *grads)
        finally:
            swap_flags(bits)
        if not bits & GRAD or not any(isinstance(g, TensorBase) and g.requires_grad for g in grads):
            return results
        listed = results if isinstance(results, tuple) else (results,)
        node = blank_node(_Twice)
        connect(node, grads)
        marked = []
        for x in listed:
            if isinstance(x, TensorBase):
                x = alias(x)
                x._fn, x._nr, x._req = node, len(marked), True
            marked.append(x)
        node.meta = [(x._a.shape, x._a.dtype) if isinstance(x, TensorBase) else ((), None) for x in listed]
        return tuple(marked) if isinstance(results, tuple) else marked[0]
    return wrapper
