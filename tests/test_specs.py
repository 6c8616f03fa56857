"""The generic tests of every operation, each written once; what to test is in tests/specs/. PyTorch is not needed."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from calling import Call, differentiable, directional, flat, gradients, is_tensor, offset, same, strided, to_numpy
from specs import FLOATS, Leaf, Maker, OpSpec, load

import cnet
from cnet.testing._tolerance import tolerance

SPECS, BROKEN = load()
BY_DTYPE = [pytest.param(spec, dtype, id=f'{spec}-{dtype}') for spec in SPECS for dtype in spec.dtypes]
BY_SPEC = [pytest.param(spec, id=str(spec)) for spec in SPECS]


def close(actual: Any, expected: Any, spec: OpSpec, dtype: str) -> None:
    """Equal within the tolerance of the spec or of the dtype; exactly equal where the result is no float."""
    actual, expected = to_numpy(actual), to_numpy(expected)
    if isinstance(actual, np.ndarray) and actual.dtype.kind in 'fc':
        rtol, atol = spec.tol[dtype][:2] if dtype in spec.tol else tolerance(actual.dtype)
        np.testing.assert_allclose(actual, expected, rtol, atol)
    elif isinstance(actual, np.ndarray) and actual.dtype.kind in 'iu':
        # The reference counted in int64: integers wrap around.
        np.testing.assert_array_equal(actual, np.asarray(expected).astype(actual.dtype))
    else:
        np.testing.assert_array_equal(actual, expected)


def bits(value: Any) -> Any:
    """What must be equal for two results to be the same bit by bit."""
    array = to_numpy(value)
    return (array.dtype, array.shape, array.tobytes()) if isinstance(array, np.ndarray) else array


def test_spec_files_load() -> None:
    assert not BROKEN, '\n'.join(f'tests/specs/{name}.py: {error!r}' for name, error in BROKEN.items())


@pytest.mark.parametrize(('spec', 'dtype'), BY_DTYPE)
def test_forward(spec: OpSpec, dtype: str) -> None:
    """Against the reference; odd layouts and repeated calls change nothing; inputs are left alone."""
    samples = spec.cases(dtype)
    assert samples, 'the spec yields no sample'
    for sample in samples:
        print(sample)
        call = Call(cnet, spec, sample)
        before = [(x._version, bits(x)) for x in flat(call.args) if is_tensor(x)]
        result = call()
        if not spec.name.rpartition('.')[2].endswith('_'):
            assert [(x._version, bits(x)) for x in flat(call.args) if is_tensor(x)] == before, 'an input changed'
        if spec.ref is not None:
            expected = spec.ref(*(plain(a) for a in sample.args), **{k: plain(v) for k, v in sample.kwargs.items()})
            for y, e in zip(result, flat(expected), strict=True):
                if is_tensor(y):
                    assert tuple(y.shape) == np.shape(e)
                close(y, e, spec, dtype)
        for layout in () if spec.random_memory or not spec.layouts else (strided, offset):
            for y, other in zip(result, Call(cnet, spec, sample, layout=layout)(), strict=True):
                close(other, y, spec, dtype)


WIDEST = {'f': 'float64', 'c': 'complex128', 'i': 'int64', 'u': 'int64'}


def plain(value: Any) -> Any:
    """What the reference gets: arrays, of the widest type of their kind, so that it is exact."""
    if isinstance(value, Leaf):
        return value.array.astype(WIDEST.get(value.array.dtype.kind, 'bool'))
    return type(value)(plain(item) for item in value) if type(value) in (list, tuple) else value


DIFFERENTIABLE = [pytest.param(spec, dtype, id=f'{spec}-{dtype}') for spec in SPECS if spec.grad
                  for dtype in ('float64', 'complex128') if dtype in spec.dtypes]


@pytest.mark.parametrize(('spec', 'dtype'), DIFFERENTIABLE)
@pytest.mark.parametrize('order', [1, 2])
def test_derivative(spec: OpSpec, dtype: str, order: int) -> None:
    """Along a random direction, against central differences."""
    if order == 2 and not spec.gradgrad:
        pytest.skip('not twice differentiable')
    for sample in spec.cases(dtype):
        print(sample)
        call = Call(cnet, spec, sample, grad=True)
        # Differences need all digits: not where the operation itself rounds to a smaller type.
        if call.leaves and all(y.dtype in (cnet.float64, cnet.complex128) for y in differentiable(call())):
            analytic, numeric, scale = directional(call, order)
            assert abs(analytic - numeric) <= 2e-6 * scale, f'by autograd {analytic}, by differences {numeric}'


@pytest.mark.parametrize('spec', [pytest.param(s, id=str(s)) for s in SPECS if s.inplace])
def test_inplace(spec: OpSpec) -> None:
    """`x.op_()` gives the value and the gradients of `op(x)`, writes into x, and counts one version."""
    for sample in spec.cases(spec.dtypes[0]):
        print(sample)
        out, inside = (Call(cnet, spec, sample, grad=spec.grad) for _ in range(2))
        expected = out()[0]
        if not is_tensor(out.args[0]) or tuple(expected.shape) != tuple(out.args[0].shape) or expected.dtype != out.args[0].dtype:
            continue
        x = inside.args[0].clone()
        pointer, version = x.data_ptr(), x._version
        cnet.manual_seed(0)
        result = getattr(x, spec.inplace)(*inside.args[1:], **inside.kwargs)
        assert result is x
        assert x.data_ptr() == pointer
        assert x._version == version + 1
        assert bits(x) == bits(expected)
        if expected.requires_grad:
            for a, b in zip(cnet.autograd.grad(expected.sum(), out.leaves, allow_unused=True),
                            cnet.autograd.grad(x.sum(), inside.leaves, allow_unused=True), strict=True):
                assert (a is None) == (b is None)
                if a is not None:
                    close(b, a, spec, spec.dtypes[0])


def fingerprint(spec: OpSpec, dtype: str) -> list[Any]:
    result = []
    for sample in spec.cases(dtype):
        call = Call(cnet, spec, sample, grad=spec.grad)
        result += [bits(y) for y in call()]
        if spec.grad:
            result += [bits(g) for g in gradients(call) or ()]
    return result


@pytest.mark.parametrize('spec', [pytest.param(s, id=str(s)) for s in SPECS if not s.random_memory])
def test_same_bits_for_any_number_of_threads(spec: OpSpec, fine_grain: None) -> None:
    """Results and gradients, with the threshold so low that these small samples use all threads."""
    for dtype in set(FLOATS) & set(spec.dtypes) or spec.dtypes[:1]:
        results = []
        for count in (1, 2, 3):
            cnet.set_num_threads(count)
            results.append(fingerprint(spec, dtype))
        assert results[1] == results[0]
        assert results[2] == results[0]


@pytest.mark.parametrize('spec', [pytest.param(s, id=str(s)) for s in SPECS if s.errors])
def test_errors(spec: OpSpec) -> None:
    for error in spec.errors(Maker(spec.dtypes[0], spec.name)):
        print(error.sample)
        with pytest.raises(error.type, match=error.match) as info:
            Call(cnet, spec, error.sample, layout=same)()
        assert type(info.value) is error.type
