"""Geometric."""

from .._core.dtype import finfo
from .._core.mode import no_grad
from .._ops.create import zeros_like
from ..nn.functional import binary_cross_entropy_with_logits
from . import constraints
from .bernoulli import Binary
from .utils import broadcast_all

__all__ = ['Geometric']


class Geometric(Binary):
    """How many trials fail before the first that succeeds.

    Args:
        probs (Tensor or number, optional): the probability of success.
        logits (Tensor or number, optional): the logarithm of its odds, instead.
        validate_args (bool, optional): check parameters and values.

    Example:
        >>> import cnet
        >>> cnet.distributions.Geometric(0.25).mean
        tensor(3.)
    """

    support = constraints.nonnegative_integer

    def __init__(self, probs=None, logits=None, validate_args=None):
        super().__init__(probs, logits, validate_args)
        if self._validate_args and probs is not None and not (self.probs > 0).all():
            bad = self.probs.detach()[self.probs <= 0]
            raise ValueError(f'Expected parameter probs ({type(self.probs).__name__} of shape {tuple(self.probs.shape)}) of '
                             f'distribution {self!r} to be positive but found invalid values:\n{bad}')

    @property
    def mean(self):
        return 1 / self.probs - 1

    @property
    def mode(self):
        return zeros_like(self.probs)

    @property
    def variance(self):
        return (1 / self.probs - 1) / self.probs

    def sample(self, sample_shape=()):
        with no_grad():
            u = self.probs.new_empty(self._extended_shape(sample_shape)).uniform_(finfo(self.probs.dtype).tiny, 1)
            return (u.log() / (-self.probs).log1p()).floor()

    def log_prob(self, value):
        self._validate_sample(value)
        value, probs = broadcast_all(value, self.probs)
        certain = (probs == 1) & (value == 0)  # 0 * log(0) means 0 there
        return value * (-probs.masked_fill(certain, 0)).log1p() + self.probs.log()

    def entropy(self):
        return binary_cross_entropy_with_logits(self.logits, self.probs, reduction='none') / self.probs
