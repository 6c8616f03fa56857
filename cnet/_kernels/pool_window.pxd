"""Where the windows of a pooling lie, what counts as a maximum, and the means of adaptive ones."""

from libc.limits cimport LLONG_MIN
from libc.math cimport INFINITY

from cnet._kernels.types cimport real

cdef enum:
    TAPS = 16           # taps whose range is remembered
    LINE = 512          # columns that adaptive means add up at once

ctypedef fused value:
    float
    double
    long long

cdef struct Geometry:
    Py_ssize_t[3] size      # of the input
    Py_ssize_t[3] out       # of the output
    Py_ssize_t[3] k         # window
    Py_ssize_t[3] s         # stride
    Py_ssize_t[3] p         # padding
    Py_ssize_t[3] d         # dilation
    Py_ssize_t n_in         # elements of an input plane
    Py_ssize_t n_out
    Py_ssize_t[TAPS] lo       # `covered` of the first taps, or `span` of the first adaptive windows of a row: two divisions
    Py_ssize_t[TAPS] hi       # each, for every row otherwise
    bint adaptive           # windows [o * size / out, (o + 1) * size / out), borders rounded outwards


cdef inline void span(const Geometry *w, int axis, Py_ssize_t o, Py_ssize_t *first, Py_ssize_t *end) noexcept nogil:
    """The inputs [first, end), in steps of the dilation, that window `o` covers along an axis."""
    cdef Py_ssize_t a, b
    if w.adaptive:
        first[0] = o * w.size[axis] // w.out[axis]
        end[0] = ((o + 1) * w.size[axis] + w.out[axis] - 1) // w.out[axis]
        return
    a = o * w.s[axis] - w.p[axis]
    b = a + (w.k[axis] - 1) * w.d[axis] + 1
    if a < 0:
        a += (-a + w.d[axis] - 1) // w.d[axis] * w.d[axis]
    first[0] = a
    end[0] = min(b, w.size[axis])


cdef inline Py_ssize_t step(const Geometry *w, int axis) noexcept nogil:
    return 1 if w.adaptive else w.d[axis]


cdef inline Py_ssize_t extent(const Geometry *w, int axis, Py_ssize_t o, bint padded) noexcept nogil:
    """How many elements window `o` has along an axis; `padded` counts those in the padding too."""
    cdef Py_ssize_t a = o * w.s[axis] - w.p[axis]
    cdef Py_ssize_t b = min(a + w.k[axis], w.size[axis] + w.p[axis])
    if padded:
        return b - a
    return min(b, w.size[axis]) - max(a, <Py_ssize_t> 0)


cdef inline double window_count(const Geometry *w, Py_ssize_t row, Py_ssize_t o, bint padded, double divisor) noexcept nogil:
    """What the sum of a window of fixed size is divided by."""
    if divisor != 0:
        return divisor
    return <double> (extent(w, 0, row // w.out[1], padded) * extent(w, 1, row % w.out[1], padded) * extent(w, 2, o, padded))


cdef inline value lowest(const value *like) noexcept nogil:
    """The maximum of nothing: a window with dilation may lie in the padding altogether. Its position is -1."""
    if value is float or value is double:
        return <value> -INFINITY
    else:
        return LLONG_MIN


cdef inline bint beats(value v, value m) noexcept nogil:
    """Whether v replaces the maximum m: ties go to the first, NaN beats everything, the last NaN wins."""
    if value is float or value is double:
        return (v > m) | (v != v)
    else:
        return v > m


cdef inline bint by_result(const Geometry *w) noexcept nogil:
    """Whether to take one result at a time instead of one tap at a time."""
    return w.adaptive or w.k[2] > w.out[2] and w.d[2] == 1


cdef inline void cover(const Geometry *w, Py_ssize_t tap, Py_ssize_t *lo, Py_ssize_t *hi) noexcept nogil:
    """The results [lo, hi) of a row for which a tap of the window falls inside the input."""
    cdef Py_ssize_t off = tap * w.d[2] - w.p[2]
    lo[0] = 0 if off >= 0 else (-off + w.s[2] - 1) // w.s[2]
    hi[0] = 0 if off >= w.size[2] else min(w.out[2], (w.size[2] - 1 - off) // w.s[2] + 1)


cdef inline void covered(const Geometry *w, Py_ssize_t tap, Py_ssize_t *lo, Py_ssize_t *hi) noexcept nogil:
    if tap < TAPS:
        lo[0] = w.lo[tap]
        hi[0] = w.hi[tap]
    else:
        cover(w, tap, lo, hi)


cdef inline void adaptive_span(const Geometry *w, Py_ssize_t o, Py_ssize_t *first, Py_ssize_t *end) noexcept nogil:
    if o < TAPS:
        first[0] = w.lo[o]
        end[0] = w.hi[o]
    else:
        span(w, 2, o, first, end)


cdef inline Py_ssize_t line_windows(const Geometry *w, Py_ssize_t o, Py_ssize_t *first, Py_ssize_t *end) noexcept nogil:
    """The columns of as many windows from `o` on as a line holds; returns the window after them."""
    cdef Py_ssize_t a, b
    adaptive_span(w, o, first, end)
    while o + 1 < w.out[2]:
        adaptive_span(w, o + 1, &a, &b)
        if b - first[0] > LINE:
            break
        end[0] = b
        o += 1
    return o + 1


cdef inline void adaptive_row(const Geometry *w, const real *x, real *y, Py_ssize_t row) noexcept nogil:
    """A row of means of windows up to LINE wide."""
    cdef double[LINE] line
    cdef Py_ssize_t d0, d1, h0, h1, w0, w1, first, end, i, j, l, o = 0, last
    cdef const real *source
    cdef double total
    span(w, 0, row // w.out[1], &d0, &d1)
    span(w, 1, row % w.out[1], &h0, &h1)
    y += row * w.out[2]
    while o < w.out[2]:
        last = line_windows(w, o, &first, &end)
        for l in range(end - first):
            line[l] = 0
        for i in range(d0, d1):
            for j in range(h0, h1):
                source = x + (i * w.size[1] + j) * w.size[2] + first
                for l in range(end - first):
                    line[l] += source[l]
        for o in range(o, last):
            adaptive_span(w, o, &w0, &w1)
            total = 0
            for l in range(w0 - first, w1 - first):
                total += line[l]
            y[o] = <real> (total / ((d1 - d0) * (h1 - h0) * (w1 - w0)))
        o = last


cdef inline void adaptive_row_grad(const Geometry *w, const real *g, real *gx, Py_ssize_t row) noexcept nogil:
    """Adds what a row of means contributes to the gradient of its plane, windows being up to LINE wide."""
    cdef real[LINE] line
    cdef Py_ssize_t d0, d1, h0, h1, w0, w1, first, end, i, j, l, o = 0, last
    cdef real *to
    cdef real v
    span(w, 0, row // w.out[1], &d0, &d1)
    span(w, 1, row % w.out[1], &h0, &h1)
    g += row * w.out[2]
    while o < w.out[2]:
        last = line_windows(w, o, &first, &end)
        for l in range(end - first):
            line[l] = 0
        for o in range(o, last):
            adaptive_span(w, o, &w0, &w1)
            v = g[o] / <real> ((d1 - d0) * (h1 - h0) * (w1 - w0))
            for l in range(w0 - first, w1 - first):
                line[l] = line[l] + v
        o = last
        for i in range(d0, d1):
            for j in range(h0, h1):
                to = gx + (i * w.size[1] + j) * w.size[2] + first
                for l in range(end - first):
                    to[l] = to[l] + line[l]
