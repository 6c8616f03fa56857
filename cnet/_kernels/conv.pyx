"""Convolutions in one, two or three dimensions, their input gradients (transposed convolutions) and weight gradients.

All are products of the weights with a matrix of shifted images that is never made. Images are copied once, block by
block, into padded planes: one per channel and phase, where a phase holds every stride-th row and column. In these
planes each tap of the kernel sees all pixels of the result at one distance in memory (`at`), whatever the stride,
padding and dilation, so a tile reads them in place. The price is sums for the padding at the end of each row, which are
not stored. A convolution with stride 1 and no padding reads the images themselves.

Letters: N images, C input and M output channels, G groups, K = C / G * taps; sizes and steps are [depth, height, width],
those that a convolution lacks being 1. Arrays are C-contiguous.
"""

cimport numpy as cnp
from cython.parallel cimport prange
from libc.string cimport memcpy, memset

from cnet._kernels._threads cimport threads_for
from cnet._kernels._workspace cimport PRIVATE, SHARED, scratch
from cnet._kernels.conv_shape cimport Geometry, geometry
from cnet._kernels.gemm cimport MR, columns, height, lanes, pack, tile, tiles
from cnet._kernels.planes cimport Planes, block_images, ceil_div, make_planes, product
from cnet._kernels.types cimport real

cnp.import_array()

cdef extern from "conv_ukr.h" nogil:
    void vf_taps(Py_ssize_t m, Py_ssize_t n, Py_ssize_t k, const float *a, const float *b, const Py_ssize_t *at, float *c,
                 Py_ssize_t crs)
    void vd_taps(Py_ssize_t m, Py_ssize_t n, Py_ssize_t k, const double *a, const double *b, const Py_ssize_t *at,
                 double *c, Py_ssize_t crs)
    void vf_copy_add(Py_ssize_t n, const float *x, float bias, float *y)
    void vd_copy_add(Py_ssize_t n, const double *x, double bias, double *y)

cdef enum:
    ROW_TILES = 6
    PIXELS = 256  # of one channel and tap, gathered at once for the weight gradient
    MAX_RUNS = 64  # at least the columns of the widest tile

# A product of packed weights [G, M, K] with planes: result (m, v) of an image goes to out[m * m_step + start + v . step].
cdef struct Job:
    Py_ssize_t M, K, G, group_step, readable
    Py_ssize_t valid[3]
    Py_ssize_t dims[3]
    Py_ssize_t plane, images, image_step, m_step, start
    Py_ssize_t step[3]

# Neighbouring columns of a tile that are neighbours in the result.
cdef struct Run:
    Py_ssize_t column, length, to


cdef inline int runs_of(const Job *s, Py_ssize_t images, Py_ssize_t p, Py_ssize_t n, Run *runs) noexcept nogil:
    """The runs of columns p .. p + n of the planes that belong to the result; returns how many."""
    cdef Py_ssize_t end = p + n, at = p, row, w, length
    cdef Py_ssize_t image, v0, v1
    cdef int count = 0
    while at < end:
        row = at // s.dims[2]
        w = at % s.dims[2]
        v1 = row % s.dims[1]
        v0 = row // s.dims[1] % s.dims[0]
        image = row // s.dims[1] // s.dims[0]
        if w < s.valid[2] and v1 < s.valid[1] and v0 < s.valid[0] and image < images:
            length = min(s.valid[2] - w, end - at)
            runs[count].column = at - p
            runs[count].length = length
            runs[count].to = image * s.image_step + s.start + v0 * s.step[0] + v1 * s.step[1] + w * s.step[2]
            # Without padding at the end of rows the next row goes on where this one ends.
            if count and runs[count - 1].column + runs[count - 1].length == at - p and s.step[2] == 1 and (
                    runs[count - 1].to + runs[count - 1].length == runs[count].to):
                runs[count - 1].length += length
            else:
                count += 1
        at = at + s.dims[2] - w
    return count


cdef inline int job_task(Py_ssize_t t, const Job *s, Py_ssize_t images, const real *planes, const Py_ssize_t *at,
                         const real *weights, const real *bias, real *out) noexcept nogil:
    """Piece t of a job: the columns of one tile, ROW_TILES tiles high."""
    cdef Py_ssize_t h = height(s.M), high = (s.M + h - 1) // h, nr = columns(planes)
    cdef Py_ssize_t total = (images - 1) * s.plane + (
        (s.valid[0] - 1) * s.dims[1] + s.valid[1] - 1) * s.dims[2] + s.valid[2]
    cdef Py_ssize_t across = (total + nr - 1) // nr, pieces = (high + ROW_TILES - 1) // ROW_TILES
    cdef Py_ssize_t g = t // (across * pieces), piece = t // across % pieces, p = t % across * nr
    cdef Py_ssize_t n = min(nr, total - p), width = nr if n > lanes(planes) else lanes(planes), r, i, k, m, q
    cdef Run runs[MAX_RUNS]
    cdef int count = runs_of(s, images, p, n, runs), j
    cdef real sums[14 * 32]
    cdef real *copy = NULL
    cdef real *to
    cdef real b
    if count == 0:
        return 0
    planes = planes + g * s.group_step + p
    if g * s.group_step + p + at[s.K] + width > s.readable:
        copy = <real *> scratch(PRIVATE, s.K * width * sizeof(real))
        if copy == NULL:
            return -1
        for k in range(s.K):
            memcpy(copy + k * width, planes + at[k], n * sizeof(real))
            memset(copy + k * width + n, 0, (width - n) * sizeof(real))
    for r in range(piece * ROW_TILES, min(high, piece * ROW_TILES + ROW_TILES)):
        m = min(h, s.M - r * h)
        if copy != NULL:
            tile(m, width, s.K, weights + (g * high + r) * s.K * MR, 1, MR, copy, width, NULL, 0, 0, sums, nr)
        elif real is float:
            vf_taps(m, n, s.K, weights + (g * high + r) * s.K * MR, planes, at, sums, nr)
        else:
            vd_taps(m, n, s.K, weights + (g * high + r) * s.K * MR, planes, at, sums, nr)
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
    return 0


cdef inline int run_job(const Job *s, Py_ssize_t images, const real *planes, const Py_ssize_t *at, const real *weights,
                        const real *bias, real *out, int threads) noexcept nogil:
    cdef Py_ssize_t nr = columns(planes), h = height(s.M), high = (s.M + h - 1) // h, t
    cdef Py_ssize_t total = (images - 1) * s.plane + (
        (s.valid[0] - 1) * s.dims[1] + s.valid[1] - 1) * s.dims[2] + s.valid[2]
    cdef Py_ssize_t tasks = s.G * ((total + nr - 1) // nr) * ((high + ROW_TILES - 1) // ROW_TILES)
    cdef int failed = 0
    if threads == 1:
        for t in range(tasks):
            failed |= job_task(t, s, images, planes, at, weights, bias, out)
    else:
        for t in prange(tasks, num_threads=threads, schedule='dynamic'):
            failed |= job_task(t, s, images, planes, at, weights, bias, out)
    return failed


cdef inline void weights_of_job(const Geometry *s, const real *w, real *p) noexcept nogil:
    """w[G * M, K] as panels of rows, for the convolution."""
    cdef Py_ssize_t M = s.M // s.G, K = s.C // s.G * product(s.kernel), h = height(M), g, r
    for g in range(s.G):
        for r from 0 <= r < M by h:
            pack(K, min(h, M - r), w + (g * M + r) * K, 1, K, p, <Py_ssize_t> MR)
            p = p + K * MR


cdef inline void tap_distances(const Geometry *s, const Planes *planes, Py_ssize_t *at) noexcept nogil:
    """at[k] for the channels of a group and the taps, then the largest of them."""
    cdef Py_ssize_t c, k0, k1, k2, r, d0, d1, d2, k = 0, most = 0, step = planes.images * planes.plane
    cdef Py_ssize_t phases = product(planes.phases)
    for c in range(s.C // s.G):
        for k0 in range(s.kernel[0]):
            d0 = k0 * s.dilation[0]
            for k1 in range(s.kernel[1]):
                d1 = k1 * s.dilation[1]
                for k2 in range(s.kernel[2]):
                    d2 = k2 * s.dilation[2]
                    r = (d0 % s.stride[0] * planes.phases[1] + d1 % s.stride[1]) * planes.phases[2] + d2 % s.stride[2]
                    at[k] = (c * phases + r) * step + (
                        d0 // s.stride[0] * planes.dims[1] + d1 // s.stride[1]) * planes.dims[2] + d2 // s.stride[2]
                    most = max(most, at[k])
                    k += 1
    at[k] = most


cdef inline void input_planes(const Geometry *s, Planes *planes, Py_ssize_t size) noexcept nogil:
    """How the images of a convolution become planes."""
    cdef int i
    cdef Py_ssize_t reach
    planes.C = s.C
    planes.in_place = True
    for i in range(3):
        reach = (s.kernel[i] - 1) * s.dilation[i]
        planes.size[i], planes.stride[i], planes.pad[i] = s.size[i], s.stride[i], s.pad[i]
        planes.phases[i] = min(s.stride[i], reach + 1)
        planes.dims[i] = s.out[i] + reach // s.stride[i]
        planes.in_place = planes.in_place and s.stride[i] == 1 and s.pad[i] == 0 and planes.dims[i] == s.size[i]
    block_images(planes, s.N, size)


cdef int forward(const Geometry *s, const real *x, const real *w, const real *bias, real *y) noexcept nogil:
    cdef Planes planes
    cdef Job job
    cdef Py_ssize_t high, K = s.C // s.G * product(s.kernel), n, images, group = s.C // s.G
    cdef Py_ssize_t at_bytes = (K * sizeof(Py_ssize_t) + 127) // 64 * 64, panels
    cdef Py_ssize_t *at
    cdef real *packed
    cdef real *room
    cdef const real *made
    cdef int failed = 0, i
    cdef int threads = threads_for(<double> s.N * product(s.out) * s.M * K / 8)
    input_planes(s, &planes, sizeof(real))
    job.M, job.K, job.G = s.M // s.G, K, s.G
    high = (job.M + height(job.M) - 1) // height(job.M)
    panels = (s.G * high * MR * K + 15) // 16 * 16
    n = 0 if planes.in_place else s.C * product(planes.phases) * planes.images * planes.plane + columns(x)
    at = <Py_ssize_t *> scratch(SHARED, at_bytes + (panels + n) * sizeof(real))
    if at == NULL:
        return -1
    packed = <real *> (<char *> at + at_bytes)
    room = packed + panels
    tap_distances(s, &planes, at)
    weights_of_job(s, w, packed)
    job.group_step = group * product(planes.phases) * planes.images * planes.plane
    job.plane, job.images, job.start = planes.plane, planes.images, 0
    job.m_step = product(s.out)
    job.image_step = s.M * job.m_step
    for i in range(3):
        job.valid[i], job.dims[i] = s.out[i], planes.dims[i]
    job.step[0], job.step[1], job.step[2] = s.out[1] * s.out[2], s.out[2], 1
    job.readable = n
    for n from 0 <= n < s.N by planes.images:
        images = min(planes.images, s.N - n)
        if planes.in_place:
            job.readable = (s.N - n) * s.C * planes.plane
        made = make_planes(&planes, x + n * s.C * product(s.size), images, room, threads)
        failed |= run_job(&job, images, made, at, packed, bias, y + n * job.image_step, threads)
    return failed


cdef inline void phase_of_input(const Geometry *s, const Planes *planes, const Py_ssize_t *low, const Py_ssize_t *r,
                                const real *w, Job *job, Py_ssize_t *at, real *p) noexcept nogil:
    """The part of the input gradient at the pixels whose padded position leaves the remainders r by the stride: a
    convolution of the planes with the taps that leave the same remainders."""
    cdef Py_ssize_t M = s.M // s.G, C = s.C // s.G, T = product(s.kernel), h = height(C)
    cdef Py_ssize_t first[3]
    cdef Py_ssize_t m, k0, k1, k2, d0, d1, d2, k = 0, most = 0, g, i, q
    cdef bint all_taps = product(s.stride) == 1
    job.start = 0
    job.step[0], job.step[1], job.step[2] = s.size[1] * s.size[2], s.size[2], 1
    for i in range(3):
        first[i] = ceil_div(s.pad[i] - r[i], s.stride[i])
        q = s.pad[i] + s.size[i] - 1 - r[i]
        job.valid[i] = max(<Py_ssize_t> 0, (q // s.stride[i] if q >= 0 else -1) - first[i] + 1)
        job.start += (s.stride[i] * first[i] + r[i] - s.pad[i]) * job.step[i]
        job.step[i] *= s.stride[i]
    for m in range(M):
        for k0 in range(s.kernel[0]):
            d0 = k0 * s.dilation[0]
            for k1 in range(s.kernel[1]):
                d1 = k1 * s.dilation[1]
                for k2 in range(s.kernel[2]):
                    d2 = k2 * s.dilation[2]
                    if d0 % s.stride[0] == r[0] and d1 % s.stride[1] == r[1] and d2 % s.stride[2] == r[2]:
                        at[k] = m * planes.images * planes.plane + (
                            (first[0] - d0 // s.stride[0] - low[0]) * planes.dims[1] + (
                                first[1] - d1 // s.stride[1] - low[1])) * planes.dims[2] + (
                                    first[2] - d2 // s.stride[2] - low[2])
                        most = max(most, at[k])
                        k += 1
    at[k] = most
    job.K = k
    for g in range(s.G):
        for i from 0 <= i < C by h:
            if all_taps:
                for m in range(M):
                    pack(T, min(h, C - i), w + ((g * M + m) * C + i) * T, 1, T, p + m * T * MR, <Py_ssize_t> MR)
            else:
                k = 0
                for m in range(M):
                    for q in range(T):
                        d2 = q % s.kernel[2] * s.dilation[2]
                        d1 = q // s.kernel[2] % s.kernel[1] * s.dilation[1]
                        d0 = q // s.kernel[2] // s.kernel[1] * s.dilation[0]
                        if d0 % s.stride[0] == r[0] and d1 % s.stride[1] == r[1] and d2 % s.stride[2] == r[2]:
                            pack(1, min(h, C - i), w + ((g * M + m) * C + i) * T + q, 0, T, p + k * MR, <Py_ssize_t> MR)
                            k += 1
            p = p + job.K * MR


cdef int input_grad(const Geometry *s, const real *g, const real *w, const real *bias, real *x) noexcept nogil:
    cdef Planes planes
    cdef Job *jobs
    cdef Py_ssize_t C = s.C // s.G, M = s.M // s.G, K = M * product(s.kernel), phases = product(s.stride)
    cdef Py_ssize_t high = (C + height(C) - 1) // height(C), panels = (s.G * high * MR * K + 15) // 16 * 16
    cdef Py_ssize_t head = (phases * sizeof(Job) + (K + phases) * sizeof(Py_ssize_t) + 63) // 64 * 64
    cdef Py_ssize_t low[3]
    cdef Py_ssize_t r[3]
    cdef Py_ssize_t n, f, images, done
    cdef Py_ssize_t *at
    cdef real *packed
    cdef const real *made
    cdef int failed = 0, i
    cdef int threads = threads_for(<double> s.N * product(s.out) * s.M * C * product(s.kernel) / 8)
    planes.C = s.M
    planes.in_place = True
    for i in range(3):
        low[i] = s.pad[i] // s.stride[i] - (s.kernel[i] - 1) * s.dilation[i] // s.stride[i]
        planes.size[i], planes.stride[i], planes.phases[i], planes.pad[i] = s.out[i], 1, 1, -low[i]
        planes.dims[i] = (s.pad[i] + s.size[i] - 1) // s.stride[i] - low[i] + 1
        planes.in_place = planes.in_place and low[i] == 0 and planes.dims[i] == s.out[i]
    block_images(&planes, s.N, sizeof(real))
    n = 0 if planes.in_place else s.M * planes.images * planes.plane + columns(g)
    jobs = <Job *> scratch(SHARED, head + (panels + n) * sizeof(real))
    if jobs == NULL:
        return -1
    at = <Py_ssize_t *> (jobs + phases)
    packed = <real *> (<char *> jobs + head)
    done = 0
    for f in range(phases):
        r[2] = f % s.stride[2]
        r[1] = f // s.stride[2] % s.stride[1]
        r[0] = f // s.stride[2] // s.stride[1]
        jobs[f].M, jobs[f].G = C, s.G
        jobs[f].group_step = M * planes.images * planes.plane
        jobs[f].plane, jobs[f].images = planes.plane, planes.images
        jobs[f].m_step = product(s.size)
        jobs[f].image_step = s.C * jobs[f].m_step
        jobs[f].readable = n
        for i in range(3):
            jobs[f].dims[i] = planes.dims[i]
        phase_of_input(s, &planes, low, r, w, &jobs[f], at + done + f, packed + s.G * high * MR * done)
        done += jobs[f].K
    for n from 0 <= n < s.N by planes.images:
        images = min(planes.images, s.N - n)
        made = make_planes(&planes, g + n * s.M * product(s.out), images, packed + panels, threads)
        done = 0
        for f in range(phases):
            if planes.in_place:
                jobs[f].readable = (s.N - n) * s.M * planes.plane
            if product(jobs[f].valid):
                failed |= run_job(&jobs[f], images, made, at + done + f, packed + s.G * high * MR * done, bias,
                                  x + n * jobs[f].image_step, threads)
            done += jobs[f].K
    return failed


cdef inline int weight_task(Py_ssize_t t, const Geometry *s, const Planes *planes, Py_ssize_t images, const real *made,
                            const Py_ssize_t *at, const real *g, bint first, real *w) noexcept nogil:
    """Columns t * nr .. of a group's weight gradient: the sum over a block of images."""
    cdef Py_ssize_t M = s.M // s.G, K = s.C // s.G * product(s.kernel), nr = columns(made), P = product(s.out)
    cdef Py_ssize_t across = (K + nr - 1) // nr, group = t // across, k0 = t % across * nr, n = min(nr, K - k0)
    cdef Py_ssize_t width = nr if n > lanes(made) else lanes(made), i, p, k, count, length, done, q, v0, v1, v2
    cdef Py_ssize_t places[PIXELS]
    cdef Py_ssize_t lengths[PIXELS]
    cdef real *rows = <real *> scratch(PRIVATE, 2 * PIXELS * nr * sizeof(real))
    cdef real *panel = rows + PIXELS * nr
    if rows == NULL:
        return -1
    made = made + group * (s.C // s.G) * product(planes.phases) * planes.images * planes.plane
    w = w + group * M * K + k0
    for i in range(images):
        for p from 0 <= p < P by PIXELS:
            length = min(<Py_ssize_t> PIXELS, P - p)
            done = count = 0
            while done < length:
                v2 = (p + done) % s.out[2]
                v1 = (p + done) // s.out[2] % s.out[1]
                v0 = (p + done) // s.out[2] // s.out[1]
                places[count] = i * planes.plane + (v0 * planes.dims[1] + v1) * planes.dims[2] + v2
                lengths[count] = min(s.out[2] - v2, length - done)
                done += lengths[count]
                count += 1
            for k in range(n):
                done = k * PIXELS
                for q in range(count):
                    memcpy(rows + done, made + at[k0 + k] + places[q], lengths[q] * sizeof(real))
                    done += lengths[q]
            pack(length, n, rows, 1, <Py_ssize_t> PIXELS, panel, width)
            tiles(M, n, length, g + (i * s.M + group * M) * P + p, P, 1, panel, width, NULL if first else <const real *> w,
                  K, 1, w, K)
            first = False
    return 0


cdef int weight_grad(const Geometry *s, const real *x, const real *g, real *w) noexcept nogil:
    cdef Planes planes
    cdef Py_ssize_t K = s.C // s.G * product(s.kernel), at_bytes = (K * sizeof(Py_ssize_t) + 127) // 64 * 64
    cdef Py_ssize_t n, t, images, tasks = s.G * ((K + columns(x) - 1) // columns(x))
    cdef Py_ssize_t *at
    cdef const real *made
    cdef int failed = 0
    cdef int threads = threads_for(<double> s.N * product(s.out) * s.M * K / 8)
    input_planes(s, &planes, sizeof(real))
    n = 0 if planes.in_place else s.C * product(planes.phases) * planes.images * planes.plane
    at = <Py_ssize_t *> scratch(SHARED, at_bytes + n * sizeof(real))
    if at == NULL:
        return -1
    tap_distances(s, &planes, at)
    for n from 0 <= n < s.N by planes.images:
        images = min(planes.images, s.N - n)
        made = make_planes(&planes, x + n * s.C * product(s.size), images, <real *> (<char *> at + at_bytes), threads)
        if threads == 1:
            for t in range(tasks):
                failed |= weight_task(t, s, &planes, images, made, at, g + n * s.M * product(s.out), n == 0, w)
        else:
            for t in prange(tasks, num_threads=threads, schedule='dynamic'):
                failed |= weight_task(t, s, &planes, images, made, at, g + n * s.M * product(s.out), n == 0, w)
    return failed


cdef check(int failed):
    if failed:
        raise MemoryError('convolution: no memory for a block of images')


def conv_forward(cnp.ndarray x, cnp.ndarray w, cnp.ndarray bias, cnp.ndarray y, tuple stride, tuple padding,
                 tuple dilation, Py_ssize_t groups):
    """Fill y[N, M, ...] with the convolution of x[N, C, ...] by w[M, C / G, ...], plus bias[M] unless that is None."""
    cdef Geometry s = geometry(x, y, (<object> w).shape, stride, padding, dilation, groups)
    cdef char *b = NULL if bias is None else <char *> cnp.PyArray_DATA(bias)
    cdef int failed
    if cnp.PyArray_SIZE(y) == 0:
        return y
    if s.kind == cnp.NPY_FLOAT:
        with nogil:
            failed = forward(&s, <float *> cnp.PyArray_DATA(x), <float *> cnp.PyArray_DATA(w), <float *> b,
                             <float *> cnp.PyArray_DATA(y))
    else:
        with nogil:
            failed = forward(&s, <double *> cnp.PyArray_DATA(x), <double *> cnp.PyArray_DATA(w), <double *> b,
                             <double *> cnp.PyArray_DATA(y))
    check(failed)
    return y


def conv_input_grad(cnp.ndarray g, cnp.ndarray w, cnp.ndarray bias, cnp.ndarray x, tuple stride, tuple padding,
                    tuple dilation, Py_ssize_t groups):
    """Fill x[N, C, ...] with the gradient of a convolution's input, or with a transposed convolution of g[N, M, ...],
    plus bias[C] unless that is None."""
    cdef Geometry s = geometry(x, g, (<object> w).shape, stride, padding, dilation, groups)
    cdef char *b = NULL if bias is None else <char *> cnp.PyArray_DATA(bias)
    cdef int failed
    if cnp.PyArray_SIZE(x) == 0:
        return x
    if s.kind == cnp.NPY_FLOAT:
        with nogil:
            failed = input_grad(&s, <float *> cnp.PyArray_DATA(g), <float *> cnp.PyArray_DATA(w), <float *> b,
                                <float *> cnp.PyArray_DATA(x))
    else:
        with nogil:
            failed = input_grad(&s, <double *> cnp.PyArray_DATA(g), <double *> cnp.PyArray_DATA(w), <double *> b,
                                <double *> cnp.PyArray_DATA(x))
    check(failed)
    return x


def conv_weight_grad(cnp.ndarray x, cnp.ndarray g, cnp.ndarray w, tuple stride, tuple padding, tuple dilation,
                     Py_ssize_t groups):
    """Fill w[M, C / G, ...] with the gradient of a convolution's weights."""
    cdef Geometry s = geometry(x, g, (<object> w).shape, stride, padding, dilation, groups)
    cdef int failed
    if cnp.PyArray_SIZE(g) == 0 or cnp.PyArray_SIZE(w) == 0:
        cnp.PyArray_FILLWBYTE(w, 0)
        return w
    if s.kind == cnp.NPY_FLOAT:
        with nogil:
            failed = weight_grad(&s, <float *> cnp.PyArray_DATA(x), <float *> cnp.PyArray_DATA(g),
                                 <float *> cnp.PyArray_DATA(w))
    else:
        with nogil:
            failed = weight_grad(&s, <double *> cnp.PyArray_DATA(x), <double *> cnp.PyArray_DATA(g),
                                 <double *> cnp.PyArray_DATA(w))
    check(failed)
    return w
