"""Max and average pooling over up to three dimensions, and their gradients.

Arrays are contiguous and seen as (planes, depth, height, width); fewer dimensions are lengths of 1. Where `channels` are given,
that many planes lie number by number side by side, channels last in memory (pool_pixels.pxd). Of planes, a forward task is one
row of results, or a whole plane where there are enough of them; a gradient task is a plane, so nobody else writes to it.
Inside a row the taps of the window are the outer loop and the results the inner one, which vectorises. Windows wider than
the row of results, and adaptive maxima, take one result at a time and vectorise inside the window. Adaptive means, whose
windows differ in width, first add up the rows that a row of windows covers.
"""

cimport numpy as cnp
from cython.parallel cimport prange
from libc.string cimport memset

from cnet._kernels._threads cimport threads_for
from cnet._kernels.pool_pixels cimport avg_images, avg_images_grad, gather_pixels, max_images, scatter_pixels
from cnet._kernels.pool_window cimport (
    LINE, TAPS, Geometry, adaptive_row, adaptive_row_grad, beats, by_result, cover, covered, lowest, span, step, value,
    window_count,
)
from cnet._kernels.rowmath cimport row_sum
from cnet._kernels.types cimport index, real

cnp.import_array()

cdef extern from "pool.h" nogil:
    void vf_max_quads(const float *x0, const float *x1, float *y, int *at, int start, int width, Py_ssize_t n)

cdef enum:
    STRIP = 64          # results whose gradients are divided at once
    MANY_PLANES = 32    # from here on a plane is a forward task, not a row: fewer, larger tasks

cdef class Window:
    """Where the windows of a pooling lie. Every argument holds three lengths; `kernel` is None for adaptive pooling."""

    cdef Geometry geo

    def __init__(self, tuple size, tuple out, tuple kernel=None, tuple stride=None, tuple padding=None, tuple dilation=None):
        cdef int i
        self.geo.adaptive = kernel is None
        self.geo.n_in = self.geo.n_out = 1
        for i in range(3):
            self.geo.size[i] = size[i]
            self.geo.out[i] = out[i]
            self.geo.n_in *= size[i]
            self.geo.n_out *= out[i]
            if kernel is None:
                self.geo.k[i] = (size[i] + out[i] - 1) // max(out[i], 1) + 1
            else:
                self.geo.k[i] = kernel[i]
                self.geo.s[i] = stride[i]
                self.geo.p[i] = padding[i]
                self.geo.d[i] = dilation[i]
        if kernel is not None:
            for i in range(min(self.geo.k[2], <Py_ssize_t> TAPS)):
                cover(&self.geo, i, self.geo.lo + i, self.geo.hi + i)
        else:
            for i in range(min(self.geo.out[2], <Py_ssize_t> TAPS)):
                span(&self.geo, 2, i, self.geo.lo + i, self.geo.hi + i)


cdef inline void max_quads(const value *x0, const value *x1, value *y, index *at, index start, index width,
                           Py_ssize_t n) noexcept nogil:
    """A row of 2x2 windows with stride 2."""
    cdef Py_ssize_t i
    cdef value m, v
    cdef index j, b
    for i in range(n):
        b = start + 2 * <index> i
        m = x0[2 * i]
        j = b
        v = x0[2 * i + 1]
        j = b + 1 if beats(v, m) else j
        m = v if beats(v, m) else m
        v = x1[2 * i]
        j = b + width if beats(v, m) else j
        m = v if beats(v, m) else m
        v = x1[2 * i + 1]
        j = b + width + 1 if beats(v, m) else j
        m = v if beats(v, m) else m
        y[i] = m
        at[i] = j


cdef inline void max_tap(const value *x, value *y, index *at, index start, Py_ssize_t stride, Py_ssize_t lo,
                         Py_ssize_t hi) noexcept nogil:
    """Offers one tap of the window to the results [lo, hi); at < 0 marks those that have seen none."""
    # The same loop for each stride that the compiler can load without a gather, and for all others. With stride 2 it leaves
    # the last vector of a row to scalar code, which mispredicts: short rows are better off with the gather.
    if stride == 1:
        max_tap_by(x, y, at, start, 1, lo, hi)
    elif stride == 2 and hi - lo >= 32:
        max_tap_by(x, y, at, start, 2, lo, hi)
    else:
        max_tap_by(x, y, at, start, stride, lo, hi)


cdef inline void max_tap_by(const value *x, value *y, index *at, index start, Py_ssize_t stride, Py_ssize_t lo,
                            Py_ssize_t hi) noexcept nogil:
    cdef Py_ssize_t o
    cdef value v
    cdef bint take
    for o in range(lo, hi):
        v = x[o * stride]
        take = beats(v, y[o]) | (at[o] < 0)
        y[o] = v if take else y[o]
        at[o] = start + <index> o * <index> stride if take else at[o]


cdef inline void max_window(const Geometry *w, const value *x, value *y, index *at, Py_ssize_t d0, Py_ssize_t d1, Py_ssize_t h0,
                            Py_ssize_t h1, Py_ssize_t o) noexcept nogil:
    cdef Py_ssize_t w0, w1, i, j, l, best = -1
    cdef value v, m = lowest(y)
    span(w, 2, o, &w0, &w1)
    for i from d0 <= i < d1 by step(w, 0):
        for j from h0 <= j < h1 by step(w, 1):
            for l in range((i * w.size[1] + j) * w.size[2] + w0, (i * w.size[1] + j) * w.size[2] + w1):
                v = x[l]
                if beats(v, m) or best < 0:
                    m = v
                    best = l
    y[0] = m
    at[0] = <index> best


cdef inline void max_row(const Geometry *w, const value *x, value *y, index *at, Py_ssize_t row) noexcept nogil:
    """One row of results of a plane, with the positions of the maxima in the plane."""
    cdef Py_ssize_t d0, d1, h0, h1, i, j, tap, lo, hi, start, o
    span(w, 0, row // w.out[1], &d0, &d1)
    span(w, 1, row % w.out[1], &h0, &h1)
    y += row * w.out[2]
    at += row * w.out[2]
    if by_result(w):
        for o in range(w.out[2]):
            max_window(w, x, y + o, at + o, d0, d1, h0, h1, o)
        return
    for o in range(w.out[2]):
        y[o] = lowest(y)
        at[o] = -1
    for i from d0 <= i < d1 by w.d[0]:
        for j from h0 <= j < h1 by w.d[1]:
            for tap in range(w.k[2]):
                covered(w, tap, &lo, &hi)
                start = (i * w.size[1] + j) * w.size[2] + tap * w.d[2] - w.p[2]
                max_tap(x + start, y, at, <index> start, w.s[2], lo, hi)


cdef inline bint in_quads(const Geometry *w) noexcept nogil:
    """Whether the windows are 2x2 with stride 2, all inside an image: the commonest pooling."""
    return (not w.adaptive and w.out[0] == 1 and w.k[0] == 1 and w.p[0] == 0 and w.k[1] == 2 and w.k[2] == 2
            and w.s[1] == 2 and w.s[2] == 2 and w.p[1] == 0 and w.p[2] == 0 and w.d[1] == 1 and w.d[2] == 1
            and 2 * w.out[1] <= w.size[1] and 2 * w.out[2] <= w.size[2])


cdef inline void max_plane_quads(const Geometry *w, const value *x, value *y, index *at) noexcept nogil:
    cdef Py_ssize_t r, start
    for r in range(w.out[1]):
        start = 2 * r * w.size[2]
        if value is float and index is int:
            vf_max_quads(x + start, x + start + w.size[2], y + r * w.out[2], at + r * w.out[2], <int> start, <int> w.size[2],
                         w.out[2])
        else:
            max_quads(x + start, x + start + w.size[2], y + r * w.out[2], at + r * w.out[2], <index> start,
                      <index> w.size[2], w.out[2])


cdef void max_planes(const Geometry *w, const value *x, value *y, index *at, Py_ssize_t planes,
                     Py_ssize_t channels) noexcept nogil:
    cdef Py_ssize_t rows = w.out[0] * w.out[1], t, r
    cdef int threads = threads_for(4.0 * planes * w.n_out * w.k[0] * w.k[1] * w.k[2])
    if channels:
        max_images(w, x, y, at, planes // channels, channels)
    elif in_quads(w):
        for t in prange(planes, schedule='static', num_threads=threads):
            max_plane_quads(w, x + t * w.n_in, y + t * w.n_out, at + t * w.n_out)
    elif planes >= MANY_PLANES:
        for t in prange(planes, schedule='static', num_threads=threads):
            for r in range(rows):
                max_row(w, x + t * w.n_in, y + t * w.n_out, at + t * w.n_out, r)
    else:
        for t in prange(planes * rows, schedule='static', num_threads=threads):
            max_row(w, x + t // rows * w.n_in, y + t // rows * w.n_out, at + t // rows * w.n_out, t % rows)


def max_forward(cnp.ndarray x, cnp.ndarray y, cnp.ndarray at, Py_ssize_t planes, Window window, Py_ssize_t channels=0):
    """y = the maxima of the windows (float32, float64 or int64); at (int32 or int64) = their positions in the plane."""
    cdef int t = cnp.PyArray_TYPE(x)
    cdef bint small = cnp.PyArray_ITEMSIZE(at) == 4
    cdef void *xp = cnp.PyArray_DATA(x)
    cdef void *yp = cnp.PyArray_DATA(y)
    cdef void *ap = cnp.PyArray_DATA(at)
    cdef Geometry *w = &window.geo
    with nogil:
        if t == cnp.NPY_FLOAT:
            if small:
                max_planes(w, <float *> xp, <float *> yp, <int *> ap, planes, channels)
            else:
                max_planes(w, <float *> xp, <float *> yp, <long long *> ap, planes, channels)
        elif t == cnp.NPY_DOUBLE:
            if small:
                max_planes(w, <double *> xp, <double *> yp, <int *> ap, planes, channels)
            else:
                max_planes(w, <double *> xp, <double *> yp, <long long *> ap, planes, channels)
        elif small:
            max_planes(w, <long long *> xp, <long long *> yp, <int *> ap, planes, channels)
        else:
            max_planes(w, <long long *> xp, <long long *> yp, <long long *> ap, planes, channels)


cdef void scatter_planes(const value *g, const index *at, value *gx, Py_ssize_t planes, Py_ssize_t n_in, Py_ssize_t n_out,
                         Py_ssize_t channels) noexcept nogil:
    cdef Py_ssize_t t, i
    cdef int threads = threads_for(sizeof(value) * <double> planes * (n_in + 3 * n_out))
    if channels:
        scatter_pixels(g, at, gx, planes // channels, n_in, n_out, channels)
        return
    for t in prange(planes, schedule='static', num_threads=threads):
        memset(gx + t * n_in, 0, n_in * sizeof(value))
        for i in range(n_out):
            if at[t * n_out + i] >= 0:
                gx[t * n_in + at[t * n_out + i]] += g[t * n_out + i]


cdef void gather_planes(const value *x, const index *at, value *y, Py_ssize_t planes, Py_ssize_t n_in, Py_ssize_t n_out,
                        Py_ssize_t channels) noexcept nogil:
    cdef Py_ssize_t t, i
    cdef int threads = threads_for(3.0 * sizeof(value) * planes * n_out)
    if channels:
        gather_pixels(x, at, y, planes // channels, n_in, n_out, channels)
        return
    for t in prange(planes, schedule='static', num_threads=threads):
        for i in range(n_out):
            y[t * n_out + i] = x[t * n_in + at[t * n_out + i]] if at[t * n_out + i] >= 0 else 0


def scatter(cnp.ndarray g, cnp.ndarray at, cnp.ndarray gx, Py_ssize_t planes, Py_ssize_t n_in, Py_ssize_t n_out,
            Py_ssize_t channels=0):
    """gx (planes, n_in) = zeros, plus g (planes, n_out) at the positions `at`, which are valid or -1 for nowhere."""
    cdef bint small = cnp.PyArray_ITEMSIZE(at) == 4
    cdef void *a = cnp.PyArray_DATA(g)
    cdef void *b = cnp.PyArray_DATA(gx)
    cdef void *i = cnp.PyArray_DATA(at)
    cdef bint single = cnp.PyArray_TYPE(g) == cnp.NPY_FLOAT
    with nogil:
        if single and small:
            scatter_planes(<float *> a, <int *> i, <float *> b, planes, n_in, n_out, channels)
        elif single:
            scatter_planes(<float *> a, <long long *> i, <float *> b, planes, n_in, n_out, channels)
        elif small:
            scatter_planes(<double *> a, <int *> i, <double *> b, planes, n_in, n_out, channels)
        else:
            scatter_planes(<double *> a, <long long *> i, <double *> b, planes, n_in, n_out, channels)


def gather(cnp.ndarray x, cnp.ndarray at, cnp.ndarray y, Py_ssize_t planes, Py_ssize_t n_in, Py_ssize_t n_out,
           Py_ssize_t channels=0):
    """y (planes, n_out) = x (planes, n_in) at the positions `at`, which are valid or -1 for nowhere."""
    cdef bint small = cnp.PyArray_ITEMSIZE(at) == 4
    cdef void *a = cnp.PyArray_DATA(x)
    cdef void *b = cnp.PyArray_DATA(y)
    cdef void *i = cnp.PyArray_DATA(at)
    cdef bint single = cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT
    with nogil:
        if single and small:
            gather_planes(<float *> a, <int *> i, <float *> b, planes, n_in, n_out, channels)
        elif single:
            gather_planes(<float *> a, <long long *> i, <float *> b, planes, n_in, n_out, channels)
        elif small:
            gather_planes(<double *> a, <int *> i, <double *> b, planes, n_in, n_out, channels)
        else:
            gather_planes(<double *> a, <long long *> i, <double *> b, planes, n_in, n_out, channels)


cdef inline void add_tap(const real *x, real *y, Py_ssize_t stride, Py_ssize_t lo, Py_ssize_t hi) noexcept nogil:
    cdef Py_ssize_t o
    if stride == 1:
        for o in range(lo, hi):
            y[o] = y[o] + x[o]
    elif stride == 2:
        for o in range(lo, hi):
            y[o] = y[o] + x[2 * o]
    else:
        for o in range(lo, hi):
            y[o] = y[o] + x[o * stride]


cdef inline void avg_row(const Geometry *w, const real *x, real *y, Py_ssize_t row, bint padded, double divisor) noexcept nogil:
    cdef Py_ssize_t d0, d1, h0, h1, w0, w1, i, j, tap, lo, hi, o, start, stride = w.s[2]
    cdef double total
    cdef real n
    if w.adaptive and w.k[2] <= LINE:
        adaptive_row(w, x, y, row)
        return
    span(w, 0, row // w.out[1], &d0, &d1)
    span(w, 1, row % w.out[1], &h0, &h1)
    y += row * w.out[2]
    if by_result(w):
        for o in range(w.out[2]):
            span(w, 2, o, &w0, &w1)
            total = 0
            for i in range(d0, d1):
                for j in range(h0, h1):
                    total += row_sum(x + (i * w.size[1] + j) * w.size[2] + w0, w1 - w0)
            if w.adaptive:
                y[o] = <real> (total / ((d1 - d0) * (h1 - h0) * (w1 - w0)))
            else:
                y[o] = <real> (total / window_count(w, row, o, padded, divisor))
        return
    for o in range(w.out[2]):
        y[o] = 0
    for i in range(d0, d1):
        for j in range(h0, h1):
            for tap in range(w.k[2]):
                covered(w, tap, &lo, &hi)
                start = (i * w.size[1] + j) * w.size[2] + tap - w.p[2]
                add_tap(x + start, y, stride, lo, hi)
    if divisor > 0 or w.p[2] == 0 and (w.out[2] - 1) * stride + w.k[2] <= w.size[2]:
        n = <real> window_count(w, row, 0, padded, divisor)
        for o in range(w.out[2]):
            y[o] = y[o] / n
    else:
        for o in range(w.out[2]):
            y[o] = y[o] / <real> window_count(w, row, o, padded, divisor)


cdef void avg_planes(const Geometry *w, const real *x, real *y, Py_ssize_t planes, bint padded, double divisor,
                     Py_ssize_t channels) noexcept nogil:
    cdef Py_ssize_t rows = w.out[0] * w.out[1], t, r
    cdef int threads = threads_for(3.0 * planes * w.n_out * w.k[0] * w.k[1] * w.k[2])
    if channels:
        avg_images(w, x, y, planes // channels, channels, padded, divisor)
    elif w.adaptive and w.n_out == 1:
        for t in prange(planes, schedule='static', num_threads=threads):
            y[t] = <real> (row_sum(x + t * w.n_in, w.n_in) / w.n_in)
    elif planes >= MANY_PLANES:
        for t in prange(planes, schedule='static', num_threads=threads):
            for r in range(rows):
                avg_row(w, x + t * w.n_in, y + t * w.n_out, r, padded, divisor)
    else:
        for t in prange(planes * rows, schedule='static', num_threads=threads):
            avg_row(w, x + t // rows * w.n_in, y + t // rows * w.n_out, t % rows, padded, divisor)


def avg_forward(cnp.ndarray x, cnp.ndarray y, Py_ssize_t planes, Window window, bint padded, double divisor,
                Py_ssize_t channels=0):
    """y = the means of the windows; `padded` counts the padding, and `divisor`, if not 0, replaces the count."""
    cdef void *xp = cnp.PyArray_DATA(x)
    cdef void *yp = cnp.PyArray_DATA(y)
    cdef bint single = cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT
    with nogil:
        if single:
            avg_planes(&window.geo, <float *> xp, <float *> yp, planes, padded, divisor, channels)
        else:
            avg_planes(&window.geo, <double *> xp, <double *> yp, planes, padded, divisor, channels)


cdef inline void avg_row_grad(const Geometry *w, const real *g, real *gx, Py_ssize_t row, bint padded,
                              double divisor) noexcept nogil:
    """Adds what one row of results contributes to the gradient of its plane."""
    cdef real[STRIP] part
    cdef Py_ssize_t d0, d1, h0, h1, w0, w1, i, j, l, tap, lo, hi, o, o0, start, stride = w.s[2]
    cdef real v
    if w.adaptive and w.k[2] <= LINE:
        adaptive_row_grad(w, g, gx, row)
        return
    span(w, 0, row // w.out[1], &d0, &d1)
    span(w, 1, row % w.out[1], &h0, &h1)
    g += row * w.out[2]
    if by_result(w):
        for o in range(w.out[2]):
            span(w, 2, o, &w0, &w1)
            if w.adaptive:
                v = g[o] / <real> ((d1 - d0) * (h1 - h0) * (w1 - w0))
            else:
                v = g[o] / <real> window_count(w, row, o, padded, divisor)
            for i in range(d0, d1):
                for j in range(h0, h1):
                    start = (i * w.size[1] + j) * w.size[2]
                    for l in range(start + w0, start + w1):
                        gx[l] = gx[l] + v
        return
    for o0 from 0 <= o0 < w.out[2] by STRIP:
        for o in range(min(w.out[2] - o0, <Py_ssize_t> STRIP)):
            part[o] = g[o0 + o] / <real> window_count(w, row, o0 + o, padded, divisor)
        for i in range(d0, d1):
            for j in range(h0, h1):
                for tap in range(w.k[2]):
                    covered(w, tap, &lo, &hi)
                    start = (i * w.size[1] + j) * w.size[2] + tap - w.p[2]
                    for o in range(max(lo, o0), min(hi, o0 + STRIP)):
                        gx[start + o * stride] = gx[start + o * stride] + part[o - o0]


cdef inline void fill(real *x, real v, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        x[i] = v


cdef void avg_planes_grad(const Geometry *w, const real *g, real *gx, Py_ssize_t planes, bint padded, double divisor,
                          Py_ssize_t channels) noexcept nogil:
    cdef Py_ssize_t t, r
    cdef int threads = threads_for(3.0 * planes * w.n_out * w.k[0] * w.k[1] * w.k[2])
    if channels:
        avg_images_grad(w, g, gx, planes // channels, channels, padded, divisor)
        return
    if w.adaptive and w.n_out == 1:
        for t in prange(planes, schedule='static', num_threads=threads):
            fill(gx + t * w.n_in, <real> (g[t] / w.n_in), w.n_in)
        return
    for t in prange(planes, schedule='static', num_threads=threads):
        memset(gx + t * w.n_in, 0, w.n_in * sizeof(real))
        for r in range(w.out[0] * w.out[1]):
            avg_row_grad(w, g + t * w.n_out, gx + t * w.n_in, r, padded, divisor)


def avg_grad(cnp.ndarray g, cnp.ndarray gx, Py_ssize_t planes, Window window, bint padded, double divisor,
             Py_ssize_t channels=0):
    """gx, the gradient of the input of `avg_forward`, from the gradient g of its output."""
    cdef void *gp = cnp.PyArray_DATA(g)
    cdef void *xp = cnp.PyArray_DATA(gx)
    cdef bint single = cnp.PyArray_TYPE(g) == cnp.NPY_FLOAT
    with nogil:
        if single:
            avg_planes_grad(&window.geo, <float *> gp, <float *> xp, planes, padded, divisor, channels)
        else:
            avg_planes_grad(&window.geo, <double *> gp, <double *> xp, planes, padded, divisor, channels)
