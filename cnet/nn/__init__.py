"""Neural networks: modules, parameters, layers and losses."""

from importlib import import_module
from typing import TYPE_CHECKING

from . import functional, init, modules, parameter, utils
from .parameter import Buffer, Parameter, UninitializedBuffer, UninitializedParameter

if TYPE_CHECKING:
    from . import attention, grad, parallel
    from .modules import *
    from .parallel import DataParallel


__all__ = [  # noqa: PLE0604  (the starred part holds strings)
    'Buffer', 'Parameter', 'UninitializedBuffer', 'UninitializedParameter', 'functional', 'init', 'modules', 'parameter', 'utils',
    *modules.__all__,
]

_LAZY = ('attention', 'grad', 'parallel')


def __getattr__(name):
    """Layers and submodules that are imported when first asked for."""
    if name in _LAZY:
        return import_module(f'.{name}', __name__)
    if name in modules.FILE_OF or name == 'DataParallel':
        value = globals()[name] = getattr(modules if name in modules.FILE_OF else import_module('.parallel', __name__), name)
        return value
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')


def __dir__():
    return sorted({*globals(), *_LAZY, *modules.FILE_OF, 'DataParallel'})
