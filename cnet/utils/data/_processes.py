"""Batches made by worker processes."""

import multiprocessing
import os
import signal
import time
from itertools import cycle
from multiprocessing.connection import wait

from . import _wire
from ._iterators import _BaseDataLoaderIter, takes_arrays
from ._segments import Inbox
from ._worker import work
from .sampler import array_batches

PATIENCE = 5.0  # seconds that workers are given to end by themselves


class _MultiProcessingDataLoaderIter(_BaseDataLoaderIter):
    """Keeps workers busy with tasks and hands out their batches, by default in the order of the tasks.

    Each worker has a pipe of its own, so that one that dies takes no lock and no other worker's batch with it.
    """

    def __init__(self, loader):
        self._workers, self._pipes, self._inboxes = [], [], []
        self._owner_pid = os.getpid()  # a forked child must not end our workers when it forgets its copy of this
        super().__init__(loader)
        self._in_order = loader.in_order
        self._persistent = loader.persistent_workers
        self._most = loader.prefetch_factor * loader.num_workers
        self._run = 0
        try:
            self._start(loader)
        except BaseException:
            self._shutdown_workers()
            raise
        self._begin(loader)

    def _start(self, loader):
        context = loader.multiprocessing_context or multiprocessing.get_context()
        forks = context.get_start_method() == 'fork'
        for number in range(self._num_workers):
            ours, theirs = context.Pipe()
            self._pipes.append(ours)
            self._inboxes.append(Inbox(ours))
            # A forked child has copies of our ends; while these are open, no other worker would notice that we are gone.
            worker = context.Process(target=work, daemon=True, args=(
                number, self._num_workers, self._base_seed, theirs, self._pipes[:] if forks else (), self._dataset,
                self._auto_collation, self._collate_fn, self._drop_last, loader.worker_init_fn))
            try:
                worker.start()
            finally:
                theirs.close()
            self._workers.append(worker)

    def _begin(self, loader):
        """Hand out the first tasks of a pass."""
        if takes_arrays(loader):
            self._sampler_iter = array_batches(self._index_sampler) or self._sampler_iter
        self._sent = self._next = 0    # numbers of the next task to give out and of the next batch to hand out
        self._owner = {}               # task: worker
        self._ready = {}               # task: what came back
        self._load = [0] * self._num_workers
        self._ended = set()            # workers whose iterable dataset has no more
        self._turns = cycle(range(self._num_workers))
        for _ in range(self._most):
            self._put_task()

    def _reset(self, loader):
        """Begin another pass with the same workers."""
        self._restart(loader)
        self._run += 1
        for number in range(self._num_workers):
            self._send(number, (self._run, None, None, ()))
        self._begin(loader)

    def _send(self, number, message):
        try:
            self._pipes[number].send(message)
        except OSError:
            self._fail([number])

    def _put_task(self):
        active = self._num_workers - len(self._ended)
        if not active:
            return
        try:
            indices = next(self._sampler_iter)
        except StopIteration:
            return
        share = self._most // active
        number = next(n for n in self._turns if n not in self._ended and (self._in_order or self._load[n] < share))
        self._send(number, (self._run, self._sent, indices, self._inboxes[number].take_free()))
        self._owner[self._sent] = number
        self._load[number] += 1
        self._sent += 1

    def _next_data(self):
        while True:
            if self._in_order:
                while self._next not in self._ready and self._owner.get(self._next) in self._ended:
                    del self._owner[self._next]
                    self._next += 1
                task = self._next if self._next in self._ready else None
                finished = self._next == self._sent
            else:
                task = next(iter(self._ready), None)
                finished = task is None and all(number in self._ended for number in self._owner.values())
            if task is not None:
                return self._hand_out(task)
            if finished:
                if not self._persistent:
                    self._shutdown_workers()
                raise StopIteration
            self._receive()

    def _hand_out(self, task):
        kind, data = self._ready.pop(task)
        self._load[self._owner.pop(task)] -= 1
        self._next += 1
        self._put_task()
        if kind == 'error':
            data.reraise()
        return data

    def _receive(self):
        """Wait for workers and take what they have."""
        if not self._workers:
            raise RuntimeError('DataLoader workers have been shut down')
        limit = time.monotonic() + self._timeout if self._timeout > 0 else None
        number_of = {pipe: n for n, pipe in enumerate(self._pipes)} | {w.sentinel: n for n, w in enumerate(self._workers)}
        while True:
            found = wait(list(number_of), None if limit is None else max(0.0, limit - time.monotonic()))
            if not found:
                raise RuntimeError(f'DataLoader timed out after {self._timeout} seconds')
            pipes = [x for x in found if not isinstance(x, int)]
            if not pipes:
                self._fail([number_of[x] for x in found])
            if any(self._take(number_of[pipe]) for pipe in pipes):
                return

    def _take(self, number):
        """Take one message of a worker; whether it is of this pass."""
        try:
            run, task, kind, data = _wire.unpack(self._inboxes[number].receive())
        except (EOFError, OSError):
            self._fail([number])
        if run != self._run:
            return False
        if kind == 'end':
            self._ended.add(number)
            if not self._in_order:
                del self._owner[task]
            self._put_task()
        else:
            self._ready[task] = kind, data
        return True

    def _fail(self, numbers):
        """Report workers that died, and end the others."""
        dead = [self._workers[n] for n in numbers]
        for worker in dead:
            worker.join(PATIENCE)
        text = ', '.join(f'{worker.pid} {_end_of(worker.exitcode)}' for worker in dead)
        self._shutdown_workers()
        raise RuntimeError(f'DataLoader worker (pid(s) {text}) exited unexpectedly')

    def _shutdown_workers(self):
        workers, pipes = self._workers, self._pipes
        self._workers, self._pipes, self._inboxes = [], [], []
        for pipe in pipes:
            try:
                pipe.send(None)
            except OSError:
                pass
            pipe.close()
        limit = time.monotonic() + PATIENCE
        for worker in workers:
            worker.join(max(0.0, limit - time.monotonic()))
            if worker.exitcode is None:
                worker.kill()
                worker.join()

    def __del__(self):
        if self._workers and self._owner_pid == os.getpid():
            self._shutdown_workers()


def _end_of(code):
    if code is not None and code < 0:
        return f'killed by signal: {signal.Signals(-code).name}'
    return f'with exit code {code}'
