"""Softmax, log-softmax, logsumexp and their gradients along one dimension of a contiguous array.

The array is seen as (outer, n, inner): the softmax runs over n. With inner = 1 a task is a row, which is contiguous;
otherwise a task is a strip of up to STRIP neighbouring columns, so that the innermost loop always runs over contiguous
memory.
"""

import numpy as np

cimport numpy as cnp
from cython.parallel cimport prange
from libc.math cimport INFINITY

from cnet._kernels._alloc cimport new_array
from cnet._kernels._threads cimport threads_for
from cnet._kernels.layout cimport contiguous
from cnet._kernels.rowmath cimport (row_dot, row_exp, row_exp_scale, row_exp_store, row_exp_sum, row_less_exp, row_log, row_max,
                                    row_sum)
from cnet._kernels.types cimport real

cnp.import_array()

cdef extern from "logscan.h" nogil:
    enum:
        LS_COLUMNS
    void ls_row_f(const float *x, float *y, Py_ssize_t n)
    void ls_row_d(const double *x, double *y, Py_ssize_t n)
    void ls_cols_f(const float *x, float *y, Py_ssize_t n, Py_ssize_t step, Py_ssize_t w)
    void ls_cols_d(const double *x, double *y, Py_ssize_t n, Py_ssize_t step, Py_ssize_t w)

cdef enum:
    STRIP = 64      # columns per task: its two local arrays of doubles take 1 KB, so they stay next to the arithmetic
    PIECE = 32768   # elements of a long row that are one task
    SHORT = 32      # rows up to this long are turned into columns: most of a vector would be idle, and a row is one chain


cdef inline void softmax_row(const real *x, real *y, Py_ssize_t n, bint logarithm) noexcept nogil:
    cdef Py_ssize_t i
    cdef real s, m = row_max(x, n)
    if logarithm:
        s = row_log(row_exp_sum(x, m, n))
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
            s[j] = row_log(s[j])
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


cdef void softmax_short(const real *x, real *y, Py_ssize_t rows, Py_ssize_t n, bint logarithm) noexcept nogil:
    """Up to STRIP rows of n <= SHORT elements, side by side."""
    cdef real[SHORT * STRIP] turned
    cdef Py_ssize_t i, j
    turned[0] = x[0]  # what the loop does too, which the compiler doubts
    for j in range(rows):
        for i in range(n):
            turned[i * STRIP + j] = x[j * n + i]
    softmax_strip(turned, turned, n, STRIP, rows, logarithm)
    for j in range(rows):
        for i in range(n):
            y[j * n + i] = turned[i * STRIP + j]


cdef inline real logsumexp_row(const real *x, Py_ssize_t n) noexcept nogil:
    """Where the maximum is infinite, or NaN, so is the sum of exponentials or its logarithm."""
    cdef real m = row_max(x, n)
    if m - m != 0:
        m = 0
    return m + row_log(row_exp_sum(x, m, n))


cdef inline void logsumexp_strip(const real *x, real *y, Py_ssize_t n, Py_ssize_t stride, Py_ssize_t width) noexcept nogil:
    cdef real m[STRIP]
    cdef real s[STRIP]
    cdef Py_ssize_t i, j
    for j in range(width):
        m[j] = x[j]
        s[j] = 0
    for i in range(1, n):
        for j in range(width):
            m[j] = x[i * stride + j] if x[i * stride + j] > m[j] else m[j]
    for j in range(width):
        m[j] = m[j] if m[j] - m[j] == 0 else 0
    for i in range(n):
        for j in range(width):
            s[j] += row_exp(x[i * stride + j] - m[j])
    for j in range(width):
        y[j] = m[j] + row_log(s[j])


cdef inline void grad_row(const real *g, const real *y, real *gx, Py_ssize_t n, bint logarithm) noexcept nogil:
    cdef Py_ssize_t i
    cdef real s
    if logarithm:
        s = <real> row_sum(g, n)
        row_less_exp(g, y, gx, s, n)
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


# A few long rows: in pieces, so that there is work for every thread. `part` has 2 * outer * pieces_of(n) elements.

cdef inline Py_ssize_t pieces_of(Py_ssize_t n) noexcept nogil:
    return (n + PIECE - 1) // PIECE


cdef inline bint is_long(Py_ssize_t outer, Py_ssize_t n, Py_ssize_t inner) noexcept nogil:
    return inner == 1 and n >= 2 * PIECE and outer < 16


cdef void long_sums(const real *x, Py_ssize_t outer, Py_ssize_t n, real *part) noexcept nogil:
    """Of each row the maximum, 0 for what is not finite, in part[2 o], and the sum of exponentials in part[2 o + 1]."""
    cdef Py_ssize_t t, o, k, w, pieces = pieces_of(n)
    cdef real m, s
    for t in prange(outer * pieces, schedule='static', num_threads=threads_for(8.0 * outer * n)):
        o = t // pieces * n + t % pieces * PIECE
        w = min(n - t % pieces * PIECE, <Py_ssize_t> PIECE)
        m = row_max(x + o, w)
        m = m if m - m == 0 else 0
        part[2 * t] = m
        part[2 * t + 1] = row_exp_sum(x + o, m, w)
    for o in range(outer):
        m = part[2 * o * pieces]
        for k in range(o * pieces, (o + 1) * pieces):
            m = part[2 * k] if part[2 * k] > m else m
        s = 0
        for k in range(o * pieces, (o + 1) * pieces):
            s = s + part[2 * k + 1] * row_exp(part[2 * k] - m)
        part[2 * o] = m
        part[2 * o + 1] = s


cdef void long_forward(const real *x, real *y, Py_ssize_t outer, Py_ssize_t n, bint logarithm, real *part) noexcept nogil:
    cdef Py_ssize_t t, o, at, w, i, pieces = pieces_of(n)
    cdef real m, s
    long_sums(x, outer, n, part)
    for t in prange(outer * pieces, schedule='static', num_threads=threads_for(8.0 * outer * n)):
        o = t // pieces
        at = o * n + t % pieces * PIECE
        w = min(n - t % pieces * PIECE, <Py_ssize_t> PIECE)
        m = part[2 * o]
        s = row_log(part[2 * o + 1])
        if logarithm:
            for i in range(w):
                y[at + i] = x[at + i] - m - s
        else:
            row_exp_scale(x + at, y + at, m, <real> 0, 1 / part[2 * o + 1], w)


cdef void long_gradient(const real *g, const real *y, real *gx, Py_ssize_t outer, Py_ssize_t n, bint logarithm,
                        real *part) noexcept nogil:
    cdef Py_ssize_t t, o, k, at, w, i, pieces = pieces_of(n)
    cdef real s
    cdef double total
    for t in prange(outer * pieces, schedule='static', num_threads=threads_for(4.0 * outer * n)):
        at = t // pieces * n + t % pieces * PIECE
        w = min(n - t % pieces * PIECE, <Py_ssize_t> PIECE)
        part[t] = <real> (row_sum(g + at, w) if logarithm else row_dot(g + at, y + at, w))
    for o in range(outer):
        total = 0
        for k in range(o * pieces, (o + 1) * pieces):
            total = total + part[k]
        part[o] = <real> total
    for t in prange(outer * pieces, schedule='static', num_threads=threads_for(4.0 * outer * n)):
        at = t // pieces * n + t % pieces * PIECE
        w = min(n - t % pieces * PIECE, <Py_ssize_t> PIECE)
        s = part[t // pieces]
        if logarithm:
            row_less_exp(g + at, y + at, gx + at, s, w)
        else:
            for i in range(w):
                gx[at + i] = y[at + i] * (g[at + i] - s)


cdef void long_logsumexp(const real *x, real *y, Py_ssize_t outer, Py_ssize_t n, real *part) noexcept nogil:
    cdef Py_ssize_t o
    long_sums(x, outer, n, part)
    for o in range(outer):
        y[o] = part[2 * o] + row_log(part[2 * o + 1])


cdef void forward(const real *x, real *y, Py_ssize_t outer, Py_ssize_t n, Py_ssize_t inner, bint logarithm) noexcept nogil:
    cdef int threads = threads_for(8.0 * outer * n * inner)
    cdef Py_ssize_t t, j, at, strips = (inner + STRIP - 1) // STRIP
    if inner == 1 and n <= SHORT and outer > 4:
        for t in prange((outer + STRIP - 1) // STRIP, schedule='static', num_threads=threads):
            softmax_short(x + t * STRIP * n, y + t * STRIP * n, min(outer - t * STRIP, <Py_ssize_t> STRIP), n, logarithm)
        return
    if inner == 1:
        for t in prange(outer, schedule='static', num_threads=threads):
            softmax_row(x + t * n, y + t * n, n, logarithm)
        return
    for t in prange(outer * strips, schedule='static', num_threads=threads):
        j = t % strips * STRIP
        at = t // strips * n * inner + j
        softmax_strip(x + at, y + at, n, inner, min(inner - j, <Py_ssize_t> STRIP), logarithm)


cdef void sums(const real *x, real *y, Py_ssize_t outer, Py_ssize_t n, Py_ssize_t inner) noexcept nogil:
    cdef int threads = threads_for(10.0 * outer * n * inner)
    cdef Py_ssize_t t, j, strips = (inner + STRIP - 1) // STRIP
    if inner == 1:
        for t in prange(outer, schedule='static', num_threads=threads):
            y[t] = logsumexp_row(x + t * n, n)
        return
    for t in prange(outer * strips, schedule='static', num_threads=threads):
        j = t % strips * STRIP
        logsumexp_strip(x + t // strips * n * inner + j, y + t // strips * inner + j, n, inner,
                        min(inner - j, <Py_ssize_t> STRIP))


cdef void sums_grad(const real *g, const real *x, const real *y, real *gx, Py_ssize_t outer, Py_ssize_t n,
                    Py_ssize_t inner) noexcept nogil:
    cdef int threads = threads_for(10.0 * outer * n * inner)
    cdef Py_ssize_t t, i, j
    cdef real m
    cdef Py_ssize_t pieces = pieces_of(n), at
    if inner == 1:
        for t in prange(outer * pieces, schedule='static', num_threads=threads):
            i = t // pieces
            at = t % pieces * PIECE
            m = y[i] if y[i] != -INFINITY else 0
            row_exp_scale(x + i * n + at, gx + i * n + at, m, <real> 0, g[i], min(n - at, <Py_ssize_t> PIECE))
        return
    for t in prange(outer * n, schedule='static', num_threads=threads):
        i = t // n * inner
        for j in range(inner):
            gx[t * inner + j] = g[i + j] * row_exp(x[t * inner + j] - (y[i + j] if y[i + j] != -INFINITY else 0))


cdef void gradient(const real *g, const real *y, real *gx, Py_ssize_t outer, Py_ssize_t n, Py_ssize_t inner,
                   bint logarithm) noexcept nogil:
    cdef int threads = threads_for((8.0 if logarithm else 5.0) * outer * n * inner)
    cdef Py_ssize_t t, j, at, strips = (inner + STRIP - 1) // STRIP
    if inner == 1:
        for t in prange(outer, schedule='static', num_threads=threads):
            grad_row(g + t * n, y + t * n, gx + t * n, n, logarithm)
        return
    for t in prange(outer * strips, schedule='static', num_threads=threads):
        j = t % strips * STRIP
        at = t // strips * n * inner + j
        grad_strip(g + at, y + at, gx + at, n, inner, min(inner - j, <Py_ssize_t> STRIP), logarithm)


cdef void *part_of(cnp.ndarray x, Py_ssize_t outer, Py_ssize_t n, list keep):
    """Memory for the sums of the pieces of long rows, alive as long as `keep`."""
    keep.append(np.empty(2 * outer * pieces_of(n), x.dtype))
    return cnp.PyArray_DATA(<cnp.ndarray> keep[0])


cdef void around(cnp.ndarray x, int dim, Py_ssize_t *outer, Py_ssize_t *n, Py_ssize_t *inner) noexcept:
    """The sizes (outer, n, inner) before, of and after a dimension."""
    cdef int d
    outer[0] = inner[0] = n[0] = 1
    for d in range(cnp.PyArray_NDIM(x)):
        if d < dim:
            outer[0] *= cnp.PyArray_DIM(x, d)
        elif d == dim:
            n[0] = cnp.PyArray_DIM(x, d)
        else:
            inner[0] *= cnp.PyArray_DIM(x, d)


def softmax_forward(cnp.ndarray x not None, int dim, bint logarithm):
    """softmax(x) along a dimension, or its logarithm, for float32 and float64, as a new contiguous array."""
    cdef cnp.ndarray y = new_array(cnp.PyArray_NDIM(x), cnp.PyArray_DIMS(x), cnp.PyArray_TYPE(x))
    cdef bint single = cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT
    cdef Py_ssize_t outer, n, inner
    cdef void *xp
    cdef void *yp = cnp.PyArray_DATA(y)
    cdef void *part = NULL
    cdef list keep
    if cnp.PyArray_SIZE(x) == 0:
        return y
    if not cnp.PyArray_IS_C_CONTIGUOUS(x):
        x = contiguous(x)
    xp = cnp.PyArray_DATA(x)
    around(x, dim, &outer, &n, &inner)
    if is_long(outer, n, inner):
        keep = []
        part = part_of(x, outer, n, keep)
    with nogil:
        if part and single:
            long_forward(<float *> xp, <float *> yp, outer, n, logarithm, <float *> part)
        elif part:
            long_forward(<double *> xp, <double *> yp, outer, n, logarithm, <double *> part)
        elif single:
            forward(<float *> xp, <float *> yp, outer, n, inner, logarithm)
        else:
            forward(<double *> xp, <double *> yp, outer, n, inner, logarithm)
    return y


def softmax_grad(cnp.ndarray g not None, cnp.ndarray y not None, int dim, bint logarithm):
    """The gradient of x from the gradient g of y, the result of `softmax_forward`; of one shape and type."""
    cdef cnp.ndarray gx = new_array(cnp.PyArray_NDIM(g), cnp.PyArray_DIMS(g), cnp.PyArray_TYPE(g))
    cdef bint single = cnp.PyArray_TYPE(g) == cnp.NPY_FLOAT
    cdef Py_ssize_t outer, n, inner
    cdef void *gp
    cdef void *yp
    cdef void *gxp = cnp.PyArray_DATA(gx)
    cdef void *part = NULL
    cdef list keep
    if cnp.PyArray_SIZE(g) == 0:
        return gx
    if not cnp.PyArray_IS_C_CONTIGUOUS(g):
        g = contiguous(g)
    if not cnp.PyArray_IS_C_CONTIGUOUS(y):
        y = contiguous(y)
    gp, yp = cnp.PyArray_DATA(g), cnp.PyArray_DATA(y)
    around(g, dim, &outer, &n, &inner)
    if is_long(outer, n, inner):
        keep = []
        part = part_of(g, outer, n, keep)
    with nogil:
        if part and single:
            long_gradient(<float *> gp, <float *> yp, <float *> gxp, outer, n, logarithm, <float *> part)
        elif part:
            long_gradient(<double *> gp, <double *> yp, <double *> gxp, outer, n, logarithm, <double *> part)
        elif single:
            gradient(<float *> gp, <float *> yp, <float *> gxp, outer, n, inner, logarithm)
        else:
            gradient(<double *> gp, <double *> yp, <double *> gxp, outer, n, inner, logarithm)
    return gx


def logsumexp_forward(cnp.ndarray x, cnp.ndarray y, Py_ssize_t outer, Py_ssize_t n, Py_ssize_t inner):
    """y = log(sum(exp(x))) over the middle of (outer, n, inner); n > 0."""
    cdef bint single = cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT
    cdef void *xp = cnp.PyArray_DATA(x)
    cdef void *yp = cnp.PyArray_DATA(y)
    cdef void *part = NULL
    keep = []
    if is_long(outer, n, inner):
        part = part_of(x, outer, n, keep)
    with nogil:
        if part and single:
            long_logsumexp(<float *> xp, <float *> yp, outer, n, <float *> part)
        elif part:
            long_logsumexp(<double *> xp, <double *> yp, outer, n, <double *> part)
        elif single:
            sums(<float *> xp, <float *> yp, outer, n, inner)
        else:
            sums(<double *> xp, <double *> yp, outer, n, inner)


def logsumexp_grad(cnp.ndarray g, cnp.ndarray x, cnp.ndarray y, cnp.ndarray gx, Py_ssize_t outer, Py_ssize_t n,
                   Py_ssize_t inner):
    """gx = g * exp(x - y), the gradient of x from that of the output y of `logsumexp_forward`."""
    cdef bint single = cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT
    with nogil:
        if single:
            sums_grad(<float *> cnp.PyArray_DATA(g), <float *> cnp.PyArray_DATA(x), <float *> cnp.PyArray_DATA(y),
                      <float *> cnp.PyArray_DATA(gx), outer, n, inner)
        else:
            sums_grad(<double *> cnp.PyArray_DATA(g), <double *> cnp.PyArray_DATA(x), <double *> cnp.PyArray_DATA(y),
                      <double *> cnp.PyArray_DATA(gx), outer, n, inner)


# --- running log of sums of exponentials ---------------------------------------------------------------------------

cdef void _log_scan(const void *x, void *y, bint single, Py_ssize_t outer, Py_ssize_t n, Py_ssize_t inner) noexcept nogil:
    cdef Py_ssize_t cuts = (inner + LS_COLUMNS - 1) // LS_COLUMNS, u, at, w
    for u in prange(outer * cuts, num_threads=threads_for(<double>outer * n * inner * 60), schedule='static'):
        at = u // cuts * n * inner + u % cuts * LS_COLUMNS
        w = min(<Py_ssize_t>LS_COLUMNS, inner - u % cuts * LS_COLUMNS)
        if single and inner == 1:
            ls_row_f(<const float*>x + at, <float*>y + at, n)
        elif single:
            ls_cols_f(<const float*>x + at, <float*>y + at, n, inner, w)
        elif inner == 1:
            ls_row_d(<const double*>x + at, <double*>y + at, n)
        else:
            ls_cols_d(<const double*>x + at, <double*>y + at, n, inner, w)


def log_scan(cnp.ndarray x not None, cnp.ndarray y not None, Py_ssize_t outer, Py_ssize_t n, Py_ssize_t inner):
    """y = log of the running sum of exp(x) over the middle of (outer, n, inner); both contiguous and not empty."""
    with nogil:
        _log_scan(cnp.PyArray_DATA(x), cnp.PyArray_DATA(y), cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT, outer, n, inner)
