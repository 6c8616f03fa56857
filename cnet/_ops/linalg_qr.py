"""QR factorization and products of Householder reflections."""

import numpy as np

from .. import return_types
from .._core import checks
from .._core.base import wrap
from .._core.inplace import copy_out
from .._core.op import Op
from ._linalg import column_major, deliver, matrices, numbers, quiet, same_types
from .join import cat
from .linalg_triangular import solve_triangular

__all__ = ['householder_product', 'qr']


class Qr(Op, name='LinalgQrBackward0'):
    """Q and R; mode 'r' leaves Q empty."""

    n_out = 2
    keep_out = (0, 1)
    materialize = False

    @staticmethod
    def forward(a, mode):
        if mode == 'r':
            return np.empty(0, a.dtype), quiet(np.linalg.qr, a, 'r')
        q, r = quiet(np.linalg.qr, a, mode)
        return column_major(q), column_major(r)

    def backward(self, gq, gr):
        mode = self.kw['mode']
        if mode == 'r':
            raise RuntimeError("The derivative of linalg.qr depends on Q, which is not computed when mode='r'. Please use "
                               "linalg.qr(A, mode='reduced') if you are going to differentiate through linalg.qr.")
        q, r = self.out(0), self.out(1)
        m, n = q._a.shape[-2], r._a.shape[-1]
        if mode == 'complete' and m > n:
            raise RuntimeError("The QR decomposition is not differentiable when mode='complete' and nrows > ncols.")
        if gq is None and gr is None:
            return None
        gq = q * 0 if gq is None else gq
        gr = r * 0 if gr is None else gr
        if m >= n:
            return _qr_grad(q, r, gq, gr)
        # The columns after the first m follow from Q: R2 = Q^H A2.
        r1, r2, gr2 = r[..., :m], r[..., m:], gr[..., m:]
        first = _qr_grad(q, r1, gq + q @ (r2 @ gr2.mH), gr[..., :m])
        return cat((first, q @ gr2), -1)


def _qr_grad(q, r, gq, gr):
    """Gradient of A = Q R with square R: [gQ + Q sym(triu(gR R^H - Q^H gQ))] R^-H."""
    inner = (gr @ r.mH - q.mH @ gq).triu()
    middle = inner + inner.mH
    middle = middle - (0.5 * middle.diagonal(0, -2, -1)).diag_embed()
    return solve_triangular(r.mH, gq + q @ middle, upper=False, left=False)


def qr(A, mode='reduced', *, out=None):
    """Factors A = Q R: orthonormal columns, and an upper triangle.

    Args:
        A (Tensor): one or more matrices.
        mode (str): 'reduced', 'complete' (Q square), or 'r' (Q is left empty). Default: 'reduced'.
        out (tuple of Tensors, optional): receives the results.

    Shape:
        - A: :math:`(*, M, N)`; Q: :math:`(*, M, K)`, R: :math:`(*, K, N)`; K is the smaller of M and N, or M if complete.

    Returns:
        named tuple: Q, R.

    Example:
        >>> import cnet
        >>> cnet.linalg.qr(cnet.tensor([[3.], [4.]])).R
        tensor([[-5.]])
    """
    matrices(A, 'linalg.qr')
    if mode not in ('reduced', 'complete', 'r'):
        raise RuntimeError(f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', or 'complete'")
    return deliver(Qr.apply(A, mode=mode), out, return_types.linalg_qr)


def qr_some(input, some=True, *, out=None):
    """The older form of `linalg.qr`.

    Args:
        input (Tensor): one or more matrices.
        some (bool): the reduced factors, not the complete ones. Default: True.
        out (tuple of Tensors, optional): receives the results.

    Returns:
        named tuple: Q, R.

    Example:
        >>> import cnet
        >>> cnet.qr(cnet.tensor([[3.], [4.]])).R
        tensor([[-5.]])
    """
    matrices(input, 'linalg.qr')
    return deliver(Qr.apply(input, mode='reduced' if some else 'complete'), out, return_types.qr)


def geqrf(input, *, out=None):
    """The QR factorization as LAPACK leaves it: R and, below it, the reflections whose product is Q.

    Args:
        input (Tensor): one or more matrices.
        out (tuple of Tensors, optional): receives the results.

    Shape:
        - input and a: :math:`(*, M, N)`; tau: :math:`(*, K)`, K the smaller of M and N.

    Returns:
        named tuple: a, tau; `linalg.householder_product(a, tau)` is Q.

    Example:
        >>> import cnet
        >>> cnet.geqrf(cnet.tensor([[3.], [4.]])).tau
        tensor([1.6000])
    """
    checks.tensor(input, 'geqrf', position=1)
    if input._a.ndim < 2:
        raise RuntimeError('torch.geqrf: input must have at least 2 dimensions.')
    numbers(input, 'torch.geqrf', 'input')
    return deliver(Geqrf.apply(input), out, return_types.geqrf)


class Geqrf(Op, name='GeqrfBackward0'):
    """Reflections and R."""

    n_out = 2

    @staticmethod
    def forward(a):
        h, tau = quiet(np.linalg.qr, a, 'raw')
        return h.swapaxes(-1, -2), tau

    def backward(self, *g):
        raise NotImplementedError('the derivative for geqrf is not implemented')


def householder_product(A, tau, *, out=None):
    """The first columns of a product of Householder reflections I - tau v v^H.

    Args:
        A (Tensor): the vectors v as columns, whose first entries (on the diagonal and above) are taken as 1 and 0.
        tau (Tensor): the factors.
        out (Tensor, optional): receives the result.

    Shape:
        - A and result: :math:`(*, M, N)` with M not less than N; tau: :math:`(*, K)`, K not more than N.

    Returns:
        Tensor: orthonormal columns, if A and tau come from `geqrf`.

    Example:
        >>> import cnet
        >>> cnet.linalg.householder_product(*cnet.geqrf(cnet.tensor([[3.], [4.]])))
        tensor([[-0.6000],
                [-0.8000]])
    """
    name = 'torch.linalg.householder_product'
    checks.tensor(A, 'linalg_householder_product', 'input', 1)
    checks.tensor(tau, 'linalg_householder_product', 'tau', 2)
    a, t = A._a.shape, tau._a.shape
    if len(a) < 2:
        raise RuntimeError(f'{name}: input must have at least 2 dimensions.')
    if a[-2] < a[-1]:
        raise RuntimeError(f'{name}: input.shape[-2] must be greater than or equal to input.shape[-1]')
    if not t or a[-1] < t[-1]:
        raise RuntimeError(f'{name}: input.shape[-1] must be greater than or equal to tau.shape[-1]')
    if len(a) - len(t) != 1:
        raise RuntimeError(f'{name}: Expected tau to have one dimension less than input, but got tau.ndim equal to {len(t)} and '
                           f'input.ndim is equal to {len(a)}')
    if a[:-2] != t[:-1]:
        raise RuntimeError(f'{name}: Expected batch dimensions of tau to be equal to input.shape[:-2], but got {list(t[:-1])}')
    same_types(tau, A, name, 'tau', 'input')
    numbers(A, name, 'input')
    start = A.tril(-a[-2]) + wrap(np.eye(a[-2], a[-1], dtype=A._a.dtype))  # zeros, and the identity
    r = _reflect(A, tau, start, False)
    return r if out is None else copy_out(r, out)


def _reflect(a, tau, c, adjoint):
    """H_1 H_2 ... H_k C for tensors, or the adjoint of that product times C."""
    m, k = a._a.shape[-2], tau._a.shape[-1]
    v = a[..., :k].tril(-1) + wrap(np.eye(m, k, dtype=a._a.dtype))
    for i in range(k) if adjoint else range(k - 1, -1, -1):
        column = v[..., i, None]
        t = tau[..., i, None, None]
        c = c - (t.conj() if adjoint else t) * column * (column.mH @ c)
    return c


def ormqr(input, tau, other, left=True, transpose=False, *, out=None):
    """The product of a matrix with Q, given as Householder reflections.

    Args:
        input (Tensor): the vectors of the reflections, from `geqrf`.
        tau (Tensor): their factors, from `geqrf`.
        other (Tensor): what Q multiplies.
        left (bool): False multiplies from the right. Default: True.
        transpose (bool): take the conjugate transpose of Q. Default: False.
        out (Tensor, optional): receives the result.

    Shape:
        - input: :math:`(*, M, K)`, tau: :math:`(*, K)`, other and result: :math:`(*, M, N)`, or :math:`(*, N, M)` if not `left`.

    Returns:
        Tensor: Q @ other.

    Example:
        >>> import cnet
        >>> cnet.ormqr(*cnet.geqrf(cnet.tensor([[3.], [4.]])), cnet.tensor([[3.], [4.]]), transpose=True)
        tensor([[-5.],
                [ 0.]])
    """
    for i, (name, x) in enumerate((('input', input), ('tau', tau), ('other', other))):
        checks.tensor(x, 'ormqr', name, i + 1)
    if input._a.ndim < 2:
        raise RuntimeError('torch.ormqr: input must have at least 2 dimensions.')
    if other._a.ndim < 2:
        raise RuntimeError('torch.ormqr: other must have at least 2 dimensions.')
    side = -2 if left else -1
    if other._a.shape[side] < tau._a.shape[-1]:
        raise RuntimeError(f'torch.ormqr: other.shape[{side}] must be greater than or equal to tau.shape[-1]')
    if other._a.shape[side] != input._a.shape[-2]:
        raise RuntimeError(f'torch.ormqr: other.shape[{side}] must be equal to input.shape[-2]')
    if tau._a.shape[-1] > input._a.shape[-1]:
        raise RuntimeError('torch.ormqr: tau.shape[-1] must be less than or equal to input.shape[-1]')
    if input._a.ndim - tau._a.ndim != 1:
        raise RuntimeError('torch.ormqr: Expected tau to have one dimension less than input, but got tau.ndim equal to '
                           f'{tau._a.ndim} and input.ndim is equal to {input._a.ndim}')
    if input._a.ndim != other._a.ndim:
        raise RuntimeError('torch.ormqr: Expected other to have the same number of dimensions as input')
    if tau._a.shape[:-1] != input._a.shape[:-2]:
        raise RuntimeError('torch.ormqr: Expected batch dimensions of tau to be equal to input.shape[:-2], but got '
                           f'{list(tau._a.shape[:-1])}')
    if other._a.shape[:-2] != input._a.shape[:-2]:
        raise RuntimeError('torch.ormqr: Expected batch dimensions of other to be equal to input.shape[:-2], but got '
                           f'{list(other._a.shape[:-2])}')
    same_types(tau, input, 'torch.ormqr', 'tau', 'input')
    same_types(other, input, 'torch.ormqr', 'other', 'input')
    numbers(input, 'torch.ormqr', 'input')
    # X Q is (Q^H X^H)^H.
    r = _reflect(input, tau, other, bool(transpose)) if left else _reflect(input, tau, other.mH, not transpose).mH
    return r if out is None else copy_out(r, out)


qr_some.__name__ = qr_some.__qualname__ = 'qr'
PUBLIC = {'geqrf': geqrf, 'orgqr': householder_product, 'ormqr': ormqr, 'qr': qr_some}
METHODS = PUBLIC
