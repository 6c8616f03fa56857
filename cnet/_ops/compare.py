"""Comparisons, logic, bits, extremes of two tensors, clamping, and a few more functions of several tensors."""

import math

import numpy as np

from .. import _kernels as K
from .._core import errors
from .._core.base import TensorBase, wrap
from .._core.dtype import from_np, get_default_dtype, number_category
from .._core.elementwise import binary, binary_float, kind_of, operands
from .._core.inplace import copy_out
from .._core.op import Op

quiet = K._quiet.quiet
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
    op = type(Op)(name.title() + 'Backward0', (Op,), {'forward': staticmethod(lambda x, y: quiet(ufunc, x, y))})

    def function(input, other, *, out=None):
        if isinstance(input, TensorBase) and type(other) is int and input._a.dtype.kind in 'iu':
            r = wrap(quiet(ufunc, input._a, other))  # exact also for numbers that the integer type cannot hold
        else:
            r = binary(op, input, other, name)
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
        >>> cnet.{name}(cnet.tensor([6]), 3)
        {example}
    '''


def _logic(name, ufunc, what, example):
    def function(input, other, *, out=None):
        x, y = operands(input, other, name)
        r = wrap(quiet(ufunc, x, y))
        return r if out is None else copy_out(r, out)
    function.__name__ = function.__qualname__ = name
    function.__doc__ = _LOGIC_DOC.format(what=what, name=name, example=example)
    _public(function)


def _bits(name, ufunc, what, example, dunder, kernel):
    op = type(Op)(name, (Op,), {'forward': staticmethod(lambda x, y: quiet(ufunc, x, y))})

    def function(input, other, *, out=None):
        x, y = operands(input, other, name)
        if x.dtype.kind not in 'biu':
            raise errors.not_implemented(kernel, x.dtype)
        r = binary(op, input, other, name)
        return r if out is None else copy_out(r, out)
    function.__name__ = function.__qualname__ = name
    function.__doc__ = _BIT_DOC.format(what=what, name=name, example=example)
    _public(function, operator=f'__{dunder}__')
    METHODS[f'__r{dunder}__'] = lambda self, other: function(other, self)
    INPLACE[f'__i{dunder}__'] = function


def _shift(ufunc):
    """Shifts by at least the width of the type, or by a negative count, empty the number (its sign stays, to the right)."""
    def shift(x, y):
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
_bits('bitwise_and', np.bitwise_and, 'Bits that both have', 'tensor([2])', 'and', 'bitwise_and_cpu')
_bits('bitwise_or', np.bitwise_or, 'Bits that one of the two has', 'tensor([7])', 'or', 'bitwise_or_cpu')
_bits('bitwise_xor', np.bitwise_xor, 'Bits that exactly one of the two has', 'tensor([5])', 'xor', 'bitwise_xor_cpu')
_bits('bitwise_left_shift', _shift(np.left_shift), 'input * 2 ** other', 'tensor([48])', 'lshift', 'lshift_cpu')
_bits('bitwise_right_shift', _shift(np.right_shift), 'input / 2 ** other, rounded down', 'tensor([0])', 'rshift', 'rshift_cpu')
_bits('gcd', np.gcd, 'Greatest common divisor', 'tensor([3])', 'gcd', 'gcd_cpu')
_bits('lcm', np.lcm, 'Least common multiple', 'tensor([6])', 'lcm', 'lcm_cpu')
for _name in ('gcd', 'lcm'):
    del METHODS[f'__{_name}__'], METHODS[f'__r{_name}__'], INPLACE[f'__i{_name}__']
