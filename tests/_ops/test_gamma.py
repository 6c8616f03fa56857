"""Gamma and Dirichlet numbers: recorded streams, and their derivatives against the definition, -dF/da over the density."""
from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

import cnet

EXACT = {  # (shape, number): dx/da, by quadrature of the incomplete gamma integral with 40 digits (mpmath)
    (0.01, 1e-5): 0.0109521582467145, (0.01, 0.5): 46.6792794051507, (0.5, 0.3): 1.00980194594885, (2.0, 1.5): 0.936639067877217,
    (2.0, 5.0): 1.65806872805971, (5.62341325, 5.29382299): 0.9992932170606789, (30.0, 25.0): 0.916681599735657,
    (1000.0, 1010.0): 1.00515092967653, (1000.0, 900.0): 0.94840263817941}

GAMMA = [0.23634669184684753, 3.911741018295288, 2.8912389278411865, 92.77536010742188]
DIRICHLET = [0.0019872465636581182, 0.1362999677658081, 0.8617128133773804]


@pytest.mark.parametrize(('shape', 'number'), EXACT)
@pytest.mark.parametrize(('dtype', 'rtol'), [('float64', 1e-9), ('float32', 1e-6)])
def test_derivatives_of_gamma_numbers(shape: float, number: float, dtype: str, rtol: float) -> None:
    a, x = (cnet.tensor([v], dtype=getattr(cnet, dtype)) for v in (shape, number))
    assert cnet._standard_gamma_grad(a, x).item() == pytest.approx(EXACT[shape, number], rel=rtol)


def central(f: Callable, a: float) -> float:
    """The derivative by differences of fourth order."""
    h = 2e-4 * a
    return (8 * (f(a + h) - f(a - h)) - f(a + 2 * h) + f(a - 2 * h)) / (12 * h)


@pytest.mark.parametrize('a', [0.02, 0.3, 1.0, 4.0, 25.0, 300.0])
def test_derivatives_are_those_of_the_distribution(a: float) -> None:
    special = pytest.importorskip('scipy.special')
    q = np.array([0.01, 0.1, 0.4, 0.6, 0.9, 0.99])
    x = special.gammaincinv(a, q)
    x = x[x > 1e-30]
    density = np.exp((a - 1) * np.log(x) - x - special.gammaln(a))
    wanted = -central(lambda v: special.gammainc(v, x), a) / density
    found = cnet._standard_gamma_grad(cnet.full((len(x),), a, dtype=cnet.float64), cnet.tensor(x)).numpy()
    np.testing.assert_allclose(found, wanted, 2e-7)
    for b in (0.1, 1.0, 7.0, 200.0):
        x = special.betaincinv(a, b, q)
        x = x[(x > 1e-30) & (x < 1 - 1e-9)]
        density = np.exp((a - 1) * np.log(x) + (b - 1) * np.log1p(-x) - special.betaln(a, b))
        wanted = -central(lambda v, b=b, x=x: special.betainc(v, b, x), a) / density / (1 - x)
        found = cnet._dirichlet_grad(*(cnet.tensor(v) for v in (x, np.full_like(x, a), np.full_like(x, a + b)))).numpy()
        np.testing.assert_allclose(found, wanted, 1e-6, err_msg=str(b))


def test_edges() -> None:
    a = cnet.tensor([1.0, 2.0, 0.0, -1.0, math.nan, 1.0])
    x = cnet.tensor([0.0, math.nan, 1.0, 1.0, 1.0, -1.0])
    found = cnet._standard_gamma_grad(a, x)
    assert found[0].item() == 0 and found[1:].isnan().all()
    found = cnet._dirichlet_grad(cnet.tensor([0.0, 1.0, 2.0]), cnet.ones(3), 2 * cnet.ones(3))
    assert found[:2].tolist() == [0, 1] and found[2].isnan()
    assert cnet._standard_gamma(cnet.zeros(2)).tolist() == [cnet.finfo(cnet.float32).tiny] * 2
    assert cnet._standard_gamma(cnet.ones(0, 3)).shape == (0, 3) and cnet._standard_gamma(cnet.tensor(1.)).shape == ()
    assert cnet._standard_gamma_grad(cnet.ones(2, 1), cnet.ones(3)).shape == (2, 3)


def test_streams() -> None:
    """The numbers that PyTorch 2.13 draws after the same seed."""
    cnet.manual_seed(7)
    found = cnet._standard_gamma(cnet.tensor([0.3, 1.0, 2.5, 100.0]))
    assert found.tolist() == GAMMA
    assert cnet._sample_dirichlet(cnet.tensor([0.3, 1.0, 2.5])).tolist() == DIRICHLET


def test_gradients_through_samples() -> None:
    a = cnet.tensor([0.5, 3.0, 40.0], dtype=cnet.float64, requires_grad=True)
    x = cnet._standard_gamma(a)
    (x ** 2).sum().backward()
    assert a.grad is not None and cnet.allclose(a.grad, 2 * x.detach() * cnet._standard_gamma_grad(a.detach(), x.detach()))
    # The mean of x is a, of x^2 is a^2 + a: so are the means of the derivatives.
    wide = cnet.full((40000,), 2.5, dtype=cnet.float64, requires_grad=True)
    slope = cnet.autograd.grad((cnet._standard_gamma(wide) ** 2).sum(), wide)[0]
    assert slope.mean().item() == pytest.approx(2 * 2.5 + 1, abs=5 * slope.std().item() / 200)
    rows = cnet.tensor([1.0, 2.0, 3.0], dtype=cnet.float64).expand(40000, 3).clone().requires_grad_()
    slope = cnet.autograd.grad(cnet._sample_dirichlet(rows)[:, 0].sum(), rows)[0]
    assert cnet.allclose(slope.mean(0), cnet.tensor([5 / 36, -1 / 36, -1 / 36], dtype=cnet.float64), atol=2e-3)
    with pytest.raises(NotImplementedError, match="derivative for '_standard_gamma_grad' is not implemented"):
        cnet.autograd.grad(cnet.autograd.grad(cnet._standard_gamma(a).sum(), a, create_graph=True)[0].sum(), a)
    with pytest.raises(NotImplementedError):
        cnet.autograd.grad(cnet.autograd.grad(cnet._sample_dirichlet(a)[0], a, create_graph=True)[0].sum(), a)


def test_same_bits_for_any_number_of_threads() -> None:
    a = cnet.rand(20000, dtype=cnet.float64) * 10
    x, before, found = cnet._standard_gamma(a), cnet.get_num_threads(), []
    try:
        for n in (1, 3):
            cnet.set_num_threads(n)
            found.append(cnet._standard_gamma_grad(a, x))
    finally:
        cnet.set_num_threads(before)
    assert cnet.equal(*found)


@pytest.mark.parametrize(('call', 'error', 'text'), [
    (lambda: cnet._standard_gamma(2.0), TypeError, 'must be Tensor, not float'),
    (lambda: cnet._standard_gamma(cnet.tensor([1])), NotImplementedError,
     "\"gamma_cpu\" not implemented for 'Long'"),
    (lambda: cnet._sample_dirichlet(cnet.ones(2).half()), NotImplementedError, "\"dirichlet\" not implemented for 'Half'"),
    (lambda: cnet._standard_gamma_grad(cnet.ones(2), cnet.ones(2).double()), RuntimeError,
     'Found dtype Double but expected Float'),
    (lambda: cnet._standard_gamma_grad(cnet.tensor([1]), cnet.tensor([1])), NotImplementedError,
     "\"_standard_gamma_grad_cpu\" not implemented for 'Long'"),
    (lambda: cnet._standard_gamma_grad(cnet.ones(2), cnet.ones(3)), RuntimeError, r'size of tensor a \(2\) must match'),
    (lambda: cnet._dirichlet_grad(cnet.ones(2), cnet.ones(2), cnet.ones(3)), RuntimeError, r'size of tensor a \(2\) must match')])
def test_refusals(call: Callable, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        call()
