"""Matrix products of arrays: float32 and float64 by the package's own kernels, other types by NumPy.

Entries take arrays of any strides and return new, C-contiguous arrays. Letters: c[M, N] = d[M, N] + a[M, K] b[K, N].
"""

import numpy as np

cimport numpy as cnp
from cython.parallel cimport prange

from cnet._kernels._alloc cimport new_array
from cnet._kernels._threads cimport threads_for
from cnet._kernels.gemm cimport gemm
from cnet._kernels.types cimport real

cnp.import_array()

# A batch of matrices runs one matrix per task up to this many multiplications in each, else the tasks are pieces of one.
DEF BATCH_WORK = 1 << 22


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


cdef int multiply(int kind, Matrix a, Matrix b, char *d, Py_ssize_t drs, Py_ssize_t dcs, char *c,
                         bint parallel) noexcept nogil:
    if kind == cnp.NPY_FLOAT:
        return gemm(a.rows, b.columns, a.columns, <float *> a.data, a.row_step, a.column_step, <float *> b.data,
                    b.row_step, b.column_step, <float *> d, drs, dcs, <float *> c, b.columns, parallel)
    return gemm(a.rows, b.columns, a.columns, <double *> a.data, a.row_step, a.column_step, <double *> b.data,
                b.row_step, b.column_step, <double *> d, drs, dcs, <double *> c, b.columns, parallel)


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
    if multiply(kind, A, B, D.data, D.row_step, D.column_step, <char *> cnp.PyArray_DATA(c), True):
        raise MemoryError('mm(): no memory for packing')
    return c


cdef struct Batch:
    int ndim
    Py_ssize_t sizes[64]
    Py_ssize_t a_steps[64]  # in bytes
    Py_ssize_t b_steps[64]
    Py_ssize_t d_steps[64]


cdef inline int batch_task(Py_ssize_t t, int kind, const Batch *s, Matrix a, Matrix b, Matrix d, char *c,
                           bint parallel) noexcept nogil:
    """Product number t of a batch."""
    cdef Py_ssize_t rest = t, at
    cdef int i
    for i in range(s.ndim - 1, -1, -1):
        at = rest % s.sizes[i]
        rest = rest // s.sizes[i]
        a.data += at * s.a_steps[i]
        b.data += at * s.b_steps[i]
        if d.data != NULL:
            d.data += at * s.d_steps[i]
    c += t * a.rows * b.columns * (sizeof(float) if kind == cnp.NPY_FLOAT else sizeof(double))
    return multiply(kind, a, b, d.data, d.row_step, d.column_step, c, parallel)


def bmm(cnp.ndarray a, cnp.ndarray b, cnp.ndarray d=None, bint at=False, bint bt=False):
    """a[..., M, K] b[..., K, N] + d[..., M, N], all with the same leading dimensions; at, bt: that operand transposed."""
    cdef int kind = cnp.PyArray_TYPE(a), i, failed = 0
    cdef Py_ssize_t t, batch = 1
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
    if batch > 1 and work <= BATCH_WORK and threads_for(batch * work / 8) > 1:
        for t in prange(batch, nogil=True, num_threads=threads_for(batch * work / 8)):
            failed |= batch_task(t, kind, &s, A, B, D, out, False)
    else:
        for t in range(batch):
            failed |= batch_task(t, kind, &s, A, B, D, out, True)
    if failed:
        raise MemoryError('bmm(): no memory for packing')
    return c


cdef inline cnp.ndarray contiguous(cnp.ndarray a):
    return a if cnp.PyArray_IS_C_CONTIGUOUS(a) else cnp.PyArray_GETCONTIGUOUS(a)


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
    if multiply(kind, X, W, bias, 0, step, <char *> cnp.PyArray_DATA(c), True):
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
