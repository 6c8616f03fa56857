"""Residual connections: dropout by bits, and the sum of two arrays with its layer norm, forward and backward.

Bits say what dropout keeps: one per number in C order, the first in the lowest bit of the first byte, four bytes more.
"""

cimport numpy as cnp
from cython.parallel cimport prange
from libc.string cimport memset

from cnet._kernels._alloc cimport new_array
from cnet._kernels._threads cimport threads_for
from cnet._kernels.keepbits cimport drop
from cnet._kernels.types cimport real

cdef extern from "residual.h" nogil:
    void vf_add_norm_row(const float *x, const float *y, const unsigned char *bits, Py_ssize_t at, float gain, const float *w,
                         const float *b, double eps, float *s, float *out, float *mean, float *rstd, Py_ssize_t n)
    void vd_add_norm_row(const double *x, const double *y, const unsigned char *bits, Py_ssize_t at, double gain,
                         const double *w, const double *b, double eps, double *s, double *out, double *mean, double *rstd,
                         Py_ssize_t n)
    void vf_add_norm_grad_row(const float *g, const float *more, const float *s, const float *w, float mean, float rstd,
                              const unsigned char *bits, Py_ssize_t at, float gain, float *gx, float *gy, float *gw,
                              float *gb, Py_ssize_t n)
    void vd_add_norm_grad_row(const double *g, const double *more, const double *s, const double *w, double mean, double rstd,
                              const unsigned char *bits, Py_ssize_t at, double gain, double *gx, double *gy, double *gw,
                              double *gb, Py_ssize_t n)

cnp.import_array()

cdef enum:
    STRIP = 8192    # numbers dropped per task; a multiple of 8, so that tasks start at whole bytes
    PARTS = 32      # pieces of rows whose sums for the gradients of w and b are kept apart
    PART_ROWS = 8   # least rows of a piece


cdef inline void *data(cnp.ndarray a) noexcept nogil:
    return NULL if a is None else cnp.PyArray_DATA(a)


cdef void drop_all(const real *x, real *y, Py_ssize_t n, const unsigned char *bits, real gain) noexcept nogil:
    cdef Py_ssize_t t
    for t in prange((n + STRIP - 1) // STRIP, num_threads=threads_for(4.0 * n)):
        drop(x + t * STRIP, y + t * STRIP, min(<Py_ssize_t> STRIP, n - t * STRIP), bits, t * STRIP, gain)


def masked(cnp.ndarray x, cnp.ndarray bits, double gain):
    """x times `gain` where its bit is set, else times 0. x is contiguous, float32 or float64."""
    cdef int kind = cnp.PyArray_TYPE(x)
    cdef cnp.ndarray y = new_array(cnp.PyArray_NDIM(x), cnp.PyArray_DIMS(x), kind)
    cdef Py_ssize_t n = cnp.PyArray_SIZE(x)
    cdef const unsigned char *b = <const unsigned char *> data(bits)
    with nogil:
        if kind == cnp.NPY_FLOAT:
            drop_all(<float *> data(x), <float *> data(y), n, b, <float> gain)
        else:
            drop_all(<double *> data(x), <double *> data(y), n, b, gain)
    return y


cdef struct Rows:
    # Where row t of y lies: at t // inner * outer_step + t % inner * step, in numbers. Bits are in the order of y's memory.
    Py_ssize_t inner, outer_step, step


cdef inline Py_ssize_t place(const Rows *r, Py_ssize_t t) noexcept nogil:
    return t // r.inner * r.outer_step + t % r.inner * r.step


cdef inline bint turned(cnp.ndarray y):
    """Whether an array is not contiguous: then it is one of three dimensions whose first two are exchanged in memory."""
    return not cnp.PyArray_IS_C_CONTIGUOUS(y)


cdef inline Rows rows_of(cnp.ndarray y, Py_ssize_t rows, Py_ssize_t n):
    cdef Rows r
    r.inner, r.outer_step, r.step = max(<Py_ssize_t> 1, rows), 0, n
    if turned(y):
        r.inner, r.outer_step, r.step = cnp.PyArray_DIM(y, 1), n, cnp.PyArray_DIM(y, 0) * n
    return r


cdef inline void forward_row(const real *x, const real *y, Py_ssize_t at, const unsigned char *bits, Py_ssize_t t, double gain,
                             const real *w, const real *b, double eps, real *s, real *out, real *mean, real *rstd,
                             Py_ssize_t n) noexcept nogil:
    if real is float:
        vf_add_norm_row(x + t * n, y + at, bits, at, <float> gain, w, b, eps, s + t * n, out + t * n, mean + t, rstd + t, n)
    else:
        vd_add_norm_row(x + t * n, y + at, bits, at, gain, w, b, eps, s + t * n, out + t * n, mean + t, rstd + t, n)


cdef void forward_of(const real *x, const real *y, const Rows *r, const unsigned char *bits, double gain, const real *w,
                     const real *b, double eps, real *s, real *out, real *mean, real *rstd, Py_ssize_t rows,
                     Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t t
    for t in prange(rows, schedule='static', num_threads=threads_for(16.0 * rows * n)):
        forward_row(x, y, place(r, t), bits, t, gain, w, b, eps, s, out, mean, rstd, n)


def add_norm(cnp.ndarray x, cnp.ndarray y, cnp.ndarray bits, double gain, cnp.ndarray w, cnp.ndarray b, double eps):
    """s = x + dropout(y), dropout if there are bits, and its layer norm over the last dimension.

    x contiguous, y too or `turned`, both of one shape and type, float32 or float64; w and b None or contiguous. Returns
    the norm, s, and the statistics: means and reciprocal standard deviations of the rows.
    """
    cdef int kind = cnp.PyArray_TYPE(x), nd = cnp.PyArray_NDIM(x)
    cdef Py_ssize_t n = cnp.PyArray_DIM(x, nd - 1), rows = cnp.PyArray_MultiplyList(cnp.PyArray_DIMS(x), nd - 1)
    cdef cnp.npy_intp shape[2]
    cdef cnp.ndarray s = new_array(nd, cnp.PyArray_DIMS(x), kind), out = new_array(nd, cnp.PyArray_DIMS(x), kind), stats
    cdef const unsigned char *k = <const unsigned char *> data(bits)
    cdef Rows r = rows_of(y, rows, n)
    shape[0], shape[1] = 2, rows
    stats = new_array(2, shape, kind)
    with nogil:
        if kind == cnp.NPY_FLOAT:
            forward_of(<float *> data(x), <float *> data(y), &r, k, gain, <float *> data(w), <float *> data(b), eps,
                       <float *> data(s), <float *> data(out), <float *> data(stats), <float *> data(stats) + rows, rows, n)
        else:
            forward_of(<double *> data(x), <double *> data(y), &r, k, gain, <double *> data(w), <double *> data(b), eps,
                       <double *> data(s), <double *> data(out), <double *> data(stats), <double *> data(stats) + rows, rows, n)
    return out, s, stats


cdef inline void grad_row(const real *g, const real *more, const real *s, const real *w, const real *mean, const real *rstd,
                          Py_ssize_t at, const unsigned char *bits, double gain, real *gx, real *gy, real *gw, real *gb,
                          Py_ssize_t t, Py_ssize_t n) noexcept nogil:
    if real is float:
        vf_add_norm_grad_row(g + t * n, NULL if more == NULL else more + t * n, s + t * n, w, mean[t], rstd[t], bits, at,
                             <float> gain, gx + t * n, gy + at, gw, gb, n)
    else:
        vd_add_norm_grad_row(g + t * n, NULL if more == NULL else more + t * n, s + t * n, w, mean[t], rstd[t], bits, at, gain,
                             gx + t * n, gy + at, gw, gb, n)


cdef inline void grad_rows(const real *g, const real *more, const real *s, const real *w, const real *mean, const real *rstd,
                           const Rows *r, const unsigned char *bits, double gain, real *gx, real *gy, real *gw, real *gb,
                           Py_ssize_t first, Py_ssize_t last, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t t
    memset(gw, 0, n * sizeof(real))
    memset(gb, 0, n * sizeof(real))
    for t in range(first, last):
        grad_row(g, more, s, w, mean, rstd, place(r, t), bits, gain, gx, gy, gw, gb, t, n)


cdef void grad_of(const real *g, const real *more, const real *s, const real *w, const real *mean, const real *rstd,
                  const Rows *r, const unsigned char *bits, double gain, real *gx, real *gy, real *part, Py_ssize_t parts,
                  Py_ssize_t rows, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t t, i, per = (rows + parts - 1) // parts
    for t in prange(parts, schedule='static', num_threads=threads_for(24.0 * rows * n)):
        grad_rows(g, more, s, w, mean, rstd, r, bits, gain, gx, gy, part + 2 * t * n, part + (2 * t + 1) * n,
                  min(rows, t * per), min(rows, t * per + per), n)
    for t in range(1, parts):
        for i in range(2 * n):
            part[i] = part[i] + part[2 * t * n + i]


def add_norm_grad(cnp.ndarray g, cnp.ndarray more, cnp.ndarray s, cnp.ndarray w, cnp.ndarray stats, cnp.ndarray bits,
                  double gain, cnp.ndarray like):
    """The gradients of x, y, w, b of `add_norm` from g, that of the norm, and `more`, that of s, or None. All contiguous.

    like: None if y was contiguous, else an array of y's shape and strides. The gradient of y has these too; without bits and
    `like` it is that of x, the same array.
    """
    cdef int kind = cnp.PyArray_TYPE(s), nd = cnp.PyArray_NDIM(s)
    cdef Py_ssize_t n = cnp.PyArray_DIM(s, nd - 1), rows = cnp.PyArray_DIM(stats, 1)
    cdef cnp.npy_intp shape[3]
    cdef cnp.ndarray gx = new_array(nd, cnp.PyArray_DIMS(s), kind), gy = gx, part
    cdef const unsigned char *k = <const unsigned char *> data(bits)
    cdef Rows r = rows_of(s if like is None else like, rows, n)
    if like is not None:
        shape[0], shape[1], shape[2] = cnp.PyArray_DIM(s, 1), cnp.PyArray_DIM(s, 0), n
        gy = cnp.PyArray_SwapAxes(new_array(3, shape, kind), 0, 1)
    elif bits is not None:
        gy = new_array(nd, cnp.PyArray_DIMS(s), kind)
    shape[0], shape[1], shape[2] = max(1, min(<Py_ssize_t> PARTS, rows // PART_ROWS)), 2, n
    part = new_array(3, shape, kind)
    with nogil:
        if kind == cnp.NPY_FLOAT:
            grad_of(<float *> data(g), <float *> data(more), <float *> data(s), <float *> data(w), <float *> data(stats),
                    <float *> data(stats) + rows, &r, k, gain, <float *> data(gx), <float *> data(gy), <float *> data(part),
                    shape[0], rows, n)
        else:
            grad_of(<double *> data(g), <double *> data(more), <double *> data(s), <double *> data(w), <double *> data(stats),
                    <double *> data(stats) + rows, &r, k, gain, <double *> data(gx), <double *> data(gy), <double *> data(part),
                    shape[0], rows, n)
    return gx, gy, part[0, 0].copy(), part[0, 1].copy()
