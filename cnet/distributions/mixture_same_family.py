"""MixtureSameFamily."""

from .._core.mode import no_grad
from . import constraints
from .categorical import Categorical
from .distribution import Distribution

__all__ = ['MixtureSameFamily']


class MixtureSameFamily(Distribution):
    """Events of one of several distributions of a batch, drawn each time.

    Args:
        mixture_distribution (Categorical): draws the component.
        component_distribution (Distribution): the components, along its last batch dimension.
        validate_args (bool, optional): check values.

    Example:
        >>> import cnet
        >>> from cnet.distributions import Categorical, MixtureSameFamily, Normal
        >>> d = MixtureSameFamily(Categorical(cnet.ones(2)), Normal(cnet.tensor([-1., 1.]), cnet.ones(2)))
        >>> d.mean, d.variance
        (tensor(0.), tensor(2.))
    """

    arg_constraints: dict[str, constraints.Constraint] = {}

    def __init__(self, mixture_distribution, component_distribution, validate_args=None):
        if not isinstance(mixture_distribution, Categorical):
            raise ValueError(' The Mixture distribution needs to be an  instance of torch.distributions.Categorical')
        if not isinstance(component_distribution, Distribution):
            raise ValueError('The Component distribution needs to be an instance of torch.distributions.Distribution')
        mixture_batch, batch = mixture_distribution.batch_shape, component_distribution.batch_shape[:-1]
        if any(n != 1 and m != 1 and n != m for n, m in zip(reversed(mixture_batch), reversed(batch))):
            raise ValueError(f'`mixture_distribution.batch_shape` ({mixture_batch}) is not compatible with '
                             f'`component_distribution.batch_shape`({batch})')
        km, kc = mixture_distribution.logits.shape[-1], component_distribution.batch_shape[-1]
        if km != kc:
            raise ValueError(f'`mixture_distribution component` ({km}) does not equal '
                             f'`component_distribution.batch_shape[-1]` ({kc})')
        self._mixture_distribution, self._component_distribution = mixture_distribution, component_distribution
        self._num_component, self._event_ndims = km, len(component_distribution.event_shape)
        super().__init__(batch, component_distribution.event_shape, validate_args=validate_args)

    @constraints.dependent_property
    def support(self):
        """What all components allow."""
        return constraints.MixtureSameFamilyConstraint(self._component_distribution.support)

    @property
    def mixture_distribution(self):
        """What draws the component."""
        return self._mixture_distribution

    @property
    def component_distribution(self):
        """The components."""
        return self._component_distribution

    def _weights(self):
        """The probabilities of the components, with dimensions for batch and event."""
        probs, batch = self._mixture_distribution.probs, len(self._mixture_distribution.batch_shape)
        more = 0 if batch == 1 else len(self._batch_shape) - batch
        return probs.reshape(*probs.shape[:-1], *(1,) * more, probs.shape[-1], *(1,) * self._event_ndims)

    def _pad(self, x):
        return x.unsqueeze(-1 - self._event_ndims)

    def _mixed(self, x):
        return (self._weights() * x).sum(-1 - self._event_ndims)

    @property
    def mean(self):
        return self._mixed(self._component_distribution.mean)

    @property
    def variance(self):
        d = self._component_distribution
        return self._mixed(d.variance) + self._mixed((d.mean - self._pad(self.mean)) ** 2)

    def cdf(self, x):
        return (self._component_distribution.cdf(self._pad(x)) * self._mixture_distribution.probs).sum(-1)

    def log_prob(self, x):
        self._validate_sample(x)
        parts = self._component_distribution.log_prob(self._pad(x))
        return (parts + self._mixture_distribution.logits.log_softmax(-1)).logsumexp(-1)

    def sample(self, sample_shape=()):
        with no_grad():
            which = self._mixture_distribution.sample(sample_shape)
            events = self._component_distribution.sample(sample_shape)
            dim = len(sample_shape) + len(self._batch_shape)
            which = which.reshape(*which.shape, *(1,) * (self._event_ndims + 1))
            return events.gather(dim, which.expand(*which.shape[:-self._event_ndims or None], *self._event_shape)).squeeze(dim)

    def __repr__(self):
        return f'MixtureSameFamily(\n  {self._mixture_distribution},\n  {self._component_distribution})'
