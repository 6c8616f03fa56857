"""The default generator of random numbers."""

import contextlib

from ._core.generator import Generator, default_generator

__all__ = ['Generator', 'default_generator', 'fork_rng', 'get_rng_state', 'initial_seed', 'manual_seed', 'seed', 'set_rng_state']


def manual_seed(seed):
    """Seed the default generator.

    Args:
        seed (int): what `int` accepts; from -2**63 to 2**64 - 1.

    Returns:
        Generator: the default generator.

    Example:
        >>> import cnet
        >>> _ = cnet.manual_seed(0)
        >>> cnet.rand(2)
        tensor([0.4963, 0.7682])
    """
    return default_generator.manual_seed(int(seed))


def seed():
    """Seed the default generator from the operating system.

    Returns:
        int: the seed.

    Example:
        >>> import cnet
        >>> cnet.seed() == cnet.initial_seed()
        True
    """
    return default_generator.seed()


def initial_seed():
    """Return the seed of the default generator.

    Returns:
        int: the seed.

    Example:
        >>> import cnet
        >>> cnet.manual_seed(5).initial_seed() == cnet.initial_seed() == 5
        True
    """
    return default_generator.initial_seed()


def get_rng_state():
    """Return the state of the default generator.

    Returns:
        Tensor: uint8 of shape (5056,).

    Example:
        >>> import cnet
        >>> cnet.get_rng_state().dtype
        cnet.uint8
    """
    return default_generator.get_state()


def set_rng_state(new_state):
    """Continue the default generator from a state that `get_rng_state` returned.

    Args:
        new_state (Tensor): uint8 of shape (5056,).

    Example:
        >>> import cnet
        >>> state = cnet.get_rng_state()
        >>> x = cnet.randn(3)
        >>> cnet.set_rng_state(state)
        >>> cnet.equal(x, cnet.randn(3))
        True
    """
    default_generator.set_state(new_state)


@contextlib.contextmanager
def fork_rng(devices=None, enabled=True, _caller='fork_rng', _devices_kw='devices', device_type=None):
    """Context manager after which the default generator is where it was before.

    Args:
        devices (iterable, optional): accepted for compatibility; there are no other devices.
        enabled (bool): whether to do anything. Default: True.
        device_type (str, optional): accepted for compatibility.

    Example:
        >>> import cnet
        >>> with cnet.random.fork_rng():
        ...     x = cnet.rand(3)
        >>> cnet.equal(x, cnet.rand(3))
        True
    """
    if not enabled:
        yield
        return
    state = default_generator.get_state()
    try:
        yield
    finally:
        default_generator.set_state(state)
