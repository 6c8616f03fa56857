"""Functions of square matrices: determinant, trace, powers, exponential."""

from math import prod

import numpy as np

from .. import return_types
from .._core import checks, errors
from .._core.arrays import contiguous
from .._core.base import wrap
from .._core.inplace import copy_out
from .._core.op import Op
from ._linalg import deliver, quiet, squares
from .join import cat
from .linalg_lu import factor
from .linalg_solve import InvEx, inv
from .linalg_spectral import Svd

__all__ = ['det', 'matrix_exp', 'matrix_power', 'slogdet']


class Det(Op, name='LinalgDetBackward0'):
    """The determinant."""

    keep_in = (0,)
    keep_out = (0,)

    @staticmethod
    def forward(a):
        n = a.shape[-1]
        if n < 64:
            return quiet(np.linalg.det, a)
        lu, pivots, _ = factor(a)
        odd = (pivots != np.arange(1, n + 1)).sum(-1) % 2
        return quiet(lambda: np.asarray(lu.diagonal(0, -2, -1).prod(-1) * (1 - 2 * odd).astype(a.dtype)))

    def backward(self, g):
        a, y = self.saved(0), self.out(0)
        if y._a.size and not (y._a == 0).any():
            inverse, info = InvEx.apply(a)
            if not info._a.any():
                return (g * y.conj())[..., None, None] * inverse.mH
        return g[..., None, None] * _cofactors(a)


def _cofactors(a):
    """Conjugated cofactors from singular values, also of singular matrices: det(U) det(Vh) U diag(other s) Vh."""
    u, s, vh = Svd.apply(a, full=False)
    n = s._a.shape[-1]
    others = s.unsqueeze(-2).expand(*s._a.shape, n).masked_fill(wrap(np.eye(n, dtype=bool)), 1).prod(-1)
    sign = (u.detach() @ vh.detach())._a  # a unitary matrix, whose determinant hardly moves where the product of others does
    sign = wrap(np.asarray(np.linalg.det(sign)))
    return sign[..., None, None] * ((u * others.unsqueeze(-2)) @ vh)


class Slogdet(Op, name='LinalgSlogdetBackward0'):
    """Sign (or phase) of the determinant, and the logarithm of its size."""

    keep_in = (0,)
    keep_out = (0,)
    n_out = 2
    materialize = False

    @staticmethod
    def forward(a):
        sign, size = quiet(np.linalg.slogdet, a)
        return np.asarray(sign, a.dtype), np.asarray(size, a.real.dtype)

    def backward(self, g_sign, g_size):
        a = self.saved(0)
        if a.is_complex() and g_sign is not None:
            turn = (g_sign.conj() * self.out(0)).imag * 1j
            w = turn if g_size is None else turn + g_size
            w = w.conj()
        elif g_size is None:
            return None
        else:
            w = g_size
        return w[..., None, None] * InvEx.apply(a)[0].mH


def det(A, *, out=None):
    """The determinant of every matrix.

    Args:
        A (Tensor): one or more square matrices.
        out (Tensor, optional): receives the result.

    Shape:
        - A: :math:`(*, N, N)`; result: :math:`(*)`.

    Returns:
        Tensor: the determinants.

    Example:
        >>> import cnet
        >>> cnet.linalg.det(cnet.tensor([[2., 1.], [0., 4.]]))
        tensor(8.)
    """
    squares(A, 'linalg.det')
    r = Det.apply(A)
    return r if out is None else copy_out(r, out)


def slogdet(A, *, out=None):
    """Sign and logarithm of the absolute value of the determinant, which may be outside the range of floats.

    Args:
        A (Tensor): one or more square matrices.
        out (tuple of Tensors, optional): receives the results.

    Shape:
        - A: :math:`(*, N, N)`; results: :math:`(*)`.

    Returns:
        named tuple: sign (of absolute value 1, or 0), logabsdet.

    Example:
        >>> import cnet
        >>> cnet.linalg.slogdet(cnet.tensor([[1., 2.], [3., 4.]])).sign
        tensor(-1.)
    """
    squares(A, 'linalg.slogdet')
    return deliver(Slogdet.apply(A), out, return_types.linalg_slogdet)


def _slogdet(input):
    """`linalg.slogdet` as `cnet.slogdet`.

    Args:
        input (Tensor): one or more square matrices.

    Returns:
        named tuple: sign, logabsdet.

    Example:
        >>> import cnet
        >>> cnet.slogdet(cnet.eye(2)).logabsdet
        tensor(0.)
    """
    squares(input, 'linalg.slogdet')
    return return_types.slogdet(Slogdet.apply(input))


def logdet(input):
    """The logarithm of the determinant; NaN where that is negative.

    Args:
        input (Tensor): one or more square matrices.

    Shape:
        - input: :math:`(*, N, N)`; result: :math:`(*)`.

    Returns:
        Tensor: log(det(input)).

    Example:
        >>> import cnet
        >>> cnet.logdet(cnet.eye(3))
        tensor(0.)
    """
    squares(input, 'logdet')
    sign, size = Slogdet.apply(input)
    if sign.is_complex():
        return sign.log() + size
    return size.where(sign != -1, wrap(np.array(np.nan, size._a.dtype)))


class Trace(Op, name='TraceBackward0'):
    """The sum of the diagonal."""

    keep_in = (0,)

    @staticmethod
    def forward(a):
        return np.asarray(np.add.reduce(a.diagonal(), dtype=np.int64 if a.dtype.kind in 'biu' else a.dtype))

    def backward(self, g):
        shape = self.in_shape(0)
        return g * wrap(np.eye(*shape, dtype=g._a.dtype))


def trace(input):
    """The sum of the diagonal of a matrix.

    Args:
        input (Tensor): one matrix.

    Returns:
        Tensor: one number.

    Example:
        >>> import cnet
        >>> cnet.trace(cnet.tensor([[1., 2.], [3., 4.]]))
        tensor(5.)
    """
    checks.tensor(input, 'trace', position=1)
    if input._a.ndim != 2:
        raise RuntimeError(f'trace: expected a matrix, but got tensor with dim {input._a.ndim}')
    if input._a.dtype.kind == 'b':
        raise errors.not_implemented('trace', input._a.dtype)
    return Trace.apply(input)


def matrix_power(A, n, *, out=None):
    """The product of a matrix with itself, n times.

    Args:
        A (Tensor): one or more square matrices.
        n (int): negative for powers of the inverse.
        out (Tensor, optional): receives the result.

    Shape:
        - A and result: :math:`(*, N, N)`.

    Returns:
        Tensor: A to the power of n.

    Example:
        >>> import cnet
        >>> cnet.linalg.matrix_power(cnet.tensor([[1., 1.], [0., 1.]]), 5)
        tensor([[1., 5.],
                [0., 1.]])
    """
    checks.tensor(A, 'linalg_matrix_power', 'A', 1)
    n = checks.integer(n, 'linalg_matrix_power', 'n', 2)
    shape = A._a.shape
    if len(shape) < 2:
        raise RuntimeError('linalg.matrix_power: The input tensor A must have at least 2 dimensions.')
    if shape[-1] != shape[-2]:
        raise RuntimeError(f'linalg.matrix_power: A must be batches of square matrices, but they are {shape[-2]} by {shape[-1]} '
                           'matrices')
    r = inv(A) if n == -1 else _power(A, n) if n >= 0 else _power(inv(A), -n)
    return r if out is None else copy_out(r, out)


def _power(A, n):
    if n == 0:
        r = A.clone()
        r.copy_(wrap(np.eye(A._a.shape[-1], dtype=A._a.dtype)))
        return r
    if n == 1:
        return A.clone()
    square, r = A, None
    while True:
        if n & 1:
            r = square if r is None else r @ square
        n >>= 1
        if not n:
            return r
        square = square @ square


# Coefficients of the diagonal Pade approximants to exp, and the norms up to which each is exact in float64 (Higham, "The
# scaling and squaring method for the matrix exponential revisited", 2005, table 2.3).
_PADE = {3: (120, 60, 12, 1), 5: (30240, 15120, 3360, 420, 30, 1),
         7: (17297280, 8648640, 1995840, 277200, 25200, 1512, 56, 1),
         9: (17643225600, 8821612800, 2075673600, 302702400, 30270240, 2162160, 110880, 3960, 90, 1),
         13: (64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000, 10559470521600,
              670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182, 1)}
_REACH = {3: 1.495585217958292e-2, 5: 2.539398330063230e-1, 7: 9.504178996162932e-1, 9: 2.097847961257068, 13: 5.371920351148152}


def _exponential(a):
    """exp of an array of matrices, each as if it were alone; float32 is computed in float64."""
    n = a.shape[-1]
    wide = np.complex128 if a.dtype.kind == 'c' else np.float64
    flat = a.reshape(prod(a.shape[:-2]), n, n).astype(wide)
    size = np.abs(flat).sum(-2).max(-1, initial=0)
    r = np.full_like(flat, np.nan)
    done = ~np.isfinite(size)
    for degree, reach in _REACH.items():
        chosen = ~done & ((size <= reach) | (degree == 13))
        done |= chosen
        if chosen.any():
            scale = np.maximum(0, np.ceil(np.log2(np.maximum(size[chosen], reach) / reach))).astype(int)
            r[chosen] = _squared(_pade(np.ldexp(1.0, -scale)[:, None, None] * flat[chosen], _PADE[degree]), scale)
    return r.reshape(a.shape).astype(a.dtype)


def _pade(a, b):
    """The approximant N(A) / N(-A) with the coefficients `b` of N."""
    square = a @ a
    power = np.broadcast_to(np.eye(a.shape[-1], dtype=a.dtype), a.shape)
    even, odd = b[0] * power, b[1] * power
    for i in range(2, len(b), 2):
        power = power @ square
        even = even + b[i] * power
        odd = odd + b[i + 1] * power
    odd = a @ odd
    return np.linalg.solve(even - odd, even + odd)


def _squared(r, times):
    """Every matrix squared as often as `times` says for it."""
    for i in range(times.max(initial=0)):
        again = times > i
        r[again] = r[again] @ r[again]
    return r


class MatrixExp(Op, name='LinalgMatrixExpBackward0'):
    """exp(A)."""

    keep_in = (0,)

    @staticmethod
    def forward(a):
        return quiet(_exponential, a)

    def backward(self, g):
        return MatrixExpGrad.apply(g, self.saved(0).mH)


class MatrixExpGrad(Op, name='MatrixExpGradBackward0'):
    """The upper right block of exp [[A, G], [0, A]]: the derivative of exp at A in the direction G."""

    keep_in = (0, 1)

    @staticmethod
    def forward(g, a):
        n = a.shape[-1]
        block = np.zeros((*a.shape[:-2], 2 * n, 2 * n), a.dtype)
        block[..., :n, :n] = block[..., n:, n:] = a
        block[..., :n, n:] = g
        return contiguous(quiet(_exponential, block)[..., :n, n:])

    def backward(self, h):
        g, a = self.saved(0), self.saved(1)
        dg = MatrixExpGrad.apply(h, a.mH)
        if not self.needs[1]:
            return dg, None
        # The derivative in A of the block's exponential, by the same rule one level up.
        n = a._a.shape[-1]
        zero = a * 0
        block = _blocks(a, g, zero)
        whole = MatrixExpGrad.apply(_blocks(zero, h, zero), block.mH)
        return dg, whole[..., :n, :n] + whole[..., n:, n:]


def _blocks(diagonal, upper, zero):
    """[[D, U], [0, D]] of tensors."""
    return cat((cat((diagonal, upper), -1), cat((zero, diagonal), -1)), -2)


def matrix_exp(A):
    """The exponential of every matrix: the sum of A^k / k! over all k.

    Args:
        A (Tensor): one or more square matrices.

    Shape:
        - A and result: :math:`(*, N, N)`.

    Returns:
        Tensor: exp(A).

    Example:
        >>> import cnet
        >>> cnet.linalg.matrix_exp(cnet.tensor([[0., 1.], [0., 0.]]))
        tensor([[1., 1.],
                [0., 1.]])
    """
    squares(A, 'linalg.matrix_exp')
    return MatrixExp.apply(A)


_slogdet.__name__ = _slogdet.__qualname__ = 'slogdet'
PUBLIC = {'det': det, 'logdet': logdet, 'matrix_exp': matrix_exp, 'matrix_power': matrix_power, 'slogdet': _slogdet,
          'trace': trace}
METHODS = PUBLIC
