"""Bilinear reading of images by channels: images are turned, so that a tap is a vector of channels at one address, and results
are turned back, a block of places at a time. Where planes would take a gather for every vector of taps, 5.6 cycles a result,
this takes one, and as much again for turning.
"""

cimport numpy as cnp
from cython.parallel cimport prange
from libc.string cimport memcpy, memset

from cnet._kernels._threads cimport threads_for
from cnet._kernels._workspace cimport PRIVATE, SHARED, scratch
from cnet._kernels.types cimport real

cdef extern from *:
    """
    #define T float
    #define NAME(f) f##_float
    #include "gridsample.h"
    #define T double
    #define NAME(f) f##_double
    #include "gridsample.h"
    #include "gridsample_ukr.h"
    """
    Py_ssize_t vf_width(Py_ssize_t) nogil
    Py_ssize_t vd_width(Py_ssize_t) nogil
    void vf_turn(const float *, Py_ssize_t, Py_ssize_t, Py_ssize_t, float *, Py_ssize_t) nogil
    void vd_turn(const double *, Py_ssize_t, Py_ssize_t, Py_ssize_t, double *, Py_ssize_t) nogil
    void vf_turn_back(const float *, Py_ssize_t, Py_ssize_t, Py_ssize_t, float *, Py_ssize_t) nogil
    void vd_turn_back(const double *, Py_ssize_t, Py_ssize_t, Py_ssize_t, double *, Py_ssize_t) nogil
    void vf_quads(const float *, int, int, int, int, int, Py_ssize_t, int *, float *, float *, float *, float *) nogil
    void vd_quads(const double *, int, int, int, int, int, Py_ssize_t, int *, double *, double *, double *, double *) nogil
    void vf_read_pixels(const float *, Py_ssize_t, const int *, const float *, Py_ssize_t, Py_ssize_t, float *) nogil
    void vd_read_pixels(const double *, Py_ssize_t, const int *, const double *, Py_ssize_t, Py_ssize_t, double *) nogil
    void vf_write_pixels(float *, Py_ssize_t, const int *, const float *, Py_ssize_t, Py_ssize_t, const float *) nogil
    void vd_write_pixels(double *, Py_ssize_t, const int *, const double *, Py_ssize_t, Py_ssize_t, const double *) nogil
    void vf_slope_pixels(const float *, Py_ssize_t, const int *, const float *, Py_ssize_t, Py_ssize_t, const float *, float *,
                         float *) nogil
    void vd_slope_pixels(const double *, Py_ssize_t, const int *, const double *, Py_ssize_t, Py_ssize_t, const double *,
                         double *, double *) nogil

cdef enum:
    BLOCK = 64          # places whose taps are kept at once, on the stack; GS_BLOCK in gridsample.h
    LANES = 16          # channels that a block of places reads or writes at once: one vector, or more of shorter ones
    LEAST = 2           # channels from which on turning pays
    TURNED = 256        # pixels that a task turns; GS_TURNED in gridsample_ukr.h
    KEPT = 1 << 20      # bytes of images turned at once, which stay in a second-level cache
    BILINEAR = 0
    BORDER = 1
    REFLECTION = 2

cdef struct Grid:
    Py_ssize_t N, C, n_in, places
    Py_ssize_t[3] size  # of the planes, in the order of the grid's coordinates: width, height, depth
    int dims, mode, padding
    bint align
    bint last           # channels of the images come last in memory


cdef inline bint simple(const Grid *s) noexcept nogil:
    return s.mode == BILINEAR and s.dims == 2 and s.padding != REFLECTION and s.n_in < 1 << 30


cdef inline bint by_channels(const Grid *s) noexcept nogil:
    return simple(s) and (s.last or s.C >= LEAST and 4 * s.places >= s.n_in)


cdef inline void quads(const real *grid, const Grid *s, Py_ssize_t outside, Py_ssize_t n, int *at, real *inside, real *w,
                       real *t, real *slope) noexcept nogil:
    if real is float:
        vf_quads(grid, <int> s.size[0], <int> s.size[1], s.align, s.padding == BORDER, <int> outside, n, at, inside, w, t, slope)
    else:
        vd_quads(grid, <int> s.size[0], <int> s.size[1], s.align, s.padding == BORDER, <int> outside, n, at, inside, w, t, slope)


cdef inline Py_ssize_t width_of(Py_ssize_t channels, real like) noexcept nogil:
    """How many channels of a pixel there are in memory."""
    return vf_width(channels) if real is float else vd_width(channels)


cdef inline void turn(const real *x, Py_ssize_t n_in, Py_ssize_t channels, Py_ssize_t pixels, real *y,
                      Py_ssize_t width) noexcept nogil:
    """Pixels of `width` channels, the last ones 0, from planes that lie n_in apart."""
    if real is float:
        vf_turn(x, n_in, pixels, channels, y, width)
    else:
        vd_turn(x, n_in, pixels, channels, y, width)


cdef inline void turn_back(const real *y, Py_ssize_t width, Py_ssize_t pixels, Py_ssize_t channels, real *x,
                           Py_ssize_t n_in) noexcept nogil:
    if real is float:
        vf_turn_back(y, width, pixels, channels, x, n_in)
    else:
        vd_turn_back(y, width, pixels, channels, x, n_in)


cdef inline void turn_some(const real *x, const Grid *s, Py_ssize_t channels, Py_ssize_t first, real *y,
                           Py_ssize_t pitch) noexcept nogil:
    """Pixels from `first` on of some channels of an image x, and after the last one a pixel of zeros."""
    cdef Py_ssize_t count = min(s.n_in - first, <Py_ssize_t> TURNED), i
    y = y + first * pitch
    if first + count == s.n_in:
        memset(y + count * pitch, 0, pitch * sizeof(real))
    if not s.last:
        turn(x + first, s.n_in, channels, count, y, pitch)
        return
    for i in range(count):
        memcpy(y + i * pitch, x + (first + i) * s.C, channels * sizeof(real))
        memset(y + i * pitch + channels, 0, (pitch - channels) * sizeof(real))


cdef inline void read_pixels(const real *x, Py_ssize_t pitch, Py_ssize_t channels, const real *grid, real *y, const Grid *s,
                             Py_ssize_t first) noexcept nogil:
    """A block of places of one sample."""
    cdef int at[4 * BLOCK]
    cdef real inside[4 * BLOCK]
    cdef real w[4 * BLOCK]
    cdef real ts[2 * BLOCK]
    cdef real slope[2 * BLOCK]
    cdef real part[BLOCK * LANES]
    cdef Py_ssize_t count = min(s.places - first, <Py_ssize_t> BLOCK), c, some, width
    quads(grid + first * 2, s, s.n_in, count, at, inside, w, ts, slope)
    for c from 0 <= c < channels by LANES:
        some = min(channels - c, <Py_ssize_t> LANES)
        width = width_of(some, w[0])
        if real is float:
            vf_read_pixels(x + c, pitch, at, w, count, width, part)
        else:
            vd_read_pixels(x + c, pitch, at, w, count, width, part)
        turn_back(part, width, count, some, y + c * s.places + first, s.places)


cdef inline void slope_pixels(const real *g, const real *x, Py_ssize_t pitch, Py_ssize_t channels, const real *grid, real *ggrid,
                              const Grid *s, Py_ssize_t first) noexcept nogil:
    """Adds to the gradient of a block of places of one sample what some channels contribute."""
    cdef int at[4 * BLOCK]
    cdef real inside[4 * BLOCK]
    cdef real w[4 * BLOCK]
    cdef real ts[2 * BLOCK]
    cdef real slope[2 * BLOCK]
    cdef real across[BLOCK]
    cdef real along[BLOCK]
    cdef real part[BLOCK * LANES]
    cdef Py_ssize_t count = min(s.places - first, <Py_ssize_t> BLOCK), c, i, some, width
    quads(grid + first * 2, s, s.n_in, count, at, inside, w, ts, slope)
    for i in range(count):
        across[i] = along[i] = 0
    for c from 0 <= c < channels by LANES:
        some = min(channels - c, <Py_ssize_t> LANES)
        width = width_of(some, w[0])
        turn(g + c * s.places + first, s.places, some, count, part, width)
        if real is float:
            vf_slope_pixels(x + c, pitch, at, ts, count, width, part, across, along)
        else:
            vd_slope_pixels(x + c, pitch, at, ts, count, width, part, across, along)
    for i in range(count):
        ggrid[(first + i) * 2] += across[i] * slope[i]
        ggrid[(first + i) * 2 + 1] += along[i] * slope[BLOCK + i]


cdef inline int write_pixels(const real *g, const real *grid, real *gx, const Grid *s, Py_ssize_t channels) noexcept nogil:
    """The gradient for some channels of an image; returns -1 if there is no memory."""
    cdef int at[4 * BLOCK]
    cdef real inside[4 * BLOCK]
    cdef real w[4 * BLOCK]
    cdef real ts[2 * BLOCK]
    cdef real slope[2 * BLOCK]
    cdef real part[BLOCK * LANES]
    cdef Py_ssize_t first, count, width = width_of(channels, <real> 0)
    cdef real *pixels = <real *> scratch(PRIVATE, (s.n_in + 1) * width * sizeof(real))
    if pixels == NULL:
        return -1
    memset(pixels, 0, (s.n_in + 1) * width * sizeof(real))
    for first from 0 <= first < s.places by BLOCK:
        count = min(s.places - first, <Py_ssize_t> BLOCK)
        quads(grid + first * 2, s, s.n_in, count, at, inside, w, ts, slope)
        turn(g + first, s.places, channels, count, part, width)
        if real is float:
            vf_write_pixels(pixels, width, at, w, count, width, part)
        else:
            vd_write_pixels(pixels, width, at, w, count, width, part)
    turn_back(pixels, width, s.n_in, channels, gx, s.n_in)
    return 0


cdef inline int write_channels(const real *g, const real *grid, real *gx, const Grid *s) noexcept nogil:
    cdef Py_ssize_t groups = (s.C + LANES - 1) // LANES, t, n, c
    cdef int failed = 0
    for t in prange(s.N * groups, schedule='static', num_threads=threads_for(s.N * s.C * (4.0 * s.places + s.n_in))):
        n = t // groups
        c = t % groups * LANES
        failed |= write_pixels(g + (n * s.C + c) * s.places, grid + n * s.places * 2, gx + (n * s.C + c) * s.n_in, s,
                               min(s.C - c, <Py_ssize_t> LANES))
    return failed


cdef inline int run_channels(int what, const real *g, const real *x, const real *grid, real *result,
                             const Grid *s) noexcept nogil:
    """As `sample` in gridsample.pyx, but only for what = 0 and 2; returns -1 if there is no memory."""
    cdef Py_ssize_t blocks = (s.places + BLOCK - 1) // BLOCK, bands = (s.n_in + TURNED - 1) // TURNED, t, n, i, c, images, channels
    cdef Py_ssize_t fit = KEPT // ((s.n_in + 1) * <Py_ssize_t> sizeof(real))
    cdef Py_ssize_t pitch = min(width_of(s.C, <real> 0), max(<Py_ssize_t> LANES, fit // LANES * LANES)), each = (s.n_in + 1) * pitch
    cdef Py_ssize_t at_once = min(s.N, max(<Py_ssize_t> 1, fit // pitch))
    cdef Py_ssize_t plane = 1 if s.last else s.n_in     # from a channel to the next
    cdef real *pixels = <real *> scratch(SHARED, at_once * each * sizeof(real))
    if pixels == NULL:
        return -1
    for n from 0 <= n < s.N by at_once:
        images = min(at_once, s.N - n)
        for c from 0 <= c < s.C by pitch:
            channels = min(s.C - c, pitch)
            for t in prange(images * bands, schedule='static', num_threads=threads_for(1.25 * images * each * sizeof(real))):
                turn_some(x + (n + t // bands) * s.C * s.n_in + c * plane, s, channels, t % bands * TURNED,
                          pixels + t // bands * each, pitch)
            for t in prange(images * blocks, schedule='static',
                            num_threads=threads_for(images * s.places * (30.0 + 4.0 * channels))):
                i = n + t // blocks
                if what == 0:
                    read_pixels(pixels + t // blocks * each, pitch, channels, grid + i * s.places * 2,
                                result + (i * s.C + c) * s.places, s, t % blocks * BLOCK)
                else:
                    slope_pixels(g + (i * s.C + c) * s.places, pixels + t // blocks * each, pitch, channels,
                                 grid + i * s.places * 2, result + i * s.places * 2, s, t % blocks * BLOCK)
    return 0
