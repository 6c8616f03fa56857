"""Settings of libraries that are not here: programs may set and read them."""

from contextlib import contextmanager


class Switches:
    """Attributes with first values, and a context that changes them for a while."""

    def __init__(self, **values):
        self.__dict__.update(values)

    def flags(self, **values):
        """A context in which the given attributes have the given values."""
        return _changed(self, values)


@contextmanager
def _changed(holder, values):
    old = {name: getattr(holder, name) for name in values}
    for name, value in values.items():
        setattr(holder, name, value)
    try:
        yield
    finally:
        for name, value in old.items():
            setattr(holder, name, value)


def changed(module, **values):
    """A context in which names of a module have the given values."""
    return _changed(module, values)
