"""Samples of distributions: normal, bernoulli, multinomial, poisson, binomial.

A sample does not depend differentiably on its parameters, so their gradients are zero.
"""

import numpy as np

from .._core import arrays, checks, errors
from .._core.base import wrap
from .._core.device import strided
from .._core.generator import engine_of
from .._core.inplace import broadcastable, copy_out, scalar_name
from .._core.op import Op
from . import _draw
from .create import check_options, finish, np_type, shape_of
from .random import check_normal
from .random_fill import bernoulli_, check_probabilities, check_std
from .sort import best

__all__ = ['bernoulli', 'binomial', 'multinomial', 'normal', 'poisson']


class _Sample(Op):
    """A sample whose parameters are tensors: their gradients are zero."""

    def backward(self, g):
        return tuple([wrap(arrays.zeros(self.in_shape(i), g._a.dtype)) if need else None for i, need in enumerate(self.needs)])


class Bernoulli(_Sample, name='BernoulliBackward0'):
    """Zeros and ones with the given probabilities."""

    @staticmethod
    def forward(p, engine):
        y = arrays.empty(p.shape, p.dtype)
        _draw.bernoulli_each(engine, y, p)
        return y


class Poisson(_Sample, name='PoissonBackward0'):
    """Poisson numbers of the given rates."""

    @staticmethod
    def forward(rate, engine):
        y = np.empty(rate.shape)
        engine.poisson(np.ascontiguousarray(rate, np.float64), y)
        return y.astype(rate.dtype, copy=False)


class Binomial(Op, name='NotImplemented'):
    """Numbers of successes; PyTorch defines no derivative."""

    @staticmethod
    def forward(count, prob, engine):
        count, prob = np.broadcast_arrays(count, prob)
        dtype = np.float32 if count.dtype == np.float16 else count.dtype
        y = np.empty(count.shape, dtype)
        engine.binomial(np.ascontiguousarray(count, dtype), np.ascontiguousarray(prob, dtype), y)
        return y.astype(count.dtype, copy=False)

    def backward(self, g):
        raise RuntimeError('derivative for aten::binomial is not implemented')


def _normal_like(mean, std, engine):
    """Normal numbers of mean 0 and variance 1 in the broadcast shape, and in the type of the first array."""
    a = arrays.empty(np.broadcast_shapes(np.shape(mean), np.shape(std)), getattr(mean, 'dtype', None) or std.dtype)
    check_normal(a.dtype)
    _draw.normal(engine, a, 0.0, 1.0 if hasattr(std, 'dtype') else std)
    return a


class NormalMean(_Sample, name='NormalBackward1'):
    """Normal numbers of given means and one standard deviation."""

    @staticmethod
    def forward(mean, std, engine):
        a = _normal_like(mean, std, engine)
        a += mean
        return a


class NormalStd(_Sample, name='NormalBackward2'):
    """Normal numbers of one mean and given standard deviations."""

    @staticmethod
    def forward(std, mean, engine):
        a = _normal_like(None, std, engine)
        a *= std
        a += a.dtype.type(mean)
        return a


class NormalBoth(_Sample, name='NormalBackward3'):
    """Normal numbers of given means and standard deviations."""

    @staticmethod
    def forward(mean, std, engine):
        a = _normal_like(mean, std, engine)
        np.multiply(a, std, out=a, casting='unsafe')
        np.add(a, mean, out=a, casting='unsafe')
        return a


def normal(mean, std=1.0, size=None, *, generator=None, out=None, **options):
    """Normal random numbers.

    Args:
        mean (float or Tensor): the means.
        std (float or Tensor): the standard deviations; broadcasts with `mean`. Default: 1.
        size (int...): the shape if neither is a tensor.
        generator (Generator, optional): where the numbers come from. Default: the global generator.
        out (Tensor, optional): the result is written here.
        options: `dtype`, `layout`, `device`, `requires_grad`, `pin_memory` of `randn` if neither is a tensor.

    Shape:
        - Output: `size`, or the shape of `mean` and `std` broadcast together.

    Returns:
        Tensor: the numbers.

    Example:
        >>> import cnet
        >>> cnet.normal(cnet.tensor([1.0, 2.0]), 0.0)
        tensor([1., 2.])
    """
    by_mean, by_std = hasattr(mean, '_a'), hasattr(std, '_a')
    if not by_mean and not by_std:
        if size is None:
            raise TypeError('normal() received an invalid combination of arguments; two numbers need a size')
        check_std(std)
        return _normal_sized(mean, std, size, engine_of(generator, 'normal'), out, **options)
    if size is not None or options:
        raise TypeError('normal() received an invalid combination of arguments; size and options go with two numbers')
    engine = engine_of(generator, 'normal')
    if by_std:
        _check_stds(std._a)
    else:
        check_std(std)
    if by_mean and by_std:
        if not broadcastable(mean._a.shape, std._a.shape):
            raise errors.broadcast(mean._a.shape, std._a.shape)
        r = NormalBoth.apply(mean, std, engine=engine)
    elif by_mean:
        r = NormalMean.apply(mean, std=std, engine=engine)
    else:
        r = NormalStd.apply(std, mean=mean, engine=engine)
    return r if out is None else copy_out(r, out)


def _normal_sized(mean, std, size, engine, out, *, dtype=None, layout=strided, device=None, requires_grad=False,
                  pin_memory=False):
    check_options('normal', layout, device, pin_memory)
    a = arrays.allocate(arrays.empty, shape_of('normal', (), size), np_type(dtype, 'normal', out))
    check_normal(a.dtype)
    _draw.normal(engine, a, mean, std)
    return finish(a, out, requires_grad, 'normal')


def _check_stds(std):
    if std.dtype.kind == 'c':
        raise RuntimeError('normal expects standard deviation to be non-complex')
    if not (std >= 0).all():
        raise RuntimeError('normal expects all elements of std >= 0.0')


def bernoulli(input, p=None, *, generator=None, out=None):
    """Zeros and ones, of the probabilities in `input`.

    Args:
        input (Tensor): probabilities of a one.
        p (float, optional): one probability instead; then only the shape and type of `input` matter.
        generator (Generator, optional): where the numbers come from. Default: the global generator.
        out (Tensor, optional): the result is written here.

    Shape:
        - Input: (*), any shape.
        - Output: (*), the same.

    Returns:
        Tensor: zeros and ones in the type of `input`.

    Example:
        >>> import cnet
        >>> cnet.bernoulli(cnet.tensor([0.0, 1.0]))
        tensor([0., 1.])
    """
    checks.tensor(input, 'bernoulli', 'input', 1)
    if p is not None:
        r = bernoulli_(wrap(arrays.empty(input._a.shape, input._a.dtype)), p, generator=generator)
    else:
        check_probabilities(input._a)
        r = Bernoulli.apply(input, engine=engine_of(generator, 'bernoulli'))
    return r if out is None else copy_out(r, out)


def poisson(input, generator=None):
    """Poisson distributed numbers.

    Args:
        input (Tensor): their rates.
        generator (Generator, optional): where the numbers come from. Default: the global generator.

    Shape:
        - Input: (*), any shape.
        - Output: (*), the same.

    Returns:
        Tensor: the numbers, in the type of `input`.

    Example:
        >>> import cnet
        >>> cnet.poisson(cnet.zeros(2))
        tensor([0., 0.])
    """
    checks.tensor(input, 'poisson', 'input', 1)
    if input._a.dtype.kind != 'f':
        raise errors.not_implemented('poisson_cpu', input._a.dtype)
    if not (input._a >= 0).all():
        raise RuntimeError('invalid Poisson rate, expected rate to be non-negative')
    return Poisson.apply(input, engine=engine_of(generator, 'poisson'))


def binomial(count, prob, generator=None):
    """Numbers of successes in independent trials.

    Args:
        count (Tensor): how many trials.
        prob (Tensor): the probability of success; broadcasts with `count`.
        generator (Generator, optional): where the numbers come from. Default: the global generator.

    Shape:
        - Output: the shape of `count` and `prob` broadcast together.

    Returns:
        Tensor: the numbers, in the type of `count`.

    Example:
        >>> import cnet
        >>> cnet.binomial(cnet.tensor([3.0, 4.0]), cnet.tensor(1.0))
        tensor([3., 4.])
    """
    checks.tensor(count, 'binomial', 'count', 1)
    checks.tensor(prob, 'binomial', 'prob', 2)
    a, b = count._a, prob._a
    for name, x in (('count', a), ('prob', b)):
        if x.dtype.kind != 'f':
            raise ValueError(f'binomial only supports floating-point dtypes for {name}, got: {scalar_name(x.dtype)}')
    if a.dtype != b.dtype:
        raise RuntimeError(f'Found dtype {scalar_name(b.dtype)} but expected {scalar_name(a.dtype)}')
    if not broadcastable(a.shape, b.shape):
        raise errors.broadcast(a.shape, b.shape)
    return Binomial.apply(count, prob, engine=engine_of(generator, 'binomial'))


def multinomial(input, num_samples, replacement=False, *, generator=None, out=None):
    """Indices drawn with the probabilities in each row.

    Args:
        input (Tensor): non-negative weights; a row need not sum to one.
        num_samples (int): how many indices per row.
        replacement (bool): whether an index may be drawn again. Default: False.
        generator (Generator, optional): where the numbers come from. Default: the global generator.
        out (Tensor, optional): the result is written here.

    Shape:
        - Input: (k,) or (m, k): m rows of k weights.
        - Output: (n,) or (m, n), with n = num_samples.

    Returns:
        Tensor: int64 indices of 0 .. k - 1.

    Example:
        >>> import cnet
        >>> cnet.multinomial(cnet.tensor([0.0, 1.0, 0.0]), 2, replacement=True)
        tensor([1, 1])
    """
    checks.tensor(input, 'multinomial', 'input', 1)
    n = checks.integer(num_samples, 'multinomial', 'num_samples', 2)
    w = input._a
    if w.dtype.kind != 'f':
        raise RuntimeError(f'multinomial only supports floating-point dtypes for input, got: {scalar_name(w.dtype)}')
    if n <= 0:
        raise RuntimeError('cannot sample n_sample <= 0 samples')
    if not 1 <= w.ndim <= 2:
        raise RuntimeError('prob_dist must be 1 or 2 dim')
    if not replacement and n > w.shape[-1]:
        raise RuntimeError('cannot sample n_sample > prob_dist.size(-1) samples without replacement')
    if out is not None and out._a.dtype != np.int64:
        raise RuntimeError(f'multinomial expects Long tensor out, got: {scalar_name(out._a.dtype)}')
    engine = engine_of(generator, 'multinomial')
    if w.size and not (w.min() >= 0 and w.max() < np.inf):
        raise RuntimeError('probability tensor contains either `inf`, `nan` or element < 0')
    if not (w.sum(-1) > 0).all():
        raise RuntimeError('invalid multinomial distribution (sum of probabilities <= 0)')
    # One draw is the same with and without replacement; PyTorch takes the second way for it.
    r = wrap(_with_replacement(engine, w, n) if replacement and n > 1 else _without_replacement(engine, w, n))
    return r if out is None else copy_out(r, out)


def _with_replacement(engine, w, n):
    rows = np.atleast_2d(w)
    c = np.cumsum(rows, -1, np.float32 if w.dtype == np.float16 else w.dtype)
    c /= c[:, -1:].copy()
    c[:, -1] = 1
    y = np.empty((len(rows), n), np.int64)
    engine.choose(np.ascontiguousarray(c, np.float64), y)
    return y.reshape(*w.shape[:-1], n)


def _without_replacement(engine, w, n):
    """The n largest of weight / exponential: the order in which independent exponential clocks ring."""
    q = np.empty(w.shape, w.dtype) if 0 in w.strides else np.empty_like(w)  # repeated rows draw in the order of their numbers
    _draw.fill(q, _draw.F64, engine.exponential, 1.0)
    with np.errstate(divide='ignore', invalid='ignore', over='ignore'):
        q = w / q
    if n == 1:
        return q.argmax(-1, keepdims=True)
    return best(q, n, q.ndim - 1, True)[1]


METHODS = {'bernoulli': bernoulli, 'multinomial': multinomial}
