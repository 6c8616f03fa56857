"""The partial inverse of max pooling, and max pooling over windows at random places."""

import math

import numpy as np

from .._core import errors
from .._core.arrays import contiguous, zeros
from .._core.base import TensorBase
from .._core.op import Op
from ._pooling import Gather, MaxPoolIndices, Plan, lengths


class MaxUnpool(Op):
    """x at the positions `at` of zero planes; where two meet, the later one stays. `plan.shape` is that of the result."""

    @staticmethod
    def forward(x, at, plan):
        y = zeros((plan.planes, plan.n_in), x.dtype)
        np.put_along_axis(y, at.reshape(plan.planes, plan.n_out), x.reshape(plan.planes, plan.n_out), 1)
        return y.reshape(plan.shape)

    def backward(self, g):
        return Gather.apply(g, **self.kw)


class MaxUnpool1d(MaxUnpool, name='SqueezeBackward1'):
    """PyTorch unpools a row as an image, whose last node is the squeeze."""


class MaxUnpool2d(MaxUnpool, name='MaxUnpool2DBackward0'):
    """Over height and width."""


class MaxUnpool3d(MaxUnpool, name='MaxUnpool3DBackward0'):
    """Over depth, height and width."""


class FractionalMaxPool2d(MaxPoolIndices, name='FractionalMaxPool2DBackward0'):
    """`starts` holds the first row and column of every window, per plane."""

    @staticmethod
    def forward(x, plan, kernel, starts):
        n = len(kernel)
        size = x.shape[-n:]
        flat = x.reshape(plan.planes, plan.n_in)
        # The position of every element of every window: (planes, *out, *kernel).
        at = np.zeros((plan.planes,) + (1,) * (2 * n), np.int64)
        for axis, (k, start) in enumerate(zip(kernel, starts)):
            places = start[:, :, None] + np.arange(k)
            shape = [plan.planes] + [1] * (2 * n)
            shape[1 + axis], shape[1 + n + axis] = places.shape[1:]
            at = at * size[axis] + places.reshape(shape)
        at = at.reshape(plan.planes, plan.n_out, math.prod(kernel))
        values = np.take_along_axis(flat, at.reshape(plan.planes, plan.n_out * math.prod(kernel)), 1).reshape(at.shape)
        best = values.argmax(2)[..., None]
        y, at = (np.take_along_axis(a, best, 2).reshape(plan.out) for a in (values, at))
        return y, at


class FractionalMaxPool3d(FractionalMaxPool2d, name='FractionalMaxPool3DBackward0'):
    """With depth."""


_UNPOOL = {1: MaxUnpool1d, 2: MaxUnpool2d, 3: MaxUnpool3d}
_FRACTIONAL = {2: FractionalMaxPool2d, 3: FractionalMaxPool3d}

_SHAPE = {1: 'L', 2: 'H, W', 3: 'D, H, W'}
_PLACES = {1: 'length L', 2: 'height H and width W', 3: 'depth D, height H and width W'}

_UNPOOL_DOC = """Puts maxima back to where `max_pool{n}d` found them, with zeros in between.

    Args:
        input (Tensor): the maxima.
        indices (Tensor): int64, their positions in their planes.
        kernel_size (int or tuple): the size of the windows.
        stride (int or tuple, optional): from one window to the next; the size of the windows by default.
        padding (int or tuple): what was added on both sides before pooling.
        output_size (tuple of int, optional): the size of the result, where pooling rounded it.

    Shape:
        N samples of C channels of {places}.

        - input, indices: :math:`(N, C, {shape})` or :math:`(C, {shape})`.
        - result: the same with :math:`(L - 1) stride - 2 padding + kernel_size` in place of every length L.

    Returns:
        Tensor: the planes.

    Example:
        >>> import cnet
        >>> x, i = cnet.tensor({x}), cnet.tensor({i})
        >>> cnet.nn.functional.max_unpool{n}d(x, i, {kernel})
        {result}
    """

_FRACTIONAL_DOC = """The largest element of each of a given number of windows, which overlap or not at random.

    Args:
        input (Tensor): what is pooled.
        kernel_size (int or tuple): the size of the windows.
        output_size (int or tuple, optional): how many windows.
        output_ratio (float or tuple, optional): the same as a share of the input's lengths.
        return_indices (bool): {indices}.
        _random_samples (Tensor, optional): numbers in [0, 1) that decide where windows begin, :math:`(N, C, {n})`.

    Shape:
        N samples of C channels of {places}.

        - input: :math:`(N, C, {shape})` or :math:`(C, {shape})`.
        - result: the same with the number of windows in place of every length.

    Returns:
        {returns}.

    Example:
        >>> import cnet
        >>> cnet.nn.functional.{name}(cnet.ones({example}), 2, output_size=2){first}.shape
        cnet.Size({result})
    """


def _documented(template, n, **words):
    def set_doc(function):
        function.__doc__ = template.format(n=n, name=function.__name__, shape=_SHAPE[n], places=_PLACES[n], **words)
        return function
    return set_doc


def _unpool_size(given, size, kernel, stride, padding):
    """The lengths of the result: as given if they are possible, else what pooling without a remainder would have had."""
    usual = [(i - 1) * s + k - 2 * p for i, k, s, p in zip(size, kernel, stride, padding)]
    if given is None:
        return tuple(usual)
    n = len(size)
    given = tuple(given)
    if len(given) == n + 2:
        given = given[2:]
    if len(given) != n:
        raise ValueError(f'output_size should be a sequence containing {n} or {n + 2} elements, but it has a length of '
                         f"'{len(given)}'")
    for d, (o, u, s) in enumerate(zip(given, usual, stride)):
        if not u - s < o < u + s:
            raise ValueError(f'invalid output_size "{given}" (dim {d} must be between {u - s} and {u + s})')
    return given


def _unpool(n, input, indices, kernel_size, stride, padding, output_size):
    name = f'max_unpool{n}d'
    if not isinstance(input, TensorBase):
        raise errors.argument_type(name, 'input', 'Tensor', input, 1)
    if not isinstance(indices, TensorBase):
        raise errors.argument_type(name, 'indices', 'Tensor', indices, 2)
    a, at = input._a, indices._a
    kernel = lengths(kernel_size, n, name, 'kernel_size')
    stride = kernel if stride is None or stride == [] or stride == () else lengths(stride, n, name, 'stride')
    padding = lengths(padding, n, name, 'padding')
    if a.ndim != n + 1 and a.ndim != n + 2:
        raise RuntimeError(f'Input to {name} should be a {n + 1}d or {n + 2}d Tensor, but got a tensor with {a.ndim} dimensions')
    size = _unpool_size(output_size, a.shape[-n:], kernel, stride, padding)
    if at.dtype.kind != 'i' or at.dtype.itemsize != 8:
        raise RuntimeError(f'elements in indices should be type int64 but got: {indices.dtype.legacy}')
    if at.shape != a.shape:
        raise RuntimeError(f'Expected shape of indices to be same as that of the input tensor ({list(a.shape)}) but got indices '
                           f'tensor with shape: {list(at.shape)}')
    if n == 3 and min(stride) <= 0:
        raise RuntimeError(f'strides should be greater than zero, but got stride: {list(stride)}')
    if 0 in a.shape[-n - 1:]:
        raise RuntimeError(f'{name}(): Expected input to have non-zero size for non-batch dimensions, but got {list(a.shape)}')
    count = math.prod(size)
    if at.size and (min(size) < 0 or at.min() < 0 or at.max() >= count):
        wrong = at[(at < 0) | (at >= count)]
        raise RuntimeError(f'Found an invalid max index: {wrong.flat[0] if wrong.size else at.flat[0]} (output volumes are of '
                           f'size {"x".join(map(str, (1,) * (n == 1) + size))})')
    plan = Plan(None, a.shape[:-n] + size, a.shape, math.prod(a.shape[:-n]), count, math.prod(a.shape[-n:]))
    return _UNPOOL[n].apply(input, at=contiguous(at), plan=plan)


@_documented(_UNPOOL_DOC, 1, x='[[3., 2.]]', i='[[1, 2]]', kernel=2, result='tensor([[0., 3., 2., 0.]])')
def max_unpool1d(input, indices, kernel_size, stride=None, padding=0, output_size=None):
    return _unpool(1, input, indices, kernel_size, stride, padding, output_size)


@_documented(_UNPOOL_DOC, 2, x='[[[3.]]]', i='[[[1]]]', kernel='(1, 2)', result='tensor([[[0., 3.]]])')
def max_unpool2d(input, indices, kernel_size, stride=None, padding=0, output_size=None):
    return _unpool(2, input, indices, kernel_size, stride, padding, output_size)


@_documented(_UNPOOL_DOC, 3, x='[[[[3.]]]]', i='[[[[1]]]]', kernel='(1, 1, 2)', result='tensor([[[[0., 3.]]]])')
def max_unpool3d(input, indices, kernel_size, stride=None, padding=0, output_size=None):
    return _unpool(3, input, indices, kernel_size, stride, padding, output_size)


def _starts(samples, size, out, k):
    """Where windows begin along one dimension, per plane: evenly spread, shifted by a random number per plane."""
    dt = samples.dtype.type
    if out == 1:
        return np.full((samples.size, 1), size - k, np.int64)
    step = dt(size - k) / dt(out - 1)
    i = np.arange(out - 1).astype(samples.dtype)
    first = ((i + samples[:, None]) * step).astype(np.int64) - (samples[:, None] * step).astype(np.int64)
    return np.concatenate([first, np.full((samples.size, 1), size - k, np.int64)], 1)


def _fractional(n, input, kernel_size, output_size, output_ratio, samples):
    name = f'fractional_max_pool{n}d'
    if not isinstance(input, TensorBase):
        raise errors.argument_type(name, 'input', 'Tensor', input, 1)
    if output_size is None and output_ratio is None:
        raise ValueError(f'{name} requires specifying either an output_size or an output_ratio')
    a = input._a
    size = a.shape[-n:]
    kernel = lengths(kernel_size, n, name, 'kernel_size')
    if output_size is None:
        ratio = (output_ratio,) * n if isinstance(output_ratio, (int, float)) else tuple(output_ratio)
        if len(ratio) > n:
            raise ValueError(f'{name} requires output_ratio to either be a single Int or tuple of Ints.')
        output_size = [int(i * r) for i, r in zip(size, ratio)]
    out = lengths(output_size, n, name, 'output_size')
    if a.ndim != n + 1 and a.ndim != n + 2:
        raise RuntimeError(f'{name}(): Expected {n + 1}D or {n + 2}D tensor, but got: {list(a.shape)}')
    if 0 in a.shape[-n - 1:]:
        raise RuntimeError(f'{name}(): Expected input to have non-zero size for non-batch dimensions, but got: {list(a.shape)}')
    for o, k, i in zip(out, kernel, size):
        if o <= 0 or k <= 0 or o + k - 1 > i:
            raise RuntimeError(f'{name}(): pool size {k} too large relative to input size {i} for {o} windows')
    if a.dtype.kind != 'f':
        raise errors.not_implemented(name, a.dtype)
    batch = 1 if a.ndim == n + 1 else a.shape[0]
    channels = a.shape[-n - 1]
    if samples is None:
        samples = input.detach().new_empty((batch, channels, n)).uniform_()
    elif samples._a.dtype != a.dtype:
        raise RuntimeError('Expect _random_samples to have the same dtype as input')
    if samples._a.ndim != 3 or samples._a.shape[0] < batch or samples._a.shape[1] != channels or samples._a.shape[2] != n:
        raise RuntimeError(f'Expect _random_samples to have the shape [{batch}, {channels}, {n}], but got '
                           f'{list(samples._a.shape)}')
    random = samples._a[:batch].reshape(batch * channels, n)
    if n == 2:
        random = random[:, ::-1]  # the first number is that of the width
    starts = [_starts(random[:, d], size[d], out[d], kernel[d]) for d in range(n)]
    plan = Plan(None, a.shape, a.shape[:-n] + out, batch * channels, math.prod(size), math.prod(out))
    return _FRACTIONAL[n].apply(input, plan=plan, kernel=kernel, starts=starts)


def _fractional_doc(n, indices):
    words = {'example': ', '.join(['1'] + ['4'] * n), 'result': [1] + [2] * n}
    if indices:
        return _documented(_FRACTIONAL_DOC, n, indices='changes nothing', first='[0]',
                           returns='(Tensor, Tensor): the maxima and their positions in their planes', **words)
    return _documented(_FRACTIONAL_DOC, n, indices='return the positions of the maxima in their planes too', first='',
                       returns='Tensor: the maxima, or a tuple of them and their positions', **words)


@_fractional_doc(2, False)
def fractional_max_pool2d(input, kernel_size, output_size=None, output_ratio=None, return_indices=False,
                          _random_samples=None):
    y, at = _fractional(2, input, kernel_size, output_size, output_ratio, _random_samples)
    return (y, at) if return_indices else y


@_fractional_doc(3, False)
def fractional_max_pool3d(input, kernel_size, output_size=None, output_ratio=None, return_indices=False,
                          _random_samples=None):
    y, at = _fractional(3, input, kernel_size, output_size, output_ratio, _random_samples)
    return (y, at) if return_indices else y


@_fractional_doc(2, True)
def fractional_max_pool2d_with_indices(input, kernel_size, output_size=None, output_ratio=None, return_indices=False,
                                       _random_samples=None):
    return _fractional(2, input, kernel_size, output_size, output_ratio, _random_samples)


@_fractional_doc(3, True)
def fractional_max_pool3d_with_indices(input, kernel_size, output_size=None, output_ratio=None, return_indices=False,
                                       _random_samples=None):
    return _fractional(3, input, kernel_size, output_size, output_ratio, _random_samples)
