"""Random arrays and print options that reach every rule of how tensors print."""
from __future__ import annotations

from typing import Any

import numpy as np

DTYPES = ('bool', 'uint8', 'int8', 'int16', 'int32', 'int64', 'float16', 'float32', 'float64', 'complex64', 'complex128')


def shape(rng: np.random.Generator) -> tuple[int, ...]:
    kind = rng.random()
    if kind < 0.05:
        return (int(rng.integers(900, 1200)),)
    if kind < 0.1:
        return int(rng.integers(1, 40)), int(rng.integers(20, 60))
    least, most = (0 if kind < 0.3 else 1), (14 if kind > 0.85 else 7)
    return tuple(int(n) for n in rng.integers(least, most, rng.integers(0, 5)))


def reals(rng: np.random.Generator, n: tuple[int, ...]) -> np.ndarray:
    """Ordinary, whole, spread, huge, tiny, zero numbers, with zeros, infinities and NaN among them."""
    values = (
        lambda: rng.standard_normal(n),
        lambda: np.round(rng.standard_normal(n) * 10.0 ** rng.integers(0, 9)),
        lambda: rng.standard_normal(n) * 10.0 ** rng.integers(-10, 10, n),
        lambda: rng.integers(-3, 4, n).astype(float),
        lambda: rng.random(n) * 10.0 ** rng.integers(-6, 10),
        lambda: np.zeros(n),
        lambda: rng.standard_normal(n) * 10.0 ** rng.integers(-40, 40),
    )[rng.integers(7)]()
    if rng.random() < 0.3:
        special = rng.choice([0.0, -0.0, np.nan, np.inf, -np.inf])
        values = np.where(rng.random(n) < rng.random(), special, values)
    return np.asarray(values)


def array(rng: np.random.Generator) -> np.ndarray:
    n, dtype = shape(rng), np.dtype(str(rng.choice(DTYPES)))
    with np.errstate(all='ignore'):
        if dtype.kind == 'c':
            result = np.empty(n, dtype)
            result.real, result.imag = reals(rng, n), reals(rng, n)
            return result
        if dtype.kind == 'f':
            return np.asarray(reals(rng, n).astype(dtype))
    if dtype.kind == 'b':
        return np.asarray(rng.random(n) < 0.5)
    if rng.random() < 0.3:
        info = np.iinfo(dtype)
        return np.asarray(rng.integers(info.min, info.max, n, dtype=dtype, endpoint=True))
    return np.asarray(rng.integers(0 if dtype.kind == 'u' else -20, 100, n)).astype(dtype)


def options(rng: np.random.Generator) -> dict[str, Any]:
    chosen: dict[str, Any] = {}
    if rng.random() < 0.6:
        return chosen
    for name, low, high in (('precision', 0, 8), ('threshold', 0, 30), ('edgeitems', 0, 5), ('linewidth', 5, 130)):
        if rng.random() < 0.3:
            chosen[name] = int(rng.integers(low, high))
    if rng.random() < 0.2:
        chosen['sci_mode'] = bool(rng.random() < 0.5)
    if rng.random() < 0.2:
        chosen['profile'] = str(rng.choice(['short', 'full', 'default']))
    return chosen


def text(lib: Any, a: np.ndarray, chosen: dict[str, Any], history: str) -> str:
    """How `lib` prints the array: as a tensor with `history` '', 'leaf' or 'node'."""
    lib.set_printoptions(profile='default')
    lib.set_printoptions(**chosen)
    try:
        x = lib.from_numpy(a)
        if history and a.dtype.kind in 'fc':
            x.requires_grad_()
            x = x.clone() if history == 'node' else x
        return repr(x)
    finally:
        lib.set_printoptions(profile='default')
