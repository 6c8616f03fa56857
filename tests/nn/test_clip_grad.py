"""Clipping by the common norm: the fused pass and what does not fit it."""
from __future__ import annotations

import numpy as np
import pytest

import cnet
from cnet.nn.utils import clip_grad_norm_, get_total_norm


def parameters(*shapes: tuple[int, ...], dtype: cnet.dtype = cnet.float32) -> list[cnet.Tensor]:
    result = []
    for shape in shapes:
        p = cnet.zeros(shape, dtype=dtype, requires_grad=True)
        p.grad = cnet.randn(shape, dtype=dtype)
        result.append(p)
    return result


def norm(params: list[cnet.Tensor]) -> float:
    return float(np.sqrt(sum((np.abs(p.grad.numpy().astype(np.complex128)) ** 2).sum() for p in params)))


@pytest.mark.parametrize('dtype', [cnet.float32, cnet.float64, cnet.float16, cnet.complex64])
@pytest.mark.parametrize('shapes', [[(3, 4), (5,)], [()], [(0,), (2,)], [(8192,), (8193,), (40000,)],
                                    [(31,), (32,), (33,), (65,)]])
def test_norm_and_scale(shapes: list[tuple[int, ...]], dtype: cnet.dtype) -> None:
    params = parameters(*shapes, dtype=dtype)
    before, expected = [p.grad.numpy().copy() for p in params], norm(params)
    versions = [p.grad._version for p in params]
    total = clip_grad_norm_(params, expected / 2)
    tol = 3e-3 if dtype is cnet.float16 else 1e-5
    assert float(total.real if dtype is cnet.complex64 else total) == pytest.approx(expected, tol)
    for p, old, version in zip(params, before, versions):
        np.testing.assert_allclose(p.grad.numpy(), old / 2, tol, tol)
        assert p.grad._version == version + 1


def test_short_gradients_stay_as_they_are() -> None:
    params = parameters((3, 4), (5,))
    before = [p.grad.numpy().tobytes() for p in params]
    clip_grad_norm_(params, 1e3)
    assert [p.grad.numpy().tobytes() for p in params] == before


def test_other_layouts_and_mixed_types() -> None:
    a, b = parameters((6, 4), (3,))
    a.grad = cnet.randn(4, 6).t()
    expected = norm([a, b])
    assert clip_grad_norm_([a, b], 1.0).item() == pytest.approx(expected, 1e-6)
    assert norm([a, b]) == pytest.approx(1, 1e-5)
    mixed = parameters((4,)) + parameters((4,), dtype=cnet.float64)
    expected = norm(mixed)
    assert clip_grad_norm_(mixed, 1.0).item() == pytest.approx(expected)
    assert norm(mixed) == pytest.approx(1, 1e-5)


def test_infinite_and_huge_gradients() -> None:
    [p] = parameters((3,))
    p.grad = cnet.tensor([1.0, float('inf'), 2.0])
    with pytest.raises(RuntimeError, match='non-finite'):
        clip_grad_norm_([p], 1.0, error_if_nonfinite=True)
    assert clip_grad_norm_([p], 1.0).item() == float('inf')
    assert p.grad.isnan().tolist() == [False, True, False]
    p.grad = cnet.tensor([3e25, 4e25, 0.0])
    assert clip_grad_norm_([p], 1.0).item() == pytest.approx(5e25)
    np.testing.assert_allclose(p.grad.numpy(), [0.6, 0.8, 0], 1e-6)


def test_same_bits_for_any_number_of_threads(fine_grain: None) -> None:
    gradients = [cnet.randn(100003), cnet.randn(17, dtype=cnet.float32)]
    totals = set()
    for count in (1, 2, 3):
        cnet.set_num_threads(count)
        totals.add(get_total_norm(gradients).numpy().tobytes())
    assert len(totals) == 1
