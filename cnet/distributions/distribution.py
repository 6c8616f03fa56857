"""The base class of distributions."""

import warnings

from .._core.mode import no_grad
from .._core.size import Size
from .._tensor import Tensor
from .constraints import is_dependent
from .utils import lazy_property

__all__ = ['Distribution']


class Distribution:
    """A batch of distributions of random events.

    Args:
        batch_shape (Size): how many distributions there are.
        event_shape (Size): the shape of one event.
        validate_args (bool, optional): check parameters and values. Default: yes, unless Python runs with -O.
    """

    has_rsample = False
    has_enumerate_support = False
    _validate_args = __debug__
    _unexpanded: tuple[str, ...] = ('_unbroadcasted', '_capacitance', 'temperature')  # what broadcasts with any batch

    @staticmethod
    def set_default_validate_args(value):
        """Set whether new distributions check parameters and values.

        Args:
            value (bool): whether to.
        """
        if value not in (True, False):
            raise ValueError('set_default_validate_args expects True or False')
        Distribution._validate_args = value

    def __init__(self, batch_shape=(), event_shape=(), validate_args=None):
        self._batch_shape, self._event_shape = Size(batch_shape), Size(event_shape)
        if validate_args is not None:
            self._validate_args = validate_args
        if not self._validate_args:
            return
        try:
            arg_constraints = self.arg_constraints
        except NotImplementedError:
            warnings.warn(f'{self.__class__} does not define `arg_constraints`. Please set `arg_constraints = {{}}` or '
                          'initialize the distribution with `validate_args=False` to turn off validation.', stacklevel=2)
            return
        for name, constraint in arg_constraints.items():
            if is_dependent(constraint):
                continue
            if name not in self.__dict__ and isinstance(getattr(type(self), name, None), lazy_property):
                continue  # made from the parameter that was given
            value = getattr(self, name)
            if not constraint.check(value).all():
                raise ValueError(f'Expected parameter {name} ({type(value).__name__} of shape {tuple(value.shape)}) of '
                                 'distribution '
                                 f'{self!r} to satisfy the constraint {constraint!r}, but found invalid values:\n{value}')

    @property
    def batch_shape(self):
        """How many distributions there are, as a shape."""
        return self._batch_shape

    @property
    def event_shape(self):
        """The shape of one event."""
        return self._event_shape

    @property
    def arg_constraints(self):
        """What the parameters must satisfy, by name."""
        raise NotImplementedError

    @property
    def support(self):
        """The set of possible events."""
        raise NotImplementedError

    @property
    def mean(self):
        """The expected value."""
        raise NotImplementedError

    @property
    def mode(self):
        """The most likely event."""
        raise NotImplementedError(f'{type(self)} does not implement mode')

    @property
    def variance(self):
        """The expected squared distance to the mean."""
        raise NotImplementedError

    @property
    def stddev(self):
        """The square root of the variance."""
        return self.variance.sqrt()

    def expand(self, batch_shape, _instance=None):
        """The same distributions, repeated to a larger batch without copying.

        Args:
            batch_shape (Size): to which the batch shape broadcasts.

        Returns:
            Distribution
        """
        batch_shape, own = Size(batch_shape), len(self._batch_shape)
        new = self._get_checked_instance(type(self), _instance)
        for name, value in self.__dict__.items():
            if isinstance(value, Distribution):
                value = value.expand(batch_shape + value.batch_shape[own:])
            elif isinstance(value, Tensor) and not name.startswith(self._unexpanded):
                value = value.expand(batch_shape + value.shape[own:])
            new.__dict__[name] = value
        new._batch_shape = batch_shape
        return new

    def sample(self, sample_shape=()):
        """Random events, without history.

        Args:
            sample_shape (Size): how many per distribution.

        Returns:
            Tensor: of shape `sample_shape + batch_shape + event_shape`.
        """
        with no_grad():
            return self.rsample(sample_shape)

    def rsample(self, sample_shape=()):
        """Random events that are differentiable functions of the parameters."""
        raise NotImplementedError

    def sample_n(self, n):
        """The old name of `sample((n,))`."""
        warnings.warn('`sample_n(n)` will be deprecated. Use `sample((n,))` instead.', FutureWarning, stacklevel=2)
        return self.sample((n,))

    def log_prob(self, value):
        """The logarithm of the probability, or of its density, of events."""
        raise NotImplementedError

    def cdf(self, value):
        """The probability of events up to `value`."""
        raise NotImplementedError

    def icdf(self, value):
        """The event up to which the probability is `value`."""
        raise NotImplementedError

    def enumerate_support(self, expand=True):
        """All possible events along a new first dimension."""
        raise NotImplementedError

    def entropy(self):
        """The expected value of `-log_prob`."""
        raise NotImplementedError

    def perplexity(self):
        """The exponential of the entropy."""
        return self.entropy().exp()

    def _get_checked_instance(self, cls, _instance=None):
        """What `expand` fills: a new object of the own class, or the one that a subclass made."""
        return type(self).__new__(type(self)) if _instance is None else _instance

    def _extended_shape(self, sample_shape=()):
        return Size(sample_shape) + self._batch_shape + self._event_shape

    def _listed(self, values, expand):
        """A 1-d tensor of events as `enumerate_support` gives them."""
        values = values.view(-1, *(1,) * len(self._batch_shape))
        return values.expand(-1, *self._batch_shape) if expand else values

    def _validate_sample(self, value):
        if not self._validate_args:
            return
        if not isinstance(value, Tensor):
            raise ValueError('The value argument to log_prob must be a Tensor')
        shape, expected = value.shape, self._batch_shape + self._event_shape
        if shape[len(shape) - len(self._event_shape):] != self._event_shape:
            raise ValueError(f'The right-most size of value must match event_shape: {shape} vs {self._event_shape}.')
        if any(n != 1 and m != 1 and n != m for n, m in zip(reversed(shape), reversed(expected))):
            raise ValueError(f'Value is not broadcastable with batch_shape+event_shape: {shape} vs {expected}.')
        try:
            support = self.support
        except NotImplementedError:
            warnings.warn(f'{self.__class__} does not define `support` to enable sample validation. Please initialize the '
                          'distribution with `validate_args=False` to turn off validation.', stacklevel=2)
            return
        if not support.check(value).all():
            raise ValueError(f'Expected value argument ({type(value).__name__} of shape {tuple(shape)}) to be within the support '
                             f'({support!r}) of the distribution {self!r}, but found invalid values:\n{value}')

    def __repr__(self):
        given = {name: self.__dict__[name] for name in self.arg_constraints if name in self.__dict__}
        words = ', '.join(f'{name}: {x if x.numel() == 1 else x.size()}' for name, x in given.items())
        return f'{type(self).__name__}({words})'
