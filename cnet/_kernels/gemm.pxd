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
    Py_ssize_t GEMM_AHEAD(Py_ssize_t k)
    void vf_tile_ahead(Py_ssize_t m, Py_ssize_t n, Py_ssize_t k, const float *a, Py_ssize_t ars, Py_ssize_t acs,
                       const float *b, Py_ssize_t brs, const float *d, Py_ssize_t drs, int dcs, float *c, Py_ssize_t crs,
                       const float *ahead)
    void vd_tile_ahead(Py_ssize_t m, Py_ssize_t n, Py_ssize_t k, const double *a, Py_ssize_t ars, Py_ssize_t acs,
                       const double *b, Py_ssize_t brs, const double *d, Py_ssize_t drs, int dcs, double *c, Py_ssize_t crs,
                       const double *ahead)
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
    KC_MOST = 224   # of gemm_packed, whose panels share that cache with lines of c: 28 KB
    NC = 3072       # columns of b packed at once
    PACKED = 8 << 20  # bytes of b packed at once, unless one piece of K already takes more
    TASKS = 16      # per block, so that few threads get equal shares
    TASK_HIGH = 24  # tiles of a task at most: with KC_MOST, 126 KB (6 rows each) to 294 KB (14 rows) of a second-level cache
    TASK_LOW = 6    # and at least
    TASK_PANELS = 8  # panels of b that a task takes at least
    ROW_TILES = 12  # of gemm_direct
    DOT_COLUMNS = 64
    DOT_K = 1024         # four columns of b are 16 KB then, and stay in the first-level cache for all rows of a
    DOT_ROWS = 32        # up to here dot products beat packing b (1.1 to 2 times), from 48 rows on they lose
    DOT_PIECE = 16384    # of one product of vectors: 128 KB are 2 us from the second-level cache
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


cdef inline void tile_ahead(Py_ssize_t m, Py_ssize_t n, Py_ssize_t k, const real *a, Py_ssize_t ars, Py_ssize_t acs,
                            const real *b, Py_ssize_t brs, const real *d, Py_ssize_t drs, int dcs, real *c,
                            Py_ssize_t crs, const real *ahead) noexcept nogil:
    """As tile, for packed a: what will be needed next is asked for meanwhile."""
    if real is float:
        vf_tile_ahead(m, n, k, a, ars, acs, b, brs, d, drs, dcs, c, crs, ahead)
    else:
        vd_tile_ahead(m, n, k, a, ars, acs, b, brs, d, drs, dcs, c, crs, ahead)


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


cdef inline Py_ssize_t depth(Py_ssize_t K) noexcept nogil:
    """Length of the pieces of K, about equal: 784 is 3 x 262 rather than 3 x 256 + 16."""
    cdef Py_ssize_t pieces = (K + KC_MOST - 1) // KC_MOST
    return (K + pieces - 1) // pieces


cdef inline void tiles(Py_ssize_t m, Py_ssize_t n, Py_ssize_t k, const real *a, Py_ssize_t ars, Py_ssize_t acs,
                       const real *b, Py_ssize_t brs, const real *d, Py_ssize_t drs, int dcs, real *c,
                       Py_ssize_t crs) noexcept nogil:
    """As tile, for any number of rows."""
    cdef Py_ssize_t i, h = height(m)
    for i from 0 <= i < m by h:
        tile(min(h, m - i), n, k, a + i * ars, ars, acs, b, brs, shift(d, i * drs), drs, dcs,
             c + i * crs, crs)


cdef inline Py_ssize_t direct_rows(Py_ssize_t M) noexcept nogil:
    """Rows of a piece of gemm_direct: about equal, so that two threads do not wait for one another."""
    cdef Py_ssize_t pieces = (M + MR * ROW_TILES - 1) // (MR * ROW_TILES)
    return (M + pieces - 1) // pieces


cdef inline int direct_task(Py_ssize_t t, Py_ssize_t M, Py_ssize_t N, Py_ssize_t K, const real *a, Py_ssize_t ars,
                            Py_ssize_t acs, const real *b, Py_ssize_t brs, Py_ssize_t bcs, const real *d,
                            Py_ssize_t drs, int dcs, real *c, Py_ssize_t crs) noexcept nogil:
    """Piece t of gemm_direct, one tile wide. b is read in place where it has whole vectors."""
    cdef Py_ssize_t across = (N + columns(b) - 1) // columns(b), rows = direct_rows(M)
    cdef Py_ssize_t i = t // across * rows, j = t % across * columns(b)
    cdef Py_ssize_t m = min(rows, M - i), n = min(columns(b), N - j)
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
    cdef Py_ssize_t t, tasks = (M + direct_rows(M) - 1) // direct_rows(M) * ((N + columns(b) - 1) // columns(b))
    cdef int failed = 0
    if threads == 1:
        for t in range(tasks):
            failed |= direct_task(t, M, N, K, a, ars, acs, b, brs, bcs, d, drs, dcs, c, crs)
    else:
        for t in prange(tasks, num_threads=threads):
            failed |= direct_task(t, M, N, K, a, ars, acs, b, brs, bcs, d, drs, dcs, c, crs)
    return failed


cdef struct Cut:
    Py_ssize_t M, N, K          # of one block, whose part of b is packed at once
    Py_ssize_t kc               # pieces of K
    Py_ssize_t across           # panels of b
    Py_ssize_t down, wide       # tasks along M and along N
    Py_ssize_t rows, panels     # of a task


cdef inline void cut_tasks(Cut *s, Py_ssize_t nr) noexcept nogil:
    """Cut a block into TASKS tasks or more, unless they would be too small to use what they load."""
    s.across = (s.N + nr - 1) // nr
    s.down = max((s.M + MR * TASK_HIGH - 1) // (MR * TASK_HIGH), min(<Py_ssize_t> TASKS, s.M // (MR * TASK_LOW)))
    s.rows = (s.M + s.down - 1) // s.down
    s.down = (s.M + s.rows - 1) // s.rows
    s.wide = max(<Py_ssize_t> 1, min(TASKS // s.down, s.across // TASK_PANELS))
    s.panels = (s.across + s.wide - 1) // s.wide
    s.wide = (s.across + s.panels - 1) // s.panels


cdef inline void pack_task(Py_ssize_t t, const Cut *s, const real *b, Py_ssize_t brs, Py_ssize_t bcs, real *p) noexcept nogil:
    """Panel t of b, in pieces of kc: p[K / kc, across, kc, nr]."""
    cdef Py_ssize_t k, kc, nr = columns(b)
    for k from 0 <= k < s.K by s.kc:
        kc = min(s.kc, s.K - k)
        pack(kc, min(nr, s.N - t * nr), b + t * nr * bcs + k * brs, brs, bcs, p + (k * s.across + t * kc) * nr, nr)


cdef inline int packed_task(Py_ssize_t t, const Cut *s, const real *a, Py_ssize_t ars, Py_ssize_t acs, const real *pb,
                            const real *d, Py_ssize_t drs, int dcs, real *c, Py_ssize_t crs) noexcept nogil:
    """Piece t of a block. Its rows of a are packed here, into the second-level cache of the core that uses them."""
    cdef Py_ssize_t nr = columns(pb), i0 = t // s.wide * s.rows, j0 = t % s.wide * s.panels, i, j, k, kc
    cdef Py_ssize_t M = min(s.rows, s.M - i0), h = height(M), j1 = min(j0 + s.panels, s.across)
    cdef real *pa = <real *> scratch(PRIVATE, (M + h - 1) // h * MR * s.kc * sizeof(real))
    cdef uint64_t old
    if pa == NULL:
        return -1
    old = flush_begin()
    a, c, d = a + i0 * ars, c + i0 * crs, shift(d, i0 * drs)
    for k from 0 <= k < s.K by s.kc:
        kc = min(s.kc, s.K - k)
        for i from 0 <= i < M by h:
            pack(kc, min(h, M - i), a + i * ars + k * acs, acs, ars, pa + i // h * MR * kc, <Py_ssize_t> MR)
        for j from j0 <= j < j1:
            for i from 0 <= i < M by h:
                tile_ahead(min(h, M - i), min(nr, s.N - j * nr), kc, pa + i // h * MR * kc, 1, MR,
                           pb + (k * s.across + j * kc) * nr, nr, shift(d, i * drs + j * nr * dcs), drs, dcs,
                           c + i * crs + j * nr, crs,
                           pb + (k * s.across + j * kc) * nr + min(
                               kc * nr + i // h * GEMM_AHEAD(kc) // <Py_ssize_t> sizeof(real), 2 * kc * nr))
        d, drs, dcs = c, crs, 1
    flush_end(old)
    return 0


cdef inline int gemm_packed(Py_ssize_t M, Py_ssize_t N, Py_ssize_t K, const real *a, Py_ssize_t ars, Py_ssize_t acs,
                            const real *b, Py_ssize_t brs, Py_ssize_t bcs, const real *d, Py_ssize_t drs, int dcs,
                            real *c, Py_ssize_t crs, int threads) noexcept nogil:
    """c = d + a b by panels of both: for what does not fit in caches. Two loops for each block of NC columns and as much
    of K as PACKED holds, since each end of a loop may wait for a thread that the system has put aside."""
    cdef Py_ssize_t nr = columns(b), j, k, t, deep
    cdef int failed = 0
    cdef Cut s
    cdef real *pb
    s.M, s.N, s.kc = M, min(N, <Py_ssize_t> NC), depth(K)
    cut_tasks(&s, nr)
    deep = min(K, max(<Py_ssize_t> 1, PACKED // (s.across * nr * <Py_ssize_t> sizeof(real) * s.kc)) * s.kc)
    pb = <real *> scratch(SHARED, s.across * nr * deep * sizeof(real))
    if pb == NULL:
        return -1
    for j from 0 <= j < N by NC:
        s.N = min(<Py_ssize_t> NC, N - j)
        cut_tasks(&s, nr)
        for k from 0 <= k < K by deep:
            s.K = min(deep, K - k)
            for t in prange(s.across, num_threads=threads):
                pack_task(t, &s, b + k * brs + j * bcs, brs, bcs, pb)
            for t in prange(s.down * s.wide, num_threads=threads, schedule='dynamic'):
                if k == 0:
                    failed |= packed_task(t, &s, a, ars, acs, pb, shift(d, j * dcs), drs, dcs, c + j, crs)
                else:
                    failed |= packed_task(t, &s, a + k * acs, ars, acs, pb, <const real *> (c + j), crs, 1, c + j, crs)
    return failed


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


cdef inline int gemm_dot(Py_ssize_t K, const real *a, const real *b, const real *d, real *c, int threads) noexcept nogil:
    """c = d + a b for one row and one column, both contiguous."""
    cdef Py_ssize_t t, pieces = (K + DOT_PIECE - 1) // DOT_PIECE
    cdef real sum = 0 if d == NULL else d[0]
    cdef real *p = <real *> scratch(SHARED, pieces * sizeof(real))
    cdef uint64_t old
    if p == NULL:
        return -1
    for t in prange(pieces, num_threads=threads):
        old = flush_begin()
        dots(1, 1, min(<Py_ssize_t> DOT_PIECE, K - t * DOT_PIECE), a + t * DOT_PIECE, 0, b + t * DOT_PIECE, 0,
             <const real *> NULL, 0, 0, p + t, 1)
        flush_end(old)
    for t in range(pieces):
        sum += p[t]
    c[0] = sum
    return 0


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
    if M == 1 and N == 1 and brs == 1 and acs == 1 and K > DOT_PIECE:
        return gemm_dot(K, a, b, d, c, threads)
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
