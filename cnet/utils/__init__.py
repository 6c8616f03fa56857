"""Helpers around models: hooks."""

from . import hooks

__all__ = ['hooks']
