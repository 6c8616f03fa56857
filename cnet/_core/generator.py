"""Generators of random numbers: PyTorch's CPU generator, with the same numbers for the same seed."""

import os
import threading

import numpy as np

from .._kernels.random import Engine
from .base import TensorBase, wrap
from .device import check_device
from .device import device as _device

__all__ = ['Generator']

STATE_BYTES = 5056
_FIRST_SEED = 67280421310721  # the seed of a generator that nobody seeded, as in PyTorch


class Generator:
    """A stream of random numbers (Mersenne Twister mt19937).

    Equal seeds give the numbers that PyTorch gives on a CPU, and states can be exchanged with it.

    Args:
        device (device or str, optional): where the numbers are wanted; only the CPU exists.

    Example:
        >>> import cnet
        >>> g = cnet.Generator().manual_seed(0)
        >>> cnet.rand(2, generator=g)
        tensor([0.4963, 0.7682])
    """

    __slots__ = ('__weakref__', '_engine')
    __module__ = 'cnet'

    def __init__(self, device='cpu'):
        check_device(device, 'Generator')
        self._engine = Engine(_FIRST_SEED)

    @property
    def device(self):
        """Always the CPU."""
        return _device('cpu')

    def manual_seed(self, seed):
        """Start the stream of a seed.

        Args:
            seed (int): from -2**63 to 2**64 - 1; a negative one stands for 2**64 + seed.

        Returns:
            Generator: itself.

        Example:
            >>> import cnet
            >>> cnet.Generator().manual_seed(3).initial_seed()
            3
        """
        if not isinstance(seed, int):
            raise RuntimeError(f'manual_seed expected a long, but got {type(seed).__name__}')
        if not -2 ** 63 <= seed < 2 ** 64:
            raise ValueError('Overflow when unpacking long long')
        self._engine.reseed(seed % 2 ** 64)
        return self

    def seed(self):
        """Start a stream with a seed taken from the operating system.

        Returns:
            int: the seed.

        Example:
            >>> import cnet
            >>> g = cnet.Generator()
            >>> g.seed() == g.initial_seed()
            True
        """
        seed = int.from_bytes(os.urandom(8), 'little')
        self._engine.reseed(seed)
        return seed

    def initial_seed(self):
        """Return the seed that the stream was started with.

        Returns:
            int: the seed.

        Example:
            >>> import cnet
            >>> cnet.Generator().initial_seed()
            67280421310721
        """
        return self._engine.seed

    def get_state(self):
        """Return the state of the stream.

        Returns:
            Tensor: uint8 of shape (5056,), in PyTorch's layout.

        Example:
            >>> import cnet
            >>> cnet.Generator().get_state().shape
            cnet.Size([5056])
        """
        saved = np.empty(STATE_BYTES, np.uint8)
        self._engine.save(saved)
        return wrap(saved)

    def set_state(self, new_state):
        """Continue from a state that `get_state` returned.

        Args:
            new_state (Tensor): uint8 of shape (5056,).

        Returns:
            Generator: itself.

        Example:
            >>> import cnet
            >>> g = cnet.Generator()
            >>> state, x = g.get_state(), cnet.rand(3, generator=g)
            >>> cnet.equal(cnet.rand(3, generator=g.set_state(state)), x)
            True
        """
        if not isinstance(new_state, TensorBase):
            raise TypeError(f'expected a cnet.ByteTensor, but got {type(new_state).__name__}')
        a = new_state._a
        if a.dtype != np.uint8:
            raise TypeError('RNG state must be a cnet.ByteTensor')
        if a.size != STATE_BYTES:
            raise RuntimeError(f'Expected a CPUGeneratorImplState of size {STATE_BYTES} but found the input RNG state size '
                               f'to be {a.size}')
        if not self._engine.load(np.ascontiguousarray(a)):
            raise RuntimeError('Invalid mt19937 state')
        return self

    def clone_state(self):
        """Return a new generator in the same state.

        Returns:
            Generator: the copy.

        Example:
            >>> import cnet
            >>> g = cnet.Generator()
            >>> cnet.equal(cnet.rand(2, generator=g.clone_state()), cnet.rand(2, generator=g))
            True
        """
        return Generator().set_state(self.get_state())

    def get_offset(self):
        """Refuse: only counter-based generators of other devices have an offset."""
        raise RuntimeError('CPU Generator does not use offset')

    def set_offset(self, offset):
        """Refuse: only counter-based generators of other devices have an offset."""
        raise RuntimeError('CPU Generator does not use offset')

    def __reduce__(self):
        return _restore, (self.get_state()._a,)

    def __deepcopy__(self, memo):
        return self.clone_state()


def _restore(saved):
    generator = Generator()
    generator._engine.load(saved)
    return generator


class _Watched(threading.local):
    by = ()  # functions of the calling thread that are told which engine is about to be drawn from


watched = _Watched()


def engine_of(generator, op):
    """The engine to draw from: that of `generator`, or the default one for None."""
    if generator is None:
        engine = default_generator._engine
    elif isinstance(generator, Generator):
        engine = generator._engine
    else:
        raise TypeError(f"{op}(): argument 'generator' must be Generator, not {type(generator).__name__}")
    for tell in watched.by:
        tell(engine)
    return engine


default_generator = Generator()
default_generator.seed()
