"""Laplace."""

from .._core.dtype import finfo
from . import constraints
from .distribution import Distribution
from .utils import batch_of, broadcast_all

__all__ = ['Laplace']


class Laplace(Distribution):
    """Numbers whose distance to `loc` is exponential, on both sides.

    Args:
        loc (Tensor or number): mean.
        scale (Tensor or number): mean distance.
        validate_args (bool, optional): check parameters and values.

    Example:
        >>> import cnet
        >>> cnet.distributions.Laplace(0., 1.).variance
        tensor(2.)
    """

    arg_constraints = {'loc': constraints.real, 'scale': constraints.positive}
    support = constraints.real
    has_rsample = True

    def __init__(self, loc, scale, validate_args=None):
        self.loc, self.scale = broadcast_all(loc, scale)
        super().__init__(batch_of(loc, scale), validate_args=validate_args)

    @property
    def mean(self):
        return self.loc

    mode = mean

    @property
    def variance(self):
        return 2 * self.scale ** 2

    @property
    def stddev(self):
        return 2 ** 0.5 * self.scale

    def rsample(self, sample_shape=()):
        u = self.loc.new_empty(self._extended_shape(sample_shape)).uniform_(finfo(self.loc.dtype).eps - 1, 1)
        return self.loc - self.scale * u.sign() * (-u.abs()).log1p()

    def log_prob(self, value):
        self._validate_sample(value)
        return -(2 * self.scale).log() - (value - self.loc).abs() / self.scale

    def cdf(self, value):
        self._validate_sample(value)
        d = value - self.loc
        return 0.5 - 0.5 * d.sign() * (-d.abs() / self.scale).expm1()

    def icdf(self, value):
        d = value - 0.5
        return self.loc - self.scale * d.sign() * (-2 * d.abs()).log1p()

    def entropy(self):
        return 1 + (2 * self.scale).log()
