"""The instruction set in use."""

from .._kernels import capability

__all__ = ['get_cpu_capability']

_NAMES = {'base': 'DEFAULT', 'v3': 'AVX2', 'v4': 'AVX512'}


def get_cpu_capability():
    """The instruction set that the kernels in use were compiled for.

    Returns:
        str: 'DEFAULT', 'AVX2' or 'AVX512'.

    Example:
        >>> import cnet
        >>> cnet.backends.cpu.get_cpu_capability() in ('DEFAULT', 'AVX2', 'AVX512')
        True
    """
    return _NAMES[capability()]
