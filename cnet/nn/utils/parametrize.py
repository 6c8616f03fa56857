"""Parametrizations: parameters that are computed, at every use, from others that are trained."""

from collections.abc import Sequence
from contextlib import contextmanager
from copy import deepcopy

from ..._core.mode import no_grad
from ..._tensor import Tensor
from ..modules.container import ModuleDict, ModuleList
from ..parameter import Parameter

__all__ = [
    'ParametrizationList', 'cached', 'is_parametrized', 'register_parametrization', 'remove_parametrizations',
    'transfer_parametrizations_and_params', 'type_before_parametrizations',
]

_caching = 0    # how many `cached` blocks the program is in
_cache = {}     # (id of the module, name) -> the tensor


@contextmanager
def cached():
    """Inside, a parametrized tensor is computed when first used and then remembered.

    Example:
        >>> import cnet
        >>> from cnet.nn.utils import parametrizations, parametrize
        >>> layer = parametrizations.weight_norm(cnet.nn.Linear(2, 2))
        >>> with parametrize.cached():
        ...     layer.weight is layer.weight
        True
    """
    global _caching
    _caching += 1
    try:
        yield
    finally:
        _caching -= 1
        if not _caching:
            _cache.clear()


def _register(module, name, value):
    if isinstance(value, Parameter):
        module.register_parameter(name, value)
    else:
        module.register_buffer(name, value)


def _name(value):
    return type(value).__name__


def _check_same(before, after, flag, names):
    """Refuse a parametrization that changes type or shape."""
    if not isinstance(after, Tensor):
        raise ValueError(f'A parametrization must return a tensor. Got {_name(after)}.')
    for what in ('dtype', 'shape'):
        old, new = getattr(before, what), getattr(after, what)
        if old != new:
            labels = [label.format(what) for label in names]
            raise ValueError(f'Registering a parametrization may not change the {what} of the tensor, unless {flag} flag is '
                             f'enabled.\n{labels[0]}: {old}\n{labels[1]}: {new}')


class _Kept:
    """Type and shape of a tensor that may change."""

    def __init__(self, tensor):
        self.dtype, self.shape = tensor.dtype, tensor.shape


class ParametrizationList(ModuleList):
    """The parametrizations of one tensor, applied one after the other, and what they start from.

    The start is `original`, or `original0`, `original1`, ... where the first parametrization takes several tensors.

    Args:
        modules (sequence of Module): the parametrizations, the first one applied first.
        original (Parameter or Tensor): the tensor.
        unsafe (bool): allow the type and the shape of the tensor to change.
    """

    def __init__(self, modules, original, unsafe=False):
        if not modules:
            raise ValueError('ParametrizationList requires one or more modules.')
        super().__init__(modules)
        self.unsafe = unsafe
        before = _Kept(original)
        with no_grad():
            new = original
            for module in reversed(list(self)):
                if hasattr(module, 'right_inverse'):
                    try:
                        new = module.right_inverse(new)
                    except NotImplementedError:
                        pass  # the tensor itself is then what is trained
        if not isinstance(new, (Tensor, Sequence)):
            raise ValueError("'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). Got "
                             f'{_name(new)}')
        self.is_tensor = isinstance(new, Tensor)
        self.ntensors = 1 if self.is_tensor else len(new)
        if self.is_tensor:
            if original.dtype != new.dtype:
                raise ValueError('When `right_inverse` outputs one tensor, it may not change the dtype.\n'
                                 f'original.dtype: {original.dtype}\nright_inverse(original).dtype: {new.dtype}')
            original.data = new.detach()
            _register(self, 'original', original)
        else:
            for i, value in enumerate(new):
                if not isinstance(value, Tensor):
                    raise ValueError("'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). Got "
                                     f'element {i} of the sequence with type {_name(value)}.')
                if isinstance(original, Parameter):
                    value = Parameter(value, original.requires_grad)
                _register(self, f'original{i}', value.requires_grad_(original.requires_grad))
        if not unsafe:
            _check_same(before, self(), '`unsafe`', ('unparametrized {}', 'parametrized {}'))

    def right_inverse(self, value):
        """Set what is trained so that the parametrized tensor becomes `value`.

        Args:
            value (Tensor): the tensor that is assigned.
        """
        with no_grad():
            for module in reversed(list(self)):
                if not hasattr(module, 'right_inverse'):
                    raise RuntimeError(f'parametrization {_name(module)} does not implement right_inverse.')
                value = module.right_inverse(value)
            if self.is_tensor:
                if not isinstance(value, Tensor):
                    raise ValueError(f'`right_inverse` should return a tensor. Got {_name(value)}')
                if value.dtype != self.original.dtype:
                    raise ValueError(f'The tensor returned by `right_inverse` has dtype {value.dtype} while `original` has dtype '
                                     f'{self.original.dtype}')
                self.original.data = value.detach()
                return
            if not isinstance(value, Sequence):
                raise ValueError(f"'right_inverse' must return a sequence of tensors. Got {_name(value)}.")
            if len(value) != self.ntensors:
                raise ValueError("'right_inverse' must return a sequence of tensors of length "
                                 f'{self.ntensors}. Got a sequence of length {len(value)}.')
            for i, tensor in enumerate(value):
                own = getattr(self, f'original{i}')
                if not isinstance(tensor, Tensor):
                    raise ValueError(f"'right_inverse' must return a sequence of tensors. Got element {i} of type "
                                     f'{_name(tensor)}.')
                if own.dtype != tensor.dtype:
                    raise ValueError(f'Tensor {i} returned by `right_inverse` has dtype {tensor.dtype} while `original{i}` has '
                                     f'dtype {own.dtype}')
                own.data = tensor.detach()

    def forward(self):
        first, *others = self
        x = first(self.original) if self.is_tensor else first(*(getattr(self, f'original{i}') for i in range(self.ntensors)))
        for module in others:
            x = module(x)
        return x


def _deepcopy(self, memo):
    if id(self) not in memo:
        copy = memo[id(self)] = self.__new__(type(self))
        copy.__dict__ = deepcopy(self.__dict__, memo)
    return memo[id(self)]


def _refuse_state(self):
    raise RuntimeError('Serialization of parametrized modules is only supported through state_dict().')


def _inject_class(module):
    """Give the module a class of its own, to which properties can be added."""
    cls = type(module)
    members = {'__getstate__': _refuse_state}
    if not hasattr(cls, '__deepcopy__'):
        members['__deepcopy__'] = _deepcopy
    module.__class__ = type(f'Parametrized{cls.__name__}', (cls,), members)


def _inject_property(module, name):
    def get(self):
        if not _caching:
            return self.parametrizations[name]()
        key = id(self), name
        if key not in _cache:
            _cache[key] = self.parametrizations[name]()
        return _cache[key]

    def set(self, value):
        self.parametrizations[name].right_inverse(value)

    setattr(type(module), name, property(get, set))


def register_parametrization(module, tensor_name, parametrization, *, unsafe=False):
    """Let a parameter or buffer be computed by a module.

    `module.weight` is then `parametrization(original)`, and the original, in `module.parametrizations.weight`, is trained. If
    the parametrization has a method `right_inverse`, assigning to `module.weight` sets the original by it. A second one is
    applied to the result of the first.

    Args:
        module (Module): whose tensor it is.
        tensor_name (str): the name of the tensor.
        parametrization (Module): what computes it.
        unsafe (bool): allow the type and the shape of the tensor to change.

    Returns:
        Module: `module`.

    Example:
        >>> import cnet
        >>> class Positive(cnet.nn.Module):
        ...     def forward(self, x):
        ...         return x.exp()
        >>> layer = cnet.nn.utils.parametrize.register_parametrization(cnet.nn.Linear(1, 1), 'weight', Positive())
        >>> layer.weight.item() > 0
        True
    """
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        if not unsafe:
            _check_second(module, tensor_name, parametrization)
        parametrizations = module.parametrizations[tensor_name]
        parametrizations.append(parametrization)
        parametrizations.unsafe |= unsafe
    elif tensor_name in module._buffers or tensor_name in module._parameters:
        parametrizations = ParametrizationList([parametrization], getattr(module, tensor_name), unsafe)
        delattr(module, tensor_name)
        if not is_parametrized(module):
            _inject_class(module)
            module.parametrizations = ModuleDict()
        _inject_property(module, tensor_name)
        module.parametrizations[tensor_name] = parametrizations
    else:
        raise ValueError(f"Module '{module}' does not have a parameter, a buffer, or a parametrized element with name "
                         f"'{tensor_name}'")
    return module


def _check_second(module, name, parametrization):
    """Refuse a further parametrization that changes type or shape, in either direction."""
    before = getattr(module, name)
    after = parametrization(before)
    _check_same(before, after, 'the `unsafe`', (f'module.{name}.{{}}', f'parametrization(module.{name}).{{}}'))
    if not hasattr(parametrization, 'right_inverse'):
        return
    try:
        back = parametrization.right_inverse(after)
    except NotImplementedError:
        return
    if not isinstance(back, Tensor):
        raise ValueError(f'parametrization.right_inverse must return a tensor. Got: {_name(back)}')
    for what in ('dtype', 'shape'):
        old, new = getattr(before, what), getattr(back, what)
        if old != new:
            raise ValueError(f'The tensor returned by parametrization.right_inverse must have the same {what} as module.{name}, '
                             f'unless the `unsafe` flag is enabled.\nmodule.{name}.{what}: {old}\nreturned {what}: {new}')


def is_parametrized(module, tensor_name=None):
    """Whether a module has a parametrized tensor.

    Args:
        module (Module): the module.
        tensor_name (str, optional): ask for this tensor only.

    Returns:
        bool

    Example:
        >>> import cnet
        >>> cnet.nn.utils.parametrize.is_parametrized(cnet.nn.Linear(1, 1))
        False
    """
    parametrizations = getattr(module, 'parametrizations', None)
    if not isinstance(parametrizations, ModuleDict):
        return False
    return len(parametrizations) > 0 if tensor_name is None else tensor_name in parametrizations


def remove_parametrizations(module, tensor_name, leave_parametrized=True):
    """Make a parametrized tensor an ordinary one again.

    Args:
        module (Module): whose tensor it is.
        tensor_name (str): the name of the tensor.
        leave_parametrized (bool): keep the present value; False goes back to the original.

    Returns:
        Module: `module`.

    Example:
        >>> import cnet
        >>> from cnet.nn.utils import parametrizations, parametrize
        >>> layer = parametrizations.weight_norm(cnet.nn.Linear(2, 2))
        >>> [name for name, _ in parametrize.remove_parametrizations(layer, 'weight').named_parameters()]
        ['bias', 'weight']
    """
    if not is_parametrized(module, tensor_name):
        raise ValueError(f'Module {module} does not have a parametrization on {tensor_name}')
    parametrizations = module.parametrizations[tensor_name]
    if parametrizations.is_tensor:
        original = parametrizations.original
        if leave_parametrized:
            with no_grad():
                original.data = getattr(module, tensor_name).detach()
    elif leave_parametrized:
        value = getattr(module, tensor_name)
        original = Parameter(value.detach()) if value.requires_grad else value
    else:
        raise ValueError('Cannot leave unparametrized (`leave_parametrized=False`) a tensor that is parametrized in terms of a '
                         'sequence of tensors.')
    delattr(type(module), tensor_name)
    del module.parametrizations[tensor_name]
    _register(module, tensor_name, original)
    if not is_parametrized(module):
        del module.parametrizations
        module.__class__ = type(module).__bases__[0]
    return module


def type_before_parametrizations(module):
    """The class that a module had before it got parametrizations.

    Args:
        module (Module): the module.

    Returns:
        type

    Example:
        >>> import cnet
        >>> from cnet.nn.utils import parametrizations, parametrize
        >>> parametrize.type_before_parametrizations(parametrizations.weight_norm(cnet.nn.Linear(2, 2))).__name__
        'Linear'
    """
    return type(module).__bases__[0] if is_parametrized(module) else type(module)


def transfer_parametrizations_and_params(from_module, to_module, tensor_name=None):
    """Give a module the parametrizations of another, and the tensors that they start from.

    Args:
        from_module (Module): a module, parametrized or not.
        to_module (Module): the module that is changed.
        tensor_name (str, optional): transfer those of this tensor only.

    Returns:
        Module: `to_module`.
    """
    if not is_parametrized(from_module):
        return to_module
    for name in list(from_module.parametrizations) if tensor_name is None else [tensor_name]:
        source = from_module.parametrizations[name]
        if not hasattr(to_module, name):
            setattr(to_module, name, Parameter(getattr(from_module, name).detach()))
        for parametrization in source:
            register_parametrization(to_module, name, parametrization)
        target = to_module.parametrizations[name]
        for original in ['original'] if source.is_tensor else [f'original{i}' for i in range(source.ntensors)]:
            setattr(target, original, getattr(source, original))
    return to_module
