"""Products of matrices and vectors, and the linear layer: closed under differentiation."""

from math import prod

import numpy as np

from .. import _kernels as K
from .._core import checks
from .._core.base import TensorBase
from .._core.inplace import copy_out, scalar_name
from .._core.op import Op, finish
from .._kernels._state import dtype_of
from ._products import check_batches, check_bmm, check_dot, check_linear, check_mm, check_mv

__all__ = ['bmm', 'dot', 'matmul', 'mm', 'mv', 'vdot']
FUNCTIONAL = ['linear']

_NATIVE = (np.dtype(np.float32), np.dtype(np.float64))


class Mm(Op, name='MmBackward0'):
    """a[M, K] b[K, N]; with at or bt that operand is given transposed, which costs nothing."""

    own_memory = True
    keep_in = (0, 1)

    @staticmethod
    def forward(a, b, at=False, bt=False):
        return K.matmul.mm(a, b, None, at, bt)

    def backward(self, g):
        return products(Mm, self, g)


class Bmm(Op, name='BmmBackward0'):
    """a[..., M, K] b[..., K, N] with leading dimensions that broadcast."""

    own_memory = True
    keep_in = (0, 1)

    @staticmethod
    def forward(a, b, at=False, bt=False):
        lead = a.shape[:-2]
        if lead != b.shape[:-2]:
            lead = np.broadcast_shapes(lead, b.shape[:-2])
            a = np.broadcast_to(a, lead + a.shape[-2:])
            b = np.broadcast_to(b, lead + b.shape[-2:])
        return K.matmul.bmm(a, b, None, at, bt)

    def backward(self, g):
        return products(Bmm, self, g)


class BmmView(Bmm, name='UnsafeViewBackward0'):
    """Bmm under the name that matmul shows."""


class BmmClone(Bmm, name='CloneBackward0'):
    """Bmm under the name that matmul shows for a matrix times a batch."""


def products(op, node, g):
    """Gradients of op(a, b, at, bt), products of the same kind."""
    a, b = node.saved(0), node.saved(1)
    at, bt = node.kw.get('at', False), node.kw.get('bt', False)
    ga = gb = None
    if node.needs[0]:
        b = b.conj()
        ga = op.apply(b, g, at=bt, bt=True) if at else op.apply(g, b, bt=not bt)
    if node.needs[1]:
        a = a.conj()
        gb = op.apply(g, a, at=True, bt=at) if bt else op.apply(a, g, at=not at)
    return ga, gb


class Mv(Op, name='MvBackward0'):
    """a[..., K] v[K]."""

    own_memory = True
    keep_in = (0, 1)

    @staticmethod
    def forward(a, v):
        return K.matmul.linear(a, v[None], None, True).reshape(a.shape[:-1])

    def backward(self, g):
        a, v = self.saved(0), self.saved(1)
        ga = g.unsqueeze(-1) * v.conj() if self.needs[0] else None
        if not self.needs[1]:
            return ga, None
        rows = g._a.size
        return ga, LinearVector.apply(g.reshape(rows), a.conj().reshape(rows, a._a.shape[-1]), None, t=False)


class MvView(Mv, name='UnsafeViewBackward0'):
    """Mv under the name that matmul shows for a batch times a vector."""


class Dot(Op, name='DotBackward0'):
    """Sum of products of two vectors."""

    keep_in = (0, 1)

    @staticmethod
    def forward(a, b):
        return K.matmul.mm(a[None], b[:, None])[0, 0]

    def backward(self, g):
        return (g * self.saved(1).conj() if self.needs[0] else None,
                g * self.saved(0).conj() if self.needs[1] else None)


class Vdot(Op, name='VdotBackward0'):
    """Dot with the conjugate of the first vector."""

    keep_in = (0, 1)

    @staticmethod
    def forward(a, b):
        return K.matmul.mm(a.conj()[None], b[:, None])[0, 0]

    def backward(self, g):
        return (g.conj() * self.saved(1) if self.needs[0] else None,
                g * self.saved(0) if self.needs[1] else None)


class Linear(Op, name='AddmmBackward0'):
    """x[..., K] w + b; w is stored as [N, K] if t, else as [K, N]; b is None or has shape [N] or [1]."""

    own_memory = True
    keep_in = (0, 1)

    @staticmethod
    def forward(x, w, b, t):
        return K.matmul.linear(x, w, b, t)

    def backward(self, g):
        needs = tuple(self.needs)
        x, w = self.saved(0), self.saved(1)
        if g._a.dtype.kind == 'c':
            x, w = x.conj(), w.conj()
        results = LinearGrad.apply(g, x, w, t=self.kw['t'], needs=needs)
        return results if len(results) == 3 else scatter(needs, results)


class LinearMm(Linear, name='MmBackward0'):
    """Linear for a matrix without bias."""


class LinearView(Linear, name='ViewBackward0'):
    """Linear with bias for any other number of dimensions."""


class LinearBatch(Linear, name='UnsafeViewBackward0'):
    """Linear without bias for three and more dimensions."""


class LinearVector(Linear, name='SqueezeBackward4'):
    """Linear without bias for one vector."""


def run(op, input, other):
    """op.apply(input, other), where the operands have the numbers of dimensions that op takes."""
    c = K.matmul.product(input._a, other._a)
    return op.apply(input, other) if c is None else finish(op, op.info_, (input, other), {}, c)


def scatter(needs, results):
    """A gradient or None per input, from the gradients of those that need one."""
    results = iter(results)
    return tuple([next(results) if need else None for need in needs])


class LinearGrad(Op, name='LinearGradBackward0'):
    """The gradients of Linear that are needed: of x, of w, of b."""

    own_memory = True
    keep_in = (0, 1, 2)
    n_out = 0

    @staticmethod
    def forward(g, x, w, t, needs):
        grad = K.linear.grad if g.dtype in _NATIVE else K.matmul.linear_grad
        results = grad(g, x, w, t, *needs)
        return results if all(needs) else tuple([r for r in results if r is not None])

    def backward(self, *gg):
        g, x, w = self.saved(0), self.saved(1), self.saved(2)
        t = self.kw['t']
        ggx, ggw, ggb = scatter(self.kw['needs'], gg)
        need_g, need_x, need_w = self.needs
        rg = rx = rw = None
        if need_g:
            terms = [] if ggx is None else [Linear.apply(ggx, w.conj(), None, t=t)]
            if ggw is not None:
                terms.append(Linear.apply(x.conj(), ggw, None, t=t))
            if ggb is not None:
                terms.append(ggb.expand(g._a.shape))
            rg = sum(terms[1:], terms[0])
        if need_x and ggw is not None:
            rx = Linear.apply(g.conj(), ggw, None, t=not t)
        if need_w and ggx is not None:
            rw, = LinearGrad.apply(g.conj(), ggx, w, t=t, needs=(False, True, False))
        return rg, rx, rw


def mm(input, mat2, *, out=None):
    """The product of two matrices.

    Args:
        input (Tensor): (M, K).
        mat2 (Tensor): (K, N), of the same type.
        out (Tensor, optional): where the result is written.

    Returns:
        Tensor: (M, N).

    Example:
        >>> import cnet
        >>> cnet.mm(cnet.ones(2, 3), cnet.ones(3, 1)).tolist()
        [[3.0], [3.0]]
    """
    a, b = checks.tensor(input, 'mm', 'input', 1)._a, checks.tensor(mat2, 'mm', 'mat2', 2)._a
    if a.ndim != 2 or b.ndim != 2:
        raise RuntimeError(('self' if a.ndim != 2 else 'mat2') + ' must be a matrix')
    check_mm(a, b)
    r = run(Mm, input, mat2)
    return r if out is None else copy_out(r, out)


def bmm(input, mat2, *, out=None):
    """The products of two batches of matrices.

    Args:
        input (Tensor): (B, M, K).
        mat2 (Tensor): (B, K, N), of the same type.
        out (Tensor, optional): where the result is written.

    Returns:
        Tensor: (B, M, N).

    Example:
        >>> import cnet
        >>> cnet.bmm(cnet.ones(2, 1, 3), cnet.ones(2, 3, 1)).tolist()
        [[[3.0]], [[3.0]]]
    """
    a, b = checks.tensor(input, 'bmm', 'input', 1)._a, checks.tensor(mat2, 'bmm', 'mat2', 2)._a
    check_bmm(a, b)
    r = run(Bmm, input, mat2)
    return r if out is None else copy_out(r, out)


def mv(input, vec, *, out=None):
    """The product of a matrix and a vector.

    Args:
        input (Tensor): (M, K).
        vec (Tensor): (K), of the same type.
        out (Tensor, optional): where the result is written.

    Returns:
        Tensor: (M).

    Example:
        >>> import cnet
        >>> cnet.mv(cnet.ones(2, 3), cnet.ones(3)).tolist()
        [3.0, 3.0]
    """
    a, v = checks.tensor(input, 'mv', 'input', 1)._a, checks.tensor(vec, 'mv', 'vec', 2)._a
    if a.ndim != 2 or v.ndim != 1:
        raise RuntimeError(f'vector + matrix @ vector expected, got 1, {a.ndim}, {v.ndim}')
    check_mv(a, v)
    r = run(Mv, input, vec)
    return r if out is None else copy_out(r, out)


def dot(input, tensor, *, out=None):
    """The sum of the products of two vectors' elements.

    Args:
        input (Tensor): (N).
        tensor (Tensor): (N), of the same type.
        out (Tensor, optional): where the result is written.

    Returns:
        Tensor: without dimensions.

    Example:
        >>> import cnet
        >>> cnet.dot(cnet.tensor([2, 3]), cnet.tensor([2, 1])).item()
        7
    """
    a, b = checks.tensor(input, 'dot', 'input', 1)._a, checks.tensor(tensor, 'dot', 'tensor', 2)._a
    if a.ndim != 1 or b.ndim != 1 or a.dtype is not b.dtype or a.size != b.size or a.dtype.kind == 'b':
        check_dot(a, b)
    r = run(Dot, input, tensor)
    return r if out is None else copy_out(r, out)


def vdot(input, other, *, out=None):
    """`dot` with the complex conjugate of the first vector.

    Args:
        input (Tensor): (N).
        other (Tensor): (N), of the same type.
        out (Tensor, optional): where the result is written.

    Returns:
        Tensor: without dimensions.

    Example:
        >>> import cnet
        >>> cnet.vdot(cnet.tensor([1j]), cnet.tensor([1j])).item()
        (1+0j)
    """
    check_dot(checks.tensor(input, 'vdot', 'input', 1)._a, checks.tensor(other, 'vdot', 'other', 2)._a)
    r = Vdot.apply(input, other)
    return r if out is None else copy_out(r, out)


def matmul(input, other, *, out=None):
    """The product of matrices, vectors, and batches of them.

    Args:
        input (Tensor): (K), (M, K) or (..., M, K).
        other (Tensor): (K), (K, N) or (..., K, N), of the same type.
        out (Tensor, optional): where the result is written.

    Shape:
        A vector counts as a row on the left and as a column on the right, and that dimension does not appear in the
        result; further dimensions (...) broadcast.

    Returns:
        Tensor: (..., M, N), without M or N where an operand is a vector.

    Example:
        >>> import cnet
        >>> tuple(cnet.matmul(cnet.ones(5, 1, 2, 3), cnet.ones(4, 3, 2)).shape)
        (5, 4, 2, 2)
    """
    if out is None and isinstance(input, TensorBase) and isinstance(other, TensorBase):
        c = K.matmul.product(input._a, other._a)
        if c is not None:
            n = c.ndim
            op = Mm if n == 2 else Mv if n == 1 else BmmView if n else Dot
            return finish(op, op.info_, (input, other), {}, c)
    a, b = checks.tensor(input, 'matmul', 'input', 1)._a, checks.tensor(other, 'matmul', 'other', 2)._a
    m, n = a.ndim, b.ndim
    if m == 2 and n == 2:
        check_mm(a, b)
        r = Mm.apply(input, other)
    elif not m or not n:
        raise RuntimeError(f'both arguments to matmul need to be at least 1D, but they are {m}D and {n}D')
    elif n == 1:
        if m == 1:
            check_dot(a, b)
            r = Dot.apply(input, other)
        else:
            check_mv(a, b)
            r = (Mv if m == 2 else MvView).apply(input, other)
    elif m == 1 and n > 2:
        check_mv(b.swapaxes(-1, -2), a)
        r = MvView.apply(other.transpose(-1, -2), input)
    elif n == 2:
        check_mm(a, b)
        r = (LinearVector if m == 1 else LinearBatch).apply(input, other, None, t=False)
    else:
        check_batches(a, b)
        r = (BmmClone if m == 2 else BmmView).apply(input, other)
    return r if out is None else copy_out(r, out)


_LINEAR = {1: LinearVector, 2: LinearMm}


def linear(input, weight, bias=None, *, out=None):
    """An affine map of the last dimension: ``input @ weight.T + bias``.

    Args:
        input (Tensor): (..., K).
        weight (Tensor): (N, K), or (K) for a single output without its dimension.
        bias (Tensor, optional): (N).
        out (Tensor, optional): where the result is written.

    Shape:
        K is the number of input features, N that of output features, ... any dimensions.

    Returns:
        Tensor: (..., N).

    Example:
        >>> import cnet
        >>> cnet.nn.functional.linear(cnet.ones(2), cnet.ones(3, 2), cnet.zeros(3)).tolist()
        [2.0, 2.0, 2.0]
    """
    if out is not None:
        return copy_out(linear(input, weight, bias), out)
    y = _usual_linear(input, weight, bias)
    if y is not None:
        return y
    if not isinstance(input, TensorBase) or not isinstance(weight, TensorBase):
        checks.tensor(input, 'linear', 'input', 1)
        checks.tensor(weight, 'linear', 'weight', 2)
    x, w = input._a, weight._a
    n = x.ndim
    if w.ndim != 2 or not n or x.shape[n - 1] != w.shape[1] or x.dtype is not w.dtype or x.dtype.kind == 'b':
        if w.ndim == 1 and bias is None:
            return matmul(input, weight)
        check_linear(x, w, bias)
    if bias is None:
        return _LINEAR.get(n, LinearBatch).apply(input, weight, None, t=True)
    b = checks.tensor(bias, 'linear', 'bias', 3)._a
    if b.shape != w.shape[:1] or b.dtype is not x.dtype:
        return linear_other_bias(input, weight, bias)
    return (Linear if n == 2 else LinearView).apply(input, weight, bias, t=True)


def _usual_linear(input, weight, bias):
    """`linear` of what most calls give, told by a few comparisons: a matrix and a vector of one native type that fit the
    input. None for all else.
    """
    if not (isinstance(input, TensorBase) and isinstance(weight, TensorBase) and isinstance(bias, TensorBase)):
        return None
    s, t, u = input, weight, bias
    x, w, b = s._a, t._a, u._a
    n = x.ndim
    if n == 0 or w.ndim != 2 or b.ndim != 1 or x.shape[n - 1] != w.shape[1] or b.shape[0] != w.shape[0]:
        return None
    if dtype_of(x) is not dtype_of(w) or dtype_of(x) is not dtype_of(b) or dtype_of(x) not in _NATIVE:
        return None
    op = Linear if n == 2 else LinearView
    return finish(op, op.info_, (s, t, u), {'t': True}, K.matmul.linear(x, w, b, True))


def linear_other_bias(input, weight, bias):
    """linear with a bias that is not a vector of the outputs: one that broadcasts, or one to refuse."""
    x, b = input._a, bias._a
    if b.dtype != x.dtype:
        raise RuntimeError(f'self and mat2 must have the same dtype, but got {scalar_name(b.dtype)} and '
                           f'{scalar_name(x.dtype)}')
    target = [prod(x.shape[:-1]), weight._a.shape[0]]
    for i, (n, m) in enumerate(zip(b.shape[::-1], target[::-1])):
        if n != 1 and n != m:
            raise RuntimeError(f'The expanded size of the tensor ({m}) must match the existing size ({n}) at non-singleton '
                               f'dimension {1 - i}.  Target sizes: {target}.  Tensor sizes: {list(b.shape)}')
    if x.ndim == 2:
        return bias.addmm(input, weight.t())
    return bias.addmm(input.reshape(target[0], x.shape[-1]), weight.t()).reshape((*x.shape[:-1], target[1]))


METHODS = {'bmm': bmm, 'dot': dot, 'matmul': matmul, 'mm': mm, 'mv': mv, 'vdot': vdot, '__matmul__': matmul}
