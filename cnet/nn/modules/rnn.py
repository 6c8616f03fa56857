"""Recurrent networks: RNN, LSTM, GRU over sequences, and their cells for single steps."""

import math
import numbers
import warnings

import numpy as np

from ..._core.base import wrap
from ..._ops import rnn as networks
from ..._ops._recurrent import GRU as GRU_CELL
from ..._ops._recurrent import LSTM as LSTM_CELL
from ..._ops._recurrent import RELU, TANH
from ..._ops.rnn_cell import gru_cell, lstm_cell, rnn_relu_cell, rnn_tanh_cell
from .. import init
from ..utils.rnn import PackedSequence
from .module import Module
from .utils import new_parameter

__all__ = ['RNNBase', 'RNN', 'LSTM', 'GRU', 'RNNCellBase', 'RNNCell', 'LSTMCell', 'GRUCell']

_CELLS = {'LSTM': (LSTM_CELL, 4), 'GRU': (GRU_CELL, 3), 'RNN_TANH': (TANH, 1), 'RNN_RELU': (RELU, 1)}  # with their gates


def _draw(module):
    bound = 1 / math.sqrt(module.hidden_size)
    for weight in module.parameters():
        init.uniform_(weight, -bound, bound)


class RNNBase(Module):
    """What RNN, LSTM and GRU share: parameters, checks, the call of the layers.

    Args:
        mode (str): 'LSTM', 'GRU', 'RNN_TANH' or 'RNN_RELU'.
        input_size (int): X, the number of inputs.
        hidden_size (int): H, the number of hidden units.
        num_layers (int): L, the number of layers; each runs on the outputs of the one before.
        bias (bool): whether the gates have biases.
        batch_first (bool): whether input and output are (B, T, *) rather than (T, B, *).
        dropout (float): the probability of dropout on the outputs of all layers but the last.
        bidirectional (bool): whether a second network reads the sequence backwards (D = 2).
        proj_size (int): P, the width that an LSTM's outputs are projected to; 0 leaves them at P = H.
        device (device, optional): 'cpu', the only one.
        dtype (dtype, optional): of the parameters.
    """

    def __init__(self, mode, input_size, hidden_size, num_layers=1, bias=True, batch_first=False, dropout=0.0,
                 bidirectional=False, proj_size=0, device=None, dtype=None):
        super().__init__()
        self.mode = mode
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = float(dropout)
        self.bidirectional = bidirectional
        self.proj_size = proj_size
        if not isinstance(dropout, numbers.Number) or isinstance(dropout, bool) or not 0 <= dropout <= 1:
            raise ValueError('dropout should be a number in range [0, 1] representing the probability of an element being '
                             'zeroed')
        if dropout > 0 and num_layers == 1:
            warnings.warn('dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects '
                          f'num_layers greater than 1, but got dropout={dropout} and num_layers={num_layers}', stacklevel=2)
        for name, wanted in (('bias', bool), ('batch_first', bool), ('input_size', int), ('hidden_size', int)):
            value = getattr(self, name)
            if not isinstance(value, wanted):
                raise TypeError(f'{name} should be of type {wanted.__name__}, got: {type(value).__name__}')
        for name in ('input_size', 'hidden_size', 'num_layers'):
            if getattr(self, name) <= 0:
                raise ValueError(f'{name} must be greater than zero')
        if proj_size < 0:
            raise ValueError('proj_size should be a positive integer or zero to disable projections')
        if proj_size >= hidden_size:
            raise ValueError('proj_size has to be smaller than hidden_size')
        if mode not in _CELLS:
            raise ValueError(f'Unrecognized RNN mode: {mode}')
        self._all_weights = []
        outputs, rows = proj_size or hidden_size, _CELLS[mode][1] * hidden_size
        for layer in range(num_layers):
            width = input_size if layer == 0 else outputs * (2 if bidirectional else 1)
            for suffix in ('', '_reverse') if bidirectional else ('',):
                shapes = {'weight_ih': (rows, width), 'weight_hh': (rows, outputs)}
                if bias:
                    shapes |= {'bias_ih': (rows,), 'bias_hh': (rows,)}
                if proj_size:
                    shapes['weight_hr'] = (proj_size, hidden_size)
                names = [f'{name}_l{layer}{suffix}' for name in shapes]
                for name, shape in zip(names, shapes.values()):
                    setattr(self, name, new_parameter(shape, dtype, device))
                self._all_weights.append(names)
        self.reset_parameters()

    def reset_parameters(self):
        """Draw the initial weights again, uniform in ±1/√hidden_size."""
        _draw(self)

    def flatten_parameters(self):
        """Nothing: every call packs the weights for the kernel anyway."""

    @property
    def all_weights(self):
        """The parameters of every layer and direction, as lists."""
        return [[getattr(self, name) for name in names] for names in self._all_weights]

    @property
    def _flat_weights(self):
        own = self._parameters  # directly: a tenth of the time; a weight that was moved elsewhere is found by its name
        return [own[name] if name in own else getattr(self, name) for names in self._all_weights for name in names]

    def check_input(self, input, batch_sizes):
        """Refuse an input of another type or width than the weights."""
        weight = getattr(self, self._all_weights[0][0])
        a = input._a
        if a.dtype == weight._a.dtype and a.ndim == (3 if batch_sizes is None else 2) and a.shape[-1] == self.input_size:
            return
        if input.dtype != weight.dtype:
            raise ValueError(f'RNN input dtype ({input.dtype}) does not match weight dtype ({weight.dtype}). Convert input: '
                             f'input.to({weight.dtype}), or convert model: model.to({input.dtype})')
        wanted = 3 if batch_sizes is None else 2
        if input.dim() != wanted:
            raise RuntimeError(f'input must have {wanted} dimensions, got {input.dim()}')
        if input.size(-1) != self.input_size:
            raise RuntimeError('input.size(-1) must be equal to input_size. Expected '
                               f'{self.input_size}, got {input.size(-1)}')

    def get_expected_hidden_size(self, input, batch_sizes):
        """The shape of the hidden state for an input: (L D, B, P)."""
        batch = input._a.shape[0 if self.batch_first else 1] if batch_sizes is None else int(batch_sizes[0])
        return self.num_layers * (2 if self.bidirectional else 1), batch, self.proj_size or self.hidden_size

    def check_hidden_size(self, hx, expected_hidden_size, msg='Expected hidden size {}, got {}'):
        """Refuse a state of another shape."""
        if hx.shape != expected_hidden_size:
            raise RuntimeError(msg.format(tuple(expected_hidden_size), list(hx.shape)))

    def check_forward_args(self, input, hidden, batch_sizes):
        """Refuse an input or state that does not fit."""
        self.check_input(input, batch_sizes)
        self.check_hidden_size(hidden, self.get_expected_hidden_size(input, batch_sizes))

    def permute_hidden(self, hx, permutation):
        """The sequences of a state in another order; `hx` itself if that is None."""
        return hx if permutation is None else hx.index_select(1, permutation)

    def _initial(self, input, shape):
        return wrap(np.zeros(shape, input._a.dtype))

    def _check_dims(self, hx, dims):
        """Refuse a state with or without a batch where the input is without or with one."""
        if hx.dim() != dims:
            kind = 'batched 3-D' if dims == 3 else 'unbatched 2-D'
            raise RuntimeError(f'For {kind} input, hx should also be {dims}-D but got {hx.dim()}-D tensor')

    def _with_batch(self, hx):
        return hx.unsqueeze(1)

    def _without_batch(self, hx):
        return hx.squeeze(1)

    def _run(self, input, batch_sizes, hx, batch_first):
        """(output, last states) of checked arguments."""
        return networks.network(_CELLS[self.mode][0], input, batch_sizes, hx, None, self._flat_weights, self.bias,
                                self.num_layers, self.dropout, self.training, self.bidirectional, batch_first)

    def forward(self, input, hx=None):
        """The outputs of the last layer at every step, and the last states of all layers.

        Args:
            input (Tensor or PackedSequence): the sequences.
            hx (Tensor or tuple of Tensor, optional): the first states; zeros if not given.

        Returns:
            tuple: outputs (packed if the input was) and states.
        """
        if isinstance(input, PackedSequence):
            data, batch_sizes, order, back = input
            if hx is None:
                self.check_input(data, batch_sizes)
                hx = self._initial(data, self.get_expected_hidden_size(data, batch_sizes))
            else:
                hx = self.permute_hidden(hx, order)
                self.check_forward_args(data, hx, batch_sizes)
            output, hidden = self._run(data, batch_sizes, hx, False)
            return PackedSequence(output, batch_sizes, order, back), self.permute_hidden(hidden, back)
        dims = input._a.ndim
        if dims != 3 and dims != 2:
            name = self.mode.partition('_')[0]
            raise ValueError(f'{name}: Expected input to be 2D or 3D, got {dims}D {"tensor " if name == "RNN" else ""}instead')
        batch_dim = 0 if self.batch_first else 1
        if dims == 2:
            input = input.unsqueeze(batch_dim)
        if hx is None:
            self.check_input(input, None)
            hx = self._initial(input, self.get_expected_hidden_size(input, None))
        else:
            self._check_dims(hx, dims)
            if dims == 2:
                hx = self._with_batch(hx)
            self.check_forward_args(input, hx, None)
        output, hidden = self._run(input, None, hx, self.batch_first)
        if dims == 2:
            return output.squeeze(batch_dim), self._without_batch(hidden)
        return output, hidden

    def extra_repr(self):
        text = f'{self.input_size}, {self.hidden_size}'
        for name, usual in (('proj_size', 0), ('num_layers', 1), ('bias', True), ('batch_first', False), ('dropout', 0),
                            ('bidirectional', False)):
            if getattr(self, name) != usual:
                text += f', {name}={getattr(self, name)}'
        return text


class RNN(RNNBase):
    """Layers of h' = tanh(W x + b + U h + d), or with relu.

    Args:
        input_size, hidden_size, num_layers: as for `RNNBase`.
        nonlinearity (str): 'tanh' or 'relu'.
        bias, batch_first, dropout, bidirectional, device, dtype: as for `RNNBase`.

    Shape:
        T steps, B sequences, X inputs, H hidden units, L layers in D directions.

        - input: (T, B, X), or (T, X) without a batch. hx: (L D, B, H) or (L D, H).
        - result: (T, B, D H) or (T, D H), and as hx.
        - weight_ih_l0: (H, X), of further layers (H, D H). weight_hh_l0: (H, H). bias_ih_l0, bias_hh_l0: (H). The second
          direction's names end in '_reverse'.

    Example:
        >>> import cnet
        >>> y, h = cnet.nn.RNN(3, 4)(cnet.ones(5, 2, 3))
        >>> y.shape, h.shape
        (cnet.Size([5, 2, 4]), cnet.Size([1, 2, 4]))
    """

    def __init__(self, *args, **kwargs):
        if 'proj_size' in kwargs:
            raise ValueError('proj_size argument is only supported for LSTM, not RNN or GRU')
        if len(args) > 3:
            self.nonlinearity = args[3]
            args = (*args[:3], *args[4:])
        else:
            self.nonlinearity = kwargs.pop('nonlinearity', 'tanh')
        if self.nonlinearity not in ('tanh', 'relu'):
            raise ValueError(f"Unknown nonlinearity '{self.nonlinearity}'. Select from 'tanh' or 'relu'.")
        super().__init__(f'RNN_{self.nonlinearity.upper()}', *args, **kwargs)


class LSTM(RNNBase):
    """Layers of long short-term memory: c' = f c + i u, h' = o tanh(c'), with gates i, f, u, o of x and h.

    Args:
        input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, proj_size, device, dtype: as for
            `RNNBase`.

    Shape:
        T steps, B sequences, X inputs, H hidden units, P outputs (H without projection), L layers in D directions.

        - input: (T, B, X), or (T, X) without a batch. hx: (L D, B, P) and (L D, B, H), or without B.
        - result: (T, B, D P) or (T, D P), and as hx.
        - weight_ih_l0: (4 H, X), of further layers (4 H, D P). weight_hh_l0: (4 H, P). bias_ih_l0, bias_hh_l0: (4 H).
          weight_hr_l0: (P, H), with projection only. The second direction's names end in '_reverse'.

    Example:
        >>> import cnet
        >>> y, (h, c) = cnet.nn.LSTM(3, 4, num_layers=2)(cnet.ones(5, 2, 3))
        >>> y.shape, h.shape, c.shape
        (cnet.Size([5, 2, 4]), cnet.Size([2, 2, 4]), cnet.Size([2, 2, 4]))
    """

    def __init__(self, *args, **kwargs):
        super().__init__('LSTM', *args, **kwargs)

    def get_expected_cell_size(self, input, batch_sizes):
        """The shape of the cell state for an input: (L D, B, H)."""
        return *self.get_expected_hidden_size(input, batch_sizes)[:2], self.hidden_size

    def check_forward_args(self, input, hidden, batch_sizes):
        """Refuse an input or states that do not fit."""
        self.check_input(input, batch_sizes)
        self.check_hidden_size(hidden[0], self.get_expected_hidden_size(input, batch_sizes),
                               'Expected hidden[0] size {}, got {}')
        self.check_hidden_size(hidden[1], self.get_expected_cell_size(input, batch_sizes),
                               'Expected hidden[1] size {}, got {}')

    def permute_hidden(self, hx, permutation):
        """The sequences of both states in another order; `hx` itself if that is None."""
        if permutation is None:
            return hx
        return hx[0].index_select(1, permutation), hx[1].index_select(1, permutation)

    def _initial(self, input, shape):
        h = wrap(np.zeros(shape, input._a.dtype))
        return h, wrap(np.zeros((*shape[:2], self.hidden_size), input._a.dtype)) if self.proj_size else h

    def _check_dims(self, hx, dims):
        if hx[0].dim() != dims or hx[1].dim() != dims:
            kind = 'batched 3-D' if dims == 3 else 'unbatched 2-D'
            raise RuntimeError(f'For {kind} input, hx and cx should also be {dims}-D but got '
                               f'({hx[0].dim()}-D, {hx[1].dim()}-D) tensors')

    def _with_batch(self, hx):
        return hx[0].unsqueeze(1), hx[1].unsqueeze(1)

    def _without_batch(self, hx):
        return hx[0].squeeze(1), hx[1].squeeze(1)

    def _run(self, input, batch_sizes, hx, batch_first):
        y, h, c = networks.network(LSTM_CELL, input, batch_sizes, hx[0], hx[1], self._flat_weights, self.bias,
                                   self.num_layers, self.dropout, self.training, self.bidirectional, batch_first)
        return y, (h, c)


class GRU(RNNBase):
    """Layers of gated recurrent units: h' = (1 - z) n + z h, with gates r, z and n = tanh(W x + b + r (U h + d)).

    Args:
        input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, device, dtype: as for `RNNBase`.

    Shape:
        T steps, B sequences, X inputs, H hidden units, L layers in D directions.

        - input: (T, B, X), or (T, X) without a batch. hx: (L D, B, H) or (L D, H).
        - result: (T, B, D H) or (T, D H), and as hx.
        - weight_ih_l0: (3 H, X), of further layers (3 H, D H). weight_hh_l0: (3 H, H). bias_ih_l0, bias_hh_l0: (3 H). The
          second direction's names end in '_reverse'.

    Example:
        >>> import cnet
        >>> y, h = cnet.nn.GRU(3, 4, bidirectional=True)(cnet.ones(5, 2, 3))
        >>> y.shape, h.shape
        (cnet.Size([5, 2, 8]), cnet.Size([2, 2, 4]))
    """

    def __init__(self, *args, **kwargs):
        if 'proj_size' in kwargs:
            raise ValueError('proj_size argument is only supported for LSTM, not RNN or GRU')
        super().__init__('GRU', *args, **kwargs)


class RNNCellBase(Module):
    """What the cells share: parameters and checks.

    Args:
        input_size (int): X, the number of inputs.
        hidden_size (int): H, the number of hidden units.
        bias (bool): whether the gates have biases.
        num_chunks (int): the number of gates.
        device (device, optional): 'cpu', the only one.
        dtype (dtype, optional): of the parameters.
    """

    def __init__(self, input_size, hidden_size, bias, num_chunks, device=None, dtype=None):
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.bias = bias
        rows = num_chunks * hidden_size
        self.weight_ih = new_parameter((rows, input_size), dtype, device)
        self.weight_hh = new_parameter((rows, hidden_size), dtype, device)
        for name in ('bias_ih', 'bias_hh'):
            self.register_parameter(name, new_parameter((rows,), dtype, device) if bias else None)
        self.reset_parameters()

    def reset_parameters(self):
        """Draw the initial weights again, uniform in ±1/√hidden_size."""
        _draw(self)

    def _check_dims(self, x, what):
        if x._a.ndim not in (1, 2):
            raise ValueError(f'{type(self).__name__}: Expected {what} to be 1D or 2D, got {x._a.ndim}D instead')

    def _run(self, function, input, hx):
        """One step from one state; zeros if that is None."""
        self._check_dims(input, 'input')
        if hx is not None:
            self._check_dims(hx, 'hidden')
        if input._a.ndim == 1:
            return self._run(function, input.unsqueeze(0), None if hx is None else hx.unsqueeze(0)).squeeze(0)
        if hx is None:
            hx = wrap(np.zeros((input._a.shape[0], self.hidden_size), input._a.dtype))
        return function(input, hx, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)

    def extra_repr(self):
        text = f'{self.input_size}, {self.hidden_size}'
        if self.bias is not True:
            text += f', bias={self.bias}'
        if getattr(self, 'nonlinearity', 'tanh') != 'tanh':
            text += f', nonlinearity={self.nonlinearity}'
        return text


class RNNCell(RNNCellBase):
    """One step of an RNN: h' = tanh(W x + b + U h + d), or with relu.

    Args:
        input_size, hidden_size, bias, device, dtype: as for `RNNCellBase`.
        nonlinearity (str): 'tanh' or 'relu'.

    Shape:
        - input: (B, X) or (X). hx and result: (B, H) or (H).
        - weight_ih: (H, X). weight_hh: (H, H). bias_ih, bias_hh: (H).

    Example:
        >>> import cnet
        >>> cnet.nn.RNNCell(3, 4)(cnet.ones(2, 3)).shape
        cnet.Size([2, 4])
    """

    def __init__(self, input_size, hidden_size, bias=True, nonlinearity='tanh', device=None, dtype=None):
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input, hx=None):
        if self.nonlinearity not in ('tanh', 'relu'):
            raise RuntimeError(f'Unknown nonlinearity: {self.nonlinearity}')
        return self._run(rnn_tanh_cell if self.nonlinearity == 'tanh' else rnn_relu_cell, input, hx)


class LSTMCell(RNNCellBase):
    """One step of an LSTM.

    Args:
        input_size, hidden_size, bias, device, dtype: as for `RNNCellBase`.

    Shape:
        - input: (B, X) or (X). hx: a pair of (B, H) or (H), the hidden and the cell state. Results: as hx.
        - weight_ih: (4 H, X). weight_hh: (4 H, H). bias_ih, bias_hh: (4 H).

    Example:
        >>> import cnet
        >>> h, c = cnet.nn.LSTMCell(3, 4)(cnet.ones(2, 3))
        >>> h.shape, c.shape
        (cnet.Size([2, 4]), cnet.Size([2, 4]))
    """

    def __init__(self, input_size, hidden_size, bias=True, device=None, dtype=None):
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(self, input, hx=None):
        self._check_dims(input, 'input')
        if hx is None:
            state = wrap(np.zeros((*input._a.shape[:-1], self.hidden_size), input._a.dtype))
            hx = state, state
        else:
            for i, state in enumerate(hx):
                self._check_dims(state, f'hx[{i}]')
        if input._a.ndim == 1:
            h, c = self.forward(input.unsqueeze(0), (hx[0].unsqueeze(0), hx[1].unsqueeze(0)))
            return h.squeeze(0), c.squeeze(0)
        own = self._parameters  # directly: a tenth of the time, and this is called once a step
        if len(own) == 4:
            return lstm_cell(input, hx, own['weight_ih'], own['weight_hh'], own['bias_ih'], own['bias_hh'])
        return lstm_cell(input, hx, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)


class GRUCell(RNNCellBase):
    """One step of a GRU.

    Args:
        input_size, hidden_size, bias, device, dtype: as for `RNNCellBase`.

    Shape:
        - input: (B, X) or (X). hx and result: (B, H) or (H).
        - weight_ih: (3 H, X). weight_hh: (3 H, H). bias_ih, bias_hh: (3 H).

    Example:
        >>> import cnet
        >>> cnet.nn.GRUCell(3, 4)(cnet.ones(2, 3)).shape
        cnet.Size([2, 4])
    """

    def __init__(self, input_size, hidden_size, bias=True, device=None, dtype=None):
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input, hx=None):
        return self._run(gru_cell, input, hx)
