"""Recurrent layers over whole sequences: the Ops on the kernel, and the same in tensor operations."""

import numpy as np

from .. import _kernels as K
from .._core import engine
from .._core.base import wrap
from .._core.mode import is_grad_enabled
from .._core.op import Op
from .join import cat, stack

# The kernel's numbers for cells.
LSTM, GRU, TANH, RELU = range(4)
GATES = (4, 3, 1, 1)
NAMES = ('lstm', 'gru', 'rnn_tanh', 'rnn_relu')

_SINGLE, _DOUBLE = np.dtype(np.float32), np.dtype(np.float64)


def native(tensors):
    """Whether the kernel takes these tensors (or None): all float32, or all float64."""
    dt = tensors[0]._a.dtype
    if dt is not _SINGLE and dt is not _DOUBLE and dt not in (_SINGLE, _DOUBLE):
        return False
    for t in tensors:
        if t is not None and t._a.dtype is not dt and t._a.dtype != dt:
            return False
    return True


class Layer(Op):
    """One layer in all its directions: (x, h0, c0, then w_ih, w_hh, b_ih, b_hh, w_hr per direction), None where absent.

    x is (T, B, X), or (N, X) for packed sequences with `first`, the first row of every step and N. h0 is (D, B, P), c0
    (D, B, H) for an LSTM. The results are y (..., D P), where `last` says so hn, and for an LSTM cn.
    """

    keep_in = tuple(range(8))
    n_out = 2
    materialize = False

    @staticmethod
    def forward(x, h0, c0, *weights, cell, steps, batch, first, last=True):
        return K.rnn.rnn_forward(cell, steps, batch, first, last, is_grad_enabled(), x, h0, c0, weights)

    def backward(self, *g):
        kw = self.kw
        cell, last = kw['cell'], kw.get('last', True)
        inputs = [self.saved(i) for i in range(len(self.needs))]
        gy, ghn, gcn = g[0], g[1] if last else None, g[-1] if cell == LSTM else None
        if is_grad_enabled():
            return composed_grad(inputs, self.needs, (gy, ghn, gcn), kw)
        x, h0, c0, *weights = [t if t is None else t._a for t in inputs]
        gy, ghn, gcn = [t if t is None else t._a for t in (gy, ghn, gcn)]
        grads = K.rnn.rnn_backward(cell, kw['steps'], kw['batch'], kw['first'], x, h0, c0, weights, *self.aux, gy, ghn, gcn,
                                   self.needs)
        return tuple([None if a is None else wrap(a) for a in grads])


class LSTMLayer(Layer, name='MkldnnRnnLayerBackward0'):
    n_out = 3


class LSTMStack(LSTMLayer, name='StackBackward0'):
    """An LSTM in double precision, under the name that PyTorch shows for it."""


class LSTMCat(LSTMLayer, name='CatBackward0'):
    """An LSTM on packed sequences."""


class LSTMPair(LSTMLayer, name='CatBackward0'):
    """An LSTM in two directions."""

    keep_in = tuple(range(13))


class Stack(Layer, name='StackBackward0'):
    """A GRU or RNN."""


class Cat(Layer, name='CatBackward0'):
    """A GRU or RNN on packed sequences."""


class Pair(Layer, name='CatBackward0'):
    """A GRU or RNN in two directions."""

    keep_in = tuple(range(13))


class LSTMCell(Layer, name='MulBackward0'):
    """One step: (h, c)."""


class GRUCell(Layer, name='AddBackward0'):
    """One step."""

    n_out = 1


class TanhCell(GRUCell, name='TanhBackward0'):
    """One step."""


class ReluCell(GRUCell, name='ReluBackward0'):
    """One step."""


CELLS = (LSTMCell, GRUCell, TanhCell, ReluCell)


def layer_op(cell, directions, packed, dtype):
    """The Op of a layer, chosen for the name of its node."""
    if directions == 2:
        return LSTMPair if cell == LSTM else Pair
    if packed:
        return LSTMCat if cell == LSTM else Cat
    if cell == LSTM:
        return LSTMLayer if dtype == np.float32 else LSTMStack
    return Stack


def composed_step(cell, gates, hidden, h, c):
    """(new h, new c) from the inputs' and the hidden state's part of the gates."""
    if cell == LSTM:
        i, f, u, o = (gates + hidden).chunk(4, -1)
        c = f.sigmoid() * c + i.sigmoid() * u.tanh()
        return o.sigmoid() * c.tanh(), c
    if cell == GRU:
        r, z, n = gates.chunk(3, -1)
        hr, hz, hn = hidden.chunk(3, -1)
        r, z = (r + hr).sigmoid(), (z + hz).sigmoid()
        n = (n + r * hn).tanh()
        return n + z * (h - n), None
    return (gates + hidden).tanh() if cell == TANH else (gates + hidden).relu(), None


def composed(x, h0, c0, *weights, cell, steps, batch, first, last=True):
    """What `Layer` computes, in tensor operations: for derivatives of its derivatives, and types without a kernel.

    Returns:
        tuple: y, hn, and cn or None; hn also where `last` is false.
    """
    rows = x.reshape(-1, x.shape[-1])
    bounds = [t * batch for t in range(steps + 1)] if first is None else first.tolist()
    directions = len(weights) // 5
    h0 = h0.reshape(directions, batch, h0.shape[-1])
    c0 = None if c0 is None else c0.reshape(directions, batch, c0.shape[-1])
    ys, hs, cs = [], [], []
    for d in range(directions):
        w_ih, w_hh, b_ih, b_hh, w_hr = weights[5 * d:5 * d + 5]
        gates = rows.matmul(w_ih.t()) if b_ih is None else rows.matmul(w_ih.t()) + b_ih
        h, c = h0[d], None if c0 is None else c0[d]
        outputs = [None] * steps
        for t in reversed(range(steps)) if d else range(steps):
            m = bounds[t + 1] - bounds[t]
            old_h, old_c = h[:m], None if c is None else c[:m]
            hidden = old_h.matmul(w_hh.t()) if b_hh is None else old_h.matmul(w_hh.t()) + b_hh
            new_h, new_c = composed_step(cell, gates[bounds[t]:bounds[t + 1]], hidden, old_h, old_c)
            if w_hr is not None:
                new_h = new_h.matmul(w_hr.t())
            outputs[t] = new_h
            h = new_h if m == batch else cat((new_h, h[m:]))
            if c is not None:
                c = new_c if m == batch else cat((new_c, c[m:]))
        ys.append(cat(outputs))
        hs.append(h)
        cs.append(c)
    y = ys[0] if len(ys) == 1 else cat(ys, 1)
    return y.reshape(*x.shape[:-1], y.shape[-1]), stack(hs), None if c0 is None else stack(cs)


def composed_grad(inputs, needs, grads, kw):
    """Gradients of `Layer` with a history of their own, through `composed`."""
    # Each input as a tensor of its own: one that is given twice has two gradients.
    inputs = [t.expand_as(t) if need else t for t, need in zip(inputs, needs)]
    outputs = composed(*inputs, **kw)
    pairs = [(y, g if g.shape == y.shape else g.reshape(y.shape))
             for y, g in zip(outputs, grads) if g is not None and y.requires_grad]
    wanted = [t for t, need in zip(inputs, needs) if need]
    found = iter(engine.grad([y for y, _ in pairs], wanted, [g for _, g in pairs], create_graph=True, allow_unused=True))
    return tuple([next(found) if need else None for need in needs])
