"""Moving elements by index: gather, scatter, and whole rows (index_select, index_add, embedding).

Every array is C-contiguous and seen as (outer, n, inner), where n is the size of the indexed dimension; an index is
int64 and lies in 0..n-1 (`first_outside` finds the place where it does not). Sums are taken in the order of the index,
and parallel work is cut by shape into pieces that write to different memory, so results do not depend on the number of
threads.
"""

cimport numpy as cnp
from cython.parallel cimport prange
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy

from cnet._kernels._alloc cimport new_array
from cnet._kernels._threads cimport threads_for
from cnet._kernels.index_add cimport add_rows_all, number

cnp.import_array()

cdef extern from "index.h" nogil:
    void index_pick_4(const uint32_t* s, const int64_t* index, Py_ssize_t step, uint32_t* out, Py_ssize_t n)
    void index_pick_8(const uint64_t* s, const int64_t* index, Py_ssize_t step, uint64_t* out, Py_ssize_t n)

ctypedef fused word:  # elements that are only moved count by their size
    uint8_t
    uint16_t
    uint32_t
    uint64_t
    double complex

cdef enum:
    MAXDIMS = 64  # NumPy's own limit
    COLUMNS = 64  # columns summed by one task: 64 floats are four cache lines, so that tasks do not share lines
    RUN = 64  # elements of a running maximum that are compared with it together
    SPAN = 8192  # elements moved by one task; smaller tasks cost more to hand out than to do


def first_outside(cnp.ndarray index not None, int64_t low, int64_t high):
    """Position of the first element of a contiguous int64 array outside low..high-1, or -1."""
    return _outside(index, low, high)


cdef Py_ssize_t _outside(cnp.ndarray index, int64_t low, int64_t high) noexcept:
    cdef const int64_t* p = <const int64_t*>cnp.PyArray_DATA(index)
    cdef Py_ssize_t i, n = cnp.PyArray_SIZE(index)
    cdef int64_t least = high, most = low - 1
    with nogil:
        for i in range(n):  # two branch-free reductions; the search below runs only if one of them complains
            least = min(least, p[i])
            most = max(most, p[i])
    if n == 0 or (least >= low and most < high):
        return -1
    for i in range(n):
        if p[i] < low or p[i] >= high:
            return i
    return -1


cdef inline void _pick(const word* src, const int64_t* index, Py_ssize_t step, word* out, Py_ssize_t n) noexcept nogil:
    """out[j] = src[index[j]], or if step > 1 src[index[j] * step + j]."""
    cdef Py_ssize_t j
    if word is uint32_t:
        index_pick_4(src, index, step, out, n)
    elif word is uint64_t:
        index_pick_8(src, index, step, out, n)
    elif step == 1:
        for j in range(n):
            out[j] = src[index[j]]
    else:
        for j in range(n):
            out[j] = src[index[j] * step + j]


cdef void _gather(const word* src, const int64_t* index, word* out, Py_ssize_t n, Py_ssize_t m, Py_ssize_t inner,
                  Py_ssize_t start, Py_ssize_t stop) noexcept nogil:
    """Rows start..stop-1 of the outer * m rows of the result."""
    cdef Py_ssize_t outer = start // m, j = start % m, r = start, end
    if inner == 1:  # one element each: a loop over j in place of one over i
        while r < stop:
            end = min(stop, r + m - j)
            _pick(src + outer * n, index + r, 1, out + r, end - r)
            r = end
            j = 0
            outer += 1
        return
    for r in range(start, stop):
        _pick(src + outer * n * inner, index + r * inner, inner, out + r * inner, inner)
        j += 1
        if j == m:
            j = 0
            outer += 1


cdef void _gather_all(const word* src, const int64_t* index, word* out, Py_ssize_t outer, Py_ssize_t n, Py_ssize_t m,
                      Py_ssize_t inner) noexcept nogil:
    cdef Py_ssize_t rows = outer * m, step = max(1, SPAN // inner), t
    for t in prange((rows + step - 1) // step, num_threads=threads_for(rows * inner * 4), schedule='static'):
        _gather(src, index, out, n, m, inner, t * step, min(rows, (t + 1) * step))


def gather(cnp.ndarray src not None, cnp.ndarray index not None, cnp.ndarray out not None,
           Py_ssize_t outer, Py_ssize_t n, Py_ssize_t m, Py_ssize_t inner):
    """out[o, j, i] = src[o, index[o, j, i], i], for elements of 1, 2, 4, 8 or 16 bytes."""
    cdef void* s = cnp.PyArray_DATA(src)
    cdef void* y = cnp.PyArray_DATA(out)
    cdef int64_t* x = <int64_t*>cnp.PyArray_DATA(index)
    cdef Py_ssize_t size = src.itemsize
    if outer == 0 or m == 0 or inner == 0:
        return
    with nogil:
        if size == 4:
            _gather_all(<uint32_t*>s, x, <uint32_t*>y, outer, n, m, inner)
        elif size == 8:
            _gather_all(<uint64_t*>s, x, <uint64_t*>y, outer, n, m, inner)
        elif size == 2:
            _gather_all(<uint16_t*>s, x, <uint16_t*>y, outer, n, m, inner)
        elif size == 1:
            _gather_all(<uint8_t*>s, x, <uint8_t*>y, outer, n, m, inner)
        else:
            _gather_all(<double complex*>s, x, <double complex*>y, outer, n, m, inner)


cdef void _scatter(word* out, const int64_t* index, const word* src, Py_ssize_t outer, Py_ssize_t n, Py_ssize_t m,
                   Py_ssize_t inner) noexcept nogil:
    cdef Py_ssize_t o, j, i
    for o in range(outer):
        for j in range(m):
            for i in range(inner):
                out[index[i] * inner + i] = src[i]
            index += inner
            src += inner
        out += n * inner


def scatter(cnp.ndarray out not None, cnp.ndarray index not None, cnp.ndarray src not None,
            Py_ssize_t outer, Py_ssize_t n, Py_ssize_t m, Py_ssize_t inner):
    """out[o, index[o, j, i], i] = src[o, j, i], the last of several winning; elements of 1, 2, 4, 8 or 16 bytes."""
    cdef void* s = cnp.PyArray_DATA(src)
    cdef void* y = cnp.PyArray_DATA(out)
    cdef int64_t* x = <int64_t*>cnp.PyArray_DATA(index)
    cdef Py_ssize_t size = src.itemsize
    with nogil:
        if size == 4:
            _scatter(<uint32_t*>y, x, <uint32_t*>s, outer, n, m, inner)
        elif size == 8:
            _scatter(<uint64_t*>y, x, <uint64_t*>s, outer, n, m, inner)
        elif size == 2:
            _scatter(<uint16_t*>y, x, <uint16_t*>s, outer, n, m, inner)
        elif size == 1:
            _scatter(<uint8_t*>y, x, <uint8_t*>s, outer, n, m, inner)
        else:
            _scatter(<double complex*>y, x, <double complex*>s, outer, n, m, inner)


cdef void _scatter_add(number* out, const int64_t* index, const number* src, Py_ssize_t n, Py_ssize_t m,
                       Py_ssize_t inner, Py_ssize_t first, Py_ssize_t last) noexcept nogil:
    """Columns first..last-1 of one outer slice."""
    cdef Py_ssize_t j, i
    for j in range(m):
        for i in range(first, last):
            out[index[j * inner + i] * inner + i] += src[j * inner + i]


cdef void _scatter_add_all(number* out, const int64_t* index, const number* src, Py_ssize_t outer, Py_ssize_t n,
                           Py_ssize_t m, Py_ssize_t inner) noexcept nogil:
    cdef Py_ssize_t cuts = (inner + COLUMNS - 1) // COLUMNS, t, o, c
    cdef int threads = threads_for(outer * m * inner * 4)
    if inner == 1 and threads == 1:
        for o in range(outer):
            for t in range(m):
                out[o * n + index[o * m + t]] += src[o * m + t]
        return
    for t in prange(outer * cuts, num_threads=threads, schedule='static'):
        o = t // cuts
        c = (t % cuts) * COLUMNS
        _scatter_add(out + o * n * inner, index + o * m * inner, src + o * m * inner, n, m, inner, c,
                     min(inner, c + COLUMNS))


def scatter_add(cnp.ndarray out not None, cnp.ndarray index not None, cnp.ndarray src not None,
                Py_ssize_t outer, Py_ssize_t n, Py_ssize_t m, Py_ssize_t inner):
    """out[o, index[o, j, i], i] += src[o, j, i]; False if the element type has no loop here."""
    cdef void* s = cnp.PyArray_DATA(src)
    cdef void* y = cnp.PyArray_DATA(out)
    cdef int64_t* x = <int64_t*>cnp.PyArray_DATA(index)
    cdef int t = cnp.PyArray_TYPE(out)
    if t == cnp.NPY_FLOAT:
        with nogil:
            _scatter_add_all(<float*>y, x, <float*>s, outer, n, m, inner)
    elif t == cnp.NPY_DOUBLE:
        with nogil:
            _scatter_add_all(<double*>y, x, <double*>s, outer, n, m, inner)
    elif t == cnp.NPY_INT64:
        with nogil:
            _scatter_add_all(<int64_t*>y, x, <int64_t*>s, outer, n, m, inner)
    elif t == cnp.NPY_INT32:
        with nogil:
            _scatter_add_all(<int32_t*>y, x, <int32_t*>s, outer, n, m, inner)
    else:
        return False
    return True


cdef inline bint _nan(number v) noexcept nogil:
    if number is float or number is double:
        return v != v
    else:
        return False


cdef inline number _combined(number a, number b, int how) noexcept nogil:
    """Product (0), larger (1) or smaller (-1) of two numbers; NaN wins."""
    if how == 0:
        return a * b
    return b if _nan(b) or (b > a if how > 0 else b < a) else a


cdef void _scatter_combine(number* out, const int64_t* index, const number* src, Py_ssize_t n, Py_ssize_t m,
                           Py_ssize_t inner, Py_ssize_t first, Py_ssize_t last, int how) noexcept nogil:
    cdef Py_ssize_t j, i
    cdef number* place
    for j in range(m):
        for i in range(first, last):
            place = out + index[j * inner + i] * inner + i
            place[0] = _combined(place[0], src[j * inner + i], how)


cdef void _scatter_combine_all(number* out, const int64_t* index, const number* src, Py_ssize_t outer, Py_ssize_t n,
                               Py_ssize_t m, Py_ssize_t inner, int how) noexcept nogil:
    cdef Py_ssize_t cuts = (inner + COLUMNS - 1) // COLUMNS, t, o, c
    for t in prange(outer * cuts, num_threads=threads_for(outer * m * inner * 4), schedule='static'):
        o = t // cuts
        c = (t % cuts) * COLUMNS
        _scatter_combine(out + o * n * inner, index + o * m * inner, src + o * m * inner, n, m, inner, c,
                         min(inner, c + COLUMNS), how)


def scatter_combine(cnp.ndarray out not None, cnp.ndarray index not None, cnp.ndarray src not None,
                    Py_ssize_t outer, Py_ssize_t n, Py_ssize_t m, Py_ssize_t inner, int how):
    """`scatter_add` with the product (how = 0), the larger (1) or the smaller (-1); False if there is no loop here."""
    cdef void* s = cnp.PyArray_DATA(src)
    cdef void* y = cnp.PyArray_DATA(out)
    cdef int64_t* x = <int64_t*>cnp.PyArray_DATA(index)
    cdef int t = cnp.PyArray_TYPE(out)
    if t == cnp.NPY_FLOAT:
        with nogil:
            _scatter_combine_all(<float*>y, x, <float*>s, outer, n, m, inner, how)
    elif t == cnp.NPY_DOUBLE:
        with nogil:
            _scatter_combine_all(<double*>y, x, <double*>s, outer, n, m, inner, how)
    elif t == cnp.NPY_INT64:
        with nogil:
            _scatter_combine_all(<int64_t*>y, x, <int64_t*>s, outer, n, m, inner, how)
    else:
        return False
    return True


cdef void _running(const number* x, number* y, int64_t* place, Py_ssize_t n, Py_ssize_t inner, Py_ssize_t first,
                   Py_ssize_t last, int how) noexcept nogil:
    """Columns first..last-1 of one outer slice. A NaN, once met, stays; equal elements move the place on."""
    cdef Py_ssize_t j, i, at, start, stop
    cdef number best, v
    cdef int new
    if inner == 1:  # in registers: stores that are loaded again would take 3 ns per element instead of 1
        best = x[0]
        at = 0
        start = 0
        while start < n:
            # A run that stays below what was found is only compared and filled, in vectors. A NaN is not below anything.
            stop = min(n, start + RUN)
            new = 0
            if how > 0:
                for j in range(start, stop):
                    new |= not (x[j] < best)
            else:
                for j in range(start, stop):
                    new |= not (x[j] > best)
            if not new:
                for j in range(start, stop):
                    y[j] = best
                for j in range(start, stop):
                    place[j] = at
            else:
                for j in range(start, stop):
                    v = x[j]
                    if _nan(v) or (not _nan(best) and (v >= best if how > 0 else v <= best)):
                        best = v
                        at = j
                    y[j] = best
                    place[j] = at
            start = stop
        return
    for i in range(first, last):
        y[i] = x[i]
        place[i] = 0
    for j in range(1, n):
        for i in range(first, last):
            at = j * inner + i
            v = x[at]
            best = y[at - inner]
            if _nan(v) or (not _nan(best) and (v >= best if how > 0 else v <= best)):
                y[at] = v
                place[at] = j
            else:
                y[at] = best
                place[at] = place[at - inner]


cdef void _running_all(const number* x, number* y, int64_t* place, Py_ssize_t outer, Py_ssize_t n, Py_ssize_t inner,
                       int how) noexcept nogil:
    cdef Py_ssize_t cuts = (inner + COLUMNS - 1) // COLUMNS, t, o, c
    for t in prange(outer * cuts, num_threads=threads_for(outer * n * inner * 4), schedule='static'):
        o = t // cuts
        c = (t % cuts) * COLUMNS
        _running(x + o * n * inner, y + o * n * inner, place + o * n * inner, n, inner, c, min(inner, c + COLUMNS), how)


def running_extreme(cnp.ndarray x not None, cnp.ndarray y not None, cnp.ndarray place not None,
                    Py_ssize_t outer, Py_ssize_t n, Py_ssize_t inner, int how):
    """Running maximum (how = 1) or minimum (-1) and its last place, of (outer, n, inner); False if there is no loop here."""
    cdef void* a = cnp.PyArray_DATA(x)
    cdef void* b = cnp.PyArray_DATA(y)
    cdef int64_t* p = <int64_t*>cnp.PyArray_DATA(place)
    cdef int t = cnp.PyArray_TYPE(x)
    if t == cnp.NPY_FLOAT:
        with nogil:
            _running_all(<const float*>a, <float*>b, p, outer, n, inner, how)
    elif t == cnp.NPY_DOUBLE:
        with nogil:
            _running_all(<const double*>a, <double*>b, p, outer, n, inner, how)
    elif t == cnp.NPY_INT64:
        with nogil:
            _running_all(<const int64_t*>a, <int64_t*>b, p, outer, n, inner, how)
    else:
        return False
    return True


cdef void _take_elements(const word* src, const int64_t* index, word* out, Py_ssize_t n, Py_ssize_t m, Py_ssize_t start,
                         Py_ssize_t stop) noexcept nogil:
    """Rows of one element: start..stop-1 of the outer slices."""
    cdef Py_ssize_t o
    for o in range(start, stop):
        _pick(src + o * n, index, 1, out + o * m, m)


cdef void _take_elements_all(const word* src, const int64_t* index, word* out, Py_ssize_t outer, Py_ssize_t n,
                             Py_ssize_t m) noexcept nogil:
    cdef Py_ssize_t step = max(1, SPAN // m), t
    cdef int threads = threads_for(outer * m * 8.0)
    if threads == 1:
        _take_elements(src, index, out, n, m, 0, outer)
    else:
        for t in prange((outer + step - 1) // step, num_threads=threads, schedule='static'):
            _take_elements(src, index, out, n, m, t * step, min(outer, (t + 1) * step))


cdef void _take_rows(const char* src, const int64_t* index, char* out, Py_ssize_t n, Py_ssize_t m, Py_ssize_t size,
                     Py_ssize_t start, Py_ssize_t stop) noexcept nogil:
    cdef Py_ssize_t r, o = start // m, j = start % m
    for r in range(start, stop):
        memcpy(out + r * size, src + (o * n + index[j]) * size, size)
        j += 1
        if j == m:
            j = 0
            o += 1


def take_rows(cnp.ndarray src not None, cnp.ndarray index not None, cnp.ndarray out not None,
              Py_ssize_t outer, Py_ssize_t n, Py_ssize_t m, Py_ssize_t inner):
    """out[o, j, :] = src[o, index[j], :]."""
    _take(src, index, out, outer, n, m, inner)


cdef void _take(cnp.ndarray src, cnp.ndarray index, cnp.ndarray out, Py_ssize_t outer, Py_ssize_t n, Py_ssize_t m,
                Py_ssize_t inner) noexcept:
    cdef const char* s = cnp.PyArray_BYTES(src)
    cdef char* y = cnp.PyArray_BYTES(out)
    cdef const int64_t* x = <const int64_t*>cnp.PyArray_DATA(index)
    cdef Py_ssize_t size = inner * src.itemsize, rows = outer * m, step, t
    cdef int threads
    if rows == 0 or size == 0:
        return
    step = max(1, 4 * SPAN // size)
    with nogil:
        if size == 4:
            _take_elements_all(<const uint32_t*>s, x, <uint32_t*>y, outer, n, m)
        elif size == 8:
            _take_elements_all(<const uint64_t*>s, x, <uint64_t*>y, outer, n, m)
        elif size == 2:
            _take_elements_all(<const uint16_t*>s, x, <uint16_t*>y, outer, n, m)
        elif size == 1:
            _take_elements_all(<const uint8_t*>s, x, <uint8_t*>y, outer, n, m)
        else:
            threads = threads_for(rows * size)
            if threads == 1:
                _take_rows(s, x, y, n, m, size, 0, rows)
            else:
                for t in prange((rows + step - 1) // step, num_threads=threads, schedule='static'):
                    _take_rows(s, x, y, n, m, size, t * step, min(rows, (t + 1) * step))


def table_rows(cnp.ndarray table not None, cnp.ndarray index not None):
    """table[index] of a contiguous matrix and contiguous int64 numbers of its rows; None for anything else."""
    cdef cnp.npy_intp shape[MAXDIMS]
    cdef int d, nd = cnp.PyArray_NDIM(index)
    cdef cnp.ndarray out
    if cnp.PyArray_NDIM(table) != 2 or nd >= MAXDIMS or cnp.PyArray_TYPE(index) != cnp.NPY_INT64 \
            or not cnp.PyArray_IS_C_CONTIGUOUS(table) or not cnp.PyArray_IS_C_CONTIGUOUS(index) \
            or not cnp.PyArray_ISBEHAVED_RO(index) or cnp.PyArray_TYPE(table) == cnp.NPY_OBJECT \
            or _outside(index, 0, cnp.PyArray_DIM(table, 0)) >= 0:
        return None
    for d in range(nd):
        shape[d] = cnp.PyArray_DIM(index, d)
    shape[nd] = cnp.PyArray_DIM(table, 1)
    out = new_array(nd + 1, shape, cnp.PyArray_TYPE(table))
    _take(table, index, out, 1, cnp.PyArray_DIM(table, 0), cnp.PyArray_SIZE(index), shape[nd])
    return out


def add_rows(cnp.ndarray out not None, cnp.ndarray index not None, cnp.ndarray src not None,
             Py_ssize_t outer, Py_ssize_t n, Py_ssize_t m, Py_ssize_t inner):
    """out[o, index[j], :] += src[o, j, :]; False if the element type has no loop here."""
    cdef void* s = cnp.PyArray_DATA(src)
    cdef void* y = cnp.PyArray_DATA(out)
    cdef int64_t* x = <int64_t*>cnp.PyArray_DATA(index)
    cdef int t = cnp.PyArray_TYPE(out)
    if t == cnp.NPY_CFLOAT or t == cnp.NPY_CDOUBLE:  # sums of complex numbers are sums of their parts
        inner *= 2
        t = cnp.NPY_FLOAT if t == cnp.NPY_CFLOAT else cnp.NPY_DOUBLE
    if t == cnp.NPY_FLOAT:
        with nogil:
            add_rows_all(<float*>y, x, <float*>s, outer, n, m, inner)
    elif t == cnp.NPY_DOUBLE:
        with nogil:
            add_rows_all(<double*>y, x, <double*>s, outer, n, m, inner)
    elif t == cnp.NPY_INT64:
        with nogil:
            add_rows_all(<int64_t*>y, x, <int64_t*>s, outer, n, m, inner)
    elif t == cnp.NPY_INT32:
        with nogil:
            add_rows_all(<int32_t*>y, x, <int32_t*>s, outer, n, m, inner)
    else:
        return False
    return True


cdef void _count_bins(const number* x, Py_ssize_t n, number low, number high, int64_t* counts, Py_ssize_t bins) noexcept nogil:
    """In the arithmetic of the elements, as PyTorch has it."""
    cdef Py_ssize_t i, at
    cdef number span = high - low
    for i in range(n):
        if x[i] >= low and x[i] <= high:
            at = <Py_ssize_t>((x[i] - low) * <number>bins / span)
            counts[min(at, bins - 1)] += 1


def count_bins(cnp.ndarray x not None, double low, double high, cnp.ndarray counts not None):
    """counts[b] += how many elements of a contiguous float32 or float64 array lie in each of equally wide bins."""
    cdef void* a = cnp.PyArray_DATA(x)
    cdef Py_ssize_t n = cnp.PyArray_SIZE(x)
    cdef bint single = cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT
    with nogil:
        if single:
            _count_bins(<const float*>a, n, <float>low, <float>high, <int64_t*>cnp.PyArray_DATA(counts), cnp.PyArray_SIZE(counts))
        else:
            _count_bins(<const double*>a, n, low, high, <int64_t*>cnp.PyArray_DATA(counts), cnp.PyArray_SIZE(counts))
