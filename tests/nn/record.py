"""Writes tests/golden/modules.json: what PyTorch does in every scenario. Run from tests/: python -m nn.record"""
import json

import nn.scenarios_of_calls
import nn.scenarios_of_lazy
import nn.scenarios_of_state
import nn.scenarios_of_utils  # noqa: F401
import torch
from nn.layers import built
from nn.scenario import RECORD, SCENARIOS, outcome

if __name__ == '__main__':
    outcomes = {name: outcome(run, torch) for name, run in {**SCENARIOS, **built()}.items()}
    RECORD.write_text('{\n' + ',\n'.join(f'{json.dumps(name)}: {json.dumps(o)}' for name, o in outcomes.items()) + '\n}\n')
