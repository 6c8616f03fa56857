"""The parts of triangular solvers and of LU that are not matrix products: small blocks, a few columns wide.

Matrices come in stacks; a row has no gaps, which the views that halve a matrix keep. What is left and right of a block, products update.
"""
from cython.parallel cimport prange
from cnet._kernels._threads cimport threads_for

ctypedef fused number:
    float
    double
    float complex
    double complex


cdef inline double size_of(number x) noexcept nogil:
    """What LAPACK compares elements by: of complex ones, the sum of the parts."""
    if number is float or number is double:
        return x if x >= 0 else -x
    else:
        return (x.real if x.real >= 0 else -x.real) + (x.imag if x.imag >= 0 else -x.imag)


cdef inline void check_rows(Py_ssize_t n, Py_ssize_t stride, size_t item) except *:
    if n > 1 and stride != <Py_ssize_t>item:
        raise ValueError('rows must have no gaps')


cdef inline void subtract(number* y, const number* x, number f, Py_ssize_t n) noexcept nogil:
    """y -= f x."""
    cdef Py_ssize_t i
    for i in range(n):
        y[i] = y[i] - f * x[i]


cdef inline void exchange(number* x, number* y, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    cdef number t
    for i in range(n):
        t = x[i]
        x[i] = y[i]
        y[i] = t


cdef void panel_of_one(number[:, :] a, int[::1] pivots, int* info, Py_ssize_t first, Py_ssize_t last) noexcept nogil:
    cdef Py_ssize_t m = a.shape[0], n = a.shape[1], i, j, p
    cdef number pivot
    cdef double most
    for j in range(first, last):
        p = j
        most = size_of(a[j, j])
        for i in range(j + 1, m):
            if size_of(a[i, j]) > most:
                most = size_of(a[i, j])
                p = i
        pivots[j] = <int>p + 1
        if p != j:
            exchange(&a[j, 0], &a[p, 0], n)
        pivot = a[j, j]
        if pivot == 0:
            if info[0] == 0:
                info[0] = <int>j + 1
            continue
        for i in range(j + 1, m):
            a[i, j] = a[i, j] / pivot
            if j + 1 < last:
                subtract(&a[i, j + 1], &a[j, j + 1], a[i, j], last - j - 1)


def panel(number[:, :, :] a, int[:, ::1] pivots, int[::1] info, Py_ssize_t first, Py_ssize_t last):
    """Eliminate columns `first` to `last` in place, exchanging whole rows.

    pivots: row j was exchanged with row pivots[j], counted from 1. info: the first zero on the diagonal, counted from 1.
    """
    check_rows(a.shape[2], a.strides[2], sizeof(number))
    cdef Py_ssize_t c, count = a.shape[0], width = last - first
    cdef int threads = threads_for(count * 2.0 * width * width * (a.shape[1] - first))
    for c in prange(count, nogil=True, num_threads=threads, schedule='static'):
        panel_of_one(a[c], pivots[c], &info[c], first, last)


cdef void substitute_one(const number[:, :] t, number[:, :] x, bint upper, bint unit) noexcept nogil:
    cdef Py_ssize_t n = t.shape[0], k = x.shape[1], s, i, j, l
    for s in range(n):
        i = n - 1 - s if upper else s
        for l in range(s):
            j = n - 1 - l if upper else l
            subtract(&x[i, 0], &x[j, 0], t[i, j], k)
        if not unit:
            for j in range(k):
                x[i, j] = x[i, j] / t[i, i]


def substitute(const number[:, :, :] t, number[:, :, :] x, bint upper, bint unit):
    """Solve t y = x in place for triangles t; the other triangle, and the diagonal if `unit`, are not looked at."""
    check_rows(x.shape[2], x.strides[2], sizeof(number))
    cdef Py_ssize_t c, count = t.shape[0], n = t.shape[1], k = x.shape[2]
    cdef int threads = threads_for(count * 1.0 * n * n * k)
    if n and k:
        for c in prange(count, nogil=True, num_threads=threads, schedule='static'):
            substitute_one(t[c], x[c], upper, unit)
