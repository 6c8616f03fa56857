"""Dropout as in `nn.functional`: elements or whole channels are zeroed at random during training."""

import math
import warnings

import numpy as np

from .. import _kernels as K
from .._core import arrays, checks
from .._core.arrays import contiguous
from .._core.base import wrap
from .._core.generator import engine_of
from .._core.inplace import assign_, scalar_name
from .._core.op import Op
from . import _draw

__all__ = []
FUNCTIONAL = ['alpha_dropout', 'dropout', 'dropout1d', 'dropout2d', 'dropout3d', 'feature_alpha_dropout']
METHODS = {}

# Bytes of noise drawn at a time, and packed into bits while they are in cache.
_DRAWN = 1 << 16

# Minus the value that SELU tends to for very negative inputs (Klambauer et al., 2017).
_ALPHA = 1.7580993408473766


def dropout_gain(dtype, keep):
    """1 / keep as PyTorch rounds it: half precision divides in float32."""
    t = np.float64 if dtype == _draw.F64 else np.float32
    return dtype.type(t(1) / t(keep))


def kept_bits(engine, keep, count):
    """One bit for each of `count` numbers, set where dropout keeps it, and the four bytes more that kernels read."""
    drawn = np.empty(min(count, _DRAWN), np.uint8)
    bits = np.zeros(count // 8 + 5, np.uint8)
    for start in range(0, count, _DRAWN):
        part = drawn[:count - start]
        engine.bernoulli(part, keep)
        bits[start // 8:(start + part.size + 7) // 8] = np.packbits(part, bitorder='little')
    return bits


class Masked(Op, name='MulBackward0'):
    """x times noise that is `gain` where a bit is set, else 0."""

    @staticmethod
    def forward(x, bits, gain):
        return K.residual.masked(contiguous(x), bits, gain)

    def backward(self, g):
        return Masked.apply(g, **self.kw)


class Dropout(Op, name='MulBackward0'):
    """x times noise that is 0 or 1 / keep. The noise is all that backward needs: one bit per number, or an array."""

    @staticmethod
    def forward(x, keep, engine):
        gain = dropout_gain(x.dtype, keep)
        if x.dtype in (_draw.F32, _draw.F64) and x.flags.c_contiguous:
            bits = kept_bits(engine, keep, x.size)
            return K.residual.masked(x, bits, gain), bits
        if x.dtype.kind == 'c':
            raise NotImplementedError('"bernoulli_scalar_cpu_" not implemented for complex types')
        noise = arrays.empty_as(x, x.dtype)
        _draw.bernoulli(engine, noise, keep)
        noise *= gain
        return x * noise, noise

    def backward(self, g):
        noise = self.aux[0]
        if noise.dtype != np.uint8:
            return g * wrap(noise)
        return Masked.apply(g, bits=noise, gain=dropout_gain(g._a.dtype, self.kw['keep']))


def drop(x, p, train, channels=False, alpha=False):
    """Dropout in all its forms.

    Args:
        x (Tensor): what is dropped from.
        p (float): the probability to drop.
        train (bool): whether to do anything.
        channels (bool): drop whole channels: noise of shape (N, C, 1, ...) for x of shape (N, C, ...).
        alpha (bool): dropped elements take the value that SELU saturates at; mean and variance are kept.

    Returns:
        Tensor: the result; `x` itself if there is nothing to do.
    """
    checks.tensor(x, 'dropout', 'input', 1)
    if not 0 <= p <= 1:
        raise RuntimeError(f'dropout probability has to be between 0 and 1, but got {p:g}')
    a = x._a
    if p == 0 or not train or not a.size:
        return x
    if p == 1:
        return x * wrap(np.zeros((), a.dtype))
    if channels and a.ndim < 2:
        raise RuntimeError('Feature dropout requires at least 2 dimensions in the input')
    if a.dtype.kind in 'biu':
        raise RuntimeError(f"result type Float can't be cast to the desired output type {scalar_name(a.dtype)}")
    engine = engine_of(None, 'dropout')
    if not channels and not alpha:
        return Dropout.apply(x, keep=1 - p, engine=engine)
    noise = np.empty(a.shape[:2] + (1,) * (a.ndim - 2), a.dtype) if channels else arrays.empty_as(a, a.dtype)
    _draw.bernoulli(engine, noise, 1 - p)
    if not alpha:
        noise *= dropout_gain(a.dtype, 1 - p)
        return x * wrap(noise)
    scale = 1.0 / math.sqrt((_ALPHA * _ALPHA * p + 1) * (1 - p))
    shift = noise - 1
    shift *= _ALPHA * scale
    shift += _ALPHA * scale * p
    noise *= scale
    return x * wrap(noise) + wrap(shift)


def _apply(x, p, training, inplace, channels=False, alpha=False):
    if p < 0.0 or p > 1.0:
        raise ValueError(f'dropout probability has to be between 0 and 1, but got {p}')
    y = drop(x, p, training, channels, alpha)
    return assign_(x, y) if inplace else y


def dropout(input, p=0.5, training=True, inplace=False):
    """Zero elements at random and scale the others by 1 / (1 - p).

    Args:
        input (Tensor): what is dropped from.
        p (float): the probability to drop. Default: 0.5.
        training (bool): whether to do anything. Default: True.
        inplace (bool): write the result into `input`. Default: False.

    Shape:
        - Input: (*), any shape.
        - Output: (*), the same.

    Returns:
        Tensor: the result.

    Example:
        >>> import cnet
        >>> _ = cnet.manual_seed(0)
        >>> cnet.nn.functional.dropout(cnet.ones(4))
        tensor([0., 0., 2., 0.])
    """
    return _apply(input, p, training, inplace)


def alpha_dropout(input, p=0.5, training=False, inplace=False):
    """Dropout for networks of SELUs: it keeps the mean and variance of standard normal input.

    Args:
        input (Tensor): what is dropped from.
        p (float): the probability to drop. Default: 0.5.
        training (bool): whether to do anything. Default: False.
        inplace (bool): write the result into `input`. Default: False.

    Shape:
        - Input: (*), any shape.
        - Output: (*), the same.

    Returns:
        Tensor: the result.

    Example:
        >>> import cnet
        >>> cnet.nn.functional.alpha_dropout(cnet.randn(4), 0.2, training=True).shape
        cnet.Size([4])
    """
    return _apply(input, p, training, inplace, alpha=True)


def feature_alpha_dropout(input, p=0.5, training=False, inplace=False):
    """Dropout of whole channels that keeps the mean and variance of standard normal input.

    Args:
        input (Tensor): what is dropped from.
        p (float): the probability to drop a channel. Default: 0.5.
        training (bool): whether to do anything. Default: False.
        inplace (bool): write the result into `input`. Default: False.

    Shape:
        - Input: (N, C, *): N items of C channels.
        - Output: (N, C, *), the same.

    Returns:
        Tensor: the result.

    Example:
        >>> import cnet
        >>> cnet.nn.functional.feature_alpha_dropout(cnet.randn(2, 3, 4), 0.2, training=True).shape
        cnet.Size([2, 3, 4])
    """
    return _apply(input, p, training, inplace, channels=True, alpha=True)


def _with_batch(x, p, training, inplace):
    """Channels of one item that has no batch dimension."""
    if p < 0.0 or p > 1.0:
        raise ValueError(f'dropout probability has to be between 0 and 1, but got {p}')
    y = drop(x.unsqueeze(0), p, training, channels=True).squeeze(0)
    return assign_(x, y) if inplace else y


def dropout1d(input, p=0.5, training=True, inplace=False):
    """Zero channels of sequences at random and scale the others by 1 / (1 - p).

    Args:
        input (Tensor): what is dropped from.
        p (float): the probability to drop a channel. Default: 0.5.
        training (bool): whether to do anything. Default: True.
        inplace (bool): write the result into `input`. Default: False.

    Shape:
        - Input: (N, C, L) or (C, L): N items of C channels of length L.
        - Output: the same.

    Returns:
        Tensor: the result.

    Example:
        >>> import cnet
        >>> cnet.nn.functional.dropout1d(cnet.ones(2, 3, 4)).shape
        cnet.Size([2, 3, 4])
    """
    if p < 0.0 or p > 1.0:
        raise ValueError(f'dropout probability has to be between 0 and 1, but got {p}')
    ndim = input.ndim
    if ndim not in (2, 3):
        raise RuntimeError(f'dropout1d: Expected 2D or 3D input, but received a {ndim}D input. Note that dropout1d exists to '
                           'provide channel-wise dropout on inputs with 1 spatial dimension, a channel dimension, and an '
                           'optional batch dimension (i.e. 2D or 3D inputs).')
    if ndim == 2:
        return _with_batch(input, p, training, inplace)
    return _apply(input, p, training, inplace, channels=True)


def _warn_dims(op, ndim, spatial, instead):
    warnings.warn(f'{op}: Received a {ndim}-D input to {op}, which is deprecated and will result in an error in a future '
                  f'release. To retain the behavior and silence this warning, please use dropout instead. Note that {op} '
                  f'exists to provide channel-wise dropout on inputs with {spatial} spatial dimensions, a channel dimension, '
                  f'and an optional batch dimension (i.e. {instead} inputs).', stacklevel=3)


def dropout2d(input, p=0.5, training=True, inplace=False):
    """Zero channels of images at random and scale the others by 1 / (1 - p).

    Args:
        input (Tensor): what is dropped from.
        p (float): the probability to drop a channel. Default: 0.5.
        training (bool): whether to do anything. Default: True.
        inplace (bool): write the result into `input`. Default: False.

    Shape:
        - Input: (N, C, H, W): N images of C channels, H rows and W columns.
        - Output: the same.

    Returns:
        Tensor: the result.

    Example:
        >>> import cnet
        >>> cnet.nn.functional.dropout2d(cnet.ones(1, 2, 3, 3)).shape
        cnet.Size([1, 2, 3, 3])
    """
    if p < 0.0 or p > 1.0:
        raise ValueError(f'dropout probability has to be between 0 and 1, but got {p}')
    ndim = input.ndim
    if ndim not in (3, 4):
        _warn_dims('dropout2d', ndim, 2, '3D or 4D')
    elif ndim == 3:
        warnings.warn('dropout2d: Received a 3D input to dropout2d and assuming that channel-wise 1D dropout behavior is '
                      'desired - input is interpreted as shape (N, C, L), where C is the channel dim. This behavior will '
                      'change in a future release to interpret the input as one without a batch dimension, i.e. shape '
                      '(C, H, W). To maintain the 1D channel-wise dropout behavior, please switch to using dropout1d '
                      'instead.', stacklevel=2)
    return _apply(input, p, training, inplace, channels=True)


def dropout3d(input, p=0.5, training=True, inplace=False):
    """Zero channels of volumes at random and scale the others by 1 / (1 - p).

    Args:
        input (Tensor): what is dropped from.
        p (float): the probability to drop a channel. Default: 0.5.
        training (bool): whether to do anything. Default: True.
        inplace (bool): write the result into `input`. Default: False.

    Shape:
        - Input: (N, C, D, H, W) or (C, D, H, W): N items of C channels, each D x H x W.
        - Output: the same.

    Returns:
        Tensor: the result.

    Example:
        >>> import cnet
        >>> cnet.nn.functional.dropout3d(cnet.ones(1, 2, 3, 3, 3)).shape
        cnet.Size([1, 2, 3, 3, 3])
    """
    if p < 0.0 or p > 1.0:
        raise ValueError(f'dropout probability has to be between 0 and 1, but got {p}')
    ndim = input.ndim
    if ndim not in (4, 5):
        _warn_dims('dropout3d', ndim, 3, '4D or 5D')
    if ndim != 5:
        return _with_batch(input, p, training, inplace)
    return _apply(input, p, training, inplace, channels=True)
