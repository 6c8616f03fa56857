"""Batch norm: x is (outer, channels, inner) with statistics per channel. Channels of one number are those of pixels: such a
batch norm is in norm_pixels.pxd."""

from cython.parallel cimport parallel, prange
from libc.math cimport sqrt
from libc.stdint cimport uint64_t

from cnet._kernels._threads cimport threads_for
from cnet._kernels._workspace cimport PRIVATE, scratch
from cnet._kernels.norm_pixels cimport Pixels, flush_begin, flush_end, pixels_apply, pixels_grad, pixels_of, pixels_train
from cnet._kernels.rowmath cimport (
    row_affine, row_combine, row_copy, row_deviation, row_grad_sums, row_moments, row_relu_grad, row_total,
)
from cnet._kernels.types cimport real

cdef enum:
    SHORT = 256         # rows from here on are read once for mean and variance; merging shorter ones costs more than a pass
    FEW = 4             # channels below which results wait for all statistics
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


# What a batch norm is made of; w, b and the running statistics may be NULL. `parts`: what norm_pixels.pxd needs if inner is 1.
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
    double *parts


cdef inline Pixels pixels_in(const Batch *s) noexcept nogil:
    cdef Pixels p = pixels_of(1, s.outer, s.channels, s.channels)
    p.w, p.b, p.mean, p.rstd, p.running_mean, p.running_var = s.w, s.b, s.mean, s.rstd, s.running_mean, s.running_var
    p.parts, p.relu, p.momentum, p.eps = s.parts, s.relu, s.momentum, s.eps
    return p


cdef inline void stats_task(const Batch *s, const real *x, Py_ssize_t c) noexcept nogil:
    """The statistics of channel c."""
    cdef double m, q
    cdef Py_ssize_t n = s.outer * s.inner
    cdef real *running_mean = <real *> s.running_mean
    cdef real *running_var = <real *> s.running_var
    channel_moments(x + c * s.inner, s.outer, s.channels * s.inner, s.inner, &m, &q)
    (<real *> s.mean)[c] = <real> m
    (<real *> s.rstd)[c] = <real> (1 / sqrt(q / n + s.eps))
    if running_mean != NULL:
        running_mean[c] = <real> ((1 - s.momentum) * running_mean[c] + s.momentum * m)
        running_var[c] = <real> ((1 - s.momentum) * running_var[c] + s.momentum * (q / (n - 1)))


cdef inline void apply_row(const Batch *s, const real *x, real *y, Py_ssize_t i, Py_ssize_t c) noexcept nogil:
    """Channel c of sample i."""
    cdef Py_ssize_t at = (i * s.channels + c) * s.inner
    cdef real a = (<const real *> s.rstd)[c], b = 0
    if s.w != NULL:
        a = a * (<const real *> s.w)[c]
    if s.b != NULL:
        b = (<const real *> s.b)[c]
    row_affine(x + at, y + at, (<const real *> s.mean)[c], a, b, s.relu, s.inner)


cdef inline real *room_of(Py_ssize_t outer, Py_ssize_t inner, int count, const real *kind) noexcept nogil:
    """Room for the short rows of a channel, side by side, as one long row; NULL if they are not short, or too many."""
    if inner >= SHORT or outer == 1 or outer * inner > ROOM:
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


cdef inline void train_task(const Batch *s, const real *x, real *y, Py_ssize_t c) noexcept nogil:
    """Statistics and results of a channel; short rows are read once and computed side by side."""
    cdef Py_ssize_t step = s.channels * s.inner
    cdef real *room = room_of(s.outer, s.inner, 1, x)
    cdef Batch own
    if room == NULL:
        train_channel(s, x, y, c)
        return
    own = one_channel(s, c, x)
    gather(x + c * s.inner, s.outer, step, s.inner, room)
    train_channel(&own, <const real *> room, room, 0)
    scatter(<const real *> room, s.outer, step, s.inner, y + c * s.inner)


cdef inline void train_channel(const Batch *s, const real *x, real *y, Py_ssize_t c) noexcept nogil:
    """Statistics of a channel, and its results while they lie in a second-level cache."""
    cdef Py_ssize_t i
    stats_task(s, x, c)
    for i in range(s.outer):
        apply_row(s, x, y, i, c)


cdef inline void apply_all(const Batch *s, const real *x, real *y, int threads) noexcept nogil:
    """All results from the statistics."""
    cdef Py_ssize_t t
    cdef uint64_t mode = 0
    cdef Pixels p
    if s.inner == 1:
        p = pixels_in(s)
        pixels_apply(&p, x, y)
        return
    with parallel(num_threads=threads):
        mode = flush_begin()
        for t in prange(s.outer * s.channels, schedule='static'):
            apply_row(s, x, y, t // s.channels, t % s.channels)
        flush_end(mode)


cdef inline void batch_train(const Batch *s, const real *x, real *y) noexcept nogil:
    cdef Py_ssize_t t
    cdef uint64_t mode = 0
    cdef int threads = threads_for(14.0 * s.outer * s.channels * s.inner)
    # A few channels are unequal shares: their results are shared out by rows.
    cdef bint few = s.channels < FEW and s.outer > 1
    cdef Pixels p
    if s.inner == 1:
        p = pixels_in(s)
        pixels_train(&p, x, y)
        return
    with parallel(num_threads=threads):
        mode = flush_begin()
        for t in prange(s.channels, schedule='static'):
            if few:
                stats_task(s, x, t)
            else:
                train_task(s, x, y, t)
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
                           bint training, Py_ssize_t outer, Py_ssize_t channels, Py_ssize_t inner, Py_ssize_t first, real *gx,
                           real *gw, real *gb) noexcept nogil:
    cdef Py_ssize_t i, k = first * inner, step = channels * inner, n = outer * inner
    cdef real *room = room_of(outer, inner, 2, x)
    if room == NULL:
        grad_channel(g, x, w, mean, rstd, y, training, outer, channels, inner, first, gx, gw, gb)
        return
    if y == NULL:
        gather(g + k, outer, step, inner, room)
    else:
        for i in range(outer):
            row_relu_grad(g + k + i * step, y + k + i * step, room + i * inner, inner)
    gather(x + k, outer, step, inner, room + n)
    grad_channel(<const real *> room, <const real *> (room + n), part_of(w, first), mean + first, rstd + first,
                 <const real *> NULL, training, 1, 1, n, 0, room, gw + first, gb + first)
    scatter(<const real *> room, outer, step, inner, gx + k)


cdef inline void grad_channel(const real *g, const real *x, const real *w, const real *mean, const real *rstd, const real *y,
                              bint training, Py_ssize_t outer, Py_ssize_t channels, Py_ssize_t inner, Py_ssize_t at, real *gx,
                              real *gw, real *gb) noexcept nogil:
    """The gradients of channel `at`."""
    cdef double s = 0, d = 0
    cdef real a = rstd[at] if w == NULL else rstd[at] * w[at]
    cdef real b, c
    cdef Py_ssize_t i, k, n = outer * inner
    cdef const real *row
    for i in range(outer):
        k = (i * channels + at) * inner
        row = g + k
        if y != NULL:
            row_relu_grad(row, y + k, gx + k, inner)
            row = gx + k
        row_grad_sums(row, <const real *> NULL, x + k, mean[at], inner, &s, &d)
        if not training:
            row_affine(row, gx + k, <real> 0, a, <real> 0, False, inner)
    if y != NULL:
        g = gx
    gw[at] = <real> (d * rstd[at])
    gb[at] = <real> s
    if not training:
        return
    b = <real> (-a * d * rstd[at] * rstd[at] / n)
    c = <real> (-a * s / n)
    for i in range(outer):
        k = (i * channels + at) * inner
        row_combine(g + k, x + k, gx + k, mean[at], a, b, c, inner)


cdef inline void batch_grad_of(const Batch *s, const real *g, const real *x, const real *y, bint training, real *gx, real *gw,
                               real *gb) noexcept nogil:
    cdef Py_ssize_t t
    cdef uint64_t mode = 0
    cdef int threads = threads_for(16.0 * s.outer * s.channels * s.inner)
    cdef Pixels p
    cdef double *sums
    if s.inner == 1:
        p = pixels_in(s)
        p.training = training
        sums = s.parts + 2 * p.pieces * s.channels
        pixels_grad(&p, g, x, y, gx, sums, sums + s.channels)
        for t in range(s.channels):
            gb[t] = <real> sums[t]
            gw[t] = <real> sums[s.channels + t]
        return
    with parallel(num_threads=threads):
        mode = flush_begin()
        for t in prange(s.channels, schedule='static'):
            grad_task(g, x, <const real *> s.w, <const real *> s.mean, <const real *> s.rstd, y, training, s.outer, s.channels,
                      s.inner, t, gx, gw, gb)
        flush_end(mode)
