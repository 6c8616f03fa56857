"""What products of matrices refuse, in PyTorch's words. Arguments are arrays."""

from math import prod

import numpy as np

from .._core import errors
from .._core.inplace import scalar_name


def refuse_bool(a, kernel):
    """Products of bools are not defined."""
    if a.dtype.kind == 'b':
        raise errors.not_implemented(kernel, a.dtype)


def check_mm(a, b):
    """Refuse a matrix (or a vector, or a batch) and a matrix that have no product."""
    if a.shape[-1] != b.shape[0]:
        raise errors.mat_shapes((prod(a.shape[:-1]), a.shape[-1]), b.shape)
    if a.dtype is not b.dtype and a.dtype != b.dtype:
        raise errors.mat_dtypes(a.dtype, b.dtype)
    if a.dtype.kind == 'b':
        raise errors.not_implemented('addmm_impl_cpu_', a.dtype)


def check_bmm(a, b):
    """Refuse two batches of matrices that have no products."""
    if a.ndim != 3 or b.ndim != 3:
        raise RuntimeError(f'batch{1 if a.ndim != 3 else 2} must be a 3D tensor')
    if a.shape[0] != b.shape[0] or a.shape[2] != b.shape[1]:
        raise RuntimeError('Expected size for first two dimensions of batch2 tensor to be: '
                           f'[{a.shape[0]}, {a.shape[2]}] but got: [{b.shape[0]}, {b.shape[1]}].')
    check_scalar_type(a, b)
    refuse_bool(a, 'bmm')


def check_scalar_type(a, b):
    """Refuse two arrays of different types."""
    if a.dtype != b.dtype:
        raise RuntimeError(f'expected scalar type {scalar_name(a.dtype)} but found {scalar_name(b.dtype)}')


def check_mv(a, v):
    """Refuse a matrix (or a batch) and a vector that have no product."""
    if a.shape[-1] != v.shape[0]:
        rows = prod(a.shape[:-1])
        raise RuntimeError(f'size mismatch, got input ({rows}), mat ({rows}x{a.shape[-1]}), vec ({v.shape[0]})')
    if a.dtype != v.dtype:
        first, second = scalar_name(v.dtype), scalar_name(a.dtype)
        raise RuntimeError(f'addmv input tensors must have the same dtype, but got {first}, {second}, and {first}')
    refuse_bool(a, 'addmv_impl_cpu')


def check_dot(a, b):
    """Refuse two arrays that are not vectors of one length and type."""
    if a.ndim != 1 or b.ndim != 1:
        raise RuntimeError(f'1D tensors expected, but got {a.ndim}D and {b.ndim}D tensors')
    if a.dtype != b.dtype:
        raise RuntimeError('dot : expected both vectors to have same dtype, but found '
                           f'{scalar_name(a.dtype)} and {scalar_name(b.dtype)}')
    if a.shape != b.shape:
        raise RuntimeError(f'inconsistent tensor size, expected tensor [{a.size}] and src [{b.size}] to have the same '
                           f'number of elements, but got {a.size} and {b.size} elements respectively')
    refuse_bool(a, 'dot')


def check_batches(a, b):
    """Refuse two batches of matrices that do not broadcast or have no products."""
    if a.shape[-1] != b.shape[-2]:
        if a.ndim == 2:
            raise errors.mat_shapes((prod(b.shape[:-2]) * b.shape[-1], b.shape[-2]), a.shape[::-1])
    try:
        lead = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    except ValueError:
        raise errors.broadcast(a.shape[:-2], b.shape[:-2]) from None
    if a.shape[-1] != b.shape[-2]:
        batch = prod(lead)
        raise RuntimeError(f'Expected size for first two dimensions of batch2 tensor to be: [{batch}, {a.shape[-1]}] '
                           f'but got: [{batch}, {b.shape[-2]}].')
    check_scalar_type(a, b)
    refuse_bool(a, 'bmm')


def check_linear(x, w, bias):
    """Refuse what linear cannot multiply."""
    if w.ndim != 2:
        if w.ndim > 2:
            raise RuntimeError(f't() expects a tensor with <= 2 dimensions, but self is {w.ndim}D')
        raise RuntimeError(f'mat2 must be a matrix, got {w.ndim}-D tensor')
    if not x.ndim:
        raise RuntimeError('both arguments to linear need to be at least 1D, but they are 0D and 2D')
    if x.shape[-1] != w.shape[1]:
        raise errors.mat_shapes((prod(x.shape[:-1]), x.shape[-1]), w.shape[::-1])
    if x.dtype != w.dtype:
        if bias is None:
            raise errors.mat_dtypes(x.dtype, w.dtype)
        raise RuntimeError('mat1 and mat2 must have the same dtype, but got '
                           f'{scalar_name(x.dtype)} and {scalar_name(w.dtype)}')
    refuse_bool(x, 'addmm_impl_cpu_')
