"""Convolutions on arrays against loops over the taps, for geometries drawn at random."""
from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

import cnet
from cnet import _kernels as K
from cnet._ops import _conv_kernels

TOLERANCE = {'float32': 3e-6, 'float64': 1e-14}


def views(x: np.ndarray, kernel: Any, out: Any, stride: Any, dilation: Any) -> Any:
    """Each tap with the pixels that it sees."""
    for tap in np.ndindex(*kernel):
        at: Any = [slice(t * d, t * d + (o - 1) * s + 1, s) for t, d, o, s in zip(tap, dilation, out, stride)]
        yield tap, x[(..., *at)]


def reference(x: np.ndarray, w: np.ndarray, g: np.ndarray, stride: Any, padding: Any, dilation: Any,
              groups: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Result, input gradient and weight gradient in double precision."""
    x, w, g = (a.astype('float64') for a in (x, w, g))
    n, out, kernel = len(x), g.shape[2:], w.shape[2:]
    ends = [max(0, (o - 1) * s + (k - 1) * d + 1 - p - size)
            for o, s, k, d, p, size in zip(out, stride, kernel, dilation, padding, x.shape[2:])]
    padded = np.pad(x, [(0, 0), (0, 0), *zip(padding, ends)])
    y, gx, gw = np.zeros(g.shape), np.zeros_like(padded), np.zeros_like(w)
    sums = [np.split(a, groups, axis) for a, axis in ((y, 1), (g, 1), (w, 0), (gw, 0), (padded, 1), (gx, 1))]
    for y_, g_, w_, gw_, x_, gx_ in zip(*sums):
        for (tap, seen), (_, to) in zip(views(x_, kernel, out, stride, dilation), views(gx_, kernel, out, stride, dilation)):
            y_ += np.einsum('nc...,mc->nm...', seen, w_[(..., *tap)])
            to += np.einsum('nm...,mc->nc...', g_, w_[(..., *tap)])
            gw_[(..., *tap)] = np.einsum('ncp,nmp->mc', seen.reshape(n, -1, y[0, 0].size), g_.reshape(n, -1, y[0, 0].size))
    inside: Any = [slice(p, p + m) for p, m in zip(padding, x.shape[2:])]
    return y, gx[(..., *inside)], gw


def run(x: np.ndarray, w: np.ndarray, g: np.ndarray, *geo: Any) -> list[np.ndarray]:
    results = [np.full(g.shape, np.nan, x.dtype), np.full_like(x, np.nan), np.full_like(w, np.nan)]
    return [_conv_kernels.forward(x, w, None, results[0], *geo), _conv_kernels.input_grad(g, w, None, results[1], *geo),
            _conv_kernels.weight_grad(x, g, None, results[2], *geo)]


def draw(rng: np.random.Generator, dims: int, dtype: str) -> tuple[Any, ...]:
    """Arrays and geometry of a convolution that has a result."""
    def pick(*choices: int) -> tuple[int, ...]:
        return tuple(int(i) for i in rng.choice(choices, dims))
    kernel, stride, dilation, padding = pick(1, 2, 3, 5), pick(1, 1, 2, 3), pick(1, 1, 2), pick(0, 0, 1, 4)
    size = [max(int(s), (k - 1) * d + 1 - 2 * p)
            for s, k, d, p in zip(rng.integers(1, {1: 60, 2: 18, 3: 8}[dims], dims), kernel, dilation, padding)]
    out = [(i + 2 * p - (k - 1) * d - 1) // s + 1 for i, p, k, d, s in zip(size, padding, kernel, dilation, stride)]
    groups, c, m, n = (int(rng.choice(choices)) for choices in ((1, 1, 2, 3), (1, 2, 3, 17), (1, 2, 15, 33), (1, 2, 5)))
    shapes = (n, c * groups, *size), (m * groups, c, *kernel), (n, m * groups, *out)
    return *(rng.standard_normal(shape).astype(dtype) for shape in shapes), stride, padding, dilation, groups


@pytest.mark.parametrize(('dims', 'dtype', 'seed'), [*product((1, 2, 3), TOLERANCE, range(8))])
def test_random_geometries(dims: int, dtype: str, seed: int) -> None:
    case = draw(np.random.default_rng(seed), dims, dtype)
    for got, expected, ones in zip(run(*case), reference(*case), reference(*(abs(a) for a in case[:3]), *case[3:])):
        assert (np.abs(got - expected) <= TOLERANCE[dtype] * (ones + 1e-30)).all()


def test_zeros_at_one_end_only() -> None:
    """The size of the result decides how far the zeros go: an even kernel with padding='same'."""
    x, w = np.random.default_rng(0).standard_normal((2, 3, 6, 7)), np.random.default_rng(1).standard_normal((4, 3, 2, 4))
    geo = (1, 1), (0, 1), (1, 1), 1
    g = np.random.default_rng(2).standard_normal((2, 4, 6, 7))
    for got, expected in zip(run(x, w, g, *geo), reference(x, w, g, *geo)):
        np.testing.assert_allclose(got, expected, atol=1e-12)


@pytest.mark.parametrize('groups', [1, 2])
def test_infinities_of_other_pixels_do_not_matter(groups: int) -> None:
    """What lies between the rows of the result is computed but not stored, and padding multiplies no infinity."""
    x, w = np.ones((1, groups, 6, 6), 'f'), np.ones((groups, 1, 3, 3), 'f')
    x[0, 0, 0, 5] = np.inf
    y, gx, gw = run(x, w, np.ones((1, groups, 4, 4), 'f'), (1, 1), (0, 0), (1, 1), groups)
    assert np.isinf(y).sum() == 1 and y[0, 0, 0, 3] == np.inf and np.isfinite(gx).all()
    assert np.isinf(gw).sum() == 1 and not np.isnan(gw).any()


@pytest.mark.parametrize('seed', range(12))
def test_one_channel_per_group(seed: int) -> None:
    rng = np.random.default_rng(seed)
    kernel, stride, dilation, padding, size = (tuple(int(i) for i in rng.choice(choices, 2)) for choices in (
        (1, 2, 3, 5), (1, 2), (1, 2), (0, 1, 2, 5), (9, 14, 33, 150)))
    out = tuple((i + 2 * p - (k - 1) * d - 1) // s + 1 for i, p, k, d, s in zip(size, padding, kernel, dilation, stride))
    each = int(rng.integers(1, 4))
    case = (*(rng.standard_normal(shape).astype('f') for shape in ((2, 3, *size), (3 * each, 1, *kernel), (2, 3 * each, *out))),
            stride, padding, dilation, 3)
    for got, expected, ones in zip(run(*case), reference(*case), reference(*(abs(a) for a in case[:3]), *case[3:])):
        assert (np.abs(got - expected) <= TOLERANCE['float32'] * (ones + 1e-30)).all()


@pytest.mark.parametrize(('dims', 'taps', 'step', 'dtype', 'seed'), [
    (dims, *kind, dtype, seed) for dims, kind, dtype, seed in product((1, 2, 3), ((3, 1), (3, 2), (4, 2)), TOLERANCE, range(5))])
def test_tiles(dims: int, taps: int, step: int, dtype: str, seed: int) -> None:
    """By tiles: odd and even sizes and paddings, channels that fill no vector, one block and many, strides, taps of depth."""
    rng = np.random.default_rng(seed)
    n, c, m = (int(rng.choice(choices)) for choices in ((1, 3, 40), (3, 17, 40), (5, 29, 40)))
    size = tuple(int(rng.choice((4, 5, 7, 13, 16))) for _ in range(dims)) if dims < 3 else (3, 5, 7)
    stride, kernel = ((1,) * (dims - 2) + (step,) * min(dims, 2)), (seed // 2 + 1,) * (dims - 2) + (taps,) * min(dims, 2)
    padding = tuple(int(rng.integers(0, k)) for k in kernel)
    out = [(i + 2 * p - k) // s + 1 for i, p, k, s in zip(size, padding, kernel, stride)]
    x, w, g, b, d = (rng.standard_normal(shape).astype(dtype) for shape in (
        (n, c, *size), (m, c, *kernel), (n, m, *out), m, c))
    got = np.full_like(g, np.nan), np.full_like(x, np.nan), np.full_like(w, np.nan)
    assert K.minimal.conv_forward(x, w, b, got[0], stride, padding)
    assert K.minimal.conv_input_grad(g, w, d, got[1], stride, padding)
    assert K.minimal.conv_weight_grad(x, g, got[2], stride, padding)
    geo: Any = (stride, padding, (1,) * dims, 1)
    expected, ones = reference(x, w, g, *geo), reference(abs(x), abs(w), abs(g), *geo)
    for i, bias in ((0, b), (1, d), (2, np.zeros(1, dtype))):
        column = bias.reshape(-1, *[1] * dims)
        assert (np.abs(got[i] - (expected[i] + column)) <= TOLERANCE[dtype] * (ones[i] + np.abs(column) + 1e-30)).all()


@pytest.mark.parametrize(('n', 'c', 'm', 'size', 'taps', 'stride'), [
    (32, 64, 300, (8, 8), 3, 1), (2, 40, 270, (17, 16), 3, 2), (2, 270, 40, (17, 16), 3, 2), (30, 64, 30, (21,), 3, 1),
    (3, 40, 270, (16, 17), 4, 2), (9, 270, 40, (16, 17), 4, 2), (30, 64, 30, (42,), 4, 2),
    (4, 530, 270, (7, 7), 3, 1), (9, 300, 530, (16, 15), 4, 2)])
def test_tiles_of_many_channels(n: int, c: int, m: int, size: Any, taps: int, stride: int) -> None:
    """Factors that are made where they are used, at once or in parts, values that several tasks share, more than one block,
    weight gradients by groups of channels or slices of tiles."""
    rng = np.random.default_rng(1)
    dims = len(size)
    geo: Any = ((stride,) * dims, (1,) * dims, (1,) * dims, 1)
    shapes = (n, c, *size), (m, c, *(taps,) * dims), (n, m, *((i + 2 - taps) // stride + 1 for i in size))
    x, w, g = (rng.standard_normal(shape).astype('f') for shape in shapes)
    parts = np.full_like(g, np.nan), np.full_like(x, np.nan), np.full_like(w, np.nan)
    assert K.minimal.conv_forward(x, w, None, parts[0], *geo[:2])
    assert K.minimal.conv_input_grad(g, w, None, parts[1], *geo[:2])
    assert K.minimal.conv_weight_grad(x, g, parts[2], *geo[:2])
    for part, expected, ones in zip(parts, reference(x, w, g, *geo), reference(abs(x), abs(w), abs(g), *geo)):
        assert (np.abs(part - expected) <= TOLERANCE['float32'] * ones).all()


def test_channels_of_their_own_are_not_paired() -> None:
    """One channel per group has a kernel of its own, three times as quick as pairs."""
    geo: Any = ((30, 30), (1, 1), (1, 1), (1, 1))
    assert not _conv_kernels.paired((8, 1, 3, 3), 1, 1, *geo, 8) and not _conv_kernels.paired((16, 1, 3, 3), 1, 2, *geo, 8)
    assert _conv_kernels.paired((8, 1, 3, 3), 1, 8, *geo, 1) and _conv_kernels.paired((8, 2, 3, 3), 2, 2, *geo, 4)


@pytest.mark.parametrize(('taps', 'stride'), [(3, 1), (3, 2), (4, 2)])
@pytest.mark.parametrize('groups', [2, 3, 9])
def test_tiles_of_groups(groups: int, taps: int, stride: int) -> None:
    """Groups one after the other, and many as tasks of their own."""
    rng = np.random.default_rng(3)
    geo: Any = ((stride, stride), (1, 1), (1, 1), groups)
    out = [(i + 2 - taps) // stride + 1 for i in (13, 14)]
    x, w, g, b, d = (rng.standard_normal(shape).astype('f') for shape in (
        (2, groups * 5, 13, 14), (groups * 18, 5, taps, taps), (2, groups * 18, *out), groups * 18, groups * 5))
    y, gx, gw = np.full_like(g, np.nan), np.full_like(x, np.nan), np.full_like(w, np.nan)
    assert K.minimal.conv_forward(x, w, b, y, *geo[:2], groups)
    assert K.minimal.conv_input_grad(g, w, d, gx, *geo[:2], groups)
    assert K.minimal.conv_weight_grad(x, g, gw, *geo[:2], groups)
    sums = zip((y, gx, gw), (b[:, None, None], d[:, None, None], np.zeros(1)), reference(x, w, g, *geo),
               reference(abs(x), abs(w), abs(g), *geo))
    for part, bias, expected, ones in sums:
        assert (np.abs(part - expected - bias) <= TOLERANCE['float32'] * (ones + np.abs(bias))).all()


@pytest.mark.parametrize(('shape', 'kernel', 'stride', 'padding', 'groups'), [
    ((2, 3, 40, 50), (64, 3, 7, 7), (2, 2), (3, 3), 1),
    ((2, 1, 28, 28), (6, 1, 5, 5), (1, 1), (0, 0), 1),
    ((2, 32, 9, 11), (32, 16, 3, 3), (1, 1), (1, 1), 2),
    ((3, 4, 17, 5), (20, 2, 3, 3), (1, 2), (2, 1), 2),
    ((1, 3, 8, 9), (5, 3, 2, 4), (2, 1), (0, 2), 1),
    ((2, 5, 7, 90), (33, 5, 1, 16), (1, 1), (0, 8), 1),
    ((1, 2, 30, 31), (3, 2, 11, 11), (2, 2), (2, 10), 1),
    ((2, 3, 6, 1), (7, 3, 3, 3), (1, 1), (1, 1), 1),
    ((1, 2, 2, 2000), (3, 2, 2, 2), (1, 1), (1, 1), 1),       # a row of several tiles, a box of one row
    ((1, 3, 4, 41), (4, 3, 2, 12), (1, 2), (1, 11), 1),
], ids=str)
@pytest.mark.parametrize('dtype', TOLERANCE)
def test_pairs(shape: Any, kernel: Any, stride: Any, padding: Any, groups: int, dtype: str) -> None:
    """By pairs of a row: threes, twos and ones of taps, both strides, odd widths, groups, one box and many."""
    rng = np.random.default_rng(2)
    out = [(i + 2 * p - k) // s + 1 for i, k, s, p in zip(shape[2:], kernel[2:], stride, padding)]
    sizes = shape, kernel, (shape[0], kernel[0], *out), kernel[0], shape[1]
    x, w, g, b, c = (rng.standard_normal(size).astype(dtype) for size in sizes)
    geo: Any = (stride, padding, (1, 1), groups)
    expected, ones = reference(x, w, g, *geo), reference(abs(x), abs(w), abs(g), *geo)
    y, gx = np.full_like(g, np.nan), np.full_like(x, np.nan)
    assert K.pairs.conv_forward(x, w, b, y, stride, padding, groups)
    assert (np.abs(y - expected[0] - b[:, None, None]) <= TOLERANCE[dtype] * (ones[0] + abs(b[:, None, None]))).all()
    if max(stride) == 1:
        assert K.pairs.conv_input_grad(g, w, c, gx, stride, padding, groups)
        assert (np.abs(gx - expected[1] - c[:, None, None]) <= TOLERANCE[dtype] * (ones[1] + abs(c[:, None, None]))).all()
    x[-1, -1, -1, -1] = np.inf
    assert not K.pairs.conv_forward(x, w, b, y, stride, padding, groups) or np.isfinite(y).all()


@pytest.mark.parametrize(('shape', 'kernel', 'geo'), [
    ((2, 3, 40, 41), (18, 3, 5, 3), ((1, 1), (2, 0), (1, 2), 1)),        # boxes of an image, one pass
    ((1, 70, 20, 33), (37, 70, 3, 3), ((1, 1), (1, 1), (1, 1), 1)),      # several passes and pieces, planes shared
    ((9, 80, 5, 5), (96, 40, 2, 3), ((2, 1), (1, 2), (1, 1), 2)),        # images in a block, two groups
    ((5, 33, 9, 4), (20, 33, 3, 2), ((1, 3), (0, 0), (2, 1), 1)),        # images read in place
    ((1, 2, 700), (40, 2, 9), ((5,), (4,), (1,), 1)),
    ((2, 40, 5, 9, 11), (6, 40, 3, 2, 3), ((2, 1, 2), (1, 1, 0), (1, 2, 1), 1)),
    ((2, 8, 30, 30), (16, 8, 3, 3), ((1, 1), (40, 3), (1, 1), 1)),       # boxes that see only zeros
    ((3, 40, 31, 30), (70, 40, 4, 3), ((2, 3), (1, 2), (1, 1), 1)),
    ((2, 6, 20, 21), (5, 6, 2, 1), ((3, 4), (0, 0), (1, 1), 1)),         # pixels of the input that no tap sees
    ((1, 33, 28, 40), (90, 33, 3, 3), ((2, 2), (0, 3), (2, 3), 1)),
    ((3, 4, 20, 37), (6, 2, 5, 3), ((1, 1), (9, 1), (3, 2), 2)),         # rows of taps that see nothing
    ((2, 5, 6, 9, 20), (15, 5, 2, 3, 1), ((1, 1, 1), (0, 2, 0), (1, 2, 1), 1)),
], ids=str)
@pytest.mark.parametrize('dtype', TOLERANCE)
def test_channels_in_lanes_and_rows(shape: Any, kernel: Any, geo: Any, dtype: str) -> None:
    rng = np.random.default_rng(5)
    stride, padding, dilation, _ = geo
    out = [(i + 2 * p - d * (k - 1) - 1) // s + 1 for i, k, s, p, d in zip(shape[2:], kernel[2:], stride, padding, dilation)]
    sizes = shape, kernel, (shape[0], kernel[0], *out), kernel[0], shape[1]
    x, w, g, b, c = (rng.standard_normal(size).astype(dtype) for size in sizes)
    y, gx, gw = np.full_like(g, np.nan), np.full_like(x, np.nan), np.full_like(w, np.nan)
    K.direct.conv_forward(x, w, b, y, *geo)
    K.direct.conv_input_grad(g, w, c, gx, *geo)
    K.direct.conv_weight_grad(x, g, gw, *geo)
    cases = [(y, b, 0), (gx, c, 1), (gw, np.zeros(1), 2)]
    if max(stride) == 1:
        y, gx = np.full_like(g, np.nan), np.full_like(x, np.nan)
        K.rows.conv_forward(x, w, b, y, *geo)
        K.rows.conv_input_grad(g, w, c, gx, *geo)
        cases += [(y, b, 0), (gx, c, 1)]
    expected, ones = reference(x, w, g, *geo), reference(abs(x), abs(w), abs(g), *geo)
    for part, bias, i in cases:
        column = bias.reshape(-1, *[1] * len(out))
        assert (np.abs(part - (expected[i] + column)) <= TOLERANCE[dtype] * (ones[i] + np.abs(column))).all()


@pytest.mark.parametrize(('size', 'padding', 'dilation'), [
    ((28, 28), (2, 2), (2, 2)), ((19, 20), (0, 2), (2, 2)), ((17, 23), (3, 6), (3, 3)), ((16, 15), (4, 2), (4, 1)),
    ((33, 12), (1, 2), (1, 2)), ((5, 9), (8, 4), (8, 4)), ((20, 20), (1, 2), (2, 2))], ids=str)
@pytest.mark.parametrize('dtype', TOLERANCE)
def test_dilated(size: Any, padding: Any, dilation: Any, dtype: str) -> None:
    """Taken apart by remainders of rows and columns, of which the last may be fewer."""
    rng = np.random.default_rng(11)
    image = rng.standard_normal((2, 3, *size)).astype(dtype)
    room, images = _conv_kernels.parts(image, dilation)
    for part in np.ndindex(*dilation):
        seen = image[:, :, part[0]::dilation[0], part[1]::dilation[1]]
        got = K.dilated.split(image, room)[:, part[0], part[1]]
        assert (got[:, :, :seen.shape[2], :seen.shape[3]] == seen).all() and np.count_nonzero(got) == seen.size
    assert (K.dilated.merge(room, np.empty_like(image)) == image).all() and images.base is not None
    out = tuple(i + 2 * p - 2 * d for i, p, d in zip(size, padding, dilation))
    x, w, g, b, d = (rng.standard_normal(shape).astype(dtype) for shape in (
        (5, 24, *size), (70, 24, 3, 3), (5, 70, *out), 70, 24))
    geo: Any = (1, 1), padding, dilation, 1
    y, gx, gw = np.full_like(g, np.nan), np.full_like(x, np.nan), np.full_like(w, np.nan)
    parts = (_conv_kernels.forward(x, w, b, y, *geo), _conv_kernels.input_grad(g, w, d, gx, *geo),
             _conv_kernels.weight_grad(x, g, None, gw, *geo))
    for part, bias, expected, ones in zip(parts, (b, d, np.zeros(1)), reference(x, w, g, *geo),
                                          reference(abs(x), abs(w), abs(g), *geo)):
        column = bias.reshape(-1, 1, 1)
        assert (np.abs(part - (expected + column)) <= TOLERANCE[dtype] * (ones + np.abs(column))).all()


@pytest.mark.parametrize(('n', 'c', 'm', 'size', 'stride', 'groups'), [
    (2, 17, 33, (9, 31), (1, 1), 1),        # the last columns of an image fill no vector
    (1, 1, 1, (4, 4), (1, 1), 1),
    (3, 40, 260, (5, 7), (1, 1), 1),        # channels in lanes; rows in several pieces of a weight gradient
    (3, 300, 20, (30, 37), (1, 1), 1),      # several blocks; output channels in lanes of the weight gradient
    (5, 6, 70, (33, 30), (2, 3), 2),
    (2, 33, 64, (7, 7), (2, 2), 1),
    (4, 5, 6, (1, 1), (1, 1), 1),           # a linear layer
    (4, 5, 6, (2, 1), (2, 1), 1),
    (2, 12, 9, (70,), (2,), 3),
    (1, 20, 33, (4, 9, 6), (1, 2, 3), 1),
])
@pytest.mark.parametrize('dtype', TOLERANCE)
def test_one_tap(n: int, c: int, m: int, size: Any, stride: Any, groups: int, dtype: str) -> None:
    rng = np.random.default_rng(7)
    out = tuple((i - 1) // s + 1 for i, s in zip(size, stride))
    shapes = (n, c * groups, *size), (m * groups, c, *[1] * len(size)), (n, m * groups, *out), m * groups, c * groups
    x, w, g, b, d = (rng.standard_normal(shape).astype(dtype) for shape in shapes)
    zeros: Any = (0,) * len(size)
    geo: Any = stride, zeros, (1,) * len(size), groups
    y, gx, gw = np.full_like(g, np.nan), np.full_like(x, np.nan), np.full_like(w, np.nan)
    parts = (_conv_kernels.forward(x, w, b, y, *geo), _conv_kernels.input_grad(g, w, d, gx, *geo),
             _conv_kernels.weight_grad(x, g, None, gw, *geo))
    for part, bias, expected, ones in zip(parts, (b, d, np.zeros(1)), reference(x, w, g, *geo),
                                          reference(abs(x), abs(w), abs(g), *geo)):
        column = bias.reshape(-1, *[1] * len(out))
        assert (np.abs(part - (expected + column)) <= TOLERANCE[dtype] * (ones + np.abs(column))).all()


@pytest.mark.parametrize('geometry', [
    ((2, 128, 32, 32), (64, 128, 3, 3), (2, 2), (1, 1)), ((3, 64, 40), (32, 64, 3), (1,), (1,)),
    ((2, 64, 32, 32), (48, 64, 4, 4), (2, 2), (1, 1)), ((9, 64, 40), (32, 64, 4), (2,), (1,)),
    ((1, 16, 8, 8, 8), (16, 16, 3, 3, 3), (1, 1, 1), (1, 1, 1))], ids=str)
def test_tiles_leave_infinities_to_direct_sums(geometry: Any) -> None:
    shape, kernel, stride, padding = geometry
    x, w = np.ones(shape, 'f'), np.ones(kernel, 'f')
    x[(0, 1, *[2] * len(stride))] = np.inf
    out = [(i - 1) // s + 1 for i, s in zip(shape[2:], stride)]
    g = np.ones((shape[0], kernel[0], *out), 'f')
    assert _conv_kernels.tiled(kernel, shape[0], out, stride, padding, (1,) * len(stride), 1)
    y, gx, gw = run(x, w, g, stride, padding, (1,) * len(stride), 1)
    expected = reference(x, w, g, stride, padding, (1,) * len(stride), 1)
    for part, right in zip((y, gx, gw), expected):
        assert (np.isinf(part) == np.isinf(right)).all() and not np.isnan(part).any()
    g[(0, 1, *[2] * len(stride))] = np.inf
    assert _conv_kernels.tiled(kernel, shape[0], shape[2:], stride, padding, (1,) * len(stride), 1, gradient=True)
    gx = _conv_kernels.input_grad(g, w, None, np.full_like(x, np.nan), stride, padding, (1,) * len(stride), 1)
    assert np.isinf(gx).sum() == kernel[1] * np.prod(kernel[2:]) and not np.isnan(gx).any()


def test_tiles_leave_infinities_where_they_are() -> None:
    """An infinite pixel spreads over the tiles that see it, which is noticed: the result is that of the direct sums."""
    x, w = np.ones((2, 64, 8, 8), 'f'), np.ones((64, 64, 3, 3), 'f')
    x[1, 3, 4, 5] = np.inf
    y, gx, gw = run(x, w, np.ones((2, 64, 8, 8), 'f'), (1, 1), (1, 1), (1, 1), 1)
    assert np.isinf(y).sum() == 64 * 9 and not np.isnan(y).any() and np.isfinite(gx).all()
    assert np.isinf(gw).sum() == 64 * 9 and not np.isnan(gw).any()


def test_bias_and_empty() -> None:
    y = K.conv.conv_forward(np.ones((2, 0, 3, 3)), np.ones((2, 0, 2, 2)), np.array([1.0, 2.0]), np.empty((2, 2, 2, 2)), (1, 1),
                            (0, 0), (1, 1), 1)
    assert (y[:, 0] == 1).all() and (y[:, 1] == 2).all()
    w = K.conv.conv_weight_grad(np.ones((0, 1, 3)), np.ones((0, 2, 2)), np.empty((2, 1, 2)), (1,), (0,), (1,), 1)
    assert (w == 0).all()


@pytest.mark.parametrize(('c', 'groups', 'stride', 'kernel'), [
    (3, 1, 1, 3), (8, 1, 1, 3), (64, 1, 1, 3), (40, 40, 1, 3), (70, 1, 2, 3), (128, 1, 2, 3), (64, 1, 2, 4),
    (8, 1, 1, 1), (300, 1, 1, 1), (20, 1, 2, 1)])
def test_same_bits_for_any_number_of_threads(c: int, groups: int, stride: int, kernel: int) -> None:
    """Channels in lanes, by tiles, one channel per group, several passes, pixels in lanes."""
    rng = np.random.default_rng(3)
    out = (20 + kernel // 2 * 2 - kernel) // stride + 1
    case = (rng.standard_normal((9, c, 20, 20)).astype('f'), rng.standard_normal((80, c // groups, kernel, kernel)).astype('f'),
            rng.standard_normal((9, 80, out, out)).astype('f'), (stride,) * 2, (kernel // 2,) * 2, (1, 1), groups)
    before = cnet.get_num_threads()
    try:
        results = []
        for threads in (1, 2, 3):
            cnet.set_num_threads(threads)
            results.append(b''.join(a.tobytes() for a in run(*case)))
        assert len(set(results)) == 1
    finally:
        cnet.set_num_threads(before)


@pytest.mark.parametrize('geometry', [
    ((1, 3, 9, 9), (5, 3, 5, 5), (1, 1), 1),       # few channels
    ((2, 64, 8, 8), (64, 64, 3, 3), (1, 1), 1),    # by tiles
    ((2, 64, 8, 8), (70, 64, 1, 1), (1, 1), 1),
    ((2, 8, 8, 8), (8, 1, 3, 3), (1, 1), 8),       # depthwise
    ((2, 8, 9, 9), (8, 1, 3, 3), (2, 2), 8),
    ((2, 32, 9, 9), (40, 32, 3, 3), (2, 2), 1),
    ((2, 64, 34, 34), (64, 64, 4, 4), (2, 2), 1),
], ids=str)
def test_denormals_count_as_zero_and_only_there(geometry: Any) -> None:
    """No path multiplies denormal numbers, which is slow, and none leaves the mode behind."""
    shape, kernel, stride, groups = geometry
    x, w = np.full(shape, 1e-40, 'f4'), np.ones(kernel, 'f4')
    out = [(i - k) // s + 1 for i, k, s in zip(shape[2:], kernel[2:], stride)]
    g = np.full((shape[0], kernel[0], *out), 1e-40, 'f4')
    for result in run(x, w, g, stride, (0, 0), (1, 1), groups):
        assert not result.any()
    assert (x * np.float32(1)).all() and cnet.from_numpy(x).mul(1).count_nonzero() == x.size
