"""Where kernels get the memory of their results: `new_array(nd, dims, kind)`.

A large result comes from the cache of freed memory in `_alloc.pyx`, a small one from NumPy, which has a cache for those.
Either is an ordinary array that owns its memory.
"""

cimport numpy as cnp

cdef Py_ssize_t large_items     # arrays of fewer elements are NumPy's business

cdef cnp.ndarray new_large(int nd, cnp.npy_intp *dims, int kind, bint fortran)


cdef inline cnp.ndarray new_array(int nd, cnp.npy_intp *dims, int kind, bint fortran=False):
    """An uninitialised array of NumPy type number `kind`, in C or Fortran order."""
    cdef Py_ssize_t n = 1
    cdef int i
    for i in range(nd):
        n *= dims[i]
    if n < large_items:
        return cnp.PyArray_EMPTY(nd, dims, kind, fortran)
    return new_large(nd, dims, kind, fortran)


cpdef bint large(object a)
cpdef object serve(object function, list arguments, dict keywords)
