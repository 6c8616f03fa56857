"""Recurrent networks over whole sequences."""

import numpy as np

from .._core import checks
from .._core.base import TensorBase
from ._recurrent import GATES, GRU, LSTM, NAMES, RELU, TANH, composed, layer_op, native
from .dropout import drop
from .join import cat


def layers_of(cell, params, has_biases, num_layers, directions):
    """The parameters of every layer as tuples of w_ih, w_hh, b_ih, b_hh, w_hr per direction, None where absent."""
    plain = 4 if has_biases else 2
    count = num_layers * directions
    each = len(params) // count if count else 0
    if not count or each * count != len(params) or each not in ((plain, plain + 1) if cell == LSTM else (plain,)):
        raise RuntimeError('got an incorrect number of RNN parameters')
    if each == 4 and has_biases:
        groups = [(*params[i:i + 4], None) for i in range(0, len(params), 4)]
    elif has_biases:
        groups = [tuple(params[i:i + 5]) for i in range(0, len(params), 5)]
    else:
        groups = [(*params[i:i + 2], None, None, params[i + 2] if each == 3 else None)
                  for i in range(0, len(params), each)]
    return groups if directions == 1 else [groups[i] + groups[i + 1] for i in range(0, count, 2)]


def check_layer(cell, width, batch, h, c, directions, weights):
    """Refuse shapes that do not fit an input of `width` columns. Returns the width of the output."""
    name, gates = NAMES[cell], GATES[cell]
    w = weights[0]._a
    if w.ndim != 2 or w.shape[0] % gates or not w.shape[0]:
        raise RuntimeError(f'{name}: weight_ih must have {gates} * hidden_size rows, but has shape {list(w.shape)}')
    n = w.shape[0] // gates
    p = n
    for i in range(0, len(weights), 5):
        w_ih, w_hh, b_ih, b_hh, w_hr = weights[i:i + 5]
        if w_hr is not None:
            p = w_hr._a.shape[0]
            if w_hr._a.shape != (p, n):
                raise RuntimeError(f'{name}: expected weight_hr of {n} columns, got shape {list(w_hr._a.shape)}')
        if w_ih._a.shape != (gates * n, width):
            raise RuntimeError(f'mat1 and mat2 shapes cannot be multiplied (input has {width} features, weight_ih expects '
                               f'{w_ih._a.shape[-1]})')
        if w_hh._a.shape != (gates * n, p):
            raise RuntimeError(f'{name}: expected weight_hh of shape {[gates * n, p]}, got {list(w_hh._a.shape)}')
        if b_ih is not None and not b_ih._a.shape == b_hh._a.shape == (gates * n,):
            raise RuntimeError(f'{name}: expected biases of shape {[gates * n]}, got {list(b_ih._a.shape)} and '
                               f'{list(b_hh._a.shape)}')
    if h._a.shape != (directions, batch, p):
        raise RuntimeError(f'Expected hidden size {(directions, batch, p)}, got {list(h._a.shape)}')
    if c is not None and c._a.shape != (directions, batch, n):
        raise RuntimeError(f'Expected hidden[1] size {(directions, batch, n)}, got {list(c._a.shape)}')
    return directions * p


def steps_of(batch_sizes, rows):
    """(number of steps, rows of the first step, first row of every step and the number of all)."""
    sizes = checks.tensor(batch_sizes, 'lstm', 'batch_sizes', 2)._a
    if sizes.ndim != 1 or sizes.dtype != np.int64 or not sizes.size:
        raise RuntimeError('batch_sizes must be a 1D int64 tensor of at least one step')
    first = np.zeros(sizes.size + 1, np.int64)
    np.cumsum(sizes, out=first[1:])
    if sizes[-1] <= 0 or (sizes[1:] > sizes[:-1]).any():
        raise RuntimeError('batch_sizes must be positive and in decreasing order')
    if first[-1] != rows:
        raise RuntimeError(f'batch_sizes sum to {first[-1]}, but data has {rows} rows')
    return sizes.size, int(sizes[0]), first


def network(cell, input, batch_sizes, h0, c0, params, has_biases, num_layers, dropout, train, bidirectional,
            batch_first=False):
    """All layers of a network.

    Args:
        cell (int): LSTM, GRU, TANH or RELU.
        input (Tensor): (T, B, X), (B, T, X) if `batch_first`, or packed rows (N, X).
        batch_sizes (Tensor or None): rows of every step of a packed input.
        h0, c0 (Tensor): (L D, B, P) and, for an LSTM, (L D, B, H).
        params (sequence of Tensor): of all layers and directions.

    Returns:
        tuple: y, hn, and cn for an LSTM.
    """
    directions = 2 if bidirectional else 1
    x = input
    if batch_sizes is not None:
        if x._a.ndim != 2:
            raise RuntimeError(f'input must have 2 dimensions, got {x._a.ndim}')
        steps, batch, first = steps_of(batch_sizes, x._a.shape[0])
    else:
        if x._a.ndim != 3:
            raise checks.errors.dim_range(2, x._a.ndim) if x._a.ndim < 3 else RuntimeError(
                f'input must have 3 dimensions, got {x._a.ndim}')
        if batch_first:
            x = x.transpose(0, 1)
        (steps, batch, _), first = x._a.shape, None
        if not steps:
            raise RuntimeError('Expected sequence length to be larger than 0 in RNN')
    layers = layers_of(cell, params, has_biases, num_layers, directions)
    for state in (h0, c0):
        if state is None or (state._a.ndim == 3 and state._a.shape[0] == num_layers * directions):
            continue
        raise RuntimeError(f'Expected hidden states of {num_layers * directions} layers and directions, got '
                           f'{list(h0._a.shape)}' + ('' if c0 is None else f' and {list(c0._a.shape)}'))
    if native((x, h0, c0, *params)):
        run = layer_op(cell, directions, first is not None, x._a.dtype).apply
    else:
        run = composed
    states = []
    for i, weights in enumerate(layers):
        if num_layers == 1:
            h, c = h0, c0
        else:
            h = h0[i * directions:(i + 1) * directions]
            c = None if c0 is None else c0[i * directions:(i + 1) * directions]
        check_layer(cell, x._a.shape[-1], batch, h, c, directions, weights)
        x, *last = run(x, h, c, *weights, cell=cell, steps=steps, batch=batch, first=first)
        states.append(last)
        if dropout and train and i < num_layers - 1:
            x = drop(x, dropout, True)
    if batch_first and batch_sizes is None:
        x = x.transpose(0, 1)
    if num_layers == 1:
        hn = states[0]
    else:
        hn = [cat(tensors) for tensors in zip(*states) if tensors[0] is not None]
    return (x, *hn[:2 if cell == LSTM else 1])


_PADDED = ('input', 'hx', 'params', 'has_biases', 'num_layers', 'dropout', 'train', 'bidirectional', 'batch_first')
_PACKED = ('data', 'batch_sizes', 'hx', 'params', 'has_biases', 'num_layers', 'dropout', 'train', 'bidirectional')


def dispatch(cell, args, kwargs):
    """A call in one of the two forms that PyTorch has: padded with `batch_first`, or packed with `batch_sizes`."""
    name = NAMES[cell]
    packed = 'batch_sizes' in kwargs or 'data' in kwargs or (
        len(args) > 2 and isinstance(args[1], TensorBase) and (cell == LSTM or isinstance(args[2], TensorBase)))
    names = _PACKED if packed else _PADDED
    given = dict(zip(names, args))
    if len(args) > len(names) or given.keys() & kwargs.keys() or {*given, *kwargs} != set(names):
        raise TypeError(f'{name}() received an invalid combination of arguments - expected ({", ".join(_PACKED)}) or '
                        f'({", ".join(_PADDED)})')
    given.update(kwargs)
    params, hx = checks.tensors(given['params'], name, 'params', 3), given['hx']
    if isinstance(hx, TensorBase) == (cell == LSTM):
        raise TypeError(f"{name}(): argument 'hx' must be {'tuple of Tensors' if cell == LSTM else 'Tensor'}, not "
                        f'{checks.errors.type_name(hx)}')
    if cell == LSTM and len(hx) != 2:
        raise RuntimeError('lstm expects two hidden states')
    h0, c0 = hx if cell == LSTM else (hx, None)
    input = checks.tensor(given['data' if packed else 'input'], name, 'data' if packed else 'input', 1)
    for state in (h0,) if c0 is None else (h0, c0):
        checks.tensor(state, name, 'hx', 2)
    return network(cell, input, given.get('batch_sizes'), h0, c0, params, given['has_biases'], given['num_layers'],
                   given['dropout'], given['train'], given['bidirectional'], given.get('batch_first', False))


def lstm(*args, **kwargs):
    """A network of LSTM layers, as `nn.LSTM` runs it.

    Call it as ``lstm(input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first)`` or, for packed
    sequences, as ``lstm(data, batch_sizes, hx, params, has_biases, num_layers, dropout, train, bidirectional)``.

    Args:
        input (Tensor): padded sequences; data: the rows of packed ones, with batch_sizes (Tensor), the rows of every step.
        hx (tuple of Tensor): the first hidden and cell states.
        params (sequence of Tensor): weight_ih, weight_hh, bias_ih, bias_hh, weight_hr of every layer and direction.
        has_biases (bool): whether params hold biases.
        num_layers (int): L.
        dropout (float): probability of dropout between layers, if `train`.
        train (bool): whether to drop.
        bidirectional (bool): whether D is 2.
        batch_first (bool): whether input and result are (B, T, ...).

    Shape:
        T steps, B sequences, X inputs, H hidden units, P outputs of a direction (H without weight_hr), N rows.

        - input: (T, B, X), or data: (N, X).
        - hx: (L D, B, P) and (L D, B, H).
        - result: (T, B, D P) or (N, D P), then as hx.

    Returns:
        tuple: outputs of the last layer, last hidden states, last cell states.

    Example:
        >>> import cnet
        >>> net = cnet.nn.LSTM(3, 4)
        >>> hx = cnet.zeros(1, 2, 4), cnet.zeros(1, 2, 4)
        >>> y, hn, cn = cnet.lstm(cnet.ones(5, 2, 3), hx, list(net.parameters()), True, 1, 0., False, False, False)
        >>> y.shape
        cnet.Size([5, 2, 4])
    """
    return dispatch(LSTM, args, kwargs)


_REST = """

    Call it as ``{0}(input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first)`` or, for packed
    sequences, as ``{0}(data, batch_sizes, hx, params, has_biases, num_layers, dropout, train, bidirectional)``.

    Args:
        input, data, batch_sizes, has_biases, num_layers, dropout, train, bidirectional, batch_first: as for `lstm`.
        hx (Tensor): the first hidden states.
        params (sequence of Tensor): weight_ih, weight_hh, bias_ih, bias_hh of every layer and direction.

    Shape:
        As for `lstm`, with P = H.

    Returns:
        tuple: outputs of the last layer, last hidden states.

    Example:
        >>> import cnet
        >>> net = cnet.nn.{1}
        >>> y, hn = cnet.{0}(cnet.ones(5, 2, 3), cnet.zeros(1, 2, 4), list(net.parameters()), True, 1, 0., False, False, False)
        >>> y.shape
        cnet.Size([5, 2, 4])
    """


def gru(*args, **kwargs):
    return dispatch(GRU, args, kwargs)


def rnn_tanh(*args, **kwargs):
    return dispatch(TANH, args, kwargs)


def rnn_relu(*args, **kwargs):
    return dispatch(RELU, args, kwargs)


gru.__doc__ = 'A network of GRU layers, as `nn.GRU` runs it.' + _REST.format('gru', 'GRU(3, 4)')
rnn_tanh.__doc__ = 'A network of tanh(W x + U h) layers, as `nn.RNN` runs it.' + _REST.format('rnn_tanh', 'RNN(3, 4)')
rnn_relu.__doc__ = 'A network of relu(W x + U h) layers, as `nn.RNN` runs it.' + _REST.format(
    'rnn_relu', "RNN(3, 4, nonlinearity='relu')")


PUBLIC = {'gru': gru, 'lstm': lstm, 'rnn_relu': rnn_relu, 'rnn_tanh': rnn_tanh}
