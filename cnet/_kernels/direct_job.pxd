"""Sums of pixels times vectors of channels: the part that convolutions and their input gradients share.

A task computes some channels at the pixels of a block: a box of each of some images. It runs through the channels of the
source, a few at a time, so that all it touches stays in a second-level cache: it copies their pixels with zeros around them,
unless it can read them in place, and adds up products in tiles of pixels by two vectors of channels, whose sums are
transposed at the end.
"""

from libc.stdint cimport uint64_t
from libc.string cimport memcpy, memset

from cnet._kernels._workspace cimport PRIVATE, scratch
from cnet._kernels.gemm_tiles cimport columns, lanes, pack
from cnet._kernels.planes cimport ceil_div, product
from cnet._kernels.types cimport real

cdef extern from "flush.h" nogil:
    uint64_t flush_begin()
    void flush_end(uint64_t old)

cdef extern from "direct_ukr.h" nogil:
    const Py_ssize_t SUMS "direct_sums"
    void vf_pixels(int rows, int w, int vectors, Py_ssize_t step, Py_ssize_t k, const float *const *x,
                   const Py_ssize_t *at, const float *u, const float *bias, float *c, Py_ssize_t crs, Py_ssize_t down)
    void vd_pixels(int rows, int w, int vectors, Py_ssize_t step, Py_ssize_t k, const double *const *x,
                   const Py_ssize_t *at, const double *u, const double *bias, double *c, Py_ssize_t crs, Py_ssize_t down)
    void vf_put_pixels(Py_ssize_t n, Py_ssize_t m, const float *c, Py_ssize_t width, float *y, Py_ssize_t step)
    void vd_put_pixels(Py_ssize_t n, Py_ssize_t m, const double *c, Py_ssize_t width, double *y, Py_ssize_t step)
    void vf_copy_row(Py_ssize_t n, const float *x, float *y)
    void vd_copy_row(Py_ssize_t n, const double *x, double *y)

cdef enum:
    DEPTH = 256      # rows of weights that one pass takes: with 32 floats each, 32 KB of a first-level cache of 48 KB
    ONCE = 1024      # pixels of a block if there is one pass, whose sums need no room
    PIXELS = 256     # of a block else: sums of 256 channels are 256 KB
    MORE = 512       # of weights that do not fit in a second-level cache, and are fetched once for them
    MANY = 1 << 20   # bytes of such weights
    TASKS = 8
    LATE = 2         # blocks for which weights are packed each time, which saves writing and reading them once more
    WIDEST = 14      # pixels of a row in a tile

# Pixel V of the result, along one dimension, is of phase (V + pad) % phases; a tap of that phase sees the pixel
# (V + pad) / phases * step + low + far of the source, 0 outside of it. C and M are the channels of one group that are read
# and made.
cdef struct Job:
    Py_ssize_t N, G, C, M, T
    Py_ssize_t size[3]           # of the source
    Py_ssize_t out[3]            # of the result
    Py_ssize_t step[3]
    Py_ssize_t phases[3]
    Py_ssize_t pad[3]
    Py_ssize_t low[3]
    Py_ssize_t reach[3]          # the largest `far`
    Py_ssize_t deepest           # taps of all phases of a row at most
    Py_ssize_t box[3]            # pixels of a block
    Py_ssize_t boxes[3]
    Py_ssize_t dims[3]           # of a plane
    Py_ssize_t plane, images, blocks
    Py_ssize_t channels          # at a time
    Py_ssize_t panels, piece, pieces   # vectors or two of M, those of a task, tasks along M
    bint gradient                # whether weights lie as [C, M, T], not as [M, C, T]
    bint in_place, shared        # whether planes are not made, or once for several tasks
    bint late                    # whether weights are packed where they are used, a pass at a time
    const Py_ssize_t *begin      # phase f has the taps begin[f] .. begin[f + 1],
    const Py_ssize_t *taps       # each a number of the kernel,
    const Py_ssize_t *at         # and the distance at[begin[f] * channels + channel * (its taps) + tap] in the planes


cdef inline Py_ssize_t over(Py_ssize_t a, Py_ssize_t n) noexcept nogil:
    """a / n: divisions take longer than all else for a small tile."""
    return a if n == 1 else a // n


cdef inline Py_ssize_t source(const Job *s, int d, Py_ssize_t v) noexcept nogil:
    """The pixel of the source that a tap with low + far = 0 sees from pixel v."""
    return over(v + s.pad[d], s.phases[d]) * s.step[d]


cdef inline void cut_blocks(Job *s, Py_ssize_t most) noexcept nogil:
    """Cut images into boxes, or collect some in a block, of about `most` pixels."""
    cdef Py_ssize_t unit
    cdef int d
    s.in_place = True
    for d in range(3):
        s.box[d] = s.out[d]
        s.in_place = s.in_place and source(s, d, 0) + s.low[d] >= 0 and (
            source(s, d, s.out[d] - 1) + s.low[d] + s.reach[d] < s.size[d])
    for d in range(3):
        if product(s.box) > most and s.box[d] > 1:
            unit = product(s.box) // s.box[d]
            unit = ceil_div(s.box[d], max(<Py_ssize_t> 1, most // unit))
            s.box[d] = min(s.out[d], (ceil_div(s.box[d], unit) + 1) // 2 * 2)
    s.blocks, s.images = 1, 1
    for d in range(3):
        s.boxes[d] = ceil_div(s.out[d], s.box[d])
        s.blocks *= s.boxes[d]
        s.dims[d] = s.size[d] if s.in_place else (s.box[d] + s.phases[d] - 2) // s.phases[d] * s.step[d] + s.reach[d] + 1
    if s.blocks == 1:
        unit = max(<Py_ssize_t> 1, min(s.N, most // product(s.out)))
        s.images = ceil_div(s.N, ceil_div(s.N, unit))
    s.blocks *= ceil_div(s.N, s.images)
    # An odd number of cache lines, so that channels do not fall into one set.
    s.plane = product(s.dims) if s.in_place else ceil_div(product(s.dims), 16) // 2 * 32 + 16


cdef inline void cut_job(Job *s, Py_ssize_t nr, Py_ssize_t size) noexcept nogil:
    """Decide about blocks and pieces, from shapes alone."""
    cdef Py_ssize_t passes = max(<Py_ssize_t> 1, ceil_div(s.C, max(<Py_ssize_t> 1, DEPTH // s.deepest)))
    s.channels = ceil_div(s.C, passes)
    cut_blocks(s, (ONCE if passes == 1 else MORE if s.M * s.C * s.T * size > MANY else PIXELS) * 4 // size)
    s.panels = ceil_div(s.M, nr)
    s.pieces = min(s.panels, ceil_div(TASKS, s.blocks * s.G))
    s.piece = ceil_div(s.panels, s.pieces)
    s.pieces = ceil_div(s.panels, s.piece)
    s.shared = s.pieces > 1 and not s.in_place
    s.late = s.blocks <= LATE


cdef inline Py_ssize_t block_place(Py_ssize_t t, const Job *s, Py_ssize_t *place, Py_ssize_t *first) noexcept nogil:
    """The first pixel of the result in block t, and the first of the source that it sees; returns its first image."""
    cdef int d
    for d in range(2, -1, -1):
        place[d] = t % s.boxes[d] * s.box[d]
        first[d] = source(s, d, place[d]) + s.low[d]
        t = t // s.boxes[d]
    return t * s.images


cdef inline void pad_planes(const Job *s, const real *x, Py_ssize_t channels, Py_ssize_t images, const Py_ssize_t *first,
                            Py_ssize_t image_step, real *p) noexcept nogil:
    """p[image, channel, plane]: what a box sees, from `first` on, of some channels of some images."""
    cdef Py_ssize_t left = max(<Py_ssize_t> 0, -first[2]), top = max(<Py_ssize_t> 0, -first[1]), i, n, z, y
    cdef Py_ssize_t length = min(s.size[2] - first[2], s.dims[2]) - left, bottom = min(s.size[1] - first[1], s.dims[1])
    cdef const real *image
    cdef real *to
    for i in range(channels):
        for n in range(images):
            image = x + (n * s.C * s.G + i) * product(s.size)
            to = p + n * image_step + i * s.plane
            memset(to, 0, s.plane * sizeof(real))
            for z in range(s.dims[0]):
                if 0 <= first[0] + z < s.size[0] and length > 0:
                    for y in range(top, bottom):
                        if real is float:
                            vf_copy_row(length, image + ((first[0] + z) * s.size[1] + first[1] + y) * s.size[2] + first[2] + left,
                                        to + (z * s.dims[1] + y) * s.dims[2] + left)
                        else:
                            vd_copy_row(length, image + ((first[0] + z) * s.size[1] + first[1] + y) * s.size[2] + first[2] + left,
                                        to + (z * s.dims[1] + y) * s.dims[2] + left)


cdef inline void shared_planes(Py_ssize_t t, const Job *s, const real *x, real *p) noexcept nogil:
    """The planes of channel t % (G * C) in block t / (G * C), for all its tasks."""
    cdef Py_ssize_t place[3]
    cdef Py_ssize_t first[3]
    cdef Py_ssize_t C = s.C * s.G, block = t // C, n = block_place(block, s, place, first)
    pad_planes(s, x + (n * C + t % C) * product(s.size), 1, min(s.images, s.N - n), first, C * s.plane,
               p + (block * s.images * C + t % C) * s.plane)


cdef inline Py_ssize_t parts(Py_ssize_t w, Py_ssize_t vectors, int rows) noexcept nogil:
    """Into how many tiles to cut a row."""
    return ceil_div(w, max(<Py_ssize_t> 1, min(<Py_ssize_t> WIDEST, SUMS // vectors // rows)))


cdef inline int rows_of(Py_ssize_t w, Py_ssize_t vectors) noexcept nogil:
    """How many rows go into a tile: more than one where one row's tiles would have few sums."""
    if parts(w, vectors, 4) == parts(w, vectors, 1):
        return 4
    return 2 if parts(w, vectors, 2) == parts(w, vectors, 1) else 1


cdef inline void panel_sums(const Job *s, const real *x, Py_ssize_t image_step, Py_ssize_t images, const Py_ssize_t *place,
                            const Py_ssize_t *box, Py_ssize_t channels, const real *u, Py_ssize_t vectors, const real *bias,
                            real *sums, bint once, Py_ssize_t m, real *y) noexcept nogil:
    """Adds some channels to the sums of a panel, which start with the bias unless that is NULL, and go to y unless that is."""
    cdef Py_ssize_t width = vectors * lanes(x), down = s.step[1] * s.dims[2], n, v0, v1, i, w0, w1, q, tiles, f0, f1, f, e
    cdef Py_ssize_t m_step = product(s.out), across = ceil_div(box[2], s.phases[2]), k, count
    cdef int rows
    cdef const real *row
    cdef const real *p[4]
    for f0 in range(s.phases[0]):
        for f1 in range(s.phases[1]):
            f = (f0 * s.phases[1] + f1) * s.phases[2]
            for n in range(images):
                v0 = (f0 + s.phases[0] - (place[0] + s.pad[0]) % s.phases[0]) % s.phases[0]
                while v0 < box[0]:
                    v1 = (f1 + s.phases[1] - (place[1] + s.pad[1]) % s.phases[1]) % s.phases[1]
                    while v1 < box[1]:
                        rows = rows_of(across, vectors)
                        while v1 + (rows - 1) * s.phases[1] >= box[1]:
                            rows = rows // 2
                        tiles = parts(across, vectors, rows)
                        row = x + n * image_step + ((source(s, 0, place[0] + v0) - source(s, 0, place[0])) * s.dims[1] + (
                            source(s, 1, place[1] + v1) - source(s, 1, place[1]))) * s.dims[2] - source(s, 2, place[2])
                        w0 = 0
                        for i in range(tiles):
                            w1 = min(box[2], over((i + 1) * across, tiles) * s.phases[2])
                            for q in range(min(s.phases[2], w1 - w0)):
                                e = f
                                if s.phases[2] > 1:
                                    e += (place[2] + w0 + q + s.pad[2]) % s.phases[2]
                                k, count = s.begin[e + 1] - s.begin[e], over(w1 - w0 - q + s.phases[2] - 1, s.phases[2])
                                p[0] = row + source(s, 2, place[2] + w0 + q)
                                p[1], p[2], p[3] = p[0] + down, p[0] + 2 * down, p[0] + 3 * down
                                if real is float:
                                    vf_pixels(rows, <int> count, <int> vectors, s.step[2], channels * k, p,
                                              s.at + s.begin[e] * s.channels, u + s.begin[e] * channels * width, bias,
                                              sums + q * width, s.phases[2] * width, (w1 - w0) * width)
                                else:
                                    vd_pixels(rows, <int> count, <int> vectors, s.step[2], channels * k, p,
                                              s.at + s.begin[e] * s.channels, u + s.begin[e] * channels * width, bias,
                                              sums + q * width, s.phases[2] * width, (w1 - w0) * width)
                            if y != NULL:
                                for q in range(rows):
                                    k = ((n * s.G * s.M * s.out[0] + v0) * s.out[1] + v1 + q * s.phases[1]) * s.out[2] + w0
                                    if real is float:
                                        vf_put_pixels(w1 - w0, m, sums + q * (w1 - w0) * width, width, y + k, m_step)
                                    else:
                                        vd_put_pixels(w1 - w0, m, sums + q * (w1 - w0) * width, width, y + k, m_step)
                            if not once:
                                sums = sums + rows * (w1 - w0) * width
                            w0 = w1
                        v1 += rows * s.phases[1]
                    v0 += s.phases[0]


cdef inline void pack_bias(Py_ssize_t t, const Job *s, const real *bias, real *p) noexcept nogil:
    """The biases of panel t, one or two vectors wide, or zeros."""
    cdef Py_ssize_t nr = columns(p), g = t // s.panels, m = t % s.panels * nr, n = min(nr, s.M - m), i
    for i in range(nr if n > lanes(p) else lanes(p)):
        p[i] = bias[g * s.M + m + i] if bias != NULL and i < n else 0


cdef inline void pack_pass(Py_ssize_t t, const Job *s, Py_ssize_t first, Py_ssize_t channels, const real *w, real *rows,
                           real *p) noexcept nogil:
    """The weights [phase, channel, tap] of panel t for the channels of one pass; `rows` has room for those of one channel."""
    cdef Py_ssize_t nr = columns(w), g = t // s.panels, m = t % s.panels * nr, n = min(nr, s.M - m), i, c, f, k
    cdef Py_ssize_t width = nr if n > lanes(w) else lanes(w)
    cdef real *to
    if not s.gradient:
        pack(channels * s.T, n, w + ((g * s.M + m) * s.C + first) * s.T, 1, s.C * s.T, p, width)
        return
    if s.T == 1:
        pack(channels, n, w + (g * s.C + first) * s.M + m, s.M, 1, p, width)
        return
    for c in range(channels):
        pack(s.T, n, w + ((g * s.C + first + c) * s.M + m) * s.T, 1, s.T, rows, width)
        for f in range(product(s.phases)):
            k = s.begin[f + 1] - s.begin[f]
            to = p + (s.begin[f] * channels + c * k) * width
            for i in range(k):
                memcpy(to + i * width, rows + s.taps[s.begin[f] + i] * width, width * sizeof(real))


cdef inline Py_ssize_t panel_size(const Job *s, Py_ssize_t channels, Py_ssize_t nr) noexcept nogil:
    """Numbers of a panel of weights for some channels, with the biases before them."""
    return (channels * s.T + 1) * nr


cdef inline int pack_panel(Py_ssize_t t, const Job *s, const real *w, const real *bias, real *p) noexcept nogil:
    """Panel t: biases, then for each pass its weights."""
    cdef Py_ssize_t nr = columns(w), width = nr if s.M - t % s.panels * nr > lanes(w) else lanes(w), k
    cdef real *rows = <real *> scratch(PRIVATE, s.T * nr * sizeof(real))
    if rows == NULL:
        return -1
    p = p + t * panel_size(s, s.C, nr)
    pack_bias(t, s, bias, p)
    for k from 0 <= k < s.C by s.channels:
        pack_pass(t, s, k, min(s.channels, s.C - k), w, rows, p + (1 + k * s.T) * width)
    return 0


cdef inline int job_task(Py_ssize_t t, const Job *s, const real *x, const real *w, const real *bias, const real *packed,
                         const real *planes, real *y) noexcept nogil:
    """Some panels of a group at the pixels of a block."""
    cdef Py_ssize_t piece = t % s.pieces, block = t // s.pieces % s.blocks, g = t // s.pieces // s.blocks, nr = columns(x)
    cdef Py_ssize_t begin = piece * s.piece, end = min(s.panels, begin + s.piece), n, images, k, kc, r, m, vectors, step, room, size
    cdef Py_ssize_t image_step = (s.G * s.C if s.in_place or s.shared else s.channels) * s.plane
    cdef Py_ssize_t place[3]
    cdef Py_ssize_t first[3]
    cdef Py_ssize_t box[3]
    cdef bint once = s.channels >= s.C
    cdef const real *pixels
    cdef const real *panel
    cdef const real *weights
    cdef real *sums
    cdef real *made
    cdef real *own
    cdef uint64_t mode
    cdef int d
    n = block_place(block, s, place, first)
    for d in range(3):
        box[d] = min(s.box[d], s.out[d] - place[d])
    images = min(s.images, s.N - n)
    # The sums of one pass leave at once.
    step = 0 if once else s.images * product(s.box) * nr
    room = SUMS * lanes(x) * s.phases[2] if once else step * (end - begin)
    size = 0 if s.in_place or s.shared else s.channels * s.images * s.plane
    sums = <real *> scratch(PRIVATE, (room + size + (panel_size(s, s.channels, nr) + s.T * nr if s.late else 0)) * sizeof(real))
    if sums == NULL:
        return -1
    made = sums + room
    own = made + size
    y = y + (n * s.G + g) * s.M * product(s.out) + (place[0] * s.out[1] + place[1]) * s.out[2] + place[2]
    x = x + (n * s.G + g) * s.C * product(s.size)
    mode = flush_begin()
    for k from 0 <= k < s.C by s.channels:
        kc = min(s.channels, s.C - k)
        if s.in_place:
            pixels = x + ((k * s.size[0] + first[0]) * s.size[1] + first[1]) * s.size[2] + first[2]
        elif s.shared:
            pixels = planes + (block * s.images * s.G * s.C + g * s.C + k) * s.plane
        else:
            pad_planes(s, x + k * product(s.size), kc, images, first, image_step, made)
            pixels = made
        for r in range(begin, end):
            m = min(nr, s.M - r * nr)
            vectors = 2 if m > lanes(x) else 1
            if s.late:
                if k == 0:
                    pack_bias(g * s.panels + r, s, bias, own)
                pack_pass(g * s.panels + r, s, k, kc, w, own + panel_size(s, s.channels, nr), own + vectors * lanes(x))
                panel, weights = own, own + vectors * lanes(x)
            else:
                panel = packed + (g * s.panels + r) * panel_size(s, s.C, nr)
                weights = panel + (1 + k * s.T) * vectors * lanes(x)
            panel_sums(s, pixels, image_step, images, place, box, kc, weights, vectors,
                       panel if k == 0 else <const real *> NULL, sums + (r - begin) * step, once, m,
                       y + r * nr * product(s.out) if k + kc == s.C else <real *> NULL)
    flush_end(mode)
    return 0
