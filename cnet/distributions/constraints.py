"""Sets of values: what parameters must satisfy, and where a distribution has its mass."""

from .._core.dtype import finfo
from .._ops.create import full
from .._ops.join import cat as join
from .._ops.join import stack as pile
from ..linalg import cholesky_ex, eigvalsh, vector_norm

__all__ = ['Constraint', 'MixtureSameFamilyConstraint', 'boolean', 'cat', 'corr_cholesky', 'dependent', 'dependent_property',
           'greater_than', 'greater_than_eq', 'half_open_interval', 'independent', 'integer_interval', 'interval', 'is_dependent',
           'less_than', 'lower_cholesky', 'lower_triangular', 'multinomial', 'nonnegative', 'nonnegative_integer', 'one_hot',
           'positive', 'positive_definite', 'positive_integer', 'positive_semidefinite', 'real', 'real_vector', 'simplex',
           'square', 'stack', 'symmetric', 'unit_interval']


class Constraint:
    """A set of values.

    is_discrete: whether its members are isolated.
    event_dim: how many last dimensions of a tensor make one member.

    Example:
        >>> import cnet
        >>> cnet.distributions.constraints.positive.check(cnet.tensor([1., 0.]))
        tensor([ True, False])
    """

    is_discrete = False
    event_dim = 0
    _bounds: tuple[str, ...] = ()  # names of the arguments

    def __init__(self, *bounds):
        self.__dict__.update(zip(self._bounds, bounds, strict=True))

    def check(self, value):
        """A bool tensor: for each event of `value`, whether it is in the set."""
        raise NotImplementedError

    def __repr__(self):
        bounds = ', '.join(f'{name}={getattr(self, name)}' for name in self._bounds)
        return f'{type(self).__name__.removeprefix("_")}({bounds})'


class _Dependent(Constraint):
    """A set that depends on parameters, so that it is known for an instance only.

    Args:
        is_discrete, event_dim: as of the set, where they are the same for all instances.
    """

    def __init__(self, *, is_discrete=NotImplemented, event_dim=NotImplemented):
        self._is_discrete, self._event_dim = is_discrete, event_dim

    @property
    def is_discrete(self):
        """Whether the members are isolated, if that is known."""
        if self._is_discrete is NotImplemented:
            raise NotImplementedError('.is_discrete cannot be determined statically')
        return self._is_discrete

    @property
    def event_dim(self):
        """How many dimensions make one member, if that is known."""
        if self._event_dim is NotImplemented:
            raise NotImplementedError('.event_dim cannot be determined statically')
        return self._event_dim

    def check(self, x):
        raise ValueError('Cannot determine validity of dependent constraint')

    def __call__(self, *, is_discrete=NotImplemented, event_dim=NotImplemented):
        return _Dependent(is_discrete=self._is_discrete if is_discrete is NotImplemented else is_discrete,
                          event_dim=self._event_dim if event_dim is NotImplemented else event_dim)


class dependent_property(property, _Dependent):
    """A property that gives the set of an instance.

    Args:
        fn (callable, optional): the method; without it a decorator is made.
        is_discrete, event_dim: as of the set, where they are the same for all instances.
    """

    def __init__(self, fn=None, *, is_discrete=NotImplemented, event_dim=NotImplemented):
        property.__init__(self, fn)
        _Dependent.__init__(self, is_discrete=is_discrete, event_dim=event_dim)

    def __call__(self, fn):
        return dependent_property(fn, is_discrete=self._is_discrete, event_dim=self._event_dim)


def is_dependent(constraint):
    """Whether a set depends on parameters.

    Example:
        >>> import cnet
        >>> cnet.distributions.constraints.is_dependent(cnet.distributions.Categorical.support)
        True
    """
    return isinstance(constraint, _Dependent)


def _all_of(result, dims):
    """Whether all is true along the last dimensions."""
    return result.reshape(*result.shape[:result.dim() - dims], -1).all(-1) if dims else result


class _IndependentConstraint(Constraint):
    """Members of `base_constraint` along further dimensions make one member."""

    def __init__(self, base_constraint, reinterpreted_batch_ndims):
        if not isinstance(base_constraint, Constraint):
            raise AssertionError(f'base_constraint must be a Constraint, got {type(base_constraint).__name__}')
        self.base_constraint, self.reinterpreted_batch_ndims = base_constraint, reinterpreted_batch_ndims

    @property
    def is_discrete(self):
        """As of the base."""
        return self.base_constraint.is_discrete

    @property
    def event_dim(self):
        """The dimensions of the base and the further ones."""
        return self.base_constraint.event_dim + self.reinterpreted_batch_ndims

    def check(self, value):
        result, n = self.base_constraint.check(value), self.reinterpreted_batch_ndims
        if result.dim() < n:
            raise ValueError(f'Expected value.dim() >= {self.event_dim} but got {value.dim()}')
        return _all_of(result, n)

    def __repr__(self):
        return f'IndependentConstraint({self.base_constraint!r}, {self.reinterpreted_batch_ndims})'


class MixtureSameFamilyConstraint(Constraint):
    """The set of values that all components of a mixture allow.

    Args:
        base_constraint (Constraint): the support of the batch of components.

    Example:
        >>> import cnet
        >>> from cnet.distributions import constraints
        >>> constraints.MixtureSameFamilyConstraint(constraints.positive).check(cnet.tensor([1., -1.]))
        tensor([ True, False])
    """

    def __init__(self, base_constraint):
        if not isinstance(base_constraint, Constraint):
            raise AssertionError(f'base_constraint must be a Constraint, got {type(base_constraint).__name__}')
        self.base_constraint = base_constraint

    @property
    def is_discrete(self):
        """As of the components."""
        return self.base_constraint.is_discrete

    @property
    def event_dim(self):
        """As of the components."""
        return self.base_constraint.event_dim

    def check(self, value):
        dims = self.event_dim
        result = self.base_constraint.check(value.unsqueeze(-1 - dims))
        if value.dim() < dims:
            raise ValueError(f'Expected value.dim() >= {dims} but got {value.dim()}')
        return _all_of(result, result.dim() - value.dim() + dims)

    def __repr__(self):
        return f'MixtureSameFamilyConstraint({self.base_constraint!r})'


class _Real(Constraint):
    def check(self, value):
        return value == value  # not NaN


class _Boolean(Constraint):
    is_discrete = True

    def check(self, value):
        return (value == 0) | (value == 1)


class _OneHot(Constraint):
    is_discrete, event_dim = True, 1

    def check(self, value):
        return _Boolean.check(self, value).all(-1) & (value.sum(-1) == 1)


class _GreaterThan(Constraint):
    _bounds = ('lower_bound',)

    def check(self, value):
        return value > self.lower_bound


class _GreaterThanEq(Constraint):
    _bounds = ('lower_bound',)

    def check(self, value):
        return value >= self.lower_bound


class _LessThan(Constraint):
    _bounds = ('upper_bound',)

    def check(self, value):
        return value < self.upper_bound


class _Interval(Constraint):
    _bounds = ('lower_bound', 'upper_bound')

    def check(self, value):
        return (value >= self.lower_bound) & (value <= self.upper_bound)


class _HalfOpenInterval(_Interval):
    def check(self, value):
        return (value >= self.lower_bound) & (value < self.upper_bound)


class _IntegerInterval(_Interval):
    is_discrete = True

    def check(self, value):
        return (value % 1 == 0) & super().check(value)


class _IntegerGreaterThan(_GreaterThanEq):
    is_discrete = True

    def check(self, value):
        return (value % 1 == 0) & super().check(value)


class _Simplex(Constraint):
    event_dim = 1

    def check(self, value):
        return (value >= 0).all(-1) & ((value.sum(-1) - 1).abs() < 1e-6)


class _Multinomial(Constraint):
    _bounds = ('upper_bound',)
    is_discrete, event_dim = True, 1

    def check(self, x):
        return (x >= 0).all(-1) & (x.sum(-1) <= self.upper_bound)

    def __repr__(self):
        return 'Multinomial()'


class _LowerTriangular(Constraint):
    event_dim = 2

    def check(self, value):
        return (value.tril() == value).flatten(-2).all(-1)


class _LowerCholesky(_LowerTriangular):
    def check(self, value):
        return super().check(value) & (value.diagonal(dim1=-2, dim2=-1) > 0).all(-1)


class _CorrCholesky(_LowerCholesky):
    def check(self, value):
        tol = finfo(value.dtype).eps * value.shape[-1] * 10
        return super().check(value) & ((vector_norm(value.detach(), dim=-1) - 1).abs() <= tol).all(-1)


class _Square(Constraint):
    event_dim = 2

    def check(self, value):
        return full(value.shape[:-2], value.shape[-2] == value.shape[-1])


class _Symmetric(_Square):
    def check(self, value):
        square = super().check(value)
        return value.isclose(value.mT, atol=1e-6).flatten(-2).all(-1) if square.all() else square


class _PositiveSemidefinite(_Symmetric):
    def check(self, value):
        symmetric = super().check(value)
        return (eigvalsh(value) >= 0).all(-1) if symmetric.all() else symmetric


class _PositiveDefinite(_Symmetric):
    def check(self, value):
        symmetric = super().check(value)
        return cholesky_ex(value).info == 0 if symmetric.all() else symmetric


class _Several(Constraint):
    """Sets side by side along a dimension."""

    def __init__(self, cseq, dim=0):
        if not all(isinstance(c, Constraint) for c in cseq):
            raise AssertionError('All elements of cseq must be Constraint instances')
        self.cseq, self.dim = list(cseq), dim

    @property
    def is_discrete(self):
        """Whether any of the sets is discrete."""
        return any(c.is_discrete for c in self.cseq)

    @property
    def event_dim(self):
        """The largest of the sets."""
        return max(c.event_dim for c in self.cseq)

    def _check_dim(self, value):
        if not -value.dim() <= self.dim < value.dim():
            raise AssertionError(f'dim {self.dim} out of range for value with {value.dim()} dimensions')


class _Cat(_Several):
    def __init__(self, cseq, dim=0, lengths=None):
        super().__init__(cseq, dim)
        self.lengths = [1] * len(self.cseq) if lengths is None else list(lengths)
        if len(self.lengths) != len(self.cseq):
            raise AssertionError(f'lengths ({len(self.lengths)}) must match cseq ({len(self.cseq)})')

    def check(self, value):
        self._check_dim(value)
        starts = [sum(self.lengths[:i]) for i in range(len(self.lengths))]
        return join([c.check(value.narrow(self.dim, start, length))
                     for c, start, length in zip(self.cseq, starts, self.lengths)], self.dim)


class _Stack(_Several):
    @property
    def event_dim(self):
        """The largest of the sets, and the dimension itself if it lies among theirs."""
        dims = super().event_dim
        return dims + (self.dim + dims < 0)

    def check(self, value):
        self._check_dim(value)
        return pile([c.check(v) for c, v in zip(self.cseq, value.unbind(self.dim))], self.dim)


dependent = _Dependent()
independent = _IndependentConstraint
boolean = _Boolean()
one_hot = _OneHot()
nonnegative_integer = _IntegerGreaterThan(0)
positive_integer = _IntegerGreaterThan(1)
integer_interval = _IntegerInterval
real = _Real()
real_vector = independent(real, 1)
positive = _GreaterThan(0.0)
nonnegative = _GreaterThanEq(0.0)
greater_than = _GreaterThan
greater_than_eq = _GreaterThanEq
less_than = _LessThan
multinomial = _Multinomial
unit_interval = _Interval(0.0, 1.0)
interval = _Interval
half_open_interval = _HalfOpenInterval
simplex = _Simplex()
lower_triangular = _LowerTriangular()
lower_cholesky = _LowerCholesky()
corr_cholesky = _CorrCholesky()
square = _Square()
symmetric = _Symmetric()
positive_semidefinite = _PositiveSemidefinite()
positive_definite = _PositiveDefinite()
cat = _Cat
stack = _Stack
