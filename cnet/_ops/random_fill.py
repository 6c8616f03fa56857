"""Tensor methods that overwrite a tensor with random numbers: uniform_, normal_, bernoulli_ and others.

What was in the tensor does not matter afterwards, so the gradient with respect to it is zero.
"""

import numpy as np

from .. import _kernels as K
from .._core import checks, errors
from .._core.base import GRAD, wrap
from .._core.generator import engine_of
from .._core.inplace import Overwritten, check_writable, rebase, scalar_name
from .._core.op import record
from .._kernels._state import flags
from . import _draw
from .random import check_normal, check_uniform, random_range

__all__ = []


def _node(name):
    return type(Overwritten)(name, (Overwritten,), {}, name=name)


UNIFORM, NORMAL, EXPONENTIAL, CAUCHY, GEOMETRIC, LOG_NORMAL, RANDOM_RANGE, RANDOM_TO, RANDOM, BERNOULLI_EACH, BERNOULLI = map(
    _node, ('UniformBackward0', 'NormalBackward0', 'ExponentialBackward0', 'CauchyBackward0', 'GeometricBackward0',
            'LogNormalBackward0', 'RandomBackward0', 'RandomBackward1', 'RandomBackward2', 'BernoulliBackward1',
            'BernoulliBackward2'))


def _overwrite(node, x, draw, *args):
    """Check that `x` may be written, let ``draw(*args)`` write its array, and note the write."""
    check_writable(x, False)
    draw(*args)
    x._v.n += 1
    if x._req and flags() & GRAD:
        t = wrap(x._a)
        t._fn, t._nr, t._req = record(node, (x,), {}, (), (t,)), 0, True
        rebase(x, t)
    return x


def uniform_(self, from_=0.0, /, to=1.0, *, generator=None, **keywords):
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
    return _overwrite(UNIFORM, self, _draw.uniform, engine_of(generator, 'uniform_'), a, from_, to)


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
    check_std(std)
    check_normal(self._a.dtype)
    return _overwrite(NORMAL, self, _draw.normal, engine_of(generator, 'normal_'), self._a, mean, std)


def check_std(std):
    """Refuse a negative or NaN standard deviation."""
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
    return _by_double(EXPONENTIAL, self, engine_of(generator, 'exponential_').exponential, lambd)


def _check_continuous(dtype, name):
    if dtype.kind != 'f':
        raise RuntimeError(f'{name} distribution is a continuous probability distribution. dtype must be a floating point '
                           f'but you specified {scalar_name(dtype)}')


def _by_double(node, x, draw, *args):
    return _overwrite(node, x, _draw.fill, x._a, _draw.F64, draw, *args)


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
    return _by_double(CAUCHY, self, engine_of(generator, 'cauchy_').cauchy, median, sigma)


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
    return _by_double(GEOMETRIC, self, engine_of(generator, 'geometric_').geometric, p)


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
    return _by_double(LOG_NORMAL, self, engine_of(generator, 'log_normal_').log_normal, mean, std)


_ABSENT = object()


def random_(self, from_=_ABSENT, /, to=_ABSENT, *, generator=None, **keywords):
    """Fill with uniform integers: ``random_()``, ``random_(to)`` or ``random_(from, to)``.

    Args:
        from (int): the smallest number. Default: 0.
        to (int, optional): one above the largest. None, or no argument at all: what the type holds; for floating types the
            integers up to 2**24 (float32) or 2**53 (float64), which are exact.
        generator (Generator, optional): where the numbers come from.

    Returns:
        Tensor: itself.

    Example:
        >>> import cnet
        >>> cnet.empty(3).random_(5, 6)
        tensor([5., 5., 5.])
    """
    engine, a = engine_of(generator, 'random_'), self._a
    from_ = _from(keywords, from_, 'random_')
    if from_ is to is _ABSENT:
        if a.dtype.kind == 'c':
            raise errors.not_implemented('random_kernel_cpu', a.dtype)
        return _overwrite(RANDOM, self, _whole_range, engine, a)
    if from_ is _ABSENT or to is _ABSENT:
        to = checks.integer(from_ if to is _ABSENT else to, 'random_', 'to', 1)
        return _overwrite(RANDOM_TO, self, random_range, engine, a, 0, to)
    low = checks.integer(from_, 'random_', 'from', 1)
    if to is None and low == -2 ** 63 and a.dtype in (_draw.I64, _draw.F32, _draw.F64):
        return _overwrite(RANDOM_RANGE, self, _draw.integers, engine, a, low, 0)
    high = None if to is None else checks.integer(to, 'random_', 'to', 2)
    return _overwrite(RANDOM_RANGE, self, random_range, engine, a, low, high)


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
        check_probabilities(p._a)
        return _overwrite(BERNOULLI_EACH, self, _draw.bernoulli_each, engine, a, _expanded(p._a, a.shape))
    if not 0 <= p <= 1:
        raise RuntimeError(f'bernoulli_ expects p to be in [0, 1], but got p={p:g}')
    if a.dtype.kind == 'c':
        raise errors.not_implemented('bernoulli_scalar_cpu_', a.dtype)
    return _overwrite(BERNOULLI, self, _draw.bernoulli, engine, a, p)


def _expanded(p, shape):
    try:
        return np.broadcast_to(p, shape)
    except ValueError:
        raise RuntimeError(f'The expanded size of the tensor must match the existing size. Target sizes: {list(shape)}.  '
                           f'Tensor sizes: {list(p.shape)}') from None


def check_probabilities(p):
    """Refuse an array that does not hold probabilities."""
    if p.dtype.kind != 'f':
        raise errors.not_implemented('bernoulli_tensor_cpu_p_', p.dtype)
    if p.dtype.char in 'fd' and p.flags.c_contiguous and p.size:
        low, high = K.reduce.extremes(p) if p.size > 4096 else [K.reduce.extreme(p, None, False, sign) for sign in (-1, 1)]
        valid = low >= 0 and high <= 1
    else:
        valid = ((p >= 0) & (p <= 1)).all()
    if not valid:
        raise RuntimeError('Expected p_in >= 0 && p_in <= 1 to be true, but got false.')


METHODS = {
    'bernoulli_': bernoulli_, 'cauchy_': cauchy_, 'exponential_': exponential_, 'geometric_': geometric_,
    'log_normal_': log_normal_, 'normal_': normal_, 'random_': random_, 'uniform_': uniform_,
}
