"""The base of all optimizers: parameter groups, state, saving and loading, hooks."""

import functools
import warnings
from collections import OrderedDict, defaultdict
from collections.abc import Iterable
from copy import deepcopy
from itertools import chain

from .._core.dtype import float32, float64, get_default_dtype
from .._core.hooks import RemovableHandle
from .._core.mode import enable_grad, set_grad_enabled
from .._tensor import Tensor

__all__ = ['Optimizer', 'register_optimizer_step_post_hook', 'register_optimizer_step_pre_hook']

_global_optimizer_pre_hooks = OrderedDict()
_global_optimizer_post_hooks = OrderedDict()


class _Required:
    """The default of options that every group has to give."""

    def __repr__(self):
        return '<required parameter>'


required = _Required()


def register_optimizer_step_pre_hook(hook):
    """Call ``hook(optimizer, args, kwargs)`` before every step of every optimizer.

    Args:
        hook (callable): may return new ``(args, kwargs)`` for the step.

    Returns:
        RemovableHandle: its `remove()` takes the hook away.

    Example:
        >>> from cnet.optim.optimizer import register_optimizer_step_pre_hook
        >>> register_optimizer_step_pre_hook(lambda optimizer, args, kwargs: None).remove()
    """
    return _register(_global_optimizer_pre_hooks, hook)


def register_optimizer_step_post_hook(hook):
    """Call ``hook(optimizer, args, kwargs)`` after every step of every optimizer.

    Args:
        hook (callable): its result is ignored.

    Returns:
        RemovableHandle: its `remove()` takes the hook away.

    Example:
        >>> from cnet.optim.optimizer import register_optimizer_step_post_hook
        >>> register_optimizer_step_post_hook(lambda optimizer, args, kwargs: None).remove()
    """
    return _register(_global_optimizer_post_hooks, hook)


def _register(hooks, hook, prepend=False):
    handle = RemovableHandle(hooks)
    hooks[handle.id] = hook
    if prepend:
        hooks.move_to_end(handle.id, last=False)
    return handle


def number(x):
    """An option given as a float or as a tensor of one element, as a float."""
    return x.item() if isinstance(x, Tensor) else x


def step_dtype():
    """The type of step counts: float64 if that is the default type, else float32."""
    return float64 if get_default_dtype() is float64 else float32


class Optimizer:
    """Base of all optimizers. A subclass passes its options to `__init__` and defines `update_group`, or `step`.

    Args:
        params (iterable): tensors, ``(name, tensor)`` pairs, or dicts: groups with options of their own.
        defaults (dict): options of groups that do not give them.

    Example:
        >>> import cnet
        >>> w = cnet.ones(2, requires_grad=True)
        >>> cnet.optim.SGD([w], lr=0.5)
        SGD (
        Parameter Group 0
            dampening: 0
            differentiable: False
            foreach: None
            fused: None
            lr: 0.5
            maximize: False
            momentum: 0
            nesterov: False
            weight_decay: 0
        )
    """

    def __init__(self, params, defaults):
        self.defaults = defaults
        self._make_hooks()
        if isinstance(params, Tensor):
            raise TypeError('params argument given to the optimizer should be an iterable of Tensors or dicts, but got '
                            + params.type())
        self.state = defaultdict(dict)
        self.param_groups = []
        param_groups = list(params)
        if not param_groups:
            raise ValueError('optimizer got an empty parameter list')
        if not isinstance(param_groups[0], dict):
            param_groups = [{'params': param_groups}]
        for param_group in param_groups:
            self.add_param_group(param_group)

    # --------------------------------------------------------------------------------------------------------- steps

    def update_group(self, group):
        """Update the parameters of one group that have gradients. Called by `step`, with grad mode as set there."""
        raise NotImplementedError

    def step(self, closure=None):
        """Update all parameters that have a gradient.

        Args:
            closure (callable, optional): computes the loss and its gradients anew.

        Returns:
            what `closure` returned, else None.

        Example:
            >>> import cnet
            >>> w = cnet.ones(2, requires_grad=True)
            >>> (w * w).sum().backward()
            >>> cnet.optim.SGD([w], lr=0.25).step()
            >>> w.tolist()
            [0.5, 0.5]
        """
        if type(self).update_group is Optimizer.update_group:
            raise NotImplementedError
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        for group in self.param_groups:
            self.update_group(group)
        return loss

    def zero_grad(self, set_to_none=True):
        """Forget the gradients of all parameters.

        Args:
            set_to_none (bool): False fills them with zeros instead. Default: True.

        Example:
            >>> import cnet
            >>> w = cnet.ones(2, requires_grad=True)
            >>> w.sum().backward()
            >>> cnet.optim.SGD([w]).zero_grad()
            >>> w.grad is None
            True
        """
        for group in self.param_groups:
            for p in group['params']:
                if set_to_none:
                    p._grad = None
                elif p._grad is not None:
                    if p._grad.grad_fn is not None:
                        p._grad.detach_()
                    else:
                        p._grad.requires_grad_(False)
                    p._grad.zero_()

    # -------------------------------------------------------------------------------------------------------- groups

    def add_param_group(self, param_group):
        """Add a group of parameters.

        Args:
            param_group (dict): ``'params'``, a tensor or a sequence as for the constructor, and options.

        Example:
            >>> import cnet
            >>> a, b = cnet.ones(1, requires_grad=True), cnet.ones(1, requires_grad=True)
            >>> optimizer = cnet.optim.SGD([a], lr=0.1)
            >>> optimizer.add_param_group({'params': b, 'lr': 0.2})
            >>> [group['lr'] for group in optimizer.param_groups]
            [0.1, 0.2]
        """
        if not isinstance(param_group, dict):
            raise TypeError(f'param_group must be a dict, but got {type(param_group)}')
        self._set_params(param_group)
        for param in param_group['params']:
            if not isinstance(param, Tensor):
                raise TypeError(f'optimizer can only optimize Tensors, but one of the params is {_type_name(param)}')
            if not self.defaults.get('differentiable') and not (param.is_leaf or param.retains_grad):
                raise ValueError("can't optimize a non-leaf Tensor")
        for name, default in self.defaults.items():
            if default is required and name not in param_group:
                raise ValueError(f"parameter group didn't specify a value of required optimization parameter {name}")
            param_group.setdefault(name, default)
        ids = {id(p) for p in param_group['params']}
        if len(ids) != len(param_group['params']):
            warnings.warn('optimizer contains a parameter group with duplicate parameters; in future, this will cause an '
                          'error', stacklevel=3)
        for group in self.param_groups:
            if ('param_names' in param_group) != ('param_names' in group):
                kind = 'with' if 'param_names' in param_group else 'without'
                raise ValueError('all optimizer param groups should be with/without names. cannot add param group '
                                 f'{kind} names to the optimizer')
            if any(id(p) in ids for p in group['params']):
                raise ValueError('some parameters appear in more than one parameter group')
        self.param_groups.append(param_group)

    @staticmethod
    def _set_params(param_group):
        params = param_group['params']
        if isinstance(params, set):
            raise TypeError('optimizer parameters need to be organized in ordered collections, but the ordering of tensors '
                            'in sets will change between runs. Please use a list instead.')
        params = [params] if isinstance(params, Tensor) else list(params)
        names = [p[0] for p in params if isinstance(p, tuple)]
        param_group['params'] = [p[1] if isinstance(p, tuple) else p for p in params]
        if names:
            if len(names) != len(params):
                raise ValueError('all optimizer params should be with/without names. Some param names are missing')
            param_group['param_names'] = names

    def __repr__(self):
        text = type(self).__name__ + ' ('
        for i, group in enumerate(self.param_groups):
            text += f'\nParameter Group {i}\n'
            text += ''.join(f'    {key}: {group[key]}\n' for key in sorted(group) if key != 'params')
        return text + ')'

    # ---------------------------------------------------------------------------------------------- saving and loading

    def __getstate__(self):
        return {'defaults': self.defaults, 'state': self.state, 'param_groups': self.param_groups}

    def __setstate__(self, state):
        self.__dict__.update(state)
        self._make_hooks()
        self.defaults.setdefault('differentiable', False)

    def state_dict(self):
        """Return everything that a new optimizer needs to continue.

        Returns:
            dict: ``'state'``, by number of the parameter, and ``'param_groups'``, with numbers for parameters.

        Example:
            >>> import cnet
            >>> cnet.optim.SGD([cnet.ones(1)]).state_dict()['param_groups'][0]['params']
            [0]
        """
        for hook in self._optimizer_state_dict_pre_hooks.values():
            hook(self)
        number_of = {}
        param_groups = []
        start = 0
        for group in self.param_groups:
            for i, p in enumerate(group['params'], start):
                number_of.setdefault(id(p), i)
            packed = {key: value for key, value in group.items() if key != 'params'}
            packed['params'] = [number_of[id(p)] for p in group['params']]
            param_groups.append(packed)
            start += len(group['params'])
        state = {number_of[id(key)] if isinstance(key, Tensor) else key: value for key, value in self.state.items()}
        result = {'state': state, 'param_groups': param_groups}
        for hook in self._optimizer_state_dict_post_hooks.values():
            changed = hook(self, result)
            if changed is not None:
                result = changed
        return result

    def load_state_dict(self, state_dict):
        """Continue from what `state_dict` returned.

        Args:
            state_dict (dict): of an optimizer with groups of the same sizes. Tensors are cast to the parameters' types.

        Example:
            >>> import cnet
            >>> a, b = cnet.optim.SGD([cnet.ones(1)], lr=0.1), cnet.optim.SGD([cnet.ones(1)])
            >>> b.load_state_dict(a.state_dict())
            >>> b.param_groups[0]['lr']
            0.1
        """
        state_dict = state_dict.copy()
        for hook in self._optimizer_load_state_dict_pre_hooks.values():
            changed = hook(self, state_dict)
            if changed is not None:
                state_dict = changed
        groups = self.param_groups
        loaded = deepcopy(state_dict['param_groups'])
        if len(groups) != len(loaded):
            raise ValueError('loaded state dict has a different number of parameter groups')
        if any(len(old['params']) != len(new['params']) for old, new in zip(groups, loaded)):
            raise ValueError("loaded state dict contains a parameter group that doesn't match the size of optimizer's group")
        param_of, options_of = {}, {}
        for old, new in zip(groups, loaded):
            for number_, param in zip(new['params'], old['params']):
                param_of[number_], options_of[number_] = param, new
        state = defaultdict(dict)
        for key, value in state_dict['state'].items():
            if key in param_of:
                state[param_of[key]] = _cast(param_of[key], value, options_of[key])
            else:
                state[key] = value
        for old, new in zip(groups, loaded):
            new['params'] = old['params']
            if 'param_names' in old:
                new.setdefault('param_names', old['param_names'])
        self.__setstate__({'state': state, 'param_groups': loaded})
        for hook in self._optimizer_load_state_dict_post_hooks.values():
            hook(self)

    # --------------------------------------------------------------------------------------------------------- hooks

    def _make_hooks(self):
        for when in ('step_pre', 'step_post', 'state_dict_pre', 'state_dict_post', 'load_state_dict_pre',
                     'load_state_dict_post'):
            self.__dict__.setdefault(f'_optimizer_{when}_hooks', OrderedDict())
        self._patch_step_function()

    def _patch_step_function(self):
        """Let the class's `step` call hooks. A subclass may define `step` anew, so each class is looked at."""
        cls = type(self)
        if not getattr(cls.step, 'hooked', False):
            cls.step = self.profile_hook_step(cls.step)
            cls.step.hooked = True

    @staticmethod
    def profile_hook_step(func):
        """Wrap a `step` function so that it calls the hooks."""
        @functools.wraps(func)
        def wrapper(*args, **kwargs):
            self = args[0]
            before, after = self._optimizer_step_pre_hooks, self._optimizer_step_post_hooks
            if not (before or after or _global_optimizer_pre_hooks or _global_optimizer_post_hooks):
                return func(*args, **kwargs)
            for hook in chain(_global_optimizer_pre_hooks.values(), before.values()):
                result = hook(self, args, kwargs)
                if result is not None:
                    if not isinstance(result, tuple) or len(result) != 2:
                        raise RuntimeError(f'{func} must return None or a tuple of (new_args, new_kwargs), but got {result}.')
                    args, kwargs = result
            out = func(*args, **kwargs)
            for hook in chain(after.values(), _global_optimizer_post_hooks.values()):
                hook(self, args, kwargs)
            return out
        return wrapper

    def register_step_pre_hook(self, hook):
        """Call ``hook(optimizer, args, kwargs)`` before each step; it may return new ``(args, kwargs)``."""
        return _register(self._optimizer_step_pre_hooks, hook)

    def register_step_post_hook(self, hook):
        """Call ``hook(optimizer, args, kwargs)`` after each step."""
        return _register(self._optimizer_step_post_hooks, hook)

    def register_state_dict_pre_hook(self, hook, prepend=False):
        """Call ``hook(optimizer)`` before `state_dict` does anything."""
        return _register(self._optimizer_state_dict_pre_hooks, hook, prepend)

    def register_state_dict_post_hook(self, hook, prepend=False):
        """Call ``hook(optimizer, state_dict)`` on the result of `state_dict`; it may return another."""
        return _register(self._optimizer_state_dict_post_hooks, hook, prepend)

    def register_load_state_dict_pre_hook(self, hook, prepend=False):
        """Call ``hook(optimizer, state_dict)`` on what is to be loaded; it may return another."""
        return _register(self._optimizer_load_state_dict_pre_hooks, hook, prepend)

    def register_load_state_dict_post_hook(self, hook, prepend=False):
        """Call ``hook(optimizer)`` after `load_state_dict`."""
        return _register(self._optimizer_load_state_dict_post_hooks, hook, prepend)


def _type_name(x):
    kind = type(x)
    return kind.__qualname__ if kind.__module__ == 'builtins' else f'{kind.__module__}.{kind.__qualname__}'


def _cast(param, value, options, key=None):
    """A copy of loaded state with tensors of the parameter's type; step counts keep theirs."""
    if isinstance(value, Tensor):
        if key == 'step':
            return value.to(float32) if options.get('capturable') or options.get('fused') else value
        return value.to(param.dtype) if param.is_floating_point() else value
    if isinstance(value, dict):
        return {k: _cast(param, v, options, k) for k, v in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, (str, bytes)):
        return type(value)(_cast(param, v, options) for v in value)
    return value


def by_tensors(differentiable):
    """Context in which a step is made of tensor operations: recorded only if it shall be differentiable."""
    return set_grad_enabled(bool(differentiable))


def check_flags(foreach, differentiable, fused):
    """Refuse combinations of implementation flags that exclude each other."""
    if fused:
        if differentiable:
            raise RuntimeError('`fused` does not support `differentiable`')
        if foreach:
            raise RuntimeError('`fused` and `foreach` cannot be `True` together.')
