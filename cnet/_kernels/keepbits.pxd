"""The functions of keepbits.h, one name for both types."""

from cnet._kernels.types cimport real

cdef extern from "keepbits.h" nogil:
    void vf_drop(const float *x, float *y, Py_ssize_t n, const unsigned char *bits, Py_ssize_t at, float gain)
    void vd_drop(const double *x, double *y, Py_ssize_t n, const unsigned char *bits, Py_ssize_t at, double gain)


cdef inline void drop(const real *x, real *y, Py_ssize_t n, const unsigned char *bits, Py_ssize_t at,
                      real gain) noexcept nogil:
    """y[n] = x gain where the bits from number `at` on are set, else 0; y may be x."""
    if real is float:
        vf_drop(x, y, n, bits, at, gain)
    else:
        vd_drop(x, y, n, bits, at, gain)
