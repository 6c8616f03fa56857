"""Automatic differentiation: gradients, modes, hooks and functions with a derivative of their own."""

from importlib import import_module as _import_module

from .._core.engine import backward
from .._core.mode import detect_anomaly, enable_grad, inference_mode, no_grad, set_detect_anomaly, set_grad_enabled
from . import anomaly_mode, function, grad_mode, graph
from .function import Function
from .gradcheck import GradcheckError, gradcheck, gradgradcheck
from .gradients import grad
from .variable import Variable

__all__ = ['Function', 'GradcheckError', 'Variable', 'anomaly_mode', 'backward', 'detect_anomaly', 'enable_grad', 'function',
           'grad', 'grad_mode', 'gradcheck', 'gradgradcheck', 'graph', 'inference_mode', 'no_grad', 'set_detect_anomaly',
           'set_grad_enabled']

_LAZY = ('functional', 'profiler')  # imported when first asked for


def __getattr__(name):
    if name in _LAZY:
        return _import_module(f'.{name}', __name__)
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')


def __dir__():
    return sorted({*globals(), *_LAZY})
