"""Promotion for all pairs of types and kinds of operands."""
from __future__ import annotations

import itertools

import pytest

import cnet
from cnet._core.dtype import DTYPES, promote

torch = pytest.importorskip('torch')

NUMBERS = (True, 2, 2.5, 1j)
KINDS = [(shape, d.name) for d in DTYPES for shape in ((), (2,))] + list(NUMBERS)


def operand(lib, kind):
    return lib.ones(kind[0], dtype=getattr(lib, kind[1])) if isinstance(kind, tuple) else kind


def name(dtype):
    short = str(dtype).rpartition('.')[2]
    return 'complex64' if short == 'complex32' else short  # NumPy has no complex type of two float16


@pytest.mark.parametrize('default', ['float16', 'float32', 'float64'])
def test_result_type(default):
    torch.set_default_dtype(getattr(torch, default))
    cnet.set_default_dtype(getattr(cnet, default))
    try:
        for kinds in itertools.product(KINDS, repeat=2):
            expected = name(torch.result_type(*(operand(torch, k) for k in kinds)))
            ours = [operand(cnet, k) for k in kinds]
            assert name(cnet.result_type(*ours)) == expected, kinds
            if any(map(cnet.is_tensor, ours)):
                assert promote(*ours).name == expected, kinds
    finally:
        torch.set_default_dtype(torch.float32)


def test_pairs_of_types():
    for a, b in itertools.product(DTYPES, repeat=2):
        theirs = getattr(torch, a.name), getattr(torch, b.name)
        assert name(cnet.promote_types(a, b)) == name(torch.promote_types(*theirs))
        assert cnet.can_cast(a, b) == torch.can_cast(*theirs)


@pytest.mark.parametrize('dtype', DTYPES, ids=str)
def test_attributes(dtype):
    theirs = getattr(torch, dtype.name)
    for attribute in ('itemsize', 'is_floating_point', 'is_complex', 'is_signed', 'abbr'):
        assert getattr(dtype, attribute) == getattr(theirs, attribute)
    if dtype.is_floating_point or dtype.is_complex:
        ours, theirs = cnet.finfo(dtype), torch.finfo(theirs)
        limits = ('bits', 'eps', 'max', 'min', 'resolution', 'smallest_normal', 'tiny', 'dtype')
    elif dtype is not cnet.bool:
        ours, theirs = cnet.iinfo(dtype), torch.iinfo(theirs)
        limits = ('bits', 'max', 'min', 'dtype')
    else:
        return
    assert repr(ours) == repr(theirs)
    for limit in limits:
        assert getattr(ours, limit) == getattr(theirs, limit)
