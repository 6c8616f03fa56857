"""Calling a module with other parameters than its own."""

import warnings
from collections.abc import Sequence

from ..parallel import DataParallel

__all__ = ['functional_call']

_ABSENT = object()


def _with_tied(module, given):
    """`given`, and the same values under the other names of the tensors that it names."""
    names = {}
    for members in (module.named_parameters(remove_duplicate=False), module.named_buffers(remove_duplicate=False)):
        for name, tensor in members:
            names.setdefault(id(tensor), []).append(name)
    result = dict(given)
    for tied in names.values():
        values = {id(given[name]): given[name] for name in tied if name in given}
        if len(values) > 1:
            raise ValueError(f'functional_call got multiple values for keys {sorted(tied)}, which are tied. Consider using '
                             'tie_weights=False')
        for value in values.values():
            result.update(dict.fromkeys(tied, value))
    return result


def _check_strict(module, given):
    own = {**dict(module.named_parameters(remove_duplicate=False)), **dict(module.named_buffers(remove_duplicate=False))}
    lines = []
    for kind, keys in (('Unexpected', sorted({*given} - {*own})), ('Missing', sorted({*own} - {*given}))):
        if keys:
            lines.append(f'{kind} key(s): {", ".join(map(repr, keys))}.')
    if lines:
        raise RuntimeError('Error(s) in reparametrizing for {}:\n\t{}'.format(module._get_name(), '\n\t'.join(lines)))


class _Place:
    """Where a module keeps a tensor: the dictionary and the name in it."""

    def __init__(self, module, path):
        prefix, _, self.name = path.rpartition('.')
        owner = module.get_submodule(prefix)
        stores = [store for store in (owner._parameters, owner._buffers) if self.name in store]
        self.store = stores[0] if stores else owner.__dict__

    def swap(self, value):
        """Put `value` there, or nothing if it is _ABSENT; what was there."""
        old = self.store.pop(self.name, _ABSENT) if value is _ABSENT else self.store.get(self.name, _ABSENT)
        if value is not _ABSENT:
            self.store[self.name] = value
        return old


def _call(module, given, args, kwargs, tie_weights, strict):
    if isinstance(module, DataParallel):
        raise RuntimeError("The stateless API can't be used with nn.DataParallel module")
    args = () if args is None else args if isinstance(args, tuple) else (args,)
    values = _with_tied(module, given) if tie_weights else dict(given)
    if strict:
        _check_strict(module, values)
    places = {path: _Place(module, path) for path in values}
    old = {path: place.swap(values[path]) for path, place in places.items()}
    try:
        return module(*args, **(kwargs or {}))
    finally:
        # A buffer may have been replaced during the call: the caller's dictionary gets the new one.
        now = {path: place.swap(old[path]) for path, place in places.items()}
        given.update({path: now[path] for path in given})


def call(module, parameter_and_buffer_dicts, args=None, kwargs=None, *, tie_weights=True, strict=False):
    """Call a module with the given tensors in the places of its parameters and buffers.

    Args:
        module (Module): the module; it is as before afterwards.
        parameter_and_buffer_dicts (dict or sequence of dict): tensors by dotted name; the others stay the module's own.
        args (tuple or object): the arguments of the call.
        kwargs (dict, optional): its keyword arguments.
        tie_weights (bool): a tensor that the module has under several names is replaced under all of them.
        strict (bool): refuse missing and unexpected names.

    Returns:
        what the module returns.

    Example:
        >>> import cnet
        >>> layer = cnet.nn.Linear(1, 1, bias=False)
        >>> cnet.func.functional_call(layer, {'weight': cnet.tensor([[3.]])}, cnet.ones(1))
        tensor([3.])
    """
    given = parameter_and_buffer_dicts
    if isinstance(given, Sequence) and not isinstance(given, str):
        if not all(isinstance(d, dict) for d in given):
            raise ValueError('Expected all elements of parameter_and_buffer_dicts to be dictionaries')
        keys = [key for d in given for key in d]
        repeated = [key for key in dict.fromkeys(keys) if keys.count(key) > 1]
        if repeated:
            raise ValueError(f'{repeated} appeared in multiple dictionaries; behavior of functional call is ambiguous')
        given = {key: value for d in given for key, value in d.items()}
    elif not isinstance(given, dict):
        raise ValueError('Expected parameter_and_buffer_dicts to be a dict, or a list/tuple of dicts, but got '
                         f'{type(given)}')
    return _call(module, given, args, kwargs, tie_weights, strict)


def functional_call(module, parameters_and_buffers, args=None, kwargs=None, *, tie_weights=True, strict=False):
    """The old place of `func.functional_call`, with one dictionary.

    Args:
        module, args, kwargs, tie_weights, strict: as there.
        parameters_and_buffers (dict): tensors by dotted name.

    Returns:
        what the module returns.
    """
    warnings.warn('`nn.utils.stateless.functional_call` is deprecated. Please use `func.functional_call` instead which is a '
                  'drop-in replacement.', FutureWarning, stacklevel=2)
    return _call(module, parameters_and_buffers, args, kwargs, tie_weights, strict)
