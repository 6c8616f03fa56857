"""The Ops of normalisation over the kernels, and the one second derivative that they share.

Every normalisation maps x to u = (x - mean) * rstd (without the mean for RMS norm) over some axes, then to w * u + b.
"""

import math

import numpy as np

from .. import _kernels as K
from .._core.arrays import cast, contiguous_format, empty, empty_format, laid, layout, pixels, zeros
from .._core.base import wrap
from .._core.mode import is_grad_enabled
from .._core.op import Op

_HALF = np.dtype(np.float16)
_FLOAT = np.dtype(np.float32)


def work_type(dt):
    """The type in which a normalisation of arrays of type `dt` is computed."""
    return _FLOAT if dt == _HALF else dt


def plain(a, dt, format=contiguous_format):
    """The array in a kernel's type and layout; None stays None."""
    return None if a is None else laid(cast(a, dt), format)


def by_pixels(x, sizes, *arrays):
    """Sizes and arrays of a batch norm as its kernels take them: where channels come last in memory, a row is a pixel."""
    if x.flags.c_contiguous:
        return sizes, (x, *arrays)
    outer, channels, inner = sizes
    return (outer * inner, channels, 1), [pixels(a) for a in (x, *arrays)]


def group_layout(x, sizes):
    """The memory format in which kernels take what a group norm of these sizes normalises."""
    rows, groups, channels, _ = sizes
    return layout(x) if x.shape[:2] == (rows // groups, groups * channels) else contiguous_format


def second(q, qw, qb, g, x, w, axes, others, eps, centred=True):
    """What the gradients (gx, gw, gb) of a normalisation with batch statistics hand back to g, x and w.

    q, qw, qb are the gradients of gx, gw and gb (or None); w, qw and qb broadcast with x. `axes` are those of the statistics,
    `others` those over which gw is a sum. With v = g w, gx = P(v) = rstd (v - mean(v) - u mean(v u)), and P is symmetric.
    """
    def mean(t):
        return t.mean(axes, keepdim=True)

    centre = x - mean(x) if centred else x
    rstd = (mean(centre * centre) + eps).rsqrt()
    u = centre * rstd

    def project(v):
        r = v - u * mean(v * u)
        return rstd * (r - mean(v) if centred else r)

    v = g if w is None else g * w
    dg = dx = dw = None
    if q is not None:
        pq = project(q)
        dg = pq if w is None else pq * w
        dw = None if w is None else (pq * g).sum(others, keepdim=True)
        a, b = mean(v * u), mean(q * u)
        c = mean(q * v) - a * b
        if centred:
            c = c - mean(q) * mean(v)
        dx = -rstd * (project(q * a + v * b) + rstd * u * c)
    if qw is not None:
        dg = qw * u if dg is None else dg + qw * u
        more = project(g * qw)
        dx = more if dx is None else dx + more
    if qb is not None:
        dg = qb.expand(g.shape) if dg is None else dg + qb
    return dg, dx, dw


def batch_grads(g, x, w, y, sizes, stats, training):
    """The gradients of x, w and b from that of a batch norm, or from that of its relu if there is the result y of one."""
    dt, format = x.dtype, layout(x)
    work = stats.dtype
    gx = empty_format(x.shape, work, format)
    gw, gb = empty((2, sizes[1]), work)
    sizes, (x, g, y, to) = by_pixels(plain(x, work, format), sizes, plain(g, work, format), plain(y, work, format), gx)
    K.norm.batch_grad(g, x, plain(w, work), stats[0], stats[1], y, training, *sizes, to, gw, gb)
    return cast(gx, dt), gw, gb


class BatchNorm(Op, name='NativeBatchNormBackward0'):
    """Statistics per channel, of the batch or given. `running` (two arrays) moves by `momentum` while training. With `relu`,
    negative results are 0; with `into`, results may be written over x.

    `aux` holds means and reciprocal standard deviations.
    """

    keep_in = (0, 1)

    @staticmethod
    def forward(x, w, b, sizes, running, training, momentum, eps, relu=False, into=False):
        dt, format = x.dtype, layout(x)
        work = work_type(dt)
        x = plain(x, work, format)
        stats = empty((2, sizes[1]), work)
        moving = (None, None) if running is None else [plain(r, work) for r in running]
        y = x if into else empty_format(x.shape, work, format)
        sizes, (x, to) = by_pixels(x, sizes, y)
        K.norm.batch_forward(x, plain(w, work), plain(b, work), stats[0], stats[1], *moving, training, relu, momentum, eps,
                             *sizes, to)
        if training and running is not None:
            for r, moved in zip(running, moving):
                if moved is not r:
                    r[...] = moved
        return cast(y, dt), stats

    def backward(self, g):
        kw = self.kw
        return BatchNormGrad.apply(g, self.saved(0), self.saved(1), sizes=kw['sizes'], stats=self.aux[0],
                                   training=kw['training'], eps=kw['eps'])


class BatchNormRelu(BatchNorm, name='ReluBackward0'):
    """relu of a batch norm, under the name of its node."""

    keep_out = (0,)

    @staticmethod
    def forward(*args, **kw):
        return BatchNorm.forward(*args, **kw, relu=True)

    def backward(self, g):
        y = self.out(0)
        if is_grad_enabled():
            return BatchNorm.backward(self, g.masked_fill(y <= 0, 0))
        kw = self.kw
        w = self.saved(1)
        grads = batch_grads(g._a, self.saved(0)._a, None if w is None else w._a, y._a, kw['sizes'], self.aux[0], kw['training'])
        return tuple([wrap(a) if need else None for a, need in zip(grads, self.needs)])


class NativeBatchNorm(BatchNorm, name='NativeBatchNormBackward0'):
    """The statistics are results too, though no gradient comes through them."""

    n_out = 3

    @staticmethod
    def forward(*args, **kw):
        y, stats = BatchNorm.forward(*args, **kw)
        return y, stats[0], stats[1], stats

    def backward(self, g, *_):
        return BatchNorm.backward(self, g)


class BatchNormGrad(Op, name='NativeBatchNormBackwardBackward0'):
    """The gradients of x, w and b."""

    keep_in = (0, 1, 2)
    n_out = 3

    @staticmethod
    def forward(g, x, w, sizes, stats, training, eps):
        return batch_grads(g, x, w, None, sizes, stats, training)

    def backward(self, q, qw, qb):
        g, x, w = self.saved(0), self.saved(1), self.saved(2)
        outer, channels, inner = self.kw['sizes']
        shape = x.shape
        row = (1, channels, 1)
        g, x, q = (t.reshape(outer, channels, inner) for t in (g, x, q))
        qw, qb = qw.reshape(row), qb.reshape(row)
        per_channel = None if w is None else w.reshape(row)
        if self.kw['training']:
            dg, dx, dw = second(q, qw, qb, g, x, per_channel, (0, 2), (0, 2), self.kw['eps'])
        else:
            mean, rstd = (x.new_tensor(s).reshape(row) for s in self.kw['stats'])
            dg = q * rstd if w is None else q * (rstd * per_channel)
            dg = dg + qw * (x - mean) * rstd + qb
            dx = qw * g * rstd
            dw = None if w is None else (q * g * rstd).sum((0, 2), keepdim=True)
        return dg.reshape(shape), dx.reshape(shape), None if dw is None else dw.reshape(channels)


class LayerNorm(Op, name='NativeLayerNormBackward0'):
    """Statistics per row (the last dimensions, of the given shape), w and b per column; RMS norm if not `centred`.

    `aux` holds the statistics.
    """

    own_memory = True
    keep_in = (0, 1)

    @staticmethod
    def forward(x, w, b, shape, eps, centred=True):
        dt = x.dtype
        n = shape[0] if len(shape) == 1 else math.prod(shape)
        if dt is not _FLOAT or (w is not None and w.dtype is not dt) or (b is not None and b.dtype is not dt):
            work = work_type(dt)
            y, stats = K.norm.layer_forward(plain(x, work), plain(w, work), plain(b, work), eps, centred, n)
            return cast(y, dt), stats
        return K.norm.layer_forward(x, w, b, eps, centred, n)

    def backward(self, g):
        return LayerNormGrad.apply(g, self.saved(0), self.saved(1), stats=self.aux[0], **self.kw)


class NativeLayerNorm(LayerNorm, name='NativeLayerNormBackward0'):
    """The statistics are results too, though no gradient comes through them."""

    n_out = 3

    @staticmethod
    def forward(*args, **kw):
        y, stats = LayerNorm.forward(*args, **kw)
        return y, stats[0], stats[1], stats

    def backward(self, g, *_):
        return LayerNorm.backward(self, g)


class RmsNorm(LayerNorm, name='MulBackward0'):
    """PyTorch composes it; the last node is the product with the weight."""


class LayerNormGrad(Op, name='NativeLayerNormBackwardBackward0'):
    """The gradients of x, w and b."""

    keep_in = (0, 1, 2)
    n_out = 3

    @staticmethod
    def forward(g, x, w, stats, shape, eps, centred=True):
        dt = x.dtype
        work = stats.dtype
        rows, n = stats.shape[1], math.prod(shape)
        gx = empty(x.shape, work)
        # Rows whose sums for gw and gb are kept apart: 32 pieces keep more threads than that busy on no machine's batch.
        part = zeros((max(1, min(32, rows // 8)), 2, n), work)
        K.norm.layer_grad(plain(g, work), plain(x, work), plain(w, work), stats[0], stats[1], centred, gx, part, rows, n)
        return cast(gx, dt), part[0, 0].reshape(shape), part[0, 1].reshape(shape)

    def backward(self, q, qw, qb):
        g, x, w = self.saved(0), self.saved(1), self.saved(2)
        n, centred = math.prod(self.kw['shape']), self.kw.get('centred', True)
        shape = x.shape
        g, x, q = (t.reshape(-1, n) for t in (g, x, q))
        row = None if w is None else w.reshape(1, n)
        dg, dx, dw = second(q, qw.reshape(1, n), qb.reshape(1, n), g, x, row, (1,), (0,), self.kw['eps'], centred)
        return dg.reshape(shape), dx.reshape(shape), None if dw is None else dw.reshape(w.shape)


class GroupNorm(Op, name='NativeGroupNormBackward0'):
    """Statistics per sample and group of channels, w and b per channel. `aux` holds the statistics."""

    keep_in = (0, 1)

    @staticmethod
    def forward(x, w, b, sizes, eps):
        dt, format = x.dtype, group_layout(x, sizes)
        work = work_type(dt)
        stats = empty((2, sizes[0]), work)
        y = empty_format(x.shape, work, format)
        K.norm.group_forward(plain(x, work, format), plain(w, work), plain(b, work), eps, y, stats[0], stats[1], *sizes,
                             format is not contiguous_format)
        return cast(y, dt), stats

    def backward(self, g):
        return GroupNormGrad.apply(g, self.saved(0), self.saved(1), stats=self.aux[0], **self.kw)


class InstanceNorm(GroupNorm, name='ViewBackward0'):
    """Every channel a group; PyTorch's last node restores the shape that it gave the input, whose elements it puts in order."""


class GroupNormGrad(Op, name='NativeGroupNormBackwardBackward0'):
    """The gradients of x, w and b."""

    keep_in = (0, 1, 2)
    n_out = 3

    @staticmethod
    def forward(g, x, w, stats, sizes, eps):
        dt, format = x.dtype, group_layout(x, sizes)
        work = stats.dtype
        rows, groups, channels, _ = sizes
        gx = empty_format(x.shape, work, format)
        sums, dots = empty((2, rows, channels), np.float64)
        K.norm.group_grad(plain(g, work, format), plain(x, work, format), plain(w, work), stats[0], stats[1], gx, sums, dots,
                          *sizes, format is not contiguous_format)
        gw, gb = (t.reshape(rows // groups, groups * channels).sum(0).astype(work) for t in (dots, sums))
        return cast(gx, dt), gw, gb

    def backward(self, q, qw, qb):
        g, x, w = self.saved(0), self.saved(1), self.saved(2)
        _, groups, channels, inner = self.kw['sizes']
        shape = x.shape
        row = (1, groups, channels, 1)
        g, x, q = (t.reshape(-1, groups, channels, inner) for t in (g, x, q))
        dg, dx, dw = second(q, qw.reshape(row), qb.reshape(row), g, x, None if w is None else w.reshape(row), (2, 3), (0, 3),
                            self.kw['eps'])
        return dg.reshape(shape), dx.reshape(shape), None if dw is None else dw.reshape(groups * channels)
