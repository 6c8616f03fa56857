"""Categorical."""

import math

from .._core.dtype import finfo
from .._core.size import Size
from .._ops.broadcast import broadcast_tensors
from .._ops.create import full
from .._ops.sample import multinomial
from .._ops.sequences import arange
from . import constraints
from .distribution import Distribution
from .utils import lazy_property, logits_to_probs, probs_to_logits

__all__ = ['Categorical']


class Categorical(Distribution):
    """One of the numbers 0 ... K - 1.

    Args:
        probs (Tensor, optional): their probabilities along the last dimension; they need not sum to 1.
        logits (Tensor, optional): the logarithms of these, instead.
        validate_args (bool, optional): check parameters and values.

    Example:
        >>> import cnet
        >>> d = cnet.distributions.Categorical(cnet.tensor([1., 3.]))
        >>> d.log_prob(cnet.tensor(1)).exp()
        tensor(0.7500)
    """

    arg_constraints = {'probs': constraints.simplex, 'logits': constraints.real_vector}
    has_enumerate_support = True

    def __init__(self, probs=None, logits=None, validate_args=None):
        if (probs is None) == (logits is None):
            raise ValueError('Either `probs` or `logits` must be specified, but not both.')
        name, given = ('logits', logits) if probs is None else ('probs', probs)
        if given.dim() < 1:
            raise ValueError(f'`{name}` parameter must be at least one-dimensional.')
        if probs is None:
            self.logits = logits - logits.logsumexp(-1, keepdim=True)
        else:
            self.probs = probs / probs.sum(-1, keepdim=True)
        super().__init__(given.shape[:-1], validate_args=validate_args)

    @constraints.dependent_property(is_discrete=True, event_dim=0)
    def support(self):
        """The numbers 0 ... K - 1."""
        return constraints.integer_interval(0, self._num_events - 1)

    @lazy_property
    def logits(self):
        """The logarithms of the probabilities."""
        return probs_to_logits(self.probs)

    @lazy_property
    def probs(self):
        """The probabilities."""
        return logits_to_probs(self.logits)

    @property
    def _param(self):
        return self.__dict__.get('probs', self.__dict__.get('logits'))

    @property
    def _num_events(self):
        return self._param.shape[-1]

    @property
    def param_shape(self):
        """The shape of the parameter that was given."""
        return self._param.shape

    @property
    def mean(self):
        return full(self._batch_shape, math.nan, dtype=self._param.dtype)

    variance = mean

    @property
    def mode(self):
        return self.probs.argmax(-1)

    def sample(self, sample_shape=()):
        flat = self.probs.detach().reshape(-1, self._num_events)
        return multinomial(flat, Size(sample_shape).numel(), True).T.reshape(self._extended_shape(sample_shape))

    def log_prob(self, value):
        self._validate_sample(value)
        at, logits = broadcast_tensors(value.long().unsqueeze(-1), self.logits)
        return logits.gather(-1, at[..., :1]).squeeze(-1)

    def entropy(self):
        return -(self.logits.clamp(min=finfo(self.logits.dtype).min) * self.probs).sum(-1)

    def enumerate_support(self, expand=True):
        return self._listed(arange(self._num_events), expand)
