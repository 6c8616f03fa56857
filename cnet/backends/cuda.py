"""Settings for GPUs, which are not used."""

from ._switches import Switches

__all__ = ['is_built', 'matmul']

matmul = Switches(allow_tf32=False, allow_fp16_reduced_precision_reduction=True, allow_bf16_reduced_precision_reduction=True)


def is_built():
    """Whether cnet can use GPUs: False.

    Example:
        >>> import cnet
        >>> cnet.backends.cuda.is_built()
        False
    """
    return False
