"""Transforms side by side along a dimension, and by the cumulative distribution of a random variable."""

from .._ops.join import cat, stack
from . import constraints
from ._transform import Transform
from .utils import lazy_property, sum_rightmost

__all__ = ['CatTransform', 'CumulativeDistributionTransform', 'StackTransform']


class _Several(Transform):
    """What the transforms side by side share."""

    def __init__(self, tseq, dim, cache_size):
        if not all(isinstance(t, Transform) for t in tseq):
            raise AssertionError('All elements of tseq must be Transform instances')
        super().__init__(cache_size)
        self.transforms, self.dim = [t.with_cache(cache_size) if cache_size else t for t in tseq], dim

    @property
    def bijective(self):
        """Whether all are."""
        return all(t.bijective for t in self.transforms)

    def _check(self, x, length, what='tensor', wanted='length'):
        if not -x.dim() <= self.dim < x.dim():
            raise AssertionError(f'dim {self.dim} out of range for {what} with {x.dim()} dimensions')
        if x.shape[self.dim] != length:
            raise AssertionError(f'x.size({self.dim}) = {x.shape[self.dim]} must equal {wanted} {length}')


class CatTransform(_Several):
    """Transforms of pieces of a tensor along a dimension, joined as by `cat`.

    Args:
        tseq (list): the transforms.
        dim (int): the dimension. Default: 0.
        lengths (list, optional): the sizes of the pieces. Default: all 1.
        cache_size (int): of each. Default: 0.

    Example:
        >>> import cnet
        >>> from cnet.distributions import CatTransform, ExpTransform, identity_transform
        >>> CatTransform([ExpTransform(), identity_transform], lengths=[1, 2])(cnet.zeros(3))
        tensor([1., 0., 0.])
    """

    def __init__(self, tseq, dim=0, lengths=None, cache_size=0):
        super().__init__(tseq, dim, cache_size)
        self.lengths = [1] * len(self.transforms) if lengths is None else list(lengths)
        if len(self.lengths) != len(self.transforms):
            raise AssertionError(f'lengths ({len(self.lengths)}) must match transforms ({len(self.transforms)})')

    @lazy_property
    def event_dim(self):
        """The largest of the transforms."""
        return max(t.event_dim for t in self.transforms)

    @lazy_property
    def length(self):
        """The size along the dimension."""
        return sum(self.lengths)

    def with_cache(self, cache_size=1):
        return self if self._cache_size == cache_size else CatTransform(self.transforms, self.dim, self.lengths, cache_size)

    def _pieces(self, x, what='tensor'):
        self._check(x, self.length, what)
        return x.split(self.lengths, self.dim)

    def _call(self, x):
        return cat([t(piece) for t, piece in zip(self.transforms, self._pieces(x))], self.dim)

    def _inverse(self, y):
        return cat([t.inv(piece) for t, piece in zip(self.transforms, self._pieces(y))], self.dim)

    def log_abs_det_jacobian(self, x, y):
        parts = [sum_rightmost(t.log_abs_det_jacobian(a, b), self.event_dim - t.event_dim)
                 for t, a, b in zip(self.transforms, self._pieces(x, 'x'), self._pieces(y, 'y'))]
        dim = self.dim - x.dim() if self.dim >= 0 else self.dim
        dim += self.event_dim
        return cat(parts, dim) if dim < 0 else sum(parts)

    @constraints.dependent_property
    def domain(self):
        """The arguments, side by side."""
        return constraints.cat([t.domain for t in self.transforms], self.dim, self.lengths)

    @constraints.dependent_property
    def codomain(self):
        """The results, side by side."""
        return constraints.cat([t.codomain for t in self.transforms], self.dim, self.lengths)


class StackTransform(_Several):
    """Transforms of the slices of a tensor along a dimension, joined as by `stack`.

    Args:
        tseq (list): the transforms, one per slice.
        dim (int): the dimension. Default: 0.
        cache_size (int): of each. Default: 0.

    Example:
        >>> import cnet
        >>> from cnet.distributions import ExpTransform, StackTransform, identity_transform
        >>> StackTransform([ExpTransform(), identity_transform])(cnet.zeros(2, 2))
        tensor([[1., 1.],
                [0., 0.]])
    """

    def __init__(self, tseq, dim=0, cache_size=0):
        super().__init__(tseq, dim, cache_size)

    def with_cache(self, cache_size=1):
        return self if self._cache_size == cache_size else StackTransform(self.transforms, self.dim, cache_size)

    def _slices(self, x, what='tensor'):
        self._check(x, len(self.transforms), what, 'len(transforms)')
        return x.unbind(self.dim)

    def _call(self, x):
        return stack([t(part) for t, part in zip(self.transforms, self._slices(x))], self.dim)

    def _inverse(self, y):
        return stack([t.inv(part) for t, part in zip(self.transforms, self._slices(y))], self.dim)

    def log_abs_det_jacobian(self, x, y):
        slices = zip(self.transforms, self._slices(x, 'x'), self._slices(y, 'y'))
        return stack([t.log_abs_det_jacobian(a, b) for t, a, b in slices], self.dim)

    @constraints.dependent_property
    def domain(self):
        """The arguments, one above the other."""
        return constraints.stack([t.domain for t in self.transforms], self.dim)

    @constraints.dependent_property
    def codomain(self):
        """The results, one above the other."""
        return constraints.stack([t.codomain for t in self.transforms], self.dim)


class CumulativeDistributionTransform(Transform):
    """The cumulative distribution function of a random variable, which makes it uniform.

    Args:
        distribution (Distribution): with `cdf` and `icdf`.
        cache_size (int): 0 or 1. Default: 0.

    Example:
        >>> import cnet
        >>> from cnet.distributions import CumulativeDistributionTransform, Normal
        >>> CumulativeDistributionTransform(Normal(0., 1.))(cnet.tensor(0.))
        tensor(0.5000)
    """

    bijective = True
    codomain = constraints.unit_interval
    sign = 1

    def __init__(self, distribution, cache_size=0):
        super().__init__(cache_size)
        self.distribution = distribution

    @property
    def domain(self):
        """The support of the distribution."""
        return self.distribution.support

    def _call(self, x):
        return self.distribution.cdf(x)

    def _inverse(self, y):
        return self.distribution.icdf(y)

    def log_abs_det_jacobian(self, x, y):
        return self.distribution.log_prob(x)

    def with_cache(self, cache_size=1):
        return self if self._cache_size == cache_size else CumulativeDistributionTransform(self.distribution, cache_size)
