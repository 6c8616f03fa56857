"""Matrix products of arrays: float32 and float64 by the package's own kernels, other types by NumPy.

All entries take arrays of any strides and return a new array, C-contiguous.
"""

import numpy as np

cimport numpy as cnp

from cnet._kernels._threads cimport threads_for
from cnet._kernels.gemm cimport gemm
from cnet._kernels.types cimport real

cnp.import_array()


cdef inline int product(real *a, cnp.ndarray A, real *b, cnp.ndarray B, bint transpose_b, real *d, Py_ssize_t drs,
                        Py_ssize_t dcs, real *c, Py_ssize_t M, Py_ssize_t N, Py_ssize_t K) noexcept:
    cdef Py_ssize_t size = sizeof(real)
    cdef Py_ssize_t brs = cnp.PyArray_STRIDE(B, 0) // size, bcs = cnp.PyArray_STRIDE(B, 1) // size
    if transpose_b:
        brs, bcs = bcs, brs
    return gemm(M, N, K, a, cnp.PyArray_STRIDE(A, 0) // size, cnp.PyArray_STRIDE(A, 1) // size, b, brs, bcs,
                d, drs, dcs, c, N, True)


def mm(cnp.ndarray a, cnp.ndarray b):
    """a[M, K] b[K, N]."""
    cdef cnp.npy_intp shape[2]
    cdef cnp.ndarray c
    cdef int kind = cnp.PyArray_TYPE(a), failed
    shape[0] = cnp.PyArray_DIM(a, 0)
    shape[1] = cnp.PyArray_DIM(b, 1)
    if kind != cnp.NPY_FLOAT and kind != cnp.NPY_DOUBLE:
        return np.matmul(a, b)
    c = cnp.PyArray_EMPTY(2, shape, kind, 0)
    if kind == cnp.NPY_FLOAT:
        failed = product(<float *> cnp.PyArray_DATA(a), a, <float *> cnp.PyArray_DATA(b), b, False, NULL, 0, 0,
                         <float *> cnp.PyArray_DATA(c), shape[0], shape[1], cnp.PyArray_DIM(a, 1))
    else:
        failed = product(<double *> cnp.PyArray_DATA(a), a, <double *> cnp.PyArray_DATA(b), b, False, NULL, 0, 0,
                         <double *> cnp.PyArray_DATA(c), shape[0], shape[1], cnp.PyArray_DIM(a, 1))
    if failed:
        raise MemoryError('mm(): no memory for packing')
    return c
