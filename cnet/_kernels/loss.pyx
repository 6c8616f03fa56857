"""Losses: cross entropy of class indices straight from logits, and the elementwise losses of loss.h.

Sums are taken over pieces whose borders depend on the shape alone, in a fixed order.
"""

cimport numpy as cnp
from cython.parallel cimport prange
from libc.string cimport memset

from cnet._kernels._threads cimport threads_for
from cnet._kernels.rowmath cimport row_exp, row_exp_scale, row_exp_sum, row_log, row_max, row_sum
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
    SHORT = 32          # up to so many classes are turned into columns: most of a vector would be idle, and a row is a chain
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


# Losses of class indices: x is (outer, n, inner), target (outer, inner).

cdef Py_ssize_t first_bad(const long long *target, Py_ssize_t size, Py_ssize_t n, long long ignore) noexcept nogil:
    """The position of the first index that is neither a class nor `ignore`, or -1."""
    cdef Py_ssize_t i
    for i in range(size):
        if (target[i] < 0 or target[i] >= n) and target[i] != ignore:
            return i
    return -1


cdef inline double sum_weights(const long long *target, const real *weight, Py_ssize_t size, long long ignore) noexcept nogil:
    cdef Py_ssize_t i
    cdef double total = 0
    for i in range(size):
        if target[i] != ignore:
            total += 1 if weight == NULL else weight[target[i]]
    return total


cdef inline void entropy_row(const real *x, long long c, real w, bint skip, Py_ssize_t n, real *loss, real *peak,
                             real *logsum) noexcept nogil:
    if skip:
        loss[0] = peak[0] = logsum[0] = 0
        return
    peak[0] = row_max(x, n)
    logsum[0] = row_log(row_exp_sum(x, peak[0], n))
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
        logsum[j] = row_log(s[j])
        if c == ignore:
            loss[j] = 0
        else:
            loss[j] = (1 if weight == NULL else weight[c]) * (logsum[j] - (x[c * stride + j] - m[j]))


cdef void entropy_short(const real *x, const long long *target, const real *weight, long long ignore, Py_ssize_t n,
                        Py_ssize_t rows, real *loss, real *peak, real *logsum) noexcept nogil:
    """Up to STRIP rows of n <= SHORT classes, side by side."""
    cdef real[SHORT * STRIP] turned
    cdef Py_ssize_t i, j
    for j in range(rows):
        for i in range(n):
            turned[i * STRIP + j] = x[j * n + i]
    entropy_strip(turned, target, weight, ignore, n, STRIP, rows, loss, peak, logsum)


cdef void entropy(const real *x, const long long *target, const real *weight, long long ignore, Py_ssize_t outer,
                  Py_ssize_t n, Py_ssize_t inner, real *saved, double *sums) noexcept nogil:
    cdef real *peak = saved + outer * inner
    cdef real *logsum = peak + outer * inner
    cdef int threads = threads_for(20.0 * outer * n * inner)
    cdef Py_ssize_t t, i, j, strips = (inner + STRIP - 1) // STRIP
    cdef bint skip
    if inner == 1 and n <= SHORT and outer > 4:
        for t in prange((outer + STRIP - 1) // STRIP, schedule='static', num_threads=threads):
            j = t * STRIP
            entropy_short(x + j * n, target + j, weight, ignore, n, min(outer - j, <Py_ssize_t> STRIP), saved + j, peak + j,
                          logsum + j)
    elif inner == 1:
        for t in prange(outer, schedule='static', num_threads=threads):
            skip = target[t] == ignore
            entropy_row(x + t * n, target[t], 1 if weight == NULL or skip else weight[target[t]], skip, n, saved + t,
                        peak + t, logsum + t)
    else:
        for t in prange(outer * strips, schedule='static', num_threads=threads):
            j = t % strips * STRIP
            i = t // strips * inner + j
            entropy_strip(x + t // strips * n * inner + j, target + i, weight, ignore, n, inner,
                          min(inner - j, <Py_ssize_t> STRIP), saved + i, peak + i, logsum + i)
    sums[0] = row_sum(saved, outer * inner)
    sums[1] = sum_weights(target, weight, outer * inner, ignore)


def cross_entropy(cnp.ndarray x, cnp.ndarray target, cnp.ndarray weight, long long ignore, Py_ssize_t outer, Py_ssize_t n,
                  Py_ssize_t inner, cnp.ndarray saved):
    """The negative log-likelihood of the classes `target` under softmax(x).

    `saved` (3, outer, inner) receives the losses, the maxima of x and the logarithms of the sums of exp(x - maximum).
    Returns the position of the first invalid target (nothing else is done then) or -1, the sum of the losses, and that
    of their weights.
    """
    cdef double[2] sums = [0, 0]
    cdef void *w = NULL if weight is None else cnp.PyArray_DATA(weight)
    cdef long long *c = <long long *> cnp.PyArray_DATA(target)
    cdef bint single = cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT
    cdef Py_ssize_t bad
    with nogil:
        bad = first_bad(c, outer * inner, n, ignore)
        if bad < 0:
            if single:
                entropy(<float *> cnp.PyArray_DATA(x), c, <float *> w, ignore, outer, n, inner,
                        <float *> cnp.PyArray_DATA(saved), sums)
            else:
                entropy(<double *> cnp.PyArray_DATA(x), c, <double *> w, ignore, outer, n, inner,
                        <double *> cnp.PyArray_DATA(saved), sums)
    return bad, sums[0], sums[1]


cdef inline real factor(long long c, const real *weight, long long ignore, real g) noexcept nogil:
    """What the loss of one target contributes to the gradient, per unit of its slope."""
    if c == ignore:
        return 0
    return g if weight == NULL else g * weight[c]


cdef inline void entropy_grad_row(const real *x, long long c, real k, real peak, real logsum, Py_ssize_t n,
                                  real *gx) noexcept nogil:
    cdef Py_ssize_t i
    if k == 0:
        for i in range(n):
            gx[i] = 0
        return
    row_exp_scale(x, gx, peak, logsum, k, n)
    gx[c] = gx[c] - k


cdef inline void entropy_grad_strip(const real *x, const long long *target, const real *weight, long long ignore,
                                    const real *g, Py_ssize_t step, real scale, const real *peak, const real *logsum,
                                    Py_ssize_t n, Py_ssize_t stride, Py_ssize_t width, real *gx) noexcept nogil:
    cdef real[STRIP] k
    cdef Py_ssize_t i, j
    for j in range(width):
        k[j] = factor(target[j], weight, ignore, g[j * step] * scale)
    for i in range(n):
        for j in range(width):
            gx[i * stride + j] = 0 if k[j] == 0 else k[j] * row_exp((x[i * stride + j] - peak[j]) - logsum[j])
    for j in range(width):
        if target[j] != ignore:
            gx[target[j] * stride + j] = gx[target[j] * stride + j] - k[j]


cdef void entropy_grad(const real *x, const long long *target, const real *weight, long long ignore, const real *g,
                       Py_ssize_t step, double scale, const real *saved, Py_ssize_t outer, Py_ssize_t n, Py_ssize_t inner,
                       real *gx) noexcept nogil:
    cdef const real *peak = saved + outer * inner
    cdef const real *logsum = peak + outer * inner
    cdef int threads = threads_for(20.0 * outer * n * inner)
    cdef Py_ssize_t t, i, j, at, strips = (inner + STRIP - 1) // STRIP
    if inner == 1:
        for t in prange(outer, schedule='static', num_threads=threads):
            entropy_grad_row(x + t * n, target[t], factor(target[t], weight, ignore, <real> (g[t * step] * scale)), peak[t],
                             logsum[t], n, gx + t * n)
        return
    for t in prange(outer * strips, schedule='static', num_threads=threads):
        j = t % strips * STRIP
        i = t // strips * inner + j
        at = t // strips * n * inner + j
        entropy_grad_strip(x + at, target + i, weight, ignore, g + i * step, step, <real> scale, peak + i, logsum + i, n,
                           inner, min(inner - j, <Py_ssize_t> STRIP), gx + at)


def cross_entropy_grad(cnp.ndarray x, cnp.ndarray target, cnp.ndarray weight, long long ignore, cnp.ndarray g, double scale,
                       cnp.ndarray saved, Py_ssize_t outer, Py_ssize_t n, Py_ssize_t inner, cnp.ndarray gx):
    """gx = g * scale * weight * (softmax(x) - one-hot(target)); g has no dimension, or is that of every target."""
    cdef Py_ssize_t step = cnp.PyArray_NDIM(g) != 0
    cdef long long *c = <long long *> cnp.PyArray_DATA(target)
    cdef void *w = NULL if weight is None else cnp.PyArray_DATA(weight)
    cdef bint single = cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT
    with nogil:
        if single:
            entropy_grad(<float *> cnp.PyArray_DATA(x), c, <float *> w, ignore, <float *> cnp.PyArray_DATA(g), step, scale,
                         <float *> cnp.PyArray_DATA(saved), outer, n, inner, <float *> cnp.PyArray_DATA(gx))
        else:
            entropy_grad(<double *> cnp.PyArray_DATA(x), c, <double *> w, ignore, <double *> cnp.PyArray_DATA(g), step, scale,
                         <double *> cnp.PyArray_DATA(saved), outer, n, inner, <double *> cnp.PyArray_DATA(gx))


cdef void pick(const real *x, const long long *target, const real *weight, long long ignore, Py_ssize_t outer, Py_ssize_t n,
               Py_ssize_t inner, real *loss, double *sums) noexcept nogil:
    cdef Py_ssize_t i, j
    cdef long long c
    for i in range(outer):
        for j in range(inner):
            c = target[i * inner + j]
            loss[i * inner + j] = -factor(c, weight, ignore, <real> 1) * x[(i * n + c) * inner + j] if c != ignore else 0
    sums[0] = row_sum(loss, outer * inner)
    sums[1] = sum_weights(target, weight, outer * inner, ignore)


def nll(cnp.ndarray x, cnp.ndarray target, cnp.ndarray weight, long long ignore, Py_ssize_t outer, Py_ssize_t n,
        Py_ssize_t inner, cnp.ndarray loss):
    """loss (outer, inner) = -weight * x at the target. Returns what `cross_entropy` returns."""
    cdef double[2] sums = [0, 0]
    cdef void *w = NULL if weight is None else cnp.PyArray_DATA(weight)
    cdef long long *c = <long long *> cnp.PyArray_DATA(target)
    cdef bint single = cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT
    cdef Py_ssize_t bad
    with nogil:
        bad = first_bad(c, outer * inner, n, ignore)
        if bad < 0:
            if single:
                pick(<float *> cnp.PyArray_DATA(x), c, <float *> w, ignore, outer, n, inner,
                     <float *> cnp.PyArray_DATA(loss), sums)
            else:
                pick(<double *> cnp.PyArray_DATA(x), c, <double *> w, ignore, outer, n, inner,
                     <double *> cnp.PyArray_DATA(loss), sums)
    return bad, sums[0], sums[1]


cdef void unpick(const long long *target, const real *weight, long long ignore, const real *g, Py_ssize_t step, double scale,
                 Py_ssize_t outer, Py_ssize_t n, Py_ssize_t inner, real *gx) noexcept nogil:
    cdef Py_ssize_t i, j
    cdef long long c
    memset(gx, 0, outer * n * inner * sizeof(real))
    for i in range(outer):
        for j in range(inner):
            c = target[i * inner + j]
            if c != ignore:
                gx[(i * n + c) * inner + j] = -factor(c, weight, ignore, <real> (g[(i * inner + j) * step] * scale))


def nll_grad(cnp.ndarray target, cnp.ndarray weight, long long ignore, cnp.ndarray g, double scale, Py_ssize_t outer,
             Py_ssize_t n, Py_ssize_t inner, cnp.ndarray gx):
    """gx = -g * scale * weight at the targets, zero elsewhere; g has no dimension, or is that of every target."""
    cdef Py_ssize_t step = cnp.PyArray_NDIM(g) != 0
    cdef long long *c = <long long *> cnp.PyArray_DATA(target)
    cdef void *w = NULL if weight is None else cnp.PyArray_DATA(weight)
    cdef bint single = cnp.PyArray_TYPE(g) == cnp.NPY_FLOAT
    with nogil:
        if single:
            unpick(c, <float *> w, ignore, <float *> cnp.PyArray_DATA(g), step, scale, outer, n, inner,
                   <float *> cnp.PyArray_DATA(gx))
        else:
            unpick(c, <double *> w, ignore, <double *> cnp.PyArray_DATA(g), step, scale, outer, n, inner,
                   <double *> cnp.PyArray_DATA(gx))
