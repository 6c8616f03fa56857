"""Functions of numbers, vectors and matrices, most of them invertible, between unconstrained and constrained values."""

import math
from numbers import Number

from .._core.dtype import finfo
from .._ops.broadcast import broadcast_shapes
from .._ops.create import full_like
from .._ops.sequences import eye
from ..linalg import cholesky
from ..nn.functional import logsigmoid, pad, softplus
from . import constraints
from ._joined_transforms import CatTransform, CumulativeDistributionTransform, StackTransform
from ._transform import ComposeTransform, IndependentTransform, ReshapeTransform, Transform, identity_transform
from .utils import broadcast_all, lazy_property, tril_matrix_to_vec, vec_to_tril_matrix

__all__ = ['AbsTransform', 'AffineTransform', 'CatTransform', 'ComposeTransform', 'CorrCholeskyTransform',
           'CumulativeDistributionTransform', 'ExpTransform', 'IndependentTransform', 'LowerCholeskyTransform',
           'PositiveDefiniteTransform', 'PowerTransform', 'ReshapeTransform', 'SigmoidTransform', 'SoftmaxTransform',
           'SoftplusTransform', 'StackTransform', 'StickBreakingTransform', 'TanhTransform', 'Transform', 'identity_transform']


class _Plain(Transform):
    """A transform without parameters: any two of one class are equal."""

    def __eq__(self, other):
        return isinstance(other, type(self))


class _Increasing(_Plain):
    """An increasing function of one number."""

    bijective = True
    domain = constraints.real
    sign = 1


class ExpTransform(_Increasing):
    """exp(x).

    Args:
        cache_size (int): 0 or 1. Default: 0.

    Example:
        >>> import cnet
        >>> cnet.distributions.ExpTransform()(cnet.tensor(0.))
        tensor(1.)
    """

    codomain = constraints.positive

    def _call(self, x):
        return x.exp()

    def _inverse(self, y):
        return y.log()

    def log_abs_det_jacobian(self, x, y):
        return x


class PowerTransform(Transform):
    """x to a power.

    Args:
        exponent (Tensor or number): the power.
        cache_size (int): 0 or 1. Default: 0.

    Example:
        >>> import cnet
        >>> cnet.distributions.PowerTransform(2.)(cnet.tensor(3.))
        tensor(9.)
    """

    domain = constraints.positive
    codomain = constraints.positive
    bijective = True

    def __init__(self, exponent, cache_size=0):
        super().__init__(cache_size)
        (self.exponent,) = broadcast_all(exponent)

    def with_cache(self, cache_size=1):
        return self if self._cache_size == cache_size else PowerTransform(self.exponent, cache_size)

    @lazy_property
    def sign(self):
        """The sign of the exponent."""
        return self.exponent.sign()

    def __eq__(self, other):
        return isinstance(other, PowerTransform) and self.exponent.eq(other.exponent).all().item()

    def _call(self, x):
        return x.pow(self.exponent)

    def _inverse(self, y):
        return y.pow(1 / self.exponent)

    def log_abs_det_jacobian(self, x, y):
        return (self.exponent * y / x).abs().log()

    def forward_shape(self, shape):
        return broadcast_shapes(shape, self.exponent.shape)

    inverse_shape = forward_shape


def _clipped_sigmoid(x):
    """The logistic function without its limits 0 and 1."""
    info = finfo(x.dtype)
    return x.sigmoid().clamp(min=info.tiny, max=1 - info.eps)


class SigmoidTransform(_Increasing):
    """The logistic function.

    Args:
        cache_size (int): 0 or 1. Default: 0.

    Example:
        >>> import cnet
        >>> cnet.distributions.SigmoidTransform()(cnet.tensor(0.))
        tensor(0.5000)
    """

    codomain = constraints.unit_interval

    def _call(self, x):
        return _clipped_sigmoid(x)

    def _inverse(self, y):
        info = finfo(y.dtype)
        y = y.clamp(min=info.tiny, max=1 - info.eps)
        return y.log() - (-y).log1p()

    def log_abs_det_jacobian(self, x, y):
        return -softplus(-x) - softplus(x)


class SoftplusTransform(_Increasing):
    """log(1 + exp(x)).

    Args:
        cache_size (int): 0 or 1. Default: 0.

    Example:
        >>> import cnet
        >>> cnet.distributions.SoftplusTransform()(cnet.tensor(0.))
        tensor(0.6931)
    """

    codomain = constraints.positive

    def _call(self, x):
        return softplus(x)

    def _inverse(self, y):
        return (-(-y).expm1()).log() + y

    def log_abs_det_jacobian(self, x, y):
        return -softplus(-x)


class TanhTransform(_Increasing):
    """tanh(x).

    Args:
        cache_size (int): 0 or 1. Default: 0.

    Example:
        >>> import cnet
        >>> cnet.distributions.TanhTransform()(cnet.tensor(0.))
        tensor(0.)
    """

    codomain = constraints.interval(-1.0, 1.0)

    def _call(self, x):
        return x.tanh()

    def _inverse(self, y):
        return y.atanh()

    def log_abs_det_jacobian(self, x, y):
        return 2 * (math.log(2) - x - softplus(-2 * x))


class AbsTransform(_Plain):
    """|x|, whose inverse gives the positive of the two arguments.

    Args:
        cache_size (int): 0 or 1. Default: 0.

    Example:
        >>> import cnet
        >>> cnet.distributions.AbsTransform()(cnet.tensor(-2.))
        tensor(2.)
    """

    domain = constraints.real
    codomain = constraints.positive

    def _call(self, x):
        return x.abs()

    def _inverse(self, y):
        return y


def _same(a, b):
    return a == b if isinstance(a, Number) and isinstance(b, Number) else (a == b).all().item()


class AffineTransform(Transform):
    """loc + scale x.

    Args:
        loc (Tensor or number): the result for 0.
        scale (Tensor or number): the slope.
        event_dim (int): how many dimensions make one event. Default: 0.
        cache_size (int): 0 or 1. Default: 0.

    Example:
        >>> import cnet
        >>> cnet.distributions.AffineTransform(1., 2.)(cnet.tensor(3.))
        tensor(7.)
    """

    bijective = True

    def __init__(self, loc, scale, event_dim=0, cache_size=0):
        super().__init__(cache_size)
        self.loc, self.scale, self._event_dim = loc, scale, event_dim

    @property
    def event_dim(self):
        """How many dimensions make one event."""
        return self._event_dim

    @constraints.dependent_property(is_discrete=False)
    def domain(self):
        """All numbers."""
        return constraints.independent(constraints.real, self._event_dim) if self._event_dim else constraints.real

    codomain = domain

    def with_cache(self, cache_size=1):
        if self._cache_size == cache_size:
            return self
        return AffineTransform(self.loc, self.scale, self._event_dim, cache_size)

    def __eq__(self, other):
        return isinstance(other, AffineTransform) and _same(self.loc, other.loc) and _same(self.scale, other.scale)

    @property
    def sign(self):
        scale = self.scale
        return (scale > 0) - (scale < 0) if isinstance(scale, Number) else scale.sign()

    def _call(self, x):
        return self.loc + self.scale * x

    def _inverse(self, y):
        return (y - self.loc) / self.scale

    def log_abs_det_jacobian(self, x, y):
        shape, scale, n = x.shape, self.scale, self._event_dim
        result = full_like(x, math.log(abs(scale))) if isinstance(scale, Number) else scale.abs().log()
        if n:
            result, shape = result.view(*result.shape[:-n], -1).sum(-1), shape[:-n]
        return result.expand(shape)

    def forward_shape(self, shape):
        return broadcast_shapes(shape, getattr(self.loc, 'shape', ()), getattr(self.scale, 'shape', ()))

    inverse_shape = forward_shape


class CorrCholeskyTransform(Transform):
    """Unconstrained vectors to the Cholesky factors of correlation matrices, by canonical partial correlations.

    Args:
        cache_size (int): 0 or 1. Default: 0.

    Shape:
        - Argument: (*, n (n - 1) / 2).
        - Result: (*, n, n).

    Example:
        >>> import cnet
        >>> cnet.distributions.CorrCholeskyTransform()(cnet.zeros(1))
        tensor([[1., 0.],
                [0., 1.]])
    """

    domain = constraints.real_vector
    codomain = constraints.corr_cholesky
    bijective = True

    def _call(self, x):
        x = x.tanh()
        eps = finfo(x.dtype).eps
        r = vec_to_tril_matrix(x.clamp(min=-1 + eps, max=1 - eps), diag=-1)
        left = (1 - r ** 2).sqrt().cumprod(-1)  # what is left of the unit length of a row
        return (r + eye(r.shape[-1], dtype=r.dtype)) * pad(left[..., :-1], [1, 0], value=1)

    def _inverse(self, y):
        left = pad(1 - (y * y).cumsum(-1)[..., :-1], [1, 0], value=1)
        t = tril_matrix_to_vec(y, diag=-1) / tril_matrix_to_vec(left, diag=-1).sqrt()
        return (t.log1p() - (-t).log1p()) / 2

    def log_abs_det_jacobian(self, x, y, intermediates=None):
        left = tril_matrix_to_vec(1 - (y * y).cumsum(-1), diag=-2)
        return 0.5 * left.log().sum(-1) - 2 * (x + softplus(-2 * x) - math.log(2)).sum(-1)

    def forward_shape(self, shape):
        if len(shape) < 1:
            raise ValueError('Too few dimensions on input')
        n = round((0.25 + 2 * shape[-1]) ** 0.5 + 0.5)
        if n * (n - 1) // 2 != shape[-1]:
            raise ValueError('Input is not a flattened lower-diagonal number')
        return shape[:-1] + (n, n)

    def inverse_shape(self, shape):
        if len(shape) < 2:
            raise ValueError('Too few dimensions on input')
        if shape[-2] != shape[-1]:
            raise ValueError('Input is not square')
        return shape[:-2] + (shape[-1] * (shape[-1] - 1) // 2,)


class SoftmaxTransform(_Plain):
    """Unconstrained vectors to probabilities: exp(x) over its sum. Its inverse gives one of many arguments.

    Args:
        cache_size (int): 0 or 1. Default: 0.

    Example:
        >>> import cnet
        >>> cnet.distributions.SoftmaxTransform()(cnet.zeros(2))
        tensor([0.5000, 0.5000])
    """

    domain = constraints.real_vector
    codomain = constraints.simplex

    def _call(self, x):
        return x.softmax(-1)

    def _inverse(self, y):
        return y.log()

    def forward_shape(self, shape):
        if len(shape) < 1:
            raise ValueError('Too few dimensions on input')
        return shape

    inverse_shape = forward_shape


class StickBreakingTransform(_Plain):
    """Unconstrained vectors to one probability more: each number says which part of the rest its probability takes.

    Args:
        cache_size (int): 0 or 1. Default: 0.

    Shape:
        - Argument: (*, n).
        - Result: (*, n + 1).

    Example:
        >>> import cnet
        >>> cnet.distributions.StickBreakingTransform()(cnet.zeros(1))
        tensor([0.5000, 0.5000])
    """

    domain = constraints.real_vector
    codomain = constraints.simplex
    bijective = True

    @staticmethod
    def _offset(x, n):
        """The logarithms of n, n - 1, ... 1, by which 0 becomes equal probabilities."""
        return (n + 1 - x.new_ones(n).cumsum(-1)).log()

    def _call(self, x):
        z = _clipped_sigmoid(x - self._offset(x, x.shape[-1]))
        return pad(z, [0, 1], value=1) * pad((1 - z).cumprod(-1), [1, 0], value=1)

    def _inverse(self, y):
        taken = y[..., :-1]
        rest = (1 - taken.cumsum(-1)).clamp(min=finfo(y.dtype).tiny)  # rounding could leave less than nothing
        return taken.log() - rest.log() + self._offset(y, taken.shape[-1])

    def log_abs_det_jacobian(self, x, y):
        x = x - self._offset(x, x.shape[-1])
        return (-x + logsigmoid(x) + y[..., :-1].log()).sum(-1)

    def forward_shape(self, shape):
        if len(shape) < 1:
            raise ValueError('Too few dimensions on input')
        return shape[:-1] + (shape[-1] + 1,)

    def inverse_shape(self, shape):
        if len(shape) < 1:
            raise ValueError('Too few dimensions on input')
        return shape[:-1] + (shape[-1] - 1,)


class LowerCholeskyTransform(_Plain):
    """Unconstrained matrices to lower triangular ones with a positive diagonal, the exponential of the given one.

    Args:
        cache_size (int): 0 or 1. Default: 0.

    Example:
        >>> import cnet
        >>> cnet.distributions.LowerCholeskyTransform()(cnet.zeros(2, 2))
        tensor([[1., 0.],
                [0., 1.]])
    """

    domain = constraints.independent(constraints.real, 2)
    codomain = constraints.lower_cholesky

    def _call(self, x):
        return x.tril(-1) + x.diagonal(dim1=-2, dim2=-1).exp().diag_embed()

    def _inverse(self, y):
        return y.tril(-1) + y.diagonal(dim1=-2, dim2=-1).log().diag_embed()


class PositiveDefiniteTransform(_Plain):
    """Unconstrained matrices to positive definite ones, by way of the Cholesky factor.

    Args:
        cache_size (int): 0 or 1. Default: 0.

    Example:
        >>> import cnet
        >>> cnet.distributions.PositiveDefiniteTransform()(cnet.zeros(2, 2))
        tensor([[1., 0.],
                [0., 1.]])
    """

    domain = constraints.independent(constraints.real, 2)
    codomain = constraints.positive_definite

    def _call(self, x):
        x = LowerCholeskyTransform()(x)
        return x @ x.mT

    def _inverse(self, y):
        return LowerCholeskyTransform().inv(cholesky(y))
