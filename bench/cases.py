"""The registry of a family's cases.

A case is a function `build(torch)` that makes its data and returns `call()`, which is timed. `call()` returns the result (a
tensor, an array, a number, or a tuple of those; None if there is nothing to compare), which must equal that of the first peer
before anything is timed. Data are made after `manual_seed(0)`, which gives the same numbers in cnet and PyTorch.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np


class Case(NamedTuple):
    """What to time; what it must compute and move, from which follows the time that no code can beat; why it is slow."""
    builds: dict
    flops: float
    reads: float
    writes: float
    why: str


class Cases(dict):
    """Cases by name, in order.

    Example:
        >>> cases = Cases()
        >>> @cases('relu, 1024x1024', reads=4 * 2 ** 20, writes=4 * 2 ** 20)
        ... def _(torch):
        ...     x = torch.randn(1024, 1024)
        ...     return lambda: torch.relu(x)
        >>> @cases.twin('relu, 1024x1024', 'numpy')
        ... def _(np):
        ...     x = np.random.randn(1024, 1024).astype('float32')
        ...     return lambda: np.maximum(x, 0)
        >>> list(cases)
        ['relu, 1024x1024']
    """

    groups: tuple = ()      # endings of names; if given, the bench counts by them what is slower than every peer, and asks why

    def __call__(self, name: str, *, flops: float = 0, reads: float = 0, writes: float = 0, why: str = '') -> Callable:
        """Register a case. `flops` counts operations, `reads` and `writes` the bytes of operands and results, each once."""
        def register(build: Callable) -> Callable:
            if name in self:
                raise ValueError(f'two cases are called {name!r}')
            self[name] = Case({'': build}, flops, reads, writes, why)
            return build
        return register

    def twin(self, name: str, library: str) -> Callable:
        """Register how another library does the case: `numpy`, `jax`, or `torch.compile`, whose builder gets torch."""
        def register(build: Callable) -> Callable:
            self[name].builds[library] = build
            return build
        return register


def digest(result: Any) -> list | None:
    """The shapes of a result's parts and three sums over each, by which two libraries' results are compared."""
    if result is None:
        return None
    if isinstance(result, (tuple, list)):
        return [part for item in result for part in digest(item) or []]
    x = np.asarray(result.detach().numpy() if hasattr(result, 'detach') else result)
    parts = [x.real, x.imag] if x.dtype.kind == 'c' else [x]
    out = []
    for part in parts:
        flat = part.astype(np.float64).ravel()
        finite = np.where(np.isfinite(flat), flat, 0.)
        weights = np.cos(np.arange(flat.size) * 0.7390851)
        out.append([list(part.shape), float(finite.sum()), float(np.abs(finite).sum()), float(finite @ weights)])
    return out


def equal(a: list | None, b: list | None, rounding: float = 1e-4) -> bool:
    """Whether two digests are those of equal results; a part's error is measured beside the sum of its absolute values."""
    if a is None or b is None:
        return True
    return len(a) == len(b) and all(
        p[0] == q[0] and all(abs(x - y) <= rounding * max(p[2], q[2]) + 1e-6 for x, y in zip(p[1:], q[1:], strict=True))
        for p, q in zip(a, b, strict=True))
