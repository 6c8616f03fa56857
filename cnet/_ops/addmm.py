"""A scaled sum of a tensor and a product of matrices or vectors: ``beta * input + alpha * product``."""

import numpy as np

from .. import _kernels as K
from .._core import checks
from .._core.dtype import promote_all
from .._core.inplace import copy_out, scalar_name
from .._core.op import Op
from ._products import check_bmm, check_mm, check_mv

P = K.pointwise

__all__ = ['addbmm', 'addmm', 'addmv', 'addr', 'baddbmm']


def scaled_sum(c, p, alpha, beta):
    """beta c + alpha p in the type of p; c does not count at all where beta is 0, not even its NaN."""
    if p.dtype.kind == 'b':
        return (c & bool(beta)) | (p & bool(alpha))
    if alpha != 1:
        p = p * p.dtype.type(alpha)
    if beta == 0:
        return p
    return p + (c if beta == 1 else c * p.dtype.type(beta))


class Sum(Op):
    """beta c + alpha product(a, b); subclasses say what the product is."""

    keep_in = (1, 2)

    def backward(self, g):
        alpha, beta = self.kw['alpha'], self.kw['beta']
        gc = g if beta == 1 else g * beta.conjugate()
        if not self.needs[1] and not self.needs[2]:
            return gc, None, None
        if alpha != 1:
            g = g * alpha.conjugate()
        a, b = self.saved(1).conj(), self.saved(2).conj()
        return (gc, self.left(g, b) if self.needs[1] else None, self.right(g, a) if self.needs[2] else None)


def _spread(c, shape):
    """c broadcast to a shape, which takes NumPy microseconds even where there is nothing to do."""
    return c if c.shape == shape else np.broadcast_to(c, shape)


class Addmm(Sum, name='AddmmBackward0'):
    @staticmethod
    def forward(c, a, b, alpha, beta):
        if alpha == 1 and beta == 1:
            return K.matmul.mm(a, b, _spread(c, (a.shape[0], b.shape[1])))
        return scaled_sum(c, K.matmul.mm(a, b), alpha, beta)

    def left(self, g, b):
        return g.mm(b.t())

    def right(self, g, a):
        return a.t().mm(g)


class Addmv(Sum, name='AddmvBackward0'):
    @staticmethod
    def forward(c, a, v, alpha, beta):
        return scaled_sum(c, K.matmul.mm(a, v[:, None])[:, 0], alpha, beta)

    def left(self, g, v):
        return g.outer(v)

    def right(self, g, a):
        return a.t().mv(g)


class Baddbmm(Sum, name='BaddbmmBackward0'):
    @staticmethod
    def forward(c, a, b, alpha, beta):
        if alpha == 1 and beta == 1:
            return K.matmul.bmm(a, b, _spread(c, (*a.shape[:2], b.shape[2])))
        return scaled_sum(c, K.matmul.bmm(a, b), alpha, beta)

    def left(self, g, b):
        return g.matmul(b.transpose(1, 2))

    def right(self, g, a):
        return a.transpose(1, 2).matmul(g)


class Addbmm(Baddbmm, name='AddbmmBackward0'):
    """The sum over the batch is one product of matrices: those of the batch side by side."""

    @staticmethod
    def forward(c, a, b, alpha, beta):
        side_by_side = a.transpose(1, 0, 2).reshape(a.shape[1], a.shape[0] * a.shape[2])
        return Addmm.forward(c, side_by_side, b.reshape(b.shape[0] * b.shape[1], b.shape[2]), alpha, beta)


class Addr(Sum, name='AddrBackward0'):
    @staticmethod
    def forward(c, a, b, alpha, beta, dtype):
        a, b, c = a.astype(dtype, copy=False), b.astype(dtype, copy=False), c.astype(dtype, copy=False)
        if dtype.kind == 'b':
            return (c & bool(beta)) | (np.logical_and.outer(a, b) & bool(alpha))
        if dtype.char not in 'fd':
            return scaled_sum(c, np.multiply.outer(a, b), alpha, beta)
        r = P.mul((a if alpha == 1 else P.mul(a, float(alpha)))[:, None], b)
        return r if beta == 0 else P.add(c if beta == 1 else P.mul(c, float(beta)), r, r if c.shape == r.shape else None)

    def left(self, g, b):
        return g.mv(b)

    def right(self, g, a):
        return g.t().mv(a)


def check_scale(x, alpha, beta):
    """Refuse complex factors of real numbers."""
    if (isinstance(alpha, complex) or isinstance(beta, complex)) and x.dtype.kind != 'c':
        raise RuntimeError(f'value cannot be converted to type {"double" if x.dtype.kind == "f" else "int64_t"} without overflow')


def check_sum(c, shape, np_dtype, name):
    """Refuse a first operand that does not broadcast to the product's shape, or has another type."""
    if c.shape != shape and (c.ndim > len(shape) or any(n != m and n != 1 for n, m in zip(c.shape[::-1], shape[::-1]))):
        if c.ndim > len(shape):
            raise RuntimeError(f'expand({scalar_name(c.dtype)}Tensor{{{list(c.shape)}}}, size={list(shape)}): the number of '
                               f'sizes provided ({len(shape)}) must be greater or equal to the number of dimensions in the '
                               f'tensor ({c.ndim})')
        i = next(i for i in range(1, c.ndim + 1) if c.shape[-i] not in (1, shape[-i]))
        raise RuntimeError(f'The expanded size of the tensor ({shape[-i]}) must match the existing size ({c.shape[-i]}) at '
                           f'non-singleton dimension {len(shape) - i}.  Target sizes: {list(shape)}.  Tensor sizes: '
                           f'{list(c.shape)}')
    if c.dtype != np_dtype:
        if name == 'mm':
            raise RuntimeError(f'self and mat2 must have the same dtype, but got {scalar_name(c.dtype)} and '
                               f'{scalar_name(np_dtype)}')
        raise RuntimeError(f'Input dtypes must be the same, got: input {c_name(c.dtype)}, batch1: {c_name(np_dtype)}, '
                           f'batch2: {c_name(np_dtype)}')


def c_name(np_dtype):
    """A type as this family's errors spell it."""
    return {'float32': 'float', 'float64': 'double', 'int64': 'long int'}.get(np_dtype.name, np_dtype.name)


def addmm(input, mat1, mat2, *, beta=1, alpha=1, out=None):
    """``beta * input + alpha * mat1 @ mat2``.

    Args:
        input (Tensor): broadcasts to (M, N); not looked at if `beta` is 0.
        mat1 (Tensor): (M, K).
        mat2 (Tensor): (K, N).
        beta, alpha (Number): the factors.
        out (Tensor, optional): where the result is written.

    Returns:
        Tensor: (M, N).

    Example:
        >>> import cnet
        >>> cnet.addmm(cnet.ones(2), cnet.ones(1, 3), cnet.ones(3, 2), alpha=2).tolist()
        [[7.0, 7.0]]
    """
    c = checks.tensor(input, 'addmm', 'input', 1)._a
    a, b = checks.tensor(mat1, 'addmm', 'mat1', 2)._a, checks.tensor(mat2, 'addmm', 'mat2', 3)._a
    if a.ndim != 2 or b.ndim != 2:
        which, x = ('mat1', a) if a.ndim != 2 else ('mat2', b)
        raise RuntimeError(f'{which} must be a matrix, got {x.ndim}-D tensor')
    check_mm(a, b)
    check_scale(a, alpha, beta)
    check_sum(c, (a.shape[0], b.shape[1]), a.dtype, 'mm')
    r = Addmm.apply(input, mat1, mat2, alpha=alpha, beta=beta)
    return r if out is None else copy_out(r, out)


def addmv(input, mat, vec, *, beta=1, alpha=1, out=None):
    """``beta * input + alpha * mat @ vec``.

    Args:
        input (Tensor): broadcasts to (M); not looked at if `beta` is 0.
        mat (Tensor): (M, K).
        vec (Tensor): (K).
        beta, alpha (Number): the factors.
        out (Tensor, optional): where the result is written.

    Returns:
        Tensor: (M).

    Example:
        >>> import cnet
        >>> cnet.addmv(cnet.ones(2), cnet.ones(2, 3), cnet.ones(3)).tolist()
        [4.0, 4.0]
    """
    c = checks.tensor(input, 'addmv', 'input', 1)._a
    a, v = checks.tensor(mat, 'addmv', 'mat', 2)._a, checks.tensor(vec, 'addmv', 'vec', 3)._a
    if a.ndim != 2 or v.ndim != 1 or c.ndim > 1:
        raise RuntimeError(f'vector + matrix @ vector expected, got {c.ndim}, {a.ndim}, {v.ndim}')
    if a.shape[1] != v.shape[0] or c.size not in (1, a.shape[0]):
        raise RuntimeError(f'size mismatch, got input ({c.size}), mat ({a.shape[0]}x{a.shape[1]}), vec ({v.shape[0]})')
    if not c.dtype == a.dtype == v.dtype:
        raise RuntimeError('addmv input tensors must have the same dtype, but got '
                           f'{scalar_name(c.dtype)}, {scalar_name(a.dtype)}, and {scalar_name(v.dtype)}')
    check_mv(a, v)
    check_scale(a, alpha, beta)
    r = Addmv.apply(input, mat, vec, alpha=alpha, beta=beta)
    return r if out is None else copy_out(r, out)


def baddbmm(input, batch1, batch2, *, beta=1, alpha=1, out=None):
    """``beta * input + alpha * batch1 @ batch2``, matrix by matrix.

    Args:
        input (Tensor): broadcasts to (B, M, N); not looked at if `beta` is 0.
        batch1 (Tensor): (B, M, K).
        batch2 (Tensor): (B, K, N).
        beta, alpha (Number): the factors.
        out (Tensor, optional): where the result is written.

    Returns:
        Tensor: (B, M, N).

    Example:
        >>> import cnet
        >>> cnet.baddbmm(cnet.ones(1), cnet.ones(2, 1, 3), cnet.ones(2, 3, 1)).tolist()
        [[[4.0]], [[4.0]]]
    """
    c, a, b = batch_operands(input, batch1, batch2, 'baddbmm', alpha, beta)
    check_sum(c, (*a.shape[:2], b.shape[2]), a.dtype, 'bmm')
    r = Baddbmm.apply(input, batch1, batch2, alpha=alpha, beta=beta)
    return r if out is None else copy_out(r, out)


def addbmm(input, batch1, batch2, *, beta=1, alpha=1, out=None):
    """``beta * input + alpha * (batch1 @ batch2).sum(0)``.

    Args:
        input (Tensor): broadcasts to (M, N); not looked at if `beta` is 0.
        batch1 (Tensor): (B, M, K).
        batch2 (Tensor): (B, K, N).
        beta, alpha (Number): the factors.
        out (Tensor, optional): where the result is written.

    Returns:
        Tensor: (M, N).

    Example:
        >>> import cnet
        >>> cnet.addbmm(cnet.ones(1), cnet.ones(2, 1, 3), cnet.ones(2, 3, 1)).tolist()
        [[7.0]]
    """
    c, a, b = batch_operands(input, batch1, batch2, 'addbmm', alpha, beta)
    check_sum(c, (a.shape[1], b.shape[2]), a.dtype, 'mm')
    r = Addbmm.apply(input, batch1, batch2, alpha=alpha, beta=beta)
    return r if out is None else copy_out(r, out)


def batch_operands(input, batch1, batch2, name, alpha, beta):
    """The three arrays of baddbmm and addbmm, checked."""
    c = checks.tensor(input, name, 'input', 1)._a
    a, b = checks.tensor(batch1, name, 'batch1', 2)._a, checks.tensor(batch2, name, 'batch2', 3)._a
    check_bmm(a, b)
    check_scale(a, alpha, beta)
    return c, a, b


def addr(input, vec1, vec2, *, beta=1, alpha=1, out=None):
    """``beta * input + alpha * outer(vec1, vec2)``.

    Args:
        input (Tensor): broadcasts to (M, N); not looked at if `beta` is 0.
        vec1 (Tensor): (M).
        vec2 (Tensor): (N).
        beta, alpha (Number): the factors.
        out (Tensor, optional): where the result is written.

    Returns:
        Tensor: (M, N), of the operands' common type.

    Example:
        >>> import cnet
        >>> cnet.addr(cnet.ones(1), cnet.ones(1), cnet.ones(2)).tolist()
        [[2.0, 2.0]]
    """
    c = checks.tensor(input, 'addr', 'input', 1)._a
    a, b = checks.tensor(vec1, 'addr', 'vec1', 2)._a, checks.tensor(vec2, 'addr', 'vec2', 3)._a
    for i, x in enumerate((a, b)):
        if x.ndim != 1:
            raise RuntimeError(f'addr: Expected 1-D argument vec{i + 1}, but got {x.ndim}-D')
    common = promote_all((input, vec1, vec2))
    for name, value in (('beta', beta), ('alpha', alpha)):
        if isinstance(value, float) and common.kind in 'iub':
            raise RuntimeError(f'For integral input tensors, argument {name} must not be a floating point number.')
    check_sum(c, (a.size, b.size), c.dtype, 'addr')
    r = Addr.apply(input, vec1, vec2, alpha=alpha, beta=beta, dtype=common)
    return r if out is None else copy_out(r, out)


METHODS = {'addbmm': addbmm, 'addmm': addmm, 'addmv': addmv, 'addr': addr, 'baddbmm': baddbmm}
INPLACE = {name + '_': function for name, function in METHODS.items()}
