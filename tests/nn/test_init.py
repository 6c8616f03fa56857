"""Initial values: ranges, shapes, refusals, old names. Equality with PyTorch is in tests/parity."""
from __future__ import annotations

import math

import numpy as np
import pytest

import cnet
from cnet.nn import init


def test_gain() -> None:
    assert init.calculate_gain('linear') == init.calculate_gain('conv_transpose3d') == init.calculate_gain('sigmoid') == 1
    assert init.calculate_gain('tanh') == 5 / 3
    assert init.calculate_gain('relu') == math.sqrt(2)
    assert init.calculate_gain('leaky_relu', 1) == 1
    assert init.calculate_gain('leaky_relu') == init.calculate_gain('leaky_relu', 0.01)
    assert init.calculate_gain('selu') == 0.75
    with pytest.raises(ValueError, match='Unsupported nonlinearity swish'):
        init.calculate_gain('swish')
    with pytest.raises(ValueError, match='negative_slope True not a valid number'):
        init.calculate_gain('leaky_relu', True)


def test_writes_without_history() -> None:
    w = cnet.ones(4, 4, requires_grad=True)
    for function in (init.uniform_, init.normal_, init.trunc_normal_, init.ones_, init.zeros_, init.eye_, init.xavier_uniform_,
                     init.xavier_normal_, init.kaiming_uniform_, init.kaiming_normal_, init.orthogonal_):
        version = w._version
        assert function(w) is w
        assert w.is_leaf
        assert w.requires_grad
        assert w._version > version
    assert init.constant_(w, 3.0).tolist() == [[3.0] * 4] * 4
    assert init.sparse_(w, 0.5) is w


def test_bounds() -> None:
    w = cnet.empty(50, 40)
    assert init.xavier_uniform_(w, 2.0).abs().max() <= 2 * math.sqrt(6 / 90)
    assert init.kaiming_uniform_(w).abs().max() <= math.sqrt(6 / 40)
    assert init.kaiming_uniform_(w, mode='fan_out', nonlinearity='linear').abs().max() <= math.sqrt(3 / 50)
    assert abs(init.kaiming_normal_(cnet.empty(300, 200)).std().item() - math.sqrt(2 / 200)) < 2e-3
    assert abs(init.xavier_normal_(cnet.empty(300, 200)).std().item() - math.sqrt(2 / 500)) < 2e-3


@pytest.mark.parametrize(('mean', 'std', 'low', 'high'), [(0, 1, -2, 2), (1, 0.02, 0.99, 1.5), (0, 1, 1.9, 3), (0, 1, -9, -1.9)])
def test_truncated(mean: float, std: float, low: float, high: float) -> None:
    w = init.trunc_normal_(cnet.empty(2000), mean, std, low, high)
    assert low <= w.min()
    assert w.max() <= high


def test_truncated_far_off_warns() -> None:
    with pytest.warns(UserWarning, match='mean is more than 2 std from'):
        init.trunc_normal_(cnet.empty(3), 0, 1, 2.5, 3)


@pytest.mark.parametrize('shape', [(3, 5), (5, 3), (4, 4), (2, 3, 4), (6, 1)])
def test_orthogonal(shape: tuple[int, ...]) -> None:
    w = init.orthogonal_(cnet.empty(*shape, dtype=cnet.float64), 2.0).numpy().reshape(shape[0], -1)
    product = w @ w.T if w.shape[0] < w.shape[1] else w.T @ w
    np.testing.assert_allclose(product, 4 * np.eye(len(product)), atol=1e-12)


@pytest.mark.parametrize('shape', [(4, 3, 5), (4, 2, 3, 4), (6, 6, 2, 3, 1)])
@pytest.mark.parametrize('groups', [1, 2])
def test_dirac(shape: tuple[int, ...], groups: int) -> None:
    w = init.dirac_(cnet.empty(*shape), groups).numpy()
    centre = tuple(n // 2 for n in shape[2:])
    per_group = shape[0] // groups
    for i, j in np.ndindex(shape[:2]):
        assert w[i, j].sum() == w[i, j][centre] == (i % per_group == j)


def test_sparse() -> None:
    w = init.sparse_(cnet.empty(10, 7), 0.25, 1.0).numpy()
    assert ((w == 0).sum(0) == 3).all()


def test_eye_of_any_layout() -> None:
    assert init.eye_(cnet.empty(3, 2).t()).tolist() == [[1, 0, 0], [0, 1, 0]]


def test_refusals() -> None:
    vector, cube = cnet.empty(3), cnet.empty(2, 2, 2)
    with pytest.raises(ValueError, match='fewer than 2 dimensions'):
        init.xavier_uniform_(vector)
    with pytest.raises(ValueError, match='Only tensors with 2 dimensions'):
        init.eye_(cube)
    with pytest.raises(ValueError, match='Only tensors with 2 dimensions'):
        init.sparse_(vector, 0.5)
    with pytest.raises(ValueError, match='3, 4, or 5 dimensions'):
        init.dirac_(vector)
    with pytest.raises(ValueError, match='divisible by groups'):
        init.dirac_(cube, 3)
    with pytest.raises(ValueError, match='2 or more dimensions'):
        init.orthogonal_(vector)
    with pytest.raises(ValueError, match='Mode fan_up not supported'):
        init.kaiming_uniform_(cube, mode='fan_up')


def test_nothing_to_fill() -> None:
    with pytest.warns(UserWarning, match='Initializing zero-element tensors is a no-op'):
        init.kaiming_uniform_(cnet.empty(0, 3))
    with pytest.warns(UserWarning, match='Initializing zero-element tensors is a no-op'):
        init.kaiming_normal_(cnet.empty(0, 3))
    assert init.orthogonal_(cnet.empty(0, 3)).shape == (0, 3)


@pytest.mark.parametrize('name', ['uniform', 'normal', 'eye', 'xavier_uniform', 'xavier_normal', 'kaiming_uniform',
                                  'kaiming_normal', 'orthogonal'])
def test_old_names(name: str) -> None:
    with pytest.warns(FutureWarning, match=f'`nn.init.{name}` is now deprecated in favor of `nn.init.{name}_`'):
        assert getattr(init, name)(cnet.empty(2, 2)).shape == (2, 2)
    with pytest.warns(FutureWarning):
        init.constant(cnet.empty(2), 1.0)
    with pytest.warns(FutureWarning):
        init.sparse(cnet.empty(2, 2), 0.5)
    with pytest.warns(FutureWarning):
        init.dirac(cnet.empty(2, 2, 2))
