"""The order in memory of convolutions' weights."""

from ..modules import Conv2d, Conv3d, ConvTranspose2d, ConvTranspose3d

__all__ = ['convert_conv2d_weight_memory_format', 'convert_conv3d_weight_memory_format']


def _convert(module, kinds, memory_format):
    if isinstance(module, kinds):
        module.weight.data = module.weight.detach().clone(memory_format=memory_format)
    for child in module.children():
        _convert(child, kinds, memory_format)
    return module


def convert_conv2d_weight_memory_format(module, memory_format):
    """Put the weights of all `Conv2d` and `ConvTranspose2d` in a module into an order in memory.

    A convolution keeps the order of its images or, if these are contiguous, that of its weights.

    Args:
        module (Module): a convolution, or what contains some.
        memory_format (memory_format): such as ``cnet.channels_last``.

    Returns:
        Module: the module.

    Example:
        >>> import cnet
        >>> from cnet.nn.utils import convert_conv2d_weight_memory_format
        >>> m = convert_conv2d_weight_memory_format(cnet.nn.Conv2d(8, 4, 3), cnet.channels_last)
        >>> m.weight.stride()
        (72, 1, 24, 8)
    """
    return _convert(module, (Conv2d, ConvTranspose2d), memory_format)


def convert_conv3d_weight_memory_format(module, memory_format):
    """Put the weights of all `Conv3d` and `ConvTranspose3d` in a module into an order in memory.

    Args:
        module (Module): a convolution, or what contains some.
        memory_format (memory_format): such as ``cnet.channels_last_3d``.

    Returns:
        Module: the module.

    Example:
        >>> import cnet
        >>> from cnet.nn.utils import convert_conv3d_weight_memory_format
        >>> m = convert_conv3d_weight_memory_format(cnet.nn.Conv3d(8, 4, 3), cnet.channels_last_3d)
        >>> m.weight.stride()
        (216, 1, 72, 24, 8)
    """
    return _convert(module, (Conv3d, ConvTranspose3d), memory_format)
