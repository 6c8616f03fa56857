"""The job of a convolution or of an input gradient, as Job describes it: sizes and lists of taps."""

from cnet._kernels.conv_shape cimport Geometry
from cnet._kernels.direct_job cimport Job
from cnet._kernels.planes cimport product


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
