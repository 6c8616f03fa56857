"""Making modules without initial weights."""

import inspect

from ...random import get_rng_state, set_rng_state
from ..modules.module import Module

__all__ = ['skip_init']


def skip_init(module_cls, *args, **kwargs):
    """A module with undefined weights, made without changing the state of the random generator.

    Args:
        module_cls (type): the class of the module; its constructor takes `device`.
        *args, **kwargs: the arguments of the constructor.

    Returns:
        Module

    Example:
        >>> import cnet
        >>> cnet.nn.utils.skip_init(cnet.nn.Linear, 5, 1)
        Linear(in_features=5, out_features=1, bias=True)
    """
    if not issubclass(module_cls, Module):
        raise RuntimeError(f'Expected a Module; got {module_cls}')
    if 'device' not in inspect.signature(module_cls).parameters:
        raise RuntimeError("Module must support a 'device' arg to skip initialization")
    state = get_rng_state()
    try:
        return module_cls(*args, **kwargs)
    finally:
        set_rng_state(state)
