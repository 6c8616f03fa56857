"""Running sums, products and extremes along a dimension; differences and trapezoids."""

import numpy as np

from .. import _kernels as K
from .. import return_types
from .._core import checks, errors
from .._core.arrays import contiguous, empty
from .._core.base import wrap
from .._core.dtype import bool as bool_
from .._core.dtype import get_default_dtype, int64
from .._core.elementwise import with_out
from .._core.mode import is_grad_enabled
from .._core.op import Op
from ._logsums import complex_logcumsumexp
from ._places import cut
from ._select import named
from .join import cat

__all__ = ['cummax', 'cummin', 'cumprod', 'cumsum', 'cumulative_trapezoid', 'diff', 'logcumsumexp', 'trapezoid', 'trapz']

quiet = K._quiet.quiet
P = K.pointwise


def _accumulated(f, x, dim):
    """A running sum or product in the type of x; floats are accumulated in double."""
    if x.dtype.char in 'fd' and x.ndim:
        return K.reduce.scan(x, dim, f is np.cumprod)
    if not x.ndim:
        return x.copy()
    if x.dtype.kind in 'biu':
        return f(x, dim, x.dtype)
    return quiet(lambda: f(x, dim, np.float64 if x.dtype.kind == 'f' else np.complex128).astype(x.dtype))


class Cumsum(Op, name='CumsumBackward0'):
    __slots__ = ()
    own_memory = True

    @staticmethod
    def forward(x, dim):
        return _accumulated(np.cumsum, x, dim)

    def backward(self, g):
        return reverse_cumsum(g, self.kw['dim'])


class Cumprod(Op, name='CumprodBackward0'):
    keep_in = (0,)
    keep_out = (0,)

    @staticmethod
    def forward(x, dim):
        return _accumulated(np.cumprod, x, dim)

    def backward(self, g):
        x, y, dim = self.saved(0), self.out(0), self.kw['dim']
        if not x.ndim:
            return g
        if x._a.all():
            return reverse_cumsum(g * y.conj(), dim) / x.conj()
        if is_grad_enabled():
            return _cumprod_grad_exact(g, x, dim)
        # Behind the first zero of a line everything is 0; only the zero itself still sees the later results.
        zero = x == 0
        zeros = zero.cumsum(dim)
        first = zero & (zeros == 1)
        before = reverse_cumsum(g * y.conj(), dim) / x.masked_fill(zero, 1).conj()
        at = reverse_cumsum(g * x.masked_fill(first, 1).cumprod(dim).masked_fill(zeros == 0, 0).conj(), dim)
        return at.where(first, before.masked_fill(zeros > 0, 0))


def _cumprod_grad_exact(g, x, dim):
    """The same with an intermediate for each pair of elements of a line, which zeros do not cut off from x."""
    x, g = x.movedim(dim, -1), g.movedim(dim, -1)
    n = x.shape[-1]
    others = x.unsqueeze(-2).expand(*x.shape[:-1], n, n).masked_fill(wrap(np.eye(n, dtype=bool)), 1).cumprod(-1)
    gx = (g.unsqueeze(-2) * others.conj()).masked_fill(wrap(np.tri(n, k=-1, dtype=bool)), 0).sum(-1)
    return gx.movedim(-1, dim)


class Logcumsumexp(Op, name='LogcumsumexpBackward0'):
    keep_in = (0,)
    keep_out = (0,)

    @staticmethod
    def forward(x, dim):
        if not x.ndim or not x.size:
            return x.copy()
        if x.dtype.kind == 'c':
            return quiet(complex_logcumsumexp, x, dim).astype(x.dtype, copy=False)
        if x.dtype.char in 'fd':
            y = empty(x.shape, x.dtype)
            K.softmax.log_scan(contiguous(x), y, *cut(x.shape, dim))
            return y
        return quiet(lambda: np.logaddexp.accumulate(x, dim, np.float64).astype(x.dtype))

    def backward(self, g):
        x, y, dim = self.saved(0), self.out(0), self.kw['dim']
        if not x.ndim:
            return g
        if x.is_complex():
            return ((g.conj().log() - y).flip(dim).logcumsumexp(dim).flip(dim) + x).exp().conj()

        def part(g):
            # In logarithms, because exp(-y) may overflow where exp(x - y) does not.
            log = g.masked_fill(g <= 0, 1).log().masked_fill(g <= 0, np.finfo(g._a.dtype).min.item())
            return ((log - y).flip(dim).logcumsumexp(dim).flip(dim) + x).exp()
        return part(g) - part(-g)


def _running_extreme(x, dim, f):
    """Running extremes and the last index that holds each."""
    if not x.ndim:
        return x.copy(), np.zeros((), np.int64)
    if not x.size:
        return x.copy(), np.zeros(x.shape, np.int64)
    if x.dtype.char in 'fdl':
        y, place = empty(x.shape, x.dtype), empty(x.shape, np.dtype(np.int64))
        outer, n, inner = cut(x.shape, dim)
        if K.index.running_extreme(contiguous(x), y, place, outer, n, inner, 1 if f is np.maximum else -1):
            return y, place
    y = f.accumulate(x, dim)
    new = (x == y) | (x != x)
    place = np.arange(x.shape[dim]).reshape([-1 if i == dim else 1 for i in range(x.ndim)])
    return y, np.maximum.accumulate(np.where(new, place, 0), dim)


class _Cummax(Op):
    keep_out = (1,)
    n_out = 2

    def backward(self, g, _):
        shape = self.in_shape(0)
        return g.new_zeros(shape).scatter_add(self.kw['dim'], wrap(self.out(1)._a), g) if shape else g


class Cummax(_Cummax, name='CummaxBackward0'):
    @staticmethod
    def forward(x, dim):
        return _running_extreme(x, dim, np.maximum)


class Cummin(_Cummax, name='CumminBackward0'):
    @staticmethod
    def forward(x, dim):
        return _running_extreme(x, dim, np.minimum)


class ReverseCumsum(Op, name='FlipBackward0'):
    own_memory = True

    @staticmethod
    def forward(x, dim):
        return K.reduce.scan(x, dim, False, True)

    def backward(self, g):
        return g.cumsum(self.kw['dim'])


def reverse_cumsum(g, dim):
    """Running sum from the end."""
    if not g._a.ndim:
        return g
    if g._a.dtype.char in 'fd':
        return ReverseCumsum.apply(g, dim=dim)
    return g.flip(dim).cumsum(dim).flip(dim)


def _scan(op, name, input, dim, dtype, out):
    checks.tensor(input, name, position=1)
    if dtype is None and input._a.dtype.kind in 'biu':
        dtype = int64
    if dtype is not None:
        if dtype is bool_:
            raise errors.not_implemented(f'{name}_out_cpu', dtype.np)
        input = input.to(dtype)
    return with_out(op.apply(input, dim=checks.dim(checks.integer(dim, name, 'dim', 2), input._a.ndim)), out)


def cumsum(input, dim, *, dtype=None, out=None):
    """Running sum along a dimension.

    Args:
        input (Tensor): any numbers; integers and bools are summed as int64.
        dim (int): the dimension.
        dtype (dtype, optional): convert to this type first.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: of the shape of `input`.

    Example:
        >>> import cnet
        >>> cnet.cumsum(cnet.tensor([1., 2., 3.]), 0)
        tensor([1., 3., 6.])
    """
    return _scan(Cumsum, 'cumsum', input, dim, dtype, out)


def cumprod(input, dim, *, dtype=None, out=None):
    """Running product along a dimension.

    Args:
        input (Tensor): any numbers; integers and bools are multiplied as int64.
        dim (int): the dimension.
        dtype (dtype, optional): convert to this type first.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: of the shape of `input`.

    Example:
        >>> import cnet
        >>> cnet.cumprod(cnet.tensor([1., 2., 3.]), 0)
        tensor([1., 2., 6.])
    """
    return _scan(Cumprod, 'cumprod', input, dim, dtype, out)


def logcumsumexp(input, dim, *, out=None):
    """Logarithm of the running sum of exponentials, without overflow.

    Args:
        input (Tensor): floating-point or complex numbers.
        dim (int): the dimension.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: of the shape of `input`.

    Example:
        >>> import cnet
        >>> cnet.logcumsumexp(cnet.tensor([1000., 1000.]), 0)
        tensor([1000.0000, 1000.6932])
    """
    checks.tensor(input, 'logcumsumexp', position=1)
    if input._a.dtype.kind not in 'fc':
        raise errors.not_implemented('logcumsumexp_out_cpu', input._a.dtype)
    return _scan(Logcumsumexp, 'logcumsumexp', input, dim, None, out)


def _cummax(results, op, name, input, dim, out):
    checks.tensor(input, name, position=1)
    if input._a.dtype.kind == 'c':
        raise errors.not_implemented(f'{name}_cpu', input._a.dtype)
    r = op.apply(input, dim=checks.dim(checks.integer(dim, name, 'dim', 2), input._a.ndim))
    return named(results, r, out)


def cummax(input, dim, *, out=None):
    """Running maximum along a dimension, with the index of the last element that equals it.

    Args:
        input (Tensor): real numbers.
        dim (int): the dimension.
        out (tuple of two Tensors, optional): receive the results.

    Returns:
        (values, indices): a named tuple.

    Example:
        >>> import cnet
        >>> cnet.cummax(cnet.tensor([1., 3., 2.]), 0).values
        tensor([1., 3., 3.])
    """
    return _cummax(return_types.cummax, Cummax, 'cummax', input, dim, out)


def cummin(input, dim, *, out=None):
    """Running minimum along a dimension, with the index of the last element that equals it.

    Args:
        input (Tensor): real numbers.
        dim (int): the dimension.
        out (tuple of two Tensors, optional): receive the results.

    Returns:
        (values, indices): a named tuple.

    Example:
        >>> import cnet
        >>> cnet.cummin(cnet.tensor([3., 1., 2.]), 0).indices
        tensor([0, 1, 1])
    """
    return _cummax(return_types.cummin, Cummin, 'cummin', input, dim, out)


def diff(input, n=1, dim=-1, prepend=None, append=None, *, out=None):
    """Differences of neighbours along a dimension, n times.

    Args:
        input (Tensor): any type; for bools, whether neighbours differ.
        n (int): how often. Default: 1.
        dim (int): the dimension. Default: -1.
        prepend (Tensor, optional): put before `input` first.
        append (Tensor, optional): put after `input` first.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: as `input`, but n shorter.

    Example:
        >>> import cnet
        >>> cnet.diff(cnet.tensor([1., 4., 9.]))
        tensor([3., 5.])
    """
    checks.tensor(input, 'diff', position=1)
    if not input._a.ndim:
        raise RuntimeError('diff expects input to be at least one-dimensional')
    if n < 0:
        raise RuntimeError('order must be non-negative but got ' + str(n))
    dim = checks.dim(dim, input._a.ndim)
    if n == 0:
        return with_out(input.clone(), out)
    if prepend is not None or append is not None:
        input = cat([x for x in (prepend, input, append) if x is not None], dim)
    for _ in range(min(n, input.shape[dim])):
        m = input.shape[dim]
        later, earlier = input.narrow(dim, 1, m - 1), input.narrow(dim, 0, m - 1)
        input = later.logical_xor(earlier) if input._a.dtype.kind == 'b' else later - earlier
    return with_out(input, out)


class Scaled(Op, name='MulBackward1'):
    """A tensor times a number."""

    @staticmethod
    def forward(x, factor):
        return P.mul(x, factor)

    def backward(self, g):
        return g * self.kw['factor']


class Halved(Op, name='DivBackward1'):
    @staticmethod
    def forward(x):
        return P.div(x, 2.0)

    def backward(self, g):
        return g / 2.0


def _widths(y, x, dim, name):
    """Distances of the points x, in the shape of `y` without its last element along the dimension."""
    if y._a.dtype.kind == 'b' or x._a.dtype.kind == 'b':
        raise RuntimeError(f'{name}: received a bool input for `x` or `y`, but bool is not supported')
    if x._a.ndim == 1:
        if x._a.shape[0] != y._a.shape[dim]:
            raise RuntimeError(f'{name}: There must be one `x` value for each sample point')
        return diff(x).reshape([-1 if i == dim else 1 for i in range(y.ndim)])
    if x._a.ndim < y._a.ndim:
        x = x.reshape((1,) * (y.ndim - x.ndim) + tuple(x.shape))
    return diff(x, 1, dim)


def _float(y):
    return y if y._a.dtype.kind in 'fc' else y.to(get_default_dtype())


def _neighbours(y, dim):
    """Sums of neighbours along a dimension."""
    n = y.shape[dim]
    return y.narrow(dim, 1, n - 1) + y.narrow(dim, 0, n - 1)


def trapezoid(y, x=None, *, dx=None, dim=-1):
    """Integral along a dimension by trapezoids.

    Args:
        y (Tensor): function values.
        x (Tensor, optional): where they were taken.
        dx (float, optional): their distance, if x is not given. Default: 1.
        dim (int): the dimension. Default: -1.

    Returns:
        Tensor: as `y`, without the dimension.

    Example:
        >>> import cnet
        >>> cnet.trapezoid(cnet.tensor([0., 1., 2.]))
        tensor(2.)
    """
    checks.tensor(y, 'trapezoid', 'y', 1)
    dim = checks.dim(dim, y._a.ndim)
    n = y.shape[dim]
    if not n:
        return _float(y.sum(dim))
    if x is not None:
        return Halved.apply(_float((_neighbours(y, dim) * _widths(y, x, dim, 'trapezoid')).sum(dim)))
    ends = _float(y.select(dim, 0) + y.select(dim, n - 1))
    return Scaled.apply(y.sum(dim) - ends * 0.5, factor=1.0 if dx is None else dx)


trapz = trapezoid


def cumulative_trapezoid(y, x=None, *, dx=None, dim=-1):
    """Running integral along a dimension by trapezoids.

    Args:
        y (Tensor): function values.
        x (Tensor, optional): where they were taken.
        dx (float, optional): their distance, if x is not given. Default: 1.
        dim (int): the dimension. Default: -1.

    Returns:
        Tensor: as `y`, but one shorter.

    Example:
        >>> import cnet
        >>> cnet.cumulative_trapezoid(cnet.tensor([0., 1., 2.]))
        tensor([0.5000, 2.0000])
    """
    checks.tensor(y, 'cumulative_trapezoid', 'y', 1)
    dim = checks.dim(dim, y._a.ndim)
    if x is not None:
        return Halved.apply(_float((_neighbours(y, dim) * _widths(y, x, dim, 'cumulative_trapezoid')).cumsum(dim)))
    return (_neighbours(y, dim) * ((1.0 if dx is None else dx) / 2)).cumsum(dim)


METHODS = {'cummax': cummax, 'cummin': cummin, 'cumprod': cumprod, 'cumsum': cumsum, 'diff': diff, 'logcumsumexp': logcumsumexp}
INPLACE = {'cumprod_': cumprod, 'cumsum_': cumsum}
