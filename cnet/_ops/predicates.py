"""Questions about elements that a bool answers, and about whole tensors."""

import numpy as np

from .. import _kernels as K
from .._core import errors
from .._core.base import TensorBase, wrap
from .._core.inplace import copy_out

quiet = K._quiet.quiet


E = K.elementary


def _real_only(name, kernel):
    def forward(a):
        if a.dtype.kind == 'c':
            raise RuntimeError(f'{name} is not supported for complex inputs.')
        return kernel(a) if a.dtype.kind == 'f' else np.zeros(a.shape, bool)
    return forward


def _signbit(a):
    if a.dtype.kind == 'c':
        raise RuntimeError('signbit is not implemented for complex tensors.')
    return E.signbit(a) if a.dtype.kind != 'b' else np.zeros(a.shape, bool)


def _isreal(a):
    return np.isreal(a) if a.dtype.kind == 'c' else np.ones(a.shape, bool)


_TABLE = {
    'isnan': (E.isnan, 'Whether a value is NaN', '[False, False,  True]'),
    'isinf': (E.isinf, 'Whether a value is infinite', '[False,  True, False]'),
    'isfinite': (E.isfinite, 'Whether a value is a finite number', '[ True, False, False]'),
    'isposinf': (_real_only('isposinf', E.isposinf), 'Whether a value is plus infinity', '[False, False, False]'),
    'isneginf': (_real_only('isneginf', E.isneginf), 'Whether a value is minus infinity', '[False,  True, False]'),
    'isreal': (_isreal, 'Whether the imaginary part is 0', '[True, True, True]'),
    'signbit': (_signbit, 'Whether the sign bit is set', '[False,  True, False]'),
    'logical_not': (lambda a: quiet(np.logical_not, a), 'Whether a value is zero', '[False, False, False]'),
}
_WITH_OUT = ('isposinf', 'isneginf', 'signbit', 'logical_not')
_DOC = '''{what}, element by element.

    Args:
        input (Tensor): any shape.{out}

    Returns:
        Tensor of bool: the shape of `input`.

    Example:
        >>> import cnet
        >>> cnet.{name}(cnet.tensor([1., -float('inf'), float('nan')]))
        tensor({example})
    '''


def _make(name, f, what, example):
    if name in _WITH_OUT:
        def function(input, *, out=None):
            if not isinstance(input, TensorBase):
                raise errors.argument_type(name, 'input', 'Tensor', input, 1)
            r = wrap(f(input._a))
            return r if out is None else copy_out(r, out)
    else:
        def function(input):  # type: ignore[misc]  # the two have different arguments on purpose
            if not isinstance(input, TensorBase):
                raise errors.argument_type(name, 'input', 'Tensor', input, 1)
            return wrap(f(input._a))
    function.__name__ = function.__qualname__ = name
    function.__doc__ = _DOC.format(what=what, name=name, example=example,
                                   out='\n        out (Tensor, optional): receives the result.' if name in _WITH_OUT else '')
    return function


for _name, _row in _TABLE.items():
    globals()[_name] = _make(_name, *_row)


def bitwise_not(input, *, out=None):
    """All bits inverted; for bool, the logical negation.

    Args:
        input (Tensor): bool or integer, any shape.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: the shape and type of `input`.

    Example:
        >>> import cnet
        >>> cnet.bitwise_not(cnet.tensor([0, 5]))
        tensor([-1, -6])
    """
    if input._a.dtype.kind not in 'biu':
        raise errors.not_implemented('bitwise_not_cpu', input._a.dtype)
    r = wrap(np.invert(input._a))
    return r if out is None else copy_out(r, out)


def isclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False):
    """Whether |input - other| <= atol + rtol * |other|, element by element.

    Args:
        input (Tensor): any shape.
        other (Tensor): broadcastable with `input`, of the same type.
        rtol (float): relative tolerance. Default: 1e-5.
        atol (float): absolute tolerance. Default: 1e-8.
        equal_nan (bool): count two NaN as close. Default: False.

    Returns:
        Tensor of bool: the broadcast shape.

    Example:
        >>> import cnet
        >>> cnet.isclose(cnet.tensor([1., 2.]), cnet.tensor([1.000001, 2.1]))
        tensor([ True, False])
    """
    a, b = input._a, other._a
    if a.dtype != b.dtype:
        raise RuntimeError(f'{input.dtype.legacy} did not match {other.dtype.legacy}')
    if rtol < 0 or atol < 0:
        name, value = ('rtol', rtol) if rtol < 0 else ('atol', atol)
        raise RuntimeError(f'{name} must be greater than or equal to zero, but got {value}')
    return wrap(quiet(_isclose, a, b, rtol, atol, equal_nan))


def _isclose(a, b, rtol, atol, equal_nan):
    close = a == b
    if equal_nan and a.dtype.kind in 'fc':
        close = close | (np.isnan(a) & np.isnan(b))
    if a.dtype.kind in 'biu':
        a, b = a.astype(np.float64), b.astype(np.float64)
    return close | (np.isfinite(b) & np.isfinite(a) & (abs(a - b) <= atol + abs(rtol * b)))


def allclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False):
    """Whether all elements are close; see `isclose`.

    Args:
        input (Tensor): any shape.
        other (Tensor): broadcastable with `input`, of the same type.
        rtol (float): relative tolerance. Default: 1e-5.
        atol (float): absolute tolerance. Default: 1e-8.
        equal_nan (bool): count two NaN as close. Default: False.

    Returns:
        bool

    Example:
        >>> import cnet
        >>> cnet.allclose(cnet.tensor([1.]), cnet.tensor([1.000001]))
        True
    """
    return bool(isclose(input, other, rtol, atol, equal_nan)._a.all())


def equal(input, other):
    """Whether two tensors have the same shape and the same elements.

    Args:
        input (Tensor): any shape.
        other (Tensor): any shape, of the same type.

    Returns:
        bool

    Example:
        >>> import cnet
        >>> cnet.equal(cnet.tensor([1, 2]), cnet.tensor([1, 2]))
        True
    """
    for position, x in enumerate((input, other), 1):
        if not isinstance(x, TensorBase):
            raise errors.argument_type('equal', ('input', 'other')[position - 1], 'Tensor', x, position)
    a, b = input._a, other._a
    return a.shape == b.shape and bool(np.logical_and.reduce(a == b, None))


def is_nonzero(input):
    """Whether the only element of a tensor is not zero.

    Args:
        input (Tensor): one element.

    Returns:
        bool

    Example:
        >>> import cnet
        >>> cnet.is_nonzero(cnet.tensor([2.]))
        True
    """
    if input._a.size != 1:
        raise RuntimeError('Boolean value of Tensor with no values is ambiguous' if not input._a.size else
                           'Boolean value of Tensor with more than one value is ambiguous')
    return bool(input._a.item())


__all__ = list(_TABLE) + ['bitwise_not', 'isclose', 'allclose', 'equal', 'is_nonzero']
def _invert(self):
    if self._a.dtype.kind not in 'biu':
        raise TypeError('~ (operator.invert) is only implemented on integer and Boolean-type tensors')
    return bitwise_not(self)


METHODS = {name: globals()[name] for name in __all__} | {'__invert__': _invert}
INPLACE = {'bitwise_not_': bitwise_not, 'logical_not_': globals()['logical_not']}
