"""What to test about each public operation: one file per file of cnet/_ops, each with a list SPECS.

    from specs import FLOATS, OpSpec, Sample

    def softmax_samples(make, dtype):
        yield Sample(make(3, 4), dim=1)
        yield Sample(make(2, 0, 3), dim=-1)
        yield Sample(make(), dim=0)

    def softmax_errors(make):
        yield Error(IndexError, Sample(make(3, 4), dim=2), match='Dimension out of range')

    SPECS = [OpSpec('softmax', softmax_samples, dtypes=FLOATS, errors=softmax_errors,
                    ref=lambda x, dim: np.exp(x) / np.exp(x).sum(dim, keepdims=True))]

tests/test_specs.py runs the generic tests over them, tests/parity/test_specs.py compares them with PyTorch. A file here
may import cnet, but samples hold NumPy data only (`make` draws it), so that both libraries can be called with them; a
dtype is written as a string ('float32') or as the object `cnet.float32`.
"""
from __future__ import annotations

import importlib
import pkgutil
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

FLOATS = ('float32', 'float64')
HALVES = ('float16', 'bfloat16')
COMPLEXES = ('complex64', 'complex128')
INTS = ('int64', 'int32', 'int16', 'int8', 'uint8')
BOOLS = ('bool',)
REALS = FLOATS + INTS
NUMBERS = REALS + COMPLEXES
ALL = NUMBERS + BOOLS


class Leaf:
    """Data of one tensor argument. `grad` says whether the tests may differentiate with respect to it."""

    def __init__(self, array: np.ndarray, dtype: str, grad: bool) -> None:
        self.array, self.dtype = array, dtype
        self.grad = grad and dtype.startswith(('float', 'bfloat', 'complex'))

    def __repr__(self) -> str:
        return f'<{self.dtype} {self.array.shape}{" grad" if self.grad else ""}>'


class Maker:
    """Draws the data of samples: `make(2, 3)`, `make(5, low=0.1, high=4)`, `make(4, dtype='int64', low=0, high=9)`."""

    def __init__(self, dtype: str, seed: str = '') -> None:
        self.dtype = dtype
        self.rng = np.random.default_rng(zlib.crc32(seed.encode()))

    def __call__(self, *shape: int, low: float | None = None, high: float | None = None, dtype: str | None = None,
                 grad: bool = True, distinct: bool = False, away_from: float | None = None) -> Leaf:
        """Uniform values in [low, high): [-2, 2) for floats, [-9, 9) for integers by default.

        `distinct` spreads the values at least (high - low) / 2n apart, for maxima and sorts; `away_from` keeps them at
        least 0.05 from a kink; `grad=False` is for arguments that have no gradient (targets, weights of a loss).
        """
        dtype = dtype or self.dtype
        if dtype == 'bool':
            array = np.asarray(self.rng.random(shape) < 0.5)
        elif not dtype.startswith(('float', 'bfloat', 'complex')):
            least = 0 if dtype == 'uint8' else -9
            array = self.rng.integers(least if low is None else int(low), 9 if high is None else int(high), shape)
            array = np.asarray(array).astype(dtype)
        else:
            low, high = -2 if low is None else low, 2 if high is None else high
            array = self._reals(shape, low, high, distinct, away_from)
            if dtype.startswith('complex'):
                array = array + 1j * self._reals(shape, low, high, distinct, away_from)
            array = np.asarray(array).astype('float32' if dtype == 'bfloat16' else dtype)
        return Leaf(array, dtype, grad)

    def _reals(self, shape: tuple[int, ...], low: float, high: float, distinct: bool,
               away_from: float | None) -> np.ndarray:
        n = int(np.prod(shape))
        if distinct:
            array = (self.rng.permutation(n) + self.rng.uniform(0.25, 0.75, n)) / max(n, 1) * (high - low) + low
        else:
            array = self.rng.uniform(low, high, n)
        if away_from is not None:
            array = array + np.where(array >= away_from, 0.05, -0.05)
        return array.reshape(shape)

    def array(self, values: Any, dtype: str | None = None, grad: bool = True) -> Leaf:
        """Exactly these values."""
        dtype = dtype or self.dtype
        return Leaf(np.asarray(values, 'float32' if dtype == 'bfloat16' else dtype), dtype, grad)


class Sample:
    """One call: `Sample(*args, **kwargs)`, tensors being what `make` returned, also inside lists and tuples."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.args, self.kwargs = args, kwargs

    def __repr__(self) -> str:
        words = [repr(arg) for arg in self.args] + [f'{key}={value!r}' for key, value in self.kwargs.items()]
        return f'({", ".join(words)})'


class Error:
    """A call that must raise exactly this type, with a message that matches the pattern if one is given."""

    def __init__(self, type: type[Exception], sample: Sample, match: str | None = None) -> None:
        self.type, self.sample, self.match = type, sample, match


@dataclass
class OpSpec:
    """A public operation and what is expected of it.

    name: dotted path in the public namespace: 'add', 'nn.functional.conv2d', 'Tensor.view' (self is the first argument).
    samples(make, dtype) yields Sample; errors(make) yields Error.
    ref: the same function on NumPy arrays, where it can be written in a line or two.
    inplace: name of the Tensor method that is this operation in place.
    tol: dtype -> (rtol, atol, reason), where the default of cnet.testing is not right.
    strides: False where PyTorch's strides of the result are an accident that we do not copy.
    names: False where one node makes what PyTorch makes by several, so that `grad_fn` has another name.
    layouts: False where another layout of the same values is another input (`view`, `as_strided`).
    random_memory: the values of the result are undefined (`empty`).
    parity: False, with a `note`, where PyTorch differs on purpose or has no such name.
    """
    name: str
    samples: Callable[[Maker, str], Iterable[Sample]]
    dtypes: tuple[str, ...] = FLOATS
    ref: Callable[..., Any] | None = None
    grad: bool = True
    gradgrad: bool = True
    inplace: str | None = None
    errors: Callable[[Maker], Iterable[Error]] | None = None
    tol: dict[str, tuple[float, float, str]] = field(default_factory=dict)
    strides: bool = True
    names: bool = True
    layouts: bool = True
    random_memory: bool = False
    parity: bool = True
    note: str = ''

    def __str__(self) -> str:
        return self.name

    def cases(self, dtype: str) -> list[Sample]:
        return list(self.samples(Maker(dtype, self.name + dtype), dtype))


def load() -> tuple[list[OpSpec], dict[str, Exception]]:
    """All specs, and the files that could not be imported with the reason."""
    found: list[OpSpec] = []
    broken: dict[str, Exception] = {}
    for info in pkgutil.iter_modules(__path__):
        if info.name.startswith('_'):  # what several spec files share
            continue
        try:
            found += importlib.import_module(f'{__name__}.{info.name}').SPECS
        except Exception as error:  # reported by a test of its own, so that the other files are tested
            broken[info.name] = error
    return found, broken
