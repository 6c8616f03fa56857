"""Distances between the vectors of two sets, and within one, for the norms without a power: 0, 1, 2 and infinity.

A task is one vector of the first set. The second set comes with its coordinates as rows, so that the loop over a coordinate
runs over the distances.
"""

cimport numpy as cnp
from cython.parallel cimport prange

from cnet._kernels._threads cimport threads_for
from cnet._kernels.types cimport real

cdef extern from *:
    """
    #define T float
    #define NAME(f) f##_float
    #include "pairdist.h"
    #undef T
    #undef NAME
    #define T double
    #define NAME(f) f##_double
    #include "pairdist.h"
    """
    void distances_float(const float *, const float *, Py_ssize_t, Py_ssize_t, Py_ssize_t, int, float *) nogil
    void distances_double(const double *, const double *, Py_ssize_t, Py_ssize_t, Py_ssize_t, int, double *) nogil
    void pull_float(const float *, const float *, const float *, const float *, Py_ssize_t, Py_ssize_t, int, float *) nogil
    void pull_double(const double *, const double *, const double *, const double *, Py_ssize_t, Py_ssize_t, int,
                     double *) nogil

cnp.import_array()

COUNT, SUM, SQUARES, MAX = 0, 1, 2, 3  # the kinds, as in pairdist.h


cdef inline void row(const real* x, const real* yt, Py_ssize_t m, Py_ssize_t width, Py_ssize_t n, int kind,
                     real* out) noexcept nogil:
    if real is float:
        distances_float(x, yt, m, width, n, kind, out)
    else:
        distances_double(x, yt, m, width, n, kind, out)


def between(const real[:, ::1] x, const real[:, ::1] yt, int kind, real[:, ::1] out):
    """out[i, j] = |x[i] - y[j]|; yt is y transposed."""
    cdef Py_ssize_t i, n = x.shape[0], m = x.shape[1], r = yt.shape[1]
    if n == 0 or r == 0:
        return
    if m == 0:
        out[:] = 0
        return
    for i in prange(n, num_threads=threads_for(3.0 * n * m * r), nogil=True, schedule='static'):
        row(&x[i, 0], &yt[0, 0], m, r, r, kind, &out[i, 0])


def within(const real[:, ::1] x, const real[:, ::1] xt, int kind, real[::1] out):
    """The distances of x[i] and x[j] for i < j, one row of that triangle after the other; xt is x transposed."""
    cdef Py_ssize_t i, n = x.shape[0], m = x.shape[1]
    if n < 2:
        return
    if m == 0:
        out[:] = 0
        return
    for i in prange(n - 1, num_threads=threads_for(1.5 * n * m * n), nogil=True, schedule='dynamic'):
        row(&x[i, 0], &xt[0, i + 1], m, n, n - 1 - i, kind, &out[i * (2 * n - i - 1) // 2])


def pull(const real[:, ::1] x, const real[:, ::1] y, const real[:, ::1] g, const real[:, ::1] dist, int kind,
         real[:, ::1] out):
    """out[i] = the sum over j of g[i, j] times the gradient of dist[i, j] = |x[i] - y[j]| by x[i]; kind is not COUNT."""
    cdef Py_ssize_t i, n = x.shape[0], m = x.shape[1], r = y.shape[0]
    if n == 0 or m == 0:
        return
    if r == 0:
        out[:] = 0
        return
    for i in prange(n, num_threads=threads_for(4.0 * n * m * r), nogil=True, schedule='static'):
        if real is float:
            pull_float(&x[i, 0], &y[0, 0], &g[i, 0], &dist[i, 0], m, r, kind, &out[i, 0])
        else:
            pull_double(&x[i, 0], &y[0, 0], &g[i, 0], &dist[i, 0], m, r, kind, &out[i, 0])
