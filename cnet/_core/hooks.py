"""Hooks: functions of the user that see or change gradients, and what autograd keeps."""

import weakref
from contextlib import contextmanager

from .._kernels._state import flags, swap_flags
from .base import PACK


class RemovableHandle:
    """Returned by every `register_*` function; `remove()` takes the hook away. Also a context manager."""

    _next_id = 0

    def __init__(self, hooks_dict, *, extra_dict=None):
        self._hooks = weakref.ref(hooks_dict)
        self._extra = tuple(weakref.ref(d) for d in _listed(extra_dict))
        self.id = RemovableHandle._next_id
        RemovableHandle._next_id += 1

    def remove(self):
        """Take the hook away; a second call does nothing."""
        for ref in (self._hooks, *self._extra):
            hooks = ref()
            if hooks is not None:
                hooks.pop(self.id, None)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.remove()

    def __getstate__(self):
        return self.id, [ref() for ref in (self._hooks, *self._extra)]

    def __setstate__(self, state):
        # Copied together with their owner, the dictionaries are those of the copy.
        self.id, dicts = state
        self._hooks, *extra = (_gone if d is None else weakref.ref(d) for d in dicts)
        self._extra = tuple(extra)
        RemovableHandle._next_id = max(RemovableHandle._next_id, self.id + 1)


def _gone():
    """Stands for a weak reference whose object is no more."""


def _listed(dicts):
    if dicts is None:
        return ()
    return dicts if isinstance(dicts, list) else (dicts,)


class HookDict(dict):
    """A dict that can be weakly referenced, so that a handle does not keep its tensor or node alive."""

    __slots__ = ('__weakref__',)


def add(hooks, fn):
    """Register `fn` at the end of a HookDict."""
    handle = RemovableHandle(hooks)
    hooks[handle.id] = fn
    return handle


class NodeHooks:
    """What users attached to one node of the graph."""

    __slots__ = ('pre', 'post', 'tensor', 'retain', 'metadata')

    def __init__(self):
        self.pre = HookDict()
        self.post = HookDict()
        self.tensor = {}  # output number -> HookDict of tensor hooks
        self.retain = {}  # output number -> weak reference to the tensor that wants its .grad
        self.metadata = {}

    def before(self, grads):
        """Run tensor hooks, retained gradients and pre-hooks on the gradients of the outputs."""
        for nr, hooks in self.tensor.items():
            if grads[nr] is not None:
                grads[nr] = run_chain(hooks, grads[nr])
        for nr, ref in self.retain.items():
            tensor = ref()
            if tensor is not None and grads[nr] is not None:
                tensor._grad = grads[nr]
        for fn in list(self.pre.values()):
            new = fn(tuple(grads))
            if new is not None:
                grads = list(_as_tuple(new))
        return grads

    def after(self, results, grads):
        """Run post-hooks on the gradients of the inputs."""
        for fn in list(self.post.values()):
            new = fn(tuple(results), tuple(grads))
            if new is not None:
                new = _as_tuple(new)
                if len(new) != len(results):
                    raise RuntimeError(f'hook returned an incorrect number of gradients: expected {len(results)}, got {len(new)}')
                results = new
        return results


class LeafHooks:
    """What users attached to a leaf tensor."""

    __slots__ = ('pre', 'accumulated', 'node')

    def __init__(self):
        self.pre = HookDict()
        self.accumulated = HookDict()
        self.node = None  # the AccumulateGrad node, once somebody asked for it


def _as_tuple(x):
    return x if isinstance(x, tuple) else (x,)


def run_chain(hooks, g):
    """Pass a gradient through tensor hooks; a hook that returns None leaves it as it is."""
    for fn in list(hooks.values()):
        new = fn(g)
        if new is not None:
            g = new
    return g


_packers = []
_refusals = []  # messages of the `disable_saved_tensors_hooks` that are entered


class saved_tensors_hooks:
    """Pass every tensor that autograd keeps through `pack_hook`, and back through `unpack_hook` when it is used.

    Args:
        pack_hook (callable): tensor to any object.
        unpack_hook (callable): that object to a tensor of the same values.

    Example:
        >>> import cnet
        >>> x = cnet.ones(2, requires_grad=True)
        >>> with cnet.autograd.graph.saved_tensors_hooks(lambda t: t.numpy(), cnet.from_numpy):
        ...     y = (x * x).sum()
        >>> y.backward()
        >>> x.grad
        tensor([2., 2.])
    """

    def __init__(self, pack_hook, unpack_hook):
        self.pack_hook, self.unpack_hook = pack_hook, unpack_hook

    def __enter__(self):
        if _refusals:
            raise RuntimeError(_refusals[-1])
        _packers.append((self.pack_hook, self.unpack_hook))
        swap_flags(flags() | PACK)
        return self

    def __exit__(self, *exc):
        _packers.pop()
        if not _packers:
            swap_flags(flags() & ~PACK)


@contextmanager
def disable_saved_tensors_hooks(error_message):
    """A context in which `saved_tensors_hooks` are refused.

    Args:
        error_message (str): what the RuntimeError says.

    Example:
        >>> import cnet
        >>> with cnet.autograd.graph.disable_saved_tensors_hooks('not here'):
        ...     y = cnet.ones(1, requires_grad=True) * 2
    """
    if _packers:
        raise RuntimeError(error_message)
    _refusals.append(error_message)
    try:
        yield
    finally:
        _refusals.pop()


def packer():
    """The innermost (pack, unpack) pair."""
    return _packers[-1]
