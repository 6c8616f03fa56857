"""Minimal filtering: the cut of a convolution into blocks of tiles, and the transformed tiles of a block."""

from libc.string cimport memset

from cnet._kernels.conv_shape cimport Geometry
from cnet._kernels.gemm_tiles cimport lanes
from cnet._kernels.planes cimport ceil_div, product
from cnet._kernels.types cimport real

cdef extern from "minimal_ukr.h" nogil:
    ctypedef struct Kind "struct minimal_kind":
        int taps, pixels, step, numbers, products, factors, gives, grads
        int number[6]
        int factor[6]
        int grad[6]
    const Kind *KINDS "minimal_kinds"
    void vf_spread_tiles(int ky, int kx, int grads, Py_ssize_t n, const float *x, Py_ssize_t pitch, float *p, Py_ssize_t row,
                         Py_ssize_t step)
    void vd_spread_tiles(int ky, int kx, int grads, Py_ssize_t n, const double *x, Py_ssize_t pitch, double *p, Py_ssize_t row,
                         Py_ssize_t step)
    void vf_turn_pixels(Py_ssize_t n, Py_ssize_t m, const float *x, Py_ssize_t plane, Py_ssize_t width, float *p,
                        Py_ssize_t pitch)
    void vd_turn_pixels(Py_ssize_t n, Py_ssize_t m, const double *x, Py_ssize_t plane, Py_ssize_t width, double *p,
                        Py_ssize_t pitch)

cdef enum:
    BLOCK = 1 << 20  # bytes of a block's values and of one panel's sums, or of both operands of a weight gradient
    TILES = 64       # at least so many tiles in a block: every factor is read, or its products read and written, once for them
    GROUP = 5 << 18  # bytes of the values of a group of channels in all tiles, of which one task makes the weights' gradients
    READ = 4 << 20   # bytes of gradients that each of them reads
    SLICES = 8 << 20 # bytes of sums of a weight gradient's slices
    TASKS = 8
    APART = 16       # between the numbers of a tile: powers of two would fall into one set of the first-level cache
    WIDEST = 32      # channels of a panel
    PACKED = 144     # taps that are transposed at once: rows of weights, which may lie powers of two apart, are read in long pieces
    LATE = 2         # blocks for which factors are made where they are used, so many panels at a time, not written and read
    PART = 1 << 19   # bytes of such factors at once, if a block's values alone fill a second-level cache of twice BLOCK

# Images that are cut into tiles: pixels, or gradients of results.
cdef struct Side:
    bint grads
    Py_ssize_t C, wide          # channels of a group, and those in whole vectors
    Py_ssize_t image            # from an image to the next
    Py_ssize_t size[3]
    Py_ssize_t pad[3]
    Py_ssize_t step, span       # lines from a row of tiles to the next, and that a row sees
    Py_ssize_t pitch            # pixels in a line
    Py_ssize_t numbers          # of a tile
    Py_ssize_t row, panel       # from a tile to the next: all channels, or those of a panel; from a panel to the next
    Py_ssize_t apart            # from number xi of a block's tiles to the next

# The cut of a problem into blocks of `rows` rows of `across` tiles of `planes` planes, `down` rows an image.
cdef struct Cut:
    Side seen, made
    Py_ssize_t N, G, deep       # images, groups, taps along the depth
    int ky, kx
    Py_ssize_t products, factors
    Py_ssize_t before[3]        # results of the first tile that lie in front of the image
    Py_ssize_t across, down, planes, rows, blocks
    Py_ssize_t panels, piece, pieces   # of the result's channels
    bint turned                 # whether weights lie as [C, M, taps], and are read backwards
    bint shared                 # whether values are made once for several tasks
    bint late
    Py_ssize_t part             # channels c whose values lie together
    bint grouped                # whether a weight gradient's tasks are groups of channels c, seen.row each
    Py_ssize_t slices           # or of a weight gradient's blocks, with sums of their own


cdef inline Side side_of(const Cut *c, Py_ssize_t C, const Py_ssize_t *size, bint grads, Py_ssize_t lanes_) noexcept nogil:
    cdef Side s
    cdef const Kind *v = &KINDS[c.ky]
    cdef const Kind *h = &KINDS[c.kx]
    cdef int d
    s.grads, s.C, s.wide, s.image = grads, C, ceil_div(C, lanes_) * lanes_, c.G * C * product(size)
    for d in range(3):
        s.size[d], s.pad[d] = size[d], 0
    s.step = v.gives if grads else v.step
    s.span = v.gives if grads else v.pixels
    s.pitch = c.across * h.gives if grads else (c.across - 1) * h.step + h.pixels
    s.numbers = v.grads * h.grads if grads else v.numbers * h.numbers
    return s


cdef inline Py_ssize_t products_step(const Cut *c, Py_ssize_t nr) noexcept nogil:
    """Numbers from one factor's products to the next's."""
    return c.panels * c.deep * c.seen.wide * nr + APART


cdef inline Py_ssize_t products_size(const Cut *c, Py_ssize_t nr) noexcept nogil:
    return c.factors * products_step(c, nr)


cdef inline Py_ssize_t operands_size(const Cut *c) noexcept nogil:
    """Numbers of a block's values and gradients."""
    return c.seen.numbers * c.seen.apart + c.made.numbers * c.made.apart


cdef inline Cut cut_of(const Geometry *s, bint gradient, bint weights, Py_ssize_t lanes_, Py_ssize_t size) noexcept nogil:
    """The cut of a convolution, of its weight gradient, or of the convolution that gives its input gradient: C and M change places."""
    cdef Cut c
    cdef const Py_ssize_t *from_ = &s.out[0] if gradient else &s.size[0]
    cdef const Py_ssize_t *to = &s.size[0] if gradient else &s.out[0]
    cdef Py_ssize_t C = (s.M if gradient else s.C) // s.G, M = (s.C if gradient else s.M) // s.G, each, all, most
    cdef int d
    c.N, c.G, c.deep, c.turned = s.N, s.G, s.kernel[0], gradient
    c.kx = 1 if s.stride[2] == 1 else (2 if s.kernel[2] == 3 else 4) + gradient
    c.ky = 0 if s.kernel[1] == 1 else c.kx
    c.products, c.factors = KINDS[c.ky].products * KINDS[c.kx].products, KINDS[c.ky].factors * KINDS[c.kx].factors
    # Kinds 3 and 5 begin with the result that the last tap makes, which with even padding is one in front of the image.
    for d in range(3):
        c.before[d] = (s.pad[d] + 1) % s.stride[d] if gradient else 0
    c.down = ceil_div(to[1] + c.before[1], KINDS[c.ky].gives)
    c.across = ceil_div(to[2] + c.before[2], KINDS[c.kx].gives)
    c.planes = to[0] + c.deep - 1
    c.seen, c.made = side_of(&c, C, from_, False, lanes_), side_of(&c, M, to, True, lanes_)
    for d in range(3):
        c.seen.pad[d] = (s.kernel[d] - 1 - s.pad[d] + c.before[d]) // s.stride[d] if gradient else s.pad[d]
    c.seen.pitch = max(c.seen.pitch, c.seen.pad[2] + from_[2])
    c.made.pitch = max(c.made.pitch, to[2])
    each = c.across * c.planes
    most = BLOCK // ((c.seen.numbers * c.seen.wide + (c.made.numbers * c.made.wide if weights else c.products * WIDEST)) * size)
    most = max(<Py_ssize_t> TILES, min(most, c.N * c.down * each // TASKS))
    c.part = max(<Py_ssize_t> 1, C // (TASKS * 2 * lanes_)) * 2 * lanes_
    all = c.N * c.down * each
    c.grouped = (weights and c.deep == 1 and 4 * c.part <= C and all * c.seen.numbers * c.part * size <= GROUP
                 and all * c.made.numbers * M * size <= READ)
    if c.grouped:
        most = all
    c.rows = min(c.N * c.down, max(<Py_ssize_t> 1, most // each))
    c.blocks = ceil_div(c.N * c.down, c.rows)
    c.rows = ceil_div(c.N * c.down, c.blocks)
    c.blocks = ceil_div(c.N * c.down, c.rows)
    c.panels = ceil_div(M, 2 * lanes_)
    c.late = not weights and c.blocks <= LATE and c.panels >= TASKS
    if not c.grouped:
        c.part = c.seen.wide
    if c.late and c.deep == 1 and c.seen.numbers * c.rows * each * c.seen.wide * size >= 2 * BLOCK:
        c.part = min(c.part, max(<Py_ssize_t> 2, PART // (LATE * c.factors * 2 * lanes_ * size) // (2 * lanes_)) * 2 * lanes_)
    c.seen.row, c.made.row = c.part, 2 * lanes_
    c.seen.panel, c.made.panel = c.rows * each * c.seen.row, c.rows * each * c.made.row
    c.seen.apart = (1 if c.grouped else ceil_div(c.seen.wide, c.part)) * c.seen.panel + APART
    c.made.apart = ceil_div(M, c.made.row) * c.made.panel + APART
    # Half of the tasks, each with values of its own, take less time than twice as many that share them.
    c.pieces = min(c.panels, TASKS if c.late else 1 if 2 * c.blocks >= TASKS else ceil_div(TASKS, c.blocks))
    c.piece = ceil_div(c.panels, c.pieces)
    c.pieces = ceil_div(c.panels, c.piece)
    c.shared = c.pieces > 1
    c.slices = min(c.blocks, min(<Py_ssize_t> TASKS, SLICES // (products_size(&c, 2 * lanes_) * size)))
    if c.slices < TASKS // 2:
        c.slices = 1
    return c


cdef inline Py_ssize_t block_rows(const Cut *c, Py_ssize_t block) noexcept nogil:
    """Rows of tiles in a block."""
    return min(c.rows, c.N * c.down - block * c.rows)


cdef inline Py_ssize_t sums_of(const Cut *c, Py_ssize_t block) noexcept nogil:
    """Rows of values of a block that a product takes."""
    return block_rows(c, block) * c.across * c.planes - (c.deep - 1)


cdef inline Py_ssize_t lines_size(const Cut *c, const Side *s, Py_ssize_t lanes_) noexcept nogil:
    """Numbers of room for the lines of one plane."""
    return ((min(c.rows, c.down) - 1) * s.step + s.span) * s.pitch * lanes_


cdef inline void spread_task(Py_ssize_t first, Py_ssize_t block, const Cut *c, const Side *s, const real *x, real *lines,
                             real *values) noexcept nogil:
    """values[xi, panel, row of tiles, tile, plane, channel] of a vector of channels from `first` on in a block; `lines` is room."""
    cdef Py_ssize_t r = block * c.rows, last = r + block_rows(c, block), m = min(lanes(x), s.C - first), width = lanes(x), n, top
    cdef Py_ssize_t count, lines_n, z, i, y0, low, high, area = s.size[1] * s.size[2], plane = s.size[0] * area
    values = values + first // s.row * s.panel + first % s.row
    while r < last:
        n, top = r // c.down, r % c.down
        count = min(c.down - top, last - r)
        y0, lines_n = top * s.step - s.pad[1], (count - 1) * s.step + s.span
        low, high = max(<Py_ssize_t> 0, y0), min(s.size[1], y0 + lines_n)
        for z in range(c.planes):
            memset(lines, 0, lines_n * s.pitch * width * sizeof(real))
            if 0 <= z - s.pad[0] < s.size[0] and low < high:
                i = n * s.image + first * plane + (z - s.pad[0]) * area + low * s.size[2]
                if real is float:
                    vf_turn_pixels((high - low) * s.size[2], m, x + i, plane, s.size[2],
                                   lines + ((low - y0) * s.pitch + s.pad[2]) * width, s.pitch)
                else:
                    vd_turn_pixels((high - low) * s.size[2], m, x + i, plane, s.size[2],
                                   lines + ((low - y0) * s.pitch + s.pad[2]) * width, s.pitch)
            for i in range(count):
                if real is float:
                    vf_spread_tiles(c.ky, c.kx, s.grads, c.across, lines + i * s.step * s.pitch * width, s.pitch,
                                    values + (i * c.across * c.planes + z) * s.row, c.planes * s.row, s.apart)
                else:
                    vd_spread_tiles(c.ky, c.kx, s.grads, c.across, lines + i * s.step * s.pitch * width, s.pitch,
                                    values + (i * c.across * c.planes + z) * s.row, c.planes * s.row, s.apart)
        values = values + count * c.across * c.planes * s.row
        r += count
