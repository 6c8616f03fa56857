"""Factorization of indefinite symmetric matrices, and of matrices of low rank."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

import cnet
from specs import COMPLEXES, FLOATS, Error, Leaf, Maker, OpSpec, Sample

# As in linalg.py: LAPACK's own rounding, amplified by the condition of the matrices.
ROUNDING = {'float32': (2e-4, 2e-4, 'condition of the matrices'), 'complex64': (2e-4, 2e-4, 'condition of the matrices')}
NUMBERS = FLOATS + COMPLEXES


def symmetric(make: Maker, *shape: int, hermitian: bool = False, zeros: bool = False) -> Leaf:
    """Indefinite matrices; with a diagonal of zeros they need blocks of two rows."""
    leaf = make(*shape, grad=False)
    other = leaf.array.swapaxes(-1, -2)
    leaf.array = (leaf.array + (other.conj() if hermitian else other)).astype(leaf.array.dtype)
    if zeros:
        leaf.array[..., range(shape[-1]), range(shape[-1])] = 0
    return leaf


def matrices(make: Maker, dtype: str) -> Iterator[Sample]:
    for hermitian in (False, True):
        yield Sample(symmetric(make, 5, 5, hermitian=hermitian), hermitian=hermitian)
        yield Sample(symmetric(make, 2, 6, 6, hermitian=hermitian, zeros=True), hermitian=hermitian)
    yield Sample(make(0, 0, grad=False))
    yield Sample(make(2, 0, 3, 3, grad=False))


def singular(make: Maker, dtype: str) -> Iterator[Sample]:
    yield from matrices(make, dtype)
    yield Sample(make.array(np.zeros((2, 2)), grad=False))


def systems(make: Maker, dtype: str) -> Iterator[Sample]:
    for sample in matrices(make, dtype):
        a = sample.args[0].array
        factors = cnet.linalg.ldl_factor(cnet.from_numpy(a), **sample.kwargs)
        packed, pivots = make.array(factors.LD.numpy(), grad=False), make.array(factors.pivots.numpy(), 'int32')
        yield Sample(packed, pivots, make(a.shape[-1], 2, grad=False), **sample.kwargs)


def errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(2, 3)), match='must be batches of square matrices')
    yield Error(RuntimeError, Sample(make(3)), match='at least 2 dimensions')
    yield Error(RuntimeError, Sample(make(3, 3, dtype='int64')), match='Expected a floating point or complex tensor')


def singular_errors(make: Maker) -> Iterator[Error]:
    yield from errors(make)
    yield Error(RuntimeError, Sample(make.array(np.zeros((2, 2)))))


def system_errors(make: Maker) -> Iterator[Error]:
    a, p = make.array(np.eye(3)), make.array([1, 2, 3], 'int32')
    yield Error(RuntimeError, Sample(a, p, make(4, 1)), match='Incompatible matrix sizes')
    yield Error(RuntimeError, Sample(a, make(3), make(3, 1)), match='Expected pivots to be integers')
    yield Error(RuntimeError, Sample(a, make.array([1, 2], 'int32'), make(3, 1)), match='LD.shape')
    yield Error(RuntimeError, Sample(a, p, make(3, 1, dtype='float64')), match='same dtype')


def no_rows(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make.array(np.eye(3)), make.array([1, 2, 7], 'int32'), make(3, 1)), match='not those of')


def low(make: Maker, dtype: str) -> Iterator[Sample]:
    rank2 = np.outer(np.arange(1, 6), np.arange(1, 5)) + np.outer([3, 0, -2, 0, 1], [1, -2, 0, 4])
    yield Sample(make.array(rank2, grad=False), q=2)
    yield Sample(make(2, 3, 6, grad=False), q=2, niter=3)


def too_many(make: Maker) -> Iterator[Error]:
    yield Error(ValueError, Sample(make(3, 4), q=4), match='not greater than')
    yield Error(ValueError, Sample(make(3, 4), niter=-1), match='non-negative integer')


SIGNS = 'signs of the vectors depend on the LAPACK library'
SPECS = [
    OpSpec('linalg.ldl_factor', matrices, NUMBERS, grad=False, tol=ROUNDING, errors=singular_errors),
    OpSpec('linalg.ldl_factor_ex', singular, NUMBERS, grad=False, tol=ROUNDING, errors=errors),
    OpSpec('linalg.ldl_solve', systems, NUMBERS, grad=False, tol=ROUNDING, errors=system_errors, strides=False),
    OpSpec('linalg.ldl_solve', systems, ('float32',), grad=False, errors=no_rows, parity=False,
           note='PyTorch reads outside the matrix', tol=ROUNDING),
    OpSpec('svd_lowrank', low, grad=False, tol=ROUNDING, parity=False, note=SIGNS),
    OpSpec('pca_lowrank', low, grad=False, tol=ROUNDING, parity=False, note=SIGNS, errors=too_many),
]
