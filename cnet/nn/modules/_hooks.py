"""Functions that users hang on the calls of modules, on one module or on all."""

import warnings
from collections import OrderedDict

from ..._core.hooks import RemovableHandle
from ..._tensor import Tensor
from ...utils.hooks import BackwardHook
from ._registry import buffer_hooks, module_hooks, parameter_hooks
from ._state import _BoundHook

FORWARD_PRE, FORWARD, BACKWARD_PRE, BACKWARD, FULL_BACKWARD = range(5)

# Hooks on all modules: id -> (kind, hook, with_kwargs, always_call). One dictionary: Module.__call__ tests it every time.
GLOBAL = OrderedDict()


def _register_global(kind, hook, with_kwargs=False, always_call=False):
    handle = RemovableHandle(GLOBAL)
    GLOBAL[handle.id] = kind, hook, with_kwargs, always_call
    return handle


def _register_registration(hooks, hook):
    handle = RemovableHandle(hooks)
    hooks[handle.id] = hook
    return handle


def register_module_buffer_registration_hook(hook):
    """Call `hook(module, name, buffer)` whenever a buffer is registered; a returned value replaces it."""
    return _register_registration(buffer_hooks, hook)


def register_module_module_registration_hook(hook):
    """Call `hook(module, name, submodule)` whenever a module is registered; a returned value replaces it."""
    return _register_registration(module_hooks, hook)


def register_module_parameter_registration_hook(hook):
    """Call `hook(module, name, parameter)` whenever a parameter is registered; a returned value replaces it."""
    return _register_registration(parameter_hooks, hook)


def register_module_forward_pre_hook(hook):
    """Call `hook(module, args)` before every module's forward; a returned value replaces the arguments."""
    return _register_global(FORWARD_PRE, hook)


def register_module_forward_hook(hook, *, with_kwargs=False, always_call=False):
    """Call `hook(module, args, output)` after every module's forward; a returned value replaces the output.

    Args:
        hook (callable): the hook.
        with_kwargs (bool): call `hook(module, args, kwargs, output)` instead.
        always_call (bool): call it even if forward raises.
    """
    return _register_global(FORWARD, hook, with_kwargs, always_call)


def register_module_full_backward_pre_hook(hook):
    """Call `hook(module, grad_output)` before every module's backward; a returned tuple replaces grad_output."""
    return _register_global(BACKWARD_PRE, hook)


def _refuse_other(kind):
    if any(entry[0] == kind for entry in GLOBAL.values()):
        raise RuntimeError('Cannot use both regular backward hooks and full backward hooks as a global Module hook. '
                           'Please use only one of them.')


def register_module_backward_hook(hook):
    """Like `register_module_full_backward_hook`, of which it is an older form that sees one node only."""
    _refuse_other(FULL_BACKWARD)
    return _register_global(BACKWARD, hook)


def register_module_full_backward_hook(hook):
    """Call `hook(module, grad_input, grad_output)` after every module's backward; a tuple replaces grad_input."""
    _refuse_other(BACKWARD)
    return _register_global(FULL_BACKWARD, hook)


class Hooked:
    """The part of `Module` that registers hooks and calls them."""

    def _add_hook(self, hooks, hook, prepend, *flags):
        handle = RemovableHandle(hooks, extra_dict=list(flags))
        hooks[handle.id] = hook
        for flag in flags:
            flag[handle.id] = True
        if prepend:
            hooks.move_to_end(handle.id, last=False)
        return handle

    def register_forward_pre_hook(self, hook, *, prepend=False, with_kwargs=False):
        """Call `hook(module, args)` before forward; a returned value replaces the arguments.

        Args:
            hook (callable): returns None, the new arguments as a tuple, or a single new argument.
            prepend (bool): call it before the hooks that are there already.
            with_kwargs (bool): call `hook(module, args, kwargs)`, which returns None or (args, kwargs).

        Returns:
            RemovableHandle: its `remove()` takes the hook away.
        """
        flags = (self._forward_pre_hooks_with_kwargs,) if with_kwargs else ()
        return self._add_hook(self._forward_pre_hooks, hook, prepend, *flags)

    def register_forward_hook(self, hook, *, prepend=False, with_kwargs=False, always_call=False):
        """Call `hook(module, args, output)` after forward; a returned value replaces the output.

        Args:
            hook (callable): the hook.
            prepend (bool): call it before the hooks that are there already.
            with_kwargs (bool): call `hook(module, args, kwargs, output)`.
            always_call (bool): call it even if forward raises (with output None).

        Returns:
            RemovableHandle: its `remove()` takes the hook away.

        Example:
            >>> import cnet
            >>> m = cnet.nn.Identity()
            >>> handle = m.register_forward_hook(lambda module, args, output: output + 1)
            >>> m(cnet.zeros(2))
            tensor([1., 1.])
        """
        flags = []
        if with_kwargs:
            flags.append(self._forward_hooks_with_kwargs)
        if always_call:
            flags.append(self._forward_hooks_always_called)
        return self._add_hook(self._forward_hooks, hook, prepend, *flags)

    def register_full_backward_pre_hook(self, hook, prepend=False):
        """Call `hook(module, grad_output)` before the module's backward; a returned tuple replaces grad_output.

        Args:
            hook (callable): the hook.
            prepend (bool): call it before the hooks that are there already.

        Returns:
            RemovableHandle: its `remove()` takes the hook away.
        """
        return self._add_hook(self._backward_pre_hooks, hook, prepend)

    def _set_backward_kind(self, full):
        if self._is_full_backward_hook is not None and self._is_full_backward_hook is not full:
            raise RuntimeError('Cannot use both regular backward hooks and full backward hooks on a single Module. '
                               'Please use only one of them.')
        self._is_full_backward_hook = full

    def register_full_backward_hook(self, hook, prepend=False):
        """Call `hook(module, grad_input, grad_output)` once the gradients of the module's inputs are known.

        Args:
            hook (callable): gets tuples of gradients, None for what is no tensor; a returned tuple replaces
                grad_input.
            prepend (bool): call it before the hooks that are there already.

        Returns:
            RemovableHandle: its `remove()` takes the hook away.

        Example:
            >>> import cnet
            >>> m, seen = cnet.nn.Identity(), []
            >>> handle = m.register_full_backward_hook(lambda module, gi, go: seen.append(go[0]))
            >>> m(cnet.ones(2, requires_grad=True)).sum().backward()
            >>> seen
            [tensor([1., 1.])]
        """
        self._set_backward_kind(True)
        return self._add_hook(self._backward_hooks, hook, prepend)

    def register_backward_hook(self, hook):
        """The older form of `register_full_backward_hook`: it sees the gradients of the last operation only."""
        self._set_backward_kind(False)
        return self._add_hook(self._backward_hooks, hook, False)

    # ---- calling

    def _call_with_hooks(self, args, kwargs):
        """Forward with every hook around it: what `__call__` does when there are or were any."""
        if not (GLOBAL or self._forward_hooks or self._forward_pre_hooks or self._backward_hooks
                or self._backward_pre_hooks):
            return self.forward(*args, **kwargs)
        always = [(hook_id, entry) for hook_id, entry in self._post_hooks() if entry[2]]
        if not always:
            return self._call_inner(args, kwargs, set())
        called = set()
        try:
            return self._call_inner(args, kwargs, called)
        except Exception:
            for hook_id, (hook, with_kwargs, _) in always:
                if hook_id in called:
                    continue
                try:
                    hook(self, args, kwargs, None) if with_kwargs else hook(self, args, None)
                except Exception as error:
                    warnings.warn('module forward hook with ``always_call=True`` raised an exception that was '
                                  f'silenced as another error was raised in forward: {error}', stacklevel=3)
            raise

    def _post_hooks(self):
        """(id, (hook, with_kwargs, always_call)) of all forward hooks, in the order of their calls."""
        hooks = [(i, entry[1:]) for i, entry in GLOBAL.items() if entry[0] == FORWARD]
        hooks += [(i, (hook, i in self._forward_hooks_with_kwargs, i in self._forward_hooks_always_called))
                  for i, hook in self._forward_hooks.items()]
        return hooks

    def _global(self, kind):
        return [entry[1] for entry in GLOBAL.values() if entry[0] == kind]

    def _run_pre_hooks(self, args, kwargs):
        for hook in self._global(FORWARD_PRE):
            result = hook(self, args)
            if result is not None:
                args = result if isinstance(result, tuple) else (result,)
        for i, hook in list(self._forward_pre_hooks.items()):
            if i in self._forward_pre_hooks_with_kwargs:
                result = hook(self, args, kwargs)
                if result is not None:
                    if not (isinstance(result, tuple) and len(result) == 2):
                        raise RuntimeError('forward pre-hook must return None or a tuple of (new_args, new_kwargs), '
                                           f'but got {result}.')
                    args, kwargs = result
            else:
                result = hook(self, args)
                if result is not None:
                    args = result if isinstance(result, tuple) else (result,)
        return args, kwargs

    def _call_inner(self, args, kwargs, called):
        full, legacy = self._global(FULL_BACKWARD), self._global(BACKWARD)
        (full if self._is_full_backward_hook else legacy).extend(self._backward_hooks.values())
        pre = [*self._global(BACKWARD_PRE), *self._backward_pre_hooks.values()]

        args, kwargs = self._run_pre_hooks(args, kwargs)
        backward = BackwardHook(self, full, pre) if full or pre else None
        if backward is not None:
            args = backward.setup_input_hook(args)
        result = self.forward(*args, **kwargs)
        for i, (hook, with_kwargs, _) in self._post_hooks():
            called.add(i)
            replacement = hook(self, args, kwargs, result) if with_kwargs else hook(self, args, result)
            if replacement is not None:
                result = replacement
        if backward is not None:
            if not isinstance(result, (Tensor, tuple)):
                warnings.warn('For backward hooks to be called, module output should be a Tensor or a tuple of Tensors '
                              f'but received {type(result)}', stacklevel=4)
            result = backward.setup_output_hook(result)
        if legacy:
            self._hang_legacy(legacy, args, result)
        return result

    def _hang_legacy(self, hooks, args, result):
        tensor = result
        while not isinstance(tensor, Tensor):
            tensor = next(v for v in tensor.values() if isinstance(v, Tensor)) if isinstance(tensor, dict) else tensor[0]
        node = tensor.grad_fn
        if node is None:
            return
        for hook in hooks:
            node.register_hook(_BoundHook(hook, self))
        results = result if isinstance(result, tuple) else (result,)
        if not (all(isinstance(t, Tensor) for t in (*args, *results)) and {t.grad_fn for t in results} <= {node, None}
                and {t.grad_fn for t in args} - {None} == {before for before, _ in node.next_functions}):
            warnings.warn('Using a non-full backward hook when the forward contains multiple autograd Nodes is deprecated '
                          'and will be removed in future versions. This hook will be missing some grad_input. Please '
                          'use register_full_backward_hook to get the documented behavior.', FutureWarning, stacklevel=4)
