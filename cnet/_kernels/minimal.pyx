"""Convolutions of three taps a side or, with stride 2, four, their input gradients and weight gradients by Winograd's minimal
filtering, with channels in the lanes of vectors: two results of four pixels take four products instead of six (minimal_ukr.h).

The image is cut into tiles of 2x2 results (1x2 for one dimension), or twice as many each way of an input gradient of stride 2.
Pixels and weights are transformed, for each number xi of a tile one matrix product over the channels follows, and its results are
transformed back:

    values[xi, tile, c] = map of pixels     factors[xi, c, m] = map of weights     sums[xi, tile, m] = values x factors

Taps along the depth are added up as they are: the planes of a tile lie one after another in values[xi, tile, plane, c], so that
what a plane of the result sees, its taps of depth by channels, is one row of numbers. The last planes' rows run on into the next
tile; nobody reads their sums.

Whatever the width of an image, vectors are full, for their lanes are channels. The factors are 0, 1 and 1/2, so that results are
about as exact as a direct sum's. An infinite number would spread over its tile; a function that meets one returns False, and the
caller computes again without transforms. A block is some whole rows of tiles, whose values stay in a second-level cache, and a
task some panels of its result's channels. Letters are those of conv.pyx: N images, C input and M output channels.
"""

cimport numpy as cnp
from cython.parallel cimport prange
from libc.stdint cimport uint64_t
from libc.string cimport memset

from cnet._kernels._threads cimport threads_for
from cnet._kernels._workspace cimport PRIVATE, SHARED, scratch
from cnet._kernels.conv_shape cimport Geometry, geometry
from cnet._kernels.gemm_tiles cimport columns, height, lanes, pack, shift, tile, tiles
from cnet._kernels.minimal_cut cimport (
    APART, KINDS, LATE, PACKED, TASKS, WIDEST, Cut, Kind, Side, block_rows, cut_of, lines_size, operands_size, products_size,
    products_step, spread_task, sums_of)
from cnet._kernels.planes cimport ceil_div, product
from cnet._kernels.types cimport real

cnp.import_array()

cdef extern from "flush.h" nogil:
    uint64_t flush_begin()
    void flush_end(uint64_t old)

cdef extern from "minimal_ukr.h" nogil:
    float vf_gather_tiles(int ky, int kx, Py_ssize_t n, const float *z, Py_ssize_t row, Py_ssize_t step, const float *bias,
                          float *y, Py_ssize_t before, Py_ssize_t width, Py_ssize_t begin, Py_ssize_t end)
    double vd_gather_tiles(int ky, int kx, Py_ssize_t n, const double *z, Py_ssize_t row, Py_ssize_t step, const double *bias,
                           double *y, Py_ssize_t before, Py_ssize_t width, Py_ssize_t begin, Py_ssize_t end)
    void vf_factors_of_taps(int ky, int kx, const float *w, Py_ssize_t width, int turned, float *u, Py_ssize_t step)
    void vd_factors_of_taps(int ky, int kx, const double *w, Py_ssize_t width, int turned, double *u, Py_ssize_t step)
    float vf_taps_of_factors(int ky, int kx, const float *u, Py_ssize_t step, Py_ssize_t slices, Py_ssize_t slice, float *w)
    double vd_taps_of_factors(int ky, int kx, const double *u, Py_ssize_t step, Py_ssize_t slices, Py_ssize_t slice, double *w)
    void vf_put_pixels(Py_ssize_t n, Py_ssize_t m, const float *c, Py_ssize_t width, float *y, Py_ssize_t step)
    void vd_put_pixels(Py_ssize_t n, Py_ssize_t m, const double *c, Py_ssize_t width, double *y, Py_ssize_t step)


cdef inline double work(const Cut *c) noexcept nogil:
    """Tenths of ns that a group takes."""
    return <double> c.N * product(c.made.size) * c.made.C * c.seen.C * c.deep / 2


cdef inline int value_task(Py_ssize_t first, Py_ssize_t block, const Cut *c, const Side *s, const real *x,
                           real *values) noexcept nogil:
    """As spread_task, with room of its own."""
    cdef real *lines = <real *> scratch(PRIVATE, lines_size(c, s, lanes(x)) * sizeof(real))
    cdef uint64_t mode
    if lines == NULL:
        return -1
    mode = flush_begin()
    spread_task(first, block, c, s, x, lines, values)
    flush_end(mode)
    return 0


cdef inline Py_ssize_t panel_size(const Cut *c, Py_ssize_t wide, Py_ssize_t nr) noexcept nogil:
    """Numbers of a panel of factors of `wide` channels c."""
    return c.factors * (c.deep * wide * nr + APART)


cdef inline void factor_task(Py_ssize_t r, Py_ssize_t first, Py_ssize_t begin, Py_ssize_t wide, const Cut *c, const real *w,
                             real *factors) noexcept nogil:
    """The factors of a vector of channels c from `first` on, for panel r: factors[f, tap of depth, c - begin, width]."""
    cdef Py_ssize_t nr = columns(w), m = min(nr, c.made.C - r * nr), width = nr if m > lanes(w) else lanes(w)
    cdef Py_ssize_t each = KINDS[c.ky].taps * KINDS[c.kx].taps, T = c.deep * each, at_once = max(<Py_ssize_t> 1, PACKED // T)
    cdef Py_ssize_t step = c.deep * wide * width + APART, end = min(c.seen.C, first + lanes(w)), k, q, f, n
    cdef real taps[PACKED * WIDEST]
    cdef real *to
    for q in range(end, first + lanes(w)):
        for f in range(c.factors):
            for k in range(c.deep):
                memset(factors + f * step + (k * wide + q - begin) * width, 0, width * sizeof(real))
    while first < end:
        n = min(at_once, end - first)
        if c.turned:
            for q in range(n):
                pack(T, m, w + ((first + q) * c.made.C + r * nr) * T, 1, T, taps + q * T * width, width)
        else:
            pack(n * T, m, w + (r * nr * c.seen.C + first) * T, 1, c.seen.C * T, taps, width)
        for q in range(n):
            for k in range(c.deep):
                to = factors + (k * wide + first - begin + q) * width
                f = (q * c.deep + (c.deep - 1 - k if c.turned else k)) * each * width
                if real is float:
                    vf_factors_of_taps(c.ky, c.kx, taps + f, width, c.turned, to, step)
                else:
                    vd_factors_of_taps(c.ky, c.kx, taps + f, width, c.turned, to, step)
        first += n


cdef inline bint results(Py_ssize_t first, Py_ssize_t block, const Cut *c, const real *sums, Py_ssize_t width, Py_ssize_t step,
                         const real *bias, real *lines, real *y) noexcept nogil:
    """A vector of channels from `first` on of a block's results; returns whether one is not finite."""
    cdef Py_ssize_t r = block * c.rows, last = r + block_rows(c, block), m = min(lanes(y), c.made.C - first), n, top, count, z, i
    cdef Py_ssize_t gives = KINDS[c.ky].gives, out_z = c.made.size[0], out_y = c.made.size[1], out_x = c.made.size[2], row
    cdef Py_ssize_t line = out_x * lanes(y), y0, low, high
    cdef real wrong = 0
    while r < last:
        n, top = r // c.down, r % c.down
        count = min(c.down - top, last - r)
        y0 = gives * top - c.before[1]
        low, high = max(<Py_ssize_t> 0, -y0), min(gives * count, out_y - y0)
        for z in range(out_z):
            for i in range(count):
                row = (i * c.across * c.planes + z) * width
                if real is float:
                    wrong += vf_gather_tiles(c.ky, c.kx, c.across, sums + row, c.planes * width, step, bias,
                                             lines + i * gives * line, c.before[2], out_x, low - i * gives, high - i * gives)
                else:
                    wrong += vd_gather_tiles(c.ky, c.kx, c.across, sums + row, c.planes * width, step, bias,
                                             lines + i * gives * line, c.before[2], out_x, low - i * gives, high - i * gives)
            row = n * c.made.image + ((first * out_z + z) * out_y + y0 + low) * out_x
            if real is float:
                vf_put_pixels((high - low) * out_x, m, lines + low * line, lanes(y), y + row, out_z * out_y * out_x)
            else:
                vd_put_pixels((high - low) * out_x, m, lines + low * line, lanes(y), y + row, out_z * out_y * out_x)
        sums = sums + count * c.across * c.planes * width
        r += count
    return wrong != 0


cdef inline Py_ssize_t sums_step(const Cut *c, Py_ssize_t nr) noexcept nogil:
    """Numbers from one product's sums to the next's."""
    return c.rows * c.across * c.planes * nr + APART


cdef inline void panel_sums(Py_ssize_t r, Py_ssize_t block, Py_ssize_t begin, Py_ssize_t wide, const Cut *c, const real *values,
                            const real *factors, real *sums) noexcept nogil:
    """sums[z, tile, width] (+)= the products of `wide` channels from `begin` on, with panel r of factors, in a block."""
    cdef Py_ssize_t nr = columns(values), K = c.deep * wide, rows = sums_of(c, block), high = height(rows), z, i
    cdef Py_ssize_t width = nr if c.made.C - r * nr > lanes(values) else lanes(values)
    cdef const Kind *v = &KINDS[c.ky]
    cdef const Kind *h = &KINDS[c.kx]
    cdef const real *value
    cdef const real *factor
    for z in range(c.products):
        value = values + (v.number[z // h.products] * h.numbers + h.number[z % h.products]) * c.seen.apart
        value = value + begin // c.seen.row * c.seen.panel
        factor = factors + (v.factor[z // h.products] * h.factors + h.factor[z % h.products]) * (K * width + APART)
        for i from 0 <= i < rows by high:
            tile(min(high, rows - i), width, K, value + i * c.seen.row, c.seen.row, 1, factor, width,
                 <const real *> NULL if begin == 0 else <const real *> sums + i * width, width, 1, sums + i * width, width)
        sums = sums + sums_step(c, nr)


cdef inline int panel_results(Py_ssize_t r, Py_ssize_t block, const Cut *c, const real *sums, const real *bias, real *lines,
                              real *y) noexcept nogil:
    """The results of panel r in a block; returns whether one is not finite."""
    cdef Py_ssize_t nr = columns(sums), m = min(nr, c.made.C - r * nr), width = nr if m > lanes(sums) else lanes(sums), i
    cdef real start[WIDEST]
    cdef int failed = 0
    for i in range(width):
        start[i] = bias[r * nr + i] if bias != NULL and i < m else 0
    for i from 0 <= i < m by lanes(sums):
        failed |= results(r * nr + i, block, c, sums + i, width, sums_step(c, nr), start + i, lines, y)
    return failed


cdef inline int late_panels(Py_ssize_t begin, Py_ssize_t end, const Cut *c, const real *w, const real *values, const real *bias,
                            real *factors, real *sums, real *lines, real *y) noexcept nogil:
    """Panels begin to end of all blocks; some channels at a time, so that factors and sums stay in a second-level cache."""
    cdef Py_ssize_t nr = columns(w), panel = panel_size(c, c.part, nr), made = c.seen.numbers * c.seen.apart
    cdef Py_ssize_t first, wide, q, i, size = c.products * sums_step(c, nr)
    cdef real *to
    cdef int failed = 0
    for first from 0 <= first < c.seen.wide by c.part:
        wide = min(c.part, c.seen.wide - first)
        for i from first <= i < first + wide by lanes(w):
            for q in range(begin, end):
                factor_task(q, i, first, wide, c, w, factors + (q - begin) * panel)
        for i in range(c.blocks):
            for q in range(begin, end):
                to = sums if c.part == c.seen.wide else sums + (i * LATE + q - begin) * size
                panel_sums(q, i, first, wide, c, values + i * made, <const real *> factors + (q - begin) * panel, to)
                if first + wide == c.seen.wide:
                    failed |= panel_results(q, i, c, <const real *> to, bias, lines, y)
    return failed


cdef inline int block_task(Py_ssize_t t, const Cut *c, const real *x, const real *w, const real *factors, real *values,
                           const real *bias, real *y) noexcept nogil:
    """Some panels of a block's result, or of all if `late`; returns whether a number is not finite (1) or memory is lacking (-1)."""
    cdef Py_ssize_t piece = t % c.pieces, block = t // c.pieces, panel = panel_size(c, c.seen.wide, columns(x)), r, i
    cdef Py_ssize_t begin = piece * c.piece, end = min(c.panels, begin + c.piece), made = c.seen.numbers * c.seen.apart
    cdef Py_ssize_t lines_n = max(lines_size(c, &c.seen, lanes(x)), lines_size(c, &c.made, lanes(x)))
    cdef Py_ssize_t sums_n = c.products * sums_step(c, columns(x)) * (LATE * c.blocks if c.part < c.seen.wide else 1)
    cdef real *lines = <real *> scratch(PRIVATE, (lines_n + sums_n + (0 if c.shared else made) + (
        LATE * panel_size(c, c.part, columns(x)) if c.late else 0)) * sizeof(real))
    cdef real *sums = lines + lines_n
    cdef real *own = sums + sums_n
    cdef int failed = 0
    cdef uint64_t mode
    if lines == NULL:
        return -1
    mode = flush_begin()
    if c.late:
        for r from begin <= r < end by LATE:
            failed |= late_panels(r, min(end, r + LATE), c, w, values, bias, own, sums, lines, y)
    else:
        if c.shared:
            values = values + block * made
        else:
            values = own
            for i from 0 <= i < c.seen.C by lanes(x):
                spread_task(i, block, c, &c.seen, x, lines, values)
        for r in range(begin, end):
            panel_sums(r, block, 0, c.seen.wide, c, values, factors + r * panel, sums)
            failed |= panel_results(r, block, c, <const real *> sums, bias, lines, y)
    flush_end(mode)
    return failed


cdef int convolve(const Cut *c, const real *x, const real *w, const real *bias, real *y) noexcept nogil:
    """y[N, M, out] from x[N, C, size]. Returns 1 if a result is not finite, -1 if there is no memory."""
    cdef Py_ssize_t panel = panel_size(c, c.seen.wide, columns(x)), size = 0 if c.late else c.panels * panel
    cdef Py_ssize_t groups = c.seen.wide // lanes(x), t
    cdef Py_ssize_t block = c.seen.numbers * c.seen.apart, made = c.blocks * groups if c.shared else 0
    cdef real *factors = <real *> scratch(SHARED, (size + (c.blocks * block if c.shared else 0)) * sizeof(real))
    cdef real *values = factors + size
    cdef int failed = 0
    cdef int threads = threads_for(work(c))
    if factors == NULL:
        return -1
    size = 0 if c.late else c.panels * groups
    for t in prange(size + made, num_threads=threads):
        if t < size:
            factor_task(t % c.panels, t // c.panels * lanes(x), 0, c.seen.wide, c, w, factors + t % c.panels * panel)
        else:
            failed |= value_task((t - size) % groups * lanes(x), (t - size) // groups, c, &c.seen, x,
                                 values + (t - size) // groups * block)
    for t in prange(c.pieces if c.late else c.blocks * c.pieces, num_threads=threads, schedule='dynamic'):
        failed |= block_task(t, c, x, w, <const real *> factors, values, bias, y)
    return failed


cdef inline void factor_products(Py_ssize_t f, Py_ssize_t r, Py_ssize_t K, Py_ssize_t block, bint first, const Cut *c,
                                 const real *values, const real *grads, real *products) noexcept nogil:
    """products[K, nr] (+)= the sum over a block's tiles, for factor f and panel r."""
    cdef Py_ssize_t nr = columns(values), i, j
    cdef const Kind *v = &KINDS[c.ky]
    cdef const Kind *h = &KINDS[c.kx]
    for i in range(v.products):
        for j in range(h.products):
            if v.factor[i] * h.factors + h.factor[j] == f:
                tiles(K, min(nr, c.made.wide - r * nr), sums_of(c, block),
                      values + (v.number[i] * h.numbers + h.number[j]) * c.seen.apart, 1, c.seen.row,
                      grads + (v.grad[i] * h.grads + h.grad[j]) * c.made.apart + r * c.made.panel, nr,
                      <const real *> NULL if first else <const real *> products, nr, 1, products, nr)
                first = False


cdef inline void product_task(Py_ssize_t t, Py_ssize_t block, bint first, const Cut *c, const real *values, const real *grads,
                              real *products) noexcept nogil:
    """products[f, panel, tap of depth, c, nr] (+)= those of factor t // panels and panel t % panels."""
    cdef Py_ssize_t nr = columns(values), f = t // c.panels, r = t % c.panels, K = c.deep * c.seen.wide
    cdef uint64_t mode = flush_begin()
    factor_products(f, r, K, block, first, c, values, grads, products + f * products_step(c, nr) + r * K * nr)
    flush_end(mode)


cdef inline int slice_task(Py_ssize_t t, const Cut *c, const real *x, const real *g, real *products) noexcept nogil:
    """All products of the blocks of slice t."""
    cdef Py_ssize_t lines_n = max(lines_size(c, &c.seen, lanes(x)), lines_size(c, &c.made, lanes(x))), block, i
    cdef Py_ssize_t begin = t * c.blocks // c.slices, end = (t + 1) * c.blocks // c.slices
    cdef real *lines = <real *> scratch(PRIVATE, (lines_n + operands_size(c)) * sizeof(real))
    cdef real *values = lines + lines_n
    cdef real *grads = values + c.seen.numbers * c.seen.apart
    cdef uint64_t mode
    if lines == NULL:
        return -1
    mode = flush_begin()
    for block in range(begin, end):
        for i from 0 <= i < c.seen.C by lanes(x):
            spread_task(i, block, c, &c.seen, x, lines, values)
        for i from 0 <= i < c.made.C by lanes(x):
            spread_task(i, block, c, &c.made, g, lines, grads)
        for i in range(c.factors * c.panels):
            product_task(i, block, block == begin, c, <const real *> values, <const real *> grads, products)
    flush_end(mode)
    return 0


cdef inline bint put_taps(Py_ssize_t m, Py_ssize_t first, Py_ssize_t count, Py_ssize_t wide, const Cut *c, const real *products,
                          Py_ssize_t step, real *taps, real *w) noexcept nogil:
    """The weights of a vector of channels from m on by `count` channels from `first` on, of which products[f, tap of depth, c,
    nr] has `wide`, from the sums of all slices in order; `taps` is room. Returns whether one is not finite."""
    cdef Py_ssize_t each = KINDS[c.ky].taps * KINDS[c.kx].taps, T = c.deep * each, nr = columns(w), q, k
    cdef const real *from_
    cdef real *to = taps
    cdef real wrong = 0
    for q in range(count):
        for k in range(c.deep):
            from_ = products + (k * wide + q) * nr
            if real is float:
                wrong += vf_taps_of_factors(c.ky, c.kx, from_, step, c.slices, products_size(c, nr), to)
            else:
                wrong += vd_taps_of_factors(c.ky, c.kx, from_, step, c.slices, products_size(c, nr), to)
            to = to + each * lanes(w)
    w = w + (m * c.seen.C + first) * T
    if real is float:
        vf_put_pixels(count * T, min(lanes(w), c.made.C - m), taps, lanes(w), w, c.seen.C * T)
    else:
        vd_put_pixels(count * T, min(lanes(w), c.made.C - m), taps, lanes(w), w, c.seen.C * T)
    return wrong != 0


cdef inline int taps_task(Py_ssize_t m, const Cut *c, const real *products, real *w) noexcept nogil:
    """The weights of a vector of channels from m on."""
    cdef Py_ssize_t T = c.deep * KINDS[c.ky].taps * KINDS[c.kx].taps, nr = columns(w)
    cdef real *taps = <real *> scratch(PRIVATE, c.seen.C * T * lanes(w) * sizeof(real))
    if taps == NULL:
        return -1
    products = products + m // nr * c.deep * c.seen.wide * nr + m % nr
    return put_taps(m, 0, c.seen.C, c.seen.wide, c, products, products_step(c, nr), taps, w)


cdef inline int group_task(Py_ssize_t first, const Cut *c, const real *x, const real *grads, real *w) noexcept nogil:
    """The weights of a group of channels c from `first` on: values and products stay in a second-level cache."""
    cdef Py_ssize_t nr = columns(x), wide = min(c.part, c.seen.wide - first), count = min(wide, c.seen.C - first), r, f, i
    cdef Py_ssize_t lines_n = lines_size(c, &c.seen, lanes(x)), made = c.seen.numbers * c.seen.apart, step = wide * nr + APART
    cdef Py_ssize_t taps_n = wide * KINDS[c.ky].taps * KINDS[c.kx].taps * lanes(x)
    cdef real *lines = <real *> scratch(PRIVATE, (lines_n + made + c.factors * step + taps_n) * sizeof(real))
    cdef real *values = lines + lines_n
    cdef real *products = values + made
    cdef real *taps = products + c.factors * step
    cdef int failed = 0
    cdef uint64_t mode
    if lines == NULL:
        return -1
    mode = flush_begin()
    for i from first <= i < first + wide by lanes(x):
        # Each group lies where the first would.
        spread_task(i, 0, c, &c.seen, x, lines, values - first // c.part * c.seen.panel)
    for r in range(c.panels):
        for f in range(c.factors):
            factor_products(f, r, wide, 0, True, c, <const real *> values, grads, products + f * step)
        for i from 0 <= i < min(nr, c.made.wide - r * nr) by lanes(x):
            failed |= put_taps(r * nr + i, first, count, wide, c, <const real *> products + i, step, taps, w)
    flush_end(mode)
    return failed


cdef int weight_grad(const Cut *c, const real *x, const real *g, real *w) noexcept nogil:
    """w[M, C, taps] from x[N, C, size] and g[N, M, out]. Returns 1 if a number is not finite, -1 if there is no memory."""
    cdef Py_ssize_t size = 0 if c.grouped else products_size(c, columns(x)), groups = c.seen.wide // lanes(x), block, t
    cdef Py_ssize_t vectors = c.made.wide // lanes(x), made = c.made.numbers * c.made.apart
    cdef real *products = <real *> scratch(SHARED, (c.slices * size + (
        made if c.grouped else operands_size(c) if c.slices == 1 else 0)) * sizeof(real))
    cdef real *grads = products + c.slices * size
    cdef real *values = grads + made
    cdef int failed = 0
    cdef int threads = threads_for(work(c))
    if products == NULL:
        return -1
    if c.grouped:
        for t in prange(vectors, num_threads=threads, schedule='dynamic'):
            failed |= value_task(t * lanes(x), 0, c, &c.made, g, grads)
        for t in prange(ceil_div(c.seen.wide, c.part), num_threads=threads, schedule='dynamic'):
            failed |= group_task(t * c.part, c, x, <const real *> grads, w)
        return failed
    if c.slices > 1:
        for t in prange(c.slices, num_threads=threads, schedule='dynamic'):
            failed |= slice_task(t, c, x, g, products + t * size)
    else:
        for block in range(c.blocks):
            for t in prange(groups + vectors, num_threads=threads, schedule='dynamic'):
                if t < groups:
                    failed |= value_task(t * lanes(x), block, c, &c.seen, x, values)
                else:
                    failed |= value_task((t - groups) * lanes(x), block, c, &c.made, g, grads)
            for t in prange(c.factors * c.panels, num_threads=threads, schedule='dynamic'):
                product_task(t, block, block == 0, c, <const real *> values, <const real *> grads, products)
    for t in prange(vectors, num_threads=threads):
        failed |= taps_task(t * lanes(x), c, <const real *> products, w)
    return failed


cdef bint finite(int failed) except -1:
    if failed < 0:
        raise MemoryError('convolution: no memory for a block of tiles')
    return failed == 0


cdef inline Cut cut(const Geometry *s, bint gradient, bint weights=False):
    """The cut of arrays, whose vectors have 64 bytes at most."""
    if s.kind == cnp.NPY_FLOAT:
        return cut_of(s, gradient, weights, lanes(<const float *> NULL), sizeof(float))
    return cut_of(s, gradient, weights, lanes(<const double *> NULL), sizeof(double))


cdef inline Py_ssize_t taps_of(const Cut *c) noexcept nogil:
    """Weights of a group."""
    return c.made.C * c.seen.C * c.deep * KINDS[c.ky].taps * KINDS[c.kx].taps


cdef inline int group(Py_ssize_t g, const Cut *c, const real *x, const real *w, const real *bias, real *y) noexcept nogil:
    return convolve(c, x + g * c.seen.C * product(c.seen.size), w + g * taps_of(c), shift(bias, g * c.made.C),
                    y + g * c.made.C * product(c.made.size))


cdef int all_groups(const Cut *c, const real *x, const real *w, const real *bias, real *y) noexcept nogil:
    """Many groups are tasks; few have tasks each, and so has each for one thread (region.h: a region of one is a call)."""
    cdef int failed = 0, threads = threads_for(c.G * work(c))
    cdef Py_ssize_t g
    if threads == 1 or c.G < TASKS:
        for g in range(c.G):
            failed |= group(g, c, x, w, bias, y)
        return failed
    for g in prange(c.G, num_threads=threads, schedule='dynamic'):
        failed |= group(g, c, x, w, bias, y)
    return failed


cdef inline int group_weights(Py_ssize_t i, const Cut *c, const real *x, const real *g, real *w) noexcept nogil:
    return weight_grad(c, x + i * c.seen.C * product(c.seen.size), g + i * c.made.C * product(c.made.size), w + i * taps_of(c))


cdef int all_weights(const Cut *c, const real *x, const real *g, real *w) noexcept nogil:
    """As all_groups."""
    cdef int failed = 0, threads = threads_for(c.G * work(c))
    cdef Py_ssize_t i
    if threads == 1 or c.G < TASKS:
        for i in range(c.G):
            failed |= group_weights(i, c, x, g, w)
        return failed
    for i in prange(c.G, num_threads=threads, schedule='dynamic'):
        failed |= group_weights(i, c, x, g, w)
    return failed


cdef filled(const Cut *c, int kind, cnp.ndarray x, cnp.ndarray w, cnp.ndarray bias, cnp.ndarray y):
    cdef char *b = NULL if bias is None else <char *> cnp.PyArray_DATA(bias)
    cdef int failed
    with nogil:
        if kind == cnp.NPY_FLOAT:
            failed = all_groups(c, <float *> cnp.PyArray_DATA(x), <float *> cnp.PyArray_DATA(w), <float *> b,
                                <float *> cnp.PyArray_DATA(y))
        else:
            failed = all_groups(c, <double *> cnp.PyArray_DATA(x), <double *> cnp.PyArray_DATA(w), <double *> b,
                                <double *> cnp.PyArray_DATA(y))
    return finite(failed)


def conv_forward(cnp.ndarray x, cnp.ndarray w, cnp.ndarray bias, cnp.ndarray y, tuple stride, tuple padding,
                 Py_ssize_t groups=1):
    """Fill y[N, M, ...] with the convolution of x[N, C, ...] by w[M, C / G, ...], plus bias[M] unless that is None; returns
    whether it is finite. Height (if there is one) and width have three taps and the same stride, 1 or 2, or four and stride 2;
    the depth has stride 1."""
    cdef Geometry s = geometry(x, y, (<object> w).shape, stride, padding, (1,) * len(stride), groups)
    cdef Cut c = cut(&s, False)
    return filled(&c, s.kind, x, w, bias, y)


def conv_input_grad(cnp.ndarray g, cnp.ndarray w, cnp.ndarray bias, cnp.ndarray x, tuple stride, tuple padding,
                    Py_ssize_t groups=1):
    """Fill x[N, C, ...] with the gradient of a convolution's input, given g[N, M, ...], plus bias[C] unless that is None;
    returns whether it is finite. Padding is less than the taps."""
    cdef Geometry s = geometry(x, g, (<object> w).shape, stride, padding, (1,) * len(stride), groups)
    cdef Cut c = cut(&s, True)
    return filled(&c, s.kind, g, w, bias, x)


def conv_weight_grad(cnp.ndarray x, cnp.ndarray g, cnp.ndarray w, tuple stride, tuple padding, Py_ssize_t groups=1):
    """Fill w[M, C / G, ...] with the gradient of a convolution's weights; returns whether it is finite."""
    cdef Geometry s = geometry(x, g, (<object> w).shape, stride, padding, (1,) * len(stride), groups)
    cdef Cut c = cut(&s, False, True)
    cdef int failed
    with nogil:
        if s.kind == cnp.NPY_FLOAT:
            failed = all_weights(&c, <float *> cnp.PyArray_DATA(x), <float *> cnp.PyArray_DATA(g),
                                 <float *> cnp.PyArray_DATA(w))
        else:
            failed = all_weights(&c, <double *> cnp.PyArray_DATA(x), <double *> cnp.PyArray_DATA(g),
                                 <double *> cnp.PyArray_DATA(w))
    return finite(failed)
