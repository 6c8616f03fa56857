"""Functions of functions: calling a module with other parameters than its own."""

from .nn.utils.stateless import call as functional_call

__all__ = ['functional_call']
