"""Recurrent layers with copied weights give PyTorch's values and gradients, whatever the options."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import cnet

hypothesis = pytest.importorskip('hypothesis')
torch = pytest.importorskip('torch')

from hypothesis import given, settings
from hypothesis import strategies as st

NETS = {'LSTM': ('LSTM', {}), 'GRU': ('GRU', {}), 'RNN': ('RNN', {}), 'RNN relu': ('RNN', {'nonlinearity': 'relu'})}

options = st.fixed_dictionaries({
    'net': st.sampled_from(sorted(NETS)), 'layers': st.integers(1, 3), 'bias': st.booleans(), 'bidirectional': st.booleans(),
    'proj': st.sampled_from([0, 1, 3]), 'dtype': st.sampled_from(['float32', 'float64']),
    'layout': st.sampled_from(['padded', 'batch_first', 'unbatched', 'sorted', 'unsorted']), 'states': st.booleans(),
    'steps': st.integers(1, 6), 'batch': st.sampled_from([1, 2, 5, 16, 31]), 'hidden': st.sampled_from([4, 9, 40]),
    'inputs': st.sampled_from([1, 3, 7, 300]), 'seed': st.integers(0, 2 ** 31),
})


def run(lib: Any, net: Any, o: dict, data: dict[str, Any]) -> list[np.ndarray]:
    """Outputs and gradients of one call."""
    dtype, packed = getattr(lib, o['dtype']), o['layout'] in ('sorted', 'unsorted')
    x, h, c = [lib.tensor(data[name], dtype=dtype, requires_grad=True) for name in 'xhc']
    hx = None if not o['states'] else (h, c) if o['net'] == 'LSTM' else h
    given_x = x
    if packed:
        given_x = lib.nn.utils.rnn.pack_padded_sequence(x, data['lengths'], enforce_sorted=o['layout'] == 'sorted')
    y, last = net(given_x, hx)
    if packed:
        y = lib.nn.utils.rnn.pad_packed_sequence(y)[0]
    outs = [y, *last] if isinstance(last, tuple) else [y, last]
    sum(((i + 1) * out * out + out).sum() for i, out in enumerate(outs)).backward()
    grads = [x.grad, *[p.grad for p in net.parameters()]]
    if o['states']:
        grads += [h.grad, c.grad] if o['net'] == 'LSTM' else [h.grad]
    return [t.detach().numpy() for t in outs + grads]


@pytest.mark.filterwarnings('ignore:LSTM with projections is not supported with oneDNN')
@settings(max_examples=150, deadline=None)
@given(options)
def test_networks(o: dict) -> None:
    name, more = NETS[o['net']]
    if o['proj'] and name == 'LSTM':
        more = {'proj_size': o['proj']}
    kwargs = {'num_layers': o['layers'], 'bias': o['bias'], 'bidirectional': o['bidirectional'],
              'batch_first': o['layout'] == 'batch_first', **more}
    nets = [getattr(lib.nn, name)(o['inputs'], o['hidden'], **kwargs).to(getattr(lib, o['dtype'])) for lib in (cnet, torch)]
    nets[0].load_state_dict({key: cnet.from_numpy(value.numpy()) for key, value in nets[1].state_dict().items()})
    assert repr(nets[0]) == repr(nets[1])
    rng = np.random.default_rng(o['seed'])
    sizes = [o['steps'], o['batch']]
    if o['layout'] == 'batch_first':
        sizes.reverse()
    sizes = sizes[:1] if o['layout'] == 'unbatched' else sizes
    states = o['layers'] * (2 if o['bidirectional'] else 1)
    batch = [] if o['layout'] == 'unbatched' else [o['batch']]
    lengths = rng.integers(1, o['steps'] + 1, o['batch'])
    data = {'x': rng.standard_normal((*sizes, o['inputs'])),
            'h': rng.standard_normal((states, *batch, more.get('proj_size', o['hidden']))),
            'c': rng.standard_normal((states, *batch, o['hidden'])),
            'lengths': (np.sort(lengths)[::-1] if o['layout'] == 'sorted' else lengths).tolist()}
    rtol = 2e-4 if o['dtype'] == 'float32' else 1e-9
    for i, (a, e) in enumerate(zip(run(cnet, nets[0], o, data), run(torch, nets[1], o, data), strict=True)):
        assert a.dtype == e.dtype
        assert a.shape == e.shape
        np.testing.assert_allclose(a, e, rtol, rtol * max(1, np.abs(e).max()), err_msg=f'result {i}')


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(['LSTMCell', 'GRUCell', 'RNNCell']), st.booleans(), st.sampled_from([None, 1, 3, 20]),
       st.sampled_from(['float32', 'float64']), st.integers(0, 2 ** 31))
def test_cells(name: str, bias: bool, batch: int | None, dtype: str, seed: int) -> None:
    cells = [getattr(lib.nn, name)(5, 37, bias=bias).to(getattr(lib, dtype)) for lib in (cnet, torch)]
    cells[0].load_state_dict({key: cnet.from_numpy(value.numpy()) for key, value in cells[1].state_dict().items()})
    rng = np.random.default_rng(seed)
    sizes = [] if batch is None else [batch]
    data = [rng.standard_normal((*sizes, n)) for n in (5, 37, 37)]
    found = []
    for lib, cell in zip((cnet, torch), cells):
        x, h, c = [lib.tensor(a, dtype=getattr(lib, dtype), requires_grad=True) for a in data]
        hx = (h, c) if name == 'LSTMCell' else h
        for _ in range(3):
            hx = cell(x, hx)
        outs = list(hx) if name == 'LSTMCell' else [hx]
        sum((out * out).sum() for out in outs).backward()
        found.append([t.detach().numpy() for t in (*outs, x.grad, h.grad, *[p.grad for p in cell.parameters()])])
    tol = 1e-4 if dtype == 'float32' else 1e-9
    for a, e in zip(*found, strict=True):
        np.testing.assert_allclose(a, e, tol, tol)


def test_same_numbers_from_the_same_seed() -> None:
    found = []
    for lib in (cnet, torch):
        lib.manual_seed(3)
        net = lib.nn.LSTM(4, 8, 3, dropout=0.5, bidirectional=True)
        found.append(net(lib.randn(5, 2, 4))[0].detach().numpy())
    np.testing.assert_allclose(*found, 1e-5, 1e-6)
