"""Rows and columns of planes as sparse combinations of others: interpolation to other sizes, and its gradient.

A table says, for every result along an axis, which inputs it takes and with what weights; a gradient has the transposed
table, so that the same loop serves both and nobody adds to what another thread wrote. A task is a band of rows of results of
one plane. Enlarging, columns come first, for the few rows of the input; shrinking, rows come first, whose loop vectorises.

Borders made of what is inside are copied row by row, and added to it again plane by plane.
"""

cimport numpy as cnp
from cython.parallel cimport prange
from libc.string cimport memcpy, memset

from cnet._kernels._threads cimport threads_for
from cnet._kernels._workspace cimport PRIVATE, scratch
from cnet._kernels.types cimport real

cnp.import_array()

cdef enum:
    BAND = 1 << 14  # results of a task: the rows that two neighbouring bands both need are few beside these

cdef struct Axis:
    Py_ssize_t size     # of the input
    Py_ssize_t out      # of the result
    int taps            # per result, if all have as many; else 0
    bint keep           # nothing happens along this axis
    bint copy           # one tap per result, of weight 1
    const int *start    # out + 1 numbers: where the taps of each result begin
    const int *index
    const void *weight  # of the type of the data


cdef class Table:
    """What happens along one axis. `start`, `index` (int32) and `weight` as in a sparse matrix by rows; None: nothing."""

    cdef Axis axis
    cdef cnp.ndarray start, index, weight

    def __init__(self, Py_ssize_t size, Py_ssize_t out, cnp.ndarray start=None, cnp.ndarray index=None,
                 cnp.ndarray weight=None, int taps=0, bint copy=False):
        self.axis.size = size
        self.axis.out = out
        self.axis.keep = start is None
        self.axis.taps = taps
        self.axis.copy = copy
        if start is not None:
            self.start, self.index, self.weight = start, index, weight
            self.axis.start = <const int *> cnp.PyArray_DATA(start)
            self.axis.index = <const int *> cnp.PyArray_DATA(index)
            self.axis.weight = cnp.PyArray_DATA(weight)


cdef inline void down(const real *x, Py_ssize_t width, real *y, Py_ssize_t o, const Axis *a, Py_ssize_t base) noexcept nogil:
    """Row `o` of the results from the rows of x, the first of which has number `base`."""
    cdef Py_ssize_t first = o if a.keep else a.start[o], n = 1 if a.keep else a.start[o + 1] - first
    cdef const int *index
    cdef const real *w
    cdef const real *p
    cdef const real *q
    cdef Py_ssize_t i, t
    cdef real u, v
    if a.keep or n == 1 and a.copy:
        memcpy(y, x + ((o if a.keep else a.index[first]) - base) * width, width * sizeof(real))
        return
    if n == 0:
        memset(y, 0, width * sizeof(real))
        return
    index, w = a.index + first, <const real *> a.weight + first
    p = x + (index[0] - base) * width
    u = w[0]
    if n == 1:
        for i in range(width):
            y[i] = p[i] * u
        return
    q = x + (index[1] - base) * width
    v = w[1]
    for i in range(width):
        y[i] = p[i] * u + q[i] * v
    for t in range(2, n):
        p = x + (index[t] - base) * width
        u = w[t]
        for i in range(width):
            y[i] += p[i] * u


cdef inline void across(const real *x, real *y, Py_ssize_t inner, const Axis *a) noexcept nogil:
    """One row of results from one row of inputs, each of `inner` numbers."""
    cdef const int *index = a.index
    cdef const real *w = <const real *> a.weight
    cdef Py_ssize_t o, t
    cdef real s
    if a.keep:
        memcpy(y, x, a.out * inner * sizeof(real))
    elif inner > 1:
        for o in range(a.out):
            down(x, inner, y + o * inner, o, a, 0)
    elif a.copy:
        for o in range(a.out):
            y[o] = x[index[o]]
    elif a.taps == 2:
        for o in range(a.out):
            y[o] = x[index[2 * o]] * w[2 * o] + x[index[2 * o + 1]] * w[2 * o + 1]
    elif a.taps == 4:
        for o in range(a.out):
            y[o] = (x[index[4 * o]] * w[4 * o] + x[index[4 * o + 1]] * w[4 * o + 1]
                    + x[index[4 * o + 2]] * w[4 * o + 2] + x[index[4 * o + 3]] * w[4 * o + 3])
    else:
        for o in range(a.out):
            s = 0
            for t in range(a.start[o], a.start[o + 1]):
                s += x[index[t]] * w[t]
            y[o] = s


cdef int band(const real *x, real *y, Py_ssize_t inner, const Axis *rows, const Axis *columns, Py_ssize_t begin,
              Py_ssize_t end) noexcept nogil:
    """Rows [begin, end) of the results of the plane x, of pixels of `inner` numbers; y is the first of them. Returns -1 if there
    is no memory."""
    cdef Py_ssize_t lo = begin, hi = end, o, width = columns.size * inner, out = columns.out * inner
    cdef real *rest
    if rows.keep:
        for o in range(begin, end):
            across(x + o * width, y + (o - begin) * out, inner, columns)
    elif columns.keep:
        for o in range(begin, end):
            down(x, width, y + (o - begin) * width, o, rows, 0)
    elif rows.out < rows.size:
        rest = <real *> scratch(PRIVATE, width * sizeof(real))
        if rest == NULL:
            return -1
        for o in range(begin, end):
            down(x, width, rest, o, rows, 0)
            across(rest, y + (o - begin) * out, inner, columns)
    elif rows.start[begin] == rows.start[end]:
        memset(y, 0, (end - begin) * out * sizeof(real))
    else:
        # Indices never decrease along a table, so that the first and the last tap say which rows of the input are needed.
        lo, hi = rows.index[rows.start[begin]], rows.index[rows.start[end] - 1] + 1
        rest = <real *> scratch(PRIVATE, (hi - lo) * out * sizeof(real))
        if rest == NULL:
            return -1
        for o in range(lo, hi):
            across(x + o * width, rest + (o - lo) * out, inner, columns)
        for o in range(begin, end):
            down(rest, out, y + (o - begin) * out, o, rows, lo)
    return 0


cdef int planes_loop(const real *x, real *y, Py_ssize_t planes, Py_ssize_t inner, const Axis *rows,
                     const Axis *columns) noexcept nogil:
    cdef Py_ssize_t row = columns.out * inner, n_in = rows.size * columns.size * inner, n_out = rows.out * row, t, p, b
    cdef Py_ssize_t height = min(rows.out, max(<Py_ssize_t> 1, BAND // row)), bands = (rows.out + height - 1) // height
    # 10: a tap's index, its two loads, multiplication and addition, in both directions.
    cdef int threads = threads_for(10.0 * planes * (n_in + n_out)), failed = 0
    for t in prange(planes * bands, schedule='static', num_threads=threads):
        p = t // bands
        b = t % bands * height
        failed |= band(x + p * n_in, y + p * n_out + b * row, inner, rows, columns, b, min(b + height, rows.out))
    return failed


def resample(cnp.ndarray x, cnp.ndarray y, Py_ssize_t planes, Py_ssize_t inner, Table rows, Table columns):
    """y (planes, rows.out, columns.out, inner) from x (planes, rows.size, columns.size, inner) by their memory, which has no
    gaps; float32 or float64."""
    cdef bint single = cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT
    cdef int failed
    if not y.size:
        return
    with nogil:
        if single:
            failed = planes_loop(<float *> cnp.PyArray_DATA(x), <float *> cnp.PyArray_DATA(y), planes, inner, &rows.axis,
                                 &columns.axis)
        else:
            failed = planes_loop(<double *> cnp.PyArray_DATA(x), <double *> cnp.PyArray_DATA(y), planes, inner, &rows.axis,
                                 &columns.axis)
    if failed:
        raise MemoryError('interpolate: no memory for rows between the two directions')


# --- borders -------------------------------------------------------------------------------------------------------

cdef enum:
    REFLECT = 0
    REPLICATE = 1
    CIRCULAR = 2

cdef struct Border:
    int mode
    Py_ssize_t[3] n         # of the input: depth, rows, pixels of a row
    Py_ssize_t[3] out
    Py_ssize_t[3] before    # how many come before the input; negative: how many of it are cut
    Py_ssize_t[3] after


cdef void make_border(Border *b, tuple sizes, tuple pad, int mode) except *:
    cdef int d, skip = 3 - len(sizes)
    b.mode = mode
    for d in range(3):
        b.n[d] = sizes[d - skip] if d >= skip else 1
        b.before[d], b.after[d] = pad[d - skip] if d >= skip else (0, 0)
        b.out[d] = b.n[d] + b.before[d] + b.after[d]


cdef inline Py_ssize_t shown(const Border *b, int d, Py_ssize_t i) noexcept nogil:
    """What place i of the result is of the input."""
    cdef Py_ssize_t n = b.n[d], low, period
    i -= b.before[d]
    if b.mode == REFLECT:
        i = i if i >= 0 else -i
        i = i if i < n else 2 * (n - 1) - i
    elif b.mode == CIRCULAR and (i < 0 or i >= n):
        low = max(-b.before[d], <Py_ssize_t> 0)     # what is cut at one end does not come in at the other
        period = n - low - max(-b.after[d], <Py_ssize_t> 0)
        i = i + period if i < 0 else i - period if period > 0 else i
    return 0 if i < 0 else n - 1 if i >= n else i


cdef inline Py_ssize_t stretch(const Border *b, Py_ssize_t *first, Py_ssize_t *place) noexcept nogil:
    """How many pixels of a row of the input the result shows at their places, from which one on, and where."""
    first[0], place[0] = max(-b.before[2], <Py_ssize_t> 0), max(b.before[2], <Py_ssize_t> 0)
    return max(min(b.n[2] - first[0], b.out[2] - place[0]), <Py_ssize_t> 0)


cdef inline void put_pixel(char *y, const char *x, Py_ssize_t size) noexcept nogil:
    if size == 4:
        memcpy(y, x, 4)
    elif size == 8:
        memcpy(y, x, 8)
    else:
        memcpy(y, x, size)


cdef void border_row(const Border *b, const char *x, char *y, Py_ssize_t size, Py_ssize_t t) noexcept nogil:
    cdef Py_ssize_t rows = b.out[0] * b.out[1], first, place, count = stretch(b, &first, &place), i
    cdef Py_ssize_t row = (t // rows * b.n[0] + shown(b, 0, t % rows // b.out[1])) * b.n[1] + shown(b, 1, t % b.out[1])
    x, y = x + row * b.n[2] * size, y + t * b.out[2] * size
    memcpy(y + place * size, x + first * size, count * size)
    for i in range(place):
        put_pixel(y + i * size, x + shown(b, 2, i) * size, size)
    for i in range(place + count, b.out[2]):
        put_pixel(y + i * size, x + shown(b, 2, i) * size, size)


cdef inline void add(real *y, const real *x, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        y[i] = y[i] + x[i]


cdef void fold_plane(const Border *b, const real *g, real *gx, Py_ssize_t inner) noexcept nogil:
    cdef Py_ssize_t first, place, count = stretch(b, &first, &place), t, i
    cdef real *row
    memset(gx, 0, b.n[0] * b.n[1] * b.n[2] * inner * sizeof(real))
    for t in range(b.out[0] * b.out[1]):
        row = gx + (shown(b, 0, t // b.out[1]) * b.n[1] + shown(b, 1, t % b.out[1])) * b.n[2] * inner
        add(row + first * inner, g + place * inner, count * inner)
        for i in range(place):
            add(row + shown(b, 2, i) * inner, g + i * inner, inner)
        for i in range(place + count, b.out[2]):
            add(row + shown(b, 2, i) * inner, g + i * inner, inner)
        g = g + b.out[2] * inner


cdef void fold_planes(const Border *b, const real *g, real *gx, Py_ssize_t planes, Py_ssize_t inner) noexcept nogil:
    cdef Py_ssize_t n_in = b.n[0] * b.n[1] * b.n[2] * inner, n_out = b.out[0] * b.out[1] * b.out[2] * inner, p
    for p in prange(planes, schedule='static', num_threads=threads_for(2.0 * planes * (n_in + n_out))):
        fold_plane(b, g + p * n_out, gx + p * n_in, inner)


def border(cnp.ndarray x, cnp.ndarray y, Py_ssize_t planes, Py_ssize_t inner, tuple sizes, tuple pad, int mode):
    """y = x with a border made of what is inside, by their memory, which has no gaps: planes of one to three `sizes`, each with its
    widths before and after in `pad`, of pixels of `inner` elements. Any type of numbers."""
    cdef Border b
    cdef Py_ssize_t t, size = inner * cnp.PyArray_ITEMSIZE(x)
    cdef const char *source = cnp.PyArray_BYTES(x)
    cdef char *result = cnp.PyArray_BYTES(y)
    if not y.size:
        return
    make_border(&b, sizes, pad, mode)
    with nogil:
        for t in prange(planes * b.out[0] * b.out[1], schedule='static',
                        num_threads=threads_for(0.5 * planes * b.out[0] * b.out[1] * b.out[2] * size)):
            border_row(&b, source, result, size, t)


def border_grad(cnp.ndarray g, cnp.ndarray gx, Py_ssize_t planes, Py_ssize_t inner, tuple sizes, tuple pad, int mode):
    """gx = what g gives back to the x of `border`; float32 or float64, or complex numbers as twice as many of these."""
    cdef Border b
    cdef bint single = cnp.PyArray_TYPE(g) == cnp.NPY_FLOAT or cnp.PyArray_TYPE(g) == cnp.NPY_CFLOAT
    if not gx.size:
        return
    make_border(&b, sizes, pad, mode)
    with nogil:
        if single:
            fold_planes(&b, <const float *> cnp.PyArray_DATA(g), <float *> cnp.PyArray_DATA(gx), planes, inner)
        else:
            fold_planes(&b, <const double *> cnp.PyArray_DATA(g), <double *> cnp.PyArray_DATA(gx), planes, inner)
