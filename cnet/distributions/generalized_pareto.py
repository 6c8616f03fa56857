"""GeneralizedPareto."""

import math

from .._ops.masked import where
from .._ops.random import rand
from . import constraints
from .distribution import Distribution
from .utils import batch_of, broadcast_all

__all__ = ['GeneralizedPareto']


class GeneralizedPareto(Distribution):
    """What exceeds a high threshold: tails that are bounded, exponential or heavy.

    Args:
        loc (Tensor or number): the threshold.
        scale (Tensor or number): factor.
        concentration (Tensor or number): below 0 the tail is bounded, at 0 exponential, above 0 heavy.
        validate_args (bool, optional): check parameters and values.

    Example:
        >>> import cnet
        >>> cnet.distributions.GeneralizedPareto(0., 1., 0.5).mean
        tensor(2.)
    """

    arg_constraints = {'loc': constraints.real, 'scale': constraints.positive, 'concentration': constraints.real}
    has_rsample = True

    def __init__(self, loc, scale, concentration, validate_args=None):
        self.loc, self.scale, self.concentration = broadcast_all(loc, scale, concentration)
        super().__init__(batch_of(loc, scale, concentration), validate_args=validate_args)

    @constraints.dependent_property(is_discrete=False, event_dim=0)
    def support(self):
        """From the threshold to the end of the tail."""
        end = self.loc - self.scale / self.concentration
        return constraints.interval(self.loc, end.masked_fill(~(self.concentration < 0), math.inf))

    @property
    def mean(self):
        heavy = ~(self.concentration < 1)
        return (self.loc + self.scale / (1 - self.concentration.masked_fill(heavy, 0.5))).masked_fill(heavy, math.nan)

    @property
    def mode(self):
        return self.loc

    @property
    def variance(self):
        heavy = ~(self.concentration < 0.5)
        c = self.concentration.masked_fill(heavy, 0.25)
        return (self.scale ** 2 / ((1 - c) ** 2 * (1 - 2 * c))).masked_fill(heavy, math.nan)

    def _cut(self):
        """Where the tail is exponential, and the concentration with 1 in these places."""
        exponential = self.concentration.abs() <= 1e-8
        return exponential, self.concentration.masked_fill(exponential, 1)

    def rsample(self, sample_shape=()):
        return self.icdf(rand(self._extended_shape(sample_shape), dtype=self.loc.dtype))

    def log_prob(self, value):
        self._validate_sample(value)
        z, (exponential, c) = (value - self.loc) / self.scale, self._cut()
        y = 1 / c + 1
        power = (y * (c * z).log1p()).masked_fill(y == 0, 0)  # uniform: the logarithm may be that of 0
        return -self.scale.log() - where(exponential, z, power)

    def log_survival_function(self, value):
        """The logarithm of the probability of more than `value`.

        Args:
            value (Tensor): events.
        """
        self._validate_sample(value)
        z, (exponential, c) = (value - self.loc) / self.scale, self._cut()
        return where(exponential, -z, -(c * z).log1p() / c)

    def log_cdf(self, value):
        """The logarithm of the probability of `value` at most.

        Args:
            value (Tensor): events.
        """
        return (-self.log_survival_function(value).exp()).log1p()

    def cdf(self, value):
        return self.log_cdf(value).exp()

    def icdf(self, value):
        log_rest, (exponential, c) = (-value).log1p(), self._cut()
        return where(exponential, self.loc - self.scale * log_rest, self.loc + self.scale / c * (-c * log_rest).expm1())

    def entropy(self):
        return (self.scale.log() + self.concentration + 1).expand(self._batch_shape)
