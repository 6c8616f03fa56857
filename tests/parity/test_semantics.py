"""One-line programs of tests/parity/semantics.txt with both libraries: values, types, shapes, shared memory, refusals.

In a line, `T` is the library, `A(2, 3)` a tensor of that shape that counts from 0, `put(x, key, value)` is x after
``x[key] = value``, `same` and `alias` tell whether a function gives back the very tensor, or one over its memory, and
`shared` whether two views still share memory after they went through a function together.
"""
from __future__ import annotations

import copy
import json
import math
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cnet

torch = pytest.importorskip('torch')
pytestmark = pytest.mark.filterwarnings('ignore')  # which of the two warns of what is no part of this
LINES = [line for line in (Path(__file__).parent / 'semantics.txt').read_text().splitlines() if line and line[0] != '#']


def names(lib: Any) -> dict[str, Any]:
    """What a line may use."""
    def counting(*shape: int) -> Any:
        return lib.arange(float(math.prod(shape))).reshape(shape)

    def put(x: Any, key: tuple, value: Any) -> Any:
        x[key if len(key) > 1 else key[0]] = value
        return x

    def same(x: Any, f: Callable) -> bool:
        return f(x) is x

    def alias(x: Any, f: Callable) -> bool:
        y = f(x)
        first = y.data_ptr() if hasattr(y, 'data_ptr') else y.ctypes.data
        return x.data_ptr() <= first < x.data_ptr() + x.nbytes

    def shared(f: Callable) -> float:
        x = counting(4)
        a, b = f([x, x[1:]])
        a[1] = 9.0
        return b[0].item()

    return {'T': lib, 'A': counting, 'put': put, 'same': same, 'alias': alias, 'shared': shared, 'np': np, 'copy': copy,
            'pickle': pickle, 'json': json, 'nan': math.nan, 'inf': math.inf}


def plain(value: Any) -> Any:
    """A result in terms that both libraries share."""
    if hasattr(value, 'grad_fn'):
        return 'tensor', plain(value.dtype), tuple(value.shape), repr(value.detach().tolist()), value.requires_grad
    if isinstance(value, np.ndarray):
        return 'array', value.dtype, value.shape, repr(value.tolist())
    if type(value).__module__.endswith('return_types'):
        return [plain(item) for item in value]
    if isinstance(value, (list, tuple)):
        return type(value).__name__, [plain(item) for item in value]
    if type(value).__name__ == 'dtype':
        return str(value).rpartition('.')[2]
    return type(value).__name__, repr(value)


def outcome(line: str, lib: Any) -> Any:
    try:
        return plain(eval(line, names(lib)))
    except Exception as error:
        return 'raises', type(error).__name__


@pytest.mark.parametrize('line', LINES)
def test_line(line: str) -> None:
    assert outcome(line, cnet) == outcome(line, torch)
