"""Recurrent kernels: the same bits on any number of threads and with or without recording; extreme inputs; odd shapes."""
from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np
import pytest

import cnet
from cnet import _kernels as K
from cnet import nn
from cnet._ops import rnn as networks

KINDS = ['LSTM', 'GRU', 'RNN']
# (T, B, I, H): one row; tiles that are not whole; several chunks of steps, the last one short; more inputs than a panel has;
# an odd number of rows, cut for threads; weights that fill more than a cache.
SHAPES = [(1, 1, 3, 5), (7, 1, 20, 37), (1, 7, 9, 70), (1, 3, 5, 40), (11, 20, 33, 72), (23, 9, 300, 33), (3, 64, 5, 300),
          (4, 49, 8, 33), (3, 17, 300, 520)]


@pytest.fixture
def fine_grain() -> Iterator[None]:
    """Lets the smallest loops use all threads."""
    old, threads = K._threads.set_grain(1), cnet.get_num_threads()
    yield
    K._threads.set_grain(old)
    cnet.set_num_threads(threads)


def outcome(net: nn.Module, x: cnet.Tensor) -> list[bytes]:
    """Outputs and gradients, as bits."""
    for p in net.parameters():
        p.grad = None
    x.grad = None
    y, _ = net(x)
    (y * cnet.linspace(-1, 1, y.numel()).reshape(y.shape)).sum().backward()
    return [t.numpy().tobytes() for t in (y.detach(), x.grad, *[p.grad for p in net.parameters()])]


@pytest.mark.parametrize(('kind', 'shape', 'two'), list(itertools.product(KINDS, SHAPES, [False, True])))
def test_bits_do_not_depend_on_threads(kind: str, shape: tuple, two: bool, fine_grain: None) -> None:
    steps, batch, inputs, hidden = shape
    cnet.manual_seed(0)
    net = getattr(nn, kind)(inputs, hidden, bidirectional=two)
    x = cnet.randn(steps, batch, inputs, requires_grad=True)
    found = []
    for threads in (1, 2, 3, 4):
        cnet.set_num_threads(threads)
        found.append(outcome(net, x))
    assert found[0] == found[1] == found[2] == found[3]


# One row at the end and before; shares that end with one row; steps that lose one row each, so that every cut leaves a share
# with one; lengths all but equal.
LENGTHS = [[60, *[5] * 20, *[3] * 9, 1, 1, 1], [40, 39, 17, 17, 9, 8, 8, 8, 2, *[1] * 21], list(range(40, 0, -1)),
           [50, 49, *[30] * 7, *[29] * 23]]


@pytest.mark.parametrize(('kind', 'lengths', 'two', 'sizes'), list(itertools.product(
    [*KINDS, 'projected'], LENGTHS, [False, True], [(5, 33), (40, 64), (3, 8)])))
def test_bits_of_packed_sequences_do_not_depend_on_threads(kind: str, lengths: list[int], two: bool, sizes: tuple,
                                                           fine_grain: None) -> None:
    """With and without recording; each thread takes some sequences through all steps."""
    cnet.manual_seed(7)
    more = {'proj_size': 3} if kind == 'projected' else {}
    net = getattr(nn, 'LSTM' if more else kind)(*sizes, bidirectional=two, **more)
    x = cnet.randn(lengths[0], len(lengths), sizes[0], requires_grad=True)
    rows = nn.utils.rnn.pack_padded_sequence(x, lengths)
    found = []
    for threads in (1, 2, 3, 4, 5):
        cnet.set_num_threads(threads)
        y, last = net(rows)
        states = last if isinstance(last, tuple) else (last,)
        total = (y.data * cnet.linspace(-1, 1, y.data.numel()).reshape(y.data.shape)).sum()
        for s in states:
            total = total + (s * s).sum()
        grads = cnet.autograd.grad(total, [x, *net.parameters()])
        with cnet.no_grad():
            plain = net(rows)[0].data
        found.append([t.detach().numpy().tobytes() for t in (y.data, *states, *grads, plain)])
    assert found[0] == found[1] == found[2] == found[3] == found[4]


@pytest.mark.parametrize(('kind', 'shape', 'two'), list(itertools.product([*KINDS, 'projected'], SHAPES, [False, True])))
def test_recording_changes_no_bits(kind: str, shape: tuple, two: bool) -> None:
    """Without recording the gates of a few steps share the memory of those before."""
    steps, batch, inputs, hidden = shape
    cnet.manual_seed(1)
    more = {'proj_size': 3} if kind == 'projected' else {}
    net = getattr(nn, 'LSTM' if more else kind)(inputs, hidden, 2, bidirectional=two, **more)
    x = cnet.randn(steps, batch, inputs)
    recorded = net(x)
    with cnet.no_grad():
        plain = net(x)
    for a, b in zip(recorded, plain, strict=True):
        for s, t in zip(a, b, strict=True):
            assert s.detach().numpy().tobytes() == t.numpy().tobytes()


@pytest.mark.parametrize(('kind', 'two'), list(itertools.product([*KINDS, 'projected'], [False, True])))
def test_recording_changes_no_bits_of_packed_sequences(kind: str, two: bool) -> None:
    cnet.manual_seed(4)
    more = {'proj_size': 3} if kind == 'projected' else {}
    net = getattr(nn, 'LSTM' if more else kind)(5, 33, 2, bidirectional=two, **more)
    lengths = [40, 39, 17, 17, 9, 8, 8, 8, 2, 1] + [1] * 20
    x = nn.utils.rnn.pack_padded_sequence(cnet.randn(40, 30, 5), lengths)
    recorded = net(x)
    with cnet.no_grad():
        plain = net(x)
    assert recorded[0].data.detach().numpy().tobytes() == plain[0].data.numpy().tobytes()
    states = recorded[1:] if isinstance(recorded[1], cnet.Tensor) else recorded[1]
    for s, t in zip(states, plain[1:] if isinstance(plain[1], cnet.Tensor) else plain[1], strict=True):
        assert s.detach().numpy().tobytes() == t.numpy().tobytes()


@pytest.mark.parametrize(('kind', 'shape'), list(itertools.product(KINDS, SHAPES)))
def test_kernel_equals_composition(kind: str, shape: tuple, monkeypatch: pytest.MonkeyPatch) -> None:
    steps, batch, inputs, hidden = shape
    cnet.manual_seed(2)
    net = getattr(nn, kind)(inputs, hidden, bidirectional=True).double()
    x = cnet.randn(steps, batch, inputs, dtype=cnet.float64)
    y, _ = net(x)
    monkeypatch.setattr(networks, 'native', lambda tensors: False)
    expected, _ = net(x)
    np.testing.assert_allclose(y.detach().numpy(), expected.detach().numpy(), 1e-11, 1e-12)


# More rows than the products after the steps take at once; one step, with weights read in place and copied; one row.
@pytest.mark.parametrize(('kind', 'shape', 'two'), list(itertools.product(
    [*KINDS, 'projected'], [(30, 50, 33, 40), (1, 6, 16, 32), (1, 6, 5, 37), (1, 1, 3, 5), (9, 1, 20, 145), (60, 2, 64, 8)],
    [False, True])))
def test_gradients_equal_composition(kind: str, shape: tuple, two: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    steps, batch, inputs, hidden = shape
    cnet.manual_seed(5)
    more = {'proj_size': 3} if kind == 'projected' else {}
    net = getattr(nn, 'LSTM' if more else kind)(inputs, hidden, bidirectional=two, **more).double()
    x = cnet.randn(steps, batch, inputs, dtype=cnet.float64, requires_grad=True)
    widths = [3 if more else hidden, hidden] if kind in ('LSTM', 'projected') else [hidden]
    states = [cnet.randn(1 + two, batch, width, dtype=cnet.float64, requires_grad=True) for width in widths]
    found = []
    for native in (networks.native, lambda tensors: False):
        monkeypatch.setattr(networks, 'native', native)
        y, last = net(x, tuple(states) if len(states) == 2 else states[0])
        total = (y * cnet.linspace(-1, 1, y.numel(), dtype=cnet.float64).reshape(y.shape)).sum()
        for s in last if len(states) == 2 else (last,):
            total = total + (s * s).sum()
        found.append(cnet.autograd.grad(total, [x, *states, *net.parameters()]))
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), 1e-10, 1e-11)


@pytest.mark.parametrize(('kind', 'steps', 'two'), list(itertools.product([*KINDS, 'projected'], [1, 3], [False, True])))
def test_no_rows(kind: str, steps: int, two: bool) -> None:
    more = {'proj_size': 3} if kind == 'projected' else {}
    net = getattr(nn, 'LSTM' if more else kind)(4, 5, bidirectional=two, **more)
    x = cnet.zeros(steps, 0, 4, requires_grad=True)
    # What is freed here is not zero, and a gradient may get its memory.
    for p in [cnet.full_like(p, 7.) for p in net.parameters()]:
        del p
    net(x)[0].sum().backward()
    assert x.grad is not None and x.grad.shape == x.shape
    for p in net.parameters():
        assert p.grad is not None and not p.grad.any()


@pytest.mark.parametrize('kind', KINDS)
def test_gradients_that_nobody_asks_for(kind: str) -> None:
    """What is asked for is the same alone as with everything else."""
    cnet.manual_seed(6)
    net = getattr(nn, kind)(5, 37, bidirectional=True)
    x = cnet.randn(4, 9, 5, requires_grad=True)
    leaves = [x, *net.parameters()]
    together = cnet.autograd.grad(net(x)[0].sum(), leaves)
    for i, leaf in enumerate(leaves):
        for other in leaves:
            other.requires_grad_(other is leaf)
        alone, = cnet.autograd.grad(net(x)[0].sum(), leaf)
        assert alone.numpy().tobytes() == together[i].numpy().tobytes()


def gate(x: float) -> float:
    """The update gate of a GRU cell: its weights pick it out as the new state of a cell that held 1."""
    w = cnet.zeros(3, 1)
    w[1] = 1
    return cnet.gru_cell(cnet.tensor([[x]]), cnet.ones(1, 1), w, cnet.zeros(3, 1)).item()


@pytest.mark.parametrize('x', [0., -0., 1., -1., 1e-30, 5., -5., 16., -16., 40., -40., 86., -86.])
def test_gates_are_accurate(x: float) -> None:
    assert gate(x) == pytest.approx(1 / (1 + math.exp(-x)), rel=4e-7)
    assert cnet.rnn_tanh_cell(cnet.tensor([[x]]), cnet.zeros(1, 1), cnet.ones(1, 1), cnet.zeros(1, 1)).item() == pytest.approx(
        math.tanh(x), rel=4e-7)


def test_gates_at_the_ends() -> None:
    assert [gate(x) for x in (100., 1e30)] == [1, 1]
    assert all(0 <= gate(x) < 2e-38 for x in (-100., -1e30))
    assert math.isnan(gate(math.nan))


def test_denormal_numbers_cost_no_accuracy_and_leave_the_mode_alone() -> None:
    """The kernel counts them as zero; arithmetic outside it does not."""
    cnet.manual_seed(3)
    net, x = nn.LSTM(8, 16), cnet.randn(20, 4, 8)
    tiny = (x * 1e-40).requires_grad_()
    y, _ = net(tiny)
    expected, _ = net(cnet.zeros(20, 4, 8))
    np.testing.assert_allclose(y.detach().numpy(), expected.detach().numpy(), 1e-6)
    (y * 1e-38).sum().backward()
    assert tiny.grad is not None and np.isfinite(tiny.grad.numpy()).all()
    assert (cnet.tensor([1e-40]) * 1).item() > 0
