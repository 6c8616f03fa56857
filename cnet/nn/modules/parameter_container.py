"""Containers of parameters: ParameterList, ParameterDict."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping

from ..._tensor import Tensor
from ..parameter import Parameter
from ._registry import typename
from .container import _position, pairs_of
from .module import Module

__all__ = ['ParameterList', 'ParameterDict']


def _parameter(value):
    return Parameter(value) if isinstance(value, Tensor) and not isinstance(value, Parameter) else value


def _described(key, value, type_name):
    """The line of `repr` for one member."""
    if not isinstance(value, Tensor):
        return f'  ({key}): Object of type: {type(value).__name__}'
    kind = 'Parameter' if isinstance(value, Parameter) else 'Tensor'
    return f'  ({key}): {kind} containing: [{type_name(value)} of size {"x".join(map(str, value.shape))}]'


class ParameterList(Module):
    """A list whose parameters are registered. Tensors become Parameters; other objects are kept as they are.

    Args:
        values (iterable, optional): its first content.

    Example:
        >>> import cnet
        >>> cnet.nn.ParameterList([cnet.zeros(2, 3)])
        ParameterList(  (0): Parameter containing: [cnet.float32 of size 2x3])
    """

    def __init__(self, values=None):
        super().__init__()
        self._size = 0
        if values is not None:
            self.extend(values)

    def __getitem__(self, index):
        if isinstance(index, slice):
            return type(self)(self[i] for i in range(*index.indices(len(self))))
        return getattr(self, str(_position(self, index)))

    def __setitem__(self, index, value):
        setattr(self, str(_position(self, index)), _parameter(value))

    def __len__(self):
        return self._size

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def __iadd__(self, values):
        return self.extend(values)

    def append(self, value):
        """Add a value at the end; returns self."""
        self._size += 1
        self[-1] = value
        return self

    def extend(self, values):
        """Add values at the end; returns self."""
        if not isinstance(values, Iterable) or isinstance(values, Tensor):
            raise TypeError('ParameterList.extend should be called with an iterable, but got '
                            f'{type(values).__name__}')
        for value in values:
            self.append(value)
        return self

    def extra_repr(self):
        return '\n'.join(_described(i, value, lambda t: t.dtype) for i, value in enumerate(self))

    def __call__(self, *args, **kwargs):
        raise RuntimeError('ParameterList should not be called.')


class ParameterDict(Module):
    """A dictionary whose parameters are registered. Tensors become Parameters; other objects are kept as they are.

    Args:
        parameters (mapping or iterable of pairs, optional): its first content; a plain dict is sorted by key.

    Example:
        >>> import cnet
        >>> d = cnet.nn.ParameterDict({'scale': cnet.ones(1)})
        >>> list(d.keys()), d['scale'].requires_grad
        (['scale'], True)
    """

    def __init__(self, parameters=None):
        super().__init__()
        self._keys = {}
        if parameters is not None:
            self.update(parameters)

    def _attribute(self, key):
        if not isinstance(key, str):
            raise TypeError('Index given to ParameterDict cannot be used as a key as it is not a string (type is '
                            f"'{type(key).__name__}').")
        return key

    def __getitem__(self, key):
        return getattr(self, self._attribute(key))

    def __setitem__(self, key, value):
        self._keys[key] = None
        setattr(self, self._attribute(key), _parameter(value))

    def __delitem__(self, key):
        del self._keys[key]
        delattr(self, self._attribute(key))

    def __len__(self):
        return len(self._keys)

    def __iter__(self):
        return iter(self._keys)

    def __reversed__(self):
        return reversed(self._keys)

    def __contains__(self, key):
        return key in self._keys

    def __or__(self, other):
        merged = self.copy()
        merged.update(other)
        return merged

    def __ror__(self, other):
        merged = other.copy()
        merged.update(self)
        return merged

    def __ior__(self, other):
        self.update(other)
        return self

    def copy(self):
        """A new ParameterDict with the same members."""
        return ParameterDict(OrderedDict(self.items()))

    def setdefault(self, key, default=None):
        """The value under `key`, which becomes `default` if there was none."""
        if key not in self:
            self[key] = default
        return self[key]

    def clear(self):
        """Take all members out."""
        for key in list(self):
            del self[key]

    def pop(self, key):
        """Take out and return the value under `key`."""
        value = self[key]
        del self[key]
        return value

    def popitem(self):
        """Take out and return the pair that was added last."""
        key, _ = self._keys.popitem()
        self._keys[key] = None  # pop() forgets it again
        return key, self.pop(key)

    def get(self, key, default=None):
        """The value under `key`, or `default`."""
        return self[key] if key in self else default

    def fromkeys(self, keys, default=None):
        """A new ParameterDict with `default` under each of `keys`."""
        return ParameterDict((key, default) for key in keys)

    def keys(self):
        """The names of the members."""
        return self._keys.keys()

    def items(self):
        """Pairs of name and value."""
        return ((key, self[key]) for key in self._keys)

    def values(self):
        """The values."""
        return (self[key] for key in self._keys)

    def update(self, parameters):
        """Add or replace members from a mapping or an iterable of pairs."""
        if isinstance(parameters, Mapping) and not isinstance(parameters, OrderedDict):
            parameters = sorted(parameters.items())
        for key, value in pairs_of(parameters, 'ParametersDict'):
            self[key] = value

    def extra_repr(self):
        return '\n'.join(_described(key, value, typename) for key, value in self.items())

    def __call__(self, input):
        raise RuntimeError('ParameterDict should not be called.')
