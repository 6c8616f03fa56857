"""Elementary functions, rounding, comparisons and bits; elementwise.pxd says what they take and return."""
import numpy as np

cimport numpy as cnp
from cython.parallel cimport prange

from cnet._kernels._threads cimport threads_for
from cnet._kernels.elementwise cimport NONE, binary, binary_kernel, ternary, ternary_kernel, unary, unary_kernel

cnp.import_array()

cdef extern from "elementary.h":
    const unary_kernel PW_sin, PW_cos, PW_asin, PW_acos, PW_atan, PW_sinh, PW_cosh, PW_floor, PW_ceil, PW_trunc, PW_round, PW_frac, PW_sign
    const unary_kernel PW_angle, PW_logit, PW_clamp, PW_nan_to_num
    const unary_kernel PW_isnan, PW_isinf, PW_isfinite, PW_isposinf, PW_isneginf, PW_signbit
    const unary_kernel PW_tan, PW_asinh, PW_acosh, PW_atanh, PW_exp2, PW_log2, PW_log10
    const binary_kernel PW_pow, PW_hypot, PW_atan2, PW_logaddexp, PW_logaddexp2, PW_fmax, PW_fmin, PW_copysign
    const binary_kernel PW_heaviside
    const binary_kernel PW_xlogy, PW_xlog1py, PW_lerp_number, PW_add_scaled, PW_fmod, PW_remainder, PW_floor_div
    const binary_kernel PW_trunc_div, PW_nextafter
    const binary_kernel PW_eq, PW_ne, PW_lt, PW_le, PW_gt, PW_ge
    const binary_kernel PW_bit_and, PW_bit_or, PW_bit_xor, PW_shift_left, PW_shift_right
    const ternary_kernel PW_lerp, PW_addcmul, PW_addcdiv, PW_between

cdef extern from "numpyloops.h":
    ctypedef struct numpy_loops:
        pass
    void nl_take_unary(unary_kernel* k, numpy_loops* l, object ufunc, bint f32, bint f64) noexcept
    void nl_take_binary(binary_kernel* k, numpy_loops* l, object ufunc, bint f32, bint f64) noexcept


cdef object _unary(object a, object out, const unary_kernel* k, object ufunc, const double* p=NONE):
    return unary(a, out, k, ufunc, p)


cdef object _binary(object a, object b, object out, const binary_kernel* k, object ufunc, const double* p=NONE):
    return binary(a, b, out, k, ufunc, p)


cdef object _ternary(object a, object b, object c, const ternary_kernel* k, double value=0):
    cdef double[3] p = [value, 0, 0]
    return ternary(a, b, c, k, p)


# C-level names of the ufuncs: a global name would be looked up on every call.
cdef object NP_SIN = np.sin, NP_COS = np.cos, NP_TAN = np.tan, NP_ASIN = np.arcsin, NP_ACOS = np.arccos
cdef object NP_ATAN = np.arctan, NP_SINH = np.sinh, NP_COSH = np.cosh, NP_ASINH = np.arcsinh
cdef object NP_ACOSH = np.arccosh, NP_ATANH = np.arctanh, NP_EXP2 = np.exp2, NP_LOG2 = np.log2
cdef object NP_LOG10 = np.log10, NP_FLOOR = np.floor, NP_CEIL = np.ceil, NP_TRUNC = np.trunc
cdef object NP_ROUND = np.rint, NP_SIGN = np.sign, NP_ISNAN = np.isnan, NP_ISINF = np.isinf
cdef object NP_ISFINITE = np.isfinite, NP_ISPOSINF = np.isposinf, NP_ISNEGINF = np.isneginf
cdef object NP_SIGNBIT = np.signbit, NP_POW = np.power, NP_HYPOT = np.hypot, NP_ATAN2 = np.arctan2
cdef object NP_LOGADDEXP = np.logaddexp, NP_LOGADDEXP2 = np.logaddexp2, NP_FMAX = np.fmax, NP_FMIN = np.fmin
cdef object NP_COPYSIGN = np.copysign, NP_HEAVISIDE = np.heaviside, NP_EQ = np.equal, NP_NE = np.not_equal
cdef object NP_LT = np.less, NP_LE = np.less_equal, NP_GT = np.greater, NP_GE = np.greater_equal
cdef object NP_BIT_AND = np.bitwise_and, NP_BIT_OR = np.bitwise_or, NP_BIT_XOR = np.bitwise_xor

# What NumPy does quicker with AVX-512, in float32 and in float64; elsewhere these are our own loops. Its errors are up to
# 3.5 units in the last place, which leaves out arctan2.
cdef unary_kernel TAN = PW_tan, ASINH = PW_asinh, ACOSH = PW_acosh, ATANH = PW_atanh
cdef unary_kernel EXP2 = PW_exp2, LOG2 = PW_log2, LOG10 = PW_log10
cdef binary_kernel POW = PW_pow
cdef numpy_loops NL_TAN, NL_ASINH, NL_ACOSH, NL_ATANH, NL_EXP2, NL_LOG2, NL_LOG10, NL_POW
nl_take_unary(&TAN, &NL_TAN, NP_TAN, True, False)
nl_take_unary(&ASINH, &NL_ASINH, NP_ASINH, True, False)
nl_take_unary(&ACOSH, &NL_ACOSH, NP_ACOSH, True, False)
nl_take_unary(&ATANH, &NL_ATANH, NP_ATANH, True, True)
nl_take_unary(&EXP2, &NL_EXP2, NP_EXP2, False, True)
nl_take_unary(&LOG2, &NL_LOG2, NP_LOG2, True, True)
nl_take_unary(&LOG10, &NL_LOG10, NP_LOG10, True, True)
nl_take_binary(&POW, &NL_POW, NP_POW, True, True)


def _np_frac(a, out=None):
    return np.subtract(a, np.trunc(a), out=out)

def _np_trunc_div(a, b, out=None):
    return np.trunc(np.true_divide(a, b), out=out)

cdef object NP_FRAC = _np_frac, NP_FMOD = np.fmod, NP_NEXTAFTER = np.nextafter, NP_REMAINDER = np.remainder, NP_FLOOR_DIV = np.floor_divide, NP_TRUNC_DIV = _np_trunc_div


# --- functions of one number ---------------------------------------------------------------------------------------

def sin(a, out=None): return _unary(a, out, &PW_sin, NP_SIN)
def cos(a, out=None): return _unary(a, out, &PW_cos, NP_COS)
def tan(a, out=None): return _unary(a, out, &TAN, NP_TAN, <const double*>&NL_TAN)
def asin(a, out=None): return _unary(a, out, &PW_asin, NP_ASIN)
def acos(a, out=None): return _unary(a, out, &PW_acos, NP_ACOS)
def atan(a, out=None): return _unary(a, out, &PW_atan, NP_ATAN)
def sinh(a, out=None): return _unary(a, out, &PW_sinh, NP_SINH)
def cosh(a, out=None): return _unary(a, out, &PW_cosh, NP_COSH)
def asinh(a, out=None): return _unary(a, out, &ASINH, NP_ASINH, <const double*>&NL_ASINH)
def acosh(a, out=None): return _unary(a, out, &ACOSH, NP_ACOSH, <const double*>&NL_ACOSH)
def atanh(a, out=None): return _unary(a, out, &ATANH, NP_ATANH, <const double*>&NL_ATANH)
def exp2(a, out=None): return _unary(a, out, &EXP2, NP_EXP2, <const double*>&NL_EXP2)
def log2(a, out=None): return _unary(a, out, &LOG2, NP_LOG2, <const double*>&NL_LOG2)
def log10(a, out=None): return _unary(a, out, &LOG10, NP_LOG10, <const double*>&NL_LOG10)
def floor(a, out=None): return _unary(a, out, &PW_floor, NP_FLOOR)
def ceil(a, out=None): return _unary(a, out, &PW_ceil, NP_CEIL)
def trunc(a, out=None): return _unary(a, out, &PW_trunc, NP_TRUNC)
def round(a, out=None): return _unary(a, out, &PW_round, NP_ROUND)
def sign(a, out=None): return _unary(a, out, &PW_sign, NP_SIGN)
def frac(a, out=None): return _unary(a, out, &PW_frac, NP_FRAC)
def isnan(a, out=None): return _unary(a, out, &PW_isnan, NP_ISNAN)
def isinf(a, out=None): return _unary(a, out, &PW_isinf, NP_ISINF)
def isfinite(a, out=None): return _unary(a, out, &PW_isfinite, NP_ISFINITE)
def isposinf(a, out=None): return _unary(a, out, &PW_isposinf, NP_ISPOSINF)
def isneginf(a, out=None): return _unary(a, out, &PW_isneginf, NP_ISNEGINF)
def signbit(a, out=None): return _unary(a, out, &PW_signbit, NP_SIGNBIT)

def angle(a, out=None): return _unary(a, out, &PW_angle, None)
def logit(a, out=None): return _unary(a, out, &PW_logit, None)

def clamp(a, double low, double high, out=None):
    cdef double[3] p = [low, high, 0]
    return _unary(a, out, &PW_clamp, None, p)

def nan_to_num(a, double nan, double posinf, double neginf, out=None):
    cdef double[3] p = [nan, posinf, neginf]
    return _unary(a, out, &PW_nan_to_num, None, p)


# --- functions of two numbers --------------------------------------------------------------------------------------

def pow(a, b, out=None): return _binary(a, b, out, &POW, NP_POW, <const double*>&NL_POW)
def hypot(a, b, out=None): return _binary(a, b, out, &PW_hypot, NP_HYPOT)
def atan2(a, b, out=None): return _binary(a, b, out, &PW_atan2, NP_ATAN2)
def logaddexp(a, b, out=None): return _binary(a, b, out, &PW_logaddexp, NP_LOGADDEXP)
def logaddexp2(a, b, out=None): return _binary(a, b, out, &PW_logaddexp2, NP_LOGADDEXP2)
def fmax(a, b, out=None): return _binary(a, b, out, &PW_fmax, NP_FMAX)
def fmin(a, b, out=None): return _binary(a, b, out, &PW_fmin, NP_FMIN)
def copysign(a, b, out=None): return _binary(a, b, out, &PW_copysign, NP_COPYSIGN)
def heaviside(a, b, out=None): return _binary(a, b, out, &PW_heaviside, NP_HEAVISIDE)
def eq(a, b, out=None): return _binary(a, b, out, &PW_eq, NP_EQ)
def ne(a, b, out=None): return _binary(a, b, out, &PW_ne, NP_NE)
def lt(a, b, out=None): return _binary(a, b, out, &PW_lt, NP_LT)
def le(a, b, out=None): return _binary(a, b, out, &PW_le, NP_LE)
def gt(a, b, out=None): return _binary(a, b, out, &PW_gt, NP_GT)
def ge(a, b, out=None): return _binary(a, b, out, &PW_ge, NP_GE)
def bit_and(a, b, out=None): return _binary(a, b, out, &PW_bit_and, NP_BIT_AND)
def bit_or(a, b, out=None): return _binary(a, b, out, &PW_bit_or, NP_BIT_OR)
def bit_xor(a, b, out=None): return _binary(a, b, out, &PW_bit_xor, NP_BIT_XOR)
def fmod(a, b, out=None): return _binary(a, b, out, &PW_fmod, NP_FMOD)
def remainder(a, b, out=None): return _binary(a, b, out, &PW_remainder, NP_REMAINDER)
def floor_div(a, b, out=None): return _binary(a, b, out, &PW_floor_div, NP_FLOOR_DIV)
def trunc_div(a, b, out=None): return _binary(a, b, out, &PW_trunc_div, NP_TRUNC_DIV)
def nextafter(a, b, out=None): return _binary(a, b, out, &PW_nextafter, NP_NEXTAFTER)
def xlogy(a, b, out=None): return _binary(a, b, out, &PW_xlogy, None)
def xlog1py(a, b, out=None): return _binary(a, b, out, &PW_xlog1py, None)

def add_scaled(a, b, double scale, out=None):
    """a + scale * b."""
    cdef double[3] p = [scale, 0, 0]
    return _binary(a, b, out, &PW_add_scaled, None, p)

def lerp_number(a, b, double weight, out=None):
    cdef double[3] p = [weight, 0, 0]
    return _binary(a, b, out, &PW_lerp_number, None, p)

def shift_left(a, b, out=None): return _binary(a, b, out, &PW_shift_left, None)
def shift_right(a, b, out=None): return _binary(a, b, out, &PW_shift_right, None)


# --- functions of three arrays of one shape and type; None for any others --------------------------------------------

def lerp(a, b, weight): return _ternary(a, b, weight, &PW_lerp)
def addcmul(a, b, c, double value): return _ternary(a, b, c, &PW_addcmul, value)
def addcdiv(a, b, c, double value): return _ternary(a, b, c, &PW_addcdiv, value)
def between(a, low, high): return _ternary(a, low, high, &PW_between)


# --- evenly spaced numbers -----------------------------------------------------------------------------------------

def ramp(cnp.ndarray out not None, double start, double step, Py_ssize_t first=0):
    """out[i] = start + step * (first + i), computed in float64, for a contiguous float32 or float64 array."""
    cdef float *f = <float *>cnp.PyArray_DATA(out)
    cdef double *d = <double *>cnp.PyArray_DATA(out)
    cdef Py_ssize_t i, n = cnp.PyArray_SIZE(out)
    cdef bint single = cnp.PyArray_TYPE(out) == cnp.NPY_FLOAT
    cdef int threads
    with nogil:
        threads = threads_for(n * 4.0)
        if single:
            for i in prange(n, num_threads=threads, schedule='static'):
                f[i] = <float>(start + step * (first + i))
        else:
            for i in prange(n, num_threads=threads, schedule='static'):
                d[i] = start + step * (first + i)
    return out
