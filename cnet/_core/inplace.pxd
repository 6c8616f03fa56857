from cnet._core.base cimport TensorBase, View, refresh, wrap
from cnet._core.engine cimport expandable
from cnet._core.op cimport record
from cnet._kernels._state cimport dtype_of, flags, same_shape
from cnet._kernels.strided cimport doubled

cimport cython

@cython.locals(bits=int, view=View, base=TensorBase)
cpdef check_writable(TensorBase x, bint other_needs_grad)
cpdef TensorBase assign_(TensorBase x, TensorBase r)
cpdef write(object a, object b)
@cython.locals(view=View, base=TensorBase)
cpdef rebase(TensorBase x, TensorBase r)
@cython.locals(track=cython.bint, t=TensorBase)
cpdef TensorBase copy_from(TensorBase x, TensorBase source)
