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
from cnet._kernels._workspace cimport SHARED, scratch
from cnet._kernels.gemm cimport gemm, gemm_direct
from cnet._kernels.gemm_tiles cimport KC, MR, columns, flush_begin, flush_end, pack, shift, tiles, uint64_t
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
    PIECE_NUMBERS = 1 << 16  # 256 KB of floats: with a gradient alike, weights and their gradients in a second-level cache
    PIECE_LEAST = 128      # rows, if there are as many: the gradients of weights are read and written for each piece
    WEIGHTS = 1 << 18      # numbers of a weight from which on packing it for every piece costs more than it gains
    SUM_ROWS = 128         # rows summed one after the other before their sum joins the total: bounds the rounding error
    SHARES = 4             # pieces from which on they are shared out among threads, each product being one thread's
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


cdef inline cnp.ndarray contiguous(cnp.ndarray a):
    return a if cnp.PyArray_IS_C_CONTIGUOUS(a) else cnp.PyArray_GETCONTIGUOUS(a)


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
        return gemm_direct(n, K, M, g + j, 1, N, x, K, 1, <const real *> NULL if fresh else w, K, 1, w, K, 1)
    w = w + j
    return gemm_direct(K, n, M, x, 1, K, g + j, N, 1, <const real *> NULL if fresh else w, N, 1, w, N, 1)


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


cdef int grad_of(Py_ssize_t M, const Matrix *w, const Sums *r, const real *g, const real *x, real *gx) noexcept nogil:
    """The gradients that are not NULL of x, w, b. w as [K, N]."""
    cdef Py_ssize_t K = w.rows, N = w.columns, i, high = piece_rows(M, N, K * N), wide = blocks(r)
    cdef Py_ssize_t pieces = (M + high - 1) // high, inputs = 0 if gx == NULL else pieces
    cdef int failed = 0, threads = threads_for(<double> M * K * N / 4)
    if M == 0:
        if r.w != NULL:
            memset(r.w, 0, K * N * sizeof(real))
        if r.b != NULL:
            memset(r.b, 0, N * sizeof(real))
    elif pieces == 1:
        if gx != NULL:
            failed = input_grad(M, w, g, gx, True)
        if r.b != NULL:
            add_rows(g, N, M, N, True, <real *> r.b, <real *> r.part)
        if r.w != NULL and r.t:
            failed |= gemm(N, K, M, g, 1, N, x, K, 1, <const real *> NULL, 0, 0, <real *> r.w, K, True)
        elif r.w != NULL:
            failed |= gemm(K, N, M, x, 1, K, g, N, 1, <const real *> NULL, 0, 0, <real *> r.w, N, True)
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


def grad(cnp.ndarray g, cnp.ndarray x, cnp.ndarray w, bint t, bint need_x, bint need_w, bint need_b):
    """The gradients of x w + b for g[..., N], float32 or float64: (gx or None, gw or None, gb or None).

    w is stored as [N, K] if t, else as [K, N].
    """
    cdef int kind = cnp.PyArray_TYPE(g), failed
    cdef Matrix W = stored(w, t)
    cdef cnp.npy_intp columns = W.columns
    cdef cnp.ndarray gx = None, gw = None, gb = None, part = None
    cdef Py_ssize_t M
    cdef Sums r
    g, x = contiguous(g), contiguous(x)
    M = rows_of(g)
    if need_x:
        gx = new_array(cnp.PyArray_NDIM(x), cnp.PyArray_DIMS(x), kind)
    if need_w:
        gw = new_array(2, cnp.PyArray_DIMS(w), kind)
    if need_b:
        gb, part = new_array(1, &columns, kind), new_array(1, &columns, kind)
    r = sums(gw, gb, part, W.rows, W.columns, t)
    with nogil:
        if kind == cnp.NPY_FLOAT:
            failed = grad_of(M, &W, &r, <float *> data(g), <float *> data(x), <float *> data(gx))
        else:
            failed = grad_of(M, &W, &r, <double *> data(g), <double *> data(x), <double *> data(gx))
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


cdef inline int forward_piece(const Two *t, Py_ssize_t i, Py_ssize_t m, const real *x, real *z, real *h,
                              real *y) noexcept nogil:
    cdef Py_ssize_t K = t.w1.rows, F = t.w1.columns, N = t.w2.columns, r
    cdef int failed = gemm(m, F, K, x + i * K, K, 1, <const real *> t.w1.data, t.w1.row_step, t.w1.column_step,
                           <const real *> t.b1, 0, 1, z + i * F, F, True)
    for r in prange(m, num_threads=threads_for((60.0 if t.gelu else 4.0) * m * F)):
        activate(t, i + r, 1, z + (i + r) * F, h + (i + r) * F)
    return failed | gemm(m, N, F, h + i * F, F, 1, <const real *> t.w2.data, t.w2.row_step, t.w2.column_step,
                         <const real *> t.b2, 0, 1, y + i * N, N, True)


cdef inline Py_ssize_t whole_panels(Py_ssize_t N, const real *kind) noexcept nogil:
    """N, up to whole panels."""
    return (N + columns(kind) - 1) // columns(kind) * columns(kind)


cdef inline void pack_panel(const Matrix *w, Py_ssize_t panel, real *p) noexcept nogil:
    """One panel of all panels p of a weight: its columns as a tile of products reads them."""
    cdef Py_ssize_t wide = columns(p), j = panel * wide
    pack(w.rows, min(wide, w.columns - j), <const real *> w.data + j * w.column_step, w.row_step, w.column_step,
         p + j * w.rows, wide)


cdef inline void panel_products(Py_ssize_t m, const Matrix *w, const real *p, const real *x, const real *bias,
                                real *y) noexcept nogil:
    """y[m, N] = bias + x[m, K] w from the panels of w."""
    cdef Py_ssize_t K = w.rows, N = w.columns, wide = columns(p), j, k
    cdef const real *d
    cdef Py_ssize_t drs
    for j from 0 <= j < N by wide:
        d, drs = shift(bias, j), 0
        for k from 0 <= k < K by KC:
            tiles(m, min(wide, N - j), min(<Py_ssize_t> KC, K - k), x + k, K, 1, p + j * K + k * wide, wide, d, drs, 1, y + j, N)
            d, drs = y + j, N


cdef inline int packed_piece(const Two *t, Py_ssize_t i, Py_ssize_t m, const real *p1, const real *p2, const real *x, real *z,
                             real *h, real *y) noexcept nogil:
    """As forward_piece from the panels of both weights; h NULL: what is between the layers need not be kept."""
    cdef Py_ssize_t K = t.w1.rows, F = t.w1.columns, N = t.w2.columns
    cdef uint64_t old
    if h == NULL:
        h = <real *> scratch(SHARED, m * F * sizeof(real))
        if h == NULL:
            return -1
        z = h
    else:
        z, h = z + i * F, h + i * F
    old = flush_begin()
    panel_products(m, &t.w1, p1, x + i * K, <const real *> t.b1, z)
    activate(t, i, m, z, h)
    panel_products(m, &t.w2, p2, h, <const real *> t.b2, y + i * N)
    flush_end(old)
    return 0


cdef inline Py_ssize_t panel_numbers(const Two *t, const real *kind) noexcept nogil:
    """Numbers of the panels of both weights."""
    return t.w1.rows * whole_panels(t.w1.columns, kind) + t.w2.rows * whole_panels(t.w2.columns, kind)


cdef inline Py_ssize_t forward_rows(const Two *t) noexcept nogil:
    """Rows of a piece from packed weights: twice as many as where gradients lie beside them."""
    return piece_rows(t.M, t.w1.columns // 2, 0)


cdef inline bint shared_out(const Two *t) noexcept nogil:
    """Whether there are pieces enough to be shared out among threads; weights are then packed once, whatever their size."""
    return t.M > (SHARES - 1) * forward_rows(t)


cdef int forward_of(const Two *t, const real *x, real *z, real *h, real *y, real *p) noexcept nogil:
    """p: room for panel_numbers() if the pieces are shared out."""
    cdef Py_ssize_t K = t.w1.rows, F = t.w1.columns, N = t.w2.columns, wide = columns(p), i, high
    cdef Py_ssize_t across = (F + wide - 1) // wide, second = K * across * wide
    cdef int failed = 0, threads = threads_for(<double> t.M * F * (K + N) / 8)
    if shared_out(t):
        high = forward_rows(t)
        for i in prange(across + (N + wide - 1) // wide, num_threads=min(threads, threads_for(4.0 * F * (K + N)))):
            if i < across:
                pack_panel(&t.w1, i, p)
            else:
                pack_panel(&t.w2, i - across, p + second)
        for i in prange((t.M + high - 1) // high, num_threads=threads, schedule='dynamic'):
            failed |= packed_piece(t, i * high, min(high, t.M - i * high), p, p + second, x, z, h, y)
        return failed
    high = piece_rows(t.M, F, F * max(K, N))
    for i from 0 <= i < t.M by high:
        failed |= forward_piece(t, i, min(high, t.M - i), x, z, h, y)
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


cdef inline int backward_piece(const Two *t, Py_ssize_t i, Py_ssize_t m, const real *g, const real *z, const real *h,
                               real *gh, real *gx, bint parallel) noexcept nogil:
    """The gradients of m rows of the activation's input, gh[m, F], and of x."""
    cdef Py_ssize_t K = t.w1.rows, F = t.w1.columns, N = t.w2.columns, r
    cdef int failed = input_grad(m, &t.w2, g + i * N, gh, parallel)
    if parallel:
        for r in prange(m, num_threads=threads_for((80.0 if t.gelu else 4.0) * m * F)):
            deactivate(t, i + r, 1, gh + r * F, z + (i + r) * F, h + (i + r) * F)
    else:
        deactivate(t, i, m, gh, z + i * F, h + i * F)
    return failed | input_grad(m, &t.w1, gh, gx + i * K, parallel)


cdef int backward_of(const Two *t, const real *g, const real *x, const real *z, const real *h, real *gx, const Sums *first,
                     const Sums *second, real *gh, int threads) noexcept nogil:
    """gh: a piece of rows for one thread, all M rows for more."""
    cdef Py_ssize_t K = t.w1.rows, F = t.w1.columns, N = t.w2.columns, high = piece_rows(t.M, F, F * max(K, N)), i, m
    cdef Py_ssize_t pieces = (t.M + high - 1) // high, wide = blocks(second)
    cdef int failed = 0
    if pieces == 1 or threads == 1:
        for i from 0 <= i < t.M by high:
            m = min(high, t.M - i)
            failed |= backward_piece(t, i, m, g, z, h, gh, gx, pieces == 1)
            if pieces > 1:
                failed |= add_all(second, m, h + i * F, g + i * N, i == 0) | add_all(first, m, x + i * K, gh, i == 0)
    else:
        for i in prange(pieces + wide, num_threads=threads, schedule='dynamic'):
            if i < pieces:
                failed |= backward_piece(t, i * high, min(high, t.M - i * high), g, z, h, gh + i * high * F, gx, False)
            else:
                failed |= sum_block(second, i - pieces, t.M, high, h, g)
        for i in prange(blocks(first), num_threads=threads, schedule='dynamic'):
            failed |= sum_block(first, i, t.M, high, x, gh)
    if pieces == 1:
        failed |= grad_of(t.M, &t.w2, second, g, h, <real *> NULL) | grad_of(t.M, &t.w1, first, gh, x, <real *> NULL)
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
                 double gain, bint kept=True):
    """dropout(activation(x w1' + b1)) w2' + b2, float32 or float64: (y, h, z), see `feed_forward_grad`.

    x contiguous, b1 and b2 None or contiguous. The activation is gelu, else relu. bits: None, or what dropout keeps (see
    attention.forward), and gain, what that is multiplied by. h and z are arbitrary, or None, if they need not be `kept`.
    """
    cdef int kind = cnp.PyArray_TYPE(x), failed
    cdef Two t = describe(x, w1, b1, w2, b2, gelu, bits, gain)
    cdef bint shared = shared_out(&t)
    cdef cnp.npy_intp room = 0
    cdef cnp.ndarray y = widened(x, t.w2.columns), h = None, z = None, panels = None
    if kept or not shared:
        h = widened(x, t.w1.columns)
        z = widened(x, t.w1.columns) if gelu and kept else h
    if shared:
        room = panel_numbers(&t, <float *> NULL) if kind == cnp.NPY_FLOAT else panel_numbers(&t, <double *> NULL)
        panels = new_array(1, &room, kind)
    with nogil:
        if kind == cnp.NPY_FLOAT:
            failed = forward_of(&t, <float *> data(x), <float *> data(z), <float *> data(h), <float *> data(y),
                                <float *> data(panels))
        else:
            failed = forward_of(&t, <double *> data(x), <double *> data(z), <double *> data(h), <double *> data(y),
                                <double *> data(panels))
    if failed:
        raise MemoryError('feed_forward(): no memory for packing')
    return y, h, z


def feed_forward_grad(cnp.ndarray g, cnp.ndarray x, cnp.ndarray w1, cnp.ndarray b1, cnp.ndarray w2, cnp.ndarray b2, bint gelu,
                      cnp.ndarray bits, double gain, cnp.ndarray h, cnp.ndarray z):
    """The gradients of x, w1, b1, w2, b2 (None for a bias that is None). h and z are what `feed_forward` returned: what
    came out of the activation and dropout, and what went in (h itself for relu)."""
    cdef int kind = cnp.PyArray_TYPE(x), failed
    cdef Two t = describe(x, w1, b1, w2, b2, gelu, bits, gain)
    cdef cnp.npy_intp K = t.w1.rows, F = t.w1.columns, N = t.w2.columns
    cdef int threads = threads_for(<double> t.M * F * (K + N) / 4)
    cdef cnp.npy_intp scratch_size = (t.M if threads > 1 else min(t.M, piece_rows(t.M, F, F * max(K, N)))) * F
    cdef cnp.ndarray gx = new_array(cnp.PyArray_NDIM(x), cnp.PyArray_DIMS(x), kind)
    cdef cnp.ndarray gw1 = new_array(2, cnp.PyArray_DIMS(w1), kind), gw2 = new_array(2, cnp.PyArray_DIMS(w2), kind)
    cdef cnp.ndarray gb1 = None if b1 is None else new_array(1, &F, kind), gb2 = None if b2 is None else new_array(1, &N, kind)
    cdef cnp.ndarray gh = new_array(1, &scratch_size, kind), part1 = new_array(1, &F, kind), part2 = new_array(1, &N, kind)
    cdef Sums first = sums(gw1, gb1, part1, K, F, True), second = sums(gw2, gb2, part2, F, N, True)
    g = contiguous(g)
    with nogil:
        if kind == cnp.NPY_FLOAT:
            failed = backward_of(&t, <float *> data(g), <float *> data(x), <float *> data(z), <float *> data(h),
                                 <float *> data(gx), &first, &second, <float *> data(gh), threads)
        else:
            failed = backward_of(&t, <double *> data(g), <double *> data(x), <double *> data(z), <double *> data(h),
                                 <double *> data(gx), &first, &second, <double *> data(gh), threads)
    if failed:
        raise MemoryError('feed_forward_grad(): no memory for packing')
    return gx, gw1, gb1, gw2, gb2
