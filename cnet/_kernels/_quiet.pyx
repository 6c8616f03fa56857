"""Calling NumPy without its floating-point warnings, at a tenth of the cost of entering np.errstate.

The rest is what elementwise kernels do with arrays that they have no loop for.
"""
import contextvars

import numpy as np

from cnet._kernels._alloc cimport large, serve

cdef extern from "Python.h":
    object PyContextVar_Set(object var, object value)
    int PyContextVar_Reset(object var, object token) except -1


def _ignore_setting():
    """The context variable and the value by which np.errstate(all='ignore') silences warnings, or (None, None).

    Found by comparing contexts, because NumPy gives the two no public name.
    """
    before = contextvars.copy_context()
    with np.errstate(all='ignore'):
        inside = contextvars.copy_context()
    changed = [var for var in inside if before.get(var) is not inside[var]]
    return (changed[0], inside[changed[0]]) if len(changed) == 1 else (None, None)


cdef object VARIABLE, IGNORE, NDARRAY = np.ndarray
VARIABLE, IGNORE = _ignore_setting()


def quiet(function, *args, **kwargs):
    """function(*args, **kwargs) without floating-point warnings; an ndarray where NumPy would give a scalar."""
    cdef object token
    if VARIABLE is None:
        with np.errstate(all='ignore'):
            return _as_array(function(*args, **kwargs))
    token = PyContextVar_Set(VARIABLE, IGNORE)
    try:
        return _as_array(function(*args, **kwargs))
    finally:
        PyContextVar_Reset(VARIABLE, token)


cpdef object call_one(object ufunc, object a, object out):
    """quiet(ufunc, a), into `out` unless that is None."""
    if out is not None:
        return quiet(ufunc, a, out=out)
    return serve(quiet, [ufunc, a], {}) if large(a) else quiet(ufunc, a)


cpdef object call_two(object ufunc, object a, object b, object out):
    """quiet(ufunc, a, b), into `out` unless that is None."""
    if out is not None:
        return quiet(ufunc, a, b, out=out)
    return serve(quiet, [ufunc, a, b], {}) if large(a) or large(b) else quiet(ufunc, a, b)


cdef object copy_in_order = None, copy_like = None


def offer(in_order, like):
    """The copies of `copy.pyx`, of the instruction set that runs, which is chosen after this module is loaded."""
    global copy_in_order, copy_like
    copy_in_order, copy_like = in_order, like


cpdef object in_order(object a):
    """An array in C order: itself, or the copy that the kernel for that makes."""
    return copy_in_order(a)


cpdef object ordered_like(object a, object like):
    """A copy of an array in the order of the dimensions of another of its shape, which has no gaps."""
    return copy_like(a, like)


cpdef object plain(object a):
    """A copy as float32 or float64 of the machine's byte order; other types than these and half precision are refused."""
    a = np.asarray(a)
    if a.dtype.char not in 'efd':
        raise TypeError(f'no loop for elements of type {a.dtype}')
    return a.astype(np.float64 if a.dtype.char == 'd' else np.float32, order='C')


cpdef tuple pair_of_copies(object a, object b, bint as_they_are):
    """Two arrays of one type, broadcast and copied in C order, through `plain` unless they may stay of their type.

    One may be a number, which takes the type of the other.
    """
    if not isinstance(a, NDARRAY):
        a = np.asarray(a, b.dtype)
    if not isinstance(b, NDARRAY):
        b = np.asarray(b, a.dtype)
    a, b = np.broadcast_arrays(a, b)
    if a.dtype != b.dtype:
        raise TypeError(f'no loop for elements of type {a.dtype} and {b.dtype}')
    return (a.copy('C'), b.copy('C')) if as_they_are else (plain(a), plain(b))


cpdef object stored(object r, object like, object out):
    """r in the type of the array `like` (of its own if that is a number), or written into `out`."""
    if out is None:
        return r.astype(like.dtype, copy=False) if isinstance(like, NDARRAY) else r
    out[...] = r
    return out


cdef inline object _as_array(object r):
    return r if isinstance(r, (NDARRAY, tuple)) else np.asarray(r)
