"""Copies between layouts, joined arrays, elements chosen by a mask: against NumPy over random strides."""
from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
import pytest

import cnet
from cnet import _kernels as K

C = K.copy
TYPES = [np.uint8, np.float16, np.float32, np.float64, np.complex128]


def views(dtype: type, count: int) -> list[np.ndarray]:
    """Arrays of up to five dimensions with permuted, skipped, reversed and repeated elements."""
    rng, pick = np.random.default_rng(0), random.Random(1)
    found = []
    for _ in range(count):
        shape = [pick.choice([1, 2, 3, 5, 16, 17, 70]) for _ in range(pick.randint(1, 3))]
        a = (rng.random([2 * n for n in shape]) * 200).astype(dtype)
        v = a[tuple(slice(None, None, 2) if pick.random() < 0.5 else slice(n) for n in shape)]
        v = v.transpose(pick.sample(range(v.ndim), v.ndim))
        if pick.random() < 0.2:
            v = v[::-1]
        if pick.random() < 0.2:
            v = v[..., ::-1]
        if pick.random() < 0.2:
            v = np.broadcast_to(v[:1], v.shape)
        if pick.random() < 0.2:
            v = np.broadcast_to(v[..., None], (*v.shape, pick.choice([2, 64, 65])))
        found.append(v)
    return found


@pytest.mark.parametrize('dtype', TYPES)
def test_copies_of_any_strides(dtype: type) -> None:
    for v in views(dtype, 60):
        r = C.copied(v)
        assert r.flags.c_contiguous and np.array_equal(r, v)
        turned = np.empty(v.shape[::-1], dtype).transpose()
        C.assign(turned, v)
        assert np.array_equal(turned, v)
        spread = np.zeros([2 * n for n in v.shape], dtype)[tuple([slice(None, None, 2)] * v.ndim)]
        C.assign(spread, v)
        assert np.array_equal(spread, v)


def test_what_is_contiguous_is_not_copied() -> None:
    a = np.ones((3, 4))
    assert C.contiguous(a) is a and C.contiguous(a.T) is not a.T


@pytest.mark.parametrize('dtype', TYPES)
@pytest.mark.parametrize('columns', [1, 2, 3, 4, 5])
def test_few_columns(columns: int, dtype: type) -> None:
    x = (np.random.default_rng(0).random((3, columns, 900)) * 200).astype(dtype)
    assert np.array_equal(C.copied(x.transpose(0, 2, 1)), x.transpose(0, 2, 1).copy())
    spread = np.zeros((3, 900, columns + 1), dtype)
    C.assign(spread[..., :columns], x.transpose(0, 2, 1))
    assert np.array_equal(spread[..., :columns], x.transpose(0, 2, 1)) and not spread[..., columns].any()


@pytest.mark.parametrize('source', ['?', 'u1', 'i4', 'i8', 'e', 'f', 'd'])
def test_conversions(source: str) -> None:
    x = (np.random.default_rng(0).standard_normal(50_001) * 100).astype(source)
    if source in 'efd':
        x[:6] = np.nan, np.inf, -np.inf, -0.0, 6e4, 6e-8
    for target in ('?', 'u1', 'i4', 'i8', 'e', 'f', 'd'):
        with np.errstate(all='ignore'):
            want = x.astype(target)
        for n in (0, 1, 17, 50_001):
            r = np.zeros(n, target)
            if C.recast(r, x[:n]):
                np.testing.assert_array_equal(r, want[:n], err_msg=target)
            else:
                assert not r.any(), 'refused after writing'
    assert C.recast(np.zeros(3, np.int64), np.zeros(3, np.float32))
    assert not C.recast(np.zeros(3, np.int64), np.zeros(4, np.float32))
    assert not C.recast(np.zeros(3, np.complex64), np.zeros(3, np.float32))


def test_every_half() -> None:
    h = np.arange(65536, dtype=np.uint16).view(np.float16)
    single = cnet.from_numpy(h).float()
    np.testing.assert_array_equal(single.numpy(), h.astype(np.float32))
    np.testing.assert_array_equal(single.half().numpy(), h)
    between = np.nextafter(h[:0x7bff].astype(np.float32) + h[1:0x7c00].astype(np.float32), np.float32(1e9)) / 2
    np.testing.assert_array_equal(cnet.from_numpy(between).half().numpy(), between.astype(np.float16))


@pytest.mark.parametrize('dtype', TYPES)
def test_join(dtype: type) -> None:
    for v in views(dtype, 30):
        for dim in range(v.ndim):
            r = C.join((v, v[::-1], v.copy()), dim)
            assert r.flags.c_contiguous and np.array_equal(r, np.concatenate((v, v[::-1], v), dim))


@pytest.mark.parametrize('dtype', TYPES[:4])
def test_choose(dtype: type) -> None:
    for x in filter(lambda x: x.size > 1, views(dtype, 30)):
        c, y = x > 100, np.ascontiguousarray(x[::-1])
        for a, b in ((x, y), (x, y.ravel()[:1]), (x.ravel()[:1], y), (np.array(3, dtype), np.array(5, dtype))):
            r = C.choose(c, a, b)
            assert r is not None and np.array_equal(r, np.where(c, a, b))


@pytest.mark.parametrize('run', [lambda a: C.copied(a.T), lambda a: C.copied(a), lambda a: C.copied(a[::-1, ::-1]),
                                 lambda a: C.copied(np.broadcast_to(a[..., None], (*a.shape, 3))),
                                 lambda a: C.choose(a > 0.5, a, a + 1)])
def test_threads_do_not_change_anything(run: Callable) -> None:
    a = np.random.default_rng(0).random((900, 1100))
    before = cnet.get_num_threads()
    try:
        cnet.set_num_threads(1)
        one = run(a)
        cnet.set_num_threads(2)
        assert np.array_equal(one, run(a))
    finally:
        cnet.set_num_threads(before)


def test_results_beyond_the_caches() -> None:
    n = (32 << 20) // 4 + 12345  # from 32 MB on results are written past the caches
    x = np.arange(n, dtype=np.float32) % 1000 - 500
    out = np.empty(n + 3, np.float32)[3:]  # not aligned to vectors
    assert np.array_equal(K.pointwise.relu(x), np.maximum(x, 0))
    assert np.array_equal(K.pointwise.mul(x, x, out), x * x)
    rows = x[:8193 * 1025].reshape(8193, 1025)
    assert np.array_equal(K.pointwise.add(rows, rows[0]), rows + rows[0])
