"""Tensors print character for character as PyTorch prints them, but for the prefix of types."""
from __future__ import annotations

import numpy as np
import pytest
import tensor_cases

import cnet

torch = pytest.importorskip('torch')


@pytest.mark.parametrize('seed', range(8))
def test_same_text(seed, monkeypatch):
    # 'cnet' is a letter shorter than 'torch', which may move a line break: compare under the longer name.
    monkeypatch.setattr(cnet.dtype, '__repr__', lambda self: f'torch.{self.name}')
    rng = np.random.default_rng(seed)
    for _ in range(250):
        a, options = tensor_cases.array(rng), tensor_cases.options(rng)
        history = str(rng.choice(['', '', 'leaf', 'node']))
        expected = tensor_cases.text(torch, a.copy(), options, history)
        assert tensor_cases.text(cnet, a.copy(), options, history) == expected, (options, a.dtype, a.shape, history)
