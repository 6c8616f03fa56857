"""The tutorial "Building models" runs and prints what the tutorial shows, whatever the numbers."""
from __future__ import annotations

import importlib
import re
from collections.abc import Callable

import pytest
import tutorial

import cnet

MATRIX_ROW = '[#, #, #, ..., #, #, #]'
MATRIX = f'Parameter containing:\ntensor([{MATRIX_ROW},\n{MATRIX_ROW},\n{MATRIX_ROW},\n...,\n' + \
         f'{MATRIX_ROW},\n{MATRIX_ROW},\n{MATRIX_ROW}],\nrequires_grad=True)\n'
LONG = 'Parameter containing:\ntensor([' + ',\n'.join(['#, #, #, #, #, #, #, #'] * 25) + '],\nrequires_grad=True)\n'
SHORT = 'Parameter containing:\ntensor([#, #, #, #, #, #, #, #,\n#, #], requires_grad=True)\n'
LAYER = 'Linear(in_features=200, out_features=10, bias=True)\n'
SIX = '[#, #, #, #, #, #]'
FOUR = '[#, #, #, #]'

SHOWN = {
    tutorial.tiny_model:
        'The model:\nTinyModel(\n(linear1): Linear(in_features=100, out_features=200, bias=True)\n(activation): ReLU()\n'
        f'(linear2): {LAYER}(softmax): Softmax(dim=None)\n)\n\n\nJust one layer:\n{LAYER}\n\nModel params:\n'
        f'{MATRIX}{LONG}{MATRIX}{SHORT}\n\nLayer params:\n{MATRIX}{SHORT}',
    tutorial.linear:
        'Input:\ntensor([[#, #, #]])\n\n\nWeight and Bias parameters:\nParameter containing:\n'
        'tensor([[#, #, #],\n[#, #, #]], requires_grad=True)\nParameter containing:\ntensor([#, #], requires_grad=True)\n'
        '\n\nOutput:\ntensor([[#, #]], grad_fn=<AddmmBackward0>)\n',
    tutorial.max_pool:
        f'tensor([[{SIX},\n{SIX},\n{SIX},\n{SIX},\n{SIX},\n{SIX}]])\ntensor([[[#, #],\n[#, #]]])\n',
    tutorial.batch_norm:
        f'tensor([[{FOUR},\n{FOUR},\n{FOUR},\n{FOUR}]])\ntensor(#)\ntensor([[{FOUR},\n{FOUR},\n{FOUR},\n{FOUR}]],\n'
        'grad_fn=<NativeBatchNormBackward0>)\ntensor(#, grad_fn=<MeanBackward0>)\n',
    tutorial.dropout:
        f'tensor([[{FOUR},\n{FOUR},\n{FOUR},\n{FOUR}]])\ntensor([[{FOUR},\n{FOUR},\n{FOUR},\n{FOUR}]])\n',
}


def masked(text: str) -> str:
    """The text without indentation, with # for every number that has a fraction."""
    text = re.sub(r'-?\d+\.(?:\d+(?:e[+-]\d+)?)?', '#', text)
    return re.sub(r'(?<=[\[\n]) +', '', re.sub(r', +', ', ', text))


@pytest.mark.parametrize('block', SHOWN, ids=lambda block: block.__name__)
def test_prints_what_the_tutorial_shows(block: Callable, capsys: pytest.CaptureFixture[str]) -> None:
    block(cnet, cnet.functional)
    assert masked(capsys.readouterr().out) == SHOWN[block]


def test_lenet(capsys: pytest.CaptureFixture[str]) -> None:
    functions = importlib.import_module('cnet.functional')
    tutorial.lenet(cnet, functions)
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ['LeNet(', '  (conv1): Conv2d(1, 6, kernel_size=(5, 5), stride=(1, 1))']
    assert lines[-1].startswith('fc3.bias (10,) ')


def test_lstm_tagger_learns_every_tag(capsys: pytest.CaptureFixture[str]) -> None:
    tutorial.lstm_tagger(cnet, importlib.import_module('cnet.functional'))
    lines = capsys.readouterr().out.splitlines()
    assert lines[:5] == ['LSTMTagger(', '  (word_embeddings): Embedding(9, 6)', '  (lstm): LSTM(6, 6)',
                         '  (hidden2tag): Linear(in_features=6, out_features=3, bias=True)', ')']
    assert lines[5::2] == ['True', 'True']


def test_tiny_model_computes_and_warns_of_the_implicit_dimension() -> None:
    layer = cnet.nn.Softmax()
    with pytest.warns(UserWarning, match='Implicit dimension choice for softmax has been deprecated'):
        y = layer(cnet.rand(2, 3))
    assert y.sum(1).tolist() == pytest.approx([1, 1])
