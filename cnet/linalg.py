"""Linear algebra: what PyTorch serves as `torch.linalg`. Loaded when it is first used."""

from ._ops._linalg import LinAlgError
from ._ops.chain import multi_dot
from ._ops.linalg_cholesky import cholesky, cholesky_ex
from ._ops.linalg_functions import det, matrix_exp, matrix_power, slogdet
from ._ops.linalg_ldl import ldl_factor, ldl_factor_ex, ldl_solve
from ._ops.linalg_least_squares import lstsq, matrix_rank, pinv
from ._ops.linalg_lu import lu, lu_factor, lu_factor_ex, lu_solve
from ._ops.linalg_norms import cond, matrix_norm, norm
from ._ops.linalg_products import cross, diagonal, vander, vecdot
from ._ops.linalg_qr import householder_product, qr
from ._ops.linalg_solve import inv, inv_ex, solve, solve_ex, tensorinv, tensorsolve
from ._ops.linalg_spectral import eig, eigh, eigvals, eigvalsh, svd, svdvals
from ._ops.linalg_triangular import solve_triangular
from ._ops.matmul import matmul
from ._ops.norms import vector_norm

__all__ = [
    'LinAlgError', 'cholesky', 'cholesky_ex', 'cond', 'cross', 'det', 'diagonal', 'eig', 'eigh', 'eigvals', 'eigvalsh',
    'householder_product', 'inv', 'inv_ex', 'ldl_factor', 'ldl_factor_ex', 'ldl_solve', 'lstsq', 'lu', 'lu_factor',
    'lu_factor_ex', 'lu_solve', 'matmul', 'matrix_exp', 'matrix_norm', 'matrix_power', 'matrix_rank', 'multi_dot', 'norm',
    'pinv', 'qr', 'slogdet', 'solve', 'solve_ex', 'solve_triangular', 'svd', 'svdvals', 'tensorinv', 'tensorsolve', 'vander',
    'vecdot', 'vector_norm',
]
