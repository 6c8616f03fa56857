"""Transforms from unconstrained values to the members of a constraint."""

from numbers import Number

from . import constraints
from . import transforms as T

__all__ = ['ConstraintRegistry', 'biject_to', 'transform_to']


class ConstraintRegistry:
    """A function from constraints to transforms, which more classes of constraints can be added to.

    Example:
        >>> import cnet
        >>> from cnet.distributions import constraints, transform_to
        >>> transform_to(constraints.simplex)(cnet.zeros(2))
        tensor([0.5000, 0.5000])
    """

    def __init__(self):
        self._registry = {}

    def register(self, constraint, factory=None):
        """Name the function that makes the transform of a class of constraints.

        Args:
            constraint (Constraint): the class, or one of its instances.
            factory (callable, optional): takes a constraint, gives a transform; without it a decorator is made.
        """
        if factory is None:
            return lambda factory: self.register(constraint, factory)
        if isinstance(constraint, constraints.Constraint):
            constraint = type(constraint)
        if not (isinstance(constraint, type) and issubclass(constraint, constraints.Constraint)):
            raise TypeError(f'Expected constraint to be either a Constraint subclass or instance, but got {constraint}')
        self._registry[constraint] = factory
        return factory

    def __call__(self, constraint):
        if type(constraint) not in self._registry:
            raise NotImplementedError(f'Cannot transform {type(constraint).__name__} constraints')
        return self._registry[type(constraint)](constraint)


biject_to = ConstraintRegistry()
transform_to = ConstraintRegistry()


def _interval(constraint):
    low, high = constraint.lower_bound, constraint.upper_bound
    if isinstance(low, Number) and isinstance(high, Number) and (low, high) == (0, 1):
        return T.SigmoidTransform()
    return T.ComposeTransform([T.SigmoidTransform(), T.AffineTransform(low, high - low)])


def _above(constraint):
    return T.ComposeTransform([T.ExpTransform(), T.AffineTransform(constraint.lower_bound, 1)])


def _below(constraint):
    return T.ComposeTransform([T.ExpTransform(), T.AffineTransform(constraint.upper_bound, -1)])


for _to in (biject_to, transform_to):
    _to.register(constraints.real, lambda c: T.identity_transform)
    _to.register(constraints.independent,
                 lambda c, to=_to: T.IndependentTransform(to(c.base_constraint), c.reinterpreted_batch_ndims))
    _to.register(constraints.greater_than, _above)
    _to.register(constraints.greater_than_eq, _above)
    _to.register(constraints.less_than, _below)
    _to.register(constraints.interval, _interval)
    _to.register(constraints.half_open_interval, _interval)
    _to.register(constraints.corr_cholesky, lambda c: T.CorrCholeskyTransform())
    _to.register(constraints.cat, lambda c, to=_to: T.CatTransform([to(x) for x in c.cseq], c.dim, c.lengths))
    _to.register(constraints.stack, lambda c, to=_to: T.StackTransform([to(x) for x in c.cseq], c.dim))
biject_to.register(constraints.simplex, lambda c: T.StickBreakingTransform())
transform_to.register(constraints.simplex, lambda c: T.SoftmaxTransform())
transform_to.register(constraints.lower_cholesky, lambda c: T.LowerCholeskyTransform())
transform_to.register(constraints.positive_definite, lambda c: T.PositiveDefiniteTransform())
transform_to.register(constraints.positive_semidefinite, lambda c: T.PositiveDefiniteTransform())
