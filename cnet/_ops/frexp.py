"""Numbers taken apart into a mantissa and a power of 2."""

import numpy as np

from .. import return_types
from .._core import checks
from .._core.elementwise import with_out
from .._core.op import Op

__all__ = ['frexp']


class Frexp(Op, name='FrexpBackward0'):
    n_out = 2
    keep_out = (1,)

    @staticmethod
    def forward(x):
        return np.frexp(x)

    def backward(self, g, _):
        return g / self.out(1).to(g.dtype).exp2()


def frexp(input, *, out=None):
    """The mantissa, between 1/2 and 1 in absolute value, and the power of 2 that make up each number.

    Args:
        input (Tensor): floating point.
        out (tuple of two Tensors, optional): receives the results.

    Returns:
        (mantissa, exponent): a named tuple; the exponents are int32. 0, inf and NaN have the exponent 0.

    Example:
        >>> import cnet
        >>> cnet.frexp(cnet.tensor([8., 0.75])).exponent
        tensor([4, 0], dtype=cnet.int32)
    """
    checks.tensor(input, 'frexp', 'input', 1)
    if input._a.dtype.kind != 'f':
        raise RuntimeError('torch.frexp() only supports floating-point dtypes')
    r = Frexp.apply(input)
    return return_types.frexp(r if out is None else [with_out(x, y) for x, y in zip(r, out)])


PUBLIC = {'frexp': frexp}
METHODS = {'frexp': frexp}
