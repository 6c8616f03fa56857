"""Special functions of two numbers."""

import math

from .. import _kernels as K
from .._core import checks, errors
from .._core.base import TensorBase
from .._core.dtype import get_default_dtype
from .._core.elementwise import binary, binary_float, with_out
from .._core.op import Op
from .special_unary import Polygamma, digamma, in_place, lgamma

S = K.special


class Xlog1py(Op, name='SpecialXlog1PyBackward0'):
    """x log(1 + y), and 0 where x is."""

    keep_in = (0, 1)

    forward = staticmethod(K.elementary.xlog1py)

    def backward(self, g):
        x, y = self.saved(0), self.saved(1)
        gx = gy = None
        if self.needs[0]:
            gx = g * (y.log1p() if isinstance(y, TensorBase) else math.log1p(y) if y > -1 else -math.inf if y == -1 else math.nan)
            if isinstance(y, TensorBase) or y <= -1:
                gx = gx.masked_fill((x == 0) & (y <= -1), 0)
        if self.needs[1]:
            gy = g * x / (y + 1)
        return gx, gy


class Xlog1pyOfNumber(Xlog1py, name='SpecialXlog1PyBackward1'):
    """The same for a number x."""


class Xlog1pyNumber(Xlog1py, name='SpecialXlog1PyBackward2'):
    """The same for a number y."""


class Zeta(Op, name='SpecialZetaBackward0'):
    """Hurwitz's zeta function."""

    keep_in = (0, 1)

    forward = staticmethod(S.zeta)

    def backward(self, g):
        if self.needs[0]:
            raise NotImplementedError("the derivative for 'zeta' with respect to its first argument is not implemented.")
        s = self.saved(0)
        return None, g * -s * zeta(s + 1, self.saved(1))


class ZetaOfNumber(Zeta, name='SpecialZetaBackward1'):
    """The same for a number s."""


class ZetaNumber(Zeta, name='SpecialZetaBackward2'):
    """The same for a number q."""


class Igamma(Op, name='IgammaBackward0'):
    """The lower incomplete gamma function."""

    keep_in = (0, 1)
    sign = 1

    forward = staticmethod(S.gammainc)

    def backward(self, g):
        if self.needs[0]:
            raise NotImplementedError("the derivative for 'igamma: input' is not implemented.")
        a, x = self.saved(0), self.saved(1)
        slope = g * ((a - 1) * x.log() - x - lgamma(a)).exp()
        return None, slope if self.sign > 0 else -slope


class Igammac(Igamma, name='IgammacBackward0'):
    """The upper incomplete gamma function."""

    sign = -1

    forward = staticmethod(S.gammaincc)


class Mvlgamma(Op, name='MvlgammaBackward0'):
    """The logarithm of the multivariate gamma function."""

    keep_in = (0,)

    @staticmethod
    def forward(x, p):
        return S.mvlgamma(x, p)

    def backward(self, g):
        x = self.saved(0)
        return g * sum(digamma(x - j / 2) for j in range(self.kw['p']))


def _operand(x):
    return isinstance(x, TensorBase)


def xlog1py(input, other, *, out=None):
    """input * log(1 + other), and 0 where `input` is 0.

    Args:
        input (Tensor or Number): the factor.
        other (Tensor or Number): what the logarithm is taken of; the two broadcast.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: the broadcast shape, floating point.

    Example:
        >>> import cnet
        >>> cnet.special.xlog1py(cnet.tensor([0., 2.]), cnet.tensor([-1., 1.]))
        tensor([0.0000, 1.3863])
    """
    op = Xlog1pyNumber if not _operand(other) else Xlog1py if _operand(input) else Xlog1pyOfNumber
    return with_out(binary_float(op, input, other, 'special_xlog1py'), out)


def zeta(input, other, *, out=None):
    """Hurwitz's zeta function: the sum of (other + k) ** -input over k = 0, 1, 2, ...

    Args:
        input (Tensor or Number): the exponent; above 1.
        other (Tensor or Number): the first term's base; the two broadcast.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: the broadcast shape, floating point.

    Example:
        >>> import cnet
        >>> cnet.special.zeta(cnet.tensor([2.]), 1)
        tensor([1.6449])
    """
    op = ZetaNumber if not _operand(other) else Zeta if _operand(input) else ZetaOfNumber
    return with_out(binary_float(op, input, other, 'special_zeta'), out)


def _incomplete(op, input, other, name, out):
    checks.tensor(input, name, 'input', 1)
    checks.tensor(other, name, 'other', 2)
    for x in (input, other):
        if x._a.dtype.kind == 'c' or (input._a.dtype.kind != 'f' and other._a.dtype.kind != 'f'):
            raise errors.not_implemented(f'{name}_cpu', x._a.dtype)
    return with_out(binary(op, input, other, name), out)


def gammainc(input, other, *, out=None):
    """The regularized lower incomplete gamma function: the share of the gamma integral from 0 to `other`.

    Args:
        input (Tensor): the parameter a of the integral; not negative.
        other (Tensor): its upper end x; not negative; the two broadcast.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: the broadcast shape, between 0 and 1.

    Example:
        >>> import cnet
        >>> cnet.special.gammainc(cnet.tensor([1.]), cnet.tensor([1.]))
        tensor([0.6321])
    """
    return _incomplete(Igamma, input, other, 'igamma', out)


def gammaincc(input, other, *, out=None):
    """The regularized upper incomplete gamma function: the share of the gamma integral from `other` to infinity.

    Args:
        input (Tensor): the parameter a of the integral; not negative.
        other (Tensor): its lower end x; not negative; the two broadcast.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: the broadcast shape, between 0 and 1.

    Example:
        >>> import cnet
        >>> cnet.special.gammaincc(cnet.tensor([1.]), cnet.tensor([1.]))
        tensor([0.3679])
    """
    return _incomplete(Igammac, input, other, 'igammac', out)


def _polygamma(input, n, out):
    if n < 0:
        raise RuntimeError('polygamma(n, x) does not support negative n.')
    if input._a.dtype.kind == 'c':
        raise errors.not_implemented('polygamma', input._a.dtype)
    if input._a.dtype.kind != 'f':
        input = input.to(get_default_dtype())
    return with_out(Polygamma.apply(input, n=n), out)


def polygamma(n, input, *, out=None):
    """Derivative number n of `digamma`.

    Args:
        n (int): not negative; 0 is `digamma` itself.
        input (Tensor): any shape.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: the shape of `input`.

    Example:
        >>> import cnet
        >>> cnet.special.polygamma(1, cnet.tensor([1.]))
        tensor([1.6449])
    """
    checks.tensor(input, 'special_polygamma', 'input', 2)
    return _polygamma(input, checks.integer(n, 'special_polygamma', 'n', 1), out)


def polygamma_method(self, n):
    """`cnet.polygamma(n, self)`."""
    return _polygamma(self, checks.integer(n, 'polygamma', 'n', 1), None)


def multigammaln(input, p, *, out=None):
    """The logarithm of the multivariate gamma function of dimension p.

    Args:
        input (Tensor): above (p - 1) / 2.
        p (int): the dimension, 1 or more.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: the shape of `input`.

    Example:
        >>> import cnet
        >>> cnet.special.multigammaln(cnet.tensor([2.]), 2)
        tensor([0.4516])
    """
    checks.tensor(input, 'special_multigammaln', 'input', 1)
    p = checks.integer(p, 'special_multigammaln', 'p', 2)
    if p < 1:
        raise RuntimeError('p has to be greater than or equal to 1')
    if input._a.dtype.kind != 'f':
        input = input.to(get_default_dtype())
    return with_out(Mvlgamma.apply(input, p=p), out)


polygamma_method.__name__ = polygamma_method.__qualname__ = 'polygamma'
PUBLIC = {'igamma': gammainc, 'igammac': gammaincc, 'mvlgamma': multigammaln, 'polygamma': polygamma}
METHODS = PUBLIC | {'polygamma': polygamma_method}
METHODS |= {name + '_': in_place(function) for name, function in METHODS.items()}
