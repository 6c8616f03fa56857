"""Normalisations where a pixel's channels lie side by side: x is [images, pixels, C], and statistics are those of each of the
groups of channels of each image. A batch norm of a matrix, or of images whose channels come last in memory, is that of one image
with a group per channel.

An image is cut into pieces that a second-level cache holds; what those sum up is added in their order, so that neither who
takes which piece nor whether results wait for all statistics shows in the results.
"""

from cython.parallel cimport parallel, prange
from libc.math cimport sqrt
from libc.stdint cimport uint64_t

from cnet._kernels._threads cimport threads_for
from cnet._kernels.rowmath cimport row_relu_grad
from cnet._kernels.types cimport real

cdef extern from "flush.h" nogil:
    uint64_t flush_begin()
    void flush_end(uint64_t old)

cdef extern from "columns_ukr.h" nogil:
    void vf_columns_spread(const float *x, Py_ssize_t rows, Py_ssize_t step, Py_ssize_t n, float *mid, float *r, float *q)
    void vd_columns_spread(const double *x, Py_ssize_t rows, Py_ssize_t step, Py_ssize_t n, double *mid, double *r, double *q)
    void vf_columns_grad_sums(const float *g, const float *x, const float *mean, Py_ssize_t rows, Py_ssize_t step, Py_ssize_t n,
                              float *s, float *d)
    void vd_columns_grad_sums(const double *g, const double *x, const double *mean, Py_ssize_t rows, Py_ssize_t step,
                              Py_ssize_t n, double *s, double *d)
    void vf_columns_affine(const float *x, float *y, const float *mean, const float *a, const float *b, int relu,
                           Py_ssize_t rows, Py_ssize_t step, Py_ssize_t n)
    void vd_columns_affine(const double *x, double *y, const double *mean, const double *a, const double *b, int relu,
                           Py_ssize_t rows, Py_ssize_t step, Py_ssize_t n)
    void vf_columns_combine(const float *g, const float *x, float *gx, const float *mean, const float *a, const float *b,
                            const float *r, Py_ssize_t rows, Py_ssize_t step, Py_ssize_t n)
    void vd_columns_combine(const double *g, const double *x, double *gx, const double *mean, const double *a, const double *b,
                            const double *r, Py_ssize_t rows, Py_ssize_t step, Py_ssize_t n)

cdef enum:
    STRIP = 64          # channels at once
    BLOCK = 32          # pixels whose floats are added up before that becomes a double
    PIECE = 1 << 14     # numbers of a piece
    NEAR = 1 << 18      # numbers that are still in a cache when their statistics are known
    FEW = 4             # tasks below which results wait for all statistics, to be shared out by pieces

# w, b, the running statistics and y may be NULL.
cdef struct Pixels:
    Py_ssize_t images, pixels, channels, groups
    Py_ssize_t rows, pieces     # pixels of a piece, and pieces of an image
    Py_ssize_t span             # channels whose statistics do not need others
    double *parts               # [images, pieces, 2, channels]: means and squares of deviations, or sums and dot products
    char *w
    char *b
    char *mean                  # [images, groups]
    char *rstd
    char *running_mean
    char *running_var
    bint relu, training
    double momentum, eps


cdef inline Pixels pixels_of(Py_ssize_t images, Py_ssize_t pixels, Py_ssize_t channels, Py_ssize_t groups) noexcept nogil:
    cdef Pixels s
    s.images, s.pixels, s.channels, s.groups = images, pixels, channels, groups
    s.rows = max(<Py_ssize_t> (2 * BLOCK), PIECE // max(channels, <Py_ssize_t> 1))
    s.pieces = (pixels + s.rows - 1) // s.rows
    s.span = min(channels, <Py_ssize_t> STRIP) if groups == channels else channels
    s.w = s.b = s.running_mean = s.running_var = NULL
    s.relu, s.training, s.momentum, s.eps = False, True, 0, 0
    return s


cdef inline Py_ssize_t tasks_of(const Pixels *s) noexcept nogil:
    """Into how many tasks all is cut whose results follow at once; 0 if they wait for all statistics."""
    cdef Py_ssize_t tasks = s.images * ((s.channels + s.span - 1) // s.span)
    return 0 if s.pieces > 1 and (tasks < FEW or s.pixels * s.span > NEAR) else tasks


cdef inline Py_ssize_t place(const Pixels *s, Py_ssize_t t, Py_ssize_t *count) noexcept nogil:
    """Where piece t of all begins, and how many pixels it has."""
    cdef Py_ssize_t start = t % s.pieces * s.rows
    count[0] = min(s.rows, s.pixels - start)
    return (t // s.pieces * s.pixels + start) * s.channels


ctypedef fused number:
    float
    double


cdef inline void each(const Pixels *s, const number *of, Py_ssize_t first, Py_ssize_t n, real *to) noexcept nogil:
    """What `of` has for each group of an image, for n channels. Their groups are counted: a division takes longer than a vector."""
    cdef Py_ssize_t j, per = s.channels // s.groups, g = first // per, end = (g + 1) * per - first
    if per == 1:
        for j in range(n):
            to[j] = <real> of[first + j]
        return
    for j in range(n):
        if j == end:
            g += 1
            end += per
        to[j] = <real> of[g]


cdef inline void factors(const Pixels *s, Py_ssize_t image, Py_ssize_t first, Py_ssize_t n, real *mean, real *a) noexcept nogil:
    """The means of n channels, and by what deviations from them are multiplied."""
    cdef Py_ssize_t j
    each(s, <const real *> s.mean + image * s.groups, first, n, mean)
    each(s, <const real *> s.rstd + image * s.groups, first, n, a)
    if s.w != NULL:
        for j in range(n):
            a[j] = a[j] * (<const real *> s.w)[first + j]


cdef inline void piece_moments(const Pixels *s, const real *x, Py_ssize_t t, Py_ssize_t first, Py_ssize_t end) noexcept nogil:
    """Means of channels and sums of squared deviations from them. A block's are merged as in Chan, Golub, LeVeque 1983."""
    cdef real[STRIP] mid
    cdef real[STRIP] r
    cdef real[STRIP] q
    cdef Py_ssize_t count, i, j, k, c, n
    cdef double *mean
    cdef double *m2
    cdef double share, off, delta
    x += place(s, t, &count)
    for c from first <= c < end by STRIP:
        n = min(end - c, <Py_ssize_t> STRIP)
        mean = s.parts + t * 2 * s.channels + c
        m2 = mean + s.channels
        for j in range(n):
            mean[j] = m2[j] = 0
        for i from 0 <= i < count by BLOCK:
            k = min(count - i, <Py_ssize_t> BLOCK)
            if real is float:
                vf_columns_spread(x + i * s.channels + c, k, s.channels, n, mid, r, q)
            else:
                vd_columns_spread(x + i * s.channels + c, k, s.channels, n, mid, r, q)
            share = <double> k / (i + k)
            for j in range(n):
                off = r[j] / <double> k
                delta = mid[j] + off - mean[j]
                mean[j] += delta * share
                m2[j] += (q[j] - r[j] * off) + delta * delta * (i * share)


cdef inline void settle(const Pixels *s, Py_ssize_t image, Py_ssize_t first, Py_ssize_t end, const real *kind) noexcept nogil:
    """The statistics of some channels of an image, from those of its pieces."""
    cdef Py_ssize_t p, j, g, at, k, seen = s.rows, C = s.channels, per = C // s.groups
    cdef double *mean = s.parts + image * s.pieces * 2 * C
    cdef double *m2 = mean + C
    cdef double *part
    cdef double delta, m, q, n = <double> s.pixels * per
    for p in range(1, s.pieces):
        part = mean + p * 2 * C
        k = min(s.rows, s.pixels - seen)
        for j in range(first, end):
            delta = part[j] - mean[j]
            mean[j] += delta * (<double> k / (seen + k))
            m2[j] += part[C + j] + delta * delta * (seen * (<double> k / (seen + k)))
        seen += k
    for g in range(first // per, end // per):
        m = q = 0
        for j in range(g * per, g * per + per):
            m += mean[j]
        m /= per
        for j in range(g * per, g * per + per):
            q += m2[j] + (mean[j] - m) * (mean[j] - m) * s.pixels
        at = image * s.groups + g
        (<real *> s.mean)[at] = <real> m
        (<real *> s.rstd)[at] = <real> (1 / sqrt(q / n + s.eps))
        if s.running_mean != NULL:
            (<real *> s.running_mean)[g] = <real> ((1 - s.momentum) * (<real *> s.running_mean)[g] + s.momentum * m)
            (<real *> s.running_var)[g] = <real> ((1 - s.momentum) * (<real *> s.running_var)[g] + s.momentum * (q / (n - 1)))


cdef inline void piece_apply(const Pixels *s, const real *x, real *y, Py_ssize_t t, Py_ssize_t first,
                             Py_ssize_t end) noexcept nogil:
    cdef real[STRIP] mean
    cdef real[STRIP] a
    cdef real[STRIP] b
    cdef Py_ssize_t count, j, c, n, at = place(s, t, &count)
    for c from first <= c < end by STRIP:
        n = min(end - c, <Py_ssize_t> STRIP)
        factors(s, t // s.pieces, c, n, mean, a)
        for j in range(n):
            b[j] = 0 if s.b == NULL else (<const real *> s.b)[c + j]
        if real is float:
            vf_columns_affine(x + at + c, y + at + c, mean, a, b, s.relu, count, s.channels, n)
        else:
            vd_columns_affine(x + at + c, y + at + c, mean, a, b, s.relu, count, s.channels, n)


cdef inline void pixels_apply(const Pixels *s, const real *x, real *y) noexcept nogil:
    """All results from the statistics."""
    cdef Py_ssize_t t
    cdef uint64_t mode = 0
    cdef int threads = threads_for(8.0 * s.images * s.pixels * s.channels)
    with parallel(num_threads=threads):
        mode = flush_begin()
        for t in prange(s.images * s.pieces, schedule='static'):
            piece_apply(s, x, y, t, 0, s.channels)
        flush_end(mode)


cdef inline void train_task(const Pixels *s, const real *x, real *y, Py_ssize_t image, Py_ssize_t first) noexcept nogil:
    cdef Py_ssize_t t, end = min(first + s.span, s.channels)
    for t in range(image * s.pieces, (image + 1) * s.pieces):
        piece_moments(s, x, t, first, end)
    settle(s, image, first, end, x)
    for t in range(image * s.pieces, (image + 1) * s.pieces):
        piece_apply(s, x, y, t, first, end)


cdef inline void pixels_train(const Pixels *s, const real *x, real *y) noexcept nogil:
    """Statistics and results."""
    cdef Py_ssize_t t, tasks = tasks_of(s), strips = (s.channels + s.span - 1) // s.span
    cdef uint64_t mode = 0
    cdef int threads = threads_for(14.0 * s.images * s.pixels * s.channels)
    with parallel(num_threads=threads):
        mode = flush_begin()
        for t in prange(tasks if tasks else s.images * s.pieces, schedule='static'):
            if tasks:
                train_task(s, x, y, t // strips, t % strips * s.span)
            else:
                piece_moments(s, x, t, 0, s.channels)
        flush_end(mode)
    if not tasks:
        for t in range(s.images):
            settle(s, t, 0, s.channels, x)
        pixels_apply(s, x, y)


cdef inline void piece_grad_sums(const Pixels *s, const real *g, const real *x, const real *y, real *gx, Py_ssize_t t,
                                 Py_ssize_t first, Py_ssize_t end) noexcept nogil:
    """Per channel the sums of g and of g (x - mean). gx: for the result y of a relu, the gradient behind that; without
    `training` all of the gradient."""
    cdef real[STRIP] mean
    cdef real[STRIP] a
    cdef real[STRIP] zero
    cdef real[STRIP] u
    cdef real[STRIP] v
    cdef Py_ssize_t count, i, j, k, c, n, at = place(s, t, &count)
    cdef double *sums
    cdef const real *from_
    for c from first <= c < end by STRIP:
        n = min(end - c, <Py_ssize_t> STRIP)
        sums = s.parts + t * 2 * s.channels + c
        factors(s, t // s.pieces, c, n, mean, a)
        for j in range(n):
            sums[j] = sums[s.channels + j] = 0
            zero[j] = 0
        for i from 0 <= i < count by BLOCK:
            k = at + i * s.channels + c
            from_ = g + k
            if y != NULL:
                for j in range(min(count - i, <Py_ssize_t> BLOCK)):
                    row_relu_grad(g + k + j * s.channels, y + k + j * s.channels, gx + k + j * s.channels, n)
                from_ = gx + k
            if real is float:
                vf_columns_grad_sums(from_, x + k, mean, min(count - i, <Py_ssize_t> BLOCK), s.channels, n, u, v)
                if not s.training:
                    vf_columns_affine(from_, gx + k, zero, a, zero, False, min(count - i, <Py_ssize_t> BLOCK), s.channels, n)
            else:
                vd_columns_grad_sums(from_, x + k, mean, min(count - i, <Py_ssize_t> BLOCK), s.channels, n, u, v)
                if not s.training:
                    vd_columns_affine(from_, gx + k, zero, a, zero, False, min(count - i, <Py_ssize_t> BLOCK), s.channels, n)
            for j in range(n):
                sums[j] += u[j]
                sums[s.channels + j] += v[j]


cdef inline void settle_grad(const Pixels *s, Py_ssize_t image, Py_ssize_t first, Py_ssize_t end, double *sums, double *dots,
                             const real *kind) noexcept nogil:
    """The sums over an image of g and of g times the normalised x, per channel; instead of those over its first piece the factor
    of x - mean in the gradient and what is added, per group."""
    cdef Py_ssize_t p, j, g, C = s.channels, per = C // s.groups
    cdef double *part = s.parts + image * s.pieces * 2 * C
    cdef double r, u, v, n = <double> s.pixels * per
    sums += image * C
    dots += image * C
    for j in range(first, end):
        sums[j] = part[j]
        dots[j] = part[C + j]
    for p in range(1, s.pieces):
        for j in range(first, end):
            sums[j] += part[p * 2 * C + j]
            dots[j] += part[p * 2 * C + C + j]
    for g in range(first // per, end // per):
        r = (<const real *> s.rstd)[image * s.groups + g]
        u = v = 0
        for j in range(g * per, g * per + per):
            u += sums[j] if s.w == NULL else sums[j] * (<const real *> s.w)[j]
            v += dots[j] if s.w == NULL else dots[j] * (<const real *> s.w)[j]
            dots[j] *= r
        part[g] = -v * r * r * r / n
        part[C + g] = -u * r / n


cdef inline void piece_combine(const Pixels *s, const real *g, const real *x, real *gx, Py_ssize_t t, Py_ssize_t first,
                               Py_ssize_t end) noexcept nogil:
    cdef real[STRIP] mean
    cdef real[STRIP] a
    cdef real[STRIP] b
    cdef real[STRIP] r
    cdef Py_ssize_t count, c, n, at = place(s, t, &count)
    cdef const double *part = s.parts + t // s.pieces * s.pieces * 2 * s.channels
    for c from first <= c < end by STRIP:
        n = min(end - c, <Py_ssize_t> STRIP)
        factors(s, t // s.pieces, c, n, mean, a)
        each(s, part, c, n, b)
        each(s, part + s.channels, c, n, r)
        if real is float:
            vf_columns_combine(g + at + c, x + at + c, gx + at + c, mean, a, b, r, count, s.channels, n)
        else:
            vd_columns_combine(g + at + c, x + at + c, gx + at + c, mean, a, b, r, count, s.channels, n)


cdef inline void grad_task(const Pixels *s, const real *g, const real *x, const real *y, real *gx, double *sums, double *dots,
                           Py_ssize_t image, Py_ssize_t first) noexcept nogil:
    cdef Py_ssize_t t, end = min(first + s.span, s.channels)
    for t in range(image * s.pieces, (image + 1) * s.pieces):
        piece_grad_sums(s, g, x, y, gx, t, first, end)
    settle_grad(s, image, first, end, sums, dots, x)
    if s.training:
        for t in range(image * s.pieces, (image + 1) * s.pieces):
            piece_combine(s, g if y == NULL else gx, x, gx, t, first, end)


cdef inline void pixels_grad(const Pixels *s, const real *g, const real *x, const real *y, real *gx, double *sums,
                             double *dots) noexcept nogil:
    """gx, and sums and dots [images, channels]: those of g and of g times the normalised x. y: NULL, or the result of a relu that
    followed, whose gradient g is then."""
    cdef Py_ssize_t t, tasks = tasks_of(s), strips = (s.channels + s.span - 1) // s.span
    cdef uint64_t mode = 0
    cdef int threads = threads_for(16.0 * s.images * s.pixels * s.channels)
    with parallel(num_threads=threads):
        mode = flush_begin()
        for t in prange(tasks if tasks else s.images * s.pieces, schedule='static'):
            if tasks:
                grad_task(s, g, x, y, gx, sums, dots, t // strips, t % strips * s.span)
            else:
                piece_grad_sums(s, g, x, y, gx, t, 0, s.channels)
        flush_end(mode)
    if tasks:
        return
    for t in range(s.images):
        settle_grad(s, t, 0, s.channels, sums, dots, x)
    if not s.training:
        return
    with parallel(num_threads=threads):
        mode = flush_begin()
        for t in prange(s.images * s.pieces, schedule='static'):
            piece_combine(s, g if y == NULL else gx, x, gx, t, 0, s.channels)
        flush_end(mode)
