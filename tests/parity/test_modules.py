"""The record that tests/nn/test_modules.py compares with is what this PyTorch does; constructors take its arguments."""
from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from typing import Any

import nn.scenarios_of_calls
import nn.scenarios_of_lazy
import nn.scenarios_of_state
import nn.scenarios_of_utils  # noqa: F401
import pytest
from nn.layers import LAYERS, built
from nn.scenario import RECORD, SCENARIOS, outcome

import cnet

torch = pytest.importorskip('torch')

EXPECTED = json.loads(RECORD.read_text())


@pytest.mark.parametrize(('name', 'run'), [pytest.param(n, run, id=n) for n, run in {**SCENARIOS, **built()}.items()])
def test_record(name: str, run: Callable) -> None:
    assert outcome(run, torch) == EXPECTED[name]


@pytest.mark.parametrize('name', LAYERS)
def test_constructor_arguments(name: str) -> None:
    def arguments(lib: Any) -> list:
        parameters = inspect.signature(getattr(lib.nn, name).__init__).parameters.values()
        return [(p.name, p.default, p.kind) for p in parameters]
    assert arguments(cnet) == arguments(torch)
