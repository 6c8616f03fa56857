"""What tensors share: storages, `set_`, copies and pickles; and the functions that call Python for every element."""
from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import cnet
from cnet.utils import dlpack


def test_storage_of_views() -> None:
    x = cnet.arange(6.0)
    with pytest.warns(UserWarning, match='deprecated'):
        elements = x[2:].storage()
    assert (elements.tolist(), len(elements), elements.dtype) == ([0, 1, 2, 3, 4, 5], 6, cnet.float32)
    elements[1] = 7.0
    assert x[1] == 7 and elements[-1] == 5
    memory = x[::2].untyped_storage()
    assert (len(memory), memory.element_size()) == (24, 1) and elements.untyped() == memory
    assert memory[4:8].tolist() == [0, 0, 224, 64]
    with pytest.raises(IndexError, match='index 6 out of range for storage of size 6'):
        elements[6]
    with pytest.raises(RuntimeError, match='slices are only supported'):
        elements[1:2]
    with pytest.raises(TypeError, match="can't index"):
        memory['a']
    elements.fill_(2)
    assert x.tolist() == [2.0] * 6


def test_set() -> None:
    x, y = cnet.arange(6.0), cnet.zeros(2)
    view = y[1:]
    assert view.set_(x) is view and view._base is None and view._version == 1
    view[0] = 9.0
    assert x[0] == 9 and y.tolist() == [0, 0]
    assert y.set_(x.untyped_storage(), 1, (2, 2), (2, 1)).tolist() == [[1, 2], [3, 4]]
    assert y.storage_offset() == 1 and y.untyped_storage() == x.untyped_storage()
    assert y.set_().shape == (0,)


@pytest.mark.parametrize(('args', 'error'), [
    ((3,), TypeError),
    ((cnet.zeros(2, dtype=cnet.float64),), RuntimeError),
    ((cnet.zeros(6), 100, (2,)), RuntimeError),
    ((cnet.zeros(6), -1, (2,)), RuntimeError),
    ((cnet.zeros(6), 0, (2, 2), (1,)), RuntimeError),
    ((cnet.zeros(6), 0, (2,), (-1,)), RuntimeError),
])
def test_set_refuses(args: tuple, error: type[Exception]) -> None:
    x = cnet.ones(2)
    with pytest.raises(error):
        x.set_(*args)
    assert x.tolist() == [1, 1]


def test_set_of_a_leaf() -> None:
    with pytest.raises(RuntimeError, match='a leaf Variable'):
        cnet.ones(2, requires_grad=True).set_(cnet.ones(3))
    with pytest.raises(NotImplementedError):
        (cnet.ones(2, requires_grad=True) * 2).set_(cnet.ones(3))


def test_deepcopy_keeps_what_is_shared() -> None:
    x = cnet.arange(6.0)
    x.grad = cnet.ones(6)
    x.note = ['kept']
    a, b, same = copy.deepcopy([x, x[2:4], x])
    assert same is a and a.note == ['kept'] and a.note is not x.note and a.grad is not x.grad
    b[0] = 9.0
    assert a[2] == 9 and x[2] == 2 and a._version == b._version == 1
    assert b.storage_offset() == 2 and b.untyped_storage() == a.untyped_storage()
    assert copy.deepcopy(x.reshape(2, 3).t()).stride() == (1, 3)
    assert copy.deepcopy(cnet.nn.Parameter(x)).requires_grad


def test_deepcopy_of_results() -> None:
    with pytest.raises(RuntimeError, match='Only Tensors created explicitly by the user'):
        copy.deepcopy(cnet.ones(2, requires_grad=True) * 2)


@pytest.mark.parametrize('x', [
    cnet.arange(6).reshape(2, 3).t(), cnet.arange(6.0)[1::2], cnet.tensor(1j), cnet.empty(0, 3), cnet.ones(1).expand(3),
    cnet.ones(2, requires_grad=True), cnet.ones(2, requires_grad=True) * 2, cnet.tensor([True]),
], ids=str)
def test_pickle(x: cnet.Tensor) -> None:
    y = pickle.loads(pickle.dumps(x))
    assert type(y) is cnet.Tensor and y.dtype is x.dtype and y.shape == x.shape and y.is_leaf
    assert y.requires_grad == x.requires_grad and np.array_equal(y.detach().numpy(), x.detach().numpy())
    if x.numel() and x.is_contiguous() is False and x.t().is_contiguous():
        assert y.stride() == x.stride()
    y.detach().zero_()  # writable


def test_python_functions() -> None:
    x = cnet.arange(6.0).reshape(2, 3).t()
    assert x.apply_(lambda v: v * v) is x and x.tolist() == [[0, 9], [1, 16], [4, 25]] and x._version == 1
    assert cnet.arange(3).map_(cnet.tensor(2), lambda a, b: a * b).tolist() == [0, 2, 4]
    assert cnet.arange(2).map2_(cnet.tensor([1, 1]), cnet.tensor([5, 6]), lambda a, b, c: a + b + c).tolist() == [6, 8]
    with pytest.raises(TypeError, match="'int' object is not callable"):
        x.apply_(3)
    with pytest.raises(RuntimeError, match=r"Can't call apply_\(\) on Variable that requires grad"):
        cnet.ones(1, requires_grad=True).apply_(abs)
    with pytest.raises(RuntimeError):
        cnet.ones(3).map_(cnet.ones(2), max)


def test_fill_diagonal() -> None:
    assert cnet.zeros(3, 2).fill_diagonal_(1).tolist() == [[1, 0], [0, 1], [0, 0]]
    assert cnet.zeros(4, 2).fill_diagonal_(1, wrap=True).tolist() == [[1, 0], [0, 1], [0, 0], [1, 0]]
    x = cnet.ones(2, 2, requires_grad=True)
    (x * 3).fill_diagonal_(0).sum().backward()
    assert x.grad.tolist() == [[0, 3], [3, 0]]
    with pytest.raises(RuntimeError, match='dimensions must larger than 1'):
        cnet.zeros(2).fill_diagonal_(1)
    with pytest.raises(RuntimeError, match='equal length'):
        cnet.zeros(2, 2, 3).fill_diagonal_(1)


def test_methods_as_functions() -> None:
    x = cnet.tensor([-1.0, 4.0])
    assert cnet.abs_(x) is x and cnet.sqrt_(x).tolist() == [1, 2] and cnet.zero_(x).tolist() == [0, 0]
    assert cnet.clip_(cnet.tensor([5.0]), 0, 1).tolist() == [1]
    y = cnet.ones(2, requires_grad=True) * 2
    assert not cnet.detach(y).requires_grad and cnet.detach_(y) is y and y.is_leaf
    assert cnet.get_device(x) == -1
    assert {'abs_', 'zero_', 'detach'} <= set(dir(cnet))


def test_dlpack_capsules() -> None:
    x = cnet.arange(3.0)
    y = dlpack.from_dlpack(dlpack.to_dlpack(x))
    y[0] = 5.0
    assert x[0] == 5
    assert dlpack.from_dlpack(np.arange(2)).tolist() == [0, 1]
    with pytest.raises(TypeError):
        dlpack.to_dlpack([1.0])
