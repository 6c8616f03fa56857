"""What programs for several devices or processes ask for, on a machine with one."""

from importlib import import_module as _import_module

from .data_parallel import DataParallel


def __getattr__(name):
    if name in ('DistributedDataParallel', 'distributed'):  # imported when first asked for
        module = _import_module('.distributed', __name__)
        return module if name == 'distributed' else module.DistributedDataParallel
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')


def __dir__():
    return sorted({*globals(), 'DistributedDataParallel', 'distributed'})
