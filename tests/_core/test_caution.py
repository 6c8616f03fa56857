"""Warnings name the line of the program, whether our files are compiled or not."""

import inspect
import warnings

import pytest

import cnet
from cnet.nn import functional as F

CALLS = {
    'T of three dimensions': lambda: cnet.ones(2, 2, 2).T,
    'H without dimensions': lambda: cnet.ones(()).H,
    'softmax without dim': lambda: F.softmax(cnet.ones(2, 2)),
    'softmax in a module': lambda: cnet.nn.Softmax()(cnet.ones(2, 2)),
    'imaginary part lost': lambda: cnet.ones(2, dtype=cnet.complex64).to(cnet.float32),
    'out= resized': lambda: cnet.add(cnet.ones(2), 1, out=cnet.ones(3)),
}


@pytest.mark.parametrize('name', CALLS)
def test_line_of_the_caller(name):
    call = CALLS[name]
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter('always')
        call()
    assert [(w.filename, w.lineno) for w in seen] == [(__file__, inspect.getsourcelines(call)[1])]
