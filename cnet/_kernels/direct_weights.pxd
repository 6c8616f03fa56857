"""The weight gradient of a convolution with output channels in the lanes of vectors.

Gradients are transposed, so that each pixel has its channels side by side. The taps of a row of the kernel then are to the
pixels what the pixels of a row are to the taps in a convolution: the same tiles, of the taps of some rows by two vectors of
channels, add up products over the pixels of a block. A task has some channels of the images and some panels of gradients.
"""

from libc.stdint cimport uint64_t
from libc.string cimport memset

from cnet._kernels._workspace cimport PRIVATE, scratch
from cnet._kernels.conv_shape cimport Geometry
from cnet._kernels.direct_job cimport (
    PIXELS, TASKS, Job, block_place, cut_blocks, flush_begin, flush_end, pad_planes, parts, rows_of, vd_pixels, vd_put_pixels,
    vf_pixels, vf_put_pixels)
from cnet._kernels.gemm_tiles cimport columns, lanes, pack
from cnet._kernels.planes cimport ceil_div, product
from cnet._kernels.types cimport real

cdef enum:
    TURNED = 4 << 20   # bytes of transposed gradients made at once: a third-level cache keeps them for all tasks
    KEPT = 1 << 19     # bytes of sums of a task: they stay in a second-level cache

# The cut of a weight gradient: `channels` of the job are those of a task, `pieces` and `piece` those of its panels.
cdef struct Cut:
    Job job
    Py_ssize_t ranges    # of channels
    Py_ssize_t pixels    # of a block
    Py_ssize_t at_once   # blocks


cdef inline void cut_weights(Cut *c, Py_ssize_t nr, Py_ssize_t size) noexcept nogil:
    """Decide about blocks and pieces, from shapes alone."""
    cdef Job *s = &c.job
    cut_blocks(s, PIXELS * 4 // size)
    s.panels = ceil_div(s.M, nr)
    c.ranges = max(min(s.C, ceil_div(TASKS, s.G)), ceil_div(s.C * s.T * s.panels * nr * size, KEPT))
    s.channels = max(<Py_ssize_t> 1, s.C // c.ranges)
    c.ranges = ceil_div(s.C, s.channels)
    s.pieces = min(s.panels, ceil_div(TASKS, c.ranges * s.G))
    s.piece = ceil_div(s.panels, s.pieces)
    s.pieces = ceil_div(s.panels, s.piece)
    c.pixels = s.images * product(s.box)
    c.at_once = max(<Py_ssize_t> 1, min(s.blocks, TURNED // (s.G * s.panels * nr * c.pixels * size)))


cdef inline Py_ssize_t block_box(Py_ssize_t block, const Job *s, Py_ssize_t *place, Py_ssize_t *first, Py_ssize_t *box,
                                 Py_ssize_t *images) noexcept nogil:
    """As block_place, and how many pixels and images the block has."""
    cdef Py_ssize_t n = block_place(block, s, place, first)
    cdef int d
    for d in range(3):
        box[d] = min(s.box[d], s.out[d] - place[d])
    images[0] = min(s.images, s.N - n)
    return n


cdef inline void turn_task(Py_ssize_t t, Py_ssize_t block, const Cut *c, const real *g, real *turned) noexcept nogil:
    """turned[pixel, channel] of panel t % (G * panels) of gradients, in a block."""
    cdef const Job *s = &c.job
    cdef Py_ssize_t nr = columns(g), group = t // s.panels % s.G, m = t % s.panels * nr, count = min(nr, s.M - m)
    cdef Py_ssize_t P = product(s.out)
    cdef Py_ssize_t width = nr if count > lanes(g) else lanes(g), images, n, i, v0, v1
    cdef Py_ssize_t place[3]
    cdef Py_ssize_t first[3]
    cdef Py_ssize_t box[3]
    cdef Py_ssize_t rows, length
    n = block_box(block + t // (s.panels * s.G), s, place, first, box, &images)
    turned = turned + t * c.pixels * nr
    g = g + ((n * s.G + group) * s.M + m) * P + (place[0] * s.out[1] + place[1]) * s.out[2] + place[2]
    rows, length = box[1], box[2]
    if length == s.out[2]:
        rows, length = 1, box[1] * box[2]
    for i in range(images):
        for v0 in range(box[0]):
            for v1 in range(rows):
                pack(length, count, g + (i * s.G * s.M * s.out[0] + v0) * s.out[1] * s.out[2] + v1 * s.out[2], 1, P, turned, width)
                turned = turned + length * width


cdef inline void list_pixels(const Job *s, Py_ssize_t images, const Py_ssize_t *box, Py_ssize_t image_step,
                             Py_ssize_t *at) noexcept nogil:
    """Where the pixels of a block look."""
    cdef Py_ssize_t i, v0, v1, v2, row
    for i in range(images):
        for v0 in range(box[0]):
            for v1 in range(box[1]):
                row = i * image_step + (v0 * s.step[0] * s.dims[1] + v1 * s.step[1]) * s.dims[2]
                for v2 in range(box[2]):
                    at[v2] = row + v2 * s.step[2]
                at = at + box[2]


cdef inline void line_sums(const Geometry *s, const Job *j, Py_ssize_t lines, const real *x, Py_ssize_t channel_step,
                           Py_ssize_t pixels, const Py_ssize_t *at, const real *u, Py_ssize_t vectors, real *sums) noexcept nogil:
    """sums[line, tap] += the products of the pixels with the taps of some rows of kernels."""
    cdef Py_ssize_t w = s.kernel[2], rows_each = s.kernel[0] * s.kernel[1], width = vectors * lanes(x), l = 0, i, w0, w1, tiles, q
    cdef int rows
    cdef const real *line[4]
    while l < lines:
        rows = rows_of(w, vectors)
        while l + rows > lines:
            rows = rows // 2
        for i in range(rows):
            q = l + i
            line[i] = x + q // rows_each * channel_step + (
                q % rows_each // s.kernel[1] * s.dilation[0] * j.dims[1] + q % s.kernel[1] * s.dilation[1]) * j.dims[2]
        tiles = parts(w, vectors, rows)
        w0 = 0
        for i in range(tiles):
            w1 = (i + 1) * w // tiles
            if real is float:
                vf_pixels(rows, <int> (w1 - w0), <int> vectors, s.dilation[2], pixels, line, at, u, <const real *> NULL,
                          sums + (l * w + w0) * width, width, w * width)
            else:
                vd_pixels(rows, <int> (w1 - w0), <int> vectors, s.dilation[2], pixels, line, at, u, <const real *> NULL,
                          sums + (l * w + w0) * width, width, w * width)
            for q in range(rows):
                line[q] += (w1 - w0) * s.dilation[2]
            w0 = w1
        l += rows


cdef inline int weights_task(Py_ssize_t t, const Geometry *s, const Cut *c, Py_ssize_t block, Py_ssize_t blocks, const real *x,
                             const real *turned, real *sums, real *w) noexcept nogil:
    """Some channels by some panels of a group: adds some blocks to sums[group, panel, K, width], which after the last block go
    to w[M, K]."""
    cdef const Job *j = &c.job
    cdef Py_ssize_t piece = t % j.pieces, g = t // j.pieces // c.ranges, c0 = t // j.pieces % c.ranges * j.channels
    cdef Py_ssize_t channels = min(j.channels, j.C - c0), K = j.C * j.T, nr = columns(x), r, m, vectors, b, n, images
    cdef Py_ssize_t head = (c.pixels * sizeof(Py_ssize_t) + 63) // 64 * 64
    cdef Py_ssize_t image_step = (s.C if j.in_place else channels) * j.plane
    cdef Py_ssize_t place[3]
    cdef Py_ssize_t first[3]
    cdef Py_ssize_t box[3]
    cdef Py_ssize_t *at = <Py_ssize_t *> scratch(PRIVATE, head + (0 if j.in_place else j.images * image_step * sizeof(real)))
    cdef real *made = <real *> (<char *> at + head)
    cdef real *to
    cdef const real *source
    cdef uint64_t mode
    if at == NULL:
        return -1
    mode = flush_begin()
    for b in range(blocks):
        n = block_box(block + b, j, place, first, box, &images)
        list_pixels(j, images, box, image_step, at)
        source = x + (n * s.C + g * j.C + c0) * product(j.size)
        if j.in_place:
            source = source + (first[0] * j.size[1] + first[1]) * j.size[2] + first[2]
        else:
            pad_planes(j, source, channels, images, first, image_step, made)
            source = made
        for r in range(piece * j.piece, min(j.panels, (piece + 1) * j.piece)):
            m = min(nr, j.M - r * nr)
            vectors = 2 if m > lanes(x) else 1
            to = sums + (g * j.panels + r) * K * nr + c0 * j.T * vectors * lanes(x)
            if block + b == 0:
                memset(to, 0, channels * j.T * vectors * lanes(x) * sizeof(real))
            line_sums(s, j, channels * s.kernel[0] * s.kernel[1], source, j.plane, images * product(box), at,
                      turned + ((b * j.G + g) * j.panels + r) * c.pixels * nr, vectors, to)
            if block + b + 1 == j.blocks:
                if real is float:
                    vf_put_pixels(channels * j.T, m, to, vectors * lanes(x), w + (g * j.M + r * nr) * K + c0 * j.T, K)
                else:
                    vd_put_pixels(channels * j.T, m, to, vectors * lanes(x), w + (g * j.M + r * nr) * K + c0 * j.T, K)
    flush_end(mode)
    return 0
