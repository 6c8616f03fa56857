"""Convolutions in one, two or three dimensions, their input gradients (transposed convolutions) and weight gradients, with pixels
in the lanes of vectors: for few channels; direct.pyx has the others, and onetap.pyx those with one tap.

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
from libc.stdint cimport uint64_t
from libc.string cimport memcpy, memset

from cnet._kernels._threads cimport threads_for
from cnet._kernels._workspace cimport PRIVATE, SHARED, scratch
from cnet._kernels.conv_job cimport Job, copies_pixels, flush_begin, flush_end, run_images, run_job
from cnet._kernels.conv_lines cimport line_room, line_sums
from cnet._kernels.conv_shape cimport Geometry, geometry
from cnet._kernels.gemm_tiles cimport MR, columns, height, lanes, pack, tile, tiles
from cnet._kernels.planes cimport Planes, block_images, ceil_div, make_planes, product
from cnet._kernels.types cimport real

cnp.import_array()

cdef enum:
    PIXELS = 256  # of one channel and tap, gathered at once for the weight gradient
    TASKS = 8     # of a weight gradient
    LINE_ROWS = 16  # output channels of a group up to which lines are summed instead


cdef inline void weights_of_job(Py_ssize_t t, const Geometry *s, const real *w, real *p) noexcept nogil:
    """Panel t of the rows of w[G * M, K], for the convolution."""
    cdef Py_ssize_t M = s.M // s.G, K = s.C // s.G * product(s.kernel), h = height(M), high = (M + h - 1) // h
    cdef Py_ssize_t g = t // high, r = t % high * h
    pack(K, min(h, M - r), w + (g * M + r) * K, 1, K, p + t * K * MR, <Py_ssize_t> MR)


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
    cdef Py_ssize_t high, K = s.C // s.G * product(s.kernel), n, images, group = s.C // s.G, block, room_size
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
    room_size = 0 if planes.in_place else s.C * product(planes.phases) * planes.images * planes.plane + columns(x)
    at = <Py_ssize_t *> scratch(SHARED, at_bytes + (panels + room_size) * sizeof(real))
    if at == NULL:
        return -1
    packed = <real *> (<char *> at + at_bytes)
    room = packed + panels
    tap_distances(s, &planes, at)
    for n in prange(s.G * high, num_threads=threads):
        weights_of_job(n, s, w, packed)
    job.group_step = group * product(planes.phases) * planes.images * planes.plane
    job.plane, job.start = planes.plane, 0
    job.m_step = product(s.out)
    job.image_step = s.M * job.m_step
    for i in range(3):
        job.valid[i], job.dims[i] = s.out[i], planes.dims[i]
    job.step[0], job.step[1], job.step[2] = s.out[1] * s.out[2], s.out[2], 1
    job.image_from = s.C * planes.plane if planes.in_place else planes.plane
    job.dense = False
    job.dense = copies_pixels(&job, planes.images, s.N if planes.in_place else 1, columns(x))
    if planes.in_place and not job.dense:
        return failed | run_images(&job, s.N, x, at, packed, bias, y, threads)
    block = s.N if planes.in_place else planes.images
    for n from 0 <= n < s.N by block:
        images = min(block, s.N - n)
        job.readable = (s.N - n) * s.C * planes.plane if planes.in_place else room_size
        made = make_planes(&planes, x + n * s.C * product(s.size), images, room, threads)
        failed |= run_job(&job, images, made, at, packed, bias, y + n * job.image_step, threads)
    return failed


cdef inline void phase_of_input(const Geometry *s, const Planes *planes, const Py_ssize_t *low, const Py_ssize_t *r,
                                Job *job, Py_ssize_t *at, Py_ssize_t *taps) noexcept nogil:
    """The part of the input gradient at the pixels whose padded position leaves the remainders r by the stride: a
    convolution of the planes with the taps that leave the same remainders. These go to taps[job.K / M]."""
    cdef Py_ssize_t first[3]
    cdef Py_ssize_t M = s.M // s.G, m, k0, k1, k2, d0, d1, d2, k = 0, most = 0, i, q
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
                        if m == 0:
                            taps[k] = (k0 * s.kernel[1] + k1) * s.kernel[2] + k2
                        k += 1
    at[k] = most
    job.K = k


cdef inline int weights_of_phases(Py_ssize_t t, const Geometry *s, const Job *jobs, Py_ssize_t phases,
                                  const Py_ssize_t *taps, const real *w, real *p) noexcept nogil:
    """Panel t of rows of channels, for every phase: phase f has its panels where K of the phases before it end."""
    cdef Py_ssize_t M = s.M // s.G, C = s.C // s.G, T = product(s.kernel), h = height(C), high = (C + h - 1) // h
    cdef Py_ssize_t g = t // high, i = t % high * h, m, f, k, q
    cdef const Py_ssize_t *tap
    cdef real *to
    cdef real *rows
    cdef real *all_taps = <real *> scratch(PRIVATE, T * MR * sizeof(real))
    if all_taps == NULL:
        return -1
    for m in range(M):
        rows = p + (t * M + m) * T * MR if phases == 1 else all_taps
        pack(T, min(h, C - i), w + ((g * M + m) * C + i) * T, 1, T, rows, <Py_ssize_t> MR)
        if phases > 1:
            to, tap = p, taps
            for f in range(phases):
                k = jobs[f].K // M
                for q in range(k):
                    memcpy(to + ((t * M + m) * k + q) * MR, all_taps + tap[q] * MR, MR * sizeof(real))
                to, tap = to + s.G * high * MR * jobs[f].K, tap + k
    return 0


cdef inline void fill_channel(Py_ssize_t t, const Geometry *s, const real *bias, real *x) noexcept nogil:
    """Channel t of a block of images where no tap reaches: the bias."""
    cdef Py_ssize_t n = product(s.size), i
    cdef real b
    if bias == NULL:
        memset(x + t * n, 0, n * sizeof(real))
        return
    x, b = x + t * n, bias[t % s.C]
    for i in range(n):
        x[i] = b


cdef int input_grad(const Geometry *s, const real *g, const real *w, const real *bias, real *x) noexcept nogil:
    cdef Planes planes
    cdef Job *jobs
    cdef Py_ssize_t C = s.C // s.G, M = s.M // s.G, K = M * product(s.kernel), phases = product(s.stride)
    cdef Py_ssize_t high = (C + height(C) - 1) // height(C), panels = (s.G * high * MR * K + 15) // 16 * 16
    cdef Py_ssize_t T = product(s.kernel), head = (phases * sizeof(Job) + (K + phases + T) * sizeof(Py_ssize_t) + 63) // 64 * 64
    cdef Py_ssize_t low[3]
    cdef Py_ssize_t r[3]
    cdef Py_ssize_t n, f, images, done, block
    cdef Py_ssize_t *at
    cdef Py_ssize_t *taps
    cdef real *packed
    cdef const real *made
    cdef bint together, missed = False  # whether no tap reaches some pixels
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
    together = planes.in_place  # all images in one block
    n = 0 if planes.in_place else s.M * planes.images * planes.plane + columns(g)
    jobs = <Job *> scratch(SHARED, head + (panels + n) * sizeof(real))
    if jobs == NULL:
        return -1
    at = <Py_ssize_t *> (jobs + phases)
    taps = at + K + phases
    packed = <real *> (<char *> jobs + head)
    done = 0
    for f in range(phases):
        r[2] = f % s.stride[2]
        r[1] = f // s.stride[2] % s.stride[1]
        r[0] = f // s.stride[2] // s.stride[1]
        jobs[f].M, jobs[f].G = C, s.G
        jobs[f].group_step = M * planes.images * planes.plane
        jobs[f].plane = planes.plane
        jobs[f].m_step = product(s.size)
        jobs[f].image_step = s.C * jobs[f].m_step
        jobs[f].readable = n
        jobs[f].image_from = s.M * planes.plane if planes.in_place else planes.plane
        jobs[f].dense = False
        for i in range(3):
            jobs[f].dims[i] = planes.dims[i]
        phase_of_input(s, &planes, low, r, &jobs[f], at + done + f, taps + done // M)
        done += jobs[f].K
        missed = missed or (jobs[f].K == 0 and product(jobs[f].valid) > 0)
        if jobs[f].K and product(jobs[f].valid):
            jobs[f].dense = copies_pixels(&jobs[f], planes.images, s.N if planes.in_place else 1, columns(g))
            together = together and jobs[f].dense
    for f in prange(s.G * high, num_threads=threads):
        failed |= weights_of_phases(f, s, jobs, phases, taps, w, packed)
    done = 0
    if planes.in_place and not together:
        if missed:
            for f in prange(s.N * s.C, num_threads=threads):
                fill_channel(f, s, bias, x)
        for f in range(phases):
            jobs[f].dense = False
            if jobs[f].K and product(jobs[f].valid):
                failed |= run_images(&jobs[f], s.N, g, at + done + f, packed + s.G * high * MR * done, bias, x, threads)
            done += jobs[f].K
        return failed
    block = s.N if together else planes.images
    for f in range(phases):
        jobs[f].dense = jobs[f].dense or (together and product(jobs[f].valid) > 0)
    for n from 0 <= n < s.N by block:
        images = min(block, s.N - n)
        made = make_planes(&planes, g + n * s.M * product(s.out), images, packed + panels, threads)
        done = 0
        if missed:
            for f in prange(images * s.C, num_threads=threads):
                fill_channel(f, s, bias, x + n * jobs[0].image_step)
        for f in range(phases):
            if planes.in_place:
                jobs[f].readable = (s.N - n) * s.M * planes.plane
            if jobs[f].K and product(jobs[f].valid):
                failed |= run_job(&jobs[f], images, made, at + done + f, packed + s.G * high * MR * done, bias,
                                  x + n * jobs[f].image_step, threads)
            done += jobs[f].K
    return failed


cdef inline int weight_task(Py_ssize_t t, const Geometry *s, const Planes *planes, Py_ssize_t begin, Py_ssize_t end,
                            const real *made, const Py_ssize_t *at, const real *g, bint first, real *w) noexcept nogil:
    """Columns t * nr .. of a group's weight gradient: the sum over some pieces of PIXELS of a block of images."""
    cdef Py_ssize_t M = s.M // s.G, K = s.C // s.G * product(s.kernel), nr = columns(made), P = product(s.out)
    cdef Py_ssize_t across = (K + nr - 1) // nr, group = t // across, k0 = t % across * nr, n = min(nr, K - k0)
    cdef Py_ssize_t width = nr if n > lanes(made) else lanes(made), i, p, k, count, length, done, q, v0, v1, v2, u
    cdef Py_ssize_t pieces = ceil_div(P, PIXELS)
    cdef Py_ssize_t step = s.C * planes.plane if planes.in_place else planes.plane
    cdef Py_ssize_t places[PIXELS]
    cdef Py_ssize_t lengths[PIXELS]
    cdef real *rows = <real *> scratch(PRIVATE, 2 * PIXELS * nr * sizeof(real))
    cdef real *panel = rows + PIXELS * nr
    cdef uint64_t mode
    if rows == NULL:
        return -1
    mode = flush_begin()
    made = made + group * (s.C // s.G) * product(planes.phases) * planes.images * planes.plane
    w = w + group * M * K + k0
    for u in range(begin, end):
        i, p = u // pieces, u % pieces * PIXELS
        length = min(<Py_ssize_t> PIXELS, P - p)
        done = count = 0
        while done < length:
            v2 = (p + done) % s.out[2]
            v1 = (p + done) // s.out[2] % s.out[1]
            v0 = (p + done) // s.out[2] // s.out[1]
            places[count] = i * step + (v0 * planes.dims[1] + v1) * planes.dims[2] + v2
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
    flush_end(mode)
    return 0


cdef inline void add_slices(Py_ssize_t n, Py_ssize_t slices, const real *sums, real *w) noexcept nogil:
    """w[n] = the sum of sums[slices, n], in order."""
    cdef Py_ssize_t i, k
    for i in range(n):
        w[i] = sums[i]
    for k in range(1, slices):
        for i in range(n):
            w[i] += sums[k * n + i]


cdef int weight_grad(const Geometry *s, const real *x, const real *g, real *w, bint lines) noexcept nogil:
    """By rows of pixels if `lines`, else as a matrix product, whose pieces of images are cut into slices with sums of their own
    where its columns are few."""
    cdef Planes planes
    cdef Py_ssize_t K = s.C // s.G * product(s.kernel), at_bytes = (K * sizeof(Py_ssize_t) + 127) // 64 * 64
    cdef Py_ssize_t n, t, images, block, tasks = s.G * ((K + columns(x) - 1) // columns(x)), slack = 2 * lanes(x)
    cdef Py_ssize_t pieces = ceil_div(product(s.out), PIXELS), slices, size = s.M * K
    cdef Py_ssize_t *at
    cdef real *room
    cdef real *sums
    cdef const real *made
    cdef int failed = 0
    cdef int threads = threads_for(<double> s.N * product(s.out) * s.M * K / 8)
    input_planes(s, &planes, sizeof(real))
    if lines:
        planes.in_place = False
        block_images(&planes, s.N, sizeof(real))
        n = line_room(s, &planes, slack)
    else:
        n = 0 if planes.in_place else s.C * product(planes.phases) * planes.images * planes.plane
    block = s.N if planes.in_place else planes.images
    slices = min(block * pieces, ceil_div(TASKS, tasks))
    at = <Py_ssize_t *> scratch(SHARED, at_bytes + (n + (slices * size if slices > 1 else 0)) * sizeof(real))
    if at == NULL:
        return -1
    room = <real *> (<char *> at + at_bytes)
    sums = room + n if slices > 1 else w
    tap_distances(s, &planes, at)
    for n from 0 <= n < s.N by block:
        images = min(block, s.N - n)
        if lines:
            line_sums(s, &planes, images, x + n * s.C * product(s.size), g + n * s.M * product(s.out), at, room, slack, n == 0,
                      w, threads)
            continue
        made = make_planes(&planes, x + n * s.C * product(s.size), images, room, threads)
        for t in prange(tasks * slices, num_threads=threads, schedule='dynamic'):
            failed |= weight_task(t // slices, s, &planes, t % slices * images * pieces // slices,
                                  (t % slices + 1) * images * pieces // slices, made, at, g + n * s.M * product(s.out), n == 0,
                                  sums + t % slices * size)
    if not lines and slices > 1:
        add_slices(size, slices, <const real *> sums, w)
    return failed


cdef int choose_weight_grad(const Geometry *s, const real *x, const real *g, real *w) noexcept nogil:
    """Rows of pixels for few output channels, unless an infinite one has met the zeros between them."""
    cdef Py_ssize_t i, n = s.M * (s.C // s.G) * product(s.kernel)
    cdef int failed
    if s.M // s.G > LINE_ROWS or s.out[2] < lanes(x) // 2 or s.N * product(s.out) < 64 * lanes(x):
        return weight_grad(s, x, g, w, False)
    failed = weight_grad(s, x, g, w, True)
    for i in range(n):
        if w[i] != w[i]:
            return weight_grad(s, x, g, w, False)
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
            failed = choose_weight_grad(&s, <float *> cnp.PyArray_DATA(x), <float *> cnp.PyArray_DATA(g),
                                        <float *> cnp.PyArray_DATA(w))
    else:
        with nogil:
            failed = choose_weight_grad(&s, <double *> cnp.PyArray_DATA(x), <double *> cnp.PyArray_DATA(g),
                                        <double *> cnp.PyArray_DATA(w))
    check(failed)
    return w
