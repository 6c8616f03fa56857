"""Checksums against zlib's, at lengths around those of lanes, steps and pieces."""
from __future__ import annotations

import zlib

import numpy as np
import pytest

import cnet
from cnet import _kernels as K

LENGTHS = [*range(70), 127, 128, 129, 255, 256, 1000, 65535, 65536, 65537, 131072, 200_001]


@pytest.mark.parametrize('threads', [1, 2, 3])
def test_equal_to_zlib(threads: int, fine_grain: None) -> None:
    cnet.set_num_threads(threads)
    data = np.random.default_rng(0).integers(256, size=200_100, dtype=np.uint8)
    for n in LENGTHS:
        for start in (0, 1, 3):
            part = data[start:start + n]
            assert K.checksum.crc32(part) == zlib.crc32(part)
            assert K.checksum.crc32(part, 12345 + n) == zlib.crc32(part, 12345 + n)
    assert K.checksum.crc32(bytes(300_000)) == zlib.crc32(bytes(300_000))


@pytest.mark.parametrize('n', [0, 1, 63, 64, 100, 65537, 3_000_001])  # the last past the caches
@pytest.mark.parametrize('at', [0, 1, 16])
def test_copied(n: int, at: int) -> None:
    data = np.random.default_rng(1).integers(256, size=n, dtype=np.uint8)
    to = np.zeros(n + at + 64, np.uint8)
    assert K.checksum.copied(to[at:at + n], data) == zlib.crc32(data)
    assert (to[at:at + n] == data).all()
    assert not to[:at].any() and not to[at + n:].any()


def test_strided_data_are_refused() -> None:
    with pytest.raises(ValueError):
        K.checksum.crc32(np.zeros(10, np.uint8)[::2])
