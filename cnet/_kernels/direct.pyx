"""Convolutions, their input gradients and weight gradients with output channels in the lanes of vectors: for kernels of more
than one tap.

An input gradient is a convolution of the gradients, or with a stride one for each phase of the pixels: those whose padded
positions leave the same remainders by the stride see the same taps. The phases of a row are computed together, so that the
row is written at once. Tasks share nothing but packed weights, so that all of them run in one loop.

Letters: N images, C input and M output channels, G groups, T taps; sizes and steps are [depth, height, width], those that a
convolution lacks being 1. Arrays are C-contiguous; no size is 0.
"""

cimport numpy as cnp
from cython.parallel cimport prange

from cnet._kernels._threads cimport threads_for
from cnet._kernels._workspace cimport SHARED, scratch
from cnet._kernels.conv_shape cimport Geometry, geometry
from cnet._kernels.direct_job cimport Job, cut_job, job_task, pack_panel, panel_size, shared_planes
from cnet._kernels.direct_weights cimport Cut, cut_weights, turn_task, weights_task
from cnet._kernels.gemm_tiles cimport F32_LANES, columns
from cnet._kernels.planes cimport product
from cnet._kernels.types cimport real

cnp.import_array()

LANES = F32_LANES  # output channels that one vector of single precision holds


cdef inline Job job_of(const Geometry *s, bint gradient) noexcept nogil:
    """The job of a convolution, or of its input gradient, before it is cut."""
    cdef Job j
    cdef int d
    cdef bint flat = product(s.kernel) == 1 and product(s.stride) == 1
    j.N, j.G, j.T, j.gradient = s.N, s.G, product(s.kernel), gradient
    j.C, j.M = (s.M // s.G, s.C // s.G) if gradient else (s.C // s.G, s.M // s.G)
    for d in range(3):
        j.reach[d] = (s.kernel[d] - 1) * s.dilation[d]
        if gradient:
            j.size[d], j.out[d], j.step[d], j.phases[d], j.pad[d] = s.out[d], s.size[d], 1, s.stride[d], s.pad[d]
            j.reach[d] = j.reach[d] // s.stride[d]
            j.low[d] = -j.reach[d]
        else:
            j.size[d], j.out[d], j.step[d], j.phases[d], j.pad[d] = s.size[d], s.out[d], s.stride[d], 1, 0
            j.low[d] = -s.pad[d]
        flat = flat and s.pad[d] == 0
    if flat:
        # An image is one row.
        j.size[2] = j.out[2] = product(s.size)
        j.size[0] = j.size[1] = j.out[0] = j.out[1] = 1
    return j


cdef inline void list_taps(const Geometry *s, Job *j, Py_ssize_t *begin, Py_ssize_t *taps) noexcept nogil:
    """The taps of all phases, in order."""
    cdef Py_ssize_t phases = product(j.phases), f, k, n = 0, row = 0
    j.begin, j.taps, j.deepest = begin, taps, 1
    for f in range(phases):
        begin[f] = n
        if f % j.phases[2] == 0:
            row = n
        for k in range(j.T):
            if (k % s.kernel[2] * s.dilation[2] % j.phases[2] == f % j.phases[2] and
                    k // s.kernel[2] % s.kernel[1] * s.dilation[1] % j.phases[1] == f // j.phases[2] % j.phases[1] and
                    k // s.kernel[2] // s.kernel[1] * s.dilation[0] % j.phases[0] == f // j.phases[2] // j.phases[1]):
                taps[n] = k
                n += 1
        j.deepest = max(j.deepest, n - row)
    begin[phases] = n


cdef inline void list_places(const Geometry *s, Job *j, bint gradient, Py_ssize_t *at) noexcept nogil:
    """Where taps look in the planes, for as many channels as are read at a time."""
    cdef Py_ssize_t f, c, n, far, k
    cdef Py_ssize_t tap[3]
    cdef int d
    j.at = at
    for f in range(product(j.phases)):
        for c in range(j.channels):
            for n in range(j.begin[f], j.begin[f + 1]):
                k = j.taps[n]
                tap[0], tap[1], tap[2] = k // s.kernel[2] // s.kernel[1], k // s.kernel[2] % s.kernel[1], k % s.kernel[2]
                far = 0
                for d in range(3):
                    k = tap[d] * s.dilation[d]
                    far = far * j.dims[d] + (j.reach[d] - k // s.stride[d] if gradient else k)
                at[0] = c * j.plane + far
                at += 1


cdef int convolve(const Geometry *s, bint gradient, const real *x, const real *w, const real *bias, real *y) noexcept nogil:
    """y = the convolution of x, or the input gradient given x, plus bias."""
    cdef Job j = job_of(s, gradient)
    cdef Py_ssize_t phases = product(j.phases), lists, panels, made, size, t
    # All lists are as long as the channels of one pass need, which the taps of a phase decide: at most all channels.
    cdef Py_ssize_t *begin = <Py_ssize_t *> scratch(SHARED, (phases + 1 + j.T) * sizeof(Py_ssize_t))
    cdef Py_ssize_t *at
    cdef real *packed
    cdef real *planes
    cdef int failed = 0
    cdef int threads = threads_for(<double> s.N * product(s.out) * s.M * j.C * j.T / 8)
    if begin == NULL:
        return -1
    list_taps(s, &j, begin, begin + phases + 1)
    cut_job(&j, columns(x), sizeof(real))
    lists = ((phases + 1 + j.T + j.channels * j.T) * sizeof(Py_ssize_t) + 63) // 64 * 64
    panels, made = s.G * j.panels, j.blocks * j.G * j.C if j.shared else 0
    size = panels * panel_size(&j, j.C, columns(x))
    if j.late:
        panels = size = 0
    begin = <Py_ssize_t *> scratch(SHARED, lists + (size + made * j.images * j.plane) * sizeof(real))
    if begin == NULL:
        return -1
    at = begin + phases + 1 + j.T
    packed = <real *> (<char *> begin + lists)
    planes = packed + size
    list_taps(s, &j, begin, begin + phases + 1)
    list_places(s, &j, gradient, at)
    for t in prange(panels + made, num_threads=threads):
        if t < panels:
            failed |= pack_panel(t, &j, w, bias, packed)
        else:
            shared_planes(t - panels, &j, x, planes)
    for t in prange(s.G * j.blocks * j.pieces, num_threads=threads, schedule='dynamic'):
        failed |= job_task(t, &j, x, w, bias, <const real *> packed, <const real *> planes, y)
    return failed


cdef int weight_grad(const Geometry *s, const real *x, const real *g, real *w) noexcept nogil:
    cdef Cut c
    cdef Py_ssize_t nr = columns(x), kept, block, blocks, t
    cdef real *sums
    cdef real *turned
    cdef int failed = 0
    cdef int threads = threads_for(<double> s.N * product(s.out) * s.M * (s.C // s.G) * product(s.kernel) / 8)
    c.job = job_of(s, False)
    cut_weights(&c, nr, sizeof(real))
    kept = s.G * c.job.panels * nr * c.job.C * c.job.T
    sums = <real *> scratch(SHARED, (kept + c.at_once * s.G * c.job.panels * nr * c.pixels) * sizeof(real))
    if sums == NULL:
        return -1
    turned = sums + kept
    for block from 0 <= block < c.job.blocks by c.at_once:
        blocks = min(c.at_once, c.job.blocks - block)
        for t in prange(blocks * s.G * c.job.panels, num_threads=threads):
            turn_task(t, block, &c, g, turned)
        for t in prange(s.G * c.ranges * c.job.pieces, num_threads=threads, schedule='dynamic'):
            failed |= weights_task(t, s, &c, block, blocks, x, <const real *> turned, sums, w)
    return failed


cdef filled(bint gradient, cnp.ndarray x, const Geometry *s, cnp.ndarray w, cnp.ndarray bias, cnp.ndarray y):
    """y after it has been computed from x."""
    cdef char *b = NULL if bias is None else <char *> cnp.PyArray_DATA(bias)
    cdef int failed
    if cnp.PyArray_SIZE(y) == 0:
        return y
    with nogil:
        if s.kind == cnp.NPY_FLOAT:
            failed = convolve(s, gradient, <float *> cnp.PyArray_DATA(x), <float *> cnp.PyArray_DATA(w), <float *> b,
                              <float *> cnp.PyArray_DATA(y))
        else:
            failed = convolve(s, gradient, <double *> cnp.PyArray_DATA(x), <double *> cnp.PyArray_DATA(w), <double *> b,
                              <double *> cnp.PyArray_DATA(y))
    if failed:
        raise MemoryError('convolution: no memory for a block of images')
    return y


def conv_forward(cnp.ndarray x, cnp.ndarray w, cnp.ndarray bias, cnp.ndarray y, tuple stride, tuple padding,
                 tuple dilation, Py_ssize_t groups):
    """Fill y[N, M, ...] with the convolution of x[N, C, ...] by w[M, C / G, ...], plus bias[M] unless that is None."""
    cdef Geometry s = geometry(x, y, (<object> w).shape, stride, padding, dilation, groups)
    return filled(False, x, &s, w, bias, y)


def conv_input_grad(cnp.ndarray g, cnp.ndarray w, cnp.ndarray bias, cnp.ndarray x, tuple stride, tuple padding,
                    tuple dilation, Py_ssize_t groups):
    """Fill x[N, C, ...] with the gradient of a convolution's input, or with a transposed convolution of g[N, M, ...],
    plus bias[C] unless that is None."""
    cdef Geometry s = geometry(x, g, (<object> w).shape, stride, padding, dilation, groups)
    return filled(True, g, &s, w, bias, x)


def conv_weight_grad(cnp.ndarray x, cnp.ndarray g, cnp.ndarray w, tuple stride, tuple padding, tuple dilation,
                     Py_ssize_t groups):
    """Fill w[M, C / G, ...] with the gradient of a convolution's weights."""
    cdef Geometry s = geometry(x, g, (<object> w).shape, stride, padding, dilation, groups)
    cdef int failed
    if cnp.PyArray_SIZE(g) == 0 or cnp.PyArray_SIZE(w) == 0:
        cnp.PyArray_FILLWBYTE(w, 0)
        return w
    with nogil:
        if s.kind == cnp.NPY_FLOAT:
            failed = weight_grad(&s, <float *> cnp.PyArray_DATA(x), <float *> cnp.PyArray_DATA(g), <float *> cnp.PyArray_DATA(w))
        else:
            failed = weight_grad(&s, <double *> cnp.PyArray_DATA(x), <double *> cnp.PyArray_DATA(g),
                                 <double *> cnp.PyArray_DATA(w))
    if failed:
        raise MemoryError('convolution: no memory for a block of images')
    return w
