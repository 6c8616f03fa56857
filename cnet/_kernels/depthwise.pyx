"""Depthwise convolutions, where each result sees one channel: C groups, M / C results for each channel.

There is nothing to multiply as matrices: a result costs as many products as the kernel has taps, so the time goes into
moving images. A task copies a band of rows of one channel into a padded plane that fits in the first-level cache, one per
phase where a phase holds every stride-th row and column, adds up the taps over whole rows of the plane, and copies the
rows of the result out. Letters and sizes are those of conv.pyx; depth is 1 and the stride along rows is 1 or 2.
"""

cimport numpy as cnp
from cython.parallel cimport prange
from libc.stdint cimport uint64_t
from libc.string cimport memset

from cnet._kernels._threads cimport threads_for
from cnet._kernels._workspace cimport PRIVATE, SHARED, scratch
from cnet._kernels.conv_after cimport After, after_of, finish_row
from cnet._kernels.conv_shape cimport Geometry, geometry
from cnet._kernels.types cimport real

cnp.import_array()

cdef extern from "flush.h" nogil:
    uint64_t flush_begin()
    void flush_end(uint64_t old)

cdef extern from "depthwise_ukr.h" nogil:
    void vf_line(Py_ssize_t n, Py_ssize_t k, const float *w, const float *b, const Py_ssize_t *at, float bias, float *y)
    void vd_line(Py_ssize_t n, Py_ssize_t k, const double *w, const double *b, const Py_ssize_t *at, double bias, double *y)
    void vf_dot_lines(Py_ssize_t n, Py_ssize_t k, const float *g, const float *b, const Py_ssize_t *at, double *sums)
    void vd_dot_lines(Py_ssize_t n, Py_ssize_t k, const double *g, const double *b, const Py_ssize_t *at, double *sums)
    void vf_copy_line(Py_ssize_t n, const float *x, float *y)
    void vd_copy_line(Py_ssize_t n, const double *x, double *y)
    void vf_split_line(Py_ssize_t n, const float *x, float *even, float *odd)
    void vd_split_line(Py_ssize_t n, const double *x, double *even, double *odd)
    void vf_merge_line(Py_ssize_t n, const float *a, const float *b, float *y)
    void vd_merge_line(Py_ssize_t n, const double *a, const double *b, double *y)

cdef enum:
    BAND = 4096   # numbers of a plane made at once: with the result, 32 KB of floats
    SLACK = 16    # lanes of the widest vector: loops read and write whole vectors

# How rows of an image become rows of a plane: number i of the image goes to position i + left of the row, or, with two
# phases, to that position split into halves and remainder.
cdef struct Rows:
    Py_ssize_t left, size, pitch, phases


cdef inline void line(Py_ssize_t n, Py_ssize_t k, const real *w, const real *b, const Py_ssize_t *at, real bias,
                      real *y) noexcept nogil:
    if real is float:
        vf_line(n, k, w, b, at, bias, y)
    else:
        vd_line(n, k, w, b, at, bias, y)


cdef inline void dot_lines(Py_ssize_t n, Py_ssize_t k, const real *g, const real *b, const Py_ssize_t *at,
                           double *sums) noexcept nogil:
    if real is float:
        vf_dot_lines(n, k, g, b, at, sums)
    else:
        vd_dot_lines(n, k, g, b, at, sums)


cdef inline void copy_line(Py_ssize_t n, const real *x, real *y) noexcept nogil:
    if real is float:
        vf_copy_line(n, x, y)
    else:
        vd_copy_line(n, x, y)


cdef inline void split_line(Py_ssize_t n, const real *x, real *even, real *odd) noexcept nogil:
    if real is float:
        vf_split_line(n, x, even, odd)
    else:
        vd_split_line(n, x, even, odd)


cdef inline void merge_line(Py_ssize_t n, const real *a, const real *b, real *y) noexcept nogil:
    if real is float:
        vf_merge_line(n, a, b, y)
    else:
        vd_merge_line(n, a, b, y)


cdef inline Rows rows_of(Py_ssize_t size, Py_ssize_t left, Py_ssize_t reads, Py_ssize_t phases) noexcept nogil:
    """Rows of which positions 0 .. reads - 1 (of each phase) are read."""
    cdef Rows r
    cdef Py_ssize_t pad = max(<Py_ssize_t> 0, left)
    r.left, r.phases = left, phases
    r.size = min(size, reads * phases - left)
    if phases == 1:
        # The zeros before the next row are those after this one.
        r.pitch = max(min(left + size, reads), reads - pad, <Py_ssize_t> 1)
    else:
        r.pitch = reads
    return r


cdef inline void put_row(const Rows *r, const real *x, real *p, Py_ssize_t plane) noexcept nogil:
    """Row x of an image into row p of a plane of zeros; the second phase is `plane` numbers away."""
    cdef Py_ssize_t skip = max(<Py_ssize_t> 0, -r.left), at = r.left + skip
    if r.size <= skip:
        return
    if r.phases == 1:
        copy_line(r.size - skip, x + skip, p + at)
    elif at % 2 == 0:
        split_line(r.size - skip, x + skip, p + at // 2, p + plane + at // 2)
    else:
        split_line(r.size - skip, x + skip, p + plane + at // 2, p + at // 2 + 1)


cdef inline Py_ssize_t band_rows(Py_ssize_t rows, Py_ssize_t step, Py_ssize_t halo, Py_ssize_t width) noexcept nogil:
    """Rows of a band, each needing `step` rows of `width` numbers, besides `halo` rows."""
    return max(<Py_ssize_t> 1, min(rows, max(halo // step, (BAND // max(<Py_ssize_t> 1, width) - halo) // step)))


# What a forward pass or a weight gradient reads: phase (r1, r2) of a band of rows, plane numbers apart.
cdef struct View:
    Rows row
    Py_ssize_t phases, plane, lines, rows, bands, length


cdef inline void view_of(const Geometry *s, View *v, Py_ssize_t *at) noexcept nogil:
    """The view of bands of the result's rows, and the distances of the taps in it."""
    cdef Py_ssize_t reach1 = (s.kernel[1] - 1) * s.dilation[1], reach2 = (s.kernel[2] - 1) * s.dilation[2]
    cdef Py_ssize_t k1, k2, d1, d2, reads = s.out[2] + reach2 // s.stride[2]
    v.row = rows_of(s.size[2], s.pad[2], reads, s.stride[2])
    v.phases = min(s.stride[1], reach1 + 1)
    v.rows = band_rows(s.out[1], v.phases, v.phases * (reach1 // s.stride[1]), v.row.pitch * s.stride[2])
    v.bands = (s.out[1] + v.rows - 1) // v.rows
    v.lines = v.rows + reach1 // s.stride[1]
    v.plane = v.lines * v.row.pitch
    v.length = v.plane * v.phases * s.stride[2] + reads + SLACK
    for k1 in range(s.kernel[1]):
        d1 = k1 * s.dilation[1]
        for k2 in range(s.kernel[2]):
            d2 = k2 * s.dilation[2]
            at[k1 * s.kernel[2] + k2] = (d1 % s.stride[1] * s.stride[2] + d2 % s.stride[2]) * v.plane + (
                d1 // s.stride[1] * v.row.pitch + d2 // s.stride[2])


cdef inline void fill_view(const Geometry *s, const View *v, const real *x, Py_ssize_t first, real *p) noexcept nogil:
    """The planes of one channel x for the rows of the result from `first` on."""
    cdef Py_ssize_t r, i, y
    memset(p, 0, v.length * sizeof(real))
    for r in range(v.phases):
        for i in range(v.lines):
            y = (first + i) * s.stride[1] + r - s.pad[1]
            if 0 <= y < s.size[1]:
                put_row(&v.row, x + y * s.size[2], p + r * s.stride[2] * v.plane + i * v.row.pitch, v.plane)


cdef inline int forward_task(Py_ssize_t t, const Geometry *s, const View *v, const Py_ssize_t *at, const real *x,
                             const real *w, const real *bias, const After *after, real *y) noexcept nogil:
    """One band of one channel."""
    cdef Py_ssize_t band = t % v.bands, c = t // v.bands % s.C, n = t // v.bands // s.C, T = s.kernel[1] * s.kernel[2]
    cdef Py_ssize_t first = band * v.rows, rows = min(v.rows, s.out[1] - first), m, i
    cdef Py_ssize_t span = (rows - 1) * v.row.pitch + s.out[2]
    cdef real *p = <real *> scratch(PRIVATE, (v.length + span + 2 * SLACK) * sizeof(real))
    cdef real *sums = p + v.length
    cdef real *to
    cdef uint64_t mode
    if p == NULL:
        return -1
    mode = flush_begin()
    fill_view(s, v, x + (n * s.C + c) * s.size[1] * s.size[2], first, p)
    for m in range(c * (s.M // s.C), (c + 1) * (s.M // s.C)):
        line(span, T, w + m * T, p, at, bias[m] if bias != NULL else 0, sums)
        finish_row(after, m, sums, span)
        to = y + ((n * s.M + m) * s.out[1] + first) * s.out[2]
        for i in range(rows):
            copy_line(s.out[2], sums + i * v.row.pitch, to + i * s.out[2])
    flush_end(mode)
    return 0


cdef int forward(const Geometry *s, const real *x, const real *w, const real *bias, const After *after,
                 real *y) noexcept nogil:
    cdef View view
    cdef Py_ssize_t T = s.kernel[1] * s.kernel[2], t
    cdef Py_ssize_t *at = <Py_ssize_t *> scratch(SHARED, T * sizeof(Py_ssize_t))
    cdef int failed = 0
    cdef int threads = threads_for(<double> s.N * s.M * s.out[1] * s.out[2] * (T + 16))
    if at == NULL:
        return -1
    view_of(s, &view, at)
    for t in prange(s.N * s.C * view.bands, schedule='static', num_threads=threads):
        failed |= forward_task(t, s, &view, at, x, w, bias, after, y)
    return failed


# The input gradient is made for positions q of the padded image over the stride, from the gradients v = q - e of taps at
# e = distance // stride whose remainder is that of the position.
cdef struct Spread:
    Rows row
    Py_ssize_t reach, low, high, left, width, rows, bands, lines, plane, length


cdef inline void spread_of(const Geometry *s, Spread *v) noexcept nogil:
    cdef Py_ssize_t reach = (s.kernel[2] - 1) * s.dilation[2] // s.stride[2]
    v.reach = (s.kernel[1] - 1) * s.dilation[1] // s.stride[1]
    v.low, v.high = s.pad[1] // s.stride[1], (s.pad[1] + s.size[1] - 1) // s.stride[1] + 1
    v.left = s.pad[2] // s.stride[2]
    v.width = (s.pad[2] + s.size[2] - 1) // s.stride[2] + 1 - v.left
    v.row = rows_of(s.out[2], reach - v.left, v.width + reach, 1)
    v.rows = band_rows(v.high - v.low, 1, v.reach, v.row.pitch)
    v.bands = (v.high - v.low + v.rows - 1) // v.rows
    v.lines = v.rows + v.reach
    v.plane = v.lines * v.row.pitch
    v.length = v.plane * (s.M // s.C) + v.width + reach + SLACK


cdef inline Py_ssize_t taps_of(const Geometry *s, const Spread *v, Py_ssize_t r1, Py_ssize_t r2, const real *w,
                               Py_ssize_t *at, real *chosen) noexcept nogil:
    """The taps that leave the remainders r1, r2: their distances and weights; returns how many."""
    cdef Py_ssize_t k1, k2, d1, d2, m, k = 0, reach = (s.kernel[2] - 1) * s.dilation[2] // s.stride[2]
    for m in range(s.M // s.C):
        for k1 in range(s.kernel[1]):
            d1 = k1 * s.dilation[1]
            for k2 in range(s.kernel[2]):
                d2 = k2 * s.dilation[2]
                if d1 % s.stride[1] == r1 and d2 % s.stride[2] == r2:
                    at[k] = m * v.plane + (v.reach - d1 // s.stride[1]) * v.row.pitch + reach - d2 // s.stride[2]
                    chosen[k] = w[(m * s.kernel[1] + k1) * s.kernel[2] + k2]
                    k += 1
    return k


cdef inline int input_task(Py_ssize_t t, const Geometry *s, const Spread *v, const real *g, const real *w,
                           const real *bias, real *x) noexcept nogil:
    """One band of one channel."""
    cdef Py_ssize_t band = t % v.bands, c = t // v.bands % s.C, n = t // v.bands // s.C, each = s.M // s.C
    cdef Py_ssize_t K = each * s.kernel[1] * s.kernel[2], first = v.low + band * v.rows
    cdef Py_ssize_t rows = min(v.rows, v.high - first), span = (rows - 1) * v.row.pitch + v.width, m, i, k, r1, r2, y
    cdef Py_ssize_t *at = <Py_ssize_t *> scratch(PRIVATE, K * (sizeof(Py_ssize_t) + sizeof(real)) + (
        v.length + 2 * span + 4 * SLACK) * sizeof(real))
    cdef real *p = <real *> (at + K)
    cdef real *chosen
    cdef real *sums
    cdef real *to
    cdef const real *from0
    cdef uint64_t mode
    if at == NULL:
        return -1
    mode = flush_begin()
    sums = p + v.length
    chosen = sums + 2 * (span + 2 * SLACK)
    memset(p, 0, v.length * sizeof(real))
    for m in range(each):
        for i in range(v.lines):
            y = first - v.reach + i
            if 0 <= y < s.out[1]:
                put_row(&v.row, g + ((n * s.M + c * each + m) * s.out[1] + y) * s.out[2],
                        p + m * v.plane + i * v.row.pitch, 0)
    x = x + (n * s.C + c) * s.size[1] * s.size[2]
    for r1 in range(s.stride[1]):
        for r2 in range(s.stride[2]):
            k = taps_of(s, v, r1, r2, w + c * K, at, chosen)
            line(span, k, chosen, p, at, bias[c] if bias != NULL else 0, sums + r2 * (span + 2 * SLACK))
        for i in range(rows):
            y = (first + i) * s.stride[1] + r1 - s.pad[1]
            if 0 <= y < s.size[1]:
                to = x + y * s.size[2]
                from0 = sums + i * v.row.pitch
                if s.stride[2] == 1:
                    copy_line(s.size[2], from0, to)
                elif s.pad[2] % 2 == 0:
                    merge_line(s.size[2], from0, from0 + (span + 2 * SLACK), to)
                else:
                    merge_line(s.size[2], from0 + (span + 2 * SLACK), from0 + 1, to)
    flush_end(mode)
    return 0


cdef int input_grad(const Geometry *s, const real *g, const real *w, const real *bias, real *x) noexcept nogil:
    cdef Spread spread
    cdef Py_ssize_t t
    cdef int failed = 0
    cdef int threads = threads_for(<double> s.N * s.M * s.out[1] * s.out[2] * (s.kernel[1] * s.kernel[2] + 16))
    spread_of(s, &spread)
    for t in prange(s.N * s.C * spread.bands, schedule='static', num_threads=threads):
        failed |= input_task(t, s, &spread, g, w, bias, x)
    return failed


cdef inline double plain_weight(const Geometry *s, const real *x, const real *g, Py_ssize_t k1, Py_ssize_t k2) noexcept nogil:
    """One weight from all images, pixel by pixel; x and g are the first image's channels."""
    cdef Py_ssize_t n, v1, v2, y1, y2
    cdef double total = 0
    for n in range(s.N):
        for v1 in range(s.out[1]):
            y1 = v1 * s.stride[1] + k1 * s.dilation[1] - s.pad[1]
            for v2 in range(s.out[2]):
                y2 = v2 * s.stride[2] + k2 * s.dilation[2] - s.pad[2]
                if 0 <= y1 < s.size[1] and 0 <= y2 < s.size[2]:
                    total += <double> g[(n * s.M * s.out[1] + v1) * s.out[2] + v2] * x[
                        (n * s.C * s.size[1] + y1) * s.size[2] + y2]
    return total


cdef inline int weight_task(Py_ssize_t c, const Geometry *s, const View *v, const Py_ssize_t *at, const real *x,
                            const real *g, real *w) noexcept nogil:
    """The weights of one channel: the sum over all images."""
    cdef Py_ssize_t T = s.kernel[1] * s.kernel[2], each = s.M // s.C, n, m, i, first, rows, span
    cdef Py_ssize_t room = v.rows * v.row.pitch + s.out[2] + SLACK
    cdef double *sums = <double *> scratch(PRIVATE, each * T * sizeof(double) + (v.length + room) * sizeof(real))
    cdef real *p = <real *> (sums + each * T)
    cdef real *lines = p + v.length
    cdef uint64_t mode
    if sums == NULL:
        return -1
    mode = flush_begin()
    memset(sums, 0, each * T * sizeof(double))
    memset(lines, 0, room * sizeof(real))
    for n in range(s.N):
        for first from 0 <= first < s.out[1] by v.rows:
            rows = min(v.rows, s.out[1] - first)
            span = (rows - 1) * v.row.pitch + s.out[2]
            if rows < v.rows:
                memset(lines, 0, room * sizeof(real))
            fill_view(s, v, x + (n * s.C + c) * s.size[1] * s.size[2], first, p)
            for m in range(each):
                for i in range(rows):
                    copy_line(s.out[2], g + ((n * s.M + c * each + m) * s.out[1] + first + i) * s.out[2],
                              lines + i * v.row.pitch)
                dot_lines(span, T, lines, p, at, sums + m * T)
    for i in range(each * T):
        if sums[i] != sums[i]:
            # The zeros between the rows of g have met pixels that this tap does not see: perhaps infinite ones.
            sums[i] = plain_weight(s, x + c * s.size[1] * s.size[2], g + (c * each + i // T) * s.out[1] * s.out[2],
                                   i % T // s.kernel[2], i % s.kernel[2])
        w[c * each * T + i] = <real> sums[i]
    flush_end(mode)
    return 0


cdef int weight_grad(const Geometry *s, const real *x, const real *g, real *w) noexcept nogil:
    cdef View view
    cdef Py_ssize_t T = s.kernel[1] * s.kernel[2], t
    cdef Py_ssize_t *at = <Py_ssize_t *> scratch(SHARED, T * sizeof(Py_ssize_t))
    cdef int failed = 0
    cdef int threads = threads_for(<double> s.N * s.M * s.out[1] * s.out[2] * (T + 16))
    if at == NULL:
        return -1
    view_of(s, &view, at)
    for t in prange(s.C, schedule='static', num_threads=threads):
        failed |= weight_task(t, s, &view, at, x, g, w)
    return failed


cdef check(int failed):
    if failed:
        raise MemoryError('convolution: no memory for a band of rows')


def conv_forward(cnp.ndarray x, cnp.ndarray w, cnp.ndarray bias, cnp.ndarray y, tuple stride, tuple padding,
                 tuple dilation, Py_ssize_t groups, tuple follows=None):
    """Fill y[N, M, ...] with the convolution of x[N, C, ...] by w[M, 1, ...], plus bias[M] unless that is None, and what follows:
    see conv_after.pxd."""
    cdef After after = after_of(follows)
    cdef Geometry s = geometry(x, y, (<object> w).shape, stride, padding, dilation, groups)
    cdef char *b = NULL if bias is None else <char *> cnp.PyArray_DATA(bias)
    cdef int failed
    if cnp.PyArray_SIZE(y) == 0:
        return y
    with nogil:
        if s.kind == cnp.NPY_FLOAT:
            failed = forward(&s, <float *> cnp.PyArray_DATA(x), <float *> cnp.PyArray_DATA(w), <float *> b, &after,
                             <float *> cnp.PyArray_DATA(y))
        else:
            failed = forward(&s, <double *> cnp.PyArray_DATA(x), <double *> cnp.PyArray_DATA(w), <double *> b, &after,
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
    with nogil:
        if s.kind == cnp.NPY_FLOAT:
            failed = input_grad(&s, <float *> cnp.PyArray_DATA(g), <float *> cnp.PyArray_DATA(w), <float *> b,
                                <float *> cnp.PyArray_DATA(x))
        else:
            failed = input_grad(&s, <double *> cnp.PyArray_DATA(g), <double *> cnp.PyArray_DATA(w), <double *> b,
                                <double *> cnp.PyArray_DATA(x))
    check(failed)
    return x


def conv_weight_grad(cnp.ndarray x, cnp.ndarray g, cnp.ndarray w, tuple stride, tuple padding, tuple dilation,
                     Py_ssize_t groups):
    """Fill w[M, 1, ...] with the gradient of a convolution's weights."""
    cdef Geometry s = geometry(x, g, (<object> w).shape, stride, padding, dilation, groups)
    cdef int failed
    if cnp.PyArray_SIZE(g) == 0 or cnp.PyArray_SIZE(w) == 0:
        cnp.PyArray_FILLWBYTE(w, 0)
        return w
    with nogil:
        if s.kind == cnp.NPY_FLOAT:
            failed = weight_grad(&s, <float *> cnp.PyArray_DATA(x), <float *> cnp.PyArray_DATA(g),
                                 <float *> cnp.PyArray_DATA(w))
        else:
            failed = weight_grad(&s, <double *> cnp.PyArray_DATA(x), <double *> cnp.PyArray_DATA(g),
                                 <double *> cnp.PyArray_DATA(w))
    check(failed)
    return w
