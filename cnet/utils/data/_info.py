"""What a worker process knows about itself."""

from dataclasses import dataclass

__all__ = ['WorkerInfo', 'get_worker_info']

_info = None


@dataclass(frozen=True, slots=True)
class WorkerInfo:
    """A worker's number `id`, the number of workers, its seed and its copy of the dataset."""

    id: int
    num_workers: int
    seed: int
    dataset: object


def get_worker_info():
    """Return what a `DataLoader` worker knows about itself; None in the main process.

    An iterable dataset asks it which part of the data to yield.

    Returns:
        WorkerInfo or None: with attributes `id`, `num_workers`, `seed` and `dataset`.

    Example:
        >>> import cnet
        >>> cnet.utils.data.get_worker_info() is None
        True
    """
    return _info


def set_worker_info(info):
    """Note that this process is a worker."""
    global _info
    _info = info
