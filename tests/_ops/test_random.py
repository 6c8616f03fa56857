"""Streams of random numbers without PyTorch: against NumPy's Mersenne Twister, statistics, states, seeds, layouts."""
from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import cnet
from cnet import _kernels as K


@pytest.mark.parametrize('seed', [0, 1, 5489, 2 ** 32 - 1])
def test_draws_are_those_of_the_mersenne_twister(seed: int) -> None:
    out = np.empty(2000, np.int64)
    engine = K.random.Engine(seed)
    engine.integers(out, 2 ** 31, 0, False)
    expected = np.random.RandomState(seed).randint(0, 2 ** 32, 2000, np.uint32) % 2 ** 31
    np.testing.assert_array_equal(out, expected)


def test_known_numbers() -> None:
    """What PyTorch gives for the same seed."""
    cnet.manual_seed(0)
    expected = np.float32([0.49625658988952637, 0.7682217955589294, 0.08847743272781372])
    np.testing.assert_array_equal(cnet.rand(3).numpy(), expected)
    cnet.manual_seed(0)
    np.testing.assert_array_equal(cnet.randperm(10).numpy(), [4, 1, 7, 5, 3, 9, 0, 8, 6, 2])


@pytest.mark.parametrize('isa', ['base', 'v3', 'v4'])
def test_normals_do_not_depend_on_the_instruction_set(isa: str, run_python) -> None:
    if isa not in K._BUILT or isa not in K._SUPPORTED:
        pytest.skip(f'no {isa} here')
    code = 'import cnet; cnet.manual_seed(3); print(cnet.randn(10000).numpy().tobytes().hex())'
    cnet.manual_seed(3)
    assert run_python(code, CNET_ISA=isa).stdout.strip() == cnet.randn(10000).numpy().tobytes().hex()


def test_moments() -> None:
    n = 200_000
    for x, mean, std in ((cnet.rand(n), 0.5, 12 ** -0.5), (cnet.randn(n), 0, 1), (cnet.empty(n).exponential_(2.0), 0.5, 0.5),
                         (cnet.empty(n).geometric_(0.25), 4, 12 ** 0.5), (cnet.empty(n).bernoulli_(0.2), 0.2, 0.4),
                         (cnet.poisson(cnet.full((n,), 3.0)), 3, 3 ** 0.5), (cnet.poisson(cnet.full((n,), 30.0)), 30, 30 ** 0.5),
                         (cnet.binomial(cnet.full((n,), 9.0), cnet.tensor(0.3)), 2.7, 1.89 ** 0.5),
                         (cnet.binomial(cnet.full((n,), 90.0), cnet.tensor(0.7)), 63, 18.9 ** 0.5)):
        a = x.numpy()
        assert abs(a.mean(dtype=np.float64) - mean) < 6 * std / n ** 0.5
        assert abs(a.std(dtype=np.float64) / std - 1) < 0.02


def test_state() -> None:
    g = cnet.Generator().manual_seed(4)
    cnet.empty(3).normal_(generator=g)
    state = g.get_state()
    x = cnet.empty(700).normal_(generator=g)
    y = cnet.empty(3, dtype=cnet.float64).normal_(generator=g)
    for other in (cnet.Generator().set_state(state), g.set_state(state).clone_state(), copy.deepcopy(g),
                  pickle.loads(pickle.dumps(g))):
        assert other.initial_seed() == 4
        assert cnet.equal(cnet.empty(700).normal_(generator=other), x)
        assert cnet.equal(cnet.empty(3, dtype=cnet.float64).normal_(generator=other), y)


def test_refused_states_and_seeds() -> None:
    g = cnet.Generator()
    with pytest.raises(TypeError, match='expected a cnet.ByteTensor, but got int'):
        g.set_state(3)
    with pytest.raises(TypeError, match='RNG state must be a cnet.ByteTensor'):
        g.set_state(cnet.zeros(5056))
    with pytest.raises(RuntimeError, match='of size 5056 but found the input RNG state size to be 3'):
        g.set_state(cnet.zeros(3, dtype=cnet.uint8))
    with pytest.raises(RuntimeError, match='Invalid mt19937 state'):
        g.set_state(cnet.zeros(5056, dtype=cnet.uint8))
    for seed in (2 ** 64, -2 ** 63 - 1):
        with pytest.raises(ValueError, match='Overflow when unpacking long long'):
            g.manual_seed(seed)
    with pytest.raises(RuntimeError, match='manual_seed expected a long, but got float'):
        g.manual_seed(1.5)
    for refused in (g.get_offset, lambda: g.set_offset(1)):
        with pytest.raises(RuntimeError, match='does not use offset'):
            refused()
    assert cnet.manual_seed(-1).initial_seed() == 2 ** 64 - 1


def test_default_generator() -> None:
    assert cnet.random.default_generator is cnet.default_generator
    seed = cnet.seed()
    assert cnet.initial_seed() == seed
    x = cnet.rand(3)
    cnet.manual_seed(seed)
    assert cnet.equal(cnet.rand(3), x)
    with cnet.random.fork_rng(enabled=False):
        y = cnet.rand(3)
    with cnet.random.fork_rng():
        z = cnet.rand(3)
    assert cnet.equal(cnet.rand(3), z)
    assert not cnet.equal(y, z)


def test_processes_start_with_different_seeds(run_python) -> None:
    first, second = (run_python('import cnet; print(cnet.initial_seed())').stdout for _ in range(2))
    assert first != second


def test_fill_order_is_that_of_memory() -> None:
    cnet.manual_seed(0)
    x = cnet.rand(3, 4)
    cnet.manual_seed(0)
    assert cnet.equal(cnet.empty(3, 4).t().uniform_(), x.t())
    cnet.manual_seed(0)
    assert cnet.equal(cnet.zeros(3, 8)[:, ::2].uniform_(), x)


@pytest.mark.parametrize('name', ['uniform_', 'normal_', 'exponential_', 'cauchy_', 'log_normal_', 'bernoulli_', 'random_'])
def test_overwriting(name: str) -> None:
    """A leaf is refused and left alone; the gradient to what was overwritten is zero; views write through."""
    leaf = cnet.ones(3, requires_grad=True)
    with pytest.raises(RuntimeError, match='a leaf Variable that requires grad'):
        getattr(leaf, name)()
    assert leaf.tolist() == [1, 1, 1]
    with pytest.raises(RuntimeError, match='more than one element of the written-to tensor'):
        getattr(cnet.ones(1).expand(3), name)()
    x = leaf * 2
    version = x._version
    assert getattr(x, name)() is x
    assert x._version == version + 1
    assert type(x.grad_fn).__name__.lower().startswith(name[:-1].replace('_', ''))
    (x * leaf).sum().backward()
    assert cnet.equal(leaf.grad, x)
    whole = cnet.full((2, 3), -7.0)
    getattr(whole[1], name)()
    assert (whole[0] == -7).all()
    assert (whole[1] != -7).all()


def test_dropout_of_layouts() -> None:
    F = cnet.nn.functional
    x = cnet.randn(4, 5).t()
    y = F.dropout(x, 0.5)
    assert y.stride() == x.stride()
    assert ((y == 0) | (y == 2 * x)).all()
    z = x.clone()
    assert F.dropout(z, 0.5, inplace=True) is z
    with pytest.warns(UserWarning, match='Received a 3D input to dropout2d'):
        F.dropout2d(cnet.ones(2, 3, 4))
    with pytest.warns(UserWarning, match='dropout3d: Received a 3-D input to dropout3d'):
        F.dropout3d(cnet.ones(2, 3, 4))
    for channel in F.dropout2d(cnet.ones(8, 8, 3, 3)).reshape(64, 9).tolist():
        assert channel in ([0.0] * 9, [2.0] * 9)


def test_dropout_keeps_only_its_noise() -> None:
    x = cnet.randn(5, requires_grad=True)
    y = cnet.nn.functional.dropout(x, 0.5)
    with cnet.no_grad():
        x.zero_()  # not needed by backward, so its version may change
    y.sum().backward()
    assert set(x.grad.tolist()) <= {0.0, 2.0}
