# cython: binding=False
"""Reductions of contiguous arrays seen as (outer, n, inner), over the middle axis.

Results are written to arrays of outer * inner elements that the caller made. Long rows are cut into pieces of a fixed
size whose results are combined in order, so that one long row too has work for every thread.
"""
import numpy as np

from cython.parallel cimport prange
cimport numpy as cnp
from cnet._kernels._threads cimport threads_for
from cnet._kernels.rowmath cimport row_moments
from cnet._kernels.types cimport real

cnp.import_array()

cdef extern from "reduce.h" nogil:
    enum:
        COLUMNS
    double red_row_sum_f(const float *x, Py_ssize_t n, int kind)
    double red_row_sum_d(const double *x, Py_ssize_t n, int kind)
    void red_col_sum_f(const float *x, Py_ssize_t n, Py_ssize_t step, Py_ssize_t w, int kind, double *total)
    void red_col_sum_d(const double *x, Py_ssize_t n, Py_ssize_t step, Py_ssize_t w, int kind, double *total)
    float red_row_extreme_f(const float *x, Py_ssize_t n, float sign)
    double red_row_extreme_d(const double *x, Py_ssize_t n, double sign)
    Py_ssize_t red_row_find_f(const float *x, Py_ssize_t n, float v)
    Py_ssize_t red_row_find_d(const double *x, Py_ssize_t n, double v)
    void red_col_extreme_f(const float *x, Py_ssize_t n, Py_ssize_t step, Py_ssize_t w, float sign, float *best,
                           long long *where)
    void red_col_extreme_d(const double *x, Py_ssize_t n, Py_ssize_t step, Py_ssize_t w, double sign, double *best,
                           long long *where)

cdef enum:
    PIECE = 32768       # elements of a row, or of a block of rows, that one unit of parallel work sums
    ROW_STEP = 4096     # rows shorter than this share a unit of work

SQUARE, ABS = 1, 2      # values of `kind`; 0 sums the elements themselves


cdef inline Py_ssize_t _least(Py_ssize_t a, Py_ssize_t b) noexcept nogil:
    return a if a < b else b


cdef inline Py_ssize_t _pieces(Py_ssize_t n, Py_ssize_t piece) noexcept nogil:
    return (n + piece - 1) // piece


# --- sums ----------------------------------------------------------------------------------------------------------

cdef inline double _row_sum(const real *x, Py_ssize_t n, int kind) noexcept nogil:
    if real is float:
        return red_row_sum_f(x, n, kind)
    else:
        return red_row_sum_d(x, n, kind)


cdef inline void _col_sum(const real *x, Py_ssize_t n, Py_ssize_t step, Py_ssize_t w, int kind, double *t) noexcept nogil:
    if real is float:
        red_col_sum_f(x, n, step, w, kind, t)
    else:
        red_col_sum_d(x, n, step, w, kind, t)


cdef void _rows(const real *x, real *y, Py_ssize_t outer, Py_ssize_t n, int kind, double scale) noexcept nogil:
    """Sums of whole rows; short rows go in groups."""
    cdef Py_ssize_t i, g, group = 1 + ROW_STEP // (n + 1), units = _pieces(outer, group)
    cdef int threads = threads_for(<double>outer * n * (2 + sizeof(real)))
    if threads == 1:
        for i in range(outer):
            y[i] = <real>(_row_sum(x + i * n, n, kind) * scale)
        return
    for g in prange(units, num_threads=threads, schedule='static'):
        for i in range(g * group, _least(outer, (g + 1) * group)):
            y[i] = <real>(_row_sum(x + i * n, n, kind) * scale)


cdef void _long_rows(const real *x, real *y, double *part, Py_ssize_t outer, Py_ssize_t n, int kind,
                     double scale) noexcept nogil:
    """Sums of rows longer than PIECE, through the sums of their pieces."""
    cdef Py_ssize_t i, j, u, pieces = _pieces(n, PIECE)
    cdef double total
    for u in prange(outer * pieces, num_threads=threads_for(<double>outer * n * (2 + sizeof(real))), schedule='static'):
        part[u] = _row_sum(x + (u // pieces) * n + (u % pieces) * PIECE, _least(PIECE, n - (u % pieces) * PIECE), kind)
    for i in range(outer):
        total = 0
        for j in range(pieces):
            total = total + part[i * pieces + j]
        y[i] = <real>(total * scale)


cdef inline void _tile(const real *x, real *y, Py_ssize_t n, Py_ssize_t inner, Py_ssize_t o, Py_ssize_t c, int kind,
                       double scale) noexcept nogil:
    """Columns c * COLUMNS and following, of block o."""
    cdef double[COLUMNS] total
    cdef Py_ssize_t j, w = _least(COLUMNS, inner - c * COLUMNS)
    _col_sum(x + o * n * inner + c * COLUMNS, n, inner, w, kind, total)
    for j in range(w):
        y[o * inner + c * COLUMNS + j] = <real>(total[j] * scale)


cdef void _columns(const real *x, real *y, Py_ssize_t outer, Py_ssize_t n, Py_ssize_t inner, int kind,
                   double scale) noexcept nogil:
    cdef Py_ssize_t u, tiles = _pieces(inner, COLUMNS)
    cdef int threads = threads_for(<double>outer * n * inner * (2 + sizeof(real)))
    if threads == 1:
        for u in range(outer * tiles):
            _tile(x, y, n, inner, u // tiles, u % tiles, kind, scale)
    else:
        for u in prange(outer * tiles, num_threads=threads, schedule='static'):
            _tile(x, y, n, inner, u // tiles, u % tiles, kind, scale)


cdef void _tall(const real *x, real *y, double *part, Py_ssize_t outer, Py_ssize_t n, Py_ssize_t inner,
                Py_ssize_t height, int kind, double scale) noexcept nogil:
    """Sums of few but tall columns (inner <= COLUMNS), through the sums of blocks of `height` rows."""
    cdef Py_ssize_t i, j, k, u, pieces = _pieces(n, height)
    cdef double total
    for u in prange(outer * pieces, num_threads=threads_for(<double>outer * n * inner * (2 + sizeof(real))),
                    schedule='static'):
        _col_sum(x + ((u // pieces) * n + (u % pieces) * height) * inner, _least(height, n - (u % pieces) * height),
                 inner, inner, kind, part + u * inner)
    for i in range(outer):
        for j in range(inner):
            total = 0
            for k in range(pieces):
                total = total + part[(i * pieces + k) * inner + j]
            y[i * inner + j] = <real>(total * scale)


cdef void _sum(const real *x, real *y, Py_ssize_t outer, Py_ssize_t n, Py_ssize_t inner, int kind, double scale):
    cdef Py_ssize_t height
    cdef cnp.ndarray part
    if inner == 1:
        if n > 2 * PIECE:
            part = np.empty(outer * _pieces(n, PIECE))
            with nogil:
                _long_rows(x, y, <double*>cnp.PyArray_DATA(part), outer, n, kind, scale)
        elif outer * n < ROW_STEP:
            _rows(x, y, outer, n, kind, scale)
        else:
            with nogil:
                _rows(x, y, outer, n, kind, scale)
        return
    height = 1 + PIECE // inner
    if inner <= COLUMNS and n > 2 * height:
        part = np.empty(outer * _pieces(n, height) * inner)
        with nogil:
            _tall(x, y, <double*>cnp.PyArray_DATA(part), outer, n, inner, height, kind, scale)
    else:
        with nogil:
            _columns(x, y, outer, n, inner, kind, scale)


def sum_forward(cnp.ndarray x, Py_ssize_t outer, Py_ssize_t n, Py_ssize_t inner, cnp.ndarray out, double scale=1,
                int kind=0):
    """out = scale * sum of x, of x^2 (kind SQUARE) or of |x| (kind ABS)."""
    if cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT:
        _sum[float](<const float*>cnp.PyArray_DATA(x), <float*>cnp.PyArray_DATA(out), outer, n, inner, kind, scale)
    else:
        _sum[double](<const double*>cnp.PyArray_DATA(x), <double*>cnp.PyArray_DATA(out), outer, n, inner, kind, scale)
    return out


# --- variance ------------------------------------------------------------------------------------------------------

cdef inline void _moments_row(const real *x, Py_ssize_t n, double free, real *var, real *mean) noexcept nogil:
    cdef double count = 0, m = 0, m2 = 0
    row_moments(x, n, &count, &m, &m2)
    # Without degrees of freedom the variance is 0/0 or infinite, as PyTorch has it.
    var[0] = <real>(m2 / (n - free if n > free else 0.0))
    mean[0] = <real>m


cdef void _moments(const real *x, Py_ssize_t outer, Py_ssize_t n, double free, real *var, real *mean) noexcept nogil:
    cdef Py_ssize_t i
    cdef int threads = threads_for(<double>outer * n * (6 + sizeof(real)))
    if threads == 1:
        for i in range(outer):
            _moments_row(x + i * n, n, free, var + i, mean + i)
    else:
        for i in prange(outer, num_threads=threads, schedule='static'):
            _moments_row(x + i * n, n, free, var + i, mean + i)


def var_forward(cnp.ndarray x, Py_ssize_t outer, Py_ssize_t n, double correction, cnp.ndarray var, cnp.ndarray mean):
    """var, mean of rows of n elements; the variance is the sum of squared deviations over max(0, n - correction)."""
    cdef bint single = cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT
    with nogil:
        if single:
            _moments[float](<const float*>cnp.PyArray_DATA(x), outer, n, correction, <float*>cnp.PyArray_DATA(var),
                            <float*>cnp.PyArray_DATA(mean))
        else:
            _moments[double](<const double*>cnp.PyArray_DATA(x), outer, n, correction, <double*>cnp.PyArray_DATA(var),
                             <double*>cnp.PyArray_DATA(mean))
    return var, mean


# --- extremes ------------------------------------------------------------------------------------------------------

cdef inline void _extreme_row(const real *x, Py_ssize_t n, real sign, real *best, long long *where) noexcept nogil:
    if real is float:
        best[0] = red_row_extreme_f(x, n, sign)
        if where != NULL:
            where[0] = red_row_find_f(x, n, best[0])
    else:
        best[0] = red_row_extreme_d(x, n, sign)
        if where != NULL:
            where[0] = red_row_find_d(x, n, best[0])


cdef inline void _extreme_tile(const real *x, Py_ssize_t n, Py_ssize_t inner, Py_ssize_t o, Py_ssize_t c, real sign,
                               real *best, long long *where) noexcept nogil:
    cdef Py_ssize_t w = _least(COLUMNS, inner - c * COLUMNS), at = o * inner + c * COLUMNS
    x = x + o * n * inner + c * COLUMNS
    if real is float:
        red_col_extreme_f(x, n, inner, w, sign, best + at, where + at if where != NULL else NULL)
    else:
        red_col_extreme_d(x, n, inner, w, sign, best + at, where + at if where != NULL else NULL)


cdef void _extreme(const real *x, Py_ssize_t outer, Py_ssize_t n, Py_ssize_t inner, real sign, real *best,
                   long long *where) noexcept nogil:
    cdef Py_ssize_t u, tiles = _pieces(inner, COLUMNS)
    cdef int threads = threads_for(<double>outer * n * inner * (3 + sizeof(real)))
    for u in prange(outer * tiles, num_threads=threads, schedule='static', use_threads_if=threads > 1):
        if inner == 1:
            _extreme_row(x + u * n, n, sign, best + u, where + u if where != NULL else NULL)
        else:
            _extreme_tile(x, n, inner, u // tiles, u % tiles, sign, best, where)


def extreme_forward(cnp.ndarray x, Py_ssize_t outer, Py_ssize_t n, Py_ssize_t inner, int sign, cnp.ndarray best,
                    where=None):
    """best = largest (sign 1) or smallest (sign -1) elements; where = their first positions. NaN counts as extreme."""
    cdef long long *at = NULL
    cdef bint single = cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT
    if where is not None:
        at = <long long*>cnp.PyArray_DATA(<cnp.ndarray>where)
    with nogil:
        if single:
            _extreme[float](<const float*>cnp.PyArray_DATA(x), outer, n, inner, sign,
                            <float*>cnp.PyArray_DATA(best), at)
        else:
            _extreme[double](<const double*>cnp.PyArray_DATA(x), outer, n, inner, sign,
                             <double*>cnp.PyArray_DATA(best), at)
    return best
