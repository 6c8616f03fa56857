"""The frequencies that belong to a Fourier transform, and their order."""

import numpy as np

from .. import _kernels as K
from .._core import arrays, checks
from .._core.base import wrap
from .._core.device import check_device
from .._core.dtype import as_dtype, get_default_dtype
from .._core.inplace import copy_out

__all__ = ['fftfreq', 'fftshift', 'ifftshift', 'rfftfreq']


def _frequencies(upper, lower, d, n, name, out, dtype, device, requires_grad):
    check_device(device, name)
    if n < 0:
        raise RuntimeError(f'Trying to create tensor with negative dimension {n}: [{n}]')
    dt = (get_default_dtype() if dtype is None else as_dtype(dtype, name)).np
    if dt.kind not in 'fc':
        raise RuntimeError(f'{name} requires a floating point or complex dtype')
    step = 1 / (n * d) if n * d else np.inf
    a = arrays.allocate(arrays.empty, (upper + lower,), dt if dt.char in 'fd' else np.dtype(np.float64))
    K.elementary.ramp(a[:upper], 0, step)
    K.elementary.ramp(a[upper:], 0, step, -lower)
    r = wrap(arrays.cast(a, dt))
    return copy_out(r, out) if out is not None else r.requires_grad_(requires_grad)


def fftfreq(n, d=1.0, *, out=None, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False):
    """The frequencies of the results of `fft.fft`: 0 and up, then the negative ones.

    Args:
        n (int): the length of the transform.
        d (float): the distance between samples. Default: 1.
        out (Tensor, optional): receives the result.
        dtype (dtype, optional): the type. Default: the default floating type.
        layout, pin_memory: without effect.
        device (device, optional): must be the CPU.
        requires_grad (bool): whether autograd follows the result. Default: False.

    Shape:
        - result: :math:`(n)`.

    Returns:
        Tensor: cycles per unit of `d`.

    Example:
        >>> import cnet
        >>> cnet.fft.fftfreq(4)
        tensor([ 0.0000,  0.2500, -0.5000, -0.2500])
    """
    n = checks.integer(n, 'fft_fftfreq', 'n', 1)
    return _frequencies((n + 1) // 2, n // 2, d, n, 'fftfreq', out, dtype, device, requires_grad)


def rfftfreq(n, d=1.0, *, out=None, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False):
    """The frequencies of the results of `fft.rfft`, from 0 up.

    Args:
        n (int): the length of the transform.
        d (float): the distance between samples. Default: 1.
        out (Tensor, optional): receives the result.
        dtype (dtype, optional): the type. Default: the default floating type.
        layout, pin_memory: without effect.
        device (device, optional): must be the CPU.
        requires_grad (bool): whether autograd follows the result. Default: False.

    Shape:
        - result: :math:`(n // 2 + 1)`.

    Returns:
        Tensor: cycles per unit of `d`.

    Example:
        >>> import cnet
        >>> cnet.fft.rfftfreq(4)
        tensor([0.0000, 0.2500, 0.5000])
    """
    n = checks.integer(n, 'fft_rfftfreq', 'n', 1)
    return _frequencies(n // 2 + 1, 0, d, n, 'rfftfreq', out, dtype, device, requires_grad)


def _shifted(x, dim, name, shift):
    checks.tensor(x, f'fft_{name}', 'input', 1)
    axes = checks.dims(dim, x._a.ndim, f'fft_{name}')
    return x.roll([shift(x._a.shape[i]) for i in axes], axes) if axes else x.clone()


def fftshift(input, dim=None):
    """Moves frequency 0 from the start to the middle.

    Args:
        input (Tensor): in the order of `fft.fftfreq`.
        dim (int or tuple of ints, optional): the dimensions. Default: all.

    Returns:
        Tensor: in ascending order of the frequencies.

    Example:
        >>> import cnet
        >>> cnet.fft.fftshift(cnet.fft.fftfreq(4))
        tensor([-0.5000, -0.2500,  0.0000,  0.2500])
    """
    return _shifted(input, dim, 'fftshift', lambda n: n // 2)


def ifftshift(input, dim=None):
    """Moves frequency 0 from the middle to the start: undoes `fft.fftshift`.

    Args:
        input (Tensor): in ascending order of the frequencies.
        dim (int or tuple of ints, optional): the dimensions. Default: all.

    Returns:
        Tensor: in the order of `fft.fftfreq`.

    Example:
        >>> import cnet
        >>> cnet.fft.ifftshift(cnet.fft.fftshift(cnet.arange(5)))
        tensor([0, 1, 2, 3, 4])
    """
    return _shifted(input, dim, 'ifftshift', lambda n: (n + 1) // 2)
