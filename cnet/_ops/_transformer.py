"""What transformer layers repeat, each in one operation: two linear layers, and a sum with its layer norm."""

import numpy as np

from .. import _kernels as K
from .._core.arrays import contiguous
from .._core.base import PACK, wrap
from .._core.engine import grad
from .._core.generator import engine_of
from .._core.mode import is_grad_enabled
from .._core.op import Op
from .._kernels._state import flags
from .activation import gelu
from .activation_linear import relu
from .dropout import Masked, dropout_gain, kept_bits
from .matmul import linear
from .norm import layer_norm

_NATIVE = (np.dtype(np.float32), np.dtype(np.float64))


def again(node, g, count, parts):
    """The gradients of a fused node with a history: those of its parts, computed again from its inputs.

    Args:
        node (Op): the node; it keeps its inputs.
        g (tuple of Tensors): the gradients of its results.
        count (int): how many inputs it has.
        parts (callable): inputs to a tuple of results.
    """
    # Views, for one input may be made from another: what comes by that way is not the node's business.
    inputs = [node.saved(i).view_as(node.saved(i)) if node.needs[i] else node.saved(i) for i in range(count)]
    wanted = [t for t, need in zip(inputs, node.needs) if need]
    found = iter(grad(parts(*inputs), wanted, g, create_graph=True, allow_unused=True))
    return tuple([next(found) if need else None for need in node.needs])


def _dropped(x, bits, keep):
    return x if bits is None else Masked.apply(x, bits=bits, gain=dropout_gain(x._a.dtype, keep))


def _draws(p, training):
    """The constants of a fused Op with dropout of probability p."""
    return {'keep': 1 - p, 'engine': engine_of(None, 'dropout')} if training and p else {}


class FeedForward(Op, name='ViewBackward0'):
    """linear(dropout(activation(linear(x, w1, b1))), w2, b2), under the name of the node that its last part would have.

    `aux` holds what the second layer saw, what the activation saw, and the bits of dropout.
    """

    keep_in = (0, 1, 2, 3, 4)

    @staticmethod
    def forward(x, w1, b1, w2, b2, smooth, keep=1.0, engine=None):
        x = contiguous(x)
        bits = None if engine is None else kept_bits(engine, keep, x.size // x.shape[-1] * w1.shape[0])
        gain = dropout_gain(x.dtype, keep)
        return *K.linear.feed_forward(x, w1, b1, w2, b2, smooth, bits, gain, is_grad_enabled()), bits

    def backward(self, g):
        h, z, bits = self.aux
        smooth, keep = self.kw['smooth'], self.kw.get('keep', 1.0)
        if is_grad_enabled():
            def parts(x, w1, b1, w2, b2):
                return linear(_dropped((gelu if smooth else relu)(linear(x, w1, b1)), bits, keep), w2, b2),
            return again(self, (g,), 5, parts)
        x, *weights = [None if t is None else t._a for t in [self.saved(i) for i in range(5)]]
        grads = K.linear.feed_forward_grad(g._a, contiguous(x), *weights, smooth, bits,
                                           dropout_gain(x.dtype, keep), h, z)
        return tuple([None if a is None else wrap(a) for a in grads])


def feed_forward(x, w1, b1, w2, b2, smooth, p, training):
    """``linear(dropout(activation(linear(x, w1, b1)), p), w2, b2)``, or None if the kernel cannot take these tensors.

    Args:
        x (Tensor): (..., K), three dimensions or more.
        w1, b1, w2, b2 (Tensor): weights (F, K) and (N, F), biases (F) and (N), or None for a bias.
        smooth (bool): the activation is gelu, else relu.
        p (float): the probability to drop.
        training (bool): whether there is dropout.
    """
    a, m, n = x._a, w1._a, w2._a
    # Hooks that pack what is kept for backward are to see all of it.
    if flags() & PACK or a.ndim < 3 or a.dtype not in _NATIVE or not a.size or not 0 <= p < 1 or m.shape[1] != a.shape[-1] \
            or n.shape[1] != m.shape[0] or not n.size:
        return None
    for t, shape in ((w1, m.shape), (w2, n.shape), (b1, m.shape[:1]), (b2, n.shape[:1])):
        if t is not None and (t._a.dtype != a.dtype or t._a.shape != shape or not t._a.flags.c_contiguous):
            return None
    return FeedForward.apply(x, w1, b1, w2, b2, smooth=smooth, **_draws(p, training))


def _turned(a):
    """Whether the first two of an array's three dimensions are exchanged in memory, as in what `MultiheadAttention` returns
    with `batch_first`. Dropout draws in the order of memory."""
    return a.ndim == 3 and not a.flags.c_contiguous and a.transpose(1, 0, 2).flags.c_contiguous


class AddNorm(Op, name='NativeLayerNormBackward0'):
    """layer_norm(x + dropout(y), w, b). `aux` holds the sum, its statistics, and the bits of dropout."""

    keep_in = (0, 1, 2, 3)

    @staticmethod
    def forward(x, y, w, b, eps, keep=1.0, engine=None):
        bits = None if engine is None else kept_bits(engine, keep, y.size)
        return *K.residual.add_norm(contiguous(x), y if _turned(y) else contiguous(y), bits,
                                    dropout_gain(x.dtype, keep), w, b, eps), bits

    def _parts(self, x, y, w, b):
        if _turned(y._a):
            dropped = _dropped(y.transpose(0, 1), self.aux[-1], self.kw.get('keep', 1.0)).transpose(0, 1)
        else:
            dropped = _dropped(y, self.aux[-1], self.kw.get('keep', 1.0))
        total = x + dropped
        return layer_norm(total, w._a.shape, w, b, self.kw['eps']), total

    def _grads(self, g, more, total, stats, bits):
        y, w, b = self.saved(1)._a, self.saved(2)._a, self.saved(3)
        gx, gy, gw, gb = K.residual.add_norm_grad(contiguous(g._a), more, total, w, stats, bits,
                                                  dropout_gain(w.dtype, self.kw.get('keep', 1.0)), y if _turned(y) else None)
        x = wrap(gx)
        return x, x if gy is gx else wrap(gy), wrap(gw), None if b is None else wrap(gb)

    def backward(self, g):
        if is_grad_enabled():
            return again(self, (g,), 4, lambda *inputs: self._parts(*inputs)[:1])
        return self._grads(g, None, *self.aux)


class AddNormBoth(AddNorm, name='NativeLayerNormBackward0'):
    """The sum is a result too."""

    keep_out = (1,)
    n_out = 2

    def backward(self, g, more):
        stats, bits = self.aux
        if is_grad_enabled():
            return again(self, (g, more), 4, self._parts)
        return self._grads(g, contiguous(more._a), self.out(1)._a, stats, bits)


def add_norm(x, y, w, b, eps, p, training, both=False):
    """``layer_norm(x + dropout(y, p), w, b)``, or None if the kernel cannot take these tensors.

    Args:
        x, y (Tensor): (..., N), of one shape.
        w, b (Tensor): (N); b may be None.
        eps (float): as in `layer_norm`.
        p (float): the probability to drop.
        training (bool): whether there is dropout.
        both (bool): the result is a pair: the norm, and the sum.
    """
    a, v = x._a, y._a
    if flags() & PACK or a.shape != v.shape or a.dtype not in _NATIVE or v.dtype != a.dtype or not a.size or not 0 <= p < 1 \
            or not (v.flags.c_contiguous or _turned(v)):
        return None
    for t in (w, b):
        if t is not None and (t._a.dtype != a.dtype or t._a.shape != a.shape[-1:] or not t._a.flags.c_contiguous):
            return None
    return (AddNormBoth if both else AddNorm).apply(x, y, w, b, eps=eps, **_draws(p, training))
