"""The steps of recurrent layers for `rnn.pyx` to include, as tasks.

Letters: T steps, of at most B rows (sequences) each and N rows in all; X inputs, H hidden units and P outputs of a
direction (P = H without projection); D directions. The rows of a step lie together. Their number may only fall from step
to step, as in packed sequences; row r of a step then continues row r of the step before.

A step is cut into tasks: a group of hidden units as wide as a tile, with all its gates, times some tiles of rows. The tasks
of both directions run side by side, and every other step takes them in reverse order: where the weights do not fit in a
cache, half of what the last step left there is used before it is pushed out. What the columns of g (gates, kept for
backward) mean stands in rnn.h, how the weights are packed in rnn_weights.pxd.

A step of many rows multiplies its inputs and the states before it together, and the gates of a task's units stay in a table
of its own until the new states are known. In steps of few rows that would read all weights for little work: there the inputs of
a chunk of steps are multiplied in one product just before those steps, so that the gates are still in a cache when the steps
add to them. Where g is not kept it has the rows of one chunk only, and every chunk writes over the one before.

The sums of a row do not depend on the rows beside it: rnn_threads.pxd cuts them as it likes. Only where a whole step is one row,
of whatever share, is that row multiplied in another order.
"""

from libc.string cimport memcpy, memset

from cnet._kernels._workspace cimport PRIVATE, scratch
from cnet._kernels.cells cimport (
    GRU, LSTM, MR, Layer, add_dots, add_products, add_runs, cell_grad, cell_step,
)
from cnet._kernels.gemm_tiles cimport KC, columns, pack, shift, tiles
from cnet._kernels.rnn_weights cimport TOGETHER_ROWS, gate_at, panel_width, tile_width
from cnet._kernels.types cimport real

cdef enum:
    GROUP = 4         # tiles of rows per task, where there are tasks enough
    GROUPED_TASKS = 8
    TILE = GROUP * 512  # numbers of temporary results of a task: four times 14 rows of two vectors of 16
    CHUNK_ROWS = 96   # of inputs multiplied at once: with 256 units, 480 KB of gates
    UNPACKED_ROWS = 4  # from 5 on, packing weights for one use and whole tiles are faster than reading them again per row
    ROW_PANELS = 4    # panels of columns per task of one row


cdef inline Py_ssize_t start(const Layer *L, Py_ssize_t t) noexcept nogil:
    """The first row of step t."""
    return L.first[t] if L.first != NULL else t * L.B


cdef inline Py_ssize_t rows(const Layer *L, Py_ssize_t t) noexcept nogil:
    return start(L, t + 1) - start(L, t)


cdef inline Py_ssize_t moment(const Layer *L, Py_ssize_t d, Py_ssize_t s) noexcept nogil:
    """The step that direction d takes as its s-th."""
    return s if d == 0 else L.T - 1 - s


cdef inline Py_ssize_t chunk_start(const Layer *L, Py_ssize_t d, Py_ssize_t s) noexcept nogil:
    """The first, and longest, of the steps in the chunk of the s-th one."""
    cdef Py_ssize_t lo = s - s % L.chunk
    return lo if d == 0 else L.T - min(lo + L.chunk, L.T)


cdef inline Py_ssize_t place(const Layer *L, Py_ssize_t d, Py_ssize_t s) noexcept nogil:
    """The row of g where the s-th step of direction d begins."""
    return start(L, moment(L, d, s)) - (0 if L.M == L.N else start(L, chunk_start(L, d, s)))


cdef inline Py_ssize_t joined(const Layer *L, Py_ssize_t d, Py_ssize_t s) noexcept nogil:
    """Rows that the s-th and the next step of direction d have in common."""
    if s < 0 or s + 1 >= L.T:
        return 0
    return min(rows(L, moment(L, d, s)), rows(L, moment(L, d, s + 1)))


cdef inline int add_unpacked(int gates, Py_ssize_t m, Py_ssize_t n, Py_ssize_t k, const real *a, Py_ssize_t lda, const real *w,
                             Py_ssize_t step, real *c, Py_ssize_t ldc, const Py_ssize_t *cs) noexcept nogil:
    """add_products with the rows of a matrix w[gates, n, k], `step` apart from gate to gate."""
    cdef Py_ssize_t nr = columns(w), i, q, kk, kc
    cdef real *p
    cdef real *at
    if m <= UNPACKED_ROWS:
        for i in range(m):
            add_dots(gates, n, k, a + i * lda, w, k, step, c + i * ldc, cs)
        return 0
    p = <real *> scratch(PRIVATE, KC * nr * sizeof(real))
    if p == NULL:
        return -1
    for q in range(gates):
        at = c + cs[q]
        for kk from 0 <= kk < k by KC:
            kc = min(<Py_ssize_t> KC, k - kk)
            pack(kc, n, w + q * step + kk, 1, k, p, nr)
            tiles(m, n, kc, a + kk, lda, 1, p, nr, <const real *> at, ldc, 1, at, ldc)
    return 0


# A task: direction d, n columns from j on, rows [lo, hi) of a step.

cdef struct Task:
    Py_ssize_t d, panel, j, n, lo, hi


cdef inline Py_ssize_t step_rows(const Layer *L, Py_ssize_t d, Py_ssize_t s) noexcept nogil:
    """Rows of the s-th step of direction d; those of all initial states before the first."""
    return rows(L, moment(L, d, s)) if s >= 0 else L.B


cdef inline Py_ssize_t row_blocks(const Layer *L, Py_ssize_t s) noexcept nogil:
    """Tiles that the rows of the s-th step make, in the direction that has more of them."""
    cdef Py_ssize_t b = min(L.hi, step_rows(L, 0, s))
    if L.D == 2:
        b = max(b, min(L.hi, step_rows(L, 1, s)))
    return (b - L.lo + MR - 1) // MR if b > L.lo else 0


cdef inline Py_ssize_t grouped(const Layer *L, Py_ssize_t across, Py_ssize_t blocks) noexcept nogil:
    """Tiles of rows per task: several share a panel of weights in the first-level cache, unless that leaves few tasks."""
    return min(blocks, <Py_ssize_t> GROUP) if L.D * across >= GROUPED_TASKS else 1


cdef inline Task task_at(const Layer *L, Py_ssize_t number, Py_ssize_t s, Py_ssize_t width, Py_ssize_t wide) noexcept nogil:
    """Task `number` of the s-th step over `width` columns, `wide` per task."""
    cdef Task a
    cdef Py_ssize_t blocks = row_blocks(L, s), across = (width + wide - 1) // wide, group = grouped(L, across, blocks)
    cdef Py_ssize_t groups = (blocks + group - 1) // group, b, i
    i = number % groups
    a.d = L.first_d + number // groups // across
    a.panel = number // groups % across
    a.j = a.panel * wide
    a.n = min(wide, width - a.j)
    b = max(<Py_ssize_t> 0, min(L.hi, step_rows(L, a.d, s)) - L.lo)
    a.lo, a.hi = L.lo + b * i // groups, L.lo + b * (i + 1) // groups
    return a


cdef inline const real *old_rows(const Layer *L, Py_ssize_t d, Py_ssize_t k, Py_ssize_t row, Py_ssize_t at, const real *kept,
                                 Py_ssize_t ld, const real *initial, Py_ssize_t ldi) noexcept nogil:
    """Where the state before a step is, from `row` on: k rows in `kept`, from row `at` on, the others in `initial`."""
    if row < k:
        return kept + (at + row) * ld
    return initial + (d * L.B + row) * ldi


cdef inline bint many(const Layer *L, Py_ssize_t t) noexcept nogil:
    """Whether step t has rows enough to multiply inputs and states together."""
    return L.together and rows(L, t) >= TOGETHER_ROWS


cdef inline bint together(const Layer *L, Py_ssize_t d, Py_ssize_t s) noexcept nogil:
    """Whether the s-th step multiplies inputs and states together: also where a chunk has rows of other shares in between."""
    return L.together and (L.lo > 0 or rows(L, moment(L, d, s)) >= TOGETHER_ROWS or rows(L, chunk_start(L, d, s)) > L.hi)


cdef inline real *gates_at(const Layer *L, const Task *a, Py_ssize_t s, Py_ssize_t row, Py_ssize_t *ld, Py_ssize_t *apart,
                           const real *kind) noexcept nogil:
    """Where g has the columns of a task, from a row of the s-th step on, and the distances of rows and gates.

    Where they are kept, the rows of a panel of columns lie together if the step has many: 160 pieces of 128 bytes, each in a
    page of its own, took backward four times as long as the work on them.
    """
    cdef Py_ssize_t t = moment(L, a.d, s)
    cdef real *g = <real *> L.g + (a.d * L.M + place(L, a.d, s)) * L.W
    if L.keep and L.kept > 1 and L.w_hr[0] == NULL and many(L, t):
        ld[0], apart[0] = L.kept * a.n, a.n
        return g + a.j * L.kept * rows(L, t) + row * ld[0]
    ld[0], apart[0] = L.W, L.H
    return g + row * L.W + a.j


cdef inline void add_inputs(const Layer *L, const Task *a, Py_ssize_t q, Py_ssize_t m, const real *x, real *g,
                            Py_ssize_t ld) noexcept nogil:
    """g[m, columns of tile q of a task] = the inputs' part, from packed weights."""
    cdef Py_ssize_t nr = columns(x), X = L.X, n = tile_width(L, a.panel, q, x), k, kc, drs = 0
    cdef const real *sums = shift(<const real *> L.bias[a.d], (a.panel * L.gates + q) * nr)
    cdef const real *w = <const real *> L.packed_in + ((a.d * ((L.H + nr - 1) // nr) + a.panel) * L.gates + q) * X * nr
    if n <= 0:
        return
    for k from 0 <= k < X by KC:
        kc = min(<Py_ssize_t> KC, X - k)
        tiles(m, n, kc, x + k, X, 1, w + k * nr, nr, sums, drs, 1, g, ld)
        sums, drs = g, ld


cdef inline void add_states(const Layer *L, const Task *a, bint single, Py_ssize_t m, const real *h, Py_ssize_t ldh, real *g,
                            Py_ssize_t ld, const Py_ssize_t *to) noexcept nogil:
    """What the states add to the gates of a task, from packed weights; to: where the columns of a gate are, from g on."""
    cdef Py_ssize_t nr = columns(h), P = L.P, q, zero = 0
    cdef const real *w = <const real *> L.packed + (a.d * ((L.H + nr - 1) // nr) + a.panel) * L.gates * P * nr
    if a.n == nr:
        add_products(L.gates, single, m, nr, P, h, ldh, w, g, ld, to)
    else:
        for q in range((L.gates * a.n + nr - 1) // nr):
            add_products(1, single, m, tile_width(L, a.panel, q, h), P, h, ldh, w + q * P * nr, g + to[0] + q * nr, ld, &zero)


cdef inline int input_task(const Layer *L, Py_ssize_t number, Py_ssize_t s, const real *kind) noexcept nogil:
    """The inputs' part of a tile of gates, for the chunk of steps from the s-th on."""
    cdef Py_ssize_t nr = columns(kind), H = L.H, W = L.W, X = L.X, across = (H + nr - 1) // nr, zero = 0, i, c, n
    cdef Py_ssize_t q = number // across % L.gates, m, t, end
    cdef const real *x
    cdef const real *bias
    cdef real *g
    cdef real *table
    cdef Task a
    a.d, a.panel = L.first_d + number // across // L.gates, number % across
    a.j, t = a.panel * nr, chunk_start(L, a.d, s)
    a.n, end = min(nr, H - a.j), t + min(s + L.chunk, L.T) - s
    if rows(L, t) > L.hi:
        return 0
    while t < end and many(L, t):
        t += 1
    if t == end:
        return 0
    x = <const real *> L.x + start(L, t) * X
    g = <real *> L.g + (a.d * L.M + place(L, a.d, moment(L, a.d, t))) * W + a.j
    m = start(L, end) - start(L, t)
    if L.packed_in == NULL:
        bias = shift(<const real *> L.bias[a.d], a.j * L.gates + q * a.n)
        g += q * H
        for i in range(m):
            if bias != NULL:
                memcpy(g + i * W, bias, a.n * sizeof(real))
            else:
                memset(g + i * W, 0, a.n * sizeof(real))
        return add_unpacked(1, m, a.n, X, x, X, <const real *> L.w_ih[a.d] + (gate_at(L, <int> q) * H + a.j) * X, 0, g, W, &zero)
    if a.n == nr:
        add_inputs(L, &a, q, m, x, g + q * H, W)
        return 0
    table = <real *> scratch(PRIVATE, m * nr * sizeof(real))
    if table == NULL:
        return -1
    add_inputs(L, &a, q, m, x, table, nr)
    c = 0
    while c < tile_width(L, a.panel, q, kind):
        n = min((q * nr + c) // a.n * a.n + a.n - q * nr, tile_width(L, a.panel, q, kind)) - c
        for i in range(m):
            memcpy(g + i * W + (q * nr + c) // a.n * H + (q * nr + c) % a.n, table + i * nr + c, n * sizeof(real))
        c += n
    return 0


cdef inline int forward_task(const Layer *L, Py_ssize_t number, Py_ssize_t s, const real *kind) noexcept nogil:
    """Gates and new states of a group of hidden units in the s-th step."""
    cdef Py_ssize_t nr = columns(kind), H = L.H, P = L.P, D = L.D, i, q, part, lo, hi, ldh, ldn, lds, step, t, before
    cdef Py_ssize_t ldg, apart
    cdef Py_ssize_t to[4]
    cdef real table[4 * TILE]
    cdef Task a = task_at(L, number, s, H, nr)
    cdef Py_ssize_t k = joined(L, a.d, s - 1)
    cdef bint both = together(L, a.d, s), own = both or (a.n < nr and L.packed != NULL)
    cdef bint single = step_rows(L, a.d, s) == 1
    cdef real *sums
    cdef real *y = <real *> L.y + a.d * P
    cdef real *g
    cdef real *out
    cdef const real *h
    cdef const real *bias
    step = a.n if own else H
    for q in range(4):
        to[q] = (q + (L.cell == GRU)) * step
    t = start(L, moment(L, a.d, s))
    before = start(L, moment(L, a.d, s - 1)) if k else 0
    for part in range(2):
        lo, hi = (a.lo, min(a.hi, k)) if part == 0 else (max(a.lo, k), a.hi)
        if lo >= hi:
            continue
        g = gates_at(L, &a, s, lo, &ldg, &apart, kind)
        ldh = D * P if part == 0 else P
        h = old_rows(L, a.d, k, lo, before, <const real *> y, D * P, <const real *> L.h0, P)
        sums, lds = g, ldg
        if own:
            sums, lds = table, L.columns * nr
        if both:
            for q in range(L.gates):
                add_inputs(L, &a, q, hi - lo, <const real *> L.x + (t + lo) * L.X, sums + q * nr, lds)
        elif own:
            for i in range(hi - lo):
                for q in range(L.gates):
                    memcpy(sums + i * lds + q * step, g + i * ldg + q * apart, a.n * sizeof(real))
        if L.cell == GRU:
            bias = shift(<const real *> L.b_hh[a.d], 2 * H + a.j)
            for i in range(hi - lo):
                if bias != NULL:
                    memcpy(sums + i * lds + 3 * step, bias, a.n * sizeof(real))
                else:
                    memset(sums + i * lds + 3 * step, 0, a.n * sizeof(real))
        if L.packed != NULL:
            add_states(L, &a, single, hi - lo, h, ldh, sums, lds, to)
        elif add_unpacked(L.gates, hi - lo, a.n, P, h, ldh, <const real *> L.w_hh[a.d] + a.j * P, H * P, sums, lds, to):
            return -1
        if L.w_hr[0] != NULL:
            out, ldn = g + 5 * H, ldg
        else:
            out, ldn = y + (t + lo) * D * P + a.j, D * P
        cell_step(L, hi - lo, a.n, sums, lds, step, g if L.keep else <real *> NULL, ldg, apart,
                  <real *> L.cn + (a.d * L.B + lo) * H + a.j, h + a.j, ldh, out, ldn)
    return 0


cdef inline void project_task(const Layer *L, Py_ssize_t number, Py_ssize_t s, const real *kind) noexcept nogil:
    """The outputs of a step with projection, from what the cells give."""
    cdef Py_ssize_t nr = columns(kind), H = L.H, P = L.P, ld = L.D * P, i, zero = 0
    cdef Task a = task_at(L, number, s, P, nr)
    cdef const real *w = <real *> L.packed_out + (a.d * ((P + nr - 1) // nr) + a.panel) * (H * nr)
    cdef real *y = <real *> L.y + (start(L, moment(L, a.d, s)) + a.lo) * ld + a.d * P + a.j
    if a.lo >= a.hi:
        return
    for i in range(a.hi - a.lo):
        memset(y + i * ld, 0, a.n * sizeof(real))
    add_products(1, step_rows(L, a.d, s) == 1, a.hi - a.lo, a.n, H,
                 <real *> L.g + (a.d * L.M + place(L, a.d, s) + a.lo) * L.W + 5 * H, L.W, w, y, ld, &zero)


cdef inline void from_gates(const Layer *L, const Task *a, bint single, Py_ssize_t row, Py_ssize_t m, bint fresh, real *dh,
                            Py_ssize_t ldd) noexcept nogil:
    """dh[m, columns of a task] = or += the gradients of the gates in m rows, times w_hh; single: the step has no others."""
    cdef Py_ssize_t nr = columns(dh), H = L.H, P = L.P
    cdef const real *dg = <const real *> L.dg + (a.d * L.panels * L.N + row) * nr
    if L.packed == NULL:
        add_runs(L.runs, L.run_count, single, m, a.n, dg, <const real *> L.w_hh[a.d] + a.j, P, fresh, dh, ldd)
    else:
        add_runs(L.runs, L.run_count, single, m, a.n, dg, <const real *> L.packed + (a.d * ((P + nr - 1) // nr) + a.panel)
                 * L.gates * H * nr, nr, fresh, dh, ldd)


cdef inline void later_task(const Layer *L, const Task *a, Py_ssize_t s, Py_ssize_t t, Py_ssize_t k, real *dh,
                            Py_ssize_t ldd) noexcept nogil:
    """dh[rows of a task] = gradient of the outputs of the s-th step: from dy, and from the step after it."""
    cdef Py_ssize_t H = L.H, P = L.P, ld = L.D * P, i, j, m
    cdef const real *dy = <const real *> L.dy
    cdef const real *past
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
    if m > 0:
        from_gates(L, a, k == 1, start(L, moment(L, a.d, s + 1)) + a.lo, m, False, dh, ldd)


cdef inline Py_ssize_t backward_width(const Layer *L, const real *kind) noexcept nogil:
    """Columns of a task of backward: rows of weights that are not packed are read in long pieces."""
    return columns(kind) * (ROW_PANELS if L.packed == NULL and L.B == 1 else 1)


cdef inline void output_grad_task(const Layer *L, Py_ssize_t number, Py_ssize_t s, const real *kind) noexcept nogil:
    """Gradient of the projected outputs of the s-th step, into dp."""
    cdef Py_ssize_t nr = columns(kind), P = L.P, t
    cdef Task a = task_at(L, number, s, P, nr)
    if a.lo < a.hi:
        t = start(L, moment(L, a.d, s))
        later_task(L, &a, s, t, joined(L, a.d, s), <real *> L.dp + (a.d * L.N + t + a.lo) * P + a.j, P)


cdef inline void initial_task(const Layer *L, Py_ssize_t number, const real *kind) noexcept nogil:
    """dh: the gradient of the initial states, from the first step of every row."""
    cdef Py_ssize_t t, lo, hi
    cdef Task a = task_at(L, number, -1, L.P, backward_width(L, kind))
    for t in range(L.T if a.d == 1 else min(L.T, <Py_ssize_t> 1)):
        lo = max(a.lo, rows(L, t + 1) if a.d == 1 and t + 1 < L.T else 0)
        hi = min(a.hi, rows(L, t))
        if lo < hi:
            from_gates(L, &a, rows(L, t) == 1, start(L, t) + lo, hi - lo, L.cell != GRU,
                       <real *> L.dh + (a.d * L.B + lo) * L.P + a.j, L.P)


cdef inline void backward_task(const Layer *L, Py_ssize_t number, Py_ssize_t s, const real *kind) noexcept nogil:
    """Gradients of the gates of a group of hidden units in the s-th step."""
    cdef real dh[TILE]
    cdef Py_ssize_t nr = columns(kind), wide = backward_width(L, kind), H = L.H, P = L.P, ldg, apart, old_apart
    cdef Py_ssize_t t, part, lo, hi, ldo, zero = 0, i, j, q, n, far = L.N * nr, panel
    cdef real table[4 * TILE]
    cdef Task a = task_at(L, number, s, H, wide)
    cdef Py_ssize_t k = joined(L, a.d, s - 1)
    cdef const real *w
    cdef const real *g
    cdef const real *old = NULL
    cdef real *past = <real *> (L.dc if L.cell == LSTM else L.dh)
    cdef real *dg
    if a.lo >= a.hi:
        return
    t = start(L, moment(L, a.d, s))
    if L.w_hr[0] != NULL:
        memset(dh, 0, (a.hi - a.lo) * wide * sizeof(real))
        w = <const real *> L.packed_out + (a.d * ((H + nr - 1) // nr) + a.panel) * (P * nr)
        add_products(1, step_rows(L, a.d, s) == 1, a.hi - a.lo, a.n, P, <real *> L.dp + (a.d * L.N + t + a.lo) * P, P, w, dh,
                     wide, &zero)
    else:
        later_task(L, &a, s, t, joined(L, a.d, s), dh, wide)
    for part in range(2):
        lo, hi = (a.lo, min(a.hi, k)) if part == 0 else (max(a.lo, k), a.hi)
        if lo >= hi:
            continue
        g = gates_at(L, &a, s, lo, &ldg, &apart, kind)
        ldo = H
        if L.cell == LSTM and part == 0:
            old = gates_at(L, &a, s - 1, lo, &ldo, &old_apart, kind)
            old = old + 4 * old_apart
        elif L.cell == LSTM:
            old = <const real *> L.c0 + (a.d * L.B + lo) * H + a.j
        elif L.cell == GRU:
            old = <const real *> L.past + (a.d * L.N + t + lo) * P + a.j
        for j from 0 <= j < a.n by nr:
            n = min(nr, a.n - j)
            panel = (a.j + j) // nr * L.columns
            dg = <real *> L.dg + ((a.d * L.panels + panel) * L.N + t + lo) * nr
            cell_grad(L, hi - lo, n, g + j, ldg, apart, shift(old, j), ldo, dh + (lo - a.lo) * wide + j, wide,
                      past + (a.d * L.B + lo) * H + a.j + j, dg if n == nr else table, nr if n == nr else L.columns * n,
                      far if n == nr else n)
            for q in range(0 if n == nr else L.panels - panel):
                for i in range(hi - lo):
                    memcpy(dg + q * far + i * nr, table + i * L.columns * n + q * nr,
                           panel_width(L, panel + q, kind) * sizeof(real))
