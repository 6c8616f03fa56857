"""Singular values and vectors of a matrix of low rank, from its products with random vectors (Halko and others, 2009)."""

from .._core import checks
from .linalg_qr import qr
from .linalg_spectral import svd
from .random import randn

__all__ = ['pca_lowrank', 'svd_lowrank']


def _basis(a, q, niter):
    """Orthonormal columns whose span nearly holds the columns of `a`."""
    basis = qr(a @ randn(a.shape[-1], q, dtype=a.dtype)).Q
    for _ in range(niter):
        basis = qr(a @ qr(a.mH @ basis).Q).Q
    return basis


def svd_lowrank(A, q=6, niter=2, M=None):
    """The largest singular values of a matrix and their vectors: A ≈ U diag(S) V^H.

    Args:
        A (Tensor): one or more matrices.
        q (int): how many; a little more than the rank. Default: 6.
        niter (int): iterations, each a product with A and with A^H. Default: 2.
        M (Tensor, optional): taken from A first; broadcasts.

    Shape:
        - A: :math:`(*, M, N)`; U: :math:`(*, M, q)`, S: :math:`(*, q)`, V: :math:`(*, N, q)`.

    Returns:
        (U, S, V): a tuple.

    Example:
        >>> import cnet
        >>> cnet.svd_lowrank(cnet.diag(cnet.tensor([3., 2., 0.])), q=2)[1].round()
        tensor([3., 2.])
    """
    checks.tensor(A, 'svd_lowrank', 'A', 1)
    if M is not None:
        A = A - M.broadcast_to(A.shape)
    q, niter = 6 if q is None else q, 2 if niter is None else niter
    wide = A.shape[-2] < A.shape[-1]
    if wide:
        A = A.mH
    basis = _basis(A, q, niter)
    u, s, vh = svd(basis.mH @ A, full_matrices=False)
    u, v = basis @ u, vh.mH
    return (v, s, u) if wide else (u, s, v)


def pca_lowrank(A, q=None, center=True, niter=2):
    """The principal directions of data: `svd_lowrank` of the samples minus their mean.

    Args:
        A (Tensor): samples as rows, features as columns; one or more such matrices.
        q (int, optional): how many directions. Default: 6, or as many as there are.
        center (bool): subtract the mean of each column first. Default: True.
        niter (int): iterations. Default: 2.

    Shape:
        - A: :math:`(*, M, N)`; U: :math:`(*, M, q)`, S: :math:`(*, q)`, V: :math:`(*, N, q)`.

    Returns:
        (U, S, V): a tuple; the columns of V are the directions.

    Example:
        >>> import cnet
        >>> cnet.pca_lowrank(cnet.tensor([[1., 0.], [3., 0.]]), q=1)[1]
        tensor([1.4142])
    """
    checks.tensor(A, 'pca_lowrank', 'A', 1)
    m, n = A.shape[-2:]
    if q is None:
        q = min(6, m, n)
    elif not 0 <= q <= min(m, n):
        raise ValueError(f'q(={q}) must be non-negative integer and not greater than min(m, n)={min(m, n)}')
    if not niter >= 0:
        raise ValueError(f'niter(={niter}) must be non-negative integer')
    return svd_lowrank(A - A.mean(-2, keepdim=True) if center else A, q, niter)


PUBLIC = {'pca_lowrank': pca_lowrank, 'svd_lowrank': svd_lowrank}
METHODS = {}
