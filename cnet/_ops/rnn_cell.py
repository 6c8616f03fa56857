"""Single steps of recurrent cells."""

from .._core import checks
from ._recurrent import CELLS, GATES, GRU, LSTM, NAMES, RELU, TANH, composed, native


def step(cell, input, h, c, w_ih, w_hh, b_ih, b_hh):
    """h, or (h, c), after one step."""
    name = NAMES[cell] + '_cell'
    x, w, u = checks.tensor(input, name, 'input', 1)._a, checks.tensor(w_ih, name, 'w_ih', 3)._a, w_hh._a
    n, rows = u.shape[-1] if u.ndim else 0, GATES[cell]
    if (x.ndim != 2 or w.ndim != 2 or x.shape[1] != w.shape[1] or u.shape != (rows * n, n) or w.shape[0] != rows * n or not n
            or h._a.shape != (x.shape[0], n) or (c is not None and c._a.shape != h._a.shape)):
        raise misfit(cell, x, (h, c), w, u)
    kernel = native((input, h, c, w_ih, w_hh, b_ih, b_hh)) and (
        (b_ih is None and b_hh is None) or
        (b_ih is not None and b_hh is not None and b_ih._a.shape == b_hh._a.shape == (rows * n,)))
    if kernel:
        return CELLS[cell].apply(input, h, c, w_ih, w_hh, b_ih, b_hh, None, cell=cell, steps=1, batch=x.shape[0],
                                 first=None, last=False)
    # A bias alone, one that broadcasts, other types: whatever is wrong with them, the tensor operations will say.
    y, _, c = composed(input, h, c, w_ih, w_hh, b_ih, b_hh, None, cell=cell, steps=1, batch=x.shape[0], first=None)
    return (y, c[0]) if cell == LSTM else y


def misfit(cell, x, states, w, u):
    """The error for arrays whose shapes do not fit."""
    name = NAMES[cell] + '_cell()'
    if x.ndim != 2 or w.ndim != 2 or states[0]._a.ndim != 2:
        return RuntimeError(f'{name}: expected input, hidden state and weights of 2 dimensions, got {x.ndim}, '
                            f'{states[0]._a.ndim} and {w.ndim}')
    if x.shape[1] != w.shape[1]:
        return RuntimeError(f'input has inconsistent input_size: got {x.shape[1]} expected {w.shape[1]}')
    n = w.shape[0] // GATES[cell]
    for i, state in enumerate(states):
        shape = (x.shape[0], n) if state is None else state._a.shape
        if shape[0] != x.shape[0]:
            return RuntimeError(f"Input batch size {x.shape[0]} doesn't match hidden{i} batch size {shape[0]}")
        if shape != (x.shape[0], n):
            return RuntimeError(f'hidden{i} has inconsistent hidden_size: got {shape[-1]}, expected {n}')
    return RuntimeError(f'{name}: weight_hh of shape {list(u.shape)} does not fit weight_ih of shape {list(w.shape)}')


def lstm_cell(input, hx, w_ih, w_hh, b_ih=None, b_hh=None):
    """One step of an LSTM: ``c' = f c + i u``, ``h' = o tanh(c')`` with gates from ``w_ih x + b_ih + w_hh h + b_hh``.

    Args:
        input (Tensor): x.
        hx (tuple of Tensor): h and c.
        w_ih, w_hh (Tensor): rows for the gates i, f, u, o, one below the other.
        b_ih, b_hh (Tensor, optional): biases.

    Shape:
        B sequences, X inputs, H hidden units.

        - input: (B, X). h, c and results: (B, H).
        - w_ih: (4 H, X). w_hh: (4 H, H). b_ih, b_hh: (4 H).

    Returns:
        tuple: h' and c'.

    Example:
        >>> import cnet
        >>> h, c = cnet.lstm_cell(cnet.ones(1, 2), (cnet.ones(1, 1), cnet.ones(1, 1)), cnet.zeros(4, 2), cnet.zeros(4, 1))
        >>> c
        tensor([[0.5000]])
    """
    if len(hx) != 2:
        raise RuntimeError('lstm_cell expects two hidden states')
    h, c = [checks.tensor(state, 'lstm_cell', 'hx', 2) for state in hx]
    return step(LSTM, input, h, c, w_ih, w_hh, b_ih, b_hh)


def gru_cell(input, hx, w_ih, w_hh, b_ih=None, b_hh=None):
    """One step of a GRU: ``h' = (1 - z) n + z h`` with gates r and z, and ``n = tanh(... + r (w_hh h + b_hh))``.

    Args:
        input (Tensor): x.
        hx (Tensor): h.
        w_ih, w_hh (Tensor): rows for r, z, n, one below the other.
        b_ih, b_hh (Tensor, optional): biases.

    Shape:
        B sequences, X inputs, H hidden units.

        - input: (B, X). hx and result: (B, H).
        - w_ih: (3 H, X). w_hh: (3 H, H). b_ih, b_hh: (3 H).

    Returns:
        Tensor: h'.

    Example:
        >>> import cnet
        >>> cnet.gru_cell(cnet.ones(1, 2), cnet.ones(1, 1), cnet.zeros(3, 2), cnet.zeros(3, 1))
        tensor([[0.5000]])
    """
    return step(GRU, input, checks.tensor(hx, 'gru_cell', 'hx', 2), None, w_ih, w_hh, b_ih, b_hh)


def rnn_tanh_cell(input, hx, w_ih, w_hh, b_ih=None, b_hh=None):
    """``tanh(w_ih x + b_ih + w_hh h + b_hh)``.

    Args:
        input (Tensor): x.
        hx (Tensor): h.
        w_ih, w_hh (Tensor): weights.
        b_ih, b_hh (Tensor, optional): biases.

    Shape:
        B sequences, X inputs, H hidden units.

        - input: (B, X). hx and result: (B, H).
        - w_ih: (H, X). w_hh: (H, H). b_ih, b_hh: (H).

    Returns:
        Tensor: the new h.

    Example:
        >>> import cnet
        >>> cnet.rnn_tanh_cell(cnet.ones(1, 2), cnet.zeros(1, 1), cnet.ones(1, 2), cnet.ones(1, 1))
        tensor([[0.9640]])
    """
    return step(TANH, input, checks.tensor(hx, 'rnn_tanh_cell', 'hx', 2), None, w_ih, w_hh, b_ih, b_hh)


def rnn_relu_cell(input, hx, w_ih, w_hh, b_ih=None, b_hh=None):
    """``relu(w_ih x + b_ih + w_hh h + b_hh)``.

    Args:
        input (Tensor): x.
        hx (Tensor): h.
        w_ih, w_hh (Tensor): weights.
        b_ih, b_hh (Tensor, optional): biases.

    Shape:
        As for `rnn_tanh_cell`.

    Returns:
        Tensor: the new h.

    Example:
        >>> import cnet
        >>> cnet.rnn_relu_cell(cnet.ones(1, 2), cnet.zeros(1, 1), cnet.ones(1, 2), cnet.ones(1, 1))
        tensor([[2.]])
    """
    return step(RELU, input, checks.tensor(hx, 'rnn_relu_cell', 'hx', 2), None, w_ih, w_hh, b_ih, b_hh)


PUBLIC = {'gru_cell': gru_cell, 'lstm_cell': lstm_cell, 'rnn_relu_cell': rnn_relu_cell, 'rnn_tanh_cell': rnn_tanh_cell}
