"""What a module saves and loads: `state_dict`, `load_state_dict`, and the hooks around them."""

import warnings
import weakref
from collections import OrderedDict, namedtuple
from collections.abc import Mapping

from ..._core.hooks import RemovableHandle
from ..._core.mode import no_grad
from ..._tensor import Tensor
from ..parameter import Parameter, is_lazy
from ._registry import hooks_of

EXTRA_STATE = '_extra_state'  # the key suffix under which get_extra_state() is saved


class _IncompatibleKeys(namedtuple('IncompatibleKeys', ['missing_keys', 'unexpected_keys'])):
    """What `load_state_dict` found: keys that the state lacked, and keys that the module does not know."""

    __slots__ = ()

    def __repr__(self):
        if not self.missing_keys and not self.unexpected_keys:
            return '<All keys matched successfully>'
        return super().__repr__()

    __str__ = __repr__


class _BoundHook:
    """A hook that is given its module first. It holds the module weakly, for the module holds the hook."""

    def __init__(self, hook, module):
        self.hook, self.module = hook, weakref.ref(module)

    def __call__(self, *args, **kwargs):
        module = self.module()
        if module is None:
            raise RuntimeError('You are trying to call the hook of a dead Module!')
        return self.hook(module, *args, **kwargs)

    def __getstate__(self):
        return self.hook, self.module()

    def __setstate__(self, state):
        self.__init__(*state)


def _register(hooks, hook):
    handle = RemovableHandle(hooks)
    hooks[handle.id] = hook
    return handle


class Stateful:
    """The part of `Module` that turns it into a dictionary of tensors and back."""

    def get_extra_state(self):
        """What `state_dict()` should contain besides tensors; define it together with `set_extra_state`."""
        raise RuntimeError('Module.get_extra_state() must be overridden before it is called')

    def set_extra_state(self, state):
        """Take back what `get_extra_state` returned when the state was saved."""
        raise RuntimeError('Module.set_extra_state() must be overridden before it is called')

    def _overrides(self, method):
        return getattr(type(self), method) is not getattr(Stateful, method)

    # ---- saving

    def _save_to_state_dict(self, destination, prefix, keep_vars):
        for name, parameter in self._parameters.items():
            if parameter is not None:
                destination[prefix + name] = parameter if keep_vars else parameter.detach()
        for name, buffer in self._buffers.items():
            if buffer is not None and name not in self._non_persistent_buffers_set:
                destination[prefix + name] = buffer if keep_vars else buffer.detach()
        if self._overrides('get_extra_state'):
            destination[prefix + EXTRA_STATE] = self.get_extra_state()

    def state_dict(self, *args, destination=None, prefix='', keep_vars=False):
        """The parameters and persistent buffers of the module and all below it, by dotted path.

        Args:
            destination (dict, optional): where to put them.
            prefix (str): put before every key.
            keep_vars (bool): give the Parameters themselves instead of detached tensors over their memory.

        Returns:
            OrderedDict of str to Tensor; it shares the module's memory.

        Example:
            >>> import cnet
            >>> cnet.nn.Linear(3, 2).state_dict()['weight'].shape
            cnet.Size([2, 3])
        """
        if args:
            warnings.warn('Positional args are being deprecated, use kwargs instead.', FutureWarning, stacklevel=2)
            destination = args[0] if destination is None else destination
            prefix = args[1] if len(args) > 1 and prefix == '' else prefix
            keep_vars = args[2] if len(args) > 2 and keep_vars is False else keep_vars
        if destination is None:
            destination = OrderedDict()
            destination._metadata = OrderedDict()
        metadata = {'version': self._version}
        if hasattr(destination, '_metadata'):
            destination._metadata[prefix[:-1]] = metadata
        for hook in hooks_of(self, '_state_dict_pre_hooks').values():
            hook(self, prefix, keep_vars)
        self._save_to_state_dict(destination, prefix, keep_vars)
        for name, module in self._modules.items():
            if module is not None:
                module.state_dict(destination=destination, prefix=f'{prefix}{name}.', keep_vars=keep_vars)
        for hook in hooks_of(self, '_state_dict_hooks').values():
            result = hook(self, destination, prefix, metadata)
            if result is None:
                continue
            if getattr(hook, '_from_public_api', False):
                raise RuntimeError('state_dict post-hook must return None')
            destination = result
        return destination

    # ---- loading

    def _load_from_state_dict(self, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys,
                              error_msgs):
        for hook in hooks_of(self, '_load_state_dict_pre_hooks').values():
            hook(state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)
        own = {name: value for name, value in (*self._parameters.items(), *self._buffers.items())
               if value is not None and name not in self._non_persistent_buffers_set}
        assign = local_metadata.get('assign_to_params_buffers', False)
        for name, value in own.items():
            key = prefix + name
            if key in state_dict:
                error = self._load_member(name, value, key, state_dict[key], assign)
                if error is not None:
                    error_msgs.append(error)
            elif strict:
                missing_keys.append(key)

        extra_key = prefix + EXTRA_STATE
        if self._overrides('set_extra_state'):
            if extra_key in state_dict:
                self.set_extra_state(state_dict[extra_key])
            elif strict:
                missing_keys.append(extra_key)
        elif strict and extra_key in state_dict:
            unexpected_keys.append(extra_key)

        if strict:
            for key in state_dict:
                if key.startswith(prefix) and key != extra_key:
                    name, dot, _ = key[len(prefix):].partition('.')
                    if name not in (self._modules if dot else own):
                        unexpected_keys.append(key)

    def _load_member(self, name, own, key, value, assign):
        """Load one parameter or buffer; the sentence that says why not, or None."""
        if not isinstance(value, Tensor):
            return (f'While copying the parameter named "{key}", expected cnet.Tensor or Tensor-like object from '
                    f'checkpoint but received {type(value)}')
        if is_lazy(own):
            return None  # so is the value, or a LazyModule's hook would have given the parameter its shape
        if own.ndim == 0 and tuple(value.shape) == (1,):
            value = value[0]  # scalars were saved with one dimension before torch 0.4
        if value.shape != own.shape:
            return (f'size mismatch for {key}: copying a param with shape {value.shape} from checkpoint, '
                    f'the shape in current model is {own.shape}.')
        try:
            with no_grad():
                if not assign:
                    own.copy_(value)
                elif not isinstance(own, Parameter):
                    setattr(self, name, value)
                elif isinstance(value, Parameter):
                    setattr(self, name, value.requires_grad_(own.requires_grad))
                else:
                    setattr(self, name, Parameter(value, own.requires_grad))
        except Exception as error:
            # Whatever one member refuses is reported together with all the others.
            return (f'While copying the parameter named "{key}", whose dimensions in the model are {own.shape} and '
                    f'whose dimensions in the checkpoint are {value.shape}, an exception occurred : {error.args}.')
        return None

    def load_state_dict(self, state_dict, strict=True, assign=False):
        """Copy the values of a state dict into the module; everything that does not fit is reported at once.

        Args:
            state_dict (dict): what `state_dict()` returned.
            strict (bool): refuse missing and unexpected keys.
            assign (bool): put the tensors of `state_dict` in place of the module's instead of copying.

        Returns:
            named tuple of lists of str: missing_keys, unexpected_keys.

        Example:
            >>> import cnet
            >>> a, b = cnet.nn.Linear(3, 2), cnet.nn.Linear(3, 2)
            >>> b.load_state_dict(a.state_dict())
            <All keys matched successfully>
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f'Expected state_dict to be dict-like, got {type(state_dict)}.')
        missing, unexpected, errors = [], [], []
        metadata = getattr(state_dict, '_metadata', None)
        state_dict = OrderedDict(state_dict)  # hooks may change it
        if metadata is not None:
            state_dict._metadata = metadata

        def load(module, state, prefix):
            local = {} if metadata is None else metadata.get(prefix[:-1], {})
            if assign:
                local = {**local, 'assign_to_params_buffers': True}
            module._load_from_state_dict(state, prefix, local, True, missing, unexpected, errors)
            for name, child in module._modules.items():
                if child is not None:
                    below = f'{prefix}{name}.'
                    load(child, {k: v for k, v in state.items() if k.startswith(below)}, below)
            for hook in hooks_of(module, '_load_state_dict_post_hooks').values():
                if hook(module, _IncompatibleKeys(missing, unexpected)) is not None:
                    raise AssertionError(
                        'Hooks registered with ``register_load_state_dict_post_hook`` are not expected to return new '
                        'values, if incompatible_keys need to be modified, it should be done inplace.')

        load(self, state_dict, '')
        if strict:
            for keys, kind in ((unexpected, 'Unexpected'), (missing, 'Missing')):
                if keys:
                    names = ', '.join(f'"{key}"' for key in keys)
                    errors.insert(0, f'{kind} key(s) in state_dict: {names}. ')
        if errors:
            raise RuntimeError('Error(s) in loading state_dict for {}:\n\t{}'.format(
                type(self).__name__, '\n\t'.join(errors)))
        return _IncompatibleKeys(missing, unexpected)

    # ---- hooks

    def register_state_dict_pre_hook(self, hook):
        """Call `hook(module, prefix, keep_vars)` before the module's state is collected; returns a handle."""
        return _register(self._state_dict_pre_hooks, hook)

    def register_state_dict_post_hook(self, hook):
        """Call `hook(module, state_dict, prefix, local_metadata)`, which may change `state_dict`, afterwards."""
        hook._from_public_api = True
        return _register(self._state_dict_hooks, hook)

    def _register_state_dict_hook(self, hook):
        if getattr(hook, '_from_public_api', False):
            raise RuntimeError('Cannot register the same function as the state dict post hook that was previously '
                               'registered via register_state_dict_post_hook')
        return _register(self._state_dict_hooks, hook)

    def register_load_state_dict_pre_hook(self, hook):
        """Call `hook(module, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)`.

        It runs before the module's own members are loaded, and may change what it is given.
        """
        return self._register_load_state_dict_pre_hook(hook, with_module=True)

    def _register_load_state_dict_pre_hook(self, hook, with_module=False):
        return _register(self._load_state_dict_pre_hooks, _BoundHook(hook, self) if with_module else hook)

    def register_load_state_dict_post_hook(self, hook):
        """Call `hook(module, incompatible_keys)` after loading; it may change the two lists in place."""
        return _register(self._load_state_dict_post_hooks, hook)
