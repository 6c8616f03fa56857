"""Distributions of vectors and matrices, relaxed ones, and what users build on: densities, moments of samples, expansion."""
from __future__ import annotations

import math
from itertools import product
from typing import Any

import pytest

import cnet
from cnet import distributions as D


def t(*x: Any) -> Any:
    return cnet.tensor(x, dtype=cnet.float64)


def test_dirichlet() -> None:
    d = D.Dirichlet(t(2, 3, 1.5))
    u = cnet.linspace(-18, 18, 361, dtype=cnet.float64)
    free = cnet.stack(cnet.meshgrid(u, u, indexing='ij'), -1)
    to = D.biject_to(d.support)
    x = to(free)
    p = (d.log_prob(x / x.sum(-1, keepdim=True)) + to.log_abs_det_jacobian(free, x)).exp() * 0.01
    assert p.sum().item() == pytest.approx(1, abs=1e-4)
    assert cnet.allclose((p.unsqueeze(-1) * x).sum((0, 1)), d.mean, atol=1e-4)
    assert cnet.allclose((p.unsqueeze(-1) * (x - d.mean) ** 2).sum((0, 1)), d.variance, atol=1e-4)
    assert -(p * d.log_prob(x / x.sum(-1, keepdim=True))).sum().item() == pytest.approx(d.entropy().item(), abs=1e-3)
    assert D.Dirichlet(t(0.5, 0.7)).mode.tolist() == [1, 0] and cnet.allclose(d.mode, t(1, 2, 0.5) / 3.5)
    cnet.manual_seed(1)
    samples = d.sample((20000,))
    assert cnet.allclose(samples.mean(0), d.mean, atol=0.01) and cnet.allclose(samples.var(0), d.variance, rtol=0.05)


def test_multinomial() -> None:
    d = D.Multinomial(4, t(1, 2, 5))
    x = t(*[c for c in product(range(5), repeat=3) if sum(c) == 4])
    p = d.log_prob(x).exp()
    assert p.sum().item() == pytest.approx(1) and cnet.allclose((p.unsqueeze(-1) * x).sum(0), d.mean)
    assert d.entropy().item() == pytest.approx(-(p * p.log()).sum().item(), rel=1e-5)
    assert cnet.allclose((p.unsqueeze(-1) * (x - d.mean) ** 2).sum(0), d.variance)
    samples = d.sample((3000,))
    assert (samples.sum(-1) == 4).all() and cnet.allclose(samples.mean(0), d.mean, atol=0.1)
    assert D.Multinomial(3, cnet.ones(2, 4)).sample((5,)).shape == (5, 2, 4)


def test_low_rank_is_its_dense_form() -> None:
    w, diagonal = cnet.rand(4, 2, dtype=cnet.float64), cnet.rand(4, dtype=cnet.float64) + 0.5
    loc = cnet.rand(3, 4, dtype=cnet.float64)
    d = D.LowRankMultivariateNormal(loc, w, diagonal)
    dense = D.MultivariateNormal(loc, w @ w.T + diagonal.diag())
    x = d.sample((5,))
    assert cnet.allclose(d.log_prob(x), dense.log_prob(x)) and cnet.allclose(d.entropy(), dense.entropy())
    for what in ('covariance_matrix', 'precision_matrix', 'scale_tril', 'variance', 'mean'):
        assert cnet.allclose(getattr(d, what), getattr(dense, what)), what
    other = D.LowRankMultivariateNormal(loc + 1, w + 1, diagonal * 2)
    wanted = D.kl_divergence(dense, D.MultivariateNormal(other.loc, other.covariance_matrix))
    for p, q in ((d, other), (dense, other), (d, D.MultivariateNormal(other.loc, other.covariance_matrix))):
        assert cnet.allclose(D.kl_divergence(p, q), wanted)
    assert cnet.allclose(d.expand((2, 3)).sample((4000,))[:, 1, 0].T.cov(), d.covariance_matrix[0], atol=0.3)


def test_wishart() -> None:
    m = t([2, 0.3], [0.3, 1])
    d = D.Wishart(t(5.5)[0], m)
    cnet.manual_seed(2)
    x = d.sample((20000,))
    assert cnet.allclose(x.mean(0), d.mean, rtol=0.03) and cnet.allclose(x.var(0), d.variance, rtol=0.1)
    assert d.entropy().item() == pytest.approx(-d.log_prob(x).mean().item(), abs=0.05)
    assert d.support.check(x).all() and d.expand((3,)).rsample((2,)).shape == (2, 3, 2, 2)
    # One row: a gamma number of shape df / 2 and scale 2 v.
    one = D.Wishart(t(3)[0], t([0.7]))
    assert one.log_prob(t([2.0])).item() == pytest.approx(D.Gamma(1.5, 1 / 1.4).log_prob(cnet.tensor(2.0)).item(), rel=1e-5)
    with pytest.warns(UserWarning, match='Low df values detected'):
        D.Wishart(t(1.5)[0], m)
    low = cnet.zeros(2, 2, dtype=cnet.float64).requires_grad_()
    factor = cnet.eye(2, dtype=cnet.float64) + low.tril()
    D.Wishart(t(5)[0], scale_tril=factor).rsample().sum().backward()
    assert low.grad is not None and low.grad.isfinite().all()


def test_correlations() -> None:
    for concentration in (0.5, 1.0, 4.0):
        d = D.LKJCholesky(2, t(concentration)[0])
        r = cnet.linspace(-1, 1, 20002, dtype=cnet.float64)[1:-1]
        rest = (1 - r * r).sqrt()
        factor = cnet.stack([cnet.stack([cnet.ones_like(r), cnet.zeros_like(r)], -1), cnet.stack([r, rest], -1)], -2)
        assert d.log_prob(factor).exp().sum().item() * 2 / 20001 == pytest.approx(1, abs=0.05 if concentration < 1 else 0.01)
    d = D.LKJCholesky(4, 2.0)
    x = d.sample((2000,))
    assert d.support.check(x).all() and x.shape == (2000, 4, 4)
    correlations = D.utils.tril_matrix_to_vec(x @ x.mT, -1)  # each is Beta(3, 3), stretched to (-1, 1)
    assert cnet.allclose(correlations.mean(0), cnet.zeros(6), atol=0.05)
    assert cnet.allclose(correlations.var(0), cnet.full((6,), 1 / 7), rtol=0.15)


def test_relaxed() -> None:
    d = D.RelaxedOneHotCategorical(t(0.7)[0], t(1, 2, 3))
    x = d.rsample((2000,))
    assert d.support.check(x.float()).all() and cnet.allclose(d.base_dist.log_prob(x.log()) - x.log().sum(-1), d.log_prob(x))
    # The largest lies where a Categorical would draw.
    assert cnet.allclose(x.argmax(-1).bincount() / 2000., cnet.tensor([1, 2, 3]) / 6., atol=0.05)
    logits = cnet.zeros(3, requires_grad=True)
    D.RelaxedBernoulli(cnet.tensor(0.5), logits=logits).rsample((10,)).sum().backward()
    assert logits.grad is not None and (logits.grad > 0).all()
    assert D.RelaxedBernoulli(cnet.tensor(0.5), 0.3).expand((4,)).temperature.shape == ()


def test_logistic_normal() -> None:
    d = D.LogisticNormal(t(0.5), t(2))  # one number: a logit, and the rest
    p = cnet.linspace(0, 1, 20001, dtype=cnet.float64)[1:-1]
    total = d.log_prob(cnet.stack([p, 1 - p], -1)).exp().sum().item() / 20000
    assert total == pytest.approx(1, abs=1e-3) and d.sample((5,)).shape == (5, 2)
    assert cnet.allclose(d.log_prob(t(0.3, 0.7)), D.Normal(0.5, 2.).log_prob((t(0.3) / 0.7).log()) - (t(0.3) * 0.7).log())


def test_mixture() -> None:
    components = D.MultivariateNormal(cnet.stack([cnet.zeros(2), cnet.ones(2) * 4]), cnet.eye(2))
    d = D.MixtureSameFamily(D.Categorical(cnet.tensor([0.25, 0.75])), components)
    assert d.mean.tolist() == [3, 3] and d.variance.tolist() == [4, 4]
    x = d.sample((4000,))
    assert x.shape == (4000, 2) and cnet.allclose(x.mean(0), d.mean, atol=0.2)
    assert d.log_prob(cnet.zeros(2)).item() == pytest.approx(math.log(0.25 / (2 * math.pi)), abs=1e-4)
    assert d.expand((3,)).sample((5,)).shape == (5, 3, 2) and d.expand((3,)).log_prob(cnet.zeros(3, 2)).shape == (3,)
    assert d.support.check(x).all() and not d.has_rsample


def test_copula() -> None:
    base = D.MultivariateNormal(cnet.zeros(2), cnet.tensor([[1, 0.6], [0.6, 1]]))
    d = D.TransformedDistribution(base, [D.CumulativeDistributionTransform(D.Normal(0., 1.))])
    assert d.event_shape == (2,)
    assert d.log_prob(cnet.tensor([0.5, 0.5])).item() == pytest.approx(-0.5 * math.log(1 - 0.36), abs=1e-5)
    x = d.sample((4000,))
    assert cnet.allclose(x.mean(0), cnet.tensor([0.5, 0.5]), atol=0.03)


def test_transformed() -> None:
    d = D.TransformedDistribution(D.Normal(cnet.zeros(3), 1.), [D.ExpTransform(), D.StickBreakingTransform()])
    assert (d.batch_shape, d.event_shape) == ((), (4,)) and d.expand((2,)).sample((5,)).shape == (5, 2, 4)
    wide = D.TransformedDistribution(D.Normal(0., 1.), D.AffineTransform(cnet.zeros(3), 1.))
    assert wide.batch_shape == (3,) and wide.rsample((2,)).shape == (2, 3)
    falling = D.TransformedDistribution(D.Exponential(1.), [D.AffineTransform(0., -1.)])
    assert falling.cdf(cnet.tensor(-1.)).item() == pytest.approx(math.exp(-1)) and falling.icdf(cnet.tensor(0.2)).item() < 0
    assert isinstance(D.LogNormal(0., 1.), D.TransformedDistribution) and isinstance(D.HalfNormal(1.), D.TransformedDistribution)
    same = D.TransformedDistribution(D.Normal(0., 1.), [D.AffineTransform(1., 2.)])
    other = D.TransformedDistribution(D.Normal(1., 1.), [D.AffineTransform(1., 2.)])
    assert D.kl_divergence(same, other).item() == pytest.approx(0.5)
    with pytest.raises(NotImplementedError):
        D.kl_divergence(same, D.TransformedDistribution(D.Normal(1., 1.), [D.ExpTransform()]))


FIRST: dict[str, Any] = {
    'Gamma': lambda a: D.Gamma(a, 2.), 'Beta': lambda a: D.Beta(a, 2.), 'StudentT': lambda a: D.StudentT(a + 2),
    'FisherSnedecor': lambda a: D.FisherSnedecor(a, 10.), 'InverseGamma': lambda a: D.InverseGamma(a + 2, 1.),
    'Chi2': lambda a: D.Chi2(a)}


@pytest.mark.parametrize('name', FIRST)
def test_gradients_of_means(name: str) -> None:
    """The mean derivative of x^0.5 through samples is the derivative of its mean, an integral."""
    cnet.manual_seed(4)
    a = cnet.full((40000,), 2.5, dtype=cnet.float64, requires_grad=True)
    (slope,) = cnet.autograd.grad(FIRST[name](a).rsample().abs().sqrt().sum(), a)
    u = cnet.linspace(-32, 32, 8001, dtype=cnet.float64)
    b = t(2.5)[0].requires_grad_()
    d = FIRST[name](b)
    to = D.biject_to(d.support) if name != 'StudentT' else D.ExpTransform()  # one half of it
    x = to(u)
    mean = (d.log_prob(x) + to.log_abs_det_jacobian(u, x)).exp() * x.sqrt() * (1 + (name == 'StudentT'))
    (wanted,) = cnet.autograd.grad(mean.sum() * 0.008, b)
    assert slope.mean().item() == pytest.approx(wanted.item(), abs=5 * slope.std().item() / 200)


def test_own_distributions() -> None:
    class Silent(D.Distribution):
        def log_prob(self, value: Any) -> Any:
            self._validate_sample(value)
            return value

    with pytest.warns(UserWarning, match='does not define `arg_constraints`'):
        d = Silent()
    with pytest.warns(UserWarning, match='does not define `support`'):
        assert d.log_prob(cnet.tensor(1.)).item() == 1
    with pytest.raises(ValueError, match='must be a Tensor'):
        d.log_prob(1.)
