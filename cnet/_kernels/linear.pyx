"""Linear layers: their gradients, and two layers with an activation in between, forward and backward.

Letters: M rows of x[M, K]; a layer maps them to N numbers, and in between two layers there are F of them. Rows are taken
in pieces, and everything that needs a piece is computed from it while it lies in a second-level cache: a gradient is read
once for the gradients of x, w and b, and what comes between two layers never leaves the cache in the backward pass. Pieces
depend on the shape alone, and sums over rows run in their order.
"""

cimport numpy as cnp
from cython.parallel cimport prange
from libc.string cimport memset

from cnet._kernels._alloc cimport new_array
from cnet._kernels._threads cimport threads_for
from cnet._kernels.gemm cimport MR, gemm
from cnet._kernels.keepbits cimport drop
from cnet._kernels.types cimport real

cdef extern from "linear.h" nogil:
    void act_relu_f(float *x, Py_ssize_t n)
    void act_relu_d(double *x, Py_ssize_t n)
    void act_gelu_f(const float *z, float *y, Py_ssize_t n)
    void act_gelu_d(const double *z, double *y, Py_ssize_t n)
    void act_relu_grad_f(float *g, const float *y, float gain, Py_ssize_t n)
    void act_relu_grad_d(double *g, const double *y, double gain, Py_ssize_t n)
    void act_gelu_grad_f(float *g, const float *z, Py_ssize_t n)
    void act_gelu_grad_d(double *g, const double *z, Py_ssize_t n)

cnp.import_array()

cdef enum:
    PIECE = 256            # rows of a piece, if they are not too long for
    PIECE_NUMBERS = 1 << 17  # 512 KB of floats, a second-level cache of today
    WEIGHTS = 1 << 18      # numbers of a weight from which on packing it for every piece costs more than it gains
    SUM_ROWS = 128         # rows summed one after the other before their sum joins the total: bounds the rounding error
    SHARES = 4             # pieces from which on they are shared out among threads, each product being one thread's


cdef struct Matrix:
    char *data
    Py_ssize_t rows, columns, row_step, column_step  # sizes; strides in numbers


cdef inline Matrix stored(cnp.ndarray a, bint transposed):
    """A weight as [K, N]; transposed: it is stored as [N, K]."""
    cdef Matrix m
    cdef Py_ssize_t size = cnp.PyArray_ITEMSIZE(a)
    cdef int row = 1 if transposed else 0
    m.data = <char *> cnp.PyArray_DATA(a)
    m.rows, m.columns = cnp.PyArray_DIM(a, row), cnp.PyArray_DIM(a, 1 - row)
    m.row_step, m.column_step = cnp.PyArray_STRIDE(a, row) // size, cnp.PyArray_STRIDE(a, 1 - row) // size
    return m


cdef inline Py_ssize_t piece_rows(Py_ssize_t M, Py_ssize_t widest, Py_ssize_t weights) noexcept nogil:
    """Rows of a piece, all pieces about equally high."""
    cdef Py_ssize_t most = max(<Py_ssize_t> 64, min(<Py_ssize_t> PIECE, PIECE_NUMBERS // max(<Py_ssize_t> 1, widest)))
    # With tiles of 6 rows a product of 128 rows packs both operands, and pieces of 256 by 1024 weights lose a quarter.
    if weights > (WEIGHTS if MR >= 12 else WEIGHTS // 2):
        return max(<Py_ssize_t> 1, M)
    return (M + (M + most - 1) // most - 1) // ((M + most - 1) // most) if M else 1


cdef inline cnp.ndarray contiguous(cnp.ndarray a):
    return a if cnp.PyArray_IS_C_CONTIGUOUS(a) else cnp.PyArray_GETCONTIGUOUS(a)


cdef inline void *data(cnp.ndarray a) noexcept nogil:
    return NULL if a is None else cnp.PyArray_DATA(a)


cdef inline Py_ssize_t rows_of(cnp.ndarray a):
    """Rows of an array as a matrix of its last dimension."""
    cdef int last = cnp.PyArray_NDIM(a) - 1
    return cnp.PyArray_MultiplyList(cnp.PyArray_DIMS(a), last)


cdef inline void add_rows(const real *x, Py_ssize_t M, Py_ssize_t N, bint fresh, real *total, real *part) noexcept nogil:
    """total[N] = (fresh: 0, else total) + the sum over the rows of x[M, N]; part is scratch of N numbers."""
    cdef Py_ssize_t i, j, k
    if fresh:
        memset(total, 0, N * sizeof(real))
    for i from 0 <= i < M by SUM_ROWS:
        for j in range(N):
            part[j] = x[i * N + j]
        for k in range(i + 1, min(i + SUM_ROWS, M)):
            for j in range(N):
                part[j] = part[j] + x[k * N + j]
        for j in range(N):
            total[j] = total[j] + part[j]


cdef inline int weight_grad(Py_ssize_t M, Py_ssize_t K, Py_ssize_t N, const real *x, const real *g, bint t, bint fresh,
                            real *gw) noexcept nogil:
    """gw = (fresh: 0, else gw) + the gradient from g[M, N] of a weight that x[M, K] was multiplied by."""
    if t:
        return gemm(N, K, M, g, 1, N, x, K, 1, <const real *> NULL if fresh else gw, K, 1, gw, K, True)
    return gemm(K, N, M, x, 1, K, g, N, 1, <const real *> NULL if fresh else gw, N, 1, gw, N, True)


cdef int grad_of(Py_ssize_t M, const Matrix *w, bint t, const real *g, const real *x, real *gx, real *gw, real *gb,
                 real *part) noexcept nogil:
    """The gradients that are not NULL of x, w, b. w as [K, N]."""
    cdef Py_ssize_t K = w.rows, N = w.columns, i, m, high = piece_rows(M, N, K * N)
    cdef int failed = 0
    if M == 0:
        if gw != NULL:
            memset(gw, 0, K * N * sizeof(real))
        if gb != NULL:
            memset(gb, 0, N * sizeof(real))
    for i from 0 <= i < M by high:
        m = min(high, M - i)
        if gx != NULL:
            failed |= gemm(m, K, N, g + i * N, N, 1, <const real *> w.data, w.column_step, w.row_step, <const real *> NULL, 0,
                           0, gx + i * K, K, True)
        if gw != NULL:
            failed |= weight_grad(m, K, N, x + i * K, g + i * N, t, i == 0, gw)
        if gb != NULL:
            add_rows(g + i * N, m, N, i == 0, gb, part)
    return failed


def grad(cnp.ndarray g, cnp.ndarray x, cnp.ndarray w, bint t, bint need_x, bint need_w, bint need_b):
    """The gradients of x w + b for g[..., N], float32 or float64: (gx or None, gw or None, gb or None).

    w is stored as [N, K] if t, else as [K, N].
    """
    cdef int kind = cnp.PyArray_TYPE(g), failed
    cdef Matrix W = stored(w, t)
    cdef cnp.npy_intp columns = W.columns
    cdef cnp.ndarray gx = None, gw = None, gb = None, part = None
    cdef Py_ssize_t M
    g, x = contiguous(g), contiguous(x)
    M = rows_of(g)
    if need_x:
        gx = new_array(cnp.PyArray_NDIM(x), cnp.PyArray_DIMS(x), kind)
    if need_w:
        gw = new_array(2, cnp.PyArray_DIMS(w), kind)
    if need_b:
        gb, part = new_array(1, &columns, kind), new_array(1, &columns, kind)
    with nogil:
        if kind == cnp.NPY_FLOAT:
            failed = grad_of(M, &W, t, <float *> data(g), <float *> data(x), <float *> data(gx), <float *> data(gw),
                             <float *> data(gb), <float *> data(part))
        else:
            failed = grad_of(M, &W, t, <double *> data(g), <double *> data(x), <double *> data(gx), <double *> data(gw),
                             <double *> data(gb), <double *> data(part))
    if failed:
        raise MemoryError('linear_grad(): no memory for packing')
    return gx, gw, gb


cdef struct Two:
    # Two layers: x[M, K] to h[M, F] to y[M, N], weights stored as [F, K] and [N, F].
    Py_ssize_t M
    Matrix w1, w2
    char *b1
    char *b2
    bint gelu                     # else relu
    const unsigned char *bits     # what dropout keeps of h; NULL: everything
    double gain


cdef inline void activate(const Two *t, Py_ssize_t first, Py_ssize_t m, real *z, real *h) noexcept nogil:
    """h = dropout(activation(z)) for m rows; z is h for relu."""
    cdef Py_ssize_t F = t.w1.columns, n = m * F
    if t.gelu:
        if real is float:
            act_gelu_f(z, h, n)
        else:
            act_gelu_d(z, h, n)
    else:
        if real is float:
            act_relu_f(h, n)
        else:
            act_relu_d(h, n)
    if t.bits != NULL:
        drop(h, h, n, t.bits, first * F, <real> t.gain)


cdef inline int forward_piece(const Two *t, Py_ssize_t i, Py_ssize_t m, const real *x, real *z, real *h, real *y,
                              bint parallel) noexcept nogil:
    cdef Py_ssize_t K = t.w1.rows, F = t.w1.columns, N = t.w2.columns, r
    cdef int failed = gemm(m, F, K, x + i * K, K, 1, <const real *> t.w1.data, t.w1.row_step, t.w1.column_step,
                           <const real *> t.b1, 0, 1, z + i * F, F, parallel)
    if parallel:
        for r in prange(m, num_threads=threads_for((60.0 if t.gelu else 4.0) * m * F)):
            activate(t, i + r, 1, z + (i + r) * F, h + (i + r) * F)
    else:
        activate(t, i, m, z + i * F, h + i * F)
    return failed | gemm(m, N, F, h + i * F, F, 1, <const real *> t.w2.data, t.w2.row_step, t.w2.column_step,
                         <const real *> t.b2, 0, 1, y + i * N, N, parallel)


cdef int forward_of(const Two *t, const real *x, real *z, real *h, real *y) noexcept nogil:
    cdef Py_ssize_t K = t.w1.rows, F = t.w1.columns, N = t.w2.columns, high = piece_rows(t.M, F, F * max(K, N)), i
    cdef Py_ssize_t pieces = (t.M + high - 1) // high
    cdef int failed = 0, threads = threads_for(<double> t.M * F * (K + N) / 8)
    if pieces >= SHARES:
        for i in prange(pieces, num_threads=threads, schedule='dynamic'):
            failed |= forward_piece(t, i * high, min(high, t.M - i * high), x, z, h, y, False)
    else:
        for i in range(pieces):
            failed |= forward_piece(t, i * high, min(high, t.M - i * high), x, z, h, y, True)
    return failed


cdef inline void deactivate(const Two *t, Py_ssize_t first, Py_ssize_t m, real *g, const real *z, const real *h) noexcept nogil:
    """g, the gradient of m rows of h, becomes that of z."""
    cdef Py_ssize_t F = t.w1.columns, n = m * F
    if not t.gelu:
        # What was dropped is 0 in h, like what relu made 0.
        if real is float:
            act_relu_grad_f(g, h, <float> t.gain, n)
        else:
            act_relu_grad_d(g, h, t.gain, n)
        return
    if t.bits != NULL:
        drop(g, g, n, t.bits, first * F, <real> t.gain)
    if real is float:
        act_gelu_grad_f(g, z, n)
    else:
        act_gelu_grad_d(g, z, n)


cdef int backward_of(const Two *t, const real *g, const real *x, const real *z, const real *h, real *gx, real *gw1, real *gb1,
                     real *gw2, real *gb2, real *gh, real *part) noexcept nogil:
    cdef Py_ssize_t K = t.w1.rows, F = t.w1.columns, N = t.w2.columns, high = piece_rows(t.M, F, F * max(K, N)), i, m, r
    cdef int failed = 0, threads = threads_for((80.0 if t.gelu else 4.0) * high * F)
    for i from 0 <= i < t.M by high:
        m = min(high, t.M - i)
        failed |= gemm(m, F, N, g + i * N, N, 1, <const real *> t.w2.data, t.w2.column_step, t.w2.row_step,
                       <const real *> NULL, 0, 0, gh, F, True)
        for r in prange(m, num_threads=threads):
            deactivate(t, i + r, 1, gh + r * F, z + (i + r) * F, h + (i + r) * F)
        failed |= weight_grad(m, F, N, h + i * F, g + i * N, True, i == 0, gw2)
        failed |= weight_grad(m, K, F, x + i * K, gh, True, i == 0, gw1)
        if gb2 != NULL:
            add_rows(g + i * N, m, N, i == 0, gb2, part)
        if gb1 != NULL:
            add_rows(gh, m, F, i == 0, gb1, part)
        failed |= gemm(m, K, F, gh, F, 1, <const real *> t.w1.data, t.w1.column_step, t.w1.row_step, <const real *> NULL, 0, 0,
                       gx + i * K, K, True)
    return failed


cdef Two describe(cnp.ndarray x, cnp.ndarray w1, cnp.ndarray b1, cnp.ndarray w2, cnp.ndarray b2, bint gelu,
                  cnp.ndarray bits, double gain):
    cdef Two t
    t.M = rows_of(x)
    t.w1, t.w2 = stored(w1, True), stored(w2, True)
    t.b1, t.b2 = <char *> data(b1), <char *> data(b2)
    t.gelu, t.gain = gelu, gain
    t.bits = <const unsigned char *> data(bits)
    return t


cdef inline cnp.ndarray widened(cnp.ndarray x, Py_ssize_t last):
    """A new array of the shape of x but for its last dimension."""
    cdef cnp.npy_intp shape[64]
    cdef int i, n = cnp.PyArray_NDIM(x)
    for i in range(n - 1):
        shape[i] = cnp.PyArray_DIM(x, i)
    shape[n - 1] = last
    return new_array(n, shape, cnp.PyArray_TYPE(x))


def feed_forward(cnp.ndarray x, cnp.ndarray w1, cnp.ndarray b1, cnp.ndarray w2, cnp.ndarray b2, bint gelu, cnp.ndarray bits,
                 double gain):
    """dropout(activation(x w1' + b1)) w2' + b2, float32 or float64: (y, h, z), see `feed_forward_grad`.

    x contiguous, b1 and b2 None or contiguous. The activation is gelu, else relu. bits: None, or what dropout keeps (see
    attention.forward), and gain, what that is multiplied by.
    """
    cdef int kind = cnp.PyArray_TYPE(x), failed
    cdef Two t = describe(x, w1, b1, w2, b2, gelu, bits, gain)
    cdef cnp.ndarray y = widened(x, t.w2.columns), h = widened(x, t.w1.columns)
    cdef cnp.ndarray z = widened(x, t.w1.columns) if gelu else h
    with nogil:
        if kind == cnp.NPY_FLOAT:
            failed = forward_of(&t, <float *> data(x), <float *> data(z), <float *> data(h), <float *> data(y))
        else:
            failed = forward_of(&t, <double *> data(x), <double *> data(z), <double *> data(h), <double *> data(y))
    if failed:
        raise MemoryError('feed_forward(): no memory for packing')
    return y, h, z


def feed_forward_grad(cnp.ndarray g, cnp.ndarray x, cnp.ndarray w1, cnp.ndarray b1, cnp.ndarray w2, cnp.ndarray b2, bint gelu,
                      cnp.ndarray bits, double gain, cnp.ndarray h, cnp.ndarray z):
    """The gradients of x, w1, b1, w2, b2 (None for a bias that is None). h and z are what `feed_forward` returned: what
    came out of the activation and dropout, and what went in (h itself for relu)."""
    cdef int kind = cnp.PyArray_TYPE(x), failed
    cdef Two t = describe(x, w1, b1, w2, b2, gelu, bits, gain)
    cdef cnp.npy_intp F = t.w1.columns, N = t.w2.columns, widest = max(F, N)
    cdef cnp.npy_intp scratch_size = min(t.M, piece_rows(t.M, F, F * max(t.w1.rows, t.w2.columns))) * F
    cdef cnp.ndarray gx = new_array(cnp.PyArray_NDIM(x), cnp.PyArray_DIMS(x), kind)
    cdef cnp.ndarray gw1 = new_array(2, cnp.PyArray_DIMS(w1), kind), gw2 = new_array(2, cnp.PyArray_DIMS(w2), kind)
    cdef cnp.ndarray gb1 = None if b1 is None else new_array(1, &F, kind), gb2 = None if b2 is None else new_array(1, &N, kind)
    cdef cnp.ndarray gh = new_array(1, &scratch_size, kind), part = new_array(1, &widest, kind)
    g = contiguous(g)
    with nogil:
        if kind == cnp.NPY_FLOAT:
            failed = backward_of(&t, <float *> data(g), <float *> data(x), <float *> data(z), <float *> data(h),
                                 <float *> data(gx), <float *> data(gw1), <float *> data(gb1), <float *> data(gw2),
                                 <float *> data(gb2), <float *> data(gh), <float *> data(part))
        else:
            failed = backward_of(&t, <double *> data(g), <double *> data(x), <double *> data(z), <double *> data(h),
                                 <double *> data(gx), <double *> data(gw1), <double *> data(gb1), <double *> data(gw2),
                                 <double *> data(gb2), <double *> data(gh), <double *> data(part))
    if failed:
        raise MemoryError('feed_forward_grad(): no memory for packing')
    return gx, gw1, gb1, gw2, gb2
