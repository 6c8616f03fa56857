"""Neighbours in a Sequential that run as one operation: as exact as apart, and apart where somebody could tell."""
from __future__ import annotations

import copy
import io
from collections.abc import Callable, Iterator

import numpy as np
import pytest

import cnet
from cnet import nn

ACTIVATIONS = [nn.ReLU, nn.Tanh, nn.Sigmoid, nn.GELU, nn.SiLU]
# What a Sequential is made of, and the shape of its input.
CASES: dict[str, tuple[Callable[[], list[nn.Module]], tuple[int, ...]]] = {
    **{f'linear, {act.__name__}': (lambda act=act: [nn.Linear(5, 8), act()], (7, 5)) for act in ACTIVATIONS},
    'linear, relu of a vector': (lambda: [nn.Linear(5, 8), nn.ReLU(inplace=True)], (5,)),
    'linear, relu of a batch': (lambda: [nn.Linear(5, 8, bias=False), nn.ReLU()], (2, 3, 5)),
    'linear, relu, rows in pieces': (lambda: [nn.Linear(70, 80), nn.ReLU()], (900, 70)),
    'linear, gelu, rows in pieces': (lambda: [nn.Linear(70, 80), nn.GELU()], (900, 70)),
    'linear, gelu by tanh': (lambda: [nn.Linear(5, 8), nn.GELU('tanh')], (7, 5)),
    'norm, relu': (lambda: [nn.BatchNorm1d(5), nn.ReLU()], (7, 5)),
    'norm, relu, signals': (lambda: [nn.BatchNorm1d(5, affine=False), nn.ReLU(inplace=True)], (3, 5, 20)),
    'norm, relu, images': (lambda: [nn.BatchNorm2d(5, momentum=None), nn.ReLU()], (3, 5, 4, 6)),
    'norm, relu, volumes': (lambda: [nn.BatchNorm3d(5, track_running_stats=False), nn.ReLU()], (3, 5, 4, 3, 2)),
    'linear, norm, relu': (lambda: [nn.Linear(5, 8), nn.BatchNorm1d(8), nn.ReLU()], (7, 5)),
    'linear, relu, norm': (lambda: [nn.Linear(5, 8), nn.ReLU(), nn.BatchNorm1d(8)], (7, 5)),
    'conv, relu': (lambda: [nn.Conv1d(3, 4, 3), nn.ReLU()], (2, 3, 9)),
    'conv, norm, relu': (lambda: [nn.Conv2d(3, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4), nn.ReLU(inplace=True)],
                         (2, 3, 7, 8)),
    'depthwise, norm, relu': (lambda: [nn.Conv2d(6, 12, 3, 2, 1, groups=6), nn.BatchNorm2d(12, affine=False), nn.ReLU()],
                              (2, 6, 9, 40)),
    'one tap, norm, relu': (lambda: [nn.Conv2d(6, 20, 1), nn.BatchNorm2d(20), nn.ReLU()], (2, 6, 9, 40)),
    'one tap, strides, relu': (lambda: [nn.Conv2d(6, 40, 1, 2, bias=False, groups=2), nn.ReLU()], (2, 6, 30, 41)),
    'one tap, norm': (lambda: [nn.Conv1d(6, 20, 1), nn.BatchNorm1d(20)], (2, 6, 90)),
    'many channels, norm, relu': (lambda: [nn.Conv2d(64, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ReLU()], (2, 64, 12, 12)),
    'one pixel, norm, relu': (lambda: [nn.Conv2d(6, 8, 3), nn.BatchNorm2d(8), nn.ReLU()], (4, 6, 3, 3)),
    'conv, norm, tanh': (lambda: [nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Tanh()], (2, 3, 7, 8)),
    'conv, norm': (lambda: [nn.Conv3d(3, 4, 2), nn.BatchNorm3d(4)], (2, 3, 4, 5, 6)),
    'conv, relu, one image': (lambda: [nn.Conv2d(3, 4, 3), nn.ReLU()], (3, 7, 8)),
    'conv, relu, reflected': (lambda: [nn.Conv2d(3, 4, 3, padding=1, padding_mode='reflect'), nn.ReLU()], (2, 3, 7, 8)),
}


def watched(model: nn.Sequential) -> nn.Sequential:
    """A copy with a hook on every module, which must run them apart."""
    model = copy.deepcopy(model)
    for module in model:
        module.register_forward_hook(lambda module, args, y: None)
    return model


def numbers(model: nn.Module, shape: tuple[int, ...], dtype: cnet.dtype) -> list[np.ndarray]:
    """Results with and without recording, first and second gradients, and buffers afterwards."""
    cnet.manual_seed(1)
    x = cnet.randn(*shape, dtype=dtype, requires_grad=True)
    with cnet.no_grad():
        results = [model(x)]
    y = model(x)
    inputs = [x, *model.parameters()]
    results += [y, *cnet.autograd.grad(y, inputs, cnet.randn(*y.shape, dtype=dtype), retain_graph=True)]
    first = cnet.autograd.grad((y * y * cnet.randn(*y.shape, dtype=dtype)).sum(), inputs, create_graph=True)
    results += [*first, *cnet.autograd.grad(sum((g * g).sum() for g in first), inputs, allow_unused=True), *model.buffers()]
    return [cnet.zeros(0).numpy() if t is None else t.detach().numpy() for t in results]


@pytest.fixture(params=[1, 2])
def threads(request: pytest.FixtureRequest) -> Iterator[None]:
    before = cnet.get_num_threads()
    cnet.set_num_threads(request.param)
    yield
    cnet.set_num_threads(before)


@pytest.mark.parametrize('name', CASES)
@pytest.mark.parametrize('training', [True, False])
@pytest.mark.usefixtures('threads')
def test_as_apart(name: str, training: bool) -> None:
    build, shape = CASES[name]
    model = nn.Sequential(*build()).double().train(training)
    for buffer in model.buffers():
        if buffer.is_floating_point():
            buffer.uniform_(0.5, 1.5)
    apart = watched(model)
    for ours, right in zip(numbers(model, shape, cnet.float64), numbers(apart, shape, cnet.float64), strict=True):
        np.testing.assert_allclose(ours, right, 1e-9, 1e-9)
    single, single_apart = model.float(), apart.float()
    with cnet.no_grad():
        x = cnet.randn(*shape)
        # Sums of up to 576 products of numbers up to 4, each rounded by 2^-24 of the largest sum.
        np.testing.assert_allclose(single(x).numpy(), single_apart(x).numpy(), 1e-5, 1e-5)


@pytest.mark.parametrize('act', ACTIVATIONS)
def test_one_node(act: type[nn.Module]) -> None:
    """The test of all others: the layers do run as one operation, under the name of the last one's node."""
    model = nn.Sequential(nn.Linear(3, 4), act())
    x = cnet.randn(2, 3, requires_grad=True)
    node, apart = model(x).grad_fn, watched(model)(x).grad_fn
    assert type(node).__name__ == type(apart).__name__
    assert len(apart.next_functions) == 1
    assert [type(n).__name__ for n, _ in node.next_functions] == ['AccumulateGrad'] * 3


@pytest.mark.parametrize('layers', [lambda: [nn.BatchNorm2d(3), nn.ReLU()], lambda: [nn.Conv2d(3, 4, 1), nn.ReLU()]])
def test_one_node_of_norms_and_convolutions(layers: Callable[[], list[nn.Module]]) -> None:
    node = nn.Sequential(*layers())(cnet.randn(2, 3, 4, 4)).grad_fn
    assert type(node).__name__ == 'ReluBackward0'
    assert len(node.next_functions) == 3


def test_hooks_see_what_is_between() -> None:
    model, seen = nn.Sequential(nn.Linear(3, 4), nn.ReLU()), []
    x = cnet.randn(2, 3)
    expected = model(x)
    handles = [model[0].register_forward_hook(lambda module, args, y: seen.append(y)),
               model[1].register_forward_pre_hook(lambda module, args: seen.append(args[0])),
               model[1].register_full_backward_hook(lambda module, gx, g: seen.append(g[0]))]
    model(x).sum().backward()
    assert len(seen) == 3
    assert cnet.equal(seen[0], seen[1])
    assert cnet.equal(seen[0].relu(), expected)
    for handle in handles:
        handle.remove()
    handle = nn.modules.module.register_module_forward_hook(lambda module, args, y: seen.append(module))
    try:
        model(x)
    finally:
        handle.remove()
    assert seen[3:] == [model[0], model[1], model]


class Own(nn.ReLU):
    def forward(self, x: cnet.Tensor) -> cnet.Tensor:
        return x + 100


def test_own_forward(monkeypatch: pytest.MonkeyPatch) -> None:
    x = cnet.randn(2, 3)
    model = nn.Sequential(nn.Linear(3, 4), Own())
    assert (model(x) > 50).all()
    model[1] = nn.ReLU()
    model[1].forward = lambda x: x + 100
    assert (model(x) > 50).all()
    model[1] = nn.ReLU()
    assert (model(x) < 50).all()
    monkeypatch.setattr(nn.ReLU, 'forward', lambda self, x: x + 100)
    assert (model(x) > 50).all()
    monkeypatch.setattr(nn.Linear, 'forward', lambda self, x: x * 0)
    assert (model(x) == 100).all()


def test_parametrized_layers() -> None:
    class Double(nn.Module):
        def forward(self, w: cnet.Tensor) -> cnet.Tensor:
            return 2 * w

    model, x = nn.Sequential(nn.Linear(3, 4, bias=False), nn.ReLU()), cnet.randn(2, 3)
    expected = 2 * model(x)
    nn.utils.parametrize.register_parametrization(model[0], 'weight', Double())
    np.testing.assert_allclose(model(x).detach().numpy(), expected.detach().numpy(), 1e-6)
    with pytest.warns(FutureWarning, match='deprecated'):
        normed = nn.Sequential(nn.utils.weight_norm(nn.Linear(3, 4)), nn.ReLU())
    normed(x).sum().backward()
    assert normed[0].weight_g.grad is not None


def test_functional_call() -> None:
    model, x = nn.Sequential(nn.Linear(3, 4), nn.ReLU()), cnet.randn(2, 3)
    weights = {'0.weight': cnet.ones(4, 3), '0.bias': cnet.zeros(4)}
    np.testing.assert_allclose(cnet.func.functional_call(model, weights, (x,)).numpy(),
                               np.maximum(x.numpy().sum(1, keepdims=True), 0).repeat(4, 1), 1e-5, 1e-6)
    grads = cnet.func.grad(lambda w: cnet.func.functional_call(model, w, (x,)).square().sum())(weights)
    assert grads['0.weight'].shape == (4, 3)


def test_per_sample_gradients() -> None:
    model, x = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)), cnet.randn(5, 3)
    weights = {k: p.detach() for k, p in model.named_parameters()}

    def loss(w: dict, row: cnet.Tensor) -> cnet.Tensor:
        return cnet.func.functional_call(model, w, (row,)).square().sum()
    rows = cnet.func.vmap(cnet.func.grad(loss), in_dims=(None, 0))(weights, x)
    loss(dict(model.named_parameters()), x).backward()
    np.testing.assert_allclose(rows['0.weight'].sum(0).numpy(), model[0].weight.grad.numpy(), 1e-5, 1e-6)


def test_copies_and_pickles() -> None:
    model, x = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(16, 2), nn.Tanh()), \
        cnet.randn(2, 3, 4, 4)
    model.eval()
    file = io.BytesIO()
    cnet.save(model, file)
    file.seek(0)
    for other in (copy.deepcopy(model), cnet.load(file, weights_only=False)):
        assert cnet.equal(other(x), model(x))
        assert repr(other) == repr(model)


def test_inputs_of_others_stay() -> None:
    """Only what the layers made themselves is written over."""
    x, norm = cnet.randn(4, 3), nn.BatchNorm1d(3).eval()
    norm.running_mean.fill_(1)
    before = x.clone()
    with cnet.no_grad():
        for model in (nn.Sequential(norm, nn.ReLU()), nn.Sequential(nn.Identity(), norm), nn.Sequential(nn.Flatten(), norm),
                      nn.Sequential(nn.Dropout(), norm, nn.ReLU()).eval()):
            assert not cnet.equal(model(x), x)
            assert cnet.equal(x, before)


def test_norms_that_record_keep_their_input() -> None:
    """In evaluation too, the gradient of a normalization's weight needs what it saw."""
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4)).eval()
    apart = watched(model)
    for p in (*model[0].parameters(), *apart[0].parameters()):
        p.requires_grad_(False)
    x = cnet.randn(5, 3)
    for m in (model, apart):
        m(x).square().sum().backward()
    np.testing.assert_allclose(model[1].weight.grad.numpy(), apart[1].weight.grad.numpy(), 1e-5)


def test_batches_are_counted_once() -> None:
    model = nn.Sequential(nn.BatchNorm1d(3), nn.ReLU())
    version = model[0].running_mean._version
    model(cnet.randn(4, 3))
    assert model(cnet.empty(0, 3)).shape == (0, 3)
    assert model[0].num_batches_tracked == 2
    assert model[0].running_mean._version == version + 1


def test_empty_batches() -> None:
    assert nn.Sequential(nn.Linear(3, 4), nn.ReLU())(cnet.empty(0, 3)).shape == (0, 4)
    with pytest.warns(UserWarning, match='zero-element'):
        model = nn.Sequential(nn.Linear(3, 0), nn.GELU())
    assert model(cnet.empty(2, 3)).shape == (2, 0)
    assert nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4), nn.ReLU()).eval()(cnet.empty(0, 3, 2, 2)).shape == (0, 4, 2, 2)


def test_results_that_were_written() -> None:
    """relu's gradient needs its result, gelu's does not."""
    x = cnet.randn(2, 3)
    y = nn.Sequential(nn.Linear(3, 4), nn.ReLU())(x)
    y.add_(1)
    with pytest.raises(RuntimeError, match='modified by an inplace operation'):
        y.sum().backward()
    y = nn.Sequential(nn.Linear(3, 4), nn.GELU())(x)
    y.add_(1)
    y.sum().backward()


def test_saved_tensors_and_anomalies_see_every_part() -> None:
    model, x, packed = nn.Sequential(nn.Linear(3, 4), nn.ReLU()), cnet.randn(2, 3), []
    with cnet.autograd.graph.saved_tensors_hooks(lambda t: packed.append(t.shape) or t, lambda t: t):
        y = model(x)
    assert len(y.grad_fn.next_functions) == 1
    assert (2, 4) in packed
    y.sum().backward()
    with cnet.autograd.detect_anomaly(check_nan=False):
        assert len(model(x).grad_fn.next_functions) == 1


@pytest.mark.parametrize(('layers', 'x'), [
    ([nn.Linear(3, 4), nn.ReLU()], cnet.zeros(2, 5)),
    ([nn.Linear(3, 4), nn.GELU()], cnet.zeros(2, 3, dtype=cnet.float64)),
    ([nn.Linear(3, 4), nn.Tanh()], 'no tensor'),
    ([nn.BatchNorm1d(3), nn.ReLU()], cnet.zeros(2, 3, 4, 5)),
    ([nn.BatchNorm1d(3), nn.ReLU()], cnet.zeros(2, 4)),
    ([nn.BatchNorm1d(3), nn.ReLU()], cnet.zeros(1, 3)),
    ([nn.Conv2d(3, 4, 3), nn.ReLU()], cnet.zeros(2, 4, 5, 5)),
    ([nn.Conv2d(3, 4, 3), nn.BatchNorm2d(5), nn.ReLU()], cnet.zeros(2, 3, 5, 5)),
    ([nn.Conv2d(3, 4, 3), nn.BatchNorm1d(4), nn.ReLU()], cnet.zeros(2, 3, 5, 5)),
    ([nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4).double(), nn.ReLU()], cnet.zeros(2, 3, 5, 5)),
    ([nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU()], cnet.zeros(2, 4, 5, 5)),
    ([nn.Conv2d(3, 4, 3), nn.ReLU()], cnet.zeros(2, 3, 5, 5, dtype=cnet.float64)),
], ids=str)
def test_errors_are_those_of_the_parts(layers: list[nn.Module], x: cnet.Tensor) -> None:
    model = nn.Sequential(*layers)
    for training in (True, False):
        model.train(training)
        with cnet.set_grad_enabled(training):
            if x is not None and training is False and len(x) == 1 and isinstance(layers[0], nn.BatchNorm1d):
                continue  # one sample is an error in training alone
            with pytest.raises(Exception) as apart:
                watched(model)(x)
            with pytest.raises(type(apart.value)) as together:
                model(x)
        assert str(together.value) == str(apart.value)


def test_half_precision_runs_apart() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.BatchNorm1d(4), nn.ReLU()).half()
    x = cnet.randn(5, 3).half()
    y = model(x)
    y.sum().backward()
    assert y.dtype is cnet.float16
    assert model[0].weight.grad.dtype is cnet.float16
