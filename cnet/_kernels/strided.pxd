cimport numpy as cnp

cpdef object permuted(cnp.ndarray a, tuple dims)
cpdef tuple part(cnp.ndarray a, tuple key)
cpdef bint doubled(cnp.ndarray a) noexcept
cpdef bint rowed(cnp.ndarray a) noexcept
cpdef object picked(cnp.ndarray a, int dim, Py_ssize_t i)
