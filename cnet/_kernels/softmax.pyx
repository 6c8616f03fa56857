"""Softmax, log-softmax and their gradients along one dimension of a contiguous array.

The array is seen as (outer, n, inner): the softmax runs over n. With inner = 1 a task is a row, which is contiguous;
otherwise a task is a strip of up to STRIP neighbouring columns, so that the innermost loop always runs over contiguous
memory.
"""

cimport numpy as cnp
from cython.parallel cimport prange
from libc.math cimport log

from cnet._kernels._threads cimport threads_for
from cnet._kernels.rowmath cimport row_dot, row_exp, row_exp_store, row_exp_sum, row_max, row_sum
from cnet._kernels.types cimport real

cnp.import_array()

cdef enum:
    STRIP = 64      # columns per task: its two local arrays of doubles take 1 KB, so they stay next to the arithmetic


cdef inline void softmax_row(const real *x, real *y, Py_ssize_t n, bint logarithm) noexcept nogil:
    cdef Py_ssize_t i
    cdef real s, m = row_max(x, n)
    if logarithm:
        s = <real> log(row_exp_sum(x, m, n))
        for i in range(n):
            y[i] = x[i] - m - s
    else:
        s = 1 / row_exp_store(x, y, m, n)
        for i in range(n):
            y[i] = y[i] * s


cdef inline void softmax_strip(const real *x, real *y, Py_ssize_t n, Py_ssize_t stride, Py_ssize_t width,
                               bint logarithm) noexcept nogil:
    cdef real m[STRIP]
    cdef real s[STRIP]
    cdef real e
    cdef Py_ssize_t i, j
    for j in range(width):
        m[j] = x[j]
        s[j] = 0
    for i in range(1, n):
        for j in range(width):
            m[j] = x[i * stride + j] if x[i * stride + j] > m[j] else m[j]
    if logarithm:
        for i in range(n):
            for j in range(width):
                s[j] += row_exp(x[i * stride + j] - m[j])
        for j in range(width):
            s[j] = <real> log(s[j])
        for i in range(n):
            for j in range(width):
                y[i * stride + j] = x[i * stride + j] - m[j] - s[j]
    else:
        for i in range(n):
            for j in range(width):
                e = row_exp(x[i * stride + j] - m[j])
                y[i * stride + j] = e
                s[j] += e
        for j in range(width):
            s[j] = 1 / s[j]
        for i in range(n):
            for j in range(width):
                y[i * stride + j] = y[i * stride + j] * s[j]


cdef inline void grad_row(const real *g, const real *y, real *gx, Py_ssize_t n, bint logarithm) noexcept nogil:
    cdef Py_ssize_t i
    cdef real s
    if logarithm:
        s = <real> row_sum(g, n)
        for i in range(n):
            gx[i] = g[i] - row_exp(y[i]) * s
    else:
        s = <real> row_dot(g, y, n)
        for i in range(n):
            gx[i] = y[i] * (g[i] - s)


cdef inline void grad_strip(const real *g, const real *y, real *gx, Py_ssize_t n, Py_ssize_t stride, Py_ssize_t width,
                            bint logarithm) noexcept nogil:
    cdef real s[STRIP]
    cdef Py_ssize_t i, j, k
    for j in range(width):
        s[j] = 0
    if logarithm:
        for i in range(n):
            for j in range(width):
                s[j] += g[i * stride + j]
        for i in range(n):
            for j in range(width):
                k = i * stride + j
                gx[k] = g[k] - row_exp(y[k]) * s[j]
    else:
        for i in range(n):
            for j in range(width):
                s[j] += g[i * stride + j] * y[i * stride + j]
        for i in range(n):
            for j in range(width):
                k = i * stride + j
                gx[k] = y[k] * (g[k] - s[j])


cdef void forward(const real *x, real *y, Py_ssize_t outer, Py_ssize_t n, Py_ssize_t inner, bint logarithm) noexcept nogil:
    # 25: the exponential's 15 operations, the other passes' 10.
    cdef int threads = threads_for(25.0 * outer * n * inner)
    cdef Py_ssize_t t, j, at, strips = (inner + STRIP - 1) // STRIP
    if inner == 1:
        for t in prange(outer, schedule='static', num_threads=threads):
            softmax_row(x + t * n, y + t * n, n, logarithm)
        return
    for t in prange(outer * strips, schedule='static', num_threads=threads):
        j = t % strips * STRIP
        at = t // strips * n * inner + j
        softmax_strip(x + at, y + at, n, inner, min(inner - j, <Py_ssize_t> STRIP), logarithm)


cdef void gradient(const real *g, const real *y, real *gx, Py_ssize_t outer, Py_ssize_t n, Py_ssize_t inner,
                   bint logarithm) noexcept nogil:
    cdef int threads = threads_for((25.0 if logarithm else 15.0) * outer * n * inner)
    cdef Py_ssize_t t, j, at, strips = (inner + STRIP - 1) // STRIP
    if inner == 1:
        for t in prange(outer, schedule='static', num_threads=threads):
            grad_row(g + t * n, y + t * n, gx + t * n, n, logarithm)
        return
    for t in prange(outer * strips, schedule='static', num_threads=threads):
        j = t % strips * STRIP
        at = t // strips * n * inner + j
        grad_strip(g + at, y + at, gx + at, n, inner, min(inner - j, <Py_ssize_t> STRIP), logarithm)


def softmax_forward(cnp.ndarray x, cnp.ndarray y, Py_ssize_t outer, Py_ssize_t n, Py_ssize_t inner, bint logarithm):
    """y = softmax(x), or its logarithm, over the middle of (outer, n, inner); n > 0."""
    cdef bint single = cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT
    with nogil:
        if single:
            forward(<float *> cnp.PyArray_DATA(x), <float *> cnp.PyArray_DATA(y), outer, n, inner, logarithm)
        else:
            forward(<double *> cnp.PyArray_DATA(x), <double *> cnp.PyArray_DATA(y), outer, n, inner, logarithm)


def softmax_grad(cnp.ndarray g, cnp.ndarray y, cnp.ndarray gx, Py_ssize_t outer, Py_ssize_t n, Py_ssize_t inner,
                 bint logarithm):
    """gx, the gradient of x, from the gradient g of the output y of `softmax_forward`."""
    cdef bint single = cnp.PyArray_TYPE(g) == cnp.NPY_FLOAT
    with nogil:
        if single:
            gradient(<float *> cnp.PyArray_DATA(g), <float *> cnp.PyArray_DATA(y), <float *> cnp.PyArray_DATA(gx), outer, n,
                     inner, logarithm)
        else:
            gradient(<double *> cnp.PyArray_DATA(g), <double *> cnp.PyArray_DATA(y), <double *> cnp.PyArray_DATA(gx), outer, n,
                     inner, logarithm)
