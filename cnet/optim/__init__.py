"""Optimizers: they change parameters by means of their gradients."""

from importlib import import_module
from typing import TYPE_CHECKING

from . import optimizer
from .adam import Adam
from .adamw import AdamW
from .optimizer import Optimizer
from .sgd import SGD

if TYPE_CHECKING:
    from . import lr_scheduler, swa_utils
    from ._adafactor import Adafactor
    from ._muon import Muon
    from .adadelta import Adadelta
    from .adagrad import Adagrad
    from .adamax import Adamax
    from .asgd import ASGD
    from .lbfgs import LBFGS
    from .nadam import NAdam
    from .radam import RAdam
    from .rmsprop import RMSprop
    from .rprop import Rprop

__all__ = ['ASGD', 'LBFGS', 'SGD', 'Adadelta', 'Adafactor', 'Adagrad', 'Adam', 'AdamW', 'Adamax', 'Muon', 'NAdam', 'Optimizer',
           'RAdam', 'RMSprop', 'Rprop', 'lr_scheduler', 'optimizer', 'swa_utils']

# Imported when first asked for: most programs use one optimizer, and importing cnet shall be cheap.
_LAZY = {'ASGD': 'asgd', 'LBFGS': 'lbfgs', 'Adadelta': 'adadelta', 'Adafactor': '_adafactor', 'Adagrad': 'adagrad',
         'Adamax': 'adamax', 'Muon': '_muon', 'NAdam': 'nadam', 'RAdam': 'radam', 'RMSprop': 'rmsprop', 'Rprop': 'rprop'}
_MODULES = ('lr_scheduler', 'swa_utils', *(name for name in _LAZY.values() if name[0] != '_'))


def __getattr__(name):
    if name in _LAZY:
        value = globals()[name] = getattr(import_module(f'.{_LAZY[name]}', __name__), name)
        return value
    if name in _MODULES:
        return import_module(f'.{name}', __name__)
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')


def __dir__():
    return sorted({*globals(), *_LAZY, *_MODULES})
