"""RelaxedOneHotCategorical, and its logarithms."""

from .._ops.create import full_like
from .._ops.random import rand
from . import constraints
from .categorical import Categorical
from .distribution import Distribution
from .transformed_distribution import TransformedDistribution
from .transforms import ExpTransform
from .utils import broadcast_all, clamp_probs

__all__ = ['ExpRelaxedCategorical', 'RelaxedOneHotCategorical']


class ExpRelaxedCategorical(Distribution):
    """Logarithms of RelaxedOneHotCategorical vectors.

    Args:
        temperature (Tensor): how far from a single 1 the vectors are.
        probs (Tensor, optional): the probabilities of the places; they need not sum to 1.
        logits (Tensor, optional): the logarithms of these, instead.
        validate_args (bool, optional): check parameters and values.

    Example:
        >>> import cnet
        >>> from cnet.distributions.relaxed_categorical import ExpRelaxedCategorical
        >>> ExpRelaxedCategorical(cnet.tensor(1.), cnet.ones(3)).event_shape
        cnet.Size([3])
    """

    arg_constraints = {'probs': constraints.simplex, 'logits': constraints.real_vector}
    support = constraints.real_vector
    has_rsample = True

    def __init__(self, temperature, probs=None, logits=None, validate_args=None):
        self._categorical = Categorical(probs, logits)
        self.temperature = temperature
        super().__init__(self._categorical.batch_shape, self._categorical.param_shape[-1:], validate_args=validate_args)

    @property
    def probs(self):
        """The probabilities."""
        return self._categorical.probs

    @property
    def logits(self):
        """The logarithms of the probabilities."""
        return self._categorical.logits

    @property
    def param_shape(self):
        """The shape of the parameter that was given."""
        return self._categorical.param_shape

    def rsample(self, sample_shape=()):
        u = clamp_probs(rand(self._extended_shape(sample_shape), dtype=self.logits.dtype))
        scores = (self.logits - (-u.log()).log()) / self.temperature
        return scores - scores.logsumexp(-1, keepdim=True)

    def log_prob(self, value):
        k = self._event_shape[0]
        self._validate_sample(value)
        logits, value = broadcast_all(self.logits, value)
        scale = full_like(self.temperature, float(k)).lgamma() + self.temperature.log() * (k - 1)
        score = logits - value * self.temperature
        return (score - score.logsumexp(-1, keepdim=True)).sum(-1) + scale


class RelaxedOneHotCategorical(TransformedDistribution):
    """Probabilities near a single 1, at the place that a Categorical draws, with gradients.

    Args:
        temperature (Tensor): 0 would give the single 1 itself.
        probs (Tensor, optional): the probabilities of the places; they need not sum to 1.
        logits (Tensor, optional): the logarithms of these, instead.
        validate_args (bool, optional): check parameters and values.

    Example:
        >>> import cnet
        >>> x = cnet.distributions.RelaxedOneHotCategorical(cnet.tensor(1.), cnet.ones(3)).sample()
        >>> cnet.allclose(x.sum(), cnet.tensor(1.))
        True
    """

    arg_constraints = {'probs': constraints.simplex, 'logits': constraints.real_vector}
    support = constraints.simplex
    has_rsample = True

    def __init__(self, temperature, probs=None, logits=None, validate_args=None):
        super().__init__(ExpRelaxedCategorical(temperature, probs, logits, validate_args=validate_args), ExpTransform(),
                         validate_args=validate_args)

    @property
    def temperature(self):
        """How far from a single 1 the vectors are."""
        return self.base_dist.temperature

    @property
    def logits(self):
        """The logarithms of the probabilities."""
        return self.base_dist.logits

    @property
    def probs(self):
        """The probabilities."""
        return self.base_dist.probs
