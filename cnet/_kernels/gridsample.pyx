"""Reading planes at places that a grid names, and the gradients for the planes and for the grid.

Every place becomes a list of taps: positions in the plane, weights, and the weights' derivatives by the coordinates. Taps
outside of the plane are left out. Bilinear reading of images, by far the most frequent, has its own loops, which vectorise over
the places, or over channels: images of many channels are turned first, so that a tap is a vector, and results are turned back,
block by block. All else shares one loop. A task is a block of places of a sample for what belongs to places, and a block of
channels for the gradient of planes, so that nobody adds to what another thread wrote.
"""

cimport numpy as cnp
from cython.parallel cimport prange
from libc.math cimport NAN, fabs, floor, fmod, rint

from cnet._kernels._threads cimport threads_for
from cnet._kernels.gridsample_pixels cimport BLOCK, REFLECTION, Grid, by_channels, quads, run_channels, simple, write_channels
from cnet._kernels.types cimport real

cdef extern from *:
    void read_quads_float(const float *, const int *, const float *, const float *, Py_ssize_t, float *) nogil
    void read_quads_double(const double *, const int *, const double *, const double *, Py_ssize_t, double *) nogil
    void slope_quads_float(const float *, const float *, const int *, const float *, const float *, Py_ssize_t, float *,
                           float *) nogil
    void slope_quads_double(const double *, const double *, const int *, const double *, const double *, Py_ssize_t, double *,
                            double *) nogil

cnp.import_array()

cdef enum:
    CHANNELS = 8        # channels for which a gradient makes the taps of a place once
    TAPS = 16
    NEAREST = 1
    BICUBIC = 2
    ZEROS = 0

ctypedef struct Axis:
    int n
    bint broken         # an infinite or undefined coordinate: nothing says what is there
    Py_ssize_t[4] at    # -1: outside
    double[4] w
    double[4] dw

ctypedef struct Place:
    int n
    Py_ssize_t[TAPS] at
    double[TAPS] w
    double[3][TAPS] dw


cdef inline real padded(real c, Py_ssize_t size, int padding, bint align, real *slope) noexcept nogil:
    """A coordinate moved into the plane as the padding says; `slope` is multiplied by the derivative of that."""
    cdef real low, span, x, extra
    if padding == REFLECTION:
        low = 0 if align else -0.5
        span = size - 1 if align else size
        if span == 0:
            slope[0] = 0
            return 0
        x = c - low
        if x < 0:
            x = -x
            slope[0] = -slope[0]
        extra = <real> fmod(x, span)
        if fmod(floor(x / span), 2) == 0:
            c = extra + low
        else:
            c = span - extra + low
            slope[0] = -slope[0]
    if padding != ZEROS:
        if not c > 0:
            slope[0] = 0
            return 0
        if c >= size - 1:
            slope[0] = 0
            return size - 1
    return c


cdef inline Py_ssize_t inside(real c, Py_ssize_t size) noexcept nogil:
    """The position of a whole number, or -1: also for infinities, NaN and what no integer holds."""
    return <Py_ssize_t> c if c >= 0 and c < size else -1


cdef inline void axis_taps(real g, Py_ssize_t size, const Grid *s, Axis *a) noexcept nogil:
    """The taps along one axis for the coordinate g in [-1, 1]."""
    cdef real slope = (size - 1) / <real> 2 if s.align else size / <real> 2
    cdef real c = (g + 1) / 2 * (size - 1) if s.align else ((g + 1) * size - 1) / 2
    cdef real low, t, ignored = 1
    cdef double A = -0.75, u
    cdef int i
    a.broken = s.mode != NEAREST and s.padding == ZEROS and s.dims == 2 and c - c != 0
    if s.mode == BICUBIC:
        low = <real> floor(c)
        t = c - low
        a.n = 4
        for i in range(4):
            a.at[i] = inside(<real> rint(padded(low + (i - 1), size, s.padding, s.align, &ignored)), size)
            u = fabs(t - (i - 1))
            if u <= 1:
                a.w[i] = ((A + 2) * u - (A + 3)) * u * u + 1
                a.dw[i] = (3 * (A + 2) * u - 2 * (A + 3)) * u
            else:
                a.w[i] = ((A * u - 5 * A) * u + 8 * A) * u - 4 * A
                a.dw[i] = (3 * A * u - 10 * A) * u + 8 * A
            a.dw[i] *= slope if t >= i - 1 else -slope
        return
    c = padded(c, size, s.padding, s.align, &slope)
    if s.mode == NEAREST:
        a.n = 1
        a.at[0] = inside(<real> rint(c), size)
        a.w[0] = 1
        a.dw[0] = 0
        return
    low = <real> floor(c)
    a.n = 2
    a.at[0] = inside(low, size)
    a.at[1] = inside(low + 1, size)
    a.w[0] = low + 1 - c
    a.w[1] = c - low
    a.dw[0] = -slope
    a.dw[1] = slope


cdef inline void make_place(const real *g, const Grid *s, Place *p) noexcept nogil:
    cdef Axis x, y, z
    cdef int i, j, k
    axis_taps(g[0], s.size[0], s, &x)
    axis_taps(g[1], s.size[1], s, &y)
    if s.dims == 3:
        axis_taps(g[2], s.size[2], s, &z)
    else:
        z.n = 1
        z.at[0] = 0
        z.w[0] = 1
        z.dw[0] = 0
    p.n = 0
    if x.broken or y.broken:
        p.n = 1
        p.at[0] = 0
        p.w[0] = p.dw[0][0] = p.dw[1][0] = NAN
        return
    for k in range(z.n):
        for j in range(y.n):
            for i in range(x.n):
                if x.at[i] < 0 or y.at[j] < 0 or z.at[k] < 0:
                    continue
                p.at[p.n] = (z.at[k] * s.size[1] + y.at[j]) * s.size[0] + x.at[i]
                p.w[p.n] = x.w[i] * y.w[j] * z.w[k]
                p.dw[0][p.n] = x.dw[i] * y.w[j] * z.w[k]
                p.dw[1][p.n] = x.w[i] * y.dw[j] * z.w[k]
                p.dw[2][p.n] = x.w[i] * y.w[j] * z.dw[k]
                p.n += 1


cdef void read_block(const real *x, const real *grid, real *y, const Grid *s, Py_ssize_t t, Py_ssize_t blocks) noexcept nogil:
    cdef Place[BLOCK] places
    cdef Py_ssize_t n = t // blocks, first = t % blocks * BLOCK, count = min(s.places - first, <Py_ssize_t> BLOCK), c, i
    cdef const real *plane
    cdef int k
    cdef real sum
    for i in range(count):
        make_place(grid + (n * s.places + first + i) * s.dims, s, places + i)
    for c in range(n * s.C, (n + 1) * s.C):
        plane = x + c * s.n_in
        for i in range(count):
            sum = 0
            for k in range(places[i].n):
                sum += plane[places[i].at[k]] * <real> places[i].w[k]
            y[c * s.places + first + i] = sum


cdef void write_planes(const real *g, const real *grid, real *gx, const Grid *s, Py_ssize_t t, Py_ssize_t blocks) noexcept nogil:
    cdef Place place
    cdef Py_ssize_t n = t // blocks, first = t % blocks * CHANNELS, i, c
    cdef Py_ssize_t end = min(s.C, first + <Py_ssize_t> CHANNELS)
    cdef real *plane
    cdef real v
    cdef int k
    for i in range(s.places):
        make_place(grid + (n * s.places + i) * s.dims, s, &place)
        for c in range(n * s.C + first, n * s.C + end):
            plane = gx + c * s.n_in
            v = g[c * s.places + i]
            for k in range(place.n):
                plane[place.at[k]] += v * <real> place.w[k]


cdef void slope_block(const real *g, const real *x, const real *grid, real *ggrid, const Grid *s, Py_ssize_t t,
                      Py_ssize_t blocks) noexcept nogil:
    cdef Place place
    cdef Py_ssize_t n = t // blocks, first = t % blocks * BLOCK, end = min(s.places, first + <Py_ssize_t> BLOCK), c, i
    cdef int k, d
    cdef double v
    cdef double[3] sum
    for i in range(first, end):
        make_place(grid + (n * s.places + i) * s.dims, s, &place)
        sum[0] = sum[1] = sum[2] = 0
        for c in range(n * s.C, (n + 1) * s.C):
            for k in range(place.n):
                v = g[c * s.places + i] * x[c * s.n_in + place.at[k]]
                sum[0] += v * place.dw[0][k]
                sum[1] += v * place.dw[1][k]
                sum[2] += v * place.dw[2][k]
        for d in range(s.dims):
            ggrid[(n * s.places + i) * s.dims + d] = <real> sum[d]


cdef void read_quads(const real *x, const real *grid, real *y, const Grid *s, Py_ssize_t t, Py_ssize_t blocks) noexcept nogil:
    cdef int at[4 * BLOCK]
    cdef real inside[4 * BLOCK]
    cdef real w[4 * BLOCK]
    cdef real ts[2 * BLOCK]
    cdef real slope[2 * BLOCK]
    cdef Py_ssize_t n = t // blocks, first = t % blocks * BLOCK, count = min(s.places - first, <Py_ssize_t> BLOCK), c
    quads(grid + (n * s.places + first) * 2, s, 0, count, at, inside, w, ts, slope)
    for c in range(n * s.C, (n + 1) * s.C):
        if real is float:
            read_quads_float(x + c * s.n_in, at, inside, w, count, y + c * s.places + first)
        else:
            read_quads_double(x + c * s.n_in, at, inside, w, count, y + c * s.places + first)


cdef void write_quads(const real *g, const real *grid, real *gx, const Grid *s, Py_ssize_t t, Py_ssize_t blocks) noexcept nogil:
    cdef int at[4 * BLOCK]
    cdef real inside[4 * BLOCK]
    cdef real w[4 * BLOCK]
    cdef real ts[2 * BLOCK]
    cdef real slope[2 * BLOCK]
    cdef Py_ssize_t n = t // blocks, channel = t % blocks * CHANNELS, i, c, count, first
    cdef Py_ssize_t end = min(s.C, channel + <Py_ssize_t> CHANNELS)
    cdef const real *row
    cdef real *plane
    cdef int k
    for first from 0 <= first < s.places by BLOCK:
        count = min(s.places - first, <Py_ssize_t> BLOCK)
        quads(grid + (n * s.places + first) * 2, s, 0, count, at, inside, w, ts, slope)
        for c in range(n * s.C + channel, n * s.C + end):
            plane = gx + c * s.n_in
            row = g + c * s.places + first
            for i in range(count):
                for k in range(4):
                    if inside[k * BLOCK + i] != 0:
                        plane[at[k * BLOCK + i]] += row[i] * w[k * BLOCK + i]


cdef void slope_quads(const real *g, const real *x, const real *grid, real *ggrid, const Grid *s, Py_ssize_t t,
                      Py_ssize_t blocks) noexcept nogil:
    cdef int at[4 * BLOCK]
    cdef real inside[4 * BLOCK]
    cdef real w[4 * BLOCK]
    cdef real ts[2 * BLOCK]
    cdef real slope[2 * BLOCK]
    cdef real across[BLOCK]
    cdef real along[BLOCK]
    cdef Py_ssize_t n = t // blocks, first = t % blocks * BLOCK, count = min(s.places - first, <Py_ssize_t> BLOCK), c, i
    quads(grid + (n * s.places + first) * 2, s, 0, count, at, inside, w, ts, slope)
    for i in range(count):
        across[i] = along[i] = 0
    for c in range(n * s.C, (n + 1) * s.C):
        if real is float:
            slope_quads_float(x + c * s.n_in, g + c * s.places + first, at, inside, ts, count, across, along)
        else:
            slope_quads_double(x + c * s.n_in, g + c * s.places + first, at, inside, ts, count, across, along)
    for i in range(count):
        ggrid[(n * s.places + first + i) * 2] = across[i] * slope[i]
        ggrid[(n * s.places + first + i) * 2 + 1] = along[i] * slope[BLOCK + i]


cdef int run(int what, const real *g, const real *x, const real *grid, real *result, const Grid *s) noexcept nogil:
    """Returns -1 if there is no memory."""
    cdef Py_ssize_t t, blocks
    cdef int threads
    if by_channels(s):
        if what == 1:
            return write_channels(g, grid, result, s)
        return run_channels(what, g, x, grid, result, s)
    # 60: the arithmetic of a place's taps; 8: that of a channel.
    threads = threads_for(s.N * s.places * (60.0 + 8.0 * s.C))
    if what == 1:
        blocks = (s.C + CHANNELS - 1) // CHANNELS
        for t in prange(s.N * blocks, schedule='static', num_threads=threads):
            if simple(s):
                write_quads(g, grid, result, s, t, blocks)
            else:
                write_planes(g, grid, result, s, t, blocks)
        return 0
    blocks = (s.places + BLOCK - 1) // BLOCK
    for t in prange(s.N * blocks, schedule='static', num_threads=threads):
        if simple(s):
            if what == 0:
                read_quads(x, grid, result, s, t, blocks)
            else:
                slope_quads(g, x, grid, result, s, t, blocks)
        elif what == 0:
            read_block(x, grid, result, s, t, blocks)
        else:
            slope_block(g, x, grid, result, s, t, blocks)
    return 0


def sample(int what, cnp.ndarray g, cnp.ndarray x, cnp.ndarray grid, cnp.ndarray result, tuple size, int mode, int padding,
           bint align):
    """Results at the places (what = 0), their gradient for the planes (1, onto zeros) or for the grid (2).

    x (N, C, *size), contiguous or an image whose channels come last, or None for 1; grid (N, *places, len(size)); g, or None for 0, like the result of 0 (N, C, *places).
    """
    cdef Grid s
    cdef int d, failed
    cdef bint single = cnp.PyArray_TYPE(grid) == cnp.NPY_FLOAT
    cdef void *pg = NULL if g is None else cnp.PyArray_DATA(g)
    cdef void *px = NULL if x is None else cnp.PyArray_DATA(x)
    cdef void *pr = cnp.PyArray_DATA(result)
    cdef cnp.ndarray shaped = result if x is None else x
    if not grid.size or not result.size:
        return
    s.N, s.C = shaped.shape[0], shaped.shape[1]
    s.dims = len(size)
    s.n_in = 1
    for d in range(s.dims):
        s.size[d] = size[s.dims - 1 - d]
        s.n_in *= s.size[d]
    s.places = grid.size // (s.N * s.dims)
    s.mode, s.padding, s.align = mode, padding, align
    s.last = x is not None and not cnp.PyArray_IS_C_CONTIGUOUS(x)
    with nogil:
        if single:
            failed = run(what, <float *> pg, <float *> px, <float *> cnp.PyArray_DATA(grid), <float *> pr, &s)
        else:
            failed = run(what, <double *> pg, <double *> px, <double *> cnp.PyArray_DATA(grid), <double *> pr, &s)
    if failed:
        raise MemoryError('grid_sample: no memory for the pixels of images')
