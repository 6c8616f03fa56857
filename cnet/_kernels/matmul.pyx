"""Matrix products of arrays: float32 and float64 by the package's own kernels, other types by NumPy.

Entries take arrays of any strides and return new, C-contiguous arrays. Letters: c[M, N] = d[M, N] + a[M, K] b[K, N].
"""

import numpy as np

cimport numpy as cnp
from cython.parallel cimport prange

from cnet._kernels._alloc cimport new_array
from cnet._kernels._threads cimport threads_for
from cnet._kernels.gemm cimport gemm, gemm_small, is_small
from cnet._kernels.gemm_tiles cimport flush_begin, flush_end, height, uint64_t
from cnet._kernels.layout cimport contiguous
from cnet._kernels.types cimport real

cnp.import_array()

# A batch of matrices runs one matrix per task up to this many multiplications in each, else the tasks are pieces of one.
DEF BATCH_WORK = 1 << 22
# Multiplications of a task of small products.
DEF TASK_WORK = 1 << 17
# Other Python threads may run during a product of so many multiplications; letting them costs 0.05 us.
DEF ALONE = 1 << 16


cdef struct Matrix:
    char *data
    Py_ssize_t rows, columns, row_step, column_step  # sizes; strides in numbers


cdef inline Matrix matrix(cnp.ndarray a, bint transposed):
    """The last two dimensions of an array."""
    cdef Matrix m
    cdef int i = cnp.PyArray_NDIM(a) - 2
    cdef Py_ssize_t size = cnp.PyArray_ITEMSIZE(a)
    m.data = <char *> cnp.PyArray_DATA(a)
    m.rows, m.columns = cnp.PyArray_DIM(a, i), cnp.PyArray_DIM(a, i + 1)
    m.row_step, m.column_step = cnp.PyArray_STRIDE(a, i) // size, cnp.PyArray_STRIDE(a, i + 1) // size
    if transposed:
        m.rows, m.columns, m.row_step, m.column_step = m.columns, m.rows, m.column_step, m.row_step
    return m


cdef inline Matrix rows_of(cnp.ndarray a):
    """A C-contiguous array of one or more dimensions as a matrix of its last one."""
    cdef Matrix m
    m.data = <char *> cnp.PyArray_DATA(a)
    m.columns = m.row_step = cnp.PyArray_DIM(a, cnp.PyArray_NDIM(a) - 1)
    m.rows = cnp.PyArray_SIZE(a) // m.columns if m.columns else cnp.PyArray_MultiplyList(
        cnp.PyArray_DIMS(a), cnp.PyArray_NDIM(a) - 1)
    m.column_step = 1
    return m


cdef inline Matrix vector(cnp.ndarray a, bint row):
    """An array of one dimension as a row or as a column."""
    cdef Matrix m
    m.data = <char *> cnp.PyArray_DATA(a)
    m.rows, m.row_step = cnp.PyArray_DIM(a, 0), cnp.PyArray_STRIDE(a, 0) // cnp.PyArray_ITEMSIZE(a)
    m.columns = m.column_step = 1
    if row:
        m.rows, m.columns, m.row_step, m.column_step = 1, m.rows, 1, m.row_step
    return m


cdef int multiply(int kind, Matrix a, Matrix b, char *d, Py_ssize_t drs, Py_ssize_t dcs, char *c,
                         bint parallel) noexcept nogil:
    if kind == cnp.NPY_FLOAT:
        return gemm(a.rows, b.columns, a.columns, <float *> a.data, a.row_step, a.column_step, <float *> b.data,
                    b.row_step, b.column_step, <float *> d, drs, dcs, <float *> c, b.columns, parallel)
    return gemm(a.rows, b.columns, a.columns, <double *> a.data, a.row_step, a.column_step, <double *> b.data,
                b.row_step, b.column_step, <double *> d, drs, dcs, <double *> c, b.columns, parallel)


cdef inline int multiply_with_gil(int kind, Matrix a, Matrix b, char *d, Py_ssize_t drs, Py_ssize_t dcs,
                                  char *c) noexcept:
    """As multiply; the lock of the interpreter is given up where that is worth while."""
    if <double> a.rows * a.columns * b.columns < ALONE:
        return multiply(kind, a, b, d, drs, dcs, c, True)
    with nogil:
        return multiply(kind, a, b, d, drs, dcs, c, True)


cdef inline bint native(int kind):
    return kind == cnp.NPY_FLOAT or kind == cnp.NPY_DOUBLE


cdef other_types(a, b, d):
    """a b + d by NumPy; half precision sums in single, as NumPy would not for long rows."""
    if a.dtype.char == 'e':
        c = mm(a.astype('f'), b.astype('f')) if a.ndim == 2 else bmm(a.astype('f'), b.astype('f'))
        return (c if d is None else c + d).astype('e')
    c = np.matmul(a, b)
    return c if d is None else (c + d).astype(c.dtype)


def mm(cnp.ndarray a, cnp.ndarray b, cnp.ndarray d=None, bint at=False, bint bt=False):
    """a[M, K] b[K, N] + d[M, N] or nothing; at, bt: that operand is given transposed."""
    cdef int kind = cnp.PyArray_TYPE(a)
    cdef cnp.npy_intp shape[2]
    cdef cnp.ndarray c
    cdef Matrix A, B, D
    if not native(kind):
        return other_types(a.T if at else a, b.T if bt else b, d)
    A, B = matrix(a, at), matrix(b, bt)
    shape[0], shape[1] = A.rows, B.columns
    c = new_array(2, shape, kind)
    D = A
    D.data = NULL
    if d is not None:
        D = matrix(d, False)
    if multiply_with_gil(kind, A, B, D.data, D.row_step, D.column_step, <char *> cnp.PyArray_DATA(c)):
        raise MemoryError('mm(): no memory for packing')
    return c


cdef struct Batch:
    int ndim
    Py_ssize_t sizes[64]
    Py_ssize_t a_steps[64]  # in bytes
    Py_ssize_t b_steps[64]
    Py_ssize_t d_steps[64]


cdef inline void seek(Py_ssize_t t, const Batch *s, Matrix *a, Matrix *b, Matrix *d) noexcept nogil:
    """Move the operands of a batch to its product number t."""
    cdef Py_ssize_t at
    cdef int i
    for i in range(s.ndim - 1, -1, -1):
        at = t
        if i > 0:
            at = t % s.sizes[i]
            t = t // s.sizes[i]
        a.data += at * s.a_steps[i]
        b.data += at * s.b_steps[i]
        if d.data != NULL:
            d.data += at * s.d_steps[i]


cdef inline int batch_task(Py_ssize_t t, int kind, const Batch *s, Matrix a, Matrix b, Matrix d, char *c,
                           bint parallel) noexcept nogil:
    """Product number t of a batch."""
    seek(t, s, &a, &b, &d)
    c += t * a.rows * b.columns * (sizeof(float) if kind == cnp.NPY_FLOAT else sizeof(double))
    return multiply(kind, a, b, d.data, d.row_step, d.column_step, c, parallel)


cdef void small_task(Py_ssize_t t, Py_ssize_t end, const real *x, const Batch *s, Matrix a, Matrix b, Matrix d,
                     char *c) noexcept nogil:
    """Products number t to end of a batch, by gemm_small."""
    cdef Py_ssize_t h = height(a.rows), numbers = a.rows * b.columns
    cdef Matrix A, B, D
    cdef uint64_t old = flush_begin()
    for t in range(t, end):
        A, B, D = a, b, d
        seek(t, s, &A, &B, &D)
        gemm_small(a.rows, b.columns, a.columns, <const real *> A.data, a.row_step, a.column_step, <const real *> B.data,
                   b.row_step, <const real *> D.data, d.row_step, <int> d.column_step, <real *> c + t * numbers, b.columns, h)
    flush_end(old)


def bmm(cnp.ndarray a, cnp.ndarray b, cnp.ndarray d=None, bint at=False, bint bt=False):
    """a[..., M, K] b[..., K, N] + d[..., M, N], all with the same leading dimensions; at, bt: that operand transposed."""
    cdef int kind = cnp.PyArray_TYPE(a), i, failed = 0
    cdef int threads
    cdef Py_ssize_t t, many, batch = 1
    cdef cnp.npy_intp shape[64]
    cdef cnp.ndarray c
    cdef Matrix A, B, D
    cdef Batch s
    cdef char *out
    cdef double work
    if not native(kind):
        return other_types(a.swapaxes(-1, -2) if at else a, b.swapaxes(-1, -2) if bt else b, d)
    A, B = matrix(a, at), matrix(b, bt)
    D = A
    D.data = NULL
    if d is not None:
        D = matrix(d, False)
    s.ndim = cnp.PyArray_NDIM(a) - 2
    for i in range(s.ndim):
        s.sizes[i] = shape[i] = cnp.PyArray_DIM(a, i)
        s.a_steps[i], s.b_steps[i] = cnp.PyArray_STRIDE(a, i), cnp.PyArray_STRIDE(b, i)
        if d is not None:
            s.d_steps[i] = cnp.PyArray_STRIDE(d, i)
        batch *= shape[i]
    shape[s.ndim], shape[s.ndim + 1] = A.rows, B.columns
    c = new_array(s.ndim + 2, shape, kind)
    out = <char *> cnp.PyArray_DATA(c)
    work = <double> A.rows * A.columns * B.columns
    if batch > 1 and (D.data == NULL or D.column_step == 1) and (
            is_small(A.rows, B.columns, A.columns, <float *> out, B.column_step) if kind == cnp.NPY_FLOAT else
            is_small(A.rows, B.columns, A.columns, <double *> out, B.column_step)):
        many = max(<Py_ssize_t> 1, <Py_ssize_t> (TASK_WORK / max(1.0, work)))
        threads = threads_for(batch * work / 8)
        for t in prange((batch + many - 1) // many, nogil=True, num_threads=threads):
            if kind == cnp.NPY_FLOAT:
                small_task(t * many, min(t * many + many, batch), <float *> out, &s, A, B, D, out)
            else:
                small_task(t * many, min(t * many + many, batch), <double *> out, &s, A, B, D, out)
    elif batch > 1 and work <= BATCH_WORK and threads_for(batch * work / 8) > 1:
        for t in prange(batch, nogil=True, num_threads=threads_for(batch * work / 8)):
            failed |= batch_task(t, kind, &s, A, B, D, out, False)
    else:
        with nogil:
            for t in range(batch):
                failed |= batch_task(t, kind, &s, A, B, D, out, True)
    if failed:
        raise MemoryError('bmm(): no memory for packing')
    return c


def product(cnp.ndarray a, cnp.ndarray b):
    """a b for vectors and matrices, and for batches of matrices with the same leading dimensions. None if they do not fit,
    or are of two types or of one that is not float32 or float64: callers then look closely.
    """
    cdef int kind = cnp.PyArray_TYPE(a), m = cnp.PyArray_NDIM(a), n = cnp.PyArray_NDIM(b), i
    cdef cnp.npy_intp shape[2]
    cdef cnp.ndarray c
    cdef Matrix A, B
    if not native(kind) or cnp.PyArray_TYPE(b) != kind or m == 0 or n == 0:
        return None
    if m > 2:
        if m != n or cnp.PyArray_DIM(a, m - 1) != cnp.PyArray_DIM(b, n - 2):
            return None
        for i in range(m - 2):
            if cnp.PyArray_DIM(a, i) != cnp.PyArray_DIM(b, i):
                return None
        return bmm(a, b)
    if n > 2 or m < n:
        return None
    A = matrix(a, False) if m == 2 else vector(a, True)
    B = matrix(b, False) if n == 2 else vector(b, False)
    if A.columns != B.rows:
        return None
    shape[0], shape[1] = A.rows, B.columns
    c = new_array(m + n - 2, shape, kind)
    if multiply_with_gil(kind, A, B, NULL, 0, 0, <char *> cnp.PyArray_DATA(c)):
        raise MemoryError('matmul(): no memory for packing')
    return c


def linear(cnp.ndarray x, cnp.ndarray w, cnp.ndarray b, bint t):
    """x[..., K] w + b, with w stored as [N, K] if t, else as [K, N]; b is None or has shape [N]."""
    cdef int kind = cnp.PyArray_TYPE(x), n = cnp.PyArray_NDIM(x)
    cdef cnp.npy_intp shape[64]
    cdef cnp.ndarray c
    cdef Matrix X, W = matrix(w, t)
    cdef char *bias = NULL
    cdef Py_ssize_t step = 0
    if not native(kind):
        c = other_types(x.reshape(rows_of(x).rows, W.rows), w.T if t else w, b)
        return c.reshape((<object> x).shape[:n - 1] + (W.columns,))
    x = contiguous(x)
    X = rows_of(x)
    for i in range(n - 1):
        shape[i] = cnp.PyArray_DIM(x, i)
    shape[n - 1] = W.columns
    c = new_array(n, shape, kind)
    if b is not None:
        bias = <char *> cnp.PyArray_DATA(b)
        step = cnp.PyArray_STRIDE(b, 0) // cnp.PyArray_ITEMSIZE(b)
    if multiply_with_gil(kind, X, W, bias, 0, step, <char *> cnp.PyArray_DATA(c)):
        raise MemoryError('linear(): no memory for packing')
    return c


def linear_grad(g, x, w, t, need_x, need_w, need_b):
    """The gradients of linear(x, w, b, t) for types that linear.grad does not know: (gx or None, gw or None, gb or None)."""
    g = g.reshape(int(np.prod(g.shape[:-1])), w.shape[0 if t else 1])
    rows = x.reshape(g.shape[0], w.shape[1 if t else 0])
    gx = gw = gb = None
    if need_x:
        gx = other_types(g, w if t else w.T, None).reshape(x.shape)
    if need_w:
        gw = other_types(g.T, rows, None) if t else other_types(rows.T, g, None)
    if need_b:
        gb = g.sum(0)
    return gx, gw, gb
