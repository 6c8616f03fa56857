from cnet._core.base cimport TensorBase
from cnet._core.inplace cimport copy_from
from cnet._core.op cimport finish
from cnet._kernels._state cimport same_shape, shape_of
from cnet._kernels.strided cimport picked
from cnet._ops._keys cimport basic

cimport cython

@cython.locals(whole=TensorBase, shape=tuple)
cdef _get(TensorBase x, object key)
@cython.locals(v=TensorBase)
cdef _set(TensorBase x, object key, object value)
