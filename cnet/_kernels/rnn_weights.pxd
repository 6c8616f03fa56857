"""The weights of a recurrent layer in panels, for `recurrence.pxd` to include, and the order of the gates' columns.

Letters as there. Units are taken in groups as wide as a tile, nr. The columns of a group are those of its first gate, then of
its second, and so on: G tiles for a whole group. The last group may be narrower, and its gates lie side by side: 8 units of an
LSTM are one tile, where a tile for each gate would compute four, half of them zeros. A GRU has the candidate first (n, r, z, v),
so that what the inputs feed, n, r, z, and what the states feed, r, z, v, are neighbours.

The gradients of the gates are kept in the same order, as panels of nr columns of all rows: no product after the steps has to
copy them. A run is a piece of a panel that belongs to one gate, and so to neighbouring rows of a matrix of weights.
"""

from cython.parallel cimport prange
from libc.string cimport memcpy

from cnet._kernels._threads cimport threads_for
from cnet._kernels._workspace cimport PRIVATE, SHARED, scratch
from cnet._kernels.cells cimport GRU, Layer, Run
from cnet._kernels.gemm_tiles cimport columns, lanes, pack
from cnet._kernels.types cimport real

cdef enum:
    TOGETHER_ROWS = 8  # from so many on, a step multiplies inputs and states together
    TOGETHER_BYTES = 1 << 21  # and if all weights fill at most so much of a second-level cache
    PACKED_STEPS = 20  # of one row, where rows of weights cross lines: dot products take 1.5 times as long as in whole lines


cdef inline bint step_together(const Layer *L, Py_ssize_t size) noexcept nogil:
    """Whether steps of enough rows multiply inputs and states at once; size: bytes of a number."""
    return L.T > 1 and L.X > 0 and L.B >= TOGETHER_ROWS and L.gates * L.H * (L.X + L.P) * size <= TOGETHER_BYTES


cdef inline bint states_packed(const Layer *L, const real *kind) noexcept nogil:
    """Whether forward packs the weights that states meet, or reads them in place."""
    if L.w_hr[0] != NULL or L.B > 1:
        return L.w_hr[0] != NULL or L.T > 1
    return L.T >= PACKED_STEPS and L.P % lanes(kind) and L.gates * L.H * L.P * <Py_ssize_t> sizeof(real) <= TOGETHER_BYTES


cdef inline int gate_at(const Layer *L, int column) noexcept nogil:
    """The gate of w_ih that feeds a column of gates."""
    return (column + 2) % 3 if L.cell == GRU else column


cdef inline Py_ssize_t tile_width(const Layer *L, Py_ssize_t panel, Py_ssize_t tile, const real *kind) noexcept nogil:
    """Columns of one of the tiles of a group of units; 0 or less where a narrow group has fewer tiles."""
    cdef Py_ssize_t nr = columns(kind)
    return min(nr, L.gates * min(nr, L.H - panel * nr) - tile * nr)


cdef inline int pack_tile(const Layer *L, Py_ssize_t panel, Py_ssize_t tile, bint inputs, const real *w, Py_ssize_t K,
                          real *p) noexcept nogil:
    """A tile of a group of units from w[gates H, K]."""
    cdef Py_ssize_t nr = columns(w), j = panel * nr, n = min(nr, L.H - j), width = tile_width(L, panel, tile, w), c, q
    cdef real *some
    if n == nr:
        q = gate_at(L, <int> tile) if inputs else tile
        pack(K, nr, w + (q * L.H + j) * K, 1, K, p, nr)
    elif width > 0:
        some = <real *> scratch(PRIVATE, width * K * sizeof(real))
        if some == NULL:
            return -1
        for c in range(width):
            q = (tile * nr + c) // n
            if inputs:
                q = gate_at(L, <int> q)
            memcpy(some + c * K, w + (q * L.H + j + (tile * nr + c) % n) * K, K * sizeof(real))
        pack(K, width, some, 1, K, p, nr)
    return 0


cdef inline Py_ssize_t units(const Layer *L, Py_ssize_t group, const real *kind) noexcept nogil:
    """Hidden units of a group."""
    return min(columns(kind), L.H - group * columns(kind))


cdef inline Py_ssize_t panel_width(const Layer *L, Py_ssize_t panel, const real *kind) noexcept nogil:
    """Columns of a panel of the gates' gradients."""
    cdef Py_ssize_t group = panel // L.columns
    return min(columns(kind), L.columns * units(L, group, kind) - panel % L.columns * columns(kind))


cdef inline Py_ssize_t run_at(const Layer *L, Py_ssize_t panel, Py_ssize_t c, bint inputs, Py_ssize_t *row,
                              const real *kind) noexcept nogil:
    """Columns of one gate from column c of a panel on; row: that of w_ih or w_hh for the first, -1 where there is none."""
    cdef Py_ssize_t nr = columns(kind), group = panel // L.columns, n = units(L, group, kind)
    cdef Py_ssize_t q = (panel % L.columns * nr + c) // n, u = (panel % L.columns * nr + c) % n, gate = q
    if L.cell == GRU:
        if inputs:
            gate = gate_at(L, <int> q) if q < 3 else -1
        else:
            gate = q - 1
    row[0] = gate * L.H + group * nr + u if gate >= 0 else -1
    return min(n - u, panel_width(L, panel, kind) - c)


cdef inline Py_ssize_t list_runs(const Layer *L, bint inputs, Py_ssize_t brs, Run *r, const real *kind) noexcept nogil:
    """All runs, for rows of weights in place and brs apart, or in the order of the runs if brs is 0. Returns how many."""
    cdef Py_ssize_t panel, c, n, row, k = 0, count = 0
    for panel in range(L.panels):
        c = 0
        while c < panel_width(L, panel, kind):
            n = run_at(L, panel, c, inputs, &row, kind)
            if row >= 0:
                r[count].a, r[count].b, r[count].n = panel * L.N * columns(kind) + c, row * brs if brs else k * columns(kind), n
                k += n
                count += 1
            c += n
    return count


cdef inline Py_ssize_t most_runs(const Layer *L) noexcept nogil:
    return L.panels + L.columns


cdef inline void pack_task(const real *w, Py_ssize_t ks, Py_ssize_t step, Py_ssize_t K, Py_ssize_t width, Py_ssize_t panel,
                           real *p) noexcept nogil:
    """Panel number `panel` of a matrix w[K, width] with strides ks and step."""
    cdef Py_ssize_t nr = columns(w), j = panel * nr
    pack(K, min(nr, width - j), w + j * step, ks, step, p, nr)


cdef inline void pack_rows(const Layer *L, bint inputs, const real *w, Py_ssize_t width, Py_ssize_t panel,
                           real *p) noexcept nogil:
    """Panel number `panel` of a matrix w[gates H, width] with its rows in the order of the runs."""
    cdef Py_ssize_t nr = columns(w), i, c, n, row
    for i in range(L.panels):
        c = 0
        while c < panel_width(L, i, w):
            n = run_at(L, i, c, inputs, &row, w)
            if row >= 0:
                pack_task(w + row * width, width, 1, n, width, panel, p)
                p += n * nr
            c += n


cdef inline int pack_forward(Layer *L, const real *kind) noexcept nogil:
    """L.packed, L.packed_out and L.packed_in: panels for h w_hh^T, for the projection, and for x w_ih^T."""
    cdef Py_ssize_t nr = columns(kind), H = L.H, P = L.P, X = L.X, d, i, G = L.gates
    cdef Py_ssize_t high = (H + nr - 1) // nr, wide = (P + nr - 1) // nr
    cdef Py_ssize_t hidden = high * P * G * nr if states_packed(L, kind) else 0
    cdef Py_ssize_t projection = wide * H * nr if L.w_hr[0] != NULL else 0, first, total
    cdef real *p = NULL
    cdef int threads, failed = 0
    first = high * G * X * nr if L.together or L.T > L.chunk else 0
    total = L.D * (hidden + projection + first)
    threads = threads_for(sizeof(real) * 2.0 * total)
    if not total:
        return 0
    p = <real *> scratch(SHARED, total * sizeof(real))
    if p == NULL:
        return -1
    for d in range(L.D):
        if hidden:
            for i in prange(high * G, num_threads=threads):
                failed |= pack_tile(L, i // G, i % G, False, <const real *> L.w_hh[d], P, p + (d * high * G + i) * P * nr)
        if projection:
            for i in prange(wide, num_threads=threads):
                pack_task(<const real *> L.w_hr[d], 1, H, H, P, i, p + L.D * hidden + (d * wide + i) * H * nr)
        if first:
            for i in prange(high * G, num_threads=threads):
                failed |= pack_tile(L, i // G, i % G, True, <const real *> L.w_ih[d], X,
                                    p + L.D * (hidden + projection) + (d * high * G + i) * X * nr)
    L.packed = p if hidden else NULL
    L.packed_out = p + L.D * hidden
    L.packed_in = p + L.D * (hidden + projection) if first else NULL
    return failed


cdef inline int pack_backward(Layer *L, bint initial, const real *kind) noexcept nogil:
    """L.runs, and L.packed and L.packed_out: panels for the gradients of the gates times w_hh, and for the projection.

    One step with whole panels reads w_hh in place; initial: whether there is a gradient of the initial states to find.
    """
    cdef Py_ssize_t nr = columns(kind), H = L.H, P = L.P, d, i, high = (H + nr - 1) // nr, wide = (P + nr - 1) // nr
    cdef Py_ssize_t hidden = wide * L.gates * H * nr, projection = high * P * nr if L.w_hr[0] != NULL else 0
    cdef real *p
    cdef int threads
    if L.w_hr[0] == NULL and (L.B == 1 or not (L.T > 1 or (initial and P % nr))):
        hidden = 0
    threads = threads_for(sizeof(real) * 2.0 * L.D * (hidden + projection))
    p = <real *> scratch(SHARED, L.D * (hidden + projection) * sizeof(real) + (most_runs(L) + 1) * sizeof(Run))
    if p == NULL:
        return -1
    for d in range(L.D):
        if hidden:
            for i in prange(wide, num_threads=threads):
                pack_rows(L, False, <const real *> L.w_hh[d], P, i, p + (d * wide + i) * L.gates * H * nr)
        if projection:
            for i in prange(high, num_threads=threads):
                pack_task(<const real *> L.w_hr[d], H, 1, P, H, i, p + L.D * hidden + (d * high + i) * P * nr)
    L.packed = p if hidden else NULL
    L.packed_out = p + L.D * hidden
    L.runs = <Run *> (p + L.D * (hidden + projection))
    L.run_count = list_runs(L, False, 0 if hidden else P, L.runs, kind)
    return 0
