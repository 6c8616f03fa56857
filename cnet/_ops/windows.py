"""Window functions of signal processing."""

import numpy as np

from .. import _kernels as K
from .._core import arrays, checks, errors
from .._core.base import wrap
from .._core.device import strided
from .create import check_options, mark, np_type

_PIECE = 16384      # positions that are computed together


def _window(op, shape, window_length, periodic, dtype, layout, device, pin_memory, requires_grad):
    """Sample `shape`, a function of positions 0 … 1; a periodic window leaves out the last sample."""
    check_options(op, layout, device, pin_memory)
    n = checks.integer(window_length, op, 'window_length', 1)
    dt = np_type(dtype, op)
    if dt.kind not in 'fc':
        raise RuntimeError(f'{op} expects floating point dtypes, got: {dt.name}')
    if dt.kind == 'c':
        raise errors.not_implemented(op, dt)
    if n < 0:
        raise RuntimeError(f'{op} requires non-negative window_length, got window_length={n}')
    if n < 2:
        a = np.ones(n)
    else:
        last = n if periodic else n - 1
        a = arrays.empty((n,), dt)
        half = last // 2 + 1
        for begin in range(0, half, _PIECE):
            # In pieces that stay in the cache with all that is computed from them.
            end = min(half, begin + _PIECE)
            a[begin:end] = shape(np.arange(begin, end) / last)
        a[half:] = a[last - n + 1:last - half + 1][::-1]    # windows are symmetric
    return mark(wrap(arrays.cast(a, dt)), requires_grad, op)


def _cosines(*coefficients):
    def sample(x):
        y = coefficients[0]
        for k, c in enumerate(coefficients[1:], 1):
            term = 2 * np.pi * k * x
            K.elementary.cos(term, term)
            term *= c
            term += y
            y = term
        return y
    return sample


def hann_window(window_length, periodic=True, *, dtype=None, layout=strided, device=None, pin_memory=False,
                requires_grad=False):
    """Make a Hann window: one period of a raised cosine.

    Args:
        window_length (int): number of samples.
        periodic (bool): whether to drop the last sample of a symmetric window one longer. Default: True.
        dtype (dtype, optional): a floating-point type. Default: the default dtype.

    Shape:
        ``(window_length,)``.

    Returns:
        Tensor: the samples.

    Example:
        >>> import cnet
        >>> cnet.hann_window(4)
        tensor([0.0000, 0.5000, 1.0000, 0.5000])
    """
    return _window('hann_window', _cosines(0.5, -0.5), window_length, periodic, dtype, layout, device, pin_memory,
                   requires_grad)


def hamming_window(window_length, periodic=True, alpha=0.54, beta=0.46, *, dtype=None, layout=strided, device=None,
                   pin_memory=False, requires_grad=False):
    """Make a Hamming window: ``alpha - beta * cos``.

    Args:
        window_length (int): number of samples.
        periodic (bool): whether to drop the last sample of a symmetric window one longer. Default: True.
        alpha (float): the constant. Default: 0.54.
        beta (float): the factor of the cosine. Default: 0.46.
        dtype (dtype, optional): a floating-point type. Default: the default dtype.

    Shape:
        ``(window_length,)``.

    Returns:
        Tensor: the samples.

    Example:
        >>> import cnet
        >>> cnet.hamming_window(4)
        tensor([0.0800, 0.5400, 1.0000, 0.5400])
    """
    return _window('hamming_window', _cosines(alpha, -beta), window_length, periodic, dtype, layout, device, pin_memory,
                   requires_grad)


def blackman_window(window_length, periodic=True, *, dtype=None, layout=strided, device=None, pin_memory=False,
                    requires_grad=False):
    """Make a Blackman window: two cosines.

    Args:
        window_length (int): number of samples.
        periodic (bool): whether to drop the last sample of a symmetric window one longer. Default: True.
        dtype (dtype, optional): a floating-point type. Default: the default dtype.

    Shape:
        ``(window_length,)``.

    Returns:
        Tensor: the samples.

    Example:
        >>> import cnet
        >>> cnet.blackman_window(5, periodic=False)[1:4]
        tensor([0.3400, 1.0000, 0.3400])
    """
    return _window('blackman_window', _cosines(0.42, -0.5, 0.08), window_length, periodic, dtype, layout, device,
                   pin_memory, requires_grad)


def bartlett_window(window_length, periodic=True, *, dtype=None, layout=strided, device=None, pin_memory=False,
                    requires_grad=False):
    """Make a Bartlett window: a triangle.

    Args:
        window_length (int): number of samples.
        periodic (bool): whether to drop the last sample of a symmetric window one longer. Default: True.
        dtype (dtype, optional): a floating-point type. Default: the default dtype.

    Shape:
        ``(window_length,)``.

    Returns:
        Tensor: the samples.

    Example:
        >>> import cnet
        >>> cnet.bartlett_window(4)
        tensor([0.0000, 0.5000, 1.0000, 0.5000])
    """
    return _window('bartlett_window', lambda x: 1 - np.abs(2 * x - 1), window_length, periodic, dtype, layout, device,
                   pin_memory, requires_grad)


def kaiser_window(window_length, periodic=True, beta=12.0, *, dtype=None, layout=strided, device=None, pin_memory=False,
                  requires_grad=False):
    """Make a Kaiser window: a Bessel function of a half circle.

    Args:
        window_length (int): number of samples.
        periodic (bool): whether to drop the last sample of a symmetric window one longer. Default: True.
        beta (float): how narrow the window is. Default: 12.
        dtype (dtype, optional): a floating-point type. Default: the default dtype.

    Shape:
        ``(window_length,)``.

    Returns:
        Tensor: the samples.

    Example:
        >>> import cnet
        >>> cnet.kaiser_window(5, periodic=False, beta=8.0)
        tensor([0.0023, 0.3690, 1.0000, 0.3690, 0.0023])
    """
    def bessel(x):
        return np.i0(beta * np.sqrt(np.maximum(1 - (2 * x - 1) ** 2, 0))) / np.i0(beta)
    return _window('kaiser_window', bessel, window_length, periodic, dtype, layout, device, pin_memory, requires_grad)
PUBLIC = {
    'bartlett_window': bartlett_window, 'blackman_window': blackman_window, 'hamming_window': hamming_window,
    'hann_window': hann_window, 'kaiser_window': kaiser_window,
}
