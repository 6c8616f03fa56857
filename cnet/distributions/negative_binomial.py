"""NegativeBinomial."""

from .._core.mode import no_grad
from .._ops.sample import poisson
from ..nn.functional import logsigmoid
from . import constraints
from .binomial import Counted
from .gamma import Gamma
from .utils import lazy_property

__all__ = ['NegativeBinomial']


class NegativeBinomial(Counted):
    """How many trials succeed before `total_count` have failed.

    Args:
        total_count (Tensor or number): how many failures end the trials; it need not be whole.
        probs (Tensor or number, optional): the probability of success.
        logits (Tensor or number, optional): the logarithm of its odds, instead.
        validate_args (bool, optional): check parameters and values.

    Example:
        >>> import cnet
        >>> cnet.distributions.NegativeBinomial(3., 0.5).mean
        tensor(3.)
    """

    arg_constraints = {'total_count': constraints.greater_than_eq(0), 'probs': constraints.half_open_interval(0.0, 1.0),
                       'logits': constraints.real}
    support = constraints.nonnegative_integer

    @property
    def mean(self):
        return self.total_count * self.logits.exp()

    @property
    def mode(self):
        return ((self.total_count - 1) * self.logits.exp()).floor().clamp(min=0)

    @property
    def variance(self):
        return self.mean / (-self.logits).sigmoid()

    @lazy_property
    def _gamma(self):
        """The distribution of the rates of the Poisson numbers that these are."""
        return Gamma(self.total_count, (-self.logits).exp(), validate_args=False)

    def sample(self, sample_shape=()):
        with no_grad():
            return poisson(self._gamma.sample(sample_shape))

    def log_prob(self, value):
        self._validate_sample(value)
        n = self.total_count
        normalizer = (1 + value).lgamma() + n.lgamma() - (n + value).lgamma()
        return n * logsigmoid(-self.logits) + value * logsigmoid(self.logits) - normalizer.masked_fill(n + value == 0, 0)
