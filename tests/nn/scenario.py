"""Scenarios: short programs that run with any library of PyTorch's interface, and what comes out of them.

An outcome is what the scenario returns, or the type and text of the exception it raises, and the kinds of warnings.
Tensors become rounded lists, modules their repr, and 'torch.' in texts becomes 'cnet.', so that outcomes of two libraries
can be compared and kept in a file.
"""
from __future__ import annotations

import json
import warnings
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

RECORD = Path(__file__).parent.parent / 'golden' / 'modules.json'
SCENARIOS: dict[str, Callable] = {}


def plain(value: Any, lib: Any) -> Any:
    """`value` without anything that belongs to one library."""
    if isinstance(value, lib.Tensor):
        # Adding zero turns -0 into 0, which a value rounded from either side of zero may be.
        return (np.round(value.detach().numpy(), 4) + 0).tolist()
    if isinstance(value, lib.nn.Module):
        return plain(repr(value), lib)
    if isinstance(value, dict):
        return {str(key): plain(v, lib) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v, lib) for v in value]
    if isinstance(value, str):
        return renamed(value)
    return value


def renamed(text: str) -> str:
    return text.replace('torch.', 'cnet.').replace('torch Tensor', 'cnet.Tensor')


def outcome(run: Callable, lib: Any) -> Any:
    """What the scenario leads to, in a form that JSON keeps."""
    lib.manual_seed(0)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        try:
            result = plain(run(lib, lib.nn), lib)
        except Exception as error:
            result = [type(error).__name__, renamed(str(error))]
    return json.loads(json.dumps([result, [w.category.__name__ for w in caught]]))


def scenario(run: Callable) -> Callable:
    SCENARIOS[run.__name__] = run
    return run


def sample_net(nn: Any) -> Any:
    return nn.Sequential(OrderedDict(
        a=nn.Linear(3, 4), b=nn.BatchNorm1d(4), c=nn.Sequential(nn.ReLU(), nn.Linear(4, 2, bias=False))))
