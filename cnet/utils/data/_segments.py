"""Large messages from a worker to the main process: their bytes lie in shared memory, and the pipe says where.

The memory has no name: a descriptor of it travels through the pipe once, and the system frees it when both processes have
closed it or are dead, however they die. The worker writes a batch whole and goes on to the next one, where a pipe would
make it wait for the main process every 200 KB. The main process copies it out at once, so that a few segments serve for all.
"""

import mmap
import os
import pickle
from multiprocessing.reduction import recv_handle, send_handle

import numpy as np

from ..._core.arrays import empty

_create = getattr(os, 'memfd_create', None)  # Linux alone has it
SHARED = 1 << 16   # bytes of a message from which it is quicker through shared memory: see bench/lab/dataloader.md
_ALIGNMENT = 64
_GRAIN = 1 << 16   # segments are multiples of this


def _starts(sizes):
    """Where the pieces of these sizes begin, and where the last one ends."""
    starts, end = [], 0
    for size in sizes:
        starts.append(end)
        end += -(-size // _ALIGNMENT) * _ALIGNMENT
    return starts, end


class Outbox:
    """The worker's end: sends messages, given as bytes-like pieces with a small first one.

    `free` holds the numbers of segments that can be written again; the main process tells them with its tasks. One thread
    appends to it while another takes from it, each in single steps that need no lock.
    """

    def __init__(self, connection):
        self.connection = connection
        self.free = []
        self._segments = {}   # number: (map, size)
        self._count = 0

    def send(self, pieces):
        """Send a message."""
        sizes = [piece.nbytes for piece in pieces[1:]]
        starts, end = _starts(sizes)
        shared = _create is not None and end >= SHARED
        number, descriptor, dropped = self._take(end) if shared else (None, None, ())
        if number is None:
            self.connection.send_bytes(pickle.dumps((None, 0, dropped, sizes)))
            for piece in pieces:
                self.connection.send_bytes(piece)
            return
        memory, size = self._segments[number]
        view = np.frombuffer(memory, np.uint8)
        for piece, start in zip(pieces[1:], starts):
            view[start:start + piece.nbytes] = np.frombuffer(piece, np.uint8)
        self.connection.send_bytes(pickle.dumps((number, 0 if descriptor is None else size, dropped, sizes)))
        if descriptor is not None:
            send_handle(self.connection, descriptor, None)
            os.close(descriptor)
        self.connection.send_bytes(pieces[0])

    def _take(self, size):
        """A segment of that size: its number, its descriptor if it is new, and the numbers of those that were too small.

        The number is None if there is no memory for it.
        """
        dropped = []
        while self.free:
            number = self.free.pop()
            if self._segments[number][1] >= size:
                return number, None, dropped
            dropped.append(number)  # batches have grown, and the next ones will be no smaller
            del self._segments[number]
        size = -(-size // _GRAIN) * _GRAIN
        try:
            descriptor = _create('cnet batches')
        except OSError:
            return None, None, dropped
        try:
            os.posix_fallocate(descriptor, 0, size)  # a write to memory that is not there would be a deadly signal
            memory = mmap.mmap(descriptor, size)
        except OSError:
            os.close(descriptor)
            return None, None, dropped
        number, self._count = self._count, self._count + 1
        self._segments[number] = memory, size
        return number, descriptor, dropped


class Inbox:
    """The main process's end: receives messages; `free` gathers the segments that the worker may write again."""

    def __init__(self, connection):
        self.connection = connection
        self.free = []
        self._segments = {}

    def receive(self):
        """The pieces of the next message: bytes, and arrays of bytes."""
        number, new, dropped, sizes = pickle.loads(self.connection.recv_bytes())
        for old in dropped:
            del self._segments[old]
        if number is None:
            first = self.connection.recv_bytes()
            pieces = [empty((size,), np.uint8) for size in sizes]
            for piece in pieces:
                self.connection.recv_bytes_into(piece)
            return [first, *pieces]
        if new:
            descriptor = recv_handle(self.connection)
            try:
                self._segments[number] = mmap.mmap(descriptor, new)
            finally:
                os.close(descriptor)
        first = self.connection.recv_bytes()
        view = np.frombuffer(self._segments[number], np.uint8)
        pieces = []
        for start, size in zip(_starts(sizes)[0], sizes):
            piece = empty((size,), np.uint8)
            piece[...] = view[start:start + size]
            pieces.append(piece)
        self.free.append(number)
        return [first, *pieces]

    def take_free(self):
        """The segments that were freed since the last call."""
        free, self.free = self.free, []
        return free
