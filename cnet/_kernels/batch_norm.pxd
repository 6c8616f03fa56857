"""Batch norm: x is (outer, channels, inner) with statistics per channel."""

from cython.parallel cimport parallel, prange
from libc.math cimport sqrt
from libc.stdint cimport uint64_t

from cnet._kernels._threads cimport threads_for
from cnet._kernels.rowmath cimport (
    row_affine, row_combine, row_deviation, row_grad_sums, row_moments, row_relu_grad, row_total,
)
from cnet._kernels.types cimport real

cdef extern from "flush.h" nogil:
    uint64_t flush_begin()
    void flush_end(uint64_t old)

cdef enum:
    STRIP = 64          # channels per task where a channel's elements are not adjacent (batch norm of a matrix)
    SHORT = 256         # rows from here on are read once for mean and variance; merging shorter ones costs more than a pass


cdef inline const real *part_of(const real *p, Py_ssize_t at) noexcept nogil:
    if p == NULL:
        return NULL
    return p + at


cdef inline void channel_moments(const real *x, Py_ssize_t outer, Py_ssize_t stride, Py_ssize_t inner, double *mean,
                                 double *m2) noexcept nogil:
    """The mean of a channel and the sum of squared deviations from it."""
    cdef Py_ssize_t i
    cdef double count = 0
    mean[0] = m2[0] = 0
    if inner >= SHORT:
        for i in range(outer):
            row_moments(x + i * stride, inner, &count, mean, m2)
        return
    for i in range(outer):
        mean[0] += row_total(x + i * stride, inner)
    mean[0] /= outer * inner
    for i in range(outer):
        m2[0] += row_deviation(x + i * stride, <real> mean[0], inner)


cdef inline void column_moments(const real *x, Py_ssize_t outer, Py_ssize_t channels, Py_ssize_t width, double *mean,
                                double *m2) noexcept nogil:
    """The same for `width` neighbouring columns of a matrix."""
    cdef Py_ssize_t i, j
    for j in range(width):
        mean[j] = m2[j] = 0
    for i in range(outer):
        for j in range(width):
            mean[j] += x[i * channels + j]
    for j in range(width):
        mean[j] /= outer
    for i in range(outer):
        for j in range(width):
            m2[j] += (x[i * channels + j] - mean[j]) * (x[i * channels + j] - mean[j])


cdef inline void stats_task(const real *x, Py_ssize_t outer, Py_ssize_t channels, Py_ssize_t inner, Py_ssize_t first,
                            Py_ssize_t width, double momentum, double eps, real *running_mean, real *running_var, real *mean,
                            real *rstd) noexcept nogil:
    cdef double[STRIP] m
    cdef double[STRIP] q
    cdef Py_ssize_t j, n = outer * inner
    if inner == 1:
        column_moments(x + first, outer, channels, width, m, q)
    else:
        channel_moments(x + first * inner, outer, channels * inner, inner, m, q)
    for j in range(width):
        mean[first + j] = <real> m[j]
        rstd[first + j] = <real> (1 / sqrt(q[j] / n + eps))
        if running_mean != NULL:
            running_mean[first + j] = <real> ((1 - momentum) * running_mean[first + j] + momentum * m[j])
            running_var[first + j] = <real> ((1 - momentum) * running_var[first + j] + momentum * (q[j] / (n - 1)))


cdef inline void affine_columns(const real *x, real *y, const real *mean, const real *rstd, const real *w, const real *b,
                                bint relu, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    if w != NULL and b != NULL:
        for i in range(n):
            y[i] = (x[i] - mean[i]) * (rstd[i] * w[i]) + b[i]
    else:
        for i in range(n):
            y[i] = (x[i] - mean[i]) * rstd[i]
        if w != NULL:
            for i in range(n):
                y[i] = y[i] * w[i]
        if b != NULL:
            for i in range(n):
                y[i] = y[i] + b[i]
    if relu:
        for i in range(n):
            y[i] = 0 if y[i] < 0 else y[i]


# What a batch norm is made of; w, b and the running statistics may be NULL.
cdef struct Batch:
    char *w
    char *b
    char *mean
    char *rstd
    char *running_mean
    char *running_var
    Py_ssize_t outer, channels, inner
    bint relu
    double momentum, eps


cdef inline void apply_row(const Batch *s, const real *x, real *y, Py_ssize_t i, Py_ssize_t c) noexcept nogil:
    """Channel c of sample i."""
    cdef Py_ssize_t at = (i * s.channels + c) * s.inner
    cdef real a = (<const real *> s.rstd)[c], b = 0
    if s.w != NULL:
        a = a * (<const real *> s.w)[c]
    if s.b != NULL:
        b = (<const real *> s.b)[c]
    row_affine(x + at, y + at, (<const real *> s.mean)[c], a, b, s.relu, s.inner)


cdef inline void apply_columns(const Batch *s, const real *x, real *y, Py_ssize_t i, Py_ssize_t first,
                               Py_ssize_t width) noexcept nogil:
    """Some channels of sample i, where each is one number."""
    affine_columns(x + i * s.channels + first, y + i * s.channels + first, <const real *> s.mean + first,
                   <const real *> s.rstd + first, part_of(<const real *> s.w, first), part_of(<const real *> s.b, first), s.relu,
                   width)


cdef inline void train_task(const Batch *s, const real *x, real *y, Py_ssize_t first, Py_ssize_t width) noexcept nogil:
    """Statistics of some channels, and their results while they lie in a second-level cache."""
    cdef Py_ssize_t i
    stats_task(x, s.outer, s.channels, s.inner, first, width, s.momentum, s.eps, <real *> s.running_mean, <real *> s.running_var,
               <real *> s.mean, <real *> s.rstd)
    for i in range(s.outer):
        if s.inner == 1:
            apply_columns(s, x, y, i, first, width)
        else:
            apply_row(s, x, y, i, first)


cdef inline void batch_train(const Batch *s, const real *x, real *y) noexcept nogil:
    cdef Py_ssize_t t, width = STRIP if s.inner == 1 else 1
    cdef uint64_t mode = 0
    cdef int threads = threads_for(14.0 * s.outer * s.channels * s.inner)
    with parallel(num_threads=threads):
        mode = flush_begin()
        for t in prange((s.channels + width - 1) // width, schedule='static'):
            train_task(s, x, y, t * width, min(width, s.channels - t * width))
        flush_end(mode)


cdef inline void batch_eval(const Batch *s, const real *x, real *y) noexcept nogil:
    cdef Py_ssize_t t, c, rows = s.outer if s.inner == 1 else s.outer * s.channels
    cdef uint64_t mode = 0
    cdef int threads = threads_for(8.0 * s.outer * s.channels * s.inner)
    for c in range(s.channels):
        (<real *> s.mean)[c] = (<real *> s.running_mean)[c]
        (<real *> s.rstd)[c] = <real> (1 / sqrt((<real *> s.running_var)[c] + s.eps))
    with parallel(num_threads=threads):
        mode = flush_begin()
        for t in prange(rows, schedule='static'):
            if s.inner == 1:
                apply_columns(s, x, y, t, 0, s.channels)
            else:
                apply_row(s, x, y, t // s.channels, t % s.channels)
        flush_end(mode)


cdef inline void grad_task(const real *g, const real *x, const real *w, const real *mean, const real *rstd, const real *y,
                           bint training, Py_ssize_t outer, Py_ssize_t channels, Py_ssize_t inner, Py_ssize_t first,
                           Py_ssize_t width, real *gx, real *gw, real *gb) noexcept nogil:
    cdef double[STRIP] s
    cdef double[STRIP] d
    cdef real[STRIP] a
    cdef real[STRIP] b
    cdef real[STRIP] c
    cdef Py_ssize_t i, j, k, n = outer * inner
    cdef const real *row
    for j in range(width):
        s[j] = d[j] = 0
    for i in range(outer):
        k = (i * channels + first) * inner
        row = g + k
        if y != NULL:
            row_relu_grad(row, y + k, gx + k, inner * width)
            row = gx + k
        if inner == 1:
            for j in range(width):
                s[j] += row[j]
                d[j] += row[j] * (x[k + j] - mean[first + j])
        else:
            row_grad_sums(row, <const real *> NULL, x + k, mean[first], inner, s, d)
    if y != NULL:
        g = gx
    for j in range(width):
        k = first + j
        gw[k] = <real> (d[j] * rstd[k])
        gb[k] = <real> s[j]
        a[j] = rstd[k] if w == NULL else rstd[k] * w[k]
        b[j] = c[j] = 0
        if training:
            b[j] = <real> (-a[j] * d[j] * rstd[k] * rstd[k] / n)
            c[j] = <real> (-a[j] * s[j] / n)
    for i in range(outer):
        k = (i * channels + first) * inner
        if inner == 1:
            for j in range(width):
                gx[k + j] = g[k + j] * a[j] + (x[k + j] - mean[first + j]) * b[j] + c[j]
        else:
            row_combine(g + k, x + k, gx + k, mean[first], a[0], b[0], c[0], inner)


cdef inline void batch_grad_of(const real *g, const real *x, const real *w, const real *mean, const real *rstd, const real *y,
                               bint training, Py_ssize_t outer, Py_ssize_t channels, Py_ssize_t inner, real *gx, real *gw,
                               real *gb) noexcept nogil:
    cdef Py_ssize_t t, width = STRIP if inner == 1 else 1
    cdef uint64_t mode = 0
    cdef int threads = threads_for(16.0 * outer * channels * inner)
    with parallel(num_threads=threads):
        mode = flush_begin()
        for t in prange((channels + width - 1) // width, schedule='static'):
            grad_task(g, x, w, mean, rstd, y, training, outer, channels, inner, t * width, min(width, channels - t * width), gx,
                      gw, gb)
        flush_end(mode)
