"""Depthwise convolutions of images whose channels come last in memory: x[N, H, W, C], y[N, H', W', C], one result per channel.

Every inner loop runs along the channels of a pixel, so neither strides nor the borders of images need copies. Weights are
[taps, C]. A number of a tap costs three loads and a store, all but those of x in the first-level cache; windows of 3x3 pixels
with stride 1 inside an image slide along rows instead (depthwise_last_ukr.h).
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
    void vf_slide(Py_ssize_t W, Py_ssize_t C, const float *x0, const float *x1, const float *x2, const float *w, const float *b,
                  float *y)
    void vd_slide(Py_ssize_t W, Py_ssize_t C, const double *x0, const double *x1, const double *x2, const double *w,
                  const double *b, double *y)
    void vf_slide_dots(Py_ssize_t W, Py_ssize_t C, const float *x0, const float *x1, const float *x2, const float *g, float *sums)
    void vd_slide_dots(Py_ssize_t W, Py_ssize_t C, const double *x0, const double *x1, const double *x2, const double *g,
                       double *sums)


cdef inline bint slides(const Geometry *s, Py_ssize_t row) noexcept nogil:
    """Whether a row of results comes from windows that slide along three rows of an image."""
    return (s.kernel[1] == 3 and s.kernel[2] == 3 and s.stride[1] == 1 and s.stride[2] == 1 and s.dilation[1] == 1
            and s.dilation[2] == 1 and s.pad[2] == 1 and row >= s.pad[1] and row - s.pad[1] + 3 <= s.size[1])


cdef inline void slide(const Geometry *s, const real *x, const real *w, const real *bias, real *y) noexcept nogil:
    cdef Py_ssize_t C = s.C, W = s.size[2]
    if real is float:
        vf_slide(W, C, x, x + W * C, x + 2 * W * C, w, bias, y)
    else:
        vd_slide(W, C, x, x + W * C, x + 2 * W * C, w, bias, y)


cdef inline void slide_dots(const Geometry *s, const real *x, const real *g, real *sums) noexcept nogil:
    cdef Py_ssize_t C = s.C, W = s.size[2]
    if real is float:
        vf_slide_dots(W, C, x, x + W * C, x + 2 * W * C, g, sums)
    else:
        vd_slide_dots(W, C, x, x + W * C, x + 2 * W * C, g, sums)


cdef inline void clear(Py_ssize_t C, const real *bias, real *y) noexcept nogil:
    if bias != NULL:
        memcpy(y, bias, C * sizeof(real))
    else:
        memset(y, 0, C * sizeof(real))


cdef inline void add(Py_ssize_t C, const real *x, const real *w, real *y) noexcept nogil:
    cdef Py_ssize_t c
    for c in range(C):
        y[c] = y[c] + x[c] * w[c]


cdef inline void forward_row(const Geometry *s, const real *x, const real *w, const real *bias, real *y,
                             Py_ssize_t row) noexcept nogil:
    """One row of results of an image x."""
    cdef Py_ssize_t C = s.C, o, i, j, h, at
    if slides(s, row):
        slide(s, x + (row - s.pad[1]) * s.size[2] * C, w, bias, y)
        return
    for o in range(s.out[2]):
        clear(C, bias, y + o * C)
        at = o * s.stride[2] - s.pad[2]
        for i in range(s.kernel[1]):
            h = row * s.stride[1] - s.pad[1] + i * s.dilation[1]
            if h < 0 or h >= s.size[1]:
                continue
            for j in range(s.kernel[2]):
                if 0 <= at + j * s.dilation[2] < s.size[2]:
                    add(C, x + (h * s.size[2] + at + j * s.dilation[2]) * C, w + (i * s.kernel[2] + j) * C, y + o * C)


cdef inline bint hit(const Geometry *s, int axis, Py_ssize_t place, Py_ssize_t tap, Py_ssize_t *o) noexcept nogil:
    """Whether a tap reads the place for some result, and for which."""
    cdef Py_ssize_t at = place + s.pad[axis] - tap * s.dilation[axis]
    o[0] = at // s.stride[axis]
    return at >= 0 and at % s.stride[axis] == 0 and o[0] < s.out[axis]


cdef inline void input_grad_row(const Geometry *s, const real *g, const real *w, const real *bias, real *x,
                                Py_ssize_t row) noexcept nogil:
    """One row of the gradient of an image."""
    cdef Py_ssize_t C = s.C, o, i, j, h, v
    for o in range(s.size[2]):
        clear(C, bias, x + o * C)
        for i in range(s.kernel[1]):
            if hit(s, 1, row, i, &h):
                for j in range(s.kernel[2]):
                    if hit(s, 2, o, j, &v):
                        add(C, g + (h * s.out[2] + v) * C, w + (i * s.kernel[2] + j) * C, x + o * C)


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
    """total[taps, C] = what an image gives; the sums of a row of results are in total[taps:], to bound the error."""
    cdef Py_ssize_t C = s.C, T = s.kernel[1] * s.kernel[2], row, i
    cdef real *sums = total + T * C
    memset(total, 0, T * C * sizeof(real))
    for row in range(s.out[1]):
        if slides(s, row):
            slide_dots(s, x + (row - s.pad[1]) * s.size[2] * C, g + row * s.out[2] * C, sums)
        else:
            memset(sums, 0, T * C * sizeof(real))
            add_row(s, x, g, sums, row)
        for i in range(T * C):
            total[i] = total[i] + sums[i]


cdef inline double work(const Geometry *s) noexcept nogil:
    """As `threads_for` counts: a number of a tap takes about a tenth of a nanosecond."""
    return <double> s.N * s.out[1] * s.out[2] * s.C * (s.kernel[1] * s.kernel[2] + 4)


cdef void forward(const Geometry *s, const real *x, const real *w, const real *bias, real *y) noexcept nogil:
    cdef Py_ssize_t t, rows = s.out[1]
    cdef uint64_t mode
    for t in prange(s.N * rows, schedule='static', num_threads=threads_for(work(s))):
        mode = flush_begin()
        forward_row(s, x + t // rows * s.size[1] * s.size[2] * s.C, w, bias, y + t * s.out[2] * s.C, t % rows)
        flush_end(mode)


cdef void input_grad(const Geometry *s, const real *g, const real *w, const real *bias, real *x) noexcept nogil:
    cdef Py_ssize_t t, rows = s.size[1]
    cdef uint64_t mode
    for t in prange(s.N * rows, schedule='static', num_threads=threads_for(work(s))):
        mode = flush_begin()
        input_grad_row(s, g + t // rows * s.out[1] * s.out[2] * s.C, w, bias, x + t * s.size[2] * s.C, t % rows)
        flush_end(mode)


cdef void weight_grad(const Geometry *s, const real *x, const real *g, real *parts) noexcept nogil:
    cdef Py_ssize_t t
    cdef uint64_t mode
    for t in prange(s.N, schedule='static', num_threads=threads_for(work(s))):
        mode = flush_begin()
        weight_grad_image(s, x + t * s.size[1] * s.size[2] * s.C, g + t * s.out[1] * s.out[2] * s.C,
                          parts + t * 2 * s.kernel[1] * s.kernel[2] * s.C)
        flush_end(mode)


def conv_forward(cnp.ndarray x, cnp.ndarray w, cnp.ndarray bias, cnp.ndarray y, tuple kernel, tuple stride, tuple padding,
                 tuple dilation):
    """Fill y[N, C, H', W'], the convolution of x[N, C, H, W] by w[taps, C] plus bias[C] unless that is None. In x and y channels
    come last in memory. kernel: the shape of the weights as a convolution has them."""
    cdef Geometry s = geometry(x, y, kernel, stride, padding, dilation, kernel[0])
    cdef char *b = NULL if bias is None else <char *> cnp.PyArray_DATA(bias)
    with nogil:
        if s.kind == cnp.NPY_FLOAT:
            forward(&s, <float *> cnp.PyArray_DATA(x), <float *> cnp.PyArray_DATA(w), <float *> b, <float *> cnp.PyArray_DATA(y))
        else:
            forward(&s, <double *> cnp.PyArray_DATA(x), <double *> cnp.PyArray_DATA(w), <double *> b,
                    <double *> cnp.PyArray_DATA(y))
    return y


def conv_input_grad(cnp.ndarray g, cnp.ndarray w, cnp.ndarray bias, cnp.ndarray x, tuple kernel, tuple stride, tuple padding,
                    tuple dilation):
    """Fill x[N, C, H, W], the gradient of the input of `conv_forward` plus bias[C] unless that is None."""
    cdef Geometry s = geometry(x, g, kernel, stride, padding, dilation, kernel[0])
    cdef char *b = NULL if bias is None else <char *> cnp.PyArray_DATA(bias)
    with nogil:
        if s.kind == cnp.NPY_FLOAT:
            input_grad(&s, <float *> cnp.PyArray_DATA(g), <float *> cnp.PyArray_DATA(w), <float *> b,
                       <float *> cnp.PyArray_DATA(x))
        else:
            input_grad(&s, <double *> cnp.PyArray_DATA(g), <double *> cnp.PyArray_DATA(w), <double *> b,
                       <double *> cnp.PyArray_DATA(x))
    return x


def conv_weight_grad(cnp.ndarray x, cnp.ndarray g, cnp.ndarray parts, tuple kernel, tuple stride, tuple padding, tuple dilation):
    """Fill parts[N, 2, taps, C]: parts[:, 0] is what each image gives to the gradient of the weights, the rest is scratch."""
    cdef Geometry s = geometry(x, g, kernel, stride, padding, dilation, kernel[0])
    with nogil:
        if s.kind == cnp.NPY_FLOAT:
            weight_grad(&s, <float *> cnp.PyArray_DATA(x), <float *> cnp.PyArray_DATA(g), <float *> cnp.PyArray_DATA(parts))
        else:
            weight_grad(&s, <double *> cnp.PyArray_DATA(x), <double *> cnp.PyArray_DATA(g),
                        <double *> cnp.PyArray_DATA(parts))
    return parts
