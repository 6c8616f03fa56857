"""The worker process of a `DataLoader`."""

import os
import queue
import random
import signal
import threading

import numpy as np

from ..._kernels._threads import set_num_threads
from ...random import manual_seed
from . import _wire
from ._fetch import make_fetcher
from ._info import WorkerInfo, set_worker_info
from ._segments import Outbox
from .dataset import IterableDataset

WATCH = 5.0  # seconds between looks at whether the main process is alive


def work(number, count, base_seed, connection, others, dataset, auto_collation, collate_fn, drop_last, init):
    """Make batches until told to stop.

    Messages are ``(pass, task, indices, free)``, ``(pass, None, None, ())`` for the start of another pass, and None for the end;
    `free` are segments of shared memory that may be written again. Answers are ``(pass, task, kind, data)``. Two threads do
    nothing but read and write, so that neither side ever waits for the other to read, and batches are made while earlier
    ones travel.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes; the main one ends this one
    for other in others:
        other.close()
    tasks, answers = queue.SimpleQueue(), queue.SimpleQueue()
    newest, outbox = [0], Outbox(connection)
    threading.Thread(target=_read, args=(connection, os.getppid(), tasks, newest, outbox.free), daemon=True).start()
    writer = threading.Thread(target=_write, args=(outbox, answers), daemon=True)
    writer.start()

    where = f'in DataLoader worker process {number}'
    trouble = fetch = None

    def begin():
        return make_fetcher(dataset, auto_collation, collate_fn, drop_last)

    try:
        set_num_threads(1)
        seed = base_seed + number
        random.seed(seed)
        manual_seed(seed)
        words = np.random.SeedSequence([number, base_seed & 0xFFFFFFFF, base_seed >> 32, 0]).generate_state(4)
        np.random.seed(words)  # noqa: NPY002  what datasets use without a generator of their own
        set_worker_info(WorkerInfo(number, count, seed, dataset))
        if init is not None:
            init(number)
        fetch = begin()
    except Exception as error:
        trouble = _wire.WorkerError(error, where)
    ended = False
    while (message := tasks.get()) is not None:
        run, task, indices = message
        if task is None:
            ended = False
            try:
                fetch = begin()
            except Exception as error:
                trouble = _wire.WorkerError(error, where)
            continue
        if ended or run != newest[0]:  # of a pass that was broken off
            continue
        if trouble is not None:
            answer, trouble = (run, task, 'error', trouble), None
        else:
            try:
                answer = run, task, 'data', fetch(indices)
            except Exception as error:
                ended = isinstance(error, StopIteration) and isinstance(dataset, IterableDataset)
                answer = (run, task, 'end', None) if ended else (run, task, 'error', _wire.WorkerError(error, where))
        try:
            pieces = _wire.pack(answer)
        except Exception as error:
            pieces = _wire.pack((run, task, 'error', _wire.WorkerError(error, where)))
        answers.put(pieces)
        del message, answer, pieces, indices
    answers.put(None)
    writer.join()


def _read(connection, parent, tasks, newest, free):
    """Take messages from the main process; end this process if that one is gone."""
    try:
        while True:
            while not connection.poll(WATCH):
                if os.getppid() != parent:
                    os._exit(1)
            message = connection.recv()
            if message is None:
                break
            newest[0] = message[0]
            free.extend(message[3])
            tasks.put(message[:3])
    except (EOFError, OSError):
        os._exit(1)
    tasks.put(None)


def _write(outbox, answers):
    """Send answers to the main process, until it no longer listens."""
    try:
        while (pieces := answers.get()) is not None:
            outbox.send(pieces)
    except OSError:
        pass
