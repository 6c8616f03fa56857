"""Pooling to given lengths, whatever the size of the input."""

from .._core import checks, errors
from .._core.base import TensorBase
from ._pooling import AvgPool, AvgPoolGrad, MaxPool, MaxPoolIndices, adaptive_plan, order

__all__ = ['adaptive_avg_pool1d']
FUNCTIONAL = [
    'adaptive_avg_pool1d', 'adaptive_avg_pool2d', 'adaptive_avg_pool3d', 'adaptive_max_pool1d',
    'adaptive_max_pool1d_with_indices', 'adaptive_max_pool2d', 'adaptive_max_pool2d_with_indices', 'adaptive_max_pool3d',
    'adaptive_max_pool3d_with_indices',
]


class AdaptiveMean(AvgPool, name='MeanBackward1'):
    """One window over everything. Nothing is kept: as for any mean, gradients may be asked for again."""

    @staticmethod
    def forward(x, plan, format):
        return AvgPool.forward(x, plan)[0]

    def backward(self, g):
        return AvgPoolGrad.apply(g, **self.kw)


class AdaptiveAvgPool1d(AvgPool, name='SqueezeBackward1'):
    """PyTorch pools a row as an image of height 1, whose last node is the squeeze."""


class AdaptiveAvgPool2d(AvgPool, name='AdaptiveAvgPool2DBackward0'):
    """Over height and width."""


class AdaptiveAvgPool3d(AvgPool, name='AdaptiveAvgPool3DBackward0'):
    """Over depth, height and width."""


class AdaptiveMaxPool1d(MaxPool, name='SqueezeBackward1'):
    """See `AdaptiveAvgPool1d` for the name."""


class AdaptiveMaxPool2d(MaxPool, name='AdaptiveMaxPool2DBackward0'):
    """Over height and width."""


class AdaptiveMaxPool3d(MaxPool, name='AdaptiveMaxPool3DBackward0'):
    """Over depth, height and width."""


class AdaptiveMaxPool1dIndices(MaxPoolIndices, name='SqueezeBackward1'):
    """`AdaptiveMaxPool1d` with positions."""


class AdaptiveMaxPool2dIndices(MaxPoolIndices, name='AdaptiveMaxPool2DBackward0'):
    """`AdaptiveMaxPool2d` with positions."""


class AdaptiveMaxPool3dIndices(MaxPoolIndices, name='AdaptiveMaxPool3DBackward0'):
    """`AdaptiveMaxPool3d` with positions."""


_AVG = {1: AdaptiveAvgPool1d, 2: AdaptiveAvgPool2d, 3: AdaptiveAvgPool3d}
_MAX = {1: AdaptiveMaxPool1d, 2: AdaptiveMaxPool2d, 3: AdaptiveMaxPool3d}
_MAX_INDICES = {1: AdaptiveMaxPool1dIndices, 2: AdaptiveMaxPool2dIndices, 3: AdaptiveMaxPool3dIndices}

_SHAPE = {1: 'L', 2: 'H, W', 3: 'D, H, W'}
_PLACES = {1: 'length L', 2: 'height H and width W', 3: 'depth D, height H and width W'}
_EXAMPLE = {1: 'cnet.tensor([[1., 3., 2., 0.]])', 2: 'cnet.tensor([[[1., 3.], [2., 0.]]])',
            3: 'cnet.tensor([[[[1., 3.]], [[2., 0.]]]])'}

_DOC = """The {what} of as many windows as are asked for, spread evenly over the last {n} dimensions.

    Window i of o over a length L reaches from i L / o (rounded down) to (i + 1) L / o (rounded up).

    Args:
        input (Tensor): what is pooled.
        output_size (int or tuple): how many windows; None stands for the input's length.{indices}

    Shape:
        N samples of C channels of {places}.

        - input: :math:`(N, C, {shape})` or :math:`(C, {shape})`.
        - result: the same with the output size in place of {shape}.

    Returns:
        {returns}.

    Example:
        >>> import cnet
        >>> cnet.nn.functional.{name}({example}, 1)
        {result}
    """


def _documented(n, what, result, returns='Tensor: the means', indices=''):
    def set_doc(function):
        function.__doc__ = _DOC.format(what=what, n=n, indices=indices, places=_PLACES[n], shape=_SHAPE[n], returns=returns,
                                       name=function.__name__, example=_EXAMPLE[n], result=result)
        return function
    return set_doc


def _max_doc(n, result, positions=None):
    if positions is None:
        return _documented(n, 'maximum', result, 'Tensor: the maxima, or a tuple of them and their positions',
                           '\n        return_indices (bool): return the positions of the maxima in their planes too.')
    return _documented(n, 'maximum', f'({result}, {positions})', '(Tensor, Tensor): the maxima and their positions in their '
                       'planes', '\n        return_indices (bool): changes nothing.')


def _lengths(output_size, shape, n, name):
    """The wanted lengths, as a tuple."""
    if type(output_size) is int:
        out = (output_size,) * n
    elif not isinstance(output_size, (tuple, list)):
        out = (checks.integer(output_size, name, 'output_size'),) * n
    else:
        if n > 1 and len(shape) <= len(output_size):
            raise ValueError(f'Input dimension should be at least {len(output_size) + 1}')
        if len(output_size) != n and len(output_size) != 1:
            raise RuntimeError(f'{name}: output_size must be {n}')
        out = tuple(output_size) * (n // len(output_size))
        out = tuple([size if o is None else checks.integer(o, name, 'output_size') for o, size in zip(out, shape[-n:])])
    if min(out) < 0:
        raise RuntimeError(f'{name}: elements of output_size must be greater than or equal to 0 but received '
                           f'{{{", ".join(map(str, out))}}}')
    return out


def _check(a, n, name):
    if a.ndim != n + 1 and a.ndim != n + 2:
        if n == 1:
            raise RuntimeError(f"Expected 2 to 3 dimensions, but got {a.ndim}-dimensional tensor for argument #1 'self' "
                               f'(while checking arguments for {name})')
        raise RuntimeError(f'{name}(): Expected {n + 1}D or {n + 2}D tensor, but got {list(a.shape)}')
    for axis in range(-n, 0):
        if not a.shape[axis]:
            raise RuntimeError(f'{name}(): Expected input to have non-zero size for non-batch dimensions, but input has sizes '
                               f'{list(a.shape)} with dimension {axis + a.ndim} being empty')
    if a.dtype.kind != 'f':
        raise errors.not_implemented(name, a.dtype)


def _avg(n, name, input, output_size):
    if not isinstance(input, TensorBase):
        raise errors.argument_type(name, 'input', 'Tensor', input, 1)
    a = input._a
    if n > 1 and (output_size == 1 or output_size == (1,) * n or output_size == [1] * n) and a.ndim >= n:
        if (a.ndim != n + 1 and a.ndim != n + 2 and n == 3) or 0 in a.shape[-n:] or a.dtype.kind != 'f':
            return _empty_mean(n, name, input)
        plan = adaptive_plan(n, a.shape, (1,) * n)
        return AdaptiveMean.apply(input, plan=plan, format=order(a, plan))
    out = _lengths(output_size, a.shape, n, name)
    _check(a, n, name)
    return _AVG[n].apply(input, plan=adaptive_plan(n, a.shape, out))


def _empty_mean(n, name, input):
    a = input._a
    if a.dtype.kind == 'f' and n == 3 and a.ndim != 4 and a.ndim != 5:
        _check(a, n, name)
    return input.mean(tuple(range(-n, 0)), keepdim=True)


def _max(n, name, input, output_size, return_indices):
    if not isinstance(input, TensorBase):
        raise errors.argument_type(name, 'input', 'Tensor', input, 1)
    a = input._a
    out = _lengths(output_size, a.shape, n, name)
    _check(a, n, name)
    plan = adaptive_plan(n, a.shape, out)
    if return_indices:
        return _MAX_INDICES[n].apply(input, plan=plan, index='int64')
    return _MAX[n].apply(input, plan=plan)


@_documented(1, 'mean', 'tensor([[1.5000]])')
def adaptive_avg_pool1d(input, output_size):
    return _avg(1, 'adaptive_avg_pool1d', input, output_size)


@_documented(2, 'mean', 'tensor([[[1.5000]]])')
def adaptive_avg_pool2d(input, output_size):
    return _avg(2, 'adaptive_avg_pool2d', input, output_size)


@_documented(3, 'mean', 'tensor([[[[1.5000]]]])')
def adaptive_avg_pool3d(input, output_size):
    return _avg(3, 'adaptive_avg_pool3d', input, output_size)


@_max_doc(1, 'tensor([[3.]])')
def adaptive_max_pool1d(input, output_size, return_indices=False):
    return _max(1, 'adaptive_max_pool1d', input, output_size, return_indices)


@_max_doc(2, 'tensor([[[3.]]])')
def adaptive_max_pool2d(input, output_size, return_indices=False):
    return _max(2, 'adaptive_max_pool2d', input, output_size, return_indices)


@_max_doc(3, 'tensor([[[[3.]]]])')
def adaptive_max_pool3d(input, output_size, return_indices=False):
    return _max(3, 'adaptive_max_pool3d', input, output_size, return_indices)


@_max_doc(1, 'tensor([[3.]])', 'tensor([[1]])')
def adaptive_max_pool1d_with_indices(input, output_size, return_indices=False):
    return _max(1, 'adaptive_max_pool1d', input, output_size, True)


@_max_doc(2, 'tensor([[[3.]]])', 'tensor([[[1]]])')
def adaptive_max_pool2d_with_indices(input, output_size, return_indices=False):
    return _max(2, 'adaptive_max_pool2d', input, output_size, True)


@_max_doc(3, 'tensor([[[[3.]]]])', 'tensor([[[[1]]]])')
def adaptive_max_pool3d_with_indices(input, output_size, return_indices=False):
    return _max(3, 'adaptive_max_pool3d', input, output_size, True)


METHODS = {}
