"""Special functions; elementwise.pxd says what they take and return. float32, float64 and half precision."""
import math

cimport numpy as cnp
from cnet._kernels.elementwise cimport NONE, binary, binary_kernel, unary, unary_kernel

cnp.import_array()

cdef extern from "special.h":
    const unary_kernel PW_erfc, PW_erfcx, PW_log_ndtr, PW_erfinv, PW_ndtri, PW_entr, PW_lgamma, PW_digamma, PW_trigamma
    const unary_kernel PW_i0e, PW_i1e, PW_i0, PW_i1, PW_k0, PW_k1, PW_k0e, PW_k1e, PW_j0, PW_j1, PW_y0, PW_y1
    const unary_kernel PW_spherical_j0, PW_airy_ai, PW_polygamma, PW_mvlgamma
    const binary_kernel PW_zeta, PW_gammainc, PW_gammaincc, PW_polynomial


cdef object _unary(object a, object out, const unary_kernel* k, const double* p=NONE):
    return unary(a, out, k, None, p)


cdef object _binary(object a, object b, object out, const binary_kernel* k, const double* p=NONE):
    return binary(a, b, out, k, None, p)


def airy_ai(a, out=None): return _unary(a, out, &PW_airy_ai)
def erfc(a, out=None): return _unary(a, out, &PW_erfc)
def erfcx(a, out=None): return _unary(a, out, &PW_erfcx)
def log_ndtr(a, out=None): return _unary(a, out, &PW_log_ndtr)
def erfinv(a, out=None): return _unary(a, out, &PW_erfinv)
def ndtri(a, out=None): return _unary(a, out, &PW_ndtri)
def entr(a, out=None): return _unary(a, out, &PW_entr)
def lgamma(a, out=None): return _unary(a, out, &PW_lgamma)
def digamma(a, out=None): return _unary(a, out, &PW_digamma)
def trigamma(a, out=None): return _unary(a, out, &PW_trigamma)
def i0(a, out=None): return _unary(a, out, &PW_i0)
def i0e(a, out=None): return _unary(a, out, &PW_i0e)
def i1(a, out=None): return _unary(a, out, &PW_i1)
def i1e(a, out=None): return _unary(a, out, &PW_i1e)
def k0(a, out=None): return _unary(a, out, &PW_k0)
def k0e(a, out=None): return _unary(a, out, &PW_k0e)
def k1(a, out=None): return _unary(a, out, &PW_k1)
def k1e(a, out=None): return _unary(a, out, &PW_k1e)
def j0(a, out=None): return _unary(a, out, &PW_j0)
def j1(a, out=None): return _unary(a, out, &PW_j1)
def y0(a, out=None): return _unary(a, out, &PW_y0)
def y1(a, out=None): return _unary(a, out, &PW_y1)
def spherical_j0(a, out=None): return _unary(a, out, &PW_spherical_j0)

def polygamma(a, long n, out=None):
    """Derivative number n >= 2 of digamma."""
    cdef double[3] p = [n, (1 if n % 2 else -1) * (math.factorial(n) if n <= 170 else math.inf), 0]
    return _unary(a, out, &PW_polygamma, p)

def mvlgamma(a, long n, out=None):
    """Log of the multivariate gamma function of dimension n >= 1."""
    cdef double[3] p = [n, n * (n - 1) / 4. * math.log(math.pi), 0]
    return _unary(a, out, &PW_mvlgamma, p)

def zeta(a, b, out=None): return _binary(a, b, out, &PW_zeta)
def gammainc(a, b, out=None): return _binary(a, b, out, &PW_gammainc)
def gammaincc(a, b, out=None): return _binary(a, b, out, &PW_gammaincc)

def polynomial(x, n, int recurrence, double slope, double offset, out=None):
    """Of degree n; the polynomial of degree 1 is slope * x + offset. Recurrences are numbered in special.h."""
    cdef double[3] p = [recurrence, slope, offset]
    return _binary(x, n, out, &PW_polynomial, p)
