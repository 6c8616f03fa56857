"""Distributions: moments of samples, densities that sum to one, inverse functions, batches, divergences."""
from __future__ import annotations

import math
from typing import Any

import pytest

import cnet
from cnet import distributions as D

MATRIX = cnet.tensor([[2., 0.3], [0.3, 1.]], dtype=cnet.float64)
CONTINUOUS = {
    'normal': D.Normal(cnet.tensor(0.5, dtype=cnet.float64), 2.), 'log_normal': D.LogNormal(cnet.tensor(0.1, dtype=cnet.float64),
                                                                                            0.4),
    'half_normal': D.HalfNormal(cnet.tensor(2., dtype=cnet.float64)), 'uniform': D.Uniform(cnet.tensor(-1., dtype=cnet.float64),
                                                                                           3.),
    'laplace': D.Laplace(cnet.tensor(0.5, dtype=cnet.float64), 2.), 'exponential': D.Exponential(cnet.tensor(0.7,
                                                                                                 dtype=cnet.float64)),
}
DISCRETE = {
    'bernoulli': D.Bernoulli(cnet.tensor(0.3, dtype=cnet.float64)), 'geometric': D.Geometric(cnet.tensor(0.4,
                                                                                             dtype=cnet.float64)),
    'poisson': D.Poisson(cnet.tensor(3., dtype=cnet.float64)),
}


@pytest.mark.parametrize('d', [*CONTINUOUS.values(), *DISCRETE.values()], ids=repr)
def test_moments_of_samples(d: Any) -> None:
    x = d.sample((20000,)).double()
    assert x.mean().item() == pytest.approx(d.mean.item(), abs=5 * d.stddev.item() / 140)
    assert x.var().item() == pytest.approx(d.variance.item(), rel=0.15)
    assert d.support.check(x).all()


@pytest.mark.parametrize('d', CONTINUOUS.values(), ids=repr)
def test_density_and_its_integral(d: Any) -> None:
    p = cnet.linspace(0.001, 0.999, 8, dtype=cnet.float64)  # not 0.5, where the density of Laplace has a kink
    x = d.icdf(p)
    assert cnet.allclose(d.cdf(x), p)
    x = d.icdf(p).detach().requires_grad_()
    (slope,) = cnet.autograd.grad(d.cdf(x).sum(), x)
    assert cnet.allclose(slope, d.log_prob(x).exp())
    grid = d.icdf(cnet.linspace(5e-6, 1 - 5e-6, 100001, dtype=cnet.float64)[1:-1])  # means over equal probabilities
    assert -d.log_prob(grid).mean().item() == pytest.approx(d.entropy().item(), abs=1e-3)


@pytest.mark.parametrize('d', DISCRETE.values(), ids=repr)
def test_probabilities_sum_to_one(d: Any) -> None:
    support = d.enumerate_support() if d.has_enumerate_support else cnet.arange(60, dtype=cnet.float64)
    assert d.log_prob(support).exp().sum().item() == pytest.approx(1)


def test_categorical() -> None:
    d = D.Categorical(cnet.tensor([[1., 3.], [2., 2.]]))
    assert d.sample((5, 4)).shape == (5, 4, 2) and d.sample().dtype is cnet.int64
    assert cnet.allclose(d.log_prob(d.enumerate_support()).exp(), cnet.tensor([[0.25, 0.5], [0.75, 0.5]]))
    assert cnet.allclose(d.entropy(), -(d.probs * d.probs.log()).sum(-1))
    hot = D.OneHotCategorical(d.probs)
    x = hot.sample((3,))
    assert x.shape == (3, 2, 2) and cnet.equal(hot.log_prob(x), d.log_prob(x.argmax(-1)))


def test_multivariate_normal() -> None:
    d = D.MultivariateNormal(cnet.zeros(2, dtype=cnet.float64), MATRIX)
    x = d.sample((20000,))
    assert cnet.allclose(x.T.cov(), MATRIX, atol=0.08)
    assert cnet.allclose(d.scale_tril @ d.scale_tril.T, MATRIX) and cnet.allclose(d.precision_matrix @ MATRIX,
                                                                                  cnet.eye(2).double())
    other = D.MultivariateNormal(d.loc, precision_matrix=d.precision_matrix)
    assert cnet.allclose(other.log_prob(x), d.log_prob(x))
    diagonal = D.Independent(D.Normal(cnet.zeros(2), cnet.tensor([1., 2.])), 1)
    same = D.MultivariateNormal(cnet.zeros(2), cnet.diag(cnet.tensor([1., 4.])))
    assert cnet.allclose(diagonal.log_prob(cnet.ones(3, 2)), same.log_prob(cnet.ones(3, 2)))
    assert D.kl_divergence(same, same).abs().item() < 1e-6


def test_gradients_through_samples() -> None:
    loc, scale = cnet.tensor([1., 2.], requires_grad=True), cnet.tensor([1., 3.], requires_grad=True)
    d = D.Normal(loc, scale)
    assert not d.sample().requires_grad
    d.rsample((1000,)).mean(0).sum().backward()
    assert loc.grad.tolist() == pytest.approx([1, 1])
    assert not D.Bernoulli(loc / 4).has_rsample
    with pytest.raises(NotImplementedError):
        D.Bernoulli(loc / 4).rsample()


def test_expand_and_checks() -> None:
    d = D.Normal(cnet.zeros(2), 1.).expand((3, 2))
    assert d.batch_shape == (3, 2) and d.sample((4,)).shape == (4, 3, 2) and d.loc.stride() == (0, 1)
    lazy = D.Bernoulli(logits=cnet.zeros(2))
    assert lazy.probs.tolist() == [0.5, 0.5] and lazy.expand((3, 2)).probs.shape == (3, 2)
    with pytest.raises(ValueError, match='satisfy the constraint GreaterThan'):
        D.Normal(0., 0.)
    with pytest.raises(ValueError, match='within the support'):
        D.Exponential(1.).log_prob(cnet.tensor(-1.))
    D.Distribution.set_default_validate_args(False)
    try:
        assert D.Normal(0., -1.).scale.item() == -1
    finally:
        D.Distribution.set_default_validate_args(True)


@pytest.mark.parametrize(('p', 'q'), [
    (D.Normal(0., 1.), D.Normal(1., 2.)), (D.Laplace(0., 1.), D.Laplace(1., 2.)), (D.Exponential(1.), D.Exponential(2.)),
    (D.Laplace(0., 1.), D.Normal(1., 2.)), (D.Normal(0., 1.), D.Laplace(1., 2.)), (D.Uniform(0., 1.), D.Normal(1., 2.)),
    (D.LogNormal(0., 0.5), D.LogNormal(0.1, 0.6)), (D.HalfNormal(1.), D.HalfNormal(2.)), (D.Uniform(0., 1.), D.Uniform(-1., 2.)),
    (D.Bernoulli(0.3), D.Bernoulli(0.6)), (D.Poisson(2.), D.Poisson(3.)), (D.Geometric(0.3), D.Geometric(0.6)),
    (D.Categorical(cnet.tensor([1., 3.])), D.Categorical(cnet.tensor([2., 2.])))], ids=lambda d: type(d).__name__)
def test_divergence_is_the_mean_difference(p: Any, q: Any) -> None:
    x = p.sample((40000,))
    difference = p.log_prob(x) - q.log_prob(x)
    assert D.kl_divergence(p, q).item() == pytest.approx(difference.mean().item(), abs=5 * difference.std().item() / 200 + 1e-6)


def test_divergence_needs_a_rule() -> None:
    with pytest.raises(NotImplementedError, match='between different exponential families'):
        D.kl_divergence(D.Normal(0., 1.), D.Poisson(1.))
    with pytest.raises(NotImplementedError, match='p type Cauchy and q type Poisson'):
        D.kl_divergence(D.Cauchy(0., 1.), D.Poisson(1.))
    assert D.kl_divergence(D.Uniform(0., 2.), D.Uniform(0., 1.)).item() == math.inf
    with pytest.raises(TypeError):
        D.register_kl(int, D.Normal)
