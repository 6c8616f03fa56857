"""Distributions against integrals of their densities: mass, moments, entropy, cumulative distribution, divergences, samples."""
from __future__ import annotations

import math
import warnings
from itertools import product
from typing import Any

import pytest

import cnet
from cnet import distributions as D
from cnet.distributions.relaxed_bernoulli import LogitRelaxedBernoulli


def t(*x: float) -> Any:
    return cnet.tensor(x[0] if len(x) == 1 else x, dtype=cnet.float64)


CONTINUOUS = {
    'Beta': D.Beta(t(2), t(3)), 'Beta of sure outcomes': D.Beta(t(0.6), t(0.8)), 'Cauchy': D.Cauchy(t(0.5), t(2)),
    'Chi2': D.Chi2(t(3)),
    'ContinuousBernoulli': D.ContinuousBernoulli(t(0.3)), 'ContinuousBernoulli near a half': D.ContinuousBernoulli(t(0.5003)),
    'Exponential': D.Exponential(t(0.7)), 'FisherSnedecor': D.FisherSnedecor(t(4), t(12)), 'Gamma': D.Gamma(t(2.5), t(1.5)),
    'GeneralizedPareto': D.GeneralizedPareto(t(1), t(2), t(0.1)),
    'GeneralizedPareto bounded': D.GeneralizedPareto(t(1), t(2), t(-0.4)),
    'GeneralizedPareto exponential': D.GeneralizedPareto(t(1), t(2), t(0)), 'Gumbel': D.Gumbel(t(0.5), t(2)),
    'HalfCauchy': D.HalfCauchy(t(2)),
    'HalfNormal': D.HalfNormal(t(2)), 'InverseGamma': D.InverseGamma(t(6), t(2)), 'Kumaraswamy': D.Kumaraswamy(t(2), t(3)),
    'Laplace': D.Laplace(t(0.5), t(2)), 'LogNormal': D.LogNormal(t(0.1), t(0.4)), 'Normal': D.Normal(t(0.5), t(2)),
    'LogitRelaxedBernoulli': LogitRelaxedBernoulli(t(0.8), t(0.3)), 'RelaxedBernoulli': D.RelaxedBernoulli(t(0.8), t(0.3)),
    'MixtureSameFamily': D.MixtureSameFamily(D.Categorical(t(1, 3)), D.Normal(t(-1, 2), t(1, 0.5))),
    'Pareto': D.Pareto(t(0.5), t(7)), 'StudentT': D.StudentT(t(7), t(0.5), t(2)), 'Uniform': D.Uniform(t(0.2), t(0.9)),
    'VonMises': D.VonMises(t(0.5), t(2)),
    'Weibull': D.Weibull(t(2), t(1.5)),
    'TransformedDistribution': D.TransformedDistribution(D.Normal(t(0.5), t(2)), [
        D.AffineTransform(1., -0.5), D.SigmoidTransform()]),
}
DISCRETE = {
    'Bernoulli': D.Bernoulli(t(0.3)), 'Binomial': D.Binomial(7, t(0.3)), 'Binomial of likely outcomes': D.Binomial(7, t(0.8)),
    'Geometric': D.Geometric(t(0.4)), 'NegativeBinomial': D.NegativeBinomial(t(2.5), t(0.4)), 'Poisson': D.Poisson(t(3)),
}
NO_MEAN = ('Cauchy', 'HalfCauchy')
CIRCULAR = 'VonMises'  # its variance is that of directions


def grid(d: Any) -> tuple[Any, Any]:
    """Points of the support and their weights: equal steps where density and Jacobian decay exponentially."""
    if repr(getattr(d.support, 'base_constraint', d.support)) == 'Real()':
        u = cnet.linspace(-25, 25, 20001, dtype=cnet.float64)
        x, volume = u.sinh(), u.cosh()
        if isinstance(d, D.VonMises):
            u = cnet.linspace(-math.pi, math.pi, 20002, dtype=cnet.float64)[1:]
            x, volume = u, cnet.ones_like(u)
    else:
        support = getattr(d.support, 'base_constraint', d.support)
        if getattr(support, 'upper_bound', 0) == math.inf:
            support = D.constraints.greater_than(support.lower_bound)
        u, to = cnet.linspace(-32, 32, 20001, dtype=cnet.float64), D.biject_to(support)
        x = to(u)
        volume = to.log_abs_det_jacobian(u, x).exp()
    inside = volume > 0
    return x[inside], (volume * (u[1] - u[0]))[inside]


def expected(f: Any, p: Any, w: Any) -> float:
    """The sum of f p, where p is not 0."""
    return float((f * p * w)[p > 0].sum())


@pytest.mark.parametrize('name', CONTINUOUS)
def test_integrals(name: str) -> None:
    d = CONTINUOUS[name]
    x, w = grid(d)
    log_p = d.log_prob(x)
    p = log_p.exp()
    assert expected(cnet.ones_like(x), p, w) == pytest.approx(1, abs=2e-6)
    if name == CIRCULAR:
        assert d.variance.item() == pytest.approx(1 - expected((x - d.mean).cos(), p, w))
    elif name not in NO_MEAN and 'Relaxed' not in name and name != 'TransformedDistribution':
        assert d.mean.item() == pytest.approx(expected(x, p, w), rel=1e-5)
        assert d.variance.item() == pytest.approx(expected((x - d.mean) ** 2, p, w), rel=1e-4)
        assert d.stddev.item() == pytest.approx(d.variance.item() ** 0.5)
    try:
        entropy = d.entropy().item()
    except NotImplementedError:
        assert name.split()[0] in ('FisherSnedecor', 'LogitRelaxedBernoulli', 'MixtureSameFamily', 'RelaxedBernoulli',
                                   'TransformedDistribution', 'VonMises')
    else:
        assert entropy == pytest.approx(-expected(log_p, p, w), abs=1e-5)
        assert d.perplexity().item() == pytest.approx(math.exp(entropy))
    try:
        mode = d.mode
    except NotImplementedError:
        pass
    else:
        assert math.isnan(mode) or d.log_prob(mode.clamp(min=1e-9) if d.support.check(t(1e-9)) else mode) >= log_p.max() - 1e-3


@pytest.mark.parametrize('name', CONTINUOUS)
def test_cumulative_distribution_and_samples(name: str) -> None:
    d = CONTINUOUS[name]
    x, w = grid(d)
    p = (d.log_prob(x).exp() * w).nan_to_num(0)
    total = p.cumsum(0) - p / 2
    order = x.argsort()
    x, total = x[order], total[order] if x[0] < x[-1] else 1 - total[order]
    cnet.manual_seed(3)
    samples = d.sample((4000,)).sort()[0]
    assert d.support.check(samples).all()
    # Kolmogorov and Smirnov: beyond 2.2 / sqrt(n) with a probability of 1e-4.
    at = total[cnet.searchsorted(x, samples).clamp(max=len(x) - 1)]
    assert (at - (cnet.arange(4000) + 0.5) / 4000).abs().max().item() < 2.2 / 4000 ** 0.5 + 2e-3
    try:
        cdf = d.cdf(samples)
    except NotImplementedError:
        assert name.split()[0] in ('Beta', 'FisherSnedecor', 'LogitRelaxedBernoulli', 'RelaxedBernoulli', 'StudentT', 'VonMises')
        return
    middle = (total > 1e-9) & (total < 1 - 1e-9)
    assert cnet.allclose(cdf, at, atol=4e-3) and cnet.allclose(d.cdf(x[middle]), total[middle], atol=2e-3)
    try:
        assert cnet.allclose(d.icdf(cdf), samples, rtol=1e-6)
    except NotImplementedError:
        assert name in ('Chi2', 'Gamma', 'InverseGamma', 'MixtureSameFamily')


@pytest.mark.parametrize('name', DISCRETE)
def test_sums(name: str) -> None:
    d = DISCRETE[name]
    x = d.enumerate_support() if d.has_enumerate_support else cnet.arange(150, dtype=cnet.float64)
    log_p = d.log_prob(x)
    p = log_p.exp()
    assert p.sum().item() == pytest.approx(1)
    assert d.mean.item() == pytest.approx((p * x).sum().item())
    assert d.variance.item() == pytest.approx((p * (x - d.mean) ** 2).sum().item())
    assert d.log_prob(d.mode) == log_p.max()
    if name not in ('NegativeBinomial', 'Poisson'):
        assert d.entropy().item() == pytest.approx(-(p * log_p)[p > 0].sum().item())
    cnet.manual_seed(3)
    counts = d.sample((20000,)).long().bincount(minlength=len(x))[:len(x)]
    assert ((counts - 20000 * p).abs() <= 5 * (20000 * p * (1 - p)).sqrt() + 1).all()


def test_divergences_are_integrals() -> None:
    tried = 0
    for (_, p), (_, q) in product((CONTINUOUS | DISCRETE).items(), repeat=2):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter('error')
                kl = D.kl_divergence(p, q).item()
        except NotImplementedError:
            continue
        tried += 1
        if p.support.is_discrete:
            x = p.enumerate_support() if p.has_enumerate_support else cnet.arange(150, dtype=cnet.float64)
            w = cnet.ones_like(x)
        else:
            x, w = grid(p)
        here = p.log_prob(x)
        here, x, w = here[here > -600], x[here > -600], w[here > -600]
        if math.isinf(kl):
            assert not q.support.check(x).all() or (isinstance(p, D.Pareto) and p.alpha < 2), (p, q)
            continue
        there = q.expand(x.shape)
        there._validate_args = False
        assert kl == pytest.approx(expected(here - there.log_prob(x), here.exp(), w), rel=1e-4, abs=1e-5), (p, q)
    assert tried > 130


def test_entropies_and_divergences_of_families() -> None:
    """By derivatives of the normalizer, for classes that define no more."""
    for p, q in ((D.Normal(t(0.5), t(2)), D.Normal(t(1), t(1))), (D.Exponential(t(0.7)), D.Exponential(t(2))),
                 (D.Bernoulli(t(0.3)), D.Bernoulli(t(0.6))),
                 (D.Gamma(t(2.5), t(1.5)), D.Gamma(t(2), t(1))), (D.Beta(t(2), t(3)), D.Beta(t(1), t(3))),
                 (D.Dirichlet(t(2, 3, 1)), D.Dirichlet(t(1, 3, 2))),
                 (D.ContinuousBernoulli(t(0.3)), D.ContinuousBernoulli(t(0.6)))):
        general = D._kl_same._exponential_family(p, q)
        assert general.item() == pytest.approx(D.kl_divergence(p, q).item())
        if not isinstance(p, (D.Beta, D.Dirichlet)):  # whose carrier is not 1
            assert D.ExponentialFamily.entropy(p).item() == pytest.approx(p.entropy().item())


def test_divergence_of_the_nearest_pair() -> None:
    class Left(D.Gamma):
        pass

    class Right(D.Gamma):
        pass
    rules = dict(D.kl._RULES)
    try:
        D.register_kl(Left, D.Gamma)(lambda p, q: 1)
        D.register_kl(D.Gamma, Right)(lambda p, q: 2)
        assert D.kl_divergence(Left(1., 1.), D.Gamma(1., 1.)) == 1 and D.kl_divergence(D.Gamma(1., 1.), Right(1., 1.)) == 2
        with pytest.warns(RuntimeWarning, match=r'Ambiguous kl_divergence\(Left, Right\)'):
            assert D.kl_divergence(Left(1., 1.), Right(1., 1.)) == 1
    finally:
        D.kl._RULES.clear()
        D.kl._RULES.update(rules)
