"""Helpers around models. `tensorboard` and `safetensors` in this package need those libraries, and are imported by name."""

from importlib import import_module
from typing import TYPE_CHECKING

from . import hooks

if TYPE_CHECKING:
    from . import checkpoint, data, dlpack, npz

__all__ = ['checkpoint', 'data', 'dlpack', 'hooks', 'npz']

_LAZY = ('_pytree', 'checkpoint', 'data', 'dlpack', 'npz')  # imported when first asked for, so that importing cnet is cheap


def __getattr__(name):
    if name in _LAZY:
        return import_module(f'.{name}', __name__)
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')


def __dir__():
    return sorted({*globals(), *_LAZY})
