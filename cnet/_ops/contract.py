"""Sums of products over labelled dimensions of two tensors, and what is made of them: tensordot, inner, outer, kron,
bilinear. `einsum` parses its equation to these."""

from functools import lru_cache
from math import prod

from .. import _kernels as K
from .._core import checks
from .._core.inplace import copy_out
from .._core.op import Op

__all__ = ['bilinear', 'ger', 'inner', 'kron', 'outer', 'tensordot']
FUNCTIONAL = ['bilinear']


@lru_cache(maxsize=1024)
def orders(left, right, result):
    """How to transpose the operands to [batch, rows, summed] and [batch, summed, columns] and their product to the result;
    and where rows and summed begin in the one, columns in the other."""
    batch = [label for label in result if label in left and label in right]
    rows = [label for label in result if label not in right]
    columns = [label for label in result if label not in left]
    summed = [label for label in left if label not in result]
    product = batch + rows + columns
    return (tuple([left.index(label) for label in batch + rows + summed]),
            tuple([right.index(label) for label in batch + summed + columns]),
            tuple([product.index(label) for label in result]),
            len(batch), len(batch) + len(rows), len(batch) + len(summed))


class Contract(Op, name='ViewBackward0'):
    """out[result] = sum over a[left] b[right], where left, right and result label the dimensions.

    A label of one operand alone must be in the result.
    """

    keep_in = (0, 1)

    @staticmethod
    def forward(a, b, left, right, result):
        a_axes, b_axes, axes, i, j, k = orders(left, right, result)
        a, b = a.transpose(a_axes), b.transpose(b_axes)
        batch, rows, summed, columns = a.shape[:i], a.shape[i:j], a.shape[j:], b.shape[k:]
        m, k, n = prod(rows), prod(summed), prod(columns)
        if not summed:
            y = a.reshape(prod(batch), m, 1) * b.reshape(prod(batch), 1, n)
        elif batch:
            y = K.matmul.bmm(a.reshape(prod(batch), m, k), b.reshape(prod(batch), k, n))
        else:
            y = K.matmul.mm(a.reshape(m, k), b.reshape(k, n))
        return y.reshape(batch + rows + columns).transpose(axes)

    def backward(self, g):
        a, b = self.saved(0), self.saved(1)
        left, right, result = self.kw.values()
        return (Contract.apply(g, b.conj(), left=result, right=right, result=left) if self.needs[0] else None,
                Contract.apply(a.conj(), g, left=left, right=result, result=right) if self.needs[1] else None)


class Reshape(Op, name='UnsafeViewBackward0'):
    """The same numbers in another shape, under the name that kron shows."""

    @staticmethod
    def forward(x, shape):
        return x.reshape(shape)

    def backward(self, g):
        return Reshape.apply(g, shape=self.in_shape(0))


def contract(a, b, left, right, result):
    """Contract of two tensors; the labels are tuples."""
    return Contract.apply(a, b, left=left, right=right, result=result)


def check_same(a, b):
    """Refuse two tensors of different types."""
    if a._a.dtype != b._a.dtype:
        raise RuntimeError('both inputs should have same dtype')


def tensordot(a, b, dims=2, out=None):
    """The sum of products over several dimensions of two tensors.

    Args:
        a (Tensor): the left operand.
        b (Tensor): the right operand, of the same type.
        dims (int or two lists of int): how many dimensions at the end of `a` and at the beginning of `b` are summed; or
            which ones of `a` go with which ones of `b`.
        out (Tensor, optional): where the result is written.

    Returns:
        Tensor: the remaining dimensions of `a`, then those of `b`.

    Example:
        >>> import cnet
        >>> tuple(cnet.tensordot(cnet.ones(2, 3, 4), cnet.ones(4, 3, 5), dims=([1, 2], [1, 0])).shape)
        (2, 5)
    """
    checks.tensor(a, 'tensordot', 'a', 1)
    checks.tensor(b, 'tensordot', 'b', 2)
    if hasattr(dims, '_a'):
        dims = dims.tolist()
    if isinstance(dims, (tuple, list)):
        first, second = [[d] if isinstance(d, int) else d for d in dims]
    else:
        if dims < 0:
            raise RuntimeError(f'tensordot expects dims >= 0, but got dims={dims}')
        if dims > min(a._a.ndim, b._a.ndim):
            raise RuntimeError(f'tensordot expects dims < ndim_a or ndim_b, but got dims={dims}')
        first, second = list(range(-dims, 0)), list(range(dims))
    if len(first) != len(second):
        raise RuntimeError('both dimension lists should have same length')
    check_same(a, b)
    m, n = a._a.ndim, b._a.ndim
    one = checks.dims(tuple(first), m) if first else ()
    two = checks.dims(tuple(second), n) if second else ()
    for i, j, p, q in zip(one, two, first, second):
        s, t = a._a.shape[i], b._a.shape[j]
        if s == 1 != t:
            b = b.sum(j, keepdim=True, dtype=b.dtype)
        elif t == 1 != s:
            a = a.sum(i, keepdim=True, dtype=a.dtype)
        elif s != t:
            raise RuntimeError(f'contracted dimensions need to match, but first has size {s} in dim {p} and second has size '
                               f'{t} in dim {q}')
    left = tuple(range(m))
    right = tuple([one[two.index(j)] if j in two else m + j for j in range(n)])
    r = contract(a, b, left, right, (*[i for i in left if i not in one], *[j for j in right if j >= m]))
    return r if out is None else copy_out(r, out)


def inner(input, other, *, out=None):
    """The sums of products over the last dimensions of two tensors.

    Args:
        input (Tensor): (..., K), or a single number.
        other (Tensor): (..., K), of the same type.
        out (Tensor, optional): where the result is written.

    Returns:
        Tensor: the other dimensions of `input`, then those of `other`.

    Example:
        >>> import cnet
        >>> cnet.inner(cnet.tensor([1, 2]), cnet.tensor([[0, 2], [1, 1]])).tolist()
        [4, 3]
    """
    checks.tensor(input, 'inner', 'input', 1)
    checks.tensor(other, 'inner', 'other', 2)
    check_same(input, other)
    a, b = input._a.shape, other._a.shape
    if not a or not b:
        r = input * other
    elif a[-1] != b[-1]:
        raise RuntimeError('inner() the last dimension must match on both input tensors but got shapes '
                           f'{list(a)} and {list(b)}')
    elif len(a) == len(b) == 1 and input._a.dtype.kind != 'b':
        r = input.dot(other).view(())
    else:
        r = tensordot(input, other, ([-1], [-1]))
    return r if out is None else copy_out(r, out)


def outer(input, vec2, *, out=None):
    """The products of every element of one vector with every element of another.

    Args:
        input (Tensor): (M).
        vec2 (Tensor): (N).
        out (Tensor, optional): where the result is written.

    Returns:
        Tensor: (M, N).

    Example:
        >>> import cnet
        >>> cnet.outer(cnet.tensor([1, 2]), cnet.tensor([3, 4])).tolist()
        [[3, 4], [6, 8]]
    """
    for name, x in (('self', checks.tensor(input, 'outer', 'input', 1)), ('vec2', checks.tensor(vec2, 'outer', 'vec2', 2))):
        if x._a.ndim != 1:
            raise RuntimeError(f'outer: Expected 1-D argument {name}, but got {x._a.ndim}-D')
    r = input.unsqueeze(1) * vec2
    return r if out is None else copy_out(r, out)


def ger(input, vec2, *, out=None):
    """`outer` under its old name.

    Args:
        input (Tensor): (M).
        vec2 (Tensor): (N).
        out (Tensor, optional): where the result is written.

    Returns:
        Tensor: (M, N).

    Example:
        >>> import cnet
        >>> cnet.ger(cnet.tensor([1, 2]), cnet.tensor([3])).tolist()
        [[3], [6]]
    """
    return outer(input, vec2, out=out)


def kron(input, other, *, out=None):
    """The Kronecker product: every element of `input` replaced by itself times `other`.

    Args:
        input (Tensor): any tensor.
        other (Tensor): any tensor; the one with fewer dimensions gets leading ones.
        out (Tensor, optional): where the result is written.

    Returns:
        Tensor: each size is the product of the two sizes.

    Example:
        >>> import cnet
        >>> cnet.kron(cnet.tensor([1, 2]), cnet.tensor([1, 1])).tolist()
        [1, 1, 2, 2]
    """
    a = checks.tensor(input, 'kron', 'input', 1)._a.shape
    b = checks.tensor(other, 'kron', 'other', 2)._a.shape
    n = max(len(a), len(b))
    a, b = (1,) * (n - len(a)) + a, (1,) * (n - len(b)) + b
    spread = [size for pair in zip(a, (1,) * n) for size in pair]
    tiled = [size for pair in zip((1,) * n, b) for size in pair]
    r = Reshape.apply(input.reshape(spread) * other.reshape(tiled), shape=tuple([s * t for s, t in zip(a, b)]))
    return r if out is None else copy_out(r, out)


def bilinear(input1, input2, weight, bias=None):
    """A bilinear form for every output: ``sum over i, j of input1[i] weight[:, i, j] input2[j] + bias``.

    Args:
        input1 (Tensor): (..., I).
        input2 (Tensor): (..., J), with the same leading dimensions.
        weight (Tensor): (O, I, J).
        bias (Tensor, optional): (O).

    Shape:
        I and J are the numbers of features of the inputs, O that of the outputs, ... any dimensions.

    Returns:
        Tensor: (..., O).

    Example:
        >>> import cnet
        >>> cnet.nn.functional.bilinear(cnet.ones(1, 2), cnet.ones(1, 3), cnet.ones(1, 2, 3)).tolist()
        [[6.0]]
    """
    for i, (name, x) in enumerate((('input1', input1), ('input2', input2), ('weight', weight))):
        checks.tensor(x, 'bilinear', name, i + 1)
    a, b, w = input1._a.shape, input2._a.shape, weight._a.shape
    if len(a) != len(b):
        raise RuntimeError(f'bilinear(): input dimensions do not match: got {len(a)} and {len(b)}')
    for i in range(len(a) - 1):
        if a[i] != b[i]:
            raise RuntimeError(f'bilinear(): input batch dimensions do not match at dim {i}: got {a[i]} and {b[i]}')
    if len(w) != 3:
        checks.dim(2, len(w))
        raise RuntimeError(f'bilinear(): weight must have 3 dimensions, got {len(w)}')
    for i, (name, n) in enumerate((('input1', a[-1]), ('input2', b[-1]))):
        if n != w[i + 1]:
            raise RuntimeError(f'bilinear(): {name} size does not match weight size: got {n} but expected {w[i + 1]}')
    if bias is not None and bias._a.shape[:1] != w[:1]:
        raise RuntimeError(f'bilinear(): bias size does not match weight size: got {bias._a.shape[0]} but expected {w[0]}')
    rows = prod(a[:-1])
    forms = contract(input1.reshape(rows, a[-1]), weight, (0, 1), (2, 1, 3), (0, 2, 3))
    r = contract(forms, input2.reshape(rows, b[-1]), (0, 2, 3), (0, 3), (0, 2)).reshape((*a[:-1], w[0]))
    return r if bias is None else r + bias


METHODS = {'ger': ger, 'inner': inner, 'kron': kron, 'outer': outer}
