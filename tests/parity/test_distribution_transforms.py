"""Transforms and constraints of distributions: values, volume changes, gradients, shapes and texts as PyTorch has them."""
from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cnet

torch = pytest.importorskip('torch')

VECTOR = [[0.3, -1.2, 2.0], [0.01, 4.0, -0.5]]
POSITIVE = [[0.3, 1.2, 2.0], [0.01, 4.0, 0.5]]
SQUARE = [[[0.3, -1.2], [2.0, 0.4]]]


def t(L: Any, x: Any) -> Any:
    return L.tensor(x, dtype=L.float64)


TRANSFORMS: dict[str, tuple[Callable, Any]] = {
    'Exp': (lambda L, D: D.ExpTransform(), VECTOR),
    'Power': (lambda L, D: D.PowerTransform(t(L, [2., -1., 0.5])), POSITIVE),
    'Power number': (lambda L, D: D.PowerTransform(3.), POSITIVE),
    'Sigmoid': (lambda L, D: D.SigmoidTransform(), VECTOR),
    'Softplus': (lambda L, D: D.SoftplusTransform(), VECTOR),
    'Tanh': (lambda L, D: D.TanhTransform(), VECTOR),
    'Abs': (lambda L, D: D.AbsTransform(), VECTOR),
    'Affine': (lambda L, D: D.AffineTransform(t(L, [1., 2., 3.]), t(L, [2., -1., 0.5])), VECTOR),
    'Affine numbers': (lambda L, D: D.AffineTransform(1., -2.), VECTOR),
    'Affine vectors': (lambda L, D: D.AffineTransform(t(L, [1., 2., 3.]), t(L, [2., -1., 0.5]), event_dim=1), VECTOR),
    'CorrCholesky': (lambda L, D: D.CorrCholeskyTransform(), VECTOR),
    'Softmax': (lambda L, D: D.SoftmaxTransform(), VECTOR),
    'StickBreaking': (lambda L, D: D.StickBreakingTransform(), VECTOR),
    'LowerCholesky': (lambda L, D: D.LowerCholeskyTransform(), SQUARE),
    'PositiveDefinite': (lambda L, D: D.PositiveDefiniteTransform(), SQUARE),
    'Reshape': (lambda L, D: D.ReshapeTransform((3,), (3, 1)), VECTOR),
    'Independent': (lambda L, D: D.IndependentTransform(D.ExpTransform(), 1), VECTOR),
    'Cat': (lambda L, D: D.CatTransform([D.ExpTransform(), D.AffineTransform(1., 2.)], 1, [1, 2]), VECTOR),
    'Cat negative': (lambda L, D: D.CatTransform([D.ExpTransform(), D.AffineTransform(1., 2.)], -2), VECTOR),
    'Cat vectors': (lambda L, D: D.CatTransform([D.StickBreakingTransform().inv.inv, D.StickBreakingTransform()], 0), VECTOR),
    'Stack': (lambda L, D: D.StackTransform([D.ExpTransform(), D.AffineTransform(1., 2.)]), VECTOR),
    'Stack last': (lambda L, D: D.StackTransform([D.ExpTransform(), D.TanhTransform(), D.SigmoidTransform()], -1), VECTOR),
    'Cumulative': (lambda L, D: D.CumulativeDistributionTransform(D.Normal(t(L, 0.), t(L, 2.))), VECTOR),
    'Compose': (lambda L, D: D.ComposeTransform([D.AffineTransform(1., -2.), D.SigmoidTransform()]), VECTOR),
    'Compose vectors': (lambda L, D: D.ComposeTransform([D.TanhTransform(), D.StickBreakingTransform()]), VECTOR),
    'Compose shapes': (lambda L, D: D.ComposeTransform([D.CorrCholeskyTransform(), D.ReshapeTransform((3, 3), (9,))]), VECTOR),
    'identity': (lambda L, D: D.identity_transform, VECTOR),
    'Exp inverse': (lambda L, D: D.ExpTransform().inv, POSITIVE),
    'Compose inverse': (lambda L, D: D.ComposeTransform([D.ExpTransform(), D.AffineTransform(-1., 2.)]).inv, POSITIVE),
    'cached': (lambda L, D: D.TanhTransform(cache_size=1), VECTOR),
}


def outcome(f: Callable) -> Any:
    try:
        x = f()
    except Exception as error:
        return type(error).__name__
    if hasattr(x, 'detach'):
        return np.array(x.detach().tolist())
    return str(x).replace('cnet.', 'torch.').replace('distributions.transforms.', '').replace('distributions._transform.', '')


def same(ours: Any, theirs: Any, what: str) -> None:
    if isinstance(theirs, np.ndarray):
        np.testing.assert_allclose(ours, theirs, 1e-9, 1e-12, err_msg=what)
    else:
        assert ours == theirs, what


def facts(L: Any, make: Callable, start: Any) -> dict[str, Any]:
    """What a transform does and says."""
    D = L.distributions
    transform, x = make(L, D), t(L, start).requires_grad_()
    y = transform(x)

    def slope() -> Any:
        return L.autograd.grad(transform.log_abs_det_jacobian(x, transform(x)).sum(), x)[0]
    return {
        'forward': outcome(lambda: y), 'grad': outcome(lambda: L.autograd.grad((y * y).sum(), x, retain_graph=True)[0]),
        'inverse': outcome(lambda: transform.inv(y.detach())), 'jacobian': outcome(lambda: transform.log_abs_det_jacobian(x, y)),
        'slope': outcome(slope), 'back': outcome(lambda: transform.inv.log_abs_det_jacobian(y, x)),
        **{what: outcome(lambda what=what: getattr(transform, what))
           for what in ('bijective', 'sign', 'domain', 'codomain', 'event_dim', 'inv')},
        'shape': outcome(lambda: tuple(transform.forward_shape(x.shape))),
        'back shape': outcome(lambda: tuple(transform.inverse_shape(y.shape))),
        'repr': repr(transform), 'equal': transform == make(L, D), 'other': transform == D.AbsTransform(),
        'back and forth': transform.inv.inv is transform, 'cache': outcome(lambda: type(transform.with_cache()).__name__)}


@pytest.mark.parametrize('name', TRANSFORMS)
def test_transforms(name: str) -> None:
    ours, theirs = (facts(L, *TRANSFORMS[name]) for L in (cnet, torch))
    for what in theirs:
        same(ours[what], theirs[what], f'{name}: {what}')


def test_cache() -> None:
    transform, plain = cnet.distributions.TanhTransform(1), cnet.distributions.TanhTransform()
    x = cnet.tensor([40.0])
    assert transform.inv(transform(x)) is x and transform(x) is transform(x)  # without the cache it is infinite
    assert plain.inv(plain(x)).item() == np.inf and transform.with_cache(1) is transform
    assert transform.with_cache(0)._cache_size == 0
    assert copy.copy(transform)._inv is None and pickle.loads(pickle.dumps(transform)) == transform


CONSTRAINTS: list[tuple[Callable, Any]] = [
    (lambda c: c.boolean, [0., 1., 2.]), (lambda c: c.one_hot, [[0., 1.], [1., 1.], [0., 0.]]), (lambda c: c.real, [1., np.nan]),
    (lambda c: c.nonnegative_integer, [-1., 0., 0.5]), (lambda c: c.positive_integer, [0., 1.]),
    (lambda c: c.integer_interval(0, 2), [-1., 0., 0.5, 3.]), (lambda c: c.real_vector, [[1., 2.], [np.nan, 1.]]),
    (lambda c: c.positive, [0., 1.]), (lambda c: c.nonnegative, [-1., 0.]), (lambda c: c.greater_than(2), [2., 3.]),
    (lambda c: c.greater_than_eq(2.), [1., 2.]), (lambda c: c.less_than(2.), [1., 2.]),
    (lambda c: c.unit_interval, [-1., 0., 1., 2.]),
    (lambda c: c.interval(-1., 3.), [-2., -1., 3., 4.]), (lambda c: c.half_open_interval(-1., 3.), [-2., -1., 3., 4.]),
    (lambda c: c.simplex, [[0.5, 0.5], [1.5, -0.5], [1., 1.]]), (lambda c: c.multinomial(3), [[1., 2.], [2., 2.], [-1., 1.]]),
    (lambda c: c.lower_triangular, [[[1., 0.], [1., -1.]], [[1., 1.], [0., 1.]]]),
    (lambda c: c.lower_cholesky, [[[1., 0.], [1., -1.]], [[1., 0.], [5., 1.]]]),
    (lambda c: c.corr_cholesky, [[[1., 0.], [0.6, 0.8]], [[1., 0.], [5., 1.]]]),
    (lambda c: c.square, [[[1., 0.], [0.6, 0.8]]]), (lambda c: c.square, [[1., 2.]]),
    (lambda c: c.symmetric, [[[1., 2.], [2., 1.]], [[1., 2.], [3., 1.]]]),
    (lambda c: c.positive_semidefinite, [[[1., 0.], [0., 0.]], [[1., 2.], [2., 1.]]]),
    (lambda c: c.positive_definite, [[[1., 0.], [0., 0.]], [[2., 1.], [1., 1.]]]),
    (lambda c: c.cat([c.positive, c.unit_interval], 0, [1, 2]), [1., 2., 0.5]),
    (lambda c: c.cat([c.real, c.boolean], -1), [[1., 0.], [3., 4.]]),
    (lambda c: c.stack([c.positive, c.boolean], -1), [[1., 0.], [3., 4.]]),
    (lambda c: c.stack([c.real_vector, c.simplex]), [[1., 0.], [3., 4.]]),
    (lambda c: c.independent(c.positive, 2), [[[1., 2.], [3., 0.]], [[1., 1.], [1., 1.]]]),
    (lambda c: c.MixtureSameFamilyConstraint(c.interval(cnet_or(c, [0., 1.]), 5.)), [0.5, 2., 6.]),
    (lambda c: c.dependent, [1.]), (lambda c: c.dependent(is_discrete=True, event_dim=1), [1.]),
]


def cnet_or(c: Any, x: Any) -> Any:
    """A tensor of the library whose constraints these are."""
    return (cnet if 'cnet' in c.__name__ else torch).tensor(x, dtype=cnet.float64 if 'cnet' in c.__name__ else torch.float64)


@pytest.mark.parametrize('i', range(len(CONSTRAINTS)))
def test_constraints(i: int) -> None:
    make, values = CONSTRAINTS[i]
    for what, f in {
            'check': lambda L, c: c.check(t(L, values)), 'repr': lambda L, c: repr(c).replace('dtype=cnet', 'dtype=torch'),
            'is_discrete': lambda L, c: c.is_discrete, 'event_dim': lambda L, c: int(c.event_dim),
            'dependent': lambda L, c: L.distributions.constraints.is_dependent(c),
            'biject': lambda L, c: L.distributions.biject_to(c)(L.linspace(-1, 2, 6, dtype=L.float64)[:c.event_dim and 3]),
            'transform': lambda L, c: L.distributions.transform_to(c)(L.linspace(-1, 2, 4, dtype=L.float64).reshape(2, 2)),
            'biject repr': lambda L, c: repr(L.distributions.biject_to(c)),
            'transform repr': lambda L, c: repr(L.distributions.transform_to(c))}.items():
        ours, theirs = (outcome(lambda L=L, f=f: f(L, make(L.distributions.constraints))) for L in (cnet, torch))
        same(ours, theirs, what)


def test_supports() -> None:
    """Unconstrained numbers become events of a distribution with parameters."""
    for L in (cnet, torch):
        D, x = L.distributions, L.linspace(-2, 2, 5)
        d = D.Uniform(-3., 5.)
        assert d.support.check(D.biject_to(d.support)(x)).all() and d.support.check(D.transform_to(d.support)(x)).all()
        assert D.constraints.is_dependent(D.Uniform.support) and not D.Uniform.support.is_discrete


@pytest.mark.parametrize('c', [-0.5, 0.0, 0.3, 1.5])
def test_generalized_pareto(c: float) -> None:
    """In single precision, which PyTorch's comparison of the concentration with 0 asks for."""
    results = []
    for L in (cnet, torch):
        L.manual_seed(1)
        d = L.distributions.GeneralizedPareto(L.tensor([1., 2.]), 2., c)
        x = d.rsample((4,))
        q = L.distributions.GeneralizedPareto(1., 2., c)
        results.append([outcome(lambda v=v: v) for v in (
            x, d.log_prob(x), d.cdf(x), d.icdf(L.tensor([0.1, 0.9])), d.mean, d.mode, d.variance, d.stddev, d.entropy(), repr(d),
            d.log_survival_function(x), d.log_cdf(x), d.support, d.batch_shape, q.batch_shape, d.expand((3, 2)).sample())])
    for a, b in zip(*results, strict=True):
        if isinstance(b, np.ndarray):
            np.testing.assert_allclose(a, b, 2e-6, 1e-7)
        else:
            assert a == b


def test_correlations() -> None:
    """From three rows on, PyTorch's samples are not of its density (see tests/test_distribution_vectors.py)."""
    results = []
    for L in (cnet, torch):
        concentration = t(L, [0.5, 3.]).requires_grad_()
        d = L.distributions.LKJCholesky(4, concentration)
        value = L.distributions.CorrCholeskyTransform()(L.linspace(-1, 1, 6, dtype=L.float64))
        d.log_prob(value).sum().backward()
        found = d.log_prob(value), concentration.grad, d.expand((3, 2)).log_prob(value)
        results.append([outcome(lambda v=v: v) for v in found])
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, 1e-9)


@pytest.mark.filterwarnings('ignore:Singular sample detected')
def test_wishart() -> None:
    """PyTorch takes its samples for singular, and draws each twice; so they are not compared, their densities are."""
    results = []
    for L in (cnet, torch):
        m = t(L, [[2., 0.3], [0.3, 1.]])
        df, covariance = t(L, [3.5, 5.]).requires_grad_(), m.clone().requires_grad_()
        d = L.distributions.Wishart(df, covariance)
        value = L.stack([m, 2 * m, m @ m]).unsqueeze(1)
        density = d.log_prob(value)
        density.sum().backward()
        single = L.distributions.Wishart(4., m)
        results.append([outcome(lambda v=v: v) for v in (
            density, df.grad, covariance.grad, d.expand((3, 2)).log_prob(value), d.entropy(),
            L.distributions.kl_divergence(single, L.distributions.Wishart(5., 2 * m)))])
        x = d.rsample((3,))
        assert x.shape == (3, 2, 2, 2) and x.requires_grad
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, 1e-9, 1e-12)
