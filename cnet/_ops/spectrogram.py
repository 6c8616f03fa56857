"""Fourier transforms of the overlapping pieces of a signal, and the way back."""

import warnings

import numpy as np

from .._core import checks
from .._core.base import wrap
from .complex_parts import view_as_real
from .fourier import FULL, NONE, ROOT, FftC2C, FftC2R, FftR2C
from .pad import pad

__all__ = ['istft', 'stft']


def _describe(x):
    return 'None' if x is None else f'torch.{x.dtype.legacy}Tensor{list(x._a.shape)}'


def _geometry(input, n_fft, hop_length, win_length, window, name, refuse):
    """(hop length, window length), checked. `refuse` makes the exception from a sentence."""
    hop_length = n_fft // 4 if hop_length is None else checks.integer(hop_length, name, 'hop_length')
    win_length = n_fft if win_length is None else checks.integer(win_length, name, 'win_length')
    if hop_length <= 0:
        raise refuse(f'expected hop_length > 0, but got hop_length={hop_length}')
    if not 0 < win_length <= n_fft:
        raise refuse(f'expected 0 < win_length <= n_fft, but got win_length={win_length}')
    if window is not None and window._a.shape != (win_length,):
        raise refuse(f'expected a 1D window tensor of size equal to win_length={win_length}, but got window with size '
                     f'{list(window._a.shape)}')
    return hop_length, win_length


def _full_window(window, win_length, n_fft, dtype):
    """The window in the middle of n_fft values, or None where all are 1."""
    if window is None:
        if win_length == n_fft:
            return None
        window = wrap(np.ones(win_length, dtype))
    left = (n_fft - win_length) // 2
    return window if win_length == n_fft else pad(window, (left, n_fft - win_length - left))


def stft(input, n_fft, hop_length=None, win_length=None, window=None, center=True, pad_mode='reflect', normalized=False,
         onesided=None, return_complex=None, align_to_window=None):
    """Short-time Fourier transform: the spectrum of every piece of a signal, the pieces overlapping.

    Args:
        input (Tensor): one signal or a batch of them.
        n_fft (int): the length of a piece.
        hop_length (int, optional): from the start of a piece to that of the next. Default: n_fft // 4.
        win_length (int, optional): the length of the window, which lies in the middle of a piece. Default: n_fft.
        window (Tensor, optional): what every piece is multiplied with. Default: ones.
        center (bool): pad the signal so that piece t has its middle at t * hop_length. Default: True.
        pad_mode (str): how to pad, as for `nn.functional.pad`. Default: 'reflect'.
        normalized (bool): divide by the root of n_fft. Default: False.
        onesided (bool, optional): only the first half of the spectrum. Default: True for real signals and windows.
        return_complex (bool, optional): False gives pairs of real and imaginary parts. Must be given for real signals.
        align_to_window (bool, optional): without `center` only: cut pieces of the window's length and fill them up.

    Shape:
        - input: :math:`(L)` or :math:`(B, L)`; result: :math:`(N, T)` or :math:`(B, N, T)` for T pieces and N = n_fft // 2 + 1
          frequencies (n_fft if not `onesided`); a last dimension of 2 if not `return_complex`.

    Returns:
        Tensor: the spectra as columns.

    Example:
        >>> import cnet
        >>> tuple(cnet.stft(cnet.ones(16), 8, window=cnet.hann_window(8), return_complex=True).shape)
        (5, 9)
    """
    checks.tensor(input, 'stft', 'input', 1)
    n_fft = checks.integer(n_fft, 'stft', 'n_fft', 2)

    def refuse(sentence):
        return RuntimeError(f'stft({_describe(input)}, n_fft={n_fft}, hop_length={hop_length}, win_length={win_length}, '
                            f'window={_describe(window)}, normalized={int(normalized)}, onesided={onesided}, '
                            f'return_complex={return_complex}) : {sentence}')

    is_complex = input.is_complex() or (window is not None and window.is_complex())
    if return_complex is None:
        if not is_complex:
            raise RuntimeError('stft requires the return_complex parameter be given for real inputs, and will further require '
                               'that return_complex=True in a future PyTorch release.')
        return_complex = True
    if input._a.dtype.kind not in 'fc':
        raise refuse('expected a tensor of floating point or complex values')
    if input._a.ndim not in (1, 2):
        raise refuse('expected a 1D or 2D tensor')
    if align_to_window is not None and center:
        raise refuse('align_to_window should only be set when center = false')
    hop_length, win_length = _geometry(input, n_fft, hop_length, win_length, window, 'stft', refuse)
    onesided = not is_complex if onesided is None else onesided
    if onesided and is_complex:
        raise RuntimeError('Cannot have onesided output if window or input is complex')
    x = input if input._a.ndim == 2 else input.unsqueeze(0)
    if center:
        x = pad(x.unsqueeze(1), (n_fft // 2, n_fft // 2), pad_mode).squeeze(1)
    length = x._a.shape[-1]
    if not 0 < n_fft <= length:
        raise refuse(f'expected 0 < n_fft < {length}, but got n_fft={n_fft}')
    y = _spectra(x, n_fft, hop_length, win_length, window, bool(align_to_window), normalized, onesided).transpose(1, 2)
    y = y if input._a.ndim == 2 else y.squeeze(0)
    return y if return_complex else view_as_real(y)


def _spectra(x, n_fft, hop_length, win_length, window, aligned, normalized, onesided):
    """(batch, pieces, frequencies) of (batch, length)."""
    if aligned:
        left = (n_fft - win_length) // 2
        x = pad(x.unfold(-1, win_length, hop_length), (left, n_fft - win_length - left))
    else:
        x = x.unfold(-1, n_fft, hop_length)
    window = _full_window(window, win_length, n_fft, x._a.real.dtype)
    if window is not None:
        x = x * window
    scale = ROOT if normalized else NONE
    if x.is_complex():
        return FftC2C.apply(x, axes=(2,), scale=scale, ahead=True)
    return FftR2C.apply(x, axes=(2,), scale=scale, half=bool(onesided))


def istft(input, n_fft, hop_length=None, win_length=None, window=None, center=True, normalized=False, onesided=None, length=None,
          return_complex=False):
    """Inverse of `stft`: the signal whose spectra are nearest to the given ones.

    Args:
        input (Tensor): complex spectra as columns, as from `stft`.
        n_fft, hop_length, win_length, window, center, normalized, onesided: as they were given to `stft`.
        length (int, optional): cut, or fill up with zeros, to this length.
        return_complex (bool): the signal is complex. Default: False.

    Shape:
        - input: :math:`(N, T)` or :math:`(B, N, T)`; result: :math:`(L)` or :math:`(B, L)`.

    Returns:
        Tensor: the signal.

    Example:
        >>> import cnet
        >>> window = cnet.hann_window(8)
        >>> cnet.istft(cnet.stft(cnet.ones(16), 8, window=window, return_complex=True), 8, window=window).sum()
        tensor(16.)
    """
    checks.tensor(input, 'istft', 'input', 1)
    n_fft = checks.integer(n_fft, 'istft', 'n_fft', 2)

    def refuse(sentence):
        return RuntimeError(f'istft({_describe(input)}, n_fft={n_fft}, hop_length={hop_length}, win_length={win_length}, '
                            f'window={_describe(window)}, center={int(center)}, normalized={int(normalized)}, '
                            f'onesided={onesided}, length={length}, return_complex={int(return_complex)}) : {sentence}')

    if not input.is_complex():
        raise RuntimeError('istft requires a complex-valued input tensor matching the output from stft with return_complex=True.')
    if input._a.ndim not in (2, 3):
        raise refuse(f'expected a tensor with 2 or 3 dimensions, but got {input._a.ndim}')
    if not input._a.size:
        raise refuse('input tensor cannot be empty.')
    count, pieces = input._a.shape[-2:]
    hop_length, win_length = _geometry(input, n_fft, hop_length, win_length, window, 'istft', refuse)
    if hop_length > win_length:
        raise refuse('expected 0 < hop_length <= win_length')
    onesided = count != n_fft if onesided is None else onesided
    if onesided and count != n_fft // 2 + 1:
        raise refuse('expected the frequency dimension (3rd to the last) of the input tensor to match n_fft / 2 + 1 when '
                     f'onesided=True, but got {count}')
    if not onesided and count != n_fft:
        raise refuse('expected the frequency dimension (3rd to the last) of the input tensor to match n_fft when '
                     f'onesided=False, but got {count}')
    if return_complex and onesided:
        raise RuntimeError('Cannot have onesided output if window or input is complex')
    if not return_complex and window is not None and window.is_complex():
        raise RuntimeError('Complex windows are incompatible with return_complex=False')
    x = (input if input._a.ndim == 3 else input.unsqueeze(0)).transpose(1, 2)
    window = _full_window(window, win_length, n_fft, x._a.real.dtype)
    if window is None:
        window = wrap(np.ones(n_fft, x._a.real.dtype))
    y = _pieces(x, n_fft, normalized, onesided, return_complex) * window
    signal, weight = _overlapped(y, hop_length), _overlapped((window * window).expand(1, pieces, n_fft), hop_length)
    total = n_fft + hop_length * (pieces - 1)
    start = n_fft // 2 if center else 0
    stop = min(total, start + length) if length is not None else total - (n_fft // 2 if center else 0)
    signal, weight = signal[:, start:stop], weight[:, start:stop]
    least = float(np.abs(weight._a).min(initial=np.inf))
    if least <= 1e-11:
        raise RuntimeError(str(refuse('')).removesuffix(' : ') + ' window overlap add min: 1')
    y = signal / weight
    if length is not None and length > stop - start:
        warnings.warn('The length of signal is shorter than the length parameter. Result is being padded with zeros in the tail. '
                      'Please check your center and hop_length settings.', UserWarning, 2)
        y = pad(y, (0, length - (stop - start)))
    return y if input._a.ndim == 3 else y.squeeze(0)


def _pieces(x, n_fft, normalized, onesided, return_complex):
    """The pieces of the signal from their spectra."""
    scale = ROOT if normalized else FULL
    if return_complex:
        return FftC2C.apply(x, axes=(2,), scale=scale, ahead=False)
    return FftC2R.apply(x if onesided else x[..., :n_fft // 2 + 1], axes=(2,), scale=scale, n=n_fft)


def _overlapped(y, hop_length):
    """The sums of (batch, pieces, n) where the pieces overlap."""
    batch, pieces, n = y._a.shape
    places = (hop_length * np.arange(pieces)[:, None] + np.arange(n)).reshape(-1)
    zeros = y.new_zeros((batch, n + hop_length * (pieces - 1)))
    return zeros.index_add(1, wrap(places), y.reshape(batch, pieces * n))


PUBLIC = {'istft': istft, 'stft': stft}
METHODS = PUBLIC
