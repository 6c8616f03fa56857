"""Pointwise arithmetic and activations; elementwise.pxd says what they take and return."""
import numpy as np

cimport numpy as cnp
from cython.parallel cimport prange

from cnet._kernels._threads cimport threads_for
from cnet._kernels.elementwise cimport NONE, binary, binary_kernel, binary_loop, ternary_kernel, ternary_loop, unary, unary_kernel

from cnet._kernels._quiet import quiet

cnp.import_array()

cdef extern from "pointwise.h":
    const binary_kernel PW_add, PW_sub, PW_mul, PW_div, PW_maximum, PW_minimum
    const unary_kernel PW_neg, PW_abs, PW_square, PW_reciprocal, PW_sqrt, PW_rsqrt, PW_exp, PW_expm1, PW_log, PW_log1p
    const unary_kernel PW_tanh, PW_sigmoid, PW_erf, PW_relu, PW_threshold, PW_leaky_relu, PW_hardtanh, PW_hardshrink
    const unary_kernel PW_softshrink, PW_hardsigmoid, PW_hardswish, PW_elu, PW_silu, PW_logsigmoid, PW_softplus
    const unary_kernel PW_gelu, PW_gelu_tanh, PW_mish
    const binary_kernel PW_tanh_grad, PW_sigmoid_grad, PW_relu_grad, PW_threshold_grad, PW_leaky_relu_grad, PW_prelu
    const binary_kernel PW_hardtanh_grad, PW_hardshrink_grad, PW_hardsigmoid_grad, PW_hardswish_grad, PW_elu_grad
    const binary_kernel PW_silu_grad, PW_logsigmoid_grad, PW_softplus_grad, PW_gelu_grad
    const binary_kernel PW_gelu_tanh_grad, PW_mish_grad, PW_glu
    const ternary_kernel PW_glu_gate_grad


cdef object _unary(object a, object out, const unary_kernel* k, object ufunc, const double* p):
    return unary(a, out, k, ufunc, p)


cdef object _binary(object a, object b, object out, const binary_kernel* k, object ufunc, const double* p):
    return binary(a, b, out, k, ufunc, p)


# C-level names of the ufuncs: a global name would be looked up on every call.
cdef object NP_ADD = np.add, NP_SUB = np.subtract, NP_MUL = np.multiply, NP_DIV = np.true_divide, NP_MAXIMUM = np.maximum, NP_MINIMUM = np.minimum
cdef object NP_NEG = np.negative, NP_ABS = np.absolute, NP_SQUARE = np.square, NP_RECIPROCAL = np.reciprocal, NP_SQRT = np.sqrt, NP_EXP = np.exp
cdef object NP_EXPM1 = np.expm1, NP_LOG = np.log, NP_LOG1P = np.log1p, NP_TANH = np.tanh


def _np_sigmoid(a, out=None):
    return np.true_divide(1, 1 + np.exp(-a), out=out)

def _np_rsqrt(a, out=None):
    return np.true_divide(1, np.sqrt(a), out=out)

def _np_relu(a, out=None):
    return np.maximum(a, 0, out=out)

cdef object SIGMOID = _np_sigmoid, RSQRT = _np_rsqrt, RELU = _np_relu


# --- arithmetic and elementary functions ---------------------------------------------------------------------------

def add(a, b, out=None): return _binary(a, b, out, &PW_add, NP_ADD, NONE)
def sub(a, b, out=None): return _binary(a, b, out, &PW_sub, NP_SUB, NONE)
def mul(a, b, out=None): return _binary(a, b, out, &PW_mul, NP_MUL, NONE)
def div(a, b, out=None): return _binary(a, b, out, &PW_div, NP_DIV, NONE)
def maximum(a, b, out=None): return _binary(a, b, out, &PW_maximum, NP_MAXIMUM, NONE)
def minimum(a, b, out=None): return _binary(a, b, out, &PW_minimum, NP_MINIMUM, NONE)
def neg(a, out=None): return _unary(a, out, &PW_neg, NP_NEG, NONE)
def abs(a, out=None): return _unary(a, out, &PW_abs, NP_ABS, NONE)
def square(a, out=None): return _unary(a, out, &PW_square, NP_SQUARE, NONE)
def reciprocal(a, out=None): return _unary(a, out, &PW_reciprocal, NP_RECIPROCAL, NONE)
def sqrt(a, out=None): return _unary(a, out, &PW_sqrt, NP_SQRT, NONE)
def rsqrt(a, out=None): return _unary(a, out, &PW_rsqrt, RSQRT, NONE)
def exp(a, out=None): return _unary(a, out, &PW_exp, NP_EXP, NONE)
def expm1(a, out=None): return _unary(a, out, &PW_expm1, NP_EXPM1, NONE)
def log(a, out=None): return _unary(a, out, &PW_log, NP_LOG, NONE)
def log1p(a, out=None): return _unary(a, out, &PW_log1p, NP_LOG1P, NONE)
def tanh(a, out=None): return _unary(a, out, &PW_tanh, NP_TANH, NONE)
def sigmoid(a, out=None): return _unary(a, out, &PW_sigmoid, SIGMOID, NONE)
def erf(a, out=None): return _unary(a, out, &PW_erf, None, NONE)
def tanh_grad(g, y, out=None): return _binary(g, y, out, &PW_tanh_grad, None, NONE)
def sigmoid_grad(g, y, out=None): return _binary(g, y, out, &PW_sigmoid_grad, None, NONE)


# --- activations: x is the input, y the result, g the incoming gradient --------------------------------------------

def relu(x, out=None): return _unary(x, out, &PW_relu, RELU, NONE)
def relu_grad(g, y, out=None): return _binary(g, y, out, &PW_relu_grad, None, NONE)

def threshold(x, double threshold, double value, out=None):
    cdef double[3] p = [threshold, value, 0]
    return _unary(x, out, &PW_threshold, None, p)

def threshold_grad(g, x, double threshold, out=None):
    cdef double[3] p = [threshold, 0, 0]
    return _binary(g, x, out, &PW_threshold_grad, None, p)

def leaky_relu(x, double slope, out=None):
    cdef double[3] p = [slope, 0, 0]
    return _unary(x, out, &PW_leaky_relu, None, p)

def leaky_relu_grad(g, x, double slope, out=None):
    cdef double[3] p = [slope, 0, 0]
    return _binary(g, x, out, &PW_leaky_relu_grad, None, p)

def prelu(x, weight, out=None): return _binary(x, weight, out, &PW_prelu, None, NONE)

def hardtanh(x, double low, double high, out=None):
    cdef double[3] p = [low, high, 0]
    return _unary(x, out, &PW_hardtanh, None, p)

def hardtanh_grad(g, x, double low, double high, out=None):
    cdef double[3] p = [low, high, 0]
    return _binary(g, x, out, &PW_hardtanh_grad, None, p)

def hardshrink(x, double width, out=None):
    cdef double[3] p = [width, 0, 0]
    return _unary(x, out, &PW_hardshrink, None, p)

def hardshrink_grad(g, x, double width, out=None):
    cdef double[3] p = [width, 0, 0]
    return _binary(g, x, out, &PW_hardshrink_grad, None, p)

def softshrink(x, double width, out=None):
    cdef double[3] p = [width, 0, 0]
    return _unary(x, out, &PW_softshrink, None, p)

def hardsigmoid(x, out=None): return _unary(x, out, &PW_hardsigmoid, None, NONE)
def hardsigmoid_grad(g, x, out=None): return _binary(g, x, out, &PW_hardsigmoid_grad, None, NONE)
def hardswish(x, out=None): return _unary(x, out, &PW_hardswish, None, NONE)
def hardswish_grad(g, x, out=None): return _binary(g, x, out, &PW_hardswish_grad, None, NONE)

def elu(x, double negative, double positive, double inner, out=None):
    cdef double[3] p = [negative, positive, inner]
    return _unary(x, out, &PW_elu, None, p)

def elu_grad(g, x, double negative, double positive, double inner, out=None):
    cdef double[3] p = [negative, positive, inner]
    return _binary(g, x, out, &PW_elu_grad, None, p)

def silu(x, out=None): return _unary(x, out, &PW_silu, None, NONE)
def silu_grad(g, x, out=None): return _binary(g, x, out, &PW_silu_grad, None, NONE)
def mish(x, out=None): return _unary(x, out, &PW_mish, None, NONE)
def mish_grad(g, x, out=None): return _binary(g, x, out, &PW_mish_grad, None, NONE)
def logsigmoid(x, out=None): return _unary(x, out, &PW_logsigmoid, None, NONE)
def logsigmoid_grad(g, x, out=None): return _binary(g, x, out, &PW_logsigmoid_grad, None, NONE)
def gelu(x, out=None): return _unary(x, out, &PW_gelu, None, NONE)
def gelu_grad(g, x, out=None): return _binary(g, x, out, &PW_gelu_grad, None, NONE)
def gelu_tanh(x, out=None): return _unary(x, out, &PW_gelu_tanh, None, NONE)
def gelu_tanh_grad(g, x, out=None): return _binary(g, x, out, &PW_gelu_tanh_grad, None, NONE)

def softplus(x, double beta, double threshold, out=None):
    cdef double[3] p = [beta, threshold, 0]
    return _unary(x, out, &PW_softplus, None, p)

def softplus_grad(g, x, double beta, double threshold, out=None):
    cdef double[3] p = [beta, threshold, 0]
    return _binary(g, x, out, &PW_softplus_grad, None, p)


# --- gated linear units: x is (outer, 2 * half), its halves a and b; all arrays are contiguous and of one type ---------

def glu(cnp.ndarray x not None, cnp.ndarray out not None, Py_ssize_t outer, Py_ssize_t half):
    """out = a * sigmoid(b)."""
    cdef bint single = cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT
    cdef binary_loop f = PW_glu.f32 if single else PW_glu.f64
    cdef const char* a = cnp.PyArray_BYTES(x)
    cdef char* y = cnp.PyArray_BYTES(out)
    cdef Py_ssize_t i, step = half * cnp.PyArray_ITEMSIZE(x)
    with nogil:
        for i in prange(outer, num_threads=threads_for(outer * half * PW_glu.cost), schedule='static'):
            f(a + 2 * i * step, 1, a + (2 * i + 1) * step, 1, y + i * step, half, NONE)


def glu_grad(cnp.ndarray g not None, cnp.ndarray x not None, cnp.ndarray out not None, Py_ssize_t outer, Py_ssize_t half):
    """out = (g * sigmoid(b), g * a * sigmoid'(b))."""
    cdef bint single = cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT
    cdef binary_loop f = PW_glu.f32 if single else PW_glu.f64
    cdef ternary_loop gate = PW_glu_gate_grad.f32 if single else PW_glu_gate_grad.f64
    cdef const char* gp = cnp.PyArray_BYTES(g)
    cdef const char* a = cnp.PyArray_BYTES(x)
    cdef char* y = cnp.PyArray_BYTES(out)
    cdef Py_ssize_t i, step = half * cnp.PyArray_ITEMSIZE(x)
    with nogil:
        for i in prange(outer, num_threads=threads_for(outer * half * 2 * PW_glu.cost), schedule='static'):
            f(gp + i * step, 1, a + (2 * i + 1) * step, 1, y + 2 * i * step, half, NONE)
            gate(gp + i * step, a + 2 * i * step, a + (2 * i + 1) * step, y + (2 * i + 1) * step, half, NONE)
