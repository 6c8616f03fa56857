"""The weights of a recurrent layer in panels, for `recurrence.pxd` to include, and the order of the gates' columns.

Letters as there. Units are taken in groups as wide as a tile, nr. The columns of a group are those of its first gate, then of
its second, and so on: G tiles for a whole group. The last group may be narrower, and its gates lie side by side: 8 units of an
LSTM are one tile, where a tile for each gate would compute four, half of them zeros. A GRU has the candidate first (n, r, z, v),
so that what the inputs feed, n, r, z, and what the states feed, r, z, v, are neighbours.
"""

from cython.parallel cimport prange
from libc.string cimport memcpy

from cnet._kernels._threads cimport threads_for
from cnet._kernels._workspace cimport PRIVATE, SHARED, scratch
from cnet._kernels.cells cimport GRU, Layer
from cnet._kernels.gemm_tiles cimport columns, pack
from cnet._kernels.types cimport real

cdef enum:
    TOGETHER_ROWS = 8  # from so many on, a step multiplies inputs and states together
    TOGETHER_BYTES = 1 << 21  # and if all weights fill at most so much of a second-level cache


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


cdef inline void pack_task(const real *w, Py_ssize_t ks, Py_ssize_t step, Py_ssize_t K, Py_ssize_t width, Py_ssize_t panel,
                           real *p) noexcept nogil:
    """Panel number `panel` of a matrix w[K, width] with strides ks and step."""
    cdef Py_ssize_t nr = columns(w), j = panel * nr
    pack(K, min(nr, width - j), w + j * step, ks, step, p, nr)


cdef inline int pack_weights(Layer *L, bint backward, const real *kind) noexcept nogil:
    """L.packed: panels for h w_hh^T (and the projection), or for the gradients of the gates times w_hh. L.packed_in."""
    cdef Py_ssize_t nr = columns(kind), H = L.H, P = L.P, X = L.X, d, i, G = L.gates
    cdef Py_ssize_t high = (H + nr - 1) // nr, wide = (P + nr - 1) // nr
    cdef bint steps = L.w_hr[0] != NULL or (L.T > 1 and L.B > 1)
    cdef Py_ssize_t hidden = (wide * H if backward else high * P) * G * nr if steps else 0
    cdef Py_ssize_t projection = (high * P if backward else wide * H) * nr if L.w_hr[0] != NULL else 0
    cdef Py_ssize_t first, total
    cdef real *p = NULL
    cdef int threads, failed = 0
    cdef const real *w
    L.together = (L.T > 1 and X > 0 and L.B >= TOGETHER_ROWS and
                  G * H * (X + P) * <Py_ssize_t> sizeof(real) <= TOGETHER_BYTES)
    first = high * G * X * nr if not backward and (L.together or L.T > L.chunk) else 0
    total = L.D * (hidden + projection + first)
    threads = threads_for(sizeof(real) * 2.0 * total)
    L.packed = L.packed_in = NULL
    if not total:
        return 0
    p = <real *> scratch(SHARED, total * sizeof(real))
    if p == NULL:
        return -1
    if hidden:
        L.packed = p
        for d in range(L.D):
            w = <const real *> L.w_hh[d]
            if backward:
                for i in prange(wide, num_threads=threads):
                    pack_task(w, P, 1, G * H, P, i, p + (d * wide + i) * G * H * nr)
            else:
                for i in prange(high * G, num_threads=threads):
                    failed |= pack_tile(L, i // G, i % G, False, w, P, p + (d * high * G + i) * P * nr)
    p += L.D * hidden
    if projection:
        for d in range(L.D):
            w = <const real *> L.w_hr[d]
            if backward:
                for i in prange(high, num_threads=threads):
                    pack_task(w, H, 1, P, H, i, p + (d * high + i) * P * nr)
            else:
                for i in prange(wide, num_threads=threads):
                    pack_task(w, 1, H, H, P, i, p + (d * wide + i) * H * nr)
    p += L.D * projection
    if first:
        L.packed_in = p
        for d in range(L.D):
            w = <const real *> L.w_ih[d]
            for i in prange(high * G, num_threads=threads):
                failed |= pack_tile(L, i // G, i % G, True, w, X, p + (d * high * G + i) * X * nr)
    return failed
