"""Running an elementwise kernel (loops.h) over arrays: `unary`, `binary` and `ternary`, for every file that has such kernels.

Arguments are ndarrays; one argument of a binary function may be a Python number. Results are ndarrays, also 0-d ones.
`out` receives the result (it may be an argument itself). What a kernel has no loop for goes through NumPy: another
element type, foreign byte order, layouts that do not combine in blocks. Nothing here warns about division by zero or overflow.

A file calls each of them from one place, as they are large.
"""

from cython.parallel cimport prange
cimport numpy as cnp
from cpython.float cimport PyFloat_AS_DOUBLE, PyFloat_CheckExact
from cnet._kernels._alloc cimport new_array
from cnet._kernels._quiet cimport call_one, call_two, ordered_like, pair_of_copies, plain, stored
from cnet._kernels._threads cimport threads_for
from cnet._kernels.broadcast_rows cimport binary_kernel, binary_loop, by_rows, least
from cnet._kernels.layout cimport dense, dense_copy, new_like, same_layout

cdef extern from "Python.h":
    int PyLong_CheckExact(object)
    double PyLong_AsDouble(object) except? -1

cdef extern from "numpy/arrayobject.h":
    int PyArray_CheckExact(object)

cdef extern from "loops.h":
    """
    /* The constants of an operation that has none. */
    static const double cnet_no_constants[3] = {0, 0, 0};
    """
    ctypedef void (*unary_loop)(const void*, void*, Py_ssize_t, const double*) noexcept nogil
    ctypedef struct unary_kernel:
        unary_loop f32
        unary_loop f64
        unary_loop i64
        double cost
        int truth
    ctypedef void (*ternary_loop)(const void*, const void*, const void*, void*, Py_ssize_t, const double*) noexcept nogil
    ctypedef struct ternary_kernel:
        ternary_loop f32
        ternary_loop f64
        double cost
    const double* NONE "cnet_no_constants"
    enum:
        PW_STREAMED
    void pw_run_unary(unary_loop f, const char* x, char* o, Py_ssize_t n, Py_ssize_t item, Py_ssize_t o_item,
                      const double* p, int streamed) noexcept nogil
    void pw_run_binary(binary_loop f, const char* x, Py_ssize_t sx, const char* y, Py_ssize_t sy, char* o, Py_ssize_t n,
                       Py_ssize_t item, Py_ssize_t o_item, const double* p, int streamed) noexcept nogil

# Elements per unit of parallel work: 64 KB of float32, two of which fit a second-level cache with their result.
cdef enum:
    CHUNK = 16384

# --- geometry ------------------------------------------------------------------------------------------------------

cdef inline int element_type(object a) noexcept:
    """NPY_FLOAT, NPY_DOUBLE, NPY_INT64, or -1 for everything else, arrays in foreign byte order included."""
    cdef int t
    if not PyArray_CheckExact(a):
        return -1
    t = cnp.PyArray_TYPE(<cnp.ndarray>a)
    if (t == cnp.NPY_FLOAT or t == cnp.NPY_DOUBLE or t == cnp.NPY_INT64) and cnp.PyArray_ISNOTSWAPPED(<cnp.ndarray>a):
        return t
    return -1


cdef inline bint takes(object out, int t, cnp.ndarray shaped) noexcept:
    """True if `out` is an array of that element type with the shape and layout of another."""
    return (PyArray_CheckExact(out) and cnp.PyArray_TYPE(<cnp.ndarray>out) == t
            and cnp.PyArray_ISNOTSWAPPED(<cnp.ndarray>out) and same_layout(shaped, <cnp.ndarray>out))


cdef inline bint fit(cnp.ndarray big, cnp.ndarray small, Py_ssize_t* mid, Py_ssize_t* inner) noexcept:
    """True if `small` broadcasts over `big` as one block of axes: big is (outer, mid, inner), small is (mid).

    A bias (mid = last axis, inner = 1), a column or per-channel value (inner > 1) and a single number (mid = 1) all do.
    """
    cdef int nb = cnp.PyArray_NDIM(big), ns = cnp.PyArray_NDIM(small), d = nb - 1, e = ns - 1
    if ns > nb or not (cnp.PyArray_IS_C_CONTIGUOUS(big) and cnp.PyArray_IS_C_CONTIGUOUS(small)):
        return False
    mid[0] = inner[0] = 1
    while e >= 0 and cnp.PyArray_DIM(small, e) == 1:
        inner[0] *= cnp.PyArray_DIM(big, d)
        d -= 1
        e -= 1
    while e >= 0 and cnp.PyArray_DIM(small, e) == cnp.PyArray_DIM(big, d):
        mid[0] *= cnp.PyArray_DIM(big, d)
        d -= 1
        e -= 1
    while e >= 0 and cnp.PyArray_DIM(small, e) == 1:
        e -= 1
    if e >= 0:
        return False
    if mid[0] == 1:
        inner[0] = cnp.PyArray_SIZE(big)
    return True


cdef inline bint overlaps(cnp.ndarray out, cnp.ndarray a) noexcept:
    """True if writing `out` front to back could change elements of `a` (both contiguous) that are still to be read."""
    cdef char* o = cnp.PyArray_BYTES(out)
    cdef char* p = cnp.PyArray_BYTES(a)
    if o == p:
        return cnp.PyArray_NBYTES(a) != cnp.PyArray_NBYTES(out)
    return o < p + cnp.PyArray_NBYTES(a) and p < o + cnp.PyArray_NBYTES(out)


# --- running a loop ------------------------------------------------------------------------------------------------

cdef inline void run_unary(unary_loop f, const char* x, char* o, Py_ssize_t n, Py_ssize_t item, Py_ssize_t o_item,
                           const double* p, double cost) noexcept:
    cdef Py_ssize_t i, chunks = (n + CHUNK - 1) // CHUNK
    cdef int threads = 1, streamed = n * o_item >= PW_STREAMED and x != o
    if chunks < 2:
        f(x, o, n, p)
        return
    with nogil:
        threads = threads_for(n * (cost + item + o_item) / 4)
        if threads == 1:
            pw_run_unary(f, x, o, n, item, o_item, p, streamed)
        else:
            for i in prange(chunks, num_threads=threads, schedule='static'):
                pw_run_unary(f, x + i * CHUNK * item, o + i * CHUNK * o_item, least(CHUNK, n - i * CHUNK), item, o_item, p,
                             streamed)


cdef inline Py_ssize_t row_start(Py_ssize_t r, Py_ssize_t n, Py_ssize_t wrap) noexcept nogil:
    """Where row r starts in an argument as large as the result (wrap 0), or in one that repeats after `wrap` rows."""
    return r % wrap if wrap else r * n


cdef inline void run_rows(binary_loop f, const char* x, Py_ssize_t wrap_x, const char* y, Py_ssize_t wrap_y, char* o,
                          Py_ssize_t rows, Py_ssize_t n, Py_ssize_t stride, Py_ssize_t item, Py_ssize_t o_item,
                          const double* p, double cost) noexcept nogil:
    """A call for each row of n results. Within a row the argument that is broadcast has the given stride, 0 or 1."""
    cdef Py_ssize_t r
    cdef Py_ssize_t sx = stride if wrap_x else 1, sy = stride if wrap_y else 1
    cdef int threads = threads_for(rows * (n * (cost + 2 * item + o_item) / 4 + 8))
    cdef int streamed = n >= 1024 and rows * n * o_item >= PW_STREAMED and x != o and y != o
    if threads == 1:
        for r in range(rows):
            pw_run_binary(f, x + row_start(r, n, wrap_x) * item, sx, y + row_start(r, n, wrap_y) * item, sy,
                          o + r * n * o_item, n, item, o_item, p, streamed)
    else:
        for r in prange(rows, num_threads=threads, schedule='static'):
            pw_run_binary(f, x + row_start(r, n, wrap_x) * item, sx, y + row_start(r, n, wrap_y) * item, sy,
                          o + r * n * o_item, n, item, o_item, p, streamed)


cdef inline void run_flat(binary_loop f, const char* x, Py_ssize_t sx, const char* y, Py_ssize_t sy, char* o,
                          Py_ssize_t n, Py_ssize_t item, Py_ssize_t o_item, const double* p, double cost) noexcept:
    cdef Py_ssize_t i, chunks = (n + CHUNK - 1) // CHUNK
    cdef int threads, streamed = n * o_item >= PW_STREAMED and x != o and y != o
    if chunks < 2:
        f(x, sx, y, sy, o, n, p)
        return
    with nogil:
        threads = threads_for(n * (cost + 2 * item + o_item) / 4)
        if threads == 1:
            pw_run_binary(f, x, sx, y, sy, o, n, item, o_item, p, streamed)
        else:
            for i in prange(chunks, num_threads=threads, schedule='static'):
                pw_run_binary(f, x + i * CHUNK * sx * item, sx, y + i * CHUNK * sy * item, sy, o + i * CHUNK * o_item,
                              least(CHUNK, n - i * CHUNK), item, o_item, p, streamed)


# --- one operation -------------------------------------------------------------------------------------------------

cdef inline object unary(object a, object out, const unary_kernel* k, object ufunc, const double* p):
    """k(a). `ufunc` computes it for element types that k has no loop for; None: half precision goes through float32."""
    cdef int t = element_type(a), t_out = t
    cdef unary_loop f = NULL
    cdef cnp.ndarray x, o
    if t >= 0:
        f = k.f32 if t == cnp.NPY_FLOAT else k.f64 if t == cnp.NPY_DOUBLE else k.i64
    if f is NULL:
        if ufunc is not None:
            return call_one(ufunc, a, out)
        return stored(unary(plain(a), None, k, None, p), a, out)
    if k.truth:
        t_out = cnp.NPY_BOOL
    x = <cnp.ndarray>a
    if out is None:
        if dense(x):
            o = new_like(x, t_out)
        else:
            x = o = dense_copy(x)
            if k.truth:
                o = (<object>x).astype('?')  # the same order of dimensions, which `new_like` would not keep
    elif takes(out, t_out, x) and not overlaps(out, x):
        o = <cnp.ndarray>out
    else:
        out[...] = unary(a, None, k, ufunc, p)
        return out
    run_unary(f, cnp.PyArray_BYTES(x), cnp.PyArray_BYTES(o), cnp.PyArray_SIZE(x), cnp.PyArray_ITEMSIZE(x),
              cnp.PyArray_ITEMSIZE(o), p, k.cost)
    return o


cdef inline bint crossed(cnp.ndarray x, cnp.ndarray y) noexcept:
    """True for two arrays of one shape that lie differently, the first without gaps: a copy of the other in its order, which goes
    through both in squares, costs less than walking both in one order, a line of memory for each number (1024 x 1024: 6 ms, 1.1
    with a copy), and the result lies as the first one does."""
    cdef int d, nd = cnp.PyArray_NDIM(x)
    if nd != cnp.PyArray_NDIM(y):
        return False
    for d in range(nd):
        if cnp.PyArray_DIM(x, d) != cnp.PyArray_DIM(y, d):
            return False
    return dense(x) and not same_layout(x, y)


cdef inline object binary(object a, object b, object out, const binary_kernel* k, object ufunc, const double* p):
    """k(a, b), or with `ufunc` as in `unary`."""
    cdef int t = element_type(a), u = element_type(b), t_loop = t if t >= 0 else u
    cdef binary_loop f = NULL
    cdef double number = 0
    cdef object r = None
    if t_loop >= 0:
        f = k.f32 if t_loop == cnp.NPY_FLOAT else k.f64 if t_loop == cnp.NPY_DOUBLE else k.i64
    if f is not NULL:
        if t == u:
            r = array_array(a, b, out, k, f, p)
        elif t >= 0 and t != cnp.NPY_INT64 and as_number(b, &number):
            r = array_number(a, number, False, out, k, f, p)
        elif u >= 0 and u != cnp.NPY_INT64 and as_number(a, &number):
            r = array_number(b, number, True, out, k, f, p)
        if r is not None:
            return r
        if t == u and crossed(a, b):
            return binary(a, ordered_like(b, a), out, k, ufunc, p)
    if ufunc is not None:
        return call_two(ufunc, a, b, out)
    r, b = pair_of_copies(a, b, f is not NULL)
    return stored(binary(r, b, None, k, None, p), a, out)


cdef inline object array_array(cnp.ndarray x, cnp.ndarray y, object out, const binary_kernel* k, binary_loop f,
                               const double* p):
    """The result, or None if the two do not combine in blocks."""
    cdef int t = cnp.PyArray_TYPE(x), t_out = cnp.NPY_BOOL if k.truth else t
    cdef cnp.ndarray o, big = x
    cdef Py_ssize_t mid = 0, inner = 0, n, item, o_item
    cdef bint same = same_layout(x, y)
    if not same and not fit(x, y, &mid, &inner):
        big = y
        if not fit(y, x, &mid, &inner):
            return by_rows(x, y, out, k, f, p, t_out)
    if out is None:
        o = new_like(big, t_out)
    elif takes(out, t_out, big) and not overlaps(out, x) and not overlaps(out, y):
        o = <cnp.ndarray>out
    else:
        return by_rows(x, y, out, k, f, p, t_out)
    n = cnp.PyArray_SIZE(big)
    item = cnp.PyArray_ITEMSIZE(big)
    o_item = cnp.PyArray_ITEMSIZE(o)
    if n == 0:
        return o
    if same or mid == 1:
        run_flat(f, cnp.PyArray_BYTES(x), same or big is x, cnp.PyArray_BYTES(y), same or big is y,
                 cnp.PyArray_BYTES(o), n, item, o_item, p, k.cost)
    elif inner == 1:
        run_rows(f, cnp.PyArray_BYTES(x), big is y, cnp.PyArray_BYTES(y), big is x, cnp.PyArray_BYTES(o),
                 n // mid, mid, 1, item, o_item, p, k.cost)
    else:
        run_rows(f, cnp.PyArray_BYTES(x), mid if big is y else 0, cnp.PyArray_BYTES(y), mid if big is x else 0,
                 cnp.PyArray_BYTES(o), n // inner, inner, 0, item, o_item, p, k.cost)
    return o


cdef inline object array_number(cnp.ndarray x, double number, bint first, object out, const binary_kernel* k,
                                binary_loop f, const double* p):
    cdef int t = cnp.PyArray_TYPE(x), t_out = cnp.NPY_BOOL if k.truth else t
    cdef float number32 = <float>number
    cdef const char* y = <const char*>&number32 if t == cnp.NPY_FLOAT else <const char*>&number
    cdef cnp.ndarray o
    if out is None:
        if dense(x):
            o = new_like(x, t_out)
        else:
            x = o = dense_copy(x)
            if k.truth:
                o = (<object>x).astype('?')  # the same order of dimensions, which `new_like` would not keep
    elif takes(out, t_out, x) and not overlaps(out, x):
        o = <cnp.ndarray>out
    else:
        out[...] = array_number(x, number, first, None, k, f, p)
        return out
    if first:
        run_flat(f, y, 0, cnp.PyArray_BYTES(x), 1, cnp.PyArray_BYTES(o), cnp.PyArray_SIZE(x),
                 cnp.PyArray_ITEMSIZE(x), cnp.PyArray_ITEMSIZE(o), p, k.cost)
    else:
        run_flat(f, cnp.PyArray_BYTES(x), 1, y, 0, cnp.PyArray_BYTES(o), cnp.PyArray_SIZE(x),
                 cnp.PyArray_ITEMSIZE(x), cnp.PyArray_ITEMSIZE(o), p, k.cost)
    return o


cdef inline object ternary(object a, object b, object c, const ternary_kernel* k, const double* p):
    """k(a, b, c) for arrays of one type and layout; None for any others."""
    cdef int t = element_type(a), threads
    cdef ternary_loop f
    cdef cnp.ndarray x, y, z, o
    cdef Py_ssize_t i, n, chunks, item, step
    cdef const char* xp
    cdef const char* yp
    cdef const char* zp
    cdef char* op
    if t < 0 or t == cnp.NPY_INT64 or element_type(b) != t or element_type(c) != t:
        return None
    x, y, z = a, b, c
    if not (same_layout(x, y) and same_layout(x, z)):
        return None
    f = k.f32 if t == cnp.NPY_FLOAT else k.f64
    o = new_like(x, t)
    xp, yp, zp, op = cnp.PyArray_BYTES(x), cnp.PyArray_BYTES(y), cnp.PyArray_BYTES(z), cnp.PyArray_BYTES(o)
    n, item = cnp.PyArray_SIZE(x), cnp.PyArray_ITEMSIZE(x)
    chunks = (n + CHUNK - 1) // CHUNK
    if chunks < 2:
        f(xp, yp, zp, op, n, p)
        return o
    step = CHUNK * item
    with nogil:
        threads = threads_for(n * (k.cost + 4 * item) / 4)
        for i in prange(chunks, num_threads=threads, schedule='static'):
            f(xp + i * step, yp + i * step, zp + i * step, op + i * step, least(CHUNK, n - i * CHUNK), p)
    return o


cdef inline bint as_number(object b, double* value) except -1:
    """True for a Python float or int that a double can hold."""
    if PyFloat_CheckExact(b):
        value[0] = PyFloat_AS_DOUBLE(b)
        return True
    if PyLong_CheckExact(b):
        try:
            value[0] = PyLong_AsDouble(b)
        except OverflowError:
            return False
        return True
    return False
