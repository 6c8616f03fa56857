cimport numpy as cnp
from cnet._core.base cimport TensorBase
from cnet._core.op cimport finish
from cnet._kernels._state cimport dtype_of, same_shape
from cnet._kernels.strided cimport rowed

cimport cython

cdef _four(object a)
@cython.locals(s=TensorBase, t=TensorBase, u=TensorBase, q=cnp.ndarray, k=cnp.ndarray, v=cnp.ndarray)
cdef _usual(object query, object key, object value, bint causal)
