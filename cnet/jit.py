"""TorchScript's marks, which mean nothing to a program that is not compiled, and the refusal to compile."""

from contextlib import contextmanager
from typing import Final

__all__ = ['Final', 'annotate', 'export', 'ignore', 'is_scripting', 'is_tracing', 'isinstance', 'load', 'optimized_execution',
           'save', 'script', 'script_if_tracing', 'trace', 'unused']

_isinstance = isinstance


def is_scripting():
    """Whether the program is being compiled: False.

    Example:
        >>> import cnet
        >>> cnet.jit.is_scripting()
        False
    """
    return False


def is_tracing():
    """Whether the program is being traced: False."""
    return False


def _refuse(name):
    raise RuntimeError(f'jit.{name}: cnet has no TorchScript. Models are ordinary Python; save their state_dict().')


def script(obj, *args, **kwargs):
    """Refused: there is no compiler."""
    _refuse('script')


def trace(func, *args, **kwargs):
    """Refused: there is no compiler."""
    _refuse('trace')


def save(m, f, *args, **kwargs):
    """Refused: there are no compiled models."""
    _refuse('save')


def load(f, *args, **kwargs):
    """Refused: compiled models cannot be run."""
    _refuse('load')


def ignore(drop=False, **kwargs):
    """Mark a function that a compiler should leave alone.

    Args:
        drop (callable or bool): the function, or an option.

    Returns:
        callable: the function, or a decorator.

    Example:
        >>> import cnet
        >>> @cnet.jit.ignore
        ... def f():
        ...     return 1
        >>> f()
        1
    """
    return drop if callable(drop) else lambda fn: fn


def unused(fn):
    """Mark a function that a compiler should not see; returns it."""
    return fn


def export(fn):
    """Mark a function that a compiler should compile; returns it."""
    return fn


def script_if_tracing(fn):
    """Mark a function that should be compiled during tracing; returns it."""
    return fn


def annotate(the_type, the_value):
    """`the_value`, which the compiler would take for a `the_type`."""
    return the_value


def isinstance(obj, target_type):
    """Whether `obj` is of a type, or of one of a tuple of types."""
    return _isinstance(obj, target_type)


@contextmanager
def optimized_execution(should_optimize):
    """A context that would set whether compiled programs are optimised."""
    yield
