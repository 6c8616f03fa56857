"""What follows the steps of backward, for `rnn.pyx` to include: gradients of weights, biases and inputs, over all steps.

Letters as in recurrence.pxd. The gradients of the gates lie in panels of nr columns of all rows (rnn_weights.pxd), and are read
there as one side of a product or the other. dw holds where the gradients of w_ih, w_hh, b_ih, b_hh and w_hr of every direction
go, NULL where nobody asks.
"""

from cython.parallel cimport prange
from libc.stdint cimport uint64_t
from libc.string cimport memset

from cnet._kernels._threads cimport threads_for
from cnet._kernels._workspace cimport SHARED, scratch
from cnet._kernels.cells cimport MR, Layer, Run, add_runs, flush_begin, flush_end
from cnet._kernels.gemm cimport gemm
from cnet._kernels.gemm_tiles cimport GEMM_AHEAD, columns, height, lined, tile_ahead
from cnet._kernels.rnn_weights cimport list_runs, most_runs, pack_rows, pack_task, panel_width, run_at
from cnet._kernels.types cimport real

cdef enum:
    BLOCK_ROWS = 160  # of a product at once: 20 KB of gradients and as much of inputs share a first-level cache
    ROUND_BYTES = 1 << 20  # of inputs and states packed at once: half a second-level cache
    TASKS = 16
    TASK_PANELS = 8
    PIECE_TILES = 12  # tiles of rows of dx that a thread computes
    PIECE_RUNS = 8    # and runs at once: 256 rows of a panel of weights are 32 KB
    ROWS_IN_PLACE = 56  # up to here, packing w_ih costs as much as it saves
    ROWS_ALONE = 4    # up to here, a pass over w_ih for each row


cdef struct Round:
    Py_ssize_t first, rows      # of dg, in this round
    Py_ssize_t most             # rows of a round
    Py_ssize_t block            # rows of a product
    Py_ssize_t inputs, states   # panels of inputs, and of states of a direction
    Py_ssize_t each, across     # panels of dg per task, and tasks per direction
    void *packed                # [rows / block, inputs + D states, block, nr]
    void *sums                  # [D, panels, nr]


cdef inline void pack_block(const Layer *L, const Round *s, Py_ssize_t number, const real *kind) noexcept nogil:
    """Inputs, and states before, of a block of rows."""
    cdef Py_ssize_t nr = columns(kind), lo = number * s.block, n = min(s.block, s.rows - lo), j, d
    cdef real *p = <real *> s.packed + lo * (s.inputs + L.D * s.states) * nr
    for j in range(s.inputs):
        pack_task(<const real *> L.x + (s.first + lo) * L.X, L.X, 1, n, L.X, j, p + j * n * nr)
    for d in range(L.D):
        for j in range(s.states):
            pack_task(<const real *> L.past + (d * L.N + s.first + lo) * L.P, L.P, 1, n, L.P, j,
                      p + (s.inputs + d * s.states + j) * n * nr)


cdef inline void products(Py_ssize_t m, Py_ssize_t n, Py_ssize_t k, const real *a, const real *b, bint fresh,
                          real *c) noexcept nogil:
    """c[m, n] = or += a^T b for columns of a panel of dg, and panels b."""
    cdef Py_ssize_t nr = columns(a), h = height(m), i, j
    cdef real *at
    for j from 0 <= j < n by nr:
        for i from 0 <= i < m by h:
            at = c + i * n + j
            tile_ahead(min(h, m - i), min(nr, n - j), k, a + i, 1, nr, b + j * k, nr, <const real *> (NULL if fresh else at),
                       n, 1, at, n, b + j * k + k * nr + i // h * GEMM_AHEAD(k) * lined(b), lined(b))


cdef inline void add_up(Py_ssize_t m, const real *a, real *sums) noexcept nogil:
    """sums += the sum of m rows of a panel."""
    cdef Py_ssize_t i, j
    cdef real part[64]
    memset(part, 0, columns(a) * sizeof(real))
    for i in range(m):
        for j in range(columns(a)):
            part[j] += a[i * columns(a) + j]
    for j in range(columns(a)):
        sums[j] += part[j]


cdef inline void weights_task(const Layer *L, const Round *s, Py_ssize_t number, void **dw, const real *kind) noexcept nogil:
    """Gradients of the weights of some panels of gates, from the rows of a round."""
    cdef Py_ssize_t nr = columns(kind), d = number // s.across, lo, n, j, c, width, row, end
    cdef const real *a
    cdef const real *b
    cdef uint64_t mode = flush_begin()
    end = min(L.panels, (number % s.across + 1) * s.each)
    dw += 5 * d
    for lo from 0 <= lo < s.rows by s.block:
        n = min(s.block, s.rows - lo)
        b = <const real *> s.packed + lo * (s.inputs + L.D * s.states) * nr
        for j in range(number % s.across * s.each, end):
            a = <const real *> L.dg + ((d * L.panels + j) * L.N + s.first + lo) * nr
            if s.sums != NULL:
                add_up(n, a, <real *> s.sums + (d * L.panels + j) * nr)
            c = 0
            while c < panel_width(L, j, kind):
                width = run_at(L, j, c, True, &row, kind)
                if dw[0] != NULL and row >= 0:
                    products(width, L.X, n, a + c, b, s.first + lo == 0, <real *> dw[0] + row * L.X)
                run_at(L, j, c, False, &row, kind)
                if dw[1] != NULL and row >= 0:
                    products(width, L.P, n, a + c, b + (s.inputs + d * s.states) * n * nr, s.first + lo == 0,
                             <real *> dw[1] + row * L.P)
                c += width
    flush_end(mode)


cdef inline void bias_grads(const Layer *L, const real *sums, void **dw) noexcept nogil:
    cdef Py_ssize_t d, j, c, i, n, row
    for d in range(L.D):
        for j in range(L.panels):
            c = 0
            while c < panel_width(L, j, sums):
                n = run_at(L, j, c, True, &row, sums)
                if dw[5 * d + 2] != NULL and row >= 0:
                    for i in range(n):
                        (<real *> dw[5 * d + 2])[row + i] = sums[c + i]
                run_at(L, j, c, False, &row, sums)
                if dw[5 * d + 3] != NULL and row >= 0:
                    for i in range(n):
                        (<real *> dw[5 * d + 3])[row + i] = sums[c + i]
                c += n
            sums += columns(sums)


cdef inline void weight_grads(const Layer *L, Round *s, void **dw, const real *kind) noexcept nogil:
    cdef Py_ssize_t lo, i, tasks = L.D * s.across
    cdef double work = <double> L.D * L.gates * L.H * (L.X + L.P) / 8
    cdef int threads
    for lo from 0 <= lo < L.N by s.most:
        s.first, s.rows = lo, min(s.most, L.N - lo)
        threads = threads_for(sizeof(real) * 2.0 * s.rows * (L.X + L.D * L.P))
        for i in prange((s.rows + s.block - 1) // s.block, num_threads=threads):
            pack_block(L, s, i, kind)
        threads = threads_for(work * s.rows)
        if threads == 1:
            for i in range(tasks):
                weights_task(L, s, i, dw, kind)
        else:
            for i in prange(tasks, num_threads=threads, schedule='dynamic'):
                weights_task(L, s, i, dw, kind)


cdef inline void inputs_task(const Layer *L, Py_ssize_t lo, Py_ssize_t hi, const Run *runs, Py_ssize_t count, const real *packed,
                             real *dx) noexcept nogil:
    """Rows [lo, hi) of the gradient of x."""
    cdef Py_ssize_t nr = columns(dx), X = L.X, d, i, j, r, K = L.gates * L.H
    cdef const real *a
    cdef const real *w
    cdef uint64_t mode = flush_begin()
    for d in range(L.D):
        a = <const real *> L.dg + d * L.panels * L.N * nr
        w = <const real *> L.w_ih[d]
        if L.N <= ROWS_ALONE:
            for i in range(lo, hi):
                add_runs(runs, count, True, 1, X, a + i * nr, w, X, d == 0, dx + i * X, X)
            continue
        for r from 0 <= r < count by PIECE_RUNS:
            for j from 0 <= j < X by nr:
                if packed != NULL:
                    w = packed + d * ((X + nr - 1) // nr) * K * nr + j * K
                else:
                    w = <const real *> L.w_ih[d] + j
                add_runs(runs + r, min(<Py_ssize_t> PIECE_RUNS, count - r), False, hi - lo, min(nr, X - j), a + lo * nr, w,
                         nr if packed != NULL else X, d == 0 and r == 0, dx + lo * X + j, X)
    flush_end(mode)


cdef inline void input_grads(const Layer *L, Run *runs, real *packed, real *dx) noexcept nogil:
    cdef Py_ssize_t nr = columns(dx), d, i, across = (L.X + nr - 1) // nr, K = L.gates * L.H, count
    cdef Py_ssize_t pieces = (L.N + MR * PIECE_TILES - 1) // (MR * PIECE_TILES), rows = (L.N + pieces - 1) // pieces
    cdef int threads = threads_for(<double> L.D * L.N * K * L.X / 8)
    count = list_runs(L, True, 0 if packed != NULL else L.X, runs, dx)
    if packed != NULL:
        for d in range(L.D):
            for i in prange(across, num_threads=threads):
                pack_rows(L, True, <const real *> L.w_ih[d], L.X, i, packed + (d * across + i) * K * nr)
    if threads == 1:
        for i in range(pieces):
            inputs_task(L, i * rows, min(L.N, i * rows + rows), runs, count, packed, dx)
    else:
        for i in prange(pieces, num_threads=threads, schedule='dynamic'):
            inputs_task(L, i * rows, min(L.N, i * rows + rows), runs, count, packed, dx)


cdef inline void clear(const Layer *L, void **dw, const real *kind) noexcept nogil:
    """Gradients without rows."""
    cdef Py_ssize_t G = L.gates * L.H, i
    for i in range(5 * L.D):
        if dw[i] != NULL:
            memset(dw[i], 0, (G * L.X if i % 5 == 0 else G * L.P if i % 5 == 1 else G if i % 5 < 4 else L.P * L.H) * sizeof(real))


cdef inline int after_steps(const Layer *L, real *dx, void **dw, const real *kind) noexcept nogil:
    """All gradients but those of the states, from dg (and dp, where there is a projection)."""
    cdef Py_ssize_t nr = columns(kind), d, inputs = 0, sums = 0, blocks
    cdef bint in_place = L.N <= ROWS_ALONE or (L.N <= ROWS_IN_PLACE and L.X % nr == 0)
    cdef Round s
    cdef real *p
    cdef int failed = 0
    s.inputs = s.states = 0
    for d in range(L.D):
        if dw[5 * d] != NULL:
            s.inputs = (L.X + nr - 1) // nr
        if dw[5 * d + 1] != NULL:
            s.states = (L.P + nr - 1) // nr
        if dw[5 * d + 2] != NULL or dw[5 * d + 3] != NULL:
            sums = L.D * L.panels * nr
    if L.N == 0:
        clear(L, dw, kind)
        return 0
    blocks = (L.N + BLOCK_ROWS - 1) // BLOCK_ROWS
    s.block = (L.N + blocks - 1) // blocks
    s.most = s.block * max(<Py_ssize_t> 1, min(blocks, ROUND_BYTES // (
        s.block * (s.inputs + L.D * s.states + 1) * nr * <Py_ssize_t> sizeof(real))))
    s.each = max(<Py_ssize_t> 1, min(<Py_ssize_t> TASK_PANELS, L.D * L.panels // TASKS))
    s.across = (L.panels + s.each - 1) // s.each
    if dx != NULL and not in_place:
        inputs = L.D * ((L.X + nr - 1) // nr) * L.gates * L.H * nr
    p = <real *> scratch(SHARED, (s.most * (s.inputs + L.D * s.states) * nr + sums + inputs) * sizeof(real)
                         + (most_runs(L) + 1) * sizeof(Run))
    if p == NULL:
        return -1
    s.packed, s.sums = p, NULL
    p += s.most * (s.inputs + L.D * s.states) * nr
    if sums:
        s.sums = p
        memset(p, 0, sums * sizeof(real))
        p += sums
    if sums or s.inputs or s.states:
        weight_grads(L, &s, dw, kind)
    if sums:
        bias_grads(L, <const real *> s.sums, dw)
    if dx != NULL:
        input_grads(L, <Run *> (p + inputs), p if inputs else <real *> NULL, dx)
    for d in range(L.D):
        if dw[5 * d + 4] != NULL:
            failed |= gemm(L.P, L.H, L.N, <const real *> L.dp + d * L.N * L.P, 1, L.P,
                           <const real *> L.g + d * L.N * L.W + 5 * L.H, L.W, 1, <const real *> NULL, 0, 0,
                           <real *> dw[5 * d + 4], L.H, True)
    return failed
