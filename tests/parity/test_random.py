"""Random numbers, dropout and initialisation against PyTorch: equal seeds give equal bits."""

import numpy as np
import pytest

import cnet

torch = pytest.importorskip('torch')

SIZES = [*range(1, 41), 100, 1000, 10007]


def same(name, f, seed=7):
    """Call `f` with both libraries after seeding both; results and generator states must agree to the bit."""
    cnet.manual_seed(seed)
    torch.manual_seed(seed)
    ours, theirs = f(cnet), f(torch)
    assert len(ours) == len(theirs)
    for i, (a, b) in enumerate(zip(ours, theirs)):
        a, b = a.detach().numpy(), b.detach().numpy()
        assert a.dtype == b.dtype and a.shape == b.shape, f'{name}, result {i}: {a.dtype} {a.shape}, not {b.dtype} {b.shape}'
        steps = [[s for s, n in zip(x.strides, x.shape) if n > 1] for x in (a, b)]
        assert not a.size or steps[0] == steps[1], f'{name}, result {i}: strides {a.strides}, not {b.strides}'
        np.testing.assert_array_equal(a, b, f'{name}, result {i}')
    assert np.array_equal(cnet.get_rng_state().numpy(), torch.get_rng_state().numpy()), f'{name}: states differ'


FILLS = {
    'uniform_': lambda x: x.uniform_(),
    'uniform_range': lambda x: x.uniform_(-0.3, 0.8),
    'normal_': lambda x: x.normal_(),
    'normal_mean_std': lambda x: x.normal_(0.3, 1.7),
    'exponential_': lambda x: x.exponential_(1.7),
    'cauchy_': lambda x: x.cauchy_(0.3, 2.0),
    'geometric_': lambda x: x.geometric_(0.3),
    'log_normal_': lambda x: x.log_normal_(0.1, 0.4),
    'bernoulli_': lambda x: x.bernoulli_(0.3),
    'random_': lambda x: x.random_(),
    'random_to': lambda x: x.random_(100),
    'random_from_to': lambda x: x.random_(-5, 1000),
}


@pytest.mark.parametrize('dtype', ['float32', 'float64', 'float16'])
@pytest.mark.parametrize('name', FILLS)
@pytest.mark.filterwarnings('ignore')
def test_fill(name, dtype):
    same(name, lambda lib: [FILLS[name](lib.empty(n, dtype=getattr(lib, dtype))) for n in SIZES])


@pytest.mark.parametrize('name', FILLS)
def test_fill_not_contiguous(name):
    def calls(lib):
        yield FILLS[name](lib.zeros(4, 6).t())
        yield FILLS[name](lib.zeros(5, 40)[:, ::2])
        yield FILLS[name](lib.zeros(40, 5)[::2])
        yield FILLS[name](lib.zeros(2, 3, 4, 5).permute(2, 0, 3, 1))
        yield FILLS[name](lib.zeros(3, 1, 7).transpose(0, 2))
        yield FILLS[name](lib.zeros(2, 3, 4, 5).to(memory_format=lib.channels_last))
        yield FILLS[name](lib.zeros(()))
        yield FILLS[name](lib.zeros(0, 3))
    same(name, lambda lib: list(calls(lib)))


@pytest.mark.parametrize('dtype', ['int64', 'int32', 'int16', 'int8', 'uint8', 'bool'])
def test_fill_integers(dtype):
    high = 2 if dtype == 'bool' else 100

    def calls(lib):
        dt = getattr(lib, dtype)
        for n in (1, 5, 100):
            yield lib.empty(n, dtype=dt).random_()
            yield lib.empty(n, dtype=dt).random_(high)
            yield lib.empty(n, dtype=dt).bernoulli_(0.3)
            yield lib.randint(0, high, (n,), dtype=dt)
            if dtype != 'bool':
                yield lib.empty(n, dtype=dt).geometric_(0.5)
    same(dtype, lambda lib: list(calls(lib)))


@pytest.mark.parametrize('span', [1, 2, 1000, 2 ** 27, 2 ** 28 - 1, 2 ** 28, 2 ** 28 + 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 40,
                                  2 ** 62])
def test_integer_ranges(span):
    same(span, lambda lib: [lib.randint(-7, span - 7, (n,)) for n in (1, 3, 1000)])


def test_full_range():
    same('full', lambda lib: [lib.empty(100, dtype=lib.int64).random_(-2 ** 63, None),
                              lib.empty(9, dtype=lib.int64).random_(**{'from': 5, 'to': None}), lib.empty(9).random_(3, None)])


@pytest.mark.filterwarnings('ignore')
@pytest.mark.parametrize('low, high', [(0, 2 ** 25), (2 ** 25 + 1, 2 ** 25 + 9), (-2 ** 26 - 3, 2 ** 30 + 1)])
def test_range_beyond_float(low, high):
    same((low, high), lambda lib: [lib.empty(100).random_(low, high)])


@pytest.mark.parametrize('dtype', ['float32', 'float64', 'float16', 'complex64', 'complex128'])
def test_factories(dtype):
    def calls(lib):
        dt = getattr(lib, dtype)
        for n in SIZES:
            yield lib.rand(n, dtype=dt)
            yield lib.randn(n, dtype=dt)
        yield lib.rand(3, 4, dtype=dt)
        yield lib.randn((3, 40), dtype=dt)
        yield lib.rand_like(lib.zeros(3, 4, dtype=dt).t())
        yield lib.randn_like(lib.zeros(6, 5, dtype=dt).t())
        yield lib.randn(7, out=lib.empty(7, dtype=dt))
    same(dtype, lambda lib: list(calls(lib)))


@pytest.mark.parametrize('dtype', ['int64', 'int32', 'uint8', 'float32'])
def test_randperm(dtype):
    same(dtype, lambda lib: [lib.randperm(n, dtype=getattr(lib, dtype)) for n in (0, 1, 2, 3, 10, 100, 255)])


def test_large_randperm():
    same('randperm', lambda lib: [lib.randperm(n) for n in (1000, 70000)])


@pytest.mark.parametrize('dtype', ['float32', 'float64'])
def test_samples(dtype):
    rng = np.random.default_rng(0)
    p, rates, counts = rng.random(1000), rng.random(1000) * 40, np.floor(rng.random(1000) * 90)
    rates[::7] = 0

    def calls(lib):
        dt = getattr(lib, dtype)
        probs = lib.tensor(p, dtype=dt)
        for n in (1, 5, 1000):
            yield lib.bernoulli(probs[:n])
            yield lib.bernoulli(probs[:n], 0.25)
            yield lib.empty(n).bernoulli_(probs[:n])
            yield lib.poisson(lib.tensor(rates[:n], dtype=dt))
            yield lib.binomial(lib.tensor(counts[:n], dtype=dt), probs[:n])
            yield lib.normal(probs[:n], 2.0)
            yield lib.normal(1.5, probs[:n])
            yield lib.normal(probs[:n], probs[:n])
            yield lib.multinomial(probs[:n], n)
            yield lib.multinomial(probs[:n], 7, replacement=True)
        yield lib.bernoulli(probs.reshape(20, 50).t())
        yield lib.normal(probs.reshape(20, 50).t(), 2.0)
        yield lib.normal(probs[:3].reshape(3, 1), probs[:4])
        yield lib.multinomial(probs.reshape(20, 50), 1)
        yield lib.multinomial(probs.reshape(20, 50), 6)
        yield lib.multinomial(probs.reshape(20, 50).t(), 9, replacement=True)
        yield lib.normal(1.0, 2.0, (3, 7), dtype=dt)
    same(dtype, lambda lib: list(calls(lib)))


def test_mixed_sequence():
    """A scalar normal leaves half a pair behind, which later calls must use."""
    def calls(lib):
        for n in (3, 20, 1, 7, 16, 5, 15):
            yield lib.randn(n)
            yield lib.rand(n)
            yield lib.randn(n, dtype=lib.float64)
            yield lib.randint(0, 9, (n,))
            yield lib.empty(n).log_normal_()
            yield lib.nn.functional.dropout(lib.ones(n), 0.4)
            yield lib.randperm(n)
    same('mixed', lambda lib: list(calls(lib)))


@pytest.mark.parametrize('seed', [0, 1, -1, 2 ** 32, 2 ** 63, 2 ** 64 - 1, 12345678901])
def test_seeds(seed):
    same(seed, lambda lib: [lib.rand(700), lib.randn(30)], seed)


def test_state_exchange():
    torch.manual_seed(3)
    torch.randn(5)
    cnet.set_rng_state(cnet.tensor(torch.get_rng_state().numpy()))
    assert cnet.initial_seed() == 3
    np.testing.assert_array_equal(cnet.randn(9).numpy(), torch.randn(9).numpy())
    cnet.randn(3)
    torch.set_rng_state(torch.tensor(cnet.get_rng_state().numpy()))
    np.testing.assert_array_equal(cnet.rand(900).numpy(), torch.rand(900).numpy())


def test_own_generator():
    def calls(lib):
        g = lib.Generator().manual_seed(5)
        yield lib.rand(3, generator=g)
        yield lib.randperm(9, generator=g)
        yield lib.rand(3)
        yield lib.empty(20).normal_(generator=g)
        yield lib.multinomial(lib.ones(5), 3, generator=g)
        yield g.get_state()
        yield lib.randn(3, generator=g.clone_state())
    same('generator', lambda lib: list(calls(lib)))


@pytest.mark.parametrize('dtype', ['float32', 'float64', 'float16'])
@pytest.mark.parametrize('p', [0.1, 0.3, 0.5, 0.9, 1.0])
def test_dropout(p, dtype):
    data = np.random.default_rng(0).standard_normal((2, 3, 5, 7))

    def calls(lib):
        x = lib.tensor(data, dtype=getattr(lib, dtype))
        F = lib.nn.functional
        yield F.dropout(x, p)
        yield F.dropout(x.permute(1, 3, 0, 2), p)
        yield F.dropout(x[:, :, ::2], p)
        yield F.dropout(x.clone(), p, inplace=True)
        yield F.alpha_dropout(x, p, training=True)
        yield F.dropout1d(x[0], p)
        yield F.dropout1d(x[0, 0], p)
        yield F.dropout2d(x, p)
        yield F.dropout3d(x, p)
        yield F.feature_alpha_dropout(x, p, training=True)
        yield lib.dropout(x, p, True)
    same(p, lambda lib: list(calls(lib)))


INITS = {
    'uniform_': lambda init, w: init.uniform_(w, -1, 2),
    'normal_': lambda init, w: init.normal_(w, 1, 2),
    'trunc_normal_': lambda init, w: init.trunc_normal_(w),
    'trunc_normal_ narrow': lambda init, w: init.trunc_normal_(w, 0.5, 1, 0.4, 0.6),
    'trunc_normal_ off': lambda init, w: init.trunc_normal_(w, 0, 1, -4, -2),
    'xavier_uniform_': lambda init, w: init.xavier_uniform_(w, 1.3),
    'xavier_normal_': lambda init, w: init.xavier_normal_(w),
    'kaiming_uniform_': lambda init, w: init.kaiming_uniform_(w, 0.2),
    'kaiming_uniform_ out': lambda init, w: init.kaiming_uniform_(w, mode='fan_out', nonlinearity='relu'),
    'kaiming_normal_': lambda init, w: init.kaiming_normal_(w),
    'sparse_': lambda init, w: init.sparse_(w, 0.3),
    'eye_': lambda init, w: init.eye_(w),
    'dirac_': lambda init, w: init.dirac_(w[..., None], 3),
}


@pytest.mark.parametrize('dtype', ['float32', 'float64'])
@pytest.mark.parametrize('name', INITS)
def test_init(name, dtype):
    # The density in trunc_normal_'s rejection goes through log, whose last bit may differ: float64 is safe here.
    def calls(lib):
        for shape in ((3, 4), (30, 7), (60, 100)):
            yield INITS[name](lib.nn.init, lib.empty(*shape, dtype=getattr(lib, dtype)))
        yield INITS[name](lib.nn.init, lib.empty(12, 9, dtype=getattr(lib, dtype)).t())
    same(name, lambda lib: list(calls(lib)))


def test_orthogonal():
    """Through LAPACK, so not to the last bit."""
    for shape in ((5, 3), (3, 5), (4, 3, 2)):
        cnet.manual_seed(0)
        torch.manual_seed(0)
        ours, theirs = (lib.nn.init.orthogonal_(lib.empty(*shape, dtype=lib.float64), 1.5).numpy() for lib in (cnet, torch))
        np.testing.assert_allclose(ours, theirs, 1e-12, 1e-13)


LAYERS = {
    'linear': lambda nn: nn.Linear(7, 5),
    'bilinear': lambda nn: nn.Bilinear(3, 4, 5),
    'conv1d': lambda nn: nn.Conv1d(4, 6, 3, groups=2),
    'conv2d': lambda nn: nn.Conv2d(3, 8, 3),
    'conv_transpose2d': lambda nn: nn.ConvTranspose2d(3, 8, 3),
    'embedding': lambda nn: nn.Embedding(10, 3, padding_idx=2),
    'batchnorm': lambda nn: nn.BatchNorm2d(4),
    'sequential': lambda nn: nn.Sequential(nn.Linear(20, 30), nn.ReLU(), nn.Linear(30, 4), nn.LayerNorm(4)),
}


@pytest.mark.parametrize('name', LAYERS)
def test_default_layers(name):
    same(name, lambda lib: list(LAYERS[name](lib.nn).state_dict().values()))
