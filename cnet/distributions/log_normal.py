"""LogNormal."""

from . import constraints
from .distribution import Distribution
from .normal import Normal

__all__ = ['LogNormal']


class LogNormal(Distribution):
    """Positive numbers whose logarithm is normal.

    Args:
        loc (Tensor or number): mean of the logarithm.
        scale (Tensor or number): its standard deviation.
        validate_args (bool, optional): check parameters and values.

    Example:
        >>> import cnet
        >>> cnet.distributions.LogNormal(0., 1.).mean
        tensor(1.6487)
    """

    arg_constraints = {'loc': constraints.real, 'scale': constraints.positive}
    support = constraints.positive
    has_rsample = True

    def __init__(self, loc, scale, validate_args=None):
        self.base_dist = Normal(loc, scale, validate_args=validate_args)
        super().__init__(self.base_dist.batch_shape, validate_args=validate_args)

    @property
    def loc(self):
        """Mean of the logarithm."""
        return self.base_dist.loc

    @property
    def scale(self):
        """Standard deviation of the logarithm."""
        return self.base_dist.scale

    @property
    def mean(self):
        return (self.loc + self.scale ** 2 / 2).exp()

    @property
    def mode(self):
        return (self.loc - self.scale ** 2).exp()

    @property
    def variance(self):
        square = self.scale ** 2
        return square.expm1() * (2 * self.loc + square).exp()

    def sample(self, sample_shape=()):
        return self.base_dist.sample(sample_shape).exp()

    def rsample(self, sample_shape=()):
        return self.base_dist.rsample(sample_shape).exp()

    def log_prob(self, value):
        self._validate_sample(value)
        x = value.log()
        return self.base_dist.log_prob(x) - x

    def cdf(self, value):
        self._validate_sample(value)
        return self.base_dist.cdf(value.log())

    def icdf(self, value):
        return self.base_dist.icdf(value).exp()

    def entropy(self):
        return self.base_dist.entropy() + self.loc
