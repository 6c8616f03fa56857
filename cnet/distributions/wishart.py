"""Wishart."""

import math
import warnings
from numbers import Number

from .._core.dtype import finfo
from .._core.size import Size
from .._ops.broadcast import broadcast_shapes
from .._ops.from_data import tensor
from .._ops.linalg_cholesky import cholesky_solve
from .._ops.masked import where
from .._ops.random import randn
from .._ops.sequences import arange
from ..linalg import cholesky, slogdet
from ..special import multigammaln
from . import constraints
from .chi2 import Chi2
from .exp_family import ExponentialFamily
from .multivariate_normal import _from_precision, log_determinant
from .utils import lazy_property, vec_to_tril_matrix

__all__ = ['Wishart']


class Wishart(ExponentialFamily):
    """Sums of `df` outer products of normal vectors around 0, by exactly one of three matrices of these.

    Args:
        df (Tensor or number): how many; more than the number of rows minus 1.
        covariance_matrix (Tensor, optional): positive definite.
        precision_matrix (Tensor, optional): its inverse.
        scale_tril (Tensor, optional): its Cholesky factor, which is what is computed with.
        validate_args (bool, optional): check parameters and values.

    Example:
        >>> import cnet
        >>> cnet.distributions.Wishart(3., cnet.eye(2)).mean
        tensor([[3., 0.],
                [0., 3.]])
    """

    support = constraints.positive_definite
    has_rsample = True
    _mean_carrier_measure = 0

    @property
    def arg_constraints(self):
        """What the parameters must satisfy, by name."""
        return {'covariance_matrix': constraints.positive_definite, 'precision_matrix': constraints.positive_definite,
                'scale_tril': constraints.lower_cholesky, 'df': constraints.greater_than(self._event_shape[-1] - 1)}

    def __init__(self, df, covariance_matrix=None, precision_matrix=None, scale_tril=None, validate_args=None):
        given = {name: m for name, m in (('covariance_matrix', covariance_matrix), ('precision_matrix', precision_matrix),
                                         ('scale_tril', scale_tril)) if m is not None}
        if len(given) != 1:
            raise AssertionError('Exactly one of covariance_matrix or precision_matrix or scale_tril may be specified.')
        ((name, matrix),) = given.items()
        if matrix.dim() < 2:
            raise ValueError('scale_tril must be at least two-dimensional, with optional leading batch dimensions')
        n, batch = matrix.shape[-1], matrix.shape[:-2]
        if isinstance(df, Number):
            self.df = tensor(df, dtype=matrix.dtype)
        else:
            batch = broadcast_shapes(batch, df.shape)
            self.df = df.expand(batch)
        if (self.df <= n - 1).any():
            raise ValueError(f'Value of df={df} expected to be greater than ndim - 1 = {n - 1}.')
        setattr(self, name, matrix.expand(*batch, -1, -1))
        if (self.df < n).any():
            warnings.warn('Low df values detected. Singular samples are highly likely to occur for ndim - 1 < df < ndim.',
                          stacklevel=2)
        super().__init__(batch, matrix.shape[-2:], validate_args=validate_args)
        if name == 'scale_tril':
            self._unbroadcasted_scale_tril = matrix
        else:
            self._unbroadcasted_scale_tril = (cholesky if name == 'covariance_matrix' else _from_precision)(matrix)
        # By Bartlett's decomposition, the squares of the diagonal of the factor of a sample for the unit matrix.
        self._dist_chi2 = Chi2((self.df.unsqueeze(-1) - arange(n, dtype=matrix.dtype)).expand(*batch, n))

    def _whole(self, matrix):
        return matrix.expand(self._batch_shape + self._event_shape)

    @lazy_property
    def scale_tril(self):
        """The Cholesky factor of the covariance."""
        return self._whole(self._unbroadcasted_scale_tril)

    @lazy_property
    def covariance_matrix(self):
        """The covariance of the vectors."""
        return self._whole(self._unbroadcasted_scale_tril @ self._unbroadcasted_scale_tril.mT)

    @lazy_property
    def precision_matrix(self):
        """The inverse of the covariance."""
        return self._whole(self._unbroadcasted_scale_tril.cholesky_inverse())

    def _per_matrix(self, x):
        return x.expand(self._batch_shape).reshape(*self._batch_shape, 1, 1)

    @property
    def mean(self):
        return self._per_matrix(self.df) * self.covariance_matrix

    @property
    def mode(self):
        factor = self.df - self._event_shape[-1] - 1
        return self._per_matrix(factor.masked_fill(factor <= 0, math.nan)) * self.covariance_matrix

    @property
    def variance(self):
        v = self.covariance_matrix
        diagonal = v.diagonal(dim1=-2, dim2=-1)
        return self._per_matrix(self.df) * (v ** 2 + diagonal.unsqueeze(-1) * diagonal.unsqueeze(-2))

    def _bartlett_sampling(self, sample_shape):
        n = self._event_shape[-1]
        root = self._dist_chi2.rsample(sample_shape).sqrt()
        root = root.clamp(min=finfo(root.dtype).eps).diag_embed()
        below = randn(sample_shape + self._batch_shape + (n * (n - 1) // 2,), dtype=root.dtype)
        factor = self._unbroadcasted_scale_tril @ (root + vec_to_tril_matrix(below, diag=-1))
        return factor @ factor.mT

    def rsample(self, sample_shape=(), max_try_correction=10):
        """Random matrices that are differentiable functions of the parameters.

        Args:
            sample_shape (Size): how many per distribution.
            max_try_correction (int, optional): how often matrices are drawn again that rounding made singular. Default: 10.
        """
        sample_shape = Size(sample_shape)
        sample = self._bartlett_sampling(sample_shape)
        for tried in range(10 if max_try_correction is None else max_try_correction):
            singular = ~self.support.check(sample)
            if not singular.any():
                break
            if not tried:
                warnings.warn('Singular sample detected.', stacklevel=2)
            sample = where(singular[..., None, None], self._bartlett_sampling(sample_shape), sample)
        return sample

    def log_prob(self, value):
        self._validate_sample(value)
        nu, n, tril = self.df, self._event_shape[-1], self._unbroadcasted_scale_tril
        trace = cholesky_solve(value, tril.expand(value.shape)).diagonal(dim1=-2, dim2=-1).sum(-1)
        return (-nu * (n * math.log(2) / 2 + log_determinant(tril)) - multigammaln(nu / 2, n)
                + (nu - n - 1) / 2 * slogdet(value).logabsdet - trace / 2)

    def entropy(self):
        nu, n = self.df, self._event_shape[-1]
        digammas = (nu.unsqueeze(-1) / 2 - arange(n, dtype=nu.dtype) / 2).digamma().sum(-1)
        return ((n + 1) * (n * math.log(2) / 2 + log_determinant(self._unbroadcasted_scale_tril)) + multigammaln(nu / 2, n)
                - (nu - n - 1) / 2 * digammas + nu * n / 2)

    @property
    def _natural_params(self):
        return -self.precision_matrix / 2, (self.df - self._event_shape[-1] - 1) / 2

    def _log_normalizer(self, x, y):
        n = self._event_shape[-1]
        half = y + (n + 1) / 2
        return half * (-slogdet(-2 * x).logabsdet + math.log(2) * n) + multigammaln(half, n)
