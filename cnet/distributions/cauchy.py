"""Cauchy."""

import math

from .._ops.create import full_like
from . import constraints
from .distribution import Distribution
from .utils import batch_of, broadcast_all

__all__ = ['Cauchy']


class Cauchy(Distribution):
    """Ratios of normal numbers: no mean, no variance.

    Args:
        loc (Tensor or number): median.
        scale (Tensor or number): half the width at half the height.
        validate_args (bool, optional): check parameters and values.

    Example:
        >>> import cnet
        >>> cnet.distributions.Cauchy(0., 1.).cdf(cnet.tensor(1.))
        tensor(0.7500)
    """

    arg_constraints = {'loc': constraints.real, 'scale': constraints.positive}
    support = constraints.real
    has_rsample = True

    def __init__(self, loc, scale, validate_args=None):
        self.loc, self.scale = broadcast_all(loc, scale)
        super().__init__(batch_of(loc, scale), validate_args=validate_args)

    @property
    def mean(self):
        return full_like(self.loc, math.nan)

    @property
    def mode(self):
        return self.loc

    @property
    def variance(self):
        return full_like(self.loc, math.inf)

    def rsample(self, sample_shape=()):
        return self.loc + self.loc.new_empty(self._extended_shape(sample_shape)).cauchy_() * self.scale

    def log_prob(self, value):
        self._validate_sample(value)
        return -math.log(math.pi) - self.scale.log() - (((value - self.loc) / self.scale) ** 2).log1p()

    def cdf(self, value):
        self._validate_sample(value)
        return ((value - self.loc) / self.scale).atan() / math.pi + 0.5

    def icdf(self, value):
        return (math.pi * (value - 0.5)).tan() * self.scale + self.loc

    def entropy(self):
        return math.log(4 * math.pi) + self.scale.log()
