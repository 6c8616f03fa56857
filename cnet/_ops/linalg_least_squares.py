"""Pseudoinverse, rank, and least squares."""

import numpy as np

from .. import return_types
from .._core import checks
from .._core.base import TensorBase, wrap
from .._core.inplace import copy_out
from .._core.op import Op
from ._linalg import check_square, deliver, matrices, mh, numbers, quiet
from .linalg_spectral import eigvalsh, svdvals

__all__ = ['lstsq', 'matrix_rank', 'pinv']

_DRIVERS = ('gels', 'gelsy', 'gelsd', 'gelss')


def _tolerances(A, atol, rtol, name):
    """Absolute and relative tolerance as arrays that broadcast with the batch. Default of `rtol`: max(M, N) eps, or 0
    beside an `atol` above 0."""
    shape = A._a.shape
    for value, arg in ((atol, 'atol'), (rtol, 'rtol')):
        if isinstance(value, TensorBase) and value.is_complex():
            raise RuntimeError(f'{name}: {arg} tensor of complex type is not supported.')
    dt = A._a.real.dtype
    atol = np.asarray(0.0 if atol is None else atol._a if isinstance(atol, TensorBase) else atol, dt)
    if rtol is None:
        rtol = np.where(atol > 0, dt.type(0), dt.type(max(shape[-2:], default=0) * np.finfo(dt).eps))
    rtol = np.asarray(rtol._a if isinstance(rtol, TensorBase) else rtol, dt)
    return atol, rtol


def _threshold(s, atol, rtol):
    """Singular values up to this count as zero. `s` is an array of their absolute values."""
    return np.maximum(atol, rtol * s.max(-1, initial=0))[..., None]


class Pinv(Op, name='LinalgPinvBackward0'):
    """The pseudoinverse."""

    keep_in = (0,)
    keep_out = (0,)

    @staticmethod
    def forward(a, atol, rtol, hermitian):
        if not a.size:
            return np.empty((*a.shape[:-2], a.shape[-1], a.shape[-2]), a.dtype)
        if hermitian:
            s, u = np.linalg.eigh(a)
            v = u
        else:
            u, s, vh = np.linalg.svd(a, full_matrices=False)
            v = mh(vh)
        size = np.abs(s)
        inverse = np.where(size > _threshold(size, atol, rtol), quiet(np.reciprocal, s), s.dtype.type(0))
        return (v * inverse[..., None, :]) @ mh(u)

    def backward(self, g):
        return pinv_grad(g, self.out(0), self.saved(0))


def pinv_grad(g, p, a):
    """Gradient of A from that of its pseudoinverse P (Golub and Pereyra 1973, formula 4.12), for constant rank."""
    gh, ph = g.mH, p.mH
    left = gh @ p @ ph
    right = ph @ p @ gh
    return -(ph @ g @ ph) + (left - a @ (p @ left)) + (right - (right @ p) @ a)


def pinv(A, *, atol=None, rtol=None, hermitian=False, out=None):
    """The pseudoinverse (Moore and Penrose) of every matrix.

    Args:
        A (Tensor): one or more matrices.
        atol (float or Tensor, optional): singular values up to this count as zero. Default: 0.
        rtol (float or Tensor, optional): and those up to this times the largest. Default: max(M, N) eps, or 0 beside an atol.
        hermitian (bool): the matrices are Hermitian, which is faster. Default: False.
        out (Tensor, optional): receives the result.

    Shape:
        - A: :math:`(*, M, N)`; result: :math:`(*, N, M)`.

    Returns:
        Tensor: the pseudoinverses.

    Example:
        >>> import cnet
        >>> cnet.linalg.pinv(cnet.tensor([[2.], [0.]]))
        tensor([[0.5000, 0.0000]])
    """
    return _pinv(A, atol, rtol, hermitian, out)


def _pinv(A, atol, rtol, hermitian, out):
    checks.tensor(A, 'linalg_pinv', 'A', 1)
    if A._a.ndim < 2 or A._a.dtype.char not in 'fdFD':
        kind = A.dtype.legacy if hasattr(A.dtype, 'legacy') else A.dtype
        raise RuntimeError(f'linalg.pinv({kind}{{{list(A._a.shape)}}}): expected a tensor with 2 or more dimensions of float, '
                           'double, cfloat or cdouble types')
    if hermitian:
        check_square(A, 'linalg.pinv')
    atol, rtol = _tolerances(A, atol, rtol, 'torch.linalg.pinv')
    r = Pinv.apply(A, atol=atol, rtol=rtol, hermitian=bool(hermitian))
    return r if out is None else copy_out(r, out)


def pinverse(input, rcond=1e-15):
    """The older form of `linalg.pinv`.

    Args:
        input (Tensor): one or more matrices.
        rcond (float): singular values up to this times the largest count as zero. Default: 1e-15.

    Returns:
        Tensor: the pseudoinverses.

    Example:
        >>> import cnet
        >>> cnet.pinverse(cnet.tensor([[2.], [0.]]))
        tensor([[0.5000, 0.0000]])
    """
    return _pinv(input, None, rcond, False, None)


def matrix_rank(A, tol=None, hermitian=False, *, atol=None, rtol=None, out=None):
    """How many singular values of every matrix are above a tolerance.

    Args:
        A (Tensor): one or more matrices.
        tol (float or Tensor, optional): older name of `atol`, beside which `rtol` is 0.
        hermitian (bool): the matrices are Hermitian, which is faster. Default: False.
        atol (float or Tensor, optional): singular values up to this count as zero. Default: 0.
        rtol (float or Tensor, optional): and those up to this times the largest. Default: max(M, N) eps, or 0 beside an atol.
        out (Tensor, optional): receives the result.

    Shape:
        - A: :math:`(*, M, N)`; result: :math:`(*)`.

    Returns:
        Tensor: the ranks, int64.

    Example:
        >>> import cnet
        >>> cnet.linalg.matrix_rank(cnet.ones(3, 2))
        tensor(1)
    """
    name = 'torch.linalg.matrix_rank'
    checks.tensor(A, 'linalg_matrix_rank', 'A', 1)
    if A._a.ndim < 2:
        raise RuntimeError(f'{name}: The input tensor input must have at least 2 dimensions.')
    if hermitian:
        check_square(A, 'linalg.matrix_rank')
    if tol is not None:
        atol, rtol = tol, 0.0
    atol, rtol = _tolerances(numbers(A, 'linalg.svd'), atol, rtol, name)
    shape = A._a.shape
    if not A._a.size:
        r = wrap(np.zeros(shape[:-2], np.int64))
    else:
        x = A.detach()
        s = np.abs((eigvalsh(x) if hermitian else svdvals(x))._a)
        r = wrap(np.asarray((s > _threshold(s, atol, rtol)).sum(-1)))
    return r if out is None else copy_out(r, out)


class Lstsq(Op, name='LinalgLstsqBackward0'):
    """Solution, residuals, rank and singular values of least squares, by singular values."""

    keep_in = (0, 1)
    n_out = 4
    materialize = False

    @staticmethod
    def forward(a, b, rcond, driver, vector):
        columns = b[..., None] if vector else b
        m, n = a.shape[-2:]
        u, s, vh = quiet(np.linalg.svd, a, full_matrices=False)
        small = s <= rcond * s.max(-1, keepdims=True, initial=0)
        full = driver == 'gels'
        inverse = np.where(small & (not full), s.dtype.type(0), quiet(np.reciprocal, s))
        x = mh(vh) @ (inverse[..., None] * (mh(u) @ columns))
        rank = np.sum(~small, -1)
        # LAPACK tells the residuals only where the system is overdetermined and of full rank.
        if m > n and driver != 'gelsy' and (full or (rank == n).all()):
            residuals = (np.abs(columns - a @ x) ** 2).sum(-2)
        else:
            residuals = np.empty(0, s.dtype)
        x = x[..., 0] if vector else x
        return (x, residuals, np.empty(0, np.int64) if full else np.asarray(rank, np.int64),
                s if driver in ('gelsd', 'gelss') else np.empty(0, s.dtype))

    def backward(self, g, g_residuals, *_):
        a, b = self.saved(0), self.saved(1)
        if self.kw['vector']:
            b = b.unsqueeze(-1)
            g = None if g is None else g.unsqueeze(-1)
        p = pinv(a)
        ga = gb = None
        if g is not None:
            gb = p.mH @ g
            ga = pinv_grad(g @ b.mH, p, a) if self.needs[0] else None
        if g_residuals is not None and g_residuals._a.size:
            # By the minimum the solution's own change does not count.
            x = p @ b
            rest = 2 * g_residuals.unsqueeze(-2) * (b - a @ x)
            gb = rest if gb is None else gb + rest
            ga_rest = -(rest @ x.mH)
            ga = ga_rest if ga is None else ga + ga_rest
        if gb is not None and self.kw['vector']:
            gb = gb.squeeze(-1)
        return ga, gb


def lstsq(A, B, rcond=None, *, driver=None, out=None):
    """The X with the least |A X - B|, and of those the one with the least |X|.

    Args:
        A (Tensor): one or more matrices.
        B (Tensor): the right-hand sides: columns of matrices, or vectors.
        rcond (float, optional): singular values up to this times the largest count as zero. Default: max(M, N) eps.
        driver (str, optional): 'gelsy' (the default), 'gels' (trusts that A has full rank), 'gelsd' or 'gelss' (which also
            return singular values). All are computed from singular values here.
        out (tuple of four Tensors, optional): receives the results.

    Shape:
        - A: :math:`(*, M, N)`, B: :math:`(*, M, K)` or :math:`(*, M)`, solution: :math:`(*, N, K)` or :math:`(*, N)`.

    Returns:
        named tuple: solution; residuals: sums of squares, if M > N and the rank is N (not by 'gelsy'); rank (not by 'gels');
        singular_values.

    Example:
        >>> import cnet
        >>> cnet.linalg.lstsq(cnet.tensor([[1.], [1.]]), cnet.tensor([[1.], [4.]])).solution
        tensor([[2.5000]])
    """
    name = 'torch.linalg.lstsq'
    checks.tensor(A, 'linalg_lstsq', 'A', 1)
    checks.tensor(B, 'linalg_lstsq', 'B', 2)
    if A._a.ndim < 2:
        raise RuntimeError(f'{name}: input must have at least 2 dimensions.')
    if B._a.ndim < 1:
        raise RuntimeError(f'{name}: other must have at least 1 dimension.')
    matrices(A, 'linalg.lstsq')
    if A._a.dtype != B._a.dtype:
        raise RuntimeError(f'{name}: Expected input and other to have the same dtype, but got input dtype {A.dtype} and other '
                           f'dtype {B.dtype}')
    driver = 'gelsy' if driver is None else driver
    if driver not in _DRIVERS:
        raise RuntimeError(f'{name}: parameter `driver` should be one of (gels, gelsy, gelsd, gelss)')
    a, b = A._a.shape, B._a.shape
    gap = len(a) - len(b)
    if gap not in (0, 1):
        raise RuntimeError(f'{name}: input.dim() must be greater or equal to other.dim() and (input.dim() - other.dim()) <= 1')
    vector = gap == 1
    if a[-2] != b[-1 if vector else -2]:
        raise RuntimeError(f'{name}: input.size(-2) should match other.size({-1 if vector else -2})')
    if rcond is None:
        rcond = max(a[-2:]) * float(np.finfo(A._a.dtype).eps)
    solution, residuals, rank, s = Lstsq.apply(A, B, rcond=float(rcond), driver=driver, vector=vector)
    return deliver((solution, residuals, rank, s.detach()), out, return_types.linalg_lstsq)


PUBLIC = {'pinverse': pinverse}
METHODS = PUBLIC
