"""Interpolation to other sizes."""
from __future__ import annotations

from collections.abc import Iterator

from . import Error, Maker, OpSpec, Sample

PLANES = {1: (2, 3, 9), 2: (2, 3, 5, 9), 3: (2, 2, 4, 3, 5)}
MODES = {1: ('linear',), 2: ('bilinear', 'bicubic'), 3: ('trilinear',)}


def interpolations(make: Maker, dtype: str) -> Iterator[Sample]:
    for n, shape in PLANES.items():
        for mode in ('nearest', 'nearest-exact', 'area'):
            for options in ({'size': 7}, {'size': 1}, {'scale_factor': 2}, {'scale_factor': 0.4}, {'scale_factor': 1.7}):
                yield Sample(make(*shape), mode=mode, **options)
        for mode in MODES[n]:
            for align in (False, True):
                for size in (1, 4, 9, 20):
                    yield Sample(make(*shape), size, mode=mode, align_corners=align)
            for factor in (0.6, 1.5, 2):
                yield Sample(make(*shape), scale_factor=factor, mode=mode)
                yield Sample(make(*shape), scale_factor=factor, mode=mode, recompute_scale_factor=True)
    for mode in ('bilinear', 'bicubic', 'lanczos'):
        for size in ((2, 3), (5, 4), (11, 20)):
            yield Sample(make(*PLANES[2]), size, mode=mode, antialias=True)
    yield Sample(make(*PLANES[2]), scale_factor=(2, 0.5), mode='bilinear')
    yield Sample(make(1, 1, 160, 130), size=(170, 140), mode='bilinear')  # several bands of rows
    yield Sample(make(1, 1, 300, 130), size=(170, 140), mode='bicubic')
    yield Sample(make(0, 3, 4, 4), 2)
    if dtype == 'float32':
        yield Sample(make(2, 3, 5, 5, dtype='float16', grad=False), 7, mode='bilinear')
        yield Sample(make(2, 3, 5, 5, dtype='uint8', high=255), 7)


def errors(make: Maker) -> Iterator[Error]:
    image = make(1, 2, 4, 4)
    yield Error(ValueError, Sample(image), match='either size or scale_factor')
    yield Error(ValueError, Sample(image, 2, 2), match='only one of size or scale_factor')
    yield Error(ValueError, Sample(image, (2,)), match='same number of spatial dimensions')
    yield Error(ValueError, Sample(image, scale_factor=(2,)), match='scale_factor of shape')
    yield Error(ValueError, Sample(image, 2, align_corners=True), match='align_corners option')
    yield Error(ValueError, Sample(image, 2, mode='bilinear', recompute_scale_factor=True), match='not meaningful')
    yield Error(ValueError, Sample(image, 2, antialias=True), match='Anti-alias')
    yield Error(ValueError, Sample(image, 2, mode='lanczos'), match='antialias=True')
    yield Error(TypeError, Sample(image, (2.5, 2)), match='expected size to be one of int')
    yield Error(RuntimeError, Sample(image, 0), match='should be greater than 0')
    yield Error(RuntimeError, Sample(make(1, 0, 4, 4), 2), match='Non-empty 4D')
    yield Error(NotImplementedError, Sample(image, 2, mode='linear'), match='Got 4D input')
    yield Error(NotImplementedError, Sample(image, 2, mode='cubic'), match='Only 3D, 4D and 5D')
    yield Error(NotImplementedError, Sample(make(1, 2, 4, 4, dtype='int64'), 2), match='not implemented for')


SPECS = [
    OpSpec('nn.functional.interpolate', interpolations, errors=errors, strides=False,
           tol={'float32': (2e-5, 2e-5, 'weights and sums in another order')}),
]
