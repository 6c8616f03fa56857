"""Reductions and running sums of float32 and float64 arrays.

A contiguous array is seen as (outer, n, inner) and reduced over the middle axis; several axes are reduced one run of
neighbours at a time, from the last. Long rows are cut into pieces of a fixed size whose results are combined in order,
so that one long row too has work for every thread. Arrays must have elements; only `total` takes empty ones.
"""
import numpy as np

from cython.parallel cimport prange
cimport numpy as cnp
from cnet._kernels._alloc cimport new_array
from cnet._kernels._threads cimport threads_for
from cnet._kernels.layout cimport contiguous, dense, memory_order
from cnet._kernels.rowmath cimport row_moments
from cnet._kernels.types cimport real

cnp.import_array()

cdef extern from "reduce.h" nogil:
    enum:
        COLUMNS
        WIDE
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
    void red_row_scan_f(const float *x, float *y, Py_ssize_t n, Py_ssize_t step, int product)
    void red_rows_scan_f(const float *x, float *y, Py_ssize_t n, Py_ssize_t step, Py_ssize_t apart)
    void red_row_scan_d(const double *x, double *y, Py_ssize_t n, Py_ssize_t step, int product)
    void red_rows_scan_d(const double *x, double *y, Py_ssize_t n, Py_ssize_t step, Py_ssize_t apart)
    void red_col_scan_f(const float *x, float *y, Py_ssize_t n, Py_ssize_t step, Py_ssize_t w, int product)
    void red_col_scan_d(const double *x, double *y, Py_ssize_t n, Py_ssize_t step, Py_ssize_t w, int product)

cdef enum:
    PIECE = 32768       # elements of a row, or of a block of rows, that one unit of parallel work sums
    ROW_STEP = 4096     # rows shorter than this share a unit of work

SQUARE, ABS, PRODUCT, NUMBERS = 1, 2, 3, 4      # values of `kind`; 0 sums the elements themselves


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
    cdef int threads = threads_for(<double>outer * n * (2 + sizeof(real)) / 4)
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
    for u in prange(outer * pieces, num_threads=threads_for(<double>outer * n * (2 + sizeof(real)) / 4), schedule='static'):
        part[u] = _row_sum(x + (u // pieces) * n + (u % pieces) * PIECE, _least(PIECE, n - (u % pieces) * PIECE), kind)
    for i in range(outer):
        total = part[i * pieces]
        for j in range(1, pieces):
            total = total * part[i * pieces + j] if kind == 3 else total + part[i * pieces + j]
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
    cdef int threads = threads_for(<double>outer * n * inner * (2 + sizeof(real)) / 4)
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
    cdef double total, more
    for u in prange(outer * pieces, num_threads=threads_for(<double>outer * n * inner * (2 + sizeof(real)) / 4),
                    schedule='static'):
        _col_sum(x + ((u // pieces) * n + (u % pieces) * height) * inner, _least(height, n - (u % pieces) * height),
                 inner, inner, kind, part + u * inner)
    for i in range(outer):
        for j in range(inner):
            total = part[i * pieces * inner + j]
            for k in range(1, pieces):
                more = part[(i * pieces + k) * inner + j]
                total = total * more if kind == 3 else total + more
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


# --- variance ------------------------------------------------------------------------------------------------------

cdef inline void _moments_row(const real *x, Py_ssize_t n, double free, real *var, real *mean) noexcept nogil:
    cdef double count = 0, m = 0, m2 = 0
    row_moments(x, n, &count, &m, &m2)
    # Without degrees of freedom the variance is 0/0 or infinite, as PyTorch has it.
    var[0] = <real>(m2 / (n - free if n > free else 0.0))
    mean[0] = <real>m


cdef void _moments(const real *x, Py_ssize_t outer, Py_ssize_t n, double free, real *var, real *mean) noexcept nogil:
    cdef Py_ssize_t i
    cdef int threads = threads_for(<double>outer * n * (6 + sizeof(real)) / 2)
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

cdef inline void _extreme_tile(const real *x, Py_ssize_t n, Py_ssize_t inner, Py_ssize_t o, Py_ssize_t c, real sign,
                               real *best, long long *where) noexcept nogil:
    """One row, or columns c * WIDE and following of block o."""
    cdef Py_ssize_t w = _least(WIDE, inner - c * WIDE), at = o * inner + c * WIDE
    cdef long long *here = where + at if where != NULL else NULL
    x = x + o * n * inner + c * WIDE
    best = best + at
    if real is float:
        if inner > 1:
            red_col_extreme_f(x, n, inner, w, sign, best, here)
        else:
            best[0] = red_row_extreme_f(x, n, sign)
            if here != NULL:
                here[0] = red_row_find_f(x, n, best[0])
    else:
        if inner > 1:
            red_col_extreme_d(x, n, inner, w, sign, best, here)
        else:
            best[0] = red_row_extreme_d(x, n, sign)
            if here != NULL:
                here[0] = red_row_find_d(x, n, best[0])


cdef void _extreme(const real *x, Py_ssize_t outer, Py_ssize_t n, Py_ssize_t inner, real sign, real *best,
                   long long *where) noexcept nogil:
    cdef Py_ssize_t u, tiles = _pieces(inner, WIDE)
    cdef int threads = threads_for(<double>outer * n * inner * (3 + sizeof(real)))
    if threads == 1:
        for u in range(outer * tiles):
            _extreme_tile(x, n, inner, u // tiles, u % tiles, sign, best, where)
    else:
        for u in prange(outer * tiles, num_threads=threads, schedule='static'):
            _extreme_tile(x, n, inner, u // tiles, u % tiles, sign, best, where)


cdef void _long_extreme(const real *x, Py_ssize_t n, real sign, real *part, real *best) noexcept nogil:
    """The extreme of one row longer than PIECE, through those of its pieces."""
    cdef Py_ssize_t i, pieces = _pieces(n, PIECE)
    for i in prange(pieces, num_threads=threads_for(<double>n * (3 + sizeof(real))), schedule='static'):
        _extreme_tile(x + i * PIECE, _least(PIECE, n - i * PIECE), 1, 0, 0, sign, part + i, NULL)
    _extreme_tile(<const real*>part, pieces, 1, 0, 0, sign, best, NULL)


cdef void _extreme_any(cnp.ndarray x, Py_ssize_t outer, Py_ssize_t n, Py_ssize_t inner, int sign, cnp.ndarray best,
                       long long *where):
    cdef bint single = cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT
    cdef void *xp = cnp.PyArray_DATA(x)
    cdef void *to = cnp.PyArray_DATA(best)
    cdef cnp.ndarray part
    if outer == inner == 1 and n > 2 * PIECE and where == NULL:
        part = np.empty(_pieces(n, PIECE))
        with nogil:
            if single:
                _long_extreme[float](<float*>xp, n, sign, <float*>cnp.PyArray_DATA(part), <float*>to)
            else:
                _long_extreme[double](<double*>xp, n, sign, <double*>cnp.PyArray_DATA(part), <double*>to)
        return
    with nogil:
        if single:
            _extreme[float](<float*>xp, outer, n, inner, sign, <float*>to, where)
        else:
            _extreme[double](<double*>xp, outer, n, inner, sign, <double*>to, where)


# --- any axes ------------------------------------------------------------------------------------------------------

cdef void _step(cnp.ndarray x, Py_ssize_t outer, Py_ssize_t n, Py_ssize_t inner, cnp.ndarray out, double scale, int kind,
                int sign):
    """One reduction over the middle axis: a sum, or an extreme if there is a sign."""
    if sign:
        _extreme_any(x, outer, n, inner, sign, out, NULL)
    elif cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT:
        _sum[float](<const float*>cnp.PyArray_DATA(x), <float*>cnp.PyArray_DATA(out), outer, n, inner, kind, scale)
    else:
        _sum[double](<const double*>cnp.PyArray_DATA(x), <double*>cnp.PyArray_DATA(out), outer, n, inner, kind, scale)


cdef int in_memory(cnp.ndarray x, int nd, cnp.npy_intp *dims, bint *reduced) noexcept:
    """Put lengths and marks of dimensions into the order of memory, without those of length 1, if no copy is needed then: there
    are no gaps, and what is kept stays in order. Returns their number, or -1."""
    cdef int[64] order
    cdef bint[64] marks
    cdef int d, n, last = -1
    if not dense(x):
        return -1
    n = memory_order(x, order)
    for d in range(n):
        marks[d] = reduced[order[d]]
        if not marks[d]:
            if order[d] < last:
                return -1
            last = order[d]
    for d in range(n):
        dims[d], reduced[d] = cnp.PyArray_DIM(x, order[d]), marks[d]
    return n


cdef cnp.ndarray _over_axes(cnp.ndarray x, object axes, bint keepdim, double scale, int kind, int sign):
    """Reduce over the axes (a tuple; None is all), one run of adjacent axes after the other, the last run first."""
    cdef int d, i, nd = cnp.PyArray_NDIM(x), kept = 0, runs = 0
    cdef bint[64] reduced
    cdef cnp.npy_intp[64] shape, dims
    cdef Py_ssize_t n, inner = 1, outer = cnp.PyArray_SIZE(x)
    cdef cnp.ndarray out, partial
    for d in range(nd):
        dims[d] = cnp.PyArray_DIM(x, d)
        reduced[d] = axes is None
    if axes is not None:
        for d in axes:
            reduced[d] = True
    for d in range(nd):
        runs += reduced[d] and (d == 0 or not reduced[d - 1])
        if keepdim or not reduced[d]:
            shape[kept] = 1 if reduced[d] else dims[d]
            kept += 1
    out = new_array(kept, shape, cnp.PyArray_TYPE(x))
    if outer == 0:
        out.fill(kind == 3)
        return out
    if not cnp.PyArray_IS_C_CONTIGUOUS(x):
        nd = in_memory(x, nd, dims, reduced)
        if nd < 0:
            nd, x = cnp.PyArray_NDIM(x), contiguous(x)
        runs = 0
        for d in range(nd):
            runs += reduced[d] and (d == 0 or not reduced[d - 1])
    if runs == 0 or cnp.PyArray_SIZE(out) == 1:
        n = outer if runs else 1
        _step(x, outer // n, n, 1, out, scale, kind, sign)
        return out
    i = nd - 1
    while True:
        while not reduced[i]:
            inner *= dims[i]
            outer //= dims[i]
            i -= 1
        n = 1
        while i >= 0 and reduced[i]:
            n *= dims[i]
            outer //= dims[i]
            i -= 1
        runs -= 1
        if runs == 0:
            _step(x, outer, n, inner, out, scale, kind, sign)
            return out
        if n > 1:
            shape[0] = outer * inner
            partial = new_array(1, shape, cnp.PyArray_TYPE(x))
            _step(x, outer, n, inner, partial, 1, kind, sign)
            x = partial
            # What was squared once must not be squared again.
            kind = kind if kind == 3 else 0


def total(cnp.ndarray x not None, axes=None, bint keepdim=False, double scale=1, int kind=0):
    """scale * sum of x, of x^2 (kind SQUARE), of |x| (kind ABS), the product (kind PRODUCT),
    or the sum without NaN (kind NUMBERS) over a tuple of axes."""
    return _over_axes(x, axes, keepdim, scale, kind, 0)


def extreme(cnp.ndarray x not None, axes, bint keepdim, int sign):
    """Largest (sign 1) or smallest (sign -1) elements over a tuple of axes (None: all). NaN counts as extreme."""
    return _over_axes(x, axes, keepdim, 1, 0, sign)


def extremes(cnp.ndarray x not None):
    """The smallest and the largest element of a contiguous array, read once: each piece is still in the first cache."""
    cdef Py_ssize_t n = cnp.PyArray_SIZE(x), pieces = _pieces(n, ROW_STEP), i
    cdef bint single = cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT
    cdef cnp.npy_intp[2] shape = [2, pieces]
    cdef cnp.ndarray part = new_array(2, shape, cnp.PyArray_TYPE(x))
    cdef void* xp = cnp.PyArray_DATA(x)
    cdef void* low = cnp.PyArray_DATA(part)
    cdef void* high = cnp.PyArray_BYTES(part) + pieces * cnp.PyArray_ITEMSIZE(x)
    with nogil:
        for i in prange(pieces, num_threads=threads_for(<double>n * (6 + cnp.PyArray_ITEMSIZE(x))), schedule='static'):
            if single:
                (<float*>low)[i] = red_row_extreme_f(<float*>xp + i * ROW_STEP, _least(ROW_STEP, n - i * ROW_STEP), -1)
                (<float*>high)[i] = red_row_extreme_f(<float*>xp + i * ROW_STEP, _least(ROW_STEP, n - i * ROW_STEP), 1)
            else:
                (<double*>low)[i] = red_row_extreme_d(<double*>xp + i * ROW_STEP, _least(ROW_STEP, n - i * ROW_STEP), -1)
                (<double*>high)[i] = red_row_extreme_d(<double*>xp + i * ROW_STEP, _least(ROW_STEP, n - i * ROW_STEP), 1)
    return _over_axes(part[0], None, False, 1, 0, -1), _over_axes(part[1], None, False, 1, 0, 1)


cdef void _around(cnp.ndarray x, int dim, Py_ssize_t* outer, Py_ssize_t* inner) noexcept:
    cdef int d
    outer[0] = inner[0] = 1
    for d in range(dim):
        outer[0] *= cnp.PyArray_DIM(x, d)
    for d in range(dim + 1, cnp.PyArray_NDIM(x)):
        inner[0] *= cnp.PyArray_DIM(x, d)


def extreme_at(cnp.ndarray x not None, int dim, bint keepdim, int sign):
    """Extremes along one axis and the positions where they come first."""
    cdef int d, kept = 0
    cdef cnp.npy_intp[64] shape
    cdef Py_ssize_t outer, inner
    cdef cnp.ndarray best, where
    for d in range(cnp.PyArray_NDIM(x)):
        if keepdim or d != dim:
            shape[kept] = 1 if d == dim else cnp.PyArray_DIM(x, d)
            kept += 1
    best = new_array(kept, shape, cnp.PyArray_TYPE(x))
    where = new_array(kept, shape, cnp.NPY_INT64)
    x = contiguous(x)
    _around(x, dim, &outer, &inner)
    _extreme_any(x, outer, cnp.PyArray_DIM(x, dim), inner, sign, best, <long long*>cnp.PyArray_DATA(where))
    return best, where


# --- running sums --------------------------------------------------------------------------------------------------

cdef inline void _scan_unit(const real *x, real *y, Py_ssize_t outer, Py_ssize_t n, Py_ssize_t inner, Py_ssize_t o,
                            Py_ssize_t c, int product, bint backward) noexcept nogil:
    """Four rows from row 4 o, or columns c * COLUMNS and following of block o."""
    cdef Py_ssize_t r, w = _least(COLUMNS, inner - c * COLUMNS), step = -inner if backward else inner
    cdef Py_ssize_t at = (4 * o if inner == 1 else o) * n * inner + c * COLUMNS
    if backward:
        at += (n - 1) * inner
    x += at
    y += at
    if inner > 1:
        if real is float:
            red_col_scan_f(x, y, n, step, w, product)
        else:
            red_col_scan_d(x, y, n, step, w, product)
    elif outer - 4 * o >= 4 and not product:
        if real is float:
            red_rows_scan_f(x, y, n, step, n)
        else:
            red_rows_scan_d(x, y, n, step, n)
    else:
        for r in range(_least(4, outer - 4 * o)):
            if real is float:
                red_row_scan_f(x + r * n, y + r * n, n, step, product)
            else:
                red_row_scan_d(x + r * n, y + r * n, n, step, product)


cdef void _scan(const real *x, real *y, Py_ssize_t outer, Py_ssize_t n, Py_ssize_t inner, int product,
                bint backward) noexcept nogil:
    cdef Py_ssize_t u, tiles = _pieces(inner, COLUMNS), units = _pieces(outer, 4) if inner == 1 else outer * tiles
    cdef int threads = threads_for(<double>outer * n * inner * (2 + sizeof(real) / 2.0))
    if threads == 1:
        for u in range(units):
            _scan_unit(x, y, outer, n, inner, u // tiles, u % tiles, product, backward)
    else:
        for u in prange(units, num_threads=threads, schedule='static'):
            _scan_unit(x, y, outer, n, inner, u // tiles, u % tiles, product, backward)


def scan(cnp.ndarray x not None, int dim, bint product, bint backward=False):
    """Running sums or products along an axis, from its end if `backward`, accumulated in double."""
    cdef Py_ssize_t outer, inner
    cdef cnp.ndarray y
    x = contiguous(x)
    y = new_array(cnp.PyArray_NDIM(x), cnp.PyArray_DIMS(x), cnp.PyArray_TYPE(x))
    if cnp.PyArray_SIZE(x) == 0:
        return y
    _around(x, dim, &outer, &inner)
    if cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT:
        _scan[float](<const float*>cnp.PyArray_DATA(x), <float*>cnp.PyArray_DATA(y), outer, cnp.PyArray_DIM(x, dim),
                     inner, product, backward)
    else:
        _scan[double](<const double*>cnp.PyArray_DATA(x), <double*>cnp.PyArray_DATA(y), outer, cnp.PyArray_DIM(x, dim),
                      inner, product, backward)
    return y
