"""Values kept between bounds."""

import math

import numpy as np

from .. import _kernels as K
from .._core import checks, errors
from .._core.base import GRAD, TensorBase
from .._core.dtype import from_np, promote_all
from .._core.elementwise import kind_of, scalar_for
from .._core.inplace import assign_, check_writable, copy_out
from .._core.op import Op
from .._kernels._state import flags

__all__ = ['clamp', 'clamp_max', 'clamp_min', 'clip']

P, E = K.pointwise, K.elementary


class Clamp(Op, name='ClampBackward0'):
    """x between two tensors, numbers or None."""
    keep_in = (0, 1, 2)

    @staticmethod
    def forward(x, low, high, out=None):
        if x.dtype.kind == 'f':
            numbers = not isinstance(low, np.ndarray) and not isinstance(high, np.ndarray)
            if numbers and low == low and high == high:
                return E.clamp(x, -math.inf if low is None else low, math.inf if high is None else high, out)
            r = None if numbers or low is None or high is None else E.between(x, low, high)
            if r is not None:
                return r
        if low is not None:
            x = P.maximum(x, low)
        if high is not None:
            x = P.minimum(x, high)
        return x

    def backward(self, g):
        x, low, high = self.saved(0), self.saved(1), self.saved(2)
        inside = None
        if low is not None:
            inside = x >= low
        if high is not None:
            inside = x <= high if inside is None else inside & (x <= high)
        gl = gh = None
        if self.needs[1]:
            gl = g * (x < low if high is None else (x < low) & (low < high))
        if self.needs[2]:
            gh = g * (x > high if low is None else (x > high) | (high < low))
        return g * inside if self.needs[0] else None, gl, gh


class ClampNumbers(Clamp, name='ClampBackward1'):
    """`Clamp` between numbers."""


class ClampMin(Clamp, name='ClampMinBackward1'):
    """`Clamp` from below by a tensor."""


class ClampMinNumber(Clamp, name='ClampMinBackward0'):
    """`Clamp` from below by a number."""


class ClampMax(Clamp, name='ClampMaxBackward1'):
    """`Clamp` from above by a tensor."""


class ClampMaxNumber(Clamp, name='ClampMaxBackward0'):
    """`Clamp` from above by a number."""


def clamp(input, min=None, max=None, *, out=None):
    """Values below `min` become `min`, values above `max` become `max`.

    Args:
        input (Tensor): any shape.
        min (Number or Tensor, optional): lower bound.
        max (Number or Tensor, optional): upper bound; wins where the bounds cross.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: the broadcast shape, in the promoted type.

    Example:
        >>> import cnet
        >>> cnet.clamp(cnet.tensor([-2., 0.5, 2.]), -1, 1)
        tensor([-1.0000,  0.5000,  1.0000])
    """
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    tensors = isinstance(min, TensorBase) or isinstance(max, TensorBase)
    r = _clamp(Clamp if tensors else ClampNumbers, input, min, max, 'clamp')
    return r if out is None else copy_out(r, out)


_PLAIN = (float, int, type(None))


def _clamp(op, input, min, max, name):
    checks.tensor(input, name, position=1)
    if kind_of(input) == 'c':
        raise errors.not_implemented(f'{name}_scalar_cpu', input._a.dtype)
    if input._a.dtype.kind == 'f' and min.__class__ in _PLAIN and max.__class__ in _PLAIN:
        return op.apply(input, None if min is None else float(min), None if max is None else float(max))
    t = promote_all([x for x in (input, min, max) if x is not None])
    if t != input._a.dtype:
        input = input.to(from_np(t))
    bounds = []
    for b in (min, max):
        if isinstance(b, TensorBase):
            bounds.append(b if b._a.dtype == t else b.to(from_np(t)))
        else:
            bounds.append(b if b is None else scalar_for(b, t))
    return op.apply(input, *bounds)


def clamp_min(input, min, *, out=None):
    """`clamp` from below alone.

    Args:
        input (Tensor): any shape.
        min (Number or Tensor): lower bound.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: the broadcast shape, in the promoted type.

    Example:
        >>> import cnet
        >>> cnet.clamp_min(cnet.tensor([-2., 2.]), 0)
        tensor([0., 2.])
    """
    r = _clamp(ClampMin if isinstance(min, TensorBase) else ClampMinNumber, input, min, None, 'clamp_min')
    return r if out is None else copy_out(r, out)


def clamp_max(input, max, *, out=None):
    """`clamp` from above alone.

    Args:
        input (Tensor): any shape.
        max (Number or Tensor): upper bound.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: the broadcast shape, in the promoted type.

    Example:
        >>> import cnet
        >>> cnet.clamp_max(cnet.tensor([-2., 2.]), 0)
        tensor([-2.,  0.])
    """
    r = _clamp(ClampMax if isinstance(max, TensorBase) else ClampMaxNumber, input, None, max, 'clamp_max')
    return r if out is None else copy_out(r, out)


def _clamp_into(function, self, min, max):
    """In place, without a result in between where nothing is recorded and the bounds are numbers."""
    if (self._a.dtype.kind == 'f' and min.__class__ in _PLAIN and max.__class__ in _PLAIN and min == min and max == max
            and (min is not None or max is not None) and not (flags() & GRAD and self.requires_grad)):
        check_writable(self, False)
        E.clamp(self._a, -math.inf if min is None else min, math.inf if max is None else max, self._a)
        self._v.n += 1
        return self
    return assign_(self, function())


def clamp_(self, min=None, max=None):
    """In-place version of `clamp`."""
    return _clamp_into(lambda: clamp(self, min, max), self, min, max)


def clamp_min_(self, min):
    """In-place version of `clamp_min`."""
    return _clamp_into(lambda: clamp_min(self, min), self, min, None)


def clamp_max_(self, max):
    """In-place version of `clamp_max`."""
    return _clamp_into(lambda: clamp_max(self, max), self, None, max)


clip = clamp
METHODS = {'clamp': clamp, 'clamp_': clamp_, 'clamp_max': clamp_max, 'clamp_max_': clamp_max_, 'clamp_min': clamp_min,
           'clamp_min_': clamp_min_, 'clip': clamp, 'clip_': clamp_}
