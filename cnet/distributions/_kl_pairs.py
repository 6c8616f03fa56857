"""Divergences between distributions of two classes."""

import math

from .._ops.create import full_like
from .bernoulli import Bernoulli
from .beta import Beta
from .binomial import Binomial
from .continuous_bernoulli import ContinuousBernoulli
from .exponential import Exponential
from .gamma import Gamma
from .gumbel import Gumbel
from .kl import register_kl
from .laplace import Laplace
from .normal import Normal
from .pareto import Pareto
from .poisson import Poisson
from .uniform import Uniform
from .utils import euler_constant

__all__ = []

HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)


def _infinite(parameter):
    """A rule for pairs where q gives no probability to some events of p."""
    return lambda p, q: full_like(getattr(p, parameter), math.inf)


for _p, _parameter, _qs in (
        (Beta, 'concentration1', (Pareto,)),
        (ContinuousBernoulli, 'probs', (Pareto,)),
        (Exponential, 'rate', (Beta, ContinuousBernoulli, Pareto, Uniform)),
        (Gamma, 'concentration', (Beta, ContinuousBernoulli, Pareto, Uniform)),
        (Gumbel, 'loc', (Beta, ContinuousBernoulli, Exponential, Gamma, Pareto, Uniform)),
        (Laplace, 'loc', (Beta, ContinuousBernoulli, Exponential, Gamma, Pareto, Uniform)),
        (Normal, 'loc', (Beta, ContinuousBernoulli, Exponential, Gamma, Pareto, Uniform)),
        (Pareto, 'scale', (Beta, ContinuousBernoulli, Uniform)),
        (Poisson, 'rate', (Bernoulli, Binomial))):
    for _q in _qs:
        register_kl(_p, _q)(_infinite(_parameter))


@register_kl(Bernoulli, Poisson)
def _bernoulli_poisson(p, q):
    return -p.entropy() - (p.probs * q.rate.log() - q.rate)


@register_kl(Beta, ContinuousBernoulli)
def _beta_continuous_bernoulli(p, q):
    return -p.entropy() - p.mean * q.logits - (-q.probs).log1p() - q._cont_bern_log_norm()


@register_kl(Beta, Exponential)
def _beta_exponential(p, q):
    return -p.entropy() - q.rate.log() + q.rate * p.mean


@register_kl(Beta, Gamma)
def _beta_gamma(p, q):
    a, b = p.concentration1, q.concentration
    mean_log = a.digamma() - (a + p.concentration0).digamma()
    return -p.entropy() + b.lgamma() - b * q.rate.log() - (b - 1) * mean_log + q.rate * p.mean


def _to_normal(entropy, mean, variance, q):
    """From the entropy, mean and variance of p."""
    return -entropy + HALF_LOG_2PI + q.scale.log() + 0.5 * (variance + (mean - q.loc) ** 2) / q.scale ** 2


@register_kl(Beta, Normal)
@register_kl(ContinuousBernoulli, Normal)
@register_kl(Exponential, Normal)
@register_kl(Gamma, Normal)
@register_kl(Gumbel, Normal)
@register_kl(Laplace, Normal)
@register_kl(Uniform, Normal)
def _moments_normal(p, q):
    return _to_normal(p.entropy(), p.mean, p.variance, q)


@register_kl(Beta, Uniform)
def _beta_uniform(p, q):
    return (-p.entropy() + (q.high - q.low).log()).masked_fill((q.low > 0) | (q.high < 1), math.inf)


@register_kl(ContinuousBernoulli, Exponential)
def _continuous_bernoulli_exponential(p, q):
    return -p.entropy() - q.rate.log() + q.rate * p.mean


@register_kl(ContinuousBernoulli, Uniform)
def _continuous_bernoulli_uniform(p, q):
    return (-p.entropy() + (q.high - q.low).log()).masked_fill((q.low > 0) | (q.high < 1), math.inf)


@register_kl(Exponential, Gamma)
def _exponential_gamma(p, q):
    ratio, a = q.rate / p.rate, q.concentration
    return -a * ratio.log() + ratio + a.lgamma() + a * euler_constant - (1 + euler_constant)


@register_kl(Exponential, Gumbel)
def _exponential_gumbel(p, q):
    product, ratio = p.rate * q.scale, q.loc / q.scale
    return product.log() - 1 - ratio + ratio.exp() * product / (product + 1) + product.reciprocal()


@register_kl(Gamma, Exponential)
def _gamma_exponential(p, q):
    return -p.entropy() - q.rate.log() + q.rate * p.concentration / p.rate


@register_kl(Gamma, Gumbel)
def _gamma_gumbel(p, q):
    a, product, ratio = p.concentration, p.rate * q.scale, q.loc / q.scale
    return ((a - 1) * a.digamma() - a.lgamma() - a + product.log() + a / product
            + ratio.exp() * (1 + product.reciprocal()) ** -a - ratio)


@register_kl(Normal, Gumbel)
def _normal_gumbel(p, q):
    square, distance = (p.scale / q.scale) ** 2, (p.loc - q.loc) / q.scale
    return -0.5 * square.log() + distance + (0.5 * square - distance).exp() - 0.5 - HALF_LOG_2PI


@register_kl(Normal, Laplace)
def _normal_laplace(p, q):
    d = p.loc - q.loc
    mean = math.sqrt(2 / math.pi) * p.scale * (-0.5 * (d / p.scale) ** 2).exp() + d * (math.sqrt(0.5) * d / p.scale).erf()
    return -(p.scale / q.scale).log() + mean / q.scale - 0.5 * (1 + math.log(0.5 * math.pi))


@register_kl(Pareto, Exponential)
def _pareto_exponential(p, q):
    product = p.scale * q.rate
    result = (p.alpha / product).log() - p.alpha.reciprocal() + p.alpha * product / (p.alpha - 1) - 1
    return result.masked_fill(p.alpha <= 1, math.inf)


@register_kl(Pareto, Gamma)
def _pareto_gamma(p, q):
    mean_log, b = p.scale.log() + p.alpha.reciprocal(), q.concentration
    result = (p.alpha.log() - mean_log + b.lgamma() - b * q.rate.log() + (1 - b) * mean_log
              + q.rate * p.alpha * p.scale / (p.alpha - 1) - 1)
    return result.masked_fill(p.alpha <= 1, math.inf)


@register_kl(Pareto, Normal)
def _pareto_normal(p, q):
    a, s = p.alpha, p.scale
    mean, variance = a * s / (a - 1), a * s ** 2 / ((a - 1) ** 2 * (a - 2))
    return _to_normal(p.entropy(), mean, variance, q).masked_fill(a <= 2, math.inf)


def _x_log_x(x):
    return x.xlogy(x)


def _mean_log(low, high):
    """The mean of the logarithm of uniform numbers."""
    return (_x_log_x(high) - _x_log_x(low)) / (high - low) - 1


@register_kl(Uniform, Beta)
def _uniform_beta(p, q):
    a, b = q.concentration1, q.concentration0
    mean_log, mean_log_rest = _mean_log(p.low, p.high), _mean_log(1 - p.high, 1 - p.low)
    result = (-(p.high - p.low).log() - (a - 1) * mean_log - (b - 1) * mean_log_rest
              + a.lgamma() + b.lgamma() - (a + b).lgamma())
    return result.masked_fill((p.high > 1) | (p.low < 0), math.inf)


@register_kl(Uniform, ContinuousBernoulli)
def _uniform_continuous_bernoulli(p, q):
    result = -p.entropy() - p.mean * q.logits - (-q.probs).log1p() - q._cont_bern_log_norm()
    return result.masked_fill((p.high > 1) | (p.low < 0), math.inf)


@register_kl(Uniform, Exponential)
def _uniform_exponential(p, q):
    return (q.rate * (p.high + p.low) / 2 - ((p.high - p.low) * q.rate).log()).masked_fill(p.low < 0, math.inf)


@register_kl(Uniform, Gamma)
def _uniform_gamma(p, q):
    b = q.concentration
    result = (-(p.high - p.low).log() + b.lgamma() - b * q.rate.log() + (1 - b) * _mean_log(p.low, p.high)
              + q.rate * (p.high + p.low) / 2)
    return result.masked_fill(p.low < 0, math.inf)


@register_kl(Uniform, Gumbel)
def _uniform_gumbel(p, q):
    ratio, high, low = q.scale / (p.high - p.low), (p.high - q.loc) / q.scale, (p.low - q.loc) / q.scale
    return ratio.log() + 0.5 * (high + low) - ratio * ((-high).exp() - (-low).exp())


@register_kl(Uniform, Pareto)
def _uniform_pareto(p, q):
    result = (q.alpha + 1) * _mean_log(p.low, p.high) - (q.alpha * q.scale ** q.alpha * (p.high - p.low)).log()
    return result.masked_fill(p.low < q.scale, math.inf)
