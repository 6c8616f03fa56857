"""Products of packed weights with shifted planes: the part that convolutions and their input gradients share."""

from cython.parallel cimport prange
from libc.stdint cimport uint64_t
from libc.string cimport memcpy, memset

from cnet._kernels._workspace cimport PRIVATE, scratch
from cnet._kernels.gemm_tiles cimport MR, columns, height, lanes, tile
from cnet._kernels.planes cimport product
from cnet._kernels.types cimport real

cdef extern from "flush.h" nogil:
    uint64_t flush_begin()
    void flush_end(uint64_t old)

cdef extern from "conv_ukr.h" nogil:
    ctypedef struct Run "conv_run":
        Py_ssize_t column, length, source, to
    void vf_taps(Py_ssize_t m, Py_ssize_t n, Py_ssize_t k, const float *a, const float *b, const Py_ssize_t *at,
                 float *c, Py_ssize_t crs)
    void vd_taps(Py_ssize_t m, Py_ssize_t n, Py_ssize_t k, const double *a, const double *b, const Py_ssize_t *at,
                 double *c, Py_ssize_t crs)
    void vf_gather(Py_ssize_t k, const float *b, const Py_ssize_t *at, Py_ssize_t count, const Run *runs, float *p,
                   Py_ssize_t width)
    void vd_gather(Py_ssize_t k, const double *b, const Py_ssize_t *at, Py_ssize_t count, const Run *runs, double *p,
                   Py_ssize_t width)
    void vf_copy_add(Py_ssize_t n, const float *x, float bias, float *y)
    void vd_copy_add(Py_ssize_t n, const double *x, double bias, double *y)

cdef enum:
    ROW_TILES = 6
    DENSE_TILES = 20  # where pixels are copied first
    COPIED = 384  # rows of pixels: 48 KB for the widest vectors
    MAX_RUNS = 64  # at least the columns of the widest tile

# A product of packed weights [G, M, K] with planes: result (m, v) of an image goes to out[m * m_step + start + v . step].
# The columns of tiles are the numbers of the planes, of which those at the end of rows do not belong to the result; or, if
# `dense`, the results alone, whose pixels are then copied for each tile: for small images that is less than what is wasted.
cdef struct Job:
    Py_ssize_t M, K, G, group_step, readable
    Py_ssize_t valid[3]
    Py_ssize_t dims[3]
    Py_ssize_t plane, image_from, image_step, m_step, start
    Py_ssize_t step[3]
    bint dense


cdef inline Py_ssize_t columns_of(const Job *s, Py_ssize_t images) noexcept nogil:
    """Columns of all tiles of a block."""
    if s.dense:
        return images * product(s.valid)
    return (images - 1) * s.plane + ((s.valid[0] - 1) * s.dims[1] + s.valid[1] - 1) * s.dims[2] + s.valid[2]


cdef inline bint copies_pixels(const Job *s, Py_ssize_t images, Py_ssize_t blocks, Py_ssize_t nr) noexcept nogil:
    """Whether to copy the pixels of tiles, rather than to use blocks of images as they are: 8 cycles and 3 for each piece
    of a row, against one for each of M rows."""
    cdef Py_ssize_t more = blocks * ((columns_of(s, images) + nr - 1) // nr)
    cdef Py_ssize_t dense = (blocks * images * product(s.valid) + nr - 1) // nr
    return (more - dense) * s.M > dense * (8 + 3 * (1 + nr // max(<Py_ssize_t> 1, s.valid[2])))


cdef inline Py_ssize_t runs_of(const Job *s, Py_ssize_t images, Py_ssize_t p, Py_ssize_t n, Run *runs) noexcept nogil:
    """The runs of columns p .. p + n that belong to the result; returns how many."""
    cdef const Py_ssize_t *lengths = &s.valid[0] if s.dense else &s.dims[0]
    cdef Py_ssize_t end = p + n, at = p, row, w, length, source
    cdef Py_ssize_t image, v0, v1, count = 0
    while at < end:
        row = at // lengths[2]
        w = at % lengths[2]
        v1 = row % lengths[1]
        v0 = row // lengths[1] % lengths[0]
        image = row // lengths[1] // lengths[0]
        if w < s.valid[2] and v1 < s.valid[1] and v0 < s.valid[0] and image < images:
            length = min(s.valid[2] - w, end - at)
            source = image * s.image_from + (v0 * s.dims[1] + v1) * s.dims[2] + w
            runs[count].column = at - p
            runs[count].length = length
            runs[count].source = source
            runs[count].to = image * s.image_step + s.start + v0 * s.step[0] + v1 * s.step[1] + w * s.step[2]
            # Without padding at the end of rows the next row goes on where this one ends.
            if count and runs[count - 1].column + runs[count - 1].length == at - p and s.step[2] == 1 and (
                    runs[count - 1].to + runs[count - 1].length == runs[count].to) and (
                        runs[count - 1].source + runs[count - 1].length == source):
                runs[count - 1].length += length
            else:
                count += 1
        at = at + lengths[2] - w
    return count


cdef inline void gather(const Job *s, const real *planes, const Py_ssize_t *at, Py_ssize_t room, Py_ssize_t count,
                        const Run *runs, real *copy, Py_ssize_t width) noexcept nogil:
    """copy[K, width] = the pixels of a tile's columns; `room` numbers of the planes may be read."""
    cdef Py_ssize_t k, j
    cdef Run last = runs[count - 1]
    if last.column + last.length < width:
        memset(copy, 0, s.K * width * sizeof(real))
    if at[s.K] + last.source + last.length + lanes(planes) > room:
        for k in range(s.K):
            for j in range(count):
                memcpy(copy + k * width + runs[j].column, planes + at[k] + runs[j].source, runs[j].length * sizeof(real))
    elif real is float:
        vf_gather(s.K, planes, at, count, runs, copy, width)
    else:
        vd_gather(s.K, planes, at, count, runs, copy, width)


cdef inline int job_task(Py_ssize_t t, const Job *s, Py_ssize_t images, const real *planes, const Py_ssize_t *at,
                         const real *weights, const real *bias, real *out) noexcept nogil:
    """Piece t of a job: the columns of one tile, some tiles high."""
    cdef Py_ssize_t h = height(s.M), high = (s.M + h - 1) // h, nr = columns(planes), total = columns_of(s, images)
    cdef Py_ssize_t piece = DENSE_TILES if s.dense else ROW_TILES
    cdef Py_ssize_t across = (total + nr - 1) // nr, pieces = (high + piece - 1) // piece
    cdef Py_ssize_t g = t // (across * pieces), first = t // across % pieces * piece, p = t % across * nr
    cdef Py_ssize_t n = min(nr, total - p), width = nr if n > lanes(planes) else lanes(planes), r, i, m, q
    cdef Py_ssize_t last, k
    cdef Run runs[MAX_RUNS]
    cdef Py_ssize_t count = runs_of(s, images, p, n, runs), j
    cdef real own[14 * 32]
    cdef real *sums
    cdef real *copy = NULL
    cdef real *to
    cdef real b
    cdef uint64_t mode
    if count == 0:
        return 0
    planes = planes + g * s.group_step
    if s.dense or g * s.group_step + p + at[s.K] + width > s.readable:
        copy = <real *> scratch(PRIVATE, ((s.K + 1) * width + piece * MR * nr) * sizeof(real))
        if copy == NULL:
            return -1
        gather(s, planes, at, s.readable - g * s.group_step, count, runs, copy, width)
    last = min(high, first + piece)
    mode = flush_begin()
    if copy != NULL:
        # Some rows of the copy at a time stay in the first-level cache for all tiles.
        for k from 0 <= k < s.K by COPIED:
            for r in range(first, last):
                sums = copy + (s.K + 1) * width + (r - first) * MR * nr
                tile(min(h, s.M - r * h), width, min(<Py_ssize_t> COPIED, s.K - k), weights + ((g * high + r) * s.K + k) * MR, 1,
                     MR, copy + k * width, width, <const real *> NULL if k == 0 else <const real *> sums, nr, 1, sums, nr)
    for r in range(first, last):
        m = min(h, s.M - r * h)
        sums = own
        if copy != NULL and s.K:
            sums = copy + (s.K + 1) * width + (r - first) * MR * nr
        elif real is float:
            vf_taps(m, n, s.K, weights + (g * high + r) * s.K * MR, planes + p, at, sums, nr)
        else:
            vd_taps(m, n, s.K, weights + (g * high + r) * s.K * MR, planes + p, at, sums, nr)
        for i in range(m):
            to = out + (g * s.M + r * h + i) * s.m_step
            b = bias[g * s.M + r * h + i] if bias != NULL else 0
            for j in range(count):
                if s.step[2] == 1:
                    if real is float:
                        vf_copy_add(runs[j].length, sums + i * nr + runs[j].column, b, to + runs[j].to)
                    else:
                        vd_copy_add(runs[j].length, sums + i * nr + runs[j].column, b, to + runs[j].to)
                else:
                    for q in range(runs[j].length):
                        to[runs[j].to + q * s.step[2]] = sums[i * nr + runs[j].column + q] + b
    flush_end(mode)
    return 0


cdef inline int run_job(const Job *s, Py_ssize_t images, const real *planes, const Py_ssize_t *at, const real *weights,
                        const real *bias, real *out, int threads) noexcept nogil:
    cdef Py_ssize_t nr = columns(planes), h = height(s.M), high = (s.M + h - 1) // h, t
    cdef Py_ssize_t piece = DENSE_TILES if s.dense else ROW_TILES
    cdef Py_ssize_t tasks = s.G * ((columns_of(s, images) + nr - 1) // nr) * ((high + piece - 1) // piece)
    cdef int failed = 0
    if threads == 1:
        for t in range(tasks):
            failed |= job_task(t, s, images, planes, at, weights, bias, out)
    else:
        for t in prange(tasks, num_threads=threads, schedule='dynamic'):
            failed |= job_task(t, s, images, planes, at, weights, bias, out)
    return failed


cdef inline int image_task(Py_ssize_t t, const Job *s, Py_ssize_t N, Py_ssize_t tasks, const real *x, const Py_ssize_t *at,
                           const real *weights, const real *bias, real *out) noexcept nogil:
    """Piece t % tasks of the job of image t / tasks, which is read in place."""
    cdef Job own = s[0]
    cdef Py_ssize_t n = t // tasks
    own.readable = (N - n) * s.image_from
    return job_task(t % tasks, &own, 1, x + n * s.image_from, at, weights, bias, out + n * s.image_step)


cdef inline int run_images(const Job *s, Py_ssize_t N, const real *x, const Py_ssize_t *at, const real *weights,
                           const real *bias, real *out, int threads) noexcept nogil:
    """As run_job for images that are read in place, each a block, in one loop."""
    cdef Py_ssize_t nr = columns(x), h = height(s.M), high = (s.M + h - 1) // h, t
    cdef Py_ssize_t tasks = s.G * ((columns_of(s, 1) + nr - 1) // nr) * ((high + ROW_TILES - 1) // ROW_TILES)
    cdef int failed = 0
    if threads == 1:
        for t in range(N * tasks):
            failed |= image_task(t, s, N, tasks, x, at, weights, bias, out)
    else:
        for t in prange(N * tasks, num_threads=threads, schedule='dynamic'):
            failed |= image_task(t, s, N, tasks, x, at, weights, bias, out)
    return failed
