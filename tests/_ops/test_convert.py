"""Types, copies, memory formats; tensors as Python and NumPy objects."""
from __future__ import annotations

import copy

import numpy as np
import pytest

import cnet


def test_to_returns_itself_if_nothing_changes():
    x = cnet.ones(2)
    for args in ((cnet.float32,), ('cpu',), (x,), (None,), ()):
        assert x.to(*args) is x
    assert x.to(dtype=None) is x and x.float() is x and x.cpu() is x and x.type_as(x) is x
    assert x.to(cnet.float32, copy=True) is not x
    assert x.to(cnet.int8, True, True).dtype is cnet.int8 and x.to(float).dtype is cnet.float64


def test_to_checks_its_arguments():
    x = cnet.ones(2)
    for kwargs, text in (({'foo': 1}, "unexpected keyword argument 'foo'"), ({'dtype': 3}, "argument 'dtype'")):
        with pytest.raises(TypeError, match=text):
            x.to(**kwargs)
    with pytest.raises(TypeError, match='multiple values'):
        x.to(cnet.int8, dtype=cnet.int8)
    with pytest.raises(TypeError, match='positional arguments'):
        x.to('cpu', cnet.int8, False, False, 1)


def test_history():
    x = cnet.ones(2, requires_grad=True)
    assert type(x.double().grad_fn).__name__ == 'ToCopyBackward0' == type(x.to(cnet.float32, copy=True).grad_fn).__name__
    assert type(x.clone().grad_fn).__name__ == 'CloneBackward0'
    assert type(cnet.ones(2, 2, requires_grad=True).t().contiguous().grad_fn).__name__ == 'CloneBackward0'
    assert not x.int().requires_grad
    x.double().sum().backward()
    assert x.grad.dtype is cnet.float32


def test_conversion_of_values():
    assert cnet.tensor([1.9, -1.9]).int().tolist() == [1, -1]
    assert cnet.tensor([-1.0, 300.0]).byte().tolist() == [255, 44]
    assert cnet.tensor([0.5, 0.0, float('nan')]).bool().tolist() == [True, False, True]
    with pytest.warns(UserWarning, match='discards the imaginary part'):
        assert cnet.tensor([2 + 1j]).float().tolist() == [2.0]


def test_type():
    x = cnet.ones(2)
    assert x.type() == 'cnet.FloatTensor' and x.long().type() == 'cnet.LongTensor'
    for name in ('cnet.DoubleTensor', 'torch.DoubleTensor', cnet.float64, cnet.DoubleTensor):
        assert x.type(name).dtype is cnet.float64
    with pytest.raises(ValueError, match="invalid type: 'foo'"):
        x.type('foo')
    with pytest.raises(TypeError, match='must be a type, str, or dtype object'):
        x.type(3)


def test_clone_keeps_the_order_of_strides():
    x = cnet.zeros(2, 3, 4)
    assert x.permute(2, 0, 1).clone().stride() == (1, 12, 4)
    assert x.permute(2, 0, 1).clone(memory_format=cnet.contiguous_format).stride() == (6, 3, 1)
    assert cnet.zeros(2, 1, 3).expand(2, 4, 3).clone().stride() == (12, 3, 1)
    assert cnet.zeros(8, 3, 4)[::2].permute(2, 0, 1).clone().stride() == (1, 12, 4)


def test_memory_formats():
    x = cnet.arange(24).view(1, 2, 3, 4)
    y = x.contiguous(memory_format=cnet.channels_last)
    assert y.stride() == (24, 1, 8, 2) and y.is_contiguous(memory_format=cnet.channels_last) and not y.is_contiguous()
    assert y.tolist() == x.tolist() and x.contiguous() is x and y.clone().stride() == y.stride()
    with pytest.raises(RuntimeError, match='required rank 4 tensor'):
        cnet.ones(2).contiguous(memory_format=cnet.channels_last)


def test_copy():
    x = cnet.zeros(2, 3)
    version = x._version
    assert x.copy_(cnet.arange(3)) is x and x.tolist() == [[0, 1, 2]] * 2 and x._version == version + 1
    assert x.copy_(5).tolist() == [[5] * 3] * 2
    y = cnet.ones(3, requires_grad=True)
    x.copy_(y * 2)
    x.sum().backward()
    assert y.grad.tolist() == [4, 4, 4]
    with pytest.raises(RuntimeError, match='leaf Variable that requires grad'):
        y.copy_(cnet.ones(3))


def test_numbers():
    assert cnet.tensor([[2]]).item() == 2 and type(cnet.tensor(2.5).item()) is float
    assert int(cnet.tensor([2.7])) == 2 and float(cnet.tensor(2)) == 2.0 and complex(cnet.tensor(1j)) == 1j
    assert range(3)[cnet.tensor(1)] == 1 and f'{cnet.tensor(1.5):.3f}' == '1.500' and bool(cnet.tensor([[1]]))


@pytest.mark.parametrize(('use', 'kind', 'text'), [
    (lambda x: bool(x), RuntimeError, 'more than one value is ambiguous'),
    (lambda x: bool(x[:0]), RuntimeError, 'no values is ambiguous'),
    (lambda x: x.item(), RuntimeError, 'a Tensor with 2 elements cannot be converted to Scalar'),
    (lambda x: int(x), ValueError, 'only one element tensors'),
    (lambda x: float(x[0] + 1j), RuntimeError, 'without overflow'),
    (lambda x: range(3)[x[0]], TypeError, 'only integer tensors of a single element'),
    (lambda x: len(x[0]), TypeError, 'len() of a 0-d tensor'),
    (lambda x: iter(x[0]), TypeError, 'iteration over a 0-d tensor'),
    (lambda x: 'a' in x, RuntimeError, 'only supports Tensor or scalar'),
    (lambda x: f'{x:.3f}', TypeError, 'unsupported format string'),
    (lambda x: x.size(5), IndexError, 'Dimension out of range'),
    (lambda x: x[0].size(0), IndexError, 'tensor has no dimensions'),
])
def test_refusals(use, kind, text):
    with pytest.raises(kind) as info:
        use(cnet.ones(2))
    assert text in str(info.value)


def test_as_a_container():
    x = cnet.tensor([1, 2])
    assert len(x) == 2 and [y.item() for y in x] == [1, 2] and 2 in x and cnet.tensor(3) not in x
    assert hash(x) == id(x) and len({x, x, x.clone()}) == 2


def test_as_an_array():
    x = cnet.ones(2)
    assert np.shares_memory(np.asarray(x), x.numpy()) and np.array(x, dtype='f8').dtype == np.float64
    assert not np.shares_memory(np.array(x), x.numpy()) and cnet.is_tensor(np.sqrt(x))
    with pytest.raises(RuntimeError, match="Can't call numpy"):
        np.asarray(cnet.ones(2, requires_grad=True))
    assert cnet.ones(2, requires_grad=True).numpy(force=True).tolist() == [1, 1]


def test_geometry():
    x = cnet.zeros(4, 6)[1:, 2:]
    assert x.stride() == (6, 1) and x.stride(0) == 6 == x.storage_offset() - 2 and x.size() == (3, 4) and x.size(-1) == 4
    assert x.dim() == x.ndimension() == x.ndim == 2 and x.numel() == x.nelement() == 12
    assert x.element_size() == x.itemsize == 4 and x.nbytes == 48 and not x.is_contiguous()
    assert x.get_device() == -1 and x.is_cpu and not x.is_cuda and not x.is_sparse and not x.is_pinned()
    assert x.is_set_to(x) and not x.is_set_to(x.clone()) and x.t().dim_order() == (1, 0)


@pytest.mark.filterwarnings('ignore:Setting the shape on a NumPy array:DeprecationWarning')
def test_arrays_made_from_a_tensor_cannot_reshape_it():
    x = cnet.ones(4)
    x.numpy().shape = (2, 2)
    assert x.shape == (4,)


def test_storage():
    x = cnet.zeros(4, 6)
    y = x[1:, 2:].t()
    memory = y.untyped_storage()
    assert memory == x.untyped_storage() != cnet.zeros(4, 6).untyped_storage() and hash(memory) == hash(x.untyped_storage())
    assert memory.data_ptr() == x.data_ptr() and memory.nbytes() == len(memory) == 96 and memory.device.type == 'cpu'
    assert y.storage_offset() == 8 and cnet.zeros(0).untyped_storage().nbytes() == 0
    assert repr(memory) == '[cnet.UntypedStorage(device=cpu) of size 96]' and cnet.is_storage(memory)


def test_copies_of_python():
    x = cnet.ones(2)
    assert copy.copy(x) is not x and copy.deepcopy(x).tolist() == [1, 1]
