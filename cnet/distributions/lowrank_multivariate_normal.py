"""LowRankMultivariateNormal."""

import math

from .._ops.broadcast import broadcast_tensors
from .._ops.sequences import eye
from ..linalg import cholesky, solve_triangular
from . import constraints
from .distribution import Distribution
from .multivariate_normal import log_determinant, squared_distance
from .utils import lazy_property, standard_normal

__all__ = ['LowRankMultivariateNormal']


def _plus_one(matrix):
    return matrix + eye(matrix.shape[-1], dtype=matrix.dtype)


class LowRankMultivariateNormal(Distribution):
    """Vectors around `loc` whose covariance is W W^T + D with few columns in W and diagonal D.

    Only a matrix of the size of W's columns is factored (Woodbury's identity and the matrix determinant lemma).

    Args:
        loc (Tensor): mean.
        cov_factor (Tensor): W.
        cov_diag (Tensor): the diagonal of D, positive.
        validate_args (bool, optional): check parameters and values.

    Shape:
        - loc, cov_diag: (*, n).
        - cov_factor: (*, n, m).

    Example:
        >>> import cnet
        >>> d = cnet.distributions.LowRankMultivariateNormal(cnet.zeros(2), cnet.tensor([[1.], [0.]]), cnet.ones(2))
        >>> d.variance
        tensor([2., 1.])
    """

    arg_constraints = {'loc': constraints.real_vector, 'cov_factor': constraints.independent(constraints.real, 2),
                       'cov_diag': constraints.independent(constraints.positive, 1)}
    support = constraints.real_vector
    has_rsample = True

    def __init__(self, loc, cov_factor, cov_diag, validate_args=None):
        if loc.dim() < 1:
            raise ValueError('loc must be at least one-dimensional.')
        event = loc.shape[-1:]
        if cov_factor.dim() < 2:
            raise ValueError('cov_factor must be at least two-dimensional, with optional leading batch dimensions')
        if cov_factor.shape[-2:-1] != event:
            raise ValueError(f'cov_factor must be a batch of matrices with shape {event[0]} x m')
        if cov_diag.shape[-1:] != event:
            raise ValueError(f'cov_diag must be a batch of vectors with shape {event}')
        try:
            wide, self.cov_factor, diag = broadcast_tensors(loc.unsqueeze(-1), cov_factor, cov_diag.unsqueeze(-1))
        except RuntimeError as e:
            raise ValueError(f'Incompatible batch shapes: loc {loc.shape}, cov_factor {cov_factor.shape}, cov_diag '
                             f'{cov_diag.shape}') from e
        self.loc, self.cov_diag = wide[..., 0], diag[..., 0]
        self._unbroadcasted_cov_factor, self._unbroadcasted_cov_diag = cov_factor, cov_diag
        self._capacitance_tril = cholesky(_plus_one(self._scaled_factor() @ cov_factor))
        super().__init__(self.loc.shape[:-1], event, validate_args=validate_args)

    def _scaled_factor(self):
        """W^T D^-1."""
        return self._unbroadcasted_cov_factor.mT / self._unbroadcasted_cov_diag.unsqueeze(-2)

    def _log_determinant(self):
        return 2 * log_determinant(self._capacitance_tril) + self._unbroadcasted_cov_diag.log().sum(-1)

    def _squared_distance(self, x):
        """x^T (W W^T + D)^-1 x."""
        inner = (self._scaled_factor() @ x.unsqueeze(-1)).squeeze(-1)
        return (x ** 2 / self._unbroadcasted_cov_diag).sum(-1) - squared_distance(self._capacitance_tril, inner)

    def _whole(self, matrix):
        return matrix.expand(self._batch_shape + self._event_shape + self._event_shape)

    @property
    def mean(self):
        return self.loc

    mode = mean

    @lazy_property
    def variance(self):
        variance = (self._unbroadcasted_cov_factor ** 2).sum(-1) + self._unbroadcasted_cov_diag
        return variance.expand(self._batch_shape + self._event_shape)

    @lazy_property
    def scale_tril(self):
        """The Cholesky factor of the covariance."""
        root = self._unbroadcasted_cov_diag.sqrt().unsqueeze(-1)
        w = self._unbroadcasted_cov_factor / root
        return self._whole(root * cholesky(_plus_one(w @ w.mT)))

    @lazy_property
    def covariance_matrix(self):
        """The covariance."""
        w = self._unbroadcasted_cov_factor
        return self._whole(w @ w.mT + self._unbroadcasted_cov_diag.diag_embed())

    @lazy_property
    def precision_matrix(self):
        """The inverse of the covariance."""
        a = solve_triangular(self._capacitance_tril, self._scaled_factor(), upper=False)
        return self._whole(self._unbroadcasted_cov_diag.reciprocal().diag_embed() - a.mT @ a)

    def rsample(self, sample_shape=()):
        shape = self._extended_shape(sample_shape)
        few = standard_normal(shape[:-1] + self.cov_factor.shape[-1:], self.loc.dtype)
        own = standard_normal(shape, self.loc.dtype)
        common = (self._unbroadcasted_cov_factor @ few.unsqueeze(-1)).squeeze(-1)
        return self.loc + common + self._unbroadcasted_cov_diag.sqrt() * own

    def log_prob(self, value):
        self._validate_sample(value)
        constant = self._event_shape[0] * math.log(2 * math.pi)
        return -0.5 * (constant + self._log_determinant() + self._squared_distance(value - self.loc))

    def entropy(self):
        h = 0.5 * (self._event_shape[0] * (1 + math.log(2 * math.pi)) + self._log_determinant())
        return h.expand(self._batch_shape)
