"""Writes tensor_str.json: what PyTorch prints. Run from tests/: python golden/record_tensor_str.py"""
from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parent.parent))
import tensor_cases

LARGEST = 1500  # characters: the file is for reading


def record(n: int) -> list[dict]:
    rng, cases = np.random.default_rng(2026), []
    while len(cases) < n:
        a, options = tensor_cases.array(rng), tensor_cases.options(rng)
        history = str(rng.choice(['', '', 'leaf', 'node']))
        text = tensor_cases.text(torch, a.copy(), options, history)
        if len(text) <= LARGEST and a.size <= 1100:
            parts = [a.real, a.imag] if a.dtype.kind == 'c' else [a]
            cases.append({'dtype': a.dtype.name, 'shape': a.shape, 'parts': [p.ravel().tolist() for p in parts],
                          'options': options, 'history': history, 'text': text})
    return cases


if __name__ == '__main__':
    lines = ',\n'.join(json.dumps(case) for case in record(120))
    (Path(__file__).parent / 'tensor_str.json').write_text(f'[\n{lines}\n]\n')
