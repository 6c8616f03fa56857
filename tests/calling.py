"""Calling one sample with either library, and differentiating it: shared by the generic tests and the parity tests."""
from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from specs import Leaf, OpSpec, Sample


def resolve(lib: Any, name: str) -> Callable[..., Any]:
    """The function behind a dotted public name."""
    return operator.attrgetter(name)(lib)


def same(array: np.ndarray) -> np.ndarray:
    return array.copy()


def strided(array: np.ndarray) -> np.ndarray:
    """Equal values, but every dimension's stride is twice what it need be and the order of the dimensions is reversed."""
    wide = np.zeros(tuple(2 * n for n in reversed(array.shape)), array.dtype)
    view = wide[(*(slice(None, None, 2) for _ in array.shape), ...)].T
    view[...] = array
    return view


def offset(array: np.ndarray) -> np.ndarray:
    """Equal values, contiguous, but starting one element into the allocation: aligned to its own size and no more."""
    room = np.zeros(array.size + 1, array.dtype)
    room[1:] = array.ravel()
    return room[1:].reshape(array.shape)


def build(lib: Any, value: Any, layout: Callable[[np.ndarray], np.ndarray], leaves: list[Any], grad: bool) -> Any:
    """`value` with each Leaf replaced by a tensor of `lib`, which is also appended to `leaves` if it may need a gradient."""
    if isinstance(value, Leaf):
        tensor = lib.from_numpy(layout(value.array))
        if value.dtype == 'bfloat16':
            tensor = tensor.to(lib.bfloat16)
        if value.grad:
            leaves.append(tensor.requires_grad_(grad))
        return tensor
    if type(value) in (list, tuple):
        return type(value)(build(lib, item, layout, leaves, grad) for item in value)
    if type(value).__name__ in ('dtype', 'memory_format', 'device', 'layout') and type(value).__module__ != 'numpy':
        return getattr(lib, str(value).rpartition('.')[2], value)
    return value


class Call:
    """One sample's arguments as tensors of one library. `leaves` are those that can have a gradient."""

    def __init__(self, lib: Any, spec: OpSpec, sample: Sample, *, layout: Callable[[np.ndarray], np.ndarray] = same,
                 grad: bool = False) -> None:
        self.lib, self.function, self.leaves = lib, resolve(lib, spec.name), []
        self.args = build(lib, list(sample.args), layout, self.leaves, grad)
        kwargs = build(lib, list(sample.kwargs.values()), layout, self.leaves, grad)
        self.kwargs = dict(zip(sample.kwargs, kwargs, strict=True))
        for name in ('dtype',):
            if isinstance(self.kwargs.get(name), str):
                self.kwargs[name] = getattr(lib, self.kwargs[name])

    def raw(self) -> Any:
        self.lib.manual_seed(0)
        return self.function(*self.args, **self.kwargs)

    def __call__(self) -> list[Any]:
        return flat(self.raw())


def is_tensor(value: Any) -> bool:
    return hasattr(value, 'grad_fn')


def flat(value: Any) -> list[Any]:
    """The results of a call as a list: tensors, and whatever else it returned."""
    if isinstance(value, (list, tuple)) and not hasattr(value, 'numel'):
        return [item for part in value for item in flat(part)]
    return [value]


def to_numpy(value: Any) -> Any:
    """A tensor as an array, bfloat16 widened to float32; anything else as it is."""
    if not is_tensor(value):
        return value
    value = value.detach()
    if getattr(value, '_is_zerotensor', bool)():      # PyTorch's gradient that has no memory
        value = value.clone()
    value = value.resolve_conj().resolve_neg() if value.is_complex() else value
    return (value.float() if str(value.dtype).endswith('bfloat16') else value).numpy(force=True)


def differentiable(outputs: Sequence[Any]) -> list[Any]:
    return [y for y in outputs if is_tensor(y) and y.requires_grad]


def cotangents(lib: Any, outputs: Sequence[Any], seed: int = 0) -> list[Any]:
    """Fixed random gradients for these outputs, the same for both libraries."""
    rng = np.random.default_rng(seed)
    result = []
    for y in outputs:
        array = rng.uniform(-1, 1, tuple(y.shape))
        if y.is_complex():
            array = array + 1j * rng.uniform(-1, 1, tuple(y.shape))
        result.append(lib.from_numpy(np.asarray(array)).to(y.dtype))
    return result


def gradients(call: Call, *, create_graph: bool = False, weights: Sequence[Any] | None = None) -> list[Any] | None:
    """Gradients of the weighted sum of the outputs with respect to the leaves; None where nothing is differentiable."""
    outputs = differentiable(call())
    if not outputs or not call.leaves:
        return None
    weights = cotangents(call.lib, outputs) if weights is None else weights
    return list(call.lib.autograd.grad(outputs, call.leaves, weights, create_graph=create_graph, allow_unused=True))


def second_gradients(call: Call) -> list[Any] | None:
    """Gradients of a weighted sum of the gradients, with respect to the leaves and the first weights."""
    outputs = differentiable(call())
    weights = [w.requires_grad_() for w in cotangents(call.lib, outputs)]
    first = gradients(call, create_graph=True, weights=weights)
    first = differentiable([g for g in first or () if g is not None])
    if not first:
        return None
    return list(call.lib.autograd.grad(first, call.leaves + weights, cotangents(call.lib, first, 1), allow_unused=True))


def _inner(xs: Sequence[Any], ys: Sequence[Any]) -> float:
    return float(sum(np.vdot(to_numpy(x), to_numpy(y)).real for x, y in zip(xs, ys, strict=True) if x is not None))


def directional(call: Call, order: int) -> tuple[float, float, float]:
    """The derivative along one random direction: (by autograd, by central differences, the scale of the terms).

    Order 2 differentiates the gradients: with respect to the leaves and to the weights of the outputs.
    """
    lib = call.lib
    weights = cotangents(lib, differentiable(call()))
    if not weights:
        return 0.0, 0.0, 1.0
    variables = list(call.leaves)
    if order == 1:
        def value() -> float:
            return _inner(weights, differentiable(call()))
        grads = gradients(call, weights=weights)
    else:
        variables += [w.requires_grad_() for w in weights]
        sample = [g for g in gradients(call, create_graph=True, weights=weights) or () if g is not None]
        if not differentiable(sample):
            return 0.0, 0.0, 1.0
        factors = cotangents(lib, sample, 1)

        def value() -> float:
            first = gradients(call, create_graph=True, weights=weights)
            return _inner(factors, [g for g in first or () if g is not None])
        pairs = [(g, f) for g, f in zip(sample, factors, strict=True) if g.requires_grad]
        grads = list(lib.autograd.grad([g for g, _ in pairs], variables, [f for _, f in pairs], allow_unused=True))
    directions = cotangents(lib, variables, 2)
    step, ends = 1e-6, []
    for sign in (1, -2):
        with lib.no_grad():
            for x, d in zip(variables, directions, strict=True):
                x += sign * step * d
        ends.append(value())
    numeric = (ends[0] - ends[1]) / (2 * step)
    analytic = _inner(grads or (), directions)
    scale = sum(np.abs(to_numpy(g) * to_numpy(d)).sum() for g, d in zip(grads or (), directions, strict=True) if g is not None)
    return analytic, numeric, float(max(scale, abs(ends[0]), 1.0))
