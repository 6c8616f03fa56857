"""Losses: cross entropy of class indices straight from logits, and the elementwise losses of loss.h.

Sums are taken over pieces whose borders depend on the shape alone, in a fixed order.
"""

cimport numpy as cnp
from cython.parallel cimport prange
from libc.math cimport log

from cnet._kernels._threads cimport threads_for
from cnet._kernels.rowmath cimport row_exp, row_exp_sum, row_max, row_sum
from cnet._kernels.types cimport real

cnp.import_array()

cdef extern from "loss.h" nogil:
    ctypedef void (*loss_value)(const void *, const void *, void *, Py_ssize_t, double) noexcept nogil
    ctypedef double (*loss_sum)(const void *, const void *, Py_ssize_t, double) noexcept nogil
    ctypedef void (*loss_grad)(const void *, const void *, const void *, Py_ssize_t, double, void *, Py_ssize_t,
                               double) noexcept nogil
    ctypedef struct loss_kernel:
        loss_value value[2]
        loss_sum sum[2]
        loss_grad grad[2]
        double cost
    const loss_kernel LOSS_mse, LOSS_l1, LOSS_smooth_l1, LOSS_huber, LOSS_bce, LOSS_bce_logits, LOSS_soft_margin

cdef enum:
    STRIP = 64          # columns per task where the classes are not the innermost dimension
    PIECES = 64         # most pieces of an elementwise loss: enough for any machine's threads, few enough to add up
    PIECE = 16384       # least elements in a piece

MSE, L1, SMOOTH_L1, HUBER, BCE, BCE_LOGITS, SOFT_MARGIN = range(7)
cdef loss_kernel[7] TABLE
TABLE[:] = [LOSS_mse, LOSS_l1, LOSS_smooth_l1, LOSS_huber, LOSS_bce, LOSS_bce_logits, LOSS_soft_margin]


def value(int kind, cnp.ndarray x, cnp.ndarray y, cnp.ndarray out, double constant):
    """out = the loss `kind` of every element of x and y (contiguous, one type, one shape)."""
    cdef Py_ssize_t n = cnp.PyArray_SIZE(x), t, at
    cdef Py_ssize_t pieces = (n + PIECE - 1) // PIECE
    cdef bint double_ = cnp.PyArray_TYPE(x) == cnp.NPY_DOUBLE
    cdef loss_value run = TABLE[kind].value[double_]
    cdef Py_ssize_t width = 8 if double_ else 4
    cdef char *xp = <char *> cnp.PyArray_DATA(x)
    cdef char *yp = <char *> cnp.PyArray_DATA(y)
    cdef char *op = <char *> cnp.PyArray_DATA(out)
    cdef int threads = threads_for(TABLE[kind].cost * n)
    with nogil:
        for t in prange(pieces, schedule='static', num_threads=threads):
            at = t * PIECE * width
            run(xp + at, yp + at, op + at, min(<Py_ssize_t> PIECE, n - t * PIECE), constant)


def total(int kind, cnp.ndarray x, cnp.ndarray y, double constant):
    """The sum of the loss `kind` over all elements of x and y."""
    cdef Py_ssize_t n = cnp.PyArray_SIZE(x), t, at
    cdef Py_ssize_t piece = max(<Py_ssize_t> PIECE, ((n + PIECES - 1) // PIECES + 1023) // 1024 * 1024)
    cdef Py_ssize_t pieces = (n + piece - 1) // piece
    cdef bint double_ = cnp.PyArray_TYPE(x) == cnp.NPY_DOUBLE
    cdef loss_sum run = TABLE[kind].sum[double_]
    cdef Py_ssize_t width = 8 if double_ else 4
    cdef char *xp = <char *> cnp.PyArray_DATA(x)
    cdef char *yp = <char *> cnp.PyArray_DATA(y)
    cdef double[PIECES] partial
    cdef double result = 0
    cdef int threads = threads_for(TABLE[kind].cost * n)
    with nogil:
        for t in prange(pieces, schedule='static', num_threads=threads):
            at = t * piece * width
            partial[t] = run(xp + at, yp + at, min(piece, n - t * piece), constant)
        for t in range(pieces):
            result += partial[t]
    return result


def gradient(int kind, cnp.ndarray x, cnp.ndarray y, cnp.ndarray g, double scale, cnp.ndarray out, double constant):
    """out = g * scale * d loss / d x; g has one element, or as many as x."""
    cdef Py_ssize_t n = cnp.PyArray_SIZE(x), t, at
    cdef Py_ssize_t step = cnp.PyArray_NDIM(g) != 0
    cdef Py_ssize_t pieces = (n + PIECE - 1) // PIECE
    cdef bint double_ = cnp.PyArray_TYPE(x) == cnp.NPY_DOUBLE
    cdef loss_grad run = TABLE[kind].grad[double_]
    cdef Py_ssize_t width = 8 if double_ else 4
    cdef char *xp = <char *> cnp.PyArray_DATA(x)
    cdef char *yp = <char *> cnp.PyArray_DATA(y)
    cdef char *gp = <char *> cnp.PyArray_DATA(g)
    cdef char *op = <char *> cnp.PyArray_DATA(out)
    cdef int threads = threads_for(TABLE[kind].cost * n)
    with nogil:
        for t in prange(pieces, schedule='static', num_threads=threads):
            at = t * PIECE * width
            run(xp + at, yp + at, gp + at * step, step, scale, op + at, min(<Py_ssize_t> PIECE, n - t * PIECE), constant)


def first_bad(const long long[::1] target, Py_ssize_t classes, long long ignore):
    """The position of the first class index outside [0, classes) that is not `ignore`, or -1."""
    cdef Py_ssize_t i
    for i in range(target.shape[0]):
        if (target[i] < 0 or target[i] >= classes) and target[i] != ignore:
            return i
    return -1


cdef inline void entropy_row(const real *x, long long c, real w, bint skip, Py_ssize_t n, real *loss, real *peak,
                             real *logsum) noexcept nogil:
    if skip:
        loss[0] = peak[0] = logsum[0] = 0
        return
    peak[0] = row_max(x, n)
    logsum[0] = <real> log(row_exp_sum(x, peak[0], n))
    loss[0] = w * (logsum[0] - (x[c] - peak[0]))


cdef inline void entropy_strip(const real *x, const long long *target, const real *weight, long long ignore, Py_ssize_t n,
                               Py_ssize_t stride, Py_ssize_t width, real *loss, real *peak, real *logsum) noexcept nogil:
    cdef real[STRIP] m
    cdef real[STRIP] s
    cdef Py_ssize_t i, j
    cdef long long c
    for j in range(width):
        m[j] = x[j]
        s[j] = 0
    for i in range(1, n):
        for j in range(width):
            m[j] = x[i * stride + j] if x[i * stride + j] > m[j] else m[j]
    for i in range(n):
        for j in range(width):
            s[j] += row_exp(x[i * stride + j] - m[j])
    for j in range(width):
        c = target[j]
        peak[j] = m[j]
        logsum[j] = <real> log(s[j])
        if c == ignore:
            loss[j] = 0
        else:
            loss[j] = (1 if weight == NULL else weight[c]) * (logsum[j] - (x[c * stride + j] - m[j]))


cdef double entropy(const real *x, const long long *target, const real *weight, long long ignore, Py_ssize_t outer,
                    Py_ssize_t n, Py_ssize_t inner, real *loss, real *peak, real *logsum, double *weight_sum) noexcept nogil:
    cdef int threads = threads_for(20.0 * outer * n * inner)
    cdef Py_ssize_t t, i, j, strips = (inner + STRIP - 1) // STRIP
    cdef double ws = 0
    cdef bint skip
    if inner == 1:
        for t in prange(outer, schedule='static', num_threads=threads):
            skip = target[t] == ignore
            entropy_row(x + t * n, target[t], 1 if weight == NULL or skip else weight[target[t]], skip, n, loss + t, peak + t,
                        logsum + t)
    else:
        for t in prange(outer * strips, schedule='static', num_threads=threads):
            j = t % strips * STRIP
            i = t // strips * inner + j
            entropy_strip(x + t // strips * n * inner + j, target + i, weight, ignore, n, inner,
                          min(inner - j, <Py_ssize_t> STRIP), loss + i, peak + i, logsum + i)
    for i in range(outer * inner):
        if target[i] != ignore:
            ws += 1 if weight == NULL else weight[target[i]]
    weight_sum[0] = ws
    return row_sum(loss, outer * inner)


def cross_entropy(cnp.ndarray x, cnp.ndarray target, cnp.ndarray weight, long long ignore, Py_ssize_t outer, Py_ssize_t n,
                  Py_ssize_t inner, cnp.ndarray saved):
    """The negative log-likelihood of the class indices `target` (outer, inner) under softmax(x) over (outer, n, inner).

    Indices are valid or `ignore`. `saved` (3, outer, inner) receives the losses, the maxima of x and the logarithms of
    the sums of exp(x - maximum). Returns the sum of the losses and the sum of the weights.
    """
    cdef double sum, weight_sum
    cdef Py_ssize_t size = outer * inner
    cdef void *w = NULL if weight is None else cnp.PyArray_DATA(weight)
    cdef long long *c = <long long *> cnp.PyArray_DATA(target)
    cdef float *f
    cdef double *d
    if cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT:
        f = <float *> cnp.PyArray_DATA(saved)
        with nogil:
            sum = entropy(<const float *> cnp.PyArray_DATA(x), c, <const float *> w, ignore, outer, n, inner, f, f + size,
                          f + 2 * size, &weight_sum)
    else:
        d = <double *> cnp.PyArray_DATA(saved)
        with nogil:
            sum = entropy(<const double *> cnp.PyArray_DATA(x), c, <const double *> w, ignore, outer, n, inner, d, d + size,
                          d + 2 * size, &weight_sum)
    return sum, weight_sum


cdef inline void entropy_grad_row(const real *x, real k, real peak, real logsum, long long c, Py_ssize_t n,
                                  real *gx) noexcept nogil:
    cdef Py_ssize_t i
    if k == 0:
        for i in range(n):
            gx[i] = 0
        return
    for i in range(n):
        gx[i] = k * row_exp((x[i] - peak) - logsum)
    gx[c] = gx[c] - k


cdef inline void entropy_grad_strip(const real *x, const real *k, const real *peak, const real *logsum,
                                    const long long *target, Py_ssize_t n, Py_ssize_t stride, Py_ssize_t width,
                                    real *gx) noexcept nogil:
    cdef Py_ssize_t i, j
    for i in range(n):
        for j in range(width):
            gx[i * stride + j] = k[j] * (row_exp((x[i * stride + j] - peak[j]) - logsum[j]))
    for j in range(width):
        if k[j] != 0:
            gx[target[j] * stride + j] = gx[target[j] * stride + j] - k[j]


cdef void entropy_grad(const real *x, const long long *target, const real *k, const real *peak, const real *logsum,
                       Py_ssize_t outer, Py_ssize_t n, Py_ssize_t inner, real *gx) noexcept nogil:
    cdef int threads = threads_for(20.0 * outer * n * inner)
    cdef Py_ssize_t t, i, j, at, strips = (inner + STRIP - 1) // STRIP
    if inner == 1:
        for t in prange(outer, schedule='static', num_threads=threads):
            entropy_grad_row(x + t * n, k[t], peak[t], logsum[t], target[t], n, gx + t * n)
        return
    for t in prange(outer * strips, schedule='static', num_threads=threads):
        j = t % strips * STRIP
        i = t // strips * inner + j
        at = t // strips * n * inner + j
        entropy_grad_strip(x + at, k + i, peak + i, logsum + i, target + i, n, inner, min(inner - j, <Py_ssize_t> STRIP),
                           gx + at)


def cross_entropy_grad(cnp.ndarray x, cnp.ndarray target, cnp.ndarray k, cnp.ndarray saved, Py_ssize_t outer, Py_ssize_t n,
                       Py_ssize_t inner, cnp.ndarray gx):
    """gx = k (softmax(x) - one-hot(target)); k (outer, inner) is zero where the target is ignored."""
    cdef Py_ssize_t size = outer * inner
    cdef long long *c = <long long *> cnp.PyArray_DATA(target)
    cdef float *f
    cdef double *d
    if cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT:
        f = <float *> cnp.PyArray_DATA(saved)
        with nogil:
            entropy_grad(<const float *> cnp.PyArray_DATA(x), c, <const float *> cnp.PyArray_DATA(k), f + size, f + 2 * size,
                         outer, n, inner, <float *> cnp.PyArray_DATA(gx))
    else:
        d = <double *> cnp.PyArray_DATA(saved)
        with nogil:
            entropy_grad(<const double *> cnp.PyArray_DATA(x), c, <const double *> cnp.PyArray_DATA(k), d + size, d + 2 * size,
                         outer, n, inner, <double *> cnp.PyArray_DATA(gx))
