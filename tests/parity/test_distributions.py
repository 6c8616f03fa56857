"""Distributions: values, gradients, samples under one seed, shapes, texts and refusals as PyTorch has them."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cnet

torch = pytest.importorskip('torch')


def t(L: Any, *values: Any) -> Any:
    return L.tensor(list(values), dtype=L.float64, requires_grad=True)


def spd(L: Any) -> Any:
    a = L.tensor([[2., 0.3], [0.3, 1.]], dtype=L.float64)
    return a


CASES: dict[str, Callable] = {
    'Normal': lambda L, D: D.Normal(t(L, 0.5, -1), t(L, 1, 2)),
    'Normal numbers': lambda L, D: D.Normal(0.5, 2.0),
    'Normal mixed': lambda L, D: D.Normal(0, t(L, 1, 2)),
    'LogNormal': lambda L, D: D.LogNormal(t(L, 0.5, -1), t(L, 1, 2)),
    'HalfNormal': lambda L, D: D.HalfNormal(t(L, 1, 2)),
    'Uniform': lambda L, D: D.Uniform(t(L, 0.5, -1), t(L, 1, 2)),
    'Laplace': lambda L, D: D.Laplace(t(L, 0.5, -1), t(L, 1, 2)),
    'Cauchy': lambda L, D: D.Cauchy(t(L, 0.5, -1), t(L, 1, 2)),
    'Exponential': lambda L, D: D.Exponential(t(L, 0.5, 3)),
    'Poisson': lambda L, D: D.Poisson(t(L, 0.5, 30)),
    'Bernoulli': lambda L, D: D.Bernoulli(t(L, 0.25, 0.75)),
    'Bernoulli logits': lambda L, D: D.Bernoulli(logits=t(L, 0.25, -3)),
    'Bernoulli number': lambda L, D: D.Bernoulli(0.5),
    'Geometric': lambda L, D: D.Geometric(t(L, 0.25, 1)),
    'Geometric logits': lambda L, D: D.Geometric(logits=t(L, 0.25, -2)),
    'Categorical': lambda L, D: D.Categorical(t(L, 1, 2, 0, 5)),
    'Categorical batch': lambda L, D: D.Categorical(logits=t(L, 1, 2, 0, 5, 1, 1).reshape(2, 3)),
    'OneHotCategorical': lambda L, D: D.OneHotCategorical(t(L, 1, 2, 0.5, 5)),
    'OneHotCategoricalStraightThrough': lambda L, D: D.OneHotCategoricalStraightThrough(t(L, 1, 2, 0.5, 5)),
    'MultivariateNormal': lambda L, D: D.MultivariateNormal(t(L, 1, 2), spd(L)),
    'MultivariateNormal precision': lambda L, D: D.MultivariateNormal(t(L, 1, 2), precision_matrix=spd(L)),
    'MultivariateNormal tril': lambda L, D: D.MultivariateNormal(t(L, 1, 2, 3, 4).reshape(2, 2), scale_tril=spd(L).tril()),
    'MultivariateNormal batch': lambda L, D: D.MultivariateNormal(t(L, 1, 2), L.stack([spd(L), 2 * spd(L), 3 * spd(L)])),
    'Independent': lambda L, D: D.Independent(D.Normal(t(L, 1, 2), t(L, 1, 2)), 1),
    'Independent Bernoulli': lambda L, D: D.Independent(D.Bernoulli(t(L, .1, .2, .3, .4).reshape(2, 2)), 1),
}


PROPERTIES = ('mean mode variance stddev batch_shape event_shape has_rsample has_enumerate_support support arg_constraints '
              '__repr__ entropy enumerate_support perplexity probs logits param_shape scale_tril covariance_matrix '
              'precision_matrix').split()


def outcome(f: Callable) -> Any:
    """Plain data of a result, or the type and text of its error."""
    try:
        x = f()
    except Exception as error:
        return type(error).__name__, str(error).replace('cnet.', 'torch.')
    if hasattr(x, 'detach'):
        return str(x.dtype).split('.')[-1], x.requires_grad, np.array(x.detach().tolist())
    return str(x).replace('cnet.', 'torch.')


def same(ours: Any, theirs: Any, what: str) -> None:
    if isinstance(theirs, tuple) and theirs and isinstance(theirs[-1], np.ndarray):
        assert ours[:-1] == theirs[:-1], what
        rtol = 1e-5 if theirs[0] == 'float32' else 1e-9
        np.testing.assert_allclose(ours[-1], theirs[-1], rtol, rtol / 1000, err_msg=what)
    else:
        assert ours == theirs, what


def pairs(f: Callable) -> tuple[Any, Any]:
    return f(cnet, cnet.distributions), f(torch, torch.distributions)


@pytest.mark.parametrize('name', CASES)
def test_properties(name: str) -> None:
    ours, theirs = pairs(CASES[name])

    def value(d: Any, what: str) -> Any:
        x = getattr(d, what)
        return x() if callable(x) and not hasattr(x, 'check') else x
    for what in PROPERTIES:
        if name == 'Poisson' and what in ('entropy', 'perplexity'):  # PyTorch's is by autograd, and needs a table
            continue
        if hasattr(theirs, what):
            same(*(outcome(lambda d=d, what=what: value(d, what)) for d in (ours, theirs)), f'{name}.{what}')


@pytest.mark.parametrize('name', CASES)
@pytest.mark.parametrize('shape', [(), (3,), (2, 20)])
def test_samples_and_densities(name: str, shape: tuple[int, ...]) -> None:
    results = []
    for L in (cnet, torch):
        L.manual_seed(1)
        d = CASES[name](L, L.distributions)
        x = d.sample(shape)
        found = [x, outcome(lambda d=d: d.rsample(shape)), outcome(lambda d=d, x=x: d.log_prob(x))]
        found += [outcome(lambda d=d, x=x: d.cdf(x)), outcome(lambda d=d, x=x: d.icdf(d.cdf(x)))]
        wide = d.expand((4, *d.batch_shape))
        found += [wide.sample(shape), wide.batch_shape, wide.event_shape, repr(wide).replace('cnet.', 'torch.'),
                  outcome(lambda wide=wide,
                          x=x: wide.log_prob(x.unsqueeze(len(shape))))]
        results.append([outcome(lambda v=v: v) if hasattr(v, 'detach') else v for v in found])
    for i, (a, b) in enumerate(zip(*results, strict=True)):
        same(a, b, f'{name} {i}') if not isinstance(a, cnet.Size) else same(tuple(a), tuple(b), name)


@pytest.mark.parametrize('name', [n for n in CASES if n not in ('Normal numbers', 'Bernoulli number')])
def test_gradients(name: str) -> None:
    grads = []
    for L in (cnet, torch):
        L.manual_seed(1)
        leaves: list[Any] = []
        old = globals()['t']

        def make(L: Any, *values: Any, leaves: list[Any] = leaves, old: Callable = old) -> Any:
            leaves.append(old(L, *values))
            return leaves[-1]
        globals()['t'] = make
        try:
            d = CASES[name](L, L.distributions)
        finally:
            globals()['t'] = old
        x = d.rsample((3,)) if d.has_rsample and 'OneHot' not in name else d.sample((3,))
        d.log_prob(x).sum().backward()
        grads.append([np.array(x.grad.tolist()) for x in leaves])
    for a, b in zip(*grads, strict=True):
        np.testing.assert_allclose(a, b, 1e-9, 1e-12)


@pytest.mark.parametrize('name', CASES)
def test_divergences(name: str) -> None:
    for other in CASES:
        results = []
        for L in (cnet, torch):
            p, q = CASES[name](L, L.distributions), CASES[other](L, L.distributions)
            results.append(outcome(lambda p=p, q=q, L=L: L.distributions.kl_divergence(p, q)))
        if results[0][0] != 'NotImplementedError':
            same(*results, f'{name} || {other}')
        else:  # the pairs of one class are all there
            assert name.split()[0] != other.split()[0] or results[1][0] == 'NotImplementedError'


REFUSED: list[Callable] = [
    lambda L, D: D.Normal(0., -1.), lambda L, D: D.Normal(t(L, 1), t(L, 1, 2, 3)).log_prob(L.zeros(2)), lambda L,
    D: D.Normal('x', 1.),
    lambda L, D: D.Uniform(1., 0.), lambda L, D: D.Uniform(0., 1.).log_prob(L.tensor(2.)), lambda L, D: D.Bernoulli(),
    lambda L, D: D.Bernoulli(0.5, 0.5), lambda L, D: D.Bernoulli(1.5), lambda L, D: D.Bernoulli(0.5).log_prob(L.tensor(0.5)),
    lambda L, D: D.Categorical(), lambda L, D: D.Categorical(L.tensor(1.)), lambda L, D: D.Categorical(L.tensor([-1., 2.])),
    lambda L, D: D.Categorical(L.ones(3)).log_prob(L.tensor(3)), lambda L, D: D.Categorical(L.ones(2, 3)).log_prob(L.zeros(3)),
    lambda L, D: D.Exponential(0.), lambda L, D: D.Poisson(-1.), lambda L, D: D.Geometric(0.),
    lambda L, D: D.MultivariateNormal(L.zeros(2)), lambda L, D: D.MultivariateNormal(L.zeros(2), L.zeros(2, 2)),
    lambda L, D: D.MultivariateNormal(L.tensor(0.), L.eye(2)), lambda L, D: D.MultivariateNormal(L.zeros(2), L.zeros(2)),
    lambda L, D: D.MultivariateNormal(L.zeros(2), L.eye(2), L.eye(2)), lambda L, D: D.Independent(D.Normal(0., 1.), 1),
    lambda L, D: D.MultivariateNormal(L.zeros(2), L.eye(2)).log_prob(L.zeros(3)), lambda L, D: D.Normal(0., 1.).log_prob(3.),
    lambda L, D: D.kl_divergence(D.Normal(0., 1.), D.Categorical(L.ones(2))),
    lambda L, D: D.OneHotCategorical(L.ones(2)).log_prob(L.ones(2)), lambda L, D: D.Distribution.set_default_validate_args(3),
    lambda L, D: D.Categorical(L.ones(2)).rsample(), lambda L, D: D.Normal(0., float('nan'))]


@pytest.mark.parametrize('i', range(len(REFUSED)))
def test_refusals(i: int) -> None:
    (ours, said), (theirs, expected) = (outcome(lambda L=L: REFUSED[i](L, L.distributions)) for L in (cnet, torch))
    assert ours == theirs, (said, expected)
    if 'objects implementing' not in expected and 'set_default' not in said:
        assert said == expected


def test_without_checks() -> None:
    for L in (cnet, torch):
        d = L.distributions.Normal(0., -1., validate_args=False)
        assert d.scale.item() == -1
        assert L.distributions.Uniform(0., 1., validate_args=False).log_prob(L.tensor(2.)).item() == -np.inf
