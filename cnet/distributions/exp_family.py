"""Distributions of the form h(x) exp(n . t(x) - A(n))."""

from ..autograd import grad
from .distribution import Distribution

__all__ = ['ExponentialFamily']


class ExponentialFamily(Distribution):
    """The base class of distributions whose density is h(x) exp(n . t(x) - A(n)).

    Subclasses that define `_natural_params` (the tensors n), `_log_normalizer` (the function A) and `_mean_carrier_measure`
    (the mean of log h(x)) have their entropy, and divergences within their class, by derivatives of A.

    Args:
        batch_shape (Size): how many distributions there are.
        event_shape (Size): the shape of one event.
        validate_args (bool, optional): check parameters and values.

    Example:
        >>> import cnet
        >>> from cnet.distributions import ExponentialFamily, Normal
        >>> isinstance(Normal(0., 1.), ExponentialFamily)
        True
    """

    @property
    def _natural_params(self):
        raise NotImplementedError

    def _log_normalizer(self, *natural_params):
        raise NotImplementedError

    @property
    def _mean_carrier_measure(self):
        raise NotImplementedError

    def entropy(self):
        result = -self._mean_carrier_measure
        params = [p.detach().requires_grad_() for p in self._natural_params]
        normalizer = self._log_normalizer(*params)
        result = result + normalizer
        for p, slope in zip(params, grad(normalizer.sum(), params, create_graph=True)):
            result = result - (p * slope).reshape(*self._batch_shape, -1).sum(-1)
        return result
