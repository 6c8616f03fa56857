from cnet._kernels._state cimport dtype_of, flags, inexact, shape_of
from cnet._core.base cimport TensorBase
from cnet._core.op cimport Info, finish, needs_grad

cimport cython

@cython.locals(info=Info, t=TensorBase)
cpdef unary(object op, object x, object name)
@cython.locals(info=Info, t=TensorBase)
cpdef unary_float(object op, object x, object name)
@cython.locals(s=TensorBase, t=TensorBase)
cpdef tuple operands(object a, object b, object name)
@cython.locals(info=Info)
cpdef run_binary(object op, object a, object b, object x, object y, dict kw)
cpdef binary(object op, object a, object b, object name, dict kw=*)
cpdef binary_float(object op, object a, object b, object name)
@cython.locals(info=Info)
cpdef binary_(object op, TensorBase x, object b, object name)
@cython.locals(info=Info)
cpdef unary_(object op, TensorBase x)
