"""What the machine can do at best, measured: the figures that the benches hold kernels to."""
from cython.parallel cimport prange

cdef extern from "roofline.h" nogil:
    const int limits_sums, vf_lanes, vd_lanes
    float vf_fma_chain(Py_ssize_t rounds, float x, float y)
    double vd_fma_chain(Py_ssize_t rounds, double x, double y)
    float limits_read(const float *x, Py_ssize_t n)
    void limits_copy(const float *x, float *y, Py_ssize_t n)


def fma_chain(Py_ssize_t rounds, int threads, double_precision=False):
    """Run independent multiply-adds in registers on every thread and return how many flops that were."""
    cdef bint double_ = double_precision
    cdef double total = 0
    cdef int i
    for i in prange(threads, nogil=True, num_threads=threads, schedule='static', chunksize=1):
        total += vd_fma_chain(rounds, 0.5, 0.25) if double_ else vf_fma_chain(rounds, 0.5, 0.25)
    return 2. * rounds * limits_sums * (vd_lanes if double_ else vf_lanes) * threads * (1 if total == total else 0)


def read(const float[::1] x, int repeat, int threads):
    """Sum `x` some times, cut into one piece a thread: reads every byte once each time."""
    cdef Py_ssize_t n = x.shape[0] // threads
    cdef double total = 0
    cdef int i, r
    for i in prange(threads, nogil=True, num_threads=threads, schedule='static', chunksize=1):
        for r in range(repeat):
            total += limits_read(&x[i * n], n)
    return total


def copy(const float[::1] x, float[::1] y, int repeat, int threads):
    """Copy `x` to `y` some times, cut into one piece a thread: reads every byte once and writes it once each time."""
    cdef Py_ssize_t n = x.shape[0] // threads
    cdef int i, r
    if y.shape[0] != x.shape[0]:
        raise ValueError(f'copy of {x.shape[0]} numbers to {y.shape[0]}')
    for i in prange(threads, nogil=True, num_threads=threads, schedule='static', chunksize=1):
        for r in range(repeat):
            limits_copy(&x[i * n], &y[i * n], n)


def fork(int threads):
    """A parallel loop that does nothing: what forking and joining costs."""
    cdef int i
    for i in prange(threads, nogil=True, num_threads=threads, schedule='static', chunksize=1):
        pass
