"""cnet's answers to the programs equal those that PyTorch gave."""

import json
import pathlib
import sys

import pytest

import cnet

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import programs_func  # noqa: F401  (each file adds its programs)
import programs_functional  # noqa: F401
import programs_graph  # noqa: F401
import programs_hooks  # noqa: F401
import programs_writes  # noqa: F401
from programs import PROGRAMS

ANSWERS = json.loads((pathlib.Path(__file__).parents[1] / 'golden' / 'autograd.json').read_text())


@pytest.mark.parametrize('name', PROGRAMS)
def test_program(name):
    assert json.loads(json.dumps(PROGRAMS[name](cnet))) == ANSWERS[name]
