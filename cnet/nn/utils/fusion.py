"""Batch normalization, at evaluation, folded into the layer before it."""

from copy import deepcopy

from ..parameter import Parameter

__all__ = ['fuse_conv_bn_eval', 'fuse_conv_bn_weights', 'fuse_linear_bn_eval', 'fuse_linear_bn_weights']


def _fused(w, b, mean, var, eps, bn_w, bn_b, shape):
    """Weight and bias of the layer that does both; `shape` is that of a factor per output."""
    factor = (var + eps).rsqrt()
    if bn_w is not None:
        factor = factor * bn_w
    bias = ((-mean if b is None else b - mean) * factor)
    if bn_b is not None:
        bias = bias + bn_b
    trained = w.requires_grad, b is not None and b.requires_grad
    return (Parameter((w * factor.reshape(shape)).to(w.dtype).detach(), trained[0]),
            Parameter(bias.to(w.dtype if b is None else b.dtype).detach(), trained[1]))


def _check(layer, bn):
    if layer.training or bn.training:
        raise AssertionError('Fusion only for eval!')
    if bn.running_mean is None or bn.running_var is None:
        raise AssertionError('bn.running_mean and bn.running_var must not be None')


def fuse_conv_bn_weights(conv_w, conv_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, transpose=False):
    """Weight and bias of the convolution that does what a convolution and a batch normalization do.

    Args:
        conv_w, conv_b (Tensor): weight and bias (or None) of the convolution.
        bn_rm, bn_rv (Tensor): running mean and variance.
        bn_eps (float): what is added to the variance.
        bn_w, bn_b (Tensor): weight and bias (or None) of the normalization.
        transpose (bool): the convolution is a transposed one.

    Returns:
        (Parameter, Parameter)
    """
    shape = [1] * conv_w.dim()
    shape[1 if transpose else 0] = -1
    return _fused(conv_w, conv_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, shape)


def fuse_conv_bn_eval(conv, bn, transpose=False):
    """One convolution that does what a convolution and a batch normalization do at evaluation.

    Args:
        conv (Module): the convolution.
        bn (Module): the normalization of its output.
        transpose (bool): the convolution is a transposed one.

    Returns:
        Module: a changed copy of `conv`.

    Example:
        >>> import cnet
        >>> conv, bn = cnet.nn.Conv1d(2, 3, 1).eval(), cnet.nn.BatchNorm1d(3).eval()
        >>> cnet.nn.utils.fuse_conv_bn_eval(conv, bn)
        Conv1d(2, 3, kernel_size=(1,), stride=(1,))
    """
    _check(conv, bn)
    fused = deepcopy(conv)
    fused.weight, fused.bias = fuse_conv_bn_weights(conv.weight, conv.bias, bn.running_mean, bn.running_var, bn.eps, bn.weight,
                                                    bn.bias, transpose)
    return fused


def fuse_linear_bn_weights(linear_w, linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b):
    """Weight and bias of the linear layer that does what a linear layer and a batch normalization do.

    Args:
        linear_w, linear_b (Tensor): weight and bias (or None) of the linear layer.
        bn_rm, bn_rv (Tensor): running mean and variance.
        bn_eps (float): what is added to the variance.
        bn_w, bn_b (Tensor): weight and bias (or None) of the normalization.

    Returns:
        (Parameter, Parameter)
    """
    return _fused(linear_w, linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, (-1, 1))


def fuse_linear_bn_eval(linear, bn):
    """One linear layer that does what a linear layer and a batch normalization do at evaluation.

    Args:
        linear (Module): the linear layer.
        bn (Module): the normalization of its output.

    Returns:
        Module: a changed copy of `linear`.

    Example:
        >>> import cnet
        >>> linear, bn = cnet.nn.Linear(2, 3).eval(), cnet.nn.BatchNorm1d(3).eval()
        >>> cnet.nn.utils.fuse_linear_bn_eval(linear, bn)
        Linear(in_features=2, out_features=3, bias=True)
    """
    _check(linear, bn)
    if linear.out_features != bn.num_features and bn.num_features != 1:
        raise AssertionError('To fuse, linear.out_features == bn.num_features or bn.num_features == 1, got linear.out_features='
                             f'{linear.out_features} and bn.num_features={bn.num_features}')
    fused = deepcopy(linear)
    fused.weight, fused.bias = fuse_linear_bn_weights(linear.weight, linear.bias, bn.running_mean, bn.running_var, bn.eps,
                                                      bn.weight, bn.bias)
    return fused
