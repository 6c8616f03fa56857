"""Settings of a library for GPUs, which is not used: results on the CPU are deterministic whatever they say."""

import sys

from ._switches import changed

__all__ = ['flags', 'is_acceptable', 'is_available', 'version']

enabled = True
benchmark = False
deterministic = False
allow_tf32 = True


def is_available():
    """Whether the library is there: False.

    Example:
        >>> import cnet
        >>> cnet.backends.cudnn.benchmark = True
        >>> cnet.backends.cudnn.is_available()
        False
    """
    return False


def version():
    """The version of the library: None."""
    return None


def is_acceptable(tensor):
    """Whether the library can compute with a tensor: False."""
    return False


def flags(enabled=False, benchmark=False, deterministic=False, allow_tf32=True):
    """A context in which the settings have the given values."""
    return changed(sys.modules[__name__], enabled=enabled, benchmark=benchmark, deterministic=deterministic,
                   allow_tf32=allow_tf32)
