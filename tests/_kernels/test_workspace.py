"""Scratch memory: aligned, growing, given back on request and by threads that end."""
from __future__ import annotations

import threading
import time

from cnet._kernels import _workspace as W


def emptied() -> int:
    """Bytes that threads of other tests still hold after this one has given its own back."""
    W.release()
    return W.held()


def test_blocks_are_aligned_grow_and_stay() -> None:
    others = emptied()
    first = W.probe(0, 100)
    assert first % 64 == 0 and W.probe(0, 4096) == first
    assert W.probe(1, 100) != first and W.held() - others == 8192
    W.probe(0, 10000)
    assert W.held() - others == 12288 + 4096
    assert emptied() == others


def test_a_thread_that_ends_gives_its_blocks_back() -> None:
    others = emptied()
    thread = threading.Thread(target=W.probe, args=(0, 1 << 20))
    thread.start()
    thread.join()
    end = time.monotonic() + 5  # the system frees a thread's memory a little after Python says that it has ended
    while W.held() != others and time.monotonic() < end:
        time.sleep(0.001)
    assert W.held() == others


def test_another_thread_gives_back_at_its_next_use() -> None:
    others = emptied()
    ready, go = threading.Event(), threading.Event()
    sizes = []

    def work() -> None:
        W.probe(0, 1 << 20)
        ready.set()
        go.wait()
        W.probe(0, 100)
        sizes.append(W.held() - others)
    thread = threading.Thread(target=work)
    thread.start()
    ready.wait()
    assert emptied() - others in (1 << 20, 2 << 20)  # a whole huge page, where there are such
    go.set()
    thread.join()
    assert sizes == [4096]
