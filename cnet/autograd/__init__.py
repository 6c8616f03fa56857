"""Automatic differentiation: gradients, modes, hooks and functions with a derivative of their own."""

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
