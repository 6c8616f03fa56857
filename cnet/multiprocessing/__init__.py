"""Python's `multiprocessing`, with `spawn`, and with tensors in shared memory travelling as such.

Other tensors travel as copies: call `share_memory_()` (or `Module.share_memory()`) on what processes shall write together.
"""

import multiprocessing as _python
from multiprocessing import *

from ._reductions import register as _register
from ._spawn import (
    ProcessContext,
    ProcessException,
    ProcessExitedException,
    ProcessRaisedException,
    SpawnContext,
    spawn,
    start_processes,
)

__all__ = list(_python.__all__)
__all__ += ['ProcessContext', 'ProcessException', 'ProcessExitedException', 'ProcessRaisedException',
           'SpawnContext', 'get_all_sharing_strategies', 'get_sharing_strategy', 'set_sharing_strategy', 'spawn',
           'start_processes']

_register()


def get_all_sharing_strategies():
    """The ways to share memory: by file descriptor."""
    return {'file_descriptor'}


def get_sharing_strategy():
    """The way in which memory is shared."""
    return 'file_descriptor'


def set_sharing_strategy(new_strategy):
    """Accept the one way in which memory is shared.

    Args:
        new_strategy (str): 'file_descriptor'.
    """
    if new_strategy not in get_all_sharing_strategies():
        raise AssertionError(f'there is no sharing strategy {new_strategy!r}, only file_descriptor')
