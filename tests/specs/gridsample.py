"""Reading at the places of a grid, and affine grids."""
from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from . import Error, Maker, OpSpec, Sample

SIZES = {2: (5, 7), 3: (3, 4, 5)}


def away_from_kinks(make: Maker, sizes: tuple[int, ...], places: tuple[int, ...], align: bool, dtype: str) -> np.ndarray:
    """A grid whose places lie between the pixels and off the borders, where the functions have one derivative."""
    columns = []
    for size in sizes[::-1]:
        pixel = make.rng.integers(-2, size + 1, (2, *places)) + make.rng.uniform(0.1, 0.4, (2, *places))
        columns.append(2 * pixel / (size - 1) - 1 if align else (2 * pixel + 1) / size - 1)
    return np.stack(columns, -1).astype(dtype)


def grids(numbers: bool, dims: tuple[int, ...] = (2, 3)) -> Callable[..., Iterator[Sample]]:
    def samples(make: Maker, dtype: str) -> Iterator[Sample]:
        for n in dims:
            for m, mode in enumerate(('bilinear', 'nearest', 'bicubic')[:4 - n + 1]):
                for p, padding in enumerate(('zeros', 'border', 'reflection')):
                    for align in (False, True):
                        grid = make.array(away_from_kinks(make, SIZES[n], (3, 2, 4)[:n], align, dtype))
                        words = (m, p) if numbers else (mode, padding)
                        yield Sample(make(2, 9, *SIZES[n]), grid, *words, align)
            words = (0, 2) if numbers else ('bilinear', 'reflection')
            yield Sample(make(2, 3, *(1,) * n), make(2, *(2,) * n, n, low=0.1, high=0.4), *words, False)
            yield Sample(make(0, 3, *(4,) * n), make(0, *(2,) * n, n), *((0, 0) if numbers else ('bilinear', 'zeros')), False)
        if dtype == 'float32' and 2 in dims:
            # Outside of everything an integer can hold: no access outside of the plane.
            far = np.array([[[[np.nan, 0], [np.inf, 0.2], [-1e30, 0]]]])
            words = (0, 0) if numbers else ('bilinear', 'zeros')
            yield Sample(make(1, 2, 4, 4, grad=False), make.array(far, grad=False), *words, False)
    return samples


def errors(numbers: bool) -> Callable[[Maker], Iterator[Error]]:
    words = (0, 0) if numbers else ('bilinear', 'zeros')

    def function(make: Maker) -> Iterator[Error]:
        x = make(1, 2, 4, 4)
        yield Error(RuntimeError, Sample(x, make(2, 2, 2, 2), *words, False), match='same batch size')
        yield Error(RuntimeError, Sample(x, make(1, 2, 2, 3), *words, False), match='to have size 2 in last dimension')
        yield Error(RuntimeError, Sample(make(1, 2, 0, 4), make(1, 2, 2, 2), *words, False), match='non-empty')
        yield Error(RuntimeError, Sample(x, make(1, 2, 2, 2, dtype='float64'), *words, False))
    return function


def named_errors(make: Maker) -> Iterator[Error]:
    yield from errors(False)(make)
    yield Error(ValueError, Sample(make(1, 2, 4, 4), make(1, 2, 2, 2), 'cubic', 'zeros', False), match='expected mode')
    yield Error(ValueError, Sample(make(1, 2, 4, 4), make(1, 2, 2, 2), 'nearest', 'wrap', False), match='expected padding_mode')
    volume = make(1, 2, 4, 4, 4), make(1, 2, 2, 2, 3)
    yield Error(RuntimeError, Sample(*volume, 'bicubic', 'zeros', False), match='only supports 4D')


def affine(make: Maker, dtype: str) -> Iterator[Sample]:
    for align in (False, True):
        yield Sample(make(2, 2, 3), (2, 1, 3, 4), align)
        yield Sample(make(2, 3, 4), (2, 1, 3, 4, 2), align)
        yield Sample(make(1, 2, 3), [1, 1, 2, 5], align)


def affine_errors(make: Maker) -> Iterator[Error]:
    yield Error(ValueError, Sample(make(2, 3, 3), (2, 1, 3, 4), False), match='Nx2x3')
    yield Error(ValueError, Sample(make(1, 2, 3), (1, 1, 0, 4), False), match='Expected non-zero')
    yield Error(ValueError, Sample(make(1, 2, 3, dtype='int64'), (1, 1, 2, 4), False), match='floating point type')
    yield Error(NotImplementedError, Sample(make(1, 2, 3), (1, 1, 4), False), match='only supports 4D and 5D')


TOL = {'float32': (1e-4, 1e-4, 'positions are rounded before neighbours are weighed')}

SPECS = [
    OpSpec('nn.functional.grid_sample', grids(False), errors=named_errors, tol=TOL, strides=False),
    OpSpec('grid_sampler', grids(True), errors=errors(True), tol=TOL, strides=False),
    OpSpec('grid_sampler_2d', grids(True, (2,)), tol=TOL, strides=False),
    OpSpec('grid_sampler_3d', grids(True, (3,)), tol=TOL, strides=False),
    OpSpec('nn.functional.affine_grid', affine, errors=affine_errors, strides=False),
    OpSpec('affine_grid_generator', affine, strides=False),
]
