"""Images taken apart for dilated convolutions, and put together again: with a dilation of d and a padding of whole multiples of d,
pixels see only those whose row and column leave the same remainders by d, so that each image is as many smaller ones, which a
kernel without dilation sees.
"""

cimport numpy as cnp
from cython.parallel cimport prange
from libc.string cimport memset

from cnet._kernels._threads cimport threads_for
from cnet._kernels.types cimport real

cnp.import_array()

cdef extern from "depthwise_ukr.h" nogil:
    void vf_split_line(Py_ssize_t n, const float *x, float *even, float *odd)
    void vd_split_line(Py_ssize_t n, const double *x, double *even, double *odd)
    void vf_merge_line(Py_ssize_t n, const float *a, const float *b, float *y)
    void vd_merge_line(Py_ssize_t n, const double *a, const double *b, double *y)

# Images [N, C, height, width] and their parts [N, down, across, C, high, wide].
cdef struct Parts:
    Py_ssize_t N, C, height, width, down, across, high, wide


cdef inline Parts parts_of(cnp.ndarray x, cnp.ndarray parts):
    """The sizes of both."""
    cdef Parts s
    s.N, s.C, s.height, s.width = (<object> x).shape
    _, s.down, s.across, _, s.high, s.wide = (<object> parts).shape
    return s


cdef inline void split_task(Py_ssize_t t, const Parts *s, const real *x, real *parts) noexcept nogil:
    """Channel t % C of image t / C taken apart."""
    cdef Py_ssize_t n = t // s.C, c = t % s.C, step = s.C * s.high * s.wide, i, j, r, q, count
    cdef real *to
    x = x + t * s.height * s.width
    for i in range(s.down * s.high):
        to = parts + ((n * s.down + i % s.down) * s.across * s.C + c) * s.high * s.wide + i // s.down * s.wide
        for r in range(s.across):
            count = (s.width - r + s.across - 1) // s.across if i < s.height else 0
            if count < s.wide:
                memset(to + r * step + count, 0, (s.wide - count) * sizeof(real))
        if i < s.height:
            if s.across == 2:
                if real is float:
                    vf_split_line(s.width, x + i * s.width, to, to + step)
                else:
                    vd_split_line(s.width, x + i * s.width, to, to + step)
            else:
                r = q = 0
                for j in range(s.width):
                    to[r * step + q] = x[i * s.width + j]
                    r += 1
                    if r == s.across:
                        r, q = 0, q + 1


cdef inline void merge_task(Py_ssize_t t, const Parts *s, const real *parts, real *x) noexcept nogil:
    """The reverse; what lies beyond the image is left out."""
    cdef Py_ssize_t n = t // s.C, c = t % s.C, step = s.C * s.high * s.wide, i, j, r, q
    cdef const real *from_
    x = x + t * s.height * s.width
    for i in range(s.height):
        from_ = parts + ((n * s.down + i % s.down) * s.across * s.C + c) * s.high * s.wide + i // s.down * s.wide
        if s.across == 2:
            if real is float:
                vf_merge_line(s.width, from_, from_ + step, x + i * s.width)
            else:
                vd_merge_line(s.width, from_, from_ + step, x + i * s.width)
        else:
            r = q = 0
            for j in range(s.width):
                x[i * s.width + j] = from_[r * step + q]
                r += 1
                if r == s.across:
                    r, q = 0, q + 1


def split(cnp.ndarray x, cnp.ndarray parts):
    """Fill parts[N, down, across, C, high, wide], zeros where the image x[N, C, height, width] has ended."""
    cdef Parts s = parts_of(x, parts)
    cdef Py_ssize_t t
    cdef int kind = cnp.PyArray_TYPE(x)
    cdef char *a = <char *> cnp.PyArray_DATA(x)
    cdef char *b = <char *> cnp.PyArray_DATA(parts)
    for t in prange(s.N * s.C, nogil=True, num_threads=threads_for(8.0 * s.N * s.C * s.height * s.width)):
        if kind == cnp.NPY_FLOAT:
            split_task(t, &s, <float *> a, <float *> b)
        else:
            split_task(t, &s, <double *> a, <double *> b)
    return parts


def merge(cnp.ndarray parts, cnp.ndarray x):
    """Fill x[N, C, height, width] from parts[N, down, across, C, high, wide], which are followed by room for two vectors."""
    cdef Parts s = parts_of(x, parts)
    cdef Py_ssize_t t
    cdef int kind = cnp.PyArray_TYPE(x)
    cdef char *a = <char *> cnp.PyArray_DATA(parts)
    cdef char *b = <char *> cnp.PyArray_DATA(x)
    for t in prange(s.N * s.C, nogil=True, num_threads=threads_for(8.0 * s.N * s.C * s.height * s.width)):
        if kind == cnp.NPY_FLOAT:
            merge_task(t, &s, <float *> a, <float *> b)
        else:
            merge_task(t, &s, <double *> a, <double *> b)
    return x
