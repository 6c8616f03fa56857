"""Size, a tuple that stays a Size."""
from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import cnet


def test_is_a_tuple():
    size = cnet.Size([2, 3])
    assert size == (2, 3) and isinstance(size, tuple) and hash(size) == hash((2, 3))
    assert repr(size) == 'cnet.Size([2, 3])' and repr(cnet.Size()) == 'cnet.Size([])'
    assert size[0] == 2 and size.index(3) == 1 and size.numel() == 6 and cnet.Size().numel() == 1


def test_stays_a_size():
    size = cnet.Size((2, 3))
    for result, expected in ((size[1:], (3,)), (size + (4,), (2, 3, 4)), ((4,) + size, (4, 2, 3)), (size * 2, (2, 3) * 2),
                             (2 * size, (2, 3) * 2), (copy.deepcopy(size), size), (pickle.loads(pickle.dumps(size)), size),
                             (cnet.ones(2, 3).shape, size)):
        assert type(result) is cnet.Size and result == expected


def test_takes_what_is_an_integer():
    size = cnet.Size([True, np.int32(2), cnet.tensor(3)])
    assert size == (1, 2, 3) and all(type(n) is int for n in size)
    assert cnet.Size(iter([2, 3])) == (2, 3)


@pytest.mark.parametrize(('make', 'text'), [
    (lambda: cnet.Size([1, 2.0]), r"takes an iterable of 'int' \(item 1 is 'float'\)"),
    (lambda: cnet.Size(['a']), r"\(item 0 is 'str'\)"),
    (lambda: cnet.Size(3), 'not iterable'),
    (lambda: cnet.Size([2]) + [3], r'can only concatenate tuple \(not list\) to cnet.Size'),
    (lambda: cnet.Size([2]) + (2.0,), r"\(item 1 is 'float'\)"),
    (lambda: cnet.Size([2]) * 'a', "can't multiply sequence by non-int"),
    (lambda: [3] + cnet.Size([2]), 'can only concatenate list'),
])
def test_refuses(make, text):
    with pytest.raises(TypeError, match=text):
        make()


def test_shape_of_a_tensor_is_a_key_like_its_tuple():
    shape = cnet.zeros(2, 0, 70_000).shape
    assert type(shape) is cnet.Size and hash(shape) == hash((2, 0, 70_000)) and {shape: 1}[2, 0, 70_000] == 1
    assert cnet.zeros(()).shape == () and hash(cnet.zeros(()).shape) == hash(())
