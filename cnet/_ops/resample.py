"""Interpolation of signals, images and volumes to other sizes."""

import math
import operator
import warnings

import numpy as np

from .. import _kernels as K
from .._core import errors
from .._core.arrays import cast, empty_format, laid, layout
from .._core.device import contiguous_format
from .._core.op import Op
from ._resampling import Table, tables
from .adaptive_pool import adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d

_AREA = {3: adaptive_avg_pool1d, 4: adaptive_avg_pool2d, 5: adaptive_avg_pool3d}
_RANK = {'linear': 3, 'bilinear': 4, 'trilinear': 5, 'bicubic': 4, 'lanczos': 4}
_TYPES = {np.dtype(t): np.dtype(w) for t, w in ((np.float32, np.float32), (np.float64, np.float64),
                                               (np.float16, np.float32), (np.uint8, np.float32))}
_NOTHING = Table(1, 1)


class Resample(Op, name='UpsampleBackwardBackward0'):
    """`axes` holds a pair per dimension: the table of the axis and the one of its gradient."""

    @staticmethod
    def forward(x, axes, shape):
        dt, format = x.dtype, layout(x)
        work = _TYPES[dt]
        x = laid(cast(x, work), format)
        planes, inner = (x.shape[0] * x.shape[1], 1) if format is contiguous_format else x.shape[:2]
        last = [pair[0] for pair in axes[-2:]]
        rows, columns = last if len(last) == 2 else (_NOTHING, last[0])
        if len(axes) < 3:
            if dt.kind == 'u':  # PyTorch keeps bytes between the two directions, so their rounding is part of the result
                y = empty_format((*x.shape[:-1], shape[-1]), work, format)
                K.resample.resample(x, y, planes, inner, Table(math.prod(x.shape[2:-1]), math.prod(x.shape[2:-1])), columns)
                x, columns = _finish(y, dt).astype(work), Table(shape[-1], shape[-1])
            y = empty_format(shape, work, format)
            K.resample.resample(x, y, planes, inner, rows, columns)
            return _finish(y, dt)
        depth = axes[0][0]
        if shape[2] < x.shape[2]:
            x = _along_depth(x, depth, planes, inner, shape[2])
        y = empty_format((*x.shape[:3], *shape[3:]), work, format)
        K.resample.resample(x, y, planes * x.shape[2], inner, rows, columns)
        return _finish(y if y.shape == shape else _along_depth(y, depth, planes, inner, shape[2]), dt)

    def backward(self, g):
        return Resample.apply(g, axes=[pair[::-1] for pair in self.kw['axes']], shape=self.in_shape(0))


def _along_depth(x, table, planes, inner, out):
    pixels = math.prod(x.shape[3:])
    y = empty_format((*x.shape[:2], out, *x.shape[3:]), x.dtype, layout(x))
    K.resample.resample(x, y, planes, inner, table, Table(pixels, pixels))
    return y


def _finish(y, dt):
    return np.clip(np.floor(y + 0.5), 0, 255).astype(dt) if dt.kind == 'u' else cast(y, dt)


def _named(what):
    class Interpolation(Resample, name=f'Upsample{what}Backward0'):
        pass
    return Interpolation


_OPS = {
    **{('nearest', n + 2): _named(f'Nearest{n}D') for n in (1, 2, 3)},
    **{('nearest-exact', n + 2): _named(f'NearestExact{n}D') for n in (1, 2, 3)},
    ('linear', 3): _named('Linear1D'), ('bilinear', 4): _named('Bilinear2D'), ('trilinear', 5): _named('Trilinear3D'),
    ('bicubic', 4): _named('Bicubic2D'), ('bilinear_aa', 4): _named('Bilinear2DAa'),
    ('bicubic_aa', 4): _named('Bicubic2DAa'), ('lanczos_aa', 4): _named('Lanczos2DAa'),
}


def _check_length(given, size, n, what):
    if len(given) == n:
        return
    if what == 'size':
        raise ValueError('Input and output must have the same number of spatial dimensions, but got input with spatial '
                         f'dimensions of {size} and output size of {given}. Please provide input tensor in (N, C, d1, d2, '
                         '...,dK) format and output size in (o1, o2, ...,oK) format.')
    raise ValueError('Input and scale_factor must have the same number of spatial dimensions, but got input with spatial '
                     f'dimensions of {size} and scale_factor of shape {given}. Please provide input tensor in (N, C, d1, d2, '
                     '...,dK) format and scale_factor in (s1, s2, ...,sK) format.')


def _lengths(shape, size, scale_factor, recompute):
    """The lengths of the result, and the factors to calculate positions with, or None."""
    n = len(shape) - 2
    if size is not None and scale_factor is not None:
        raise ValueError('only one of size or scale_factor should be defined')
    if size is not None:
        if recompute:
            raise ValueError('recompute_scale_factor is not meaningful with an explicit size.')
        if isinstance(size, (list, tuple)):
            _check_length(size, list(shape[2:]), n, 'size')
        else:
            size = [size] * n
        try:
            return [operator.index(s) for s in size], None
        except TypeError:
            raise TypeError('expected size to be one of int or Tuple[int] or Tuple[int, int] or Tuple[int, int, int], but got '
                            f'size with types {[type(s) for s in size]}') from None
    if scale_factor is None:
        raise ValueError('either size or scale_factor should be defined')
    if isinstance(scale_factor, (list, tuple)):
        _check_length(scale_factor, list(shape[2:]), n, 'scale_factor')
    else:
        scale_factor = [scale_factor] * n
    factors = [float(s) for s in scale_factor]
    return [int(length * s) for length, s in zip(shape[2:], factors)], None if recompute else factors


def _check_sizes(shape, out):
    if 0 in shape[2:] or min(out) <= 0:
        letters = 'DHW'[3 - len(out):]
        before, after = (', '.join(f'{letter}: {s}' for letter, s in zip(letters, sizes)) for sizes in (shape[2:], out))
        between = ' and' if len(out) == 1 else ''
        raise RuntimeError(f'Input and output sizes should be greater than 0, but got input ({before}){between} output '
                           f'({after})')
    if 0 in shape[1:]:
        raise RuntimeError(f'Non-empty {len(shape)}D data tensor expected but got a tensor with sizes {list(shape)}')


def interpolate(input, size=None, scale_factor=None, mode='nearest', align_corners=None, recompute_scale_factor=None,
                antialias=False):
    """Resize a signal, an image or a volume.

    Args:
        input (Tensor): N samples of C channels.
        size (int or tuple, optional): the size of the result; this or `scale_factor`.
        scale_factor (float or tuple, optional): size of the result over size of the input.
        mode (str): 'nearest', 'nearest-exact', 'linear', 'bilinear', 'bicubic', 'trilinear', 'area' or 'lanczos'.
        align_corners (bool, optional): whether the centres of the corner pixels, not their corners, stay in place.
        recompute_scale_factor (bool, optional): calculate with the factor that the rounded sizes have.
        antialias (bool): smooth before shrinking, for 'bilinear', 'bicubic' and 'lanczos' images.

    Shape:
        Input :math:`(N, C, L)`, :math:`(N, C, H, W)` or :math:`(N, C, D, H, W)`; output the same with other lengths.

    Returns:
        Tensor: of the type of the input.

    Example:
        >>> import cnet
        >>> cnet.nn.functional.interpolate(cnet.tensor([[[0., 1.]]]), size=4, mode='linear')
        tensor([[[0.0000, 0.2500, 0.7500, 1.0000]]])
    """
    if mode in ('nearest', 'area', 'nearest-exact'):
        if align_corners is not None:
            raise ValueError('align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic '
                             '| trilinear')
    a = input._a
    shape = a.shape
    out, factors = _lengths(shape, size, scale_factor, recompute_scale_factor or (mode == 'area' and size is None))
    rank = len(shape)
    if antialias and not (mode in ('bilinear', 'bicubic', 'lanczos') and rank == 4):
        raise ValueError('Anti-alias option is restricted to bilinear, bicubic, and lanczos modes and requires a 4-D tensor as '
                         'input')
    if mode == 'area' and rank in _AREA:
        return _AREA[rank](input, out)
    if mode == 'lanczos' and rank == 4:
        if align_corners:
            raise ValueError('Lanczos mode does not support align_corners=True')
        if not antialias:
            raise ValueError('Lanczos mode requires antialias=True')
    method = mode + '_aa' if antialias else mode
    op = _OPS.get((method, rank))
    if op is None:
        if mode in ('linear', 'bilinear', 'trilinear') and 3 <= rank <= 5:
            raise NotImplementedError(f'Got {rank}D input, but {mode} mode needs {_RANK[mode]}D input')
        raise NotImplementedError(f'Input Error: Only 3D, 4D and 5D input Tensors supported (got {rank}D) for the modes: '
                                  'nearest | linear | bilinear | bicubic | trilinear | lanczos | area | nearest-exact (got '
                                  f'{mode})')
    _check_sizes(shape, out)
    if a.dtype not in _TYPES:
        raise errors.not_implemented(f'upsample_{mode}{rank - 2}d', a.dtype)
    double = a.dtype == np.float64
    axes = [tables(method, s, o, None if factors is None else factors[i], bool(align_corners), double)
            for i, (s, o) in enumerate(zip(shape[2:], out))]
    return op.apply(input, axes=axes, shape=(*shape[:2], *out))


def upsample(input, size=None, scale_factor=None, mode='nearest', align_corners=None):
    """The old name of `interpolate`.

    Args:
        input, size, scale_factor, mode, align_corners: as for `interpolate`.

    Returns:
        Tensor: of the type of the input.

    Example:
        >>> import cnet, warnings
        >>> with warnings.catch_warnings():
        ...     warnings.simplefilter('ignore')
        ...     cnet.nn.functional.upsample(cnet.tensor([[[0., 1.]]]), size=4)
        tensor([[[0., 0., 1., 1.]]])
    """
    warnings.warn('`nn.functional.upsample` is deprecated. Use `nn.functional.interpolate` instead.', stacklevel=2)
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(input, size=None, scale_factor=None):
    """The old name of `interpolate` with `mode='nearest'`.

    Args:
        input, size, scale_factor: as for `interpolate`.

    Returns:
        Tensor: of the type of the input.

    Example:
        >>> import cnet, warnings
        >>> with warnings.catch_warnings():
        ...     warnings.simplefilter('ignore')
        ...     cnet.nn.functional.upsample_nearest(cnet.tensor([[[0., 1.]]]), size=4)
        tensor([[[0., 0., 1., 1.]]])
    """
    warnings.warn('`nn.functional.upsample_nearest` is deprecated. Use `nn.functional.interpolate` instead.', stacklevel=2)
    return interpolate(input, size, scale_factor, mode='nearest')


def upsample_bilinear(input, size=None, scale_factor=None):
    """The old name of `interpolate` with `mode='bilinear'` and `align_corners=True`.

    Args:
        input, size, scale_factor: as for `interpolate`.

    Returns:
        Tensor: of the type of the input.

    Example:
        >>> import cnet, warnings
        >>> with warnings.catch_warnings():
        ...     warnings.simplefilter('ignore')
        ...     cnet.nn.functional.upsample_bilinear(cnet.tensor([[[[0., 1.]]]]), size=(1, 3))
        tensor([[[[0.0000, 0.5000, 1.0000]]]])
    """
    warnings.warn('`nn.functional.upsample_bilinear` is deprecated. Use `nn.functional.interpolate` instead.', stacklevel=2)
    return interpolate(input, size, scale_factor, mode='bilinear', align_corners=True)
