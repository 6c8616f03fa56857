"""Bilinear reading by planes and by channels: any number of channels, few and many places, both orders of memory."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import cnet

torch = pytest.importorskip('torch')
SIZES = [((5, 7), (9, 11)), ((1, 1), (3, 4)), ((1, 6), (8, 9)), ((17, 16), (1, 1)), ((17, 16), (9, 11))]


def run(lib: Any, x: np.ndarray, grid: np.ndarray, last: bool, **kw: Any) -> list[np.ndarray]:
    image = lib.tensor(x).contiguous(memory_format=lib.channels_last if last else lib.contiguous_format).requires_grad_()
    places = lib.tensor(grid, requires_grad=True)
    y = lib.nn.functional.grid_sample(image, places, **kw)
    g = np.cos(np.arange(y.numel())).reshape(y.shape).astype(x.dtype)
    return [t.detach().numpy() for t in (y, *lib.autograd.grad(y, (image, places), lib.tensor(g)))]


@pytest.mark.parametrize('dtype', ['f4', 'f8'])
@pytest.mark.parametrize('channels', [1, 2, 3, 4, 5, 8, 9, 16, 17, 33, 70])
@pytest.mark.usefixtures('fine_grain')
def test_channels(channels: int, dtype: str) -> None:
    rng = np.random.default_rng(channels)
    error = 2e-5 if dtype == 'f4' else 1e-12
    for size, places in SIZES:
        x = rng.standard_normal((2, channels, *size)).astype(dtype)
        grid = rng.uniform(-1.5, 1.5, (2, *places, 2)).astype(dtype)
        for padding in ('zeros', 'border'):
            for align in (False, True):
                kw = {'padding_mode': padding, 'align_corners': align}
                for last in (False, True):
                    expected, before = run(torch, x, grid, last, **kw), cnet.get_num_threads()
                    cnet.set_num_threads(3)
                    several = run(cnet, x, grid, last, **kw)
                    cnet.set_num_threads(1)
                    one = run(cnet, x, grid, last, **kw)
                    cnet.set_num_threads(before)
                    for a, b, e in zip(several, one, expected):
                        assert np.array_equal(a, b)
                        np.testing.assert_allclose(a, e, rtol=error, atol=error * max(1, abs(e).max()))


@pytest.mark.parametrize('channels', [1, 3, 16])
def test_what_is_not_finite_stays_where_it_is(channels: int) -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((1, channels, 4, 4)).astype('f4')
    x[0, 0, 0, 0], x[0, -1, 2, 2] = np.inf, np.nan
    grid = rng.uniform(-1.6, 1.6, (1, 8, 8, 2)).astype('f4')
    grid[0, 0, 0], grid[0, 0, 1], grid[0, 0, 2] = (np.nan, 0), (np.inf, 0.2), (-1e30, 0)
    got, expected = (lib.nn.functional.grid_sample(lib.tensor(x), lib.tensor(grid), align_corners=False).numpy()
                     for lib in (cnet, torch))
    np.testing.assert_array_equal(np.isfinite(got), np.isfinite(expected))
