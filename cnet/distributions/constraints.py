"""Sets of values: what parameters must satisfy, and where a distribution has its mass."""

from .._ops.create import full
from ..linalg import cholesky_ex

__all__ = ['Constraint', 'boolean', 'dependent', 'dependent_property', 'greater_than', 'greater_than_eq', 'half_open_interval',
           'independent', 'integer_interval', 'interval', 'is_dependent', 'less_than', 'lower_cholesky', 'lower_triangular',
           'nonnegative', 'nonnegative_integer', 'one_hot', 'positive', 'positive_definite', 'positive_integer', 'real',
           'real_vector', 'simplex', 'square', 'symmetric', 'unit_interval']


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
    """A set that depends on parameters, so that it is known for an instance only."""

    def check(self, value):
        raise ValueError('Cannot determine validity of dependent constraint')

    def __call__(self, **options):
        return self


class dependent_property(property, _Dependent):
    """A property that gives the set of an instance.

    Args:
        fn (callable, optional): the method; without it a decorator is made.
        is_discrete, event_dim: as of the set, where they are the same for all instances.
    """

    def __init__(self, fn=None, *, is_discrete=False, event_dim=0):
        property.__init__(self, fn)
        self.is_discrete, self.event_dim = is_discrete, event_dim

    def __call__(self, fn):
        return dependent_property(fn, is_discrete=self.is_discrete, event_dim=self.event_dim)


def is_dependent(constraint):
    """Whether a set depends on parameters.

    Example:
        >>> import cnet
        >>> cnet.distributions.constraints.is_dependent(cnet.distributions.Categorical.support)
        True
    """
    return isinstance(constraint, _Dependent)


class _IndependentConstraint(Constraint):
    """Members of `base_constraint` along further dimensions make one member."""

    def __init__(self, base_constraint, reinterpreted_batch_ndims):
        self.base_constraint, self.reinterpreted_batch_ndims = base_constraint, reinterpreted_batch_ndims
        self.is_discrete = base_constraint.is_discrete
        self.event_dim = base_constraint.event_dim + reinterpreted_batch_ndims

    def check(self, value):
        result, n = self.base_constraint.check(value), self.reinterpreted_batch_ndims
        if result.dim() < n:
            raise ValueError(f'Expected value.dim() >= {self.event_dim} but got {value.dim()}')
        return result.reshape(*result.shape[:result.dim() - n], -1).all(-1)

    def __repr__(self):
        return f'IndependentConstraint({self.base_constraint!r}, {self.reinterpreted_batch_ndims})'


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


class _LowerTriangular(Constraint):
    event_dim = 2

    def check(self, value):
        return (value.tril() == value).flatten(-2).all(-1)


class _LowerCholesky(_LowerTriangular):
    def check(self, value):
        return super().check(value) & (value.diagonal(dim1=-2, dim2=-1) > 0).all(-1)


class _Square(Constraint):
    event_dim = 2

    def check(self, value):
        return full(value.shape[:-2], value.shape[-2] == value.shape[-1])


class _Symmetric(_Square):
    def check(self, value):
        square = super().check(value)
        return value.isclose(value.mT, atol=1e-6).flatten(-2).all(-1) if square.all() else square


class _PositiveDefinite(_Symmetric):
    def check(self, value):
        symmetric = super().check(value)
        return cholesky_ex(value).info == 0 if symmetric.all() else symmetric


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
unit_interval = _Interval(0.0, 1.0)
interval = _Interval
half_open_interval = _HalfOpenInterval
simplex = _Simplex()
lower_triangular = _LowerTriangular()
lower_cholesky = _LowerCholesky()
square = _Square()
symmetric = _Symmetric()
positive_definite = _PositiveDefinite()
