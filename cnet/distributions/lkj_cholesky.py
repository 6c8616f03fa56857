"""LKJCholesky."""

import math

from .._core.dtype import finfo
from .._core.mode import no_grad
from .._ops.create import zeros
from .._ops.join import cat
from .._ops.random import randn
from .._ops.sequences import arange
from ..special import multigammaln
from . import constraints
from .beta import Beta
from .distribution import Distribution
from .utils import broadcast_all

__all__ = ['LKJCholesky']


class LKJCholesky(Distribution):
    """Cholesky factors of correlation matrices, by the onion method (D. Lewandowski, D. Kurowicka, H. Joe, 2009).

    Args:
        dim (int): the number of rows.
        concentration (Tensor or number): 1 makes all correlation matrices equally likely, more favours the unit matrix.
            Default: 1.
        validate_args (bool, optional): check parameters and values.

    Example:
        >>> import cnet
        >>> cnet.distributions.LKJCholesky(2, 1.).log_prob(cnet.eye(2))
        tensor(-0.6931)
    """

    arg_constraints = {'concentration': constraints.positive}
    support = constraints.corr_cholesky

    def __init__(self, dim, concentration=1.0, validate_args=None):
        if dim < 2:
            raise ValueError(f'Expected dim to be an integer greater than or equal to 2. Found dim={dim}.')
        self.dim = dim
        (self.concentration,) = broadcast_all(concentration)
        dtype = self.concentration.dtype
        offset = 0.5 * cat([zeros(1, dtype=dtype), arange(dim - 1, dtype=dtype)])
        # Of each row's square length 1, the part beside the diagonal; with i numbers there, its first parameter is i / 2.
        self._beta = Beta(offset + 0.5, (self.concentration + 0.5 * (dim - 2)).unsqueeze(-1) - offset)
        super().__init__(self.concentration.shape, (dim, dim), validate_args)

    def sample(self, sample_shape=()):
        with no_grad():
            share = self._beta.sample(sample_shape).unsqueeze(-1)
            direction = randn(self._extended_shape(sample_shape), dtype=share.dtype).tril(-1)
            direction = direction / direction.norm(dim=-1, keepdim=True)
            direction[..., 0, :].fill_(0)
            w = share.sqrt() * direction
            rest = (1 - (w ** 2).sum(-1)).clamp(min=finfo(w.dtype).tiny)
            return w + rest.sqrt().diag_embed()

    def log_prob(self, value):
        self._validate_sample(value)
        diagonal = value.diagonal(dim1=-1, dim2=-2)[..., 1:]
        rows = self.dim - 1
        order = 2 * (self.concentration - 1).unsqueeze(-1) + self.dim - arange(2, self.dim + 1)
        alpha = self.concentration + 0.5 * rows
        normalizer = 0.5 * rows * math.log(math.pi) + multigammaln(alpha - 0.5, rows) - alpha.lgamma() * rows
        return (order * diagonal.log()).sum(-1) - normalizer
