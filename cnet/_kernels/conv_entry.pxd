"""From arrays to the kernel of their type: the entry of families of convolutions."""

cimport numpy as cnp

from cnet._kernels.conv_shape cimport Geometry

ctypedef int (*convolve_f)(const Geometry *, bint, const float *, const float *, const float *, float *) noexcept nogil
ctypedef int (*convolve_d)(const Geometry *, bint, const double *, const double *, const double *, double *) noexcept nogil


cdef inline filled(convolve_f single, convolve_d double_, bint gradient, cnp.ndarray x, const Geometry *s, cnp.ndarray w,
                   cnp.ndarray bias, cnp.ndarray y):
    """y after it has been computed from x: the convolution of it, or the input gradient given it, plus bias unless None."""
    cdef char *b = NULL if bias is None else <char *> cnp.PyArray_DATA(bias)
    cdef int failed
    if cnp.PyArray_SIZE(y) == 0:
        return y
    with nogil:
        if s.kind == cnp.NPY_FLOAT:
            failed = single(s, gradient, <float *> cnp.PyArray_DATA(x), <float *> cnp.PyArray_DATA(w), <float *> b,
                            <float *> cnp.PyArray_DATA(y))
        else:
            failed = double_(s, gradient, <double *> cnp.PyArray_DATA(x), <double *> cnp.PyArray_DATA(w), <double *> b,
                             <double *> cnp.PyArray_DATA(y))
    if failed:
        raise MemoryError('convolution: no memory for a block of images')
    return y
