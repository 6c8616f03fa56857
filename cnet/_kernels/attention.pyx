"""Attention by tiles: softmax(scale q k' + mask) v for every head, forward and backward, without the matrix of weights.

Letters: B batches, H heads of q, G of them per head of k and v, L queries, S keys, E their length, V the length of values.
Arrays have four dimensions, the last one contiguous, any strides before it. The forward pass keeps every row's largest score
and one over its sum of exponentials, from which the backward pass makes the weights again, tile by tile (Dao et al.,
2022, with the logarithm of the sum instead: that is rounded to 4e-6 where scores reach 100, and the weights with it). A row
whose keys are all masked has weights 0. Dropout keeps one bit per weight, nothing else of that size.
"""

cimport numpy as cnp
from cython.parallel cimport prange
from libc.math cimport INFINITY
from libc.string cimport memset

from cnet._kernels._alloc cimport new_array
from cnet._kernels._threads cimport threads_for
from cnet._kernels._workspace cimport SHARED, scratch
from cnet._kernels.gemm cimport gemm
from cnet._kernels.gemm_tiles cimport DOTS_M, columns, fill, flush_begin, flush_end, pack, shift, tiles, uint64_t
from cnet._kernels.keepbits cimport drop
from cnet._kernels.types cimport real

cdef extern from "attention.h" nogil:
    float vf_soften(float *s, Py_ssize_t n, float *peak, float *total)
    double vd_soften(double *s, Py_ssize_t n, double *peak, double *total)
    void vf_weights(float *s, Py_ssize_t n, float peak, float part)
    void vd_weights(double *s, Py_ssize_t n, double peak, double part)
    void vf_weights_grad(float *s, const float *p, Py_ssize_t n, float delta, float scale)
    void vd_weights_grad(double *s, const double *p, Py_ssize_t n, double delta, double scale)
    float vf_product(const float *x, const float *y, Py_ssize_t n)
    double vd_product(const double *x, const double *y, Py_ssize_t n)
    void vf_scaled(const float *x, float *y, Py_ssize_t n, float factor)
    void vd_scaled(const double *x, double *y, Py_ssize_t n, double factor)

cnp.import_array()

cdef enum:
    # A tile of scores has ROWS queries: at most 12 tiles of gemm, so that it takes no scratch but PRIVATE.
    ROWS = 64
    KEYS = 256      # 64 KB of float scores beside 64 KB of k at E = 64: in a second-level cache
    GRAD_KEYS = 64  # rows of the products that make the gradients of k and v: as ROWS
    STEP = 16       # queries that are taken at once where keys end at the diagonal: of 64 by 64 pairs 5/8 are left


cdef inline real soften(real *s, Py_ssize_t n, real *peak, real *total) noexcept nogil:
    if real is float:
        return vf_soften(s, n, peak, total)
    else:
        return vd_soften(s, n, peak, total)


cdef inline void weights(real *s, Py_ssize_t n, real peak, real part) noexcept nogil:
    if real is float:
        vf_weights(s, n, peak, part)
    else:
        vd_weights(s, n, peak, part)


cdef inline void weights_grad(real *s, const real *p, Py_ssize_t n, real delta, real scale) noexcept nogil:
    if real is float:
        vf_weights_grad(s, p, n, delta, scale)
    else:
        vd_weights_grad(s, p, n, delta, scale)


cdef inline real product(const real *x, const real *y, Py_ssize_t n) noexcept nogil:
    if real is float:
        return vf_product(x, y, n)
    else:
        return vd_product(x, y, n)


cdef inline void scaled(const real *x, real *y, Py_ssize_t n, real factor) noexcept nogil:
    if real is float:
        vf_scaled(x, y, n, factor)
    else:
        vd_scaled(x, y, n, factor)


cdef struct Array:
    char *data
    Py_ssize_t batch, head, row  # strides in numbers


cdef struct Mask:
    char *data                         # NULL: none
    bint flags                         # bytes that say which keys count, or numbers to add
    Py_ssize_t batch, head, row, key   # strides in numbers


cdef struct Attention:
    Py_ssize_t B, H, G, L, S, E, V
    double scale
    bint causal
    Mask mask
    Array q, k, v, out, g, gq, gk, gv
    char *sums                         # [B, H, 2, L]: largest score, one over the sum of exponentials
    const unsigned char *bits          # one per weight, in the order of [B, H, L, S], set if it is kept; NULL: all are
    double gain                        # 1 / the probability to be kept


cdef inline Array array_of(cnp.ndarray a):
    cdef Array r
    cdef Py_ssize_t size = cnp.PyArray_ITEMSIZE(a)
    r.data = <char *> cnp.PyArray_DATA(a)
    r.batch, r.head = cnp.PyArray_STRIDE(a, 0) // size, cnp.PyArray_STRIDE(a, 1) // size
    r.row = cnp.PyArray_STRIDE(a, 2) // size
    return r


cdef inline real *rows(const Array *a, Py_ssize_t b, Py_ssize_t h, const real *kind) noexcept nogil:
    return <real *> a.data + b * a.batch + h * a.head


cdef inline Py_ssize_t bit_of(const Attention *t, Py_ssize_t b, Py_ssize_t h, Py_ssize_t i, Py_ssize_t j) noexcept nogil:
    """The number of the bit of query i and key j."""
    return ((b * t.H + h) * t.L + i) * t.S + j


cdef inline Py_ssize_t keys_of(const Attention *t, Py_ssize_t i, Py_ssize_t m) noexcept nogil:
    """How many keys the m queries from i on see."""
    return min(t.S, i + m) if t.causal else t.S


cdef inline void panels(Py_ssize_t E, Py_ssize_t n, const real *k, Py_ssize_t step, real *p) noexcept nogil:
    """p: n rows of k[n, E], turned and copied so that a tile of products reads them in order."""
    cdef Py_ssize_t j, wide = columns(k)
    for j from 0 <= j < n by wide:
        pack(E, min(wide, n - j), k + j * step, 1, step, p + j * E, wide)


cdef inline void products(Py_ssize_t m, Py_ssize_t n, Py_ssize_t E, const real *q, Py_ssize_t step, const real *p,
                          const real *d, Py_ssize_t drs, Py_ssize_t dcs, real *s, Py_ssize_t width) noexcept nogil:
    """s[m, n] = d + q k' for q[m, E] and the panels of k."""
    cdef Py_ssize_t j, wide = columns(q)
    if d != NULL and dcs != 0 and dcs != 1:
        fill(m, n, d, drs, dcs, s, width)
        d, drs, dcs = s, width, 1
    for j from 0 <= j < n by wide:
        tiles(m, min(wide, n - j), E, q, step, 1, p + j * E, wide, shift(d, j * dcs), drs, <int> dcs, s + j, width)


cdef inline void scores(const Attention *t, Py_ssize_t b, Py_ssize_t h, Py_ssize_t i, Py_ssize_t m, Py_ssize_t j,
                        Py_ssize_t n, const real *q, const real *p, real *s, Py_ssize_t width) noexcept nogil:
    """s[m, n] = q k' + mask for m queries from i on, scaled and contiguous in q, and n keys from j on.

    p: the panels of these keys; NULL for so few queries that dot products of k where it lies are quicker.
    """
    cdef const Mask *mask = &t.mask
    cdef const real *k = rows(&t.k, b, h // t.G, q) + j * t.k.row
    cdef const real *d = NULL
    cdef const char *flag
    cdef Py_ssize_t r, c, at = b * mask.batch + h * mask.head + i * mask.row + j * mask.key
    if mask.data != NULL and not mask.flags:
        d = <const real *> mask.data + at
    if p == NULL:
        gemm(m, n, t.E, q, t.E, 1, k, 1, t.k.row, d, mask.row, mask.key, s, width, False)
    else:
        products(m, n, t.E, q, t.E, p, d, mask.row, mask.key, s, width)
    if mask.data != NULL and mask.flags:
        for r in range(m):
            flag = mask.data + at + r * mask.row
            for c in range(n):
                if not flag[c * mask.key]:
                    s[r * width + c] = -INFINITY
    if t.causal:
        for r in range(m):
            for c in range(max(<Py_ssize_t> 0, i + r + 1 - j), n):
                s[r * width + c] = -INFINITY


cdef inline void scaled_queries(const Attention *t, const real *q, Py_ssize_t m, real *out) noexcept nogil:
    """out[m, E] = scale q."""
    cdef Py_ssize_t r
    for r in range(m):
        scaled(q + r * t.q.row, out + r * t.E, t.E, <real> t.scale)


cdef inline int forward_task(const Attention *t, Py_ssize_t task, const real *kind) noexcept nogil:
    """The results of one piece of ROWS queries of one head."""
    cdef Py_ssize_t pieces = (t.L + ROWS - 1) // ROWS, i = task % pieces * ROWS, h = task // pieces % t.H
    cdef Py_ssize_t b = task // pieces // t.H, m = min(<Py_ssize_t> ROWS, t.L - i), seen = keys_of(t, i, m)
    cdef Py_ssize_t j, n, r, c, first, high, step = t.out.row
    # No wider than need be: rows 1 KB apart would meet in a quarter of a first-level cache.
    cdef Py_ssize_t wide = min(<Py_ssize_t> KEYS, (t.S + columns(kind) - 1) // columns(kind) * columns(kind))
    # gemm packs into this thread's PRIVATE; nobody holds SHARED around this loop.
    cdef real *s = <real *> scratch(SHARED, (ROWS * (KEYS + t.E + 2) + KEYS * t.E) * sizeof(real))
    cdef real *q = s + ROWS * KEYS
    cdef real *p = q + ROWS * t.E
    cdef real *peak = p + KEYS * t.E
    cdef real *total = peak + ROWS
    cdef real *o = rows(&t.out, b, h, kind) + i * step
    cdef real *sums = <real *> t.sums + (b * t.H + h) * 2 * t.L + i
    cdef const real *v
    cdef real factor
    if s == NULL:
        return -1
    scaled_queries(t, rows(&t.q, b, h, kind) + i * t.q.row, m, q)
    if m <= DOTS_M:
        p = NULL
    for r in range(m):
        peak[r], total[r] = -INFINITY, 0
    for j from 0 <= j < seen by KEYS:
        n = min(<Py_ssize_t> KEYS, seen - j)
        v = rows(&t.v, b, h // t.G, kind) + j * t.v.row
        if p != NULL:
            panels(t.E, n, rows(&t.k, b, h // t.G, kind) + j * t.k.row, t.k.row, p)
        high = m if p == NULL or not t.causal or j + n <= i else STEP
        for first from 0 <= first < m by high:
            c = min(high, m - first)
            n = min(<Py_ssize_t> KEYS, keys_of(t, i + first, c) - j)
            scores(t, b, h, i + first, c, j, n, q + first * t.E, p, s + first * wide, wide)
            for r in range(first, first + c):
                factor = soften(s + r * wide, n, peak + r, total + r)
                if j > 0 and factor != 1:
                    scaled(o + r * step, o + r * step, t.V, factor)
                if t.bits != NULL:
                    drop(s + r * wide, s + r * wide, n, t.bits, bit_of(t, b, h, i + r, j), <real> t.gain)
            if gemm(c, t.V, n, s + first * wide, wide, 1, v, t.v.row, 1,
                    <const real *> NULL if j == 0 else o + first * step, step, 1, o + first * step, step, False):
                return -1
    for r in range(m):
        sums[r], sums[t.L + r] = peak[r], 0
        if total[r] != 0:
            sums[t.L + r] = 1 / total[r]
            scaled(o + r * step, o + r * step, t.V, sums[t.L + r])
    return 0


cdef inline int grad_tile(const Attention *t, Py_ssize_t b, Py_ssize_t h, Py_ssize_t i, Py_ssize_t m, Py_ssize_t j,
                          Py_ssize_t n, bint new_q, bint new_kv, const real *delta, const real *pk, const real *pv, real *s,
                          real *p, real *q) noexcept nogil:
    """What m queries from i on and n keys from j on give to the gradients; s, p: [2 ROWS, GRAD_KEYS], q: [ROWS, E].

    pk, pv: the panels of these keys and values. new_q: it is the first that the gradient of q gets there; new_kv: alike for
    k and v. Others are added.
    """
    cdef Py_ssize_t kv = h // t.G, r, first, c, w, high = STEP if t.causal and j + n > i else max(m, n)
    cdef const real *sums = <const real *> t.sums + (b * t.H + h) * 2 * t.L + i
    cdef const real *g = rows(&t.g, b, h, q) + i * t.g.row
    cdef const real *queries = rows(&t.q, b, h, q) + i * t.q.row
    cdef const real *k = rows(&t.k, b, kv, q) + j * t.k.row
    cdef real *gq = rows(&t.gq, b, h, q) + i * t.gq.row
    cdef real *gk = rows(&t.gk, b, kv, q) + j * t.gk.row
    cdef real *gv = rows(&t.gv, b, kv, q) + j * t.gv.row
    cdef real *kept = p if t.bits == NULL else p + ROWS * GRAD_KEYS
    cdef int failed = 0
    scaled_queries(t, queries, m, q)
    for first from 0 <= first < m by high:
        c = min(high, m - first)
        w = min(n, keys_of(t, i + first, high) - j)
        # As forward_task: the same products in the same order, so that the largest score is what it was.
        scores(t, b, h, i + first, c, j, w, q + first * t.E, <const real *> NULL if m <= DOTS_M else pk,
               p + first * GRAD_KEYS, <Py_ssize_t> GRAD_KEYS)
        products(c, w, t.V, g + first * t.g.row, t.g.row, pv, <const real *> NULL, 0, 0, s + first * GRAD_KEYS,
                 <Py_ssize_t> GRAD_KEYS)
        for r in range(first, first + c):
            weights(p + r * GRAD_KEYS, w, sums[r], sums[t.L + r])
            if t.bits != NULL:
                drop(p + r * GRAD_KEYS, kept + r * GRAD_KEYS, w, t.bits, bit_of(t, b, h, i + r, j), <real> t.gain)
                drop(s + r * GRAD_KEYS, s + r * GRAD_KEYS, w, t.bits, bit_of(t, b, h, i + r, j), <real> t.gain)
            weights_grad(s + r * GRAD_KEYS, p + r * GRAD_KEYS, w, delta[i + r], <real> t.scale)
        failed |= gemm(c, t.E, w, s + first * GRAD_KEYS, <Py_ssize_t> GRAD_KEYS, 1, k, t.k.row, 1,
                       <const real *> NULL if new_q else gq + first * t.gq.row, t.gq.row, 1, gq + first * t.gq.row, t.gq.row,
                       False)
    for first from 0 <= first < n by high:
        c = min(high, n - first)
        # Keys from j + first on are seen by queries from there on; what other queries say of them was not computed.
        r = max(<Py_ssize_t> 0, j + first - i) if t.causal else 0
        if r >= m:
            if new_kv:
                clear(&t.gk, b, kv, j + first, n - first, t.E, q)
                clear(&t.gv, b, kv, j + first, n - first, t.V, q)
            break
        failed |= gemm(c, t.V, m - r, kept + r * GRAD_KEYS + first, 1, <Py_ssize_t> GRAD_KEYS, g + r * t.g.row, t.g.row, 1,
                       <const real *> NULL if new_kv else gv + first * t.gv.row, t.gv.row, 1, gv + first * t.gv.row,
                       t.gv.row, False)
        failed |= gemm(c, t.E, m - r, s + r * GRAD_KEYS + first, 1, <Py_ssize_t> GRAD_KEYS, queries + r * t.q.row, t.q.row, 1,
                       <const real *> NULL if new_kv else gk + first * t.gk.row, t.gk.row, 1, gk + first * t.gk.row,
                       t.gk.row, False)
    return failed


cdef inline void clear(const Array *a, Py_ssize_t b, Py_ssize_t h, Py_ssize_t first, Py_ssize_t count, Py_ssize_t width,
                       const real *kind) noexcept nogil:
    cdef Py_ssize_t r
    for r in range(first, first + count):
        memset(rows(a, b, h, kind) + r * a.row, 0, width * sizeof(real))


cdef inline int backward_task(const Attention *t, Py_ssize_t task, const real *kind) noexcept nogil:
    """The gradients of one head of k and v and of its G heads of q: one task, so that their sums have one order."""
    cdef Py_ssize_t groups = t.H // t.G, b = task // groups, kv = task % groups, h, i, j, r, first, n
    cdef real *s = <real *> scratch(SHARED, (ROWS * (3 * GRAD_KEYS + t.E) + GRAD_KEYS * (t.E + t.V) + t.L) * sizeof(real))
    cdef real *p = s + ROWS * GRAD_KEYS
    cdef real *q = p + 2 * ROWS * GRAD_KEYS
    cdef real *pk = q + ROWS * t.E
    cdef real *pv = pk + GRAD_KEYS * t.E
    cdef real *delta = pv + GRAD_KEYS * t.V
    cdef int failed = 0
    if s == NULL:
        return -1
    for h in range(kv * t.G, kv * t.G + t.G):
        for r in range(t.L):
            delta[r] = product(rows(&t.g, b, h, kind) + r * t.g.row, rows(&t.out, b, h, kind) + r * t.out.row, t.V)
        for j from 0 <= j < t.S by GRAD_KEYS:
            n = min(<Py_ssize_t> GRAD_KEYS, t.S - j)
            # Pieces of queries that lie before all of these keys see none of them.
            first = j // ROWS * ROWS if t.causal else 0
            if first >= t.L:
                clear(&t.gk, b, kv, j, n, t.E, kind)
                clear(&t.gv, b, kv, j, n, t.V, kind)
                continue
            panels(t.E, n, rows(&t.k, b, kv, kind) + j * t.k.row, t.k.row, pk)
            panels(t.V, n, rows(&t.v, b, kv, kind) + j * t.v.row, t.v.row, pv)
            for i from first <= i < t.L by ROWS:
                failed |= grad_tile(t, b, h, i, min(<Py_ssize_t> ROWS, t.L - i), j, n, j == 0, i == first and h == kv * t.G,
                                    delta, pk, pv, s, p, q)
    return failed


cdef inline int one_task(const Attention *t, Py_ssize_t task, bint backward, const real *kind) noexcept nogil:
    cdef uint64_t old = flush_begin()
    cdef int failed = backward_task(t, task, kind) if backward else forward_task(t, task, kind)
    flush_end(old)
    return failed


cdef int run(const Attention *t, bint backward, const real *kind) noexcept nogil:
    # Against the 10 units a nanosecond that threads_for counts on: 80 multiplications, one exponential per score.
    cdef double work = <double> t.B * t.H * t.L * t.S * ((t.E + t.V) / 8.0 + 4) * (3 if backward else 1)
    cdef int threads = threads_for(work / 2 if t.causal else work), failed = 0
    cdef Py_ssize_t task, tasks = t.B * (t.H // t.G if backward else t.H * ((t.L + ROWS - 1) // ROWS))
    cdef uint64_t old
    if threads == 1:
        old = flush_begin()  # once: the tasks and their products then find it done
        for task in range(tasks):
            failed |= one_task(t, task, backward, kind)
        flush_end(old)
        return failed
    # Causal pieces differ in length, hence dynamic; a piece has its own results, whoever computes it.
    for task in prange(tasks, num_threads=threads, schedule='dynamic'):
        failed |= one_task(t, task, backward, kind)
    return failed


cdef Attention describe(cnp.ndarray q, cnp.ndarray k, cnp.ndarray v, cnp.ndarray mask, double scale, bint causal,
                        cnp.ndarray bits, double gain):
    cdef Attention t
    cdef Py_ssize_t size
    t.B, t.H, t.L, t.E = cnp.PyArray_DIM(q, 0), cnp.PyArray_DIM(q, 1), cnp.PyArray_DIM(q, 2), cnp.PyArray_DIM(q, 3)
    t.S, t.V = cnp.PyArray_DIM(k, 2), cnp.PyArray_DIM(v, 3)
    t.G = t.H // cnp.PyArray_DIM(k, 1)
    t.scale, t.causal, t.gain = scale, causal, gain
    t.bits = NULL if bits is None else <const unsigned char *> cnp.PyArray_DATA(bits)
    t.q, t.k, t.v = array_of(q), array_of(k), array_of(v)
    t.mask.data = NULL
    t.mask.row = t.mask.key = t.mask.batch = t.mask.head = 0
    if mask is not None:
        size = cnp.PyArray_ITEMSIZE(mask)
        t.mask.data = <char *> cnp.PyArray_DATA(mask)
        t.mask.flags = cnp.PyArray_TYPE(mask) == cnp.NPY_BOOL
        t.mask.batch, t.mask.head = cnp.PyArray_STRIDE(mask, 0) // size, cnp.PyArray_STRIDE(mask, 1) // size
        t.mask.row, t.mask.key = cnp.PyArray_STRIDE(mask, 2) // size, cnp.PyArray_STRIDE(mask, 3) // size
    return t


cdef dispatch(Attention *t, bint single, bint backward):
    cdef int failed
    with nogil:
        failed = run(t, backward, <float *> NULL) if single else run(t, backward, <double *> NULL)
    if failed:
        raise MemoryError('scaled_dot_product_attention(): no memory for tiles')


cdef cnp.ndarray result_for(cnp.ndarray q, cnp.npy_intp V):
    """A new array [B, H, L, V] whose dimensions lie in memory in the order of those of q."""
    cdef cnp.npy_intp shape[4]
    cdef int order[3]        # innermost first
    cdef cnp.npy_intp place[4]
    cdef cnp.PyArray_Dims turned
    cdef cnp.npy_intp *step = cnp.PyArray_STRIDES(q)
    cdef cnp.npy_intp *size = cnp.PyArray_DIMS(q)
    cdef int i, j, k, a, b
    order[0], order[1], order[2] = 2, 1, 0
    for i in range(1, 3):    # as arrays._dense_order
        k = i
        for j in range(i - 1, -1, -1):
            a, b = order[j], order[k]
            if step[a] == 0 or step[b] == 0:
                continue
            if step[a] < step[b]:
                break
            if step[a] > step[b] or size[a] > size[b]:
                order[j], order[k] = b, a
                k = j
    for i in range(3):
        shape[i] = size[order[2 - i]]
        place[order[2 - i]] = i
    shape[3], place[3] = V, 3
    turned.ptr, turned.len = place, 4
    return cnp.PyArray_Transpose(new_array(4, shape, cnp.PyArray_TYPE(q)), &turned)


def forward(cnp.ndarray q, cnp.ndarray k, cnp.ndarray v, cnp.ndarray mask, double scale, bint causal, cnp.ndarray bits,
            double gain, cnp.ndarray out=None):
    """(out[B, H, L, V], sums[B, H, 2, L]) for q[B, H, L, E], k[B, H / G, S, E], v[B, H / G, S, V]. out: where to, if given.

    mask: None, or an array of [B, H, L, S] of bool or of the type of q. causal: query i sees keys 0 to i. bits:
    None, or bytes (and four more) with one bit per weight, the first in the lowest; where it is set the weight is multiplied
    by `gain`, else by 0.
    """
    cdef Attention t = describe(q, k, v, mask, scale, causal, bits, gain)
    cdef cnp.npy_intp shape[4]
    cdef cnp.ndarray sums
    shape[0], shape[1], shape[2], shape[3] = t.B, t.H, 2, t.L
    sums = new_array(4, shape, cnp.PyArray_TYPE(q))
    if out is None:
        out = result_for(q, t.V)
    t.out = array_of(out)
    t.sums = <char *> cnp.PyArray_DATA(sums)
    dispatch(&t, cnp.PyArray_TYPE(q) == cnp.NPY_FLOAT, False)
    return out, sums


def backward(cnp.ndarray g, cnp.ndarray q, cnp.ndarray k, cnp.ndarray v, cnp.ndarray mask, double scale, bint causal,
             cnp.ndarray bits, double gain, cnp.ndarray out, cnp.ndarray sums, cnp.ndarray gq, cnp.ndarray gk, cnp.ndarray gv):
    """gq, gk, gv, the gradients of q, k, v, from the gradient g of the result of `forward`."""
    cdef Attention t = describe(q, k, v, mask, scale, causal, bits, gain)
    t.out, t.g, t.gq, t.gk, t.gv = array_of(out), array_of(g), array_of(gq), array_of(gk), array_of(gv)
    t.sums = <char *> cnp.PyArray_DATA(sums)
    dispatch(&t, cnp.PyArray_TYPE(q) == cnp.NPY_FLOAT, True)
