"""Fourier transforms."""
from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from . import COMPLEXES, FLOATS, Error, Maker, OpSpec, Sample

Samples = Callable[[Maker, str], Iterator[Sample]]


def one(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(5))
    for norm in ('backward', 'ortho', 'forward'):
        yield Sample(make(3, 4), norm=norm)
    yield Sample(make(2, 5), 7)
    yield Sample(make(2, 5), 4)
    yield Sample(make(5, 3), 6, 0, 'ortho')


def several(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(3, 4))
    yield Sample(make(2, 3, 5), norm='ortho', dim=(0, 2))
    yield Sample(make(2, 3, 5), (4, 4), (2, 1), 'forward')
    yield Sample(make(4, 3, 3), (-1, 4), (0, 1))


def one_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(4), -1), match='Invalid number of data points')
    yield Error(RuntimeError, Sample(make(4), norm='x'), match='Invalid normalization mode: "x"')
    yield Error(IndexError, Sample(make(4), dim=1), match='Dimension out of range')
    yield Error(TypeError, Sample([1.0]))


def several_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(3, 4), dim=(0, 0)), match='FFT dims must be unique')
    yield Error(RuntimeError, Sample(make(3, 4), (1, 2), (0,)), match='must have the same length')


def real_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(4, dtype='complex64')), match='expects a real input tensor, but got ComplexFloat')


def integers(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(4))


def lengths(make: Maker, dtype: str) -> Iterator[Sample]:
    for n in (1, 4, 5):
        yield Sample(n)
    yield Sample(6, 0.5, dtype=dtype)


def grids(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(5))
    yield Sample(make(3, 4))
    yield Sample(make(3, 4), dim=1)
    yield Sample(make(3, 4, 2), (0, -1))


REFERENCES = {'fft': np.fft.fft, 'ifft': np.fft.ifft, 'rfft': np.fft.rfft, 'irfft': np.fft.irfft, 'hfft': np.fft.hfft,
              'ihfft': np.fft.ihfft}
TOLERANCE = {'float32': (1e-5, 1e-5, 'sums of several terms'), 'complex64': (1e-5, 1e-5, 'sums of several terms')}
SPECS = []
for _name, _ref in REFERENCES.items():
    _dtypes = FLOATS if _name in ('rfft', 'ihfft') else FLOATS + COMPLEXES
    SPECS.append(OpSpec('fft.' + _name, one, dtypes=_dtypes, ref=lambda x, n=None, dim=-1, norm=None, f=_ref: f(x, n, dim, norm),
                        errors=one_errors, tol=TOLERANCE, strides=False))
    SPECS.append(OpSpec('fft.' + _name, integers, dtypes=('int64', 'bool'), grad=False))
    for _ending in '2n':
        SPECS.append(OpSpec('fft.' + _name + _ending, several, dtypes=_dtypes, errors=several_errors, tol=TOLERANCE,
                            strides=False))
SPECS += [
    OpSpec('fft.rfft', one, dtypes=('float64',), errors=real_errors, strides=False),
    OpSpec('fft.fftfreq', lengths, grad=False),
    OpSpec('fft.rfftfreq', lengths, grad=False),
    OpSpec('fft.fftshift', grids),
    OpSpec('fft.ifftshift', grids),
]


def spectrograms(make: Maker, dtype: str) -> Iterator[Sample]:
    window = make(8, low=0.5, high=1)
    yield Sample(make(20), 8, window=window, return_complex=True)
    yield Sample(make(2, 20), 8, 3, 6, make(6, low=0.5, high=1), normalized=True, return_complex=True)
    yield Sample(make(2, 20), 8, window=window, center=False, return_complex=True, onesided=False)
    yield Sample(make(2, 20), 8, window=window, pad_mode='constant', return_complex=True)


def spectrogram_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(20), 8), match='requires the return_complex parameter')
    yield Error(RuntimeError, Sample(make(20), 8, 0, return_complex=True), match='expected hop_length > 0, but got hop_length=0')
    yield Error(RuntimeError, Sample(make(20), 30, center=False, return_complex=True), match='expected 0 < n_fft < 20')
    yield Error(RuntimeError, Sample(make(20), 8, window=make(6), return_complex=True), match='size equal to win_length=8')


def signals(make: Maker, dtype: str) -> Iterator[Sample]:
    window = make(8, low=0.5, high=1, dtype='float64' if dtype == 'complex128' else 'float32')
    yield Sample(make(5, 7), 8, window=window)
    yield Sample(make(2, 5, 7), 8, 3, window=window, length=12, normalized=True)
    yield Sample(make(2, 8, 7), 8, window=window, center=False, return_complex=True)


def signal_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(5, 7, dtype='float32'), 8), match='requires a complex-valued input')
    yield Error(RuntimeError, Sample(make(5, 7), 10), match='to match n_fft / 2')


SPECS += [
    OpSpec('stft', spectrograms, errors=spectrogram_errors, tol=TOLERANCE, names=False),
    OpSpec('istft', signals, dtypes=COMPLEXES, errors=signal_errors, tol=TOLERANCE, strides=False),
]
