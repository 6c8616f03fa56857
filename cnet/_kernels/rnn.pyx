"""One layer of a recurrent network over a whole sequence, forward and backward, in one or two directions.

recurrence.pxd has the steps, and the letters; rnn_threads.pxd shares them among threads; rnn_grads.pxd has the products over all
steps that follow them in backward.
"""

cimport numpy as cnp
from cython.parallel cimport prange
from libc.string cimport memcpy, memset

from cnet._kernels._alloc cimport new_array
from cnet._kernels._threads cimport threads_for
from cnet._kernels.cells cimport GRU, LSTM, TANH, Layer
from cnet._kernels.gemm_tiles cimport F32_NR, F64_NR, columns
from cnet._kernels.layout cimport contiguous
from cnet._kernels.recurrence cimport CHUNK_ROWS, joined, moment, old_rows, rows, start
from cnet._kernels.rnn_grads cimport after_steps
from cnet._kernels.rnn_threads cimport (
    BACKWARD, FORWARD, INITIAL, OUTPUT_GRAD, PROJECT, run_inputs, run_step, share, shares, step_work,
)
from cnet._kernels.rnn_weights cimport TOGETHER_ROWS, gate_at, pack_backward, pack_forward, step_together
from cnet._kernels.types cimport real

cnp.import_array()

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
    cdef int i, parts, threads, failed = pack_forward(L, kind)
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


cdef inline void step_states(const Layer *L, Py_ssize_t d, Py_ssize_t s, const real *kind) noexcept nogil:
    """past: the state before every row of the s-th step."""
    cdef Py_ssize_t r, k = joined(L, d, s - 1), P = L.P, before = start(L, moment(L, d, s - 1)) if k else 0
    cdef real *past = <real *> L.past + (d * L.N + start(L, moment(L, d, s))) * P
    cdef const real *y = <const real *> L.y + d * P
    for r in range(rows(L, moment(L, d, s))):
        memcpy(past + r * P, old_rows(L, d, k, r, before, y, L.D * P, <const real *> L.h0, P), P * sizeof(real))


cdef inline void earlier_states(const Layer *L, const real *kind) noexcept nogil:
    """past: the state before every row of every step."""
    cdef Py_ssize_t i
    for i in prange(L.D * L.T, num_threads=threads_for(sizeof(real) * 2.0 * L.D * L.N * L.P)):
        step_states(L, i // L.T, i % L.T, kind)


cdef inline void backward_steps(const Layer *L, bint initial, const real *kind) noexcept nogil:
    """initial: whether anybody asks for the gradient of the initial state."""
    cdef Py_ssize_t s
    cdef double product = <double> L.gates * L.H * L.P
    for s in range(L.T - 1, -1, -1):
        if L.w_hr[0] != NULL:
            run_step(L, OUTPUT_GRAD, s, L.P, product, kind)
        run_step(L, BACKWARD, s, L.H, <double> L.H * L.P if L.w_hr[0] != NULL else product, kind)
    if initial:
        run_step(L, INITIAL, -1, L.P, product, kind)


cdef inline void backward_share(const Layer *L, int number, int parts, bint initial, const real *kind) noexcept nogil:
    cdef Layer mine = share(L, number, parts)
    backward_steps(&mine, initial, kind)


cdef inline int backward(Layer *L, real *dx, void **dw, bint initial, const real *kind) noexcept nogil:
    cdef int i, threads, parts
    if pack_backward(L, initial, kind):
        return -1
    parts = shares(L, step_work(L))
    threads = threads_for(step_work(L) * L.T)
    if parts == 0:
        backward_steps(L, initial, kind)
    elif threads == 1:
        for i in range(parts):
            backward_share(L, i, parts, initial, kind)
    else:
        for i in prange(parts, num_threads=threads, schedule='static', chunksize=1):
            backward_share(L, i, parts, initial, kind)
    return after_steps(L, dx, dw, kind)


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
    cdef Py_ssize_t nr
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
    nr = F32_NR if cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT else F64_NR
    L.panels = L.H // nr * L.columns + (L.columns * (L.H % nr) + nr - 1) // nr
    L.M, L.hi, L.last_d, L.keep = L.N, B, <int> L.D, True
    L.together = step_together(&L, cnp.PyArray_ITEMSIZE(x))
    L.chunk = CHUNK_ROWS // max(<Py_ssize_t> 1, min(B, <Py_ssize_t> TOGETHER_ROWS if L.together else B))
    L.chunk = max(<Py_ssize_t> 1, L.chunk)
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
    # Shares of packed rows that lie side by side within a chunk would overwrite one another's outputs before projection.
    if not keep and (first is None or L.w_hr[0] == NULL):
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
    dg = empty(kind, L.D * L.panels, L.N, F32_NR if kind == cnp.NPY_FLOAT else F64_NR)
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
