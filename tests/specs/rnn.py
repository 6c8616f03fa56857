"""Recurrent networks and cells, called as functions; tests/nn/test_rnn.py has the options of the layers."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from . import Error, Leaf, Maker, OpSpec, Sample

T, B, X, H = 3, 2, 2, 3


def small(make: Maker, *shape: int) -> Leaf:
    """Weights that leave the gates unsaturated."""
    return make(*shape, low=-1, high=1)


def cell_samples(gates: int, states: int) -> Callable[[Maker, str], Iterator[Sample]]:
    def samples(make: Maker, dtype: str) -> Iterator[Sample]:
        for batch, biases in ((B, True), (1, False), (0, True)):
            hx: Any = tuple(make(batch, H) for _ in range(states))
            weights = [small(make, gates * H, X), small(make, gates * H, H)]
            if biases:
                weights += [small(make, gates * H), small(make, gates * H)]
            yield Sample(make(batch, X), hx if states == 2 else hx[0], *weights)
    return samples


def cell_errors(gates: int, states: int) -> Callable[[Maker], Iterator[Error]]:
    def errors(make: Maker) -> Iterator[Error]:
        def call(x: Leaf, *hx: Leaf) -> Sample:
            return Sample(x, hx if states == 2 else hx[0], make(gates * H, X), make(gates * H, H))
        yield Error(RuntimeError, call(make(B, X + 1), make(B, H), make(B, H)),
                    'input has inconsistent input_size: got 3 expected 2')
        yield Error(RuntimeError, call(make(B, X), make(B, H + 1), make(B, H)), 'hidden0 has inconsistent hidden_size')
        yield Error(RuntimeError, call(make(B, X), make(B + 1, H), make(B + 1, H)),
                    "Input batch size 2 doesn't match hidden0 batch size 3")
    return errors


def net_samples(gates: int, states: int) -> Callable[[Maker, str], Iterator[Sample]]:
    def params(make: Maker, layers: int, directions: int, biases: bool, outputs: int) -> list[Leaf]:
        found = []
        for layer in range(layers):
            width = X if layer == 0 else directions * outputs
            for _ in range(directions):
                found += [small(make, gates * H, width), small(make, gates * H, outputs)]
                found += [small(make, gates * H), small(make, gates * H)] if biases else []
                found += [small(make, outputs, H)] if outputs != H else []
        return found

    def samples(make: Maker, dtype: str) -> Iterator[Sample]:
        for layers, directions, biases, first, outputs in (
                (1, 1, True, False, H), (2, 2, False, True, H), (1, 2, True, False, 2)):
            if outputs != H and (states == 1 or dtype == 'float32'):  # PyTorch warns of projections in float32
                continue
            hx: Any = tuple(make(layers * directions, B, n) for n in (outputs, H)[:states])
            yield Sample(make(B, T, X) if first else make(T, B, X), hx if states == 2 else hx[0],
                         params(make, layers, directions, biases, outputs), biases, layers, 0.0, False, directions == 2, first)
        hx = tuple(make(1, 2, H) for _ in range(states))
        yield Sample(make(4, X), make.array([2, 1, 1], 'int64'), hx if states == 2 else hx[0],
                     params(make, 1, 1, True, H), True, 1, 0.0, False, False)
    return samples


def net_errors(gates: int, states: int) -> Callable[[Maker], Iterator[Error]]:
    def errors(make: Maker) -> Iterator[Error]:
        weights = [make(gates * H, X), make(gates * H, H), make(gates * H), make(gates * H)]
        hx: Any = (make(1, B, H), make(1, B, H)) if states == 2 else make(1, B, H)
        rest = (True, 1, 0.0, False, False, False)
        yield Error(RuntimeError, Sample(make(0, B, X), hx, weights, *rest), 'Expected sequence length to be larger than 0')
        yield Error(RuntimeError, Sample(make(T, B, X), hx, weights[:3], *rest))
        if states == 1:  # PyTorch's LSTM reads beyond the weights here
            yield Error(RuntimeError, Sample(make(T, B, X + 1), hx, weights, *rest))
        yield Error(TypeError, Sample(make(T, B, X), hx))
        yield Error(TypeError, Sample(make(T, B, X), hx[0] if states == 2 else (hx,), weights, *rest))
    return errors


SPECS = [OpSpec(f'{name}_cell', cell_samples(gates, states), errors=cell_errors(gates, states), names=False)
         for name, gates, states in (('lstm', 4, 2), ('gru', 3, 1), ('rnn_tanh', 1, 1), ('rnn_relu', 1, 1))]
SPECS += [OpSpec(name, net_samples(gates, states), errors=net_errors(gates, states), names=False)
          for name, gates, states in (('lstm', 4, 2), ('gru', 3, 1), ('rnn_tanh', 1, 1), ('rnn_relu', 1, 1))]
