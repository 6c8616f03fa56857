"""What the kernels of optimizers share: arrays of a list, which of them a kernel can update, and named fused steps."""

cimport numpy as cnp
from cpython.list cimport PyList_GET_ITEM
from libc.math cimport sqrt, sqrtf

from cnet._kernels.types cimport real

cdef extern from "optim.h" nogil:
    float cnet_mad_float(float a, float b, float c)
    double cnet_mad_double(double a, double b, double c)


cdef inline real mad(real a, real b, real c) noexcept nogil:
    if real is float:
        return cnet_mad_float(a, b, c)
    else:
        return cnet_mad_double(a, b, c)


cdef inline real root(real x) noexcept nogil:
    if real is float:
        return sqrtf(x)
    else:
        return sqrt(x)


cdef inline cnp.ndarray at(list arrays, Py_ssize_t i):
    return <cnp.ndarray>PyList_GET_ITEM(arrays, i)


cdef inline bint alike(cnp.ndarray a, cnp.ndarray p):
    """Whether `a` can be updated along with the parameter `p`."""
    return (cnp.PyArray_TYPE(a) == cnp.PyArray_TYPE(p) and cnp.PyArray_IS_C_CONTIGUOUS(a)
            and cnp.PyArray_SIZE(a) == cnp.PyArray_SIZE(p))


cdef inline cnp.ndarray dense(cnp.ndarray g):
    """The gradient, copied if it is not contiguous."""
    return g if cnp.PyArray_IS_C_CONTIGUOUS(g) else <cnp.ndarray>cnp.PyArray_GETCONTIGUOUS(g)


cdef inline bint plain(cnp.ndarray p):
    return ((cnp.PyArray_TYPE(p) == cnp.NPY_FLOAT or cnp.PyArray_TYPE(p) == cnp.NPY_DOUBLE)
            and cnp.PyArray_IS_C_CONTIGUOUS(p) and cnp.PyArray_ISWRITEABLE(p))
