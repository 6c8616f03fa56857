"""Types: singletons, categories, promotion, limits."""
from __future__ import annotations

import copy
import itertools
import pickle

import numpy as np
import pytest

import cnet
from cnet._core.dtype import DTYPES, from_np, promote, promote_all

# What PyTorch gives for the pairs that NumPy treats differently, and a few that show each rule.
PROMOTED = [
    ('bool', 'bool', 'bool'), ('bool', 'uint8', 'uint8'), ('uint8', 'int8', 'int16'), ('uint8', 'int16', 'int16'),
    ('int64', 'float16', 'float16'), ('int64', 'float32', 'float32'), ('float16', 'float32', 'float32'),
    ('float64', 'complex64', 'complex128'), ('int64', 'complex64', 'complex64'), ('bool', 'float16', 'float16'),
]


@pytest.mark.parametrize('dtype', DTYPES, ids=str)
def test_singletons(dtype):
    assert getattr(cnet, dtype.name) is dtype
    assert pickle.loads(pickle.dumps(dtype)) is dtype
    assert copy.deepcopy([dtype])[0] is dtype and copy.copy(dtype) is dtype
    assert repr(dtype) == f'cnet.{dtype.name}' == str(dtype)
    assert from_np(np.dtype(dtype.name)) is dtype
    assert dtype.itemsize == np.dtype(dtype.name).itemsize


def test_aliases():
    for name, alias in (('float32', 'float'), ('float64', 'double'), ('float16', 'half'), ('int16', 'short'),
                        ('int32', 'int'), ('int64', 'long'), ('complex64', 'cfloat'), ('complex128', 'cdouble')):
        assert getattr(cnet, name) is getattr(cnet, alias)


def test_nobody_makes_more():
    with pytest.raises(TypeError, match='cannot create'):
        type(cnet.float32)()


def test_kinds():
    assert [d.name for d in DTYPES if d.is_floating_point] == ['float16', 'float32', 'float64']
    assert [d.name for d in DTYPES if d.is_complex] == ['complex64', 'complex128']
    assert [d.name for d in DTYPES if not d.is_signed] == ['bool', 'uint8']


def test_parts_of_complex():
    assert cnet.complex128.to_real() is cnet.float64 and cnet.int8.to_real() is cnet.int8
    assert cnet.float32.to_complex() is cnet.complex64 is cnet.complex64.to_complex()
    with pytest.raises(RuntimeError, match='Unknown Complex ScalarType for Long'):
        cnet.int64.to_complex()


def test_unsupported_numpy_types():
    for name in ('uint16', 'uint32', 'uint64', 'O', 'U3', 'M8[s]', 'longdouble'):
        with pytest.raises(TypeError, match=r"can't convert np.ndarray of type"):
            from_np(np.dtype(name))


@pytest.mark.parametrize(('a', 'b', 'expected'), PROMOTED)
def test_promote_types(a, b, expected):
    a, b, expected = (getattr(cnet, name) for name in (a, b, expected))
    assert cnet.promote_types(a, b) is expected is cnet.promote_types(b, a)


def test_promotion_is_a_lattice():
    for a, b, c in itertools.product(DTYPES, repeat=3):
        join = cnet.promote_types
        assert join(a, b) is join(b, a) and join(a, a) is a
        # float16 with complex64 is complex64: there is no narrower complex type, so nothing is lost either way.
        assert join(join(a, b), c) is join(a, join(b, c))


def test_bad_arguments():
    with pytest.raises(TypeError, match=r"promote_types\(\): argument 'type2' \(position 2\) must be cnet.dtype, not int"):
        cnet.promote_types(cnet.int8, 3)
    with pytest.raises(TypeError, match=r"can_cast\(\): argument 'from_'"):
        cnet.can_cast(1, 2)
    with pytest.raises(TypeError, match='invalid combination'):
        cnet.result_type([1], 2)


@pytest.mark.parametrize(('a', 'b', 'expected'), [
    (cnet.ones(2, dtype=cnet.uint8), 300, 'uint8'),
    (cnet.ones(2, dtype=cnet.uint8), 1.5, 'float32'),
    (cnet.ones(2, dtype=cnet.float16), 1.5, 'float16'),
    (cnet.ones(2, dtype=cnet.float64), 1j, 'complex128'),
    (cnet.ones(2, dtype=cnet.float32), cnet.tensor(1.0, dtype=cnet.float64), 'float32'),
    (cnet.ones(2, dtype=cnet.int8), cnet.tensor(1, dtype=cnet.int64), 'int8'),
    (cnet.ones(2, dtype=cnet.int64), cnet.tensor(1.0, dtype=cnet.float16), 'float16'),
    (cnet.ones(2, dtype=cnet.bool), cnet.tensor(1, dtype=cnet.int8), 'int8'),
    (cnet.ones(2, dtype=cnet.float32), cnet.tensor(1j, dtype=cnet.complex128), 'complex64'),
    (cnet.tensor(1, dtype=cnet.int8), cnet.tensor(1, dtype=cnet.int64), 'int64'),
    (cnet.tensor(1, dtype=cnet.int8), 2.5, 'float32'),
    (2, 3.5, 'float32'), (2, 3, 'int64'), (True, False, 'bool'), (True, 2j, 'complex64'),
], ids=str)
def test_result_type(a, b, expected):
    assert cnet.result_type(a, b).name == expected == cnet.result_type(b, a).name
    assert promote_all((a, b)).name == expected
    if cnet.is_tensor(a) or cnet.is_tensor(b):
        assert promote(a, b).name == expected == promote(b, a).name


def test_promote_all_of_three():
    x, zero, number = cnet.ones(2, dtype=cnet.int8), cnet.tensor(1.0, dtype=cnet.float64), 2
    assert promote_all((x, zero, number)).name == 'float64'
    assert promote_all((x, number)).name == 'int8'


def test_can_cast():
    assert cnet.can_cast(cnet.float64, cnet.float16) and cnet.can_cast(cnet.int64, cnet.uint8)
    assert cnet.can_cast(cnet.bool, cnet.int8) and cnet.can_cast(cnet.float32, cnet.complex64)
    assert not cnet.can_cast(cnet.complex64, cnet.float64) and not cnet.can_cast(cnet.float16, cnet.int64)
    assert not cnet.can_cast(cnet.int64, cnet.bool)


def test_default_dtype():
    cnet.set_default_dtype(cnet.float64)
    assert cnet.get_default_dtype() is cnet.float64
    assert cnet.tensor([1.5]).dtype is cnet.float64 and cnet.tensor([1j]).dtype is cnet.complex128
    assert cnet.zeros(1).dtype is cnet.float64 and cnet.result_type(1, 2.5) is cnet.float64
    for bad in (cnet.int32, cnet.complex64, 'float'):
        with pytest.raises(TypeError, match='only floating-point types are supported as the default type'):
            cnet.set_default_dtype(bad)
    assert cnet.get_default_dtype() is cnet.float64


def test_finfo():
    info = cnet.finfo(cnet.float32)
    assert repr(info) == ('finfo(resolution=1e-06, min=-3.40282e+38, max=3.40282e+38, eps=1.19209e-07, '
                          'smallest_normal=1.17549e-38, tiny=1.17549e-38, dtype=float32)')
    assert info.bits == 32 and info.tiny == info.smallest_normal == 2.0 ** -126 and type(info.max) is float
    assert cnet.finfo() == info == cnet.finfo(cnet.complex64) != cnet.finfo(cnet.float64)
    assert cnet.finfo(cnet.float16).resolution == 1e-3 and cnet.finfo(type=cnet.float64).resolution == 1e-15
    with pytest.raises(TypeError, match='requires a floating point input type'):
        cnet.finfo(cnet.int32)


def test_iinfo():
    assert repr(cnet.iinfo(cnet.int8)) == 'iinfo(min=-128, max=127, dtype=int8)'
    assert cnet.iinfo(cnet.int64).max == 2 ** 63 - 1 and cnet.iinfo(cnet.uint8).bits == 8
    assert cnet.iinfo(cnet.int8) == cnet.iinfo(cnet.int8) != cnet.iinfo(cnet.uint8)
    with pytest.raises(TypeError, match='requires an integer input type'):
        cnet.iinfo(cnet.float32)
    with pytest.raises(TypeError, match='bool is not supported'):
        cnet.iinfo(cnet.bool)


def test_bfloat16_is_only_a_name():
    d = cnet.bfloat16
    assert repr(d) == 'cnet.bfloat16' and d.itemsize == 2 and d.is_floating_point and not d.is_complex
    assert d == cnet.bfloat16 and d != cnet.float16 and isinstance(d, cnet.dtype) and d.to_real() is d
    assert pickle.loads(pickle.dumps(d)) is d and copy.deepcopy(d) is d
    assert cnet.can_cast(d, cnet.float32) and not cnet.can_cast(d, cnet.int64)
    x = cnet.ones(2)
    for make in (lambda: cnet.ones(2, dtype=d), lambda: x.to(d), lambda: x.type(d), lambda: x.bfloat16(), lambda: x.sum(dtype=d),
                 lambda: cnet.tensor([1.], dtype=d), lambda: cnet.set_default_dtype(d), lambda: cnet.finfo(d), lambda: x.view(d),
                 lambda: cnet.promote_types(d, cnet.float32), lambda: cnet.nn.Linear(2, 2, dtype=d),
                 lambda: cnet.nn.Linear(2, 2).to(d), lambda: cnet.nn.Linear(2, 2).bfloat16()):
        with pytest.raises(TypeError, match='no tensors of cnet.bfloat16'):
            make()
    assert cnet.get_default_dtype() is cnet.float32
    assert not hasattr(d, 'colour')
