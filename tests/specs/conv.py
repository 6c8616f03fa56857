"""Convolutions and transposed convolutions in one to three dimensions."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from . import COMPLEXES, FLOATS, Error, Maker, OpSpec, Sample

Call = tuple[tuple[int, ...], tuple[int, ...], bool, dict[str, Any]]
TYPES = FLOATS + COMPLEXES + ('int64',)
# A sum of a few hundred products of numbers below 2, in another order than the reference.
TOL = {'float32': (1e-5, 2e-5, 'sums of up to 300 products'), 'complex64': (1e-5, 4e-5, 'sums of up to 300 products')}


def calls(*cases: Call) -> Callable[[Maker, str], Iterator[Sample]]:
    """Samples from shapes of input and weight, whether there is a bias, and constants."""
    def samples(make: Maker, dtype: str) -> Iterator[Sample]:
        for x, w, bias, constants in cases:
            channels = w[1] * constants.get('groups', 1) if 'output_padding' in constants else w[0]
            yield Sample(make(*x), make(*w), make(channels) if bias else None, **constants)
    return samples


T = {'output_padding': 0}
CONV1D = calls(
    ((2, 3, 9), (4, 3, 3), True, {}), ((3, 9), (4, 3, 3), False, {}), ((1, 2, 9), (2, 2, 3), True, {'stride': 2, 'padding': 1}),
    ((1, 2, 40), (2, 1, 5), True, {'groups': 2, 'dilation': 2}), ((1, 2, 9), (2, 2, 3), True, {'padding': 'same', 'dilation': 3}),
    ((0, 2, 9), (2, 2, 3), True, {}))
CONV2D = calls(
    ((1, 1, 8, 8), (3, 1, 5, 5), True, {}), ((2, 4, 6, 7), (6, 4, 3, 3), True, {'padding': 1}),
    ((3, 5, 5), (2, 3, 2, 2), False, {}),
    ((2, 2, 7, 8), (3, 2, 3, 2), True, {'stride': (2, 3), 'padding': (1, 0)}), ((1, 4, 6, 6), (4, 1, 3, 3), False, {'groups': 4}),
    ((1, 4, 9, 9), (6, 2, 3, 3), True, {'groups': 2, 'dilation': (2, 1), 'padding': 2}), ((2, 3, 4, 4), (5, 3, 1, 1), True, {}),
    ((2, 3, 5, 4), (4, 3, 1, 1), False, {'stride': 2}), ((1, 1, 5, 5), (2, 1, 3, 5), True, {'padding': 'same'}),
    ((2, 2, 4, 4), (17, 2, 4, 4), True, {}), ((1, 2, 3, 3), (1, 2, 3, 3), False, {'padding': 4, 'stride': 3}))
CONV3D = calls(
    ((1, 2, 4, 5, 6), (3, 2, 2, 3, 2), True, {}), ((2, 4, 4, 4), (2, 1, 2, 2, 2), False, {'groups': 2, 'stride': (1, 2, 1)}),
    ((1, 1, 4, 4, 4), (2, 1, 3, 3, 3), True, {'padding': 1}))
TRANSPOSED1D = calls(
    ((2, 3, 5), (3, 4, 3), True, T), ((3, 5), (3, 2, 3), False, T),
    ((1, 4, 5), (4, 1, 3), True, {'output_padding': 1, 'stride': 2, 'padding': 1, 'groups': 2, 'dilation': 2}))
TRANSPOSED2D = calls(
    ((2, 3, 4, 5), (3, 4, 3, 3), True, T), ((2, 3, 4), (2, 2, 2, 2), False, {**T, 'stride': 2}),
    ((1, 4, 3, 3), (4, 2, 3, 4), True, {'output_padding': (1, 0), 'stride': (2, 3), 'padding': 1, 'groups': 2}),
    ((1, 2, 3, 3), (2, 1, 2, 2), False, {'output_padding': 1, 'dilation': 2, 'stride': 3}))
TRANSPOSED3D = calls(
    ((1, 2, 3, 2, 3), (2, 3, 2, 2, 2), True, T), ((2, 2, 2, 2), (2, 1, 2, 2, 2), False, {**T, 'stride': 2, 'padding': 1}))


def tbc(make: Maker, dtype: str) -> Iterator[Sample]:
    """Samples of conv_tbc, whose bias is no option."""
    for x, w, constants in (((6, 2, 3), (3, 3, 4), {}), ((5, 1, 2), (2, 2, 2), {'pad': 1}), ((4, 2, 3), (1, 3, 2), {'pad': 2})):
        yield Sample(make(*x), make(*w), make(w[2]), **constants)


def tbc_errors(make: Maker) -> Iterator[Error]:
    for match, x, w, b in (
            ('Input must have 3 dims', (4, 3), (2, 3, 4), (4,)), ('Weight tensor must have 3', (4, 2, 3), (3, 4), (4,)),
            ('Bias size must equal dim 2', (4, 2, 3), (2, 3, 4), (3,)), ('Bias must be 1-D', (4, 2, 3), (2, 3, 4), (1, 4)),
            ('Input dim 2', (4, 2, 3), (2, 2, 4), (4,))):
        yield Error(RuntimeError, Sample(make(*x), make(*w), make(*b)), match=match)


def conv2d_errors(make: Maker) -> Iterator[Error]:
    def wrong(match: str, x: tuple[int, ...] = (1, 1, 4, 4), w: tuple[int, ...] = (6, 1, 3, 3), **constants: Any) -> Error:
        return Error(RuntimeError, Sample(make(*x), make(*w), **constants), match=match)
    yield wrong(r'Given groups=1, weight of size \[6, 1, 5, 5\], expected input\[1, 3, 32, 32\] to have 1 channels, but got 3 '
                'channels instead', (1, 3, 32, 32), (6, 1, 5, 5))
    yield wrong(r'\(4 x 4\). Kernel size: \(5 x 5\)', w=(6, 1, 5, 5))
    yield wrong('divisible by 2', (1, 2, 4, 4), (5, 1, 3, 3), groups=2)
    yield wrong(r'Expected 3D \(unbatched\) or 4D \(batched\) input to conv2d', (4, 4))
    yield wrong('expected stride to be a single integer value or a list of 2', stride=(1, 2, 3))
    yield wrong('non-positive stride', stride=0)
    yield wrong('negative padding', padding=-1)
    yield wrong('dilation should be greater than zero', dilation=0)
    yield wrong('non-positive groups', groups=0)
    yield wrong('Invalid padding string', padding='around')
    yield wrong("padding='same' is not supported for strided", padding='same', stride=2)
    yield wrong('kernel_height: 0 kernel_width: 1', w=(1, 1, 0, 1))
    yield Error(RuntimeError, Sample(make(1, 1, 4, 4), make(6, 1, 3, 3), make(5)), match='expected bias to be 1-dimensional')
    yield Error(RuntimeError, Sample(make(1, 1, 4, 4), make(6, 1, 3, 3, dtype='float64')), match='but found Double')
    yield Error(NotImplementedError, Sample(make(1, 1, 4, 4, dtype='bool'), make(6, 1, 3, 3, dtype='bool')), match='Bool')


def transposed_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(1, 3, 4, 4), make(1, 2, 3, 3)), match='Given transposed=1, weight of size')
    yield Error(RuntimeError, Sample(make(1, 1, 4, 4), make(1, 2, 3, 3), output_padding=1), match='must be smaller than either')
    yield Error(RuntimeError, Sample(make(1, 1, 1, 1), make(1, 2, 3, 3), padding=2), match='Output size is too small')
    yield Error(TypeError, Sample(make(1, 1, 4, 4), make(1, 2, 3, 3), padding='same'), match="argument 'padding'")


SPECS = [
    OpSpec('nn.functional.conv1d', CONV1D, dtypes=TYPES, tol=TOL),
    OpSpec('nn.functional.conv_tbc', tbc, dtypes=FLOATS, tol=TOL, errors=tbc_errors),
    OpSpec('nn.functional.conv2d', CONV2D, dtypes=(*TYPES, 'float16'),
           tol={**TOL, 'float16': (5e-3, 5e-3, 'PyTorch sums in half precision')}, errors=conv2d_errors),
    OpSpec('nn.functional.conv3d', CONV3D, dtypes=TYPES, tol=TOL),
    OpSpec('nn.functional.conv_transpose1d', TRANSPOSED1D, dtypes=TYPES, tol=TOL),
    OpSpec('nn.functional.conv_transpose2d', TRANSPOSED2D, dtypes=TYPES, tol=TOL, errors=transposed_errors),
    OpSpec('nn.functional.conv_transpose3d', TRANSPOSED3D, dtypes=TYPES, tol=TOL),
]
