"""A library of matrix products, which cnet does not use: it has its own."""

__all__ = ['is_available']


def is_available():
    """Whether the library is there: False."""
    return False
