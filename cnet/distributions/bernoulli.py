"""Bernoulli."""

import math
from numbers import Number

from .._core.mode import no_grad
from .._ops.sample import bernoulli
from .._ops.sequences import arange
from ..nn.functional import binary_cross_entropy_with_logits
from . import constraints
from .distribution import Distribution
from .exp_family import ExponentialFamily
from .utils import broadcast_all, lazy_property, logits_to_probs, probs_to_logits

__all__ = ['Bernoulli']


class Binary(Distribution):
    """What distributions by the probability of one outcome share: either of `probs` and `logits`."""

    arg_constraints = {'probs': constraints.unit_interval, 'logits': constraints.real}

    def __init__(self, probs=None, logits=None, validate_args=None):
        if (probs is None) == (logits is None):
            raise ValueError('Either `probs` or `logits` must be specified, but not both.')
        given = logits if probs is None else probs
        (param,) = broadcast_all(given)
        setattr(self, 'logits' if probs is None else 'probs', param)
        super().__init__(() if isinstance(given, Number) else param.shape, validate_args=validate_args)

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


class Bernoulli(Binary, ExponentialFamily):
    """1 with a probability, else 0.

    Args:
        probs (Tensor or number, optional): the probability of 1.
        logits (Tensor or number, optional): the logarithm of its odds, instead.
        validate_args (bool, optional): check parameters and values.

    Example:
        >>> import cnet
        >>> cnet.distributions.Bernoulli(0.25).log_prob(cnet.tensor(1.)).exp()
        tensor(0.2500)
    """

    support = constraints.boolean
    has_enumerate_support = True
    _mean_carrier_measure = 0

    @property
    def mean(self):
        return self.probs

    @property
    def mode(self):
        return (self.probs >= 0.5).to(self.probs.dtype).masked_fill(self.probs == 0.5, math.nan)

    @property
    def variance(self):
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape=()):
        with no_grad():
            return bernoulli(self.probs.expand(self._extended_shape(sample_shape)))

    def log_prob(self, value):
        self._validate_sample(value)
        logits, value = broadcast_all(self.logits, value)
        return -binary_cross_entropy_with_logits(logits, value, reduction='none')

    def entropy(self):
        return binary_cross_entropy_with_logits(self.logits, self.probs, reduction='none')

    def enumerate_support(self, expand=True):
        return self._listed(arange(2, dtype=self._param.dtype), expand)

    @property
    def _natural_params(self):
        return (self.probs.logit(),)

    def _log_normalizer(self, x):
        return x.exp().log1p()
