"""Linear algebra: factorizations, solving, functions of matrices, norms."""
from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from . import COMPLEXES, FLOATS, Error, Leaf, Maker, OpSpec, Sample

NUMBERS = FLOATS + COMPLEXES
INF = float('inf')
# LAPACK's own rounding, amplified by the condition of these matrices (below 30) and, in gradients, by its square.
ROUNDING = {'float32': (2e-4, 2e-4, 'condition of the matrices'), 'complex64': (2e-4, 2e-4, 'condition of the matrices')}
OLD = 'PyTorch warns that it is deprecated'
SIGNS = 'signs of the vectors depend on the LAPACK library'


def invertible(make: Maker, *shape: int) -> Leaf:
    """Diagonally dominant matrices, whose diagonal differs from entry to entry."""
    leaf = make(*shape, low=-0.5, high=0.5)
    n = shape[-1]
    leaf.array = (leaf.array + np.diag(np.arange(2, n + 2) * (1 - 2 * (np.arange(n) % 2)))).astype(leaf.array.dtype)
    return leaf


def positive(make: Maker, *shape: int) -> Leaf:
    leaf = invertible(make, *shape)
    a = leaf.array
    leaf.array = (a @ a.swapaxes(-1, -2).conj()).astype(a.dtype)
    return leaf


def squares(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(invertible(make, 3, 3))
    yield Sample(invertible(make, 2, 4, 4))
    yield Sample(make(0, 0))
    yield Sample(make(2, 0, 3, 3))


def hermitian(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(positive(make, 3, 3))
    yield Sample(positive(make, 2, 4, 4))


def both(function: Callable[[Maker, str], Iterator[Sample]], **kwargs: object) -> Callable[[Maker, str], Iterator[Sample]]:
    """The samples, and the same with keyword arguments."""
    def samples(make: Maker, dtype: str) -> Iterator[Sample]:
        yield from function(make, dtype)
        for sample in function(make, dtype):
            yield Sample(*sample.args, **kwargs)
    return samples


def rectangles(make: Maker, dtype: str) -> Iterator[Sample]:
    for m, n in ((3, 3), (4, 2), (2, 4)):
        leaf = make(2, m, n, low=-0.5, high=0.5)
        leaf.array = (leaf.array + 2 * np.eye(m, n) * np.arange(1, n + 1)).astype(leaf.array.dtype)
        yield Sample(leaf)


def symmetrized(make: Maker, dtype: str) -> Iterator[Sample]:
    """Any matrix: only one triangle is read, and the derivative is that of the Hermitian matrix."""
    yield Sample(positive(make, 3, 3))


def no_squares(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(2, 3)), match='A must be batches of square matrices, but they are 2 by 3 matrices')
    yield Error(RuntimeError, Sample(make(3, 3, dtype='int64')), match='Expected a floating point or complex tensor')
    yield Error(RuntimeError, Sample(make(3)))
    yield Error(TypeError, Sample([1.0]))


def no_matrices(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(3)), match='must have at least 2 dimensions')
    yield Error(TypeError, Sample([1.0]))


def systems(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(invertible(make, 3, 3), make(3))
    yield Sample(invertible(make, 3, 3), make(3, 2))
    yield Sample(invertible(make, 2, 3, 3), make(2, 3))
    yield Sample(invertible(make, 2, 3, 3), make(3, 2))
    yield Sample(invertible(make, 3, 3), make(2, 2, 3), left=False)
    yield Sample(make(0, 0), make(0, 2))


def system_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(3, 3), make(2)), match=r'Incompatible shapes .* \(3x3 and 2x1\)')
    yield Error(RuntimeError, Sample(make(2, 3), make(3, 1)), match='square matrices')
    yield Error(RuntimeError, Sample(make(3, 3), make(3, dtype='float64')), match='to have the same dtype')


def triangles(make: Maker, dtype: str) -> Iterator[Sample]:
    for upper in (True, False):
        yield Sample(invertible(make, 3, 3), make(3, 2), upper=upper)
        yield Sample(invertible(make, 2, 3, 3), make(4, 3), upper=upper, left=False)
        yield Sample(invertible(make, 3, 3), make(2, 3, 2), upper=upper, unitriangular=True)


def triangle_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(2, 2), make(3, 1), upper=True), match=r'Incompatible shapes .* \(2x2 and 3x1\)')
    yield Error(RuntimeError, Sample(make(2, 3), make(3, 1), upper=True), match='square matrices')


def old_triangles(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(3, 2), invertible(make, 3, 3))
    yield Sample(make(3, 2), invertible(make, 3, 3), upper=False, transpose=True)


def with_factor(make: Maker, dtype: str) -> Iterator[Sample]:
    for upper in (False, True):
        leaf = positive(make, 2, 3, 3)
        lower = np.linalg.cholesky(leaf.array)
        leaf.array = np.ascontiguousarray(lower.swapaxes(-1, -2).conj()) if upper else lower
        yield Sample(make(2, 3, 2), leaf, upper)


def factors(make: Maker, dtype: str) -> Iterator[Sample]:
    for sample in with_factor(make, dtype):
        yield Sample(*sample.args[1:])


def packed(make: Maker, dtype: str) -> Iterator[Sample]:
    for m, n in ((3, 3), (4, 2), (2, 4)):
        pivots = make.array(np.tile(np.arange(1, min(m, n) + 1)[::-1].clip(2 if m > 2 else 1), (2, 1)), 'int32', grad=False)
        yield Sample(make(2, m, n), pivots)


def packed_systems(make: Maker, dtype: str) -> Iterator[Sample]:
    pivots = make.array([3, 2, 3], 'int32', grad=False)
    for adjoint in (False, True):
        yield Sample(invertible(make, 3, 3), pivots, make(3, 2), adjoint=adjoint)
        yield Sample(invertible(make, 3, 3), pivots, make(2, 3), adjoint=adjoint, left=False)


def old_packed_systems(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(3, 2), invertible(make, 3, 3), make.array([3, 2, 3], 'int32', grad=False))


def qr_modes(make: Maker, dtype: str) -> Iterator[Sample]:
    yield from rectangles(make, dtype)
    yield Sample(invertible(make, 3, 3), mode='complete')


def qr_errors(make: Maker) -> Iterator[Error]:
    yield from no_matrices(make)
    yield Error(RuntimeError, Sample(make(3, 2), mode='x'), match="unrecognized mode 'x'")


def reflections(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(4, 2), make(2, low=0.5, high=1))
    yield Sample(make(2, 3, 3), make(2, 2, low=0.5, high=1))


def reflection_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(2, 3), make(3)), match='greater than or equal to input.shape')


def reflected(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(4, 2), make(2, low=0.5, high=1), make(4, 3))
    yield Sample(make(4, 2), make(2, low=0.5, high=1), make(3, 4), left=False, transpose=True)


def overdetermined(make: Maker, dtype: str) -> Iterator[Sample]:
    for sample in rectangles(make, dtype):
        yield Sample(*sample.args, make(2, sample.args[0].array.shape[1], 2), driver='gelsd')
    yield Sample(make(4, 2), make(4, 1))


def least_squares_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(3, 2), make(2, 1)), match='should match other.size')
    yield Error(RuntimeError, Sample(make(3, 2), make(3, 1), driver='x'), match='should be one of')


def powers(make: Maker, dtype: str) -> Iterator[Sample]:
    for n in (1, 2, 3, 5, -1, -2):
        yield Sample(invertible(make, 2, 3, 3), n)


def exponents(make: Maker, dtype: str) -> Iterator[Sample]:
    for size in (1e-3, 0.1, 0.5, 1, 4):
        yield Sample(make(2, 3, 3, low=-size, high=size))


def matrix_norms(make: Maker, dtype: str) -> Iterator[Sample]:
    for order in ('fro', 'nuc', 2, -2, 1, -1, INF, -INF):
        yield Sample(make(3, 4, distinct=True), order)
        yield Sample(make(3, 2, 4, distinct=True), order, dim=(2, 0), keepdim=True)
        yield Sample(make(3, 2, 4, distinct=True), order, dim=(0, 1))


def matrix_norm_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(3, 3), 3), match='Order 3 not supported')
    yield Error(RuntimeError, Sample(make(3)), match='at least 2 dimensions')
    yield Error(TypeError, Sample(make(3, 3), dim=1))


def any_norms(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(2, 3, 4))
    yield Sample(make(5), 3)
    yield Sample(make(3, 4), 'nuc')
    yield Sample(make(3, 4), 1)
    yield Sample(make(3, 4), 1, dim=0)
    yield Sample(make(2, 3, 4), 2, dim=(0, 2), keepdim=True)


def any_norm_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(2, 3, 4), 2), match='the input must be 1D or 2D. Got 3D')
    yield Error(RuntimeError, Sample(make(2, 3, 4), 2, dim=(0, 1, 2)), match='must be of length 1 or 2')


def conditions(make: Maker, dtype: str) -> Iterator[Sample]:
    for p in (None, 2, -2):
        yield Sample(invertible(make, 2, 3, 3), p)


def conditions_by_inverse(make: Maker, dtype: str) -> Iterator[Sample]:
    for p in (1, -1, INF, 'fro', 'nuc'):
        yield Sample(invertible(make, 2, 3, 3), p)


def condition_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(3, 2), 1), match='square matrices')


def ranks(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(3, 4))
    yield Sample(make.array([[1, 2], [2, 4]]))
    yield Sample(make.array([[1, 0], [0, 1e-3]]), atol=0.01)
    yield Sample(make.array([[1, 0], [0, 1e-3]]), rtol=0.01, hermitian=True)


def crosses(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(3), make(3))
    yield Sample(make(2, 1, 3), make(1, 4, 3))
    yield Sample(make(3, 2), make(3, 2), dim=0)


def cross_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(2), make(2)), match='must have length 3. Got 2 and 2')
    yield Error(RuntimeError, Sample(make(3), make(2, 3)), match='same number of dimensions')


def old_crosses(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(3, 2), make(3, 2), dim=0)
    yield Sample(make(4, 3), make(4, 3), dim=1)


def dots(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(3), make(3))
    yield Sample(make(2, 3), make(4, 1, 3))
    yield Sample(make(3, 2), make(3, 2), dim=0)


def dot_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(3), make(3, dtype='int64')), match='to have the same dtype')


def bases(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(3, away_from=0))
    yield Sample(make(2, 3, away_from=0), N=4)


def base_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(3), N=1), match='N must be greater than 1')


def maps(make: Maker, dtype: str) -> Iterator[Sample]:
    leaf = invertible(make, 6, 6)
    leaf.array = leaf.array.reshape(2, 3, 6)
    yield Sample(leaf, ind=2)


def map_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(2, 3, 4)), match='Expected self to satisfy the requirement')


def mapped(make: Maker, dtype: str) -> Iterator[Sample]:
    leaf = invertible(make, 6, 6)
    leaf.array = leaf.array.reshape(2, 3, 3, 2)
    yield Sample(leaf, make(2, 3))


def planes(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(2, 3, 4))
    yield Sample(make(2, 3, 4), offset=1, dim1=0, dim2=1)


def traces(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(3, 3))
    yield Sample(make(2, 4))


def trace_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(3)), match='expected a matrix, but got tensor with dim 1')


def spec(name: str, samples: Callable[[Maker, str], Iterator[Sample]], dtypes: tuple[str, ...] = NUMBERS,
         **kwargs: object) -> OpSpec:
    return OpSpec(name, samples, dtypes=dtypes, tol=ROUNDING, **kwargs)  # type: ignore[arg-type]


SPECS = [
    spec('linalg.inv', squares, ref=np.linalg.inv, errors=no_squares),
    spec('linalg.inv_ex', squares, errors=no_squares),
    spec('linalg.det', squares, ref=np.linalg.det, errors=no_squares),
    spec('linalg.slogdet', squares, ref=np.linalg.slogdet, errors=no_squares),
    spec('slogdet', squares),
    spec('logdet', hermitian, errors=no_squares),
    spec('linalg.solve', systems, strides=False, errors=system_errors),
    spec('linalg.solve_ex', systems, strides=False, errors=system_errors),
    spec('linalg.solve_triangular', triangles, strides=False, errors=triangle_errors),
    spec('triangular_solve', old_triangles, parity=False, note=OLD),
    spec('linalg.cholesky', both(hermitian, upper=True), errors=no_squares, grad=False),
    spec('linalg.cholesky_ex', hermitian, errors=no_squares, grad=False),
    spec('cholesky', hermitian, parity=False, note=OLD, grad=False),
    # The derivative is that of PyTorch, which does not mask the triangle that is not read.
    spec('cholesky_solve', with_factor, grad=False, strides=False),
    spec('cholesky_inverse', factors, grad=False),
    spec('linalg.lu', rectangles, errors=no_matrices),
    spec('linalg.lu_factor', rectangles, errors=no_matrices),
    spec('linalg.lu_factor_ex', rectangles, errors=no_matrices),
    spec('lu', rectangles, parity=False, note=OLD),
    spec('lu_unpack', packed),
    spec('linalg.lu_solve', packed_systems, strides=False, names=False),
    spec('lu_solve', old_packed_systems, parity=False, note=OLD),
    spec('linalg.qr', qr_modes, errors=qr_errors),
    spec('qr', rectangles, parity=False, note=OLD),
    spec('geqrf', rectangles, grad=False, strides=False),
    spec('linalg.householder_product', reflections, errors=reflection_errors, strides=False, names=False),
    spec('ormqr', reflected, strides=False, names=False),
    spec('linalg.svd', both(rectangles, full_matrices=False), FLOATS, parity=False, note=SIGNS, errors=no_matrices, grad=False),
    spec('linalg.svdvals', rectangles, errors=no_matrices),
    spec('svd', rectangles, FLOATS, parity=False, note=OLD),
    spec('linalg.eigh', symmetrized, FLOATS, parity=False, note=SIGNS, errors=no_squares, grad=False),
    spec('linalg.eigvalsh', symmetrized, FLOATS, errors=no_matrices, grad=False),
    spec('linalg.eig', squares, parity=False, note=SIGNS, errors=no_squares, grad=False),
    spec('linalg.eigvals', lambda make, dtype: iter(list(squares(make, dtype))[:2]), errors=no_squares, parity=False,
         note='the order of the eigenvalues depends on the LAPACK library'),
    spec('linalg.pinv', rectangles),
    spec('pinverse', rectangles),
    spec('linalg.matrix_rank', ranks, FLOATS, grad=False),
    spec('linalg.lstsq', overdetermined, strides=False, errors=least_squares_errors),
    spec('linalg.matrix_power', powers),
    spec('linalg.matrix_power', lambda make, dtype: iter([Sample(make(3, 3), 0)]), grad=False),
    spec('linalg.matrix_exp', exponents, errors=no_squares),
    spec('linalg.matrix_norm', matrix_norms, errors=matrix_norm_errors),
    spec('linalg.norm', any_norms, errors=any_norm_errors),
    spec('linalg.cond', conditions, errors=condition_errors),
    spec('linalg.cond', conditions_by_inverse, parity=False, note="PyTorch's backward fails: it writes to a saved tensor"),
    spec('linalg.cross', crosses, errors=cross_errors),
    spec('cross', old_crosses),
    spec('linalg.vecdot', dots, errors=dot_errors),
    spec('linalg.vander', bases, errors=base_errors),
    spec('linalg.tensorinv', maps, errors=map_errors, names=False),
    spec('linalg.tensorsolve', mapped),
    spec('linalg.diagonal', planes),
    spec('trace', traces, errors=trace_errors),
]
