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
from cnet._kernels.conv_entry cimport filled
from cnet._kernels.conv_shape cimport Geometry, geometry
from cnet._kernels.direct_job cimport Job, cut_job, job_task, pack_panel, panel_size, shared_planes
from cnet._kernels.direct_lists cimport job_of, list_places, list_taps
from cnet._kernels.direct_weights cimport Cut, cut_weights, turn_task, weights_task
from cnet._kernels.gemm_tiles cimport F32_LANES, columns
from cnet._kernels.planes cimport product
from cnet._kernels.types cimport real

cnp.import_array()

LANES = F32_LANES  # output channels that one vector of single precision holds


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
