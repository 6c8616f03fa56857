"""One layer of a recurrent network over a whole sequence, forward and backward, in one or two directions.

recurrence.pxd has the steps, and the letters. The gradients of the weights are products over all steps.
"""

cimport numpy as cnp
from cython.parallel cimport prange
from libc.stdint cimport uint64_t
from libc.string cimport memcpy, memset

from cnet._kernels._alloc cimport new_array
from cnet._kernels._threads cimport threads_for
from cnet._kernels.cells cimport GRU, LSTM, TANH, Layer, flush_begin, flush_end
from cnet._kernels.gemm cimport ROW_TILES, gemm, gemm_packed
from cnet._kernels.gemm_tiles cimport MR, columns
from cnet._kernels.recurrence cimport (
    BACKWARD, CHUNK_ROWS, FORWARD, OUTPUT_GRAD, PROJECT, joined, moment, old_rows, rows, run_inputs, run_step, share, shares,
    start, step_work,
)
from cnet._kernels.rnn_weights cimport gate_at, pack_weights
from cnet._kernels.types cimport real

cnp.import_array()

cdef enum:
    SUM_ROWS = 128    # rows summed one after the other before their sum joins the total: bounds the rounding error
    STRIP = 64        # columns summed side by side
    PIECE = 512       # rows of a product that one thread computes: the other matrix is packed once for so many


cdef inline int forward_steps(const Layer *L, const real *kind) noexcept nogil:
    cdef Py_ssize_t s
    cdef int failed = 0
    for s in range(L.T):
        if s % L.chunk == 0:
            failed |= run_inputs(L, s, kind)
        failed |= run_step(L, FORWARD, s, L.H, <double> L.gates * L.H * L.P, kind)
        if L.w_hr[0] != NULL:
            failed |= run_step(L, PROJECT, s, L.P, <double> L.H * L.P, kind)
        if failed:
            break
    return failed


cdef inline int forward_share(const Layer *L, int number, int parts, const real *kind) noexcept nogil:
    cdef Layer mine = share(L, number, parts)
    return forward_steps(&mine, kind)


cdef inline int forward(Layer *L, const real *kind) noexcept nogil:
    cdef int i, parts, threads, failed = pack_weights(L, False, kind)
    if failed:
        return failed
    if L.cell == LSTM:
        memcpy(L.cn, L.c0, L.D * L.B * L.H * sizeof(real))
    parts = shares(L, step_work(L))
    if parts == 0:
        return forward_steps(L, kind)
    threads = threads_for(step_work(L) * L.T)
    if threads == 1:
        for i in range(parts):
            failed |= forward_share(L, i, parts, kind)
    else:
        for i in prange(parts, num_threads=threads, schedule='static', chunksize=1):
            failed |= forward_share(L, i, parts, kind)
    return failed


cdef inline void last_states(const Layer *L, real *hn) noexcept nogil:
    """hn: outputs of the last step of every row."""
    cdef Py_ssize_t d, t, r, P = L.P, at
    for d in range(L.D):
        for t in range(L.T if d == 0 else min(L.T, <Py_ssize_t> 1)):
            for r in range(rows(L, t + 1) if d == 0 and t + 1 < L.T else 0, rows(L, t)):
                at = start(L, t) + r
                memcpy(hn + (d * L.B + r) * P, <real *> L.y + at * L.D * P + d * P, P * sizeof(real))


cdef inline void earlier_states(const Layer *L, const real *kind) noexcept nogil:
    """past: the state before every row of every step."""
    cdef Py_ssize_t d, s, r, at, k, P = L.P, before
    cdef real *past
    cdef const real *y
    for d in range(L.D):
        y = <const real *> L.y + d * P
        for s in range(L.T):
            at = start(L, moment(L, d, s))
            k = joined(L, d, s - 1)
            before = start(L, moment(L, d, s - 1)) if k else 0
            past = <real *> L.past + (d * L.N + at) * P
            for r in range(rows(L, moment(L, d, s))):
                memcpy(past + r * P, old_rows(L, d, k, r, before, y, L.D * P, <const real *> L.h0, P), P * sizeof(real))


cdef inline int initial_grad(const Layer *L, Py_ssize_t d, const real *kind) noexcept nogil:
    """dh: the gradient of the initial states, from the first step of every row."""
    cdef Py_ssize_t t, r, m, H = L.H, P = L.P, n = (2 if L.cell == GRU else L.gates) * H
    cdef const real *dg
    cdef const real *w = <const real *> L.w_hh[d]
    cdef real *dh
    cdef int failed = 0
    for t in range(L.T if d == 1 else min(L.T, <Py_ssize_t> 1)):
        r = rows(L, t + 1) if d == 1 and t + 1 < L.T else 0
        m = rows(L, t) - r
        if m == 0:
            continue
        dg = <const real *> L.dg + (d * L.N + start(L, t) + r) * L.V
        dh = <real *> L.dh + (d * L.B + r) * P
        failed |= gemm(m, P, n, dg, L.V, 1, w, P, 1, <const real *> (dh if L.cell == GRU else NULL), P, 1, dh, P, False)
        if L.cell == GRU:
            failed |= gemm(m, P, H, dg + 3 * H, L.V, 1, w + n * P, P, 1, <const real *> dh, P, 1, dh, P, False)
    return failed


cdef inline void sum_columns(const real *x, Py_ssize_t M, Py_ssize_t ld, Py_ssize_t n, real *total) noexcept nogil:
    """total[n] = sum over the rows of x[M, n], in pieces of SUM_ROWS."""
    cdef real part[STRIP]
    cdef Py_ssize_t i, j, k, at, w
    for at from 0 <= at < n by STRIP:
        w = min(<Py_ssize_t> STRIP, n - at)
        memset(total + at, 0, w * sizeof(real))
        for i from 0 <= i < M by SUM_ROWS:
            memcpy(part, x + i * ld + at, w * sizeof(real))
            for k in range(i + 1, min(i + SUM_ROWS, M)):
                for j in range(w):
                    part[j] = part[j] + x[k * ld + at + j]
            for j in range(w):
                total[at + j] = total[at + j] + part[j]


cdef inline void bias_grads(const Layer *L, Py_ssize_t d, void **dw, const real *dg) noexcept nogil:
    cdef Py_ssize_t H = L.H, hidden = (2 if L.cell == GRU else L.gates) * H, inputs = (3 if L.cell == GRU else L.gates) * H
    if dw[2] != NULL:
        sum_columns(dg, L.N, L.V, inputs, <real *> dw[2])
    if dw[3] != NULL:
        if dw[2] != NULL:
            memcpy(dw[3], dw[2], hidden * sizeof(real))
        else:
            sum_columns(dg, L.N, L.V, hidden, <real *> dw[3])
        if L.cell == GRU:
            sum_columns(dg + 3 * H, L.N, L.V, H, <real *> dw[3] + hidden)


cdef inline int weight_grad(Py_ssize_t M, Py_ssize_t N, Py_ssize_t K, const real *dg, Py_ssize_t ld, const real *x,
                            real *dw) noexcept nogil:
    """dw[M, N] = dg^T x over K rows. Columns of dg lie so far apart that a copy pays however few products it is used for."""
    if M > MR * ROW_TILES and K >= MR and N > 0:
        return gemm_packed(M, N, K, dg, 1, ld, x, N, 1, <const real *> NULL, 0, 0, dw, N, 1)
    return gemm(M, N, K, dg, 1, ld, x, N, 1, <const real *> NULL, 0, 0, dw, N, False)


cdef inline int hidden_grad(const Layer *L, Py_ssize_t lo, Py_ssize_t hi, const real *dg, const real *past,
                            real *dw) noexcept nogil:
    """Rows [lo, hi) of the gradient of w_hh. Those of a GRU's last gate come from the last columns of dg."""
    cdef Py_ssize_t P = L.P, split = 2 * L.H if L.cell == GRU else hi, mid = max(lo, min(hi, split))
    cdef int failed = weight_grad(mid - lo, P, L.N, dg + lo, L.V, past, dw + lo * P)
    return failed | weight_grad(hi - mid, P, L.N, dg + mid + L.H, L.V, past, dw + mid * P)


cdef inline int input_grad(const Layer *L, Py_ssize_t lo, Py_ssize_t hi, real *dx, const real *kind) noexcept nogil:
    """Rows [lo, hi) of the gradient of x."""
    cdef Py_ssize_t d, X = L.X, inputs = (3 if L.cell == GRU else L.gates) * L.H
    cdef int failed = 0
    for d in range(L.D):
        failed |= gemm(hi - lo, X, inputs, <const real *> L.dg + (d * L.N + lo) * L.V, L.V, 1, <const real *> L.w_ih[d], X, 1,
                       <const real *> (dx + lo * X if d else NULL), X, 1, dx + lo * X, X, False)
    return failed


cdef inline int job(const Layer *L, Py_ssize_t number, Py_ssize_t pieces, real *dx, void **dw, bint first,
                    const real *kind) noexcept nogil:
    """One of the independent products after the steps; per direction 2 pieces + 3, then those of dx."""
    cdef Py_ssize_t H = L.H, P = L.P, X = L.X, d, what, height, total = (3 if L.cell == GRU else L.gates) * H, lo, hi
    cdef const real *dg
    cdef uint64_t mode = flush_begin()
    cdef int failed = 0
    d, what = number // (2 * pieces + 3), number % (2 * pieces + 3)
    if d >= L.D:
        lo = (number - L.D * (2 * pieces + 3)) * PIECE
        failed = input_grad(L, lo, min(lo + PIECE, L.N), dx, kind)
    else:
        dg = <const real *> L.dg + d * L.N * L.V
        dw += 5 * d
        height = (total + pieces - 1) // pieces
        lo = min(what % pieces * height, total)
        hi = min(lo + height, total)
        if what < pieces:
            if dw[1] != NULL:
                failed = hidden_grad(L, lo, hi, dg, <const real *> L.past + d * L.N * P, <real *> dw[1])
        elif what < 2 * pieces:
            if dw[0] != NULL:
                failed = weight_grad(hi - lo, X, L.N, dg + lo, L.V, <const real *> L.x, <real *> dw[0] + lo * X)
        elif what == 2 * pieces:
            bias_grads(L, d, dw, dg)
        elif what == 2 * pieces + 1:
            if dw[4] != NULL:
                failed = gemm(P, H, L.N, <const real *> L.dp + d * L.N * P, 1, P, <const real *> L.g + d * L.N * L.W + 5 * H,
                              L.W, 1, <const real *> NULL, 0, 0, <real *> dw[4], H, False)
        elif first:
            failed = initial_grad(L, d, kind)
    flush_end(mode)
    return failed


cdef inline void backward_steps(const Layer *L, const real *kind) noexcept nogil:
    cdef Py_ssize_t s
    for s in range(L.T - 1, -1, -1):
        if L.w_hr[0] != NULL:
            run_step(L, OUTPUT_GRAD, s, L.P, <double> L.gates * L.H * L.P, kind)
            run_step(L, BACKWARD, s, L.H, <double> L.H * L.P, kind)
        else:
            run_step(L, BACKWARD, s, L.H, <double> L.gates * L.H * L.P, kind)


cdef inline void backward_share(const Layer *L, int number, int parts, const real *kind) noexcept nogil:
    cdef Layer mine = share(L, number, parts)
    backward_steps(&mine, kind)


cdef inline int backward(Layer *L, real *dx, void **dw, bint first, const real *kind) noexcept nogil:
    """first: whether anybody asks for the gradient of the initial state."""
    cdef Py_ssize_t i, H = L.H, pieces = (L.gates * H + PIECE - 1) // PIECE
    cdef Py_ssize_t jobs = L.D * (2 * pieces + 3) + ((L.N + PIECE - 1) // PIECE if dx != NULL else 0)
    cdef int failed = pack_weights(L, True, kind), threads, parts
    if failed:
        return failed
    parts = shares(L, step_work(L))
    threads = threads_for(step_work(L) * L.T)
    if parts == 0:
        backward_steps(L, kind)
    elif threads == 1:
        for i in range(parts):
            backward_share(L, <int> i, parts, kind)
    else:
        for i in prange(parts, num_threads=threads, schedule='static', chunksize=1):
            backward_share(L, <int> i, parts, kind)
    threads = threads_for(<double> L.D * L.N * L.gates * H * (2 * L.X + L.P) / 8)
    if threads == 1:
        for i in range(jobs):
            failed |= job(L, i, pieces, dx, dw, first, kind)
    else:
        for i in prange(jobs, num_threads=threads, schedule='dynamic'):
            failed |= job(L, i, pieces, dx, dw, first, kind)
    return failed


cdef int run_forward(Layer *L, real *hn):
    cdef int failed
    with nogil:
        failed = forward(L, <const real *> NULL)
        if not failed:
            if hn != NULL:
                last_states(L, hn)
            if L.past != NULL:
                earlier_states(L, <const real *> NULL)
    return failed


cdef inline void *data(object a):
    return NULL if a is None else cnp.PyArray_DATA(<cnp.ndarray> a)


cdef inline cnp.ndarray contiguous(cnp.ndarray a):
    return a if a is None or cnp.PyArray_IS_C_CONTIGUOUS(a) else cnp.PyArray_GETCONTIGUOUS(a)


cdef inline cnp.ndarray empty(int kind, Py_ssize_t a, Py_ssize_t b, Py_ssize_t c):
    """A new array [a, b, c]."""
    cdef cnp.npy_intp shape[3]
    shape[0], shape[1], shape[2] = a, b, c
    return new_array(3, shape, kind)


cdef inline cnp.ndarray empty_like(cnp.ndarray a):
    return new_array(cnp.PyArray_NDIM(a), cnp.PyArray_DIMS(a), cnp.PyArray_TYPE(a))


cdef inline cnp.ndarray start_from(cnp.ndarray given, cnp.ndarray like):
    """A copy of a gradient, or zeros like another array."""
    if given is None:
        return cnp.PyArray_ZEROS(cnp.PyArray_NDIM(like), cnp.PyArray_DIMS(like), cnp.PyArray_TYPE(like), 0)
    return cnp.PyArray_NewCopy(given, cnp.NPY_CORDER)


cdef void add_biases(const Layer *L, const real *b_ih, const real *b_hh, real *sum) noexcept nogil:
    """What is added to the inputs' part of the gates, group of units by group; a GRU's last gate takes b_hh inside."""
    cdef Py_ssize_t nr = columns(sum), H = L.H, j, i, q
    cdef int column
    for j from 0 <= j < H by nr:
        for column in range(L.gates):
            q = gate_at(L, column)
            for i in range(q * H + j, q * H + min(j + nr, H)):
                sum[0] = b_ih[i]
                if L.cell != GRU or q < 2:
                    sum[0] += b_hh[i]
                sum += 1


cdef inline Py_ssize_t odd_lines(Py_ssize_t n) noexcept nogil:
    """A distance of at least n numbers between rows. Rows that lie a power of two apart would share a few lines of a cache."""
    return n if n < 128 else ((n + 15) // 16 | 1) * 16


cdef Layer layer(int cell, Py_ssize_t T, Py_ssize_t B, cnp.ndarray first, cnp.ndarray x, cnp.ndarray h0, cnp.ndarray c0,
                 list weights):
    """Sizes and weights; five weights per direction: w_ih, w_hh, b_ih, b_hh, w_hr, of which the last three may be None."""
    cdef Layer L
    cdef int d
    memset(&L, 0, sizeof(Layer))
    L.cell, L.T, L.B = cell, T, B
    L.gates = 4 if cell == LSTM else 3 if cell == GRU else 1
    L.D = len(weights) // 5
    L.X = cnp.PyArray_DIM(<cnp.ndarray> weights[0], 1)
    L.H = cnp.PyArray_DIM(<cnp.ndarray> weights[0], 0) // L.gates
    L.P = cnp.PyArray_DIM(h0, cnp.PyArray_NDIM(h0) - 1)
    L.N = T * B if first is None else (<const long long *> data(first))[T]
    L.first = <const long long *> data(first)
    L.x, L.h0, L.c0 = data(x), data(h0), data(c0)
    L.columns = 1 if cell >= TANH else 4
    L.kept = L.columns + (cell == LSTM)
    for d in range(L.D):
        L.w_ih[d], L.w_hh[d], L.b_hh[d] = data(weights[5 * d]), data(weights[5 * d + 1]), data(weights[5 * d + 3])
        L.w_hr[d] = data(weights[5 * d + 4])
    L.W = odd_lines(L.H if cell >= TANH else 4 * L.H if cell == GRU else (6 if L.w_hr[0] != NULL else 5) * L.H)
    L.V = odd_lines(L.H if cell >= TANH else 4 * L.H)
    L.M, L.hi, L.last_d, L.keep = L.N, B, <int> L.D, True
    L.chunk = max(<Py_ssize_t> 1, CHUNK_ROWS // max(<Py_ssize_t> 1, B))
    return L


def rnn_forward(int cell, Py_ssize_t T, Py_ssize_t B, cnp.ndarray first, bint last, bint keep, cnp.ndarray x, cnp.ndarray h0,
                cnp.ndarray c0, weights):
    """A layer on x[T, B, X], or on packed rows x[N, X] with `first`, the first row of every step and N.

    h0[D, B, P]; c0[D, B, H] for an LSTM, else None. Returns a tuple: y[..., D P]; if `last` the states hn[D, B, P] after
    the last step of each row; cn for an LSTM; and what `rnn_backward` needs, None unless `keep`.
    """
    cdef int kind = cnp.PyArray_TYPE(x), failed, d
    cdef list plain = [contiguous(w) for w in weights]
    cdef cnp.npy_intp shape[3]
    cdef cnp.ndarray y, g, hn = None, cn = None, past = None, bias = None
    cdef Layer L
    x, h0, c0 = contiguous(x), contiguous(h0), contiguous(c0)
    L = layer(cell, T, B, first, x, h0, c0, plain)
    shape[0], shape[1] = cnp.PyArray_DIM(x, 0), cnp.PyArray_DIM(x, 1)
    d = cnp.PyArray_NDIM(x) - 1
    shape[d] = L.D * L.P
    y = new_array(d + 1, shape, kind)
    L.keep = keep
    if not keep:
        L.M = min(L.N, L.chunk * B)
    g = empty(kind, L.D, L.M, L.W)
    if last:
        hn = empty_like(h0)
    if cell == LSTM:
        cn = empty_like(c0)
    if keep:
        past = empty(kind, L.D, L.N, L.P)
    if L.b_hh[0] != NULL:
        bias = empty(kind, 1, L.D, L.gates * L.H)
        for d in range(L.D):
            L.bias[d] = cnp.PyArray_BYTES(bias) + d * L.gates * L.H * cnp.PyArray_ITEMSIZE(x)
            if kind == cnp.NPY_FLOAT:
                add_biases(&L, <float *> data(plain[5 * d + 2]), <float *> L.b_hh[d], <float *> L.bias[d])
            else:
                add_biases(&L, <double *> data(plain[5 * d + 2]), <double *> L.b_hh[d], <double *> L.bias[d])
    L.y, L.g, L.past, L.cn = data(y), data(g), data(past), data(cn)
    if kind == cnp.NPY_FLOAT:
        failed = run_forward(&L, <float *> data(hn))
    else:
        failed = run_forward(&L, <double *> data(hn))
    if failed:
        raise MemoryError('rnn_forward(): no memory for packing')
    cdef list results = [y]
    if last:
        results.append(hn)
    if cell == LSTM:
        results.append(cn)
    results.append(g if keep else None)
    results.append(past)
    return tuple(results)


def rnn_backward(int cell, Py_ssize_t T, Py_ssize_t B, cnp.ndarray first, cnp.ndarray x, cnp.ndarray h0, cnp.ndarray c0, weights,
                 cnp.ndarray g, cnp.ndarray past, cnp.ndarray dy, cnp.ndarray dhn, cnp.ndarray dcn, needs):
    """Gradients of `rnn_forward`, from those of its results (None: zero).

    Returns a list: those of x, h0, c0 and the weights; None for an argument where `needs` is false.
    """
    cdef int kind = cnp.PyArray_TYPE(x), failed, i
    cdef list plain = [contiguous(w) for w in weights], grads
    cdef cnp.ndarray dx = None, dh, dc = None, dg, dp = None
    cdef void *dw[10]
    cdef void *into
    cdef bint start_asked = needs[1]
    cdef Layer L
    x, h0, c0, dy = contiguous(x), contiguous(h0), contiguous(c0), contiguous(dy)
    L = layer(cell, T, B, first, x, h0, c0, plain)
    dh = start_from(dhn, h0)
    if cell == LSTM:
        dc = start_from(dcn, c0)
    if needs[0]:
        dx = empty_like(x)
    dg = empty(kind, L.D, L.N, L.V)
    if L.w_hr[0] != NULL:
        dp = empty(kind, L.D, L.N, L.P)
    grads = [dx, dh if needs[1] else None, dc if needs[2] else None]
    for i in range(len(plain)):
        grads.append(empty_like(plain[i]) if needs[3 + i] else None)
        dw[i] = data(grads[3 + i])
    L.g, L.past, L.dy, L.dh, L.dc, L.dg, L.dp = data(g), data(past), data(dy), data(dh), data(dc), data(dg), data(dp)
    into = data(dx)
    with nogil:
        if kind == cnp.NPY_FLOAT:
            failed = backward(&L, <float *> into, dw, start_asked, <const float *> NULL)
        else:
            failed = backward(&L, <double *> into, dw, start_asked, <const double *> NULL)
    if failed:
        raise MemoryError('rnn_backward(): no memory for packing')
    return grads
