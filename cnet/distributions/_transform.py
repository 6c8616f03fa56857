"""Invertible functions, and functions of functions: the inverse, chains, and more dimensions per event."""

from .._core.size import Size
from .._ops.create import zeros_like
from . import constraints
from .utils import lazy_property, sum_rightmost

__all__ = ['ComposeTransform', 'IndependentTransform', 'ReshapeTransform', 'Transform', 'identity_transform']


class Transform:
    """A function with, in most cases, an inverse and the logarithm of its volume change.

    Subclasses define `domain`, `codomain`, `_call`, `_inverse`, and if bijective `log_abs_det_jacobian`.

    Args:
        cache_size (int): 1 to keep the last pair of argument and result, so that the inverse of a result is exact and free;
            0 to keep none. Default: 0.

    Example:
        >>> import cnet
        >>> from cnet.distributions.transforms import ExpTransform
        >>> t = ExpTransform()
        >>> t(cnet.tensor(0.)), t.inv(cnet.tensor(1.))
        (tensor(1.), tensor(0.))
    """

    bijective = False
    domain: constraints.Constraint
    codomain: constraints.Constraint

    def __init__(self, cache_size=0):
        if cache_size not in (0, 1):
            raise ValueError('cache_size must be 0 or 1')
        self._cache_size = cache_size
        self._inv = None
        self._cached_x_y = None, None

    def __getstate__(self):
        return {**self.__dict__, '_inv': None}

    @property
    def event_dim(self):
        """How many dimensions make one argument, if a result has as many."""
        if self.domain.event_dim == self.codomain.event_dim:
            return self.domain.event_dim
        raise ValueError('Please use either .domain.event_dim or .codomain.event_dim')

    @property
    def inv(self):
        """The inverse, a Transform whose own inverse this is."""
        if self._inv is None:
            self._inv = _InverseTransform(self)
        return self._inv

    @property
    def sign(self):
        """1 of an increasing function of one number, -1 of a decreasing one."""
        raise NotImplementedError

    def with_cache(self, cache_size=1):
        """The same function with another cache.

        Args:
            cache_size (int): 0 or 1.
        """
        if self._cache_size == cache_size:
            return self
        if type(self).__init__ is Transform.__init__:
            return type(self)(cache_size=cache_size)
        raise NotImplementedError(f'{type(self)}.with_cache is not implemented')

    def __eq__(self, other):
        return self is other

    def __call__(self, x):
        if self._cache_size and x is self._cached_x_y[0]:
            return self._cached_x_y[1]
        return self._kept(x, self._call(x))[1]

    def _inv_call(self, y):
        if self._cache_size and y is self._cached_x_y[1]:
            return self._cached_x_y[0]
        return self._kept(self._inverse(y), y)[0]

    def _kept(self, *x_y):
        if self._cache_size:
            self._cached_x_y = x_y
        return x_y

    def _call(self, x):
        raise NotImplementedError

    def _inverse(self, y):
        raise NotImplementedError

    def log_abs_det_jacobian(self, x, y):
        """The logarithm of |dy/dx|, given both.

        Args:
            x (Tensor): an argument.
            y (Tensor): its result.
        """
        raise NotImplementedError

    def __repr__(self):
        return f'{type(self).__name__}()'

    def forward_shape(self, shape):
        """The shape of the result for an argument of a shape."""
        return shape

    def inverse_shape(self, shape):
        """The shape of the argument for a result of a shape."""
        return shape


class _InverseTransform(Transform):
    """The inverse of a transform, which keeps the cache."""

    def __init__(self, transform):
        super().__init__(transform._cache_size)
        self._inv = transform

    @constraints.dependent_property(is_discrete=False)
    def domain(self):
        """The results of the transform."""
        return self._inv.codomain

    @constraints.dependent_property(is_discrete=False)
    def codomain(self):
        """The arguments of the transform."""
        return self._inv.domain

    @property
    def bijective(self):
        """As of the transform."""
        return self._inv.bijective

    @property
    def sign(self):
        return self._inv.sign

    @property
    def inv(self):
        return self._inv

    def with_cache(self, cache_size=1):
        return self.inv.with_cache(cache_size).inv

    def __eq__(self, other):
        return isinstance(other, _InverseTransform) and self._inv == other._inv

    def __repr__(self):
        return f'_InverseTransform({self._inv!r})'

    def __call__(self, x):
        return self._inv._inv_call(x)

    def log_abs_det_jacobian(self, x, y):
        return -self._inv.log_abs_det_jacobian(y, x)

    def forward_shape(self, shape):
        return self._inv.inverse_shape(shape)

    def inverse_shape(self, shape):
        return self._inv.forward_shape(shape)


def _widened(constraint, event_dim):
    extra = event_dim - constraint.event_dim
    return constraints.independent(constraint, extra) if extra else constraint


class ComposeTransform(Transform):
    """One function after the other.

    Args:
        parts (list): the transforms, the first to be applied first.
        cache_size (int): of each part. Default: 0.

    Example:
        >>> import cnet
        >>> from cnet.distributions.transforms import AffineTransform, ComposeTransform, ExpTransform
        >>> ComposeTransform([AffineTransform(1., 2.), ExpTransform()])(cnet.tensor(-0.5))
        tensor(1.)
    """

    def __init__(self, parts, cache_size=0):
        if cache_size:
            parts = [part.with_cache(cache_size) for part in parts]
        super().__init__(cache_size)
        self.parts = parts

    def __eq__(self, other):
        return isinstance(other, ComposeTransform) and self.parts == other.parts

    @constraints.dependent_property(is_discrete=False)
    def domain(self):
        """The arguments of the first part, with as many dimensions per event as some part needs."""
        if not self.parts:
            return constraints.real
        dims = self.parts[-1].codomain.event_dim
        for part in reversed(self.parts):
            dims = max(dims + part.domain.event_dim - part.codomain.event_dim, part.domain.event_dim)
        return _widened(self.parts[0].domain, dims)

    @constraints.dependent_property(is_discrete=False)
    def codomain(self):
        """The results of the last part, with as many dimensions per event as some part needs."""
        if not self.parts:
            return constraints.real
        dims = self.parts[0].domain.event_dim
        for part in self.parts:
            dims = max(dims + part.codomain.event_dim - part.domain.event_dim, part.codomain.event_dim)
        return _widened(self.parts[-1].codomain, dims)

    @lazy_property
    def bijective(self):
        """Whether all parts are."""
        return all(part.bijective for part in self.parts)

    @lazy_property
    def sign(self):
        """The product of the signs of the parts."""
        sign = 1
        for part in self.parts:
            sign = sign * part.sign
        return sign

    @property
    def inv(self):
        if self._inv is None:
            self._inv = ComposeTransform([part.inv for part in reversed(self.parts)])
            self._inv._inv = self
        return self._inv

    def with_cache(self, cache_size=1):
        return self if self._cache_size == cache_size else ComposeTransform(self.parts, cache_size)

    def __call__(self, x):
        for part in self.parts:
            x = part(x)
        return x

    def log_abs_det_jacobian(self, x, y):
        if not self.parts:
            return zeros_like(x)
        steps = [x]
        for part in self.parts[:-1]:
            steps.append(part(steps[-1]))
        steps.append(y)
        dims, total = self.domain.event_dim, 0
        for part, a, b in zip(self.parts, steps, steps[1:]):
            total = sum_rightmost(part.log_abs_det_jacobian(a, b), dims - part.domain.event_dim) + total
            dims += part.codomain.event_dim - part.domain.event_dim
        return total

    def forward_shape(self, shape):
        for part in self.parts:
            shape = part.forward_shape(shape)
        return shape

    def inverse_shape(self, shape):
        for part in reversed(self.parts):
            shape = part.inverse_shape(shape)
        return shape

    def __repr__(self):
        return 'ComposeTransform(\n    ' + ',\n    '.join(map(repr, self.parts)) + '\n)'


identity_transform = ComposeTransform([])


class IndependentTransform(Transform):
    """The same function with further dimensions per event, over which the logarithm of the volume change is summed.

    Args:
        base_transform (Transform): the function.
        reinterpreted_batch_ndims (int): how many dimensions more make one event.
        cache_size (int): 0 or 1. Default: 0.

    Example:
        >>> import cnet
        >>> from cnet.distributions.transforms import ExpTransform, IndependentTransform
        >>> t, x = IndependentTransform(ExpTransform(), 1), cnet.tensor([1., 2.])
        >>> t.log_abs_det_jacobian(x, t(x))
        tensor(3.)
    """

    def __init__(self, base_transform, reinterpreted_batch_ndims, cache_size=0):
        super().__init__(cache_size)
        self.base_transform = base_transform.with_cache(cache_size)
        self.reinterpreted_batch_ndims = reinterpreted_batch_ndims

    def with_cache(self, cache_size=1):
        if self._cache_size == cache_size:
            return self
        return IndependentTransform(self.base_transform, self.reinterpreted_batch_ndims, cache_size)

    @constraints.dependent_property(is_discrete=False)
    def domain(self):
        """Arguments of the function, several as one."""
        return constraints.independent(self.base_transform.domain, self.reinterpreted_batch_ndims)

    @constraints.dependent_property(is_discrete=False)
    def codomain(self):
        """Results of the function, several as one."""
        return constraints.independent(self.base_transform.codomain, self.reinterpreted_batch_ndims)

    @property
    def bijective(self):
        """As of the function."""
        return self.base_transform.bijective

    @property
    def sign(self):
        return self.base_transform.sign

    def _call(self, x):
        if x.dim() < self.domain.event_dim:
            raise ValueError('Too few dimensions on input')
        return self.base_transform(x)

    def _inverse(self, y):
        if y.dim() < self.codomain.event_dim:
            raise ValueError('Too few dimensions on input')
        return self.base_transform.inv(y)

    def log_abs_det_jacobian(self, x, y):
        return sum_rightmost(self.base_transform.log_abs_det_jacobian(x, y), self.reinterpreted_batch_ndims)

    def forward_shape(self, shape):
        return self.base_transform.forward_shape(shape)

    def inverse_shape(self, shape):
        return self.base_transform.inverse_shape(shape)

    def __repr__(self):
        return f'IndependentTransform({self.base_transform!r}, {self.reinterpreted_batch_ndims})'


def _reshaped(shape, old, new):
    if len(shape) < len(old):
        raise ValueError('Too few dimensions on input')
    cut = len(shape) - len(old)
    if shape[cut:] != old:
        raise ValueError(f'Shape mismatch: expected {shape[cut:]} but got {old}')
    return shape[:cut] + new


class ReshapeTransform(Transform):
    """Events of another shape.

    Args:
        in_shape (Size): of the argument's last dimensions.
        out_shape (Size): of the result's, with as many elements.
        cache_size (int): 0 or 1. Default: 0.

    Example:
        >>> import cnet
        >>> cnet.distributions.ReshapeTransform((4,), (2, 2))(cnet.zeros(5, 4)).shape
        cnet.Size([5, 2, 2])
    """

    bijective = True

    def __init__(self, in_shape, out_shape, cache_size=0):
        self.in_shape, self.out_shape = Size(in_shape), Size(out_shape)
        if self.in_shape.numel() != self.out_shape.numel():
            raise ValueError('in_shape, out_shape have different numbers of elements')
        super().__init__(cache_size)

    @constraints.dependent_property
    def domain(self):
        """Arrays of the first shape."""
        return constraints.independent(constraints.real, len(self.in_shape))

    @constraints.dependent_property
    def codomain(self):
        """Arrays of the second shape."""
        return constraints.independent(constraints.real, len(self.out_shape))

    def with_cache(self, cache_size=1):
        return self if self._cache_size == cache_size else ReshapeTransform(self.in_shape, self.out_shape, cache_size)

    def _call(self, x):
        return x.reshape(x.shape[:x.dim() - len(self.in_shape)] + self.out_shape)

    def _inverse(self, y):
        return y.reshape(y.shape[:y.dim() - len(self.out_shape)] + self.in_shape)

    def log_abs_det_jacobian(self, x, y):
        return x.new_zeros(x.shape[:x.dim() - len(self.in_shape)])

    def forward_shape(self, shape):
        return _reshaped(shape, self.in_shape, self.out_shape)

    def inverse_shape(self, shape):
        return _reshaped(shape, self.out_shape, self.in_shape)
