"""Modules do what PyTorch was recorded to do (see nn.scenario and nn.record)."""
from __future__ import annotations

import json
from collections.abc import Callable

import nn.scenarios_of_calls
import nn.scenarios_of_lazy
import nn.scenarios_of_state
import nn.scenarios_of_utils  # noqa: F401
import pytest
from nn.layers import built
from nn.scenario import RECORD, SCENARIOS, outcome

import cnet

EXPECTED = json.loads(RECORD.read_text())
ALL = {**SCENARIOS, **built()}


@pytest.mark.parametrize(('name', 'run'), [pytest.param(name, run, id=name) for name, run in ALL.items()])
def test_as_recorded(name: str, run: Callable) -> None:
    assert outcome(run, cnet) == EXPECTED[name]


def test_everything_is_recorded() -> None:
    assert list(EXPECTED) == list(ALL)
