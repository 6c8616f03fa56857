"""Tensor methods about history and gradients: what a tensor is in the graph, not what it holds."""

import weakref

from .base import alias, set_requires_grad
from .engine import backward as _backward
from .hooks import HookDict, LeafHooks, add


def detach(self):
    """The same memory without history. Writes through either are seen, and counted, by both.

    Example:
        >>> import cnet
        >>> cnet.ones(2, requires_grad=True).detach()
        tensor([1., 1.])
    """
    return alias(self)


def detach_(self):
    """Forget this tensor's history; it becomes a leaf that requires no gradient.

    Example:
        >>> import cnet
        >>> (cnet.ones(2, requires_grad=True) * 2).detach_()
        tensor([2., 2.])
    """
    view = self._view
    if view is not None:
        raise RuntimeError("Can't detach views in-place. Use detach() instead.")
    self._fn, self._nr, self._req = None, 0, False
    return self


def requires_grad_(self, requires_grad=True):
    """Set whether operations on this leaf are recorded; returns the tensor.

    Example:
        >>> import cnet
        >>> cnet.ones(1).requires_grad_()
        tensor([1.], requires_grad=True)
    """
    set_requires_grad(self, requires_grad)
    return self


def backward(self, gradient=None, retain_graph=None, create_graph=False, inputs=None):
    """Accumulate the gradient of this tensor in the `grad` of the leaves it depends on.

    Args:
        gradient (Tensor, optional): gradient of this tensor; may be left out if it has one element.
        retain_graph (bool, optional): keep the graph for another call. Default: `create_graph`.
        create_graph (bool): record the computation of the gradients. Default: False.
        inputs (sequence of Tensors, optional): accumulate in these alone.

    Example:
        >>> import cnet
        >>> x = cnet.tensor([1., 2.], requires_grad=True)
        >>> (x ** 2).sum().backward()
        >>> x.grad
        tensor([2., 4.])
    """
    _backward((self,), (gradient,), retain_graph, create_graph, inputs)


def retain_grad(self):
    """Have `grad` filled in by backward although this tensor is no leaf.

    Example:
        >>> import cnet
        >>> y = cnet.ones(1, requires_grad=True) * 2
        >>> y.retain_grad(); y.backward(); y.grad
        tensor([1.])
    """
    if not self.requires_grad:
        raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
    if self._fn is not None:
        self._fn.hooks().retain[self._nr] = weakref.ref(self)


def _retains_grad(self):
    """Whether `retain_grad` was called on this non-leaf tensor."""
    fn = self.grad_fn
    if fn is None or fn._hooks is None:
        return False
    ref = fn._hooks.retain.get(self._nr)
    return ref is not None and ref() is self


def register_hook(self, hook):
    """Call `hook(grad)` whenever the gradient of this tensor is computed; a returned tensor replaces it.

    Args:
        hook (callable): Tensor to Tensor or None.

    Returns:
        RemovableHandle

    Example:
        >>> import cnet
        >>> x = cnet.ones(1, requires_grad=True)
        >>> handle = x.register_hook(lambda g: g * 10)
        >>> x.sum().backward(); x.grad
        tensor([10.])
    """
    if not self.requires_grad:
        raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
    if self._fn is None:
        return add(_leaf_hooks(self).pre, hook)
    return add(self._fn.hooks().tensor.setdefault(self._nr, HookDict()), hook)


def register_post_accumulate_grad_hook(self, hook):
    """Call `hook(tensor)` after a gradient was added to this leaf's `grad`.

    Args:
        hook (callable): called with the tensor itself; its result is ignored.

    Returns:
        RemovableHandle

    Example:
        >>> import cnet
        >>> x = cnet.ones(1, requires_grad=True)
        >>> handle = x.register_post_accumulate_grad_hook(lambda t: print(t.grad))
        >>> x.sum().backward()
        tensor([1.])
    """
    if not self.requires_grad:
        raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
    if self._fn is not None:
        raise RuntimeError('post accumulate grad hooks cannot be registered on non-leaf tensors')
    return add(_leaf_hooks(self).accumulated, hook)


def _leaf_hooks(x):
    if x._hooks is None:
        x._hooks = LeafHooks()
    return x._hooks


METHODS: dict[str, object] = {f.__name__: f for f in (
    detach, detach_, requires_grad_, backward, retain_grad, register_hook, register_post_accumulate_grad_hook)}
METHODS['retains_grad'] = property(_retains_grad)
