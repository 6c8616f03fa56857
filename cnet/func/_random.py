"""What random numbers are allowed inside a mapped function, and whether all calls draw the same ones."""

from contextlib import contextmanager

import numpy as np

from .._core.generator import STATE_BYTES, watched

_REFUSAL = ('vmap: called random operation while in randomness error mode. Please either use the \'same\' or \'different\' '
            'randomness flags on vmap or perform the randomness operation out of vmap')


def check_randomness(randomness):
    """Refuse what is not a kind of randomness."""
    if randomness not in ('error', 'different', 'same'):
        raise RuntimeError(f"Only allowed values for randomness are 'error', 'different', or 'same'. Got {randomness}")


def _refuse(engine):
    raise RuntimeError(_REFUSAL)


@contextmanager
def drawing(randomness):
    """A context for the calls of a mapped function; gives a function to call before each of them.

    'same': every engine that was drawn from is put back to where it was at its first use.
    """
    first = {}

    def note(engine):
        if engine not in first:
            first[engine] = np.empty(STATE_BYTES, np.uint8)
            engine.save(first[engine])

    def rewind():
        for engine, state in first.items():
            engine.load(state)

    watch = {'error': _refuse, 'same': note, 'different': None}[randomness]
    old = watched.by
    if watch is not None:
        watched.by = (*old, watch)
    try:
        yield rewind
    finally:
        watched.by = old
