"""Binomial."""

from .._core.mode import no_grad
from .._ops.sample import binomial
from .._ops.sequences import arange
from . import constraints
from .distribution import Distribution
from .utils import broadcast_all, lazy_property, logits_to_probs, probs_to_logits

__all__ = ['Binomial']


class Counted(Distribution):
    """What distributions by a count and the probability of one outcome share: either of `probs` and `logits`."""

    def __init__(self, total_count, probs=None, logits=None, validate_args=None):
        if (probs is None) == (logits is None):
            raise ValueError('Either `probs` or `logits` must be specified, but not both.')
        count, param = broadcast_all(total_count, logits if probs is None else probs)
        self.total_count = count.type_as(param)
        setattr(self, 'logits' if probs is None else 'probs', param)
        super().__init__(param.shape, validate_args=validate_args)

    @lazy_property
    def logits(self):
        """The logarithm of the odds."""
        return probs_to_logits(self.probs, is_binary=True)

    @lazy_property
    def probs(self):
        """The probability."""
        return logits_to_probs(self.logits, is_binary=True)

    @property
    def _param(self):
        return self.__dict__.get('probs', self.__dict__.get('logits'))

    @property
    def param_shape(self):
        """The shape of the parameter that was given."""
        return self._param.shape


class Binomial(Counted):
    """How many of `total_count` trials succeed.

    Args:
        total_count (Tensor or int): the number of trials. Default: 1.
        probs (Tensor or number, optional): the probability of success.
        logits (Tensor or number, optional): the logarithm of its odds, instead.
        validate_args (bool, optional): check parameters and values.

    Example:
        >>> import cnet
        >>> cnet.distributions.Binomial(4, 0.25).mean
        tensor(1.)
    """

    arg_constraints = {'total_count': constraints.nonnegative_integer, 'probs': constraints.unit_interval,
                       'logits': constraints.real}
    has_enumerate_support = True

    def __init__(self, total_count=1, probs=None, logits=None, validate_args=None):
        super().__init__(total_count, probs, logits, validate_args)

    @constraints.dependent_property(is_discrete=True, event_dim=0)
    def support(self):
        """The numbers 0 ... total_count."""
        return constraints.integer_interval(0, self.total_count)

    @property
    def mean(self):
        return self.total_count * self.probs

    @property
    def mode(self):
        return ((self.total_count + 1) * self.probs).floor().clamp(max=self.total_count)

    @property
    def variance(self):
        return self.total_count * self.probs * (1 - self.probs)

    def sample(self, sample_shape=()):
        shape = self._extended_shape(sample_shape)
        with no_grad():
            return binomial(self.total_count.expand(shape), self.probs.expand(shape))

    def log_prob(self, value):
        self._validate_sample(value)
        n, logits = self.total_count, self.logits
        # log(1 + exp(logits)) in a form that neither overflows nor has two slopes at 0.
        positive = (logits.clamp(min=0) + logits - logits.clamp(max=0)) / 2
        normalizer = n * positive + n * (-logits.abs()).exp().log1p() - (n + 1).lgamma()
        return value * logits - (value + 1).lgamma() - (n - value + 1).lgamma() - normalizer

    def _count(self, what):
        count = int(self.total_count.max())
        if not self.total_count.min() == count:
            raise NotImplementedError(f'Inhomogeneous total count not supported by `{what}`.')
        return count

    def entropy(self):
        self._count('entropy')
        log_prob = self.log_prob(self.enumerate_support(False))
        return -(log_prob.exp() * log_prob).sum(0)

    def enumerate_support(self, expand=True):
        return self._listed(arange(1 + self._count('enumerate_support'), dtype=self._param.dtype), expand)
