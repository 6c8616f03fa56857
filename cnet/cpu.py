"""The CPU in the words of programs for many devices."""

__all__ = ['current_device', 'device_count', 'is_available', 'set_device', 'synchronize']


def is_available():
    """Whether there is a CPU.

    Example:
        >>> import cnet
        >>> cnet.cpu.is_available()
        True
    """
    return True


def device_count():
    """The number of CPUs as devices: 1, whatever its cores."""
    return 1


def current_device():
    """The name of the device: 'cpu'."""
    return 'cpu'


def set_device(device):
    """Accepted; there is one."""


def synchronize(device=None):
    """Wait for all that was asked for; it is done when a call returns."""
