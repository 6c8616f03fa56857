from cnet._kernels._state cimport dtype_of, flags, inexact, instance, sizes_as, swap_flags

cimport cython

@cython.freelist(64)
@cython.final
cdef class Version:
    cdef public long long n

@cython.freelist(64)
@cython.final
cdef class View:
    cdef public TensorBase base
    cdef public View before
    cdef public object op
    cdef public dict kw
    cdef public int output
    cdef public long long seen
    cdef public int kind

cdef object _tensor_class

cdef class TensorBase:
    cdef public object _a
    cdef public Version _v
    cdef public object _fn
    cdef public int _nr
    cdef public bint _req
    cdef public bint _inf
    cdef public object _grad
    cdef public View _view
    cdef public object _hooks

@cython.locals(t=TensorBase)
cpdef TensorBase blank(object cls, object array, Version version)
@cython.locals(v=Version)
cpdef Version fresh_version()
@cython.locals(t=TensorBase)
cpdef TensorBase wrap(object a)
@cython.locals(t=TensorBase)
cpdef TensorBase alias(TensorBase x, object cls=*)
@cython.locals(view=View, y=TensorBase, old=int)
cpdef refresh(TensorBase x)
@cython.locals(view=View, before=View, kind=int)
cpdef mark_view(TensorBase y, TensorBase x, object op, dict kw, int output)
