"""What test_multiprocessing.py starts, in a module that spawned processes can import."""
from __future__ import annotations

import os
from typing import Any


def write(i: int, shared: Any, plain: Any) -> None:
    shared[i] = i + 1
    plain[i] = i + 1


def train(i: int, model: Any) -> None:
    model.weight.data.fill_(7)
    model.weight.sum().backward()


def answer(queue: Any, x: Any) -> None:
    queue.put(x * 2)


def fail(i: int) -> None:
    if i:
        raise ValueError('no such luck')


def leave(i: int, how: str) -> None:
    os._exit(3) if how == 'code' else os.kill(os.getpid(), 9)
