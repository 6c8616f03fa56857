"""Normalisation: statistics, the normalised result and the gradients, for batch, layer, RMS, group and instance norm.

Statistics are centred (never a difference of sums of squares) and blocks of floats are added up in double. What is kept
for the gradient are the means and the reciprocal standard deviations ("rstd"). Every sum has an order that depends on
the shape alone. Denormal numbers count as zero: products with them are slow.
"""

cimport numpy as cnp
from cython.parallel cimport parallel, prange
from libc.math cimport sqrt
from libc.stdint cimport uint64_t
from libc.string cimport memset

from cnet._kernels._alloc cimport new_array
from cnet._kernels._threads cimport threads_for
from cnet._kernels.batch_norm cimport Batch, batch_eval, batch_grad_of, batch_train, part_of
from cnet._kernels.conv_after cimport After, after_of, finish_row
from cnet._kernels.layout cimport contiguous
from cnet._kernels.norm_pixels cimport Pixels, flush_begin, flush_end, pixels_grad, pixels_of, pixels_train
from cnet._kernels.rowmath cimport row_affine, row_combine, row_dot, row_grad_sums, row_moments
from cnet._kernels.types cimport real

cnp.import_array()

cdef inline void *data(cnp.ndarray a) noexcept nogil:
    return NULL if a is None else cnp.PyArray_DATA(a)


cdef inline cnp.ndarray new_parts(Py_ssize_t images, Py_ssize_t pixels, Py_ssize_t channels):
    """Room for `parts` of norm_pixels.pxd, and behind them for the sums of all pieces of an image."""
    cdef Pixels s = pixels_of(images, pixels, channels, channels)
    cdef cnp.npy_intp shape[1]
    shape[0] = (images * s.pieces + 1) * 2 * channels
    return new_array(1, shape, cnp.NPY_DOUBLE)


def batch_forward(cnp.ndarray x, cnp.ndarray w, cnp.ndarray b, cnp.ndarray mean, cnp.ndarray rstd, cnp.ndarray running_mean,
                  cnp.ndarray running_var, bint training, bint relu, double momentum, double eps, Py_ssize_t outer,
                  Py_ssize_t channels, Py_ssize_t inner, cnp.ndarray y):
    """y = (x - mean) * rstd * w + b per channel, or with `relu` 0 where that is negative; y may be x.

    mean and rstd are results: with `training` the statistics of x, towards which running_mean and running_var move by `momentum`
    unless they are None, else those of running_mean and running_var. w and b may be None.
    """
    cdef bint single = cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT
    cdef cnp.ndarray parts = new_parts(1, outer, channels) if inner == 1 and training else None
    cdef Batch s
    s.parts = <double *> data(parts)
    s.w, s.b, s.mean, s.rstd = <char *> data(w), <char *> data(b), <char *> data(mean), <char *> data(rstd)
    s.running_mean, s.running_var = <char *> data(running_mean), <char *> data(running_var)
    s.outer, s.channels, s.inner, s.relu, s.momentum, s.eps = outer, channels, inner, relu, momentum, eps
    with nogil:
        if single:
            if training:
                batch_train(&s, <float *> data(x), <float *> data(y))
            else:
                batch_eval(&s, <float *> data(x), <float *> data(y))
        elif training:
            batch_train(&s, <double *> data(x), <double *> data(y))
        else:
            batch_eval(&s, <double *> data(x), <double *> data(y))


cdef void finish_rows(const After *after, real *y, Py_ssize_t rows, Py_ssize_t channels, Py_ssize_t inner) noexcept nogil:
    cdef Py_ssize_t t
    cdef uint64_t mode = 0
    cdef int threads = threads_for(4.0 * rows * inner)
    with parallel(num_threads=threads):
        mode = flush_begin()
        for t in prange(rows, schedule='static'):
            finish_row(after, t % channels, y + t * inner, inner)
        flush_end(mode)


def follow(cnp.ndarray y, tuple follows):
    """y[N, M, ...] after what follows a convolution, in place: see conv_after.pxd."""
    cdef After after = after_of(follows)
    cdef Py_ssize_t channels = cnp.PyArray_DIM(y, 1), rows = cnp.PyArray_DIM(y, 0) * channels
    cdef Py_ssize_t inner = cnp.PyArray_SIZE(y) // rows if rows else 0
    with nogil:
        if cnp.PyArray_TYPE(y) == cnp.NPY_FLOAT:
            finish_rows(&after, <float *> data(y), rows, channels, inner)
        else:
            finish_rows(&after, <double *> data(y), rows, channels, inner)
    return y


def batch_grad(cnp.ndarray g, cnp.ndarray x, cnp.ndarray w, cnp.ndarray mean, cnp.ndarray rstd, cnp.ndarray y, bint training,
               Py_ssize_t outer, Py_ssize_t channels, Py_ssize_t inner, cnp.ndarray gx, cnp.ndarray gw, cnp.ndarray gb):
    """The gradients of x, w and b from the gradient g; with `training` mean and rstd depend on x. y: None, or the result of a
    relu that followed, whose gradient g is then."""
    cdef bint single = cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT
    cdef cnp.ndarray parts = new_parts(1, outer, channels) if inner == 1 else None
    cdef Batch s
    s.w, s.b, s.mean, s.rstd, s.parts = <char *> data(w), NULL, <char *> data(mean), <char *> data(rstd), <double *> data(parts)
    s.running_mean = s.running_var = NULL
    s.outer, s.channels, s.inner, s.relu, s.momentum, s.eps = outer, channels, inner, False, 0, 0
    with nogil:
        if single:
            batch_grad_of(&s, <float *> data(g), <float *> data(x), <float *> data(y), training, <float *> data(gx),
                          <float *> data(gw), <float *> data(gb))
        else:
            batch_grad_of(&s, <double *> data(g), <double *> data(x), <double *> data(y), training, <double *> data(gx),
                          <double *> data(gw), <double *> data(gb))


# Layer and RMS norm: x is (rows, n) with statistics per row and an affine map per column.

cdef inline void layer_row(const real *x, const real *w, const real *b, double eps, bint centred, real *y, real *mean,
                           real *rstd, Py_ssize_t n) noexcept nogil:
    cdef double m = 0, q = 0, count = 0
    cdef real c, r
    cdef Py_ssize_t i
    if centred:
        row_moments(x, n, &count, &m, &q)
    else:
        q = row_dot(x, x, n)
    c = <real> m
    r = <real> (1 / sqrt(q / n + eps))
    mean[0] = c
    rstd[0] = r
    if w != NULL and b != NULL:
        for i in range(n):
            y[i] = (x[i] - c) * r * w[i] + b[i]
    elif w != NULL:
        for i in range(n):
            y[i] = (x[i] - c) * r * w[i]
    else:
        row_affine(x, y, c, r, <real> 0, False, n)
        if b != NULL:
            for i in range(n):
                y[i] = y[i] + b[i]


cdef void layer_of(const real *x, const real *w, const real *b, double eps, bint centred, real *y, real *mean, real *rstd,
                   Py_ssize_t rows, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t t
    cdef uint64_t mode = 0
    cdef int threads = threads_for(12.0 * rows * n)
    with parallel(num_threads=threads):
        mode = flush_begin()
        for t in prange(rows, schedule='static'):
            layer_row(x + t * n, w, b, eps, centred, y + t * n, mean + t, rstd + t, n)
        flush_end(mode)


def layer_forward(cnp.ndarray x, cnp.ndarray w, cnp.ndarray b, double eps, bint centred, Py_ssize_t n):
    """(y, stats) with y = (x - mean) * rstd * w + b for every n numbers; not `centred` (RMS norm), mean is zero.

    w and b may be None, else they have the type of x. stats[2, rows]: mean and rstd.
    """
    cdef int kind = cnp.PyArray_TYPE(x)
    cdef cnp.npy_intp shape[2]
    cdef cnp.ndarray y, stats
    cdef Py_ssize_t rows
    x, w, b = contiguous(x), contiguous(w), contiguous(b)
    shape[0], shape[1] = 2, cnp.PyArray_SIZE(x) // n if n else 0
    rows = shape[1]
    y, stats = new_array(cnp.PyArray_NDIM(x), cnp.PyArray_DIMS(x), kind), new_array(2, shape, kind)
    with nogil:
        if kind == cnp.NPY_FLOAT:
            layer_of(<float *> data(x), <float *> data(w), <float *> data(b), eps, centred, <float *> data(y),
                     <float *> data(stats), <float *> data(stats) + rows, rows, n)
        else:
            layer_of(<double *> data(x), <double *> data(w), <double *> data(b), eps, centred, <double *> data(y),
                     <double *> data(stats), <double *> data(stats) + rows, rows, n)
    return y, stats


cdef inline void layer_grad_rows(const real *g, const real *x, const real *w, const real *mean, const real *rstd,
                                 bint centred, real *gx, real *gw, real *gb, Py_ssize_t rows, Py_ssize_t n) noexcept nogil:
    """The gradient of some rows, and what they contribute to those of w and b."""
    cdef Py_ssize_t t, i
    cdef double s, d
    cdef real m, r, b, c
    memset(gw, 0, n * sizeof(real))
    memset(gb, 0, n * sizeof(real))
    for t in range(rows):
        m, r = mean[t], rstd[t]
        s = d = 0
        row_grad_sums(g, w, x, m, n, &s, &d)
        b = <real> (-d * r * r * r / n)
        c = <real> (-s * r / n) if centred else 0
        if w == NULL:
            row_combine(g, x, gx, m, r, b, c, n)
        else:
            for i in range(n):
                gx[i] = g[i] * w[i] * r + (x[i] - m) * b + c
        for i in range(n):
            gw[i] = gw[i] + g[i] * ((x[i] - m) * r)
        for i in range(n):
            gb[i] = gb[i] + g[i]
        g += n
        x += n
        gx += n


cdef void layer_grad_of(const real *g, const real *x, const real *w, const real *mean, const real *rstd, bint centred,
                        real *gx, real *part, Py_ssize_t parts, Py_ssize_t rows, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t t, a, i, per = (rows + parts - 1) // parts
    cdef uint64_t mode = 0
    cdef int threads = threads_for(24.0 * rows * n)
    with parallel(num_threads=threads):
        mode = flush_begin()
        for t in prange(parts, schedule='static'):
            a = min(rows, t * per)
            layer_grad_rows(g + a * n, x + a * n, w, mean + a, rstd + a, centred, gx + a * n, part + 2 * t * n,
                            part + (2 * t + 1) * n, min(per, rows - a), n)
        flush_end(mode)
    for t in range(1, parts):
        for i in range(2 * n):
            part[i] = part[i] + part[2 * t * n + i]


def layer_grad(cnp.ndarray g, cnp.ndarray x, cnp.ndarray w, cnp.ndarray mean, cnp.ndarray rstd, bint centred, cnp.ndarray gx,
               cnp.ndarray part, Py_ssize_t rows, Py_ssize_t n):
    """gx, and in part[0] the gradients of w and b. `part` (parts, 2, n) holds those of each piece of rows meanwhile."""
    cdef Py_ssize_t parts = cnp.PyArray_DIM(part, 0)
    cdef bint single = cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT
    with nogil:
        if single:
            layer_grad_of(<float *> data(g), <float *> data(x), <float *> data(w), <float *> data(mean), <float *> data(rstd),
                          centred, <float *> data(gx), <float *> data(part), parts, rows, n)
        else:
            layer_grad_of(<double *> data(g), <double *> data(x), <double *> data(w), <double *> data(mean),
                          <double *> data(rstd), centred, <double *> data(gx), <double *> data(part), parts, rows, n)


# Group norm: x is (rows, channels per row, inner) with statistics per row. Row r holds the channels of group r % groups. If
# channels come last in memory, so that x is (images, inner, groups * channels per row), it is in norm_pixels.pxd.

cdef inline void group_row(const real *x, const real *w, const real *b, double eps, real *y, real *mean, real *rstd,
                           Py_ssize_t channels, Py_ssize_t inner) noexcept nogil:
    cdef double m = 0, q = 0, count = 0
    cdef real r
    cdef Py_ssize_t c
    row_moments(x, channels * inner, &count, &m, &q)
    mean[0] = <real> m
    r = <real> (1 / sqrt(q / count + eps))
    rstd[0] = r
    for c in range(channels):
        row_affine(x + c * inner, y + c * inner, <real> m, r if w == NULL else r * w[c], 0 if b == NULL else b[c], False, inner)


cdef void group_of(const real *x, const real *w, const real *b, double eps, real *y, real *mean, real *rstd, double *parts,
                   Py_ssize_t rows, Py_ssize_t groups, Py_ssize_t channels, Py_ssize_t inner) noexcept nogil:
    cdef Py_ssize_t t, at
    cdef uint64_t mode = 0
    cdef int threads = threads_for(12.0 * rows * channels * inner)
    cdef Pixels s
    if parts != NULL:
        s = pixels_of(rows // groups, inner, groups * channels, groups)
        s.parts, s.eps = parts, eps
        s.w, s.b, s.mean, s.rstd = <char *> w, <char *> b, <char *> mean, <char *> rstd
        pixels_train(&s, x, y)
        return
    with parallel(num_threads=threads):
        mode = flush_begin()
        for t in prange(rows, schedule='static'):
            at = t % groups * channels
            group_row(x + t * channels * inner, part_of(w, at), part_of(b, at), eps,
                      y + t * channels * inner, mean + t, rstd + t, channels, inner)
        flush_end(mode)


def group_forward(cnp.ndarray x, cnp.ndarray w, cnp.ndarray b, double eps, cnp.ndarray y, cnp.ndarray mean, cnp.ndarray rstd,
                  Py_ssize_t rows, Py_ssize_t groups, Py_ssize_t channels, Py_ssize_t inner, bint last=False):
    """y = (x - mean) * rstd * w + b with mean and rstd per row; w and b (groups * channels) may be None. `last`: channels come
    last in memory."""
    cdef bint single = cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT
    cdef cnp.ndarray parts = new_parts(rows // groups, inner, groups * channels) if last else None
    with nogil:
        if single:
            group_of(<float *> data(x), <float *> data(w), <float *> data(b), eps, <float *> data(y), <float *> data(mean),
                     <float *> data(rstd), <double *> data(parts), rows, groups, channels, inner)
        else:
            group_of(<double *> data(x), <double *> data(w), <double *> data(b), eps, <double *> data(y), <double *> data(mean),
                     <double *> data(rstd), <double *> data(parts), rows, groups, channels, inner)


cdef inline void group_grad_row(const real *g, const real *x, const real *w, real mean, real rstd, real *gx, double *sums,
                                double *dots, Py_ssize_t channels, Py_ssize_t inner) noexcept nogil:
    cdef Py_ssize_t c
    cdef double s = 0, d = 0, n = channels * inner
    for c in range(channels):
        sums[c] = dots[c] = 0
        row_grad_sums(g + c * inner, <const real *> NULL, x + c * inner, mean, inner, sums + c, dots + c)
        s += sums[c] if w == NULL else sums[c] * w[c]
        d += dots[c] if w == NULL else dots[c] * w[c]
        dots[c] *= rstd
    for c in range(channels):
        row_combine(g + c * inner, x + c * inner, gx + c * inner, mean, rstd if w == NULL else rstd * w[c],
                    <real> (-d * rstd * rstd * rstd / n), <real> (-s * rstd / n), inner)


cdef void group_grad_of(const real *g, const real *x, const real *w, const real *mean, const real *rstd, real *gx,
                        double *sums, double *dots, double *parts, Py_ssize_t rows, Py_ssize_t groups, Py_ssize_t channels,
                        Py_ssize_t inner) noexcept nogil:
    cdef Py_ssize_t t, at
    cdef uint64_t mode = 0
    cdef int threads = threads_for(16.0 * rows * channels * inner)
    cdef Pixels s
    if parts != NULL:
        s = pixels_of(rows // groups, inner, groups * channels, groups)
        s.parts, s.w, s.mean, s.rstd = parts, <char *> w, <char *> mean, <char *> rstd
        pixels_grad(&s, g, x, <const real *> NULL, gx, sums, dots)
        return
    with parallel(num_threads=threads):
        mode = flush_begin()
        for t in prange(rows, schedule='static'):
            at = t * channels * inner
            group_grad_row(g + at, x + at, part_of(w, t % groups * channels), mean[t], rstd[t], gx + at,
                           sums + t * channels, dots + t * channels, channels, inner)
        flush_end(mode)


def group_grad(cnp.ndarray g, cnp.ndarray x, cnp.ndarray w, cnp.ndarray mean, cnp.ndarray rstd, cnp.ndarray gx,
               cnp.ndarray sums, cnp.ndarray dots, Py_ssize_t rows, Py_ssize_t groups, Py_ssize_t channels, Py_ssize_t inner,
               bint last=False):
    """gx, and per row and channel (float64) the sums of g and of g * normalised x: summed over the batch, gb and gw."""
    cdef bint single = cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT
    cdef cnp.ndarray parts = new_parts(rows // groups, inner, groups * channels) if last else None
    with nogil:
        if single:
            group_grad_of(<float *> data(g), <float *> data(x), <float *> data(w), <float *> data(mean), <float *> data(rstd),
                          <float *> data(gx), <double *> data(sums), <double *> data(dots), <double *> data(parts), rows, groups,
                          channels, inner)
        else:
            group_grad_of(<double *> data(g), <double *> data(x), <double *> data(w), <double *> data(mean),
                          <double *> data(rstd), <double *> data(gx), <double *> data(sums), <double *> data(dots), <double *> data(parts),
                          rows, groups, channels, inner)
