"""Images copied into padded planes, one per channel and phase: what convolutions read instead of a matrix of pixels.

Sizes are [depth, height, width]; a phase holds every stride-th row and column.
"""

from cython.parallel cimport prange
from libc.string cimport memset

from cnet._kernels.types cimport real

cdef extern from "conv_ukr.h" nogil:
    void vf_pad_row(Py_ssize_t low, Py_ssize_t count, const float *x, float *p, Py_ssize_t n)
    void vd_pad_row(Py_ssize_t low, Py_ssize_t count, const double *x, double *p, Py_ssize_t n)

cdef enum:
    BLOCK_BYTES = 1 << 19  # planes of as many images as fill this much of a second-level cache are made at once

# Where planes come from: plane[q] of phase r is image[q * stride + r - pad], or 0 outside of the image.
cdef struct Planes:
    Py_ssize_t C, images, plane  # channels, images in a block, numbers in a plane
    Py_ssize_t size[3]
    Py_ssize_t stride[3]
    Py_ssize_t pad[3]
    Py_ssize_t dims[3]
    Py_ssize_t phases[3]
    bint in_place


cdef inline Py_ssize_t product(const Py_ssize_t *x) noexcept nogil:
    return x[0] * x[1] * x[2]


cdef inline Py_ssize_t ceil_div(Py_ssize_t a, Py_ssize_t b) noexcept nogil:
    return (a + b - 1) // b if a > 0 else -(-a // b)


cdef inline void make_row(const real *x, Py_ssize_t size, Py_ssize_t stride, Py_ssize_t first, real *p,
                          Py_ssize_t n) noexcept nogil:
    """p[q] = x[q * stride + first] for q < n, 0 where that is outside of x[size]."""
    cdef Py_ssize_t q, low, high
    if stride == 1:
        # Without divisions, which take as long as a short row.
        low = min(n, max(<Py_ssize_t> 0, -first))
        high = max(low, min(n, size - first))
        if real is float:
            vf_pad_row(low, high - low, x + low + first, p, n)
        else:
            vd_pad_row(low, high - low, x + low + first, p, n)
        return
    low = min(n, max(<Py_ssize_t> 0, ceil_div(-first, stride)))
    high = max(low, min(n, ceil_div(size - first, stride)))
    if low:
        memset(p, 0, low * sizeof(real))
    for q in range(low, high):
        p[q] = x[q * stride + first]
    if high < n:
        memset(p + high, 0, (n - high) * sizeof(real))


cdef inline void make_plane(Py_ssize_t t, const Planes *s, const real *x, Py_ssize_t images, real *p) noexcept nogil:
    """Channel and phase number t of a block of images; x is the first image."""
    cdef Py_ssize_t phases = product(s.phases), c = t // phases, r = t % phases
    cdef Py_ssize_t r2 = r % s.phases[2], r1 = r // s.phases[2] % s.phases[1], r0 = r // s.phases[2] // s.phases[1]
    cdef Py_ssize_t i, q0, q1, z, y
    p = p + t * s.images * s.plane
    x = x + c * product(s.size)
    for i in range(images):
        for q0 in range(s.dims[0]):
            z = q0 * s.stride[0] + r0 - s.pad[0]
            for q1 in range(s.dims[1]):
                y = q1 * s.stride[1] + r1 - s.pad[1]
                if 0 <= z < s.size[0] and 0 <= y < s.size[1]:
                    make_row(x + (z * s.size[1] + y) * s.size[2], s.size[2], s.stride[2], r2 - s.pad[2], p, s.dims[2])
                else:
                    memset(p, 0, s.dims[2] * sizeof(real))
                p = p + s.dims[2]
        x = x + s.C * product(s.size)


cdef inline const real *make_planes(const Planes *s, const real *x, Py_ssize_t images, real *p, int threads) noexcept nogil:
    """The planes of a block of images, x being the first: p, or x itself."""
    cdef Py_ssize_t t, n = s.C * product(s.phases)
    if s.in_place:
        return x
    if threads == 1:
        for t in range(n):
            make_plane(t, s, x, images, p)
    else:
        for t in prange(n, num_threads=threads):
            make_plane(t, s, x, images, p)
    return p


cdef inline void block_images(Planes *s, Py_ssize_t N, Py_ssize_t size) noexcept nogil:
    """Decide how many images a block has, from their size alone."""
    s.plane = product(s.dims)
    s.images = 1
    if not s.in_place:
        s.images = max(<Py_ssize_t> 1, min(N, BLOCK_BYTES // max(<Py_ssize_t> 1, s.C * product(s.phases) * s.plane * size)))
