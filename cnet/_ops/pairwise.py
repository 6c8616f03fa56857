"""Distances of all pairs of vectors: `cdist` between two sets, `pdist` within one.

A distance y = |d| of a difference d has the gradient D = sgn(d) (|d| / y)^(p-1); that of D itself, applied to a vector v, is
(p-1)/y ((|d| / y)^(p-2) v - D (D · v)).
"""

import numpy as np

from .. import _kernels as K
from .._core import checks, errors
from .._core.arrays import contiguous
from .._core.base import wrap
from .._core.op import Op
from .matmul import matmul

__all__ = ['cdist', 'pdist']

quiet = K._quiet.quiet
INF = float('inf')
_BLOCK = 1 << 16  # numbers in the differences that are held at a time: they stay in the second-level cache
_FEW = 25         # vectors; PyTorch takes a product of matrices for more
_SMALL = 1 << 12  # coordinates of differences; a product is not faster for fewer, and less exact
_KINDS = {0: 0, 1: 1, 2: 2, INF: 3}  # the norms that have kernels


def _lengths(d, p):
    """|d| along the last dimension, for norms without a kernel."""
    a = np.abs(d)
    return np.power(np.power(a, a.dtype.type(p)).sum(-1), a.dtype.type(1 / p))


def _slopes(d, y, p):
    """D for differences and their lengths, as arrays; y keeps the last dimension. For norms without a kernel."""
    return np.sign(d) * np.where((y == 0) | (d == 0), 0, np.power(np.abs(d) / y, p - 1)).astype(d.dtype, copy=False)


def _slopes_of(d, y, p):
    """`_slopes` of tensors."""
    if p == 0:
        return d * 0
    if p == 1:
        return d.sgn()
    if p == 2:
        return (d / y).masked_fill(y == 0, 0)
    a = d.abs()
    if p == INF:
        return d.sgn() * (a == y)
    return d.sgn() * ((a / y) ** (p - 1)).masked_fill((y == 0) | (d == 0), 0)


def _bent(d, y, v, p):
    """The gradient of D · v by d: tensors."""
    if p in (0, 1, INF):
        return None
    slope = _slopes_of(d, y, p)
    stretched = v if p == 2 else v * ((d / y).abs() ** (p - 2)).masked_fill((y == 0) | (d == 0), 0)
    return (p - 1) * ((stretched - slope * (slope * v).sum(-1, True)) / y).masked_fill(y == 0, 0)


def _rows(n, width):
    """Slices of n rows, each row making `width` numbers, for one block at a time."""
    step = max(1, _BLOCK // max(width, 1))
    return [slice(i, i + step) for i in range(0, n, step)]


class Cdist(Op, name='CdistBackward0'):
    """|x1[..., i, :] - x2[..., j, :]| for stacks of one shape."""

    keep_in = (0, 1)
    keep_out = (0,)

    @staticmethod
    def forward(x1, x2, p):
        n, m = x1.shape[-2], x2.shape[-2]
        y = np.empty((*x1.shape[:-1], m), x1.dtype)
        for k in np.ndindex(x1.shape[:-2]):
            if p in _KINDS:
                K.pairdist.between(contiguous(x1[k]), contiguous(x2[k].T), _KINDS[p], y[k])
                continue
            for i in _rows(n, m * x1.shape[-1]):
                y[k][i] = quiet(_lengths, x1[k][i, None] - x2[k], p)
        return y

    def backward(self, g):
        x1, x2, y, p = self.saved(0), self.saved(1), self.out(0), self.kw['p']
        return (CdistGrad.apply(g, x1, x2, y, p=p) if self.needs[0] else None,
                CdistGrad.apply(g.mT, x2, x1, y.mT, p=p) if self.needs[1] else None)


class CdistGrad(Op, name='CdistBackwardBackward0'):
    """The gradient by x1 of the distances y of x1 and x2."""

    keep_in = (0, 1, 2, 3)

    @staticmethod
    def forward(g, x1, x2, y, p):
        if p == 0:
            return np.zeros_like(x1)
        r = np.empty(x1.shape, x1.dtype)
        for k in np.ndindex(x1.shape[:-2]):
            if p in _KINDS:
                K.pairdist.pull(*map(contiguous, (x1[k], x2[k], g[k], y[k])), _KINDS[p], r[k])
                continue
            for i in _rows(x1.shape[-2], x2.shape[-2] * x1.shape[-1]):
                slopes = quiet(_slopes, x1[k][i, None] - x2[k], y[k][i, :, None], p)
                r[k][i] = np.einsum('ij,ijm->im', g[k][i], slopes)
        return r

    def backward(self, v):
        g, x1, x2, y = (self.saved(i) for i in range(4))
        p = self.kw['p']
        d, y, v, g = x1.unsqueeze(-2) - x2.unsqueeze(-3), y.unsqueeze(-1), v.unsqueeze(-2), g.unsqueeze(-1)
        bent = _bent(d, y, v, p)
        # y's own dependence on x1 and x2 is part of `bent`, so y gets no gradient.
        return ((_slopes_of(d, y, p) * v).sum(-1), None if bent is None else (g * bent).sum(-2),
                None if bent is None else -(g * bent).sum(-3), None)


class EuclideanDist(Op, name='ViewBackward0'):
    """Euclidean distances as the root of |a|² + |b|² - 2 a·b, all three by one product."""

    keep_in = (0, 1)
    keep_out = (0,)

    @staticmethod
    def forward(x1, x2):
        if x1.size * x2.shape[-2] <= _SMALL:
            return Cdist.forward(x1, x2, 2)
        one = np.ones((), x1.dtype)
        a, b = (np.einsum('...i,...i->...', x, x)[..., None] for x in (x1, x2))
        left = np.concatenate((-2 * x1, a, np.broadcast_to(one, a.shape)), -1)
        right = np.concatenate((x2, np.broadcast_to(one, b.shape), b), -1)
        squares = (K.matmul.mm if left.ndim == 2 else K.matmul.bmm)(left, right, None, False, True)
        return np.sqrt(np.maximum(squares, 0, out=squares), out=squares)

    def backward(self, g):
        x1, x2, y = self.saved(0), self.saved(1), self.out(0)
        ratio = (g / y).masked_fill(y == 0, 0)
        return (x1 * ratio.sum(-1, True) - matmul(ratio, x2) if self.needs[0] else None,
                x2 * ratio.mT.sum(-1, True) - matmul(ratio.mT, x1) if self.needs[1] else None)


_MODES = {'use_mm_for_euclid_dist_if_necessary': 0, 'use_mm_for_euclid_dist': 1, 'donot_use_mm_for_euclid_dist': 2}


def cdist(x1, x2, p=2.0, compute_mode='use_mm_for_euclid_dist_if_necessary'):
    """The distances between all vectors of one set and all of another.

    Args:
        x1, x2 (Tensor): the vectors, as rows; leading dimensions broadcast.
        p (float): of the norm, from 0 to infinity. Default: 2.
        compute_mode (str): whether Euclidean distances come from a product of matrices, which is faster and less exact for
            vectors close to each other: 'use_mm_for_euclid_dist_if_necessary' (for more than 25 vectors),
            'use_mm_for_euclid_dist', 'donot_use_mm_for_euclid_dist'.

    Shape:
        - x1: :math:`(*, P, M)`, x2: :math:`(*, R, M)`.
        - result: :math:`(*, P, R)`.

    Returns:
        Tensor: the distances.

    Example:
        >>> import cnet
        >>> cnet.cdist(cnet.tensor([[0., 0.], [3., 0.]]), cnet.tensor([[3., 4.]]))
        tensor([[5.],
                [4.]])
    """
    checks.tensor(x1, 'cdist', 'x1', 1)
    checks.tensor(x2, 'cdist', 'x2', 2)
    if compute_mode not in _MODES:
        raise ValueError(f'{compute_mode} is not a valid value for compute_mode')
    mode = _MODES[compute_mode]
    p = checks.number(p, 'cdist', 'p', 3)
    for x, name in ((x1, 'X1'), (x2, 'X2')):
        if x._a.ndim < 2:
            raise RuntimeError(f'cdist only supports at least 2D tensors, {name} got: {x._a.ndim}D')
    if x1._a.shape[-1] != x2._a.shape[-1]:
        raise RuntimeError(f'X1 and X2 must have the same number of columns. X1: {x1._a.shape[-1]} X2: {x2._a.shape[-1]}')
    for x, name in ((x1, 'X1'), (x2, 'X2')):
        if x._a.dtype.kind != 'f':
            raise RuntimeError(f'cdist only supports floating-point dtypes, {name} got: {x.dtype.legacy}')
    if p < 0:
        raise RuntimeError('cdist only supports non-negative p values')
    if x1._a.dtype != x2._a.dtype:
        raise RuntimeError(f'expected scalar type {x1.dtype.legacy} but found {x2.dtype.legacy}')
    if x1._a.dtype.char == 'e':
        raise errors.not_implemented('cdist', x1._a.dtype)
    lead1, lead2 = x1._a.shape[:-2], x2._a.shape[:-2]
    if lead1 != lead2:
        try:
            lead = np.broadcast_shapes(lead1, lead2)
        except ValueError:
            raise errors.broadcast(lead1, lead2) from None
        x1, x2 = (x.expand(*lead, *x._a.shape[-2:]) for x in (x1, x2))
    if p == 2 and (mode == 1 or (mode == 0 and max(x1._a.shape[-2], x2._a.shape[-2]) > _FEW)):
        return EuclideanDist.apply(x1, x2)
    return Cdist.apply(x1, x2, p=float(p))


def _square(v, n):
    """The symmetric matrix with zeros on its diagonal whose upper triangle is `v`."""
    r = np.zeros((n, n), v.dtype)
    r[np.triu_indices(n, 1)] = v
    return r + r.T


class Pdist(Op, name='PdistBackward0'):
    """|x[i] - x[j]| for i < j."""

    keep_in = (0,)
    keep_out = (0,)

    @staticmethod
    def forward(x, p):
        n = len(x)
        y = np.empty(n * (n - 1) // 2, x.dtype)
        if p in _KINDS:
            K.pairdist.within(contiguous(x), contiguous(x.T), _KINDS[p], y)
            return y
        i, j = np.triu_indices(n, 1)
        for part in _rows(len(i), x.shape[1]):
            y[part] = quiet(_lengths, x[i[part]] - x[j[part]], p)
        return y

    def backward(self, g):
        return PdistGrad.apply(g, self.saved(0), self.out(0), p=self.kw['p'])


class PdistGrad(Op, name='PdistBackwardBackward0'):
    """The gradient by x of the distances y of its pairs."""

    keep_in = (0, 1, 2)

    @staticmethod
    def forward(g, x, y, p):
        n = len(x)
        return CdistGrad.forward(_square(g, n), x, x, _square(y, n), p)

    def backward(self, v):
        g, x, y = (self.saved(i) for i in range(3))
        p, n = self.kw['p'], x._a.shape[0]
        i, j = (wrap(k) for k in np.triu_indices(n, 1))
        d, y = x[i] - x[j], y.unsqueeze(-1)
        v = v[i] - v[j]
        bent = _bent(d, y, v, p)
        gx = None
        if bent is not None:
            bent = g.unsqueeze(-1) * bent
            gx = (x * 0).index_add(0, i, bent).index_add(0, j, -bent)
        return (_slopes_of(d, y, p) * v).sum(-1), gx, None


def pdist(input, p=2):
    """The distances between all pairs of rows, each pair once.

    Args:
        input (Tensor): the vectors, as rows.
        p (float): of the norm, from 0 to infinity. Default: 2.

    Shape:
        - input: :math:`(N, M)`.
        - result: :math:`(N (N - 1) / 2)`: pairs (0, 1), (0, 2), … (1, 2), …

    Returns:
        Tensor: the distances.

    Example:
        >>> import cnet
        >>> cnet.pdist(cnet.tensor([[0., 0.], [3., 4.], [3., 0.]]))
        tensor([5., 3., 4.])
    """
    checks.tensor(input, 'pdist', 'input', 1)
    p = checks.number(p, 'pdist', 'p', 2)
    if input._a.ndim != 2:
        raise RuntimeError(f'pdist only supports 2D tensors, got: {input._a.ndim}D')
    if input._a.dtype.kind != 'f':
        raise RuntimeError('pdist only supports floating-point dtypes')
    if p < 0:
        raise RuntimeError('pdist only supports non-negative p values')
    if input._a.dtype.char == 'e':
        raise errors.not_implemented('pdist', input._a.dtype)
    return Pdist.apply(input, p=float(p))


PUBLIC = {'cdist': cdist, 'pdist': pdist}
METHODS = {}
