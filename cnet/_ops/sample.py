"""Samples of distributions: normal, bernoulli, multinomial, poisson, binomial, and the tensor methods that overwrite a
tensor with random numbers.

What is drawn does not depend differentiably on anything, so every gradient is zero.
"""

import numpy as np

from .._core import checks, errors
from .._core.base import wrap
from .._core.generator import engine_of
from .._core.inplace import check_writable, copy_out, overwrite_
from .._core.op import Op
from . import _draw
from .random import check_normal, check_uniform, random_range, randn

__all__ = ['bernoulli', 'binomial', 'multinomial', 'normal', 'poisson']


# ------------------------------------------------------------------------------------------------ overwriting a tensor

def _overwrite(x, draw, *args):
    """Check that `x` may be written, let ``draw(*args)`` write its array, and note the write."""
    check_writable(x, False)
    draw(*args)
    return overwrite_(x, x._a)


def uniform_(self, from_=0.0, to=1.0, *, generator=None, **keywords):
    """Fill with uniform numbers of [from, to).

    Args:
        from (float): the lower end. Default: 0.
        to (float): the upper end, excluded. Default: 1.
        generator (Generator, optional): where the numbers come from.

    Returns:
        Tensor: itself.

    Example:
        >>> import cnet
        >>> bool((cnet.empty(100).uniform_(2, 3) >= 2).all())
        True
    """
    from_ = _from(keywords, from_, 'uniform_')
    a = self._a
    check_uniform(a.dtype)
    largest = float(np.finfo(a.dtype).max)
    for name, value in (('from', from_), ('to', to)):
        if not -largest <= value <= largest:
            raise RuntimeError(f'{name} is out of bounds for {"double" if largest > 1e40 else "float"}')
    if from_ > to:
        raise RuntimeError(f'uniform_ expects to return a [from, to) range, but found from={from_:g} > to={to:g}')
    if to - from_ > largest:
        raise RuntimeError(f'uniform_ expects to-from <= std::numeric_limits<Float>::max(), but found to={to:g} and '
                           f'from={from_:g} which result in to-from to exceed the limit')
    return _overwrite(self, _draw.uniform, engine_of(generator, 'uniform_'), a, from_, to)


def _from(keywords, value, op):
    """The argument that PyTorch calls ``from``, which Python cannot name as a parameter."""
    if keywords:
        value = keywords.pop('from', value)
        if keywords:
            raise TypeError(f"{op}() got an unexpected keyword argument '{next(iter(keywords))}'")
    return value


def normal_(self, mean=0.0, std=1.0, *, generator=None):
    """Fill with normal numbers.

    Args:
        mean (float): their mean. Default: 0.
        std (float): their standard deviation. Default: 1.
        generator (Generator, optional): where the numbers come from.

    Returns:
        Tensor: itself.

    Example:
        >>> import cnet
        >>> cnet.empty(2).normal_(5.0, 0.0)
        tensor([5., 5.])
    """
    _check_std(std)
    check_normal(self._a.dtype)
    return _overwrite(self, _draw.normal, engine_of(generator, 'normal_'), self._a, mean, std)


def _check_std(std):
    if not std >= 0:
        raise RuntimeError(f'normal expects std >= 0.0, but found std {std:g}')


def exponential_(self, lambd=1, *, generator=None):
    """Fill with exponentially distributed numbers.

    Args:
        lambd (float): the rate. Default: 1.
        generator (Generator, optional): where the numbers come from.

    Returns:
        Tensor: itself.

    Example:
        >>> import cnet
        >>> bool((cnet.empty(100).exponential_() >= 0).all())
        True
    """
    _check_continuous(self._a.dtype, 'Exponential')
    if not lambd > 0:
        raise RuntimeError(f'exponential_ expects lambda > 0.0, but found lambda={lambd:g}')
    return _by_double(self, engine_of(generator, 'exponential_').exponential, lambd)


def _check_continuous(dtype, name):
    if dtype.kind != 'f':
        raise RuntimeError(f'{name} distribution is a continuous probability distribution. dtype must be a floating point '
                           f'but you specified {errors._KERNEL[dtype.name]}')


def _by_double(x, draw, *args):
    return _overwrite(x, _draw.fill, x._a, _draw.F64, draw, *args)


def cauchy_(self, median=0, sigma=1, *, generator=None):
    """Fill with Cauchy distributed numbers.

    Args:
        median (float): their median. Default: 0.
        sigma (float): half the distance of the quartiles. Default: 1.
        generator (Generator, optional): where the numbers come from.

    Returns:
        Tensor: itself.

    Example:
        >>> import cnet
        >>> cnet.empty(3).cauchy_().shape
        cnet.Size([3])
    """
    _check_continuous(self._a.dtype, 'Cauchy')
    if not sigma > 0:
        raise RuntimeError(f'cauchy_ expects sigma > 0.0, but found sigma={sigma:g}')
    return _by_double(self, engine_of(generator, 'cauchy_').cauchy, median, sigma)


def geometric_(self, p, *, generator=None):
    """Fill with the numbers of trials up to the first success.

    Args:
        p (float): the probability of success, between 0 and 1.
        generator (Generator, optional): where the numbers come from.

    Returns:
        Tensor: itself.

    Example:
        >>> import cnet
        >>> bool((cnet.empty(100).geometric_(0.5) >= 1).all())
        True
    """
    if not 0 < p < 1:
        raise RuntimeError(f'geometric_ expects p to be in (0, 1), but got p={p:g}')
    if self._a.dtype.kind in 'bc':
        raise errors.not_implemented('geometric_cpu', self._a.dtype)
    return _by_double(self, engine_of(generator, 'geometric_').geometric, p)


def log_normal_(self, mean=1, std=2, *, generator=None):
    """Fill with numbers whose logarithms are normal.

    Args:
        mean (float): mean of the logarithm. Default: 1.
        std (float): standard deviation of the logarithm. Default: 2.
        generator (Generator, optional): where the numbers come from.

    Returns:
        Tensor: itself.

    Example:
        >>> import cnet
        >>> bool((cnet.empty(100).log_normal_() > 0).all())
        True
    """
    if not std > 0:
        raise RuntimeError(f'log_normal_ expects std > 0.0, but found std={std:g}')
    if self._a.dtype.kind != 'f':
        raise errors.not_implemented('log_normal_cpu', self._a.dtype)
    return _by_double(self, engine_of(generator, 'log_normal_').log_normal, mean, std)


def random_(self, from_=None, to=None, *, generator=None, **keywords):
    """Fill with uniform integers: ``random_()``, ``random_(to)`` or ``random_(from, to)``.

    Args:
        from (int): the smallest number. Default: 0.
        to (int): one above the largest. Default: what the type holds; for floating types the integers up to 2**24 (float32)
            or 2**53 (float64), which are exact.
        generator (Generator, optional): where the numbers come from.

    Returns:
        Tensor: itself.

    Example:
        >>> import cnet
        >>> cnet.empty(3).random_(5, 6)
        tensor([5., 5., 5.])
    """
    engine, a = engine_of(generator, 'random_'), self._a
    named = 'from' in keywords
    from_ = _from(keywords, from_, 'random_')
    if from_ is None and to is None:
        if a.dtype.kind == 'c':
            raise errors.not_implemented('random_kernel_cpu', a.dtype)
        return _overwrite(self, _whole_range, engine, a)
    if to is None and not named:
        from_, to = 0, from_
    low = 0 if from_ is None else checks.integer(from_, 'random_', 'from', 1)
    if to is not None:
        return _overwrite(self, random_range, engine, a, low, checks.integer(to, 'random_', 'to', 2))
    if low == -2 ** 63 and a.dtype.itemsize == 8:
        return _overwrite(self, _draw.integers, engine, a, low, 0)
    most = 2 ** (np.finfo(a.dtype).nmant + 1) if a.dtype.kind == 'f' else 1 if a.dtype.kind == 'b' else np.iinfo(a.dtype).max
    return _overwrite(self, random_range, engine, a, low, int(most) + 1)


def _whole_range(engine, a):
    kind = a.dtype.kind
    span = 2 if kind == 'b' else 2 ** (np.finfo(a.dtype).nmant + 1) + 1 if kind == 'f' else int(np.iinfo(a.dtype).max) + 1
    _draw.integers(engine, a, 0, span, a.dtype.itemsize == 8)


def bernoulli_(self, p=0.5, *, generator=None):
    """Fill with ones, of the given probability, and zeros.

    Args:
        p (float or Tensor): the probability, or one for every element (broadcast).
        generator (Generator, optional): where the numbers come from.

    Returns:
        Tensor: itself.

    Example:
        >>> import cnet
        >>> cnet.empty(3).bernoulli_(1.0)
        tensor([1., 1., 1.])
    """
    engine, a = engine_of(generator, 'bernoulli_'), self._a
    if hasattr(p, '_a'):
        _check_probabilities(p._a)
        return _overwrite(self, _draw.bernoulli_each, engine, a, np.broadcast_to(p._a, a.shape))
    if not 0 <= p <= 1:
        raise RuntimeError(f'bernoulli_ expects p to be in [0, 1], but got p={p:g}')
    if a.dtype.kind == 'c':
        raise errors.not_implemented('bernoulli_scalar_cpu_', a.dtype)
    return _overwrite(self, _draw.bernoulli, engine, a, p)


def _check_probabilities(p):
    if p.dtype.kind != 'f':
        raise errors.not_implemented('bernoulli_tensor_cpu_p_', p.dtype)
    if not ((p >= 0) & (p <= 1)).all():
        raise RuntimeError('Expected p_in >= 0 && p_in <= 1 to be true, but got false.')


# ---------------------------------------------------------------------------------------------------------- new tensors

class _Sample(Op):
    """A sample whose parameters are tensors: their gradients are zero."""

    def backward(self, g):
        return tuple([wrap(np.zeros(shape, g._a.dtype)) if need else None for shape, need in zip(self.shapes_in, self.needs)])


class Bernoulli(_Sample, name='BernoulliBackward0'):
    """Zeros and ones with the given probabilities."""

    @staticmethod
    def forward(p, engine):
        y = np.empty(p.shape, p.dtype)
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
    a = np.empty(np.broadcast_shapes(np.shape(mean), np.shape(std)), getattr(mean, 'dtype', None) or std.dtype)
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
        _check_std(std)
        requires_grad = options.pop('requires_grad', False)
        t = normal_(randn((0,), out=out, **options).new_empty(size), mean, std, generator=generator)
        t.requires_grad = requires_grad
        return t if out is None else copy_out(t, out)
    if size is not None or options:
        raise TypeError('normal() received an invalid combination of arguments; size and options go with two numbers')
    engine = engine_of(generator, 'normal')
    if by_std:
        _check_stds(std._a)
    else:
        _check_std(std)
    if by_mean and by_std:
        if not _broadcastable(mean._a.shape, std._a.shape):
            raise errors.broadcast(mean._a.shape, std._a.shape)
        r = NormalBoth.apply(mean, std, engine=engine)
    elif by_mean:
        r = NormalMean.apply(mean, std=std, engine=engine)
    else:
        r = NormalStd.apply(std, mean=mean, engine=engine)
    return r if out is None else copy_out(r, out)


def _check_stds(std):
    if std.dtype.kind == 'c':
        raise RuntimeError('normal expects standard deviation to be non-complex')
    if not (std >= 0).all():
        raise RuntimeError('normal expects all elements of std >= 0.0')


def _broadcastable(a, b):
    return all(m == n or m == 1 or n == 1 for m, n in zip(a[::-1], b[::-1]))


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
        r = bernoulli_(wrap(np.empty(input._a.shape, input._a.dtype)), p, generator=generator)
    else:
        _check_probabilities(input._a)
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
            raise ValueError(f'binomial only supports floating-point dtypes for {name}, got: {errors._KERNEL[x.dtype.name]}')
    if a.dtype != b.dtype:
        raise RuntimeError(f'Found dtype {errors._KERNEL[b.dtype.name]} but expected {errors._KERNEL[a.dtype.name]}')
    if not _broadcastable(a.shape, b.shape):
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
        raise RuntimeError(f'multinomial only supports floating-point dtypes for input, got: {errors._KERNEL[w.dtype.name]}')
    if n <= 0:
        raise RuntimeError('cannot sample n_sample <= 0 samples')
    if not 1 <= w.ndim <= 2:
        raise RuntimeError('prob_dist must be 1 or 2 dim')
    if not replacement and n > w.shape[-1]:
        raise RuntimeError('cannot sample n_sample > prob_dist.size(-1) samples without replacement')
    engine = engine_of(generator, 'multinomial')
    if w.size and not (w.min() >= 0 and w.max() < np.inf):
        raise RuntimeError('probability tensor contains either `inf`, `nan` or element < 0')
    if not (w.sum(-1) > 0).all():
        raise RuntimeError('invalid multinomial distribution (sum of probabilities <= 0)')
    r = wrap(_with_replacement(engine, w, n) if replacement else _without_replacement(engine, w, n))
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
    q = np.empty_like(w)
    _draw.fill(q, _draw.F64, engine.exponential, 1.0)
    with np.errstate(divide='ignore', invalid='ignore', over='ignore'):
        q = w / q
    if n == 1:
        return q.argmax(-1)[..., None]
    return np.argsort(-q, -1, 'stable')[..., :n]


METHODS = {
    'bernoulli': bernoulli, 'bernoulli_': bernoulli_, 'cauchy_': cauchy_, 'exponential_': exponential_,
    'geometric_': geometric_, 'log_normal_': log_normal_, 'multinomial': multinomial, 'normal_': normal_,
    'random_': random_, 'uniform_': uniform_,
}
