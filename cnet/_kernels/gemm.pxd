"""Matrix products for kernels to include: c = d + a b, for any strides of a and b.

Letters: M, N, K are the sizes of a[M, K], b[K, N], c[M, N]; ars, acs are the distances between rows and between columns
of a, in numbers. c has contiguous rows, crs apart. d is NULL (nothing is added) or has strides drs and dcs: 0 repeats a
bias, and d may be c. The order of the sums depends on the shape and the strides, never on the number of threads.
"""

from cython.parallel cimport prange

from cnet._kernels._threads cimport threads_for
from cnet._kernels._workspace cimport PRIVATE, SHARED, scratch
from cnet._kernels.gemm_tiles cimport (
    DEEP, DOTS_M, GEMM_WIDE_AHEAD, HIGH, KC, MASKS, MR, QUAD, columns, depth, dot_row, dots, fill, flush_begin, flush_end,
    height, lanes, pack, quad_columns, quads, shift, tile, tile_keep, tile_wide, tiles, tiles_in_place, turn, uint64_t,
    vd_axpys, vf_axpys, wide_columns, wide_lined,
)
from cnet._kernels.types cimport real

cdef extern from *:
    """
    /* The number of the next task; for threads that take one after the other. */
    static inline ptrdiff_t fetch_next(ptrdiff_t *number) { return __atomic_fetch_add(number, 1, __ATOMIC_RELAXED); }
    """
    Py_ssize_t fetch_next(Py_ssize_t *number) nogil

cdef enum:
    NC = 3072       # columns of b packed at once
    PACKED = 8 << 20  # bytes of b packed at once, unless one piece of K already takes more
    TASKS = 16      # per block, so that few threads get equal shares
    TASKS_ENOUGH = 6
    TASK_HIGH = 24  # times MR rows of a task at most: with DEEP, 126 to 258 KB of a second-level cache
    TASK_LOW = 6    # and at least
    TASK_PANELS = 5  # panels of b that a task takes at least
    PACK_ROWS = 16
    OWN_BYTES = 1 << 21  # of b up to which each task reads it in place and copies a panel at a time
    OWN_THREADS = 2  # up to which each packs all of b for itself where b has to be turned
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
    QUAD_BYTES = 1 << 15   # of b that stay in a first-level cache whose sets they fill evenly
    DIRECT_ROWS = 80     # up to here packing a costs more than it gains; at 100 packed products gain a tenth
    DIRECT_BYTES = 1 << 26  # multiplications times bytes of a number: 256 x 256 x 256 floats; half where b has to be turned
    SMALL_WORK = 1 << 20   # in a batch: below, choosing a way costs more than a tenth of going it
    FLIP_ROWS = 64         # up to here gemm_flipped gains (a tenth), at 128 packing b for all rows costs as little
    FLIP_WIDE = 2          # columns for each row from which on
    FLIP_BYTES = 1 << 20   # of the packed rows, which stay in a second-level cache
    FLIP_COLUMNS = 64      # for which packing a once more pays: as much as 25 columns take


# What is made of numbers of c once they are ready, while they lie in a cache: `run` gets some rows and columns of c.
cdef struct Then
ctypedef void (*Finish)(const Then *then, Py_ssize_t m, Py_ssize_t n, char *c, Py_ssize_t crs) noexcept nogil
cdef struct Then:
    Finish run
    int kind
    Py_ssize_t away  # bytes from numbers of c to where what is made of them goes


cdef inline void finish(const Then *then, Py_ssize_t m, Py_ssize_t n, real *c, Py_ssize_t crs) noexcept nogil:
    if then != NULL:
        then.run(then, m, n, <char *> c, crs)


cdef inline Py_ssize_t direct_rows(Py_ssize_t M) noexcept nogil:
    """Rows of a piece of gemm_direct: about equal, so that two threads do not wait for one another."""
    cdef Py_ssize_t pieces = (M + MR * ROW_TILES - 1) // (MR * ROW_TILES)
    return (M + pieces - 1) // pieces


cdef inline Py_ssize_t direct_columns(Py_ssize_t N, Py_ssize_t K, Py_ssize_t acs, const real *b, Py_ssize_t bcs) noexcept nogil:
    """Columns of a tile of N columns of b, read in place: four vectors, where rows of b are short enough."""
    cdef Py_ssize_t nr = quad_columns(b)
    if QUAD and acs == 1 and bcs == 1 and (N == nr or N % nr == 0 and N * K * <Py_ssize_t> sizeof(real) <= QUAD_BYTES):
        return nr
    return columns(b)


cdef inline int direct_task(Py_ssize_t t, Py_ssize_t M, Py_ssize_t N, Py_ssize_t K, const real *a, Py_ssize_t ars,
                            Py_ssize_t acs, const real *b, Py_ssize_t brs, Py_ssize_t bcs, const real *d,
                            Py_ssize_t drs, int dcs, real *c, Py_ssize_t crs, const Then *then) noexcept nogil:
    """Piece t of gemm_direct, one tile wide. b is read in place where it has whole vectors, or if MASKS."""
    cdef Py_ssize_t nr = direct_columns(N, K, acs, b, bcs), across = (N + nr - 1) // nr, rows = direct_rows(M)
    cdef Py_ssize_t i = t // across * rows, j = t % across * nr
    cdef Py_ssize_t m = min(rows, M - i), n = min(nr, N - j)
    cdef Py_ssize_t k, kc = depth(K, KC), width = lanes(b) if n <= lanes(b) else columns(b)
    cdef real *p = NULL
    a, b, c = a + i * ars, b + j * bcs, c + i * crs + j
    d = shift(d, i * drs + j * dcs)
    if bcs != 1 or n < width and not MASKS:
        p = <real *> scratch(PRIVATE, KC * width * sizeof(real))
        if p == NULL:
            return -1
    for k from 0 <= k < K by kc:
        if p == NULL:
            tiles_in_place(m, n, min(kc, K - k), a + k * acs, ars, acs, b + k * brs, brs, d, drs, dcs, c, crs, height(m))
        else:
            pack(min(kc, K - k), n, b + k * brs, brs, bcs, p, width)
            tiles(m, n, min(kc, K - k), a + k * acs, ars, acs, p, width, d, drs, dcs, c, crs)
        d, drs, dcs = c, crs, 1
    finish(then, m, n, c, crs)
    return 0


cdef inline int gemm_direct(Py_ssize_t M, Py_ssize_t N, Py_ssize_t K, const real *a, Py_ssize_t ars, Py_ssize_t acs,
                            const real *b, Py_ssize_t brs, Py_ssize_t bcs, const real *d, Py_ssize_t drs, int dcs,
                            real *c, Py_ssize_t crs, int threads, const Then *then) noexcept nogil:
    """c = d + a b with a read where it lies: for what fits in caches."""
    cdef Py_ssize_t wide = (N + lanes(b) - 1) // lanes(b) * lanes(b), nr, tasks, t, k
    cdef int failed = 0
    cdef uint64_t old
    cdef real *p
    if bcs != 1 and direct_rows(M) < M and N <= DIRECT_COLUMNS * columns(b) and (MASKS or N == wide):
        # All pieces of rows use one copy.
        p = <real *> scratch(SHARED, wide * K * sizeof(real))
        if p == NULL:
            return -1
        for t in prange((K + KC - 1) // KC, num_threads=min(threads, threads_for(4.0 * wide * K))):
            k = t * KC
            pack(min(<Py_ssize_t> KC, K - k), N, b + k * brs, brs, bcs, p + k * wide, wide)
        b, brs, bcs = p, wide, 1
    nr = direct_columns(N, K, acs, b, bcs)
    tasks = (M + direct_rows(M) - 1) // direct_rows(M) * ((N + nr - 1) // nr)
    if threads == 1:
        old = flush_begin()
        for t in range(tasks):
            failed |= direct_task(t, M, N, K, a, ars, acs, b, brs, bcs, d, drs, dcs, c, crs, then)
        flush_end(old)
    else:
        for t in prange(tasks, num_threads=threads):
            old = flush_begin()
            failed |= direct_task(t, M, N, K, a, ars, acs, b, brs, bcs, d, drs, dcs, c, crs, then)
            flush_end(old)
    return failed


cdef inline bint is_small(Py_ssize_t M, Py_ssize_t N, Py_ssize_t K, const real *b, Py_ssize_t bcs) noexcept nogil:
    """Whether gemm_small takes it, and better than others."""
    return (AXPY_ROWS < M and K <= KC and bcs == 1 and (MASKS or N % lanes(b) == 0)
            and <double> M * N * K <= SMALL_WORK)


cdef inline void gemm_small(Py_ssize_t M, Py_ssize_t N, Py_ssize_t K, const real *a, Py_ssize_t ars, Py_ssize_t acs,
                            const real *b, Py_ssize_t brs, const real *d, Py_ssize_t drs, int dcs, real *c,
                            Py_ssize_t crs, Py_ssize_t h) noexcept nogil:
    """c = d + a b straight from the operands, for a caller that flushes denormals and knows h = height(M)."""
    cdef Py_ssize_t j, nr = direct_columns(N, K, acs, b, 1)
    for j from 0 <= j < N by nr:
        tiles_in_place(M, min(nr, N - j), K, a, ars, acs, b + j, brs, shift(d, j * dcs), drs, dcs, c + j, crs, h)


cdef inline Py_ssize_t flipped_width(Py_ssize_t M, const real *kind) noexcept nogil:
    """Columns of the panels that gemm_flipped makes of M rows."""
    return (M + lanes(kind) - 1) // lanes(kind) * lanes(kind)


cdef inline Py_ssize_t flipped_columns(Py_ssize_t wide, const real *kind) noexcept nogil:
    """Columns of a panel."""
    return quad_columns(kind) if QUAD and wide % quad_columns(kind) == 0 else columns(kind)


cdef inline Py_ssize_t flipped_high(Py_ssize_t N, Py_ssize_t wide, const real *kind) noexcept nogil:
    """Rows of what is turned at once: a tile, or as many as fill whole lines of c."""
    return height(N) if flipped_columns(wide, kind) == columns(kind) else lanes(kind)


cdef inline bint flips(Py_ssize_t M, Py_ssize_t N, Py_ssize_t K, const real *b) noexcept nogil:
    """Whether packing a and turning c costs clearly less than packing b, and few lanes would be idle."""
    cdef Py_ssize_t wide = flipped_width(M, b)
    return M <= FLIP_ROWS and N >= FLIP_WIDE * M and 5 * M >= 4 * wide and wide * K * <Py_ssize_t> sizeof(real) <= FLIP_BYTES


cdef inline int flipped_part(Py_ssize_t part, Py_ssize_t parts, Py_ssize_t M, Py_ssize_t N, Py_ssize_t K, const real *a,
                             Py_ssize_t ars, Py_ssize_t acs, const real *b, Py_ssize_t brs, Py_ssize_t bcs, const real *d,
                             Py_ssize_t drs, int dcs, real *c, Py_ssize_t crs, const Then *then) noexcept nogil:
    """One of some parts of gemm_flipped, of whole tiles of columns of c. It packs a for itself: what one thread packs for two, the
    other fetches line by line, and the first has to take back for the next product."""
    cdef Py_ssize_t wide = flipped_width(M, b), nr = flipped_columns(wide, b), h = flipped_high(N, wide, b)
    cdef Py_ssize_t tiles = (N + h - 1) // h, kc = depth(K, KC if nr == columns(b) else KC // 2)
    cdef Py_ssize_t first = tiles * part // parts * h, last = min(tiles * (part + 1) // parts * h, N), i, j, k, m, n
    cdef real *s = <real *> scratch(PRIVATE, (h * (wide + nr) + wide * K) * sizeof(real))
    cdef real *pa = s + h * (wide + nr)
    cdef uint64_t old
    if s == NULL:
        return -1
    old = flush_begin()
    for i from 0 <= i < M by nr:
        pack(K, min(nr, M - i), a + i * ars, acs, ars, pa + i * K, min(nr, wide - i))
    for j from first <= j < last by h:
        n = min(h, N - j)
        for k from 0 <= k < K by kc:
            for i from 0 <= i < M by nr:
                m = min(nr, wide - i)
                if nr == columns(pa):
                    tile(n, m, min(kc, K - k), b + j * bcs + k * brs, bcs, brs, pa + i * K + k * m, m,
                         <const real *> (NULL if k == 0 else s + i), wide, 1, s + i, wide)
                else:
                    quads(n, min(kc, K - k), b + j * bcs + k * brs, bcs, pa + i * K + k * m, m,
                          <const real *> (NULL if k == 0 else s + i), wide, 1, s + i, wide)
        for i from 0 <= i < M by nr:
            turn(n, min(nr, M - i), s + i, wide, shift(d, i * drs + j * dcs), drs, dcs, c + i * crs + j, crs)
        finish(then, M, n, c + j, crs)
    flush_end(old)
    return 0


cdef inline int gemm_flipped(Py_ssize_t M, Py_ssize_t N, Py_ssize_t K, const real *a, Py_ssize_t ars, Py_ssize_t acs,
                             const real *b, Py_ssize_t brs, Py_ssize_t bcs, const real *d, Py_ssize_t drs, int dcs,
                             real *c, Py_ssize_t crs, int threads, const Then *then) noexcept nogil:
    """c' = d' + b' a' for few rows by a large b that is stored transposed: a is packed instead of b, and tiles of c are
    turned on their way out."""
    cdef Py_ssize_t i
    cdef int failed = 0, parts = max(1, min(threads, <int> (N // FLIP_COLUMNS)))
    for i in prange(parts, num_threads=parts, schedule='static', chunksize=1):
        failed |= flipped_part(i, parts, M, N, K, a, ars, acs, b, brs, bcs, d, drs, dcs, c, crs, then)
    return failed


cdef struct Cut:
    Py_ssize_t M, N, K          # of one block, whose part of b is packed at once
    Py_ssize_t kc               # pieces of K
    Py_ssize_t across           # panels of b
    Py_ssize_t high, tiles      # rows of a tile, tiles along M
    Py_ssize_t down, wide       # tasks along M, of whole tiles, and along N
    Py_ssize_t panels           # of a task
    bint stays                  # b is packed for all tasks of a thread, not for each


cdef inline void cut_tasks(Cut *s, Py_ssize_t nr) noexcept nogil:
    """Cut a block into TASKS tasks or more, unless they would be too small to use what they load."""
    s.across = (s.N + nr - 1) // nr
    s.high = depth(s.M, HIGH)
    s.tiles = (s.M + s.high - 1) // s.high
    s.down = max((s.M + MR * TASK_HIGH - 1) // (MR * TASK_HIGH), min(<Py_ssize_t> TASKS, s.M // (MR * TASK_LOW)))
    s.down += s.down & 1  # for two threads: 9 tasks of 768 rows took one 5, and the other 4
    # Each of them packs its rows of a again, so not where there are enough: 512 x 512, 6 down.
    s.wide = 1 if s.down >= TASKS_ENOUGH else max(<Py_ssize_t> 1, min(TASKS // s.down, s.across // TASK_PANELS))
    s.panels = (s.across + s.wide - 1) // s.wide
    s.wide = (s.across + s.panels - 1) // s.panels


cdef inline void pack_task(Py_ssize_t t, const Cut *s, const real *b, Py_ssize_t brs, Py_ssize_t bcs, real *p) noexcept nogil:
    """Panel t of b, in pieces of kc: p[K / kc, across, kc, nr]."""
    cdef Py_ssize_t k, kc, nr = wide_columns(b)
    for k from 0 <= k < s.K by s.kc:
        kc = min(s.kc, s.K - k)
        pack(kc, min(nr, s.N - t * nr), b + t * nr * bcs + k * brs, brs, bcs, p + (k * s.across + t * kc) * nr, nr)


cdef inline void packed_task(Py_ssize_t t, const Cut *s, const real *a, Py_ssize_t ars, Py_ssize_t acs, const real *b,
                             Py_ssize_t brs, Py_ssize_t bcs, real *pb, const real *d, Py_ssize_t drs, int dcs, real *c,
                             Py_ssize_t crs, real *pa, const Then *then) noexcept nogil:
    """Piece t of a block. Its rows of a are packed here, into the second-level cache of the core that uses them; b is not
    NULL if its panels are to be packed as well."""
    cdef Py_ssize_t nr = wide_columns(pb), h = s.high, i0 = t // s.wide * s.tiles // s.down * h, j0 = t % s.wide * s.panels
    cdef Py_ssize_t M = min((t // s.wide + 1) * s.tiles // s.down * h, s.M) - i0, j1 = min(j0 + s.panels, s.across)
    cdef Py_ssize_t i, j, k, kc, n, q, step
    cdef real *p
    cdef const real *x
    cdef const real *next
    cdef uint64_t old = flush_begin()
    a, c, d = a + i0 * ars, c + i0 * crs, shift(d, i0 * drs)
    for k from 0 <= k < s.K by s.kc:
        kc = min(s.kc, s.K - k)
        # Rows of what is stored transposed lie far apart: a few at a time for all panels.
        step = PACK_ROWS if ars == 1 else kc
        for q from 0 <= q < kc by step:
            for i from 0 <= i < M by h:
                pack(min(step, kc - q), min(h, M - i), a + i * ars + (k + q) * acs, acs, ars, pa + (i // h * kc + q) * HIGH,
                     <Py_ssize_t> HIGH)
        for j from j0 <= j < j1:
            p, n, i = pb + ((k * s.across + j * kc) * nr if s.stays else 0), min(nr, s.N - j * nr), 0
            next, step = p + kc * nr, wide_lined(pb)
            if b != NULL:
                x = b + k * brs + j * nr * bcs
                if bcs == 1:
                    next, step = x + nr, brs
                if bcs == 1 and n == nr and h >= HIGH - 1 and M >= h:
                    tile_keep(h, kc, pa, x, brs, shift(d, j * nr * dcs), drs, dcs, c + j * nr, crs, p)
                    i = h
                else:
                    pack(kc, n, x, brs, bcs, p, nr)
            for i from i <= i < M by h:
                tile_wide(min(h, M - i), n, kc, pa + i // h * HIGH * kc, p, shift(d, i * drs + j * nr * dcs), drs, dcs,
                          c + i * crs + j * nr, crs, next, step)
                next = next + GEMM_WIDE_AHEAD(kc) * step
            if k + kc == s.K:
                finish(then, M, n, c + j * nr, crs)
        d, drs, dcs = c, crs, 1
    flush_end(old)


cdef inline int packed_tasks(const Cut *s, Py_ssize_t *number, const real *a, Py_ssize_t ars, Py_ssize_t acs, const real *b,
                             Py_ssize_t brs, Py_ssize_t bcs, real *pb, const real *d, Py_ssize_t drs, int dcs, real *c,
                             Py_ssize_t crs, const Then *then) noexcept nogil:
    """One thread's part of a block: tasks as long as there are some. pb is NULL if the thread is to pack b for itself."""
    cdef Py_ssize_t size = ((s.tiles + s.down - 1) // s.down * HIGH * s.kc + 63) // 64 * 64, t
    cdef Py_ssize_t deep = s.K * s.across if s.stays else s.kc
    cdef bint own = pb == NULL
    cdef real *pa = <real *> scratch(PRIVATE, (size + (deep * wide_columns(a) if own else 0)) * sizeof(real))
    cdef unsigned int packed = 0   # a bit for each of at most TASKS pieces along N
    if pa == NULL:
        return -1
    if own:
        pb = pa + size
    t = fetch_next(number)
    while t < s.down * s.wide:
        packed_task(t, s, a, ars, acs, b if own and not packed >> t % s.wide & 1 else <const real *> NULL, brs, bcs, pb, d,
                    drs, dcs, c, crs, pa, then)
        if s.stays:
            packed |= 1u << t % s.wide
        t = fetch_next(number)
    return 0


cdef inline int gemm_packed(Py_ssize_t M, Py_ssize_t N, Py_ssize_t K, const real *a, Py_ssize_t ars, Py_ssize_t acs,
                            const real *b, Py_ssize_t brs, Py_ssize_t bcs, const real *d, Py_ssize_t drs, int dcs,
                            real *c, Py_ssize_t crs, int threads, const Then *then) noexcept nogil:
    """c = d + a b by panels of both: for what does not fit in caches. One loop or two for each block of NC columns and as
    much of K as PACKED holds, since each end of a loop may wait for a thread that the system has put aside.

    Where they may, threads pack b for themselves while they compute: one that packs for others has to fetch every line
    that it writes from those who read it in the product before, which takes two threads a tenth of their time at 512."""
    cdef Py_ssize_t nr = wide_columns(b), j, k, t, deep, number
    cdef int failed = 0
    cdef bint own, lies, small, far
    cdef Cut s
    cdef real *pb = NULL
    s.M, s.N, s.kc = M, min(N, <Py_ssize_t> NC), depth(K, DEEP)
    cut_tasks(&s, nr)
    deep = min(K, max(<Py_ssize_t> 1, PACKED // (s.across * nr * <Py_ssize_t> sizeof(real) * s.kc)) * s.kc)
    # Where its rows are whole lines, b is read in place: once, or by every task if it stays in a second-level cache. Rows
    # that are multiples of 4 KB apart share one set of a first-level cache.
    lies = bcs == 1 and (<size_t> b | <size_t> brs * sizeof(real)) % 64 == 0
    small, far = K * N * <Py_ssize_t> sizeof(real) <= OWN_BYTES, brs * <Py_ssize_t> sizeof(real) % 4096 == 0
    s.stays = not lies or not small or far
    own = lies and (small or threads == 1) or threads <= OWN_THREADS and (bcs != 1 or lies and not far)
    if not own:
        pb = <real *> scratch(SHARED, s.across * nr * deep * sizeof(real))
        if pb == NULL:
            return -1
    for j from 0 <= j < N by NC:
        s.N = min(<Py_ssize_t> NC, N - j)
        cut_tasks(&s, nr)
        for k from 0 <= k < K by deep:
            s.K = min(deep, K - k)
            if not own:
                for t in prange(s.across, num_threads=threads):
                    pack_task(t, &s, b + k * brs + j * bcs, brs, bcs, pb)
            number = 0
            for t in prange(threads, num_threads=threads, schedule='static', chunksize=1):
                if k == 0:
                    failed |= packed_tasks(&s, &number, a, ars, acs, b + j * bcs, brs, bcs, pb, shift(d, j * dcs), drs, dcs,
                                           c + j, crs, then if deep >= K else NULL)
                else:
                    failed |= packed_tasks(&s, &number, a + k * acs, ars, acs, b + k * brs + j * bcs, brs, bcs, pb,
                                           <const real *> (c + j), crs, 1, c + j, crs,
                                           then if k + deep >= K else NULL)
    return failed


cdef inline void dots_task(Py_ssize_t t, Py_ssize_t M, Py_ssize_t N, Py_ssize_t K, const real *a, Py_ssize_t ars,
                           const real *b, Py_ssize_t bcs, const real *d, Py_ssize_t drs, Py_ssize_t dcs, real *c,
                           Py_ssize_t crs, const Then *then) noexcept nogil:
    """All rows of DOT_COLUMNS columns of c, from number t * DOT_COLUMNS on."""
    cdef Py_ssize_t i, j, k, kc
    cdef uint64_t old = flush_begin()
    for k from 0 <= k < K by DOT_K:
        kc = min(<Py_ssize_t> DOT_K, K - k)
        if M == 1:
            j = t * DOT_COLUMNS
            dot_row(min(<Py_ssize_t> DOT_COLUMNS, N - j), kc, a + k, b + j * bcs + k, bcs, shift(d, j * dcs), dcs, c + j)
            d, dcs = c, 1
            continue
        for j from t * DOT_COLUMNS <= j < min(t * DOT_COLUMNS + DOT_COLUMNS, N) by 4:
            for i from 0 <= i < M by DOTS_M:
                dots(min(DOTS_M, M - i), min(<Py_ssize_t> 4, N - j), kc, a + i * ars + k, ars, b + j * bcs + k, bcs,
                     shift(d, i * drs + j * dcs), drs, dcs, c + i * crs + j, crs)
        d, drs, dcs = c, crs, 1
    j = t * DOT_COLUMNS
    finish(then, M, min(<Py_ssize_t> DOT_COLUMNS, N - j), c + j, crs)
    flush_end(old)


cdef inline void gemm_dots(Py_ssize_t M, Py_ssize_t N, Py_ssize_t K, const real *a, Py_ssize_t ars, const real *b,
                           Py_ssize_t bcs, const real *d, Py_ssize_t drs, Py_ssize_t dcs, real *c, Py_ssize_t crs,
                           int threads, const Then *then) noexcept nogil:
    """c = d + a b where rows of a and columns of b are contiguous: nothing is copied, and b is read once."""
    cdef Py_ssize_t t, tasks = (N + DOT_COLUMNS - 1) // DOT_COLUMNS
    if threads == 1:
        for t in range(tasks):
            dots_task(t, M, N, K, a, ars, b, bcs, d, drs, dcs, c, crs, then)
    else:
        for t in prange(tasks, num_threads=threads):
            dots_task(t, M, N, K, a, ars, b, bcs, d, drs, dcs, c, crs, then)


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
                            real *c, Py_ssize_t crs, const Then *then) noexcept nogil:
    """AXPY_COLUMNS columns of c, from number t * AXPY_COLUMNS on."""
    cdef Py_ssize_t j = t * AXPY_COLUMNS, n = min(<Py_ssize_t> AXPY_COLUMNS, N - j)
    cdef uint64_t old = flush_begin()
    if real is float:
        vf_axpys(M, n, K, a, ars, acs, b + j, brs, shift(d, j * dcs), drs, dcs, c + j, crs)
    else:
        vd_axpys(M, n, K, a, ars, acs, b + j, brs, shift(d, j * dcs), drs, dcs, c + j, crs)
    finish(then, M, n, c + j, crs)
    flush_end(old)


cdef inline void gemm_rows(Py_ssize_t M, Py_ssize_t N, Py_ssize_t K, const real *a, Py_ssize_t ars, Py_ssize_t acs,
                           const real *b, Py_ssize_t brs, const real *d, Py_ssize_t drs, Py_ssize_t dcs, real *c,
                           Py_ssize_t crs, int threads, const Then *then) noexcept nogil:
    """c = d + a b for M <= 4 with b contiguous along N: b is read once, in the order of memory."""
    cdef Py_ssize_t t, tasks = (N + AXPY_COLUMNS - 1) // AXPY_COLUMNS
    if threads == 1:
        for t in range(tasks):
            axpys_task(t, M, N, K, a, ars, acs, b, brs, d, drs, dcs, c, crs, then)
    else:
        for t in prange(tasks, num_threads=threads):
            axpys_task(t, M, N, K, a, ars, acs, b, brs, d, drs, dcs, c, crs, then)


cdef inline int gemm(Py_ssize_t M, Py_ssize_t N, Py_ssize_t K, const real *a, Py_ssize_t ars, Py_ssize_t acs,
                     const real *b, Py_ssize_t brs, Py_ssize_t bcs, const real *d, Py_ssize_t drs, Py_ssize_t dcs,
                     real *c, Py_ssize_t crs, bint parallel) noexcept nogil:
    """c = d + a b by the way that suits shape and strides. Returns nonzero if there is no memory."""
    return gemm_then(M, N, K, a, ars, acs, b, brs, bcs, d, drs, dcs, c, crs, parallel, NULL)


cdef inline int gemm_then(Py_ssize_t M, Py_ssize_t N, Py_ssize_t K, const real *a, Py_ssize_t ars, Py_ssize_t acs,
                          const real *b, Py_ssize_t brs, Py_ssize_t bcs, const real *d, Py_ssize_t drs, Py_ssize_t dcs,
                          real *c, Py_ssize_t crs, bint parallel, const Then *then) noexcept nogil:
    """gemm, and then what is made of c, unless that is NULL."""
    cdef double work = <double> M * N * K
    # Against the 10 units a nanosecond that threads_for counts on: 80 multiplications, 40 bytes streamed.
    cdef int threads = threads_for(work / 8 + sizeof(real) / 4 * (<double> M * K + <double> K * N)) if parallel else 1
    if M == 0 or N == 0:
        return 0
    if K == 0:
        fill(M, N, d, drs, dcs, c, crs)
        finish(then, M, N, c, crs)
        return 0
    if N == 1 and M > 1 and crs == 1:
        M, N = 1, M
        a, b, ars, brs, acs, bcs = b, a, bcs, acs, brs, ars
        drs, dcs = dcs, drs
    if M == 1 and N == 1 and brs == 1 and acs == 1 and K > DOT_PIECE and then == NULL:
        return gemm_dot(K, a, b, d, c, threads)
    if d != NULL and dcs != 0 and dcs != 1:
        fill(M, N, d, drs, dcs, c, crs)
        d, drs, dcs = c, crs, 1
    if brs == 1 and bcs != 1 and K >= DOT_MIN and flips(M, N, K, b):
        return gemm_flipped(M, N, K, a, ars, acs, b, brs, bcs, d, drs, <int> dcs, c, crs, threads, then)
    if brs == 1 and acs == 1 and (M <= DOTS_M or (M <= DOT_ROWS and K >= DOT_MIN)):
        gemm_dots(M, N, K, a, ars, b, bcs, d, drs, dcs, c, crs, threads, then)
        return 0
    if M <= AXPY_ROWS and bcs == 1 and (M == 1 or N >= AXPY_MIN):
        gemm_rows(M, N, K, a, ars, acs, b, brs, d, drs, dcs, c, crs, threads, then)
        return 0
    if (M <= DIRECT_ROWS or N <= DIRECT_COLUMNS * columns(b)
            or work * sizeof(real) <= (DIRECT_BYTES if bcs == 1 else DIRECT_BYTES // 2)):
        return gemm_direct(M, N, K, a, ars, acs, b, brs, bcs, d, drs, <int> dcs, c, crs, threads, then)
    return gemm_packed(M, N, K, a, ars, acs, b, brs, bcs, d, drs, <int> dcs, c, crs, threads, then)
