"""A dataset for loaders, in a module that spawned workers can import."""
from __future__ import annotations

import os
import signal
from typing import Any

import numpy as np

import cnet
from cnet.utils import data


class Batches(data.Dataset):
    """Batch i has `sizes[i]` bytes of value i, and a few more in a second array."""

    def __init__(self, sizes: list[int], bad: int = -1, harm: str = '') -> None:
        self.sizes, self.bad, self.harm = sizes, bad, harm

    def __len__(self) -> int:
        return len(self.sizes)

    def __getitem__(self, i: int) -> Any:
        if i == self.bad and self.harm == 'kill':
            os.kill(os.getpid(), signal.SIGKILL)
        elif i == self.bad:
            raise ValueError('bad batch')
        return cnet.full((self.sizes[i],), i, dtype=cnet.uint8), {'more': np.full(5000, i), 'text': str(i)}


def same(x: Any) -> Any:
    return x
