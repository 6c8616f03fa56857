"""Settings for GPUs, which are not used."""

from contextlib import contextmanager

from ._switches import Switches

__all__ = ['is_built', 'matmul', 'sdp_kernel']

matmul = Switches(allow_tf32=False, allow_fp16_reduced_precision_reduction=True, allow_bf16_reduced_precision_reduction=True)


def is_built():
    """Whether cnet can use GPUs: False.

    Example:
        >>> import cnet
        >>> cnet.backends.cuda.is_built()
        False
    """
    return False


@contextmanager
def sdp_kernel(enable_flash=True, enable_math=True, enable_mem_efficient=True, enable_cudnn=True):
    """A context in which some implementations of attention are wanted. Results are the same with each.

    Args:
        enable_flash, enable_math, enable_mem_efficient, enable_cudnn (bool): accepted.

    Example:
        >>> import cnet
        >>> with cnet.backends.cuda.sdp_kernel(enable_flash=False):
        ...     cnet.ones(1)
        tensor([1.])
    """
    yield {}
