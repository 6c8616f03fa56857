"""assert_close says what is wrong, in PyTorch's words; make_tensor keeps its bounds."""
from __future__ import annotations

import numpy as np
import pytest

import cnet
import cnet.testing
from cnet.testing import assert_close, make_tensor

T = cnet.tensor

NOT_CLOSE = ('Tensor-likes are not close!\n\nMismatched elements: 1 / 2 (50.0%)\n'
             'Greatest absolute difference: 1.0 at index (1,) (up to 1e-05 allowed)\n'
             'Greatest relative difference: 0.3333333432674408 at index (1,) (up to 1.3e-06 allowed)')


@pytest.mark.parametrize(('a', 'b', 'text'), [
    (T([1.0, 2.0]), T([1.0, 3.0]), NOT_CLOSE),
    (T([1, 2]), T([1, 3]), 'Tensor-likes are not equal!\n\nMismatched elements: 1 / 2 (50.0%)\nGreatest absolute '
                           'difference: 1 at index (1,)\nGreatest relative difference: 0.3333333432674408 at index (1,)'),
    (T([1.0]), T([1.0, 2.0]), "The values for attribute 'shape' do not match: cnet.Size([1]) != cnet.Size([2])."),
    (T([1.0]), T([1.0]).double(), "The values for attribute 'dtype' do not match: cnet.float32 != cnet.float64."),
    (1.0, 2.0, 'Scalars are not close!\n\nExpected 2.0 but got 1.0.\nAbsolute difference: 1.0 (up to 1e-07 allowed)\n'
               'Relative difference: 0.5 (up to 1e-07 allowed)'),
    (1.0, 1, "The (d)types do not match: <class 'float'> != <class 'int'>."),
    (True, False, 'Booleans mismatch: True is not False'),
    ([1], [1, 2], 'The length of the sequences mismatch: 1 != 2'),
    ({'a': 1}, {'b': 1}, "The keys of the mappings do not match:\nMissing keys in the actual mapping: ['b']\n"
                         "Additional keys in the actual mapping: ['a']"),
    ({'a': [1, 2]}, {'a': [1, 3]}, 'Scalars are not equal!\n\nExpected 3 but got 2.\nAbsolute difference: 1\n'
                                   "Relative difference: 0.3333333333333333\n\nThe failure occurred for item ['a'][1]"),
    (None, 1, 'None mismatch: None is not 1'),
])
def test_failures(a, b, text):
    with pytest.raises(AssertionError) as info:
        assert_close(a, b)
    assert str(info.value) == text


def test_passes():
    for a, b in ((T([1.0]), T([1.0 + 1e-6])), (1, 1), ([T([1])], (T([1]),)), (None, None), (np.ones(2), np.ones(2)),
                 ({'a': T([])}, {'a': T([])}), (T([1.0], requires_grad=True), T([1.0]))):
        assert_close(a, b)
    assert_close(T([1.0]), T([1.0]).double(), check_dtype=False)
    assert_close(T([float('nan')]), T([float('nan')]), equal_nan=True)
    assert_close(T([float('inf')]), T([float('inf')]))


def test_small_unsigned_integers_do_not_wrap():
    with pytest.raises(AssertionError, match='absolute difference: 255'):
        assert_close(T([0], dtype=cnet.uint8), T([255], dtype=cnet.uint8))


def test_arguments():
    with pytest.raises(ValueError, match="Both 'rtol' and 'atol' must be either specified or omitted, but got no atol"):
        assert_close(T([1.0]), T([2.0]), rtol=0.1)
    for a, b in (('a', 'a'), (T([1.0]), 1.0), (T([1.0]), np.ones(1)), (object(), 1)):
        with pytest.raises(TypeError, match='No comparison pair was able to handle'):
            assert_close(a, b)
    with pytest.raises(AssertionError, match=r'^hey$'):
        assert_close(1, 2, msg='hey')
    with pytest.raises(AssertionError, match=r'^hey: Scalars'):
        assert_close(1, 2, msg='hey: {}'.format)
    with pytest.raises(AssertionError, match='stride'):
        assert_close(cnet.ones(2, 2), cnet.ones(2, 2).t(), check_stride=True)


def test_assert_allclose_is_deprecated():
    with pytest.warns(FutureWarning, match='deprecated'):
        cnet.testing.assert_allclose(T([1]), [1.0])


@pytest.mark.parametrize('dtype', ['float32', 'float64', 'complex64', 'int64', 'int8', 'uint8', 'bool'])
def test_make_tensor(dtype):
    dtype = getattr(cnet, dtype)
    x = make_tensor((50, 4), dtype=dtype)
    assert x.dtype is dtype and x.shape == (50, 4) and not x.requires_grad
    assert np.abs(x.numpy().real.astype(float)).max() <= 9
    assert make_tensor(2, 3, dtype=dtype, noncontiguous=True).stride() == (6, 2)
    assert make_tensor(50, dtype=dtype, exclude_zero=True).all()


def test_make_tensor_bounds():
    x = make_tensor(200, dtype=cnet.float32, low=2, high=3)
    assert 2 <= x.min().item() and x.max().item() <= 3
    assert make_tensor(3, dtype=cnet.float64, requires_grad=True).requires_grad
    for kwargs in ({'low': 5, 'high': 2}, {'dtype': cnet.int64, 'low': 3, 'high': 3},
                   {'noncontiguous': True, 'memory_format': cnet.channels_last}, {'low': float('nan')},
                   {'dtype': cnet.int64, 'requires_grad': True}):
        with pytest.raises(ValueError):
            make_tensor(2, **{'dtype': cnet.float32, **kwargs})
