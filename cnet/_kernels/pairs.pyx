"""Convolutions of few channels in rows of several taps, and their input gradients without strides, by minimal filtering along
the rows: two neighbouring results take two thirds to three quarters of the products (pairs_ukr.h).

The taps of a row that see the same phase of its pixels are cut into threes, twos and ones. A task turns what a box of results sees
of an image into numbers, one plane for each of channel, number and phase of rows, in which a row has a number for each pair:

    values[channel, number, phase of rows, row, pair]

so that a tap of any row sees the pairs of the box at one distance, and vectors are full whatever the width of the image. Four sums
per pair follow, each a list of distances and factors, and are joined.

An infinite number would spread over a pair; a function that meets one returns False, and the caller computes again without
transforms. Letters: N images, C input and M output channels of a group, G groups; sizes and steps are [height, width]. Arrays
are C-contiguous.
"""

cimport numpy as cnp
from cython.parallel cimport prange
from libc.stdint cimport uint64_t
from libc.string cimport memset

from cnet._kernels._threads cimport threads_for
from cnet._kernels._workspace cimport PRIVATE, SHARED, scratch
from cnet._kernels.conv_shape cimport Geometry, geometry
from cnet._kernels.gemm_tiles cimport MR, columns, flush_begin, flush_end, height, shift
from cnet._kernels.planes cimport ceil_div
from cnet._kernels.types cimport real

cnp.import_array()

cdef extern from "conv_ukr.h" nogil:
    void vf_taps(Py_ssize_t m, Py_ssize_t n, Py_ssize_t k, const float *a, const float *b, const Py_ssize_t *at,
                 float *c, Py_ssize_t crs)
    void vd_taps(Py_ssize_t m, Py_ssize_t n, Py_ssize_t k, const double *a, const double *b, const Py_ssize_t *at,
                 double *c, Py_ssize_t crs)

cdef extern from "depthwise_ukr.h" nogil:
    void vf_copy_line(Py_ssize_t n, const float *x, float *y)
    void vd_copy_line(Py_ssize_t n, const double *x, double *y)
    void vf_split_line(Py_ssize_t n, const float *x, float *even, float *odd)
    void vd_split_line(Py_ssize_t n, const double *x, double *even, double *odd)

cdef extern from "pairs_ukr.h" nogil:
    void vf_pair_rows(Py_ssize_t taps, Py_ssize_t rows, Py_ssize_t n, const float *x, Py_ssize_t pitch, float *out,
                      Py_ssize_t step)
    void vd_pair_rows(Py_ssize_t taps, Py_ssize_t rows, Py_ssize_t n, const double *x, Py_ssize_t pitch, double *out,
                      Py_ssize_t step)
    void vf_pair_phases(Py_ssize_t taps, Py_ssize_t rows, Py_ssize_t n, const float *x, const Py_ssize_t *at, Py_ssize_t pitch,
                        float *out, Py_ssize_t step)
    void vd_pair_phases(Py_ssize_t taps, Py_ssize_t rows, Py_ssize_t n, const double *x, const Py_ssize_t *at, Py_ssize_t pitch,
                        double *out, Py_ssize_t step)
    float vf_join_pairs(Py_ssize_t m, Py_ssize_t n, int odd, const float *s, Py_ssize_t step, Py_ssize_t srs, const float *bias,
                        float *y, Py_ssize_t yrs)
    double vd_join_pairs(Py_ssize_t m, Py_ssize_t n, int odd, const double *s, Py_ssize_t step, Py_ssize_t srs, const double *bias,
                         double *y, Py_ssize_t yrs)
    void vf_ask_pairs(Py_ssize_t m, Py_ssize_t n, const float *y, Py_ssize_t yrs)
    void vd_ask_pairs(Py_ssize_t m, Py_ssize_t n, const double *y, Py_ssize_t yrs)

cdef enum:
    PARTS = 8           # of a row of taps at most
    VALUES = 3 << 16    # bytes of a task's values: a second-level cache keeps them
    NEAR = 16 << 10     # bytes
    TASKS = 16
    LEAST = 128         # pairs of a box at least: the rows around them are turned once more for each
    SLACK = 32          # numbers that whole vectors read beyond the values
    WIDEST = 32         # columns of a tile

# Some taps of a row, `first` and every stride-th after it; `number` is the first of its numbers, and with a stride, the pixel q that they
# see lies at[q] in the phases of rows.
cdef struct Part:
    Py_ssize_t first, taps, number
    Py_ssize_t at[4]

cdef struct Cut:
    Py_ssize_t N, G, C, M, T
    Py_ssize_t size[2]
    Py_ssize_t out[2]
    Py_ssize_t kernel[2]
    Py_ssize_t stride[2]
    Py_ssize_t pad[2]
    bint turned                  # whether weights lie as [C, M, T], and are read backwards
    Part parts[PARTS]
    Py_ssize_t count, numbers    # of parts, of their numbers
    Py_ssize_t K[4]              # products of each sum
    Py_ssize_t pairs, phase      # in a row; pixels of a phase of a row
    Py_ssize_t rows, boxes       # results' rows in a box, boxes of an image
    Py_ssize_t lines, plane      # rows of a phase, numbers of a plane


cdef inline bint in_sum(int sum_, Py_ssize_t taps, Py_ssize_t *number) noexcept nogil:
    """Whether one of the numbers of some taps goes into a sum, and which."""
    if sum_ == 0:
        number[0] = 0
        return True
    if sum_ == 3:
        number[0] = taps
        return True
    number[0] = sum_
    return taps == 3 or (taps == 2 and sum_ == 1)


cdef inline Py_ssize_t phase_step(const Cut *c) noexcept nogil:
    """Numbers from one phase of a channel's pixels to the next."""
    return ((c.rows - 1) * c.stride[0] + c.kernel[0]) * c.phase + SLACK


cdef inline Cut cut_of(const Geometry *s, bint gradient, Py_ssize_t size) noexcept nogil:
    cdef Cut c
    cdef Py_ssize_t f, n, taken, row, k, p
    cdef int d
    c.N, c.G, c.turned, c.count, c.numbers = s.N, s.G, gradient, 0, 0
    c.C, c.M = (s.M // s.G, s.C // s.G) if gradient else (s.C // s.G, s.M // s.G)
    for d in range(2):
        c.kernel[d], c.stride[d] = s.kernel[d + 1], s.stride[d + 1]
        c.size[d], c.out[d] = (s.out[d + 1], s.size[d + 1]) if gradient else (s.size[d + 1], s.out[d + 1])
        c.pad[d] = s.kernel[d + 1] - 1 - s.pad[d + 1] if gradient else s.pad[d + 1]
    c.T = c.kernel[0] * c.kernel[1]
    memset(c.K, 0, sizeof(c.K))
    c.pairs = ceil_div(c.out[1], 2)
    c.phase = c.pairs + (c.kernel[1] - 1 + c.stride[1]) // (2 * c.stride[1])
    for f in range(min(c.stride[1], c.kernel[1])):
        n = taken = 0
        while n < ceil_div(c.kernel[1] - f, c.stride[1]):
            # Four are two twos: as many products as three and one, and no difference.
            taken = ceil_div(c.kernel[1] - f, c.stride[1]) - n
            taken = 2 if taken == 4 else min(taken, <Py_ssize_t> 3)
            c.parts[c.count].first, c.parts[c.count].taps, c.parts[c.count].number = f + n * c.stride[1], taken, c.numbers
            for d in range(4):
                c.K[d] += c.C * c.kernel[0] * in_sum(d, taken, &row)
            c.count += 1
            c.numbers += taken + 1
            n += taken
    row = c.C * c.numbers * c.pairs * c.stride[0] * size
    c.rows = max(c.N * c.G * c.out[0] // TASKS, ceil_div(LEAST, c.pairs))
    c.rows = max(<Py_ssize_t> 1, min(c.rows, VALUES // row - (c.kernel[0] - 1) // c.stride[0]))
    c.boxes = ceil_div(c.out[0], c.rows)
    c.rows = ceil_div(c.out[0], c.boxes)
    c.boxes = ceil_div(c.out[0], c.rows)
    c.lines = c.rows + (c.kernel[0] - 1) // c.stride[0]
    # An odd number of cache lines, so that planes do not fall into one set.
    c.plane = ceil_div(c.lines * c.pairs, 16) // 2 * 32 + 16
    for p in range(c.count):
        for d in range(4):
            k = c.parts[p].first + d * c.stride[1]
            c.parts[p].at[d] = k % (2 * c.stride[1]) * phase_step(&c) + k // (2 * c.stride[1])
    return c


cdef inline Py_ssize_t panel_size(const Cut *c) noexcept nogil:
    """Factors of some rows of channels."""
    return (c.K[0] + c.K[1] + c.K[2] + c.K[3]) * MR


cdef inline void list_places(const Cut *c, Py_ssize_t *at) noexcept nogil:
    """at[k] in the values for all products of the four sums, in order."""
    cdef Py_ssize_t i, y, p, q
    cdef int d
    for d in range(4):
        for i in range(c.C):
            for y in range(c.kernel[0]):
                for p in range(c.count):
                    if in_sum(d, c.parts[p].taps, &q):
                        at[0] = ((i * c.numbers + c.parts[p].number + q) * c.stride[0] + y % c.stride[0]) * c.plane + (
                            y // c.stride[0] * c.pairs)
                        at += 1


cdef inline void factor_task(Py_ssize_t t, const Cut *c, const real *w, real *factors) noexcept nogil:
    """The factors of some channels: factors[product, MR]."""
    cdef Py_ssize_t h = height(c.M), high = ceil_div(c.M, h), g = t // high, r = t % high * h, m = min(h, c.M - r), i, y, p, q, j, k
    cdef Py_ssize_t step = -c.stride[1] if c.turned else c.stride[1]
    cdef const real *tap
    cdef real a, b, e
    cdef int d
    factors = factors + t * panel_size(c)
    for d in range(4):
        for i in range(c.C):
            for y in range(c.kernel[0]):
                for p in range(c.count):
                    if not in_sum(d, c.parts[p].taps, &q):
                        continue
                    k = y * c.kernel[1] + c.parts[p].first
                    for j in range(m):
                        if c.turned:
                            tap = w + ((g * c.C + i) * c.M + r + j) * c.T + c.T - 1 - k
                        else:
                            tap = w + ((g * c.M + r + j) * c.C + i) * c.T + k
                        a = tap[0]
                        b = tap[step] if c.parts[p].taps > 1 else 0
                        e = tap[2 * step] if c.parts[p].taps > 2 else 0
                        if d == 0:
                            factors[j] = a
                        elif d == 3:
                            factors[j] = e if c.parts[p].taps == 3 else b if c.parts[p].taps == 2 else a
                        elif c.parts[p].taps == 2:
                            factors[j] = a + b
                        else:
                            factors[j] = (a + b + e) / 2 if d == 1 else (a - b + e) / 2
                    factors = factors + MR


cdef inline void split(Py_ssize_t n, const real *x, real *even, real *odd) noexcept nogil:
    if real is float:
        vf_split_line(n, x, even, odd)
    else:
        vd_split_line(n, x, even, odd)


cdef inline void pair_rows(Py_ssize_t taps, Py_ssize_t rows, Py_ssize_t n, const real *x, Py_ssize_t pitch, real *out,
                           Py_ssize_t step) noexcept nogil:
    if real is float:
        vf_pair_rows(taps, rows, n, x, pitch, out, step)
    else:
        vd_pair_rows(taps, rows, n, x, pitch, out, step)


cdef inline void pair_phases(Py_ssize_t taps, Py_ssize_t rows, Py_ssize_t n, const real *x, const Py_ssize_t *at, Py_ssize_t pitch,
                             real *out, Py_ssize_t step) noexcept nogil:
    if real is float:
        vf_pair_phases(taps, rows, n, x, at, pitch, out, step)
    else:
        vd_pair_phases(taps, rows, n, x, at, pitch, out, step)


cdef inline real join_pairs(Py_ssize_t m, Py_ssize_t n, int odd, const real *s, Py_ssize_t step, const real *bias, real *y,
                            Py_ssize_t yrs) noexcept nogil:
    if real is float:
        return vf_join_pairs(m, n, odd, s, step, columns(s), bias, y, yrs)
    return vd_join_pairs(m, n, odd, s, step, columns(s), bias, y, yrs)


cdef inline void plane_values(const Cut *c, const real *x, Py_ssize_t first, Py_ssize_t rows, real *room, real *values) noexcept nogil:
    """The values of one channel of an image for `rows` rows of results from `first` on; `room` has zeros around the pixels of the
    channel before, and is followed by room for phases."""
    cdef Py_ssize_t width = 2 * c.stride[1] * c.phase, end = (rows - 1) * c.stride[0] + c.kernel[0], n = end * width
    cdef Py_ssize_t top = first * c.stride[0] - c.pad[0], y, p, k, step = phase_step(c), pitch = c.stride[0] * c.plane
    cdef real *line = room + min(c.pad[1], width)
    cdef real *phases = room + n + SLACK
    cdef Py_ssize_t count = max(<Py_ssize_t> 0, min(c.size[1], width - c.pad[1]))
    for y in range(max(<Py_ssize_t> 0, -top), min(end, c.size[0] - top)):
        if real is float:
            vf_copy_line(count, x + (top + y) * c.size[1], line + y * width)
        else:
            vd_copy_line(count, x + (top + y) * c.size[1], line + y * width)
    if c.stride[1] == 2:
        split(n, room, phases + 4 * step, phases + 6 * step)
        split(n // 2, phases + 4 * step, phases, phases + 2 * step)
        split(n // 2, phases + 6 * step, phases + step, phases + 3 * step)
    for p in range(c.count):
        for y in range(min(c.stride[0], end)):
            k = (c.parts[p].number * c.stride[0] + y) * c.plane
            if c.stride[1] == 1:
                pair_rows(c.parts[p].taps, ceil_div(end - y, c.stride[0]), c.pairs, room + c.parts[p].first + y * width,
                          c.stride[0] * width, values + k, pitch)
            else:
                pair_phases(c.parts[p].taps, ceil_div(end - y, c.stride[0]), c.pairs, phases + y * c.phase, c.parts[p].at,
                            c.stride[0] * c.phase, values + k, pitch)


cdef inline real join(const Cut *c, Py_ssize_t m, Py_ssize_t p, Py_ssize_t n, const real *sums, Py_ssize_t step, const real *bias,
                      real *y) noexcept nogil:
    """The results of pairs p .. p + n of a box in m planes y, of four sums."""
    cdef real wrong = 0
    cdef Py_ssize_t plane = c.out[0] * c.out[1], row, each
    cdef int odd = c.out[1] % 2
    if not odd:
        return join_pairs(m, n, 0, sums, step, bias, y + 2 * p, plane)
    while n > 0:
        row, each = p // c.pairs, min(n, c.pairs - p % c.pairs)
        wrong += join_pairs(m, each, (p + each) % c.pairs == 0, sums, step, bias, y + 2 * p - row, plane)
        p, n, sums = p + each, n - each, sums + each
    return wrong


cdef inline int box_task(Py_ssize_t t, const Cut *c, const real *x, const Py_ssize_t *at, const real *factors, const real *bias,
                         real *y) noexcept nogil:
    """The results of a group in a box; returns whether one is not finite (1) or memory is lacking (-1)."""
    cdef Py_ssize_t box = t % c.boxes, g = t // c.boxes % c.G, n = t // c.boxes // c.G, h = height(c.M), high = ceil_div(c.M, h)
    cdef Py_ssize_t first = box * c.rows, rows = min(c.rows, c.out[0] - first), nr = columns(x), r0, r1, r, m, p, i, k
    cdef Py_ssize_t plane = c.out[0] * c.out[1], room_n = (2 if c.stride[1] == 1 else 12) * phase_step(c) + SLACK
    # All channels of one sum, and then the next, if a tile's values fill the larger part of a first-level cache.
    cdef Py_ssize_t some = high if panel_size(c) // MR * nr * <Py_ssize_t> sizeof(real) > NEAR else 1, width
    cdef Py_ssize_t values_n = (c.C * c.numbers * c.stride[0] * c.plane + SLACK + 15) // 16 * 16
    cdef real *values = <real *> scratch(PRIVATE, (values_n + 4 * some * MR * nr + room_n) * sizeof(real))
    cdef real *sums = values + values_n
    cdef const real *a
    cdef real wrong = 0
    cdef uint64_t mode
    cdef int d
    if values == NULL:
        return -1
    mode = flush_begin()
    x = x + (n * c.G + g) * c.C * c.size[0] * c.size[1]
    memset(sums + 4 * some * MR * nr, 0, room_n * sizeof(real))
    for i in range(c.C):
        plane_values(c, x + i * c.size[0] * c.size[1], first, rows, sums + 4 * some * MR * nr,
                     values + i * c.numbers * c.stride[0] * c.plane)
    y = y + (n * c.G + g) * c.M * plane + first * c.out[1]
    for p from 0 <= p < rows * c.pairs by nr:
        width = min(nr, rows * c.pairs - p)
        for r0 from 0 <= r0 < high by some:
            r1, k = min(high, r0 + some), 0
            for d in range(4):
                for r in range(r0, r1):
                    m = min(h, c.M - r * h)
                    a = factors + (g * high + r) * panel_size(c) + k * MR
                    if real is float:
                        if d == 0:
                            vf_ask_pairs(m, width, y + r * h * plane + 2 * p, plane)
                        vf_taps(m, width, c.K[d], a, values + p, at + k, sums + (d * some + r - r0) * MR * nr, nr)
                    else:
                        if d == 0:
                            vd_ask_pairs(m, width, y + r * h * plane + 2 * p, plane)
                        vd_taps(m, width, c.K[d], a, values + p, at + k, sums + (d * some + r - r0) * MR * nr, nr)
                k += c.K[d]
            for r in range(r0, r1):
                wrong += join(c, min(h, c.M - r * h), p, width, sums + (r - r0) * MR * nr, some * MR * nr,
                              shift(bias, g * c.M + r * h), y + r * h * plane)
    flush_end(mode)
    return wrong != 0


cdef int convolve(const Cut *c, const real *x, const real *w, const real *bias, real *y) noexcept nogil:
    """y = the convolution of x plus bias. Returns 1 if a result is not finite, -1 if there is no memory."""
    cdef Py_ssize_t lists = ((c.K[0] + c.K[1] + c.K[2] + c.K[3]) * sizeof(Py_ssize_t) + 63) // 64 * 64, t
    cdef Py_ssize_t tiles = c.G * ceil_div(c.M, height(c.M))
    cdef Py_ssize_t *at = <Py_ssize_t *> scratch(SHARED, lists + tiles * panel_size(c) * sizeof(real))
    cdef real *factors = <real *> (<char *> at + lists)
    cdef int failed = 0
    cdef int threads = threads_for(<double> c.N * c.out[0] * c.out[1] * c.G * c.M * c.C * c.T / 8)
    if at == NULL:
        return -1
    list_places(c, at)
    for t in prange(tiles, num_threads=threads):
        factor_task(t, c, w, factors)
    for t in prange(c.N * c.G * c.boxes, num_threads=threads, schedule='dynamic'):
        failed |= box_task(t, c, x, at, <const real *> factors, bias, y)
    return failed


cdef filled(const Geometry *s, bint gradient, cnp.ndarray x, cnp.ndarray w, cnp.ndarray bias, cnp.ndarray y):
    cdef char *b = NULL if bias is None else <char *> cnp.PyArray_DATA(bias)
    cdef Cut c = cut_of(s, gradient, 4 if s.kind == cnp.NPY_FLOAT else 8)
    cdef int failed
    with nogil:
        if s.kind == cnp.NPY_FLOAT:
            failed = convolve(&c, <float *> cnp.PyArray_DATA(x), <float *> cnp.PyArray_DATA(w), <float *> b,
                              <float *> cnp.PyArray_DATA(y))
        else:
            failed = convolve(&c, <double *> cnp.PyArray_DATA(x), <double *> cnp.PyArray_DATA(w), <double *> b,
                              <double *> cnp.PyArray_DATA(y))
    if failed < 0:
        raise MemoryError('convolution: no memory for a box of pairs')
    return failed == 0


def conv_forward(cnp.ndarray x, cnp.ndarray w, cnp.ndarray bias, cnp.ndarray y, tuple stride, tuple padding, Py_ssize_t groups):
    """Fill y[N, M, ...] with the convolution of x[N, C, ...] by w[M, C / G, ...], plus bias[M] unless that is None; returns
    whether it is finite. One or two dimensions, strides of 1 or 2, rows of 16 taps at most."""
    cdef Geometry s = geometry(x, y, (<object> w).shape, stride, padding, (1,) * len(stride), groups)
    return filled(&s, False, x, w, bias, y)


def conv_input_grad(cnp.ndarray g, cnp.ndarray w, cnp.ndarray bias, cnp.ndarray x, tuple stride, tuple padding, Py_ssize_t groups):
    """Fill x[N, C, ...] with the gradient of a convolution's input, given g[N, M, ...], plus bias[C] unless that is None;
    returns whether it is finite. Strides are 1, and padding is less than the taps."""
    cdef Geometry s = geometry(x, g, (<object> w).shape, stride, padding, (1,) * len(stride), groups)
    return filled(&s, True, g, w, bias, x)
