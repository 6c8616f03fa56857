"""Pointwise arithmetic and activations: float32 and float64 loops, and NumPy's ufuncs for every other type.

Arguments are ndarrays; one argument of a binary function may be a Python number. Results are ndarrays, also 0-d ones.
`out` receives the result (it may be an argument itself). No function here warns about division by zero or overflow.
"""
import numpy as np

from cython.parallel cimport prange
cimport numpy as cnp
from cpython.float cimport PyFloat_AS_DOUBLE, PyFloat_CheckExact
from cnet._kernels._alloc cimport new_array
from cnet._kernels._threads cimport threads_for

from cnet._kernels._quiet import quiet

cnp.import_array()

cdef extern from "Python.h":
    int PyLong_CheckExact(object)
    double PyLong_AsDouble(object) except? -1

cdef extern from "numpy/arrayobject.h":
    int PyArray_CheckExact(object)

cdef extern from "pointwise.h":
    ctypedef void (*unary_loop)(const void*, void*, Py_ssize_t, const double*) noexcept nogil
    ctypedef void (*binary_loop)(const void*, Py_ssize_t, const void*, Py_ssize_t, void*, Py_ssize_t,
                                 const double*) noexcept nogil
    ctypedef struct unary_kernel:
        unary_loop f32
        unary_loop f64
        double cost
    ctypedef struct binary_kernel:
        binary_loop f32
        binary_loop f64
        double cost
    const binary_kernel PW_add, PW_sub, PW_mul, PW_div, PW_maximum, PW_minimum
    const unary_kernel PW_neg, PW_abs, PW_square, PW_reciprocal, PW_sqrt, PW_rsqrt, PW_exp, PW_expm1, PW_log, PW_log1p
    const unary_kernel PW_tanh, PW_sigmoid, PW_erf, PW_relu, PW_threshold, PW_leaky_relu, PW_hardtanh, PW_hardshrink
    const unary_kernel PW_softshrink, PW_hardsigmoid, PW_hardswish, PW_elu, PW_silu, PW_logsigmoid, PW_softplus
    const unary_kernel PW_gelu, PW_gelu_tanh, PW_mish
    const binary_kernel PW_tanh_grad, PW_sigmoid_grad, PW_relu_grad, PW_threshold_grad, PW_leaky_relu_grad, PW_prelu
    const binary_kernel PW_hardtanh_grad, PW_hardshrink_grad, PW_hardsigmoid_grad, PW_hardswish_grad, PW_elu_grad
    const binary_kernel PW_silu_grad, PW_logsigmoid_grad, PW_softplus_grad, PW_gelu_grad
    const binary_kernel PW_gelu_tanh_grad, PW_mish_grad

# Elements per unit of parallel work: 64 KB of float32, two of which fit a second-level cache with their result.
cdef enum:
    CHUNK = 16384

# The constants of an operation that has none.
cdef double[3] NONE = [0, 0, 0]


# --- geometry ------------------------------------------------------------------------------------------------------

cdef inline int _float_type(object a) noexcept:
    """NPY_FLOAT, NPY_DOUBLE, or -1 for everything else, arrays in foreign byte order included."""
    cdef int t
    if not PyArray_CheckExact(a):
        return -1
    t = cnp.PyArray_TYPE(<cnp.ndarray>a)
    if (t == cnp.NPY_FLOAT or t == cnp.NPY_DOUBLE) and cnp.PyArray_ISNOTSWAPPED(<cnp.ndarray>a):
        return t
    return -1


cdef inline bint _same_layout(cnp.ndarray a, cnp.ndarray b) noexcept:
    """True if both have one shape and fill their memory without gaps in the same order."""
    cdef int d, nd = cnp.PyArray_NDIM(a)
    if nd != cnp.PyArray_NDIM(b):
        return False
    for d in range(nd):
        if cnp.PyArray_DIM(a, d) != cnp.PyArray_DIM(b, d):
            return False
    if cnp.PyArray_IS_C_CONTIGUOUS(a) and cnp.PyArray_IS_C_CONTIGUOUS(b):
        return True
    return cnp.PyArray_IS_F_CONTIGUOUS(a) and cnp.PyArray_IS_F_CONTIGUOUS(b)


cdef inline bint _fit(cnp.ndarray big, cnp.ndarray small, Py_ssize_t* mid, Py_ssize_t* inner) noexcept:
    """True if `small` broadcasts over `big` as one block of axes: big is (outer, mid, inner), small is (mid).

    A bias (mid = last axis, inner = 1), a column or per-channel value (inner > 1) and a single number (mid = 1) all do.
    """
    cdef int nb = cnp.PyArray_NDIM(big), ns = cnp.PyArray_NDIM(small), d = nb - 1, e = ns - 1
    if ns > nb or not (cnp.PyArray_IS_C_CONTIGUOUS(big) and cnp.PyArray_IS_C_CONTIGUOUS(small)):
        return False
    mid[0] = inner[0] = 1
    while e >= 0 and cnp.PyArray_DIM(small, e) == 1:
        inner[0] *= cnp.PyArray_DIM(big, d)
        d -= 1
        e -= 1
    while e >= 0 and cnp.PyArray_DIM(small, e) == cnp.PyArray_DIM(big, d):
        mid[0] *= cnp.PyArray_DIM(big, d)
        d -= 1
        e -= 1
    while e >= 0 and cnp.PyArray_DIM(small, e) == 1:
        e -= 1
    if e >= 0:
        return False
    if mid[0] == 1:
        inner[0] = cnp.PyArray_SIZE(big)
    return True


cdef inline bint _overlaps(cnp.ndarray out, cnp.ndarray a) noexcept:
    """True if writing `out` front to back could change elements of `a` (both contiguous) that are still to be read."""
    cdef char* o = cnp.PyArray_BYTES(out)
    cdef char* p = cnp.PyArray_BYTES(a)
    if o == p:
        return cnp.PyArray_SIZE(a) != cnp.PyArray_SIZE(out)
    return o < p + cnp.PyArray_NBYTES(a) and p < o + cnp.PyArray_NBYTES(out)


# --- running a loop ------------------------------------------------------------------------------------------------

cdef inline Py_ssize_t _least(Py_ssize_t a, Py_ssize_t b) noexcept nogil:
    return a if a < b else b


cdef void _run_unary(unary_loop f, const char* x, char* o, Py_ssize_t n, Py_ssize_t item, const double* p,
                     double cost) noexcept:
    cdef Py_ssize_t i, chunks = (n + CHUNK - 1) // CHUNK
    cdef int threads = 1
    if chunks < 2:
        f(x, o, n, p)
        return
    with nogil:
        threads = threads_for(n * (cost + 2 * item))
        if threads == 1:
            f(x, o, n, p)
        else:
            for i in prange(chunks, num_threads=threads, schedule='static'):
                f(x + i * CHUNK * item, o + i * CHUNK * item, _least(CHUNK, n - i * CHUNK), p)


cdef inline Py_ssize_t _row(Py_ssize_t r, Py_ssize_t n, Py_ssize_t wrap) noexcept nogil:
    """Where row r starts in an argument as large as the result (wrap 0), or in one that repeats after `wrap` rows."""
    return r % wrap if wrap else r * n


cdef void _run_rows(binary_loop f, const char* x, Py_ssize_t wrap_x, const char* y, Py_ssize_t wrap_y, char* o,
                    Py_ssize_t rows, Py_ssize_t n, Py_ssize_t stride, Py_ssize_t item, const double* p,
                    double cost) noexcept nogil:
    """A call for each row of n results. Within a row the argument that is broadcast has the given stride, 0 or 1."""
    cdef Py_ssize_t r
    cdef Py_ssize_t sx = stride if wrap_x else 1, sy = stride if wrap_y else 1
    cdef int threads = threads_for(rows * (n * (cost + 3 * item) + 8))
    if threads == 1:
        for r in range(rows):
            f(x + _row(r, n, wrap_x) * item, sx, y + _row(r, n, wrap_y) * item, sy, o + r * n * item, n, p)
    else:
        for r in prange(rows, num_threads=threads, schedule='static'):
            f(x + _row(r, n, wrap_x) * item, sx, y + _row(r, n, wrap_y) * item, sy, o + r * n * item, n, p)


cdef void _run_flat(binary_loop f, const char* x, Py_ssize_t sx, const char* y, Py_ssize_t sy, char* o, Py_ssize_t n,
                    Py_ssize_t item, const double* p, double cost) noexcept:
    cdef Py_ssize_t i, chunks = (n + CHUNK - 1) // CHUNK
    cdef int threads
    if chunks < 2:
        f(x, sx, y, sy, o, n, p)
        return
    with nogil:
        threads = threads_for(n * (cost + 3 * item))
        if threads == 1:
            f(x, sx, y, sy, o, n, p)
        else:
            for i in prange(chunks, num_threads=threads, schedule='static'):
                f(x + i * CHUNK * sx * item, sx, y + i * CHUNK * sy * item, sy, o + i * CHUNK * item,
                  _least(CHUNK, n - i * CHUNK), p)


# --- one operation -------------------------------------------------------------------------------------------------

cdef inline cnp.ndarray _new(cnp.ndarray like):
    """An uninitialised array of the shape, type and memory order of a C- or F-contiguous one."""
    return new_array(cnp.PyArray_NDIM(like), cnp.PyArray_DIMS(like), cnp.PyArray_TYPE(like),
                     not cnp.PyArray_IS_C_CONTIGUOUS(like))


cdef object _unary(object a, object out, const unary_kernel* k, object ufunc, const double* p):
    cdef int t = _float_type(a)
    cdef cnp.ndarray x, o
    if t < 0:
        return _other_unary(a, out, k, ufunc, p)
    x = <cnp.ndarray>a
    if out is None:
        if cnp.PyArray_IS_C_CONTIGUOUS(x) or cnp.PyArray_IS_F_CONTIGUOUS(x):
            o = _new(x)
        else:
            x = o = cnp.PyArray_NewCopy(x, cnp.NPY_KEEPORDER)
    elif _float_type(out) == t and _same_layout(x, out) and not _overlaps(out, x):
        o = <cnp.ndarray>out
    else:
        out[...] = _unary(a, None, k, ufunc, p)
        return out
    _run_unary(k.f32 if t == cnp.NPY_FLOAT else k.f64, cnp.PyArray_BYTES(x), cnp.PyArray_BYTES(o),
               cnp.PyArray_SIZE(x), cnp.PyArray_ITEMSIZE(x), p, k.cost)
    return o


cdef object _binary(object a, object b, object out, const binary_kernel* k, object ufunc, const double* p):
    cdef int t = _float_type(a), u = _float_type(b)
    cdef double number = 0
    if t >= 0 and t == u:
        return _array_array(a, b, out, k, ufunc, p)
    if t >= 0 and _number(b, &number):
        return _array_number(a, number, False, out, k, p)
    if u >= 0 and _number(a, &number):
        return _array_number(b, number, True, out, k, p)
    return _other_binary(a, b, out, k, ufunc, p)


cdef object _array_array(cnp.ndarray x, cnp.ndarray y, object out, const binary_kernel* k, object ufunc,
                         const double* p):
    cdef int t = cnp.PyArray_TYPE(x)
    cdef cnp.ndarray o, big = x
    cdef Py_ssize_t mid = 0, inner = 0, n, item
    cdef bint same = _same_layout(x, y)
    cdef binary_loop f = k.f32 if t == cnp.NPY_FLOAT else k.f64
    if not same and not _fit(x, y, &mid, &inner):
        big = y
        if not _fit(y, x, &mid, &inner):
            return _other_binary(x, y, out, k, ufunc, p)
    if out is None:
        o = _new(big)
    elif _float_type(out) == t and _same_layout(big, out) and not _overlaps(out, x) and not _overlaps(out, y):
        o = <cnp.ndarray>out
    else:
        return _other_binary(x, y, out, k, ufunc, p)
    n = cnp.PyArray_SIZE(big)
    item = cnp.PyArray_ITEMSIZE(big)
    if n == 0:
        return o
    if same or mid == 1:
        _run_flat(f, cnp.PyArray_BYTES(x), same or big is x, cnp.PyArray_BYTES(y), same or big is y,
                  cnp.PyArray_BYTES(o), n, item, p, k.cost)
    elif inner == 1:
        _run_rows(f, cnp.PyArray_BYTES(x), big is y, cnp.PyArray_BYTES(y), big is x, cnp.PyArray_BYTES(o),
                  n // mid, mid, 1, item, p, k.cost)
    else:
        _run_rows(f, cnp.PyArray_BYTES(x), mid if big is y else 0, cnp.PyArray_BYTES(y), mid if big is x else 0,
                  cnp.PyArray_BYTES(o), n // inner, inner, 0, item, p, k.cost)
    return o


cdef object _array_number(cnp.ndarray x, double number, bint first, object out, const binary_kernel* k,
                          const double* p):
    cdef int t = cnp.PyArray_TYPE(x)
    cdef float number32 = <float>number
    cdef const char* y = <const char*>&number32 if t == cnp.NPY_FLOAT else <const char*>&number
    cdef binary_loop f = k.f32 if t == cnp.NPY_FLOAT else k.f64
    cdef cnp.ndarray o
    if out is None and (cnp.PyArray_IS_C_CONTIGUOUS(x) or cnp.PyArray_IS_F_CONTIGUOUS(x)):
        o = _new(x)
    elif out is None:
        x = o = cnp.PyArray_NewCopy(x, cnp.NPY_KEEPORDER)
    elif _float_type(out) == t and _same_layout(x, out) and not _overlaps(out, x):
        o = <cnp.ndarray>out
    else:
        out[...] = _array_number(x, number, first, None, k, p)
        return out
    if first:
        _run_flat(f, y, 0, cnp.PyArray_BYTES(x), 1, cnp.PyArray_BYTES(o), cnp.PyArray_SIZE(x),
                  cnp.PyArray_ITEMSIZE(x), p, k.cost)
    else:
        _run_flat(f, cnp.PyArray_BYTES(x), 1, y, 0, cnp.PyArray_BYTES(o), cnp.PyArray_SIZE(x),
                  cnp.PyArray_ITEMSIZE(x), p, k.cost)
    return o


cdef inline bint _number(object b, double* value) except -1:
    """True for a Python float or int that a double can hold."""
    if PyFloat_CheckExact(b):
        value[0] = PyFloat_AS_DOUBLE(b)
        return True
    if PyLong_CheckExact(b):
        try:
            value[0] = PyLong_AsDouble(b)
        except OverflowError:
            return False
        return True
    return False


# --- everything that has no loop here ------------------------------------------------------------------------------

cdef object _other_unary(object a, object out, const unary_kernel* k, object ufunc, const double* p):
    """Through NumPy; a formula that NumPy lacks is computed in float32 for the half type, and has no other types."""
    if ufunc is not None:
        return quiet(ufunc, a) if out is None else quiet(ufunc, a, out=out)
    a = np.asarray(a)
    if a.dtype.char != 'e':
        raise TypeError(f'no loop for elements of type {a.dtype}')
    return _store(_unary(a.astype(np.float32), None, k, None, p).astype(a.dtype), out)


cdef object _other_binary(object a, object b, object out, const binary_kernel* k, object ufunc, const double* p):
    """Through NumPy; a formula that NumPy lacks gets its arguments broadcast and copied first, halves as float32."""
    if ufunc is not None:
        return quiet(ufunc, a, b) if out is None else quiet(ufunc, a, b, out=out)
    a, b = np.broadcast_arrays(a, b)
    if a.dtype.char == 'e':
        return _store(_other_binary(a.astype(np.float32), b.astype(np.float32), None, k, None, p).astype(a.dtype), out)
    a, b = a.copy('C'), b.copy('C')
    if _float_type(a) < 0 or _float_type(a) != _float_type(b):
        raise TypeError(f'no loop for elements of type {a.dtype} and {b.dtype}')
    return _store(_binary(a, b, None, k, None, p), out)


cdef object _store(object r, object out):
    if out is None:
        return r
    out[...] = r
    return out


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
