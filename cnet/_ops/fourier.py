"""Discrete Fourier transforms: from complex to complex, from real to complex, and back to real."""

import numpy as np

from .. import _kernels as K
from .._core import checks
from .._core.arrays import contiguous
from .._core.dtype import from_np, get_default_dtype
from .._core.inplace import copy_out, scalar_name
from .._core.op import Op
from .join import cat

quiet = K._quiet.quiet

# How a transform is scaled: not at all, by the root of the number of points, or by that number. NumPy's names for these
# are relative to the direction.
NONE, ROOT, FULL = 0, 1, 2
_AHEAD = ('backward', 'ortho', 'forward')
_BACK = ('forward', 'ortho', 'backward')


def _along(transform, x, axis, norm):
    """A transform along one axis, with that axis innermost: NumPy's own way through the others costs a fifth more."""
    if axis in (-1, x.ndim - 1):
        return quiet(transform, x, None, axis, norm)
    return contiguous(quiet(transform, contiguous(x.swapaxes(axis, -1)), None, -1, norm).swapaxes(axis, -1))


class FftC2C(Op, name='FftC2CBackward0'):
    """Complex to complex. The adjoint is the transform in the other direction with the same scale."""

    @staticmethod
    def forward(x, axes, scale, ahead):
        norm = (_AHEAD if ahead else _BACK)[scale]
        for axis in reversed(axes):
            x = _along(np.fft.fft if ahead else np.fft.ifft, x, axis, norm)
        return x

    def backward(self, g):
        kw = self.kw
        return FftC2C.apply(g, axes=kw['axes'], scale=kw['scale'], ahead=not kw['ahead'])


class FftR2C(Op, name='FftR2CBackward0'):
    """Real to complex: all of the result, or the half along the last axis that determines the rest."""

    @staticmethod
    def forward(x, axes, scale, half):
        x = _along(np.fft.rfft if half else np.fft.fft, x, axes[-1], _AHEAD[scale])
        return FftC2C.forward(x, axes[:-1], scale, True)

    def backward(self, g):
        axes = self.kw['axes']
        if self.kw['half']:
            g = resized(g, axes[-1], self.in_shape(0)[axes[-1]])
        return FftC2C.apply(g, axes=axes, scale=self.kw['scale'], ahead=False).real


class FftC2R(Op, name='FftC2RBackward0'):
    """Complex to real, from the half that `FftR2C` keeps; `n` is the length of the last axis of the result."""

    @staticmethod
    def forward(x, axes, scale, n):
        x = FftC2C.forward(x, axes[:-1], scale, False)
        return quiet(np.fft.irfft, x, n, axes[-1], _BACK[scale])

    def backward(self, g):
        axes, n = self.kw['axes'], self.kw['n']
        r = FftR2C.apply(g, axes=axes, scale=self.kw['scale'], half=True)
        # Every value but those that are their own mirror image stands for two.
        last, twice = axes[-1], (n - 1) // 2
        rest = r._a.shape[last] - 1 - twice
        parts = [r.narrow(last, 0, 1), 2 * r.narrow(last, 1, twice)] + ([r.narrow(last, 1 + twice, rest)] if rest else [])
        return cat(parts, last)


def resized(x, axis, n):
    """The tensor cut, or filled up with zeros, to length n along an axis."""
    length = x._a.shape[axis]
    if n == length:
        return x
    if n < length:
        return x.narrow(axis, 0, n)
    shape = list(x._a.shape)
    shape[axis] = n - length
    return cat((x, x.new_zeros(shape)), axis)


def _scale(norm, ahead):
    if norm is None or norm == 'backward':
        return NONE if ahead else FULL
    if norm == 'forward':
        return FULL if ahead else NONE
    if norm == 'ortho':
        return ROOT
    raise RuntimeError(f'Invalid normalization mode: "{norm}"')


def _inexact(x, name):
    """Floating-point or complex input; integers become the default floating type."""
    checks.tensor(x, f'fft_{name}', 'input', 1)
    if x._a.dtype.kind not in 'fc':
        return x.to(get_default_dtype())
    if x._a.dtype.char == 'e':
        raise RuntimeError('Unsupported dtype Half')
    return x


def _complex(x):
    return x if x._a.dtype.kind == 'c' else x.to(_complex_type(x._a.dtype))


def _complex_type(dt):
    return from_np(np.result_type(dt, np.complex64))


def _real(x, name):
    checks.tensor(x, f'fft_{name}', 'input', 1)
    if x._a.dtype.kind == 'c':
        raise RuntimeError(f'{name} expects a real input tensor, but got {scalar_name(x._a.dtype)}')
    return _inexact(x, name)


def _one_axis(x, n, dim):
    """(axis, length) of a transform along one dimension, checked."""
    if not x._a.ndim:
        raise IndexError(f'Dimension specified as {dim} but tensor has no dimensions')
    axis = checks.dim(dim, x._a.ndim)
    length = x._a.shape[axis] if n is None else checks.integer(n, 'fft', 'n')
    if length < 1:
        raise RuntimeError(f'Invalid number of data points ({length}) specified')
    return axis, length


def _axes(x, s, dim, name):
    """(axes, lengths) of a transform along several dimensions, checked; a length -1 is that of the input."""
    ndim = x._a.ndim
    if dim is not None:
        axes = (checks.dim(dim, ndim),) if isinstance(dim, int) else tuple([checks.dim(d, ndim) for d in dim])
        if len(set(axes)) < len(axes):
            raise RuntimeError('FFT dims must be unique')
    if s is not None:
        s = (s,) if isinstance(s, int) else tuple(s)
        if dim is not None and len(s) != len(axes):
            raise RuntimeError('When given, dim and shape arguments must have the same length')
        if len(s) > ndim:
            raise RuntimeError(f'Got shape with {len(s)} values but input tensor only has {ndim} dimensions.')
    if dim is None:
        axes = tuple(range(ndim)) if s is None else tuple(range(ndim - len(s), ndim))
    lengths = [x._a.shape[i] for i in axes] if s is None else [x._a.shape[i] if n == -1 else n for i, n in zip(axes, s)]
    for n in lengths:
        if n < 1:
            raise RuntimeError(f'Invalid number of data points ({n}) specified')
    return axes, lengths


def _fit(x, axes, lengths):
    for axis, n in zip(axes, lengths):
        x = resized(x, axis, n)
    return x


def _c2c(x, n, dim, norm, ahead, name, out):
    x = _inexact(x, name)
    axis, n = _one_axis(x, n, dim)
    scale = _scale(norm, ahead)
    if x._a.dtype.kind == 'c':
        r = FftC2C.apply(resized(x, axis, n), axes=(axis,), scale=scale, ahead=ahead)
    else:
        r = FftR2C.apply(resized(x, axis, n), axes=(axis,), scale=scale, half=False)
        r = r if ahead else r.conj()
    return r if out is None else copy_out(r, out)


def _c2cn(x, s, dim, norm, ahead, name, out):
    x = _complex(_inexact(x, name))
    axes, lengths = _axes(x, s, dim, name)
    scale = _scale(norm, ahead)
    x = _fit(x, axes, lengths)
    r = FftC2C.apply(x, axes=axes, scale=scale, ahead=ahead) if axes else x
    return r if out is None else copy_out(r, out)


def _r2cn(x, s, dim, norm, ahead, name, out):
    x = _real(x, name)
    axes, lengths = _axes(x, s, dim, name)
    if not axes:
        raise RuntimeError(f'{name} must transform at least one axis')
    scale = _scale(norm, ahead)
    x = _fit(x, axes, lengths)
    if ahead:
        r = FftR2C.apply(x, axes=axes, scale=scale, half=True)
    else:
        r = FftR2C.apply(x, axes=axes[-1:], scale=scale, half=True).conj()
        r = FftC2C.apply(r, axes=axes[:-1], scale=scale, ahead=False) if len(axes) > 1 else r
    return r if out is None else copy_out(r, out)


def _r2c(x, n, dim, norm, ahead, name, out):
    x = _real(x, name)
    axis, n = _one_axis(x, n, dim)
    r = FftR2C.apply(resized(x, axis, n), axes=(axis,), scale=_scale(norm, ahead), half=True)
    r = r if ahead else r.conj()
    return r if out is None else copy_out(r, out)


def _c2r(x, n, dim, norm, ahead, name, out):
    x = _complex(_inexact(x, name))
    if n is None and x._a.ndim:
        n = 2 * (x._a.shape[checks.dim(dim, x._a.ndim)] - 1)
    axis, n = _one_axis(x, n, dim)
    x = resized(x, axis, n // 2 + 1)
    r = FftC2R.apply(x.conj() if ahead else x, axes=(axis,), scale=_scale(norm, ahead), n=n)
    return r if out is None else copy_out(r, out)


def _c2rn(x, s, dim, norm, ahead, name, out):
    x = _complex(_inexact(x, name))
    axes, lengths = _axes(x, s, dim, name)
    if not axes:
        raise RuntimeError(f'{name} must transform at least one axis')
    n = lengths[-1]
    if s is None or (s if isinstance(s, int) else s[-1]) == -1:
        n = 2 * (n - 1)
        if n < 1:
            raise RuntimeError(f'Invalid number of data points ({n}) specified')
    x = _fit(x, axes, [*lengths[:-1], n // 2 + 1])
    r = FftC2R.apply(x.conj() if ahead else x, axes=axes, scale=_scale(norm, ahead), n=n)
    return r if out is None else copy_out(r, out)


_ONE = '''{summary}, along one dimension.

    Args:
        input (Tensor): {input}.
        n (int, optional): the length that is transformed{n}: the input is cut or filled up with zeros. Default: {default}.
        dim (int): the dimension. Default: the last.
        norm (str, optional): 'backward', 'ortho' or 'forward': the inverse transform divides by n, both by its root, or
            the forward one by n. Default: 'backward'.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: {result}.

    Example:
        >>> import cnet
        >>> cnet.fft.{name}(cnet.tensor({x})).tolist()
        {y}
    '''
_SEVERAL = '''{summary}, along {where}.

    Args:
        input (Tensor): {input}.
        s (tuple of ints, optional): the lengths that are transformed{n}: the input is cut or filled up with zeros; -1 is the
            input's length.
        dim (tuple of ints{optional}): the dimensions. Default: {dims}.
        norm (str, optional): 'backward', 'ortho' or 'forward', as for `fft.fft`. Default: 'backward'.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: {result}.

    Example:
        >>> import cnet
        >>> tuple(cnet.fft.{name}(cnet.ones(4, 4)).shape)
        {shape}
    '''
_ANY, _REALS = 'real or complex numbers', 'real numbers'
_HALF = 'complex numbers: the half of a symmetric whole'
# root of the names: (one dimension, several, ahead, summary, input, note on n, default of n, result, example, its result, shape)
TABLE = {
    'fft': (_c2c, _c2cn, True, 'Discrete Fourier transform', _ANY, '', 'its own length', 'complex numbers', '[1., 2.]',
            '[(3+0j), (-1+0j)]', '(4, 4)'),
    'ifft': (_c2c, _c2cn, False, 'Inverse discrete Fourier transform', _ANY, '', 'its own length', 'complex numbers', '[3., -1.]',
             '[(1-0j), (2-0j)]', '(4, 4)'),
    'rfft': (_r2c, _r2cn, True, 'Discrete Fourier transform of real numbers', _REALS, '', 'its own length',
             'complex numbers: the first half; the rest mirrors it', '[1., 2., 1.]', '[(4+0j), (-0.5-0.8660253882408142j)]',
             '(4, 3)'),
    'irfft': (_c2r, _c2rn, False, 'Inverse of `rfft`', _HALF, ' (of the result)', '2 (m - 1) for length m', 'real numbers',
              '[3., -1.]', '[1.0, 2.0]', '(4, 6)'),
    'hfft': (_c2r, _c2rn, True, 'Discrete Fourier transform of a signal whose second half mirrors its first', _HALF,
             ' (of the result)', '2 (m - 1) for length m', 'real numbers', '[1., 2.]', '[3.0, -1.0]', '(4, 6)'),
    'ihfft': (_r2c, _r2cn, False, 'Inverse of `hfft`', _REALS, '', 'its own length', 'complex numbers: the first half',
              '[3., -1.]', '[(1-0j), (2-0j)]', '(4, 3)'),
}


def _make(name):
    one, several, ahead, summary, kind, note, default, result, x, y, shape = TABLE[name]

    def single(input, n=None, dim=-1, norm=None, *, out=None):
        return one(input, n, dim, norm, ahead, name, out)

    def two(input, s=None, dim=(-2, -1), norm=None, *, out=None):
        return several(input, s, dim, norm, ahead, name + '2', out)

    def many(input, s=None, dim=None, norm=None, *, out=None):
        return several(input, s, dim, norm, ahead, name + 'n', out)

    words = {'summary': summary, 'input': kind, 'n': note, 'default': default, 'result': result, 'x': x, 'y': y, 'shape': shape}
    single.__doc__ = _ONE.format(name=name, **words)
    two.__doc__ = _SEVERAL.format(name=name + '2', where='two dimensions', optional='', dims='the last two', **words)
    many.__doc__ = _SEVERAL.format(name=name + 'n', where='several dimensions', optional=', optional',
                                   dims='the last ones, as many as `s` has, or all', **words)
    for function, ending in ((single, ''), (two, '2'), (many, 'n')):
        function.__name__ = function.__qualname__ = name + ending
    return single, two, many


fft, fft2, fftn = _make('fft')
ifft, ifft2, ifftn = _make('ifft')
rfft, rfft2, rfftn = _make('rfft')
irfft, irfft2, irfftn = _make('irfft')
hfft, hfft2, hfftn = _make('hfft')
ihfft, ihfft2, ihfftn = _make('ihfft')
