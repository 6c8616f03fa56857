"""What all poolings share: geometry, and the Ops over the kernels.

A `Plan` holds everything that follows from the shape of the input and the arguments. Plans are remembered, so that a layer
that is called again with the same shape checks nothing again.
"""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from .. import _kernels as K
from .._core import checks, errors
from .._core.arrays import cast, contiguous_format, empty_format, laid, layout
from .._core.op import Op

_HALF = np.dtype(np.float16)
_WORK = {_HALF: np.dtype(np.float32)}  # the type of a kernel's data where it is not the input's
_COUNT = {1: 'one int', 2: 'two ints', 3: 'three ints'}


class Plan(NamedTuple):
    """A pooling of one shape of input."""

    window: object          # K.pool.Window
    shape: tuple            # of the input
    out: tuple              # of the result
    planes: int
    n_in: int               # elements of a plane
    n_out: int


def lengths(x, n, name, argument):
    """One length per dimension from an int or a sequence of one or n ints."""
    if type(x) is int:
        return (x,) * n
    if not isinstance(x, (tuple, list)):
        try:
            return (checks.integer(x, name, argument),) * n
        except TypeError:
            raise errors.argument_type(name, argument, 'tuple of ints', x) from None
    if len(x) == 1:
        return (checks.integer(x[0], name, argument),) * n
    if len(x) != n:
        if n == 1:
            raise RuntimeError(f'{name}() {argument} must be an int, list of ints or tuple of ints of size 1 but got size '
                               f'{len(x)}')
        omitted = 'be omitted, ' if argument == 'stride' else 'be '
        raise RuntimeError(f'{name}: {argument} must either {omitted}a single int, or a tuple of {_COUNT[n]}')
    return tuple([checks.integer(i, name, argument) for i in x])


def check_dims(shape, n, name):
    """Refuse an input that is neither a batch nor one sample of n dimensions and channels, or whose planes are empty."""
    ndim = len(shape)
    if ndim != n + 1 and ndim != n + 2:
        if n == 1:
            raise RuntimeError(f'{name}: Expected 2D or 3D (batch mode) tensor with optional 0 dim batch size for input, but '
                               f'got:{list(shape)}')
        raise RuntimeError(f'non-empty {n + 1}D or {n + 2}D (batch mode) tensor expected for input')
    if 0 in shape[-n - 1:]:
        raise RuntimeError(f'Expected {n + 1}D or {n + 2}D (batch mode) tensor with optional 0 dim batch size for input, but '
                           f'got:{list(shape)}')


def out_length(size, k, s, p, d, ceil_mode):
    """How many windows fit along a dimension; with `ceil_mode` the last may hang over the end."""
    if s == 0:
        raise RuntimeError('stride should not be zero')
    if p < 0:
        raise RuntimeError(f'pad must be non-negative, but got pad: {p}')
    if p > ((k - 1) * d + 1) // 2:
        raise RuntimeError(f'pad should be at most half of effective kernel size, but got pad={p}, kernel_size={k} and '
                           f'dilation={d}')
    n = (size + 2 * p - d * (k - 1) - 1 + (s - 1 if ceil_mode else 0)) // s + 1
    if ceil_mode and (n - 1) * s >= size + p:
        n -= 1  # a window that would start in the padding on the right
    return n


def _positive(values, what, short):
    if min(values) <= 0:
        each = ' '.join(f'{short}{axis}: {v}' for axis, v in zip('THW'[-len(values):], values))
        raise RuntimeError(f'{what} should be greater than zero, but got {each}')


def three(values, fill):
    """Three lengths, the missing ones in front."""
    return (fill,) * (3 - len(values)) + tuple(values)


@lru_cache(maxsize=1024)
def _plan(name, n, shape, kernel_size, stride, padding, dilation, ceil_mode):
    k = lengths(kernel_size, n, name, 'kernel_size')
    s = k if stride is None or stride == () else lengths(stride, n, name, 'stride')
    p = lengths(padding, n, name, 'padding')
    d = lengths(dilation, n, name, 'dilation')
    check_dims(shape, n, name)
    size = shape[-n:]
    if n == 1:
        if p[0] > k[0] // 2 and p[0] >= 0:
            raise RuntimeError(f'{name}() padding should be at most half of kernel size, but got padding={p[0]} and '
                               f'kernel_size={k[0]}')
    out = tuple([out_length(*one, ceil_mode) for one in zip(size, k, s, p, d)])
    _positive(k, 'kernel size', 'k')
    _positive(s, 'stride', 'd')
    _positive(d, 'dilation', 'dilation')
    if min(out) < 1:
        if n == 1:
            raise RuntimeError(f'{name}() Invalid computed output size: {out[0]}')
        given, result = ('x'.join(map(str, (shape[-n - 1], *lengths_))) for lengths_ in (size, out))
        raise RuntimeError(f'Given input size: ({given}). Calculated output size: ({result}). Output size is too small')
    window = K.pool.Window(three(size, 1), three(out, 1), three(k, 1), three(s, 1), three(p, 0), three(d, 1))
    return _planned(window, n, shape, out)


def _planned(window, n, shape, out):
    return Plan(window, shape, shape[:-n] + out, math.prod(shape[:-n]), math.prod(shape[-n:]), math.prod(out))


def plan(name, n, shape, kernel_size, stride, padding, dilation, ceil_mode):
    """The checked Plan of a pooling with windows of one size."""
    try:
        return _plan(name, n, shape, kernel_size, stride, padding, dilation, ceil_mode)
    except TypeError:  # lists do not hash
        words = [tuple(v) if isinstance(v, list) else v for v in (kernel_size, stride, padding, dilation)]
        return _plan(name, n, shape, *words, ceil_mode)


@lru_cache(maxsize=1024)
def adaptive_plan(n, shape, out):
    """The Plan of a pooling to given lengths."""
    size = shape[-n:]
    if all(o == 1 for o in out):
        # One window over everything: then the plane may as well be one row.
        window = K.pool.Window((1, 1, math.prod(size)), (1, 1, 1))
    elif all(o and i % o == 0 for i, o in zip(size, out)):
        k = three([i // o for i, o in zip(size, out)], 1)
        window = K.pool.Window(three(size, 1), three(out, 1), k, k, (0, 0, 0), (1, 1, 1))
    else:
        window = K.pool.Window(three(size, 1), three(out, 1))
    return _planned(window, n, shape, out)


def plain(a, dt, format=contiguous_format):
    """The array in a kernel's type and layout."""
    return laid(cast(a, dt), format)


def order(a, plan):
    """The memory format in which kernels take an argument or a result of theirs: its own, if it holds images of channels."""
    return layout(a) if plan.planes == a.shape[0] * a.shape[1] else contiguous_format


def channels(plan, format):
    """How many channels lie side by side, as the kernels are told: none if planes are whole."""
    return 0 if format is contiguous_format else plan.shape[1]


class MaxPool(Op):
    """`aux` holds the positions of the maxima."""

    @staticmethod
    def forward(x, plan, index=None):
        dt = x.dtype
        work = _WORK.get(dt, dt) if dt.kind == 'f' else np.dtype(np.int64)
        format = order(x, plan)
        y = empty_format(plan.out, work, format)
        # Half the memory, as long as 32 bits can number a plane.
        at = empty_format(plan.out, index or (np.int32 if plan.n_in < 2 ** 31 else np.int64), format)
        K.pool.max_forward(plain(x, work, format), y, at, plan.planes, plan.window, channels(plan, format))
        return cast(y, dt), at

    def backward(self, g):
        return Scatter.apply(g, at=self.aux[0], plan=self.kw['plan'])


class MaxPoolIndices(MaxPool):
    """With the positions as the second result."""

    n_out = 2
    keep_out = (1,)

    def backward(self, g, _):
        return Scatter.apply(g, at=self.out(1)._a, plan=self.kw['plan'])


class Scatter(Op, name='MaxPoolBackwardBackward0'):
    """Adds g to zeros at the positions `at` of each plane."""

    @staticmethod
    def forward(g, at, plan):
        dt = g.dtype
        work = _WORK.get(dt, dt)
        format = order(at, plan)
        gx = empty_format(plan.shape, work, format)
        K.pool.scatter(plain(g, work, format), at, gx, plan.planes, plan.n_in, plan.n_out, channels(plan, format))
        return cast(gx, dt)

    def backward(self, gg):
        return Gather.apply(gg, **self.kw)


class Gather(Op, name='GatherBackward0'):
    """What x holds at the positions `at` of each plane."""

    @staticmethod
    def forward(x, at, plan):
        dt = x.dtype
        work = _WORK.get(dt, dt)
        format = order(at, plan)
        y = empty_format(plan.out, work, format)
        K.pool.gather(plain(x, work, format), at, y, plan.planes, plan.n_in, plan.n_out, channels(plan, format))
        return cast(y, dt)

    def backward(self, g):
        return Scatter.apply(g, **self.kw)


class AvgPool(Op):
    """Linear: the gradient is AvgPoolGrad, and that one's gradient AvgPool. `aux`: the memory format of the argument, also of
    its gradient."""

    @staticmethod
    def forward(x, plan, padded=True, divisor=0):
        dt = x.dtype
        if dt.kind != 'f':
            # Sums of integers are exact in double up to 2**53; the quotient is rounded towards zero.
            y, format = AvgPool.forward(x.astype(np.float64), plan, padded, divisor)
            return np.trunc(y).astype(dt), format
        work = _WORK.get(dt, dt)
        format = order(x, plan)
        y = empty_format(plan.out, work, format)
        K.pool.avg_forward(plain(x, work, format), y, plan.planes, plan.window, padded, divisor, channels(plan, format))
        return cast(y, dt), format

    def backward(self, g):
        return AvgPoolGrad.apply(g, **self.kw, format=self.aux[0])


class AvgPoolGrad(Op, name='AvgPoolBackwardBackward0'):
    """Every element of a window gets its share of g."""

    @staticmethod
    def forward(g, plan, padded=True, divisor=0, format=contiguous_format):
        dt = g.dtype
        work = _WORK.get(dt, dt)
        gx = empty_format(plan.shape, work, format)
        K.pool.avg_grad(plain(g, work, format), gx, plan.planes, plan.window, padded, divisor, channels(plan, format))
        return cast(gx, dt)

    def backward(self, gg):
        kw = dict(self.kw)
        kw.pop('format')
        return AvgPool.apply(gg, **kw)
