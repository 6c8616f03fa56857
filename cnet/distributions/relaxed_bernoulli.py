"""RelaxedBernoulli, and the logarithms of its odds."""

from .._ops.random import rand
from . import constraints
from .bernoulli import Binary
from .transformed_distribution import TransformedDistribution
from .transforms import SigmoidTransform
from .utils import broadcast_all, clamp_probs

__all__ = ['LogitRelaxedBernoulli', 'RelaxedBernoulli']


class LogitRelaxedBernoulli(Binary):
    """Logarithms of the odds of RelaxedBernoulli numbers.

    Args:
        temperature (Tensor): 0 would give the signs of a Bernoulli's outcomes.
        probs (Tensor or number, optional): the probability of a positive number.
        logits (Tensor or number, optional): the logarithm of its odds, instead.
        validate_args (bool, optional): check parameters and values.

    Example:
        >>> import cnet
        >>> from cnet.distributions.relaxed_bernoulli import LogitRelaxedBernoulli
        >>> LogitRelaxedBernoulli(cnet.tensor(1.), 0.5).log_prob(cnet.tensor(0.))
        tensor(-1.3863)
    """

    support = constraints.real

    def __init__(self, temperature, probs=None, logits=None, validate_args=None):
        self.temperature = temperature
        super().__init__(probs, logits, validate_args)

    def rsample(self, sample_shape=()):
        shape = self._extended_shape(sample_shape)
        p = clamp_probs(self.probs.expand(shape))
        u = clamp_probs(rand(shape, dtype=p.dtype))
        return (u.log() - (-u).log1p() + p.log() - (-p).log1p()) / self.temperature

    def log_prob(self, value):
        self._validate_sample(value)
        logits, value = broadcast_all(self.logits, value)
        diff = logits - value * self.temperature
        return self.temperature.log() + diff - 2 * diff.exp().log1p()


class RelaxedBernoulli(TransformedDistribution):
    """Numbers of [0, 1] near the outcomes of a Bernoulli, with gradients.

    Args:
        temperature (Tensor): 0 would give the outcomes themselves.
        probs (Tensor or number, optional): the probability of 1.
        logits (Tensor or number, optional): the logarithm of its odds, instead.
        validate_args (bool, optional): check parameters and values.

    Example:
        >>> import cnet
        >>> cnet.distributions.RelaxedBernoulli(cnet.tensor(1.), 0.5).log_prob(cnet.tensor(0.5)).abs() < 1e-6
        tensor(True)
    """

    arg_constraints = {'probs': constraints.unit_interval, 'logits': constraints.real}
    support = constraints.unit_interval
    has_rsample = True

    def __init__(self, temperature, probs=None, logits=None, validate_args=None):
        super().__init__(LogitRelaxedBernoulli(temperature, probs, logits), SigmoidTransform(), validate_args=validate_args)

    @property
    def temperature(self):
        """How far from the outcomes the numbers are."""
        return self.base_dist.temperature

    @property
    def logits(self):
        """The logarithm of the odds."""
        return self.base_dist.logits

    @property
    def probs(self):
        """The probability."""
        return self.base_dist.probs
