"""Reading images and volumes at given places, and the grids of affine maps."""

import math
import warnings

import numpy as np

from .. import _kernels as K
from .._core import checks, errors
from .._core.arrays import cast, contiguous, empty, layout, zeros
from .._core.base import wrap
from .._core.device import channels_last
from .._core.engine import grad as gradients
from .._core.mode import enable_grad, is_grad_enabled
from .._core.op import Op
from ._resampling import cubic_weights

_MODES = ('bilinear', 'nearest', 'bicubic')
_PADDINGS = ('zeros', 'border', 'reflection')
_HALF = np.dtype(np.float16)


def _run(what, g, x, grid, shape, size, mode, padding, align):
    """One of the three kernels; float16 goes through float32."""
    dt = grid.dtype
    work = np.dtype(np.float32) if dt == _HALF else dt
    by_pixels = x is not None and mode == 0 and padding != 2 and layout(x) is channels_last
    g, grid = None if g is None else contiguous(cast(g, work)), contiguous(cast(grid, work))
    x = x if x is None else cast(x, work) if by_pixels else contiguous(cast(x, work))
    result = (zeros if what else empty)(shape, work)
    K.gridsample.sample(what, g, x, grid, result, tuple(size), mode, padding, align)
    return cast(result, dt)


class GridSampler(Op):
    keep_in = (0, 1)

    @staticmethod
    def forward(x, grid, mode, padding, align):
        return _run(0, None, x, grid, (*x.shape[:2], *grid.shape[1:-1]), x.shape[2:], mode, padding, align)

    def backward(self, g):
        x, grid = self.saved(0), self.saved(1)
        if is_grad_enabled():
            return self._recorded(g, x, grid)
        kw = self.kw
        words = (x._a.shape[2:], kw['mode'], kw['padding'], kw['align'])
        gx = wrap(_run(1, g._a, None, grid._a, x._a.shape, *words)) if self.needs[0] else None
        return gx, wrap(_run(2, g._a, x._a, grid._a, grid._a.shape, *words)) if self.needs[1] else None

    def _recorded(self, g, x, grid):
        """The gradients by way of elementary operations, which can be differentiated again."""
        with enable_grad():
            # Views, because the grid may depend on x: the gradient for x must not take that path.
            ends = x.view_as(x), grid.view_as(grid)
            wanted = [t for t, needed in zip(ends, self.needs) if needed]
            found = iter(gradients(composed(*ends, **self.kw), wanted, g, create_graph=True, materialize_grads=True))
        return tuple([next(found) if needed else None for needed in self.needs[:2]])


class GridSampler2d(GridSampler, name='GridSampler2DBackward0'):
    """Of images."""


class GridSampler3d(GridSampler, name='GridSampler3DBackward0'):
    """Of volumes."""


def _reflected(c, size, align):
    """Coordinates reflected at the borders, and the signs that they change by."""
    low, span = (0.0, size - 1) if align else (-0.5, size)
    if span == 0:
        return np.zeros_like(c), np.zeros_like(c)
    x = np.abs(c - low)
    even = np.floor(x / span) % 2 == 0
    sign = np.where(c < low, -1, 1) * np.where(even, 1, -1)
    return np.where(even, np.fmod(x, span), span - np.fmod(x, span)) + low, sign.astype(c.dtype)


def _padded(c, size, padding, align):
    """Coordinates moved into the plane, and the slope of that."""
    slope = np.ones_like(c)
    if padding == 2:
        c, slope = _reflected(c, size, align)
    if padding:
        slope = np.where((c > 0) & (c < size - 1), slope, 0)
        c = np.clip(np.where(np.isnan(c), 0, c), 0, size - 1)
    return c, slope


def _axis(g, size, mode, padding, align):
    """The taps along one axis: pairs of positions (-1: outside) and weights, which are tensors."""
    c = (g + 1) / 2 * (size - 1) if align else ((g + 1) * size - 1) / 2
    a = c._a
    if mode == 2:
        low = np.floor(a)
        weights = cubic_weights(c - wrap(low))
        places = [np.rint(_padded(low + i, size, padding, align)[0]) for i in range(-1, 3)]
    else:
        moved, slope = _padded(a, size, padding, align)
        if mode == 1:
            return [(_position(np.rint(moved), size), wrap(np.ones_like(a)))]
        low = np.floor(moved)
        t = c * wrap(slope) + wrap(moved - slope * a - low)
        places, weights = (low, low + 1), (1 - t, t)
    return [(_position(p, size), w) for p, w in zip(places, weights)]


def _position(c, size):
    return np.where((c >= 0) & (c < size), c, -1).astype(np.int64)


def composed(x, grid, mode, padding, align):
    """What `GridSampler` computes, of gathers and arithmetic on tensors."""
    n, channels, *size = x._a.shape
    places = grid._a.shape[1:-1]
    count = math.prod(places)
    flat = x.flatten(2)
    taps = [(np.zeros(1, np.int64), None)]
    for d, length in enumerate(size):
        axis = _axis(grid.select(-1, len(size) - 1 - d), length, mode, padding, align)
        taps = [(np.where((at < 0) | (p < 0), -1, at * length + p), w if v is None else v * w)
                for at, v in taps for p, w in axis]
    result = 0
    for at, w in taps:
        at, w = np.broadcast_to(at, (n, *places)).reshape(n, 1, count), w.reshape(n, 1, count)
        index = wrap(np.broadcast_to(np.maximum(at, 0), (n, channels, at.shape[2])).copy())
        result = result + flat.gather(2, index) * (w * wrap((at >= 0).astype(x._a.dtype)))
    return result.reshape(n, channels, *places)


def _check(x, grid, mode):
    a, b = x.shape, grid.shape
    if len(a) >= 1 and len(b) >= 1 and a[0] != b[0]:
        raise RuntimeError('grid_sampler(): expected grid and input to have same batch size, but got input with sizes '
                           f'{list(a)} and grid with sizes {list(b)}')
    if len(a) not in (4, 5) or len(a) != len(b):
        raise RuntimeError('grid_sampler(): expected 4D or 5D input and grid with same number of dimensions, but got input '
                           f'with sizes {list(a)} and grid with sizes {list(b)}')
    if b[-1] != len(a) - 2:
        raise RuntimeError(f'grid_sampler(): expected grid to have size {len(a) - 2} in last dimension, but got grid with '
                           f'sizes {list(b)}')
    for i, length in enumerate(a[2:], 2):
        if not length:
            raise RuntimeError('grid_sampler(): expected input to have non-empty spatial dimensions, but input has sizes '
                               f'{list(a)} with dimension {i} being empty')
    if len(a) == 5 and mode == 2:
        raise RuntimeError('grid_sampler(): bicubic interpolation only supports 4D input')
    if x.dtype.kind != 'f':
        raise errors.not_implemented(f'grid_sampler_{len(a) - 2}d_cpu_kernel_impl', x.dtype)
    if x.dtype != grid.dtype:
        raise RuntimeError(f'grid_sampler(): expected input and grid to have the same dtype, but input has {x.dtype.name} and '
                           f'grid has {grid.dtype.name}')


def grid_sampler(input, grid, interpolation_mode, padding_mode, align_corners):
    """`grid_sample` with numbers for the modes.

    Args:
        input (Tensor): images or volumes.
        grid (Tensor): coordinates in [-1, 1].
        interpolation_mode (int): 0 bilinear, 1 nearest, 2 bicubic.
        padding_mode (int): 0 zeros, 1 border, 2 reflection.
        align_corners (bool): whether ±1 are the centres of the corner pixels, or else their corners.

    Shape:
        Input :math:`(N, C, H, W)` and grid :math:`(N, P, Q, 2)`, or one dimension more each; output
        :math:`(N, C, P, Q)`.

    Returns:
        Tensor: the values at the places of the grid.

    Example:
        >>> import cnet
        >>> x = cnet.tensor([[[[1., 2.], [3., 4.]]]])
        >>> cnet.grid_sampler(x, cnet.zeros(1, 1, 1, 2), 0, 0, False)
        tensor([[[[2.5000]]]])
    """
    checks.tensor(input, 'grid_sampler', 'input', 1)
    checks.tensor(grid, 'grid_sampler', 'grid', 2)
    for name, value in (('interpolation_mode', interpolation_mode), ('padding_mode', padding_mode)):
        if value not in (0, 1, 2):
            raise RuntimeError(f'grid_sampler(): {name} must be 0, 1 or 2, but got {value}')
    _check(input._a, grid._a, interpolation_mode)
    op = GridSampler2d if input._a.ndim == 4 else GridSampler3d
    return op.apply(input, grid, mode=interpolation_mode, padding=padding_mode, align=bool(align_corners))


def grid_sampler_2d(input, grid, interpolation_mode, padding_mode, align_corners):
    """`grid_sampler` for images.

    Args:
        input, grid, interpolation_mode, padding_mode, align_corners: as for `grid_sampler`.

    Returns:
        Tensor: the values at the places of the grid.

    Example:
        >>> import cnet
        >>> cnet.grid_sampler_2d(cnet.ones(1, 1, 2, 2), cnet.zeros(1, 1, 1, 2), 1, 0, False)
        tensor([[[[1.]]]])
    """
    if input.dim() != 4:
        raise RuntimeError(f'grid_sampler_2d(): expected 4D input and grid, but got input with sizes {list(input.shape)}')
    return grid_sampler(input, grid, interpolation_mode, padding_mode, align_corners)


def grid_sampler_3d(input, grid, interpolation_mode, padding_mode, align_corners):
    """`grid_sampler` for volumes.

    Args:
        input, grid, interpolation_mode, padding_mode, align_corners: as for `grid_sampler`.

    Returns:
        Tensor: the values at the places of the grid.

    Example:
        >>> import cnet
        >>> cnet.grid_sampler_3d(cnet.ones(1, 1, 2, 2, 2), cnet.zeros(1, 1, 1, 1, 3), 1, 0, False).item()
        1.0
    """
    if input.dim() != 5:
        raise RuntimeError(f'grid_sampler_3d(): expected 5D input and grid, but got input with sizes {list(input.shape)}')
    return grid_sampler(input, grid, interpolation_mode, padding_mode, align_corners)


_DEFAULT = ('Default grid_sample and affine_grid behavior has changed to align_corners=False since 1.3.0. Please specify '
            'align_corners=True if the old behavior is desired. See the documentation of grid_sample for details.')


def grid_sample(input, grid, mode='bilinear', padding_mode='zeros', align_corners=None):
    """The values of images or volumes at the places that a grid names.

    Args:
        input (Tensor): images or volumes.
        grid (Tensor): for every result its x, y (and z) in [-1, 1], the borders of the input.
        mode (str): 'bilinear', 'nearest' or, for images, 'bicubic'.
        padding_mode (str): 'zeros', 'border' or 'reflection': what is outside.
        align_corners (bool): whether ±1 are the centres of the corner pixels, or else their corners. Default: False.

    Shape:
        Input :math:`(N, C, H, W)` and grid :math:`(N, P, Q, 2)`, or one dimension more each; output
        :math:`(N, C, P, Q)`.

    Returns:
        Tensor: of the type of the input.

    Example:
        >>> import cnet
        >>> x = cnet.tensor([[[[1., 2.], [3., 4.]]]])
        >>> cnet.nn.functional.grid_sample(x, cnet.zeros(1, 1, 1, 2), align_corners=False)
        tensor([[[[2.5000]]]])
    """
    if mode not in _MODES:
        raise ValueError("nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', but got: "
                         f"'{mode}'")
    if padding_mode not in _PADDINGS:
        raise ValueError("nn.functional.grid_sample(): expected padding_mode to be 'zeros', 'border', or 'reflection', but got: "
                         f"'{padding_mode}'")
    if align_corners is None:
        warnings.warn(_DEFAULT, stacklevel=2)
    return grid_sampler(input, grid, _MODES.index(mode), _PADDINGS.index(padding_mode), align_corners)


class AffineGrid(Op, name='AffineGridGeneratorBackward0'):
    """theta applied to the places of a regular grid, which `base` holds as (places, coordinates and a 1)."""

    @staticmethod
    def forward(theta, base, lengths):
        return np.matmul(base, theta.swapaxes(1, 2)).reshape(len(theta), *lengths, -1)

    def backward(self, g):
        base = wrap(self.kw['base'])
        return g.reshape(g.shape[0], -1, g.shape[-1]).transpose(1, 2).matmul(base)


def _base(lengths, align, dt):
    """The places of a regular grid: coordinates x first, then a 1."""
    steps = []
    for n in lengths:
        steps.append((np.linspace(-1, 1, n) if n > 1 else np.zeros(n)) * (1 if align else (n - 1) / n))
    columns = np.meshgrid(*steps, indexing='ij')[::-1]
    return np.stack([c.ravel() for c in (*columns, np.ones(lengths))], 1).astype(dt)


def affine_grid_generator(theta, size, align_corners):
    """`affine_grid` without its checks of shapes.

    Args:
        theta (Tensor): the maps.
        size (tuple of int): of the images or volumes that the grid is for.
        align_corners (bool): whether ±1 are the centres of the corner pixels, or else their corners.

    Returns:
        Tensor: the grid.

    Example:
        >>> import cnet
        >>> cnet.affine_grid_generator(cnet.eye(2, 3)[None], (1, 1, 1, 2), False)
        tensor([[[[-0.5000,  0.0000],
                  [ 0.5000,  0.0000]]]])
    """
    checks.tensor(theta, 'affine_grid_generator', 'theta', 1)
    if len(size) not in (4, 5):
        raise RuntimeError('AffineGridGenerator needs 4d (spatial) or 5d (volumetric) inputs.')
    a = theta._a
    n = len(size) - 2
    if a.ndim != 3 or a.shape[1:] != (n, n + 1):
        raise RuntimeError(f'affine_grid_generator(): expected theta of shape ({size[0]}, {n}, {n + 1}), but got {list(a.shape)}')
    if a.shape[0] != size[0]:
        raise RuntimeError(f'Expected size for first two dimensions of batch2 tensor to be: [{size[0]}, {n + 1}] but got: '
                           f'[{a.shape[0]}, {n + 1}].')
    lengths = tuple([checks.integer(s, 'affine_grid_generator', 'size') for s in size[2:]])
    return AffineGrid.apply(theta, base=_base(lengths, align_corners, a.dtype), lengths=lengths)


def affine_grid(theta, size, align_corners=None):
    """The grid with which `grid_sample` transforms images or volumes by affine maps.

    Args:
        theta (Tensor): the maps, from places in the result to places in the input.
        size (tuple of int): of the result.
        align_corners (bool): as for `grid_sample`. Default: False.

    Shape:
        Theta :math:`(N, 2, 3)` and size (N, C, H, W); output :math:`(N, H, W, 2)`. Or :math:`(N, 3, 4)`, with a depth.

    Returns:
        Tensor: the grid.

    Example:
        >>> import cnet
        >>> cnet.nn.functional.affine_grid(cnet.eye(2, 3)[None], (1, 1, 1, 2), align_corners=False)
        tensor([[[[-0.5000,  0.0000],
                  [ 0.5000,  0.0000]]]])
    """
    if align_corners is None:
        warnings.warn(_DEFAULT, stacklevel=2)
    if not theta.is_floating_point():
        raise ValueError(f'Expected theta to have floating point type, but got {theta.dtype}')
    n = len(size) - 2
    if n not in (2, 3):
        raise NotImplementedError('affine_grid only supports 4D and 5D sizes, for 2D and 3D affine transforms, respectively. '
                                  f'Got size {size}.')
    if theta.dim() != 3 or tuple(theta.shape[1:]) != (n, n + 1):
        raise ValueError(f'Expected a batch of {n}D affine matrices of shape Nx{n}x{n + 1} for size {size}. Got '
                         f'{theta.shape}.')
    if align_corners and min(size[2:]) == 1:
        warnings.warn('Since version 1.3.0, affine_grid behavior has changed for unit-size grids when align_corners=True. '
                      'This is not an intended use case of affine_grid. See the documentation of affine_grid for details.',
                      stacklevel=2)
    elif min(size) <= 0:
        raise ValueError(f'Expected non-zero, positive output size. Got {size}')
    return affine_grid_generator(theta, size, bool(align_corners))
PUBLIC = {
    'affine_grid_generator': affine_grid_generator, 'grid_sampler': grid_sampler, 'grid_sampler_2d': grid_sampler_2d,
    'grid_sampler_3d': grid_sampler_3d,
}
