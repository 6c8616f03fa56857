"""The same samples with PyTorch: values, dtype, shape, strides, gradients, second gradients, names of graph nodes."""
from __future__ import annotations

import contextlib
from typing import Any

import numpy as np
import pytest
from calling import Call, flat, gradients, is_tensor, second_gradients, to_numpy
from specs import Maker, OpSpec, load

import cnet
from cnet.testing._tolerance import tolerance

torch = pytest.importorskip('torch')
# PyTorch calls some functions unfinished; here they are not.
pytestmark = pytest.mark.filterwarnings(r'ignore:index_reduce\(\) is in beta')

SPECS = [spec for spec in load()[0] if spec.parity]


def close(actual: Any, expected: Any, spec: OpSpec, dtype: str, factor: float = 1) -> None:
    assert is_tensor(actual) == is_tensor(expected)
    if not is_tensor(expected):
        np.testing.assert_equal(actual, expected)
        return
    assert str(actual.dtype).rpartition('.')[2] == str(expected.dtype).rpartition('.')[2]
    assert tuple(actual.shape) == tuple(expected.shape)
    if spec.random_memory:
        return
    a, e = to_numpy(actual), to_numpy(expected)
    if e.dtype.kind in 'fc':
        rtol, atol = spec.tol[dtype][:2] if dtype in spec.tol else tolerance(expected.dtype)
        np.testing.assert_allclose(a, e, factor * rtol, factor * atol)
    else:
        np.testing.assert_array_equal(a, e)


@pytest.mark.parametrize(('spec', 'dtype'), [pytest.param(s, d, id=f'{s}-{d}') for s in SPECS for d in s.dtypes])
def test_parity(spec: OpSpec, dtype: str) -> None:
    for sample in spec.cases(dtype):
        print(sample)
        ours, theirs = (Call(lib, spec, sample, grad=spec.grad) for lib in (cnet, torch))
        for y, e in zip(ours(), theirs(), strict=True):
            close(y, e, spec, dtype)
            if is_tensor(e):
                assert y.requires_grad == e.requires_grad
                assert not spec.names or (y.grad_fn and y.grad_fn.name()) == (e.grad_fn and e.grad_fn.name())
                assert not spec.strides or y.numel() < 2 or strides(y) == strides(e)
        if spec.grad:
            compare(gradients(ours), gradients(theirs), spec, dtype)
        if spec.grad and spec.gradgrad and dtype in ('float64', 'complex128'):
            compare(second_gradients(ours), second_gradients(theirs), spec, dtype, 10)


def strides(y: Any) -> list[int]:
    """Strides of the dimensions that have more than one element: the others' mean nothing."""
    return [step for step, n in zip(y.stride(), y.shape, strict=True) if n > 1]


def compare(ours: list[Any] | None, theirs: list[Any] | None, spec: OpSpec, dtype: str, factor: float = 1) -> None:
    """Lists of gradients; an absent gradient and one of zeros mean the same."""
    for g, e in zip(ours or [], theirs or [], strict=bool(ours and theirs)):
        if g is not None and e is not None:
            close(g, e, spec, dtype, factor)
        elif g is not None or e is not None:
            assert not np.any(to_numpy(e if g is None else g))
    for g in [] if ours and theirs else [*(ours or []), *(theirs or [])]:
        assert g is None or not np.any(to_numpy(g))


@pytest.mark.parametrize('spec', [pytest.param(s, id=str(s)) for s in SPECS if s.errors])
def test_error_parity(spec: OpSpec) -> None:
    for error in spec.errors(Maker(spec.dtypes[0], spec.name)):
        print(error.sample)
        with pytest.raises(error.type) as info:
            flat(Call(torch, spec, error.sample)())
        assert type(info.value).__name__ == error.type.__name__


@pytest.mark.parametrize('spec', [pytest.param(s, id=str(s)) for s in SPECS if s.inplace])
def test_inplace_parity(spec: OpSpec) -> None:
    """Both write in place, or both refuse (a result of another dtype) with the same type of exception."""
    for dtype in spec.dtypes:
        for sample in spec.cases(dtype):
            print(dtype, sample)
            if not is_tensor(Call(cnet, spec, sample).args[0]):
                continue
            results = []
            for lib in (cnet, torch):
                call = Call(lib, spec, sample)
                with contextlib.suppress(RuntimeError, NotImplementedError):
                    getattr(call.args[0], spec.inplace)(*call.args[1:], **call.kwargs)
                results.append(call.args[0])
            close(*results, spec, dtype)
