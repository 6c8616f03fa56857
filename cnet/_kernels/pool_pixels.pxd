"""Poolings of images whose channels come last in memory, [images, n_in, C]: a pixel is C numbers in a row, and every inner loop
runs along them, whatever the window. Positions of maxima count pixels, as those of planes do.
"""

from cython.parallel cimport prange
from libc.string cimport memset

from cnet._kernels._threads cimport threads_for
from cnet._kernels.pool_window cimport Geometry, adaptive_span, beats, extent, lowest, span, step, value
from cnet._kernels.types cimport index, real

cdef extern from "pool_pixels_ukr.h" nogil:
    ctypedef struct pool_box:
        Py_ssize_t depth, height, width, plane, line
    void vf_box_mean(const pool_box *w, Py_ssize_t C, const float *x, float count, float *y)
    void vd_box_mean(const pool_box *w, Py_ssize_t C, const double *x, double count, double *y)

cdef enum:
    CHANNELS = 64  # summed at once, in 512 bytes of doubles
    TERMS = 64     # which may be added up in their own type


cdef inline double work(const Geometry *w, Py_ssize_t images, Py_ssize_t C) noexcept nogil:
    """As `threads_for` counts: a number of a tap takes about a tenth of a nanosecond."""
    return <double> images * w.n_out * C * w.k[0] * w.k[1] * w.k[2]


cdef inline void max_pixel(const Geometry *w, Py_ssize_t C, const value *x, value *y, index *at, Py_ssize_t row,
                           Py_ssize_t o) noexcept nogil:
    """Result o of a row of an image."""
    cdef Py_ssize_t d0, d1, h0, h1, w0, w1, i, j, l, c, place
    cdef value v
    cdef bint take
    span(w, 0, row // w.out[1], &d0, &d1)
    span(w, 1, row % w.out[1], &h0, &h1)
    span(w, 2, o, &w0, &w1)
    for c in range(C):
        y[c] = lowest(y)
        at[c] = -1
    for i from d0 <= i < d1 by step(w, 0):
        for j from h0 <= j < h1 by step(w, 1):
            for l from w0 <= l < w1 by step(w, 2):
                place = (i * w.size[1] + j) * w.size[2] + l
                for c in range(C):
                    v = x[place * C + c]
                    take = beats(v, y[c]) | (at[c] < 0)
                    y[c] = v if take else y[c]
                    at[c] = <index> place if take else at[c]


cdef inline void max_images(const Geometry *w, const value *x, value *y, index *at, Py_ssize_t images,
                            Py_ssize_t C) noexcept nogil:
    cdef Py_ssize_t rows = w.out[0] * w.out[1], t, o
    for t in prange(images * rows, schedule='static', num_threads=threads_for(work(w, images, C))):
        for o in range(w.out[2]):
            max_pixel(w, C, x + t // rows * w.n_in * C, y + (t * w.out[2] + o) * C, at + (t * w.out[2] + o) * C, t % rows, o)


cdef inline void scatter_pixels(const value *g, const index *at, value *gx, Py_ssize_t images, Py_ssize_t n_in, Py_ssize_t n_out,
                                Py_ssize_t C) noexcept nogil:
    cdef Py_ssize_t t, i, c
    for t in prange(images, schedule='static', num_threads=threads_for(<double> images * C * (n_in + 10 * n_out))):
        memset(gx + t * n_in * C, 0, n_in * C * sizeof(value))
        for i in range(t * n_out, (t + 1) * n_out):
            for c in range(C):
                if at[i * C + c] >= 0:
                    gx[(t * n_in + at[i * C + c]) * C + c] += g[i * C + c]


cdef inline void gather_pixels(const value *x, const index *at, value *y, Py_ssize_t images, Py_ssize_t n_in, Py_ssize_t n_out,
                               Py_ssize_t C) noexcept nogil:
    cdef Py_ssize_t t, i, c
    for t in prange(images, schedule='static', num_threads=threads_for(10.0 * images * C * n_out)):
        for i in range(t * n_out, (t + 1) * n_out):
            for c in range(C):
                y[i * C + c] = x[(t * n_in + at[i * C + c]) * C + c] if at[i * C + c] >= 0 else 0


# The windows of a row of results of an average pooling: of which planes and rows of pixels, and by what their sums are divided,
# but for the columns.
cdef struct Row:
    Py_ssize_t d0, d1, h0, h1
    double share
    bint padded, divided


cdef inline Row row_of(const Geometry *w, Py_ssize_t row, bint padded, double divisor) noexcept nogil:
    cdef Row r
    cdef Py_ssize_t d = row // w.out[1], h = row % w.out[1]
    span(w, 0, d, &r.d0, &r.d1)
    span(w, 1, h, &r.h0, &r.h1)
    r.padded, r.divided = padded, divisor != 0
    if r.divided:
        r.share = divisor
    elif w.adaptive:
        r.share = (r.d1 - r.d0) * (r.h1 - r.h0)
    else:
        r.share = extent(w, 0, d, padded) * extent(w, 1, h, padded)
    return r


cdef inline double columns(const Geometry *w, const Row *r, Py_ssize_t o, Py_ssize_t *w0, Py_ssize_t *w1) noexcept nogil:
    """The columns of window o, and by what its sum is divided."""
    if w.adaptive:
        adaptive_span(w, o, w0, w1)
        return r.share * (w1[0] - w0[0])
    span(w, 2, o, w0, w1)
    return r.share if r.divided else r.share * extent(w, 2, o, r.padded)


cdef inline void avg_pixel(const pool_box *w, Py_ssize_t C, Py_ssize_t n, const real *x, real *y,
                           double count) noexcept nogil:
    """n channels of the mean of a large window."""
    cdef double[CHANNELS] sums
    cdef Py_ssize_t i, j, l, c
    cdef const real *pixel
    for c in range(n):
        sums[c] = 0
    for i in range(w.depth):
        for j in range(w.height):
            for l in range(w.width):
                pixel = x + i * w.plane + j * w.line + l * C
                for c in range(n):
                    sums[c] += pixel[c]
    for c in range(n):
        y[c] = <real> (sums[c] / count)


cdef inline pool_box box_of(const Geometry *w, const Row *r, Py_ssize_t C, Py_ssize_t *start) noexcept nogil:
    """What the windows of a row have in common, and how far the first pixel of the first column is."""
    cdef pool_box box
    box.depth, box.height, box.width = r.d1 - r.d0, r.h1 - r.h0, 0
    box.line = w.size[2] * C
    box.plane = w.size[1] * box.line
    start[0] = r.d0 * box.plane + r.h0 * box.line
    return box


cdef inline void avg_row(const Geometry *w, Py_ssize_t C, const real *x, real *y, Py_ssize_t row, bint padded,
                         double divisor) noexcept nogil:
    """A row of results of an image."""
    cdef Row r = row_of(w, row, padded, divisor)
    cdef Py_ssize_t o, c, w0, w1, start
    cdef pool_box box = box_of(w, &r, C, &start)
    cdef double count
    x += start
    for o in range(w.out[2]):
        count = columns(w, &r, o, &w0, &w1)
        box.width = w1 - w0
        if box.depth * box.height * box.width > TERMS:
            for c from 0 <= c < C by CHANNELS:
                avg_pixel(&box, C, min(C - c, <Py_ssize_t> CHANNELS), x + w0 * C + c, y + o * C + c, count)
        elif real is float:
            vf_box_mean(&box, C, x + w0 * C, <float> count, y + o * C)
        else:
            vd_box_mean(&box, C, x + w0 * C, count, y + o * C)


cdef inline void avg_images(const Geometry *w, const real *x, real *y, Py_ssize_t images, Py_ssize_t C, bint padded,
                            double divisor) noexcept nogil:
    cdef Py_ssize_t rows = w.out[0] * w.out[1], t
    for t in prange(images * rows, schedule='static', num_threads=threads_for(work(w, images, C))):
        avg_row(w, C, x + t // rows * w.n_in * C, y + t * w.out[2] * C, t % rows, padded, divisor)


cdef inline void avg_pixel_grad(const pool_box *w, Py_ssize_t C, Py_ssize_t n, const real *g, real *gx,
                                real count) noexcept nogil:
    """Adds what n channels of a result contribute to the gradient of their image."""
    cdef real[CHANNELS] part
    cdef Py_ssize_t i, j, l, c
    cdef real *pixel
    for c in range(n):
        part[c] = g[c] / count
    for i in range(w.depth):
        for j in range(w.height):
            for l in range(w.width):
                pixel = gx + i * w.plane + j * w.line + l * C
                for c in range(n):
                    pixel[c] = pixel[c] + part[c]


cdef inline void avg_row_grad(const Geometry *w, Py_ssize_t C, const real *g, real *gx, Py_ssize_t row, bint padded,
                              double divisor) noexcept nogil:
    """Adds what a row of results contributes to the gradient of their image."""
    cdef Row r = row_of(w, row, padded, divisor)
    cdef Py_ssize_t o, c, w0, w1, start
    cdef pool_box box = box_of(w, &r, C, &start)
    cdef real count
    gx += start
    for o in range(w.out[2]):
        count = <real> columns(w, &r, o, &w0, &w1)
        box.width = w1 - w0
        for c from 0 <= c < C by CHANNELS:
            avg_pixel_grad(&box, C, min(C - c, <Py_ssize_t> CHANNELS), g + o * C + c, gx + w0 * C + c, count)


cdef inline void avg_images_grad(const Geometry *w, const real *g, real *gx, Py_ssize_t images, Py_ssize_t C, bint padded,
                                 double divisor) noexcept nogil:
    cdef Py_ssize_t rows = w.out[0] * w.out[1], t, r
    for t in prange(images, schedule='static', num_threads=threads_for(work(w, images, C))):
        memset(gx + t * w.n_in * C, 0, w.n_in * C * sizeof(real))
        for r in range(rows):
            avg_row_grad(w, C, g + (t * rows + r) * w.out[2] * C, gx + t * w.n_in * C, r, padded, divisor)
