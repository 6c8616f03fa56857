"""Products of matrices and vectors, and the linear layer."""
from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from . import COMPLEXES, FLOATS, INTS, Error, Maker, OpSpec, Sample

TYPES = FLOATS + COMPLEXES + INTS + ('float16',)


def shapes(*pairs: tuple[tuple[int, ...], ...]) -> Callable[[Maker, str], Iterator[Sample]]:
    """Samples whose arguments are tensors of these shapes."""
    def samples(make: Maker, dtype: str) -> Iterator[Sample]:
        for pair in pairs:
            yield Sample(*(make(*shape) for shape in pair))
    return samples


# 33 columns are one more than two vectors of AVX-512, 15 rows one more than a tile.
MATRICES = (((2, 3), (3, 4)), ((1, 5), (5, 1)), ((0, 3), (3, 2)), ((2, 0), (0, 3)), ((15, 7), (7, 33)), ((4, 40), (40, 3)),
            ((1, 9), (9, 20)), ((20, 9), (9, 1)))
MATMULS = (((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 4)), ((2, 3), (3, 4)), ((2, 2, 3), (3,)), ((3,), (2, 3, 4)),
           ((2, 2, 3), (3, 4)), ((2, 3), (5, 3, 4)), ((5, 2, 3), (5, 3, 4)), ((5, 1, 2, 3), (4, 3, 2)), ((0, 2, 3), (3, 4)))


def mm_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(2, 3), make(2, 3)), match=r'mat1 and mat2 shapes cannot be multiplied \(2x3 and 2x3\)')
    yield Error(RuntimeError, Sample(make(3), make(2, 3)), match='self must be a matrix')
    yield Error(RuntimeError, Sample(make(2, 3), make(3)), match='mat2 must be a matrix')
    yield Error(RuntimeError, Sample(make(2, 3), make(3, 2, dtype='float64')), match='float != double')
    yield Error(NotImplementedError, Sample(make(2, 2, dtype='bool'), make(2, 2, dtype='bool')), match='Bool')
    yield Error(TypeError, Sample(make(2, 3), 2), match="argument 'mat2'")


def bmm_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(2, 2, 3), make(3, 3, 2)), match=r'to be: \[2, 3\] but got: \[3, 3\]')
    yield Error(RuntimeError, Sample(make(2, 3), make(3, 2)), match='batch1 must be a 3D tensor')
    yield Error(RuntimeError, Sample(make(1, 2, 3), make(1, 3, 2, dtype='float64')), match='expected scalar type Float')


def mv_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(2, 3), make(2)), match=r'mat \(2x3\), vec \(2\)')
    yield Error(RuntimeError, Sample(make(2, 3), make(3, 1)), match='got 1, 2, 2')


def dot_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(2), make(3)), match='inconsistent tensor size')
    yield Error(RuntimeError, Sample(make(2, 2), make(2)), match='1D tensors expected')
    yield Error(RuntimeError, Sample(make(2), make(2, dtype='float64')), match='same dtype')


def matmul_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(), make(2)), match='at least 1D')
    yield Error(RuntimeError, Sample(make(4, 2, 3), make(5, 3, 4)), match=r'tensor a \(4\) must match')
    yield Error(RuntimeError, Sample(make(2, 2, 3), make(4, 4)), match='4x3 and 4x4')
    yield Error(RuntimeError, Sample(make(2, 2, 3), make(4)), match='size mismatch')


def linear_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(2, 4), make(5, 3), make(5)), match='2x4 and 3x5')
    yield Error(RuntimeError, Sample(make(2, 3), make(5, 3), make(4)), match=r'expanded size of the tensor \(5\)')
    yield Error(RuntimeError, Sample(make(2, 3), make(5, 3, dtype='float64'), make(5)), match='got Float and Double')
    yield Error(RuntimeError, Sample(make(2, 3), make(2, 5, 3)), match='<= 2 dimensions')
    yield Error(TypeError, Sample(make(2, 3), None), match="argument 'weight'")


LINEARS = (((2, 3), (5, 3), (5,)), ((3,), (5, 3), (5,)), ((2, 4, 3), (5, 3), (5,)), ((2, 3), (5, 3)), ((3,), (5, 3)),
           ((2, 4, 3), (5, 3)), ((0, 3), (5, 3), (5,)), ((2, 3), (3,)), ((2, 3), (5, 3), (1,)), ((17, 40), (33, 40), (33,)),
           ((1, 40), (33, 40), (33,)))


SPECS = [
    OpSpec('mm', shapes(*MATRICES), dtypes=TYPES, ref=np.matmul, errors=mm_errors),
    OpSpec('bmm', shapes(((2, 2, 3), (2, 3, 4)), ((0, 2, 3), (0, 3, 4)), ((3, 2, 0), (3, 0, 2)), ((1, 9, 5), (1, 5, 40))),
           dtypes=TYPES, ref=np.matmul, errors=bmm_errors),
    OpSpec('mv', shapes(((2, 3), (3,)), ((0, 3), (3,)), ((3, 0), (0,)), ((40, 9), (9,))), dtypes=TYPES, ref=np.matmul,
           errors=mv_errors),
    OpSpec('dot', shapes(((3,), (3,)), ((0,), (0,)), ((70,), (70,))), dtypes=TYPES, ref=np.dot, errors=dot_errors),
    OpSpec('vdot', shapes(((3,), (3,)), ((0,), (0,))), dtypes=TYPES, ref=np.vdot, errors=dot_errors),
    OpSpec('matmul', shapes(*MATMULS), dtypes=TYPES, ref=np.matmul, errors=matmul_errors),
    OpSpec('nn.functional.linear', shapes(*LINEARS), dtypes=TYPES, errors=linear_errors,
           tol={'float16': (5e-3, 5e-3, 'PyTorch rounds sums to half precision on the way')}),
]
