"""What follows a convolution and is done to each row of its result while that lies in a cache: y = scale y + shift, then relu."""

cimport numpy as cnp

from cnet._kernels.rowmath cimport row_affine
from cnet._kernels.types cimport real

# Numbers per output channel, or NULL; without `relu` and scale nothing is done.
cdef struct After:
    char *scale
    char *shift
    bint relu


cdef inline After after_of(tuple after):
    """None, or (scale, shift, relu) with arrays of the result's type or None for both."""
    cdef After a
    a.scale = a.shift = NULL
    a.relu = False
    if after is not None:
        a.relu = after[2]
        if after[0] is not None:
            a.scale, a.shift = <char *> cnp.PyArray_DATA(<cnp.ndarray> after[0]), <char *> cnp.PyArray_DATA(<cnp.ndarray> after[1])
    return a


cdef inline void finish_row(const After *a, Py_ssize_t m, real *y, Py_ssize_t n) noexcept nogil:
    """n numbers of channel m."""
    if a.scale != NULL:
        row_affine(<const real *> y, y, <real> 0, (<const real *> a.scale)[m], (<const real *> a.shift)[m], a.relu, n)
    elif a.relu:
        row_affine(<const real *> y, y, <real> 0, <real> 1, <real> 0, True, n)
