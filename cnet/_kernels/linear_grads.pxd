"""The gradients of one linear layer: rows in pieces, sums over rows in their order. linear.pyx has the words."""

cimport numpy as cnp
from cython.parallel cimport prange
from libc.string cimport memset

from cnet._kernels._threads cimport threads_for
from cnet._kernels.gemm cimport gemm, gemm_direct
from cnet._kernels.gemm_tiles cimport MR
from cnet._kernels.types cimport real

cdef enum:
    PIECE = 256            # rows of a piece, if they are not too long for
    PIECE_NUMBERS = 1 << 16  # 256 KB of floats: with a gradient alike, weights and their gradients in a second-level cache
    PIECE_LEAST = 128      # rows, if there are as many: the gradients of weights are read and written for each piece
    WEIGHTS = 1 << 18      # numbers of a weight from which on packing it for every piece costs more than it gains
    SUM_ROWS = 128         # rows summed one after the other before their sum joins the total: bounds the rounding error
    PAIRED = 1 << 22       # multiplications up to which two threads make one gradient each, in place of halves of both
    BLOCK = 64             # rows of a weight's gradient, or columns where it is stored so: what one of many threads sums


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
    cdef Py_ssize_t most = max(<Py_ssize_t> PIECE_LEAST, min(<Py_ssize_t> PIECE, PIECE_NUMBERS // max(<Py_ssize_t> 1, widest)))
    # With tiles of 6 rows a product of 128 rows packs both operands, and pieces of 256 by 1024 weights lose a quarter.
    if weights > (WEIGHTS if MR >= 12 else WEIGHTS // 2):
        return max(<Py_ssize_t> 1, M)
    return (M + (M + most - 1) // most - 1) // ((M + most - 1) // most) if M else 1


cdef inline void *data(cnp.ndarray a) noexcept nogil:
    return NULL if a is None else cnp.PyArray_DATA(a)


cdef inline Py_ssize_t rows_of(cnp.ndarray a):
    """Rows of an array as a matrix of its last dimension."""
    cdef int last = cnp.PyArray_NDIM(a) - 1
    return cnp.PyArray_MultiplyList(cnp.PyArray_DIMS(a), last)


cdef inline void add_rows(const real *x, Py_ssize_t step, Py_ssize_t M, Py_ssize_t N, bint fresh, real *total,
                          real *part) noexcept nogil:
    """total[N] = (fresh: 0, else total) + the sum over the rows of x[M, N], step apart; part is scratch of N numbers."""
    cdef Py_ssize_t i, j, k
    if fresh:
        memset(total, 0, N * sizeof(real))
    for i from 0 <= i < M by SUM_ROWS:
        for j in range(N):
            part[j] = x[i * step + j]
        for k in range(i + 1, min(i + SUM_ROWS, M)):
            for j in range(N):
                part[j] = part[j] + x[k * step + j]
        for j in range(N):
            total[j] = total[j] + part[j]


cdef struct Sums:
    # The gradients of a weight and of a bias, each number a sum over all rows; NULL: not wanted.
    char *w
    char *b
    char *part       # scratch of N numbers for that of b
    Py_ssize_t K, N
    bint t           # w is stored as [N, K], else as [K, N]


cdef inline Sums sums(cnp.ndarray w, cnp.ndarray b, cnp.ndarray part, Py_ssize_t K, Py_ssize_t N, bint t):
    cdef Sums r
    r.w, r.b, r.part = <char *> data(w), <char *> data(b), <char *> data(part)
    r.K, r.N, r.t = K, N, t
    return r


cdef inline Py_ssize_t blocks(const Sums *r) noexcept nogil:
    return (r.N + BLOCK - 1) // BLOCK if r.w != NULL or r.b != NULL else 0


cdef inline int add_columns(const Sums *r, Py_ssize_t j, Py_ssize_t n, Py_ssize_t M, const real *x, const real *g,
                            bint fresh) noexcept nogil:
    """What g[M, N], the gradient of x[M, K] w + b, gives to the sums of n of its columns, from number j on."""
    cdef Py_ssize_t K = r.K, N = r.N
    cdef real *w = <real *> r.w
    if r.b != NULL:
        add_rows(g + j, N, M, n, fresh, <real *> r.b + j, <real *> r.part + j)
    if w == NULL:
        return 0
    # One way for every n, so that one thread may take all columns at once.
    if r.t:
        w = w + j * K
        return gemm_direct(n, K, M, g + j, 1, N, x, K, 1, <const real *> NULL if fresh else w, K, 1, w, K, 1, NULL)
    w = w + j
    return gemm_direct(K, n, M, x, 1, K, g + j, N, 1, <const real *> NULL if fresh else w, N, 1, w, N, 1, NULL)


cdef inline int add_all(const Sums *r, Py_ssize_t M, const real *x, const real *g, bint fresh) noexcept nogil:
    return add_columns(r, 0, r.N, M, x, g, fresh) if r.w != NULL or r.b != NULL else 0


cdef inline int sum_block(const Sums *r, Py_ssize_t block, Py_ssize_t M, Py_ssize_t high, const real *x,
                          const real *g) noexcept nogil:
    """One block of the sums over all pieces, in their order."""
    cdef Py_ssize_t i, j = block * BLOCK
    cdef int failed = 0
    for i from 0 <= i < M by high:
        failed |= add_columns(r, j, min(<Py_ssize_t> BLOCK, r.N - j), min(high, M - i), x + i * r.K, g + i * r.N, i == 0)
    return failed


cdef inline int input_grad(Py_ssize_t m, const Matrix *w, const real *g, real *gx, bint parallel) noexcept nogil:
    """gx[m, K] = g[m, N] w', w as [K, N]."""
    return gemm(m, w.rows, w.columns, g, w.columns, 1, <const real *> w.data, w.column_step, w.row_step,
                <const real *> NULL, 0, 0, gx, w.rows, parallel)


cdef inline int all_sums(Py_ssize_t M, const Sums *r, const real *x, const real *g, bint parallel) noexcept nogil:
    """The sums of one piece, as products of whole matrices."""
    cdef Py_ssize_t K = r.K, N = r.N
    if r.b != NULL:
        add_rows(g, N, M, N, True, <real *> r.b, <real *> r.part)
    if r.w == NULL:
        return 0
    if r.t:
        return gemm(N, K, M, g, 1, N, x, K, 1, <const real *> NULL, 0, 0, <real *> r.w, K, parallel)
    return gemm(K, N, M, x, 1, K, g, N, 1, <const real *> NULL, 0, 0, <real *> r.w, N, parallel)


cdef inline int grad_of(Py_ssize_t M, const Matrix *w, const Sums *r, const real *g, const real *x, real *gx) noexcept nogil:
    """The gradients that are not NULL of x, w, b. w as [K, N]."""
    cdef Py_ssize_t K = w.rows, N = w.columns, i, high = piece_rows(M, N, K * N), wide = blocks(r)
    cdef Py_ssize_t pieces = (M + high - 1) // high, inputs = 0 if gx == NULL else pieces
    cdef int failed = 0, threads = threads_for(<double> M * K * N / 4)
    if M == 0:
        if r.w != NULL:
            memset(r.w, 0, K * N * sizeof(real))
        if r.b != NULL:
            memset(r.b, 0, N * sizeof(real))
    elif (pieces == 1 and gx != NULL and r.w != NULL and threads > 1 and M * K * N <= PAIRED
          and threads_for(M * K * N / 8.0) <= 2):
        for i in prange(2, num_threads=2, schedule='static', chunksize=1):
            failed |= all_sums(M, r, x, g, False) if i else input_grad(M, w, g, gx, False)
    elif pieces == 1:
        if gx != NULL:
            failed = input_grad(M, w, g, gx, True)
        failed |= all_sums(M, r, x, g, True)
    elif threads == 1:
        for i from 0 <= i < M by high:
            if gx != NULL:
                failed |= input_grad(min(high, M - i), w, g + i * N, gx + i * K, False)
            failed |= add_all(r, min(high, M - i), x + i * K, g + i * N, i == 0)
    else:
        # The same products in one parallel loop: what waits for a thread that the system has put aside waits once.
        for i in prange(wide + inputs, num_threads=threads, schedule='dynamic'):
            if i < wide:
                failed |= sum_block(r, i, M, high, x, g)
            else:
                failed |= input_grad(min(high, M - (i - wide) * high), w, g + (i - wide) * high * N,
                                     gx + (i - wide) * high * K, False)
    return failed
