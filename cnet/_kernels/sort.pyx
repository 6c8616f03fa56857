"""Order within the rows of contiguous arrays (rows, n): sorting with places, the first few, the most frequent value."""

cimport numpy as cnp
from cython.parallel cimport prange
from libc.stdint cimport int64_t

from cnet._kernels._threads cimport threads_for
from cnet._kernels._workspace cimport PRIVATE, scratch

cnp.import_array()

cdef extern from "sort.h" nogil:
    enum:
        SRT_TOP
    void srt_row_f(const void *, Py_ssize_t, int, void *, int64_t *, void *)
    void srt_row_d(const void *, Py_ssize_t, int, void *, int64_t *, void *)
    void srt_row_i(const void *, Py_ssize_t, int, void *, int64_t *, void *)
    void srt_row_l(const void *, Py_ssize_t, int, void *, int64_t *, void *)
    void srt_top_f(const void *, Py_ssize_t, Py_ssize_t, int, void *, int64_t *)
    void srt_top_d(const void *, Py_ssize_t, Py_ssize_t, int, void *, int64_t *)
    void srt_top_i(const void *, Py_ssize_t, Py_ssize_t, int, void *, int64_t *)
    void srt_top_l(const void *, Py_ssize_t, Py_ssize_t, int, void *, int64_t *)
    void srt_mode_f(const void *, Py_ssize_t, void *, int64_t *, void *)
    void srt_mode_d(const void *, Py_ssize_t, void *, int64_t *, void *)
    void srt_mode_i(const void *, Py_ssize_t, void *, int64_t *, void *)
    void srt_mode_l(const void *, Py_ssize_t, void *, int64_t *, void *)

MOST = SRT_TOP      # as many elements `top_rows` finds at most


cdef void _sort(int t, const char *x, Py_ssize_t n, int down, char *values, int64_t *where, void *room) noexcept nogil:
    if t == cnp.NPY_FLOAT:
        srt_row_f(x, n, down, values, where, room)
    elif t == cnp.NPY_DOUBLE:
        srt_row_d(x, n, down, values, where, room)
    elif t == cnp.NPY_INT32:
        srt_row_i(x, n, down, values, where, room)
    else:
        srt_row_l(x, n, down, values, where, room)


cdef void _top(int t, const char *x, Py_ssize_t n, Py_ssize_t k, int largest, char *values, int64_t *where) noexcept nogil:
    if t == cnp.NPY_FLOAT:
        srt_top_f(x, n, k, largest, values, where)
    elif t == cnp.NPY_DOUBLE:
        srt_top_d(x, n, k, largest, values, where)
    elif t == cnp.NPY_INT32:
        srt_top_i(x, n, k, largest, values, where)
    else:
        srt_top_l(x, n, k, largest, values, where)


cdef void _mode(int t, const char *x, Py_ssize_t n, char *value, int64_t *where, void *room) noexcept nogil:
    if t == cnp.NPY_FLOAT:
        srt_mode_f(x, n, value, where, room)
    elif t == cnp.NPY_DOUBLE:
        srt_mode_d(x, n, value, where, room)
    elif t == cnp.NPY_INT32:
        srt_mode_i(x, n, value, where, room)
    else:
        srt_mode_l(x, n, value, where, room)


cdef inline size_t _room(int t, Py_ssize_t n) noexcept nogil:
    """Bytes for two lists of n keys with places, each as wide as an element."""
    return <size_t>n * (16 if t == cnp.NPY_FLOAT or t == cnp.NPY_INT32 else 32)


def sort_rows(cnp.ndarray x not None, Py_ssize_t rows, Py_ssize_t n, bint down, cnp.ndarray values,
              cnp.ndarray where not None):
    """The elements of each row in order into `values` (None: not wanted), their places into `where`."""
    cdef int t = cnp.PyArray_TYPE(x), failed = 0
    cdef Py_ssize_t size = cnp.PyArray_ITEMSIZE(x), r
    cdef const char *xp = cnp.PyArray_BYTES(x)
    cdef char *vp = NULL
    cdef int64_t *wp = <int64_t *>cnp.PyArray_DATA(where)
    cdef void *room
    if values is not None:
        vp = cnp.PyArray_BYTES(values)
    with nogil:
        for r in prange(rows, num_threads=threads_for(rows * n * 30.0), schedule='static'):
            room = scratch(PRIVATE, _room(t, n))
            if room == NULL:
                failed = 1
            else:
                _sort(t, xp + r * n * size, n, down, vp + r * n * size if vp != NULL else NULL, wp + r * n, room)
    if failed:
        raise MemoryError(f'no scratch memory to sort rows of {n}')


def top_rows(cnp.ndarray x not None, Py_ssize_t rows, Py_ssize_t n, Py_ssize_t k, bint largest, cnp.ndarray values not None,
             cnp.ndarray where not None):
    """The k <= MOST first elements of each row in order, from the largest or from the smallest."""
    cdef int t = cnp.PyArray_TYPE(x)
    cdef Py_ssize_t size = cnp.PyArray_ITEMSIZE(x), r
    cdef const char *xp = cnp.PyArray_BYTES(x)
    cdef char *vp = cnp.PyArray_BYTES(values)
    cdef int64_t *wp = <int64_t *>cnp.PyArray_DATA(where)
    with nogil:
        for r in prange(rows, num_threads=threads_for(rows * (n * 4.0 + k * 100)), schedule='static'):
            _top(t, xp + r * n * size, n, k, largest, vp + r * k * size, wp + r * k)


def mode_rows(cnp.ndarray x not None, Py_ssize_t rows, Py_ssize_t n, cnp.ndarray values not None, cnp.ndarray where not None):
    """The smallest of the most frequent values of each row, and the last place that holds it."""
    cdef int t = cnp.PyArray_TYPE(x), failed = 0
    cdef Py_ssize_t size = cnp.PyArray_ITEMSIZE(x), r
    cdef const char *xp = cnp.PyArray_BYTES(x)
    cdef char *vp = cnp.PyArray_BYTES(values)
    cdef int64_t *wp = <int64_t *>cnp.PyArray_DATA(where)
    cdef void *room
    with nogil:
        for r in prange(rows, num_threads=threads_for(rows * n * 30.0), schedule='static'):
            room = scratch(PRIVATE, _room(t, n))
            if room == NULL:
                failed = 1
            else:
                _mode(t, xp + r * n * size, n, vp + r * size, wp + r, room)
    if failed:
        raise MemoryError(f'no scratch memory to sort rows of {n}')
