"""Batch norm: x is (outer, channels, inner) with statistics per channel."""

from cython.parallel cimport parallel, prange
from libc.math cimport sqrt
from libc.stdint cimport uint64_t

from cnet._kernels._threads cimport threads_for
from cnet._kernels._workspace cimport PRIVATE, scratch
from cnet._kernels.rowmath cimport (
    row_affine, row_affine_each, row_combine, row_copy, row_deviation, row_grad_sums, row_moments, row_relu_grad, row_total,
)
from cnet._kernels.types cimport real

cdef extern from "flush.h" nogil:
    uint64_t flush_begin()
    void flush_end(uint64_t old)

cdef enum:
    STRIP = 64          # channels per task where a channel's elements are not adjacent (batch norm of a matrix)
    SHORT = 256         # rows from here on are read once for mean and variance; merging shorter ones costs more than a pass
    FEW = 4             # tasks along channels below which results wait for all statistics
    ROOM = 1 << 15      # numbers of a channel of short rows up to which they are put side by side: twice 128 KB of floats


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
    row_affine_each(x + i * s.channels + first, y + i * s.channels + first, <const real *> s.mean + first,
                    <const real *> s.rstd + first, part_of(<const real *> s.w, first), part_of(<const real *> s.b, first), s.relu,
                    width)


cdef inline real *room_of(Py_ssize_t outer, Py_ssize_t inner, int count, const real *kind) noexcept nogil:
    """Room for the short rows of a channel, side by side, as one long row; NULL if they are not short, or too many."""
    if inner == 1 or inner >= SHORT or outer == 1 or outer * inner > ROOM:
        return NULL
    return <real *> scratch(PRIVATE, count * outer * inner * sizeof(real))


cdef inline void gather(const real *x, Py_ssize_t outer, Py_ssize_t stride, Py_ssize_t inner, real *to) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(outer):
        row_copy(x + i * stride, to + i * inner, inner)


cdef inline void scatter(const real *x, Py_ssize_t outer, Py_ssize_t stride, Py_ssize_t inner, real *to) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(outer):
        row_copy(x + i * inner, to + i * stride, inner)


cdef inline Batch one_channel(const Batch *s, Py_ssize_t c, const real *kind) noexcept nogil:
    """The batch norm of channel c, whose numbers are one row."""
    cdef Batch own = s[0]
    cdef Py_ssize_t at = c * <Py_ssize_t> sizeof(real)
    own.outer, own.channels, own.inner = 1, 1, s.outer * s.inner
    own.mean, own.rstd = s.mean + at, s.rstd + at
    if s.w != NULL:
        own.w = s.w + at
    if s.b != NULL:
        own.b = s.b + at
    if s.running_mean != NULL:
        own.running_mean, own.running_var = s.running_mean + at, s.running_var + at
    return own


cdef inline void train_task(const Batch *s, const real *x, real *y, Py_ssize_t first, Py_ssize_t width) noexcept nogil:
    """Statistics and results of some channels; short rows are read once and computed side by side."""
    cdef Py_ssize_t step = s.channels * s.inner
    cdef real *room = room_of(s.outer, s.inner, 1, x)
    cdef Batch own
    if room == NULL:
        train_channels(s, x, y, first, width)
        return
    own = one_channel(s, first, x)
    gather(x + first * s.inner, s.outer, step, s.inner, room)
    train_channels(&own, <const real *> room, room, 0, 1)
    scatter(<const real *> room, s.outer, step, s.inner, y + first * s.inner)


cdef inline void train_channels(const Batch *s, const real *x, real *y, Py_ssize_t first, Py_ssize_t width) noexcept nogil:
    """Statistics of some channels, and their results while they lie in a second-level cache."""
    cdef Py_ssize_t i
    stats_task(x, s.outer, s.channels, s.inner, first, width, s.momentum, s.eps, <real *> s.running_mean, <real *> s.running_var,
               <real *> s.mean, <real *> s.rstd)
    for i in range(s.outer):
        if s.inner == 1:
            apply_columns(s, x, y, i, first, width)
        else:
            apply_row(s, x, y, i, first)


cdef inline void apply_all(const Batch *s, const real *x, real *y, int threads) noexcept nogil:
    """All results from the statistics."""
    cdef Py_ssize_t t, rows = s.outer if s.inner == 1 else s.outer * s.channels
    cdef uint64_t mode = 0
    with parallel(num_threads=threads):
        mode = flush_begin()
        for t in prange(rows, schedule='static'):
            if s.inner == 1:
                apply_columns(s, x, y, t, 0, s.channels)
            else:
                apply_row(s, x, y, t // s.channels, t % s.channels)
        flush_end(mode)


cdef inline void batch_train(const Batch *s, const real *x, real *y) noexcept nogil:
    cdef Py_ssize_t t, width = STRIP if s.inner == 1 else 1, tasks = (s.channels + width - 1) // width
    cdef uint64_t mode = 0
    cdef int threads = threads_for(14.0 * s.outer * s.channels * s.inner)
    # A few channels are unequal shares: their results are shared out by rows.
    cdef bint few = tasks < FEW and s.outer > 1
    with parallel(num_threads=threads):
        mode = flush_begin()
        for t in prange(tasks, schedule='static'):
            if few:
                stats_task(x, s.outer, s.channels, s.inner, t * width, min(width, s.channels - t * width), s.momentum, s.eps,
                           <real *> s.running_mean, <real *> s.running_var, <real *> s.mean, <real *> s.rstd)
            else:
                train_task(s, x, y, t * width, min(width, s.channels - t * width))
        flush_end(mode)
    if few:
        apply_all(s, x, y, threads)


cdef inline void batch_eval(const Batch *s, const real *x, real *y) noexcept nogil:
    cdef Py_ssize_t c
    cdef int threads = threads_for(8.0 * s.outer * s.channels * s.inner)
    for c in range(s.channels):
        (<real *> s.mean)[c] = (<real *> s.running_mean)[c]
        (<real *> s.rstd)[c] = <real> (1 / sqrt((<real *> s.running_var)[c] + s.eps))
    apply_all(s, x, y, threads)


cdef inline void grad_task(const real *g, const real *x, const real *w, const real *mean, const real *rstd, const real *y,
                           bint training, Py_ssize_t outer, Py_ssize_t channels, Py_ssize_t inner, Py_ssize_t first,
                           Py_ssize_t width, real *gx, real *gw, real *gb) noexcept nogil:
    cdef Py_ssize_t i, k = first * inner, step = channels * inner, n = outer * inner
    cdef real *room = room_of(outer, inner, 2, x)
    if room == NULL:
        grad_channels(g, x, w, mean, rstd, y, training, outer, channels, inner, first, width, gx, gw, gb)
        return
    if y == NULL:
        gather(g + k, outer, step, inner, room)
    else:
        for i in range(outer):
            row_relu_grad(g + k + i * step, y + k + i * step, room + i * inner, inner)
    gather(x + k, outer, step, inner, room + n)
    grad_channels(<const real *> room, <const real *> (room + n), part_of(w, first), mean + first, rstd + first,
                  <const real *> NULL, training, 1, 1, n, 0, 1, room, gw + first, gb + first)
    scatter(<const real *> room, outer, step, inner, gx + k)


cdef inline void grad_channels(const real *g, const real *x, const real *w, const real *mean, const real *rstd, const real *y,
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
        a[j] = rstd[first + j] if w == NULL else rstd[first + j] * w[first + j]
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
            if not training:
                row_affine(row, gx + k, <real> 0, a[0], <real> 0, False, inner)
    if y != NULL:
        g = gx
    for j in range(width):
        k = first + j
        gw[k] = <real> (d[j] * rstd[k])
        gb[k] = <real> s[j]
        if training:
            b[j] = <real> (-a[j] * d[j] * rstd[k] * rstd[k] / n)
            c[j] = <real> (-a[j] * s[j] / n)
    for i in range(outer):
        k = (i * channels + first) * inner
        if inner == 1 and training:
            for j in range(width):
                gx[k + j] = g[k + j] * a[j] + (x[k + j] - mean[first + j]) * b[j] + c[j]
        elif inner == 1:
            for j in range(width):
                gx[k + j] = g[k + j] * a[j]
        elif training:
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
