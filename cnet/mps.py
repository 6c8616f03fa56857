"""Answers to programs that look for MPS devices: there are none."""

__all__ = ['device_count', 'empty_cache', 'is_available', 'manual_seed', 'synchronize']


def _refuse():
    raise RuntimeError('cnet has no MPS devices: it computes on the CPU')


def is_available():
    """Whether there is such a device: False."""
    return False


def device_count():
    """The number of such devices: 0."""
    return 0


def manual_seed(seed):
    """Accepted: PyTorch, too, keeps the seed for a device that may never be used."""
    int(seed)


def synchronize():
    """Refused."""
    _refuse()


def empty_cache():
    """Refused."""
    _refuse()
