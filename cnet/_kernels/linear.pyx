"""Linear layers: their gradients, and two layers with an activation in between, forward and backward.

Letters: M rows of x[M, K]; a layer maps them to N numbers, and in between two layers there are F of them. Rows are taken
in pieces, and everything that needs a piece is computed from it while it lies in a second-level cache: a gradient is read
once for the gradients of x, w and b, and what comes between two layers never leaves the cache in the backward pass. Pieces
depend on the shape alone, and sums over rows run in their order.
"""

cimport numpy as cnp
from cython.parallel cimport prange

from cnet._kernels._alloc cimport new_array
from cnet._kernels._threads cimport threads_for
from cnet._kernels._workspace cimport SHARED, scratch
from cnet._kernels.gemm cimport Then, gemm, gemm_then
from cnet._kernels.gemm_tiles cimport KC, columns, flush_begin, flush_end, pack, shift, tiles, uint64_t
from cnet._kernels.keepbits cimport drop
from cnet._kernels.layout cimport contiguous
from cnet._kernels.linear_grads cimport (
    Matrix, Sums, add_all, blocks, data, grad_of, input_grad, piece_rows, rows_of, stored, sum_block, sums,
)
from cnet._kernels.types cimport real

cdef extern from "linear.h" nogil:
    int ACT_RELU, ACT_TANH, ACT_SIGMOID, ACT_GELU, ACT_SILU
    void act_relu_f(const float *z, float *y, Py_ssize_t n)
    void act_relu_d(const double *z, double *y, Py_ssize_t n)
    void act_gelu_f(const float *z, float *y, Py_ssize_t n)
    void act_gelu_d(const double *z, double *y, Py_ssize_t n)
    void act_relu_gain_f(float *g, const float *y, float gain, Py_ssize_t n)
    void act_relu_gain_d(double *g, const double *y, double gain, Py_ssize_t n)
    void act_gelu_grad_f(const float *g, const float *z, float *to, Py_ssize_t n)
    void act_gelu_grad_d(const double *g, const double *z, double *to, Py_ssize_t n)
    void act_rows_f(int kind, Py_ssize_t m, Py_ssize_t n, const float *z, float *y, Py_ssize_t step)
    void act_rows_d(int kind, Py_ssize_t m, Py_ssize_t n, const double *z, double *y, Py_ssize_t step)
    void act_grad_f(int kind, const float *g, const float *s, float *to, Py_ssize_t n)
    void act_grad_d(int kind, const double *g, const double *s, double *to, Py_ssize_t n)

cnp.import_array()

RELU, TANH, SIGMOID, GELU, SILU = ACT_RELU, ACT_TANH, ACT_SIGMOID, ACT_GELU, ACT_SILU

cdef enum:
    SHARES = 4             # pieces from which on they are shared out among threads, each product being one thread's
    SLOPE = 40             # what a number of a gradient of gelu or silu costs, in units of threads_for


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


cdef inline cnp.ndarray widened(cnp.ndarray x, Py_ssize_t last):
    """A new array of the shape of x but for its last dimension."""
    cdef cnp.npy_intp shape[64]
    cdef int i, n = cnp.PyArray_NDIM(x)
    for i in range(n - 1):
        shape[i] = cnp.PyArray_DIM(x, i)
    shape[n - 1] = last
    return new_array(n, shape, cnp.PyArray_TYPE(x))


cdef void activate_floats(const Then *then, Py_ssize_t m, Py_ssize_t n, char *c, Py_ssize_t crs) noexcept nogil:
    act_rows_f(then.kind, m, n, <float *> c, <float *> (c + then.away), crs)


cdef void activate_doubles(const Then *then, Py_ssize_t m, Py_ssize_t n, char *c, Py_ssize_t crs) noexcept nogil:
    act_rows_d(then.kind, m, n, <double *> c, <double *> (c + then.away), crs)


def activated(cnp.ndarray x, cnp.ndarray w, cnp.ndarray b, int kind, bint kept):
    """y = activation(z) for z = x w' + b, or (y, z) if z is to be `kept`; w is stored as [N, K]. kind: RELU, ...

    None if the arrays do not fit, are empty, or are not all float32 or all float64; b may be None.
    """
    cdef int type = cnp.PyArray_TYPE(x), failed
    cdef Matrix W
    cdef Py_ssize_t M
    cdef cnp.ndarray z, y
    cdef Then then
    if type != cnp.NPY_FLOAT and type != cnp.NPY_DOUBLE or cnp.PyArray_TYPE(w) != type or cnp.PyArray_NDIM(w) != 2 \
            or cnp.PyArray_NDIM(x) == 0 or cnp.PyArray_DIM(x, cnp.PyArray_NDIM(x) - 1) != cnp.PyArray_DIM(w, 1) \
            or cnp.PyArray_SIZE(x) == 0 or cnp.PyArray_SIZE(w) == 0:
        return None
    if b is not None and (cnp.PyArray_TYPE(b) != type or cnp.PyArray_NDIM(b) != 1 or cnp.PyArray_SIZE(b) != cnp.PyArray_DIM(w, 0)
                          or not cnp.PyArray_IS_C_CONTIGUOUS(b)):
        return None
    W = stored(w, True)
    x = contiguous(x)
    M = rows_of(x)
    z = widened(x, W.columns)
    y = widened(x, W.columns) if kept else z
    then.kind, then.away = kind, <char *> data(y) - <char *> data(z)
    then.run = activate_floats if type == cnp.NPY_FLOAT else activate_doubles
    with nogil:
        if type == cnp.NPY_FLOAT:
            failed = gemm_then(M, W.columns, W.rows, <float *> data(x), W.rows, 1, <float *> W.data, W.row_step, W.column_step,
                               <float *> data(b), 0, 1, <float *> data(z), W.columns, True, &then)
        else:
            failed = gemm_then(M, W.columns, W.rows, <double *> data(x), W.rows, 1, <double *> W.data, W.row_step, W.column_step,
                               <double *> data(b), 0, 1, <double *> data(z), W.columns, True, &then)
    if failed:
        raise MemoryError('linear(): no memory for packing')
    if kept:
        return y, z
    return y


cdef inline void slope(int kind, const real *g, const real *s, real *to, Py_ssize_t n) noexcept nogil:
    if real is float:
        act_grad_f(kind, g, s, to, n)
    else:
        act_grad_d(kind, g, s, to, n)


cdef int activated_grad_of(Py_ssize_t M, const Matrix *w, const Sums *r, int kind, const real *g, const real *s, const real *x,
                           real *gz, real *gx, int threads) noexcept nogil:
    """gz: room for a piece of rows if there is one thread, else for all M rows."""
    cdef Py_ssize_t K = w.rows, N = w.columns, high = piece_rows(M, N, K * N), i, m
    cdef Py_ssize_t pieces = (M + high - 1) // high
    cdef int failed = 0
    if pieces == 1:
        for i in prange(M, num_threads=threads_for((SLOPE if kind >= ACT_GELU else 3.0) * M * N)):
            slope(kind, g + i * N, s + i * N, gz + i * N, N)
        return grad_of(M, w, r, <const real *> gz, x, gx)
    if threads == 1:
        for i from 0 <= i < M by high:
            m = min(high, M - i)
            slope(kind, g + i * N, s + i * N, gz, m * N)
            if gx != NULL:
                failed |= input_grad(m, w, <const real *> gz, gx + i * K, False)
            failed |= add_all(r, m, x + i * K, <const real *> gz, i == 0)
        return failed
    for i in prange(pieces, num_threads=threads, schedule='dynamic'):
        slope(kind, g + i * high * N, s + i * high * N, gz + i * high * N, min(high, M - i * high) * N)
        if gx != NULL:
            failed |= input_grad(min(high, M - i * high), w, <const real *> (gz + i * high * N), gx + i * high * K, False)
    for i in prange(blocks(r), num_threads=threads, schedule='dynamic'):
        failed |= sum_block(r, i, M, high, x, <const real *> gz)
    return failed


def activated_grad(cnp.ndarray g, cnp.ndarray s, cnp.ndarray x, cnp.ndarray w, int kind, bint need_x, bint need_w, bint need_b):
    """The gradients of `activated` for g, the gradient of y: (gx or None, gw or None, gb or None); s: y, or z for GELU, SILU."""
    cdef int type = cnp.PyArray_TYPE(x), failed
    cdef Matrix W = stored(w, True)
    cdef cnp.npy_intp columns = W.columns, room
    cdef cnp.ndarray gx = None, gw = None, gb = None, part = None, gz
    cdef Py_ssize_t M
    cdef int threads
    cdef Sums r
    g, s, x = contiguous(g), contiguous(s), contiguous(x)
    M = rows_of(g)
    if need_x:
        gx = new_array(cnp.PyArray_NDIM(x), cnp.PyArray_DIMS(x), type)
    if need_w:
        gw = new_array(2, cnp.PyArray_DIMS(w), type)
    if need_b:
        gb, part = new_array(1, &columns, type), new_array(1, &columns, type)
    threads = threads_for(<double> M * W.rows * columns / 4)
    room = (M if threads > 1 else piece_rows(M, columns, W.rows * columns)) * columns
    gz = new_array(1, &room, type)
    r = sums(gw, gb, part, W.rows, columns, True)
    with nogil:
        if type == cnp.NPY_FLOAT:
            failed = activated_grad_of(M, &W, &r, kind, <float *> data(g), <float *> data(s), <float *> data(x),
                                       <float *> data(gz), <float *> data(gx), threads)
        else:
            failed = activated_grad_of(M, &W, &r, kind, <double *> data(g), <double *> data(s), <double *> data(x),
                                       <double *> data(gz), <double *> data(gx), threads)
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
            act_relu_f(h, h, n)
        else:
            act_relu_d(h, h, n)
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
            act_relu_gain_f(g, h, <float> t.gain, n)
        else:
            act_relu_gain_d(g, h, t.gain, n)
        return
    if t.bits != NULL:
        drop(g, g, n, t.bits, first * F, <real> t.gain)
    if real is float:
        act_gelu_grad_f(g, z, g, n)
    else:
        act_gelu_grad_d(g, z, g, n)


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
