"""`compile` and its marks. cnet runs programs as they are: compiling returns them unchanged."""

__all__ = ['allow_in_graph', 'assume_constant_result', 'compile', 'cudagraph_mark_step_begin', 'disable', 'is_compiling',
           'is_dynamo_compiling', 'is_exporting', 'list_backends', 'reset']


def compile(model=None, *, fullgraph=False, dynamic=None, backend='inductor', mode=None, options=None, disable=False):
    """The model or function itself. Kernels are compiled already, and there is no graph to optimise.

    Args:
        model (Module or callable, optional): what to compile; without it, a decorator is returned.
        fullgraph, dynamic, backend, mode, options, disable: accepted.

    Returns:
        Module or callable: `model`, not a copy; a name in `state_dict()` has no prefix.

    Example:
        >>> import cnet
        >>> layer = cnet.nn.Linear(2, 2)
        >>> cnet.compile(layer) is layer
        True
    """
    if mode is not None and options is not None:
        raise RuntimeError('Either mode or options can be specified, but both can\'t be specified at the same time.')
    return (lambda f: f) if model is None else model


def is_compiling():
    """Whether the program is being compiled: False."""
    return False


def is_dynamo_compiling():
    """Whether the program is being compiled: False."""
    return False


def is_exporting():
    """Whether the program is being exported: False."""
    return False


def disable(fn=None, recursive=True, *, reason=None):
    """Mark a function that a compiler should leave alone.

    Args:
        fn (callable, optional): the function.
        recursive (bool): accepted.
        reason (str, optional): accepted.

    Returns:
        callable: the function, or a decorator.

    Example:
        >>> import cnet
        >>> cnet.compiler.disable(len)([1])
        1
    """
    return (lambda f: f) if fn is None else fn


def allow_in_graph(fn):
    """Mark a function that a compiler should not look into; returns it."""
    return fn


def assume_constant_result(fn):
    """Mark a function whose result a compiler may keep; returns it."""
    return fn


def list_backends(exclude_tags=('debug', 'experimental')):
    """The names of compilers: none."""
    return []


def reset():
    """Forget all that was compiled: nothing."""


def cudagraph_mark_step_begin():
    """Tell a compiler for GPUs where a step begins."""
