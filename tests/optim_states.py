"""Comparison and conversion of the states of optimizers, ours and PyTorch's."""
from __future__ import annotations

import copy
from typing import Any

import numpy as np

import cnet


def compare(a: Any, b: Any, tol: float) -> None:
    """Both states have the same form, and equal values within the tolerance."""
    assert type(a) is type(b) or hasattr(a, 'numpy')
    if isinstance(a, dict):
        assert list(a) == list(b)
        for key in a:
            compare(a[key], b[key], tol)
    elif isinstance(a, (list, tuple)):
        assert len(a) == len(b)
        for x, y in zip(a, b):
            compare(x, y, tol)
    elif hasattr(a, 'numpy'):
        assert str(a.dtype).split('.')[1] == str(b.dtype).split('.')[1]
        assert a.stride() == b.stride() or not a.numel()
        np.testing.assert_allclose(a.numpy(), b.numpy(), tol, tol)
    else:
        assert a == b


def convert(x: Any) -> Any:
    """A state of PyTorch as one of cnet."""
    if isinstance(x, dict):
        return {key: convert(value) for key, value in x.items()}
    return cnet.tensor(x.numpy()) if hasattr(x, 'numpy') else copy.deepcopy(x)
