from cnet._core.base cimport TensorBase
from cnet._core.op cimport finish, needs_grad
from cnet._kernels._state cimport dtype_of, ends_with, flags, has_shape

cimport cython

@cython.locals(x=TensorBase, w=TensorBase, b=TensorBase)
cdef _usual_layer_norm(object input, object shape, object weight, object bias, object eps)
