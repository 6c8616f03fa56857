cimport numpy as cnp
from cnet._core.base cimport TensorBase
from cnet._core.op cimport finish
from cnet._kernels._state cimport dtype_of

cimport cython

@cython.locals(s=TensorBase, t=TensorBase, u=TensorBase, x=cnp.ndarray, w=cnp.ndarray, b=cnp.ndarray, n=int)
cdef _usual_linear(object input, object weight, object bias)
