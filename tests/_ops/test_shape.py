"""Views: that they share memory and history with their base, and what in-place forms do. Values: tests/specs."""

import numpy as np
import pytest

import cnet


@pytest.mark.parametrize('view', [
    lambda x: x.view(24), lambda x: x.reshape(3, 8), lambda x: x.flatten(), lambda x: x.t(), lambda x: x.permute(1, 0),
    lambda x: x.unsqueeze(0), lambda x: x.expand(2, 4, 6), lambda x: x[1], lambda x: x[1:3, ::2], lambda x: x[..., None],
    lambda x: x.narrow(1, 2, 3), lambda x: x.diagonal(), lambda x: x.unfold(1, 2, 2), lambda x: x.split(2)[1],
    lambda x: x.unbind(1)[0], lambda x: x.as_strided((2, 2), (1, 6)), lambda x: x.mT, lambda x: x.T,
])
def test_views_share_memory_and_version(view):
    x = cnet.arange(24.).view(4, 6).clone()
    y = view(x)
    assert np.shares_memory(y.numpy(), x.numpy())
    assert y._base is x
    x.add_(1)
    assert y._version == x._version == 1
    np.testing.assert_array_equal(y.numpy(), view(x).numpy())


def test_a_view_of_a_view_has_the_first_base():
    x = cnet.zeros(4, 6)
    assert x[1:][0].view(2, 3)._base is x


@pytest.mark.parametrize('same', [lambda x: x.flatten(0, 0), lambda x: x.sum_to_size(4, 6), lambda x: cnet.atleast_1d(x),
                                  lambda x: cnet.broadcast_tensors(x, x)[0], lambda x: x.real])
def test_what_changes_nothing_is_the_tensor_itself(same):
    x = cnet.zeros(4, 6)
    assert same(x) is x


def test_writing_through_a_view_reaches_the_base_and_its_gradient():
    w = cnet.ones(4, 6, requires_grad=True)
    x = w * 1
    x[1:3].mul_(5)
    x.t()[0].zero_()
    x.sum().backward()
    expected = np.ones((4, 6))
    expected[1:3] = 5
    expected[:, 0] = 0
    np.testing.assert_array_equal(w.grad.numpy(), expected)


def test_an_expanded_tensor_may_not_be_written():
    with pytest.raises(RuntimeError, match='single memory location'):
        cnet.zeros(1, 3).expand(2, 3).add_(1)


def test_reshape_copies_only_what_does_not_lie_evenly():
    x = cnet.arange(6.).view(2, 3).clone()
    assert x.reshape(6)._base is x
    y = x.t().reshape(6)
    assert y._base is None
    assert y.tolist() == [0, 3, 1, 4, 2, 5]


def test_view_dtype_reads_the_same_bytes():
    x = cnet.tensor([1.0, -2.0])
    y = x.view(cnet.int32)
    x[0] = 0.
    assert y.tolist() == [0, -1073741824]
    assert y._version == x._version
    assert x.view(cnet.uint8).shape == (8,)
    with pytest.raises(RuntimeError, match=r'size\(-1\) must be divisible by 2'):
        cnet.zeros(2, 3).view(cnet.float64)


def test_strides_are_those_of_torch():
    x = cnet.zeros(4, 6)
    assert x[None].stride() == (24, 6, 1)
    assert x.unsqueeze(-1).stride() == (6, 1, 1)
    assert x.expand(2, 4, 6).stride() == (0, 6, 1)
    assert x.unfold(0, 2, 1).stride() == (6, 1, 6)
    assert x.diagonal().stride() == (7,)


def test_as_strided_counts_from_the_beginning_of_the_memory():
    x = cnet.arange(12.)
    assert x[3:].as_strided((2,), (1,)).tolist() == [3, 4]
    assert x[3:].as_strided((2,), (1,), 0).tolist() == [0, 1]


def test_the_gradient_of_overlapping_elements_is_summed():
    x = cnet.arange(4., requires_grad=True)
    x.as_strided((3, 2), (1, 1)).sum().backward()
    assert x.grad.tolist() == [1, 2, 2, 1]


@pytest.mark.parametrize(('change', 'shape'), [
    (lambda x: x.t_(), (3, 2)), (lambda x: x.transpose_(0, 1), (3, 2)), (lambda x: x.unsqueeze_(0), (1, 2, 3)),
    (lambda x: x.unsqueeze_(0).squeeze_(0), (2, 3)), (lambda x: x.as_strided_((6,), (1,)), (6,)),
    (lambda x: x.swapdims_(0, 1), (3, 2)),
])
def test_in_place_views_change_the_tensor_and_keep_its_memory(change, shape):
    x = cnet.arange(6.).view(2, 3).clone()
    pointer = x.data_ptr()
    assert change(x) is x
    assert tuple(x.shape) == shape
    assert x.data_ptr() == pointer
    w = cnet.arange(6., requires_grad=True)
    y = change(w.view(2, 3) * 2)
    (y * y).sum().backward()
    assert w.grad.tolist() == [8 * i for i in range(6)]


def test_in_place_views_of_leaves_are_refused():
    x = cnet.zeros(2, 3, requires_grad=True)
    with pytest.raises(RuntimeError, match='a leaf Variable that requires grad'):
        x.t_()
    with pytest.raises(RuntimeError, match='a view of a leaf Variable'):
        x[0:1].t_()
    with pytest.raises(RuntimeError, match='cannot resize variables'):
        x.resize_(2)


def test_in_place_views_of_views_are_still_views():
    x = cnet.zeros(2, 3)
    y = x[:, 1:].t_()
    y[0] = 7.
    assert y._base is x
    assert x.tolist() == [[0, 7, 0], [0, 7, 0]]


def test_resize_keeps_elements():
    x = cnet.arange(6)
    pointer = x.data_ptr()
    assert x.resize_(2, 2).tolist() == [[0, 1], [2, 3]]
    assert x.data_ptr() == pointer
    assert x.resize_(10)[:6].tolist()[:4] == [0, 1, 2, 3]


def test_many_pieces_may_not_be_written_while_autograd_follows():
    x = cnet.ones(4, requires_grad=True) * 1
    with pytest.raises(RuntimeError, match='multiple views'):
        x.split(2)[0].add_(1)
    pieces = (cnet.ones(4, requires_grad=True) * 1).unsafe_split(2)
    pieces[0].add_(1)
    assert pieces[0].tolist() == [2, 2]


def test_parts_of_complex_numbers_can_be_assigned():
    x = cnet.tensor([1 + 2j, 3 + 4j])
    x.real = cnet.tensor([5., 6.])
    x.imag = 0.
    assert x.tolist() == [5, 6]


def test_deprecated_transposes_warn():
    with pytest.warns(UserWarning, match='deprecated'):
        assert cnet.zeros(2, 3, 4).T.shape == (4, 3, 2)
    with pytest.warns(UserWarning, match='0-D'):
        cnet.tensor(1.).mT  # noqa: B018


@pytest.mark.parametrize('mode', ['reflect', 'replicate', 'circular'])
def test_borders_are_made_of_the_inside(mode):
    x = np.arange(12.).reshape(1, 3, 4)
    numpy_mode = {'reflect': 'reflect', 'replicate': 'edge', 'circular': 'wrap'}[mode]
    expected = np.pad(x, ((0, 0), (1, 2), (2, 1)), numpy_mode)
    result = cnet.nn.functional.pad(cnet.from_numpy(x), (2, 1, 1, 2), mode)
    np.testing.assert_array_equal(result.numpy(), expected)


def test_cat_of_different_types_promotes_and_gives_gradients_of_each():
    a = cnet.ones(2, requires_grad=True)
    b = cnet.ones(1, dtype=cnet.float64, requires_grad=True)
    y = cnet.cat([a, b, cnet.tensor([3])])
    y.sum().backward()
    assert (y.dtype, a.grad.dtype, b.grad.dtype) == (cnet.float64, cnet.float32, cnet.float64)
