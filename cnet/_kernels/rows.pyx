"""Convolutions of few output channels and their input gradients, without strides, by rows: a vector holds neighbouring pixels of a
row of the result, and a tile some channels of one, two or four such pieces.

Each task copies what it sees of some images with zeros around it. Rows of zeros are not multiplied: an input gradient of a
convolution without padding has as many of them as its kernel is high, above and below.

Letters: N images, C input and M output channels, G groups, T taps; sizes and steps are [depth, height, width], those that a
convolution lacks being 1. Arrays are C-contiguous; no size is 0, all strides are 1.
"""

cimport numpy as cnp
from cython.parallel cimport prange
from libc.stdint cimport uint64_t

from cnet._kernels._threads cimport threads_for
from cnet._kernels._workspace cimport PRIVATE, SHARED, scratch
from cnet._kernels.conv_entry cimport filled
from cnet._kernels.conv_shape cimport Geometry, geometry
from cnet._kernels.direct_job cimport Job, block_place, cut_blocks, flush_begin, flush_end, pad_planes
from cnet._kernels.direct_lists cimport job_of, list_places, list_taps
from cnet._kernels.gemm_tiles cimport MR, height, lanes, pack, shift
from cnet._kernels.planes cimport ceil_div, product
from cnet._kernels.types cimport real

cnp.import_array()

cdef extern from "rows_ukr.h" nogil:
    ctypedef struct Piece "rows_piece":
        const void *from_ "from"
        void *to
        Py_ssize_t n
    void vf_pieces(Py_ssize_t m, Py_ssize_t count, Py_ssize_t channels, Py_ssize_t taps, Py_ssize_t low, Py_ssize_t high,
                   const float *a, const Py_ssize_t *at, const Piece *x, const float *bias, Py_ssize_t step)
    void vd_pieces(Py_ssize_t m, Py_ssize_t count, Py_ssize_t channels, Py_ssize_t taps, Py_ssize_t low, Py_ssize_t high,
                   const double *a, const Py_ssize_t *at, const Piece *x, const double *bias, Py_ssize_t step)

cdef enum:
    ONCE = 4096     # pixels of a task at most: what 16 channels see of them is 300 to 450 KB, in a second-level cache
    TASKS = 16
    SLACK = 16      # numbers that whole vectors read beyond the planes


cdef inline void pack_task(Py_ssize_t t, const Job *s, const real *w, real *packed) noexcept nogil:
    """The weights of a tile's channels: packed[source channel, tap, MR]."""
    cdef Py_ssize_t h = height(s.M), high = ceil_div(s.M, h), g = t // high, r = t % high * h, n = min(h, s.M - r), c
    packed = packed + t * s.C * s.T * MR
    if not s.gradient:
        pack(s.C * s.T, n, w + (g * s.M + r) * s.C * s.T, 1, s.C * s.T, packed, <Py_ssize_t> MR)
        return
    for c in range(s.C):
        pack(s.T, n, w + ((g * s.C + c) * s.M + r) * s.T, 1, s.T, packed + c * s.T * MR, <Py_ssize_t> MR)


cdef inline void tile(const Job *s, Py_ssize_t g, Py_ssize_t low, Py_ssize_t high, const Piece *pieces, Py_ssize_t count,
                      const real *packed, const real *bias) noexcept nogil:
    """All channels of a group at some pieces."""
    cdef Py_ssize_t h = height(s.M), tiles = ceil_div(s.M, h), r, i, done, each, step = product(s.out)
    cdef Piece own[4]
    for r in range(tiles):
        done = 0
        while done < count:
            each = 4 if count - done == 4 else min(count - done, <Py_ssize_t> 2)
            for i in range(each):
                own[i] = pieces[done + i]
                own[i].to = <real *> pieces[done + i].to + r * h * step
            if real is float:
                vf_pieces(min(h, s.M - r * h), each, s.C, s.T, low, high, packed + (g * tiles + r) * s.C * s.T * MR, s.at, own,
                          shift(bias, g * s.M + r * h), step)
            else:
                vd_pieces(min(h, s.M - r * h), each, s.C, s.T, low, high, packed + (g * tiles + r) * s.C * s.T * MR, s.at, own,
                          shift(bias, g * s.M + r * h), step)
            done += each


cdef inline int rows_task(Py_ssize_t t, const Job *s, Py_ssize_t height_, Py_ssize_t width_, Py_ssize_t dilation, const real *x,
                          const real *packed, const real *bias, real *y) noexcept nogil:
    """The pixels of a block in a group; the kernel has `height_` rows of `width_` taps, its depth is in front of them."""
    cdef Py_ssize_t block = t % s.blocks, g = t // s.blocks, h = height(s.M), most = 4 if 4 * h <= 2 * MR else 2
    cdef Py_ssize_t place[3]
    cdef Py_ssize_t first[3]
    cdef Py_ssize_t box[3]
    cdef Py_ssize_t n = block_place(block, s, place, first), images = min(s.images, s.N - n), i, v0, v1, v2, count, top, low, high
    cdef Py_ssize_t image_step = s.C * s.plane, reach
    cdef Piece pieces[4]
    cdef real *made = <real *> scratch(PRIVATE, (s.images * image_step + SLACK) * sizeof(real))
    cdef uint64_t mode
    cdef int d
    if made == NULL:
        return -1
    for d in range(3):
        box[d] = min(s.box[d], s.out[d] - place[d])
    mode = flush_begin()
    y = y + (n * s.G + g) * s.M * product(s.out) + (place[0] * s.out[1] + place[1]) * s.out[2] + place[2]
    pad_planes(s, x + (n * s.G + g) * s.C * product(s.size), s.C, images, first, image_step, made)
    for i in range(images):
        for v0 in range(box[0]):
            count = top = 0
            for v1 in range(box[1]):
                for v2 from 0 <= v2 < box[2] by lanes(x):
                    if count == 0:
                        top = v1
                    pieces[count].from_ = made + i * image_step + (v0 * s.dims[1] + v1) * s.dims[2] + v2
                    pieces[count].to = y + ((i * s.G * s.M * s.out[0] + v0) * s.out[1] + v1) * s.out[2] + v2
                    pieces[count].n = min(lanes(x), box[2] - v2)
                    count += 1
                    if count < most and (v1 + 1 < box[1] or v2 + lanes(x) < box[2]):
                        continue
                    low, high = 0, s.T
                    if height_ * width_ == s.T:
                        # Rows of taps that see a row of the image from row `top` or from row v1.
                        low, high = 0, height_
                        for reach in range(height_):
                            d = <int> ((height_ - 1 - reach if s.gradient else reach) * dilation + first[1])
                            if v1 + d < 0 or top + d >= s.size[1]:
                                if reach == low:
                                    low += 1
                                else:
                                    high = reach
                                    break
                        low, high = low * width_, high * width_
                    tile(s, g, low, max(low, high), pieces, count, packed, bias)
                    count = 0
    flush_end(mode)
    return 0


cdef int convolve(const Geometry *s, bint gradient, const real *x, const real *w, const real *bias, real *y) noexcept nogil:
    """y = the convolution of x, or the input gradient given x, plus bias."""
    cdef Job j = job_of(s, gradient)
    cdef Py_ssize_t lists = ((2 + j.T + j.C * j.T) * sizeof(Py_ssize_t) + 63) // 64 * 64, t
    cdef Py_ssize_t tiles = j.G * ceil_div(j.M, height(j.M))
    cdef Py_ssize_t *begin = <Py_ssize_t *> scratch(SHARED, lists + tiles * j.C * j.T * MR * sizeof(real))
    cdef real *packed = <real *> (<char *> begin + lists)
    cdef int failed = 0
    cdef int threads = threads_for(<double> s.N * product(s.out) * s.M * (s.C // s.G) * j.T / 8)
    if begin == NULL:
        return -1
    list_taps(s, &j, begin, begin + 2)
    j.channels = j.C
    cut_blocks(&j, max(<Py_ssize_t> 256, min(<Py_ssize_t> ONCE, j.G * j.N * product(j.out) // TASKS)))
    if j.in_place:
        j.in_place = False
        for t in range(3):
            j.dims[t] = j.box[t] + j.reach[t]
        j.plane = product(j.dims)
    list_places(s, &j, gradient, begin + 2 + j.T)
    for t in prange(tiles, num_threads=threads):
        pack_task(t, &j, w, packed)
    for t in prange(j.G * j.blocks, num_threads=threads, schedule='dynamic'):
        failed |= rows_task(t, &j, s.kernel[1], s.kernel[2], s.dilation[1], x, <const real *> packed, bias, y)
    return failed


def conv_forward(cnp.ndarray x, cnp.ndarray w, cnp.ndarray bias, cnp.ndarray y, tuple stride, tuple padding,
                 tuple dilation, Py_ssize_t groups):
    """Fill y[N, M, ...] with the convolution of x[N, C, ...] by w[M, C / G, ...], plus bias[M] unless that is None."""
    cdef Geometry s = geometry(x, y, (<object> w).shape, stride, padding, dilation, groups)
    return filled(convolve[float], convolve[double], False, x, &s, w, bias, y)


def conv_input_grad(cnp.ndarray g, cnp.ndarray w, cnp.ndarray bias, cnp.ndarray x, tuple stride, tuple padding,
                    tuple dilation, Py_ssize_t groups):
    """Fill x[N, C, ...] with the gradient of a convolution's input, or with a transposed convolution of g[N, M, ...],
    plus bias[C] unless that is None."""
    cdef Geometry s = geometry(x, g, (<object> w).shape, stride, padding, dilation, groups)
    return filled(convolve[float], convolve[double], True, g, &s, w, bias, x)
