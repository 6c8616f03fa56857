"""ContinuousBernoulli."""

import math
from numbers import Number

from .._core.mode import no_grad
from .._ops.masked import where
from .._ops.random import rand
from ..nn.functional import binary_cross_entropy_with_logits
from . import constraints
from .bernoulli import Binary
from .distribution import Distribution
from .exp_family import ExponentialFamily
from .utils import broadcast_all, clamp_probs, lazy_property, logits_to_probs

__all__ = ['ContinuousBernoulli']


class ContinuousBernoulli(Binary, ExponentialFamily):
    """Numbers of [0, 1] whose density is proportional to probs^x (1 - probs)^(1 - x).

    Near `probs` = 0.5 the formulas are 0 / 0; there a few terms of their power series serve.

    Args:
        probs (Tensor or number, optional): the parameter, of (0, 1); it is not the mean.
        logits (Tensor or number, optional): the logarithm of its odds, instead.
        lims (tuple): between which values of `probs` the series is taken. Default: (0.499, 0.501).
        validate_args (bool, optional): check parameters and values.

    Example:
        >>> import cnet
        >>> cnet.distributions.ContinuousBernoulli(0.5).mean
        tensor(0.5000)
    """

    support = constraints.unit_interval
    has_rsample = True
    _mean_carrier_measure = 0

    def __init__(self, probs=None, logits=None, lims=(0.499, 0.501), validate_args=None):
        if (probs is None) == (logits is None):
            raise ValueError('Either `probs` or `logits` must be specified, but not both.')
        given = logits if probs is None else probs
        (param,) = broadcast_all(given)
        if probs is None:
            self.logits = param
        else:
            if validate_args is not None and not constraints.unit_interval.check(param).all():
                raise ValueError('The parameter probs has invalid values')
            self.probs = param = clamp_probs(param)
        self._lims = lims
        Distribution.__init__(self, () if isinstance(given, Number) else param.shape, validate_args=validate_args)

    @lazy_property
    def probs(self):
        """The parameter."""
        return clamp_probs(logits_to_probs(self.logits, is_binary=True))

    def _outside(self):
        return (self.probs <= self._lims[0]) | (self.probs > self._lims[1])

    def _cut(self):
        """Where to use the formulas, and `probs` with other values replaced by one that is safe."""
        outside = self._outside()
        return outside, self.probs.masked_fill(~outside, self._lims[0])

    def _cont_bern_log_norm(self):
        outside, p = self._cut()
        low = p <= 0.5
        span = where(low, (-2 * p.masked_fill(~low, 0)).log1p(), (2 * p.masked_fill(p < 0.5, 1) - 1).log())
        x = (self.probs - 0.5) ** 2
        series = math.log(2) + (4 / 3 + 104 / 45 * x) * x
        return where(outside, ((-p).log1p() - p.log()).abs().log() - span, series)

    @property
    def mean(self):
        outside, p = self._cut()
        x = self.probs - 0.5
        series = 0.5 + (1 / 3 + 16 / 45 * x ** 2) * x
        return where(outside, p / (2 * p - 1) + 1 / ((-p).log1p() - p.log()), series)

    @property
    def variance(self):
        outside, p = self._cut()
        x = (self.probs - 0.5) ** 2
        series = 1 / 12 - (1 / 15 - 128 / 945 * x) * x
        return where(outside, p * (p - 1) / (1 - 2 * p) ** 2 + 1 / ((-p).log1p() - p.log()) ** 2, series)

    def sample(self, sample_shape=()):
        with no_grad():
            return self.rsample(sample_shape)

    def rsample(self, sample_shape=()):
        return self.icdf(rand(self._extended_shape(sample_shape), dtype=self.probs.dtype))

    def log_prob(self, value):
        self._validate_sample(value)
        logits, value = broadcast_all(self.logits, value)
        return -binary_cross_entropy_with_logits(logits, value, reduction='none') + self._cont_bern_log_norm()

    def cdf(self, value):
        self._validate_sample(value)
        outside, p = self._cut()
        inner = where(outside, (p ** value * (1 - p) ** (1 - value) + p - 1) / (2 * p - 1), value)
        return inner.masked_fill(value <= 0, 0).masked_fill(value >= 1, 1)

    def icdf(self, value):
        outside, p = self._cut()
        low = (-p).log1p()
        return where(outside, ((-p + value * (2 * p - 1)).log1p() - low) / (p.log() - low), value)

    def entropy(self):
        low = (-self.probs).log1p()
        return self.mean * (low - self.probs.log()) - self._cont_bern_log_norm() - low

    @property
    def _natural_params(self):
        return (self.logits,)

    def _log_normalizer(self, x):
        outside = (x <= self._lims[0] - 0.5) | (x > self._lims[1] - 0.5)
        safe = x.masked_fill(~outside, self._lims[0] - 0.5)
        series = 0.5 * x + x ** 2 / 24 - x ** 4 / 2880
        return where(outside, safe.expm1().abs().log() - safe.abs().log(), series)
