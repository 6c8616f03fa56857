"""Poolings of images whose channels come last in memory, [images, n_in, C]: a pixel is C numbers in a row, and every inner loop
runs along them, whatever the window. Positions of maxima count pixels, as those of planes do.
"""

from cython.parallel cimport prange
from libc.string cimport memset

from cnet._kernels._threads cimport threads_for
from cnet._kernels.pool_window cimport Geometry, beats, lowest, span, step, value, window_count
from cnet._kernels.types cimport index, real

cdef enum:
    CHANNELS = 64  # summed at once, in 512 bytes of doubles


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


cdef inline double numbers(const Geometry *w, Py_ssize_t row, Py_ssize_t o, bint padded, double divisor) noexcept nogil:
    """What the sum of a window is divided by."""
    cdef Py_ssize_t a, b, axis, n = 1
    if not w.adaptive:
        return window_count(w, row, o, padded, divisor)
    for axis in range(3):
        span(w, <int> axis, o if axis == 2 else row % w.out[1] if axis == 1 else row // w.out[1], &a, &b)
        n *= b - a
    return n


cdef inline void avg_pixel(const Geometry *w, Py_ssize_t C, Py_ssize_t n, const real *x, real *y, Py_ssize_t row, Py_ssize_t o,
                           double count) noexcept nogil:
    """n channels of result o of a row of an image."""
    cdef double[CHANNELS] sums
    cdef Py_ssize_t d0, d1, h0, h1, w0, w1, i, j, l, c
    cdef const real *pixel
    span(w, 0, row // w.out[1], &d0, &d1)
    span(w, 1, row % w.out[1], &h0, &h1)
    span(w, 2, o, &w0, &w1)
    for c in range(n):
        sums[c] = 0
    for i in range(d0, d1):
        for j in range(h0, h1):
            for l in range(w0, w1):
                pixel = x + ((i * w.size[1] + j) * w.size[2] + l) * C
                for c in range(n):
                    sums[c] += pixel[c]
    for c in range(n):
        y[c] = <real> (sums[c] / count)


cdef inline void avg_images(const Geometry *w, const real *x, real *y, Py_ssize_t images, Py_ssize_t C, bint padded,
                            double divisor) noexcept nogil:
    cdef Py_ssize_t rows = w.out[0] * w.out[1], t, o, c
    cdef double count
    for t in prange(images * rows, schedule='static', num_threads=threads_for(work(w, images, C))):
        for o in range(w.out[2]):
            count = numbers(w, t % rows, o, padded, divisor)
            for c from 0 <= c < C by CHANNELS:
                avg_pixel(w, C, min(C - c, <Py_ssize_t> CHANNELS), x + t // rows * w.n_in * C + c, y + (t * w.out[2] + o) * C + c,
                          t % rows, o, count)


cdef inline void avg_pixel_grad(const Geometry *w, Py_ssize_t C, Py_ssize_t n, const real *g, real *gx, Py_ssize_t row,
                                Py_ssize_t o, real count) noexcept nogil:
    """Adds what n channels of result o of a row contribute to the gradient of their image."""
    cdef real[CHANNELS] part
    cdef Py_ssize_t d0, d1, h0, h1, w0, w1, i, j, l, c
    cdef real *pixel
    span(w, 0, row // w.out[1], &d0, &d1)
    span(w, 1, row % w.out[1], &h0, &h1)
    span(w, 2, o, &w0, &w1)
    for c in range(n):
        part[c] = g[c] / count
    for i in range(d0, d1):
        for j in range(h0, h1):
            for l in range(w0, w1):
                pixel = gx + ((i * w.size[1] + j) * w.size[2] + l) * C
                for c in range(n):
                    pixel[c] = pixel[c] + part[c]


cdef inline void avg_images_grad(const Geometry *w, const real *g, real *gx, Py_ssize_t images, Py_ssize_t C, bint padded,
                                 double divisor) noexcept nogil:
    cdef Py_ssize_t rows = w.out[0] * w.out[1], t, r, o, c
    cdef real count
    for t in prange(images, schedule='static', num_threads=threads_for(work(w, images, C))):
        memset(gx + t * w.n_in * C, 0, w.n_in * C * sizeof(real))
        for r in range(rows):
            for o in range(w.out[2]):
                count = <real> numbers(w, r, o, padded, divisor)
                for c from 0 <= c < C by CHANNELS:
                    avg_pixel_grad(w, C, min(C - c, <Py_ssize_t> CHANNELS), g + ((t * rows + r) * w.out[2] + o) * C + c,
                                   gx + t * w.n_in * C + c, r, o, count)
