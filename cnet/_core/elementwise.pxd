from cnet._kernels._state cimport flags
from cnet._core.base cimport TensorBase
from cnet._core.op cimport Info, finish, needs_grad

cpdef tuple operands(object a, object b, object name)
cpdef run_binary(object op, object a, object b, object x, object y, dict kw)
