"""Elementwise operations of two operands that broadcast, a row at a time, in whatever order their dimensions lie in memory."""

from cython.parallel cimport prange
from libc.string cimport memcpy
cimport numpy as cnp

from cnet._kernels._alloc cimport new_array
from cnet._kernels._threads cimport threads_for

cdef extern from "numpy/arrayobject.h":
    int PyArray_CheckExact(object)

cdef extern from "loops.h":
    ctypedef void (*binary_loop)(const void*, Py_ssize_t, const void*, Py_ssize_t, void*, Py_ssize_t,
                                 const double*) noexcept nogil
    ctypedef struct binary_kernel:
        binary_loop f32
        binary_loop f64
        binary_loop i64
        double cost
        int truth

cdef enum:
    LEVELS = 8  # dimensions of operands that are taken a row at a time
    SHORT = 256  # bytes of a row up to which several become one
    REPEATED = 4096

cdef struct Rows:
    int nd
    cnp.npy_intp[LEVELS] dims
    cnp.npy_intp[LEVELS] x  # steps in bytes
    cnp.npy_intp[LEVELS] y
    cnp.npy_intp[LEVELS] o


cdef inline Py_ssize_t least(Py_ssize_t a, Py_ssize_t b) noexcept nogil:
    return a if a < b else b


cdef inline bint descending(const cnp.npy_intp* steps, int nd) noexcept:
    """True if no dimension takes longer steps than an earlier one, but for those that repeat."""
    cdef int d
    cdef cnp.npy_intp last = 0
    for d in range(nd - 1, -1, -1):
        if steps[d] != 0:
            if steps[d] < last:
                return False
            last = steps[d]
    return True


cdef inline cnp.npy_intp span(cnp.ndarray a) noexcept:
    """Bytes from the first element of a nonempty array without negative strides to the end of its last."""
    cdef cnp.npy_intp n = cnp.PyArray_ITEMSIZE(a)
    cdef int d
    for d in range(cnp.PyArray_NDIM(a)):
        n += (cnp.PyArray_DIM(a, d) - 1) * cnp.PyArray_STRIDE(a, d)
    return n


cdef inline bint apart(cnp.ndarray o, cnp.ndarray a, const cnp.npy_intp* o_steps, const cnp.npy_intp* a_steps, int nd) noexcept:
    """True if writing `o` changes no element of `a` that is still to be read: no common memory, or the same view."""
    cdef char* p = cnp.PyArray_BYTES(o)
    cdef char* q = cnp.PyArray_BYTES(a)
    cdef int d
    if p + span(o) <= q or q + span(a) <= p:
        return True
    for d in range(nd):
        if o_steps[d] != a_steps[d]:
            return False
    return p == q and cnp.PyArray_ITEMSIZE(o) == cnp.PyArray_ITEMSIZE(a)


cdef inline void one_row(binary_loop f, const char* x, const char* y, char* o, Py_ssize_t r, const Rows* w,
                         const double* p) noexcept nogil:
    cdef Py_ssize_t i, at
    cdef int d
    for d in range(w.nd - 2, -1, -1):
        i = r // w.dims[d]
        at = r - i * w.dims[d]
        r = i
        x, y, o = x + at * w.x[d], y + at * w.y[d], o + at * w.o[d]
    f(x, w.x[w.nd - 1] != 0, y, w.y[w.nd - 1] != 0, o, w.dims[w.nd - 1], p)


cdef inline int swapped(const Rows* w, int i, int j, bint written) noexcept:
    """Above 0 if dimension i, which lies within dimension j so far, ought to lie outside of it, below 0 if not."""
    cdef int k
    cdef cnp.npy_intp p, q
    for k in range(0 if written else 1, 3):
        p = w.o[i] if k == 0 else w.x[i] if k == 1 else w.y[i]
        q = w.o[j] if k == 0 else w.x[j] if k == 1 else w.y[j]
        if p == 0 or q == 0:
            continue
        if p != q:
            return 1 if p > q else -1
        if w.dims[i] > w.dims[j]:
            return 1
    return 0


cdef inline void put_in_order(Rows* w, int nd, bint written, int* order) noexcept:
    """Dimensions from outermost to innermost as they lie in memory, where operands differ in that of the first: PyTorch's rule."""
    cdef Rows v
    cdef int i, j, k, c
    for i in range(nd):
        order[i] = i
        v.dims[i], v.x[i], v.y[i], v.o[i] = w.dims[i], w.x[i], w.y[i], w.o[i]
    for i in range(nd - 2, -1, -1):
        j = i
        for k in range(i + 1, nd):
            c = swapped(w, order[k], order[j], written)
            if c > 0:
                order[k], order[j] = order[j], order[k]
                j = k
            elif c < 0:
                break
    for i in range(nd):
        w.dims[i], w.x[i], w.y[i], w.o[i] = v.dims[order[i]], v.x[order[i]], v.y[order[i]], v.o[order[i]]


cdef inline cnp.ndarray new_ordered(const Rows* w, int nd, const int* order, int t):
    """An uninitialised array, contiguous if its dimensions are put in order."""
    cdef cnp.npy_intp[LEVELS] dims
    cdef int d
    cdef cnp.ndarray o
    for d in range(nd):
        dims[d] = w.dims[d]
    o = new_array(nd, dims, t)
    for d in range(nd):
        dims[d] = cnp.PyArray_STRIDE(o, d)
    for d in range(nd):
        cnp.PyArray_DIMS(o)[order[d]] = w.dims[d]
        cnp.PyArray_STRIDES(o)[order[d]] = dims[d]
    cnp.PyArray_UpdateFlags(o, cnp.NPY_ARRAY_C_CONTIGUOUS | cnp.NPY_ARRAY_F_CONTIGUOUS)
    return o


cdef inline void tiled(binary_loop f, const char* x, const char* y, char* o, Py_ssize_t rows, Py_ssize_t n, bint x_repeats,
                       Py_ssize_t item, Py_ssize_t o_item, double cost, const double* p) noexcept nogil:
    """Short rows of n by one that is the same for all: that row as often as fits REPEATED bytes makes rows longer."""
    cdef char[REPEATED] tile
    cdef const char* xs = tile
    cdef const char* ys = y
    cdef Py_ssize_t piece = REPEATED // (n * item) * n, total = rows * n, i
    cdef Py_ssize_t sx = 0 if x_repeats else piece * item, sy = piece * item - sx
    if not x_repeats:
        xs, ys = x, tile
    for i from 0 <= i < piece by n:
        memcpy(tile + i * item, x if x_repeats else y, n * item)
    for i in prange((total + piece - 1) // piece, num_threads=threads_for(total * (cost + 3 * item) / 4), schedule='static'):
        f(xs + i * sx, 1, ys + i * sy, 1, o + i * piece * o_item, least(piece, total - i * piece), p)


cdef inline object by_rows(cnp.ndarray x, cnp.ndarray y, object out, const binary_kernel* k, binary_loop f, const double* p,
                           int t_out):
    """Any two that broadcast and whose rows are runs of memory or one number: slices, columns with rows, numbers per channel in
    any order of memory. None for others."""
    cdef Rows w
    cdef int[LEVELS] order
    cdef int nd = max(cnp.PyArray_NDIM(x), cnp.PyArray_NDIM(y)), d, e = -1
    cdef int skip_x = nd - cnp.PyArray_NDIM(x), skip_y = nd - cnp.PyArray_NDIM(y)
    cdef Py_ssize_t item = cnp.PyArray_ITEMSIZE(x), nx, ny, n, rows = 1, size = 1, r, o_item
    cdef cnp.ndarray o
    cdef const char* xp = cnp.PyArray_BYTES(x)
    cdef const char* yp = cnp.PyArray_BYTES(y)
    cdef char* op
    if nd > LEVELS:
        return None
    if out is not None:
        if not PyArray_CheckExact(out):
            return None
        o = <cnp.ndarray>out
        if cnp.PyArray_TYPE(o) != t_out or cnp.PyArray_NDIM(o) != nd or not cnp.PyArray_ISNOTSWAPPED(o):
            return None
    for d in range(nd):
        nx = cnp.PyArray_DIM(x, d - skip_x) if d >= skip_x else 1
        ny = cnp.PyArray_DIM(y, d - skip_y) if d >= skip_y else 1
        if nx != ny and nx != 1 and ny != 1:
            return None
        w.dims[d] = ny if nx == 1 else nx
        w.x[d] = 0 if nx == 1 else cnp.PyArray_STRIDE(x, d - skip_x)
        w.y[d] = 0 if ny == 1 else cnp.PyArray_STRIDE(y, d - skip_y)
        w.o[d] = 0
        if out is not None:
            if cnp.PyArray_DIM(o, d) != w.dims[d]:
                return None
            w.o[d] = cnp.PyArray_STRIDE(o, d) if w.dims[d] > 1 else 0
        size *= w.dims[d]
    if size == 0:
        return None
    put_in_order(&w, nd, out is not None, order)
    if not descending(w.x, nd) or not descending(w.y, nd):
        return None
    if out is None:
        o = new_ordered(&w, nd, order, t_out)
        for d in range(nd):
            w.o[d] = cnp.PyArray_STRIDE(o, order[d]) if w.dims[d] > 1 else 0
    elif not (descending(w.o, nd) and apart(o, x, w.o, w.x, nd) and apart(o, y, w.o, w.y, nd)):
        return None
    for d in range(nd):     # dimensions that lie evenly in all three are joined
        n = w.dims[d]
        if n > 1:
            if e >= 0 and w.x[e] == w.x[d] * n and w.y[e] == w.y[d] * n and w.o[e] == w.o[d] * n:
                n *= w.dims[e]
            else:
                e += 1
            w.dims[e], w.x[e], w.y[e], w.o[e] = n, w.x[d], w.y[d], w.o[d]
    o_item = cnp.PyArray_ITEMSIZE(o)
    if e < 0 or w.o[e] != o_item or (w.x[e] | w.y[e]) != item:
        return None
    n = w.dims[e]
    rows, w.nd, op = size // n, e + 1, cnp.PyArray_BYTES(o)
    if (e == 1 and n * item <= SHORT and rows >= SHORT and w.x[1] == w.y[1] and (w.x[0] == 0 or w.y[0] == 0)
            and (w.x[0] | w.y[0]) == n * item and w.o[0] == n * o_item):
        with nogil:
            tiled(f, xp, yp, op, rows, n, w.x[0] == 0, item, o_item, k.cost, p)
        return o
    with nogil:
        for r in prange(rows, num_threads=threads_for(rows * (n * (k.cost + 3 * item) / 4 + 8)), schedule='static'):
            one_row(f, xp, yp, op, r, &w, p)
    return o
