from cnet._core.base cimport TensorBase
from cnet._core.op cimport finish
from cnet._kernels.strided cimport part

cimport cython

@cython.locals(found=tuple)
cdef TensorBase _simple(TensorBase x, tuple key)
cdef _indexed(TensorBase x, object key)
cpdef tuple basic(TensorBase x, object key)
