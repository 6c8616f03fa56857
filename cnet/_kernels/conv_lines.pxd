"""The weight gradient of a convolution with few output channels: sums along rows, where a matrix product would spend its time
on packing. Gradients are copied into planes like those of the images, with zeros where those have padding; weight (m, c, tap)
is then the sum of two lines' products.
"""

from cython.parallel cimport prange
from libc.stdint cimport uint64_t
from libc.string cimport memset

from cnet._kernels.conv_job cimport flush_begin, flush_end
from cnet._kernels.conv_shape cimport Geometry
from cnet._kernels.planes cimport Planes, make_planes, product
from cnet._kernels.types cimport real

cdef extern from "conv_ukr.h" nogil:
    const Py_ssize_t GRAD_ROWS "conv_grad_rows", GRAD_TAPS "conv_grad_taps"
    void vf_grad_lines(Py_ssize_t rows, Py_ssize_t taps, Py_ssize_t images, Py_ssize_t step, Py_ssize_t n, const float *g,
                       Py_ssize_t grs, const float *x, const Py_ssize_t *at, int first, float *w, Py_ssize_t wrs)
    void vd_grad_lines(Py_ssize_t rows, Py_ssize_t taps, Py_ssize_t images, Py_ssize_t step, Py_ssize_t n, const double *g,
                       Py_ssize_t grs, const double *x, const Py_ssize_t *at, int first, double *w, Py_ssize_t wrs)


cdef inline void line_task(Py_ssize_t t, const Geometry *s, const Planes *planes, Py_ssize_t images, const real *made,
                           const Py_ssize_t *at, const real *grads, bint first, real *w) noexcept nogil:
    """GRAD_ROWS rows of weights, GRAD_TAPS neighbouring ones in each."""
    cdef Py_ssize_t M = s.M // s.G, K = s.C // s.G * product(s.kernel), step = planes.images * planes.plane
    cdef Py_ssize_t across = (K + GRAD_TAPS - 1) // GRAD_TAPS, high = (M + GRAD_ROWS - 1) // GRAD_ROWS
    cdef Py_ssize_t k = t % across * GRAD_TAPS, m = t // across % high * GRAD_ROWS, group = t // across // high
    cdef Py_ssize_t n = ((s.out[0] - 1) * planes.dims[1] + s.out[1] - 1) * planes.dims[2] + s.out[2]
    cdef Py_ssize_t rows = min(GRAD_ROWS, M - m), taps = min(GRAD_TAPS, K - k)
    cdef uint64_t mode = flush_begin()
    made = made + group * (s.C // s.G) * product(planes.phases) * step
    grads, w = grads + (group * M + m) * step, w + (group * M + m) * K + k
    if real is float:
        vf_grad_lines(rows, taps, images, planes.plane, n, grads, step, made, at + k, first, w, K)
    else:
        vd_grad_lines(rows, taps, images, planes.plane, n, grads, step, made, at + k, first, w, K)
    flush_end(mode)


cdef inline Py_ssize_t line_room(const Geometry *s, const Planes *planes, Py_ssize_t slack) noexcept nogil:
    """Numbers that the planes of images and gradients take, each with room for what whole vectors read beyond them."""
    return (s.C * product(planes.phases) + s.M) * planes.images * planes.plane + 2 * (planes.plane + slack)


cdef inline void line_sums(const Geometry *s, const Planes *planes, Py_ssize_t images, const real *x, const real *g,
                           const Py_ssize_t *at, real *room, Py_ssize_t slack, bint first, real *w, int threads) noexcept nogil:
    """w (+)= the weight gradient of a block of images x with gradients g; `room` is that of line_room."""
    cdef Planes grads = planes[0]
    cdef Py_ssize_t K = s.C // s.G * product(s.kernel), M = s.M // s.G, made = s.C * product(planes.phases), t, tasks
    cdef real *lines = room + made * planes.images * planes.plane + planes.plane + slack
    cdef int i
    grads.C = s.M
    for i in range(3):
        grads.size[i], grads.stride[i], grads.pad[i], grads.phases[i] = s.out[i], 1, 0, 1
    make_planes(planes, x, images, room, threads)
    make_planes(&grads, g, images, lines, threads)
    # What is read beyond the planes meets zeros, but must be a number.
    memset(room + made * planes.images * planes.plane, 0, (planes.plane + slack) * sizeof(real))
    memset(lines + s.M * planes.images * planes.plane, 0, (planes.plane + slack) * sizeof(real))
    tasks = s.G * ((M + GRAD_ROWS - 1) // GRAD_ROWS) * ((K + GRAD_TAPS - 1) // GRAD_TAPS)
    if threads == 1:
        for t in range(tasks):
            line_task(t, s, planes, images, <const real *> room, at, <const real *> lines, first, w)
    else:
        for t in prange(tasks, num_threads=threads):
            line_task(t, s, planes, images, <const real *> room, at, <const real *> lines, first, w)
