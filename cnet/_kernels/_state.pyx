"""Per-thread mode bits of autograd and a few look-ups, in C so that each costs a few nanoseconds.

Single copy (not compiled per instruction set): every module of the process must see the same bits.
"""

cimport numpy as cnp

cdef extern from *:
    """
    #if defined(_MSC_VER)
    #define CNET_TLS __declspec(thread)
    #else
    #define CNET_TLS __thread
    #endif
    static CNET_TLS int cnet_flags = 1;
    static long long cnet_sequence = 0;
    """
    int cnet_flags
    long long cnet_sequence


cpdef int flags() noexcept:
    """The mode bits of the calling thread (a new thread starts with GRAD alone)."""
    return cnet_flags


cpdef int swap_flags(int bits) noexcept:
    """Set the mode bits of the calling thread and return the old ones."""
    global cnet_flags
    cdef int old = cnet_flags
    cnet_flags = bits
    return old


cpdef long long next_sequence() noexcept:
    """A number larger than any handed out before; the GIL makes the increment safe."""
    global cnet_sequence
    cnet_sequence += 1
    return cnet_sequence


cdef extern from "numpy/arrayobject.h":
    """
    static PyObject* cnet_new(PyObject* base, PyObject* cls, PyObject* args) {
        return ((PyTypeObject*)base)->tp_new((PyTypeObject*)cls, args, NULL);
    }
    """
    object cnet_new(object base, object cls, object args)

cdef tuple NO_ARGUMENTS = ()


cpdef object instance(object base, object cls):
    """An instance of `cls` made by `base.__new__`, without a method look-up and without `__init__`."""
    return cnet_new(base, cls, NO_ARGUMENTS)


cpdef bint inexact(object a) noexcept:
    """Whether an array's elements are floating-point or complex numbers, which can have a gradient."""
    return cnp.PyArray_ISFLOAT(<cnp.ndarray>a) or cnp.PyArray_ISCOMPLEX(<cnp.ndarray>a)


cpdef bint has_shape(object a, tuple shape) noexcept:
    """Whether an array has exactly this shape, compared without building a tuple."""
    cdef Py_ssize_t i, n = len(shape)
    if cnp.PyArray_NDIM(<cnp.ndarray>a) != n:
        return False
    for i in range(n):
        if cnp.PyArray_DIM(<cnp.ndarray>a, <int>i) != <Py_ssize_t>shape[i]:
            return False
    return True
