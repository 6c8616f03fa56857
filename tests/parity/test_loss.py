"""Losses whose gradients differences cannot check, and calls that warn, with PyTorch."""
from __future__ import annotations

import numpy as np
import pytest

import cnet

torch = pytest.importorskip('torch')


@pytest.mark.parametrize('reduction', ['mean', 'sum', 'none'])
@pytest.mark.parametrize('zero_infinity', [False, True])
def test_gradients_of_ctc(reduction: str, zero_infinity: bool) -> None:
    rng = np.random.default_rng(0)
    lengths, targets = ((12, 9, 1, 12), (5, 3, 2, 0)) if zero_infinity else ((12, 9, 3, 12), (5, 3, 2, 0))
    x, labels = rng.standard_normal((12, 4, 6)), rng.integers(1, 6, (4, 5))
    g = rng.standard_normal(4) if reduction == 'none' else np.array(1.0)
    results = []
    for lib in (cnet, torch):
        logits = lib.from_numpy(x.copy()).requires_grad_()
        loss = lib.nn.functional.ctc_loss(logits.log_softmax(2), lib.from_numpy(labels), lengths, targets,
                                          reduction=reduction, zero_infinity=zero_infinity)
        loss.backward(lib.from_numpy(g))
        results.append((loss.detach().numpy(), logits.grad.numpy()))
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_allclose(ours, theirs, 1e-7, 1e-9)


@pytest.mark.parametrize('shape', [(5,), (4, 5), (2, 5, 3)])
def test_mean_over_probabilities(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal(shape), rng.random(shape)
    ours, theirs = (lib.nn.functional.cross_entropy(lib.from_numpy(x), lib.from_numpy(y), label_smoothing=0.1).item()
                    for lib in (cnet, torch))
    assert ours == pytest.approx(theirs)


def test_mean_of_a_divergence() -> None:
    x, y = np.random.default_rng(0).random((2, 3, 4))
    with pytest.warns(UserWarning, match='batchmean'):
        ours = cnet.nn.functional.kl_div(cnet.from_numpy(x), cnet.from_numpy(y)).item()
    with pytest.warns(UserWarning, match='batchmean'):
        assert ours == pytest.approx(torch.nn.functional.kl_div(torch.from_numpy(x), torch.from_numpy(y)).item())
