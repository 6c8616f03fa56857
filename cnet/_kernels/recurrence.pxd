"""The steps of recurrent layers for `rnn.pyx` to include: a layer's sizes and arrays, its tasks, its packed weights.

Letters: T steps, of at most B rows (sequences) each and N rows in all; X inputs, H hidden units and P outputs of a
direction (P = H without projection); D directions. The rows of a step lie together. Their number may only fall from step
to step, as in packed sequences; row r of a step then continues row r of the step before.

A step is cut into tasks: a group of hidden units as wide as a tile, with all its gates, times a tile of rows. The tasks of
both directions run side by side. What the columns of g (gates, kept for backward) mean stands in rnn.h.
"""

from cython.parallel cimport prange
from libc.stdint cimport uint64_t
from libc.string cimport memcpy, memset

from cnet._kernels._threads cimport threads_for
from cnet._kernels._workspace cimport SHARED, scratch
from cnet._kernels.gemm cimport columns, pack
from cnet._kernels.types cimport real

cdef extern from "rnn.h" nogil:
    const Py_ssize_t MR "gemm_mr"
    void vf_add_products(int gates, Py_ssize_t m, Py_ssize_t n, Py_ssize_t k, const float *a, Py_ssize_t lda, const float *w,
                         float *c, Py_ssize_t ldc, const Py_ssize_t *cs)
    void vd_add_products(int gates, Py_ssize_t m, Py_ssize_t n, Py_ssize_t k, const double *a, Py_ssize_t lda, const double *w,
                         double *c, Py_ssize_t ldc, const Py_ssize_t *cs)
    void vf_lstm_step(Py_ssize_t m, Py_ssize_t n, Py_ssize_t H, float *g, Py_ssize_t ldg, const float *c, Py_ssize_t ldc,
                      float *h, Py_ssize_t ldh)
    void vd_lstm_step(Py_ssize_t m, Py_ssize_t n, Py_ssize_t H, double *g, Py_ssize_t ldg, const double *c, Py_ssize_t ldc,
                      double *h, Py_ssize_t ldh)
    void vf_lstm_grad(Py_ssize_t m, Py_ssize_t n, Py_ssize_t H, const float *g, Py_ssize_t ldg, const float *c, Py_ssize_t ldc,
                      const float *dh, Py_ssize_t ldd, float *dc, float *dg, Py_ssize_t ldo)
    void vd_lstm_grad(Py_ssize_t m, Py_ssize_t n, Py_ssize_t H, const double *g, Py_ssize_t ldg, const double *c,
                      Py_ssize_t ldc, const double *dh, Py_ssize_t ldd, double *dc, double *dg, Py_ssize_t ldo)
    void vf_gru_step(Py_ssize_t m, Py_ssize_t n, Py_ssize_t H, float *g, Py_ssize_t ldg, const float *q, Py_ssize_t ldq,
                     float *h, Py_ssize_t ldh)
    void vd_gru_step(Py_ssize_t m, Py_ssize_t n, Py_ssize_t H, double *g, Py_ssize_t ldg, const double *q, Py_ssize_t ldq,
                     double *h, Py_ssize_t ldh)
    void vf_gru_grad(Py_ssize_t m, Py_ssize_t n, Py_ssize_t H, const float *g, Py_ssize_t ldg, const float *q, Py_ssize_t ldq,
                     const float *dh, Py_ssize_t ldd, float *past, float *dg, Py_ssize_t ldo)
    void vd_gru_grad(Py_ssize_t m, Py_ssize_t n, Py_ssize_t H, const double *g, Py_ssize_t ldg, const double *q,
                     Py_ssize_t ldq, const double *dh, Py_ssize_t ldd, double *past, double *dg, Py_ssize_t ldo)
    void vf_rnn_step(int relu, Py_ssize_t m, Py_ssize_t n, float *g, Py_ssize_t ldg, float *h, Py_ssize_t ldh)
    void vd_rnn_step(int relu, Py_ssize_t m, Py_ssize_t n, double *g, Py_ssize_t ldg, double *h, Py_ssize_t ldh)
    void vf_rnn_grad(int relu, Py_ssize_t m, Py_ssize_t n, const float *g, Py_ssize_t ldg, const float *dh, Py_ssize_t ldd,
                     float *dg, Py_ssize_t ldo)
    void vd_rnn_grad(int relu, Py_ssize_t m, Py_ssize_t n, const double *g, Py_ssize_t ldg, const double *dh, Py_ssize_t ldd,
                     double *dg, Py_ssize_t ldo)
    uint64_t flush_begin()
    void flush_end(uint64_t old)

cdef enum:
    LSTM = 0
    GRU = 1
    TANH = 2
    RELU = 3
    TILE = 512        # numbers of a tile of temporary results: 14 rows of two vectors of 16


cdef struct Layer:
    int cell, gates                     # gates that the hidden state feeds
    Py_ssize_t D, T, B, N, X, H, P
    Py_ssize_t W, V                     # columns of g and of dg
    Py_ssize_t column[4]                # of g where the hidden part of a gate goes
    const long long *first              # first row of every step, then N; NULL: B rows each
    void *x
    void *y
    void *h0
    void *c0
    void *g
    void *past
    void *dy
    void *dg
    void *dh
    void *dc
    void *dp                            # gradient of y with what later steps add, where there is a projection
    void *packed                        # recurrent weights in panels, then those of the projection; NULL: one step only
    void *w_ih[2]
    void *w_hh[2]
    void *w_hr[2]
    void *b_hh[2]


cdef inline Py_ssize_t start(const Layer *L, Py_ssize_t t) noexcept nogil:
    """The first row of step t."""
    return L.first[t] if L.first != NULL else t * L.B


cdef inline Py_ssize_t rows(const Layer *L, Py_ssize_t t) noexcept nogil:
    return start(L, t + 1) - start(L, t)


cdef inline Py_ssize_t moment(const Layer *L, Py_ssize_t d, Py_ssize_t s) noexcept nogil:
    """The step that direction d takes as its s-th."""
    return s if d == 0 else L.T - 1 - s


cdef inline Py_ssize_t joined(const Layer *L, Py_ssize_t d, Py_ssize_t s) noexcept nogil:
    """Rows that the s-th and the next step of direction d have in common."""
    if s < 0 or s + 1 >= L.T:
        return 0
    return min(rows(L, moment(L, d, s)), rows(L, moment(L, d, s + 1)))


cdef inline void add_products(int gates, Py_ssize_t m, Py_ssize_t n, Py_ssize_t k, const real *a, Py_ssize_t lda, const real *w,
                              real *c, Py_ssize_t ldc, const Py_ssize_t *cs) noexcept nogil:
    if real is float:
        vf_add_products(gates, m, n, k, a, lda, w, c, ldc, cs)
    else:
        vd_add_products(gates, m, n, k, a, lda, w, c, ldc, cs)


cdef inline void cell_step(const Layer *L, Py_ssize_t m, Py_ssize_t n, real *g, const real *old, Py_ssize_t ldo, real *h,
                           Py_ssize_t ldh) noexcept nogil:
    """Gates and new state of a task; old: the cell state of an LSTM, the state of a GRU."""
    if real is float:
        if L.cell == LSTM:
            vf_lstm_step(m, n, L.H, g, L.W, old, ldo, h, ldh)
        elif L.cell == GRU:
            vf_gru_step(m, n, L.H, g, L.W, old, ldo, h, ldh)
        else:
            vf_rnn_step(L.cell == RELU, m, n, g, L.W, h, ldh)
    else:
        if L.cell == LSTM:
            vd_lstm_step(m, n, L.H, g, L.W, old, ldo, h, ldh)
        elif L.cell == GRU:
            vd_gru_step(m, n, L.H, g, L.W, old, ldo, h, ldh)
        else:
            vd_rnn_step(L.cell == RELU, m, n, g, L.W, h, ldh)


cdef inline void cell_grad(const Layer *L, Py_ssize_t m, Py_ssize_t n, const real *g, const real *old, Py_ssize_t ldo,
                           const real *dh, Py_ssize_t ldd, real *past, real *dg) noexcept nogil:
    """Gradients of the gates of a task; past: the running gradient of an LSTM's cell state or a GRU's state."""
    if real is float:
        if L.cell == LSTM:
            vf_lstm_grad(m, n, L.H, g, L.W, old, ldo, dh, ldd, past, dg, L.V)
        elif L.cell == GRU:
            vf_gru_grad(m, n, L.H, g, L.W, old, ldo, dh, ldd, past, dg, L.V)
        else:
            vf_rnn_grad(L.cell == RELU, m, n, g, L.W, dh, ldd, dg, L.V)
    else:
        if L.cell == LSTM:
            vd_lstm_grad(m, n, L.H, g, L.W, old, ldo, dh, ldd, past, dg, L.V)
        elif L.cell == GRU:
            vd_gru_grad(m, n, L.H, g, L.W, old, ldo, dh, ldd, past, dg, L.V)
        else:
            vd_rnn_grad(L.cell == RELU, m, n, g, L.W, dh, ldd, dg, L.V)


# A task: direction d, `n` columns from j on, rows [i, i + m) of the blocks of a step.

cdef struct Task:
    Py_ssize_t d, panel, j, n, lo, hi


cdef inline Py_ssize_t row_blocks(const Layer *L, Py_ssize_t s) noexcept nogil:
    """Tiles that the rows of the s-th step make, in the direction that has more of them."""
    cdef Py_ssize_t b = rows(L, s)
    if L.D == 2:
        b = max(b, rows(L, L.T - 1 - s))
    return max(<Py_ssize_t> 1, (b + MR - 1) // MR)


cdef inline Task task_at(const Layer *L, Py_ssize_t number, Py_ssize_t s, Py_ssize_t width, Py_ssize_t nr) noexcept nogil:
    """Task `number` of the s-th step over `width` columns."""
    cdef Task a
    cdef Py_ssize_t blocks = row_blocks(L, s), across = (width + nr - 1) // nr, b, h, i
    i = number % blocks
    a.d = number // blocks // across
    a.panel = number // blocks % across
    a.j = a.panel * nr
    a.n = min(nr, width - a.j)
    b = rows(L, moment(L, a.d, s))
    h = (b + blocks - 1) // blocks
    a.lo, a.hi = min(i * h, b), min(i * h + h, b)
    return a


cdef inline const real *old_rows(const Layer *L, const Task *a, Py_ssize_t s, Py_ssize_t k, Py_ssize_t row, const real *kept,
                                 Py_ssize_t ld, Py_ssize_t d_step, const real *initial, Py_ssize_t ldi) noexcept nogil:
    """Where the state before the s-th step is, from `row` on: k rows in `kept` (all steps), the others in `initial`."""
    if row < k:
        return kept + a.d * d_step + (start(L, moment(L, a.d, s - 1)) + row) * ld
    return initial + (a.d * L.B + row) * ldi


cdef inline void forward_task(const Layer *L, Py_ssize_t number, Py_ssize_t s, const real *kind) noexcept nogil:
    """Gates and new states of a group of hidden units in the s-th step."""
    cdef Py_ssize_t nr = columns(kind), H = L.H, P = L.P, D = L.D, W = L.W, q, i, r, part, lo, hi, ldh, ldo, ldn, t
    cdef Task a = task_at(L, number, s, H, nr)
    cdef Py_ssize_t k = joined(L, a.d, s - 1)
    cdef real *y = <real *> L.y
    cdef real *g
    cdef real *out
    cdef const real *h
    cdef const real *old
    cdef const real *w = NULL
    cdef const real *bias
    t = start(L, moment(L, a.d, s))
    if L.packed != NULL:
        w = <real *> L.packed + (a.d * ((H + nr - 1) // nr) + a.panel) * (L.gates * P * nr)
    for part in range(2):
        lo, hi = (a.lo, min(a.hi, k)) if part == 0 else (max(a.lo, k), a.hi)
        if lo >= hi:
            continue
        g = <real *> L.g + (a.d * L.N + t + lo) * W + a.j
        ldh = D * P if part == 0 else P
        h = old_rows(L, &a, s, k, lo, <const real *> y, D * P, P, <const real *> L.h0, P)
        if w != NULL:
            if L.cell == GRU:
                if L.b_hh[a.d] != NULL:
                    bias = <real *> L.b_hh[a.d] + 2 * H + a.j
                    for i in range(hi - lo):
                        memcpy(g + i * W + 3 * H, bias, a.n * sizeof(real))
                else:
                    for i in range(hi - lo):
                        memset(g + i * W + 3 * H, 0, a.n * sizeof(real))
            add_products(L.gates, hi - lo, a.n, P, h, ldh, w, g, W, L.column)
        old, ldo = h + a.j, ldh
        if L.cell == LSTM:
            ldo = W if part == 0 else H
            old = old_rows(L, &a, s, k, lo, <const real *> L.g + 4 * H, W, L.N * W, <const real *> L.c0, H) + a.j
        if L.w_hr[0] != NULL:
            out, ldn = g + 5 * H, W
        else:
            out, ldn = y + (t + lo) * D * P + a.d * P + a.j, D * P
        cell_step(L, hi - lo, a.n, g, old, ldo, out, ldn)


cdef inline void project_task(const Layer *L, Py_ssize_t number, Py_ssize_t s, const real *kind) noexcept nogil:
    """The outputs of a step with projection, from what the cells give."""
    cdef Py_ssize_t nr = columns(kind), H = L.H, P = L.P, ld = L.D * P, i, t, zero = 0
    cdef Task a = task_at(L, number, s, P, nr)
    cdef const real *w = <real *> L.packed + L.D * ((H + nr - 1) // nr) * (L.gates * P * nr) \
        + (a.d * ((P + nr - 1) // nr) + a.panel) * (H * nr)
    cdef real *y
    t = start(L, moment(L, a.d, s)) + a.lo
    y = <real *> L.y + t * ld + a.d * P + a.j
    if a.lo >= a.hi:
        return
    for i in range(a.hi - a.lo):
        memset(y + i * ld, 0, a.n * sizeof(real))
    add_products(1, a.hi - a.lo, a.n, H, <real *> L.g + (a.d * L.N + t) * L.W + 5 * H, L.W, w, y, ld, &zero)


cdef inline void later_task(const Layer *L, const Task *a, Py_ssize_t s, Py_ssize_t t, Py_ssize_t k, const real *w,
                            real *dh, Py_ssize_t ldd) noexcept nogil:
    """dh[rows of a task] = gradient of the outputs of the s-th step: from dy, and from the step after it."""
    cdef Py_ssize_t nr = columns(w), H = L.H, P = L.P, V = L.V, ld = L.D * P, i, j, m, zero = 0
    cdef const real *dy = <const real *> L.dy
    cdef const real *past
    cdef const real *dg
    for i in range(a.lo, a.hi):
        if dy != NULL:
            memcpy(dh + (i - a.lo) * ldd, dy + (t + i) * ld + a.d * P + a.j, a.n * sizeof(real))
        else:
            memset(dh + (i - a.lo) * ldd, 0, a.n * sizeof(real))
        if i >= k or L.cell == GRU:
            past = <const real *> L.dh + (a.d * L.B + i) * P + a.j
            for j in range(a.n):
                dh[(i - a.lo) * ldd + j] = dh[(i - a.lo) * ldd + j] + past[j]
    m = min(a.hi, k) - a.lo
    if m <= 0:
        return
    dg = <const real *> L.dg + (a.d * L.N + start(L, moment(L, a.d, s + 1)) + a.lo) * V
    if L.cell == GRU:
        add_products(1, m, a.n, 2 * H, dg, V, w, dh, ldd, &zero)
        add_products(1, m, a.n, H, dg + 3 * H, V, w + 2 * H * nr, dh, ldd, &zero)
    else:
        add_products(1, m, a.n, L.gates * H, dg, V, w, dh, ldd, &zero)


cdef inline void output_grad_task(const Layer *L, Py_ssize_t number, Py_ssize_t s, const real *kind) noexcept nogil:
    """Gradient of the projected outputs of the s-th step, into dp."""
    cdef Py_ssize_t nr = columns(kind), P = L.P, t
    cdef Task a = task_at(L, number, s, P, nr)
    if a.lo < a.hi:
        t = start(L, moment(L, a.d, s))
        later_task(L, &a, s, t, joined(L, a.d, s),
                   <const real *> L.packed + (a.d * ((P + nr - 1) // nr) + a.panel) * (L.gates * L.H * nr),
                   <real *> L.dp + (a.d * L.N + t + a.lo) * P + a.j, P)


cdef inline void backward_task(const Layer *L, Py_ssize_t number, Py_ssize_t s, const real *kind) noexcept nogil:
    """Gradients of the gates of a group of hidden units in the s-th step."""
    cdef real dh[TILE]
    cdef Py_ssize_t nr = columns(kind), H = L.H, P = L.P, W = L.W, across = (P + nr - 1) // nr
    cdef Py_ssize_t t, part, lo, hi, ldo, zero = 0
    cdef Task a = task_at(L, number, s, H, nr)
    cdef Py_ssize_t k = joined(L, a.d, s - 1)
    cdef const real *w = <const real *> L.packed
    cdef const real *old = NULL
    cdef real *past = <real *> (L.dc if L.cell == LSTM else L.dh)
    if a.lo >= a.hi:
        return
    t = start(L, moment(L, a.d, s))
    if L.w_hr[0] != NULL:
        memset(dh, 0, (a.hi - a.lo) * nr * sizeof(real))
        w += L.D * across * (L.gates * H * nr) + (a.d * ((H + nr - 1) // nr) + a.panel) * (P * nr)
        add_products(1, a.hi - a.lo, a.n, P, <real *> L.dp + (a.d * L.N + t + a.lo) * P, P, w, dh, nr, &zero)
    else:
        later_task(L, &a, s, t, joined(L, a.d, s), w + (a.d * across + a.panel) * (L.gates * H * nr), dh, nr)
    for part in range(2):
        lo, hi = (a.lo, min(a.hi, k)) if part == 0 else (max(a.lo, k), a.hi)
        if lo >= hi:
            continue
        ldo = H
        if L.cell == LSTM:
            ldo = W if part == 0 else H
            old = old_rows(L, &a, s, k, lo, <const real *> L.g + 4 * H, W, L.N * W, <const real *> L.c0, H) + a.j
        elif L.cell == GRU:
            old = <const real *> L.past + (a.d * L.N + t + lo) * P + a.j
        cell_grad(L, hi - lo, a.n, <const real *> L.g + (a.d * L.N + t + lo) * W + a.j, old, ldo, dh + (lo - a.lo) * nr, nr,
                  past + (a.d * L.B + lo) * H + a.j, <real *> L.dg + (a.d * L.N + t + lo) * L.V + a.j)


cdef enum:
    FORWARD = 0
    PROJECT = 1
    OUTPUT_GRAD = 2
    BACKWARD = 3


cdef inline void run_task(const Layer *L, int what, Py_ssize_t number, Py_ssize_t s, const real *kind) noexcept nogil:
    cdef uint64_t mode = flush_begin()
    if what == FORWARD:
        forward_task(L, number, s, kind)
    elif what == PROJECT:
        project_task(L, number, s, kind)
    elif what == OUTPUT_GRAD:
        output_grad_task(L, number, s, kind)
    else:
        backward_task(L, number, s, kind)
    flush_end(mode)


cdef inline void run_step(const Layer *L, int what, Py_ssize_t s, Py_ssize_t width, double product,
                          const real *kind) noexcept nogil:
    """All tasks of the s-th step over `width` columns, which multiplies rows with a matrix of `product` numbers."""
    cdef Py_ssize_t nr = columns(kind), i, b = row_blocks(L, s), tasks = L.D * ((width + nr - 1) // nr) * b
    # As gemm counts: 80 multiplications a nanosecond or 40 bytes of weights; and 60 operations for the gates of a unit.
    cdef int threads = threads_for(L.D * (product / 8 * rows(L, 0) + product * sizeof(real) / 4 + 60.0 * width * rows(L, s)))
    if threads == 1:
        for i in range(tasks):
            run_task(L, what, i, s, kind)
    else:
        for i in prange(tasks, num_threads=threads, schedule='static'):
            run_task(L, what, i, s, kind)


cdef inline void pack_task(const real *w, Py_ssize_t ks, Py_ssize_t step, Py_ssize_t K, Py_ssize_t width, Py_ssize_t panel,
                           real *p) noexcept nogil:
    """Panel number `panel` of a matrix w[K, width] with strides ks and step."""
    cdef Py_ssize_t nr = columns(w), j = panel * nr
    pack(K, min(nr, width - j), w + j * step, ks, step, p, nr)


cdef inline int pack_weights(Layer *L, bint backward, const real *kind) noexcept nogil:
    """L.packed: panels for h w_hh^T (and the projection), or for the gradients of the gates times w_hh."""
    cdef Py_ssize_t nr = columns(kind), H = L.H, P = L.P, d, i, q, G = L.gates
    cdef Py_ssize_t high = (H + nr - 1) // nr, wide = (P + nr - 1) // nr
    cdef Py_ssize_t hidden = (wide * H if backward else high * P) * G * nr
    cdef Py_ssize_t projection = (high * P if backward else wide * H) * nr if L.w_hr[0] != NULL else 0
    cdef real *p = <real *> scratch(SHARED, L.D * (hidden + projection) * sizeof(real))
    cdef int threads = threads_for(sizeof(real) * 2.0 * L.D * (hidden + projection))
    cdef const real *w
    L.packed = p
    if p == NULL:
        return -1
    for d in range(L.D):
        w = <const real *> L.w_hh[d]
        if backward:
            for i in prange(wide, num_threads=threads):
                pack_task(w, P, 1, G * H, P, i, p + (d * wide + i) * G * H * nr)
        else:
            for i in prange(high * G, num_threads=threads):
                pack_task(w + i % G * H * P, 1, P, P, H, i // G, p + (d * high * G + i) * P * nr)
    if projection:
        p += L.D * hidden
        for d in range(L.D):
            w = <const real *> L.w_hr[d]
            if backward:
                for i in prange(high, num_threads=threads):
                    pack_task(w, H, 1, P, H, i, p + (d * high + i) * P * nr)
            else:
                for i in prange(wide, num_threads=threads):
                    pack_task(w, 1, H, H, P, i, p + (d * wide + i) * H * nr)
    return 0
