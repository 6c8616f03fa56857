"""A linear layer and its activation in one operation, under the name of the activation's node."""

from .. import _kernels as K
from .._core.base import GRAD, TensorBase, wrap
from .._core.mode import is_grad_enabled
from .._core.op import Op, finish
from .._kernels._state import flags
from ._transformer import again
from .activation import gelu, silu
from .matmul import LinearGrad, linear, scatter


class _Activated(Op):
    """activation(linear(x, w, b))."""

    own_memory = True
    kind = 0

    def grads(self, g, s):
        """The gradients by the kernel; s is what the slope of the activation is made of."""
        b = self.needs[2]
        grads = K.linear.activated_grad(g._a, s, self.saved(0)._a, self.saved(1)._a, self.kind, self.needs[0], self.needs[1], b)
        return tuple([None if a is None else wrap(a) for a in grads])


class _OfResult(_Activated):
    """The slope is a function of the result y."""

    keep_in = (0, 1)
    keep_out = (0,)

    def backward(self, g):
        y = self.out(0)
        if not is_grad_enabled():
            return self.grads(g, y._a)
        needs = tuple(self.needs)
        results = LinearGrad.apply(self.slope(g, y), self.saved(0), self.saved(1), t=True, needs=needs)
        return results if len(results) == 3 else scatter(needs, results)


class LinearRelu(_OfResult, name='ReluBackward0'):
    kind = K.linear.RELU

    def slope(self, g, y):
        return g.masked_fill(y <= 0, 0)


class LinearTanh(_OfResult, name='TanhBackward0'):
    kind = K.linear.TANH

    def slope(self, g, y):
        return g * (1 - y * y)


class LinearSigmoid(_OfResult, name='SigmoidBackward0'):
    kind = K.linear.SIGMOID

    def slope(self, g, y):
        return g * (y * (1 - y))


class _OfInput(_Activated):
    """The slope is a function of z, what the activation sees, which `aux` holds."""

    keep_in = (0, 1, 2)

    def backward(self, g):
        if is_grad_enabled():
            return again(self, (g,), 3, lambda x, w, b: (self.activation(linear(x, w, b)),))
        return self.grads(g, self.aux[0])


class LinearGelu(_OfInput, name='GeluBackward0'):
    kind = K.linear.GELU
    activation = staticmethod(gelu)


class LinearSilu(_OfInput, name='SiluBackward0'):
    kind = K.linear.SILU
    activation = staticmethod(silu)


# Names: Op, its number for the kernel, whether z is kept.
_OPS = {'relu': (LinearRelu, K.linear.RELU, False), 'tanh': (LinearTanh, K.linear.TANH, False),
        'sigmoid': (LinearSigmoid, K.linear.SIGMOID, False), 'gelu': (LinearGelu, K.linear.GELU, True),
        'silu': (LinearSilu, K.linear.SILU, True)}


def linear_activated(input, weight, bias, activation):
    """activation(linear(input, weight, bias)) for the name of an activation, or None if the kernel cannot take these tensors."""
    entry = _OPS.get(activation)
    if entry is None or not isinstance(input, TensorBase):
        return None
    op, kind, smooth = entry
    y = K.linear.activated(input._a, weight._a, None if bias is None else bias._a, kind, smooth and flags() & GRAD != 0)
    return None if y is None else finish(op, op.info_, (input, weight, bias), {}, y)
