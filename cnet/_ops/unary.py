"""Elementwise functions of one tensor: a table with a line per function, and the few that need more than a line."""

import math

import numpy as np

from .. import _kernels as K
from .._core import errors
from .._core.base import TensorBase
from .._core.dtype import get_default_dtype
from .._core.elementwise import unary, unary_, unary_float, with_out
from .._core.inplace import assign_
from .._core.op import Op

quiet = K._quiet.quiet
P, E = K.pointwise, K.elementary
X, Y = 'input', 'output'  # what the derivative is a function of


def _scale(factor):
    """A forward that multiplies by a number."""
    return lambda a, out=None: P.mul(a, factor, out)


def _zero(g, x):
    return None


def _sinc(a):
    if a.dtype.char not in 'fd':
        return quiet(np.sinc, a).astype(a.dtype, copy=False)
    y = P.mul(a, math.pi)
    r = P.div(E.sin(y), y)
    r[a == 0] = 1
    return r


def _sgn(a):
    if a.dtype.kind == 'b':
        return a.copy()
    if a.dtype.kind == 'c':
        r = np.abs(a)
        return quiet(np.divide, a, r, out=np.zeros_like(a), where=r != 0)
    return E.sign(a)


# name: (class name of the node, forward, what backward needs, derivative from (g, kept tensor), summary, x, value at x)
FLOAT_TABLE = {
    'exp': ('Exp', P.exp, Y, lambda g, y: g * y.conj(), 'e to the power of x', '0.5', '1.6487'),
    'exp2': ('Exp2', E.exp2, Y, lambda g, y: g * y.conj() * math.log(2), '2 to the power of x', '3.', '8.'),
    'expm1': ('Expm1', P.expm1, Y, lambda g, y: g * (y.conj() + 1), 'e to the power of x, minus 1, exact near 0',
              '0.5', '0.6487'),
    'log': ('Log', P.log, X, lambda g, x: g / x.conj(), 'natural logarithm', '2.', '0.6931'),
    'log2': ('Log2', E.log2, X, lambda g, x: g / (x.conj() * math.log(2)), 'logarithm to base 2', '8.', '3.'),
    'log10': ('Log10', E.log10, X, lambda g, x: g / (x.conj() * math.log(10)), 'logarithm to base 10', '5.', '0.6990'),
    'log1p': ('Log1P', P.log1p, X, lambda g, x: g / (x.conj() + 1), 'logarithm of 1 + x, exact near 0', '0.5', '0.4055'),
    'sqrt': ('Sqrt', P.sqrt, Y, lambda g, y: g / (2 * y.conj()), 'square root', '9.', '3.'),
    'rsqrt': ('Rsqrt', P.rsqrt, Y, lambda g, y: -0.5 * g * (y * y * y).conj(), 'reciprocal of the square root', '4.', '0.5000'),
    'reciprocal': ('Reciprocal', P.reciprocal, Y, lambda g, y: -g * (y * y).conj(), '1 / x', '4.', '0.2500'),
    'sin': ('Sin', E.sin, X, lambda g, x: g * x.cos().conj(), 'sine of an angle in radians', '1.', '0.8415'),
    'cos': ('Cos', E.cos, X, lambda g, x: -g * x.sin().conj(), 'cosine of an angle in radians', '1.', '0.5403'),
    'tan': ('Tan', E.tan, Y, lambda g, y: g * (1 + y * y).conj(), 'tangent of an angle in radians', '1.', '1.5574'),
    'asin': ('Asin', E.asin, X, lambda g, x: g * (1 - x * x).rsqrt().conj(), 'inverse sine in radians',
             '0.5', '0.5236'),
    'acos': ('Acos', E.acos, X, lambda g, x: -g * (1 - x * x).rsqrt().conj(), 'inverse cosine in radians',
             '0.5', '1.0472'),
    'atan': ('Atan', E.atan, X, lambda g, x: g / (1 + x * x).conj(), 'inverse tangent in radians', '1.', '0.7854'),
    'sinh': ('Sinh', E.sinh, X, lambda g, x: g * x.cosh().conj(), 'hyperbolic sine', '1.', '1.1752'),
    'cosh': ('Cosh', E.cosh, X, lambda g, x: g * x.sinh().conj(), 'hyperbolic cosine', '1.', '1.5431'),
    'asinh': ('Asinh', E.asinh, X, lambda g, x: g * (x * x + 1).rsqrt().conj(), 'inverse hyperbolic sine',
              '1.', '0.8814'),
    'acosh': ('Acosh', E.acosh, X, lambda g, x: g * ((x - 1).rsqrt() * (x + 1).rsqrt()).conj(),
              'inverse hyperbolic cosine', '2.', '1.3170'),
    'atanh': ('Atanh', E.atanh, X, lambda g, x: g / (1 - x * x).conj(), 'inverse hyperbolic tangent', '0.5', '0.5493'),
    'deg2rad': ('Deg2Rad', _scale(math.pi / 180), X,
                lambda g, x: g * (math.pi / 180), 'degrees to radians', '180.', '3.1416'),
    'rad2deg': ('Rad2Deg', _scale(180 / math.pi), X,
                lambda g, x: g * (180 / math.pi), 'radians to degrees', '1.', '57.2958'),
    'sinc': ('Sinc', _sinc, X, lambda g, x: g * _sinc_slope(x).conj(),
             'sin(pi x) / (pi x)', '0.5', '0.6366'),
}
SAME_TABLE = {
    'neg': ('Neg', P.neg, None, lambda g, x: -g, 'minus x', '2.', '-2.'),
    'square': ('Pow', lambda a, out=None: P.square(a if a.dtype.kind != 'b' else a.astype(np.int64), out), X,
               lambda g, x: g * (2 * x).conj(), 'x * x', '3.', '9.'),
    'abs': ('Abs', P.abs, X, lambda g, x: g * x.sgn(), 'absolute value', '-3.', '3.'),
    'sign': ('Sign', lambda a: a.copy() if a.dtype.kind == 'b' else E.sign(a), None, _zero,
             'sign: -1, 0 or 1', '-3.', '-1.'),
    'sgn': ('Sgn', _sgn, X, lambda g, x: _sgn_grad(g, x), 'x / abs(x), and 0 at 0', '-3.', '-1.'),
    'floor': ('Floor', E.floor, None, _zero, 'largest integer not above x', '1.7', '1.'),
    'ceil': ('Ceil', E.ceil, None, _zero, 'smallest integer not below x', '1.2', '2.'),
    'trunc': ('Trunc', E.trunc, None, _zero, 'integer part', '-1.7', '-1.'),
    'frac': ('Frac', E.frac, None, lambda g, x: g, 'fractional part, with the sign of x',
             '1.5', '0.5000'),
}
ALIASES = {'arcsin': 'asin', 'arccos': 'acos', 'arctan': 'atan', 'arcsinh': 'asinh', 'arccosh': 'acosh', 'arctanh': 'atanh',
           'negative': 'neg', 'absolute': 'abs', 'fix': 'trunc'}
# Kinds of types that a function refuses, and the names of PyTorch's kernels for its sentence.
REFUSED = {'abs': 'b', 'ceil': 'bc', 'deg2rad': 'c', 'floor': 'bc', 'frac': 'biuc', 'neg': 'b', 'rad2deg': 'c', 'sign': 'c',
           'trunc': 'bc'}
KERNEL_NAMES = {'abs': 'abs_cpu', 'floor': 'floor_vml_cpu', 'ceil': 'ceil_vml_cpu', 'frac': 'frac_cpu', 'trunc': 'trunc_cpu'}


def _refusal(name, dtype):
    """The error for a type that a function refuses."""
    if name == 'neg':
        return RuntimeError('Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, '
                            'use the `~` or `logical_not()` operator instead.')
    if name in ('deg2rad', 'rad2deg'):
        return RuntimeError(f'{name} is not supported for complex tensors.')
    if name == 'sign':
        return NotImplementedError('Unlike NumPy, torch.sign is not intended to support complex numbers. Please use torch.sgn '
                                   'instead.')
    if dtype.kind == 'c' and name != 'frac':
        return NotImplementedError(f'{name} is not supported for complex inputs')
    return errors.not_implemented(KERNEL_NAMES[name], dtype)


def _sinc_slope(x):
    """Derivative of sinc; 0 at 0."""
    px = x * math.pi
    slope = (px * px.cos() - px.sin()) / (px * x)
    return slope.masked_fill(x == 0, 0)


def _sgn_grad(g, x):
    """Derivative of x / |x|: zero for real x; the part of g perpendicular to x, divided by |x|, for complex x."""
    if not x.is_complex():
        return None
    r, s = x.abs(), x.sgn()
    return ((g - (s.conj() * g).real * s) / r).masked_fill(r == 0, 0)


def _make_op(node, forward, keep, formula):
    if keep is None:
        def backward(self, g):
            return formula(g, None)
    elif keep is X:
        def backward(self, g):
            return formula(g, self.saved(0))
    else:
        def backward(self, g):
            return formula(g, self.out(0))
    body = {'forward': staticmethod(forward), 'backward': backward, '__slots__': (),
            'keep_in': (0,) if keep is X else (), 'keep_out': (0,) if keep is Y else ()}
    return type(Op)(node, (Op,), body, name=node + 'Backward0')


_DOC = '''{summary}, element by element.

    Args:
        input (Tensor): any shape.{ints}
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: the shape of `input`.

    Example:
        >>> import cnet
        >>> cnet.{name}(cnet.tensor([{x}]))
        tensor([{y}])
    '''


def _make_functions(name, row, to_float):
    node, forward, keep, formula, summary, x, y = row
    op = _make_op(node, forward, keep, formula)
    refused = REFUSED.get(name)
    takes_out = forward is getattr(P, name, None) or forward is getattr(E, name, None)

    def function(input, *, out=None):
        if refused and isinstance(input, TensorBase) and input._a.dtype.kind in refused:
            raise _refusal(name, input._a.dtype)
        r = unary_float(op, input, name) if to_float else unary(op, input, name)
        return r if out is None else with_out(r, out)

    def method_(self):
        if takes_out and self._a.dtype.kind in 'fc':
            if self._a.dtype.kind == 'c' and (name == 'abs' or refused):
                raise (RuntimeError('In-place abs is not supported for complex tensors.') if name == 'abs'
                       else _refusal(name, self._a.dtype))
            return unary_(op, self)
        return assign_(self, function(self))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = _DOC.format(summary=summary[0].upper() + summary[1:], name=name, x=x, y=y,
                                   ints=' Integers become the default floating type.' if to_float else '')
    method_.__name__ = method_.__qualname__ = name + '_'
    method_.__doc__ = f'In-place version of `{name}`.'
    return function, method_


__all__ = []
METHODS = {}
for _table, _to_float in ((FLOAT_TABLE, True), (SAME_TABLE, False)):
    for _name, _row in _table.items():
        globals()[_name], METHODS[_name + '_'] = _make_functions(_name, _row, _to_float)
        METHODS[_name] = globals()[_name]
        __all__.append(_name)
for _name, _target in ALIASES.items():
    globals()[_name] = METHODS[_name] = globals()[_target]
    METHODS[_name + '_'] = METHODS[_target + '_']
    __all__.append(_name)


class Conj(Op, name='ConjBackward0'):
    forward = staticmethod(lambda a: quiet(np.conj, a))

    def backward(self, g):
        return g.conj()


class ConjPhysical(Conj, name='ConjPhysicalBackward0'):
    """`Conj` under the name of the function that never returns a view."""


class Round(Op, name='RoundBackward0'):
    @staticmethod
    def forward(a, decimals):
        return quiet(np.round, a, decimals) if decimals or a.dtype.kind in 'iu' else E.round(a)

    def backward(self, g):
        return None


class RoundDecimals(Round, name='RoundBackward1'):
    """`Round` to decimals."""


class Angle(Op, name='AngleBackward0'):
    keep_in = (0,)
    forward = staticmethod(lambda a: quiet(np.angle, a).astype(a.real.dtype, copy=False))

    def backward(self, g):
        x = self.saved(0)
        if not x.is_complex():
            return None
        return g * (x * 1j / (x.abs() * x.abs())).masked_fill(x == 0, 0)


class NanToNum(Op, name='NanToNumBackward0'):
    keep_in = (0,)

    @staticmethod
    def forward(a, nan, posinf, neginf):
        if a.dtype.kind != 'f':
            return np.asarray(np.nan_to_num(a, nan=nan, posinf=posinf, neginf=neginf))
        limit = np.finfo(a.dtype)
        return E.nan_to_num(a, nan, limit.max if posinf is None else posinf, limit.min if neginf is None else neginf)

    def backward(self, g):
        return g * self.saved(0).isfinite()


class Logit(Op, name='LogitBackward0'):
    keep_in = (0,)

    @staticmethod
    def forward(a, eps):
        if eps is not None:
            a = np.clip(a, a.dtype.type(eps), a.dtype.type(1 - eps))
        return E.logit(a) if a.dtype.kind == 'f' else quiet(lambda x: np.log(x / (1 - x)), a)

    def backward(self, g):
        x, eps = self.saved(0), self.kw['eps']
        gx = g / (x * (1 - x))
        return gx if eps is None else gx.masked_fill((x < eps) | (x > 1 - eps), 0)


def conj(input):
    """Complex conjugate. A real tensor is returned as it is.

    Args:
        input (Tensor): any shape.

    Returns:
        Tensor: the shape of `input`.

    Example:
        >>> import cnet
        >>> cnet.conj(cnet.tensor([1 + 2j]))
        tensor([1.-2.j])
    """
    return Conj.apply(input) if input._a.dtype.kind == 'c' else input


def conj_physical(input, *, out=None):
    """Complex conjugate, always in memory of its own for complex tensors.

    Args:
        input (Tensor): any shape.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: the shape of `input`.

    Example:
        >>> import cnet
        >>> cnet.conj_physical(cnet.tensor([1 + 2j]))
        tensor([1.-2.j])
    """
    return with_out(ConjPhysical.apply(input) if input._a.dtype.kind == 'c' else input, out)


def positive(input):
    """The tensor itself; refused for bool.

    Args:
        input (Tensor): any shape.

    Returns:
        Tensor: `input`.

    Example:
        >>> import cnet
        >>> cnet.positive(cnet.tensor([1]))
        tensor([1])
    """
    if input._a.dtype.kind == 'b':
        raise RuntimeError('The `+` operator, on a bool tensor is not supported.')
    return input


def round(input, *, decimals=0, out=None):
    """Nearest integer, halves to even, or that many decimals.

    Args:
        input (Tensor): any shape.
        decimals (int): digits after the point; negative for before it. Default: 0.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: the shape of `input`.

    Example:
        >>> import cnet
        >>> cnet.round(cnet.tensor([0.5, 1.5, 2.7]))
        tensor([0., 2., 3.])
    """
    if not isinstance(input, TensorBase):
        raise errors.argument_type('round', 'input', 'Tensor', input, 1)
    if input._a.dtype.kind in 'bc':
        raise errors.not_implemented('round_vml_cpu', input._a.dtype)
    return with_out((RoundDecimals if decimals else Round).apply(input, decimals=decimals), out)


def angle(input, *, out=None):
    """Angle of a complex number in radians; 0 or pi for real ones.

    Args:
        input (Tensor): any shape.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: the shape of `input`, real.

    Example:
        >>> import cnet
        >>> cnet.angle(cnet.tensor([1j, -1 + 0j]))
        tensor([1.5708, 3.1416])
    """
    if input._a.dtype.kind not in 'fc':
        input = input.to(get_default_dtype())
    if input._a.dtype.kind == 'f':
        return with_out(_Angle0.apply(input), out)
    return with_out(Angle.apply(input), out)


class _Angle0(Op, name='AngleBackward0'):
    """The angle of real numbers, which does not change with them."""
    forward = staticmethod(E.angle)

    def backward(self, g):
        return None


def nan_to_num(input, nan=0.0, posinf=None, neginf=None, *, out=None):
    """Replaces NaN and infinities by numbers.

    Args:
        input (Tensor): any shape.
        nan (float): in place of NaN. Default: 0.
        posinf (float, optional): in place of infinity. Default: the largest number of the type.
        neginf (float, optional): in place of minus infinity. Default: the smallest number of the type.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: the shape of `input`.

    Example:
        >>> import cnet
        >>> cnet.nan_to_num(cnet.tensor([float('nan'), 1.]), nan=2.)
        tensor([2., 1.])
    """
    return with_out(NanToNum.apply(input, nan=0.0 if nan is None else nan, posinf=posinf, neginf=neginf), out)


def logit(input, eps=None, *, out=None):
    """log(x / (1 - x)), the inverse of `sigmoid`.

    Args:
        input (Tensor): any shape.
        eps (float, optional): x is clamped to [eps, 1 - eps] first. Default: no clamping.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: the shape of `input`.

    Example:
        >>> import cnet
        >>> cnet.logit(cnet.tensor([0.5, 0.9]))
        tensor([0.0000, 2.1972])
    """
    if not isinstance(input, TensorBase):
        raise errors.argument_type('logit', 'input', 'Tensor', input, 1)
    if input._a.dtype.kind == 'c':
        raise errors.not_implemented('logit_cpu', input._a.dtype)
    if input._a.dtype.kind not in 'fc':
        input = input.to(get_default_dtype())
    return with_out(Logit.apply(input, eps=eps), out)


for _function in (conj, conj_physical, positive, round, angle, nan_to_num, logit):
    __all__.append(_function.__name__)
    METHODS[_function.__name__] = _function
INPLACE = {'round_': round, 'nan_to_num_': nan_to_num, 'logit_': logit, 'conj_physical_': conj_physical}
