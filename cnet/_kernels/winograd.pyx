"""3x3 convolutions with stride 1 by Winograd's F(2x2, 3x3): 16 products for four results of a channel instead of 36.

The image is cut into tiles of 2x2 results, each of which sees 4x4 pixels. Pixels and weights are transformed, for each of the
16 numbers xi of a tile one matrix product over the channels follows, and its results are transformed back:

    values[xi, c, tile] = B' d B      factors[xi, m, c] = G w G'      sums[xi, m, tile] = factors x values

The factors are 0, 1 and 1/2, so that results are about as exact as a direct sum's. An infinite number would spread over its
tile; a function that meets one returns False, and the caller computes again without transforms. Tiles are numbered along
rows, columns and images; a block is some whole rows of tiles, whose values and sums fit in a second-level cache.
Letters are those of conv.pyx: N images, C input and M output channels.
"""

cimport numpy as cnp
from cython.parallel cimport prange
from libc.stdint cimport uint64_t
from libc.string cimport memset

from cnet._kernels._threads cimport threads_for
from cnet._kernels._workspace cimport PRIVATE, SHARED, scratch
from cnet._kernels.conv_shape cimport Geometry, geometry
from cnet._kernels.gemm_tiles cimport MR, columns, height, lanes, pack, tile, tiles
from cnet._kernels.types cimport real

cnp.import_array()

cdef extern from "flush.h" nogil:
    uint64_t flush_begin()
    void flush_end(uint64_t old)

cdef extern from "conv_ukr.h" nogil:
    void vf_copy_add(Py_ssize_t n, const float *x, float bias, float *y)
    void vd_copy_add(Py_ssize_t n, const double *x, double bias, double *y)

cdef extern from "winograd_ukr.h" nogil:
    void vf_tiles_of_pixels(Py_ssize_t n, const float *x, Py_ssize_t pitch, float *p, Py_ssize_t step)
    void vd_tiles_of_pixels(Py_ssize_t n, const double *x, Py_ssize_t pitch, double *p, Py_ssize_t step)
    float vf_pixels_of_tiles(Py_ssize_t n, const float *z, Py_ssize_t step, float *y, float *y1)
    double vd_pixels_of_tiles(Py_ssize_t n, const double *z, Py_ssize_t step, double *y, double *y1)
    void vf_tiles_of_grads(Py_ssize_t n, const float *g, Py_ssize_t pitch, float *p, Py_ssize_t step)
    void vd_tiles_of_grads(Py_ssize_t n, const double *g, Py_ssize_t pitch, double *p, Py_ssize_t step)
    void vf_spread_kernels(Py_ssize_t n, const float *w, Py_ssize_t width, int turned, float *u, Py_ssize_t step)
    void vd_spread_kernels(Py_ssize_t n, const double *w, Py_ssize_t width, int turned, double *u, Py_ssize_t step)
    float vf_gather_kernels(Py_ssize_t n, const float *u, Py_ssize_t step, float *w)
    double vd_gather_kernels(Py_ssize_t n, const double *u, Py_ssize_t step, double *w)

cdef enum:
    BLOCK = 49152   # values and sums of a tile's 16 numbers in a block: 3 MB of floats
    TILES = 128     # at least so many tiles in a block: every factor is read once for them
    SLACK = 32      # two of the widest vectors, which loops read and write beyond the end
    WIDEST = 16     # numbers in the longest row of a panel of factors
    APART = 32      # between the 16 numbers of a tile: powers of two would fall into one set of the first-level cache

# The cut of a problem into blocks of `rows` rows of `across` tiles, `down` rows an image; `wide` tiles with the padding.
cdef struct Cut:
    Py_ssize_t N, C, M, H, W, out_h, out_w, pad_h, pad_w
    Py_ssize_t across, down, rows, blocks, wide, pitch
    Py_ssize_t value_step, sum_step  # from number xi of the tiles to the next


cdef inline void copy_add(Py_ssize_t n, const real *x, real bias, real *y) noexcept nogil:
    if real is float:
        vf_copy_add(n, x, bias, y)
    else:
        vd_copy_add(n, x, bias, y)


cdef inline Cut cut_of(const Geometry *s, bint gradient, Py_ssize_t nr, Py_ssize_t size) noexcept nogil:
    """The cut of a convolution, or of the convolution that gives its input gradient: C and M change places."""
    cdef Cut c
    cdef Py_ssize_t most, r, n, best = 0, wide, best_wide = 1
    c.N = s.N
    if gradient:
        c.C, c.M, c.H, c.W, c.out_h, c.out_w = s.M, s.C, s.out[1], s.out[2], s.size[1], s.size[2]
        c.pad_h, c.pad_w = 2 - s.pad[1], 2 - s.pad[2]
    else:
        c.C, c.M, c.H, c.W, c.out_h, c.out_w = s.C, s.M, s.size[1], s.size[2], s.out[1], s.out[2]
        c.pad_h, c.pad_w = s.pad[1], s.pad[2]
    c.across, c.down = (c.out_w + 1) // 2, (c.out_h + 1) // 2
    c.pitch = 2 * c.across + 2
    most = max(<Py_ssize_t> TILES, BLOCK * 4 // size // (c.C + c.M))
    n = max(<Py_ssize_t> 1, min(c.N * c.down, most // c.across))
    # Of up to so many rows, the number that fills whole vectors best.
    for r in range((n + 1) // 2, n + 1):
        wide = (r * c.across + nr - 1) // nr * nr
        if r * best_wide >= best * wide:
            best, best_wide = r, wide
    c.rows, c.wide = best, best_wide
    c.blocks = (c.N * c.down + best - 1) // best
    c.value_step, c.sum_step = c.C * best_wide + APART, c.M * best_wide + APART
    return c


cdef inline Py_ssize_t panel_width(const real *x) noexcept nogil:
    """Numbers in a row of a panel of factors: the rows of a tile in whole vectors."""
    return (MR + lanes(x) - 1) // lanes(x) * lanes(x)


cdef inline Py_ssize_t lines_size(const Cut *s) noexcept nogil:
    """Numbers of room for padded lines of one image and for one channel's transformed tiles."""
    return (2 * min(s.rows, s.down) + 2) * s.pitch + SLACK + 16 * (s.wide + SLACK)


cdef inline void put_lines(const real *x, Py_ssize_t H, Py_ssize_t W, Py_ssize_t top, Py_ssize_t left, Py_ssize_t count,
                           Py_ssize_t pitch, real *p) noexcept nogil:
    """p[count, pitch] = the image's rows from `top` and columns from -left on, with zeros around it."""
    cdef Py_ssize_t i, y, w = min(W, pitch - left)
    memset(p, 0, (count * pitch + SLACK) * sizeof(real))
    for i in range(count):
        y = top + i
        if 0 <= y < H:
            copy_add(w, x + y * W, 0, p + i * pitch + left)


cdef inline int value_task(Py_ssize_t c, Py_ssize_t block, const Cut *s, bint grads, const real *x, real *values,
                           bint panels) noexcept nogil:
    """The transformed tiles of one channel of x in a block, of gradients instead of pixels if `grads`. They go to
    values[xi, c, tile], or with `panels` to [xi, tile // nr, c, tile % nr]."""
    cdef Py_ssize_t first = block * s.rows, last = min(first + s.rows, s.N * s.down), nr = columns(x), step = s.wide + SLACK
    cdef Py_ssize_t C = s.M if grads else s.C, H = s.out_h if grads else s.H, W = s.out_w if grads else s.W
    cdef Py_ssize_t r = first, n, top, count, i, xi, j, overlap = 0 if grads else 2
    cdef real *lines = <real *> scratch(PRIVATE, lines_size(s) * sizeof(real))
    cdef real *made = lines + (2 * min(s.rows, s.down) + 2) * s.pitch + SLACK
    cdef real *row = made
    if lines == NULL:
        return -1
    while r < last:
        n, top = r // s.down, r % s.down
        count = min(s.down - top, last - r)
        put_lines(x + (n * C + c) * H * W, H, W, 2 * top - (0 if grads else s.pad_h), 0 if grads else s.pad_w,
                  2 * count + overlap, s.pitch, lines)
        for i in range(count):
            if real is float:
                if grads:
                    vf_tiles_of_grads(s.across, lines + 2 * i * s.pitch, s.pitch, row, step)
                else:
                    vf_tiles_of_pixels(s.across, lines + 2 * i * s.pitch, s.pitch, row, step)
            else:
                if grads:
                    vd_tiles_of_grads(s.across, lines + 2 * i * s.pitch, s.pitch, row, step)
                else:
                    vd_tiles_of_pixels(s.across, lines + 2 * i * s.pitch, s.pitch, row, step)
            row = row + s.across
        r += count
    n = row - made
    for xi in range(16):
        memset(made + xi * step + n, 0, (s.wide - n) * sizeof(real))
        if panels:
            for j from 0 <= j < s.wide by nr:
                copy_add(nr, made + xi * step + j, 0, values + xi * s.value_step + j * C + c * nr)
        else:
            copy_add(s.wide, made + xi * step, 0, values + xi * (s.sum_step if grads else s.value_step) + c * s.wide)
    return 0


cdef inline void factor_task(Py_ssize_t r, const Cut *s, bint gradient, const real *w, real *factors) noexcept nogil:
    """Panel r, of h rows of M, of the transformed weights: factors[r, xi, c, WIDEST]."""
    cdef Py_ssize_t h = height(s.M), m = min(h, s.M - r * h), width = panel_width(w), c
    cdef real taps[9 * WIDEST + SLACK]
    cdef Py_ssize_t step = s.C * width + APART
    for c in range(s.C):
        if gradient:
            pack(<Py_ssize_t> 9, m, w + (c * s.M + r * h) * 9, 1, 9, taps, width)
        else:
            pack(<Py_ssize_t> 9, m, w + (r * h * s.C + c) * 9, 1, 9 * s.C, taps, width)
        if real is float:
            vf_spread_kernels(m, taps, width, gradient, factors + c * width, step)
        else:
            vd_spread_kernels(m, taps, width, gradient, factors + c * width, step)


cdef inline void sum_tile(Py_ssize_t xi, Py_ssize_t r, Py_ssize_t j, const Cut *s, const real *factors, const real *values,
                          real *sums) noexcept nogil:
    """Number xi of the products of panel r with the tiles from j on: sums[xi, m, tile]."""
    cdef Py_ssize_t nr = columns(values), h = height(s.M), width = panel_width(values)
    tile(min(h, s.M - r * h), nr, s.C, factors + xi * (s.C * width + APART), 1, width,
         values + xi * s.value_step + j * s.C, nr, <const real *> NULL, 0, 0, sums + xi * s.sum_step + r * h * s.wide + j,
         s.wide)


cdef inline void sum_task(Py_ssize_t xi, Py_ssize_t r, const Cut *s, const real *factors, const real *values,
                          real *sums) noexcept nogil:
    """Number xi of the products of panel r."""
    cdef Py_ssize_t j
    cdef uint64_t mode = flush_begin()
    for j from 0 <= j < s.wide by columns(values):
        sum_tile(xi, r, j, s, factors, values, sums)
    flush_end(mode)


cdef inline int panels_task(Py_ssize_t t, const Cut *s, bint gradient, const real *w, const real *values,
                            real *sums) noexcept nogil:
    """All products of two panels, whose factors serve only this block and stay in a second-level cache."""
    cdef Py_ssize_t h = height(s.M), high = (s.M + h - 1) // h, panel = 16 * (s.C * panel_width(w) + APART), xi, r, j
    cdef real *factors = <real *> scratch(PRIVATE, 2 * panel * sizeof(real))
    cdef uint64_t mode
    if factors == NULL:
        return -1
    mode = flush_begin()
    for r in range(2 * t, min(2 * t + 2, high)):
        factor_task(r, s, gradient, w, factors + (r - 2 * t) * panel)
    for xi in range(16):
        for j from 0 <= j < s.wide by columns(values):
            for r in range(2 * t, min(2 * t + 2, high)):
                sum_tile(xi, r, j, s, factors + (r - 2 * t) * panel, values, sums)
    flush_end(mode)
    return 0


cdef inline int result_task(Py_ssize_t m, Py_ssize_t block, const Cut *s, const real *sums, const real *bias,
                            real *y) noexcept nogil:
    """Channel m of a block's results; returns whether one is not finite (1) or there is no memory (-1)."""
    cdef Py_ssize_t first = block * s.rows, last = min(first + s.rows, s.N * s.down), r, n, top, i
    cdef real *lines = <real *> scratch(PRIVATE, 4 * (s.wide + SLACK) * sizeof(real))
    cdef real *lower = lines + 2 * (s.wide + SLACK)
    cdef real wrong, b = bias[m] if bias != NULL else 0
    if lines == NULL:
        return -1
    if real is float:
        wrong = vf_pixels_of_tiles(s.wide, sums + m * s.wide, s.sum_step, lines, lower)
    else:
        wrong = vd_pixels_of_tiles(s.wide, sums + m * s.wide, s.sum_step, lines, lower)
    for r in range(first, last):
        n, top = r // s.down, 2 * (r % s.down)
        i = ((n * s.M + m) * s.out_h + top) * s.out_w
        copy_add(s.out_w, lines + 2 * (r - first) * s.across, b, y + i)
        if top + 1 < s.out_h:
            copy_add(s.out_w, lower + 2 * (r - first) * s.across, b, y + i + s.out_w)
    return wrong != 0


cdef int convolve(const Cut *s, bint gradient, const real *x, const real *w, const real *bias, real *y) noexcept nogil:
    """y[N, M, out] from x[N, C, size]. Returns 1 if a result is not finite, -1 if there is no memory."""
    cdef Py_ssize_t h = height(s.M), high = (s.M + h - 1) // h, panel = 16 * (s.C * panel_width(x) + APART), block, t
    cdef Py_ssize_t size = high * panel if s.blocks > 1 else 0
    cdef real *factors = <real *> scratch(SHARED, (size + 16 * (s.value_step + s.sum_step)) * sizeof(real))
    cdef real *values = factors + size
    cdef real *sums = values + 16 * s.value_step
    cdef int failed = 0
    cdef int threads = threads_for(<double> s.N * s.out_h * s.out_w * s.M * s.C / 2)
    if factors == NULL:
        return -1
    if s.blocks > 1:
        for t in prange(high, num_threads=threads):
            factor_task(t, s, gradient, w, factors + t * panel)
    for block in range(s.blocks):
        for t in prange(s.C, num_threads=threads):
            failed |= value_task(t, block, s, False, x, values, True)
        if s.blocks > 1:
            for t in prange(16 * high, num_threads=threads):
                sum_task(t // high, t % high, s, factors + t % high * panel, values, sums)
        else:
            for t in prange((high + 1) // 2, num_threads=threads):
                failed |= panels_task(t, s, gradient, w, values, sums)
        for t in prange(s.M, num_threads=threads):
            failed |= result_task(t, block, s, sums, bias, y)
    return failed


cdef inline int product_task(Py_ssize_t t, const Cut *s, const real *grads, const real *values, bint first, Py_ssize_t width,
                             real *products) noexcept nogil:
    """Number xi of nr channels: products[xi, m, c] += the sum over a block's tiles of grads[xi, m] values[xi, c]."""
    cdef Py_ssize_t nr = columns(values), xi = t * nr // width, c = t * nr % width, n = min(nr, s.C - c)
    cdef real *panel = <real *> scratch(PRIVATE, s.wide * nr * sizeof(real))
    cdef uint64_t mode
    if panel == NULL:
        return -1
    mode = flush_begin()
    pack(s.wide, n, values + xi * s.value_step + c * s.wide, 1, s.wide, panel, nr)
    products = products + xi * (s.M * width + APART) + c
    tiles(s.M, nr, s.wide, grads + xi * s.sum_step, s.wide, 1, panel, nr,
          <const real *> NULL if first else <const real *> products, width, 1, products, width)
    flush_end(mode)
    return 0


cdef int weight_grad(const Cut *s, const real *x, const real *g, real *w) noexcept nogil:
    """w[M, C, 3, 3] from x[N, C, size] and g[N, M, out]. Returns 1 if a number is not finite, -1 if there is no memory."""
    cdef Py_ssize_t nr = columns(x), width = (s.C + nr - 1) // nr * nr, size = 16 * (s.M * width + APART), block, t
    cdef real *products = <real *> scratch(SHARED, (size + 16 * (s.value_step + s.sum_step)) * sizeof(real))
    cdef real *values = products + size
    cdef real *grads
    cdef real wrong = 0
    cdef int failed = 0
    cdef int threads = threads_for(<double> s.N * s.out_h * s.out_w * s.M * s.C / 2)
    if products == NULL:
        return -1
    grads = values + 16 * s.value_step
    for block in range(s.blocks):
        for t in prange(s.C + s.M, num_threads=threads):
            if t < s.C:
                failed |= value_task(t, block, s, False, x, values, False)
            else:
                failed |= value_task(t - s.C, block, s, True, g, grads, False)
        for t in prange(16 * width // nr, num_threads=threads):
            failed |= product_task(t, s, grads, values, block == 0, width, products)
    for t in prange(s.M, num_threads=threads):
        if real is float:
            failed |= vf_gather_kernels(s.C, products + t * width, s.M * width + APART, w + t * s.C * 9) != 0
        else:
            failed |= vd_gather_kernels(s.C, products + t * width, s.M * width + APART, w + t * s.C * 9) != 0
    return failed


cdef bint finite(int failed) except -1:
    if failed < 0:
        raise MemoryError('convolution: no memory for a block of tiles')
    return failed == 0


def conv_forward(cnp.ndarray x, cnp.ndarray w, cnp.ndarray bias, cnp.ndarray y, tuple padding):
    """Fill y[N, M, ...] with the convolution of x[N, C, ...] by w[M, C, 3, 3], plus bias[M] unless that is None; returns
    whether it is finite. Padding is at most 2."""
    cdef Geometry s = geometry(x, y, (<object> w).shape, (1, 1), padding, (1, 1), 1)
    cdef Cut c = cut_of(&s, False, 2 * 64 // cnp.PyArray_ITEMSIZE(x), cnp.PyArray_ITEMSIZE(x))
    cdef char *b = NULL if bias is None else <char *> cnp.PyArray_DATA(bias)
    cdef int failed
    with nogil:
        if s.kind == cnp.NPY_FLOAT:
            failed = convolve(&c, False, <float *> cnp.PyArray_DATA(x), <float *> cnp.PyArray_DATA(w), <float *> b,
                              <float *> cnp.PyArray_DATA(y))
        else:
            failed = convolve(&c, False, <double *> cnp.PyArray_DATA(x), <double *> cnp.PyArray_DATA(w), <double *> b,
                              <double *> cnp.PyArray_DATA(y))
    return finite(failed)


def conv_input_grad(cnp.ndarray g, cnp.ndarray w, cnp.ndarray bias, cnp.ndarray x, tuple padding):
    """Fill x[N, C, ...] with the gradient of a convolution's input, given g[N, M, ...], plus bias[C] unless that is None;
    returns whether it is finite."""
    cdef Geometry s = geometry(x, g, (<object> w).shape, (1, 1), padding, (1, 1), 1)
    cdef Cut c = cut_of(&s, True, 2 * 64 // cnp.PyArray_ITEMSIZE(x), cnp.PyArray_ITEMSIZE(x))
    cdef char *b = NULL if bias is None else <char *> cnp.PyArray_DATA(bias)
    cdef int failed
    with nogil:
        if s.kind == cnp.NPY_FLOAT:
            failed = convolve(&c, True, <float *> cnp.PyArray_DATA(g), <float *> cnp.PyArray_DATA(w), <float *> b,
                              <float *> cnp.PyArray_DATA(x))
        else:
            failed = convolve(&c, True, <double *> cnp.PyArray_DATA(g), <double *> cnp.PyArray_DATA(w), <double *> b,
                              <double *> cnp.PyArray_DATA(x))
    return finite(failed)


def conv_weight_grad(cnp.ndarray x, cnp.ndarray g, cnp.ndarray w, tuple padding):
    """Fill w[M, C, 3, 3] with the gradient of a convolution's weights; returns whether it is finite."""
    cdef Geometry s = geometry(x, g, (<object> w).shape, (1, 1), padding, (1, 1), 1)
    cdef Cut c = cut_of(&s, False, 2 * 64 // cnp.PyArray_ITEMSIZE(x), cnp.PyArray_ITEMSIZE(x))
    cdef int failed
    with nogil:
        if s.kind == cnp.NPY_FLOAT:
            failed = weight_grad(&c, <float *> cnp.PyArray_DATA(x), <float *> cnp.PyArray_DATA(g),
                                 <float *> cnp.PyArray_DATA(w))
        else:
            failed = weight_grad(&c, <double *> cnp.PyArray_DATA(x), <double *> cnp.PyArray_DATA(g),
                                 <double *> cnp.PyArray_DATA(w))
    return finite(failed)
