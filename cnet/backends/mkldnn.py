"""Settings of a library of kernels, which cnet does not use: it has its own."""

import sys

from ._switches import changed

__all__ = ['flags', 'is_available']

enabled = False


def is_available():
    """Whether the library is there: False."""
    return False


def flags(enabled=False):
    """A context in which the setting has the given value."""
    return changed(sys.modules[__name__], enabled=enabled)
