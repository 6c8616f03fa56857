"""Apple's GPUs, which are not used."""

__all__ = ['is_available', 'is_built']


def is_available():
    """Whether there is such a GPU to compute on: False.

    Example:
        >>> import cnet
        >>> cnet.backends.mps.is_available()
        False
    """
    return False


def is_built():
    """Whether cnet can use such GPUs: False."""
    return False
