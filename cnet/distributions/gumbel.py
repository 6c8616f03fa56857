"""Gumbel."""

import math
from numbers import Number

from .._core.dtype import finfo
from .._ops.create import full_like, ones_like
from . import constraints
from .transformed_distribution import TransformedDistribution
from .transforms import AffineTransform, ExpTransform
from .uniform import Uniform
from .utils import broadcast_all, euler_constant

__all__ = ['Gumbel']


class Gumbel(TransformedDistribution):
    """Largest of many numbers: loc - scale log(-log(uniform)).

    Args:
        loc (Tensor or number): mode.
        scale (Tensor or number): factor.
        validate_args (bool, optional): check parameters and values.

    Example:
        >>> import cnet
        >>> cnet.distributions.Gumbel(0., 1.).mean
        tensor(0.5772)
    """

    arg_constraints = {'loc': constraints.real, 'scale': constraints.positive}
    support = constraints.real

    def __init__(self, loc, scale, validate_args=None):
        self.loc, self.scale = broadcast_all(loc, scale)
        info = finfo(self.loc.dtype)
        ends = info.tiny, 1 - info.eps
        if not (isinstance(loc, Number) and isinstance(scale, Number)):
            ends = [full_like(self.loc, end) for end in ends]
        super().__init__(Uniform(*ends, validate_args=validate_args),
                         [ExpTransform().inv, AffineTransform(0, -ones_like(self.scale)), ExpTransform().inv,
                          AffineTransform(loc, -self.scale)], validate_args=validate_args)

    def log_prob(self, value):
        self._validate_sample(value)
        y = (self.loc - value) / self.scale
        return y - y.exp() - self.scale.log()

    @property
    def mean(self):
        return self.loc + self.scale * euler_constant

    @property
    def mode(self):
        return self.loc

    @property
    def stddev(self):
        return math.pi / math.sqrt(6) * self.scale

    @property
    def variance(self):
        return self.stddev ** 2

    def entropy(self):
        return self.scale.log() + (1 + euler_constant)
