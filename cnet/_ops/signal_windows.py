"""Window functions with keyword arguments: what PyTorch serves as `torch.signal.windows`.

In all of them `dtype` is float32 or float64 (by default the default dtype), `requires_grad` asks autograd to record what is
done with the window, and `layout` and `device` exist for portability.
"""

from math import pi, sqrt

import numpy as np

from .._core import arrays, checks
from .._core.base import wrap
from .._core.device import check_device, strided
from .._core.dtype import float32, float64, get_default_dtype
from .create import mark

__all__ = ['bartlett', 'blackman', 'cosine', 'exponential', 'gaussian', 'general_cosine', 'general_hamming', 'hamming', 'hann',
           'kaiser', 'nuttall']


def _checked(op, M, dtype, layout, device):
    """The length and the type of a window."""
    M = checks.integer(M, op, 'M', 1)
    if M < 0:
        raise ValueError(f'{op} requires non-negative window length, got M={M}')
    if layout is not strided:
        raise ValueError(f'{op} is implemented for strided tensors only, got: {layout}')
    check_device(device, op)
    dtype = get_default_dtype() if dtype is None else dtype
    if dtype is not float32 and dtype is not float64:
        raise ValueError(f'{op} expects float32 or float64 dtypes, got: {dtype}')
    return M, dtype


def _window(op, shape, M, sym, dtype, requires_grad):
    """Sample `shape`, a function of the positions 0 … M - 1 and of the last position of a full period."""
    last = M if not sym and M > 1 else M - 1
    return mark(wrap(arrays.cast(shape(np.arange(M, dtype=np.float64), last), dtype.np)), requires_grad, op)


def bartlett(M, *, sym=True, dtype=None, layout=strided, device=None, requires_grad=False):
    """Make a Bartlett window: a triangle.

    Args:
        M (int): number of samples.
        sym (bool): whether the last sample mirrors the first; False gives one period. Default: True.
        dtype (dtype, optional): float32 or float64. Default: the default dtype.

    Shape:
        ``(M,)``.

    Returns:
        Tensor: the samples.

    Example:
        >>> import cnet
        >>> cnet.signal.windows.bartlett(5)
        tensor([0.0000, 0.5000, 1.0000, 0.5000, 0.0000])
    """
    M, dtype = _checked('bartlett', M, dtype, layout, device)
    return _window('bartlett', lambda n, last: 1 - np.abs(2 * n / last - 1) if last else n + 1, M, sym, dtype, requires_grad)


def blackman(M, *, sym=True, dtype=None, layout=strided, device=None, requires_grad=False):
    """Make a Blackman window: a constant and two cosines.

    Args:
        M (int): number of samples.
        sym (bool): whether the last sample mirrors the first; False gives one period. Default: True.
        dtype (dtype, optional): float32 or float64. Default: the default dtype.

    Shape:
        ``(M,)``.

    Returns:
        Tensor: the samples.

    Example:
        >>> import cnet
        >>> cnet.signal.windows.blackman(4, sym=False)[1:]
        tensor([0.3400, 1.0000, 0.3400])
    """
    return _cosines('blackman', M, (0.42, 0.5, 0.08), sym, dtype, layout, device, requires_grad)


def cosine(M, *, sym=True, dtype=None, layout=strided, device=None, requires_grad=False):
    """Make a cosine window: half a period, sampled between its zeros.

    Args:
        M (int): number of samples.
        sym (bool): whether the last sample mirrors the first; False gives one period. Default: True.
        dtype (dtype, optional): float32 or float64. Default: the default dtype.

    Shape:
        ``(M,)``.

    Returns:
        Tensor: the samples.

    Example:
        >>> import cnet
        >>> cnet.signal.windows.cosine(3)
        tensor([0.5000, 1.0000, 0.5000])
    """
    M, dtype = _checked('cosine', M, dtype, layout, device)
    return _window('cosine', lambda n, last: np.sin(pi * (n + 0.5) / (last + 1)), M, sym, dtype, requires_grad)


def exponential(M, *, center=None, tau=1.0, sym=True, dtype=None, layout=strided, device=None, requires_grad=False):
    """Make an exponential window: decay on both sides of the centre.

    Args:
        M (int): number of samples.
        center (float, optional): where the largest sample is; only with ``sym=False``. Default: the middle.
        tau (float): the decay, in samples. Default: 1.
        sym (bool): whether the last sample mirrors the first; False gives one period. Default: True.
        dtype (dtype, optional): float32 or float64. Default: the default dtype.

    Shape:
        ``(M,)``.

    Returns:
        Tensor: the samples.

    Example:
        >>> import cnet
        >>> cnet.signal.windows.exponential(3)
        tensor([0.3679, 1.0000, 0.3679])
    """
    M, dtype = _checked('exponential', M, dtype, layout, device)
    if tau <= 0:
        raise ValueError(f'Tau must be positive, got: {tau} instead.')
    if sym and center is not None:
        raise ValueError('Center must be None for symmetric windows')
    return _window('exponential', lambda n, last: np.exp(-np.abs(n - (last / 2 if center is None else center)) / tau), M, sym,
                   dtype, requires_grad)


def gaussian(M, *, std=1.0, sym=True, dtype=None, layout=strided, device=None, requires_grad=False):
    """Make a Gaussian window.

    Args:
        M (int): number of samples.
        std (float): the standard deviation, in samples. Default: 1.
        sym (bool): whether the last sample mirrors the first; False gives one period. Default: True.
        dtype (dtype, optional): float32 or float64. Default: the default dtype.

    Shape:
        ``(M,)``.

    Returns:
        Tensor: the samples.

    Example:
        >>> import cnet
        >>> cnet.signal.windows.gaussian(3)
        tensor([0.6065, 1.0000, 0.6065])
    """
    M, dtype = _checked('gaussian', M, dtype, layout, device)
    if std <= 0:
        raise ValueError(f'Standard deviation must be positive, got: {std} instead.')
    return _window('gaussian', lambda n, last: np.exp(-((n - last / 2) / (std * sqrt(2))) ** 2), M, sym, dtype, requires_grad)


def kaiser(M, *, beta=12.0, sym=True, dtype=None, layout=strided, device=None, requires_grad=False):
    """Make a Kaiser window: a Bessel function of a half circle.

    Args:
        M (int): number of samples.
        beta (float): how narrow the window is. Default: 12.
        sym (bool): whether the last sample mirrors the first; False gives one period. Default: True.
        dtype (dtype, optional): float32 or float64. Default: the default dtype.

    Shape:
        ``(M,)``.

    Returns:
        Tensor: the samples.

    Example:
        >>> import cnet
        >>> cnet.signal.windows.kaiser(5, beta=8.0)
        tensor([0.0023, 0.3690, 1.0000, 0.3690, 0.0023])
    """
    M, dtype = _checked('kaiser', M, dtype, layout, device)
    if beta < 0:
        raise ValueError(f'beta must be non-negative, got: {beta} instead.')

    def bessel(n, last):
        return np.i0(beta * np.sqrt(np.maximum(1 - (2 * n / last - 1) ** 2, 0))) / np.i0(beta) if last else n + 1
    return _window('kaiser', bessel, M, sym, dtype, requires_grad)


def general_cosine(M, *, a, sym=True, dtype=None, layout=strided, device=None, requires_grad=False):
    """Make a window of a sum of cosines with alternating signs: ``a[0] - a[1] cos(t) + a[2] cos(2 t) - …``.

    Args:
        M (int): number of samples.
        a (sequence of floats): the coefficients.
        sym (bool): whether the last sample mirrors the first; False gives one period. Default: True.
        dtype (dtype, optional): float32 or float64. Default: the default dtype.

    Shape:
        ``(M,)``.

    Returns:
        Tensor: the samples.

    Example:
        >>> import cnet
        >>> cnet.signal.windows.general_cosine(3, a=(0.5, 0.5))
        tensor([0., 1., 0.])
    """
    return _cosines('general_cosine', M, a, sym, dtype, layout, device, requires_grad)


def _cosines(op, M, a, sym, dtype, layout, device, requires_grad):
    M, dtype = _checked(op, M, dtype, layout, device)
    try:
        a = [float(c) for c in a] if M > 1 else a
    except TypeError:
        raise TypeError('Coefficients must be a list/tuple') from None
    if M > 1 and not a:
        raise ValueError('Coefficients cannot be empty')

    def shape(n, last):
        return sum((-1) ** k * c * np.cos(2 * pi * k / last * n) for k, c in enumerate(a)) if last else n + 1
    return _window(op, shape, M, sym, dtype, requires_grad)


def general_hamming(M, *, alpha=0.54, sym=True, dtype=None, layout=strided, device=None, requires_grad=False):
    """Make a general Hamming window: ``alpha - (1 - alpha) * cos``.

    Args:
        M (int): number of samples.
        alpha (float): the constant. Default: 0.54.
        sym (bool): whether the last sample mirrors the first; False gives one period. Default: True.
        dtype (dtype, optional): float32 or float64. Default: the default dtype.

    Shape:
        ``(M,)``.

    Returns:
        Tensor: the samples.

    Example:
        >>> import cnet
        >>> cnet.signal.windows.general_hamming(3, alpha=0.6)
        tensor([0.2000, 1.0000, 0.2000])
    """
    return _cosines('general_hamming', M, (alpha, 1 - alpha), sym, dtype, layout, device, requires_grad)


def hamming(M, *, sym=True, dtype=None, layout=strided, device=None, requires_grad=False):
    """Make a Hamming window: ``0.54 - 0.46 * cos``.

    Args:
        M (int): number of samples.
        sym (bool): whether the last sample mirrors the first; False gives one period. Default: True.
        dtype (dtype, optional): float32 or float64. Default: the default dtype.

    Shape:
        ``(M,)``.

    Returns:
        Tensor: the samples.

    Example:
        >>> import cnet
        >>> cnet.signal.windows.hamming(3)
        tensor([0.0800, 1.0000, 0.0800])
    """
    return _cosines('hamming', M, (0.54, 0.46), sym, dtype, layout, device, requires_grad)


def hann(M, *, sym=True, dtype=None, layout=strided, device=None, requires_grad=False):
    """Make a Hann window: one period of a raised cosine.

    Args:
        M (int): number of samples.
        sym (bool): whether the last sample mirrors the first; False gives one period. Default: True.
        dtype (dtype, optional): float32 or float64. Default: the default dtype.

    Shape:
        ``(M,)``.

    Returns:
        Tensor: the samples.

    Example:
        >>> import cnet
        >>> cnet.signal.windows.hann(5)
        tensor([0.0000, 0.5000, 1.0000, 0.5000, 0.0000])
    """
    return _cosines('hann', M, (0.5, 0.5), sym, dtype, layout, device, requires_grad)


def nuttall(M, *, sym=True, dtype=None, layout=strided, device=None, requires_grad=False):
    """Make a Nuttall window: a constant and three cosines, with the lowest side lobes for that number.

    Args:
        M (int): number of samples.
        sym (bool): whether the last sample mirrors the first; False gives one period. Default: True.
        dtype (dtype, optional): float32 or float64. Default: the default dtype.

    Shape:
        ``(M,)``.

    Returns:
        Tensor: the samples.

    Example:
        >>> import cnet
        >>> cnet.signal.windows.nuttall(5)
        tensor([3.6280e-04, 2.2698e-01, 1.0000e+00, 2.2698e-01, 3.6280e-04])
    """
    return _cosines('nuttall', M, (0.3635819, 0.4891775, 0.1365995, 0.0106411), sym, dtype, layout, device, requires_grad)
