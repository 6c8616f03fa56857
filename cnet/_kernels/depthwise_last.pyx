"""Depthwise convolutions of images whose channels come last in memory: x[N, H, W, C], y[N, H', W', C], one result per channel.

Every inner loop runs along the channels of a pixel, so neither strides nor the borders of images need copies. Weights are
[taps, C]. A number of a tap costs three loads and a store, all but those of x in the first-level cache; windows of 3x3 pixels
slide along two rows of results instead (depthwise_last_ukr.h).
"""

cimport numpy as cnp
from cython.parallel cimport prange
from libc.stdint cimport uint64_t
from libc.string cimport memcpy, memset

from cnet._kernels._threads cimport threads_for
from cnet._kernels.conv_shape cimport Geometry, geometry
from cnet._kernels.types cimport real

cnp.import_array()

cdef extern from "flush.h" nogil:
    uint64_t flush_begin()
    void flush_end(uint64_t old)

cdef extern from "depthwise_last_ukr.h" nogil:
    enum:
        SLIDE_ROWS
        SLIDE_LINES
    void vf_slide(int rows, int stride, Py_ssize_t W, Py_ssize_t out, Py_ssize_t C, const float **x, const float *w,
                  const float *b, float *y)
    void vd_slide(int rows, int stride, Py_ssize_t W, Py_ssize_t out, Py_ssize_t C, const double **x, const double *w,
                  const double *b, double *y)
    void vf_slide_dots(int rows, int stride, Py_ssize_t W, Py_ssize_t out, Py_ssize_t C, const float **x, const float *g,
                       float *sums)
    void vd_slide_dots(int rows, int stride, Py_ssize_t W, Py_ssize_t out, Py_ssize_t C, const double **x, const double *g,
                       double *sums)
    void vf_slide_spread(int rows, Py_ssize_t W, Py_ssize_t out, Py_ssize_t C, const float **g, const float *w, const float *b,
                         float *x)
    void vd_slide_spread(int rows, Py_ssize_t W, Py_ssize_t out, Py_ssize_t C, const double **g, const double *w,
                         const double *b, double *x)

cdef enum Kind:
    FORWARD
    INPUT_GRAD
    WEIGHT_GRAD


cdef inline int slides(const Geometry *s) noexcept nogil:
    """By how many pixels windows slide along rows, or 0."""
    cdef bint plain = (s.kernel[1] == 3 and s.kernel[2] == 3 and s.dilation[1] == 1 and s.dilation[2] == 1 and s.pad[2] == 1
                       and s.stride[1] == s.stride[2] and s.stride[2] <= 2)
    return <int> s.stride[2] if plain else 0


cdef inline void lines_of(const real *x, Py_ssize_t height, Py_ssize_t line, Py_ssize_t row, const real **lines) noexcept nogil:
    """Lists rows of an image of so many rows from this one on, NULL for those above and below."""
    cdef int i
    for i in range(SLIDE_LINES):
        lines[i] = x + (row + i) * line if 0 <= row + i < height else NULL


cdef inline void clear(Py_ssize_t C, const real *bias, real *y) noexcept nogil:
    if bias != NULL:
        memcpy(y, bias, C * sizeof(real))
    else:
        memset(y, 0, C * sizeof(real))


cdef inline void add(Py_ssize_t C, const real *x, const real *w, real *y) noexcept nogil:
    cdef Py_ssize_t c
    for c in range(C):
        y[c] = y[c] + x[c] * w[c]


cdef inline void forward_rows(const Geometry *s, const real *x, const real *w, const real *bias, real *y,
                              Py_ssize_t first) noexcept nogil:
    """SLIDE_ROWS rows of results of an image x."""
    cdef Py_ssize_t C = s.C, o, i, j, h, at, row
    cdef const real *lines[SLIDE_LINES]
    cdef int count = <int> min(s.out[1] - first, <Py_ssize_t> SLIDE_ROWS), stride = slides(s)
    if stride:
        lines_of(x, s.size[1], s.size[2] * C, first * stride - s.pad[1], lines)
        if real is float:
            vf_slide(count, stride, s.size[2], s.out[2], C, lines, w, bias, y + first * s.out[2] * C)
        else:
            vd_slide(count, stride, s.size[2], s.out[2], C, lines, w, bias, y + first * s.out[2] * C)
        return
    for row in range(first, first + count):
        for o in range(s.out[2]):
            clear(C, bias, y + (row * s.out[2] + o) * C)
            at = o * s.stride[2] - s.pad[2]
            for i in range(s.kernel[1]):
                h = row * s.stride[1] - s.pad[1] + i * s.dilation[1]
                if h < 0 or h >= s.size[1]:
                    continue
                for j in range(s.kernel[2]):
                    if 0 <= at + j * s.dilation[2] < s.size[2]:
                        add(C, x + (h * s.size[2] + at + j * s.dilation[2]) * C, w + (i * s.kernel[2] + j) * C,
                            y + (row * s.out[2] + o) * C)


cdef inline bint hit(const Geometry *s, int axis, Py_ssize_t place, Py_ssize_t tap, Py_ssize_t *o) noexcept nogil:
    """Whether a tap reads the place for some result, and for which."""
    cdef Py_ssize_t at = place + s.pad[axis] - tap * s.dilation[axis]
    o[0] = at // s.stride[axis]
    return at >= 0 and at % s.stride[axis] == 0 and o[0] < s.out[axis]


cdef inline void input_grad_rows(const Geometry *s, const real *g, const real *w, const real *bias, real *x,
                                 Py_ssize_t first) noexcept nogil:
    """SLIDE_ROWS rows of the gradient of an image."""
    cdef Py_ssize_t C = s.C, o, i, j, h, v, row
    cdef const real *lines[SLIDE_LINES]
    cdef int count = <int> min(s.size[1] - first, <Py_ssize_t> SLIDE_ROWS)
    if slides(s) == 2 and s.pad[1] == 1 and s.out[2] == (s.size[2] + 1) // 2:
        lines_of(g, s.out[1], s.out[2] * C, first // 2, lines)
        if real is float:
            vf_slide_spread(count, s.size[2], s.out[2], C, lines, w, bias, x + first * s.size[2] * C)
        else:
            vd_slide_spread(count, s.size[2], s.out[2], C, lines, w, bias, x + first * s.size[2] * C)
        return
    for row in range(first, first + count):
        for o in range(s.size[2]):
            clear(C, bias, x + (row * s.size[2] + o) * C)
            for i in range(s.kernel[1]):
                if hit(s, 1, row, i, &h):
                    for j in range(s.kernel[2]):
                        if hit(s, 2, o, j, &v):
                            add(C, g + (h * s.out[2] + v) * C, w + (i * s.kernel[2] + j) * C, x + (row * s.size[2] + o) * C)


cdef inline void add_row(const Geometry *s, const real *x, const real *g, real *sums, Py_ssize_t row) noexcept nogil:
    """sums[taps, C] += what a row of results gives to the gradient of the weights."""
    cdef Py_ssize_t C = s.C, o, i, j, h, at
    for i in range(s.kernel[1]):
        h = row * s.stride[1] - s.pad[1] + i * s.dilation[1]
        if h < 0 or h >= s.size[1]:
            continue
        for o in range(s.out[2]):
            for j in range(s.kernel[2]):
                at = o * s.stride[2] - s.pad[2] + j * s.dilation[2]
                if 0 <= at < s.size[2]:
                    add(C, x + (h * s.size[2] + at) * C, g + (row * s.out[2] + o) * C, sums + (i * s.kernel[2] + j) * C)


cdef inline void weight_grad_image(const Geometry *s, const real *x, const real *g, real *total) noexcept nogil:
    """total[taps, C] = what an image gives; the sums of SLIDE_ROWS rows of results are in total[taps:], to bound the error."""
    cdef Py_ssize_t C = s.C, T = s.kernel[1] * s.kernel[2], first, row, i
    cdef real *sums = total + T * C
    cdef const real *lines[SLIDE_LINES]
    cdef int count, stride = slides(s)
    memset(total, 0, T * C * sizeof(real))
    for first from 0 <= first < s.out[1] by SLIDE_ROWS:
        count = <int> min(s.out[1] - first, <Py_ssize_t> SLIDE_ROWS)
        if stride:
            lines_of(x, s.size[1], s.size[2] * C, first * stride - s.pad[1], lines)
            if real is float:
                vf_slide_dots(count, stride, s.size[2], s.out[2], C, lines, g + first * s.out[2] * C, sums)
            else:
                vd_slide_dots(count, stride, s.size[2], s.out[2], C, lines, g + first * s.out[2] * C, sums)
        else:
            memset(sums, 0, T * C * sizeof(real))
            for row in range(first, first + count):
                add_row(s, x, g, sums, row)
        for i in range(T * C):
            total[i] = total[i] + sums[i]


cdef void run(Kind kind, const Geometry *s, const real *a, const real *w, const real *bias, real *to) noexcept nogil:
    """What the entries below say; a task is SLIDE_ROWS rows of a result, or the gradient of weights by an image."""
    cdef Py_ssize_t t, image, rows = s.size[1] if kind == INPUT_GRAD else s.out[1]
    cdef Py_ssize_t tiles = 1 if kind == WEIGHT_GRAD else (rows + SLIDE_ROWS - 1) // SLIDE_ROWS
    cdef Py_ssize_t x = s.size[1] * s.size[2] * s.C, y = s.out[1] * s.out[2] * s.C, taps = s.kernel[1] * s.kernel[2]
    cdef uint64_t mode
    # As `threads_for` counts: a number of a tap takes about a tenth of a nanosecond.
    for t in prange(s.N * tiles, schedule='static', num_threads=threads_for(<double> s.N * y * (taps + 4))):
        image = t // tiles
        mode = flush_begin()
        if kind == FORWARD:
            forward_rows(s, a + image * x, w, bias, to + image * y, t % tiles * SLIDE_ROWS)
        elif kind == INPUT_GRAD:
            input_grad_rows(s, a + image * y, w, bias, to + image * x, t % tiles * SLIDE_ROWS)
        else:
            weight_grad_image(s, a + image * x, w + image * y, to + image * 2 * taps * s.C)
        flush_end(mode)


cdef cnp.ndarray fill(Kind kind, Geometry s, cnp.ndarray a, cnp.ndarray w, cnp.ndarray bias, cnp.ndarray to):
    cdef char *b = NULL if bias is None else <char *> cnp.PyArray_DATA(bias)
    with nogil:
        if s.kind == cnp.NPY_FLOAT:
            run(kind, &s, <float *> cnp.PyArray_DATA(a), <float *> cnp.PyArray_DATA(w), <float *> b, <float *> cnp.PyArray_DATA(to))
        else:
            run(kind, &s, <double *> cnp.PyArray_DATA(a), <double *> cnp.PyArray_DATA(w), <double *> b,
                <double *> cnp.PyArray_DATA(to))
    return to


def conv_forward(cnp.ndarray x, cnp.ndarray w, cnp.ndarray bias, cnp.ndarray y, tuple kernel, tuple stride, tuple padding,
                 tuple dilation):
    """Fill y[N, C, H', W'], the convolution of x[N, C, H, W] by w[taps, C] plus bias[C] unless that is None. In x and y channels
    come last in memory. kernel: the shape of the weights as a convolution has them."""
    return fill(FORWARD, geometry(x, y, kernel, stride, padding, dilation, kernel[0]), x, w, bias, y)


def conv_input_grad(cnp.ndarray g, cnp.ndarray w, cnp.ndarray bias, cnp.ndarray x, tuple kernel, tuple stride, tuple padding,
                    tuple dilation):
    """Fill x[N, C, H, W], the gradient of the input of `conv_forward` plus bias[C] unless that is None."""
    return fill(INPUT_GRAD, geometry(x, g, kernel, stride, padding, dilation, kernel[0]), g, w, bias, x)


def conv_weight_grad(cnp.ndarray x, cnp.ndarray g, cnp.ndarray parts, tuple kernel, tuple stride, tuple padding, tuple dilation):
    """Fill parts[N, 2, taps, C]: parts[:, 0] is what each image gives to the gradient of the weights, the rest is scratch."""
    return fill(WEIGHT_GRAD, geometry(x, g, kernel, stride, padding, dilation, kernel[0]), x, g, None, parts)
