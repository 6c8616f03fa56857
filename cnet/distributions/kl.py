"""Divergences between distributions: the table of known pairs. The formulas are in `_kl_same` and `_kl_pairs`."""

import warnings

from .distribution import Distribution

__all__ = ['kl_divergence', 'register_kl']

_RULES = {}  # (class of p, class of q): function


def register_kl(type_p, type_q):
    """A decorator for the function that computes the divergence of one class from another.

    Args:
        type_p, type_q (type): subclasses of Distribution; they stand for their own subclasses too.

    Example:
        >>> import cnet
        >>> from cnet.distributions import Normal, kl_divergence, register_kl
        >>> class Known(Normal): pass
        >>> @register_kl(Known, Known)
        ... def zero(p, q):
        ...     return 0.
        >>> kl_divergence(Known(0., 1.), Known(1., 1.))
        0.0
    """
    for cls in (type_p, type_q):
        if not (isinstance(cls, type) and issubclass(cls, Distribution)):
            raise TypeError(f'Expected type_p and type_q to be subclasses of Distribution but got {cls}')

    def register(function):
        _RULES[type_p, type_q] = function
        return function
    return register


def _rule(type_p, type_q):
    """The pair of nearest classes: those of p first. Warns if those of q first would give another function."""
    by_p = next(((p, q) for p in type_p.__mro__ for q in type_q.__mro__ if (p, q) in _RULES), None)
    if by_p is None:
        raise NotImplementedError(f'No KL(p || q) is implemented for p type {type_p.__name__} and q type {type_q.__name__}')
    by_q = next((p, q) for q in type_q.__mro__ for p in type_p.__mro__ if (p, q) in _RULES)
    if _RULES[by_p] is not _RULES[by_q]:
        warnings.warn(f'Ambiguous kl_divergence({type_p.__name__}, {type_q.__name__}). Please register_kl({by_p[0].__name__}, '
                      f'{by_q[1].__name__})', RuntimeWarning, stacklevel=3)
    return _RULES[by_p]


def kl_divergence(p, q):
    """The Kullback-Leibler divergence: the expected value under `p` of log p - log q.

    Args:
        p, q (Distribution): of a pair of classes that is known.

    Returns:
        Tensor: of the batch shape.

    Example:
        >>> import cnet
        >>> from cnet.distributions import Normal, kl_divergence
        >>> kl_divergence(Normal(0., 1.), Normal(1., 1.))
        tensor(0.5000)
    """
    return _rule(type(p), type(q))(p, q)
