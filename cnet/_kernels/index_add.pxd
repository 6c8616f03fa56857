"""Adding rows by index: out[o, index[j], :] += src[o, j, :], in the order of the index."""

from cython.parallel cimport prange
from libc.stdint cimport int32_t, int64_t

from cnet._kernels._threads cimport threads_for
from cnet._kernels._workspace cimport SHARED, scratch

cdef extern from "index.h" nogil:
    const bint vec_picks
    void vf_pick_add_all(const float* s, const int64_t* index, float* out, Py_ssize_t n)
    void vd_pick_add_all(const double* s, const int64_t* index, double* out, Py_ssize_t n)

ctypedef fused number:
    float
    double
    int32_t
    int64_t

cdef enum:
    LINES = 64  # columns summed by one task: 64 floats are four cache lines, so that tasks do not share lines
    GROUP = 8192  # elements moved by one task; smaller tasks cost more to hand out than to do
    ROWS = 4  # added to at a time, so that the index is read once for them
    TURNED = 4  # numbers added to for each that is added, up to which looking for them beats scattering those


cdef inline void add_rows(number* out, const int64_t* index, const number* src, Py_ssize_t m, Py_ssize_t inner,
                          Py_ssize_t first, Py_ssize_t last) noexcept nogil:
    cdef Py_ssize_t j, i
    cdef number* y
    cdef const number* s
    for j in range(m):
        y = out + index[j] * inner
        s = src + j * inner
        for i in range(first, last):
            y[i] += s[i]


cdef inline void add_elements(number* out, const int64_t* index, const int64_t* turned, const number* src, Py_ssize_t n,
                              Py_ssize_t m, Py_ssize_t start, Py_ssize_t stop) noexcept nogil:
    """As add_rows for rows of one element, in outer slices start..stop-1; turned is NULL or says what each is to be given."""
    cdef Py_ssize_t o = start, i, j
    if turned != NULL:
        for o in range(start, stop):
            if number is float:
                vf_pick_add_all(src + o * m, turned, out + o * n, n)
            elif number is double:
                vd_pick_add_all(src + o * m, turned, out + o * n, n)
        return
    while o + ROWS <= stop:
        for j in range(m):
            i = o * n + index[j]
            out[i] += src[o * m + j]
            out[i + n] += src[o * m + m + j]
            out[i + 2 * n] += src[o * m + 2 * m + j]
            out[i + 3 * n] += src[o * m + 3 * m + j]
        o += ROWS
    for o in range(o, stop):
        for j in range(m):
            out[o * n + index[j]] += src[o * m + j]


cdef inline const int64_t* places(const int64_t* index, Py_ssize_t n, Py_ssize_t m) noexcept nogil:
    """The place of each of 0..n-1 in the index, or -1; NULL if some are in it twice, or there is no memory."""
    cdef int64_t* p = <int64_t*>scratch(SHARED, n * sizeof(int64_t))
    cdef Py_ssize_t j
    if p == NULL:
        return NULL
    for j in range(n):
        p[j] = -1
    for j in range(m):
        if p[index[j]] >= 0:
            return NULL
        p[index[j]] = j
    return p


cdef inline void add_elements_all(number* out, const int64_t* index, const number* src, Py_ssize_t outer, Py_ssize_t n,
                                  Py_ssize_t m) noexcept nogil:
    cdef const int64_t* turned = NULL
    cdef Py_ssize_t step = max(<Py_ssize_t>ROWS, GROUP // m), t
    if (number is float or number is double) and vec_picks and outer >= ROWS and n <= TURNED * m:
        turned = places(index, n, m)
    for t in prange((outer + step - 1) // step, num_threads=threads_for(outer * m * 8.0), schedule='static'):
        add_elements(out, index, turned, src, n, m, t * step, min(outer, (t + 1) * step))


cdef inline void add_rows_all(number* out, const int64_t* index, const number* src, Py_ssize_t outer, Py_ssize_t n,
                              Py_ssize_t m, Py_ssize_t inner) noexcept nogil:
    cdef Py_ssize_t cuts = (inner + LINES - 1) // LINES, t, o, c
    cdef int threads = threads_for(outer * m * inner * 2)
    if inner == 1 and outer > 1 and m > 0:
        add_elements_all(out, index, src, outer, n, m)
        return
    if threads == 1:
        for o in range(outer):
            add_rows(out + o * n * inner, index, src + o * m * inner, m, inner, 0, inner)
        return
    for t in prange(outer * cuts, num_threads=threads, schedule='static'):
        o = t // cuts
        c = (t % cuts) * LINES
        add_rows(out + o * n * inner, index, src + o * m * inner, m, inner, c, min(inner, c + LINES))
