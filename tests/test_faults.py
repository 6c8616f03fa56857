"""A small part of what `python tests/faults.py` tries: deaths during saving, full disks, damaged and hostile files."""
from __future__ import annotations

import random

import faults
import mutations
import pytest

import cnet


@pytest.mark.parametrize(('kind', 'count', 'tried'), [
    ('kill', 2, 2), ('workers', 3, 0), ('disk', 20, 80), ('truncate', 60, 180), ('flip', 60, 180), ('hostile', 1, 150),
    ('fuzz', 50, 300)])
def test_faults(kind: str, count: int, tried: int) -> None:
    found = faults.KINDS[kind](count, random.Random(1))
    assert faults.bad(found) == {}
    assert found.total() >= tried


def test_what_counts_as_bad() -> None:
    assert faults.bad(faults.Counter({'zip: refused': 3, 'whole': 1, 'whole files under a temporary name': 1})) == {}
    assert len(faults.bad(faults.Counter({'zip: UNNOTICED': 1, 'TORN': 1, 'npz: UNEXPECTED IndexError: x': 2}))) == 3


def test_a_reader_that_fails_is_noticed() -> None:
    def broken(raw: bytes) -> None:
        raise IndexError('of the reader itself')
    assert faults.attempt(broken, b'')[0].startswith('UNEXPECTED IndexError')


def test_deep_and_doubled_contents_load() -> None:
    raw = mutations.readers()['zip'][0]

    def load(data: bytes) -> object:
        return faults.attempt(lambda d: cnet.load(faults.io.BytesIO(mutations.with_pickle(raw, d))), data)

    assert load(b'\x80\x02' + b']' * 50_000 + b'a' * 49_999 + b'.')[0] == 'read'
    doubled = b''.join(b']q%c(h%ch%ce' % (i + 1, i, i) for i in range(60))
    assert load(b'\x80\x02]q\x00' + doubled + b'.')[0] == 'read'
