"""Normalisation: statistics, the normalised result and the gradients, for batch, layer, RMS, group and instance norm.

Statistics are centred (never a difference of sums of squares) and summed in double over blocks of floats. What is saved
for the gradient is `stats`: the means, then the reciprocal standard deviations. Every sum has an order that depends on
the shape alone.
"""

cimport numpy as cnp
from cython.parallel cimport prange
from libc.math cimport sqrt

from cnet._kernels._threads cimport threads_for
from cnet._kernels.rowmath cimport row_deviation, row_dot, row_grad_sums, row_moments, row_sum
from cnet._kernels.types cimport real

cnp.import_array()

cdef enum:
    STRIP = 64          # channels per task where a channel's elements are not adjacent (batch norm of a matrix)
    SHORT = 256         # rows from here on are read once for mean and variance; merging shorter ones costs more than a pass


cdef inline void *data(cnp.ndarray a) noexcept:
    return NULL if a is None else cnp.PyArray_DATA(a)


# Batch norm: x is (outer, channels, inner), statistics per channel.

cdef inline void channel_moments(const real *x, Py_ssize_t outer, Py_ssize_t stride, Py_ssize_t inner, double *mean,
                                 double *m2) noexcept nogil:
    cdef Py_ssize_t i
    cdef double count = 0
    mean[0] = m2[0] = 0
    if inner >= SHORT:
        for i in range(outer):
            row_moments(x + i * stride, inner, &count, mean, m2)
        return
    for i in range(outer):
        mean[0] += row_sum(x + i * stride, inner)
    mean[0] /= outer * inner
    for i in range(outer):
        m2[0] += row_deviation(x + i * stride, <real> mean[0], inner)


cdef inline void column_moments(const real *x, Py_ssize_t outer, Py_ssize_t channels, Py_ssize_t width, double *mean,
                                double *m2) noexcept nogil:
    """The moments of `width` neighbouring columns of a matrix."""
    cdef Py_ssize_t i, j
    for j in range(width):
        mean[j] = m2[j] = 0
    for i in range(outer):
        for j in range(width):
            mean[j] += x[i * channels + j]
    for j in range(width):
        mean[j] /= outer
    for i in range(outer):
        for j in range(width):
            m2[j] += (x[i * channels + j] - mean[j]) * (x[i * channels + j] - mean[j])


cdef inline void blend(real *running, double fresh, double momentum) noexcept nogil:
    running[0] = <real> ((1 - momentum) * running[0] + momentum * fresh)


cdef void batch_stats(const real *x, Py_ssize_t outer, Py_ssize_t channels, Py_ssize_t inner, double eps, double momentum,
                      real *running_mean, real *running_var, real *mean, real *rstd) noexcept nogil:
    cdef double[STRIP] m
    cdef double[STRIP] q
    cdef Py_ssize_t n = outer * inner, c, j, t, strips = (channels + STRIP - 1) // STRIP
    cdef int threads = threads_for(6.0 * n * channels)
    for t in prange(strips if inner == 1 else channels, schedule='static', num_threads=threads):
        stats_task(x, outer, channels, inner, eps, momentum, running_mean, running_var, mean, rstd, t)


cdef inline void stats_task(const real *x, Py_ssize_t outer, Py_ssize_t channels, Py_ssize_t inner, double eps,
                            double momentum, real *running_mean, real *running_var, real *mean, real *rstd,
                            Py_ssize_t t) noexcept nogil:
    """One channel, or STRIP of them if they are columns."""
    cdef double[STRIP] m
    cdef double[STRIP] q
    cdef Py_ssize_t n = outer * inner, first, j, width = 1
    if inner == 1:
        first = t * STRIP
        width = min(channels - first, <Py_ssize_t> STRIP)
        column_moments(x + first, outer, channels, width, m, q)
    else:
        first = t
        channel_moments(x + t * inner, outer, channels * inner, inner, m, q)
    for j in range(width):
        mean[first + j] = <real> m[j]
        rstd[first + j] = <real> (1 / sqrt(q[j] / n + eps))
        if running_mean != NULL:
            blend(running_mean + first + j, m[j], momentum)
        if running_var != NULL:
            # The running variance is the unbiased one.
            blend(running_var + first + j, q[j] / (n - 1), momentum)
