"""Indexing: views and copies, assignment, what is refused before anything is written. Values: tests/specs."""

import numpy as np
import pytest

import cnet
from cnet.nn import functional as F

KEYS = [
    0, -1, slice(1, 3), (0, 1), (slice(None), 2), (..., 0), (None, 1), [0, 2], ([0, 1], [2, 3]), (slice(None), [1, 1]),
    np.array([0, 2]), np.int64(1), (slice(None, None, 2), slice(1, None, 3)), np.array([True, False, True]),
    (np.array([[0], [1]]), np.array([0, 3])), (0, [1, 2]), (),
]


@pytest.mark.parametrize('key', KEYS, ids=str)
def test_keys_mean_what_numpy_means(key):
    a = np.arange(12.).reshape(3, 4)
    np.testing.assert_array_equal(cnet.from_numpy(a)[key].numpy(), a[key])


@pytest.mark.parametrize('key', KEYS, ids=str)
@pytest.mark.parametrize('value', [7., 'same shape'])
def test_assignment_means_what_numpy_means(key, value):
    a = np.arange(12.).reshape(3, 4)
    x = cnet.tensor(a)
    if value == 'same shape':
        value = np.arange(100., 100. + a[key].size).reshape(a[key].shape)
        x[key] = cnet.from_numpy(value)
    else:
        x[key] = value
    a[key] = value
    np.testing.assert_array_equal(x.numpy(), a)
    assert x._version == 1


def test_integers_are_taken_before_index_arrays():
    x = cnet.arange(24).view(2, 3, 4)
    index = cnet.tensor([0, 3, 1])
    assert tuple(x[0, :, index].shape) == (3, 3)  # NumPy counts the integer as an array and gives (3, 3) transposed
    assert x[0, :, index].tolist() == x[0][:, index].tolist()


def test_basic_keys_give_views_and_index_arrays_copies():
    x = cnet.zeros(3, 4)
    assert x[1]._base is x
    assert x[[1]]._base is None
    assert x[cnet.tensor(1)]._base is x


@pytest.mark.parametrize('key', [0, slice(0, 2), (0, slice(1, 3)), [0, 2, 0], ([0, 0], [1, 1]), None, ..., (slice(None), [3, 0])],
                         ids=str)
def test_names_and_gradients(key):
    x = cnet.arange(12., dtype=cnet.float64).view(3, 4).requires_grad_()
    y = x[key]
    (y * y).sum().backward()
    expected = np.zeros((3, 4))
    np.add.at(expected, key, 2 * np.arange(12.).reshape(3, 4)[key])
    np.testing.assert_array_equal(x.grad.numpy(), expected)


@pytest.mark.parametrize(('key', 'name'), [
    (0, 'Select'), (slice(1), 'Slice'), ((slice(1), 2), 'Select'), ((0, slice(1, 2)), 'Slice'), (None, 'Unsqueeze'),
    ((0, None), 'Unsqueeze'), (..., 'Alias'), ([0], 'Index'), (True, 'Index'),
])
def test_node_names(key, name):
    assert cnet.zeros(3, 4, requires_grad=True)[key].grad_fn.name() == f'{name}Backward0'


def test_assignment_is_differentiated_by_both_sides():
    w, v = cnet.ones(3, 4, requires_grad=True), cnet.full((2, 4), 3., requires_grad=True)
    x = w * 2
    x[cnet.tensor([0, 2])] = v
    x[1, 1:3] = v[0, :2]
    (x * x).sum().backward()
    assert w.grad.tolist() == [[0] * 4, [8, 0, 0, 8], [0] * 4]
    assert v.grad.tolist() == [[12, 12, 6, 6], [6] * 4]


def test_a_whole_assignment_forgets_the_past():
    v = cnet.ones(2, requires_grad=True)
    x = cnet.zeros(2)
    x[...] = v
    assert x.requires_grad
    x.sum().backward()
    assert v.grad.tolist() == [1, 1]


@pytest.mark.parametrize('write', [
    lambda x, i: x.__setitem__(i, 1.), lambda x, i: x.index_put_((i,), cnet.ones(2)), lambda x, i: x.scatter_(0, i, 1.),
    lambda x, i: x.scatter_add_(0, i, cnet.ones(2)), lambda x, i: x.index_add_(0, i, cnet.ones(2)),
    lambda x, i: x.index_copy_(0, i, cnet.ones(2)), lambda x, i: x.index_fill_(0, i, 1.),
    lambda x, i: x.put_(i, cnet.ones(2)), lambda x, i: x.scatter_reduce_(0, i, cnet.ones(2), 'sum'),
])
def test_nothing_is_written_if_an_index_is_out_of_bounds(write):
    x = cnet.zeros(4)
    with pytest.raises((IndexError, RuntimeError)):
        write(x, cnet.tensor([1, 9]))
    assert x.tolist() == [0, 0, 0, 0]
    assert x._version == 0


@pytest.mark.parametrize('value', [[1, 2], np.ones(2), 'a', None])
def test_only_tensors_and_numbers_can_be_assigned(value):
    with pytest.raises(TypeError, match="can't assign a"):
        cnet.zeros(2)[0:2] = value


def test_tensors_are_not_deleted_from():
    with pytest.raises(TypeError, match='does not support deleting items'):
        del cnet.zeros(2)[0]


def test_a_changed_index_is_noticed_by_backward():
    x, index = cnet.ones(3, requires_grad=True), cnet.tensor([0, 1])
    y = x[index] * 2
    index.add_(1)
    with pytest.raises(RuntimeError, match='modified by an inplace operation'):
        y.sum().backward()


def test_in_place_writes_into_what_is_not_contiguous():
    x = cnet.zeros(3, 4)
    x.t().scatter_add_(1, cnet.tensor([[0, 0], [2, 2]]), cnet.ones(2, 2))
    assert x.tolist() == [[2, 0, 0, 0], [0, 0, 0, 0], [0, 2, 0, 0]]
    x.t().index_add_(0, cnet.tensor([3, 3]), cnet.ones(2, 3))
    assert x[:, 3].tolist() == [2, 2, 2]
    x.t().put_(cnet.tensor([1]), cnet.tensor([9.]))
    assert x[1, 0].item() == 9


def test_sources_may_share_memory_with_what_is_written():
    x = cnet.arange(4.)
    x.index_add_(0, cnet.tensor([1, 2, 3]), x[:3])
    assert x.tolist() == [0, 1, 3, 5]
    x[1:] = x[:-1]
    assert x.tolist() == [0, 0, 1, 3]


@pytest.mark.parametrize('dtype', [cnet.float32, cnet.float64, cnet.int32, cnet.int64, cnet.complex64, cnet.float16, cnet.uint8])
def test_sums_by_index_of_every_type(dtype):
    index = np.random.default_rng(0).integers(0, 5, 300)
    src = cnet.ones(300, 3).to(dtype)
    counts = np.bincount(index, minlength=5)[:, None].repeat(3, 1).astype(src.numpy().dtype)
    i = cnet.from_numpy(index)
    start = cnet.zeros(5, 3, dtype=dtype)
    np.testing.assert_array_equal(start.index_add(0, i, src).numpy(), counts)
    np.testing.assert_array_equal(start.scatter_add(0, i[:, None].expand(300, 3), src).numpy(), counts)
    np.testing.assert_array_equal(start.index_put((i,), src, accumulate=True).numpy(), counts)


@pytest.mark.parametrize('shape', [(1, 50, 130), (4, 20, 1), (3, 1000, 5)])
def test_large_sums_do_not_depend_on_threads(shape, fine_grain):
    rng = np.random.default_rng(1)
    index = cnet.from_numpy(rng.integers(0, shape[1], 2000))
    src = cnet.from_numpy(rng.standard_normal((shape[0], 2000, shape[2])).astype('f4'))
    results = []
    for count in (1, 2, 5):
        cnet.set_num_threads(count)
        y = cnet.zeros(shape).index_add(1, index, src)
        z = cnet.zeros(shape).scatter_add(1, index[None, :, None].expand(src.shape), src)
        results.append((y.numpy().tobytes(), z.numpy().tobytes(), src.index_select(1, index % 7).numpy().tobytes()))
    assert results[0] == results[1] == results[2]


def test_where_takes_the_type_to_which_both_promote():
    m = cnet.tensor([True, False])
    assert cnet.where(m, 1, 2.).dtype == cnet.float32
    assert cnet.where(m, cnet.zeros(2), cnet.tensor(1., dtype=cnet.float64)).dtype == cnet.float32
    assert cnet.where(m, True, False).dtype == cnet.bool


def test_masked_fill_in_place_cannot_grow():
    with pytest.raises(RuntimeError, match="doesn't match the broadcast shape"):
        cnet.zeros(3).masked_fill_(cnet.zeros(2, 3, dtype=cnet.bool), 1.)


def test_embedding_leaves_the_padding_row_alone():
    w = cnet.ones(4, 2, requires_grad=True)
    F.embedding(cnet.tensor([1, 2, 2, 1]), w, padding_idx=1).sum().backward()
    assert w.grad.tolist() == [[0, 0], [0, 0], [4 / 2, 2], [0, 0]]


def test_embedding_can_divide_gradients_by_frequency():
    w = cnet.ones(4, 2, requires_grad=True)
    F.embedding(cnet.tensor([1, 2, 2, 2]), w, scale_grad_by_freq=True).sum().backward()
    assert w.grad.tolist() == [[0, 0], [1, 1], [1, 1], [0, 0]]


def test_embedding_shortens_used_rows_in_place():
    w = cnet.tensor([[3., 4.], [30., 40.], [0.3, 0.4]], requires_grad=True)
    F.embedding(cnet.tensor([0, 2]), w, max_norm=1.)
    np.testing.assert_allclose(w.detach().numpy(), [[0.6, 0.8], [30, 40], [0.3, 0.4]], rtol=1e-6)
    assert w._version == 1


@pytest.mark.parametrize('mode', ['sum', 'mean', 'max'])
def test_bags_are_reductions_of_embeddings(mode):
    w = cnet.randn(10, 3, dtype=cnet.float64, requires_grad=True)
    index = cnet.tensor([[1, 2, 2], [9, 0, 4]])
    rows = F.embedding(index, w)
    composed = rows.amax(1) if mode == 'max' else getattr(rows, mode)(1)
    bag = F.embedding_bag(index, w, mode=mode)
    np.testing.assert_allclose(bag.detach().numpy(), composed.detach().numpy(), rtol=1e-12)
    if mode != 'max':  # where the maximum is taken twice, amax shares the gradient
        g, e = (cnet.autograd.grad((y ** 3).sum(), w, create_graph=True)[0] for y in (bag, composed))
        gg, ee = (cnet.autograd.grad((h * h).sum(), w)[0] for h in (g, e))
        np.testing.assert_allclose(gg.numpy(), ee.numpy(), rtol=1e-10)


def test_nonzero_of_a_number():
    assert tuple(cnet.tensor(3).nonzero().shape) == (1, 0)
    assert cnet.nonzero(cnet.tensor(3), as_tuple=True)[0].tolist() == [0]


@pytest.mark.parametrize('dtype', ['float32', 'float64', 'int64', 'int32', 'uint8', 'complex64'])
@pytest.mark.parametrize('rows', [1, 3, 9])
@pytest.mark.parametrize('columns', [1, 7, 8, 33])
def test_columns_in_vectors_and_rows_in_groups(dtype, rows, columns):
    rng = np.random.default_rng(0)
    a = (9 * rng.standard_normal((rows, columns))).astype(dtype)
    x = cnet.tensor(a)
    for index in (rng.permutation(columns)[:max(1, columns * 2 // 3)], rng.integers(0, columns, 2 * columns + 3)):
        at = cnet.tensor(index)
        np.testing.assert_array_equal(x.index_select(1, at).numpy(), a[:, index])
        src = (9 * rng.standard_normal((rows, index.size))).astype(dtype)
        expected = a.copy()
        for j, place in enumerate(index):
            expected[:, place] += src[:, j]     # in the order of the index
        np.testing.assert_array_equal(x.index_add(1, at, cnet.tensor(src)).numpy(), expected)
    for dim in (0, 1):
        index = rng.integers(0, a.shape[dim], a.shape)
        np.testing.assert_array_equal(x.gather(dim, cnet.tensor(index)).numpy(), np.take_along_axis(a, index, dim))


def test_index_add_leaves_what_it_does_not_name():
    x = cnet.full((8, 16), -0.)
    x.index_add_(1, cnet.tensor([3, 5, 9, 11, 2]), cnet.ones(8, 5))
    assert np.signbit(x.numpy()).sum() == 8 * 11
