"""Estimates of derivatives from samples."""

from .._core import checks
from .._core.base import TensorBase
from .._core.dtype import number_category
from .join import cat

__all__ = ['gradient']


def gradient(input, *, spacing=1, dim=None, edge_order=1):
    """Partial derivatives of a function that is given by its values on a grid.

    Inside the grid they come from the values on both sides, exact for parabolas; at the ends from the nearest
    `edge_order` + 1 values.

    Args:
        input (Tensor): the values.
        spacing (Number, or a sequence of Numbers or Tensors): the distance of the samples, for each dimension or for all;
            or the coordinates along each dimension. Default: 1.
        dim (int or tuple of ints, optional): along which dimensions. Default: all.
        edge_order (int): 1 or 2.

    Shape:
        - each result: the shape of `input`.

    Returns:
        tuple of Tensors: one for each dimension.

    Example:
        >>> import cnet
        >>> cnet.gradient(cnet.tensor([0., 1., 4., 9.]))
        (tensor([1., 2., 4., 5.]),)
    """
    checks.tensor(input, 'gradient', 'input', 1)
    ndim = input.ndim
    spacing, count = _spacings(1 if spacing is None else spacing)
    given = None if dim is None else dim if isinstance(dim, (tuple, list)) else (dim,)
    _check(input, count, given, edge_order)
    dims = range(ndim) if given is None else checks.dims(tuple(given), ndim)
    for d in dims:
        if input.shape[d] <= edge_order:
            raise RuntimeError('torch.gradient expected each dimension size to be at least edge_order+1')
    if count is None:
        spacing = [spacing] * len(dims)
    for h in spacing:
        if isinstance(h, TensorBase) and h.ndim != 1:
            raise RuntimeError('torch.gradient expected each element of spacing to have one dimension, but got an element with '
                               f'{h.ndim} dimensions!')
    return tuple([_along(input, d, h, edge_order) for d, h in zip(dims, spacing)])


def _spacings(spacing):
    """The spacing as a number or list of numbers and coordinates, and how many they are (None for a number)."""
    if isinstance(spacing, (tuple, list)):
        return spacing, len(spacing)
    if isinstance(spacing, TensorBase) and not spacing.ndim:
        spacing = spacing.item()
    if number_category(spacing) is None:
        raise TypeError('gradient(): argument \'spacing\' must be a number or a tuple of numbers or Tensors, not '
                        f'{type(spacing).__name__}')
    return spacing, None


def _check(input, count, dim, edge_order):
    if input.dtype.np.char == 'B':
        raise RuntimeError('torch.gradient does not support uint8 input.')
    if count is not None and dim is None and count != input.ndim:
        raise RuntimeError("torch.gradient expected spacing to be unspecified, a scalar, or a list of length equal to "
                           f"'self.dim() = {input.ndim}', since dim argument was not given, but got a list of length {count}")
    if count is not None and dim is not None and count != len(dim):
        raise RuntimeError("torch.gradient expected spacing to be unspecified, a scalar or it's spacing and dim arguments to "
                           f'have the same length, but got a spacing argument of length {count} and a dim argument of length '
                           f'{len(dim)}.')
    if edge_order not in (1, 2):
        raise RuntimeError('torch.gradient only supports edge_order=1 and edge_order=2.')


def _along(x, dim, h, edge_order):
    """The derivative along a dimension with samples at distance h, or at the coordinates h."""
    n = x.shape[dim]

    def at(first, count=1):
        return x.narrow(dim, first, count)
    if not isinstance(h, TensorBase):
        inside = (at(2, n - 2) - at(0, n - 2)) / (2 * h)
        if edge_order == 1:
            ends = (at(1) - at(0)) / h, (at(n - 1) - at(n - 2)) / h
        else:
            ends = ((4 * at(1) - 3 * at(0) - at(2)) / (2 * h), (3 * at(n - 1) - 4 * at(n - 2) + at(n - 3)) / (2 * h))
        return cat((ends[0], inside, ends[1]), dim)
    steps = h.diff().reshape(-1, *[1] * (x.ndim - dim - 1))
    left, right = steps[:-1], steps[1:]
    # Weights of the values before, at and after a point whose neighbours are `left` and `right` away.
    weights = -right / (left * (left + right)), (right - left) / (left * right), left / (right * (left + right))
    inside = weights[0] * at(0, n - 2) + weights[1] * at(1, n - 2) + weights[2] * at(2, n - 2)
    if edge_order == 1:
        ends = (at(1) - at(0)) / steps[:1], (at(n - 1) - at(n - 2)) / steps[-1:]
    else:
        a, b = steps[:1], steps[1:2]
        first = -(2 * a + b) / (a * (a + b)) * at(0) + (a + b) / (a * b) * at(1) - a / (b * (a + b)) * at(2)
        a, b = steps[-2:-1], steps[-1:]
        last = b / (a * (a + b)) * at(n - 3) - (a + b) / (a * b) * at(n - 2) + (a + 2 * b) / (b * (a + b)) * at(n - 1)
        ends = first, last
    return cat((ends[0], inside, ends[1]), dim)


PUBLIC = {'gradient': gradient}
METHODS = {}
