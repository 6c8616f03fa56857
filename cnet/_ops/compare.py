"""Comparisons, logic, bits, extremes of two tensors, clamping, and a few more functions of several tensors."""

import math
from typing import Any

import numpy as np

from .. import _kernels as K
from .._core import errors
from .._core.base import TensorBase, wrap
from .._core.dtype import number_category, promote
from .._core.elementwise import binary, binary_float, kind_of, operands, refuse_shapes, run_binary
from .._core.inplace import copy_out
from .._core.op import Op
from ._logsums import Logaddexp, Logaddexp2

quiet = K._quiet.quiet
P, E = K.pointwise, K.elementary
__all__ = []
METHODS = {}
INPLACE = {}


def _public(function, *aliases, operator=None, inplace=True):
    """Export a function under its name and aliases, as method, in-place method and operator."""
    for name in (function.__name__, *aliases):
        globals()[name] = METHODS[name] = function
        __all__.append(name)
        if inplace:
            INPLACE[name + '_'] = function
    if operator is not None:
        def dunder(self, other):
            if not isinstance(other, TensorBase) and number_category(other) is None:
                if not isinstance(other, np.ndarray):
                    return NotImplemented
                other = wrap(other)
            return function(self, other)
        METHODS[operator] = dunder


def _tensor(x, name, argument='input', position=1):
    """`x`, which must be a tensor."""
    if not isinstance(x, TensorBase):
        raise errors.argument_type(name, argument, 'Tensor', x, position)
    return x


_COMPARE_DOC = '''Whether {symbol}, element by element.

    Args:
        input (Tensor): any shape.
        other (Tensor or Number): broadcastable with `input`.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor of bool: the broadcast shape.

    Example:
        >>> import cnet
        >>> cnet.{name}(cnet.tensor([1, 2, 3]), 2)
        {example}
    '''


def _comparison(name, ufunc, symbol, example, aliases, operator):
    op = type(Op)(name.title() + 'Backward0', (Op,), {'forward': staticmethod(getattr(E, name))})
    ordered = name not in ('eq', 'ne')

    def function(input, other, *, out=None):
        if isinstance(input, TensorBase) and type(other) is int and input._a.dtype.kind in 'iu':
            r = wrap(quiet(ufunc, input._a, other))  # exact also for numbers that the integer type cannot hold
        else:
            if ordered and _tensor(input, name)._a.dtype.kind == 'c':
                raise errors.not_implemented(name + '_cpu', input._a.dtype)
            r = binary(op, _tensor(input, name), other, name)
        return r if out is None else copy_out(r, out)
    function.__name__ = function.__qualname__ = name
    function.__doc__ = _COMPARE_DOC.format(symbol=symbol, name=name, example=example)
    _public(function, *aliases, operator=operator)


for _row in (('eq', np.equal, 'input equals other', 'tensor([False,  True, False])', (), '__eq__'),
             ('ne', np.not_equal, 'input differs from other', 'tensor([ True, False,  True])', ('not_equal',), '__ne__'),
             ('lt', np.less, 'input < other', 'tensor([ True, False, False])', ('less',), '__lt__'),
             ('le', np.less_equal, 'input <= other', 'tensor([ True,  True, False])', ('less_equal',), '__le__'),
             ('gt', np.greater, 'input > other', 'tensor([False, False,  True])', ('greater',), '__gt__'),
             ('ge', np.greater_equal, 'input >= other', 'tensor([False,  True,  True])', ('greater_equal',), '__ge__')):
    _comparison(*_row)

_LOGIC_DOC = '''{what}, element by element; zero is false, everything else true.

    Args:
        input (Tensor): any shape.
        other (Tensor): broadcastable with `input`.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor of bool: the broadcast shape.

    Example:
        >>> import cnet
        >>> cnet.{name}(cnet.tensor([True, False]), cnet.tensor([True, True]))
        {example}
    '''
_BIT_DOC = '''{what}, element by element.

    Args:
        input (Tensor or Number): bool or integer, any shape.
        other (Tensor or Number): broadcastable with `input`.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: the broadcast shape, in the promoted type.

    Example:
        >>> import cnet
        >>> cnet.{name}(cnet.tensor([6]), cnet.tensor([3]))
        {example}
    '''


def _logic(name, ufunc, what, example):
    def function(input, other, *, out=None):
        x, y = operands(_tensor(input, name), _tensor(other, name, 'other', 2), name)
        try:
            r = wrap(quiet(ufunc, x, y))
        except ValueError:
            refuse_shapes(x, y)
            raise
        return r if out is None else copy_out(r, out)
    function.__name__ = function.__qualname__ = name
    function.__doc__ = _LOGIC_DOC.format(what=what, name=name, example=example)
    _public(function)


def _bits(name, forward, what, example, dunder, kernel, numbers=True, kinds='biu'):
    op = type(Op)(name, (Op,), {'forward': staticmethod(forward)})

    def function(input, other, *, out=None):
        if not numbers:
            _tensor(input, name), _tensor(other, name, 'other', 2)
        x, y = operands(input, other, name)
        if x.dtype.kind not in kinds:
            raise errors.not_implemented(kernel, x.dtype)
        r = run_binary(op, input, other, x, y, {})
        return r if out is None else copy_out(r, out)
    function.__name__ = function.__qualname__ = name
    function.__doc__ = _BIT_DOC.format(what=what, name=name, example=example)
    _public(function, operator=f'__{dunder}__')
    METHODS[f'__r{dunder}__'] = lambda self, other: function(other, self)
    INPLACE[f'__i{dunder}__'] = function


def _shift(ufunc, kernel):
    """Shifts by at least the width of the type, or by a negative count, empty the number (its sign stays, to the right)."""
    def shift(x, y):
        if x.dtype == np.int64 and y.dtype == np.int64:
            return kernel(x, y)
        bits = 8 * x.dtype.itemsize
        y = np.asarray(y)
        far = (y < 0) | (y >= bits)
        near = ufunc(x, np.where(far, 0, y))
        if ufunc is np.left_shift:
            return np.where(far, 0, near).astype(x.dtype, copy=False)
        return np.where(far, np.where(x < 0, -1, 0), near).astype(x.dtype, copy=False)
    return shift


_logic('logical_and', np.logical_and, 'Whether both are true', 'tensor([ True, False])')
_logic('logical_or', np.logical_or, 'Whether one of the two is true', 'tensor([True, True])')
_logic('logical_xor', np.logical_xor, 'Whether exactly one of the two is true', 'tensor([False,  True])')
_bits('bitwise_and', E.bit_and, 'Bits that both have', 'tensor([2])', 'and', 'bitwise_and_cpu')
_bits('bitwise_or', E.bit_or, 'Bits that one of the two has', 'tensor([7])', 'or', 'bitwise_or_cpu')
_bits('bitwise_xor', E.bit_xor, 'Bits that exactly one of the two has', 'tensor([5])', 'xor', 'bitwise_xor_cpu')
_bits('bitwise_left_shift', _shift(np.left_shift, E.shift_left),
      'input * 2 ** other', 'tensor([48])', 'lshift', 'lshift_cpu', kinds='iu')
_bits('bitwise_right_shift', _shift(np.right_shift, E.shift_right),
      'input / 2 ** other, rounded down', 'tensor([0])', 'rshift', 'rshift_cpu', kinds='iu')
_bits('gcd', lambda x, y: quiet(np.gcd, x, y), 'Greatest common divisor', 'tensor([3])', 'gcd', 'gcd_cpu', False, 'iu')
_bits('lcm', lambda x, y: quiet(np.lcm, x, y), 'Least common multiple', 'tensor([6])', 'lcm', 'lcm_cpu', False, 'iu')
for _name in ('gcd', 'lcm'):
    del METHODS[f'__{_name}__'], METHODS[f'__r{_name}__'], INPLACE[f'__i{_name}__']


class Extreme(Op):
    """The larger (or smaller) of two; ties share the gradient. Subclasses give `forward` and the strict comparison."""
    keep_in = (0, 1)
    wins: Any = None

    def backward(self, g):
        x, y = self.saved(0), self.saved(1)
        tie = g * (x == y) * 0.5 if g.is_floating_point() else None
        return (g * self.wins(x, y) + tie if self.needs[0] else None, g * self.wins(y, x) + tie if self.needs[1] else None)


class Maximum(Extreme, name='MaximumBackward0'):
    forward = staticmethod(K.pointwise.maximum)
    wins = staticmethod(lambda x, y: x > y)


class Minimum(Extreme, name='MinimumBackward0'):
    forward = staticmethod(K.pointwise.minimum)
    wins = staticmethod(lambda x, y: x < y)


class Fmax(Op, name='FmaxBackward0'):
    keep_in = (0, 1)
    forward = staticmethod(E.fmax)

    def backward(self, g):
        x, y = self.saved(0), self.saved(1)
        first = (x >= y) | y.isnan()
        return g * first, g * ~first


class Fmin(Op, name='FminBackward0'):
    keep_in = (0, 1)
    forward = staticmethod(E.fmin)

    def backward(self, g):
        x, y = self.saved(0), self.saved(1)
        first = (x <= y) | y.isnan()
        return g * first, g * ~first


class Atan2(Op, name='Atan2Backward0'):
    keep_in = (0, 1)
    forward = staticmethod(E.atan2)

    def backward(self, g):
        y, x = self.saved(0), self.saved(1)
        s = g / (y * y + x * x)
        return s * x, -s * y


class Hypot(Op, name='HypotBackward0'):
    keep_in = (0, 1)
    keep_out = (0,)
    forward = staticmethod(E.hypot)

    def backward(self, g):
        r = self.out(0)
        return g * (self.saved(0) / r), g * (self.saved(1) / r)


class Copysign(Op, name='CopysignBackward0'):
    keep_in = (0,)
    keep_out = (0,)
    forward = staticmethod(E.copysign)

    def backward(self, g):
        if not self.needs[0]:
            return None, None
        x = self.saved(0)
        return (g * (self.out(0) / x)).masked_fill(x == 0, 0), None


class Nextafter(Op, name='NextafterBackward0'):
    """A step of one unit in the last place; like PyTorch, of slope 1 in what it starts from, unless it has arrived."""
    keep_in = (0, 1)
    forward = staticmethod(E.nextafter)

    def backward(self, g):
        return g * (self.saved(0) != self.saved(1)), g * 0


class Heaviside(Op, name='NotImplemented'):
    forward = staticmethod(lambda x, y: E.heaviside(x, y).astype(np.result_type(x, y), copy=False))

    def backward(self, g):
        raise RuntimeError('derivative for aten::heaviside is not implemented')


class Xlogy(Op, name='XlogyBackward0'):
    keep_in = (0, 1)

    @staticmethod
    def forward(x, y):
        if (x if isinstance(x, np.ndarray) else y).dtype.kind == 'f':
            return E.xlogy(x, y)
        return quiet(lambda: np.where(np.isnan(y), y, np.where(np.equal(x, 0), 0, x * np.log(y))).astype(
            np.result_type(x, y), copy=False))

    def backward(self, g):
        x, y = self.saved(0), self.saved(1)
        gx = gy = None
        if self.needs[0]:
            log = y.log() if isinstance(y, TensorBase) else math.log(y) if y > 0 else -math.inf
            gx = (g * log).masked_fill((x == 0) & (y <= 0), 0)
        if self.needs[1]:
            gy = g * x / y
        return gx, gy


_PAIR_DOC = '''{what}, element by element.

    Args:
        input (Tensor): any shape.
        other (Tensor): broadcastable with `input`.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: the broadcast shape, in the promoted type.

    Example:
        >>> import cnet
        >>> cnet.{name}(cnet.tensor([3.]), cnet.tensor([4.]))
        {example}
    '''


_NO_COMPLEX = '{} not implemented for complex tensors.'


def _pair(name, op, run, what, example, *aliases, numbers=False, inplace=True, kinds='biuf', sentence=None):
    def function(input, other, *, out=None):
        if numbers is not True:
            _tensor(input, name)
        if not numbers:
            _tensor(other, name, 'other', 2)
        kind = kind_of(input)
        if kind not in kinds and (kind == 'c' or kind_of(other) not in kinds):
            raise (RuntimeError(sentence.format(name)) if sentence
                   else errors.not_implemented(name + '_cpu', promote(input, other)))
        r = run(op, input, other, name)
        return r if out is None else copy_out(r, out)
    function.__name__ = function.__qualname__ = name
    function.__doc__ = _PAIR_DOC.format(what=what, name=name, example=example)
    _public(function, *aliases, inplace=inplace)


_pair('maximum', Maximum, binary, 'The larger of the two; NaN if one is', 'tensor([4.])', inplace=False, sentence=_NO_COMPLEX)
_pair('minimum', Minimum, binary, 'The smaller of the two; NaN if one is', 'tensor([3.])', inplace=False, sentence=_NO_COMPLEX)
_pair('fmax', Fmax, binary, 'The larger of the two; a number wins over NaN', 'tensor([4.])', inplace=False, sentence=_NO_COMPLEX)
_pair('fmin', Fmin, binary, 'The smaller of the two; a number wins over NaN', 'tensor([3.])', inplace=False, sentence=_NO_COMPLEX)
_pair('atan2', Atan2, binary_float, 'Angle of the point (other, input) in radians', 'tensor([0.6435])', 'arctan2')
_pair('hypot', Hypot, binary, 'Length of the hypotenuse', 'tensor([5.])', kinds='f')
_pair('copysign', Copysign, binary_float, 'The size of the first with the sign of the second', 'tensor([3.])', numbers='other')
_pair('nextafter', Nextafter, binary, 'The next number of the type towards the second', 'tensor([3.0000])', kinds='f')
_pair('heaviside', Heaviside, binary, 'The step function: 0 below zero, 1 above, and the second at zero', 'tensor([1.])',
      sentence='{} is not yet implemented for complex tensors.')
_pair('logaddexp', Logaddexp, binary, 'log(exp(x) + exp(y)) without overflow', 'tensor([4.3133])', inplace=False, kinds='fc')
_pair('logaddexp2', Logaddexp2, binary, 'log2(2 ** x + 2 ** y) without overflow', 'tensor([4.5850])', inplace=False, kinds='f')
_pair('xlogy', Xlogy, binary_float, 'x * log(y), and 0 where x is 0', 'tensor([4.1589])', numbers=True)
