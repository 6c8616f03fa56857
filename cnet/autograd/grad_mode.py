"""Grad modes under PyTorch's module name."""

from .._core.mode import enable_grad, inference_mode, no_grad, set_grad_enabled

__all__ = ['enable_grad', 'inference_mode', 'no_grad', 'set_grad_enabled']
