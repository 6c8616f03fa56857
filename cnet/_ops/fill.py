"""Filling tensors with one value."""

import numpy as np

from .._core import errors
from .._core.base import TensorBase
from .._core.dtype import number_category
from .._core.elementwise import scalar_for
from .._core.inplace import assign_, overwrite_
from .._core.op import Op

__all__ = ['fill']


class Fill(Op, name='FillBackward1'):
    """A tensor whose elements all are the value of a 0-dimensional one."""

    @staticmethod
    def forward(x, value):
        return np.full_like(x, value)

    def backward(self, g):
        return None, g.sum() if self.needs[1] else None


class FillNumber(Op, name='FillBackward0'):
    @staticmethod
    def forward(x, value):
        return np.full_like(x, value)

    def backward(self, g):
        return None


class FillDiagonal(Op, name='FillDiagonalBackward0'):
    @staticmethod
    def forward(x, value, wrap):
        y = x.copy()
        np.fill_diagonal(y, value, wrap)
        return y

    def backward(self, g):
        return FillDiagonal.apply(g, value=0, wrap=self.kw['wrap'])


def _checked(value):
    if isinstance(value, TensorBase):
        if value._a.ndim:
            raise RuntimeError('fill_ only supports 0-dimension value tensor but got tensor with '
                               f'{value._a.ndim} dimensions.')
    elif number_category(value) is None:
        raise errors.argument_type('fill_', 'value', 'Number', value, 1)


def fill(input, value):
    """A tensor like `input` with all elements equal to `value`.

    Args:
        input (Tensor): any shape.
        value (Number or Tensor): a tensor must have no dimensions.

    Returns:
        Tensor: the shape and type of `input`.

    Example:
        >>> import cnet
        >>> cnet.fill(cnet.zeros(2), 3)
        tensor([3., 3.])
    """
    _checked(value)
    if isinstance(value, TensorBase):
        return Fill.apply(input, value)
    return FillNumber.apply(input, value=scalar_for(value, input._a.dtype))


def fill_(self, value):
    """In-place version of `fill`.

    Example:
        >>> import cnet
        >>> cnet.zeros(2).fill_(3)
        tensor([3., 3.])
    """
    _checked(value)
    if isinstance(value, TensorBase):
        return assign_(self, Fill.apply(self, value))
    return overwrite_(self, scalar_for(value, self._a.dtype))


def zero_(self):
    """Set all elements to zero.

    Example:
        >>> import cnet
        >>> cnet.ones(2).zero_()
        tensor([0., 0.])
    """
    return overwrite_(self, 0)


def fill_diagonal_(self, fill_value, wrap=False):
    """Set the main diagonal to one value.

    Args:
        fill_value (Number): the value.
        wrap (bool): in a tall matrix, begin another diagonal below where one has ended. Default: False.

    Returns:
        Tensor: the tensor itself, a matrix or with more dimensions of one length.

    Example:
        >>> import cnet
        >>> cnet.zeros(2, 2).fill_diagonal_(3)
        tensor([[3., 0.],
                [0., 3.]])
    """
    if number_category(fill_value) is None:
        raise errors.argument_type('fill_diagonal_', 'fill_value', 'Number', fill_value, 1)
    if self.ndim < 2:
        raise RuntimeError('dimensions must larger than 1')
    if self.ndim > 2 and len(set(self._a.shape)) > 1:
        raise RuntimeError('all dimensions of input must be of equal length')
    return assign_(self, FillDiagonal.apply(self, value=scalar_for(fill_value, self._a.dtype), wrap=bool(wrap)))


METHODS = {'fill_': fill_, 'fill_diagonal_': fill_diagonal_, 'zero_': zero_}
