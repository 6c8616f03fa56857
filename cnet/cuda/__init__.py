"""Answers to programs that look for a GPU: there is none. What would need one is refused with PyTorch's exception."""

from collections import OrderedDict

from . import amp

__all__ = [
    'Event', 'Stream', 'amp', 'current_device', 'current_stream', 'device_count', 'empty_cache', 'get_arch_list',
    'get_device_capability', 'get_device_name', 'get_device_properties', 'get_rng_state_all', 'init', 'is_available',
    'is_bf16_supported', 'is_initialized', 'manual_seed', 'manual_seed_all', 'max_memory_allocated', 'max_memory_reserved',
    'mem_get_info', 'memory_allocated', 'memory_reserved', 'memory_stats', 'reset_peak_memory_stats', 'seed', 'seed_all',
    'set_device', 'set_rng_state_all', 'synchronize',
]

default_generators = ()


def _refuse():
    raise AssertionError('cnet has no CUDA: it computes on the CPU')


def is_available():
    """Whether there is a GPU to compute on.

    Returns:
        bool: False.

    Example:
        >>> import cnet
        >>> cnet.device('cuda' if cnet.cuda.is_available() else 'cpu')
        device(type='cpu')
    """
    return False


def is_initialized():
    """Whether CUDA was used: False."""
    return False


def is_bf16_supported(including_emulation=True):
    """Whether the GPU knows bfloat16: False."""
    return False


def device_count():
    """The number of GPUs: 0."""
    return 0


def get_arch_list():
    """The GPU architectures that cnet was built for: none."""
    return []


def manual_seed(seed):
    """Accepted: PyTorch, too, keeps the seed for a GPU that may never be used. Seed the CPU with `cnet.manual_seed`."""
    int(seed)


def manual_seed_all(seed):
    """Accepted, as `manual_seed`."""
    int(seed)


def seed():
    """Accepted, as `manual_seed`."""


def seed_all():
    """Accepted, as `manual_seed`."""


def get_rng_state_all():
    """The states of the random generators of all GPUs: none."""
    return []


def set_rng_state_all(new_states):
    """Set the states of the random generators of all GPUs.

    Args:
        new_states (iterable): must be empty.
    """
    if list(new_states):
        _refuse()


def empty_cache():
    """Give unused GPU memory back: there is none."""


def memory_allocated(device=None):
    """Bytes of GPU memory in use: 0."""
    return 0


def max_memory_allocated(device=None):
    """The most bytes of GPU memory that were in use: 0."""
    return 0


def memory_reserved(device=None):
    """Bytes of GPU memory held: 0."""
    return 0


def max_memory_reserved(device=None):
    """The most bytes of GPU memory that were held: 0."""
    return 0


def memory_stats(device=None):
    """Figures about GPU memory: none."""
    return OrderedDict()


def reset_peak_memory_stats(device=None):
    """Begin anew to note the most memory in use; without a GPU it stays 0."""


def set_device(device):
    """Choose a GPU; refused, but for negative numbers, which choose none.

    Args:
        device (int): the GPU.
    """
    if not (isinstance(device, int) and device < 0):
        _refuse()


def init():
    """Refused."""
    _refuse()


def synchronize(device=None):
    """Refused."""
    _refuse()


def current_device():
    """Refused."""
    _refuse()


def current_stream(device=None):
    """Refused."""
    _refuse()


def get_device_name(device=None):
    """Refused."""
    _refuse()


def get_device_capability(device=None):
    """Refused."""
    _refuse()


def get_device_properties(device=None):
    """Refused."""
    _refuse()


def mem_get_info(device=None):
    """Refused."""
    _refuse()


class Event:
    """Refused when made; there for annotations and `isinstance`."""

    def __new__(cls, *args, **kwargs):
        raise RuntimeError('Tried to instantiate dummy base class Event')


class Stream:
    """Refused when made; there for annotations and `isinstance`."""

    def __new__(cls, *args, **kwargs):
        raise RuntimeError('cnet.cuda.Stream requires CUDA support')
