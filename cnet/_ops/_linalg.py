"""What the functions of linear algebra share: checks of their arguments, and NumPy's LAPACK with our rules of failure."""

import numpy as np

from .. import _kernels as K
from .._core import checks
from .._core.arrays import contiguous
from .._core.inplace import copy_out, scalar_name

quiet = K._quiet.quiet


class LinAlgError(RuntimeError):
    """A factorization failed: the matrix is singular, not positive definite, or the iteration did not converge."""

    __module__ = 'cnet.linalg'


def numbers(x, name, arg='A', position=1, low='Low precision dtypes not supported. Got '):
    """A tensor of floating-point or complex numbers that LAPACK knows, else an error."""
    checks.tensor(x, name.replace('.', '_'), arg, position)
    kind = x._a.dtype.kind
    if kind not in 'fc':
        raise RuntimeError(f'{name}: Expected a floating point or complex tensor as input. Got {scalar_name(x._a.dtype)}')
    if x._a.dtype.char == 'e':
        raise RuntimeError(f'{name}: {low}Half')
    return x


def matrices(x, name, arg='A', position=1):
    """A tensor of one or more matrices."""
    checks.tensor(x, name.replace('.', '_'), arg, position)
    if x._a.ndim < 2:
        raise RuntimeError(f'{name}: The input tensor {arg} must have at least 2 dimensions.')
    return numbers(x, name, arg, position)


def squares(x, name, arg='A'):
    """A tensor of one or more square matrices."""
    matrices(x, name, arg)
    check_square(x, name, arg)
    return x


def check_square(x, name, arg='A'):
    """Refuse matrices that are not square."""
    shape = x._a.shape
    if len(shape) < 2:
        raise RuntimeError(f'{name}: The input tensor {arg} must have at least 2 dimensions.')
    if shape[-1] != shape[-2]:
        raise RuntimeError(f'{name}: {arg} must be batches of square matrices, but they are {shape[-2]} by {shape[-1]} matrices')


def same_types(a, b, name, a_name='A', b_name='B'):
    """Refuse two tensors of different types."""
    if a._a.dtype != b._a.dtype:
        raise RuntimeError(f'{name}: Expected {a_name} and {b_name} to have the same dtype, but found {a_name} of type '
                           f'{scalar_name(a._a.dtype)} and {b_name} of type {scalar_name(b._a.dtype)} instead')


def batches(a, b, name):
    """The common batch shape of two stacks of matrices (NumPy shapes)."""
    if a[:-2] == b[:-2]:
        return a[:-2]
    try:
        return np.broadcast_shapes(a[:-2], b[:-2])
    except ValueError:
        raise RuntimeError(f'{name}: The batch dimensions of A and B do not broadcast: got {list(a)} and {list(b)}') from None


def raise_for(info, sentence):
    """Raise LinAlgError for the first failure in an array of LAPACK codes; `sentence(code)` describes it."""
    if info.any():
        bad = np.flatnonzero(info)
        where = f'(Batch element {bad[0]}): ' if info.ndim else ''
        name, _, text = sentence(int(info.ravel()[bad[0]])).partition(': ')
        raise LinAlgError(f'{name}: {where}{text}')


def mh(a):
    """Conjugate transpose of every matrix of an array."""
    a = a.swapaxes(-1, -2)
    return a.conj() if a.dtype.kind == 'c' else a


def column_major(a):
    """The matrices of an array with their columns contiguous, as LAPACK leaves its results."""
    return contiguous(a.swapaxes(-1, -2)).swapaxes(-1, -2)


def deliver(results, out, make):
    """A named tuple of results, or the tensors of `out` with the results in them."""
    return make(results if out is None else [copy_out(r, o) for r, o in zip(results, out)])
