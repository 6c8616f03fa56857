"""Matrix products for kernels to include: c = d + a b, for any strides of a and b.

Letters: M, N, K are the sizes of a[M, K], b[K, N], c[M, N]; ars, acs are the distances between rows and between columns
of a, in numbers. c has contiguous rows, crs apart. d is NULL (nothing is added) or has strides drs and dcs: 0 repeats a
bias, and d may be c. The order of the sums depends on the shape and the strides, never on the number of threads.
"""

from cython.parallel cimport prange

from cnet._kernels._threads cimport threads_for
from cnet._kernels._workspace cimport PRIVATE, SHARED, scratch
from cnet._kernels.types cimport real

cdef extern from "gemm_ukr.h" nogil:
    const Py_ssize_t MR "gemm_mr"
    const Py_ssize_t DOTS_M "gemm_dots_m"
    const Py_ssize_t F32_NR "vf_nr", F32_LANES "vf_lanes"
    const Py_ssize_t F64_NR "vd_nr", F64_LANES "vd_lanes"
    void vf_tile(Py_ssize_t m, Py_ssize_t n, Py_ssize_t k, const float *a, Py_ssize_t ars, Py_ssize_t acs, const float *b,
                 Py_ssize_t brs, const float *d, Py_ssize_t drs, int dcs, float *c, Py_ssize_t crs)
    void vd_tile(Py_ssize_t m, Py_ssize_t n, Py_ssize_t k, const double *a, Py_ssize_t ars, Py_ssize_t acs, const double *b,
                 Py_ssize_t brs, const double *d, Py_ssize_t drs, int dcs, double *c, Py_ssize_t crs)
    void vf_pack(Py_ssize_t k, Py_ssize_t n, const float *x, Py_ssize_t ks, Py_ssize_t step, float *p, Py_ssize_t width)
    void vd_pack(Py_ssize_t k, Py_ssize_t n, const double *x, Py_ssize_t ks, Py_ssize_t step, double *p, Py_ssize_t width)
    void vf_dots(Py_ssize_t m, Py_ssize_t n, Py_ssize_t k, const float *a, Py_ssize_t ars, const float *b, Py_ssize_t bcs,
                 const float *d, Py_ssize_t drs, Py_ssize_t dcs, float *c, Py_ssize_t crs)
    void vd_dots(Py_ssize_t m, Py_ssize_t n, Py_ssize_t k, const double *a, Py_ssize_t ars, const double *b, Py_ssize_t bcs,
                 const double *d, Py_ssize_t drs, Py_ssize_t dcs, double *c, Py_ssize_t crs)
    void vf_axpys(Py_ssize_t m, Py_ssize_t n, Py_ssize_t k, const float *a, Py_ssize_t ars, Py_ssize_t acs, const float *b,
                  Py_ssize_t brs, const float *d, Py_ssize_t drs, Py_ssize_t dcs, float *c, Py_ssize_t crs)
    void vd_axpys(Py_ssize_t m, Py_ssize_t n, Py_ssize_t k, const double *a, Py_ssize_t ars, Py_ssize_t acs, const double *b,
                  Py_ssize_t brs, const double *d, Py_ssize_t drs, Py_ssize_t dcs, double *c, Py_ssize_t crs)

# Products of denormal numbers take 150 cycles each on most x86 cores: every task counts them as zero.
cdef extern from "flush.h" nogil:
    ctypedef unsigned long long uint64_t
    uint64_t flush_begin()
    void flush_end(uint64_t old)

cdef enum:
    KC = 256        # rows of a panel of b: 256 x 32 floats are 32 KB, two thirds of a first-level cache of 48 KB
    NC = 3072       # columns of b packed at once: 3 MB with KC
    ROW_TILES = 12  # tiles per task: with KC, 72 KB (6 rows each) to 168 KB (14 rows) of a second-level cache
    COLUMN_TILES = 4
    DOT_COLUMNS = 64
    DOT_K = 1024         # four columns of b are 16 KB then, and stay in the first-level cache for all rows of a
    DOT_ROWS = 32        # up to here dot products beat packing b (1.1 to 2 times), from 48 rows on they lose
    DOT_MIN = 256        # numbers in a dot product: below, adding up the lanes costs too much
    AXPY_ROWS = 4
    AXPY_MIN = 64
    AXPY_COLUMNS = 1024  # 4 KB for each row of c stay in the first-level cache; more would leave threads without a piece
    DIRECT_COLUMNS = 4   # tiles across, up to which a copy of a is not used often enough to pay: 1.4 times at 64 columns
    DIRECT_WORK = 1 << 24  # 256 x 256 x 256


cdef inline Py_ssize_t columns(const real *x) noexcept nogil:
    """Columns of a whole tile."""
    return F32_NR if real is float else F64_NR


cdef inline Py_ssize_t lanes(const real *x) noexcept nogil:
    return F32_LANES if real is float else F64_LANES


cdef inline const real *shift(const real *d, Py_ssize_t by) noexcept nogil:
    """d + by; NULL stays NULL."""
    if d == NULL:
        return NULL
    return d + by


cdef inline void tile(Py_ssize_t m, Py_ssize_t n, Py_ssize_t k, const real *a, Py_ssize_t ars, Py_ssize_t acs,
                      const real *b, Py_ssize_t brs, const real *d, Py_ssize_t drs, int dcs, real *c,
                      Py_ssize_t crs) noexcept nogil:
    """c = d + a b for m <= MR rows and n <= columns() columns; b is readable up to the next whole vector."""
    if real is float:
        vf_tile(m, n, k, a, ars, acs, b, brs, d, drs, dcs, c, crs)
    else:
        vd_tile(m, n, k, a, ars, acs, b, brs, d, drs, dcs, c, crs)


cdef inline void pack(Py_ssize_t k, Py_ssize_t n, const real *x, Py_ssize_t ks, Py_ssize_t step, real *p,
                      Py_ssize_t width) noexcept nogil:
    """p[k, width] = x[k, n] and zeros; ks and step are the strides of x along k and along n."""
    if real is float:
        vf_pack(k, n, x, ks, step, p, width)
    else:
        vd_pack(k, n, x, ks, step, p, width)


cdef inline void dots(Py_ssize_t m, Py_ssize_t n, Py_ssize_t k, const real *a, Py_ssize_t ars, const real *b,
                      Py_ssize_t bcs, const real *d, Py_ssize_t drs, Py_ssize_t dcs, real *c,
                      Py_ssize_t crs) noexcept nogil:
    """c = d + a b for m <= DOTS_M and n <= 4, both contiguous along k."""
    if real is float:
        vf_dots(m, n, k, a, ars, b, bcs, d, drs, dcs, c, crs)
    else:
        vd_dots(m, n, k, a, ars, b, bcs, d, drs, dcs, c, crs)


cdef inline void fill(Py_ssize_t M, Py_ssize_t N, const real *d, Py_ssize_t drs, Py_ssize_t dcs, real *c,
                      Py_ssize_t crs) noexcept nogil:
    """c = d, or zeros."""
    cdef Py_ssize_t i, j
    for i in range(M):
        if d == NULL:
            for j in range(N):
                c[i * crs + j] = 0
        else:
            for j in range(N):
                c[i * crs + j] = d[i * drs + j * dcs]


cdef inline Py_ssize_t height(Py_ssize_t m) noexcept nogil:
    """Rows per tile so that all tiles of m rows are about equally high: 16 rows are 8 + 8 rather than 14 + 2."""
    cdef Py_ssize_t tiles = (m + MR - 1) // MR
    return (m + tiles - 1) // tiles


cdef inline void tiles(Py_ssize_t m, Py_ssize_t n, Py_ssize_t k, const real *a, Py_ssize_t ars, Py_ssize_t acs,
                       const real *b, Py_ssize_t brs, const real *d, Py_ssize_t drs, int dcs, real *c,
                       Py_ssize_t crs) noexcept nogil:
    """As tile, for any number of rows."""
    cdef Py_ssize_t i, h = height(m)
    for i from 0 <= i < m by h:
        tile(min(h, m - i), n, k, a + i * ars, ars, acs, b, brs, shift(d, i * drs), drs, dcs,
             c + i * crs, crs)


cdef inline int direct_task(Py_ssize_t t, Py_ssize_t M, Py_ssize_t N, Py_ssize_t K, const real *a, Py_ssize_t ars,
                            Py_ssize_t acs, const real *b, Py_ssize_t brs, Py_ssize_t bcs, const real *d,
                            Py_ssize_t drs, int dcs, real *c, Py_ssize_t crs) noexcept nogil:
    """Piece t of gemm_direct: one tile wide, DIRECT_TILES tiles high. b is read in place where it has whole vectors."""
    cdef Py_ssize_t across = (N + columns(b) - 1) // columns(b)
    cdef Py_ssize_t i = t // across * (MR * ROW_TILES), j = t % across * columns(b)
    cdef Py_ssize_t m = min(<Py_ssize_t> (MR * ROW_TILES), M - i), n = min(columns(b), N - j)
    cdef Py_ssize_t k, kc, width = lanes(b) if n <= lanes(b) else columns(b)
    cdef real *p = NULL
    cdef uint64_t old
    a, b, c = a + i * ars, b + j * bcs, c + i * crs + j
    d = shift(d, i * drs + j * dcs)
    if bcs != 1 or n != width:
        p = <real *> scratch(PRIVATE, KC * width * sizeof(real))
        if p == NULL:
            return -1
    old = flush_begin()
    for k from 0 <= k < K by KC:
        kc = min(<Py_ssize_t> KC, K - k)
        if p == NULL:
            tiles(m, n, kc, a + k * acs, ars, acs, b + k * brs, brs, d, drs, dcs, c, crs)
        else:
            pack(kc, n, b + k * brs, brs, bcs, p, width)
            tiles(m, n, kc, a + k * acs, ars, acs, p, width, d, drs, dcs, c, crs)
        d, drs, dcs = c, crs, 1
    flush_end(old)
    return 0


cdef inline int gemm_direct(Py_ssize_t M, Py_ssize_t N, Py_ssize_t K, const real *a, Py_ssize_t ars, Py_ssize_t acs,
                            const real *b, Py_ssize_t brs, Py_ssize_t bcs, const real *d, Py_ssize_t drs, int dcs,
                            real *c, Py_ssize_t crs, int threads) noexcept nogil:
    """c = d + a b with a read where it lies: for what fits in caches."""
    cdef Py_ssize_t t, tasks = (M + MR * ROW_TILES - 1) // (MR * ROW_TILES) * ((N + columns(b) - 1) // columns(b))
    cdef int failed = 0
    if threads == 1:
        for t in range(tasks):
            failed |= direct_task(t, M, N, K, a, ars, acs, b, brs, bcs, d, drs, dcs, c, crs)
    else:
        for t in prange(tasks, num_threads=threads):
            failed |= direct_task(t, M, N, K, a, ars, acs, b, brs, bcs, d, drs, dcs, c, crs)
    return failed


cdef inline void pack_task(Py_ssize_t t, Py_ssize_t n, Py_ssize_t kc, Py_ssize_t step_n, const real *x, Py_ssize_t ks,
                           Py_ssize_t step, real *p, Py_ssize_t width) noexcept nogil:
    """Panel t of n columns, step_n of them per panel."""
    pack(kc, min(step_n, n - t * step_n), x + t * step_n * step, ks, step, p + t * width * kc, width)


cdef inline void packed_task(Py_ssize_t t, Py_ssize_t M, Py_ssize_t N, Py_ssize_t kc, const real *pa, const real *pb,
                             const real *d, Py_ssize_t drs, int dcs, real *c, Py_ssize_t crs) noexcept nogil:
    """Piece t of the product of packed panels: ROW_TILES tiles high, COLUMN_TILES wide."""
    cdef Py_ssize_t h = height(M), nr = columns(pb), rows = h * ROW_TILES, wide = nr * COLUMN_TILES
    cdef Py_ssize_t across = (N + wide - 1) // wide
    cdef Py_ssize_t i0 = t // across * rows, j0 = t % across * wide, i, j
    cdef uint64_t old = flush_begin()
    for j from j0 <= j < min(j0 + wide, N) by nr:
        for i from i0 <= i < min(i0 + rows, M) by h:
            tile(min(h, M - i), min(nr, N - j), kc, pa + i // h * MR * kc, 1, MR, pb + j * kc, nr,
                 shift(d, i * drs + j * dcs), drs, dcs, c + i * crs + j, crs)
    flush_end(old)


cdef inline int gemm_packed(Py_ssize_t M, Py_ssize_t N, Py_ssize_t K, const real *a, Py_ssize_t ars, Py_ssize_t acs,
                            const real *b, Py_ssize_t brs, Py_ssize_t bcs, const real *d, Py_ssize_t drs, int dcs,
                            real *c, Py_ssize_t crs, int threads) noexcept nogil:
    """c = d + a b by panels of both: for what does not fit in caches."""
    cdef Py_ssize_t h = height(M), high = (M + h - 1) // h, nr = columns(b), j, k, nc, kc, t, across, tasks
    cdef Py_ssize_t columns_packed = (min(N, <Py_ssize_t> NC) + nr - 1) // nr * nr
    cdef real *pa = <real *> scratch(SHARED, min(K, <Py_ssize_t> KC) * (high * MR + columns_packed) * sizeof(real))
    cdef real *pb = pa + min(K, <Py_ssize_t> KC) * high * MR
    cdef const real *dj
    cdef Py_ssize_t djrs
    cdef int djcs
    if pa == NULL:
        return -1
    for j from 0 <= j < N by NC:
        nc = min(<Py_ssize_t> NC, N - j)
        across = (nc + nr - 1) // nr
        tasks = ((nc + nr * COLUMN_TILES - 1) // (nr * COLUMN_TILES)) * ((high + ROW_TILES - 1) // ROW_TILES)
        dj = shift(d, j * dcs)
        djrs, djcs = drs, dcs
        for k from 0 <= k < K by KC:
            kc = min(<Py_ssize_t> KC, K - k)
            if threads == 1:
                for t in range(across):
                    pack_task(t, nc, kc, nr, b + k * brs + j * bcs, brs, bcs, pb, nr)
                for t in range(high):
                    pack_task(t, M, kc, h, a + k * acs, acs, ars, pa, <Py_ssize_t> MR)
                for t in range(tasks):
                    packed_task(t, M, nc, kc, pa, pb, dj, djrs, djcs, c + j, crs)
            else:
                # One loop for both: each end of a loop may wait for a thread that the system has put aside.
                for t in prange(across + high, num_threads=threads):
                    if t < across:
                        pack_task(t, nc, kc, nr, b + k * brs + j * bcs, brs, bcs, pb, nr)
                    else:
                        pack_task(t - across, M, kc, h, a + k * acs, acs, ars, pa, <Py_ssize_t> MR)
                for t in prange(tasks, num_threads=threads, schedule='dynamic'):
                    packed_task(t, M, nc, kc, pa, pb, dj, djrs, djcs, c + j, crs)
            dj, djrs, djcs = c + j, crs, 1
    return 0


cdef inline void dots_task(Py_ssize_t t, Py_ssize_t M, Py_ssize_t N, Py_ssize_t K, const real *a, Py_ssize_t ars,
                           const real *b, Py_ssize_t bcs, const real *d, Py_ssize_t drs, Py_ssize_t dcs, real *c,
                           Py_ssize_t crs) noexcept nogil:
    """All rows of DOT_COLUMNS columns of c, from number t * DOT_COLUMNS on."""
    cdef Py_ssize_t i, j, k, kc
    cdef uint64_t old = flush_begin()
    for k from 0 <= k < K by DOT_K:
        kc = min(<Py_ssize_t> DOT_K, K - k)
        for j from t * DOT_COLUMNS <= j < min(t * DOT_COLUMNS + DOT_COLUMNS, N) by 4:
            for i from 0 <= i < M by DOTS_M:
                dots(min(DOTS_M, M - i), min(<Py_ssize_t> 4, N - j), kc, a + i * ars + k, ars, b + j * bcs + k, bcs,
                     shift(d, i * drs + j * dcs), drs, dcs, c + i * crs + j, crs)
        d, drs, dcs = c, crs, 1
    flush_end(old)


cdef inline void gemm_dots(Py_ssize_t M, Py_ssize_t N, Py_ssize_t K, const real *a, Py_ssize_t ars, const real *b,
                           Py_ssize_t bcs, const real *d, Py_ssize_t drs, Py_ssize_t dcs, real *c, Py_ssize_t crs,
                           int threads) noexcept nogil:
    """c = d + a b where rows of a and columns of b are contiguous: nothing is copied, and b is read once."""
    cdef Py_ssize_t t, tasks = (N + DOT_COLUMNS - 1) // DOT_COLUMNS
    if threads == 1:
        for t in range(tasks):
            dots_task(t, M, N, K, a, ars, b, bcs, d, drs, dcs, c, crs)
    else:
        for t in prange(tasks, num_threads=threads):
            dots_task(t, M, N, K, a, ars, b, bcs, d, drs, dcs, c, crs)


cdef inline void axpys_task(Py_ssize_t t, Py_ssize_t M, Py_ssize_t N, Py_ssize_t K, const real *a, Py_ssize_t ars,
                            Py_ssize_t acs, const real *b, Py_ssize_t brs, const real *d, Py_ssize_t drs, Py_ssize_t dcs,
                            real *c, Py_ssize_t crs) noexcept nogil:
    """AXPY_COLUMNS columns of c, from number t * AXPY_COLUMNS on."""
    cdef Py_ssize_t j = t * AXPY_COLUMNS, n = min(<Py_ssize_t> AXPY_COLUMNS, N - j)
    cdef uint64_t old = flush_begin()
    if real is float:
        vf_axpys(M, n, K, a, ars, acs, b + j, brs, shift(d, j * dcs), drs, dcs, c + j, crs)
    else:
        vd_axpys(M, n, K, a, ars, acs, b + j, brs, shift(d, j * dcs), drs, dcs, c + j, crs)
    flush_end(old)


cdef inline void gemm_rows(Py_ssize_t M, Py_ssize_t N, Py_ssize_t K, const real *a, Py_ssize_t ars, Py_ssize_t acs,
                           const real *b, Py_ssize_t brs, const real *d, Py_ssize_t drs, Py_ssize_t dcs, real *c,
                           Py_ssize_t crs, int threads) noexcept nogil:
    """c = d + a b for M <= 4 with b contiguous along N: b is read once, in the order of memory."""
    cdef Py_ssize_t t, tasks = (N + AXPY_COLUMNS - 1) // AXPY_COLUMNS
    if threads == 1:
        for t in range(tasks):
            axpys_task(t, M, N, K, a, ars, acs, b, brs, d, drs, dcs, c, crs)
    else:
        for t in prange(tasks, num_threads=threads):
            axpys_task(t, M, N, K, a, ars, acs, b, brs, d, drs, dcs, c, crs)


cdef inline int gemm(Py_ssize_t M, Py_ssize_t N, Py_ssize_t K, const real *a, Py_ssize_t ars, Py_ssize_t acs,
                     const real *b, Py_ssize_t brs, Py_ssize_t bcs, const real *d, Py_ssize_t drs, Py_ssize_t dcs,
                     real *c, Py_ssize_t crs, bint parallel) noexcept nogil:
    """c = d + a b by the way that suits shape and strides. Returns nonzero if there is no memory."""
    cdef double work = <double> M * N * K
    # Against the 10 units a nanosecond that threads_for counts on: 80 multiplications, 40 bytes streamed.
    cdef int threads = threads_for(work / 8 + sizeof(real) / 4 * (<double> M * K + <double> K * N)) if parallel else 1
    if M == 0 or N == 0:
        return 0
    if K == 0:
        fill(M, N, d, drs, dcs, c, crs)
        return 0
    if N == 1 and M > 1 and crs == 1:
        M, N = 1, M
        a, b, ars, brs, acs, bcs = b, a, bcs, acs, brs, ars
        drs, dcs = dcs, drs
    if brs == 1 and acs == 1 and (M <= DOTS_M or (M <= DOT_ROWS and K >= DOT_MIN)):
        gemm_dots(M, N, K, a, ars, b, bcs, d, drs, dcs, c, crs, threads)
        return 0
    if M <= AXPY_ROWS and bcs == 1 and (M == 1 or N >= AXPY_MIN):
        gemm_rows(M, N, K, a, ars, acs, b, brs, d, drs, dcs, c, crs, threads)
        return 0
    if d != NULL and dcs != 0 and dcs != 1:
        fill(M, N, d, drs, dcs, c, crs)
        d, drs, dcs = c, crs, 1
    if M <= MR * ROW_TILES or N <= DIRECT_COLUMNS * columns(b) or work <= DIRECT_WORK:
        return gemm_direct(M, N, K, a, ars, acs, b, brs, bcs, d, drs, <int> dcs, c, crs, threads)
    return gemm_packed(M, N, K, a, ars, acs, b, brs, bcs, d, drs, <int> dcs, c, crs, threads)
