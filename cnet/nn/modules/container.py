"""Containers of modules: Sequential, ModuleList, ModuleDict."""

import operator
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from itertools import chain

from ._runs import run
from .module import Module, _indented

__all__ = ['Sequential', 'ModuleList', 'ModuleDict']


def _position(container, index):
    """`index` counted from the front; IndexError if the container is shorter."""
    size = len(container)
    index = operator.index(index)
    if not -size <= index < size:
        raise IndexError(f'index {index} is out of range')
    return index % size


def _renumber(container):
    """Name the modules '0', '1', ... again after one was taken out."""
    container._modules = {str(i): module for i, module in enumerate(container._modules.values())}


def pairs_of(values, kind):
    """The (key, value) pairs of a mapping or of an iterable of pairs; `kind` is the container's name for errors."""
    if not isinstance(values, Iterable):
        raise TypeError(f'{kind}.update should be called with an iterable of key/value pairs, but got '
                        f'{type(values).__name__}')
    if isinstance(values, Mapping) or hasattr(values, 'items'):
        yield from values.items()
        return
    for i, pair in enumerate(values):
        if not isinstance(pair, Iterable):
            raise TypeError(f'{kind} update sequence element #{i} should be Iterable; is {type(pair).__name__}')
        pair = tuple(pair)
        if len(pair) != 2:
            raise ValueError(f'{kind} update sequence element #{i} has length {len(pair)}; 2 is required')
        yield pair


class _Numbered(Module):
    """What Sequential and ModuleList share: modules under the names '0', '1', ..."""

    def __setitem__(self, index, module):
        setattr(self, list(self._modules)[_position(self, index)], module)

    def __delitem__(self, index):
        keys = list(self._modules)
        for key in keys[index] if isinstance(index, slice) else [keys[_position(self, index)]]:
            delattr(self, key)
        _renumber(self)

    def __len__(self):
        return len(self._modules)

    def __iter__(self):
        return iter(self._modules.values())

    def append(self, module):
        """Add a module at the end; returns self."""
        self.add_module(str(len(self)), module)
        return self

    def pop(self, key):
        """Take out and return the module (or for a slice, the modules) at `key`."""
        taken = self[key]
        del self[key]
        return taken


class Sequential(_Numbered):
    """Modules called one after the other, each with the result of the one before.

    Args:
        args (Module): the modules; or one OrderedDict of names to modules.

    Shape:
        input: what the first module takes.
        output: what the last module gives.

    Example:
        >>> import cnet
        >>> cnet.nn.Sequential(cnet.nn.Linear(4, 2), cnet.nn.ReLU())
        Sequential(
          (0): Linear(in_features=4, out_features=2, bias=True)
          (1): ReLU()
        )
    """

    def __init__(self, *args):
        super().__init__()
        if len(args) == 1 and isinstance(args[0], OrderedDict):
            named = args[0].items()
        else:
            named = ((str(i), module) for i, module in enumerate(args))
        for name, module in named:
            self.add_module(name, module)

    def forward(self, input):
        return run(self._modules.values(), input)

    def __getitem__(self, index):
        if isinstance(index, slice):
            return type(self)(OrderedDict(list(self._modules.items())[index]))
        return list(self._modules.values())[_position(self, index)]

    def insert(self, index, module):
        """Put a module before position `index`; returns self."""
        if not isinstance(module, Module):
            raise AssertionError(f'module should be of type: {Module}')
        n = len(self)
        if not -n <= index <= n:
            raise IndexError(f'Index out of range: {index}')
        index = index + n if index < 0 else index
        modules = list(self)
        modules.insert(index, module)
        self._modules = {str(i): m for i, m in enumerate(modules)}
        return self

    def extend(self, sequential):
        """Add the modules of another Sequential (or iterable) at the end; returns self."""
        for module in sequential:
            self.append(module)
        return self

    def _refuse_other(self, other):
        if not isinstance(other, Sequential):
            raise ValueError(f'add operator supports only objects of Sequential class, but {type(other)} is given.')

    def __add__(self, other):
        self._refuse_other(other)
        return Sequential(*self, *other)

    def __iadd__(self, other):
        self._refuse_other(other)
        return self.extend(list(other))

    def _check_factor(self, factor):
        if not isinstance(factor, int):
            raise TypeError(f'unsupported operand type(s) for *: {type(self)} and {type(factor)}')
        if factor <= 0:
            raise ValueError(f'Non-positive multiplication factor {factor} for {type(self)}')

    def __mul__(self, factor):
        self._check_factor(factor)
        return Sequential(*list(self) * factor)

    __rmul__ = __mul__

    def __imul__(self, factor):
        self._check_factor(factor)
        return self.extend(list(self) * (factor - 1))


class ModuleList(_Numbered):
    """A list whose modules are registered.

    Args:
        modules (iterable of Module, optional): its first content.

    Example:
        >>> import cnet
        >>> cnet.nn.ModuleList(cnet.nn.Linear(2, 2) for _ in range(3))
        ModuleList(
          (0-2): 3 x Linear(in_features=2, out_features=2, bias=True)
        )
    """

    def __init__(self, modules=None):
        super().__init__()
        if modules is not None:
            self.extend(modules)

    def __getitem__(self, index):
        if isinstance(index, slice):
            return type(self)(list(self._modules.values())[index])
        return self._modules[str(_position(self, index))]

    def insert(self, index, module):
        """Put a module before position `index`, as `list.insert` does."""
        modules = list(self)
        modules.insert(index, module)
        self._modules = {str(i): m for i, m in enumerate(modules)}

    def extend(self, modules):
        """Add modules at the end; returns self."""
        if not isinstance(modules, Iterable):
            raise TypeError('ModuleList.extend should be called with an iterable, but got '
                            f'{type(modules).__name__}')
        for i, module in enumerate(modules, len(self)):
            self.add_module(str(i), module)
        return self

    def __iadd__(self, modules):
        return self.extend(modules)

    def __add__(self, other):
        return ModuleList(chain(self, other))

    def __repr__(self):
        # Neighbours that print alike become one line.
        runs = []
        for i, text in enumerate(map(repr, self)):
            if runs and runs[-1][2] == text:
                runs[-1][1] = i
            else:
                runs.append([i, i, text])
        if not runs:
            return f'{self._get_name()}()'
        body = ''.join(f'\n  ({first}): {_indented(text)}' if first == last
                       else f'\n  ({first}-{last}): {last - first + 1} x {_indented(text)}'
                       for first, last, text in runs)
        return f'{self._get_name()}({body}\n)'


class ModuleDict(Module):
    """A dictionary whose modules are registered.

    Args:
        modules (mapping or iterable of pairs, optional): its first content.

    Example:
        >>> import cnet
        >>> cnet.nn.ModuleDict({'act': cnet.nn.ReLU()})['act']
        ReLU()
    """

    def __init__(self, modules=None):
        super().__init__()
        if modules is not None:
            self.update(modules)

    def __getitem__(self, key):
        return self._modules[key]

    def __setitem__(self, key, module):
        self.add_module(key, module)

    def __delitem__(self, key):
        del self._modules[key]

    def __len__(self):
        return len(self._modules)

    def __iter__(self):
        return iter(self._modules)

    def __contains__(self, key):
        return key in self._modules

    def clear(self):
        """Take all modules out."""
        self._modules.clear()

    def pop(self, key):
        """Take out and return the module under `key`."""
        return self._modules.pop(key)

    def keys(self):
        """The names of the modules."""
        return self._modules.keys()

    def items(self):
        """Pairs of name and module."""
        return self._modules.items()

    def values(self):
        """The modules."""
        return self._modules.values()

    def update(self, modules):
        """Add or replace modules from a mapping or an iterable of pairs."""
        for key, module in pairs_of(modules, 'ModuleDict'):
            self[key] = module
