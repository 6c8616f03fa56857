"""Divergences between distributions."""

import math

from ..linalg import solve_triangular
from ..nn.functional import softplus
from .bernoulli import Bernoulli
from .categorical import Categorical
from .cauchy import Cauchy
from .distribution import Distribution
from .exponential import Exponential
from .geometric import Geometric
from .half_normal import HalfNormal
from .independent import Independent
from .laplace import Laplace
from .log_normal import LogNormal
from .multivariate_normal import MultivariateNormal, log_determinant, squared_distance
from .normal import Normal
from .one_hot_categorical import OneHotCategorical
from .poisson import Poisson
from .uniform import Uniform
from .utils import sum_rightmost

__all__ = ['kl_divergence', 'register_kl']

_RULES = {}  # (class of p, class of q): function


def register_kl(type_p, type_q):
    """A decorator for the function that computes the divergence of one class from another.

    Args:
        type_p, type_q (type): subclasses of Distribution; they stand for their own subclasses too.

    Example:
        >>> import cnet
        >>> from cnet.distributions import Normal, kl_divergence, register_kl
        >>> class Known(Normal): pass
        >>> @register_kl(Known, Known)
        ... def zero(p, q):
        ...     return 0.
        >>> kl_divergence(Known(0., 1.), Known(1., 1.))
        0.0
    """
    for cls in (type_p, type_q):
        if not (isinstance(cls, type) and issubclass(cls, Distribution)):
            raise TypeError(f'Expected type_p and type_q to be subclasses of Distribution but got {cls}')

    def register(function):
        _RULES[type_p, type_q] = function
        return function
    return register


def _rule(type_p, type_q):
    """The function for the nearest classes, those of p first."""
    for p in type_p.__mro__:
        for q in type_q.__mro__:
            if (p, q) in _RULES:
                return _RULES[p, q]
    raise NotImplementedError(f'No KL(p || q) is implemented for p type {type_p.__name__} and q type {type_q.__name__}')


def kl_divergence(p, q):
    """The Kullback-Leibler divergence: the expected value under `p` of log p - log q.

    Args:
        p, q (Distribution): of a pair of classes that is known.

    Returns:
        Tensor: of the batch shape.

    Example:
        >>> import cnet
        >>> from cnet.distributions import Normal, kl_divergence
        >>> kl_divergence(Normal(0., 1.), Normal(1., 1.))
        tensor(0.5000)
    """
    return _rule(type(p), type(q))(p, q)


@register_kl(Bernoulli, Bernoulli)
def _bernoulli(p, q):
    a, b = p.probs, q.probs
    t1 = (a * (softplus(-q.logits) - softplus(-p.logits))).masked_fill(b == 0, math.inf).masked_fill(a == 0, 0)
    t2 = ((1 - a) * (softplus(q.logits) - softplus(p.logits))).masked_fill(b == 1, math.inf).masked_fill(a == 1, 0)
    return t1 + t2


@register_kl(Categorical, Categorical)
def _categorical(p, q):
    t = p.probs * (p.logits - q.logits)
    return t.masked_fill((q.probs == 0).expand(t.shape), math.inf).masked_fill((p.probs == 0).expand(t.shape), 0).sum(-1)


@register_kl(OneHotCategorical, OneHotCategorical)
def _one_hot(p, q):
    return _categorical(p._categorical, q._categorical)


@register_kl(Cauchy, Cauchy)
def _cauchy(p, q):
    return ((p.scale + q.scale) ** 2 + (p.loc - q.loc) ** 2).log() - (4 * p.scale * q.scale).log()


@register_kl(Exponential, Exponential)
def _exponential(p, q):
    ratio = q.rate / p.rate
    return -ratio.log() + ratio - 1


@register_kl(Geometric, Geometric)
def _geometric(p, q):
    return -p.entropy() - (-q.probs).log1p() / p.probs - q.logits


@register_kl(Laplace, Laplace)
def _laplace(p, q):
    ratio, distance = p.scale / q.scale, (p.loc - q.loc).abs()
    return -ratio.log() + distance / q.scale + ratio * (-distance / p.scale).exp() - 1


@register_kl(Normal, Normal)
def _normal(p, q):
    ratio = (p.scale / q.scale) ** 2
    return 0.5 * (ratio + ((p.loc - q.loc) / q.scale) ** 2 - 1 - ratio.log())


@register_kl(LogNormal, LogNormal)
@register_kl(HalfNormal, HalfNormal)
def _of_base(p, q):
    return _normal(p.base_dist, q.base_dist)


@register_kl(MultivariateNormal, MultivariateNormal)
def _multivariate_normal(p, q):
    if p.event_shape != q.event_shape:
        raise ValueError('KL-divergence between two Multivariate Normals with different event shapes cannot be computed')
    a, b = p._unbroadcasted_scale_tril, q._unbroadcasted_scale_tril
    trace = (solve_triangular(b, a, upper=False) ** 2).sum((-2, -1))
    return log_determinant(b) - log_determinant(a) + 0.5 * (trace + squared_distance(b, q.loc - p.loc) - p.event_shape[0])


@register_kl(Poisson, Poisson)
def _poisson(p, q):
    return p.rate * (p.rate.log() - q.rate.log()) - (p.rate - q.rate)


@register_kl(Uniform, Uniform)
def _uniform(p, q):
    return ((q.high - q.low) / (p.high - p.low)).log().masked_fill((q.low > p.low) | (q.high < p.high), math.inf)


@register_kl(Independent, Independent)
def _independent(p, q):
    if p.reinterpreted_batch_ndims != q.reinterpreted_batch_ndims:
        raise NotImplementedError
    return sum_rightmost(kl_divergence(p.base_dist, q.base_dist), p.reinterpreted_batch_ndims)


@register_kl(Uniform, Normal)
def _uniform_normal(p, q):
    width = p.high - p.low
    t1 = (math.sqrt(2 * math.pi) * q.scale / width).log()
    return t1 + (width ** 2 / 12 + ((p.high + p.low - 2 * q.loc) / 2) ** 2) * 0.5 / q.scale ** 2


@register_kl(Laplace, Normal)
def _laplace_normal(p, q):
    ratio = (p.scale / q.scale) ** 2
    return -0.5 * (2 * ratio / math.pi).log() + ratio + 0.5 * ((p.loc - q.loc) / q.scale) ** 2 - 1


@register_kl(Normal, Laplace)
def _normal_laplace(p, q):
    d = p.loc - q.loc
    mean = math.sqrt(2 / math.pi) * p.scale * (-0.5 * (d / p.scale) ** 2).exp() + d * (math.sqrt(0.5) * d / p.scale).erf()
    return -(p.scale / q.scale).log() + mean / q.scale - 0.5 * (1 + math.log(0.5 * math.pi))
