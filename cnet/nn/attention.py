"""Which implementation `scaled_dot_product_attention` may use: accepted for PyTorch's sake, there is one here."""

from contextlib import contextmanager
from enum import IntEnum

__all__ = ['SDPBackend', 'sdpa_kernel']


class SDPBackend(IntEnum):
    """Names of implementations of attention."""

    ERROR = -1
    MATH = 0
    FLASH_ATTENTION = 1
    EFFICIENT_ATTENTION = 2
    CUDNN_ATTENTION = 3
    OVERRIDEABLE = 4


@contextmanager
def sdpa_kernel(backends, set_priority=False):
    """A context in which only these implementations are wanted. Results are the same with each.

    Args:
        backends (SDPBackend or list): what is wanted.
        set_priority (bool): whether their order counts.

    Example:
        >>> import cnet
        >>> from cnet.nn.attention import SDPBackend, sdpa_kernel
        >>> with sdpa_kernel(SDPBackend.FLASH_ATTENTION):
        ...     cnet.nn.functional.scaled_dot_product_attention(cnet.ones(1, 2), cnet.ones(1, 2), cnet.ones(1, 2))
        tensor([[1., 1.]])
    """
    if not isinstance(backends, (list, SDPBackend)):
        raise AssertionError('Backend must be an instance of SDPBackend or a list of SDPBackend instances, got '
                             f'{type(backends).__name__}')
    yield {}
