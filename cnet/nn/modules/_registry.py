"""What a module owns: parameters, buffers and submodules, their names and the walks over them."""

from collections import OrderedDict

from ..._kernels._state import find_members, register_stores
from ..._tensor import Tensor
from ..parameter import Buffer, Parameter

# Called when a member is registered on any module: see register_module_*_registration_hook.
parameter_hooks, buffer_hooks, module_hooks = OrderedDict(), OrderedDict(), OrderedDict()

# Dictionaries of hooks, by attribute name. A module has one only after somebody asked for it, so that the many modules
# without hooks are made and called faster; `_hooked` marks those that have one of the first kind.
CALL_HOOKS = ('_forward_hooks', '_forward_hooks_with_kwargs', '_forward_hooks_always_called', '_forward_pre_hooks',
              '_forward_pre_hooks_with_kwargs', '_backward_hooks', '_backward_pre_hooks')
STATE_HOOKS = ('_state_dict_hooks', '_state_dict_pre_hooks', '_load_state_dict_pre_hooks', '_load_state_dict_post_hooks')
STORES = ('_parameters', '_buffers', '_modules')
_EMPTY = OrderedDict()


def hooks_of(module, store):
    """The hooks that `module` has in the dictionary `store`, which may not exist yet."""
    return module.__dict__.get(store, _EMPTY)


def typename(obj):
    """The name under which an error message mentions the type of `obj`."""
    if isinstance(obj, Tensor):
        return obj.type()
    cls = type(obj)
    return cls.__qualname__ if cls.__module__ == 'builtins' else f'{cls.__module__}.{cls.__qualname__}'


def _filtered(hooks, owner, name, value):
    for hook in hooks.values():
        replacement = hook(owner, name, value)
        if replacement is not None:
            value = replacement
    return value


def _below(module, found):
    """The keys of `found`, to which the module and those below it are added: `named_modules` without the names."""
    if type(module).named_modules is Registry.named_modules:
        found[module] = None
        for child in module._modules.values():
            if child is not None and child not in found:
                _below(child, found)
    else:
        found.update((child, None) for _, child in module.named_modules())
    return found


class Registry:
    """The part of `Module` that keeps members by name and finds them again."""

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if cls.__getattr__ is Registry.__getattr__ and cls.__getattribute__ is object.__getattribute__:
            find_members(cls)

    def _members(self, kind, store):
        """The dictionary `store` of this module, which exists once `Module.__init__` has run."""
        try:
            return self.__dict__[store]
        except KeyError:
            raise AttributeError(f'cannot assign {kind} before Module.__init__() call') from None

    def _check_name(self, kind, name, members):
        if not isinstance(name, str):
            raise TypeError(f'{kind} name should be a string. Got {typename(name)}')
        if '.' in name:
            suffix = f', got: {name}' if kind == 'module' else ''
            raise KeyError(f'{kind} name can\'t contain "."{suffix}')
        if name == '':
            raise KeyError(f'{kind} name can\'t be empty string ""')
        if name not in members and hasattr(self, name):
            raise KeyError(f"attribute '{name}' already exists")

    def register_parameter(self, name, param):
        """Add a parameter, which is then an attribute of the module and part of its state.

        Args:
            name (str): the attribute's name; no dots.
            param (Parameter, optional): the parameter; None reserves the name, and is left out of
                `parameters()` and `state_dict()`.

        Example:
            >>> import cnet
            >>> m = cnet.nn.Module()
            >>> m.register_parameter('scale', cnet.nn.Parameter(cnet.ones(2)))
            >>> m.scale.requires_grad
            True
        """
        members = self._members('parameter', '_parameters')
        self._check_name('parameter', name, members)
        if param is not None:
            if not isinstance(param, Parameter):
                raise TypeError(f"cannot assign '{typename(param)}' object to parameter '{name}' "
                                '(cnet.nn.Parameter or None required)')
            if param.grad_fn is not None:
                raise ValueError(
                    f"Cannot assign non-leaf Tensor to parameter '{name}'. Model parameters must be created "
                    f"explicitly. To express '{name}' as a function of another Tensor, compute the value in "
                    'the forward() method.')
            if parameter_hooks:
                param = _filtered(parameter_hooks, self, name, param)
        members[name] = param

    def register_buffer(self, name, tensor, persistent=True):
        """Add a tensor that belongs to the module but is not trained, such as a running mean.

        Args:
            name (str): the attribute's name; no dots.
            tensor (Tensor, optional): the buffer; None reserves the name.
            persistent (bool): whether `state_dict()` contains it.

        Example:
            >>> import cnet
            >>> m = cnet.nn.Module()
            >>> m.register_buffer('steps', cnet.zeros(3))
            >>> list(m.state_dict())
            ['steps']
        """
        members = self._members('buffer', '_buffers')
        self._check_name('buffer', name, members)
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(f"cannot assign '{typename(tensor)}' object to buffer '{name}' "
                            '(cnet.Tensor or None required)')
        if buffer_hooks:
            tensor = _filtered(buffer_hooks, self, name, tensor)
        members[name] = tensor
        if persistent:
            self._non_persistent_buffers_set.discard(name)
        else:
            self._non_persistent_buffers_set.add(name)

    def add_module(self, name, module):
        """Add a submodule under a name that may be computed (`self.name = module` does the same).

        Args:
            name (str): the attribute's name; no dots.
            module (Module, optional): the submodule; None reserves the name.

        Example:
            >>> import cnet
            >>> m = cnet.nn.Module()
            >>> m.add_module('layer0', cnet.nn.Identity())
            >>> m.layer0
            Identity()
        """
        if module is not None and not isinstance(module, Registry):
            raise TypeError(f'{typename(module)} is not a Module subclass')
        members = self._members('module', '_modules')
        self._check_name('module', name, members)
        members[name] = _filtered(module_hooks, self, name, module) if module_hooks else module

    def register_module(self, name, module):
        """Add a submodule; another name of `add_module`."""
        self.add_module(name, module)

    # ---- attributes

    def __getattr__(self, name):
        own = self.__dict__
        for store in STORES:
            if store in own:
                members = own[store]
                if name in members:
                    return members[name]
        if '_modules' in own and (name in CALL_HOOKS or name in STATE_HOOKS):
            if name in CALL_HOOKS:
                own['_hooked'] = True
            own[name] = OrderedDict()
            return own[name]
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def _forget(self, name, *stores):
        """Take `name` out of the instance and the given stores, as it becomes another kind of member."""
        own = self.__dict__
        own.pop(name, None)
        for store in stores:
            own[store].pop(name, None)
        own['_non_persistent_buffers_set'].discard(name)

    def __setattr__(self, name, value):
        own = self.__dict__
        if isinstance(value, Parameter):
            self._members('parameters', '_parameters')
            self._forget(name, '_buffers', '_modules')
            self.register_parameter(name, value)
        elif name in own.get('_parameters', ()):
            if value is not None:
                raise TypeError(f"cannot assign '{typename(value)}' as parameter '{name}' "
                                '(cnet.nn.Parameter or None expected)')
            self.register_parameter(name, value)
        elif isinstance(value, Registry):
            members = self._members('module', '_modules')
            self._forget(name, '_buffers')
            members[name] = _filtered(module_hooks, self, name, value) if module_hooks else value
        elif name in own.get('_modules', ()):
            if value is not None:
                raise TypeError(f"cannot assign '{typename(value)}' as child module '{name}' "
                                '(cnet.nn.Module or None expected)')
            own['_modules'][name] = _filtered(module_hooks, self, name, value) if module_hooks else value
        elif isinstance(value, Buffer):
            self.register_buffer(name, value, value.persistent)
        elif name in own.get('_buffers', ()):
            if value is not None and not isinstance(value, Tensor):
                raise TypeError(f"cannot assign '{typename(value)}' as buffer '{name}' "
                                '(cnet.nn.Buffer, cnet.Tensor or None expected)')
            self.register_buffer(name, value, name not in self._non_persistent_buffers_set)
        else:
            super().__setattr__(name, value)

    def __delattr__(self, name):
        own = self.__dict__
        for store in ('_parameters', '_buffers', '_modules'):
            if name in own.get(store, ()):
                del own[store][name]
                own['_non_persistent_buffers_set'].discard(name)
                return
        super().__delattr__(name)

    def __dir__(self):
        names = {*dir(type(self)), *self.__dict__, *self._parameters, *self._buffers, *self._modules}
        # Names such as '0', the keys of a Sequential, cannot be written as attributes.
        return sorted(name for name in names if not name[0].isdigit())

    # ---- members by path

    def get_submodule(self, target):
        """The submodule at a dotted path.

        Args:
            target (str): the path, such as 'encoder.layers.0'; '' is the module itself.

        Returns:
            Module; AttributeError if a step is absent or no module.

        Example:
            >>> import cnet
            >>> net = cnet.nn.Sequential(cnet.nn.Identity())
            >>> net.get_submodule('0')
            Identity()
        """
        module = self
        for step in target.split('.') if target else ():
            if not hasattr(module, step):
                raise AttributeError(f'{module._get_name()} has no attribute `{step}`')
            module = getattr(module, step)
            if not isinstance(module, Registry):
                raise AttributeError(f'`{step}` is not an nn.Module')
        return module

    def set_submodule(self, target, module, strict=False):
        """Put `module` at a dotted path.

        Args:
            target (str): the path; all but its last step must exist.
            module (Module): what to put there.
            strict (bool): refuse a last step that does not exist yet.
        """
        if target == '':
            raise ValueError('Cannot set the submodule without a target name!')
        if not isinstance(module, Registry):
            raise ValueError(f'`module` is not an nn.Module, found {type(module)}')
        path, _, last = target.rpartition('.')
        parent = self.get_submodule(path)
        exists = hasattr(parent, last)
        if strict and not exists:
            raise AttributeError(f'{parent._get_name()} has no attribute `{last}`')
        if exists and not isinstance(getattr(parent, last), Registry):
            raise AttributeError(f'`{last}` is not an nn.Module')
        setattr(parent, last, module)

    def _at(self, target):
        path, _, name = target.rpartition('.')
        owner = self.get_submodule(path)
        if not hasattr(owner, name):
            raise AttributeError(f'{owner._get_name()} has no attribute `{name}`')
        return owner, name, getattr(owner, name)

    def get_parameter(self, target):
        """The parameter at a dotted path, such as 'fc1.weight'; AttributeError if there is none."""
        _, name, value = self._at(target)
        if not isinstance(value, Parameter):
            raise AttributeError(f'`{name}` is not an nn.Parameter')
        return value

    def get_buffer(self, target):
        """The buffer at a dotted path, such as 'bn.running_mean'; AttributeError if there is none."""
        owner, name, value = self._at(target)
        if name not in owner._buffers:
            raise AttributeError(f'`{name}` is not a buffer')
        return value

    # ---- walks

    def named_modules(self, memo=None, prefix='', remove_duplicate=True):
        """Walk over the module and all modules below it, each with its dotted path.

        Args:
            memo (set, optional): modules that count as seen already.
            prefix (str): put before every path.
            remove_duplicate (bool): give a module that occurs twice only once.

        Returns:
            iterator of (str, Module)

        Example:
            >>> import cnet
            >>> [name for name, _ in cnet.nn.Sequential(cnet.nn.Identity()).named_modules()]
            ['', '0']
        """
        memo = set() if memo is None else memo
        if self in memo:
            return
        if remove_duplicate:
            memo.add(self)
        yield prefix, self
        for name, module in self._modules.items():
            if module is not None:
                path = f'{prefix}.{name}' if prefix else name
                yield from module.named_modules(memo, path, remove_duplicate)

    def modules(self):
        """Walk over the module and all modules below it, each once."""
        yield from _below(self, {})

    def named_children(self):
        """Walk over the direct submodules with their names, each once."""
        memo = set()
        for name, module in self._modules.items():
            if module is not None and module not in memo:
                memo.add(module)
                yield name, module

    def children(self):
        """Walk over the direct submodules, each once."""
        for _, module in self.named_children():
            yield module

    def _named_members(self, get_members_fn, prefix='', recurse=True, remove_duplicate=True):
        memo = set()
        owners = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate) if recurse else [(prefix, self)]
        for path, owner in owners:
            for name, value in get_members_fn(owner):
                if value is None or id(value) in memo:
                    continue
                if remove_duplicate:
                    memo.add(id(value))
                yield (f'{path}.{name}' if path else name), value

    def named_parameters(self, prefix='', recurse=True, remove_duplicate=True):
        """Walk over the parameters with their dotted paths.

        Args:
            prefix (str): put before every path.
            recurse (bool): include the parameters of submodules.
            remove_duplicate (bool): give a shared parameter only once.

        Returns:
            iterator of (str, Parameter)

        Example:
            >>> import cnet
            >>> [name for name, _ in cnet.nn.Linear(2, 1).named_parameters()]
            ['weight', 'bias']
        """
        yield from self._named_members(lambda m: m._parameters.items(), prefix, recurse, remove_duplicate)

    def parameters(self, recurse=True):
        """Walk over the parameters, each once: what an optimizer is given."""
        if type(self).named_parameters is not Registry.named_parameters:
            for _, parameter in self.named_parameters(recurse=recurse):
                yield parameter
            return
        seen = set()
        for owner in _below(self, {}) if recurse else (self,):
            for parameter in owner._parameters.values():
                if parameter is not None and id(parameter) not in seen:
                    seen.add(id(parameter))
                    yield parameter

    def named_buffers(self, prefix='', recurse=True, remove_duplicate=True):
        """Walk over the buffers with their dotted paths; arguments as in `named_parameters`."""
        yield from self._named_members(lambda m: m._buffers.items(), prefix, recurse, remove_duplicate)

    def buffers(self, recurse=True):
        """Walk over the buffers, each once."""
        for _, buffer in self.named_buffers(recurse=recurse):
            yield buffer


register_stores(STORES, Registry.__getattr__)
