"""Singular values and eigenvalues, with their vectors."""

import numpy as np

from .. import return_types
from .._core.base import wrap
from .._core.inplace import copy_out
from .._core.op import Op
from ._linalg import LinAlgError, column_major, deliver, matrices, quiet, squares

__all__ = ['eig', 'eigh', 'eigvals', 'eigvalsh', 'svd', 'svdvals']


def _converged(function, a, name, *args, **kwargs):
    """Call one of NumPy's iterations; LinAlgError where it does not converge, or could not because of NaN."""
    bad = a.size and not np.isfinite(a).all()
    if bad and name == 'linalg.svd':
        raise _failure(name, a, 'The algorithm failed to converge because the input matrix contained non-finite values.')
    try:
        if bad:
            raise np.linalg.LinAlgError
        return quiet(function, a, *args, **kwargs)
    except np.linalg.LinAlgError:
        raise _failure(name, a, 'The algorithm failed to converge because the input matrix is ill-conditioned or has too many '
                                'repeated eigenvalues.') from None


def _failure(name, a, text):
    if a.ndim > 2:
        text = f'(Batch element {int(np.argmin(np.isfinite(a).all((-1, -2)).ravel()))}): {text}'
    return LinAlgError(f'{name}: {text}')


class Svd(Op, name='LinalgSvdBackward0'):
    """U, S and Vh. Without vectors, they are kept for backward only."""

    n_out = 3
    keep_out = (0, 1, 2)
    materialize = False

    @staticmethod
    def forward(a, full):
        u, s, vh = _converged(np.linalg.svd, a, 'linalg.svd', full)
        return column_major(u), s, column_major(vh) if a.dtype.kind == 'c' else vh

    def backward(self, gu, gs, gvh):
        s = self.out(1)
        u, vh = self.out(0), self.out(2)
        k = s._a.shape[-1]
        if self.kw['full']:
            u, vh = u[..., :k], vh[..., :k, :]
            gu, gvh = None if gu is None else gu[..., :k], None if gvh is None else gvh[..., :k, :]
        return svd_grad(u, s, vh, gu, gs, gvh)


class Svdvals(Op, name='LinalgSvdBackward0'):
    """The singular values. The vectors are found again when a gradient is asked for."""

    keep_in = (0,)

    @staticmethod
    def forward(a):
        return _converged(np.linalg.svd, a, 'linalg.svd', compute_uv=False)

    def backward(self, g):
        u, _, vh = Svd.apply(self.saved(0), full=False)
        return (u * g.unsqueeze(-2)) @ vh


def svd_grad(u, s, vh, gu, gs, gvh):
    """Gradient of A from those of its reduced SVD; each may be None."""
    if gu is None and gvh is None:
        return None if gs is None else (u * gs.unsqueeze(-2)) @ vh
    m, n, k = u._a.shape[-2], vh._a.shape[-1], s._a.shape[-1]
    row, column = s.unsqueeze(-2), s.unsqueeze(-1)
    # 1 / (s_j^2 - s_i^2), and 0 on the diagonal, where the difference of the squares is factored to keep its digits.
    gap = ((row - column) * (row + column)).masked_fill(_eye(k), float('inf'))
    inner = None
    if gu is not None:
        u_gu = u.mH @ gu
        inner = (u_gu - u_gu.mH) / gap * row
    if gvh is not None:
        v_gv = vh @ gvh.mH
        right = column * ((v_gv - v_gv.mH) / gap)
        inner = right if inner is None else inner + right
    if gs is not None:
        inner = inner + gs.diag_embed()
    if gu is not None and u.is_complex():
        # The phase of a singular vector is free: only the part of its change that the loss can see is turned back.
        turn = u_gu.diagonal(0, -2, -1)
        inner = inner + ((turn - turn.conj()) / (2 * s)).diag_embed()
    g = u @ inner @ vh
    if gu is not None and m > k:
        scaled = gu / row
        g = g + (scaled - u @ (u.mH @ scaled)) @ vh
    if gvh is not None and n > k:
        scaled = gvh / column
        g = g + u @ (scaled - (scaled @ vh.mH) @ vh)
    return g


def _eye(n):
    return wrap(np.eye(n, dtype=bool))


class Eigh(Op, name='LinalgEighBackward0'):
    """Eigenvalues and vectors of Hermitian matrices."""

    n_out = 2
    keep_out = (0, 1)
    materialize = False

    @staticmethod
    def forward(a, uplo):
        values, vectors = _converged(np.linalg.eigh, a, 'linalg.eigh', uplo)
        return values, column_major(vectors)

    def backward(self, g, gv):
        values, v = self.out(0), self.out(1)
        if gv is None:
            return None if g is None else (v * g.unsqueeze(-2)) @ v.mH
        gap = (values.unsqueeze(-2) - values.unsqueeze(-1)).masked_fill(_eye(values._a.shape[-1]), float('inf'))
        turn = v.mH @ gv
        inner = 0.5 * (turn - turn.mH) / gap  # vectors stay orthonormal: only a turn of them counts
        if g is not None:
            inner = inner + g.diag_embed()
        return v @ inner @ v.mH


class Eigvalsh(Op, name='LinalgEighBackward0'):
    """Eigenvalues of Hermitian matrices. The vectors are found when a gradient is asked for."""

    keep_in = (0,)

    @staticmethod
    def forward(a, uplo):
        return _converged(np.linalg.eigvalsh, a, 'linalg.eigh', uplo)

    def backward(self, g):
        _, v = Eigh.apply(self.saved(0), uplo=self.kw['uplo'])
        return (v * g.unsqueeze(-2)) @ v.mH


class Eig(Op, name='LinalgEigBackward0'):
    """Eigenvalues and vectors of any square matrices, complex."""

    n_out = 2
    keep_out = (0, 1)
    materialize = False

    @staticmethod
    def forward(a):
        dt = np.result_type(a.dtype, np.complex64)
        values, vectors = _converged(np.linalg.eig, a, 'linalg.eig')
        return values.astype(dt, copy=False), column_major(vectors.astype(dt, copy=False))

    def backward(self, g, gv):
        values, v = self.out(0), self.out(1)
        vh = v.mH
        if gv is None:
            return None if g is None else _solve(vh, g.diag_embed() @ vh)
        v_gv = vh @ gv
        # Vectors have length 1: what would change their lengths is taken out.
        inner = v_gv - (vh @ v) * v_gv.diagonal(0, -2, -1).real.unsqueeze(-2)
        gap = (values.unsqueeze(-2) - values.unsqueeze(-1)).conj().masked_fill(_eye(values._a.shape[-1]), float('inf'))
        inner = inner / gap
        if g is not None:
            inner = inner + g.diag_embed()
        return _solve(vh, inner @ vh)


def _solve(a, b):
    return a.inverse() @ b


def _check_finite(A):
    if not np.isfinite(A._a).all():
        raise RuntimeError('torch.linalg.eig: input tensor should not contain infs or NaNs.')


def _uplo(UPLO):
    if not isinstance(UPLO, str):
        raise TypeError(f"linalg_eigh(): argument 'UPLO' (position 2) must be str, not {type(UPLO).__name__}")
    if UPLO.upper() not in ('L', 'U'):
        raise RuntimeError(f"Expected UPLO argument to be 'L' or 'U', but got {UPLO}")
    return UPLO.upper()


def _check_driver(driver, name):
    if driver is not None:
        raise RuntimeError(f'{name}: keyword argument `driver=` is only supported on CUDA inputs with cuSOLVER backend.')


def svd(A, full_matrices=True, *, driver=None, out=None):
    """Singular values and vectors: A = U diag(S) Vh.

    Args:
        A (Tensor): one or more matrices.
        full_matrices (bool): make U and Vh square; else they have only the K vectors that S belongs to. Default: True.
        driver (None): a choice there is only on GPUs.
        out (tuple of Tensors, optional): receives the results.

    Shape:
        - A: :math:`(*, M, N)`; U: :math:`(*, M, M)` or :math:`(*, M, K)`; S: :math:`(*, K)`; Vh: :math:`(*, N, N)` or
          :math:`(*, K, N)`; K is the smaller of M and N.

    Returns:
        named tuple: U, S (descending), Vh.

    Example:
        >>> import cnet
        >>> cnet.linalg.svd(cnet.tensor([[0., 3.], [2., 0.]])).S
        tensor([3., 2.])
    """
    matrices(A, 'linalg.svd')
    _check_driver(driver, 'linalg.svd')
    return deliver(Svd.apply(A, full=bool(full_matrices)), out, return_types.linalg_svd)


def svdvals(A, *, driver=None, out=None):
    """The singular values, largest first.

    Args:
        A (Tensor): one or more matrices.
        driver (None): a choice there is only on GPUs.
        out (Tensor, optional): receives the result.

    Shape:
        - A: :math:`(*, M, N)`; result: :math:`(*, K)`, K the smaller of M and N.

    Returns:
        Tensor: the singular values, real.

    Example:
        >>> import cnet
        >>> cnet.linalg.svdvals(cnet.tensor([[0., 3.], [2., 0.]]))
        tensor([3., 2.])
    """
    matrices(A, 'linalg.svd')
    _check_driver(driver, 'linalg.svd')
    r = Svdvals.apply(A)
    return r if out is None else copy_out(r, out)


def eigh(A, UPLO='L', *, out=None):
    """Eigenvalues and vectors of Hermitian matrices: A = Q diag(L) Q^H.

    Args:
        A (Tensor): one or more Hermitian (or real symmetric) matrices.
        UPLO (str): 'L' or 'U': the triangle to read. Default: 'L'.
        out (tuple of Tensors, optional): receives the results.

    Shape:
        - A and eigenvectors: :math:`(*, N, N)`; eigenvalues: :math:`(*, N)`.

    Returns:
        named tuple: eigenvalues (ascending, real), eigenvectors (as columns).

    Example:
        >>> import cnet
        >>> cnet.linalg.eigh(cnet.tensor([[2., 0.], [0., 1.]])).eigenvalues
        tensor([1., 2.])
    """
    squares(A, 'linalg.eigh')
    return deliver(Eigh.apply(A, uplo=_uplo(UPLO)), out, return_types.linalg_eigh)


def eigvalsh(A, UPLO='L', *, out=None):
    """Eigenvalues of Hermitian matrices, in ascending order.

    Args:
        A (Tensor): one or more Hermitian (or real symmetric) matrices.
        UPLO (str): 'L' or 'U': the triangle to read. Default: 'L'.
        out (Tensor, optional): receives the result.

    Shape:
        - A: :math:`(*, N, N)`; result: :math:`(*, N)`.

    Returns:
        Tensor: the eigenvalues, real.

    Example:
        >>> import cnet
        >>> cnet.linalg.eigvalsh(cnet.tensor([[2., 0.], [0., 1.]]))
        tensor([1., 2.])
    """
    squares(A, 'linalg.eigvalsh')
    r = Eigvalsh.apply(A, uplo=_uplo(UPLO))
    return r if out is None else copy_out(r, out)


def eig(A, *, out=None):
    """Eigenvalues and vectors of square matrices: A = V diag(L) V^-1.

    Args:
        A (Tensor): one or more square matrices.
        out (tuple of Tensors, optional): receives the results.

    Shape:
        - A and eigenvectors: :math:`(*, N, N)`; eigenvalues: :math:`(*, N)`.

    Returns:
        named tuple: eigenvalues and eigenvectors (as columns of length 1), complex.

    Example:
        >>> import cnet
        >>> cnet.linalg.eig(cnet.tensor([[2., 0.], [0., 1.]])).eigenvalues
        tensor([2.+0.j, 1.+0.j])
    """
    squares(A, 'linalg.eig')
    _check_finite(A)
    return deliver(Eig.apply(A), out, return_types.linalg_eig)


def eigvals(A, *, out=None):
    """Eigenvalues of square matrices.

    Args:
        A (Tensor): one or more square matrices.
        out (Tensor, optional): receives the result.

    Shape:
        - A: :math:`(*, N, N)`; result: :math:`(*, N)`.

    Returns:
        Tensor: the eigenvalues, complex, in no particular order.

    Example:
        >>> import cnet
        >>> cnet.linalg.eigvals(cnet.tensor([[0., -1.], [1., 0.]]))
        tensor([0.+1.j, 0.-1.j])
    """
    squares(A, 'linalg.eigvals')
    _check_finite(A)
    r = Eig.apply(A)[0]
    return r if out is None else copy_out(r, out)


def svd_some(input, some=True, compute_uv=True, *, out=None):
    """The older form of `linalg.svd`, which returns V and not its conjugate transpose.

    Args:
        input (Tensor): one or more matrices.
        some (bool): only as many vectors as there are singular values. Default: True.
        compute_uv (bool): else U and V are zeros. Default: True.
        out (tuple of Tensors, optional): receives the results.

    Returns:
        named tuple: U, S, V.

    Example:
        >>> import cnet
        >>> cnet.svd(cnet.tensor([[0., 3.], [2., 0.]])).S
        tensor([3., 2.])
    """
    matrices(input, 'linalg.svd')
    if compute_uv:
        u, s, vh = Svd.apply(input, full=not some)
        v = vh.mH
    else:
        shape, dt = input._a.shape, input._a.dtype
        s = Svdvals.apply(input)
        u, v = (wrap(np.zeros((*shape[:-2], n, n), dt)) for n in shape[-2:])
    return deliver((u, s, v), out, return_types.svd)


svd_some.__name__ = svd_some.__qualname__ = 'svd'
PUBLIC = {'svd': svd_some}
METHODS = PUBLIC
