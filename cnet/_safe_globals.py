"""Classes and functions that the user allows `load` to use although it reads tensors and plain containers only."""

__all__ = ['add_safe_globals', 'clear_safe_globals', 'get_safe_globals', 'safe_globals']

allowed = {}  # full dotted name in the file: what it stands for


def _named(item):
    """(name, object) of an item of a list of safe globals."""
    if isinstance(item, tuple):
        if len(item) != 2 or not isinstance(item[1], str):
            raise ValueError('Expected tuple of size 2 (global, str of callable full path), but got tuple of size: '
                             f'{len(item)}')
        return item[1], item[0]
    return f'{item.__module__}.{item.__qualname__}', item


def add_safe_globals(safe_globals):
    """Allow `load` to use classes and functions that files name.

    A file then can make such objects and set their attributes, and call such functions with any arguments: allow only what
    does no harm that way.

    Args:
        safe_globals (list): classes and functions, or pairs (object, dotted name in the file).

    Example:
        >>> import cnet
        >>> cnet.serialization.add_safe_globals([complex])
        >>> cnet.serialization.get_safe_globals()
        [<class 'complex'>]
        >>> cnet.serialization.clear_safe_globals()
    """
    allowed.update(map(_named, safe_globals))


def get_safe_globals():
    """What `add_safe_globals` was given, and what the `safe_globals` contexts around add."""
    return [item if f'{item.__module__}.{item.__qualname__}' == name else (item, name) for name, item in allowed.items()]


def clear_safe_globals():
    """Allow nothing but tensors and plain containers again."""
    allowed.clear()


class safe_globals:
    """`add_safe_globals` for a block.

    Args:
        safe_globals (list): as there.

    Example:
        >>> import cnet
        >>> with cnet.serialization.safe_globals([complex]):
        ...     len(cnet.serialization.get_safe_globals())
        1
    """

    def __init__(self, safe_globals):
        self.safe_globals = safe_globals

    def __enter__(self):
        self._old = dict(allowed)
        add_safe_globals(self.safe_globals)

    def __exit__(self, *exc):
        allowed.clear()
        allowed.update(self._old)
