"""Gradients of convolutions as functions of their own."""

from .._ops.conv import gradient_of_input, gradient_of_weight

__all__ = ['conv1d_input', 'conv1d_weight', 'conv2d_input', 'conv2d_weight', 'conv3d_input', 'conv3d_weight']


def conv1d_input(input_size, weight, grad_output, stride=1, padding=0, dilation=1, groups=1):
    """The gradient of `conv1d` by its input.

    Args:
        input_size (Size): (N, C, L).
        weight (Tensor): (M, C / groups, K).
        grad_output (Tensor): the gradient of the result.
        stride (int or tuple): step between neighbouring results.
        padding (int or tuple): zeros added at both ends.
        dilation (int or tuple): step between neighbouring elements of the kernel.
        groups (int): parts of the channels that do not see each other.

    Returns:
        Tensor: of `input_size`.

    Example:
        >>> import cnet
        >>> from cnet.nn.grad import conv1d_input
        >>> conv1d_input((1, 1, 3), cnet.ones(1, 1, 2), cnet.ones(1, 1, 2)).sum().item()
        4.0
    """
    return gradient_of_input(1, input_size, weight, grad_output, stride, padding, dilation, groups)


def conv1d_weight(input, weight_size, grad_output, stride=1, padding=0, dilation=1, groups=1):
    """The gradient of `conv1d` by its weight.

    Args:
        input (Tensor): (N, C, L).
        weight_size (Size): (M, C / groups, K).
        grad_output (Tensor): the gradient of the result.
        stride (int or tuple): step between neighbouring results.
        padding (int or tuple): zeros added at both ends.
        dilation (int or tuple): step between neighbouring elements of the kernel.
        groups (int): parts of the channels that do not see each other.

    Returns:
        Tensor: of `weight_size`.

    Example:
        >>> import cnet
        >>> from cnet.nn.grad import conv1d_weight
        >>> conv1d_weight(cnet.ones(1, 1, 3), (1, 1, 2), cnet.ones(1, 1, 2)).flatten()[0].item()
        2.0
    """
    return gradient_of_weight(1, input, weight_size, grad_output, stride, padding, dilation, groups)


def conv2d_input(input_size, weight, grad_output, stride=1, padding=0, dilation=1, groups=1):
    """The gradient of `conv2d` by its input.

    Args:
        input_size (Size): (N, C, H, W).
        weight (Tensor): (M, C / groups, KH, KW).
        grad_output (Tensor): the gradient of the result.
        stride (int or tuple): step between neighbouring results.
        padding (int or tuple): zeros added at both ends.
        dilation (int or tuple): step between neighbouring elements of the kernel.
        groups (int): parts of the channels that do not see each other.

    Returns:
        Tensor: of `input_size`.

    Example:
        >>> import cnet
        >>> from cnet.nn.grad import conv2d_input
        >>> conv2d_input((1, 1, 3, 3), cnet.ones(1, 1, 2, 2), cnet.ones(1, 1, 2, 2)).sum().item()
        16.0
    """
    return gradient_of_input(2, input_size, weight, grad_output, stride, padding, dilation, groups)


def conv2d_weight(input, weight_size, grad_output, stride=1, padding=0, dilation=1, groups=1):
    """The gradient of `conv2d` by its weight.

    Args:
        input (Tensor): (N, C, H, W).
        weight_size (Size): (M, C / groups, KH, KW).
        grad_output (Tensor): the gradient of the result.
        stride (int or tuple): step between neighbouring results.
        padding (int or tuple): zeros added at both ends.
        dilation (int or tuple): step between neighbouring elements of the kernel.
        groups (int): parts of the channels that do not see each other.

    Returns:
        Tensor: of `weight_size`.

    Example:
        >>> import cnet
        >>> from cnet.nn.grad import conv2d_weight
        >>> conv2d_weight(cnet.ones(1, 1, 3, 3), (1, 1, 2, 2), cnet.ones(1, 1, 2, 2)).flatten()[0].item()
        4.0
    """
    return gradient_of_weight(2, input, weight_size, grad_output, stride, padding, dilation, groups)


def conv3d_input(input_size, weight, grad_output, stride=1, padding=0, dilation=1, groups=1):
    """The gradient of `conv3d` by its input.

    Args:
        input_size (Size): (N, C, D, H, W).
        weight (Tensor): (M, C / groups, KD, KH, KW).
        grad_output (Tensor): the gradient of the result.
        stride (int or tuple): step between neighbouring results.
        padding (int or tuple): zeros added at both ends.
        dilation (int or tuple): step between neighbouring elements of the kernel.
        groups (int): parts of the channels that do not see each other.

    Returns:
        Tensor: of `input_size`.

    Example:
        >>> import cnet
        >>> from cnet.nn.grad import conv3d_input
        >>> conv3d_input((1, 1, 3, 3, 3), cnet.ones(1, 1, 2, 2, 2), cnet.ones(1, 1, 2, 2, 2)).sum().item()
        64.0
    """
    return gradient_of_input(3, input_size, weight, grad_output, stride, padding, dilation, groups)


def conv3d_weight(input, weight_size, grad_output, stride=1, padding=0, dilation=1, groups=1):
    """The gradient of `conv3d` by its weight.

    Args:
        input (Tensor): (N, C, D, H, W).
        weight_size (Size): (M, C / groups, KD, KH, KW).
        grad_output (Tensor): the gradient of the result.
        stride (int or tuple): step between neighbouring results.
        padding (int or tuple): zeros added at both ends.
        dilation (int or tuple): step between neighbouring elements of the kernel.
        groups (int): parts of the channels that do not see each other.

    Returns:
        Tensor: of `weight_size`.

    Example:
        >>> import cnet
        >>> from cnet.nn.grad import conv3d_weight
        >>> conv3d_weight(cnet.ones(1, 1, 3, 3, 3), (1, 1, 2, 2, 2), cnet.ones(1, 1, 2, 2, 2)).flatten()[0].item()
        8.0
    """
    return gradient_of_weight(3, input, weight_size, grad_output, stride, padding, dilation, groups)
