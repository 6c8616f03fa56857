"""MultivariateNormal."""

import math

from .._ops.broadcast import broadcast_shapes
from .._ops.sequences import eye
from ..linalg import cholesky, solve_triangular
from . import constraints
from .distribution import Distribution
from .utils import lazy_property, standard_normal

__all__ = ['MultivariateNormal']


def log_determinant(tril):
    """The logarithm of the product of the diagonal."""
    return tril.diagonal(dim1=-2, dim2=-1).log().sum(-1)


def squared_distance(tril, x):
    """x^T (L L^T)^-1 x for vectors in the last dimension of `x`, whose batch may be larger than that of L."""
    n = x.shape[-1]
    if tril.dim() == 2:  # one solve for all vectors
        return (solve_triangular(tril, x.reshape(-1, n).T, upper=False) ** 2).sum(0).reshape(x.shape[:-1])
    batch = broadcast_shapes(tril.shape[:-2], x.shape[:-1])
    y = solve_triangular(tril.expand(*batch, n, n), x.expand(*batch, n).unsqueeze(-1), upper=False)
    return (y ** 2).sum((-2, -1))


def _from_precision(precision):
    """The L of the covariance L L^T, by factoring the precision from its other end."""
    inverse = cholesky(precision.flip((-2, -1))).flip((-2, -1)).mT
    return solve_triangular(inverse, eye(precision.shape[-1], dtype=precision.dtype), upper=False)


class MultivariateNormal(Distribution):
    """Vectors around `loc`, by exactly one of three matrices.

    Args:
        loc (Tensor): mean.
        covariance_matrix (Tensor, optional): positive definite.
        precision_matrix (Tensor, optional): its inverse.
        scale_tril (Tensor, optional): its Cholesky factor, which is what is computed with.
        validate_args (bool, optional): check parameters and values.

    Example:
        >>> import cnet
        >>> d = cnet.distributions.MultivariateNormal(cnet.zeros(2), cnet.eye(2))
        >>> d.log_prob(cnet.zeros(2))
        tensor(-1.8379)
    """

    arg_constraints = {'loc': constraints.real_vector, 'covariance_matrix': constraints.positive_definite,
                       'precision_matrix': constraints.positive_definite, 'scale_tril': constraints.lower_cholesky}
    support = constraints.real_vector
    has_rsample = True

    def __init__(self, loc, covariance_matrix=None, precision_matrix=None, scale_tril=None, validate_args=None):
        if loc.dim() < 1:
            raise ValueError('loc must be at least one-dimensional.')
        given = {name: m for name, m in (('covariance_matrix', covariance_matrix), ('precision_matrix', precision_matrix),
                                         ('scale_tril', scale_tril)) if m is not None}
        if len(given) != 1:
            raise ValueError('Exactly one of covariance_matrix or precision_matrix or scale_tril may be specified.')
        ((name, matrix),) = given.items()
        if matrix.dim() < 2:
            what = 'scale_tril matrix' if name == 'scale_tril' else name
            raise ValueError(f'{what} must be at least two-dimensional, with optional leading batch dimensions')
        batch = broadcast_shapes(matrix.shape[:-2], loc.shape[:-1])
        setattr(self, name, matrix.expand(*batch, -1, -1))
        self.loc = loc.expand(*batch, -1)
        super().__init__(batch, loc.shape[-1:], validate_args=validate_args)
        if name == 'scale_tril':
            self._unbroadcasted_scale_tril = matrix
        else:
            self._unbroadcasted_scale_tril = (cholesky if name == 'covariance_matrix' else _from_precision)(matrix)

    def _whole(self, matrix):
        return matrix.expand(self._batch_shape + self._event_shape + self._event_shape)

    @lazy_property
    def scale_tril(self):
        """The Cholesky factor of the covariance."""
        return self._whole(self._unbroadcasted_scale_tril)

    @lazy_property
    def covariance_matrix(self):
        """The covariance."""
        return self._whole(self._unbroadcasted_scale_tril @ self._unbroadcasted_scale_tril.mT)

    @lazy_property
    def precision_matrix(self):
        """The inverse of the covariance."""
        return self._whole(self._unbroadcasted_scale_tril.cholesky_inverse())

    @property
    def mean(self):
        return self.loc

    mode = mean

    @property
    def variance(self):
        return (self._unbroadcasted_scale_tril ** 2).sum(-1).expand(self._batch_shape + self._event_shape)

    def rsample(self, sample_shape=()):
        eps = standard_normal(self._extended_shape(sample_shape), self.loc.dtype)
        return self.loc + (self._unbroadcasted_scale_tril @ eps.unsqueeze(-1)).squeeze(-1)

    def log_prob(self, value):
        self._validate_sample(value)
        distance = squared_distance(self._unbroadcasted_scale_tril, value - self.loc)
        constant = self._event_shape[0] * math.log(2 * math.pi)
        return -0.5 * (constant + distance) - log_determinant(self._unbroadcasted_scale_tril)

    def entropy(self):
        constant = 0.5 * self._event_shape[0] * (1 + math.log(2 * math.pi))
        return (constant + log_determinant(self._unbroadcasted_scale_tril)).expand(self._batch_shape)
