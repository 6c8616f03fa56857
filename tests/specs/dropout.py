"""Dropout. Both libraries are seeded before each call, so the same elements are dropped.

Where single elements are dropped, samples have one dimension: the noise is drawn in the order of memory.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator

from specs import Error, Maker, OpSpec, Sample


def elements(*shapes: tuple[int, ...], top: bool = False) -> Callable[[Maker, str], Iterator[Sample]]:
    def samples(make: Maker, dtype: str) -> Iterator[Sample]:
        for shape in shapes:
            for p in (0.0, 0.3, 0.5, 1.0):
                yield Sample(make(*shape), p, True)
            yield Sample(make(*shape), 0.5, False)
            if not top:
                yield Sample(make(*shape), p=0.2, training=True)
    return samples


def errors(make: Maker) -> Iterator[Error]:
    for p in (-0.1, 1.1):
        yield Error(ValueError, Sample(make(2, 3, 4), p), match='probability has to be between 0 and 1, but got')
    yield Error(RuntimeError, Sample(make(2, 3, 4), float('nan'), True), match='but got nan')


def top_errors(make: Maker) -> Iterator[Error]:
    for p in (-0.5, 2.0, float('nan')):
        yield Error(RuntimeError, Sample(make(2, 3), p, True), match='probability has to be between 0 and 1, but got')
    yield Error(TypeError, Sample([1.0], 0.5, True), match="argument 'input' .* must be Tensor, not list")


def channel_errors(make: Maker) -> Iterator[Error]:
    yield from top_errors(make)
    yield Error(RuntimeError, Sample(make(3), 0.5, True), match='at least 2 dimensions')


def dropout1d_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(3)), match='Expected 2D or 3D input, but received a 1D input')
    yield Error(ValueError, Sample(make(2, 3), 1.5))


VECTORS = ((), (0,), (5,), (600,))
CHANNELS = ((2, 3), (2, 3, 4), (2, 0, 3))

SPECS = [
    OpSpec('nn.functional.dropout', elements(*VECTORS), errors=errors),
    OpSpec('nn.functional.alpha_dropout', elements(*VECTORS), errors=errors),
    OpSpec('nn.functional.feature_alpha_dropout', elements(*CHANNELS), errors=errors),
    OpSpec('nn.functional.dropout1d', elements((3, 4), (2, 3, 4)), errors=dropout1d_errors),
    OpSpec('nn.functional.dropout2d', elements((2, 3, 4, 2))),
    OpSpec('nn.functional.dropout3d', elements((3, 2, 2, 3), (2, 3, 4, 2, 1))),
    OpSpec('dropout', elements(*VECTORS, top=True), errors=top_errors),
    OpSpec('alpha_dropout', elements(*VECTORS, top=True), errors=top_errors),
    OpSpec('feature_dropout', elements(*CHANNELS, top=True), errors=channel_errors),
    OpSpec('feature_alpha_dropout', elements(*CHANNELS, top=True), errors=channel_errors),
]
