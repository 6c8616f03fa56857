"""Convolutions with one tap and no padding, their input gradients and weight gradients: matrix products of the weights with the
channels of every image.

Pixels lie in the lanes of vectors. A task has some neighbouring columns of an image; their pixels are read once, in place, and
copied by the tile that reads them, for the tiles of the other rows. For a weight gradient one operand is transposed, so that
each pixel has its channels side by side, and the other one is read in place. With a stride the caller first has the pixels
collected that count (`pick`), or the results spread at the end (`spread`).

Letters are those of conv.pyx: N images, C input and M output channels, G groups, P pixels of a result.
"""

cimport numpy as cnp
from cython.parallel cimport prange
from libc.stdint cimport uint64_t
from libc.string cimport memcpy

from cnet._kernels._threads cimport threads_for
from cnet._kernels._workspace cimport PRIVATE, SHARED, scratch
from cnet._kernels.conv_after cimport After, after_of, finish_row
from cnet._kernels.conv_shape cimport Geometry, geometry
from cnet._kernels.direct_job cimport vd_put_pixels, vf_put_pixels
from cnet._kernels.gemm_tiles cimport MR, columns, height, lanes, pack, shift
from cnet._kernels.planes cimport ceil_div, product
from cnet._kernels.types cimport real

cnp.import_array()

cdef extern from "flush.h" nogil:
    uint64_t flush_begin()
    void flush_end(uint64_t old)

cdef extern from "onetap_ukr.h" nogil:
    void vf_column(Py_ssize_t m, bint keep, Py_ssize_t n, Py_ssize_t k, const float *a, const float *b, Py_ssize_t brs,
                   float *panel, const float *ahead, Py_ssize_t count, const float *bias, float *c, Py_ssize_t crs)
    void vd_column(Py_ssize_t m, bint keep, Py_ssize_t n, Py_ssize_t k, const double *a, const double *b, Py_ssize_t brs,
                   double *panel, const double *ahead, Py_ssize_t count, const double *bias, double *c, Py_ssize_t crs)
    void vf_outer(Py_ssize_t m, Py_ssize_t n, Py_ssize_t images, Py_ssize_t step, Py_ssize_t k, const float *a, Py_ssize_t ars,
                  const float *b, bint first, float *c, Py_ssize_t crs)
    void vd_outer(Py_ssize_t m, Py_ssize_t n, Py_ssize_t images, Py_ssize_t step, Py_ssize_t k, const double *a, Py_ssize_t ars,
                  const double *b, bint first, double *c, Py_ssize_t crs)
    void vf_pick(Py_ssize_t n, const float *x, Py_ssize_t stride, float *y)
    void vd_pick(Py_ssize_t n, const double *x, Py_ssize_t stride, double *y)
    void vf_spread(Py_ssize_t n, const float *x, Py_ssize_t stride, float fill, Py_ssize_t size, float *y)
    void vd_spread(Py_ssize_t n, const double *x, Py_ssize_t stride, double fill, Py_ssize_t size, double *y)

cdef enum:
    RUN = 8             # columns of tiles in a task at most, so that one asks for the pixels of the next
    TASKS = 16
    PIXELS = 256        # of a block of a weight gradient: 32 KB with the widest vectors
    GRAD_TILES = 6      # rows of tiles in a task of a weight gradient: their pixels stay in a second-level cache
    ALONE = 16          # those of all rows up to which a task has all of them, and transposes for itself
    TURNED = 4 << 20    # bytes transposed at once for tasks that do not
    SUMS = 1 << 18      # numbers of sums that tasks along pixels have together
    TURN = 16           # pixels for which transposing two operands takes as long as multiplying them

# y[n, g] = bias + w[g] x[n, g], [M, P] from [M, K] and [K, P].
cdef struct Product:
    Py_ssize_t N, G, M, K, P
    Py_ssize_t w_row, w_step        # between rows of the weights, and between their columns
    Py_ssize_t h, high, run, runs   # rows of a tile, tiles along M; columns of tiles in a task, tasks along P


cdef inline Product product_of(const Geometry *s, bint gradient, Py_ssize_t nr) noexcept nogil:
    """The product of a convolution, or of its input gradient."""
    cdef Product p
    cdef Py_ssize_t C = s.C // s.G, M = s.M // s.G, across
    p.N, p.G, p.P = s.N, s.G, product(s.out)
    if gradient:
        p.M, p.K, p.w_row, p.w_step = C, M, 1, C
    else:
        p.M, p.K, p.w_row, p.w_step = M, C, C, 1
    p.h = height(p.M)
    p.high = ceil_div(p.M, p.h)
    across = ceil_div(p.P, nr)
    p.run = max(<Py_ssize_t> 1, min(<Py_ssize_t> RUN, across * p.N * p.G // TASKS))
    p.runs = ceil_div(across, p.run)
    return p


cdef inline void pack_task(Py_ssize_t t, const Product *s, const real *w, real *packed) noexcept nogil:
    """Rows of weights that one tile takes."""
    cdef Py_ssize_t r = t % s.high * s.h
    pack(s.K, min(s.h, s.M - r), w + t // s.high * s.M * s.K + r * s.w_row, s.w_step, s.w_row, packed + t * s.K * MR,
         <Py_ssize_t> MR)


cdef inline int column_task(Py_ssize_t t, const Product *s, const real *x, const real *packed, const real *bias,
                            const After *after, real *y) noexcept nogil:
    """Some neighbouring columns of tiles of a group in an image."""
    cdef Py_ssize_t nr = columns(x), n = t // s.runs // s.G, g = t // s.runs % s.G, p = t % s.runs * s.run * nr
    cdef Py_ssize_t end = min(s.P, p + s.run * nr), r, width, share = ceil_div(s.K, max(<Py_ssize_t> 1, s.high - 1)), first, count
    cdef real *panel = <real *> scratch(PRIVATE, s.K * nr * sizeof(real))
    cdef const real *from_
    cdef const real *ahead
    cdef const real *b
    cdef real *to
    cdef bint keep
    cdef Py_ssize_t i
    cdef uint64_t mode
    if panel == NULL:
        return -1
    mode = flush_begin()
    x, y = x + (n * s.G + g) * s.K * s.P, y + (n * s.G + g) * s.M * s.P
    while p < end:
        width = min(nr, s.P - p)
        keep = width == nr
        if not keep:
            pack(s.K, width, x + p, s.P, 1, panel, nr if width > lanes(x) else lanes(x))
        for r in range(s.high):
            first = (r - 1) * share
            count = min(share, s.K - first) if r > 0 and p + nr < end else 0
            from_, ahead, to = packed + (g * s.high + r) * s.K * MR, x + first * s.P + p + nr, y + r * s.h * s.P + p
            b = shift(bias, g * s.M + r * s.h)
            if real is float:
                vf_column(min(s.h, s.M - r * s.h), keep and r == 0, width, s.K, from_, x + p, s.P, panel, ahead, count, b, to, s.P)
            else:
                vd_column(min(s.h, s.M - r * s.h), keep and r == 0, width, s.K, from_, x + p, s.P, panel, ahead, count, b, to, s.P)
            for i in range(min(s.h, s.M - r * s.h)):
                finish_row(after, g * s.M + r * s.h + i, to + i * s.P, width)
        p += nr
    flush_end(mode)
    return 0


cdef inline void pick_task(Py_ssize_t t, const Geometry *s, const real *x, real *dense) noexcept nogil:
    """The pixels of one channel that have a result."""
    cdef Py_ssize_t v0, v1
    x, dense = x + t * product(s.size), dense + t * product(s.out)
    for v0 in range(s.out[0]):
        for v1 in range(s.out[1]):
            if real is float:
                vf_pick(s.out[2], x + (v0 * s.stride[0] * s.size[1] + v1 * s.stride[1]) * s.size[2], s.stride[2], dense)
            else:
                vd_pick(s.out[2], x + (v0 * s.stride[0] * s.size[1] + v1 * s.stride[1]) * s.size[2], s.stride[2], dense)
            dense = dense + s.out[2]


cdef inline void spread_task(Py_ssize_t t, const Geometry *s, const real *dense, const real *bias, real *x) noexcept nogil:
    """The reverse for an input gradient; the bias alone elsewhere."""
    cdef Py_ssize_t v0, v1, n
    cdef real fill = 0 if bias == NULL else bias[t % s.C]
    x, dense = x + t * product(s.size), dense + t * product(s.out)
    for v0 in range(s.size[0]):
        for v1 in range(s.size[1]):
            n = 0
            if v0 % s.stride[0] == 0 and v1 % s.stride[1] == 0 and v0 < s.out[0] * s.stride[0] and v1 < s.out[1] * s.stride[1]:
                n = s.out[2]
            if real is float:
                vf_spread(n, dense, s.stride[2], fill, s.size[2], x)
            else:
                vd_spread(n, dense, s.stride[2], fill, s.size[2], x)
            x, dense = x + s.size[2], dense + n


cdef int multiplied(const Geometry *s, bint gradient, const real *x, const real *w, const real *bias, const After *after,
                    real *y) noexcept nogil:
    """y = the convolution of x, or the input gradient given x, plus bias."""
    cdef Product p = product_of(s, gradient, columns(x))
    cdef Py_ssize_t t
    cdef int failed = 0
    cdef int threads = threads_for(<double> s.N * p.P * p.G * p.M * p.K / 8)
    cdef real *packed = <real *> scratch(SHARED, p.G * p.high * p.K * MR * sizeof(real))
    if packed == NULL:
        return -1
    for t in prange(p.G * p.high, num_threads=threads):
        pack_task(t, &p, w, packed)
    for t in prange(p.N * p.G * p.runs, num_threads=threads, schedule='dynamic'):
        failed |= column_task(t, &p, x, <const real *> packed, bias, after, y)
    return failed


cdef void picked(const Geometry *s, const real *x, real *dense) noexcept nogil:
    cdef Py_ssize_t t
    for t in prange(s.N * s.C, num_threads=threads_for(<double> s.N * s.C * product(s.out) * 2 * sizeof(real))):
        pick_task(t, s, x, dense)


cdef void spread_out(const Geometry *s, const real *dense, const real *bias, real *x) noexcept nogil:
    cdef Py_ssize_t t
    for t in prange(s.N * s.C, num_threads=threads_for(<double> s.N * s.C * product(s.size) * sizeof(real))):
        spread_task(t, s, dense, bias, x)


# A weight gradient: w[g] = the sum over pixels of a[rows] b[across], where b, the operand that is transposed, has the channels of
# lanes. A block is some images, or some pixels of one.
cdef struct Cut:
    bint turned                     # whether output channels are in lanes: the result is transposed then
    bint kept                       # whether tasks have sums of their own, which are added up at the end
    Py_ssize_t N, G, P
    Py_ssize_t rows, across         # channels of a, channels of b
    Py_ssize_t panels, wide, groups     # of b: vectors or two, those of a task, tasks along `across`
    Py_ssize_t images, pixels, blocks, each, slices     # of a block, blocks, those of a task, tasks along pixels
    Py_ssize_t at_once              # blocks transposed for several tasks, or 0 if each task has its own
    Py_ssize_t h, high, piece, pieces   # rows of a tile, tiles along `rows`, those of a task, tasks along `rows`


cdef inline Cut cut_of(const Geometry *s, Py_ssize_t nr, Py_ssize_t size) noexcept nogil:
    """Decide about lanes, blocks and tasks, from shapes alone."""
    cdef Cut c
    cdef Py_ssize_t C = s.C // s.G, M = s.M // s.G, most = PIXELS * 4 // size, parts
    c.N, c.G, c.P = s.N, s.G, product(s.out)
    c.turned = ceil_div(M, nr) * nr * (C + TURN) + TURN * 32 * M * C // (c.N * c.P) < ceil_div(C, nr) * nr * (M + TURN)
    c.rows, c.across = (C, M) if c.turned else (M, C)
    parts = ceil_div(c.P, most)
    c.pixels = ceil_div(c.P, parts)
    c.images = 1
    if parts == 1:
        c.images = ceil_div(c.N, ceil_div(c.N, most // c.P))
    c.blocks = parts * ceil_div(c.N, c.images)
    c.h = height(c.rows)
    c.high = ceil_div(c.rows, c.h)
    c.panels = ceil_div(c.across, nr)
    c.pieces = 1 if c.high <= ALONE else ceil_div(c.high, GRAD_TILES)
    c.piece = ceil_div(c.high, c.pieces)
    c.pieces = ceil_div(c.high, c.piece)
    c.slices, c.at_once = 1, 0
    if c.pieces == 1:
        # Tasks along pixels read everything once, but each has sums of its own.
        c.slices = max(<Py_ssize_t> 1, min(c.blocks, min(ceil_div(TASKS, c.G), SUMS // (c.G * c.rows * c.across))))
    else:
        c.at_once = max(<Py_ssize_t> 1, min(c.blocks, TURNED // (c.G * c.panels * nr * c.images * c.pixels * size)))
    c.each = ceil_div(c.blocks, c.slices)
    c.slices = ceil_div(c.blocks, c.each)
    c.groups = min(c.panels, ceil_div(TASKS, c.G * c.pieces * c.slices))
    c.wide = ceil_div(c.panels, c.groups)
    c.groups = ceil_div(c.panels, c.wide)
    c.kept = c.turned or c.slices > 1
    return c


cdef inline void turn_panel(Py_ssize_t k, Py_ssize_t g, Py_ssize_t q, const Cut *c, const real *b, real *turned) noexcept nogil:
    """turned[image, pixel, channel] of panel q of a group in block k."""
    cdef Py_ssize_t nr = columns(b), parts = ceil_div(c.P, c.pixels), i = k // parts * c.images, p = k % parts * c.pixels, r
    cdef Py_ssize_t images = min(c.images, c.N - i), pixels = min(c.pixels, c.P - p), n = min(nr, c.across - q * nr)
    cdef Py_ssize_t width = nr if n > lanes(b) else lanes(b)
    for r in range(images):
        pack(pixels, n, b + (((i + r) * c.G + g) * c.across + q * nr) * c.P + p, 1, c.P, turned + r * pixels * width, width)


cdef inline int outer_task(Py_ssize_t t, Py_ssize_t first, const Cut *c, const real *a, const real *b, real *turned,
                           real *w) noexcept nogil:
    """The products of some rows and some panels of a group over some blocks, or over those from `first` on that are transposed:
    to w[rows, across], or if sums are kept to w[slice, panel, rows, width]."""
    cdef Py_ssize_t nr = columns(a), slice = t % c.slices, group = t // c.slices % c.groups, piece = t // c.slices // c.groups % c.pieces
    cdef Py_ssize_t g = t // c.slices // c.groups // c.pieces, r1 = min(c.high, (piece + 1) * c.piece), k, i, p, q, r, n, m
    cdef Py_ssize_t parts = ceil_div(c.P, c.pixels), images, pixels, width, step = c.G * c.rows * c.P, panel = c.images * c.pixels * nr
    cdef Py_ssize_t begin = slice * c.each, end = min(c.blocks, (slice + 1) * c.each)
    cdef real *own = NULL
    cdef real *to
    cdef uint64_t mode
    if c.at_once:
        begin, end = first, min(c.blocks, first + c.at_once)
    else:
        own = <real *> scratch(PRIVATE, panel * sizeof(real))
        if own == NULL:
            return -1
    mode = flush_begin()
    for k in range(begin, end):
        i, p = k // parts * c.images, k % parts * c.pixels
        images, pixels = min(c.images, c.N - i), min(c.pixels, c.P - p)
        for q in range(group * c.wide, min(c.panels, (group + 1) * c.wide)):
            n = min(nr, c.across - q * nr)
            width = nr if n > lanes(a) else lanes(a)
            if own == NULL:
                to = turned + (((k - first) * c.G + g) * c.panels + q) * panel
            else:
                turn_panel(k, g, q, c, b, own)
                to = own
            for r in range(piece * c.piece, r1):
                m = min(c.h, c.rows - r * c.h)
                if real is float:
                    vf_outer(m, width if c.kept else n, images, step, pixels, a + ((i * c.G + g) * c.rows + r * c.h) * c.P + p, c.P,
                             to, k == slice * c.each, w + (((slice * c.G + g) * c.panels + q) * c.rows * nr + r * c.h * width if c.kept else
                                                           (g * c.rows + r * c.h) * c.across + q * nr), width if c.kept else c.across)
                else:
                    vd_outer(m, width if c.kept else n, images, step, pixels, a + ((i * c.G + g) * c.rows + r * c.h) * c.P + p, c.P,
                             to, k == slice * c.each, w + (((slice * c.G + g) * c.panels + q) * c.rows * nr + r * c.h * width if c.kept else
                                                           (g * c.rows + r * c.h) * c.across + q * nr), width if c.kept else c.across)
    flush_end(mode)
    return 0


cdef inline void put_task(Py_ssize_t t, const Cut *c, real *sums, real *w) noexcept nogil:
    """Panel t of the result: the sums of all slices."""
    cdef Py_ssize_t nr = columns(sums), q = t % c.panels * nr, n = min(nr, c.across - q), width = nr if n > lanes(sums) else lanes(sums)
    cdef Py_ssize_t step = c.G * c.panels * c.rows * nr, i, k
    sums = sums + t * c.rows * nr
    for k in range(1, c.slices):
        for i in range(c.rows * width):
            sums[i] += sums[k * step + i]
    if not c.turned:
        w = w + t // c.panels * c.rows * c.across + q
        for i in range(c.rows):
            memcpy(w + i * c.across, sums + i * width, n * sizeof(real))
        return
    w = w + (t // c.panels * c.across + q) * c.rows
    if real is float:
        vf_put_pixels(c.rows, n, sums, width, w, c.rows)
    else:
        vd_put_pixels(c.rows, n, sums, width, w, c.rows)


cdef int weight_grad(const Geometry *s, const real *x, const real *g, real *w) noexcept nogil:
    cdef Cut c = cut_of(s, columns(x), sizeof(real))
    cdef Py_ssize_t panel = c.images * c.pixels * columns(x), many = c.at_once if c.at_once else c.blocks, kept, k, t
    cdef real *turned
    cdef real *sums = w
    cdef const real *a
    cdef const real *b
    cdef int failed = 0
    cdef int threads = threads_for(<double> s.N * c.P * s.M * (s.C // s.G) / 8)
    kept = c.slices * c.G * c.panels * c.rows * columns(x) if c.kept else 0
    turned = <real *> scratch(SHARED, (c.at_once * c.G * c.panels * panel + kept) * sizeof(real))
    if turned == NULL:
        return -1
    if c.kept:
        sums = turned + c.at_once * c.G * c.panels * panel
    a, b = (x, g) if c.turned else (g, x)
    for k from 0 <= k < c.blocks by many:
        for t in prange(min(c.at_once, c.blocks - k) * c.G * c.panels, num_threads=threads):
            turn_panel(k + t // c.panels // c.G, t // c.panels % c.G, t % c.panels, &c, b, turned + t * panel)
        for t in prange(c.G * c.pieces * c.groups * c.slices, num_threads=threads, schedule='dynamic'):
            failed |= outer_task(t, k, &c, a, b, turned, sums)
    if c.kept:
        for t in prange(c.G * c.panels, num_threads=threads):
            put_task(t, &c, sums, w)
    return failed


cdef filled(bint gradient, cnp.ndarray x, const Geometry *s, cnp.ndarray w, cnp.ndarray bias, tuple follows, cnp.ndarray y):
    """y after it has been computed from x."""
    cdef After after = after_of(follows)
    cdef char *b = NULL if bias is None else <char *> cnp.PyArray_DATA(bias)
    cdef int failed
    with nogil:
        if s.kind == cnp.NPY_FLOAT:
            failed = multiplied(s, gradient, <float *> cnp.PyArray_DATA(x), <float *> cnp.PyArray_DATA(w), <float *> b,
                                &after, <float *> cnp.PyArray_DATA(y))
        else:
            failed = multiplied(s, gradient, <double *> cnp.PyArray_DATA(x), <double *> cnp.PyArray_DATA(w), <double *> b,
                                &after, <double *> cnp.PyArray_DATA(y))
    if failed:
        raise MemoryError('convolution: no memory for packing')
    return y


def conv_forward(cnp.ndarray x, cnp.ndarray w, cnp.ndarray bias, cnp.ndarray y, tuple stride, tuple padding,
                 tuple dilation, Py_ssize_t groups, tuple follows=None):
    """Fill y[N, M, ...] with the convolution of x[N, C, ...] by w[M, C / G, 1, ...], plus bias[M] unless that is None, and what
    follows: see conv_after.pxd. No size is 0; strides are 1, and there is no padding."""
    cdef Geometry s = geometry(x, y, (<object> w).shape, stride, padding, dilation, groups)
    return filled(False, x, &s, w, bias, follows, y)


def conv_input_grad(cnp.ndarray g, cnp.ndarray w, cnp.ndarray bias, cnp.ndarray x, tuple stride, tuple padding,
                    tuple dilation, Py_ssize_t groups):
    """Fill x[N, C, ...] with the gradient of a convolution's input, plus bias[C] unless that is None. No size is 0; strides
    are 1, and there is no padding."""
    cdef Geometry s = geometry(x, g, (<object> w).shape, stride, padding, dilation, groups)
    return filled(True, g, &s, w, bias, None, x)


def conv_weight_grad(cnp.ndarray x, cnp.ndarray g, cnp.ndarray w, tuple stride, tuple padding, tuple dilation,
                     Py_ssize_t groups):
    """Fill w[M, C / G, 1, ...] with the gradient of a convolution's weights. No size is 0; strides are 1, and there is no
    padding."""
    cdef Geometry s = geometry(x, g, (<object> w).shape, stride, padding, dilation, groups)
    cdef int failed
    with nogil:
        if s.kind == cnp.NPY_FLOAT:
            failed = weight_grad(&s, <float *> cnp.PyArray_DATA(x), <float *> cnp.PyArray_DATA(g), <float *> cnp.PyArray_DATA(w))
        else:
            failed = weight_grad(&s, <double *> cnp.PyArray_DATA(x), <double *> cnp.PyArray_DATA(g),
                                 <double *> cnp.PyArray_DATA(w))
    if failed:
        raise MemoryError('convolution: no memory for transposed channels')
    return w


def pick(cnp.ndarray x, cnp.ndarray y, tuple stride):
    """Fill y[N, C, ...] with the pixels of x[N, C, ...] at every stride-th place. No size is 0."""
    cdef tuple zeros = (0,) * len(stride), ones = (1,) * len(stride)
    cdef Geometry s = geometry(x, y, (1, 1) + ones, stride, zeros, ones, 1)
    with nogil:
        if s.kind == cnp.NPY_FLOAT:
            picked(&s, <float *> cnp.PyArray_DATA(x), <float *> cnp.PyArray_DATA(y))
        else:
            picked(&s, <double *> cnp.PyArray_DATA(x), <double *> cnp.PyArray_DATA(y))
    return y


def spread(cnp.ndarray y, cnp.ndarray bias, cnp.ndarray x, tuple stride):
    """Fill x[N, C, ...] with y[N, C, ...] at every stride-th place and bias[C], or 0 if that is None, elsewhere. No size is 0."""
    cdef tuple zeros = (0,) * len(stride), ones = (1,) * len(stride)
    cdef Geometry s = geometry(x, y, (1, 1) + ones, stride, zeros, ones, 1)
    cdef char *b = NULL if bias is None else <char *> cnp.PyArray_DATA(bias)
    with nogil:
        if s.kind == cnp.NPY_FLOAT:
            spread_out(&s, <float *> cnp.PyArray_DATA(y), <float *> b, <float *> cnp.PyArray_DATA(x))
        else:
            spread_out(&s, <double *> cnp.PyArray_DATA(y), <double *> b, <double *> cnp.PyArray_DATA(x))
    return x
