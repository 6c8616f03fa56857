"""With the same seed the tutorial prints the same text with both libraries."""
from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import tutorial

import cnet

torch = pytest.importorskip('torch')


@pytest.mark.parametrize('block', tutorial.BLOCKS, ids=lambda block: block.__name__)
def test_same_text(block: Callable, capsys: pytest.CaptureFixture[str]) -> None:
    printed = []
    for lib, functions in ((cnet, cnet.functional), (torch, torch.nn.functional)):
        lib.manual_seed(1)
        block(lib, functions)
        # The mean of a normalized batch is nothing but rounding, and sums may be rounded in another order.
        printed.append(re.sub(r'-?\d\.\d+e-\d+', '0', capsys.readouterr().out))
    assert printed[0] == printed[1]
