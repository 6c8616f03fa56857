"""LogisticNormal."""

from . import constraints
from .normal import Normal
from .transformed_distribution import TransformedDistribution
from .transforms import StickBreakingTransform

__all__ = ['LogisticNormal']


class LogisticNormal(TransformedDistribution):
    """Probabilities made from normal numbers by breaking a stick.

    Args:
        loc (Tensor or number): means of the numbers, one fewer than probabilities.
        scale (Tensor or number): their standard deviations.
        validate_args (bool, optional): check parameters and values.

    Example:
        >>> import cnet
        >>> cnet.distributions.LogisticNormal(cnet.zeros(2), cnet.ones(2)).event_shape
        cnet.Size([3])
    """

    arg_constraints = {'loc': constraints.real, 'scale': constraints.positive}
    support = constraints.simplex
    has_rsample = True

    def __init__(self, loc, scale, validate_args=None):
        base = Normal(loc, scale, validate_args=validate_args)
        super().__init__(base if base.batch_shape else base.expand([1]), StickBreakingTransform(), validate_args=validate_args)

    @property
    def loc(self):
        """Means of the normal numbers."""
        return self.base_dist.base_dist.loc

    @property
    def scale(self):
        """Standard deviations of the normal numbers."""
        return self.base_dist.base_dist.scale
