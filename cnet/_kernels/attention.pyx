"""Attention by tiles: softmax(scale q k' + mask) v for every head, forward and backward, without the matrix of weights.

Letters: B batches, H heads of q, G of them per head of k and v, L queries, S keys, E their length, V the length of values.
Arrays have four dimensions, the last one contiguous, any strides before it. The forward pass keeps the logarithm of every
row's sum of exponentials (lse), from which the backward pass makes the weights again, tile by tile (Dao et al., 2022). A
row whose keys are all masked has weights 0.
"""

cimport numpy as cnp
from cython.parallel cimport prange
from libc.math cimport INFINITY, log
from libc.string cimport memset

from cnet._kernels._threads cimport threads_for
from cnet._kernels._workspace cimport SHARED, scratch
from cnet._kernels.gemm cimport gemm
from cnet._kernels.rowmath cimport row_dot, row_exp, row_exp_store, row_max, row_sum
from cnet._kernels.types cimport real

cnp.import_array()

cdef enum:
    # A tile of scores has ROWS queries: at most 12 tiles of gemm, so that it takes no scratch but PRIVATE.
    ROWS = 64
    KEYS = 256      # 64 KB of float scores beside 64 KB of k at E = 64: in a second-level cache
    GRAD_KEYS = 64  # rows of the products that make the gradients of k and v: as ROWS


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
    char *lse


cdef inline Array array_of(cnp.ndarray a):
    cdef Array r
    cdef Py_ssize_t size = cnp.PyArray_ITEMSIZE(a)
    r.data = <char *> cnp.PyArray_DATA(a)
    r.batch, r.head = cnp.PyArray_STRIDE(a, 0) // size, cnp.PyArray_STRIDE(a, 1) // size
    r.row = cnp.PyArray_STRIDE(a, 2) // size
    return r


cdef inline real *rows(const Array *a, Py_ssize_t b, Py_ssize_t h, const real *kind) noexcept nogil:
    return <real *> a.data + b * a.batch + h * a.head


cdef inline Py_ssize_t keys_of(const Attention *t, Py_ssize_t i, Py_ssize_t m) noexcept nogil:
    """How many keys the m queries from i on see."""
    return min(t.S, i + m) if t.causal else t.S


cdef inline int scores(const Attention *t, Py_ssize_t b, Py_ssize_t h, Py_ssize_t i, Py_ssize_t m, Py_ssize_t j,
                       Py_ssize_t n, const real *q, real *s, Py_ssize_t width) noexcept nogil:
    """s[m, n] = q k' + mask for m queries from i on, scaled and contiguous in q, and n keys from j on."""
    cdef const Mask *mask = &t.mask
    cdef const real *k = rows(&t.k, b, h // t.G, q) + j * t.k.row
    cdef const real *d = NULL
    cdef const char *flag
    cdef Py_ssize_t r, c, at = b * mask.batch + h * mask.head + i * mask.row + j * mask.key
    if mask.data != NULL and not mask.flags:
        d = <const real *> mask.data + at
    if gemm(m, n, t.E, q, t.E, 1, k, 1, t.k.row, d, mask.row, mask.key, s, width, False):
        return -1
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
    return 0


cdef inline void scaled(const Attention *t, const real *q, Py_ssize_t m, real *out) noexcept nogil:
    """out[m, E] = scale q."""
    cdef Py_ssize_t r, e
    cdef real scale = <real> t.scale
    for r in range(m):
        for e in range(t.E):
            out[r * t.E + e] = q[r * t.q.row + e] * scale


cdef inline int forward_task(const Attention *t, Py_ssize_t task, const real *kind) noexcept nogil:
    """The results of one piece of ROWS queries of one head."""
    cdef Py_ssize_t pieces = (t.L + ROWS - 1) // ROWS, i = task % pieces * ROWS, h = task // pieces % t.H
    cdef Py_ssize_t b = task // pieces // t.H, m = min(<Py_ssize_t> ROWS, t.L - i), seen = keys_of(t, i, m)
    cdef Py_ssize_t j, n, r, e, step = t.out.row
    # gemm packs into this thread's PRIVATE; nobody holds SHARED around this loop.
    cdef real *s = <real *> scratch(SHARED, (ROWS * (KEYS + t.E + 2)) * sizeof(real))
    cdef real *q = s + ROWS * KEYS
    cdef real *peak = q + ROWS * t.E
    cdef real *total = peak + ROWS
    cdef real *o = rows(&t.out, b, h, kind) + i * step
    cdef real *lse = <real *> t.lse + (b * t.H + h) * t.L + i
    cdef real high, factor
    if s == NULL:
        return -1
    scaled(t, rows(&t.q, b, h, kind) + i * t.q.row, m, q)
    for r in range(m):
        peak[r], total[r] = -INFINITY, 0
        memset(o + r * step, 0, t.V * sizeof(real))
    for j from 0 <= j < seen by KEYS:
        n = min(<Py_ssize_t> KEYS, seen - j)
        if scores(t, b, h, i, m, j, n, q, s, <Py_ssize_t> KEYS):
            return -1
        for r in range(m):
            high = row_max(s + r * KEYS, n)
            if peak[r] > high:  # not max(): NaN stays
                high = peak[r]
            # The sum is NaN if one score is, which row_max may pass over.
            if high == -INFINITY and row_sum(s + r * KEYS, n) == -INFINITY:
                memset(s + r * KEYS, 0, n * sizeof(real))
                continue
            if high != peak[r] and j > 0:
                factor = row_exp(peak[r] - high)
                total[r] *= factor
                for e in range(t.V):
                    o[r * step + e] *= factor
            peak[r] = high
            total[r] += row_exp_store(s + r * KEYS, s + r * KEYS, high, n)
        if gemm(m, t.V, n, s, <Py_ssize_t> KEYS, 1, rows(&t.v, b, h // t.G, kind) + j * t.v.row, t.v.row, 1, o, step, 1, o,
                step, False):
            return -1
    for r in range(m):
        if total[r] == 0:
            lse[r] = -INFINITY
            continue
        factor = 1 / total[r]
        for e in range(t.V):
            o[r * step + e] *= factor
        lse[r] = peak[r] + <real> log(total[r])
    return 0


cdef inline int grad_tile(const Attention *t, Py_ssize_t b, Py_ssize_t h, Py_ssize_t i, Py_ssize_t m, Py_ssize_t j,
                          Py_ssize_t n, const real *delta, real *s, real *p, real *q) noexcept nogil:
    """Adds what m queries from i on and n keys from j on give to the gradients; p, s: [ROWS, GRAD_KEYS], q: [ROWS, E]."""
    cdef Py_ssize_t kv = h // t.G, r, c
    cdef const real *lse = <const real *> t.lse + (b * t.H + h) * t.L + i
    cdef const real *g = rows(&t.g, b, h, q) + i * t.g.row
    cdef const real *v = rows(&t.v, b, kv, q) + j * t.v.row
    cdef real *gq = rows(&t.gq, b, h, q) + i * t.gq.row
    cdef real *gk = rows(&t.gk, b, kv, q) + j * t.gk.row
    cdef real *gv = rows(&t.gv, b, kv, q) + j * t.gv.row
    cdef real scale = <real> t.scale, d
    cdef int failed
    scaled(t, rows(&t.q, b, h, q) + i * t.q.row, m, q)
    failed = scores(t, b, h, i, m, j, n, q, p, <Py_ssize_t> GRAD_KEYS)
    for r in range(m):
        if lse[r] == -INFINITY:
            memset(p + r * GRAD_KEYS, 0, n * sizeof(real))
        else:
            row_exp_store(p + r * GRAD_KEYS, p + r * GRAD_KEYS, lse[r], n)
    failed |= gemm(n, t.V, m, p, 1, <Py_ssize_t> GRAD_KEYS, g, t.g.row, 1, gv, t.gv.row, 1, gv, t.gv.row, False)
    failed |= gemm(m, n, t.V, g, t.g.row, 1, v, 1, t.v.row, <const real *> NULL, 0, 0, s, <Py_ssize_t> GRAD_KEYS, False)
    for r in range(m):
        d = delta[i + r]
        for c in range(n):
            s[r * GRAD_KEYS + c] = p[r * GRAD_KEYS + c] * (s[r * GRAD_KEYS + c] - d) * scale
    failed |= gemm(m, t.E, n, s, <Py_ssize_t> GRAD_KEYS, 1, rows(&t.k, b, kv, q) + j * t.k.row, t.k.row, 1, gq, t.gq.row, 1,
                   gq, t.gq.row, False)
    failed |= gemm(n, t.E, m, s, 1, <Py_ssize_t> GRAD_KEYS, rows(&t.q, b, h, q) + i * t.q.row, t.q.row, 1, gk, t.gk.row, 1,
                   gk, t.gk.row, False)
    return failed


cdef inline void clear(const Array *a, Py_ssize_t b, Py_ssize_t h, Py_ssize_t count, Py_ssize_t width,
                       const real *kind) noexcept nogil:
    cdef Py_ssize_t r
    for r in range(count):
        memset(rows(a, b, h, kind) + r * a.row, 0, width * sizeof(real))


cdef inline int backward_task(const Attention *t, Py_ssize_t task, const real *kind) noexcept nogil:
    """The gradients of one head of k and v and of its G heads of q: one task, so that their sums have one order."""
    cdef Py_ssize_t groups = t.H // t.G, b = task // groups, kv = task % groups, h, i, j, r, first
    cdef real *s = <real *> scratch(SHARED, (ROWS * (2 * GRAD_KEYS + t.E) + t.L) * sizeof(real))
    cdef real *p = s + ROWS * GRAD_KEYS
    cdef real *q = p + ROWS * GRAD_KEYS
    cdef real *delta = q + ROWS * t.E
    cdef int failed = 0
    if s == NULL:
        return -1
    clear(&t.gk, b, kv, t.S, t.E, kind)
    clear(&t.gv, b, kv, t.S, t.V, kind)
    for h in range(kv * t.G, kv * t.G + t.G):
        clear(&t.gq, b, h, t.L, t.E, kind)
        for r in range(t.L):
            delta[r] = <real> row_dot(rows(&t.g, b, h, kind) + r * t.g.row, rows(&t.out, b, h, kind) + r * t.out.row, t.V)
        for j from 0 <= j < t.S by GRAD_KEYS:
            # Pieces of queries that lie before all of these keys see none of them.
            first = j // ROWS * ROWS if t.causal else 0
            for i from first <= i < t.L by ROWS:
                failed |= grad_tile(t, b, h, i, min(<Py_ssize_t> ROWS, t.L - i), j, min(<Py_ssize_t> GRAD_KEYS, t.S - j),
                                    delta, s, p, q)
    return failed


cdef int run(const Attention *t, bint backward, const real *kind) noexcept nogil:
    # Against the 10 units a nanosecond that threads_for counts on: 80 multiplications, one exponential per score.
    cdef double work = <double> t.B * t.H * t.L * t.S * ((t.E + t.V) / 8.0 + 4) * (3 if backward else 1)
    cdef int threads = threads_for(work / 2 if t.causal else work), failed = 0
    cdef Py_ssize_t task, tasks = t.B * (t.H // t.G if backward else t.H * ((t.L + ROWS - 1) // ROWS))
    # Causal pieces differ in length, hence dynamic; a piece has its own results, whoever computes it.
    for task in prange(tasks, num_threads=threads, schedule='dynamic'):
        if backward:
            failed |= backward_task(t, task, kind)
        else:
            failed |= forward_task(t, task, kind)
    return failed


cdef Attention describe(cnp.ndarray q, cnp.ndarray k, cnp.ndarray v, cnp.ndarray mask, double scale, bint causal):
    cdef Attention t
    cdef Py_ssize_t size
    t.B, t.H, t.L, t.E = cnp.PyArray_DIM(q, 0), cnp.PyArray_DIM(q, 1), cnp.PyArray_DIM(q, 2), cnp.PyArray_DIM(q, 3)
    t.S, t.V = cnp.PyArray_DIM(k, 2), cnp.PyArray_DIM(v, 3)
    t.G = t.H // cnp.PyArray_DIM(k, 1)
    t.scale, t.causal = scale, causal
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


def forward(cnp.ndarray q, cnp.ndarray k, cnp.ndarray v, cnp.ndarray mask, double scale, bint causal, cnp.ndarray out,
            cnp.ndarray lse):
    """out[B, H, L, V] and lse[B, H, L], contiguous, for q[B, H, L, E], k[B, H / G, S, E], v[B, H / G, S, V].

    mask: None, or an array of [B, H, L, S] of bool or of the type of q. causal: query i sees keys 0 to i.
    """
    cdef Attention t = describe(q, k, v, mask, scale, causal)
    t.out = array_of(out)
    t.lse = <char *> cnp.PyArray_DATA(lse)
    dispatch(&t, cnp.PyArray_TYPE(q) == cnp.NPY_FLOAT, False)


def backward(cnp.ndarray g, cnp.ndarray q, cnp.ndarray k, cnp.ndarray v, cnp.ndarray mask, double scale, bint causal,
             cnp.ndarray out, cnp.ndarray lse, cnp.ndarray gq, cnp.ndarray gk, cnp.ndarray gv):
    """gq, gk, gv, the gradients of q, k, v, from the gradient g of the result of `forward`."""
    cdef Attention t = describe(q, k, v, mask, scale, causal)
    t.out, t.g, t.gq, t.gk, t.gv = array_of(out), array_of(g), array_of(gq), array_of(gk), array_of(gv)
    t.lse = <char *> cnp.PyArray_DATA(lse)
    dispatch(&t, cnp.PyArray_TYPE(q) == cnp.NPY_FLOAT, True)
