"""Answers to programs that look for any accelerator: there is none."""

__all__ = ['current_accelerator', 'current_device_index', 'device_count', 'device_index', 'empty_cache', 'is_available',
           'set_device_index', 'synchronize']


def _refuse():
    raise RuntimeError('Cannot access accelerator device when none is available.')


def is_available():
    """Whether there is an accelerator: False.

    Example:
        >>> import cnet
        >>> cnet.accelerator.is_available()
        False
    """
    return False


def device_count():
    """The number of accelerators: 0."""
    return 0


def current_accelerator(check_available=False):
    """The accelerator's device: None."""
    return None


def current_device_index():
    """Refused."""
    _refuse()


def set_device_index(device):
    """Refused."""
    _refuse()


class device_index:
    """A context for one of several accelerators: None changes nothing, a number is refused.

    Args:
        device (int, optional): which accelerator.

    Example:
        >>> import cnet
        >>> with cnet.accelerator.device_index(None):
        ...     cnet.accelerator.device_count()
        0
    """

    def __init__(self, device):
        self.idx = device

    def __enter__(self):
        if self.idx is not None:
            _refuse()

    def __exit__(self, *exc):
        pass


def synchronize(device=None):
    """Refused."""
    _refuse()


def empty_cache():
    """Refused."""
    _refuse()
