"""Dropout as the top level of the package offers it, with `train` as a required argument and in-place twins."""

from .._core.inplace import assign_
from .dropout import drop

__all__ = ['alpha_dropout', 'alpha_dropout_', 'dropout', 'dropout_', 'feature_alpha_dropout', 'feature_alpha_dropout_',
           'feature_dropout', 'feature_dropout_']
METHODS = {}


def dropout(input, p, train):
    """Zero elements at random and scale the others; see `cnet.nn.functional.dropout`.

    Example:
        >>> import cnet
        >>> cnet.dropout(cnet.ones(2), 0.5, False)
        tensor([1., 1.])
    """
    return drop(input, p, train)


def dropout_(input, p, train):
    """In-place version of `dropout`.

    Example:
        >>> import cnet
        >>> cnet.dropout_(cnet.ones(2), 0.5, False)
        tensor([1., 1.])
    """
    return assign_(input, drop(input, p, train))


def feature_dropout(input, p, train):
    """Zero channels at random and scale the others; see `cnet.nn.functional.dropout2d`.

    Example:
        >>> import cnet
        >>> cnet.feature_dropout(cnet.ones(1, 2), 0.5, False)
        tensor([[1., 1.]])
    """
    return drop(input, p, train, channels=True)


def feature_dropout_(input, p, train):
    """In-place version of `feature_dropout`.

    Example:
        >>> import cnet
        >>> cnet.feature_dropout_(cnet.ones(1, 2), 0.5, False)
        tensor([[1., 1.]])
    """
    return assign_(input, drop(input, p, train, channels=True))


def alpha_dropout(input, p, train):
    """Dropout that keeps mean and variance; see `cnet.nn.functional.alpha_dropout`.

    Example:
        >>> import cnet
        >>> cnet.alpha_dropout(cnet.ones(2), 0.5, False)
        tensor([1., 1.])
    """
    return drop(input, p, train, alpha=True)


def alpha_dropout_(input, p, train):
    """In-place version of `alpha_dropout`.

    Example:
        >>> import cnet
        >>> cnet.alpha_dropout_(cnet.ones(2), 0.5, False)
        tensor([1., 1.])
    """
    return assign_(input, drop(input, p, train, alpha=True))


def feature_alpha_dropout(input, p, train):
    """Dropout of channels that keeps mean and variance; see `cnet.nn.functional.feature_alpha_dropout`.

    Example:
        >>> import cnet
        >>> cnet.feature_alpha_dropout(cnet.ones(1, 2), 0.5, False)
        tensor([[1., 1.]])
    """
    return drop(input, p, train, channels=True, alpha=True)


def feature_alpha_dropout_(input, p, train):
    """In-place version of `feature_alpha_dropout`.

    Example:
        >>> import cnet
        >>> cnet.feature_alpha_dropout_(cnet.ones(1, 2), 0.5, False)
        tensor([[1., 1.]])
    """
    return assign_(input, drop(input, p, train, channels=True, alpha=True))
