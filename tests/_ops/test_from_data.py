"""Tensors from data: what is copied, what is shared, what is refused."""
from __future__ import annotations

import warnings

import numpy as np
import pytest

import cnet


def test_tensor_copies():
    a = np.zeros(2)
    x = cnet.tensor(a)
    a[0] = 1
    assert x.tolist() == [0, 0] and x.is_leaf and not x.requires_grad


def test_tensor_of_a_tensor_warns_and_detaches():
    x = cnet.ones(2, requires_grad=True)
    with pytest.warns(UserWarning, match='To copy construct from a tensor'):
        y = cnet.tensor(x)
    assert not y.requires_grad and y.data_ptr() != x.data_ptr()


def test_values_that_wrap_or_do_not_fit():
    assert cnet.tensor([-1], dtype=cnet.uint8).tolist() == [255]
    assert cnet.tensor([1e39]).tolist() == [float('inf')]
    for value, dtype in ((300, cnet.uint8), (-300, cnet.uint8), (2 ** 40, cnet.int32), (float('nan'), cnet.int64)):
        with pytest.raises(RuntimeError, match=f'cannot be converted to type {dtype.name} without overflow'):
            cnet.tensor([value], dtype=dtype)
    with pytest.raises(TypeError, match='must be real number, not complex'):
        cnet.tensor([1j], dtype=cnet.float32)


def test_overflow_is_silent():
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        cnet.tensor([1e300, 1.0])
        cnet.tensor([1e300]).to(cnet.float16)
        cnet.tensor([float('nan'), 1e20]).to(cnet.int32)


def test_tensors_inside_lists():
    one, two = cnet.tensor(1.5), cnet.tensor([2])
    assert cnet.tensor([one, two]).tolist() == [1.5, 2.0]
    assert cnet.tensor([[one], [3]]).dtype is cnet.float32
    with pytest.raises(ValueError, match='only one element tensors'):
        cnet.tensor([cnet.ones(2)])


def test_lists_of_arrays():
    x = cnet.tensor([np.ones(2), np.zeros(2)])
    assert x.dtype is cnet.float64 and x.tolist() == [[1, 1], [0, 0]]
    with pytest.raises(ValueError, match='expected sequence of length 2'):
        cnet.tensor([np.ones(2), np.zeros(3)])


def test_requires_grad():
    assert cnet.tensor([1.0], requires_grad=True).requires_grad
    with pytest.raises(RuntimeError, match='Only Tensors of floating point'):
        cnet.tensor([1], requires_grad=True)
    with pytest.raises(TypeError, match="argument 'requires_grad' must be bool, not int"):
        cnet.tensor([1.0], requires_grad=1)


def test_python_types_as_dtype():
    for kind, dtype in ((float, cnet.float64), (int, cnet.int64), (bool, cnet.bool), (complex, cnet.complex128)):
        assert cnet.tensor([1], dtype=kind).dtype is dtype is cnet.zeros(1, dtype=kind).dtype
    for bad in ('float32', np.float32, 3):
        with pytest.raises(TypeError, match=r"argument 'dtype' must be cnet.dtype"):
            cnet.tensor([1.0], dtype=bad)


def test_from_numpy_shares():
    a = np.zeros((2, 3), np.float32)
    x = cnet.from_numpy(a)
    x.fill_(1)
    assert a.all() and x.numpy().base is not None and np.shares_memory(x.numpy(), a)


def test_as_tensor_shares_what_it_can():
    x, a = cnet.ones(2), np.ones(2)
    assert cnet.as_tensor(x) is x and cnet.as_tensor(x, dtype=cnet.float64) is not x
    assert np.shares_memory(cnet.as_tensor(a).numpy(), a)
    assert not np.shares_memory(cnet.as_tensor(a, dtype=cnet.float32).numpy(), a)


def test_asarray_copy():
    a = np.ones(2)
    assert np.shares_memory(cnet.asarray(a).numpy(), a) and not np.shares_memory(cnet.asarray(a, copy=True).numpy(), a)
    with pytest.raises(ValueError, match="can't alias tensor with dtype 'Double' into dtype 'Float'"):
        cnet.asarray(a, dtype=cnet.float32, copy=False)
    with pytest.raises(ValueError, match="can't alias arbitrary sequence"):
        cnet.asarray([1], copy=False)
    assert cnet.asarray(1.0, requires_grad=True).requires_grad


def test_dlpack_both_ways():
    x = cnet.arange(4.0)
    y = cnet.from_dlpack(x)
    assert y.data_ptr() == x.data_ptr() and np.shares_memory(np.from_dlpack(x), x.numpy())
    with pytest.raises(BufferError, match='require gradient'):
        x.requires_grad_().__dlpack__()


def test_old_constructors():
    assert cnet.Tensor(2, 3).shape == (2, 3) == cnet.Tensor(cnet.Size([2, 3])).shape and cnet.Tensor().numel() == 0
    assert cnet.Tensor([1, 2]).dtype is cnet.float32 and cnet.LongTensor([1.5, 2]).tolist() == [1, 2]
    assert isinstance(cnet.ones(1), cnet.FloatTensor) and not isinstance(cnet.ones(1), cnet.LongTensor)
    assert cnet.ones(1).new([1, 2]).tolist() == [1.0, 2.0]
    for bad in (2.0, 'a', None):
        with pytest.raises(TypeError, match=r'new()'):
            cnet.Tensor(bad)


def test_subclasses_construct():
    class Field(cnet.Tensor):
        pass
    assert type(Field([1.0])) is Field and type(Field(2, 3)) is Field
