"""Recurrent layers: the kernel against tensor operations, packed sequences, threads, saturation, errors."""
from __future__ import annotations

import itertools
import pickle
from typing import Any

import numpy as np
import pytest

import cnet
from cnet import nn
from cnet._ops import _recurrent
from cnet.nn.utils.rnn import (
    PackedSequence,
    invert_permutation,
    pack_padded_sequence,
    pack_sequence,
    pad_packed_sequence,
    pad_sequence,
    unpack_sequence,
    unpad_sequence,
)

KINDS: list[tuple[str, dict]] = [('LSTM', {}), ('LSTM', {'proj_size': 3}), ('GRU', {}), ('RNN', {}),
                                 ('RNN', {'nonlinearity': 'relu'})]


def network(name: str, *sizes: int, dtype: Any = cnet.float64, **options: Any) -> Any:
    return getattr(nn, name)(*sizes, **options).to(dtype)


def results(net: Any, x: Any) -> list:
    """Output, states, and the gradients of a function of all of them."""
    net.zero_grad()
    x = x.detach().requires_grad_()
    y, states = net(x)
    outs = [y, *states] if isinstance(states, tuple) else [y, states]
    sum(((i + 1) * (out * out + out)).sum() for i, out in enumerate(outs)).backward()
    return [t.detach().clone().numpy() for t in (*outs, x.grad, *[p.grad for p in net.parameters()])]


@pytest.mark.parametrize(('name', 'more'), KINDS)
@pytest.mark.parametrize(('batch', 'hidden'), [(1, 5), (3, 33), (17, 70)])
@pytest.mark.parametrize('directions', [1, 2])
def test_kernel_computes_what_tensor_operations_do(name: str, more: dict, batch: int, hidden: int, directions: int,
                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    net = network(name, 4, hidden, num_layers=2, bidirectional=directions == 2, **more)
    x = cnet.randn(5, batch, 4, dtype=cnet.float64)
    ours = results(net, x)
    monkeypatch.setattr('cnet._ops.rnn.native', lambda tensors: False)
    for a, b in zip(ours, results(net, x), strict=True):
        np.testing.assert_allclose(a, b, 1e-9, 1e-9)


@pytest.mark.parametrize(('name', 'more'), KINDS)
@pytest.mark.parametrize('enforce_sorted', [True, False])
def test_packed_sequences_are_those_run_one_by_one(name: str, more: dict, enforce_sorted: bool) -> None:
    net = network(name, 3, 20, num_layers=2, bidirectional=True, **more)
    lengths = [7, 7, 4, 4, 3, 1] if enforce_sorted else [4, 1, 7, 3, 7, 4]
    sequences = [cnet.randn(n, 3, dtype=cnet.float64) for n in lengths]
    y, states = net(pack_sequence(sequences, enforce_sorted))
    states = states if isinstance(states, tuple) else (states,)
    for i, (sequence, part) in enumerate(zip(sequences, unpack_sequence(y), strict=True)):
        alone, last = net(sequence)
        cnet.testing.assert_close(part, alone)
        for all_states, state in zip(states, last if isinstance(last, tuple) else (last,), strict=True):
            cnet.testing.assert_close(all_states[:, i], state)


@pytest.mark.parametrize(('name', 'more'), KINDS)
def test_second_derivatives(name: str, more: dict) -> None:
    net = network(name, 2, 4, bidirectional=True, **more)
    x = cnet.randn(3, 2, 2, dtype=cnet.float64, requires_grad=True)

    def padded(x: Any, *parameters: Any) -> Any:
        return net(x)[0]

    def packed(x: Any, *parameters: Any) -> Any:
        return net(pack_padded_sequence(x, [3, 1]))[0].data
    for function in (padded, packed):
        assert cnet.autograd.gradcheck(function, (x, *net.parameters()))
        assert cnet.autograd.gradgradcheck(function, (x, *net.parameters()))


@pytest.mark.parametrize(('name', 'more'), KINDS)
@pytest.mark.usefixtures('fine_grain')
def test_threads_give_the_same_bits(name: str, more: dict) -> None:
    net = network(name, 9, 70, num_layers=2, bidirectional=True, dtype=cnet.float32, **more)
    x = cnet.randn(6, 33, 9)
    found = []
    for threads in (1, 2, 3):
        cnet.set_num_threads(threads)
        found.append(results(net, x))
    for other in found[1:]:
        for a, b in zip(found[0], other, strict=True):
            assert np.array_equal(a, b)


@pytest.mark.parametrize('name', ['LSTMCell', 'GRUCell', 'RNNCell'])
def test_cell_is_a_step_of_its_network(name: str) -> None:
    cell = getattr(nn, name)(3, 4)
    net = getattr(nn, name[:-4])(3, 4)
    net.load_state_dict({f'{key}_l0': value for key, value in cell.state_dict().items()})
    x = cnet.randn(5, 2, 3)
    hx, ys = None, []
    for step in x:
        hx = cell(step, hx)
        ys.append(hx[0] if name == 'LSTMCell' else hx)
    cnet.testing.assert_close(cnet.stack(ys), net(x)[0])
    assert cell(x[0, 0])[0].shape == ((4,) if name == 'LSTMCell' else ())


@pytest.mark.parametrize('name', ['LSTM', 'GRU', 'RNN'])
@pytest.mark.parametrize('scale', [1e-3, 300.0, 1e30])
def test_saturated_gates_stay_finite(name: str, scale: float) -> None:
    net = network(name, 16, 64, dtype=cnet.float32)
    x = cnet.randn(60, 8, 16)
    found = results(net, x * scale)
    assert all(np.isfinite(a).all() for a in found[:2])


def test_denormal_numbers_are_zero_inside_only() -> None:
    net = nn.RNN(2, 2, nonlinearity='relu', bias=False)
    with cnet.no_grad():
        for weight in net.parameters():
            weight.copy_(cnet.eye(2))
    tiny = np.float32(1e-40)
    assert (net(cnet.zeros(2, 2, 2), cnet.full((1, 2, 2), 1e-40))[0] == 0).all()
    assert cnet.full((2,), 1e-40).mul(1).sum() > 0  # the thread's mode is as it was
    assert tiny * np.float32(1) > 0


def test_states_and_weights_of_the_network_are_left_alone() -> None:
    net = nn.LSTM(3, 4, 2, bidirectional=True)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    h, c, x = cnet.randn(4, 2, 4), cnet.randn(4, 2, 4), cnet.randn(5, 2, 3)
    kept = [t.clone() for t in (h, c, x)]
    y, _ = net(x, (h, c))
    y.mul_(2).sum().backward()  # a result may be written: what backward needs is kept apart
    for a, b in zip(kept, (h, c, x), strict=True):
        assert cnet.equal(a, b)
    assert all(cnet.equal(before[name], value) for name, value in net.state_dict().items())


def test_parameters() -> None:
    net = nn.LSTM(3, 4, 2, bias=False, bidirectional=True, proj_size=2)
    assert list(net.state_dict()) == [f'weight_{kind}_l{layer}{suffix}' for layer in (0, 1) for suffix in ('', '_reverse')
                                      for kind in ('ih', 'hh', 'hr')]
    assert [tuple(w.shape) for w in net.all_weights[2]] == [(16, 4), (16, 2), (2, 4)]
    assert len(net.all_weights) == 4
    assert all(w.abs().max() <= 0.5 for w in net.parameters())
    assert net.flatten_parameters() is None
    again = pickle.loads(pickle.dumps(net))
    x = cnet.randn(2, 1, 3)
    assert cnet.equal(again(x)[0], net(x)[0])


def test_dropout_is_between_layers_only() -> None:
    net = nn.GRU(3, 8, 2, dropout=0.9)
    x = cnet.randn(4, 2, 3)
    assert not cnet.equal(net(x)[0], net(x)[0])
    net.eval()
    assert cnet.equal(net(x)[0], net(x)[0])
    with pytest.warns(UserWarning, match='dropout option adds dropout after all but last recurrent layer'):
        nn.GRU(3, 8, dropout=0.5)


def test_empty_batch() -> None:
    y, (h, c) = nn.LSTM(3, 4)(cnet.ones(5, 0, 3))
    assert y.shape == (5, 0, 4)
    assert h.shape == c.shape == (1, 0, 4)


ERRORS = [
    (lambda: nn.LSTM(3, 4)(cnet.ones(5, 2, 3, 1)), ValueError, 'LSTM: Expected input to be 2D or 3D, got 4D instead'),
    (lambda: nn.RNN(3, 4)(cnet.ones(5)), ValueError, 'RNN: Expected input to be 2D or 3D, got 1D tensor instead'),
    (lambda: nn.GRU(3, 4)(cnet.ones(5, 2, 4)), RuntimeError,
     r'input.size\(-1\) must be equal to input_size. Expected 3, got 4'),
    (lambda: nn.GRU(3, 4)(cnet.ones(5, 2, 3).double()), ValueError, 'RNN input dtype .* does not match weight dtype'),
    (lambda: nn.GRU(3, 4)(cnet.ones(5, 2, 3), cnet.ones(1, 3, 4)), RuntimeError,
     r'Expected hidden size \(1, 2, 4\), got \[1, 3, 4\]'),
    (lambda: nn.GRU(3, 4)(cnet.ones(5, 2, 3), cnet.ones(2, 4)), RuntimeError, 'For batched 3-D input, hx should also be 3-D'),
    (lambda: nn.LSTM(3, 4)(cnet.ones(5, 2, 3), (cnet.ones(1, 2, 4), cnet.ones(1, 2, 5))), RuntimeError,
     r'Expected hidden\[1\] size \(1, 2, 4\), got \[1, 2, 5\]'),
    (lambda: nn.LSTM(3, 4)(cnet.ones(5, 3), (cnet.ones(1, 1, 4), cnet.ones(1, 1, 4))), RuntimeError,
     r'For unbatched 2-D input, hx and cx should also be 2-D but got \(3-D, 3-D\) tensors'),
    (lambda: nn.LSTM(3, 4)(cnet.ones(0, 2, 3)), RuntimeError, 'Expected sequence length to be larger than 0 in RNN'),
    (lambda: nn.GRU(3, 4)(cnet.ones(5, 2, 3), cnet.ones(1, 2, 4).double()), RuntimeError, 'dtype'),
    (lambda: nn.LSTM(3, 4, proj_size=4), ValueError, 'proj_size has to be smaller than hidden_size'),
    (lambda: nn.LSTM(3, 4, proj_size=-1), ValueError, 'proj_size should be a positive integer or zero'),
    (lambda: nn.GRU(3, 4, proj_size=2), ValueError, 'proj_size argument is only supported for LSTM'),
    (lambda: nn.LSTM(3, 4, dropout=1.5), ValueError, 'dropout should be a number in range'),
    (lambda: nn.LSTM(3, 0), ValueError, 'hidden_size must be greater than zero'),
    (lambda: nn.LSTM(3.0, 4), TypeError, 'input_size should be of type int, got: float'),
    (lambda: nn.RNN(3, 4, nonlinearity='q'), ValueError, "Unknown nonlinearity 'q'. Select from 'tanh' or 'relu'."),
    (lambda: nn.RNNBase('X', 3, 4), ValueError, 'Unrecognized RNN mode: X'),
    (lambda: nn.LSTMCell(3, 4)(cnet.ones(2, 2, 3)), ValueError, 'LSTMCell: Expected input to be 1D or 2D, got 3D instead'),
    (lambda: nn.RNNCell(3, 4, nonlinearity='x')(cnet.ones(2, 3)), RuntimeError, 'Unknown nonlinearity: x'),
    (lambda: pack_padded_sequence(cnet.ones(5, 2, 3), [3, 5]), RuntimeError, 'sorted in decreasing order'),
    (lambda: pack_padded_sequence(cnet.ones(5, 2, 3), [5, 0]), RuntimeError, 'has to be greater than 0'),
    (lambda: pack_padded_sequence(cnet.ones(5, 2, 3), [6, 1]), RuntimeError, 'Expected lengths of at most 5'),
    (lambda: pack_padded_sequence(cnet.ones(5, 2, 3), [5]), RuntimeError, r'Expected `len\(lengths\)` to be equal to batch_size'),
    (lambda: pack_padded_sequence(cnet.ones(0, 2, 3), [0, 0]), RuntimeError, 'Cannot pack empty tensors.'),
    (lambda: pad_packed_sequence(pack_sequence([cnet.ones(3)]), total_length=2), ValueError, 'Expected total_length'),
    (lambda: pad_sequence([]), RuntimeError, 'received an empty list of sequences'),
    (lambda: pad_sequence(3), RuntimeError, 'pad_sequence: Expected iterable'),
    (lambda: pad_sequence([cnet.ones(2), cnet.ones(3)], padding_side='x'), RuntimeError,
     'padding_side to be one of left or right'),
    (lambda: pad_sequence([cnet.ones(2, 3), cnet.ones(3, 4)]), RuntimeError, 'must match the size of tensor b'),
    (lambda: unpad_sequence(cnet.ones(5, 2), cnet.tensor([5])), ValueError, 'zip'),
    (lambda: PackedSequence(cnet.ones(3)), AssertionError, 'list or tuple of length 2'),
    (lambda: cnet.lstm(cnet.ones(4, 3), cnet.tensor([2, 3]), (cnet.ones(1, 2, 4),) * 2, [], True, 1, 0.0, False, False),
     RuntimeError, 'decreasing'),
]


@pytest.mark.parametrize('case', range(len(ERRORS)))
def test_errors(case: int) -> None:
    call, kind, text = ERRORS[case]
    with pytest.raises(kind, match=text):
        call()


@pytest.mark.parametrize(('batch_first', 'side', 'n'), list(itertools.product([False, True], ['left', 'right'], [1, 3])))
def test_padding(batch_first: bool, side: str, n: int) -> None:
    sequences = [cnet.randn(i + 1, 2, requires_grad=True) for i in range(n)]
    padded = pad_sequence(sequences, batch_first, 7.0, side)
    rows = padded if batch_first else padded.transpose(0, 1)
    for i, sequence in enumerate(sequences):
        kept = rows[i, n - len(sequence):] if side == 'left' else rows[i, :len(sequence)]
        assert cnet.equal(kept, sequence)
    assert (rows == 7).sum() == n * (n - 1)
    (padded * padded).sum().backward()
    for sequence in sequences:
        cnet.testing.assert_close(sequence.grad, 2 * sequence.detach())


def test_packing_round_trip() -> None:
    x = cnet.arange(24.).reshape(4, 3, 2).requires_grad_()
    for batch_first in (False, True):
        source = x.transpose(0, 1) if batch_first else x
        packed = pack_padded_sequence(source, cnet.tensor([2, 4, 1]), batch_first, enforce_sorted=False)
        assert packed.batch_sizes.tolist() == [3, 2, 1, 1]
        assert packed.sorted_indices.tolist() == [1, 0, 2]
        assert cnet.equal(packed.unsorted_indices, invert_permutation(packed.sorted_indices))
        padded, lengths = pad_packed_sequence(packed, batch_first, -1.0, 5)
        assert lengths.tolist() == [2, 4, 1]
        assert padded.shape == ((3, 5, 2) if batch_first else (5, 3, 2))
        assert (padded == -1).sum() == (15 - 7) * 2
    packed.data.sum().backward()
    assert x.grad.sum() == 14
    assert packed.to(cnet.float32) is packed
    assert packed.double().data.dtype is cnet.float64
    assert not packed.is_cuda
    assert [t.tolist() for t in unpack_sequence(pack_sequence([cnet.tensor([1, 2]), cnet.tensor([3])]))] == [[1, 2], [3]]
    assert repr(pack_sequence([cnet.tensor([1])])) == ('PackedSequence(data=tensor([1]), batch_sizes=tensor([1]), '
                                                       'sorted_indices=None, unsorted_indices=None)')


def test_types_without_a_kernel() -> None:
    weights = [cnet.randn(4 * 4, n).half() for n in (3, 4)]
    y, _, _ = cnet.lstm(cnet.randn(2, 1, 3).half(), (cnet.zeros(1, 1, 4).half(),) * 2, weights, False, 1, 0.0, False, False,
                        False)
    assert y.dtype is cnet.float16
    assert _recurrent.native((y,)) is False
