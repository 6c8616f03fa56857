"""The Ops of the activations: a forward kernel, a fused gradient kernel, and the second derivative on Tensors.

A gradient kernel is linear in the incoming gradient, so its derivative with respect to that is the kernel again; the
rest of the second order is one formula f''(x) per function, None where it is zero.
"""

import math

import numpy as np

from .. import _kernels as K
from .._core.arrays import empty, empty_format, laid, layout
from .._core.device import contiguous_format
from .._core.op import Op
from ._places import cut

P = K.pointwise
X, Y = 'input', 'output'  # what the gradient is a function of


def _pair(node, forward, gradient, keep, second):
    """The Op of an activation and, behind it, the Op of its gradient."""

    def grad_backward(self, gg):
        g, kept, kw = self.saved(0), self.saved(1), self.kw
        slope = None
        if second is not None and self.needs[1]:
            slope = gg.conj() * g * second(kept, **kw)
        return grad_op.apply(gg, kept.conj(), **kw) if self.needs[0] else None, slope

    def backward_x(self, g):
        return grad_op.apply(g, self.saved(0), **self.kw)

    def backward_y(self, g):
        return grad_op.apply(g, self.out(0), **self.kw)

    grad_op = type(Op)(node + 'Grad', (Op,), {
        'forward': staticmethod(gradient), 'backward': grad_backward, 'keep_in': (0, 1), '__slots__': ()},
        name=node + 'BackwardBackward0')
    return type(Op)(node, (Op,), {
        'forward': staticmethod(forward), 'backward': backward_y if keep is Y else backward_x, '__slots__': (),
        'keep_in': (0,) if keep is X else (), 'keep_out': (0,) if keep is Y else ()}, name=node + 'Backward0')


def _hardtanh_array(x, low, high):
    return P.hardtanh(x, low, high) if x.dtype.kind == 'f' else np.clip(x, low, high).astype(x.dtype)


def _threshold_array(x, threshold, value):
    if x.dtype.kind == 'f':
        return P.threshold(x, threshold, value)
    return np.where(x <= threshold, np.asarray(value).astype(x.dtype), x)


def _silu_array(x):
    return P.silu(x) if x.dtype.kind == 'f' else P.mul(x, P.sigmoid(x))


def _silu_grad_array(g, x):
    if x.dtype.kind == 'f':
        return P.silu_grad(g, x)
    s = P.sigmoid(x)
    return g * np.conj(s * (1 + x * (1 - s)))


def _sigmoid_grad_array(g, y):
    return P.sigmoid_grad(g, y) if y.dtype.kind == 'f' else g * np.conj(y * (1 - y))


def _tanh_grad_array(g, y):
    return P.tanh_grad(g, y) if y.dtype.kind == 'f' else g * np.conj(1 - y * y)


def _gelu_array(x, approximate):
    return P.gelu(x) if approximate == 'none' else P.gelu_tanh(x)


def _gelu_grad_array(g, x, approximate):
    return P.gelu_grad(g, x) if approximate == 'none' else P.gelu_tanh_grad(g, x)


def _silu_second(x):
    s = x.sigmoid()
    return (s * (1 - s) * (2 + x * (1 - 2 * s))).conj()


def _mish_second(x):
    t, s = Softplus.apply(x, beta=1.0, threshold=20.0).tanh(), x.sigmoid()
    t1 = (1 - t * t) * s
    return 2 * t1 + x * (t1 * (1 - s) - 2 * t * t1 * s)


def _gelu_second(x, approximate):
    if approximate == 'none':
        return (2 - x * x) * (-0.5 * x * x).exp() / math.sqrt(2 * math.pi)
    k, c = math.sqrt(2 / math.pi), 0.044715
    t = (k * (x + c * x * x * x)).tanh()
    u1, u2 = k * (1 + 3 * c * x * x), 6 * k * c * x
    return (1 - t * t) * (u1 + 0.5 * x * (u2 - 2 * t * u1 * u1))


def _softplus_second(x, beta, threshold):
    s = (x * beta).sigmoid()
    return (beta * s * (1 - s)).masked_fill(x * beta > threshold, 0)


def _elu_second(x, negative, positive, inner):
    return (negative * inner * inner * (x * inner).exp()).masked_fill(x > 0, 0)


def _hardswish_second(x):
    return ((x > -3) & (x < 3)).to(x.dtype) / 3


Relu = _pair('Relu', P.relu, P.relu_grad, Y, None)
Sigmoid = _pair('Sigmoid', P.sigmoid, _sigmoid_grad_array, Y, lambda y: (1 - 2 * y).conj())
Tanh = _pair('Tanh', P.tanh, _tanh_grad_array, Y, lambda y: (-2 * y).conj())
Threshold = _pair('Threshold', _threshold_array, lambda g, x, threshold, value: P.threshold_grad(g, x, threshold), X, None)
LeakyRelu = _pair('LeakyRelu', P.leaky_relu, P.leaky_relu_grad, X, None)
Hardtanh = _pair('Hardtanh', _hardtanh_array, P.hardtanh_grad, X, None)
Hardshrink = _pair('Hardshrink', P.hardshrink, P.hardshrink_grad, X, None)
Softshrink = _pair('Softshrink', P.softshrink, P.hardshrink_grad, X, None)
Hardsigmoid = _pair('Hardsigmoid', P.hardsigmoid, P.hardsigmoid_grad, X, None)
Hardswish = _pair('Hardswish', P.hardswish, P.hardswish_grad, X, _hardswish_second)
Elu = _pair('Elu', P.elu, P.elu_grad, X, _elu_second)
Celu = _pair('Celu', P.elu, P.elu_grad, X, _elu_second)
Silu = _pair('Silu', _silu_array, _silu_grad_array, X, _silu_second)
Mish = _pair('Mish', P.mish, P.mish_grad, X, _mish_second)
LogSigmoid = _pair('LogSigmoid', P.logsigmoid, P.logsigmoid_grad, X, lambda x: -x.sigmoid() * (-x).sigmoid())
Softplus = _pair('Softplus', P.softplus, P.softplus_grad, X, _softplus_second)
Gelu = _pair('Gelu', _gelu_array, _gelu_grad_array, X, _gelu_second)


class Prelu(Op, name='PreluKernelBackward0'):
    """max(0, x) + w min(0, x), with w of a shape that broadcasts to x."""
    keep_in = (0, 1)
    forward = staticmethod(P.prelu)

    def backward(self, g):
        x, w = self.saved(0), self.saved(1)
        positive = x > 0
        return (g.where(positive, g * w) if self.needs[0] else None,
                (g * x).masked_fill(positive, 0) if self.needs[1] else None)


class Rrelu(Op, name='RreluWithNoiseBackward0'):
    """Leaky relu with a random slope per element; `slope` is 1 where x is positive."""
    keep_in = (1,)

    @staticmethod
    def forward(x, slope):
        return P.mul(x, slope)

    def backward(self, g):
        return g * self.saved(1), None


class Joined(Op, name='CatBackward0'):
    """Two tensors side by side along a dimension."""

    @staticmethod
    def forward(a, b, dim):
        return np.concatenate((a, b), dim)

    def backward(self, g):
        dim, n = self.kw['dim'], self.in_shape(0 if self.needs[0] else 1)[self.kw['dim']]
        return g.narrow(dim, 0, n), g.narrow(dim, n, n)


def _halves(x, dim):
    n = x.shape[dim] // 2
    lower, upper = [slice(None)] * x.ndim, [slice(None)] * x.ndim
    lower[dim], upper[dim] = slice(n), slice(n, None)
    return x[tuple(lower)], x[tuple(upper)]


def _in_memory(x, dim):
    """How often the halves along a dimension alternate in memory, their length, and the memory format in which they do."""
    format = layout(x)
    if format is not contiguous_format and dim == 1:
        return x.size // max(x.shape[1], 1), x.shape[1] // 2, format
    outer, n, inner = cut(x.shape, dim)
    return outer, n // 2 * inner, contiguous_format


class Glu(Op, name='GluBackward0'):
    """a sigmoid(b) for the halves a, b of x along a dimension."""
    keep_in = (0,)

    @staticmethod
    def forward(x, dim):
        if x.dtype.char not in 'fd':
            a, b = _halves(x, dim)
            return P.mul(a, P.sigmoid(b))
        outer, half, format = _in_memory(x, dim)
        y = empty_format((*x.shape[:dim], x.shape[dim] // 2, *x.shape[dim + 1:]), x.dtype, format)
        P.glu(laid(x, format), y, outer, half)
        return y

    def backward(self, g):
        return GluGrad.apply(g, self.saved(0), dim=self.kw['dim'])


class GluGrad(Op, name='GluBackwardBackward0'):
    keep_in = (0, 1)

    @staticmethod
    def forward(g, x, dim):
        if x.dtype.char in 'fd':
            outer, half, format = _in_memory(x, dim)
            gx = empty_format(x.shape, x.dtype, format)
            P.glu_grad(laid(g, format), laid(x, format), gx, outer, half)
            return gx
        gx = empty(x.shape, x.dtype)
        a, b = _halves(x, dim)
        ga, gb = _halves(gx, dim)
        s = P.sigmoid(b)
        ga[...] = P.mul(g, s)
        gb[...] = P.mul(P.sigmoid_grad(g, s), a)
        return gx

    def backward(self, gg):
        g, x, dim = self.saved(0), self.saved(1), self.kw['dim']
        (a, b), (gga, ggb) = x.chunk(2, dim), gg.chunk(2, dim)
        s = b.sigmoid()
        s1 = s * (1 - s)
        return (gga * s + ggb * a * s1,
                Joined.apply(ggb * g * s1, g * s1 * (gga + ggb * a * (1 - 2 * s)), dim=dim))
