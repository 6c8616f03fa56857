"""Losses: what warns, what the older arguments mean, what certain inputs give."""
from __future__ import annotations

import math

import pytest

import cnet
import cnet.nn.functional as F


def test_older_arguments_are_translated():
    x, y = cnet.tensor([1., 2.]), cnet.tensor([0., 0.])
    for arguments, expected in (((False,), 5.), ((True,), 2.5), ((None, False), [1., 4.])):
        with pytest.warns(UserWarning, match="please use reduction='"):
            assert F.mse_loss(x, y, *arguments).tolist() == expected


def test_broadcasting_warns():
    with pytest.warns(UserWarning, match='different to the input size'):
        assert F.l1_loss(cnet.zeros(2, 1), cnet.ones(3)).item() == 1
    with pytest.warns(UserWarning), pytest.raises(RuntimeError, match='must match the size of tensor b'):
        F.l1_loss(cnet.zeros(2), cnet.ones(3))


def test_nothing_but_ignored_targets():
    x = cnet.randn(2, 3, requires_grad=True)
    loss = F.cross_entropy(x, cnet.tensor([-100, -100]))
    assert math.isnan(loss.item())
    loss.backward()
    assert x.grad.tolist() == [[0., 0., 0.]] * 2


def test_an_impossible_logit_is_no_trouble():
    x = cnet.tensor([[0., -math.inf, 0.]], requires_grad=True)
    loss = F.cross_entropy(x, cnet.tensor([0]))
    loss.backward()
    assert loss.item() == pytest.approx(math.log(2)) and x.grad.tolist() == [[-0.5, 0., 0.5]]


def test_a_sure_and_right_logit_keeps_its_digits():
    loss = F.binary_cross_entropy_with_logits(cnet.tensor([20.]), cnet.tensor([1.]))
    assert loss.item() == pytest.approx(math.exp(-20), rel=1e-5)


def test_targets_of_soft_margin_have_no_gradient():
    with pytest.raises(RuntimeError, match='not differentiable with respect to argument'):
        F.soft_margin_loss(cnet.ones(2), cnet.ones(2, requires_grad=True))


def test_ctc_has_no_second_derivative():
    x = cnet.randn(4, 1, 3, requires_grad=True)
    loss = F.ctc_loss(x.log_softmax(2), cnet.tensor([[1, 2]]), (4,), (2,))
    (g,) = cnet.autograd.grad(loss, x, create_graph=True)
    with pytest.raises(RuntimeError, match='is not implemented'):
        g.sum().backward()
